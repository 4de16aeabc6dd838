public import Foundation
public import ReleaseService
public import ReleaseWorkflow
internal import Synchronization

/// Turns instants into moments of one time zone.
public struct ZoneCalendar: Sendable {
    private let calendar: Calendar

    /// Nil for a zone this machine does not know.
    public init?(zone: String) {
        guard let zone = TimeZone(identifier: zone) else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        self.calendar = calendar
    }

    public func moment(atMilliseconds instant: Int64) -> Moment {
        moment(at: Date(timeIntervalSince1970: Double(instant) / 1000))
    }

    public func moment(at date: Date) -> Moment {
        let parts = calendar.dateComponents([.year, .month, .day], from: date)
        let civil = CivilDate(year: parts.year ?? 1970, month: parts.month ?? 1, day: parts.day ?? 1)
        return Moment(
            instantMilliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded(.down)),
            date: civil ?? CivilDate(dayNumber: 0))
    }

    /// The instant of a local time `YYYY-MM-DDTHH:MM`, or nil if it is not one. A time that daylight saving skips is
    /// moved on.
    public func instant(ofLocal text: String) -> Date? {
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        guard halves.count == 2, let day = CivilDate(parsing: halves[0]), halves[1].count == 5,
            let hour = Int(halves[1].prefix(2)), let minute = Int(halves[1].suffix(2)),
            halves[1].dropFirst(2).first == ":",
            (0..<24).contains(hour), (0..<60).contains(minute)
        else { return nil }
        let civil = day.components
        return calendar.date(
            from: DateComponents(year: civil.year, month: civil.month, day: civil.day, hour: hour, minute: minute))
    }
}

/// The machine's clock.
public struct MachineClock: MomentSource {
    private let calendar: ZoneCalendar
    public init(_ calendar: ZoneCalendar) { self.calendar = calendar }
    public func now() throws -> Moment { calendar.moment(at: Date()) }
    public func moment(atMilliseconds instant: Int64) throws -> Moment { calendar.moment(atMilliseconds: instant) }
}

/// The machine's clock, moved: for trying out what happens on another day.
public struct MovedClock: MomentSource {
    private let calendar: ZoneCalendar
    private let shift: TimeInterval

    /// - Parameter instant: what it shows now.
    public init(_ calendar: ZoneCalendar, showing instant: Date) {
        self.calendar = calendar
        shift = instant.timeIntervalSinceNow
    }

    public func now() throws -> Moment { calendar.moment(at: Date().addingTimeInterval(shift)) }
    public func moment(atMilliseconds instant: Int64) throws -> Moment { calendar.moment(atMilliseconds: instant) }
}

/// A clock that is set by hand: for worked examples and tests.
public final class SetClock: MomentSource {
    private let calendar: ZoneCalendar
    private let instant: Mutex<Date>

    public init(_ calendar: ZoneCalendar, at instant: Date) {
        self.calendar = calendar
        self.instant = Mutex(instant)
    }

    public func set(_ date: Date) { instant.withLock { $0 = date } }

    public func now() throws -> Moment { calendar.moment(at: instant.withLock { $0 }) }
    public func moment(atMilliseconds instant: Int64) throws -> Moment { calendar.moment(atMilliseconds: instant) }
}
