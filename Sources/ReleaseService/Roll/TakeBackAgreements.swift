internal import ReleaseWorkflow

/// A person takes back what they signed for a role, and with it the name that may stand on other people's forms: it
/// comes off every form that is before somebody, or was signed and led to nothing yet, and nobody is proposed to them.
/// It ends nothing that is open between two people; a card is read only by somebody who has signed.
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

    var text: String { "takeBackAgreements \(id) \(role.rawValue) \(actor.channel.rawValue)" }
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
        guard !enrollment.agreementsInForce.isEmpty else { return Done(person: id) }
        (enrollment.takenBackOn, enrollment.display, enrollment.isReady) = (tx.moment.date, nil, false)
        try tx.put(enrollment, as: role, of: id)
        try tx.forEachCase(of: id) { found in
            var loaded = found
            guard let decision = try decision(loaded, tx) else { return }
            _ = try CaseWriter(tx).apply(decision, to: &loaded)
        }
        // Once, whatever was open: how many letters come must tell nothing.
        let told: (person: PersonID?, notice: Notice) =
            actor.agent == nil ? (try tx.people.coordinator(of: id), .takenDown) : (id, .actedForYou)
        if let person = told.person {
            try tx.leave(
                Message(to: person, notice: told.notice, on: tx.moment.date),
                id: tx.derive.bytes("takeBackAgreements", count: 16))
        }
        return Done(person: id)
    }

    /// The step by which a form loses this name; nil where they are somebody else in a case, where nothing of the kind
    /// is open, and where a card is.
    private func decision(_ loaded: LoadedCase, _ tx: Transaction) throws -> CaseWriter.Decision? {
        let (workflow, state) = (loaded.workflow, loaded.state)
        // It is their own word by whichever way it came, and each step is told as one of theirs.
        let own = Actor(.person(id), channel: .screen)
        func decided(_ command: Command) -> CaseWriter.Decision? {
            var decision = loaded.decided(command, by: own, given: .all, at: tx.moment)
            // Nothing is said of the other.
            decision?.events.removeAll { if case .keptAway = $0 { true } else { false } }
            return decision
        }
        if workflow.counterpart == role, state.round?.held.contains(where: { $0.person == id }) == true {
            return .init(events: [.placeLetGo(id)], rule: loaded.rule("withdrawProposal"), actor: own)
        }
        guard [loaded.opener, loaded.counterpart].contains(id), loaded.role(of: id) == role,
            state.openedReleases.isEmpty
        else { return nil }
        // A search that has brought nothing yet is begun again by whoever signs again.
        if id == loaded.opener { return decided(.decline) ?? decided(.end) }
        let round: RoundID = try tx.derive.identifier("round/\(loaded.id)")
        return letGo(loaded, round, tx.moment) ?? decided(.slotUnavailable(round)) ?? decided(.end)
    }

    /// Lets go of what was signed and led to nothing yet, as the clock would after its days of waiting; the search goes
    /// on with the same answers; nil where nothing was signed.
    private func letGo(_ loaded: LoadedCase, _ round: RoundID, _ moment: Moment) -> CaseWriter.Decision? {
        let noted = loaded.decided(.noteUnused, by: .clock, given: .all, at: moment)
        let state = evolve(loaded.state, noted?.events ?? [])
        guard let until = state.round?.unusedUntil else { return nil }
        let over = Moment(instantMilliseconds: moment.instantMilliseconds, date: until.adding(days: 1))
        return loaded.decided(.letGo(round), by: .clock, given: .all, at: over, in: state)
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
