import Cryptography
import FolderDriver
import Foundation
import GRDB
import Logging
import Matching
import PhoneNumbers
import PolicyFile
import ReleaseLedger
import ReleaseService
import ReleaseWorkflow
import SQLiteDriver
import TransparencyLog

// Measures Privity beside the limits it runs against, in one process and one run; prints ratios. `make bench`.
//
// Ends at once, with the reason, where its own story cannot be told.

/// Seconds that `body` takes.
func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    try body()
    return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
}

func rate(_ count: Int, _ time: Double) -> String { String(format: "%.0f/s", Double(count) / time) }

func percent(_ part: Double, of whole: Double) -> String { String(format: "%.0f%%", 100 * part / whole) }

/// The most memory this process ever held, in MiB.
func peakMemory() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss / 1024
}

// `privity-bench [matching | keys | callers [cases] | audit [records] | web [people [cases]]]`; without a word, everything but a million records.

let words = Array(CommandLine.arguments.dropFirst())
switch words.first {
case "matching":
    try MatchingBench().run()
    exit(0)
case "keys":
    try KeysBench().run()
    exit(0)
case "audit":
    try await AuditBench(count: words.count > 1 ? Int(words[1]) ?? 1_000_000 : 1_000_000).run()
    exit(0)
case "web":
    try await WebBench(
        count: words.count > 1 ? Int(words[1]) ?? 1000 : 1000,
        rows: words.count > 2 ? Int(words[2]) ?? 1_000_000 : 1_000_000
    ).run()
    exit(0)
case "web-serve":
    try await WebBench.serve(words[1])
    exit(0)
case "fsck", "verify":
    try AuditBench.child(words[0], words[1])
    exit(0)
default: break
}

let text = try String(contentsOfFile: "Policies/mphp.yaml", encoding: .utf8)
let parsed = try PolicyFile.parse(text)
let loaded = LoadedPolicy(policy: parsed.policy, digest: SHA256.hash(parsed.canonical))

// 1. The proof of each workflow.
let isWhole = words.first != "callers"
if isWhole { print("policy proof (aim: under one second)") }
for name in !isWhole ? [] : ["mphp", "icb", "sgv-camft", "structured", "mscsw"] {
    let other = try PolicyFile.parse(String(contentsOfFile: "Policies/\(name).yaml", encoding: .utf8))
    let loaded = LoadedPolicy(policy: other.policy, digest: SHA256.hash(other.canonical))
    for workflow in other.policy.workflows {
        var states = 0
        let time = seconds { states = prove(loaded, workflow: workflow).stateCount }
        print("  \(name) \(workflow.id): \(String(format: "%.3f", time)) s, \(states) states")
    }
}

// 2. Decisions of the pure core: authorize, decide and evolve through a whole case, again and again.
func decisions(_ rounds: Int) throws -> Int {
    guard let workflow = parsed.policy.workflow("mentorship") else { return 0 }
    let (ada, ben, maya) = (PersonID(high: 0, low: 1), PersonID(high: 0, low: 2), PersonID(high: 0, low: 3))
    guard let today = CivilDate(year: 2026, month: 1, day: 5) else { return 0 }
    let moment = Moment(instantMilliseconds: 0, date: today)
    var count = 0
    for round in 0..<rounds {
        let id = UInt64(round)
        let steps: [(Command, Principal)] = [
            (.request(RoundID(high: 1, low: id)), .person(ada)), (.completeSurvey, .person(ada)),
            (.propose(ben), .staff(maya)),
            (.acceptSlot, .person(ben)), (.offer, .staff(maya)), (.sign(ReleaseID(high: 2, low: id)), .person(ada)),
            (.disclose, .staff(maya)), (.recordCall, .person(ben)), (.end, .person(ben)), (.rescind(nil), .person(ada)),
        ]
        var state = State(opener: ada, position: workflow.initial)
        for (command, principal) in steps {
            let actor = Actor(principal, channel: .screen)
            let authorized = try authorize(
                command, by: actor, in: state, under: loaded, workflow: workflow, given: .all, at: moment)
            let events = try decide(authorized, in: state, under: loaded, workflow: workflow, given: .all, at: moment)
            state = evolve(state, events)
            count += 1
        }
    }
    return count
}
_ = try decisions(isWhole ? 2000 : 0)
var decided = 0
let decisionTime = try seconds { decided = try decisions(isWhole ? 50_000 : 0) }
if isWhole {
    print(
        "decisions of the pure core: \(rate(decided, decisionTime)) (aim: 1,000,000/s: \(percent(Double(decided) / decisionTime, of: 1e6)))"
    )
}

