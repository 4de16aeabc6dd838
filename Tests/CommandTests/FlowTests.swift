import Foundation
import Testing

/// A story that somebody brought, run over a folder of its own as the operator would: every line of it is done or
/// refused, and what came of each is told by its number.
struct Flow {
    /// What came of one line.
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
        let programs: [Character: (policy: String, clock: String)] = [
            "m": ("mphp", "2026-01-05T08:00"), "t": ("structured", "2026-01-12T08:00"),
            "c": ("mscsw", "2026-09-14T08:00"),
        ]
        let program = try #require(name.first.flatMap { programs[$0] })
        place = try Workplace()
        let begun = try Tool.run(
            "init", place.data, "--policy", "Policies/\(program.policy).yaml", "--example", "--clock", program.clock)
        #expect(begun.status == 0, "\(begun.errors)")
        let file = repository.appendingPathComponent("Tests/CommandTests/Flows/\(name).jsonl")
        let text = try String(contentsOf: file, encoding: .utf8)
        let script = try place.write("flow.jsonl", text + (text.hasSuffix("\n") ? "" : "\n") + more)
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
