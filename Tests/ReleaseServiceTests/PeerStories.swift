import ReleaseWorkflow
import Testing

@testable import ReleaseService

@Suite("Stories of a conversation with somebody who has a mentor")
struct PeerStories {
    private let invited = """
        ada ask -> asked | opener asked, staff asked
        maya invite ben -> invited; tells ben inviteToTalk | opener asked, staff invited
        """
    private var willing: String {
        invited + "\nben agree -> willing | opener asked, counterpart willing, staff willing\n"
    }
    private var signed: String { willing + "ben sign -> signed | opener asked, counterpart signed, staff signed\n" }
    private var alerted: String {
        signed
            + """
            maya alert -> alerted; tells ada contactReady | opener alerted, counterpart alerted, staff alerted
            card ada open

            """
    }

    private func tell(_ lines: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let untrue = try await Story.untrue(
            Office(at: "2026-01-05T09:00").staffed(), workflow: "peerConversation", lines)
        #expect(untrue == [], sourceLocation: sourceLocation)
    }

    @Test(
        "MPHP-31, MPHP-32, MPHP-33, A-13: somebody asks, somebody who had a mentor agrees and signs, and only then the one who asked is told"
    )
    func way() async throws {
        try await tell(
            alerted + """
                wait 2026-03-05T09:00 -> | staff alerted
                wait 2027-01-06T09:00 -> tells ben expired, ada cardClosed | opener closed, counterpart closed, staff closed
                card ada cardClosed
                ada ask -> asked | opener asked
                """)
        try await tell("fact ada contract no\nada ask -> !conditionFailed.underContract")
    }

    @Test(
        "MPHP-31, R50: only somebody under contract who has or had a mentor is asked, and nobody whom either keeps away"
    )
    func whoIsAsked() async throws {
        let asked = "ada ask -> asked\n"
        try await tell(asked + "fact ben contract no\nmaya invite ben -> !conditionFailed.counterpartUnderContract")
        try await tell(asked + "fact ben hadMentor no mentee\nmaya invite ben -> !conditionFailed.counterpartHadMentor")
        try await tell(asked + "list ada ben\nmaya invite ben -> !cannotBringTogether")
        try await tell(asked + "fact ada contract no\nmaya invite ben -> !conditionFailed.openerEligible")
        let office = try await Office(at: "2026-01-05T09:00").staffed()
        try office.time("2028-03-01T09:00")
        try await Story.tell(
            office, workflow: "peerConversation", "ada ask -> asked\nmaya invite ben -> !conditionFailed.attestedLately"
        )
    }

    @Test(
        "MPHP-34, A-13: without an answer the one who asked hears after fourteen days, in the same words whatever became of it"
    )
    func silence() async throws {
        try await tell(
            """
            ada ask -> asked
            wait 2026-01-19T23:00 -> | opener asked
            wait 2026-01-20T09:00 -> tells ada nobodyAvailable | opener idle, staff none
            """
        )
        try await tell(
            invited + "\nwait 2026-01-20T09:00 -> tells ada nobodyAvailable, ben notNeeded | opener idle, staff none")
        try await tell(
            willing + "wait 2026-01-20T09:00 -> tells ada nobodyAvailable, ben notNeeded | opener idle, staff none")
        try await tell(
            invited
                + """

                ben refuseInvitation -> asked | opener asked, staff asked
                wait 2026-01-20T09:00 -> tells ada nobodyAvailable | opener idle
                """
        )
        try await tell(willing + "ben refuseInvitation -> asked | opener asked, staff asked")
        try await tell(signed + "wait 2026-01-20T09:00 -> tells maya releaseWaits | opener asked, counterpart signed")
        try await tell(
            signed
                + """
                ben rescind -> withdrawn | opener asked, staff withdrawn
                wait 2026-01-20T09:00 -> tells ada nobodyAvailable | opener idle
                """
        )
    }

    @Test("MPHP-33, A-10: the one who asked may withdraw at any time, and learns of nobody")
    func declined() async throws {
        for before in ["ada ask -> asked\n", invited + "\n", willing] {
            try await tell(before + "ada decline -> idle; tells ada declineConfirmed | opener idle, staff none")
        }
        try await tell(signed + "ada decline -> same; tells ada declineConfirmed")
    }

