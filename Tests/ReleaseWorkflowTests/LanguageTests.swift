import Foundation
import PolicyFile
import ReleaseWorkflow
import Synchronization
import Testing

@testable import ReleaseWorkflow

/// The tables of the shipped policies, each built once: they ask every question in every state.
private enum Tables {
    private static let known = Mutex<[String: [DecisionTable]]>([:])

    static func of(_ name: String) throws -> [DecisionTable] {
        try known.withLock { known in
            if let tables = known[name] { return tables }
            let loaded = try shippedPolicy(name)
            let tables = loaded.policy.workflows.map { DecisionTable(loaded, workflow: $0) }
            known[name] = tables
            return tables
        }
    }
}

@Suite("The policy language")
struct LanguageTests {
    @Test(
        "WEB-24, WEB-48: each shipped policy is complete, its table of cases says what the machine decides, and one without a part is found out",
        arguments: shippedNames)
    func complete(name: String) throws {
        let loaded = try shippedPolicy(name)
        #expect(completenessFindings(loaded.policy) == [])
        let cases = try PolicyCases(
            parsing: String(contentsOf: repository.appendingPathComponent("Policies/\(name).cases"), encoding: .utf8))
        #expect(cases.cases.count >= 10)
        for table in try Tables.of(name) { #expect(cases.findings(in: table) == []) }
        let text = try shippedText(name)
        for key in ["matching:", "eligibility:", "training:", "goals:", "contact:", "texts:"] {
            let renamed = text.replacingOccurrences(of: "\n\(key)", with: "\nremoved\(key)")
            #expect(throws: PolicyFile.Problems.self) { try PolicyFile.parse(renamed) }
        }
    }

    @Test("the starting file holds as it is, and is complete")
    func startingFile() throws {
        let loaded = try load(StartingFile.text.replacingOccurrences(of: "NAME", with: "example"))
        #expect(completenessFindings(loaded.policy) == [])
        for workflow in loaded.policy.workflows { #expect(prove(loaded, workflow: workflow).counterexamples == []) }
    }

    @Test(
        "an explanation says every field that can cross, every role, every notice and every assumption, and no word of the file's own",
        arguments: shippedNames)
    func explanation(name: String) throws {
        let loaded = try shippedPolicy(name)
        let policy = loaded.policy
        let text = Explanation(policy, tables: try Tables.of(name)).text
        for field in policy.release.fields { #expect(text.contains(field.plainWords)) }
        for assumption in policy.assumptions { #expect(text.contains(assumption)) }
        for notice in Set(policy.workflows.flatMap(\.transitions).flatMap(\.tellings).map(\.notice)) {
            #expect(
                text.contains(
                    policy.words(of: notice).split(whereSeparator: \.isWhitespace).joined(separator: " ")))
        }
        #expect(text.contains("STAFF") == (policy.administration != .self))
        for word in ["slotUnavailable", "releaseComplete", "closeCard", "notExcluded", "Optional(", "roundStart"] {
            #expect(!text.contains(word), "\(word)")
        }
    }

    @Test(
        "what a program says and no machine enforces stands in its policy, is explained, and is text alone",
        arguments: [
            ("icb", "ICB-02", "stress and burnout"), ("icb", "ICB-09", "time, an ear, honest feedback and a network"),
            ("icb", "ICB-10", "network"), ("icb", "ICB-12", "openness to feedback"),
            ("icb", "ICB-14", "Rules and regulations, and where to find them"),
            ("icb", "ICB-19", "for the pair to decide"), ("icb", "ICB-20", "agreed by the two"),
            ("icb", "ICB-22", "suggested topics"),
            ("icb", "ICB-38", "Mentorship Application"),
            ("sgv-camft", "SGV-11", "Advice, consultation, encouragement and honest feedback"),
            ("sgv-camft", "SGV-12", "concerns the profession"), ("sgv-camft", "SGV-19", "unbiased ear"),
            ("sgv-camft", "SGV-20", "for the pair to decide"),
            ("sgv-camft", "SGV-25", "how often and for how long is yours to decide"),
            ("sgv-camft", "SGV-28", "read the permission, sign"),
            ("mscsw", "MSC-07", "field of clinical social work"),
            ("mscsw", "MSC-13", "Meet in person or talk on the telephone"),
            ("mscsw", "MSC-14", "1 to 2 times a month"), ("mscsw", "MSC-17", "begins on 9/30, or whenever"),
            ("mscsw", "MSC-21", "follows the mentee's lead"),
            ("mscsw", "MSC-24", "any professional avenue"), ("mscsw", "MSC-26", "Use it, and enjoy it"),
            ("mscsw", "MSC-27", "supports, encourages, advises"),
            ("structured", "WEB-03", "deepening"), ("structured", "WEB-05", "sponsors, coaches"),
            ("structured", "WEB-17", "how they like to be told things"),
            ("structured", "WEB-21", "If the work itself goes badly"),
            ("structured", "WEB-26", "once a month; nobody watches"),
            ("structured", "WEB-27", "Listen without judgment"),
            ("structured", "WEB-38", "Name them when you reach them"), ("structured", "WEB-47", "what they hope for"),
            ("structured", "WEB-51", "a member's career grows"),
            ("structured", "WEB-54", "Look for others yourself"), ("structured", "A-30", "no hours and no credit"),
        ])
    func said(program: String, id: String, phrase: String) throws {
        let loaded = try shippedPolicy(program)
        let text = Explanation(loaded.policy, tables: []).text
        #expect(text.contains(phrase), "\(id)")
    }

    @Test(
        "ICB-11, SGV-16, A-28: what one program welcomes and the other forbids is in their clauses, and in what is signed"
    )
    func clauses() throws {
        let (icb, sgv) = (try shippedPolicy("icb").policy, try shippedPolicy("sgv-camft").policy)
        #expect(icb.clauses.contains { $0.kind == .allowed && $0.text.contains("ethics") })
        #expect(sgv.clauses.contains { $0.kind == .forbidden && $0.text.contains("ethical") })
        #expect(sgv.agreements(of: .mentor).contains { $0.fullText.contains("no advice on legal concerns") })
    }

    @Test(
        "every binding clause of a program stands word for word in an agreement that its people sign; without `{clauses}` a policy does not load",
        arguments: shippedNames)
    func bound(name: String) throws {
        let policy = try shippedPolicy(name).policy
        for clause in policy.clauses where clause.kind.isBinding {
            #expect(policy.agreements.contains { $0.fullText.contains(clause.text) }, "\(clause.id)")
        }
        let text = try shippedText(name).replacingOccurrences(of: "{clauses}", with: "")
        #expect(throws: PolicyFile.Problems.self) { try PolicyFile.parse(text) }
    }

    @Test(
        "whatever leaf of a shipped policy is changed, one at a time, the difference tells it: nothing changes untold",
        arguments: shippedNames)
    func everyLeaf(_ program: String) throws {
        let old = try PolicyFile.parse(shippedText(program))
        let canonical = try CanonicalJSON(stored: old.canonical)
        let words = try Set(
            shippedNames.flatMap { try CanonicalJSON(stored: PolicyFile.parse(shippedText($0)).canonical).words })
        let leaves = canonical.leaves
        #expect(leaves.count > 200)
        var untold: [String] = []
        var stuck: [String] = []
        // Every fourth of them, and all in the long version.
        let step = ProcessInfo.processInfo.environment["PRIVITY_SOAK"] == nil ? 4 : 1
        for (number, path) in leaves.enumerated() where number % step == 0 {
            let changed = canonical.changes(at: path, words).lazy.compactMap { change -> Policy? in
                guard let parsed = try? PolicyFile.parse(String(decoding: change.bytes, as: UTF8.self)) else {
                    return nil
                }
                return parsed.canonical == old.canonical ? nil : parsed.policy
            }.first
            guard let changed else {
                stuck.append(path.map(\.text).joined(separator: "."))
                continue
            }
            let difference = PolicyDifference(from: old.policy, to: changed)
            // That the version is not above the old one is said of every one of them.
            let faults = difference.faults.filter { !$0.hasPrefix("version ") }
            if difference.isEmpty && faults.isEmpty {
                untold.append(path.map(\.text).joined(separator: "."))
            }
        }
        #expect(untold == [])
        // A leaf that can only be what it is is told by the refusal.
        #expect(stuck.count * 4 < leaves.count, "\(stuck)")
    }

    @Test(
        "a new version's difference names what it reveals, permits and asks, whom it concerns and what is signed again")
    func difference() throws {
        let old = try shippedPolicy("icb").policy
        let next = try shippedText("icb").replacingOccurrences(
            of: "version: 1\neffectiveFrom", with: "version: 2\neffectiveFrom")
        let wider = try load(
            next.replacingOccurrences(
                of: "fields: [displayName, region, topics, contactRoute]",
                with: "fields: [displayName, region, topics, contactRoute, interests]")
        ).policy
        let more = PolicyDifference(from: old, to: wider)
        #expect(
            more.revealsMore.map(\.text) == [
                "listing: everybody who looks at the public directory may read the interests of the mentor"
            ])
        #expect(
            more.revealsLess.isEmpty && more.permitsMore.isEmpty && more.concerned == [.mentor] && more.faults.isEmpty)
        let less = PolicyDifference(from: wider, to: old)
        #expect(less.revealsLess == more.revealsMore && less.faults.count == 1)
        let eased = try load(
            next.replacingOccurrences(
                of: "from: requested, to: confirmed, if: [openerEligible, agreementsCurrent]",
                with: "from: requested, to: confirmed, if: [agreementsCurrent]")
        ).policy
        #expect(
            PolicyDifference(from: old, to: eased).permitsMore.map(\.text) == [
                "no longer: listing: `offer` by the coordinator while requested asks that the person meets what the program asks of their role"
            ])
        let silent = try load(next.replacingOccurrences(of: "no place for gossip", with: "no place at all for gossip"))
            .policy
        let resigned = PolicyDifference(from: old, to: silent)
        #expect(
            resigned.signAgain.map(\.text) == ["ethics code, version 1"]
                && resigned.faults.contains { $0.contains("no higher version") })
        #expect(PolicyDifference(from: old, to: old).isEmpty)
        #expect(PolicyDifference(from: old, to: try mphp().policy).faults.contains { $0.contains("another program") })
    }

    @Test(
        "contradictory, impossible and meaningless rules do not load, each with its place",
        arguments: [
            ("icb", "mentee: [certified]", "mentee: {all: [certified], none: [certified]}", "eligibility.mentee"),
            ("icb", "{experienceMonths: 120}", "{experienceMonths: 0}", "eligibility.mentor.all[1].experienceMonths"),
            (
                "icb", "{experienceMonths: 120}", "{experienceMonths: 9999}",
                "eligibility.mentor.all[1].experienceMonths"
            ),
            ("icb", "mentee: [certified]", "mentee: []", "eligibility.mentee"),
            ("icb", "mentee: [certified]", "mentee: [sameEmployer]", "eligibility.mentee"),
            ("icb", "directory: public", "directory: none", "matching.directory"),
            ("icb", "fields: [displayName, region", "fields: [firstName, displayName, region", "release.fields"),
            ("icb", "compensation: none", "compensation: hourly", "compensation"),
            ("icb", "recipient: public", "recipient: members", "workflows.listing.recipient"),
            (
                "sgv-camft", "by: mentor, via: [screen], from: [idle, ended]",
                "by: coordinator, via: [screen], from: [idle, ended]", "workflows.listing.transitions"
            ),
            (
                "sgv-camft", "monitoring: forbidden", "monitoring: {allowed: [pairCount], level: aggregate}",
                "monitoring"
            ),
            ("structured", "level: aggregate", "level: person", "monitoring.level"),
            ("structured", "enforced: false", "enforced: true", "contact.cadence.enforced"),
            ("structured", "  months: 6", "  months: 0", "duration.months"),
            ("structured", "noticeDays: 14", "noticeDays: 400", "termination.noticeDays"),
            ("structured", ", noticeDays: 14", "", "workflows.mentorship.transitions"),
            ("mscsw", "consent: both", "consent: one", "duration.extension.consent"),
            ("mscsw", "start: \"09-30\"", "start: \"13-45\"", "duration.cohort.start"),
            ("mscsw", "like: mentorship", "like: secondMentor", "workflows.secondMentor.like"),
            ("mscsw", "weights: {setting: 6000", "weights: {setting: 9000", "matching.weights"),
            ("mphp", "goals: forbidden", "goals: optional", "goals"),
            ("mphp", "recognition: forbidden", "recognition: allowed", "recognition"),
            (
                "mphp", "opener: mentee\n    counterpart: mentor\n    discloser: mentee\n    recipient: mentor",
                "opener: mentee\n    counterpart: mentor\n    exchange: mutual\n    discloser: mentee\n    recipient: mentor",
                "workflows.mentorship.exchange"
            ),
        ])
    func refused(program: String, passage: String, replacement: String, path: String) throws {
        let text = try shippedText(program)
        try #require(text.contains(passage))
        do {
            _ = try PolicyFile.parse(text.replacingOccurrences(of: passage, with: replacement))
            Issue.record("it loads")
        } catch let problems as PolicyFile.Problems {
            #expect(problems.list.contains { $0.path.hasPrefix(path) && $0.line > 0 }, "\(problems)")
        }
    }

    @Test(
        "WEB-55: text that looks like a script, and names in any script, are text and nothing else: they parse, hash and explain as they stand"
    )
    func inert() throws {
        let hostile = "<script>MktoForms2.loadForm()</script> Привет 世界 \u{202E}abc"
        let text = try shippedText("structured").replacingOccurrences(
            of: "Listen without judgment.", with: "\"\(hostile)\"")
        let loaded = try load(text)
        #expect(loaded.policy.clauses.contains { $0.text == hostile })
        #expect(try load(text).digest == loaded.digest && loaded.digest != shippedPolicy("structured").digest)
    }

    @Test(
        "WEB-56, WEB-57: no fixture, policy or document names a person of the task force, and no requirement rests on the spun passages"
    )
    func synthetic() throws {
        for folder in ["Policies", "docs"] {
            let walker = try #require(
                FileManager.default.enumerator(
                    at: repository.appendingPathComponent(folder), includingPropertiesForKeys: nil))
            for case let file as URL in walker
            where ["yaml", "jsonl", "md", "cases"].contains(file.pathExtension)
                && file.lastPathComponent != "requirements.md"
            {
                let text = try String(contentsOf: file, encoding: .utf8)
                for word in ["Ex-Officio", "MktoForms", "new York State mentoring"] {
                    #expect(!text.contains(word), "\(file.lastPathComponent)")
                }
            }
        }
    }

    @Test(
        "the JSON Schema made from the vocabulary accepts every shipped policy and refuses broken ones, in a validator that is not ours"
    )
    func schema() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("privity-schema-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(PolicySchema.json.bytes).write(to: folder.appendingPathComponent("schema.json"))
        for name in shippedNames {
            try Data(PolicyFile.parse(shippedText(name)).canonical).write(
                to: folder.appendingPathComponent("good-\(name).json"))
        }
        let text = String(decoding: try PolicyFile.parse(mphpText()).canonical, as: UTF8.self)
        let broken = [
            ("\"on\":\"sign\"", "\"on\":\"scribble\""),
            ("\"confidentiality\":\"clinical\"", "\"confidentiality\":\"secret\""),
            ("\"part2\":true", "\"part2\":\"maybe\""), ("\"region\"", "\"country\""),
        ]
        for (number, change) in broken.enumerated() {
            try #require(text.contains(change.0))
            try Data(text.replacingOccurrences(of: change.0, with: change.1).utf8).write(
                to: folder.appendingPathComponent("bad-\(number).json"))
        }
        let script =
            "import json,sys,glob,jsonschema\nv=jsonschema.Draft202012Validator(json.load(open(sys.argv[1]+'/schema.json')))\nfor f in sorted(glob.glob(sys.argv[1]+'/*-*.json')):\n print(f.split('/')[-1], v.is_valid(json.load(open(f))))"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = ["-c", script, folder.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let printed = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        for line in printed.split(separator: "\n") {
            #expect(line.hasSuffix(line.hasPrefix("good") ? "True" : "False"), "\(line)")
        }
        #expect(printed.split(separator: "\n").count == shippedNames.count + broken.count)
    }

    @Test(
        "states that merge in the proofs answer every command alike, and lead to states that merge: checked on raw runs of every program",
        arguments: shippedNames)
    func bisimulation(name: String) throws {
        let loaded = try shippedPolicy(name)
        for workflow in loaded.policy.workflows.prefix(1) {
            let explorer = Explorer(loaded: loaded, workflow: workflow)
            var random = SystemSeed(seed: 77)
            // Random runs of the raw machine; the first answers seen for a normal form bind every later state of that form.
            var answers: [Normal: [String]] = [:]
            var merged = 0
            let people = [Explorer.opener] + Explorer.others + [Explorer.stranger]
            let actors =
                people.map { Actor(.person($0), channel: .screen) }
                + [Actor(.staff(Explorer.staff), channel: .screen), .clock]
            for _ in 0..<60 {
                var state = State(opener: Explorer.opener, position: workflow.initial)
                var today = Explorer.firstDay
                for _ in 0..<40 {
                    let commands = explorer.commands(in: state).filter {
                        !workflow.transitions(on: $0.kind, from: state.position).isEmpty
                    }
                    var taken: [[Event]] = []
                    var line: [String] = []
                    for command in commands {
                        // A word on a round that is over changes that release and nothing else (P12): it is not walked.
                        let isOfEarlierRound = { (person: PersonID) in
                            command.kind == .rescind
                                && !state.takenBack(by: person, naming: nil).contains {
                                    $0.round == state.currentRelease?.round
                                }
                        }
                        for actor in actors {
                            if case .person(let person) = actor.principal, isOfEarlierRound(person) { continue }
                            switch explorer.outcome(command, by: actor, in: state, on: today) {
                            case .success(let done):
                                taken.append(done.events)
                                line.append(
                                    "\(command.kind) \(done.authorized.role) \(workflow.name(of: done.events.reduce(state, evolve).position))"
                                )
                            case .failure: break
                            }
                        }
                    }
                    // Which of two interchangeable people is meant differs; how many answers there are of each kind does not.
                    let key = Normal(
                        state, today: today, began: nil, isQuiet: workflow.isQuiet(state.position))
                    let sorted = line.sorted()
                    if let known = answers[key] {
                        merged += 1
                        #expect(known == sorted)
                    } else {
                        answers[key] = sorted
                    }
                    let node = Explorer.Node(state: state, today: today, began: nil, parent: nil, step: "")
                    if let day = explorer.daysAhead(node).first, random.next() % 6 == 0 {
                        today = day
                    } else if !taken.isEmpty {
                        state = taken[Int(random.next() % UInt64(taken.count))].reduce(state, evolve)
                    }
                    if state.signedRounds > 2 { break }
                }
            }
            #expect(merged > 50)
        }
    }
}

