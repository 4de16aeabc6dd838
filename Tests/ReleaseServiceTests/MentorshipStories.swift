import Matching
import ReleaseWorkflow
import Testing

@testable import ReleaseService

@Suite("Stories of the clinical program")
struct ClinicalStories {
    private let offered = """
        ada request -> requested | opener requested, staff requested
        ada completeSurvey -> surveyed | opener surveyed, staff surveyed
        maya propose ben -> proposed; tells ben slotOffered | opener surveyed, counterpart proposed, staff proposed
        ben acceptSlot -> proposed | counterpart proposed, staff proposed
        maya offer -> offered; tells ada releaseReady | opener offered, counterpart proposed, staff offered
        """
    private var signed: String {
        offered + "\n"
            + """
            ada sign -> signed | opener signed, counterpart proposed, staff signed
            live ada yes
            card ben notFound
            """
    }
    private var introduced: String {
        signed + "\n"
            + """
            maya disclose -> introduced; tells ben cardReady | opener introduced, counterpart introduced, staff introduced
            card ben open
            """
    }

    private func tell(
        _ lines: String, at time: String = "2026-01-05T09:00", sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let untrue = try await Story.untrue(Office(at: time).staffed(), lines)
        #expect(untrue == [], sourceLocation: sourceLocation)
    }

    @Test(
        "MPHP-17, MPHP-20, MPHP-21, MPHP-38, MPHP-40, MPHP-43, MPHP-44: from the request to the hand-off, and what each is shown and told on the way"
    )
    func way() async throws {
        try await tell(
            introduced + "\n"
                + """
                due ada 2026-01-12
                due ben 2026-01-12
                wait 2026-01-09T09:00 -> 
                wait 2026-01-10T09:00 -> tells ben callSoon
                survey ada kept
                wait 2026-01-12T23:50 -> | staff introduced
                wait 2026-01-13T09:00 -> | opener handedOff, counterpart handedOff, staff handedOff
                survey ada gone
                card ben open
                expires ada 2027-01-05
                wait 2026-12-06T09:00 -> tells ada permissionEndsSoon | staff handedOff
                wait 2026-12-29T09:00 -> tells ada permissionEndsSoon
                wait 2027-01-06T09:00 -> tells ada expired, ben cardClosed | opener ended, counterpart ended, staff handedOff
                card ben cardClosed
                ada rematch -> requested | opener requested, staff requested
                """)
    }

    @Test("MPHP-16, A-16: only somebody under contract asks, at first and again")
    func contract() async throws {
        try await tell(
            """
            fact ada contract no
            ada request -> !conditionFailed.underContract
            fact ada contract yes
            """ + "\n" + introduced + "\n"
                + """
                ada end -> ended; tells ada promptRescission, ben ended | opener ended, counterpart ended, staff ended
                card ben cardClosed
                live ada no
                away ada somebody
                survey ada gone
                fact ada contract no
                ada rematch -> !conditionFailed.underContract
                fact ada contract yes
                ada rematch -> requested
                ada rescind -> requested
                """)
    }

    @Test("MPHP-17, MPHP-18: a survey that is not answered is none; it can be answered anew")
    func survey() async throws {
        let office = try await Office().staffed()
        try await office.must(.request, "ada")
        let refused = try await office.act(.completeSurvey, "ada") { $0.survey = nil }
        #expect(refused.refusalCode == "conditionFailed.surveyAnswered", "\(refused.refusalCode ?? "none")")
        try await Story.tell(
            office,
            """
            ada completeSurvey -> surveyed
            ada completeSurvey -> surveyed | opener surveyed, staff surveyed
            """)
    }

    @Test(
        "MPHP-25, MPHP-28, MPHP-24, A-10, A-19: until they sign, the mentee may decline or ask for somebody else at any time"
    )
    func free() async throws {
        try await tell(
            offered + "\n"
                + """
                ada refuseMentor -> surveyed | opener surveyed, staff surveyed
                away ada somebody
                maya propose ben -> !cannotBringTogether
                maya propose cleo -> proposed; tells cleo slotOffered
                ada refuseMentor -> surveyed | opener surveyed, staff surveyed
                maya propose dan -> proposed; tells dan slotOffered
                ada decline -> idle; tells ada declineConfirmed | opener idle, staff none
                ada request -> requested
                ada decline -> idle; tells ada declineConfirmed | opener idle
                ada request -> requested
                ada completeSurvey -> surveyed
                ada decline -> idle; tells ada declineConfirmed | opener idle
                """)
        try await tell(offered + "\nada decline -> idle; tells ada declineConfirmed | opener idle, staff none")
    }

