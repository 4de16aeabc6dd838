public import Records

/// The days on which a program's office works, and its hours: what working days are counted by.
public struct OfficeDays: Hashable, Sendable {
    public enum Weekday: String, CaseIterable, Hashable, Sendable {
        case monday, tuesday, wednesday, thursday, friday, saturday, sunday
    }

    /// The working days within which a coordinator releases what is signed, as its signer is told.
    public static let daysToRelease = 2
    /// The working days within which what stands in the way of a signed release is put right or withdrawn.
    public static let daysToPutRight = 10

    public var days: [Weekday]
    /// As people read it; empty where the policy does not say.
    public var hours: String
    public var holidays: [CivilDate]

    public init(days: [Weekday], hours: String = "", holidays: [CivilDate] = []) {
        (self.days, self.hours, self.holidays) = (days, hours, holidays)
    }

    /// Monday to Friday, without holidays: where a policy says nothing.
    public static let standard = OfficeDays(days: [.monday, .tuesday, .wednesday, .thursday, .friday])

    public func isOpen(on date: CivilDate) -> Bool {
        // The first of January 1970, day 0, was a Thursday.
        let weekday = Weekday.allCases[((date.dayNumber + 3) % 7 + 7) % 7]
        return days.contains(weekday) && !holidays.contains(date)
    }

    /// The working day that is `count` working days after `date`, which need not be one itself.
    ///
    /// - Precondition: the office is open on some day of the week.
    public func day(after date: CivilDate, count: Int) -> CivilDate {
        var (day, left) = (date, count)
        while left > 0 {
            day = day.adding(days: 1)
            if isOpen(on: day) { left -= 1 }
        }
        return day
    }
}
