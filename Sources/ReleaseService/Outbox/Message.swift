public import ReleaseWorkflow

/// A message waiting to go out.
public struct Message: Hashable, Sendable {
    public let to: PersonID
    /// Nil for what is about signing in.
    public let notice: Notice?
    public let on: CivilDate
    /// The notice about signing in; nil for a notice of a workflow.
    public var access: AccessNotice?
    /// True if it goes to a mailbox alone: nobody of the program is to pass it on, because it is about what moves after
    /// the hand-off.
    public var isForMailboxAlone = false
    /// The first day on which it goes out; nil where it goes at once.
    public var from: CivilDate?

    init(to person: PersonID, notice: Notice, on date: CivilDate) {
        (to, self.notice, on) = (person, notice, date)
    }

    init(to person: PersonID, access: AccessNotice, on date: CivilDate) {
        (to, notice, on, self.access) = (person, nil, date, access)
    }
}

/// A message about how somebody signs in.
public enum AccessNotice: Hashable, Sendable {
    /// A one-time link; the token is in no log and no URL but the one in this message.
    case link(token: String)
    /// A link that confirms a new address; goes to that one.
    case confirm(token: String, address: String)
    /// Staff changed the address or the PIN; goes to the address that was valid before.
    case changed(former: String)
    /// Staff changed the number; to be said at the one that was known before, by somebody else than `by`; nil for
    /// the operator.
    case numberChanged(former: String, by: PersonID?)
}
