public import ReleaseWorkflow

/// A keyed token: equal where what it stands for is equal, and telling nothing else.
public typealias Token = [UInt8]

/// A mentor as matching knows one: no name, no number.
public struct MentorEntry: Sendable {
    public var id: PersonID
    public var attestation: Attestation
    public var answers: Answers
    /// Places that are free now.
    public var places: Int
    public var isReady: Bool
    public var hasSigned: Bool
    /// What this person is known by, and whom they are never to meet.
    public var tokens: [Token]
    public var exclusions: [Token]
    /// From the committed seed and the person's pseudonym: the order in which equals are taken.
    public var drawKey: UInt64

    public init(
        id: PersonID, attestation: Attestation, answers: Answers = Answers(), places: Int = 1, isReady: Bool = true,
        hasSigned: Bool = true, tokens: [Token] = [], exclusions: [Token] = [], drawKey: UInt64 = 0
    ) {
        self.id = id
        self.attestation = attestation
        self.answers = answers
        self.places = places
        self.isReady = isReady
        self.hasSigned = hasSigned
        self.tokens = tokens
        self.exclusions = exclusions
        self.drawKey = drawKey
    }
}

/// Somebody who waits for a mentor.
public struct MenteeEntry: Sendable {
    public var id: PersonID
    public var attestation: Attestation
    public var survey: Survey
    /// People of earlier pairs, refused or ended: never again.
    public var previous: Set<PersonID>
    public var tokens: [Token]
    public var exclusions: [Token]
    /// The member of staff who handles the case; never a party of it.
    public var coordinator: PersonID?
    public var weeksWaited: Int
    public var drawKey: UInt64

    public init(
        id: PersonID, attestation: Attestation, survey: Survey, previous: Set<PersonID> = [], tokens: [Token] = [],
        exclusions: [Token] = [], coordinator: PersonID? = nil, weeksWaited: Int = 0, drawKey: UInt64 = 0
    ) {
        self.id = id
        self.attestation = attestation
        self.survey = survey
        self.previous = previous
        self.tokens = tokens
        self.exclusions = exclusions
        self.coordinator = coordinator
        self.weeksWaited = weeksWaited
        self.drawKey = drawKey
    }
}

/// A rule that keeps two people apart, whatever the score.
public enum Barrier: String, CaseIterable, Hashable, Sendable {
    case notReady, notSigned, noPlace, notEligible, sameField, area, time, language, previous, excluded, duties

    /// What staff are told. Whose list it was, and what stands on it, nobody is.
    public var plainWords: String {
        switch self {
        case .notReady: "not ready, or paused"
        case .notSigned: "has not signed the agreements in force"
        case .noPlace: "has no free place"
        case .notEligible: "the program's rules do not allow this pair"
        case .sameField: "the mentee asks for the same profession"
        case .area: "no common place to meet"
        case .time: "no common time"
        case .language: "a language or form of access is missing"
        case .previous: "was paired with or refused by this mentee before"
        case .excluded: "excluded (private)"
        case .duties: "handles the case"
        }
    }
}

/// A part of the score.
public enum Term: String, CaseIterable, Hashable, Sendable {
    case field, area, grid, pathway, topics, setting, preference

    public var plainWords: String {
        switch self {
        case .field: "same or similar profession"
        case .area: "places to meet in common"
        case .grid: "times in common"
        case .pathway: "a shared way of recovery"
        case .topics: "has walked through what was asked for"
        case .setting: "works where was asked for"
        case .preference: "wishes about age or gender"
        }
    }
}

/// A set of mentors, one bit each.
struct Bitset: Sendable {
    var words: [UInt64]

    init(count: Int, all: Bool = false) {
        words = [UInt64](repeating: all ? ~0 : 0, count: (count + 63) / 64)
        if all, count % 64 != 0 { words[words.count - 1] = (1 << UInt64(count % 64)) - 1 }
    }

