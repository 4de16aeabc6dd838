/// A property that every policy must keep. Stated in full in the design; proved here by walking every reachable state.
public enum PolicyProperty: String, CaseIterable, Hashable, Sendable {
    case p1 = "P1"
    case p2 = "P2"
    case p3 = "P3"
    case p4 = "P4"
    case p5 = "P5"
    case p6 = "P6"
    case p7 = "P7"
    case p8 = "P8"
    case p9 = "P9"
    case p10 = "P10"
    case p11 = "P11"
    case p12 = "P12"

    public var statement: String {
        switch self {
        case .p1:
            "a card is readable only under a live release by the person it describes, naming the reader, and not while that person says it is wrong or it is hidden"
        case .p2: "no card is readable after its release is rescinded"
        case .p3: "each bound person has a one-step exit, at which their fields close at once"
        case .p4: "after hand-off, until the person begins again, staff can close a card for good and nothing else"
        case .p5: "no card is readable once its case has ended or while it is hidden"
        case .p6: "a private event changes nothing that anybody else can ever observe or do"
        case .p7: "a card opens, or comes back from being hidden, only by the acts that the policy names"
        case .p8: "declining before signature returns to where the round began"
        case .p9: "the person and the clock alone can bring every state to an end"
        case .p10: "every transition fires somewhere, and every guard on it can refuse it"
        case .p11: "what a pair rests on holds in the step that first opens its card, by whatever road"
        case .p12:
            "a release can be taken back by its signer in one step, from everywhere, by every channel of its form"
        }
    }
}

/// A property that a workflow does not keep, with the shortest run that shows it.
public struct Counterexample: Error, Hashable, Sendable, CustomStringConvertible {
    public let property: PolicyProperty
    public let workflow: String
    /// The fault at the end of the run.
    public let finding: String
    /// One step a line, from the first request on.
    public let trace: [String]

    public var description: String {
        "\(property.rawValue) fails in `\(workflow)`: \(property.statement): \(finding)"
            + trace.enumerated().map { "\n  \($0.offset + 1). \($0.element)" }.joined()
    }
}

/// The extent of a proof.
public struct ProofReport: Hashable, Sendable {
    public let workflow: String
    public internal(set) var stateCount = 0
    public internal(set) var edgeCount = 0
    public internal(set) var counterexamples: [Counterexample] = []
}

/// Explores a workflow with the real `authorize`, `decide` and `evolve` in a finite world: one opener, two people who
/// may be the counterpart, a stranger, one coordinator, two signed rounds, every day that a deadline makes different.
/// External guards hold; each is taken away once for every transition that asks it, to show that it refuses.
///
/// States merge on ``Normal``: people by first appearance, days as before, on or after, counters capped at two. Due
/// clock transitions are taken as soon as they are due, as the service does before each batch.
///
/// - Returns: every property that fails, each with a shortest run to a failing state, in the order P1 to P12.
/// - Complexity: O(states × people × commands).
public func prove(_ loaded: LoadedPolicy, workflow: Workflow) -> ProofReport {
    var explorer = Explorer(loaded: loaded, workflow: workflow)
    explorer.explore()
    return explorer.report()
}

struct Explorer {
    /// The opener, two people who may be the counterpart, a stranger to the case, and one member of staff.
    static let opener = PersonID(high: 0, low: 1)
    static let others = [PersonID(high: 0, low: 2), PersonID(high: 0, low: 3)]
    static let stranger = PersonID(high: 0, low: 4)
    static let staff = PersonID(high: 0, low: 9)
    static let stateLimit = 200_000
    static let firstDay = CivilDate(dayNumber: 20_454)  // 2026-01-01

    struct Node {
        let state: State
        let today: CivilDate
        /// The state in which the current draft round began.
        let began: State?
        let parent: Int?
        let step: String
    }

    struct Edge {
        let from: Int
        let to: Int
        /// True if the opener alone, or the passing of time, takes it.
        let isOwn: Bool
    }

    /// Something that somebody could do: by one row of the table, over one of its channels.
    struct Act: Hashable {
        let command: Command
        let actor: Actor
    }

