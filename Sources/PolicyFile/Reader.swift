internal import ReleaseWorkflow

/// Reads a mapping key by key, notes every problem with its place, and goes on: one run shows them all.
final class Reader {
    private(set) var problems: [PolicyProblem] = []

    func refuse(_ node: StrictYAML, _ path: String, _ expected: String) {
        problems.append(PolicyProblem(line: node.line, column: node.column, path: path, expected: expected))
    }

    func members(_ node: StrictYAML, _ path: String, known: [String], optional: Set<String> = []) -> Members {
        guard case .mapping(let members) = node.value else {
            refuse(node, path, "expected a mapping with the keys \(known.map { "`\($0)`" }.joined(separator: ", "))")
            return Members(reader: self, node: node, path: path, values: [:])
        }
        for member in members where !known.contains(member.key) {
            refuse(
                member.value, join(path, member.key),
                "unknown key: expected one of \(known.map { "`\($0)`" }.joined(separator: ", "))")
        }
        let values = Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first }
        for name in known where values[name] == nil && !optional.contains(name) {
            refuse(node, join(path, name), "missing")
        }
        return Members(reader: self, node: node, path: path, values: values)
    }

    func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    struct Members {
        let reader: Reader
        let node: StrictYAML
        let path: String
        let values: [String: StrictYAML]

        subscript(name: String) -> StrictYAML? { values[name] }
        private func path(of name: String) -> String { reader.join(path, name) }

        func text(_ name: String, atMost limit: Int = 8000) -> String? {
            guard let node = values[name] else { return nil }
            return reader.text(node, path(of: name), atMost: limit)
        }

        func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
            guard let node = values[name] else { return nil }
            guard case .scalar(let scalar) = node.value, scalar.isPlain, let number = Int(scalar.text),
                range.contains(number)
            else {
                reader.refuse(
                    node, path(of: name), "expected a whole number from \(range.lowerBound) to \(range.upperBound)")
                return nil
            }
            return number
        }

        func boolean(_ name: String) -> Bool? {
            guard let node = values[name] else { return nil }
            guard case .scalar(let scalar) = node.value, scalar.isPlain, ["true", "false"].contains(scalar.text) else {
                reader.refuse(node, path(of: name), "expected `true` or `false`")
                return nil
            }
            return scalar.text == "true"
        }

        func date(_ name: String) -> CivilDate? {
            guard let node = values[name] else { return nil }
            guard case .scalar(let scalar) = node.value, let date = CivilDate(parsing: scalar.text) else {
                reader.refuse(node, path(of: name), "expected a date like 2026-01-31")
                return nil
            }
            return date
        }

        func choice<T: RawRepresentable & CaseIterable>(_ name: String, of type: T.Type, except: [T] = []) -> T?
        where T.RawValue == String {
            guard let node = values[name] else { return nil }
            return reader.choice(node, path(of: name), of: type)
        }

        /// A key that this confidentiality level leaves one value.
        func only(_ name: String, _ value: String, because reason: String) {
            guard let node = values[name] else { return }
            guard case .scalar(let scalar) = node.value, scalar.text == value else {
                reader.refuse(node, path(of: name), "expected `\(value)`: \(reason)")
                return
            }
        }

        func list<T>(_ name: String, nonEmpty: Bool = false, _ read: (StrictYAML, String) -> T?) -> [T] {
            guard let node = values[name] else { return [] }
            return reader.list(node, path(of: name), nonEmpty: nonEmpty, read)
        }

        func choices<T: RawRepresentable & CaseIterable>(_ name: String, of type: T.Type, nonEmpty: Bool = false) -> [T]
        where T.RawValue == String {
            list(name, nonEmpty: nonEmpty) { reader.choice($0, $1, of: type) }
        }

        /// One word or a list of them.
        func oneOrMore<T>(_ name: String, _ read: (StrictYAML, String) -> T?) -> [T] {
            guard let node = values[name] else { return [] }
            if case .list = node.value { return reader.list(node, path(of: name), nonEmpty: true, read) }
            return read(node, path(of: name)).map { [$0] } ?? []
        }
    }

    func text(_ node: StrictYAML, _ path: String, atMost limit: Int = 8000) -> String? {
        guard case .scalar(let scalar) = node.value, scalar.text.contains(where: { !$0.isWhitespace }),
            scalar.text.utf8.count <= limit
        else {
            refuse(node, path, "expected a text of at most \(limit) bytes")
            return nil
        }
        return scalar.text
    }

    func choice<T: RawRepresentable & CaseIterable>(_ node: StrictYAML, _ path: String, of type: T.Type) -> T?
    where T.RawValue == String {
        if case .scalar(let scalar) = node.value, let value = T(rawValue: scalar.text) { return value }
        refuse(node, path, "expected one of \(T.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "))")
        return nil
    }

    func list<T>(_ node: StrictYAML, _ path: String, nonEmpty: Bool = false, _ read: (StrictYAML, String) -> T?) -> [T]
    {
        guard case .list(let items) = node.value, !(nonEmpty && items.isEmpty) else {
            refuse(node, path, "expected a list\(nonEmpty ? " of at least one" : "")")
            return []
        }
        return items.enumerated().compactMap { read($0.element, "\(path)[\($0.offset)]") }
    }
}
