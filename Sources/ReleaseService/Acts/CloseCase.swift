internal import ReleaseLedger
internal import ReleaseWorkflow

/// Closes what is open between two people, on staff's word and without anybody's asking why: by the policy's own row
/// for it, or, in a program that keeps no staff, by itself.
struct CloseCase {
    private let tx: Transaction
    private let isDeceased: Bool

    /// - Parameter cause: of the suspension: somebody who has died does not come back to what they began.
    init(_ tx: Transaction, for cause: Identity.Suspension.Cause) {
        (self.tx, isDeceased) = (tx, cause == .deceased)
    }

    /// Closes everything of which this person is a part: cards that they can read and cards that are about them; takes
    /// back proposals that name them, and gives back places that were held for them.
    func closeAll(of person: PersonID, by staff: PersonID) throws {
        try tx.forEachCase(of: person) { try close($0, for: person, by: staff) }
    }

    /// Closes a case for one of its parties.
    func close(_ found: LoadedCase, for person: PersonID, by staff: PersonID) throws {
        var loaded = found
        for round in loaded.state.parting.map(\.round.id) {
            guard var own = loaded.ofParting(round), person == own.opener || person == own.counterpart,
                let decision = decision(for: person, by: staff, own)
            else { continue }
            _ = try CaseWriter(tx).apply(decision, to: &own)
            loaded = own
        }
        guard person == loaded.opener || person == loaded.counterpart || isHeld(person, loaded) else { return }
        if let decision = decision(for: person, by: staff, loaded) {
            _ = try CaseWriter(tx).apply(decision, to: &loaded)
        }
    }

    private func isHeld(_ person: PersonID, _ loaded: LoadedCase) -> Bool {
        loaded.state.round?.held.contains { $0.person == person } ?? false
    }

    private func decision(for person: PersonID, by staff: PersonID, _ loaded: LoadedCase) -> CaseWriter.Decision? {
        let actor = Actor(.staff(staff), channel: .screen)
        if isHeld(person, loaded) {
            return .init(events: [.placeLetGo(person)], rule: loaded.rule("withdrawProposal"), actor: actor)
        }
        if loaded.state.isDraft { return decisionOnDraft(for: person, by: actor, loaded) }
        guard !loaded.state.liveReleases.isEmpty || !loaded.state.openCards.isEmpty else { return nil }
        var decision =
            loaded.decided(.withdrawCard, by: actor, given: .all, at: tx.moment)
            ?? .init(
                events: loaded.state.openCards.map { .cardClosed($0.release) }
                    + loaded.state.liveReleases.map { .releaseClosed($0.id) }
                    + (loaded.workflow.ended.min().map { [.advanced(to: $0)] } ?? []),
                rule: loaded.rule("withdrawCard"), actor: actor, seenBy: loaded.workflow.parties)
        decision.events.append(.noticed(.coordinator, .takenDown))
        // The person on the card hears of it first; in an exchange both are on one.
        if case .role(let reader) = loaded.workflow.reader, !loaded.workflow.isMutual { decision.toldLater = reader }
        return decision
    }

    /// Of a draft that they began: of somebody who has died nothing is left; anybody else finds it again when they are
    /// back. Of somebody else's draft that names them: the proposal is taken back, or the invitation answered by a no.
    private func decisionOnDraft(for person: PersonID, by actor: Actor, _ loaded: LoadedCase) -> CaseWriter.Decision? {
        let own = Actor(.person(person), channel: .screen)
        if person == loaded.opener {
            return isDeceased ? loaded.decided(.decline, by: own, given: .all, at: tx.moment) : nil
        }
        return loaded.decided(.withdrawProposal, by: actor, given: .all, at: tx.moment)
            ?? loaded.decided(.refuseInvitation, by: own, given: .all, at: tx.moment)
    }
}
