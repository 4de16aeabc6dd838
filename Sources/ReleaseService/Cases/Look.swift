public import ReleaseWorkflow

/// One access to a card, shown to the person on the card alone.
public struct Look: Hashable, Sendable {
    /// Milliseconds since 1970 UTC.
    public let instantMilliseconds: Int64
    public let release: ReleaseID
    /// The reader's name as the release showed it.
    public let recipient: String
    public let fields: [PermittedField]
    /// True where the card was printed for the reader, who had asked for it.
    public var isPrinted = false
}
