/// The proof for what marks a case and moves nothing in it: that a number is wrong, that an entry is hidden, that what
/// is signed cannot be used. A mark is shown where it is made, and nothing else is walked from it.
extension Explorer {
    /// The acts of one state that mark it and move nothing: what is frozen or hidden can be read by nobody, what cannot
    /// be used is not used, and that is all. Each is shown where it is done, and nothing else is walked from it.
    struct Marks {
        var frozen: [PersonID: String] = [:]
        var hidden: [(state: State, step: String)] = []
        var unused: (state: State, step: String)?
        /// Not a mark: the next search that begins while a notice runs.
        var partings: [(state: State, step: String)] = []
    }

    /// - Returns: whether the act is such a mark.
    mutating func take(
        _ marks: inout Marks, _ index: Int, _ act: Act, _ events: [Event], _ after: State, _ step: String
    ) -> Bool {
        let kind = act.command.kind
        guard Self.marks.contains(kind) else { return false }
        if kind == .freezeCard {
            guard case .person(let person) = act.actor.principal else { return false }
            marks.frozen[person] = step
            checkFreezing(index, events, step)
        } else if kind == .hide {
            if !Self.lasting(events).isEmpty {
                fail(.p1, "hiding an entry changes more than that", at: index, then: step)
            } else if !after.readableCards.isEmpty {
                fail(.p5, "`hide` hides nothing", at: index, then: step)
            }
            marks.hidden.append((after, step))
        } else {
            marks.unused = (after, step)
        }
        return true
    }

    /// P1: after somebody said that their number is wrong, their card cannot be read and staff open none; everything
    /// else can be done as before, with the same consequences; and both ways back lead to where it was.
    ///
    /// - Parameters:
    ///   - steps: who can say so here, each with the step.
    ///   - taken: what can be done here where nobody says so, with its events.
    mutating func checkFrozen(_ index: Int, _ steps: [PersonID: String], _ taken: [Act: [Event]]) {
        let (before, today) = (nodes[index].state, nodes[index].today)
        let after = evolve(before, steps.keys.map { Event.cardFrozen(by: $0) })
        let step = steps.values.sorted().joined(separator: ", ")
        if after.readableCards.contains(where: { steps[$0.subject] != nil }) {
            fail(.p1, "a card is readable though its number is said to be wrong", at: index, then: step)
        }
        checkMarked(index, after, step, taken, by: [.freezeCard, .unfreezeCard])
        for act in acts(in: before) where act.command.kind == .unfreezeCard {
            guard case .success(let done) = outcome(act.command, by: act.actor, in: after, on: today),
                case .person(let person) = act.actor.principal
            else { continue }
            recordGuards(of: done.authorized.transition, act.command, act.actor, nodes[index])
            if evolve(after, done.events) != evolve(after, .cardUnfrozen(by: person)) {
                fail(.p1, "the card does not come back as it was", at: index, then: step)
            }
        }
    }

    /// P1, P5 and P7: what is hidden, for whatever reason, is read by nobody until the last reason is gone, and comes
    /// back as it was by an act that the policy names; everything else can be done as before, with the same
    /// consequences.
    mutating func checkHidden(_ index: Int, _ after: State, _ step: String, _ taken: [Act: [Event]]) {
        let (before, today) = (nodes[index].state, nodes[index].today)
        checkMarked(index, after, step, taken, by: [.hide, .showAgain])
        let twice = evolve(after, Hiding.allCases.map(Event.cardHidden))
        for act in acts(in: before) where act.command.kind != .hide {
            let kind = act.command.kind
            guard case .success(let done) = outcome(act.command, by: act.actor, in: after, on: today) else { continue }
            let next = evolve(after, done.events)
            guard kind == .showAgain else {
                if next.round?.id == after.round?.id, !next.readableCards.isEmpty {
                    fail(.p5, "`\(kind.rawValue)` shows a card that is hidden", at: index, then: step)
                }
                continue
            }
            recordGuards(of: done.authorized.transition, act.command, act.actor, nodes[index])
            if done.events.contains(where: \.opensCard) || next != after && next != before {
                fail(.p7, "the entry does not come back as it was", at: index, then: step)
            }
            if next != after, !next.readableCards.isEmpty, !workflow.opens.contains(.showAgain) {
                fail(.p7, "`showAgain` shows a card again", at: index, then: step)
            }
            if case .success(let one) = outcome(act.command, by: act.actor, in: twice, on: today),
                !evolve(twice, one.events).readableCards.isEmpty
            {
                fail(.p5, "a card is readable while it is hidden for another reason", at: index, then: step)
            }
        }
    }

