internal import Foundation
internal import ReleaseService
internal import ReleaseWorkflow

/// The form of an attestation: for the coordinator who attests, and for the person who asks and states the same of
/// themselves. What counts for nothing in this program is not asked.
struct AttestationForm {
    let role: Role
    let policy: Policy
    let words: Words

    /// The criteria of this role in words.
    var rules: String { policy.eligibility.requirement(of: role).plainWords }

    func fields(_ attestation: Attestation, capacity: Int) -> [FieldView] {
        let conditions = Condition.allCases.filter(policy.countedConditions(as: role).contains)
        let days = AttestationChange.Day.allCases.filter(policy.countedDays(as: role).contains)
        var fields: [FieldView] = [.hidden("as", role.rawValue)]
        if !conditions.isEmpty {
            fields.append(
                .checks(
                    "attributes", words("attest.attributes"), conditions.map { ($0.rawValue, $0.plainWords) },
                    chosen: Set(attestation.attributes.map(\.rawValue))))
        }
        fields += days.map {
            .text(
                $0.rawValue, words("attest.\($0.rawValue)"), value: attestation[$0]?.description ?? "",
                hint: words("attest.dayHint"), limit: 10, isRequired: false)
        }
        fields.append(
            .text(
                "fields", words("attest.fields"), value: attestation.fields.joined(separator: ", "),
                hint: words("attest.fieldsHint"), limit: 200, isRequired: false))
        if role == .mentor, policy.eligibility.predicates.contains(.stageAccepted) {
            fields.append(
                .checks(
                    "acceptedStages", words("attest.stages"),
                    Stage.allCases.map { ($0.rawValue, words("stage.\($0.rawValue)")) },
                    chosen: Set(attestation.acceptedStages.map(\.rawValue))))
        }
        if role == .mentor, !policy.isDirectory {
            fields.append(
                .select(
                    "capacity", words("availability.capacity"), (0...20).map { ("\($0)", "\($0)") },
                    chosen: "\(capacity)"))
        }
        return fields
    }

    /// The entries of the form: a statement that is not among them does not hold.
    ///
    /// - Throws: `FieldProblem` for a day that is none and for what is not on a list.
    static func entered(_ form: FormBody) throws -> (attestation: Attestation, capacity: Int) {
        var attestation = Attestation(
            attributes: try choices("attributes", of: Condition.self, form).filter { !$0.isOfPair },
            fields: form.text("fields").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter {
                !$0.isEmpty
            },
            acceptedStages: try choices("acceptedStages", of: Stage.self, form))
        for day in AttestationChange.Day.allCases {
            let text = form.text(day.rawValue)
            if text.isEmpty { continue }
            guard let date = CivilDate(parsing: text) else {
                throw FieldProblem(field: day.rawValue, expected: "a day like 2019-06-30")
            }
            attestation[day] = date
        }
        return (attestation, Int(form.text("capacity")) ?? 1)
    }

    private static func choices<T: RawRepresentable & Hashable>(
        _ name: String, of type: T.Type, _ form: FormBody
    ) throws -> Set<T> where T.RawValue == String {
        Set(
            try form.texts(name).map { text in
                guard let value = T(rawValue: text) else {
                    throw FieldProblem(field: name, expected: "choices of the list")
                }
                return value
            })
    }

    /// The facts that somebody states or attests.
    func facts(_ attestation: Attestation) -> [(String, String)] {
        AttestationChange(whole: attestation, capacity: 1).differences(from: Attestation()).map { ($0.what, $0.after) }
    }
}
