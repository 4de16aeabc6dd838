import ArgumentParser
import AuditorKit
import Cryptography
import FolderDriver
import Foundation
import ReleaseLedger
import ReleaseService
import ReleaseWorkflow
import SQLiteDriver
import TransparencyLog

struct KeyGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Show, rotate and revoke the keys of a log, and print the auditors' paper sheet.",
        subcommands: [List.self, Rotate.self, Revoke.self, Sign.self, Sheet.self])

    static func role(_ text: String) throws -> KeyHistory.Role {
        guard let role = KeyHistory.Role(rawValue: text) else { throw ValidationError("expected `record` or `log`") }
        return role
    }

    /// The keys as the log states them, with no key at hand.
    fileprivate static func read(
        _ options: FolderOptions
    ) async throws -> (folder: Folder, origin: String, store: SQLiteStore, history: KeyHistory) {
        let folder = Folder(options.directory)
        guard folder.exists else { throw Failure("`\(options.directory)`: no data folder here", status: 2) }
        let origin = try Settings(folder, passphraseFile: options.passphraseFile).origin
        let store = try SQLiteStore(path: folder.databasePath, isReadOnly: true)
        return (folder, origin, store, try KeyHistory(store: store, origin: origin))
    }

    /// One key as the log states it.
    private struct Line: Encodable {
        let role: String
        let key: String
        let from: Int
        let until: Int?
        let revokedFrom: Int?
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the public keys that the log states, and what each may sign.",
            discussion:
                "A record key signs records by their place in the log, a log key heads by their size, from and until.")
        @OptionGroup var options: FolderOptions
        @Flag(help: "Print one JSON object a key.") var json = false

        func run() async throws {
            let history = try await KeyGroup.read(options).history
            var lines = [("log", history.log), ("record", history.record)].flatMap { role, spans in
                spans.map {
                    Line(role: role, key: $0.key.text, from: $0.from, until: $0.until, revokedFrom: $0.revokedFrom)
                }
            }
            lines.append(Line(role: "recovery", key: history.recovery.text, from: 0, until: nil, revokedFrom: nil))
            for line in lines {
                if json {
                    try sayJSON(line)
                    continue
                }
                let range =
                    line.role == "recovery" ? "" : "  from \(line.from)" + (line.until.map { " until \($0)" } ?? "")
                say(line.role.padded(10) + line.key + range + (line.revokedFrom.map { ", revoked from \($0)" } ?? ""))
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Put a new record or log key into force, signed by the old and the new one; the old private key is destroyed."
        )
        @OptionGroup var options: FolderOptions
        @Argument(help: "`record` or `log`.", transform: KeyGroup.role) var role: KeyHistory.Role

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: true)
            let name = try open.keyName(role)
            let signer = try open.folder.makeKey(role, name: name, passphrase: open.passphrase)
            let outcome = try await open.service.rotate(role, to: signer)
            try outcome.requireDone()
            try open.retireKeys()
            say("record \(outcome.records[0]) puts a new \(role.rawValue) key into force:")
            say("  \(signer.key.text)")
            say(
                "the old private key is destroyed; print a new sheet for auditors: privity key sheet \(options.directory)"
            )
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke the record or log key in force and replace it; needs the offline recovery key.",
            discussion: """
                In three steps where the recovery key stays offline: `key revoke DIR ROLE --out STATEMENTS` stops signing at once and writes \
                what is to be signed; `key sign STATEMENTS --recovery-key FILE` on the machine that holds the key; `key revoke DIR ROLE --signed \
                STATEMENTS` takes it up. Rescissions are taken meanwhile and signed first.
                """)
        @OptionGroup var options: FolderOptions
        @Argument(help: "`record` or `log`.", transform: KeyGroup.role) var role: KeyHistory.Role
        @Option(
            help:
                "With --out: the first record, or size of a head, that is not to be trusted; what comes next if not given."
        )
        var from: Int?
        @Option(help: "Writes the two statements into this file, and stops signing.", completion: .file()) var out:
            String?
        @Option(help: "Takes up the statements in this file, signed by the recovery key.", completion: .file())
        var signed: String?

        func run() async throws {
            guard (out == nil) != (signed == nil) else { throw Failure("expected `--out` or `--signed`", status: 2) }
            let open = try await OpenFolder(options, isWriter: true, isRevocation: true)
            if let out {
                guard !FileManager.default.fileExists(atPath: out) else {
                    throw Failure("`\(out)`: exists already", status: 2)
                }
                let signer = try open.folder.makeKey(role, name: open.keyName(role), passphrase: open.passphrase)
                let revocation = try await open.service.revocation(role, from: from, replacement: signer)
                let text = StatementFile.format(revocation)
                try open.folder.replace("revocation", Array(text.utf8))
                try AuditFile.write(out, Array(text.utf8))
                say("signing has stopped; nothing is shown until the revocation is taken up")
                say(
                    "next, where the recovery key is kept: privity key sign \(out) --recovery-key FILE --passphrase-file FILE"
                )
                return
            }
            let statements = try StatementFile.parse(AuditFile.read(signed ?? "", atMost: 1 << 16))
            let history = try KeyHistory(store: open.store, origin: open.settings.origin)
            guard let record = try? Record(parsing: statements.replacement.text, origin: open.settings.origin),
                let key = try record.json["key"]?.string.map({ try NoteKey(parsing: $0) })
            else { throw Failure("`--signed`: not the statements of this log", status: 2) }
            let signer = try open.folder.madeKey(key, role, passphrase: open.passphrase)
            if (role == .record ? history.currentRecord : history.currentLog) == key {
                // An earlier run was stopped after the log had taken it up.
                try open.folder.remove("revocation")
                try open.retireKeys()
                say("the log states \(key.text) already")
                return
            }
            let outcome = try await open.service.revoke(role, statements, signer: signer)
            try outcome.requireDone()
            try open.folder.remove("revocation")
            try open.retireKeys()
            // What people ended meanwhile is signed now, by the new key, with the day on which they did.
            try await open.host.runClock()
            let revoked = role == .record ? history.currentRecord : history.currentLog
            say("record \(outcome.records[0]) revokes \(revoked.text)")
            say("record \(outcome.records[1]) puts into force \(key.text)")
            say(
                "the revoked private key is destroyed; print a new sheet for auditors: privity key sheet \(options.directory)"
            )
        }
    }

    struct Sign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Sign the statements of a revocation with the recovery key, on the machine that holds it; needs no data folder."
        )
        @Argument(
            help: ArgumentHelp(
                "The file that `key revoke --out` wrote; it is signed in place.", valueName: "statements"),
            completion: .file())
        var statements: String
        @Option(help: "The recovery key, recovery.pem of `privity init`.", completion: .file()) var recoveryKey: String
        @Option(help: "The file whose first line is the passphrase of the recovery key.", completion: .file())
        var passphraseFile: String

        func run() async throws {
            let revocation = try StatementFile.parse(AuditFile.read(statements, atMost: 1 << 16))
            guard let type = revocation.revocation.text.split(separator: "\n").first, type.hasSuffix("/key/v1"),
                StatementFile.isRevocation(revocation, origin: String(type.dropLast(7)))
            else { throw Failure("`\(statements)`: not a revocation and its replacement, and nothing else", status: 2) }
            let signer = try Folder.signer(
                at: recoveryKey, "recovery key", name: type.dropLast(7) + "/recovery",
                Folder.passphrase(atPath: passphraseFile))
            for note in [revocation.revocation, revocation.replacement] {
                say(String(note.text.split(separator: "\n")[1]))
            }
            try AuditFile.write(statements, Array(StatementFile.format(revocation.signed(by: signer)).utf8))
            say("signed by \(signer.key.text)")
        }
    }

    struct Sheet: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the one page of paper that an auditor starts from: fingerprint, keys, digests of the kit.",
            discussion:
                "Sixty lines of plain text, for any printer. Hand it over in person or by post, never with the export.")
        @OptionGroup var options: FolderOptions

        func run() async throws {
            let (folder, origin, store, history) = try await KeyGroup.read(options)
            guard let genesis = try store.read({ try $0.entry(0) }),
                let head = try folder.headFile(isReadOnly: true).read().map({ try SignedNote(parsing: $0.note) })
            else { throw Failure("the log has no signed head yet", status: 3) }
            let checkpoint = try Checkpoint(parsing: head.text)
            say(
                PaperSheet(
                    origin: origin, fingerprint: Hex.format(SHA256.hash(genesis)), history: history, head: checkpoint,
                    kit: AuditorKit.files.map { ($0.path, Hex.format(SHA256.hash($0.bytes))) }
                ).text)
        }
    }
}

