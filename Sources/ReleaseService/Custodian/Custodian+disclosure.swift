internal import Cryptography
internal import Foundation
internal import Logging
public import ReleaseWorkflow
internal import TransparencyLog

/// A card with what goes with it.
public struct CardView: Sendable {
    public let card: ContactCard
    /// 42 CFR §2.32.
    public let notice: String
    /// What the release covers, instead of a copy: a copy would hand over the full name (§2.32(b)).
    public let scope: String
    public let callScript: String
    public let emergency: String
    /// The last day for the first call; nil where none is set or it is over: then as soon as possible.
    public let callBy: CivilDate?

    /// The card as text, always 3,072 bytes long, whatever the names (DER-16).
    public var text: String {
        let call = callBy.map { "Please call by the end of \($0)." } ?? "Please call as soon as possible.     "
        let body = """
            FIRST NAME  \(card.firstName.text)
            TELEPHONE   \(card.phone.e164)

            \(notice)

            \(scope)
            \(call)
            \(callScript)

            \(emergency)
            """
        return body + String(repeating: " ", count: max(0, 3071 - body.utf8.count)) + "\n"
    }
}

/// One look at a card, for the mentee's eyes alone.
public struct Look: Codable, Hashable, Sendable {
    /// Milliseconds since 1970 UTC.
    public let instantMilliseconds: Int64
    public let release: ReleaseID
    /// The reader's name as the release showed it.
    public let recipient: String
    public let fields: [PermittedField]
}

extension Custodian {
    /// Shows a card to `reader`, if this moment permits it: the gate.
    ///
    /// The look is committed, into the mentee's own encrypted accounting and nowhere else, before the card is returned.
    ///
    /// - Throws: `Refusal.cardClosed` to the recipient, `Refusal.notFound` to everybody else; neither says why.
    public func look(_ opener: PersonID, workflow: String, reader: PersonID) throws -> CardView {
        let vault = try requireVault()
        let moment = try moment()
        let derive = Derivation(seed: try parts.seeds.seed(for: nil))
        var refused: Refusal?
        var view: CardView?
        try signPending()
        let step = try write { tx -> Step in
            (refused, view) = (nil, nil)
            let step = Step(tx: tx, moment: moment, derive: derive, tree: tree)
            try settleDue(step)
            do {
                view = try tx.savepoint { try openCard(opener, workflow: workflow, reader: reader, vault, step) }
            } catch let refusal as Refusal {
                refused = refusal
                if refusal == .notFound, let context = try? context(of: opener, workflow: workflow, tx) {
                    try note(reader, "look", about: context.id, step)
                }
            }
            try putHeads(step)
            return step
        }
        try afterCommit(step)
        if let refused { throw refused }
        guard let view else { throw Refusal.cardClosed }
        return view
    }

    private func openCard(
        _ opener: PersonID, workflow: String, reader: PersonID, _ vault: Vault, _ step: Step
    ) throws -> CardView {
        let context: CaseContext
        do {
            context = try self.context(of: opener, workflow: workflow, step.tx)
        } catch is ServiceError {
            // An altered row opens nothing, and does not say so to the one who asked.
            parts.logger.error("a card was refused: its case does not verify")
            throw Refusal.cardClosed
        }
        guard context.state.releases.contains(where: { $0.recipient == reader }) else { throw Refusal.notFound }
        guard stopped == nil, let release = context.state.currentRelease, release.recipient == reader,
            context.state.openCards.contains(where: { $0.release == release.id && $0.reader == reader })
        else { throw Refusal.cardClosed }
        if context.workflow.reader == .mentor {
            let form = Hex.format(SHA256.hash(Array(context.loaded.policy.acknowledgement.text.utf8)))
            guard try enrollment(reader, step.tx)?.acknowledgement?.form == form else { throw Refusal.cardClosed }
        }
        let verified: VerifiedRelease
        do {
            verified = try verify(release, of: context, step.tx, at: step.moment)
        } catch {
            parts.logger.error("a card was refused: its release does not verify")
            throw Refusal.cardClosed
        }
        let active = try ActiveRelease(verified, for: reader, at: step.moment)
        let card = disclose(verified.fields, under: active)
        let document = try storedDocument(release, step.tx)
        try account(
            Look(
                instantMilliseconds: step.moment.instantMilliseconds, release: release.id,
                recipient: document?.recipientName ?? "", fields: verified.complete.fields),
            for: release.discloser, vault, step.tx)
        let policy = context.loaded.policy
        let callBy = context.state.round?.due.flatMap { $0 >= step.moment.date && !context.state.isHandedOff ? $0 : nil }
        let fields = verified.complete.fields.map(\.plainWords).joined(separator: " and ")
        return CardView(
            card: card, notice: RedisclosureNotice.text,
            scope:
                "You may use this \(fields) \(context.workflow.purpose == .firstCallAndMeeting ? "to make a first call and arrange a first meeting" : "to talk about having a mentor"), until \(verified.complete.expiresOn) or until it is taken back. Do not pass it on.",
            callScript: policy.texts.callScript, emergency: policy.texts.emergency, callBy: callBy)
    }

