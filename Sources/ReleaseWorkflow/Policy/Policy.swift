/// The confidentiality of a program; chooses the ceiling that no policy can raise.
public enum Confidentiality: String, CaseIterable, Hashable, Sendable {
    /// First name and telephone number to one named recipient; no directory, monitoring, reasons or free text.
    case clinical
    /// Profile fields, to a named person or a class of readers; every role has conditions of eligibility; aggregates at
    /// most.
    case professional
    /// As professional, and open to everybody (WEB-52).
    case open
}

/// The body that runs a program.
public enum Administration: String, CaseIterable, Hashable, Sendable {
    /// Clinical coordinators, each for the people assigned to them.
    case coordinator
    /// Staff of the program.
    case program
    /// Nobody: the people themselves, by what they click. No workflow then has a row for staff.
    case `self`
}

/// A text that people in a role sign: an agreement, an ethics code, a disclaimer. What is signed is ``fullText``.
public struct Agreement: Hashable, Sendable {
    public let id: String
    public let roles: [Role]
    public let version: Int
    /// The words, the program's clauses in their place.
    public let fullText: String
    /// True if it permits the name of whoever signs it on other people's forms.
    public let permitsName: Bool
    /// Its first line.
    public var title: String { fullText.split(separator: "\n").first.map(String.init) ?? id }
    public init(id: String, roles: [Role], version: Int, fullText: String, permitsName: Bool) {
        self.id = id
        self.roles = roles
        self.version = version
        self.fullText = fullText
        self.permitsName = permitsName
    }
}

/// A program's own words about itself: topics, duties, prohibitions, what mentoring is not. Inert text.
public struct Clause: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        case topics, allowed, forbidden, duties, guidance, prohibitions, isNot, disclaimers

        /// True if it binds, and so must stand in an agreement that people sign.
        public var isBinding: Bool {
            switch self {
            case .forbidden, .duties, .prohibitions, .isNot, .disclaimers: true
            case .topics, .allowed, .guidance: false
            }
        }

        public var plainWords: String {
            switch self {
            case .topics: "suggested topics"
            case .allowed: "welcome"
            case .forbidden: "not to be given"
            case .duties: "duties"
            case .guidance: "guidance"
            case .prohibitions: "forbidden"
            case .isNot: "mentoring is not"
            case .disclaimers: "disclaimers"
            }
        }
    }

    public let kind: Kind
    public let id: String
    public let text: String
    public init(kind: Kind, id: String, text: String) {
        self.kind = kind
        self.id = id
        self.text = text
    }
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

/// The statements of a form in the program's own words.
public struct ReleaseStatements: Hashable, Sendable {
    /// The right to take the release back, and how: 42 CFR §2.31(a)(6).
    public let revocation: String
    /// The channels that it names; empty in a policy that was written before it had to name them.
    public let revocationBy: [Channel]
    /// Possible redisclosure: 42 CFR §2.31(a)(10).
    public let redisclosure: String
    /// The sentence that says whether anything depends on signing: 45 CFR 164.508(c)(2)(ii).
    public let conditions: String
    public init(revocation: String, revocationBy: [Channel], redisclosure: String, conditions: String) {
        self.revocation = revocation
        self.revocationBy = revocationBy
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
        /// The policy's statement that 42 CFR Part 2 applies. Every element is demanded of every release all the same.
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
        /// The party who makes the first contact.
        public let firstBy: FirstBy
        /// Days after which one who asked for a conversation is answered.
        public let answerAfterDays: Int
        public enum FirstBy: String, CaseIterable, Hashable, Sendable { case reader, mentee, mentor, pair }
        /// Contacts a month that are suggested, fewest and most; never enforced. Nil where the pair decides alone.
        public let cadence: ClosedRange<Int>?
        /// The ways in which the pair may be in touch; empty where the program says nothing.
        public var modes: [Mode] = []
        public enum Mode: String, CaseIterable, Hashable, Sendable { case inPerson, phone, email, any }
        public init(withinDays: Int, firstBy: FirstBy, answerAfterDays: Int, cadence: ClosedRange<Int>?) {
            self.cadence = cadence
            self.withinDays = withinDays
            self.firstBy = firstBy
            self.answerAfterDays = answerAfterDays
        }
    }

