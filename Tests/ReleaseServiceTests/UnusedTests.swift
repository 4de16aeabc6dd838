import Matching
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

@Suite("What is signed and cannot be used")
struct UnusedTests {
    private func view(_ office: Office, _ name: String, _ role: Role) async throws -> CaseView {
        try await office.service.view(of: office.id("ada"), workflow: "mentorship", as: role, viewer: office.id(name))
    }

    private func page(_ office: Office) async throws -> CasePage {
        let (ada, maya) = (try office.id("ada"), try office.id("maya"))
        let lines = try await office.service.board(of: maya, after: nil, count: 25).lines
        return try await office.service.page(#require(lines.first { $0.opener == ada }).handle, of: maya)
    }

    private func isKept(_ scope: Vault.Scope, _ office: Office) throws -> Bool {
        try office.service.core.reader.read { snapshot in
            let id = try snapshot.vault.keyID(scope)
            return try snapshot.vault.holds(id)
        }
    }

    /// Ada has signed, and her contract is over on the same day.
    private func lost() async throws -> Office {
        let office = try await Office().staffed()
        try await office.go(to: "signed")
        _ = try await office.service.change(office.id("ada"), isUnderContract: false, key: "over")
        return office
    }

    @Test(
        "R30: a signed release whose pairing no longer holds is neither closed nor used; the coordinator reads the rule, the signer next morning that it is not used, whatever the rule, and once"
    )
    func waits() async throws {
        let office = try await lost()
        #expect(try await office.act(.disclose, "maya").refused == .conditionFailed(.openerEligible))
        #expect(try await page(office).obstacle == Refusal.conditionFailed(.openerEligible))
        #expect(try await view(office, "ada", .mentee).isUnused == false)
        let before = try office.store.read { try $0.messages().count }
        for day in ["2026-01-06", "2026-01-07", "2026-01-08"] {
            try office.time("\(day)T08:00")
            try await office.host.runClock()
            let seen = try await view(office, "ada", .mentee)
            #expect(seen.isUnused && seen.isReleaseLive == true)
            #expect(try office.store.read { try $0.messages().count } == before + 1)
        }
        // The mentor learns nothing: no card was released to him.
        await #expect(throws: Refusal.notFound) { try await office.look("ben") }
        // It is taken back as ever.
        let back = try await office.copy()
        try await back.must(.rescind, "ada")
        #expect(try back.audit().findings == [])
        // Put right, it is used as if nothing had been.
        _ = try await office.service.change(office.id("ada"), isUnderContract: true, key: "again")
        try office.time("2026-01-09T08:00")
        try await office.host.runClock()
        #expect(try await view(office, "ada", .mentee).isUnused == false)
        try await office.must(.disclose, "maya")
        #expect(try await office.look("ben").contact != nil)
        #expect(try office.audit().findings == [])
    }

    @Test(
        "R30: after thirty days the clock closes it, nobody is kept away, and the search goes on from the same answers and the same waiting day"
    )
    func closes() async throws {
        let office = try await lost()
        let (ada, ben) = (try office.id("ada"), try office.id("ben"))
        let earlier = try office.service.state(of: ada)
        for day in ["2026-01-06", "2026-02-05"] {
            try office.time("\(day)T08:00")
            try await office.host.runClock()
            #expect(try await view(office, "ada", .mentee).state == "signed", "\(day)")
        }
        try office.time("2026-02-06T08:00")
        try await office.host.runClock()
        let seen = try await view(office, "ada", .mentee)
        #expect(seen.state == "surveyed" && seen.survey?.answers.topics == [.balance])
        let state = try office.service.state(of: ada)
        #expect(state.isDraft && state.round?.waitingSince == earlier.round?.waitingSince && state.keeping.isEmpty)
        #expect(try office.store.read { try $0.placesHeld(with: ben) } == 0)
        // Of the round that ended neither answers nor contact values are left.
        let old = try #require(earlier.round?.id)
        #expect(try !isKept(.survey(old), office) && !isKept(.contact(old), office))
        _ = try await office.service.change(ada, isUnderContract: true, key: "again")
        try await office.must(.propose, "maya") { $0.person = ben }
        #expect(try office.audit().findings == [])
        #expect(try office.audit().recordCount > 0)
    }

    @Test(
        "R30, R2: a list that is written after the signature stands in the way as well, and staff read one sentence for it"
    )
    func listed() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "signed")
        _ = try await office.service.exclude(
            by: office.id("ben"), relation: .person, typed: "Ada Fairweather", key: "list")
        #expect(try await page(office).obstacle == Refusal.cannotBringTogether)
        try office.time("2026-01-06T08:00")
        try await office.host.runClock()
        #expect(try await view(office, "ada", .mentee).isUnused)
    }

    @Test(
        "R1 m10.2: the person changes their answers while nobody is proposed, and nobody else overrides them; what is changed counts from the next proposal on"
    )
    func answersChange() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "surveyed")
        let ben = try office.id("ben")
        try await office.must(.completeSurvey, "ada") {
            $0.survey = Survey(sameField: .must, answers: Answers(topics: [.stress]), understood: true)
        }
        #expect(try await view(office, "ada", .mentee).survey?.sameField == .must)
        #expect(try await office.act(.completeSurvey, "maya").refused != nil)
        try await office.must(.propose, "maya") { $0.person = ben }
        // Once somebody is proposed, answers stand until the next proposal.
        #expect(try await office.act(.completeSurvey, "ada").refused != nil)
        #expect(try office.audit().findings == [])
    }

    @Test("what ends one round and begins the next erases the contact values of the one that ends")
    func notAMatchErases() async throws {
        let office = try await Office.running("structured")
        try await office.offered()
        try await office.must(.sign, "ada")
        try await office.must(.sign, "ben")
        let old = try #require(try office.service.state(of: office.id("ada")).round?.id)
        try await office.must(.notAMatch, "ada")
        #expect(try !isKept(.survey(old), office) && !isKept(.contact(old), office))
    }
}
