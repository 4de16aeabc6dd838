import FolderDriver
import Foundation
import HTTPTypes
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService
@testable import ReleaseWeb

/// The other programs through the same pages.
@Suite("Pages of the programs")
struct ProgramPagesTests {
    /// People of a program, each with all that its policy asks, and staff where it has any.
    private func running(_ program: String) async throws -> Office {
        let office = try await Office(at: "2026-02-02T09:00", program: program)
        if program != "sgv-camft" {
            try await office.add(
                "maya", "Maya Lindqvist", "Lindqvist", first: "Maya", phone: "312-555-0100", roles: [.coordinator])
        }
        let day = CivilDate(year: 2025, month: 6, day: 1)
        let attestation = Attestation(
            attributes: [.member, .goodStanding, .licensed, .preLicensed, .trained, .experienced, .student],
            experiencedSince: CivilDate(year: 2010, month: 1, day: 1), licensedOn: day, inPracticeSince: day,
            certifiedUntil: CivilDate(year: 2026, month: 12, day: 31),
            acceptedStages: [.student, .firstYear, .secondYear])
        for (name, phone, role) in [
            ("ada", "312-555-0142", Role.mentee), ("ben", "312-555-0143", .mentor), ("cleo", "312-555-0144", .mentor),
        ] {
            let id = try await office.add(
                name, "\(name.capitalized) Zyxsurname", "Zyxsurname", first: name.capitalized, phone: phone,
                roles: [role == .mentor ? .mentor : .participant], coordinator: program == "sgv-camft" ? nil : "maya",
                profile: [
                    .displayName: "\(name.capitalized) Profile", .contactRoute: "\(name)@example.org",
                    .region: "Springfield",
                    .topics: "careers",
                    .interests: "research",
                ])
            _ = try await office.service.enroll(
                id, as: role, attestation: attestation.counted(under: office.service.policy.policy, as: role),
                capacity: 1, by: office.people["maya"], key: nil)
        }
        return office
    }

    private func version(_ page: Reply) throws -> String {
        let match = try #require(try page.text.firstMatch(of: Regex("name=\"version\" value=\"([^\"]+)\"")))
        return String(try #require(match.output[1].substring))
    }

    /// Presses the button of a command's page, with what it needs besides.
    @discardableResult
    private func press(
        _ front: Front, _ handle: CaseHandle, _ resource: String, as name: String, _ fields: [(String, String)] = []
    )
        async throws
        -> Reply
    {
        let page = try await front.get("/cases/\(handle)/\(resource)", as: name)
        #expect(page.status == 200, "\(resource) as \(name): \(page.status)")
        var all = fields + [("version", try version(page))]
        if let match = try page.text.firstMatch(of: Regex("name=\"digest\" value=\"([0-9a-f]{64})\"")),
            let digest = match.output[1].substring
        {
            all += [("digest", String(digest)), ("meaning", "sign")]
        }
        return try await front.post("/cases/\(handle)/\(resource)", as: name, all)
    }

    @Test(
        "ICB-03, ICB-10: a mentor signs the agreements and the listing on screen; the public directory shows it to anybody, and no longer from the moment it is taken back"
    )
    func publicDirectory() async throws {
        let office = try await running("icb")
        let front = try Front(office)
        #expect(try await front.get("/directory").text.contains("Nobody is listed"))
        let signed = try await front.post("/agreements", as: "ben", [("as", "mentor"), ("meaning", "sign")])
        #expect(signed.status == 303, "\(signed.text.prefix(2000))")
        try await front.site.accounts.agreeElectronically(office.id("ben"), by: .operator)
        let handle = try front.handle("ben", of: "ben", workflow: "listing")
        #expect(try await press(front, handle, "request", as: "ben").status == 303)
        #expect(
            try await press(
                front, try front.handle("maya", of: "ben", workflow: "listing", isStaff: true), "offer", as: "maya"
            )
            .status == 303)
        #expect(try await press(front, handle, "signature", as: "ben").status == 303)
        let shown = try await front.get("/directory")
        #expect(shown.status == 200 && shown.text.contains("Ben Profile") && shown.text.contains("ben@example.org"))
        #expect(!shown.text.contains("Zyxsurname") && !shown.text.contains("5550143"))
        #expect(try await front.api(.get, "/directory").text.contains("Ben Profile"))
        #expect(try await press(front, handle, "rescission", as: "ben").status == 303)
        #expect(try await front.get("/directory").text.contains("Nobody is listed"))
    }

