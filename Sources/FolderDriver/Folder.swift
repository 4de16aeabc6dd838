public import Cryptography
internal import Foundation
public import ReleaseLedger
public import ReleaseService
public import TransparencyLog

/// A program's data folder.
///
/// ```
/// privity.yaml      settings: origin, passphraseFile
/// privity.sqlite    the database
/// lock              held by the one writer
/// head              the last signed head
/// keys/record.pem   signs records       keys/log.pem    signs heads
/// keys/vault.key    wraps data keys     keys/data-keys  the wrapped data keys
/// keys/destroyed    ids of data keys that were destroyed
/// recovery.pem      only right after init: keep it elsewhere, offline
/// ```
public struct Folder: Sendable {
    public let path: String

    public init(_ path: String) { self.path = path }

    public var databasePath: String { path + "/privity.sqlite" }
    public var settingsPath: String { path + "/privity.yaml" }
    public var passphrasePath: String { path + "/passphrase" }
    private func key(_ name: String) -> String { path + "/keys/" + name }

    public var exists: Bool { FileManager.default.fileExists(atPath: databasePath) }

    /// The one writer's hold on the folder, until it is released with its last reference.
    public final class Hold: Sendable {
        private let file: DurableFile
        init(_ file: DurableFile) { self.file = file }
    }

    /// - Throws: ``FolderError`` if another process writes here, or the folder cannot be written.
    public func hold() throws -> Hold {
        let file = try DurableFile(path: path + "/lock", name: "lock", isReadOnly: false, creates: true)
        try file.lockExclusively()
        return Hold(file)
    }

    /// Makes a new folder with new keys, all under one passphrase. Genesis is the service's to write.
    ///
    /// - Throws: ``FolderError`` if anything is there already.
    public func create(origin: String, passphrase: SecretBytes) throws -> (keys: SigningKeys, recovery: NoteKey) {
        if FileManager.default.fileExists(atPath: path),
            try !FileManager.default.contentsOfDirectory(atPath: path).isEmpty
        {
            throw FolderError(file: path, problem: "the folder is not empty")
        }
        try Self.make(path)
        let made = try makeKeys(origin: origin, passphrase: passphrase)
        let vault = try RandomBytes.generate(count: 32)
        try DurableFile.create(
            path: key("vault.key"), name: "keys/vault.key", VaultKeyFile.format(vault, passphrase: passphrase))
        _ = try ring(SecretBytes(copying: vault), isReadOnly: false, creates: true)
        try DurableFile.syncFolder(path + "/keys")
        try DurableFile.syncFolder(path)
        return made
    }

    /// Makes the three keys of a new log.
    func makeKeys(origin: String, passphrase: SecretBytes) throws -> (keys: SigningKeys, recovery: NoteKey) {
        func make(_ name: String, _ file: String, at path: String) throws -> NoteSigner {
            let key = try SigningKey.generate()
            try DurableFile.create(path: path, name: file, KeyFile.format(key, passphrase: passphrase))
            return try NoteSigner(name: name, key: key)
        }
        let log = try make(origin, "keys/log.pem", at: key("log.pem"))
        let record = try make("\(origin)/record", "keys/record.pem", at: key("record.pem"))
        let recovery = try make("\(origin)/recovery", "recovery.pem", at: path + "/recovery.pem")
        return (SigningKeys(record: record, log: log), recovery.key)
    }

    /// Where a prepared revocation lies until it is taken up; while it is there nothing is signed.
    public var revocationPath: String { path + "/revocation" }
    public var isRevoking: Bool { FileManager.default.fileExists(atPath: revocationPath) }

    public func write(_ name: String, _ text: String) throws {
        try DurableFile.create(path: path + "/" + name, name: name, Array(text.utf8))
    }

    /// Where the complete tiles of the log go as it grows.
    public var tiles: TileFolder { TileFolder(path + "/log") }

    public func headFile(isReadOnly: Bool, creates: Bool = false) throws -> HeadFile {
        try HeadFile(path: path + "/head", isReadOnly: isReadOnly, creates: creates)
    }

    /// Checks a passphrase, of a backup too, without opening anything.
    ///
    /// - Throws: ``FolderError`` for one that is not the folder's.
    public func check(passphrase: SecretBytes) throws { _ = try vaultKey(passphrase) }

