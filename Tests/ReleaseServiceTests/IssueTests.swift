import Foundation
import PolicyFile
import ReleaseLedger
import ReleaseWorkflow
import Testing

@testable import ReleaseService

/// Issues: no member of staff becomes one of their people with what they give them.
@Suite("Nobody alone")
struct IssueTests {
    private let office: Office
    private let accounts: Accounts

    init() async throws {
        office = try await Office().staffed()
        try await office.add(
            "iris", "Iris Novak", "Novak", first: "Iris", phone: "312-555-0190", roles: [.administrator])
        try await office.add("vera", "Vera Stone", "Stone", first: "Vera", phone: "312-555-0191", roles: [.auditor])
        accounts = try Accounts(office.host, cost: 1 << 4)
    }

    private func staff(_ name: String) throws -> Caller { .person(try office.id(name), .staff) }

    /// Signs in as somebody, as whoever holds the code and the sheet can.
    private func enter(_ name: String, code: String, sheet: String, pin: String = "283671") async throws -> Session {
        let token = try await accounts.signIn(
            link: sheet, .init(firstUseCode: code, newPIN: pin), from: "203.0.113.9")
        return try #require(try await accounts.session(token))
    }

    /// Makes a code and a sheet as the coordinator of somebody, and signs in with them as if she were that person.
    private func takeOver(_ name: String) async throws -> ReleaseService {
        let person = try office.id(name)
        let code = try await accounts.giveFirstUseCode(to: person, by: staff("maya"))
        let sheet = try await accounts.makeSheet(for: person, by: staff("maya"))
        return office.host.service(for: try await enter(name, code: code, sheet: sheet[0]))
    }

