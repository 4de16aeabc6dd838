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

/// The one name by which the reader of a card knows the person on it, as that person gives it (R36).
///
/// - Shape: 1 to 40 characters of letters, marks, spaces, hyphens, apostrophes, middle dots, periods behind a letter,
///   and joiners between two, in any script.
public struct FirstName: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    private static let joiners: Set<Unicode.Scalar> = [
        " ", "-", "\u{2010}", "\u{2011}", "'", "\u{2018}", "\u{2019}", "\u{B7}",
    ]
    /// The words of address and of degree that are no part of anybody's name.
    private static let titles: Set<String> = [
        "dr", "mr", "mrs", "ms", "mx", "miss", "prof", "professor", "doctor", "nurse", "rev", "reverend", "sir", "rn",
        "phd", "dds", "lcsw", "lmft",
    ]
    /// Degrees that are names as well, of people from Bangladesh to Vietnam: degrees only behind a name, in capitals.
    private static let degrees: Set<String> = ["MD", "DO", "NP", "PA", "MA", "BA", "JD"]

    /// Parses a display name.
    ///
    /// - Parameters:
    ///   - surname: of the same person; empty for somebody of one name.
    ///   - fullName: of the same person, where it is known.
    /// - Throws: ``FieldProblem`` for an empty or longer name, a digit, `@`, a symbol, a control or invisible
    ///   character, a title or degree, and the given name and the surname together.
    public init(parsing typed: String, surname: String, fullName: String = "") throws(FieldProblem) {
        func refuse(_ expected: String) -> FieldProblem { FieldProblem(field: "firstName", expected: expected) }
        let name = typed.singleSpaced
        guard !name.isEmpty, name.count <= 40, name.unicodeScalars.count <= 120 else {
            throw refuse("1 to 40 characters")
        }
        guard Self.isWritten(name) else {
            throw refuse("letters, spaces, hyphens, apostrophes and periods only: no digits, `@` or symbols")
        }
        let words = Self.words(name)
        let last = name.split(separator: " ").last.map { $0.filter { $0 != "." } } ?? ""
        if words.contains(where: Self.titles.contains)
            || words.count > 1 && Self.degrees.contains(last) && name != name.uppercased()
        {
            throw refuse("a first name without a title")
        }
        let own = Self.words(surname)
        let isTogether = words.count > own.count && !own.isEmpty && Array(words.suffix(own.count)) == own
        if isTogether || words.count > 1 && words == Self.words(fullName) && !own.isEmpty {
            throw refuse("a first name without the surname")
        }
        text = name
    }

    /// True for a name that a reader could take for the surname, because it is that or has it within: whoever signs
    /// says that this is the name by which they want to be known. So does somebody who has one name alone.
    public func isLikeSurname(_ surname: String, fullName: String) -> Bool {
        let (name, last) = (text.lowercased(), surname.singleSpaced.lowercased())
        if last.isEmpty { return name == fullName.singleSpaced.lowercased() }
        if Self.words(text) == Self.words(surname) { return true }
        return Self.words(text).contains(last) || last.count > 2 && name.contains(last)
    }

    private static func words(_ name: String) -> [String] {
        name.singleSpaced.lowercased().filter { $0 != "." }
            .split { $0 == " " || $0 == "-" || $0 == "\u{2010}" || $0 == "\u{2011}" }.map(String.init)
    }

    /// True if every character is a letter, a mark or one that joins letters where it may.
    private static func isWritten(_ name: String) -> Bool {
        let scalars = Array(name.unicodeScalars)
        func isLetter(_ place: Int) -> Bool {
            guard scalars.indices.contains(place) else { return false }
            let properties = scalars[place].properties
            return properties.isAlphabetic || [.nonspacingMark, .spacingMark].contains(properties.generalCategory)
        }
        return scalars.contains { $0.properties.isAlphabetic }
            && scalars.indices.allSatisfy { place in
                if scalars[place] == "." { return isLetter(place - 1) }
                // A joiner that is not seen shapes the two letters beside it, and stands nowhere else.
                if ["\u{200C}", "\u{200D}"].contains(scalars[place]) {
                    return isLetter(place - 1) && isLetter(place + 1)
                }
                return joiners.contains(scalars[place]) || isLetter(place)
            }
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

extension String {
    /// The same with one plain space wherever any white space stood, and none at its ends: what is copied from a
    /// spreadsheet or a web page has spaces that do not break.
    public var singleSpaced: String {
        split { $0.unicodeScalars.allSatisfy { $0.properties.generalCategory == .spaceSeparator } }
            .joined(separator: " ")
    }
}
