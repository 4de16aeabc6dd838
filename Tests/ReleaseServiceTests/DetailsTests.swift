import FolderDriver
import Foundation
import PhoneNumbers
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

/// People with the wrong number, the wrong name, or two entries (R4, R8, R34).
@Suite("Details put right")
struct DetailsTests {
    private static let words = LetterWords(
        subject: "s", notice: "{notice}", link: "{url}", changed: "changed", confirm: "{url}", number: "Call {number}")

    /// Ada's newest release.
    private func release(_ office: Office) throws -> ReleaseID {
        let ada = try office.id("ada")
        return try #require(try office.service.state(of: ada).currentRelease(of: ada)).id
    }

    @Test(
        "R4, R8 m07.1: a number that is wrong before anything is signed is put right without a signature, by the person or by who records for them; what is signed next shows it"
    )
    func beforeSigning() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        let ada = try office.id("ada")
        let records = try office.store.read { try $0.logSize() }
        let done = try await office.must(.correct, "ada") { $0.corrections.phone = "312-555-0111" }
        #expect(done.state == "offered" && done.records.isEmpty)
        #expect(try office.store.read { try $0.logSize() } == records)
        let text = try await office.service.releaseText(of: ada, workflow: "mentorship", for: ada)
        #expect(text.values.contains { $0.text == "+13125550111" })
        try await office.must(.correct, "ada", via: .phone, through: "maya") { $0.corrections.phone = "312-555-0112" }
        try await office.must(.sign, "ada")
        try await office.must(.disclose, "maya")
        #expect(try await office.look("ben").contact?.phone.e164 == "+13125550112")
        #expect(try office.audit().isVerified)
    }

    @Test(
        "R4, R8: what staff put right changes whom the office dials and what the next form shows, never a card or a signed text"
    )
    func byStaff() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let ada = try office.id("ada")
        let maya = try office.service(as: "maya")
        let signed = try release(office)
        let copy = try await office.service.copy(of: signed, for: ada)
        let done = try await maya.correct(
            ada, Details(fullName: "Ada Newname", surname: "Newname", phone: "312-555-0112"), key: nil)
        #expect(done.refusal == nil && done.records.isEmpty)
        #expect(try await office.look("ben").contact?.phone.e164 == "+13125550142")
        #expect(try await office.service.copy(of: signed, for: ada) == copy)
        let identity = try #require(try await maya.identity(of: ada))
        #expect(identity.fullName == "Ada Newname" && identity.phone == "+13125550112")
        #expect(try identity.numberEntered == .init(by: office.id("maya"), on: office.clock.now().date))
        #expect(try await maya.find(phone: "312-555-0112") == [ada])
        #expect(try await maya.find(phone: "312-555-0142").isEmpty)
        // A corrected release shows the new ones, signed with nothing typed.
        try await office.must(.correct, "ada")
        #expect(try await office.look("ben").contact?.phone.e164 == "+13125550112")
        let text = try await office.service.copy(of: release(office), for: ada)
        #expect(text.contains("Ada Newname"))
        #expect(try office.audit().isVerified)
    }

    @Test(
        "R4: a change by staff is told at the old number by somebody else, by mail where there is an address, and holds signing on screen; one's own does not"
    )
    func told() async throws {
        let office = try await Office().staffed()
        let accounts = try Accounts(office.host, cost: 1 << 4)
        let (ada, maya) = (try office.id("ada"), try office.id("maya"))
        let (own, staff) = (try office.service(as: "ada"), try office.service(as: "maya"))
        try await accounts.setAddress(of: ada, to: "ada@example.org", by: .person(maya, .staff))
        try await accounts.confirmIssue(ada, reached: .face, by: .person(office.id("omar"), .staff))
        #expect(try await own.correct(ada, Details(phone: "312-555-0110"), key: nil).refusal == nil)
        #expect(try await !accounts.summary(of: ada, by: .person(maya, .staff)).isHeld)
        #expect(try await own.identity(of: ada)?.numberEntered?.by == ada)
        #expect(try await staff.correct(ada, Details(phone: "312-555-0111"), key: nil).refusal == nil)
        #expect(try await accounts.account(of: ada, by: .person(maya, .staff)).issue?.hands == [maya])
        #expect(try await accounts.summary(of: ada, by: .person(maya, .staff)).isHeld)
        let outbox = try await office.service.outbox()
        #expect(outbox.contains { $0.access == .changed(former: "ada@example.org") })
        #expect(outbox.contains { $0.access == .numberChanged(former: "+13125550110", by: maya) })
        let letters = Outbox(office.host, mailer: nil, words: Self.words, url: "https://x")
        let omar = try office.id("omar")
        #expect(try await letters.toPassOn(by: .person(omar, .staff)).contains { $0.text == "Call +13125550110" })
        #expect(try await !letters.toPassOn(by: .person(maya, .staff)).contains { $0.text.contains("0110") })
        // What changes neither a name nor a number is told to nobody.
        #expect(try await staff.correct(ada, Details(field: "pharmacist"), key: nil).refusal == nil)
        #expect(try await office.service.outbox().count == outbox.count)
    }

    @Test("the same values again are nothing to correct, in a form and in a signature; nobody is told anything")
    func nothing() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let ada = try office.id("ada")
        let before = try office.store.read { try $0.logSize() }
        for details in [
            Details(phone: "(312) 555-0142"), Details(fullName: "Ada  Fairweather"), Details(field: "nurse"),
        ] {
            let problem = await #expect(throws: FieldProblem.self) {
                try await office.service(as: "maya").correct(ada, details, key: nil)
            }
            #expect(problem?.expected.contains("nothing to correct") == true)
        }
        for change in [("312-555-0142", nil), (nil, "Ada"), (nil, nil)] as [(String?, String?)] {
            let problem = await #expect(throws: FieldProblem.self) {
                try await office.act(.correct, "ada") {
                    ($0.corrections.phone, $0.corrections.firstName) = (change.0, change.1)
                }
            }
            #expect(problem?.expected.contains("nothing to correct") == true)
        }
        #expect(try office.store.read { try $0.logSize() } == before)
    }

    @Test("R4: strangers, other coordinators and the person's mentor put nothing right; nobody gives themselves a role")
    func whoMay() async throws {
        let office = try await Office().staffed()
        let ada = try office.id("ada")
        for name in ["omar", "ben", "eve"] {
            let outcome = try await office.service(as: name).correct(ada, Details(phone: "312-555-0199"), key: nil)
            #expect(outcome.refused == .notFound)
        }
        #expect(try await office.service(as: "ada").correct(ada, Details(role: .mentor), key: nil).refused == .notFound)
        #expect(try await office.service(as: "maya").correct(ada, Details(role: .mentor), key: nil).refusal == nil)
        #expect(try await office.service.identity(of: ada)?.roles == [.participant, .mentor])
        await #expect(throws: FieldProblem.self) {
            try await office.service(as: "maya").correct(ada, Details(role: .administrator), key: nil)
        }
    }

    // MARK: Two entries of one person

    private func person(_ office: Office, coordinator: String = "maya") throws -> NewPerson {
        NewPerson(
            fullName: "Ada Fairweather", surname: "Fairweather", firstName: "Ada", phone: "312-555-0142",
            roles: [.participant], field: "nurse", isUnderContract: true, coordinator: try office.id(coordinator))
    }

    @Test(
        "R34: somebody of the same name and number is asked about, among one's own people; said to be another person, they are entered"
    )
    func duplicate() async throws {
        let office = try await Office().staffed()
        let maya = try office.service(as: "maya")
        var new = try person(office)
        let problem = await #expect(throws: FieldProblem.self) { try await maya.add(new, key: nil) }
        #expect(problem?.field == "anotherPerson" && problem?.description.contains("Ada") == false)
        #expect(try await maya.find(name: "Ada Fairweather").count == 1)
        new.isAnotherPerson = true
        #expect(try await maya.add(new, key: nil).refusal == nil)
        #expect(try await maya.find(name: "Ada Fairweather").count == 2)
        // One who only shares the number, or the name, is nobody's twin.
        new.isAnotherPerson = false
        new.fullName = "Adam Fairweather"
        #expect(try await maya.add(new, key: nil).refusal == nil)
    }

    @Test(
        "R34: a namesake of somebody else's is entered without a word; the administrator reads that there are two entries to look at, and nobody else"
    )
    func elsewhere() async throws {
        let office = try await Office().staffed()
        try await office.add(
            "pia", "Pia Brandt", "Brandt", first: "Pia", phone: "312-555-0103", roles: [.administrator])
        let omar = try office.service(as: "omar")
        #expect(try await omar.add(person(office, coordinator: "omar"), key: nil).refusal == nil)
        let alike = try await office.service(as: "pia").lookAlikes()
        #expect(alike.map(\.name) == ["Ada Fairweather"])
        #expect(Set(alike[0].coordinators) == ["Maya Lindqvist", "Omar Haddad"])
        for name in ["maya", "omar", "ada"] {
            await #expect(throws: Refusal.notFound) { try await office.service(as: name).lookAlikes() }
        }
        #expect(try await omar.dismissLookAlikes(alike[0].people, key: nil).refused == .notFound)
        #expect(try await office.service(as: "pia").dismissLookAlikes(alike[0].people, key: nil).refusal == nil)
        #expect(try await office.service(as: "pia").lookAlikes().isEmpty)
    }

    @Test(
        "R34: an entry that has signed nothing, cannot sign in and has nothing open becomes part of the other, by two hands; what it has besides is kept"
    )
    func merge() async throws {
        let office = try await Office().staffed()
        var new = try person(office)
        new.isAnotherPerson = true
        new.roles = [.participant, .mentor]
        let (maya, ada) = (try office.service(as: "maya"), try office.id("ada"))
        let twin = try #require(try await maya.add(new, key: nil).person)
        _ = try await office.service.exclude(by: twin, relation: .person, typed: "Benedict Okafor", key: nil)
        let asked = try await maya.askToMerge(twin, into: ada, by: office.id("maya"), key: nil)
        #expect(asked.refusal == nil && asked.state == "waits")
        let omar = try office.service(as: "omar")
        let waiting = try #require(try await omar.pendingActs().first)
        #expect(try await omar.entries(of: waiting.act).map(\.roles) == [[.participant, .mentor], [.participant]])
        let own = try await maya.answerSecondHand(waiting.act.id, isConfirmed: true, by: office.id("maya"), key: nil)
        #expect(own.refused == .needsSecondHand)
        #expect(
            try await omar.answerSecondHand(waiting.act.id, isConfirmed: true, by: office.id("omar"), key: nil).refusal
                == nil)
        #expect(try await office.service.identity(of: twin) == nil)
        #expect(try await office.service.identity(of: ada)?.roles == [.participant, .mentor])
        #expect(try await maya.find(name: "Ada Fairweather") == [ada])
        // The list of the entry that is gone holds.
        try await office.go(to: "surveyed")
        let ben = try office.id("ben")
        #expect(try await office.act(.propose, "maya") { $0.person = ben }.refused == .cannotBringTogether)
        #expect(try office.audit().isVerified)
    }

    @Test(
        "R34: nobody is merged away who has signed, can sign in, or has or had something open",
        arguments: ["signed", "account", "open", "proposed"])
    func notMerged(_ why: String) async throws {
        let office = try await Office().staffed()
        var new = try person(office)
        new.isAnotherPerson = true
        new.roles = [.participant, .mentor]
        let (maya, staff) = (try office.service(as: "maya"), try office.id("maya"))
        let twin = try #require(try await maya.add(new, key: nil).person)
        office.people["twin"] = twin
        switch why {
        case "account":
            try await Accounts(office.host, cost: 1 << 4).setAddress(
                of: twin, to: "a@example.org", by: .person(staff, .staff))
        case "open": try await office.must(.request, "twin", on: "twin")
        default:
            _ = try await office.service.enroll(
                twin, attestation: Attestation(attributes: [.inStanding], fields: ["nurse"]), capacity: 1, by: staff,
                key: nil)
            _ = try await office.service.acknowledge(
                Actor(.person(twin), channel: .screen), display: "Ada F.", key: nil)
        }
        if why == "proposed" {
            try await office.go(to: "surveyed", "eve")
            try await office.must(.propose, "maya", on: "eve") { $0.person = twin }
        }
        let outcome = try await maya.askToMerge(twin, into: office.id("ada"), by: staff, key: nil)
        #expect(outcome.refused == .stillOpen)
        #expect(try await office.service.identity(of: twin) != nil)
    }
}