/// The sheet that an auditor holds on paper, so that an export cannot vouch for itself.
struct PaperSheet {
    let origin: String
    let fingerprint: String
    let history: KeyHistory
    let head: Checkpoint
    let kit: [(path: String, digest: String)]

    /// At most sixty lines of at most eighty characters.
    var text: String {
        func rule(_ title: String) -> String { "\n\(title)\n" + String(repeating: "-", count: title.count) }
        var lines = ["AUDITOR'S SHEET", "for the log  \(origin)", rule("1. The log's fingerprint"), ""]
        lines += [
            "Every verifier prints it. Compare all eight groups of eight.", "",
            "    " + inGroups(String(fingerprint.prefix(32))),
        ]
        lines += ["    " + inGroups(String(fingerprint.dropFirst(32))), rule("2. The keys in force"), ""]
        lines += ["Compare with the files in `keys/` of the export.", ""]
        for (role, key) in [
            ("log", history.currentLog), ("record", history.currentRecord), ("recovery", history.recovery),
        ] {
            let parts = key.text.split(separator: "+", maxSplits: 2)
            lines += ["    keys/\(role).vkey".padded(26) + "\(parts[0])", "        +\(parts[1])+\(parts[2])"]
        }
        lines += [rule("3. The kit"), "", "Compare before you run anything:  sha256sum README.md kit/*", ""]
        for file in kit {
            lines += [
                "    \(file.path)", "        " + inGroups(String(file.digest.prefix(32))),
                "        " + inGroups(String(file.digest.dropFirst(32))),
            ]
        }
        lines += [
            rule("4. The log when this was printed"), "", "    \(head.size) records, root \(head.root.base64)", "",
        ]
        lines += [
            "An export shows at least this many records once their day is over. If anything",
            "differs, do not trust the export: ask for this sheet again, by another way.",
        ]
        return lines.joined(separator: "\n")
    }
}

