/// The proof for a pair whose notice runs while the next search has begun. What the two can do is what they could do
/// before, in a state of its own that nothing else reads; so it is shown where the search begins, and the search is
/// walked on from where the notice is over.
extension Explorer {
    /// - Parameter state: after the step with which the next search began.
    /// - Returns: the same when the notice is over, and where the draft has begun then.
    mutating func leavingParting(_ state: State, from index: Int, _ step: String) -> (State, began: State?) {
        guard let own = state.parting.last, var closed = state.ofParting(own.round.id) else { return (state, nil) }
        // Where a card that outlives its case is found already, it is not found again.
        if !workflow.ended.contains(nodes[index].state.position) {
            for card in closed.readableCards {
                check(card, in: closed, on: nodes[index].today, at: index, then: step)
            }
        }
        var rest = state
        let last = [own.round.noticeUntil].compactMap(\.self) + closed.liveReleases.map(\.expiresOn)
        let day = (last.min() ?? nodes[index].today).adding(days: 1)
        for kind in clockKinds where !closed.openCards.isEmpty {
            for command in commands(kind, in: closed) {
                guard case .success(let done) = outcome(command, by: .clock, in: closed, on: day) else { continue }
                closed = evolve(closed, done.events)
                rest = evolve(rest, [.ofParting(own.round.id, done.events)])
            }
        }
        rest.parting = []
        return (rest, closed)
    }

    /// P8 and P12: the pair that parts is as it was before the search began, and whatever the two can do to it can
    /// still be done, with what came of it, and leaves the search as it is; declining leads back to it.
    ///
    /// - Parameters:
    ///   - state: after the step with which the next search began.
    ///   - taken: what could be done before it, with its events.
    mutating func checkParting(_ index: Int, _ state: State, _ step: String, _ taken: [Act: [Event]]) {
        let (before, today) = (nodes[index].state, nodes[index].today)
        guard let own = state.parting.last, own.position == before.position, let parted = state.ofParting(own.round.id)
        else { return }
        if parted != before.publicPart {
            fail(.p8, "a pair that parts is not as it was", at: index, then: step)
        }
        for (act, events) in taken where !act.command.kind.asksAnew {
            let word = act.command.kind.rawValue
            let next = evolve(state, [.ofParting(own.round.id, events)])
            let alone = evolve(before, events).publicPart
            let isSame = next.ofParting(own.round.id).map { $0 == alone } ?? alone.openCards.isEmpty
            if !isSame || next.releases != alone.releases {
                fail(.p12, "`\(word)` does not do to a pair that parts what it did before", at: index, then: step)
            }
            if (next.position, next.openCards) != (state.position, state.openCards)
                || next.round?.counterpart != state.round?.counterpart || next.isDraft != state.isDraft
            {
                fail(.p12, "`\(word)` disturbs the search that has begun", at: index, then: step)
            }
        }
        for act in acts(in: state) {
            guard case .success(let done) = outcome(act.command, by: act.actor, in: state, on: today) else { continue }
            let next = evolve(state, done.events)
            if act.command.kind == .decline {
                if next != before.publicPart {
                    fail(.p8, "declining does not lead back to the pair that parts", at: index, then: step)
                }
            } else if next.parting != state.parting {
                fail(.p12, "`\(act.command.kind.rawValue)` touches the pair that parts", at: index, then: step)
            }
        }
    }
}
