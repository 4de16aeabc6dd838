internal import Cryptography
public import ReleaseWorkflow

/// The extent of a signature, worked out before anybody may sign.
struct SignatureWork {
    var document: ReleaseDocument
    /// The exact text the signer saw.
    var text: String
    var fields: ReleasedFields
    var scan: [UInt8]?
    var recipient: Recipient
    /// Corrected values to keep with the person.
    var identity: Identity?

    /// True if the first name is like the surname, and the signer is asked whether it is theirs.
    var asksName = false

    /// SHA-256 of the text, in hexadecimal.
    var textDigest: String { Hex.format(SHA256.hash(Array(text.utf8))) }
}

/// The release exactly as it will be signed.
public struct ReleaseText: Sendable {
    public let text: String
    /// SHA-256 of the text in hexadecimal; printed on paper forms.
    public let digest: String
    /// The values that will cross, for the signer's own eyes; not part of the text.
    public let values: [(field: PermittedField, text: String)]
    /// True if the first name is like the surname: whoever signs says that it is the one they want to be known by.
    public let asksName: Bool
}

/// Works out release texts, from what is known of the signer and of whom the release names.
struct ReleaseTexts {
    private let snapshot: Snapshot
    private let loaded: LoadedCase

    init(_ snapshot: Snapshot, of loaded: LoadedCase) {
        self.snapshot = snapshot
        self.loaded = loaded
    }

    /// The release that this person is asked to sign now, for the screen or for printing.
    ///
    /// - Throws: `Refusal.notFound` if nothing is offered to them.
    func offered(to signer: PersonID, kind: CommandKind) throws -> ReleaseText {
        let old = kind == .sign ? nil : loaded.state.currentRelease(of: signer)
        guard loaded.isDiscloser(signer), kind == .sign || old != nil,
            !loaded.workflow.transitions(on: kind, from: loaded.state.position).isEmpty
        else { throw Refusal.notFound }
        let work = try work(by: signer, signing: nil, replacing: old, kind: kind, corrections: Corrections())
        let texts = work.fields.texts
        return ReleaseText(
            text: work.text, digest: work.textDigest,
            values: loaded.policy.release.fields.map { ($0, texts[$0] ?? "") }, asksName: work.asksName)
    }

    /// The extent of a signature that was given; nil where it is not this person's to sign, which `authorize` then
    /// says.
    ///
    /// - Throws: `FieldProblem` where the text that was read is not the one that is offered now.
    func signed(_ kind: CommandKind, by actor: Actor, _ signing: Signing?, _ corrections: Corrections) throws
        -> SignatureWork?
    {
        // Who may sign at all is `authorize`'s to say, so a stranger learns nothing from what would be missing.
        guard case .person(let signer) = actor.principal, loaded.isDiscloser(signer) else { return nil }
        let old = kind == .sign ? nil : loaded.state.currentRelease(of: signer)
        if kind != .sign, old == nil { return nil }
        let work = try work(by: signer, signing: signing, replacing: old, kind: kind, corrections: corrections)
        if let signing, signing.formDigest != work.textDigest {
            throw FieldProblem(field: "digest", expected: "the digest of the form that is offered now")
        }
        return work
    }

    private func work(
        by discloser: PersonID, signing: Signing?, replacing old: ReleaseState?, kind: CommandKind,
        corrections: Corrections
    ) throws -> SignatureWork {
        let policy = loaded.policy
        let isOpener = discloser == loaded.opener
        let known = try snapshot.people.require(discloser)
        let person = try corrected(known, corrections)
        var document = ReleaseDocument()
        document.personName = person.fullName
        document.discloser = policy.discloserName
        document.fields = policy.release.fields
        let recipient: Recipient
        switch loaded.workflow.recipient {
        case .audience(let audience):
            recipient = .audience(audience)
            document.recipientName = audience.plainWords
        case .role:
            guard let other = isOpener ? loaded.counterpart : loaded.opener else { throw Refusal.notFound }
            recipient = .person(other)
            document.recipientName =
                try snapshot.people.enrollment(other, as: loaded.role(of: other))?.display
                ?? loaded.history.draft?.display
            if document.recipientName == nil, let old {
                document.recipientName = try snapshot.cases.document(of: old)?.recipientName
            }
        }
        // Who signs again lets a person whom they know go on reaching them; who renews a listing is found as before.
        document.purpose = kind == .renew && recipient.person != nil ? .goingOn : loaded.workflow.purpose
        if kind == .correct, let old, let purpose = try snapshot.cases.document(of: old)?.purpose {
            document.purpose = purpose
        }
        document.revocation = policy.release.statements.revocation
        document.redisclosure = policy.release.statements.redisclosure
        document.conditions = policy.release.statements.conditions
        let longer = kind == .extend ? policy.duration.extensionMonths ?? 0 : 0
        let whole = (signing?.paper?.signedOn ?? snapshot.today).adding(months: policy.release.termMonths)
        let isWhole = old == nil || kind == .renew
        document.expiresOn =
            kind == .renew ? max(whole, old?.expiresOn ?? whole) : old?.expiresOn.adding(months: longer) ?? whole
        document.termMonths = isWhole ? policy.release.termMonths : nil
        document.expiresAtEnd = true
        let text = ReleaseForm.render(policy.release.form.text, document)
        let fields = try releasedFields(person)
        if kind == .correct, signing != nil, let old { try requireChange(fields, old) }
        let asksName = (old == nil || corrections.firstName != nil) && isLikeSurname(fields, person)
        if let signing {
            document.signature = try evidence(signing, of: discloser, asksName: asksName)
            document.signedOn = document.signature?.signedOn
            // What was signed on paper counts from the day on which it is recorded.
            if document.signedOn != snapshot.today { document.inForceSince = snapshot.today }
            if let paper = signing.paper { try check(paper, old) }
        }
        return SignatureWork(
            document: document, text: text, fields: fields, scan: signing?.scan, recipient: recipient,
            identity: corrections.isEmpty ? nil : person, asksName: asksName)
    }

