import FolderDriver
import Foundation
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

@Suite("An older database")
struct OlderDatabaseTests {
    private static let toFirst =
        "DROP TABLE outcome_former; DROP TABLE outcome_key; DROP TABLE party; DROP TABLE access; DROP INDEX draft_due; DELETE FROM setting WHERE name = 'parties'; PRAGMA user_version = 1;"

    /// Everything that the file says of itself.
    private func schema(_ path: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sqlite3")
        process.arguments = [path, "PRAGMA user_version; SELECT sql FROM sqlite_master ORDER BY name;"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text
    }

    @Test(
        "a rescission by code is recorded in a database of version 1 without bringing it up, and counts when the writer does (E11)"
    )
    func rescindUnmigrated() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let code = try await office.codeOfLast()
        try office.store.close()
        try office.tamper(Self.toFirst)
        let path = office.folder.databasePath
        let before = try schema(path)
        #expect(before.hasPrefix("1\n"))
        let store = try SQLiteStore(path: path, isReadOnly: false, migrates: false)
        try ServiceHost.rescind(typedCode: code, store: store, time: office.clock)
        #expect(throws: Refusal.notFound) {
            try ServiceHost.rescind(typedCode: "AAAA-AAAA-AAAA-AAAA", store: store, time: office.clock)
        }
        try store.close()
        #expect(try schema(path) == before)
        try await office.reopen()
        #expect(try schema(path).hasPrefix("3\n"))
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        #expect(try office.audit().isVerified)
    }

    @Test(
        "the writer that brings a database up keeps a copy of it as it was, for its owner alone, and never writes over it (E11)"
    )
    func copyBeside() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let path = office.folder.databasePath
        #expect(!FileManager.default.fileExists(atPath: path + ".version1"), "a new database has no version before it")
        try office.store.close()
        try office.tamper(Self.toFirst)
        let before = try schema(path)
        try await office.reopen()
        let copy = path + ".version1"
        #expect(try schema(copy) == before)
        let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let bytes = FileManager.default.contents(atPath: copy)
        try await office.reopen()
        try office.store.close()
        try office.tamper(Self.toFirst)
        try await office.reopen()
        #expect(FileManager.default.contents(atPath: copy) == bytes)
    }
}
