/// A value that both databases store alike.
public enum SQLValue: Hashable, Sendable {
    case integer(Int)
    case text(String)
    case bytes([UInt8])
    case null

    public var integer: Int? { if case .integer(let value) = self { value } else { nil } }
    public var text: String? { if case .text(let value) = self { value } else { nil } }
    /// Text counts as its bytes: who edits a row by hand may change its type, and what they wrote is still there to be judged.
    public var bytes: [UInt8]? {
        switch self {
        case .bytes(let value): value
        case .text(let value): Array(value.utf8)
        case .integer, .null: nil
        }
    }
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
