internal import Cryptography
internal import Foundation
internal import ReleaseWorkflow

extension Custodian {
    /// The codes of one batch, in an order that says nothing, to be put into as many identical invitations.
    public struct EvaluationBatch: Sendable {
        /// Counts the policy's intervals from 1.
        public let period: Int
        public let codes: [String]
        public let items: [EvaluationItem]
    }

    private struct Period: Codable {
        var issued: Int
    }

    /// Makes the batch of the interval that today falls into: one code for everybody on the roll, whatever they did or did not do.
    ///
    /// Who is invited depends on the day and on who is entered, and on nothing that happens between people: no request, match, look, call or
    /// end changes it (MPHP-61, MPHP-62). Of the codes only their hashes stay here, sorted; who got which was never written anywhere.
    ///
    /// - Throws: `Refusal.notFound` where the policy asks nobody, or the batch of this interval has been made already.
    public func openEvaluation() throws -> EvaluationBatch {
        let policy = current.policy
        guard policy.evaluation.topics != .none, policy.evaluation.everyMonths > 0 else { throw Refusal.notFound }
        let period = try evaluationPeriod(on: moment().date)
        let seed = Derivation(seed: try parts.seeds.seed(for: "evaluation/\(period)"))
        var codes: [String] = []
        try write { tx in
            codes = []
            guard try tx.setting("evaluation/\(period)") == nil else { throw Refusal.notFound }
            let roll = try tx.people().filter { row in
                guard let identity = try identity(row.id, tx) else { return false }
                return identity.roles.contains(.participant) || identity.roles.contains(.mentor)
            }
            for number in roll.indices { codes.append(RescindCode.format(try seed.bytes("code/\(number)", count: 13))) }
            for code in codes {
                guard let digest = RescindCode.digest(ofTyped: code) else { throw ServiceError.corrupt("evaluation code") }
                try tx.putEvaluation(period, code: digest)
            }
            try tx.setSetting("evaluation/\(period)", Self.encode(Period(issued: codes.count)))
        }
        // Sorted by what nobody can foresee: the order of the roll is gone.
        return EvaluationBatch(period: period, codes: codes.sorted(), items: EvaluationItem.bank(policy.evaluation.topics))
    }

    /// The interval that a day falls into, from 1.
    func evaluationPeriod(on day: CivilDate) -> Int {
        let policy = versions[0].policy
        let (start, now) = (policy.effectiveFrom.components, day.components)
        let months = (now.year - start.year) * 12 + now.month - start.month - (now.day < start.day ? 1 : 0)
        return max(0, months) / max(1, current.policy.evaluation.everyMonths) + 1
    }

    /// Takes one set of answers under a code, once. Neither a date nor anything else that could tie it to somebody is kept with it.
    ///
    /// - Throws: `Refusal.notFound` for a code that was not issued, was used, or is of an interval that is over; `FieldProblem` unless every item
    ///   of the bank is answered, and no other.
    public func answerEvaluation(code: String, _ answers: [EvaluationItem: EvaluationAnswer]) throws {
        let policy = current.policy
        let bank = EvaluationItem.bank(policy.evaluation.topics)
        guard Set(answers.keys) == Set(bank) else {
            throw FieldProblem(
                field: "answers", expected: "one answer to each of \(bank.map(\.rawValue).joined(separator: ", "))")
        }
        guard let digest = RescindCode.digest(ofTyped: code) else { throw Refusal.notFound }
        let period = try evaluationPeriod(on: moment().date)
        let text = String(
            decoding: try Self.encode(Dictionary(uniqueKeysWithValues: answers.map { ($0.key.rawValue, $0.value.rawValue) })),
            as: UTF8.self)
        try write { tx in
            guard try tx.deleteEvaluation(period, code: digest) else { throw Refusal.notFound }
            // Keyed by chance: rows lie in no order of arrival.
            try tx.putEvaluation(period, answer: RandomBytes.generate(count: 16), text)
        }
        try parts.store.settle()
    }

    /// What an interval came to, once it is over; the same numbers whenever it is asked.
    ///
    /// An answer counts in one interval alone and nothing is ever summed over two, so that no difference of two results tells of anybody.
    ///
    /// - Throws: `Refusal.notFound` for an interval that is not over or was never opened, and where fewer than the smallest cell answered.
    public func evaluationResults(period: Int) throws -> [EvaluationResult] {
        let smallest = max(10, current.policy.evaluation.minCell)
        let now = try evaluationPeriod(on: moment().date)
        let bank = EvaluationItem.bank(current.policy.evaluation.topics)
        return try parts.store.read { tx in
            guard period < now, try tx.setting("evaluation/\(period)") != nil else { throw Refusal.notFound }
            let rows = try tx.evaluationAnswers(period).map { try JSONDecoder().decode([String: String].self, from: Data($0.utf8)) }
            guard rows.count >= smallest else { throw Refusal.notFound }
            return bank.map { item in
                EvaluationResult(item, rows.compactMap { $0[item.rawValue].flatMap(EvaluationAnswer.init) }, smallest: smallest)
            }
        }
    }

    /// Whether every code that went out is either unused or has come back: what an auditor is told.
    public func evaluationCount(period: Int) throws -> EvaluationCount {
        try parts.store.read { tx in
            guard let bytes = try tx.setting("evaluation/\(period)") else { throw Refusal.notFound }
            let issued = try JSONDecoder().decode(Period.self, from: Data(bytes)).issued
            return EvaluationCount(
                issued: issued, redeemed: try tx.evaluationAnswers(period).count, unused: try tx.evaluationCodeCount(period))
        }
    }
}
