/// One row of a workflow's table.
public struct Transition: Hashable, Sendable {
    public enum Destination: Hashable, Sendable {
        case state(Position)
        /// Where the round began.
        case roundStart
        /// Wherever the case is.
        case same
    }

    public let command: CommandKind
    public let role: Role
    public let channels: [Channel]
    public let origins: [Position]
    public let destination: Destination
    public let guards: [Guard]
    public let effects: [Effect]
    public let tellings: [Telling]
    /// Whose view shows that it happened.
    public let seenBy: [Role]

    public init(
        command: CommandKind, role: Role, channels: [Channel], origins: [Position], destination: Destination,
        guards: [Guard] = [], effects: [Effect] = [], tellings: [Telling] = [], seenBy: [Role] = []
    ) {
        self.command = command
        self.role = role
        self.channels = channels
        self.origins = origins
        self.destination = destination
        self.guards = guards
        self.effects = effects
        self.tellings = tellings
        self.seenBy = seenBy
    }
}

/// A state machine as a policy declares it, compiled to numbers.
public struct Workflow: Hashable, Sendable {
    public let id: String
    /// The names of its states; a ``Position`` counts into them.
    public let names: [String]
    public let initial: Position
    public let ended: Set<Position>
    /// The state after which the program is out, or nil for `handoff: none`.
    public let handOff: Position?
    /// The role of the person whose case it is, and of the one they are brought together with.
    public let opener: Role
    public let counterpart: Role
    /// Who signs the release and whom it names.
    public let discloser: Role
    public let recipient: Role
    /// Whose fields the card shows and who reads it.
    public let subject: Role
    public let reader: Role
    public let purpose: Purpose
    /// The only commands that may open a card.
    public let opens: [CommandKind]
    public let transitions: [Transition]
    private let table: [[[Transition]]]

    public init(
        id: String, names: [String], initial: Position, ended: Set<Position>, handOff: Position?, opener: Role,
        counterpart: Role, discloser: Role, recipient: Role, subject: Role, reader: Role, purpose: Purpose,
        opens: [CommandKind], transitions: [Transition]
    ) {
        self.id = id
        self.names = names
        self.initial = initial
        self.ended = ended
        self.handOff = handOff
        self.opener = opener
        self.counterpart = counterpart
        self.discloser = discloser
        self.recipient = recipient
        self.subject = subject
        self.reader = reader
        self.purpose = purpose
        self.opens = opens
        self.transitions = transitions
        var table = [[[Transition]]](
            repeating: [[Transition]](repeating: [], count: names.count), count: CommandKind.allCases.count)
        for transition in transitions {
            for origin in transition.origins {
                table[Workflow.row(of: transition.command)][Int(origin.number)].append(transition)
            }
        }
        self.table = table
    }

    /// The rows for `command` in this state, in the policy's order.
    public func transitions(on command: CommandKind, from position: Position) -> [Transition] {
        table[Workflow.row(of: command)][Int(position.number)]
    }

    public func name(of position: Position) -> String { names[Int(position.number)] }

    public func position(named name: String) -> Position? {
        names.firstIndex(of: name).map { Position(number: UInt8($0)) }
    }

    public func isAtRest(_ position: Position) -> Bool { position == initial || ended.contains(position) }

    private static let rows = Dictionary(
        uniqueKeysWithValues: CommandKind.allCases.enumerated().map { ($0.element, $0.offset) })

    private static func row(of command: CommandKind) -> Int { rows[command, default: 0] }
}
