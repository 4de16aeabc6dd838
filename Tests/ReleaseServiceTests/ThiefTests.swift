import Cryptography
import Foundation
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

/// The folder in the hands of a thief: the database with its write-ahead log and every file, and no passphrase.
@Suite("What the file says")
struct ThiefTests {
    /// Where bytes or their hexadecimal digits stand: the tables of the database, and the other files of the folder.
    private func places(of bytes: [UInt8], in office: Office) throws -> Set<String> {
        let (raw, text) = (Data(bytes), Data(Hex.format(bytes).utf8))
        var found: Set<String> = []
        let dotted = bytes.map { String($0, radix: 16) }.joined(separator: ".")
        for line in try office.store.dump().split(separator: "\n") {
            let table = String(line.prefix { $0 != ":" })
            // A note of the log is dumped byte by byte as well.
            let letters = Hex.format(bytes).utf8.map { String($0, radix: 16) }.joined(separator: ".")
            if line.contains(dotted) || line.contains(Hex.format(bytes)) || line.contains(letters) {
                found.insert(table)
            }
        }
        try office.store.settle()
        for case let name as String in FileManager.default.enumerator(atPath: office.path) ?? .init() {
            guard let content = FileManager.default.contents(atPath: "\(office.path)/\(name)") else { continue }
            // The digits stand in the notes of the log, which the database holds; bytes are joined by.
            let isDatabase = name.hasPrefix("privity.sqlite")
            let isFound = content.range(of: raw) != nil || !isDatabase && content.range(of: text) != nil
            if isFound, !isDatabase || found.isEmpty || found == ["log_entry"] { found.insert("file \(name)") }
        }
        return found
    }

    @Test(
        "E12: a release stands in the log and in no other row and file, so that nobody who has the folder alone sees whose it is, which two are one person's, nor of which case"
    )
    func joins() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try await office.must(.correct, "ada") { $0.corrections.phone = "312-555-0199" }
        try await office.go(to: "introduced", "eve", with: "cleo")
        try await office.must(.rescind, "eve", on: "eve")
        let releases = try ["ada", "eve"].flatMap { name in
            try office.service.state(of: office.id(name)).releases
        }
        #expect(releases.count == 3)
        for release in releases {
            let places = try places(of: release.id.bytes, in: office)
            #expect(places.contains("log_entry"), "the test finds what is there")
            #expect(places.allSatisfy { $0 == "log_entry" || $0.hasPrefix("file log/") }, "\(places)")
            // A round has names of its own in every table but its place and its draft.
            let rounds = try self.places(of: release.round.bytes, in: office)
            #expect(rounds.isSubset(of: ["place"]), "\(rounds)")
        }
        // With the vault it is found: by its code, by its text, in its case.
        let own = try await office.service(as: "ada").ownReceipt(try #require(releases.first).id, for: office.id("ada"))
        #expect(!own.text.isEmpty)
    }

