internal import Synchronization

/// Counts what a database is asked, so that tests can hold the code to it.
public final class StatementTally: Sendable {
    public struct Counts: Hashable, Sendable {
        public var reads = 0
        public var writes = 0
        public var statements = 0
        public var rowsRead = 0
        public var rowsWritten = 0
        public var savepoints = 0
    }

    public enum What: Sendable { case read, write, statement, rowRead, rowWritten, savepoint }

    private let reads = Atomic(0)
    private let writes = Atomic(0)
    private let statements = Atomic(0)
    private let rowsRead = Atomic(0)
    private let rowsWritten = Atomic(0)
    private let savepoints = Atomic(0)
    private let isNoting = Atomic(false)
    private let noted = Mutex<[String: Int]>([:])

    public init() {}

    /// Counts each statement by its text from now on.
    public func noteTexts() { isNoting.store(true, ordering: .relaxed) }

    /// Takes the number of times that each statement ran since the texts are noted, or since this was last asked.
    public func takeTexts() -> [String: Int] {
        noted.withLock { noted in
            defer { noted = [:] }
            return noted
        }
    }

    public func count(statement text: String) {
        count(.statement)
        if isNoting.load(ordering: .relaxed) { noted.withLock { $0[text, default: 0] += 1 } }
    }

    public func count(_ what: What) {
        switch what {
        case .read: reads.add(1, ordering: .relaxed)
        case .write: writes.add(1, ordering: .relaxed)
        case .statement: statements.add(1, ordering: .relaxed)
        case .rowRead: rowsRead.add(1, ordering: .relaxed)
        case .rowWritten: rowsWritten.add(1, ordering: .relaxed)
        case .savepoint: savepoints.add(1, ordering: .relaxed)
        }
    }

    public var counts: Counts {
        Counts(
            reads: reads.load(ordering: .relaxed), writes: writes.load(ordering: .relaxed),
            statements: statements.load(ordering: .relaxed), rowsRead: rowsRead.load(ordering: .relaxed),
            rowsWritten: rowsWritten.load(ordering: .relaxed), savepoints: savepoints.load(ordering: .relaxed))
    }

    /// Counts what `body` asks of the database.
    public func counts<R>(of body: () async throws -> R) async rethrows -> (result: R, counts: Counts) {
        let before = counts
        let result = try await body()
        let after = counts
        return (
            result,
            Counts(
                reads: after.reads - before.reads, writes: after.writes - before.writes,
                statements: after.statements - before.statements, rowsRead: after.rowsRead - before.rowsRead,
                rowsWritten: after.rowsWritten - before.rowsWritten, savepoints: after.savepoints - before.savepoints)
        )
    }
}
