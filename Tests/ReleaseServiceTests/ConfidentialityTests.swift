import Cryptography
import FolderDriver
import Foundation
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing
import TransparencyLog

@testable import ReleaseService

@Suite("Confidentiality")
struct ConfidentialityTests {
    /// A value for each field that no other field has.
    private let markers = [
        "Zyxandria Quillfeather", "Quillfeather", "Zyxandria", "+13125550187", "3125550187", "312-555-0187",
        "wolfherder",
        "Scanmarkerzq",
        "Quentara W.", "Otherphonemark",
    ]

    @Test(
        "MPHP-18, MPHP-37, MPHP-53, DER-03: unique markers in every field appear nowhere on disk, in no error and no export, save first name and phone on the card"
    )
    func markersAreNowhere() async throws {
        let office = try await Office().staffed()
        let id = try await office.add(
            "zyx", "Zyxandria Quillfeather", "Quillfeather", first: "Zyxandria", phone: "312-555-0187",
            roles: [.participant],
            field: "wolfherder", coordinator: "maya")
        let ben = try office.id("ben")
        _ = try await office.service.acknowledge(
            Actor(.person(ben), channel: .screen), display: "Quentara W.", key: nil)
        var shown: [String] = []
        try await office.go(to: "surveyed", "zyx")
        let dan = try office.id("dan")
        _ = try await office.service.enroll(
            dan,
            attestation: Attestation(attributes: [.inStanding, .activeInRecovery, .guidedOthers, .addictionCounselor]),
            capacity: 1, by: office.id("maya"), key: nil)
        _ = try await office.service.acknowledge(
            Actor(.person(dan), channel: .screen), display: "Quentara W.", key: nil)
        try await office.must(.propose, "maya", on: "zyx") { $0.person = dan }
        try await office.must(.acceptSlot, "dan", on: "zyx")
        try await office.must(.offer, "maya", on: "zyx")
        let paper = try await office.paper("Scanmarkerzq")
        try await office.must(.sign, "zyx", on: "zyx", via: .paper, through: "maya") {
            $0.signing?.paper = paper
        }
        try await office.must(.disclose, "maya", on: "zyx")
        shown.append(try await office.look("dan", on: "zyx").text)
        for wrong in [("firstName", "Zyxandria Quillfeather"), ("phone", "Otherphonemark")] {
            let problem = await #expect(throws: FieldProblem.self) {
                try await office.act(.correct, "zyx", on: "zyx") {
                    if wrong.0 == "phone" { $0.corrections.phone = wrong.1 } else { $0.corrections.firstName = wrong.1 }
                }
            }
            shown.append("ERROR \(problem?.description ?? "")")
        }
        for refusal in [
            try await office.act(.propose, "maya", on: "zyx"), try await office.act(.sign, "ben", on: "zyx"),
        ] {
            shown.append("ERROR \(refusal.refusal ?? "") \(refusal.refusalCode ?? "")")
        }
        shown.append("ERROR \(try await office.service.journal())")
        shown.append("ERROR \(try await office.service.board(of: office.id("maya")))")

