import ArgumentParser
import Cryptography
import FolderDriver
import Foundation
import Matching
import PolicyFile
import ReleaseLedger
import ReleaseService
import ReleaseWorkflow

struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Carry out commands from a file of JSON Lines: the operator's hand.",
        discussion: """
            Each line is one command and is durable before the next begins; applying a file again repeats nothing \
            (what a running service has forgotten after two months is refused). A line that cannot be read \
            stops there with its number, a refusal too, unless --keep-going. A line with `expect` says which refusal is right. In a folder that \
            is not an example, people's acts come by paper or phone through a coordinator, and the card is printed at disclosure.
            """)

    @OptionGroup var options: FolderOptions
    @Argument(help: "The file; - for standard input.", completion: .file(extensions: ["jsonl"])) var file: String
    @Flag(help: "Go on after a line that cannot be read or is refused.") var keepGoing = false
    @Flag(help: "Print one JSON object a line.") var json = false
    @Flag(help: "Print the rescind-only codes, for the receipts that are handed out.") var codes = false

    func run() async throws {
        let open = try await OpenFolder(options, isWriter: true, canSetClock: true)
        let data: Data
        if file == "-" {
            data = FileHandle.standardInput.readDataToEndOfFile()
        } else {
            guard let contents = FileManager.default.contents(atPath: file) else {
                throw Failure("`\(file)`: cannot be read", status: 2)
            }
            data = contents
        }
        guard data.count <= 64 << 20 else { throw Failure("`\(file)`: at most 64 MiB", status: 2) }
        let fileKey = Hex.format(SHA256.hash(Array(data)).prefix(8))
        let run = ApplyRun(
            open: open, folder: file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "", json: json,
            printsCodes: codes, fileKey: fileKey)
        var status: Int32 = 0
        for (offset, bytes) in data.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) || bytes.first == UInt8(ascii: "#") {
                continue
            }
            do {
                let line = try ScriptLine(Data(bytes), number: offset + 1)
                status = max(status, try await run.carryOut(line))
            } catch let problem as ScriptProblem {
                FileHandle.standardError.write(
                    Data("privity: line \(problem.line): `\(problem.field)`: expected \(problem.expected)\n".utf8))
                status = max(status, 2)
            } catch {
                let failure = Failure(error)
                FileHandle.standardError.write(Data("privity: line \(offset + 1): \(failure.message)\n".utf8))
                status = max(status, failure.status)
                if failure.status == 3 { break }
            }
            if status != 0, !keepGoing { break }
        }
        if status == 0 { status = try await run.warnOfWhatIsLive() }
        if status != 0 { throw ExitCode(status) }
    }
}

/// The state of one run over a file.
final class ApplyRun {
    private let open: OpenFolder
    private let folder: String
    private let json: Bool
    private let printsCodes: Bool
    private let fileKey: String
    /// The times that a line of this content has come by.
    private var occurrences: [[UInt8]: Int] = [:]
    private var names: [String: PersonID] = [:]
    private var words: [PersonID: String] = [:]
    private var codes: [String: String] = [:]
    private var staff: Set<PersonID> = []
    private var day: CivilDate?
    /// The lines that end or take back and were done by an earlier run, with no signature in this file behind
    /// them: each may be meant for what was signed since.
    private var leftAlone: [(line: Int, meant: Submission)] = []
    /// True if the last command that carries a key had been done by an earlier run of this file. Looks and private acts
    /// carry none, so that nothing about them is stored; what of them fits the case no more has been passed already.
    private var isRepeating = false

    init(open: OpenFolder, folder: String, json: Bool, printsCodes: Bool, fileKey: String) {
        self.open = open
        self.folder = folder
        self.json = json
        self.printsCodes = printsCodes
        self.fileKey = fileKey
    }

    private struct Line: Encodable {
        let line: Int
        let action: String
        let refusal: String?
        let state: String?
        let person: PersonID?
        let release: ReleaseID?
        let records: [Int]
        let receiptPending: Bool
        let replayed: Bool
        /// The notices that were sent, as `role.notice`.
        let notices: [String]
    }

