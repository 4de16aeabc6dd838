internal import Cryptography
public import ReleaseService
public import ReleaseWorkflow
public import TransparencyLog

/// A row whose values are not of the kinds this store writes.
public struct DamagedRow: Error, Sendable, CustomStringConvertible {
    public var description: String { "database: a row is damaged" }
}

/// The store port in SQL that SQLite and PostgreSQL both accept.
public struct SQLTransaction: StoreTransaction {
    private let connection: any SQLConnection

    public init(_ connection: any SQLConnection) { self.connection = connection }

    public func savepoint<R>(_ body: () throws -> R) throws -> R { try connection.savepoint(body) }

    private func first(_ sql: String, _ values: SQLValue...) throws -> [SQLValue]? {
        try connection.rows(sql, values).first
    }

    private func all(_ sql: String, _ values: SQLValue...) throws -> [[SQLValue]] { try connection.rows(sql, values) }

    private func run(_ sql: String, _ values: SQLValue...) throws { try connection.execute(sql, values) }

    // MARK: Settings

    public func setting(_ name: String) throws -> [UInt8]? {
        try first("SELECT value FROM setting WHERE name = ?", .text(name))?[0].bytes
    }

    public func setSetting(_ name: String, _ value: [UInt8]) throws {
        try run(
            "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            .text(name), .bytes(value))
    }

    // MARK: The log

    public func logSize() throws -> Int {
        try first("SELECT COALESCE(MAX(position) + 1, 0) FROM log_entry")?[0].integer ?? 0
    }

    public func appendEntry(_ index: Int, _ note: [UInt8]) throws {
        try run("INSERT INTO log_entry (position, note) VALUES (?, ?)", .integer(index), .bytes(note))
    }

    public func entry(_ index: Int) throws -> [UInt8]? {
        try first("SELECT note FROM log_entry WHERE position = ?", .integer(index))?[0].bytes
    }

    public func entries(from index: Int, count: Int) throws -> [[UInt8]] {
        try all(
            "SELECT note FROM log_entry WHERE position >= ? AND position < ? ORDER BY position", .integer(index),
            .integer(index + count)
        ).map { row in
            guard let note = row[0].bytes else { throw DamagedRow() }
            return note
        }
    }

    public func entries(of release: ReleaseID) throws -> [(index: Int, note: [UInt8])] {
        try all(
            "SELECT position, note FROM log_entry WHERE release_id = ? ORDER BY position", .text(release.description)
        ).map { row in
            guard let index = row[0].integer, let note = row[1].bytes else { throw DamagedRow() }
            return (index, note)
        }
    }

    public func putNode(_ position: NodePosition, _ hash: TreeHash) throws {
        try run(
            "INSERT INTO log_node (level, position, hash) VALUES (?, ?, ?)", .integer(position.level),
            .integer(position.index), .bytes(hash.bytes))
    }

    public func node(at position: NodePosition) throws -> TreeHash {
        let row = try first(
            "SELECT hash FROM log_node WHERE level = ? AND position = ?", .integer(position.level), .integer(position.index))
        guard let bytes = row?[0].bytes, let hash = TreeHash(bytes: bytes) else {
            throw LogError.missingNode(level: position.level, index: position.index)
        }
        return hash
    }

    public func nodeCount() throws -> Int { try first("SELECT COUNT(*) FROM log_node")?[0].integer ?? 0 }

    public func putHead(size: Int, note: [UInt8]) throws {
        try run("INSERT INTO log_head (size, note) VALUES (?, ?) ON CONFLICT (size) DO NOTHING", .integer(size), .bytes(note))
    }

    public func heads(of sizes: ClosedRange<Int>) throws -> [(size: Int, note: [UInt8])] {
        try all(
            "SELECT size, note FROM log_head WHERE size BETWEEN ? AND ? ORDER BY size", .integer(sizes.lowerBound),
            .integer(sizes.upperBound)
        ).map(Self.head)
    }

    public func head(atMost size: Int) throws -> (size: Int, note: [UInt8])? {
        try first("SELECT size, note FROM log_head WHERE size <= ? ORDER BY size DESC LIMIT 1", .integer(size)).map(Self.head)
    }

    private static func head(_ row: [SQLValue]) throws -> (size: Int, note: [UInt8]) {
        guard let size = row[0].integer, let note = row[1].bytes else { throw DamagedRow() }
        return (size, note)
    }

    public func clearLog() throws {
        for table in ["log_entry", "log_node", "log_head", "outcome", "pending_closing"] { try run("DELETE FROM \(table)") }
    }

    public func putPolicy(_ digest: [UInt8], _ canonical: [UInt8]) throws {
        try run(
            "INSERT INTO policy (digest, canonical) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING", .bytes(digest),
            .bytes(canonical))
    }

    public func policy(_ digest: [UInt8]) throws -> [UInt8]? {
        try first("SELECT canonical FROM policy WHERE digest = ?", .bytes(digest))?[0].bytes
    }

    // MARK: People

    public func putPerson(_ row: PersonRow) throws {
        try run(
            "INSERT INTO person (id, key_id, sealed) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed",
            .bytes(row.id.bytes), .bytes(row.key), .bytes(row.sealed))
    }

    public func person(_ id: PersonID) throws -> PersonRow? {
        try personRow(first("SELECT id, key_id, sealed FROM person WHERE id = ?", .bytes(id.bytes)))
    }

    public func people() throws -> [PersonRow] {
        try all("SELECT id, key_id, sealed FROM person ORDER BY id").compactMap { try personRow($0) }
    }

    public func putMentor(_ row: PersonRow) throws {
        try run(
            "INSERT INTO mentor (id, key_id, sealed) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed",
            .bytes(row.id.bytes), .bytes(row.key), .bytes(row.sealed))
    }

    public func mentor(_ id: PersonID) throws -> PersonRow? {
        try personRow(first("SELECT id, key_id, sealed FROM mentor WHERE id = ?", .bytes(id.bytes)))
    }

    public func mentors() throws -> [PersonRow] {
        try all("SELECT id, key_id, sealed FROM mentor ORDER BY id").compactMap { try personRow($0) }
    }

    private func personRow(_ row: [SQLValue]?) throws -> PersonRow? {
        guard let row else { return nil }
        guard let id = row[0].bytes.flatMap({ PersonID(bytes: $0) }), let key = row[1].bytes, let sealed = row[2].bytes
        else { throw DamagedRow() }
        return PersonRow(id: id, key: key, sealed: sealed)
    }

    public func putIndex(_ tokens: [[UInt8]], of person: PersonID, key: [UInt8]) throws {
        try run("DELETE FROM person_index WHERE person = ?", .bytes(person.bytes))
        for token in tokens.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            try run(
                "INSERT INTO person_index (token, person, key_id) VALUES (?, ?, ?)", .bytes(token), .bytes(person.bytes),
                .bytes(key))
        }
    }

