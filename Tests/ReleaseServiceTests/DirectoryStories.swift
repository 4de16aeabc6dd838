import ReleaseWorkflow
import Testing

@testable import ReleaseService

@Suite("Stories of the directories")
struct DirectoryStories {
    private static let programs = ["icb", "sgv-camft"].filter(Office.isMeant)

    private func tell(
        _ program: String, _ lines: String, at time: String = "2026-02-02T09:00",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let untrue = try await Story.untrue(Office.running(program, at: time), workflow: "listing", of: "ben", lines)
        #expect(untrue == [], sourceLocation: sourceLocation)
    }

    private let listed = """
        ben request -> requested | opener requested, staff requested
        maya offer -> confirmed; tells ben releaseReady | opener confirmed, staff confirmed
        ben sign -> listed | opener listed, staff listed
        listing ben shown
        """

    @Test(
        "ICB-03, ICB-04, ICB-13, ICB-15, ICB-16: who is certified and has ten years is offered a listing, signs, and is found by everybody"
    )
    func certified() async throws {
        try await tell("icb", listed)
        try await tell(
            "icb",
            "ben request -> requested\nfact ben certified 2025-12-31\nmaya offer -> !conditionFailed.openerEligible")
        try await tell(
            "icb",
            """
            ben request -> requested
            fact ben experiencedSince 2016-02-03
            maya offer -> !conditionFailed.openerEligible
            fact ben experiencedSince 2016-02-02
            maya offer -> confirmed; tells ben releaseReady
            """
        )
        try await tell(
            "icb",
            """
            ben request -> requested
            maya offer -> confirmed; tells ben releaseReady
            fact ben certified 2025-12-31
            ben sign -> !conditionFailed.openerEligible
            """
        )
    }

    @Test("ICB-21, ICB-32, A-19: before the signature the mentor declines and staff take the offer back")
    func before() async throws {
        try await tell(
            "icb", "ben request -> requested\nben decline -> idle; tells ben declineConfirmed | opener idle, staff none"
        )
        try await tell(
            "icb",
            """
            ben request -> requested
            maya offer -> confirmed; tells ben releaseReady
            ben decline -> idle; tells ben declineConfirmed | opener idle, staff none
            """
        )
        try await tell(
            "icb",
            """
            ben request -> requested
            maya offer -> confirmed; tells ben releaseReady
            maya withdrawProposal -> requested | opener requested, staff requested
            """
        )
    }

    @Test(
        "ICB-33, ICB-34, ICB-37, A-22: a listing is gone with the act that takes it down, on screen or on paper; the mentor is told what they owe, and may be listed again"
    )
    func down() async throws {
        for act in ["end", "rescind"] {
            for who in ["ben", "ben@paper"] {
                try await tell(
                    "icb",
                    listed
                        + """

                        \(who) \(act) -> ended; tells ben findAnother | opener ended, staff ended
                        listing ben gone
                        live ben no
                        """
                )
            }
        }
        try await tell(
            "icb",
            listed
                + """

                ben end -> ended; tells ben findAnother
                ben rescind -> ended | opener ended
                ben request -> requested | opener requested
                """
        )
        try await tell(
            "icb",
            listed
                + """

                maya withdrawCard -> ended; tells ben withdrawn | opener ended, staff ended
                listing ben gone
                live ben no
                """
        )
    }

    @Test(
        "R15: the box hides an entry and brings it back, and so does a standing that is lost and comes again; the release stays",
        arguments: programs)
    func hidden(program: String) async throws {
        let begin = program == "icb" ? listed : "ben request -> requested\nben sign -> listed\nlisting ben shown"
        try await tell(
            program,
            begin
                + """

                ben hide -> listed | opener listed
                listing ben gone
                live ben yes
                ben showAgain -> listed | opener listed
                listing ben shown
                """
        )
        let (lose, gain, warned) =
            program == "icb"
            ? ("fact ben certified 2026-02-10", "fact ben certified 2027-12-31", ", ben standingEndsSoon")
            : ("fact ben member no", "fact ben member yes", "")
        try await tell(
            program,
            begin
                + """

                \(lose)
                wait 2026-02-12T09:00 -> tells ben hidden\(warned) | opener listed
                listing ben gone
                live ben yes
                \(gain)
                wait 2026-02-13T09:00 -> tells ben shownAgain | opener listed
                listing ben shown
                """
        )
        if program == "icb" { try await tell(program, begin + "\nben@phone hide -> listed\nlisting ben gone") }
    }

    @Test(
        "SGV-03, SGV-05, SGV-08, SGV-07: a member lists themselves and takes it down alone, on screen; nobody of the chapter has a part in it"
    )
    func alone() async throws {
        let listed =
            "ben request -> requested | opener requested\nben sign -> listed | opener listed\nlisting ben shown\n"
        try await tell(
            "sgv-camft",
            listed
                + """
                ben end -> ended | opener ended
                listing ben gone
                live ben no
                ben rescind -> ended
                ben request -> requested
                """
        )
        try await tell("sgv-camft", listed + "ben rescind -> ended | opener ended\nlisting ben gone\nlive ben no")
        try await tell(
            "sgv-camft", "ben request -> requested\nben decline -> idle; tells ben declineConfirmed | opener idle")
        for condition in ["member", "goodStanding", "licensed"] {
            try await tell("sgv-camft", "fact ben \(condition) no\nben request -> !conditionFailed.openerEligible")
            try await tell(
                "sgv-camft",
                "ben request -> requested\nfact ben \(condition) no\nben sign -> !conditionFailed.openerEligible")
        }
    }

