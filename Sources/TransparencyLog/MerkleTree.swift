internal import Cryptography

/// A SHA-256 hash in the tree: of a leaf, of a node, or of a whole log.
public struct TreeHash: Hashable, Sendable {
    // Held in place: a log of a million records has two million of these.
    private var words: SIMD4<UInt64>

    /// 32 bytes.
    public var bytes: [UInt8] { withUnsafeBytes(of: words) { Array($0) } }

    /// Nil unless `bytes` has 32 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == SHA256.byteCount else { return nil }
        words = SIMD4()
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    }

    /// Fills the hash in place.
    private init(filling body: (UnsafeMutableRawPointer) -> Void) {
        words = SIMD4()
        withUnsafeMutableBytes(of: &words) { if let base = $0.baseAddress { body(base) } }
    }

    /// Base64 with padding.
    public var base64: String { Base64.format(bytes) }

    public init?(base64: some StringProtocol) {
        guard let bytes = Base64.parse(base64), let hash = TreeHash(bytes: bytes) else { return nil }
        self = hash
    }

    /// The hash of a log entry: SHA-256(0x00 ‖ entry).
    ///
    /// - Source: RFC 6962 §2.1, “Merkle Hash Trees”.
    public static func leaf(_ entry: [UInt8]) -> TreeHash {
        withUnsafeTemporaryAllocation(byteCount: entry.count + 1, alignment: 16) { whole in
            whole[0] = 0x00
            UnsafeMutableRawBufferPointer(rebasing: whole[1...]).copyBytes(from: entry)
            return TreeHash { SHA256.hash(UnsafeRawBufferPointer(whole), into: $0) }
        }
    }

    /// The hash of two subtrees: SHA-256(0x01 ‖ left ‖ right).
    ///
    /// - Source: RFC 6962 §2.1, “Merkle Hash Trees”.
    public static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        withUnsafeTemporaryAllocation(byteCount: 65, alignment: 16) { whole in
            whole[0] = 0x01
            whole.storeBytes(of: left.words, toByteOffset: 1, as: SIMD4<UInt64>.self)
            whole.storeBytes(of: right.words, toByteOffset: 33, as: SIMD4<UInt64>.self)
            return TreeHash { SHA256.hash(UnsafeRawBufferPointer(whole), into: $0) }
        }
    }

    /// The root of the empty tree: SHA-256 of nothing.
    public static let empty = TreeHash { SHA256.hash(UnsafeRawBufferPointer(start: nil, count: 0), into: $0) }
}

/// The place of a stored hash, which is the root of the perfect subtree of `2^level` leaves that begins at leaf
/// `index · 2^level`.
public struct NodePosition: Hashable, Sendable {
    public let level: Int
    public let index: Int
    public init(level: Int, index: Int) {
        self.level = level
        self.index = index
    }
}

/// Reads the hashes of perfect subtrees. Every one that is complete in the log must be there.
public protocol NodeReader {
    func node(at position: NodePosition) throws -> TreeHash
}

/// An error of a log.
public enum LogError: Error, Equatable, Sendable, CustomStringConvertible {
    /// An index or size outside the log.
    case outOfRange
    /// A stored hash is missing.
    case missingNode(level: Int, index: Int)
    /// A tile is missing, by its path.
    case missingTile(String)
    /// A tile whose bytes are not what its path and the log's size make them; why, in words.
    case badTile(String, String)
    /// Text that is not a note, checkpoint, key or proof. Says no more, for it may be hostile.
    case malformed(String)
    /// The bytes are well formed and not signed by the key they must be signed by.
    case badSignature

    public var description: String {
        switch self {
        case .outOfRange: "index or size is outside the log"
        case .missingNode(let level, let index): "log hash at level \(level), index \(index) is missing"
        case .missingTile(let path): "`\(path)` is missing"
        case .badTile(let path, let why): "`\(path)`: \(why)"
        case .malformed(let what): "malformed \(what)"
        case .badSignature: "signature does not verify"
        }
    }
}

