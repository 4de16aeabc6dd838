/// A field that a ``ProfileCard`` may show: everything that programs other than clinical ones let cross.
public enum ProfileField: String, CaseIterable, Hashable, Comparable, Sendable, Codable {
    case displayName, contactRoute, region, topics, interests

    /// In the order in which a card shows them.
    public static func < (left: ProfileField, right: ProfileField) -> Bool { left.place < right.place }

    private var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
