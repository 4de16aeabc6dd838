/// The head of a log: how many entries it has and their root hash.
///
/// Three lines, each ending in a newline: the origin, the size in decimal without leading zeros, the root in base64. No
/// extension lines.
///
/// - Source: c2sp.org/tlog-checkpoint.
public struct Checkpoint: Equatable, Sendable {
    public let origin: String
    /// Entries.
    public let size: Int
    public let root: TreeHash

    public init(origin: String, size: Int, root: TreeHash) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// - Throws: ``LogError/malformed(_:)`` unless it is exactly the three lines.
    public init(parsing text: String) throws {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 4, lines[3].isEmpty, NoteKey.isName(String(lines[0])), let size = Int(lines[1]),
            size >= 0, String(size) == lines[1], let root = TreeHash(base64: lines[2])
        else { throw LogError.malformed("checkpoint") }
        self.init(origin: String(lines[0]), size: size, root: root)
    }

    /// Parses a note, checks that the log's key signed it and that it is this log's.
    ///
    /// - Throws: ``LogError/badSignature`` unless `key` signed it once; ``LogError/malformed(_:)`` for a text that is
    ///   no checkpoint, or of another origin than the key's name.
    public init(verifying note: SignedNote, by key: NoteKey) throws {
        try note.verify(by: key)
        try self.init(parsing: note.text)
        guard origin == key.name else { throw LogError.malformed("checkpoint") }
    }

    public var text: String { "\(origin)\n\(size)\n\(root.base64)\n" }
}

/// A proof that an entry is in a log, with the signed head it leads to.
///
/// A line `c2sp.org/tlog-proof@v1`, a line `index N`, the hashes of the inclusion proof in base64, one a line and leaf
/// first, a blank line, the checkpoint. Optional `extra` lines are not written and not accepted here.
///
/// - Source: c2sp.org/tlog-proof.
public struct EntryProof: Equatable, Sendable {
    private static let header = "c2sp.org/tlog-proof@v1"

    public let index: Int
    public let hashes: [TreeHash]
    public let checkpoint: SignedNote

    public init(index: Int, hashes: [TreeHash], checkpoint: SignedNote) {
        self.index = index
        self.hashes = hashes
        self.checkpoint = checkpoint
    }

    /// - Throws: ``LogError/malformed(_:)`` for more than 65,536 bytes, more than 63 hashes, or any other line.
    public init(parsing bytes: [UInt8]) throws {
        guard bytes.count <= 1 << 16, let text = String(validating: bytes, as: UTF8.self) else {
            throw LogError.malformed("proof")
        }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst() == Self.header[...], let indexLine = lines.popFirst(), indexLine.hasPrefix("index "),
            let index = Int(indexLine.dropFirst(6)), index >= 0, indexLine == "index \(index)"
        else { throw LogError.malformed("proof") }
        var hashes: [TreeHash] = []
        while let line = lines.popFirst(), !line.isEmpty {
            guard hashes.count < 63, let hash = TreeHash(base64: line) else { throw LogError.malformed("proof") }
            hashes.append(hash)
        }
        self.init(
            index: index, hashes: hashes,
            checkpoint: try SignedNote(parsing: Array(lines.joined(separator: "\n").utf8)))
    }

    public var bytes: [UInt8] {
        let lines = [Self.header, "index \(index)"] + hashes.map(\.base64) + ["", ""]
        return Array(lines.joined(separator: "\n").utf8) + checkpoint.bytes
    }

    /// Checks that `entry` is in the log whose key is `key`, and returns the head that says so.
    ///
    /// - Throws: ``LogError/badSignature`` unless `key` signed the head; ``LogError/malformed(_:)`` if the proof does
    ///   not lead from the entry to that head.
    public func verify(entry: [UInt8], by key: NoteKey) throws -> Checkpoint {
        let head = try Checkpoint(verifying: checkpoint, by: key)
        guard LogProof.isInclusion(hashes, of: .leaf(entry), at: index, in: head.size, root: head.root) else {
            throw LogError.malformed("proof")
        }
        return head
    }
}
