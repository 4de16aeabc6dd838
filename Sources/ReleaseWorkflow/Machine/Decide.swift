/// Turns an authorized command into events, or refuses it.
///
/// Reads the state, the facts and the day; nothing else. Deadlines are set here once and never recomputed.
///
/// - Parameter keepsAway: false for one who ends, takes back or says no and would be brought together with the same
///   person again.
/// - Parameter signedOn: the day on the paper that was signed by hand; nil for what is signed now. A release lasts from
///   there.
/// - Throws: ``Refusal/conditionFailed(_:)`` for the first guard, in the policy's order, that does not hold;
///   ``Refusal/argumentMissing(_:)`` where an effect needs a person or release that is not there.
public func decide(
    _ authorized: Authorized<Command>, in state: State, under loaded: LoadedPolicy, workflow: Workflow,
    given facts: Facts, at moment: Moment, keepsAway: Bool = true, signedOn: CivilDate? = nil
) throws(Refusal) -> [Event] {
    let transition = authorized.transition
    let command = authorized.command
    let actor: PersonID? = if case .person(let person) = authorized.actor.principal { person } else { nil }
    for condition in transition.guards
    where !holds(condition, for: command, by: actor, in: state, under: loaded, given: facts, at: moment) {
        throw .conditionFailed(condition)
    }
    let decision = Decision(
        command: command, actor: actor, before: state, workflow: workflow, loaded: loaded, moment: moment,
        keepsAway: keepsAway, signedOn: signedOn ?? moment.date)
    var events: [Event] = []
    var after = state
    for effect in transition.effects {
        let consequences = try decision.consequences(of: effect, in: after)
        for event in consequences { after.apply(event) }
        events += consequences
    }
    switch transition.destination {
    case .state(let position):
        if position != after.position { events.append(.advanced(to: position)) }
    case .roundStart, .same: break
    }
    if authorized.actor.agent != nil { events.append(.noticed(authorized.role, .actedForYou)) }
    for telling in transition.tellings {
        if let notice = decision.told(telling) { events.append(.noticed(telling.role, notice)) }
    }
    return events
}

private func holds(
    _ condition: Guard, for command: Command, by actor: PersonID?, in state: State, under loaded: LoadedPolicy,
    given facts: Facts, at moment: Moment
) -> Bool {
    switch condition {
    case .underContract, .counterpartUnderContract, .surveyAnswered, .pairEligible, .mentorReady,
        .acknowledgementCurrent, .capacityLeft, .releaseComplete, .openerEligible, .agreementsCurrent, .secondSought,
        .mustsMet, .notSuspended, .attestedLately, .counterpartHadMentor, .notOnOwnList, .dutiesSeparate,
        .assigned:
        return facts[condition]
    case .notKeptApart:
        // What either said of the other in this case is here; lists and other workflows are the service's to look at.
        let other = command.namedCounterpart ?? state.round?.counterpart
        guard let other, other != state.opener else { return false }
        return facts[condition] && !state.isKeptApart(state.opener, other)
    case .notExcluded:
        guard let other = command.namedCounterpart ?? state.round?.counterpart else { return false }
        return other != state.opener && !state.isKeptApart(state.opener, other)
    case .slotAccepted: return state.round?.isSlotAccepted ?? false
    case .dueDayOver: return state.round?.due.map { moment.date > $0 } ?? false
    case .releaseExpired: return state.liveReleases.map(\.expiresOn).min().map { moment.date > $0 } ?? false
    case .answerDayReached: return state.round?.answerOn.map { moment.date >= $0 } ?? false
    case .answerDayOver: return state.round?.answerOn.map { moment.date > $0 } ?? false
    case .notRescinded:
        // A person's own release; for staff and the clock every one of the round.
        if let actor, let own = state.currentRelease(of: actor) { return !own.isRescinded }
        return state.currentRelease.map { _ in state.roundReleases.allSatisfy { !$0.isRescinded } } ?? false
    case .termOver: return state.round?.endsOn.map { moment.date > $0 } ?? false
    case .extensionHalfSigned: return state.round.map { $0.extensionSigners.count == 1 } ?? false
    case .extensionWaitOver: return state.round?.extensionUntil.map { moment.date > $0 } ?? false
    case .noticeOver: return state.round?.noticeUntil.map { moment.date > $0 } ?? false
    case .endNear:
        guard let round = state.round, let end = round.endsOn, !round.isReminded else { return false }
        return moment.date >= end.adding(days: -Policy.Duration.reminderDays)
    case .extensionLeft:
        guard let actor, let round = state.round, round.endsOn != nil, let limit = loaded.policy.duration.extensionLimit
        else {
            return false
        }
        return round.extensionCount < limit && !round.extensionSigners.contains(actor)
    case .releaseEndNear:
        let own = actor.flatMap { state.currentRelease(of: $0) }
        let day = (own.map { $0.isLive ? [$0] : [] } ?? state.liveReleases).map(\.expiresOn).min()
        return day.map { moment.date >= $0.adding(days: -ReleaseReminder.days[0]) } ?? false
    case .callReminderDue: return state.round?.callReminderOn.map { moment.date >= $0 } ?? false
    case .releaseReminderDue:
        return ReleaseReminder.next(in: state).map { moment.date >= $0 } ?? false
    case .handOffDayOver: return (state.round?.handOffOn ?? state.round?.due).map { moment.date > $0 } ?? false
    // What is hidden for want of it is not lost a second time.
    case .standingLost: return facts[condition] && state.round?.hidden.contains(.standing) != true
    case .standingRegained: return facts[condition] && state.round?.hidden.contains(.standing) == true
    case .pairingLost: return facts[condition] && state.round?.unusedSince == nil
    case .unusedTooLong: return state.round?.unusedUntil.map { moment.date > $0 } ?? false
    case .cardNotFrozen: return state.round?.frozen.isEmpty ?? true
    case .callPlaced: return state.privately.isCallPlaced
    case .meetingArranged: return state.privately.isMeetingArranged
    }
}

