internal import GRDB

extension SQLiteStore {
    /// The version this program writes; kept in SQLite's own `user_version`.
    static let version = 3

    /// - Throws: ``SQLiteError`` for a database that a newer program made: opening it here could lose what it added.
    static func checkVersion(_ database: Database) throws {
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard found <= version else {
            throw SQLiteError(reason: "the database is of version \(found), newer than this program knows (\(version))")
        }
    }

    /// The version of a database that has to be brought up; nil for a new one and for one that is.
    static func oldVersion(_ database: Database) throws -> Int? {
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        return (1..<version).contains(found) ? found : nil
    }

    /// Brings a database to the version this program writes, one step after the other; a new one takes them all.
    static func migrate(_ database: Database) throws {
        let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        if found < 1 { try makeRecords(database) }
        if found < 2 { try makeAccess(database) }
        if found < 3 { try makeFormerOutcomes(database) }
        try database.execute(sql: "PRAGMA user_version = \(version)")
        // An index changes no row, so it needs no version: an older program uses the file as before.
        try database.execute(sql: "CREATE INDEX IF NOT EXISTS draft_due ON draft (due) WHERE due IS NOT NULL")
    }

    /// No AUTOINCREMENT anywhere and no column of a time: a deleted row leaves no mark.
    private static func makeRecords(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
                CREATE TABLE policy (digest BLOB PRIMARY KEY, canonical BLOB NOT NULL) WITHOUT ROWID;

                -- release_id is computed from the entry's own bytes, so no row can claim to belong to another release.
                CREATE TABLE log_entry (
                    position INTEGER PRIMARY KEY,
                    note BLOB NOT NULL,
                    release_id TEXT GENERATED ALWAYS AS (
                        CASE instr(CAST(note AS TEXT), '"release":"') WHEN 0 THEN NULL
                        ELSE substr(CAST(note AS TEXT), instr(CAST(note AS TEXT), '"release":"') + 11, 32) END) VIRTUAL);
                CREATE INDEX log_entry_release ON log_entry (release_id, position);
                CREATE TABLE log_node (
                    level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL,
                    PRIMARY KEY (level, position)) WITHOUT ROWID;
                CREATE TABLE log_head (size INTEGER PRIMARY KEY, note BLOB NOT NULL);

                CREATE TABLE person (id BLOB PRIMARY KEY, key_id BLOB NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
                CREATE TABLE mentor (id BLOB PRIMARY KEY, key_id BLOB NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;
                CREATE TABLE person_index (
                    token BLOB NOT NULL, person BLOB NOT NULL, key_id BLOB NOT NULL, PRIMARY KEY (token, person)) WITHOUT ROWID;
                CREATE INDEX person_index_person ON person_index (person);

                CREATE TABLE mentoring_case (
                    id BLOB PRIMARY KEY, workflow TEXT NOT NULL, opener BLOB NOT NULL, policy BLOB NOT NULL,
                    tip BLOB NOT NULL, due INTEGER) WITHOUT ROWID;
                CREATE INDEX mentoring_case_due ON mentoring_case (due) WHERE due IS NOT NULL;
                CREATE TABLE case_event (
                    case_id BLOB NOT NULL, sequence INTEGER NOT NULL, sealed BLOB NOT NULL, link BLOB NOT NULL,
                    PRIMARY KEY (case_id, sequence)) WITHOUT ROWID;
                CREATE TABLE draft (
                    round BLOB PRIMARY KEY, case_id BLOB NOT NULL UNIQUE, workflow TEXT NOT NULL, opener BLOB NOT NULL,
                    policy BLOB NOT NULL, sealed BLOB NOT NULL, due INTEGER) WITHOUT ROWID;
                -- From version 3 on the first column is a keyed token, and the second the two ids, sealed.
                CREATE TABLE release_case (
                    release_id BLOB PRIMARY KEY, case_id BLOB NOT NULL, code_digest BLOB NOT NULL UNIQUE) WITHOUT ROWID;
                CREATE TABLE place (round BLOB PRIMARY KEY, mentor BLOB NOT NULL) WITHOUT ROWID;
                CREATE INDEX place_mentor ON place (mentor);

                CREATE TABLE vault (
                    key_id BLOB NOT NULL, field TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (key_id, field)) WITHOUT ROWID;
                CREATE TABLE erasure (key_id BLOB PRIMARY KEY) WITHOUT ROWID;
                CREATE TABLE outcome (
                    key_digest BLOB PRIMARY KEY, command_digest BLOB NOT NULL, result TEXT NOT NULL, round BLOB) WITHOUT ROWID;
                CREATE INDEX outcome_round ON outcome (round) WHERE round IS NOT NULL;
                CREATE TABLE pending_closing (
                    position INTEGER PRIMARY KEY, release_id BLOB NOT NULL, at INTEGER NOT NULL, text TEXT);
                CREATE TABLE message (id BLOB PRIMARY KEY, sealed BLOB NOT NULL, round BLOB) WITHOUT ROWID;
                CREATE INDEX message_round ON message (round) WHERE round IS NOT NULL;
                CREATE TABLE journal (token BLOB PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID;
                CREATE TABLE evaluation_code (
                    period INTEGER NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (period, digest)) WITHOUT ROWID;
                CREATE TABLE evaluation_answer (
                    period INTEGER NOT NULL, token BLOB NOT NULL, answers TEXT NOT NULL, PRIMARY KEY (period, token)) WITHOUT ROWID;
                """)
    }

    /// Outcomes lie in two tables, this month's and the former one's, so that no row says when it was written. Of those
    /// before, only that a key was used is known.
    private static func makeFormerOutcomes(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE outcome_former (
                    key_digest BLOB PRIMARY KEY, command_digest BLOB NOT NULL, result TEXT NOT NULL, round BLOB) WITHOUT ROWID;
                CREATE INDEX outcome_former_round ON outcome_former (round) WHERE round IS NOT NULL;
                CREATE TABLE outcome_key (key_digest BLOB PRIMARY KEY, round BLOB) WITHOUT ROWID;
                CREATE INDEX outcome_key_round ON outcome_key (round) WHERE round IS NOT NULL;
                """)
    }

    /// Tables of who sees which case, and by what people are known. Only what lets somebody in for a while says until
    /// when it does.
    private static func makeAccess(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE party (
                    handle BLOB PRIMARY KEY, person BLOB NOT NULL, is_staff INTEGER NOT NULL, rank INTEGER NOT NULL,
                    case_id BLOB NOT NULL, opener BLOB NOT NULL, workflow TEXT NOT NULL) WITHOUT ROWID;
                CREATE INDEX party_person ON party (person, is_staff, rank, handle);
                CREATE INDEX party_case ON party (case_id);
                CREATE TABLE access (
                    kind TEXT NOT NULL, token BLOB NOT NULL, person BLOB NOT NULL, key_id BLOB NOT NULL, sealed BLOB NOT NULL,
                    expires INTEGER, PRIMARY KEY (kind, token)) WITHOUT ROWID;
                CREATE INDEX access_person ON access (person, kind);
                CREATE INDEX access_expires ON access (expires) WHERE expires IS NOT NULL;
                """)
    }
}
