internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// Closes every case that one person began, because the program ends, and tells them so. From the first of them on
/// nothing new begins in the program.
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
        tx.rows.setSetting(Snapshot.endsSince, Array(tx.moment.date.description.utf8))
        // Each case has one who began it, and is closed with them: nobody is told that there will be another.
        try tx.forEachCase(of: person) { if $0.opener == person { try close($0, tx) } }
        if try !tx.people.isDeceased(person) {
            try tx.leave(
                Message(to: person, notice: .programEnds, on: tx.moment.date),
                id: Array(tx.vault.indexToken("programEnds", "\(person)").prefix(16)))
        }
        return Done(person: person)
    }

    private func close(_ found: LoadedCase, _ tx: Transaction) throws {
        let nobody = PersonID(high: 0, low: 0)
        // Nothing that was begun is gone on with, as of somebody who has died; nobody of the staff decided it.
        try CloseCase(tx, for: .deceased).close(found, for: person, by: nobody)
        var loaded = try tx.snapshot.cases.load(found.id, opener: person, workflow: found.workflow.id)
        for round in [loaded.state.round?.id].compactMap(\.self) + loaded.state.parting.map(\.round.id) {
            tx.rows.deletePlace(round)
        }
        guard let end = loaded.workflow.ended.min(), !loaded.state.isDraft,
            !loaded.workflow.isAtRest(loaded.state.position)
        else { return }
        _ = try CaseWriter(tx).apply(
            .init(
                events: [.advanced(to: end)], rule: loaded.rule("withdrawCard"),
                actor: Actor(.staff(nobody), channel: .screen)), to: &loaded)
    }
}

extension Snapshot {
    static let endsSince = "endsSince"

    /// True once the program is being wound down.
    var isEnding: Bool {
        get throws { try rows.setting(Self.endsSince) != nil }
    }
}
