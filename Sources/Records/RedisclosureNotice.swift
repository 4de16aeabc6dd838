/// The statement that goes with every disclosure.
///
/// - Source: 42 CFR §2.32(a)(2), the short form, verbatim.
public enum RedisclosureNotice {
    public static let version = 1
    /// The words that go with a profile card, to which 42 CFR part 2 does not apply.
    public static let plain = "Given for mentoring alone. Do not pass it on."

    /// The statement that goes with these fields, and whose hash is in the disclosure record.
    public static func text(for fields: [PermittedField]) -> String {
        Set(fields) == Set(PermittedField.clinical) ? text : plain
    }
    public static let text = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
}
