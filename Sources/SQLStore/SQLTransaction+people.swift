public import ReleaseService
public import ReleaseWorkflow

/// People and the blind index.
extension SQLTransaction {
    public func putPerson(_ row: PersonRow) throws {
        try run(
            "INSERT INTO person (id, key_id, sealed) VALUES (?, ?, ?) "
                + "ON CONFLICT (id) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed",
            .of(row.id), .bytes(row.key), .bytes(row.sealed))
    }

    public func person(_ id: PersonID) throws -> PersonRow? {
        try first("SELECT id, key_id, sealed FROM person WHERE id = ?", .of(id), read: Self.person)
    }

    public func people() throws -> [PersonRow] {
        try all("SELECT id, key_id, sealed FROM person ORDER BY id", read: Self.person)
    }

    public func putMentor(_ row: PersonRow) throws {
        try run(
            "INSERT INTO mentor (id, key_id, sealed) VALUES (?, ?, ?) "
                + "ON CONFLICT (id) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed",
            .of(row.id), .bytes(row.key), .bytes(row.sealed))
    }

    public func mentor(_ id: PersonID) throws -> PersonRow? {
        try first("SELECT id, key_id, sealed FROM mentor WHERE id = ?", .of(id), read: Self.person)
    }

    public func mentors() throws -> [PersonRow] {
        try all("SELECT id, key_id, sealed FROM mentor ORDER BY id", read: Self.person)
    }

    private static func person(_ row: any SQLRow) throws -> PersonRow {
        PersonRow(id: try row.id(0), key: try row.bytes(1), sealed: try row.bytes(2))
    }

    public func putIndex(_ tokens: [[UInt8]], of person: PersonID, key: [UInt8]) throws {
        try run("DELETE FROM person_index WHERE person = ?", .of(person))
        for token in tokens.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            try run(
                "INSERT INTO person_index (token, person, key_id) VALUES (?, ?, ?)", .bytes(token), .of(person),
                .bytes(key))
        }
    }

    public func people(withToken token: [UInt8]) throws -> [PersonID] {
        try all("SELECT person FROM person_index WHERE token = ? ORDER BY person", .bytes(token)) { try $0.id(0) }
    }
}