/// The Merkle tree of RFC 6962, grown one entry at a time.
///
/// - Shape: keeps one hash for each one bit of `size`, largest subtree first.
public struct MerkleTree: Hashable, Sendable {
    /// Entries appended so far.
    public private(set) var size: Int
    private var subtrees: [TreeHash]

    public init() {
        size = 0
        subtrees = []
    }

    /// Takes up a tree of `size` entries whose perfect subtrees `reader` has stored.
    ///
    /// - Complexity: reads at most log₂ `size` hashes.
    public init(size: Int, reader: some NodeReader) throws {
        guard size >= 0 else { throw LogError.outOfRange }
        self.size = size
        subtrees = try Self.subtrees(from: 0, to: size).map { try reader.node(at: $0) }
    }

    /// Appends a leaf and returns the perfect subtrees it completes, the leaf itself first.
    ///
    /// - Shape: `1 + trailing zero bits of the new size` positions.
    public mutating func append(_ leaf: TreeHash) -> [(position: NodePosition, hash: TreeHash)] {
        var completed = [(position: NodePosition(level: 0, index: size), hash: leaf)]
        var hash = leaf
        var level = 0
        var index = size
        while index & 1 == 1 {
            hash = .node(subtrees.removeLast(), hash)
            index >>= 1
            level += 1
            completed.append((NodePosition(level: level, index: index), hash))
        }
        subtrees.append(hash)
        size += 1
        return completed
    }

    /// Appends a perfect subtree of `2^level` leaves, of which only the root is known.
    ///
    /// - Precondition: the tree's size is a multiple of the subtree's.
    public mutating func appendSubtree(_ root: TreeHash, level: Int) {
        precondition(size & (1 << level - 1) == 0, "a subtree begins at a multiple of its size")
        var hash = root
        var count = size >> level
        while count & 1 == 1 {
            hash = .node(subtrees.removeLast(), hash)
            count >>= 1
        }
        subtrees.append(hash)
        size += 1 << level
    }

    /// The Merkle tree hash of RFC 6962 §2.1.
    public var root: TreeHash {
        guard var hash = subtrees.last else { return .empty }
        for subtree in subtrees.dropLast().reversed() { hash = .node(subtree, hash) }
        return hash
    }

    /// The perfect subtrees that together cover leaves `from ..< to`, left to right, where `from` is a multiple of the
    /// first's size.
    static func subtrees(from: Int, to: Int) -> [NodePosition] {
        var positions: [NodePosition] = []
        var start = from
        while start < to {
            var level = start == 0 ? Int.bitWidth - 2 : start.trailingZeroBitCount
            while level > 0, 1 << level > to - start { level -= 1 }
            positions.append(NodePosition(level: level, index: start >> level))
            start += 1 << level
        }
        return positions
    }
}

/// Inclusion and consistency proofs: made from stored hashes, checked from nothing but the proof.
public enum LogProof {
    /// Proves that the log with `size` entries contains the entry at `index`.
    ///
    /// - Shape: at most ⌈log₂ size⌉ hashes, leaf to root; empty when `size` is 1.
    /// - Units: `size` and `index` count entries; the first entry is 0.
    /// - Throws: ``LogError/outOfRange`` unless `0 <= index < size`.
    /// - Complexity: reads O(log² size) stored hashes at most.
    /// - Source: RFC 6962 §2.1.1, “Merkle Audit Paths”.
    public static func proveInclusion(of index: Int, in size: Int, reader: some NodeReader) throws -> [TreeHash] {
        guard index >= 0, index < size else { throw LogError.outOfRange }
        var path: [TreeHash] = []
        var (low, high) = (0, size)
        while high - low > 1 {
            let middle = low + split(high - low)
            if index < middle {
                path.append(try hash(from: middle, to: high, reader: reader))
                high = middle
            } else {
                path.append(try hash(from: low, to: middle, reader: reader))
                low = middle
            }
        }
        return path.reversed()
    }

