internal import Cryptography
internal import Foundation
public import ReleaseWorkflow
internal import TransparencyLog

/// What a signature covers, worked out before anybody may sign.
struct SignatureWork {
    var document: ReleaseDocument
    /// The exact text the signer saw.
    var text: String
    var fields: ReleasedFields
    var scan: [UInt8]?
    var recipient: Recipient
    /// Corrected values to keep with the person.
    var identity: Identity?
}

/// The release exactly as it will be signed.
public struct ReleaseText: Sendable {
    public let text: String
    /// SHA-256 of the text in hexadecimal; printed on paper forms.
    public let digest: String
    /// What will cross, for the signer's own eyes; not part of the text.
    public let values: [(field: PermittedField, text: String)]
}

extension Custodian {
    /// The release that this person is asked to sign now, for the screen or for printing.
    ///
    /// - Throws: `Refusal.notFound` if nothing is offered to them.
    public func releaseText(
        of opener: PersonID, workflow: String, for signer: PersonID, kind: CommandKind = .sign
    ) throws -> ReleaseText {
        try parts.store.read { tx in
            let context = try context(of: opener, workflow: workflow, tx)
            let old = kind == .sign ? nil : context.state.currentRelease(of: signer)
            guard isDiscloser(signer, of: context), kind == .sign || old != nil,
                !context.workflow.transitions(on: kind, from: context.state.position).isEmpty
            else { throw Refusal.notFound }
            let work = try signatureWork(
                context, by: signer, signing: nil, replacing: old, kind: kind, firstName: nil, phone: nil, profile: nil,
                at: moment(),
                tx)
            let texts = work.fields.texts
            return ReleaseText(
                text: work.text, digest: Hex.format(SHA256.hash(Array(work.text.utf8))),
                values: context.loaded.policy.release.fields.map { ($0, texts[$0] ?? "") })
        }
    }

    /// Whether it is this person's part to sign in this case.
    private func isDiscloser(_ person: PersonID, of context: CaseContext) -> Bool {
        let counterpart = context.state.round?.counterpart
        if context.workflow.counterpart != nil, counterpart == nil { return false }
        if context.workflow.isMutual { return person == context.opener || person == counterpart }
        return person == (context.workflow.discloser == context.workflow.opener ? context.opener : counterpart)
    }

    func prepareSignature(_ command: CaseCommand, _ context: CaseContext, _ step: Step) throws -> SignatureWork? {
        // Who may sign at all is `authorize`'s to say, so a stranger learns nothing from what would be missing.
        guard case .person(let signer) = command.actor.principal, isDiscloser(signer, of: context) else { return nil }
        let old = command.kind == .sign ? nil : context.state.currentRelease(of: signer)
        if command.kind != .sign, old == nil { return nil }
        let work = try signatureWork(
            context, by: signer, signing: command.signing, replacing: old, kind: command.kind, firstName: command.firstName,
            phone: command.phone, profile: command.profile, at: step.moment, step.tx)
        if let signing = command.signing, signing.formDigest != Hex.format(SHA256.hash(Array(work.text.utf8))) {
            throw FieldProblem(field: "digest", expected: "the digest of the form that is offered now")
        }
        return work
    }

    private func signatureWork(
        _ context: CaseContext, by discloser: PersonID, signing: CaseCommand.Signing?, replacing old: ReleaseState?,
        kind: CommandKind, firstName: String?, phone: String?, profile: [ProfileField: String]?, at moment: Moment,
        _ tx: any StoreTransaction
    ) throws -> SignatureWork {
        let policy = context.loaded.policy
        let isOpener = discloser == context.opener
        guard var person = try identity(discloser, tx) else { throw Refusal.notFound }
        var changed = false
        if let firstName {
            person.firstName = try FirstName(parsing: firstName.precomposedStringWithCanonicalMapping, surname: person.surname).text
            changed = true
        }
        if let phone {
            person.phone = try parts.phones.parse(phone, region: policy.region).e164
            changed = true
        }
        if let profile, !profile.isEmpty {
            person.profile = (person.profile ?? [:]).merging(try parse(profile)) { $1 }
            changed = true
        }
        var document = ReleaseDocument()
        document.personName = person.fullName
        document.discloser = policy.discloserName
        document.fields = policy.release.fields
        let recipient: Recipient
        switch context.workflow.recipient {
        case .audience(let audience):
            recipient = .audience(audience)
            document.recipientName = audience.plainWords
        case .role:
            guard let other = isOpener ? context.state.round?.counterpart : context.opener else { throw Refusal.notFound }
            recipient = .person(other)
            let role = isOpener ? context.workflow.counterpart : context.workflow.opener
            document.recipientName = try role.flatMap { try enrollment(other, as: $0, tx)?.display } ?? context.draftContent.display
            if !isOpener, document.recipientName == nil, let old {
                document.recipientName = try storedDocument(old, tx)?.recipientName
            }
        }
        document.purpose = context.workflow.purpose
        document.revocation = policy.release.statements.revocation
        document.redisclosure = policy.release.statements.redisclosure
        document.conditions = policy.release.statements.conditions
        let longer = kind == .extend ? policy.duration.extensionMonths ?? 0 : 0
        document.expiresOn = old?.expiresOn.adding(months: longer) ?? moment.date.adding(months: policy.release.termMonths)
        document.termMonths = old == nil ? policy.release.termMonths : nil
        document.expiresAtEnd = true
        let text = ReleaseForm.render(policy.release.form.text, document)
        if let signing {
            document.signature = SignatureEvidence(
                means: signing.means, meaning: SignatureEvidence.meaning, authenticatedBy: signing.authenticatedBy,
                scanDigest: signing.scan.map { Hex.format(SHA256.hash($0)) }, signedOn: moment.date)
            document.signedOn = moment.date
        }
        return SignatureWork(
            document: document, text: text, fields: try releasedFields(policy, person), scan: signing?.scan, recipient: recipient,
            identity: changed ? person : nil)
    }

    /// What of this person the policy's releases carry, as it stands now.
    ///
    /// - Throws: `FieldProblem` naming a profile field that the person has not filled in.
    private func releasedFields(_ policy: Policy, _ person: Identity) throws -> ReleasedFields {
        if policy.confidentiality == .clinical {
            return .contact(
                try FirstName(parsing: person.firstName, surname: person.surname), try PhoneNumber(e164: person.phone))
        }
        var fields: [ProfileField: ProfileText] = [:]
        for field in policy.release.fields.compactMap(\.profile) {
            guard let text = person.profile?[field.rawValue] else {
                throw FieldProblem(field: field.rawValue, expected: "this part of the profile, filled in")
            }
            fields[field] = try ProfileText(parsing: text, field: field.rawValue)
        }
        return .profile(fields)
    }

    func storedDocument(_ release: ReleaseState, _ tx: any StoreTransaction) throws -> ReleaseDocument? {
        let vault = try requireVault()
        let scope = Vault.Scope.evidence(release.round)
        let field = "document/\(release.id)"
        guard let bytes = try vault.open(tx.sealed(vault.keyID(scope), field), scope, field) else { return nil }
        return try JSONDecoder().decode(ReleaseDocument.self, from: Data(bytes))
    }
}
