internal import ReleaseWorkflow

/// Answers who may ask for what, from what one snapshot says of the caller. The operator may ask for everything: whose
/// act it is, the rules of the act decide.
struct Permit {
    private let caller: Caller
    private let snapshot: Snapshot

    init(_ caller: Caller, _ snapshot: Snapshot) {
        self.caller = caller
        self.snapshot = snapshot
    }

    var isOperator: Bool { caller == .operator }

    /// True if the caller acts in this role: what is the program's needs the second factor.
    func holds(_ role: Identity.Role) throws -> Bool {
        if isOperator { return true }
        guard case .person(let id, let assurance) = caller, !role.isStaff || assurance == .staff else { return false }
        let roles = try snapshot.people.identity(id)?.roles ?? []
        return roles.contains(role) || (role == .coordinator && isRollKept(by: roles))
    }

    /// True for an administrator where a program keeps no other staff: they keep its roll, and do for people what a
    /// coordinator does elsewhere. Of a case they see nothing.
    private func isRollKept(by roles: [Identity.Role]) -> Bool {
        snapshot.current.policy.administration == .`self` && roles.contains(.administrator)
    }

    /// True if the caller acts as this member of staff, who may close what somebody else takes part in: a coordinator
    /// or an administrator, whoever the person is assigned to.
    func closes(_ person: PersonID, as staff: PersonID) throws -> Bool {
        try isSelf(staff) && staff != person && (holds(.coordinator) || holds(.administrator))
    }

    /// True if the caller may confirm what others ask for, under the policy in force.
    func confirms() throws -> Bool { try confirms(under: snapshot.current.policy) }

    /// True for staff who are signed in as such, in whatever role.
    var holdsAnyOfStaff: Bool {
        get throws { try holds(.coordinator) || holds(.administrator) || holds(.auditor) }
    }

    func isSelf(_ person: PersonID) -> Bool { isOperator || caller.person == person }

    /// True if the caller is this person's coordinator, and not the person.
    func coordinates(_ person: PersonID) throws -> Bool {
        if isOperator { return true }
        guard let own = caller.person, own != person, try holds(.coordinator) else { return false }
        if try isRollKept(by: snapshot.people.identity(own)?.roles ?? []) {
            return try snapshot.people.identity(person)?.isStaff == false
        }
        return try snapshot.people.coordinator(of: person) == own
    }

    /// True if the caller may act as `actor`: for oneself on screen; as staff on screen; as agent of somebody else by
    /// paper or telephone.
    func acts(as actor: Actor) throws -> Bool {
        if isOperator { return true }
        guard let own = caller.person else { return false }
        switch (actor.principal, actor.channel) {
        case (.person(let person), .screen): return person == own && actor.agent == nil
        case (.staff(let staff), .screen): return try staff == own && actor.agent == nil && holds(.coordinator)
        case (.person, .paper), (.person, .phone): return try actor.agent == own && holds(.coordinator)
        case (.staff, _), (.clock, _), (.person, .clock): return false
        }
    }

    /// - Throws: `Refusal.notFound`: whoever may not ask is not told whether there is anything.
    func require(_ isPermitted: Bool) throws {
        guard isPermitted else { throw Refusal.notFound }
    }
}

extension Transaction {
    func permit(_ caller: Caller) -> Permit { Permit(caller, snapshot) }
}

extension Snapshot {
    func permit(_ caller: Caller) -> Permit { Permit(caller, self) }
}

/// A condition on who may read something.
struct Admission {
    let admits: (Permit) throws -> Bool

    /// The operator's hand alone.
    static var `operator`: Admission { Admission { $0.isOperator } }
    static func holding(_ role: Identity.Role) -> Admission { Admission { try $0.holds(role) } }
    static func oneself(_ person: PersonID) -> Admission { Admission { $0.isSelf(person) } }
    /// A person, and the coordinator of whoever the thing is about.
    static func oneself(_ person: PersonID, orCoordinatorOf other: PersonID) -> Admission {
        Admission { try $0.isSelf(person) || $0.coordinates(other) }
    }
    /// Somebody who may confirm what others ask for, under the policy in force.
    static func confirming(_ staff: PersonID) -> Admission {
        Admission { try $0.isSelf(staff) && $0.confirms() }
    }
    /// A coordinator, about their own work.
    static func coordinator(_ person: PersonID) -> Admission {
        Admission { try $0.isSelf(person) && $0.holds(.coordinator) }
    }
    /// A coordinator, about somebody who is theirs.
    static func coordinator(_ person: PersonID, of other: PersonID) -> Admission {
        Admission { try $0.isSelf(person) && $0.coordinates(other) }
    }
}
