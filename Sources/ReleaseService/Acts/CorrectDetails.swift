internal import Foundation
internal import ReleaseWorkflow

/// Values of a person that are put right; what is nil stays as it is.
public struct Details: Sendable {
    public var fullName: String?
    public var surname: String?
    public var firstName: String?
    /// As typed; parsed for the policy's region.
    public var phone: String?
    /// True if a number whose area code is not known was read back.
    public var isPhoneConfirmed = false
    /// The field the person works in.
    public var field: String?
    /// A role that they have besides; none is taken away here.
    public var role: Identity.Role?

    public init(
        fullName: String? = nil, surname: String? = nil, firstName: String? = nil, phone: String? = nil,
        isPhoneConfirmed: Bool = false, field: String? = nil, role: Identity.Role? = nil
    ) {
        (self.fullName, self.surname, self.firstName, self.phone) = (fullName, surname, firstName, phone)
        (self.isPhoneConfirmed, self.field, self.role) = (isPhoneConfirmed, field, role)
    }

    public var isEmpty: Bool {
        [fullName, surname, firstName, phone, field].allSatisfy { $0 == nil } && role == nil
    }
}

/// Puts right what the program knows of a person: by the person, by their coordinator, of staff by an administrator.
///
/// It changes whom the office dials and what the next form shows. No card and no signed text changes with it: what was
/// released stays as it was signed, until the person signs a corrected release. Whoever changes a name or a number for
/// somebody else could have a card go astray with it: the old number and address are told, and signing on screen waits
/// for another person's confirmation, as it does for every change of how a person is known.
struct CorrectDetails: Act {
    let id: PersonID
    let details: Details
    /// The person who corrects it; nil for the operator alone.
    let staff: PersonID?

    var text: String {
        let values = [
            details.fullName, details.surname, details.firstName, details.phone, details.field, details.role?.rawValue,
        ]
        return "details \(id) \(values.map { $0 ?? "" }.joined(separator: "|")) \(details.isPhoneConfirmed)"
    }
    var formerScope: String { staff.map { "staff \($0)" } ?? "operator" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        let isStaff = try tx.people.identity(id)?.isStaff == true
        // What somebody works as, and that they take part in another role, is for others to enter.
        let isOwn = permit.isSelf(id) && details.role == nil
        try permit.require(
            permit.isOperator || isOwn || permit.coordinates(id) || (isStaff && permit.holds(.administrator)))
    }

    /// - Throws: `FieldProblem` for a value that cannot be used, and where every value is what is known already.
    func carryOut(_ tx: Transaction) throws -> Done {
        // Whoever was let in by one of the staff alone vouches for no number.
        if staff == id { try tx.snapshot.requireConfirmed(id) }
        let known = try tx.people.require(id)
        var identity = try corrected(
            known, PersonInput(phones: tx.parts.phones, region: tx.snapshot.current.policy.region))
        guard identity != known else {
            throw FieldProblem(field: "phone", expected: "a value that differs: there is nothing to correct")
        }
        if identity.phone != known.phone { identity.numberEntered = .init(by: staff, on: tx.moment.date) }
        try tx.put(identity, of: id)
        if identity.roles != known.roles { try Parties(tx).keepAll(of: id) }
        if staff != id { try tell(of: known, now: identity, by: staff, tx) }
        return Done(person: id)
    }

    private func corrected(_ known: Identity, _ input: PersonInput) throws -> Identity {
        var person = known
        if let name = details.fullName { person.fullName = try input.text(name, "name", 120) }
        if let name = details.surname {
            person.surname = name.singleSpaced.isEmpty ? "" : try input.text(name, "surname", 60)
        }
        if details.fullName != nil || details.surname != nil || details.firstName != nil {
            person.firstName = try input.firstName(
                details.firstName ?? person.firstName, of: person.surname, person.fullName)
        }
        if let phone = details.phone { person.phone = try input.phone(phone, isConfirmed: details.isPhoneConfirmed) }
        if let field = details.field { person.field = try input.text(field, "field", 60) }
        if let role = details.role {
            guard !role.isStaff, !person.roles.contains(.auditor) else {
                throw FieldProblem(field: "roles", expected: "participant or mentor, of somebody who does not audit")
            }
            if !person.roles.contains(role) { person.roles.append(role) }
        }
        return person
    }

    /// The person is told where they were reached before, and nothing is signed on screen until that had time to be
    /// heard.
    private func tell(of known: Identity, now: Identity, by staff: PersonID?, _ tx: Transaction) throws {
        let isNumber = now.phone != known.phone
        guard isNumber || now.fullName != known.fullName || now.firstName != known.firstName else { return }
        if var account = try tx.account(of: id) {
            if let staff {
                account.issue(by: staff, at: tx.moment, wasIn: account.isInUse)
                try tx.put(account, of: id)
                try tx.noteSignIn(.detailsChanged, of: id)
            }
            try tx.tell(id, at: account.address, id: tx.derive.bytes("details/mail", count: 16))
        }
        if isNumber {
            try tx.leave(
                Message(to: id, access: .numberChanged(former: known.phone, by: staff), on: tx.moment.date),
                id: tx.derive.bytes("details/number", count: 16))
        }
    }
}