    private func vaultKey(_ passphrase: SecretBytes) throws -> SecretBytes {
        let bytes = try read(key("vault.key"), "keys/vault.key")
        do {
            return try VaultKeyFile.parse(bytes, passphrase: passphrase)
        } catch let error as CryptographyError {
            throw FolderError(file: "keys/vault.key", problem: "\(error)")
        }
    }

    /// Opens the vault.
    public func vault(passphrase: SecretBytes, isReadOnly: Bool) throws -> Vault {
        let own = try vaultKey(passphrase)
        let ring = try ring(own, isReadOnly: isReadOnly, creates: false)
        do {
            return try Vault(key: own, ring: ring)
        } catch let error as CryptographyError {
            throw FolderError(file: "keys/vault.key", problem: "\(error)")
        }
    }

    private func ring(_ vault: SecretBytes, isReadOnly: Bool, creates: Bool) throws -> KeyRingFile {
        let listKey = try HKDFSHA256.derive(from: vault, info: Array("privity/destroyed/v2".utf8), count: 32)
        return try KeyRingFile(
            path: key("data-keys"), destroyedPath: key("destroyed"), listKey: listKey, isReadOnly: isReadOnly,
            creates: creates)
    }

    /// Opens the keys that the log's own statements put into force.
    public func signingKeys(for history: KeyHistory, passphrase: SecretBytes) throws -> SigningKeys {
        SigningKeys(
            record: try signer(history.currentRecord, .record, passphrase),
            log: try signer(history.currentLog, .log, passphrase))
    }

    private func signer(_ key: NoteKey, _ role: KeyHistory.Role, _ passphrase: SecretBytes) throws -> NoteSigner {
        // Genesis keys have no id in their name.
        let own = keyName(role, key)
        let file = FileManager.default.fileExists(atPath: self.key(own)) ? own : "\(role.rawValue).pem"
        return try Self.signer(at: self.key(file), "keys/\(file)", name: key.name, passphrase)
    }

    private func keyName(_ role: KeyHistory.Role, _ key: NoteKey) -> String {
        "\(role.rawValue)-\(Hex.format(key.id)).pem"
    }

    /// Opens a key file that may lie anywhere: the recovery key, a witness's.
    public static func signer(
        at path: String, _ label: String, name: String, kind: NoteKey.Kind = .text, _ passphrase: SecretBytes
    ) throws -> NoteSigner {
        let file = try DurableFile(path: path, name: label, isReadOnly: true, creates: false)
        do {
            let key = try KeyFile.parse(file.read(at: 0, count: min(file.size(), 1 << 20)), passphrase: passphrase)
            return try NoteSigner(name: name, kind: kind, key: key)
        } catch let error as CryptographyError {
            throw FolderError(file: label, problem: "\(error)")
        }
    }

    /// Makes a new key for a role and puts its file beside the others; the log has still to state it.
    public func makeKey(_ role: KeyHistory.Role, name: String, passphrase: SecretBytes) throws -> NoteSigner {
        let signing = try SigningKey.generate()
        let signer = try NoteSigner(name: name, key: signing)
        let file = keyName(role, signer.key)
        try DurableFile.create(path: key(file), name: "keys/\(file)", KeyFile.format(signing, passphrase: passphrase))
        try DurableFile.syncFolder(path + "/keys")
        return signer
    }

    /// Opens a key that was made and is not in force yet.
    public func madeKey(_ key: NoteKey, _ role: KeyHistory.Role, passphrase: SecretBytes) throws -> NoteSigner {
        let file = keyName(role, key)
        return try Self.signer(at: self.key(file), "keys/\(file)", name: key.name, passphrase)
    }

