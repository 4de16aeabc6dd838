internal import ReleaseLedger
public import ReleaseService
public import ReleaseWorkflow
internal import TransparencyLog

/// The store port in SQL that SQLite and PostgreSQL both accept. The groups of rows are its conformances, one a file.
public struct SQLTransaction: StoreWriter {
    let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    /// One writer at a time needs no lock.
    public func lock(deciding: [PersonID], reading: [PersonID]) {}

    public func mark(_ number: Int) throws { try connection.savepoint(.begin(number)) }
    public func undo(to number: Int) throws { try connection.savepoint(.undo(number)) }
    public func keep(since number: Int) throws { try connection.savepoint(.release(number)) }

    // MARK: Asking

    func run(_ sql: String, _ values: SQLValue...) throws { try connection.execute(sql, values) }

    func all<R>(_ sql: String, _ values: SQLValue..., read: (any SQLRow) throws -> R) throws -> [R] {
        var found: [R] = []
        try connection.forEachRow(sql, values) { found.append(try read($0)) }
        return found
    }

    func first<R>(_ sql: String, _ values: SQLValue..., read: (any SQLRow) throws -> R) throws -> R? {
        var found: R?
        try connection.forEachRow(sql, values) { if found == nil { found = try read($0) } }
        return found
    }

    func exists(_ sql: String, _ values: SQLValue...) throws -> Bool {
        var isThere = false
        try connection.forEachRow(sql, values) { _ in isThere = true }
        return isThere
    }

    // MARK: Writing a batch

    /// One prepared statement a row: SQLite is fastest so. Deletions come first, because what is deleted may be in the
    /// way of what comes.
    public func store(_ changes: Changes) throws {
        for case (let round, nil) in changes.drafts { try deleteDraft(round) }
        for case (let handle, nil) in changes.parties { try deleteParty(handle) }
        for case (let round, nil) in changes.places { try deletePlace(round) }
        for case (let reference, nil) in changes.releases { try deleteRelease(reference) }
        for case (let order, nil) in changes.pending { try deletePending(order) }
        for case (let id, nil) in changes.messages { try deleteMessage(id) }
        for case (let key, nil) in changes.accesses { try remove(key.kind, key.token) }
        for (key, isOwed) in changes.erasures { if isOwed { try putErasure(key) } else { try deleteErasure(key) } }
        for (digest, canonical) in changes.policies { try putPolicy(digest, canonical) }
        for (name, value) in changes.settings { try setSetting(name, value) }
        for entry in changes.entries { try appendEntry(entry.index, entry.note) }
        for (position, hash) in changes.nodes { try putNode(position, hash) }
        for (size, note) in changes.heads { try putHead(size: size, note: note) }
        for row in changes.people.values { try putPerson(row) }
        for row in changes.mentors.values { try putMentor(row) }
        for (person, index) in changes.indexes { try putIndex(index.tokens, of: person, key: index.key) }
        for (id, rows) in changes.events { for row in rows { try appendEvent(id, row) } }
        for row in changes.cases.values { try putCase(row) }
        for case let row? in changes.drafts.values { try putDraft(row) }
        for case let row? in changes.releases.values { try putRelease(row) }
        for case let row? in changes.parties.values { try putParty(row) }
        for case (let round, let mentor?) in changes.places { try putPlace(round, mentor: mentor) }
        for case let row? in changes.pending.values { try putPending(row) }
        for case let row? in changes.accesses.values { try putAccess(row) }
        for (key, sealed) in changes.sealed { try putSealed(key.key, key.field, sealed) }
        for case (let id, let message?) in changes.messages { try putMessage(id, message.sealed, round: message.round) }
        for row in changes.outcomes.values { try putOutcome(row) }
        for (key, isIssued) in changes.evaluationCodes where isIssued { try putEvaluation(key.period, code: key.token) }
        for (key, text) in changes.evaluationAnswers { try putEvaluation(key.period, answer: key.token, text) }
        for (token, sealed) in changes.journal { try putJournal(token, sealed) }
    }
}

extension SQLRow {
    func id<Kind>(_ column: Int) throws -> Identifier<Kind> {
        guard let id = Identifier<Kind>(bytes: try bytes(column)) else { throw DamagedRow() }
        return id
    }

    func date(_ column: Int) throws -> CivilDate { CivilDate(dayNumber: try integer(column)) }

    func optional<R>(_ column: Int, _ read: (Int) throws -> R) throws -> R? { isNull(column) ? nil : try read(column) }
}

extension SQLValue {
    static func of<Kind>(_ id: Identifier<Kind>) -> SQLValue { .bytes(id.bytes) }
    static func of(_ date: CivilDate?) -> SQLValue { date.map { .integer($0.dayNumber) } ?? .null }
    static func of<Kind>(_ id: Identifier<Kind>?) -> SQLValue { id.map { .bytes($0.bytes) } ?? .null }
}
