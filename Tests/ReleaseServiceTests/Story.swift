import Foundation
import Matching
import PolicyFile
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

/// A story told in lines, each of them an act and everything that comes of it: the state, who is told what, and what each
/// of the three is shown. What a line does not say must not happen.
///
///     ada request -> requested | staff requested
///     maya propose ben -> proposed; tells ben slotOffered | mentee surveyed, mentor proposed
///     wait 2026-01-13T09:00 -> tells ada expired | staff ended
///     maya propose ben -> !conditionFailed.mentorReady
///
/// Other lines set what the acts rest on (`fact`, `list`), or look (`card`, `survey`, `away`, `live`, `due`, `word`).
struct Story {
    let office: Office
    private var opener = "ada"
    private var workflow: String
    private var counterpart: String?
    private var count = 0
    /// The messages that there were after the last act.
    private var before: Set<Message> = []

    init(_ office: Office, workflow: String = "mentorship", of opener: String = "ada") {
        (self.office, self.workflow, self.opener) = (office, workflow, opener)
    }

    /// Tells it.
    ///
    /// - Returns: each line that is not so, with what came instead.
    static func untrue(
        _ office: Office, workflow: String = "mentorship", of opener: String = "ada", _ lines: String
    ) async throws -> [String] {
        var story = Story(office, workflow: workflow, of: opener)
        // Everybody has a mailbox, so that what goes to mailboxes alone is told of as well.
        let accounts = try Accounts(office.host, cost: 2)
        for (name, id) in office.people {
            try await accounts.setAddress(of: id, to: "\(name)@example.org", by: .operator)
        }
        var untrue: [String] = []
        for (number, line) in lines.split(separator: "\n").enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") { continue }
            let found = try await story.tell(line)
            if !found.isEmpty { untrue.append("line \(number + 1): \(line): \(found.joined(separator: "; "))") }
        }
        return untrue
    }

    /// Tells it, and expects that every line of it is so.
    ///
    /// - Parameter isChecked: false for one that is only the way to somewhere.
    static func tell(
        _ office: Office, workflow: String = "mentorship", of opener: String = "ada", _ lines: String,
        isChecked: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let untrue = try await untrue(office, workflow: workflow, of: opener, lines)
        if isChecked { #expect(untrue == [], sourceLocation: sourceLocation) }
    }

    private mutating func tell(_ line: String) async throws -> [String] {
        let words = line.split(separator: " ").map(String.init)
        switch words[0] {
        case "wait": return try await wait(line)
        case "fact": return try await set(words)
        case "list": return try await put(words)
        case "card", "survey", "away", "live", "due", "word", "expires", "listing": return try await look(words)
        default:
            let found = try await act(line)
            before = Set(try await office.service.outbox())
            return found
        }
    }

    // MARK: Acts

    private struct Expected {
        var state: String?
        var refusal: String?
        var told: Set<String> = []
        var shown: [(role: String, state: String)] = []

        init(_ text: Substring) {
            let halves = text.split(separator: "|", maxSplits: 1)
            let first = (halves.first ?? "").split(separator: ";").map {
                $0.trimmingCharacters(in: .whitespaces).split(separator: " ").map(String.init)
            }
            for words in first {
                if words.first == "tells" {
                    let list = words.dropFirst().joined(separator: " ").split(separator: ",").map {
                        $0.trimmingCharacters(in: .whitespaces)
                    }
                    told.formUnion(list)
                } else if let word = words.first, word.hasPrefix("!") {
                    refusal = String(word.dropFirst())
                } else {
                    state = words.first == "same" ? nil : words.first
                }
            }
            shown = (halves.count > 1 ? halves[1] : "").split(separator: ",").map {
                let pair = $0.split(separator: " ").map(String.init)
                return (pair[0], pair[1])
            }
        }
    }

    private mutating func act(_ line: String) async throws -> [String] {
        let halves = line.components(separatedBy: " -> ")
        let words = halves[0].split(separator: " ").map(String.init)
        let expected = Expected(Substring(halves.count > 1 ? halves[1] : ""))
        let who = words[0].split(separator: "@").map(String.init)
        let kind = try #require(CommandKind(rawValue: words[1]), "\(line)")
        let channel = who.count > 1 ? try #require(Channel(rawValue: who[1])) : .screen
        let named = words.count > 2 ? try office.id(words[2]) : nil
        if let named, kind == .propose || kind == .invite {
            counterpart = office.people.first { $0.value == named }?.key
        }
        count += 1
        let outcome: Outcome
        do {
            outcome = try await office.act(
                kind, who[0], on: opener, workflow: workflow, via: channel, through: channel == .screen ? nil : "maya"
            ) { command in
                if let named { command.person = named }
                if kind == .correct {
                    if try office.service.policy.policy.release.fields.contains(.phone) {
                        command.corrections.phone = "312-555-01\(70 + count % 30)"
                    } else {
                        command.corrections.profile[.contactRoute] = "new-\(count)@example.org"
                    }
                }
            }
        } catch let refusal as Refusal {
            return expected.refusal == refusal.code ? [] : ["refused: \(refusal.code)"]
        } catch let problem as FieldProblem {
            return expected.refusal == "field.\(problem.field)" ? [] : ["refused: field.\(problem.field)"]
        }
        if let refusal = expected.refusal {
            return outcome.refusalCode == refusal
                ? [] : ["came to \(outcome.refusalCode ?? outcome.state ?? "nothing")"]
        }
        if let code = outcome.refusalCode { return ["refused: \(code)"] }
        var found: [String] = []
        if let state = expected.state, outcome.state != state { found.append("came to \(outcome.state ?? "nothing")") }
        let told = Set(try outcome.notices.map { "\(try name(of: $0.role)) \($0.notice.rawValue)" })
        // Whatever staff record for somebody is told to them, but for what leaves nothing.
        let proxied: Set<String> = channel == .screen || kind == .decline ? [] : ["\(who[0]) actedForYou"]
        if told != expected.told.union(proxied) { found.append("told \(told.sorted())") }
        return try await found + shown(expected)
    }

    private func name(of role: Role) throws -> String {
        if role == .coordinator { return "maya" }
        let own = try #require(office.service.policy.policy.workflow(workflow))
        return role == own.opener ? opener : counterpart ?? role.rawValue
    }

    private mutating func wait(_ line: String) async throws -> [String] {
        let halves = line.components(separatedBy: " -> ")
        try office.time(halves[0].dropFirst("wait ".count).replacingOccurrences(of: " ->", with: ""))
        try await office.host.runClock()
        let messages = try await office.service.outbox().filter { !before.contains($0) }
        let told = Set(
            messages.compactMap { message in
                message.notice.map { notice in
                    "\(office.people.first { $0.value == message.to }?.key ?? "somebody") \(notice.rawValue)"
                }
            })
        let expected = Expected(Substring(halves.count > 1 ? halves[1] : ""))
        before = Set(try await office.service.outbox())
        return try await (told == expected.told ? [] : ["told \(told.sorted())"]) + shown(expected)
    }

    private func shown(_ expected: Expected) async throws -> [String] {
        var found: [String] = []
        for (role, state) in expected.shown {
            let seen: String?
            if role == "staff" {
                let id = try office.id(opener)
                seen = try await office.service.board(of: office.id("maya")).first {
                    $0.workflow == workflow && $0.state != "" && isOf(id, $0)
                }?.state
            } else {
                let name = role == "opener" ? opener : counterpart ?? ""
                seen = try await office.service.cases(of: office.id(name)).first {
                    $0.view.workflow == workflow && ($0.opener == (try? office.id(opener)))
                }?.view.state
            }
            if (seen ?? "none") != state { found.append("\(role) is shown \(seen ?? "none")") }
        }
        return found
    }

    private func isOf(_ person: PersonID, _ view: CaseView) -> Bool {
        view.id == Self.caseID(of: person, workflow, office)
    }

    private static func caseID(of person: PersonID, _ workflow: String, _ office: Office) -> CaseID? {
        try? office.store.read { rows in try rows.parties(of: person, isStaff: false, after: nil, count: 1000) }
            .first { $0.opener == person && $0.workflow == workflow }?.caseID
    }

    // MARK: What acts rest on

    private func set(_ words: [String]) async throws -> [String] {
        let (id, value) = (try office.id(words[1]), words[3])
        let isOn = value == "yes"
        let role: Role = ["ben", "cleo", "dan"].contains(words[1]) ? .mentor : .mentee
        switch words[2] {
        case "contract": _ = try await office.service.change(id, isUnderContract: isOn, key: nil)
        case "ready": _ = try await office.service.setAvailability(of: id, as: role, isReady: isOn, key: nil)
        case "paused": _ = try await office.service.setAvailability(of: id, isPaused: isOn, key: nil)
        case "places": _ = try await office.service.setAvailability(of: id, capacity: Int(value), key: nil)
        default:
            try await attest(id, as: words.count > 4 && words[4] == "mentee" ? .mentee : role, words[2], value)
        }
        return []
    }

    private func attest(_ id: PersonID, as role: Role, _ what: String, _ value: String) async throws {
        var attestation =
            try await office.service.enrollment(of: id, as: role)?.attestation
            ?? Attestation()
        switch what {
        case "field": attestation.fields = [value]
        case "certified": attestation.certifiedUntil = CivilDate(parsing: value)
        case "experiencedSince": attestation.experiencedSince = CivilDate(parsing: value)
        case "licensedOn": attestation.licensedOn = CivilDate(parsing: value)
        case "practice": attestation.inPracticeSince = CivilDate(parsing: value)
        case "stages":
            attestation.acceptedStages = Set(value.split(separator: "+").compactMap { Stage(rawValue: "\($0)") })
        case "recovery": attestation.inRecoverySince = CivilDate(parsing: value)
        default:
            let condition = try #require(Condition(rawValue: what))
            if value == "yes" {
                attestation.attributes.insert(condition)
            } else {
                attestation.attributes.remove(condition)
            }
        }
        let capacity = try await office.service.enrollment(of: id, as: role)?.capacity ?? 2
        let policy = try office.service.policy.policy
        _ = try await office.service.enroll(
            id, as: role, attestation: attestation.counted(under: policy, as: role), capacity: capacity,
            by: office.people["maya"], key: nil)
    }

    private func put(_ words: [String]) async throws -> [String] {
        let name = try #require(try await office.service.identity(of: office.id(words[2]))).fullName
        let outcome = try await office.service.exclude(
            by: office.id(words[1]), relation: .personal, typed: name, key: nil)
        return outcome.refusal.map { [$0] } ?? []
    }

    // MARK: Looks

    private func look(_ words: [String]) async throws -> [String] {
        let expected = words.last ?? ""
        let found: String
        switch words[0] {
        case "card":
            do {
                let view = try await office.look(words[1], on: opener, workflow: workflow)
                _ = view
                found = "open"
            } catch let refusal as Refusal {
                found = refusal.code
            }
        case "survey":
            let view = try await office.service.view(
                of: office.id(opener), workflow: workflow, as: .coordinator, viewer: office.id("maya"))
            found = view.survey == nil ? "gone" : "kept"
        case "away":
            found = try await office.service.keptAway(of: office.id(words[1])).isEmpty ? "nobody" : "somebody"
        case "live":
            let view = try await view(of: words[1])
            found = view.isReleaseLive.map { $0 ? "yes" : "no" } ?? "unknown"
        case "listing":
            let name = "\(words[1].capitalized) Profile"
            let viewer = Viewer.person(try office.id(words[1] == "ada" ? "eve" : "ada"))
            let shown = try await office.service.directory(viewer).listings.contains {
                $0.card.fields[.displayName] == name
            }
            found = shown ? "shown" : "gone"
        case "due": found = try await view(of: words[1]).callBy.map { "\($0)" } ?? "none"
        case "expires": found = try await view(of: words[1]).expiresOn.map { "\($0)" } ?? "none"
        default: found = try await view(of: words[1]).word == nil ? "none" : "drawn"
        }
        return found == expected ? [] : [found]
    }

    private func view(of name: String) async throws -> CaseView {
        let own = try #require(office.service.policy.policy.workflow(workflow))
        let role: Role = name == opener ? own.opener : own.counterpart ?? own.opener
        return try await office.service.view(
            of: office.id(opener), workflow: workflow, as: role, viewer: office.id(name))
    }
}

