import ArgumentParser
import Cryptography
import FolderDriver
import Foundation
import PhoneNumbers
import PolicyFile
import ReleaseLedger
import ReleaseService
import ReleaseWorkflow
import SQLiteDriver
import TransparencyLog

struct Initialize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a data folder for one program: new keys, and a log that begins with its policy.",
        discussion: """
            Writes recovery.pem into the folder: move it to a place that is not this machine. It alone can revoke the other keys, and the \
            service never needs it.
            """)

    @Argument(help: ArgumentHelp("The folder to make.", valueName: "dir"), completion: .directory) var directory: String
    @Option(help: "The program's policy.", completion: .file(extensions: ["yaml"])) var policy: String
    @Option(help: "The log's name, like `roi.example.org/mentoring`: a host you own, a slash, the program.") var origin:
        String?
    @Option(help: "The file whose first line is the passphrase of the keys.", completion: .file()) var passphraseFile:
        String?
    @Flag(help: "Make a folder for worked examples: its clock can be set and acts on screen can be scripted.")
    var example = false
    @Option(help: "With --example: the local time at which the log begins, like 2026-01-05T09:00.") var clock: String?

    func run() async throws {
        let (parsed, _) = try provenPolicy(atPath: policy)
        let origin = origin ?? (example ? "example.org/\(parsed.policy.program)" : nil)
        guard let origin else {
            throw Failure("`--origin`: expected the log's name, like roi.example.org/mentoring", status: 2)
        }
        try Self.check(origin: origin, isExample: example)
        guard let calendar = ZoneCalendar(zone: parsed.policy.timeZone) else {
            throw Failure("`timeZone`: this machine does not know `\(parsed.policy.timeZone)`", status: 2)
        }
        var time: any MomentSource = MachineClock(calendar)
        if let clock {
            guard example, let instant = calendar.instant(ofLocal: clock) else {
                throw Failure(
                    "`--clock`: expected a local time like 2026-01-05T09:00, in an --example folder", status: 2)
            }
            time = SetClock(calendar, at: instant)
        }
        let folder = Folder(directory)
        let given = passphraseFile ?? ProcessInfo.processInfo.environment["PRIVITY_PASSPHRASE_FILE"]
        guard given != nil || example else {
            throw Failure("`--passphrase-file`: expected a file whose first line protects the keys", status: 2)
        }
        let generated = given == nil ? Base64.format(try RandomBytes.generate(count: 24)) : nil
        let passphrase =
            try given.map { try Folder.passphrase(atPath: $0) } ?? SecretBytes(copying: Array((generated ?? "").utf8))
        let (keys, recovery) = try folder.create(origin: origin, passphrase: passphrase)
        if let generated { try folder.write("passphrase", generated + "\n") }
        let named =
            generated != nil
            ? "passphrase" : given.map { $0.hasPrefix("/") ? $0 : FileManager.default.currentDirectoryPath + "/" + $0 }
        try folder.write(
            "privity.yaml",
            "# Settings of this data folder. Options and PRIVITY_* come before them.\norigin: \(origin)\npassphraseFile: \(try SettingName.quoted(named ?? ""))\n"
        )
        let hold = try folder.hold()
        let store = try SQLiteStore(path: folder.databasePath, isReadOnly: false)
        try ServiceHost.initialize(
            Parts(
                origin: origin, store: store, heads: folder.headFile(isReadOnly: false, creates: true), time: time,
                seeds: RandomSeeds(), phones: LibraryPhoneNumbers(),
                vault: folder.vault(passphrase: passphrase, isReadOnly: false), keys: keys,
                parsePolicy: OpenFolder.parse,
                logger: OpenFolder.logger()), policy: parsed.canonical, recovery: recovery)
        try store.close()
        withExtendedLifetime(hold) {}
        say("made `\(directory)` for program `\(parsed.policy.program)`, log `\(origin)`")
        say("  log key       \(keys.log.key.text)")
        say("  record key    \(keys.record.key.text)")
        say("  recovery key  \(recovery.text)")
        say("  move `\(directory)/recovery.pem` off this machine, and keep a copy of these three lines on paper")
    }
}

extension Initialize {
    /// - Throws: unless `origin` can name a log, and a worked example's log is named as one.
    static func check(origin: String, isExample: Bool) throws {
        guard origin.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "+") }), origin.contains("/"),
            origin.count <= 100
        else {
            throw Failure(
                "`--origin`: expected printable characters without spaces, with a slash, at most 100", status: 2)
        }
        guard isExample == origin.hasPrefix("example.") else {
            throw Failure(
                "`--origin`: names that begin with `example.` are for --example folders, and only for them", status: 2)
        }
    }
}

struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Erase a person: what the program knows of them, everywhere, for good. Their records stay, and still verify.",
        discussion: "Refused while a round of theirs is open: decline, end or rescind first.")

    @OptionGroup var options: FolderOptions
    @Argument(help: "The person: id, `phone:…`, `name:…`, or `-` to be asked.") var person: String

    func run() async throws {
        let open = try await OpenFolder(options, isWriter: true)
        let id = try await open.person(argument: person)
        let outcome = try await open.service.erase(id, key: nil)
        if let refusal = outcome.refusal { throw Failure(refusal, status: 1) }
        say("erased")
    }
}
