import ReleaseLedger
import ReleaseWorkflow
import Testing

@testable import ReleaseService

@Suite("A number that is wrong")
struct FreezeTests {
    private func view(_ office: Office, _ name: String, _ role: Role) async throws -> CaseView {
        try await office.service.view(of: office.id("ada"), workflow: "mentorship", as: role, viewer: office.id(name))
    }

    @Test(
        "R8: who says that their number is wrong hides the card at once, before and after the hand-off; the reader is told to wait; a corrected release, or the word that it was right, brings it back",
        arguments: ["2026-01-06T09:00", "2026-01-20T09:00"])
    func hidesAtOnce(_ day: String) async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try office.time(day)
        try await office.host.runClock()
        let frozen = try await office.must(.freezeCard, "ada")
        #expect(frozen.records == [])
        #expect(frozen.notices == [Telling(role: .mentor, notice: .numberWrong)])
        await #expect(throws: Refusal.cardFrozen) { try await office.look("ben") }
        #expect(try await view(office, "ben", .mentor).isNumberComing)
        #expect(try await view(office, "ada", .mentee).isNumberWrong == true)
        // Never refused: once more is done already.
        #expect(try await office.must(.freezeCard, "ada").notices == [])
        let back = try await office.must(.unfreezeCard, "ada")
        #expect(back.notices == [Telling(role: .mentor, notice: .corrected)])
        #expect(try await office.look("ben").contact?.phone.e164 == "+13125550142")
        try await office.must(.freezeCard, "ada", via: .phone, through: "maya")
        try await office.must(.correct, "ada") { $0.corrections.phone = "312-555-0199" }
        #expect(try await office.look("ben").contact?.phone.e164 == "+13125550199")
        #expect(try await view(office, "ada", .mentee).isNumberWrong == false)
        #expect(try office.audit().findings == [])
    }

    @Test(
        "R8: before the disclosure staff read that the number is wrong and can disclose nothing until the right one is signed; the mentor, for whom no card was released, is told nothing"
    )
    func beforeTheDisclosure() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "signed")
        #expect(try await office.must(.freezeCard, "ada").notices == [])
        #expect(try await view(office, "maya", .coordinator).isNumberWrong == true)
        #expect(try await office.act(.disclose, "maya").refused == .conditionFailed(.cardNotFrozen))
        await #expect(throws: Refusal.notFound) { try await office.look("ben") }
        try await office.must(.correct, "ada") { $0.corrections.phone = "312-555-0199" }
        try await office.must(.disclose, "maya")
        #expect(try await office.look("ben").contact?.phone.e164 == "+13125550199")
        #expect(try office.audit().findings == [])
    }

    @Test("R8, R21: whoever answers the telephone takes it down, and everything that ends a card ends a frozen one too")
    func byTelephoneAndEnds() async throws {
        let start = try await Office().staffed()
        try await start.go(to: "introduced")
        let omar = try start.service(as: "omar")
        let call = TelephoneCall(.wrongNumber, fullName: "Ada Fairweather", phone: "312-555-0142")
        #expect(try await omar.takeDown(call, key: "wrong").refused == nil)
        await #expect(throws: Refusal.cardFrozen) { try await start.look("ben") }
        for kind in [CommandKind.end, .rescind] {
            let office = try await start.copy()
            try await office.must(kind, "ada")
            await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
            #expect(try office.audit().findings == [])
        }
        // The clock goes on as if nothing had been said.
        try start.time("2026-01-13T09:00")
        try await start.host.runClock()
        #expect(try await view(start, "ada", .mentee).state == "handedOff")
        await #expect(throws: Refusal.cardFrozen) { try await start.look("ben") }
    }

    @Test("R8: in an exchange each freezes their own card alone, and signing while the other's is frozen shows nothing")
    func exchange() async throws {
        let office = try await Office.running("structured")
        try await office.offered()
        try await office.must(.sign, "ada")
        try await office.must(.freezeCard, "ada")
        try await office.must(.sign, "ben")
        await #expect(throws: Refusal.cardFrozen) { try await office.look("ben") }
        #expect(try await office.look("ada").fieldNames.isEmpty == false)
        try await office.must(.unfreezeCard, "ada")
        #expect(try await office.look("ben").fieldNames.isEmpty == false)
    }
}
