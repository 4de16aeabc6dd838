internal import Foundation

/// The steps at which a process may be stopped by force: before and after each write of the commit order.
///
/// A debug build named `PRIVITY_FAULT=<point>:<n>` kills itself when it reaches the point for the nth time, so that
/// tests stop it at every one of them. A release build reaches nothing.
public enum FaultPoint: String, CaseIterable, Sendable {
    case beforeKeyWrite, beforeKeySync, afterKeySync
    case afterLoad, afterDecide, afterFlush
    case beforeCommit, afterCommit
    case afterReread, beforeHeadWrite, beforeHeadSync, afterHeadSync
    case beforeTileWrite, beforeTileRename, afterTileRename
    case beforeDestroy, betweenDestroys, afterDestroy
    case beforeAnswer

    public static func reach(_ point: FaultPoint) {
        #if DEBUG
            chosen?.reach(point)
        #endif
    }

    #if DEBUG
        private final class Chosen: Sendable {
            private let point: FaultPoint
            nonisolated(unsafe) private var left: Int
            private let lock = NSLock()

            init?(_ text: String) {
                let parts = text.split(separator: ":")
                guard parts.count == 2, let point = FaultPoint(rawValue: String(parts[0])), let count = Int(parts[1])
                else {
                    return nil
                }
                (self.point, left) = (point, count)
            }

            func reach(_ reached: FaultPoint) {
                guard reached == point else { return }
                lock.lock()
                left -= 1
                if left == 0 { kill(getpid(), SIGKILL) }
                lock.unlock()
            }
        }

        private static let chosen = ProcessInfo.processInfo.environment["PRIVITY_FAULT"].flatMap { Chosen($0) }
    #endif
}
