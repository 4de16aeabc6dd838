import Cryptography
import FolderDriver
import Foundation
import HTTPTypes
import HummingbirdCore
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Synchronization
import Testing

@testable import ReleaseService
@testable import ReleaseWeb

/// Those that were served, in their order.
private final class Served: Sendable {
    private let names = Mutex([String]())
    func add(_ name: String) { names.withLock { $0.append(name) } }
    var all: [String] { names.withLock { $0 } }
}

/// Signing in: links, printed codes, PINs, passwords, authenticators, sessions.
@Suite("Access")
struct AccessTests {
    /// The token of the sign-in link in a letter.
    private func token(_ letter: Letter?) throws -> String {
        let body = try #require(letter?.body)
        let range = try #require(body.firstRange(of: "/sign-in/link/"))
        return String(body[range.upperBound...].prefix(43))
    }

    /// Ada, with an address and a PIN of her own.
    private func known() async throws -> (Office, Front) {
        let office = try await Office().staffed()
        let front = try Front(office)
        let accounts = front.site.accounts
        try await accounts.setAddress(
            of: office.id("ada"), to: "ada@example.org", by: .person(office.id("maya"), .staff))
        let code = try await accounts.giveFirstUseCode(to: office.id("ada"), by: .person(office.id("maya"), .staff))
        let link = try await accounts.makeLink(for: office.id("ada"), purpose: .signIn, by: .operator)
        _ = try await accounts.signIn(link: link, .init(firstUseCode: code, newPIN: "283671"), from: "a")
        try await accounts.confirmIssue(office.id("ada"), reached: .face, by: .person(office.id("omar"), .staff))
        return (office, front)
    }

    @Test("a sign-in link works once, on POST alone, for ten minutes, and with the PIN; five wrong PINs use it up")
    func links() async throws {
        let (office, front) = try await known()
        _ = try await front.post("/sign-in", [("address", " ADA@example.org ")])
        try await front.site.outbox.deliver()
        let first = try token(front.letterbox.letters.last)
        for _ in 0..<3 {
            #expect(try await front.get("/sign-in/link/\(first)").status == 200, "looking uses nothing up")
        }
        let wrong = try await front.post("/sign-in/link", [("link", first), ("pin", "111112")])
        #expect(wrong.status == 403 && wrong.header("Set-Cookie")?.contains("__Host-privity=") != true)
        let right = try await front.post("/sign-in/link", [("link", first), ("pin", "283671")])
        #expect(right.status == 303)
        let cookie = try #require(right.header("Set-Cookie"))
        for part in ["__Host-privity=", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
            #expect(cookie.contains(part))
        }
        #expect(try await front.post("/sign-in/link", [("link", first), ("pin", "283671")]).status == 404, "used")
        let missing = try await front.get("/sign-in/link/\(first)")
        let forged = try await front.get("/sign-in/link/\(String(repeating: "A", count: 43))")
        #expect(missing.status == 404 && missing.normalized == forged.normalized, "used and forged are answered alike")

        _ = try await front.post("/sign-in", [("address", "ada@example.org")])
        try await front.site.outbox.deliver()
        let second = try token(front.letterbox.letters.last)
        try office.time("2026-01-05T09:11")
        #expect(try await front.get("/sign-in/link/\(second)").normalized == forged.normalized, "too old")

        let third = try await front.site.accounts.makeLink(for: office.id("ada"), purpose: .signIn, by: .operator)
        for _ in 0..<5 { _ = try await front.post("/sign-in/link", [("link", third), ("pin", "000001")]) }
        #expect(try await front.post("/sign-in/link", [("link", third), ("pin", "283671")]).status == 404)
    }

    @Test("two who come with one link at once: one gets in")
    func linkRace() async throws {
        let (office, front) = try await known()
        let accounts = front.site.accounts
        let link = try await accounts.makeLink(for: office.id("ada"), purpose: .signIn, by: .operator)
        let results = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { (try? await accounts.signIn(link: link, .init(pin: "283671"), from: "b")) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(results == 1)
    }

    @Test(
        "nobody can find out who has an account: the same page, the same headers, the same number of rows read (MPHP-66)"
    )
    func enrollmentIsNotTold() async throws {
        let (_, front) = try await known()
        let known = try await front.post("/sign-in", [("address", "ada@example.org")])
        let unknown = try await front.post("/sign-in", [("address", "nobody@example.org")])
        #expect(known.status == 200 && known.normalized == unknown.normalized)
        let staff = try await front.post(
            "/sign-in/staff", [("address", "ada@example.org"), ("password", "x"), ("code", "000000")])
        let nobody = try await front.post(
            "/sign-in/staff", [("address", "eva@example.org"), ("password", "x"), ("code", "000000")])
        #expect(
            staff.status == 403
                && staff.normalized.replacing("ada@", with: "") == nobody.normalized.replacing("eva@", with: ""))
        // However often, and both alike.
        var last: [Int] = []
        for address in ["ada@example.org", "eva@example.org"] {
            for _ in 0..<9 {
                last.append(
                    try await front.post("/sign-in/staff", [("address", address), ("password", "x"), ("code", "0")])
                        .status)
            }
        }
        #expect(last == [Int](repeating: 403, count: 18))
        // A printed code that is none is asked for the PIN like one that is.
        let code = try await front.post("/sign-in/code", [("code", "AAAAA-BBBBB-CCCCC")])
        #expect(code.status == 200 && code.text.contains("name=\"pin\""))
    }

