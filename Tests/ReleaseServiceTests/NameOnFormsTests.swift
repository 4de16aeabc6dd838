import PolicyFile
import ReleaseWorkflow
import Testing

@testable import ReleaseService

/// The name of one person on the form of another is told under a permission of its own.
@Suite("A name on other people's forms")
struct NameOnFormsTests {
    private func takeBack(_ name: String, _ office: Office, as role: Role = .mentor) async throws -> Outcome {
        try await office.service.takeBackAgreements(
            Actor(.person(office.id(name)), channel: .screen), as: role, key: nil)
    }

    private func told(_ office: Office, since before: [Message]) async throws -> Set<String> {
        Set(
            try await office.service.outbox().filter { !before.contains($0) }.compactMap { message in
                message.notice.map { notice in
                    "\(office.people.first { $0.value == message.to }?.key ?? "somebody") \(notice.rawValue)"
                }
            })
    }

    @Test(
        "R41: whoever is named on forms signs who names them, to whom, for what, until when and how it is taken back; a policy without that is not complete",
        arguments: ["mphp", "structured", "mscsw"])
    func elements(program: String) throws {
        let text = try Office.policyText(program)
        let policy = try PolicyFile.parse(text).policy
        #expect(policy.agreements.contains { !$0.roles.isEmpty })
        for role in Set(policy.agreements.flatMap(\.roles)) {
            let signed = policy.agreements(of: role).map(\.fullText).joined(separator: "\n")
            for element in [
                "I permit \(policy.discloserName) to write the name that I give here, and nothing else about me",
                "on the forms of people", "so that they know for whom they sign",
                "ends when I take it back or take part no more", "I may take it back at any time, without a reason",
            ] {
                #expect(signed.contains(element), "\(role): \(element)")
            }
        }
        let silent = try PolicyFile.parse(text.replacing("{nameOnForms}", with: "")).policy
        #expect(completenessFindings(silent).contains { $0.contains("{nameOnForms}") })
        #expect(!completenessFindings(policy).contains { $0.contains("{nameOnForms}") })
    }

