internal import Cryptography
public import ReleaseWorkflow
public import TransparencyLog

/// Tells the time in the program's zone.
public protocol MomentSource: Sendable {
    /// The instant now and the local civil date it falls on.
    func now() throws -> Moment
    /// The moment of an earlier instant, for a clock that ran back.
    func moment(atMilliseconds instant: Int64) throws -> Moment
}

/// Gives each command the 32 random bytes from which its identifiers and commitment keys derive.
public protocol SeedSource: Sendable {
    /// - Parameter key: the command's idempotency key, if it has one; a source for tests may derive from it.
    func seed(for key: String?) throws -> [UInt8]
}

/// Seeds from libcrypto's generator.
public struct RandomSeeds: SeedSource {
    public init() {}
    public func seed(for key: String?) throws -> [UInt8] { try RandomBytes.generate(count: 32) }
}

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
public protocol HeadKeeper: Sendable {
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

/// Keeps wrapped data keys apart from the database, so that destroying one is final.
public protocol KeyRing: Sendable {
    func wrappedKey(_ id: [UInt8]) throws -> [UInt8]?
    /// Adds keys, which can be used at once and are durable after ``sync()``. A key that is already there stays as it is.
    func add(_ keys: [(id: [UInt8], wrapped: [UInt8])]) throws
    /// Makes added keys durable; does nothing where none was added since.
    ///
    /// - Throws: if the disk does not confirm; the keys added since the last sync are then gone.
    func sync() throws
    /// Lists the ids as destroyed, overwrites the keys and syncs, in that order. May be repeated.
    func destroy(_ ids: [[UInt8]]) throws
    /// Every key that is there.
    func ids() throws -> [[UInt8]]
    /// Every key that was ever destroyed.
    func destroyedIDs() throws -> [[UInt8]]
}

/// Turns what people type into one telephone number.
public protocol PhoneNumberParser: Sendable {
    /// - Throws: `FieldProblem` that says what is wrong and never repeats the number.
    func parse(_ typed: String, region: String) throws -> PhoneNumber
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

/// What goes wrong besides refusals.
public enum ServiceError: Error, Sendable, CustomStringConvertible {
    /// Signing has stopped; only closing commands are accepted until it is repaired.
    case signingStopped(String)
    /// Stored bytes are not what they must be.
    case corrupt(String)
    /// The folder lacks something or has too much of it.
    case folder(String)
    /// The command needs a key that this process was not given.
    case locked(String)

    public var description: String {
        switch self {
        case .signingStopped(let reason): "the log is not signing: \(reason)"
        case .corrupt(let what): "\(what)"
        case .folder(let what): "\(what)"
        case .locked(let what): "\(what)"
        }
    }
}
