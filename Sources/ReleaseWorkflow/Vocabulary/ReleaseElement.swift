/// An element that a written consent must contain, by paragraph.
///
/// - Source: 42 CFR §2.31(a), “Consent requirements”; 45 CFR 164.508(c), “Core elements and requirements”.
public enum ReleaseElement: String, CaseIterable, Hashable, Sendable, Codable {
    case personName, discloser, information, recipient, purpose, revocation, expiry, signature, date, redisclosure
    case conditions

    public var paragraph: String {
        switch self {
        case .personName: "42 CFR 2.31(a)(1)"
        case .discloser: "42 CFR 2.31(a)(2)"
        case .information: "42 CFR 2.31(a)(3)"
        case .recipient: "42 CFR 2.31(a)(4)(i)"
        case .purpose: "42 CFR 2.31(a)(5)"
        case .revocation: "42 CFR 2.31(a)(6)"
        case .expiry: "42 CFR 2.31(a)(7)"
        case .signature: "42 CFR 2.31(a)(8)"
        case .date: "42 CFR 2.31(a)(9)"
        case .redisclosure: "42 CFR 2.31(a)(10)"
        case .conditions: "45 CFR 164.508(c)(2)(ii)"
        }
    }

    public var plainWords: String {
        switch self {
        case .personName: "the person's name"
        case .discloser: "who discloses"
        case .information: "what information is disclosed"
        case .recipient: "one named recipient"
        case .purpose: "the purpose"
        case .revocation: "the right to take it back, and how"
        case .expiry: "the date or event on which it ends"
        case .signature: "the signature"
        case .date: "the date signed"
        case .redisclosure: "the notice about redisclosure"
        case .conditions: "whether anything depends on signing"
        }
    }

    /// The statements that a form's own text must make, each marked by the placeholder that stands for it.
    static let placeholders: [(element: ReleaseElement, name: String)] = [
        (.personName, "person"), (.discloser, "discloser"), (.information, "information"), (.recipient, "recipient"),
        (.purpose, "purpose"), (.revocation, "revocation"), (.expiry, "expiry"), (.redisclosure, "redisclosure"),
        (.conditions, "conditions"),
    ]
}

/// The way in which a release was signed, kept as evidence and committed to in the record.
public struct SignatureEvidence: Hashable, Sendable, Codable {
    public enum Means: String, Hashable, Sendable, Codable { case screen, paper }

    public let means: Means
    /// The declaration of the signer.
    public let meaning: String
    /// The way in which the signer was known: on screen, the sign-in; on paper, the coordinator who took the form.
    public let authenticatedBy: String
    /// SHA-256 of the scan, in hexadecimal, for paper.
    public let scanDigest: String?
    public let signedOn: CivilDate

    public static let meaning = "I sign this release"

    public init(means: Means, meaning: String, authenticatedBy: String, scanDigest: String?, signedOn: CivilDate) {
        self.means = means
        self.meaning = meaning
        self.authenticatedBy = authenticatedBy
        self.scanDigest = scanDigest
        self.signedOn = signedOn
    }

    /// True if the signer said that the first name is the one they want to be known by, though it is like the surname.
    public var isNameConfirmed = false
    /// The hands by which the signer came to sign in; nil for somebody who set it up alone, and on paper.
    public var provenance: Provenance?

    /// The hands that gave somebody the means to sign in, and that confirmed that they came to that person.
    public struct Provenance: Hashable, Sendable, Codable {
        public let issuedBy: [PersonID]
        public let issuedOn: CivilDate
        /// Nil where a program has nobody who confirms.
        public let confirmedBy: PersonID?
        public let confirmedOn: CivilDate?

        public init(issuedBy: [PersonID], issuedOn: CivilDate, confirmedBy: PersonID?, confirmedOn: CivilDate?) {
            (self.issuedBy, self.issuedOn) = (issuedBy, issuedOn)
            (self.confirmedBy, self.confirmedOn) = (confirmedBy, confirmedOn)
        }
    }
}

/// A release as it is being made or as the vault holds it: any element may be missing.
public struct ReleaseDocument: Hashable, Sendable, Codable {
    public var personName: String?
    public var discloser: String?
    public var fields: [PermittedField]?
    public var recipientName: String?
    public var purpose: Purpose?
    public var revocation: String?
    public var expiresOn: CivilDate?
    /// The months from the day of signature to that date, where the form says it so; a correction keeps the old date
    /// instead.
    public var termMonths: Int?
    public var expiresAtEnd: Bool?
    public var signature: SignatureEvidence?
    public var signedOn: CivilDate?
    /// The day from which it counts, where its signature waited for another's; nil where that is the day it was signed.
    public var inForceSince: CivilDate?
    public var redisclosure: String?
    public var conditions: String?

