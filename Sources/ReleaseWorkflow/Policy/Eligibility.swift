/// A condition that a policy may ask of a person or of a pair. Closed: there is nothing to compute with.
public enum Condition: String, CaseIterable, Hashable, Sendable, Codable {
    // Attested of one person.
    /// Entered or completed the program, with continuous and stable compliance: one answer, no data (MPHP-04).
    case inStanding
    /// Regularly active in a recovery program with one-to-one interaction; which one does not matter (MPHP-07,
    /// MPHP-08).
    case activeInRecovery
    /// Has guided others through early recovery (MPHP-09).
    case guidedOthers
    /// Has worked professionally in addiction counseling or therapy (MPHP-12).
    case addictionCounselor
    case underContract, member, goodStanding, licensed, preLicensed, student, experienced, trained
    /// Has or had a mentor in the program, before this service kept their cases too (MPHP-31).
    case hadMentor
    /// Holds a certification whose last day has not passed.
    case certified
    // Of the two together.
    case sameOrSimilarField, stageAccepted, supervisorialRelationship, personalRelationship, sameEmployer

    /// True if it is about the two rather than about one.
    public var isOfPair: Bool {
        switch self {
        case .sameOrSimilarField, .stageAccepted, .supervisorialRelationship, .personalRelationship, .sameEmployer: true
        case .inStanding, .activeInRecovery, .guidedOthers, .addictionCounselor, .underContract, .member, .goodStanding,
            .licensed, .preLicensed, .student, .experienced, .trained, .hadMentor, .certified:
            false
        }
    }

    public var plainWords: String {
        switch self {
        case .inStanding: "entered or completed the program, in stable compliance"
        case .activeInRecovery: "regularly active in a recovery program with one-to-one contact"
        case .guidedOthers: "has guided others through early recovery"
        case .addictionCounselor: "has worked in addiction counseling or therapy"
        case .underContract: "is under a monitoring contract"
        case .member: "is a member"
        case .goodStanding: "is in good standing"
        case .licensed: "is licensed"
        case .preLicensed: "is not licensed yet"
        case .student: "is a student of the field"
        case .experienced: "is an experienced clinician"
        case .trained: "has completed the program's training"
        case .hadMentor: "has or had a mentor in the program"
        case .certified: "holds a certification that is in force"
        case .sameOrSimilarField: "works in the same or a similar field as the mentee"
        case .stageAccepted: "accepts mentees of this stage"
        case .supervisorialRelationship: "one supervises or has supervised the other"
        case .personalRelationship: "the two have a personal relationship"
        case .sameEmployer: "the two have the same employer"
        }
    }
}

/// A predicate with a number of months, counted by the calendar from an attested day.
public enum Threshold: String, CaseIterable, Hashable, Sendable, Codable {
    /// At least so long in daily recovery (MPHP-05).
    case recoveryMonths
    /// At least so long in the treatment of substance use disorders (ICB-16).
    case experienceMonths
    /// Licensed for no longer than that, the last day included (SGV-26).
    case licensedWithinMonths
    /// In practice for less than that: 24 are the first and second year (MSC-02).
    case inPracticeUnderMonths

    func plainWords(_ months: Int) -> String {
        let time = months % 12 == 0 ? "\(months / 12) year\(months == 12 ? "" : "s")" : "\(months) months"
        switch self {
        case .recoveryMonths: return "in daily recovery for at least \(time)"
        case .experienceMonths: return "at least \(time) of experience in the treatment of substance use disorders"
        case .licensedWithinMonths: return "licensed within the last \(time)"
        case .inPracticeUnderMonths: return "in clinical practice for less than \(time)"
        }
    }
}

