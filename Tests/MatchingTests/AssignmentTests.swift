import Foundation
import Matching
import ReleaseWorkflow
import Testing

/// A small generator with a fixed seed: the same instances on every machine.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// A cohort drawn at random: sparse and dense, with many equal scores and mentors of no, one or more places.
struct Instance {
    var scores: Scores
    var capacities: [Int]
    var weeks: [Int]
    var rowDraws: [UInt64]
    var columnDraws: [UInt64]

    init(rows: Int, columns: Int, _ random: inout Seeded) {
        scores = Scores(rowCount: rows, columnCount: columns)
        let density = Int.random(in: 1...10, using: &random)
        let steps: Int32 = [1, 3, 100, 10_000].randomElement(using: &random) ?? 3
        for row in 0..<rows {
            for column in 0..<columns where Int.random(in: 0..<10, using: &random) < density {
                scores[row, column] = Int32.random(in: 0...steps, using: &random) * (10_000 / steps)
            }
        }
        capacities = (0..<columns).map { _ in [0, 1, 1, 1, 2, 3].randomElement(using: &random) ?? 1 }
        weeks = (0..<rows).map { _ in Int.random(in: 0...60, using: &random) }
        rowDraws = (0..<rows).map { _ in random.next() }
        columnDraws = (0..<columns).map { _ in random.next() }
    }

    func graph(_ first: Weighing.First = .participation, floor: Int = 0) -> CohortGraph {
        CohortGraph(
            scores, capacities: capacities, weeks: weeks, rowDraws: rowDraws, columnDraws: columnDraws,
            weighing: Weighing(people: max(1, scores.rowCount), first: first, floor: floor))
    }
}

/// The best worth by trying everything: a dynamic program over how many places of each mentor are taken. Shares nothing with the solver.
func exhaustive(_ graph: CohortGraph) -> Int64 {
    let sizes = graph.capacities.map { $0 + 1 }
    var best: [Int: Int64] = [0: 0]
    for row in 0..<graph.rowCount {
        var next: [Int: Int64] = [:]
        for (code, worth) in best {
            func offer(_ key: Int, _ value: Int64) { next[key] = max(next[key] ?? .min, value) }
            offer(code, worth + waiting(graph))
            var factor = 1
            for column in graph.capacities.indices {
                let used = code / factor % sizes[column]
                if used < graph.capacities[column], let own = graph.worth(row, column) {
                    // Places of one mentor are taken in order: what counts is how many.
                    offer(code + factor, worth + own - loadCost(graph, used))
                }
                factor *= sizes[column]
            }
        }
        best = next
    }
    return best.values.max() ?? 0
}

/// What waiting and load are worth, taken from a solved instance of one: the test knows no formula of the solver's.
private func waiting(_ graph: CohortGraph) -> Int64 {
    CohortGraph(Scores(rowCount: 1, columnCount: 0), capacities: [], weighing: graph.weighing).solve().worth
}

private func loadCost(_ graph: CohortGraph, _ place: Int) -> Int64 {
    // Stated in the documentation: 0, 50, 150, 300, … points of score.
    let points = [0, 50, 150, 300, 500][place]
    let one =
        CohortGraph(Scores(rowCount: 1, columnCount: 1, values: [1]), capacities: [1], weighing: graph.weighing).worth(
            0, 0) ?? 0
    let none =
        CohortGraph(Scores(rowCount: 1, columnCount: 1, values: [0]), capacities: [1], weighing: graph.weighing).worth(
            0, 0) ?? 0
    return Int64(points) * (one - none)
}

@Suite("Assignment")
struct AssignmentTests {
    private static let count = ProcessInfo.processInfo.environment["PRIVITY_SOAK"] == nil ? 5_000 : 100_000

    @Test(
        "WEB-31: the assignment equals an exhaustive search on small cohorts, its certificate verifies, no forbidden pair and no place too many"
    )
    func exact() throws {
        var random = Seeded(7)
        for number in 0..<Self.count {
            if Self.count > 5_000, number % 10_000 == 0 {
                FileHandle.standardError.write(Data("assignments: \(number) of \(Self.count)\n".utf8))
            }
            let instance = Instance(
                rows: .random(in: 1...7, using: &random), columns: .random(in: 0...5, using: &random), &random)
            let graph = instance.graph(number % 4 == 0 ? .score : .participation, floor: number % 8 == 0 ? 2_500 : 0)
            let found = graph.solve()
            let best = exhaustive(graph)
            guard found.worth == best else {
                Issue.record("instance \(number): \(found.worth) is not the best, \(best)")
                return
            }
            try graph.verify(found)
            check(found, instance)
        }
    }

    private func check(_ found: Assignment, _ instance: Instance) {
        var held = instance.capacities.map { _ in 0 }
        for (row, column) in found.columnOfRow.enumerated() {
            guard let column else { continue }
            #expect(instance.scores.isAllowed(row, column))
            held[column] += 1
        }
        #expect(zip(held, instance.capacities).allSatisfy { $0 <= $1 })
    }

    @Test("larger cohorts verify too: sparse, dense, with too few places and with many equal scores")
    func larger() throws {
        var random = Seeded(11)
        for size in [(40, 60), (60, 40), (150, 150), (300, 200), (250, 400)] {
            for _ in 0..<6 {
                let instance = Instance(rows: size.0, columns: size.1, &random)
                let graph = instance.graph()
                let found = graph.solve()
                try graph.verify(found)
                check(found, instance)
            }
        }
    }

