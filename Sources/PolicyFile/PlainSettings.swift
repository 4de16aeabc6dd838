/// A file of settings: one mapping of plain names to single values, in the YAML that policies are written in.
public enum PlainSettings {
    public struct Entry: Sendable {
        public let name: String
        /// Nil if it is a list or a mapping.
        public let text: String?
        /// True for a value that is written without quotation marks.
        public let isPlain: Bool
        public let line: Int
    }

    /// - Throws: ``PolicyProblem`` with the place of what is no such file, or of a name that stands twice.
    public static func parse(_ text: String) throws -> [Entry] {
        guard
            text.split(whereSeparator: \.isNewline).contains(where: {
                !$0.allSatisfy(\.isWhitespace) && $0.first != "#"
            })
        else { return [] }
        let document = try StrictYAML(parsing: text)
        guard case .mapping(let members) = document.value else {
            throw PolicyProblem(
                line: document.line, column: document.column, path: "", expected: "expected `name: value`")
        }
        return members.map { member in
            guard case .scalar(let scalar) = member.value.value else {
                return Entry(name: member.key, text: nil, isPlain: true, line: member.value.line)
            }
            return Entry(name: member.key, text: scalar.text, isPlain: scalar.isPlain, line: member.value.line)
        }
    }
}