/// The consequences of one command's effects.
private struct Decision {
    let command: Command
    /// The person whose act it is; nil for staff and the clock.
    let actor: PersonID?
    let before: State
    let workflow: Workflow
    let loaded: LoadedPolicy
    let moment: Moment
    let keepsAway: Bool
    let signedOn: CivilDate

    private var policy: Policy { loaded.policy }

    /// - Parameter state: what the effects before this one have made of the case.
    func consequences(of effect: Effect, in state: State) throws(Refusal) -> [Event] {
        switch effect {
        case .startRound:
            guard let id = command.askedRound else { throw .argumentMissing(command.kind) }
            return [.roundStarted(id, since: state.keptPlace ?? moment.date)]
        case .restartRound:
            guard let id = command.restartedRound, let end = workflow.ended.min() else {
                throw .argumentMissing(command.kind)
            }
            return [.advanced(to: end), .roundStarted(id, since: state.round?.waitingSince ?? moment.date)]
        case .forgetRound:
            guard state.isDraft else { throw .argumentMissing(command.kind) }
            return [.roundForgotten]
        case .nameCounterpart:
            guard let person = command.namedCounterpart else { throw .argumentMissing(command.kind) }
            return [.counterpartNamed(person)]
        case .clearCounterpart: return [.counterpartCleared]
        case .excludeCounterpart:
            // At a rematch the one to exclude is the last round's; by then the new round has begun with nobody named.
            if command.kind == .refuseMentor, !keepsAway { return [] }
            return before.round?.counterpart.map { [.counterpartExcluded($0)] } ?? []
        case .keepAway:
            guard let person = actor, let other = before.round?.counterpart else { return [] }
            if !keepsAway { return [] }
            let partner = person == before.opener ? other : before.opener
            return [.keptAway(by: person, from: partner)]
        case .acceptSlot: return [.slotAccepted, .slotHeld(until: moment.date.adding(days: HeldPlace.days))]
        case .signRelease:
            guard case .sign(let id) = command else { throw .argumentMissing(command.kind) }
            return [try signed(id, expires: signedOn.adding(months: policy.release.termMonths), in: state)]
        case .makeMatch: return [.matchMade(on: moment.date)]
        case .startDue:
            let signedOn = state.currentRelease?.signedOn ?? moment.date
            let matchMadeOn = state.round?.matchMadeOn ?? signedOn
            let start = callDueDate(signedOn: signedOn, matchMadeOn: matchMadeOn, withinDays: policy.contact.withinDays)
            return [.callDue(by: start)]
        case .startAnswer: return [.answerDue(on: moment.date.adding(days: policy.contact.answerAfterDays))]
        case .startTerm:
            guard let end = policy.duration.end(ofTermFrom: moment.date) else { throw .argumentMissing(command.kind) }
            return [.termSet(endsOn: end)]
        case .startNotice:
            // Nobody is held beyond the term.
            let last = moment.date.adding(days: policy.termination.noticeDays)
            return [.noticeGiven(until: min(last, state.round?.endsOn ?? last))]
        case .noteReminder: return [.reminded]
        case .openCard: return try openings(in: state)
        case .closeCard: return closings(of: state.openCards, in: state)
        case .supersedeRelease:
            guard case .correct(let id) = command else { throw .argumentMissing(command.kind) }
            let old = try own(in: state)
            // Same recipient, expiry and due date: only the values change.
            let corrected = try superseding(old, with: id, expires: old.expiresOn, in: state)
            return corrected + (state.isFrozen(old.discloser) ? [.cardUnfrozen(by: old.discloser)] : [])
        case .extendRelease:
            guard case .extend(let id, let again) = command, let person = actor,
                let months = policy.duration.extensionMonths,
                let end = state.round?.endsOn
            else { throw .argumentMissing(command.kind) }
            let old = try own(in: state)
            let expires = old.expiresOn.adding(months: months)
            if state.round?.extensionUntil != nil {
                return try reopening(after: old, with: id, and: again, expires: expires, in: state)
                    + [.termExtended(endsOn: end.adding(months: months))]
            }
            let longer = try superseding(old, with: id, expires: expires, in: state)
            let isAgreed = !(state.round?.extensionSigners ?? []).isEmpty
            return longer + [
                isAgreed ? .termExtended(endsOn: end.adding(months: months)) : .extensionSigned(by: person)
            ]
        case .awaitExtension:
            guard let round = state.round, let end = round.endsOn else { throw .argumentMissing(command.kind) }
            let closed = state.liveReleases.filter { !round.extensionSigners.contains($0.discloser) }
            let last = end.adding(days: Policy.Duration.extensionWaitDays)
            return closed.map { .releaseClosed($0.id) } + [.extensionAwaited(until: last)]
        case .noteSecond:
            guard let person = actor else { throw .argumentMissing(command.kind) }
            return [.secondSought(by: person)]
        case .closeRelease: return state.liveReleases.map { .releaseClosed($0.id) }
        case .expireRelease: return state.liveReleases.map { .releaseExpired($0.id) }
        case .rescindRelease: return try rescission(in: state)
        case .handOff: return [.handedOff(on: moment.date)]
        case .renewRelease:
            guard case .renew(let id) = command else { throw .argumentMissing(command.kind) }
            let old = try own(in: state)
            let end = signedOn.adding(months: policy.release.termMonths)
            return try superseding(old, with: id, expires: max(end, old.expiresOn), in: state)
        case .noteReleaseReminder: return [.releaseReminded]
        case .noteCallReminder: return [.callReminded]
        case .moveDue:
            let dates = CallDates(
                disclosedOn: moment.date, due: state.round?.due, withinDays: policy.contact.withinDays)
            return [.callDue(by: dates.due), .handOffSet(on: dates.handOff)]
        case .notePrivately:
            guard let person = actor else { throw .argumentMissing(command.kind) }
            return [.privatelyNoted(command.kind, by: person, on: moment.date)]
        case .undoPrivately:
            guard let person = actor, state.privately.undoable(by: person, on: moment.date) != nil else {
                throw .argumentMissing(command.kind)
            }
            return [.privatelyUndone(by: person)]
        case .noteUnused: return [.unusedNoted(on: moment.date)]
        case .carrySurvey: return before.round.map { [.surveyCarried(from: $0.id)] } ?? []
        case .freezeCard:
            guard let person = actor else { throw .argumentMissing(command.kind) }
            return state.isFrozen(person) ? [] : [.cardFrozen(by: person)]
        case .unfreezeCard:
            guard let person = actor else { throw .argumentMissing(command.kind) }
            return state.isFrozen(person) ? [.cardUnfrozen(by: person)] : []
        case .hideCard:
            let reason: Hiding = actor == nil ? .standing : .box
            return state.round?.hidden.contains(reason) == true ? [] : [.cardHidden(reason)]
        case .showCard:
            let reason: Hiding = actor == nil ? .standing : .box
            return state.round?.hidden.contains(reason) == true ? [.cardShownAgain(reason)] : []
        case .noteCall: return [.callPlaced]
        case .noteMeeting: return [.meetingArranged]
        case .eraseSurvey: return [.surveyErased]
        case .erasePrivate: return [.privateErased]
        case .eraseContact: return [.contactErased]
        }
    }