    public func people(withToken token: [UInt8]) throws -> [PersonID] {
        try all("SELECT person FROM person_index WHERE token = ? ORDER BY person", .bytes(token)).compactMap {
            $0[0].bytes.flatMap { PersonID(bytes: $0) }
        }
    }

    // MARK: Cases

    public func putCase(_ row: CaseRow) throws {
        try run(
            "INSERT INTO mentoring_case (id, workflow, opener, policy, tip, due) VALUES (?, ?, ?, ?, ?, ?) "
                + "ON CONFLICT (id) DO UPDATE SET policy = excluded.policy, tip = excluded.tip, due = excluded.due",
            .bytes(row.id.bytes), .text(row.workflow), .bytes(row.opener.bytes), .bytes(row.policy), .bytes(row.tip),
            row.due.map { .integer($0.dayNumber) } ?? .null)
    }

    public func caseRow(_ id: CaseID) throws -> CaseRow? {
        try caseRow(
            first("SELECT id, workflow, opener, policy, tip, due FROM mentoring_case WHERE id = ?", .bytes(id.bytes)))
    }

    public func cases() throws -> [CaseRow] {
        try all("SELECT id, workflow, opener, policy, tip, due FROM mentoring_case ORDER BY id").compactMap { try caseRow($0) }
    }

    public func casesDue(before date: CivilDate) throws -> [CaseRow] {
        try all(
            "SELECT id, workflow, opener, policy, tip, due FROM mentoring_case WHERE due < ? ORDER BY due, id",
            .integer(date.dayNumber)
        ).compactMap { try caseRow($0) }
    }

