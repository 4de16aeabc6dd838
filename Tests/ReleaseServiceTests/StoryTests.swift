import Testing

@testable import ReleaseService

@Suite("Stories that are not so")
struct StoryTests {
    @Test(
        "a line that is not so is found: another state, somebody who is told or is not, another view, a refusal that does not come, and one that does",
        arguments: [
            "ada request -> surveyed", "ada request -> requested; tells maya callBackAsked",
            "ada requestCallBack -> same", "ada request -> requested | staff surveyed",
            "ada request -> !conditionFailed.underContract", "ada sign -> signed", "card ben open", "away ada somebody",
            "wait 2026-01-06T09:00 -> tells ada expired",
        ])
    func untrue(line: String) async throws {
        let office = try await Office(at: "2026-01-05T09:00").staffed()
        #expect(try await Story.untrue(office, line).count == 1)
        #expect(try await Story.untrue(office, "# a comment\n\nada decline -> idle; tells ada declineConfirmed") == [])
    }
}