    @Test(
        "MPHP-13, MPHP-23, A-17, DER-13: a mentor has a place or none, before the yes and after it; a coordinator withdraws a proposal; nobody is told why"
    )
    func places() async throws {
        let proposed = """
            ada request -> requested
            ada completeSurvey -> surveyed
            maya propose ben -> proposed; tells ben slotOffered
            """
        for who in ["ben", "maya"] {
            try await tell(proposed + "\n\(who) slotUnavailable -> surveyed | opener surveyed, staff surveyed")
            try await tell(
                offered
                    + """

                    \(who) slotUnavailable -> surveyed; tells ada mentorUnavailable | opener surveyed, staff surveyed
                    """
            )
            try await tell(
                signed
                    + """

                    \(who) slotUnavailable -> ended; tells ada mentorUnavailable\(who == "ben" ? "" : ", ben placeFree") | opener ended, counterpart ended, staff ended
                    survey ada gone
                    live ada no
                    """
            )
            try await tell(
                introduced
                    + """

                    \(who) slotUnavailable -> ended; tells ada mentorUnavailable, ben deleteDetails | opener ended, counterpart ended, staff ended
                    card ben cardClosed
                    survey ada gone
                    """
            )
        }
        try await tell(proposed + "\nmaya withdrawProposal -> surveyed | opener surveyed, staff surveyed")
        try await tell(
            offered
                + "\nmaya withdrawProposal -> surveyed; tells ada mentorUnavailable | opener surveyed, staff surveyed")
        try await tell(proposed + "\nmaya offer -> !conditionFailed.slotAccepted")
    }

    @Test(
        "MPHP-03, MPHP-10, MPHP-13, MPHP-15, A-06, R3, R29: what a match rests on is asked at the proposal, each part of it, and again until the card opens"
    )
    func pairing() async throws {
        let surveyed = "ada request -> requested\nada completeSurvey -> surveyed\n"
        let cases: [(set: String, code: String, undo: String)] = [
            ("fact ada contract no", "conditionFailed.openerEligible", "fact ada contract yes"),
            ("fact ben inStanding no", "conditionFailed.pairEligible", "fact ben inStanding yes"),
            ("fact ben ready no", "conditionFailed.mentorReady", "fact ben ready yes"),
            ("fact ben paused yes", "conditionFailed.mentorReady", "fact ben paused no"),
            ("fact ben places 0", "conditionFailed.capacityLeft", "fact ben places 2"),
        ]
        for (set, code, undo) in cases {
            let also = set.contains("inStanding") ? "fact ben field dentist\n" : ""
            try await tell(
                surveyed + also + set + "\nmaya propose ben -> !\(code)\n" + undo
                    + "\nmaya propose ben -> proposed; tells ben slotOffered")
        }
        // What is lost after the yes stops the release that is signed, and not the ones that matter no more.
        try await tell(
            offered
                + """

                fact ada contract no
                ada sign -> !conditionFailed.openerEligible
                fact ada contract yes
                ada sign -> signed
                """
        )
        try await tell(
            signed + "\nfact ben field dentist\nfact ben inStanding no\nmaya disclose -> !conditionFailed.pairEligible")
        try await tell(
            signed + "\nfact ben paused yes\nfact ben places 0\nmaya disclose -> introduced; tells ben cardReady")
    }