    /// Proves that the log with `newSize` entries begins with the log with `oldSize` entries.
    ///
    /// - Shape: empty when `oldSize` is 0 or equals `newSize`.
    /// - Throws: ``LogError/outOfRange`` unless `0 <= oldSize <= newSize`.
    /// - Source: RFC 6962 §2.1.2, “Merkle Consistency Proofs”.
    public static func proveConsistency(from oldSize: Int, to newSize: Int, reader: some NodeReader) throws
        -> [TreeHash]
    {
        guard oldSize >= 0, oldSize <= newSize else { throw LogError.outOfRange }
        if oldSize == 0 || oldSize == newSize { return [] }
        var path: [TreeHash] = []
        var (low, high) = (0, newSize)
        var isOldRootKnown = true
        while oldSize != high {
            let middle = low + split(high - low)
            if oldSize <= middle {
                path.append(try hash(from: middle, to: high, reader: reader))
                high = middle
            } else {
                path.append(try hash(from: low, to: middle, reader: reader))
                low = middle
                isOldRootKnown = false
            }
        }
        if !isOldRootKnown { path.append(try hash(from: low, to: high, reader: reader)) }
        return path.reversed()
    }

    /// True if `proof` shows `leaf` at `index` in the log of `size` entries with this `root`.
    ///
    /// - Source: RFC 9162 §2.1.3.2, “Verifying an Inclusion Proof”.
    public static func isInclusion(
        _ proof: [TreeHash], of leaf: TreeHash, at index: Int, in size: Int, root: TreeHash
    ) -> Bool {
        guard index >= 0, index < size else { return false }
        var (node, last) = (index, size - 1)
        var hash = leaf
        for step in proof {
            if last == 0 { return false }
            if node & 1 == 1 || node == last {
                hash = .node(step, hash)
                while node & 1 == 0, node != 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                hash = .node(hash, step)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }

    /// True if `proof` shows that the log of `newSize` entries with `newRoot` begins with that of `oldSize` with
    /// `oldRoot`.
    ///
    /// - Source: RFC 9162 §2.1.4.2, “Verifying Consistency between Two Tree Heads”.
    public static func isConsistency(
        _ proof: [TreeHash], from oldSize: Int, _ oldRoot: TreeHash, to newSize: Int, _ newRoot: TreeHash
    ) -> Bool {
        guard oldSize >= 0, oldSize <= newSize else { return false }
        if oldSize == newSize { return proof.isEmpty && oldRoot == newRoot }
        if oldSize == 0 { return proof.isEmpty && oldRoot == .empty }
        var path = proof[...]
        var (node, last) = (oldSize - 1, newSize - 1)
        while node & 1 == 1 {
            node >>= 1
            last >>= 1
        }
        var oldHash: TreeHash
        if node == 0, oldSize & (oldSize - 1) == 0 {
            oldHash = oldRoot
        } else {
            guard let first = path.popFirst() else { return false }
            oldHash = first
        }
        var newHash = oldHash
        for step in path {
            if last == 0 { return false }
            if node & 1 == 1 || node == last {
                oldHash = .node(step, oldHash)
                newHash = .node(step, newHash)
                while node & 1 == 0, node != 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                newHash = .node(newHash, step)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && oldHash == oldRoot && newHash == newRoot
    }

    /// The largest power of two smaller than `count`.
    private static func split(_ count: Int) -> Int { 1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount) }

    private static func hash(from: Int, to: Int, reader: some NodeReader) throws -> TreeHash {
        let parts = try MerkleTree.subtrees(from: from, to: to).map { try reader.node(at: $0) }
        guard var hash = parts.last else { throw LogError.outOfRange }
        for part in parts.dropLast().reversed() { hash = .node(part, hash) }
        return hash
    }
}
