import Cryptography
import FolderDriver
import Foundation
import Logging
import PhoneNumbers
import PolicyFile
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Synchronization
import Testing
import TransparencyLog

@testable import ReleaseService

/// A store that fails when it is told to, after its body ran: as a disk does that is full, or that does not confirm.
private final class FailingStore: Store {
    struct Failure: Error {}
    private let inner: SQLiteStore
    let failures = Mutex(0)
    let commits = Mutex(0)

    init(_ inner: SQLiteStore) { self.inner = inner }

    func write<R>(_ body: (any StoreWriter) throws -> R) throws -> R {
        try inner.write { tx in
            let result = try body(tx)
            let fails = failures.withLock { left in
                left -= left > 0 ? 1 : 0
                return left > 0
            }
            if fails { throw Failure() }
            commits.withLock { $0 += 1 }
            return result
        }
    }

    func read<R>(_ body: (any StoreReader) throws -> R) throws -> R { try inner.read(body) }
    func rewrite() throws { try inner.rewrite() }
    func settle() throws { try inner.settle() }
}

/// A head file whose disk stops confirming.
private final class FailingHeads: CheckpointStore {
    struct Failure: Error, CustomStringConvertible { let description = "the disk does not confirm" }
    private let inner: HeadFile
    let fails = Mutex(false)

    init(_ inner: HeadFile) { self.inner = inner }
    func read() throws -> SignedHead? { try inner.read() }
    func replace(_ old: SignedHead?, with new: SignedHead) throws {
        if fails.withLock({ $0 }) { throw Failure() }
        try inner.replace(old, with: new)
    }
}

@Suite("Commands that arrive together")
struct BatchTests {
    private struct Opened {
        let store: FailingStore
        let heads: FailingHeads
        let service: ReleaseService
    }

