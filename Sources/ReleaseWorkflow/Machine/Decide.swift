/// Turns an authorized command into events, or refuses it.
///
/// Reads the state, the facts and the day; nothing else. Deadlines are set here once and never recomputed.
///
/// - Throws: ``Refusal/conditionFailed(_:)`` for the first guard, in the policy's order, that does not hold;
///   ``Refusal/argumentMissing(_:)`` where an effect needs a person or release that is not there.
public func decide(
    _ authorized: Authorized<Command>, in state: State, under loaded: LoadedPolicy, workflow: Workflow,
    given facts: Facts, at moment: Moment
) throws(Refusal) -> [Event] {
    let transition = authorized.transition
    let command = authorized.command
    for condition in transition.guards where !holds(condition, for: command, in: state, given: facts, at: moment) {
        throw .conditionFailed(condition)
    }
    var events: [Event] = []
    for effect in transition.effects {
        try events.append(
            contentsOf: consequences(
                of: effect, command: command, in: state, after: events, workflow: workflow, policy: loaded.policy, at: moment))
    }
    switch transition.destination {
    case .state(let position): if position != state.position { events.append(.advanced(to: position)) }
    case .roundStart, .same: break
    }
    if authorized.actor.agent != nil { events.append(.noticed(authorized.role, .actedForYou)) }
    for telling in transition.tellings { events.append(.noticed(telling.role, telling.notice)) }
    return events
}

private func holds(
    _ condition: Guard, for command: Command, in state: State, given facts: Facts, at moment: Moment
) -> Bool {
    switch condition {
    case .underContract, .counterpartUnderContract, .surveyAnswered, .pairEligible, .mentorReady,
        .acknowledgementCurrent, .capacityLeft, .releaseComplete, .dutiesSeparate, .assigned:
        return facts[condition]
    case .notExcluded:
        switch command {
        case .propose(let person), .invite(let person): return !state.excluded.contains(person) && person != state.opener
        default: return state.round?.counterpart.map { !state.excluded.contains($0) } ?? false
        }
    case .slotAccepted: return state.round?.isSlotAccepted ?? false
    case .dueDayOver: return state.round?.due.map { moment.date > $0 } ?? false
    case .releaseExpired: return state.currentRelease.map { moment.date > $0.expiresOn } ?? false
    case .answerDayReached: return state.round?.answerOn.map { moment.date >= $0 } ?? false
    case .answerDayOver: return state.round?.answerOn.map { moment.date > $0 } ?? false
    case .notRescinded: return state.currentRelease.map { !$0.isRescinded } ?? false
    case .callPlaced: return state.privately.isCallPlaced
    case .meetingArranged: return state.privately.isMeetingArranged
    }
}

private func consequences(
    of effect: Effect, command: Command, in state: State, after events: [Event], workflow: Workflow, policy: Policy,
    at moment: Moment
) throws(Refusal) -> [Event] {
    func counterpart() throws(Refusal) -> PersonID {
        guard let person = state.round?.counterpart else { throw .argumentMissing(command.kind) }
        return person
    }
    /// The release that an effect is about: one signed by an earlier effect of this command, or the round's current one.
    func release() throws(Refusal) -> ReleaseState {
        guard let release = events.reduce(state, evolve).currentRelease else { throw .argumentMissing(command.kind) }
        return release
    }
    func signed(_ id: ReleaseID, expires: CivilDate) throws(Refusal) -> Event {
        let other = try counterpart()
        let isOpener = workflow.discloser == workflow.opener
        return .releaseSigned(
            id, discloser: isOpener ? state.opener : other, recipient: isOpener ? other : state.opener, on: moment.date,
            expires: expires)
    }
    func opening(_ id: ReleaseID, version: Int) throws(Refusal) -> Event {
        let other = try counterpart()
        func person(_ role: Role) -> PersonID { role == workflow.opener ? state.opener : other }
        return .cardOpened(id, version: version, subject: person(workflow.subject), reader: person(workflow.reader))
    }
    switch effect {
    case .startRound:
        switch command {
        case .request(let id), .rematch(let id), .ask(let id): return [.roundStarted(id)]
        default: throw .argumentMissing(command.kind)
        }
    case .forgetRound:
        guard state.isDraft else { throw .argumentMissing(command.kind) }
        return [.roundForgotten]
    case .nameCounterpart:
        switch command {
        case .propose(let person), .invite(let person): return [.counterpartNamed(person)]
        default: throw .argumentMissing(command.kind)
        }
    case .clearCounterpart: return [.counterpartCleared]
    case .excludeCounterpart:
        // At a rematch the one to exclude is the last round's; by then the new round has begun with nobody named.
        return state.round?.counterpart.map { [.counterpartExcluded($0)] } ?? []
    case .acceptSlot: return [.slotAccepted]
    case .signRelease:
        guard case .sign(let id) = command else { throw .argumentMissing(command.kind) }
        return [try signed(id, expires: moment.date.adding(months: policy.release.termMonths))]
    case .makeMatch: return [.matchMade(on: moment.date)]
    case .startDue:
        let signedOn = try release().signedOn
        let matchMadeOn = events.reduce(state, evolve).round?.matchMadeOn ?? signedOn
        return [
            .callDue(
                by: callDueDate(signedOn: signedOn, matchMadeOn: matchMadeOn, withinDays: policy.contact.withinDays))
        ]
    case .startAnswer: return [.answerDue(on: moment.date.adding(days: policy.contact.answerAfterDays))]
    case .openCard:
        // Opens whatever the policy says, a release or none: that there is one is for the proofs (P1) and the gate to insist on.
        return [try opening(state.currentRelease?.id ?? ReleaseID(high: 0, low: 0), version: 1)]
    case .closeCard:
        return state.openCards.map { .cardClosed($0.release) }
    case .supersedeRelease:
        guard case .correct(let id) = command else { throw .argumentMissing(command.kind) }
        let old = try release()
        guard old.isLive, moment.date <= old.expiresOn else { throw .conditionFailed(.notRescinded) }
        // Same recipient, expiry and due date: only the values change.
        var corrections: [Event] = [try signed(id, expires: old.expiresOn), .releaseSuperseded(old.id)]
        if state.openCards.contains(where: { $0.release == old.id }) {
            corrections += [.cardClosed(old.id), try opening(id, version: old.cardVersion + 1)]
        }
        return corrections
    case .closeRelease: return try release().isLive ? [.releaseClosed(release().id)] : []
    case .expireRelease: return [.releaseExpired(try release().id)]
    case .rescindRelease: return [.releaseRescinded(try release().id, on: moment.date)]
    case .handOff: return [.handedOff(on: moment.date)]
    case .noteCall: return [.callPlaced]
    case .noteMeeting: return [.meetingArranged]
    case .eraseSurvey: return [.surveyErased]
    case .erasePrivate: return [.privateErased]
    case .eraseContact: return [.contactErased]
    }
}
