internal import Cryptography
internal import Foundation
public import Records
public import TransparencyLog

/// Checks a log from its bytes alone: no vault, no person, nothing that the writer remembers.
///
/// It shares with the writer the hashing and the parsing of notes and records, and nothing else. Memory grows with the
/// releases, by some three hundred bytes each, and with the records by less than one.
public struct LogAudit: Sendable {
    private var report = AuditReport()
    private let origin: String
    /// Heads that witnesses signed, by size: what a revoked key signed before the last of them still counts.
    private let cosigned: [Checkpoint]
    private var comparedCount = 0
    private var recordKeys: [KeySpan] = []
    private var logKeys: [KeySpan] = []
    private var recoveryKey: NoteKey?
    private var tree = MerkleTree()
    private var trails: [Trail] = []
    private var trailOf: [ReleaseID: Int] = [:]
    /// The trail of the release that is recorded at an index.
    private var trailAt: [Int: Int] = [:]
    /// The closings and rescissions, by index: a record of an error points at one.
    private var ends: [Int: (trail: Int, leaf: TreeHash)] = [:]
    /// The hashes of each level of tiles since its last full one, and the digests of the full ones by their paths.
    private var openTiles: [[UInt8]] = []
    private var fullTiles: [String: String] = [:]
    private var policies: Set<TreeHash> = []
    private var named: Set<TreeHash> = []
    private var lastDate: CivilDate?
    /// The role whose key was revoked by the record before: the next record puts another into force.
    private var awaited: String?

    /// One key and what it may sign: records by index, heads by size.
    private struct KeySpan {
        let key: NoteKey
        let from: Int
        /// Where the next key took over.
        var until: Int?
        /// Where a revocation stands, and from where on it says not to trust the key.
        var revoked: (at: Int, from: Int)?

        /// True if it is the key of this place, and no earlier record revokes it.
        func holds(_ place: Int) -> Bool { place >= from && place < until ?? .max && place <= revoked?.at ?? .max }
    }

    /// Everything that the log said of one release so far.
    private struct Trail {
        let release: ReleaseID
        var next = 0
        var index = -1
        var leaf = TreeHash.empty
        var expiresOn: CivilDate?
        var fields: UInt32 = 0
        var isClosed = false
        var isRescinded = false
        var cards = 0
    }

    /// - Parameter cosigned: heads of this log that witnesses are known to have signed.
    public init(origin: String, cosigned: [Checkpoint] = []) {
        self.origin = origin
        self.cosigned = cosigned.sorted { $0.size < $1.size }
        report.origin = origin
    }

    /// The record and log keys in force after the entries so far; nil before genesis.
    public var recordKey: NoteKey? { recordKeys.last?.key }
    public var logKey: NoteKey? { logKeys.last?.key }
    /// Every record and log key that the log stated so far, newest first, then the recovery key.
    public var keys: (record: [NoteKey], log: [NoteKey], recovery: NoteKey?) {
        (recordKeys.reversed().map(\.key), logKeys.reversed().map(\.key), recoveryKey)
    }
    /// Entries so far.
    public var size: Int { tree.size }
    public var root: TreeHash { tree.root }
    /// The digests of every policy that a record names, in hexadecimal.
    public var namedPolicies: Set<String> { Set(named.map { Hex.format($0.bytes) }) }
    /// The digest of every hash tile of the log so far, by its path.
    public var hashTiles: [String: String] {
        var digests = fullTiles
        for (level, hashes) in openTiles.enumerated() where !hashes.isEmpty {
            let number = (size >> (8 * level)) / TilePath.fullWidth
            let path = TilePath(.hashes(level: level), number: number, width: hashes.count / SHA256.byteCount)
            digests[path.text] = Hex.format(SHA256.hash(hashes))
        }
        return digests
    }

    private mutating func find(_ index: Int?, _ release: ReleaseID? = nil, _ rule: String, _ message: String) {
        report.note(.init(index: index, release: release?.description, rule: rule, message: message))
    }

    // MARK: Entries

