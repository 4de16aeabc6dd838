internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow
internal import TransparencyLog

/// A record that is stored and under no signed head that the gate knows: it opens nothing, and it is no alarm.
struct NotYetSigned: Error {}

/// The gate: a release is a card only after everything about it was read and checked anew, from the ground up.
///
/// It remembers nothing: it reads the rows of events, checks their chain, decodes and folds them; then the records as
/// they are stored, their signatures, their place in the signed log, and every commitment against what the vault gives
/// back.
struct CardGate {
    private let snapshot: Snapshot

    init(_ snapshot: Snapshot) { self.snapshot = snapshot.cold }

    private static func refuse(_ what: String) -> MachineryError { .corrupt("release does not verify: \(what)") }

    /// The case, loaded cold.
    func load(_ opener: PersonID, workflow: String) throws -> LoadedCase {
        try snapshot.cases.load(opener, workflow: workflow)
    }
    func load(_ id: CaseID, opener: PersonID, workflow: String) throws -> LoadedCase {
        try snapshot.cases.load(id, opener: opener, workflow: workflow)
    }

    /// Checks a release.
    ///
    /// - Throws: if anything at all does not fit.
    func verify(_ release: ReleaseState, of loaded: LoadedCase) throws -> VerifiedRelease {
        let records = try records(of: release.id)
        guard let own = records.first, own.type == .release, let document = try snapshot.cases.document(of: release)
        else {
            throw Self.refuse("record or document missing")
        }
        // Each element of the law again, at each opening.
        let complete = try document.complete(asOf: snapshot.today)
        guard own.expiresOn == complete.expiresOn, complete.expiresOn == release.expiresOn,
            own.date == document.inForceSince ?? complete.signedOn,
            own.fieldNames == complete.fields.map(\.rawValue).sorted(),
            own.json["form"]?.string == loaded.policy.formDigest, own.policyDigest == Hex.format(loaded.loaded.digest)
        else { throw Self.refuse("record and document differ") }
        guard let contact = try snapshot.sealed(.contact(release.round), "contact/\(release.id)", as: StoredTexts.self),
            let text = try snapshot.sealed(.evidence(release.round), "text/\(release.id)")
        else { throw Self.refuse("vault") }
        let fields = try Self.fields(contact.texts, of: loaded.policy)
        guard let signature = document.signature else { throw Self.refuse("signature") }
        try check(
            own, 0, of: release,
            [
                "to.person": release.recipient.text, "by.principal": release.discloser.description,
                "shown": Hex.format(SHA256.hash(text)), "by.evidence": signature.evidenceDigest,
            ].merging(fields.texts.map { ("fields.\($0.key.rawValue)", $0.value) }) { $1 })
        var isDisclosed = false
        for (sequence, record) in records.enumerated() where record.type == .disclosure {
            try check(record, sequence, of: release, ["to.person": release.recipient.text])
            isDisclosed = true
        }
        // A code for any release of this round ends the one that is open.
        let isPending = try loaded.state.releases.contains {
            $0.round == release.round ? try snapshot.isPending($0.id) : false
        }
        let isClosed = records.contains { $0.type == .closing || $0.type == .rescission } || isPending
        return VerifiedRelease(
            id: release.id, recipient: release.recipient, fields: fields, complete: complete,
            confidentiality: loaded.policy.confidentiality, isClosed: isClosed || !release.isLive,
            isDisclosed: isDisclosed)
    }

    /// Every record of a release, each verified and proved to be in the signed log.
    private func records(of release: ReleaseID) throws -> [Record] {
        let published = snapshot.inForce.published
        let reader = LogNodes(snapshot.rows)
        return try snapshot.rows.entries(of: release).enumerated().map { sequence, entry in
            let note = try SignedNote(parsing: entry.note)
            guard let key = published.keys.recordKey(at: entry.index) else {
                throw Self.refuse("signed by a revoked key")
            }
            try note.verify(by: key)
            guard published.covers(entry.index) else {
                // What this very batch has recorded can be checked once its head is signed.
                if let first = (snapshot.rows as? WorkingSet)?.firstAppended, entry.index >= first {
                    throw AwaitsHead()
                }
                throw NotYetSigned()
            }
            let hashes = try LogProof.proveInclusion(of: entry.index, in: published.checkpoint.size, reader: reader)
            guard
                LogProof.isInclusion(
                    hashes, of: .leaf(entry.note), at: entry.index, in: published.checkpoint.size,
                    root: published.checkpoint.root)
            else { throw Self.refuse("not in the signed log") }
            let record = try Record(parsing: note.text, origin: snapshot.parts.origin)
            guard record.sequence == sequence, record.release == release else { throw Self.refuse("sequence") }
            return record
        }
    }

    /// Recomputes the commitments to these values.
    private func check(_ record: Record, _ sequence: Int, of release: ReleaseState, _ values: [String: String]) throws {
        let field = "openings/\(release.id)/\(sequence)"
        guard let openings = try snapshot.sealed(.evidence(release.round), field, as: StoredTexts.self)?.texts else {
            throw Self.refuse("vault")
        }
        let commitments = record.commitments
        for (path, value) in values {
            guard let key = openings[path].flatMap({ Hex.parse($0) }), let stated = commitments[path] else {
                throw Self.refuse("opening")
            }
            let recomputed = try Commitment(path, value, key: key)
            guard constantTimeEquals(Array(recomputed.base64.utf8), Array(stated.base64.utf8)) else {
                throw Self.refuse("commitment")
            }
        }
    }

    /// The card that a verified release permits this reader now: a contact card in a clinical program, elsewhere a
    /// profile card.
    func card(of verified: VerifiedRelease, for reader: Recipient) throws -> CardView.Card {
        let active = try ActiveRelease(verified, for: reader, at: snapshot.moment)
        switch verified.fields {
        case .contact: return .contact(try disclose(verified.fields, under: active))
        case .profile: return .profile(try disclose(profile: verified.fields, under: active))
        }
    }

    /// The released values as the vault gave them back, by the policy's list and no other.
    /// The released values, read back from what was sealed.
    static func fields(_ contact: [String: String], of policy: Policy) throws -> ReleasedFields {
        guard Set(contact.keys) == Set(policy.release.fields.map(\.rawValue)) else { throw Self.refuse("fields") }
        if policy.confidentiality == .clinical, let firstName = contact["firstName"], let phone = contact["phone"] {
            return .contact(try FirstName(parsing: firstName, surname: ""), try PhoneNumber(e164: phone))
        }
        var fields: [ProfileField: ProfileText] = [:]
        for (name, text) in contact {
            guard let field = ProfileField(rawValue: name) else { throw Self.refuse("fields") }
            fields[field] = try ProfileText(parsing: text, field: name)
        }
        return .profile(fields)
    }
}