/// The conditions that have to hold, as a tree of `all`, `any` and `none`.
public indirect enum Requirement: Hashable, Sendable {
    case all([Requirement])
    case any([Requirement])
    case none([Requirement])
    case holds(Condition)
    case months(Threshold, Int)

    /// Nothing is asked.
    public static let nothing = Requirement.all([])

    /// True if it holds, given what is known of one person, or of a mentor together with a mentee.
    ///
    /// - Complexity: O(size of the tree). Total: what is not attested does not hold.
    public func isMet(by person: Attestation, pair: Set<Condition> = [], on date: CivilDate) -> Bool {
        switch self {
        case .all(let parts): parts.allSatisfy { $0.isMet(by: person, pair: pair, on: date) }
        case .any(let parts): parts.contains { $0.isMet(by: person, pair: pair, on: date) }
        case .none(let parts): !parts.contains { $0.isMet(by: person, pair: pair, on: date) }
        case .holds(let predicate): predicate.isOfPair ? pair.contains(predicate) : person.holds(predicate, on: date)
        case .months(let threshold, let months): person.meets(threshold, months, on: date)
        }
    }

    /// True if some person, with some mentee, could meet it: every predicate and threshold is tried both ways.
    ///
    /// - Complexity: O(2^atoms); a tree of more than 16 atoms is taken to be satisfiable.
    public var isSatisfiable: Bool {
        let atoms = Array(self.atoms)
        guard atoms.count <= 16 else { return true }
        return (0..<(1 << atoms.count)).contains { bits in
            isMet { atom in atoms.firstIndex(of: atom).map { bits & (1 << $0) != 0 } ?? false }
        }
    }

    /// Every threshold in it, with its months.
    var timed: [(threshold: Threshold, months: Int)] {
        atoms.compactMap { if case .months(let threshold, let months) = $0 { (threshold, months) } else { nil } }
    }

    private var atoms: Set<Requirement> {
        switch self {
        case .all(let parts), .any(let parts), .none(let parts): parts.reduce(into: []) { $0.formUnion($1.atoms) }
        case .holds, .months: [self]
        }
    }

    private func isMet(_ truth: (Requirement) -> Bool) -> Bool {
        switch self {
        case .all(let parts): parts.allSatisfy { $0.isMet(truth) }
        case .any(let parts): parts.contains { $0.isMet(truth) }
        case .none(let parts): !parts.contains { $0.isMet(truth) }
        case .holds, .months: truth(self)
        }
    }

    /// Every predicate in it.
    public var predicates: Set<Condition> {
        switch self {
        case .all(let parts), .any(let parts), .none(let parts): parts.reduce(into: []) { $0.formUnion($1.predicates) }
        case .holds(let predicate): [predicate]
        case .months: []
        }
    }

    public var plainWords: String {
        func list(_ parts: [Requirement], _ word: String) -> String {
            parts.map { part in
                switch part {
                case .all(let inner) where inner.count > 1, .any(let inner) where inner.count > 1:
                    "(\(part.plainWords))"
                default: part.plainWords
                }
            }.joined(separator: " \(word) ")
        }
        switch self {
        case .all(let parts): return parts.isEmpty ? "nothing is asked" : list(parts, "and")
        case .any(let parts): return list(parts, "or")
        case .none(let parts): return parts.isEmpty ? "nothing is excluded" : "never if " + list(parts, "or")
        case .holds(let predicate): return predicate.plainWords
        case .months(let threshold, let months): return threshold.plainWords(months)
        }
    }
}

/// The stage of somebody who begins in a field (MSC-02).
public enum Stage: String, CaseIterable, Hashable, Sendable, Codable { case student, firstYear, secondYear }

/// The attestation of a person: yes and no, dates, fields. No compliance, attendance or other data behind it (MPHP-04,
/// MPHP-07).
public struct Attestation: Hashable, Sendable, Codable {
    public var attributes: Set<Condition>
    public var inRecoverySince: CivilDate?
    public var experiencedSince: CivilDate?
    public var licensedOn: CivilDate?
    public var inPracticeSince: CivilDate?
    /// The last day of the certification.
    public var certifiedUntil: CivilDate?
    /// Fields the person works or has worked in (MPHP-10).
    public var fields: [String]
    /// The stages a mentor is willing to mentor.
    public var acceptedStages: Set<Stage>

