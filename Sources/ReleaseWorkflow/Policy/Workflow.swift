/// One row of a workflow's table. Shared, not copied: every decision carries the row that made it.
public final class Transition: Hashable, Sendable {
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

    public static func == (left: Transition, right: Transition) -> Bool {
        left === right
            || left.command == right.command && left.role == right.role && left.channels == right.channels
                && left.origins == right.origins && left.destination == right.destination
                && left.guards == right.guards && left.effects == right.effects && left.tellings == right.tellings
                && left.seenBy == right.seenBy
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(command)
        hasher.combine(role)
        hasher.combine(origins)
    }

    /// The conditions of a pairing that this row asks: all of them where somebody is named; those of a place at the
    /// mentor's yes; and all but those in every further step up to the one that opens the card. Whoever goes on with a
    /// card that was open asks their own list alone.
    fileprivate func conditions(of pairing: [Guard], in shape: Workflow.Shape, canFreeze: Bool) -> [Guard] {
        // Staff open no card of which somebody says that it is wrong.
        if canFreeze, command == .disclose || command == .alert {
            return pairing.filter { !Guard.ofPlace.contains($0) } + [.cardNotFrozen]
        }
        if pairing.isEmpty { return [] }
        switch command {
        case .propose, .invite: return pairing
        case .acceptSlot, .agree: return pairing.filter { Guard.ofPlace.contains($0) || $0 == .acknowledgementCurrent }
        case .offer, .sign, .disclose, .alert: return pairing.filter { !Guard.ofPlace.contains($0) }
        // What brings the case to another place opens again what was closed: neither may keep the other away then.
        case .correct, .extend, .renew: return destination == .same ? [.notOnOwnList] : [.notOnOwnList, .notKeptApart]
        case .request, .completeSurvey, .slotUnavailable, .withdrawProposal, .refuseMentor, .decline, .recordCall,
            .recordMeeting, .requestCallBack, .handOff, .end, .rescind, .expire, .rematch, .ask, .refuseInvitation,
            .answer, .notAMatch, .giveNotice, .seekSecond, .remindEnd, .finish, .lapse, .remindRelease, .remindCall,
            .withdrawCard, .recordTried, .undoNote, .freezeCard, .unfreezeCard, .hide,
            .showAgain, .noteUnused, .letGo, .awaitExtension:
            return []
        }
    }

    /// The same row with more conditions.
    public func adding(guards more: [Guard]) -> Transition {
        let missing = more.filter { !guards.contains($0) }
        if missing.isEmpty { return self }
        return Transition(
            command: command, role: role, channels: channels, origins: origins, destination: destination,
            guards: guards + missing,
            effects: effects, tellings: tellings, seenBy: seenBy)
    }
}

/// A state machine as a policy declares it, compiled to numbers. Shared, not copied.
public final class Workflow: Hashable, Sendable {
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
        /// The words for whoever makes the first contact; nil where the program's own serve.
        public var callScript: String?

        public init(
            opener: Role, counterpart: Role?, discloser: Role, recipient: Reader, subject: Role, reader: Reader,
            isMutual: Bool,
            rescissionCloses: RescissionCloses, purpose: Purpose, opens: [CommandKind], callScript: String? = nil
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
            self.callScript = callScript
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
    /// The conditions that bringing the two together rests on. They are part of every row that leads to a card, whether
    /// or not the row names them: no table can forget them.
    public let pairing: [Guard]
    /// The pair's own flow; nil where the pair notes nothing here.
    public let privateFlow: PrivateFlow?
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
        handOff: Position?, shape: Shape, pairing: [Guard] = [],
        privateFlow: PrivateFlow? = nil, transitions written: [Transition]
    ) {
        let canFreeze = written.contains { $0.command == .freezeCard }
        let transitions = written.map { row in
            let opening: [Guard] = row.command.opensSomething ? [.notSuspended] : []
            return row.adding(guards: row.conditions(of: pairing, in: shape, canFreeze: canFreeze) + opening)
        }
        self.id = id
        self.names = names
        self.initial = initial
        self.ended = ended
        self.ending = ending
        self.handOff = handOff
        self.shape = shape
        self.pairing = pairing
        self.privateFlow = privateFlow
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

    public static func == (left: Workflow, right: Workflow) -> Bool {
        left === right
            || left.id == right.id && left.names == right.names && left.initial == right.initial
                && left.ended == right.ended && left.ending == right.ending && left.handOff == right.handOff
                && left.shape == right.shape && left.privateFlow == right.privateFlow && left.pairing == right.pairing
                && left.transitions == right.transitions
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(names)
    }

    /// The rows for `command` in this state, in the policy's order.
    public func transitions(on command: CommandKind, from position: Position) -> [Transition] {
        table[Workflow.row(of: command)][Int(position.number)]
    }

    public func name(of position: Position) -> String { names[Int(position.number)] }

    public func position(named name: String) -> Position? {
        names.firstIndex(of: name).map { Position(number: UInt8($0)) }
    }

    /// The least that `pairing` has to name: the conditions that the program's own rules make a match rest on.
    public func demandedPairing(under policy: Policy) -> [Guard] {
        guard let counterpart else { return [] }
        var demanded: [Guard] = [.notKeptApart]
        if policy.eligibility.requirement(of: opener) != .nothing { demanded.append(.openerEligible) }
        if !policy.agreements(of: opener).isEmpty { demanded.append(.agreementsCurrent) }
        if transitions.contains(where: { $0.command == .completeSurvey }) { demanded.append(.mustsMet) }
        if !policy.eligibility.attestedWithin.isEmpty { demanded.append(.attestedLately) }
        if counterpart == .mentor {
            demanded += [.pairEligible] + Guard.ofPlace
            if !policy.agreements(of: .mentor).isEmpty { demanded.append(.acknowledgementCurrent) }
        } else {
            demanded += [.counterpartUnderContract, .counterpartHadMentor]
        }
        return demanded
    }

    /// The channels by which a release of this workflow can be taken back, in the order of the vocabulary: those that
    /// its form names, or, in a policy that was written before a form had to name them, those of any row for `rescind`.
    public func rescissionChannels(under policy: Policy) -> [Channel] {
        let named = policy.release.statements.revocationBy
        let rows = transitions.filter { $0.command == .rescind }
        return Channel.allCases.filter { channel in
            named.isEmpty ? rows.contains { $0.channels.contains(channel) } : named.contains(channel)
        }
    }

    public func isAtRest(_ position: Position) -> Bool { position == initial || ended.contains(position) }

    /// True if nothing can be done here that depends on the days of a round: the round is over, and what is left is to
    /// take back or to begin anew.
    func isQuiet(_ position: Position) -> Bool {
        isAtRest(position)
            && transitions.filter { $0.origins.contains(position) }.allSatisfy { row in
                row.role != .clock && row.guards.allSatisfy { $0.isExternal || $0 == .notRescinded }
            }
    }

    private static let rows = Dictionary(
        uniqueKeysWithValues: CommandKind.allCases.enumerated().map { ($0.element, $0.offset) })

    private static func row(of command: CommandKind) -> Int { rows[command, default: 0] }
}
