/// Something that happened, in the past tense. Folding a case's events with ``evolve(_:_:)`` gives its state.
public enum Event: Hashable, Sendable, Codable {
    case advanced(to: Position)
    case roundStarted(RoundID, since: CivilDate)
    /// Stands for the events of a draft once its release is signed: the draft's own events are not kept.
    case roundOpened(
        RoundID, counterpart: PersonID?, excluded: [PersonID], isSlotAccepted: Bool, answerOn: CivilDate?,
        since: CivilDate?)
    case roundForgotten
    case counterpartNamed(PersonID)
    case counterpartCleared
    /// The person whose case it is keeps the counterpart away.
    case counterpartExcluded(PersonID)
    /// One of the two keeps the other away, or no longer does.
    case keptAway(by: PersonID, from: PersonID)
    case keepingLifted(by: PersonID, from: PersonID)
    case slotAccepted
    /// The last day on which a mentor's yes holds the place.
    case slotHeld(until: CivilDate)
    /// The counterpart of a draft is no longer the one who is meant, and does not learn of it: their place stays held
    /// and they go on reading what they read last.
    case counterpartSetAside(PersonID, until: CivilDate, shown: String)
    /// The word by which the two, and whoever reads more than one card, tell this pair from another.
    case wordDrawn(String)
    /// The place that was held for somebody who was set aside is given back.
    case placeLetGo(PersonID)
    case releaseSigned(ReleaseID, discloser: PersonID, recipient: Recipient, on: CivilDate, expires: CivilDate)
    case matchMade(on: CivilDate)
    case callDue(by: CivilDate)
    case answerDue(on: CivilDate)
    case cardOpened(ReleaseID, version: Int, subject: PersonID, reader: Recipient)
    case cardClosed(ReleaseID)
    case releaseSuperseded(ReleaseID)
    case releaseClosed(ReleaseID)
    case releaseExpired(ReleaseID)
    case releaseRescinded(ReleaseID, on: CivilDate)
    case handedOff(on: CivilDate)
    case termSet(endsOn: CivilDate)
    case noticeGiven(until: CivilDate)
    case reminded
    /// One of the two has signed for a longer term.
    case extensionSigned(by: PersonID)
    /// The term is over, and the signature of one of the two for a longer one waits for the other's.
    case extensionAwaited(until: CivilDate)
    /// Both have signed for a longer term.
    case termExtended(endsOn: CivilDate)
    case secondSought(by: PersonID)
    case surveyErased, contactErased
    case noticed(Role, Notice)
    /// The signer was reminded that a release ends soon.
    case releaseReminded
    /// The one who is to call was reminded.
    case callReminded
    /// Somebody says that the number on their card is wrong, or that the card may be shown again.
    case cardFrozen(by: PersonID)
    case cardUnfrozen(by: PersonID)
    /// A card that is open is shown to nobody for this reason, or no longer for it.
    case cardHidden(Hiding)
    case cardShownAgain(Hiding)
    /// A signed release cannot be used from this day on, or can be again.
    case unusedNoted(on: CivilDate)
    case useResumed
    /// The step of this number was recorded for somebody who did not ask for it.
    case recordedInError(step: Int)
    /// The answers of the survey were taken along from an earlier round.
    case surveyCarried(from: RoundID)
    /// Something that happened to a pair that parts, or did before the next search began.
    indirect case ofParting(RoundID, [Event])
    /// The day at whose end the program is out.
    case handOffSet(on: CivilDate)
    // The private stream. The first two are of folders that were begun before a note had a hand and a day.
    case callPlaced, meetingArranged, privateErased
    /// One of the pair notes something for the two of them, or takes their own last note back.
    case privatelyNoted(CommandKind, by: PersonID, on: CivilDate)
    case privatelyUndone(by: PersonID)

    /// True if it belongs to the private stream of the pair.
    public var isPrivate: Bool {
        switch self {
        case .ofParting(_, let events): events.allSatisfy(\.isPrivate)
        case .callPlaced, .meetingArranged, .privateErased, .privatelyNoted, .privatelyUndone: true
        case .advanced, .roundStarted, .roundOpened, .roundForgotten, .counterpartNamed, .counterpartCleared,
            .counterpartExcluded, .keptAway, .keepingLifted, .slotAccepted, .releaseSigned, .matchMade, .callDue,
            .handOffSet, .slotHeld, .counterpartSetAside, .placeLetGo, .wordDrawn, .answerDue, .cardOpened, .cardClosed,
            .releaseSuperseded, .releaseClosed, .releaseExpired,
            .releaseRescinded, .handedOff, .termSet, .noticeGiven, .reminded, .extensionSigned, .extensionAwaited,
            .termExtended,
            .secondSought, .surveyErased, .contactErased, .noticed, .releaseReminded,
            .callReminded, .cardFrozen, .cardUnfrozen, .cardHidden, .cardShownAgain, .unusedNoted, .useResumed,
            .surveyCarried, .recordedInError:
            false
        }
    }