    @Test("R41: in a directory nobody's name stands on another's form, and nothing of the kind is signed")
    func directory() async throws {
        let text = try Office.policyText("icb")
        #expect(throws: PolicyFile.Problems.self) {
            try PolicyFile.parse(text.replacing("{clauses}", with: "{clauses}\n      {nameOnForms}"))
        }
        let office = try await Office.running("icb")
        #expect(try await takeBack("ben", office).refusalCode == "notFound")
    }

    @Test(
        "R41, R1: taken back, the name is on no form that is not signed yet; the people read that somebody is not available, and what is open is not ended"
    )
    func offForms() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced", "eve", with: "ben")
        try await office.go(to: "offered", "ada", with: "ben")
        let before = try await office.service.outbox()
        #expect(try await takeBack("ben", office).refusal == nil)
        #expect(try await told(office, since: before) == ["ada mentorUnavailable", "maya takenDown"])
        let state = try await office.service.cases(of: office.id("ada")).first { $0.view.workflow == "mentorship" }
        #expect(state?.view.state == "surveyed")
        let enrollment = try #require(try await office.service.enrollment(of: office.id("ben"), as: .mentor))
        #expect(enrollment.display == nil && enrollment.agreementsInForce.isEmpty && !enrollment.isReady)
        #expect(!enrollment.agreements.isEmpty, "that it was signed can still be proved")
        // What is open is not ended by it; a card is read only by somebody who has signed.
        let pair = try await office.service.cases(of: office.id("eve")).first { $0.view.workflow == "mentorship" }
        #expect(pair?.view.state == "introduced")
        await #expect(throws: Refusal.cardClosed) { _ = try await office.look("ben", on: "eve") }
        let again = try await office.act(.propose, "maya") { $0.person = try office.id("ben") }
        #expect(again.refusalCode != nil, "nobody is proposed who has not signed")
        // A second time there is nothing to take back, and nobody is told again.
        let after = try await office.service.outbox()
        #expect(try await takeBack("ben", office).refusal == nil)
        #expect(try await told(office, since: after) == [])
        // Signed again, they are proposed again.
        _ = try await office.service.acknowledge(
            Actor(.person(office.id("ben")), channel: .screen), display: "Ben O.", key: nil)
        _ = try await office.look("ben", on: "eve")
        try await office.must(.propose, "maya") { $0.person = try office.id("ben") }
    }

    @Test("R41: a sheet that was signed before the taking back went with it; one of that day or later counts")
    func oldSheet() async throws {
        let office = try await Office().staffed()
        try office.time("2026-03-02T09:00")
        #expect(try await takeBack("ben", office).refusal == nil)
        let through = Actor(.person(try office.id("ben")), agent: try office.id("maya"), channel: .paper)
        let bytes = try await office.paper().bytes
        let old = Paper(bytes: bytes, signedOn: CivilDate(parsing: "2026-03-01"))
        await #expect {
            _ = try await office.service.acknowledge(through, display: "Ben O.", paper: old, key: nil)
        } throws: {
            ($0 as? FieldProblem)?.field == "signedOn"
        }
        #expect(try await office.service.enrollment(of: office.id("ben"), as: .mentor)?.display == nil)
        let fresh = Paper(bytes: bytes, signedOn: CivilDate(parsing: "2026-03-02"))
        let filed = try await office.service.acknowledge(through, display: "Ben O.", paper: fresh, key: nil)
        #expect(try await office.lookedAt(filed, filedBy: "maya").refusal == nil)
    }

    @Test(
        "R41: a place that is held for a yes goes with it, and so does a proposal that is not answered yet",
        arguments: [false, true])
    func proposals(isAccepted: Bool) async throws {
        let office = try await Office().staffed()
        try await office.go(to: "proposed", "ada", with: "ben")
        if isAccepted { try await office.must(.acceptSlot, "ben") }
        let (ada, ben) = (try office.id("ada"), try office.id("ben"))
        #expect(try await office.service.cases(of: ben).contains { $0.opener == ada })
        #expect(try await takeBack("ben", office).refusal == nil)
        #expect(try await !office.service.cases(of: ben).contains { $0.opener == ada })
    }

    @Test(
        "R41, R1: where both sign, in whichever state it is taken back before a card is open, the other reads that somebody is not available; whoever looks for a mentor goes on looking with the same answers",
        arguments: ["mscsw", "structured"], ["", "ada", "ben"])
    func exchange(program: String, signer: String) async throws {
        let office = try await Office.running(program)
        try await office.offered()
        if !signer.isEmpty { try await office.must(.sign, signer) }
        let before = try await office.service.outbox()
        #expect(try await takeBack("ben", office).refusal == nil)
        let heard = try await told(office, since: before)
        #expect(heard.contains("ada mentorUnavailable") && heard.contains("maya takenDown"), "\(heard)")
        let line = try await office.service.cases(of: office.id("ada")).first { $0.view.workflow == "mentorship" }
        #expect(line?.view.state == "surveyed" && line?.view.isReleaseLive != true && line?.view.survey != nil)
    }

    @Test(
        "R41, R30: in the clinical program a release that was signed and led to nothing is let go, and its signer keeps their place among those who wait"
    )
    func signed() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "signed", "ada", with: "ben")
        let since = try office.service.state(of: office.id("ada")).round?.waitingSince
        try office.time("2026-01-07T09:00")
        #expect(try await takeBack("ben", office).refusal == nil)
        let line = try await office.service.cases(of: office.id("ada")).first { $0.view.workflow == "mentorship" }
        #expect(line?.view.state == "surveyed" && line?.view.survey != nil)
        #expect(try office.service.state(of: office.id("ada")).round?.waitingSince == since)
        try await office.must(.propose, "maya") { $0.person = try office.id("cleo") }
    }

    @Test("R41: who is both takes back the one and keeps the other")
    func bothRoles() async throws {
        let office = try await Office.running("mscsw")
        try await office.enroll("ada", as: .mentor)
        _ = try await office.service.acknowledge(
            Actor(.person(office.id("ada")), channel: .screen), as: .mentor, display: "Ada X.", key: nil)
        try await office.offered()
        #expect(try await takeBack("ada", office, as: .mentor).refusal == nil)
        let line = try await office.service.cases(of: office.id("ada")).first { $0.view.workflow == "mentorship" }
        #expect(line?.view.state == "offered", "her own search is not the mentor's business")
        #expect(try await office.service.hasSigned(office.id("ada"), as: .mentee))
    }

    @Test("R41, R8: whose card is open signs a correction although the other took their name back")
    func correction() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced", "ada", with: "ben")
        #expect(try await takeBack("ben", office).refusal == nil)
        try await office.must(.correct, "ada") { $0.corrections.phone = "312-555-0177" }
    }

    @Test("R41: who looks for a mentor and takes it back has a search no more, and nothing of it is left")
    func search() async throws {
        let office = try await Office.running("mscsw")
        try await office.offered()
        #expect(try await takeBack("ada", office, as: .mentee).refusal == nil)
        let line = try await office.service.cases(of: office.id("ada")).first { $0.view.workflow == "mentorship" }
        #expect(line?.view.state == "idle")
        #expect(try await office.act(.request, "ada").refusalCode == "conditionFailed.agreementsCurrent")
    }

    @Test("R41, R21: told to one's own coordinator by telephone it counts at once; nobody else records it")
    func telephone() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered", "ada", with: "ben")
        func recorded(by staff: String, as caller: String) async throws -> Outcome {
            try await office.service(as: caller).takeBackAgreements(
                Actor(.person(office.id("ben")), agent: office.id(staff), channel: .phone), key: nil)
        }
        #expect(try await recorded(by: "omar", as: "omar").refusalCode == "notFound")
        #expect(try await recorded(by: "maya", as: "omar").refusalCode == "notFound")
        let colleague = try await office.service(as: "cleo", .person).takeBackAgreements(
            Actor(.person(office.id("ben")), channel: .screen), key: nil)
        #expect(colleague.refusalCode == "notFound")
        #expect(try await office.service.enrollment(of: office.id("ben"), as: .mentor)?.display == "Ben X.")
        let before = try await office.service.outbox()
        #expect(try await recorded(by: "maya", as: "maya").refusal == nil)
        #expect(try await told(office, since: before) == ["ada mentorUnavailable", "ben actedForYou"])
        #expect(try await office.service.enrollment(of: office.id("ben"), as: .mentor)?.display == nil)
    }
}
