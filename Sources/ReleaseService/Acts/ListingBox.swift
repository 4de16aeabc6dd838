internal import ReleaseWorkflow

/// The box of a directory: who has checked it is listed. Who clears it, pauses or has no place left is shown to nobody,
/// while the release lives; checking it again brings the entry back, without a signature (SGV-01, SGV-05).
struct ListingBox {
    private let tx: Transaction

    init(_ tx: Transaction) { self.tx = tx }

    /// Hides or shows what this person has listed. Nothing happens where nothing is listed, and where the box stands as
    /// it should.
    func set(_ isChecked: Bool, of person: PersonID) throws {
        for workflow in tx.snapshot.current.policy.workflows
        where workflow.audience != nil && workflow.opener == .mentor {
            let loaded = try tx.snapshot.cases.load(person, workflow: workflow.id)
            guard loaded.state.currentRelease(of: person)?.isLive == true,
                loaded.state.round?.hidden.contains(.box) == isChecked
            else { continue }
            let act = Submission(
                isChecked ? .showAgain : .hide, workflow: workflow.id, opener: person,
                actor: Actor(.person(person), channel: .screen), key: nil)
            _ = try SubmitAct(act).carryOut(tx, loaded)
        }
    }

    /// Signing a listing, hiding it or showing it again says how the box stands.
    func note(_ submission: Submission, of loaded: LoadedCase) throws {
        guard loaded.workflow.audience != nil, case .person(let person) = submission.actor.principal,
            person == loaded.opener, var enrollment = try tx.people.enrollment(person, as: .mentor)
        else { return }
        let isChecked = submission.kind != .hide
        if enrollment.isPaused != isChecked { return }
        enrollment.isPaused = !isChecked
        try tx.put(enrollment, as: .mentor, of: person)
    }
}