    /// The office's folder, opened with parts that can fail.
    private func open(_ office: Office) async throws -> Opened {
        try office.store.close()
        let folder = office.folder
        let inner = try SQLiteStore(path: folder.databasePath, isReadOnly: false)
        let store = FailingStore(inner)
        let heads = FailingHeads(try folder.headFile(isReadOnly: false))
        let host = try await ServiceHost.open(
            Parts(
                origin: Office.origin, store: store, heads: heads, tiles: folder.tiles, time: office.clock,
                seeds: StorySeeds(),
                phones: LibraryPhoneNumbers(), vault: folder.vault(passphrase: Office.passphrase, isReadOnly: false),
                keys: folder.signingKeys(
                    for: KeyHistory(store: inner, origin: Office.origin), passphrase: Office.passphrase),
                parsePolicy: { try PolicyFile.parse(String(decoding: $0, as: UTF8.self)).policy },
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })), isWriter: true)
        return Opened(store: store, heads: heads, service: host.service(for: .operator))
    }

    private func audit(_ opened: Opened) throws -> AuditReport {
        try auditStore(opened.store, heads: opened.heads, origin: Office.origin)
    }

    @Test(
        "sixty-four callers share commits, each gets its own receipt under one head, and the log is as if they had come one by one"
    )
    func together() async throws {
        let office = try await Office().staffed()
        let opened = try await open(office)
        let (before, size) = (opened.store.commits.withLock { $0 }, opened.service.checkpoint.size)
        let ben = try office.id("ben")
        let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
            for number in 0..<64 {
                group.addTask {
                    try await opened.service.acknowledge(
                        Actor(.person(ben), channel: .screen), display: "Ben \(number)", key: "together \(number)")
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let commits = opened.store.commits.withLock { $0 } - before
        #expect(commits < 32, "\(commits) commits for 64 commands")
        #expect(outcomes.allSatisfy { $0.refusal == nil && !$0.isReceiptPending && $0.receipts.count == 1 })
        #expect(Set(outcomes.flatMap(\.records)) == Set(size..<size + 64))
        let key = opened.service.keyHistory.currentLog
        for outcome in outcomes {
            for receipt in outcome.receipts {
                #expect(
                    try EntryProof(parsing: receipt.proof).verify(entry: receipt.record, by: key).size > receipt.index)
            }
        }
        #expect(try audit(opened).findings == [])
        #expect(try await opened.service.audit().findings == [])
    }

    @Test(
        "in one commit a refusal undoes its own command alone, later commands see earlier ones, and one key is carried out once"
    )
    func refusalsAndKeys() async throws {
        let office = try await Office().staffed()
        let opened = try await open(office)
        let (ada, eve) = (try office.id("ada"), try office.id("eve"))
        func command(_ kind: CommandKind, _ who: PersonID, key: String) -> Submission {
            Submission(
                kind, workflow: "mentorship", opener: who, actor: Actor(.person(who), channel: .screen), key: key)
        }
        let commits = opened.store.commits.withLock { $0 }
        // The same request twice under one key, a second under another, an impossible one, and somebody else's.
        let commands = [
            command(.request, ada, key: "a"), command(.request, ada, key: "a"), command(.request, ada, key: "b"),
            command(.end, ada, key: "c"), command(.request, eve, key: "d"), command(.end, ada, key: "a"),
        ]
        let outcomes = try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
            for (index, command) in commands.enumerated() {
                group.addTask { (index, try await opened.service.submit(command)) }
            }
            return try await group.reduce(into: [Int: Outcome]()) { $0[$1.0] = $1.1 }
        }
        #expect(opened.store.commits.withLock { $0 } - commits < commands.count)
        let done = [0, 1, 2].compactMap { outcomes[$0] }.filter { $0.refusal == nil && !$0.isReplay }
        #expect(done.count == 1, "a person asks once")
        #expect(outcomes[3]?.refusal != nil && outcomes[4]?.state == "requested")
        #expect(outcomes.values.filter { $0.refusalCode == Refusal.keyReused.code }.count >= 1)
        let view = try await opened.service.view(of: ada, workflow: "mentorship", as: .mentee, viewer: ada)
        #expect(view.state == "requested")
    }

    @Test(
        "a failure of the machinery fails the batch, and each command is then tried alone: one damaged case keeps nobody else"
    )
    func damagedInABatch() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try office.store.settle()
        try office.tamper("UPDATE case_event SET sealed = zeroblob(64) WHERE sequence = 0")
        let opened = try await open(office)
        let (ada, eve, ben) = (try office.id("ada"), try office.id("eve"), try office.id("ben"))
        let results = await withTaskGroup(of: (String, Result<Outcome, any Error>).self) { group in
            group.addTask {
                let command = Submission(
                    .end, workflow: "mentorship", opener: ada, actor: Actor(.person(ada), channel: .screen),
                    key: "damaged")
                do { return ("ada", .success(try await opened.service.submit(command))) } catch {
                    return ("ada", .failure(error))
                }
            }
            group.addTask {
                let command = Submission(
                    .request, workflow: "mentorship", opener: eve, actor: Actor(.person(eve), channel: .screen),
                    key: "sound")
                do { return ("eve", .success(try await opened.service.submit(command))) } catch {
                    return ("eve", .failure(error))
                }
            }
            group.addTask {
                do {
                    return (
                        "ben",
                        .success(
                            try await opened.service.acknowledge(
                                Actor(.person(ben), channel: .screen), display: "Ben", key: "own"))
                    )
                } catch { return ("ben", .failure(error)) }
            }
            return await group.reduce(into: [String: Result<Outcome, any Error>]()) { $0[$1.0] = $1.1 }
        }
        #expect(throws: MachineryError.self) { try results["ada"]?.get() }
        #expect(try results["eve"]?.get().state == "requested")
        #expect(try results["ben"]?.get().records.count == 1)
        #expect(try audit(opened).findings == [])
    }

    @Test(
        "a commit that the disk does not confirm stops signing: what opens is refused, what closes is still taken, and opening again recovers"
    )
    func failedCommit() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let opened = try await open(office)
        let (ada, ben) = (try office.id("ada"), try office.id("ben"))
        opened.store.failures.withLock { $0 = 2 }
        await #expect(throws: FailingStore.Failure.self) {
            try await opened.service.acknowledge(Actor(.person(ben), channel: .screen), display: "Ben", key: "x")
        }
        #expect(opened.service.stopped?.contains("storage failed") == true)
        let refused = try await opened.service.acknowledge(
            Actor(.person(ben), channel: .screen), display: "Ben", key: "x")
        #expect(refused.refusalCode == Refusal.notSigning.code)
        await #expect(throws: Refusal.cardClosed) {
            try await opened.service.look(ada, workflow: "mentorship", reader: ben)
        }
        let rescission = Submission(
            .rescind, workflow: "mentorship", opener: ada, actor: Actor(.person(ada), channel: .screen), key: "r")
        let taken = try await opened.service.submit(rescission)
        #expect(taken.refusal == nil && taken.isReceiptPending)
        let again = try await open(office)
        #expect(again.service.stopped == nil)
        #expect(try audit(again).counts["rescission"] == 1)
        #expect(try audit(again).findings == [])
    }

    @Test(
        "a head file that the disk does not confirm stops signing: every caller of the batch is told that the receipt is pending, and nothing is lost"
    )
    func failedHead() async throws {
        let office = try await Office().staffed()
        let opened = try await open(office)
        let ben = try office.id("ben")
        let size = opened.service.checkpoint.size
        opened.heads.fails.withLock { $0 = true }
        let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
            for number in 0..<8 {
                group.addTask {
                    try await opened.service.acknowledge(
                        Actor(.person(ben), channel: .screen), display: "Ben \(number)", key: "head \(number)")
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let pending = outcomes.filter { $0.refusal == nil }
        #expect(!pending.isEmpty && pending.allSatisfy { $0.isReceiptPending && $0.receipts.isEmpty })
        #expect(outcomes.filter { $0.refusal != nil }.allSatisfy { $0.refusalCode == Refusal.notSigning.code })
        #expect(opened.service.checkpoint.size == size)
        opened.heads.fails.withLock { $0 = false }
        let again = try await open(office)
        #expect(again.service.checkpoint.size == size + pending.count)
        let replay = try await again.service.acknowledge(
            Actor(.person(ben), channel: .screen), display: "Ben 0", key: "head 0")
        #expect(replay.receipts.count == 1)
        #expect(try audit(again).findings == [])
    }

    @Test("whoever is erased is gone for the next command, though both arrived together")
    func erasureEndsABatch() async throws {
        let office = try await Office().staffed()
        let opened = try await open(office)
        let eve = try office.id("eve")
        let (erased, asked) = try await withThrowingTaskGroup(of: (Bool, Outcome).self) { group in
            group.addTask { (true, try await opened.service.erase(eve, key: "erase")) }
            group.addTask {
                await Task.yield()
                let command = Submission(
                    .request, workflow: "mentorship", opener: eve, actor: Actor(.person(eve), channel: .screen),
                    key: "ask")
                return (false, try await opened.service.submit(command))
            }
            let all = try await group.reduce(into: [Bool: Outcome]()) { $0[$1.0] = $1.1 }
            return (try #require(all[true]), try #require(all[false]))
        }
        // Whichever came first decides, and the other is refused: never a draft of somebody who is gone.
        #expect((erased.refusal == nil) != (asked.refusal == nil))
        if erased.refusal == nil { #expect(try opened.store.read { try $0.drafts().isEmpty }) }
    }

    @Test(
        "a rescission by code whose case does not verify keeps its release closed and holds up nobody else"
    )
    func pendingThatStays() async throws {
        let office = try await Office().staffed()
        let code = try #require(try await office.go(to: "signed").rescindCode)
        try await office.must(.disclose, "maya")
        try office.tamper("UPDATE mentoring_case SET tip = zeroblob(32)")
        _ = try ServiceHost.rescind(typedCode: code, store: office.store, time: office.clock)
        #expect(try office.store.read { try $0.pending().count } == 1)
        // Alone, and many at once.
        try await office.must(.request, "eve", on: "eve")
        let (service, maya) = (office.service, try office.id("maya"))
        let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
            for number in 0..<8 {
                group.addTask {
                    try await service.add(
                        NewPerson(
                            fullName: "Grace Holloway", surname: "Holloway", firstName: "Grace",
                            phone: "312-555-01\(60 + number)", roles: [.participant], field: "nurse",
                            isUnderContract: true, coordinator: maya), key: "new \(number)")
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count == 8 && outcomes.allSatisfy { $0.refusal == nil })
        #expect(try office.store.read { try $0.pending().count } == 1)
        await #expect(throws: Refusal.self) { try await office.look("ben") }
    }
}
