internal import Cryptography

/// Recomputes every hash of a log from its entries, tile by tile, and compares each with the tile that states it.
///
/// Each bundle of entries is independent of the others, so that callers hash them on several cores; only 32 bytes of
/// each stay in memory.
public enum LogRehash {
    /// The result of one bundle of entries.
    public struct Bundle: Sendable {
        /// The root of the 256 entries; nil if the bundle is not full.
        public let root: TreeHash?
        /// The hashes of its leaves, 32 bytes each, as a tile of level 0 holds them.
        public let leaves: [UInt8]
    }

    /// Hashes the entries of one bundle.
    ///
    /// - Parameter bytes: the bundle; the low byte of each length is overwritten by the leaf's prefix, so that nothing
    ///   is copied.
    /// - Throws: ``LogError/badTile(_:_:)`` unless the bytes are exactly the entries that the path names.
    public static func hash(_ bytes: inout [UInt8], of path: TilePath) throws -> Bundle {
        let ranges = try EntryBundle.ranges(in: bytes, of: path)
        var leaves = [UInt8](repeating: 0, count: ranges.count * hashByteCount)
        let run = SHA256.Run()
        bytes.withUnsafeMutableBytes { bytes in
            leaves.withUnsafeMutableBytes { leaves in
                guard let out = leaves.baseAddress else { return }
                for (index, range) in ranges.enumerated() {
                    bytes[range.lowerBound - 1] = 0x00
                    let message = UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound - 1..<range.upperBound])
                    run.hash(message, into: out + index * hashByteCount)
                }
            }
        }
        return Bundle(root: path.isFull ? root(of: leaves, run) : nil, leaves: leaves)
    }

    /// The root over the hashes of a full tile.
    ///
    /// - Precondition: 256 hashes of 32 bytes.
    public static func root(of hashes: [UInt8]) -> TreeHash { root(of: hashes, SHA256.Run()) }

    private static func root(of hashes: [UInt8], _ run: borrowing SHA256.Run) -> TreeHash {
        precondition(hashes.count == TilePath.fullWidth * hashByteCount, "not a full tile")
        var level = hashes
        level.withUnsafeMutableBytes { level in
            guard let base = level.baseAddress else { return }
            withUnsafeTemporaryAllocation(byteCount: 1 + 2 * hashByteCount, alignment: 16) { message in
                guard let start = message.baseAddress else { return }
                message[0] = 0x01
                var count = TilePath.fullWidth
                while count > 1 {
                    for pair in 0..<count / 2 {
                        (start + 1).copyMemory(from: base + pair * 64, byteCount: 64)
                        run.hash(UnsafeRawBufferPointer(message), into: base + pair * 32)
                    }
                    count /= 2
                }
            }
        }
        guard let root = TreeHash(bytes: level.prefix(hashByteCount)) else { preconditionFailure("no hash") }
        return root
    }

    /// The first of a tile's hashes that differ, by their place in the tile; nil if none does.
    public static func firstDifference(_ one: [UInt8], _ other: [UInt8]) -> Int? {
        if one == other { return nil }
        let common = min(one.count, other.count)
        let byte = (0..<common).first { one[$0] != other[$0] } ?? common
        return byte / hashByteCount
    }
}
