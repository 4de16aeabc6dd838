/// A value that both databases store alike.
public enum SQLValue: Hashable, Sendable {
    case integer(Int)
    case text(String)
    case bytes([UInt8])
    case null

    public var integer: Int? { if case .integer(let value) = self { value } else { nil } }
    public var text: String? { if case .text(let value) = self { value } else { nil } }
    public var bytes: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }
}

/// One open transaction of a driver.
///
/// Statements are constants of this module with `?` for every value; a driver that numbers its placeholders rewrites them. Synchronous on
/// purpose: no other work can come between two statements.
public protocol SQLConnection {
    func execute(_ sql: String, _ values: [SQLValue]) throws
    func rows(_ sql: String, _ values: [SQLValue]) throws -> [[SQLValue]]
    func savepoint<R>(_ body: () throws -> R) throws -> R
}
