/// The reason why a value that was typed in cannot be used. Never repeats the value.
public struct FieldProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The field as the person who typed it knows it.
    public let field: String
    public let expected: String
    public init(field: String, expected: String) {
        self.field = field
        self.expected = expected
    }
    public var description: String { "`\(field)`: expected \(expected)" }
}

/// The one name by which the reader of a card knows the person on it, chosen by that person (DER-11).
///
/// - Shape: 1 to 40 characters of letters, marks, spaces, hyphens, apostrophes and middle dots in any script.
public struct FirstName: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    private static let joiners: Set<Unicode.Scalar> = [" ", "-", "'", "\u{2019}", "\u{B7}"]
    private static let titles: Set<String> = [
        "dr", "mr", "mrs", "ms", "mx", "miss", "prof", "professor", "doctor", "nurse", "rev", "sir", "md", "rn",
        "phd", "dds", "do", "np", "pa",
    ]

    /// Parses a display name, given the person's stored surname.
    ///
    /// - Throws: ``FieldProblem`` for an empty or longer name, a digit, `@`, control or invisible character, a title,
    ///   an initial, or the surname in any case.
    public init(parsing typed: String, surname: String) throws(FieldProblem) {
        func refuse(_ expected: String) -> FieldProblem { FieldProblem(field: "firstName", expected: expected) }
        let name = typed.split(separator: " ").joined(separator: " ")
        guard !name.isEmpty, name.count <= 40, name.unicodeScalars.count <= 120 else {
            throw refuse("1 to 40 characters")
        }
        guard
            name.unicodeScalars.allSatisfy({
                Self.joiners.contains($0) || $0.properties.isAlphabetic
                    || $0.properties.generalCategory == .nonspacingMark
                    || $0.properties.generalCategory == .spacingMark
            }), name.unicodeScalars.contains(where: \.properties.isAlphabetic)
        else { throw refuse("letters, spaces, hyphens and apostrophes only: no digits, `@`, periods or symbols") }
        let words = name.lowercased().split { $0 == " " || $0 == "-" }.map(String.init)
        if words.contains(where: Self.titles.contains) { throw refuse("a first name without a title") }
        let last = surname.lowercased()
        if !last.isEmpty,
            name.lowercased().contains(last) && (words.contains(last) || last.contains(" ") || last.count > 3)
        {
            throw refuse("a first name without the surname")
        }
        let surnameWords = last.split { $0 == " " || $0 == "-" }.map(String.init)
        if words.count > 1, words.dropFirst().contains(where: { $0.count == 1 || surnameWords.contains($0) }) {
            throw refuse("a first name without the surname or its initial")
        }
        text = name
    }

    /// Takes a name that was parsed before it was sealed.
    package init(uncheckedText: String) { text = uncheckedText }

    public var description: String { text }
}

/// One telephone number (DER-12).
///
/// - Shape: E.164: `+`, then 7 to 15 digits, the first not zero. No label, no extension.
public struct PhoneNumber: Hashable, Sendable, CustomStringConvertible {
    public let e164: String

    /// Parses E.164 only; what people type goes through the phone-number port first.
    public init(e164 text: String) throws(FieldProblem) {
        let digits = text.utf8.dropFirst()
        guard text.utf8.first == UInt8(ascii: "+"), (7...15).contains(digits.count),
            digits.allSatisfy({ (48...57).contains($0) }), digits.first != UInt8(ascii: "0")
        else { throw FieldProblem(field: "phone", expected: "one telephone number, like +1 202 555 0143") }
        e164 = text
    }

    public var description: String { e164 }
}

/// One field of a profile: a line that its person wrote for others to read.
///
/// - Shape: 1 to 200 characters on one line, in any script, none of them invisible.
public struct ProfileText: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    /// - Throws: ``FieldProblem`` naming `field` for an empty or longer text, a control, a line break or a character
    ///   that cannot be seen.
    public init(parsing typed: String, field: String) throws(FieldProblem) {
        let line = typed.split(separator: " ").joined(separator: " ")
        guard (1...200).contains(line.count), line.utf8.count <= 800,
            line.unicodeScalars.allSatisfy({ scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
                default: true
                }
            })
        else { throw FieldProblem(field: field, expected: "1 to 200 characters on one line, none of them invisible") }
        text = line
    }

    /// Takes a text that was parsed before it was sealed.
    package init(uncheckedText: String) { text = uncheckedText }

    public var description: String { text }
}
