internal import ReleaseWorkflow

/// Changes what staff may change of a person: contract and coordinator. When a contract ends nothing happens to a pair
/// (DER-14).
struct ChangePerson: Act {
    let id: PersonID
    let isUnderContract: Bool?
    let coordinator: PersonID?

    var text: String { "change \(id) \(isUnderContract.map(String.init) ?? "") \(coordinator?.description ?? "")" }
    var formerScope: String { "operator" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        try permit.require(permit.coordinates(id))
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        var identity = try tx.people.require(id)
        if let coordinator, try !tx.people.isCoordinator(coordinator) { throw Refusal.notFound }
        if let isUnderContract {
            identity.isUnderContract = isUnderContract
            // Saying again that somebody is under contract attests it anew.
            identity.contractAttested =
                isUnderContract ? .init(by: identity.coordinator, on: tx.moment.date) : nil
        }
        identity.coordinator = coordinator ?? identity.coordinator
        try tx.put(identity, of: id)
        try Parties(tx).keepAll(of: id)
        return Done(person: id)
    }
}

/// Hands everybody who is assigned to one coordinator to another: for absence.
struct Reassign: Act {
    let old: PersonID
    let new: PersonID

    var text: String { "reassign \(old) \(new)" }
    var formerScope: String { "operator" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        // Where another person confirms, they hand everybody over, and not the one who asked.
        let isAlone = if case .none = tx.snapshot.current.policy.secondHand { true } else { false }
        try permit.require(permit.isOperator || (isAlone && permit.holds(.administrator)))
    }

    /// - Throws: `Refusal.notFound` unless both are coordinators.
    /// - Complexity: O(people).
    func carryOut(_ tx: Transaction) throws -> Done {
        for staff in [old, new] where try !tx.people.isCoordinator(staff) { throw Refusal.notFound }
        for row in try tx.rows.people() {
            guard var identity = try tx.people.identity(row.id), identity.coordinator == old, row.id != new else {
                continue
            }
            // Nobody coordinates somebody whose mentor they are (DER-18): such a person stays where they were, for
            // somebody else.
            let isParty = try tx.snapshot.current.policy.workflows.contains { workflow in
                try tx.rows.parties(of: tx.vault.caseID(of: row.id, workflow: workflow.id)).contains {
                    $0.person == new && !$0.isStaff
                }
            }
            if isParty { continue }
            identity.coordinator = new
            try tx.put(identity, of: row.id)
            try Parties(tx).keepAll(of: row.id)
        }
        return Done()
    }
}
