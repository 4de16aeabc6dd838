internal import Cryptography
public import ReleaseWorkflow

/// The means by which somebody signs in. Sealed under the person's identity key, so that it goes with them.
public struct Account: Sendable {
    /// Where mail goes; nil for who has no mailbox.
    public var address: String?
    /// Of staff.
    var password: PasswordHash?
    /// The secret that the authenticator shares.
    var secret: [UInt8]?
    /// The last step whose code was used: none is taken twice.
    var lastStep: UInt64?
    /// SHA-256 of the recovery codes that are left.
    var recovery: [[UInt8]] = []
    /// Of participants and mentors.
    var pin: PasswordHash?
    var pinFailureCount = 0
    /// SHA-256 of the code with which a PIN is set, and until when it counts.
    var firstUse: FirstUse?
    /// A token of the number under which a list of members has them.
    var memberNumber: [UInt8]?
    public var isDisabled = false
    /// True if this person has ever set a PIN or password of their own: from then on, whatever staff change is told.
    var wasSetUp = false
    /// The means to sign in that staff gave, and who confirmed them; nil for somebody who set all of it up alone.
    public var issue: Issue?
    /// The day on which the person agreed to sign electronically, after it was shown to work (15 USC 7001(c)).
    public var agreedElectronicallyOn: CivilDate?

    struct FirstUse: Sendable {
        var digest: [UInt8]
        /// Milliseconds since 1970 UTC.
        var until: Int64
    }

    /// True if somebody could have been told by it, or have signed in with it.
    var isInUse: Bool { address != nil || pin != nil || password != nil || wasSetUp }

    /// The part of an account that staff may be told: nothing that lets anybody in.
    func summary(under policy: Policy, at moment: Moment) -> Summary {
        Summary(
            address: address, hasPassword: password != nil, hasPIN: pin != nil, isDisabled: isDisabled,
            recoveryCodeCount: recovery.count,
            isHeld: issue?.isHeld(under: policy, at: moment) ?? false)
    }

    public struct Summary: Sendable, Hashable {
        public let address: String?
        public let hasPassword: Bool
        public let hasPIN: Bool
        public let isDisabled: Bool
        public let recoveryCodeCount: Int
        /// True while nothing is signed with what staff gave this person to sign in with.
        public let isHeld: Bool
    }
}

/// Somebody who is signed in.
public struct Session: Sendable {
    public let person: PersonID
    public let roles: Set<Identity.Role>
    public let assurance: Assurance
    /// SHA-256 of the token, by which the service stores the session.
    public let digest: [UInt8]
    /// The private halves with which this session opens what is sealed to the person alone; nil where they came in
    /// without the PIN.
    let own: OwnKeys?
    /// The token that every form of this session carries, so that no other page can send one.
    public let formToken: String
    /// The word of the signature evidence for the way in which this person was known.
    public var authenticatedBy: String { assurance == .staff ? "passwordAndCode" : "linkAndPIN" }

    /// True if this session may act in `role`: what is the program's needs the second factor.
    public func holds(_ role: Identity.Role) -> Bool { roles.contains(role) && (!role.isStaff || assurance == .staff) }
}

/// The reason why somebody could not sign in. It never says whether anybody is known by what was typed.
public enum AccessRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// Something of what was given is not right, or no longer.
    case refused
    /// Too many attempts; the same whether or not there is an account.
    case tooMany
    /// Too many wait to be let in; the same whether or not there is an account.
    case busy
    /// A password, PIN or address that cannot be used.
    case unusable(FieldProblem)

    public var description: String {
        switch self {
        case .refused: "what was entered does not fit, or is no longer valid"
        case .tooMany: "too many attempts: try again in fifteen minutes"
        case .busy: "too many people are signing in just now: try again in a minute"
        case .unusable(let problem): "\(problem)"
        }
    }
}

/// The times that things last.
///
/// - Units: milliseconds.
public enum AccessTimes {
    public static let link: Int64 = 10 * 60_000
    public static let setUp: Int64 = 72 * 3_600_000
    public static let firstUse: Int64 = 14 * 86_400_000
    public static let sheet: Int64 = 365 * 86_400_000
    public static let staffIdle: Int64 = 15 * 60_000
    public static let staffAbsolute: Int64 = 10 * 3_600_000
    public static let personIdle: Int64 = 30 * 60_000
    public static let personAbsolute: Int64 = 12 * 3_600_000
    /// For which signing waits after staff changed an address or a PIN, where a program has nobody who confirms.
    public static let block: Int64 = 72 * 3_600_000
    static let attemptWindow: Int64 = 15 * 60_000
    /// The age that the stored time of the last request may reach: a session is not written at every request.
    static let touch: Int64 = 60_000
}