    @Test(
        "R4, R19: a coordinator who makes a code and a sheet on her own screen and signs in with them signs nothing in her participant's name, and is shown nothing of the pair's, however long she waits"
    )
    func takeover() async throws {
        try await office.go(to: "offered")
        _ = try await takeOver("ada")
        let ada = try office.id("ada")
        #expect(try await office.act(.sign, "ada").refused == .awaitsConfirmation)
        try office.time("2026-07-05T09:00")
        let later = try await takeOver("ada")
        #expect(try await office.act(.sign, "ada").refused == .awaitsConfirmation)
        await #expect(throws: Refusal.awaitsConfirmation) { try await later.accounting(of: ada) }
        await #expect(throws: Refusal.awaitsConfirmation) { try await later.keptAway(of: ada) }
        await #expect(throws: Refusal.awaitsConfirmation) {
            try await accounts.requestAddress(of: ada, typed: "x@example.org", by: .person(ada, .person))
        }
        // Nor does she make a number Ada's own, by which the next would be reached, or look whom Ada keeps away.
        #expect(
            try await later.correct(ada, Details(phone: "312-555-0111"), by: ada, key: nil).refused
                == .awaitsConfirmation)
        #expect(try await office.service.identity(of: ada)?.phone == "+13125550142")
        #expect(
            try await later.exclude(by: ada, relation: .personal, typed: "Benedict Okafor", key: nil).refused
                == .awaitsConfirmation)
        // Another person has reached Ada: she signs.
        try await accounts.confirmIssue(ada, reached: .face, by: staff("omar"))
        #expect(try await office.act(.sign, "ada").refusal == nil)
        #expect(try await later.accounting(of: ada).isEmpty)
        #expect(try office.audit().isVerified)
    }

    @Test(
        "R4, R9: signed in as the mentor, a coordinator opens no card, notes nothing of the pair and reads nothing that it noted; a mentor whom she made up signs no agreement"
    )
    func mentor() async throws {
        try await office.go(to: "introduced")
        try await office.must(.recordCall, "ben")
        let ben = try office.id("ben")
        let before = try #require(try await office.service(as: "ben").cases(of: ben).first { $0.view.word != nil })
        #expect(before.view.isCallRecorded == true)
        let stolen = try await takeOver("ben")
        let page = try await stolen.page(before.handle, of: ben)
        #expect(page.line.view.isCallRecorded == false, "nothing of what the pair noted")
        await #expect(throws: Refusal.awaitsConfirmation) {
            try await stolen.look(office.id("ada"), workflow: "mentorship", reader: ben)
        }
        #expect(try await office.act(.recordMeeting, "ben").refused == .awaitsConfirmation)
        let shown = try await office.service.accounting(of: office.id("ada"))
        try await accounts.confirmIssue(ben, reached: .elsewhere, by: staff("iris"))
        #expect(try await stolen.page(before.handle, of: ben).line.view.isCallRecorded == true)
        _ = try await stolen.look(office.id("ada"), workflow: "mentorship", reader: ben)
        #expect(try await office.service.accounting(of: office.id("ada")).count == shown.count + 1)

        let made = try #require(
            try await office.service(as: "maya").add(
                NewPerson(
                    fullName: "Gil Madeup", surname: "Madeup", firstName: "Gil", phone: "312-555-0199",
                    roles: [.mentor], field: "nurse", isUnderContract: false, coordinator: office.id("maya")),
                key: nil
            ).person)
        office.people["gil"] = made
        _ = try await office.service.enroll(
            made, attestation: Attestation(attributes: [.inStanding], fields: ["nurse"]), capacity: 1,
            by: office.id("maya"), key: nil)
        let own = try await takeOver("gil")
        let signed = try await own.acknowledge(Actor(.person(made), channel: .screen), display: "Gil M.", key: nil)
        #expect(signed.refused == .awaitsConfirmation)
    }

    /// Gives a code, with which the person sets a PIN.
    private func giveUsedCode(to name: String, by staff: String) async throws {
        let person = try office.id(name)
        let code = try await accounts.giveFirstUseCode(to: person, by: self.staff(staff))
        let link = try await accounts.makeLink(for: person, purpose: .signIn, by: .operator)
        _ = try await accounts.signIn(link: link, .init(firstUseCode: code, newPIN: "283671"), from: "198.51.100.7")
    }

    /// The roads by which staff let somebody in.
    private static let roads = ["code", "sheet", "address", "member number", "name", "number"]

    private func walk(_ road: String, by name: String) async throws {
        let (ada, caller) = (try office.id("ada"), try staff(name))
        let service = office.host.service(for: caller)
        switch road {
        case "code": try await giveUsedCode(to: "ada", by: name)
        case "sheet": _ = try await accounts.makeSheet(for: ada, by: caller)
        case "address": try await accounts.setAddress(of: ada, to: "\(UUID())@example.org", by: caller)
        case "member number": try await accounts.setMemberNumber(of: ada, to: "\(UUID())", by: caller)
        case "name":
            #expect(
                try await service.correct(ada, Details(firstName: "Adele"), by: office.id(name), key: nil).refusal
                    == nil)
        default:
            #expect(
                try await service.correct(ada, Details(phone: "312-555-0123"), by: office.id(name), key: nil).refusal
                    == nil)
        }
    }

    @Test(
        "R4: whatever staff give or change holds signing on screen until another person has confirmed it, at once and after a confirmation before; taking back, freezing and ending never wait",
        arguments: roads)
    func road(_ road: String) async throws {
        let ada = try office.id("ada")
        try await accounts.setAddress(of: ada, to: "ada@example.org", by: .operator)
        #expect(try await !accounts.summary(of: ada, by: .operator).isHeld, "the operator's hand is no member of staff")
        try await walk(road, by: "maya")
        #expect(try await accounts.summary(of: ada, by: .operator).isHeld)
        try await accounts.confirmIssue(ada, reached: .face, by: staff("omar"))
        #expect(try await !accounts.summary(of: ada, by: .operator).isHeld)
        try await office.go(to: "introduced")
        try await walk(road == "name" ? "number" : road == "number" ? "name" : road, by: "maya")
        #expect(
            try await office.act(.correct, "ada") { $0.corrections.phone = "312-555-0177" }.refused
                == .awaitsConfirmation)
        for kind in [CommandKind.freezeCard, .unfreezeCard, .rescind, .rematch] {
            try await office.must(kind, "ada")
        }
        // On paper, with the person in the room, it goes on.
        try await office.must(.completeSurvey, "ada", via: .paper, through: "maya")
    }

    @Test(
        "R19: nobody confirms what they gave, nor what was given to them; neither the operator nor an auditor confirms anybody; two who gave something each need a third"
    )
    func whoConfirms() async throws {
        let ada = try office.id("ada")
        try await giveUsedCode(to: "ada", by: "maya")
        #expect(try await accounts.issues(by: staff("maya")).map(\.isOwn) == [true])
        let waiting = try #require(try await accounts.issues(by: staff("omar")).first)
        #expect(waiting.name == "Ada Fairweather" && waiting.hands == ["Maya Lindqvist"])
        #expect("\(waiting.on) \(waiting.due)" == "2026-01-05 2026-01-07", "two working days")
        for (caller, refusal) in [
            (try staff("maya"), Refusal.needsSecondHand), (.operator, .notFound), (try staff("vera"), .notFound),
            (.person(ada, .person), .notFound), (.person(try office.id("omar"), .person), .notFound),
        ] {
            await #expect(throws: refusal) { try await accounts.confirmIssue(ada, reached: .face, by: caller) }
            await #expect(throws: refusal) { try await accounts.voidIssue(ada, by: caller) }
        }
        await #expect(throws: Refusal.notFound) { try await accounts.issues(by: staff("vera")) }
        // Ada becomes Omar's, and he gives her something too: neither of the two confirms the other's.
        _ = try await office.service.reassign(from: office.id("maya"), to: office.id("omar"), key: nil)
        _ = try await accounts.makeSheet(for: ada, by: staff("omar"))
        for name in ["maya", "omar"] {
            await #expect(throws: Refusal.needsSecondHand) {
                try await accounts.confirmIssue(ada, reached: .face, by: staff(name))
            }
        }
        try await accounts.confirmIssue(ada, reached: .face, by: staff("iris"))
        await #expect(throws: Refusal.notFound, "once") {
            try await accounts.confirmIssue(ada, reached: .face, by: staff("iris"))
        }
        #expect(try await accounts.issues(by: staff("omar")).isEmpty)
    }

    @Test("R4: a number proves nothing that was entered by whoever gave the rest, or by the one who asks")
    func number() async throws {
        let (ada, maya, omar) = (try office.id("ada"), try office.id("maya"), try office.id("omar"))
        _ = try await office.service(as: "maya").correct(ada, Details(phone: "312-555-0123"), by: maya, key: nil)
        try await giveUsedCode(to: "ada", by: "maya")
        #expect(try await accounts.issues(by: staff("omar")).map(\.isNumberTrusted) == [false])
        await #expect(throws: FieldProblem.self) {
            try await accounts.confirmIssue(ada, reached: .number, by: staff("omar"))
        }
        try await accounts.confirmIssue(ada, reached: .elsewhere, by: staff("omar"))
        // Omar enters another number; Maya's code is then confirmed by that number by nobody but Iris.
        _ = try await office.service.reassign(from: maya, to: omar, key: nil)
        _ = try await office.service(as: "omar").correct(ada, Details(phone: "312-555-0124"), by: omar, key: nil)
        try await accounts.confirmIssue(ada, reached: .face, by: staff("maya"))
        _ = try await office.service.reassign(from: omar, to: maya, key: nil)
        try await giveUsedCode(to: "ada", by: "maya")
        #expect(try await accounts.issues(by: staff("omar")).map(\.isNumberTrusted) == [false])
        #expect(try await accounts.issues(by: staff("iris")).map(\.isNumberTrusted) == [true])
        try await accounts.confirmIssue(ada, reached: .number, by: staff("iris"))
    }

    @Test(
        "R19: what did not come to the person is taken away: code, sheet, PIN, session, address, consent; given anew it waits anew, and what was taken away is confirmed by nobody"
    )
    func void() async throws {
        let ada = try office.id("ada")
        try await accounts.setAddress(of: ada, to: "elsewhere@example.org", by: staff("maya"))
        let code = try await accounts.giveFirstUseCode(to: ada, by: staff("maya"))
        let sheet = try await accounts.makeSheet(for: ada, by: staff("maya"))
        let token = try await accounts.signIn(
            link: sheet[0], .init(firstUseCode: code, newPIN: "283671"), from: "203.0.113.9")
        await #expect(throws: Refusal.awaitsConfirmation, "no consent by whoever holds it") {
            try await accounts.agreeElectronically(ada, by: .person(ada, .person))
        }
        try await accounts.voidIssue(ada, by: staff("omar"))
        #expect(try await accounts.session(token) == nil)
        #expect(try await accounts.needed(link: sheet[1]) == .none)
        let account = try await accounts.account(of: ada, by: .operator)
        #expect(account.pin == nil && account.firstUse == nil && account.address == nil)
        #expect(account.agreedElectronicallyOn == nil)
        let told = try await office.service.outbox()
        #expect(told.contains { $0.access == .changed(former: "elsewhere@example.org") }, "the address is told")
        #expect(try await accounts.issues(by: staff("omar")).isEmpty)
        await #expect(throws: Refusal.notFound) {
            try await accounts.confirmIssue(ada, reached: .face, by: staff("omar"))
        }
        #expect(try await accounts.summary(of: ada, by: .operator).isHeld)
        // Given anew by another coordinator, it is still not the first one's to confirm.
        _ = try await office.service.reassign(from: office.id("maya"), to: office.id("omar"), key: nil)
        try await giveUsedCode(to: "ada", by: "omar")
        await #expect(throws: Refusal.needsSecondHand) {
            try await accounts.confirmIssue(ada, reached: .face, by: staff("maya"))
        }
        try await accounts.confirmIssue(ada, reached: .face, by: staff("iris"))
        #expect(try await !accounts.summary(of: ada, by: .operator).isHeld)
    }

    @Test(
        "R4, R18: the evidence that a record commits to says who gave the signer what they sign in with and who confirmed it, and nothing of staff where they set it up alone"
    )
    func evidence() async throws {
        let (ada, maya, omar) = (try office.id("ada"), try office.id("maya"), try office.id("omar"))
        try await giveUsedCode(to: "ada", by: "maya")
        try await accounts.confirmIssue(ada, reached: .face, by: staff("omar"))
        try office.time("2026-01-06T09:00")
        try await office.go(to: "signed")
        let signature = try evidence(of: ada)
        let day = try #require(CivilDate(parsing: "2026-01-05"))
        #expect(
            signature.provenance
                == .init(issuedBy: [maya], issuedOn: day, confirmedBy: omar, confirmedOn: day))
        var other = signature
        other.provenance = .init(issuedBy: [omar], issuedOn: day, confirmedBy: maya, confirmedOn: day)
        #expect(other.evidenceDigest != signature.evidenceDigest, "another hand is another evidence")
        // The card opens: the gate recomputes what the record committed to.
        try await office.must(.disclose, "maya")
        _ = try await office.look("ben")

        try await office.go(to: "signed", "eve", with: "cleo")
        #expect(try evidence(of: office.id("eve")).provenance == nil)
        #expect(try office.audit().isVerified)
    }

    private func evidence(of opener: PersonID) throws -> SignatureEvidence {
        try #require(
            try office.host.core.reader.read { snapshot in
                let loaded = try snapshot.cases.load(opener, workflow: "mentorship")
                return try loaded.state.currentRelease.flatMap { try snapshot.cases.document(of: $0) }?.signature
            })
    }

    /// Everybody's own service: Iris and Jon administer, Vera audits.
    private func administered() async throws -> (iris: ReleaseService, jon: ReleaseService, vera: ReleaseService) {
        try await office.add("jon", "Jon Reyes", "Reyes", first: "Jon", phone: "312-555-0192", roles: [.administrator])
        return (try office.service(as: "iris"), try office.service(as: "jon"), try office.service(as: "vera"))
    }

    private func newStaff(_ role: Identity.Role) -> NewPerson {
        NewPerson(
            fullName: "Gil Madeup", surname: "Madeup", firstName: "Gil", phone: "312-555-0199", roles: [role],
            field: "staff", isUnderContract: false, coordinator: nil)
    }

    @Test(
        "R4, R24: an administrator who makes up a coordinator gets no link for it, and nobody's people: another administrator or an auditor makes the link and hands everybody over, and never whoever asked"
    )
    func madeUp() async throws {
        let (first, second, auditor) = try await administered()
        let (iris, jon, vera) = (try office.id("iris"), try office.id("jon"), try office.id("vera"))
        let made = try #require(try await first.add(newStaff(.coordinator), key: nil).person)
        for caller in [try staff("iris"), try staff("jon"), try staff("vera"), try staff("maya")] {
            await #expect(throws: Refusal.notFound, "nobody asked for it") {
                try await accounts.makeLink(for: made, purpose: .setUp, by: caller)
            }
        }
        #expect(try await first.ask(.setUp, of: made, by: iris, key: nil).waits)
        let act = try #require(try await second.pendingActs().first).act
        #expect(act.kind == .setUp && act.person == made)
        await #expect(throws: Refusal.needsSecondHand) {
            try await accounts.makeLink(for: made, purpose: .setUp, confirming: act.id, by: staff("iris"))
        }
        for name in ["maya", "omar"] {
            await #expect(throws: Refusal.notFound, "coordinators confirm no account") {
                try await accounts.makeLink(for: made, purpose: .setUp, confirming: act.id, by: staff(name))
            }
        }
        #expect(try await office.service(as: "omar").pendingActs().isEmpty)
        #expect(
            try await second.answerSecondHand(act.id, isConfirmed: true, by: jon, key: nil).refused == .notFound,
            "only with the link")
        _ = try await accounts.makeLink(for: made, purpose: .setUp, confirming: act.id, by: staff("vera"))
        await #expect(throws: Refusal.notFound, "once") {
            try await accounts.makeLink(for: made, purpose: .setUp, confirming: act.id, by: staff("vera"))
        }

        let maya = try office.id("maya")
        #expect(try await first.reassign(from: maya, to: made, key: nil).refused == .notFound)
        #expect(try await first.ask(.reassign, of: maya, to: made, by: iris, key: nil).waits)
        let all = try #require(try await auditor.pendingActs().first)
        #expect(all.name == "Maya Lindqvist" && all.other == "Gil Madeup")
        #expect(
            try await first.answerSecondHand(all.act.id, isConfirmed: true, by: iris, key: nil).refused
                == .needsSecondHand)
        #expect(try await office.service.identity(of: office.id("ada"))?.coordinator == maya)
        #expect(try await auditor.answerSecondHand(all.act.id, isConfirmed: true, by: vera, key: nil).refusal == nil)
        #expect(try await office.service.identity(of: office.id("ada"))?.coordinator == made)
    }

    @Test(
        "R4, R19: closing an account is one hand's, opening it again is two; an auditor's account is made and opened by the operator alone"
    )
    func closing() async throws {
        let (first, second, _) = try await administered()
        let (iris, jon, maya, vera) = (
            try office.id("iris"), try office.id("jon"), try office.id("maya"), try office.id("vera")
        )
        try await accounts.setAddress(of: maya, to: "maya@example.org", by: .operator)
        try await accounts.setAddress(of: vera, to: "vera@example.org", by: .operator)
        try await accounts.setDisabled(maya, true, by: staff("iris"))
        await #expect(throws: Refusal.notFound) { try await accounts.setDisabled(maya, false, by: staff("iris")) }
        await #expect(throws: Refusal.notFound) { try await accounts.setDisabled(maya, false, by: staff("jon")) }
        #expect(try await first.ask(.reopen, of: maya, by: iris, key: nil).waits)
        let act = try #require(try await second.pendingActs().first).act
        #expect(
            try await first.answerSecondHand(act.id, isConfirmed: true, by: iris, key: nil).refused == .needsSecondHand)
        #expect(try await accounts.account(of: maya, by: .operator).isDisabled)
        #expect(try await second.answerSecondHand(act.id, isConfirmed: true, by: jon, key: nil).refusal == nil)
        #expect(try await !accounts.account(of: maya, by: .operator).isDisabled)

        try await accounts.setDisabled(vera, true, by: staff("iris"))
        for kind in [PendingAct.Kind.setUp, .reopen, .lift, .paper] {
            #expect(try await first.ask(kind, of: vera, by: iris, key: nil).refused == .notFound, "\(kind)")
        }
        #expect(try await first.add(newStaff(.auditor), key: nil).refused == .notFound)
        #expect(try await office.service.add(newStaff(.auditor), key: nil).refusal == nil)
        for name in ["maya", "ada", "vera"] {
            #expect(
                try await office.service(as: name).ask(.setUp, of: jon, by: office.id(name), key: nil).refused
                    == .notFound)
        }
        #expect(try await first.ask(.setUp, of: iris, by: iris, key: nil).refused == .notFound, "not for oneself")
    }

    @Test(
        "R19: who confirms, confirms what they were shown, and no code that waits; nobody takes away a sign-in of somebody who is staff alone"
    )
    func whatWasShown() async throws {
        let ada = try office.id("ada")
        _ = try await accounts.giveFirstUseCode(to: ada, by: staff("maya"))
        let problem = await #expect(throws: FieldProblem.self, "a copy of it could still be used") {
            try await accounts.confirmIssue(ada, reached: .face, by: staff("omar"))
        }
        #expect(problem?.field == "answer")
        try await giveUsedCode(to: "ada", by: "maya")
        let shown = try #require(try await accounts.issues(by: staff("omar")).first).count
        // While Omar is on the telephone Maya makes something else.
        _ = try await accounts.makeSheet(for: ada, by: staff("maya"))
        await #expect(throws: Refusal.versionChanged) {
            try await accounts.confirmIssue(ada, reached: .face, count: shown, by: staff("omar"))
        }
        let now = try #require(try await accounts.issues(by: staff("omar")).first).count
        try await accounts.confirmIssue(ada, reached: .face, count: now, by: staff("omar"))
        #expect(try await !accounts.summary(of: ada, by: .operator).isHeld)

        let omar = try office.id("omar")
        try await accounts.setAddress(of: omar, to: "omar@example.org", by: staff("iris"))
        await #expect(throws: Refusal.notFound) { try await accounts.voidIssue(omar, by: staff("maya")) }
        #expect(try await accounts.account(of: omar, by: .operator).address == "omar@example.org")
    }

    @Test(
        "R4: no administrator takes the second hand away by a version of the policy; every other version is theirs, and the operator's hand changes that too"
    )
    func policyOfHands() async throws {
        let text = try Office.policyText()
        let next = text.replacing(
            "version: 1\neffectiveFrom: 2026-01-01", with: "version: 2\neffectiveFrom: 2026-02-01")
        let alone = next.replacing(
            "secondHand: {by: [coordinator, administrator]}", with: "secondHand: {none: \"one of us is ill\"}")
        #expect(alone != next && next != text)
        let (own, plain) = (try PolicyFile.parse(alone).canonical, try PolicyFile.parse(next).canonical)
        let iris = try office.service(as: "iris")
        #expect(try await iris.adopt(policy: own, key: nil).refused == .needsSecondHand)
        #expect(try await iris.adopt(policy: plain, key: nil).refusal == nil)
        let third = try PolicyFile.parse(alone.replacing("version: 2", with: "version: 3")).canonical
        #expect(try await office.service.adopt(policy: third, key: nil).refusal == nil)
    }

    @Test(
        "R18, R38: each person reads what was done with how they sign in, with its day, staff's and their own; nobody else does, and it goes with them"
    )
    func ownPart() async throws {
        let ada = try office.id("ada")
        func lines() throws -> [String] {
            try office.host.core.reader.read { try $0.signInLines(of: ada) }.map { "\($0.on) \($0.kind.rawValue)" }
        }
        try await accounts.setAddress(of: ada, to: "ada@example.org", by: staff("maya"))
        let code = try await accounts.giveFirstUseCode(to: ada, by: staff("maya"))
        let sheet = try await accounts.makeSheet(for: ada, by: staff("maya"))
        _ = try await enter("ada", code: code, sheet: sheet[0])
        try office.time("2026-01-06T09:00")
        try await accounts.confirmIssue(ada, reached: .face, by: staff("omar"))
        _ = try await office.service(as: "maya").correct(
            ada, Details(phone: "312-555-0123"), by: office.id("maya"), key: nil)
        try await accounts.voidIssue(ada, by: staff("omar"))
        let (first, second) = ("2026-01-05", "2026-01-06")
        #expect(
            try lines() == [
                "\(first) addressSet", "\(first) codeGiven", "\(first) sheetGiven", "\(first) pinSet",
                "\(second) confirmed", "\(second) detailsChanged", "\(second) takenAway",
            ])
        #expect(try await office.service.erase(ada, key: nil).refusal == nil)
        #expect(try lines().isEmpty)
    }

    @Test(
        "R4, E33: the table of hands in docs/second-hand.md is what the service asks for, for every command and road; what takes back, ends or freezes is one hand's by every one of them"
    )
    func table() throws {
        let roads = [Channel.screen, .paper, .phone]
        var rows = CommandKind.allCases.map { kind in
            "| `\(kind.rawValue)` | " + roads.map { Hands(kind, by: $0).rawValue }.joined(separator: " | ") + " |"
        }
        let named = roads.map { Hands(.ask, by: $0, lendsName: true).rawValue }.joined(separator: " | ")
        rows.append("| `ask` with a name | \(named) |")
        let written = ["| command | screen | paper | telephone |", "|---|---|---|---|"] + rows
        let page = try String(contentsOf: repository.appendingPathComponent("docs/second-hand.md"), encoding: .utf8)
        let kept = page.components(separatedBy: "<!-- commands -->\n").last ?? ""
        #expect(kept == written.joined(separator: "\n") + "\n", "\(written.joined(separator: "\n"))")
        for kind in [CommandKind.rescind, .end, .decline, .freezeCard, .requestCallBack, .refuseMentor, .withdrawCard] {
            #expect(Channel.allCases.allSatisfy { Hands(kind, by: $0) == .one }, "\(kind)")
        }
    }

    @Test(
        "a change that was stored before anything had to be confirmed holds signing until its time is over, as it was")
    func former() throws {
        let maya = try office.id("maya")
        let until: Int64 = 1_767_600_000_000
        let issue = try Issue(
            former: StoredObject(["by": .string("\(maya)"), "until": .integer(Int(until))], "change by staff"))
        #expect(issue.hands == [maya])
        let policy = try PolicyFile.parse(Office.policyText()).policy
        func isHeld(_ milliseconds: Int64) -> Bool {
            issue.isHeld(under: policy, at: Moment(instantMilliseconds: milliseconds, date: issue.on))
        }
        #expect(isHeld(until - 1) && !isHeld(until))
        var account = Account()
        account.issue = issue
        #expect(try StoredCodec.decode(StoredCodec.encode(account), as: Account.self).issue == issue)
    }

    @Test("R19: where a program has nobody who confirms, a change of how somebody signs in holds signing for 72 hours")
    func alone() async throws {
        let policy = try PolicyFile.parse(Office.policyText("sgv-camft")).policy
        let day = try #require(CivilDate(parsing: "2026-01-05"))
        let moment = Moment(instantMilliseconds: 1_767_600_000_000, date: day)
        var account = Account()
        account.issue(by: try office.id("maya"), at: moment, wasIn: false)
        #expect(account.issue?.isHeld(under: policy, at: moment) == false, "nobody was in by it before")
        account.issue(by: try office.id("maya"), at: moment, wasIn: true)
        let over = Moment(instantMilliseconds: moment.instantMilliseconds + AccessTimes.block, date: day)
        #expect(account.issue?.isHeld(under: policy, at: moment) == true)
        #expect(account.issue?.isHeld(under: policy, at: over) == false)
    }
}