    /// The actor's own release of this round: nobody corrects, extends or takes back another's.
    private func own(in state: State) throws(Refusal) -> ReleaseState {
        guard let mine = actor.flatMap({ state.currentRelease(of: $0) }) else { throw .argumentMissing(command.kind) }
        return mine
    }

    private func person(_ role: Role, in state: State) -> PersonID? {
        role == workflow.opener ? state.opener : role == workflow.counterpart ? state.round?.counterpart : nil
    }

    /// Whom a release by `discloser` names.
    private func recipient(of discloser: PersonID, in state: State) throws(Refusal) -> Recipient {
        switch workflow.recipient {
        case .audience(let audience): return .audience(audience)
        case .role:
            let other = discloser == state.opener ? state.round?.counterpart : state.opener
            guard let other else { throw .argumentMissing(command.kind) }
            return .person(other)
        }
    }

    private func signed(_ id: ReleaseID, expires: CivilDate, in state: State) throws(Refusal) -> Event {
        let signer = workflow.isMutual ? actor : person(workflow.discloser, in: state)
        guard let signer else { throw .argumentMissing(command.kind) }
        return .releaseSigned(
            id, discloser: signer, recipient: try recipient(of: signer, in: state), on: moment.date, expires: expires)
    }

    /// The notice that a party gets. What is said to a reader hangs on the disclosure and never on a look: one for whom
    /// no card was opened in this round has nothing to delete and nobody to leave alone, and learns only that what was
    /// being prepared does not go on.
    func told(_ telling: Telling) -> Notice? {
        // Only who has signed is told that it is not used, and nobody is reminded to call a number that is wrong.
        if telling.notice == .notUsed,
            person(telling.role, in: before).flatMap({ before.currentRelease(of: $0) })?.isLive != true
        {
            return nil
        }
        if telling.notice == .callSoon, before.round?.frozen.isEmpty == false { return nil }
        // Who signed nothing and was shown nothing had given no permission, and nothing of theirs was closed.
        if [.withdrawn, .expired].contains(telling.notice), let person = person(telling.role, in: before),
            !before.roundReleases.contains(where: {
                $0.discloser == person || $0.cardVersion > 0 && $0.recipient == .person(person)
            })
        {
            return telling.role == workflow.counterpart ? .placeFree : .mentorUnavailable
        }
        let isAboutCard: Bool =
            switch telling.notice {
            case .rescinded, .ended, .deleteDetails, .corrected, .cardClosed, .numberWrong: true
            case .actedForYou, .releaseReady, .slotOffered, .mentorUnavailable, .declineConfirmed, .cardReady,
                .promptRescission, .expired, .callBackAsked, .inviteToTalk, .contactReady, .nobodyAvailable, .lapsed,
                .noticeGiven, .newRound, .endNear, .termOver, .extended, .secondSought, .findAnother, .takenDown,
                .placeFree, .notNeeded, .permissionEndsSoon, .callSoon, .withdrawn, .notUsed, .releaseWaits,
                .recordedInError, .extensionWaits, .hidden, .shownAgain, .standingEndsSoon, .incident,
                .applicationWaits, .applicationAnswered, .programEnds:
                false
            }
        guard isAboutCard, let person = person(telling.role, in: before), isReader(telling.role) else {
            return telling.notice
        }
        let opened = before.roundReleases.contains { $0.cardVersion > 0 && $0.recipient == .person(person) }
        if opened { return telling.notice }
        // Whoever did it themselves knows that it is over.
        if person == actor { return nil }
        if telling.notice == .corrected || telling.notice == .numberWrong { return nil }
        return telling.role == workflow.counterpart ? .placeFree : .mentorUnavailable
    }

