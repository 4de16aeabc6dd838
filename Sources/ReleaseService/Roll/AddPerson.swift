internal import ReleaseWorkflow

/// Enters a person: a coordinator their own people, an administrator staff, the operator anybody.
struct AddPerson: Act {
    let new: NewPerson
    let identity: Identity

    /// - Throws: `FieldProblem` for a name, number or field that cannot be used.
    init(_ new: NewPerson, _ input: PersonInput) throws {
        // Who audits does nothing else, whoever enters them (DER-18).
        guard !new.roles.contains(.auditor) || new.roles.count == 1 else {
            throw FieldProblem(field: "roles", expected: "auditor alone: who audits does nothing else")
        }
        self.new = new
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
        let isOwn = try permit.holds(.coordinator) && (permit.isOperator || new.coordinator == caller.person)
        try permit.require(isStaff ? permit.holds(.administrator) : isOwn)
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        let id: PersonID = try tx.derive.identifier("person")
        if let coordinator = new.coordinator, try !tx.people.isCoordinator(coordinator) { throw Refusal.notFound }
        var identity = identity
        if identity.isUnderContract { identity.contractAttested = .init(by: new.coordinator, on: tx.moment.date) }
        try tx.put(identity, of: id)
        try Parties(tx).keepAll(of: id)
        return Done(person: id)
    }
}
