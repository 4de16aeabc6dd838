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
    let rows: [[Transition]]
    var nodes: [Node] = []
    var edges: [Edge] = []
    /// One state for each position in which what was signed could not be used for too long, on the day after.
    var unused: [Node] = []
    var seen: [Normal: Int] = [:]
    /// The commands of the clock, in the order of the vocabulary.
    let clockKinds: [CommandKind]
    let rescissionChannels: [Channel]
    /// By position: whether nothing there depends on the days of the round.
    private let quiet: [Bool]
    let possibility: Possibility
    /// The conditions that the first opening of a card must rest on.
    let demanded: [Guard]
    var fired: Set<ObjectIdentifier> = []
    var firedPrivately: Set<PrivateFlow.Row> = []
    var refusable: [ObjectIdentifier: Set<Guard>] = [:]
    var failures: [PolicyProperty: Counterexample] = [:]

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
    mutating func add(_ node: Node) -> Int {
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

    func moment(_ today: CivilDate) -> Moment {
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

    func actor(of role: Role, by channels: [Channel], in state: State) -> Actor? {
        if role == .clock { return .clock }
        let channel = channels.contains(.screen) ? Channel.screen : channels.first ?? .screen
        if role.isStaff { return Actor(.staff(Self.staff), channel: channel) }
        if role == workflow.opener { return Self.person(Self.opener, by: channel) }
        return state.round?.counterpart.map { Self.person($0, by: channel) }
    }

    static func person(_ person: PersonID, by channel: Channel) -> Actor {
        Actor(.person(person), agent: channel == .screen ? nil : staff, channel: channel)
    }

    mutating func visit(_ index: Int) {
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

    /// The state to which declining must lead back: where the round began, which for one that begins with the end of
    /// another is after that.
    func startOfDraft(_ node: Node, _ events: [Event], _ after: State) -> State? {
        if after.round?.id == node.state.round?.id { return node.began }
        let start = events.firstIndex { if case .roundStarted = $0 { true } else { false } } ?? 0
        let before = evolve(node.state, events[..<start].filter { !isOfDraft($0) })
        return before
    }

    func isOfDraft(_ event: Event) -> Bool { if case .noticed = event { true } else { false } }

    /// Two signed rounds; the third would only repeat the second.
    func isWithinBounds(_ command: Command, _ state: State) -> Bool {
        if command.kind.asksAnew { return state.signedRounds < 2 }
        return command.kind != .sign || state.currentRelease != nil || state.signedRounds < 2
    }

    /// Takes every due transition of the clock.
    mutating func settle(_ state: State, on today: CivilDate, from index: Int) -> State {
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

    /// P10, second half: each guard of a transition refuses it somewhere.
    mutating func recordGuards(of transition: Transition, _ command: Command, _ actor: Actor, _ node: Node) {
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

    func describe(_ actor: Actor, _ role: Role, _ command: Command, in state: State) -> String {
        let agent = actor.agent == nil ? "" : " through the coordinator"
        let object = command.namedCounterpart.map { person in
            " the \(person == Self.others[0] ? "first" : "second") \(workflow.counterpart?.rawValue ?? "")"
        }
        return "\(role.rawValue) on \(actor.channel.rawValue)\(agent): \(command.kind.rawValue)\(object ?? "")"
    }
}
