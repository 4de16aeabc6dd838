/// The recipient that a release names, who may read a card under it.
public enum Recipient: Hashable, Sendable, Codable {
    case person(PersonID)
    case audience(Audience)

    public var person: PersonID? { if case .person(let id) = self { id } else { nil } }

    /// The text that a record commits to: an id, or the word for the class.
    public var text: String {
        switch self {
        case .person(let id): id.description
        case .audience(let audience): audience.rawValue
        }
    }
}
