public import TransparencyLog

/// The last head that was signed, as the head file holds it.
public struct SignedHead: Hashable, Sendable {
    /// The checkpoint, a signed note.
    public let note: [UInt8]
    /// The latest moment that any commit under this head was given; time never runs behind it.
    public let instantMilliseconds: Int64
    public init(note: [UInt8], instantMilliseconds: Int64) {
        self.note = note
        self.instantMilliseconds = instantMilliseconds
    }
}

/// Keeps the last signed head apart from the database and its backups.
public protocol CheckpointStore: Sendable {
    /// The head last replaced durably; nil if there never was one.
    ///
    /// - Throws: if what is kept is damaged beyond both copies.
    func read() throws -> SignedHead?
    /// Replaces `old` by `new` and syncs before returning.
    ///
    /// - Throws: if the kept head is not `old`; then nothing has changed.
    func replace(_ old: SignedHead?, with new: SignedHead) throws
}

/// Keeps the complete tiles of the log as files that never change.
public protocol TileKeeper: Sendable {
    func holds(_ tile: TilePath) throws -> Bool
    /// Puts a tile in its place, synced, whole or not at all.
    ///
    /// - Throws: if it cannot be written, or other bytes are there already.
    func write(_ tile: TilePath, _ bytes: [UInt8]) throws
}

/// The keys that sign. The recovery key is never here.
public struct SigningKeys: Sendable {
    public let record: NoteSigner
    public let log: NoteSigner
    public init(record: NoteSigner, log: NoteSigner) {
        self.record = record
        self.log = log
    }
}
