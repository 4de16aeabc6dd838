internal import ReleaseLedger
internal import ReleaseWorkflow
internal import TransparencyLog

/// One command's share of a batch: what it reads, what it changes, and what has to follow the commit.
final class Transaction {
    /// Something of which nothing may be left after the commit.
    struct Erasure {
        /// The data key that is destroyed.
        let key: [UInt8]
        /// The person who is known under it, where it is an identity key.
        let person: PersonID?
    }

    /// The consequences that follow the commit for this command: all of it is dropped where the command is refused.
    struct Consequences {
        /// Indexes of the records written by the command, in order.
        var records: [Int] = []
        /// True if a closing was stored without its record.
        var isPending = false
        var pendingRelease: ReleaseID?
        var erasures: [Erasure] = []
        /// The cases of which nothing may be remembered: those in which somebody declined or was erased.
        var forgotten: [[UInt8]] = []
        /// Keeps decoded, from the commit on, what this command has made.
        var learned: [(DecodedCache) -> Void] = []
        /// Notices that go out now, because nothing about them may be stored.
        var immediate: [Telling] = []
        var notices: [Telling] = []
        var mustSettle = false
        /// True if no later command may share the commit: what this one erases or puts into force must have been
        /// carried out first.
        var endsBatch = false
        /// The key that the command puts into force.
        var newKey: (role: KeyHistory.Role, signer: NoteSigner)?
    }

    let rows: WorkingSet
    let vault: Vault
    let inForce: InForce
    let moment: Moment
    let derive: Derivation
    let parts: Parts
    private let cache: DecodedCache
    private(set) var ledger: Ledger
    var consequences = Consequences()
    /// The private halves of the one who asks, for what is sealed to them.
    var own: OwnKeys?
    /// True if the command must leave nothing behind, its own outcome included.
    var storesNothing = false
    /// The draft that a refused command was about.
    var refusedRound: RoundID?

    init(
        rows: WorkingSet, vault: Vault, inForce: InForce, moment: Moment, derive: Derivation, parts: Parts,
        cache: DecodedCache,
        ledger: Ledger
    ) {
        self.rows = rows
        self.vault = vault
        self.inForce = inForce
        self.moment = moment
        self.derive = derive
        self.parts = parts
        self.cache = cache
        self.ledger = ledger
    }

    /// The view through which everything is read in it.
    var snapshot: Snapshot {
        Snapshot(rows: rows, vault: vault, inForce: inForce, moment: moment, cache: cache, parts: parts, own: own)
    }

    /// The same transaction at another moment, with consequences of its own: for what is dated by another day.
    func dated(_ moment: Moment) -> Transaction {
        Transaction(
            rows: rows, vault: vault, inForce: inForce, moment: moment, derive: derive, parts: parts, cache: cache,
            ledger: ledger)
    }

    /// Takes over what a dated transaction came to.
    func takeOver(_ other: Transaction, withRecords: Bool) {
        ledger = other.ledger
        if withRecords { consequences.records += other.consequences.records }
        consequences.erasures += other.consequences.erasures
        consequences.forgotten += other.consequences.forgotten
        consequences.learned += other.consequences.learned
        consequences.mustSettle = consequences.mustSettle || other.consequences.mustSettle
    }

    /// Runs `body`; if it throws, nothing of it is left.
    func attempt<R>(_ body: () throws -> R) throws -> R {
        let (ledger, consequences) = (ledger, consequences)
        do {
            return try rows.attempt(body)
        } catch {
            (self.ledger, self.consequences) = (ledger, consequences)
            throw error
        }
    }

    // MARK: The log

    /// Signs a record and appends it.
    ///
    /// - Throws: `Refusal.notSigning` while nothing can be signed.
    @discardableResult
    func append(_ record: Record) throws -> RecordPointer {
        guard ledger.canSign else { throw Refusal.notSigning }
        let pointer = try ledger.append(record, to: rows)
        consequences.records.append(pointer.index)
        return pointer
    }

    /// Appends a note that is signed already.
    @discardableResult
    func append(_ note: SignedNote) throws -> RecordPointer {
        guard !ledger.isStopped else { throw Refusal.notSigning }
        let pointer = try ledger.append(note, to: rows)
        consequences.records.append(pointer.index)
        return pointer
    }

    // MARK: Erasing

    /// Destroys the data keys of these scopes with the commit, and then everything that was sealed under them.
    func erase(_ scopes: [Vault.Scope]) throws {
        for scope in scopes {
            let id = try vault.keyID(scope)
            guard try vault.holds(id) else { continue }
            rows.putErasure(id)
            var person: PersonID?
            if case .identity(let id) = scope { person = id }
            consequences.erasures.append(Erasure(key: id, person: person))
        }
    }

    // MARK: The vault

    /// Seals a value under the key of a scope, which is made where it is missing, and keeps it.
    func keep(_ value: some StoredValue, _ scope: Vault.Scope, _ field: String) throws {
        try keep(StoredCodec.encode(value), scope, field)
    }

    func keep(_ bytes: [UInt8], _ scope: Vault.Scope, _ field: String) throws {
        try vault.prepare([scope])
        let (key, sealed) = try vault.seal(bytes, scope, field)
        rows.putSealed(key, try vault.name(of: field, under: key), sealed)
    }
}

extension Transaction {
    /// Deletes a value of the vault.
    func forget(_ scope: Vault.Scope, _ field: String) throws {
        let key = try vault.keyID(scope)
        // The second is the name of an earlier version, where the folder was not brought over yet.
        for name in [try vault.name(of: field, under: key), field] { try rows.deleteSealed(key, name) }
    }
}

extension Snapshot {
    /// A value of the vault; nil if it is not there or its key was destroyed.
    func sealed(_ scope: Vault.Scope, _ field: String) throws -> [UInt8]? {
        let key = try vault.keyID(scope)
        // A folder of an earlier version, which nobody opened for writing since, has the words.
        let row = try rows.sealed(key, vault.name(of: field, under: key)) ?? rows.sealed(key, field)
        return try vault.open(row, scope, field)
    }

    func sealed<Value: StoredValue>(_ scope: Vault.Scope, _ field: String, as type: Value.Type) throws -> Value? {
        try sealed(scope, field).map { try StoredCodec.decode($0, as: type) }
    }

    /// The same for what is padded with zeros to a size that tells nothing.
    func padded<Value: StoredValue>(_ scope: Vault.Scope, _ field: String, as type: Value.Type) throws -> Value? {
        try sealed(scope, field).map { try StoredCodec.decode(Array($0.prefix { $0 != 0 }), as: type) }
    }
}

/// Pads with zeros to the next multiple of 4 KiB, so that a row's size tells nothing of what happened.
func padded(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: 4096 - bytes.count % 4096) }
