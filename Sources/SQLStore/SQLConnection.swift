/// A value that both databases store alike.
public enum SQLValue: Hashable, Sendable {
    case integer(Int)
    case text(String)
    case bytes([UInt8])
    case null
}

/// One row of an answer, while the driver stands on it. Columns count from 0.
///
/// Text counts as its bytes: who edits a row by hand may change its type, and what they wrote is still there to be
/// judged.
public protocol SQLRow {
    /// - Throws: ``DamagedRow`` if the column holds no whole number.
    func integer(_ column: Int) throws -> Int
    /// - Throws: ``DamagedRow`` if the column holds neither bytes nor text.
    func bytes(_ column: Int) throws -> [UInt8]
    /// - Throws: ``DamagedRow`` if the column holds no text.
    func text(_ column: Int) throws -> String
    func isNull(_ column: Int) -> Bool
}

/// One open transaction of a driver.
///
/// Statements are constants of this module with `?` for every value; a driver that numbers its placeholders rewrites
/// them, and each prepares a statement once for each connection. Synchronous on purpose: no other work can come between
/// two statements.
public protocol SQLConnection {
    func execute(_ sql: String, _ values: [SQLValue]) throws
    /// Calls `body` for each row, in order.
    func forEachRow(_ sql: String, _ values: [SQLValue], _ body: (any SQLRow) throws -> Void) throws
    /// Begins, releases or goes back to a named savepoint.
    func savepoint(_ command: SavepointCommand) throws
}

public enum SavepointCommand: Hashable, Sendable {
    case begin(Int)
    case release(Int)
    /// Undoes everything since, and removes the savepoint.
    case undo(Int)
}

/// A row whose values are not of the kinds this store writes.
public struct DamagedRow: Error, Sendable, CustomStringConvertible {
    public init() {}
    public var description: String { "database: a row is damaged" }
}