    public init(
        attributes: Set<Condition> = [], inRecoverySince: CivilDate? = nil, experiencedSince: CivilDate? = nil,
        licensedOn: CivilDate? = nil, inPracticeSince: CivilDate? = nil, certifiedUntil: CivilDate? = nil,
        fields: [String] = [],
        acceptedStages: Set<Stage> = []
    ) {
        self.attributes = attributes
        self.inRecoverySince = inRecoverySince
        self.experiencedSince = experiencedSince
        self.licensedOn = licensedOn
        self.inPracticeSince = inPracticeSince
        self.certifiedUntil = certifiedUntil
        self.fields = fields
        self.acceptedStages = acceptedStages
    }

    private enum CodingKeys: CodingKey {
        case attributes, inRecoverySince, experiencedSince, licensedOn, inPracticeSince, certifiedUntil, fields,
            acceptedStages
    }

    /// Sets in the order of their words: the same attestation is the same bytes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(attributes.map(\.rawValue).sorted(), forKey: .attributes)
        try container.encodeIfPresent(inRecoverySince, forKey: .inRecoverySince)
        try container.encodeIfPresent(experiencedSince, forKey: .experiencedSince)
        try container.encodeIfPresent(licensedOn, forKey: .licensedOn)
        try container.encodeIfPresent(inPracticeSince, forKey: .inPracticeSince)
        try container.encodeIfPresent(certifiedUntil, forKey: .certifiedUntil)
        try container.encode(fields, forKey: .fields)
        try container.encode(acceptedStages.map(\.rawValue).sorted(), forKey: .acceptedStages)
    }

    func holds(_ predicate: Condition, on date: CivilDate) -> Bool {
        predicate == .certified ? certifiedUntil.map { date <= $0 } ?? false : attributes.contains(predicate)
    }

    func meets(_ threshold: Threshold, _ months: Int, on date: CivilDate) -> Bool {
        switch threshold {
        case .recoveryMonths: inRecoverySince.map { $0.adding(months: months) <= date } ?? false
        case .experienceMonths: experiencedSince.map { $0.adding(months: months) <= date } ?? false
        case .licensedWithinMonths: licensedOn.map { $0 <= date && date <= $0.adding(months: months) } ?? false
        case .inPracticeUnderMonths: inPracticeSince.map { $0 <= date && date < $0.adding(months: months) } ?? false
        }
    }

    /// The person's stage on this day; nil for a person who is past the second year or has not begun.
    public func stage(on date: CivilDate) -> Stage? {
        if attributes.contains(.student) { return .student }
        guard let since = inPracticeSince, since <= date else { return nil }
        if date < since.adding(months: 12) { return .firstYear }
        return date < since.adding(months: 24) ? .secondYear : nil
    }
}

/// The conditions that have to keep holding.
public enum Continuous: Hashable, Sendable {
    /// Everything that the role is asked. A listing asks this unless its policy says why not.
    case all
    /// These alone, and the reason why not all, where the policy gives one.
    case of(Set<Condition>, reason: String?)

    public static let nothing = Continuous.of([], reason: nil)

    public var isNothing: Bool { if case .of(let conditions, _) = self { conditions.isEmpty } else { false } }

    func covers(_ condition: Condition) -> Bool {
        switch self {
        case .all: true
        case .of(let conditions, _): conditions.contains(condition)
        }
    }

    public var plainWords: String {
        switch self {
        case .all: "everything that is asked"
        case .of(let conditions, let reason):
            Condition.allCases.filter(conditions.contains).map(\.plainWords).joined(separator: ", ")
                + (reason.map { " (not all: \($0))" } ?? "")
        }
    }
}

/// The rules on who may take part, and with whom. All of it is pure; what it rests on is attested, never imported.
public struct Eligibility: Hashable, Sendable {
    public let mentee: Requirement
    public let mentor: Requirement
    public let pair: Requirement
    /// Groups of fields that count as similar, in both directions (A-09). A field is always similar to itself.
    public let similarFields: [[String]]
    /// The conditions that must keep holding while a case is open; losing one ends the case or hides the listing.
    public let continuous: Continuous
    /// How many months an attestation of each of these counts for, by the calendar; what is not named does not age.
    public let attestedWithin: [Condition: Int]