    private func caseRow(_ row: [SQLValue]?) throws -> CaseRow? {
        guard let row else { return nil }
        guard let id = row[0].bytes.flatMap({ CaseID(bytes: $0) }), let workflow = row[1].text,
            let opener = row[2].bytes.flatMap({ PersonID(bytes: $0) }), let policy = row[3].bytes, let tip = row[4].bytes
        else { throw DamagedRow() }
        return CaseRow(
            id: id, workflow: workflow, opener: opener, policy: policy, tip: tip,
            due: row[5].integer.map { CivilDate(dayNumber: $0) })
    }

    public func appendEvent(_ id: CaseID, _ row: EventRow) throws {
        try run(
            "INSERT INTO case_event (case_id, sequence, sealed, link) VALUES (?, ?, ?, ?)", .bytes(id.bytes),
            .integer(row.sequence), .bytes(row.sealed), .bytes(row.link))
    }

    public func events(_ id: CaseID) throws -> [EventRow] {
        try all("SELECT sequence, sealed, link FROM case_event WHERE case_id = ? ORDER BY sequence", .bytes(id.bytes))
            .map { row in
                guard let sequence = row[0].integer, let sealed = row[1].bytes, let link = row[2].bytes else { throw DamagedRow() }
                return EventRow(sequence: sequence, sealed: sealed, link: link)
            }
    }

    public func putDraft(_ row: DraftRow) throws {
        try run(
            "INSERT INTO draft (round, case_id, workflow, opener, policy, sealed, due) VALUES (?, ?, ?, ?, ?, ?, ?) "
                + "ON CONFLICT (round) DO UPDATE SET sealed = excluded.sealed, due = excluded.due",
            .bytes(row.round.bytes), .bytes(row.caseID.bytes), .text(row.workflow), .bytes(row.opener.bytes),
            .bytes(row.policy), .bytes(row.sealed), row.due.map { .integer($0.dayNumber) } ?? .null)
    }

    private static let draftColumns = "SELECT round, case_id, workflow, opener, policy, sealed, due FROM draft"

    public func draft(of id: CaseID) throws -> DraftRow? {
        try draftRow(first("\(Self.draftColumns) WHERE case_id = ?", .bytes(id.bytes)))
    }

    public func drafts() throws -> [DraftRow] { try all("\(Self.draftColumns) ORDER BY round").compactMap { try draftRow($0) } }

    public func draftsDue(before date: CivilDate) throws -> [DraftRow] {
        try all("\(Self.draftColumns) WHERE due < ? ORDER BY due, round", .integer(date.dayNumber)).compactMap { try draftRow($0) }
    }

    private func draftRow(_ row: [SQLValue]?) throws -> DraftRow? {
        guard let row else { return nil }
        guard let round = row[0].bytes.flatMap({ RoundID(bytes: $0) }),
            let caseID = row[1].bytes.flatMap({ CaseID(bytes: $0) }), let workflow = row[2].text,
            let opener = row[3].bytes.flatMap({ PersonID(bytes: $0) }), let policy = row[4].bytes, let sealed = row[5].bytes
        else { throw DamagedRow() }
        return DraftRow(
            round: round, caseID: caseID, workflow: workflow, opener: opener, policy: policy, sealed: sealed,
            due: row[6].integer.map { CivilDate(dayNumber: $0) })
    }

    public func deleteDraft(_ round: RoundID) throws { try run("DELETE FROM draft WHERE round = ?", .bytes(round.bytes)) }

    public func putRelease(_ row: ReleaseRow) throws {
        try run(
            "INSERT INTO release_case (release_id, case_id, code_digest) VALUES (?, ?, ?)", .bytes(row.id.bytes),
            .bytes(row.caseID.bytes), .bytes(row.codeDigest))
    }

    public func release(_ id: ReleaseID) throws -> ReleaseRow? {
        try releaseRow(
            first("SELECT release_id, case_id, code_digest FROM release_case WHERE release_id = ?", .bytes(id.bytes)))
    }

    public func release(withCodeDigest digest: [UInt8]) throws -> ReleaseRow? {
        try releaseRow(
            first("SELECT release_id, case_id, code_digest FROM release_case WHERE code_digest = ?", .bytes(digest)))
    }

