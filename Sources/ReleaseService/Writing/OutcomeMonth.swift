internal import ReleaseLedger
internal import ReleaseWorkflow

/// The calendar month whose outcomes the first of two tables holds; the other has those of the month before. An outcome
/// is answered again for one to two months, and no row says when it was written (E12); after that its key is refused,
/// so that a script which is applied again repeats nothing.
struct OutcomeMonth: StoredValue {
    /// Months since the year 0.
    let number: Int

    static var storedName: StaticString { "month of outcomes" }
    private static let setting = "outcomeMonth"

    init(of date: CivilDate) {
        // ISO 8601: the year, the month, the day.
        number = date.description.split(separator: "-").prefix(2).reduce(0) { 12 * $0 + (Int($1) ?? 0) }
    }
    init(stored: StoredObject) throws { number = try stored.number("number") }
    var stored: [String: CanonicalJSON] { StoredMembers().with("number", number).members }

    private static func kept(_ snapshot: Snapshot) throws -> OutcomeMonth? {
        try snapshot.rows.setting(setting).map { try snapshot.vault.open($0, fixed: setting, as: OutcomeMonth.self) }
    }

    /// True if another month has begun; a clock that ran back begins none.
    static func isOver(_ snapshot: Snapshot) throws -> Bool {
        try kept(snapshot).map { $0.number < OutcomeMonth(of: snapshot.today).number } ?? true
    }

    /// Drops what is older than the month before this one.
    static func begin(_ tx: Transaction) throws {
        let now = OutcomeMonth(of: tx.moment.date)
        if let kept = try kept(tx.snapshot) {
            for _ in 0..<min(2, now.number - kept.number) { try tx.rows.dropFormerOutcomes() }
        }
        tx.rows.setSetting(setting, try tx.vault.seal(now, fixed: setting))
    }
}