    /// - Throws: `FieldProblem` where every value is the one that was released: signing it again would change nothing.
    private func requireChange(_ fields: ReleasedFields, _ old: ReleaseState) throws {
        let released = try snapshot.sealed(.contact(old.round), "contact/\(old.id)", as: StoredTexts.self)?.texts
        let now = Dictionary(uniqueKeysWithValues: fields.texts.map { ($0.key.rawValue, $0.value) })
        if released != now { return }
        throw FieldProblem(
            field: loaded.policy.release.fields.last?.rawValue ?? "fields",
            expected: "a value that differs: there is nothing to correct")
    }

    /// - Throws: `FieldProblem` where the name is like the surname and the signer has not said that it is theirs.
    private func evidence(_ signing: Signing, of signer: PersonID, asksName: Bool) throws -> SignatureEvidence {
        if asksName, !signing.isNameConfirmed {
            throw FieldProblem(
                field: "nameConfirmed",
                expected: "the signer's own word that this is the name to be known by: it is like the surname")
        }
        var evidence = SignatureEvidence(
            means: signing.means, meaning: SignatureEvidence.meaning, authenticatedBy: signing.authenticatedBy,
            scanDigest: signing.scan.map { Hex.format(SHA256.hash($0)) },
            signedOn: signing.paper?.signedOn ?? snapshot.today)
        evidence.isNameConfirmed = asksName
        evidence.provenance = try signing.means == .screen ? provenance(of: signer) : signing.provenance
        return evidence
    }

    /// The hands by which the signer came to sign in; nil for somebody who set it up alone.
    private func provenance(of signer: PersonID) throws -> SignatureEvidence.Provenance? {
        try snapshot.account(of: signer)?.issue.map { issue in
            .init(
                issuedBy: issue.hands, issuedOn: issue.on, confirmedBy: issue.confirmed?.by,
                confirmedOn: issue.confirmed?.on)
        }
    }

    /// A paper is of this form and no other: its day lies between the round's beginning, or the release that it
    /// replaces, and today; and the same bytes were filed for nobody before.
    private func check(_ paper: Paper, _ old: ReleaseState?) throws {
        let replaced = try old.flatMap { try snapshot.cases.document(of: $0)?.signedOn }
        let round = loaded.state.round
        let agreed = round?.slotUntil?.adding(days: -HeldPlace.days) ?? round?.waitingSince
        let checked = try paper.checked(
            earliest: old == nil ? agreed : replaced ?? old?.signedOn, today: snapshot.today)
        try FiledPapers(snapshot).requireNew(checked.scan)
    }

    private func isLikeSurname(_ fields: ReleasedFields, _ person: Identity) -> Bool {
        guard case .contact(let name, _) = fields else { return false }
        return name.isLikeSurname(person.surname, fullName: person.fullName)
    }

    /// The person with the values that they correct by signing.
    private func corrected(_ known: Identity, _ corrections: Corrections) throws -> Identity {
        let input = PersonInput(phones: snapshot.parts.phones, region: loaded.policy.region)
        var person = known
        if let firstName = corrections.firstName {
            person.firstName = try input.firstName(firstName, of: person.surname, person.fullName)
        }
        if let phone = corrections.phone {
            person.phone = try input.phone(phone, isConfirmed: corrections.isPhoneConfirmed)
        }
        if !corrections.profile.isEmpty {
            person.profile = (person.profile ?? [:]).merging(try input.profile(corrections.profile)) { $1 }
        }
        return person
    }

    /// The values of this person that the policy's releases carry, as it stands now.
    ///
    /// - Throws: `FieldProblem` naming a profile field that the person has not filled in.
    private func releasedFields(_ person: Identity) throws -> ReleasedFields {
        if loaded.policy.confidentiality == .clinical {
            return .contact(
                try FirstName(parsing: person.firstName, surname: person.surname, fullName: person.fullName),
                try PhoneNumber(e164: person.phone))
        }
        var fields: [ProfileField: ProfileText] = [:]
        for field in loaded.policy.release.fields.compactMap(\.profile) {
            guard let text = person.profile?[field.rawValue] else {
                throw FieldProblem(field: field.rawValue, expected: "this part of the profile, filled in")
            }
            fields[field] = try ProfileText(parsing: text, field: field.rawValue)
        }
        return .profile(fields)
    }
}