    private func isReader(_ role: Role) -> Bool {
        workflow.reader == .role(role) || workflow.isMutual && workflow.parties.contains(role)
    }

    /// Opens the cards, even without a release: the proof of P1 finds a policy that allows that, and the gate refuses
    /// it.
    private func openings(in state: State) throws(Refusal) -> [Event] {
        var events = [
            try opening(
                workflow.isMutual
                    ? state.currentRelease(of: state.opener)?.id ?? ReleaseID(high: 0, low: 0)
                    : state.currentRelease?.id ?? ReleaseID(high: 0, low: 0), version: 1, isMirrored: false, in: state)
        ]
        if workflow.isMutual, let other = state.round?.counterpart {
            let id = state.currentRelease(of: other)?.id ?? ReleaseID(high: 0, low: 0)
            events.append(try opening(id, version: 1, isMirrored: true, in: state))
        }
        return events
    }

    /// - Parameter isMirrored: in an exchange, whether this is the card that goes the other way.
    private func opening(_ id: ReleaseID, version: Int, isMirrored: Bool, in state: State) throws(Refusal) -> Event {
        let shown = isMirrored ? workflow.counterpart ?? workflow.opener : workflow.subject
        guard let subject = person(shown, in: state) else { throw .argumentMissing(command.kind) }
        let reader: Recipient
        switch workflow.reader {
        case .audience(let audience): reader = .audience(audience)
        case .role(let role):
            guard let other = person(isMirrored ? workflow.subject : role, in: state) else {
                throw .argumentMissing(command.kind)
            }
            reader = .person(other)
        }
        return .cardOpened(id, version: version, subject: subject, reader: reader)
    }

