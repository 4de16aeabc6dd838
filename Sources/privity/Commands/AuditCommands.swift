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

struct AuditGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Verify what was recorded, and hand it to an auditor. Shows nobody's data.",
        subcommands: [
            Verify.self, Rehash.self, Consistency.self, Prove.self, Check.self, Witness.self, Cosign.self, Export.self,
        ])

    /// An auditor's trust policy, and the cosigned heads that they and others keep.
    struct TrustOptions: ParsableArguments {
        @Option(
            help: "Your trust policy: lines `log`, `witness`, `group`, `quorum` (c2sp.org/tlog-policy).",
            completion: .file())
        var trust: String?
        @Option(
            help: "A checkpoint with witnesses' lines that you or others keep; may be repeated.", completion: .file())
        var cosigned: [String] = []

        func read() throws -> (trust: TrustPolicy?, cosigned: [SignedNote]) {
            let policy = try trust.map { path -> TrustPolicy in
                let text = String(decoding: try AuditFile.read(path, atMost: 1 << 16), as: UTF8.self)
                do {
                    return try TrustPolicy(parsing: text)
                } catch let problem as TrustPolicy.Problem {
                    throw Failure("`\(path)`: \(problem)", status: 2)
                }
            }
            if policy == nil, !cosigned.isEmpty {
                throw Failure("`--cosigned`: says whose lines count only together with `--trust`", status: 2)
            }
            return (policy, try cosigned.map { try AuditFile.note($0) })
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Verify a data folder or an export: signatures, order, bindings, hashes, heads, keys, policies, files.",
            discussion: """
                In a data folder whose passphrase is at hand, each case is compared with what the log says of its releases too.
                Exit status 1 if anything at all is wrong; every finding names the record, the release, the rule and the paragraph.
                """)

        @Argument(
            help: ArgumentHelp("A data folder, or a folder made by `audit export`.", valueName: "dir"),
            completion: .directory)
        var directory: String
        @OptionGroup var trusting: TrustOptions
        @Option(
            help: "For a data folder: the file whose first line is the passphrase of the keys.", completion: .file())
        var passphraseFile: String?
        @Flag(help: "Print one JSON object.") var json = false

        func run() async throws {
            let (trust, cosigned) = try trusting.read()
            let report: AuditReport
            let folder = Folder(directory)
            // A data folder has no such file. What is handed over as an export is read as one, whatever lies in it.
            let isExport = FileManager.default.fileExists(atPath: directory + "/checkpoint")
            if folder.exists, !isExport {
                report = try await verifyFolder(folder, trust, cosigned)
            } else {
                guard isExport else {
                    throw Failure(
                        "`\(directory)`: neither a data folder nor an export: `checkpoint` is missing", status: 2)
                }
                report = try auditExport(TileFolder(directory), cosigned: cosigned, trust: trust)
            }
            try report.say(json: json, verdict: "verified")
        }

        /// In a data folder witnessed heads say what a revoked key had signed before; a quorum is asked of exports.
        private func verifyFolder(_ folder: Folder, _ trust: TrustPolicy?, _ cosigned: [SignedNote]) async throws
            -> AuditReport
        {
            let settings = try Settings(folder, passphraseFile: passphraseFile)
            let seen = witnessedHeads(cosigned, trust: trust, origin: settings.origin)
            guard seen.count == cosigned.count else {
                throw Failure("`--cosigned`: not signed by the witnesses that the trust policy asks for", status: 1)
            }
            guard trust == nil || !seen.isEmpty else {
                throw Failure(
                    "`--trust`: in a data folder it says whose lines on `--cosigned` heads count: name one", status: 2)
            }
            if let path = settings.passphraseFile, (try? Folder.passphrase(atPath: path)) != nil {
                let options = try FolderOptions.parse(
                    [directory] + (passphraseFile.map { ["--passphrase-file", $0] } ?? []))
                return try await OpenFolder(options, isWriter: false).service.audit(cosigned: seen)
            }
            let store = try SQLiteStore(path: folder.databasePath, isReadOnly: true)
            return try auditStore(
                store, heads: folder.headFile(isReadOnly: true), origin: settings.origin, cosigned: seen)
        }
    }

    struct Rehash: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "fsck",
            abstract: "Re-hash every record of an export and compare every hash and the signed head.",
            discussion:
                "Looks at no signature but the head's and at no rule: `audit verify` does. This is what a log of any size can bear nightly."
        )

        @Argument(help: ArgumentHelp("A folder made by `audit export`.", valueName: "export"), completion: .directory)
        var directory: String
        @Flag(help: "Print one JSON object.") var json = false

        func run() async throws {
            let export = TileFolder(directory)
            guard let head = try readHead(export) else {
                throw Failure("`\(directory)`: no export: `checkpoint` is missing or not a checkpoint", status: 2)
            }
            let report = try rehash(export, head: head.note, keys: AuditFile.keys(export, "log"))
            try report.say(json: json, verdict: "every hash and the head verified")
        }
    }

    struct Consistency: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Check that an export continues an earlier head: that two visits, or two auditors, saw one history.")

        @Argument(
            help: ArgumentHelp("An earlier checkpoint, or an export that holds one.", valueName: "old"),
            completion: .file())
        var old: String
        @Argument(help: ArgumentHelp("A folder made by `audit export`.", valueName: "new"), completion: .directory)
        var new: String

        func run() async throws {
            let export = TileFolder(new)
            guard let head = try readHead(export) else {
                throw Failure("`\(new)`: no export: `checkpoint` is missing or not a checkpoint", status: 2)
            }
            let earlier = try AuditFile.note(AuditFile.isFolder(old) ? old + "/checkpoint" : old)
            let keys = try AuditFile.keys(export, "log")
            func verified(_ note: SignedNote, _ what: String) throws -> Checkpoint {
                for key in keys { if let head = try? Checkpoint(verifying: note, by: key) { return head } }
                throw Failure(
                    "NOT consistent: \(what) is not signed by a log key of this export: another log, or forged",
                    status: 1)
            }
            let (first, second) = (
                try verified(earlier, "the old checkpoint"), try verified(head.note, "the new checkpoint")
            )
            guard first.size <= second.size else {
                throw Failure(
                    "NOT consistent: the old head has \(first.size) records, the new one \(second.size): it was cut back",
                    status: 1
                )
            }
            let proof: [TreeHash]
            do {
                proof = try LogProof.proveConsistency(
                    from: first.size, to: second.size, reader: TileReader(export, size: second.size))
            } catch let error as LogError {
                throw Failure("NOT consistent: \(error)", status: 1)
            }
            guard LogProof.isConsistency(proof, from: first.size, first.root, to: second.size, second.root) else {
                throw Failure(
                    "NOT consistent: two histories. The log signed both heads, and the first \(first.size) records differ: keep both checkpoints, they prove it",
                    status: 1)
            }
            say("consistent: \(second.size) records continue the \(first.size) of the old head")
        }
    }

    struct Prove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the proof that a record is in an export's log, or that its head continues an older one.")

        @Argument(help: ArgumentHelp("A folder made by `audit export`.", valueName: "export"), completion: .directory)
        var directory: String
        @Option(help: "The record's place in the log; the first is 0.") var record: Int?
        @Option(help: "The size of an older head: prints a witness request.") var from: Int?
        @Option(help: "With --record: writes the record's exact bytes to a file.", completion: .file()) var note:
            String?

        func run() async throws {
            let export = TileFolder(directory)
            guard let head = try readHead(export) else {
                throw Failure("`\(directory)`: no export: `checkpoint` is missing or not a checkpoint", status: 2)
            }
            let reader = TileReader(export, size: head.head.size)
            switch (record, from) {
            case (let record?, nil):
                guard (0..<head.head.size).contains(record) else {
                    throw Failure("`--record`: expected a number from 0 to \(head.head.size - 1)", status: 2)
                }
                if let note { try AuditFile.write(note, reader.entry(record)) }
                let hashes = try LogProof.proveInclusion(of: record, in: head.head.size, reader: reader)
                say(bytes: EntryProof(index: record, hashes: hashes, checkpoint: head.note).bytes)
            case (nil, let from?):
                guard (0...head.head.size).contains(from) else {
                    throw Failure("`--from`: expected a number from 0 to \(head.head.size)", status: 2)
                }
                let hashes = try LogProof.proveConsistency(from: from, to: head.head.size, reader: reader)
                say(bytes: WitnessRequest(oldSize: from, proof: hashes, checkpoint: head.note).bytes)
            default: throw Failure("expected `--record` or `--from`", status: 2)
            }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Check one receipt: a record, its signature, and that it is in the log; and one value, if its owner reveals it."
        )

        @Argument(help: ArgumentHelp("The record, a signed note.", valueName: "record"), completion: .file())
        var record: String
        @Argument(help: ArgumentHelp("Its proof, a tlog-proof.", valueName: "proof"), completion: .file()) var proof:
            String
        @Option(
            help: "A folder with log.vkey and record.vkey: of an export, or typed from paper.", completion: .directory)
        var keys: String
        @Option(help: "The path of a revealed value, like fields.phone.") var reveal: String?
        @Option(help: "The revealed value.") var value: String?
        @Option(help: "The opening that its owner gives with it: 64 hexadecimal digits.") var opening: String?
        @Flag(help: "Print one JSON object.") var json = false

        private struct Result: Encodable {
            let type: String
            let at: String
            let index: Int
            let size: Int
            let release: String?
            let revealed: String?
        }

        func run() async throws {
            let note = try AuditFile.note(record)
            let folder = TileFolder(keys.hasSuffix("/keys") ? String(keys.dropLast(5)) : keys)
            let (logs, records) = (try AuditFile.keys(folder, "log"), try AuditFile.keys(folder, "record"))
            guard let origin = logs.first?.name, records.contains(where: { (try? note.verify(by: $0)) != nil }),
                let parsed = try? Record(parsing: note.text, origin: origin)
            else { throw Failure("NOT verified: the record is not signed by a record key of this log", status: 1) }
            let proof: EntryProof
            do {
                proof = try EntryProof(parsing: AuditFile.read(self.proof, atMost: 1 << 16))
            } catch let error as LogError {
                throw Failure("NOT verified: `\(self.proof)`: \(error)", status: 1)
            }
            guard let head = logs.lazy.compactMap({ try? proof.verify(entry: note.bytes, by: $0) }).first else {
                throw Failure(
                    "NOT verified: the proof does not lead from this record to a head that the log signed", status: 1)
            }
            var revealed: String?
            if let path = reveal {
                guard let value, let opening, let key = Hex.parse(opening), key.count == 32 else {
                    throw Failure("`--reveal` needs `--value` and `--opening` with 64 hexadecimal digits", status: 2)
                }
                guard let stated = parsed.commitments[path] else {
                    throw Failure(
                        "`--reveal`: this record commits to \(parsed.commitments.keys.sorted().joined(separator: ", "))",
                        status: 2)
                }
                guard try stated == Commitment(path, value, key: key) else {
                    throw Failure("NOT verified: `\(path)` is not what the record commits to", status: 1)
                }
                revealed = path
            }
            if json {
                return try sayJSON(
                    Result(
                        type: parsed.type.rawValue, at: parsed.date?.description ?? "", index: proof.index,
                        size: head.size,
                        release: parsed.release?.description, revealed: revealed))
            }
            say(
                "record \(proof.index) of \(head.size), \(parsed.type.rawValue), dated \(parsed.date?.description ?? "-"): verified"
            )
            if let revealed { say("`\(revealed)` is the value that the record commits to") }
        }
    }

    struct Witness: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make yourself a witness: a key of your own and a place to remember the heads you saw.")

        @Argument(help: ArgumentHelp("The folder to make.", valueName: "state"), completion: .directory) var state:
            String
        @Option(help: "Your name as a witness, like auditor.example.net/anna.") var name: String
        @Option(help: "The file whose first line is the passphrase of your key.", completion: .file())
        var passphraseFile: String

        func run() async throws {
            let passphrase = try Folder.passphrase(atPath: passphraseFile)
            let key: NoteKey
            do {
                key = try WitnessFolder.create(state, name: name, passphrase: passphrase)
            } catch is LogError {
                throw Failure("`--name`: expected printable characters without spaces or `+`", status: 2)
            }
            say("You are a witness. Give this line to whoever shall trust you, by hand or by voice:")
            say("witness \(name.split(separator: "/").last ?? "me") \(key.text)")
        }
    }

    struct Cosign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Verify an export, remember its head, and print it with your line; refuses a history that forks from what you saw.",
            discussion: """
                The head is remembered durably before anything is printed. The first time, `--fingerprint` is what your paper sheet says of \
                this log. A witness request (c2sp.org/tlog-witness) in place of an export is answered with the line alone.
                """)

        @Argument(help: ArgumentHelp("Your witness folder.", valueName: "state"), completion: .directory) var state:
            String
        @Argument(
            help: ArgumentHelp("An export, or a file with a witness request.", valueName: "export"), completion: .file()
        )
        var export: String
        @Option(help: "The fingerprint of the log, from paper: 64 hexadecimal digits.") var fingerprint: String?
        @OptionGroup var trusting: TrustOptions
        @Option(help: "The file whose first line is the passphrase of your key.", completion: .file())
        var passphraseFile: String

        func run() async throws {
            guard FileManager.default.fileExists(atPath: state + "/witness.pem") else {
                throw Failure("`\(state)`: no witness folder here: make one with `privity audit witness`", status: 2)
            }
            let witness = try WitnessFolder(state, passphrase: Folder.passphrase(atPath: passphraseFile))
            let now = UInt64(max(0, Date().timeIntervalSince1970))
            do {
                if AuditFile.isFolder(export) {
                    let folder = TileFolder(export)
                    // What this witness saw before a revocation still counts.
                    let (trust, cosigned) = try trusting.read()
                    let origin = try readHead(folder)?.head.origin ?? ""
                    let last = try witness.lastHead(of: origin)
                    let report = try auditExport(
                        folder, cosigned: cosigned, trust: trust,
                        remembered: [last].compactMap { $0 }.filter { Self.isContinued($0, by: folder) })
                    guard report.isVerified else {
                        for finding in report.findings { complain(printable("\(finding)")) }
                        throw Failure("NOT cosigned: the export does not verify", status: 1)
                    }
                    guard let head = try readHead(folder) else {
                        throw Failure("`\(export)`: no checkpoint", status: 2)
                    }
                    let typed = fingerprint.map { String($0.lowercased().filter { $0 != " " }) }
                    let note = try witness.cosign(
                        head.note, reader: TileReader(folder, size: head.head.size),
                        keys: AuditFile.keys(folder, "log"),
                        fingerprint: report.fingerprint, expected: typed, atSeconds: now)
                    say(bytes: note.bytes)
                } else {
                    let line = try witness.answer(
                        WitnessRequest(parsing: AuditFile.read(export, atMost: 1 << 17)), atSeconds: now)
                    say(line)
                }
            } catch let refusal as WitnessFolder.Refusal {
                throw Failure("NOT cosigned: \(refusal)", status: 1)
            } catch let error as LogError {
                throw Failure("NOT cosigned: \(error)", status: 1)
            }
        }

        /// True if the export's head continues an earlier one; a fork is the witness's to name.
        private static func isContinued(_ old: Checkpoint, by folder: TileFolder) -> Bool {
            guard let head = try? readHead(folder)?.head, old.size <= head.size,
                let proof = try? LogProof.proveConsistency(
                    from: old.size, to: head.size, reader: TileReader(folder, size: head.size))
            else { return false }
            return LogProof.isConsistency(proof, from: old.size, old.root, to: head.size, head.root)
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Write everything an outsider needs to verify the log with tools of their own; nothing personal is in it.",
            discussion: """
                Stops at the last completed local day, so that an export does not tell when within a day somebody acted. Written again into \
                the same folder it adds what is new.
                """)

        @OptionGroup var options: FolderOptions
        @Argument(
            help: ArgumentHelp("The folder to write: new, or an earlier export of this log.", valueName: "out"),
            completion: .directory)
        var out: String
        @Flag(help: "Include the day that is not over yet.") var includeToday = false

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: false)
            let keys = try open.folder.signingKeys(
                for: KeyHistory(store: open.store, origin: open.settings.origin), passphrase: open.passphrase)
            let today = open.calendar.moment(at: Date()).date
            let export = AuditExport(
                open.store, heads: open.heads, origin: open.settings.origin, signer: keys.record,
                extras: AuditorKit.files)
            let size = try export.write(to: TileFolder(out), before: includeToday ? nil : today)
            say("exported \(size) records to `\(out)`")
        }
    }
}

