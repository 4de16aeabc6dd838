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

@Suite("The day for the call")
struct CallDayTests {
    @Test(
        "R11: whoever is to call is reminded two days before the last day, by mailbox or on their own page alone, whatever was noted; not where the card came three days before it"
    )
    func reminder() async throws {
        for isNoted in [false, true] {
            let office = try await Office().staffed()
            try await office.go(to: "introduced")
            if isNoted { try await office.must(.recordCall, "ben") }
            let ben = try office.id("ben")
            func reminders() async throws -> Int {
                try await office.service.view(of: office.id("ada"), workflow: "mentorship", as: .mentor, viewer: ben)
                    .history.filter { $0.rule.hasSuffix("remindCall") }.count
            }
            try office.time("2026-01-09T23:00")
            try await office.host.runClock()
            #expect(try await reminders() == 0)
            try office.time("2026-01-10T08:00")
            try await office.host.runClock()
            #expect(try await reminders() == 1)
            let told = try await office.service.outbox().filter { $0.notice == .callSoon }
            #expect(told.isEmpty, "without a mailbox it stands on the page, and nobody is to pass it on")
        }
        let late = try await Office().staffed()
        try await late.go(to: "signed")
        try late.time("2026-02-01T09:00")
        try await late.must(.disclose, "maya")
        try late.time("2026-02-04T09:00")
        try await late.host.runClock()
        let history = try await late.service.view(
            of: late.id("ada"), workflow: "mentorship", as: .mentor, viewer: late.id("ben")
        ).history
        #expect(!history.contains { $0.rule.hasSuffix("remindCall") })
    }
}
