public import ReleaseWorkflow

/// One access to a card, shown to the person on the card alone.
public struct Look: Hashable, Sendable {
    /// Milliseconds since 1970 UTC.
    public let instantMilliseconds: Int64
    public let release: ReleaseID
    /// The reader's name as the release showed it.
    public let recipient: String
    public let fields: [PermittedField]
    /// True where the card was printed for the reader, who had asked for it: earlier versions kept prints with the
    /// accesses.
    public var isPrinted = false
}

/// Something that was given of a person: a card that opened, one that was opened anew after a correction or a renewal,
/// or one that was printed again.
public struct Disclosure: Hashable, Sendable {
    public let on: CivilDate
    public let release: ReleaseID
    /// The recipient's name as on the form.
    public let recipient: String
    public let fields: [PermittedField]
    /// Nil where the form did not say, or is erased.
    public let purpose: Purpose?
    /// True where the office printed the card for its reader, who had asked for it.
    public let isPrinted: Bool
}
