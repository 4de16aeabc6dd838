import Matching
import ReleaseWorkflow
import Testing

@testable import ReleaseService

@Suite("Stories of the programs in which both sign")
struct ExchangeStories {
    private static let programs = ["mscsw", "structured"].filter(Office.isMeant)
    private let surveyed = """
        ada request -> requested | opener requested, staff requested
        ada completeSurvey -> surveyed | opener surveyed, staff surveyed

        """
    private var proposed: String {
        surveyed
            + """
            maya propose ben -> proposed; tells ben slotOffered | opener surveyed, counterpart proposed, staff proposed

            """
    }
    private var offered: String {
        proposed
            + """
            ben acceptSlot -> proposed | counterpart proposed, staff proposed
            maya offer -> offered; tells ada releaseReady, ben releaseReady | opener offered, counterpart offered, staff offered

            """
    }
    private var menteeSigned: String {
        offered + "ada sign -> menteeSigned | opener menteeSigned, counterpart offered, staff menteeSigned\n"
    }
    private var mentorSigned: String {
        offered + "ben sign -> mentorSigned | opener offered, counterpart mentorSigned, staff mentorSigned\n"
    }

    /// Both cards are open.
    private func introduced(_ program: String) -> String {
        let opened =
            "introduced; tells ada cardReady, ben cardReady | opener introduced, counterpart introduced, staff introduced"
        let cards = "\ncard ada open\ncard ben open\nsurvey ada gone\n"
        return program == "structured"
            ? menteeSigned + "ben sign -> \(opened)" + cards
            : menteeSigned
                + """
                ben sign -> paired | opener paired, counterpart paired, staff paired
                card ben notFound
                maya disclose -> \(opened)
                """
                + cards
    }

    private func tell(
        _ program: String, _ lines: String, at time: String = "2026-02-02T09:00",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let untrue = try await Story.untrue(Office.running(program, at: time), lines)
        #expect(untrue == [], sourceLocation: sourceLocation)
    }

    @Test(
        "MSC-04, MSC-12, MSC-18, WEB-25, WEB-30: both sign, in either order, and only then each is shown the other",
        arguments: programs)
    func way(program: String) async throws {
        try await tell(program, introduced(program))
        let paired = program == "structured" ? "introduced; tells ada cardReady, ben cardReady" : "paired"
        try await tell(program, mentorSigned + "ada sign -> \(paired)")
        try await tell(
            program,
            """
            fact ada \(program == "mscsw" ? "student no\nfact ada practice 2020-01-01" : "member no")
            ada request -> !conditionFailed.openerEligible
            """
        )
    }

    @Test(
        "MSC-05, MSC-24, MPHP-28, DER-13, A-19: until somebody has signed everything can be left, and nobody is told why",
        arguments: programs)
    func free(program: String) async throws {
        for before in ["ada request -> requested\n", surveyed, proposed, offered] {
            try await tell(
                program, before + "ada decline -> idle; tells ada declineConfirmed | opener idle, staff none")
        }
        try await tell(program, surveyed + "ada completeSurvey -> surveyed")
        for before in [proposed, offered] {
            let told = before == offered ? "; tells ada mentorUnavailable" : ""
            for act in ["ben slotUnavailable", "maya slotUnavailable", "maya withdrawProposal"] {
                try await tell(program, before + "\(act) -> surveyed\(told) | opener surveyed, staff surveyed")
            }
            try await tell(
                program,
                before
                    + """
                    ada refuseMentor -> surveyed | opener surveyed, staff surveyed
                    away ada somebody
                    maya propose ben -> !cannotBringTogether
                    """
            )
        }
        try await tell(program, proposed + "maya offer -> !conditionFailed.slotAccepted")
    }

