import Cryptography
import FolderDriver
import Foundation
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing
import TransparencyLog

@testable import ReleaseService

@Suite("Integrity")
struct IntegrityTests {
    @Test("one flipped bit in any stored record, hash or head is found by the audit, which names the place")
    func everyBitInTheLog() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try await office.must(.correct, "ada") { $0.corrections.phone = "312-555-0199" }
        try await office.must(.end, "ada")
        try await office.must(.rescind, "ada")
        let head = try #require(try office.folder.headFile(isReadOnly: true).read()).note
        let entries = try office.store.read { tx in try (0..<tx.logSize()).compactMap { try tx.entry($0) } }
        #expect(entries.count == 11)

        // The audit before each record, so that an alteration costs only what follows it.
        var before = [LogAudit(origin: Office.origin)]
        for (index, entry) in entries.enumerated() {
            var next = before[index]
            next.add(entry)
            before.append(next)
        }
        func audit(_ entries: [[UInt8]], _ head: [UInt8], from index: Int = 0) -> AuditReport {
            var audit = before[index]
            for entry in entries[index...] { audit.add(entry) }
            return audit.finish(head: head)
        }
        #expect(audit(entries, head).findings == [])
        var generator = SplitMix(seed: 1)
        for (index, entry) in entries.enumerated() {
            for byte in entry.indices {
                let bit = Int(generator.next() % 8)
                var altered = entries
                altered[index][byte] ^= 1 << bit
                let report = audit(altered, head, from: index)
                #expect(report.findings.contains { $0.index == index }, "record \(index) byte \(byte) bit \(bit)")
                #expect(
                    report.findings.contains { $0.index == nil }, "record \(index) byte \(byte) bit \(bit): the head")
            }
        }
        for bit in 0..<(head.count * 8) {
            var altered = head
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(!audit(entries, altered).isVerified, "head bit \(bit)")
        }
        for index in entries.indices {
            var missing = entries
            missing.remove(at: index)
            #expect(!audit(missing, head).isVerified)
            if index > 0 {
                var swapped = entries
                swapped.swapAt(index, index - 1)
                #expect(!audit(swapped, head).isVerified)
            }
        }
    }

    @Test("an edit of a stored hash, head or record in the database is found where it is")
    func editsInTheDatabase() async throws {
        let start = try await Office().staffed()
        try await start.go(to: "introduced")
        #expect(try start.audit().findings == [])
        for (sql, place) in [
            ("UPDATE log_node SET hash = zeroblob(32) WHERE level = 0 AND position = 2", 2),
            ("UPDATE log_node SET hash = zeroblob(32) WHERE level = 2 AND position = 0", 0),
            ("DELETE FROM log_node WHERE level = 1 AND position = 1", 2),
            (
                "UPDATE log_entry SET note = CAST(replace(CAST(note AS TEXT), 'firstCallAndMeeting', 'peerConversation') AS BLOB) WHERE position = 4",
                4
            ),
            (
                "UPDATE log_head SET note = CAST(replace(CAST(note AS TEXT), char(10) || '3' || char(10), "
                    + "char(10) || '2' || char(10)) AS BLOB) WHERE size = 3",
                nil
            ),
            ("UPDATE log_head SET note = (SELECT note FROM log_head WHERE size = 2) WHERE size = 3", nil),
        ] as [(String, Int?)] {
            let office = try await start.copy()
            defer { try? FileManager.default.removeItem(atPath: office.path) }
            try office.store.close()
            try office.tamper(sql)
            let store = try SQLiteStore(path: office.folder.databasePath, isReadOnly: true)
            let report = try auditStore(store, heads: office.folder.headFile(isReadOnly: true), origin: Office.origin)
            #expect(report.findings.contains { $0.index == place }, "\(sql): \(report.findings)")
        }
    }

    /// The condition of SQL for the rows of one release in the vault, which have keyed names.
    private func rows(_ office: Office, of opener: String = "ada", _ place: String) throws -> String {
        let vault = try office.service.requireVault()
        let release = try #require(office.service.state(of: office.id(opener)).releases.last)
        let scope: Vault.Scope = place == "contact" ? .contact(release.round) : .evidence(release.round)
        let key = try vault.keyID(scope)
        let names = try ["", "/0", "/1", "/2"].map {
            "'\(try vault.name(of: "\(place)/\(release.id)\($0)", under: key))'"
        }
        return "field IN (\(names.joined(separator: ",")))"
    }

    @Test("an edited or deleted event row, vault row, case row, log row or index row opens no card")
    func editsOpenNothing() async throws {
        let start = try await Office().staffed()
        try await start.go(to: "introduced")
        var ofVault: [String] = []
        for place in ["contact", "document", "text", "openings"] {
            ofVault.append(
                "UPDATE vault SET sealed = zeroblob(length(sealed)) WHERE \(try rows(start, place))")
        }
        for place in ["openings", "contact"] {
            ofVault.append("DELETE FROM vault WHERE \(try rows(start, place))")
        }
        for sql in ofVault + [
            "UPDATE case_event SET sealed = zeroblob(64) WHERE sequence = 0",
            "UPDATE case_event SET link = zeroblob(32) WHERE sequence = 1",
            "DELETE FROM case_event WHERE sequence = 1",
            "DELETE FROM case_event",
            "UPDATE case_event SET sealed = (SELECT sealed FROM case_event WHERE sequence = 0) WHERE sequence = 1",
            "UPDATE mentoring_case SET tip = zeroblob(32)",
            "DELETE FROM mentoring_case",
            "DELETE FROM log_entry WHERE position = 4",
            "DELETE FROM log_entry WHERE position = 5",
            "UPDATE log_entry SET note = CAST(replace(CAST(note AS TEXT), 'disclosure/v1', 'disclosure/v2') AS BLOB) WHERE position = 5",
            "UPDATE log_entry SET note = (SELECT note FROM log_entry WHERE position = 1) WHERE position = 4",
            "UPDATE log_node SET hash = zeroblob(32) WHERE level = 0 AND position = 4",
        ] {
            let office = try await start.copy()
            defer { try? FileManager.default.removeItem(atPath: office.path) }
            _ = try await office.look("ben")
            try office.tamper(sql)
            await #expect(throws: (any Error).self, "\(sql)") { try await office.look("ben") }
            do {
                try await office.reopen()
                await #expect(throws: (any Error).self, "\(sql), reopened") { try await office.look("ben") }
            } catch is MachineryError {
                // Refusing to open at all opens no card either.
            }
        }
        // The control: without an edit the card opens.
        #expect(try await start.look("ben").contact?.firstName.text == "Ada")
    }

    @Test("another person's contact row, put in place of this one's, opens no card")
    func swappedRows() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try await office.go(to: "introduced", "eve", with: "cleo")
        _ = try await office.look("ben")
        let (own, other) = (try rows(office, "contact"), try rows(office, of: "eve", "contact"))
        try office.tamper(
            "UPDATE vault SET sealed = (SELECT b.sealed FROM vault b WHERE (b.\(own) OR b.\(other)) AND b.key_id <> vault.key_id) WHERE \(own) OR \(other)"
        )
        // SQLite changes one row after the other, so one of the two may hold its own again.
        let (ada, eve) = (try? await office.look("ben"), try? await office.look("cleo", on: "eve"))
        #expect(ada == nil || eve == nil)
        #expect(ada.map { $0.contact?.firstName.text == "Ada" } ?? true)
        #expect(eve.map { $0.contact?.firstName.text == "Eve" } ?? true)
    }

    @Test(
        "the gate recomputes every commitment: a value that differs from what was signed opens no card, though the vault vouches for it"
    )
    func forgedVaultRow() async throws {
        let office = try await Office().staffed()
        let signed = try await office.go(to: "signed")
        try await office.must(.disclose, "maya")
        let release = try #require(signed.release)
        let vault = try office.service.requireVault()
        let round = try #require(try office.service.state(of: office.id("ada")).round?.id)
        for forged in [["firstName": "Ada", "phone": "+13125550100"], ["firstName": "Eve", "phone": "+13125550142"]] {
            let (key, sealed) = try vault.seal(
                StoredCodec.encode(StoredTexts(forged)), .contact(round), "contact/\(release)")
            try office.store.write {
                try $0.putSealed(key, vault.name(of: "contact/\(release)", under: key), sealed)
            }
            await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        }
    }

    @Test("a record signed by another key, or a head signed by another key, opens no card")
    func foreignKeys() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let stranger = try NoteSigner(name: "\(Office.origin)/record", key: .generate())
        let entry = try office.store.read { try $0.entry(4) }
        let note = try SignedNote(parsing: try #require(entry))
        let forged = try stranger.sign(note.text).bytes
        try office.tamper("UPDATE log_entry SET note = x'\(Hex.format(forged))' WHERE position = 4")
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
    }

    @Test("synchronous is FULL on the writer, and the journal is a write-ahead log")
    func durability() async throws {
        let office = try await Office()
        #expect(try office.store.pragma("synchronous") == "2")
        #expect(try office.store.pragma("journal_mode") == "wal")
        #expect(try office.store.pragma("secure_delete") == "1")
    }

    @Test("the opening event condenses a draft into exactly the state that the draft has once it is signed")
    func condensedDraft() async throws {
        let office = try await Office().staffed()
        let ben = try office.id("ben")
        try await office.go(to: "surveyed")
        try await office.must(.propose, "maya") { $0.person = ben }
        try await office.must(.refuseMentor, "ada")
        let cleo = try office.id("cleo")
        try await office.must(.propose, "maya") { $0.person = cleo }
        try await office.must(.acceptSlot, "cleo")
        try await office.must(.offer, "maya")
        let draft = try office.service.state(of: office.id("ada"))
        #expect(!draft.openingEvents.isEmpty)
        let condensed = (draft.openingEvents + [.advanced(to: draft.position)]).reduce(
            State(opener: draft.opener, position: Position(number: 0)), evolve)
        let signed = Event.releaseSigned(
            ReleaseID(high: 0, low: 1), discloser: draft.opener, recipient: .person(cleo),
            on: CivilDate(dayNumber: 20_458), expires: CivilDate(dayNumber: 20_823))
        #expect(evolve(condensed, signed) == evolve(draft, signed))
    }
}

extension ReleaseService {
    func state(of opener: PersonID, workflow: String = "mentorship") throws -> State {
        try core.reader.read { try $0.cases.load(opener, workflow: workflow).state }
    }

    func requireVault() throws -> Vault { try core.parts.requireVault() }
}

/// A small generator with a fixed seed (SplitMix64), so that a failing case can be run again.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
