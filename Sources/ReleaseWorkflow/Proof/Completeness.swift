/// The statements that a program of this kind must make before it can begin, besides what makes its file readable.
///
/// The six characteristics of a formal program (objectives, selection, matching, training, frequency, goals: WEB-24)
/// are keys that the reader demands; what is checked here is whether what they say fits together.
public func completenessFindings(_ policy: Policy) -> [String] {
    var findings: [String] = []
    func demand(_ holds: Bool, _ finding: String) { if !holds { findings.append(finding) } }
    let workflows = policy.workflows
    let commands = Set(workflows.flatMap(\.transitions).map(\.command))
    let guards = Set(workflows.flatMap(\.transitions).flatMap(\.guards))
    let effects = Set(workflows.flatMap(\.transitions).flatMap(\.effects))
    demand(
        workflows.allSatisfy { workflow in workflow.transitions.contains { $0.command == .rescind } },
        "`rescind` is missing from a workflow: whoever signs a release can take it back (42 CFR 2.31(a)(6))")
    demand(
        !policy.release.statements.revocationBy.isEmpty,
        "`release.form.revocationBy` is missing: by which channels a release is taken back must be said, and proved")
    demand(
        workflows.allSatisfy { workflow in
            workflow.transitions.contains { $0.command == .expire && $0.guards.contains(.releaseExpired) }
        }, "`expire` is missing from a workflow: a release ends on its last day (42 CFR 2.31(a)(7))")
    demand(
        workflows.allSatisfy { workflow in
            workflow.transitions.filter { $0.command == .sign || $0.command.goesOn }
                .allSatisfy { $0.guards.contains(.releaseComplete) }
        }, "a signature without the guard `releaseComplete`: an incomplete consent could be signed (42 CFR 2.31)")
    findings += policy.continuityFindings(commands) + policy.namingFindings
    demand(
        policy.confidentiality != .clinical || !policy.texts.privacy.isEmpty,
        "`texts.privacy` is missing: people are told how what they give is protected (42 CFR 2.22)")
    demand(
        policy.duration.months == nil || commands.contains(.finish) && effects.contains(.startTerm),
        "`duration.months` sets a term that no workflow begins with `startTerm` and ends with `finish`")
    demand(
        policy.duration.months == nil || commands.contains(.remindEnd),
        "a term ends without `remindEnd`: an end that is not announced hurts more (WEB-07)")
    demand(
        policy.duration.extensionLimit == nil || commands.contains(.extend),
        "`duration.extension` is set and no workflow has `extend`")
    demand(
        policy.termination.noticeDays == 0 || effects.contains(.startNotice) && commands.contains(.finish),
        "`termination.noticeDays` is set and no workflow has a notice that begins and ends")
    demand(
        !policy.agreements.contains { $0.roles.contains(.mentor) } || guards.contains(.acknowledgementCurrent)
            || guards.contains(.agreementsCurrent), "mentors sign agreements that no workflow asks for")
    demand(
        !policy.agreements.contains { $0.roles.contains(.mentee) } || guards.contains(.agreementsCurrent)
            || policy.isDirectory,
        "mentees sign agreements that no workflow asks for")
    for workflow in workflows {
        let missing = workflow.demandedPairing(under: policy).filter { !workflow.pairing.contains($0) }
        let words = missing.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        demand(missing.isEmpty, "`workflows.\(workflow.id).pairing` does not name \(words): what a match rests on")
    }
    demand(
        policy.eligibility.pair == .nothing || guards.contains(.pairEligible) || policy.isDirectory,
        "`eligibility.pair` is set and no workflow asks `pairEligible`")
    demand(
        policy.isDirectory || policy.matching.weights.values.contains { $0 > 0 },
        "`matching.weights` says nothing: every mentor would be as good as every other")
    demand(
        policy.contact.answerAfterDays > 0 || policy.assumptions.contains { $0.contains("answerAfterDays") },
        "`contact.answerAfterDays` is 0, and no assumption says so: a no that comes at once tells that it is one")
    demand(!policy.assumptions.isEmpty, "`assumptions` is empty: no source says everything")
    return findings
}

extension Policy {
    /// The roles whose name stands on other people's forms without their permission.
    fileprivate var namingFindings: [String] {
        [Role.mentor, .mentee].filter { role in
            let own = agreements(of: role)
            return !isDirectory && !own.isEmpty && !own.contains(where: \.permitsName)
        }.map {
            "`agreements` has no `{nameOnForms}` for \($0.rawValue)s: their name stands on other people’s forms, and that takes their permission (42 CFR 2.31)"
        }
    }

    /// The missing parts of what has to keep holding.
    fileprivate func continuityFindings(_ commands: Set<CommandKind>) -> [String] {
        var findings: [String] = []
        if !eligibility.continuous.isNothing, !commands.contains(.lapse), !commands.contains(.hide) {
            findings.append(
                "`eligibility.continuous` asks that something keeps holding, and no workflow has `lapse` or `hide`")
        }
        if listsOnLess {
            findings.append(
                "`eligibility.continuous` is neither `all` nor `{of: …, because: …}`: a listing rests on all that is asked of whoever is listed"
            )
        }
        return findings
    }

    /// True if somebody stays listed while something that is asked of them is missing, and the policy does not say why.
    fileprivate var listsOnLess: Bool {
        guard case .of(_, nil) = eligibility.continuous else { return false }
        return workflows.contains { $0.audience != nil }
    }
}
