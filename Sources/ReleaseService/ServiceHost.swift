internal import Cryptography
internal import Logging
internal import ReleaseLedger
public import ReleaseWorkflow
public import TransparencyLog

/// An open program: one log with its writer. It gives each caller a service of their own, and does what nobody asks
/// for: the clock.
public struct ServiceHost: Sendable {
    let core: Core
    private let clock: ClockGuard

    private init(core: Core, clock: ClockGuard) { (self.core, self.clock) = (core, clock) }

    /// The service for one caller: every method of it is authorized for them.
    public func service(for caller: Caller) -> ReleaseService { ReleaseService(core: core, caller: caller, own: nil) }

    /// The service for somebody who is signed in, or for nobody: with what the session opens of what is theirs alone.
    public func service(for session: Session?) -> ReleaseService {
        ReleaseService(
            core: core, caller: session.map { .person($0.person, $0.assurance) } ?? .anonymous, own: session?.own)
    }

    /// Starts a log: writes the genesis record as entry 0, signs the first head.
    ///
    /// - Parameter former: the last known head of the log that this one continues after a restore.
    public static func initialize(
        _ parts: Parts, policy canonical: [UInt8], recovery: NoteKey, after former: Checkpoint? = nil
    ) throws {
        guard let keys = parts.keys else { throw MachineryError.locked("starting a log needs its keys") }
        let moment = try parts.time.now()
        let digest = SHA256.hash(canonical)
        let checkpoint = try parts.store.write { rows in
            // Nobody is there yet whose cases could be listed; what is restored has people, and lists them when it is
            // opened.
            if try rows.people().isEmpty { try rows.setSetting("parties", digest) }
            return try Ledger.begin(
                origin: parts.origin, policy: canonical, digest: digest, keys: keys, recovery: recovery, after: former,
                on: moment.date, rows)
        }
        try parts.heads.replace(
            nil,
            with: SignedHead(
                note: keys.log.sign(checkpoint.text).bytes, instantMilliseconds: moment.instantMilliseconds))
    }

    /// Opens a log; where `isWriter`, finishes what an earlier process left half done: erasures, a head not yet signed,
    /// closings not yet in the log.
    ///
    /// - Throws: ``MachineryError/corrupt(_:)``, ``LogError`` or `RecordError` if the database is not this log, its
    ///   policy does not fit its digest, or genesis or a key statement is not well formed and signed. A head that does
    ///   not fit stops signing and throws nothing.
    /// - Parameter asksAboutClock: true where a clock that is far ahead of everything that was signed is to end nothing
    ///   before somebody says that it is right.
    public static func open(_ parts: Parts, isWriter: Bool, asksAboutClock: Bool = false) async throws -> ServiceHost {
        let first = try firstPolicy(parts)
        let publisher = try Publisher(
            origin: parts.origin, store: parts.store, heads: parts.heads, tiles: parts.tiles, keys: parts.keys,
            isRevoking: parts.isRevoking,
            onTileFailure: { parts.logger.error("a tile of the log was not written and will be tried again") })
        guard publisher.history.policy == first.digest else {
            throw MachineryError.corrupt("the stored policy is not the one that the log states")
        }
        var policies = PolicyVersions([first])
        do {
            let published = publisher.published
            policies = try parts.store.read { rows in
                try PolicyVersions.read(
                    first: first, published: published, origin: parts.origin, parse: parts.parsePolicy, rows)
            }
        } catch let error as any Error & CustomStringConvertible where publisher.stopped != nil || error is LogError {
            // A head that does not fit stops signing and nothing else: people must still be able to take back.
            publisher.stop("the versions of the policy do not fit the log: \(error)")
        }
        let latest = LatestInForce(InForce(published: publisher.published, policies: policies))
        let cache = DecodedCache()
        let clock = try ClockGuard(parts, under: publisher.published, isOn: asksAboutClock)
        let hooks = Sequencer.Hooks(
            settleDue: { if !clock.asks { try DueTransitions($0).settleAll() } },
            carryOutPending: { try RescindByCode.carryOutPending($0) })
        let sequencer = Sequencer(parts, publisher: publisher, latest: latest, cache: cache, hooks: hooks)
        if isWriter {
            await sequencer.recover { tx in
                try tx.bringOverNames()
                try tx.bringOverReleased()
                try Parties(tx).keepEverybodys()
            }
        }
        return ServiceHost(
            core: Core(parts: parts, reader: Reader(parts: parts, latest: latest, cache: cache), sequencer: sequencer),
            clock: clock)
    }

    private static func firstPolicy(_ parts: Parts) throws -> LoadedPolicy {
        let (digest, canonical) = try parts.store.read { rows -> ([UInt8], [UInt8]) in
            guard let origin = try rows.setting("origin"), String(decoding: origin, as: UTF8.self) == parts.origin,
                try rows.entry(0) != nil, let digest = try rows.setting("policy"),
                let canonical = try rows.policy(digest)
            else { throw MachineryError.corrupt("the database is not this program's log") }
            return (digest, canonical)
        }
        guard SHA256.hash(canonical) == digest else {
            throw MachineryError.corrupt("the stored policy does not match its digest")
        }
        return LoadedPolicy(policy: try parts.parsePolicy(canonical), digest: digest)
    }