// 3. The limits: raw commits of SQLite with full sync, raw syncs of a preallocated file, raw Ed25519 signing.
let place = FileManager.default.temporaryDirectory.appendingPathComponent("privity-bench-\(UUID())").path
try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: place) }

func rawCommits(_ count: Int) throws -> Double {
    let pool = try DatabasePool(path: "\(place)/raw-\(UUID()).sqlite")
    try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    try pool.write { try $0.execute(sql: "CREATE TABLE entry (position INTEGER PRIMARY KEY, note BLOB NOT NULL)") }
    let note = Data(repeating: 7, count: 700)
    return try seconds {
        for index in 0..<count {
            try pool.write { database in
                let statement = try database.cachedStatement(sql: "INSERT INTO entry (position, note) VALUES (?, ?)")
                try statement.execute(arguments: [index, note])
            }
        }
    }
}

func rawSyncs(_ count: Int) throws -> Double {
    let descriptor = open("\(place)/raw-\(UUID()).head", O_RDWR | O_CREAT, 0o600)
    let slot = [UInt8](repeating: 1, count: 4096)
    _ = pwrite(descriptor, slot, slot.count, 0)
    _ = pwrite(descriptor, slot, slot.count, 4096)
    fsync(descriptor)
    defer { close(descriptor) }
    return seconds {
        for index in 0..<count {
            _ = pwrite(descriptor, slot, slot.count, off_t(4096 * (index % 2)))
            fdatasync(descriptor)
        }
    }
}

func rawSignatures(_ count: Int) throws -> Double {
    let key = try SigningKey.generate()
    let message = [UInt8](repeating: 7, count: 700)
    return try seconds { for _ in 0..<count { _ = try key.sign(message) } }
}

