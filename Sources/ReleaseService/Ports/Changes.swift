public import ReleaseWorkflow
public import TransparencyLog

/// The changes that a batch writes: rows by their keys, nil for a row that is deleted.
///
/// A value: a command that is refused drops the changes it had begun by keeping those from before it. Two writes of one
/// row are one. Drivers get all of it at once and decide how many statements it takes.
public struct Changes: Sendable {
    /// The key of a row of `access`.
    public struct AccessKey: Hashable, Sendable {
        public let kind: AccessRow.Kind
        public let token: [UInt8]
        public init(_ kind: AccessRow.Kind, _ token: [UInt8]) { (self.kind, self.token) = (kind, token) }
    }

    /// The key of a row of the vault.
    public struct SealedKey: Hashable, Sendable {
        public let key: [UInt8]
        public let field: String
        public init(_ key: [UInt8], _ field: String) { (self.key, self.field) = (key, field) }
    }

    /// The blind index of one person.
    public struct Index: Sendable {
        public let tokens: [[UInt8]]
        public let key: [UInt8]
    }

    /// The key of an event: a case and the place in it.
    public struct EventKey: Hashable, Sendable {
        public let id: CaseID
        public let sequence: Int
    }

    /// The key of a code or of a set of answers of an evaluation.
    public struct EvaluationKey: Hashable, Sendable {
        public let period: Int
        public let token: [UInt8]
    }

    public internal(set) var settings: [String: [UInt8]] = [:]
    public internal(set) var entries: [(index: Int, note: [UInt8])] = []
    /// Where in `entries` the records of a release are, so that nobody looks through all of them.
    var entriesOfReleases: [ReleaseID: [Int]] = [:]
    public internal(set) var nodes: [NodePosition: TreeHash] = [:]
    public internal(set) var heads: [Int: [UInt8]] = [:]
    public internal(set) var policies: [[UInt8]: [UInt8]] = [:]
    public internal(set) var people: [PersonID: PersonRow] = [:]
    public internal(set) var mentors: [PersonID: PersonRow] = [:]
    public internal(set) var indexes: [PersonID: Index] = [:]
    public internal(set) var cases: [CaseID: CaseRow] = [:]
    public internal(set) var events: [EventKey: EventRow] = [:]
    public internal(set) var drafts: [RoundID: DraftRow?] = [:]
    public internal(set) var releases: [ReleaseID: ReleaseRow] = [:]
    public internal(set) var parties: [CaseHandle: PartyRow?] = [:]
    public internal(set) var accesses: [AccessKey: AccessRow?] = [:]
    public internal(set) var places: [RoundID: PersonID?] = [:]
    public internal(set) var sealed: [SealedKey: [UInt8]] = [:]
    /// True for one that is owed, false for one that is done.
    public internal(set) var erasures: [[UInt8]: Bool] = [:]
    public internal(set) var outcomes: [[UInt8]: OutcomeRow] = [:]
    public internal(set) var pending: [Int: PendingRow?] = [:]
    public internal(set) var messages: [[UInt8]: (sealed: [UInt8], round: RoundID?)?] = [:]
    /// True for one that is issued, false for one that was used.
    public internal(set) var evaluationCodes: [EvaluationKey: Bool] = [:]
    public internal(set) var evaluationAnswers: [EvaluationKey: String] = [:]
    public internal(set) var journal: [[UInt8]: [UInt8]] = [:]

    public init() {}

    /// True if nothing is to be written.
    public internal(set) var isEmpty = true
}
