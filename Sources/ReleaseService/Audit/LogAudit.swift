internal import Cryptography
public import ReleaseWorkflow
public import TransparencyLog

/// What an audit found.
public struct AuditReport: Sendable, Codable {
    /// One thing that is not as it must be, and where.
    public struct Finding: Sendable, Codable, Hashable, CustomStringConvertible {
        /// The record's place in the log; nil for a head or a key.
        public let index: Int?
        public let release: String?
        public let rule: String
        public let message: String

        public var description: String {
            let place = index.map { "record \($0)" } ?? "log"
            let about = release.map { ", release \($0)" } ?? ""
            return "\(place)\(about): \(rule): \(message)"
        }
    }

    public internal(set) var recordCount = 0
    public internal(set) var releaseCount = 0
    public internal(set) var size = 0
    public internal(set) var root = ""
    public internal(set) var findings: [Finding] = []
    public var isVerified: Bool { findings.isEmpty }
}

/// Checks a log from its bytes alone: no vault, no person, nothing that the writer remembers.
///
/// It shares with the writer the hashing and the parsing of notes and records, and nothing else.
public struct LogAudit {
    private var report = AuditReport()
    private let origin: String
    public private(set) var recordKey: NoteKey?
    public private(set) var logKey: NoteKey?
    private var tree = MerkleTree()
    private var releases: [ReleaseID: Trail] = [:]
    private var policies: Set<String> = []
    /// The digests of every policy that a record names.
    public private(set) var namedPolicies: Set<String> = []
    private var lastDate: CivilDate?
    private var acknowledged = 0
    /// The root after each entry.
    public private(set) var roots: [TreeHash] = [.empty]

    /// What the log said of one release so far.
    private struct Trail {
        var next = 0
        var own: (pointer: RecordPointer, record: Record)?
        var isClosed = false
        var isRescinded = false
        var cards = 0
    }

    public init(origin: String) { self.origin = origin }

    private mutating func find(_ index: Int?, _ release: ReleaseID? = nil, _ rule: String, _ message: String) {
        report.findings.append(
            .init(index: index, release: release?.description, rule: rule, message: message))
    }

    /// Takes the next entry of the log, in order.
    public mutating func add(_ bytes: [UInt8]) {
        let index = tree.size
        let leaf = TreeHash.leaf(bytes)
        _ = tree.append(leaf)
        roots.append(tree.root)
        report.recordCount += 1
        guard let note = try? SignedNote(parsing: bytes), note.bytes == bytes else {
            find(index, nil, "signed note", "the entry is not a signed note")
            return
        }
        let record: Record
        do {
            record = try Record(parsing: note.text, origin: origin)
        } catch {
            find(index, nil, "canonical form", "\(error)")
            return
        }
        if index == 0 { takeGenesis(record) }
        guard let recordKey, (try? note.verify(by: recordKey)) != nil, note.signatures.count == 1 else {
            find(index, record.release, "signature", "not signed by the record key, once")
            return
        }
        if let digest = record.policyDigest { namedPolicies.insert(digest) }
        checkDate(record, index)
        checkPolicy(record, index)
        let pointer = RecordPointer(index: index, leaf: leaf.base64, origin: origin)
        switch record.type {
        case .genesis: if index != 0 { find(index, nil, "genesis", "a second genesis record") }
        case .policy: if let digest = record.policyDigest { policies.insert(digest) }
        case .acknowledgement, .key: break
        case .release: takeRelease(record, pointer)
        case .disclosure: takeDisclosure(record, pointer)
        case .rescission, .closing: takeClosing(record, pointer)
        }
    }

    private mutating func takeGenesis(_ record: Record) {
        guard record.type == .genesis, record.json["origin"]?.string == origin,
            let log = record.json["log"]?.string, let own = record.json["record"]?.string,
            let logKey = try? NoteKey(parsing: log), let recordKey = try? NoteKey(parsing: own), logKey.name == origin,
            recordKey.name == "\(origin)/record"
        else {
            find(0, nil, "genesis", "entry 0 does not name the keys of this log")
            return
        }
        self.logKey = logKey
        self.recordKey = recordKey
        if let digest = record.policyDigest { policies.insert(digest) }
    }

    private mutating func checkDate(_ record: Record, _ index: Int) {
        guard let date = record.date else { return }
        // A closing given while nothing could be signed keeps its own date; everything else is in the order of days.
        if let lastDate, date < lastDate, record.type != .closing, record.type != .rescission {
            find(index, record.release, "order of dates", "dated \(date), after a record of \(lastDate)")
        }
        lastDate = max(date, lastDate ?? date)
    }