    @Test(
        "R1, R2: whoever goes on being shown the offer after the other signed can do what it says, and has before them what they would have had if the other had not signed",
        arguments: programs)
    func halfSigned(program: String) async throws {
        try await tell(
            program,
            menteeSigned
                + """
                ben slotUnavailable -> same; tells ada mentorUnavailable | opener surveyed, counterpart none, staff surveyed
                survey ada kept
                away ben nobody
                live ada unknown
                """
        )
        try await tell(
            program,
            mentorSigned
                + """
                ada refuseMentor -> surveyed; tells ben placeFree | opener surveyed, staff surveyed
                survey ada kept
                away ada somebody
                """
        )
        try await tell(
            program,
            mentorSigned
                + """
                ada decline -> idle; tells ada declineConfirmed, ben placeFree | opener idle, staff ended
                away ada nobody
                live ben no
                ada decline -> idle; tells ada declineConfirmed
                ada request -> requested | opener requested, staff requested
                """
        )
        let lose = program == "mscsw" ? "fact ben member no" : "fact ada trained no"
        try await tell(
            program,
            menteeSigned
                + """
                \(lose)
                wait 2026-02-03T09:00 -> tells ada notUsed | opener menteeSigned, counterpart offered
                wait 2026-03-01T09:00 -> | opener menteeSigned
                wait 2026-03-06T09:00 -> tells ada mentorUnavailable, ben placeFree | opener surveyed, staff surveyed
                survey ada kept
                """
        )
        try await tell(
            program,
            mentorSigned
                + """
                \(lose)
                wait 2026-02-03T09:00 -> tells ben notUsed | opener offered, counterpart mentorSigned
                wait 2026-03-06T09:00 -> tells ada mentorUnavailable, ben placeFree | opener surveyed, staff surveyed
                """
        )
    }

    @Test(
        "R1, R2: the page of whoever refuses, declines or has no place, is the same to the last line whether or not the other had signed",
        arguments: programs, [("ada", CommandKind.refuseMentor), ("ada", .decline), ("ben", .slotUnavailable)])
    func alike(program: String, act: (who: String, kind: CommandKind)) async throws {
        var pages: [String] = []
        for before in [offered, act.who == "ada" ? mentorSigned : menteeSigned] {
            let office = try await Office.running(program)
            try await Story.tell(office, before)
            try await office.must(act.kind, act.who)
            let lines = try await office.service.cases(of: office.id(act.who))
            pages.append(
                lines.map { line in
                    "\(line.view.workflow) \(line.role) \(line.view.state) \(line.view.history) \(line.situation as Any) \(line.rank)"
                }.sorted().joined(separator: "\n"))
        }
        #expect(pages[0] == pages[1])
    }

    @Test(
        "MSC-02, MSC-06, WEB-15, WEB-19, WEB-25, WEB-28, WEB-50, R3, R29: what a match rests on is asked at the proposal, each part of it",
        arguments: programs)
    func pairing(program: String) async throws {
        var cases = [
            ("fact ben ready no", "conditionFailed.mentorReady"),
            ("fact ben paused yes", "conditionFailed.mentorReady"),
            ("fact ben places 0", "conditionFailed.capacityLeft"), ("list ada ben", "cannotBringTogether"),
            ("list ben ada", "cannotBringTogether"), ("fact ben member no", "conditionFailed.pairEligible"),
        ]
        cases +=
            program == "structured"
            ? [
                ("fact ben trained no", "conditionFailed.pairEligible"),
                ("fact ada trained no", "conditionFailed.openerEligible"),
                ("fact ada member no", "conditionFailed.openerEligible"),
            ]
            : [
                ("fact ben experienced no", "conditionFailed.pairEligible"),
                ("fact ada student no\nfact ada practice 2020-01-01", "conditionFailed.openerEligible"),
            ]
        for (set, code) in cases {
            try await tell(program, surveyed + set + "\nmaya propose ben -> !\(code)")
        }
        let office = try await Office.running(program)
        try office.time("2028-06-01T09:00")
        if program == "mscsw" { try await Story.tell(office, "fact ada practice 2028-01-01") }
        try await Story.tell(office, surveyed + "maya propose ben -> !conditionFailed.attestedLately")
    }

