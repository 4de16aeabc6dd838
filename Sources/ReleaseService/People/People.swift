public import Matching
public import ReleaseWorkflow

/// What a program knows of a person. Sealed under the person's identity key.
public struct Identity: Codable, Hashable, Sendable {
    public enum Role: String, Codable, CaseIterable, Hashable, Sendable {
        case participant, mentor, coordinator, auditor, administrator

        /// Whether it is the program's: such people sign in with a password and a second factor.
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
    /// What the person wrote for a profile, by ``ProfileField``; nothing of it crosses without a release.
    public var profile: [String: String]?
    /// Whom this person is never to be brought together with, as tokens that cannot be read back.
    public var exclusions: [Exclusion]?
    /// A token of the employer, if one was given; the name itself is not kept.
    public var employer: [UInt8]?
}

/// One line of a person's private list: nobody reads it, it only ever keeps two people apart.
public struct Exclusion: Codable, Hashable, Sendable {
    public enum Relation: String, Codable, CaseIterable, Hashable, Sendable {
        /// Anybody the person names, for whatever reason.
        case person
        /// Supervises or has supervised, or the other way round (SGV-15).
        case supervisor
        /// Family, romantic, business, patient or clinician (WEB-15).
        case personal
        /// Everybody of one employer (ICB-24 warns of it, a person may demand it).
        case employer
    }

    public var relation: Relation
    /// Of the name, number or employer that was typed.
    public var token: [UInt8]
}

/// A person's enrollment in one role. Sealed under the person's identity key.
public struct Enrollment: Codable, Hashable, Sendable {
    /// An agreement that was signed.
    public struct Signed: Codable, Hashable, Sendable {
        /// SHA-256 of the text, in hexadecimal.
        public var form: String
        public var on: CivilDate
        /// Where its record stands in the log.
        public var index: Int
        /// Openings of its commitments, by path: 32 bytes in hexadecimal.
        public var openings: [String: String]
    }

    public var attestation: Attestation
    /// Nil where the program runs itself and the operator took it from a roll.
    public var attestedBy: PersonID?
    public var attestedOn: CivilDate
    /// Digest of the policy under which it was attested, in hexadecimal (MPHP-06).
    public var policy: String
    /// Of a mentor: ready, willing, available, open-minded. Of a mentee in a directory program: seeking a mentor.
    public var isReady: Bool
    public var isPaused: Bool
    public var capacity: Int
    /// The name for release forms, from the agreement.
    public var display: String?
    /// By the agreement's id.
    public var agreements: [String: Signed]
    /// What a mentor answered for matching.
    public var answers: Answers?
}

/// A person's enrollments, by role.
struct Enrollments: Codable {
    var mentor: Enrollment?
    var mentee: Enrollment?

    subscript(role: Role) -> Enrollment? {
        get { role == .mentor ? mentor : role == .mentee ? mentee : nil }
        set {
            if role == .mentor { mentor = newValue } else { mentee = newValue }
        }
    }
}

/// What is needed to enter a person.
public struct NewPerson: Sendable {
    public var fullName: String
    public var surname: String
    public var firstName: String
    /// As typed; parsed for the policy's region.
    public var phone: String
    public var roles: [Identity.Role]
    public var field: String
    public var isUnderContract: Bool
    public var coordinator: PersonID?
    /// Profile fields, by name, where the program's releases carry any.
    public var profile: [ProfileField: String]
    public init(
        fullName: String, surname: String, firstName: String, phone: String, roles: [Identity.Role], field: String,
        isUnderContract: Bool, coordinator: PersonID?, profile: [ProfileField: String] = [:]
    ) {
        self.profile = profile
        self.fullName = fullName
        self.surname = surname
        self.firstName = firstName
        self.phone = phone
        self.roles = roles
        self.field = field
        self.isUnderContract = isUnderContract
        self.coordinator = coordinator
    }
}