    @Test(
        "MPHP-32, R14: the volunteer signs, corrects, hides and takes back what is theirs; the reader is told, the one who asked hears nothing before"
    )
    func volunteer() async throws {
        try await tell(
            signed
                + """
                ben correct -> signed | opener asked, staff signed
                ben freezeCard -> signed
                maya alert -> !conditionFailed.cardNotFrozen
                ben unfreezeCard -> signed
                maya alert -> alerted; tells ada contactReady
                """
        )
        try await tell(
            alerted + """
                ben correct -> alerted; tells ada corrected | opener alerted, staff alerted
                card ada open
                ben freezeCard -> alerted; tells ada numberWrong
                card ada cardFrozen
                ben unfreezeCard -> alerted; tells ada corrected
                card ada open
                ben rescind -> closed; tells ada rescinded | opener closed, counterpart closed, staff closed
                card ada cardClosed
                """)
        try await tell(
            signed
                + """
                ben end -> withdrawn | opener asked, counterpart withdrawn, staff withdrawn
                live ben no
                ben rescind -> withdrawn
                """
        )
        try await tell(
            alerted
                + """
                ben end -> closed; tells ben promptRescission, ada ended | opener closed, counterpart closed, staff closed
                card ada cardClosed
                ben rescind -> closed
                """
        )
        try await tell(
            alerted
                + """
                ada end -> closed; tells ben promptRescission, ada ended | opener closed, staff closed
                card ada cardClosed
                """
        )
        try await tell(
            signed
                + """
                fact ben contract no
                wait 2026-01-06T09:00 -> tells ben notUsed | opener asked, counterpart signed
                wait 2026-02-01T09:00 -> | staff signed
                wait 2026-02-06T09:00 -> tells ben notNeeded, ada nobodyAvailable | opener idle, counterpart closed, staff closed
                """
        )
    }

    @Test(
        "R1, R2: a question that comes to nothing leaves the asker with what they had before, to the last line, whether or not somebody had signed; the second time as the first",
        arguments: [false, true])
    func secondQuestion(isSecond: Bool) async throws {
        var pages: [String] = []
        let first = try await Office(at: "2026-01-05T09:00").staffed()
        if isSecond {
            try await Story.tell(
                first, workflow: "peerConversation",
                alerted + "ada end -> closed; tells ben promptRescission, ada ended")
        }
        for signs in [false, true] {
            let office = try await first.copy()
            func tell(_ lines: String, isChecked: Bool = true) async throws {
                try await Story.tell(office, workflow: "peerConversation", lines, isChecked: isChecked)
            }
            try await tell("ada ask -> asked")
            if signs {
                try await tell(
                    """
                    maya invite cleo -> invited; tells cleo inviteToTalk
                    cleo agree -> willing
                    cleo sign -> signed
                    maya withdrawCard -> withdrawn; tells cleo withdrawn
                    """)
            }
            try await tell("wait 2026-01-20T09:00", isChecked: false)
            #expect(
                try await office.service.outbox().contains {
                    try $0.to == office.id("ada") && $0.notice == .nobodyAvailable
                })
            let line = try #require(
                try await office.service.cases(of: office.id("ada")).first { $0.view.workflow == "peerConversation" })
            #expect(line.view.state == (isSecond ? "closed" : "idle"))
            #expect(line.view.history.isEmpty != isSecond)
            pages.append("\(line.view) \(line.situation as Any) \(line.rank)".replacing("\(line.view.id)", with: ""))
            // They ask again in either case.
            try await tell("ada ask -> asked")
        }
        #expect(pages[0] == pages[1])
    }

    @Test(
        "R32: staff close what a volunteer signed, before it is told and after it; the one who asked learns nothing of the first"
    )
    func withdrawn() async throws {
        try await tell(
            signed
                + """
                maya withdrawCard -> withdrawn; tells ben withdrawn | opener asked, counterpart withdrawn, staff withdrawn
                live ben no
                """
        )
        try await tell(
            alerted
                + """
                maya withdrawCard -> closed; tells ben withdrawn, ada ended | opener closed, counterpart closed, staff closed
                card ada cardClosed
                """
        )
        try await tell(
            signed
                + """
                ben freezeCard -> signed
                wait 2027-01-06T09:00 -> tells ben notNeeded, ada nobodyAvailable | opener idle, counterpart closed, staff closed
                """
        )
    }
}
