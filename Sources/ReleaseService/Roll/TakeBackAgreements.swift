internal import ReleaseWorkflow

/// A person takes back what they signed for a role, and with it the name that may stand on other people's forms: it
/// comes off every form that is not signed yet, and nobody is proposed to them. What is open between two people is not
/// ended by it; a card is read only by somebody who has signed.
struct TakeBackAgreements: Act {
    let actor: Actor
    let id: PersonID
    let role: Role

    /// - Throws: `FieldProblem` unless it is a person who takes something back.
    init(_ actor: Actor, as role: Role) throws {
        guard case .person(let id) = actor.principal else {
            throw FieldProblem(field: "by", expected: "the person who takes it back")
        }
        (self.actor, self.id, self.role) = (actor, id, role)
    }

    var text: String { "takeBackAgreements \(role.rawValue)" }
    var formerScope: String { actor.text }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        let isOwn = try actor.agent.map { try $0 != id && tx.people.coordinator(of: id) == $0 } ?? true
        try permit.require(permit.acts(as: actor) && isOwn)
    }

    /// - Throws: `Refusal.notFound` for somebody who has no part in this role, and in a directory, where nobody's name
    ///   stands on a form: an entry is taken down as what it is, a release of its own.
    func carryOut(_ tx: Transaction) throws -> Done {
        guard !tx.snapshot.current.policy.isDirectory, var enrollment = try tx.people.enrollment(id, as: role) else {
            throw Refusal.notFound
        }
        guard !enrollment.agreements.isEmpty else { return Done(person: id) }
        (enrollment.agreements, enrollment.display, enrollment.isReady) = ([:], nil, false)
        try tx.put(enrollment, as: role, of: id)
        try tx.forEachCase(of: id) { loaded in
            guard role == .mentor ? loaded.workflow.counterpart == role : loaded.workflow.opener == role,
                let decision = try decision(loaded, tx)
            else { return }
            var loaded = loaded
            _ = try CaseWriter(tx).apply(decision, to: &loaded)
        }
        if let coordinator = try tx.people.coordinator(of: id), coordinator != actor.agent {
            try tx.leave(
                Message(to: coordinator, notice: .takenDown, on: tx.moment.date),
                id: tx.derive.bytes("takeBackAgreements/\(role.rawValue)", count: 16))
        }
        return Done(person: id)
    }

    /// The step by which a form that is not signed yet loses this name; nil where nothing of the kind is open.
    private func decision(_ loaded: LoadedCase, _ tx: Transaction) throws -> CaseWriter.Decision? {
        if loaded.state.round?.held.contains(where: { $0.person == id }) == true {
            return .init(events: [.placeLetGo(id)], rule: loaded.rule("withdrawProposal"), actor: actor)
        }
        if loaded.opener == id {
            // A search that has brought nothing to sign to an end is begun again by whoever signs again.
            return loaded.state.isDraft ? loaded.decided(.decline, by: actor, given: .all, at: tx.moment) : nil
        }
        guard loaded.counterpart == id, loaded.state.openCards.isEmpty else { return nil }
        let round: RoundID = try tx.derive.identifier("round/\(loaded.id)")
        return loaded.decided(.slotUnavailable(round), by: actor, given: .all, at: tx.moment)
    }
}

extension Transaction {
    /// Gives `body` every case in which somebody is a party, one after the other, each as it is then.
    func forEachCase(of person: PersonID, _ body: (LoadedCase) throws -> Void) throws {
        for row in try rows.parties(of: person, isStaff: false, after: nil, count: .max) {
            let loaded: LoadedCase
            do {
                loaded = try snapshot.cases.load(row.caseID, opener: row.opener, workflow: row.workflow)
            } catch Refusal.notFound {
                // A workflow that a later version of the policy has dropped, in which nobody ever began.
                continue
            }
            try body(loaded)
        }
    }
}
