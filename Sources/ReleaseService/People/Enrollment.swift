public import Matching
public import ReleaseWorkflow

/// A person's enrollment in one role. Sealed under the person's identity key.
public struct Enrollment: Hashable, Sendable {
    /// An agreement that was signed.
    public struct Signed: Hashable, Sendable {
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
    /// The answers that a mentor gave for matching.
    public var answers: Answers?
    /// The day on which the agreements were taken back; nil where they hold. What was signed stays provable.
    public var takenBackOn: CivilDate?
    /// The last day of which this person was warned.
    public var warnedOf: CivilDate?

    /// The agreements that were signed and not taken back.
    public var agreementsInForce: [String: Signed] { takenBackOn == nil ? agreements : [:] }
}

/// A person's enrollments, by role.
struct Enrollments: Sendable {
    var mentor: Enrollment?
    var mentee: Enrollment?

    subscript(role: Role) -> Enrollment? {
        get { role == .mentor ? mentor : role == .mentee ? mentee : nil }
        set {
            if role == .mentor { mentor = newValue } else { mentee = newValue }
        }
    }
}