    /// The events that it stands for: its own, or those of a pair that parts.
    public var unwrapped: [Event] { if case .ofParting(_, let events) = self { events } else { [self] } }

    var opensCard: Bool { if case .cardOpened = self { true } else { false } }

    /// True if it ends a release, or keeps somebody away.
    public var ends: Bool {
        if case .releaseClosed = self { return true }
        if case .releaseRescinded = self { return true }
        if case .keptAway = self { return true }
        return false
    }

    /// True if it begins a round, as a draft or condensed by its first signature.
    public var beginsRound: Bool {
        switch self {
        case .roundStarted, .roundOpened: true
        case .ofParting, .advanced, .roundForgotten, .counterpartNamed, .counterpartCleared, .counterpartExcluded,
            .keptAway,
            .keepingLifted, .slotAccepted, .slotHeld, .counterpartSetAside, .placeLetGo, .wordDrawn, .releaseSigned,
            .matchMade, .callDue, .answerDue, .cardOpened, .cardClosed, .releaseSuperseded, .releaseClosed,
            .releaseExpired,
            .releaseRescinded, .handedOff, .termSet, .noticeGiven, .reminded, .extensionSigned, .extensionAwaited,
            .termExtended,
            .secondSought,
            .surveyErased, .contactErased, .noticed, .handOffSet, .releaseReminded, .callReminded, .cardFrozen,
            .cardUnfrozen, .cardHidden, .cardShownAgain, .unusedNoted, .useResumed, .surveyCarried, .recordedInError,
            .callPlaced,
            .meetingArranged,
            .privateErased,
            .privatelyNoted,
            .privatelyUndone:
            false
        }
    }
}

/// Folds one event into the state. Total: an event that does not fit changes nothing.
public func evolve(_ state: State, _ event: Event) -> State {
    var next = state
    next.apply(event)
    return next
}

/// Folds events into the state, in their order.
public func evolve(_ state: State, _ events: some Sequence<Event>) -> State {
    var next = state
    for event in events { next.apply(event) }
    return next
}

extension State {
    /// Folds one event in, in place.
    mutating func apply(_ event: Event) {
        switch event {
        case .advanced(let place):
            position = place
        case .roundStarted(let id, let since):
            begin(id)
            round?.waitingSince = since
        case .roundOpened(let id, let counterpart, let kept, let isSlotAccepted, let answerOn, let since):
            begin(id)
            round?.waitingSince = since
            for person in kept { keeping.append(Keeping(by: opener, from: person, isKept: true)) }
            round?.counterpart = counterpart
            round?.isSlotAccepted = isSlotAccepted
            round?.answerOn = answerOn
        case .roundForgotten:
            forgetRound()
        case .ofParting(let id, let events):
            if round?.id == id {
                for event in events { apply(event) }
            } else if var own = ofParting(id) {
                for event in events { own.apply(event) }
                take(over: own)
            }
        case .counterpartNamed(let person):
            round?.counterpart = person
        case .counterpartCleared:
            clearCounterpart()
        case .counterpartExcluded(let person):
            keep(Keeping(by: opener, from: person, isKept: true))
        case .keptAway(let person, let other):
            keep(Keeping(by: person, from: other, isKept: true))
        case .keepingLifted(let person, let other):
            keep(Keeping(by: person, from: other, isKept: false))
        case .slotAccepted:
            round?.isSlotAccepted = true
        case .slotHeld(let date):
            round?.slotUntil = date
        case .counterpartSetAside(let person, let date, let shown):
            clearCounterpart()
            round?.held.append(HeldPlace(person: person, until: date, shown: shown))
        case .wordDrawn(let word):
            round?.word = word
        case .placeLetGo(let person):
            round?.held.removeAll { $0.person == person }
        case .releaseSigned(let id, let discloser, let recipient, let signedOn, let expires):
            guard let round else { return }
            if currentRelease == nil { signedRounds += 1 }
            // From here on the place is the pair's, and nobody else's is held beside it.
            self.round?.slotUntil = nil
            self.round?.held = []
            // What is signed for longer is reminded of anew; a correction ends on the same day as before.
            if currentRelease(of: discloser).map({ $0.expiresOn < expires }) ?? true {
                self.round?.releaseReminders = 0
            }
            releases.append(
                ReleaseState(
                    id: id, round: round.id, discloser: discloser, recipient: recipient, signedOn: signedOn,
                    expiresOn: expires))
        case .matchMade(let date):
            round?.matchMadeOn = date
        case .callDue(let date):
            round?.due = date
        case .answerDue(let date):
            round?.answerOn = date
        case .cardOpened(let id, let version, let subject, let reader):
            openCards.removeAll { $0.release == id }
            openCards.append(OpenCard(release: id, version: version, subject: subject, reader: reader))
            change(id) { $0.cardVersion = version }
        case .cardClosed(let id):
            openCards.removeAll { $0.release == id }
        case .releaseSuperseded(let id):
            change(id) { $0.standing = .superseded }
        case .releaseClosed(let id):
            change(id) { if $0.standing == .live { $0.standing = .closed } }
        case .releaseExpired(let id):
            change(id) { if $0.standing == .live { $0.standing = .expired } }
        case .releaseRescinded(let id, let date):
            change(id) { $0.rescindedOn = $0.rescindedOn ?? date }
        case .handedOff:
            isHandedOff = true
        case .termSet(let date):
            round?.endsOn = date
        case .noticeGiven(let date):
            round?.noticeUntil = date
        case .reminded:
            round?.isReminded = true
        case .extensionSigned(let person):
            round?.extensionSigners.append(person)
        case .extensionAwaited(let date):
            round?.extensionUntil = date
        case .termExtended(let date):
            round?.endsOn = date
            round?.extensionCount += 1
            round?.extensionUntil = nil
            round?.extensionSigners = []
            round?.isReminded = false
        case .secondSought(let person):
            if round?.secondSeekers.contains(person) == false { round?.secondSeekers.append(person) }
        case .unusedNoted(let date):
            round?.unusedSince = date
        case .useResumed:
            round?.unusedSince = nil
        case .surveyErased, .contactErased, .noticed, .surveyCarried, .recordedInError:
            break
        case .releaseReminded:
            round?.releaseReminders += 1
        case .callReminded:
            round?.isCallReminded = true
        case .handOffSet(let date):
            round?.handOffOn = date
        case .cardFrozen(let person):
            if round?.frozen.contains(person) == false { round?.frozen.append(person) }
        case .cardUnfrozen(let person):
            round?.frozen.removeAll { $0 == person }
        case .cardHidden(let reason):
            round?.hidden.insert(reason)
        case .cardShownAgain(let reason):
            round?.hidden.remove(reason)
        case .callPlaced:
            if !privately.isCallPlaced { privately.notes.append(PrivateNote(kind: .recordCall, by: nil, on: nil)) }
        case .meetingArranged:
            guard !privately.isMeetingArranged else { return }
            privately.notes.append(PrivateNote(kind: .recordMeeting, by: nil, on: nil))
        case .privatelyNoted(let kind, let person, let date):
            privately.notes.append(PrivateNote(kind: kind, by: person, on: date))
        case .privatelyUndone(let person):
            if let last = privately.notes.lastIndex(where: { $0.by == person }) { privately.notes.remove(at: last) }
        case .privateErased:
            privately = PrivateState()
        }
    }
}