    /// Takes the next entry of the log, in order.
    public mutating func add(_ bytes: [UInt8]) {
        if tree.size == 0 { report.fingerprint = Hex.format(SHA256.hash(bytes)) }
        take(EntryReading(bytes, origin: origin, keys: recordKeys.map(\.key)))
    }

    /// Takes the next entries of the log, in order; their signatures are checked on every core.
    ///
    /// - Parameter after: called with the size after each entry, for what else is to be compared there.
    public mutating func add(_ entries: [[UInt8]], after: (inout LogAudit) -> Void = { _ in }) {
        // The first entry names the keys of all others.
        var rest = entries[...]
        if tree.size == 0, let first = rest.popFirst() {
            add(first)
            after(&self)
        }
        for reading in Self.read(Array(rest), origin: origin, keys: recordKeys.map(\.key)) {
            take(reading)
            after(&self)
        }
    }

    /// Takes the entries of a whole log, in order, batch after batch until there is none: while one batch is read on
    /// every core, the rules that need order look at the one before.
    public mutating func add(batches next: () throws -> [[UInt8]]?) rethrows {
        var waiting: [EntryReading] = []
        defer { for reading in waiting { take(reading) } }
        while let batch = try next() {
            var rest = batch[...]
            if tree.size == 0, waiting.isEmpty, let first = rest.popFirst() { add(first) }
            let taken = waiting
            waiting = Self.read(Array(rest), origin: origin, keys: recordKeys.map(\.key)) {
                for reading in taken { take(reading) }
            }
        }
    }

    /// Entries that one core reads at a time: enough that handing out the work costs nothing beside it.
    private static let stride = 32

    /// Reads entries on every core, and does `beside` on one of them meanwhile.
    private static func read(
        _ entries: [[UInt8]], origin: String, keys: [NoteKey], beside: () -> Void = {}
    ) -> [EntryReading] {
        let parts = (entries.count + stride - 1) / stride
        return Array(unsafeUninitializedCapacity: entries.count) { buffer, count in
            // Each place is written once, by the one core that has its part.
            nonisolated(unsafe) let places = buffer
            // It runs on one core, once, and is over before this returns.
            nonisolated(unsafe) let beside = beside
            DispatchQueue.concurrentPerform(iterations: parts + 1) { part in
                if part == 0 { return beside() }
                for index in (part - 1) * stride..<min(part * stride, entries.count) {
                    places.initializeElement(at: index, to: EntryReading(entries[index], origin: origin, keys: keys))
                }
            }
            count = entries.count
        }
    }

    private mutating func take(_ reading: EntryReading) {
        let index = tree.size
        for (position, hash) in tree.append(reading.leaf) where position.level % 8 == 0 { tile(hash, at: position) }
        checkCosigned()
        report.recordCount += 1
        if let fault = reading.fault { find(index, nil, fault.rule, fault.message) }
        guard let facts = reading.facts else { return }
        report.counts[facts.type.rawValue, default: 0] += 1
        if index == 0 { takeGenesis(facts.record, reading.leaf) }
        if awaited != nil, facts.type != .key {
            find(index, facts.release, "revoked key", "the record after a revocation does not replace the key")
        }
        if facts.type == .key {
            takeKey(facts, reading.note, index)
        } else if !isSigned(reading, index) {
            find(index, facts.release, "signature", "not signed by the record key of its place in the log, once")
            return
        }
        if let digest = facts.policy { named.insert(digest) }
        checkDate(facts, index)
        checkPolicy(facts, index)
        switch facts.type {
        case .genesis: if index != 0 { find(index, nil, "genesis", "a second genesis record") }
        case .policy: if let digest = facts.policy { policies.insert(digest) }
        case .acknowledgement, .key: break
        case .release: takeRelease(facts, reading.leaf, index)
        case .disclosure: takeDisclosure(facts, index)
        case .rescission, .closing: takeClosing(facts, reading.leaf, index)
        case .error: takeError(facts, index)
        }
    }

