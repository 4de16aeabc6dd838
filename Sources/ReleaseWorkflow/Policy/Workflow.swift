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
    /// The roles whose view shows that the act happened.
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

    /// The same row with more conditions.
    public func adding(guards more: [Guard]) -> Transition {
        Transition(
            command: command, role: role, channels: channels, origins: origins, destination: destination,
            guards: guards + more,
            effects: effects, tellings: tellings, seenBy: seenBy)
    }
}

/// A state machine as a policy declares it, compiled to numbers.
public struct Workflow: Hashable, Sendable {
    /// A reader of cards: a party of the case, or, outside clinical programs, a class of people.
    public enum Reader: Hashable, Sendable {
        case role(Role)
        case audience(Audience)

        public var plainWords: String {
            switch self {
            case .role(let role): "the \(role.rawValue)"
            case .audience(let audience): audience.plainWords
            }
        }
    }

    /// The extent of a rescission where both have released: one's own fields alone, or the exchange.
    public enum RescissionCloses: String, CaseIterable, Hashable, Sendable { case own, both }

    /// The parts that the roles play in a workflow: who opens it, discloses, receives, and reads.
    public struct Shape: Hashable, Sendable {
        /// The role of the person whose case it is, and of the one they are brought together with; a listing has none.
        public var opener: Role
        public var counterpart: Role?
        /// The signer of the release and the one whom it names.
        public var discloser: Role
        public var recipient: Reader
        /// The role whose fields the card shows, and the reader of the card.
        public var subject: Role
        public var reader: Reader
        /// True if both sign, each for the other.
        public var isMutual: Bool
        public var rescissionCloses: RescissionCloses
        public var purpose: Purpose
        /// The only commands that may open a card.
        public var opens: [CommandKind]

        public init(
            opener: Role, counterpart: Role?, discloser: Role, recipient: Reader, subject: Role, reader: Reader,
            isMutual: Bool,
            rescissionCloses: RescissionCloses, purpose: Purpose, opens: [CommandKind]
        ) {
            self.opener = opener
            self.counterpart = counterpart
            self.discloser = discloser
            self.recipient = recipient
            self.subject = subject
            self.reader = reader
            self.isMutual = isMutual
            self.rescissionCloses = rescissionCloses
            self.purpose = purpose
            self.opens = opens
        }
    }

    public let id: String
    /// The names of its states; a ``Position`` counts into them.
    public let names: [String]
    public let initial: Position
    public let ended: Set<Position>
    /// States in which everything is closed and only the label *ended* waits for a notice period.
    public let ending: Set<Position>
    /// The state after which the program is out, or nil for `handoff: none`.
    public let handOff: Position?
    public let shape: Shape
    public let transitions: [Transition]
    private let table: [[[Transition]]]

    public var opener: Role { shape.opener }
    public var counterpart: Role? { shape.counterpart }
    public var discloser: Role { shape.discloser }
    public var recipient: Reader { shape.recipient }
    public var subject: Role { shape.subject }
    public var reader: Reader { shape.reader }
    public var isMutual: Bool { shape.isMutual }
    public var rescissionCloses: RescissionCloses { shape.rescissionCloses }
    public var purpose: Purpose { shape.purpose }
    public var opens: [CommandKind] { shape.opens }
    /// The people of the case, in the order opener, counterpart.
    public var parties: [Role] { [shape.opener] + (shape.counterpart.map { [$0] } ?? []) }
    /// The readers, if they are a class.
    public var audience: Audience? { if case .audience(let audience) = shape.reader { audience } else { nil } }

    public init(
        id: String, names: [String], initial: Position, ended: Set<Position>, ending: Set<Position> = [],
        handOff: Position?,
        shape: Shape, transitions: [Transition]
    ) {
        self.id = id
        self.names = names
        self.initial = initial
        self.ended = ended
        self.ending = ending
        self.handOff = handOff
        self.shape = shape
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
