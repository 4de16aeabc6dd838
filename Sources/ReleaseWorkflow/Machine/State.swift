/// The state of a case: everything that `authorize` and `decide` read. It holds ids and no name.
public struct State: Hashable, Sendable {
    public internal(set) var position: Position
    /// The person whose case it is.
    public let opener: PersonID
    /// Rounds in which a release was signed.
    public internal(set) var signedRounds = 0
    /// The words of the parties about each other, in their order: kept away, or no longer. Each is private to whoever
    /// said it.
    public internal(set) var keeping: [Keeping] = []
    /// After hand-off and until the next round begins, the program does nothing.
    public internal(set) var isHandedOff = false
    public internal(set) var round: Round?
    /// Every release ever signed in this case, in that order.
    public internal(set) var releases: [ReleaseState] = []
    /// The cards of this round that the policy's effects have opened and not closed.
    public internal(set) var openCards: [OpenCard] = []
    /// The pairs whose notice still runs while the next search has begun, the oldest first.
    public internal(set) var parting: [Parting] = []
    /// The part that only the pair knows. Empty wherever the public events alone were folded.
    public internal(set) var privately = PrivateState()

    public init(opener: PersonID, position: Position) {
        self.opener = opener
        self.position = position
    }

    /// The people whom the opener keeps away, in the order in which that was said.
    public var excluded: [PersonID] { kept(by: opener) }

    /// The people whom `person` keeps away, in the order in which that was said last.
    public func kept(by person: PersonID) -> [PersonID] {
        var kept: [PersonID] = []
        for word in keeping where word.by == person {
            kept.removeAll { $0 == word.from }
            if word.isKept { kept.append(word.from) }
        }
        return kept
    }

    /// The words that were said since the draft began; empty where no draft is open.
    public var keepingOfDraft: [Keeping] {
        guard isDraft, let round else { return [] }
        return Array(keeping.dropFirst(round.beganKeeping))
    }

    /// The people whom the opener has kept away since the draft began and still does.
    var keptOfDraft: [PersonID] {
        let said = keepingOfDraft.filter { $0.isKept && $0.by == opener }.map(\.from)
        return excluded.filter(said.contains)
    }

    /// True if either of the two keeps the other away.
    public func isKeptApart(_ one: PersonID, _ other: PersonID) -> Bool {
        if keeping.isEmpty { return false }
        return kept(by: one).contains(other) || kept(by: other).contains(one)
    }

    /// The release of this round that was signed last.
    public var currentRelease: ReleaseState? {
        // Of this round: a pair that parts may have signed something since.
        guard let round else { return nil }
        return releases.last { $0.round == round.id }
    }

    /// The release that `person` signed last in this round.
    public func currentRelease(of person: PersonID) -> ReleaseState? {
        guard let round else { return nil }
        return releases.last { $0.round == round.id && $0.discloser == person }
    }

    /// Every release of this round, in the order of their signatures.
    public var roundReleases: [ReleaseState] { releases.filter { $0.round == round?.id } }

    /// The releases of this round under which a card was opened.
    public var openedReleases: [ReleaseState] { roundReleases.filter { $0.cardVersion > 0 } }

    /// The releases of this round that still permit something, in the order of their signatures.
    public var liveReleases: [ReleaseState] { releases.filter { $0.round == round?.id && $0.isLive } }

    /// The releases of the chain to which one belongs, the newest last: the first that a person signed in a round, and
    /// every correction or extension that took the place of the one before it.
    public func chain(of release: ReleaseState) -> [ReleaseState] {
        releases.filter { $0.round == release.round && $0.discloser == release.discloser }
    }

    /// The newest release of each chain that `person` has signed and not taken back, in the order of their signatures.
    public func notTakenBack(by person: PersonID) -> [ReleaseState] {
        releases.filter { release in
            release.discloser == person && !release.isRescinded
                && !releases.reversed().prefix { $0.id != release.id }.contains {
                    $0.round == release.round && $0.discloser == person
                }
        }
    }

