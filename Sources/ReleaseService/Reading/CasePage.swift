public import ReleaseWorkflow

/// One case on somebody's list.
public struct CaseLine: Sendable {
    public let handle: CaseHandle
    public let rank: PartyRow.Rank
    public let view: CaseView
    /// The role in which this person sees the case.
    public let role: Role
    /// The party who gets in touch first, and the days they have for it, by the case's own policy.
    public let contact: Policy.Contact
    /// The person whose case it is: for their coordinator, who knows them.
    public let opener: PersonID
    /// The person's full name: for their coordinator alone.
    public let name: String?
    /// A fact that makes the state mean something else to this person; nil where it means what it says.
    public let situation: Situation?

    public enum Situation: String, CaseIterable, Sendable {
        /// The entry is hidden for now.
        case hidden
        /// It is over because a permission ran out, and nobody is told to stop.
        case ranOut
        /// It is over, and nothing was ever shown to this person.
        case nothingShown
        /// The one who is asked has said that there is a place.
        case accepted
        /// This person's own card is said to be wrong.
        case frozen
        /// The card that is open to this person is said to be wrong.
        case waits
        /// The release that was signed cannot be used at present.
        case unused
    }
}

/// A case as one person has it before them: what they see, and what they can do.
public struct CasePage: Sendable {
    public let line: CaseLine
    /// The acts that this person can do on screen, as far as they may know; whether it is carried out is decided then.
    public let actions: [CommandKind]
    /// The acts that close a pair whose notice still runs while the search for the next has begun.
    public let partingActions: [CommandKind]
    /// True if such a pair has a card that is open for this person.
    public let isReaderOfParting: Bool
    /// The acts that a coordinator can record for a party by paper or telephone.
    public let proxied: [Proxied]
    /// True if a card was opened for this person in this round. It stays true when the card is closed, so that it does
    /// not tell whether one is open now.
    public let isReader: Bool
    /// The acts of the pair that nobody else learns of.
    public let privateActs: [CommandKind]
    /// True where there are such acts, and this session cannot read what the pair noted: it began without the PIN.
    public let isLocked: Bool
    /// The other person: for coordinators, and for nobody else.
    public let counterpart: PersonID?
    /// The other person's full name: for coordinators, and for nobody else.
    public let counterpartFullName: String?
    /// The name that the other person gave for forms: what the one who signs is shown of them.
    public let counterpartName: String?
    /// Releases that this person signed, the newest last.
    public let releases: [ReleaseID]
    /// The version of what this person sees of the case: it changes with everything but the pair's own notes.
    public let version: String

    public typealias Proxied = CaseScreen.Proxied

    /// True if this person may ask for it from here. Declining what is declined already is answered as the first time
    /// was.
    public func offers(_ kind: CommandKind) -> Bool { actions.contains(kind) || (kind == .decline && isOpener) }

    /// For the coordinator alone: what stands in the way of a pair whose card was not opened yet.
    public let obstacle: Refusal?
    /// True for the coordinator if staff recorded an end here that can be marked as recorded in error.
    public let isMarkable: Bool
    /// True if the case is this person's own.
    public let isOpener: Bool
    /// True if a card of this person's was opened in this round.
    public let isShown: Bool
    /// True for the coordinator while a card that was opened can be printed again for its reader, as far as staff may
    /// know.
    public let isPrintable: Bool

    public var handle: CaseHandle { line.handle }
    public var view: CaseView { line.view }
    public var role: Role { line.role }
}
