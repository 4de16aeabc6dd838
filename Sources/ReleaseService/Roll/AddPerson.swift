internal import ReleaseWorkflow

/// Enters a person: a coordinator their own people, an administrator staff, the operator anybody.
///
/// Somebody of the same name and number who is the caller's already is asked about: entered twice, a person has two
/// cases and two lists. A namesake elsewhere is none of the caller's business: the administrator is shown that there
/// are two entries to look at.
struct AddPerson: Act {
    let new: NewPerson
    let identity: Identity
    let caller: Caller

    /// - Throws: `FieldProblem` for a name, number or field that cannot be used.
    init(_ new: NewPerson, _ input: PersonInput, by caller: Caller) throws {

        // Who audits does nothing else, whoever enters them (DER-18).
        guard !new.roles.contains(.auditor) || new.roles.count == 1 else {
            throw FieldProblem(field: "roles", expected: "auditor alone: who audits does nothing else")
        }
        (self.new, self.caller) = (new, caller)
        identity = try input.identity(new)
        guard !new.roles.isEmpty else { throw FieldProblem(field: "roles", expected: "at least one") }
    }

    /// Each field that cannot be used, not the first alone.
    static func problems(of new: NewPerson, _ input: PersonInput) -> [FieldProblem] {
        var problems = input.problems(of: new)
        if new.roles.contains(.auditor), new.roles.count > 1 {
            problems.append(FieldProblem(field: "roles", expected: "auditor alone: who audits does nothing else"))
        }
        if new.roles.isEmpty { problems.append(FieldProblem(field: "roles", expected: "at least one")) }
        return problems
    }

    var text: String { "add \(StoredCodec.text(identity))" }
    var formerScope: String { "operator" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        let isStaff = new.roles.contains(where: \.isStaff)
        let isOwn =
            try permit.holds(.coordinator) && (permit.isOperator || new.coordinator == caller.person || isOnRoll(tx))
        // An auditor confirms what administrators ask for: that account is the operator's to make.
        let mayAdd = try permit.isOperator || (permit.holds(.administrator) && !new.roles.contains(.auditor))
        try permit.require(isStaff ? mayAdd : isOwn)
    }

    /// True for a member of a program that keeps no staff.
    private func isOnRoll(_ tx: Transaction) -> Bool {
        new.coordinator == nil && tx.snapshot.current.policy.administration == .`self`
    }

    /// - Throws: `Refusal.programEnds` for one who takes part in a program that is wound down; `FieldProblem` at
    ///   `anotherPerson` where somebody of this name and number is the caller's already.
    func carryOut(_ tx: Transaction) throws -> Done {
        // Nobody would tell them that it ends.
        if !new.roles.allSatisfy(\.isStaff), try tx.snapshot.isEnding { throw Refusal.programEnds }
        let id: PersonID = try tx.derive.identifier("person")
        try lookForSame(id, tx)
        if let coordinator = new.coordinator, try !tx.people.isCoordinator(coordinator) { throw Refusal.notFound }
        var identity = identity
        if identity.isUnderContract { identity.contractAttested = .init(by: new.coordinator, on: tx.moment.date) }
        identity.numberEntered = .init(by: caller.person, on: tx.moment.date)
        try tx.put(identity, of: id)
        try Parties(tx).keepAll(of: id)
        return Done(person: id)
    }

    private func lookForSame(_ id: PersonID, _ tx: Transaction) throws {
        if new.isAnotherPerson { return }
        let same = try tx.people.find(phone: identity.phone, name: identity.fullName)
        let permit = tx.permit(caller)
        guard try !same.contains(where: { try permit.isSelf($0) || permit.coordinates($0) }) else {
            throw FieldProblem(
                field: "anotherPerson",
                expected: "that this is another person: somebody of this name and number is entered already")
        }
        if !same.isEmpty { try LookAlikes(tx).note([id] + same) }
    }
}