    @Test(
        "MPHP-04, MPHP-05, MPHP-07, MPHP-08, MPHP-09, MPHP-11, MPHP-12, A-06, A-07, A-09: any one of the three criteria makes a mentor, and nothing less than one whole"
    )
    func criteria() async throws {
        let none =
            "ada request -> requested\nada completeSurvey -> surveyed\nfact ben field dentist\nfact ben inStanding no\n"
        let refused = "\nmaya propose ben -> !conditionFailed.pairEligible\n"
        let taken = "\nmaya propose ben -> proposed; tells ben slotOffered"
        try await tell(none + refused)
        for enough in [
            "fact ben inStanding yes", "fact ben recovery 2023-01-05", "fact ben addictionCounselor yes",
            "fact ben field nurse",
            "fact ben activeInRecovery yes\nfact ben guidedOthers yes",
        ] {
            try await tell(none + enough + taken)
        }
        for less in [
            "fact ben recovery 2023-01-06", "fact ben activeInRecovery yes", "fact ben guidedOthers yes",
            "fact ben field pharmacist",
        ] {
            try await tell(none + less + refused)
        }
        // Doctors and dentists are alike, pharmacists are not like them.
        for (own, theirs, isAlike) in [
            ("physician", "dentist", true), ("dentist", "physician", true), ("pharmacist", "pharmacist", true),
            ("physician", "pharmacist", false),
        ] {
            let office = try await Office(at: "2026-01-05T09:00").staffed()
            try await office.add(
                "lee", "Lee Underwood", "Underwood", first: "Lee", phone: "312-555-0188", roles: [.participant],
                field: own,
                coordinator: "maya")
            try await Story.tell(
                office, of: "lee",
                """
                lee request -> requested
                lee completeSurvey -> surveyed
                fact ben field \(theirs)
                fact ben inStanding no
                """
                    + (isAlike ? taken : refused))
        }
    }

    @Test("MPHP-15, R3: a mentor who has not signed the acknowledgement in force is not proposed to anybody")
    func unsigned() async throws {
        let office = try await Office(at: "2026-01-05T09:00").staffed()
        try await office.adoptOtherAgreements()
        try await Story.tell(
            office,
            """
            ada request -> requested
            ada completeSurvey -> surveyed
            maya propose ben -> !conditionFailed.acknowledgementCurrent
            """
        )
    }

    @Test(
        "R9, R10, R12, MPHP-42: the pair notes its call and its meeting for itself; each takes back what they noted last"
    )
    func ownNotes() async throws {
        try await tell(
            introduced + "\n"
                + """
                ben recordMeeting -> !illegalTransition
                ben recordTried -> introduced | staff introduced
                ada recordTried -> !wrongPrincipal
                ben recordCall -> introduced | opener introduced, staff introduced
                ada recordMeeting -> introduced | staff introduced
                """)
        try await tell(introduced + "\nada recordCall -> introduced\nben recordMeeting -> introduced")
    }

    @Test("R39: a standing and a contract that were attested too long ago stop a match until they are attested again")
    func aging() async throws {
        let office = try await Office(at: "2026-01-05T09:00").staffed()
        try office.time("2028-02-01T09:00")
        try await Story.tell(
            office,
            """
            ada request -> requested
            ada completeSurvey -> surveyed
            maya propose ben -> !conditionFailed.attestedLately
            fact ben inStanding yes
            maya propose ben -> !conditionFailed.attestedLately
            fact ada contract no
            fact ada contract yes
            maya propose ben -> proposed; tells ben slotOffered
            maya withdrawProposal -> surveyed
            maya propose cleo -> !conditionFailed.attestedLately
            fact cleo inStanding yes
            maya propose cleo -> proposed; tells cleo slotOffered
            """)
    }

    @Test("R1, R2: a name on a list of either keeps the two apart in every step up to the card, and nobody reads why")
    func lists() async throws {
        let surveyed = "ada request -> requested\nada completeSurvey -> surveyed\n"
        try await tell(surveyed + "list ada ben\nmaya propose ben -> !cannotBringTogether")
        try await tell(surveyed + "list ben ada\nmaya propose ben -> !cannotBringTogether")
        try await tell(signed + "\nlist ada ben\nmaya disclose -> !cannotBringTogether")
    }

    @Test(
        "MPHP-46, MPHP-48, MPHP-49, MPHP-50, A-11, A-12: either ends it in every state after the signature, on screen, by telephone and on paper; the mentee is reminded to take the release back"
    )
    func ending() async throws {
        for (who, before) in [
            ("ada", signed), ("ben", introduced), ("ada@phone", introduced), ("ben@paper", introduced),
        ] {
            let told = before == signed ? "ben placeFree" : "ben ended"
            try await tell(
                before
                    + """

                    \(who) end -> ended; tells ada promptRescission, \(told) | opener ended, counterpart ended, staff ended
                    """
                    + (before == signed ? "" : "\ncard ben cardClosed") + "\nsurvey ada gone\nlive ada no")
        }
        try await tell(
            introduced
                + """

                wait 2026-01-10T09:00 -> tells ben callSoon
                wait 2026-01-13T09:00 -> 
                ben end -> ended; tells ada promptRescission, ben ended | staff ended
                away ben somebody
                card ben cardClosed
                """
        )
    }