    /// Continues a program from a backup under a new name: the log of the old name ended at a head that this database
    /// does not reach, so records that people hold receipts of are not in it, and a rescission may be among them.
    ///
    /// The new log's genesis names the old head; the versions of the policy are stated again; every release of the old
    /// log ends, because nobody here can know that it still stands. People sign anew.
    ///
    /// - Parameters:
    ///   - parts: with the new origin and new keys, and a head file that holds nothing yet.
    ///   - former: the last known head of the old log.
    /// - Returns: how many cases were ended.
    public static func restore(_ parts: Parts, recovery: NoteKey, after former: Checkpoint) async throws -> Int {
        let versions = try parts.store.read { rows -> [[UInt8]] in
            guard let first = try rows.setting("policy") else {
                throw MachineryError.corrupt("the database holds no program")
            }
            let later = try LogStatements.versions(rows).compactMap { Hex.parse($0.digest) }
            return try ([first] + later).map { digest in
                guard let canonical = try rows.policy(digest), SHA256.hash(canonical) == digest else {
                    throw MachineryError.corrupt("a version of the policy is missing")
                }
                return canonical
            }
        }
        try parts.store.write { rows in
            try rows.clearLog()
            try LogStatements.setVersions([], rows)
            try LogStatements.setKeys([], rows)
        }
        try initialize(parts, policy: versions[0], recovery: recovery, after: former)
        let host = try await open(parts, isWriter: true)
        for canonical in versions.dropFirst() {
            let loaded = LoadedPolicy(policy: try parts.parsePolicy(canonical), digest: SHA256.hash(canonical))
            try await host.core.run(RestatePolicy(loaded: loaded), by: .operator, key: nil).requireDone()
        }
        return try await host.core.sequencer.together(seed: nil) {
            try EndEverything.carryOut($0)
        } answer: { count, _, _ in
            count
        }
    }

    /// Ends a release by its code with nothing but the database: while keys are locked, or whatever else is broken.
    ///
    /// - Throws: `Refusal.notFound` for a code that ends nothing.
    public static func rescind(typedCode: String, store: any Store, time: any MomentSource) throws {
        let moment = try time.now()
        _ = try store.write { try RescindByCode.close(typedCode: typedCode, at: moment, $0) }
    }

    /// Runs the clock alone: what is due is done, whether or not anybody comes by.
    public func runClock() async throws {
        if try core.reader.read({ try $0.rows.setting("parties") != $0.current.digest }) {
            try await core.keep { try Parties($0).keepEverybodys() }
        }
        try await core.sequencer.together(seed: nil) { _ in
        } answer: { _, _, _ in
        }
    }

    /// Drops what commands came to before the month that is over (E12). The service does it; a script that stopped
    /// half-way through years of a worked example finds what it did.
    public func dropOldOutcomes() async throws {
        if !clock.asks, try core.reader.read({ try OutcomeMonth.isOver($0) }) {
            try await core.keep { try OutcomeMonth.begin($0) }
        }
    }

    /// Seals the boxes of every open round anew, some at a time, and the list of destroyed keys: of two copies, a day
    /// apart, nobody sees in which rounds something happened, nor how much was destroyed (E5, E32).
    public func sealAnew() async throws {
        try core.parts.requireVault().sealRingAnew()
        var last: RoundID?
        repeat {
            let after = last
            last = try await core.keep { tx in
                let rounds = try tx.rows.roundsWithPlace(after: after, count: Self.pageOfRounds)
                for round in rounds { try tx.snapshot.boxes(of: round).sealAnew(tx) }
                return rounds.count == Self.pageOfRounds ? rounds.last : nil
            }
        } while last != nil
    }

    private static let pageOfRounds = 64

    /// True while nothing closes by itself, because the clock is more than a week ahead of everything that was signed.
    public var asksAboutClock: Bool { clock.asks }

    /// Says that the clock is right: what is due is done from now on.
    ///
    /// - Throws: `Refusal.notFound` to whoever is neither administrator nor operator.
    public func confirmClock(by caller: Caller) async throws {
        try await core.keep { tx in
            try tx.permit(caller).require(tx.permit(caller).holds(.administrator))
            clock.confirm(tx)
        }
    }

    /// The policy that new cases begin under; no secret, and needed before anybody is there to ask.
    public var policy: LoadedPolicy {
        get throws { try core.latest.value.policies.inForce(on: core.reader.moment().date) }
    }

    /// The reason why nothing is signed; nil while signing works.
    public var stopped: String? { core.latest.value.published.stopped }

    /// The number of records that the last signed head covers.
    public var logSize: Int { core.latest.value.published.checkpoint.size }

    /// The local date now, as commands get it.
    public func today() throws -> CivilDate { try core.reader.moment().date }
}