    @Test("E12: an erasure leaves the id of the person in no row and no file; what their cases were still verifies")
    func erased() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try await office.must(.end, "ada")
        try await office.go(to: "introduced", "eve", with: "ben")
        try await office.must(.end, "eve", on: "eve")
        let (ada, ben) = (try office.id("ada"), try office.id("ben"))
        #expect(try !places(of: ada.bytes, in: office).isEmpty, "the test finds what is there")
        for person in [ada, ben] {
            #expect(try await office.service.erase(person, key: nil).refusal == nil)
            #expect(try places(of: person.bytes, in: office) == [])
        }
        #expect(try await office.service.audit().isVerified)
        try await office.reopen()
        #expect(try await office.service.audit().isVerified)
        #expect(try places(of: ada.bytes, in: office) == [])
        #expect(try await office.service.cases(of: office.id("eve")).isEmpty == false)
    }

    @Test("E12: the names of what is sealed say nothing: neither a word, nor a release, nor a person")
    func names() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let names = try office.store.read { try $0.sealedNames(after: nil, count: .max) }
        #expect(names.count > 10)
        #expect(names.allSatisfy { Vault.isName($0.field) })
        #expect(Set(names.map(\.field)).count == names.count, "one field has another name under every key")
    }

    @Test(
        "E12: a code ends a release while every key is absent; what it stored names a token alone, and it is carried out when the keys are there"
    )
    func lockedCode() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let code = try await office.codeOfLast()
        let release = try #require(office.service.state(of: office.id("ada")).releases.last?.id)
        try ServiceHost.rescind(typedCode: code, store: office.store, time: office.clock)
        #expect(try places(of: release.bytes, in: office).allSatisfy { $0 == "log_entry" || $0.hasPrefix("file log/") })
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        try await office.reopen()
        #expect(try office.service.state(of: office.id("ada")).releases.last?.isRescinded == true)
        #expect(try office.audit().isVerified)
    }

    @Test("E12: outcomes are answered again for one to two months and are gone then; no row says when it was written")
    func months() async throws {
        let office = try await Office().staffed()
        try await office.host.dropOldOutcomes()
        func outcomes() throws -> Int {
            try office.store.dump().split(separator: "\n").count { $0.hasPrefix("outcome") }
        }
        try await office.must(.request, "ada", key: "once")
        #expect(try await office.act(.request, "ada", key: "once").isReplay)
        let first = try outcomes()
        #expect(first > 0)
        try office.time("2026-02-27T09:00")
        try await office.host.dropOldOutcomes()
        #expect(try await office.act(.request, "ada", key: "once").isReplay, "the month before is still there")
        #expect(try outcomes() == first)
        try office.time("2026-03-02T09:00")
        try await office.host.dropOldOutcomes()
        #expect(try outcomes() == first, "their keys alone")
        #expect(try !office.store.dump().split(separator: "\n").contains { $0.hasPrefix("outcome:") })
        #expect(try await office.act(.request, "ada", key: "once").refused == .keyReused, "nothing is done twice")
        try await office.host.dropOldOutcomes()
        // A month in which nobody opened it counts too.
        try await office.must(.decline, "ada")
        #expect(try outcomes() == first - 1, "what is declined leaves no key")
        try await office.must(.request, "ada", key: "again")
        try office.time("2026-07-01T09:00")
        try await office.host.dropOldOutcomes()
        #expect(try outcomes() == first)
    }

    @Test(
        "E11, E12: a folder of the former version is brought over by the writer that opens it, and everything is found")
    func broughtOver() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let (ada, code) = (try office.id("ada"), try await office.codeOfLast())
        let release = try #require(office.service.state(of: ada).releases.last)
        // As the former version wrote it: the ids in the row, and words for names.
        let vault = try office.service.requireVault()
        let caseID = try vault.caseID(of: ada, workflow: "mentorship")
        let key = try vault.keyID(.evidence(release.round))
        let token = try vault.name(of: "text/\(release.id)", under: key)
        try office.store.write { rows in
            let row = try #require(try rows.release(vault.releaseToken(release.id)))
            try rows.deleteRelease(row.reference)
            try rows.putRelease(
                ReleaseRow(reference: release.id.bytes, sealed: caseID.bytes, codeDigest: row.codeDigest))
            let known = try #require(try rows.caseRow(caseID))
            try rows.putCase(
                CaseRow(
                    id: caseID, workflow: known.workflow, veiledOpener: ada, policy: known.policy, tip: known.tip,
                    due: known.due))
            let text = try #require(try rows.sealed(key, token))
            try rows.deleteSealed(key, token)
            try rows.putSealed(key, "text/\(release.id)", text)
        }
        try office.tamper("DELETE FROM setting WHERE name = 'namedByToken'")
        // Who does not write reads it as it is.
        #expect(try await office.look("ben").contact != nil)
        #expect(try await !office.service(as: "ada").copy(of: release.id, for: ada).isEmpty)
        #expect(try places(of: ada.bytes, in: office).contains("mentoring_case"))
        try await office.reopen()
        #expect(try !places(of: ada.bytes, in: office).contains("mentoring_case"))
        #expect(
            try places(of: release.id.bytes, in: office).allSatisfy { $0 == "log_entry" || $0.hasPrefix("file log/") })
        #expect(try await !office.service(as: "ada").copy(of: release.id, for: ada).isEmpty)
        _ = try await office.service.rescind(typedCode: code)
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        #expect(try office.audit().isVerified)
    }
}
