public import ReleaseWorkflow
public import TransparencyLog

/// Holds everything but keys and the last head. Whatever a person could be known by is sealed before it gets here.
public protocol Store: Sendable {
    /// Runs `body` in one transaction, commits and syncs. The body may run again; it keeps no results outside itself.
    ///
    /// - Throws: what `body` throws, after rolling back.
    func write<R>(_ body: (any StoreTransaction) throws -> R) throws -> R
    /// Runs `body` on one consistent snapshot.
    func read<R>(_ body: (any StoreTransaction) throws -> R) throws -> R
    /// Empties the write-ahead log, so that deleted rows are nowhere.
    func settle() throws
}

public struct PersonRow: Sendable {
    public let id: PersonID
    public let key: [UInt8]
    public let sealed: [UInt8]
    public init(id: PersonID, key: [UInt8], sealed: [UInt8]) {
        self.id = id
        self.key = key
        self.sealed = sealed
    }
}

public struct CaseRow: Sendable {
    public let id: CaseID
    public let workflow: String
    public let opener: PersonID
    public let policy: [UInt8]
    /// HMAC over the number of events and the last link of their chain.
    public var tip: [UInt8]
    /// The earliest day after which a transition of the clock is due.
    public var due: CivilDate?
    public init(id: CaseID, workflow: String, opener: PersonID, policy: [UInt8], tip: [UInt8], due: CivilDate?) {
        self.id = id
        self.workflow = workflow
        self.opener = opener
        self.policy = policy
        self.tip = tip
        self.due = due
    }
}

public struct EventRow: Sendable {
    public let sequence: Int
    public let sealed: [UInt8]
    /// HMAC over the case, the sequence, the link before and these bytes.
    public let link: [UInt8]
    public init(sequence: Int, sealed: [UInt8], link: [UInt8]) {
        self.sequence = sequence
        self.sealed = sealed
        self.link = link
    }
}

public struct DraftRow: Sendable {
    public let round: RoundID
    public let caseID: CaseID
    public let workflow: String
    public let opener: PersonID
    public let policy: [UInt8]
    public let sealed: [UInt8]
    public let due: CivilDate?
    public init(
        round: RoundID, caseID: CaseID, workflow: String, opener: PersonID, policy: [UInt8], sealed: [UInt8], due: CivilDate?
    ) {
        self.round = round
        self.caseID = caseID
        self.workflow = workflow
        self.opener = opener
        self.policy = policy
        self.sealed = sealed
        self.due = due
    }
}

public struct ReleaseRow: Sendable {
    public let id: ReleaseID
    public let caseID: CaseID
    /// SHA-256 of the rescind-only code.
    public let codeDigest: [UInt8]
    public init(id: ReleaseID, caseID: CaseID, codeDigest: [UInt8]) {
        self.id = id
        self.caseID = caseID
        self.codeDigest = codeDigest
    }
}

/// A closing that committed while nothing could be signed.
public struct PendingRow: Sendable {
    public let order: Int
    public let release: ReleaseID
    public let at: CivilDate
    /// The unsigned text of the record, or nil for a rescission by code that no key was there to carry out.
    public let text: String?
    public init(order: Int, release: ReleaseID, at: CivilDate, text: String?) {
        self.order = order
        self.release = release
        self.at = at
        self.text = text
    }
}

public struct OutcomeRow: Sendable {
    public let key: [UInt8]
    /// HMAC of the canonical command.
    public let command: [UInt8]
    public let outcome: String
    /// The draft it belongs to, so that declining deletes it.
    public let round: RoundID?
    public init(key: [UInt8], command: [UInt8], outcome: String, round: RoundID?) {
        self.key = key
        self.command = command
        self.outcome = outcome
        self.round = round
    }
}

/// Something by which somebody is known to the service: an account, a session, a link, a code.
public struct AccessRow: Sendable {
    public enum Kind: String, Sendable, CaseIterable { case account, address, session, link, sheet }