    /// The rules on who brings people together, how, and who may read listings.
    public struct Matching: Hashable, Sendable {
        public enum By: String, CaseIterable, Hashable, Sendable { case coordinator, program, mentee }
        /// One at a time; a cohort at once; not at all: people find each other in a directory.
        public enum Mode: String, CaseIterable, Hashable, Sendable { case rolling, batch, directory }
        /// The aim that counts first once somebody of a cohort has to be left out: as many people as can be matched, or
        /// the best sum of scores, where a pair that is worth less than a floor is not made.
        public enum First: String, CaseIterable, Hashable, Sendable { case participation, score }
        public enum Directory: String, CaseIterable, Hashable, Sendable {
            case none
            case members
            case seekers
            case everyone = "public"
        }

        public let by: By
        public let mode: Mode
        public let directory: Directory
        /// The weight of each term of the score, by the term's name.
        public let weights: [String: Int]
        /// Where people may say they can meet, and what languages or forms of access they may need; asked where they
        /// are given.
        public let areas: [String]
        public let languages: [String]
        /// The program's own name of each; one without a name is called by its word.
        public var names: [String: String] = [:]
        public let first: First
        public init(
            by: By, mode: Mode, directory: Directory, weights: [String: Int], areas: [String], languages: [String],
            first: First
        ) {
            self.areas = areas
            self.languages = languages
            self.first = first
            self.by = by
            self.mode = mode
            self.directory = directory
            self.weights = weights
        }

        /// The program's name of an area or a language.
        public func name(of word: String) -> String { names[word] ?? word.spaced }
    }

    /// The time that a pair is meant to last.
    public struct Duration: Hashable, Sendable {
        public enum Kind: String, CaseIterable, Hashable, Sendable {
            /// The pair decides; the two decide together; an end that may pass in silence; an end that is kept.
            case pair, mutual, soft, fixed
        }
        /// A cohort begins on this day of the year; where it is flexible, others may begin when they are matched.
        public struct Cohort: Hashable, Sendable {
            public let month: Int
            public let day: Int
            public let isFlexible: Bool
            public init(month: Int, day: Int, isFlexible: Bool) {
                self.month = month
                self.day = day
                self.isFlexible = isFlexible
            }
        }

        /// The time before the end at which both are reminded of it (WEB-07).
        public static let reminderDays = 30

        /// The time after the end in which the second signature for a longer term still counts.
        public static let extensionWaitDays = 30

        public let kind: Kind
        /// Nil where no term is set.
        public let months: Int?
        public let cohort: Cohort?
        /// The number of times that the term may be extended with both consents, and by how many months.
        public let extensionLimit: Int?
        public let extensionMonths: Int?
        public init(kind: Kind, months: Int?, cohort: Cohort?, extensionLimit: Int?, extensionMonths: Int?) {
            self.kind = kind
            self.months = months
            self.cohort = cohort
            self.extensionLimit = extensionLimit
            self.extensionMonths = extensionMonths
        }

        /// The first day of the term of a pair matched on `date`: that day, or for a cohort that is not flexible its
        /// next beginning.
        public func start(matchedOn date: CivilDate) -> CivilDate {
            guard let cohort, !cohort.isFlexible else { return date }
            let year = date.components.year
            let days = [year, year + 1].compactMap { CivilDate(year: $0, month: cohort.month, day: cohort.day) }
            return days.first { $0 >= date } ?? date
        }

        /// The last day of a term that begins with a match on `date`; nil where no term is set.
        public func end(ofTermFrom date: CivilDate) -> CivilDate? {
            months.map { start(matchedOn: date).adding(months: $0) }
        }
    }

    /// The ways in which a relationship may be left.
    public struct Termination: Hashable, Sendable {
        /// Days between a mentor's notice and the state *ended*; 0 where it ends at once. A mentee's end is always at
        /// once.
        public let noticeDays: Int
        public init(noticeDays: Int) { self.noticeDays = noticeDays }
    }

