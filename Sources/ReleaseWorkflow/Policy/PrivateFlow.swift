/// The pair's own flow from the card to a meeting, as a policy declares it. Nobody else learns of it, and nothing waits
/// for it; the proofs walk it together with the public one.
public struct PrivateFlow: Hashable, Sendable {
    /// One row: who may note what, from where, to where.
    public struct Row: Hashable, Sendable {
        public let command: CommandKind
        public let role: Role
        public let origins: [Position]
        /// Nil where the pair stays where it is.
        public let destination: Position?
        public init(command: CommandKind, role: Role, origins: [Position], destination: Position?) {
            (self.command, self.role, self.origins, self.destination) = (command, role, origins, destination)
        }
    }

    public let names: [String]
    public let initial: Position
    /// The states of the public flow in which the pair notes anything.
    public let during: Set<Position>
    public let rows: [Row]

    public init(names: [String], initial: Position, during: Set<Position>, rows: [Row]) {
        (self.names, self.initial, self.during, self.rows) = (names, initial, during, rows)
    }

    public func name(of position: Position) -> String { names[Int(position.number)] }

    /// Where these notes have brought the pair.
    ///
    /// - Parameter kinds: what was noted, in its order.
    public func position(after kinds: [CommandKind]) -> Position {
        kinds.reduce(initial) { place, kind in
            rows.first { $0.command == kind && $0.origins.contains(place) }?.destination
                ?? rows.first { $0.command == kind }?.destination ?? place
        }
    }

    /// The row by which somebody in this role may note this now; nil where there is none.
    public func row(on command: CommandKind, by role: Role, after kinds: [CommandKind]) -> Row? {
        let place = position(after: kinds)
        return rows.first { row in
            // What moves nothing is noted once.
            row.command == command && row.role == role && row.origins.contains(place)
                && (row.destination != nil || !kinds.contains(command))
        }
    }
}
