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
    /// The tokens by which this person is known, and whom they are never to meet.
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

    /// The words for staff. Nobody is told whose list it was, or what stands on it.
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
            if newValue {
                words[index >> 6] |= 1 << UInt64(index & 63)
            } else {
                words[index >> 6] &= ~(1 << UInt64(index & 63))
            }
        }
    }

    mutating func formIntersection(_ other: Bitset) {
        for index in words.indices { words[index] &= other.words[index] }
    }
    mutating func formUnion(_ other: Bitset) { for index in words.indices { words[index] |= other.words[index] } }
    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// Writes the numbers of the bits that are set, in their order, to `list`, which has room for ``count`` of them.
    func write(to list: UnsafeMutablePointer<Int32>) {
        var next = 0
        for (place, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                list[next] = Int32(place << 6 + rest.trailingZeroBitCount)
                next += 1
                rest &= rest - 1
            }
        }
    }

    var indexes: [Int32] {
        [Int32](unsafeUninitializedCapacity: count) { buffer, written in
            if let base = buffer.baseAddress { write(to: base) }
            written = count
        }
    }
}

/// Mentors laid out for matching: a bitset for each answer, evaluated before any score.
///
/// Pure and total: the same people under the same policy on the same day give the same answer, whatever order they are
/// given in.
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
    /// True if some mentor left the question out, by the term's place.
    private let isAnySilent: [Bool]
    private let fieldCodes: [String: UInt16]
    /// The first field of each mentor as a number, 0 for none; most have one.
    private let fieldCode: [UInt16]
    private let hasManyFields: Bool

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
        areaNumbers = Dictionary(
            uniqueKeysWithValues: policy.matching.areas.enumerated().map { ($0.element, $0.offset) })
        var indexes: [PersonID: Int] = [:]
        for (index, mentor) in mentors.enumerated() {
            indexes[mentor.id] = index
            hasField[index] = !mentor.attestation.fields.isEmpty
            open[index] = mentor.isReady && mentor.hasSigned && mentor.places > 0
            for area in mentor.answers.areas { areas[area, default: Bitset(count: count)][index] = true }
            for cell in mentor.answers.times { times[cell, default: Bitset(count: count)][index] = true }
            for language in mentor.answers.languages {
                languages[language, default: Bitset(count: count)][index] = true
            }
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
        timeBits = mentors.map { Self.bits($0.answers.times, Self.timePlaces) }
        topicBits = mentors.map { Self.bits($0.answers.topics, Self.topicPlaces) }
        pathwayBits = mentors.map { UInt8(truncatingIfNeeded: Self.bits($0.answers.pathways, Self.pathwayPlaces)) }
        settingBits = mentors.map { UInt8(truncatingIfNeeded: Self.bits($0.answers.settings, Self.settingPlaces)) }
        ageCode = mentors.map { Self.code($0.answers.ageBand) }
        genderCode = mentors.map { Self.code($0.answers.gender) }
        var codes: [String: UInt16] = [:]
        for field in fields.keys.sorted() { codes[field] = UInt16(truncatingIfNeeded: codes.count + 1) }
        fieldCodes = codes
        fieldCode = mentors.map { $0.attestation.fields.first.flatMap { codes[$0] } ?? 0 }
        hasManyFields = mentors.contains { $0.attestation.fields.count > 1 } || codes.count > 60_000
        isAnySilent = Term.allCases.map { term in
            mentors.contains { mentor in
                let answers = mentor.answers
                return switch term {
                case .field: mentor.attestation.fields.isEmpty
                case .area: answers.areas.isEmpty
                case .grid: answers.times.isEmpty
                case .pathway: answers.pathways.isEmpty
                case .topics: answers.topics.isEmpty
                case .setting: answers.settings.isEmpty
                case .preference: answers.ageBand == nil && answers.gender == nil
                }
            }
        }
    }

    private static func places<T: CaseIterable & Hashable>(_ type: T.Type) -> [T: UInt16] {
        Dictionary(uniqueKeysWithValues: T.allCases.enumerated().map { ($0.element, UInt16($0.offset)) })
    }

    private static let timePlaces = places(TimeCell.self)
    private static let topicPlaces = places(Topic.self)
    private static let pathwayPlaces = places(Pathway.self)
    private static let settingPlaces = places(Setting.self)

    private static func bits<T: Hashable>(_ set: Set<T>, _ places: [T: UInt16]) -> UInt16 {
        set.reduce(0) { $0 | 1 << (places[$1] ?? 0) }
    }

    private static func code<T: CaseIterable & Equatable>(_ value: T?) -> UInt8 {
        guard let value, let place = T.allCases.enumerated().first(where: { $0.element == value })?.offset else {
            return 0
        }
        return UInt8(place) + 1
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
        for person in [mentee.id, mentee.coordinator].compactMap({ $0 }) {
            if let index = indexes[person] { mask[index] = false }
        }
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
        add(
            .notEligible,
            if: !policy.eligibility.mayPair(mentor: entry.attestation, mentee: mentee.attestation, on: date))
        found.formUnion(
            mentee.survey.unmetMusts(
                fields: mentee.attestation.fields, mentorFields: entry.attestation.fields, answers: entry.answers))
        add(.previous, if: mentee.previous.contains(mentor))
        add(.excluded, if: excluded(mentee).contains(index))
        add(.duties, if: mentor == mentee.id || mentor == mentee.coordinator)
        return found
    }

    // MARK: Scores

    /// The part of a mentee that the score reads, with the weights as they count for this person.
    struct Wish {
        var weights: [Int32] = []
        var areas: UInt64 = 0
        var times: UInt16 = 0
        var topics: UInt16 = 0
        var pathways: UInt8 = 0
        var settings: UInt8 = 0
        var age: UInt8 = 0
        var gender: UInt8 = 0
        var fields: Set<String> = []
        var similar: Set<String> = []
        var sameFields: Bitset
        var similarFields: Bitset
        var topicCount: Int32 = 0
    }

    func wish(_ mentee: MenteeEntry) -> Wish {
        let survey = mentee.survey
        let own = mentee.attestation.fields
        let similar = fields.keys.filter { field in own.contains { policy.eligibility.isSimilar($0, field) } }
        var wish = Wish(sameFields: union(fields, own), similarFields: union(fields, similar))
        wish.fields = Set(own)
        wish.similar = Set(similar)
        wish.areas = survey.answers.areas.reduce(0) { $0 | (areaNumbers[$1].map { 1 << UInt64($0) } ?? 0) }
        wish.times = Self.bits(survey.answers.times, Self.timePlaces)
        wish.topics = Self.bits(survey.answers.topics, Self.topicPlaces)
        wish.topicCount = Int32(survey.answers.topics.count)
        wish.pathways = UInt8(truncatingIfNeeded: Self.bits(survey.answers.pathways, Self.pathwayPlaces))
        wish.settings = UInt8(truncatingIfNeeded: Self.bits(survey.answers.settings, Self.settingPlaces))
        wish.age = Self.code(survey.answers.ageBand)
        wish.gender = Self.code(survey.answers.gender)
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

    /// The degree to which a term is met, in hundredths; nil where the mentor left the question out.
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
            let met =
                (wish.age != 0 && wish.age == ageCode[index] ? 1 : 0)
                + (wish.gender != 0 && wish.gender == genderCode[index] ? 1 : 0)
            return Int32(met * 100 / max(1, asked))
        }
    }

    /// Scores every allowed mentor; one who left a question out counts as the mean of those who answered it.
    ///
    /// Term by term over plain arrays, each part looked up in a small table: the inner loops hold nothing else.
    ///
    /// - Parameters:
    ///   - indexes: the allowed mentors.
    ///   - points: as many scores, written in the same order.
    /// - Complexity: O(allowed mentors × terms that count).
    func score(_ wish: Wish, _ indexes: UnsafeBufferPointer<Int32>, into points: UnsafeMutableBufferPointer<Int32>) {
        points.update(repeating: 0)
        for (slot, term) in Term.allCases.enumerated() where wish.weights[slot] > 0 {
            if isAnySilent[slot] {
                addWithSilence(term, wish, weight: wish.weights[slot], indexes, points)
            } else {
                add(term, wish, weight: wish.weights[slot], indexes, points)
            }
        }
    }

    @inline(__always)
    private static func look<Code: FixedWidthInteger>(
        _ codes: [Code], _ table: [Int32], _ indexes: UnsafeBufferPointer<Int32>,
        _ points: UnsafeMutableBufferPointer<Int32>,
        _ place: (Code) -> Int
    ) {
        codes.withUnsafeBufferPointer { codes in
            table.withUnsafeBufferPointer { table in
                for entry in 0..<indexes.count { points[entry] &+= table[place(codes[Int(indexes[entry])])] }
            }
        }
    }

    private func add(
        _ term: Term, _ wish: Wish, weight: Int32, _ indexes: UnsafeBufferPointer<Int32>,
        _ points: UnsafeMutableBufferPointer<Int32>
    ) {
        func table(_ parts: [Int32]) -> [Int32] { parts.map { weight * $0 / 100 } }
        switch term {
        case .area where areaNumbers.count <= 10:
            let parts = (0..<(1 << areaNumbers.count)).map { bits in
                let common = (UInt64(bits) & wish.areas).nonzeroBitCount
                return Int32(common == 0 ? 0 : common == 1 ? 60 : 100)
            }
            Self.look(areaBits, table(parts), indexes, points) { Int($0) }
        case .grid:
            let own = wish.times
            let parts = table([0, 40, 70] + [Int32](repeating: 100, count: 14))
            Self.bitCounts.withUnsafeBufferPointer { counts in
                Self.look(timeBits, parts, indexes, points) { Int(counts[Int($0 & own)]) }
            }
        case .topics:
            let own = wish.topics
            let parts = table((0...16).map { Int32($0) * 100 / max(1, wish.topicCount) })
            Self.bitCounts.withUnsafeBufferPointer { counts in
                Self.look(topicBits, parts, indexes, points) { Int(counts[Int($0 & own)]) }
            }
        case .pathway:
            let own = wish.pathways
            Self.look(pathwayBits, table([0, 100]), indexes, points) { $0 & own == 0 ? 0 : 1 }
        case .setting:
            let own = wish.settings
            Self.look(settingBits, table([0, 100]), indexes, points) { $0 & own == 0 ? 0 : 1 }
        case .field where !hasManyFields:
            var parts = [Int32](repeating: 0, count: fieldCodes.count + 1)
            for (field, code) in fieldCodes {
                parts[Int(code)] = wish.fields.contains(field) ? 100 : wish.similar.contains(field) ? 50 : 0
            }
            Self.look(fieldCode, table(parts), indexes, points) { Int($0) }
        case .area, .field, .preference:
            for (entry, index) in indexes.enumerated() {
                points[entry] += weight * (part(term, wish, Int(index)) ?? 0) / 100
            }
        }
    }

    private func addWithSilence(
        _ term: Term, _ wish: Wish, weight: Int32, _ indexes: UnsafeBufferPointer<Int32>,
        _ points: UnsafeMutableBufferPointer<Int32>
    ) {
        var parts = [Int32](repeating: -1, count: indexes.count)
        var (sum, count): (Int64, Int64) = (0, 0)
        for (entry, index) in indexes.enumerated() {
            if let own = part(term, wish, Int(index)) {
                parts[entry] = own
                sum += Int64(own)
                count += 1
            }
        }
        let mean = count == 0 ? 0 : Int32(sum / count)
        for entry in indexes.indices { points[entry] += weight * (parts[entry] < 0 ? mean : parts[entry]) / 100 }
    }

    /// Counts the bits of a number of sixteen bits by a look-up, because not every machine counts them in one step.
    private static let bitCounts: [UInt8] = (0..<65_536).map { UInt8($0.nonzeroBitCount) }
}

/// The reason why nothing can be matched.
public enum MatchingProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case directoryProgram
    case tooLarge(Int)
    /// Some who wait can be matched with nobody: how many, and by which rule of those that would be enough to lift.
    case unmatchable([Barrier: Int], people: Int)

    public var description: String {
        switch self {
        case .directoryProgram: "people find each other in this program: nobody is matched with anybody"
        case .tooLarge(let count): "a cohort has at most \(Weighing.largest) people or mentors, this one \(count)"
        case .unmatchable(let counts, let people):
            "\(people) cannot be matched with anybody: "
                + Barrier.allCases.compactMap { barrier in
                    counts[barrier].map { "\($0) because: \(barrier.plainWords)" }
                }
                .joined(separator: "; ")
        }
    }
}
