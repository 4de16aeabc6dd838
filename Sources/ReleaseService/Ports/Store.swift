public import ReleaseLedger
public import ReleaseWorkflow

/// Holds everything but keys and the last head. Whatever a person could be known by is sealed before it gets here.
public protocol Store: LogStore {
    /// Runs `body` in one transaction, commits and syncs. The body may run again; it keeps no results outside itself.
    ///
    /// - Throws: what `body` throws, after rolling back.
    func write<R>(_ body: (any StoreWriter) throws -> R) throws -> R
    /// Runs `body` on one consistent snapshot. It never waits for a writer.
    func read<R>(_ body: (any StoreReader) throws -> R) throws -> R
    /// Empties the write-ahead log, so that deleted rows are nowhere.
    func settle() throws
    /// Rewrites what is stored, so that its pages are what its rows make of them and tell of no row that came and went.
    /// A store that is too large to be rewritten while others wait stays as it is.
    func rewrite() throws
}

extension Store {
    public func readLog<R>(_ body: (any LogRows) throws -> R) throws -> R { try read { try body($0) } }
}

/// Everything that can be read, by groups of rows.
public protocol StoreReader: LogRows, CaseRows, PeopleRows, AccessRows, OutboxRows, SealedRows {}

/// One transaction: the same rows, and what changes them. Every method takes effect with the commit or not at all.
///
/// A driver may hold back what it is given until it has to be there. Every question is answered from what is stored and
/// what was given since: a count, a list or a "was it there" too. `StoreConformance` asks each of them after a write
/// and after a deletion that were not flushed.
public protocol StoreWriter: StoreReader, LogRowsWriter, CaseRowsWriter, PeopleRowsWriter, AccessRowsWriter,
    OutboxRowsWriter,
    SealedRowsWriter
{
    /// Keeps other writers from deciding about these people until the transaction ends: `deciding` for people whose
    /// rows change, `reading` for people whom the decision rests on. The caller passes each list sorted, once, before
    /// reading about them. No command calls it yet, because every store has one writer, and such a store does nothing.
    func lock(deciding: [PersonID], reading: [PersonID]) throws

    /// Writes a batch's changes, as few statements as the driver likes.
    func store(_ changes: Changes) throws

    /// Marks a place to which ``undo(to:)`` can return; marks nest.
    func mark(_ number: Int) throws
    /// Undoes everything since the mark, and removes it.
    func undo(to number: Int) throws
    /// Removes the mark and keeps what came after it.
    func keep(since number: Int) throws

    /// Empties the log, its heads, and what answers from them: outcomes and closings that wait to be signed.
    func clearLog() throws
}

/// Cases and who sees them.
public protocol CaseRows {
    func caseRow(_ id: CaseID) throws -> CaseRow?
    /// Up to `count` cases whose id is greater, in the order of their ids.
    func cases(after id: CaseID?, count: Int) throws -> [CaseRow]
    func casesDue(before date: CivilDate) throws -> [CaseRow]
    func events(_ id: CaseID) throws -> [EventRow]
    func draft(of id: CaseID) throws -> DraftRow?
    func drafts() throws -> [DraftRow]
    func draftsDue(before date: CivilDate) throws -> [DraftRow]
    func release(_ reference: [UInt8]) throws -> ReleaseRow?
    /// In the order of their references.
    func releases(after reference: [UInt8]?, count: Int) throws -> [ReleaseRow]
    func release(withCodeDigest digest: [UInt8]) throws -> ReleaseRow?
    func parties(of id: CaseID) throws -> [PartyRow]
    func party(_ handle: CaseHandle, of person: PersonID) throws -> PartyRow?
    /// A person's cases, as staff or as a party, after a place in the order of rank and handle.
    func parties(
        of person: PersonID, isStaff: Bool, after place: (rank: PartyRow.Rank, handle: CaseHandle)?, count: Int
    ) throws
        -> [PartyRow]
    func placesHeld(with mentor: PersonID) throws -> Int
    /// The rounds in which a place is held, in the order of their ids: those that are open, and tokens that are none.
    func roundsWithPlace(after round: RoundID?, count: Int) throws -> [RoundID]
    func pending() throws -> [PendingRow]
    func isPending(_ reference: [UInt8]) throws -> Bool
}

public protocol CaseRowsWriter: CaseRows {
    func putCase(_ row: CaseRow) throws
    func appendEvent(_ id: CaseID, _ row: EventRow) throws
    func putDraft(_ row: DraftRow) throws
    func deleteDraft(_ round: RoundID) throws
    func putRelease(_ row: ReleaseRow) throws
    func deleteRelease(_ reference: [UInt8]) throws
    func putParty(_ row: PartyRow) throws
    func deleteParty(_ handle: CaseHandle) throws
    func putPlace(_ round: RoundID, mentor: PersonID) throws
    func deletePlace(_ round: RoundID) throws
    func putPending(_ row: PendingRow) throws
    func deletePending(_ order: Int) throws
}