extension State {
    fileprivate mutating func begin(_ id: RoundID) {
        if let round, round.noticeUntil != nil, !openCards.isEmpty {
            parting.append(
                Parting(round: round, position: position, isHandedOff: isHandedOff, openCards: openCards))
            openCards = []
        }
        round = Round(
            id: id, beganAt: position, beganHandedOff: isHandedOff, beganKeeping: keeping.count,
            beganRound: round.map(EarlierRound.init))
        isHandedOff = false
        privately = PrivateState()
    }

    /// Back to where the round began: with the pair that parts, if it still does.
    fileprivate mutating func forgetRound() {
        guard let round else { return }
        let earlier = round.beganRound?.round
        keeping = Array(keeping.prefix(round.beganKeeping))
        privately = PrivateState()
        (position, isHandedOff, self.round) = (round.beganAt, round.beganHandedOff, earlier)
        guard let own = parting.last, own.round.id == earlier?.id else { return }
        (position, isHandedOff, self.round) = (own.position, own.isHandedOff, own.round)
        openCards = own.openCards
        parting.removeLast()
    }

    fileprivate mutating func clearCounterpart() {
        round?.counterpart = nil
        round?.isSlotAccepted = false
        round?.slotUntil = nil
        round?.word = nil
    }

    /// Adds what somebody says of the other, unless it says nothing new.
    fileprivate mutating func keep(_ word: Keeping) {
        let last = keeping.last { $0.by == word.by && $0.from == word.from }
        if last?.isKept ?? false != word.isKept { keeping.append(word) }
    }

    fileprivate mutating func change(_ id: ReleaseID, _ body: (inout ReleaseState) -> Void) {
        guard let index = releases.lastIndex(where: { $0.id == id }) else { return }
        body(&releases[index])
    }

    /// The events that stand for this draft once its release is signed; empty where no draft is open.
    public var openingEvents: [Event] {
        guard isDraft, let round else { return [] }
        let opened = Event.roundOpened(
            round.id, counterpart: round.counterpart,
            excluded: keptOfDraft,
            isSlotAccepted: round.isSlotAccepted, answerOn: round.answerOn, since: round.waitingSince)
        return [opened] + (round.word.map { [.wordDrawn($0)] } ?? [])
    }
}