    private struct LookLine: Encodable {
        let line: Int
        let action: String
        let refusal: String?
        /// The fields that were shown; empty where none was.
        let shown: [String]
    }

    /// - Returns: 0, 1 for a refusal that was not expected, 3 for a receipt that is pending.
    func carryOut(_ line: ScriptLine) async throws -> Int32 {
        try setClock(line)
        if let text = try line.optionalText("say"), !json { say("\n\(text)") }
        let expected = try line.optionalText("expect")
        switch line.action {
        case "wait":
            try await open.host.runClock()
            return 0
        case "look": return try await look(line, expected)
        case "showAccounting": return try await showAccounting(line)
        case "browse": return try await browse(line, expected)
        default: break
        }
        let outcome = try await outcome(line, expected)
        if let person = outcome.person, let word = try line.optionalText("as") {
            names[word] = person
            words[person] = words[person] ?? word
        }
        if let code = outcome.rescindCode, let word = try line.optionalText("as") { codes[word] = code }
        let isPrivate = CommandKind(rawValue: line.action)?.isPrivate == true
        try await report(line, outcome, expected)
        if outcome.refusalCode != nil, isPrivate, isRepeating { return 0 }
        if !isPrivate, line.action != "rescindByCode" { isRepeating = outcome.isReplay }
        if let refusal = outcome.refusalCode { return refusal == expected || expected == "refused" ? 0 : 1 }
        if expected != nil, !outcome.isReplay { throw line.problem("expect", "a refusal, but it was carried out") }
        return outcome.isReceiptPending ? 3 : 0
    }

    private func setClock(_ line: ScriptLine) throws {
        guard let text = try line.optionalText("at") else { return }
        guard let clock = open.setClock else {
            throw line.problem("at", "no time: the clock is set in example folders only")
        }
        guard let instant = open.calendar.instant(ofLocal: text) else {
            throw line.problem("at", "a local time like 2026-01-05T09:00")
        }
        clock.set(instant)
    }

    private func person(_ line: ScriptLine, _ field: String) async throws -> PersonID {
        let text = try line.text(field)
        if let known = names[text] { return known }
        guard PersonID(parsing: text) != nil || text.hasPrefix("phone:") || text.hasPrefix("name:") else {
            throw line.problem(field, "a word that an earlier line gave with `as`, an id, `phone:…` or `name:…`")
        }
        let id = try await open.person(text)
        words[id] = words[id] ?? text
        return id
    }

    private func optionalPerson(_ line: ScriptLine, _ field: String) async throws -> PersonID? {
        try line.optionalText(field) == nil ? nil : try await person(line, field)
    }

    private func actor(_ line: ScriptLine) async throws -> Actor {
        let by = try await person(line, "by")
        let agent = try await optionalPerson(line, "through")
        let isStaff = try await isStaff(by)
        let fallback: Channel? = open.isExample ? .screen : isStaff ? .paper : nil
        guard let channel = try line.choice("via", of: Channel.self) ?? fallback, channel != .clock else {
            throw line.problem("via", "paper or phone, or screen in an example folder")
        }
        if channel == .screen, !open.isExample {
            throw line.problem("via", "paper or phone: acts on screen are done on the screen")
        }
        return Actor(isStaff ? .staff(by) : .person(by), agent: agent, channel: channel)
    }

    private func isStaff(_ id: PersonID) async throws -> Bool {
        if staff.contains(id) { return true }
        guard try await open.service.identity(of: id)?.roles.contains(.coordinator) == true else { return false }
        staff.insert(id)
        return true
    }

    /// A line is the same line by its content, the people whom it names, and the times that it stands in the file:
    /// wherever it stands, and whatever is added before or after it.
    private func key(_ line: ScriptLine) throws -> String {
        let content = line.content + Array(line.people(in: names).utf8)
        let digest = SHA256.hash(content)
        let count = occurrences[digest, default: 0] + 1
        occurrences[digest] = count
        // Earlier versions knew a line by the whole file and its number.
        return try line.optionalText("key")
            ?? "\(Hex.format(digest.prefix(16)))/\(count) formerly \(fileKey)/\(line.number)"
    }

