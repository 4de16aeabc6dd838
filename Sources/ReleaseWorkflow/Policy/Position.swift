/// A state of a workflow, as the number the policy gave it; its name is in ``Workflow/names``.
public struct Position: Hashable, Comparable, Sendable, Codable {
    public let number: UInt8
    public init(number: UInt8) { self.number = number }
    public static func < (left: Position, right: Position) -> Bool { left.number < right.number }

    public init(from decoder: any Decoder) throws { number = try decoder.singleValueContainer().decode(UInt8.self) }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }
}