    let loaded: LoadedPolicy
    let workflow: Workflow
    /// The rows from each position.
    private let rows: [[Transition]]
    private(set) var nodes: [Node] = []
    private(set) var edges: [Edge] = []
    /// One state for each position in which what was signed could not be used for too long, on the day after.
    private(set) var unused: [Node] = []
    private var seen: [Normal: Int] = [:]
    /// The commands of the clock, in the order of the vocabulary.
    let clockKinds: [CommandKind]
    private let rescissionChannels: [Channel]
    /// By position: whether nothing there depends on the days of the round.
    private let quiet: [Bool]
    private let possibility: Possibility
    /// The conditions that the first opening of a card must rest on.
    private let demanded: [Guard]
    private var fired: Set<ObjectIdentifier> = []
    private var firedPrivately: Set<PrivateFlow.Row> = []
    private var refusable: [ObjectIdentifier: Set<Guard>] = [:]
    private var failures: [PolicyProperty: Counterexample] = [:]

    init(loaded: LoadedPolicy, workflow: Workflow) {
        self.loaded = loaded
        self.workflow = workflow
        possibility = Possibility(policy: loaded.policy, workflow: workflow)
        demanded = workflow.demandedPairing(under: loaded.policy) + [.notSuspended]
        rescissionChannels = workflow.rescissionChannels(under: loaded.policy)
        clockKinds = CommandKind.allCases.filter { kind in
            workflow.transitions.contains { $0.role == .clock && $0.command == kind }
        }
        quiet = workflow.names.indices.map { workflow.isQuiet(Position(number: UInt8($0))) }
        rows = workflow.names.indices.map { number in
            workflow.transitions.filter { $0.origins.contains(Position(number: UInt8(number))) }
        }
    }

    mutating func explore() {
        let start = State(opener: Self.opener, position: workflow.initial)
        add(Node(state: start, today: Self.firstDay, began: nil, parent: nil, step: "start"))
        var next = 0
        while next < nodes.count, nodes.count < Self.stateLimit {
            visit(next)
            next += 1
        }
        // What was not walked is not proved.
        if next < nodes.count {
            for property in PolicyProperty.allCases {
                fail(property, "the workflow has more than \(Self.stateLimit) states: too many to prove", at: nil)
            }
            return
        }
        checkEnds()
        for row in workflow.privateFlow?.rows ?? [] where !firedPrivately.contains(row) {
            fail(.p10, "`\(row.command.rawValue)` by \(row.role.rawValue) never fires", at: nil)
        }
        for transition in workflow.transitions {
            let name = "`\(transition.command.rawValue)` by \(transition.role.rawValue)"
            if !fired.contains(ObjectIdentifier(transition)) {
                fail(.p10, "\(name) never fires", at: nil)
            } else if let idle = transition.guards.first(where: {
                !refusable[ObjectIdentifier(transition), default: []].contains($0)
            }) {
                fail(.p10, "\(name): `\(idle.rawValue)` never refuses", at: nil)
            }
        }
    }

    func report() -> ProofReport {
        var report = ProofReport(workflow: workflow.id)
        report.stateCount = nodes.count
        report.edgeCount = edges.count
        report.counterexamples = PolicyProperty.allCases.compactMap { failures[$0] }
        return report
    }

    @discardableResult
    private mutating func add(_ node: Node) -> Int {
        let isQuiet = quiet[Int(node.state.position.number)]
        let key = Normal(node.state, today: node.today, began: node.began, isQuiet: isQuiet)
        if let index = seen[key] { return index }
        nodes.append(node)
        seen[key] = nodes.count - 1
        check(nodes.count - 1)
        return nodes.count - 1
    }

    mutating func fail(_ property: PolicyProperty, _ finding: String, at index: Int?, then step: String? = nil) {
        guard failures[property] == nil else { return }
        var trace: [String] = step.map { [$0] } ?? []
        var current = index
        while let here = current, nodes[here].parent != nil {
            trace.append(nodes[here].step)
            current = nodes[here].parent
        }
        failures[property] = Counterexample(
            property: property, workflow: workflow.id, finding: finding, trace: trace.reversed())
    }

    private func moment(_ today: CivilDate) -> Moment {
        Moment(instantMilliseconds: Int64(today.dayNumber) * 86_400_000, date: today)
    }

    /// The outcome of a command, exactly as the service would get it.
    func outcome(
        _ command: Command, by actor: Actor, in state: State, given facts: Facts = .all, on today: CivilDate
    ) -> Result<(authorized: Authorized<Command>, events: [Event]), Refusal> {
        do throws(Refusal) {
            let authorized = try authorize(
                command, by: actor, in: state, under: loaded, workflow: workflow, given: facts, at: moment(today))
            let events = try decide(
                authorized, in: state, under: loaded, workflow: workflow, given: facts, at: moment(today))
            return .success((authorized, events))
        } catch {
            return .failure(error)
        }
    }