/// People and the blind index by which they are found.
public protocol PeopleRows {
    func person(_ id: PersonID) throws -> PersonRow?
    func people() throws -> [PersonRow]
    func mentor(_ id: PersonID) throws -> PersonRow?
    func mentors() throws -> [PersonRow]
    func people(withToken token: [UInt8]) throws -> [PersonID]
}

public protocol PeopleRowsWriter: PeopleRows {
    func putPerson(_ row: PersonRow) throws
    func putMentor(_ row: PersonRow) throws
    /// Replaces the blind index of a person.
    func putIndex(_ tokens: [[UInt8]], of person: PersonID, key: [UInt8]) throws
}

/// Accounts, sessions, links and codes.
public protocol AccessRows {
    func access(_ kind: AccessRow.Kind, _ token: [UInt8]) throws -> AccessRow?
    func accesses(_ kind: AccessRow.Kind) throws -> [AccessRow]
    func accesses(_ kind: AccessRow.Kind, of person: PersonID) throws -> [AccessRow]
}

public protocol AccessRowsWriter: AccessRows {
    func putAccess(_ row: AccessRow) throws
    /// - Returns: whether it was there.
    func deleteAccess(_ kind: AccessRow.Kind, _ token: [UInt8]) throws -> Bool
    func deleteAccesses(_ kind: AccessRow.Kind, of person: PersonID) throws
    func deleteAccesses(expiredBefore instant: Int64) throws
}

/// Messages, outcomes, evaluations and the journal: what a command leaves besides its case.
public protocol OutboxRows {
    func messages() throws -> [(id: [UInt8], sealed: [UInt8])]
    func message(_ id: [UInt8]) throws -> [UInt8]?
    func outcome(_ key: [UInt8]) throws -> OutcomeRow?
    func evaluationCodeCount(_ period: Int) throws -> Int
    func hasEvaluation(_ period: Int, code: [UInt8]) throws -> Bool
    func evaluationAnswers(_ period: Int) throws -> [String]
    func journal() throws -> [(token: [UInt8], sealed: [UInt8])]
}

public protocol OutboxRowsWriter: OutboxRows {
    /// - Parameter round: the draft it belongs to, so that declining takes back what has not gone out.
    func putMessage(_ id: [UInt8], _ sealed: [UInt8], round: RoundID?) throws
    func deleteMessage(_ id: [UInt8]) throws
    func deleteMessages(of round: RoundID) throws
    func putOutcome(_ row: OutcomeRow) throws
    func deleteOutcomes(of round: RoundID) throws
    /// Deletes the outcomes that were there when this was called last, but for their keys, and keeps those that came
    /// since until the next time.
    func dropFormerOutcomes() throws
    /// Of an evaluation only the hashes of used codes, and answers under random keys.
    func putEvaluation(_ period: Int, code: [UInt8]) throws
    /// - Returns: whether it was there.
    func deleteEvaluation(_ period: Int, code: [UInt8]) throws -> Bool
    func putEvaluation(_ period: Int, answer key: [UInt8], _ text: String) throws
    /// Adds a line to the operator journal unless there is one under this token.
    func putJournal(_ token: [UInt8], _ sealed: [UInt8]) throws
}

/// The vault, and what has to be erased.
public protocol SealedRows {
    func sealed(_ key: [UInt8], _ field: String) throws -> [UInt8]?
    /// The names of what is sealed, in the order of keys and fields.
    func sealedNames(after name: (key: [UInt8], field: String)?, count: Int) throws -> [(key: [UInt8], field: String)]
    /// The data keys among these that a row was sealed under.
    func keysInUse(among keys: Set<[UInt8]>) throws -> Set<[UInt8]>
    func erasures() throws -> [[UInt8]]
}

public protocol SealedRowsWriter: SealedRows {
    func putSealed(_ key: [UInt8], _ field: String, _ sealed: [UInt8]) throws
    /// Deletes one row of the vault, if it is there.
    func deleteSealed(_ key: [UInt8], _ field: String) throws
    /// Deletes every row of the vault that was sealed under `key`.
    func deleteSealed(under key: [UInt8]) throws
    /// Deletes what a person is known by: person, enrollments, blind index, access.
    func deletePerson(_ id: PersonID) throws
    /// Deletes every row, of any table, that was sealed under one of `keys`: after an erasure that was stopped
    /// half-way, and for what an old copy of the database brought back. It reads whole tables, because only the keys
    /// are known.
    func deleteCovered(by keys: [[UInt8]]) throws
    func putErasure(_ key: [UInt8]) throws
    func deleteErasure(_ key: [UInt8]) throws
}
