/// The part of a state that the proofs tell apart. `decide` reads nothing of what it drops; a test compares.
struct Normal: Hashable {
    private enum Side: Hashable { case none, before, on, after }
    private struct Release: Hashable {
        let discloser: Int
        let recipient: Int
        let standing: ReleaseState.Standing
        let isRescinded: Bool
        let isCurrent: Bool
        let expires: Side
        let isOpened: Bool
    }
    private struct Card: Hashable {
        let release: Release?
        let subject: Int
        let reader: Int
    }
    private struct RoundPart: Hashable {
        let beganAt: Position
        let counterpart: Int
        let isSlotAccepted: Bool
        let due: Side
        let releaseReminders: Int
        let callReminder: Side
        let nextReminder: Side
        let handOff: Side
        let answer: Side
        let unused: Side
        let frozen: Set<Int>
        let hidden: Set<Hiding>
        let hasMatch: Bool
        let term: Side
        let notice: Side
        let reminder: Side
        let isReminded: Bool
        let extensionCount: Int
        let extensionSigners: [Int]
        let extensionWait: Side
    }

    private let position: Position
    /// The people who are kept apart from the opener, whoever said so, and those who were when the draft began.
    private let apart: Set<Int>
    private let beganApart: Set<Int>
    private let isHandedOff: Bool
    private let signedRounds: Int
    private let round: RoundPart?
    private let counterpart: Int
    private let isDraft: Bool
    // Sets: what is there twice, alike, is there once.
    private let releases: Set<Release>
    private let cards: Set<Card>
    /// A note of the pair, with whose it is and whether they can still take it back.
    private struct Note: Hashable {
        let kind: CommandKind
        let by: Int
        let isUndoable: Bool
    }
    private let privately: [Note]
    /// In which order the deadlines that are still ahead will come.
    private let upcoming: [Int]

    private static func notes(_ state: State, _ today: CivilDate, _ number: (PersonID?) -> Int) -> [Note] {
        let notes = state.privately.notes
        return notes.enumerated().map { place, note in
            let isUndoable = place == notes.count - 1 && note.on.map { today <= $0.adding(days: 1) } ?? false
            return Note(kind: note.kind, by: number(note.by), isUndoable: isUndoable)
        }
    }

    /// The releases that are told apart: those of rounds that are over and cannot come back bind nobody's choice.
    private static func kept(of state: State) -> [ReleaseState] {
        let open = Set(state.openCards.map(\.release))
        let earlier = state.isDraft ? state.round?.beganRound?.round.id : nil
        return state.releases.filter {
            open.contains($0.id) || ($0.standing != .superseded && ($0.round == state.round?.id || $0.round == earlier))
        }
    }

    /// - Parameter isQuiet: for a place where nothing depends on the days of the round: they are not told apart.
    init(_ state: State, today: CivilDate, began: State?, isQuiet: Bool) {
        var numbers: [PersonID: Int] = [state.opener: 0]
        func number(_ person: PersonID?) -> Int {
            guard let person else { return -1 }
            if let known = numbers[person] { return known }
            numbers[person] = numbers.count
            return numbers.count - 1
        }
        func side(_ date: CivilDate?) -> Side {
            guard let date else { return .none }
            return today < date ? .before : today == date ? .on : .after
        }
        position = state.position
        func apart(in state: State?) -> Set<Int> {
            guard let state, !state.keeping.isEmpty else { return [] }
            return Set(Explorer.others.filter { state.isKeptApart(state.opener, $0) }.map { number($0) })
        }
        self.apart = apart(in: state)
        beganApart = apart(in: began)
        isHandedOff = state.isHandedOff
        signedRounds = min(state.signedRounds, 2)
        let isOver = isQuiet && state.openCards.isEmpty && state.liveReleases.isEmpty
        round = (isOver ? nil : state.round).map {
            RoundPart(
                beganAt: $0.beganAt, counterpart: number($0.counterpart), isSlotAccepted: $0.isSlotAccepted,
                due: side($0.due), releaseReminders: $0.releaseReminders,
                callReminder: side($0.callReminderOn?.adding(days: -1)),
                nextReminder: side(ReleaseReminder.next(in: state)?.adding(days: -1)), handOff: side($0.handOffOn),
                answer: side($0.answerOn), unused: side($0.unusedUntil), frozen: Set($0.frozen.map { number($0) }),
                hidden: $0.hidden,
                hasMatch: $0.matchMadeOn != nil, term: side($0.endsOn),
                notice: side($0.noticeUntil),
                reminder: side($0.endsOn?.adding(days: -Policy.Duration.reminderDays - 1)),
                isReminded: $0.isReminded, extensionCount: min($0.extensionCount, 2),
                extensionSigners: $0.extensionSigners.map { number($0) }, extensionWait: side($0.extensionUntil))
        }
        counterpart = number(state.round?.counterpart)
        isDraft = state.isDraft
        let kept = Self.kept(of: state)
        func normal(_ release: ReleaseState) -> Release {
            Release(
                discloser: number(release.discloser), recipient: release.recipient.person.map { number($0) } ?? -2,
                standing: release.standing, isRescinded: release.isRescinded,
                isCurrent: release.round == state.round?.id,
                expires: release.isLive ? side(release.expiresOn) : .none, isOpened: release.cardVersion > 0)
        }
        releases = Set(kept.map { normal($0) })
        cards = Set(
            state.openCards.map { card in
                Card(
                    release: kept.first { $0.id == card.release }.map { normal($0) }, subject: number(card.subject),
                    reader: card.reader.person.map { number($0) } ?? -2)
            })
        privately = Self.notes(state, today) { number($0) }
        let ahead = isOver ? [] : Explorer.deadlines(of: state).map { max($0, today) }
        let days = Set(ahead).sorted()
        upcoming = ahead.map { days.firstIndex(of: $0) ?? 0 }
    }
}
