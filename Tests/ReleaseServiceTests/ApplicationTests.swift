import ReleaseWorkflow
import Testing

@testable import ReleaseService

/// Becoming a mentor by asking to be one.
@Suite("Becoming a mentor")
struct ApplicationTests {
    private let enough = Attestation(attributes: [.inStanding], fields: ["nurse"])

    private func apply(_ office: Office, _ name: String = "ada", _ stated: Attestation? = nil) async throws -> Outcome {
        try await office.service(as: name, .person).applyAsMentor(
            office.id(name), stated ?? enough, capacity: 2, key: nil)
    }

    private func waiting(_ office: Office, _ staff: String = "maya") async throws -> [String] {
        try await office.service(as: staff).applications(for: office.id(staff)).map(\.name)
    }

    private func messages(_ office: Office, to name: String) async throws -> [Notice] {
        try await office.service.outbox().filter { try $0.to == office.id(name) }.compactMap(\.notice)
    }

    @Test(
        "R42: whoever takes part asks to be a mentor and states what is asked; their coordinator attests it, and only then they are one"
    )
    func way() async throws {
        let office = try await Office().staffed()
        #expect(try await apply(office).refusal == nil)
        #expect(try await waiting(office) == ["Ada Fairweather"])
        #expect(try await waiting(office, "omar") == [])
        #expect(try await messages(office, to: "maya") == [.applicationWaits])
        #expect(try await office.service.enrollment(of: office.id("ada"), as: .mentor) == nil, "stated is not attested")
        _ = try await office.service(as: "maya").enroll(
            office.id("ada"), attestation: enough, capacity: 2, by: office.id("maya"), key: nil)
        #expect(try await waiting(office) == [])
        #expect(try await messages(office, to: "ada") == [.applicationAnswered])
        #expect(try await office.service.application(of: office.id("ada")) == nil)
        // Whoever is a mentor asks no more.
        #expect(try await apply(office).refusalCode == "notFound")
    }

    @Test("R42: what is stated must be what is asked, and what counts for nothing is not asked; the text says what is")
    func enoughStated() async throws {
        let office = try await Office().staffed()
        for stated in [Attestation(), Attestation(attributes: [.member], fields: ["nurse"])] {
            await #expect {
                _ = try await apply(office, "ada", stated)
            } throws: { error in
                let problem = error as? FieldProblem
                return problem?.field == "attributes" && problem?.expected.isEmpty == false
            }
        }
        await #expect {
            _ = try await apply(office, "ada", Attestation())
        } throws: {
            ($0 as? FieldProblem)?.expected.hasPrefix("what is asked of a mentor: ") == true
        }
        #expect(try await waiting(office) == [])
    }

    @Test(
        "R42: “not now” keeps no reason, is read by the person, and they may ask again; whoever takes it back leaves nothing"
    )
    func answers() async throws {
        let office = try await Office().staffed()
        _ = try await apply(office)
        let (ada, maya) = (try office.id("ada"), try office.id("maya"))
        let foreign = try await office.service(as: "omar").answerApplication(of: ada, by: office.id("omar"), key: nil)
        #expect(foreign.refusalCode == "notFound")
        #expect(try await office.service(as: "maya").answerApplication(of: ada, by: maya, key: nil).refusal == nil)
        #expect(try await office.service.application(of: ada)?.refusedOn == office.service.today())
        #expect(try await messages(office, to: "ada") == [.applicationAnswered])
        let again = try await office.service(as: "maya").answerApplication(of: ada, by: maya, key: nil)
        #expect(again.refusalCode == "notFound", "answered once")
        #expect(try await apply(office).refusal == nil)
        #expect(try await waiting(office) == ["Ada Fairweather"])
        let stranger = try await office.service(as: "eve", .person).answerApplication(of: ada, by: nil, key: nil)
        #expect(stranger.refusalCode == "notFound")
        #expect(
            try await office.service(as: "ada", .person).answerApplication(of: ada, by: nil, key: nil).refusal == nil)
        #expect(try await office.service.application(of: ada) == nil)
    }

    @Test("R42: an application goes with whoever is erased; a program without staff takes none")
    func erased() async throws {
        let office = try await Office().staffed()
        _ = try await apply(office)
        let ada = try office.id("ada")
        #expect(try await office.service.application(of: ada) != nil)
        _ = try await office.service.erase(ada, key: nil)
        #expect(try await office.service.application(of: ada) == nil)
        #expect(try await office.service.outbox().compactMap(\.notice).contains(.applicationWaits) == false)
        let chapter = try await Office.running("sgv-camft")
        #expect(try await apply(chapter).refusalCode == "notFound")
    }
}
