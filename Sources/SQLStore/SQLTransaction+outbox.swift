public import ReleaseService
public import ReleaseWorkflow

/// Outcomes, messages, evaluations and the journal.
extension SQLTransaction {
    public func putOutcome(_ row: OutcomeRow) throws {
        try run(
            "INSERT INTO outcome (key_digest, command_digest, result, round) VALUES (?, ?, ?, ?)", .bytes(row.key),
            .bytes(row.command), .text(row.outcome), .of(row.round))
    }

    public func outcome(_ key: [UInt8]) throws -> OutcomeRow? {
        for table in Self.outcomeTables {
            let found = try first(
                "SELECT key_digest, command_digest, result, round FROM \(table) WHERE key_digest = ?", .bytes(key)
            ) { row in
                OutcomeRow(
                    key: try row.bytes(0), command: try row.bytes(1), outcome: try row.text(2),
                    round: try row.optional(3) { try row.id($0) })
            }
            if let found { return found }
        }
        // Used, and no longer known for what: it is no other command's key.
        let isUsed = try exists("SELECT 1 FROM outcome_key WHERE key_digest = ?", .bytes(key))
        return isUsed ? OutcomeRow(key: key, command: [], outcome: "", round: nil) : nil
    }

    private static let outcomeTables = ["outcome", "outcome_former"]

    public func deleteOutcomes(of round: RoundID) throws {
        for table in Self.outcomeTables + ["outcome_key"] {
            try run("DELETE FROM \(table) WHERE round = ?", .of(round))
        }
    }

    /// The tables change places: of what is dropped the keys alone are copied.
    public func dropFormerOutcomes() throws {
        let columns = "key_digest BLOB PRIMARY KEY, command_digest BLOB NOT NULL, result TEXT NOT NULL, round BLOB"
        for statement in [
            "INSERT OR IGNORE INTO outcome_key SELECT key_digest, round FROM outcome_former",
            "DROP TABLE outcome_former", "DROP INDEX outcome_round", "ALTER TABLE outcome RENAME TO outcome_former",
            "CREATE TABLE outcome (\(columns)) WITHOUT ROWID",
            "CREATE INDEX outcome_round ON outcome (round) WHERE round IS NOT NULL",
            "CREATE INDEX outcome_former_round ON outcome_former (round) WHERE round IS NOT NULL",
        ] { try run(statement) }
    }

    public func putMessage(_ id: [UInt8], _ sealed: [UInt8], round: RoundID?) throws {
        try run(
            "INSERT INTO message (id, sealed, round) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING", .bytes(id),
            .bytes(sealed),
            .of(round))
    }

    public func deleteMessages(of round: RoundID) throws { try run("DELETE FROM message WHERE round = ?", .of(round)) }

    public func messages() throws -> [(id: [UInt8], sealed: [UInt8])] {
        try all("SELECT id, sealed FROM message ORDER BY id") { (try $0.bytes(0), try $0.bytes(1)) }
    }

    public func message(_ id: [UInt8]) throws -> [UInt8]? {
        try first("SELECT sealed FROM message WHERE id = ?", .bytes(id)) { try $0.bytes(0) }
    }

    public func deleteMessage(_ id: [UInt8]) throws { try run("DELETE FROM message WHERE id = ?", .bytes(id)) }

    public func putEvaluation(_ period: Int, code: [UInt8]) throws {
        try run("INSERT INTO evaluation_code (period, digest) VALUES (?, ?)", .integer(period), .bytes(code))
    }

    public func hasEvaluation(_ period: Int, code: [UInt8]) throws -> Bool {
        try exists("SELECT 1 FROM evaluation_code WHERE period = ? AND digest = ?", .integer(period), .bytes(code))
    }

    public func deleteEvaluation(_ period: Int, code: [UInt8]) throws -> Bool {
        let wasThere = try exists(
            "SELECT 1 FROM evaluation_code WHERE period = ? AND digest = ?", .integer(period), .bytes(code))
        try run("DELETE FROM evaluation_code WHERE period = ? AND digest = ?", .integer(period), .bytes(code))
        return wasThere
    }

    public func evaluationCodeCount(_ period: Int) throws -> Int {
        try first("SELECT COUNT(*) FROM evaluation_code WHERE period = ?", .integer(period)) { try $0.integer(0) } ?? 0
    }

    public func putEvaluation(_ period: Int, answer key: [UInt8], _ text: String) throws {
        try run(
            "INSERT INTO evaluation_answer (period, token, answers) VALUES (?, ?, ?)", .integer(period), .bytes(key),
            .text(text))
    }

    public func evaluationAnswers(_ period: Int) throws -> [String] {
        try all("SELECT answers FROM evaluation_answer WHERE period = ? ORDER BY token", .integer(period)) {
            try $0.text(0)
        }
    }

    public func putJournal(_ token: [UInt8], _ sealed: [UInt8]) throws {
        try run(
            "INSERT INTO journal (token, sealed) VALUES (?, ?) ON CONFLICT (token) DO NOTHING", .bytes(token),
            .bytes(sealed))
    }

    public func journal() throws -> [(token: [UInt8], sealed: [UInt8])] {
        try all("SELECT token, sealed FROM journal ORDER BY token") { (try $0.bytes(0), try $0.bytes(1)) }
    }
}