    private mutating func checkPolicy(_ record: Record, _ index: Int) {
        guard let digest = record.policyDigest, record.type != .genesis, record.type != .policy else { return }
        if !policies.contains(digest) { find(index, record.release, "policy", "under a policy that the log never stated") }
    }

    private mutating func sequence(_ record: Record, _ index: Int) -> ReleaseID? {
        guard let release = record.release else { return nil }
        let expected = releases[release, default: Trail()].next
        if record.sequence != expected {
            find(index, release, "sequence", "number \(record.sequence ?? -1), expected \(expected)")
        }
        releases[release, default: Trail()].next = expected + 1
        return release
    }

    private mutating func takeRelease(_ record: Record, _ pointer: RecordPointer) {
        guard let release = sequence(record, pointer.index) else { return }
        if releases[release]?.own != nil { find(pointer.index, release, "release", "recorded twice") }
        releases[release]?.own = (pointer, record)
        report.releaseCount += 1
        if let supersedes = record.supersedes {
            let old = releases.values.first { $0.own?.pointer == supersedes }
            if old == nil { find(pointer.index, release, "supersedes", "names no earlier release") }
            if old?.isClosed == true || old?.isRescinded == true {
                find(pointer.index, release, "supersedes", "takes the place of a release that had ended")
            }
        }
        if let expires = record.expiresOn, let date = record.date, expires < date {
            find(pointer.index, release, "42 CFR 2.31(a)(7)", "expires before it is signed")
        }
    }

    private mutating func takeDisclosure(_ record: Record, _ pointer: RecordPointer) {
        guard let release = sequence(record, pointer.index) else { return }
        guard let trail = releases[release], let own = trail.own, own.pointer == record.under else {
            find(pointer.index, release, "42 CFR 2.31(c)", "a disclosure without its release")
            return
        }
        if trail.isRescinded || trail.isClosed {
            find(pointer.index, release, "42 CFR 2.31(c)", "a disclosure after the release ended")
        }
        if let expires = own.record.expiresOn, let date = record.date, date > expires {
            find(pointer.index, release, "42 CFR 2.31(c)", "a disclosure after \(expires), when the release expired")
        }
        if record.fieldNames.sorted() != own.record.fieldNames {
            find(pointer.index, release, "42 CFR 2.13(a)", "other fields than the release permits")
        }
        let notice = RedisclosureNotice.text(for: record.fieldNames.compactMap(PermittedField.init))
        if record.json["notice"]?.string != Hex.format(SHA256.hash(Array(notice.utf8))) {
            find(pointer.index, release, "42 CFR 2.32(a)", "without the notice that goes with a disclosure")
        }
        if trail.cards > 0 { find(pointer.index, release, "disclosure", "a second disclosure of one release") }
        releases[release]?.cards += 1
    }

    private mutating func takeClosing(_ record: Record, _ pointer: RecordPointer) {
        guard let release = sequence(record, pointer.index) else { return }
        guard let trail = releases[release], let own = trail.own, own.pointer == record.under else {
            find(pointer.index, release, "closing", "ends a release that is not there")
            return
        }
        if record.type == .rescission {
            if trail.isRescinded { find(pointer.index, release, "rescission", "rescinded twice") }
            releases[release]?.isRescinded = true
        } else {
            if trail.isClosed { find(pointer.index, release, "closing", "closed twice") }
            releases[release]?.isClosed = true
        }
    }

    /// Compares with a signed head and reports.
    public mutating func finish(head bytes: [UInt8]) -> AuditReport {
        checkHead(bytes, at: tree.size)
        report.size = tree.size
        report.root = tree.root.base64
        return report
    }

    /// Checks a signed head against the entries so far.
    public mutating func checkHead(_ bytes: [UInt8], at size: Int?) {
        guard let logKey else {
            find(nil, nil, "head", "no genesis record names the log's key")
            return
        }
        guard let note = try? SignedNote(parsing: bytes), note.bytes == bytes,
            let head = try? Checkpoint(verifying: note, by: logKey), note.signatures.count == 1
        else {
            find(nil, nil, "head", "the checkpoint\(size.map { " at size \($0)" } ?? "") is not signed by the log key")
            return
        }
        guard head.size < roots.count, size == nil || head.size == size else {
            find(nil, nil, "head", "the checkpoint is of size \(head.size), the log of size \(tree.size)")
            return
        }
        if head.root != roots[head.size] {
            find(nil, nil, "head", "the root of the first \(head.size) records is not the one that was signed")
        }
    }

