import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

@Suite("What is signed is released in time")
struct DutyTests {
    /// Ada signs on Friday, January 9, 2026: it is to be released by Tuesday.
    private func signed() async throws -> Office {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        try office.time("2026-01-09T15:00")
        try await office.must(.sign, "ada")
        return office
    }

    private func reminders(_ office: Office) throws -> Int {
        let maya = try office.id("maya")
        return try office.service.core.reader.read { snapshot in
            try snapshot.rows.messages().filter {
                let message = try snapshot.vault.open($0.sealed, fixed: "message", as: Message.self)
                return message.to == maya && message.notice == .releaseWaits
            }.count
        }
    }

    private func advance(_ office: Office, to day: String) async throws {
        try office.time("\(day)T08:00")
        try await office.host.runClock()
    }

    @Test(
        "R31: working days are counted without the weekend and the holidays; the coordinator is reminded once, on the next; the signer and the coordinator read the day"
    )
    func day() async throws {
        let office = try await signed()
        let (ada, maya) = (try office.id("ada"), try office.id("maya"))
        let due = try #require(CivilDate(parsing: "2026-01-13"))
        for (role, viewer) in [(Role.mentee, ada), (.coordinator, maya)] {
            let view = try await office.service.view(of: ada, workflow: "mentorship", as: role, viewer: viewer)
            #expect(view.releaseBy == due)
        }
        for (day, count) in [("2026-01-10", 0), ("2026-01-11", 0), ("2026-01-12", 1), ("2026-01-13", 1)] {
            try await advance(office, to: day)
            #expect(try reminders(office) == count, "\(day)")
        }
        try await office.must(.disclose, "maya")
        let after = try await office.service.view(of: ada, workflow: "mentorship", as: .mentee, viewer: ada)
        #expect(after.releaseBy == nil)
        let holidays = OfficeDays(days: OfficeDays.standard.days, holidays: [due])
        let friday = try #require(CivilDate(parsing: "2026-01-09"))
        #expect(holidays.day(after: friday, count: 2).description == "2026-01-14")
        #expect(OfficeDays.standard.day(after: friday, count: 1).description == "2026-01-12")
    }

    @Test(
        "R31: one working day late the cover sees that case and no other, and releases it; two days late an administrator reads a number and a handle; released, neither sees anything"
    )
    func cover() async throws {
        let office = try await signed()
        let (maya, omar, ada) = (try office.id("maya"), try office.id("omar"), try office.id("ada"))
        try await office.go(to: "requested", "eve")
        let until = try #require(CivilDate(parsing: "2026-02-01"))
        let named = try await office.service(as: "maya").setCover(of: maya, to: omar, until: until, key: "cover")
        #expect(named.refused == nil)
        #expect(
            try await office.service(as: "omar").setCover(of: maya, to: omar, until: until, key: "no").refused
                == .notFound)
        func board() async throws -> [PersonID] {
            try await office.service.board(of: omar, after: nil, count: 25).lines.map(\.opener)
        }
        try await advance(office, to: "2026-01-13")
        #expect(try await board() == [])
        #expect(try await office.act(.disclose, "omar").refused == .notFound)
        try await advance(office, to: "2026-01-14")
        #expect(try await board() == [ada])
        #expect(try await office.service.lateReleases() == [])
        try await advance(office, to: "2026-01-15")
        #expect(try await office.service.lateReleases().count == 1)
        let line = try #require(try await office.service.board(of: omar, after: nil, count: 25).lines.first)
        #expect(try await office.service.page(line.handle, of: omar).actions.contains(.disclose))
        try await office.must(.disclose, "omar")
        #expect(try await office.look("ben").contact != nil)
        #expect(try await board() == [])
        #expect(try await office.service.lateReleases() == [])
        #expect(try office.audit().findings == [])
    }

    @Test("R31, R8: a corrected release is to be released within two working days of the correction")
    func afterCorrection() async throws {
        let office = try await signed()
        let ada = try office.id("ada")
        try await office.must(.freezeCard, "ada")
        func due() async throws -> CivilDate? {
            try await office.service.view(of: ada, workflow: "mentorship", as: .mentee, viewer: ada).releaseBy
        }
        // Nothing can be released while the number is said to be wrong.
        #expect(try await due() == nil)
        try await advance(office, to: "2026-01-20")
        try await office.must(.correct, "ada") { $0.corrections.phone = "312-555-0199" }
        #expect(try await due()?.description == "2026-01-22")
    }

    @Test("R31: a cover counts until its last day, and nobody covers a case of their own")
    func coverEnds() async throws {
        let office = try await signed()
        let (maya, omar) = (try office.id("maya"), try office.id("omar"))
        let until = try #require(CivilDate(parsing: "2026-01-13"))
        _ = try await office.service.setCover(of: maya, to: omar, until: until, key: "cover")
        try await advance(office, to: "2026-01-14")
        #expect(try await office.service.board(of: omar, after: nil, count: 25).lines.isEmpty)
        #expect(
            try await office.service(as: "maya").setCover(of: maya, to: maya, until: until, key: "self").refused
                == .notFound)
    }
}
