public import ReleaseWorkflow

/// One look at a card, for the mentee's eyes alone.
public struct Look: Hashable, Sendable {
    /// Milliseconds since 1970 UTC.
    public let instantMilliseconds: Int64
    public let release: ReleaseID
    /// The reader's name as the release showed it.
    public let recipient: String
    public let fields: [PermittedField]
}
