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

@testable import ReleaseService

/// A head file whose sync can be held, as a slow disk would.
private final class HeldHeads: CheckpointStore {
    private let inner: HeadFile
    private let isHeld = Mutex(false)
    private let reached: AsyncStream<Void>.Continuation
    private let gate = DispatchSemaphore(value: 0)
    let arrivals: AsyncStream<Void>

    init(_ inner: HeadFile) {
        self.inner = inner
        (arrivals, reached) = AsyncStream.makeStream()
    }

    func hold() { isHeld.withLock { $0 = true } }
    func letGo() {
        isHeld.withLock { $0 = false }
        gate.signal()
    }
    func read() throws -> SignedHead? { try inner.read() }
    func replace(_ old: SignedHead?, with new: SignedHead) throws {
        if isHeld.withLock({ $0 }) {
            reached.yield()
            gate.wait()
        }
        try inner.replace(old, with: new)
    }
}

@Suite("Reading beside the writer")
struct ReadingTests {
    @Test(
        "while the writer waits for its disk a board, a case and a receipt are read; what is not yet covered by a head is pending, never shown as a receipt (E10, E18)",
        .timeLimit(.minutes(45)))
    func heldInSync() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "signed", "eve", with: "cleo")
        try await office.go(to: "offered")
        let (ada, eve, maya) = (try office.id("ada"), try office.id("eve"), try office.id("maya"))
        try office.store.close()
        let store = try SQLiteStore(path: office.folder.databasePath, isReadOnly: false)
        let heads = HeldHeads(try office.folder.headFile(isReadOnly: false))
        let host = try await ServiceHost.open(
            Parts(
                origin: Office.origin, store: store, heads: heads, tiles: office.folder.tiles, time: office.clock,
                seeds: StorySeeds(), phones: LibraryPhoneNumbers(),
                vault: office.folder.vault(passphrase: Office.passphrase, isReadOnly: false),
                keys: office.folder.signingKeys(
                    for: KeyHistory(store: store, origin: Office.origin), passphrase: Office.passphrase),
                parsePolicy: { try PolicyFile.parse(String(decoding: $0, as: UTF8.self)).policy },
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })), isWriter: true)
        let service = host.service(for: .operator)
        let text = try await service.releaseText(of: ada, workflow: "mentorship", for: ada)
        var command = Submission(
            .sign, workflow: "mentorship", opener: ada, actor: Actor(.person(ada), channel: .screen), key: "held")
        command.signing = Signing(means: .screen, authenticatedBy: "signIn", formDigest: text.digest)
        let (size, signed) = (host.logSize, command)
        heads.hold()
        let signing = Task { try await service.submit(signed) }
        for await _ in heads.arrivals { break }

        // The commit is durable, its head is not: nothing below waits for it.
        let board = try await host.service(for: .person(maya, .staff)).board(of: maya, after: nil, count: 25)
        #expect(board.lines.count >= 2)
        let own = host.service(for: .person(ada, .person))
        let lines = try await own.cases(of: ada)
        let line = try #require(lines.first { $0.view.workflow == "mentorship" && $0.opener == ada })
        let page = try await own.page(line.handle, of: ada)
        #expect(host.logSize == size, "the head still covers what it covered")
        let release = try #require(page.releases.last)
        let pending = try await own.ownReceipt(release, for: ada)
        #expect(pending.receipts.isEmpty && pending.isPending, "recorded, receipt pending")
        let eveLines = try await host.service(for: .person(eve, .person)).cases(of: eve)
        let eveLine = try #require(eveLines.first { $0.opener == eve })
        let evePage = try await host.service(for: .person(eve, .person)).page(eveLine.handle, of: eve)
        let older = try #require(evePage.releases.last)
        #expect(try await host.service(for: .person(eve, .person)).ownReceipt(older, for: eve).receipts.count == 1)

        heads.letGo()
        let outcome = try await signing.value
        #expect(outcome.refusal == nil && outcome.receipts.count == 1)
        #expect(host.logSize == size + 1)
        #expect(try await own.ownReceipt(release, for: ada).receipts.count == 1)
        try store.close()
    }
}