    subscript(index: Int) -> Bool {
        get { words[index >> 6] >> UInt64(index & 63) & 1 == 1 }
        set {
            if newValue { words[index >> 6] |= 1 << UInt64(index & 63) } else { words[index >> 6] &= ~(1 << UInt64(index & 63)) }
        }
    }

    mutating func formIntersection(_ other: Bitset) { for index in words.indices { words[index] &= other.words[index] } }
    mutating func formUnion(_ other: Bitset) { for index in words.indices { words[index] |= other.words[index] } }
    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    func forEach(_ body: (Int) -> Void) {
        for (place, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                body(place << 6 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }
}

/// Mentors laid out for matching: a bitset for each answer, evaluated before any score.
///
/// Pure and total: the same people under the same policy on the same day give the same answer, whatever order they are given in.
public struct Market: Sendable {
    public let mentors: [MentorEntry]
    private let policy: Policy
    private let date: CivilDate
    private let open: Bitset
    private let areas: [String: Bitset]
    private let times: [TimeCell: Bitset]
    private let languages: [String: Bitset]
    private let silentArea: Bitset
    private let silentTime: Bitset
    private let fields: [String: Bitset]
    private let holders: [Token: [Int]]
    private let excluders: [Token: [Int]]
    private let indexes: [PersonID: Int]
    // What the score reads, one small number a mentor.
    private let areaBits: [UInt64]
    private let timeBits: [UInt16]
    private let topicBits: [UInt16]
    private let pathwayBits: [UInt8]
    private let settingBits: [UInt8]
    private let ageCode: [UInt8]
    private let genderCode: [UInt8]
    private let hasField: Bitset
    private let areaNumbers: [String: Int]

    /// - Throws: ``MatchingProblem/directoryProgram`` where people find each other themselves (SGV-29).
    public init(_ mentors: [MentorEntry], policy: Policy, on date: CivilDate) throws(MatchingProblem) {
        guard !policy.isDirectory else { throw .directoryProgram }
        // One order, whatever order they came in: by the draw, then by id.
        let mentors = mentors.sorted { ($0.drawKey, $0.id) < ($1.drawKey, $1.id) }
        self.mentors = mentors
        self.policy = policy
        self.date = date
        let count = mentors.count
        var open = Bitset(count: count)
        var areas: [String: Bitset] = [:]
        var times: [TimeCell: Bitset] = [:]
        var languages: [String: Bitset] = [:]
        var fields: [String: Bitset] = [:]
        var hasField = Bitset(count: count)
        var silentArea = Bitset(count: count)
        var silentTime = Bitset(count: count)
        var holders: [Token: [Int]] = [:]
        var excluders: [Token: [Int]] = [:]
        areaNumbers = Dictionary(uniqueKeysWithValues: policy.matching.areas.enumerated().map { ($0.element, $0.offset) })
        var indexes: [PersonID: Int] = [:]
        for (index, mentor) in mentors.enumerated() {
            indexes[mentor.id] = index
            hasField[index] = !mentor.attestation.fields.isEmpty
            open[index] = mentor.isReady && mentor.hasSigned && mentor.places > 0
            for area in mentor.answers.areas { areas[area, default: Bitset(count: count)][index] = true }
            for cell in mentor.answers.times { times[cell, default: Bitset(count: count)][index] = true }
            for language in mentor.answers.languages { languages[language, default: Bitset(count: count)][index] = true }
            for field in mentor.attestation.fields { fields[field, default: Bitset(count: count)][index] = true }
            silentArea[index] = mentor.answers.areas.isEmpty
            silentTime[index] = mentor.answers.times.isEmpty
            for token in mentor.tokens { holders[token, default: []].append(index) }
            for token in mentor.exclusions { excluders[token, default: []].append(index) }
        }
        (self.open, self.areas, self.times, self.languages, self.fields) = (open, areas, times, languages, fields)
        (self.silentArea, self.silentTime, self.indexes) = (silentArea, silentTime, indexes)
        (self.holders, self.excluders, self.hasField) = (holders, excluders, hasField)
        let numbers = areaNumbers
        areaBits = mentors.map { $0.answers.areas.reduce(0) { $0 | (numbers[$1].map { 1 << UInt64($0) } ?? 0) } }
        timeBits = mentors.map { Self.bits($0.answers.times) }
        topicBits = mentors.map { Self.bits($0.answers.topics) }
        pathwayBits = mentors.map { UInt8(truncatingIfNeeded: Self.bits($0.answers.pathways)) }
        settingBits = mentors.map { UInt8(truncatingIfNeeded: Self.bits($0.answers.settings)) }
        ageCode = mentors.map { $0.answers.ageBand.map { UInt8(Self.place($0)) + 1 } ?? 0 }
        genderCode = mentors.map { $0.answers.gender.map { UInt8(Self.place($0)) + 1 } ?? 0 }
    }

    private static func place<T: CaseIterable & Hashable>(_ value: T) -> Int {
        T.allCases.enumerated().first { $0.element == value }?.offset ?? 0
    }

    private static func bits<T: CaseIterable & Hashable>(_ set: Set<T>) -> UInt16 {
        T.allCases.enumerated().reduce(0) { set.contains($1.element) ? $0 | 1 << UInt16($1.offset) : $0 }
    }

    // MARK: Constraints

    /// The mentors that every rule allows for this person.
    func allowed(_ mentee: MenteeEntry, _ memo: inout Memo) -> Bitset {
        var mask = open
        mask.formIntersection(eligible(mentee, &memo))
        let answers = mentee.survey.answers
        if mentee.survey.sameField == .must { mask.formIntersection(union(fields, mentee.attestation.fields)) }
        if !answers.areas.isEmpty {
            var common = union(areas, Array(answers.areas))
            common.formUnion(silentArea)
            mask.formIntersection(common)
        }
        if !answers.times.isEmpty {
            var common = union(times, Array(answers.times))
            common.formUnion(silentTime)
            mask.formIntersection(common)
        }
        for language in answers.languages { mask.formIntersection(languages[language] ?? Bitset(count: mentors.count)) }
        for person in mentee.previous { if let index = indexes[person] { mask[index] = false } }
        for index in excluded(mentee) { mask[index] = false }
        for person in [mentee.id, mentee.coordinator].compactMap({ $0 }) { if let index = indexes[person] { mask[index] = false } }
        return mask
    }

    /// Answers that many people share, worked out once.
    struct Memo {
        struct Key: Hashable {
            let fields: [String]
            let stage: Stage?
        }
        var eligible: [Key: Bitset] = [:]
    }

    /// Which mentors the program's rules allow; it depends on the mentee's fields and stage alone.
    private func eligible(_ mentee: MenteeEntry, _ memo: inout Memo) -> Bitset {
        let key = Memo.Key(fields: mentee.attestation.fields, stage: mentee.attestation.stage(on: date))
        if let known = memo.eligible[key] { return known }
        var mask = Bitset(count: mentors.count)
        for (index, mentor) in mentors.enumerated() {
            mask[index] = policy.eligibility.mayPair(mentor: mentor.attestation, mentee: mentee.attestation, on: date)
        }
        memo.eligible[key] = mask
        return mask
    }

    private func union<Key: Hashable>(_ table: [Key: Bitset], _ keys: [Key]) -> Bitset {
        keys.reduce(into: Bitset(count: mentors.count)) { mask, key in if let own = table[key] { mask.formUnion(own) } }
    }

    /// Mentors whom either list keeps away.
    private func excluded(_ mentee: MenteeEntry) -> [Int] {
        mentee.exclusions.flatMap { holders[$0] ?? [] } + mentee.tokens.flatMap { excluders[$0] ?? [] }
    }

    /// Every rule that keeps these two apart; empty for a pair that may be.
    public func barriers(_ mentee: MenteeEntry, _ mentor: PersonID) -> Set<Barrier> {
        guard let index = indexes[mentor] else { return [.notEligible] }
        let entry = mentors[index]
        var found: Set<Barrier> = []
        func add(_ barrier: Barrier, if holds: Bool) { if holds { found.insert(barrier) } }
        add(.notReady, if: !entry.isReady)
        add(.notSigned, if: !entry.hasSigned)
        add(.noPlace, if: entry.places <= 0)
        add(.notEligible, if: !policy.eligibility.mayPair(mentor: entry.attestation, mentee: mentee.attestation, on: date))
        let (wanted, held) = (mentee.survey.answers, entry.answers)
        add(.sameField, if: mentee.survey.sameField == .must && Set(entry.attestation.fields).isDisjoint(with: mentee.attestation.fields))
        add(.area, if: !wanted.areas.isEmpty && !held.areas.isEmpty && wanted.areas.isDisjoint(with: held.areas))
        add(.time, if: !wanted.times.isEmpty && !held.times.isEmpty && wanted.times.isDisjoint(with: held.times))
        add(.language, if: !wanted.languages.isSubset(of: held.languages))
        add(.previous, if: mentee.previous.contains(mentor))
        add(.excluded, if: excluded(mentee).contains(index))
        add(.duties, if: mentor == mentee.id || mentor == mentee.coordinator)
        return found
    }

    // MARK: Scores

    /// What of a mentee the score reads, with the weights as they count for this person.
    struct Wish {
        var weights: [Int32] = []
        var areas: UInt64 = 0
        var times: UInt16 = 0
        var topics: UInt16 = 0
        var pathways: UInt8 = 0
        var settings: UInt8 = 0
        var age: UInt8 = 0
        var gender: UInt8 = 0
        var sameFields: Bitset
        var similarFields: Bitset
        var topicCount: Int32 = 0
    }

    func wish(_ mentee: MenteeEntry) -> Wish {
        let survey = mentee.survey
        let own = mentee.attestation.fields
        let similar = fields.keys.filter { field in own.contains { policy.eligibility.isSimilar($0, field) } }
        var wish = Wish(sameFields: union(fields, own), similarFields: union(fields, similar))
        wish.areas = survey.answers.areas.reduce(0) { $0 | (areaNumbers[$1].map { 1 << UInt64($0) } ?? 0) }
        wish.times = Self.bits(survey.answers.times)
        wish.topics = Self.bits(survey.answers.topics)
        wish.topicCount = Int32(survey.answers.topics.count)
        wish.pathways = UInt8(truncatingIfNeeded: Self.bits(survey.answers.pathways))
        wish.settings = UInt8(truncatingIfNeeded: Self.bits(survey.answers.settings))
        wish.age = survey.answers.ageBand.map { UInt8(Self.place($0)) + 1 } ?? 0
        wish.gender = survey.answers.gender.map { UInt8(Self.place($0)) + 1 } ?? 0
        // Silence takes its term out: it is never a disadvantage.
        let raw = Term.allCases.map { term -> Int in
            let weight = policy.matching.weights[term.rawValue] ?? 0
            switch term {
            case .field: return weight * survey.sameField.multiplier
            case .area: return wish.areas == 0 ? 0 : weight
            case .grid: return wish.times == 0 ? 0 : weight
            case .pathway: return wish.pathways == 0 ? 0 : weight * survey.sharedPathway.multiplier
            case .topics: return wish.topics == 0 ? 0 : weight
            case .setting: return wish.settings == 0 ? 0 : weight
            case .preference: return wish.age == 0 && wish.gender == 0 ? 0 : weight * survey.preference.multiplier
            }
        }
        let sum = raw.reduce(0, +)
        wish.weights = raw.map { sum == 0 ? 0 : Int32($0 * 10_000 / sum) }
        return wish
    }

    /// How far a term is met, in hundredths; nil where the mentor left the question out.
    @inline(__always)
    func part(_ term: Term, _ wish: Wish, _ index: Int) -> Int32? {
        switch term {
        // Exactness is soft: a similar field counts half.
        case .field: return wish.sameFields[index] ? 100 : wish.similarFields[index] ? 50 : hasField[index] ? 0 : nil
        case .area:
            let common = (wish.areas & areaBits[index]).nonzeroBitCount
            return areaBits[index] == 0 ? nil : common == 0 ? 0 : common == 1 ? 60 : 100
        case .grid:
            let common = (wish.times & timeBits[index]).nonzeroBitCount
            return timeBits[index] == 0 ? nil : common == 0 ? 0 : common == 1 ? 40 : common == 2 ? 70 : 100
        case .pathway: return pathwayBits[index] == 0 ? nil : wish.pathways & pathwayBits[index] == 0 ? 0 : 100
        case .topics:
            return topicBits[index] == 0
                ? nil : Int32((wish.topics & topicBits[index]).nonzeroBitCount) * 100 / max(1, wish.topicCount)
        case .setting: return settingBits[index] == 0 ? nil : wish.settings & settingBits[index] == 0 ? 0 : 100
        case .preference:
            let asked = (wish.age == 0 ? 0 : 1) + (wish.gender == 0 ? 0 : 1)
            if ageCode[index] == 0 && genderCode[index] == 0 { return nil }
            let met = (wish.age != 0 && wish.age == ageCode[index] ? 1 : 0) + (wish.gender != 0 && wish.gender == genderCode[index] ? 1 : 0)
            return Int32(met * 100 / max(1, asked))
        }
    }

    /// Scores every allowed mentor; one who left a question out counts as the mean of those who answered it.
    ///
    /// - Complexity: O(allowed mentors × terms that count).
    func scores(_ wish: Wish, among allowed: Bitset, _ take: (Int, Int32) -> Void) {
        let terms = Term.allCases.enumerated().filter { wish.weights[$0.offset] > 0 }.map { (term: $0.element, weight: wish.weights[$0.offset]) }
        var totals: [(index: Int32, points: Int32, silent: UInt8)] = []
        totals.reserveCapacity(allowed.count)
        var sums = [Int64](repeating: 0, count: terms.count)
        var counts = [Int64](repeating: 0, count: terms.count)
        var isAnySilent = false
        allowed.forEach { index in
            var points: Int32 = 0
            var silent: UInt8 = 0
            for (slot, entry) in terms.enumerated() {
                if let part = part(entry.term, wish, index) {
                    points += entry.weight * part / 100
                    sums[slot] += Int64(part)
                    counts[slot] += 1
                } else {
                    silent |= 1 << UInt8(slot)
                    isAnySilent = true
                }
            }
            totals.append((Int32(index), points, silent))
        }
        let means = terms.indices.map { counts[$0] == 0 ? 0 : terms[$0].weight * Int32(sums[$0] / counts[$0]) / 100 }
        for entry in totals {
            var points = entry.points
            if isAnySilent {
                for slot in terms.indices where entry.silent >> UInt8(slot) & 1 == 1 { points += means[slot] }
            }
            take(Int(entry.index), points)
        }
    }
}

/// Why nothing can be matched.
public enum MatchingProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case directoryProgram
    case tooLarge(Int)
    /// Some who wait can be matched with nobody: how many, and by which rule of those that would be enough to lift.
    case unmatchable([Barrier: Int], people: Int)

    public var description: String {
        switch self {
        case .directoryProgram: "people find each other in this program: nobody is matched with anybody"
        case .tooLarge(let count): "a cohort has at most 8,192 people and places, this one \(count)"
        case .unmatchable(let counts, let people):
            "\(people) cannot be matched with anybody: "
                + Barrier.allCases.compactMap { barrier in counts[barrier].map { "\($0) because: \(barrier.plainWords)" } }
                .joined(separator: "; ")
        }
    }
}
