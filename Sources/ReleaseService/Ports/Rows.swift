public import ReleaseWorkflow

// The rows of the database, as drivers hand them over. Whatever a person could be known by is sealed before it gets
// here.

public struct PersonRow: Sendable {
    public let id: PersonID
    public let key: [UInt8]
    public let sealed: [UInt8]
    public init(id: PersonID, key: [UInt8], sealed: [UInt8]) {
        self.id = id
        self.key = key
        self.sealed = sealed
    }
}

public struct CaseRow: Sendable {
    public let id: CaseID
    public let workflow: String
    /// The id of whoever opened the case, behind a veil that only the vault key lifts. In a folder of an earlier
    /// version it is the id.
    public let veiledOpener: PersonID
    public let policy: [UInt8]
    /// HMAC over the case's id, its policy, the number of its events and the last link of their chain.
    public var tip: [UInt8]
    /// The earliest day after which a transition of the clock is due.
    public var due: CivilDate?
    public init(id: CaseID, workflow: String, veiledOpener: PersonID, policy: [UInt8], tip: [UInt8], due: CivilDate?) {
        self.id = id
        self.workflow = workflow
        self.veiledOpener = veiledOpener
        self.policy = policy
        self.tip = tip
        self.due = due
    }
}

public struct EventRow: Sendable {
    public let sequence: Int
    public let sealed: [UInt8]
    /// HMAC over the case, the sequence, the link before and these bytes.
    public let link: [UInt8]
    public init(sequence: Int, sealed: [UInt8], link: [UInt8]) {
        self.sequence = sequence
        self.sealed = sealed
        self.link = link
    }
}

public struct DraftRow: Sendable {
    public let round: RoundID
    public let caseID: CaseID
    public let workflow: String
    public let opener: PersonID
    public let policy: [UInt8]
    public let sealed: [UInt8]
    public var due: CivilDate?
    public init(
        round: RoundID, caseID: CaseID, workflow: String, opener: PersonID, policy: [UInt8], sealed: [UInt8],
        due: CivilDate?
    ) {
        self.round = round
        self.caseID = caseID
        self.workflow = workflow
        self.opener = opener
        self.policy = policy
        self.sealed = sealed
        self.due = due
    }
}

/// Joins a release with its case, for whoever has the vault key; a code finds it without any key.
public struct ReleaseRow: Sendable {
    /// A keyed token of the release. In a folder of an earlier version it is the release's id.
    public let reference: [UInt8]
    /// The ids of the release and its case, sealed. In a folder of an earlier version it is the case's id, 16 bytes.
    public let sealed: [UInt8]
    /// SHA-256 of the rescind-only code.
    public let codeDigest: [UInt8]
    public init(reference: [UInt8], sealed: [UInt8], codeDigest: [UInt8]) {
        self.reference = reference
        self.sealed = sealed
        self.codeDigest = codeDigest
    }
}

/// A closing that committed while nothing could be signed.
public struct PendingRow: Sendable {
    public let order: Int
    /// ``ReleaseRow/reference`` of the release.
    public let reference: [UInt8]
    public let at: CivilDate
    /// The unsigned text of the record, or nil for a rescission by code that no key was there to carry out.
    public let text: String?
    public init(order: Int, reference: [UInt8], at: CivilDate, text: String?) {
        self.order = order
        self.reference = reference
        self.at = at
        self.text = text
    }
}

public struct OutcomeRow: Sendable {
    public let key: [UInt8]
    /// HMAC of the canonical command.
    public let command: [UInt8]
    public let outcome: String
    /// A keyed token of the draft it belongs to, so that declining deletes it.
    public let round: RoundID?
    public init(key: [UInt8], command: [UInt8], outcome: String, round: RoundID?) {
        self.key = key
        self.command = command
        self.outcome = outcome
        self.round = round
    }
}

/// Something by which somebody is known to the service: an account, a session, a link, a code.
public struct AccessRow: Sendable {
    public enum Kind: String, Sendable, CaseIterable { case account, address, session, link, sheet, scan }

    public let kind: Kind
    /// A keyed token or the hash of a secret: nothing that lets anybody in.
    public let token: [UInt8]
    public let person: PersonID
    /// The data key that it is sealed under, so that it goes with the person.
    public let key: [UInt8]
    public let sealed: [UInt8]
    /// Milliseconds since 1970 UTC after which it counts for nothing; nil where it does not lapse.
    public let expires: Int64?
    public init(kind: Kind, token: [UInt8], person: PersonID, key: [UInt8], sealed: [UInt8], expires: Int64?) {
        self.kind = kind
        self.token = token
        self.person = person
        self.key = key
        self.sealed = sealed
        self.expires = expires
    }
}

/// One person's row for one case that they see; it names the case's opener.
public struct PartyRow: Hashable, Sendable {
    /// The place of a case on a board. Beside the due days it is all that is stored unsealed of a case's state.
    public enum Rank: Int, Sendable, CaseIterable {
        /// The coordinator's turn; somebody else's, or nobody's; over; never begun.
        case waiting, open, over, idle
    }

    public let handle: CaseHandle
    public let person: PersonID
    public let isStaff: Bool
    public var rank: Rank
    public let caseID: CaseID
    public let opener: PersonID
    public let workflow: String
    public init(
        handle: CaseHandle, person: PersonID, isStaff: Bool, rank: Rank, caseID: CaseID, opener: PersonID,
        workflow: String
    ) {
        self.handle = handle
        self.person = person
        self.isStaff = isStaff
        self.rank = rank
        self.caseID = caseID
        self.opener = opener
        self.workflow = workflow
    }
}
