import ReleaseWorkflow
import Testing

@Suite("Civil dates")
struct CivilDateTests {
    @Test("every day from 1600 to 2400 is read back as it is printed, one after the other")
    func everyDay() throws {
        let first = try date("1600-01-01")
        var expected = (year: 1600, month: 1, day: 1)
        for offset in 0..<292_194 {
            let day = first.adding(days: offset)
            let parts = day.components
            #expect(parts == expected)
            if offset % 97 == 0 { #expect(CivilDate(parsing: day.description) == day) }
            let isLeap = expected.year % 4 == 0 && (expected.year % 100 != 0 || expected.year % 400 == 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            if expected.day < lengths[expected.month - 1] {
                expected.day += 1
            } else if expected.month < 12 {
                expected = (expected.year, expected.month + 1, 1)
            } else {
                expected = (expected.year + 1, 1, 1)
            }
        }
    }

    @Test(
        "months keep the day, or take the month's last",
        arguments: [
            ("2024-02-29", 12, "2025-02-28"), ("2024-02-29", 36, "2027-02-28"), ("2024-02-29", 48, "2028-02-29"),
            ("2026-01-31", 1, "2026-02-28"), ("2026-12-15", 1, "2027-01-15"), ("2026-01-15", 12, "2027-01-15"),
            ("2026-11-30", 3, "2027-02-28"),
        ])
    func months(from: String, count: Int, to: String) throws {
        #expect(try date(from).adding(months: count).description == to)
    }

    @Test(
        "text that names no day is refused",
        arguments: ["2026-02-29", "2026-13-01", "2026-00-10", "26-01-01", "2026-1-1", "2026-01-32", "", "２０２６-01-01"])
    func malformed(text: String) { #expect(CivilDate(parsing: text) == nil) }

    @Test(
        "MPHP-40, A-02: the call is due at the end of day seven after the later of signature and match, in either order, over year ends and leap days",
        arguments: [
            ("2026-01-05", "2026-01-05", "2026-01-12"), ("2026-01-05", "2026-01-08", "2026-01-15"),
            ("2026-01-08", "2026-01-05", "2026-01-15"), ("2026-12-28", "2026-12-28", "2027-01-04"),
            ("2028-02-25", "2028-02-25", "2028-03-03"), ("2026-03-05", "2026-03-05", "2026-03-12"),
        ])
    func callDue(signed: String, matched: String, due: String) throws {
        #expect(try callDueDate(signedOn: date(signed), matchMadeOn: date(matched), withinDays: 7) == date(due))
    }
}
