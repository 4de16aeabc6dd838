internal import Cryptography
internal import Foundation
public import TransparencyLog

/// Verifies an export from its files alone: every record, every hash, the head, the keys, the policies, the manifest.
///
/// Memory is bounded by eight bundles of entries and some three hundred bytes a release, whatever the files hold.
///
/// - Parameters:
///   - cosigned: checkpoints of this log with witnesses' lines, as an auditor keeps them.
///   - remembered: heads that the auditor saw and keeps, as good as a witness's.
///   - trust: the auditor's trust policy. Where it asks for a quorum, the export's own head must have it, or one of
///     `cosigned` with the same text.
public func auditExport(
    _ folder: some ExportFolder, cosigned: [SignedNote] = [], trust: TrustPolicy? = nil, remembered: [Checkpoint] = []
) throws -> AuditReport {
    guard let head = try readHead(folder) else {
        return AuditReport(fault: "head", "`checkpoint` is missing or not a checkpoint")
    }
    let seen = witnessedHeads(cosigned, trust: trust, origin: head.head.origin)
    var audit = LogAudit(origin: head.head.origin, cosigned: seen + remembered)
    if seen.count < cosigned.count {
        audit.note(
            nil, rule: "cosignatures",
            "a cosigned checkpoint is not signed by the witnesses that the trust policy asks for")
    }
    do {
        // Four bundles at a time: some six hundred kilobytes of records as the service writes them.
        var number = 0
        try audit.add {
            var batch: [[UInt8]] = []
            while batch.count < 4 * TilePath.fullWidth, number * TilePath.fullWidth < head.head.size {
                let path = TilePath.entries(holding: number * TilePath.fullWidth, in: head.head.size)
                let bytes = try folder.bytes(of: path)
                batch += try EntryBundle.ranges(in: bytes, of: path).map { Array(bytes[$0]) }
                number += 1
            }
            return batch.isEmpty ? nil : batch
        }
    } catch {
        audit.note(audit.size, rule: "tile", "\(error)")
        return audit.finish()
    }
    checkKeys(folder, &audit)
    checkPolicies(folder, &audit)
    checkTrust(folder, &audit)
    checkManifest(folder, head.head, &audit)
    if let trust {
        if let log = audit.logKey, !trust.logs.contains(where: { audit.keys.log.contains($0) }) {
            audit.note(nil, rule: "trust policy", "trusts no key of this log: \(log.name)")
        }
        let heads = [head.note] + cosigned.filter { $0.text == head.note.text }
        let isMet: Bool
        do {
            isMet = try heads.contains { try trust.isQuorum($0) }
        } catch {
            isMet = false
            audit.note(nil, rule: "cosignatures", "a witness's line on the head is not its signature")
        }
        if !isMet {
            audit.note(nil, rule: "quorum", "the head is not signed by the witnesses that the trust policy asks for")
        }
    }
    return audit.finish(head: head.note.bytes)
}

/// The heads of a log that enough witnesses of a policy signed, and at least one.
public func witnessedHeads(_ notes: [SignedNote], trust: TrustPolicy?, origin: String) -> [Checkpoint] {
    notes.compactMap { note in
        guard let trust, (try? trust.isQuorum(note)) == true, (try? trust.signers(note).isEmpty) == false,
            let head = try? Checkpoint(parsing: note.text), head.origin == origin
        else { return nil }
        return head
    }
}

/// The head of an export, its signature not yet looked at; nil if there is none.
public func readHead(_ folder: some ExportFolder) throws -> (note: SignedNote, head: Checkpoint)? {
    guard let bytes = try? folder.bytes(of: "checkpoint", atMost: SignedNote.maximumByteCount),
        let note = try? SignedNote(parsing: bytes), note.bytes == bytes, let head = try? Checkpoint(parsing: note.text),
        head.size > 0
    else { return nil }
    return (note, head)
}

/// The keys that an export's files name for a role, the one in force first.
public func readKeys(_ folder: some ExportFolder, role: String) throws -> [NoteKey] {
    let older = try folder.paths().filter { $0.hasPrefix("keys/\(role)-") && $0.hasSuffix(".vkey") }
    return try (["keys/\(role).vkey"] + older).map { path in
        guard let bytes = try folder.bytes(of: path, atMost: 1024), let line = String(validating: bytes, as: UTF8.self),
            line.last == "\n"
        else { throw LogError.malformed("`\(path)`") }
        return try NoteKey(parsing: String(line.dropLast()))
    }
}

