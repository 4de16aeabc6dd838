import Foundation
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

@Suite("A mentorship, end to end")
struct MentorshipTests {
    @Test(
        "MPHP-20, MPHP-21, MPHP-35, MPHP-36, MPHP-38: after the signature and the coordinator's act, first name and phone cross, to that mentor alone"
    )
    func crossing() async throws {
        let office = try await Office().staffed()
        let signed = try await office.go(to: "signed")
        #expect(signed.records.count == 1)
        await #expect(throws: Refusal.notFound, "not even that there is a release") { try await office.look("ben") }
        try await office.must(.disclose, "maya")
        let view = try await office.look("ben")
        #expect(view.contact?.firstName.text == "Ada")
        #expect(view.contact?.phone.e164 == "+13125550142")
        #expect(view.notice == RedisclosureNotice.text)
        await #expect(throws: Refusal.notFound) { try await office.look("cleo") }
        await #expect(throws: Refusal.notFound) { try await office.look("ada") }
        await #expect(throws: Refusal.notFound) { try await office.look("maya") }
        #expect(try office.audit().findings == [])
    }

    @Test(
        "MPHP-46, MPHP-48, MPHP-50, A-11, A-12: an end by either side closes the card at once; the rescission is recorded after it"
    )
    func ending() async throws {
        for party in ["ada", "ben"] {
            let office = try await Office().staffed()
            try await office.go(to: "introduced")
            _ = try await office.look("ben")
            let ended = try await office.must(.end, party)
            #expect(Set(ended.notices.map(\.role)) == [.mentee, .mentor])
            await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
            let rescinded = try await office.must(.rescind, "ada")
            #expect(rescinded.records.count == 1)
            // What is taken back already is answered as done.
            #expect(try await office.must(.rescind, "ada").records == [])
            #expect(try office.audit().findings == [])
        }
    }

