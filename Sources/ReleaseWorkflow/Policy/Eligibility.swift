/// Who may mentor whom. All predicates are pure; what they rest on is attested by a coordinator, never imported (MPHP-04).
public struct MentorRules: Hashable, Sendable {
    public enum Mode: String, CaseIterable, Hashable, Sendable { case any, all }

    /// Whether one criterion suffices or all three are needed.
    public let mode: Mode
    /// Months of daily recovery for criterion 1 (MPHP-05).
    public let recoveryMonths: Int
    /// Pairs of fields that count as similar, in both directions. A field is always similar to itself.
    public let similarFields: [[String]]

    public init(mode: Mode, recoveryMonths: Int, similarFields: [[String]]) {
        self.mode = mode
        self.recoveryMonths = recoveryMonths
        self.similarFields = similarFields
    }

    /// Whether two fields count as the same or similar. Unknown pairs do not.
    public func isSimilar(_ first: String, _ second: String) -> Bool {
        first == second || similarFields.contains { $0.contains(first) && $0.contains(second) }
    }
}

/// What a coordinator attests of a prospective mentor: yes and no, and one date. No compliance or attendance data (MPHP-04, MPHP-07).
public struct MentorAttestation: Hashable, Sendable, Codable {
    /// Entered or completed the program, with continuous and stable compliance (MPHP-04): one answer.
    public var isInStanding: Bool
    /// The day since which the person has been in daily recovery, if they gave it (MPHP-05).
    public var inRecoverySince: CivilDate?
    /// Regularly active in a recovery program with one-to-one interaction; which one does not matter (MPHP-07, MPHP-08).
    public var isActiveInRecovery: Bool
    /// Has guided others through early recovery (MPHP-09).
    public var hasGuidedOthers: Bool
    /// Fields the person works or has worked in (MPHP-10).
    public var fields: [String]
    /// Has worked professionally in addiction counseling or therapy (MPHP-12).
    public var isCounselor: Bool

    public init(
        isInStanding: Bool, inRecoverySince: CivilDate?, isActiveInRecovery: Bool, hasGuidedOthers: Bool,
        fields: [String], isCounselor: Bool
    ) {
        self.isInStanding = isInStanding
        self.inRecoverySince = inRecoverySince
        self.isActiveInRecovery = isActiveInRecovery
        self.hasGuidedOthers = hasGuidedOthers
        self.fields = fields
        self.isCounselor = isCounselor
    }

    /// Criterion 1: in standing, or in daily recovery for the months the rules ask (MPHP-04, MPHP-05, A-07).
    public func meetsTenure(_ rules: MentorRules, on date: CivilDate) -> Bool {
        isInStanding || inRecoverySince.map { $0.adding(months: rules.recoveryMonths) <= date } ?? false
    }

    /// Criterion 2: active and experienced (MPHP-07, MPHP-09).
    public var meetsActivity: Bool { isActiveInRecovery && hasGuidedOthers }

    /// Criterion 3, of the pair: same or similar field, or a counselor (MPHP-10 to MPHP-12).
    public func meetsField(_ rules: MentorRules, menteeField: String) -> Bool {
        isCounselor || fields.contains { rules.isSimilar($0, menteeField) }
    }

    /// Whether this mentor may be proposed to a mentee of this field. Readiness is a guard of its own (MPHP-13).
    public func isEligible(_ rules: MentorRules, menteeField: String, on date: CivilDate) -> Bool {
        let criteria = [meetsTenure(rules, on: date), meetsActivity, meetsField(rules, menteeField: menteeField)]
        switch rules.mode {
        case .any: return criteria.contains(true)
        case .all: return !criteria.contains(false)
        }
    }
}

/// Whether a mentor has a place left. Nobody tells the program when a relationship ends well, so mentors restore places themselves.
public func hasCapacity(limit: Int, held: Int) -> Bool { held < limit }