    /// Notes a fault that a caller found in what it alone can see.
    public mutating func note(_ index: Int?, rule: String, _ message: String) { find(index, nil, rule, message) }
}

/// Audits a database where it lies: the log, every stored hash, every stored head, and the head file.
public func auditStore(_ store: any Store, heads: any HeadKeeper, origin: String) throws -> AuditReport {
    try store.read { tx in
        var audit = LogAudit(origin: origin)
        let size = try tx.logSize()
        var tree = MerkleTree()
        var expected: [NodePosition: [UInt8]] = [:]
        for index in 0..<size {
            guard let entry = try tx.entry(index) else {
                audit.note(index, rule: "log", "the record is missing")
                continue
            }
            audit.add(entry)
            for (position, hash) in tree.append(.leaf(entry)) { expected[position] = hash.bytes }
        }
        for (position, hash) in try tx.nodes() {
            if expected.removeValue(forKey: position) != hash {
                audit.note(
                    position.index << position.level, rule: "stored hash",
                    "the hash at level \(position.level), index \(position.index) does not match the records")
            }
        }
        for position in expected.keys.sorted(by: { ($0.level, $0.index) < ($1.level, $1.index) }) {
            audit.note(
                position.index << position.level, rule: "stored hash",
                "the hash at level \(position.level), index \(position.index) is missing")
        }
        for head in try tx.heads() { audit.checkHead(head.note, at: head.size) }
        do {
            guard let head = try heads.read() else {
                audit.note(nil, rule: "head file", "missing")
                return audit.finish(head: [])
            }
            return audit.finish(head: head.note)
        } catch {
            audit.note(nil, rule: "head file", "\(error)")
            return audit.finish(head: [])
        }
    }
}

/// What an export holds, file by file: nothing personal, and everything that an outsider needs to check the log.
public struct AuditExport: Sendable {
    /// Paths within the export, with their bytes.
    public let files: [(path: String, bytes: [UInt8])]
    public let size: Int

    /// Builds the export of all records dated before `day`, under the newest head that ends there; of all records where `day` is nil.
    ///
    /// A day that is not over is left out by default: what of it an auditor saw would tell when within the day they asked.
    public init(_ store: any Store, heads: any HeadKeeper, origin: String, before day: CivilDate?) throws {
        (files, size) = try store.read { tx in
            let total = try tx.logSize()
            var entries: [[UInt8]] = []
            for index in 0..<total {
                guard let entry = try tx.entry(index) else { throw ServiceError.corrupt("record \(index) is missing") }
                if let day {
                    let note = try SignedNote(parsing: entry)
                    if let date = try Record(parsing: note.text, origin: origin).date, date >= day { break }
                }
                entries.append(entry)
            }
            guard let newest = try heads.read() else { throw ServiceError.corrupt("the head file is missing") }
            let newestSize = try Checkpoint(parsing: SignedNote(parsing: newest.note).text).size
            let candidates = try tx.heads() + [(size: newestSize, note: newest.note)]
            guard let head = candidates.last(where: { $0.size <= entries.count && $0.size > 0 }) else {
                throw ServiceError.corrupt("no signed head ends before that day: nothing can be exported yet")
            }
            entries = Array(entries.prefix(head.size))
            let genesis = try Record(parsing: SignedNote(parsing: entries[0]).text, origin: origin)
            var files: [(path: String, bytes: [UInt8])] = [
                ("checkpoint", head.note), ("origin", Array("\(origin)\n".utf8)),
                ("keys/log.vkey", Array("\(genesis.json["log"]?.string ?? "")\n".utf8)),
                ("keys/record.vkey", Array("\(genesis.json["record"]?.string ?? "")\n".utf8)),
            ]
            let signedHead = try SignedNote(parsing: head.note)
            var digests: Set<String> = []
            for (index, entry) in entries.enumerated() {
                let name = String(index)
                let padded = String(repeating: "0", count: max(0, 6 - name.count)) + name
                files.append(("entries/\(padded).note", entry))
                let hashes = try LogProof.proveInclusion(of: index, in: head.size, reader: Custodian.NodeAdapter(tx: tx))
                files.append(
                    ("proofs/\(padded).tlog-proof", EntryProof(index: index, hashes: hashes, checkpoint: signedHead).bytes))
                if let digest = try Record(parsing: SignedNote(parsing: entry).text, origin: origin).policyDigest {
                    digests.insert(digest)
                }
            }
            for digest in digests.sorted() {
                if let bytes = Hex.parse(digest), let canonical = try tx.policy(bytes) {
                    files.append(("policy/\(digest).json", canonical))
                }
            }
            return (files, head.size)
        }
    }
}