    /// Carries a line out, once. A line that was refused is tried again, unless the refusal is what it expects: what
    /// stood in its way may have been put right.
    private func outcome(_ line: ScriptLine, _ expected: String?) async throws -> Outcome {
        let key = try key(line)
        var outcome = try await outcome(line, key: key)
        var attempt = 1
        while outcome.isReplay, outcome.refusal != nil, expected == nil, attempt < 50 {
            attempt += 1
            outcome = try await self.outcome(line, key: Self.suffixed(key, "/\(attempt)"))
        }
        if outcome.refusal == nil, let kind = CommandKind(rawValue: line.action) {
            if kind == .sign { leftAlone = [] }
            if outcome.isReplay, [.rescind, .end, .withdrawCard].contains(kind) {
                leftAlone.append((line.number, try await command(line, "")))
            }
        }
        return outcome
    }

    /// Says of each line that ends or takes back, and was done before, that something is live which it did not touch.
    ///
    /// - Returns: 1 if there is one, else 0.
    func warnOfWhatIsLive() async throws -> Int32 {
        var status: Int32 = 0
        for (line, meant) in leftAlone {
            let view = try? await open.service.view(
                of: meant.opener, workflow: meant.workflow, as: .mentee, viewer: meant.opener)
            if view?.isReleaseLive != true { continue }
            status = 1
            FileHandle.standardError.write(
                Data(
                    "privity: line \(line): it was done before, and what is live now is not touched: give it a `key` of its own\n"
                        .utf8))
        }
        return status
    }

