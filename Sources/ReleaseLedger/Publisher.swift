internal import Cryptography
public import TransparencyLog

/// Signs heads: reads back what is durable, recomputes the root, signs it and replaces the head file, then writes the
/// complete tiles.
///
/// One writer owns it. It says what it has published as a value, ``Published``, which others may hold.
public final class Publisher {
    private let origin: String
    private let store: any LogStore
    private let heads: any CheckpointStore
    private let tiles: (any TileKeeper)?
    /// Kept for receipts, which others make.
    public let hashes = HashCache()
    /// Called when a tile could not be written, which is tried again.
    private let onTileFailure: () -> Void

    public private(set) var history: KeyHistory
    /// The keys that sign now; nil while they are locked.
    public private(set) var keys: SigningKeys?
    /// While a key is about to be revoked, what waits to be signed waits for the next key.
    public private(set) var isRevoking: Bool
    private var head: SignedHead?
    public private(set) var checkpoint: Checkpoint
    /// The tree of the last signed head.
    public private(set) var tree: MerkleTree
    public private(set) var stopped: String?
    /// Entries whose complete tiles are known to be in their place.
    private var tiledSize = 0
    /// Signed heads whose rows go in with the next commit that appends.
    private var unstoredHeads: [(size: Int, note: [UInt8])] = []

    /// Compares the head file with the database. If the database is shorter or differs, nothing is signed; if it is
    /// longer, ``signForward()`` signs the rest.
    ///
    /// - Throws: as ``KeyHistory/init(store:origin:)``. A head that does not fit stops signing and throws nothing.
    public init(
        origin: String, store: any LogStore, heads: any CheckpointStore, tiles: (any TileKeeper)?, keys: SigningKeys?,
        isRevoking: Bool, onTileFailure: @escaping () -> Void
    ) throws {
        self.origin = origin
        self.store = store
        self.heads = heads
        self.tiles = tiles
        self.keys = keys
        self.isRevoking = isRevoking
        self.onTileFailure = onTileFailure
        history = try KeyHistory(store: store, origin: origin)
        checkpoint = Checkpoint(origin: origin, size: 0, root: .empty)
        tree = MerkleTree()
        try takeUpHead()
    }

    public var published: Published { Published(head: head, checkpoint: checkpoint, keys: history, stopped: stopped) }

    /// The end of the log, for a transaction to append to.
    public var ledger: Ledger { Ledger(origin: origin, keys: keys, isStopped: stopped != nil, tree: tree) }

    /// Nothing is signed from here on; the first reason stays.
    public func stop(_ reason: String) { stopped = stopped ?? reason }

    private func takeUpHead() throws {
        if let keys {
            if keys.log.key != history.currentLog || keys.record.key != history.currentRecord {
                stop("the signing keys are not the ones that the log names")
            }
        } else {
            stop("the signing keys are locked")
        }
        do {
            head = try heads.read()
        } catch {
            return stop("\(error)")
        }
        guard let head else {
            return stop("the head file is missing: restore it, or the log cannot be told from a shorter one")
        }
        do {
            let note = try SignedNote(parsing: head.note)
            let size = try Checkpoint(parsing: note.text).size
            guard let key = history.ownLogKey(signing: size) else { throw LogError.badSignature }
            checkpoint = try Checkpoint(verifying: note, by: key)
            let held = try store.readLog { rows in
                (try rows.logSize(), try rows.logSize() >= size ? MerkleTree(size: size, reader: LogNodes(rows)) : nil)
            }
            guard let known = held.1 else {
                return stop(
                    "the database holds \(held.0) records, the head file \(size): the database is older than its head")
            }
            guard known.root == checkpoint.root else {
                return stop("the database and the head file disagree about the first \(size) records")
            }
            tree = known
            unstoredHeads = [(size, head.note)]
            try confirmKeyStatements()
        } catch let error as LogError {
            stop("the head file does not fit this log: \(error)")
        }
    }

