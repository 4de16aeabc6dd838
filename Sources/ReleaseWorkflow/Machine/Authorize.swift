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
/// Rights are the principal's. A person's act by phone or paper needs a coordinator as agent, and no agent elsewhere;
/// every act of staff, as principal or agent, needs `assigned` and `dutiesSeparate`, whatever the policy says. A
/// rescission, an end and a request to be called are taken down by any coordinator who is no party of the case.
/// A release of a round that is over can be taken back in every state, whatever the policy's rows.
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
    let row = try row(for: command, by: actor, in: state, of: workflow, loaded.policy)
    try checkAgent(of: actor, kind: kind, given: facts)
    return Authorized(
        command: command, actor: actor, role: row.role,
        rule: "\(loaded.policy.program)/\(workflow.id)/\(kind.rawValue)", policyDigest: loaded.digest, transition: row)
}

/// The row by which this principal may give this command by this channel.
private func row(
    for command: Command, by actor: Actor, in state: State, of workflow: Workflow, _ policy: Policy
) throws(Refusal) -> Transition {
    let kind = command.kind
    if let row = rowOfEarlierRound(command, by: actor, in: state, of: workflow, policy) {
        guard row.channels.contains(actor.channel) else { throw .wrongChannel(kind, actor.channel) }
        return row
    }
    let candidates = workflow.transitions(on: kind, from: state.position)
    if kind.isPrivate, candidates.isEmpty, let flow = workflow.privateFlow {
        return try privateRow(for: kind, by: actor, in: state, of: workflow, flow)
    }
    guard !candidates.isEmpty else {
        throw .illegalTransition(state: workflow.name(of: state.position), command: kind)
    }
    let own = candidates.filter { holds($0.role, actor.principal, in: state, of: workflow) }
    if let row = own.first(where: { $0.channels.contains(actor.channel) }) { return row }
    throw own.isEmpty ? .wrongPrincipal(kind) : .wrongChannel(kind, actor.channel)
}

/// The row of the pair's own flow. It moves nothing that anybody else could see.
private func privateRow(
    for kind: CommandKind, by actor: Actor, in state: State, of workflow: Workflow, _ flow: PrivateFlow
) throws(Refusal) -> Transition {
    let kinds = state.privately.notes.map(\.kind)
    let place = flow.during.contains(state.position) ? flow.name(of: flow.position(after: kinds)) : nil
    let illegal = Refusal.illegalTransition(state: place ?? workflow.name(of: state.position), command: kind)
    guard place != nil else { throw illegal }
    guard let role = workflow.parties.first(where: { holds($0, actor.principal, in: state, of: workflow) }) else {
        throw .wrongPrincipal(kind)
    }
    guard actor.channel == .screen else { throw .wrongChannel(kind, actor.channel) }
    if kind != .undoNote, flow.row(on: kind, by: role, after: kinds) == nil {
        throw flow.rows.contains { $0.command == kind && $0.role == role } ? illegal : .wrongPrincipal(kind)
    }
    return Transition(
        command: kind, role: role, channels: [.screen], origins: [], destination: .same,
        effects: [kind == .undoNote ? .undoPrivately : .notePrivately])
}

private func checkAgent(of actor: Actor, kind: CommandKind, given facts: Facts) throws(Refusal) {
    let isStaffs: Bool
    switch (actor.principal, actor.channel) {
    case (.person, .phone), (.person, .paper):
        if actor.agent == nil { throw .wrongAgent(kind, actor.channel) }
        isStaffs = false
    case (.person, .screen), (.person, .clock), (.staff, _), (.clock, _):
        if actor.agent != nil { throw .wrongAgent(kind, actor.channel) }
        isStaffs = if case .staff = actor.principal { true } else { false }
    }
    guard isStaffs || actor.agent != nil else { return }
    // Whoever answers the telephone takes down what closes, and that somebody asks to be called.
    guard facts[.assigned] || !isStaffs && kind.isTakenDownByAnybody else { throw .notFound }
    guard facts[.dutiesSeparate] else { throw .conditionFailed(.dutiesSeparate) }
}

/// The row by which a person takes back what they released in a round that is over: from every state, by every channel
/// by which this workflow lets a release be taken back, without moving the case or touching a draft. Nil where the
/// policy's own rows decide: for the round that is signed, and for every other command.
private func rowOfEarlierRound(
    _ command: Command, by actor: Actor, in state: State, of workflow: Workflow, _ policy: Policy
) -> Transition? {
    guard case .rescind(let named) = command, case .person(let person) = actor.principal else { return nil }
    let targets = state.takenBack(by: person, naming: named)
    guard !targets.isEmpty, !targets.contains(where: { $0.round == state.currentRelease?.round }) else { return nil }
    let role = person == state.opener ? workflow.opener : workflow.counterpart ?? workflow.opener
    return Transition(
        command: .rescind, role: role, channels: workflow.rescissionChannels(under: policy), origins: [],
        destination: .same,
        effects: [.closeCard, .rescindRelease],
        seenBy: policy.administration == .self ? [role] : [role, .coordinator])
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
