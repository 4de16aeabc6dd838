/// A field that a release may carry. For clinical programs the list ends after the first two.
public enum PermittedField: String, CaseIterable, Hashable, Sendable, Codable {
    case firstName, phone
    case displayName, contactRoute, region, topics, interests

    /// The fields that a clinical release carries, and nothing else ever (MPHP-36).
    public static let clinical: [PermittedField] = [.firstName, .phone]

    /// The name that a form gives it.
    public var plainWords: String {
        switch self {
        case .firstName: "first name"
        case .phone: "telephone number"
        case .displayName: "display name"
        case .contactRoute: "way to be contacted"
        case .region: "region"
        case .topics: "topics"
        case .interests: "interests"
        }
    }

    /// The field as a profile knows it; nil for what only a clinical card shows.
    public var profile: ProfileField? { ProfileField(rawValue: rawValue) }
}
