internal import Records
public import TransparencyLog

/// Audits a database where it lies: the log, every stored hash, every stored head, and the head file.
///
/// - Parameter cosigned: heads that witnesses are known to have signed.
public func auditStore(_ store: any LogStore, heads: any CheckpointStore, origin: String, cosigned: [Checkpoint] = [])
    throws
    -> AuditReport
{
    var audit = try readStore(store, heads: heads, origin: origin, cosigned: cosigned)
    return audit.finish()
}

/// The same, for whoever has more to compare.
public func readStore(_ store: any LogStore, heads: any CheckpointStore, origin: String, cosigned: [Checkpoint]) throws
    -> LogAudit
{
    try store.readLog { tx in
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
                    first, rule: "log",
                    "\(expected - entries.count) of records \(first) to \(first + expected - 1) are missing")
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
