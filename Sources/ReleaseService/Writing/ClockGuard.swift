internal import ReleaseLedger
internal import ReleaseWorkflow
internal import Synchronization

/// Keeps a clock that is wrong for one start from ending anything: one that is more than a week ahead of everything
/// that was signed, or that somebody said was right, is asked about before anything closes by itself.
///
/// People go on ending and taking back what is theirs, and what has run out by that clock is not shown. A program in
/// which nothing was recorded for a week is asked too, when it is started again.
final class ClockGuard: Sendable {
    /// The days that a clock may be ahead.
    static let days = 7
    private static let limit = Int64(days) * 86_400_000
    private static let setting = "clockConfirmed"

    private let isAsking: Mutex<Bool>

    /// - Parameter isOn: false where a clock is set on purpose.
    init(_ parts: Parts, under published: Published, isOn: Bool) throws {
        let now = try parts.time.now().instantMilliseconds
        let confirmed = try parts.store.read { try $0.setting(Self.setting) }.map(Self.instant) ?? 0
        let known = max(published.head?.instantMilliseconds ?? now, confirmed)
        isAsking = Mutex(isOn && now > known + Self.limit)
    }

    /// True while nothing closes by itself.
    var asks: Bool { isAsking.withLock { $0 } }

    /// Somebody says that the clock is right.
    func confirm(_ tx: Transaction) {
        let bytes = withUnsafeBytes(of: tx.moment.instantMilliseconds.bigEndian) { Array($0) }
        tx.rows.setSetting(Self.setting, bytes)
        isAsking.withLock { $0 = false }
    }

    private static func instant(_ bytes: [UInt8]) -> Int64 {
        guard bytes.count == 8 else { return 0 }
        return bytes.reduce(0) { $0 << 8 | Int64($1) }
    }
}
