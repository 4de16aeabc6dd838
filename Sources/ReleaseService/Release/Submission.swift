internal import Cryptography
public import Matching
public import ReleaseWorkflow

/// A signature as it was given.
public struct Signing: Sendable {
    public var means: SignatureEvidence.Means
    /// The way in which the signer was known.
    public var authenticatedBy: String
    /// The form that was signed by hand, for paper.
    public var paper: Paper?
    var scan: [UInt8]? { paper?.bytes }
    /// SHA-256 of the text that was read and signed, in hexadecimal: what ``ReleaseText`` gave for the screen, or what
    /// is printed on the form. A signature without it is none: it could be moved to a text that nobody read.
    public var formDigest: String?
    /// True if the signer said that the first name is the one they want to be known by, though it is like the surname.
    public var isNameConfirmed: Bool
    /// The hands by which a paper came in; nil while one member of staff alone has filed it.
    var provenance: SignatureEvidence.Provenance?

    init(
        means: SignatureEvidence.Means, authenticatedBy: String, paper: Paper?, formDigest: String?,
        isNameConfirmed: Bool, provenance: SignatureEvidence.Provenance
    ) {
        self.init(
            means: means, authenticatedBy: authenticatedBy, paper: paper, formDigest: formDigest,
            isNameConfirmed: isNameConfirmed)
        self.provenance = provenance
    }

    public init(
        means: SignatureEvidence.Means, authenticatedBy: String, paper: Paper? = nil, formDigest: String? = nil,
        isNameConfirmed: Bool = false
    ) {
        self.means = means
        self.authenticatedBy = authenticatedBy
        self.paper = paper
        self.formDigest = formDigest
        self.isNameConfirmed = isNameConfirmed
    }
}

/// Values that the signer corrects by signing.
public struct Corrections: Sendable {
    public var firstName: String?
    public var phone: String?
    /// True if a number whose area code is not known was read back.
    public var isPhoneConfirmed = false
    public var profile: [ProfileField: String]
    public init(firstName: String? = nil, phone: String? = nil, profile: [ProfileField: String] = [:]) {
        self.firstName = firstName
        self.phone = phone
        self.profile = profile
    }

    public var isEmpty: Bool { firstName == nil && phone == nil && profile.isEmpty }
}

/// Something that is asked about a case: what, by whom, and what it brings.
public struct Submission: Sendable {
    public var workflow: String
    public var kind: CommandKind
    /// The person whose case it is.
    public var opener: PersonID
    public var actor: Actor
    /// The mentor proposed, or the volunteer invited.
    public var person: PersonID?
    /// The release that is taken back; nil for what the person has released now.
    public var release: ReleaseID?
    /// False for one who ends, takes back or says no and would be brought together with the same person again.
    public var keepsAway = true
    /// True for what is meant for the pair whose notice still runs, and not for the one that is here now.
    public var isOfParting = false
    public var survey: Survey?
    /// The name by which one who asks for a conversation agrees to stand on the volunteer's form.
    public var display: String?
    public var signing: Signing?
    /// Corrected values, for `correct`.
    public var corrections = Corrections()
    public var key: String?

    public init(_ kind: CommandKind, workflow: String, opener: PersonID, actor: Actor, key: String? = nil) {
        self.kind = kind
        self.workflow = workflow
        self.opener = opener
        self.actor = actor
        self.key = key
    }

    /// The submission as text, for comparing repetitions: every member, in a fixed order, separated by a character that
    /// none can contain.
    var canonicalText: String {
        [
            workflow, kind.rawValue, opener.description, actor.text, person?.description ?? "",
            survey.map { StoredCodec.text($0) } ?? "", display ?? "",
            // Without the digest of what was read: once it is signed, what is offered now is another question.
            signing.map { "\($0.means.rawValue) \($0.authenticatedBy) \(Hex.format(SHA256.hash($0.scan ?? [])))" }
                ?? "",
            corrections.firstName ?? "", corrections.phone ?? "",
            corrections.profile.sorted { $0.key < $1.key }.map { "\($0.key.rawValue)=\($0.value)" }.joined(
                separator: "\u{1}"),
        ].joined(separator: "\u{0}") + (release.map { "\u{0}\($0)" } ?? "")
            + (keepsAway ? "" : "\u{0}again") + (isOfParting ? "\u{0}parting" : "")
    }
}

extension Actor {
    /// The actor as text, for scoping keys.
    var text: String {
        let principal =
            switch self.principal {
            case .person(let id): "person \(id)"
            case .staff(let id): "staff \(id)"
            case .clock: "clock"
            }
        return "\(principal)/\(agent?.description ?? "")/\(channel.rawValue)"
    }
}
