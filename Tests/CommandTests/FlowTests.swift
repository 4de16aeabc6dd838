import Foundation
import Testing

/// A story that somebody brought, run over a folder of its own as the operator would: every line of it is done or
/// refused, and what came of each is told by its number.
struct Flow {
    /// The outcome of one line.
    struct Step: Decodable {
        let line: Int
        let action: String
        let refusal: String?
        let state: String?
        let records: [Int]?
        let notices: [String]?
        let shown: [String]?
    }

    private let steps: [Int: Step]
    let printed: String
    let place: Workplace

    /// - Parameters:
    ///   - name: of the file under `Flows`, whose first letter says the program.
    ///   - more: lines to add at its end, numbered on from the file's last.
    init(_ name: String, then more: String = "") throws {
        try self.init(name, changed: Self.lines(of: name) + more.split(separator: "\n").map(String.init))
    }

    /// The lines of the file of this name under `Flows`.
    static func lines(of name: String) throws -> [String] {
        let file = repository.appendingPathComponent("Tests/CommandTests/Flows/\(name).jsonl")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// A story that goes another way than the one of this name.
    init(_ name: String, changed lines: [String]) throws {
        let programs: [Character: (policy: String, clock: String)] = [
            "m": ("mphp", "2026-01-05T08:00"), "t": ("structured", "2026-01-12T08:00"),
            "c": ("mscsw", "2026-09-14T08:00"),
        ]
        let program = try #require(name.first.flatMap { programs[$0] })
        place = try Workplace()
        let begun = try Tool.run(
            "init", place.data, "--policy", "Policies/\(program.policy).yaml", "--example", "--clock", program.clock)
        #expect(begun.status == 0, "\(begun.errors)")
        let script = try place.write("flow.jsonl", lines.joined(separator: "\n") + "\n")
        let run = try Tool.run("apply", place.data, script, "--keep-going", "--json")
        printed = run.out + run.errors
        let decoder = JSONDecoder()
        var steps: [Int: Step] = [:]
        for line in run.out.split(separator: "\n") {
            let step = try decoder.decode(Step.self, from: Data(line.utf8))
            steps[step.line] = step
        }
        self.steps = steps
    }

    subscript(line: Int) -> Step {
        get throws { try #require(steps[line], "line \(line) was not carried out") }
    }

    func refusal(_ line: Int) throws -> String? { try self[line].refusal }
    func state(_ line: Int) throws -> String? { try self[line].state }
    func notices(_ line: Int) throws -> [String] { try self[line].notices ?? [] }

    /// Runs the program's own audit over the folder.
    func verify() throws {
        let run = try Tool.run("audit", "verify", place.data)
        #expect(run.status == 0, "\(run.out)\(run.errors)")
    }
}

@Suite("What real people bring: taking back always works")
struct TakingBackFlowTests {
    @Test(
        "R14 m15.1: a release of the round that ended is taken back on screen while a new search is open, which goes on; m15.2: again by telephone, and m15.3 by its code, is answered as done"
    )
    func fromANewSearch() throws {
        let flow = try Flow("m15")
        #expect(try flow.refusal(21) == nil)
        #expect(try flow.state(21) == "requested")
        #expect(try flow[21].records?.count == 1)
        #expect(try flow.refusal(22) == nil)
        #expect(try flow[22].records == [])
        #expect(try flow.refusal(23) == nil)
        try flow.verify()
    }

    @Test(
        "R14 t01.1: after a swap both take back what they released to the pair that ended, each without disturbing the new search"
    )
    func afterASwap() throws {
        let flow = try Flow("t01")
        for line in [31, 32] {
            #expect(try flow.refusal(line) == nil)
            #expect(try flow[line].records?.count == 1)
        }
        #expect(try flow.state(31) == "surveyed")
        try flow.verify()
    }

    @Test(
        "R21 m12.1: the coordinator whom the person knows takes a rescission down though somebody else is assigned, who is told; m12.2, m12.3: what is over is answered as done"
    )
    func withWhoeverAnswers() throws {
        let flow = try Flow("m12-handover")
        #expect(try flow.refusal(20) == nil)
        #expect(try flow.state(20) == "ended")
        #expect(try flow.notices(20) == ["mentee.actedForYou", "mentor.rescinded", "coordinator.takenDown"])
        for line in [21, 22] {
            #expect(try flow.refusal(line) == nil)
            #expect(try flow[line].records == [])
        }
        try flow.verify()
    }

    @Test(
        "R21 m12.4: a colleague takes down an end and a request to be called as well; what opens stays with the one who is assigned"
    )
    func whatAColleagueTakesDown() throws {
        let flow = try Flow(
            "m12-handover",
            then: """
                {"do":"requestCallBack","by":"ada","via":"phone","through":"maya"}
                {"do":"completeSurvey","by":"ada","via":"phone","through":"maya","survey":{"sameField":"nice","topics":["stress"],"understood":true}}
                {"do":"decline","by":"ada","via":"phone","through":"maya"}
                """)
        #expect(try flow.refusal(29) == nil)
        #expect(try flow.notices(29).contains("coordinator.callBackAsked"))
        #expect(try flow.refusal(30) == "notFound")
        #expect(try flow.refusal(31) == "notFound")
    }

    @Test(
        "R6 m01.1: a mentor to whom no card was released learns that his place is free again, and nothing of a permission or of details to delete"
    )
    func beforeTheDisclosure() throws {
        let flow = try Flow("m01-decline-return")
        #expect(try flow.notices(24) == ["mentor.placeFree"])
        #expect(try flow.refusal(26) == "notFound")
        try flow.verify()
    }

    @Test("R21 m02.1: the second end of a day is answered as done")
    func bothEnd() throws {
        let flow = try Flow("m02-three-mentees")
        let ends = try [38, 39].map { try flow[$0] }
        #expect(ends.map(\.action) == ["end", "end"])
        #expect(ends.map(\.refusal) == [nil, nil])
        #expect(ends.map(\.state) == ["ended", "ended"])
    }
}

@Suite("What real people bring: what opens a card is true when it opens")
struct PairingFlowTests {
    @Test(
        "m10.1: a must of the survey is a condition of the machine: who asks for the same profession, sign language and the south is not proposed a mentor without any of them"
    )
    func musts() throws {
        let flow = try Flow(
            "m10-must",
            then: """
                {"do":"propose","by":"maya","case":"eve","person":"cleo"}
                """)
        #expect(try flow.refusal(15) == "conditionFailed.mustsMet")
        for line in 16...19 { #expect(try flow.refusal(line) != nil) }
        #expect(try flow.refusal(20) == "conditionFailed.mustsMet")
    }

    @Test(
        "R3, R29, R2 m05.1: whoever waits and is no longer under contract is not proposed to anybody, and the coordinator reads why"
    )
    func contractOver() throws {
        let flow = try Flow("m05-eligibility-lost")
        #expect(try flow.refusal(15) == "conditionFailed.openerEligible")
        for line in [16, 19, 20, 21, 22] { #expect(try flow.refusal(line) != nil, "\(line)") }
    }

    @Test(
        "R1 m11.1: from the moment a name is on a private list no card of this pair opens; m11.2: the mentor's yes is taken as before; m11.3: the one who listed and everybody else read no rule"
    )
    func keptApart() throws {
        let flow = try Flow("m11-keptapart")
        #expect(try flow.refusal(15) == nil, "the list")
        #expect(try flow.refusal(16) == nil, "the yes")
        #expect(try flow.refusal(17) == "cannotBringTogether", "the offer")
        #expect(try flow.refusal(18) != nil && flow.refusal(19) != nil)
        #expect(try flow.refusal(20) == "notFound")
    }

    @Test(
        "R5 c05.1: whom somebody is together with now is not proposed to them in another workflow of the program"
    )
    func togetherNow() throws {
        let flow = try Flow("c05")
        #expect(try flow.refusal(24) == "cannotBringTogether")
    }

    @Test(
        "R5 m09.3, t02.1: what the clock ended keeps nobody away: the same mentor is proposed again after a permission has run out or a membership has lapsed"
    )
    func theClockKeepsNobodyAway() throws {
        #expect(try Flow("m09-expired-renew").refusal(23) == nil)
        #expect(try Flow("t02").refusal(26) == nil)
    }

    @Test("R5 m01.2: who took back keeps the mentor away, and another is proposed")
    func takingBackKeepsAway() throws {
        let flow = try Flow("m01-decline-return")
        #expect(try flow.refusal(30) == "cannotBringTogether")
        #expect(try flow.refusal(31) == nil)
    }
}

@Suite("What real people bring: a conversation with a peer")
struct PeerFlowTests {
    @Test(
        "R50 m06.1: only who has or had a mentor is invited to talk; m06.2: as soon as somebody has signed, the asker hears of them"
    )
    func peer() throws {
        let refused = try Flow("m06-peer")
        #expect(try refused.refusal(14) == "conditionFailed.counterpartHadMentor")
        #expect(try refused.refusal(17) == "notFound", "who is somebody else's is like nobody")
        let flow = try Flow("m06-peer-within-a-week")
        for line in 14...19 { #expect(try flow.refusal(line) == nil, "\(line)") }
        #expect(try flow.notices(18) == ["asker.contactReady"])
        #expect(try flow[19].shown == ["firstName", "phone"])
        try flow.verify()
    }

    @Test("m06.3: who signs too late, and who was never asked, read the same: it is not offered any more")
    func tooLate() throws {
        let flow = try Flow("m06-peer-within-a-week")
        #expect(try flow.refusal(23) == "outdated")
        #expect(try flow.refusal(24) == "outdated")
    }
}

@Suite("What real people bring: time runs forward, and the week is real")
struct TimeFlowTests {
    @Test(
        "R30 m03.1: a card that is released two weeks late leaves three days to call; m03.2: the hand-off waits for it, and call and meeting can be noted"
    )
    func late() throws {
        let flow = try Flow("m03-late")
        #expect(try flow.refusal(19) == nil)
        #expect(try flow[20].shown == ["firstName", "phone"])
        for line in [21, 22] {
            #expect(try flow.refusal(line) == nil, "\(line)")
            #expect(try flow.state(line) == "introduced")
            #expect(try flow[line].records == [] && flow.notices(line) == [])
        }
        // Released on the 20th: the week of the program is over on the 27th.
        let after = try Flow(
            "m03-late",
            then: """
                {"do":"wait","at":"2026-01-27T10:00"}
                """)
        try after.verify()
    }

    @Test(
        "R9, R12 m04.1: call and meeting are a flow in its order: no meeting before a call; m04.2: nobody notes it for them by telephone; m04.3: on the eighth day the flow is over and nothing can be noted"
    )
    func order() throws {
        let flow = try Flow("m04-meeting-first")
        let notes = [20, 21, 22, 24]
        #expect(try notes.map { try flow[$0].action } == ["recordMeeting", "recordCall", "recordCall", "recordCall"])
        #expect(try flow.refusal(20) == "illegalTransition")
        #expect(try flow.refusal(21) == nil)
        #expect(try flow.refusal(22) == "wrongChannel")
        #expect(try flow.refusal(24) == "illegalTransition")
        try flow.verify()
    }
}

@Suite("What real people bring: a permission that ends is not a relationship that ends")
struct EndingFlowTests {
    @Test(
        "R13 m09.1: thirty and seven days before the last day the signer is told, and signs again for the same mentor without a new match; m09.2: whoever lets it run out is told that it closed as planned, and nobody is told to stop"
    )
    func renewal() throws {
        let flow = try Flow("m09-renewal")
        #expect(try flow.refusal(19) == "conditionFailed.releaseEndNear", "eleven months are left")
        #expect(try flow.refusal(21) == nil)
        #expect(try flow.notices(21) == [])
        #expect(try flow[22].shown == ["firstName", "phone"])
        #expect(try flow[24].shown == ["firstName", "phone"], "a year after the first last day")
        #expect(try flow.refusal(26) == "cardClosed")
        #expect(try flow.refusal(29) == nil, "the same mentor")
        try flow.verify()
    }

    @Test(
        "R13, R5 c01.1: an extension in the first week counts; c03.1: taking back takes the offer of an extension along"
    )
    func extensions() throws {
        let flow = try Flow("c01")
        for line in [20, 21] { #expect(try flow.refusal(line) == nil) }
        #expect(try flow[23].shown?.isEmpty == false && flow.refusal(25) == "cardClosed")
        let regretted = try Flow("c03")
        #expect(try regretted.refusal(21) == nil && regretted.state(21) == "ended")
        #expect(try regretted.refusal(22) == "cardClosed")
    }

    @Test(
        "R15 c02.1: the second signature of an extension comes two days late, and the second year begins; c02.2: when it never comes, both are free after thirty days and may begin anew with each other"
    )
    func lateExtension() throws {
        let flow = try Flow(
            "c02",
            then: """
                {"do":"look","by":"jude","case":"hana"}
                {"do":"wait","at":"2028-09-30T10:00"}
                {"do":"look","by":"hana","case":"hana"}
                {"do":"wait","at":"2028-10-01T10:00"}
                {"do":"look","by":"hana","case":"hana"}
                """)
        #expect(try flow.refusal(21) == nil && flow.refusal(23) == nil && flow.state(23) == "introduced")
        #expect(try flow.notices(23) == ["mentee.cardReady", "mentor.cardReady"])
        #expect(try flow.refusal(24) == "illegalTransition", "they are together")
        #expect(try flow[27].shown?.isEmpty == false && flow[29].shown?.isEmpty == false)
        #expect(try flow.refusal(31) == "cardClosed")
        try flow.verify()

        let lines = try Flow.lines(of: "c02")
        let unanswered = try Flow(
            "c02",
            changed: lines.prefix(21) + [
                #"{"do":"wait","at":"2027-10-02T09:00"}"#, #"{"do":"look","by":"jude","case":"hana"}"#,
                #"{"do":"wait","at":"2027-10-31T09:00"}"#, #"{"do":"extend","by":"jude","case":"hana"}"#,
            ] + lines.suffix(3))
        #expect(try unanswered.refusal(23) == "cardClosed" && unanswered.refusal(25) == "illegalTransition")
        for line in 26...28 { #expect(try unanswered.refusal(line) == nil) }
        try unanswered.verify()
    }

    @Test(
        "R16 t01.2: after a mentor's notice both cards stay open, a new search can begin, and the mentee can close the old pair at once without disturbing it"
    )
    func notice() throws {
        let flow = try Flow("t01")
        #expect(try flow.refusal(34) == nil)
        #expect(try flow[35].shown?.isEmpty == false)
        #expect(try flow.refusal(36) == nil && flow.state(36) == "requested", "a new search begins")
        #expect(try flow.refusal(37) == nil && flow.state(37) == "ended", "of the pair, at once")
        #expect(try flow.refusal(38) == "illegalTransition", "it has begun already")
        #expect(try flow.refusal(39) == nil && flow[39].records == [], "what is over is answered as done")
        try flow.verify()
    }

    @Test(
        "R32, R28 m03.3: after the hand-off the coordinator closes a card for good, asking nobody why, and does nothing else"
    )
    func withdrawal() throws {
        let flow = try Flow(
            "m09-renewal",
            then: """
                {"do":"acceptSlot","by":"ben","case":"ada"}
                {"do":"offer","by":"maya","case":"ada"}
                {"do":"sign","by":"ada"}
                {"do":"disclose","by":"maya","case":"ada"}
                {"do":"wait","at":"2028-04-01T09:00"}
                {"do":"slotUnavailable","by":"maya","case":"ada"}
                {"do":"withdrawCard","by":"omar","case":"ada"}
                {"do":"withdrawCard","by":"maya","case":"ada"}
                {"do":"look","by":"ben","case":"ada"}
                """)
        #expect(try flow.refusal(35) == "illegalTransition")
        #expect(try flow.refusal(36) == "notFound")
        #expect(try flow.refusal(37) == nil)
        #expect(try flow.notices(37) == ["mentee.withdrawn", "mentor.ended"])
        #expect(try flow.refusal(38) == "cardClosed")
        try flow.verify()
    }
}
