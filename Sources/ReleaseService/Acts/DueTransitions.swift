internal import Cryptography
internal import Logging
internal import ReleaseLedger
internal import ReleaseWorkflow
internal import TransparencyLog

/// Takes the transitions of the clock. Each is dated by the day after its due day, however late the service runs; the
/// loss of a standing is dated by the day on which it is recorded.
struct DueTransitions {
    private let tx: Transaction

    init(_ tx: Transaction) { self.tx = tx }

    /// The earliest day after which the clock has something to do here.
    func next(_ state: State, _ loaded: LoadedCase) throws -> CivilDate? {
        DueDates.next(in: state, of: loaded.workflow, standingEnds: try lastDaysOfStanding(state, loaded))
    }

    /// The last days of the certifications that this case rests on.
    private func lastDaysOfStanding(_ state: State, _ loaded: LoadedCase) throws -> [CivilDate] {
        guard loaded.policy.eligibility.continuous.contains(.certified) else { return [] }
        return try loaded.parties(in: state).compactMap {
            try tx.people.attestation(of: $0.person, as: $0.role).certifiedUntil
        }
    }

    /// Takes what is due in every case.
    func settleAll() throws {
        let drafts = try tx.rows.draftsDue(before: tx.moment.date).map { ($0.caseID, $0.opener, $0.workflow) }
        let cases = try tx.rows.casesDue(before: tx.moment.date).map { ($0.id, $0.opener, $0.workflow) }
        for (id, opener, workflow) in drafts + cases {
            do {
                try tx.attempt { try settle(id, opener: opener, workflow: workflow) }
            } catch let error where Self.isOfOneCase(error) {
                // One damaged case must not keep anybody else from closing theirs.
                tx.parts.logger.error("a due case does not verify and was passed over")
            }
        }
        tx.consequences.notices = []
    }

    /// True for what is wrong with a case itself, as against a failing disk.
    private static func isOfOneCase(_ error: any Error) -> Bool {
        error is MachineryError || error is CryptographyError || error is RecordError || error is LogError
            || error is Refusal || error is FieldProblem
    }

    /// Ends what rests on a standing that is gone, in the transaction that takes it away, and notes the day on which
    /// what is left may run out: a certification that was shortened is found by the clock on its new last day.
    ///
    /// - Complexity: the cases of this person, and those in which they are a party.
    func settleStanding(of person: PersonID) throws {
        for party in try tx.rows.parties(of: person, isStaff: false, after: nil, count: .max) {
            do {
                try tx.attempt { try settleStanding(of: person, in: party) }
            } catch Refusal.notFound {
                // A workflow that a later version of the policy has dropped, in which nobody ever began.
                continue
            } catch let error where Self.isOfOneCase(error) {
                // One damaged case must not keep anybody's standing from being recorded.
                tx.parts.logger.error("a case does not verify and was passed over")
            }
        }
    }

    private func settleStanding(of person: PersonID, in party: PartyRow) throws {
        let loaded = try tx.snapshot.cases.load(party.caseID, opener: party.opener, workflow: party.workflow)
        guard loaded.row != nil || loaded.draft != nil, !loaded.policy.eligibility.continuous.isEmpty,
            loaded.opener == person || loaded.counterpart == person
        else { return }
        try settle(party.caseID, opener: party.opener, workflow: party.workflow, isStandingChanged: true)
        let after = try tx.snapshot.cases.load(party.caseID, opener: party.opener, workflow: party.workflow)
        if var row = after.row, !after.state.isDraft {
            row.due = try next(after.state, after)
            tx.rows.putCase(row)
        }
    }

    private func settle(
        _ id: CaseID, opener: PersonID, workflow: String, isStandingChanged: Bool = false
    ) throws {
        var loaded = try tx.snapshot.cases.load(id, opener: opener, workflow: workflow)
        // Bounded: each transition of the clock leads to a later state or an end.
        for _ in 0..<8 {
            let due = try next(loaded.state, loaded)
            let day: CivilDate
            if let due, due < tx.moment.date {
                day = due.adding(days: 1)
            } else if isStandingChanged {
                day = tx.moment.date
            } else {
                return
            }
            guard try takeOne(on: day, &loaded, withRecords: isStandingChanged) else { return }
        }
    }

    /// - Returns: whether something was done after which more may be due.
    private func takeOne(on day: CivilDate, _ loaded: inout LoadedCase, withRecords: Bool) throws -> Bool {
        let moment = Moment(instantMilliseconds: tx.moment.instantMilliseconds, date: day)
        let facts = try GuardFacts(tx.snapshot, of: loaded).forClock(on: day)
        for kind in CommandKind.allCases
        where !loaded.workflow.transitions(on: kind, from: loaded.state.position).isEmpty {
            guard let decision = clockDecision(kind, loaded, facts, at: moment) else { continue }
            let dated = tx.dated(moment)
            _ = try CaseWriter(dated).apply(decision, to: &loaded)
            tx.takeOver(dated, withRecords: withRecords)
            guard decision.events.contains(.roundForgotten) else { return true }
            // The round is gone; whoever was part of it is told so, and nothing of that hangs on the round.
            try Notices(tx).send(
                decision.events.tellings, before: loaded.state, after: loaded.state, loaded, isOfDraft: false)
            return false
        }
        return false
    }

    /// The decision of the clock by this command; nil where it may not.
    func clockDecision(_ kind: CommandKind, _ loaded: LoadedCase, _ facts: Facts, at moment: Moment) -> CaseWriter
        .Decision?
    {
        let command = Command(
            kind, round: RoundID(high: 0, low: 0), person: PersonID(high: 0, low: 0),
            release: ReleaseID(high: 0, low: 0))
        guard
            let authorized = try? authorize(
                command, by: .clock, in: loaded.state, under: loaded.loaded, workflow: loaded.workflow, given: facts,
                at: moment),
            let events = try? decide(
                authorized, in: loaded.state, under: loaded.loaded, workflow: loaded.workflow, given: facts, at: moment)
        else { return nil }
        return CaseWriter.Decision(events: events, rule: authorized.rule, actor: Actor.clock, seenBy: authorized.seenBy)
    }
}
