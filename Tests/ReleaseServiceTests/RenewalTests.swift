import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

@Suite("A permission that ends is not a relationship that ends")
struct RenewalTests {
    private func staff(_ office: Office) async throws -> [[UInt8]] {
        let (ada, maya) = (try office.id("ada"), try office.id("maya"))
        let view = try await office.service.view(of: ada, workflow: "mentorship", as: .coordinator, viewer: maya)
        let board = try await office.service.board(of: maya, after: nil, count: 25).lines
        let line = try #require(board.first { $0.opener == ada })
        let page = try await office.service.page(line.handle, of: maya)
        return [view.encoded, Array("\(line.rank) \(page.actions) \(page.version)".utf8)]
            + board.map { $0.view.encoded }
    }

    @Test(
        "R13: after the hand-off nothing of a pair moves before the eyes of staff, whether it is renewed, runs out or neither; the place stays held; each of the two is told in their own words"
    )
    func quiet() async throws {
        let start = try await Office().staffed()
        try await start.go(to: "introduced")
        try start.time("2026-01-14T09:00")
        try await start.host.runClock()
        let before = try await staff(start)
        let ben = try start.id("ben")
        for story in ["renewed", "ran out"] {
            let office = try await start.copy()
            try office.time("2026-12-20T09:00")
            try await office.host.runClock()
            #expect(try await staff(office) == before, "\(story), reminded")
            if story == "renewed" { try await office.must(.renew, "ada") }
            try office.time("2027-01-10T09:00")
            try await office.host.runClock()
            #expect(try await staff(office) == before, "\(story), after the first last day")
            #expect(try office.store.read { try $0.placesHeld(with: ben) } == 1)
            if story == "renewed" {
                #expect(try await office.look("ben").contact != nil)
            } else {
                await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
                // Staff who close it now are answered as if they had.
                #expect(try await office.must(.withdrawCard, "maya").state == "handedOff")
            }
            #expect(try office.audit().findings == [])
        }
    }

    @Test(
        "R13: a renewal is a release of its own for the same recipient, whose purpose is to go on; a code of the first takes it back, and so does its own"
    )
    func renewal() async throws {
        let start = try await Office().staffed()
        let signed = try await start.go(to: "signed")
        let first = try #require(signed.release)
        try await start.must(.disclose, "maya")
        try start.time("2026-12-20T09:00")
        try await start.host.runClock()
        let renewed = try await start.must(.renew, "ada")
        let id = try #require(renewed.release)
        let text = try await start.service.copy(of: id, for: start.id("ada"))
        #expect(text.contains("go on reaching me") && text.contains("Ben X."))
        #expect(try await start.look("ben").scope.contains("go on reaching this person"))
        #expect(first != id)
        try await start.must(.rescind, "ada") { $0.release = first }
        await #expect(throws: Refusal.cardClosed) { try await start.look("ben") }
        #expect(try start.audit().findings == [])
    }

    @Test("R13: the signer is reminded thirty and seven days before the last day, once each, and again after a renewal")
    func reminders() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let ada = try office.id("ada")
        func reminders() async throws -> Int {
            try await office.service.view(of: ada, workflow: "mentorship", as: .mentee, viewer: ada).history.filter {
                $0.rule.hasSuffix("remindRelease")
            }.count
        }
        func isOffered() async throws -> Bool {
            let handle = try #require(try await office.service.cases(of: ada).first { $0.opener == ada }).handle
            return try await office.service.page(handle, of: ada).actions.contains(.renew)
        }
        #expect(try await !isOffered())
        // Signed on January 5, 2026; the last day is January 5, 2027.
        for (day, count) in [
            ("2026-12-05", 0), ("2026-12-06", 1), ("2026-12-28", 1), ("2026-12-29", 2), ("2027-01-04", 2),
        ] {
            try office.time("\(day)T09:00")
            try await office.host.runClock()
            #expect(try await reminders() == count, "\(day)")
            #expect(try await isOffered() == (count > 0), "\(day)")
        }
        try await office.must(.renew, "ada")
        try office.time("2027-12-06T09:00")
        try await office.host.runClock()
        #expect(try await reminders() == 3)
    }

    @Test(
        "R13, R5: who ends after the permission ran out gives the place back and keeps the other away; nobody else learns"
    )
    func endOfWhatRanOut() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try office.time("2027-01-10T09:00")
        try await office.host.runClock()
        let ben = try office.id("ben")
        #expect(try office.store.read { try $0.placesHeld(with: ben) } == 1)
        let before = try await staff(office)
        // A call that staff take down answers with what they see of the case.
        #expect(
            try await office.must(.requestCallBack, "ada", via: .phone, through: "maya").state == "handedOff")
        try await office.must(.end, "ben", via: .phone, through: "maya")
        #expect(try office.store.read { try $0.placesHeld(with: ben) } == 0)
        #expect(try await office.service.keptAway(of: ben).count == 1)
        #expect(try await staff(office) == before)
        #expect(try office.audit().findings == [])
    }

    @Test("a correction in the last week reminds nobody again")
    func correctionKeepsReminders() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let ada = try office.id("ada")
        try office.time("2026-12-30T09:00")
        try await office.host.runClock()
        try await office.must(.correct, "ada") { $0.corrections.phone = "312-555-0199" }
        try office.time("2026-12-31T09:00")
        try await office.host.runClock()
        let told = try await office.service.view(of: ada, workflow: "mentorship", as: .mentee, viewer: ada).history
        #expect(told.filter { $0.rule.hasSuffix("remindRelease") }.count == 2)
    }
}
