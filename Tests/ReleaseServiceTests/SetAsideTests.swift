import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

@Suite("A private list is no oracle")
struct SetAsideTests {
    /// Everything that somebody is shown of their cases, in bytes.
    private func shown(_ office: Office, _ name: String) async throws -> [String] {
        let person = try office.id(name)
        var all: [String] = []
        for line in try await office.service.cases(of: person) {
            let page = try await office.service.page(line.handle, of: person)
            all.append("\(line.handle) \(page.version) \(page.view.state) \(page.actions)")
        }
        return all
    }

    private func held(_ office: Office, _ name: String) throws -> Int {
        let person = try office.id(name)
        return try office.store.read { try $0.placesHeld(with: person) }
    }

    @Test(
        "R1: whoever is listed, the mentor who said yes reads the same until twenty-eight days after it, and his place stays held; the participant hears next morning what they hear whenever a mentor is not available",
        arguments: ["ada", "ben"])
    func keepsTheTile(_ lister: String) async throws {
        let start = try await Office().staffed()
        try await start.go(to: "offered")
        let before = try await shown(start, "ben")
        let office = try await start.copy()
        let name = lister == "ada" ? "Benedict Okafor" : "Ada Fairweather"
        _ = try await office.service.exclude(by: office.id(lister), relation: .person, typed: name, key: "list")
        #expect(try await office.act(.sign, "ada").refused == .cannotGoOn)
        // Next morning.
        for story in [start, office] {
            try story.time("2026-01-06T08:00")
            try await story.host.runClock()
        }
        let ada = try office.id("ada")
        let view = try await office.service.view(of: ada, workflow: "mentorship", as: .mentee, viewer: ada)
        #expect(view.state == "surveyed")
        #expect(try await shown(office, "ben") == before)
        #expect(try held(office, "ben") == 1)
        // The search goes on with somebody else; nothing moves for the first.
        let cleo = try office.id("cleo")
        try await office.must(.propose, "maya") { $0.person = cleo }
        #expect(try await shown(office, "ben") == before)
        #expect(try await office.act(.acceptSlot, "ben").refused == nil)
        // Twenty-eight days after the yes every such tile goes.
        for story in [start, office] {
            try story.time("2026-02-02T08:00")
            try await story.host.runClock()
            #expect(try await shown(story, "ben") == before)
            try story.time("2026-02-03T08:00")
            try await story.host.runClock()
            #expect(try await shown(story, "ben") != before)
            #expect(try held(story, "ben") == 0)
        }
        #expect(try await shown(start, "ben") == shown(office, "ben"))
        #expect(try office.audit().findings == [])
    }

    @Test(
        "R1: a list goes on meaning whom it meant: a new name, a new number or one entry made of two takes nobody off it",
        arguments: ["name", "phone", "merge"])
    func staysMeant(_ change: String) async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        let ben = try office.id("ben")
        let typed = ["name": "Benedict Okafor", "phone": "312-555-0143", "merge": "Bento Ocafor"]
        _ = try await office.service.exclude(
            by: office.id("ada"), relation: .person, typed: try #require(typed[change]), key: "list")
        let maya = try office.service(as: "maya")
        switch change {
        case "name":
            let details = Details(fullName: "Benjamin Newname", surname: "Newname", firstName: "Benjamin")
            #expect(try await maya.correct(ben, details, key: nil).refusal == nil)
        case "phone":
            #expect(try await maya.correct(ben, Details(phone: "312-555-0155"), key: nil).refusal == nil)
        default:
            var twin = NewPerson(
                fullName: "Bento Ocafor", surname: "Ocafor", firstName: "Bento", phone: "312-555-0199",
                roles: [.mentor], field: "nurse", isUnderContract: false, coordinator: try office.id("maya"))
            twin.isAnotherPerson = true
            let entry = try #require(try await maya.add(twin, key: nil).person)
            #expect(try await maya.askToMerge(entry, into: ben, by: office.id("maya"), key: nil).refusal == nil)
            let second = try office.service(as: "omar")
            let act = try #require(try await second.pendingActs().first).act
            let answer = try await second.answerSecondHand(act.id, isConfirmed: true, by: office.id("omar"), key: nil)
            #expect(answer.refusal == nil)
        }
        #expect(try await office.act(.sign, "ada").refused == .cannotGoOn)
    }

