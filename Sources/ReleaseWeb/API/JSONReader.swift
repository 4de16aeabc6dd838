/// A JSON value of a request.
indirect enum JSONValue: Sendable {
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([JSONValue])
    case object([String: JSONValue])
}

/// Reads JSON that a stranger sent. Its work grows with the bytes alone: nothing is tried twice, the values and the
/// depth are counted, and a member that stands twice is refused, because two readers would take two different ones for
/// it.
///
/// - Source: RFC 8259, without `null`, which nothing here means; numbers are whole numbers that an `Int` holds.
struct JSONReader {
    /// Nothing that is asked for comes near these.
    static let (valueLimit, depthLimit) = (512, 8)

    private let bytes: [UInt8]
    private var place = 0
    private var values = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// - Returns: nil for what is no such JSON, from the first byte to the last.
    static func value(of bytes: [UInt8]) -> JSONValue? {
        var reader = JSONReader(bytes)
        guard let value = reader.value(depth: 0) else { return nil }
        reader.skipSpace()
        return reader.place == bytes.count ? value : nil
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { place += 1 }
    }

    private mutating func take(_ byte: Character) -> Bool {
        skipSpace()
        guard next == byte.asciiValue else { return false }
        place += 1
        return true
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) -> JSONValue? {
        let isThere = word.withUTF8Buffer { bytes[place...].starts(with: $0) }
        guard isThere else { return nil }
        place += word.utf8CodeUnitCount
        return value
    }

    private mutating func value(depth: Int) -> JSONValue? {
        skipSpace()
        values += 1
        guard values <= Self.valueLimit, depth <= Self.depthLimit, let first = next else { return nil }
        switch first {
        case UInt8(ascii: "\""): return text().map(JSONValue.text)
        case UInt8(ascii: "{"): return object(depth)
        case UInt8(ascii: "["): return list(depth)
        case UInt8(ascii: "t"): return word("true", .flag(true))
        case UInt8(ascii: "f"): return word("false", .flag(false))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return number().map(JSONValue.number)
        default: return nil
        }
    }

    private mutating func list(_ depth: Int) -> JSONValue? {
        place += 1
        var items: [JSONValue] = []
        if take("]") { return .list(items) }
        while true {
            guard let item = value(depth: depth + 1) else { return nil }
            items.append(item)
            if take("]") { return .list(items) }
            guard take(",") else { return nil }
        }
    }

    private mutating func object(_ depth: Int) -> JSONValue? {
        place += 1
        var members: [String: JSONValue] = [:]
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\""), let name = text(), members[name] == nil, take(":"),
                let value = value(depth: depth + 1)
            else { return nil }
            members[name] = value
            if take("}") { return .object(members) }
            guard take(",") else { return nil }
        }
    }

    private mutating func number() -> Int? {
        let start = place
        if next == UInt8(ascii: "-") { place += 1 }
        let digits = place
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
        // No digit at all, and one that begins with a needless zero, is none; a fraction is not asked for.
        guard place > digits, bytes[digits] != UInt8(ascii: "0") || place == digits + 1 else { return nil }
        return Int(String(decoding: bytes[start..<place], as: UTF8.self))
    }

    private mutating func text() -> String? {
        place += 1
        var own: [UInt8] = []
        while let byte = next {
            place += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: own, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = escaped() else { return nil }
                own += Array(String(scalar).utf8)
            case 0..<0x20: return nil
            default: own.append(byte)
            }
        }
        return nil
    }

    private static let escapes: [UInt8: Unicode.Scalar] = [
        UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/", UInt8(ascii: "b"): "\u{8}",
        UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
    ]

    private mutating func escaped() -> Unicode.Scalar? {
        guard let byte = next else { return nil }
        place += 1
        if byte != UInt8(ascii: "u") { return Self.escapes[byte] }
        guard let first = unit() else { return nil }
        guard (0xD800...0xDBFF).contains(first) else { return Unicode.Scalar(first) }
        // The other half of a letter beyond the first plane.
        guard next == UInt8(ascii: "\\"), place + 1 < bytes.count, bytes[place + 1] == UInt8(ascii: "u") else {
            return nil
        }
        place += 2
        guard let second = unit(), (0xDC00...0xDFFF).contains(second) else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private mutating func unit() -> UInt32? {
        guard place + 4 <= bytes.count else { return nil }
        let digits = bytes[place..<place + 4]
        guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        place += 4
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