/// Files that auditors name.
enum AuditFile {
    static func read(_ path: String, atMost limit: Int) throws -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: limit + 1) else {
            throw Failure("`\(path)`: cannot be read", status: 2)
        }
        guard data.count <= limit else { throw Failure("`\(path)`: longer than \(limit) bytes", status: 2) }
        return Array(data)
    }

    static func note(_ path: String) throws -> SignedNote {
        let bytes = try read(path, atMost: SignedNote.maximumByteCount)
        guard let note = try? SignedNote(parsing: bytes), note.bytes == bytes else {
            throw Failure("`\(path)`: not a signed note", status: 1)
        }
        return note
    }

    static func keys(_ folder: TileFolder, _ role: String) throws -> [NoteKey] {
        do {
            return try readKeys(folder, role: role)
        } catch {
            throw Failure("`keys/\(role).vkey`: missing or not a verifier key", status: 1)
        }
    }

    static func write(_ path: String, _ bytes: [UInt8]) throws {
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        } catch {
            throw Failure("`\(path)`: cannot be written", status: 3)
        }
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}

extension AuditReport {
    /// Prints the report for a person or a program; ends with status 1 unless everything is as it must be.
    fileprivate func say(json: Bool, verdict: String) throws {
        if json {
            try sayJSON(self)
        } else {
            let kinds = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            privity.say("\(recordCount) records, log size \(size)" + (kinds.isEmpty ? "" : ": \(kinds)"))
            privity.say("root \(root)")
            if !fingerprint.isEmpty { privity.say("fingerprint \(inGroups(fingerprint))") }
            for finding in findings { privity.say(printable("\(finding)")) }
            if unlistedCount > 0 { privity.say("and \(unlistedCount) more") }
            privity.say(
                isVerified
                    ? verdict
                    : "NOT verified: \(findings.count + unlistedCount) \(findings.count == 1 ? "finding" : "findings")")
            privity.say(
                "This shows what the service recorded, and that it has not changed since. Who clicked is evidence, not proof."
            )
        }
        if !isVerified { throw ExitCode(1) }
    }
}

/// Text that a hostile file may have a part in, with nothing in it that a terminal would obey.
func printable(_ text: String) -> String {
    text.unicodeScalars.map { (0x20...0x7E).contains($0.value) ? String($0) : "\\u{\(String($0.value, radix: 16))}" }
        .joined()
}

/// Hexadecimal digits in groups of eight, for comparing by eye.
func inGroups(_ digits: String) -> String {
    stride(from: 0, to: digits.count, by: 8).map { String(digits.dropFirst($0).prefix(8)) }.joined(separator: " ")
}