    private func releaseRow(_ row: [SQLValue]?) throws -> ReleaseRow? {
        guard let row else { return nil }
        guard let id = row[0].bytes.flatMap({ ReleaseID(bytes: $0) }),
            let caseID = row[1].bytes.flatMap({ CaseID(bytes: $0) }), let digest = row[2].bytes
        else { throw DamagedRow() }
        return ReleaseRow(id: id, caseID: caseID, codeDigest: digest)
    }

    // MARK: Places

    public func putPlace(_ round: RoundID, mentor: PersonID) throws {
        try run(
            "INSERT INTO place (round, mentor) VALUES (?, ?) ON CONFLICT (round) DO UPDATE SET mentor = excluded.mentor",
            .bytes(round.bytes), .bytes(mentor.bytes))
    }

    public func deletePlace(_ round: RoundID) throws { try run("DELETE FROM place WHERE round = ?", .bytes(round.bytes)) }

    public func placesHeld(with mentor: PersonID) throws -> Int {
        try first("SELECT COUNT(*) FROM place WHERE mentor = ?", .bytes(mentor.bytes))?[0].integer ?? 0
    }

    // MARK: The vault

    public func putSealed(_ key: [UInt8], _ field: String, _ sealed: [UInt8]) throws {
        try run(
            "INSERT INTO vault (key_id, field, sealed) VALUES (?, ?, ?) ON CONFLICT (key_id, field) DO UPDATE SET sealed = excluded.sealed",
            .bytes(key), .text(field), .bytes(sealed))
    }

    public func sealed(_ key: [UInt8], _ field: String) throws -> [UInt8]? {
        try first("SELECT sealed FROM vault WHERE key_id = ? AND field = ?", .bytes(key), .text(field))?[0].bytes
    }

    public func keysInUse() throws -> Set<[UInt8]> {
        Set(
            try all(
                "SELECT key_id FROM person UNION SELECT key_id FROM mentor UNION SELECT key_id FROM vault UNION SELECT key_id FROM person_index UNION SELECT key_id FROM access"
            ).compactMap { $0[0].bytes })
    }

    public func deleteCovered(by key: [UInt8]) throws {
        for table in ["person", "mentor", "vault", "person_index", "access"] {
            try run("DELETE FROM \(table) WHERE key_id = ?", .bytes(key))
        }
    }

    public func putErasure(_ key: [UInt8]) throws {
        try run("INSERT INTO erasure (key_id) VALUES (?) ON CONFLICT (key_id) DO NOTHING", .bytes(key))
    }

    public func erasures() throws -> [[UInt8]] { try all("SELECT key_id FROM erasure ORDER BY key_id").compactMap { $0[0].bytes } }

    public func deleteErasure(_ key: [UInt8]) throws { try run("DELETE FROM erasure WHERE key_id = ?", .bytes(key)) }

    // MARK: Parties and access

    private static let partyColumns = "handle, person, is_staff, rank, case_id, opener, workflow"

    private func party(_ row: [SQLValue]) throws -> PartyRow {
        guard let handle = row[0].bytes.flatMap({ CaseHandle(bytes: $0) }),
            let person = row[1].bytes.flatMap({ PersonID(bytes: $0) }),
            let isStaff = row[2].integer, let rank = row[3].integer.flatMap(PartyRow.Rank.init),
            let caseID = row[4].bytes.flatMap({ CaseID(bytes: $0) }), let opener = row[5].bytes.flatMap({ PersonID(bytes: $0) }),
            let workflow = row[6].text
        else { throw DamagedRow() }
        return PartyRow(
            handle: handle, person: person, isStaff: isStaff != 0, rank: rank, caseID: caseID, opener: opener, workflow: workflow)
    }

    public func putParty(_ row: PartyRow) throws {
        try run(
            "INSERT INTO party (\(Self.partyColumns)) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (handle) DO UPDATE SET rank = excluded.rank",
            .bytes(row.handle.bytes), .bytes(row.person.bytes), .integer(row.isStaff ? 1 : 0), .integer(row.rank.rawValue),
            .bytes(row.caseID.bytes), .bytes(row.opener.bytes), .text(row.workflow))
    }

    public func deleteParty(_ handle: CaseHandle) throws { try run("DELETE FROM party WHERE handle = ?", .bytes(handle.bytes)) }

    public func parties(of id: CaseID) throws -> [PartyRow] {
        try all("SELECT \(Self.partyColumns) FROM party WHERE case_id = ? ORDER BY handle", .bytes(id.bytes)).map(party)
    }