    /// The cards that this command closes: all of the round that is signed, unless one side rescinds in an exchange
    /// where rescission closes one's own alone; of what is taken back of an earlier round, its own.
    private func closings(of cards: [OpenCard], in state: State) -> [Event] {
        guard case .rescind(let named) = command, let person = actor else {
            return cards.map { .cardClosed($0.release) }
        }
        let targets = state.takenBack(by: person, naming: named)
        if !targets.isEmpty, !targets.contains(where: { $0.round == state.currentRelease?.round }) {
            let chains = Set(targets.flatMap { state.chain(of: $0) }.map(\.id))
            return cards.filter { chains.contains($0.release) }.map { .cardClosed($0.release) }
        }
        guard workflow.isMutual, workflow.rescissionCloses == .own else { return cards.map { .cardClosed($0.release) } }
        return cards.filter { $0.subject == person }.map { .cardClosed($0.release) }
    }

    /// The releases that are taken back, and those that end with them: in an exchange that one rescission closes, the
    /// other's release of the round that is signed.
    private func rescission(in state: State) throws(Refusal) -> [Event] {
        guard case .rescind(let named) = command, let person = actor else { throw .argumentMissing(command.kind) }
        let targets = state.takenBack(by: person, naming: named)
        guard !targets.isEmpty else { throw .argumentMissing(command.kind) }
        let isOfSignedRound = targets.contains { $0.round == state.currentRelease?.round }
        let others =
            isOfSignedRound && workflow.rescissionCloses == .both
            ? state.liveReleases.filter { other in !targets.contains { $0.id == other.id } } : []
        return targets.map { .releaseRescinded($0.id, on: moment.date) } + others.map { .releaseClosed($0.id) }
    }

    /// The second signature for a longer term, after the term is over, makes a new release of both: what the first
    /// signed counts from now on.
    ///
    /// - Parameters:
    ///   - old: what the second signer had released until then.
    ///   - again: of the release that takes the place of the first signer's.
    private func reopening(
        after old: ReleaseState, with id: ReleaseID, and again: ReleaseID, expires: CivilDate, in state: State
    ) throws(Refusal) -> [Event] {
        let partner = old.discloser == state.opener ? state.round?.counterpart : state.opener
        guard workflow.isMutual, let first = partner.flatMap({ state.currentRelease(of: $0) }), first.isLive else {
            throw .argumentMissing(command.kind)
        }
        let isFirstMirrored = first.discloser != state.opener
        return [
            .releaseSigned(id, discloser: old.discloser, recipient: old.recipient, on: moment.date, expires: expires),
            .releaseSigned(
                again, discloser: first.discloser, recipient: first.recipient, on: first.signedOn,
                expires: first.expiresOn),
            .releaseSuperseded(first.id),
            try opening(again, version: first.cardVersion + 1, isMirrored: isFirstMirrored, in: state),
            try opening(id, version: old.cardVersion + 1, isMirrored: !isFirstMirrored, in: state),
        ]
    }

    private func superseding(_ old: ReleaseState, with id: ReleaseID, expires: CivilDate, in state: State)
        throws(Refusal)
        -> [Event]
    {
        guard old.isLive, moment.date <= old.expiresOn else { throw .conditionFailed(.notRescinded) }
        var events: [Event] = [
            .releaseSigned(id, discloser: old.discloser, recipient: old.recipient, on: moment.date, expires: expires),
            .releaseSuperseded(old.id),
        ]
        if state.openCards.contains(where: { $0.release == old.id }) {
            let isMirrored = workflow.isMutual && old.discloser != state.opener
            events += [
                .cardClosed(old.id), try opening(id, version: old.cardVersion + 1, isMirrored: isMirrored, in: state),
            ]
        }
        return events
    }
}
