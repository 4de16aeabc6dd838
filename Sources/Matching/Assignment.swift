public import ReleaseWorkflow

/// The pairs that may be matched, and how well: rows are people who wait, columns are mentors.
///
/// A pair that may not be is absent, never merely expensive: its score is ``Scores/forbidden`` and no sum is large
/// enough to choose it.
public struct Scores: Sendable {
    public static let forbidden: Int32 = -1
    /// The most that a score can be.
    public static let highest: Int32 = 10_000

    public let rowCount: Int
    public let columnCount: Int
    /// Row by row; 0 to ``highest``, or ``forbidden``.
    public private(set) var values: [Int32]

    public init(rowCount: Int, columnCount: Int) {
        self.rowCount = rowCount
        self.columnCount = columnCount
        values = [Int32](repeating: Self.forbidden, count: rowCount * columnCount)
    }

    /// - Precondition: as many values as rows times columns, each a score or ``forbidden``.
    public init(rowCount: Int, columnCount: Int, values: [Int32]) {
        precondition(values.count == rowCount * columnCount, "one value for each pair")
        precondition(
            values.allSatisfy { $0 >= Self.forbidden && $0 <= Self.highest }, "scores from 0 to 10,000, or forbidden")
        self.rowCount = rowCount
        self.columnCount = columnCount
        self.values = values
    }

    public subscript(row: Int, column: Int) -> Int32 {
        get { values[row * columnCount + column] }
        set { values[row * columnCount + column] = newValue }
    }

    public func isAllowed(_ row: Int, _ column: Int) -> Bool { self[row, column] >= 0 }
}

/// The weights of a cohort's choices, in one integer, so that a larger aim always comes before a smaller one.
///
/// From the top: how many are matched (under ``First/participation``), the sum of scores with what waiting adds and
/// what load costs, the draw. For `n` people one more match is worth more than everything below it can sum to, and one
/// point of score more than every draw: merits stay below 2^15, `n · 2^15 ≤ matched`, `n · 2^drawBits ≤ draw`, and the
/// sum of all stays below 2^62. ``init(people:first:floor:)`` chooses `matched` and `draw` so.
public struct Weighing: Hashable, Sendable {
    /// The aim that counts first once somebody has to be left out; the policy's own words.
    public typealias First = Policy.Matching.First

    public static let largest = 65_536
    /// The amount that a week of waiting adds to the score of whoever is matched; ten years at most.
    public static let week = 20
    /// The cost of a place that comes after others of the same mentor: 0, 50, 150, 300 and so on, 10,000 at most.
    public static func load(_ place: Int) -> Int64 { min(10_000, 25 * Int64(place) * Int64(place + 1)) }

    public let first: First
    /// Under ``First/score``: what a pair has to be worth to be made at all.
    public let floor: Int
    let matched: Int64
    let draw: Int64
    let drawBits: Int

    /// - Precondition: 1 to ``largest`` people.
    public init(people: Int, first: First, floor: Int = 0) {
        precondition((1...Self.largest).contains(people), "1 to 65,536 people")
        let bits = Int64.bitWidth - Int64(max(1, people - 1)).leadingZeroBitCount
        matched = 1 << Int64(bits + 15)
        // people · matched · draw < 2^62.
        let room = max(0, 62 - bits - (bits + 15) - 1)
        drawBits = max(0, min(16, room - bits))
        draw = drawBits == 0 ? 1 : 1 << Int64(bits + drawBits)
        self.first = first
        self.floor = floor
    }

    /// The worth of a match before its load: `weeks` waited, `tie` drawn.
    @inline(__always)
    func worth(score: Int32, base: Int64, tie: UInt32) -> Int64 {
        (base + Int64(score)) * draw + Int64(drawBits == 0 ? 0 : tie >> UInt32(32 - drawBits))
    }

    func base(weeks: Int) -> Int64 {
        (first == .participation ? matched : 0) + Int64(Self.week * min(max(0, weeks), 520))
    }

