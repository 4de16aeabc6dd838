/// The card of a clinical program: exactly a first name and a telephone number (MPHP-36, MPHP-37).
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

/// The card of programs other than clinical ones: profile fields, each of them released by the person they describe.
///
/// INVARIANT: only ``disclose(profile:under:)`` makes one, and never under a clinical policy.
public struct ProfileCard: Hashable, Sendable {
    public let fields: [ProfileField: String]

    fileprivate init(fields: [ProfileField: String]) { self.fields = fields }
}

/// The values that a release covers, as the vault gave them back.
public enum ReleasedFields: Hashable, Sendable {
    case contact(FirstName, PhoneNumber)
    case profile([ProfileField: ProfileText])

    /// Each field's value as it is committed to, by the field's name.
    public var texts: [PermittedField: String] {
        switch self {
        case .contact(let firstName, let phone): return [.firstName: firstName.text, .phone: phone.e164]
        case .profile(let fields):
            var texts: [PermittedField: String] = [:]
            for (field, value) in fields {
                if let permitted = PermittedField(rawValue: field.rawValue) { texts[permitted] = value.text }
            }
            return texts
        }
    }
}

/// A release whose stored record was re-read, whose signature, place in the signed log and commitments were all checked
/// just now.
///
/// The one call of the initializer is in the gate; an architecture test counts it.
public struct VerifiedRelease: Hashable, Sendable {
    public let id: ReleaseID
    public let recipient: Recipient
    public let fields: ReleasedFields
    public let complete: CompleteRelease
    /// Of the policy that the record names.
    public let confidentiality: Confidentiality
    /// True if the log or the case's events hold a rescission or closing of it.
    package let isClosed: Bool
    /// True if the log holds a disclosure of it to this recipient.
    let isDisclosed: Bool

    package init(
        id: ReleaseID, recipient: Recipient, fields: ReleasedFields, complete: CompleteRelease,
        confidentiality: Confidentiality,
        isClosed: Bool, isDisclosed: Bool
    ) {
        self.id = id
        self.recipient = recipient
        self.fields = fields
        self.complete = complete
        self.confidentiality = confidentiality
        self.isClosed = isClosed
        self.isDisclosed = isDisclosed
    }
}

/// A verified release that permits a disclosure to this reader at this moment.
public struct ActiveRelease: Hashable, Sendable {
    public let verified: VerifiedRelease

    /// - Throws: ``Refusal/cardClosed`` unless the reader is the recipient, a disclosure was recorded, nothing closed
    ///   the release, its last day is not over, and its fields are those that the document lists; under a clinical
    ///   policy these are a first name and a telephone number and the recipient one person.
    public init(_ verified: VerifiedRelease, for reader: Recipient, at moment: Moment) throws(Refusal) {
        guard verified.recipient == reader, verified.isDisclosed, !verified.isClosed,
            moment.date <= verified.complete.expiresOn, Set(verified.complete.fields) == Set(verified.fields.texts.keys)
        else { throw .cardClosed }
        if verified.confidentiality == .clinical {
            guard case .contact = verified.fields, reader.person != nil else { throw .cardClosed }
        }
        self.verified = verified
    }
}

/// Makes the card that an active release permits.
///
/// - Throws: ``Refusal/cardClosed`` if these are not the fields the release was verified with.
public func disclose(_ fields: ReleasedFields, under release: ActiveRelease) throws(Refusal) -> ContactCard {
    guard fields == release.verified.fields, case .contact(let firstName, let phone) = fields else { throw .cardClosed }
    return ContactCard(firstName: firstName, phone: phone)
}

/// Makes the profile card that an active release permits, outside clinical programs alone.
///
/// - Throws: ``Refusal/cardClosed`` under a clinical policy, and if these are not the fields the release was verified
///   with.
public func disclose(profile fields: ReleasedFields, under release: ActiveRelease) throws(Refusal) -> ProfileCard {
    guard release.verified.confidentiality != .clinical, fields == release.verified.fields,
        case .profile(let values) = fields
    else { throw .cardClosed }
    return ProfileCard(fields: values.mapValues(\.text))
}
