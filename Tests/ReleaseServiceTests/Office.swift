import Cryptography
import FolderDriver
import Foundation
import Logging
import Matching
import PhoneNumbers
import PolicyFile
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Synchronization
import Testing
import TransparencyLog

@testable import ReleaseService

let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// Seeds derived from the command's key, so that two runs of one story give the same identifiers, and a counter where
/// there is none. A key that comes again has another seed, as it would have a random one: what was declined under it is
/// not begun anew under the same identifiers.
final class StorySeeds: SeedSource {
    private let counts = Mutex([String: Int]())

    func seed(for key: String?) throws -> [UInt8] {
        let number = counts.withLock { counts -> Int in
            counts[key ?? "", default: 0] += 1
            return counts[key ?? "", default: 0]
        }
        guard let key else { return SHA256.hash(Array("seed #\(number)".utf8)) }
        return SHA256.hash(Array("seed \(key)\(number > 1 ? " again \(number)" : "")".utf8))
    }
}

/// A program in a folder of its own, with the real database, files, keys and phone library.
///
/// Ada and Eve ask, Ben, Cleo and Dan mentor, Maya and Omar coordinate.
final class Office {
    static let origin = "example.org/mphp"
    static let passphrase = SecretBytes(copying: Array("a passphrase for tests only".utf8))

    let path: String
    let clock: SetClock
    let calendar: ZoneCalendar
    private(set) var store: SQLiteStore
    private(set) var host: ServiceHost
    /// The service for the operator, whose hand these stories are told by.
    var service: ReleaseService { host.service(for: .operator) }
    /// The service for somebody who is signed in, staff with their second factor.
    func service(as name: String, _ assurance: Assurance = .staff) throws -> ReleaseService {
        host.service(for: .person(try id(name), assurance))
    }
    private var hold: Folder.Hold?
    private let ownsFolder: Bool
    var people: [String: PersonID] = [:]
    private var commandCount = 0
    /// False in a story about papers that wait.
    var looksAtPapers = true

    var folder: Folder { Folder(path) }

    /// The policy of a program: the shipped one, or the one of a folder that `scripts/policy-mutants` names.
    static func policyText(_ program: String = "mphp") throws -> String {
        let folder =
            ProcessInfo.processInfo.environment["PRIVITY_POLICIES"].map { URL(fileURLWithPath: $0) }
            ?? repository.appendingPathComponent("Policies")
        return try String(contentsOf: folder.appendingPathComponent("\(program).yaml"), encoding: .utf8)
    }

    /// The canonical form of a program's policy. One that cannot be read is no failure of a test, where something was
    /// taken out of it to see whether a test fails: it is said, and the process ends.
    private static func policy(_ program: String) throws -> [UInt8] {
        do {
            return try PolicyFile.parse(policyText(program)).canonical
        } catch let problems as PolicyFile.Problems
            where ProcessInfo.processInfo.environment["PRIVITY_MUTANT"] != nil
        {
            print("policy refused: \(problems.list.first.map { "\($0.path) \($0.expected)" } ?? "")")
            exit(3)
        }
    }

    /// False for a program out of whose policy nothing was taken, while one of another is tried.
    static func isMeant(_ program: String) -> Bool {
        ProcessInfo.processInfo.environment["PRIVITY_MUTANT"].map { $0 == program } ?? true
    }

