public import ReleaseService
public import ReleaseWorkflow

/// Accounts, sessions, links and codes.
extension SQLTransaction {
    private static let accessColumns = "kind, token, person, key_id, sealed, expires"

    private static func accessRow(_ row: any SQLRow) throws -> AccessRow {
        guard let kind = AccessRow.Kind(rawValue: try row.text(0)) else { throw DamagedRow() }
        return AccessRow(
            kind: kind, token: try row.bytes(1), person: try row.id(2), key: try row.bytes(3), sealed: try row.bytes(4),
            expires: try row.optional(5, row.integer).map { Int64($0) })
    }

    public func putAccess(_ row: AccessRow) throws {
        try run(
            """
            INSERT INTO access (\(Self.accessColumns)) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (kind, token) DO UPDATE SET
            person = excluded.person, key_id = excluded.key_id, sealed = excluded.sealed, expires = excluded.expires
            """, .text(row.kind.rawValue), .bytes(row.token), .of(row.person), .bytes(row.key), .bytes(row.sealed),
            row.expires.map { .integer(Int($0)) } ?? .null)
    }

    public func access(_ kind: AccessRow.Kind, _ token: [UInt8]) throws -> AccessRow? {
        try first(
            "SELECT \(Self.accessColumns) FROM access WHERE kind = ? AND token = ?", .text(kind.rawValue),
            .bytes(token),
            read: Self.accessRow)
    }

    public func accesses(_ kind: AccessRow.Kind) throws -> [AccessRow] {
        try all(
            "SELECT \(Self.accessColumns) FROM access WHERE kind = ? ORDER BY token", .text(kind.rawValue),
            read: Self.accessRow)
    }

    public func accesses(_ kind: AccessRow.Kind, of person: PersonID) throws -> [AccessRow] {
        try all(
            "SELECT \(Self.accessColumns) FROM access WHERE person = ? AND kind = ? ORDER BY token", .of(person),
            .text(kind.rawValue), read: Self.accessRow)
    }

    public func deleteAccess(_ kind: AccessRow.Kind, _ token: [UInt8]) throws -> Bool {
        let wasThere = try exists(
            "SELECT 1 FROM access WHERE kind = ? AND token = ?", .text(kind.rawValue), .bytes(token))
        try remove(kind, token)
        return wasThere
    }

    func remove(_ kind: AccessRow.Kind, _ token: [UInt8]) throws {
        try run("DELETE FROM access WHERE kind = ? AND token = ?", .text(kind.rawValue), .bytes(token))
    }

    public func deleteAccesses(_ kind: AccessRow.Kind, of person: PersonID) throws {
        try run("DELETE FROM access WHERE person = ? AND kind = ?", .of(person), .text(kind.rawValue))
    }

    public func deleteAccesses(expiredBefore instant: Int64) throws {
        try run("DELETE FROM access WHERE expires IS NOT NULL AND expires < ?", .integer(Int(instant)))
    }
}