    /// Every command that could be given in this state, with fresh identifiers.
    func commands(in state: State) -> [Command] { CommandKind.allCases.flatMap { commands($0, in: state) } }

    func commands(_ kind: CommandKind, in state: State) -> [Command] {
        let round = RoundID(high: 0, low: (state.round?.id.low ?? 0) + 1)
        let release = ReleaseID(high: 0, low: (state.releases.last?.id.low ?? 0) + 1)
        let others = kind.namesCounterpart ? Self.others : [Self.others[0]]
        let again = ReleaseID(high: 0, low: release.low + 1)
        return others.map { Command(kind, round: round, person: $0, release: release, again: again) }
    }

    /// The acts that are possible in this state: each row that begins here, by whoever holds its role, on a screen
    /// where it can be done there. That nobody else can, and that the channels of a row are alike, is `authorize`'s
    /// to keep and the table of decisions' to show. Taking back what was released in a round that is over has no row
    /// and is not walked: P12 shows in every state that it changes nothing else.
    func acts(in state: State) -> [Act] {
        var acts: [Act] = []
        for row in rows[Int(state.position.number)] {
            guard let actor = actor(of: row.role, by: row.channels, in: state) else { continue }
            acts += commands(row.command, in: state).map { Act(command: $0, actor: actor) }
        }
        guard let flow = workflow.privateFlow, flow.during.contains(state.position) else { return acts }
        for role in workflow.parties {
            guard let actor = actor(of: role, by: [.screen], in: state) else { continue }
            let kinds = Set(flow.rows.filter { $0.role == role }.map(\.command)).union([.undoNote])
            for kind in CommandKind.allCases where kinds.contains(kind) {
                acts += commands(kind, in: state).map { Act(command: $0, actor: actor) }
            }
        }
        return acts
    }

    private func actor(of role: Role, by channels: [Channel], in state: State) -> Actor? {
        if role == .clock { return .clock }
        let channel = channels.contains(.screen) ? Channel.screen : channels.first ?? .screen
        if role.isStaff { return Actor(.staff(Self.staff), channel: channel) }
        if role == workflow.opener { return Self.person(Self.opener, by: channel) }
        return state.round?.counterpart.map { Self.person($0, by: channel) }
    }

    private static func person(_ person: PersonID, by channel: Channel) -> Actor {
        Actor(.person(person), agent: channel == .screen ? nil : staff, channel: channel)
    }

    private mutating func visit(_ index: Int) {
        let node = nodes[index]
        var exits: Set<PersonID> = []
        // What the pair noted is the pair's at every state in which it notes anything, whatever came before: that it
        // changes nothing else is shown here, and so the others' acts are walked from where nothing is noted.
        let isNoted = node.state.privately != PrivateState()
        if isNoted { checkUnwinding(index) }
        var taken: [Act: [Event]] = [:]
        var marks = Marks()
        for act in acts(in: node.state)
        where isWithinBounds(act.command, node.state) && (!isNoted || act.command.kind.isPrivate) {
            let (command, actor) = (act.command, act.actor)
            guard case .success(let done) = outcome(command, by: actor, in: node.state, on: node.today) else {
                continue
            }
            let transition = done.authorized.transition
            recordGuards(of: transition, command, actor, node)
            if let flow = workflow.privateFlow, command.kind.isPrivate {
                let kinds = node.state.privately.notes.map(\.kind)
                if let row = flow.row(on: command.kind, by: done.authorized.role, after: kinds) {
                    firedPrivately.insert(row)
                }
            }
            let after = evolve(node.state, done.events)
            let step = describe(actor, done.authorized.role, command, in: node.state)
            checkStep(index, command, done, after, step)
            if take(&marks, index, act, done.events, after, step) { continue }
            taken[act] = done.events
            if case .person(let person) = actor.principal, actor.channel == .screen, isExit(for: person, after) {
                exits.insert(person)
            }
            var (state, began) = (after, nil as State?)
            if !after.parting.isEmpty {
                marks.partings.append((after, step))
                (state, began) = leavingParting(after, from: index, step)
            }
            let settled = settle(state, on: node.today, from: index)
            began = settled.isDraft ? began ?? startOfDraft(node, done.events, after) : nil
            let target = add(Node(state: settled, today: node.today, began: began, parent: index, step: step))
            edges.append(
                Edge(
                    from: index, to: target,
                    isOwn: actor.principal == .person(Self.opener) || actor.principal == .clock))
        }
        if isNoted { return }
        if !marks.frozen.isEmpty { checkFrozen(index, marks.frozen, taken) }
        for mark in marks.partings { checkParting(index, mark.state, mark.step, taken) }
        for mark in marks.hidden { checkHidden(index, mark.state, mark.step, taken) }
        if let unused = marks.unused { walkUnused(index, unused.state, unused.step, taken) }
        checkExits(index, exits)
        checkTakingBack(index)
        for day in daysAhead(node) {
            let settled = settle(node.state, on: day, from: index)
            let target = add(
                Node(state: settled, today: day, began: node.began, parent: index, step: "time passes until \(day)"))
            edges.append(Edge(from: index, to: target, isOwn: true))
        }
    }

