import Cryptography
import FolderDriver
import Foundation
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing
import TransparencyLog

@testable import ReleaseService

@Suite("One road")
struct RoadTests {
    @Test(
        "a repeated key answers as the first time and does nothing again; for another command it is refused; a card is never replayed"
    )
    func idempotency() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        let first = try await office.must(.sign, "ada", key: "sign once")
        let again = try await office.must(.sign, "ada", key: "sign once")
        #expect(again.isReplay && !first.isReplay)
        #expect(again.records == first.records)
        #expect(again.release == first.release)
        #expect(again.rescindCode == first.rescindCode)
        #expect(again.receipts.map(\.record) == first.receipts.map(\.record))
        #expect(try await office.act(.end, "ada", key: "sign once").refusalCode == "keyReused")
        #expect(try await office.act(.sign, "ben", key: "sign once").refusalCode == "illegalTransition")
        try await office.reopen()
        #expect(try await office.must(.sign, "ada", key: "sign once").isReplay)
        // A refusal is an answer too, and stays one when the case has moved on.
        let refused = try await office.act(.offer, "maya", key: "too late")
        #expect(refused.refusal != nil)
        #expect(try await office.act(.offer, "maya", key: "too late").refusal == refused.refusal)
        #expect(try office.audit().findings == [])
    }

    @Test(
        "with signing stopped, rescission and end still close at once, everything that opens is refused, and repair signs them first with their dates"
    )
    func closingNeverNeedsTheLog() async throws {
        for kind in [CommandKind.rescind, .end] {
            let office = try await Office().staffed()
            try await office.go(to: "introduced")
            try await office.go(to: "offered", "eve", with: "cleo")
            let headPath = office.path + "/head"
            let head = try Data(contentsOf: URL(fileURLWithPath: headPath))
            // The log deliberately broken: the head file is gone.
            try FileManager.default.removeItem(atPath: headPath)
            try await office.reopen()
            #expect(office.service.stopped?.contains("head file is missing") == true)
            await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
            #expect(try await office.act(.sign, "eve", on: "eve").refusalCode == "notSigning")
            try office.time("2026-01-06T10:00")
            let closed = try await office.must(kind, "ada", key: "close it")
            #expect(closed.isReceiptPending)
            #expect(closed.receipts.isEmpty)
            // Repaired: the head file comes back.
            try head.write(to: URL(fileURLWithPath: headPath))
            try office.time("2026-01-09T10:00")
            try await office.reopen()
            #expect(office.service.stopped == nil)
            await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
            let report = try office.audit()
            #expect(report.findings == [])
            let last = try office.store.read { tx in try #require(try tx.entry(tx.logSize() - 1)) }
            let text = String(decoding: last, as: UTF8.self)
            #expect(text.contains(kind == .rescind ? "/rescission/v1" : "/closing/v1"))
            #expect(text.contains("\"at\":\"2026-01-06\""))
            #expect(try office.store.read { try $0.pending().count } == 0)
            try await office.must(.sign, "eve", on: "eve")
        }
    }

    @Test(
        "the rescind-only code closes at once with every key locked and the log broken, and is signed after repair with its date"
    )
    func codeWithoutKeys() async throws {
        let office = try await Office().staffed()
        let code = try #require(try await office.go(to: "signed").rescindCode)
        #expect(code.count == 23)
        try await office.must(.disclose, "maya")
        _ = try await office.look("ben")
        try office.time("2026-01-07T23:00")
        // No vault, no signing key, no head file, no service: the database and the clock.
        let typed = code.lowercased().replacingOccurrences(of: "-", with: " ")
        _ = try ServiceHost.rescind(typedCode: typed, store: office.store, time: office.clock)
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        // Saying it again changes nothing.
        _ = try ServiceHost.rescind(typedCode: code, store: office.store, time: office.clock)
        try office.time("2026-01-09T10:00")
        try await office.reopen()
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        let last = try office.store.read { tx in try #require(try tx.entry(tx.logSize() - 1)) }
        #expect(String(decoding: last, as: UTF8.self).contains("/rescission/v1"))
        #expect(String(decoding: last, as: UTF8.self).contains("\"at\":\"2026-01-07\""))
        #expect(try office.audit().findings == [])
        for wrong in [
            "", "AAAAA-AAAAA-AAAAA-AAAAA", "12345", "!!!!!-!!!!!-!!!!!-!!!!!", String(repeating: "A", count: 5000),
        ] {
            #expect(throws: Refusal.notFound) {
                try ServiceHost.rescind(typedCode: wrong, store: office.store, time: office.clock)
            }
        }
    }

    @Test("a code of a release that was corrected ends the one that took its place")
    func codeOfSuperseded() async throws {
        let office = try await Office().staffed()
        let code = try #require(try await office.go(to: "signed").rescindCode)
        try await office.must(.disclose, "maya")
        try await office.must(.correct, "ada") { $0.corrections.phone = "312-555-0199" }
        _ = try await office.look("ben")
        let outcome = try await office.service.rescind(typedCode: code)
        #expect(!outcome.isReceiptPending)
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        #expect(try office.audit().findings == [])
    }

    @Test("records committed before a crash and not yet under a signed head are signed at the next start")
    func signsForward() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        let head = try Data(contentsOf: URL(fileURLWithPath: office.path + "/head"))
        try await office.must(.sign, "ada", key: "signed, then crashed")
        // As if the process had stopped between the commit and the head file.
        try head.write(to: URL(fileURLWithPath: office.path + "/head"))
        try await office.reopen()
        #expect(office.service.stopped == nil)
        #expect(try office.audit().findings == [])
        let again = try await office.must(.sign, "ada", key: "signed, then crashed")
        #expect(!again.isReceiptPending && again.receipts.count == 1)
    }

    @Test(
        "a head file from the future or of another history stops signing and says the way out; a torn slot falls back to the other"
    )
    func headFiles() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        try office.store.settle()
        let older = try Data(contentsOf: URL(fileURLWithPath: office.folder.databasePath))
        try await office.must(.sign, "ada")
        try office.store.close()
        for suffix in ["-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: office.folder.databasePath + suffix)
        }
        try older.write(to: URL(fileURLWithPath: office.folder.databasePath))
        try await office.reopen()
        #expect(office.service.stopped?.contains("older than its head") == true)
        #expect(try !office.audit().isVerified)

        let torn = try await Office().staffed()
        try await torn.go(to: "introduced")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: torn.path + "/head"))
        // The newest generation stands in one slot; damage both in turn.
        for slot in [0, 1] {
            var damaged = bytes
            damaged[slot * 4096 + 30] ^= 1
            try damaged.write(to: URL(fileURLWithPath: torn.path + "/head"))
            try await torn.reopen()
            #expect(torn.service.stopped == nil)
            #expect(try torn.audit().findings == [])
            bytes = try Data(contentsOf: URL(fileURLWithPath: torn.path + "/head"))
        }
        bytes[40] ^= 1
        bytes[4096 + 40] ^= 1
        try bytes.write(to: URL(fileURLWithPath: torn.path + "/head"))
        try await torn.reopen()
        #expect(torn.service.stopped?.contains("damaged") == true)
    }

    @Test("keys that the log does not name sign nothing")
    func wrongKeys() async throws {
        let (office, other) = (try await Office().staffed(), try await Office())
        for name in ["log.pem", "record.pem"] {
            let path = "\(office.path)/keys/\(name)"
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.copyItem(atPath: "\(other.path)/keys/\(name)", toPath: path)
        }
        try await office.reopen()
        #expect(office.service.stopped?.contains("the log names") == true)
        try await office.go(to: "offered")
        #expect(try await office.act(.sign, "ada").refusalCode == "notSigning")
        #expect(try office.audit().findings == [])
    }

    @Test("an erasure that stopped half-way is finished at the next start")
    func recovery() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let ada = try office.id("ada")
        let key = try office.service.requireVault().keyID(.identity(ada))
        try office.store.write { try $0.putErasure(key) }
        try await office.reopen()
        #expect(try await office.service.identity(of: ada) == nil)
        #expect(try await office.service.find(name: "Fairweather") == [])
        #expect(try office.store.read { try $0.erasures() } == [])
        #expect(try !office.service.requireVault().ringIDs().contains(key))
    }

    @Test(
        "a missing key ring deletes nothing: what it covered is unreadable until the ring is put back, and then it is there"
    )
    func missingKeyRing() async throws {
        let office = try await Office().staffed()
        try office.store.close()
        let path = "\(office.path)/keys/data-keys"
        let ring = try Data(contentsOf: URL(fileURLWithPath: path))
        try Data().write(to: URL(fileURLWithPath: path))
        try await office.reopen()
        #expect(try await office.service.identity(of: office.id("ada")) == nil)
        try office.store.close()
        try ring.write(to: URL(fileURLWithPath: path))
        try await office.reopen()
        #expect(try await office.service.identity(of: office.id("ada"))?.firstName == "Ada")
    }

    @Test("a destroyed key that is put back with a copy of the ring is overwritten by the next writer")
    func copiedKeyRing() async throws {
        let office = try await Office().staffed()
        let ada = try office.id("ada")
        let key = try office.service.requireVault().keyID(.identity(ada))
        let path = "\(office.path)/keys/data-keys"
        let ring = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(try await office.service.erase(ada, key: nil).refusal == nil)
        #expect(ring.range(of: Data(key)) != nil)
        try office.store.close()
        try ring.write(to: URL(fileURLWithPath: path))
        try await office.reopen()
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)).range(of: Data(key)) == nil)
        #expect(try await office.service.identity(of: ada) == nil)
    }

    @Test(
        "a code used beside a running writer closes the card before the next look and disclosure, for a corrected release too"
    )
    func codeBesideAWriter() async throws {
        let office = try await Office().staffed()
        let code = try #require(try await office.go(to: "signed").rescindCode)
        _ = try ServiceHost.rescind(typedCode: code, store: office.store, time: office.clock)
        #expect(try await office.act(.disclose, "maya").refusal != nil)
        #expect(try office.audit().findings == [])

        let corrected = try await Office().staffed()
        let old = try #require(try await corrected.go(to: "signed").rescindCode)
        try await corrected.must(.disclose, "maya")
        try await corrected.must(.correct, "ada") { $0.corrections.phone = "312-555-0199" }
        _ = try ServiceHost.rescind(typedCode: old, store: corrected.store, time: corrected.clock)
        await #expect(throws: Refusal.cardClosed) { try await corrected.look("ben") }
        #expect(try corrected.audit().findings == [])
    }

    @Test(
        "a code used while a new draft is open is recorded once, survives declining that draft, and of an erased person it still counts"
    )
    func codeDuringADraft() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let code = try await office.codeOfLast()
        try await office.must(.end, "ada")
        try await office.must(.rematch, "ada")
        _ = try await office.service.rescind(typedCode: code)
        try await office.must(.decline, "ada")
        _ = try await office.service.rescind(typedCode: code)
        #expect(try office.audit().findings == [])
        #expect(try await office.must(.rescind, "ada").records == [])

        let erased = try await Office().staffed()
        _ = try await erased.go(to: "introduced")
        let paper = try await erased.codeOfLast()
        try await erased.must(.end, "ada")
        #expect(try await erased.service.erase(erased.id("ada"), key: nil).refusal == nil)
        _ = try await erased.service.rescind(typedCode: paper)
        try await erased.reopen()
        #expect(erased.service.stopped == nil)
        #expect(try erased.audit().findings == [])
    }

    @Test("one damaged case that is due keeps nobody else from closing theirs")
    func damagedNeighbor() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try await office.go(to: "introduced", "eve", with: "cleo")
        let id = try office.service.requireVault().caseID(of: office.id("eve"), workflow: "mentorship")
        try office.tamper("UPDATE case_event SET sealed = zeroblob(64) WHERE case_id = x'\(Hex.format(id.bytes))'")
        try office.time("2026-02-01T10:00")
        try await office.must(.rescind, "ada")
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
    }

    @Test("closings given in turn while signing had stopped are numbered in the order they are signed")
    func severalPending() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let code = try await office.codeOfLast()
        try await office.reopen(isKeyless: true)
        _ = try await office.service.rescind(typedCode: code)
        let ended = try await office.must(.end, "ben", key: "ended while stopped")
        #expect(ended.isReceiptPending)
        try await office.reopen()
        #expect(office.service.stopped == nil)
        #expect(try office.audit().findings == [])
        let again = try await office.act(.end, "ben", key: "ended while stopped")
        #expect(again.isReplay && !again.isReceiptPending && again.receipts.count == 1)
    }

    @Test(
        "a signature is bound to the text that was read: without its digest, or with that of another offer, it is refused"
    )
    func signatureIsBound() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        let read = try await office.service.releaseText(
            of: office.id("ada"), workflow: "mentorship", for: office.id("ada"))
        try await office.must(.withdrawProposal, "maya")
        let cleo = try office.id("cleo")
        try await office.must(.propose, "maya") { $0.person = cleo }
        try await office.must(.acceptSlot, "cleo")
        try await office.must(.offer, "maya")
        for digest in [nil, read.digest] {
            let problem = await #expect(throws: FieldProblem.self) {
                try await office.act(.sign, "ada") { $0.signing?.formDigest = digest }
            }
            #expect(problem?.field == "digest")
        }
        try await office.must(.sign, "ada")
    }

    @Test(
        "an export stops at the last completed day unless asked otherwise, and a later export begins with an earlier one"
    )
    func exportByDay() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "signed")
        try office.time("2026-01-06T10:00")
        try await office.must(.disclose, "maya")
        let today = try #require(CivilDate(parsing: "2026-01-06"))
        let (closed, full) = (try office.export(before: today), try office.export())
        #expect(closed.size == 5 && full.size == 6)
        #expect(try full.entries.starts(with: closed.entries))
        for export in [closed, full] { #expect(try auditExport(export.folder).findings == []) }
        #expect {
            try office.export(before: today.adding(days: -1))
        } throws: {
            if case MachineryError.tooEarly = $0 { true } else { false }
        }
    }

    @Test(
        "refused attempts by people with no part go to the journal once a day; the recipient's own refused looks go nowhere; nothing of either is logged"
    )
    func journal() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "signed")
        let size = try office.store.read { try $0.logSize() }
        for _ in 0..<3 { _ = try? await office.look("ben") }
        #expect(try await office.service.journal() == [])
        for _ in 0..<3 { _ = try? await office.look("cleo") }
        for _ in 0..<3 { _ = try await office.act(.end, "dan") }
        #expect(try await office.service.journal().count == 2)
        try office.time("2026-01-06T10:00")
        _ = try? await office.look("cleo")
        #expect(try await office.service.journal().count == 3)
        #expect(try office.store.read { try $0.logSize() } == size)
    }
}

