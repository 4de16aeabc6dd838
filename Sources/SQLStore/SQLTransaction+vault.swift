internal import ReleaseService
public import ReleaseWorkflow

/// The vault, and what has to be erased.
extension SQLTransaction {
    public func putSealed(_ key: [UInt8], _ field: String, _ sealed: [UInt8]) throws {
        try run(
            "INSERT INTO vault (key_id, field, sealed) VALUES (?, ?, ?) ON CONFLICT (key_id, field) DO UPDATE SET sealed = excluded.sealed",
            .bytes(key), .text(field), .bytes(sealed))
    }

    public func sealed(_ key: [UInt8], _ field: String) throws -> [UInt8]? {
        try first("SELECT sealed FROM vault WHERE key_id = ? AND field = ?", .bytes(key), .text(field)) {
            try $0.bytes(0)
        }
    }

    public func sealedNames(
        after name: (key: [UInt8], field: String)?, count: Int
    ) throws -> [(key: [UInt8], field: String)] {
        try all(
            "SELECT key_id, field FROM vault WHERE (key_id, field) > (?, ?) ORDER BY key_id, field LIMIT ?",
            .bytes(name?.key ?? []), .text(name?.field ?? ""), .integer(count)
        ) { (try $0.bytes(0), try $0.text(1)) }
    }

    /// Keeps only what is asked for, because a database may hold a million keys. The rows of people are looked through;
    /// those of the vault are found by key unless ten thousand or more are asked for.
    public func keysInUse(among keys: Set<[UInt8]>) throws -> Set<[UInt8]> {
        var found: Set<[UInt8]> = []
        guard !keys.isEmpty else { return found }
        // The vault is the largest by far, and found by key.
        let isFew = keys.count < 10_000
        if isFew {
            for key in keys where try exists("SELECT 1 FROM vault WHERE key_id = ? LIMIT 1", .bytes(key)) {
                found.insert(key)
            }
        }
        for table in ["person", "mentor", "person_index", "access"] + (isFew ? [] : ["vault"]) {
            try connection.forEachRow("SELECT key_id FROM \(table)", []) { row in
                let key = try row.bytes(0)
                if keys.contains(key) { found.insert(key) }
            }
        }
        return found
    }

    public func deleteSealed(_ key: [UInt8], _ field: String) throws {
        try run("DELETE FROM vault WHERE key_id = ? AND field = ?", .bytes(key), .text(field))
    }

    public func deleteSealed(under key: [UInt8]) throws { try run("DELETE FROM vault WHERE key_id = ?", .bytes(key)) }

    public func deletePerson(_ id: PersonID) throws {
        try run("DELETE FROM person WHERE id = ?", .of(id))
        try run("DELETE FROM mentor WHERE id = ?", .of(id))
        try run("DELETE FROM person_index WHERE person = ?", .of(id))
        try run("DELETE FROM access WHERE person = ?", .of(id))
    }

    public func deleteCovered(by keys: [[UInt8]]) throws {
        for table in ["person", "mentor", "vault", "person_index", "access"] {
            for key in keys { try run("DELETE FROM \(table) WHERE key_id = ?", .bytes(key)) }
        }
    }

    public func putErasure(_ key: [UInt8]) throws {
        try run("INSERT INTO erasure (key_id) VALUES (?) ON CONFLICT (key_id) DO NOTHING", .bytes(key))
    }

    public func erasures() throws -> [[UInt8]] {
        try all("SELECT key_id FROM erasure ORDER BY key_id") { try $0.bytes(0) }
    }

    public func deleteErasure(_ key: [UInt8]) throws { try run("DELETE FROM erasure WHERE key_id = ?", .bytes(key)) }
}
