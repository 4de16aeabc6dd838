public import ReleaseWorkflow

/// The result of a cohort.
public struct CohortPlan: Sendable {
    public struct Pair: Hashable, Sendable {
        public let mentee: PersonID
        public let mentor: PersonID
        public let score: Int
    }

    /// In the order of the draw.
    public let pairs: [Pair]
    /// The people who go on waiting, and every rule that keeps at least one mentor from them; no rule where places
    /// alone are missing.
    public let waiting: [(mentee: PersonID, barriers: [Barrier: Int])]
    /// The pseudonymous problem with its solution: what an outsider checks.
    public let certificate: MatchCertificate
}

/// A solved cohort as a file: rows and columns are numbers in the order of the draw, and nothing says who they are.
public struct MatchCertificate: Codable, Hashable, Sendable {
    public var v = 1
    public var policy: String
    /// SHA-256 of the seed of the draw, committed to before the answers were in, and the seed itself.
    public var seedCommitment: String
    public var seed: String
    public var first: String
    public var floor: Int
    public var capacities: [Int]
    /// Row by row, `[column, worth]` of each pair that may be.
    public var edges: [[[Int64]]]
    /// For each row `[column, place]`, empty for the waitlist.
    public var pairs: [[Int]]
    public var worth: Int64
    public var rowPotentials: [Int64]
    public var placePotentials: [[Int64]]

    /// Checks that the pairs are allowed and that no other choice is better.
    ///
    /// - Throws: ``CertificateProblem``.
    public func verify() throws(CertificateProblem) {
        guard let first = Weighing.First(rawValue: first), (1...Weighing.largest).contains(max(1, edges.count)),
            pairs.count == edges.count,
            capacities.allSatisfy({ (0...20).contains($0) }), floor >= 0, floor <= 10_000,
            edges.allSatisfy({ $0.allSatisfy { $0.count == 2 && (0..<Int64(capacities.count)).contains($0[0]) } })
        else { throw .wrongShape }
        var starts = [0]
        var columns: [Int32] = []
        var worths: [Int64] = []
        for row in edges {
            for edge in row {
                columns.append(Int32(edge[0]))
                worths.append(edge[1])
            }
            starts.append(columns.count)
        }
        let graph = CohortGraph(
            rowCount: edges.count, capacities: capacities,
            weighing: Weighing(people: max(1, edges.count), first: first, floor: floor),
            starts: starts, columns: columns, worths: worths)
        guard pairs.allSatisfy({ $0.isEmpty || $0.count == 2 }) else { throw .wrongShape }
        try graph.verify(
            Assignment(
                columnOfRow: pairs.map(\.first), placeOfRow: pairs.map { $0.count == 2 ? $0[1] : nil }, worth: worth,
                rowPotentials: rowPotentials, placePotentials: placePotentials))
    }
}

/// The draw of a cohort: a seed that was committed to before anybody answered.
public struct Draw: Hashable, Sendable {
    public let commitment: String
    public let seed: String
    public init(commitment: String, seed: String) {
        self.commitment = commitment
        self.seed = seed
    }
}

extension Market {
    /// The graph of everybody who waits and every mentor that their rules allow, and the mentees in the order of the
    /// draw.
    ///
    /// - Throws: ``MatchingProblem/tooLarge(_:)``.
    public func graph(
        _ mentees: [MenteeEntry], first: Weighing.First = .participation, floor: Int = 0
    ) throws(MatchingProblem) -> (graph: CohortGraph, rows: [MenteeEntry], scores: [Int32]) {
        guard mentees.count <= Weighing.largest, mentors.count <= Weighing.largest else {
            throw .tooLarge(max(mentees.count, mentors.count))
        }
        let rows = mentees.sorted { ($0.drawKey, $0.id) < ($1.drawKey, $1.id) }
        let weighing = Weighing(people: max(1, rows.count), first: first, floor: floor)
        let columnDraws = mentors.map { UInt32(truncatingIfNeeded: $0.drawKey) }
        var memo = Memo()
        let masks = rows.map { allowed($0, &memo) }
        var starts = [0]
        for mask in masks { starts.append((starts.last ?? 0) + mask.count) }
        let total = starts.last ?? 0
        // Written once, where they stay: at five thousand people the arrays are the largest part of the work.
        var columns: [Int32] = []
        var points: [Int32] = []
        let worths = [Int64](unsafeUninitializedCapacity: total) { worths, written in
            points = [Int32](unsafeUninitializedCapacity: total) { points, written in
                columns = [Int32](unsafeUninitializedCapacity: total) { columns, written in
                    for (row, mentee) in rows.enumerated() where starts[row + 1] > starts[row] {
                        let range = starts[row]..<starts[row + 1]
                        let own = UnsafeMutableBufferPointer(rebasing: columns[range])
                        if let base = own.baseAddress { masks[row].write(to: base) }
                        let scored = UnsafeMutableBufferPointer(rebasing: points[range])
                        score(wish(mentee), UnsafeBufferPointer(own), into: scored)
                        let base = weighing.base(weeks: mentee.weeksWaited)
                        let draw = UInt32(truncatingIfNeeded: mentee.drawKey)
                        let target = UnsafeMutableBufferPointer(rebasing: worths[range])
                        columnDraws.withUnsafeBufferPointer { draws in
                            for entry in 0..<own.count {
                                target[entry] = weighing.worth(
                                    score: scored[entry], base: base, tie: Weighing.tie(draw, draws[Int(own[entry])]))
                            }
                        }
                    }
                    written = total
                }
                written = total
            }
            written = total
        }
        let graph = CohortGraph(
            rowCount: rows.count, capacities: mentors.map { max(0, min(20, $0.places)) }, weighing: weighing,
            starts: starts,
            columns: columns, worths: worths)
        return (graph, rows, points)
    }

