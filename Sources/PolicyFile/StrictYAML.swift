internal import ReleaseWorkflow
internal import Yams

/// Something in a policy file that must be put right, with its place.
public struct PolicyProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    public let line: Int
    /// From 1. Counts Unicode scalars; for control characters, anchors, tags and nesting it counts UTF-8 bytes.
    public let column: Int
    /// The key's path, like `release.fields`; empty for the file as a whole.
    public let path: String
    public let expected: String

    public var description: String {
        "line \(line), column \(column): \(path.isEmpty ? "" : "`\(path)`: ")\(expected)"
    }
}

/// The YAML that policies are written in: one document of mappings, lists and scalars.
///
/// Refused: anchors, aliases, tags, duplicate keys, more documents, nesting over 16, more than 256 KiB, null, floats,
/// and the words that YAML 1.1 takes for booleans (`yes`, `no`, `on`, `off`) as values. Whole numbers and `true` and
/// `false` are what they look like; everything else is a string. JSON is such YAML, so a policy's canonical form parses
/// too.
struct StrictYAML {
    indirect enum Value {
        case scalar(Scalar)
        case list([StrictYAML])
        case mapping([(key: String, value: StrictYAML)])
    }
    struct Scalar {
        let text: String
        let isPlain: Bool
    }

    static let maximumByteCount = 256 << 10
    static let maximumNesting = 16

    let value: Value
    let line: Int
    let column: Int

    init(parsing typed: String) throws {
        let text = Self.plainLines(typed)
        try Self.checkSurface(text)
        let node: Node?
        // The parser is kept alive while nodes are read: their anchors live in it.
        let parser: Parser
        do {
            parser = try Parser(yaml: text)
            node = try parser.singleRoot()
        } catch let error as YamlError {
            throw Self.problem(for: error)
        }
        guard let node else {
            throw PolicyProblem(line: 1, column: 1, path: "", expected: "expected a policy, found an empty file")
        }
        self = try withExtendedLifetime(parser) { try StrictYAML(node, nesting: 0) }
    }

    /// The text with line feeds alone between its lines and without a byte order mark: what editors on other systems
    /// add means nothing.
    private static func plainLines(_ typed: String) -> String {
        var scalars = String.UnicodeScalarView()
        var isAfterReturn = false
        for (place, scalar) in typed.unicodeScalars.enumerated() {
            if place == 0, scalar == "\u{FEFF}" { continue }
            if scalar == "\r" || !(scalar == "\n" && isAfterReturn) { scalars.append(scalar == "\r" ? "\n" : scalar) }
            isAfterReturn = scalar == "\r"
        }
        return String(scalars)
    }

    private init(_ node: Node, nesting: Int) throws {
        line = node.mark?.line ?? 1
        column = node.mark?.column ?? 1
        let (line, column) = (line, column)
        func refuse(_ expected: String) -> PolicyProblem {
            PolicyProblem(line: line, column: column, path: "", expected: expected)
        }
        guard nesting <= Self.maximumNesting else { throw refuse("nesting deeper than \(Self.maximumNesting)") }
        switch node {
        case .scalar(let scalar):
            guard scalar.anchor == nil else { throw refuse("anchors are not allowed: write the value out") }
            let isQuoted = scalar.style != .plain
            guard scalar.tag == Tag.implicit || isQuoted && scalar.tag == Tag(.str) else {
                throw refuse("tags are not allowed")
            }
            value = .scalar(Scalar(text: scalar.string, isPlain: scalar.style == .plain))
        case .sequence(let sequence):
            guard sequence.anchor == nil else { throw refuse("anchors are not allowed: write the list out") }
            guard sequence.tag == Tag.implicit else { throw refuse("tags are not allowed") }
            value = .list(try sequence.map { try StrictYAML($0, nesting: nesting + 1) })
        case .mapping(let mapping):
            guard mapping.anchor == nil else { throw refuse("anchors are not allowed: write the mapping out") }
            guard mapping.tag == Tag.implicit else { throw refuse("tags are not allowed") }
            value = .mapping(
                try mapping.map { key, value in
                    // A key's tag is resolved by the search for duplicates, so explicit ones are found on the surface.
                    guard case .scalar(let scalar) = key, scalar.anchor == nil, !scalar.string.isEmpty,
                        scalar.string != "<<"
                    else { throw refuse("keys must be plain words") }
                    return (scalar.string, try StrictYAML(value, nesting: nesting + 1))
                })
        case .alias: throw refuse("aliases are not allowed: write the value out")
        }
    }