    /// The worth of going on waiting.
    var waiting: Int64 { first == .participation ? 0 : Int64(floor) * draw }

    func cost(ofPlace place: Int) -> Int64 { Self.load(place) * draw }

    /// A draw for a pair, from the two people's own: fair, and the same for everybody who knows the seed.
    @inline(__always)
    static func tie(_ row: UInt32, _ column: UInt32) -> UInt32 {
        (row ^ column) &* 2_654_435_761 ^ (row &* (column | 1))
    }
}

/// The pairs that may be, with what each is worth: rows are people who wait, columns are mentors with their places.
public struct CohortGraph: Sendable {
    public let rowCount: Int
    /// Places of each column.
    public let capacities: [Int]
    public let weighing: Weighing
    /// Row `r` has the edges `starts[r]..<starts[r + 1]`.
    public let starts: [Int]
    public let columns: [Int32]
    /// Before the cost of load.
    public let worths: [Int64]

    /// Builds the graph from a whole matrix.
    ///
    /// - Parameters:
    ///   - weeks: whole weeks that each person has waited.
    ///   - rowDraws, columnDraws: from the committed seed.
    /// - Precondition: as many weeks and draws as rows and columns; capacities of 0 to 20.
    public init(
        _ scores: Scores, capacities: [Int], weeks: [Int]? = nil, rowDraws: [UInt64]? = nil,
        columnDraws: [UInt64]? = nil,
        weighing: Weighing
    ) {
        precondition(
            capacities.count == scores.columnCount && capacities.allSatisfy { (0...20).contains($0) },
            "0 to 20 places each")
        var starts = [0]
        var columns: [Int32] = []
        var worths: [Int64] = []
        for row in 0..<scores.rowCount {
            let base = weighing.base(weeks: weeks?[row] ?? 0)
            let rowDraw = UInt32(truncatingIfNeeded: rowDraws?[row] ?? 0)
            for column in 0..<scores.columnCount where scores.isAllowed(row, column) && capacities[column] > 0 {
                columns.append(Int32(column))
                let tie = Weighing.tie(rowDraw, UInt32(truncatingIfNeeded: columnDraws?[column] ?? 0))
                worths.append(weighing.worth(score: scores[row, column], base: base, tie: rowDraws == nil ? 0 : tie))
            }
            starts.append(columns.count)
        }
        self.init(
            rowCount: scores.rowCount, capacities: capacities, weighing: weighing, starts: starts, columns: columns,
            worths: worths)
    }

    init(rowCount: Int, capacities: [Int], weighing: Weighing, starts: [Int], columns: [Int32], worths: [Int64]) {
        self.rowCount = rowCount
        self.capacities = capacities
        self.weighing = weighing
        self.starts = starts
        self.columns = columns
        self.worths = worths
    }

    /// The worth of an edge before load; nil for a pair that may not be.
    public func worth(_ row: Int, _ column: Int) -> Int64? {
        (starts[row]..<starts[row + 1]).first { columns[$0] == Int32(column) }.map { worths[$0] }
    }
}

/// An assignment that is as good as any can be, with the numbers that prove it.
public struct Assignment: Sendable, Hashable {
    /// For each person the mentor's column, or nil for the waitlist.
    public var columnOfRow: [Int?]
    /// Which of the mentor's places, from 0; nil for the waitlist.
    public var placeOfRow: [Int?]
    /// The sum of the worths of what was chosen.
    public var worth: Int64
    /// The dual potentials: of each person, and of each place of each column.
    public var rowPotentials: [Int64]
    public var placePotentials: [[Int64]]

    public var matchedCount: Int { columnOfRow.count { $0 != nil } }

    public init(
        columnOfRow: [Int?], placeOfRow: [Int?], worth: Int64, rowPotentials: [Int64], placePotentials: [[Int64]]
    ) {
        self.columnOfRow = columnOfRow
        self.placeOfRow = placeOfRow
        self.worth = worth
        self.rowPotentials = rowPotentials
        self.placePotentials = placePotentials
    }
}