/// A step to a value within JSON.
private enum JSONStep: Hashable {
    case member(String)
    case item(Int)

    var text: String {
        switch self {
        case .member(let name): name
        case .item(let number): "\(number)"
        }
    }
}

extension CanonicalJSON {
    /// The path of every value that has no parts.
    fileprivate var leaves: [[JSONStep]] {
        switch self {
        case .object(let members):
            members.sorted { $0.key < $1.key }.flatMap { name, value in value.leaves.map { [.member(name)] + $0 } }
        case .array(let items): items.enumerated().flatMap { place, item in item.leaves.map { [.item(place)] + $0 } }
        case .string, .integer, .boolean: [[]]
        }
    }

    /// Every text in it, with the name that it stands under.
    fileprivate var words: Set<Word> {
        func collect(_ value: CanonicalJSON, _ name: String) -> Set<Word> {
            switch value {
            case .object(let members): members.reduce(into: []) { $0.formUnion(collect($1.value, $1.key)) }
            case .array(let items): items.reduce(into: []) { $0.formUnion(collect($1, name)) }
            case .string(let text): [Word(name: name, text: text)]
            case .integer, .boolean: []
            }
        }
        return collect(self, "")
    }

    fileprivate struct Word: Hashable {
        let name: String
        let text: String
    }

