/// The place of a tile in a log's folder: 256 hashes of one level, or the 256 entries beneath a tile of level 0.
///
/// Printed as `tile/<level>/<number>` or `tile/entries/<number>`, the number in groups of three digits, every group but
/// the last after an `x`: number 1,234,067 is `x001/x234/067`. A tile that is not full ends in `.p/<width>`. For
/// example `tile/0/x001/067.p/12`.
///
/// - Source: c2sp.org/tlog-tiles, “Merkle Tree” and “Log Entries”.
public struct TilePath: Hashable, Sendable {
    /// Hashes, or entries, in a full tile.
    public static let fullWidth = 256

    /// The content of the tile.
    public enum Content: Hashable, Sendable {
        /// Hashes of perfect subtrees of 256^level leaves.
        case hashes(level: Int)
        case entries
    }

    public let content: Content
    /// The tile's place in its level; the first is 0.
    public let number: Int
    /// Hashes or entries, 1 to 256.
    public let width: Int

    /// - Precondition: levels are 0 to 7, numbers not negative, widths 1 to 256.
    public init(_ content: Content, number: Int, width: Int = fullWidth) {
        precondition(number >= 0 && (1...Self.fullWidth).contains(width), "no such tile")
        (self.content, self.number, self.width) = (content, number, width)
    }

    public var isFull: Bool { width == Self.fullWidth }

    public var text: String {
        var digits = String(number)
        digits = String(repeating: "0", count: (3 - digits.utf8.count % 3) % 3) + digits
        var groups: [String] = []
        while !digits.isEmpty {
            groups.append(String(digits.prefix(3)))
            digits = String(digits.dropFirst(3))
        }
        let path = groups.enumerated().map { $0.offset == groups.count - 1 ? $0.element : "x" + $0.element }.joined(
            separator: "/")
        let kind =
            switch content {
            case .hashes(let level): String(level)
            case .entries: "entries"
            }
        return "tile/\(kind)/\(path)" + (isFull ? "" : ".p/\(width)")
    }

    /// Parses the printed form; nil unless it is exactly what ``text`` prints.
    public init?(parsing text: String) {
        var parts = text.split(separator: "/", omittingEmptySubsequences: false)[...]
        guard parts.popFirst() == "tile", let kind = parts.popFirst() else { return nil }
        var width = Self.fullWidth
        if parts.count >= 2, let last = parts.last, parts[parts.endIndex - 2].hasSuffix(".p") {
            guard let number = Int(last) else { return nil }
            width = number
            parts.removeLast()
            let name = parts.removeLast()
            parts.append(name.dropLast(2))
        }
        guard (1...6).contains(parts.count), let number = Int(parts.map { $0.drop { $0 == "x" } }.joined()),
            number >= 0,
            (1...Self.fullWidth).contains(width)
        else { return nil }
        let content: Content
        if kind == "entries" {
            content = .entries
        } else {
            guard let level = Int(kind), (0...7).contains(level) else { return nil }
            content = .hashes(level: level)
        }
        self.init(content, number: number, width: width)
        guard self.text == text else { return nil }
    }

    /// The most bytes that such a tile can have: a verifier reads no more.
    public var maximumByteCount: Int {
        switch content {
        case .hashes: width * hashByteCount
        case .entries: width * (2 + EntryBundle.maximumEntryByteCount)
        }
    }

    /// The tiles that a log of `size` entries consists of beyond those of `old`: what was partial then is there again,
    /// wider.
    ///
    /// - Shape: entries first, then hashes from level 0 up; within a level in order. Nothing for an empty log.
    public static func tiles(of size: Int, beyond old: Int = 0) -> [TilePath] {
        var all = tiles(.entries, count: size, old: old)
        var (level, count, before) = (0, size, old)
        while count > 0 {
            all += tiles(.hashes(level: level), count: count, old: before)
            level += 1
            (count, before) = (count / fullWidth, before / fullWidth)
        }
        return all
    }

    private static func tiles(_ content: Content, count: Int, old: Int) -> [TilePath] {
        guard count > old else { return [] }
        return (old / fullWidth...(count - 1) / fullWidth).map {
            TilePath(content, number: $0, width: min(fullWidth, count - $0 * fullWidth))
        }
    }

    /// The tile of a log of `size` entries that holds the entry at `index`.
    public static func entries(holding index: Int, in size: Int) -> TilePath {
        let number = index / fullWidth
        return TilePath(.entries, number: number, width: min(fullWidth, size - number * fullWidth))
    }
}

/// Bytes in a hash.
let hashByteCount = 32

/// The bytes of up to 256 entries: each after its length, two bytes, big-endian.
///
/// - Source: c2sp.org/tlog-tiles, “Log Entries”.
public enum EntryBundle {
    /// The most that two bytes of length can say.
    public static let maximumEntryByteCount = 65_535

