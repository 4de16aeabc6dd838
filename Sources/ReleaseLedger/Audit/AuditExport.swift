internal import Cryptography
public import Records
public import TransparencyLog

/// A folder that an export is written to and read from, by paths within it such as `tile/0/000`.
public protocol ExportFolder: TileSource {
    /// Every file in it, sorted; links and other things that are no files too.
    func paths() throws -> [String]
    /// The bytes of a file, or nil if it is not there.
    ///
    /// - Throws: if it is longer than `limit`, or no regular file.
    func bytes(of path: String, atMost limit: Int) throws -> [UInt8]?
    /// The SHA-256 of a file in hexadecimal, read piece by piece; nil if it is not there.
    func digest(of path: String) throws -> String?
    /// Puts a file in its place, synced, whole or not at all.
    func write(_ path: String, _ bytes: [UInt8]) throws
    func remove(_ path: String) throws
}

/// Writes what an outsider needs to verify a log with tools of their own: nothing personal, and nothing that needs an
/// account.
///
/// ```
/// checkpoint            the signed head          tile/…           every record, every hash (c2sp.org/tlog-tiles)
/// keys/log.vkey         signs heads now          keys/record.vkey signs records now
/// keys/recovery.vkey    alone revokes            keys/log-<id>.vkey, keys/record-<id>.vkey: older keys
/// policy/<digest>.json  every policy that a record names
/// trust                 a trust policy to begin with (c2sp.org/tlog-policy)
/// kit/, README.md       a shell script and a Go program that verify all this, and how
/// manifest              a digest of every other file, signed by the record key
/// ```
///
/// Written again into the same folder it adds what is new: a complete tile never changes.
public struct AuditExport {
    /// The file that lists the others.
    public static let manifestPath = "manifest"
    /// The files of an export beside its tiles, keys, policies and manifest.
    static let fixedPaths: Set = ["README.md", "checkpoint", "kit/verify.go", "kit/verify.sh", "trust"]
    /// The trust policy to begin with.
    static func trust(_ log: NoteKey) -> [UInt8] { Array("log \(log.text)\nquorum none\n".utf8) }
    /// A manifest lists two files for every 256 records.
    static let manifestLimit = 64 << 20

    private let store: any LogStore
    private let heads: any CheckpointStore
    private let origin: String
    private let signer: NoteSigner
    private let extras: [(path: String, bytes: [UInt8])]

    /// - Parameters:
    ///   - signer: the record key, which signs the manifest.
    ///   - extras: the kit and the page that explains it.
    public init(
        _ store: any LogStore, heads: any CheckpointStore, origin: String, signer: NoteSigner,
        extras: [(path: String, bytes: [UInt8])] = []
    ) {
        (self.store, self.heads, self.origin, self.signer, self.extras) = (store, heads, origin, signer, extras)
    }

