internal import Cryptography
internal import ReleaseWorkflow

/// A person signs the agreements of a role that they have not signed in their present versions: a record each, and
/// readiness with them.
struct Acknowledge: Act {
    let actor: Actor
    let id: PersonID
    let role: Role
    /// The name that may stand on other people's forms.
    let name: String?
    /// The paper that was signed by hand; nil on screen.
    let paper: Paper?
    /// The hands by which a paper came in; nil while one member of staff alone has filed it.
    var provenance: SignatureEvidence.Provenance?

    /// - Parameter display: needed where a release names this person.
    init(_ actor: Actor, as role: Role, display: String?, paper: Paper?, under policy: Policy) throws {
        guard case .person(let id) = actor.principal else {
            throw FieldProblem(field: "by", expected: "the person who signs")
        }
        name = try display.map { try PersonInput.displayName($0) }
        if name == nil, !policy.isDirectory {
            throw FieldProblem(field: "display", expected: "a name of 1 to 60 characters on one line")
        }
        (self.actor, self.id, self.role, self.paper) = (actor, id, role, paper)
    }

    var text: String { "acknowledge \(role.rawValue) \(name ?? "")" }
    var formerScope: String { actor.text }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        try permit.require(permit.acts(as: actor))
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        guard var enrollment = try tx.people.enrollment(id, as: role) else { throw Refusal.notFound }
        try requireChannel(tx)
        if actor.channel == .screen { try tx.snapshot.requireConfirmed(id) }
        if let paper, provenance == nil, let staff = actor.agent, WaitingPapers(tx).wait {
            _ = try checked(paper, tx, earliest: enrollment.takenBackOn)
            return try WaitingPapers(tx).file(
                WaitingPaper(.agreements(role, display: name), signedOn: paper.signedOn), paper.bytes, of: id, by: staff
            )
        }
        let signedOn = try file(tx, earliest: enrollment.takenBackOn)
        let current = tx.snapshot.current
        let isNewName = name != nil && name != enrollment.display
        for agreement in current.policy.agreements(of: role) {
            let form = agreement.digest
            let isKnown = enrollment.agreements[agreement.id]?.form == form && enrollment.takenBackOn == nil
            if isKnown, !isNewName { continue }
            var draft = RecordDraft(
                [
                    "at": .string(tx.moment.date.description), "policy": .string(Hex.format(current.digest)),
                    "v": .integer(1),
                    "form": .string(form),
                ], derive: tx.derive, label: "acknowledgement/\(agreement.id)")
            draft.members["by"] = .object(try draft.actor(id, agent: actor.agent, channel: actor.channel))
            if let name { draft.members["display"] = try draft.commit("display", name) }
            let pointer = try tx.append(
                Record(origin: tx.parts.origin, type: .acknowledgement, json: .object(draft.members)))
            enrollment.agreements[agreement.id] = .init(
                form: form, on: signedOn, index: pointer.index, openings: draft.openings)
        }
        enrollment.display = name ?? enrollment.display
        (enrollment.isReady, enrollment.takenBackOn) = (true, nil)
        try tx.put(enrollment, as: role, of: id)
        return Done(person: id)
    }

    /// Files the sheet that was signed by hand.
    ///
    /// - Parameter earliest: the day on which what was signed before was taken back: an older sheet went with it.
    /// - Returns: the day of the signature.
    /// - Throws: `FieldProblem` for one on paper without its sheet.
    private func file(_ tx: Transaction, earliest: CivilDate?) throws -> CivilDate {
        guard actor.channel == .paper else { return tx.moment.date }
        guard let paper else { throw FieldProblem(field: "scan", expected: "the scan of the signed sheet") }
        let (scan, signedOn) = try checked(paper, tx, earliest: earliest)
        try tx.keep(
            scan.bytes, .identity(id), "agreements/\(role.rawValue)/\(Hex.format(SHA256.hash(scan.bytes).prefix(8)))")
        try tx.noteFiled(scan.bytes, of: id)
        return signedOn
    }

    private func checked(_ paper: Paper, _ tx: Transaction, earliest: CivilDate?) throws -> (Scan, CivilDate) {
        let (scan, signedOn) = try paper.checked(earliest: earliest, today: tx.moment.date)
        try FiledPapers(tx.snapshot).requireNew(scan)
        return (scan, signedOn)
    }

    /// On screen the person alone; on paper through their own coordinator.
    private func requireChannel(_ tx: Transaction) throws {
        let isAllowed =
            switch actor.channel {
            case .screen: actor.agent == nil
            case .paper:
                try actor.agent != nil && actor.agent != id && actor.agent == tx.people.coordinator(of: id)
            case .phone, .clock: false
            }
        guard isAllowed else {
            throw FieldProblem(
                field: "via",
                expected:
                    "screen by the person, or paper through the person's coordinator: nothing is signed by telephone")
        }
    }
}
