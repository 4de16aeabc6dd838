internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// Asks that somebody who is suspended takes part again. Where the program has no second hand, it is done at once.
struct AskToLift: Act {
    let person: PersonID
    let staff: PersonID

    var text: String { "askToLift \(person)" }
    var formerScope: String { "staff \(staff)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        try permit.require(permit.closes(person, as: staff))
    }

    /// - Throws: `Refusal.notFound` where there is nothing to ask for.
    func carryOut(_ tx: Transaction) throws -> Done {
        guard try tx.people.identity(person)?.suspension != nil else { throw Refusal.notFound }
        return try SecondHandActs(tx).ask(.lift, about: person, by: staff)
    }
}

/// Asks that the last end that staff recorded for somebody is marked as recorded in error, because they had not asked
/// for it. Never for what somebody did on a screen or with a code.
struct AskRecordedInError: Act {
    let opener: PersonID
    let workflow: String
    let staff: PersonID

    var text: String { "askRecordedInError \(opener) \(workflow)" }
    var formerScope: String { "staff \(staff)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        let isTheirs = try tx.people.coordinator(of: opener) == staff && staff != opener
        try permit.require(permit.isSelf(staff) && permit.holds(.coordinator) && isTheirs)
    }

    /// - Throws: `Refusal.notFound` where staff recorded no end for anybody, or it is marked already.
    func carryOut(_ tx: Transaction) throws -> Done {
        let loaded = try tx.snapshot.cases.load(opener, workflow: workflow)
        guard let number = loaded.history.markable, let recorded = loaded.history.steps[number].recorded else {
            throw Refusal.notFound
        }
        return try SecondHandActs(tx).ask(
            .recordedInError, about: recorded.person, by: staff,
            step: .init(opener: opener, workflow: workflow, number: number))
    }
}

/// Confirms, or refuses, what somebody else asked for.
struct AnswerSecondHand: Act {
    let id: String
    let isConfirmed: Bool
    let staff: PersonID
    /// The way by which the signer of a paper was reached.
    var reached: Issue.Reached?

    // Not the id: a script that is applied again does not know any more what waited then.
    var text: String { "answerSecondHand \(isConfirmed)" }
    var formerScope: String { "staff \(staff)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        try permit.require(permit.isSelf(staff) && confirms(permit, tx))
    }

    /// True for whoever may confirm this act; of one that is gone, for whoever may confirm any.
    private func confirms(_ permit: Permit, _ tx: Transaction) throws -> Bool {
        let policy = tx.snapshot.current.policy
        let kinds = try tx.snapshot.pendingActs.first { $0.id == id }.map { [$0.kind] } ?? PendingAct.Kind.allCases
        return try kinds.contains { try permit.confirms($0, under: policy) }
    }

    /// - Throws: `Refusal.notFound` for what is not there, or not any more; `Refusal.needsSecondHand` for the one who
    ///   asked, and for the one whom it is about.
    func carryOut(_ tx: Transaction) throws -> Done {
        var acts = try tx.snapshot.pendingActs
        guard let place = acts.firstIndex(where: { $0.id == id }) else { throw Refusal.notFound }
        let act = acts[place]
        // Whoever asked may take it back, and nobody confirms their own.
        if isConfirmed, try SecondHandActs(tx).isOwn(act, staff) { throw Refusal.needsSecondHand }
        acts.remove(at: place)
        try tx.keep(pending: acts)
        if act.kind == .paper, isConfirmed {
            return try RecordPaper(tx).carryOut(act, reached: reached, by: staff)
        }
        if isConfirmed { try SecondHandActs(tx).carryOut(act, by: staff) }
        if act.kind == .paper { try WaitingPapers(tx).drop(act) }
        return Done(person: act.person, state: isConfirmed ? "done" : "refused")
    }
}

/// Carries out what was confirmed.
struct SecondHandActs {
    private let tx: Transaction

    init(_ tx: Transaction) { self.tx = tx }