extension Office {
    /// A signature that is said to be on paper, without the paper, is none.
    func refusesWithoutPaper(
        _ kind: CommandKind, _ who: String, on opener: String = "ada", workflow: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let isOnPaper = try service.policy.policy.workflows.flatMap(\.transitions).contains {
            $0.command == .sign && $0.channels.contains(.paper)
        }
        var code: String?
        do {
            let outcome = try await act(
                kind, who, on: opener, workflow: workflow, via: isOnPaper ? .paper : .screen,
                through: isOnPaper ? "maya" : nil
            ) {
                if isOnPaper {
                    $0.signing?.paper = nil
                } else {
                    $0.signing?.authenticatedBy = ""
                }
                if try service.policy.policy.release.fields.contains(.phone) {
                    $0.corrections.phone = "312-555-0177"
                } else {
                    $0.corrections.profile[.contactRoute] = "another@example.org"
                }
            }
            code = outcome.refusalCode
        } catch let problem as FieldProblem {
            code = "field.\(problem.field)"
        }
        #expect(
            code?.hasPrefix("elementMissing") == true, "\(kind) by \(who): \(code ?? "taken")",
            sourceLocation: sourceLocation)
    }

    /// The next version of the policy in force, in which every agreement is to be signed again.
    func adoptOtherAgreements() async throws {
        let text = try Self.policyText(service.policy.policy.program)
        var tree = try #require(
            try JSONSerialization.jsonObject(with: Data(PolicyFile.parse(text).canonical)) as? [String: Any])
        tree["version"] = 2
        tree["openCases"] = "nextRound"
        tree["effectiveFrom"] = try await service.today().description
        tree["agreements"] = (tree["agreements"] as? [[String: Any]])?.map { agreement in
            var agreement = agreement
            agreement["version"] = 2
            agreement["text"] = "\(agreement["text"] ?? "") And more."
            return agreement
        }
        let bytes = try JSONSerialization.data(withJSONObject: tree)
        let outcome = try await service.adopt(
            policy: PolicyFile.parse(String(decoding: bytes, as: UTF8.self)).canonical, key: nil)
        #expect(outcome.refusal == nil)
    }
}
