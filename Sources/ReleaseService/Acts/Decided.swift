internal import ReleaseWorkflow

extension LoadedCase {
    /// The decision on a command that nobody sent: the clock's, a code's, or one that follows from an act of staff. Nil
    /// where the policy has no row for it here, or a condition of it does not hold.
    func decided(
        _ command: Command, by actor: Actor, given facts: Facts, at moment: Moment, in other: State? = nil
    ) -> CaseWriter.Decision? {
        let state = other ?? state
        guard
            let authorized = try? authorize(
                command, by: actor, in: state, under: loaded, workflow: workflow, given: facts, at: moment),
            let events = try? decide(
                authorized, in: state, under: loaded, workflow: workflow, given: facts, at: moment)
        else { return nil }
        return CaseWriter.Decision(events: events, rule: authorized.rule, actor: actor, seenBy: authorized.seenBy)
    }

    /// The rule by which something is stored that no row of the policy decided: `program/workflow/word`.
    func rule(_ word: String) -> String { "\(policy.program)/\(workflow.id)/\(word)" }
}