    /// The releases that `person` takes back: the end of the chain of the one that is named; without a name their own
    /// of the round that is signed, or else those of every earlier round. Empty where there is nothing left to take
    /// back.
    public func takenBack(by person: PersonID, naming named: ReleaseID?) -> [ReleaseState] {
        let open = notTakenBack(by: person)
        if let named {
            guard let release = releases.first(where: { $0.id == named && $0.discloser == person }) else { return [] }
            return open.filter { $0.round == release.round }
        }
        let current = open.filter { $0.round == currentRelease?.round }
        return current.isEmpty ? open : current
    }

    /// The day since which the opener waits to go on with the same person, where the other did not sign for longer in
    /// time: who asks anew then keeps that place among those who wait.
    var keptPlace: CivilDate? {
        guard let round, round.extensionUntil != nil, round.extensionSigners.contains(opener) else { return nil }
        guard let wish = currentRelease(of: opener), !wish.isRescinded else { return nil }
        // The day of the wish, also where details were corrected since.
        return chain(of: wish).filter { $0.expiresOn == wish.expiresOn }.map(\.signedOn).min()
    }

    /// True if this person has said that the number on their card is wrong.
    public func isFrozen(_ person: PersonID) -> Bool { round?.frozen.contains(person) ?? false }

    /// The open cards that are not hidden and of which nobody has said that they are wrong: those that can be read.
    public var readableCards: [OpenCard] {
        round?.hidden.isEmpty == false ? [] : openCards.filter { !isFrozen($0.subject) }
    }

    /// The state without what only the pair knows.
    public var publicPart: State {
        var copy = self
        copy.privately = PrivateState()
        return copy
    }

    /// True if this round has no signature yet, so that no record of it exists.
    public var isDraft: Bool { round != nil && currentRelease == nil }
}

/// One person's word about another: to be kept away, or no longer.
public struct Keeping: Hashable, Sendable {
    public let by: PersonID
    public let from: PersonID
    public let isKept: Bool
}

/// One passage from request to end.
public struct Round: Hashable, Sendable {
    public let id: RoundID
    /// Where the case stood when the round began; declining returns there.
    public internal(set) var beganAt: Position
    var beganHandedOff: Bool
    var beganKeeping: Int
    var beganRound: EarlierRound?
    public internal(set) var counterpart: PersonID?
    public internal(set) var isSlotAccepted = false
    /// The word by which the pair is told from another; nil in rounds that were begun before there were any.
    public internal(set) var word: String?
    /// The last day on which the mentor's yes holds the place; nil in drafts that were begun before it was set.
    public internal(set) var slotUntil: CivilDate?
    /// The places of people who were set aside and do not learn of it.
    public internal(set) var held: [HeldPlace] = []
    public internal(set) var matchMadeOn: CivilDate?
    /// The last day for the first call.
    public internal(set) var due: CivilDate?
    /// The day at whose end the program is out; nil in rounds that were begun before it was set, which end with the
    /// last day for the call.
    public internal(set) var handOffOn: CivilDate?
    public internal(set) var answerOn: CivilDate?
    /// The day the person asked; kept over a swap, so that nobody who waits loses their place.
    public internal(set) var waitingSince: CivilDate?
    public internal(set) var isCallReminded = false
    /// The day on which the one who is to call is reminded: two days before the last day. Nil once that was done,
    /// before the disclosure, and where it left three days alone: a card whose last day is so near says it itself.
    public var callReminderOn: CivilDate? {
        guard !isCallReminded, let due, let handOffOn else { return nil }
        // The hand-off is the later of the last day and seven days after the disclosure.
        let disclosedOn = handOffOn.adding(days: -CallDates.daysToHandOff)
        let isShort = handOffOn > due && due.dayNumber - disclosedOn.dayNumber <= CallDates.daysAfterDisclosure
        return isShort ? nil : due.adding(days: -2)
    }
    /// How often the signer was reminded that the release in hand ends soon.
    public internal(set) var releaseReminders = 0
    /// The people who have said that the number on their card is wrong: nobody is shown it until they sign a
    /// corrected release.
    public internal(set) var frozen: [PersonID] = []
    /// The reasons for which what is open is shown to nobody.
    public internal(set) var hidden: Set<Hiding> = []
    /// The day from which what was signed cannot be used, because what the pair rests on does not hold.
    public internal(set) var unusedSince: CivilDate?
    /// The last day on which what cannot be used stays signed.
    public var unusedUntil: CivilDate? { unusedSince?.adding(days: 30) }
    /// The last day of the agreed term.
    public internal(set) var endsOn: CivilDate?
    /// The last day of a notice period that has begun.
    public internal(set) var noticeUntil: CivilDate?
    public internal(set) var isReminded = false
    public internal(set) var extensionCount = 0
    /// The one who has signed for a longer term, while the other has not.
    public internal(set) var extensionSigners: [PersonID] = []
    /// The last day on which the other's signature for a longer term still counts, once the term is over.
    public internal(set) var extensionUntil: CivilDate?
    /// The people who have asked for a second mentor.
    public internal(set) var secondSeekers: [PersonID] = []
}