    @Test(
        "DER-12, A-11, R13: what is listed can be corrected and renewed, and runs out on its last day",
        arguments: programs)
    func renewed(program: String) async throws {
        let begin = program == "icb" ? listed : "ben request -> requested\nben sign -> listed\nlisting ben shown"
        let lasting = program == "icb" ? "fact ben certified 2030-12-31\n" : ""
        try await tell(
            program,
            lasting + begin
                + """

                ben correct -> listed | opener listed
                listing ben shown
                expires ben 2028-02-02
                ben renew -> !conditionFailed.releaseEndNear
                wait 2028-01-20T09:00 -> tells ben permissionEndsSoon | opener listed
                ben renew -> listed | opener listed
                expires ben 2030-01-20
                wait 2028-02-10T09:00 -> 
                listing ben shown
                """
        )
        try await tell(
            program,
            lasting + begin
                + """

                wait 2028-02-03T09:00 -> tells ben expired, ben permissionEndsSoon | opener ended
                listing ben gone
                live ben no
                """
        )
    }

    @Test(
        "ICB-07, ICB-17, SGV-13, WEB-19: nobody is listed who has not signed what the program asks", arguments: programs
    )
    func agreements(program: String) async throws {
        let office = try await Office.running(program)
        let profile: [ProfileField: String] = [
            .displayName: "Dan P.", .contactRoute: "dan@example.org", .region: "x", .topics: "y",
        ]
        try await office.add(
            "dan", "Daniel Underhill", "Underhill", first: "Dan", phone: "312-555-0145", roles: [.mentor],
            coordinator: program == "icb" ? "maya" : nil, profile: profile)
        try await office.enroll("dan", as: .mentor)
        try await Story.tell(
            office, workflow: "listing", of: "dan", "dan request -> !conditionFailed.agreementsCurrent")
    }

    @Test("DER-04, DER-19: nothing is listed without what a signature needs", arguments: programs)
    func evidence(program: String) async throws {
        let office = try await Office.running(program)
        try await Story.tell(
            office, workflow: "listing", of: "ben", program == "icb" ? "ben request\nmaya offer" : "ben request",
            isChecked: false)
        try await office.refusesWithoutPaper(.sign, "ben", on: "ben", workflow: "listing")
        try await Story.tell(office, workflow: "listing", of: "ben", "ben sign -> listed")
        try await office.refusesWithoutPaper(.correct, "ben", on: "ben", workflow: "listing")
        try await Story.tell(
            office, workflow: "listing", of: "ben", "fact ben certified 2030-12-31\nwait 2028-01-20T09:00 ->",
            isChecked: false)
        try await office.refusesWithoutPaper(.renew, "ben", on: "ben", workflow: "listing")
    }

    @Test(
        "ICB-07, ICB-17, SGV-13, WEB-19: agreements that are to be signed again stop the next listing until they are",
        arguments: programs)
    func otherAgreements(program: String) async throws {
        func office(_ lines: String) async throws -> Office {
            let office = try await Office.running(program)
            try await Story.tell(office, workflow: "listing", of: "ben", lines, isChecked: false)
            try await office.adoptOtherAgreements()
            return office
        }
        let begin = "ben request" + (program == "icb" ? "\nmaya offer" : "")
        let refused = "!conditionFailed.agreementsCurrent"
        try await Story.tell(
            office(begin + "\nben sign\nben end"), workflow: "listing", of: "ben", "ben request -> \(refused)")
    }

    @Test(
        "ICB-15, R15: a certification that is attested to have ended long ago hides the entry today, and the history stays in order"
    )
    func longAgo() async throws {
        let office = try await Office.running("icb")
        try await Story.tell(
            office, workflow: "listing", of: "ben", listed + "\nfact ben certified 2020-12-31\nlisting ben gone")
        let view = try await office.service.view(
            of: office.id("ben"), workflow: "listing", as: .mentor, viewer: office.id("ben"))
        let days = view.history.map(\.on)
        #expect(days.count >= 2 && days == days.sorted() && days.last == CivilDate(parsing: "2026-02-02"))
    }

    @Test(
        "SGV-26, A-24: the chapter's directory is for members in good standing who are not licensed yet, or newly"
    )
    func seekers() async throws {
        guard Self.programs.contains("sgv-camft") else { return }
        let office = try await Office.running("sgv-camft")
        try await Story.tell(office, workflow: "listing", of: "ben", "ben request -> requested\nben sign -> listed")
        let ada = try office.id("ada")
        func isShown(after facts: String) async throws -> Bool {
            // Who has left and joins again checks the box again.
            try await Story.tell(office, workflow: "listing", of: "ben", facts + "\nfact ada ready yes")
            return (try? await office.service.directory(.person(ada)).listings.isEmpty == false) ?? false
        }
        for (facts, shown) in [
            ("fact ada member yes", true), ("fact ada member no", false),
            ("fact ada member yes\nfact ada goodStanding no", false), ("fact ada goodStanding yes", true),
            ("fact ada preLicensed no", true), ("fact ada licensedOn 2024-02-01", false),
            ("fact ada licensedOn 2024-02-02", true), ("fact ada licensedOn none", false),
            ("fact ada preLicensed yes", true),
        ] {
            #expect(try await isShown(after: facts) == shown, "\(facts)")
        }
    }
}