    @Test(
        "MSC-02: whoever studies, or began practice less than two years ago, may ask; a mentor is proposed to those whose stage they accept",
        arguments: ["mscsw"].filter(Office.isMeant))
    func stages(program: String) async throws {
        let answers = "\nada request -> requested\nada completeSurvey -> surveyed\n"
        let stages = [
            ("fact ada student yes\nfact ada practice none", "student"),
            ("fact ada student no\nfact ada practice 2025-06-01", "firstYear"),
            ("fact ada student no\nfact ada practice 2024-06-01", "secondYear"),
        ]
        for (facts, stage) in stages {
            let others = stages.map(\.1).filter { $0 != stage }.joined(separator: "+")
            try await tell(
                program,
                "\(facts)\nfact ben stages \(others)\(answers)maya propose ben -> !conditionFailed.pairEligible")
            try await tell(
                program,
                "\(facts)\nfact ben stages \(stage)\(answers)maya propose ben -> proposed; tells ben slotOffered")
        }
        try await tell(
            program,
            "fact ada student no\nfact ada practice 2024-01-01\nada request -> !conditionFailed.openerEligible")
    }

    @Test(
        "MSC-19, MSC-20, WEB-10, R5: “not a match” is all that need be said, by either, and the search begins again for both",
        arguments: programs)
    func notAMatch(program: String) async throws {
        for who in ["ada", "ben", "ada@phone", "ben@paper"] {
            try await tell(
                program,
                introduced(program)
                    + """
                    \(who) notAMatch -> same; tells ada newRound, ben ended, maya newRound | opener requested, staff requested
                    card ben cardClosed
                    away \(who.prefix(3)) somebody
                    """
            )
        }
        try await tell(
            program,
            menteeSigned
                + "ada notAMatch -> requested; tells ada newRound, ben placeFree, maya newRound | opener requested")
        try await tell(
            program, mentorSigned + "ben notAMatch -> same; tells ada newRound, maya newRound | opener requested")
        if program == "mscsw" {
            try await tell(
                program,
                menteeSigned
                    + "ben sign -> paired\nben notAMatch -> same; tells ada newRound, maya newRound | opener requested")
        }
    }

    @Test(
        "MPHP-48, WEB-16, WEB-49, R14: each may leave at any time, closing both cards; taking back goes on being possible afterwards",
        arguments: programs)
    func leaving(program: String) async throws {
        let open = introduced(program)
        try await tell(
            program,
            open
                + """
                ada end -> ended; tells \(program == "mscsw" ? "ada ended, " : "")ben ended | opener ended, counterpart ended, staff ended
                card ben cardClosed
                away ada somebody
                ben rescind -> ended
                ada rescind -> ended
                ada rematch -> requested | opener requested, staff requested
                """
        )
        for who in ["ada", "ada@phone", "ada@paper"] {
            try await tell(
                program,
                open
                    + """
                    \(who) rescind -> ended; tells ben rescinded | opener ended, counterpart ended, staff ended
                    card ben cardClosed
                    card ada cardClosed
                    away ada somebody
                    """
            )
        }
        try await tell(
            program,
            open
                + """
                ben rescind -> ended; tells ada rescinded | opener ended, counterpart ended, staff ended
                card ada cardClosed
                ben rescind -> ended
                """
        )
        try await tell(
            program, menteeSigned + "ada end -> ended; tells ben placeFree | opener ended, staff ended\nlive ada no")
        try await tell(program, menteeSigned + "ada rescind -> ended; tells ben placeFree | opener ended, staff ended")
        try await tell(
            program,
            mentorSigned
                + "ben rescind -> ended; tells ada mentorUnavailable | opener idle, counterpart ended, staff ended")
        let stop = program == "mscsw" ? "fact ada student no\nfact ada practice 2020-01-01" : "fact ada trained no"
        try await tell(
            program,
            open
                + """
                ada end -> same; tells \(program == "mscsw" ? "ada ended, " : "")ben ended
                \(stop)
                ada rematch -> !conditionFailed.openerEligible
                """
        )
        if program == "mscsw" {
            try await tell(
                program,
                open
                    + """
                    ben end -> ended; tells ada ended, ben ended | opener ended, counterpart ended
                    card ada cardClosed
                    away ben somebody
                    """
            )
        }
    }

