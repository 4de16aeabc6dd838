public import Cryptography
internal import Foundation
internal import ReleaseLedger
internal import ReleaseService
public import TransparencyLog

/// A witness's own folder: the key, and for each log its fingerprint, its keys and the last head that was seen.
///
/// ```
/// name               the witness's name          witness.pem       the key, encrypted
/// logs/<digest>/head the last head, two slots    logs/<digest>/fingerprint, logs/<digest>/keys
/// ```
///
/// A head is remembered durably before anybody is given a signature over it, so that a crash never leads to two.
public struct WitnessFolder {
    /// The reason why a witness does not sign.
    public enum Refusal: Error, Sendable, CustomStringConvertible {
        case unknownLog
        case otherLog
        case notSigned
        case wrongOldSize(Int)
        case fork(Int)
        case cutBack(seen: Int, shown: Int)

        public var description: String {
            switch self {
            case .unknownLog:
                "this log is new to you: name its fingerprint, from paper, with --fingerprint, and give the export"
            case .otherLog: "the fingerprint is not that of this log"
            case .notSigned: "the head is not signed by the log key"
            case .wrongOldSize(let size): "the request does not continue the head of size \(size) that you saw last"
            case .fork(let size):
                "two histories: it does not continue the head of size \(size) that you saw. Keep both checkpoints, they prove it"
            case .cutBack(let seen, let shown): "it was cut back: you saw a head of size \(seen), this one has \(shown)"
            }
        }
    }

    private let path: String
    private let signer: NoteSigner

    /// Makes a folder with a new key.
    ///
    /// - Throws: ``FolderError`` if there is something already; ``LogError/malformed(_:)`` for a name that cannot be
    ///   one.
    public static func create(_ path: String, name: String, passphrase: SecretBytes) throws -> NoteKey {
        let key = try SigningKey.generate()
        let signer = try NoteSigner(name: name, kind: .cosignature, key: key)
        if FileManager.default.fileExists(atPath: path) { throw FolderError(file: path, problem: "exists already") }
        do {
            try FileManager.default.createDirectory(
                atPath: path + "/logs", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw FolderError(file: path, problem: "the folder cannot be made")
        }
        try DurableFile.create(path: path + "/name", name: "name", Array("\(name)\n".utf8))
        try DurableFile.create(
            path: path + "/witness.pem", name: "witness.pem", KeyFile.format(key, passphrase: passphrase))
        try DurableFile.syncFolder(path)
        return signer.key
    }

    public init(_ path: String, passphrase: SecretBytes) throws {
        self.path = path
        let file = try DurableFile(path: path + "/name", name: "name", isReadOnly: true, creates: false)
        let name = String(decoding: try file.read(at: 0, count: 512), as: UTF8.self).split(separator: "\n").first ?? ""
        signer = try Folder.signer(
            at: path + "/witness.pem", "witness.pem", name: String(name), kind: .cosignature, passphrase)
    }

    private func place(_ origin: String) -> String {
        "\(path)/logs/\(Hex.format(SHA256.hash(Array(origin.utf8)).prefix(16)))"
    }

    private func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0.prefix(1 << 16), as: UTF8.self) }
    }

    /// The head of a log that was seen last; nil for a log that is new.
    public func lastHead(of origin: String) throws -> Checkpoint? {
        let file = try HeadFile(path: place(origin) + "/head", isReadOnly: true, creates: false)
        return try file.read().map { try Checkpoint(parsing: SignedNote(parsing: $0.note).text) }
    }

    /// Signs the head of an export that was verified.
    ///
    /// - Parameters:
    ///   - reader: the hashes of that log.
    ///   - keys: the log keys that the export states.
    ///   - fingerprint: of the export's own genesis; `expected` is what paper says, needed when the log is new.
    /// - Throws: ``Refusal`` if the log is new and `expected` is nil, if the fingerprint or the signature does not fit,
    ///   or if the head does not continue the one seen last; ``FolderError`` if it cannot be remembered. Then nothing
    ///   is signed.
    public func cosign(
        _ note: SignedNote, reader: some NodeReader, keys: [NoteKey], fingerprint: String, expected: String?,
        atSeconds time: UInt64
    ) throws -> SignedNote {
        let head = try verified(note, keys)
        let place = place(head.origin)
        if let expected, expected != fingerprint { throw Refusal.otherLog }
        if let known = text(place + "/fingerprint") {
            guard known == fingerprint + "\n" else { throw Refusal.otherLog }
        } else {
            guard expected != nil else { throw Refusal.unknownLog }
            let folder = TileFolder(place)
            try folder.write("fingerprint", Array("\(fingerprint)\n".utf8))
        }
        let own = try remember(note, head, place) { size in
            try LogProof.proveConsistency(from: size, to: head.size, reader: reader)
        }
        try TileFolder(place).write("keys", Array(keys.map { $0.text + "\n" }.joined().utf8))
        return try own.cosigned(by: signer, atSeconds: time)
    }

    /// Answers a witness request with the line alone.
    ///
    /// - Throws: ``Refusal`` for an unknown log, a head that the log did not sign, another old size than the one seen
    ///   last, or a fork; ``LogError/malformed(_:)`` for a checkpoint that is none.
    public func answer(_ request: WitnessRequest, atSeconds time: UInt64) throws -> String {
        let origin = try Checkpoint(parsing: request.checkpoint.text).origin
        let place = place(origin)
        guard let known = text(place + "/keys") else { throw Refusal.unknownLog }
        let keys = known.split(separator: "\n").compactMap { try? NoteKey(parsing: String($0)) }
        let head = try verified(request.checkpoint, keys)
        let signed = try remember(request.checkpoint, head, place) { size in
            guard size == request.oldSize else { throw Refusal.wrongOldSize(size) }
            return request.proof
        }.cosigned(by: signer, atSeconds: time)
        return signed.signatures.last?.line ?? ""
    }

    private func verified(_ note: SignedNote, _ keys: [NoteKey]) throws -> Checkpoint {
        guard let head = keys.lazy.compactMap({ try? Checkpoint(verifying: note, by: $0) }).first else {
            throw Refusal.notSigned
        }
        return head
    }

    /// Checks that the head continues the one seen last, and remembers it durably.
    ///
    /// - Returns: the checkpoint with the log's line alone.
    private func remember(
        _ note: SignedNote, _ head: Checkpoint, _ place: String, proof: (Int) throws -> [TreeHash]
    ) throws -> SignedNote {
        let lock = try DurableFile(path: path + "/lock", name: "lock", isReadOnly: false, creates: true)
        try lock.lockExclusively()
        let file = try HeadFile(path: place + "/head", isReadOnly: false, creates: true)
        let last = try file.read()
        let seen = try last.map { try Checkpoint(parsing: SignedNote(parsing: $0.note).text) }
        if let seen {
            guard seen.size <= head.size else { throw Refusal.cutBack(seen: seen.size, shown: head.size) }
            guard LogProof.isConsistency(try proof(seen.size), from: seen.size, seen.root, to: head.size, head.root)
            else {
                throw Refusal.fork(seen.size)
            }
        }
        let own = note.keepingLines(named: head.origin)
        if seen != head { try file.replace(last, with: SignedHead(note: own.bytes, instantMilliseconds: 0)) }
        // The names too: a file that a power cut takes away remembers nothing.
        for folder in [place, path + "/logs", path] { try DurableFile.syncFolder(folder) }
        // If the process stops here, the head is remembered and nobody has a signature: asking again gives one.
        return own
    }
}