    /// Matches a cohort by the aim `first`: most people and then the best sum of scores, or the best sum with no pair
    /// below `floor`. The plan carries the certificate that proves it.
    ///
    /// - Throws: ``MatchingProblem/tooLarge(_:)`` for more than ``Weighing/largest`` people or mentors.
    public func cohort(
        _ mentees: [MenteeEntry], draw: Draw, policyDigest: String, first: Weighing.First = .participation,
        floor: Int = 0
    ) throws(MatchingProblem) -> CohortPlan {
        let (graph, rows, scores) = try graph(mentees, first: first, floor: floor)
        let assignment = graph.solve()
        var pairs: [CohortPlan.Pair] = []
        var waiting: [(mentee: PersonID, barriers: [Barrier: Int])] = []
        for (row, mentee) in rows.enumerated() {
            guard let column = assignment.columnOfRow[row] else {
                var counts: [Barrier: Int] = [:]
                for mentor in mentors {
                    for barrier in barriers(mentee, mentor.id) { counts[barrier, default: 0] += 1 }
                }
                waiting.append((mentee.id, counts))
                continue
            }
            let edge = (graph.starts[row]..<graph.starts[row + 1]).first { graph.columns[$0] == Int32(column) }
            pairs.append(.init(mentee: mentee.id, mentor: mentors[column].id, score: edge.map { Int(scores[$0]) } ?? 0))
        }
        let edges = rows.indices.map { row in
            (graph.starts[row]..<graph.starts[row + 1]).map { [Int64(graph.columns[$0]), graph.worths[$0]] }
        }
        let certificate = MatchCertificate(
            policy: policyDigest, seedCommitment: draw.commitment, seed: draw.seed, first: first.rawValue, floor: floor,
            capacities: graph.capacities, edges: edges,
            pairs: rows.indices.map { row in
                if let column = assignment.columnOfRow[row], let place = assignment.placeOfRow[row] {
                    [column, place]
                } else {
                    []
                }
            },
            worth: assignment.worth, rowPotentials: assignment.rowPotentials,
            placePotentials: assignment.placePotentials)
        return CohortPlan(pairs: pairs, waiting: waiting, certificate: certificate)
    }

    /// The reason why a cohort cannot be matched in full: the number of people whom no mentor may be matched with, and
    /// for each rule how many of them lifting that rule alone would help.
    ///
    /// - Returns: nil where everybody has at least one mentor their rules allow.
    public func infeasibility(_ mentees: [MenteeEntry]) -> MatchingProblem? {
        var memo = Memo()
        var counts: [Barrier: Int] = [:]
        var people = 0
        for mentee in mentees where allowed(mentee, &memo).count == 0 {
            people += 1
            var decisive: Set<Barrier> = []
            for mentor in mentors {
                let found = barriers(mentee, mentor.id)
                if found.count == 1, let only = found.first { decisive.insert(only) }
            }
            // Where no single rule decides, every rule that plays a part is named.
            if decisive.isEmpty { for mentor in mentors { decisive.formUnion(barriers(mentee, mentor.id)) } }
            if mentors.isEmpty { decisive = [.noPlace] }
            for barrier in decisive { counts[barrier, default: 0] += 1 }
        }
        return people == 0 ? nil : .unmatchable(counts, people: people)
    }
}

/// The worth of a question: how many matches change when nobody is asked it.
public struct Ablation: Hashable, Sendable {
    public let question: Question
    public let changedCount: Int
    public let matchedCount: Int
    /// Less than one match in a hundred: the question is collected for nothing and should go (WEB-33).
    public var isIdle: Bool { changedCount * 100 < matchedCount }
}

extension Market {
    /// Solves the cohort again without each question that is matched on, and counts the people whose match changes.
    public static func ablation(
        _ mentees: [MenteeEntry], _ mentors: [MentorEntry], policy: Policy, on date: CivilDate
    ) throws(MatchingProblem) -> [Ablation] {
        func solve(_ mentees: [MenteeEntry], _ mentors: [MentorEntry]) throws(MatchingProblem) -> [PersonID: PersonID] {
            let market = try Market(mentors, policy: policy, on: date)
            let (graph, rows, _) = try market.graph(mentees)
            let assignment = graph.solve()
            var partner: [PersonID: PersonID] = [:]
            for (row, mentee) in rows.enumerated() {
                if let column = assignment.columnOfRow[row] { partner[mentee.id] = market.mentors[column].id }
            }
            return partner
        }
        let whole = try solve(mentees, mentors)
        var report: [Ablation] = []
        for question in Question.allCases where question != .understood {
            var changed = mentees
            for index in changed.indices { changed[index].withhold(question) }
            let without = try solve(changed, mentors)
            let count = mentees.count { whole[$0.id] != without[$0.id] }
            report.append(Ablation(question: question, changedCount: count, matchedCount: max(1, whole.count)))
        }
        return report
    }
}

extension MenteeEntry {
    /// Leaves one answer out, as if it had never been asked.
    mutating func withhold(_ question: Question) {
        switch question {
        case .profession: attestation.fields = []
        case .sameField: survey.sameField = .no
        case .pathways: survey.answers.pathways = []
        case .areas: survey.answers.areas = []
        case .times: survey.answers.times = []
        case .languages: survey.answers.languages = []
        case .topics: survey.answers.topics = []
        case .exclusions: exclusions = []
        case .preferences:
            survey.answers.ageBand = nil
            survey.answers.gender = nil
            survey.answers.settings = []
        case .understood: break
        }
    }
}
