internal import Cryptography
internal import Foundation
internal import Logging
public import ReleaseWorkflow
internal import TransparencyLog

/// A card with what goes with it.
public struct CardView: Sendable {
    /// What is shown: in a clinical program a contact card, elsewhere a profile card.
    public enum Card: Sendable {
        case contact(ContactCard)
        case profile(ProfileCard)
    }

    public let card: Card
    /// 42 CFR §2.32 in clinical programs; elsewhere that it is not to be passed on.
    public let notice: String
    /// What the release covers, instead of a copy: a copy would hand over the full name (§2.32(b)).
    public let scope: String
    public let callScript: String
    public let emergency: String
    /// The last day for the first contact; nil where none is set or it is over: then as soon as possible.
    public let callBy: CivilDate?

    /// The card of a clinical program.
    public var contact: ContactCard? { if case .contact(let card) = card { card } else { nil } }
    /// The card of any other.
    public var profile: ProfileCard? { if case .profile(let card) = card { card } else { nil } }

    /// The card as text, always 3,072 bytes long, whatever the names (DER-16).
    public var text: String {
        var lines: [String]
        switch card {
        case .contact(let card):
            let call = callBy.map { "Please call by the end of \($0)." } ?? "Please call as soon as possible.     "
            lines = [
                "FIRST NAME  \(card.firstName.text)", "TELEPHONE   \(card.phone.e164)", "", notice, "", scope, call, callScript, "",
                emergency,
            ]
        case .profile(let card):
            lines = card.fields.sorted { $0.key < $1.key }.map { field, text in
                "\(PermittedField(rawValue: field.rawValue)?.plainWords.uppercased() ?? "")  \(text)"
            }
            lines += ["", notice, "", scope, "", emergency]
        }
        let body = lines.joined(separator: "\n")
        return body + String(repeating: " ", count: max(0, 3071 - body.utf8.count)) + "\n"
    }
}

/// Somebody who opens a directory.
public enum Viewer: Hashable, Sendable {
    /// Anybody at all, not logged in.
    case anonymous
    case person(PersonID)
}

/// One entry of a directory.
public struct ListingView: Sendable {
    public let owner: PersonID
    public let card: ProfileCard
    /// Advice that goes with it, never a reason to hide it (ICB-24).
    public let advice: String?
}