    @Test(
        "R1, R14: who is set aside gives the place back with the answer that anybody gets, and takes back as ever what they released to the same person before"
    )
    func answers() async throws {
        let start = try await Office().staffed()
        try await start.go(to: "offered")
        let office = try await start.copy()
        _ = try await office.service.exclude(
            by: office.id("ada"), relation: .person, typed: "Benedict Okafor", key: "list")
        for story in [start, office] {
            try story.time("2026-01-06T08:00")
            try await story.host.runClock()
        }
        let (meant, aside) = (
            try await start.must(.slotUnavailable, "ben"), try await office.must(.slotUnavailable, "ben")
        )
        #expect(meant.state == aside.state)
        let exchange = try await Office.running("structured")
        try await exchange.pair()
        let release = try #require(
            try exchange.service.state(of: exchange.id("ada")).currentRelease(of: exchange.id("ben")))
        // The term runs out, which keeps nobody away; the same mentor says yes again.
        try exchange.time("2026-09-01T09:00")
        try await exchange.host.runClock()
        let ben = try exchange.id("ben")
        try await exchange.must(.rematch, "ada")
        try await exchange.must(.completeSurvey, "ada")
        try await exchange.must(.propose, "maya") { $0.person = ben }
        try await exchange.must(.acceptSlot, "ben")
        _ = try await exchange.service.exclude(
            by: exchange.id("ada"), relation: .person, typed: "Benedict Okafor", key: "list")
        try exchange.time("2026-09-02T09:00")
        try await exchange.host.runClock()
        try await exchange.must(.rescind, "ben") { $0.release = release.id }
        #expect(try exchange.audit().findings == [])
    }

    @Test("R1: no more than twenty names go onto a list in a week; the same name again is there already")
    func twentyAWeek() async throws {
        let office = try await Office().staffed()
        let ben = try office.id("ben")
        func list(_ number: Int) async throws {
            _ = try await office.service.exclude(
                by: ben, relation: .person, typed: "Somebody Number\(number)",
                key: "\(number) \(UInt64.random(in: 0 ... .max))")
        }
        for number in 0..<20 { try await list(number) }
        try await list(3)
        await #expect(throws: FieldProblem.self) { try await list(20) }
        try office.time("2026-01-12T09:00")
        try await list(20)
    }

    @Test("R1: a coordinator who withdraws such a proposal at once tells the mentor no more than the morning does")
    func withdrawn() async throws {
        let start = try await Office().staffed()
        try await start.go(to: "offered")
        let before = try await shown(start, "ben")
        _ = try await start.service.exclude(
            by: start.id("ben"), relation: .person, typed: "Ada Fairweather", key: "list")
        for kind in [CommandKind.withdrawProposal, .slotUnavailable] {
            let office = try await start.copy()
            try await office.must(kind, "maya")
            #expect(try await shown(office, "ben") == before)
            #expect(try held(office, "ben") == 1)
            // He may give his place back, as anybody who said yes.
            try await office.must(.slotUnavailable, "ben")
            #expect(try held(office, "ben") == 0)
            #expect(try await shown(office, "ben") != before)
        }
        // Without a list a withdrawal frees the place, as ever.
        let free = try await Office().staffed()
        try await free.go(to: "offered")
        try await free.must(.withdrawProposal, "maya")
        #expect(try held(free, "ben") == 0)
    }

    @Test("R1, R22: a draft that is declined takes the places that were held for it along, and leaves nothing")
    func declined() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        _ = try await office.service.exclude(
            by: office.id("ada"), relation: .person, typed: "Benedict Okafor", key: "list")
        try office.time("2026-01-06T08:00")
        try await office.host.runClock()
        #expect(try held(office, "ben") == 1)
        try await office.must(.decline, "ada")
        #expect(try held(office, "ben") == 0)
        #expect(try await office.act(.slotUnavailable, "ben").refused == .outdated)
    }
}
