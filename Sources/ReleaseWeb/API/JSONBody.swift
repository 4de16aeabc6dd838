internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import ReleaseWorkflow

/// The body of a request: an object with known members and no others.
struct JSONBody: Sendable {
    private let members: [String: JSONValue]
    private let place: String

    /// - Throws: ``FormBody/Malformed`` for what is no JSON object, `FieldProblem` for a member that nobody knows.
    init(_ visit: Visit, knowing known: Set<String>) throws {
        let type = visit.headers[.contentType]?.split(separator: ";").first.map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        guard type?.lowercased() == "application/json" else { throw FormBody.Malformed() }
        guard case .object(let members)? = JSONReader.value(of: visit.body) else { throw FormBody.Malformed() }
        try self.init(members, place: "", knowing: known)
    }

    private init(_ members: [String: JSONValue], place: String, knowing known: Set<String>) throws {
        if let unknown = members.keys.sorted().first(where: { !known.contains($0) }) {
            let isName = unknown.count <= 40 && unknown.allSatisfy { $0.isASCII && $0.isLetter }
            throw FieldProblem(
                field: isName ? place + unknown : "body", expected: "only \(known.sorted().joined(separator: ", "))")
        }
        (self.members, self.place) = (members, place)
    }

    private func problem(_ name: String, _ expected: String) -> FieldProblem {
        FieldProblem(field: place + name, expected: expected)
    }

    func has(_ name: String) -> Bool { members[name] != nil }

    func optionalText(_ name: String, limit: Int = 200) throws -> String? {
        guard let value = members[name] else { return nil }
        guard case .text(let text) = value, (1...limit).contains(text.count), FormBody.isPlain(text) else {
            throw problem(name, "a text of 1 to \(limit) plain characters")
        }
        return text
    }

    func text(_ name: String, limit: Int = 200) throws -> String {
        guard let text = try optionalText(name, limit: limit) else {
            throw problem(name, "a text of 1 to \(limit) plain characters")
        }
        return text
    }

    func flag(_ name: String, default fallback: Bool? = nil) throws -> Bool {
        guard let value = members[name] else {
            guard let fallback else { throw problem(name, "true or false") }
            return fallback
        }
        guard case .flag(let flag) = value else { throw problem(name, "true or false") }
        return flag
    }

    func texts(_ name: String) throws -> [String] {
        guard let value = members[name] else { return [] }
        guard case .list(let items) = value, items.count <= 64 else { throw problem(name, "a list of texts") }
        return try items.map { item in
            guard case .text(let text) = item, FormBody.isPlain(text) else { throw problem(name, "a list of texts") }
            return text
        }
    }

    func object(_ name: String, knowing known: Set<String>) throws -> JSONBody? {
        guard let value = members[name] else { return nil }
        guard case .object(let inner) = value else { throw problem(name, "an object") }
        return try JSONBody(inner, place: "\(place)\(name).", knowing: known)
    }

    func choice<T: RawRepresentable & CaseIterable>(_ name: String, of type: T.Type) throws -> T?
    where T.RawValue == String {
        guard let text = try optionalText(name) else { return nil }
        guard let value = T(rawValue: text) else {
            throw problem(name, "one of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    func choices<T: RawRepresentable & CaseIterable & Hashable>(_ name: String, of type: T.Type) throws -> Set<T>
    where T.RawValue == String {
        Set(
            try texts(name).map { text in
                guard let value = T(rawValue: text) else {
                    throw problem(name, "among \(T.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                return value
            })
    }
}
