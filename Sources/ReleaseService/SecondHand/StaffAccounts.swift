internal import ReleaseWorkflow

/// Asks for something that is done with the accounts of staff, and that one administrator alone could use to become
/// somebody else: a link to set an account up, to open one again, to hand all people of a coordinator to another.
///
/// A second administrator or an auditor confirms it; the operator's hand on the machine needs nobody. Closing an
/// account is one hand's. The account of an auditor, who confirms, is the operator's alone.
struct AskOfStaff: Act {
    let kind: PendingAct.Kind
    let person: PersonID
    /// To whom everybody goes.
    let other: PersonID?
    let staff: PersonID

    var text: String { "askOfStaff \(kind.rawValue) \(person) \(other.map { "\($0)" } ?? "")" }
    var formerScope: String { "staff \(staff)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        try permit.require(permit.isSelf(staff) && permit.holds(.administrator) && kind.isOfStaff && person != staff)
    }

    /// - Throws: `Refusal.notFound` for whoever is no staff, for an auditor, and where there is nothing of the kind to
    ///   do.
    func carryOut(_ tx: Transaction) throws -> Done {
        guard let identity = try tx.people.identity(person), identity.isStaff, !identity.roles.contains(.auditor) else {
            throw Refusal.notFound
        }
        switch kind {
        case .reopen: guard try tx.account(of: person)?.isDisabled == true else { throw Refusal.notFound }
        case .reassign:
            guard let other, other != person else { throw Refusal.notFound }
            for staff in [person, other] where try !tx.people.isCoordinator(staff) { throw Refusal.notFound }
        case .setUp: break
        case .lift, .recordedInError, .merge, .produce, .paper: throw Refusal.notFound
        }
        return try SecondHandActs(tx).ask(kind, about: person, by: staff, other: other)
    }
}
