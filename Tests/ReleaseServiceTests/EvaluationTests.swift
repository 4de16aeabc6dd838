import Foundation
import Matching
import PolicyFile
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

@Suite("Evaluation")
struct EvaluationTests {
    /// The questions of the clinical program.
    private static var bank: [EvaluationItem] {
        (try? EvaluationItem.bank(of: PolicyFile.parse(Office.policyText()).policy)) ?? []
    }

    @Test(
        "MPHP-61, MPHP-62, A-15: two runs that differ in relationship events alone give the same invitations and the same view for staff, byte for byte"
    )
    func independent() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try await office.go(to: "introduced", "eve", with: "cleo")
        let other = try await office.copy()
        // In one of the two: looks, a call, a meeting; and nothing of it on any board or in any batch.
        _ = try await office.look("ben")
        try await office.must(.recordCall, "ben")
        try await office.must(.recordMeeting, "ada")
        var output: [String] = []
        for told in [office, other] {
            try told.time("2026-01-20T09:00")
            try await told.host.runClock()
            let batch = try await told.service.openEvaluation()
            let board = try await told.service.board(of: told.id("maya"))
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            output.append(
                "\(batch.period) \(batch.codes) \(batch.items)"
                    + String(decoding: try encoder.encode(board), as: UTF8.self))
        }
        #expect(output[0] == output[1])
        #expect(output[0].contains("-"))
    }

    @Test("MPHP-62: who ends a relationship within an interval changes neither who is invited nor when")
    func endings() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let other = try await office.copy()
        try office.time("2026-01-12T09:00")
        try await office.must(.end, "ada")
        try await office.must(.rescind, "ada")
        try other.time("2026-01-19T09:00")
        try await other.must(.end, "ben")
        for told in [office, other] { try told.time("2026-02-01T09:00") }
        let (one, two) = (try await office.service.openEvaluation(), try await other.service.openEvaluation())
        #expect(one.codes == two.codes && one.period == two.period)
    }

    @Test(
        "MPHP-58, MPHP-59, MPHP-63: forty questions about experiences are refused, and every question of the bank is about operations"
    )
    func linter() {
        let experiences = [
            "How often did your mentor call?", "Do you feel supported?", "Was your mentor helpful?",
            "Did you meet in person?",
            "How satisfied are you with the relationship?", "Are you sober?", "Have you relapsed since you began?",
            "Do you trust your mentor?",
            "Would you recommend your mentor?", "Did mentoring reduce your stress?", "What did you talk about?",
            "How many meetings did you attend?",
            "Did the survey make you feel judged?", "Was the release form explained by your mentor?",
            "Who is your mentor?",
            "Why did you end it?",
            "Did you like the notices your mentor sent?", "Has your life improved?", "Do you feel hope?",
            "Were you encouraged?",
            "Was there any conflict?", "Did you become friends?", "Was the person honest with you?",
            "Did you reach your goals?",
            "How much progress did you make?", "Did you gain from it?", "Was it a good match?", "Did you connect?",
            "Was your partner respectful?",
            "Do you enjoy the conversations?", "Did you argue?", "How is your recovery going?", "Are you using again?",
            "Do you drink less?",
            "Did the form help your growth?", "Were you comfortable on the call?", "What is your name?",
            "Is your work situation better?",
            "Did you visit each other?", "How was the experience of the survey?",
        ]
        #expect(experiences.count == 40)
        for text in experiences { #expect(ItemLinter.problem(text) != nil, "\(text)") }
        for item in Self.bank {
            #expect(ItemLinter.problem(item.text) == nil, "\(item.text): \(ItemLinter.problem(item.text) ?? "")")
        }
        #expect(ItemLinter.problem("What is the weather?") != nil && ItemLinter.problem("") != nil)
    }

    private func crowd(_ count: Int) async throws -> (office: Office, codes: [String]) {
        let office = try await Office()
        for number in 0..<count {
            let letters = String(
                (0..<3).map { Character(UnicodeScalar(UInt8(97 + (number / [1, 26, 676][$0]) % 26))) })
            try await office.add(
                "p\(number)", "Person \(letters)", "Surname\(letters)", first: "Given",
                phone: "312-555-\(String(format: "%04d", 100 + number))",
                roles: [.participant])
        }
        return (office, try await office.service.openEvaluation().codes)
    }

    private func answers(_ answer: EvaluationAnswer, but changed: [EvaluationItem: EvaluationAnswer] = [:])
        -> [EvaluationItem:
        EvaluationAnswer]
    {
        Dictionary(uniqueKeysWithValues: Self.bank.map { ($0, changed[$0] ?? answer) })
    }

    @Test(
        "a code works once, in its own interval; no row ties an answer to a person, a code or an hour; issued, used and unused add up"
    )
    func codes() async throws {
        let (office, codes) = try await crowd(12)
        #expect(codes.count == 12 && Set(codes).count == 12)
        try await office.service.answerEvaluation(code: codes[0].lowercased(), answers(.yes))
        await #expect(throws: Refusal.notFound) {
            try await office.service.answerEvaluation(code: codes[0], answers(.yes))
        }
        await #expect(throws: Refusal.notFound) {
            try await office.service.answerEvaluation(code: "AAAAA-AAAAA-AAAAA-AAAAA", answers(.yes))
        }
        await #expect(throws: FieldProblem.self) {
            try await office.service.answerEvaluation(code: codes[1], [.formClarity: .yes])
        }
        let count = try await office.service.evaluationCount(period: 1)
        #expect(count == EvaluationCount(issued: 12, redeemed: 1, unused: 11) && count.isReconciled)
        let dump = try office.bytesOnDisk().values.map { String(decoding: $0, as: UTF8.self) }.joined()
        for code in codes {
            #expect(!dump.contains(code) && !dump.contains(code.replacingOccurrences(of: "-", with: "")))
        }
        await #expect(throws: Refusal.notFound) { _ = try await office.service.openEvaluation() }
        try office.time("2026-07-02T09:00")
        await #expect(throws: Refusal.notFound) {
            try await office.service.answerEvaluation(code: codes[1], answers(.yes))
        }
    }

    @Test(
        "R17: no code is stored, issued or not; until ten have answered no answer has a row of its own, and then ten come at once, in the order of what they say"
    )
    func together() async throws {
        let (office, codes) = try await crowd(24)
        func rows() throws -> [String] { try office.store.read { try $0.evaluationAnswers(1) } }
        func waiting() throws -> [UInt8]? { try office.store.read { try $0.setting("evaluation/waiting/1") } }
        #expect(try office.store.read { try $0.evaluationCodeCount(1) } == 0)
        let size = try #require(try waiting()).count
        var before = try waiting()
        for (number, code) in codes.prefix(23).enumerated() {
            try await office.service.answerEvaluation(code: code, answers(number % 3 == 0 ? .no : .yes))
            #expect(try rows().count == (number + 1) / 10 * 10)
            let now = try waiting()
            #expect(now?.count == size && now != before, "one size, rewritten whole")
            before = now
        }
        let count = try await office.service.evaluationCount(period: 1)
        #expect(count == EvaluationCount(issued: 24, redeemed: 23, unused: 1) && count.isReconciled)
        let said = try rows().map { $0.contains("\"no\"") }
        #expect(said.count == 20 && said.filter { $0 }.count == 7)
        try office.time("2026-07-02T09:00")
        let results = try await office.service.evaluationResults(period: 1)
        // 15 yes, 8 no: both are withheld, because the eight are.
        #expect(results.count == 8 && results.allSatisfy { $0.isWithheld && $0.counts.isEmpty })
        // Those that wait, and the ten, are sorted by what they say: the order of arrival is gone.
        var group = WaitingAnswers()
        for number in 0..<9 {
            #expect(group.add(answers(number % 3 == 0 ? .no : .yes)).isEmpty)
            #expect(group.lines == group.lines.sorted())
        }
        let ten = group.add(answers(.partly)).map { $0.values.sorted().joined() }
        #expect(ten.count == 10 && zip(ten, ten.dropFirst()).count { $0 != $1 } == 2)
    }

    @Test("R17: a code that differs in one character, or is another interval's, is none")
    func foreignCodes() async throws {
        let (office, codes) = try await crowd(2)
        for place in codes[0].indices where codes[0][place] != "-" {
            var wrong = codes[0]
            wrong.replaceSubrange(place...place, with: codes[0][place] == "7" ? "8" : "7")
            await #expect(throws: Refusal.notFound, "\(wrong)") {
                try await office.service.answerEvaluation(code: wrong, answers(.yes))
            }
        }
        try office.time("2026-07-02T09:00")
        _ = try await office.service.openEvaluation()
        await #expect(throws: Refusal.notFound) {
            try await office.service.answerEvaluation(code: codes[0], answers(.yes))
        }
    }

    @Test(
        "DER-20: nothing is told before the interval is over, below ten answers, or of a cell that the rest would give away"
    )
    func cells() async throws {
        let (office, codes) = try await crowd(34)
        for code in codes.prefix(9) { try await office.service.answerEvaluation(code: code, answers(.yes)) }
        let few = try await office.copy()
        try few.time("2026-07-02T09:00")
        await #expect(throws: Refusal.notFound) { _ = try await few.service.evaluationResults(period: 1) }
        for code in codes[9..<20] { try await office.service.answerEvaluation(code: code, answers(.partly)) }
        for code in codes[20..<31] { try await office.service.answerEvaluation(code: code, answers(.yes)) }
        for code in codes[31..<34] { try await office.service.answerEvaluation(code: code, answers(.no)) }
        await #expect(throws: Refusal.notFound) { _ = try await office.service.evaluationResults(period: 1) }
        try office.time("2026-07-02T09:00")
        let results = try await office.service.evaluationResults(period: 1)
        #expect(results.count == 8)
        for result in results {
            // 20 yes, 11 partly, 3 no, nobody else: the three are hidden, and so is the next smallest cell that would give them away.
            #expect(result.isWithheld && result.counts == ["yes": 20])
        }
        #expect(try await office.service.evaluationResults(period: 1) == results)
        let sums = try await office.service.evaluationCount(period: 1)
        #expect(sums.isReconciled && sums.redeemed == 34)
    }

    @Test(
        "DER-20: over every way to answer, what is shown never isolates fewer than ten, alone or as a difference from the whole"
    )
    func differencing() {
        var random = Seeded(19)
        for _ in 0..<2_000 {
            var given: [EvaluationAnswer] = []
            for answer in EvaluationAnswer.allCases {
                given += Array(repeating: answer, count: Int.random(in: 0...24, using: &random))
            }
            guard given.count >= 10 else { continue }
            let result = EvaluationResult(.formClarity, given, smallest: 10)
            #expect(result.counts.values.allSatisfy { $0 >= 10 })
            let hidden = given.count - result.counts.values.reduce(0, +)
            #expect(hidden == 0 || hidden >= 10)
            if hidden > 0 { #expect(EvaluationAnswer.allCases.count - result.counts.count >= 2) }
        }
    }
}

/// A small generator with a fixed seed: the same answers on every machine.
private struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