    @Test("WEB-10, WEB-16, WEB-49, R16: a mentor gives fourteen days of notice; both cards stay open until then")
    func notice() async throws {
        let ending =
            introduced("structured")
                + """
                ben giveNotice -> ending; tells ada noticeGiven | opener ending, counterpart ending, staff ending
                card ben open
                card ada open
                away ben somebody

                """
        try await tell(
            "structured",
            ending
                + """
                wait 2026-02-16T09:00 -> | opener ending
                card ben open
                wait 2026-02-17T09:00 -> tells ada ended, ben ended | opener ended, counterpart ended, staff ended
                card ben cardClosed
                """
        )
        try await tell(
            "structured", ending + "ada end -> ended; tells ben ended | opener ended, staff ended\ncard ben cardClosed")
        try await tell(
            "structured", ending + "ben rescind -> ended; tells ada rescinded | opener ended\ncard ada cardClosed")
        try await tell(
            "structured",
            ending
                + """
                ada correct -> ending; tells ben corrected
                ben correct -> ending; tells ada corrected
                ada freezeCard -> ending; tells ben numberWrong
                card ben cardFrozen
                ada unfreezeCard -> ending; tells ben corrected
                ben freezeCard -> ending; tells ada numberWrong
                ben unfreezeCard -> ending; tells ada corrected
                """
        )
        try await tell(
            "structured",
            ending
                + "maya withdrawCard -> ended; tells ada withdrawn, ben withdrawn | opener ended\ncard ben cardClosed")
        try await tell(
            "structured", ending + "ada rematch -> requested | opener requested, staff requested\ncard ben open")
    }

    @Test(
        "WEB-07, WEB-26, WEB-51, MSC-15, MSC-17: both are reminded thirty days before the time is over, and then it is over"
    )
    func term() async throws {
        try await tell(
            "structured",
            introduced("structured")
                + """
                wait 2026-07-02T09:00 -> | opener introduced
                wait 2026-07-04T09:00 -> tells ada endNear, ben endNear
                wait 2026-08-02T20:00 -> | opener introduced
                card ben open
                wait 2026-08-03T09:00 -> tells ada termOver, ben termOver | opener ended, counterpart ended, staff ended
                card ben cardClosed
                """
        )
        try await tell(
            "mscsw",
            introduced("mscsw")
                + """
                wait 2027-01-04T09:00 -> tells ada endNear, ben endNear
                wait 2027-02-02T20:00 -> | opener introduced
                wait 2027-02-03T09:00 -> tells ada termOver, ben termOver | opener ended, counterpart ended, staff ended
                card ben cardClosed
                """
        )
    }

    @Test(
        "MSC-15, MSC-16, A-26, R15: one more year, once, if both sign; a signature that is late waits for thirty days with both cards closed"
    )
    func extended() async throws {
        let open = introduced("mscsw") + "expires ada 2027-04-02\n"
        try await tell(
            "mscsw",
            open
                + """
                ada extend -> introduced; tells ada extended, ben extended | opener introduced
                ben extend -> introduced; tells ada extended, ben extended
                expires ada 2028-04-02
                wait 2027-02-03T09:00 -> | opener introduced
                card ben open
                """
        )
        let waits =
            open
                + """
                ada extend -> introduced; tells ada extended, ben extended
                wait 2027-02-03T09:00 -> tells ada endNear, ben endNear, ada extensionWaits, ben extensionWaits | opener awaitingExtension, counterpart awaitingExtension, staff awaitingExtension
                card ben cardClosed

                """
        try await tell(
            "mscsw",
            waits
                + """
                ben extend -> introduced; tells ada cardReady, ben cardReady | opener introduced, counterpart introduced, staff introduced
                card ben open
                card ada open
                """
        )
        // What is put right meanwhile is shown to nobody, so nobody is asked to look.
        try await tell(
            "mscsw",
            waits
                + """
                ada correct -> awaitingExtension
                ben correct -> awaitingExtension
                card ben cardClosed
                """
        )
        try await tell(
            "mscsw",
            waits
                + """
                wait 2027-03-06T09:00 -> tells ada termOver, ben termOver | opener ended, counterpart ended, staff ended
                live ada no
                """
        )
        try await tell(
            "mscsw", waits + "ada rescind -> ended; tells ben rescinded | opener ended, counterpart ended, staff ended")
        try await tell("mscsw", waits + "ada end -> ended; tells ada ended, ben ended | opener ended, staff ended")
        try await tell(
            "mscsw",
            waits + "maya withdrawCard -> ended; tells ada withdrawn, ben withdrawn | opener ended, staff ended")
    }

