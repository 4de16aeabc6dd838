import ArgumentParser
import Cryptography
import FolderDriver
import Foundation
import ReleaseService
import ReleaseWorkflow
import SQLiteDriver
import TransparencyLog

struct AuditGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Verify what was recorded, and hand it to an auditor. Needs no key and shows nobody's data.",
        subcommands: [Verify.self, Export.self])

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify a data folder or an export: signatures, order, bindings, hashes, heads.")

        @Argument(
            help: ArgumentHelp("A data folder, or a folder made by `audit export`.", valueName: "dir"), completion: .directory)
        var directory: String
        @Flag(help: "Print one JSON object.") var json = false

        func run() async throws {
            let report: AuditReport
            let folder = Folder(directory)
            if folder.exists {
                let settings = try await Settings(folder, passphraseFile: nil)
                let store = try SQLiteStore(path: folder.databasePath, isReadOnly: true)
                report = try auditStore(store, heads: folder.headFile(isReadOnly: true), origin: settings.origin)
            } else {
                report = try verifyExport()
            }
            if json {
                try sayJSON(report)
            } else {
                say("\(report.recordCount) records of \(report.releaseCount) releases, log size \(report.size)")
                say("root \(report.root)")
                for finding in report.findings { say("\(finding)") }
                say(report.isVerified ? "verified" : "NOT verified: \(report.findings.count) findings")
                say("This shows what the service recorded, and that it has not changed since. Who clicked is evidence, not proof.")
            }
            if !report.isVerified { throw ExitCode(1) }
        }

        private func verifyExport() throws -> AuditReport {
            func bytes(_ path: String) throws -> [UInt8] {
                guard let data = FileManager.default.contents(atPath: directory + "/" + path) else {
                    throw Failure("`\(path)`: missing: is `\(directory)` an export or a data folder?", status: 2)
                }
                return Array(data)
            }
            let origin = String(decoding: try bytes("origin"), as: UTF8.self).trimmingCharacters(in: .newlines)
            var audit = LogAudit(origin: origin)
            let names = try FileManager.default.contentsOfDirectory(atPath: directory + "/entries").sorted()
            for (index, name) in names.enumerated() {
                if Int(name.prefix { $0 != "." }) != index {
                    audit.note(index, rule: "export", "the file of this record is missing")
                }
                audit.add(try bytes("entries/" + name))
            }
            for (file, key) in [("keys/log.vkey", audit.logKey?.text), ("keys/record.vkey", audit.recordKey?.text)] {
                if String(decoding: try bytes(file), as: UTF8.self) != "\(key ?? "")\n" {
                    audit.note(nil, rule: "keys", "`\(file)` is not the key that genesis names")
                }
            }
            let policies = try FileManager.default.contentsOfDirectory(atPath: directory + "/policy")
            for name in policies.sorted() where Hex.format(SHA256.hash(try bytes("policy/" + name))) + ".json" != name {
                audit.note(nil, rule: "policy", "`policy/\(name)` does not match its digest")
            }
            for digest in audit.namedPolicies.sorted() where !policies.contains(digest + ".json") {
                audit.note(nil, rule: "policy", "`policy/\(digest).json` is missing")
            }
            return audit.finish(head: try bytes("checkpoint"))
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write everything an outsider needs to verify the log with stock tools; nothing personal is in it.",
            discussion: "Stops at the last completed local day, so that an export does not tell when within a day somebody acted.")

        @Argument(help: ArgumentHelp("The data folder.", valueName: "dir"), completion: .directory) var directory: String
        @Argument(help: ArgumentHelp("The folder to write; it must not exist.", valueName: "out"), completion: .directory) var out:
            String
        @Flag(help: "Include the day that is not over yet.") var includeToday = false

        func run() async throws {
            let folder = Folder(directory)
            guard folder.exists else { throw Failure("`\(directory)`: no data folder here", status: 2) }
            let settings = try await Settings(folder, passphraseFile: nil)
            let store = try SQLiteStore(path: folder.databasePath, isReadOnly: true)
            let policy = try OpenFolder.policy(in: store)
            guard let calendar = ZoneCalendar(zone: policy.timeZone) else { throw Failure("unknown time zone", status: 3) }
            let today = calendar.moment(at: Date()).date
            let export = try AuditExport(
                store, heads: folder.headFile(isReadOnly: true), origin: settings.origin, before: includeToday ? nil : today)
            guard !FileManager.default.fileExists(atPath: out) else { throw Failure("`\(out)`: exists already", status: 2) }
            do {
                for name in ["entries", "proofs", "keys", "policy"] {
                    try FileManager.default.createDirectory(atPath: "\(out)/\(name)", withIntermediateDirectories: true)
                }
                for (path, bytes) in export.files { try Data(bytes).write(to: URL(fileURLWithPath: "\(out)/\(path)")) }
            } catch {
                throw Failure("`\(out)`: cannot be written", status: 3)
            }
            say("exported \(export.size) records to `\(out)`")
        }
    }
}
