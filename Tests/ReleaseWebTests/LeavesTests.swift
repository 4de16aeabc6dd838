import Cryptography
import FolderDriver
import Foundation
import HTTPTypes
import Matching
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService
@testable import ReleaseWeb

/// Everything that leaves the service, read from one office: the closed list of docs/leaves.csv.
struct Leaves {
    let front: Front
    var office: Office { front.office }

    /// The words of the list, each with what can be seen of it.
    static let readers: [String: @Sendable (Leaves) async throws -> [String]] = [
        "page": { try await $0.pages(of: ["maya", "omar", "noor", "pia"], isAPI: false) },
        "interface": { try await $0.pages(of: ["maya", "omar", "noor", "pia"], isAPI: true) },
        "board": { try await $0.boards() },
        "outbox": { leaves in
            try await leaves.office.service.outbox().map { "\($0.to) \(String(describing: $0.notice)) \($0.on)" }
                .sorted()
        },
        "mail": { $0.front.letterbox.letters.map { "\($0.to) \($0.subject) \($0.body)" }.sorted() },
        "log line": { $0.front.log.all.map { $0.replacing(/"time":"[^"]*"/, with: "") } },
        "metric": { leaves in
            leaves.front.site.metrics.text.split(separator: "\n").map(String.init).filter {
                !$0.contains("_seconds") || $0.contains("_count")
            }
        },
        "export": { try $0.office.export().files.map { "\($0.path) \(Hex.format(SHA256.hash($0.bytes)))" } },
        "log tile": { leaves in
            let tiles = leaves.office.folder.tiles
            return try tiles.paths().map { "\($0) \(try tiles.digest(of: $0) ?? "")" }
        },
        "journal": { ["\(try await $0.office.service.journal())"] },
        "due day": { leaves in
            try leaves.office.store.read { rows in
                try rows.cases(after: nil, count: .max).map { "\($0.id) \($0.due?.description ?? "")" }
                    + rows.drafts().map { "\($0.round) \($0.due?.description ?? "")" }
            }
        },
        "file size": { try $0.sizes { !$0.hasSuffix("-wal") } },
        "write-ahead log": { try $0.sizes { $0.hasSuffix("-wal") } },
    ]

    private func sizes(_ isMeant: (String) -> Bool) throws -> [String] {
        try office.store.settle()
        let files = try FileManager.default.subpathsOfDirectory(atPath: office.path)
        return try files.filter { isMeant($0) && !$0.hasPrefix("export-") }.sorted().map { name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(office.path)/\(name)")
            return "\(name) \(attributes[.size] ?? 0)"
        }
    }

    private func boards() async throws -> [String] {
        var lines: [String] = []
        for name in ["maya", "omar"] {
            for line in try await office.service.board(of: office.id(name), after: nil, count: 100).lines {
                lines.append("\(name) \(line.handle) \(line.rank) \(Hex.format(line.view.encoded))")
            }
        }
        return lines
    }

    /// Every route as each of these people, about Ada's case where it is about one.
    func pages(of names: [String], isAPI: Bool) async throws -> [String] {
        var seen: [String] = []
        for name in names {
            let isStaff = ["maya", "omar", "noor", "pia"].contains(name)
            let handle = try front.findHandle(name, isStaff: isStaff) ?? CaseHandle(high: 0, low: 0)
            for route in RouteTable.all
            where route.method == .get && route.path.hasPrefix("/api/") == isAPI && !route.path.contains("/health") {
                let path = route.path.replacing("{case}", with: "\(handle)")
                    .replacing("{person}", with: "\(try office.id("ada"))").replacing("{index}", with: "1")
                let reply =
                    isAPI
                    ? try await front.api(.get, String(path.dropFirst("/api/v1".count)), as: name)
                    : try await front.get(path, as: name)
                seen.append("\(name) \(path)\n\(reply.status) \(reply.normalized)")
            }
        }
        return seen
    }

    /// Everything on the list, or the part of it that a list of words names.
    func all(_ words: [String]? = nil) async throws -> [String: [String]] {
        var all: [String: [String]] = [:]
        for (word, read) in Self.readers where words?.contains(word) ?? true { all[word] = try await read(self) }
        return all
    }

    static func listed() throws -> [String] {
        let text = try String(contentsOf: repository.appendingPathComponent("docs/leaves.csv"), encoding: .utf8)
        return text.split(separator: "\n").dropFirst().compactMap { $0.split(separator: ",").first.map(String.init) }
    }
}

@Suite("What leaves")
struct LeavesTests {
    private static let isLong = ProcessInfo.processInfo.environment["PRIVITY_SOAK"] != nil

    /// Every order of up to `count` of these.
    private static func orders<Element>(of elements: [Element], upTo count: Int) -> [[Element]] {
        guard count > 0 else { return [[]] }
        var all: [[Element]] = [[]]
        for (place, element) in elements.enumerated() {
            var rest = elements
            rest.remove(at: place)
            all += orders(of: rest, upTo: count - 1).map { [element] + $0 }
        }
        return all
    }

    private static let acts: [(who: String, act: String)] = [
        ("ben", "look"), ("ben", "called"), ("ben", "tried"), ("ada", "arranged"), ("ben", "undo"), ("ada", "undo"),
    ]

    /// Runs private acts over three days, two a day at most, and says what can be seen on each day and after hand-off.
    private func seen(_ order: [(who: String, act: String)], from start: Office, _ words: [String]?) async throws
        -> [[String: [String]]]
    {
        let office = try await start.copy()
        defer { try? FileManager.default.removeItem(atPath: office.path) }
        let front = try Front(office)
        let leaves = Leaves(front: front)
        var seen: [[String: [String]]] = []
        for day in 0..<3 {
            try office.time("2026-01-0\(6 + day)T09:00")
            front.forgetSessions()
            for act in order.dropFirst(2 * day).prefix(2) {
                // Whether it was possible is the pair's own as well.
                let handle = try front.handle(act.who)
                _ = try await front.post("/private", as: act.who, [("case", "\(handle)"), ("act", act.act)])
            }
            if day == 2 || words != nil { seen.append(try await leaves.all(words)) }
        }
        try office.time("2026-01-13T00:10")
        await SchedulerService(front.site).round()
        front.forgetSessions()
        seen.append(try await leaves.all(words))
        return seen
    }

    @Test("R58: the closed list of what leaves is what the tests read: no line without a reader, none without a line")
    func list() throws {
        #expect(try Set(Leaves.listed()) == Set(Leaves.readers.keys))
        #expect(try Leaves.listed().count == Leaves.readers.count)
    }

    @Test(
        "R58, MPHP-43: in every order of private acts over three days, what staff, logs, metrics, mail, jobs, files and the log show is the same in every byte"
    )
    func privateActs() async throws {
        let start = try await Office().introduced()
        let orders = Self.orders(of: Self.acts, upTo: Self.isLong ? 6 : 2)
        #expect(orders.count == (Self.isLong ? 1957 : 37))
        // What is cheap to read is read for every order; everything for those of six acts, each act in each place once.
        let cheap = ["board", "outbox", "due day", "file size", "write-ahead log", "journal"]
        let nothing = try await seen([], from: start, cheap)
        for order in orders {
            let told = try await seen(order, from: start, cheap)
            #expect(told == nothing, "\(order)")
        }
        let whole = try await seen([], from: start, nil)
        #expect(whole.allSatisfy { $0.count == Leaves.readers.count })
        for shift in 0..<6 {
            let order = (0..<6).map { Self.acts[(shift + $0) % 6] }
            let told = try await seen(order, from: start, nil)
            for (one, two) in zip(told, whole) {
                for word in Leaves.readers.keys {
                    for (left, right) in zip(one[word] ?? [], two[word] ?? []) where left != right {
                        #expect(left == right, "\(word): \(order): \(left.prefix(80))")
                    }
                    #expect(one[word]?.count == two[word]?.count, "\(word)")
                }
            }
        }
    }

    @Test(
        "R58, R1: whatever one of the two puts on a private list or answers, all that the other, auditors and the log see on that day is the same in every byte; the coordinator sees both"
    )
    func listActs() async throws {
        let start = try await Office().staffed()
        try await start.add(
            "noor", "Noor Aziz", "Aziz", first: "Noor", phone: "312-555-0102", roles: [.auditor], field: "staff")
        try await start.go(to: "offered")
        for (actor, other) in [("ada", "ben"), ("ben", "ada")] {
            let names =
                actor == "ada" ? ["Benedict Okafor", "Cleo Marchetti"] : ["Ada Fairweather", "Daniel Underhill"]
            let acts = names + ["answers"]
            var told: Set<[String]> = []
            for order in Self.orders(of: acts, upTo: 3) {
                let office = try await start.copy()
                defer { try? FileManager.default.removeItem(atPath: office.path) }
                let leaves = Leaves(front: try Front(office))
                for (number, act) in order.enumerated() {
                    let id = try office.id(actor)
                    if act == "answers" {
                        _ = try await office.service.setAnswers(
                            of: office.id("ben"), Answers(topics: [.balance]), key: "answers \(number)")
                    } else {
                        _ = try await office.service.exclude(
                            by: id, relation: .person, typed: act, key: "list \(number)")
                    }
                }
                let pages = try await leaves.pages(of: [other, "noor"], isAPI: false)
                let rest = try await leaves.all(["export", "log tile", "log line"])
                told.insert(
                    pages + rest.sorted { $0.key < $1.key }.flatMap(\.value).filter { !$0.contains("\"method\"") })
            }
            // Ben's own answers are his to see, and nobody else's act here changes his pages.
            #expect(told.count == (other == "ben" ? 2 : 1), "\(actor)")
        }
    }
}
