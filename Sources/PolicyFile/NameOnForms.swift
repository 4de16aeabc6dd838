internal import ReleaseWorkflow

/// The permission that whoever is named on other people's forms gives with an agreement, in place of `{nameOnForms}`:
/// a form that is put before somebody tells them of the one who is named on it.
///
/// - Source: 42 CFR 2.31(a): who gives, what, to whom, for what, until when, and how it is taken back; the rest of that
///   list (name, signature, day) stands in the record of whoever signs.
struct NameOnForms {
    static let placeholder = "{nameOnForms}"

    let discloser: String
    let hasStaff: Bool

    func text(for roles: [Role]) -> String {
        let readers =
            Set(roles).count > 1
            ? "who may be brought together with me"
            : roles.first == .mentor ? "to whom I am proposed as a mentor" : "who are proposed to me as mentors"
        let staff = hasStaff ? ", or by telling a coordinator in writing or by telephone" : ""
        return
            "I permit \(discloser) to write the name that I give here, and nothing else about me, on the forms of people "
            + "\(readers), so that they know for whom they sign. It goes to nobody else outside the program. This permission "
            + "ends when I take it back or take part no more. I may take it back at any time, without a reason, on my page\(staff): "
            + "then my name comes off every form that is not signed yet. What was read before cannot be untold."
    }
}
