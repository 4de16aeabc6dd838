internal import Cryptography
public import ReleaseWorkflow

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

/// Keeps wrapped data keys apart from the database, so that destroying one is final.
public protocol KeyRing: Sendable {
    func wrappedKey(_ id: [UInt8]) throws -> [UInt8]?
    /// Adds keys, which can be used at once and are durable after ``sync()``. A key that is already there stays as it
    /// is.
    func add(_ keys: [(id: [UInt8], wrapped: [UInt8])]) throws
    /// Makes added keys durable; does nothing where none was added since.
    ///
    /// - Throws: if the disk does not confirm; the keys added since the last sync are then gone.
    func sync() throws
    /// Lists the ids as destroyed, overwrites the keys and syncs, in that order. May be repeated.
    func destroy(_ ids: [[UInt8]]) throws
    /// Writes anew, once a day, what would else tell two copies apart in which nothing happened from two in which
    /// something did.
    func sealAnew() throws
    /// Every key that is there.
    func ids() throws -> [[UInt8]]
    /// Every key that was ever destroyed.
    func destroyedIDs() throws -> [[UInt8]]
}

/// Shows photographs of papers.
public protocol PhotographReader: Sendable {
    /// - Throws: `FieldProblem` naming `scan` for bytes that are no photograph that can be shown.
    func jpeg(ofHEIC bytes: [UInt8]) throws -> [UInt8]
}

/// Turns what people type into one telephone number.
public protocol PhoneNumberParser: Sendable {
    /// - Returns: the number, and true if its area code is a known one. One that is not may be newer than any list.
    /// - Throws: `FieldProblem` that says what is wrong and never repeats the number.
    func parse(_ typed: String, region: String) throws -> (number: PhoneNumber, isKnown: Bool)
}
