import Cryptography
import FolderDriver
import Foundation
import GRDB
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Matching
import PhoneNumbers
import PolicyFile
import ReleaseLedger
import ReleaseService
import ReleaseWeb
import ReleaseWorkflow
import SQLiteDriver
import ServiceLifecycle
import UnixSignals

/// The service under `wrk` on the same machine and run, beside a bare route of the same server library.
///
/// The service runs in a process of its own, so that its memory is its own.
struct WebBench {
    private let count: Int
    private let rows: Int
    private let place: String

    init(count: Int, rows: Int) throws {
        (self.count, self.rows) = (count, rows)
        place = FileManager.default.temporaryDirectory.appendingPathComponent("privity-web-\(UUID())").path
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    }

    private static let passphrase = SecretBytes(copying: Array("a passphrase for measuring".utf8))
    private static let origin = "example.org/bench"

    private static func parts(_ folder: Folder, _ store: SQLiteStore, _ keys: SigningKeys, creates: Bool) throws
        -> Parts
    {
        guard let calendar = ZoneCalendar(zone: "America/Chicago") else { throw MachineryError.folder("no time zone") }
        return Parts(
            origin: origin, store: store, heads: try folder.headFile(isReadOnly: false, creates: creates),
            tiles: folder.tiles,
            time: MachineClock(calendar), seeds: RandomSeeds(), phones: LibraryPhoneNumbers(),
            vault: try folder.vault(passphrase: passphrase, isReadOnly: false), keys: keys,
            parsePolicy: { try PolicyFile.parse(String(decoding: $0, as: UTF8.self)).policy },
            logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    // MARK: The service, in a process of its own

    static func serve(_ path: String) async throws {
        let folder = Folder(path)
        let store = try SQLiteStore(path: folder.databasePath, isReadOnly: false)
        let keys = try folder.signingKeys(for: KeyHistory(store: store, origin: origin), passphrase: passphrase)
        let host = try await ServiceHost.open(parts(folder, store, keys, creates: false), isWriter: true)
        let outbox = Outbox(host, mailer: nil, words: Words.english.letters, url: "http://127.0.0.1")
        let site = try Site(
            host: host, accounts: Accounts(host), outbox: outbox,
            operations: Operations(
                readPolicy: { _ in throw MachineryError.folder("none") }, rotateKey: { _ in "" }, backUp: nil,
                exportLog: { [] }),
            service: "Privity", isSecure: false,
            logger: Logger(label: "bench", factory: { JSONLog(label: $0) { _ in } }))
        let server = try site.server(Listening(address: "127.0.0.1", port: 0)) { say("port \($0)") }
        let router = Router()
        router.get("bare") { _, _ in "Hello" }
        let bare = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { say("bare \($0.localAddress?.port ?? 0)") },
            logger: Logger(label: "bare", factory: { _ in SwiftLogNoOpLogHandler() }))
        let group = ServiceGroup(
            configuration: .init(
                services: [SchedulerService(site), server, bare], gracefulShutdownSignals: [.sigterm],
                logger: Logger(label: "group", factory: { _ in SwiftLogNoOpLogHandler() })))
        try await group.run()
    }

    private static func say(_ line: String) {
        print(line)
        fflush(nil)
    }

    private final class Served {
        let process = Process()
        var ports: [String: Int] = [:]

        init(_ path: String) throws {
            process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
            process.arguments = ["web-serve", path]
            let out = Pipe()
            process.standardOutput = out
            try process.run()
            var text = ""
            while ports.count < 2 {
                let data = out.fileHandleForReading.availableData
                if data.isEmpty { fatalError("the service did not start") }
                text += String(decoding: data, as: UTF8.self)
                for line in text.split(separator: "\n") {
                    let words = line.split(separator: " ")
                    if words.count == 2, let port = Int(words[1]) { ports[String(words[0])] = port }
                }
            }
        }

        /// The most memory it ever held, in MiB.
        var peak: Int {
            let status =
                (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") } ?? ""
            return (line.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? 0) / 1024
        }

        func stop() {
            process.terminate()
            process.waitUntilExit()
        }
    }

    // MARK: Measuring

    private struct Figures {
        let rate: Double
        /// Milliseconds.
        let median: Double
        let last: Double
        let errors: Int
        var text: String { String(format: "%.0f/s, median %.1f ms, 99%% below %.1f ms", rate, median, last) }
    }

    private func wrk(_ arguments: [String]) throws -> Figures {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["wrk"] + arguments
        let out = Pipe()
        process.standardOutput = out
        try process.run()
        let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("RESULT") }) else {
            fatalError("wrk: \(text)")
        }
        let numbers = line.split(separator: " ").dropFirst().compactMap { Double($0) }
        return Figures(
            rate: numbers[0] / (numbers[1] / 1e6), median: numbers[2] / 1000, last: numbers[3] / 1000,
            errors: Int(numbers[4]))
    }

