import ArgumentParser
import Configuration
import Cryptography
import FolderDriver
import Foundation
import Logging
import PhoneNumbers
import Photographs
import PolicyFile
import ReleaseLedger
import ReleaseService
import ReleaseWorkflow
import SQLiteDriver

/// The folder and how to unlock it.
struct FolderOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The program's data folder.", valueName: "dir"), completion: .directory)
    var directory: String

    @Option(help: "The file whose first line is the passphrase of the keys.", completion: .file())
    var passphraseFile: String?
}

/// The settings of a folder, from `privity.yaml` and the environment.
struct Settings {
    let origin: String
    let passphraseFile: String?

    /// Reads options, then `PRIVITY_*`, then `privity.yaml`, in this order of precedence.
    init(_ folder: Folder, passphraseFile: String?) throws {
        let reader = try SettingName.reader(folder)
        guard let origin = reader.string(forKey: "origin") else {
            throw Failure("`privity.yaml`: `origin` is missing", status: 2)
        }
        self.origin = origin
        var path = passphraseFile ?? reader.string(forKey: "passphraseFile")
        if path == nil, let credentials = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"] {
            path = credentials + "/privity-passphrase"
        }
        // A path in the folder's own settings is relative to the folder.
        if passphraseFile == nil, let relative = path, !relative.hasPrefix("/"),
            ProcessInfo.processInfo.environment["PRIVITY_PASSPHRASE_FILE"] == nil
        {
            path = folder.path + "/" + relative
        }
        self.passphraseFile = path
    }
}

/// An open folder.
struct OpenFolder {
    let folder: Folder
    let settings: Settings
    let store: SQLiteStore
    let heads: HeadFile
    let host: ServiceHost
    /// The service for the operator: the command line is their hand.
    var service: ReleaseService { host.service(for: .operator) }
    let passphrase: SecretBytes
    let calendar: ZoneCalendar
    /// The clock that can be set, in example folders.
    let setClock: SetClock?
    private let hold: Folder.Hold?

    var isExample: Bool { settings.origin.hasPrefix("example.") }

    /// Opens for writing, which one process at a time may do, or for reading beside it.
    ///
    /// - Parameters:
    ///   - time: in an example folder, the local time that its clock shows now; it runs on from there.
    ///   - logger: where reasons go; a service's are lines of JSON.
    ///   - isRevocation: opens with the keys that are about to be revoked, which otherwise sign nothing any more.
    init(
        _ options: FolderOptions, isWriter: Bool, canSetClock: Bool = false, isRevocation: Bool = false,
        showing time: String? = nil, logger: Logger = Self.logger()
    )
        async throws
    {
        folder = Folder(options.directory)
        guard folder.exists else {
            throw Failure("`\(options.directory)`: no data folder here: make one with `privity init`", status: 2)
        }
        settings = try Settings(folder, passphraseFile: options.passphraseFile)
        guard let passphrasePath = settings.passphraseFile else {
            throw Failure("no passphrase: name its file with --passphrase-file or PRIVITY_PASSPHRASE_FILE", status: 2)
        }
        let passphrase = try Folder.passphrase(atPath: passphrasePath)
        hold = isWriter ? try folder.hold() : nil
        store = try SQLiteStore(path: folder.databasePath, isReadOnly: !isWriter)
        heads = try folder.headFile(isReadOnly: !isWriter)
        let policy = try Self.policy(in: store)
        guard let calendar = ZoneCalendar(zone: policy.timeZone) else {
            throw Failure("this machine does not know the time zone `\(policy.timeZone)`", status: 3)
        }
        self.calendar = calendar
        // What a stopped process left half done in an example is finished at the time at which it stopped. A head that
        // is damaged stops signing and nothing else.
        let head = try? heads.read()
        let stood = head.map { Date(timeIntervalSince1970: Double($0.instantMilliseconds) / 1000) }
        let setClock =
            canSetClock && settings.origin.hasPrefix("example.") ? SetClock(calendar, at: stood ?? Date()) : nil
        self.setClock = setClock
        var clock: any MomentSource = setClock ?? MachineClock(calendar)
        if let time {
            guard settings.origin.hasPrefix("example."), let instant = calendar.instant(ofLocal: time) else {
                throw Failure("`--clock`: expected a local time like 2026-01-05T09:00, in an example folder", status: 2)
            }
            clock = MovedClock(calendar, showing: instant)
        }
        let vault = try folder.vault(passphrase: passphrase, isReadOnly: !isWriter)
        let history = try KeyHistory(store: store, origin: settings.origin)
        let isRevoking = folder.isRevoking && !isRevocation
        let keys = isWriter && !isRevoking ? try folder.signingKeys(for: history, passphrase: passphrase) : nil
        // A rotation that was stopped half-way left a private key that signs nothing, or nothing any more.
        if keys != nil, !isRevocation { try folder.retireKeys(history) }
        self.passphrase = passphrase
        var parts = Parts(
            origin: settings.origin, store: store, heads: heads, tiles: isWriter ? folder.tiles : nil,
            time: clock, seeds: RandomSeeds(), phones: LibraryPhoneNumbers(), vault: vault, keys: keys,
            parsePolicy: Self.parse, logger: logger)
        parts.isRevoking = isRevocation
        parts.photographs = LibraryPhotographs()
        // In an example the clock is set on purpose.
        host = try await ServiceHost.open(
            parts, isWriter: isWriter, asksAboutClock: isWriter && !settings.origin.hasPrefix("example."))
        setClock?.set(Date())
    }

