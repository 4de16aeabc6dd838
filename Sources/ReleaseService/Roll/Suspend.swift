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
        let isStaff = try permit.holds(.coordinator) || permit.holds(.administrator)
        try permit.require(permit.isSelf(staff) && isStaff && staff != person)
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
        if cause == .deceased { try deleteMessages(tx) }
        try CloseCase(tx).closeAll(of: person, by: staff)
        return Done(person: person)
    }

    private func deleteMessages(_ tx: Transaction) throws {
        for row in try tx.rows.messages() {
            let message = try tx.vault.open(row.sealed, fixed: "message", as: Message.self)
            if message.to == person { tx.rows.deleteMessage(row.id) }
        }
    }
}