    @Test("MPHP-49, MPHP-50, R14: the release is taken back in every state, and after the end too")
    func takingBack() async throws {
        try await tell(
            signed
                + """

                ada rescind -> ended; tells ben placeFree | opener ended, counterpart ended, staff ended
                survey ada gone
                away ada somebody
                live ada no
                """
        )
        for channel in ["ada", "ada@phone", "ada@paper"] {
            try await tell(
                introduced
                    + """

                    \(channel) rescind -> ended; tells ben rescinded | opener ended, counterpart ended, staff ended
                    card ben cardClosed
                    survey ada gone
                    """
            )
        }
        try await tell(
            introduced
                + """

                wait 2026-01-13T09:00 -> tells ben callSoon | staff handedOff
                ada rescind -> ended; tells ben rescinded | staff ended
                card ben cardClosed
                """
        )
        try await tell(
            introduced
                + """

                ada end -> ended; tells ada promptRescission, ben ended
                ada rescind -> ended | opener ended, staff ended
                """
        )
    }

    @Test(
        "R30: what is signed and cannot be used is said to the signer, and after thirty days let go of; the search goes on with the same answers"
    )
    func unused() async throws {
        try await tell(
            signed + "\n"
                + """
                fact ada contract no
                wait 2026-01-06T09:00 -> tells ada notUsed | opener signed, counterpart proposed, staff signed
                wait 2026-01-20T09:00 -> 
                wait 2026-02-06T09:00 -> tells ada mentorUnavailable, ben placeFree | opener surveyed, staff surveyed
                live ada unknown
                survey ada kept
                fact ada contract yes
                maya propose ben -> proposed; tells ben slotOffered
                """)
    }

    @Test(
        "DER-12, MPHP-36: corrected details take the old ones' place, before the card and after it, and its reader is told"
    )
    func correction() async throws {
        try await tell(signed + "\nada correct -> signed | opener signed, staff signed")
        try await tell(
            introduced
                + """

                ada correct -> introduced; tells ben corrected | opener introduced, staff introduced
                card ben open
                """
        )
        try await tell(
            introduced
                + """

                wait 2026-01-13T09:00 -> tells ben callSoon
                ada correct -> handedOff; tells ben corrected
                card ben open
                """
        )
    }

    @Test(
        "R8: a number that is wrong is shown to nobody until it is right again, by every channel and before the card too"
    )
    func wrongNumber() async throws {
        try await tell(
            signed
                + """

                ada freezeCard -> signed | staff signed
                maya disclose -> !conditionFailed.cardNotFrozen
                ada unfreezeCard -> signed
                maya disclose -> introduced; tells ben cardReady
                """
        )
        for channel in ["ada", "ada@phone", "ada@paper"] {
            try await tell(
                introduced
                    + """

                    \(channel) freezeCard -> introduced; tells ben numberWrong
                    card ben cardFrozen
                    \(channel) unfreezeCard -> introduced; tells ben corrected
                    card ben open
                    """
            )
        }
        try await tell(
            introduced
                + """

                wait 2026-01-13T09:00 -> tells ben callSoon
                ada freezeCard -> handedOff; tells ben numberWrong
                card ben cardFrozen
                ada unfreezeCard -> handedOff; tells ben corrected
                card ben open
                """
        )
    }

    @Test(
        "MPHP-54, MPHP-57, MPHP-29, A-03, A-14: in every state the mentee may ask to be called, by every channel, and the coordinator hears that and nothing else"
    )
    func callBack() async throws {
        let ask = "\nada requestCallBack -> same; tells maya callBackAsked"
        let lines = introduced.split(separator: "\n").map { "\($0)\(ask)" }.joined(separator: "\n")
        try await tell(
            ask + "\n" + lines + "\n"
                + """
                ada@phone requestCallBack -> introduced; tells maya callBackAsked
                ada@paper requestCallBack -> introduced; tells maya callBackAsked
                wait 2026-01-13T09:00 -> tells ben callSoon | staff handedOff
                ada requestCallBack -> handedOff; tells maya callBackAsked
                ada end -> ended; tells ada promptRescission, ben ended
                ada requestCallBack -> ended; tells maya callBackAsked
                """)
    }

