import ReleaseLedger
import ReleaseWorkflow
import Testing

@testable import ReleaseService

@Suite("On the telephone")
struct TelephoneTests {
    @Test(
        "R21: whichever coordinator answers takes a rescission down for who says full name and number: card closed, the person and the one they are assigned to told, and the answer is the same where there is nothing"
    )
    func whicheverCoordinator() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        _ = try await office.look("ben")
        let omar = try office.service(as: "omar")
        let ada = TelephoneCall(.takeBack, fullName: "Ada Fairweather", phone: "312 555 0142")
        let first = try await omar.takeDown(ada, key: "one")
        #expect(first.refusal == nil)
        #expect(
            Set(first.notices) == [
                Telling(role: .mentee, notice: .actedForYou), Telling(role: .mentor, notice: .rescinded),
                Telling(role: .coordinator, notice: .takenDown),
            ])
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        // The next day, nothing is left: the answer is the same.
        let second = try await omar.takeDown(ada, key: "two")
        #expect(second.refusal == nil && second.state == first.state && second.person == first.person)
        let nobody = try await omar.takeDown(
            TelephoneCall(.takeBack, fullName: "Evelyn Castellanos", phone: "312-555-0146"), key: "three")
        #expect(nobody.refusal == nil && nobody.state == first.state && nobody.notices.isEmpty)
        #expect(try office.audit().findings == [])
    }

    @Test(
        "R21: a name without its number, a number without its name, the caller themselves and a caller who is no coordinator are not found, and nothing happens"
    )
    func notFound() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let omar = try office.service(as: "omar")
        for call in [
            TelephoneCall(.takeBack, fullName: "Ada Fairweather", phone: "312-555-0143"),
            TelephoneCall(.takeBack, fullName: "Fairweather", phone: "312-555-0143"),
            TelephoneCall(.takeBack, fullName: "Nobody Known", phone: "312-555-0142"),
            TelephoneCall(.takeBack, fullName: "Omar Haddad", phone: "312-555-0101"),
        ] {
            #expect(try await omar.takeDown(call, key: nil).refused == .notFound)
        }
        let ada = TelephoneCall(.takeBack, fullName: "Ada Fairweather", phone: "312-555-0142")
        #expect(try await office.service(as: "eve", .person).takeDown(ada, key: nil).refused == .notFound)
        #expect(try await office.service(as: "maya", .person).takeDown(ada, key: nil).refused == .notFound)
        await #expect(throws: FieldProblem.self) {
            try await omar.takeDown(TelephoneCall(.takeBack, fullName: "Ada Fairweather", phone: "my phone"), key: nil)
        }
        #expect(try await office.look("ben").contact != nil)
    }

    @Test(
        "R21: what was released in rounds that are over is taken back with what is live, or only what names the person on the form; a new search goes on"
    )
    func everythingOrOne() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced", with: "ben")
        try await office.must(.end, "ada")
        try await office.must(.rematch, "ada")
        let omar = try office.service(as: "omar")
        func call(_ recipient: String?) -> TelephoneCall {
            TelephoneCall(.takeBack, fullName: "Ada Fairweather", phone: "312-555-0142", recipient: recipient)
        }
        #expect(try await omar.takeDown(call("Cleo X."), key: nil).records.isEmpty)
        #expect(try await omar.takeDown(call("ben x."), key: nil).records.count == 1)
        #expect(try await omar.takeDown(call(nil), key: nil).records.isEmpty)
        #expect(try await office.must(.completeSurvey, "ada").state == "surveyed")
        #expect(try office.audit().findings == [])
    }

    @Test(
        "R21: a name takes back what was released to that person alone, however it is spelled, and leaves the live one")
    func oneOfTwo() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced", with: "ben")
        try await office.goAgain(to: "introduced", with: "cleo")
        let omar = try office.service(as: "omar")
        let call = TelephoneCall(
            .takeBack, fullName: "Ada Fairweather", phone: "312-555-0142", recipient: " BEN  x. ")
        #expect(try await omar.takeDown(call, key: nil).records.count == 1)
        #expect(try await office.look("cleo").contact != nil)
        #expect(try await omar.takeDown(call, key: nil).records.isEmpty)
        #expect(try await office.look("cleo").contact != nil)
    }

    @Test("R21: who has no end of their own leaves by telephone by taking back what they released")
    func mentorOfAnExchange() async throws {
        let office = try await Office.running("structured")
        try await office.pair()
        try await office.add(
            "olaf", "Olaf Brandt", "Brandt", first: "Olaf", phone: "312-555-0188", roles: [.coordinator])
        let ben = try #require(try await office.service.identity(of: office.id("ben")))
        let call = TelephoneCall(.end, fullName: ben.fullName, phone: ben.phone)
        #expect(try await office.service(as: "olaf").takeDown(call, key: nil).refusal == nil)
        for reader in ["ada", "ben"] { await #expect(throws: Refusal.cardClosed) { _ = try await office.look(reader) } }
    }

    @Test("R21: an end and a request to be called are taken down too; nobody takes anything down for a pair of theirs")
    func endAndCallBack() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let omar = try office.service(as: "omar")
        let wanted = try await omar.takeDown(
            TelephoneCall(.callBack, fullName: "Ada Fairweather", phone: "312-555-0142"), key: nil)
        #expect(wanted.notices.filter { $0.notice == .callBackAsked }.count == 1)
        let ben = TelephoneCall(.end, fullName: "Benedict Okafor", phone: "312-555-0143")
        #expect(try await omar.takeDown(ben, key: nil).refusal == nil)
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }

        // A coordinator who mentors records nothing for the one whom they mentor (DER-18).
        let other = try await Office().staffed()
        try await other.add(
            "pat", "Patricia Lowell", "Lowell", first: "Pat", phone: "312-555-0170", roles: [.coordinator, .mentor],
            coordinator: "omar")
        _ = try await other.service.enroll(
            other.id("pat"), attestation: Attestation(attributes: [.inStanding], fields: ["nurse"]), capacity: 1,
            by: other.id("omar"), key: nil)
        let signed = try await other.service.acknowledge(
            Actor(.person(other.id("pat")), channel: .screen), display: "Pat L.", key: nil)
        #expect(signed.refusal == nil)
        try await other.go(to: "introduced", with: "pat")
        let pat = try other.service(as: "pat")
        let ada = TelephoneCall(.takeBack, fullName: "Ada Fairweather", phone: "312-555-0142")
        #expect(try await pat.takeDown(ada, key: nil).records.isEmpty)
        #expect(try await other.look("pat").contact != nil)
    }

    @Test("R21: every call is journaled; from the eleventh of a day on somebody else has to look at it")
    func journaled() async throws {
        let office = try await Office().staffed()
        let omar = try office.service(as: "omar")
        for number in 1...12 {
            let call = TelephoneCall(.takeBack, fullName: "Ada Fairweather", phone: "312-555-0142")
            #expect(try await omar.takeDown(call, key: "\(number)").refusal == nil)
        }
        let lines = try await office.service.journal().map(\.attempt)
        #expect(lines.filter { $0 == "takenDown" }.count == 10)
        #expect(lines.filter { $0 == "takenDown.lookAgain" }.count == 2)
        try office.time("2026-01-06T09:00")
        let call = TelephoneCall(.takeBack, fullName: "Ada Fairweather", phone: "312-555-0142")
        _ = try await omar.takeDown(call, key: "another day")
        #expect(try await office.service.journal().filter { $0.attempt == "takenDown" }.count == 11)
    }
}