    /// Exports all records dated before `day`, under the newest head that ends there; all records where `day` is nil.
    ///
    /// Callers leave out the day that is not over, because an export of it would show at what time of the day it was
    /// made.
    ///
    /// - Returns: how many records the export holds.
    /// - Throws: ``MachineryError/folder(_:)`` if the folder holds something else, another log or another history;
    ///   ``MachineryError/tooEarly(_:)`` if no signed head ends before `day`, or if the record key changed after it;
    ///   ``MachineryError/corrupt(_:)`` if the head file or a record is missing.
    public func write(to folder: some ExportFolder, before day: CivilDate?) throws -> Int {
        let history = try KeyHistory(store: store, origin: origin)
        return try store.readLog { tx in
            let (size, head) = try newestHead(before: day, tx)
            guard history.recordKey(at: size) == signer.key else {
                throw MachineryError.tooEarly(
                    "the record key changed after the exported day: export that day too, or tomorrow")
            }
            let (oldSize, oldDigests) = try takeUp(folder, size, tx)
            var digests: [String: String] = [:]
            func put(_ path: String, _ bytes: [UInt8]) throws {
                let digest = Hex.format(SHA256.hash(bytes))
                digests[path] = digest
                if try folder.digest(of: path) != digest { try folder.write(path, bytes) }
            }
            for tile in TilePath.tiles(of: size) {
                if tile.isFull, let known = oldDigests[tile.text] {
                    // Complete tiles of an earlier export stay as they are, or the folder is not what it was.
                    guard try folder.digest(of: tile.text) == known else {
                        throw MachineryError.folder(
                            "`\(tile.text)` was changed since it was exported: export into a new folder")
                    }
                    digests[tile.text] = known
                } else {
                    try put(tile.text, tileBytes(tile, tx))
                }
            }
            for (role, spans, current) in [
                ("log", history.log, history.logKey(signing: size)),
                ("record", history.record, history.recordKey(at: size)),
            ] {
                for span in spans where span.from <= size {
                    let path =
                        span.key == current ? "keys/\(role).vkey" : "keys/\(role)-\(Hex.format(span.key.id)).vkey"
                    try put(path, Array("\(span.key.text)\n".utf8))
                }
                if role == "log", let current { try put("trust", Self.trust(current)) }
            }
            try put("keys/recovery.vkey", Array("\(history.recovery.text)\n".utf8))
            for digest in try policies(size, tx).sorted() {
                if let bytes = Hex.parse(digest), let canonical = try tx.policy(bytes) {
                    try put("policy/\(digest).json", canonical)
                }
            }
            for extra in extras { try put(extra.path, extra.bytes) }
            // The head goes in after what it covers; the manifest, which vouches for it, last.
            try put("checkpoint", head)
            let root = try Checkpoint(parsing: SignedNote(parsing: head).text).root
            let manifest = Manifest(origin: origin, size: size, root: root, digests: digests)
            try folder.write(Self.manifestPath, signer.sign(manifest.text).bytes)
            for path in try folder.paths() where digests[path] == nil && path != Self.manifestPath {
                // Partial tiles of the earlier export, now wider or complete.
                guard TilePath(parsing: path) != nil || oldDigests[path] != nil || oldSize == nil else {
                    throw MachineryError.folder(
                        "`\(path)` is no part of an export: remove it, or export into a new folder")
                }
                try folder.remove(path)
            }
            return size
        }
    }

    /// The newest head of which every record is dated before `day`.
    private func newestHead(before day: CivilDate?, _ tx: any LogRows) throws -> (Int, [UInt8]) {
        var end = try tx.logSize()
        if let day {
            // Records stand in the order of days, but closings and rescissions that were given while nothing could be
            // signed. So the walk back ends soon.
            var index = end
            walk: while index > 0 {
                let first = max(0, index - TilePath.fullWidth)
                for entry in try tx.entries(from: first, count: index - first).reversed() {
                    index -= 1
                    let record = try Record(parsing: SignedNote(parsing: entry).text, origin: origin)
                    guard let date = record.date else { continue }
                    if date >= day {
                        end = index
                    } else if record.type != .closing, record.type != .rescission {
                        break walk
                    }
                }
            }
        }
        guard let newest = try heads.read() else { throw MachineryError.corrupt("the head file is missing") }
        let size = try Checkpoint(parsing: SignedNote(parsing: newest.note).text).size
        if size <= end { return (size, newest.note) }
        guard let head = try tx.head(atMost: end), head.size > 0 else {
            throw MachineryError.tooEarly("no signed head ends before that day: nothing can be exported yet")
        }
        return (head.size, head.note)
    }

    /// Checks what is in the folder: nothing, or an export of this very log.
    private func takeUp(
        _ folder: some ExportFolder, _ size: Int, _ tx: any LogRows
    ) throws -> (size: Int?, digests: [String: String]) {
        guard let bytes = try folder.bytes(of: "checkpoint", atMost: SignedNote.maximumByteCount) else {
            // An export that was stopped before its head: only what one consists of may be there.
            let known: (String) -> Bool = { path in
                TilePath(parsing: path) != nil || path.hasPrefix("keys/") || path.hasPrefix("policy/")
                    || path == "trust"
                    || extras.contains { $0.path == path }
            }
            if let other = try folder.paths().first(where: { !known($0) }) {
                throw MachineryError.folder(
                    "`\(other)` is in the folder: export into an empty one, or an earlier export of this log")
            }
            return (0, [:])
        }
        guard let old = try? Checkpoint(parsing: SignedNote(parsing: bytes).text), old.origin == origin else {
            throw MachineryError.folder("the folder holds an export of another log")
        }
        guard old.size <= size, try MerkleTree(size: old.size, reader: LogNodes(tx)).root == old.root else {
            throw MachineryError.folder(
                "the folder holds an export of another history, or of more records: export into a new one")
        }
        let manifest = try folder.bytes(of: Self.manifestPath, atMost: Self.manifestLimit)
            .flatMap { try? SignedNote(parsing: $0, limit: Self.manifestLimit) }.flatMap {
                try? Manifest(parsing: $0.text)
            }
        guard let manifest, manifest.origin == origin else {
            throw MachineryError.folder("the folder's manifest is missing or damaged: export into a new folder")
        }
        return (old.size, manifest.digests)
    }

