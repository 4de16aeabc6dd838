public import ReleaseWorkflow

/// What a program knows of a person. Sealed under the person's identity key.
public struct Identity: Codable, Hashable, Sendable {
    public enum Role: String, Codable, CaseIterable, Hashable, Sendable { case participant, mentor, coordinator }

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
}

/// A mentor's enrollment. Sealed under the person's identity key.
public struct Enrollment: Codable, Hashable, Sendable {
    public struct Acknowledgement: Codable, Hashable, Sendable {
        /// SHA-256 of the text, in hexadecimal.
        public var form: String
        public var on: CivilDate
        /// Where its record stands in the log.
        public var index: Int
        /// Openings of its commitments, by path: 32 bytes in hexadecimal.
        public var openings: [String: String]
    }

    public var attestation: MentorAttestation
    public var attestedBy: PersonID
    public var attestedOn: CivilDate
    /// Digest of the policy under which the coordinator attested, in hexadecimal (MPHP-06).
    public var policy: String
    public var isReady: Bool
    public var isPaused: Bool
    public var capacity: Int
    /// The name for release forms, from the acknowledgement.
    public var display: String?
    public var acknowledgement: Acknowledgement?
}

/// A good-fit survey: closed questions, no free text (MPHP-17, MPHP-18).
public struct Survey: Codable, Hashable, Sendable {
    public enum Weight: String, Codable, CaseIterable, Hashable, Sendable { case must, nice, no }
    public enum Topic: String, Codable, CaseIterable, Hashable, Sendable {
        case returningToWork, licensing, family, meetings, stress, relapsePrevention, balance, telling
    }

    /// Whether the same profession matters.
    public var sameField: Weight
    /// What a mentor should have walked through.
    public var topics: [Topic]
    /// "I understand it is voluntary, unmonitored, and I may stop."
    public var understood: Bool

    public init(sameField: Weight, topics: [Topic], understood: Bool) {
        self.sameField = sameField
        self.topics = topics
        self.understood = understood
    }

    public var isComplete: Bool { understood && Set(topics).count == topics.count }
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
    public init(
        fullName: String, surname: String, firstName: String, phone: String, roles: [Identity.Role], field: String,
        isUnderContract: Bool, coordinator: PersonID?
    ) {
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
