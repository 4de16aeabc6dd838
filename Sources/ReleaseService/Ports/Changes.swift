public import ReleaseWorkflow
public import TransparencyLog

/// The changes that a batch writes: rows by their keys, nil for a row that is deleted.
///
/// Two writes of one row are one; events and log entries are only ever appended. Drivers get all of it at once and
/// decide how many statements it takes.
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

    /// The key of a code or of a set of answers of an evaluation.
    public struct EvaluationKey: Hashable, Sendable {
        public let period: Int
        public let token: [UInt8]
    }

    public internal(set) var settings: [String: [UInt8]] = [:]
    public internal(set) var entries: [(index: Int, note: [UInt8])] = []
    /// The places in ``entries`` of the records of a release.
    var entriesOfReleases: [ReleaseID: [Int]] = [:]
    public internal(set) var nodes: [NodePosition: TreeHash] = [:]
    public internal(set) var heads: [Int: [UInt8]] = [:]
    public internal(set) var policies: [[UInt8]: [UInt8]] = [:]
    public internal(set) var people: [PersonID: PersonRow] = [:]
    public internal(set) var mentors: [PersonID: PersonRow] = [:]
    public internal(set) var indexes: [PersonID: Index] = [:]
    public internal(set) var cases: [CaseID: CaseRow] = [:]
    /// In the order of their sequence, which goes on where the stored events of the case end.
    public internal(set) var events: [CaseID: [EventRow]] = [:]
    public internal(set) var drafts: [RoundID: DraftRow?] = [:]
    /// The round whose draft was written last for a case.
    var roundsOfCases: [CaseID: RoundID] = [:]
    public internal(set) var releases: [[UInt8]: ReleaseRow?] = [:]
    public internal(set) var parties: [CaseHandle: PartyRow?] = [:]
    /// The handles under which parties of a case were written, so that nobody looks through all of them.
    var handlesOfCases: [CaseID: Set<CaseHandle>] = [:]
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

    /// True if nothing is to be written.
    public internal(set) var isEmpty = true

    public init() {}

    /// The entry of this index, if it is new.
    func entry(_ index: Int) -> [UInt8]? {
        guard let first = entries.first, entries.indices.contains(index - first.index) else { return nil }
        return entries[index - first.index].note
    }

    /// Adds what was changed after this.
    mutating func add(_ later: consuming Changes) {
        if later.isEmpty { return }
        if isEmpty {
            self = later
            return
        }
        for (release, places) in later.entriesOfReleases {
            entriesOfReleases[release, default: []] += places.map { $0 + entries.count }
        }
        entries += later.entries
        for (id, rows) in later.events { events[id, default: []] += rows }
        for (id, handles) in later.handlesOfCases { handlesOfCases[id, default: []].formUnion(handles) }
        Self.put(later.settings, over: &settings)
        Self.put(later.nodes, over: &nodes)
        Self.put(later.heads, over: &heads)
        Self.put(later.policies, over: &policies)
        Self.put(later.people, over: &people)
        Self.put(later.mentors, over: &mentors)
        Self.put(later.indexes, over: &indexes)
        Self.put(later.cases, over: &cases)
        Self.put(later.drafts, over: &drafts)
        Self.put(later.roundsOfCases, over: &roundsOfCases)
        Self.put(later.releases, over: &releases)
        Self.put(later.parties, over: &parties)
        Self.put(later.accesses, over: &accesses)
        Self.put(later.places, over: &places)
        Self.put(later.sealed, over: &sealed)
        Self.put(later.erasures, over: &erasures)
        Self.put(later.outcomes, over: &outcomes)
        Self.put(later.pending, over: &pending)
        Self.put(later.messages, over: &messages)
        Self.put(later.evaluationCodes, over: &evaluationCodes)
        Self.put(later.evaluationAnswers, over: &evaluationAnswers)
        Self.put(later.journal, over: &journal)
    }

    private static func put<Key, Value>(_ later: [Key: Value], over earlier: inout [Key: Value]) {
        if earlier.isEmpty {
            earlier = later
        } else {
            for (key, value) in later { earlier.updateValue(value, forKey: key) }
        }
    }
}
