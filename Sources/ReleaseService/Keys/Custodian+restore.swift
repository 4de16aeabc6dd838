internal import Cryptography
internal import Foundation
internal import ReleaseWorkflow
public import TransparencyLog

extension Custodian {
    /// Continues a program from a backup under a new name: the log of the old name ended at a head that this database does not reach, so
    /// records that people hold receipts of are not in it, and a rescission may be among them.
    ///
    /// The new log's genesis names the old head; the versions of the policy are stated again; every release of the old log ends, because
    /// nobody here can know that it still stands. People sign anew.
    ///
    /// - Parameters:
    ///   - parts: with the new origin and new keys, and a head file that holds nothing yet.
    ///   - former: the last known head of the old log.
    /// - Returns: how many cases were ended.
    public static func restore(_ parts: Parts, recovery: NoteKey, after former: Checkpoint) async throws -> Int {
        let versions = try parts.store.read { tx -> [(digest: [UInt8], canonical: [UInt8])] in
            guard let first = try tx.setting("policy") else { throw ServiceError.corrupt("the database holds no program") }
            let later = try statedVersions(tx).compactMap { Hex.parse($0.digest) }
            return try ([first] + later).map { digest in
                guard let canonical = try tx.policy(digest), SHA256.hash(canonical) == digest else {
                    throw ServiceError.corrupt("a version of the policy is missing")
                }
                return (digest, canonical)
            }
        }
        try parts.store.write { tx in
            try tx.clearLog()
            try tx.setSetting("versions", Self.encode([StatedVersion]()))
            try tx.setSetting("keyStatements", Self.encode([Int]()))
        }
        try initialize(parts, policy: versions[0].canonical, recovery: recovery, after: former)
        let custodian = try await open(parts, isWriter: true)
        for version in versions.dropFirst() { try await custodian.state(version: version.digest, version.canonical) }
        return try await custodian.endEverything()
    }

    /// States a version of the policy that an earlier log stated.
    private func state(version digest: [UInt8], _ canonical: [UInt8]) async throws {
        let policy = try parts.parsePolicy(canonical)
        _ = try await road(
            key: nil, scope: "operator", text: "state \(Hex.format(digest))", committed: { try self.takeUpVersions() },
            body: { step in
                try self.state(LoadedPolicy(policy: policy, digest: digest), step)
                return Done()
            })
    }

    /// Ends every case whose release may still permit something, as if its last day were over.
    private func endEverything() async throws -> Int {
        try await together(seed: nil) { step in
            var count = 0
            for row in try step.tx.cases() {
                var context = try self.context(row.id, opener: row.opener, workflow: row.workflow, step.tx)
                guard !context.state.liveReleases.isEmpty || !context.state.openCards.isEmpty else { continue }
                // Decided as on the day after the last that any of them names; recorded today.
                let last = context.state.liveReleases.map(\.expiresOn).max() ?? step.moment.date
                let over = Moment(
                    instantMilliseconds: step.moment.instantMilliseconds, date: max(last.adding(days: 1), step.moment.date))
                let facts = try self.clockFacts(context, on: over.date, step.tx)
                let command = Command(
                    .expire, round: RoundID(high: 0, low: 0), person: PersonID(high: 0, low: 0),
                    release: ReleaseID(high: 0, low: 0))
                let inner = Step(tx: step.tx, moment: step.moment, derive: step.derive, tree: step.tree)
                if let authorized = try? authorize(
                    command, by: .clock, in: context.state, under: context.loaded, workflow: context.workflow, given: facts,
                    at: over),
                    let events = try? decide(
                        authorized, in: context.state, under: context.loaded, workflow: context.workflow, given: facts,
                        at: over)
                {
                    _ = try self.apply(
                        events, rule: authorized.rule, actor: .clock, seenBy: authorized.seenBy, to: &context, inner)
                } else {
                    // No expiry is foreseen here: what is open closes, and the case goes on from where it stands.
                    let events =
                        context.state.openCards.map { Event.cardClosed($0.release) }
                        + context.state.liveReleases.map { Event.releaseExpired($0.id) }
                    _ = try self.apply(
                        events, rule: "\(context.loaded.policy.program)/\(context.workflow.id)/expire", actor: .clock, to: &context,
                        inner)
                }
                step.erased += inner.erased
                step.mustSettle = true
                count += 1
            }
            return count
        } answer: { count, _ in
            count
        }
    }
}