private func checkKeys(_ folder: some ExportFolder, _ audit: inout LogAudit) {
    let keys = audit.keys
    var expected = ["keys/recovery.vkey": keys.recovery]
    for (role, list) in [("log", keys.log), ("record", keys.record)] {
        for (index, key) in list.enumerated() {
            expected[index == 0 ? "keys/\(role).vkey" : "keys/\(role)-\(Hex.format(key.id)).vkey"] = key
        }
    }
    for (path, key) in expected.sorted(by: { $0.key < $1.key }) {
        if let key, (try? folder.bytes(of: path, atMost: 1024)) != Array("\(key.text)\n".utf8) {
            audit.note(nil, rule: "keys", "`\(path)` is missing or not the key that the log states")
        }
    }
    for path in (try? folder.paths()) ?? [] where path.hasPrefix("keys/") && expected[path] == nil {
        audit.note(nil, rule: "keys", "`\(path)` is no key of this log")
    }
}

private func checkPolicies(_ folder: some ExportFolder, _ audit: inout LogAudit) {
    let named = audit.namedPolicies
    for digest in named.sorted() where (try? folder.digest(of: "policy/\(digest).json")) != digest {
        audit.note(nil, rule: "policy", "`policy/\(digest).json` is missing or does not match its digest")
    }
}

private func checkTrust(_ folder: some ExportFolder, _ audit: inout LogAudit) {
    if let log = audit.logKey, (try? folder.bytes(of: "trust", atMost: 1024)) != AuditExport.trust(log) {
        audit.note(nil, rule: "trust policy", "`trust` is missing or not the one to begin with")
    }
}

private func checkManifest(_ folder: some ExportFolder, _ head: Checkpoint, _ audit: inout LogAudit) {
    let bytes = try? folder.bytes(of: AuditExport.manifestPath, atMost: AuditExport.manifestLimit)
    guard let bytes, let note = try? SignedNote(parsing: bytes, limit: AuditExport.manifestLimit) else {
        audit.note(nil, rule: "manifest", "missing, or not a manifest of this log")
        return
    }
    guard let key = audit.recordKey, note.signatures.count == 1, (try? note.verify(by: key)) != nil else {
        audit.note(nil, rule: "manifest", "not signed by the record key")
        return
    }
    guard let manifest = try? Manifest(parsing: note.text), manifest.origin == head.origin else {
        audit.note(nil, rule: "manifest", "not a manifest of this log")
        return
    }
    if manifest.size != head.size || manifest.root != head.root {
        audit.note(nil, rule: "manifest", "made for another head than the checkpoint's")
    }
    // What the log asks for. Keys were looked at before.
    let hashTiles = audit.hashTiles
    let known = AuditExport.fixedPaths.union(TilePath.tiles(of: head.size).map(\.text))
        .union(audit.namedPolicies.map { "policy/\($0).json" })
    do {
        for path in try folder.paths() where path != AuditExport.manifestPath {
            if !Manifest.isPath(path) || manifest.digests[path] == nil {
                audit.note(nil, rule: "manifest", "`\(path)` is not listed")
            } else if !known.contains(path), !path.hasPrefix("keys/") {
                audit.note(nil, rule: "manifest", "`\(path)` is no part of an export")
            }
        }
    } catch {
        audit.note(nil, rule: "manifest", "the folder cannot be read: \(error)")
    }
    // A file that is not as it is listed is named below, so that a tile as listed is the tile as it is.
    for (path, digest) in hashTiles.sorted(by: { $0.key < $1.key }) where manifest.digests[path] != digest {
        audit.note(
            nil, rule: "tile", "`\(path)` is missing or states other hashes than the entries have: see `audit fsck`")
    }
    for (path, digest) in manifest.digests.sorted(by: { $0.key < $1.key }) {
        let found = try? folder.digest(of: path)
        if found == nil {
            audit.note(nil, rule: "manifest", "`\(path)` is missing or unreadable")
        } else if found != digest {
            audit.note(nil, rule: "manifest", "`\(path)` was changed")
        }
    }
}

extension AuditReport {
    init(fault rule: String, _ message: String) {
        self.init()
        note(.init(index: nil, release: nil, rule: rule, message: message))
    }
}

