internal import ReleaseWorkflow

/// Suspends a person, or records that they have died: one hand's act, at once. Every card that they can read or that is
/// about them closes, nobody proposes them, no listing of theirs is shown. Lifting it takes two.
struct Suspend: Act {
    let person: PersonID
    let cause: Identity.Suspension.Cause
    let staff: PersonID

    var text: String { "suspend \(person) \(cause.rawValue)" }
    var formerScope: String { "staff \(staff)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        try permit.require(permit.closes(person, as: staff))
    }

    /// - Throws: `Refusal.notFound` for somebody who is not there or takes no part in any case.
    func carryOut(_ tx: Transaction) throws -> Done {
        var identity = try tx.people.require(person)
        guard identity.roles.contains(where: { !$0.isStaff }) else { throw Refusal.notFound }
        // A death is recorded over a suspension, and never the other way round.
        guard identity.suspension == nil || cause == .deceased && identity.suspension?.cause == .suspended else {
            return Done(person: person)
        }
        identity.suspension = .init(cause: cause, by: staff, on: tx.moment.date)
        try tx.put(identity, of: person)
        if cause == .deceased { try tx.deleteMessages(to: person) }
        try CloseCase(tx, for: cause).closeAll(of: person, by: staff)
        return Done(person: person)
    }
}
