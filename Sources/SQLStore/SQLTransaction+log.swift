internal import ReleaseLedger
internal import ReleaseService
public import ReleaseWorkflow
public import TransparencyLog

/// Settings, the log, and the policies it states.
extension SQLTransaction {
    public func setting(_ name: String) throws -> [UInt8]? {
        try first("SELECT value FROM setting WHERE name = ?", .text(name)) { try $0.bytes(0) }
    }

    public func setSetting(_ name: String, _ value: [UInt8]) throws {
        try run(
            "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            .text(name), .bytes(value))
    }

    public func logSize() throws -> Int {
        try first("SELECT COALESCE(MAX(position) + 1, 0) FROM log_entry") { try $0.integer(0) } ?? 0
    }

    public func appendEntry(_ index: Int, _ note: [UInt8]) throws {
        try run("INSERT INTO log_entry (position, note) VALUES (?, ?)", .integer(index), .bytes(note))
    }

    public func entry(_ index: Int) throws -> [UInt8]? {
        try first("SELECT note FROM log_entry WHERE position = ?", .integer(index)) { try $0.bytes(0) }
    }

    public func entries(from index: Int, count: Int) throws -> [[UInt8]] {
        try all(
            "SELECT note FROM log_entry WHERE position >= ? AND position < ? ORDER BY position", .integer(index),
            .integer(index + count)
        ) { try $0.bytes(0) }
    }

    public func entries(of release: ReleaseID) throws -> [(index: Int, note: [UInt8])] {
        try all(
            "SELECT position, note FROM log_entry WHERE release_id = ? ORDER BY position", .text(release.description)
        ) {
            (try $0.integer(0), try $0.bytes(1))
        }
    }

    public func putNode(_ position: NodePosition, _ hash: TreeHash) throws {
        try run(
            "INSERT INTO log_node (level, position, hash) VALUES (?, ?, ?)", .integer(position.level),
            .integer(position.index), .bytes(hash.bytes))
    }

    public func node(at position: NodePosition) throws -> TreeHash {
        let bytes = try first(
            "SELECT hash FROM log_node WHERE level = ? AND position = ?", .integer(position.level),
            .integer(position.index)
        ) { try $0.bytes(0) }
        guard let hash = bytes.flatMap({ TreeHash(bytes: $0) }) else {
            throw LogError.missingNode(level: position.level, index: position.index)
        }
        return hash
    }

    public func nodeCount() throws -> Int { try first("SELECT COUNT(*) FROM log_node") { try $0.integer(0) } ?? 0 }

    public func putHead(size: Int, note: [UInt8]) throws {
        try run(
            "INSERT INTO log_head (size, note) VALUES (?, ?) ON CONFLICT (size) DO NOTHING", .integer(size),
            .bytes(note))
    }

    public func heads(of sizes: ClosedRange<Int>) throws -> [(size: Int, note: [UInt8])] {
        try all(
            "SELECT size, note FROM log_head WHERE size BETWEEN ? AND ? ORDER BY size", .integer(sizes.lowerBound),
            .integer(sizes.upperBound), read: Self.head)
    }

    public func head(atMost size: Int) throws -> (size: Int, note: [UInt8])? {
        try first(
            "SELECT size, note FROM log_head WHERE size <= ? ORDER BY size DESC LIMIT 1", .integer(size),
            read: Self.head)
    }

    private static func head(_ row: any SQLRow) throws -> (size: Int, note: [UInt8]) {
        (try row.integer(0), try row.bytes(1))
    }

    public func clearLog() throws {
        for table in [
            "log_entry", "log_node", "log_head", "outcome", "outcome_former", "outcome_key", "pending_closing",
        ] {
            try run("DELETE FROM \(table)")
        }
    }

    public func putPolicy(_ digest: [UInt8], _ canonical: [UInt8]) throws {
        try run(
            "INSERT INTO policy (digest, canonical) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING", .bytes(digest),
            .bytes(canonical))
    }

    public func policy(_ digest: [UInt8]) throws -> [UInt8]? {
        try first("SELECT canonical FROM policy WHERE digest = ?", .bytes(digest)) { try $0.bytes(0) }
    }
}
