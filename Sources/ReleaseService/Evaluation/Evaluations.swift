internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// The codes of one batch, in an order that says nothing, to be put into as many identical invitations.
public struct EvaluationBatch: Sendable {
    /// Counts the policy's intervals from 1.
    public let period: Int
    public let codes: [String]
    public let items: [EvaluationItem]
}

/// Asks how the program works, never how it went between two people.
struct Evaluations: Sendable {
    private let core: Core

    init(_ core: Core) { self.core = core }

    /// Makes the batch of the interval that today falls into: one code for everybody on the roll, whatever they did or
    /// did not do.
    ///
    /// The invitation depends on the day and on who is entered, and on nothing that happens between people: no request,
    /// match, look, call or end changes it (MPHP-61, MPHP-62). No code stays here; who got which was never written
    /// anywhere.
    ///
    /// - Throws: `Refusal.notFound` where the policy asks nobody, or the batch of this interval has been made already.
    func open(by caller: Caller) async throws -> EvaluationBatch {
        let period = try core.reader.read { $0.evaluationPeriod }
        let derive = try Derivation(seed: core.parts.seeds.seed(for: "evaluation/\(period)"))
        return try await core.keep { tx in
            try tx.permit(caller).require(tx.permit(caller).isOperator)
            let policy = tx.snapshot.current.policy
            guard policy.evaluation.topics != .none, policy.evaluation.everyMonths > 0,
                period == tx.snapshot.evaluationPeriod
            else { throw Refusal.notFound }
            guard try tx.rows.setting("evaluation/\(period)") == nil else { throw Refusal.notFound }
            let roll = try tx.rows.people().filter { row in
                let roles = try tx.people.identity(row.id)?.roles ?? []
                return roles.contains(.participant) || roles.contains(.mentor)
            }
            let codes = try EvaluationCodes(period: period, vault: tx.vault).make(roll.count, derive)
            tx.rows.setSetting("evaluation/\(period)", StoredCodec.encode(EvaluationPeriod(issued: codes.count)))
            try tx.keep(WaitingAnswers(), of: period)
            // Sorted by what nobody can foresee: the order of the roll is gone.
            return EvaluationBatch(
                period: period, codes: codes.sorted(), items: EvaluationItem.bank(of: policy))
        }
    }

    /// Takes one set of answers under a code, once. Neither a date nor anything else that could tie it to somebody is
    /// kept with it: it lies with others in one value until they are ten, and then among them in an order that says
    /// nothing.
    ///
    /// - Throws: `Refusal.notFound` for a code that was not issued, was used, or is of an interval that is over;
    ///   `FieldProblem` unless every item of the bank is answered, and no other.
    func answer(code: String, _ answers: [EvaluationItem: EvaluationAnswer]) async throws {
        let tokens = try (0..<WaitingAnswers.groupCount).map { _ in try RandomBytes.generate(count: 16) }
        try await core.keep { tx in
            let bank = EvaluationItem.bank(of: tx.snapshot.current.policy)
            guard Set(answers.keys) == Set(bank) else {
                throw FieldProblem(
                    field: "answers", expected: "one answer to each of \(bank.map(\.rawValue).joined(separator: ", "))")
            }
            let period = tx.snapshot.evaluationPeriod
            try tx.spend(code, of: period)
            var waiting = try tx.snapshot.waitingAnswers(period)
            for (token, texts) in zip(tokens, waiting.add(answers)) {
                tx.rows.putEvaluation(period, answer: token, StoredCodec.text(StoredTexts(texts)))
            }
            try tx.keep(waiting, of: period)
            tx.consequences.mustSettle = true
        }
    }

    /// The results of an interval, once it is over; the same numbers whenever it is asked.
    ///
    /// An answer counts in one interval alone and nothing is ever summed over two, so that no difference of two results
    /// tells of anybody.
    ///
    /// - Throws: `Refusal.notFound` for an interval that is not over or was never opened, and where fewer than the
    ///   smallest cell answered.
    func results(period: Int, by caller: Caller) throws -> [EvaluationResult] {
        try core.reader.read { snapshot in
            try snapshot.permit(caller).require(snapshot.permit(caller).holds(.administrator))
            let evaluation = snapshot.current.policy.evaluation
            let smallest = max(10, evaluation.minCell)
            guard period < snapshot.evaluationPeriod, try snapshot.evaluation(period) != nil else {
                throw Refusal.notFound
            }
            let rows =
                try snapshot.rows.evaluationAnswers(period).map {
                    try StoredCodec.decode(Array($0.utf8), as: StoredTexts.self).texts
                } + snapshot.waitingAnswers(period).texts
            guard rows.count >= smallest else { throw Refusal.notFound }
            // What was asked then, whatever is asked now.
            let asked = EvaluationItem.allCases.filter { item in rows.contains { $0[item.rawValue] != nil } }
            return asked.map { item in
                EvaluationResult(
                    item, rows.compactMap { $0[item.rawValue].flatMap(EvaluationAnswer.init) }, smallest: smallest)
            }
        }
    }

    /// The codes of an interval: how many were issued, redeemed and are unused. Auditors and administrators may ask.
    ///
    /// - Units: `period` counts intervals from 1.
    /// - Throws: `Refusal.notFound` for an interval whose codes were never made, and to everybody else.
    func count(period: Int, by caller: Caller) throws -> EvaluationCount {
        try core.reader.read { snapshot in
            let permit = snapshot.permit(caller)
            try permit.require(permit.holds(.auditor) || permit.holds(.administrator))
            guard let batch = try snapshot.evaluation(period) else { throw Refusal.notFound }
            let codes = try snapshot.rows.evaluationCodeCount(period)
            return EvaluationCount(
                issued: batch.issued,
                redeemed: try snapshot.rows.evaluationAnswers(period).count
                    + snapshot.waitingAnswers(period).lines.count,
                unused: batch.isKeyed ? batch.issued - codes : codes)
        }
    }
}

/// The memory of a batch.
struct EvaluationPeriod: StoredValue {
    var issued: Int
    /// False of a batch of an earlier version, which kept the hashes of the codes that were not used yet.
    var isKeyed = true

    static var storedName: StaticString { "evaluation" }
    init(issued: Int) { self.issued = issued }
    init(stored: StoredObject) throws {
        issued = try stored.number("issued")
        isKeyed = try stored.optionalFlag("isKeyed") ?? false
    }
    var stored: [String: CanonicalJSON] {
        StoredMembers().with("issued", issued).with("isKeyed", isKeyed ? true : nil).members
    }
}

extension Snapshot {
    /// The interval of the evaluation that today falls into, from 1.
    var evaluationPeriod: Int {
        let (start, now) = (policies.first.policy.effectiveFrom.components, today.components)
        let months = (now.year - start.year) * 12 + now.month - start.month - (now.day < start.day ? 1 : 0)
        return max(0, months) / max(1, current.policy.evaluation.everyMonths) + 1
    }
}
