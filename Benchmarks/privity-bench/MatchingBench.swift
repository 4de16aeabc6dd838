import Foundation
import Matching
import PolicyFile
import ReleaseWorkflow

/// Matching beside SciPy's `linear_sum_assignment` and lapx's `lapjv`, on the same matrices, in the same run.
///
/// The peers are given the finished matrix and solve it, no more. Privity is timed from the answers on: constraints, scores, solution and
/// the check of its certificate.
struct MatchingBench {
    let policy: Policy
    let today = CivilDate(dayNumber: 20_454)

    init() throws {
        policy = try PolicyFile.parse(String(contentsOfFile: "Policies/mphp.yaml", encoding: .utf8)).policy
    }

    private struct Draw: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    private func some<T>(_ all: [T], _ count: Int, _ draw: inout Draw) -> Set<T> {
        Set(all.shuffled(using: &draw).prefix(count))
    }

    /// People as a national association might have them: six professions, five areas, a coarse grid, five languages.
    ///
    /// - Parameter isOpen: whether every pair may be, as in the peers' own benchmarks; else the rules of the policy apply.
    func people(_ mentees: Int, _ mentors: Int, isOpen: Bool, seed: UInt64) -> ([MenteeEntry], [MentorEntry]) {
        var draw = Draw(state: seed)
        let fields = ["physician", "dentist", "pharmacist", "nurse", "therapist", "paramedic"]
        func answers(_ areas: Int, _ times: Int) -> Answers {
            Answers(
                pathways: some(Pathway.allCases, 2, &draw),
                areas: some(policy.matching.areas, isOpen ? 5 : areas, &draw),
                times: some(TimeCell.allCases, isOpen ? 14 : times, &draw), languages: ["english"],
                topics: some(Topic.recovery, 3, &draw))
        }
        let waiting = (0..<mentees).map { number in
            MenteeEntry(
                id: PersonID(high: 1, low: UInt64(number)),
                attestation: Attestation(
                    attributes: [.underContract], fields: [fields.randomElement(using: &draw) ?? ""]),
                survey: Survey(sameField: .nice, answers: answers(2, 3), sharedPathway: .nice, understood: true),
                weeksWaited: Int.random(in: 0...30, using: &draw), drawKey: draw.next())
        }
        let offering = (0..<mentors).map { number in
            let counselor = isOpen || Int.random(in: 0..<4, using: &draw) == 0
            return MentorEntry(
                id: PersonID(high: 2, low: UInt64(number)),
                attestation: Attestation(
                    attributes: counselor ? [.addictionCounselor] : [],
                    fields: [fields.randomElement(using: &draw) ?? ""]),
                answers: answers(2, 4), drawKey: draw.next())
        }
        return (waiting, offering)
    }

    func run() throws {
        defer { fflush(nil) }
        print("matching: from answers to a checked solution, beside the peers' bare solve of the same matrix")
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("privity-matching")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var ours: [String: Double] = [:]
        for (rows, columns) in [(1_000, 1_200), (5_000, 6_000)] {
            for isOpen in [false, true] {
                let name = "\(rows)x\(columns)-\(isOpen ? "open" : "rules")"
                ours[name] = try cohort(rows, columns, isOpen: isOpen, name, folder)
            }
        }
        peers(folder, ours)
        try shortlist()
    }

    private func cohort(_ rows: Int, _ columns: Int, isOpen: Bool, _ name: String, _ folder: URL) throws -> Double {
        let (mentees, mentors) = people(rows, columns, isOpen: isOpen, seed: 99)
        var best = (total: Double.infinity, score: 0.0, solve: 0.0, check: 0.0)
        var graph: CohortGraph?
        var scores: [Int32] = []
        var matched = 0
        for _ in 0..<3 {
            var built: CohortGraph?
            let score = try seconds {
                let all = try Market(mentors, policy: policy, on: today).graph(mentees)
                (built, scores) = (all.graph, all.scores)
            }
            guard let whole = built else { continue }
            var found: Assignment?
            let solve = seconds { found = whole.solve() }
            guard let assignment = found else { continue }
            let check = try seconds { try whole.verify(assignment) }
            matched = assignment.matchedCount
            if score + solve + check < best.total { best = (score + solve + check, score, solve, check) }
            graph = whole
        }
        guard let graph else { return 0 }
        defer { fflush(nil) }
        print(
            String(
                format:
                    "  %@: %.1f ms = score %.1f + solve %.1f + certificate %.1f; %d of %d matched, %.1f%% of pairs allowed",
                name, best.total * 1e3, best.score * 1e3, best.solve * 1e3, best.check * 1e3, matched, rows,
                100 * Double(graph.columns.count) / Double(rows * columns)))
        // The peers minimize, and know no forbidden pairs: those get a cost above every score. Fairness and the draw are left to us.
        var matrix = [Double](repeating: 1e6, count: rows * columns)
        for row in 0..<rows {
            for edge in graph.starts[row]..<graph.starts[row + 1] {
                matrix[row * columns + Int(graph.columns[edge])] = 10_000 - Double(scores[edge])
            }
        }
        try matrix.withUnsafeBytes { try Data($0).write(to: folder.appendingPathComponent("\(name).bin")) }
        return best.total
    }

    private func peers(_ folder: URL, _ ours: [String: Double]) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["Benchmarks/matching-peers.sh", folder.path]
        let output = Pipe()
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            print("  the peers could not be run: \(error)")
            return
        }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 3, let time = Double(words[2]), let own = ours[words[0]] else {
                print("  \(line)")
                continue
            }
            print(
                String(
                    format: "  %@: %@ %.1f ms; Privity takes %.2f times that", words[0], words[1], time * 1e3,
                    own / time))
        }
    }

    private func shortlist() throws {
        let (mentees, mentors) = people(2_000, 10_000, isOpen: false, seed: 5)
        let market = try Market(mentors, policy: policy, on: today)
        var times: [Double] = []
        var count = 0
        for mentee in mentees { times.append(seconds { count += market.shortlist(mentee).candidates.count }) }
        times.sort()
        print(
            String(
                format:
                    "  top ten of 10,000 mentors, with reasons: median %.2f ms, 99th percentile %.2f ms (aim 0.5), %d candidates",
                times[times.count / 2] * 1e3, times[times.count * 99 / 100] * 1e3, count))
    }
}
