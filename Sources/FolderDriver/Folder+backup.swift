public import Cryptography
internal import Foundation
internal import Glibc
public import ReleaseLedger
public import ReleaseService
public import TransparencyLog

extension Folder {
    /// Copies what a backup consists of into a new folder: the database first, through `body`, then settings and
    /// encrypted keys. The data keys come after the rows that need them, so that none is missing but those destroyed
    /// meanwhile.
    ///
    /// The head and the list of destroyed keys stay: they are kept apart.
    public func copy<R>(to path: String, database body: (String) throws -> R) throws -> R {
        let target = Folder(path)
        try Self.make(path)
        let result = try body(target.databasePath)
        for name in try ["privity.yaml"] + keyFiles() { try Self.copy(self.path + "/" + name, path + "/" + name, name) }
        try DurableFile.syncFolder(path + "/keys")
        try DurableFile.syncFolder(path)
        return result
    }

    /// Makes this folder from a backup, with what was kept apart: the list of destroyed keys, and the head where the
    /// log goes on.
    public func restore(from backup: Folder, kept: String?, keepsHead: Bool) throws {
        if FileManager.default.fileExists(atPath: path),
            try !FileManager.default.contentsOfDirectory(atPath: path).isEmpty
        {
            throw FolderError(file: path, problem: "the folder is not empty")
        }
        try Self.make(path)
        let names = try ["privity.yaml", "privity.sqlite"] + backup.keyFiles()
        for name in names { try Self.copy(backup.path + "/" + name, path + "/" + name, name) }
        let list = kept.map { $0 + "/destroyed" }.flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }
        if let list {
            try Self.copy(list, path + "/keys/destroyed", "destroyed")
        } else {
            try DurableFile.create(path: path + "/keys/destroyed", name: "destroyed", [])
        }
        if keepsHead, let kept { try Self.copy(kept + "/head", path + "/head", "head") }
        try DurableFile.syncFolder(path + "/keys")
        try DurableFile.syncFolder(path)
    }

    /// Keeps the records of the log that is over, as tiles, with its newest head.
    public func archive(_ store: some Store, origin: String) throws {
        let former = TileFolder(path + "/former/" + Hex.format(SHA256.hash(Array(origin.utf8)).prefix(8)))
        try store.read { tx in
            let size = try tx.logSize()
            for tile in TilePath.tiles(of: size) { try former.write(tile, tileBytes(tile, tx)) }
            if let head = try tx.head(atMost: size) { try former.write("checkpoint", head.note) }
        }
    }

    /// New keys for a log of another name, in place of the old log's; the vault's stays.
    public func renewKeys(origin: String, passphrase: SecretBytes) throws -> (keys: SigningKeys, recovery: NoteKey) {
        for name in try keyFiles() where name.hasSuffix(".pem") {
            guard unlink(path + "/" + name) == 0 else { throw FolderError(file: name, problem: DurableFile.reason()) }
        }
        return try makeKeys(origin: origin, passphrase: passphrase)
    }

    /// Replaces a file of the folder, whole or not at all.
    public func replace(_ name: String, _ bytes: [UInt8]) throws {
        let temporary = path + "/.new-" + name
        unlink(temporary)
        try DurableFile.create(path: temporary, name: name, bytes)
        guard rename(temporary, path + "/" + name) == 0 else {
            throw FolderError(file: name, problem: DurableFile.reason())
        }
        try DurableFile.syncFolder(path)
    }

    public func remove(_ name: String) throws {
        guard unlink(path + "/" + name) == 0 else { throw FolderError(file: name, problem: DurableFile.reason()) }
        try DurableFile.syncFolder(path)
    }

    /// The files of keys that go into a backup.
    private func keyFiles() throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path + "/keys").filter { $0 != "destroyed" }
                .sorted()
                .map { "keys/" + $0 }
        } catch {
            throw FolderError(file: "keys", problem: "cannot be read")
        }
    }

    /// Makes the folder and the one for its keys, for its user alone.
    static func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path + "/keys", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        } catch {
            throw FolderError(file: path, problem: "the folder cannot be made")
        }
    }

    private static func copy(_ source: String, _ target: String, _ name: String) throws {
        let file = try DurableFile(path: source, name: name, isReadOnly: true, creates: false)
        try DurableFile.create(path: target, name: name, file.read(at: 0, count: file.size()))
    }
}
