internal import Cryptography
internal import ReleaseWorkflow

/// Enrolls somebody in a role on an attestation: a coordinator's, or, where the program runs itself, the operator's or
/// an administrator's, from a roll. It changes what it names and nothing else.
///
/// A condition that must keep holding is looked at at once: a listing or a pairing whose ground is gone ends with
/// this act.
struct Enroll: Act {
    let id: PersonID
    let role: Role
    let change: AttestationChange
    let staff: PersonID?

    /// - Throws: `FieldProblem` for a role or a number of places that cannot be.
    init(_ id: PersonID, as role: Role, _ change: AttestationChange, by staff: PersonID?) throws {
        try SetAvailability.check(capacity: change.capacity)
        guard role == .mentor || role == .mentee else {
            throw FieldProblem(field: "role", expected: "mentor or mentee")
        }
        (self.id, self.role, self.change, self.staff) = (id, role, change, staff)
    }

    var text: String {
        let named = StoredCodec.text(change.applied(to: Attestation()))
        let cleared = change.cleared.map { " -\($0.rawValue)" }.sorted().joined()
        return "enroll \(id) \(role.rawValue) \(named) \(change.capacity ?? 1)\(cleared)"
    }
    var formerScope: String { staff.map { "staff \($0)" } ?? "operator" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        let isSelf = tx.snapshot.current.policy.administration == .`self`
        let isRoll = try isSelf && staff == nil && permit.coordinates(id)
        try permit.require(permit.isOperator || isRoll || (staff == caller.person && permit.coordinates(id)))
    }

    /// - Throws: `FieldProblem` for what counts for nothing under this policy.
    func carryOut(_ tx: Transaction) throws -> Done {
        var identity = try tx.people.require(id)
        let current = tx.snapshot.current
        if let problem = current.policy.problems(of: change, as: role).first { throw problem }
        if let staff {
            guard current.policy.administration != .`self`, try tx.people.isCoordinator(staff) else {
                throw Refusal.notFound
            }
            // Nobody attests for themselves (DER-18).
            guard staff != id else { throw Refusal.conditionFailed(.dutiesSeparate) }
        } else if current.policy.administration != .`self` {
            throw FieldProblem(field: "by", expected: "the coordinator who attests")
        }
        let old = try tx.people.enrollment(id, as: role)
        try tx.put(
            Enrollment(
                attestation: change.applied(to: old?.attestation ?? Attestation()), attestedBy: staff,
                attestedOn: tx.moment.date,
                policy: Hex.format(current.digest),
                isReady: old?.isReady ?? false, isPaused: old?.isPaused ?? false,
                capacity: change.capacity ?? old?.capacity ?? 1,
                display: old?.display,
                agreements: old?.agreements ?? [:], answers: old?.answers, takenBackOn: old?.takenBackOn,
                warnedOf: old?.warnedOf), as: role, of: id)
        let own: Identity.Role = role == .mentor ? .mentor : .participant
        if !identity.roles.contains(own) {
            identity.roles.append(own)
            try tx.put(identity, of: id)
            try Parties(tx).keepAll(of: id)
        }
        if role == .mentor, try tx.dropApplication(of: id) { try tx.tellOfAnswer(id) }
        try clearBox(tx)
        try DueTransitions(tx).settleStanding(of: id)
        return Done(person: id)
    }

    /// Somebody who leaves a directory's readers and comes back checks the box again: nobody looks for a mentor because
    /// they did so a year ago (SGV-27).
    private func clearBox(_ tx: Transaction) throws {
        let policy = tx.snapshot.current.policy
        guard policy.isDirectory, role == .mentee, var enrollment = try tx.people.enrollment(id, as: role),
            enrollment.isReady,
            try !policy.eligibility.mentee.isMet(
                by: tx.people.attestation(of: id, as: role), on: tx.moment.date)
        else { return }
        enrollment.isReady = false
        try tx.put(enrollment, as: role, of: id)
    }
}
