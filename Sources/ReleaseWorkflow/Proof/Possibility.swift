/// Tells of a condition that the service answers whether it can come true, and can fail, under a policy at all. A row
/// whose condition never comes true never fires, and a condition that never fails protects nothing, whatever the table
/// says.
struct Possibility {
    let policy: Policy
    let workflow: Workflow

    private var parties: [Role] { workflow.parties }

    private func predicates(of role: Role) -> Set<Condition> {
        policy.eligibility.requirement(of: role).predicates
    }

    /// True unless nothing that the policy says could ever make it so.
    func canHold(_ condition: Guard) -> Bool {
        if condition == .standingLost || condition == .standingRegained {
            return parties.contains { policy.eligibility.asksContinuously($0) }
        }
        guard condition == .secondSought else { return true }
        return policy.workflows.contains { other in
            other.id != workflow.id && other.opener == workflow.opener
                && other.transitions.contains { $0.effects.contains(.noteSecond) }
        }
    }

    /// True unless it holds whatever anybody does.
    func canFail(_ condition: Guard) -> Bool {
        let eligibility = policy.eligibility
        if condition == .openerEligible { return eligibility.requirement(of: workflow.opener) != .nothing }
        if condition == .agreementsCurrent { return !policy.agreements(of: workflow.opener).isEmpty }
        if condition == .pairEligible { return eligibility.mentor != .nothing || eligibility.pair != .nothing }
        if condition == .mustsMet { return workflow.transitions.contains { $0.command == .completeSurvey } }
        guard condition == .attestedLately else { return true }
        return parties.contains { !predicates(of: $0).isDisjoint(with: eligibility.attestedWithin.keys) }
    }
}
