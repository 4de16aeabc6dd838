/// The proof of P1, P2 and P5 of one state, and of P4, P6 to P8 and P11 of one step.
extension Explorer {
    /// P1, P2 and P5: of one state.
    mutating func check(_ index: Int) {
        let (state, today) = (nodes[index].state, nodes[index].today)
        if workflow.ending.contains(state.position), !state.openCards.isEmpty || !state.liveReleases.isEmpty {
            fail(.p3, "fields stay open while `\(workflow.name(of: state.position))` waits for its notice", at: index)
        }
        for card in state.readableCards {
            if workflow.ended.contains(state.position) {
                fail(.p5, "a card is readable in `\(workflow.name(of: state.position))`", at: index)
            } else {
                check(card, in: state, on: today, at: index)
            }
        }
    }

    /// P1 and P2: of one card that is readable.
    mutating func check(_ card: OpenCard, in state: State, on today: CivilDate, at index: Int, then step: String? = nil)
    {
        let release = state.releases.first { $0.id == card.release }
        if release?.isRescinded == true {
            fail(.p2, "a card is readable though its release is rescinded", at: index, then: step)
        } else if let problem = liveness(of: release, card, on: today) {
            fail(.p1, problem, at: index, then: step)
        }
    }

    func liveness(of release: ReleaseState?, _ card: OpenCard, on today: CivilDate) -> String? {
        guard let release else { return "a card is readable without a release" }
        if release.discloser != card.subject { return "the release was not signed by the person the card describes" }
        if release.recipient != card.reader { return "the release does not name the reader" }
        if release.standing != .live { return "the release is \(release.standing.rawValue)" }
        return today > release.expiresOn ? "the release expired on \(release.expiresOn)" : nil
    }

    /// P4, P6, P7 and P8: of one step.
    mutating func checkStep(
        _ index: Int, _ command: Command, _ taken: (authorized: Authorized<Command>, events: [Event]), _ after: State,
        _ step: String
    ) {
        let before = nodes[index].state
        if before.isHandedOff, case .staff = taken.authorized.actor.principal,
            command.kind != .withdrawCard || taken.events.contains(where: \.opensCard)
        {
            fail(.p4, "staff can `\(command.kind.rawValue)` after hand-off", at: index, then: step)
        }
        let opensCard = taken.events.contains(where: \.opensCard)
        if opensCard, !workflow.opens.contains(command.kind) {
            fail(.p7, "`\(command.kind.rawValue)` opens a card", at: index, then: step)
        }
        if opensCard { checkFirstOpening(index, command, taken.authorized, step) }
        if command.kind == .decline, before.isDraft, let began = nodes[index].began,
            after.publicPart != began.publicPart
        {
            fail(.p8, "the case is not as it was before the round", at: index, then: step)
        }
        if command.kind.isPrivate {
            if after.publicPart != before.publicPart || taken.events.contains(where: { !$0.isPrivate }) {
                fail(.p6, "`\(command.kind.rawValue)` can be observed", at: index, then: step)
            }
        }
    }

    /// P11: each thing that the program makes a pair rest on can refuse the step that opens the pair's first card.
    mutating func checkFirstOpening(
        _ index: Int, _ command: Command, _ authorized: Authorized<Command>, _ step: String
    ) {
        let (state, today) = (nodes[index].state, nodes[index].today)
        guard failures[.p11] == nil, !state.roundReleases.contains(where: { $0.cardVersion > 0 }) else { return }
        for condition in demanded where !Guard.ofPlace.contains(condition) {
            let facts = Facts.all.without(condition)
            if case .success = outcome(command, by: authorized.actor, in: state, given: facts, on: today) {
                let kind = command.kind.rawValue
                fail(
                    .p11, "`\(kind)` opens the first card though it does not hold that \(condition.plainWords)",
                    at: index, then: step)
            }
        }
    }

    /// P6: a state and the same state without what only the pair knows allow everybody else the same, with the same
    /// consequences.
    mutating func checkUnwinding(_ index: Int) {
        guard failures[.p6] == nil else { return }
        let (state, today) = (nodes[index].state, nodes[index].today)
        for day in [today] + daysAhead(nodes[index]) {
            for act in acts(in: state) where !act.command.kind.isPrivate {
                let kind = act.command.kind
                let known = outcome(act.command, by: act.actor, in: state, on: day)
                    .map { $0.events.filter { !$0.isPrivate } }
                let unknown = outcome(act.command, by: act.actor, in: state.publicPart, on: day)
                    .map { $0.events.filter { !$0.isPrivate } }
                if known != unknown {
                    let step = day == today ? "" : "time passes until \(day), then "
                    fail(
                        .p6, "`\(kind.rawValue)` depends on what only the pair knows", at: index,
                        then: step + "`\(kind.rawValue)`")
                }
            }
        }
    }
}
