import Cryptography
import Foundation
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

/// Boxes: what is a pair's own, against whoever has everything of the machine but no PIN.
@Suite("What is the pair's own is sealed to the pair")
struct BoxTests {
    private let office: Office
    private let accounts: Accounts

    init() async throws {
        office = try await Office().staffed()
        accounts = try Accounts(office.host, cost: 1 << 4)
    }

    private static let pins = ["ada": "283671", "ben": "907124"]

    private func staff(_ name: String) throws -> Caller { .person(try office.id(name), .staff) }

    /// Sets a person's first PIN, as they do it themselves; another of the staff has reached them.
    @discardableResult
    private func setUp(_ name: String, pin: String? = nil) async throws -> Session {
        let person = try office.id(name)
        let code = try await accounts.giveFirstUseCode(to: person, by: staff("maya"))
        let session = try await signIn(name, code: code, pin: pin ?? Self.pins[name] ?? "")
        try await accounts.confirmIssue(person, reached: .face, by: staff("omar"))
        return session
    }

    private func signIn(_ name: String, code: String = "", pin: String) async throws -> Session {
        let link = try await accounts.makeLink(for: office.id(name), purpose: .signIn, by: .operator)
        let entered =
            code.isEmpty ? EnteredWithLink(pin: pin) : EnteredWithLink(firstUseCode: code, newPIN: pin)
        let token = try await accounts.signIn(link: link, entered, from: "203.0.113.9")
        return try #require(try await accounts.session(token))
    }