    /// The acts of one state that mark it and move nothing: what is frozen or hidden can be read by nobody, what cannot
    /// be used is not used, and that is all. Each is shown where it is done, and nothing else is walked from it.
    private struct Marks {
        var frozen: [PersonID: String] = [:]
        var hidden: [(state: State, step: String)] = []
        var unused: (state: State, step: String)?
        /// Not a mark: the next search that begins while a notice runs.
        var partings: [(state: State, step: String)] = []
    }

    /// - Returns: whether the act is such a mark.
    private mutating func take(
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

    /// The state to which declining must lead back: where the round began, which for one that begins with the end of
    /// another is after that.
    private func startOfDraft(_ node: Node, _ events: [Event], _ after: State) -> State? {
        if after.round?.id == node.state.round?.id { return node.began }
        let start = events.firstIndex { if case .roundStarted = $0 { true } else { false } } ?? 0
        let before = evolve(node.state, events[..<start].filter { !isOfDraft($0) })
        return before
    }

    private func isOfDraft(_ event: Event) -> Bool { if case .noticed = event { true } else { false } }

    /// Two signed rounds; the third would only repeat the second.
    private func isWithinBounds(_ command: Command, _ state: State) -> Bool {
        if command.kind.asksAnew { return state.signedRounds < 2 }
        return command.kind != .sign || state.currentRelease != nil || state.signedRounds < 2
    }

    /// Takes every due transition of the clock.
    private mutating func settle(_ state: State, on today: CivilDate, from index: Int) -> State {
        var state = state
        for _ in 0..<8 {
            var isSettled = true
            // Losing one's standing, or what a pair rests on, may happen on any day, and so on none.
            let facts = Facts.all.without(.standingLost).without(.standingRegained).without(.pairingLost)
            for kind in clockKinds where !workflow.transitions(on: kind, from: state.position).isEmpty {
                for command in commands(kind, in: state) {
                    guard case .success(let taken) = outcome(command, by: .clock, in: state, given: facts, on: today)
                    else { continue }
                    let node = Node(state: state, today: today, began: nil, parent: nil, step: "")
                    recordGuards(of: taken.authorized.transition, command, .clock, node)
                    if taken.events.contains(where: \.opensCard) {
                        let step = "clock: \(kind.rawValue)"
                        if !workflow.opens.contains(kind) {
                            fail(.p7, "`\(kind.rawValue)` opens a card", at: index, then: step)
                        }
                        if !demanded.isEmpty, !state.roundReleases.contains(where: { $0.cardVersion > 0 }) {
                            fail(.p11, "the clock opens the first card and asks nothing", at: index, then: step)
                        }
                    }
                    state = evolve(state, taken.events)
                    isSettled = false
                }
            }
            if isSettled { break }
        }
        return state
    }

    /// The next day on which something becomes different: a deadline, or the day after one. Empty if none is ahead.
    func daysAhead(_ node: Node) -> [CivilDate] {
        let days = Self.deadlines(of: node.state).flatMap { [$0, $0.adding(days: 1)] }
        return Array(Set(days.filter { $0 > node.today })).sorted().prefix(1).map { $0 }
    }

    static func deadlines(of state: State) -> [CivilDate] {
        let round = state.round
        // The day before reminding, because the reminder goes out on its day.
        let reminder = round?.isReminded == false ? round?.endsOn?.adding(days: -Policy.Duration.reminderDays - 1) : nil
        return [
            ReleaseReminder.next(in: state)?.adding(days: -1), round?.callReminderOn?.adding(days: -1), round?.due,
            round?.handOffOn, round?.answerOn,
            round?.endsOn, reminder, round?.noticeUntil, round?.extensionUntil,
        ].compactMap {
            $0
        }
            + state.roundReleases.filter(\.isLive).map(\.expiresOn)
    }

    // MARK: Properties

    /// P1, P2 and P5: of one state.
    private mutating func check(_ index: Int) {
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
    private mutating func checkStep(
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
    private mutating func checkFirstOpening(
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
    private mutating func checkUnwinding(_ index: Int) {
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

    /// P1: after somebody said that their number is wrong, their card cannot be read and staff open none; everything
    /// else can be done as before, with the same consequences; and both ways back lead to where it was.
    ///
    /// - Parameters:
    ///   - steps: who can say so here, each with the step.
    ///   - taken: what can be done here where nobody says so, with its events.
    private mutating func checkFrozen(_ index: Int, _ steps: [PersonID: String], _ taken: [Act: [Event]]) {
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
    private mutating func checkHidden(_ index: Int, _ after: State, _ step: String, _ taken: [Act: [Event]]) {
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

    private mutating func checkFreezing(_ index: Int, _ events: [Event], _ step: String) {
        if Self.lasting(events).isEmpty { return }
        fail(.p1, "saying that a number is wrong changes more than that", at: index, then: step)
    }

    /// Walks on from what could not be used for so long that the clock closes it.
    private mutating func walkUnused(_ index: Int, _ state: State, _ step: String, _ taken: [Act: [Event]]) {
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
    private mutating func checkMarked(
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

    private mutating func failMarked(_ kind: CommandKind, _ index: Int, _ step: String) {
        fail(.p1, "`\(kind.rawValue)` depends on what is said to be wrong or not used", at: index, then: step)
    }

    /// The acts that mark a case and move nothing in it.
    private static let marks: Set<CommandKind> = [.noteUnused, .freezeCard, .hide]

    private static func lasting(_ outcome: Result<(authorized: Authorized<Command>, events: [Event]), Refusal>)
        -> [Event]?
    {
        if case .success(let done) = outcome { lasting(done.events) } else { nil }
    }

    /// The events without those that tell somebody, and those that freeze or hide a card.
    private static func lasting(_ events: [Event]) -> [Event] {
        events.filter { event in
            if case .noticed = event { return false }
            if case .cardFrozen = event { return false }
            if case .cardUnfrozen = event { return false }
            if case .cardHidden = event { return false }
            if case .cardShownAgain = event { return false }
            return true
        }
    }

    /// True if `person` is out after a step: the case is at rest, or they are no longer in it, and nothing of theirs is
    /// open.
    private func isExit(for person: PersonID, _ after: State) -> Bool {
        let isOut =
            workflow.isAtRest(after.position) || workflow.ending.contains(after.position) || !isBound(person, in: after)
        return isOut && !after.everyOpenCard.contains { $0.subject == person }
    }

    /// The opener is bound while the case is not at rest; the counterpart while they are named and their own release,
    /// if they signed one, is live.
    private func isBound(_ person: PersonID, in state: State) -> Bool {
        // While only the label waits, nobody is held by anything.
        if workflow.ending.contains(state.position), state.liveReleases.isEmpty { return false }
        if person == state.opener { return true }
        guard state.round?.counterpart == person else { return false }
        guard let release = state.currentRelease(of: person) else { return true }
        return release.isLive
    }

    private mutating func checkExits(_ index: Int, _ exits: Set<PersonID>) {
        let state = nodes[index].state
        guard !workflow.isAtRest(state.position) else { return }
        let parties = [
            (state.opener, workflow.opener), (state.round?.counterpart, workflow.counterpart ?? workflow.opener),
        ]
        for (person, role) in parties as [(PersonID?, Role)] {
            guard let person, isBound(person, in: state), !exits.contains(person) else { continue }
            fail(.p3, "the \(role.rawValue) has no way out of `\(workflow.name(of: state.position))`", at: index)
        }
    }

    /// P12: by every channel that the form names, by any release of a chain, without disturbing a draft; afterwards no
    /// card of the chain is readable.
    private mutating func checkTakingBack(_ index: Int) {
        guard failures[.p12] == nil else { return }
        let (state, today) = (nodes[index].state, nodes[index].today)
        for person in [Self.opener] + Self.others {
            for end in state.notTakenBack(by: person) {
                let chain = state.chain(of: end)
                let isEarlier = end.round != state.currentRelease?.round
                for channel in rescissionChannels {
                    let actor = Actor(.person(person), agent: channel == .screen ? nil : Self.staff, channel: channel)
                    // Whoever answers the telephone: nobody has to be the one whom the person is assigned to.
                    let facts = channel == .screen ? Facts.all : Facts.all.without(.assigned)
                    for named in chain.map(\.id) + (isEarlier ? [] : [nil]) {
                        let taken = outcome(.rescind(named), by: actor, in: state, given: facts, on: today)
                        if let problem = problemOfTakingBack(
                            end, chain, isEarlier, on: today, taken, state)
                        {
                            let role = person == state.opener ? workflow.opener : workflow.counterpart ?? .mentor
                            let step = describe(actor, role, .rescind(named), in: state)
                            fail(.p12, problem, at: index, then: step)
                        }
                    }
                }
            }
        }
    }

    private func problemOfTakingBack(
        _ end: ReleaseState, _ chain: [ReleaseState], _ isEarlier: Bool, on today: CivilDate,
        _ taken: Result<(authorized: Authorized<Command>, events: [Event]), Refusal>, _ state: State
    ) -> String? {
        let place = workflow.name(of: state.position)
        switch taken {
        case .failure(let refusal): return "in `\(place)` it is refused: \(refusal)"
        case .success(let taken):
            let after = evolve(state, taken.events)
            if after.releases.first(where: { $0.id == end.id })?.isRescinded != true {
                return "in `\(place)` it is not taken back"
            }
            if after.openCards.contains(where: { card in chain.contains { $0.id == card.release } }) {
                return "a card is readable after it"
            }
            // Of a round that is over, the person's word changes that release and nothing else.
            let alone = evolve(state, .releaseRescinded(end.id, on: today))
            return isEarlier && after != alone ? "the round that is under way is disturbed" : nil
        }
    }

    /// P9: backward from the ends, along what the opener and the clock can do.
    private mutating func checkEnds() {
        var incoming = [[Int]](repeating: [], count: nodes.count)
        for edge in edges where edge.isOwn { incoming[edge.to].append(edge.from) }
        // What the pair noted holds up nobody: the others' acts are walked from where nothing is noted.
        var ending = Set(
            nodes.indices.filter {
                workflow.isAtRest(nodes[$0].state.position) || nodes[$0].state.privately != PrivateState()
            })
        var queue = Array(ending)
        while let index = queue.popLast() {
            for from in incoming[index] where ending.insert(from).inserted { queue.append(from) }
        }
        if let stuck = nodes.indices.first(where: { !ending.contains($0) }) {
            fail(
                .p9, "`\(workflow.name(of: nodes[stuck].state.position))` cannot be ended by the person and the clock",
                at: stuck)
        }
    }

    /// P10, second half: each guard of a transition refuses it somewhere.
    private mutating func recordGuards(of transition: Transition, _ command: Command, _ actor: Actor, _ node: Node) {
        let row = ObjectIdentifier(transition)
        if transition.guards.allSatisfy(possibility.canHold) { fired.insert(row) }
        for condition in transition.guards where refusable[row]?.contains(condition) != true {
            if condition.isExternal {
                guard possibility.canFail(condition) else { continue }
                let refused = outcome(
                    command, by: actor, in: node.state, given: Facts.all.without(condition), on: node.today)
                if case .failure(.conditionFailed(condition)) = refused {
                    refusable[row, default: []].insert(condition)
                }
            } else {
                // Answered from the state and the day: their refusing side is shown by the tables of the guards
                // themselves.
                refusable[row, default: []].insert(condition)
            }
        }
    }

    private func describe(_ actor: Actor, _ role: Role, _ command: Command, in state: State) -> String {
        let agent = actor.agent == nil ? "" : " through the coordinator"
        let object = command.namedCounterpart.map { person in
            " the \(person == Self.others[0] ? "first" : "second") \(workflow.counterpart?.rawValue ?? "")"
        }
        return "\(role.rawValue) on \(actor.channel.rawValue)\(agent): \(command.kind.rawValue)\(object ?? "")"
    }
}

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
