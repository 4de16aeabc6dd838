public import ReleaseWorkflow

/// A card with what goes with it.
public struct CardView: Sendable {
    /// The card itself: in a clinical program a contact card, elsewhere a profile card.
    public enum Card: Sendable {
        case contact(ContactCard)
        case profile(ProfileCard)
    }

    public let card: Card
    /// 42 CFR §2.32 in clinical programs; elsewhere that it is not to be passed on.
    public let notice: String
    /// The scope of the release, instead of a copy: a copy would hand over the full name (§2.32(b)).
    public let scope: String
    public let callScript: String
    public let emergency: String
    /// The last day for the first contact; nil where none is set or it is over: then as soon as possible.
    public let callBy: CivilDate?
    /// False once the time of the first contact is over: nobody is asked to call for the first time then.
    public let asksToCall: Bool
    /// The pair's word, under which the reader saves the number; nil in rounds that were begun before there were any.
    public let word: String?

    /// The card of a clinical program.
    public var contact: ContactCard? { if case .contact(let card) = card { card } else { nil } }
    /// The card of any other.
    public var profile: ProfileCard? { if case .profile(let card) = card { card } else { nil } }

    /// The names of the fields that it shows, a clinical card's in its order, a profile's in the alphabet's.
    public var fieldNames: [String] {
        switch card {
        case .contact: PermittedField.clinical.map(\.rawValue)
        case .profile(let card): card.fields.keys.map(\.rawValue).sorted()
        }
    }

    private var wordLines: [String] {
        word.map { ["WORD        \($0): save the number under this word, not under a name."] } ?? []
    }

    /// The card as text, padded with spaces to 3,072 bytes so that its length tells no name (DER-16). A longer text is
    /// not cut.
    public var text: String {
        var lines: [String]
        switch card {
        case .contact(let card):
            let call = callBy.map { "Please call by the end of \($0)." } ?? "Please call as soon as possible.     "
            lines = ["FIRST NAME  \(card.firstName.text)", "TELEPHONE   \(card.phone.e164)"] + wordLines
            lines += ["", notice, "", scope] + (asksToCall ? [call, callScript] : [callScript]) + ["", emergency]
        case .profile(let card):
            lines = card.fields.sorted { $0.key < $1.key }.map { field, text in
                "\(PermittedField(rawValue: field.rawValue)?.plainWords.uppercased() ?? "")  \(text)"
            }
            lines += wordLines + ["", notice, "", scope, "", emergency]
        }
        let body = lines.joined(separator: "\n")
        return body + String(repeating: " ", count: max(0, 3071 - body.utf8.count)) + "\n"
    }
}
