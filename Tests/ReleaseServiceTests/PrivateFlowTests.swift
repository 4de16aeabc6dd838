import ReleaseLedger
import ReleaseWorkflow
import Testing

@testable import ReleaseService

@Suite("Call and meeting are the pair's")
struct PrivateFlowTests {
    private func view(_ office: Office, _ name: String) async throws -> CaseView {
        try await office.service.view(
            of: office.id("ada"), workflow: "mentorship", as: name == "ada" ? .mentee : .mentor, viewer: office.id(name)
        )
    }

    private func offered(_ office: Office, _ name: String) async throws -> Set<CommandKind> {
        let person = try office.id(name)
        let lines = try await office.service.cases(of: person)
        let line = try #require(
            lines.first { $0.view.workflow == "mentorship" && $0.opener == (try? office.id("ada")) })
        return Set(try await office.service.page(line.handle, of: person).privateActs)
    }

    @Test(
        "R9: the pair goes from awaiting the call to called to a meeting; each takes back their own last note, that day and the next, and nobody the other's"
    )
    func flow() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        #expect(try await offered(office, "ada") == [.recordCall])
        #expect(try await offered(office, "ben") == [.recordCall, .recordTried])
        #expect(try await office.act(.recordMeeting, "ada").refusalCode == "illegalTransition")
        try await office.must(.recordCall, "ben")
        #expect(try await view(office, "ada").isCallRecorded == true)
        #expect(try await offered(office, "ada") == [.recordMeeting], "what Ben noted is not hers to take back")
        #expect(try await office.act(.undoNote, "ada").refusal != nil)
        try await office.must(.undoNote, "ben")
        #expect(try await view(office, "ada").isCallRecorded == false)
        try await office.must(.recordCall, "ada")
        try await office.must(.recordMeeting, "ben")
        #expect(try await office.act(.undoNote, "ada").refusal != nil, "hers is not the last any more")
        try office.time("2026-01-06T23:00")
        #expect(try await offered(office, "ben") == [.undoNote])
        try office.time("2026-01-07T09:00")
        #expect(try await offered(office, "ben").isEmpty, "two days later it stands")
        #expect(try await office.act(.undoNote, "ben").refusal != nil)
    }

    @Test(
        "R9, R12: that a call reached nobody is shown to the other alone, once, and moves nothing; staff, log and letters are as they were"
    )
    func tried() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let (ada, maya) = (try office.id("ada"), try office.id("maya"))
        func staff() async throws -> [UInt8] {
            try await office.service.view(of: ada, workflow: "mentorship", as: .coordinator, viewer: maya).encoded
        }
        let before = (try await staff(), try await office.service.outbox(), office.service.logSize)
        try await office.must(.recordTried, "ben")
        #expect(try await view(office, "ada").wasTried == true)
        #expect(try await view(office, "ben").wasTried == false)
        #expect(try await office.act(.recordTried, "ben").refusal != nil)
        #expect(try await office.act(.recordTried, "ada").refusal != nil)
        try await office.must(.recordCall, "ben")
        #expect(try await staff() == before.0)
        #expect(try await office.service.outbox() == before.1)
        #expect(office.service.logSize == before.2)
    }

    @Test("R9: nothing is noted and nothing taken back after the hand-off, and nothing of it is left")
    func afterHandOff() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try office.time("2026-01-12T20:00")
        try await office.must(.recordCall, "ben")
        try office.time("2026-01-13T00:10")
        try await office.host.runClock()
        #expect(try await office.act(.undoNote, "ben").refusal != nil)
        #expect(try await office.act(.recordMeeting, "ben").refusal != nil)
        #expect(try await offered(office, "ben").isEmpty)
        #expect(try await view(office, "ada").isCallRecorded == false)
    }
}