    @Test(
        "whoever asks for links in somebody's name fills no mailbox and keeps nobody from a link: five that work are enough"
    )
    func manyLinks() async throws {
        let (office, front) = try await known()
        for address in ["ada@example.org", "nobody@example.org"] {
            for _ in 0..<8 { #expect(try await front.post("/sign-in", [("address", address)]).status == 200) }
        }
        try await front.site.outbox.deliver()
        let sent = front.letterbox.letters.filter { $0.body.contains("/sign-in/link/") }
        #expect(sent.count == 5)
        for letter in sent { #expect(try await front.get("/sign-in/link/\(token(letter))").status == 200) }
        // A link for something else is none of the five.
        for number in 0..<5 {
            _ = try await front.post(
                "/account/address", as: "ada", [("address", "ada\(number)@example.net"), ("pin", "283671")])
        }
        let letters = sent.count
        try office.time("2026-01-05T09:20")
        #expect(try await front.post("/sign-in", [("address", "ada@example.org")]).status == 200)
        try await front.site.outbox.deliver()
        #expect(front.letterbox.letters.count { $0.body.contains("/sign-in/link/") } == letters + 1)
    }

    @Test(
        "attempts are counted by the network that they come from; this machine's own is everybody's",
        arguments: [
            ("203.0.113.7", "203.0.113.250", true), ("203.0.113.7", "203.0.114.7", false),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff:1:2:3", true), ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
            ("2001:DB8:1:2::1", "2001:db8:1:2::9", true), ("::ffff:203.0.113.7", "203.0.113.9", true),
            ("127.0.0.1", "::1", true), ("", "127.0.0.9", true), ("::", "::2", true), ("unknown", "other", false),
        ])
    func networks(one: String, other: String, isSame: Bool) {
        #expect((Network(of: one).name == Network(of: other).name) == isSame)
        #expect(Network(of: one).limit == (one.isEmpty || one.hasPrefix("127.") ? 600 : 60))
    }

    @Test(
        "the address that a proxy names last is who asked, with a port or without; what is no address is nobody's",
        arguments: [
            ("1.2.3.4", nil, "1.2.3.4"), ("1.2.3.4:5678", nil, "1.2.3.4"),
            ("6.6.6.6, 1.2.3.4", nil, "1.2.3.4"), ("6.6.6.6,1.2.3.4:5678 ", nil, "1.2.3.4"),
            ("[2001:db8::1]:443", nil, "2001:db8::1"), ("[2001:db8::1]", nil, "2001:db8::1"),
            ("2001:db8::1", nil, "2001:db8::1"), ("1.2.3.4", "for=6.6.6.6", ""),
            ("6.6.6.6, 1.2.3.4", "for=1.2.3.4", "1.2.3.4"),
            (nil, "for=1.2.3.4", "1.2.3.4"), (nil, "For=\"1.2.3.4:5678\";proto=https", "1.2.3.4"),
            (nil, "for=6.6.6.6, for=\"[2001:db8::1]:443\";by=203.0.113.43", "2001:db8::1"),
            (nil, "proto=https", ""), (nil, "for=unknown", ""), (nil, "for=_hidden", ""), ("", nil, ""),
            ("1.2.3.4:x", nil, ""), ("[2001:db8::1", nil, ""), ("1.2.3.4, ", nil, ""), (nil, nil, nil),
        ] as [(String?, String?, String?)])
    func forwarded(addresses: String?, forwarded: String?, expected: String?) {
        #expect(ForwardedAddress.last(of: addresses, or: forwarded) == expected)
    }

    @Test("an export that is asked for too early is told to come again, and is no failure")
    func exportTooEarly() {
        let problem = Problem(MachineryError.tooEarly("nothing yet"), Words.english)
        #expect(problem.status == .conflict && problem.code == "tooEarly")
        #expect(Problem(MachineryError.folder("gone"), Words.english).status == .internalServerError)
    }

    @Test("a flood of names forgives the flood, and not whoever was counted")
    func manyNames() {
        let limiter = AttemptLimiter()
        for _ in 0..<60 { #expect(limiter.allow(Network(of: "203.0.113.7"), at: 0)) }
        for _ in 0..<8 { #expect(limiter.allow("codes", limit: 8, at: 0)) }
        for number in 0..<45_000 { _ = limiter.allow(Network(of: "2001:db8:\(String(number, radix: 16))::1"), at: 1) }
        #expect(!limiter.allow(Network(of: "203.0.113.7"), at: 2) && !limiter.allow("codes", limit: 8, at: 2))
    }

    @Test("a customer's many networks are counted together, and one of them shuts none of the others")
    func wideNetworks() {
        func network(_ number: Int) -> Network { Network(of: "2001:db8:1:\(String(number, radix: 16))::1") }
        let limiter = AttemptLimiter()
        for _ in 0..<300 { _ = limiter.allow(network(0), at: 0) }
        #expect(!limiter.allow(network(0), at: 1) && limiter.allow(network(1), at: 1))
        #expect((2..<1000).count { limiter.allow(network($0), at: 1) } == 179)
        #expect(limiter.allow(Network(of: "2001:db8:2::1"), at: 1))
    }

    @Test("whoever holds a link that works is asked for no count of what strangers try from the same network")
    func strangersNearBy() async throws {
        let (office, front) = try await known()
        let accounts = front.site.accounts
        let (peer, unknown) = ("203.0.113.7", String(repeating: "A", count: 43))
        func enter(_ link: String) async throws -> String {
            try await accounts.signIn(link: link, .init(pin: "283671"), from: peer)
        }
        for _ in 0..<60 { await #expect(throws: AccessRefusal.refused) { _ = try await enter(unknown) } }
        await #expect(throws: AccessRefusal.tooMany) { _ = try await enter(unknown) }
        await #expect(throws: AccessRefusal.tooMany) {
            _ = try await accounts.signIn(typedAddress: "x@example.org", password: "x", code: "1", from: peer)
        }
        try await accounts.requestLink(typedAddress: "ada@example.org", from: peer)
        try await front.site.outbox.deliver()
        _ = try await enter(token(front.letterbox.letters.last))
        let setUp = try await accounts.makeLink(for: office.id("maya"), purpose: .setUp, by: .operator)
        await #expect(throws: AccessRefusal.self) {
            _ = try await accounts.setUp(link: setUp, password: "four quiet green lamps", code: "000000", from: peer)
        }
        await #expect(throws: AccessRefusal.tooMany) {
            _ = try await accounts.setUp(link: unknown, password: "four quiet green lamps", code: "1", from: peer)
        }
    }

    @Test(
        "who holds a link that works is served before who guesses; where too many wait the answer is to come again (E26)"
    )
    func hashingLine() async throws {
        let line = HashingLine()
        let (gate, order, refusals) = (DispatchSemaphore(value: 0), Served(), Served())
        let count = HashingLine.unknownLimit + 5
        func stranger(_ number: Int) -> Network { Network(of: "203.0.\(number).7") }
        async let first: Void = line.run(stranger: stranger(0)) { gate.wait() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            // The worker has the first; the lines fill behind it.
            while line.isIdle { await Task.yield() }
            for number in 0..<count {
                group.addTask {
                    do {
                        try await line.run(stranger: stranger(number)) { order.add("guess") }
                    } catch AccessRefusal.busy { refusals.add("guess") }
                }
            }
            // Each waits or was refused, whatever the limit is.
            while line.waitingCount.unknown + refusals.all.count < count { await Task.yield() }
            group.addTask { try await line.run(stranger: nil) { order.add("link") } }
            while line.waitingCount.known + line.waitingCount.unknown + refusals.all.count < count + 1 {
                await Task.yield()
            }
            gate.signal()
            try await group.waitForAll()
        }
        try await first
        #expect(refusals.all.count == 5 && order.all.count == HashingLine.unknownLimit + 1)
        #expect(order.all.first == "link")
        #expect(Problem(AccessRefusal.busy, Words.english).status == .serviceUnavailable)
    }

    @Test("one customer's networks have two places before the worker, and others find theirs")
    func hashingOfOne() async throws {
        let line = HashingLine()
        let (gate, order, refusals) = (DispatchSemaphore(value: 0), Served(), Served())
        async let first: Void = line.run(stranger: nil) { gate.wait() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            while line.isIdle { await Task.yield() }
            for address in (0..<9).map({ "2001:db8:1:\($0)::1" }) + ["203.0.113.7"] {
                group.addTask {
                    do {
                        try await line.run(stranger: Network(of: address)) { order.add(address) }
                    } catch AccessRefusal.busy { refusals.add(address) }
                }
            }
            while line.waitingCount.unknown + refusals.all.count < 10 { await Task.yield() }
            gate.signal()
            try await group.waitForAll()
        }
        try await first
        #expect(refusals.all.count == 7 && order.all.contains("203.0.113.7"))
    }

    /// The secret as an authenticator reads it.
    private static func secret(_ shown: String) throws -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var (bits, secret) = ("", [UInt8]())
        for character in shown {
            let value = String(try #require(alphabet.firstIndex(of: character)), radix: 2)
            bits += String(repeating: "0", count: 5 - value.count) + value
        }
        for start in stride(from: 0, to: bits.count - 7, by: 8) {
            secret.append(try #require(UInt8(bits.dropFirst(start).prefix(8), radix: 2)))
        }
        return secret
    }

    @Test("staff sign in with password and authenticator: no code twice, and each recovery code once")
    func staffSignIn() async throws {
        let office = try await Office().staffed()
        let front = try Front(office)
        let accounts = front.site.accounts
        try await accounts.setAddress(of: office.id("maya"), to: "maya@example.org", by: .operator)
        let link = try await accounts.makeLink(for: office.id("maya"), purpose: .setUp, by: .operator)
        guard case .setUp(let shown, _) = try await accounts.needed(link: link) else {
            Issue.record("no secret")
            return
        }
        let secret = try Self.secret(shown)
        #expect(secret.count == 20)
        func code() throws -> String {
            try OneTimePassword.code(
                secret: SecretBytes(copying: secret),
                step: OneTimePassword.step(atMilliseconds: office.clock.now().instantMilliseconds))
        }
        await #expect(throws: AccessRefusal.self) {
            try await accounts.setUp(link: link, password: "short", code: code(), from: "a")
        }
        let recovery = try await accounts.setUp(link: link, password: "four quiet green lamps", code: code(), from: "a")
        #expect(recovery.count == 10 && Set(recovery).count == 10)
        func signIn(_ code: String, password: String = "four quiet green lamps") async throws -> String {
            try await accounts.signIn(typedAddress: "Maya@example.org", password: password, code: code, from: "c")
        }
        await #expect(throws: AccessRefusal.refused, "the code of the set-up again") { try await signIn(code()) }
        try office.time("2026-01-05T09:02")
        let session = try await signIn(code())
        #expect(try await accounts.session(session)?.holds(.coordinator) == true)
        await #expect(throws: AccessRefusal.refused, "a code twice") { try await signIn(code()) }
        await #expect(throws: AccessRefusal.refused, "another password") {
            try await signIn(recovery[0], password: "four quiet green lamp")
        }
        _ = try await signIn(recovery[0].lowercased())
        await #expect(throws: AccessRefusal.refused, "a recovery code twice") { try await signIn(recovery[0]) }
        // The link has set up once.
        await #expect(throws: AccessRefusal.refused) {
            try await accounts.setUp(link: link, password: "another good password", code: "000000", from: "a")
        }
        // What strangers try keeps nobody out who has the right factors.
        func refused(_ password: String, _ code: String, from peer: String) async {
            await #expect(throws: AccessRefusal.refused) {
                _ = try await accounts.signIn(
                    typedAddress: "maya@example.org", password: password, code: code, from: peer)
            }
        }
        for number in 0..<40 { await refused("wrong \(number)", "000000", from: "203.0.113.\(number)") }
        try office.time("2026-01-05T09:05")
        _ = try await signIn(code())
        // Whoever has the password has few tries at the code, from however many networks, and is told nothing by it.
        try office.time("2026-01-05T09:10")
        for number in 0..<8 { await refused("four quiet green lamps", "000000", from: "10.0.\(number).1") }
        await refused("four quiet green lamps", try code(), from: "10.1.0.1")
        try office.time("2026-01-05T09:26")
        _ = try await signIn(code())
        let later = try await signIn(recovery[2])
        #expect(try await accounts.session(later) != nil)
        // Disabled, the session is over at once.
        try await accounts.setDisabled(office.id("maya"), true, by: .operator)
        #expect(try await accounts.session(session) == nil)
        await #expect(throws: AccessRefusal.refused) { try await signIn(recovery[1]) }
    }

    @Test(
        "a session ends after thirty idle minutes and after twelve hours, on signing out, and everywhere at once; it survives a restart"
    )
    func sessions() async throws {
        let (office, front) = try await known()
        let accounts = front.site.accounts
        func fresh() async throws -> String {
            let link = try await accounts.makeLink(for: office.id("ada"), purpose: .signIn, by: .operator)
            return try await accounts.signIn(link: link, .init(pin: "283671"), from: "a")
        }
        let one = try await fresh()
        try office.time("2026-01-05T09:29")
        #expect(try await accounts.session(one) != nil)
        try office.time("2026-01-05T09:58")
        #expect(try await accounts.session(one) != nil, "used in between")
        try office.time("2026-01-05T10:29")
        #expect(try await accounts.session(one) == nil, "idle")
        let two = try await fresh()
        for hour in stride(from: 10, through: 22, by: 1) {
            for minute in ["15", "35", "55"] where hour > 10 || minute > "29" {
                try office.time("2026-01-05T\(hour):\(minute)")
                if hour < 22 { #expect(try await accounts.session(two) != nil, "\(hour):\(minute)") }
            }
        }
        #expect(try await accounts.session(two) == nil, "twelve hours")
        let (three, four) = (try await fresh(), try await fresh())
        try await office.reopen()
        let again = try Accounts(office.host, cost: 2)
        #expect(try await again.session(three)?.person == office.id("ada"))
        try await again.signOutEverywhere(office.id("ada"), by: .operator)
        #expect(try await again.session(three) == nil)
        #expect(try await again.session(four) == nil)
        for token in ["", "x", String(repeating: "A", count: 43), three + "A"] {
            #expect(try await again.session(token) == nil)
        }
    }

    @Test("ten wrong PINs in a row end the PIN; only a new first-use code sets another")
    func pinEnds() async throws {
        let (office, front) = try await known()
        let accounts = front.site.accounts
        for _ in 0..<10 {
            let link = try await accounts.makeLink(for: office.id("ada"), purpose: .signIn, by: .operator)
            await #expect(throws: AccessRefusal.refused) {
                try await accounts.signIn(link: link, .init(pin: "999998"), from: UUID().uuidString)
            }
        }
        let link = try await accounts.makeLink(for: office.id("ada"), purpose: .signIn, by: .operator)
        #expect(try await accounts.needed(link: link) == .firstUse)
        await #expect(throws: AccessRefusal.refused) {
            try await accounts.signIn(link: link, .init(pin: "283671"), from: "z")
        }
        let code = try await accounts.giveFirstUseCode(to: office.id("ada"), by: .person(office.id("maya"), .staff))
        await #expect(throws: AccessRefusal.refused, "the link before it is gone") {
            try await accounts.signIn(link: link, .init(firstUseCode: code, newPIN: "445190"), from: "z")
        }
        let fresh = try await accounts.makeLink(for: office.id("ada"), purpose: .signIn, by: .operator)
        _ = try await accounts.signIn(link: fresh, .init(firstUseCode: code, newPIN: "445190"), from: "z")
        // A PIN that was worn out by guessing is no way around the second hand.
        #expect(try await accounts.account(of: office.id("ada"), by: .operator).issue?.hands == [office.id("maya")])
    }

    @Test("a printed sheet signs in without a mailbox, each code once; a new sheet ends the old one")
    func sheet() async throws {
        let (office, front) = try await known()
        let accounts = front.site.accounts
        let old = try await accounts.makeSheet(for: office.id("ada"), by: .person(office.id("maya"), .staff))
        let sheet = try await accounts.makeSheet(for: office.id("ada"), by: .person(office.id("maya"), .staff))
        await #expect(throws: AccessRefusal.refused) {
            try await accounts.signIn(link: old[0], .init(pin: "283671"), from: "a")
        }
        _ = try await accounts.signIn(link: sheet[0].lowercased(), .init(pin: "283671"), from: "a")
        await #expect(throws: AccessRefusal.refused) {
            try await accounts.signIn(link: sheet[0], .init(pin: "283671"), from: "a")
        }
        _ = try await accounts.signIn(link: sheet[1], .init(pin: "283671"), from: "a")
    }

    @Test(
        "what cannot be an address, a PIN or a password is refused with its field",
        arguments: [
            "", "a", "a@b", "a@b.", "@b.org", "a b@c.org", "a@b@c.org", "a\u{202E}@b.org", "a@b.org\nBcc: x@y.org",
            "-a@b.org",
            ".a@b.org",
            String(repeating: "a", count: 65) + "@b.org",
        ])
    func badAddress(_ typed: String) throws {
        #expect(throws: AccessRefusal.self) { try Credentials.address(typed) }
    }

    @Test(
        "a PIN is six digits or more, and neither a run nor one digit",
        arguments: [
            "", "12345", "123456", "654321", "111111", "12345a", "1234567890123", "２８３６７１", "890123", "121212",
            "123123",
            "12341234", "123321", "112233", "110011", "010180", "800101", "311299", "28061971", "19710628", "147258",
            "246810",
        ])
    func badPIN(_ typed: String) throws {
        #expect(throws: AccessRefusal.self) { try Credentials.pin(typed) }
        for good in ["283671", "904715", "445190", "31415926", "002947"] { _ = try Credentials.pin(good) }
    }

    @Test(
        "two clicks on a button that lets somebody in are one: no try is spent, the codes that are shown once are shown to the second too; a form that was loaded anew is another"
    )
    func twoClicks() async throws {
        let (office, front) = try await known()
        let accounts = front.site.accounts
        let link = try await accounts.makeLink(for: office.id("ada"), purpose: .signIn, by: .operator)
        let wrong = [("link", link), ("pin", "999998")]
        for _ in 0..<7 { #expect(try await front.post("/sign-in/link", wrong, key: "a").status == 403) }
        let right = [("link", link), ("pin", "283671")]
        var answers: [Reply] = []
        for _ in 0..<3 { answers.append(try await front.post("/sign-in/link", right, key: "b")) }
        #expect(answers.allSatisfy { $0.status == 303 }, "one wrong try was spent of five")
        #expect(Set(answers.map { $0.header("Set-Cookie") ?? "" }).count == 1, "one session")
        #expect(try await front.post("/sign-in/link", right, key: "c").status == 404, "the link is used")

        try await accounts.setAddress(of: office.id("maya"), to: "maya@example.org", by: .operator)
        let setUp = try await accounts.makeLink(for: office.id("maya"), purpose: .setUp, by: .operator)
        guard case .setUp(let secret, _) = try await accounts.needed(link: setUp) else {
            Issue.record("no set-up link")
            return
        }
        let step = OneTimePassword.step(atMilliseconds: try office.clock.now().instantMilliseconds)
        let shared = try Self.secret(secret)
        let code = try OneTimePassword.code(secret: SecretBytes(copying: shared), step: step)
        let password = "a long enough sentence"
        let form = [("link", setUp), ("password", password), ("repeated", password), ("code", code)]
        let shown = try await front.post("/set-up", form, key: "d")
        let again = try await front.post("/set-up", form, key: "d")
        #expect(shown.status == 200 && shown.body == again.body, "the ten codes are there for whoever clicked twice")
        // Two that come at once wait for one answer.
        let (repeats, gate) = (Repeats(), Served())
        let both = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    try await repeats.answer([[1], [2]]) {
                        gate.add("body")
                        return Response(status: .ok)
                    }.status.code
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(both == [200, 200] && gate.all == ["body"] && repeats.count == 1)
    }

    @Test(
        "a browser that keeps no cookie is told so before anything is used up; a form that none of our pages showed signs nobody in; taking back works without any cookie"
    )
    func cookies() async throws {
        let (office, front) = try await known()
        let accounts = front.site.accounts
        let link = try await accounts.makeLink(for: office.id("ada"), purpose: .signIn, by: .operator)
        let page = try await front.get("/sign-in/link/\(link)")
        let cookie = try #require(page.header("Set-Cookie"))
        #expect(cookie.contains("__Host-privity-form=") && cookie.contains("HttpOnly") && !cookie.contains("Max-Age"))
        let token = String(cookie.dropFirst("__Host-privity-form=".count).prefix(32))
        #expect(page.text.contains("name=\"token\" value=\"\(token)\""))
        let type = ("Content-Type", "application/x-www-form-urlencoded")
        func post(_ path: String, _ body: String, cookie: String?) async throws -> Reply {
            let cookies = cookie.map { [("Cookie", "__Host-privity-form=\($0)")] } ?? []
            return try await front.send(.post, path, token: nil, headers: [type] + cookies, body: Array(body.utf8))
        }
        let form = "link=\(link)&pin=283671"
        let none = try await post("/sign-in/link", "\(form)&token=\(token)", cookie: nil)
        #expect(
            none.status == 403 && none.text.contains("keeps no cookie") && none.text.contains("Nothing was used up"))
        for (given, held) in [("", token), ("x", token), (token, String(repeating: "0", count: 32))] {
            let foreign = try await post("/sign-in/link", "\(form)&token=\(given)", cookie: held)
            #expect(
                foreign.status == 403 && foreign.header("Set-Cookie") == nil && foreign.text.contains("try that again"))
        }
        #expect(try await post("/sign-in/link", "\(form)&token=\(token)", cookie: token).status == 303)
        // A code that takes back needs nothing, and whoever answers questions about the program is given nothing.
        let code = try #require(try await office.go(to: "signed").rescindCode)
        #expect(try await front.get("/rescission").header("Set-Cookie") == nil)
        #expect(try await front.get("/evaluation").header("Set-Cookie") == nil)
        #expect(try await post("/rescission", "code=\(code)", cookie: nil).status == 200)
        #expect(try await office.act(.disclose, "maya").refused != nil, "nothing can be shown any more")
    }

    @Test(
        "a page that is opened from a mailbox on the web asks once more for itself, alike for every address and whoever may be signed in; nothing else of another site's is answered so"
    )
    func fromElsewhere() async throws {
        let (_, front) = try await known()
        let elsewhere = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")]
        var pages: Set<String> = []
        for path in ["//elsewhere.example/", "/\\elsewhere.example"] {
            let reply = try await front.send(.get, path, token: nil, headers: elsewhere)
            #expect(!reply.text.contains("elsewhere"), "\(path)")
        }
        for path in ["/account/address/abc", "/home", "/no/such/page", "/desk"] {
            let reply = try await front.send(.get, path, token: nil, headers: elsewhere)
            #expect(reply.status == 200 && reply.header("Refresh") == "0" && reply.header("Set-Cookie") == nil)
            #expect(reply.text.contains("href=\"\(path)\""))
            pages.insert(reply.text.replacing(path, with: "").trimmingCharacters(in: .whitespacesAndNewlines))
        }
        #expect(pages.count == 1)
        #expect(try await front.send(.get, "/home", token: nil).status == 401)
        let token = try await front.session("ada")
        #expect(try await front.send(.get, "/home", token: token, headers: elsewhere).status == 200)
        let image = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")]
        #expect(try await front.send(.get, "/home", token: nil, headers: image).status == 401)
        #expect(try await front.send(.get, "/api/v1/cases", token: nil, headers: elsewhere).status == 401)
        #expect(try await front.send(.get, "/sign-in", token: nil, headers: elsewhere).header("Refresh") == nil)
    }

    @Test("hashes that were made at a lower cost are made anew at the next sign-in, and the PIN stays what it is")
    func renewed() async throws {
        let (office, front) = try await known()
        let ada = try office.id("ada")
        #expect(try await front.site.accounts.account(of: ada, by: .operator).pin?.cost == 2)
        let accounts = try Accounts(office.host, cost: 1 << 4)
        for _ in 0..<2 {
            let link = try await accounts.makeLink(for: ada, purpose: .signIn, by: .operator)
            _ = try await accounts.signIn(link: link, .init(pin: "283671"), from: "a")
            #expect(try await accounts.account(of: ada, by: .operator).pin?.cost == 16)
        }
        #expect(PasswordHash.ordinaryCost == 1 << 17)
    }

    @Test(
        "whoever finds an open session changes nothing: an address and a PIN take the PIN, of staff the password and a code; another PIN ends the other sessions and tells the mailbox; one's sessions are listed and ended one by one"
    )
    func ownSignIn() async throws {
        let (office, front) = try await known()
        let (accounts, ada) = (front.site.accounts, try office.id("ada"))
        func enter(_ pin: String = "283671") async throws -> String {
            let link = try await accounts.makeLink(for: ada, purpose: .signIn, by: .operator)
            return try await accounts.signIn(link: link, .init(pin: pin), from: "a")
        }
        let (first, second, third) = (try await enter(), try await enter(), try await enter())
        front.use(first, for: "ada")
        let address = [("address", "thief@example.org")]
        #expect(try await front.post("/account/address", as: "ada", address).status == 403)
        #expect(try await front.post("/account/address", as: "ada", address + [("pin", "904715")]).status == 403)
        #expect(try await front.post("/account/address", as: "ada", address + [("pin", "283671")]).status == 303)

        let session = try #require(try await accounts.session(first))
        let open = try await accounts.sessions(of: session)
        #expect(open.count == 4 && open.count { $0.isThis } == 1, "the first sign-in, and three")
        let page = try await front.get("/account", as: "ada").text
        #expect(page.contains("Where you are signed in") && page.components(separatedBy: "Sign out there").count == 4)
        let other = try #require(try await accounts.session(second))
        let id = try #require(try await accounts.sessions(of: other).first { $0.isThis }).id
        #expect(try await front.post("/account/sessions/\(id)", as: "eve").status == 303)
        #expect(try await accounts.session(second) != nil, "nobody ends another's")
        #expect(try await front.post("/account/sessions/\(id)", as: "ada").status == 303)
        #expect(try await accounts.session(second) == nil)

        _ = try await front.site.outbox.deliver()
        let letters = front.letterbox.letters.count
        let change = [("pin", "283671"), ("newPIN", "904715")]
        #expect(try await front.post("/account/pin", as: "ada", change).status == 303)
        let (goesOn, ended) = (try await accounts.session(first), try await accounts.session(third))
        #expect(goesOn != nil && ended == nil)
        #expect(try await front.site.outbox.deliver() == 1 && front.letterbox.letters.count == letters + 1)
        #expect(front.letterbox.letters.last?.to == "ada@example.org")
    }

    @Test(
        "a member of staff chooses password, authenticator and recovery codes anew with what they have now; whoever has the session alone does not, and what they had counts until then"
    )
    func staffAnew() async throws {
        let office = try await Office().staffed()
        let front = try Front(office)
        let (accounts, maya) = (front.site.accounts, try office.id("maya"))
        try await accounts.setAddress(of: maya, to: "maya@example.org", by: .operator)
        func setUp(_ link: String, _ password: String) async throws -> (secret: [UInt8], codes: [String]) {
            guard case .setUp(let shown, _) = try await accounts.needed(link: link) else { throw Refusal.notFound }
            let secret = try Self.secret(shown)
            return (secret, try await accounts.setUp(link: link, password: password, code: code(secret), from: "a"))
        }
        func code(_ secret: [UInt8]) throws -> String {
            try OneTimePassword.code(
                secret: SecretBytes(copying: secret),
                step: OneTimePassword.step(atMilliseconds: office.clock.now().instantMilliseconds))
        }
        let link = try await accounts.makeLink(for: maya, purpose: .setUp, by: .operator)
        let (_, codes) = try await setUp(link, "four quiet green lamps")
        let token = try await accounts.signIn(
            typedAddress: "maya@example.org", password: "four quiet green lamps", code: codes[0], from: "a")
        front.use(token, for: "maya")
        for (password, code) in [("", ""), ("four quiet green lamps", "000000"), ("another sentence", codes[1])] {
            let wrong = [("password", password), ("code", code)]
            #expect(try await front.post("/account/set-up", as: "maya", wrong).status == 403)
        }
        let again = [("password", "four quiet green lamps"), ("code", codes[2])]
        let reply = try await front.post("/account/set-up", as: "maya", again)
        let place = try #require(reply.header("Location"))
        #expect(reply.status == 303 && place.hasPrefix("/set-up/"))
        #expect(try await accounts.session(token) != nil, "nothing has changed yet")
        try office.time("2026-01-05T09:05")
        _ = try await setUp(String(place.dropFirst("/set-up/".count)), "seven slow brown boats")
        #expect(try await accounts.session(token) == nil)
        await #expect(throws: AccessRefusal.refused) {
            _ = try await accounts.signIn(
                typedAddress: "maya@example.org", password: "four quiet green lamps", code: codes[3], from: "a")
        }
    }

    @Test("what a page says was done is said to the session that did it, and once")
    func saidOnce() async throws {
        let (_, front) = try await known()
        let session = try #require(try await front.session("ada"))
        let digest = try #require(try await front.site.accounts.session(session)).digest
        front.site.said.note("/home?done=paper", to: digest)
        let other = try await front.get("/home?done=paper", as: "eve").text
        let first = try await front.get("/home?done=paper", as: "ada").text
        let second = try await front.get("/home?done=paper", as: "ada").text
        let word = "Before you sign anything on screen we ask you again."
        #expect(first.contains(word) && !second.contains(word) && !other.contains(word))
    }

    @Test(
        "a password is what is left of it without names, the address, the service and the usual words",
        arguments: [
            "password1234", "Passw0rd!2026", "qwertyuiop12", "iloveyou12345", "123456789012", "letmeinletmein",
            "aaaaaaaaaaaaaa", "abababababab", "Summer2026!!", "MayaLindqvist1", "maya@example.org", "privity-mentor",
            "short", String(repeating: "long sentence ", count: 10),
        ])
    func badPassword(_ typed: String) throws {
        let context = ["Maya", "Lindqvist", "maya", "example", "org", "mphp"]
        #expect(throws: AccessRefusal.self) { try Credentials.password(typed, context: context) }
        for good in ["four quiet green lamps", "seven slow brown boats", "Maya eats 7 green plums"] {
            _ = try Credentials.password(good, context: context)
        }
    }

    @Test("whoever signs in anew in one browser ends the session that they had there")
    func oneBrowser() async throws {
        let (office, front) = try await known()
        let accounts = front.site.accounts
        func link() async throws -> String {
            try await accounts.makeLink(for: office.id("ada"), purpose: .signIn, by: .operator)
        }
        let token = try await accounts.signIn(link: link(), .init(pin: "283671"), from: "a")
        front.use(token, for: "ada")
        let again = [("link", try await link()), ("pin", "283671")]
        let reply = try await front.post("/sign-in/link", as: "ada", again)
        #expect(reply.status == 303 && reply.header("Set-Cookie") != nil)
        #expect(try await accounts.session(token) == nil)
    }

    @Test("erasing a person erases their account, sessions and links")
    func erased() async throws {
        let (office, front) = try await known()
        let accounts = front.site.accounts
        let token = try await accounts.signIn(
            link: accounts.makeLink(for: office.id("ada"), purpose: .signIn, by: .operator), .init(pin: "283671"),
            from: "a")
        _ = try await accounts.makeSheet(for: office.id("ada"), by: .person(office.id("maya"), .staff))
        #expect(try await office.service.erase(office.id("ada"), key: nil).refusal == nil)
        #expect(try await accounts.session(token) == nil)
        let left = try office.store.read { tx in
            try AccessRow.Kind.allCases.flatMap { try tx.accesses($0, of: office.id("ada")) }
        }
        #expect(left.isEmpty)
        #expect(
            try office.store.read { try $0.parties(of: office.id("ada"), isStaff: false, after: nil, count: 10) }
                .isEmpty)
    }

    @Test("no secret that lets anybody in is in the folder: links, codes, PINs, passwords, addresses, session tokens")
    func nothingInTheFolder() async throws {
        let (office, front) = try await known()
        let accounts = front.site.accounts
        let link = try await accounts.makeLink(for: office.id("ada"), purpose: .signIn, by: .operator)
        let sheet = try await accounts.makeSheet(for: office.id("ada"), by: .person(office.id("maya"), .staff))
        let code = try await accounts.giveFirstUseCode(to: office.id("eve"), by: .person(office.id("maya"), .staff))
        let session = try #require(try await front.session("ada"))
        let everything = try office.bytesOnDisk()
        for secret in [link, sheet[0], sheet[0].replacing("-", with: ""), code, session, "283671", "ada@example.org"] {
            let bytes = Data(secret.utf8)
            for (name, data) in everything { #expect(data.range(of: bytes) == nil, "\(name)") }
        }
    }
}