    @Test("MPHP-51, MPHP-28: a rematch needs a new release, and the last mentor is not proposed again")
    func rematch() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try await office.must(.rescind, "ada")
        try await office.must(.rematch, "ada")
        try await office.must(.completeSurvey, "ada")
        let (ben, cleo) = (try office.id("ben"), try office.id("cleo"))
        let refused = try await office.act(.propose, "maya") { $0.person = ben }
        #expect(refused.refusalCode == "cannotBringTogether")
        try await office.must(.propose, "maya") { $0.person = cleo }
        try await office.must(.acceptSlot, "cleo")
        try await office.must(.offer, "maya")
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        await #expect(throws: Refusal.notFound) { try await office.look("cleo") }
        try await office.must(.sign, "ada")
        try await office.must(.disclose, "maya")
        #expect(try await office.look("cleo").contact?.firstName.text == "Ada")
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
    }

    @Test(
        "DER-12: a corrected number is a new release that takes the old one's place: same recipient, expiry and due date; the old card is dead"
    )
    func correction() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let before = try await office.look("ben")
        try office.time("2026-01-07T10:00")
        let corrected = try await office.must(.correct, "ada") { $0.corrections.phone = "312-555-0199" }
        let types = corrected.receipts.map {
            String(decoding: $0.record, as: UTF8.self).split(separator: "\n")[0].split(separator: "/")[2]
        }
        #expect(types == ["release", "closing", "disclosure"])
        let after = try await office.look("ben")
        #expect(after.contact?.phone.e164 == "+13125550199")
        #expect(after.callBy == before.callBy)
        #expect(after.scope == before.scope)
        #expect(try office.audit().findings == [])
        let problem = await #expect(throws: FieldProblem.self) {
            try await office.act(.correct, "ada") { $0.corrections.phone = "12" }
        }
        #expect(problem?.field == "phone")
        let surname = await #expect(throws: FieldProblem.self) {
            try await office.act(.correct, "ada") { $0.corrections.firstName = "Ada Fairweather" }
        }
        #expect(surname?.field == "firstName")
    }

    @Test(
        "R36: a first name that is like the surname crosses once its owner has said, on what they sign, that it is theirs; nothing is recorded before that",
        arguments: [
            ("Lee Lee", "Lee", "Lee"), ("Rosemary Rose", "Rose", "Rosemary"), ("Sukarno", "", "Sukarno"),
            ("Lee Ann Lee", "Lee", "Lee Ann"),
        ])
    func likeSurname(fullName: String, surname: String, firstName: String) async throws {
        let office = try await Office().staffed()
        try await office.add(
            "lee", fullName, surname, first: firstName, phone: "312-555-0188", roles: [.participant],
            coordinator: "maya")
        try await office.go(to: "offered", "lee")
        let lee = try office.id("lee")
        let text = try await office.service.releaseText(of: lee, workflow: "mentorship", for: lee)
        #expect(text.asksName)
        let size = try office.store.read { try $0.logSize() }
        let problem = await #expect(throws: FieldProblem.self) { try await office.act(.sign, "lee", on: "lee") }
        #expect(problem?.field == "nameConfirmed" && problem?.description.contains(firstName) == false)
        #expect(try office.store.read { try $0.logSize() } == size)
        try await office.must(.sign, "lee", on: "lee") { $0.signing?.isNameConfirmed = true }
        try await office.must(.disclose, "maya", on: "lee")
        #expect(try await office.look("ben", on: "lee").contact?.firstName.text == firstName)
        // Said once for this name; another that is like the surname is asked about anew.
        try await office.must(.correct, "lee", on: "lee") { $0.corrections.phone = "312-555-0189" }
        if !surname.isEmpty, surname != firstName {
            let again = await #expect(throws: FieldProblem.self) {
                try await office.act(.correct, "lee", on: "lee") { $0.corrections.firstName = surname }
            }
            #expect(again?.field == "nameConfirmed")
        }
        #expect(try office.audit().findings == [])
    }

    @Test("R36: of everybody else nothing is asked")
    func usualName() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        let ada = try office.id("ada")
        #expect(try await office.service.releaseText(of: ada, workflow: "mentorship", for: ada).asksName == false)
    }

    @Test(
        "A-02, MPHP-43: hand-off is the clock's, after the last minute of day seven, and at disclosure if that is later"
    )
    func handOff() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let (ada, maya) = (try office.id("ada"), try office.id("maya"))
        try office.time("2026-01-12T23:59")
        try await office.host.runClock()
        #expect(
            try await office.service.view(of: ada, workflow: "mentorship", as: .coordinator, viewer: maya).state
                == "introduced")
        try office.time("2026-01-13T00:00")
        try await office.host.runClock()
        #expect(
            try await office.service.view(of: ada, workflow: "mentorship", as: .coordinator, viewer: maya).state
                == "handedOff")

        let late = try await Office().staffed()
        try await late.go(to: "signed")
        try late.time("2026-02-01T09:00")
        try await late.must(.disclose, "maya")
        let view = try await late.look("ben")
        // Three days are left to call, and the program is out seven days after the disclosure.
        #expect(view.callBy?.description == "2026-02-04")
        #expect(view.text.contains("Please call by the end of 2026-02-04."))
        try late.time("2026-02-08T23:59")
        try await late.host.runClock()
        func state() async throws -> String {
            try await late.service.view(
                of: late.id("ada"), workflow: "mentorship", as: .coordinator, viewer: late.id("maya")
            ).state
        }
        #expect(try await state() == "introduced")
        try late.time("2026-02-09T00:00")
        try await late.host.runClock()
        #expect(try await state() == "handedOff")
    }

    @Test("DER-22: over the nights when clocks change, the week still ends at local midnight")
    func daylightSaving() async throws {
        for (start, lastMinute, over) in [
            ("2026-03-05T12:00", "2026-03-12T23:59", "2026-03-13T00:00"),
            ("2026-10-29T12:00", "2026-11-05T23:59", "2026-11-06T00:00"),
        ] {
            let office = try await Office(at: start).staffed()
            try await office.go(to: "introduced")
            let (ada, maya) = (try office.id("ada"), try office.id("maya"))
            try office.time(lastMinute)
            try await office.host.runClock()
            #expect(
                try await office.service.view(of: ada, workflow: "mentorship", as: .coordinator, viewer: maya).state
                    == "introduced")
            try office.time(over)
            try await office.host.runClock()
            #expect(
                try await office.service.view(of: ada, workflow: "mentorship", as: .coordinator, viewer: maya).state
                    == "handedOff")
        }
    }

    @Test("DER-22: a clock that runs back stands still at the last signed head: nothing is dated before what is signed")
    func clockRunsBack() async throws {
        let office = try await Office(at: "2026-01-05T09:00").staffed()
        try await office.go(to: "signed")
        try office.time("2025-06-01T09:00")
        let disclosed = try await office.must(.disclose, "maya")
        #expect(disclosed.moment.date.description == "2026-01-05")
        #expect(try office.audit().findings == [])
        try await office.reopen()
        let ended = try await office.must(.end, "ada")
        #expect(ended.moment.date.description == "2026-01-05")
        #expect(try office.audit().findings == [])
    }

    @Test(
        "A-11: after the last day of the release the card is closed, with or without the clock's having run, and the person is told"
    )
    func expiry() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try office.time("2027-01-05T23:30")
        #expect(try await office.look("ben").contact?.firstName.text == "Ada")
        try office.time("2027-01-06T00:00")
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        // By mailbox or on their own page alone: after the hand-off nobody of the office passes it on (R13).
        let ada = try office.id("ada")
        let own = try await office.service.view(of: ada, workflow: "mentorship", as: .mentee, viewer: ada)
        #expect(own.state == "ended" && own.history.contains { $0.rule.hasSuffix("expire") })
        #expect(try await !office.service.outbox().contains { $0.notice == .expired })
        #expect(try office.audit().findings == [])
    }

    @Test("DER-13: a mentor who becomes unavailable in mid-flight ends it at once, and the mentee is told no reason")
    func slotUnavailable() async throws {
        for state in ["signed", "introduced"] {
            let office = try await Office().staffed()
            try await office.go(to: state)
            let outcome = try await office.must(.slotUnavailable, "maya")
            #expect(outcome.state == "ended")
            #expect(outcome.notices.contains(Telling(role: .mentee, notice: .mentorUnavailable)))
            await #expect(throws: state == "signed" ? Refusal.notFound : .cardClosed) { try await office.look("ben") }
        }
    }

    @Test("DER-14: a contract that ends changes nothing for a pair")
    func contractEnds() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let before = try await office.service.outbox().count
        _ = try await office.service.change(office.id("ada"), isUnderContract: false, key: nil)
        #expect(try await office.look("ben").contact?.firstName.text == "Ada")
        #expect(try await office.service.outbox().count == before)
        #expect(try await office.act(.requestCallBack, "ada").refusal == nil)
    }

    @Test("MPHP-54, A-03: a request to be called carries nothing and leaves no trace in the case")
    func callBack() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let (ada, maya) = (try office.id("ada"), try office.id("maya"))
        let before = try await office.service.view(of: ada, workflow: "mentorship", as: .coordinator, viewer: maya)
            .history
        let outcome = try await office.must(.requestCallBack, "ada")
        #expect(outcome.notices.map(\.notice) == [.callBackAsked])
        #expect(outcome.records == [])
        #expect(
            try await office.service.view(of: ada, workflow: "mentorship", as: .coordinator, viewer: maya).history
                == before)
    }

    @Test(
        "MPHP-13, A-17: a mentor's places are held from the proposal on; who pauses is not proposed; a full mentor is not proposed"
    )
    func capacity() async throws {
        let office = try await Office().staffed()
        let ben = try office.id("ben")
        _ = try await office.service.setAvailability(of: ben, capacity: 1, key: nil)
        try await office.go(to: "proposed")
        try await office.go(to: "surveyed", "eve")
        #expect(
            try await office.act(.propose, "maya", on: "eve") { $0.person = ben }.refusalCode
                == "conditionFailed.capacityLeft")
        try await office.must(.slotUnavailable, "ben")
        _ = try await office.service.setAvailability(of: ben, isPaused: true, key: nil)
        #expect(
            try await office.act(.propose, "maya", on: "eve") { $0.person = ben }.refusalCode
                == "conditionFailed.mentorReady")
        _ = try await office.service.setAvailability(of: ben, isPaused: false, key: nil)
        try await office.must(.propose, "maya", on: "eve") { $0.person = ben }
    }

    @Test("DER-18: a coordinator has no part in a match they handle, and nobody attests for themselves")
    func separation() async throws {
        let office = try await Office().staffed()
        let maya = try office.id("maya")
        try await office.go(to: "surveyed")
        #expect(
            try await office.act(.propose, "maya") { $0.person = maya }.refusalCode == "conditionFailed.dutiesSeparate")
        let attestation = Attestation(attributes: [.inStanding], fields: [])
        let own = try await office.service.enroll(maya, attestation: attestation, capacity: 1, by: maya, key: nil)
        #expect(own.refusalCode == "conditionFailed.dutiesSeparate")
    }

    @Test("cases have an assigned coordinator; for others there is no such case until it is reassigned")
    func assignment() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "surveyed")
        let (ada, omar, ben) = (try office.id("ada"), try office.id("omar"), try office.id("ben"))
        #expect(try await office.act(.propose, "omar") { $0.person = ben }.refusalCode == "notFound")
        await #expect(throws: Refusal.notFound) {
            try await office.service.view(of: ada, workflow: "mentorship", as: .coordinator, viewer: omar)
        }
        #expect(try await office.service.board(of: omar).isEmpty)
        _ = try await office.service.change(ada, coordinator: omar, key: nil)
        try await office.must(.propose, "omar") { $0.person = ben }
        #expect(try await office.service.board(of: omar).count == 1)
        #expect(try await office.service.journal().count == 1)
    }

    @Test(
        "DER-19: a release on paper carries its scan and its form's digest; another form's digest is refused; a phoned rescission counts the same"
    )
    func paper() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        let ada = try office.id("ada")
        let form = try await office.service.releaseText(of: ada, workflow: "mentorship", for: ada)
        #expect(form.text.contains("Ada Fairweather"))
        #expect(form.text.contains("Ben X."))
        let wrong = await #expect(throws: FieldProblem.self) {
            try await office.act(.sign, "ada", via: .paper, through: "maya") {
                $0.signing?.formDigest = String(repeating: "0", count: 64)
            }
        }
        #expect(wrong?.field == "digest")
        let unscanned = try await office.act(.sign, "ada", via: .paper, through: "maya") { $0.signing?.paper = nil }
        #expect(unscanned.refusalCode == "elementMissing.signature")
        #expect(unscanned.refusal?.contains("42 CFR 2.31(a)(8)") == true)
        try await office.must(.sign, "ada", via: .paper, through: "maya") { $0.signing?.formDigest = form.digest }
        try await office.must(.disclose, "maya", via: .paper)
        let rescinded = try await office.must(.rescind, "ada", via: .phone, through: "maya")
        #expect(rescinded.notices.contains(Telling(role: .mentee, notice: .actedForYou)))
        #expect(String(decoding: rescinded.receipts[0].record, as: UTF8.self).contains("\"channel\":\"phone\""))
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
    }

    @Test(
        "DER-20 groundwork, MPHP-15: a mentor whose acknowledgement is not current can neither be proposed nor read a card"
    )
    func acknowledgement() async throws {
        let office = try await Office().staffed()
        try await office.add(
            "gus", "Gustav Ahlgren", "Ahlgren", first: "Gus", phone: "312-555-0150", roles: [.mentor],
            coordinator: "maya")
        let gus = try office.id("gus")
        let attestation = Attestation(attributes: [.inStanding], fields: [])
        _ = try await office.service.enroll(gus, attestation: attestation, capacity: 1, by: office.id("maya"), key: nil)
        try await office.go(to: "surveyed")
        #expect(try await office.act(.propose, "maya") { $0.person = gus }.refusalCode == "conditionFailed.mentorReady")
        _ = try await office.service.setAvailability(of: gus, isReady: true, key: nil)
        #expect(
            try await office.act(.propose, "maya") { $0.person = gus }.refusalCode
                == "conditionFailed.acknowledgementCurrent")
        // On paper the acknowledgement comes through the mentor's own coordinator, on screen through nobody, and by
        // telephone not at all.
        let paper = try await office.paper()
        for actor in try [
            Actor(.person(gus), agent: office.id("maya"), channel: .phone),
            Actor(.person(gus), agent: office.id("omar"), channel: .paper),
            Actor(.person(gus), agent: office.id("maya"), channel: .screen),
            Actor(.person(gus), agent: gus, channel: .paper),
        ] {
            await #expect(throws: FieldProblem.self) {
                try await office.service.acknowledge(actor, display: "Gus A.", paper: paper, key: nil)
            }
        }
        let through = Actor(.person(gus), agent: try office.id("maya"), channel: .paper)
        let filed = try await office.service.acknowledge(through, display: "Gus A.", paper: paper, key: nil)
        #expect(try await office.lookedAt(filed, filedBy: "maya").refusal == nil)
        #expect(try await office.act(.propose, "maya") { $0.person = gus }.refusal == nil)
    }

    @Test(
        "MPHP-31, MPHP-32, MPHP-33, MPHP-34, A-13: in a peer conversation the volunteer signs, the asker reads two fields, and a no answers like nobody"
    )
    func peer() async throws {
        let office = try await Office().staffed()
        let ben = try office.id("ben")
        let peer = "peerConversation"
        try await office.must(.ask, "ada", workflow: peer)
        try await office.must(.invite, "maya", workflow: peer) { $0.person = ben }
        try await office.must(.agree, "ben", workflow: peer)
        let signed = try await office.must(.sign, "ben", workflow: peer)
        let text = try await office.service.copy(of: #require(signed.release), for: ben)
        #expect(text.contains("Ada F."))
        #expect(text.contains("Benedict Okafor"))
        await #expect(throws: Refusal.self) { try await office.look("ada", workflow: peer) }
        let alerted = try await office.must(.alert, "maya", workflow: peer)
        #expect(alerted.notices == [Telling(role: .asker, notice: .contactReady)])
        let view = try await office.look("ada", workflow: peer)
        #expect(view.contact?.firstName.text == "Benedict")
        await #expect(throws: Refusal.notFound) { try await office.look("ben", workflow: peer) }
        try await office.must(.rescind, "ben", workflow: peer)
        await #expect(throws: Refusal.cardClosed) { try await office.look("ada", workflow: peer) }
    }

    @Test(
        "MPHP-31: refused, unanswered and never invited all end on the same day with the same words and leave the same bytes"
    )
    func peerSilence() async throws {
        let start = try await Office().staffed()
        let peer = "peerConversation"
        var dumps: [String] = []
        var answers: [[Message]] = []
        var told: [[Notice]] = []
        for story in ["nobody", "silent", "refused", "willingOnly"] {
            let office = try await start.copy()
            defer { try? FileManager.default.removeItem(atPath: office.path) }
            let ben = try office.id("ben")
            try await office.must(.ask, "ada", workflow: peer, key: "ask")
            if story != "nobody" { try await office.must(.invite, "maya", workflow: peer) { $0.person = ben } }
            if story == "willingOnly" { try await office.must(.agree, "ben", workflow: peer) }
            if story == "refused" { try await office.must(.refuseInvitation, "ben", workflow: peer) }
            try office.time("2026-01-20T00:10")
            try await office.host.runClock()
            let view = try await office.service.view(
                of: office.id("ada"), workflow: peer, as: .asker, viewer: office.id("ada"))
            #expect(view.state == "idle")
            answers.append(try await office.service.outbox().filter { $0.to == (try? office.id("ada")) })
            told.append(
                try await office.service.outbox().filter { $0.to == ben }.suffix(1).compactMap(\.notice).filter {
                    $0 == .notNeeded
                })
            dumps.append(
                try office.store.dump().split(separator: "\n").filter { !$0.hasPrefix("message:") }.joined(
                    separator: "\n"))
        }
        #expect(Set(answers).count == 1)
        #expect(answers[0].map(\.notice) == [.nobodyAvailable])
        #expect(Set(dumps).count == 1)
        // Whoever was asked, and has not said no, is told that it is no longer needed; nobody else is told anything.
        #expect(told == [[], [.notNeeded], [], [.notNeeded]])
    }
}
