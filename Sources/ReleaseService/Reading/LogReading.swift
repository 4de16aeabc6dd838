internal import Cryptography
internal import Foundation
internal import ReleaseLedger
internal import ReleaseWorkflow
internal import TransparencyLog

/// The log as auditors are shown it: records, proofs, heads.
struct LogReading {
    private let snapshot: Snapshot
    private let hashes: HashCache

    init(_ snapshot: Snapshot, hashes: HashCache) {
        self.snapshot = snapshot
        self.hashes = hashes
    }

    private var published: Published { snapshot.inForce.published }

    /// One record with its proof.
    ///
    /// - Throws: `Refusal.notFound` beyond the signed head.
    func entry(_ index: Int) throws -> Receipt {
        guard index >= 0, published.covers(index),
            let receipt = try Receipts(under: published, hashes: hashes).receipts(for: [index], snapshot.rows).first
        else { throw Refusal.notFound }
        return receipt
    }

    /// Records in log order, from `index` on.
    func entries(from index: Int, count: Int) throws -> [(index: Int, note: [UInt8])] {
        guard index >= 0, published.covers(index) else { return [] }
        let notes = try snapshot.rows.entries(from: index, count: min(count, published.checkpoint.size - index))
        return notes.enumerated().map { (index + $0.offset, $0.element) }
    }

    /// Everything that a witness needs to cosign the last head: the head, and that it continues the one of `size`
    /// records.
    ///
    /// - Throws: `FieldProblem` for a size that the log does not have.
    func witnessRequest(from size: Int) throws -> String {
        guard size >= 0, size <= published.checkpoint.size, let head = published.head else {
            throw FieldProblem(field: "from", expected: "a number from 0 to \(published.checkpoint.size)")
        }
        let hashes = try LogProof.proveConsistency(
            from: size, to: published.checkpoint.size, reader: LogNodes(snapshot.rows))
        let request = WitnessRequest(oldSize: size, proof: hashes, checkpoint: try SignedNote(parsing: head.note))
        return String(decoding: request.bytes, as: UTF8.self)
    }

    /// The size of a head that an auditor has cosigned, if it is one of ours.
    ///
    /// - Throws: `FieldProblem` unless it is a signed head of this log, with somebody's signature besides ours.
    func cosigned(_ note: [UInt8]) throws -> Int {
        guard let signed = try? SignedNote(parsing: note), let head = try? Checkpoint(parsing: signed.text),
            head.origin == snapshot.parts.origin, let key = published.keys.ownLogKey(signing: head.size),
            (try? Checkpoint(verifying: signed, by: key)) != nil, signed.signatures.count > 1,
            head.size <= published.checkpoint.size,
            try MerkleTree(size: head.size, reader: LogNodes(snapshot.rows)).root == head.root
        else { throw FieldProblem(field: "note", expected: "a head of this log with a witness's line on it") }
        return head.size
    }

    /// The last cosigned head that was handed in.
    func cosignedHead() throws -> (size: Int, names: [String])? {
        guard let bytes = try snapshot.rows.setting("cosigned"), let note = try? SignedNote(parsing: bytes),
            let head = try? Checkpoint(parsing: note.text)
        else { return nil }
        return (head.size, note.signatures.map(\.name).filter { $0 != snapshot.parts.origin })
    }

    /// Compares what the database holds of each case with what the log says of its releases: the public state rebuilt
    /// from the records equals the stored one. Every case is read cold.
    func audit(_ audit: inout LogAudit) throws {
        let cold = snapshot.cold
        var unseen = Set(audit.releases)
        try cold.forEachCase { row in
            let loaded: LoadedCase
            do {
                loaded = try cold.cases.load(row)
            } catch is MachineryError {
                audit.note(nil, rule: "public state", "a case does not verify")
                return
            }
            for release in loaded.state.releases {
                unseen.remove(release.id)
                try compare(release, loaded, &audit)
            }
        }
        for release in unseen.sorted() {
            audit.note(nil, rule: "public state", "the log records a release that no case holds", release: release)
        }
    }

    private func compare(_ release: ReleaseState, _ loaded: LoadedCase, _ audit: inout LogAudit) throws {
        func note(_ message: String) { audit.note(nil, rule: "public state", message, release: release.id) }
        guard let logged = audit.standing(of: release.id) else {
            // Of a log that was continued under a new name, only the end is left.
            if published.keys.former == nil || release.isLive {
                note("a case rests on a release that the log does not record")
            }
            return
        }
        let isPending = try snapshot.isPending(release.id)
        let isClosed = release.standing == .closed || release.standing == .superseded
        if logged.isRescinded != release.isRescinded, !isPending {
            note("the log and the case differ about its rescission")
        }
        if logged.isClosed != isClosed, !isPending { note("the log and the case differ about its closing") }
        let isOpen = loaded.state.everyOpenCard.contains { $0.release == release.id }
        if logged.cards == 0, isOpen || release.cardVersion > 0 { note("a card is open that the log does not record") }
    }
}

extension Snapshot {
    /// The operator journal, opened.
    func journal() throws -> [JournalLine] {
        try rows.journal().map { try vault.open($0.sealed, fixed: "journal", as: JournalLine.self) }
    }

    /// Messages that wait to go out, opened.
    func messages() throws -> [Message] {
        try rows.messages().map { try vault.open($0.sealed, fixed: "message", as: Message.self) }
    }

    /// An instant as people read it, in the program's time zone.
    func localTime(_ instantMilliseconds: Int64) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US")
        format.timeZone = TimeZone(identifier: current.policy.timeZone)
        format.dateFormat = "MMMM d, yyyy, h:mm a"
        return format.string(from: Date(timeIntervalSince1970: Double(instantMilliseconds) / 1000))
    }
}
