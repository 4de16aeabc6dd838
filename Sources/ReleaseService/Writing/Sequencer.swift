internal import Cryptography
internal import Logging
internal import ReleaseLedger
internal import ReleaseWorkflow
internal import TransparencyLog

/// The one writer: takes commands down the same road, as many as wait in one commit.
///
/// The road: take the moment and a seed; in one transaction run what is due, then each command; commit and sync; read
/// back what is durable, recompute the root, sign the head, replace the head file; destroy what was to be erased;
/// answer. Before the commit nothing happened; after it everything did.
///
/// It knows what a transaction is and nothing of what commands are about.
actor Sequencer {
    /// The work that the service has done around every batch.
    struct Hooks: Sendable {
        /// Runs first in every transaction: what the clock owes.
        let settleDue: @Sendable (Transaction) throws -> Void
        /// Carries out, in a transaction of its own, what waited to be signed; does nothing where nothing waits.
        let carryOutPending: @Sendable (Transaction) throws -> Void
    }

    /// As many commands as share one commit.
    static let batchLimit = 256

    private let parts: Parts
    private let vault: Vault?
    private let publisher: Publisher
    private let latest: LatestInForce
    private let cache: DecodedCache
    private let hooks: Hooks
    private let executor = DiskExecutor(label: "privity.sequencer")
    private var queue: [Job] = []
    private var isDraining = false
    /// True while the write-ahead log still holds what should be nowhere: it is tried again with every batch, and the
    /// scheduler comes by.
    private var owesSettling = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    /// Hashes for receipts.
    nonisolated let hashes: HashCache

    /// One command on its way: what it does in the transaction, and how whoever waits for it is answered.
    private struct Job {
        let derive: Derivation
        /// Carries the command out and returns how to answer once the commit is durable and its head signed.
        let carry: (Transaction) throws -> (Answering) -> Void
        let fail: (any Error) -> Void
    }

    /// Everything that answers are made of, after the commit.
    struct Answering: Sendable {
        let published: Published
        let hashes: HashCache
        let store: any Store
        /// The records of this commit, by their indexes.
        let appended: [Int: [UInt8]]

        func receipts(for indexes: [Int]) throws -> [Receipt] {
            try Receipts(under: published, hashes: hashes).receipts(
                for: indexes, entry: { index in try appended[index] ?? store.read { try $0.entry(index) } },
                node: { position in try store.read { try $0.node(at: position) } })
        }
    }

    /// A command that is committed, on its way to whoever waits for it, who makes the answer.
    private struct Handed<T>: @unchecked Sendable {  // the sequencer touches neither any more
        let value: T
        let transaction: Transaction
        let answering: Answering
    }

    /// - Parameter publisher: of this log; nobody else uses it.
    init(_ parts: Parts, publisher: sending Publisher, latest: LatestInForce, cache: DecodedCache, hooks: Hooks) {
        self.parts = parts
        vault = parts.vault
        hashes = publisher.hashes
        self.publisher = publisher
        self.latest = latest
        self.cache = cache
        self.hooks = hooks
    }

    /// The first work of a writer: the same code that ordinary commands use. What cannot be finished stops signing;
    /// closing still works.
    func recover(_ lastly: @Sendable (Transaction) throws -> Void) {
        do {
            if vault != nil { try resumeErasures() }
        } catch {
            publisher.stop("recovery failed: \(error)")
        }
        // A process that stopped between deleting and emptying the write-ahead log left rows in it.
        settle()
        guard publisher.stopped == nil else { return takeUp() }
        do {
            try publisher.signForward()
            takeUp()
            try carryOutPending()
            if vault != nil { try alone { try lastly($0) } }
        } catch {
            stop("recovery failed: \(error)")
        }
        takeUp()
    }

    private func stop(_ reason: String) {
        publisher.stop(reason)
        parts.logger.error("signing stopped")
    }

    /// Empties the write-ahead log; a reader in the way only puts it off to the next time.
    private func settle() {
        do {
            try parts.store.settle()
            owesSettling = false
        } catch {
            owesSettling = true
            parts.logger.error("the write-ahead log was not emptied")
        }
    }

    /// Says what is in force now.
    private func takeUp() {
        let published = publisher.published
        var policies = latest.value.policies
        do {
            policies = try parts.store.read { rows in
                let stated = try LogStatements.versions(rows).filter { published.covers($0.index) }.count
                if stated == policies.all.count - 1 { return policies }
                return try PolicyVersions.read(
                    first: policies.first, published: published, origin: parts.origin, parse: parts.parsePolicy, rows)
            }
        } catch {
            publisher.stop("the versions of the policy do not fit the log: \(error)")
        }
        latest.replace(InForce(published: publisher.published, policies: policies))
    }

    /// Runs one write before everything that waits: what closes something waits for no batch. It makes no record and
    /// needs no key.
    func immediately<R: Sendable>(_ body: @Sendable (any StoreWriter) throws -> R) throws -> R {
        try parts.store.write(body)
    }

    // MARK: Commands that arrive together

    /// Runs `carry` in one commit with whatever else is waiting, then `answer`.
    ///
    /// A command that is alone does not wait: the queue is taken up as soon as the callers already in line have joined
    /// it.
    ///
    /// - Parameters:
    ///   - key: of the command, from which a source for tests may derive its seed.
    ///   - carry: runs again if the batch has to; it keeps no results outside the transaction.
    func together<T, R: Sendable>(
        seed key: String?, _ carry: @escaping @Sendable (Transaction) throws -> T,
        answer: @escaping @Sendable (T, Transaction, Answering) throws -> R
    ) async throws -> R {
        let derive = try Derivation(seed: parts.seeds.seed(for: key))
        let handed: Handed<T> = try await withCheckedThrowingContinuation { continuation in
            queue.append(
                Job(
                    derive: derive,
                    carry: { tx in
                        let value = try carry(tx)
                        return { continuation.resume(returning: Handed(value: value, transaction: tx, answering: $0)) }
                    }, fail: { continuation.resume(throwing: $0) }))
            takeUpQueue()
        }
        return try await Self.answer(handed, answer)
    }

    /// Makes an answer beside the writer, which has the next commands to carry out.
    private nonisolated static func answer<T, R: Sendable>(
        _ handed: Handed<T>, _ answer: @escaping @Sendable (T, Transaction, Answering) throws -> R
    ) async throws -> R { try answer(handed.value, handed.transaction, handed.answering) }

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

    /// Carries out a batch and answers everybody in it; a failure of the machinery fails the batch, whose commands are
    /// then tried singly, so that each gets its own error.
    ///
    /// - Returns: the commands that must not share this commit.
    private func carryOut(_ batch: [Job]) -> [Job] {
        guard let first = batch.first else { return [] }
        let committed: Committed
        do {
            do {
                committed = try commit(batch)
            } catch is PendingFirst {
                try carryOutPending()
                // What could not be carried out stays, and holds up nobody.
                committed = try commit(batch, pendingComesFirst: false)
            }
        } catch {
            if batch.count == 1 {
                first.fail(error)
            } else {
                for job in batch {
                    var left = [job]
                    while !left.isEmpty { left = carryOut(left) }
                }
            }
            return []
        }
        // From here on the batch is durable: nothing is tried again.
        let done = batch.prefix(committed.answers.count)
        do {
            try afterCommit(committed.transactions)
        } catch {
            for job in done { job.fail(error) }
            return Array(batch.dropFirst(done.count))
        }
        FaultPoint.reach(.beforeAnswer)
        let answering = Answering(
            published: publisher.published, hashes: hashes, store: parts.store, appended: committed.appended)
        for answer in committed.answers { answer(answering) }
        return Array(batch.dropFirst(done.count))
    }

    private struct Committed {
        var transactions: [Transaction] = []
        var answers: [(Answering) -> Void] = []
        var appended: [Int: [UInt8]] = [:]
    }

    private func transaction(_ rows: WorkingSet, _ derive: Derivation, _ moment: Moment, _ ledger: Ledger) throws
        -> Transaction
    {
        Transaction(
            rows: rows, vault: try parts.requireVault(), inForce: latest.value, moment: moment, derive: derive,
            parts: parts,
            cache: cache, ledger: ledger)
    }

    /// - Parameter pendingComesFirst: whether to stop where something still waits to be signed.
    /// - Throws: ``PendingFirst`` if it does.
    private func commit(_ batch: [Job], pendingComesFirst: Bool = true) throws -> Committed {
        let moment = try parts.moment(under: publisher.published)
        let settling = try Derivation(seed: parts.seeds.seed(for: nil))
        return try write { rows in
            if pendingComesFirst, canSign, try !rows.pending().isEmpty { throw PendingFirst() }
            var committed = Committed()
            let due = try transaction(rows, settling, moment, publisher.ledger)
            // What the clock would close waits for the key that comes, as everything else does.
            if !publisher.isRevoking { try hooks.settleDue(due) }
            committed.transactions.append(due)
            var ledger = due.ledger
            for job in batch {
                let own = try transaction(rows, job.derive, moment, ledger)
                do {
                    committed.answers.append(try job.carry(own))
                } catch is AwaitsHead {
                    // It goes into the next batch, and so does everything behind it.
                    break
                }
                committed.transactions.append(own)
                ledger = own.ledger
                if own.consequences.endsBatch { break }
            }
            try publisher.putHeads(ledger.size, rows)
            committed.appended = rows.appended
            return committed
        }
    }

    /// Runs a transaction. A failing disk stops signing: what it lost is not known.
    private func write<R>(_ body: (WorkingSet) throws -> R) throws -> R {
        do {
            let result = try parts.store.write { tx in
                let rows = WorkingSet(tx)
                let result = try body(rows)
                try rows.flush()
                FaultPoint.reach(.afterFlush)
                // A data key is durable before the rows that need it.
                try vault?.sync()
                FaultPoint.reach(.beforeCommit)
                return result
            }
            FaultPoint.reach(.afterCommit)
            return result
        } catch {
            switch error {
            case is PendingFirst, is Refusal, is FieldProblem, is MachineryError, is LogError, is RecordError,
                is CryptographyError:
                break
            // The caller says so; nothing is logged twice.
            default: publisher.stop("the storage failed: \(error)")
            }
            takeUp()
            throw error
        }
    }

    /// Runs one transaction for the service itself, and what follows it.
    @discardableResult
    func alone<R>(_ body: (Transaction) throws -> R) throws -> R {
        let moment = try parts.moment(under: publisher.published)
        let derive = try Derivation(seed: parts.seeds.seed(for: nil))
        let (result, own) = try write { rows in
            let own = try transaction(rows, derive, moment, publisher.ledger)
            let result = try body(own)
            try publisher.putHeads(own.ledger.size, rows)
            return (result, own)
        }
        try afterCommit([own])
        return result
    }

    private var canSign: Bool { vault != nil && publisher.stopped == nil && !publisher.isRevoking }

    /// Thrown where something still waits to be signed: that comes first, in a transaction of its own.
    private struct PendingFirst: Error {}

    /// Carries out what committed while nothing could be signed, first and in commit order.
    func carryOutPending() throws {
        guard canSign, try !parts.store.read({ try $0.pending() }).isEmpty else { return }
        try alone { try hooks.carryOutPending($0) }
    }

    /// Does what follows every commit, in this order: signing, erasing, emptying the write-ahead log.
    private func afterCommit(_ transactions: [Transaction]) throws {
        let consequences = transactions.map(\.consequences)
        if let last = transactions.last, last.ledger.size > publisher.tree.size {
            let wasStopped = publisher.stopped
            publisher.publish(at: last.moment.instantMilliseconds, newKeys: consequences.compactMap(\.newKey))
            if wasStopped == nil, publisher.stopped != nil { parts.logger.error("signing stopped") }
            takeUp()
        }
        for learn in consequences.flatMap(\.learned) { learn(cache) }
        cache.forget(consequences.flatMap(\.forgotten))
        let erasures = consequences.flatMap(\.erasures)
        if !erasures.isEmpty { try finish(erasures) }
        if owesSettling || consequences.contains(where: \.mustSettle) { settle() }
    }

    // MARK: Erasing

    /// Destroys keys whose erasure was committed, then deletes what they covered.
    private func finish(_ erasures: [Transaction.Erasure]) throws {
        FaultPoint.reach(.beforeDestroy)
        try parts.requireVault().destroy(erasures.map(\.key))
        cache.forget(openedUnder: erasures.map(\.key))
        FaultPoint.reach(.afterDestroy)
        // If the process stops here, the keys are gone and opening deletes the rest.
        try parts.store.write { rows in
            for erasure in erasures {
                try rows.deleteSealed(under: erasure.key)
                if let person = erasure.person { try rows.deletePerson(person) }
                try rows.deleteErasure(erasure.key)
            }
        }
    }

    /// Finishes erasures that stopped half-way, and deletes what an old copy of the database brought back: every row
    /// whose key is listed as destroyed.
    private func resumeErasures() throws {
        let vault = try parts.requireVault()
        let destroyed = Set(try vault.destroyedIDs())
        let (owed, inUse) = try parts.store.read { (try $0.erasures(), try $0.keysInUse(among: destroyed)) }
        // Only what is listed: a key that is merely missing may be in a copy of the key ring that somebody puts back.
        let keys = Array(Set(owed).union(inUse))
        guard !keys.isEmpty else { return }
        FaultPoint.reach(.beforeDestroy)
        try vault.destroy(keys)
        FaultPoint.reach(.afterDestroy)
        try parts.store.write { rows in
            try rows.deleteCovered(by: keys)
            for key in keys { try rows.deleteErasure(key) }
        }
    }
}
