import FolderDriver
import Foundation
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

/// Everything that goes wrong in an office on one day, and what comes of it.
@Suite("An ordinary bad day")
struct BadDayTests {
    @Test(
        "a clock that is years ahead for one start ends nothing by itself: it is asked about, people take back meanwhile, and what is due is done once an administrator has said that it is right; a week ahead asks nobody"
    )
    func clockAhead() async throws {
        let office = try await Office().staffed()
        try await office.add(
            "iris", "Iris Novak", "Novak", first: "Iris", phone: "312-555-0190", roles: [.administrator])
        try await office.go(to: "introduced")
        try await office.go(to: "introduced", "eve", with: "cleo")
        func opened(at time: String) async throws -> Office {
            let copy = try await office.copy()
            try copy.store.close()
            return try await Office(
                opening: copy.path, at: #require(office.calendar.instant(ofLocal: time)), people: office.people,
                asksAboutClock: true)
        }
        let near = try await opened(at: "2026-01-12T08:00")
        #expect(!near.host.asksAboutClock)

        let ahead = try await opened(at: "2029-06-01T09:00")
        #expect(ahead.host.asksAboutClock)
        let before = try ahead.audit().recordCount
        try await ahead.host.runClock()
        try await ahead.must(.rescind, "ada")
        #expect(try ahead.audit().recordCount == before + 1, "the rescission, and nothing else")
        #expect(try ahead.service.state(of: ahead.id("eve")).currentRelease?.isLive == true)
        await #expect(throws: (any Error).self, "what has run out by that clock is shown to nobody") {
            try await ahead.look("cleo", on: "eve")
        }
        for name in ["maya", "ada"] {
            await #expect(throws: Refusal.notFound) {
                try await ahead.host.confirmClock(by: .person(ahead.id(name), .staff))
            }
        }
        try await ahead.host.confirmClock(by: .person(ahead.id("iris"), .staff))
        #expect(!ahead.host.asksAboutClock)
        try await ahead.host.runClock()
        #expect(try ahead.service.state(of: ahead.id("eve")).currentRelease?.isLive == false)
        #expect(try ahead.audit().isVerified)
    }

    @Test(
        "R4, R8, R28, R32, R34, R35, R37: a wrong number, a wrong Ada, a double entry, a lost printout, a mentor who died, a scan in the wrong case and a court that asks: each is put right, nobody's card shows what it must not, and the log verifies"
    )
    func day() async throws {
        let office = try await Office().staffed()
        let (maya, omar) = (try office.id("maya"), try office.id("omar"))
        let (first, second) = (try office.service(as: "maya"), try office.service(as: "omar"))
        let ada = try office.id("ada")

        // A wrong number, found while the release is on the table.
        try await office.go(to: "offered")
        #expect(try await first.correct(ada, Details(phone: "312-555-0111"), key: nil).refusal == nil)

        // A double entry: asked about, said to be another person by mistake, and made one with the first by two hands.
        var twin = NewPerson(
            fullName: "Ada Fairweather", surname: "Fairweather", firstName: "Ada", phone: "312-555-0111",
            roles: [.participant], field: "nurse", isUnderContract: true, coordinator: maya)
        let asked = await #expect(throws: FieldProblem.self) { try await first.add(twin, key: nil) }
        #expect(asked?.field == "anotherPerson")
        twin.isAnotherPerson = true
        let entry = try #require(try await first.add(twin, key: nil).person)
        #expect(try await first.askToMerge(entry, into: ada, by: maya, key: nil).state == "waits")
        let merge = try #require(try await second.pendingActs().first).act
        #expect(try await second.answerSecondHand(merge.id, isConfirmed: true, by: omar, key: nil).refusal == nil)
        #expect(try await first.find(name: "Ada Fairweather") == [ada])

        // A scan in the wrong case: Ada's form is filed for Eve, is of another form, and records nothing.
        try await office.go(to: "offered", "eve", with: "cleo")
        let form = try await office.paper()
        let size = try office.store.read { try $0.logSize() }
        let digest = try await office.service.releaseText(of: ada, workflow: "mentorship", for: ada).digest
        let wrong = await #expect(throws: FieldProblem.self) {
            try await office.act(.sign, "eve", on: "eve", via: .paper, through: "maya") {
                $0.signing?.paper = form
                $0.signing?.formDigest = digest
            }
        }
        #expect(wrong?.field == "digest")
        #expect(try office.store.read { try $0.logSize() } == size)
        try await office.must(.sign, "ada", via: .paper, through: "maya") { $0.signing?.paper = form }
        let again = await #expect(throws: FieldProblem.self) {
            try await office.act(.sign, "eve", on: "eve", via: .paper, through: "maya") { $0.signing?.paper = form }
        }
        #expect(again?.field == "scan")
        try await office.must(.disclose, "maya")
        #expect(try await office.look("ben").contact?.phone.e164 == "+13125550111")

        // A lost printout: printed again for its reader, and Ada reads that it was. It may have been found: an incident.
        let handle = try #require(
            try await first.board(of: maya, after: nil, count: 9).lines.first { $0.opener == ada }
        )
        .handle
        #expect(try await first.printCard(handle, for: .mentor).contact != nil)
        #expect(try await office.service(as: "ada").disclosures(of: ada).last?.isPrinted == true)
        let today = try await first.today()
        _ = try await first.reportIncident(
            .paperLost, of: [ada], discoveredOn: today, closesCards: false, by: maya, key: nil)
        #expect(try await office.look("ben").contact != nil, "what nobody asked to close stays open")

        // The wrong Ada: somebody else's call is taken down for nobody but the one who has name and number.
        let call = TelephoneCall(.takeBack, fullName: "Ada Fairweather", phone: "312-555-0142")
        #expect(try await second.takeDown(call, key: nil).refused == .notFound, "the number was put right")
        #expect(try await office.look("ben").contact != nil)

        // A court asks with a subpoena alone, and then with an order too.
        #expect(throws: FieldProblem.self) {
            try ProductionGround(parsing: "courtOrder", orderOn: nil, subpoenaOn: today, today: today)
        }
        let ground = try ProductionGround(parsing: "courtOrder", orderOn: today, subpoenaOn: today, today: today)
        #expect(try await first.askToProduce(ada, ground, by: maya, key: nil).state == "waits")
        let production = try #require(try await second.pendingActs().first).act
        #expect(try await second.answerSecondHand(production.id, isConfirmed: true, by: omar, key: nil).refusal == nil)
        let files = try await first.produced(production.id, for: maya)
        #expect(files.contains { $0.name == "release-1.txt" } && files.contains { $0.name == "release-1-scan.pdf" })

        // A mentor who died: every card that he reads closes, and no letter goes to him.
        #expect(try await first.suspend(office.id("ben"), .deceased, by: maya, key: nil).refusal == nil)
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        await #expect(throws: Refusal.cardClosed) { try await first.printCard(handle, for: .mentor) }
        #expect(try await !office.service.outbox().contains { $0.to == (try? office.id("ben")) })
        #expect(try office.audit().findings == [])
    }
}
