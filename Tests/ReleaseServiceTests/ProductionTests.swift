import Foundation
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

/// Signed papers handed out; and a card printed again (R28, R35).
@Suite("Papers that somebody wants back")
struct ProductionTests {
    @Test(
        "R35: what somebody signed is handed out by two hands, with its records and scan, without the code and without the accesses; a stranger takes nothing, and after fourteen days nobody does"
    )
    func produced() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        let signed = try await office.must(.sign, "ada", via: .paper, through: "maya")
        let code = try #require(signed.rescindCode)
        try await office.must(.disclose, "maya")
        _ = try await office.look("ben")
        let (ada, maya, omar) = (try office.id("ada"), try office.id("maya"), try office.id("omar"))
        let (first, second) = (try office.service(as: "maya"), try office.service(as: "omar"))
        #expect(try await first.askToProduce(ada, .personAsked, by: maya, key: nil).state == "waits")
        #expect(try await first.productions(of: maya).isEmpty)
        let act = try #require(try await second.pendingActs().first).act
        #expect(act.ground == .personAsked)
        #expect(
            try await first.answerSecondHand(act.id, isConfirmed: true, by: maya, key: nil).refused == .needsSecondHand)
        #expect(try await second.answerSecondHand(act.id, isConfirmed: true, by: omar, key: nil).refusal == nil)
        for (service, staff) in [(first, maya), (second, omar)] {
            #expect(try await service.productions(of: staff).map(\.name) == ["Ada Fairweather"])
            let files = try await service.produced(act.id, for: staff)
            #expect(files.map(\.name).prefix(2) == ["release-1.txt", "release-1-scan.pdf"])
            #expect(files.count { $0.name.contains("record") } == 2 && files.count { $0.name.contains("proof") } == 2)
            let text = files.map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
            #expect(text.contains("I, Ada Fairweather, permit") && !text.contains(code))
            #expect(!text.contains("5550142"), "the values stand in no text that is signed")
        }
        for name in ["ada", "ben"] {
            await #expect(throws: Refusal.notFound) {
                try await office.service(as: name).productions(of: office.id(name))
            }
        }
        await #expect(throws: Refusal.notFound) { try await second.produced(act.id, for: maya) }
        try office.time("2026-01-19T10:00")
        #expect(try await first.produced(act.id, for: maya).count == 6)
        try office.time("2026-01-20T10:00")
        await #expect(throws: Refusal.notFound) { try await first.produced(act.id, for: maya) }
    }

    @Test(
        "R35, 42 CFR 2.61: a subpoena alone is no ground, nor an order alone; both days are needed and neither lies ahead"
    )
    func grounds() throws {
        let today = try #require(CivilDate(parsing: "2026-01-05"))
        let (day, later) = (today.adding(days: -3), today.adding(days: 1))
        for (order, subpoena, field) in [
            (nil, day, "orderOn"), (nil, nil, "orderOn"), (day, nil, "subpoenaOn"), (later, day, "orderOn"),
            (day, later, "subpoenaOn"),
        ] as [(CivilDate?, CivilDate?, String)] {
            let problem = #expect(throws: FieldProblem.self) {
                try ProductionGround(parsing: "courtOrder", orderOn: order, subpoenaOn: subpoena, today: today)
            }
            #expect(problem?.field == field)
        }
        #expect(
            try ProductionGround(parsing: "courtOrder", orderOn: day, subpoenaOn: day, today: today)
                == .courtOrder(on: day, subpoenaOn: day))
        for name in ["personAsked", "auditOrEvaluation", "breach"] {
            #expect(try ProductionGround(parsing: name, orderOn: nil, subpoenaOn: nil, today: today).name == name)
            #expect(throws: FieldProblem.self) {
                try ProductionGround(parsing: name, orderOn: nil, subpoenaOn: day, today: today)
            }
        }
        #expect(throws: FieldProblem.self) {
            try ProductionGround(parsing: "subpoena", orderOn: nil, subpoenaOn: day, today: today)
        }
    }

    @Test(
        "R35: who is neither the person's coordinator nor an administrator asks for nothing, and nobody for themselves")
    func whoMay() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try await office.add(
            "pia", "Pia Brandt", "Brandt", first: "Pia", phone: "312-555-0103", roles: [.administrator])
        let ada = try office.id("ada")
        for name in ["omar", "ben", "ada"] {
            let outcome = try await office.service(as: name).askToProduce(ada, .breach, by: office.id(name), key: nil)
            #expect(outcome.refused == .notFound)
        }
        let pia = try office.service(as: "pia")
        #expect(try await pia.askToProduce(ada, .auditOrEvaluation, by: office.id("pia"), key: nil).state == "waits")
    }

    @Test(
        "real-mphp2.2, R28: a live card is printed again for its reader, before and after the hand-off; the signer reads that it was, and nobody else can"
    )
    func printedAgain() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let (ada, maya) = (try office.id("ada"), try office.id("maya"))
        let staff = try office.service(as: "maya")
        let handle = try #require(try await staff.board(of: maya, after: nil, count: 10).lines.first).handle
        #expect(try await staff.page(handle, of: maya).isPrintable)
        #expect(try await staff.printCard(handle, for: .mentor).contact?.phone.e164 == "+13125550142")
        try office.time("2026-01-14T09:00")
        try await office.host.runClock()
        #expect(try await staff.printCard(handle, for: .mentor).contact != nil)
        let given = try await office.service(as: "ada").disclosures(of: ada)
        #expect(given.map(\.isPrinted) == [false, true, true])
        #expect(given.allSatisfy { $0.recipient == "Ben X." && $0.fields == [.firstName, .phone] })
        #expect(given.allSatisfy { $0.purpose == .firstCallAndMeeting })
        #expect(given.map(\.on.description) == ["2026-01-05", "2026-01-05", "2026-01-14"])
        for name in ["omar", "ben", "ada"] {
            await #expect(throws: Refusal.notFound) {
                try await office.service(as: name).printCard(handle, for: .mentor)
            }
        }
        await #expect(throws: Refusal.cardClosed) { try await staff.printCard(handle, for: .mentee) }
        try await office.must(.rescind, "ada")
        await #expect(throws: Refusal.cardClosed) { try await staff.printCard(handle, for: .mentor) }
        #expect(try await office.service(as: "ada").disclosures(of: ada) == given)
        #expect(try await office.service(as: "ada").accounting(of: ada).isEmpty, "nobody opened it on a screen")
    }

    @Test(
        "R37: an incident names a kind and people and no more; their cards close at once, they are told, and sixty days are an administrator's duty until everybody was"
    )
    func incident() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try await office.add(
            "pia", "Pia Brandt", "Brandt", first: "Pia", phone: "312-555-0103", roles: [.administrator])
        let (ada, maya, pia) = (try office.id("ada"), try office.id("maya"), try office.id("pia"))
        let (staff, administrator) = (try office.service(as: "maya"), try office.service(as: "pia"))
        let today = try await office.service.today()
        let ahead = await #expect(throws: FieldProblem.self) {
            try await staff.reportIncident(
                .paperLost, of: [ada], discoveredOn: today.adding(days: 1), closesCards: true, by: maya, key: nil)
        }
        #expect(ahead?.field == "discoveredOn")
        _ = try await office.look("ben")
        let reported = try await staff.reportIncident(
            .paperLost, of: [ada], discoveredOn: today, closesCards: true, by: maya, key: nil)
        let id = try #require(reported.state)
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        #expect(try await office.service.outbox().contains { $0.to == ada && $0.notice == .incident })
        #expect(try await office.service(as: "ada").ownIncidents(of: ada).map(\.kind) == [.paperLost])
        let duty = try #require(try await administrator.incidents(for: pia).first)
        #expect(duty.incident.dueOn == today.adding(days: 60) && duty.names == [ada: "Ada Fairweather"])
        await #expect(throws: FieldProblem.self) {
            try await administrator.settleIncident(id, told: nil, by: pia, key: nil)
        }
        for name in ["omar", "ben", "ada"] {
            let stranger = try office.id(name)
            #expect(
                try await office.service(as: name).settleIncident(id, told: ada, by: stranger, key: nil).refused
                    == .notFound)
        }
        #expect(try await office.service(as: "omar").incidents(for: office.id("omar")).isEmpty)
        #expect(try await staff.settleIncident(id, told: ada, by: maya, key: nil).refusal == nil)
        #expect(try await administrator.settleIncident(id, told: nil, by: pia, key: nil).refusal == nil)
        #expect(try await administrator.incidents(for: pia).first?.incident.settledOn == today)
        #expect(try office.audit().findings == [])
    }
}