    /// Settles what must be certain before a recursive parser sees the text: size, nesting and anchors, whose expansion
    /// may explode.
    private static func checkSurface(_ text: String) throws {
        guard text.utf8.count <= maximumByteCount else {
            throw PolicyProblem(
                line: 1, column: 1, path: "", expected: "a policy has at most \(maximumByteCount >> 10) KiB")
        }
        var depth = 0
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var dashes = 0
            var isLeading = true
            var previous: UInt8 = 0x20
            let bytes = Array(line.utf8)
            for (offset, byte) in bytes.enumerated() {
                func refuse(_ expected: String) -> PolicyProblem {
                    PolicyProblem(line: number + 1, column: offset + 1, path: "", expected: expected)
                }
                if byte < 0x20, byte != 0x09 { throw refuse("control characters are not allowed") }
                switch byte {
                case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
                case UInt8(ascii: "-") where isLeading, UInt8(ascii: "?") where isLeading: dashes += 1
                case UInt8(ascii: "&")
                where " \t[{,:-".utf8.contains(previous) && offset + 1 < bytes.count && bytes[offset + 1] > 0x20:
                    throw refuse("anchors are not allowed: write the value out")
                case UInt8(ascii: "!")
                where " \t[{,:-".utf8.contains(previous) && offset + 1 < bytes.count && bytes[offset + 1] > 0x20:
                    throw refuse("tags are not allowed")
                default: break
                }
                if byte != 0x20, byte != UInt8(ascii: "-"), byte != UInt8(ascii: "?") { isLeading = false }
                if depth > maximumNesting || dashes > maximumNesting && isLeading {
                    throw refuse("nesting deeper than \(maximumNesting)")
                }
                previous = byte
            }
        }
    }

    private static func problem(for error: YamlError) -> PolicyProblem {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            PolicyProblem(line: mark.line, column: mark.column, path: "", expected: "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            PolicyProblem(
                line: context.mark.line, column: context.mark.column, path: duplicates.first ?? "",
                expected: "the key occurs twice in this mapping")
        default: PolicyProblem(line: 1, column: 1, path: "", expected: "not YAML in UTF-8")
        }
    }

    /// The document as written, for hashing.
    func canonical() throws -> CanonicalJSON {
        switch value {
        case .list(let items): return .array(try items.map { try $0.canonical() })
        case .mapping(let members):
            return .object(Dictionary(try members.map { ($0.key, try $0.value.canonical()) }) { first, _ in first })
        case .scalar(let scalar):
            guard scalar.isPlain else { return .string(scalar.text) }
            switch scalar.text {
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            default: break
            }
            if ["yes", "no", "on", "off", "y", "n"].contains(scalar.text.lowercased())
                || ["true", "false"].contains(scalar.text.lowercased())
            {
                throw refuse("write `true` or `false`, or put the word in quotes")
            }
            if ["", "~", "null"].contains(scalar.text.lowercased()) { throw refuse("expected a value, found nothing") }
            if let number = Int(scalar.text) {
                guard String(number) == scalar.text, abs(number) <= 1 << 53 else {
                    throw refuse("write whole numbers without leading zeros, or put them in quotes")
                }
                return .integer(number)
            }
            if Double(scalar.text) != nil { throw refuse("numbers are whole; put others in quotes") }
            return .string(scalar.text)
        }
    }

    private func refuse(_ expected: String) -> PolicyProblem {
        PolicyProblem(line: line, column: column, path: "", expected: expected)
    }
}
