/// One step of a case: the events of one command, how it came, and whose view shows it.
public struct CaseStep: Hashable, Sendable {
    public let events: [Event]
    public let rule: String
    public let on: CivilDate
    public let channel: Channel
    /// The state that the step led to, and the roles whose view shows it.
    public let visibility: Visibility
    /// The last state that each role had been shown of the draft, where a draft became the case in this step and the
    /// step shows that role nothing. It is kept because one who asks must not see by a change of state that somebody
    /// has signed.
    public let earlier: [Visibility]?
    /// The person whose act it was and the member of staff who recorded it for them; nil for one's own act, and in
    /// what was recorded before that was kept.
    public let recorded: Recorded?

    /// The pair that parted, where the step is theirs and the next search had begun; nil otherwise.
    public var parting: RoundID? {
        if case .ofParting(let id, _)? = events.first { id } else { nil }
    }

    public struct Recorded: Hashable, Sendable {
        public let person: PersonID
        public let by: PersonID
        public init(person: PersonID, by agent: PersonID) { (self.person, by) = (person, agent) }
    }

    public init(
        events: [Event], rule: String, on date: CivilDate, channel: Channel, visibility: Visibility,
        earlier: [Visibility]? = nil, recorded: Recorded? = nil
    ) {
        self.events = events
        self.rule = rule
        on = date
        self.channel = channel
        self.visibility = visibility
        self.earlier = earlier
        self.recorded = recorded
    }
}

/// A state that was reached, and the roles that are shown that it was.
public struct Visibility: Hashable, Sendable {
    public let state: String
    public let seenBy: [Role]
    public init(state: String, seenBy: [Role]) {
        self.state = state
        self.seenBy = seenBy
    }
}

/// The content of a draft until it is signed or declined.
public struct DraftHistory: Hashable, Sendable {
    public var events: [Event]
    /// The requester's name for the volunteer's form.
    public var display: String?
    /// The states that the draft went through, each with the roles whose view shows it.
    public var visibilities: [Visibility]

    public init(events: [Event] = [], display: String? = nil, visibilities: [Visibility] = []) {
        self.events = events
        self.display = display
        self.visibilities = visibilities
    }

    /// The last state that each role was shown, for those whom a step of `seenBy` shows nothing.
    public func lastShown(except seenBy: [Role]) -> [Visibility] {
        Set(visibilities.flatMap(\.seenBy)).subtracting(seenBy).sorted { $0.rawValue < $1.rawValue }.compactMap {
            role in
            visibilities.last { $0.seenBy.contains(role) }.map { Visibility(state: $0.state, seenBy: [role]) }
        }
    }
}

/// A case as it was decoded once: what happened, and where it stands.
///
/// It holds the folded public events and the draft and nothing else: no row, no due date, no policy, no private event,
/// nothing that depends on the day. What depends on those is computed from it each time, so that a history can be kept
/// and shared.
public struct CaseHistory: Hashable, Sendable {
    public let opener: PersonID
    /// The first state of the workflow under which the case is folded.
    private let initial: Position
    public private(set) var steps: [CaseStep]
    public private(set) var draft: DraftHistory?
    /// Folded from the public events and the draft.
    public private(set) var state: State

    /// - Parameter initial: the first state of the workflow under which the case is folded.
    public init(opener: PersonID, initial: Position, steps: [CaseStep], draft: DraftHistory?) {
        self.opener = opener
        self.initial = initial
        self.steps = steps
        self.draft = draft
        let settled = steps.reduce(State(opener: opener, position: initial)) { evolve($0, $1.events) }
        state = draft.map { evolve(settled, $0.events) } ?? settled
    }

    /// Adds a step.
    ///
    /// - Parameter endsDraft: true if the step signs the draft, which then becomes part of the case. An act on an
    ///   earlier round leaves the draft open.
    public mutating func append(_ step: CaseStep, to state: State, endsDraft: Bool) {
        steps.append(step)
        if endsDraft { draft = nil }
        self.state = state
    }