    /// Takes a hash into its tile: every eighth level of the tree is one of tiles.
    private mutating func tile(_ hash: TreeHash, at position: NodePosition) {
        let level = position.level / 8
        if level == openTiles.count { openTiles.append([]) }
        openTiles[level] += hash.bytes
        guard openTiles[level].count == TilePath.fullWidth * SHA256.byteCount else { return }
        let path = TilePath(.hashes(level: level), number: position.index / TilePath.fullWidth)
        fullTiles[path.text] = Hex.format(SHA256.hash(openTiles[level]))
        openTiles[level] = []
    }

    /// True if the record key in force at `index` signed the entry, alone.
    private func isSigned(_ reading: EntryReading, _ index: Int) -> Bool {
        guard let span = recordKeys.last(where: { $0.holds(index) }) else { return false }
        switch reading.signature {
        case .verified(let id): return id == span.key.id
        case .open:
            guard let note = reading.note, note.signatures.count == 1 else { return false }
            return (try? note.verify(by: span.key)) != nil
        }
    }

    // MARK: Keys

    private mutating func takeGenesis(_ record: Record?, _ leaf: TreeHash) {
        guard let record, record.type == .genesis, record.json["origin"]?.string == origin,
            let log = record.json["log"]?.string, let own = record.json["record"]?.string,
            let recovery = record.json["recovery"]?.string, let logKey = try? NoteKey(parsing: log),
            let recordKey = try? NoteKey(parsing: own), let recoveryKey = try? NoteKey(parsing: recovery),
            logKey.name == origin, recordKey.name == "\(origin)/record", recoveryKey.name == "\(origin)/recovery",
            [logKey, recordKey, recoveryKey].allSatisfy({ $0.kind == .text })
        else {
            find(0, nil, "genesis", "entry 0 does not name the keys of this log")
            return
        }
        recordKeys = [KeySpan(key: recordKey, from: 0)]
        logKeys = [KeySpan(key: logKey, from: 1)]
        self.recoveryKey = recoveryKey
        if let digest = record.policyDigest.flatMap({ Hex.parse($0) }).flatMap({ TreeHash(bytes: $0) }) {
            policies.insert(digest)
        }
    }

    /// A statement about a key: its signers depend on what it states, and it takes effect with the next entry.
    private mutating func takeKey(_ facts: EntryReading.Facts, _ note: SignedNote?, _ index: Int) {
        guard let record = facts.record, let note, let text = record.json["key"]?.string,
            let key = try? NoteKey(parsing: text),
            let from = record.json["from"]?.integer, let recovery = recoveryKey,
            let currentRecord = recordKeys.last, let currentLog = logKeys.last
        else {
            find(index, nil, "key", "not a statement about a key")
            return
        }
        let isLog = record.json["role"]?.string == "log"
        let current = isLog ? currentLog : currentRecord
        guard key.name == current.key.name, key.kind == .text else {
            find(index, nil, "key", "names a key of another name")
            return
        }
        let signers: [NoteKey]
        let role = isLog ? "log" : "record"
        let isRevocation = record.json["state"]?.string == "revoked"
        guard awaited == nil || awaited == role && !isRevocation else {
            find(index, nil, "revoked key", "the record after a revocation does not replace the key")
            return
        }
        if isRevocation {
            guard key == current.key, current.revoked == nil, from <= index + 1 else {
                find(index, nil, "key", "revokes a key that is not in force, or from a place that is not in the log")
                return
            }
            signers = [recovery]
        } else {
            let isKnown = (recordKeys + logKeys).contains { $0.key == key }
            guard !isKnown, from == index + 1 else {
                find(index, nil, "key", "puts a key in force that was in force before, or not from the next record on")
                return
            }
            if current.revoked != nil {
                signers = [recovery, key]
            } else {
                signers = isLog ? [currentRecord.key, current.key, key] : [current.key, key]
            }
        }
        guard (try? note.verify(byEach: signers)) != nil else {
            find(
                index, nil, "key",
                "not signed by \(signers.count == 1 ? "the recovery key alone" : "the keys that hand over, each once")")
            return
        }
        awaited = isRevocation ? role : nil
        func change(_ spans: inout [KeySpan]) {
            if isRevocation {
                spans[spans.count - 1].revoked = (index, from)
            } else {
                spans[spans.count - 1].until = from
                spans.append(KeySpan(key: key, from: from))
            }
        }
        if isLog { change(&logKeys) } else { change(&recordKeys) }
    }

