internal import Cryptography
public import Records
public import TransparencyLog

/// Signs records and appends them to the log within one transaction, after the entries of ``tree``.
///
/// It is a value: if a command is refused, the caller goes on with the copy from before the command.
public struct Ledger {
    public let origin: String
    /// The keys that sign; nil while they are locked.
    public let keys: SigningKeys?
    /// True if nothing may be signed, whatever the keys.
    public let isStopped: Bool
    public private(set) var tree: MerkleTree

    public init(origin: String, keys: SigningKeys?, isStopped: Bool, tree: MerkleTree) {
        self.origin = origin
        self.keys = keys
        self.isStopped = isStopped
        self.tree = tree
    }

    public var size: Int { tree.size }

    /// True if a record can be signed now.
    public var canSign: Bool { keys != nil && !isStopped }

    /// Signs a record with the record key and appends the note.
    ///
    /// - Precondition: ``canSign``.
    public mutating func append(_ record: Record, to rows: any LogRowsWriter) throws -> RecordPointer {
        guard let keys else { preconditionFailure("a record was signed without keys") }
        return try append(keys.record.sign(record.text), to: rows)
    }

    /// Appends a note that is signed already.
    public mutating func append(_ signed: SignedNote, to rows: any LogRowsWriter) throws -> RecordPointer {
        let note = signed.bytes
        let index = tree.size
        let leaf = TreeHash.leaf(note)
        try rows.appendEntry(index, note)
        for (position, hash) in tree.append(leaf) { try rows.putNode(position, hash) }
        return RecordPointer(index: index, leaf: leaf.base64, origin: origin)
    }

    /// Starts a log: the genesis record as entry 0, and the policy that it states.
    ///
    /// - Returns: the first checkpoint, for the head file.
    public static func begin(
        origin: String, policy canonical: [UInt8], digest: [UInt8], keys: SigningKeys, recovery: NoteKey,
        after former: Checkpoint?,
        on date: CivilDate, _ rows: any LogRowsWriter
    ) throws -> Checkpoint {
        guard try rows.logSize() == 0 else { throw MachineryError.folder("the database already holds a log") }
        var members: [String: CanonicalJSON] = [
            "at": .string(date.description), "log": .string(keys.log.key.text), "origin": .string(origin),
            "policy": .string(Hex.format(digest)), "record": .string(keys.record.key.text),
            "recovery": .string(recovery.text),
            "v": .integer(1),
        ]
        if let former {
            members["after"] = .object([
                "origin": .string(former.origin), "root": .string(former.root.base64), "size": .integer(former.size),
            ])
        }
        try rows.setSetting("origin", Array(origin.utf8))
        try rows.setSetting("policy", digest)
        try rows.putPolicy(digest, canonical)
        var ledger = Ledger(origin: origin, keys: keys, isStopped: false, tree: MerkleTree())
        _ = try ledger.append(Record(origin: origin, type: .genesis, json: .object(members)), to: rows)
        return Checkpoint(origin: origin, size: 1, root: ledger.tree.root)
    }
}