    /// The digests of the policies that these records name.
    private func policies(_ size: Int, _ tx: any LogRows) throws -> Set<String> {
        var digests: Set<String> = []
        let genesis = try tx.entry(0) ?? []
        if let digest = try Record(parsing: SignedNote(parsing: genesis).text, origin: origin).policyDigest {
            digests.insert(digest)
        }
        // Every other policy has a statement of its own before anything is done under it.
        for stated in try LogStatements.versions(tx) where stated.index < size { digests.insert(stated.digest) }
        return digests
    }
}

/// The bytes of a tile, from what the database holds.
///
/// - Throws: ``MachineryError/corrupt(_:)`` if a record of it is missing, ``LogError/missingNode(level:index:)`` if a
///   hash is.
public func tileBytes(_ tile: TilePath, _ tx: any LogRows) throws -> [UInt8] {
    let first = tile.number * TilePath.fullWidth
    switch tile.content {
    case .entries:
        let entries = try tx.entries(from: first, count: tile.width)
        guard entries.count == tile.width else { throw MachineryError.corrupt("a record of `\(tile.text)` is missing") }
        return EntryBundle.format(entries)
    case .hashes(let level):
        return try (first..<first + tile.width).flatMap {
            try tx.node(at: NodePosition(level: 8 * level, index: $0)).bytes
        }
    }
}

/// The list of an export's files: what `sha256sum` prints, under three lines that bind it to one head.
///
/// ```
/// example.org/mentoring/manifest/v1
/// size 12
/// root 9uHQ9B20KNL+Q1zsRoopEkOdqkYqMB4MJXrbt/hMjOw=
/// 1f0c…  README.md
/// 77ab…  checkpoint
/// ```
///
/// Lines from the fourth on: 64 hexadecimal digits, two spaces, a path of letters, digits, `.`, `_`, `-` and `/`, in
/// the order of the paths' bytes.
public struct Manifest: Equatable, Sendable {
    public let origin: String
    public let size: Int
    public let root: TreeHash
    /// SHA-256 in hexadecimal, by path.
    public let digests: [String: String]

    public init(origin: String, size: Int, root: TreeHash, digests: [String: String]) {
        (self.origin, self.size, self.root, self.digests) = (origin, size, root, digests)
    }

    public var text: String {
        let files = digests.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map {
            "\($0.value)  \($0.key)\n"
        }
        return "\(origin)/manifest/v1\nsize \(size)\nroot \(root.base64)\n" + files.joined()
    }

    public init(parsing text: String) throws {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let suffix = "/manifest/v1"
        guard lines.count >= 4, lines[0].hasSuffix(suffix), lines[1].hasPrefix("size "),
            let size = Int(lines[1].dropFirst(5)),
            lines[2].hasPrefix("root "), let root = TreeHash(base64: lines[2].dropFirst(5))
        else { throw LogError.malformed("manifest") }
        var digests: [String: String] = [:]
        for line in lines[3...].dropLast() {
            let digest = line.prefix(64)
            let path = String(line.dropFirst(66))
            guard let bytes = Hex.parse(digest), bytes.count == 32, line.dropFirst(64).hasPrefix("  "),
                Self.isPath(path)
            else { throw LogError.malformed("manifest") }
            digests[path] = String(digest)
        }
        self.init(origin: String(lines[0].dropLast(suffix.count)), size: size, root: root, digests: digests)
        guard self.text == text else { throw LogError.malformed("manifest") }
    }

    /// True of what a manifest may list. Of two such paths, what Swift calls equal is equal byte for byte.
    static func isPath(_ path: String) -> Bool { !path.isEmpty && path.utf8.allSatisfy(pathBytes.contains) }

    private static let pathBytes = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/".utf8)
}