/// Re-hashes every entry of a log from its tiles, compares every hash that a tile states, and the root with the signed
/// head.
///
/// Bundles are hashed on every core. Memory is bounded by a few bundles and 32 bytes for every 256 entries.
///
/// - Parameter keys: the log keys of which one must have signed the head.
public func rehash(_ tiles: some TileSource & Sendable, head note: SignedNote, keys: [NoteKey]) throws -> AuditReport {
    guard let head = try? Checkpoint(parsing: note.text), head.size > 0 else {
        return AuditReport(fault: "head", "not a checkpoint")
    }
    var report = AuditReport()
    report.origin = head.origin
    func find(_ index: Int?, _ rule: String, _ message: String) {
        report.note(.init(index: index, release: nil, rule: rule, message: message))
    }
    if !keys.contains(where: { (try? Checkpoint(verifying: note, by: $0)) == head }) {
        find(nil, "head", "the checkpoint is not signed by the log key")
    }
    let full = TilePath.fullWidth
    var tree = MerkleTree()
    var roots: [TreeHash] = []
    var tail: [UInt8] = []
    let width = max(2, ProcessInfo.processInfo.activeProcessorCount) * 4
    let count = head.size / full + (head.size % full == 0 ? 0 : 1)
    var number = 0
    while number < count {
        let batch = number..<min(count, number + width)
        let results = hashBundles(tiles, batch, head.size)
        for (number, result) in zip(batch, results) {
            switch result {
            case .failure(let error):
                find(number * full, "tile", "\(error)")
                report.size = number * full
                return report
            case .success(let bundle):
                report.recordCount += bundle.leaves.count / 32
                let path = TilePath(.hashes(level: 0), number: number, width: bundle.leaves.count / 32)
                compare(bundle.leaves, with: path, tiles, first: number * full, span: 1, &report)
                if let root = bundle.root { roots.append(root) } else { tail = bundle.leaves }
            }
        }
        number = batch.upperBound
    }
    // The levels above, each from the one below.
    var level = 1
    var hashes = roots
    var peaks: [[TreeHash]] = []
    while !hashes.isEmpty {
        var next: [TreeHash] = []
        for number in 0..<(hashes.count + full - 1) / full {
            let part = hashes[number * full..<min(hashes.count, (number + 1) * full)]
            let bytes = part.flatMap(\.bytes)
            let path = TilePath(.hashes(level: level), number: number, width: part.count)
            compare(bytes, with: path, tiles, first: (number * full) << (8 * level), span: 1 << (8 * level), &report)
            if part.count == full { next.append(LogRehash.root(of: bytes)) }
        }
        peaks.append(Array(hashes[(hashes.count / full * full)...]))
        hashes = next
        level += 1
    }
    // The root from the largest subtrees down.
    tree = MerkleTree()
    for (height, peak) in peaks.enumerated().reversed() {
        for hash in peak { tree.appendSubtree(hash, level: 8 * (height + 1)) }
    }
    for start in stride(from: 0, to: tail.count, by: 32) {
        if let leaf = TreeHash(bytes: tail[start..<start + 32]) { tree.appendSubtree(leaf, level: 0) }
    }
    if tree.root != head.root { find(nil, "head", "the root of the entries is not the one that was signed") }
    report.size = tree.size
    report.root = tree.root.base64
    return report
}

private func hashBundles(
    _ tiles: some TileSource & Sendable, _ batch: Range<Int>, _ size: Int
) -> [Result<LogRehash.Bundle, any Error>] {
    Array(unsafeUninitializedCapacity: batch.count) { buffer, count in
        // Each place is written once, by the one core that has its bundle.
        nonisolated(unsafe) let places = buffer
        DispatchQueue.concurrentPerform(iterations: batch.count) { offset in
            let path = TilePath.entries(holding: (batch.lowerBound + offset) * TilePath.fullWidth, in: size)
            let result = Result<LogRehash.Bundle, any Error> {
                var bytes = try tiles.bytes(of: path)
                return try LogRehash.hash(&bytes, of: path)
            }
            places.initializeElement(at: offset, to: result)
        }
        count = batch.count
    }
}

/// Compares computed hashes with a tile and names the first record under a difference.
private func compare(
    _ hashes: [UInt8], with path: TilePath, _ tiles: some TileSource, first: Int, span: Int, _ report: inout AuditReport
) {
    do {
        let stated = try tiles.bytes(of: path)
        if let place = LogRehash.firstDifference(hashes, stated) {
            report.note(
                .init(
                    index: first + place * span, release: nil, rule: "tile",
                    message: "`\(path.text)` states another hash than the entries have"))
        }
    } catch {
        report.note(.init(index: first, release: nil, rule: "tile", message: "\(error)"))
    }
}
