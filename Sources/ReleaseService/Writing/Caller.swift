public import ReleaseWorkflow

/// Names whoever asks the service for something, and how well that is known.
public enum Caller: Hashable, Sendable {
    /// Somebody who is signed in.
    case person(PersonID, Assurance)
    /// The command line and its scripts: the operator's hand. Where an act is staff's, the script names the member of
    /// staff.
    case `operator`
    /// Somebody who is not signed in.
    case anonymous

    public var person: PersonID? { if case .person(let id, _) = self { id } else { nil } }

    /// Within which idempotency keys are unique.
    var scope: String {
        switch self {
        case .person(let id, _): "caller \(id)"
        case .operator: "operator"
        case .anonymous: "anonymous"
        }
    }
}

/// The certainty with which a session knows who is there.
public enum Assurance: String, Sendable {
    /// A link or a printed code, and the PIN.
    case person
    /// Password and authenticator.
    case staff
}
