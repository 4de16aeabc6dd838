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
        public var time: any MomentSource
        public var seeds: any SeedSource
        public var phones: any PhoneNumberParser
        /// Nil while the vault key is locked: then only rescission by code works.
        public var vault: Vault?
        /// Nil while the signing keys are locked: then signing has stopped.
        public var keys: SigningKeys?
        /// Reads a policy back from its canonical bytes.
        public var parsePolicy: @Sendable ([UInt8]) throws -> Policy
        public var logger: Logger

        public init(
            origin: String, store: any Store, heads: any HeadKeeper, time: any MomentSource, seeds: any SeedSource,
            phones: any PhoneNumberParser, vault: Vault?, keys: SigningKeys?,
            parsePolicy: @escaping @Sendable ([UInt8]) throws -> Policy, logger: Logger
        ) {
            self.origin = origin
            self.store = store
            self.heads = heads
            self.time = time
            self.seeds = seeds
            self.phones = phones
            self.vault = vault
            self.keys = keys
            self.parsePolicy = parsePolicy
            self.logger = logger
        }
    }

    let parts: Parts
    let logKey: NoteKey
    let recordKey: NoteKey
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
    /// Why nothing is signed; nil while signing works.
    public private(set) var stopped: String?
    /// Signed heads whose rows go in with the next commit that appends.
    private var unstoredHeads: [(size: Int, note: [UInt8])] = []
    /// The digests of the policies that the log itself states; no other is ever used.
    private var statedPolicies: Set<[UInt8]>

    // MARK: Opening

    /// Starts a log: writes the genesis record as entry 0, signs the first head.
    public static func initialize(
        _ parts: Parts, policy canonical: [UInt8], recovery: NoteKey
    ) throws {
        guard let keys = parts.keys else { throw ServiceError.locked("starting a log needs its keys") }
        let moment = try parts.time.now()
        let digest = SHA256.hash(canonical)
        let record = try Record(
            origin: parts.origin, type: .genesis,
            json: .object([
                "at": .string(moment.date.description), "log": .string(keys.log.key.text), "origin": .string(parts.origin),
                "policy": .string(Hex.format(digest)), "record": .string(keys.record.key.text),
                "recovery": .string(recovery.text), "v": .integer(1),
            ]))
        let note = try keys.record.sign(record.text).bytes
        let leaf = TreeHash.leaf(note)
        try parts.store.write { tx in
            var tree = MerkleTree()
            guard try tx.logSize() == 0 else { throw ServiceError.folder("the database already holds a log") }
            try tx.setSetting("origin", Array(parts.origin.utf8))
            try tx.setSetting("policy", digest)
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
        let genesis = try Self.readGenesis(opened.genesis, origin: parts.origin)
        (logKey, recordKey, statedPolicies) = (genesis.log, genesis.record, [genesis.policy])
        guard genesis.policy == opened.digest else {
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
            try signPending()
        } catch {
            stop("recovery failed: \(error)")
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

    private static func readGenesis(
        _ bytes: [UInt8], origin: String
    ) throws -> (log: NoteKey, record: NoteKey, policy: [UInt8]) {
        let note = try SignedNote(parsing: bytes)
        let record = try Record(parsing: note.text, origin: origin)
        guard record.type == .genesis, let log = record.json["log"]?.string, let own = record.json["record"]?.string,
            let policy = record.policyDigest.flatMap({ Hex.parse($0) })
        else {
            throw ServiceError.corrupt("entry 0 of the log is not a genesis record")
        }
        let recordKey = try NoteKey(parsing: own)
        try note.verify(by: recordKey)
        return (try NoteKey(parsing: log), recordKey, policy)
    }

    /// Compares the head file with the database: behind or different refuses to sign, ahead is signed forward later.
    private func takeUpHead() throws {
        if let keys = parts.keys {
            if keys.log.key != logKey || keys.record.key != recordKey {
                stopped = "the signing keys are not the ones that genesis names"
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
            checkpoint = try Checkpoint(verifying: SignedNote(parsing: head.note), by: logKey)
            let size = checkpoint.size
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

        func reset(to tree: MerkleTree) {
            self.tree = tree
            records = []
            isPending = false
            pendingRelease = nil
            erased = []
            immediate = []
            notices = []
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

    /// Takes one command down the road.
    ///
    /// - Parameters:
    ///   - scope: the actor, within whom the key is unique.
    ///   - text: the canonical command, compared when the key is used again.
    ///   - round: the draft that the outcome belongs to, asked after the body ran.
    func road(
        key: String?, scope: String, text: String, onRefusal: ((Step, Refusal) throws -> Void)? = nil,
        body: (Step) throws -> Done
    ) throws -> Outcome {
        let vault = try requireVault()
        let moment = try moment()
        let derive = Derivation(seed: try parts.seeds.seed(for: key))
        let outcomeKey = try key.map { try vault.commandDigest("key", scope, $0) }
        let digest = try vault.commandDigest("command", scope, text)
        var replayed: StoredOutcome?
        var stored = StoredOutcome(refusal: nil, refusalText: nil, done: nil, records: [])
        var refusal: Refusal?
        try signPending()
        let step = try write { tx -> Step in
            let step = Step(tx: tx, moment: moment, derive: derive, tree: tree)
            (replayed, refusal) = (nil, nil)
            try settleDue(step)
            if let outcomeKey, let row = try tx.outcome(outcomeKey) {
                guard row.command == digest else {
                    refusal = .keyReused
                    return step
                }
                var earlier = try JSONDecoder().decode(StoredOutcome.self, from: Data(row.outcome.utf8))
                if let release = earlier.pendingRelease {
                    step.isPending = try tx.isPending(release)
                    if !step.isPending { earlier.records = try tx.entries(of: release).map(\.index).suffix(1) }
                }
                replayed = earlier
                return step
            }
            let before = step.tree
            let (erased, recordCount) = (step.erased, step.records.count)
            do {
                let done = try tx.savepoint { try body(step) }
                stored = StoredOutcome(
                    refusal: nil, refusalText: nil, done: done, records: Array(step.records.dropFirst(recordCount)),
                    pendingRelease: step.pendingRelease)
            } catch let refused as Refusal {
                step.reset(to: before)
                step.erased = erased
                refusal = refused
                stored = StoredOutcome(refusal: refused.code, refusalText: "\(refused)", done: nil, records: [])
                try onRefusal?(step, refused)
            }
            // What was refused because nothing is signed now may be done when it is.
            if let outcomeKey, !step.storesNothing, refusal != .notSigning {
                let text = String(decoding: try JSONEncoder().encode(stored), as: UTF8.self)
                try tx.putOutcome(
                    OutcomeRow(key: outcomeKey, command: digest, outcome: text, round: stored.done?.round ?? step.refusedRound))
            }
            try putHeads(step)
            return step
        }
        try afterCommit(step)
        if let replayed {
            return try answer(
                replayed.done, replayed.records, replayed.refusalText.map { ($0, replayed.refusal ?? "") }, step, isReplay: true)
        }
        return try answer(stored.done, stored.records, refusal.map { ("\($0)", $0.code) }, step, isReplay: false)
    }

    /// Runs a transaction. A failing disk stops signing: what it lost is not known.
    func write<R>(_ body: (any StoreTransaction) throws -> R) throws -> R {
        do {
            return try parts.store.write(body)
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
    func putHeads(_ step: Step) throws {
        guard step.tree.size > tree.size else { return }
        for head in unstoredHeads { try step.tx.putHead(size: head.size, note: head.note) }
    }

    /// What follows every commit, in this order: signing, erasing, emptying the write-ahead log.
    func afterCommit(_ step: Step) throws {
        if step.tree.size > tree.size {
            // If the process stops here, the records are durable and their receipts pending; opening signs forward.
            unstoredHeads = []
            do {
                try publish(at: step.moment.instantMilliseconds)
            } catch {
                stop("signing the head failed: \(error)")
            }
        }
        if !step.erased.isEmpty { try finishErasures(step.erased) }
        if step.mustSettle { empty() }
    }

    /// Re-reads what is durable beyond the last head, recomputes the root, signs it and replaces the head file.
    ///
    /// - Throws: if the durable bytes are not those that were appended; then nothing was signed.
    private func publish(at instant: Int64) throws {
        guard let keys = parts.keys else { throw ServiceError.locked("the signing keys are locked") }
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
        let head = Checkpoint(origin: parts.origin, size: next.size, root: next.root)
        let signed = SignedHead(
            note: try keys.log.sign(head.text).bytes, instantMilliseconds: max(instant, self.head?.instantMilliseconds ?? 0))
        try parts.heads.replace(self.head, with: signed)
        (self.head, checkpoint, tree) = (signed, head, next)
        unstoredHeads.append((head.size, signed.note))
    }

    /// Signs `text` with the record key and appends the note to the log.
    @discardableResult
    func append(_ record: Record, in step: Step) throws -> RecordPointer {
        guard let keys = parts.keys, stopped == nil else { throw Refusal.notSigning }
        let note = try keys.record.sign(record.text).bytes
        let index = step.tree.size
        let leaf = TreeHash.leaf(note)
        try step.tx.appendEntry(index, note)
        for (position, hash) in step.tree.append(leaf) { try step.tx.putNode(position, hash) }
        step.records.append(index)
        return RecordPointer(index: index, leaf: leaf.base64, origin: parts.origin)
    }

    /// Builds the answer from what is stored: receipts anew, a rescind-only code again, a card never.
    private func answer(
        _ done: Done?, _ records: [Int], _ refusal: (text: String, code: String)?, _ step: Step, isReplay: Bool
    ) throws -> Outcome {
        let isSigned = records.allSatisfy { $0 < checkpoint.size } && !step.isPending
        return Outcome(
            refusal: refusal?.text, refusalCode: refusal?.code, isReceiptPending: !isSigned, isReplay: isReplay,
            state: done?.state, rule: done?.rule, release: done?.release, person: done?.person, records: records,
            receipts: isSigned ? try receipts(for: records) : [], rescindCode: try rescindCode(done),
            notices: isReplay ? [] : step.notices + step.immediate, moment: step.moment)
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
        try requireVault().destroy(keys)
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