        // The card: first name and phone, and no other marker.
        #expect(shown[0].contains("Zyxandria"))
        #expect(shown[0].contains("+13125550187"))
        for marker in markers where !["Zyxandria", "+13125550187", "3125550187"].contains(marker) {
            #expect(!shown[0].contains(marker), "\(marker)")
        }
        for line in shown.dropFirst() { for marker in markers { #expect(!line.contains(marker)) } }

        for (name, bytes) in try office.bytesOnDisk() {
            for marker in markers { #expect(bytes.range(of: Data(marker.utf8)) == nil, "\(marker) in \(name)") }
        }
        for file in try office.export().files {
            for marker in markers {
                #expect(Data(file.bytes).range(of: Data(marker.utf8)) == nil, "\(marker) in \(file.path)")
            }
        }
        // The control: the markers are there to be found by who has the key.
        #expect(try await office.service.identity(of: id)?.field == "wolfherder")
    }

    @Test(
        "MPHP-24, A-10: after decline a dump of the database equals that of a folder never asked, and its files hold nothing of the draft"
    )
    func declineIsTraceless() async throws {
        let never = try await Office().staffed()
        let asked = try await never.copy()
        defer { try? FileManager.default.removeItem(atPath: asked.path) }
        let before = try never.store.dump()
        let ben = try asked.id("ben")
        try await asked.go(to: "surveyed")
        let draft = try #require(try asked.store.read { try $0.drafts().first })
        #expect(try asked.store.dump() != before)
        try await asked.must(.propose, "maya") { $0.person = ben }
        try await asked.must(.refuseMentor, "ada")
        try await asked.must(.propose, "maya") { $0.person = try asked.id("cleo") }
        try await asked.must(.acceptSlot, "cleo")
        try await asked.must(.offer, "maya")
        let declined = try await asked.must(.decline, "ada")
        #expect(declined.notices == [Telling(role: .mentee, notice: .declineConfirmed)])
        #expect(try asked.store.dump() == before)
        for (name, bytes) in try asked.bytesOnDisk() { #expect(bytes.range(of: Data(draft.sealed)) == nil, "\(name)") }
        let again = try await asked.act(.decline, "ada")
        #expect(again.refusal == nil)
        #expect(again.notices == declined.notices)
        let neverAsked = try await never.act(.decline, "ada")
        #expect(neverAsked.refusal == nil && neverAsked.notices == declined.notices && neverAsked.state == again.state)
        #expect(try await asked.service.board(of: asked.id("maya")).isEmpty)
        #expect(try never.store.dump() == before)
    }

    @Test("MPHP-24: a decline in a later round leaves the case where the round began")
    func declineInALaterRound() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try await office.must(.end, "ada")
        let before = try office.store.dump()
        try await office.must(.rematch, "ada")
        try await office.must(.completeSurvey, "ada")
        try await office.must(.decline, "ada")
        #expect(try office.store.dump() == before)
        #expect(try await office.must(.rescind, "ada").records.count == 1)
    }

    @Test(
        "MPHP-26, MPHP-40, MPHP-41, MPHP-62, A-03, A-04: traces that differ only in looks, call, meeting and lateness give identical log, export, board, jobs and messages"
    )
    func nonInterference() async throws {
        let start = try await Office().staffed()
        var observations: [[String]] = []
        for story in 0..<6 {
            let office = try await start.copy()
            defer { try? FileManager.default.removeItem(atPath: office.path) }
            try await office.go(to: "introduced")
            if story & 1 == 1 { for _ in 0..<3 { _ = try await office.look("ben") } }
            try office.time("2026-01-09T12:00")
            if story >= 2 { try await office.must(.recordCall, "ben", key: nil) }
            if story == 3 { try await office.must(.recordMeeting, "ada", key: nil) }
            if story == 4 { _ = try await office.look("ben") }
            if story == 5 { try await office.must(.recordMeeting, "ben", key: nil) }
            try office.time("2026-01-14T08:00")
            try await office.host.runClock()
            // Late: the call comes after the week, or never.
            if story == 1 { _ = try await office.look("ben") }
            var seen = [try await observation(of: office)]
            try await office.must(.end, "ben", key: "the end")
            try await office.must(.rescind, "ada", key: "the rescission")
            try office.time("2027-02-01T08:00")
            try await office.host.runClock()
            seen.append(try await observation(of: office))
            observations.append(seen)
        }
        for (story, seen) in observations.enumerated() { #expect(seen == observations[0], "story \(story)") }
        #expect(observations[0][0] != observations[0][1])
    }

    /// Everything that staff, auditors, jobs and recipients of messages can observe.
    private func observation(of office: Office) async throws -> String {
        let maya = try office.id("maya")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var parts: [String] = []
        for file in try office.export().files { parts.append("\(file.path) \(Hex.format(file.bytes))") }
        parts.append(String(decoding: try encoder.encode(try await office.service.board(of: maya)), as: UTF8.self))
        let view = try await office.service.view(
            of: office.id("ada"), workflow: "mentorship", as: .coordinator, viewer: maya)
        parts.append(String(decoding: try encoder.encode(view), as: UTF8.self))
        parts.append(
            "\(try await office.service.outbox().map { "\($0.to) \(String(describing: $0.notice)) \($0.on)" }.sorted())"
        )
        parts.append(
            "\(try office.store.read { try $0.cases(after: nil, count: .max).map { "\($0.id) \($0.due?.description ?? "")" } })"
        )
        parts.append("\(try await office.service.journal())")
        return parts.joined(separator: "\n")
    }

    @Test("DER-16: the card is of one size whatever the names, and carries no id, time or other field")
    func constantShape() async throws {
        var sizes: Set<Int> = []
        for (name, phone) in [
            ("Al", "312-555-0111"), ("Bartholomew-Christopherson", "+44 20 7946 0958"), ("नीना", "+91 98765 43210"),
        ] {
            let office = try await Office().staffed()
            try await office.add(
                "who", "\(name) Quill", "Quill", first: name, phone: phone, roles: [.participant], coordinator: "maya")
            try await office.go(to: "introduced", "who")
            let view = try await office.look("ben", on: "who")
            sizes.insert(view.text.utf8.count)
            #expect(!view.text.contains("Quill"))
            #expect(!view.text.contains(try office.id("who").description))
            #expect(Mirror(reflecting: try #require(view.contact)).children.map(\.label) == ["firstName", "phone"])
        }
        #expect(sizes == [3072])
    }

    @Test(
        "DER-08, MPHP-23, MPHP-39: what a mentee sees says nothing of any mentor before the offer, and is the same for any two rosters"
    )
    func rosterIsSecret() async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let start = try await Office().staffed()
        var seen: [String] = []
        for mentor in ["ben", "cleo"] {
            let office = try await start.copy()
            defer { try? FileManager.default.removeItem(atPath: office.path) }
            try await office.go(to: "proposed", with: mentor)
            let ada = try office.id("ada")
            let view = try await office.service.view(of: ada, workflow: "mentorship", as: .mentee, viewer: ada)
            seen.append(String(decoding: try encoder.encode(view), as: UTF8.self))
            await #expect(throws: Refusal.notFound) {
                try await office.service.view(of: ada, workflow: "mentorship", as: .mentor, viewer: office.id(mentor))
            }
        }
        #expect(Set(seen).count == 1)
    }

    @Test(
        "MPHP-18, DER-15: survey answers are gone at hand-off, contact ciphertext at the end, and every record still verifies"
    )
    func retention() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let (ada, maya) = (try office.id("ada"), try office.id("maya"))
        let view = try await office.service.view(of: ada, workflow: "mentorship", as: .coordinator, viewer: maya)
        #expect(view.survey != nil)
        let fields = { try office.store.dump().split(separator: "\n").filter { $0.hasPrefix("vault:") }.count }
        let live = try fields()
        try office.time("2026-01-13T08:00")
        try await office.host.runClock()
        #expect(
            try await office.service.view(of: ada, workflow: "mentorship", as: .coordinator, viewer: maya).survey == nil
        )
        let handedOff = try fields()
        #expect(handedOff < live)
        try await office.must(.end, "ada")
        #expect(try fields() < handedOff)
        #expect(try office.store.read { try $0.erasures() } == [])
        #expect(try office.audit().findings == [])
    }

    @Test("law.md section 2: existence does not leak: no such person, no release and somebody else's case answer alike")
    func sameAnswer() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let nobody = PersonID(high: 7, low: 7)
        var answers: Set<String> = []
        for (opener, reader) in [
            (nobody, try office.id("ben")), (try office.id("eve"), try office.id("ben")),
            (try office.id("ada"), try office.id("cleo")),
            (try office.id("ada"), nobody),
        ] {
            let refusal = await #expect(throws: Refusal.self) {
                try await office.service.look(opener, workflow: "mentorship", reader: reader)
            }
            answers.insert("\(String(describing: refusal))")
        }
        #expect(answers.count == 1)
    }

    @Test(
        "law.md section 2, DER-24: the person sees what was shown, to whom and when, and holds receipts that verify offline"
    )
    func accounting() async throws {
        let office = try await Office().staffed()
        let signed = try await office.go(to: "signed")
        let disclosed = try await office.must(.disclose, "maya")
        for _ in 0..<2 { _ = try await office.look("ben") }
        let looks = try await office.service.accounting(of: office.id("ada"))
        #expect(looks.count == 2)
        #expect(looks.allSatisfy { $0.recipient == "Ben X." && $0.fields == [.firstName, .phone] })
        let key = office.service.keyHistory.currentLog
        for receipt in signed.receipts + disclosed.receipts {
            _ = try EntryProof(parsing: receipt.proof).verify(entry: receipt.record, by: key)
        }
        #expect(try await office.service.accounting(of: office.id("ben")).isEmpty)
    }

    @Test("DER-02: a plain hash of a phone number is guessed within a thousand tries, a commitment is not")
    func commitments() throws {
        let phone = "+13125550142"
        let plain = SHA256.hash(Array("fields.phone\u{0}\(phone)".utf8))
        let commitment = try Commitment("fields.phone", phone, key: RandomBytes.generate(count: 32))
        var plainFound = false
        var commitmentFound = false
        for suffix in 0..<1000 {
            let digits = String(suffix)
            let guess = "+13125550" + String(repeating: "0", count: 3 - digits.count) + digits
            let hash = SHA256.hash(Array("fields.phone\u{0}\(guess)".utf8))
            plainFound = plainFound || hash == plain
            commitmentFound = commitmentFound || Base64.format(hash) == commitment.base64
        }
        #expect(plainFound)
        #expect(!commitmentFound)
        let again = try Commitment("fields.phone", phone, key: RandomBytes.generate(count: 32))
        #expect(again != commitment)
    }

    @Test(
        "people are found by phone and by any of their names, in any spelling, until they are erased; then nowhere, even from an old copy of the database"
    )
    func erasure() async throws {
        let office = try await Office().staffed()
        let ada = try office.id("ada")
        #expect(try await office.service.find(phone: "(312) 555 0142") == [ada])
        for name in ["Fairweather", "fairWEATHER", "Ada", "ada fairweather", "ÀDA"] {
            #expect(try await office.service.find(name: name) == [ada])
        }
        try await office.go(to: "introduced")
        #expect(try await office.service.erase(ada, key: nil).refusalCode == "stillOpen")
        #expect(try await office.service.erase(office.id("ben"), key: nil).refusalCode == "stillOpen")
        try await office.must(.rescind, "ada")
        try office.store.settle()
        let old = try Data(contentsOf: URL(fileURLWithPath: office.folder.databasePath))
        #expect(try await office.service.erase(ada, key: nil).refusal == nil)
        #expect(try await office.service.find(name: "Fairweather") == [])
        #expect(try await office.service.identity(of: ada) == nil)
        #expect(try office.audit().findings == [])

        // The old copy goes back; nothing was signed since, so the log itself fits.
        try await office.reopen()
        try office.store.close()
        for suffix in ["-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: office.folder.databasePath + suffix)
        }
        try old.write(to: URL(fileURLWithPath: office.folder.databasePath))
        let restored = try await Office(
            opening: office.path,
            at: Date(timeIntervalSince1970: Double(office.clock.now().instantMilliseconds) / 1000),
            people: office.people)
        #expect(try await restored.service.find(name: "Fairweather") == [])
        #expect(try await restored.service.find(phone: "312-555-0142") == [])
        #expect(try await restored.service.identity(of: ada) == nil)
        #expect(try await restored.service.accounting(of: ada) == [])
        #expect(try restored.audit().findings == [])
    }

    @Test(
        "E12: the database says of no act what came of it: outcomes are sealed, of one size whether done or refused, and answer a repetition as before"
    )
    func outcomes() async throws {
        let office = try await Office().staffed()
        try await office.must(.request, "ada", key: "first")
        let ben = try #require(try await office.service.identity(of: office.id("ben"))).fullName
        _ = try await office.service.exclude(by: office.id("ada"), relation: .personal, typed: ben, key: "list")
        try await office.must(.completeSurvey, "ada", key: "survey")
        let refused = try await office.act(.propose, "maya", key: "kept apart") { $0.person = try office.id("ben") }
        #expect(refused.refusalCode == "cannotBringTogether")
        try office.store.settle()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sqlite3")
        process.arguments = ["-readonly", office.folder.databasePath, "SELECT result FROM outcome;"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let rows = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self).split(
            separator: "\n")
        process.waitUntilExit()
        #expect(rows.count > 10)
        #expect(Set(rows.map(\.count)).count == 1, "a refusal has the size of what was done")
        #expect(Set(rows).count == rows.count, "two of the same kind are not the same")
        for word in ["refusal", "done", "state", "cannot", "{"] {
            #expect(!rows.contains { $0.contains(word) }, "\(word)")
        }
        // A repetition is answered from it, after a restart too.
        try await office.reopen()
        let again = try await office.act(.propose, "maya", key: "kept apart") { $0.person = try office.id("ben") }
        #expect(again.isReplay && again.refusalCode == "cannotBringTogether")
        // A row that is put in another's place answers nothing.
        let other = try await office.copy()
        try other.tamper(
            """
            CREATE TEMP TABLE was AS SELECT key_digest k, result r FROM outcome;
            UPDATE outcome SET result = (SELECT r FROM was WHERE k <> outcome.key_digest LIMIT 1);
            """)
        try await other.reopen()
        var damaged = 0
        for (key, kind) in [("first", CommandKind.request), ("survey", .completeSurvey)] {
            do { _ = try await other.act(kind, "ada", key: key) } catch is MachineryError {
                damaged += 1
            } catch is CryptographyError { damaged += 1 }
        }
        #expect(damaged == 2)
    }
}
