/// What a mentor of a clinical program is shown: exactly a first name and a telephone number (MPHP-36, MPHP-37).
///
/// INVARIANT: two stored properties, and no other ever. Only ``disclose(_:under:)`` makes one.
public struct ContactCard: Hashable, Sendable {
    public let firstName: FirstName
    public let phone: PhoneNumber

    fileprivate init(firstName: FirstName, phone: PhoneNumber) {
        self.firstName = firstName
        self.phone = phone
    }
}

/// The values that a release covers, as the vault gave them back.
public struct ReleasedFields: Hashable, Sendable {
    public let firstName: FirstName
    public let phone: PhoneNumber
    public init(firstName: FirstName, phone: PhoneNumber) {
        self.firstName = firstName
        self.phone = phone
    }
}

/// A release whose stored record was re-read, whose signature, place in the signed log and commitments were all checked just now.
///
/// The one call of the initializer is in the gate; an architecture test counts it.
public struct VerifiedRelease: Hashable, Sendable {
    public let id: ReleaseID
    public let recipient: PersonID
    public let fields: ReleasedFields
    public let complete: CompleteRelease
    /// Whether the log or the case's events hold a rescission or closing of it.
    package let isClosed: Bool
    /// Whether the log holds a disclosure of it to this recipient.
    let isDisclosed: Bool

    package init(
        id: ReleaseID, recipient: PersonID, fields: ReleasedFields, complete: CompleteRelease, isClosed: Bool,
        isDisclosed: Bool
    ) {
        self.id = id
        self.recipient = recipient
        self.fields = fields
        self.complete = complete
        self.isClosed = isClosed
        self.isDisclosed = isDisclosed
    }
}

/// A verified release that permits a disclosure to this reader at this moment.
public struct ActiveRelease: Hashable, Sendable {
    public let verified: VerifiedRelease

    /// - Throws: ``Refusal/cardClosed`` unless the reader is the recipient, a disclosure was recorded, nothing closed the release and
    ///   its last day is not over.
    public init(_ verified: VerifiedRelease, for reader: PersonID, at moment: Moment) throws(Refusal) {
        guard verified.recipient == reader, verified.isDisclosed, !verified.isClosed,
            moment.date <= verified.complete.expiresOn, Set(verified.complete.fields) == Set(PermittedField.allCases)
        else { throw .cardClosed }
        self.verified = verified
    }
}

/// Makes the card that an active release permits.
public func disclose(_ fields: ReleasedFields, under release: ActiveRelease) -> ContactCard {
    precondition(fields == release.verified.fields, "a card shows the fields its release was verified with")
    return ContactCard(firstName: fields.firstName, phone: fields.phone)
}

/// The statement that goes with every disclosure.
///
/// - Source: 42 CFR §2.32(a)(2), the short form, verbatim.
public enum RedisclosureNotice {
    public static let version = 1
    public static let text = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
}
