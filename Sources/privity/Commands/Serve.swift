import ArgumentParser
import AuditorKit
import Configuration
import Cryptography
import FolderDriver
import Foundation
import Logging
import PolicyFile
import ReleaseLedger
import ReleaseService
import ReleaseWeb
import ReleaseWorkflow
import SQLiteDriver
import ServiceLifecycle
import Synchronization
import TransparencyLog
import UnixSignals

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a folder: pages and the JSON interface for everybody who has a part, until it is stopped.",
        discussion: """
            Settings in privity.yaml or PRIVITY_*: address, port, url, service, certificate, privateKey, metricsPort, sendmail, from, \
            backupFolder. Plain HTTP is served on loopback alone, for a proxy in front. Log lines are JSON on standard error and hold nothing \
            personal. SIGTERM and Ctrl-C stop it once what was begun is finished.
            """)

    @OptionGroup var options: FolderOptions
    @Option(help: "The address to listen on.") var address: String?
    @Option(help: "The port to listen on; 0 takes a free one.") var port: Int?
    @Option(help: "The service's address as people type it, like https://consent.example.org.") var url: String?
    @Option(help: "The file of the certificate chain, in PEM.", completion: .file()) var certificate: String?
    @Option(help: "The file of the certificate's key, in PEM.", completion: .file()) var privateKey: String?
    @Option(help: "A port on loopback for metrics.") var metricsPort: Int?
    @Flag(help: "In an example folder: print one sign-in link for each role.") var links = false

    @Option(help: "In an example folder: the local time that its clock begins at, like 2026-01-05T09:00.") var clock:
        String?
    @Flag(help: "Say that the clock of this machine is right, where it is far ahead of everything that was recorded.")
    var clockIsRight = false

    func run() async throws {
        let logger = Logger(label: "privity", factory: { JSONLog(label: $0) { line in complainRaw(line) } })
        var quiet = logger
        quiet.logLevel = .error
        let open = try await OpenFolder(options, isWriter: true, showing: clock, logger: quiet)
        let settings = try ServeSettings(open.folder, self)
        if clockIsRight { try await open.host.confirmClock(by: .operator) }
        if open.host.asksAboutClock {
            complain(
                "the clock is more than a week ahead of everything that was recorded: nothing closes by itself before an administrator says on their page that it is right, or it is served with --clock-is-right"
            )
        }
        let accounts = try Accounts(open.host)
        let words = Words.english.spoken(in: try open.service.policy.policy)
        let outbox = Outbox(open.host, mailer: settings.mailer, words: words.letters, url: settings.url)
        let site = try Site(
            host: open.host, accounts: accounts, outbox: outbox,
            operations: open.operations(backupFolder: settings.backupFolder),
            words: words, service: settings.service, isSecure: settings.url.hasPrefix("https:"), logger: logger)
        let scheduler = SchedulerService(site)
        let (printsLinks, isFixed) = (links, settings.isURLFixed)
        let server = try site.server(settings.listening) { port in
            let base = isFixed ? settings.url : "http://\(settings.listening.address):\(port)"
            say("serving at \(base)")
            if printsLinks { await Self.printLinks(open, accounts, base) }
        }
        var services: [any Service] = [scheduler, server]
        if let port = settings.metricsPort { services.append(site.metricsServer(port: port)) }
        let group = ServiceGroup(
            configuration: .init(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
        do {
            try await group.run()
        } catch {
            throw Failure(
                "cannot listen on \(settings.listening.address) port \(settings.listening.port): is it in use?",
                status: 3)
        }
        try open.store.close()
        say("stopped")
    }

    /// One link for each role, for whoever tries the service out. Only for made-up people.
    private static func printLinks(_ open: OpenFolder, _ accounts: Accounts, _ base: String) async {
        guard open.isExample else { return complain("--links: only in a folder made by `init --example`") }
        do {
            var people: [(PersonID, Identity)] = []
            for id in try await open.service.people() {
                if let identity = try await open.service.identity(of: id) { people.append((id, identity)) }
            }
            say("each link signs in once, as somebody made up:")
            for role in Identity.Role.allCases {
                let found = people.filter { $0.1.roles.contains(role) }.sorted { $0.1.fullName < $1.1.fullName }
                guard let (id, identity) = found.first(where: { $0.1.roles.count == 1 }) ?? found.first else {
                    continue
                }
                let token = try await accounts.makeLink(for: id, purpose: .example, by: .operator)
                say("  \(role.rawValue.padded(14))\(identity.fullName.padded(20))\(base)/sign-in/link/\(token)")
            }
            say("Ctrl-C stops")
        } catch {
            complain(Failure(error).message)
        }
    }
}

/// A line on standard error as it is.
func complainRaw(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }

/// The settings of `serve` by options, environment and `privity.yaml`, in this order of precedence.
struct ServeSettings {
    let listening: Listening
    let url: String
    /// True if somebody said what the address is; otherwise it follows from the port.
    let isURLFixed: Bool
    let service: String
    let metricsPort: Int?
    let mailer: (any Mailer)?
    let backupFolder: String?

    /// True of an address that never leaves this machine.
    private static func isThisMachine(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host == "[::1]" || host.hasPrefix("127.")
    }

    init(_ folder: Folder, _ serve: Serve) throws {
        let reader = try SettingName.reader(folder)
        func path(_ text: String?) -> String? { text.map { $0.hasPrefix("/") ? $0 : folder.path + "/" + $0 } }
        let address = serve.address ?? reader.string(forKey: "address") ?? "127.0.0.1"
        let port = serve.port ?? reader.int(forKey: "port") ?? 8080
        guard (0...65_535).contains(port) else {
            throw Failure("`--port`: expected a number from 0 to 65535", status: 2)
        }
        let chain = serve.certificate ?? path(reader.string(forKey: "certificate"))
        let key = serve.privateKey ?? path(reader.string(forKey: "privateKey"))
        guard (chain == nil) == (key == nil) else {
            throw Failure(
                "`certificate` and `privateKey`, `--certificate` and `--private-key`: expected both or neither",
                status: 2)
        }
        listening = Listening(
            address: address, port: port, certificate: chain.flatMap { chain in key.map { (chain, $0) } })
        let given = serve.url ?? reader.string(forKey: "url")
        if let given {
            guard let parts = URLComponents(string: given), ["http", "https"].contains(parts.scheme),
                parts.host?.isEmpty == false,
                parts.path.isEmpty, parts.query == nil, parts.user == nil
            else {
                throw Failure(
                    "`url`, `--url`: found `\(given)`, expected an address like https://consent.example.org, without a slash at its end",
                    status: 2)
            }
            guard parts.scheme == "https" || Self.isThisMachine(parts.host ?? "") else {
                throw Failure(
                    "`url`, `--url`: found `\(given)`, expected https: letters carry links to it, and nobody is to read them on the way",
                    status: 2)
            }
        }
        url = given ?? "\(chain == nil ? "http" : "https")://\(address):\(port)"
        isURLFixed = given != nil
        service = reader.string(forKey: "service") ?? "Privity"
        metricsPort = serve.metricsPort ?? reader.int(forKey: "metricsPort")
        if let sendmail = reader.string(forKey: "sendmail") {
            let command = sendmail.split(separator: " ").map(String.init)
            guard let program = command.first, FileManager.default.isExecutableFile(atPath: program) else {
                throw Failure(
                    "`sendmail`: found `\(sendmail)`, expected a program like /usr/sbin/sendmail -t -i", status: 2)
            }
            guard let from = reader.string(forKey: "from").flatMap(MailSender.init) else {
                throw Failure(
                    "`from`: missing beside `sendmail`: expected the address that letters come from", status: 2)
            }
            mailer = SendmailMailer(command: command, from: from)
        } else {
            guard reader.string(forKey: "from") == nil else {
                throw Failure(
                    "`sendmail`: missing beside `from`: expected a program like /usr/sbin/sendmail -t -i", status: 2)
            }
            mailer = nil
        }
        backupFolder = path(reader.string(forKey: "backupFolder"))
    }
}

extension OpenFolder {
    /// The work on this folder that the administrator and auditors may do from a page.
    func operations(backupFolder: String?) -> Operations {
        var backUp: (@Sendable () async throws -> String)?
        let isRotating = Turn()
        if let backupFolder { backUp = { try await copyFolder(into: backupFolder) } }
        return Operations(
            readPolicy: { text in
                do {
                    let parsed = try PolicyFile.parse(text)
                    return (parsed.canonical, parsed.policy)
                } catch let problems as PolicyFile.Problems {
                    throw FieldProblem(field: "policy", expected: problems.list.map { "\($0)" }.joined(separator: "; "))
                }
            },
            rotateKey: { role in
                // One at a time: two would each destroy the file of the other's key.
                guard isRotating.begin() else { throw Refusal.keyReused }
                defer { isRotating.end() }
                let signer = try folder.makeKey(role, name: keyName(role), passphrase: passphrase)
                let outcome = try await service.rotate(role, to: signer)
                guard outcome.refusal == nil, !outcome.isReceiptPending else { throw Refusal.notSigning }
                try retireKeys()
                return signer.key.text
            },
            backUp: backUp,
            exportLog: { try await exportLog() })
    }

    /// - Returns: the name of the copy within `target`.
    private func copyFolder(into target: String) async throws -> String {
        let name = "privity-\(try await service.today())-\(Hex.format(try RandomBytes.generate(count: 4)))"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        _ = try folder.copy(to: "\(target)/\(name)") { try store.copy(to: $0) }
        return name
    }

    /// The export that auditors are given, packed. It is written anew each time: whoever asks gets what is signed now,
    /// up to yesterday.
    private func exportLog() async throws -> [UInt8] {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("privity-export-\(UUID())").path
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        let history = try KeyHistory(store: store, origin: settings.origin)
        let signer = try folder.signingKeys(for: history, passphrase: passphrase).record
        let today = try await service.today()
        _ = try AuditExport(store, heads: heads, origin: settings.origin, signer: signer, extras: AuditorKit.files)
            .write(to: TileFolder(place + "/log"), before: today)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["tar", "-C", place, "-czf", place + "/log.tar.gz", "log"]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0, let data = FileManager.default.contents(atPath: place + "/log.tar.gz")
        else {
            throw MachineryError.folder("the export could not be packed")
        }
        return Array(data)
    }
}

/// Something that one caller at a time may do.
private final class Turn: Sendable {
    private let isTaken = Mutex(false)

    /// True if it was free; it is taken then.
    func begin() -> Bool {
        isTaken.withLock { isTaken in
            if isTaken { return false }
            isTaken = true
            return true
        }
    }

    func end() { isTaken.withLock { $0 = false } }
}
