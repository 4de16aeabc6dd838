public import ReleaseWorkflow

/// The importance of an answer to the person who gave it.
public enum Importance: String, Codable, CaseIterable, Hashable, Sendable {
    case must, nice, no

    /// By how much a wish multiplies its term of the score.
    var multiplier: Int {
        switch self {
        case .must: 3
        case .nice: 1
        case .no: 0
        }
    }
}

/// The pathway that somebody in recovery follows, in no order and of no rank (MPHP-08).
public enum Pathway: String, Codable, CaseIterable, Hashable, Sendable {
    case twelveStep, caduceus, secular, faithBased, therapy
}

/// The roads that a mentor may have walked: closed, and about the road rather than the person (MPHP-09, WEB-06).
public enum Topic: String, Codable, CaseIterable, Hashable, Sendable {
    case returningToWork, licensing, family, meetings, stress, relapsePrevention, balance, telling
    // The career and psychosocial functions of mentoring.
    case sponsorship, exposure, coaching, protection, challenge, roleModel, acceptance, friendship

    /// The eight that programs of recovery ask about.
    public static let recovery: [Topic] = [
        .returningToWork, .licensing, .family, .meetings, .stress, .relapsePrevention, .balance, .telling,
    ]
    /// Four career-related functions and four psychosocial ones.
    public static let functions: [Topic] = [
        .sponsorship, .exposure, .coaching, .protection, .challenge, .roleModel, .acceptance, .friendship,
    ]
}

/// Where a clinician works (MSC-03).
public enum Setting: String, Codable, CaseIterable, Hashable, Sendable { case agency, privatePractice }

public enum AgeBand: String, Codable, CaseIterable, Hashable, Sendable { case under35, from35to54, from55 }

public enum Gender: String, Codable, CaseIterable, Hashable, Sendable { case woman, man, nonbinary }

/// One half of one day of the week: fourteen in all, coarse on purpose.
public enum TimeCell: String, Codable, CaseIterable, Hashable, Sendable {
    case monDay, monEvening, tueDay, tueEvening, wedDay, wedEvening, thuDay, thuEvening, friDay, friEvening, satDay,
        satEvening
    case sunDay, sunEvening
}

/// The answers of people: where, when, how they talk, and what of the road. Answers that are left out are answers too.
public struct Answers: Codable, Hashable, Sendable {
    public var pathways: Set<Pathway>
    /// Among the policy's areas.
    public var areas: Set<String>
    public var times: Set<TimeCell>
    /// Among the policy's languages and forms of access.
    public var languages: Set<String>
    public var topics: Set<Topic>
    public var settings: Set<Setting>
    public var ageBand: AgeBand?
    public var gender: Gender?

    public init(
        pathways: Set<Pathway> = [], areas: Set<String> = [], times: Set<TimeCell> = [], languages: Set<String> = [],
        topics: Set<Topic> = [], settings: Set<Setting> = [], ageBand: AgeBand? = nil, gender: Gender? = nil
    ) {
        self.pathways = pathways
        self.areas = areas
        self.times = times
        self.languages = languages
        self.topics = topics
        self.settings = settings
        self.ageBand = ageBand
        self.gender = gender
    }

    private enum CodingKeys: CodingKey { case pathways, areas, times, languages, topics, settings, ageBand, gender }

    /// Sets in the order of their words: the same answers are the same bytes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(pathways.map(\.rawValue).sorted(), forKey: .pathways)
        try container.encode(areas.sorted(), forKey: .areas)
        try container.encode(times.map(\.rawValue).sorted(), forKey: .times)
        try container.encode(languages.sorted(), forKey: .languages)
        try container.encode(topics.map(\.rawValue).sorted(), forKey: .topics)
        try container.encode(settings.map(\.rawValue).sorted(), forKey: .settings)
        try container.encodeIfPresent(ageBand, forKey: .ageBand)
        try container.encodeIfPresent(gender, forKey: .gender)
    }
}

/// A mentee's good-fit survey: ten closed questions, no free text, erased at hand-off (MPHP-17, MPHP-18).
public struct Survey: Codable, Hashable, Sendable {
    /// The importance of the same profession to the mentee.
    public var sameField: Importance
    public var answers: Answers
    /// The importance of a shared pathway; it counts for nothing unless the mentee says that it matters.
    public var sharedPathway: Importance
    /// The importance of the age band and gender above, taken as wishes; only programs that are not clinical ask.
    public var preference: Importance
    /// "I understand it is voluntary, unmonitored, and I may stop."
    public var understood: Bool