    static func calendar() throws -> ZoneCalendar { try #require(ZoneCalendar(zone: "America/Chicago")) }

    /// A new program; nobody in it yet.
    init(at time: String = "2026-01-05T09:00", program: String = "mphp") async throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("privity-\(UUID())").path
        ownsFolder = true
        calendar = try Self.calendar()
        clock = SetClock(calendar, at: try #require(calendar.instant(ofLocal: time)))
        let folder = Folder(path)
        let (keys, recovery) = try folder.create(origin: Self.origin, passphrase: Self.passphrase)
        hold = try folder.hold()
        store = try SQLiteStore(path: folder.databasePath, isReadOnly: false)
        let heads = try folder.headFile(isReadOnly: false, creates: true)
        let vault = try folder.vault(passphrase: Self.passphrase, isReadOnly: false)
        let parts = Self.parts(store, heads, folder.tiles, clock, vault, keys)
        try ServiceHost.initialize(parts, policy: Self.policy(program), recovery: recovery)
        host = try await ServiceHost.open(parts, isWriter: true)
    }

    /// Opens a folder that is there, as a new process would.
    init(
        opening path: String, at time: Date, people: [String: PersonID], isKeyless: Bool = false,
        asksAboutClock: Bool = false
    ) async throws {
        self.path = path
        ownsFolder = false
        self.people = people
        calendar = try Self.calendar()
        clock = SetClock(calendar, at: time)
        (store, host) = try await Self.open(path, clock, isKeyless: isKeyless, asksAboutClock: asksAboutClock)
    }

    deinit {
        try? store.close()
        if ownsFolder { try? FileManager.default.removeItem(atPath: path) }
    }

    private static func open(
        _ path: String, _ clock: SetClock, isKeyless: Bool, asksAboutClock: Bool = false
    ) async throws -> (SQLiteStore, ServiceHost) {
        let folder = Folder(path)
        let store = try SQLiteStore(path: folder.databasePath, isReadOnly: false)
        let vault = try folder.vault(passphrase: passphrase, isReadOnly: false)
        let keys =
            isKeyless
            ? nil : try folder.signingKeys(for: KeyHistory(store: store, origin: origin), passphrase: passphrase)
        let heads = try folder.headFile(isReadOnly: false)
        return (
            store,
            try await ServiceHost.open(
                parts(store, heads, folder.tiles, clock, vault, keys), isWriter: true, asksAboutClock: asksAboutClock)
        )
    }

    private static func parts(
        _ store: SQLiteStore, _ heads: HeadFile, _ tiles: TileFolder, _ clock: SetClock, _ vault: Vault?,
        _ keys: SigningKeys?
    ) -> Parts {
        var logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        logger.logLevel = .critical
        return Parts(
            origin: origin, store: store, heads: heads, tiles: tiles, time: clock, seeds: StorySeeds(),
            phones: LibraryPhoneNumbers(),
            vault: vault,
            keys: keys, parsePolicy: { try PolicyFile.parse(String(decoding: $0, as: UTF8.self)).policy },
            logger: logger)
    }

    /// Closes everything and opens it again, as the next process would find it.
    func reopen(isKeyless: Bool = false) async throws {
        try store.close()
        hold = nil
        (store, host) = try await Self.open(path, clock, isKeyless: isKeyless)
    }

    /// A copy of the folder as it lies on disk, for telling two stories from one beginning.
    func copy(isKeyless: Bool = false) async throws -> Office {
        try store.settle()
        let target = FileManager.default.temporaryDirectory.appendingPathComponent("privity-\(UUID())").path
        try FileManager.default.copyItem(atPath: path, toPath: target)
        let copy = try await Office(
            opening: target, at: Date(timeIntervalSince1970: Double(clock.now().instantMilliseconds) / 1000),
            people: people,
            isKeyless: isKeyless)
        // A key of the copy is none that was used before it.
        copy.commandCount = commandCount
        return copy
    }

    func time(_ text: String) throws { clock.set(try #require(calendar.instant(ofLocal: text))) }

    func id(_ name: String) throws -> PersonID { try #require(people[name]) }

    private func key() -> String {
        commandCount += 1
        return "story \(commandCount)"
    }

    @discardableResult
    func add(
        _ name: String, _ fullName: String, _ surname: String, first: String, phone: String, roles: [Identity.Role],
        field: String = "nurse",
        coordinator: String? = nil, profile: [ProfileField: String] = [:]
    ) async throws -> PersonID {
        var person = NewPerson(
            fullName: fullName, surname: surname, firstName: first, phone: phone, roles: roles, field: field,
            isUnderContract: roles.contains(.participant), coordinator: coordinator.flatMap { people[$0] },
            profile: profile)
        // Many of a test's people share a name and a number.
        person.isAnotherPerson = true
        let outcome = try await service.add(person, key: key())
        let id = try #require(outcome.person)
        people[name] = id
        return id
    }

    /// Everybody, with three acknowledged mentors.
    func staffed() async throws -> Office {
        try await add(
            "maya", "Maya Lindqvist", "Lindqvist", first: "Maya", phone: "312-555-0100", roles: [.coordinator])
        try await add("omar", "Omar Haddad", "Haddad", first: "Omar", phone: "312-555-0101", roles: [.coordinator])
        try await add(
            "ada", "Ada Fairweather", "Fairweather", first: "Ada", phone: "312-555-0142", roles: [.participant],
            coordinator: "maya"
        )
        try await add(
            "eve", "Evelyn Castellanos", "Castellanos", first: "Eve", phone: "312-555-0146", roles: [.participant],
            coordinator: "maya")
        for (name, full, surname, phone) in [
            ("ben", "Benedict Okafor", "Okafor", "312-555-0143"),
            ("cleo", "Cleo Marchetti", "Marchetti", "312-555-0144"),
            ("dan", "Daniel Underhill", "Underhill", "312-555-0145"),
        ] {
            let id = try await add(
                name, full, surname, first: full.split(separator: " ").first.map(String.init) ?? "", phone: phone,
                roles: [.participant, .mentor], coordinator: "maya")
            _ = try await service.enroll(
                id,
                attestation: Attestation(attributes: [.inStanding], fields: ["nurse"]), capacity: 2,
                by: self.id("maya"), key: key()
            )
            let acknowledged = try await service.acknowledge(
                Actor(.person(id), channel: .screen), display: "\(name.capitalized) X.", key: key())
            #expect(acknowledged.refusal == nil)
            // They had mentors themselves, and so may be asked to talk about it.
            _ = try await service.enroll(
                id, as: .mentee, attestation: Attestation(attributes: [.hadMentor]), capacity: 0, by: self.id("maya"),
                key: key())
        }
        return self
    }

    /// A form that was signed today, scanned; no two are the same bytes.
    func paper(_ text: String = "a signed form") async throws -> Paper {
        Paper(bytes: Papers.pdf("\(text) \(key())"), signedOn: try await service.today())
    }

    /// One command; `who` is a name, its role follows from the name.
    @discardableResult
    func act(
        _ kind: CommandKind, _ who: String, on opener: String = "ada", workflow: String = "mentorship",
        via channel: Channel = .screen,
        through agent: String? = nil, key: String? = nil, _ adjust: (inout Submission) throws -> Void = { _ in }
    ) async throws -> Outcome {
        let person = try id(who)
        let isStaff = who == "maya" || who == "omar"
        let actor = Actor(
            isStaff ? .staff(person) : .person(person), agent: try agent.map { try id($0) }, channel: channel)
        var command = Submission(kind, workflow: workflow, opener: try id(opener), actor: actor, key: key ?? self.key())
        if kind == .completeSurvey {
            command.survey = Survey(sameField: .nice, answers: Answers(topics: [.balance]), understood: true)
        }
        if [.sign, .correct, .extend, .renew].contains(kind) {
            command.signing = .init(
                means: channel == .paper ? .paper : .screen, authenticatedBy: "signIn",
                paper: channel == .paper ? try await paper() : nil)
        }
        if [.sign, .correct, .extend, .renew].contains(kind) {
            // The signer reads what is offered and signs that.
            command.signing?.formDigest = try? await service.releaseText(
                of: id(opener), workflow: workflow, for: person, kind: kind
            ).digest
        }
        if kind == .ask { command.display = "Ada F." }
        try adjust(&command)
        return try await lookedAt(service.submit(command), filedBy: agent)
    }

    /// The outcome of a paper that was filed, once somebody else has looked at it: most stories are not about that.
    func lookedAt(_ filed: Outcome, filedBy agent: String?) async throws -> Outcome {
        guard filed.waits, looksAtPapers, let act = try await service.pendingActs().last?.act else { return filed }
        let other = try #require(["omar", "maya", "gwen"].first { $0 != agent && people[$0] != nil })
        return try await service.answerSecondHand(
            act.id, isConfirmed: true, reached: .face, by: id(other), key: key())
    }

    /// The same, which must succeed.
    @discardableResult
    func must(
        _ kind: CommandKind, _ who: String, on opener: String = "ada", workflow: String = "mentorship",
        via channel: Channel = .screen,
        through agent: String? = nil, key: String? = nil, _ adjust: (inout Submission) throws -> Void = { _ in },
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Outcome {
        let outcome = try await act(
            kind, who, on: opener, workflow: workflow, via: channel, through: agent, key: key, adjust)
        #expect(outcome.refusal == nil, "\(kind) by \(who)", sourceLocation: sourceLocation)
        return outcome
    }

    /// Takes a mentorship of `opener` with `mentor` to `state`.
    @discardableResult
    func go(to state: String, _ opener: String = "ada", with mentor: String = "ben") async throws -> Outcome {
        let last = try await must(.request, opener, on: opener)
        if state == "requested" { return last }
        return try await goFromSurvey(to: state, opener, with: mentor)
    }

    /// Ends the mentorship of `opener`, asks for another one and takes that to `state` with `mentor`.
    @discardableResult
    func goAgain(to state: String, _ opener: String = "ada", with mentor: String) async throws -> Outcome {
        try await must(.end, opener, on: opener)
        try await must(.rematch, opener, on: opener)
        return try await goFromSurvey(to: state, opener, with: mentor)
    }

    private func goFromSurvey(to state: String, _ opener: String, with mentor: String) async throws -> Outcome {
        var last = try await must(.completeSurvey, opener, on: opener)
        if state == "surveyed" { return last }
        let id = try id(mentor)
        last = try await must(.propose, "maya", on: opener) { $0.person = id }
        if state == "proposed" { return last }
        try await must(.acceptSlot, mentor, on: opener)
        last = try await must(.offer, "maya", on: opener)
        if state == "offered" { return last }
        last = try await must(.sign, opener, on: opener)
        if state == "signed" { return last }
        return try await must(.disclose, "maya", on: opener)
    }

    func look(_ reader: String, on opener: String = "ada", workflow: String = "mentorship") async throws -> CardView {
        try await service.look(id(opener), workflow: workflow, reader: id(reader))
    }

    func audit() throws -> AuditReport {
        try auditStore(store, heads: folder.headFile(isReadOnly: true), origin: Self.origin)
    }

    /// The keys that sign now, as the folder holds them.
    func signers() throws -> SigningKeys {
        try folder.signingKeys(for: KeyHistory(store: store, origin: Self.origin), passphrase: Self.passphrase)
    }

    /// What an auditor is given, in a folder of its own beside the data.
    struct Exported {
        let path: String
        let size: Int
        var folder: TileFolder { TileFolder(path) }

        var files: [(path: String, bytes: [UInt8])] {
            get throws { try folder.paths().map { ($0, try folder.bytes(of: $0, atMost: 1 << 24) ?? []) } }
        }

        var entries: [[UInt8]] {
            get throws {
                let reader = TileReader(folder, size: size)
                return try (0..<size).map { try reader.entry($0) }
            }
        }
    }

    func export(before day: CivilDate? = nil, into path: String? = nil) throws -> Exported {
        let path = path ?? "\(self.path)/export-\(UUID())"
        let export = AuditExport(
            store, heads: try folder.headFile(isReadOnly: true), origin: Self.origin, signer: try signers().record)
        return Exported(path: path, size: try export.write(to: TileFolder(path), before: day))
    }

    /// Runs SQL in a connection of its own, as somebody with the file would.
    func tamper(_ sql: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sqlite3")
        process.arguments = [folder.databasePath, sql]
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = Pipe()
        try process.run()
        process.waitUntilExit()
        let message = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(process.terminationStatus == 0, "\(message)")
    }

    /// Every byte of every file of the folder.
    func bytesOnDisk() throws -> [String: Data] {
        var files: [String: Data] = [:]
        let walker = try #require(FileManager.default.enumerator(atPath: path))
        for case let name as String in walker {
            if let data = FileManager.default.contents(atPath: "\(path)/\(name)") { files[name] = data }
        }
        return files
    }
}
