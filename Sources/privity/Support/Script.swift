import Foundation
import Matching
import ReleaseService
import ReleaseWorkflow

/// A value of a script line.
enum ScriptValue: Decodable {
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([ScriptValue])
    case object([String: ScriptValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([ScriptValue].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: ScriptValue].self))
        }
    }
}

/// A line that cannot be used: its number, the field, what is expected.
struct ScriptProblem: Error {
    let line: Int
    let field: String
    let expected: String
}

/// One command of an `apply` file: a line of JSON.
///
/// `do` names it; `by` is whose act it is, `through` the coordinator who typed it in for them, `via` the channel.
/// People are named by a word that an earlier line of the file gave them (`as`), by id, or by `phone:…` or `name:…`.
struct ScriptLine {
    static let maximumByteCount = 64 << 10

    let number: Int
    let action: String
    private let values: [String: ScriptValue]

    private static let common: Set<String> = ["do", "at", "by", "through", "via", "key", "expect", "say", "as"]
    private static let caseFields: Set<String> = ["case", "workflow"]
    private static let fields: [String: Set<String>] = {
        var fields: [String: Set<String>] = [
            "wait": [],
            "addPerson": [
                "name", "surname", "firstName", "phone", "phoneConfirmed", "anotherPerson", "field", "roles",
                "underContract",
                "coordinator", "profile",
            ],
            "changePerson": [
                "person", "underContract", "coordinator", "name", "surname", "firstName", "phone", "phoneConfirmed",
                "field", "role",
            ],
            "merge": ["person", "into"],
            "enroll": [
                "person", "role", "attributes", "inRecoverySince", "experiencedSince", "licensedOn", "inPracticeSince",
                "certifiedUntil", "fields", "acceptedStages", "capacity",
            ],
            "acknowledge": ["role", "display", "scan", "signedOn"],
            "setAvailability": ["role", "ready", "paused", "capacity"],
            "setProfile": ["profile"], "setAnswers": ["answers"], "exclude": ["relation", "name"],
            "setEmployer": ["name"], "suspend": ["person"], "recordDeath": ["person"], "lift": ["person"],
            "confirm": ["person", "reached"], "refuse": ["person"], "recordedInError": ["person"],
            "browse": [], "look": caseFields, "rescindByCode": ["code"], "showAccounting": [], "adoptPolicy": ["file"],
        ]
        for kind in CommandKind.allCases {
            switch kind {
            case .handOff, .expire, .answer, .remindEnd, .remindRelease, .remindCall, .finish, .lapse, .noteUnused,
                .letGo, .awaitExtension:
                break
            case .propose, .invite: fields[kind.rawValue] = caseFields.union(["person"])
            case .completeSurvey: fields[kind.rawValue] = caseFields.union(["survey"])
            case .ask: fields[kind.rawValue] = caseFields.union(["display"])
            case .sign: fields[kind.rawValue] = caseFields.union(["scan", "signedOn", "digest", "nameConfirmed"])
            case .extend, .renew: fields[kind.rawValue] = caseFields.union(["scan", "signedOn", "digest"])
            case .correct:
                fields[kind.rawValue] = caseFields.union([
                    "scan", "signedOn", "digest", "nameConfirmed", "firstName", "phone", "phoneConfirmed", "profile",
                ])
            case .end, .rescind, .withdrawCard: fields[kind.rawValue] = caseFields.union(["parting"])
            default: fields[kind.rawValue] = caseFields
            }
        }
        return fields
    }()

    /// The line as it is written, without what is around it.
    let content: [UInt8]

