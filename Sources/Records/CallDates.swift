/// The days that a first call hangs on, once the card is disclosed: one place for the arithmetic of all pages, letters
/// and cards.
///
/// A card that is disclosed late leaves time to call: the last day is the later of the one that was set at the
/// signature and the third day after the disclosure. The program is out at the end of the later of that day and the
/// seventh day after the disclosure (MPHP-40, MPHP-43).
public struct CallDates: Hashable, Sendable {
    /// The days that a reader has at least, counted from the disclosure.
    public static let daysAfterDisclosure = 3

    /// The days after the disclosure for which the program stays at least.
    public static let daysToHandOff = 7

    /// The last day for the first call.
    public let due: CivilDate
    /// The day at whose end the program is out.
    public let handOff: CivilDate

    /// - Parameters:
    ///   - due: the last day that was set at the signature; nil where none was.
    ///   - withinDays: the days for the first call, from the policy.
    public init(disclosedOn: CivilDate, due: CivilDate?, withinDays: Int) {
        let least = disclosedOn.adding(days: Self.daysAfterDisclosure)
        self.due = max(due ?? disclosedOn.adding(days: withinDays), least)
        handOff = max(self.due, disclosedOn.adding(days: Self.daysToHandOff))
    }
}
