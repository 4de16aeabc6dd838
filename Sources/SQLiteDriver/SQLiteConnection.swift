internal import GRDB
internal import GRDBSQLite
internal import SQLStore

/// A transaction of the pool as the SQL store wants it: statements prepared once for each connection, values bound and
/// columns read in place.
struct SQLiteConnection: SQLConnection {
    let database: Database
    let tally: StatementTally

    func execute(_ sql: String, _ values: [SQLValue]) throws {
        tally.count(statement: sql)
        tally.count(.rowWritten)
        let statement = try database.cachedStatement(sql: sql)
        let pointer = statement.sqliteStatement
        defer { sqlite3_reset(pointer) }
        try bind(values, to: pointer)
        let code = sqlite3_step(pointer)
        guard code == SQLITE_DONE || code == SQLITE_ROW else { throw failure(code) }
    }

    func forEachRow(_ sql: String, _ values: [SQLValue], _ body: (any SQLRow) throws -> Void) throws {
        tally.count(statement: sql)
        let statement = try database.cachedStatement(sql: sql)
        let pointer = statement.sqliteStatement
        defer { sqlite3_reset(pointer) }
        try bind(values, to: pointer)
        let row = SQLiteRow(statement: pointer)
        while true {
            let code = sqlite3_step(pointer)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code) }
            tally.count(.rowRead)
            try body(row)
        }
    }

    func savepoint(_ command: SavepointCommand) throws {
        tally.count(.savepoint)
        switch command {
        case .begin(let number): try database.execute(sql: "SAVEPOINT mark\(number)")
        case .release(let number): try database.execute(sql: "RELEASE mark\(number)")
        case .undo(let number):
            try database.execute(sql: "ROLLBACK TO mark\(number)")
            try database.execute(sql: "RELEASE mark\(number)")
        }
    }

    private func failure(_ code: Int32) -> SQLiteError {
        SQLiteError(DatabaseError(resultCode: ResultCode(rawValue: code)))
    }

    /// Values are copied by the library: the arrays may go away before the statement runs.
    private func bind(_ values: [SQLValue], to statement: OpaquePointer) throws {
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        for (offset, value) in values.enumerated() {
            let index = Int32(offset + 1)
            let code =
                switch value {
                case .integer(let number): sqlite3_bind_int64(statement, index, Int64(number))
                case .null: sqlite3_bind_null(statement, index)
                case .text(var text):
                    text.withUTF8 { bytes in
                        bytes.withMemoryRebound(to: CChar.self) {
                            sqlite3_bind_text(statement, index, $0.baseAddress, Int32($0.count), transient)
                        }
                    }
                case .bytes(let bytes):
                    bytes.isEmpty
                        ? sqlite3_bind_zeroblob(statement, index, 0)
                        : bytes.withUnsafeBytes {
                            sqlite3_bind_blob(statement, index, $0.baseAddress, Int32($0.count), transient)
                        }
                }
            guard code == SQLITE_OK else { throw failure(code) }
        }
    }
}

/// The row that a statement stands on. Each column is copied once.
private struct SQLiteRow: SQLRow {
    let statement: OpaquePointer

    func integer(_ column: Int) throws -> Int {
        guard sqlite3_column_type(statement, Int32(column)) == SQLITE_INTEGER else { throw DamagedRow() }
        return Int(sqlite3_column_int64(statement, Int32(column)))
    }

    func bytes(_ column: Int) throws -> [UInt8] {
        switch sqlite3_column_type(statement, Int32(column)) {
        case SQLITE_BLOB, SQLITE_TEXT:
            // The bytes first: asking for them afterwards could move them.
            let start = sqlite3_column_blob(statement, Int32(column))
            return Array(
                UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, Int32(column)))))
        default: throw DamagedRow()
        }
    }

    func text(_ column: Int) throws -> String {
        guard sqlite3_column_type(statement, Int32(column)) == SQLITE_TEXT else { throw DamagedRow() }
        let start = sqlite3_column_text(statement, Int32(column))
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, Int32(column))))
        return String(decoding: bytes, as: UTF8.self)
    }

    func isNull(_ column: Int) -> Bool { sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL }
}