    public init(
        mentee: Requirement, mentor: Requirement, pair: Requirement, similarFields: [[String]],
        continuous: Continuous, attestedWithin: [Condition: Int] = [:]
    ) {
        self.mentee = mentee
        self.mentor = mentor
        self.pair = pair
        self.similarFields = similarFields
        self.continuous = continuous
        self.attestedWithin = attestedWithin
    }

    /// True if nothing that this role's conditions rest on, and that was attested of the person, is older than it may
    /// be.
    ///
    /// - Parameter days: the days on which conditions were attested; one without a day counts as fresh.
    public func isFresh(
        _ person: Attestation, as role: Role, attestedOn days: [Condition: CivilDate], on date: CivilDate
    )
        -> Bool
    {
        let conditions = requirement(of: role).predicates.intersection(attestedWithin.keys)
        return conditions.allSatisfy { condition in
            guard person.attributes.contains(condition), let months = attestedWithin[condition],
                let day = days[condition]
            else { return true }
            return date <= day.adding(months: months)
        }
    }

    /// True if two fields count as the same or similar. Unknown pairs do not.
    public func isSimilar(_ first: String, _ second: String) -> Bool {
        first == second || similarFields.contains { $0.contains(first) && $0.contains(second) }
    }

    /// Every condition that any of the rules names.
    public var predicates: Set<Condition> {
        mentee.predicates.union(mentor.predicates).union(pair.predicates)
    }

    public func requirement(of role: Role) -> Requirement { role == .mentor ? mentor : mentee }

    /// The facts that hold of these two together; `relations` is what they or the program declared between them.
    public func facts(mentor: Attestation, mentee: Attestation, relations: Set<Condition> = [], on date: CivilDate)
        -> Set<
            Condition
        >
    {
        var facts = relations
        if mentee.fields.contains(where: { field in mentor.fields.contains { isSimilar($0, field) } }) {
            facts.insert(.sameOrSimilarField)
        }
        if let stage = mentee.stage(on: date), mentor.acceptedStages.contains(stage) { facts.insert(.stageAccepted) }
        return facts
    }

    /// True if this mentor may be proposed to this mentee. Readiness and places are guards of their own (MPHP-13).
    public func mayPair(
        mentor: Attestation, mentee: Attestation, relations: Set<Condition> = [], on date: CivilDate
    ) -> Bool {
        let facts = facts(mentor: mentor, mentee: mentee, relations: relations, on: date)
        return self.mentor.isMet(by: mentor, pair: facts, on: date) && pair.isMet(by: mentor, pair: facts, on: date)
    }

    /// True if something that the policy asks of this role, and wants to keep holding, does not hold any more.
    public func isLost(_ person: Attestation, as role: Role, on date: CivilDate) -> Bool {
        switch continuous {
        case .all: !requirement(of: role).isMet(by: person, pair: requirement(of: role).predicates, on: date)
        case .of(let conditions, _):
            requirement(of: role).predicates.intersection(conditions).contains {
                !$0.isOfPair && !person.holds($0, on: date)
            }
        }
    }

    /// The last days after which something attested of this person counts no more: of a certification, and of the times
    /// that run out.
    public func lastDays(of person: Attestation, as role: Role) -> [CivilDate] {
        let requirement = requirement(of: role)
        var days: [CivilDate?] = []
        if continuous.covers(.certified) { days.append(person.certifiedUntil) }
        if case .all = continuous {
            for atom in requirement.timed {
                switch atom.threshold {
                case .licensedWithinMonths: days.append(person.licensedOn?.adding(months: atom.months))
                case .inPracticeUnderMonths:
                    days.append(person.inPracticeSince?.adding(months: atom.months).adding(days: -1))
                case .recoveryMonths, .experienceMonths: break
                }
            }
        }
        return days.compactMap(\.self)
    }

    /// True if something that this role is asked has to keep holding.
    public func asksContinuously(_ role: Role) -> Bool {
        let asked = requirement(of: role)
        return switch continuous {
        case .all: asked != .nothing
        case .of(let conditions, _): !asked.predicates.isDisjoint(with: conditions)
        }
    }
}

/// True if a mentor has a place left. Nobody tells the program when a relationship ends well, so mentors restore places
/// themselves.
public func hasCapacity(limit: Int, held: Int) -> Bool { held < limit }
