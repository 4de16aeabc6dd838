/// The table of who can do what in which state: every combination of state, command, principal and channel, decided.
///
/// Built by asking the real `authorize` and `decide` in every state the proofs reach: a combination is allowed if it is
/// allowed in some reachable case at that state, with every external guard holding.
public struct DecisionTable: Sendable {
    /// One combination.
    public struct Question: Hashable, Sendable {
        public let state: String
        public let command: CommandKind
        /// The principal's role; nil is a person with no part in the case.
        public let principal: Role?
        public let channel: Channel

        public init(state: String, command: CommandKind, principal: Role?, channel: Channel) {
            self.state = state
            self.command = command
            self.principal = principal
            self.channel = channel
        }
    }

    /// The result: the states it leads to, or the refusal if it never leads anywhere.
    public enum Answer: Hashable, Sendable {
        case leads(Set<String>)
        case refused(Refusal)
    }

    public let workflow: Workflow
    public private(set) var answers: [Question: Answer] = [:]

    /// - Complexity: as ``prove(_:workflow:)``.
    public init(_ loaded: LoadedPolicy, workflow: Workflow) {
        self.workflow = workflow
        var explorer = Explorer(loaded: loaded, workflow: workflow)
        explorer.explore()
        let principals: [(Role?, Principal)] =
            [(workflow.opener, .person(Explorer.opener))]
            + (workflow.counterpart.map { role in Explorer.others.map { (role, .person($0)) } } ?? [])
            + [(nil, .person(Explorer.stranger)), (.coordinator, .staff(Explorer.staff)), (.clock, .clock)]
        var known: Set<Position> = []
        for node in explorer.nodes + explorer.unused {
            let isFirst = known.insert(node.state.position).inserted
            for command in explorer.commands(in: node.state) {
                let rows = workflow.transitions(on: command.kind, from: node.state.position)
                for (role, principal) in principals {
                    for channel in Channel.allCases {
                        // Where no row is meant, every case at this state is refused alike.
                        let isMeant = rows.contains { $0.role == role && $0.channels.contains(channel) }
                        guard isFirst || isMeant || command.kind == .rescind || command.kind.isPrivate else { continue }
                        let question = Question(
                            state: workflow.name(of: node.state.position), command: command.kind, principal: role,
                            channel: channel)
                        let isForPerson = if case .person = principal { true } else { false }
                        let agent = isForPerson && (channel == .phone || channel == .paper) ? Explorer.staff : nil
                        let actor = Actor(principal, agent: agent, channel: channel)
                        // What is due has happened in every explored state, so the clock is asked on the days that come
                        // next.
                        let days = role == .clock ? [node.today] + explorer.daysAhead(node) : [node.today]
                        for day in days {
                            let outcome = explorer.outcome(command, by: actor, in: node.state, on: day)
                            note(outcome.map { evolve(node.state, $0.events).position }, question)
                        }
                    }
                }
            }
        }
    }

    /// Adds one outcome to a question's answer. An outcome that leads somewhere wins over a refusal. Of two refusals
    /// the one that was raised later in the order of checks is kept, because it explains more.
    private mutating func note(_ outcome: Result<Position, Refusal>, _ question: Question) {
        switch (outcome, answers[question]) {
        case (.success(let position), .leads(let known)):
            answers[question] = .leads(known.union([workflow.name(of: position)]))
        case (.success(let position), _): answers[question] = .leads([workflow.name(of: position)])
        case (.failure, .leads): break
        case (.failure(let refusal), .refused(let known)) where Self.closeness(known) >= Self.closeness(refusal): break
        case (.failure(let refusal), _): answers[question] = .refused(refusal)
        }
    }

    private static func closeness(_ refusal: Refusal) -> Int {
        switch refusal {
        case .illegalTransition: 0
        case .wrongPrincipal: 1
        case .wrongChannel: 2
        case .wrongAgent: 3
        case .conditionFailed, .argumentMissing, .elementMissing, .notFound, .cardClosed, .cardFrozen, .keyReused,
            .stillOpen,
            .notSigning, .awaitsConfirmation, .outdated, .versionChanged, .electronicFirst, .programEnds,
            .needsSecondHand,
            .cannotGoOn,
            .cannotBringTogether:
            4
        }
    }

