internal import Cryptography
internal import ReleaseLedger
public import ReleaseWorkflow
internal import TransparencyLog

/// The versions of the program's policy that the log states, the first first; a value.
public struct PolicyVersions: Sendable {
    public let all: [LoadedPolicy]

    init(_ all: [LoadedPolicy]) {
        precondition(!all.isEmpty, "a program without a policy")
        self.all = all
    }

    public var first: LoadedPolicy { all[0] }
    public var newest: LoadedPolicy { all[all.count - 1] }

    /// The version in force on a day: the one that new cases begin under.
    public func inForce(on date: CivilDate) -> LoadedPolicy { all.last { $0.policy.effectiveFrom <= date } ?? first }

    /// The version of this digest.
    ///
    /// - Throws: ``MachineryError/corrupt(_:)`` for one that the log does not state: no other is ever used.
    func version(_ digest: [UInt8]) throws -> LoadedPolicy {
        guard let known = all.first(where: { $0.digest == digest }) else {
            throw MachineryError.corrupt("a case's policy is missing")
        }
        return known
    }

    /// The version that a case follows: the one it began under, or at rest the one now in force where that one takes
    /// open cases along.
    ///
    /// - Parameters:
    ///   - own: the version that the case or its draft names; nil for one that never began.
    ///   - position: where the case stands.
    func followed(_ own: LoadedPolicy?, isDraft: Bool, workflow id: String, position: Position, on date: CivilDate)
        -> LoadedPolicy
    {
        let now = inForce(on: date)
        guard let own else { return now }
        if isDraft || own.digest == now.digest || now.policy.openCases == .keep
            || now.policy.version < own.policy.version
        {
            return own
        }
        // Only between rounds, and only where both versions know the same states.
        guard let old = own.policy.workflow(id), let new = now.policy.workflow(id), old.names == new.names,
            old.isAtRest(position)
        else { return own }
        return now
    }

    /// Reads the versions from the signed log, each back from its record.
    ///
    /// - Throws: ``MachineryError/corrupt(_:)`` for a version that no record of the log states, or whose document is
    ///   not what the record names.
    static func read(
        first: LoadedPolicy, published: Published, origin: String, parse: ([UInt8]) throws -> Policy,
        _ rows: any LogRows
    ) throws -> PolicyVersions {
        let size = published.checkpoint.size
        let later = try LogStatements.versions(rows).filter { published.covers($0.index) }.map { stated in
            guard let entry = try rows.entry(stated.index), let digest = Hex.parse(stated.digest),
                let canonical = try rows.policy(digest), SHA256.hash(canonical) == digest
            else { throw MachineryError.corrupt("a version of the policy is missing") }
            let note = try SignedNote(parsing: entry)
            guard let key = published.keys.recordKey(at: stated.index) else {
                throw MachineryError.corrupt("a version of the policy is not signed")
            }
            try note.verify(by: key)
            let hashes = try LogProof.proveInclusion(of: stated.index, in: size, reader: LogNodes(rows))
            let record = try Record(parsing: note.text, origin: origin)
            guard record.type == .policy, record.policyDigest == stated.digest,
                LogProof.isInclusion(
                    hashes, of: .leaf(entry), at: stated.index, in: size, root: published.checkpoint.root)
            else { throw MachineryError.corrupt("a version of the policy is not stated in the log") }
            return LoadedPolicy(policy: try parse(canonical), digest: digest)
        }
        return PolicyVersions([first] + later)
    }
}
