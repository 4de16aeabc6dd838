import Foundation

/// Says on standard error how far a long job is, where somebody is looking.
final class Meter {
    private let total: Int
    private var count = 0
    private let isShown: Bool

    init(of total: Int) {
        self.total = total
        isShown = isatty(STDERR_FILENO) == 1 && total >= 200
    }

    /// One more is done.
    func step() {
        count += 1
        guard isShown, count % 100 == 0 || count == total else { return }
        FileHandle.standardError.write(Data("\r\(count) of \(total)\(count == total ? "\n" : "")".utf8))
    }
}