    public func party(_ handle: CaseHandle, of person: PersonID) throws -> PartyRow? {
        try first(
            "SELECT \(Self.partyColumns) FROM party WHERE handle = ? AND person = ?", .bytes(handle.bytes), .bytes(person.bytes)
        ).map(party)
    }

    public func parties(
        of person: PersonID, isStaff: Bool, after place: (rank: PartyRow.Rank, handle: CaseHandle)?, count: Int
    ) throws -> [PartyRow] {
        let (rank, handle) = place.map { ($0.rank.rawValue, $0.handle.bytes) } ?? (-1, [])
        return try all(
            """
            SELECT \(Self.partyColumns) FROM party
            WHERE person = ? AND is_staff = ? AND (rank, handle) > (?, ?) ORDER BY rank, handle LIMIT ?
            """, .bytes(person.bytes), .integer(isStaff ? 1 : 0), .integer(rank), .bytes(handle), .integer(count)
        ).map(party)
    }

    private static let accessColumns = "kind, token, person, key_id, sealed, expires"

    private func access(_ row: [SQLValue]) throws -> AccessRow {
        guard let kind = row[0].text.flatMap(AccessRow.Kind.init), let token = row[1].bytes,
            let person = row[2].bytes.flatMap({ PersonID(bytes: $0) }), let key = row[3].bytes, let sealed = row[4].bytes
        else { throw DamagedRow() }
        return AccessRow(
            kind: kind, token: token, person: person, key: key, sealed: sealed, expires: row[5].integer.map { Int64($0) })
    }

    public func putAccess(_ row: AccessRow) throws {
        try run(
            """
            INSERT INTO access (\(Self.accessColumns)) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (kind, token) DO UPDATE SET
            person = excluded.person, key_id = excluded.key_id, sealed = excluded.sealed, expires = excluded.expires
            """, .text(row.kind.rawValue), .bytes(row.token), .bytes(row.person.bytes), .bytes(row.key), .bytes(row.sealed),
            row.expires.map { .integer(Int($0)) } ?? .null)
    }

    public func access(_ kind: AccessRow.Kind, _ token: [UInt8]) throws -> AccessRow? {
        try first("SELECT \(Self.accessColumns) FROM access WHERE kind = ? AND token = ?", .text(kind.rawValue), .bytes(token))
            .map(access)
    }

    public func accesses(_ kind: AccessRow.Kind) throws -> [AccessRow] {
        try all("SELECT \(Self.accessColumns) FROM access WHERE kind = ? ORDER BY token", .text(kind.rawValue)).map(access)
    }

    public func accesses(_ kind: AccessRow.Kind, of person: PersonID) throws -> [AccessRow] {
        try all(
            "SELECT \(Self.accessColumns) FROM access WHERE person = ? AND kind = ? ORDER BY token", .bytes(person.bytes),
            .text(kind.rawValue)
        ).map(access)
    }

    public func deleteAccess(_ kind: AccessRow.Kind, _ token: [UInt8]) throws -> Bool {
        let found = try first("SELECT 1 FROM access WHERE kind = ? AND token = ?", .text(kind.rawValue), .bytes(token))
        try run("DELETE FROM access WHERE kind = ? AND token = ?", .text(kind.rawValue), .bytes(token))
        return found != nil
    }

    public func deleteAccesses(_ kind: AccessRow.Kind, of person: PersonID) throws {
        try run("DELETE FROM access WHERE person = ? AND kind = ?", .bytes(person.bytes), .text(kind.rawValue))
    }

    public func deleteAccesses(expiredBefore instant: Int64) throws {
        try run("DELETE FROM access WHERE expires IS NOT NULL AND expires < ?", .integer(Int(instant)))
    }

    // MARK: Outcomes, closings, messages, journal

    public func putOutcome(_ row: OutcomeRow) throws {
        try run(
            "INSERT INTO outcome (key_digest, command_digest, result, round) VALUES (?, ?, ?, ?)", .bytes(row.key),
            .bytes(row.command), .text(row.outcome), row.round.map { .bytes($0.bytes) } ?? .null)
    }

