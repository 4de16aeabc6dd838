import FolderDriver
import Foundation
import ReleaseService
import ReleaseWorkflow
import SQLiteDriver

/// Rescission by code with nothing but the database: no passphrase, no head file.
enum RescindWithoutKeys {
    static func run(_ options: FolderOptions, code: String) async throws {
        let folder = Folder(options.directory)
        guard folder.exists else { throw Failure("`\(options.directory)`: no data folder here", status: 2) }
        // SQLite serializes with a running writer by itself, so the folder's lock is not needed for this one row.
        // It leaves an older database as it is: a running older program would not know what came of it.
        let store = try SQLiteStore(path: folder.databasePath, isReadOnly: false, migrates: false)
        let zone = (try? OpenFolder.policy(in: store).timeZone) ?? "UTC"
        guard let calendar = ZoneCalendar(zone: zone) ?? ZoneCalendar(zone: "UTC") else {
            throw Failure("this machine knows no time zone", status: 3)
        }
        try ServiceHost.rescind(typedCode: code, store: store, time: MachineClock(calendar))
    }
}