    /// The search for somebody else after an end.
    public struct Rematch: Hashable, Sendable {
        public enum By: String, CaseIterable, Hashable, Sendable { case mentee, coordinator, program }
        public let by: By
        /// True if whom somebody had before is not proposed again.
        public let excludesPrevious: Bool
        /// The parties for whom the search is made.
        public let sides: [Side]
        public enum Side: String, CaseIterable, Hashable, Sendable { case mentee, mentor }
        /// True if the program says that there may be nobody.
        public let isIfAvailable: Bool
        public init(by: By, excludesPrevious: Bool, sides: [Side], isIfAvailable: Bool) {
            self.by = by
            self.excludesPrevious = excludesPrevious
            self.sides = sides
            self.isIfAvailable = isIfAvailable
        }
    }

    /// The counts that a program may make of itself. Never of a person, never in cells of less than ten.
    public enum Aggregate: String, CaseIterable, Hashable, Sendable { case pairCount, timeToMatch }

    /// The questions that people are asked about the program.
    public struct Evaluation: Hashable, Sendable {
        public enum Topics: String, CaseIterable, Hashable, Sendable { case none, operationalOnly, programGoals }
        public let topics: Topics
        public let everyMonths: Int
        public let minCell: Int
        public init(topics: Topics, everyMonths: Int, minCell: Int) {
            self.topics = topics
            self.everyMonths = everyMonths
            self.minCell = minCell
        }
    }

    /// The part of a policy that no machine enforces: shown by `explain`, compared by `diff`.
    public struct Customs: Hashable, Sendable {
        public let isTrainingRequired: Bool
        public let stages: [String]
        public let goals: String
        public let credit: String
        public let recognition: String
        public let advice: [String]
        /// The documents that belong to the program and that its source does not print.
        public let openForms: [String]
        public init(
            isTrainingRequired: Bool, stages: [String], goals: String, credit: String,
            recognition: String, advice: [String], openForms: [String]
        ) {
            self.isTrainingRequired = isTrainingRequired
            self.stages = stages
            self.goals = goals
            self.credit = credit
            self.recognition = recognition
            self.advice = advice
            self.openForms = openForms
        }
    }

    /// Proof that somebody shows, beside the link that was mailed to them, when they sign in for the first time and
    /// choose a PIN.
    public enum FirstSignIn: String, CaseIterable, Hashable, Sendable {
        /// A code that staff gave by hand or on the telephone.
        case staffCode
        /// Nothing: whoever reads the mailbox is whom the list names.
        case mail
        /// The number under which the list of members has them.
        case mailAndMemberNumber

        public var plainWords: String {
            switch self {
            case .staffCode: "a mailed link and a code from staff"
            case .mail: "a mailed link"
            case .mailAndMemberNumber: "a mailed link and the number on the list of members"
            }
        }
    }

    /// Which version a case that is under way follows when a new one takes effect.
    public enum OpenCases: String, CaseIterable, Hashable, Sendable {
        /// The one it began under.
        case keep
        /// The new one, from its next round on.
        case nextRound
    }

    public let program: String
    public let version: Int
    public let effectiveFrom: CivilDate
    public let openCases: OpenCases
    public let confidentiality: Confidentiality
    public let administration: Administration
    /// The one who discloses, as the release names them (42 CFR §2.31(a)(2)).
    public let discloserName: String
    /// IANA name. The clock port counts days by it, and pages print times in it; it never changes while a log lasts.
    public let timeZone: String
    /// ISO 3166 region from which phone numbers are dialed.
    public let region: String
    public let matching: Matching
    public let eligibility: Eligibility
    public let release: Release
    public let contact: Contact
    public let duration: Duration
    public let termination: Termination
    /// Empty where the program counts nothing.
    public let monitoring: [Aggregate]
    public let evaluation: Evaluation
    public let customs: Customs
    public let agreements: [Agreement]
    public let clauses: [Clause]
    /// The words of each notice.
    public let notices: [Notice: String]
    public let texts: Texts
    public let assumptions: [String]
    public let workflows: [Workflow]
    /// The days on which the office works.
    public var office = OfficeDays.standard
    /// The proof that is shown at the first sign-in.
    public var firstSignIn = FirstSignIn.staffCode
    /// Leaves of the file that say how people go about it and by which nothing is decided, by their path: kept so that
    /// a change of them is told.
    public var saidOnly: [String: String] = [:]
    /// The bodies that answer for the program, by name.
    public var governance: [String] = []
    /// The search for somebody else; nil where the program says nothing of it.
    public var rematch: Rematch?
    /// The people who confirm what one member of staff asked for.
    public var secondHand = SecondHand.by(SecondHand.Confirmer.allCases)