    /// Replaces the draft.
    public mutating func put(_ draft: DraftHistory, state: State) {
        self.draft = draft
        self.state = state
    }

    /// Takes up the pair's own events, for a decision about the pair alone. Such a history is never kept.
    public func with(privateEvents: [Event]) -> CaseHistory {
        var copy = self
        copy.state = evolve(state, privateEvents)
        return copy
    }

    /// The case as it was while `person` was the counterpart: who was the counterpart of an earlier round knows of
    /// nothing after it but what they took back themselves.
    public func asLastKnown(to person: PersonID, initial: Position) -> CaseHistory {
        let (count, last) = lastStep(from: initial) { $0.round?.counterpart == person }
        let own = Set(last.releases.filter { $0.discloser == person }.map(\.id))
        let takenBack = steps[count...].flatMap(\.events).filter { event in
            if case .releaseRescinded(let id, _) = event { own.contains(id) } else { false }
        }
        let later = last.round.map { stepsOfParting($0.id, after: count) } ?? []
        var copy = self
        copy.steps = steps.prefix(count) + later
        copy.draft = nil
        copy.state = later.reduce(evolve(last, takenBack)) { evolve($0, $1.events) }
        return copy
    }

    /// The case as whoever opened it has it before them once a round is over in which somebody else signed, and they
    /// signed nothing and were shown nothing: as it was before they asked, with what came since of the rounds before.
    /// Nil in every other case.
    public func asUntold(in workflow: Workflow) -> CaseHistory? {
        guard draft == nil, workflow.isAtRest(state.position), !state.roundReleases.isEmpty,
            !state.roundReleases.contains(where: { $0.discloser == opener || $0.cardVersion > 0 }),
            let start = steps.lastIndex(where: { $0.events.contains(where: \.beginsRound) })
        else { return nil }
        var copy = CaseHistory(opener: opener, initial: initial, steps: Array(steps[..<start]), draft: nil)
        let (before, now) = (copy.state.round?.id, state.round?.id)
        for step in steps[start...].dropFirst() where step.parting != now {
            // A pair that parted meanwhile is the one that is here, where nothing is known of the search beside it.
            let events = step.parting == before ? step.events.flatMap(\.unwrapped) : step.events
            let isEarlier = events.contains { event in
                if case .releaseRescinded(let id, _) = event { return copy.state.releases.contains { $0.id == id } }
                return step.parting != nil
            }
            guard isEarlier else { continue }
            let known = CaseStep(
                events: events, rule: step.rule, on: step.on, channel: step.channel, visibility: step.visibility,
                recorded: step.recorded)
            copy.append(known, to: evolve(copy.state, events), endsDraft: false)
        }
        return copy.asUntold(in: workflow) ?? copy
    }

    /// The case as it is for a pair that parts while the search for the next goes on. Nil for every other round.
    public func ofParting(_ id: RoundID) -> CaseHistory? {
        guard let own = state.ofParting(id) else { return nil }
        let (count, _) = lastStep(from: initial) { $0.round?.id == id }
        var copy = self
        copy.steps = steps.prefix(count) + stepsOfParting(id, after: count)
        copy.draft = nil
        copy.state = own
        return copy
    }

    /// The number of steps up to the last after which `holds`, and the state then.
    private func lastStep(from initial: Position, _ holds: (State) -> Bool) -> (count: Int, state: State) {
        var (state, count, last) = (State(opener: opener, position: initial), 0, self.state)
        for (number, step) in steps.enumerated() {
            state = evolve(state, step.events)
            if holds(state) { (count, last) = (number + 1, state) }
        }
        return (count, last)
    }

    /// The later steps that are a parting pair's own, as they would be without the search that goes on beside it.
    private func stepsOfParting(_ id: RoundID, after count: Int) -> [CaseStep] {
        steps[count...].compactMap { step in
            guard step.parting == id else { return nil }
            return CaseStep(
                events: step.events.flatMap(\.unwrapped), rule: step.rule, on: step.on, channel: step.channel,
                visibility: step.visibility, recorded: step.recorded)
        }
    }

