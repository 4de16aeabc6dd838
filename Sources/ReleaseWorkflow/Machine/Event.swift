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
    case counterpartExcluded(PersonID)
    case slotAccepted
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
    /// Both have signed for a longer term.
    case termExtended(endsOn: CivilDate)
    case secondSought(by: PersonID)
    case surveyErased, contactErased
    case noticed(Role, Notice)
    // The private stream.
    case callPlaced, meetingArranged, privateErased

    /// True if it belongs to the private stream of the pair.
    public var isPrivate: Bool { self == .callPlaced || self == .meetingArranged || self == .privateErased }

    /// True if it begins a round, as a draft or condensed by its first signature.
    public var beginsRound: Bool {
        switch self {
        case .roundStarted, .roundOpened: true
        case .advanced, .roundForgotten, .counterpartNamed, .counterpartCleared, .counterpartExcluded, .slotAccepted,
            .releaseSigned,
            .matchMade, .callDue, .answerDue, .cardOpened, .cardClosed, .releaseSuperseded, .releaseClosed,
            .releaseExpired,
            .releaseRescinded, .handedOff, .termSet, .noticeGiven, .reminded, .extensionSigned, .termExtended,
            .secondSought,
            .surveyErased, .contactErased, .noticed, .callPlaced, .meetingArranged, .privateErased:
            false
        }
    }
}

/// Folds one event into the state. Total: an event that does not fit changes nothing.
public func evolve(_ state: State, _ event: Event) -> State {
    var next = state
    switch event {
    case .advanced(let position):
        next.position = position
    case .roundStarted(let id, let since):
        next.begin(id)
        next.round?.waitingSince = since
    case .roundOpened(let id, let counterpart, let excluded, let isSlotAccepted, let answerOn, let since):
        next.begin(id)
        next.round?.waitingSince = since
        next.excluded += excluded
        next.round?.counterpart = counterpart
        next.round?.isSlotAccepted = isSlotAccepted
        next.round?.answerOn = answerOn
    case .roundForgotten:
        guard let round = state.round else { return state }
        next.position = round.beganAt
        next.isHandedOff = round.beganHandedOff
        next.excluded = Array(state.excluded.prefix(round.beganExcluded))
        next.round = round.beganRound?.round
        next.privately = PrivateState()
    case .counterpartNamed(let person):
        next.round?.counterpart = person
    case .counterpartCleared:
        next.round?.counterpart = nil
        next.round?.isSlotAccepted = false
    case .counterpartExcluded(let person):
        if !next.excluded.contains(person) { next.excluded.append(person) }
    case .slotAccepted:
        next.round?.isSlotAccepted = true
    case .releaseSigned(let id, let discloser, let recipient, let signedOn, let expires):
        guard let round = state.round else { return state }
        if state.currentRelease == nil { next.signedRounds += 1 }
        next.releases.append(
            ReleaseState(
                id: id, round: round.id, discloser: discloser, recipient: recipient, signedOn: signedOn,
                expiresOn: expires))
    case .matchMade(let date):
        next.round?.matchMadeOn = date
    case .callDue(let date):
        next.round?.due = date
    case .answerDue(let date):
        next.round?.answerOn = date
    case .cardOpened(let id, let version, let subject, let reader):
        next.openCards.removeAll { $0.release == id }
        next.openCards.append(OpenCard(release: id, version: version, subject: subject, reader: reader))
        next.change(id) { $0.cardVersion = version }
    case .cardClosed(let id):
        next.openCards.removeAll { $0.release == id }
    case .releaseSuperseded(let id):
        next.change(id) { $0.standing = .superseded }
    case .releaseClosed(let id):
        next.change(id) { if $0.standing == .live { $0.standing = .closed } }
    case .releaseExpired(let id):
        next.change(id) { if $0.standing == .live { $0.standing = .expired } }
    case .releaseRescinded(let id, let date):
        next.change(id) { $0.rescindedOn = $0.rescindedOn ?? date }
    case .handedOff:
        next.isHandedOff = true
    case .termSet(let date):
        next.round?.endsOn = date
    case .noticeGiven(let date):
        next.round?.noticeUntil = date
    case .reminded:
        next.round?.isReminded = true
    case .extensionSigned(let person):
        next.round?.extensionSigners.append(person)
    case .termExtended(let date):
        next.round?.endsOn = date
        next.round?.extensionCount += 1
        next.round?.extensionSigners = []
        next.round?.isReminded = false
    case .secondSought(let person):
        if next.round?.secondSeekers.contains(person) == false { next.round?.secondSeekers.append(person) }
    case .surveyErased, .contactErased, .noticed:
        break
    case .callPlaced:
        next.privately.isCallPlaced = true
    case .meetingArranged:
        next.privately.isMeetingArranged = true
    case .privateErased:
        next.privately = PrivateState()
    }
    return next
}

extension State {
    fileprivate mutating func begin(_ id: RoundID) {
        round = Round(
            id: id, beganAt: position, beganHandedOff: isHandedOff, beganExcluded: excluded.count,
            beganRound: round.map(EarlierRound.init))
        isHandedOff = false
        privately = PrivateState()
    }

    fileprivate mutating func change(_ id: ReleaseID, _ body: (inout ReleaseState) -> Void) {
        guard let index = releases.lastIndex(where: { $0.id == id }) else { return }
        body(&releases[index])
    }

    /// The one event that stands for this draft once its release is signed.
    public var openingEvent: Event? {
        guard isDraft, let round else { return nil }
        return .roundOpened(
            round.id, counterpart: round.counterpart, excluded: Array(excluded.dropFirst(round.beganExcluded)),
            isSlotAccepted: round.isSlotAccepted, answerOn: round.answerOn, since: round.waitingSince)
    }
}
