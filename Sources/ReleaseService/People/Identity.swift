public import ReleaseWorkflow

/// Everything that a program knows of a person. Sealed under the person's identity key.
public struct Identity: Hashable, Sendable {
    public enum Role: String, CaseIterable, Hashable, Sendable {
        case participant, mentor, coordinator, auditor, administrator

        /// True if it is the program's: such people sign in with a password and a second factor.
        public var isStaff: Bool {
            switch self {
            case .participant, .mentor: false
            case .coordinator, .auditor, .administrator: true
            }
        }
    }

    public var fullName: String
    public var surname: String
    /// The name the person lets a mentor know them by.
    public var firstName: String
    /// E.164.
    public var phone: String
    public var roles: [Role]
    /// The field the person works in.
    public var field: String
    /// Attested: under a monitoring contract (MPHP-16).
    public var isUnderContract: Bool
    /// Their clinical coordinator.
    public var coordinator: PersonID?
    /// The texts that the person wrote for a profile, by ``ProfileField``; nothing of it crosses without a release.
    public var profile: [String: String]?
    /// Whom this person is never to be brought together with, as tokens that cannot be read back.
    public var exclusions: [Exclusion]?
    /// The hand and the day of the contract's attestation; nil in what was entered before that was kept, which then
    /// counts as fresh.
    public var contractAttested: Attested?
    /// A token of the employer, if one was given; the name itself is not kept.
    public var employer: [UInt8]?
    /// Set while this person may neither read a card nor be on one.
    public var suspension: Suspension?
    /// The tokens of names and numbers that this person had before: a list that names one of them goes on holding.
    public var formerTokens: [[UInt8]]?
    /// The hand that entered or last changed the number, and the day; nil in what was entered before that was kept.
    public var numberEntered: Attested?

    /// The reason why somebody takes no part: the program's own word, without any other reason.
    public struct Suspension: Hashable, Sendable {
        public enum Cause: String, CaseIterable, Hashable, Sendable { case suspended, deceased }

        public var cause: Cause
        public var by: PersonID
        public var on: CivilDate
    }

    /// The hand and the day of an attestation.
    public struct Attested: Hashable, Sendable {
        /// Nil for the operator's.
        public var by: PersonID?
        public var on: CivilDate
    }

    /// True for whoever works for the program, in whatever other role besides.
    public var isStaff: Bool { roles.contains(where: \.isStaff) }
}