/// The place of somebody who said yes, for as long as they are not to learn that it will not be used.
public struct HeldPlace: Hashable, Sendable {
    /// For how many days a mentor's yes holds a place.
    public static let days = 28

    public let person: PersonID
    /// The last day.
    public let until: CivilDate
    /// The state that they were shown last, and go on being shown.
    public let shown: String
}

/// The round before a draft, so that declining the draft brings it back.
final class EarlierRound: Hashable, Sendable {
    let round: Round
    init(_ round: Round) { self.round = round }
    static func == (left: EarlierRound, right: EarlierRound) -> Bool { left.round == right.round }
    func hash(into hasher: inout Hasher) { hasher.combine(round.id) }
}

/// The standing of one release.
public struct ReleaseState: Hashable, Sendable {
    public enum Standing: String, Hashable, Sendable, Codable { case live, superseded, closed, expired }

    public let id: ReleaseID
    public let round: RoundID
    /// The person whose fields it carries and who signed it.
    public let discloser: PersonID
    public let recipient: Recipient
    public let signedOn: CivilDate
    /// The last day on which it permits anything.
    public let expiresOn: CivilDate
    public internal(set) var standing = Standing.live
    public internal(set) var rescindedOn: CivilDate?
    /// Counts the cards opened in this release's line of corrections, the first is 1; 0 while none was.
    public internal(set) var cardVersion = 0

    public var isRescinded: Bool { rescindedOn != nil }
    /// Signed, and neither rescinded nor closed by any event. Expiry by date is the reader's to check.
    public var isLive: Bool { standing == .live && !isRescinded }
}

/// A card that the workflow holds open. The gate still checks the release each time the card is shown.
public struct OpenCard: Hashable, Sendable {
    public let release: ReleaseID
    public let version: Int
    /// The person whose fields it shows.
    public let subject: PersonID
    public let reader: Recipient
}

/// Something that one of a pair noted for the two of them.
public struct PrivateNote: Hashable, Sendable {
    /// A call, a meeting, or a call that reached nobody.
    public let kind: CommandKind
    /// Nil in what was noted before notes had a hand and a day.
    public let by: PersonID?
    public let on: CivilDate?
}

/// The private stream, folded.
public struct PrivateState: Hashable, Sendable {
    public internal(set) var notes: [PrivateNote] = []
    public init() {}

    public var isCallPlaced: Bool { notes.contains { $0.kind == .recordCall } }
    public var isMeetingArranged: Bool { notes.contains { $0.kind == .recordMeeting } }

    /// The note that `person` can take back on this day: their own, if it is the last one, on the day on which it was
    /// made and the day after.
    public func undoable(by person: PersonID, on date: CivilDate) -> PrivateNote? {
        guard let last = notes.last, last.by == person, let day = last.on, date <= day.adding(days: 1) else {
            return nil
        }
        return last
    }
}
