/// A pair whose notice still runs while the search for the next has begun: its cards stay open, and everything that
/// either of the two could do goes on, in a state of its own beside that of the case.
public struct Parting: Hashable, Sendable {
    public let round: Round
    public let position: Position
    let isHandedOff: Bool
    /// The cards of this round that are open.
    public let openCards: [OpenCard]
}

extension State {
    /// The case as it is for a pair that parts: where it would stand had the next search not begun. Nil for a round
    /// that is not parting.
    public func ofParting(_ id: RoundID) -> State? {
        guard let own = parting.first(where: { $0.round.id == id }) else { return nil }
        var state = self
        state.parting = []
        (state.round, state.position) = (own.round, own.position)
        (state.isHandedOff, state.openCards) = (own.isHandedOff, own.openCards)
        state.privately = PrivateState()
        return state
    }

    /// The case as it is for this person in each pair of theirs that parts.
    public func partings(of person: PersonID) -> [State] {
        parting.filter { person == opener || person == $0.round.counterpart }.compactMap { ofParting($0.round.id) }
    }

    /// Every card that is open, those of a pair that parts included.
    public var everyOpenCard: [OpenCard] { openCards + parting.flatMap(\.openCards) }

    /// Takes over what happened to a pair that parts. What was said of the other stays said when the draft is
    /// declined; when nothing is open any more, only that remains.
    mutating func take(over own: State) {
        guard let old = own.round, let index = parting.firstIndex(where: { $0.round.id == old.id }) else { return }
        releases = own.releases
        let said = own.keeping.dropFirst(keeping.count)
        keeping.insert(contentsOf: said, at: isDraft ? round?.beganKeeping ?? keeping.count : keeping.count)
        if isDraft { round?.beganKeeping += said.count }
        if round?.beganRound?.round.id == old.id {
            round?.beganAt = own.position
            round?.beganHandedOff = own.isHandedOff
            round?.beganRound = EarlierRound(old)
        }
        if own.openCards.isEmpty {
            parting.remove(at: index)
        } else {
            parting[index] = Parting(
                round: old, position: own.position, isHandedOff: own.isHandedOff, openCards: own.openCards)
        }
    }
}