    public init(
        sameField: Importance, answers: Answers = Answers(), sharedPathway: Importance = .no,
        preference: Importance = .no,
        understood: Bool
    ) {
        self.sameField = sameField
        self.answers = answers
        self.sharedPathway = sharedPathway
        self.preference = preference
        self.understood = understood
    }

    /// The demands of these answers that a mentor with these fields and answers does not meet: the same profession
    /// where it is a must, a place and a time in common where both named some, and every language or form of access.
    public func unmetMusts(fields: [String], mentorFields: [String], answers held: Answers) -> Set<Barrier> {
        var unmet: Set<Barrier> = []
        if sameField == .must, Set(mentorFields).isDisjoint(with: fields) { unmet.insert(.sameField) }
        if !answers.areas.isEmpty, !held.areas.isEmpty, answers.areas.isDisjoint(with: held.areas) {
            unmet.insert(.area)
        }
        if !answers.times.isEmpty, !held.times.isEmpty, answers.times.isDisjoint(with: held.times) {
            unmet.insert(.time)
        }
        if !answers.languages.isSubset(of: held.languages) { unmet.insert(.language) }
        return unmet
    }

    /// The reason why these answers cannot be taken; nil if they can.
    ///
    /// Never scored and never a condition of having a mentor: that somebody is motivated, or why (MPHP-16, MPHP-19).
    public func problem(under policy: Policy) -> (field: String, expected: String)? {
        if !understood {
            return ("survey.understood", "true: it is voluntary, unmonitored, and may be stopped at any time")
        }
        if !answers.areas.isSubset(of: policy.matching.areas) {
            return ("survey.areas", "areas among \(policy.matching.areas.joined(separator: ", "))")
        }
        if !answers.languages.isSubset(of: policy.matching.languages) {
            return ("survey.languages", "languages among \(policy.matching.languages.joined(separator: ", "))")
        }
        let asksPreference = policy.confidentiality != .clinical
        if !asksPreference, answers.ageBand != nil || answers.gender != nil || preference != .no {
            return ("survey.preference", "nothing: age and gender are not asked in clinical programs")
        }
        return nil
    }
}

/// The ten questions as data, each with why it is asked, who sees the answer and when it is erased; shown beside the
/// question.
public enum Question: Int, CaseIterable, Hashable, Sendable {
    case profession = 1
    case sameField, pathways, areas, times, languages, topics, exclusions, preferences, understood

    public var text: String {
        switch self {
        case .profession: "Your profession"
        case .sameField: "Does it matter that your mentor has the same profession?"
        case .pathways: "Which ways of recovery do you use, and does a shared one matter? You may leave this out."
        case .areas: "Where can you meet?"
        case .times: "When can you meet?"
        case .languages: "Which languages or forms of access do you need?"
        case .topics: "What should your mentor have walked through?"
        case .exclusions: "Whom should you never be matched with?"
        case .preferences: "Any wishes about age or gender? You may leave this out."
        case .understood: "I understand that this is voluntary and unmonitored, and that I may stop at any time."
        }
    }

    public var reason: String {
        switch self {
        case .profession: "A mentor may qualify by working in your field."
        case .sameField: "It decides how much your profession counts."
        case .pathways: "It counts only if you say that it matters."
        case .areas: "So that you can meet where it suits you both."
        case .times: "You need one time that suits you both."
        case .languages: "You need to understand each other."
        case .topics: "It finds somebody who has been where you are."
        case .exclusions: "So that you never meet somebody whom you must not or would rather not meet."
        case .preferences: "It counts only if you say that it matters."
        case .understood: "So that you know what you are asking for. It is never scored."
        }
    }

    public var viewer: String {
        switch self {
        case .exclusions: "Nobody. It is kept only as codes that cannot be read back."
        case .profession, .sameField, .pathways, .areas, .times, .languages, .topics, .preferences, .understood:
            "You, your coordinator and whoever stands in for them. Never a mentor, never an auditor."
        }
    }

    public var erasure: String {
        switch self {
        case .exclusions: "When you take it back, or are erased."
        case .profession: "When you are erased."
        case .sameField, .pathways, .areas, .times, .languages, .topics, .preferences, .understood:
            "When the two of you are introduced and the program withdraws, or when you decline or end."
        }
    }
}
