import Matching
import ReleaseLedger
import ReleaseWorkflow
import Testing

@testable import ReleaseService

@Suite("What opens a card is true when it opens")
struct AttestationTests {
    /// Enrolls a mentor anew, as a coordinator does when something has changed.
    private func attest(
        _ office: Office, _ name: String, _ attributes: Set<Condition>, fields: [String] = ["nurse"], capacity: Int = 2
    ) async throws {
        let outcome = try await office.service.enroll(
            office.id(name), attestation: Attestation(attributes: attributes, fields: fields), capacity: capacity,
            by: office.id("maya"), key: nil)
        #expect(outcome.refusal == nil)
    }

    @Test(
        "R39: an attestation counts for the months that the policy says, to the day, and is asked in every step up to the card; attesting it again renews it"
    )
    func aging() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "surveyed")
        let ben = try office.id("ben")
        // Twenty-four months from January 5, 2026: the last day counts.
        try office.time("2028-01-05T10:00")
        #expect(try await office.act(.propose, "maya") { $0.person = ben }.refusal == nil)
        try await office.must(.acceptSlot, "ben")
        try office.time("2028-01-06T10:00")
        #expect(try await office.act(.offer, "maya").refusalCode == "conditionFailed.attestedLately")
        try await attest(office, "ben", [.inStanding])
        // Ada's contract is as old.
        #expect(try await office.act(.offer, "maya").refusalCode == "conditionFailed.attestedLately")
        _ = try await office.service.change(office.id("ada"), isUnderContract: true, key: nil)
        try await office.must(.offer, "maya")
        try await office.must(.sign, "ada")
        try await office.must(.disclose, "maya")
    }

    @Test(
        "R3, R29, R2: what a mentor loses between the yes and the card stops it in that step, the coordinator reads which rule, the signer does not, and put right it goes on; pause and places count no more"
    )
    func lost() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        try await attest(office, "ben", [], fields: ["dentist"], capacity: 0)
        let signing = try await office.act(.sign, "ada")
        #expect(signing.refused == .cannotGoOn)
        #expect(
            signing.refusal == "This cannot go on just now. Your coordinator knows, and you need do nothing.")
        try await attest(office, "ben", [.inStanding], capacity: 0)
        _ = try await office.service.setAvailability(of: office.id("ben"), isReady: false, isPaused: true, key: nil)
        try await office.must(.sign, "ada")
        try await attest(office, "ben", [], fields: ["dentist"], capacity: 0)
        #expect(try await office.act(.disclose, "maya").refusalCode == "conditionFailed.pairEligible")
        await #expect(throws: Refusal.self) { try await office.look("ben") }
        try await attest(office, "ben", [.inStanding], capacity: 0)
        try await office.must(.disclose, "maya")
        #expect(try await office.look("ben").contact != nil)
        // What a pair rested on may change afterwards without touching an open card (DER-14).
        try await attest(office, "ben", [], fields: ["dentist"], capacity: 0)
        _ = try await office.service.change(office.id("ada"), isUnderContract: false, key: nil)
        #expect(try await office.look("ben").contact != nil)
    }

    @Test(
        "R1, R2: from the moment either lists the other no card of theirs opens, in no step; the mentor's yes is taken as before, and the two read no rule",
        arguments: ["ada", "ben"])
    func listed(by owner: String) async throws {
        for state in ["proposed", "offered", "signed"] {
            let office = try await Office().staffed()
            try await office.go(to: state)
            let (name, phone) =
                owner == "ada" ? ("Benedict Okafor", "312-555-0143") : ("Ada Fairweather", "312-555-0142")
            for typed in [name, phone] {
                let copy = try await office.copy()
                _ = try await copy.service.exclude(
                    by: copy.id(owner), relation: .person, typed: typed, key: nil)
                if state == "proposed" {
                    #expect(try await copy.act(.acceptSlot, "ben").refusal == nil, "the yes is taken")
                    #expect(try await copy.act(.offer, "maya").refused == .cannotBringTogether)
                } else if state == "offered" {
                    #expect(try await copy.act(.sign, "ada").refused == .cannotGoOn)
                } else {
                    #expect(try await copy.act(.disclose, "maya").refused == .cannotBringTogether)
                }
                await #expect(throws: Refusal.notFound) { try await copy.look("ben") }
            }
        }
    }

    @Test(
        "m10, R1: musts count as both had answered at the proposal: what the mentor answers later changes nothing until the next one"
    )
    func answersAtProposal() async throws {
        let office = try await Office().staffed()
        try await office.must(.request, "ada")
        try await office.must(.completeSurvey, "ada") {
            $0.survey = Survey(sameField: .must, answers: Answers(areas: ["south"]), understood: true)
        }
        let (ben, cleo) = (try office.id("ben"), try office.id("cleo"))
        _ = try await office.service.setAnswers(of: ben, Answers(areas: ["south"]), key: nil)
        _ = try await office.service.setAnswers(of: cleo, Answers(areas: ["north"]), key: nil)
        #expect(
            try await office.act(.propose, "maya") { $0.person = cleo }.refusalCode == "conditionFailed.mustsMet")
        try await office.must(.propose, "maya") { $0.person = ben }
        try await office.must(.acceptSlot, "ben")
        _ = try await office.service.setAnswers(of: ben, Answers(areas: ["north"]), key: nil)
        try await office.must(.offer, "maya")
        try await office.must(.withdrawProposal, "maya")
        #expect(
            try await office.act(.propose, "maya") { $0.person = ben }.refusalCode == "conditionFailed.mustsMet")
    }

    @Test(
        "R5: each keeps the other away by ending, unless they say otherwise; a no in one workflow of the program counts in the other, both ways"
    )
    func keptAway() async throws {
        for (who, keeps) in [("ada", true), ("ada", false), ("ben", true), ("ben", false)] {
            let office = try await Office().staffed()
            try await office.go(to: "introduced")
            try await office.must(.end, who) { $0.keepsAway = keeps }
            try await office.must(.rematch, "ada")
            try await office.must(.completeSurvey, "ada")
            let ben = try office.id("ben")
            let proposed = try await office.act(.propose, "maya") { $0.person = ben }
            #expect(proposed.refused == (keeps ? .cannotBringTogether : nil), "\(who) \(keeps)")
            // The other workflow of the same program, in which Ben would be the one who is asked.
            try await office.must(.ask, "ada", workflow: "peerConversation")
            let invited = try await office.act(.invite, "maya", workflow: "peerConversation") { $0.person = ben }
            // They are together again where he is proposed to her.
            #expect(invited.refused == .cannotBringTogether)
            guard keeps else { continue }
            // Whoever said it lifts it, and nobody else can.
            let person = try office.id(who)
            let lines = try await office.service.keptAway(of: person)
            #expect(lines.map(\.name) == [who == "ada" ? "Ben X." : nil])
            let token = try #require(lines.first?.token)
            #expect(try await office.service.letAgain(token, by: office.id("cleo"), key: nil).refused == .notFound)
            #expect(try await office.service.letAgain(token, by: person, key: nil).refusal == nil)
            #expect(try await office.service.keptAway(of: person).isEmpty)
            try await office.must(.propose, "maya") { $0.person = ben }
            // Declining the search in which it was lifted does not bring it back.
            try await office.must(.decline, "ada")
            #expect(try await office.service.keptAway(of: person).isEmpty)
        }
    }

    @Test("R5: a no that was lifted in the same search stays lifted when the case is read again")
    func liftedInTheSameSearch() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "proposed")
        try await office.must(.refuseMentor, "ada")
        let (ada, ben) = (try office.id("ada"), try office.id("ben"))
        let token = try #require(try await office.service.keptAway(of: ada).first?.token)
        #expect(try await office.service.letAgain(token, by: ada, key: nil).refusal == nil)
        try await office.must(.propose, "maya") { $0.person = ben }
        try await office.must(.acceptSlot, "ben")
        try await office.must(.offer, "maya")
        try await office.must(.sign, "ada")
        try await office.reopen()
        #expect(try await office.service.keptAway(of: ada).isEmpty)
        try await office.must(.disclose, "maya")
    }

    @Test("the one before is answered as done when they end, whatever has come after them")
    func formerMentor() async throws {
        let office = try await Office.running("structured")
        try await office.pair()
        try await office.must(.notAMatch, "ada")
        let before = try await office.act(.rescind, "ben")
        #expect(before.refusal == nil)
        let state = try await office.act(.end, "ben")
        #expect(state.refusal == nil)
        #expect(try await office.act(.end, "ben").state == state.state)
    }
}
