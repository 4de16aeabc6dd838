public import Logging
public import ReleaseLedger
public import ReleaseWorkflow

/// The parts that the outside supplies to a service.
public struct Parts: Sendable {
    public var origin: String
    public var store: any Store
    public var heads: any CheckpointStore
    /// Where complete tiles of the log go as it grows; nil where nobody wants them.
    public var tiles: (any TileKeeper)?
    public var time: any MomentSource
    public var seeds: any SeedSource
    public var phones: any PhoneNumberParser
    /// Opens the photographs that telephones make; nil where none are taken.
    public var photographs: (any PhotographReader)?
    /// Nil while the vault key is locked: then only rescission by code works.
    public var vault: Vault?
    /// Nil while the signing keys are locked: then signing has stopped.
    public var keys: SigningKeys?
    /// True if a key in force is about to be revoked: nothing but the revocation is signed.
    public var isRevoking = false
    /// Reads a policy back from its canonical bytes.
    public var parsePolicy: @Sendable ([UInt8]) throws -> Policy
    public var logger: Logger

    public init(
        origin: String, store: any Store, heads: any CheckpointStore, tiles: (any TileKeeper)? = nil,
        time: any MomentSource,
        seeds: any SeedSource, phones: any PhoneNumberParser, vault: Vault?, keys: SigningKeys?,
        parsePolicy: @escaping @Sendable ([UInt8]) throws -> Policy, logger: Logger
    ) {
        self.origin = origin
        self.store = store
        self.heads = heads
        self.tiles = tiles
        self.time = time
        self.seeds = seeds
        self.phones = phones
        self.vault = vault
        self.keys = keys
        self.parsePolicy = parsePolicy
        self.logger = logger
    }

    /// - Throws: ``MachineryError/locked(_:)`` without the vault key.
    func requireVault() throws -> Vault {
        guard let vault else { throw MachineryError.locked("this needs the vault key: name its passphrase file") }
        return vault
    }

    /// The moment now. If the clock ran back, time stands still at the last signed head until it has caught up.
    func moment(under published: Published) throws -> Moment {
        let now = try time.now()
        guard let head = published.head, now.instantMilliseconds < head.instantMilliseconds else { return now }
        return try time.moment(atMilliseconds: head.instantMilliseconds)
    }
}