/// A directory as one viewer may see it.
public struct DirectoryView: Sendable {
    public let asOf: CivilDate
    /// What mentoring is and is not, shown above.
    public let text: String
    public let listings: [ListingView]
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
    public func look(_ opener: PersonID, workflow: String, reader: PersonID) async throws -> CardView {
        let vault = try requireVault()
        return try await together(seed: nil) { step -> Result<CardView, Refusal> in
            do {
                return .success(
                    try step.tx.savepoint { try self.openCard(opener, workflow: workflow, reader: reader, vault, step) })
            } catch let refusal as Refusal {
                if refusal == .notFound, let context = try? self.context(of: opener, workflow: workflow, step.tx),
                    try !step.tx.parties(of: context.id).contains(where: { $0.person == reader && !$0.isStaff })
                {
                    try self.note(reader, "look", about: context.id, step)
                }
                return .failure(refusal)
            }
        } answer: { result, _ in
            try result.get()
        }
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
        // Before a card was opened for them there is nothing here for anybody: not even that somebody has signed.
        guard context.state.releases.contains(where: { $0.recipient == .person(reader) && $0.cardVersion > 0 }) else {
            throw Refusal.notFound
        }
        guard stopped == nil, let open = context.state.openCards.last(where: { $0.reader == .person(reader) }),
            let release = context.state.roundReleases.last(where: { $0.id == open.release && $0.recipient == .person(reader) })
        else { throw Refusal.cardClosed }
        // Whoever reads has signed what binds readers, in its present version.
        let readerRole = reader == context.opener ? context.workflow.opener : context.workflow.counterpart
        if let readerRole, !(try hasSigned(reader, as: readerRole, under: context.loaded.policy, step.tx)) {
            throw Refusal.cardClosed
        }
        let verified: VerifiedRelease
        do {
            verified = try verify(release, of: context, step.tx, at: step.moment)
        } catch {
            parts.logger.error("a card was refused: its release does not verify")
            throw Refusal.cardClosed
        }
        let card = try Self.card(of: verified, for: .person(reader), at: step.moment)
        let document = try storedDocument(release, step.tx)
        try account(
            Look(
                instantMilliseconds: step.moment.instantMilliseconds, release: release.id,
                recipient: document?.recipientName ?? "", fields: verified.complete.fields),
            for: release.discloser, vault, step.tx)
        let policy = context.loaded.policy
        let callBy = context.state.round?.due.flatMap { $0 >= step.moment.date && !context.state.isHandedOff ? $0 : nil }
        let fields = inWords(verified.complete.fields.map(\.plainWords))
        return CardView(
            card: card, notice: RedisclosureNotice.text(for: verified.complete.fields),
            scope:
                "You may use this \(fields) \(context.workflow.purpose.permittedUse), until \(verified.complete.expiresOn) or until it is taken back. Do not pass it on.",
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
            guard let key = history.recordKey(at: entry.index) else { throw refuse("signed by a revoked key") }
            try note.verify(by: key)
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
        let fields = try Self.fields(contact, of: context.loaded.policy)
        let text = try opened(evidence, "text/\(release.id)")
        guard let signature = document.signature else { throw refuse("signature") }
        try check(
            own, 0,
            [
                "to.person": release.recipient.text, "by.principal": release.discloser.description,
                "shown": Hex.format(SHA256.hash(text)),
                "by.evidence": Hex.format(SHA256.hash(Self.encode(signature))),
            ].merging(fields.texts.map { ("fields.\($0.key.rawValue)", $0.value) }) { $1 })
        var isDisclosed = false
        for (sequence, record) in records.enumerated() where record.type == .disclosure {
            try check(record, sequence, ["to.person": release.recipient.text])
            isDisclosed = true
        }
        // A code for any release of this round ends the one that is open.
        let isPending = try context.state.releases.contains { $0.round == release.round ? try tx.isPending($0.id) : false }
        let isClosed = records.contains { $0.type == .closing || $0.type == .rescission } || isPending
        return VerifiedRelease(
            id: release.id, recipient: release.recipient,
            fields: fields, complete: complete, confidentiality: context.loaded.policy.confidentiality,
            isClosed: isClosed || !release.isLive, isDisclosed: isDisclosed)
    }

    /// The card that a verified release permits this reader now: a contact card in a clinical program, elsewhere a profile card.
    private static func card(of verified: VerifiedRelease, for reader: Recipient, at moment: Moment) throws -> CardView.Card {
        let active = try ActiveRelease(verified, for: reader, at: moment)
        switch verified.fields {
        case .contact: return .contact(try disclose(verified.fields, under: active))
        case .profile: return .profile(try disclose(profile: verified.fields, under: active))
        }
    }

    /// The released values as the vault gave them back, by the policy's list and no other.
    private static func fields(_ contact: [String: String], of policy: Policy) throws -> ReleasedFields {
        guard Set(contact.keys) == Set(policy.release.fields.map(\.rawValue)) else {
            throw ServiceError.corrupt("release does not verify: fields")
        }
        if policy.confidentiality == .clinical, let firstName = contact["firstName"], let phone = contact["phone"] {
            return .contact(try FirstName(parsing: firstName, surname: ""), try PhoneNumber(e164: phone))
        }
        var fields: [ProfileField: ProfileText] = [:]
        for (name, text) in contact {
            guard let field = ProfileField(rawValue: name) else { throw ServiceError.corrupt("release does not verify: fields") }
            fields[field] = try ProfileText(parsing: text, field: name)
        }
        return .profile(fields)
    }

    // MARK: Directories

    /// The directory of listings as `viewer` may see it: every entry goes through the same gate as a card.
    ///
    /// Who looks is not recorded anywhere: what people browse is theirs. An entry whose release does not verify, and one that a private list
    /// keeps apart from this viewer, is not there; neither says so.
    ///
    /// - Throws: `Refusal.notFound` to whoever is not of the class that the program's directory is for, in constant words (SGV-27).
    public func directory(_ viewer: Viewer) async throws -> DirectoryView {
        try await runClock()
        guard stopped == nil else { throw Refusal.notSigning }
        let moment = try moment()
        return try parts.store.read { tx in
            let policy = current.policy
            guard let workflow = policy.workflows.first(where: { $0.audience != nil }), let audience = workflow.audience,
                try isAdmitted(viewer, to: audience, policy, on: moment.date, tx)
            else { throw Refusal.notFound }
            var listings: [ListingView] = []
            for row in try tx.cases() where row.workflow == workflow.id {
                if let listing = try listing(row, audience, viewer, moment, tx) { listings.append(listing) }
            }
            listings.sort { ($0.card.fields[.displayName] ?? "", $0.owner) < ($1.card.fields[.displayName] ?? "", $1.owner) }
            return DirectoryView(asOf: moment.date, text: policy.texts.directory, listings: listings)
        }
    }

    /// Whether somebody belongs to the class of readers.
    private func isAdmitted(
        _ viewer: Viewer, to audience: Audience, _ policy: Policy, on date: CivilDate, _ tx: any StoreTransaction
    ) throws -> Bool {
        guard case .person(let id) = viewer else { return audience == .everyone }
        guard try tx.person(id) != nil else { return false }
        if audience == .everyone { return true }
        let rules = policy.eligibility
        let asMentee = try attestation(of: id, as: .mentee, tx)
        let asMentor = try attestation(of: id, as: .mentor, tx)
        if audience == .members { return [asMentee, asMentor].contains { $0.attributes.contains(.member) } }
        guard let own = try enrollment(id, as: .mentee, tx), own.isReady, !own.isPaused else { return false }
        return try rules.mentee.isMet(by: asMentee, on: date) && hasSigned(id, as: .mentee, under: policy, tx)
    }

    private func listing(
        _ row: CaseRow, _ audience: Audience, _ viewer: Viewer, _ moment: Moment, _ tx: any StoreTransaction
    ) throws -> ListingView? {
        let context = try? context(row.id, opener: row.opener, workflow: row.workflow, tx)
        guard let context, let open = context.state.openCards.last(where: { $0.reader == .audience(audience) }),
            let release = context.state.roundReleases.last(where: { $0.id == open.release })
        else { return nil }
        var advice: String?
        if case .person(let id) = viewer, id != row.opener {
            if try areKeptApart(id, row.opener, tx) { return nil }
            let employers = try [id, row.opener].map { try identity($0, tx)?.employer }
            if let one = employers[0], one == employers[1], context.loaded.policy.customs.advice.contains("sameEmployer") {
                advice = "You work for the same employer. That is no obstacle, but other settings often suit better."
            }
        }
        do {
            let verified = try verify(release, of: context, tx, at: moment)
            guard case .profile(let card) = try Self.card(of: verified, for: .audience(audience), at: moment) else { return nil }
            return ListingView(owner: row.opener, card: card, advice: advice)
        } catch {
            parts.logger.error("a listing was left out: its release does not verify")
            return nil
        }
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