    /// Overwrites and removes the key files of record and log keys that are not in force: those that were, and those
    /// that a process made and was stopped before the log stated them.
    ///
    /// - Precondition: this process holds the folder, and no revocation is prepared.
    public func retireKeys(_ history: KeyHistory) throws {
        let files: [String]
        do {
            files = try FileManager.default.contentsOfDirectory(atPath: path + "/keys")
        } catch {
            throw FolderError(file: "keys", problem: "cannot be read")
        }
        var isChanged = false
        for (role, current) in [(KeyHistory.Role.record, history.currentRecord), (.log, history.currentLog)] {
            let own = keyName(role, current)
            // Until the first rotation the key in force has no id in its name.
            let kept = files.contains(own) ? own : "\(role.rawValue).pem"
            let isKey: (String) -> Bool = { name in
                name == "\(role.rawValue).pem" || name.hasPrefix("\(role.rawValue)-") && name.hasSuffix(".pem")
            }
            for file in files where isKey(file) && file != kept {
                let old = try DurableFile(path: key(file), name: "keys/\(file)", isReadOnly: false, creates: false)
                try old.write([UInt8](repeating: 0, count: old.size()), at: 0)
                try old.sync()
                do {
                    try FileManager.default.removeItem(atPath: key(file))
                } catch {
                    throw FolderError(file: "keys/\(file)", problem: "cannot be removed")
                }
                isChanged = true
            }
        }
        if isChanged { try DurableFile.syncFolder(path + "/keys") }
    }

    private func read(_ path: String, _ name: String) throws -> [UInt8] {
        let file = try DurableFile(path: path, name: name, isReadOnly: true, creates: false)
        return try file.read(at: 0, count: min(file.size(), 1 << 20))
    }

    /// Reads a passphrase from a file: its first line, at least 16 bytes.
    public static func passphrase(atPath path: String) throws -> SecretBytes {
        let name = String(path.split(separator: "/").last ?? "passphrase file")
        let file = try DurableFile(path: path, name: name, isReadOnly: true, creates: false)
        var bytes = try file.read(at: 0, count: 4096)
        if let end = bytes.firstIndex(of: 0x0A) { bytes.removeSubrange(end...) }
        if bytes.last == 0x0D { bytes.removeLast() }
        guard bytes.count >= 16 else {
            throw FolderError(file: name, problem: "a passphrase needs at least 16 bytes on its first line")
        }
        return SecretBytes(taking: &bytes)
    }
}

/// The vault key on disk: three lines, `privity-vault-key/v1`, `scrypt <N> <r> <p> <salt>`, and the sealed key; base64
/// both.
enum VaultKeyFile {
    private static let header = "privity-vault-key/v1"
    private static let cost: UInt64 = 1 << 14

    static func format(_ key: [UInt8], passphrase: SecretBytes) throws -> [UInt8] {
        let salt = try RandomBytes.generate(count: 16)
        let wrapping = try Scrypt.derive(
            from: passphrase, salt: salt, cost: cost, blockSize: 8, parallelism: 1, count: AESGCM.keyByteCount)
        let nonce = try RandomBytes.generate(count: AESGCM.nonceByteCount)
        let sealed = try AESGCM(key: wrapping).seal(key, nonce: nonce, associated: Array(header.utf8))
        return Array("\(header)\nscrypt \(cost) 8 1 \(Base64.format(salt))\n\(Base64.format(nonce + sealed))\n".utf8)
    }

    static func parse(_ bytes: [UInt8], passphrase: SecretBytes) throws -> SecretBytes {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 4, lines[0] == header[...], lines[3].isEmpty, let sealed = Base64.parse(lines[2]),
            sealed.count == AESGCM.nonceByteCount + AESGCM.keyByteCount + AESGCM.tagByteCount
        else { throw CryptographyError.malformedKeyFile }
        let words = lines[1].split(separator: " ")
        guard words.count == 5, words[0] == "scrypt", let cost = UInt64(words[1]), (1 << 10...1 << 20).contains(cost),
            cost & (cost - 1) == 0, words[2] == "8", words[3] == "1", let salt = Base64.parse(words[4])
        else { throw CryptographyError.malformedKeyFile }
        let wrapping = try Scrypt.derive(
            from: passphrase, salt: salt, cost: cost, blockSize: 8, parallelism: 1, count: AESGCM.keyByteCount)
        do {
            var key = try AESGCM(key: wrapping).open(
                Array(sealed.dropFirst(AESGCM.nonceByteCount)), nonce: Array(sealed.prefix(AESGCM.nonceByteCount)),
                associated: Array(header.utf8))
            return SecretBytes(taking: &key)
        } catch CryptographyError.notAuthentic {
            throw CryptographyError.wrongPassphrase
        }
    }
}
