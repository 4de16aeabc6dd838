internal import Synchronization
public import TransparencyLog

/// A record and the proof that it is in the log.
public struct Receipt: Sendable {
    public let index: Int
    /// The exact bytes of the signed note.
    public let record: [UInt8]
    /// A `c2sp.org/tlog-proof@v1` file.
    public let proof: [UInt8]
}

/// Makes receipts under one signed head.
public struct Receipts {
    private let published: Published
    private let hashes: HashCache

    public init(under published: Published, hashes: HashCache) {
        self.published = published
        self.hashes = hashes
    }

    /// The receipts of these records; none where nothing is signed yet.
    ///
    /// - Throws: ``MachineryError/corrupt(_:)`` if a record is missing; ``LogError`` for an index that the signed head
    ///   does not cover, or if a stored hash is missing.
    public func receipts(for indexes: [Int], _ rows: any LogRows) throws -> [Receipt] {
        try receipts(for: indexes, entry: { try rows.entry($0) }, node: { try rows.node(at: $0) })
    }

    /// The same, where records and hashes are found one by one: neither ever changes.
    ///
    /// - Parameter node: asked for hashes that are not known yet.
    public func receipts(
        for indexes: [Int], entry: (Int) throws -> [UInt8]?, node: @escaping (NodePosition) throws -> TreeHash
    ) throws -> [Receipt] {
        guard !indexes.isEmpty, let head = published.head else { return [] }
        let note = try SignedNote(parsing: head.note)
        let reader = CachedNodes(hashes: hashes, read: node)
        return try indexes.map { index in
            guard let entry = try entry(index) else { throw MachineryError.corrupt("record \(index) is missing") }
            let hashes = try LogProof.proveInclusion(of: index, in: published.checkpoint.size, reader: reader)
            return Receipt(
                index: index, record: entry, proof: EntryProof(index: index, hashes: hashes, checkpoint: note).bytes)
        }
    }

    private struct CachedNodes: NodeReader {
        let hashes: HashCache
        let read: (NodePosition) throws -> TreeHash
        func node(at position: NodePosition) throws -> TreeHash { try hashes.hash(at: position, or: read) }
    }
}

/// Hashes of complete subtrees, which never change, kept so that a receipt costs no hundred look-ups.
///
/// Only receipts use them: the gate and the audit read what is stored.
public final class HashCache: Sendable {
    private static let limit = 200_000
    private let hashes = Mutex([NodePosition: TreeHash]())

    public init() {}

    func keep(_ position: NodePosition, _ hash: TreeHash) {
        hashes.withLock {
            if $0.count >= Self.limit { $0.removeAll(keepingCapacity: true) }
            $0[position] = hash
        }
    }

    func hash(at position: NodePosition, or read: (NodePosition) throws -> TreeHash) rethrows -> TreeHash {
        if let known = hashes.withLock({ $0[position] }) { return known }
        let hash = try read(position)
        keep(position, hash)
        return hash
    }
}
