import Foundation

@testable import Cryptography
@testable import FolderDriver
@testable import PhoneNumbers
@testable import PolicyFile
@testable import Records
@testable import ReleaseLedger
@testable import ReleaseService
@testable import ReleaseWeb
@testable import ReleaseWorkflow
@testable import TransparencyLog

/// Everything that reads bytes of a stranger or of an operator's file, one by one: each may refuse, and none may end the
/// process. `make fuzz` walks them all.
enum Parsers {
    static let all: [String: @Sendable ([UInt8]) -> Void] = [
        "note": { bytes in
            guard let note = try? SignedNote(parsing: bytes) else { return }
            // What was read is written as it was.
            precondition(note.bytes == bytes)
            _ = try? Record(parsing: note.text, origin: "example.org/mphp")
        },
        "record": { _ = try? Record(parsing: text($0), origin: "example.org/mphp") },
        "checkpoint": { _ = try? Checkpoint(parsing: text($0)) },
        "verifierKey": { _ = try? NoteKey(parsing: text($0)) },
        "bundle": { bytes in
            for width in [1, 2, 255, 256] {
                _ = try? EntryBundle.ranges(in: bytes, of: TilePath(.entries, number: 0, width: width))
            }
        },
        "proof": { _ = try? EntryProof(parsing: $0) },
        "witnessRequest": { _ = try? WitnessRequest(parsing: $0) },
        "trustPolicy": { _ = try? TrustPolicy(parsing: text($0)) },
        "manifest": { _ = try? Manifest(parsing: text($0)) },
        "canonicalJSON": { bytes in
            guard let value = try? CanonicalJSON(canonical: bytes, limits: .record) else { return }
            precondition(value.bytes == bytes)
        },
        "storedJSON": { bytes in
            _ = try? StoredCodec.decode(bytes, as: Account.self)
            _ = try? StoredCodec.decode(bytes, as: Identity.self)
            _ = try? StoredCodec.decode(bytes, as: PendingActs.self)
            _ = try? StoredCodec.decode(bytes, as: WaitingPaper.self)
            _ = try? StoredCodec.decode(bytes, as: ReleaseDocument.self)
        },
        "policy": { _ = try? PolicyFile.parse(text($0)) },
        "table": { _ = CSVTable(text($0), columns: ["name", "phone"], optional: ["mail"]) },
        "form": { _ = try? FormBody($0, contentType: "application/x-www-form-urlencoded") },
        "multipart": { _ = try? FormBody($0, contentType: "multipart/form-data; boundary=x") },
        "json": { _ = JSONReader.value(of: $0) },
        "codes": { bytes in
            let typed = text(bytes)
            for count in [10, 15, 20] { _ = RescindCode.digest(ofTyped: typed, count: count) }
            _ = Credentials.parse(typed)
            _ = try? Credentials.pin(typed)
            _ = try? Credentials.address(typed)
            _ = try? Credentials.password(typed, context: ["Ada", "example"])
        },
        "forwarded": { bytes in
            _ = ForwardedAddress.last(of: text(bytes), or: nil)
            _ = ForwardedAddress.last(of: nil, or: text(bytes))
            let network = Network(of: text(bytes))
            _ = (network.name, network.wide, network.host)
        },
        "names": { bytes in
            let typed = text(bytes)
            _ = try? FirstName(parsing: typed, surname: "Fairweather", fullName: "Ada Fairweather")
            _ = try? ProfileText(parsing: typed, field: "topics")
            _ = CivilDate(parsing: typed)
        },
        "numbers": { _ = try? LibraryPhoneNumbers().parse(text($0), region: "US") },
        "scan": { _ = try? Scan(parsing: $0) },
        "keyFile": { _ = try? KeyFile.parse($0, passphrase: SecretBytes(copying: [1])) },
        "vaultKey": { _ = try? VaultKeyFile.parse($0, passphrase: SecretBytes(copying: [1])) },
        "head": { file($0) { _ = try? HeadFile(path: $0, isReadOnly: true, creates: false).read() } },
        "keyRing": { bytes in
            file(bytes) { path in
                let ring = try? KeyRingFile(
                    path: path, destroyedPath: path, listKey: SecretBytes(copying: [UInt8](repeating: 7, count: 32)),
                    isReadOnly: true, creates: false)
                _ = try? ring?.ids()
            }
        },
        "tilePath": { bytes in
            _ = TilePath(parsing: text(bytes))
        },
    ]

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// For what reads a file of its own.
    private static func file(_ bytes: [UInt8], _ body: (String) -> Void) {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(
            "privity-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
        ).path
        _ = FileManager.default.createFile(atPath: path, contents: Data(bytes))
        body(path)
        try? FileManager.default.removeItem(atPath: path)
    }
}