    /// The allowed combinations as rows, merged over channels, in the order of the states and commands.
    public var allowed: [(state: String, command: CommandKind, role: Role, channels: [Channel], leadsTo: [String])] {
        var rows: [(state: String, command: CommandKind, role: Role, channels: [Channel], leadsTo: [String])] = []
        for state in workflow.names {
            for command in CommandKind.allCases {
                for role in Role.allCases {
                    var byDestination: [[String]: [Channel]] = [:]
                    for channel in Channel.allCases {
                        let question = Question(state: state, command: command, principal: role, channel: channel)
                        if case .leads(let names)? = answers[question] {
                            byDestination[names.sorted(), default: []].append(channel)
                        }
                    }
                    for (names, channels) in byDestination.sorted(by: { $0.key.joined() < $1.key.joined() }) {
                        rows.append((state, command, role, channels, names))
                    }
                }
            }
        }
        return rows
    }
}

/// A policy's table of cases: which combinations are allowed and where they lead; every other must be refused.
///
/// One case a line: workflow, state, command, `role/channel,channel`, `->`, the states it may lead to separated by
/// commas. `#` begins a comment.
///
/// ```
/// mentorship  signed  disclose  coordinator/screen,paper  -> introduced
/// ```
public struct PolicyCases: Sendable {
    public struct Case: Hashable, Sendable {
        public let line: Int
        public let workflow: String
        public let state: String
        public let command: String
        public let role: String
        public let channels: [String]
        public let leadsTo: Set<String>
    }

    /// A line that does not hold, or an allowed combination that no line names.
    public struct Finding: Error, Hashable, Sendable, CustomStringConvertible {
        /// Nil for a combination that is missing from the table.
        public let line: Int?
        public let message: String
        public var description: String { line.map { "line \($0): \(message)" } ?? message }
    }

    public let cases: [Case]

    public init(parsing text: String) throws(Finding) {
        var cases: [Case] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }.map(String.init)
            if words.isEmpty { continue }
            let actor = words.count == 6 ? words[3].split(separator: "/").map(String.init) : []
            guard words.count == 6, words[4] == "->", actor.count == 2 else {
                throw Finding(
                    line: index + 1, message: "expected `workflow state command role/channel,… -> state,…`")
            }
            cases.append(
                Case(
                    line: index + 1, workflow: words[0], state: words[1], command: words[2], role: actor[0],
                    channels: actor[1].split(separator: ",").map(String.init),
                    leadsTo: Set(words[5].split(separator: ",").map(String.init))))
        }
        self.cases = cases
    }

    /// Compares with what the machine decides. Empty when they say the same.
    public func findings(in table: DecisionTable) -> [Finding] {
        var findings: [Finding] = []
        var named: Set<DecisionTable.Question> = []
        for row in cases where row.workflow == table.workflow.id {
            guard table.workflow.position(named: row.state) != nil, let command = CommandKind(rawValue: row.command),
                let role = Role(rawValue: row.role)
            else {
                findings.append(Finding(line: row.line, message: "unknown state, command or role"))
                continue
            }
            for name in row.channels {
                guard let channel = Channel(rawValue: name) else {
                    findings.append(Finding(line: row.line, message: "unknown channel `\(name)`"))
                    continue
                }
                let question = DecisionTable.Question(
                    state: row.state, command: command, principal: role, channel: channel)
                named.insert(question)
                switch table.answers[question] {
                case .leads(let states) where states == row.leadsTo: break
                case .leads(let states):
                    findings.append(
                        Finding(
                            line: row.line, message: "leads to \(states.sorted().joined(separator: ",")) by \(name)"))
                case .refused(let refusal):
                    findings.append(Finding(line: row.line, message: "is refused by \(name): \(refusal)"))
                case nil: findings.append(Finding(line: row.line, message: "state is never reached"))
                }
            }
        }
        for row in table.allowed {
            for channel in row.channels {
                let question = DecisionTable.Question(
                    state: row.state, command: row.command, principal: row.role, channel: channel)
                if !named.contains(question) {
                    findings.append(
                        Finding(
                            line: nil,
                            message:
                                "allowed but not in the table: \(table.workflow.id) \(row.state) \(row.command.rawValue) "
                                + "\(row.role.rawValue)/\(channel.rawValue) -> \(row.leadsTo.joined(separator: ","))"))
                }
            }
        }
        return findings
    }
}
