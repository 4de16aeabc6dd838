internal import Cryptography
internal import Foundation
public import ReleaseWorkflow
internal import TransparencyLog

/// What the person who signed a release keeps of it.
public struct OwnReceipt: Sendable {
    /// The text exactly as it was signed.
    public let text: String
    /// The code that ends it without signing in; nil once it is over for good.
    public let rescindCode: String?
    public let signedOn: CivilDate
    public let expiresOn: CivilDate
    public let rescindedOn: CivilDate?
    public let isLive: Bool
    /// Every record that names it, with the proof that it is in the signed log.
    public let receipts: [Receipt]
    /// Whether something of it is recorded and not yet under a signed head.
    public let isPending: Bool
}

extension Custodian {
    /// A release for the person who signed it: the copy, the code, the records.
    ///
    /// - Throws: `Refusal.notFound` to everybody else.
    public func ownReceipt(_ release: ReleaseID, for person: PersonID) throws -> OwnReceipt {
        let text = try copy(of: release, for: person)
        let vault = try requireVault()
        let today = try moment().date
        let indexes = try parts.store.read { try $0.entries(of: release).map(\.index) }
        let signed = try receipts(for: indexes.filter { $0 < checkpoint.size })
        return try parts.store.read { tx in
            guard let row = try tx.release(release), let caseRow = try tx.caseRow(row.caseID) else { throw Refusal.notFound }
            let context = try context(row.caseID, opener: caseRow.opener, workflow: caseRow.workflow, tx)
            guard let standing = context.state.releases.first(where: { $0.id == release }), standing.discloser == person else {
                throw Refusal.notFound
            }
            let isPending = try tx.isPending(release)
            return OwnReceipt(
                text: text, rescindCode: standing.isRescinded ? nil : try vault.rescindCode(release, round: standing.round),
                signedOn: standing.signedOn, expiresOn: standing.expiresOn, rescindedOn: standing.rescindedOn,
                isLive: standing.isLive && today <= standing.expiresOn && !isPending,
                receipts: signed,
                isPending: isPending || indexes.contains { $0 >= checkpoint.size })
        }
    }

    /// A person's enrollment in a role, for themselves and for who attests it.
    public func enrollment(of id: PersonID, as role: Role) throws -> Enrollment? {
        try parts.store.read { try enrollment(id, as: role, $0) }
    }

    /// Whether this person has signed what binds a role, as the policy in force words it.
    public func hasSigned(_ id: PersonID, as role: Role) throws -> Bool {
        try parts.store.read { try hasSigned(id, as: role, under: current.policy, $0) }
    }

    /// A code that stands inside the sample document, other for everybody: who can type it back can read what the service shows.
    public func sampleCode(for person: PersonID) throws -> String {
        RescindCode.format(try requireVault().commandDigest("sample", person.description), count: 5)
    }

    /// Whether something was carried out or refused already under this key of this actor, so that sending it again only asks for the answer.
    public func isAnswered(_ key: String?, by actor: Actor) throws -> Bool {
        guard let key else { return false }
        let outcomeKey = try requireVault().commandDigest("key", actor.text, key)
        return try parts.store.read { try $0.outcome(outcomeKey) != nil }
    }

    /// What the log itself says of its keys, and how many records the last signed head covers.
    public var keyHistory: KeyHistory { history }
    public var logSize: Int { checkpoint.size }

    /// The last signed head, as it stands in the head file.
    public func signedHead() throws -> [UInt8]? { try parts.heads.read()?.note }

    /// One record with its proof, for auditors.
    ///
    /// - Throws: `Refusal.notFound` beyond the signed head.
    public func entry(_ index: Int) throws -> Receipt {
        guard index >= 0, index < checkpoint.size else { throw Refusal.notFound }
        guard let receipt = try receipts(for: [index]).first else { throw Refusal.notFound }
        return receipt
    }

    /// Records in log order, from `index` on.
    public func entries(from index: Int, count: Int) throws -> [(index: Int, note: [UInt8])] {
        guard index >= 0, index < checkpoint.size else { return [] }
        let notes = try parts.store.read { try $0.entries(from: index, count: min(count, checkpoint.size - index)) }
        return notes.enumerated().map { (index + $0.offset, $0.element) }
    }

    /// What a witness needs to cosign the last head: the head, and that it continues the one of `size` records.
    ///
    /// - Throws: `FieldProblem` for a size that the log does not have.
    public func witnessRequest(from size: Int) throws -> String {
        guard size >= 0, size <= checkpoint.size, let head = try signedHead() else {
            throw FieldProblem(field: "from", expected: "a number from 0 to \(checkpoint.size)")
        }
        let hashes = try parts.store.read { tx in
            try LogProof.proveConsistency(from: size, to: checkpoint.size, reader: NodeAdapter(tx: tx))
        }
        return String(
            decoding: WitnessRequest(oldSize: size, proof: hashes, checkpoint: try SignedNote(parsing: head)).bytes, as: UTF8.self)
    }

    /// Keeps a head that an auditor has cosigned, if it is one of ours.
    ///
    /// - Returns: how many records it covers.
    /// - Throws: `FieldProblem` unless it is a signed head of this log, with somebody's signature besides ours.
    public func keepCosigned(_ note: [UInt8]) async throws -> Int {
        let problem = FieldProblem(field: "note", expected: "a head of this log with a witness's line on it")
        guard let signed = try? SignedNote(parsing: note), let head = try? Checkpoint(parsing: signed.text),
            head.origin == parts.origin, let key = history.ownLogKey(signing: head.size),
            (try? Checkpoint(verifying: signed, by: key)) != nil, signed.signatures.count > 1, head.size <= checkpoint.size
        else { throw problem }
        let root = try parts.store.read { tx in try MerkleTree(size: head.size, reader: NodeAdapter(tx: tx)).root }
        guard root == head.root else { throw problem }
        try await keep { try $0.setSetting("cosigned", note) }
        return head.size
    }

    /// The last cosigned head that was handed in.
    public func cosignedHead() throws -> (size: Int, names: [String])? {
        guard let bytes = try parts.store.read({ try $0.setting("cosigned") }), let note = try? SignedNote(parsing: bytes),
            let head = try? Checkpoint(parsing: note.text)
        else { return nil }
        return (head.size, note.signatures.map(\.name).filter { $0 != parts.origin })
    }

    /// An instant as people read it, in the program's time zone.
    public func localTime(_ instantMilliseconds: Int64) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US")
        format.timeZone = TimeZone(identifier: current.policy.timeZone)
        format.dateFormat = "MMMM d, yyyy, h:mm a"
        return format.string(from: Date(timeIntervalSince1970: Double(instantMilliseconds) / 1000))
    }
}
