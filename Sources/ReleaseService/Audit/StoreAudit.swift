internal import ReleaseWorkflow
public import TransparencyLog

/// Audits a database where it lies: the log, every stored hash, every stored head, and the head file.
///
/// - Parameter cosigned: heads that witnesses are known to have signed.
public func auditStore(_ store: any Store, heads: any HeadKeeper, origin: String, cosigned: [Checkpoint] = []) throws -> AuditReport
{
    var audit = try readStore(store, heads: heads, origin: origin, cosigned: cosigned)
    return audit.finish()
}

/// The same, for whoever has more to compare.
func readStore(_ store: any Store, heads: any HeadKeeper, origin: String, cosigned: [Checkpoint]) throws -> LogAudit {
    try store.read { tx in
        var audit = LogAudit(origin: origin, cosigned: cosigned)
        let size = try tx.logSize()
        var tree = MerkleTree()
        var expectedCount = 0
        while audit.size < size {
            let first = audit.size
            let entries = try tx.entries(from: first, count: TilePath.fullWidth)
            let expected = min(TilePath.fullWidth, size - first)
            guard entries.count == expected else {
                audit.note(
                    first, rule: "log", "\(expected - entries.count) of records \(first) to \(first + expected - 1) are missing")
                return audit
            }
            var stored = try tx.heads(of: first + 1...first + expected)[...]
            audit.add(entries) { audit in
                while let head = stored.first, head.size == audit.size {
                    audit.checkHead(head.note, at: head.size)
                    stored.removeFirst()
                }
            }
            for entry in entries {
                for (position, hash) in tree.append(.leaf(entry)) {
                    expectedCount += 1
                    guard let found = try? tx.node(at: position) else {
                        audit.note(
                            position.index << position.level, rule: "stored hash",
                            "the hash at level \(position.level), index \(position.index) is missing")
                        continue
                    }
                    if found != hash {
                        audit.note(
                            position.index << position.level, rule: "stored hash",
                            "the hash at level \(position.level), index \(position.index) does not match the records")
                    }
                }
            }
        }
        let count = try tx.nodeCount()
        if count > expectedCount {
            audit.note(nil, rule: "stored hash", "\(count - expectedCount) hashes are stored that belong to no record")
        }
        for head in try tx.heads(of: size + 1...Int.max - 1) {
            audit.note(nil, rule: "head", "a head of size \(head.size) is stored, the log has \(size) records")
        }
        do {
            guard let head = try heads.read() else {
                audit.note(nil, rule: "head file", "missing")
                return audit
            }
            audit.checkHead(head.note, at: size)
        } catch {
            audit.note(nil, rule: "head file", "\(error)")
        }
        return audit
    }
}

extension Custodian {
    /// Audits the database, and compares what it holds of each case with what the log says of its releases: the public state rebuilt from the
    /// records equals the stored one.
    ///
    /// - Throws: ``ServiceError/locked(_:)`` without the vault key, which opens the cases.
    public func audit(cosigned: [Checkpoint] = []) throws -> AuditReport {
        var audit = try readStore(parts.store, heads: parts.heads, origin: parts.origin, cosigned: cosigned)
        var unseen = Set(audit.releases)
        try parts.store.read { tx in
            for row in try tx.cases() {
                let context: CaseContext
                do {
                    context = try self.context(row.id, opener: row.opener, workflow: row.workflow, tx)
                } catch is ServiceError {
                    audit.note(nil, rule: "public state", "a case does not verify")
                    continue
                }
                for release in context.state.releases {
                    unseen.remove(release.id)
                    guard let logged = audit.standing(of: release.id) else {
                        // Of a log that was continued under a new name, only the end is left.
                        if history.former == nil || release.isLive {
                            audit.note(
                                nil, rule: "public state", "a case rests on a release that the log does not record",
                                release: release.id)
                        }
                        continue
                    }
                    let isPending = try tx.isPending(release.id)
                    let isClosed = release.standing == .closed || release.standing == .superseded
                    if logged.isRescinded != release.isRescinded, !isPending {
                        audit.note(
                            nil, rule: "public state", "the log and the case differ about its rescission", release: release.id)
                    }
                    if logged.isClosed != isClosed, !isPending {
                        audit.note(nil, rule: "public state", "the log and the case differ about its closing", release: release.id)
                    }
                    let isOpen = context.state.openCards.contains { $0.release == release.id }
                    if logged.cards == 0, isOpen || release.cardVersion > 0 {
                        audit.note(nil, rule: "public state", "a card is open that the log does not record", release: release.id)
                    }
                }
            }
        }
        for release in unseen.sorted() {
            audit.note(nil, rule: "public state", "the log records a release that no case holds", release: release)
        }
        return audit.finish()
    }
}
