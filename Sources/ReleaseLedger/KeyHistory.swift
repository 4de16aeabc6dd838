internal import Cryptography
internal import Records
public import TransparencyLog

/// The keys of a log as its own records state them: which key signs which records and which heads.
///
/// Genesis names the first record key, the first log key and the recovery key. A rotation is signed by the record key,
/// the key that leaves and the key that comes; a revocation by the recovery key alone; what follows a revocation by the
/// recovery key and the new one.
public struct KeyHistory: Sendable {
    public enum Role: String, Sendable, CaseIterable { case record, log }

    /// A key and its range: records by index, heads by size.
    public struct Span: Sendable {
        public let key: NoteKey
        public let from: Int
        /// Where the next key took over; nil for the one in force.
        public fileprivate(set) var until: Int?
        /// From where on a revocation says not to trust it.
        public fileprivate(set) var revokedFrom: Int?
    }

    public private(set) var record: [Span]
    public private(set) var log: [Span]
    public let recovery: NoteKey
    /// The digest of the policy that genesis states.
    public let policy: [UInt8]
    /// The head of the log that this one continues after a restore.
    public let former: Checkpoint?
    /// Where the statements about keys stand.
    public private(set) var statements: [Int] = []

    /// Reads genesis and every statement about a key, as they stand in the database.
    ///
    /// - Throws: ``MachineryError/corrupt(_:)`` if one of them is missing or of another type; ``LogError`` or
    ///   `RecordError` if one is not a well-formed record signed by the keys that must sign it.
    public init(store: any LogStore, origin: String) throws {
        let (genesis, later) = try store.readLog { tx -> ([UInt8], [(Int, [UInt8])]) in
            guard let genesis = try tx.entry(0) else { throw MachineryError.corrupt("the log is empty") }
            return (
                genesis,
                try LogStatements.keys(tx).map { index in
                    guard let entry = try tx.entry(index) else {
                        throw MachineryError.corrupt("a statement about a key is missing")
                    }
                    return (index, entry)
                }
            )
        }
        try self.init(genesis: genesis, origin: origin)
        for (index, entry) in later { try take(entry, at: index, origin: origin) }
    }

    init(genesis bytes: [UInt8], origin: String) throws {
        let note = try SignedNote(parsing: bytes)
        let record = try Record(parsing: note.text, origin: origin)
        func key(_ member: String) throws -> NoteKey {
            guard let text = record.json[member]?.string else {
                throw MachineryError.corrupt("entry 0 of the log is not a genesis record")
            }
            return try NoteKey(parsing: text)
        }
        guard record.type == .genesis, let policy = record.policyDigest.flatMap({ Hex.parse($0) }) else {
            throw MachineryError.corrupt("entry 0 of the log is not a genesis record")
        }
        self.policy = policy
        self.record = [Span(key: try key("record"), from: 0)]
        log = [Span(key: try key("log"), from: 1)]
        recovery = try key("recovery")
        if let after = record.json["after"], let origin = after["origin"]?.string, let size = after["size"]?.integer,
            let root = after["root"]?.string.flatMap({ TreeHash(base64: $0) })
        {
            former = Checkpoint(origin: origin, size: size, root: root)
        } else {
            former = nil
        }
        try note.verify(by: self.record[0].key)
    }

    private mutating func take(_ bytes: [UInt8], at index: Int, origin: String) throws {
        let note = try SignedNote(parsing: bytes)
        let statement = try Record(parsing: note.text, origin: origin)
        guard statement.type == .key, let role = statement.json["role"]?.string.flatMap(Role.init),
            let key = try statement.json["key"]?.string.map({ try NoteKey(parsing: $0) }),
            let from = statement.json["from"]?.integer
        else { throw MachineryError.corrupt("a statement about a key is not one") }
        let isRevocation = statement.json["state"]?.string == "revoked"
        try note.verify(byEach: signers(role, of: key, isRevocation: isRevocation))
        func change(_ spans: inout [Span]) {
            if isRevocation {
                spans[spans.count - 1].revokedFrom = from
            } else {
                spans[spans.count - 1].until = from
                spans.append(Span(key: key, from: from))
            }
        }
        switch role {
        case .record: change(&record)
        case .log: change(&log)
        }
        statements.append(index)
    }

    /// The signers of a statement that puts `key` in force, or takes it out of it.
    func signers(_ role: Role, of key: NoteKey, isRevocation: Bool) -> [NoteKey] {
        if isRevocation { return [recovery] }
        let current = role == .record ? record[record.count - 1] : log[log.count - 1]
        if current.revokedFrom != nil { return [recovery, key] }
        return role == .record ? [currentRecord, key] : [currentRecord, currentLog, key]
    }

    public var currentRecord: NoteKey { record[record.count - 1].key }
    public var currentLog: NoteKey { log[log.count - 1].key }

    /// The key whose signature counts on the record at `index`; nil where a revocation says that none does.
    public func recordKey(at index: Int) -> NoteKey? { Self.key(record, index) }

    /// The key whose signature counts on a head of `size` records; nil where a revocation says that none does.
    public func logKey(signing size: Int) -> NoteKey? { Self.key(log, size) }

    /// The key that was in force for a head of `size` records, whatever was revoked since: what our own head file may
    /// be signed by.
    public func ownLogKey(signing size: Int) -> NoteKey? {
        log.last { size >= $0.from && size < $0.until ?? .max }?.key
    }

    private static func key(_ spans: [Span], _ place: Int) -> NoteKey? {
        guard let span = spans.last(where: { place >= $0.from && place < $0.until ?? .max }) else { return nil }
        return place < span.revokedFrom ?? .max ? span.key : nil
    }
}
