/// A JSON value of the kinds that records and policies use: no floats, no null.
public enum CanonicalJSON: Hashable, Sendable {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case array([CanonicalJSON])
    case object([String: CanonicalJSON])

    /// The limits on a text: its length in bytes, its nesting, and its characters.
    public struct Limits: Hashable, Sendable {
        public let byteCount: Int
        public let nesting: Int
        /// True if every character must be printable ASCII.
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
        out.reserveCapacity(1024)
        write(to: &out)
        return out
    }

    private func write(to out: inout [UInt8]) {
        switch self {
        case .string(let text): Self.write(text, to: &out)
        case .integer(let number): out += String(number).utf8
        case .boolean(let flag): out += (flag ? "true" : "false").utf8
        case .array(let items):
            out.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                item.write(to: &out)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let members):
            out.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { Self.precedes($0.key, $1.key) }).enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                Self.write(member.key, to: &out)
                out.append(UInt8(ascii: ":"))
                member.value.write(to: &out)
            }
            out.append(UInt8(ascii: "}"))
        }
    }

    /// The order of UTF-16 code units. It differs from that of UTF-8 only where a character has four bytes.
    private static func precedes(_ one: String, _ other: String) -> Bool {
        var (left, right) = (one.utf8.makeIterator(), other.utf8.makeIterator())
        while true {
            let (first, second) = (left.next(), right.next())
            if first == second {
                if first == nil { return false }
                continue
            }
            guard let first, let second else { return first == nil }
            if first >= 0xEE || second >= 0xEE { return one.utf16.lexicographicallyPrecedes(other.utf16) }
            return first < second
        }
    }

    private static func write(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        // Nearly every string has nothing to escape.
        let isPlain: Bool? = text.utf8.withContiguousStorageIfAvailable { bytes in
            guard bytes.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) else {
                return false
            }
            out.append(contentsOf: bytes)
            return true
        }
        if isPlain == true {
            out.append(UInt8(ascii: "\""))
            return
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                out.append(UInt8(ascii: "\\"))
                out.append(byte)
            case 0x20...: out.append(byte)
            case 0x08: out += "\\b".utf8
            case 0x09: out += "\\t".utf8
            case 0x0A: out += "\\n".utf8
            case 0x0C: out += "\\f".utf8
            case 0x0D: out += "\\r".utf8
            default:
                let digits = Array("0123456789abcdef".utf8)
                out += "\\u00".utf8
                out += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
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
        let parsed = bytes.withUnsafeBufferPointer { buffer -> CanonicalJSON? in
            var parser = Parser(bytes: buffer, nestingLeft: limits.nesting)
            guard let value = parser.value(), parser.isAtEnd else { return nil }
            return value
        }
        guard let parsed, parsed.bytes == bytes else { throw .notCanonical }
        self = parsed
    }

    /// Parses a value that this program stored, whatever the order of its keys and whether or not slashes are escaped:
    /// what was stored first was not written canonically. The bytes were sealed, so nobody else has had a hand in them.
    ///
    /// - Throws: ``RecordError/notCanonical`` for what is no value at all.
    public init(stored bytes: [UInt8]) throws(RecordError) {
        let parsed = bytes.withUnsafeBufferPointer { buffer -> CanonicalJSON? in
            var parser = Parser(bytes: buffer, nestingLeft: 16)
            guard let value = parser.value(), parser.isAtEnd else { return nil }
            return value
        }
        guard let parsed else { throw .notCanonical }
        self = parsed
    }

    /// Reads one value after the other. ``init(canonical:limits:)`` compares the result with its one spelling
    /// afterwards; ``init(stored:)`` does not.
    private struct Parser {
        let bytes: UnsafeBufferPointer<UInt8>
        var offset = 0
        var nestingLeft: Int

        init(bytes: UnsafeBufferPointer<UInt8>, nestingLeft: Int) {
            self.bytes = bytes
            self.nestingLeft = nestingLeft
        }

        var isAtEnd: Bool { offset == bytes.count }
        private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

        private mutating func take(_ byte: UInt8) -> Bool {
            guard next == byte else { return false }
            offset += 1
            return true
        }

        mutating func value() -> CanonicalJSON? {
            switch next {
            case UInt8(ascii: "\""): return string().map(CanonicalJSON.string)
            case UInt8(ascii: "{"): return object()
            case UInt8(ascii: "["): return array()
            case UInt8(ascii: "t"): return word("true", .boolean(true))
            case UInt8(ascii: "f"): return word("false", .boolean(false))
            default: return integer()
            }
        }

        private mutating func word(_ word: StaticString, _ value: CanonicalJSON) -> CanonicalJSON? {
            let end = offset + word.utf8CodeUnitCount
            guard end <= bytes.count, (offset..<end).allSatisfy({ bytes[$0] == word.utf8Start[$0 - offset] }) else {
                return nil
            }
            offset = end
            return value
        }

        private mutating func integer() -> CanonicalJSON? {
            let start = offset
            while let byte = next, byte == UInt8(ascii: "-") || (48...57).contains(byte) { offset += 1 }
            guard offset - start <= 17, let number = Int(String(decoding: bytes[start..<offset], as: UTF8.self)),
                (-9_007_199_254_740_991...9_007_199_254_740_991).contains(number)
            else { return nil }
            return .integer(number)
        }

        private mutating func string() -> String? {
            guard take(UInt8(ascii: "\"")) else { return nil }
            let start = offset
            // Nearly every string of a record has nothing to undo.
            while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { offset += 1 }
            if take(UInt8(ascii: "\"")) { return String(validating: bytes[start..<offset - 1], as: UTF8.self) }
            var out = Array(bytes[start..<offset])
            while let byte = next {
                offset += 1
                switch byte {
                case UInt8(ascii: "\""): return String(validating: out, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let escaped = next else { return nil }
                    offset += 1
                    switch escaped {
                    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(escaped)
                    case UInt8(ascii: "b"): out.append(0x08)
                    case UInt8(ascii: "t"): out.append(0x09)
                    case UInt8(ascii: "n"): out.append(0x0A)
                    case UInt8(ascii: "f"): out.append(0x0C)
                    case UInt8(ascii: "r"): out.append(0x0D)
                    case UInt8(ascii: "u"):
                        // Only control characters are written by number. In canonical text the comparison refuses any
                        // other; in stored text one up to U+007F is taken for the character.
                        guard offset + 4 <= bytes.count,
                            let scalar = UInt8(String(decoding: bytes[offset..<offset + 4], as: UTF8.self), radix: 16)
                        else { return nil }
                        offset += 4
                        out.append(scalar)
                    default: return nil
                    }
                case 0..<0x20: return nil
                default: out.append(byte)
                }
            }
            return nil
        }

        private mutating func array() -> CanonicalJSON? {
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

        private mutating func object() -> CanonicalJSON? {
            guard nestingLeft > 0, take(UInt8(ascii: "{")) else { return nil }
            nestingLeft -= 1
            defer { nestingLeft += 1 }
            if take(UInt8(ascii: "}")) { return .object([:]) }
            var members: [String: CanonicalJSON] = [:]
            repeat {
                guard let key = string(), take(UInt8(ascii: ":")), let item = value(),
                    members.updateValue(item, forKey: key) == nil
                else { return nil }
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "}")) ? .object(members) : nil
        }
    }

    public subscript(key: String) -> CanonicalJSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    public var string: String? { if case .string(let text) = self { text } else { nil } }
    public var integer: Int? { if case .integer(let number) = self { number } else { nil } }
    public var boolean: Bool? { if case .boolean(let flag) = self { flag } else { nil } }
    public var array: [CanonicalJSON]? { if case .array(let items) = self { items } else { nil } }
    public var object: [String: CanonicalJSON]? { if case .object(let members) = self { members } else { nil } }
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