    public let kind: Kind
    /// A keyed token or the hash of a secret: nothing that lets anybody in.
    public let token: [UInt8]
    public let person: PersonID
    /// The data key that it is sealed under, so that it goes with the person.
    public let key: [UInt8]
    public let sealed: [UInt8]
    /// Milliseconds since 1970 UTC after which it counts for nothing; nil where it does not lapse.
    public let expires: Int64?
    public init(kind: Kind, token: [UInt8], person: PersonID, key: [UInt8], sealed: [UInt8], expires: Int64?) {
        self.kind = kind
        self.token = token
        self.person = person
        self.key = key
        self.sealed = sealed
        self.expires = expires
    }
}

/// Whose case a case is, and who sees it: one row for each person who does.
public struct PartyRow: Hashable, Sendable {
    /// Where a case stands on a board. Everything that is kept of its state outside of what is sealed.
    public enum Rank: Int, Sendable, CaseIterable {
        /// The coordinator's turn; somebody else's, or nobody's; over; never begun.
        case waiting, open, over, idle
    }

    public let handle: CaseHandle
    public let person: PersonID
    public let isStaff: Bool
    public var rank: Rank
    public let caseID: CaseID
    public let opener: PersonID
    public let workflow: String
    public init(
        handle: CaseHandle, person: PersonID, isStaff: Bool, rank: Rank, caseID: CaseID, opener: PersonID, workflow: String
    ) {
        self.handle = handle
        self.person = person
        self.isStaff = isStaff
        self.rank = rank
        self.caseID = caseID
        self.opener = opener
        self.workflow = workflow
    }
}

/// One transaction. Every method takes effect with the commit or not at all.
public protocol StoreTransaction: NodeReader {
    /// Runs `body`; if it throws, what it wrote is undone and the error passed on, and the transaction goes on.
    func savepoint<R>(_ body: () throws -> R) throws -> R

    func setting(_ name: String) throws -> [UInt8]?
    func setSetting(_ name: String, _ value: [UInt8]) throws

    // The log.
    func logSize() throws -> Int
    func appendEntry(_ index: Int, _ note: [UInt8]) throws
    func entry(_ index: Int) throws -> [UInt8]?
    /// Up to `count` entries from `index` on, in log order.
    func entries(from index: Int, count: Int) throws -> [[UInt8]]
    /// The entries whose bytes name this release, in log order.
    func entries(of release: ReleaseID) throws -> [(index: Int, note: [UInt8])]
    func putNode(_ position: NodePosition, _ hash: TreeHash) throws
    /// How many hashes are stored, of any level.
    func nodeCount() throws -> Int
    func putHead(size: Int, note: [UInt8]) throws
    /// Heads of these sizes, in the order of their sizes.
    func heads(of sizes: ClosedRange<Int>) throws -> [(size: Int, note: [UInt8])]
    /// The newest head whose size is at most this.
    func head(atMost size: Int) throws -> (size: Int, note: [UInt8])?
    /// Empties the log, its heads, and what answers from them: outcomes and closings that wait to be signed.
    func clearLog() throws

    func putPolicy(_ digest: [UInt8], _ canonical: [UInt8]) throws
    func policy(_ digest: [UInt8]) throws -> [UInt8]?

    // People.
    func putPerson(_ row: PersonRow) throws
    func person(_ id: PersonID) throws -> PersonRow?
    func people() throws -> [PersonRow]
    func putMentor(_ row: PersonRow) throws
    func mentor(_ id: PersonID) throws -> PersonRow?
    func mentors() throws -> [PersonRow]
    /// Replaces the blind index of a person.
    func putIndex(_ tokens: [[UInt8]], of person: PersonID, key: [UInt8]) throws
    func people(withToken token: [UInt8]) throws -> [PersonID]

