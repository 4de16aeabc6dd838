import Matching
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

@Suite("Staff can close, and two open again")
struct SuspensionTests {
    private func messages(_ office: Office, to name: String) throws -> [Message] {
        let id = try office.id(name)
        return try office.service.core.reader.read { snapshot in
            try snapshot.rows.messages().map { try snapshot.vault.open($0.sealed, fixed: "message", as: Message.self) }
                .filter { $0.to == id }
        }
    }

    private func suspend(_ office: Office, _ name: String, _ cause: Identity.Suspension.Cause = .suspended) async throws
    {
        let maya = try office.id("maya")
        let done = try await office.service.suspend(office.id(name), cause, by: maya, key: "suspend \(name) \(cause)")
        #expect(done.refused == nil)
    }

    @Test(
        "R32: suspending a mentor closes every card that he reads and every proposal that names him, at once; the person on the card is told first, the reader next morning; nothing opens for him"
    )
    func mentor() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try await office.go(to: "offered", "eve")
        try await suspend(office, "ben")
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        #expect(try messages(office, to: "ada").contains { $0.notice == .withdrawn && $0.from == nil })
        let later = try messages(office, to: "ben").filter { $0.notice == .ended }
        #expect(later.map(\.from) == [CivilDate(year: 2026, month: 1, day: 6)])
        let eve = try office.service.state(of: office.id("eve"))
        #expect(eve.round?.counterpart == nil && eve.isDraft)
        let ben = try office.id("ben")
        #expect(
            try await office.act(.propose, "maya", on: "eve") { $0.person = ben }.refused
                == .conditionFailed(.notSuspended))
        #expect(try office.store.read { try $0.placesHeld(with: ben) } == 0)
        // Once more is done already; nobody is told twice.
        let before = try messages(office, to: "ada").count
        _ = try await office.service.suspend(ben, .suspended, by: office.id("omar"), key: "again")
        #expect(try messages(office, to: "ada").count == before)
        #expect(try office.audit().findings == [])
    }

    @Test(
        "R32: suspending a participant closes the card about them; they take back as ever, and can begin nothing; nobody is kept away by it"
    )
    func participant() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try await suspend(office, "ada")
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        #expect(try await office.act(.rematch, "ada").refused != nil)
        try await office.must(.rescind, "ada")
        #expect(try office.service.state(of: office.id("ada")).keeping.isEmpty)
        #expect(try office.audit().findings == [])
    }

    @Test("R32: nobody writes to somebody who has died: what waited is deleted, and nothing is left to send")
    func deceased() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        #expect(try !messages(office, to: "ben").isEmpty)
        try await suspend(office, "ben", .deceased)
        #expect(try messages(office, to: "ben").isEmpty)
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        #expect(try messages(office, to: "ada").contains { $0.notice == .withdrawn })
        // A death is not undone by suspending.
        try await suspend(office, "ben")
        #expect(try await office.service.identity(of: office.id("ben"))?.suspension?.cause == .deceased)
    }

    @Test(
        "R32, R4, R19: one hand suspends, two lift it: whoever asked cannot confirm, nor whom it is about, nor anybody who is no staff; refused or confirmed, it is answered once"
    )
    func twoHands() async throws {
        let office = try await Office().staffed()
        let (ben, maya, omar) = (try office.id("ben"), try office.id("maya"), try office.id("omar"))
        let (first, second) = (try office.service(as: "maya"), try office.service(as: "omar"))
        #expect(try await first.askToLift(ben, by: maya, key: "none").refused == .notFound)
        try await suspend(office, "ben")
        #expect(try await first.askToLift(ben, by: maya, key: "ask").state == "waits")
        _ = try await first.askToLift(ben, by: maya, key: "ask again")
        let waiting = try await second.pendingActs()
        #expect(waiting.map(\.name) == ["Benedict Okafor"])
        let id = try #require(waiting.first).act.id
        let own = try await first.answerSecondHand(id, isConfirmed: true, by: maya, key: "own")
        #expect(own.refused == .needsSecondHand)
        let participant = try office.service(as: "ada", .person)
        #expect(
            try await participant.answerSecondHand(id, isConfirmed: true, by: office.id("ada"), key: "no").refused
                == .notFound)
        await #expect(throws: Refusal.notFound) { try await participant.pendingActs() }
        // Refused: nothing is changed, and it can be asked for again.
        _ = try await second.answerSecondHand(id, isConfirmed: false, by: omar, key: "refuse")
        #expect(try await office.service.identity(of: ben)?.suspension != nil)
        _ = try await first.askToLift(ben, by: maya, key: "ask anew")
        let again = try #require(try await second.pendingActs().first).act.id
        #expect(try await second.answerSecondHand(again, isConfirmed: true, by: omar, key: "confirm").refused == nil)
        #expect(
            try await second.answerSecondHand(again, isConfirmed: true, by: omar, key: "twice").refused == .notFound)
        #expect(try await office.service.identity(of: ben)?.suspension == nil)
        // Nothing that was closed opens; a new search may.
        try await office.go(to: "introduced")
        #expect(try await office.look("ben").contact != nil)
    }

    @Test(
        "R32: whoever is suspended is on no shortlist; an invitation to talk is answered with a no; of what somebody who has died had begun nothing is left"
    )
    func drafts() async throws {
        let office = try await Office().staffed()
        let (ada, eve, maya, ben) = (
            try office.id("ada"), try office.id("eve"), try office.id("maya"), try office.id("ben")
        )
        try await office.go(to: "surveyed")
        try await office.must(.ask, "eve", on: "eve", workflow: "peerConversation")
        try await office.must(.invite, "maya", on: "eve", workflow: "peerConversation") { $0.person = ben }
        func mentors() async throws -> [PersonID] {
            try await office.service.shortlist(of: ada, workflow: "mentorship", by: maya).candidates.map(\.mentor)
        }
        #expect(try await mentors().contains(ben))
        try await suspend(office, "ben")
        #expect(try await !mentors().contains(ben))
        let asked = try office.service.state(of: eve, workflow: "peerConversation")
        #expect(asked.isDraft && asked.round?.counterpart == nil)
        let before = try office.store.read { try $0.drafts().count }
        try await suspend(office, "eve", .deceased)
        #expect(try office.store.read { try $0.drafts().count } == before - 1)
        #expect(try office.audit().findings == [])
    }

    @Test("R19: where a program has no second hand, what is asked for is done, and nothing ever waits")
    func alone() async throws {
        let office = try await Office.running("sgv-camft")
        let pia = try await office.add(
            "pia", "Pia Brandt", "Brandt", first: "Pia", phone: "312-555-0103", roles: [.administrator], field: "staff")
        let service = try office.service(as: "pia")
        let ben = try office.id("ben")
        #expect(try await service.suspend(ben, .suspended, by: pia, key: "suspend").refused == nil)
        #expect(try await service.askToLift(ben, by: pia, key: "lift").state == "done")
        #expect(try await office.service.identity(of: ben)?.suspension == nil)
        #expect(try await service.pendingActs().isEmpty)
    }

    @Test("R32: where a program keeps no staff a listing of somebody who is suspended is closed all the same")
    func listing() async throws {
        let office = try await Office.running("icb")
        try await office.listed("ben")
        #expect(try await office.names().count == 1)
        let maya = try office.id("maya")
        _ = try await office.service.suspend(office.id("ben"), .suspended, by: maya, key: "suspend")
        #expect(try await office.names().isEmpty)
        #expect(try await office.act(.request, "ben", on: "ben", workflow: "listing").refused != nil)
        #expect(try office.audit().findings == [])
    }

    @Test(
        "R33, R5: an end that staff recorded for somebody who had not asked for it is marked by another hand than recorded it; what ended stays ended, nobody is kept away by it, and the log points at the record"
    )
    func recordedInError() async throws {
        let office = try await Office().staffed()
        let (ada, ben, maya) = (try office.id("ada"), try office.id("ben"), try office.id("maya"))
        let omar = try office.id("omar")
        try await office.go(to: "introduced")
        // What somebody ends themselves is never an error of the office.
        let own = try await office.copy()
        try await own.must(.end, "ada")
        #expect(
            try await own.service.askRecordedInError(of: ada, workflow: "mentorship", by: maya, key: "own").refused
                == .notFound)
        try await office.must(.end, "ada", via: .phone, through: "omar")
        try await office.must(.rematch, "ada")
        try await office.must(.completeSurvey, "ada")
        #expect(try await office.act(.propose, "maya") { $0.person = ben }.refused == .cannotBringTogether)
        let asked = try await office.service.askRecordedInError(of: ada, workflow: "mentorship", by: maya, key: "ask")
        #expect(asked.state == "waits")
        let waiting = try await office.service.pendingActs()
        #expect(waiting.map(\.act.kind) == [.recordedInError] && waiting.map(\.name) == ["Ada Fairweather"])
        let id = try #require(waiting.first).act.id
        // Neither the one who asked nor the one who recorded it.
        for staff in [maya, omar] {
            #expect(
                try await office.service.answerSecondHand(id, isConfirmed: true, by: staff, key: "\(staff)").refused
                    == .needsSecondHand)
        }
        let pia = try await office.add(
            "pia", "Pia Brandt", "Brandt", first: "Pia", phone: "312-555-0103", roles: [.administrator], field: "staff")
        let confirmed = try await office.service.answerSecondHand(id, isConfirmed: true, by: pia, key: "confirm")
        #expect(confirmed.refused == nil && confirmed.records.count == 1)
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        try await office.must(.propose, "maya") { $0.person = ben }
        #expect(
            try await office.service.askRecordedInError(of: ada, workflow: "mentorship", by: maya, key: "again").refused
                == .notFound)
        // The new search goes on, and declining it leaves the mark.
        try await office.must(.decline, "ada")
        try await office.must(.rematch, "ada")
        try await office.must(.completeSurvey, "ada")
        try await office.must(.propose, "maya") { $0.person = ben }
        let report = try office.audit()
        #expect(report.findings == [])
        let last = try #require(try office.export().entries.last)
        #expect(String(decoding: last, as: UTF8.self).hasPrefix("example.org/mphp/error/v1\n"))
    }
}
