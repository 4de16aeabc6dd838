internal import Cryptography
internal import Foundation
public import Logging
public import ReleaseWorkflow
public import TransparencyLog

/// Holds the releases of one program: every change of state is one of its methods, and every method takes the same road.
///
/// The road: take the moment and a seed; in one transaction settle what the clock owes, look the idempotency key up, authorize, decide, write
/// records, sign, append, store; commit and sync; re-read what is durable, recompute the root, sign the head, replace the head file; answer with
/// receipts. Before the commit nothing happened; after it everything did.
public actor Custodian {
    /// What the outside supplies.
    public struct Parts: Sendable {
        public var origin: String
        public var store: any Store
        public var heads: any HeadKeeper
        /// Where complete tiles of the log go as it grows; nil where nobody wants them.
        public var tiles: (any TileKeeper)?
        public var time: any MomentSource
        public var seeds: any SeedSource
        public var phones: any PhoneNumberParser
        /// Nil while the vault key is locked: then only rescission by code works.
        public var vault: Vault?
        /// Nil while the signing keys are locked: then signing has stopped.
        public var keys: SigningKeys?
        /// Whether a key in force is about to be revoked: nothing but the revocation is signed.
        public var isRevoking = false
        /// Reads a policy back from its canonical bytes.
        public var parsePolicy: @Sendable ([UInt8]) throws -> Policy
        public var logger: Logger

        public init(
            origin: String, store: any Store, heads: any HeadKeeper, tiles: (any TileKeeper)? = nil, time: any MomentSource,
            seeds: any SeedSource,
            phones: any PhoneNumberParser, vault: Vault?, keys: SigningKeys?,
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
    }

    nonisolated let parts: Parts
    /// The keys that the log states, and what each may sign.
    private(set) var history: KeyHistory
    /// The keys that sign now; nil while they are locked.
    private(set) var keys: SigningKeys?
    /// While a key is about to be revoked, what waits to be signed waits for the next key.
    private(set) var isRevoking: Bool
    /// The versions of the program's policy that the log states, in the order of their statements.
    private(set) var versions: [LoadedPolicy]
    /// The version in force today: what new cases begin under.
    var current: LoadedPolicy {
        let today = try? moment().date
        return versions.last { version in today.map { version.policy.effectiveFrom <= $0 } ?? false } ?? versions[0]
    }
    private var policies: [[UInt8]: LoadedPolicy] = [:]
    /// The last head that the head file holds, its checkpoint, and the tree of that size.
    private var head: SignedHead?
    private(set) var checkpoint: Checkpoint
    private(set) var tree: MerkleTree
    /// Entries whose complete tiles are known to be in their place.
    private var tiledSize = 0
    /// Commands that wait for the next commit.
    private var queue: [Job] = []
    private var isDraining = false
    /// Why nothing is signed; nil while signing works.
    public private(set) var stopped: String?
    /// Signed heads whose rows go in with the next commit that appends.
    private var unstoredHeads: [(size: Int, note: [UInt8])] = []
    /// The digests of the policies that the log itself states; no other is ever used.
    private var statedPolicies: Set<[UInt8]>

    // MARK: Opening

    /// Starts a log: writes the genesis record as entry 0, signs the first head.
    ///
    /// - Parameter former: the last known head of the log that this one continues after a restore.
    public static func initialize(
        _ parts: Parts, policy canonical: [UInt8], recovery: NoteKey, after former: Checkpoint? = nil
    ) throws {
        guard let keys = parts.keys else { throw ServiceError.locked("starting a log needs its keys") }
        let moment = try parts.time.now()
        let digest = SHA256.hash(canonical)
        var members: [String: CanonicalJSON] = [
            "at": .string(moment.date.description), "log": .string(keys.log.key.text), "origin": .string(parts.origin),
            "policy": .string(Hex.format(digest)), "record": .string(keys.record.key.text),
            "recovery": .string(recovery.text), "v": .integer(1),
        ]
        if let former {
            members["after"] = .object([
                "origin": .string(former.origin), "root": .string(former.root.base64), "size": .integer(former.size),
            ])
        }
        let record = try Record(origin: parts.origin, type: .genesis, json: .object(members))
        let note = try keys.record.sign(record.text).bytes
        let leaf = TreeHash.leaf(note)
        try parts.store.write { tx in
            var tree = MerkleTree()
            guard try tx.logSize() == 0 else { throw ServiceError.folder("the database already holds a log") }
            try tx.setSetting("origin", Array(parts.origin.utf8))
            try tx.setSetting("policy", digest)
            // Nobody is there yet whose cases could be listed; what is restored has people, and lists them when it is opened.
            if try tx.people().isEmpty { try tx.setSetting("parties", digest) }
            try tx.putPolicy(digest, canonical)
            try tx.appendEntry(0, note)
            for (position, hash) in tree.append(leaf) { try tx.putNode(position, hash) }
        }
        let checkpoint = Checkpoint(origin: parts.origin, size: 1, root: leaf)
        try parts.heads.replace(
            nil,
            with: SignedHead(
                note: keys.log.sign(checkpoint.text).bytes, instantMilliseconds: moment.instantMilliseconds))
    }

    /// Opens a log; where `isWriter`, finishes what an earlier process left half done: erasures, a head not yet signed, closings not yet in
    /// the log.
    ///
    /// - Throws: ``ServiceError/corrupt(_:)`` if genesis is not what it must be. A head that does not fit stops signing and nothing else.
    public static func open(_ parts: Parts, isWriter: Bool) async throws -> Custodian {
        let custodian = try Custodian(parts)
        try await custodian.takeUpHead()
        if isWriter { try await custodian.recover() }
        return custodian
    }

    private init(_ parts: Parts) throws {
        self.parts = parts
        let opened = try parts.store.read { tx -> (genesis: [UInt8], digest: [UInt8], canonical: [UInt8]) in
            guard let origin = try tx.setting("origin"), String(decoding: origin, as: UTF8.self) == parts.origin,
                let genesis = try tx.entry(0), let digest = try tx.setting("policy"), let canonical = try tx.policy(digest)
            else { throw ServiceError.corrupt("the database is not this program's log") }
            return (genesis, digest, canonical)
        }
        guard SHA256.hash(opened.canonical) == opened.digest else {
            throw ServiceError.corrupt("the stored policy does not match its digest")
        }
        let first = LoadedPolicy(policy: try parts.parsePolicy(opened.canonical), digest: opened.digest)
        versions = [first]
        policies[opened.digest] = first
        history = try KeyHistory(store: parts.store, origin: parts.origin)
        keys = parts.keys
        isRevoking = parts.isRevoking
        statedPolicies = [history.policy]
        guard history.policy == opened.digest else {
            throw ServiceError.corrupt("the stored policy is not the one that the log states")
        }
        checkpoint = Checkpoint(origin: parts.origin, size: 0, root: .empty)
        tree = MerkleTree()
    }

    /// What a writer does first: the same code that ordinary commands use. What cannot be finished stops signing; closing still works.
    private func recover() throws {
        if parts.vault != nil { try resumeErasures() }
        // A process that stopped between deleting and emptying the write-ahead log left rows in it.
        empty()
        guard stopped == nil else { return }
        do {
            try publish(at: head?.instantMilliseconds ?? 0)
            writeTiles()
            try signPending()
            try makeParties()
        } catch {
            stop("recovery failed: \(error)")
        }
    }

    /// Once for a folder that was begun before anything said who sees which case, and once for every version of the policy: it may bring
    /// new workflows.
    func makeParties() throws {
        let digest = current.digest
        guard parts.vault != nil, try parts.store.read({ try $0.setting("parties") }) != digest else { return }
        let moment = try moment()
        let derive = Derivation(seed: try parts.seeds.seed(for: "parties"))
        try write { tx in
            try keepAllParties(Step(tx: tx, moment: moment, derive: derive, tree: tree))
            try tx.setSetting("parties", digest)
        }
    }

    private func stop(_ reason: String) {
        stopped = stopped ?? reason
        parts.logger.error("signing stopped")
    }

    /// Empties the write-ahead log; a reader in the way only puts it off to the next time.
    private func empty() {
        do {
            try parts.store.settle()
        } catch {
            parts.logger.error("the write-ahead log was not emptied")
        }
    }

    /// Compares the head file with the database: behind or different refuses to sign, ahead is signed forward later.
    private func takeUpHead() throws {
        if let keys {
            if keys.log.key != history.currentLog || keys.record.key != history.currentRecord {
                stopped = "the signing keys are not the ones that the log names"
            }
        } else {
            stopped = "the signing keys are locked"
        }
        do {
            head = try parts.heads.read()
        } catch {
            stopped = stopped ?? "\(error)"
            return
        }
        guard let head else {
            stopped = stopped ?? "the head file is missing: restore it, or the log cannot be told from a shorter one"
            return
        }
        do {
            let note = try SignedNote(parsing: head.note)
            let size = try Checkpoint(parsing: note.text).size
            guard let key = history.ownLogKey(signing: size) else { throw LogError.badSignature }
            checkpoint = try Checkpoint(verifying: note, by: key)
            let held = try parts.store.read { tx in
                (try tx.logSize(), try tx.logSize() >= size ? MerkleTree(size: size, reader: NodeAdapter(tx: tx)) : nil)
            }
            guard let known = held.1 else {
                stopped =
                    stopped ?? "the database holds \(held.0) records, the head file \(size): the database is older than its head"
                return
            }
            guard known.root == checkpoint.root else {
                stopped = stopped ?? "the database and the head file disagree about the first \(size) records"
                return
            }
            tree = known
            unstoredHeads = [(size, head.note)]
            try confirmKeyStatements()
            try takeUpVersions()
        } catch let error as LogError {
            stopped = stopped ?? "the head file does not fit this log: \(error)"
        }
    }

    /// Hashes of complete subtrees, which never change, kept so that a receipt costs no hundred look-ups. Only receipts use them: the gate and
    /// the audit read what is stored.
    private final class NodeCache {
        private static let limit = 200_000
        private var hashes: [NodePosition: TreeHash] = [:]

        func keep(_ position: NodePosition, _ hash: TreeHash) {
            if hashes.count >= Self.limit { hashes.removeAll(keepingCapacity: true) }
            hashes[position] = hash
        }

        func hash(at position: NodePosition, or read: (NodePosition) throws -> TreeHash) rethrows -> TreeHash {
            if let known = hashes[position] { return known }
            let hash = try read(position)
            keep(position, hash)
            return hash
        }
    }

    private let cache = NodeCache()

    private struct CachedReader: NodeReader {
        let cache: NodeCache
        let tx: any StoreTransaction
        func node(at position: NodePosition) throws -> TreeHash { try cache.hash(at: position) { try tx.node(at: $0) } }
    }

    /// Adapts a transaction to proofs, which take a concrete reader.
    struct NodeAdapter: NodeReader {
        let tx: any StoreTransaction
        func node(at position: NodePosition) throws -> TreeHash { try tx.node(at: position) }
    }

    // MARK: The road

    /// One transaction's worth of work.
    final class Step {
        let tx: any StoreTransaction
        let moment: Moment
        let derive: Derivation
        var tree: MerkleTree
        /// Indexes of the records written by the command, in order.
        var records: [Int] = []
        /// Whether a closing was stored without its record.
        var isPending = false
        var pendingRelease: ReleaseID?
        /// Data keys whose contents go with this commit.
        var erased: [[UInt8]] = []
        /// Notices that go out now, because nothing about them may be stored.
        var immediate: [Telling] = []
        var notices: [Telling] = []
        var mustSettle = false
        /// Whether no later command may share the commit: what this one erases must be gone before the next looks.
        var endsBatch = false
        /// The key that the command puts into force.
        var newKey: (role: KeyHistory.Role, signer: NoteSigner)?
        /// Whether the command must leave nothing behind, its own outcome included.
        var storesNothing = false
        /// The draft that a refused command was about.
        var refusedRound: RoundID?

        init(tx: any StoreTransaction, moment: Moment, derive: Derivation, tree: MerkleTree) {
            self.tx = tx
            self.moment = moment
            self.derive = derive
            self.tree = tree
        }

        /// Forgets what a refused command did.
        func reset(to tree: MerkleTree) {
            self.tree = tree
            records = []
            isPending = false
            pendingRelease = nil
            erased = []
            immediate = []
            notices = []
            endsBatch = false
            newKey = nil
        }
    }

    /// What a command's body reports; together with the records it is what a repetition answers from.
    struct Done: Codable {
        var release: ReleaseID?
        var person: PersonID?
        var round: RoundID?
        var state: String?
        var rule: String?
    }

    private struct StoredOutcome: Codable {
        var refusal: String?
        var refusalText: String?
        var done: Done?
        var records: [Int]
        /// The release whose closing waited to be signed when this was stored.
        var pendingRelease: ReleaseID?
    }

    func moment() throws -> Moment {
        let now = try parts.time.now()
        guard let head, now.instantMilliseconds < head.instantMilliseconds else { return now }
        // The clock ran back: time stands still at the last signed head until it has caught up.
        return try parts.time.moment(atMilliseconds: head.instantMilliseconds)
    }

    func requireVault() throws -> Vault {
        guard let vault = parts.vault else { throw ServiceError.locked("this needs the vault key: name its passphrase file") }
        return vault
    }

    /// Takes one command down the road, in one commit with those that arrive together with it.
    ///
    /// - Parameters:
    ///   - scope: the actor, within whom the key is unique.
    ///   - text: the canonical command, compared when the key is used again.
    ///   - committed: what the service takes up once the command's records are under a signed head, before any other command runs.
    ///   - body: runs within a savepoint, and runs again if the batch has to; it keeps no results outside the transaction.
    func road(
        key: String?, scope: String, text: String, onRefusal: ((Step, Refusal) throws -> Void)? = nil,
        committed: (() throws -> Void)? = nil, body: @escaping (Step) throws -> Done
    ) async throws -> Outcome {
        let vault = try requireVault()
        let outcomeKey = try key.map { try vault.commandDigest("key", scope, $0) }
        let digest = try vault.commandDigest("command", scope, text)
        return try await together(seed: key) { step in
            try self.attempt(outcomeKey, digest, onRefusal: onRefusal, body: body, step)
        } answer: { [self] attempted, step in
            if !attempted.isReplay { try committed?() }
            return try answer(attempted, step)
        }
    }

    /// What a command's turn in a transaction came to.
    private struct Attempted {
        let stored: StoredOutcome
        var refusal: Refusal?
        var isReplay = false
    }

    private func attempt(
        _ outcomeKey: [UInt8]?, _ digest: [UInt8], onRefusal: ((Step, Refusal) throws -> Void)?, body: (Step) throws -> Done,
        _ step: Step
    ) throws -> Attempted {
        if let outcomeKey, let row = try step.tx.outcome(outcomeKey) {
            guard row.command == digest else {
                let refusal = Refusal.keyReused
                return Attempted(
                    stored: StoredOutcome(refusal: refusal.code, refusalText: "\(refusal)", done: nil, records: []),
                    refusal: refusal)
            }
            var earlier = try JSONDecoder().decode(StoredOutcome.self, from: Data(row.outcome.utf8))
            if let release = earlier.pendingRelease {
                step.isPending = try step.tx.isPending(release)
                if !step.isPending { earlier.records = try step.tx.entries(of: release).map(\.index).suffix(1) }
            }
            return Attempted(stored: earlier, isReplay: true)
        }
        let before = step.tree
        var attempted: Attempted
        do {
            let done = try step.tx.savepoint { try body(step) }
            attempted = Attempted(
                stored: StoredOutcome(
                    refusal: nil, refusalText: nil, done: done, records: step.records, pendingRelease: step.pendingRelease))
        } catch let refused as Refusal {
            step.reset(to: before)
            attempted = Attempted(
                stored: StoredOutcome(refusal: refused.code, refusalText: "\(refused)", done: nil, records: []), refusal: refused)
            try onRefusal?(step, refused)
        }
        // What was refused because nothing is signed now may be done when it is.
        if let outcomeKey, !step.storesNothing, attempted.refusal != .notSigning {
            let text = String(decoding: try JSONEncoder().encode(attempted.stored), as: UTF8.self)
            try step.tx.putOutcome(
                OutcomeRow(
                    key: outcomeKey, command: digest, outcome: text, round: attempted.stored.done?.round ?? step.refusedRound))
        }
        return attempted
    }

    // MARK: Commands that arrive together

    /// As many commands as share one commit.
    static let batchLimit = 256

    /// One command on its way: what it does in the transaction, and how whoever waits for it is answered.
    private struct Job {
        let derive: Derivation
        /// Carries the command out and returns how to answer once the commit is durable and its head signed.
        let carry: (Step) throws -> () -> Void
        let fail: (any Error) -> Void
    }

    /// Runs `carry` in one commit with whatever else is waiting, then `answer`.
    ///
    /// A command that is alone does not wait: the queue is taken up as soon as the callers already in line have joined it.
    func together<T, R: Sendable>(
        seed key: String?, _ carry: @escaping (Step) throws -> T, answer: @escaping (T, Step) throws -> R
    ) async throws -> R {
        let derive = Derivation(seed: try parts.seeds.seed(for: key))
        return try await withCheckedThrowingContinuation { continuation in
            queue.append(
                Job(
                    derive: derive,
                    carry: { step in
                        let value = try carry(step)
                        return { continuation.resume(with: Result { try answer(value, step) }) }
                    }, fail: { continuation.resume(throwing: $0) }))
            takeUpQueue()
        }
    }

    private func takeUpQueue() {
        guard !isDraining, !queue.isEmpty else { return }
        isDraining = true
        Task { drain() }
    }

    private func drain() {
        isDraining = false
        let batch = Array(queue.prefix(Self.batchLimit))
        queue.removeFirst(batch.count)
        let left = carryOut(batch)
        queue.insert(contentsOf: left, at: 0)
        takeUpQueue()
    }

    /// Carries out a batch and answers everybody in it; a failure of the machinery fails the batch, whose commands are then tried singly, so
    /// that each gets its own error.
    ///
    /// - Returns: the commands that must not share this commit.
    private func carryOut(_ batch: [Job]) -> [Job] {
        guard let first = batch.first else { return [] }
        let committed: Committed
        do {
            try signPending()
            committed = try commit(batch)
        } catch {
            if batch.count == 1 {
                first.fail(error)
            } else {
                for job in batch { _ = carryOut([job]) }
            }
            return []
        }
        // From here on the batch is durable: nothing is tried again.
        let done = batch.prefix(committed.answers.count)
        do {
            try afterCommit(committed.steps)
            FaultPoint.reach(.beforeAnswer)
            for answer in committed.answers { answer() }
        } catch {
            for job in done { job.fail(error) }
        }
        return Array(batch.dropFirst(done.count))
    }

    private struct Committed {
        var steps: [Step] = []
        var answers: [() -> Void] = []
    }

    private func commit(_ batch: [Job]) throws -> Committed {
        let moment = try moment()
        let settling = Derivation(seed: try parts.seeds.seed(for: nil))
        return try write { tx in
            var committed = Committed()
            let due = Step(tx: tx, moment: moment, derive: settling, tree: tree)
            // What the clock would close waits for the key that comes, as everything else does.
            if !isRevoking { try settleDue(due) }
            committed.steps.append(due)
            var reached = due.tree
            for job in batch {
                let step = Step(tx: tx, moment: moment, derive: job.derive, tree: reached)
                committed.answers.append(try job.carry(step))
                committed.steps.append(step)
                reached = step.tree
                if step.endsBatch { break }
            }
            try putHeads(reached.size, tx)
            return committed
        }
    }

    /// Runs a transaction. A failing disk stops signing: what it lost is not known.
    func write<R>(_ body: (any StoreTransaction) throws -> R) throws -> R {
        do {
            let result = try parts.store.write { tx in
                let result = try body(tx)
                // A data key is durable before the rows that need it.
                try parts.vault?.sync()
                FaultPoint.reach(.beforeCommit)
                return result
            }
            FaultPoint.reach(.afterCommit)
            return result
        } catch {
            switch error {
            case is Refusal, is FieldProblem, is ServiceError, is LogError, is RecordError, is CryptographyError, is DecodingError:
                break
            // The caller says so; nothing is logged twice.
            default: stopped = stopped ?? "the storage failed: \(error)"
            }
            throw error
        }
    }

    /// The rows of heads signed earlier, with a commit that appends.
    func putHeads(_ size: Int, _ tx: any StoreTransaction) throws {
        guard size > tree.size else { return }
        for head in unstoredHeads { try tx.putHead(size: head.size, note: head.note) }
    }

    /// What follows every commit, in this order: signing, erasing, emptying the write-ahead log.
    func afterCommit(_ steps: [Step]) throws {
        if let last = steps.last, last.tree.size > tree.size {
            // If the process stops here, the records are durable and their receipts pending; opening signs forward.
            unstoredHeads = []
            do {
                for change in steps.compactMap(\.newKey) { try takeUp(change.signer, as: change.role) }
                try publish(at: last.moment.instantMilliseconds)
            } catch {
                stop("signing the head failed: \(error)")
            }
            writeTiles()
        }
        let erased = steps.flatMap(\.erased)
        if !erased.isEmpty { try finishErasures(erased) }
        if steps.contains(where: \.mustSettle) { empty() }
    }

    /// Re-reads what is durable beyond the last head, recomputes the root, signs it and replaces the head file.
    ///
    /// - Throws: if the durable bytes are not those that were appended; then nothing was signed.
    private func publish(at instant: Int64) throws {
        guard let keys else { throw ServiceError.locked("the signing keys are locked") }
        var next = tree
        try parts.store.read { tx in
            let size = try tx.logSize()
            while next.size < size {
                guard let note = try tx.entry(next.size) else { throw ServiceError.corrupt("record \(next.size) is missing") }
                for (position, hash) in next.append(.leaf(note)) {
                    guard try tx.node(at: position) == hash else {
                        throw ServiceError.corrupt("the stored hash of record \(position.index) does not match its bytes")
                    }
                    cache.keep(position, hash)
                }
            }
        }
        guard next.size > tree.size else { return }
        FaultPoint.reach(.afterReread)
        let head = Checkpoint(origin: parts.origin, size: next.size, root: next.root)
        let signed = SignedHead(
            note: try keys.log.sign(head.text).bytes, instantMilliseconds: max(instant, self.head?.instantMilliseconds ?? 0))
        try parts.heads.replace(self.head, with: signed)
        (self.head, checkpoint, tree) = (signed, head, next)
        unstoredHeads.append((head.size, signed.note))
    }

    /// Writes the complete tiles that the signed log has and the tile folder has not. Tiles repeat what is in the database: if writing
    /// one fails, the next commit or opening tries again, and nobody waits for it.
    private func writeTiles() {
        guard let keeper = parts.tiles else { return }
        let complete = checkpoint.size / TilePath.fullWidth * TilePath.fullWidth
        guard complete > tiledSize else { return }
        do {
            try parts.store.read { tx in
                for tile in TilePath.tiles(of: complete, beyond: tiledSize) where tile.isFull {
                    if try !keeper.holds(tile) { try keeper.write(tile, tileBytes(tile, tx)) }
                }
            }
            tiledSize = complete
        } catch {
            parts.logger.error("a tile of the log was not written and will be tried again")
        }
    }

    /// Signs the record with the record key and appends the note to the log.
    @discardableResult
    func append(_ record: Record, in step: Step) throws -> RecordPointer {
        guard let keys, stopped == nil else { throw Refusal.notSigning }
        return try append(keys.record.sign(record.text), in: step)
    }

    /// Appends a note that is signed already.
    @discardableResult
    func append(_ signed: SignedNote, in step: Step) throws -> RecordPointer {
        guard stopped == nil else { throw Refusal.notSigning }
        let note = signed.bytes
        let index = step.tree.size
        let leaf = TreeHash.leaf(note)
        try step.tx.appendEntry(index, note)
        for (position, hash) in step.tree.append(leaf) { try step.tx.putNode(position, hash) }
        step.records.append(index)
        return RecordPointer(index: index, leaf: leaf.base64, origin: parts.origin)
    }

    /// Builds the answer from what is stored: receipts anew, a rescind-only code again, a card never.
    private func answer(_ attempted: Attempted, _ step: Step) throws -> Outcome {
        let stored = attempted.stored
        let isSigned = stored.records.allSatisfy { $0 < checkpoint.size } && !step.isPending
        return Outcome(
            refusal: stored.refusalText, refusalCode: stored.refusal, isReceiptPending: !isSigned, isReplay: attempted.isReplay,
            state: stored.done?.state, rule: stored.done?.rule, release: stored.done?.release, person: stored.done?.person,
            records: stored.records, receipts: isSigned ? try receipts(for: stored.records) : [],
            rescindCode: try rescindCode(stored.done), notices: attempted.isReplay ? [] : step.notices + step.immediate,
            moment: step.moment)
    }

    private func rescindCode(_ done: Done?) throws -> String? {
        guard let done, let release = done.release, let round = done.round else { return nil }
        return try requireVault().rescindCode(release, round: round)
    }

    /// A record with the proof that it is in the log under the last signed head.
    func receipts(for indexes: [Int]) throws -> [Receipt] {
        guard !indexes.isEmpty, let head else { return [] }
        let note = try SignedNote(parsing: head.note)
        return try parts.store.read { tx in
            try indexes.map { index in
                guard let entry = try tx.entry(index) else { throw ServiceError.corrupt("record \(index) is missing") }
                let hashes = try LogProof.proveInclusion(
                    of: index, in: checkpoint.size, reader: CachedReader(cache: cache, tx: tx))
                return Receipt(index: index, record: entry, proof: EntryProof(index: index, hashes: hashes, checkpoint: note).bytes)
            }
        }
    }

    // MARK: Keys

    /// Takes up a key that the log now states.
    private func takeUp(_ signer: NoteSigner, as role: KeyHistory.Role) throws {
        history = try KeyHistory(store: parts.store, origin: parts.origin)
        isRevoking = false
        guard let old = keys else { return }
        keys = role == .record ? SigningKeys(record: signer, log: old.log) : SigningKeys(record: old.record, log: signer)
    }

    /// Every statement about a key that the head covers must be in the log that the head signs.
    private func confirmKeyStatements() throws {
        try parts.store.read { tx in
            for index in history.statements where index < checkpoint.size {
                let hashes = try LogProof.proveInclusion(of: index, in: checkpoint.size, reader: NodeAdapter(tx: tx))
                guard let entry = try tx.entry(index),
                    LogProof.isInclusion(hashes, of: .leaf(entry), at: index, in: checkpoint.size, root: checkpoint.root)
                else { throw LogError.malformed("statement about a key") }
            }
        }
    }

    // MARK: Policies

    /// Reads the later versions of the policy from the signed log.
    func takeUpVersions() throws {
        let later = try readVersions()
        versions = [versions[0]] + later
        for version in later {
            policies[version.digest] = version
            statedPolicies.insert(version.digest)
        }
    }

    func policy(_ digest: [UInt8], _ tx: any StoreTransaction) throws -> LoadedPolicy {
        if let known = policies[digest] { return known }
        guard statedPolicies.contains(digest), let canonical = try tx.policy(digest), SHA256.hash(canonical) == digest else {
            throw ServiceError.corrupt("a case's policy is missing")
        }
        let loaded = LoadedPolicy(policy: try parts.parsePolicy(canonical), digest: digest)
        policies[digest] = loaded
        return loaded
    }

    // MARK: Erasure

    /// Destroys keys whose erasure was committed, then deletes what they covered.
    func finishErasures(_ keys: [[UInt8]]) throws {
        FaultPoint.reach(.beforeDestroy)
        try requireVault().destroy(keys)
        FaultPoint.reach(.afterDestroy)
        // If the process stops here, the keys are gone and opening deletes the rest.
        try parts.store.write { tx in
            for key in keys {
                try tx.deleteCovered(by: key)
                try tx.deleteErasure(key)
            }
        }
    }

    /// Finishes erasures that stopped half-way, and deletes what an old copy of the database brought back: every row whose key is listed
    /// as destroyed.
    private func resumeErasures() throws {
        let vault = try requireVault()
        let destroyed = Set(try vault.destroyedIDs())
        let (owed, inUse) = try parts.store.read { (try $0.erasures(), try $0.keysInUse()) }
        // Only what is listed: a key that is merely missing may be in a copy of the key ring that somebody puts back.
        let covered = inUse.filter { destroyed.contains($0) }
        if !owed.isEmpty || !covered.isEmpty { try finishErasures(Array(Set(owed).union(covered))) }
    }
}

/// What a command came to.
public struct Outcome: Sendable {
    /// Why nothing happened; nil if it did.
    public let refusal: String?
    public let refusalCode: String?
    /// Recorded, but the head that covers it is not signed yet: the same key later fetches the receipt.
    public let isReceiptPending: Bool
    public let isReplay: Bool
    public let state: String?
    public let rule: String?
    public let release: ReleaseID?
    public let person: PersonID?
    /// Where its records stand in the log.
    public let records: [Int]
    public let receipts: [Receipt]
    /// The rescind-only code of a release that was just signed.
    public let rescindCode: String?
    public let notices: [Telling]
    public let moment: Moment
}

/// A record and the proof that it is in the log.
public struct Receipt: Sendable {
    public let index: Int
    /// The exact bytes of the signed note.
    public let record: [UInt8]
    /// A `c2sp.org/tlog-proof@v1` file.
    public let proof: [UInt8]
}