    /// Keeps what is asked for until another person confirms it; where the program has nobody else, it is done.
    func ask(
        _ kind: PendingAct.Kind, about person: PersonID, by staff: PersonID, step: PendingAct.StepOfCase? = nil,
        other: PersonID? = nil, ground: ProductionGround? = nil
    ) throws -> Done {
        var act = PendingAct(
            id: Hex.format(try tx.derive.bytes("secondHand", count: 16)), kind: kind, person: person, by: staff,
            on: tx.moment.date)
        (act.step, act.other, act.ground) = (step, other, ground)
        if case .none = tx.snapshot.current.policy.secondHand {
            try carryOut(act, by: staff)
            return Done(person: person, state: "done")
        }
        var acts = try tx.snapshot.pendingActs
        // Asked for once: whoever asks again waits for the same confirmation.
        if !acts.contains(where: {
            $0.kind == kind && $0.person == person && $0.step == step && $0.other == other
                && $0.ground == ground
        }) {
            acts.append(act)
        }
        try tx.keep(pending: acts)
        return Done(person: person, state: Outcome.waiting)
    }

    /// True for the one who asked, the one whom it is about, the one to whom everybody goes, and the one whose own
    /// record it is about.
    func isOwn(_ act: PendingAct, _ staff: PersonID) throws -> Bool {
        if staff == act.by || staff == act.person || staff == act.other { return true }
        if act.kind == .paper { return try act.isAbout(staff, tx.snapshot) }
        guard act.kind == .recordedInError, let step = act.step else { return false }
        let loaded = try tx.snapshot.cases.load(step.opener, workflow: step.workflow)
        return loaded.history.steps[step.number].recorded?.by == staff
    }

    /// - Parameter staff: who confirmed it, or who asked where nobody else is there.
    func carryOut(_ act: PendingAct, by staff: PersonID) throws {
        switch act.kind {
        case .lift:
            var identity = try tx.people.require(act.person)
            identity.suspension = nil
            try tx.put(identity, of: act.person)
        case .recordedInError:
            guard let step = act.step else { throw Refusal.notFound }
            try markError(step, of: act.person, by: staff)
        case .merge:
            guard let other = act.other else { throw Refusal.notFound }
            try Merge(tx).carryOut(act.person, into: other)
        case .produce: try Self.produce(act, by: staff, tx)
        // Answered with the way by which the signer was reached, and with the link.
        case .paper, .setUp: throw Refusal.notFound
        case .reopen:
            guard var account = try tx.account(of: act.person) else { throw Refusal.notFound }
            account.isDisabled = false
            try tx.put(account, of: act.person)
        case .reassign:
            guard let other = act.other else { throw Refusal.notFound }
            _ = try Reassign(old: act.person, new: other).carryOut(tx)
        }
    }

    /// Marks a step. What it ended stays ended; whoever it kept away is kept away no more.
    private func markError(_ step: PendingAct.StepOfCase, of person: PersonID, by staff: PersonID) throws {
        var loaded = try tx.snapshot.cases.load(step.opener, workflow: step.workflow)
        let words = loaded.history.steps[step.number].events.flatMap(\.unwrapped).compactMap { event -> Event? in
            if case .keptAway(let own, let other) = event { .keepingLifted(by: own, from: other) } else { nil }
        }
        var events = words + [.recordedInError(step: step.number)]
        if person == loaded.opener || person == loaded.counterpart {
            events.append(.noticed(loaded.role(of: person), .recordedInError))
        }
        // Of a pair that parted beside the one that is here now, that one learns nothing.
        let isOfAnother = loaded.history.steps[step.number].parting.map { $0 != loaded.state.round?.id } ?? false
        _ = try CaseWriter(tx).apply(
            .init(
                events: events, rule: loaded.rule("recordedInError"), actor: Actor(.staff(staff), channel: .screen),
                seenBy: isOfAnother ? [.coordinator] : loaded.workflow.parties + [.coordinator]),
            to: &loaded)
        // Beside an open draft it stands before the draft's own words once the case is read again.
        tx.consequences.forgotten.append(loaded.id.bytes)
    }
}