// 4. The one road: a person asks, is matched, signs, is disclosed, ends and rescinds. One caller; only the record-bearing commands are timed.
let folder = Folder("\(place)/data")
let passphrase = SecretBytes(copying: Array("a passphrase for measuring".utf8))
let (keys, recovery) = try folder.create(origin: "example.org/mphp", passphrase: passphrase)
guard let calendar = ZoneCalendar(zone: parsed.policy.timeZone) else { fatalError("no time zone data on this machine") }
let store = try SQLiteStore(path: folder.databasePath, isReadOnly: false)
let parts = Parts(
    origin: "example.org/mphp", store: store, heads: try folder.headFile(isReadOnly: false, creates: true),
    time: MachineClock(calendar),
    seeds: RandomSeeds(), phones: LibraryPhoneNumbers(),
    vault: try folder.vault(passphrase: passphrase, isReadOnly: false),
    keys: keys,
    parsePolicy: { try PolicyFile.parse(String(decoding: $0, as: UTF8.self)).policy },
    logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
try ServiceHost.initialize(parts, policy: parsed.canonical, recovery: recovery)
let service = try await ServiceHost.open(parts, isWriter: true).service(for: .operator)

let maya = try await service.enter("Maya", "312-555-0100", [.coordinator], coordinator: nil)
let ben = try await service.enter("Ben", "312-555-0143", [.mentor], coordinator: maya)
let attestation = Attestation(attributes: [.inStanding, .activeInRecovery, .guidedOthers], fields: ["nurse"])
_ = try await service.enroll(ben, attestation: attestation, capacity: 20, by: maya, key: nil)
_ = try await service.acknowledge(Actor(.person(ben), channel: .screen), display: "Ben", key: nil)

@MainActor func act(
    _ kind: CommandKind, _ opener: PersonID, _ principal: Principal, _ change: (inout Submission) -> Void = { _ in }
) async throws {
    var command = Submission(kind, workflow: "mentorship", opener: opener, actor: Actor(principal, channel: .screen))
    change(&command)
    let outcome = try await service.submit(command)
    if let refusal = outcome.refusal { fatalError("the benchmark's story is refused: \(kind): \(refusal)") }
}

/// Seconds spent in each record-bearing command.
var spent: [CommandKind: Double] = [:]
@MainActor func timed(
    _ kind: CommandKind, _ opener: PersonID, _ principal: Principal, _ change: (inout Submission) -> Void = { _ in }
) async throws {
    let start = DispatchTime.now().uptimeNanoseconds
    try await act(kind, opener, principal, change)
    spent[kind, default: 0] += Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
}

let callers = CallersBench(
    service: service, coordinator: maya, databasePath: folder.databasePath, place: place,
    filler: words.first == "callers" && words.count > 1 ? Int(words[1]) ?? 0 : 1000)
if words.first == "callers" {
    try await callers.run()
    try FileManager.default.removeItem(atPath: place)
    exit(0)
}

let cases = 300
for number in 0..<(cases + 20) {
    if number == 20 { spent = [:] }
    let ada = try await service.enter("Ada", "312-555-0142", [.participant], coordinator: maya)
    try await act(.request, ada, .person(ada))
    try await act(.completeSurvey, ada, .person(ada)) {
        $0.survey = Survey(sameField: .no, answers: Answers(topics: [.stress]), understood: true)
    }
    try await act(.propose, ada, .staff(maya)) { $0.person = ben }
    try await act(.acceptSlot, ada, .person(ben))
    try await act(.offer, ada, .staff(maya))
    let read = try await service.releaseText(of: ada, workflow: "mentorship", for: ada)
    try await timed(.sign, ada, .person(ada)) {
        $0.signing = .init(means: .screen, authenticatedBy: "signIn", formDigest: read.digest)
    }
    try await timed(.disclose, ada, .staff(maya))
    try await timed(.end, ada, .person(ben))
    try await timed(.rescind, ada, .person(ada))
}

// The limits, measured before and after in turn would drift with the machine: measured here, right after, three times each.
let count = 1200
let commits = try (0..<3).map { _ in try rawCommits(count) }.sorted()[1]
let syncs = try (0..<3).map { _ in try rawSyncs(count) }.sorted()[1]
let signatures = try (0..<3).map { _ in try rawSignatures(count) }.sorted()[1]
let commitRate = Double(count) / commits
print(
    "limits: raw SQLite commits \(rate(count, commits)), raw head-file syncs \(rate(count, syncs)), raw Ed25519 signatures \(rate(count, signatures))"
)
let both = 1 / (commits / Double(count) + syncs / Double(count) + 2 * signatures / Double(count))
print(
    "the floor of one record: a commit, a head-file sync and two signatures: \(String(format: "%.0f/s", both)), \(percent(both, of: commitRate)) of raw commits"
)
for kind in [CommandKind.sign, .disclose, .end, .rescind] {
    let perSecond = Double(cases) / (spent[kind] ?? 1)
    print(
        "  \(kind.rawValue): \(String(format: "%.0f/s", perSecond)), \(percent(perSecond, of: commitRate)) of raw commits, \(percent(perSecond, of: both)) of that floor"
    )
}
let total = Double(4 * cases) / spent.values.reduce(0, +)
print(
    "durable signed records, one caller, whole mix: \(String(format: "%.0f/s", total)), \(percent(total, of: commitRate)) of raw commits (aim: 45%), \(percent(total, of: Double(count) / signatures)) of raw signing"
)
try await callers.run()
print("peak memory: \(peakMemory()) MiB")

// 5. Matching, beside its peers.
try MatchingBench().run()

// 6. Auditing, beside libcrypto, openssl and Go.
try await AuditBench(count: 100_000).run()