    public func outcome(_ key: [UInt8]) throws -> OutcomeRow? {
        let found = try first("SELECT key_digest, command_digest, result, round FROM outcome WHERE key_digest = ?", .bytes(key))
        guard let row = found, let key = row[0].bytes, let command = row[1].bytes, let result = row[2].text else { return nil }
        return OutcomeRow(key: key, command: command, outcome: result, round: row[3].bytes.flatMap { RoundID(bytes: $0) })
    }

    public func deleteOutcomes(of round: RoundID) throws {
        try run("DELETE FROM outcome WHERE round = ?", .bytes(round.bytes))
    }

    public func putPending(_ row: PendingRow) throws {
        try run(
            "INSERT INTO pending_closing (position, release_id, at, text) VALUES (?, ?, ?, ?)", .integer(row.order),
            .bytes(row.release.bytes), .integer(row.at.dayNumber), row.text.map { .text($0) } ?? .null)
    }

    public func pending() throws -> [PendingRow] {
        try all("SELECT position, release_id, at, text FROM pending_closing ORDER BY position").map { row in
            guard let order = row[0].integer, let release = row[1].bytes.flatMap({ ReleaseID(bytes: $0) }),
                let at = row[2].integer
            else { throw DamagedRow() }
            return PendingRow(order: order, release: release, at: CivilDate(dayNumber: at), text: row[3].text)
        }
    }

    public func isPending(_ release: ReleaseID) throws -> Bool {
        try first("SELECT 1 FROM pending_closing WHERE release_id = ?", .bytes(release.bytes)) != nil
    }

    public func deletePending(_ order: Int) throws { try run("DELETE FROM pending_closing WHERE position = ?", .integer(order)) }

    public func putMessage(_ id: [UInt8], _ sealed: [UInt8], round: RoundID?) throws {
        try run(
            "INSERT INTO message (id, sealed, round) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING", .bytes(id), .bytes(sealed),
            round.map { .bytes($0.bytes) } ?? .null)
    }

    public func deleteMessages(of round: RoundID) throws {
        try run("DELETE FROM message WHERE round = ?", .bytes(round.bytes))
    }

    public func messages() throws -> [(id: [UInt8], sealed: [UInt8])] {
        try all("SELECT id, sealed FROM message ORDER BY id").map { row in
            guard let id = row[0].bytes, let sealed = row[1].bytes else { throw DamagedRow() }
            return (id, sealed)
        }
    }

    public func deleteMessage(_ id: [UInt8]) throws { try run("DELETE FROM message WHERE id = ?", .bytes(id)) }

    public func putEvaluation(_ period: Int, code: [UInt8]) throws {
        try run("INSERT INTO evaluation_code (period, digest) VALUES (?, ?)", .integer(period), .bytes(code))
    }

    public func deleteEvaluation(_ period: Int, code: [UInt8]) throws -> Bool {
        let found = try all(
            "SELECT 1 FROM evaluation_code WHERE period = ? AND digest = ?", .integer(period), .bytes(code))
        try run("DELETE FROM evaluation_code WHERE period = ? AND digest = ?", .integer(period), .bytes(code))
        return !found.isEmpty
    }

    public func evaluationCodeCount(_ period: Int) throws -> Int {
        try all("SELECT digest FROM evaluation_code WHERE period = ?", .integer(period)).count
    }

    public func putEvaluation(_ period: Int, answer key: [UInt8], _ text: String) throws {
        try run(
            "INSERT INTO evaluation_answer (period, token, answers) VALUES (?, ?, ?)", .integer(period), .bytes(key), .text(text))
    }

    public func evaluationAnswers(_ period: Int) throws -> [String] {
        try all("SELECT answers FROM evaluation_answer WHERE period = ? ORDER BY token", .integer(period)).map { row in
            guard let text = row[0].text else { throw DamagedRow() }
            return text
        }
    }

    public func putJournal(_ token: [UInt8], _ sealed: [UInt8]) throws {
        try run("INSERT INTO journal (token, sealed) VALUES (?, ?) ON CONFLICT (token) DO NOTHING", .bytes(token), .bytes(sealed))
    }

    public func journal() throws -> [(token: [UInt8], sealed: [UInt8])] {
        try all("SELECT token, sealed FROM journal ORDER BY token").map { row in
            guard let token = row[0].bytes, let sealed = row[1].bytes else { throw DamagedRow() }
            return (token, sealed)
        }
    }
}
