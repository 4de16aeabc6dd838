/// An attestation given anew. What is nil stays as it was attested: whoever renews a certification says nothing of ten
/// years of experience.
public struct AttestationChange: Hashable, Sendable {
    /// All of them: what is not among them does not hold any more.
    public var attributes: Set<Condition>?
    private var days: [Day: CivilDate] = [:]
    /// The days that hold no more.
    public var cleared: Set<Day>
    public var fields: [String]?
    public var acceptedStages: Set<Stage>?
    /// The places of a mentor.
    public var capacity: Int?

    /// The days of an attestation, by the names of their fields.
    public enum Day: String, CaseIterable, Hashable, Sendable {
        case inRecoverySince, experiencedSince, licensedOn, inPracticeSince, certifiedUntil
    }

    public init() { cleared = [] }

    /// Everything at once: what is not in `attestation` does not hold.
    public init(whole attestation: Attestation, capacity: Int) {
        self.init()
        attributes = attestation.attributes
        for day in Day.allCases { self[day] = attestation[day] }
        cleared = Set(Day.allCases.filter { attestation[$0] == nil })
        (fields, acceptedStages, self.capacity) = (attestation.fields, attestation.acceptedStages, capacity)
    }

    public subscript(day: Day) -> CivilDate? {
        get { days[day] }
        set { days[day] = newValue }
    }

    /// The attestation with the change made.
    public func applied(to old: Attestation) -> Attestation {
        var attestation = old
        attestation.attributes = attributes ?? old.attributes
        for day in Day.allCases {
            if cleared.contains(day) { attestation[day] = nil }
            if let date = self[day] { attestation[day] = date }
        }
        attestation.fields = fields ?? old.fields
        attestation.acceptedStages = acceptedStages ?? old.acceptedStages
        return attestation
    }

    /// The differences in words: what held before, and what holds then.
    public func differences(from old: Attestation) -> [(what: String, before: String, after: String)] {
        let new = applied(to: old)
        var differences: [(String, String, String)] = []
        for condition in Condition.allCases where !condition.isOfPair {
            let (before, after) = (old.attributes.contains(condition), new.attributes.contains(condition))
            if before != after {
                differences.append((condition.plainWords, before ? "yes" : "no", after ? "yes" : "no"))
            }
        }
        for day in Day.allCases where old[day] != new[day] {
            differences.append((day.plainWords, old[day]?.description ?? "none", new[day]?.description ?? "none"))
        }
        func note(_ what: String, _ before: [String], _ after: [String]) {
            if before != after {
                differences.append(
                    (
                        what, before.isEmpty ? "none" : before.joined(separator: ", "),
                        after.isEmpty ? "none" : after.joined(separator: ", ")
                    ))
            }
        }
        note("fields", old.fields, new.fields)
        note(
            "stages accepted", Stage.allCases.filter(old.acceptedStages.contains).map(\.rawValue),
            Stage.allCases.filter(new.acceptedStages.contains).map(\.rawValue))
        return differences
    }
}

extension AttestationChange.Day {
    public var plainWords: String {
        switch self {
        case .inRecoverySince: "in daily recovery since"
        case .experiencedSince: "experienced since"
        case .licensedOn: "licensed on"
        case .inPracticeSince: "in practice since"
        case .certifiedUntil: "certified until"
        }
    }
}

extension Attestation {
    public subscript(day: AttestationChange.Day) -> CivilDate? {
        get {
            switch day {
            case .inRecoverySince: inRecoverySince
            case .experiencedSince: experiencedSince
            case .licensedOn: licensedOn
            case .inPracticeSince: inPracticeSince
            case .certifiedUntil: certifiedUntil
            }
        }
        set {
            switch day {
            case .inRecoverySince: inRecoverySince = newValue
            case .experiencedSince: experiencedSince = newValue
            case .licensedOn: licensedOn = newValue
            case .inPracticeSince: inPracticeSince = newValue
            case .certifiedUntil: certifiedUntil = newValue
            }
        }
    }
}

extension Policy {
    /// The conditions that may be attested of somebody in this role and count for anything here.
    public func countedConditions(as role: Role) -> Set<Condition> {
        var counted = eligibility.requirement(of: role).predicates
        if role == .mentor { counted.formUnion(eligibility.pair.predicates) }
        if role == .mentee, eligibility.predicates.contains(.stageAccepted) { counted.insert(.student) }
        let asksForMentor = workflows.contains { workflow in
            workflow.transitions.contains { $0.guards.contains(.counterpartHadMentor) }
        }
        if asksForMentor { counted.insert(.hadMentor) }
        return counted.filter { !$0.isOfPair && $0 != .certified && $0 != .underContract }
    }

    /// True if anything here asks whether somebody is under contract; where nothing does, nobody is asked.
    public var asksForContract: Bool {
        eligibility.predicates.contains(.underContract)
            || workflows.contains { workflow in
                workflow.transitions.contains {
                    $0.guards.contains(.underContract) || $0.guards.contains(.counterpartUnderContract)
                }
            }
    }

    /// The days that may be attested of somebody in this role and count for anything here.
    public func countedDays(as role: Role) -> Set<AttestationChange.Day> {
        let requirement = eligibility.requirement(of: role)
        var days: Set<AttestationChange.Day> = Set(requirement.timed.map(\.threshold.day))
        if requirement.predicates.contains(.certified) { days.insert(.certifiedUntil) }
        if role == .mentee, eligibility.predicates.contains(.stageAccepted) { days.insert(.inPracticeSince) }
        return days
    }
}

extension Threshold {
    /// The attested day from which it counts.
    var day: AttestationChange.Day {
        switch self {
        case .recoveryMonths: .inRecoverySince
        case .experienceMonths: .experiencedSince
        case .licensedWithinMonths: .licensedOn
        case .inPracticeUnderMonths: .inPracticeSince
        }
    }
}