@Suite("An older folder")
struct OlderFolderTests {
    @Test("a database of version 1 is brought up when a writer opens it, and everybody sees their cases again")
    func migration() async throws {
        let office = try await Office().introduced()
        let before = try await office.service.board(of: office.id("maya")).map(\.state)
        try office.store.settle()
        try office.tamper(
            "DROP TABLE outcome_former; DROP TABLE outcome_key; DROP TABLE party; DROP TABLE access; DELETE FROM setting WHERE name = 'parties'; PRAGMA user_version = 1;"
        )
        try await office.reopen()
        #expect(try await office.service.board(of: office.id("maya")).map(\.state) == before && !before.isEmpty)
        let front = try Front(office)
        #expect(try await front.get("/home", as: "ben").text.contains("A card is here for you"))
        #expect(
            try await front.post("/private", as: "ben", [("case", "\(front.handle("ben"))"), ("act", "look")]).status
                == 200)
    }

    @Test("in a later round the mentor of the round before sees that it has ended, and nothing of the new one")
    func formerMentor() async throws {
        let office = try await Office().introduced()
        try await office.must(.rescind, "ada")
        let front = try Front(office)
        let handle = try front.handle("ben")
        let ended = try await front.get("/cases/\(handle)", as: "ben").normalized
        try await office.must(.rematch, "ada")
        #expect(try await front.get("/cases/\(handle)", as: "ben").normalized == ended)
        try await office.must(.completeSurvey, "ada")
        try await office.must(.propose, "maya") { $0.person = try office.id("cleo") }
        #expect(try await front.get("/cases/\(handle)", as: "ben").normalized == ended)
        #expect(try await front.post("/private", as: "ben", [("case", "\(handle)"), ("act", "look")]).status == 409)
        try await office.must(.decline, "ada")
        #expect(try await front.get("/cases/\(handle)", as: "ben").normalized == ended, "and the same after a decline")
    }
}