    private func outcome(_ line: ScriptLine, key: String) async throws -> Outcome {
        let service = open.service
        switch line.action {
        case "addPerson":
            let roles = try line.texts("roles").map { text in
                guard let role = Identity.Role(rawValue: text) else {
                    throw line.problem(
                        "roles", "a list of \(Identity.Role.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                return role
            }
            var new = NewPerson(
                fullName: try line.text("name"), surname: try line.text("surname"),
                firstName: try line.text("firstName"), phone: try line.text("phone"), roles: roles,
                field: try line.text("field"), isUnderContract: try line.flag("underContract", default: false),
                coordinator: try await optionalPerson(line, "coordinator"), profile: try line.profile())
            new.isPhoneConfirmed = try line.flag("phoneConfirmed", default: false)
            new.isAnotherPerson = try line.flag("anotherPerson", default: false)
            return try await service.add(new, key: key)
        case "changePerson": return try await changePerson(line, key)
        case "enroll":
            return try await service.enroll(
                person(line, "person"), as: role(line), line.attestation(), by: optionalPerson(line, "by"), key: key)
        case "acknowledge":
            return try await service.acknowledge(
                actor(line), as: role(line), display: line.optionalText("display"),
                paper: paper(line, actor(line)), key: key)
        case "setAvailability":
            return try await service.setAvailability(
                of: person(line, "by"), as: role(line), isReady: line.optionalFlag("ready"),
                isPaused: line.optionalFlag("paused"),
                capacity: line.optionalNumber("capacity"), key: key)
        case "setProfile": return try await service.setProfile(of: person(line, "by"), line.profile(), key: key)
        case "setAnswers":
            return try await service.setAnswers(of: person(line, "by"), line.answers("answers").answers, key: key)
        case "exclude":
            guard let relation = try line.choice("relation", of: Exclusion.Relation.self) else {
                throw line.problem(
                    "relation", "one of \(Exclusion.Relation.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return try await service.exclude(
                by: person(line, "by"), relation: relation, typed: line.text("name"), key: key)
        case "setEmployer":
            return try await service.setEmployer(of: person(line, "by"), typed: line.text("name"), key: key)
        case "adoptPolicy":
            let (parsed, _) = try provenPolicy(atPath: path(line.text("file")))
            return try await service.adopt(policy: parsed.canonical, key: key)
        case "suspend", "recordDeath", "lift", "recordedInError", "merge", "confirm", "refuse":
            return try await staffAct(line, key)
        case "rescindByCode":
            let text = try line.text("code")
            return try await service.rescind(typedCode: codes[text] ?? text)
        default: return try await service.submit(command(line, key))
        }
    }

    /// A person's details put right; and contract and coordinator, which staff alone change.
    private func changePerson(_ line: ScriptLine, _ key: String) async throws -> Outcome {
        let (about, staff) = (try await person(line, "person"), try await optionalPerson(line, "by"))
        let details = Details(
            fullName: try line.optionalText("name"), surname: try line.optionalText("surname"),
            firstName: try line.optionalText("firstName"), phone: try line.optionalText("phone"),
            isPhoneConfirmed: try line.flag("phoneConfirmed", default: false), field: try line.optionalText("field"),
            role: try line.choice("role", of: Identity.Role.self))
        let (contract, coordinator) = (
            try line.optionalFlag("underContract"), try await optionalPerson(line, "coordinator")
        )
        if !details.isEmpty {
            let outcome = try await open.service.correct(about, details, by: staff, key: key)
            if outcome.refusal != nil || (contract == nil && coordinator == nil) { return outcome }
        }
        return try await open.service.change(
            about, isUnderContract: contract, coordinator: coordinator,
            key: details.isEmpty ? key : Self.suffixed(key, "/program"))
    }

    /// The same key for a second part of one line, under the name of earlier versions too.
    private static func suffixed(_ key: String, _ part: String) -> String {
        key.replacing(" formerly ", with: "\(part) formerly ") + part
    }

    /// The acts by which staff close at once, and by which a second member of staff confirms.
    private func staffAct(_ line: ScriptLine, _ key: String) async throws -> Outcome {
        let (service, about, staff) = (open.service, try await person(line, "person"), try await person(line, "by"))
        switch line.action {
        case "suspend": return try await service.suspend(about, .suspended, by: staff, key: key)
        case "recordDeath": return try await service.suspend(about, .deceased, by: staff, key: key)
        case "lift": return try await service.askToLift(about, by: staff, key: key)
        case "recordedInError":
            let workflow = await firstWorkflow()
            return try await service.askRecordedInError(of: about, workflow: workflow, by: staff, key: key)
        case "merge":
            return try await service.askToMerge(about, into: person(line, "into"), by: staff, key: key)
        case "confirm", "refuse":
            // The oldest that waits about this person; a script that is applied again finds it answered.
            let act = try await service.pendingActs().first { $0.act.person == about }?.act.id ?? ""
            return try await service.answerSecondHand(
                act, isConfirmed: line.action == "confirm",
                reached: line.choice("reached", of: Issue.Reached.self), by: staff, key: key)
        case let other: throw line.problem("do", "an act of staff, not `\(other)`")
        }
    }

    private func command(_ line: ScriptLine, _ key: String) async throws -> Submission {
        guard let kind = CommandKind(rawValue: line.action) else { throw line.problem("do", "a command") }
        let actor = try await actor(line)
        let peer: Set<CommandKind> = [.ask, .invite, .agree, .refuseInvitation, .alert]
        let fallback = await firstWorkflow()
        let workflow = try line.optionalText("workflow") ?? (peer.contains(kind) ? "peerConversation" : fallback)
        var opener = try await optionalPerson(line, "case")
        if opener == nil, case .person(let own) = actor.principal { opener = own }
        guard let opener else { throw line.problem("case", "the person whose case it is") }
        var command = Submission(kind, workflow: workflow, opener: opener, actor: actor, key: key)
        switch kind {
        case .propose, .invite: command.person = try await person(line, "person")
        case .completeSurvey: command.survey = try line.survey()
        case .ask: command.display = try line.text("display")
        case .end, .rescind, .withdrawCard: command.isOfParting = try line.flag("parting", default: false)
        case .sign, .correct, .extend, .renew:
            let paper = try paper(line, actor)
            if actor.channel == .paper, paper == nil {
                throw line.problem("scan", "the scanned form, for a signature on paper")
            }
            var digest = try line.optionalText("digest")
            if open.isExample, digest == nil, case .person(let signer) = actor.principal {
                // In an example the signer reads what is offered and signs that.
                digest = try? await open.service.releaseText(of: opener, workflow: workflow, for: signer, kind: kind)
                    .digest
            } else if digest == nil {
                throw line.problem("digest", "the digest printed on the form, from `privity release print`")
            }
            command.signing = .init(
                means: actor.channel == .paper ? .paper : .screen,
                authenticatedBy: actor.channel == .paper ? "coordinatorTookForm" : "exampleSignIn", paper: paper,
                formDigest: digest, isNameConfirmed: try line.optionalFlag("nameConfirmed") ?? open.isExample)
            if kind == .correct {
                command.corrections = Corrections(
                    firstName: try line.optionalText("firstName"), phone: try line.optionalText("phone"),
                    profile: try line.profile())
                command.corrections.isPhoneConfirmed = try line.flag("phoneConfirmed", default: false)
            }
        default: break
        }
        return command
    }

    /// The paper that was signed by hand; nil for what comes another way.
    private func paper(_ line: ScriptLine, _ actor: Actor) throws -> Paper? {
        let name = try line.optionalText("scan")
        guard actor.channel == .paper else {
            if name != nil { throw line.problem("scan", "no scan, for what was not signed on paper") }
            return nil
        }
        // A sign-off without its sheet is the service's to refuse, unless it was filed before that was asked.
        guard let name else { return nil }
        guard let data = FileManager.default.contents(atPath: path(name)) else {
            throw line.problem("scan", "a file that can be read")
        }
        return Paper(bytes: Array(data), signedOn: try line.date("signedOn"))
    }

    /// A file named in the script lies beside it.
    private func path(_ name: String) -> String { name.hasPrefix("/") || folder.isEmpty ? name : "\(folder)/\(name)" }

    private func firstWorkflow() async -> String { await open.firstWorkflow() }

    private func role(_ line: ScriptLine) throws -> Role {
        let role = try line.choice("role", of: Role.self) ?? .mentor
        guard role == .mentor || role == .mentee else { throw line.problem("role", "mentor or mentee") }
        return role
    }

    /// The directory as somebody sees it; without `by`, as somebody who is not logged in.
    private func browse(_ line: ScriptLine, _ expected: String?) async throws -> Int32 {
        let viewer = try await optionalPerson(line, "by")
        let who = viewer.map(word) ?? "somebody not logged in"
        do {
            let view = try await open.service.directory(viewer.map(Viewer.person) ?? .anonymous)
            if !json {
                sayDay(view.asOf)
                say("  \(who) opens the directory, as of \(view.asOf): \(view.listings.count) listed")
                for listing in view.listings {
                    let fields = listing.card.fields.sorted { $0.key < $1.key }
                    say("      | " + fields.map { "\($0.key.rawValue): \($0.value)" }.joined(separator: "; "))
                    if let advice = listing.advice { say("      | (\(advice))") }
                }
            }
            if expected != nil { throw line.problem("expect", "a refusal, but the directory was shown") }
            return 0
        } catch let refusal as Refusal {
            if !json {
                sayDay(try await open.service.today())
                say("  \(who) opens the directory: REFUSED: \(refusal)")
            }
            return refusal.code == expected || expected == "refused" ? 0 : 1
        }
    }

    private func look(_ line: ScriptLine, _ expected: String?) async throws -> Int32 {
        let reader = try await person(line, "by")
        let opener = try await person(line, "case")
        let fallback = await firstWorkflow()
        if !open.isExample { throw line.problem("do", "no looks: in this folder the card is printed at disclosure") }
        do {
            let view = try await open.service.look(
                opener, workflow: line.optionalText("workflow") ?? fallback, reader: reader)
            if json {
                let shown = view.fieldNames
                try sayJSON(LookLine(line: line.number, action: "look", refusal: nil, shown: shown))
            } else {
                sayDay(try await open.service.today())
                say("  \(word(reader)) looks at the card; what crossed:")
                show(view)
            }
            if expected != nil, !isRepeating { throw line.problem("expect", "a refusal, but the card was shown") }
            return 0
        } catch let refusal as Refusal {
            if json {
                try sayJSON(LookLine(line: line.number, action: "look", refusal: refusal.code, shown: []))
            } else {
                sayDay(try await open.service.today())
                say("  \(word(reader)) looks: REFUSED: \(refusal)")
            }
            return refusal.code == expected || expected == "refused" || isRepeating ? 0 : 1
        }
    }

    private func show(_ view: CardView) {
        for text in view.text.split(separator: "\n", omittingEmptySubsequences: false) {
            let trimmed = text.trimmingCharacters(in: .whitespaces)
            if !trimmed.isEmpty { say("      | \(trimmed)") }
        }
    }

    private func showAccounting(_ line: ScriptLine) async throws -> Int32 {
        if !open.isExample { throw line.problem("do", "no accounting: what was shown is the person's own to see") }
        let id = try await person(line, "by")
        let looks = try await open.service.accounting(of: id)
        if json { return 0 }
        say("  \(word(id)) sees their own accounting: \(looks.count) looks")
        for look in looks {
            let moment = open.calendar.moment(at: Date(timeIntervalSince1970: Double(look.instantMilliseconds) / 1000))
            say(
                "      | \(moment.date)  to \(look.recipient): \(look.fields.map(\.plainWords).joined(separator: ", "))"
            )
        }
        return 0
    }

    private func word(_ id: PersonID) -> String { words[id] ?? id.description }

    private func sayDay(_ date: CivilDate) {
        if date != day { say("\(date)") }
        day = date
    }

    private func report(_ line: ScriptLine, _ outcome: Outcome, _ expected: String?) async throws {
        if json {
            try sayJSON(
                Line(
                    line: line.number, action: line.action, refusal: outcome.refusalCode, state: outcome.state,
                    person: outcome.person,
                    release: outcome.release, records: outcome.records, receiptPending: outcome.isReceiptPending,
                    replayed: outcome.isReplay,
                    notices: outcome.notices.map { "\($0.role.rawValue).\($0.notice.rawValue)" }))
            return
        }
        sayDay(outcome.moment.date)
        let who = try line.optionalText("by") ?? line.optionalText("as") ?? line.optionalText("person") ?? "operator"
        let through = try line.optionalText("through").map { " through \($0)" } ?? ""
        let via = try line.optionalText("via").map { " by \($0)" } ?? ""
        let head = "  \(who)\(via)\(through): \(line.action)"
        if let refusal = outcome.refusal {
            say("\(head): REFUSED: \(refusal)")
            return
        }
        say(head + (outcome.state.map { " → \($0)" } ?? "") + (outcome.isReplay ? " (done before)" : ""))
        for receipt in outcome.receipts {
            let type = String(decoding: receipt.record, as: UTF8.self).prefix { $0 != "\n" }
            say("      record \(receipt.index): \(type)")
        }
        if outcome.isReceiptPending { say("      recorded, receipt pending") }
        if let code = outcome.rescindCode {
            say("      receipt and rescind-only code\(printsCodes ? " \(code)" : " given to \(who)")")
        }
        for telling in outcome.notices {
            say(
                "      notice to the \(telling.role.rawValue): \(try open.service.policy.policy.words(of: telling.notice))"
            )
        }
        if ["disclose", "alert"].contains(line.action), !open.isExample, !outcome.isReplay {
            try await printCard(line)
        }
    }

    /// On paper the mentor's card is what the coordinator prints at the act of disclosure.
    private func printCard(_ line: ScriptLine) async throws {
        let opener = try await person(line, "case")
        let fallback = await firstWorkflow()
        let workflow = try line.optionalText("workflow") ?? (line.action == "alert" ? "peerConversation" : fallback)
        for reader in try await open.service.readers(of: opener, workflow: workflow) {
            say("  card for printing:")
            show(try await open.service.look(opener, workflow: workflow, reader: reader))
        }
    }
}
