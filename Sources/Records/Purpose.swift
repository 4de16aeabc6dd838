/// The purpose for which a release is made.
public enum Purpose: String, CaseIterable, Hashable, Sendable, Codable {
    case firstCallAndMeeting, peerConversation, listing, mentoring
    /// Of a release that is signed again for somebody whom the signer knows.
    case goingOn

    public var plainWords: String {
        switch self {
        case .firstCallAndMeeting:
            "so that the mentor can make a first telephone call and arrange a first meeting, at my own request"
        case .peerConversation: "so that the person who asked can telephone me about having a mentor, at my own request"
        case .listing: "so that people who look for a mentor can find me and write to me or call me, at my own request"
        case .goingOn: "so that this person can go on reaching me, at my own request"
        case .mentoring: "so that my mentoring partner can get in touch with me, at my own request"
        }
    }

    /// The use that the reader of a card may make of it.
    public var permittedUse: String {
        switch self {
        case .firstCallAndMeeting: "to make a first call and arrange a first meeting"
        case .peerConversation: "to talk about having a mentor"
        case .listing: "to ask this person about mentoring"
        case .goingOn: "to go on reaching this person"
        case .mentoring: "to get in touch about mentoring"
        }
    }
}
