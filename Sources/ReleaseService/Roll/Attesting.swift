internal import ReleaseWorkflow

extension Policy {
    /// The fields that cannot be attested of somebody in this role: what counts for nothing here is not collected.
    func problems(of change: AttestationChange, as role: Role) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        let counted = countedConditions(as: role)
        let list = Condition.allCases.filter(counted.contains).map(\.rawValue).joined(separator: ", ")
        for condition in Condition.allCases where change.attributes?.contains(condition) == true {
            if counted.contains(condition) { continue }
            let cure =
                condition == .certified
                ? "`certifiedUntil`, the last day of the certification"
                : condition == .underContract
                    ? "the contract on the person’s own page, not here"
                    : counted.isEmpty ? "nothing: no such condition counts here" : "one that counts here: \(list)"
            problems.append(FieldProblem(field: "attributes", expected: "\(cure); `\(condition.rawValue)` does not"))
            break
        }
        let days = countedDays(as: role)
        for day in AttestationChange.Day.allCases where change[day] != nil && !days.contains(day) {
            problems.append(FieldProblem(field: day.rawValue, expected: "nothing: it counts for nothing here"))
        }
        return problems
    }
}