    /// The records that a revoked key signed, where no witness saw it before the revocation.
    private mutating func checkRevoked() {
        for span in recordKeys {
            guard let revoked = span.revoked else { continue }
            let seen = cosigned.last { $0.size <= revoked.at }?.size ?? 0
            let first = max(span.from, min(seen, revoked.from))
            // The statement itself is the recovery key's, and what stands after it was looked at in its turn.
            guard first < revoked.at else { continue }
            find(
                first, nil, "revoked key",
                "records \(first) to \(revoked.at - 1) are signed by a key that record \(revoked.at) revokes, and no head over them that witnesses signed before that is known"
            )
        }
    }

    // MARK: Records

    private mutating func checkDate(_ facts: EntryReading.Facts, _ index: Int) {
        guard let date = facts.date else { return }
        // A closing or rescission that was given while nothing could be signed keeps its own date. All other records
        // are in the order of days.
        if let lastDate, date < lastDate, facts.type != .closing, facts.type != .rescission {
            find(index, facts.release, "order of dates", "dated \(date), after a record of \(lastDate)")
        }
        lastDate = max(date, lastDate ?? date)
    }

    private mutating func checkPolicy(_ facts: EntryReading.Facts, _ index: Int) {
        guard let digest = facts.policy, facts.type != .genesis, facts.type != .policy else { return }
        if !policies.contains(digest) {
            find(index, facts.release, "policy", "under a policy that the log never stated")
        }
    }

    /// The release's trail, after its next number was taken.
    private mutating func sequence(_ facts: EntryReading.Facts, _ index: Int) -> Int? {
        guard let release = facts.release else { return nil }
        let number = trailOf[release] ?? trails.count
        if number == trails.count {
            trails.append(Trail(release: release))
            trailOf[release] = number
        }
        if facts.sequence != trails[number].next {
            find(index, release, "sequence", "number \(facts.sequence ?? -1), expected \(trails[number].next)")
        }
        trails[number].next += 1
        return number
    }

    private mutating func takeRelease(_ facts: EntryReading.Facts, _ leaf: TreeHash, _ index: Int) {
        guard let number = sequence(facts, index) else { return }
        let release = trails[number].release
        if trails[number].index >= 0 { find(index, release, "release", "recorded twice") }
        trails[number].index = index
        trails[number].leaf = leaf
        trails[number].expiresOn = facts.expiresOn
        trails[number].fields = facts.fields
        trailAt[index] = number
        report.releaseCount += 1
        if let supersedes = facts.supersedes {
            if let old = trailAt[supersedes.index].map({ trails[$0] }), supersedes.isOwnLog, old.leaf == supersedes.leaf
            {
                if old.isClosed || old.isRescinded {
                    find(index, release, "supersedes", "takes the place of a release that had ended")
                }
            } else {
                find(index, release, "supersedes", "names no earlier release")
            }
        }
        if let expires = facts.expiresOn, let date = facts.date, expires < date {
            find(index, release, "42 CFR 2.31(a)(7)", "expires before it is signed")
        }
    }

    /// True if `under` points at the release's own record.
    private func isUnder(_ trail: Trail, _ under: EntryReading.Pointer?) -> Bool {
        guard let under, trail.index >= 0 else { return false }
        return under.isOwnLog && under.index == trail.index && under.leaf == trail.leaf
    }

    private mutating func takeDisclosure(_ facts: EntryReading.Facts, _ index: Int) {
        guard let number = sequence(facts, index) else { return }
        let trail = trails[number]
        let release = trail.release
        guard isUnder(trail, facts.under) else {
            find(index, release, "42 CFR 2.31(c)", "a disclosure without its release")
            return
        }
        if trail.isRescinded || trail.isClosed {
            find(index, release, "42 CFR 2.31(c)", "a disclosure after the release ended")
        }
        if let expires = trail.expiresOn, let date = facts.date, date > expires {
            find(index, release, "42 CFR 2.31(c)", "a disclosure after \(expires), when the release expired")
        }
        if facts.fields != trail.fields {
            find(index, release, "42 CFR 2.13(a)", "other fields than the release permits")
        }
        if !facts.hasNotice {
            find(index, release, "42 CFR 2.32(a)", "without the notice that goes with a disclosure")
        }
        if trail.cards > 0 { find(index, release, "disclosure", "a second disclosure of one release") }
        trails[number].cards += 1
    }