    /// The values that a leaf could have instead, the likeliest first; without it at last.
    fileprivate func changes(at path: [JSONStep], _ words: Set<Word>) -> [CanonicalJSON] {
        let name = path.lazy.reversed().compactMap { if case .member(let name) = $0 { name } else { nil } }.first ?? ""
        func instead(_ value: CanonicalJSON) -> [CanonicalJSON] {
            switch value {
            case .integer(let number): [.integer(number + 1), .integer(number - 1)]
            case .boolean(let flag): [.boolean(!flag)]
            case .string(let text):
                // A few of the words that stand under this name elsewhere: one of them will do.
                [.string(text + " And more."), .string("2026-06-01"), .string("CA")]
                    + words.filter { $0.name == name && $0.text != text }.map(\.text).sorted().prefix(8).map {
                        .string($0)
                    }
            case .object, .array: []
            }
        }
        return with(path[...], instead) + renamed(at: path) + with(path[...]) { _ in [] }
    }

    /// The whole with this word called otherwise wherever it stands: what names a state is named by its rows.
    private func renamed(at path: [JSONStep]) -> [CanonicalJSON] {
        guard case .string(let text) = value(at: path[...]), !text.contains(" ") else { return [] }
        func rename(_ value: CanonicalJSON) -> CanonicalJSON {
            switch value {
            case .string(let word): .string(word == text ? "\(word)Too" : word)
            case .array(let items): .array(items.map(rename))
            case .object(let members): .object(members.mapValues(rename))
            case .integer, .boolean: value
            }
        }
        return [rename(self)]
    }

