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
    ///
    /// - Parameter isDraftMeant: false for what is due in the case whatever is drafted beside it.
    func next(_ state: State, _ loaded: LoadedCase, isDraftMeant: Bool = true) throws -> CivilDate? {
        var days = try state.parting.compactMap { pair in
            try state.ofParting(pair.round.id).flatMap { try next($0, loaded) }
        }
        if isDraftMeant || !state.isDraft {
            let ends = try lastDaysOfStanding(state, loaded)
            days += morning(state, loaded)
            // A day that is past already is due today and not then: nothing is decided as of before it was signed.
            days += try warnings(state, loaded).map {
                max($0.lastDay.adding(days: -Self.warningDays - 1), tx.moment.date.adding(days: -1))
            }
            days += [DueDates.next(in: state, of: loaded.workflow, standingEnds: ends)].compactMap(\.self)
        }
        return days.min()
    }

    /// The days after which a case is looked at, whatever its policy says: each morning while somebody's yes holds a
    /// place and while what was signed was not used yet, because what the two rest on may have changed; and when a
    /// place is given back.
    private func morning(_ state: State, _ loaded: LoadedCase) -> [CivilDate] {
        guard let round = state.round else { return [] }
        guard state.isDraft else { return loaded.workflow.notesUnused(in: state) ? [tx.moment.date] : [] }
        return round.held.map(\.until) + (round.counterpart != nil && round.isSlotAccepted ? [tx.moment.date] : [])
    }

    /// The last days of what this case rests on, as far as a day ends it.
    private func lastDaysOfStanding(_ state: State, _ loaded: LoadedCase) throws -> [CivilDate] {
        let rules = loaded.policy.eligibility
        if rules.continuous.isNothing { return [] }
        return try loaded.parties(in: state).flatMap {
            rules.lastDays(of: try tx.people.attestation(of: $0.person, as: $0.role), as: $0.role)
        }
    }

    /// How long before its last day somebody is told that what they take part on ends.
    private static let warningDays = 30

    /// The parties who are to be told that what they take part on ends by a day, and were not told of that day yet:
    /// those who can do something about it, while a listing or a pair of theirs rests on it.
    private func warnings(_ state: State, _ loaded: LoadedCase) throws -> [(
        person: PersonID, role: Role, lastDay: CivilDate
    )] {
        let rules = loaded.policy.eligibility
        if rules.continuous.isNothing || state.isDraft || state.liveReleases.isEmpty { return [] }
        return try loaded.parties(in: state).compactMap { person, role in
            guard let enrollment = try tx.people.enrollment(person, as: role),
                let last = rules.lastDays(of: enrollment.attestation, as: role).min(), last >= tx.moment.date,
                enrollment.warnedOf != last
            else { return nil }
            return (person, role, last)
        }
    }

    private func warn(on day: CivilDate, _ loaded: inout LoadedCase) throws {
        for (person, role, lastDay) in try warnings(loaded.state, loaded)
        where day >= lastDay.adding(days: -Self.warningDays) {
            guard var enrollment = try tx.people.enrollment(person, as: role) else { continue }
            enrollment.warnedOf = lastDay
            try tx.put(enrollment, as: role, of: person)
            try apply([.noticed(role, .standingEndsSoon)], "remindRelease", on: day, &loaded)
        }
    }

    /// Takes what is due in every case.
    func settleAll() throws {
        let drafts = try tx.rows.draftsDue(before: tx.moment.date).map { ($0.caseID, $0.opener, $0.workflow) }
        let cases = try tx.rows.casesDue(before: tx.moment.date).map {
            ($0.id, try tx.snapshot.opener(of: $0), $0.workflow)
        }
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
        guard loaded.row != nil || loaded.draft != nil, !loaded.policy.eligibility.continuous.isNothing,
            loaded.opener == person || ([loaded] + loaded.partings).contains(where: { $0.counterpart == person })
        else { return }
        try settle(party.caseID, opener: party.opener, workflow: party.workflow, isStandingChanged: true)
        let after = try tx.snapshot.cases.load(party.caseID, opener: party.opener, workflow: party.workflow)
        if var row = after.row {
            row.due = try next(after.state, after, isDraftMeant: false)
            tx.rows.putCase(row)
        }
    }

    private func settle(
        _ id: CaseID, opener: PersonID, workflow: String, isStandingChanged: Bool = false
    ) throws {
        var loaded = try tx.snapshot.cases.load(id, opener: opener, workflow: workflow)
        // Bounded: each transition of the clock leads to a later state or an end.
        for _ in 0..<8 {
            // What is looked at each morning is due by the day that was noted.
            let noted = loaded.state.isDraft ? loaded.draft?.due : loaded.row?.due
            let due = [try next(loaded.state, loaded), noted].compactMap(\.self).min()
            let day: CivilDate
            if let due, due < tx.moment.date {
                // Nothing is dated before what came last: a certification may be attested to have ended long ago.
                day = max(due.adding(days: 1), loaded.history.steps.last?.on ?? due)
            } else if isStandingChanged {
                day = tx.moment.date
            } else {
                return
            }
            if try setAside(on: day, &loaded) { continue }
            if try resumeUse(on: day, &loaded) { continue }
            if try takeOne(on: day, &loaded, withRecords: isStandingChanged) { continue }
            if try takeOneOfParting(on: day, &loaded, withRecords: isStandingChanged) { continue }
            try remindOfDuty(on: day, &loaded)
            try warn(on: day, &loaded)
            try keepDue(&loaded)
            // A reminder may have been all that was due on that day, and more by now.
            let after = loaded.state.isDraft ? loaded.draft?.due : loaded.row?.due
            if let due, let after, due < after, after < tx.moment.date { continue }
            return
        }
    }

    /// Notes the day after which a case is looked at again, where nothing was to be done.
    private func keepDue(_ loaded: inout LoadedCase) throws {
        let due = try next(loaded.state, loaded)
        if loaded.state.isDraft, loaded.draft?.due != due, var row = loaded.draft {
            row.due = due
            tx.rows.putDraft(row)
            loaded.draft = row
        } else if !loaded.state.isDraft, loaded.row?.due != due, var row = loaded.row {
            row.due = due
            tx.rows.putCase(row)
            loaded.row = row
        }
    }

    /// Takes a proposal back, by the policy's own row for it, when the mentor's yes is too old or something keeps the
    /// two apart; the one whose case it is reads next morning what they read whenever a mentor is not available, and
    /// gives back the places of those who were set aside long enough.
    ///
    /// - Returns: whether something was done.
    private func setAside(on day: CivilDate, _ loaded: inout LoadedCase) throws -> Bool {
        guard loaded.state.isDraft, let round = loaded.state.round else { return false }
        if let held = round.held.first(where: { day > $0.until }) {
            try apply([.placeLetGo(held.person)], "slotUnavailable", on: day, &loaded)
            return true
        }
        guard let other = round.counterpart, round.isSlotAccepted else { return false }
        let isOver = round.slotUntil.map { day > $0 } ?? false
        let nobody = Actor(.staff(PersonID(high: 0, low: 0)), channel: .screen)
        guard try isOver || KeptApart(tx.snapshot).are(other, in: loaded),
            var decision = loaded.decided(.withdrawProposal, by: nobody, given: .all, at: moment(on: day))
        else { return false }
        decision.events = try KeptApart(tx.snapshot).settingAside(decision.events, in: loaded, on: day)
        try apply(decision, on: day, &loaded)
        return true
    }

    /// Reminds the coordinator, on the next working day, that what was signed waits to be released; from the day on
    /// which it is late the case is before the eyes of whoever stands in for them.
    private func remindOfDuty(on day: CivilDate, _ loaded: inout LoadedCase) throws {
        guard let duty = ReleaseDuty(loaded), day >= duty.remindOn else { return }
        try Parties(tx).keep(loaded)
        let reminder = Event.noticed(.coordinator, .releaseWaits)
        let steps = loaded.history.steps
        let ofRound = steps[(steps.lastIndex { $0.events.contains(where: \.beginsRound) } ?? 0)...]
        if ofRound.contains(where: { $0.events.contains(reminder) }) { return }
        try apply([reminder], "disclose", on: day, &loaded)
    }

    /// Notes that what was signed can be used again: what the pair rests on holds, as it did.
    private func resumeUse(on day: CivilDate, _ loaded: inout LoadedCase) throws -> Bool {
        guard loaded.state.round?.unusedSince != nil, loaded.workflow.notesUnused(in: loaded.state),
            try GuardFacts(tx.snapshot, of: loaded).firstLost() == nil
        else { return false }
        try apply([.useResumed], "noteUnused", on: day, &loaded)
        return true
    }

    private func moment(on day: CivilDate) -> Moment {
        Moment(instantMilliseconds: tx.moment.instantMilliseconds, date: day)
    }

    /// Stores what no row of the policy decides.
    private func apply(_ events: [Event], _ word: String, on day: CivilDate, _ loaded: inout LoadedCase) throws {
        try apply(.init(events: events, rule: loaded.rule(word), actor: .clock), on: day, &loaded)
    }

    private func apply(_ decision: CaseWriter.Decision, on day: CivilDate, _ loaded: inout LoadedCase) throws {
        let dated = tx.dated(moment(on: day))
        _ = try CaseWriter(dated).apply(decision, to: &loaded)
        tx.takeOver(dated, withRecords: false)
    }

    /// - Returns: whether something was done after which more may be due.
    private func takeOne(on day: CivilDate, _ loaded: inout LoadedCase, withRecords: Bool) throws -> Bool {
        let moment = moment(on: day)
        let facts = try GuardFacts(tx.snapshot, of: loaded).forClock(on: day)
        for kind in CommandKind.allCases
        where !loaded.workflow.transitions(on: kind, from: loaded.state.position).isEmpty {
            guard let decision = try clockDecision(kind, loaded, facts, at: moment) else { continue }
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

    /// The same for the pairs that part while the search for the next goes on.
    private func takeOneOfParting(on day: CivilDate, _ loaded: inout LoadedCase, withRecords: Bool) throws -> Bool {
        for var own in loaded.partings where try takeOne(on: day, &own, withRecords: withRecords) {
            loaded = own
            return true
        }
        return false
    }

    /// The decision of the clock by this command; nil where it may not.
    func clockDecision(_ kind: CommandKind, _ loaded: LoadedCase, _ facts: Facts, at moment: Moment) throws
        -> CaseWriter.Decision?
    {
        let command = Command(
            kind, round: try tx.derive.identifier("round/\(loaded.id)"), person: PersonID(high: 0, low: 0),
            release: ReleaseID(high: 0, low: 0), again: ReleaseID(high: 0, low: 0))
        return loaded.decided(command, by: .clock, given: facts, at: moment)
    }
}
