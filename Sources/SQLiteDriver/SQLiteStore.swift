internal import Foundation
internal import GRDB
internal import GRDBSQLite
public import ReleaseService
public import SQLStore

/// The embedded store: one SQLite file in WAL mode, synced at every commit.
public final class SQLiteStore: Store {
    private let pool: any DatabaseWriter
    /// Counts what the database is asked.
    public let tally = StatementTally()

    /// Opens or creates the file.
    ///
    /// - Parameters:
    ///   - isReadOnly: opens for reading beside a writer; the file must exist.
    ///   - migrates: whether an older file is brought up to this program's version, after a copy of it was made beside
    ///     it. Only who holds the folder may do that; without it an older file is used as it is.
    /// - Throws: ``SQLiteError`` with a reason that names no data.
    public init(path: String, isReadOnly: Bool, migrates: Bool = true) throws {
        do {
            var configuration = Configuration()
            configuration.readonly = isReadOnly
            configuration.busyMode = .timeout(5)
            configuration.maximumReaderCount = 4
            // Never the default: an error must not repeat the values of the row it is about.
            configuration.publicStatementArguments = false
            configuration.prepareDatabase { database in
                try database.execute(sql: "PRAGMA secure_delete = ON")
                try database.execute(sql: "PRAGMA foreign_keys = ON")
                // Savepoints keep what they would undo in memory: never in a temporary file, for speed and for what it
                // would hold.
                try database.execute(sql: "PRAGMA temp_store = MEMORY")
                try database.execute(sql: "PRAGMA cache_size = -4096")
            }
            if isReadOnly {
                guard FileManager.default.fileExists(atPath: path) else {
                    throw SQLiteError(reason: "there is no database")
                }
                pool = try DatabaseQueue(path: path, configuration: configuration)
                try pool.read { try Self.checkVersion($0) }
                return
            }
            let pool = try DatabasePool(path: path, configuration: configuration)
            self.pool = pool
            // DatabasePool sets NORMAL after it has prepared its connections, so FULL is set here, on the writer, and
            // read back.
            try pool.writeWithoutTransaction { database in
                try Self.checkVersion(database)
                try database.execute(sql: "PRAGMA synchronous = FULL")
                // The writer keeps the inner pages of its trees at hand, and copies the write-ahead log back four
                // times as rarely as by default: the same page is then copied once for many commits.
                try database.execute(sql: "PRAGMA cache_size = -16384")
                try database.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
                guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else {
                    throw SQLiteError(reason: "the database cannot be set to sync every commit")
                }
            }
            guard migrates else { return }
            if let found = try pool.read({ try Self.oldVersion($0) }) { try copyOnce(to: "\(path).version\(found)") }
            try pool.write { try Self.migrate($0) }
        } catch {
            throw SQLiteError(error)
        }
    }

    public func write<R>(_ body: (any StoreWriter) throws -> R) throws -> R {
        tally.count(.write)
        return try withoutData {
            try pool.write { try body(SQLTransaction(SQLiteConnection(database: $0, tally: tally))) }
        }
    }

    public func read<R>(_ body: (any StoreReader) throws -> R) throws -> R {
        tally.count(.read)
        return try withoutData {
            try pool.read { try body(SQLTransaction(SQLiteConnection(database: $0, tally: tally))) }
        }
    }

    /// Passes the body's own errors on and rewrites the database's, which may quote data.
    private func withoutData<R>(_ run: () throws -> R) throws -> R {
        do {
            return try run()
        } catch let error as DatabaseError {
            throw SQLiteError(error)
        }
    }

    public func settle() throws {
        do {
            guard let pool = pool as? DatabasePool else { return }
            try pool.writeWithoutTransaction { database in
                // A reader in the way is waited for a moment, not as long as another writer: commands stand behind
                // this.
                sqlite3_busy_timeout(database.sqliteConnection, 250)
                defer { sqlite3_busy_timeout(database.sqliteConnection, 5000) }
                _ = try database.checkpoint(.truncate)
            }
        } catch {
            throw SQLiteError(error)
        }
    }

    /// The largest file that is rewritten: it takes some tenths of a second, for which writers wait.
    private static let rewrittenByteCount = 32 << 20

    public func rewrite() throws {
        do {
            let size = try pool.read { database in
                let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
                return try pages * (Int.fetchOne(database, sql: "PRAGMA page_size") ?? 0)
            }
            if size <= Self.rewrittenByteCount { try pool.vacuum() }
        } catch {
            throw SQLiteError(error)
        }
    }

    /// The copy that a migration leaves of the file before it. A copy that is there already is of the migration that
    /// was stopped, and stays.
    private func copyOnce(to path: String) throws {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        let part = path + ".part"
        try? FileManager.default.removeItem(atPath: part)
        try copy(to: part)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: part)
        try FileManager.default.moveItem(atPath: part, toPath: path)
    }

    /// Copies the database as it is at this moment into a new file, beside a running writer.
    public func copy(to path: String) throws {
        do {
            let target = try DatabaseQueue(path: path)
            try pool.backup(to: target)
            // One file and nothing beside it; whoever opens it for writing goes back to a write-ahead log.
            try target.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try target.close()
        } catch {
            throw SQLiteError(error)
        }
    }

    /// Closes every connection; the last one leaves no write-ahead log behind.
    public func close() throws { try pool.close() }

    /// A setting of the writing connection, as SQLite reports it.
    public func pragma(_ name: String) throws -> String? {
        try pool.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA \(name)") }
    }

    /// The rows that a `.dump` shows: every row of every table as text, for comparing two databases.
    public func dump() throws -> String {
        try pool.read { database in
            let tables = try String.fetchAll(
                database, sql: "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            var out = ""
            for table in tables {
                var lines: [String] = []
                for row in try Row.fetchAll(database, sql: "SELECT * FROM \"\(table)\"") {
                    let cells = row.databaseValues.map { value -> String in
                        if let data = Data.fromDatabaseValue(value), case .blob = value.storage {
                            return data.map { String($0, radix: 16) }.joined(separator: ".")
                        }
                        return value.description
                    }
                    lines.append("\(table): \(cells.joined(separator: " | "))\n")
                }
                out += lines.sorted().joined()
            }
            return out
        }
    }
}

/// An error that SQLite reports, without the data it was about.
public struct SQLiteError: Error, Sendable, CustomStringConvertible {
    public let reason: String

    init(reason: String) { self.reason = reason }

    init(_ error: any Error) {
        switch error {
        case let own as SQLiteError: self = own
        case let error as DatabaseError:
            reason =
                switch error.resultCode {
                case .SQLITE_FULL: "the disk is full"
                case .SQLITE_READONLY: "the database is read-only"
                case .SQLITE_CANTOPEN: "the database cannot be opened"
                case .SQLITE_BUSY, .SQLITE_LOCKED: "the database is busy: another process holds it"
                case .SQLITE_NOTADB: "the file is not a database"
                case .SQLITE_CORRUPT: "the database is damaged"
                case .SQLITE_IOERR: "reading or writing the database failed"
                case .SQLITE_CONSTRAINT: "a rule of the database was violated"
                default: "the database failed with code \(error.resultCode.rawValue)"
                }
        default: reason = "the database cannot be opened"
        }
    }

    public var description: String { "database: \(reason)" }
}