/// Ten thousand commands, one by one and many at a time, must come to the same (E30).
@Suite("Singly and together")
struct SameEitherWayTests {
    private struct Told {
        let answers: [String]
        let entries: [[UInt8]]
        let cases: [String]
    }

    private static let openers = (0..<40).map { "p\($0)" }
    private static let mentors = ["ben", "cleo", "dan"]

    private func office() async throws -> Office {
        let office = try await Office().staffed()
        // One name for all: what they sign then differs by the mentor alone.
        for name in Self.openers {
            try await office.add(
                name, "Person Example", "Example", first: "Person", phone: "312-555-0150", roles: [.participant],
                coordinator: "maya")
        }
        for mentor in Self.mentors {
            let outcome = try await office.service.enroll(
                office.id(mentor), attestation: Attestation(attributes: [.inStanding], fields: ["nurse"]), capacity: 20,
                by: office.id("maya"), key: "room for \(mentor)")
            #expect(outcome.refusal == nil)
        }
        return office
    }

    /// The digest of what each would sign with each mentor: the text depends on nothing else on one day.
    private func digests(_ office: Office) async throws -> [String: String] {
        var digests: [String: String] = [:]
        for mentor in Self.mentors {
            let copy = try await office.copy()
            try await copy.go(to: "offered", "p0", with: mentor)
            let id = try copy.id("p0")
            digests[mentor] = try await copy.service.releaseText(of: id, workflow: "mentorship", for: id).digest
            try copy.store.close()
            try FileManager.default.removeItem(atPath: copy.path)
        }
        return digests
    }

