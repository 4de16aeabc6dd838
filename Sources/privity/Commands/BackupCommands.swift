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

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the database and the encrypted keys of a folder, while it is in use.",
        discussion: """
            The last signed head and the list of destroyed keys are not in it: keep copies of `head` and `keys/destroyed` in another place. A \
            backup without them cannot pass an old log for the new one, nor bring back what was erased. `data-keys` deserves a short life of \
            its own: while it exists, what was erased since can be read from it.
            """)

    @Argument(help: ArgumentHelp("The program's data folder.", valueName: "dir"), completion: .directory) var directory:
        String
    @Argument(help: ArgumentHelp("The folder to make.", valueName: "out"), completion: .directory) var out: String

    func run() async throws {
        let folder = Folder(directory)
        guard folder.exists else { throw Failure("`\(directory)`: no data folder here", status: 2) }
        let settings = try Settings(folder, passphraseFile: nil)
        guard !FileManager.default.fileExists(atPath: out) else { throw Failure("`\(out)`: exists already", status: 2) }
        let size = try folder.copy(to: out) { path in
            let store = try SQLiteStore(path: folder.databasePath, isReadOnly: true)
            try store.copy(to: path)
            return try SQLiteStore(path: path, isReadOnly: true).read { try $0.logSize() }
        }
        say("backed up \(size) records of \(settings.origin) to `\(out)`")
        say("not in it, to be kept in another place: `\(directory)/head` and `\(directory)/keys/destroyed`")
    }
}

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Make a folder from a backup; where records may be missing, under a new name that continues the old log's head.",
        discussion: """
            --kept names a folder with `head` and `destroyed`, which were kept apart. With --continue, where `head` is the very file that was in use \
            at the loss and the backup reaches it, the log goes on as it was. Otherwise the old log is over: --origin names a new one, whose first \
            record names the old head, and every release ends, because a rescission may be among what was lost. People sign anew. Whatever \
            `destroyed` lists is erased again.
            """)

    @Argument(help: ArgumentHelp("A folder made by `privity backup`.", valueName: "backup"), completion: .directory)
    var backup: String
    @Argument(help: ArgumentHelp("The folder to make.", valueName: "dir"), completion: .directory) var directory: String
    @Option(help: "The file whose first line is the passphrase of the keys.", completion: .file()) var passphraseFile:
        String?
    @Option(help: "A folder with copies of `head` and `destroyed`.", completion: .directory) var kept: String?
    @Option(help: "The new log's name, where the old one cannot go on.") var origin: String?
    @Flag(
        name: .customLong("continue"),
        help: "The kept `head` is the file that was in use at the loss, not an earlier copy of it.")
    var continues = false

    func run() async throws {
        let source = Folder(backup)
        guard source.exists else { throw Failure("`\(backup)`: no backup here", status: 2) }
        let settings = try Settings(source, passphraseFile: passphraseFile)
        guard let path = settings.passphraseFile else {
            throw Failure("`--passphrase-file`: expected the file of the passphrase", status: 2)
        }
        let passphrase = try Folder.passphrase(atPath: path)
        // Before anything is copied: a folder that its owner cannot open is no restored folder.
        try source.check(passphrase: passphrase)
        let former = try lastHead(source, settings.origin)
        let goesOn = former.isReached && continues
        if !goesOn { try requireName(after: former, settings.origin) }
        let folder = Folder(directory)
        try folder.restore(from: source, kept: kept, keepsHead: goesOn)
        try folder.replace(
            "privity.yaml",
            try Self.settings(
                origin: goesOn ? settings.origin : origin ?? "", passphrase: path, former: source.settingsPath))
        if kept.map({ FileManager.default.fileExists(atPath: $0 + "/destroyed") }) != true {
            say(
                "no list of destroyed keys was given: what was erased after the backup is back, and must be erased again"
            )
        }
        if goesOn {
            say("restored: `\(settings.origin)` goes on after \(former.head.size) records")
            return
        }
        let name = origin ?? settings.origin
        let hold = try folder.hold()
        defer { withExtendedLifetime(hold) {} }
        let store = try SQLiteStore(path: folder.databasePath, isReadOnly: false)
        try folder.archive(store, origin: settings.origin)
        let (keys, recovery) = try folder.renewKeys(origin: name, passphrase: passphrase)
        let policy = try OpenFolder.policy(in: store)
        guard let calendar = ZoneCalendar(zone: policy.timeZone) else { throw Failure("unknown time zone", status: 3) }
        let parts = Parts(
            origin: name, store: store, heads: try folder.headFile(isReadOnly: false, creates: true),
            tiles: folder.tiles,
            time: MachineClock(calendar), seeds: RandomSeeds(), phones: LibraryPhoneNumbers(),
            vault: try folder.vault(passphrase: passphrase, isReadOnly: false), keys: keys,
            parsePolicy: OpenFolder.parse,
            logger: OpenFolder.logger())
        let ended = try await ServiceHost.restore(parts, recovery: recovery, after: former.head)
        say("restored as `\(name)`, which continues `\(former.head.origin)` after \(former.head.size) records")
        say(
            "\(ended) \(ended == 1 ? "case" : "cases") had a release that may have been taken back since: all ended, people sign anew"
        )
        say("  log key       \(keys.log.key.text)")
        say("  record key    \(keys.record.key.text)")
        say("  recovery key  \(recovery.text)")
        say(
            "  move `\(directory)/recovery.pem` off this machine; the records of the old log are in `\(directory)/former`"
        )
    }

    /// - Throws: ``Failure`` unless there is a name for the log that continues the old one.
    private func requireName(after former: (head: Checkpoint, isReached: Bool), _ old: String) throws {
        guard let origin else {
            throw Failure(
                former.isReached
                    ? "is the kept `head` the file in use at the loss? then add --continue; if it is an earlier copy, name a new log with --origin"
                    : kept == nil
                        ? "nobody can tell whether records are missing: give the kept head with --kept, or name a new log with --origin"
                        : "the backup does not reach the last head (\(former.head.size) records): name a new log with --origin",
                status: 1)
        }
        try Initialize.check(origin: origin, isExample: old.hasPrefix("example."))
        guard origin != old else {
            throw Failure("`--origin`: expected another name than the old log's", status: 2)
        }
    }

    /// The settings of the backup, but for the two that are told anew.
    private static func settings(origin: String, passphrase path: String, former: String) throws -> [UInt8] {
        let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        let told = ["origin: \(origin)", "passphraseFile: \(try SettingName.quoted(absolute))"]
        let kept = try String(contentsOfFile: former, encoding: .utf8).split(whereSeparator: \.isNewline).filter {
            line in
            !["origin:", "passphraseFile:"].contains(where: line.hasPrefix)
        }
        return Array((told + kept.map(String.init)).joined(separator: "\n").utf8) + [UInt8(ascii: "\n")]
    }

    /// The newest head that is known of the old log, and whether the backup reaches it.
    private func lastHead(_ source: Folder, _ origin: String) throws -> (head: Checkpoint, isReached: Bool) {
        let store = try SQLiteStore(path: source.databasePath, isReadOnly: true)
        let history = try KeyHistory(store: store, origin: origin)
        let own = try store.read { tx -> Checkpoint in
            let size = try tx.logSize()
            return Checkpoint(origin: origin, size: size, root: try MerkleTree(size: size, reader: Reader(tx: tx)).root)
        }
        guard let kept else { return (own, false) }
        guard let head = try HeadFile(path: kept + "/head", isReadOnly: true, creates: false).read() else {
            throw Failure("`\(kept)/head`: missing: without it nobody can tell whether records were lost", status: 2)
        }
        let note = try SignedNote(parsing: head.note)
        let size = try Checkpoint(parsing: note.text).size
        // A key that came after the backup is not known here; then the head is beyond it in any case.
        guard size <= own.size else {
            let stated = try Checkpoint(parsing: note.text)
            guard stated.origin == origin else { throw Failure("`\(kept)/head`: of another log", status: 1) }
            return (stated, false)
        }
        guard let key = history.logKey(signing: size), let checkpoint = try? Checkpoint(verifying: note, by: key) else {
            throw Failure("`\(kept)/head`: not signed by the log key", status: 1)
        }
        let isSame = try store.read { tx in
            return try MerkleTree(size: size, reader: Reader(tx: tx)).root == checkpoint.root
        }
        guard isSame else { throw Failure("`\(kept)/head`: of another history than the backup", status: 1) }
        return (checkpoint, true)
    }
}

private struct Reader: NodeReader {
    let tx: any LogRows
    func node(at position: NodePosition) throws -> TreeHash { try tx.node(at: position) }
}