    @Test(
        "R28, R32: staff close a card for good, before it is open, while it is and after the hand-off, and ask nobody why"
    )
    func withdrawn() async throws {
        try await tell(
            signed
                + """

                maya withdrawCard -> ended; tells ada withdrawn, ben placeFree | opener ended, counterpart ended, staff ended
                survey ada gone
                live ada no
                away ada nobody
                """
        )
        try await tell(
            introduced
                + """

                maya withdrawCard -> ended; tells ada withdrawn, ben ended | opener ended, counterpart ended, staff ended
                card ben cardClosed
                survey ada gone
                """
        )
        try await tell(
            introduced
                + """

                wait 2026-01-13T09:00 -> tells ben callSoon
                maya withdrawCard -> ended; tells ada withdrawn, ben ended | staff ended
                card ben cardClosed
                """
        )
    }

    @Test("DER-04, DER-19: nothing is signed without what a signature needs, and by nobody without their own")
    func evidence() async throws {
        for (workflow, signer, before) in [
            ("mentorship", "ada", offered), ("mentorship", "ada", signed), ("mentorship", "ada", introduced),
        ] {
            let office = try await Office(at: "2026-01-05T09:00").staffed()
            try await Story.tell(office, before)
            let kind: CommandKind = before == offered ? .sign : .correct
            try await office.refusesWithoutPaper(kind, signer, workflow: workflow)
        }
        let office = try await Office(at: "2026-01-05T09:00").staffed()
        try await Story.tell(office, introduced + "\nwait 2026-12-20T09:00 ->", isChecked: false)
        try await office.refusesWithoutPaper(.renew, "ada", workflow: "mentorship")
        let peer = try await Office(at: "2026-01-05T09:00").staffed()
        try await Story.tell(
            peer, workflow: "peerConversation",
            "ada ask -> asked\nmaya invite ben -> invited; tells ben inviteToTalk\nben agree -> willing")
        try await peer.refusesWithoutPaper(.sign, "ben", workflow: "peerConversation")
        try await Story.tell(peer, workflow: "peerConversation", "ben sign -> signed")
        try await peer.refusesWithoutPaper(.correct, "ben", workflow: "peerConversation")
        try await Story.tell(peer, workflow: "peerConversation", "maya alert -> alerted", isChecked: false)
        try await peer.refusesWithoutPaper(.correct, "ben", workflow: "peerConversation")
    }

    @Test(
        "MPHP-17, MPHP-10, WEB-06: a must of the survey is a condition: no mentor is proposed who does not meet it, and the mentee alone can take it back"
    )
    func musts() async throws {
        let office = try await Office(at: "2026-01-05T09:00").staffed()
        try await Story.tell(office, "ada request -> requested\nfact ben field dentist")
        try await office.must(.completeSurvey, "ada") {
            $0.survey = Survey(sameField: .must, answers: Answers(topics: [.balance]), understood: true)
        }
        try await Story.tell(office, "maya propose ben -> !conditionFailed.mustsMet")
        try await office.must(.completeSurvey, "ada")
        try await Story.tell(office, "maya propose ben -> proposed; tells ben slotOffered")
    }

    @Test(
        "A-11, R13: a release that runs out closes the card as planned; before that it can be signed again for the same mentor"
    )
    func expiry() async throws {
        try await tell(
            signed
                + """

                wait 2026-12-06T09:00 -> tells maya releaseWaits
                wait 2027-01-06T09:00 -> tells ada mentorUnavailable, ben placeFree | opener ended, staff ended
                live ada no
                survey ada gone
                """
        )
        try await tell(
            introduced
                + """

                wait 2026-01-13T09:00 -> tells ben callSoon
                ada renew -> !conditionFailed.releaseEndNear
                wait 2026-12-06T09:00 -> tells ada permissionEndsSoon
                ada renew -> handedOff | staff handedOff
                expires ada 2027-12-06
                wait 2027-01-06T09:00 -> | opener handedOff
                card ben open
                """
        )
    }
}