    @Test("MSC-22: a second mentor is asked for by both, and is a case of its own")
    func second() async throws {
        let office = try await Office.running("mscsw")
        try await Story.tell(office, workflow: "secondMentor", "ada request -> !conditionFailed.secondSought")
        try await Story.tell(
            office,
            introduced("mscsw")
                + "ada seekSecond -> introduced; tells ada secondSought, ben secondSought | opener introduced, staff introduced"
        )
        try await Story.tell(office, workflow: "secondMentor", "ada request -> !conditionFailed.secondSought")
        try await Story.tell(office, "ben seekSecond -> introduced; tells ada secondSought, mentor secondSought")
        try await Story.tell(office, workflow: "secondMentor", "ada request -> requested")
    }

    @Test(
        "DER-12, R8: each corrects what the other is shown, and hides what is wrong, before and after the cards are open",
        arguments: programs)
    func corrections(program: String) async throws {
        try await tell(
            program,
            menteeSigned
                + """
                ada correct -> menteeSigned | opener menteeSigned, staff menteeSigned
                ada freezeCard -> menteeSigned | staff menteeSigned
                ada unfreezeCard -> menteeSigned
                """
        )
        try await tell(
            program,
            mentorSigned
                + "ben correct -> mentorSigned\nben freezeCard -> mentorSigned\nben unfreezeCard -> mentorSigned")
        try await tell(
            program,
            introduced(program) + """
                ada correct -> introduced; tells ben corrected | staff introduced
                ben correct -> introduced; tells ada corrected | staff introduced
                ada freezeCard -> introduced; tells ben numberWrong
                card ben cardFrozen
                card ada open
                ada@phone unfreezeCard -> introduced; tells ben corrected
                card ben open
                ben@paper freezeCard -> introduced; tells ada numberWrong
                card ada cardFrozen
                ben unfreezeCard -> introduced; tells ada corrected
                card ada open
                """)
        if program == "mscsw" {
            let paired = menteeSigned + "ben sign -> paired\n"
            try await tell(
                program,
                paired
                    + """
                    ada correct -> paired
                    ben correct -> paired
                    ada freezeCard -> paired
                    maya disclose -> !conditionFailed.cardNotFrozen
                    ada unfreezeCard -> paired
                    ben freezeCard -> paired
                    ben unfreezeCard -> paired
                    maya disclose -> introduced; tells ada cardReady, ben cardReady
                    """
            )
            try await tell(
                program,
                paired
                    + """
                    fact ben member no
                    wait 2026-02-03T09:00 -> tells ada notUsed, ben notUsed | opener paired, counterpart paired
                    maya disclose -> !conditionFailed.pairEligible
                    wait 2026-03-06T09:00 -> tells ada mentorUnavailable, ben placeFree | opener surveyed, staff surveyed
                    """
            )
            try await tell(program, paired + "ben rescind -> ended; tells ada mentorUnavailable | opener ended\n")
            try await tell(program, paired + "ada rescind -> ended; tells ben placeFree | opener ended\n")
            try await tell(program, paired + "ben end -> ended; tells ada mentorUnavailable | opener ended\n")
            try await tell(
                program,
                paired
                    + """
                    maya withdrawCard -> ended; tells ada withdrawn, ben withdrawn | opener ended, counterpart ended

                    """
            )
        }
    }

