/// 128 random bits that name one thing and say nothing about it.
///
/// - Shape: printed as 32 lower-case hexadecimal digits.
public struct Identifier<Kind>: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Nil unless `bytes` has 16 bytes; big-endian.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        (high, low) = bytes.withUnsafeBytes {
            (
                UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    public init?(parsing text: some StringProtocol) {
        var (high, low, count): (UInt64, UInt64, Int) = (0, 0, 0)
        for digit in text.utf8 {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            high = high << 4 | low >> 60
            low = low << 4 | UInt64(value)
            count += 1
        }
        guard count == 32 else { return nil }
        self.init(high: high, low: low)
    }

    public var bytes: [UInt8] {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Array($0) }
    }

    public var description: String {
        String(unsafeUninitializedCapacity: 32) { digits in
            for place in 0..<16 {
                digits[place] = Self.digit(high >> (60 - 4 * place))
                digits[16 + place] = Self.digit(low >> (60 - 4 * place))
            }
            return 32
        }
    }

    private static func digit(_ number: UInt64) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: number & 15)
        return value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    public static func < (left: Identifier, right: Identifier) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Identifier(parsing: text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not an id"))
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

public enum PersonKind {}
public enum CaseKind {}
public enum RoundKind {}
public enum ReleaseKind {}
public enum HandleKind {}

/// One human, whatever their roles.
public typealias PersonID = Identifier<PersonKind>
/// One person's passage through one workflow.
public typealias CaseID = Identifier<CaseKind>
/// One passage from request to end within a case.
public typealias RoundID = Identifier<RoundKind>
/// One signed permission.
public typealias ReleaseID = Identifier<ReleaseKind>
/// The name by which one person reaches one case: random, another for everybody, derived from nothing.
public typealias CaseHandle = Identifier<HandleKind>
