internal import Cryptography
internal import Foundation
internal import ReleaseWorkflow
internal import Synchronization

/// Says what can be used as a PIN, password or address, and how secrets are written.
enum Credentials {
    static let firstUseLength = 10
    static let recoveryLength = 10
    /// The length that a password is cut to, when it is set and when it is entered.
    static let passwordByteLimit = 512

    /// - Throws: ``AccessRefusal/unusable(_:)`` unless it is 6 to 12 digits that nobody tries first who guesses.
    static func pin(_ typed: String) throws -> SecretBytes {
        let digits = Array(typed.utf8)
        guard (6...12).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }), !isUsual(digits) else {
            throw AccessRefusal.unusable(
                FieldProblem(
                    field: "pin",
                    expected: "6 to 12 digits that nobody guesses: no run like 123456, no part repeated like 121212 or "
                        + "123123, no mirror like 123321, no day like 010180"))
        }
        return SecretBytes(copying: digits)
    }

    /// True for a run, fewer than three different digits, a part that is repeated, a mirror, pairs in a row, a day of a
    /// calendar, and paths over the keys.
    private static func isUsual(_ digits: [UInt8]) -> Bool {
        let values = digits.map { Int($0) - 48 }
        let steps = Set(zip(values, values.dropFirst()).map { ($1 - $0 + 10) % 10 })
        if steps.count < 2 || Set(values).count < 3 || values == values.reversed() { return true }
        for length in 1...(values.count / 2) where values.count % length == 0 {
            let isRepeated = values.indices.allSatisfy { values[$0] == values[$0 % length] }
            if isRepeated { return true }
        }
        let isPaired =
            values.count.isMultiple(of: 2)
            && stride(from: 0, to: values.count, by: 2).allSatisfy {
                values[$0] == values[$0 + 1]
            }
        return isPaired || isDay(values) || paths.contains(String(decoding: digits, as: UTF8.self))
    }

    /// A birthday is the first thing that somebody tries who knows the person: six digits or eight, in any usual order.
    private static func isDay(_ values: [Int]) -> Bool {
        func number(_ range: Range<Int>) -> Int { range.reduce(0) { 10 * $0 + values[$1] } }
        func isDayAndMonth(_ first: Int, _ second: Int) -> Bool {
            (1...12).contains(first) && (1...31).contains(second)
                || (1...31).contains(first) && (1...12).contains(second)
        }
        let years = 1900...2099
        if values.count == 6 {
            return isDayAndMonth(number(0..<2), number(2..<4)) || isDayAndMonth(number(2..<4), number(4..<6))
        }
        return values.count == 8
            && (years.contains(number(4..<8)) && isDayAndMonth(number(0..<2), number(2..<4))
                || years.contains(number(0..<4)) && isDayAndMonth(number(4..<6), number(6..<8)))
    }

    /// Paths over the keys of a telephone.
    private static let paths: Set = [
        "147258", "258369", "147369", "159357", "357159", "159753", "753159", "951357", "147852", "741852", "852963",
        "963852", "789456", "456789", "321654", "654321", "456123", "123654", "789123", "246810", "135790",
    ]

    /// - Parameter context: words that anybody tries who knows whose password it is: names, the address, the service.
    /// - Throws: ``AccessRefusal/unusable(_:)`` unless it is 12 to 128 characters of which eight are left, five of them
    ///   different, when usual words and those of the context are taken out.
    static func password(_ typed: String, context: [String] = []) throws -> SecretBytes {
        let normalized = typed.precomposedStringWithCompatibilityMapping
        var left = normalized.lowercased()
        for word in (context.map { $0.lowercased() } + usualWords).sorted(by: { $0.count > $1.count })
        where word.count >= 3 { left = left.replacing(word, with: "") }
        guard (12...128).contains(normalized.count), left.count >= 8, Set(left).count >= 5 else {
            throw AccessRefusal.unusable(
                FieldProblem(
                    field: "password",
                    expected: "12 to 128 characters; beside names and usual words like `password` at least eight, five "
                        + "of them different"))
        }
        return SecretBytes(copying: Array(normalized.utf8.prefix(passwordByteLimit)))
    }

    /// The words that most of the usual passwords are made of, and runs over a keyboard.
    private static let usualWords = [
        "password", "passwort", "passw0rd", "p@ssw0rd", "p@ssword", "letmein", "welcome", "iloveyou", "admin", "login",
        "master", "dragon", "monkey", "sunshine", "princess", "football", "baseball", "basketball", "superman",
        "batman",
        "shadow", "trustno1", "whatever", "starwars", "freedom", "hello", "secret", "changeme", "default", "summer",
        "winter", "spring", "autumn", "january", "february", "march", "april", "june", "july", "august", "september",
        "october", "november", "december", "monday", "friday", "sunday", "computer", "internet", "michael", "jordan",
        "ashley", "jennifer", "charlie", "qwertyuiop", "qwertz", "qwerty", "asdfghjkl", "asdfgh", "zxcvbnm", "zxcvbn",
        "1q2w3e4r5t", "1q2w3e4r", "1qaz2wsx", "qazwsx", "1234567890", "0987654321", "123456789", "12345678", "1234567",
        "123456", "12345", "1234", "4321", "54321", "654321", "abcdef", "abcd", "abc", "111111", "000000", "123123",
        "privity", "mentor", "recovery", "sober",
    ]

    /// A mailbox in its plain form: one @, no white space, nothing that a mail header could mistake.
    static func address(_ typed: String) throws -> String {
        let text = typed.trimmingCharacters(in: .whitespaces)
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+/=?^_`{|}~-")
        guard halves.count == 2, (1...64).contains(halves[0].count), (3...190).contains(halves[1].count),
            halves[0].allSatisfy(allowed.contains), halves[1].contains("."), !text.contains(".."),
            halves[1].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") }),
            !halves[1].hasPrefix("."), !halves[1].hasSuffix("."), !halves[0].hasPrefix("."), !halves[0].hasPrefix("-")
        else {
            throw AccessRefusal.unusable(
                FieldProblem(field: "address", expected: "an e-mail address like name@example.org"))
        }
        return text.lowercased()
    }

    /// A number on a list, as it is compared: letters and digits alone.
    static func memberNumber(_ typed: String) -> String { typed.uppercased().filter { $0.isLetter || $0.isNumber } }

    /// Tokens travel as base64 for URLs (RFC 4648 §5), 43 characters.
    static func format(_ bytes: [UInt8]) -> String {
        String(Base64.format(bytes).map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }.filter { $0 != "=" })
    }

    static func parse(_ token: String) -> [UInt8]? {
        guard token.utf8.count == 43 else { return nil }
        return Base64.parse(String(token.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }) + "=")
    }
}

/// Hashes passwords and PINs, one at a time on a thread of its own: it takes half a second and must hold nobody
/// else up. Those who are known come first, and no more wait than can be answered.
struct PasswordHashing: Sendable {
    private static let line = HashingLine()

    /// Compared with where there is no account, so that its absence takes as long.
    let nobody: PasswordHash
    private let cost: UInt64

    /// - Parameter cost: scrypt's N for new passwords and PINs; tests lower it.
    init(cost: UInt64) throws {
        self.cost = cost
        nobody = try PasswordHash(of: SecretBytes(copying: RandomBytes.generate(count: 16)), cost: cost)
    }

    /// - Parameter stranger: where one comes from who is not known; nil for somebody with a link that works.
    /// - Throws: ``AccessRefusal/busy`` where too many wait.
    func matches(_ typed: String, _ hash: PasswordHash, stranger: Network?) async throws -> Bool {
        try await key(of: typed, hash, stranger: stranger) != nil
    }

    /// The key that only this password or PIN gives; nil where it is not the one that was hashed.
    ///
    /// - Throws: as ``matches(_:_:stranger:)``.
    func key(of typed: String, _ hash: PasswordHash, stranger: Network?) async throws -> SecretBytes? {
        let secret = Self.secret(typed)
        return try await Self.line.run(stranger: stranger) { try hash.key(of: secret) }
    }

    /// The hash anew where it was made at a lower cost than hashes are made at now; nil where it need not be.
    ///
    /// - Throws: ``AccessRefusal/busy`` where too many wait.
    func renewed(_ typed: String, _ hash: PasswordHash) async throws -> Hashed? {
        hash.cost < cost ? try await self.hash(Self.secret(typed)) : nil
    }

    /// A hash, and the key that only what was hashed gives.
    struct Hashed: Sendable {
        let hash: PasswordHash
        let key: SecretBytes
    }

    /// - Throws: ``AccessRefusal/busy`` where too many wait.
    func hash(_ secret: SecretBytes) async throws -> Hashed {
        let cost = cost
        return try await Self.line.run(stranger: nil) {
            let made = try PasswordHash.withKey(of: secret, cost: cost)
            return Hashed(hash: made.hash, key: made.key)
        }
    }

    private static func secret(_ typed: String) -> SecretBytes {
        SecretBytes(copying: Array(typed.utf8.prefix(Credentials.passwordByteLimit)))
    }
}

/// Two lines before one worker: who is known is served before who is not.
final class HashingLine: Sendable {
    /// The number that may wait in each line; the longer one is over in half a minute.
    static let (knownLimit, unknownLimit) = (64, 16)
    /// The number that may wait of one network whose people are not known, however wide it is.
    static let networkLimit = 2

    private typealias Job = @Sendable () -> Void
    private struct State {
        var known: [Job] = []
        var unknown: [(network: Network, job: Job)] = []
        var hasBegun = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "privity.passwords")

    /// - Parameter stranger: where one comes from who is not known; nil for somebody who is.
    /// - Throws: ``AccessRefusal/busy`` where too many wait, at all or from there; whatever `body` throws.
    func run<R: Sendable>(stranger: Network?, _ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            let job: Job = { continuation.resume(with: Result { try body() }) }
            let isTaken = state.withLock { state -> Bool in
                guard let stranger else {
                    guard state.known.count < Self.knownLimit else { return false }
                    state.known.append(job)
                    return true
                }
                let ofOne = stranger.isUnknown ? 0 : state.unknown.count { $0.network.wide == stranger.wide }
                guard state.unknown.count < Self.unknownLimit, ofOne < Self.networkLimit else { return false }
                state.unknown.append((stranger, job))
                return true
            }
            guard isTaken else { return continuation.resume(throwing: AccessRefusal.busy) }
            queue.async { self.next()?() }
        }
    }

    /// True while nothing was ever begun.
    var isIdle: Bool { state.withLock { !$0.hasBegun } }
    var waitingCount: (known: Int, unknown: Int) { state.withLock { ($0.known.count, $0.unknown.count) } }

    /// Each job brings one turn of the worker; whose turn it is, is decided when it comes.
    private func next() -> Job? {
        state.withLock { state in
            state.hasBegun = true
            if !state.known.isEmpty { return state.known.removeFirst() }
            return state.unknown.isEmpty ? nil : state.unknown.removeFirst().job
        }
    }
}
