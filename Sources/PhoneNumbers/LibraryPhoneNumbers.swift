internal import CPhoneNumber
public import ReleaseService
public import ReleaseWorkflow

/// The phone-number port on Google's libphonenumber.
public struct LibraryPhoneNumbers: PhoneNumberParser {
    public init() {}

    /// - Throws: `FieldProblem` naming `phone` and what is expected; never the number.
    public func parse(_ typed: String, region: String) throws -> (number: PhoneNumber, isKnown: Bool) {
        func refuse(_ expected: String) -> FieldProblem { FieldProblem(field: "phone", expected: expected) }
        guard typed.utf8.count <= 64, !typed.utf8.contains(0) else { throw refuse("one telephone number") }
        var buffer = [CChar](repeating: 0, count: 24)
        let result = privity_phone_parse(typed, region, &buffer, Int32(buffer.count))
        // The library reads every letter as a digit: a label would make somebody else's number of one.
        if Int(result) != Int(PRIVITY_PHONE_HAS_EXTENSION), Self.hasWords(typed) {
            throw refuse("the number alone, without words beside it")
        }
        switch Int(result) {
        case Int(PRIVITY_PHONE_VALID), Int(PRIVITY_PHONE_NOT_KNOWN):
            let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return (try PhoneNumber(e164: text), Int(result) == Int(PRIVITY_PHONE_VALID))
        case Int(PRIVITY_PHONE_UNKNOWN_REGION): throw refuse("a number with a country code that exists")
        case Int(PRIVITY_PHONE_WITHOUT_AREA_CODE): throw refuse("a whole number: this one lacks its area code")
        case Int(PRIVITY_PHONE_TOO_SHORT): throw refuse("a whole number: this one is too short")
        case Int(PRIVITY_PHONE_TOO_LONG): throw refuse("one number: this one is too long")
        case Int(PRIVITY_PHONE_INVALID_FOR_REGION): throw refuse("a number that can exist where it is from")
        case Int(PRIVITY_PHONE_HAS_EXTENSION):
            throw refuse("a number without an extension: only the number itself may cross")
        default: throw refuse("one telephone number, like 202-456-1414 or +1 202 456 1414")
        }
    }

    /// True if letters stand beside the number, and not in it as in 1-800-FLOWERS: capitals of which every one stands
    /// for a digit, with no space before them.
    private static func hasWords(_ typed: String) -> Bool {
        var last: Character = " "
        for character in typed {
            if character.isLetter {
                let isPart =
                    character.isASCII && character.isUppercase && (last.isLetter || last.isNumber || last == "-")
                if !isPart { return true }
            }
            last = character
        }
        return false
    }
}
