/// How confidential a program is; chooses the ceiling that no policy can raise.
public enum Confidentiality: String, CaseIterable, Hashable, Sendable {
    /// First name and telephone number to one named recipient; no directory, monitoring, reasons or free text.
    case clinical
}

/// A text people accept or are told, in one version. Its SHA-256 stands in the records.
public struct FormText: Hashable, Sendable {
    public let version: Int
    public let text: String
    public init(version: Int, text: String) {
        self.version = version
        self.text = text
    }
}

/// What a form states in the program's own words.
public struct ReleaseStatements: Hashable, Sendable {
    /// The right to take the release back, and how: 42 CFR §2.31(a)(6).
    public let revocation: String
    /// Possible redisclosure: 42 CFR §2.31(a)(10).
    public let redisclosure: String
    /// Whether anything depends on signing: 45 CFR 164.508(c)(2)(ii).
    public let conditions: String
    public init(revocation: String, redisclosure: String, conditions: String) {
        self.revocation = revocation
        self.redisclosure = redisclosure
        self.conditions = conditions
    }
}

/// One mentoring program, as its policy file declares it.
public struct Policy: Hashable, Sendable {
    public struct Release: Hashable, Sendable {
        public let fields: [PermittedField]
        /// Months until a release expires by date.
        public let termMonths: Int
        public let form: FormText
        /// Whether 42 CFR Part 2 elements are demanded; on unless a policy version says otherwise.
        public let isPart2: Bool
        public let statements: ReleaseStatements
        public init(
            fields: [PermittedField], termMonths: Int, form: FormText, isPart2: Bool, statements: ReleaseStatements
        ) {
            self.fields = fields
            self.termMonths = termMonths
            self.form = form
            self.isPart2 = isPart2
            self.statements = statements
        }
    }

    public struct Contact: Hashable, Sendable {
        /// Days for the first call, counted from the later of signature and match.
        public let withinDays: Int
        /// Days after which one who asked for a conversation is answered.
        public let answerAfterDays: Int
        public init(withinDays: Int, answerAfterDays: Int) {
            self.withinDays = withinDays
            self.answerAfterDays = answerAfterDays
        }
    }

    public let program: String
    public let version: Int
    public let effectiveFrom: CivilDate
    public let confidentiality: Confidentiality
    /// Who discloses, as the release names them (42 CFR §2.31(a)(2)).
    public let discloserName: String
    /// IANA name; only the clock port reads it.
    public let timeZone: String
    /// ISO 3166 region from which phone numbers are dialed.
    public let region: String
    public let release: Release
    public let contact: Contact
    public let eligibility: MentorRules
    public let acknowledgement: FormText
    /// What each notice says.
    public let notices: [Notice: String]
    public let texts: Texts
    public let assumptions: [String]
    public let workflows: [Workflow]

    /// What is shown with acts and cards.
    public struct Texts: Hashable, Sendable {
        public let mission: String
        public let voluntary: String
        public let callScript: String
        public let emergency: String
        public let rescission: String
        public init(mission: String, voluntary: String, callScript: String, emergency: String, rescission: String) {
            self.mission = mission
            self.voluntary = voluntary
            self.callScript = callScript
            self.emergency = emergency
            self.rescission = rescission
        }
    }

    public init(
        program: String, version: Int, effectiveFrom: CivilDate, confidentiality: Confidentiality,
        discloserName: String, timeZone: String, region: String, release: Release, contact: Contact,
        eligibility: MentorRules, acknowledgement: FormText, notices: [Notice: String], texts: Texts,
        assumptions: [String], workflows: [Workflow]
    ) {
        self.program = program
        self.version = version
        self.effectiveFrom = effectiveFrom
        self.confidentiality = confidentiality
        self.discloserName = discloserName
        self.timeZone = timeZone
        self.region = region
        self.release = release
        self.contact = contact
        self.eligibility = eligibility
        self.acknowledgement = acknowledgement
        self.notices = notices
        self.texts = texts
        self.assumptions = assumptions
        self.workflows = workflows
    }

    public func workflow(_ id: String) -> Workflow? { workflows.first { $0.id == id } }
}

/// A policy together with the SHA-256 of its canonical form, which every record but `key` carries.
public struct LoadedPolicy: Hashable, Sendable {
    public let policy: Policy
    /// 32 bytes.
    public let digest: [UInt8]
    public init(policy: Policy, digest: [UInt8]) {
        self.policy = policy
        self.digest = digest
    }
}