    @Test("as many as possible are matched before any score counts, and who waited longer goes first among equals")
    func order() throws {
        // Two people, one of whom can only have the first mentor: both are matched although the other's best is lost.
        let scores = Scores(rowCount: 2, columnCount: 2, values: [10_000, 0, 100, Scores.forbidden])
        let graph = CohortGraph(scores, capacities: [1, 1], weighing: Weighing(people: 2, first: .participation))
        #expect(graph.solve().columnOfRow == [1, 0])
        // Best sum first: the second person waits rather than cost the first their match.
        let best = CohortGraph(scores, capacities: [1, 1], weighing: Weighing(people: 2, first: .score, floor: 200))
        #expect(best.solve().columnOfRow == [0, nil])
        let fair = CohortGraph(
            Scores(rowCount: 2, columnCount: 1, values: [5_000, 5_000]), capacities: [1], weeks: [3, 4],
            weighing: Weighing(people: 2, first: .participation))
        #expect(fair.solve().columnOfRow == [nil, 0])
    }

    @Test("a mentor's second place costs: equals are spread before anybody is given two")
    func load() {
        let scores = Scores(rowCount: 2, columnCount: 2, values: [5_000, 4_980, 5_000, 4_980])
        let graph = CohortGraph(scores, capacities: [2, 2], weighing: Weighing(people: 2, first: .participation))
        #expect(Set(graph.solve().columnOfRow.compactMap { $0 }) == [0, 1])
        let far = Scores(rowCount: 2, columnCount: 2, values: [5_000, 4_900, 5_000, 4_900])
        let together = CohortGraph(far, capacities: [2, 2], weighing: Weighing(people: 2, first: .participation))
        #expect(together.solve().columnOfRow == [0, 0])
    }

    @Test(
        "adding an exclusion never raises the best, raising a chosen pair keeps it, an unused mentor may go: nothing else changes"
    )
    func metamorphic() throws {
        var random = Seeded(23)
        for _ in 0..<300 {
            let instance = Instance(rows: 6, columns: 6, &random)
            let whole = instance.graph(.score).solve()
            var fewer = instance
            let (row, column) = (Int.random(in: 0..<6, using: &random), Int.random(in: 0..<6, using: &random))
            fewer.scores[row, column] = Scores.forbidden
            #expect(fewer.graph(.score).solve().worth <= whole.worth)
            if let chosen = whole.columnOfRow.firstIndex(where: { $0 != nil }), let own = whole.columnOfRow[chosen],
                instance.scores[chosen, own] < 9_000
            {
                var raised = instance
                raised.scores[chosen, own] += 1_000
                #expect(raised.graph(.score).solve().columnOfRow[chosen] == own)
            }
            if let unused = (0..<6).first(where: { !whole.columnOfRow.contains($0) }) {
                var without = instance
                without.capacities[unused] = 0
                #expect(without.graph(.score).solve().columnOfRow == whole.columnOfRow)
            }
        }
    }

    @Test("a tampered certificate is rejected: each number of it changed by one, each pair moved, dropped or doubled")
    func tampered() throws {
        var random = Seeded(31)
        var instance = Instance(rows: 6, columns: 5, &random)
        while instance.graph().solve().matchedCount < 4 { instance = Instance(rows: 6, columns: 5, &random) }
        let graph = instance.graph()
        let honest = graph.solve()
        try graph.verify(honest)
        var forgeries: [Assignment] = []
        func forge(_ change: (inout Assignment) -> Void) {
            var copy = honest
            change(&copy)
            if copy != honest { forgeries.append(copy) }
        }
        for delta in [Int64(-1), 1] {
            forge { $0.worth += delta }
            for row in 0..<6 { forge { $0.rowPotentials[row] += delta } }
            for column in 0..<5 {
                for place in 0..<instance.capacities[column] { forge { $0.placePotentials[column][place] += delta } }
            }
        }
        for row in 0..<6 {
            forge {
                $0.columnOfRow[row] = nil
                $0.placeOfRow[row] = nil
            }
            forge { $0.columnOfRow[row] = nil }
            for column in 0..<5 {
                forge {
                    $0.columnOfRow[row] = column
                    $0.placeOfRow[row] = 0
                }
                forge {
                    $0.columnOfRow[row] = column
                    $0.placeOfRow[row] = 7
                }
            }
            for other in 0..<6 where other != row {
                forge {
                    ($0.columnOfRow[row], $0.placeOfRow[row]) = (honest.columnOfRow[other], honest.placeOfRow[other])
                }
            }
        }
        forge { $0.columnOfRow.removeLast() }
        forge { $0.rowPotentials.append(0) }
        forge { $0.placePotentials[0].append(0) }
        #expect(forgeries.count > 60)
        for forgery in forgeries { #expect(throws: CertificateProblem.self) { try graph.verify(forgery) } }
    }

    @Test("hostile sizes: nobody, nobody to match with, mentors without a place")
    func empty() throws {
        for (rows, columns) in [(0, 0), (3, 0), (0, 3)] {
            let graph = CohortGraph(
                Scores(rowCount: rows, columnCount: columns), capacities: Array(repeating: 0, count: columns),
                weighing: Weighing(people: max(1, rows), first: .participation))
            let found = graph.solve()
            #expect(found.matchedCount == 0)
            try graph.verify(found)
        }
    }
}