    /// The case as it was for `person` when they were set aside, which they do not learn: they go on being shown that.
    /// Nil for everybody whose place is not held.
    public func asHeld(for person: PersonID, role: Role) -> CaseHistory? {
        guard let draft, let held = state.round?.held.first(where: { $0.person == person }) else { return nil }
        let isSetAside: (Event) -> Bool = { event in
            if case .counterpartSetAside(person, _, _) = event { true } else { false }
        }
        guard let end = draft.events.lastIndex(where: isSetAside) else { return nil }
        var copy = CaseHistory(opener: opener, initial: initial, steps: steps, draft: nil)
        let kept = DraftHistory(
            events: Array(draft.events[..<end]), display: draft.display,
            visibilities: [Visibility(state: held.shown, seenBy: [role])])
        copy.put(kept, state: evolve(copy.state, kept.events))
        return copy
    }

    /// The last step that staff recorded for somebody, that ended something, and that is not marked as an error yet;
    /// nil where there is none.
    public var markable: Int? {
        let marked = Set(
            steps.flatMap(\.events).compactMap { event in
                if case .recordedInError(let number) = event { number } else { nil }
            })
        return steps.indices.last { number in
            steps[number].recorded != nil && !marked.contains(number)
                && steps[number].events.flatMap(\.unwrapped).contains(where: \.ends)
        }
    }

    /// Every word that was drawn in this case.
    public var words: [String] {
        (steps.flatMap(\.events) + (draft?.events ?? [])).compactMap { event in
            if case .wordDrawn(let word) = event { word } else { nil }
        }
    }

    /// The steps that a role can know of: the counterpart of a round knows nothing of the rounds before.
    public func steps(knownTo role: Role, in workflow: Workflow) -> [CaseStep] {
        guard role == workflow.counterpart else { return steps }
        if draft != nil { return [] }
        let last = steps.lastIndex { $0.events.contains(where: \.beginsRound) }
        return steps[(last ?? 0)...].filter { !isOfAnotherPair($0) }
    }

    /// True if a step is of a pair that parted while the one that is here now was sought or found.
    private func isOfAnotherPair(_ step: CaseStep) -> Bool {
        step.parting.map { $0 != state.round?.id } ?? false
    }

    /// The last state whose transition this role is shown: a mentee learns nothing of a proposal, a requester nothing
    /// of a refusal.
    public func visibleState(to role: Role, in workflow: Workflow) -> String {
        let known = steps(knownTo: role, in: workflow)
        if let shown = draft?.visibilities.last(where: { $0.seenBy.contains(role) }) { return shown.state }
        for step in known.reversed() where !isOfAnotherPair(step) {
            if step.visibility.seenBy.contains(role) { return step.visibility.state }
            if let earlier = step.earlier?.last(where: { $0.seenBy.contains(role) }) { return earlier.state }
        }
        return workflow.name(of: workflow.initial)
    }

    /// The last release whose signature this role is shown; nil where they are shown none.
    public func lastReleaseShown(to role: Role) -> ReleaseID? {
        for step in steps.reversed() where step.visibility.seenBy.contains(role) {
            for event in step.events.reversed() { if case .releaseSigned(let id, _, _, _, _) = event { return id } }
        }
        return nil
    }

    /// The days from asking to being matched, of every round that was matched before `day`.
    public func waits(matchedBefore day: CivilDate) -> [Int] {
        var waits: [Int] = []
        var since: CivilDate?
        for event in steps.flatMap(\.events) {
            if case .roundOpened(_, _, _, _, _, let began) = event { since = began }
            if case .matchMade(let on) = event, let began = since, on < day {
                waits.append(on.dayNumber - began.dayNumber)
            }
        }
        return waits
    }
}