@Suite("Interleaving")
struct InterleavingTests {
    @Test("DER-06: of looks and rescissions from concurrent tasks, no look commits after the rescission of its release")
    func looksAndRescissions() async throws {
        let rounds = ProcessInfo.processInfo.environment["PRIVITY_SOAK"] != nil ? 30_000 : 2000
        let office = try await Office().staffed()
        var generator = SplitMix(seed: 20_260_105)
        try await office.go(to: "introduced")
        var shownTotal = 0
        for number in 0..<rounds {
            if rounds > 2000, number % 1000 == 0 {
                FileHandle.standardError.write(Data("looks and rescissions: \(number) of \(rounds)\n".utf8))
            }
            // Each release is looked at from several tasks while it is rescinded from another.
            if number > 0 { try await office.fresh(number) }
            let lookers = 1 + Int(generator.next() % 4)
            let rescindsAfter = Int(generator.next() % 24)
            let order = Order()
            let (ada, ben) = (try office.id("ada"), try office.id("ben"))
            let service = office.service
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<lookers {
                    group.addTask {
                        for _ in 0..<2 {
                            let began = await order.now()
                            if (try? await service.look(ada, workflow: "mentorship", reader: ben)) != nil {
                                await order.shown(began)
                            }
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<rescindsAfter { await Task.yield() }
                    let actor = Actor(.person(ada), channel: .screen)
                    if let outcome = try? await service.submit(
                        Submission(.rescind, workflow: "mentorship", opener: ada, actor: actor)),
                        outcome.refusal == nil
                    {
                        await order.rescinded()
                    }
                }
            }
            await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
            #expect(await order.isRescinded)
            #expect(await order.lateLooks == 0)
            shownTotal += await order.shownCount
        }
        // Both happened: looks before the rescission, and none after it.
        #expect(shownTotal > rounds / 4)
        #expect(try office.audit().findings == [])
    }

    /// What the tasks of one interleaving saw, in their order.
    private actor Order {
        private(set) var isRescinded = false
        private(set) var lateLooks = 0
        private(set) var shownCount = 0

        /// Whether the rescission had been acknowledged when a look began.
        func now() -> Bool { isRescinded }
        func shown(_ beganAfterRescission: Bool) {
            shownCount += 1
            if beganAfterRescission { lateLooks += 1 }
        }
        func rescinded() { isRescinded = true }
    }
}

extension Office {
    /// The rescind-only code of Ada's last release, as her receipt has it.
    func codeOfLast() async throws -> String {
        let state = try service.state(of: id("ada"))
        let release = try #require(state.releases.last)
        return try #require(try service.requireVault().rescindCode(release.id, round: release.round))
    }

    /// A new person in Ada's place, with an open card for Ben.
    func fresh(_ number: Int) async throws {
        try await add(
            "ada", "Ada Fairweather \(number)", "Fairweather", first: "Ada", phone: "312-555-0\(100 + number % 100)",
            roles: [.participant],
            coordinator: "maya")
        try await go(to: "introduced")
    }
}
