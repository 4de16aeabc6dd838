internal import Cryptography
internal import Foundation
public import ReleaseWorkflow
internal import TransparencyLog

extension Custodian {
    /// Where a later version of the policy is stated in the log.
    struct StatedVersion: Codable {
        var index: Int
        /// In hexadecimal.
        var digest: String
    }

    /// Takes up a new version of the program's policy, from its effective date on: a statement in the log, and the document beside it.
    ///
    /// Cases that are under way keep the version they began under, unless the new one says `openCases: nextRound`. What was decided or signed
    /// under an earlier version stays so and still verifies.
    ///
    /// - Throws: `FieldProblem` unless it is a later version of the same program, effective today or later; the first
    ///   ``Counterexample`` if it does not keep the ten properties.
    public func adopt(policy canonical: [UInt8], key: String?) async throws -> Outcome {
        let loaded = LoadedPolicy(policy: try parts.parsePolicy(canonical), digest: SHA256.hash(canonical))
        let policy = loaded.policy
        guard let newest = versions.last, let first = versions.first else { throw ServiceError.corrupt("no policy") }
        let versionCount = versions.count
        let isKnown = versions.contains { $0.digest == loaded.digest }
        if !isKnown {
            guard policy.program == first.policy.program else {
                throw FieldProblem(field: "policy", expected: "`\(first.policy.program)`: another program needs a log of its own")
            }
            guard policy.version > newest.policy.version else {
                throw FieldProblem(field: "version", expected: "a number above \(newest.policy.version)")
            }
            guard policy.confidentiality == first.policy.confidentiality else {
                throw FieldProblem(
                    field: "confidentiality", expected: "`\(first.policy.confidentiality.rawValue)`: a program never changes it")
            }
            guard policy.timeZone == first.policy.timeZone else {
                throw FieldProblem(field: "timeZone", expected: "`\(first.policy.timeZone)`: the log's days are counted there")
            }
            let today = try moment().date
            guard policy.effectiveFrom >= today, policy.effectiveFrom >= newest.policy.effectiveFrom else {
                throw FieldProblem(
                    field: "effectiveFrom",
                    expected: "\(max(today, newest.policy.effectiveFrom)) or later: nothing takes effect in the past")
            }
            for workflow in policy.workflows {
                if let failure = prove(loaded, workflow: workflow).counterexamples.first { throw failure }
            }
        }
        return try await road(
            key: key, scope: "operator", text: "adopt \(Hex.format(loaded.digest))", committed: { try self.takeUpVersions() },
            body: { step in
                // Another adoption may have been in the queue before this one.
                guard try Self.statedVersions(step.tx).count == versionCount - 1 else {
                    throw FieldProblem(field: "version", expected: "to be looked at again: another version was adopted meanwhile")
                }
                step.endsBatch = true
                if isKnown { throw FieldProblem(field: "version", expected: "a version that is not in force or announced already") }
                try self.state(loaded, step)
                try step.tx.putPolicy(loaded.digest, canonical)
                return Done()
            })
    }

    /// Appends the statement of a version, and remembers where it stands.
    func state(_ loaded: LoadedPolicy, _ step: Step) throws {
        let policy = loaded.policy
        let record = try Record(
            origin: parts.origin, type: .policy,
            json: .object([
                "at": .string(step.moment.date.description), "effective": .string(policy.effectiveFrom.description),
                "policy": .string(Hex.format(loaded.digest)), "program": .string(policy.program), "v": .integer(1),
                "version": .integer(policy.version),
            ]))
        let pointer = try append(record, in: step)
        let stated = try Self.statedVersions(step.tx) + [StatedVersion(index: pointer.index, digest: Hex.format(loaded.digest))]
        try step.tx.setSetting("versions", Self.encode(stated))
    }

    static func statedVersions(_ tx: any StoreTransaction) throws -> [StatedVersion] {
        guard let bytes = try tx.setting("versions") else { return [] }
        return try JSONDecoder().decode([StatedVersion].self, from: Data(bytes))
    }

    /// The later versions that the signed log states, each read back from its record.
    ///
    /// - Throws: ``ServiceError/corrupt(_:)`` for a version that no record of the log states, or whose document is not what the record names.
    func readVersions() throws -> [LoadedPolicy] {
        try parts.store.read { tx in
            try Self.statedVersions(tx).filter { $0.index < checkpoint.size }.map { stated in
                guard let entry = try tx.entry(stated.index), let digest = Hex.parse(stated.digest),
                    let canonical = try tx.policy(digest), SHA256.hash(canonical) == digest
                else { throw ServiceError.corrupt("a version of the policy is missing") }
                let note = try SignedNote(parsing: entry)
                guard let key = history.recordKey(at: stated.index) else {
                    throw ServiceError.corrupt("a version of the policy is not signed")
                }
                try note.verify(by: key)
                let hashes = try LogProof.proveInclusion(of: stated.index, in: checkpoint.size, reader: NodeAdapter(tx: tx))
                let record = try Record(parsing: note.text, origin: parts.origin)
                guard record.type == .policy, record.policyDigest == stated.digest,
                    LogProof.isInclusion(hashes, of: .leaf(entry), at: stated.index, in: checkpoint.size, root: checkpoint.root)
                else { throw ServiceError.corrupt("a version of the policy is not stated in the log") }
                return LoadedPolicy(policy: try parts.parsePolicy(canonical), digest: digest)
            }
        }
    }

    /// The versions of this program's policy, the first first, with those that are announced.
    public var policyVersions: [LoadedPolicy] { versions }

    /// The version that a case follows: the one it began under, or at rest the one now in force where that one takes open cases along.
    func followed(_ own: LoadedPolicy?, isDraft: Bool, workflow id: String, state: (Workflow) -> Bool) -> LoadedPolicy {
        let now = current
        guard let own else { return now }
        if isDraft || own.digest == now.digest || now.policy.openCases == .keep || now.policy.version < own.policy.version {
            return own
        }
        // Only between rounds, and only where both versions know the same states.
        guard let old = own.policy.workflow(id), let new = now.policy.workflow(id), old.names == new.names, state(old) else {
            return own
        }
        return now
    }
}
