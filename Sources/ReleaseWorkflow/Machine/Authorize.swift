/// A command that the policy allows this actor in this state. Only `authorize` makes one.
public struct Authorized<Act: Sendable>: Sendable {
    public let command: Act
    public let actor: Actor
    /// The role in which the principal acts.
    public let role: Role
    /// The rule that decided: `program/workflow/command`.
    public let rule: String
    public let policyDigest: [UInt8]
    let transition: Transition
    /// The roles whose view shows that the act happened.
    public var seenBy: [Role] { transition.seenBy }

    fileprivate init(
        command: Act, actor: Actor, role: Role, rule: String, policyDigest: [UInt8], transition: Transition
    ) {
        self.command = command
        self.actor = actor
        self.role = role
        self.rule = rule
        self.policyDigest = policyDigest
        self.transition = transition
    }
}

/// Decides whether `actor` may do `command` now. Default is no.
///
/// Rights are the principal's. A person's act by phone or paper needs the assigned coordinator as agent, and no agent
/// elsewhere; every act of staff, as principal or agent, needs `assigned` and `dutiesSeparate`, whatever the policy
/// says.
///
/// - Throws: the first of these refusals: ``Refusal/illegalTransition(state:command:)``,
///   ``Refusal/wrongPrincipal(_:)``, ``Refusal/wrongChannel(_:_:)``, ``Refusal/wrongAgent(_:_:)``; then, for an act
///   that staff do or type in, ``Refusal/notFound`` unless they are assigned and ``Refusal/conditionFailed(_:)`` with
///   `dutiesSeparate` if they are a party of the case.
/// - Complexity: O(transitions of this command in this state).
public func authorize(
    _ command: Command, by actor: Actor, in state: State, under loaded: LoadedPolicy, workflow: Workflow,
    given facts: Facts, at moment: Moment
) throws(Refusal) -> Authorized<Command> {
    let kind = command.kind
    let candidates = workflow.transitions(on: kind, from: state.position)
    guard !candidates.isEmpty else {
        throw .illegalTransition(state: workflow.name(of: state.position), command: kind)
    }
    var isPrincipal = false
    for transition in candidates where holds(transition.role, actor.principal, in: state, of: workflow) {
        isPrincipal = true
        guard transition.channels.contains(actor.channel) else { continue }
        try checkAgent(of: actor, kind: kind)
        if transition.role.isStaff || actor.agent != nil {
            guard facts[.assigned] else { throw .notFound }
            guard facts[.dutiesSeparate] else { throw .conditionFailed(.dutiesSeparate) }
        }
        return Authorized(
            command: command, actor: actor, role: transition.role,
            rule: "\(loaded.policy.program)/\(workflow.id)/\(kind.rawValue)", policyDigest: loaded.digest,
            transition: transition)
    }
    if isPrincipal { throw .wrongChannel(kind, actor.channel) }
    throw .wrongPrincipal(kind)
}

private func checkAgent(of actor: Actor, kind: CommandKind) throws(Refusal) {
    switch (actor.principal, actor.channel) {
    case (.person, .phone), (.person, .paper):
        if actor.agent == nil { throw .wrongAgent(kind, actor.channel) }
    case (.person, .screen), (.person, .clock), (.staff, _), (.clock, _):
        if actor.agent != nil { throw .wrongAgent(kind, actor.channel) }
    }
}

/// True if `principal` has `role` in this case.
private func holds(_ role: Role, _ principal: Principal, in state: State, of workflow: Workflow) -> Bool {
    switch principal {
    case .clock: return role == .clock
    case .staff: return role.isStaff
    case .person(let person):
        if role == workflow.opener { return person == state.opener }
        if role == workflow.counterpart { return person == state.round?.counterpart }
        return false
    }
}