    init(_ bytes: Data, number: Int) throws {
        self.number = number
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
        content = Array(bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
        guard bytes.count <= Self.maximumByteCount else {
            throw ScriptProblem(line: number, field: "line", expected: "at most 64 KiB")
        }
        guard let values = try? JSONDecoder().decode([String: ScriptValue].self, from: bytes) else {
            throw ScriptProblem(
                line: number, field: "line", expected: "one JSON object of texts, whole numbers, true, false, lists")
        }
        guard case .text(let action)? = values["do"], let known = Self.fields[action] else {
            throw ScriptProblem(
                line: number, field: "do", expected: "one of \(Self.fields.keys.sorted().joined(separator: ", "))")
        }
        if let unknown = values.keys.sorted().first(where: { !Self.common.contains($0) && !known.contains($0) }) {
            throw ScriptProblem(
                line: number, field: unknown.count <= 40 && unknown.allSatisfy(\.isLetter) ? unknown : "line",
                expected:
                    "no such field in `\(action)`: it takes \((known.union(Self.common)).sorted().joined(separator: ", "))"
            )
        }
        self.action = action
        self.values = values
    }

    func problem(_ field: String, _ expected: String) -> ScriptProblem {
        ScriptProblem(line: number, field: field, expected: expected)
    }

    func text(_ field: String) throws -> String {
        guard let text = try optionalText(field) else { throw problem(field, "a text") }
        return text
    }

    func optionalText(_ field: String) throws -> String? {
        switch values[field] {
        case nil: return nil
        case .text(let text)? where !text.isEmpty && text.utf8.count <= 1000: return text
        default: throw problem(field, "a text of 1 to 1000 bytes")
        }
    }

    func flag(_ field: String, default fallback: Bool? = nil) throws -> Bool {
        guard let flag = try optionalFlag(field) ?? fallback else { throw problem(field, "true or false") }
        return flag
    }

    func optionalFlag(_ field: String) throws -> Bool? {
        switch values[field] {
        case nil: return nil
        case .flag(let flag)?: return flag
        default: throw problem(field, "true or false")
        }
    }

    func optionalNumber(_ field: String) throws -> Int? {
        switch values[field] {
        case nil: return nil
        case .number(let number)?: return number
        default: throw problem(field, "a whole number")
        }
    }

    func texts(_ field: String) throws -> [String] {
        guard case .list(let items)? = values[field], items.count <= 100 else {
            throw problem(field, "a list of texts")
        }
        return try items.map {
            guard case .text(let text) = $0 else { throw problem(field, "a list of texts") }
            return text
        }
    }

    func choice<T: RawRepresentable & CaseIterable>(_ field: String, of type: T.Type) throws -> T?
    where T.RawValue == String {
        guard let text = try optionalText(field) else { return nil }
        guard let value = T(rawValue: text) else {
            throw problem(field, "one of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    func choices<T: RawRepresentable & CaseIterable>(_ field: String, of type: T.Type) throws -> [T]
    where T.RawValue == String {
        guard values[field] != nil else { return [] }
        return try texts(field).map { text in
            guard let value = T(rawValue: text) else {
                throw problem(field, "a list of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return value
        }
    }

    func date(_ field: String) throws -> CivilDate? {
        guard let text = try optionalText(field) else { return nil }
        guard let date = CivilDate(parsing: text) else { throw problem(field, "a date like 2020-03-01") }
        return date
    }

    /// The people who are named by words of the file, as far as they are known: the same words mean other people in
    /// another file.
    func people(in names: [String: PersonID]) -> String {
        values.sorted { $0.key < $1.key }.compactMap { field, value in
            guard case .text(let text) = value, let person = names[text] else { return nil }
            return "\(field) \(person)"
        }.joined(separator: " ")
    }

    func profile() throws -> [ProfileField: String] {
        guard let value = values["profile"] else { return [:] }
        guard case .object(let members) = value else { throw problem("profile", "an object of profile fields") }
        var profile: [ProfileField: String] = [:]
        for (name, value) in members {
            guard let field = ProfileField(rawValue: name), case .text(let text) = value else {
                throw problem("profile", "texts for \(ProfileField.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            profile[field] = text
        }
        return profile
    }

    /// The change that the line names; a day that is named as `none` holds no more.
    func attestation() throws -> AttestationChange {
        var change = AttestationChange()
        if values["attributes"] != nil {
            change.attributes = Set(try choices("attributes", of: Condition.self).filter { !$0.isOfPair })
        }
        for day in AttestationChange.Day.allCases {
            if try optionalText(day.rawValue) == "none" {
                change.cleared.insert(day)
            } else {
                change[day] = try date(day.rawValue)
            }
        }
        if values["fields"] != nil { change.fields = try texts("fields") }
        if values["acceptedStages"] != nil {
            change.acceptedStages = Set(try choices("acceptedStages", of: Stage.self))
        }
        change.capacity = try optionalNumber("capacity")
        return change
    }

    /// The answers in the object `name`; the questions it may answer besides are in `also`.
    func answers(_ name: String, also: Set<String> = []) throws -> (answers: Answers, object: [String: ScriptValue]) {
        guard case .object(let object)? = values[name] else { throw problem(name, "an object of answers") }
        let known: Set<String> = ["pathways", "areas", "times", "languages", "topics", "settings", "ageBand", "gender"]
        if let unknown = object.keys.sorted().first(where: { !known.contains($0) && !also.contains($0) }) {
            let place = unknown.count <= 40 && unknown.allSatisfy(\.isLetter) ? "\(name).\(unknown)" : name
            throw problem(place, "no such question: \(known.union(also).sorted().joined(separator: ", "))")
        }
        func words(_ field: String) throws -> [String] {
            guard let value = object[field] else { return [] }
            guard case .list(let items) = value, items.count <= 64 else {
                throw problem("\(name).\(field)", "a list of words")
            }
            return try items.map {
                guard case .text(let text) = $0 else { throw problem("\(name).\(field)", "a list of words") }
                return text
            }
        }
        func set<T: RawRepresentable & CaseIterable & Hashable>(_ field: String, of type: T.Type) throws -> Set<T>
        where T.RawValue == String {
            Set(try words(field).map { try choice("\(name).\(field)", $0, of: type) })
        }
        func one<T: RawRepresentable & CaseIterable>(_ field: String, of type: T.Type) throws -> T?
        where T.RawValue == String {
            guard let value = object[field] else { return nil }
            guard case .text(let text) = value else { throw problem("\(name).\(field)", "a word") }
            return try choice("\(name).\(field)", text, of: type)
        }
        let answers = Answers(
            pathways: try set("pathways", of: Pathway.self), areas: Set(try words("areas")),
            times: try set("times", of: TimeCell.self),
            languages: Set(try words("languages")), topics: try set("topics", of: Topic.self),
            settings: try set("settings", of: Setting.self), ageBand: try one("ageBand", of: AgeBand.self),
            gender: try one("gender", of: Gender.self))
        return (answers, object)
    }

    private func choice<T: RawRepresentable & CaseIterable>(_ field: String, _ text: String, of type: T.Type) throws
        -> T
    where T.RawValue == String {
        guard let value = T(rawValue: text) else {
            throw problem(field, "answers among \(T.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    func survey() throws -> Survey {
        let (answers, object) = try answers("survey", also: ["sameField", "sharedPathway", "preference", "understood"])
        func importance(_ name: String) throws -> Importance {
            guard let value = object[name] else { return .no }
            guard case .text(let text) = value else { throw problem("survey.\(name)", "must, nice or no") }
            return try choice("survey.\(name)", text, of: Importance.self)
        }
        let (field, pathway, preference) = (
            try importance("sameField"), try importance("sharedPathway"), try importance("preference")
        )
        guard case .flag(let understood)? = object["understood"] else {
            throw problem("survey.understood", "true or false")
        }
        return Survey(
            sameField: field, answers: answers, sharedPathway: pathway, preference: preference, understood: understood)
    }
}
