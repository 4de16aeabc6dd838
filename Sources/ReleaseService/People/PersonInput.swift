internal import Foundation
internal import ReleaseWorkflow

/// Turns what is typed about people into values that can be kept, or says what is wrong with it. It keeps nothing.
struct PersonInput {
    let phones: any PhoneNumberParser
    let region: String

    /// - Throws: `FieldProblem` for a name, number or field that cannot be used.
    func identity(_ new: NewPerson) throws -> Identity {
        // Some people have one name.
        let surname = new.surname.singleSpaced.isEmpty ? "" : try text(new.surname, "surname", 60)
        let fullName = try text(new.fullName, "name", 120)
        return Identity(
            fullName: fullName, surname: surname,
            firstName: try firstName(new.firstName, of: surname, fullName),
            phone: try phone(new.phone, isConfirmed: new.isPhoneConfirmed), roles: new.roles,
            field: try text(new.field, "field", 60),
            isUnderContract: new.isUnderContract, coordinator: new.coordinator,
            profile: new.profile.isEmpty ? nil : try profile(new.profile))
    }

    /// Each field that cannot be used.
    func problems(of new: NewPerson) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        func look(_ body: () throws -> Void) {
            do { try body() } catch let problem as FieldProblem { problems.append(problem) } catch {}
        }
        look { _ = try text(new.fullName, "name", 120) }
        if !new.surname.singleSpaced.isEmpty { look { _ = try text(new.surname, "surname", 60) } }
        look { _ = try firstName(new.firstName, of: new.surname, new.fullName) }
        look { _ = try phone(new.phone, isConfirmed: new.isPhoneConfirmed) }
        look { _ = try text(new.field, "field", 60) }
        for field in new.profile.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            look { _ = try profile([field: new.profile[field] ?? ""]) }
        }
        return problems
    }

    /// - Throws: `FieldProblem` for a number that cannot be; and, at `phoneConfirmed`, for one whose area code nobody
    ///   here knows, until whoever types it says that they have read it back.
    func phone(_ typed: String, isConfirmed: Bool) throws -> String {
        let (number, isKnown) = try phones.parse(typed, region: region)
        guard isKnown || isConfirmed else {
            throw FieldProblem(
                field: "phoneConfirmed",
                expected: "that the number was read back: its area code is newer than the list that is known here")
        }
        return number.e164
    }

    /// The number of somebody who is looked for.
    func phone(sought typed: String) throws -> String { try phones.parse(typed, region: region).number.e164 }

    func firstName(_ typed: String, of surname: String, _ fullName: String) throws -> String {
        try FirstName(parsing: typed.precomposedStringWithCanonicalMapping, surname: surname, fullName: fullName).text
    }

    func text(_ value: String, _ field: String, _ limit: Int) throws -> String {
        let folded = value.precomposedStringWithCanonicalMapping.singleSpaced
        let scalars = Array(folded.unicodeScalars)
        guard !folded.isEmpty, folded.count <= limit,
            scalars.indices.allSatisfy({ place in
                // A joiner is part of how a name is written, between two letters and nowhere else.
                if scalars[place] == "\u{200C}" || scalars[place] == "\u{200D}" {
                    return place > 0 && place + 1 < scalars.count && scalars[place - 1].properties.isAlphabetic
                        && scalars[place + 1].properties.isAlphabetic
                }
                return ![.control, .format].contains(scalars[place].properties.generalCategory)
            })
        else { throw FieldProblem(field: field, expected: "1 to \(limit) characters, none of them invisible") }
        return folded
    }

    func profile(_ profile: [ProfileField: String]) throws -> [String: String] {
        var parsed: [String: String] = [:]
        for (field, typed) in profile {
            parsed[field.rawValue] =
                try ProfileText(parsing: typed.precomposedStringWithCanonicalMapping, field: field.rawValue).text
        }
        return parsed
    }

    /// A name that may stand on somebody else's form: one line, nothing invisible.
    static func displayName(_ typed: String) throws -> String {
        let name = typed.precomposedStringWithCanonicalMapping.trimmingCharacters(in: .whitespaces)
        guard (1...60).contains(name.count), name.unicodeScalars.count <= 120,
            name.unicodeScalars.allSatisfy({
                ![.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
            }), !name.contains(where: { "{}".contains($0) })
        else { throw FieldProblem(field: "display", expected: "a name of 1 to 60 characters on one line") }
        return name
    }

    /// Whom a line of a private list is about, as a token; the name is not kept.
    func exclusionToken(_ relation: Exclusion.Relation, _ typed: String, _ vault: Vault) throws -> [UInt8] {
        let value = typed.trimmingCharacters(in: .whitespaces)
        guard (1...120).contains(value.count) else {
            throw FieldProblem(field: "name", expected: "a name, a number or an employer of 1 to 120 characters")
        }
        if relation == .employer { return try vault.indexToken("exclude/employer", value) }
        if let phone = try? phone(sought: value) {
            return try vault.indexToken("exclude/phone", phone)
        }
        return try vault.indexToken("exclude/name", PersonName.canonical(value))
    }
}