    public init() {}

    /// The elements that are not there, in the order of the paragraphs.
    public func missing(asOf today: CivilDate) -> [ReleaseElement] {
        func lacks(_ text: String?) -> Bool { text?.contains { !$0.isWhitespace } != true }
        return ReleaseElement.allCases.filter { element in
            switch element {
            case .personName: lacks(personName)
            case .discloser: lacks(discloser)
            case .information: fields?.isEmpty ?? true
            case .recipient: lacks(recipientName)
            case .purpose: purpose == nil
            case .revocation: lacks(revocation)
            // "None" is no expiry: an event alone would never come for one who is not called.
            case .expiry: expiresOn == nil
            case .signature:
                signature.map { $0.means == .paper && $0.scanDigest == nil || lacks($0.authenticatedBy) } ?? true
            case .date: signedOn.map { $0 > today || $0 != signature?.signedOn } ?? true
            case .redisclosure: lacks(redisclosure)
            case .conditions: lacks(conditions)
            }
        }
    }

    /// The document with every element, as of `today`.
    ///
    /// - Throws: ``Refusal/elementMissing(_:)`` for the first element that is missing, in the order of the paragraphs.
    public func complete(asOf today: CivilDate) throws(Refusal) -> CompleteRelease {
        if let element = missing(asOf: today).first { throw .elementMissing(element) }
        guard let fields, let expiresOn, let signature, let signedOn else { throw .elementMissing(.signature) }
        return CompleteRelease(fields: fields, expiresOn: expiresOn, signedOn: signedOn, signature: signature)
    }
}

/// A release with every element that law asks for. Only ``ReleaseDocument/complete(asOf:)`` makes one.
public struct CompleteRelease: Hashable, Sendable {
    public let fields: [PermittedField]
    public let expiresOn: CivilDate
    public let signedOn: CivilDate
    public let signature: SignatureEvidence

    fileprivate init(fields: [PermittedField], expiresOn: CivilDate, signedOn: CivilDate, signature: SignatureEvidence)
    {
        self.fields = fields
        self.expiresOn = expiresOn
        self.signedOn = signedOn
        self.signature = signature
    }
}

/// The text a person reads and signs: the form's own words with the document's elements in their places.
///
/// Placeholders are `{person}`, `{discloser}`, `{information}`, `{recipient}`, `{purpose}`, `{revocation}`, `{expiry}`,
/// `{redisclosure}` and `{conditions}`; every one must occur.
public enum ReleaseForm {
    /// The elements whose placeholder the template lacks, and names in braces that are no placeholder.
    public static func problems(in template: String) -> (missing: [ReleaseElement], unknown: [String]) {
        let names = template.split(separator: "{", omittingEmptySubsequences: false).dropFirst().map {
            String($0.prefix { $0 != "}" })
        }
        let known = Set(ReleaseElement.placeholders.map(\.name))
        return (
            ReleaseElement.placeholders.filter { !names.contains($0.name) }.map(\.element),
            names.filter { !known.contains($0) }
        )
    }

    /// Renders what will be signed. An element that the document lacks prints as nothing; signing is then refused.
    public static func render(_ template: String, _ document: ReleaseDocument) -> String {
        var text = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            text += rest[..<open]
            let name = String(rest[rest.index(after: open)..<close])
            if let element = ReleaseElement.placeholders.first(where: { $0.name == name })?.element {
                text += document.words(for: element)
            }
            rest = rest[rest.index(after: close)...]
        }
        return text + rest
    }
}

extension ReleaseDocument {
    fileprivate func words(for element: ReleaseElement) -> String {
        switch element {
        case .personName: personName ?? ""
        case .discloser: discloser ?? ""
        case .information: inWords((fields ?? []).map(\.plainWords))
        case .recipient: recipientName ?? ""
        case .purpose: purpose?.plainWords ?? ""
        case .revocation: revocation ?? ""
        case .expiry:
            (termMonths.map { "\($0) months after the day I sign it" } ?? expiresOn.map { "at the end of \($0)" } ?? "")
                + (expiresAtEnd == true ? ", or earlier, on the day the relationship ends" : "")
        case .signature, .date: ""
        case .redisclosure: redisclosure ?? ""
        case .conditions: conditions ?? ""
        }
    }
}

/// A list as one says it: "a", "a and b", "a, b and c".
public func inWords(_ items: [String], _ last: String = "and") -> String {
    items.count < 2
        ? items.joined() : items.dropLast().joined(separator: ", ") + " \(last) " + (items.last ?? "")
}
