/// A class of people whom a release may name where a policy is not clinical: who may read a listing.
public enum Audience: String, CaseIterable, Hashable, Sendable, Codable {
    case everyone = "public"
    case members
    /// Members who are registered as seeking a mentor (SGV-09).
    case seekers

    /// The name that a form gives it.
    public var plainWords: String {
        switch self {
        case .everyone: "everybody who looks at the public directory"
        case .members: "members who are logged in"
        case .seekers: "members in good standing who are logged in and registered as seeking a mentor"
        }
    }
}