    // Cases.
    func putCase(_ row: CaseRow) throws
    func caseRow(_ id: CaseID) throws -> CaseRow?
    func cases() throws -> [CaseRow]
    func casesDue(before date: CivilDate) throws -> [CaseRow]
    func appendEvent(_ id: CaseID, _ row: EventRow) throws
    func events(_ id: CaseID) throws -> [EventRow]
    func putDraft(_ row: DraftRow) throws
    func draft(of id: CaseID) throws -> DraftRow?
    func drafts() throws -> [DraftRow]
    func draftsDue(before date: CivilDate) throws -> [DraftRow]
    func deleteDraft(_ round: RoundID) throws
    func putRelease(_ row: ReleaseRow) throws
    func release(_ id: ReleaseID) throws -> ReleaseRow?
    func release(withCodeDigest digest: [UInt8]) throws -> ReleaseRow?

    // Who sees which case.
    func putParty(_ row: PartyRow) throws
    func deleteParty(_ handle: CaseHandle) throws
    func parties(of id: CaseID) throws -> [PartyRow]
    func party(_ handle: CaseHandle, of person: PersonID) throws -> PartyRow?
    /// A person's cases, as staff or as a party, after a place in the order of rank and handle.
    func parties(of person: PersonID, isStaff: Bool, after place: (rank: PartyRow.Rank, handle: CaseHandle)?, count: Int) throws
        -> [PartyRow]

    // Access.
    func putAccess(_ row: AccessRow) throws
    func access(_ kind: AccessRow.Kind, _ token: [UInt8]) throws -> AccessRow?
    func accesses(_ kind: AccessRow.Kind) throws -> [AccessRow]
    func accesses(_ kind: AccessRow.Kind, of person: PersonID) throws -> [AccessRow]
    /// - Returns: whether it was there.
    func deleteAccess(_ kind: AccessRow.Kind, _ token: [UInt8]) throws -> Bool
    func deleteAccesses(_ kind: AccessRow.Kind, of person: PersonID) throws
    func deleteAccesses(expiredBefore instant: Int64) throws

    // Places held with mentors.
    func putPlace(_ round: RoundID, mentor: PersonID) throws
    func deletePlace(_ round: RoundID) throws
    func placesHeld(with mentor: PersonID) throws -> Int

    // The vault.
    func putSealed(_ key: [UInt8], _ field: String, _ sealed: [UInt8]) throws
    func sealed(_ key: [UInt8], _ field: String) throws -> [UInt8]?
    /// Every data key that a row was sealed under.
    func keysInUse() throws -> Set<[UInt8]>
    /// Deletes every row, of any table, that was sealed under `key`, and the blind index entries that came with it.
    func deleteCovered(by key: [UInt8]) throws
    func putErasure(_ key: [UInt8]) throws
    func erasures() throws -> [[UInt8]]
    func deleteErasure(_ key: [UInt8]) throws

    func putOutcome(_ row: OutcomeRow) throws
    func outcome(_ key: [UInt8]) throws -> OutcomeRow?
    func deleteOutcomes(of round: RoundID) throws
    func putPending(_ row: PendingRow) throws
    func pending() throws -> [PendingRow]
    func isPending(_ release: ReleaseID) throws -> Bool
    func deletePending(_ order: Int) throws
    /// - Parameter round: the draft it belongs to, so that declining takes back what has not gone out.
    func putMessage(_ id: [UInt8], _ sealed: [UInt8], round: RoundID?) throws
    func deleteMessages(of round: RoundID) throws
    func messages() throws -> [(id: [UInt8], sealed: [UInt8])]
    func deleteMessage(_ id: [UInt8]) throws
    /// Of an evaluation only the hashes of unused codes, and answers under random keys.
    func putEvaluation(_ period: Int, code: [UInt8]) throws
    /// - Returns: whether it was there.
    func deleteEvaluation(_ period: Int, code: [UInt8]) throws -> Bool
    func evaluationCodeCount(_ period: Int) throws -> Int
    func putEvaluation(_ period: Int, answer key: [UInt8], _ text: String) throws
    func evaluationAnswers(_ period: Int) throws -> [String]

    /// Adds a line to the operator journal unless there is one under this token.
    func putJournal(_ token: [UInt8], _ sealed: [UInt8]) throws
    func journal() throws -> [(token: [UInt8], sealed: [UInt8])]
}
