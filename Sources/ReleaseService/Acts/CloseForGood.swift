internal import ReleaseWorkflow

/// Closes everything of which one person is a part, because the program ends: cards and releases, and what was begun.
///
/// - Source: 42 CFR 2.19: a program that ends destroys what it holds, or gives it on with consent.
struct CloseForGood: Act {
    let person: PersonID

    var text: String { "closeForGood \(person)" }
    var formerScope: String { "operator" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        try tx.permit(caller).require(tx.permit(caller).isOperator)
    }

    /// - Throws: `Refusal.notFound` for nobody, and for staff who take part in nothing.
    func carryOut(_ tx: Transaction) throws -> Done {
        guard try tx.people.require(person).roles.contains(where: { !$0.isStaff }) else { throw Refusal.notFound }
        // Nothing that was begun is gone on with, as of somebody who has died; nobody of the staff decided it.
        try CloseCase(tx, for: .deceased).closeAll(of: person, by: PersonID(high: 0, low: 0))
        return Done(person: person)
    }
}