    mutating func checkFreezing(_ index: Int, _ events: [Event], _ step: String) {
        if Self.lasting(events).isEmpty { return }
        fail(.p1, "saying that a number is wrong changes more than that", at: index, then: step)
    }

    /// Walks on from what could not be used for so long that the clock closes it.
    mutating func walkUnused(_ index: Int, _ state: State, _ step: String, _ taken: [Act: [Event]]) {
        checkMarked(index, state, step, taken, by: [.noteUnused, .letGo])
        guard let day = state.round?.unusedUntil?.adding(days: 1) else { return }
        for command in commands(.letGo, in: state) {
            guard case .success(let done) = outcome(command, by: .clock, in: state, on: day) else { continue }
            let marked = Node(state: state, today: day, began: nil, parent: index, step: step)
            if !unused.contains(where: { $0.state.position == state.position }) { unused.append(marked) }
            recordGuards(of: done.authorized.transition, command, .clock, marked)
            let after = evolve(state, done.events)
            let whole = "\(step), time passes until \(day), clock: letGo"
            checkStep(index, command, done, after, whole)
            let began = after.isDraft ? startOfDraft(marked, done.events, after) : nil
            let settled = settle(after, on: day, from: index)
            let target = add(Node(state: settled, today: day, began: began, parent: index, step: whole))
            edges.append(Edge(from: index, to: target, isOwn: true))
        }
    }

    /// P1: a mark that hides what is open changes nothing else, today and where the clock goes on alone: all that can
    /// be done without it can be done with it, with the same consequences, but what staff may not open.
    mutating func checkMarked(
        _ index: Int, _ after: State, _ step: String, _ taken: [Act: [Event]], by marks: [CommandKind]
    ) {
        let (before, today) = (nodes[index].state, nodes[index].today)
        let ahead = daysAhead(nodes[index])
        for act in acts(in: before) where !marks.contains(act.command.kind) && isWithinBounds(act.command, before) {
            let kind = act.command.kind
            let marked = outcome(act.command, by: act.actor, in: after, on: today)
            if case .failure(.conditionFailed(.cardNotFrozen)) = marked, kind == .disclose || kind == .alert {
                continue
            }
            // Marks do not stand in each other's way, and are not among what was taken.
            if !Self.marks.contains(kind), Self.lasting(marked) != taken[act].map(Self.lasting) {
                failMarked(kind, index, step)
            }
            for day in ahead where act.actor.principal == .clock {
                let known = outcome(act.command, by: act.actor, in: before, on: day)
                let later = outcome(act.command, by: act.actor, in: after, on: day)
                if Self.lasting(known) != Self.lasting(later) { failMarked(kind, index, step) }
            }
        }
    }

    mutating func failMarked(_ kind: CommandKind, _ index: Int, _ step: String) {
        fail(.p1, "`\(kind.rawValue)` depends on what is said to be wrong or not used", at: index, then: step)
    }

    /// The acts that mark a case and move nothing in it.
    static let marks: Set<CommandKind> = [.noteUnused, .freezeCard, .hide]

    static func lasting(_ outcome: Result<(authorized: Authorized<Command>, events: [Event]), Refusal>)
        -> [Event]?
    {
        if case .success(let done) = outcome { lasting(done.events) } else { nil }
    }

    /// The events without those that tell somebody, and those that freeze or hide a card.
    static func lasting(_ events: [Event]) -> [Event] {
        events.filter { event in
            if case .noticed = event { return false }
            if case .cardFrozen = event { return false }
            if case .cardUnfrozen = event { return false }
            if case .cardHidden = event { return false }
            if case .cardShownAgain = event { return false }
            return true
        }
    }
}
