internal import Matching
internal import ReleaseWorkflow

/// Something that a caller asks for and that changes something. It is carried out once for each key.
protocol Act: Sendable {
    /// Everything that it asks for, as text: what is compared when a key is used again.
    var text: String { get }
    /// The scope of its key in version 1, under which what was done then is still found.
    var formerScope: String { get }
    /// Throws unless this caller may ask for it: by what the transaction sees, in the same words whatever is missing.
    func permit(_ caller: Caller, _ tx: Transaction) throws
    /// Does it, or throws why not; what it did then is undone.
    func carryOut(_ tx: Transaction) throws -> Done
    /// Runs after a refusal: what it leaves stays.
    func noteRefusal(_ tx: Transaction, _ refusal: Refusal) throws
}

extension Act {
    func noteRefusal(_ tx: Transaction, _ refusal: Refusal) throws {}
}

/// The open log: the one writer, and what readers read through. What every room of the service works with.
struct Core: Sendable {
    let parts: Parts
    let reader: Reader
    let sequencer: Sequencer

    var latest: LatestInForce { reader.latest }

    /// Takes one act down the road, in one commit with those that arrive together with it.
    func run(_ act: some Act, by caller: Caller, key: String?) async throws -> Outcome {
        let vault = try parts.requireVault()
        // The operator's scripts speak for many: their keys stay unique for each of them.
        let scope = caller == .operator ? "operator \(act.formerScope)" : caller.scope
        let ticket = try Idempotency.Ticket(key: key, scope: scope, former: act.formerScope, text: act.text, vault)
        return try await sequencer.together(seed: key) { tx -> Result<Idempotency.Attempted, FieldProblem> in
            do {
                try act.permit(caller, tx)
                return .success(
                    try Idempotency(ticket: ticket, tx: tx).attempt(onRefusal: act.noteRefusal, act.carryOut))
            } catch let refusal as Refusal {
                try act.noteRefusal(tx, refusal)
                return .success(Idempotency.Attempted(outcome: StoredOutcome(refusal: refusal)))
            } catch let problem as FieldProblem {
                // What cannot be used concerns whoever sent it, and none of those who share the commit.
                return .failure(problem)
            }
        } answer: { attempted, tx, answering in
            try Outcome(attempted.get(), tx, answering)
        }
    }

    /// Runs a small write that makes no record, in one commit with whatever else is waiting.
    func keep<R: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> R) async throws -> R {
        try await sequencer.together(seed: nil) { tx -> Result<R, any Error> in
            do {
                return .success(try tx.attempt { try body(tx) })
            } catch let error as any Refusing {
                // Refused for this one alone: the others of the batch go on.
                return .failure(error)
            }
        } answer: { result, _, _ in
            try result.get()
        }
    }
}

/// An error that says no to one caller and is no failure of the machinery.
protocol Refusing: Error {}
extension Refusal: Refusing {}
extension FieldProblem: Refusing {}
extension MatchingProblem: Refusing {}
