internal import Cryptography
internal import ReleaseWorkflow

/// Enrolls somebody in a role on an attestation: a coordinator's, or, where the program runs itself, the operator's
/// from a roll.
///
/// A condition that must keep holding is looked at at once: a listing or a pairing whose ground is gone ends with
/// this act.
struct Enroll: Act {
    let id: PersonID
    let role: Role
    let attestation: Attestation
    let capacity: Int
    let staff: PersonID?

    init(_ id: PersonID, as role: Role, _ attestation: Attestation, capacity: Int, by staff: PersonID?) throws {
        try SetAvailability.check(capacity: capacity)
        guard role == .mentor || role == .mentee else {
            throw FieldProblem(field: "role", expected: "mentor or mentee")
        }
        (self.id, self.role, self.attestation, self.capacity, self.staff) = (id, role, attestation, capacity, staff)
    }

    var text: String { "enroll \(id) \(role.rawValue) \(StoredCodec.text(attestation)) \(capacity)" }
    var formerScope: String { staff.map { "staff \($0)" } ?? "operator" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        try permit.require(permit.isOperator || (staff == caller.person && permit.coordinates(id)))
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        var identity = try tx.people.require(id)
        let current = tx.snapshot.current
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
                attestation: attestation, attestedBy: staff, attestedOn: tx.moment.date,
                policy: Hex.format(current.digest),
                isReady: old?.isReady ?? false, isPaused: old?.isPaused ?? false, capacity: capacity,
                display: old?.display,
                agreements: old?.agreements ?? [:], answers: old?.answers), as: role, of: id)
        let own: Identity.Role = role == .mentor ? .mentor : .participant
        if !identity.roles.contains(own) {
            identity.roles.append(own)
            try tx.put(identity, of: id)
            try Parties(tx).keepAll(of: id)
        }
        try DueTransitions(tx).settleStanding(of: id)
        return Done(person: id)
    }
}
