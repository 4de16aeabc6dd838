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
    var recipient: PersonID
    /// Corrected values to keep with the person.
    var identity: Identity?
}

/// The release exactly as it will be signed.
public struct ReleaseText: Sendable {
    public let text: String
    /// SHA-256 of the text in hexadecimal; printed on paper forms.
    public let digest: String
    /// What will cross, for the signer's own eyes; not part of the text.
    public let firstName: String
    public let phone: String
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
            let old = kind == .correct ? context.state.currentRelease : nil
            guard discloser(of: context) == signer, context.state.round?.counterpart != nil, kind == .sign || old != nil,
                !context.workflow.transitions(on: kind, from: context.state.position).isEmpty
            else { throw Refusal.notFound }
            let work = try signatureWork(
                context, signing: nil, correcting: old, firstName: nil, phone: nil, at: moment(), tx)
            return ReleaseText(
                text: work.text, digest: Hex.format(SHA256.hash(Array(work.text.utf8))), firstName: work.fields.firstName.text,
                phone: work.fields.phone.e164)
        }
    }

    private func discloser(of context: CaseContext) -> PersonID? {
        context.workflow.discloser == context.workflow.opener ? context.opener : context.state.round?.counterpart
    }

    func prepareSignature(_ command: CaseCommand, _ context: CaseContext, _ step: Step) throws -> SignatureWork? {
        // Who may sign at all is `authorize`'s to say, so a stranger learns nothing from what would be missing.
        guard let discloser = discloser(of: context), command.actor.principal == .person(discloser),
            context.state.round?.counterpart != nil
        else { return nil }
        let old = command.kind == .correct ? context.state.currentRelease : nil
        if command.kind == .correct, old == nil { return nil }
        let work = try signatureWork(
            context, signing: command.signing, correcting: old, firstName: command.firstName, phone: command.phone,
            at: step.moment, step.tx)
        if let signing = command.signing, signing.formDigest != Hex.format(SHA256.hash(Array(work.text.utf8))) {
            throw FieldProblem(field: "digest", expected: "the digest of the form that is offered now")
        }
        return work
    }

    private func signatureWork(
        _ context: CaseContext, signing: CaseCommand.Signing?, correcting old: ReleaseState?, firstName: String?,
        phone: String?, at moment: Moment, _ tx: any StoreTransaction
    ) throws -> SignatureWork {
        let policy = context.loaded.policy
        let isOpener = context.workflow.discloser == context.workflow.opener
        guard let counterpart = context.state.round?.counterpart else { throw Refusal.notFound }
        let (discloser, recipient) = isOpener ? (context.opener, counterpart) : (counterpart, context.opener)
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
        var document = ReleaseDocument()
        document.personName = person.fullName
        document.discloser = policy.discloserName
        document.fields = policy.release.fields
        document.recipientName = isOpener ? try enrollment(recipient, tx)?.display : context.draftContent.display
        if !isOpener, document.recipientName == nil, let old { document.recipientName = try storedDocument(old, tx)?.recipientName }
        document.purpose = context.workflow.purpose
        document.revocation = policy.release.statements.revocation
        document.redisclosure = policy.release.statements.redisclosure
        document.conditions = policy.release.statements.conditions
        document.expiresOn = old?.expiresOn ?? moment.date.adding(months: policy.release.termMonths)
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
            document: document, text: text,
            fields: ReleasedFields(
                firstName: try FirstName(parsing: person.firstName, surname: person.surname),
                phone: try PhoneNumber(e164: person.phone)),
            scan: signing?.scan, recipient: recipient, identity: changed ? person : nil)
    }

    func storedDocument(_ release: ReleaseState, _ tx: any StoreTransaction) throws -> ReleaseDocument? {
        let vault = try requireVault()
        let scope = Vault.Scope.evidence(release.round)
        let field = "document/\(release.id)"
        guard let bytes = try vault.open(tx.sealed(vault.keyID(scope), field), scope, field) else { return nil }
        return try JSONDecoder().decode(ReleaseDocument.self, from: Data(bytes))
    }
}