    /// - Precondition: no entry is longer than 65,535 bytes.
    public static func format(_ entries: some Sequence<[UInt8]>) -> [UInt8] {
        var out: [UInt8] = []
        for entry in entries {
            precondition(entry.count <= maximumEntryByteCount, "an entry is too long for a bundle")
            out += [UInt8(entry.count >> 8), UInt8(entry.count & 0xFF)]
            out += entry
        }
        return out
    }

    /// The ranges of the entries in the bytes of the tile at `path`.
    ///
    /// - Shape: exactly as many ranges as the tile is wide; together with their lengths they cover every byte.
    /// - Throws: ``LogError/badTile(_:_:)`` for more or fewer entries, or bytes that end within one.
    public static func ranges(in bytes: [UInt8], of path: TilePath) throws -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(path.width)
        var offset = 0
        while offset < bytes.count {
            guard ranges.count < path.width else {
                throw LogError.badTile(path.text, "more than \(path.width) entries")
            }
            guard offset + 2 <= bytes.count else { throw LogError.badTile(path.text, "ends within a length") }
            let end = offset + 2 + (Int(bytes[offset]) << 8 | Int(bytes[offset + 1]))
            guard end <= bytes.count else { throw LogError.badTile(path.text, "ends within an entry") }
            ranges.append(offset + 2..<end)
            offset = end
        }
        guard ranges.count == path.width else {
            throw LogError.badTile(path.text, "\(ranges.count) entries, expected \(path.width)")
        }
        return ranges
    }
}

/// Gives the bytes of tiles.
public protocol TileSource {
    /// - Throws: ``LogError/missingTile(_:)``; ``LogError/badTile(_:_:)`` for a file that is longer than such a tile
    ///   can be.
    func bytes(of tile: TilePath) throws -> [UInt8]
}

/// Reads the hashes and entries of a log of one size from its tiles. What it returns is as good as the tiles: a caller
/// checks it against a signed root.
public final class TileReader<Source: TileSource>: NodeReader {
    private let source: Source
    private let size: Int
    /// The tile of each level that was read last: proofs walk up one path, audits along one level.
    private var last: [Int: (number: Int, bytes: [UInt8])] = [:]
    private var lastEntries: (number: Int, bytes: [UInt8], ranges: [Range<Int>])?

    /// - Units: `size` counts entries.
    public init(_ source: Source, size: Int) {
        self.source = source
        self.size = size
    }

    public func node(at position: NodePosition) throws -> TreeHash {
        // A level of tiles holds every eighth level of nodes; those between are computed.
        let (tileLevel, height) = (position.level / 8, position.level % 8)
        let first = position.index << height
        let number = first / TilePath.fullWidth
        guard position.level < 62, position.index >= 0, (position.index + 1) << position.level <= size else {
            throw LogError.missingNode(level: position.level, index: position.index)
        }
        let bytes = try hashes(level: tileLevel, number)
        let start = first % TilePath.fullWidth
        var hashes = (start..<start + 1 << height).compactMap {
            TreeHash(bytes: bytes[$0 * hashByteCount..<($0 + 1) * hashByteCount])
        }
        while hashes.count > 1 {
            hashes = stride(from: 0, to: hashes.count, by: 2).map { .node(hashes[$0], hashes[$0 + 1]) }
        }
        return hashes[0]
    }

    private func hashes(level: Int, _ number: Int) throws -> [UInt8] {
        if let known = last[level], known.number == number { return known.bytes }
        let count = size >> (8 * level) - number * TilePath.fullWidth
        let path = TilePath(.hashes(level: level), number: number, width: min(TilePath.fullWidth, count))
        let bytes = try source.bytes(of: path)
        guard bytes.count == path.maximumByteCount else {
            throw LogError.badTile(path.text, "\(bytes.count) bytes, expected \(path.maximumByteCount)")
        }
        last[level] = (number, bytes)
        return bytes
    }

    /// The entry at `index`.
    ///
    /// - Throws: ``LogError/outOfRange`` outside the log; what ``EntryBundle/ranges(in:of:)`` throws.
    public func entry(_ index: Int) throws -> [UInt8] {
        guard index >= 0, index < size else { throw LogError.outOfRange }
        let number = index / TilePath.fullWidth
        if lastEntries?.number != number {
            let path = TilePath.entries(holding: index, in: size)
            let bytes = try source.bytes(of: path)
            lastEntries = (number, bytes, try EntryBundle.ranges(in: bytes, of: path))
        }
        guard let held = lastEntries else { throw LogError.outOfRange }
        return Array(held.bytes[held.ranges[index % TilePath.fullWidth]])
    }
}
