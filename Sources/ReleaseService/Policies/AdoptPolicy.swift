internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// Takes up a new version of the program's policy, from its effective date on: a statement in the log, and the document
/// beside it.
///
/// Cases that are under way keep the version they began under, unless the new one says `openCases: nextRound`. What was
/// decided or signed under an earlier version stays so and still verifies.
struct AdoptPolicy: Act {
    let loaded: LoadedPolicy
    let canonical: [UInt8]
    private let knownCount: Int
    private let isKnown: Bool

    /// - Throws: `FieldProblem` unless it is a later version of the same program, effective today or later; the first
    ///   ``Counterexample`` if it does not keep every property that is proved.
    init(_ canonical: [UInt8], _ policy: Policy, after versions: PolicyVersions, on today: CivilDate) throws {
        loaded = LoadedPolicy(policy: policy, digest: SHA256.hash(canonical))
        self.canonical = canonical
        knownCount = versions.all.count
        let digest = loaded.digest
        isKnown = versions.all.contains { $0.digest == digest }
        if isKnown { return }
        let (first, newest) = (versions.first.policy, versions.newest.policy)
        guard policy.program == first.program else {
            throw FieldProblem(field: "policy", expected: "`\(first.program)`: another program needs a log of its own")
        }
        guard policy.version > newest.version else {
            throw FieldProblem(field: "version", expected: "a number above \(newest.version)")
        }
        guard policy.confidentiality == first.confidentiality else {
            throw FieldProblem(
                field: "confidentiality", expected: "`\(first.confidentiality.rawValue)`: a program never changes it")
        }
        guard policy.timeZone == first.timeZone else {
            throw FieldProblem(field: "timeZone", expected: "`\(first.timeZone)`: the log's days are counted there")
        }
        guard policy.effectiveFrom >= today, policy.effectiveFrom >= newest.effectiveFrom else {
            throw FieldProblem(
                field: "effectiveFrom",
                expected: "\(max(today, newest.effectiveFrom)) or later: nothing takes effect in the past")
        }
        for workflow in policy.workflows {
            if let failure = prove(loaded, workflow: workflow).counterexamples.first { throw failure }
        }
    }

    var text: String { "adopt \(Hex.format(loaded.digest))" }
    var formerScope: String { "operator" }

    /// - Throws: `Refusal.needsSecondHand` where an administrator would change by themselves who confirms, who
    ///   administers, or what lets somebody in the first time: that takes the operator's hand on the machine.
    func permit(_ caller: Caller, _ tx: Transaction) throws {
        try tx.permit(caller).require(tx.permit(caller).holds(.administrator))
        let (now, next) = (tx.snapshot.current.policy, loaded.policy)
        let isOfHands =
            now.secondHand != next.secondHand || now.firstSignIn != next.firstSignIn
            || now.administration != next.administration
        if caller != .operator, isOfHands { throw Refusal.needsSecondHand }
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        // Another adoption may have been in the queue before this one.
        guard try LogStatements.versions(tx.rows).count == knownCount - 1 else {
            throw FieldProblem(
                field: "version", expected: "to be looked at again: another version was adopted meanwhile")
        }
        if isKnown {
            throw FieldProblem(field: "version", expected: "a version that is not in force or announced already")
        }
        tx.consequences.endsBatch = true
        try tx.state(loaded)
        tx.rows.putPolicy(loaded.digest, canonical)
        return Done()
    }
}

/// States a version of the policy that an earlier log stated: after a restore.
struct RestatePolicy: Act {
    let loaded: LoadedPolicy

    var text: String { "state \(Hex.format(loaded.digest))" }
    var formerScope: String { "operator" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        try tx.permit(caller).require(tx.permit(caller).isOperator)
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        tx.consequences.endsBatch = true
        try tx.state(loaded)
        return Done()
    }
}

extension Transaction {
    /// Appends the statement of a version, and remembers where it stands.
    fileprivate func state(_ loaded: LoadedPolicy) throws {
        let policy = loaded.policy
        let record = try Record(
            origin: parts.origin, type: .policy,
            json: .object([
                "at": .string(moment.date.description), "effective": .string(policy.effectiveFrom.description),
                "policy": .string(Hex.format(loaded.digest)), "program": .string(policy.program), "v": .integer(1),
                "version": .integer(policy.version),
            ]))
        let pointer = try append(record)
        let stated = LogStatements.Version(index: pointer.index, digest: Hex.format(loaded.digest))
        try LogStatements.setVersions(LogStatements.versions(rows) + [stated], rows)
    }
}