    /// Checks a release from the ground up: its records as they are stored, their signatures, their place in the signed log, and every
    /// commitment against what the vault gives back.
    ///
    /// - Throws: if anything at all does not fit.
    func verify(
        _ release: ReleaseState, of context: CaseContext, _ tx: any StoreTransaction, at moment: Moment
    ) throws -> VerifiedRelease {
        func refuse(_ what: String) -> ServiceError { .corrupt("release does not verify: \(what)") }
        let vault = try requireVault()
        let entries = try tx.entries(of: release.id)
        var records: [Record] = []
        for (sequence, entry) in entries.enumerated() {
            let note = try SignedNote(parsing: entry.note)
            try note.verify(by: recordKey)
            let hashes = try LogProof.proveInclusion(of: entry.index, in: checkpoint.size, reader: NodeAdapter(tx: tx))
            guard
                LogProof.isInclusion(
                    hashes, of: .leaf(entry.note), at: entry.index, in: checkpoint.size, root: checkpoint.root)
            else { throw refuse("not in the signed log") }
            let record = try Record(parsing: note.text, origin: parts.origin)
            guard record.sequence == sequence, record.release == release.id else { throw refuse("sequence") }
            records.append(record)
        }
        guard let own = records.first, own.type == .release, let document = try storedDocument(release, tx) else {
            throw refuse("record or document missing")
        }
        // Each element of the law again, at each opening.
        let complete = try document.complete(asOf: moment.date)
        guard own.expiresOn == complete.expiresOn, complete.expiresOn == release.expiresOn, own.date == complete.signedOn,
            own.fieldNames == complete.fields.map(\.rawValue).sorted(),
            own.json["form"]?.string == Self.formDigest(context.loaded.policy),
            own.policyDigest == Hex.format(context.loaded.digest)
        else { throw refuse("record and document differ") }
        let evidence = Vault.Scope.evidence(release.round)
        func opened(_ scope: Vault.Scope, _ field: String) throws -> [UInt8] {
            guard let bytes = try vault.open(tx.sealed(vault.keyID(scope), field), scope, field) else { throw refuse("vault") }
            return bytes
        }
        func check(_ record: Record, _ sequence: Int, _ values: [String: String]) throws {
            let openings = try JSONDecoder().decode(
                Openings.self, from: Data(opened(evidence, "openings/\(release.id)/\(sequence)")))
            let commitments = record.commitments
            for (path, value) in values {
                guard let key = openings[path].flatMap({ Hex.parse($0) }), let stated = commitments[path] else {
                    throw refuse("opening")
                }
                let recomputed = try Commitment(path, value, key: key)
                guard constantTimeEquals(Array(recomputed.base64.utf8), Array(stated.base64.utf8)) else {
                    throw refuse("commitment")
                }
            }
        }
        let contact = try JSONDecoder().decode(
            [String: String].self, from: Data(opened(.contact(release.round), "contact/\(release.id)")))
        guard let firstName = contact["firstName"], let phone = contact["phone"] else { throw refuse("contact fields") }
        let text = try opened(evidence, "text/\(release.id)")
        guard let signature = document.signature else { throw refuse("signature") }
        try check(
            own, 0,
            [
                "fields.firstName": firstName, "fields.phone": phone, "to.person": release.recipient.description,
                "by.principal": release.discloser.description, "shown": Hex.format(SHA256.hash(text)),
                "by.evidence": Hex.format(SHA256.hash(Self.encode(signature))),
            ])
        var isDisclosed = false
        for (sequence, record) in records.enumerated() where record.type == .disclosure {
            try check(record, sequence, ["to.person": release.recipient.description])
            isDisclosed = true
        }
        // A code for any release of this round ends the one that is open.
        let isPending = try context.state.releases.contains { $0.round == release.round ? try tx.isPending($0.id) : false }
        let isClosed = records.contains { $0.type == .closing || $0.type == .rescission } || isPending
        return VerifiedRelease(
            id: release.id, recipient: release.recipient,
            fields: ReleasedFields(
                firstName: try FirstName(parsing: firstName, surname: ""), phone: try PhoneNumber(e164: phone)),
            complete: complete, isClosed: isClosed || !release.isLive, isDisclosed: isDisclosed)
    }

    // MARK: The person's own accounting

    private func account(_ look: Look, for person: PersonID, _ vault: Vault, _ tx: any StoreTransaction) throws {
        let scope = Vault.Scope.accounting(person)
        try vault.prepare([scope])
        let all = try looks(of: person, tx) + [look]
        // The oldest go first once three years of looks would not fit: 164.528 asks for three years, not for ever.
        let kept = all.filter { $0.instantMilliseconds > look.instantMilliseconds - 4 * 365 * 86_400_000 }
        let (key, sealed) = try vault.seal(padded(Self.encode(kept)), scope, "looks")
        try tx.putSealed(key, "looks", sealed)
    }

    private func looks(of person: PersonID, _ tx: any StoreTransaction) throws -> [Look] {
        let vault = try requireVault()
        let scope = Vault.Scope.accounting(person)
        guard let opened = try vault.open(tx.sealed(vault.keyID(scope), "looks"), scope, "looks") else { return [] }
        return try JSONDecoder().decode([Look].self, from: Data(opened.prefix { $0 != 0 }))
    }

    /// What was shown of this person, to whom and when: for the person alone (42 CFR §2.25, 45 CFR 164.528).
    public func accounting(of person: PersonID) throws -> [Look] {
        try parts.store.read { try looks(of: person, $0) }
    }
}
