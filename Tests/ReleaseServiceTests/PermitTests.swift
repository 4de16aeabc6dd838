import Foundation
import Matching
import ReleaseLedger
import ReleaseWorkflow
import Testing

@testable import ReleaseService

@Suite("Who may ask")
struct PermitTests {
    @Test(
        "who is signed in learns nothing of a case or a person that is not theirs, whatever they ask the service (R25, E21)"
    )
    func strangers() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "signed")
        let (ada, eveID, omarID) = (try office.id("ada"), try office.id("eve"), try office.id("omar"))
        let eve = try office.service(as: "eve", .person)
        // As the state is, this would be refused in other words by the case itself.
        for kind in [CommandKind.acceptSlot, .sign, .end, .rescind] {
            let command = Submission(
                kind, workflow: "mentorship", opener: ada, actor: Actor(.person(eveID), channel: .screen))
            await #expect(throws: Refusal.notFound) { try await eve.submit(command) }
        }
        await #expect(throws: Refusal.notFound) { try await eve.sampleCode(for: ada) }
        #expect(try await eve.identity(of: ada) == nil)
        await #expect(throws: Refusal.notFound) { try await eve.cases(of: ada) }
        await #expect(throws: Refusal.notFound) { try await eve.people() }
        let omar = try office.service(as: "omar")
        #expect(try await omar.find(name: "Fairweather").isEmpty, "another coordinator's people take part in nothing")
        #expect(try await omar.identity(of: ada) == nil)
        await #expect(throws: Refusal.notFound) {
            try await omar.view(of: ada, workflow: "mentorship", as: .coordinator, viewer: omarID)
        }
        let anonymous = office.host.service(for: .anonymous)
        #expect(try await anonymous.identity(of: ada) == nil)
        await #expect(throws: Refusal.notFound) { try await anonymous.find(name: "Fairweather") }
    }

    @Test("a coordinator without the second factor is nobody's coordinator (R3)")
    func secondFactor() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "surveyed")
        let (ada, maya) = (try office.id("ada"), try office.id("maya"))
        let known = try office.service(as: "maya")
        #expect(try await known.find(name: "Fairweather") == [ada])
        #expect(try await known.board(of: maya, after: nil, count: 25).lines.count == 1)
        #expect(try await !known.shortlist(of: ada, workflow: "mentorship", by: maya).candidates.isEmpty)
        let linked = try office.service(as: "maya", .person)
        await #expect(throws: Refusal.notFound) { try await linked.find(name: "Fairweather") }
        await #expect(throws: Refusal.notFound) { try await linked.board(of: maya, after: nil, count: 25) }
        await #expect(throws: Refusal.notFound) {
            try await linked.shortlist(of: ada, workflow: "mentorship", by: maya)
        }
        await #expect(throws: Refusal.notFound) { try await linked.planCohort(workflow: "mentorship", by: maya) }
    }

    @Test("a draw where no pairs are made is refused, and signing goes on (ICB-18)")
    func drawStopsNothing() async throws {
        let office = try await Office.running("icb")
        await #expect(throws: MatchingProblem.self) { try await office.service.commitDraw() }
        #expect(office.host.stopped == nil)
    }
}
