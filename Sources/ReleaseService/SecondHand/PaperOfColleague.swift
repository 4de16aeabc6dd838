public import ReleaseWorkflow

/// A paper before whoever may confirm that it was signed by the one whose name it bears.
public struct PaperToConfirm: Sendable {
    public let act: PendingAct
    public let name: String
    /// E.164.
    public let phone: String
    public let numberEntered: Identity.Attested?
    /// True if the number was entered by nobody who filed the paper, nor by the reader.
    public let isNumberTrusted: Bool
    /// The full name of the one who filed it.
    public let filedBy: String
    public let signedOn: CivilDate?
    /// The name that may stand on other people's forms, as it was typed from the paper; nil where none is given by it.
    public let display: String?
    /// The texts that were signed, as they are offered now; empty where nothing is offered to this person any more.
    public let texts: [String]
    /// The values that cross by it, for comparing with the paper.
    public let values: [(field: PermittedField, text: String)]
    public let kind: Scan.Kind
}

/// Records papers that a second person has looked at.
struct RecordPaper {
    private let tx: Transaction

    init(_ tx: Transaction) { self.tx = tx }

    /// Records what a paper signs, in the hand of the one who filed it.
    ///
    /// - Throws: `FieldProblem` for a number that says nothing; whatever refuses what was signed now.
    func carryOut(_ act: PendingAct, reached: Issue.Reached?, by staff: PersonID) throws -> Done {
        let identity = try tx.people.require(act.person)
        guard let reached else {
            throw FieldProblem(field: "reached", expected: "how the signer was reached: face, number or elsewhere")
        }
        guard reached != .number || identity.isNumberTrusted(besides: [act.by, staff]) else { throw Issue.untrusted }
        guard
            let paper = try tx.snapshot.sealed(.identity(act.person), WaitingPapers.field(act), as: WaitingPaper.self),
            let scan = try tx.snapshot.sealed(.identity(act.person), WaitingPapers.scanField(act))
        else { throw Refusal.notFound }
        let provenance = SignatureEvidence.Provenance(
            issuedBy: [act.by], issuedOn: act.on, confirmedBy: staff, confirmedOn: tx.moment.date)
        let (actor, sheet) = (
            Actor(.person(act.person), agent: act.by, channel: .paper), Paper(bytes: scan, signedOn: paper.signedOn)
        )
        let done: Done
        switch paper.meaning {
        case .signature(let kind, let opener, let workflow):
            var submission = Submission(kind, workflow: workflow, opener: opener, actor: actor)
            submission.corrections = paper.corrections
            submission.signing = Signing(
                means: .paper, authenticatedBy: "coordinatorTookForm", paper: sheet, formDigest: paper.formDigest,
                isNameConfirmed: paper.isNameConfirmed, provenance: provenance)
            done = try SubmitAct(submission).carryOut(tx)
        case .agreements(let role, let display):
            var acknowledge = try Acknowledge(
                actor, as: role, display: display, paper: sheet, under: tx.snapshot.current.policy)
            acknowledge.provenance = provenance
            done = try acknowledge.carryOut(tx)
        }
        try WaitingPapers(tx).drop(act)
        return done
    }
}

/// Shows a paper to whoever may confirm it.
struct PapersToConfirm {
    private let snapshot: Snapshot

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    /// - Throws: `Refusal.notFound` for what does not wait, and for whoever filed it.
    func paper(_ id: String, for reader: PersonID) throws -> PaperToConfirm {
        let (act, paper, scan) = try found(id, for: reader)
        let identity = try snapshot.people.require(act.person)
        let (texts, values) = try offered(paper, act.person, identity)
        return PaperToConfirm(
            act: act, name: identity.fullName, phone: identity.phone, numberEntered: identity.numberEntered,
            isNumberTrusted: identity.isNumberTrusted(besides: [act.by, reader]),
            filedBy: try snapshot.people.identity(act.by)?.fullName ?? "", signedOn: paper.signedOn,
            display: paper.display, texts: texts,
            values: values, kind: scan.kind)
    }

    func scan(_ id: String, for reader: PersonID) throws -> Scan { try found(id, for: reader).scan }

    private func found(_ id: String, for reader: PersonID) throws -> (act: PendingAct, paper: WaitingPaper, scan: Scan)
    {
        guard let act = try snapshot.pendingActs.first(where: { $0.id == id && $0.kind == .paper }),
            act.by != reader, act.person != reader, try !act.isAbout(reader, snapshot),
            let paper = try snapshot.sealed(
                .identity(act.person), WaitingPapers.field(act), as: WaitingPaper.self),
            let scan = try snapshot.sealed(.identity(act.person), WaitingPapers.scanField(act))
        else { throw Refusal.notFound }
        return (act, paper, try Scan(parsing: scan))
    }

    /// The texts of the form, and the values that cross by it.
    private func offered(_ paper: WaitingPaper, _ signer: PersonID, _ identity: Identity) throws -> (
        [String], [(field: PermittedField, text: String)]
    ) {
        switch paper.meaning {
        case .agreements(let role, _):
            return (snapshot.current.policy.agreements(of: role).map(\.fullText), [])
        case .signature(let kind, let opener, let workflow):
            // Of a workflow that the policy in force has no more the paper can still be looked at, and refused.
            guard let whole = try? snapshot.cases.load(opener, workflow: workflow),
                let text = try? ReleaseTexts(snapshot, of: whole.meant(by: signer, signing: kind))
                    .offered(to: signer, kind: kind)
            else { return ([], []) }
            let corrected = paper.corrections
            return (
                [text.text],
                text.values.map { field, known in
                    let typed =
                        field.profile.flatMap { corrected.profile[$0] }
                        ?? (field == .firstName ? corrected.firstName : field == .phone ? corrected.phone : nil)
                    return (field, typed ?? known)
                }
            )
        }
    }
}
