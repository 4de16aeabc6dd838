import Foundation
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
/// `do` names it; `by` is whose act it is, `through` the coordinator who typed it in for them, `via` the channel. People are named by a
/// word that an earlier line of the file gave them (`as`), by id, or by `phone:…` or `name:…`.
struct ScriptLine {
    static let maximumByteCount = 64 << 10

    let number: Int
    let action: String
    private let values: [String: ScriptValue]

    private static let common: Set<String> = ["do", "at", "by", "through", "via", "key", "expect", "say", "as"]
    private static let caseFields: Set<String> = ["case", "workflow"]
    private static let fields: [String: Set<String>] = {
        var fields: [String: Set<String>] = [
            "wait": [], "addPerson": ["name", "surname", "firstName", "phone", "field", "roles", "underContract", "coordinator"],
            "changePerson": ["person", "underContract", "coordinator"],
            "enrollMentor": [
                "person", "inStanding", "inRecoverySince", "activeInRecovery", "guidedOthers", "fields", "counselor", "capacity",
            ],
            "acknowledge": ["display"], "setAvailability": ["ready", "paused", "capacity"], "look": caseFields,
            "rescindByCode": ["code"], "showAccounting": [],
        ]
        for kind in CommandKind.allCases {
            switch kind {
            case .handOff, .expire, .answer: break
            case .propose, .invite: fields[kind.rawValue] = caseFields.union(["person"])
            case .completeSurvey: fields[kind.rawValue] = caseFields.union(["survey"])
            case .ask: fields[kind.rawValue] = caseFields.union(["display"])
            case .sign: fields[kind.rawValue] = caseFields.union(["scan", "digest"])
            case .correct: fields[kind.rawValue] = caseFields.union(["scan", "digest", "firstName", "phone"])
            default: fields[kind.rawValue] = caseFields
            }
        }
        return fields
    }()

    init(_ bytes: Data, number: Int) throws {
        self.number = number
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
                expected: "no such field in `\(action)`: it takes \((known.union(Self.common)).sorted().joined(separator: ", "))")
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
        guard case .list(let items)? = values[field], items.count <= 100 else { throw problem(field, "a list of texts") }
        return try items.map {
            guard case .text(let text) = $0 else { throw problem(field, "a list of texts") }
            return text
        }
    }

    func choice<T: RawRepresentable & CaseIterable>(_ field: String, of type: T.Type) throws -> T? where T.RawValue == String {
        guard let text = try optionalText(field) else { return nil }
        guard let value = T(rawValue: text) else {
            throw problem(field, "one of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    func survey() throws -> Survey {
        guard case .object(let answers)? = values["survey"],
            answers.keys.allSatisfy(["sameField", "topics", "understood"].contains), case .text(let weight)? = answers["sameField"],
            let sameField = Survey.Weight(rawValue: weight), case .list(let items)? = answers["topics"],
            case .flag(let understood)? = answers["understood"]
        else {
            throw problem(
                "survey",
                "{\"sameField\": must|nice|no, \"topics\": [\(Survey.Topic.allCases.map(\.rawValue).joined(separator: ", "))], \"understood\": true}"
            )
        }
        let topics = try items.map { item -> Survey.Topic in
            guard case .text(let text) = item, let topic = Survey.Topic(rawValue: text) else {
                throw problem("survey.topics", "topics among \(Survey.Topic.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return topic
        }
        return Survey(sameField: sameField, topics: topics, understood: understood)
    }
}
