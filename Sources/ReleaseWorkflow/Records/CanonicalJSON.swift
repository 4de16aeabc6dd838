/// A JSON value of the kinds that records and policies use: no floats, no null.
public indirect enum CanonicalJSON: Hashable, Sendable {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case array([CanonicalJSON])
    case object([String: CanonicalJSON])

    /// What may be in a line.
    public struct Limits: Hashable, Sendable {
        public let byteCount: Int
        public let nesting: Int
        /// Whether every character must be printable ASCII.
        public let isASCII: Bool

        /// A record: one line of printable ASCII, 8 KiB, nesting 4.
        public static let record = Limits(byteCount: 8192, nesting: 4, isASCII: true)
        /// A policy's canonical form: RFC 8785 strings.
        public static let policy = Limits(byteCount: 1 << 20, nesting: 16, isASCII: false)
    }

    /// The one spelling of this value: keys in the order of their UTF-16 code units, no white space, shortest escapes.
    ///
    /// - Source: RFC 8785 §3.2, “Generation of Canonical JSON Data”.
    public var bytes: [UInt8] {
        var out: [UInt8] = []
        write(to: &out)
        return out
    }

    private func write(to out: inout [UInt8]) {
        switch self {
        case .string(let text): Self.write(text, to: &out)
        case .integer(let number): out += Array(String(number).utf8)
        case .boolean(let flag): out += Array((flag ? "true" : "false").utf8)
        case .array(let items):
            out.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                item.write(to: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            out.append(UInt8(ascii: "{"))
            let keys = members.keys.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
            for (index, key) in keys.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                Self.write(key, to: &out)
                out.append(UInt8(ascii: ":"))
                members[key]?.write(to: &out)
            }
            out.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
            case 0x08: out += Array("\\b".utf8)
            case 0x09: out += Array("\\t".utf8)
            case 0x0A: out += Array("\\n".utf8)
            case 0x0C: out += Array("\\f".utf8)
            case 0x0D: out += Array("\\r".utf8)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                out += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }

    /// Parses bytes that must be exactly the canonical spelling of a value within `limits`.
    ///
    /// - Throws: ``RecordError/notCanonical`` for everything else; no detail, because the bytes may be hostile.
    public init(canonical bytes: [UInt8], limits: Limits) throws(RecordError) {
        guard bytes.count <= limits.byteCount,
            !limits.isASCII || bytes.allSatisfy({ (0x20...0x7E).contains($0) })
        else { throw .notCanonical }
        var parser = Parser(bytes: bytes[...], nestingLeft: limits.nesting)
        guard let value = parser.value(), parser.bytes.isEmpty, value.bytes == bytes else { throw .notCanonical }
        self = value
    }

    private struct Parser {
        var bytes: ArraySlice<UInt8>
        var nestingLeft: Int

        mutating func take(_ byte: UInt8) -> Bool {
            guard bytes.first == byte else { return false }
            bytes.removeFirst()
            return true
        }

        mutating func value() -> CanonicalJSON? {
            switch bytes.first {
            case UInt8(ascii: "\""): return string().map(CanonicalJSON.string)
            case UInt8(ascii: "{"): return object()
            case UInt8(ascii: "["): return array()
            case UInt8(ascii: "t"), UInt8(ascii: "f"):
                for (word, flag) in [("true", true), ("false", false)] where bytes.starts(with: word.utf8) {
                    bytes.removeFirst(word.utf8.count)
                    return .boolean(flag)
                }
                return nil
            default: return integer()
            }
        }

        mutating func integer() -> CanonicalJSON? {
            let digits = bytes.prefix { $0 == UInt8(ascii: "-") || (48...57).contains($0) }
            guard digits.count <= 17, let number = Int(String(decoding: digits, as: UTF8.self)),
                (-9_007_199_254_740_991...9_007_199_254_740_991).contains(number)
            else { return nil }
            bytes.removeFirst(digits.count)
            return .integer(number)
        }

        mutating func string() -> String? {
            guard take(UInt8(ascii: "\"")) else { return nil }
            var out: [UInt8] = []
            while let byte = bytes.popFirst() {
                switch byte {
                case UInt8(ascii: "\""): return String(validating: out, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let escaped = bytes.popFirst() else { return nil }
                    switch escaped {
                    case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(escaped)
                    case UInt8(ascii: "b"): out.append(0x08)
                    case UInt8(ascii: "t"): out.append(0x09)
                    case UInt8(ascii: "n"): out.append(0x0A)
                    case UInt8(ascii: "f"): out.append(0x0C)
                    case UInt8(ascii: "r"): out.append(0x0D)
                    case UInt8(ascii: "u"):
                        // Only control characters may be spelled by number; the comparison afterwards sees to the rest.
                        let digits = bytes.prefix(4)
                        guard digits.count == 4, let scalar = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                            return nil
                        }
                        bytes.removeFirst(4)
                        out.append(scalar)
                    default: return nil
                    }
                case 0..<0x20: return nil
                default: out.append(byte)
                }
            }
            return nil
        }

        mutating func array() -> CanonicalJSON? {
            guard nestingLeft > 0, take(UInt8(ascii: "[")) else { return nil }
            nestingLeft -= 1
            defer { nestingLeft += 1 }
            if take(UInt8(ascii: "]")) { return .array([]) }
            var items: [CanonicalJSON] = []
            repeat {
                guard let item = value() else { return nil }
                items.append(item)
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "]")) ? .array(items) : nil
        }

        mutating func object() -> CanonicalJSON? {
            guard nestingLeft > 0, take(UInt8(ascii: "{")) else { return nil }
            nestingLeft -= 1
            defer { nestingLeft += 1 }
            if take(UInt8(ascii: "}")) { return .object([:]) }
            var members: [String: CanonicalJSON] = [:]
            repeat {
                guard let key = string(), members[key] == nil, take(UInt8(ascii: ":")), let item = value() else { return nil }
                members[key] = item
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "}")) ? .object(members) : nil
        }
    }

    public subscript(key: String) -> CanonicalJSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    public var string: String? { if case .string(let text) = self { text } else { nil } }
    public var integer: Int? { if case .integer(let number) = self { number } else { nil } }
}

/// Bytes that are not a record.
public enum RecordError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not the canonical spelling of a permitted value.
    case notCanonical
    /// Canonical, but not a record of its type; names the first member that is missing, unknown or of the wrong form.
    case malformed(RecordType?, member: String)

    public var description: String {
        switch self {
        case .notCanonical: "record is not in canonical form"
        case .malformed(let type, let member): "malformed \(type?.rawValue ?? "unknown") record at `\(member)`"
        }
    }
}
