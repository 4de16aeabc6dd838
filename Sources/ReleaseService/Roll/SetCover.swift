internal import ReleaseLedger
internal import ReleaseWorkflow

/// A coordinator names who stands in for them, or nobody any more.
struct SetCover: Act {
    let coordinator: PersonID
    /// Nil for nobody.
    let cover: PersonID?
    let until: CivilDate

    var text: String { "setCover \(cover?.description ?? "") \(until)" }
    var formerScope: String { "staff \(coordinator)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        try permit.require(permit.isSelf(coordinator) && permit.holds(.coordinator))
    }

    /// - Throws: `Refusal.notFound` for somebody who is no other coordinator.
    func carryOut(_ tx: Transaction) throws -> Done {
        let place = "cover/\(coordinator)"
        guard let cover else {
            tx.rows.setSetting(place, try tx.vault.seal(Cover(person: coordinator, until: until), fixed: place))
            return Done()
        }
        guard cover != coordinator, try tx.people.isCoordinator(cover) else { throw Refusal.notFound }
        tx.rows.setSetting(place, try tx.vault.seal(Cover(person: cover, until: until), fixed: place))
        return Done(person: cover)
    }
}