    /// Sends these requests, each once, over 64 connections; the load ends when they are sent, `wrk` when its time is up.
    private func send(_ requests: [String], to port: Int) throws -> Figures {
        let file = place + "/requests"
        try Data(requests.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: file))
        return try wrk([
            "-t1", "-c64", "-d\(max(2, requests.count / 300))s", "-s", "Benchmarks/privity-bench/requests.lua",
            "http://127.0.0.1:\(port)", "--", file,
        ])
    }

    func run() async throws {
        let folder = Folder(place + "/data")
        let (keys, recovery) = try folder.create(origin: Self.origin, passphrase: Self.passphrase)
        var store = try SQLiteStore(path: folder.databasePath, isReadOnly: false)
        let canonical = try PolicyFile.parse(String(contentsOfFile: "Policies/mphp.yaml", encoding: .utf8)).canonical
        let parts = try Self.parts(folder, store, keys, creates: true)
        try ServiceHost.initialize(parts, policy: canonical, recovery: recovery)
        let host = try await ServiceHost.open(parts, isWriter: true)
        let (service, accounts) = (host.service(for: .operator), try Accounts(host))

        print("preparing \(count) people with an offered release …")
        let maya = try await service.enter("Maya", "312-555-0100", [.coordinator], coordinator: nil)
        let attestation = Attestation(attributes: [.inStanding], fields: ["nurse"])
        var mentors: [PersonID] = []
        for _ in 0...count / 20 {
            let mentor = try await service.enter("Ben", "312-555-0143", [.mentor], coordinator: maya)
            _ = try await service.enroll(mentor, attestation: attestation, capacity: 20, by: maya, key: nil)
            _ = try await service.acknowledge(Actor(.person(mentor), channel: .screen), display: "Ben", key: nil)
            mentors.append(mentor)
        }
        @Sendable func token(_ person: PersonID) async throws -> String {
            try await accounts.signIn(
                link: accounts.makeLink(for: person, purpose: .example, by: .operator), .init(), from: "\(person)")
        }
        @Sendable func act(_ kind: CommandKind, _ opener: PersonID, _ principal: Principal, person: PersonID? = nil)
            async throws
        {
            var command = Submission(
                kind, workflow: "mentorship", opener: opener, actor: Actor(principal, channel: .screen))
            command.person = person
            if kind == .completeSurvey { command.survey = Survey(sameField: .no, understood: true) }
            let outcome = try await service.submit(command)
            if let refusal = outcome.refusal { fatalError("\(kind): \(refusal)") }
        }
        let (known, total) = (mentors, count)
        let people = try await withThrowingTaskGroup(of: [PersonID].self) { group in
            for lane in 0..<32 {
                group.addTask {
                    var own: [PersonID] = []
                    for number in stride(from: lane, to: total, by: 32) {
                        let mentee = try await service.enter("Ada", "312-555-0142", [.participant], coordinator: maya)
                        let mentor = known[number / 20]
                        try await act(.request, mentee, .person(mentee))
                        try await act(.completeSurvey, mentee, .person(mentee))
                        try await act(.propose, mentee, .staff(maya), person: mentor)
                        try await act(.acceptSlot, mentee, .person(mentor))
                        try await act(.offer, mentee, .staff(maya))
                        try await accounts.agreeElectronically(mentee, by: .person(mentee, .person))
                        own.append(mentee)
                    }
                    return own
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        var (signing, disclosing, looking): ([String], [String], [String]) = ([], [], [])
        let staff = try await token(maya)
        var tokens: [PersonID: String] = [:]
        for person in people {
            let own = try await service.cases(of: person).first { $0.view.workflow == "mentorship" }
            guard let handle = own?.handle else { fatalError("no case") }
            let text = try await service.releaseText(of: person, workflow: "mentorship", for: person)
            signing.append(
                "POST\t/api/v1/cases/\(handle)/signature\t\(try await token(person))\t{\"digest\":\"\(text.digest)\",\"meaning\":\"\(SignatureEvidence.meaning)\"}"
            )
        }
        for line in try await host.service(for: .person(maya, .staff)).board(of: maya, after: nil, count: .max).lines {
            disclosing.append("POST\t/api/v1/cases/\(line.handle)/disclosure\t\(staff)\t{}")
        }
        for mentor in mentors {
            tokens[mentor] = try await token(mentor)
            for line in try await service.cases(of: mentor)
            where line.view.workflow == "mentorship" && line.opener != mentor {
                looking.append(
                    "POST\t/api/v1/private\t\(tokens[mentor] ?? "")\t{\"act\":\"look\",\"case\":\"\(line.handle)\"}")
            }
        }
        try store.close()

        var served = try Served(folder.path)
        guard let port = served.ports["port"], let barePort = served.ports["bare"] else { fatalError("no ports") }
        let bare = try wrk([
            "-t1", "-c64", "-d5s", "-s", "Benchmarks/privity-bench/steady.lua", "http://127.0.0.1:\(barePort)/bare",
            "--", "x",
        ])
        print("a bare route of the same library: \(bare.text)")
        func show(_ what: String, _ figures: Figures, of aim: String) {
            print(
                "\(what): \(figures.text); \(String(format: "%.2f%%", 100 * figures.rate / bare.rate)) of the bare route; \(figures.errors) errors (\(aim))"
            )
        }
        let aim = "aim: 3,000/s, 99% below 50 ms"
        show("signing a release, durable", try send(signing, to: port), of: aim)
        show("releasing a card, durable", try send(disclosing, to: port), of: aim)
        show("opening a card, durable", try send(looking, to: port), of: aim)
        func board(_ what: String, _ port: Int) throws -> Figures {
            let figures = try wrk([
                "-t1", "-c8", "-d10s", "-s", "Benchmarks/privity-bench/steady.lua", "http://127.0.0.1:\(port)/desk",
                "--", staff,
            ])
            show("the coordinator's board with \(what) cases in the database", figures, of: "see below")
            return figures
        }
        let small = try board("\(count)", port)
        print("memory of the service, highest: \(served.peak) MiB (aim: below 128)")
        served.stop()

        print("filling the database with \(rows) more cases …")
        store = try SQLiteStore(path: folder.databasePath, isReadOnly: false)
        try fillWithCases(rows, path: folder.databasePath)
        try store.close()
        served = try Served(folder.path)
        let large = try board("\(rows + count)", served.ports["port"] ?? 0)
        print("memory of the service, highest: \(served.peak) MiB")
        print(
            "the board's 99th percentile with \(rows + count) cases is \(String(format: "%.2f", large.last / small.last)) times that with \(count) (aim: 1.2)"
        )
        served.stop()
        try FileManager.default.removeItem(atPath: place)
    }
}