    @Test(
        "R32, A-11: staff close both cards for good; what runs out closes them too; in the structured program a membership that is lost ends it",
        arguments: programs)
    func closed(program: String) async throws {
        try await tell(
            program,
            introduced(program)
                + """
                maya withdrawCard -> ended; tells ada withdrawn, ben withdrawn | opener ended, counterpart ended, staff ended
                card ben cardClosed
                card ada cardClosed
                away ada nobody
                """
        )
        try await tell(
            program,
            menteeSigned
                + """
                maya withdrawCard -> ended; tells ada withdrawn, ben placeFree | opener ended, staff ended
                live ada no
                """
        )
        let last = program == "mscsw" ? "2027-04-03" : "2027-02-03"
        try await tell(
            program,
            menteeSigned
                + "wait \(last)T09:00 -> tells ada expired, ben placeFree | opener ended, staff ended\nlive ada no")
        try await tell(
            program,
            mentorSigned
                + "wait \(last)T09:00 -> tells ada mentorUnavailable, ben expired | opener idle, staff ended\nlive ben no"
        )
        if program == "structured" {
            try await tell(
                program,
                introduced(program)
                    + """
                    fact ben member no
                    wait 2026-02-03T09:00 -> tells ada ended, ben ended | opener ended, counterpart ended, staff ended
                    card ben cardClosed
                    """
            )
        } else {
            try await tell(
                program,
                introduced(program) + "fact ben member no\nwait 2026-02-03T09:00 -> | opener introduced\ncard ben open")
        }
    }

    @Test("DER-04, DER-19: nothing is signed without what a signature needs, by either", arguments: programs)
    func evidence(program: String) async throws {
        for (who, before, kind) in [
            ("ada", offered, CommandKind.sign), ("ben", offered, .sign), ("ben", menteeSigned, .sign),
            ("ada", mentorSigned, .sign),
            ("ada", introduced(program), .correct), ("ben", introduced(program), .correct),
        ] {
            let office = try await Office.running(program)
            try await Story.tell(office, before)
            try await office.refusesWithoutPaper(kind, who, workflow: "mentorship")
        }
        guard program == "mscsw" else { return }
        let office = try await Office.running(program)
        try await Story.tell(office, introduced(program))
        try await office.refusesWithoutPaper(.extend, "ada", workflow: "mentorship")
        try await Story.tell(office, "ada extend -> introduced\nwait 2027-02-03T09:00 ->", isChecked: false)
        try await office.refusesWithoutPaper(.extend, "ben", workflow: "mentorship")
    }

    @Test(
        "WEB-19, MSC-05: who has not signed the agreements in force does not ask, at first or again, and is not proposed",
        arguments: programs)
    func agreements(program: String) async throws {
        let office = try await Office.running(program)
        try await Story.tell(office, introduced(program) + "ada end -> ended", isChecked: false)
        try await office.adoptOtherAgreements()
        try await Story.tell(office, of: "ada", "ada rematch -> !conditionFailed.agreementsCurrent")
        try await Story.tell(office, of: "eve", "eve request -> !conditionFailed.agreementsCurrent")
        let other = try await Office.running(program)
        try await other.adoptOtherAgreements()
        _ = try await other.service.acknowledge(
            Actor(.person(other.id("ada")), channel: .screen), as: .mentee, display: "Ada P.", key: nil)
        try await Story.tell(other, surveyed + "maya propose ben -> !conditionFailed.acknowledgementCurrent")
    }

    @Test(
        "WEB-34, MSC-03, WEB-06: a must of the survey is a condition: no mentor is proposed who does not meet it",
        arguments: programs)
    func musts(program: String) async throws {
        let office = try await Office.running(program)
        try await Story.tell(office, "ada request -> requested\nfact ben field dentist")
        try await office.must(.completeSurvey, "ada") {
            $0.survey = Survey(sameField: .must, answers: Answers(topics: [.balance]), understood: true)
        }
        try await Story.tell(office, "maya propose ben -> !conditionFailed.mustsMet")
        let refused = try await office.act(.completeSurvey, "ada") { $0.survey = nil }
        #expect(refused.refusalCode == "conditionFailed.surveyAnswered")
    }

    @Test("R9, R12: the pair of the structured program notes for itself, and nobody else sees it")
    func ownNotes() async throws {
        guard Self.programs.contains("structured") else { return }
        try await tell(
            "structured",
            introduced("structured")
                + """
                ben recordMeeting -> !illegalTransition
                ben recordTried -> introduced | staff introduced
                ada recordTried -> !wrongPrincipal
                ben recordCall -> introduced | staff introduced
                ada recordMeeting -> introduced | staff introduced
                """)
        try await tell(
            "structured", introduced("structured") + "ada recordCall -> introduced\nben recordMeeting -> introduced")
    }
}