    /// Every statement about a key that the head covers must be in the log that the head signs.
    private func confirmKeyStatements() throws {
        try store.readLog { rows in
            for index in history.statements where index < checkpoint.size {
                let hashes = try LogProof.proveInclusion(of: index, in: checkpoint.size, reader: LogNodes(rows))
                guard let entry = try rows.entry(index),
                    LogProof.isInclusion(
                        hashes, of: .leaf(entry), at: index, in: checkpoint.size, root: checkpoint.root)
                else { throw LogError.malformed("statement about a key") }
            }
        }
    }

    /// The rows of heads signed earlier, with a commit that appends.
    public func putHeads(_ size: Int, _ rows: any LogRowsWriter) throws {
        guard size > tree.size else { return }
        for head in unstoredHeads { try rows.putHead(size: head.size, note: head.note) }
    }

    /// Does what follows a commit that appended: signs the head over it, then writes tiles. A failure stops signing;
    /// the records stay.
    ///
    /// - Parameter newKeys: the keys that the commit's records put into force.
    public func publish(at instant: Int64, newKeys: [(role: KeyHistory.Role, signer: NoteSigner)]) {
        // If the process stops here, the records are durable and their receipts pending; opening signs forward.
        unstoredHeads = []
        do {
            for key in newKeys { try takeUp(key.signer, as: key.role) }
            try sign(at: instant)
        } catch {
            stop("signing the head failed: \(error)")
        }
        writeTiles()
    }

    /// Signs what an earlier process committed and did not sign.
    public func signForward() throws {
        try sign(at: head?.instantMilliseconds ?? 0)
        writeTiles()
    }

    /// - Throws: if the durable bytes are not those that were appended; then nothing was signed.
    private func sign(at instant: Int64) throws {
        guard let keys else { throw MachineryError.locked("the signing keys are locked") }
        var next = tree
        try store.readLog { rows in
            let size = try rows.logSize()
            while next.size < size {
                let notes = try rows.entries(from: next.size, count: min(256, size - next.size))
                guard !notes.isEmpty else { throw MachineryError.corrupt("record \(next.size) is missing") }
                for note in notes {
                    for (position, hash) in next.append(.leaf(note)) {
                        guard try rows.node(at: position) == hash else {
                            throw MachineryError.corrupt(
                                "the stored hash of record \(position.index) does not match its bytes")
                        }
                        hashes.keep(position, hash)
                    }
                }
            }
        }
        guard next.size > tree.size else { return }
        FaultPoint.reach(.afterReread)
        let signedHead = Checkpoint(origin: origin, size: next.size, root: next.root)
        let signed = SignedHead(
            note: try keys.log.sign(signedHead.text).bytes,
            instantMilliseconds: max(instant, head?.instantMilliseconds ?? 0))
        try heads.replace(head, with: signed)
        (head, checkpoint, tree) = (signed, signedHead, next)
        unstoredHeads.append((signedHead.size, signed.note))
    }

    /// Writes the complete tiles that the signed log has and the tile folder has not. Tiles repeat what is in the
    /// database: if writing one fails, the next commit or opening tries again, and nobody waits for it.
    private func writeTiles() {
        guard let tiles else { return }
        let complete = checkpoint.size / TilePath.fullWidth * TilePath.fullWidth
        guard complete > tiledSize else { return }
        do {
            try store.readLog { rows in
                for tile in TilePath.tiles(of: complete, beyond: tiledSize) where tile.isFull {
                    if try !tiles.holds(tile) { try tiles.write(tile, tileBytes(tile, rows)) }
                }
            }
            tiledSize = complete
        } catch {
            onTileFailure()
        }
    }

    /// Takes up a key that the log now states.
    private func takeUp(_ signer: NoteSigner, as role: KeyHistory.Role) throws {
        history = try KeyHistory(store: store, origin: origin)
        isRevoking = false
        guard let old = keys else { return }
        keys =
            role == .record ? SigningKeys(record: signer, log: old.log) : SigningKeys(record: old.record, log: signer)
    }
}
