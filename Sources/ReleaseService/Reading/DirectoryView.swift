public import ReleaseWorkflow

/// Somebody who opens a directory.
public enum Viewer: Hashable, Sendable {
    /// Anybody at all, not logged in.
    case anonymous
    case person(PersonID)
}

/// One entry of a directory.
public struct ListingView: Sendable {
    public let owner: PersonID
    public let card: ProfileCard
    /// Advice that goes with it, never a reason to hide it (ICB-24).
    public let advice: String?
    /// Stands for the entry in a form of this viewer's, and for nobody else; empty for who is not signed in.
    public let mark: String
}

/// A directory as one viewer may see it.
public struct DirectoryView: Sendable {
    public let asOf: CivilDate
    /// The words on what mentoring is and is not, shown above.
    public let text: String
    public let listings: [ListingView]
}