    private func handle(_ session: Session) async throws -> CaseHandle {
        try #require(
            try await office.host.service(for: session).cases(of: session.person).first {
                $0.view.workflow == "mentorship" && $0.view.word != nil
            }
        ).handle
    }

    private func note(_ kind: CommandKind, _ session: Session) async throws {
        let service = office.host.service(for: session)
        let outcome = try await service.ask(Asked(kind, handle(session), key: nil)).outcome
        #expect(outcome.refusal == nil)
    }

    private func view(_ session: Session) async throws -> CaseView {
        try await office.host.service(for: session).page(handle(session), of: session.person).line.view
    }

    private func look(_ session: Session) async throws {
        _ = try await office.host.service(for: session).openCard(handle(session))
    }

    private func rows(_ round: RoundID) throws -> [BoxRow] {
        try office.host.core.reader.read { try $0.boxes(of: round).rows }
    }

    private func round() throws -> RoundID {
        let ada = try office.id("ada")
        return try office.host.core.reader.read {
            try #require($0.cases.load(ada, workflow: "mentorship").state.round?.id)
        }
    }

    @Test(
        "E5, E6, R20: once both have a PIN, an operator with every key of the machine reads neither who looked nor what the pair noted; each of the two reads it, the other's look not even they"
    )
    func sealed() async throws {
        let (ada, ben) = (try await setUp("ada"), try await setUp("ben"))
        try await office.go(to: "introduced")
        try await look(ben)
        try await note(.recordCall, ben)
        try await look(ben)
        let (adas, bens) = (office.host.service(for: ada), office.host.service(for: ben))
        #expect(try await adas.accounting(of: ada.person).count == 2)
        #expect(try await adas.accounting(of: ada.person).map(\.recipient) == ["Ben X.", "Ben X."])
        #expect(try await bens.accounting(of: ben.person).isEmpty)
        #expect(try await view(ada).isCallRecorded == true)
        #expect(try await view(ben).isCallRecorded == true)
        // Everything else the machine has: the operator's hand, and the persons themselves without what their PIN gives.
        #expect(try await office.service.accounting(of: ada.person).isEmpty)
        #expect(try await office.service(as: "ada", .person).accounting(of: ada.person).isEmpty)
        let seen = try await office.service(as: "ben", .person).page(handle(ben), of: ben.person).line.view
        #expect(seen.isCallRecorded == false)
        // What there is to see: three slots of one size, for two keys.
        let row = try #require(rows(round()).first)
        #expect(row.slots.count == 3 && row.people == [ada.person, ben.person])
        #expect(row.slots.allSatisfy { $0.boxes.allSatisfy { $0.count == BoxRow.boxByteCount } })
    }

    @Test("E6: what was kept for somebody before they had a PIN is theirs with it, and nobody's else from then on")
    func takenOver() async throws {
        try await office.go(to: "introduced")
        try await office.must(.recordCall, "ben")
        _ = try await office.service.look(office.id("ada"), workflow: "mentorship", reader: office.id("ben"))
        #expect(try await office.service.accounting(of: office.id("ada")).count == 1)
        let former = try office.host.core.reader.read { snapshot in
            let ada = try office.id("ada")
            let kept = try #require(try snapshot.readingKey(of: ada)?.kept)
            return try snapshot.vault.keyID(.reading(ada, name: kept.name))
        }
        #expect(try office.host.core.parts.requireVault().holds(former))
        let ada = try await setUp("ada")
        #expect(try await office.host.service(for: ada).accounting(of: ada.person).count == 1)
        #expect(try await view(ada).isCallRecorded == true)
        #expect(try await office.service.accounting(of: ada.person).isEmpty)
        #expect(try !office.host.core.parts.requireVault().holds(former))
        // The other of the two, who has no PIN yet, is as before.
        let ben = try office.id("ben")
        #expect(try await office.service.cases(of: ben).contains { $0.view.isCallRecorded == true })
        #expect(try office.audit().isVerified)
    }

    @Test(
        "E6, R20: a PIN that is changed, and one whose hash is made anew, opens what the old one did; one that staff gave anew opens nothing older, and what is signed stays readable"
    )
    func changedAndReset() async throws {
        let (ada, ben) = (try await setUp("ada"), try await setUp("ben"))
        try await office.go(to: "introduced")
        try await look(ben)
        try await accounts.changePIN(
            of: ada.person, from: "283671", to: "518206", in: ada, by: .person(ada.person, .person))
        let again = try await signIn("ada", pin: "518206")
        #expect(try await office.host.service(for: again).accounting(of: ada.person).count == 1)
        // Hashed at a higher cost at the next sign-in.
        let dearer = try Accounts(office.host, cost: 1 << 5)
        let link = try await dearer.makeLink(for: ada.person, purpose: .signIn, by: .operator)
        let token = try await dearer.signIn(link: link, .init(pin: "518206"), from: "203.0.113.9")
        let third = try #require(try await dearer.session(token))
        #expect(try await office.host.service(for: third).accounting(of: ada.person).count == 1)

        let reset = try await setUp("ada", pin: "640971")
        #expect(try await office.host.service(for: reset).accounting(of: ada.person).isEmpty)
        #expect(try await office.service.accounting(of: ada.person).isEmpty)
        let release = try #require(
            try await office.host.service(for: reset).page(handle(reset), of: reset.person).releases.last)
        #expect(try await !office.host.service(for: reset).copy(of: release, for: reset.person).isEmpty)
        #expect(try await office.host.service(for: reset).readingLost(by: reset.person) == office.host.today())
        // What happens from now on is theirs again.
        try await look(ben)
        #expect(try await office.host.service(for: reset).accounting(of: ada.person).count == 1)
    }

    @Test("E6: ten wrong PINs and an issue that was not theirs mean a new key too, so that nothing is sealed to nobody")
    func givenUp() async throws {
        let ben = try await setUp("ben")
        let before = try version("ben")
        for _ in 0..<2 {
            let link = try await accounts.makeLink(for: ben.person, purpose: .signIn, by: .operator)
            for _ in 0..<5 {
                await #expect(throws: AccessRefusal.refused) {
                    _ = try await accounts.signIn(link: link, .init(pin: "111999"), from: "203.0.113.9")
                }
            }
        }
        #expect(try version("ben").number == before.number + 1)
        #expect(try version("ben").isKept && !before.isKept)
        let code = try await accounts.giveFirstUseCode(to: ben.person, by: staff("maya"))
        _ = try await signIn("ben", code: code, pin: "907124")
        #expect(try !version("ben").isKept)
        try await accounts.voidIssue(ben.person, by: staff("omar"))
        #expect(try version("ben").isKept)
    }

    @Test(
        "E6, R4: who came by a code that was not theirs takes nothing of what was kept: it is back when the issue is taken away"
    )
    func impostor() async throws {
        try await office.go(to: "introduced")
        _ = try await office.service.look(office.id("ada"), workflow: "mentorship", reader: office.id("ben"))
        let ada = try office.id("ada")
        let code = try await accounts.giveFirstUseCode(to: ada, by: staff("maya"))
        let impostor = try await signIn("ada", code: code, pin: "518206")
        await #expect(throws: Refusal.awaitsConfirmation) {
            try await office.host.service(for: impostor).accounting(of: ada)
        }
        try await accounts.voidIssue(ada, by: staff("omar"))
        #expect(try await office.service.accounting(of: ada).count == 1)
        let own = try await setUp("ada")
        #expect(try await office.host.service(for: own).accounting(of: ada).count == 1)
        #expect(try await office.host.service(for: own).readingLost(by: ada) == nil)
    }

    @Test(
        "E6, E11: where a restored database names a key whose half was destroyed since, what is sealed from then on is sealed to another, and the page says from which day"
    )
    func restored() async throws {
        try await office.go(to: "introduced")
        let ada = try office.id("ada")
        let vault = try office.host.core.parts.requireVault()
        let kept = try #require(try office.host.core.reader.read { try $0.readingKey(of: ada) }?.kept)
        try vault.destroy([vault.keyID(.reading(ada, name: kept.name))])
        for count in 1...2 {
            _ = try await office.service.look(ada, workflow: "mentorship", reader: office.id("ben"))
            #expect(try await office.service.accounting(of: ada).count == count)
        }
        #expect(try await office.service.readingLost(by: ada) == office.host.today())
        #expect(office.host.stopped == nil)
    }

    @Test(
        "E11, R20: a pair that an earlier version brought together has its accesses and its list of what was given from the first opening on"
    )
    func earlierPair() async throws {
        try await office.go(to: "introduced")
        let (ada, ben) = (try office.id("ada"), try office.id("ben"))
        let vault = try office.host.core.parts.requireVault()
        let key = try vault.keyID(.accounting(ada))
        let name = try vault.name(of: Released.field, under: key)
        try office.store.write { try $0.deleteSealed(key, name) }
        try office.tamper("DELETE FROM setting WHERE name = 'releasedByRound'")
        _ = try await office.service.look(ada, workflow: "mentorship", reader: ben)
        #expect(try await office.service.accounting(of: ada).isEmpty)
        try await office.reopen()
        #expect(try await office.service.accounting(of: ada).map(\.recipient) == ["Ben X."])
        #expect(try await office.service.disclosures(of: ada).map(\.recipient) == ["Ben X."])
        try await office.reopen()
        #expect(try await office.service.disclosures(of: ada).count == 1, "once")
    }

    @Test("E5: in a session without the PIN nobody is offered to note what they cannot read")
    func locked() async throws {
        let ben = try await setUp("ben")
        try await office.go(to: "introduced")
        try await note(.recordCall, ben)
        let handle = try await handle(ben)
        let page = try await office.service(as: "ben", .staff).page(handle, of: ben.person)
        #expect(page.privateActs.isEmpty && page.isLocked)
        let own = try await office.host.service(for: ben).page(handle, of: ben.person)
        #expect(!own.privateActs.isEmpty && !own.isLocked)
    }

    private func version(_ name: String) throws -> (number: Int, isKept: Bool) {
        let id = try office.id(name)
        let key = try #require(try office.host.core.reader.read { try $0.readingKey(of: id) })
        return (key.version, key.sealed == nil)
    }

    @Test("E5: every row of boxes is sealed anew once a day, whether or not somebody looked, and stays what it is")
    func anew() async throws {
        try await office.go(to: "introduced")
        _ = try await office.service.look(office.id("ada"), workflow: "mentorship", reader: office.id("ben"))
        let round = try round()
        func stored() throws -> [UInt8]? {
            let vault = try office.host.core.parts.requireVault()
            let key = try vault.keyID(.boxes(round))
            return try office.store.read { try $0.sealed(key, vault.name(of: BoxRow.field(0), under: key)) }
        }
        let before = try stored()
        try await office.host.sealAnew()
        let after = try stored()
        #expect(before != after && before?.count == after?.count && after?.count == BoxRow.byteCount + 28)
        #expect(try await office.service.accounting(of: office.id("ada")).count == 1)
    }

    @Test("E5: the seventeenth act begins a second row, and all of them are read")
    func full() async throws {
        try await office.go(to: "introduced")
        for _ in 0..<20 {
            _ = try await office.service.look(office.id("ada"), workflow: "mentorship", reader: office.id("ben"))
        }
        #expect(try rows(round()).map(\.slots.count) == [16, 4])
        #expect(try await office.service.accounting(of: office.id("ada")).count == 20)
        try await office.host.sealAnew()
        #expect(try await office.service.accounting(of: office.id("ada")).count == 20)
    }

    /// One act of sixty-four, with everything that the machine holds before and after.
    private struct Trial {
        let isLook: Bool
        let before, after: [String: [UInt8]]

        /// The names of what changed, with how it changed in length.
        var shape: [String: Int] {
            Set(before.keys).union(after.keys).reduce(into: [:]) { shape, name in
                if before[name] != after[name] {
                    // Bytes are written as numbers of one to two digits: what is counted is how many.
                    let count = { (bytes: [UInt8]?) in (bytes ?? []).count { $0 == UInt8(ascii: ".") } }
                    shape[name] = count(after[name]) - count(before[name])
                }
            }
        }
    }

    /// Every row of the database by its table and its length, and the boxes, opened as far as every key of the machine
    /// opens them.
    private func everything() throws -> [String: [UInt8]] {
        var found: [String: [UInt8]] = [:]
        for line in try office.store.dump().split(separator: "\n") {
            // Rows of the vault are known by key and field; of others the whole row is the name.
            let cells = line.split(separator: "|", maxSplits: 2)
            let isSealed = line.hasPrefix("vault:") && cells.count == 3
            found[isSealed ? "\(cells[0])|\(cells[1])" : "\(line)"] = isSealed ? Array(cells[2].utf8) : []
        }
        let row = try #require(rows(round()).last)
        return found.merging(["boxes, opened": row.bytes]) { $1 }
    }

    @Test(
        "R60, E5: of sixty-four acts that took a slot, nobody who has every file and every key but no PIN tells which were looks: no better than forty-five guesses of sixty-four"
    )
    func indistinguishable() async throws {
        let (_, ben) = (try await setUp("ada"), try await setUp("ben"))
        try await office.go(to: "introduced")
        try await note(.recordCall, ben)
        var trials: [Trial] = []
        var isNoted = true
        for number in 0..<64 {
            // By a coin that was tossed before, so that the test does the same each time.
            let isLook = SHA256.hash([UInt8(number)])[0] & 1 == 0
            let before = try everything()
            if isLook {
                try await look(ben)
            } else {
                try await note(isNoted ? .undoNote : .recordCall, ben)
                isNoted.toggle()
            }
            trials.append(Trial(isLook: isLook, before: before, after: try everything()))
        }
        // The same rows change by the same lengths, but where a new row begins.
        let shapes = trials.map { trial in
            trial.shape.filter { $0.key != "boxes, opened" }.map { "\($0.key.suffix(8)) \($0.value)" }.sorted()
        }
        #expect(
            shapes.allSatisfy { $0.count == 1 },
            "\(shapes.filter { $0.count != 1 }.prefix(3)): every act writes one row, and nothing else")
        // Then the bytes: for each place of a taken slot, the guess that was right more often in one half is tried on
        // the other.
        let features = trials.map { trial -> [Bool] in
            let row = trial.after["boxes, opened"] ?? []
            let taken = Int(row[32])
            let start = 33 + (taken - 1) * 2 * (4 + BoxRow.boxByteCount)
            return row[start..<start + 2 * (4 + BoxRow.boxByteCount)].map { $0 >= 128 }
        }
        let half = trials.count / 2
        func score(_ place: Int, _ range: Range<Int>) -> Int {
            range.count { features[$0][place] == trials[$0].isLook }
        }
        let best = try #require(
            features[0].indices.max { abs(score($0, 0..<half) - half / 2) < abs(score($1, 0..<half) - half / 2) })
        let right = score(best, half..<trials.count)
        let guesses = score(best, 0..<half) >= half / 2 ? right : half - right
        #expect(2 * guesses <= 45, "by the best place: \(guesses) of \(half)")
    }
}