    @Test(
        "SGV-09, SGV-27: the chapter's directory is for members who look for a mentor; who is not signed in is told nothing, and there are no staff"
    )
    func membersDirectory() async throws {
        let office = try await running("sgv-camft")
        let front = try Front(office)
        #expect(try await front.post("/agreements", as: "ben", [("as", "mentor"), ("meaning", "sign")]).status == 303)
        try await front.site.accounts.agreeElectronically(office.id("ben"), by: .operator)
        let handle = try front.handle("ben", of: "ben", workflow: "listing")
        #expect(try await press(front, handle, "request", as: "ben").status == 303)
        #expect(try await press(front, handle, "signature", as: "ben").status == 303)
        let anonymous = try await front.get("/directory")
        let missing = try await front.get("/no/such/thing")
        #expect(anonymous.status == 401 && anonymous.normalized == missing.normalized)
        #expect(try await front.get("/directory", as: "ada").status == 404, "not registered as looking")
        #expect(try await front.post("/agreements", as: "ada", [("as", "mentee"), ("meaning", "sign")]).status == 303)
        let shown = try await front.get("/directory", as: "ada")
        #expect(shown.status == 200 && shown.text.contains("Ben Profile") && !shown.text.contains("Zyxsurname"))
        #expect(
            try await front.post("/availability", as: "ada", [("as", "mentee"), ("paused", "no"), ("ready", "no")])
                .status == 303)
        #expect(try await front.get("/directory", as: "ada").status == 404, "opted out")
        #expect(
            try await front.post(
                "/profile", as: "ben",
                [
                    ("displayName", "Benny"), ("contactRoute", "x\u{202E}"), ("region", "S"), ("topics", "t"),
                    ("interests", "i"),
                ]
            ).status == 422)
    }

    @Test(
        "R40: what people are told of their rights is a page for everybody, linked from the front page; a program that says nothing of it has none"
    )
    func rights() async throws {
        let front = try Front(try await Office().staffed())
        #expect(try await front.get("/").text.contains("href=\"/privacy\""))
        let page = try await front.get("/privacy")
        for words in ["42 CFR part 2", "subpoena", "complain", "restrict", "on paper"] {
            #expect(page.text.contains(words), "\(words)")
        }
        let other = try Front(try await running("icb"))
        #expect(try await other.get("/privacy").status == 404)
        #expect(try await !other.get("/").text.contains("/privacy"))
    }

    @Test(
        "R49 i01: attesting anew asks before it changes, says what it would change and what that takes down, and changes nothing until it is confirmed"
    )
    func asksFirst() async throws {
        let office = try await running("icb")
        let front = try Front(office)
        let ben = try office.id("ben")
        let path = "/desk/people/\(ben)/enrollment"
        let before = try #require(try await office.service.enrollment(of: ben, as: .mentor)).attestation
        let same = [("as", "mentor"), ("experiencedSince", "2010-01-01"), ("fields", "")]
        let lapsed = same + [("certifiedUntil", "2026-01-31")]
        let asked = try await front.post(path, as: "maya", lapsed)
        #expect(asked.status == 200 && asked.text.contains("Is this what you mean to change?"))
        #expect(
            asked.text.contains("certified until") && asked.text.contains("2026-12-31")
                && asked.text.contains("2026-01-31"))
        #expect(asked.text.contains("After this the conditions are not met."))
        #expect(try await office.service.enrollment(of: ben, as: .mentor)?.attestation == before)
        #expect(try await front.post(path, as: "maya", lapsed + [("confirmed", "yes")]).status == 303)
        let after = try #require(try await office.service.enrollment(of: ben, as: .mentor)).attestation
        #expect(
            after.certifiedUntil == CivilDate(parsing: "2026-01-31")
                && after.experiencedSince == before.experiencedSince)
        // What changes nothing is not asked about.
        #expect(try await front.post(path, as: "maya", lapsed).status == 303)
    }

    @Test(
        "R42: who would like to be a mentor asks on a page that says what is asked, and reads there what came of it; the coordinator finds the answers in the form"
    )
    func application() async throws {
        let office = try await Office().staffed()
        let front = try Front(office)
        #expect(try await front.get("/home", as: "ada").text.contains("href=\"/mentoring\""))
        #expect(try await !front.get("/home", as: "ben").text.contains("/mentoring"))
        #expect(try await front.get("/mentoring", as: "ben").text.contains("You are enrolled as a mentor."))
        let empty = try await front.post("/mentoring", as: "ada", [("as", "mentor"), ("fields", "nurse")])
        #expect(empty.status == 422 && empty.text.contains("what is asked of a mentor"))
        let asked = try await front.post(
            "/mentoring", as: "ada",
            [("as", "mentor"), ("attributes", "inStanding"), ("fields", "nurse, dentist"), ("capacity", "3")])
        #expect(asked.status == 303)
        #expect(try await front.get("/mentoring", as: "ada").text.contains("has not answered yet"))
        let desk = try await front.get("/desk/applications", as: "maya").text
        #expect(desk.contains("Ada Fairweather") && desk.contains("dentist"))
        #expect(try await !front.get("/desk/applications", as: "omar").text.contains("Fairweather"))
        let ada = try office.id("ada")
        let form = try await front.get("/desk/people/\(ada)/enrollment?as=mentor", as: "maya").text
        #expect(form.contains("What they say of themselves") && form.contains("nurse, dentist"))
        #expect(!form.contains("checked"), "what somebody says of themselves is not attested by one press")
        #expect(try await front.post("/desk/applications/\(ada)", as: "omar", []).status == 404)
        #expect(try await front.post("/desk/applications/\(ada)", as: "maya", []).status == 303)
        let answered = try await front.get("/mentoring", as: "ada").text
        #expect(answered.contains("not now") && answered.contains("nurse, dentist"))
        #expect(try await !front.get("/desk/people/\(ada)/enrollment?as=mentor", as: "maya").text.contains("dentist"))
        #expect(try await front.post("/mentoring/withdrawal", as: "ada", []).status == 303)
        #expect(try await !front.get("/mentoring", as: "ada").text.contains("dentist"))
        let chapter = try Front(try await running("sgv-camft"))
        #expect(try await chapter.get("/mentoring", as: "ada").status == 404)
        #expect(try await chapter.get("/home", as: "ada").text.contains("/mentoring") == false)
    }

    @Test("R41: whoever is named on forms takes it back on the page on which they signed, or tells their coordinator")
    func takingBack() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        let front = try Front(office)
        let page = try await front.get("/agreements?as=mentor", as: "ben")
        #expect(
            page.text.contains("Take back what was signed") && page.text.contains("I permit MPHP to write the name"))
        let ben = try office.id("ben")
        let paper = "/desk/people/\(ben)/agreements"
        #expect(try await front.get("\(paper)?as=mentor", as: "maya").text.contains("Record that it was taken back"))
        #expect(
            try await front.post("\(paper)/withdrawal", as: "omar", [("as", "mentor"), ("via", "phone")]).status == 404)
        let confirmed = [("as", "mentor"), ("confirmed", "yes")]
        let other = try await front.post("\(paper)/withdrawal", as: "maya", confirmed + [("via", "screen")])
        #expect(other.status == 422)
        for path in ["/agreements/withdrawal", "\(paper)/withdrawal"] {
            let who = path == "/agreements/withdrawal" ? "ben" : "maya"
            let asked = try await front.post(path, as: who, [("as", "mentor"), ("via", "phone")])
            #expect(asked.status == 422 && asked.text.contains("Yes, it is taken back"), "one press takes nothing back")
        }
        let unsaid = try await front.get("/home?done=agreementsTakenBack", as: "ben").text
        #expect(!unsaid.contains("comes off every form"), "no link says what was not done")
        #expect(try await front.post("/agreements/withdrawal", as: "ben", confirmed).status == 303)
        let home = try await front.get("/home?done=agreementsTakenBack", as: "ben").text
        #expect(home.contains("comes off every form") && home.contains("Not signed yet"))
        #expect(try await !front.get("/agreements?as=mentor", as: "ben").text.contains("Take back what was signed"))
        let again = try await front.post("\(paper)/withdrawal", as: "maya", confirmed + [("via", "phone")])
        #expect(again.status == 303, "twice is once")
        let ada = try await front.get("/cases/\(front.handle("ada"))", as: "ada").text
        #expect(!ada.contains("Ben X."))
    }

    @Test("every page of every program's parties answers, with words for each state")
    func pages() async throws {
        for program in ["structured", "mscsw"] {
            let office = try await running(program)
            let front = try Front(office)
            for (name, role) in [("ada", "mentee"), ("ben", "mentor")] {
                let signed = try await front.post(
                    "/agreements", as: name, [("as", role), ("meaning", "sign"), ("display", "\(name.capitalized) P.")])
                #expect(signed.status == 303, "\(program) \(name)")
                try await front.site.accounts.agreeElectronically(office.id(name), by: .operator)
            }
            let handle = try front.handle("ada", workflow: "mentorship")
            #expect(try await press(front, handle, "request", as: "ada").status == 303)
            #expect(try await press(front, handle, "survey", as: "ada", [("understood", "yes")]).status == 303)
            let staff = try front.handle("maya", workflow: "mentorship", isStaff: true)
            let proposed = try await press(
                front, staff, "proposal", as: "maya", [("person", "\(try office.id("ben"))")])
            #expect(proposed.status == 303, "\(program)")
            let mentor = try front.handle("ben", workflow: "mentorship")
            #expect(try await press(front, mentor, "acceptance", as: "ben").status == 303)
            #expect(try await press(front, staff, "offer", as: "maya").status == 303)
            #expect(try await press(front, handle, "signature", as: "ada").status == 303, "\(program)")
            #expect(try await press(front, mentor, "signature", as: "ben").status == 303, "\(program)")
            if program == "mscsw" { #expect(try await press(front, staff, "disclosure", as: "maya").status == 303) }
            for (name, own, other) in [("ada", handle, "Ben Profile"), ("ben", mentor, "Ada Profile")] {
                let card = try await front.post("/private", as: name, [("case", "\(own)"), ("act", "look")])
                #expect(
                    card.status == 200 && card.text.contains(other) && !card.text.contains("Zyxsurname"),
                    "\(program) \(name)")
                for path in [
                    "/home", "/cases/\(own)", "/shown", "/profile", "/account",
                    "/availability?as=\(name == "ada" ? "mentee" : "mentor")",
                ] {
                    let page = try await front.get(path, as: name)
                    #expect(
                        page.status == 200 && !page.text.contains("state.") && !page.text.contains("act."),
                        "\(program) \(path)")
                }
            }
        }
    }

    @Test(
        "R40: before somebody agrees to sign on screen they read what the law wants told, as their program does it, and they can take the agreement back",
        arguments: ["mphp", "sgv-camft"])
    func electronicTerms(program: String) async throws {
        let office = program == "mphp" ? try await Office(at: "2026-02-02T09:00").staffed() : try await running(program)
        let front = try Front(office)
        let before = try await front.get("/electronic", as: "ben").text
        for said in [
            "every release and every agreement", "at any time, on this page", "It costs nothing.",
            "on your account page", "not older than five years",
        ] {
            #expect(before.contains(said), "\(said)")
        }
        // A program that has no paper and no coordinator promises neither.
        #expect(before.contains("on paper instead") == (program == "mphp"))
        #expect(before.contains("coordinator") == (program == "mphp"))
        try await front.site.accounts.agreeElectronically(office.id("ben"), by: .operator)
        #expect(try await front.get("/electronic", as: "ben").text.contains("Take this agreement back"))
        #expect(try await front.post("/electronic/withdrawal", as: "ben").status == 303)
        let account = try await front.site.accounts.account(of: office.id("ben"), by: .operator)
        #expect(account.agreedElectronicallyOn == nil)
        #expect(try await front.post("/electronic/withdrawal", as: "ben").status == 303, "and again")
        // Signing asks anew.
        let workflow = program == "mphp" ? "mentorship" : "listing"
        let signer = program == "mphp" ? "ada" : "ben"
        let lines =
            program == "mphp"
            ? "ada request\nada completeSurvey\nmaya propose ben\nben acceptSlot\nmaya offer" : "ben request"
        if program == "sgv-camft" {
            _ = try await front.post("/agreements", as: "ben", [("as", "mentor"), ("meaning", "sign")])
        }
        try await Story.tell(office, workflow: workflow, of: signer, lines, isChecked: false)
        let handle = try front.handle(signer, of: signer, workflow: workflow)
        let asked = try await front.get("/cases/\(handle)/signature", as: signer)
        #expect(asked.status == 303 && asked.header("Location")?.hasPrefix("/electronic") == true)
    }

    @Test(
        "R17, MPHP-61, MPHP-63: whoever holds a code answers on screen without signing in, once; what the program does not have is not asked about",
        arguments: ["mphp", "icb", "structured", "mscsw"])
    func evaluation(program: String) async throws {
        let office = program == "mphp" ? try await Office(at: "2026-02-02T09:00").staffed() : try await running(program)
        let front = try Front(office)
        let page = try await front.get("/evaluation")
        guard program != "mscsw" else {
            let home = try await front.get("/").text
            #expect(page.status == 404 && !home.contains("/evaluation"))
            return
        }
        #expect(try await front.get("/").text.contains("href=\"/evaluation\""))
        let asked: [(String, [String])] = [
            ("questions of the survey", ["mphp", "structured"]), ("directory page", ["icb"]),
            ("training material", ["structured"]),
            ("release form", ["mphp", "icb", "structured"]),
        ]
        for (question, programs) in asked {
            #expect(page.text.contains(question) == programs.contains(program), "\(question)")
        }
        let batch = try await office.service.openEvaluation()
        let answers = batch.items.map { ($0.rawValue, "yes") }
        let code = try #require(batch.codes.first)
        #expect(
            try await front.post("/evaluation", answers + [("code", "AAAAA-BBBBB-CCCCC-DDDDD")]).text.contains(
                "was not used yet"))
        #expect(
            try await front.post("/evaluation", Array(answers.dropLast()) + [("code", code)]).text.contains(
                "one of the four answers"))
        let done = try await front.post("/evaluation", answers + [("code", code)])
        #expect(done.status == 200 && done.text.contains("Your answers are in."))
        #expect(
            try await front.post("/evaluation", answers + [("code", code)]).text.contains("was not used yet"),
            "it works once")
        for line in front.log.all { #expect(!line.contains(code)) }
    }
}