/// The reason why an assignment is not the one that it claims to be.
public enum CertificateProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case wrongShape
    case forbiddenPair(row: Int)
    case placeTakenTwice(column: Int, place: Int)
    case noSuchPlace(row: Int)
    case negativePotential(column: Int, place: Int)
    /// A pair, or waiting, would be worth more than the potentials say.
    case betterPair(row: Int, column: Int?)
    case wrongWorth
    case notOptimal

    public var description: String {
        switch self {
        case .wrongShape: "the certificate does not have one number for each person and place"
        case .forbiddenPair(let row): "row \(row) is paired with a column that its rules forbid"
        case .placeTakenTwice(let column, let place): "place \(place) of column \(column) is taken twice"
        case .noSuchPlace(let row): "row \(row) is given a place that is not there"
        case .negativePotential(let column, let place): "place \(place) of column \(column) has a negative potential"
        case .betterPair(let row, let column):
            "row \(row) would be worth more \(column.map { "with column \($0)" } ?? "waiting") than the potentials allow"
        case .wrongWorth: "the pairs do not come to the worth that is stated"
        case .notOptimal: "the potentials do not come to the worth of the pairs: a better assignment may exist"
        }
    }
}

extension CohortGraph {
    /// Checks that an assignment is allowed and that none is better, without solving anything.
    ///
    /// By duality: potentials that no pair and no waiting exceeds bound the worth of every assignment from above; one
    /// that reaches the bound is best (linear-programming duality for the assignment problem). All in integers.
    ///
    /// - Throws: the first fault that is found.
    /// - Complexity: O(people + edges + places).
    public func verify(_ assignment: Assignment) throws(CertificateProblem) {
        guard assignment.columnOfRow.count == rowCount, assignment.placeOfRow.count == rowCount,
            assignment.rowPotentials.count == rowCount, assignment.placePotentials.map(\.count) == capacities
        else { throw .wrongShape }
        var taken = capacities.map { [Bool](repeating: false, count: $0) }
        var worth: Int64 = 0
        var bound: Int64 = 0
        for row in 0..<rowCount {
            guard let column = assignment.columnOfRow[row] else {
                guard assignment.placeOfRow[row] == nil else { throw .noSuchPlace(row: row) }
                worth &+= weighing.waiting
                continue
            }
            guard capacities.indices.contains(column), let own = self.worth(row, column) else {
                throw .forbiddenPair(row: row)
            }
            guard let place = assignment.placeOfRow[row], (0..<capacities[column]).contains(place) else {
                throw .noSuchPlace(row: row)
            }
            guard !taken[column][place] else { throw .placeTakenTwice(column: column, place: place) }
            taken[column][place] = true
            worth &+= own - weighing.cost(ofPlace: place)
        }
        guard worth == assignment.worth else { throw .wrongWorth }
        // The least that any place of a column leaves to be had.
        var least = [Int64](repeating: 0, count: capacities.count)
        for (column, potentials) in assignment.placePotentials.enumerated() {
            for (place, potential) in potentials.enumerated() {
                guard potential >= 0 else { throw .negativePotential(column: column, place: place) }
                bound &+= potential
                let price = potential &+ weighing.cost(ofPlace: place)
                least[column] = place == 0 ? price : min(least[column], price)
            }
        }
        for row in 0..<rowCount {
            let potential = assignment.rowPotentials[row]
            guard potential >= weighing.waiting else { throw .betterPair(row: row, column: nil) }
            bound &+= potential
            for edge in starts[row]..<starts[row + 1] {
                let column = Int(columns[edge])
                if worths[edge] &- least[column] > potential { throw .betterPair(row: row, column: column) }
            }
        }
        guard bound == worth else { throw .notOptimal }
    }
}