    /// The texts that are shown with acts and cards.
    public struct Texts: Hashable, Sendable {
        public let mission: String
        public let voluntary: String
        public let callScript: String
        public let emergency: String
        public let rescission: String
        /// Shown above a directory; empty where there is none.
        public let directory: String
        /// The advice on ending well, sent with the reminder that an end is near.
        public let closure: String
        /// The text on people's rights: how what they give is protected, where they complain, what they can
        /// ask for (42 CFR 2.22, 2.4, 2.26). Paragraphs with an empty line between; empty where a program says nothing.
        public var privacy = ""
        public init(
            mission: String, voluntary: String, callScript: String, emergency: String, rescission: String,
            directory: String,
            closure: String
        ) {
            self.directory = directory
            self.closure = closure
            self.mission = mission
            self.voluntary = voluntary
            self.callScript = callScript
            self.emergency = emergency
            self.rescission = rescission
        }
    }

    public init(
        program: String, version: Int, effectiveFrom: CivilDate, openCases: OpenCases, confidentiality: Confidentiality,
        administration: Administration, discloserName: String, timeZone: String, region: String, matching: Matching,
        eligibility: Eligibility, release: Release, contact: Contact, duration: Duration, termination: Termination,
        monitoring: [Aggregate], evaluation: Evaluation, customs: Customs, agreements: [Agreement], clauses: [Clause],
        notices: [Notice: String], texts: Texts, assumptions: [String], workflows: [Workflow]
    ) {
        self.program = program
        self.version = version
        self.effectiveFrom = effectiveFrom
        self.openCases = openCases
        self.confidentiality = confidentiality
        self.administration = administration
        self.discloserName = discloserName
        self.timeZone = timeZone
        self.region = region
        self.matching = matching
        self.eligibility = eligibility
        self.release = release
        self.contact = contact
        self.duration = duration
        self.termination = termination
        self.monitoring = monitoring
        self.evaluation = evaluation
        self.customs = customs
        self.agreements = agreements
        self.clauses = clauses
        self.notices = notices
        self.texts = texts
        self.assumptions = assumptions
        self.workflows = workflows
    }

    /// The words of a notice: the policy's own, or else the engine's.
    public func words(of notice: Notice) -> String { notices[notice] ?? notice.standardWords }

    public func workflow(_ id: String) -> Workflow? { workflows.first { $0.id == id } }

    /// The agreements that people in this role sign before they take part, in the policy's order.
    public func agreements(of role: Role) -> [Agreement] { agreements.filter { $0.roles.contains(role) } }

    /// True if people find each other in a directory; nothing is ever solved or proposed for them (SGV-29).
    public var isDirectory: Bool { matching.mode == .directory }
}

/// A policy together with the SHA-256 of its canonical form, which every record but `key` carries.
/// Shared, not copied; what has the same digest is the same.
public final class LoadedPolicy: Hashable, Sendable {
    public let policy: Policy
    /// 32 bytes.
    public let digest: [UInt8]
    public init(policy: Policy, digest: [UInt8]) {
        self.policy = policy
        self.digest = digest
    }

    public static func == (left: LoadedPolicy, right: LoadedPolicy) -> Bool { left.digest == right.digest }
    public func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