    private mutating func takeClosing(_ facts: EntryReading.Facts, _ leaf: TreeHash, _ index: Int) {
        guard let number = sequence(facts, index) else { return }
        let trail = trails[number]
        guard isUnder(trail, facts.under) else {
            find(index, trail.release, "closing", "ends a release that is not there")
            return
        }
        ends[index] = (number, leaf)
        if facts.type == .rescission {
            if trail.isRescinded { find(index, trail.release, "rescission", "rescinded twice") }
            trails[number].isRescinded = true
        } else {
            if trail.isClosed { find(index, trail.release, "closing", "closed twice") }
            trails[number].isClosed = true
        }
    }

    /// A record that another was written in error has its place within the release, and no effect.
    private mutating func takeError(_ facts: EntryReading.Facts, _ index: Int) {
        guard let number = sequence(facts, index) else { return }
        let release = trails[number].release
        guard isUnder(trails[number], facts.under) else {
            find(index, release, "error", "is about a release that is not there")
            return
        }
        guard let of = facts.of, of.isOwnLog, let end = ends[of.index], end.trail == number, end.leaf == of.leaf else {
            find(index, release, "error", "points at no end of this release")
            return
        }
    }

    /// The log's account of a release: whether it ended by an event, whether it was rescinded, cards opened under it.
    public func standing(of release: ReleaseID) -> (isClosed: Bool, isRescinded: Bool, cards: Int)? {
        trailOf[release].map { (trails[$0].isClosed, trails[$0].isRescinded, trails[$0].cards) }
    }

    /// Every release that the log records.
    public var releases: [ReleaseID] { trails.filter { $0.index >= 0 }.map(\.release) }

    // MARK: Heads

    /// Compares with a signed head and reports.
    public mutating func finish(head bytes: [UInt8]) -> AuditReport {
        checkHead(bytes, at: tree.size)
        for head in cosigned where head.size > tree.size {
            find(nil, nil, "head", "witnesses signed a head of size \(head.size), the log has \(tree.size) records")
        }
        return finish()
    }

    /// Reports what was found so far.
    public mutating func finish() -> AuditReport {
        checkRevoked()
        if awaited != nil { find(nil, nil, "revoked key", "the log ends with a revocation and no key in its place") }
        report.size = tree.size
        report.root = tree.root.base64
        return report
    }

    /// Checks a signed head whose size is that of the log so far.
    public mutating func checkHead(_ bytes: [UInt8], at size: Int) {
        guard let span = logKeys.last(where: { $0.holds(size) }) else {
            find(nil, nil, "head", "no genesis record names the log's key")
            return
        }
        // Witnesses may have added their lines; the log's own is one.
        guard let note = try? SignedNote(parsing: bytes), note.bytes == bytes,
            let head = try? Checkpoint(verifying: note, by: span.key)
        else {
            find(nil, nil, "head", "the checkpoint at size \(size) is not signed by the log key")
            return
        }
        guard head.size == size else {
            find(nil, nil, "head", "the checkpoint is of size \(head.size), the log of size \(size)")
            return
        }
        if head.root != tree.root {
            find(nil, nil, "head", "the root of the first \(size) records is not the one that was signed")
        }
    }

    /// Compares with the heads that witnesses signed of the log so far.
    private mutating func checkCosigned() {
        while comparedCount < cosigned.count, cosigned[comparedCount].size <= tree.size {
            let head = cosigned[comparedCount]
            if head.size == tree.size, head.root != tree.root {
                find(nil, nil, "split view", "witnesses signed another history of the first \(head.size) records")
            }
            comparedCount += 1
        }
    }

    /// Notes a fault that a caller found in what it alone can see.
    public mutating func note(_ index: Int?, rule: String, _ message: String, release: ReleaseID? = nil) {
        find(index, release, rule, message)
    }
}