    static func policy(in store: SQLiteStore) throws -> Policy {
        let canonical = try store.read { tx -> [UInt8]? in
            guard let digest = try tx.setting("policy") else { return nil }
            return try tx.policy(digest)
        }
        guard let canonical else {
            throw Failure("the database holds no program: make a folder with `privity init`", status: 3)
        }
        return try parse(canonical)
    }

    @Sendable static func parse(_ canonical: [UInt8]) throws -> Policy {
        try PolicyFile.parse(String(decoding: canonical, as: UTF8.self)).policy
    }

    /// JSON-free, data-free: reasons only, on standard error.
    static func logger() -> Logger {
        var logger = Logger(label: "privity", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .error
        return logger
    }

    /// Resolves a person whom the command line names; `-` is the next line of standard input.
    func person(argument text: String) async throws -> PersonID {
        if text == "-" { return try await person(PrivateText.nextLine(for: "person")) }
        if PersonID(parsing: text) == nil { PrivateText.warn(of: "person") }
        return try await person(text)
    }

    /// Resolves a person by id, or by `phone:` or `name:`.
    func person(_ text: String) async throws -> PersonID {
        if let id = PersonID(parsing: text) { return id }
        var found: [PersonID] = []
        if text.hasPrefix("phone:") { found = try await service.find(phone: String(text.dropFirst(6))) }
        if text.hasPrefix("name:") { found = try await service.find(name: String(text.dropFirst(5))) }
        guard found.count == 1, let id = found.first else {
            throw found.isEmpty
                ? Failure("\(Refusal.notFound)", status: 1)
                : Failure("more than one person has this name: add the phone or use the id", status: 1)
        }
        return id
    }
}

/// Reads and checks a policy file. It proves nothing: `provenPolicy` does.
///
/// - Throws: ``Failure`` with status 2 for a file that cannot be read, is not UTF-8, or is not a policy.
func loadPolicy(atPath path: String) throws -> (parsed: PolicyFile.Parsed, loaded: LoadedPolicy) {
    guard let data = FileManager.default.contents(atPath: path) else {
        throw Failure("`\(path)`: cannot be read", status: 2)
    }
    guard let text = String(data: data, encoding: .utf8) else { throw Failure("`\(path)`: not UTF-8", status: 2) }
    let parsed: PolicyFile.Parsed
    do {
        parsed = try PolicyFile.parse(text)
    } catch let problems as PolicyFile.Problems {
        throw Failure(problems.list.map { "\(path): \($0)" }.joined(separator: "\n"), status: 2)
    }
    return (parsed, LoadedPolicy(policy: parsed.policy, digest: SHA256.hash(parsed.canonical)))
}

/// The same, and proved: the first property that a workflow does not keep ends it.
func provenPolicy(atPath path: String) throws -> (parsed: PolicyFile.Parsed, loaded: LoadedPolicy) {
    let (parsed, loaded) = try loadPolicy(atPath: path)
    for workflow in parsed.policy.workflows {
        if let failure = prove(loaded, workflow: workflow).counterexamples.first {
            throw Failure("\(path): \(failure)", status: 1)
        }
    }
    return (parsed, loaded)
}