/// Two notes in one file, a line of dashes between them.
enum StatementFile {
    private static let separator = "----\n"

    static func format(_ revocation: Revocation) -> String {
        [revocation.revocation, revocation.replacement].map { String(decoding: $0.bytes, as: UTF8.self) }.joined(
            separator: separator)
    }

    static func parse(_ bytes: [UInt8]) throws -> Revocation {
        let parts = String(decoding: bytes, as: UTF8.self).components(separatedBy: separator)
        guard parts.count == 2, let first = note(parts[0]), let second = note(parts[1]) else {
            throw Failure("not a file of `privity key revoke --out`", status: 2)
        }
        return Revocation(revocation: first, replacement: second)
    }

    /// True if the two are what a recovery key may sign: a revocation, and the key that comes, which has signed for
    /// itself.
    static func isRevocation(_ statements: Revocation, origin: String) -> Bool {
        guard let first = try? Record(parsing: statements.revocation.text, origin: origin),
            let second = try? Record(parsing: statements.replacement.text, origin: origin), first.type == .key,
            second.type == .key,
            first.json["role"] == second.json["role"], first.json["state"]?.string == "revoked",
            second.json["state"]?.string == "active", first.json["key"] != second.json["key"],
            let key = second.json["key"]?.string.flatMap({ try? NoteKey(parsing: $0) })
        else { return false }
        return statements.revocation.signatures.isEmpty && (try? statements.replacement.verify(byEach: [key])) != nil
    }

    /// A note, or a text that nobody has signed yet.
    private static func note(_ text: String) -> SignedNote? {
        if text.hasSuffix("\n\n") { return try? SignedNote(unsigned: String(text.dropLast())) }
        return try? SignedNote(parsing: Array(text.utf8))
    }
}

extension OpenFolder {
    func keyName(_ role: KeyHistory.Role) throws -> String {
        let history = try KeyHistory(store: store, origin: settings.origin)
        return role == .record ? history.currentRecord.name : history.currentLog.name
    }

    func retireKeys() throws { try folder.retireKeys(KeyHistory(store: store, origin: settings.origin)) }
}

extension Outcome {
    /// - Throws: unless the command was done and its records are under a signed head.
    func requireDone() throws {
        if let refusal { throw Failure(refusal, status: refusalCode == Refusal.notSigning.code ? 3 : 1) }
        if isReceiptPending { throw Failure("recorded, receipt pending: the log is not signing", status: 3) }
    }
}