    private func value(at path: ArraySlice<JSONStep>) -> CanonicalJSON? {
        switch (self, path.first) {
        case (_, nil): self
        case (.object(let members), .member(let name)?): members[name]?.value(at: path.dropFirst())
        case (.array(let items), .item(let place)?): items[place].value(at: path.dropFirst())
        case (.object, .item), (.array, .member), (.string, _), (.integer, _), (.boolean, _): nil
        }
    }

    private func with(_ path: ArraySlice<JSONStep>, _ instead: (CanonicalJSON) -> [CanonicalJSON]) -> [CanonicalJSON] {
        guard let step = path.first else { return instead(self) }
        switch (self, step) {
        case (.object(let members), .member(let name)):
            guard let value = members[name] else { return [] }
            let changed = value.with(path.dropFirst(), instead)
            var less = members
            less[name] = nil
            if changed.isEmpty, path.count == 1 { return [.object(less)] }
            return changed.map { .object(members.merging([name: $0]) { $1 }) }
        case (.array(let items), .item(let place)):
            let changed = items[place].with(path.dropFirst(), instead)
            if changed.isEmpty, path.count == 1 {
                return [.array(items.enumerated().filter { $0.offset != place }.map(\.element))]
            }
            return changed.map { item in .array(items.enumerated().map { $0.offset == place ? item : $0.element }) }
        case (.object, .item), (.array, .member), (.string, _), (.integer, _), (.boolean, _): return []
        }
    }
}