    private func commands(_ office: Office, _ count: Int) async throws -> [Submission] {
        let digests = try await digests(office)
        var random = SplitMix(seed: 20_261_126)
        func any<Element>(_ list: [Element]) -> Element { list[Int(random.next() % UInt64(list.count))] }
        // What moves a case on is tried more often than what ends it.
        let own =
            Array(repeating: [CommandKind.request, .completeSurvey, .sign, .sign, .rematch], count: 4).flatMap(\.self)
            + [.rescind, .end, .decline]
        let staffs =
            Array(repeating: [CommandKind.propose, .offer, .disclose], count: 6).flatMap(\.self) + [
                .withdrawProposal, .correct,
            ]
        let mentors = Array(repeating: CommandKind.acceptSlot, count: 10) + [.slotUnavailable, .end]
        return try (0..<count).map { number in
            let opener = any(Self.openers)
            let usual = Self.mentors[opener.utf8.reduce(0) { $0 + Int($1) } % 3]
            let mentor = any([usual, usual, any(Self.mentors)])
            let turn = any([0, 1, 2])
            let kind = turn == 0 ? any(own) : turn == 1 ? any(staffs) : any(mentors)
            let who = turn == 0 ? opener : turn == 1 ? "maya" : mentor
            let principal: Principal = turn == 1 ? .staff(try office.id(who)) : .person(try office.id(who))
            // Now and then a key comes a second time.
            let key =
                any([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) == 0 && number > 10
                ? number - 1 - any([0, 1, 2, 3, 4, 5, 6, 7]) : number
            var command = Submission(
                kind, workflow: "mentorship", opener: try office.id(opener), actor: Actor(principal, channel: .screen),
                key: "random \(key)")
            if kind == .completeSurvey {
                command.survey = Survey(sameField: .nice, answers: Answers(topics: [.balance]), understood: true)
            }
            if kind == .propose { command.person = try office.id(mentor) }
            if kind == .sign {
                command.signing = Signing(
                    means: .screen, authenticatedBy: "signIn", formDigest: digests[mentor] ?? "")
            }
            return command
        }
    }

    private func answer(_ result: Result<Outcome, any Error>) -> String {
        switch result {
        case .success(let outcome):
            "\(outcome.refusalCode ?? "done") \(outcome.isReplay) \(outcome.records) \(outcome.state ?? "") \(outcome.release.map { "\($0)" } ?? "") \(outcome.receipts.count)"
        case .failure(let error): "\(error)"
        }
    }

    private func told(_ office: Office, _ answers: [String]) async throws -> Told {
        var cases: [String] = []
        for opener in Self.openers {
            cases.append(
                "\(opener): \((try? office.host.service(for: .operator).state(of: office.id(opener))).map { "\($0)" } ?? "none")"
            )
        }
        // What was kept from command to command is what the rows say when they are read anew.
        try await office.reopen()
        for (opener, warm) in zip(Self.openers, cases) {
            let cold = (try? office.host.service(for: .operator).state(of: office.id(opener))).map { "\($0)" } ?? "none"
            #expect(warm == "\(opener): \(cold)")
        }
        let entries = try office.store.read { try $0.entries(from: 0, count: .max) }
        #expect(try office.audit().isVerified)
        return Told(answers: answers, entries: entries, cases: cases)
    }

    @Test(
        "a signature and the disclosure that rests on it may arrive together: the second waits for the head over the first (E10, E20)"
    )
    func oneBatch() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        let (ada, maya) = (try office.id("ada"), try office.id("maya"))
        let text = try await office.service.releaseText(of: ada, workflow: "mentorship", for: ada)
        var sign = Submission(
            .sign, workflow: "mentorship", opener: ada, actor: Actor(.person(ada), channel: .screen), key: "one")
        sign.signing = Signing(means: .screen, authenticatedBy: "signIn", formDigest: text.digest)
        let disclose = Submission(
            .disclose, workflow: "mentorship", opener: ada, actor: Actor(.staff(maya), channel: .screen), key: "two")
        let rescind = Submission(
            .rescind, workflow: "mentorship", opener: ada, actor: Actor(.person(ada), channel: .screen), key: "three")
        let service = office.service
        let tasks = [sign, disclose, rescind].map { command in Task.immediate { try await service.submit(command) } }
        for task in tasks {
            let outcome = try await task.value
            #expect(
                outcome.refusal == nil && outcome.receipts.count == outcome.records.count && !outcome.records.isEmpty)
        }
        await #expect(throws: Refusal.cardClosed) { try await office.look("ben") }
        #expect(try office.audit().isVerified)
    }

    @Test(
        "ten thousand random commands singly and in random batches end in the same state, log and answers (E2, E30)",
        .timeLimit(.minutes(45)))
    func random() async throws {
        let count = ProcessInfo.processInfo.environment["PRIVITY_SOAK"] != nil ? 50_000 : 10_000
        let singly = try await office()
        let together = try await singly.copy()
        defer { try? FileManager.default.removeItem(atPath: together.path) }
        let commands = try await commands(singly, count)

        var one: [String] = []
        for command in commands {
            do { one.append(answer(.success(try await singly.service.submit(command)))) } catch {
                one.append(answer(.failure(error)))
            }
        }

        var many: [String] = []
        var random = SplitMix(seed: 7)
        var rest = commands[...]
        let service = together.service
        while !rest.isEmpty {
            let batch = Array(rest.prefix(1 + Int(random.next() % 40)))
            rest = rest.dropFirst(batch.count)
            // Started at once and in order: each runs up to the writer's queue before the next is started.
            let tasks = batch.map { command in Task.immediate { try await service.submit(command) } }
            for task in tasks { many.append(answer(await task.result)) }
        }
        let (left, right) = (try await told(singly, one), try await told(together, many))
        let first = zip(left.answers, right.answers).enumerated().first { $0.element.0 != $0.element.1 }
        #expect(first == nil)
        #expect(left.answers.count == count && right.answers.count == count)
        let (sameEntries, sameCases) = (left.entries == right.entries, left.cases == right.cases)
        #expect(sameEntries && sameCases)
        // It was worth telling: releases were signed, cards opened, ended and taken back, and most batches held more than one.
        #expect(left.entries.count > 60)
        #expect(Set(left.answers.map { $0.split(separator: " ").first.map(String.init) ?? "" }).count > 4)
    }
}
