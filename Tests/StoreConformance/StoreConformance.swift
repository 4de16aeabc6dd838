import ReleaseLedger
public import ReleaseService
import ReleaseWorkflow
import TransparencyLog

/// Tells two writers the same long random story and asks both the same questions on the way: they must never answer differently.
///
/// Every kind of change and every question of the port is in it, so a question about one row, a count, a list and a
/// "was it there" all come right after a write and right after a deletion that nobody has flushed, inside attempts that
/// are undone too. A driver is checked against one that is known to be right; the working set of a batch against the
/// database that it stands before.
public struct StoreConformance {
    /// Where the two answered differently.
    public struct Difference: Error, CustomStringConvertible {
        public let description: String
    }

    private let left: any StoreWriter
    private let right: any StoreWriter
    private var random: Story
    private var depth = 0
    private var asked: Set<String> = []
    private var done: Set<String> = []

    /// The next number of a story that is the same for the same seed.
    private struct Story {
        var state: UInt64
        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        mutating func bytes(_ count: Int = 4) -> [UInt8] { (0..<count).map { _ in UInt8(next(256)) } }
    }

    private struct Undone: Error {}

    public init(_ left: any StoreWriter, _ right: any StoreWriter, seed: UInt64) {
        (self.left, self.right, random) = (left, right, Story(state: seed))
    }

    /// - Parameter undo: runs a body on the left and on the right so that nothing is left of it.
    /// - Returns: which changes were made and which questions asked, for the test that wants all of them.
    /// - Throws: ``Difference``, and what a writer throws.
    public mutating func tell(
        _ steps: Int, attempt: @escaping (any StoreWriter, () throws -> Void) throws -> Void
    ) throws -> (changes: Set<String>, questions: Set<String>) {
        for _ in 0..<steps {
            if random.next(6) == 0 {
                try undone(steps: 1 + random.next(5), attempt)
            } else {
                try step()
            }
        }
        for question in Self.questions { try ask(question) }
        return (done, asked)
    }

    /// The same steps on either side, each inside an attempt of its own that is given up.
    private mutating func undone(steps: Int, _ attempt: @escaping (any StoreWriter, () throws -> Void) throws -> Void)
        throws
    {
        var copy = self
        do {
            try attempt(left) {
                try attempt(right) {
                    for _ in 0..<steps { try copy.step() }
                    throw Undone()
                }
            }
        } catch is Undone {}
        (random, asked, done) = (copy.random, copy.asked, copy.done)
        try ask(Self.questions[random.next(Self.questions.count)])
    }

    private mutating func step() throws {
        let (name, change) = try self.change()
        let answers = (try change(left), try change(right))
        guard answers.0 == answers.1 else {
            throw Difference(description: "\(name) answers \(answers.0) and \(answers.1)")
        }
        done.insert(name)
        if random.next(3) > 0 { try ask(Self.questions[random.next(Self.questions.count)]) }
    }

    private mutating func ask(_ question: Question) throws {
        let number = random.next(4)
        let answers = (try question.ask(left, number), try question.ask(right, number))
        guard answers.0 == answers.1 else {
            throw Difference(description: "\(question.name)(\(number)) is \(answers.0) and \(answers.1)")
        }
        asked.insert(question.name)
    }

    // MARK: A small world: four people, four cases, four of everything

    private static func id<Kind>(_ number: Int, _ kind: Identifier<Kind>.Type = Identifier<Kind>.self) -> Identifier<
        Kind
    > {
        Identifier<Kind>(high: 7, low: UInt64(number))
    }
    private static func key(_ number: Int) -> [UInt8] { [UInt8](repeating: UInt8(number), count: 32) }
    private static let noDate: CivilDate? = nil

    private typealias Change = (name: String, make: (any StoreWriter) throws -> String)

    private static func quietly(_ name: String, _ body: @escaping (any StoreWriter) throws -> Void) -> Change {
        (
            name,
            {
                try body($0)
                return ""
            }
        )
    }

    /// One change, its arguments drawn before it is made on either side.
    private mutating func change() throws -> Change {
        let number = random.next(4)
        let bytes = random.bytes()
        let fresh = random.bytes(16)
        let day = CivilDate(dayNumber: 20_000 + random.next(20))
        switch random.next(10) {
        case 0, 1: return logChange(number, bytes)
        case 2, 3: return peopleChange(number, bytes)
        case 4, 5: return try caseChange(number, bytes, fresh, day)
        case 6: return try releaseChange(number, fresh, day)
        case 7: return accessChange(number, bytes)
        case 8: return sealedChange(number, bytes)
        default: return leftoverChange(number, bytes, fresh)
        }
    }

    private mutating func logChange(_ number: Int, _ bytes: [UInt8]) -> Change {
        switch random.next(6) {
        case 0: return Self.quietly("setSetting") { try $0.setSetting("s\(number)", bytes) }
        case 1, 2:
            let note = Array("note \(bytes) \"release\":\"\(Self.id(number, ReleaseID.self))\"".utf8)
            return Self.quietly("appendEntry") { try $0.appendEntry($0.logSize(), note) }
        case 3:
            let position = NodePosition(level: number, index: random.next(3))
            let hash = TreeHash.leaf(bytes)
            // A hash of the log is written once.
            return Self.quietly("putNode") { if (try? $0.node(at: position)) == nil { try $0.putNode(position, hash) } }
        case 4: return Self.quietly("putHead") { try $0.putHead(size: number, note: bytes) }
        default: return Self.quietly("putPolicy") { try $0.putPolicy(Self.key(number), Self.key(number)) }
        }
    }

    private mutating func peopleChange(_ number: Int, _ bytes: [UInt8]) -> Change {
        let row = PersonRow(id: Self.id(number), key: Self.key(number), sealed: bytes)
        let tokens = (0...random.next(3)).map { _ in [UInt8(random.next(4))] }
        switch random.next(4) {
        case 0: return Self.quietly("putPerson") { try $0.putPerson(row) }
        case 1: return Self.quietly("putMentor") { try $0.putMentor(row) }
        case 2:
            return Self.quietly("putIndex") {
                try $0.putIndex(Array(Set(tokens)).sorted { $0[0] < $1[0] }, of: Self.id(number), key: Self.key(number))
            }
        default: return Self.quietly("deletePerson") { try $0.deletePerson(Self.id(number)) }
        }
    }

    private mutating func caseChange(_ number: Int, _ bytes: [UInt8], _ fresh: [UInt8], _ day: CivilDate) throws
        -> Change
    {
        let caseID = Self.id(number, CaseID.self)
        switch random.next(8) {
        case 0:
            let due = random.next(2) == 0 ? day : nil
            let row = CaseRow(
                id: caseID, workflow: "w", veiledOpener: Self.id(number), policy: Self.key(0), tip: bytes, due: due)
            return Self.quietly("putCase") { try $0.putCase(row) }
        case 1:
            return Self.quietly("appendEvent") {
                try $0.appendEvent(caseID, EventRow(sequence: $0.events(caseID).count, sealed: bytes, link: bytes))
            }
        case 2:
            // One draft a case: a second one takes its place only after it is gone.
            let round = try left.draft(of: caseID)?.round ?? Self.id(10 * number + random.next(3))
            let row = DraftRow(
                round: round, caseID: caseID, workflow: "w", opener: Self.id(number), policy: Self.key(0),
                sealed: bytes,
                due: random.next(2) == 0 ? day : nil)
            return Self.quietly("putDraft") { try $0.putDraft(row) }
        case 3:
            return Self.quietly("deleteDraft") {
                if let row = try $0.draft(of: caseID) { try $0.deleteDraft(row.round) }
            }
        case 4:
            let rank = PartyRow.Rank.allCases[random.next(4)]
            let row = PartyRow(
                handle: Self.id(number), person: Self.id(number % 2), isStaff: number > 1, rank: rank, caseID: caseID,
                opener: Self.id(0), workflow: "w")
            return Self.quietly("putParty") { try $0.putParty(row) }
        case 5: return Self.quietly("deleteParty") { try $0.deleteParty(Self.id(number)) }
        case 6:
            let mentor = Self.id(random.next(4), PersonID.self)
            return Self.quietly("putPlace") { try $0.putPlace(Self.id(number), mentor: mentor) }
        default: return Self.quietly("deletePlace") { try $0.deletePlace(Self.id(number)) }
        }
    }

    private mutating func releaseChange(_ number: Int, _ fresh: [UInt8], _ day: CivilDate) throws -> Change {
        switch random.next(3) {
        case 0:
            let known = Self.key(number)
            let row = ReleaseRow(
                reference: try left.release(known) == nil ? known : fresh, sealed: fresh, codeDigest: fresh)
            if try left.release(row.reference) != nil || random.next(4) == 0 {
                return Self.quietly("deleteRelease") { try $0.deleteRelease(known) }
            }
            return Self.quietly("putRelease") { try $0.putRelease(row) }
        case 1:
            let text = random.next(2) == 0 ? "text" : nil
            return Self.quietly("putPending") {
                try $0.putPending(
                    PendingRow(
                        order: ($0.pending().last?.order ?? 0) + 1, reference: Self.key(number), at: day, text: text))
            }
        default:
            return Self.quietly("deletePending") {
                if let row = try $0.pending().first { try $0.deletePending(row.order) }
            }
        }
    }

    private mutating func accessChange(_ number: Int, _ bytes: [UInt8]) -> Change {
        let kind = AccessRow.Kind.allCases[random.next(AccessRow.Kind.allCases.count)]
        let row = AccessRow(
            kind: kind, token: [UInt8(number)], person: Self.id(number % 2), key: Self.key(number % 2), sealed: bytes,
            expires: random.next(2) == 0 ? Int64(random.next(50)) : nil)
        switch random.next(6) {
        case 0, 1, 2: return Self.quietly("putAccess") { try $0.putAccess(row) }
        case 3: return ("deleteAccess", { "\(try $0.deleteAccess(kind, [UInt8(number)]))" })
        case 4: return Self.quietly("deleteAccesses of") { try $0.deleteAccesses(kind, of: Self.id(number % 2)) }
        default:
            return Self.quietly("deleteAccesses expired") { try $0.deleteAccesses(expiredBefore: Int64(10 * number)) }
        }
    }

    private mutating func sealedChange(_ number: Int, _ bytes: [UInt8]) -> Change {
        let field = "f\(random.next(3))"
        switch random.next(7) {
        case 6: return Self.quietly("deleteSealed one") { try $0.deleteSealed(Self.key(number), field) }
        case 0, 1: return Self.quietly("putSealed") { try $0.putSealed(Self.key(number), field, bytes) }
        case 2: return Self.quietly("deleteSealed") { try $0.deleteSealed(under: Self.key(number)) }
        case 3: return Self.quietly("deleteCovered") { try $0.deleteCovered(by: [Self.key(number)]) }
        case 4: return Self.quietly("putErasure") { try $0.putErasure(Self.key(number)) }
        default: return Self.quietly("deleteErasure") { try $0.deleteErasure(Self.key(number)) }
        }
    }

    private mutating func leftoverChange(_ number: Int, _ bytes: [UInt8], _ fresh: [UInt8]) -> Change {
        let round: RoundID? = random.next(2) == 0 ? Self.id(number) : nil
        switch random.next(9) {
        case 0: return Self.quietly("putMessage") { try $0.putMessage(fresh, bytes, round: round) }
        case 1:
            return Self.quietly("deleteMessage") {
                if let message = try $0.messages().first { try $0.deleteMessage(message.id) }
            }
        case 2: return Self.quietly("deleteMessages") { try $0.deleteMessages(of: Self.id(number)) }
        case 3:
            let row = OutcomeRow(key: fresh, command: bytes, outcome: "{}", round: round)
            return Self.quietly("putOutcome") { try $0.putOutcome(row) }
        case 4 where random.next(4) == 0: return Self.quietly("dropFormerOutcomes") { try $0.dropFormerOutcomes() }
        case 4: return Self.quietly("deleteOutcomes") { try $0.deleteOutcomes(of: Self.id(number)) }
        case 5: return Self.quietly("putEvaluation code") { try $0.putEvaluation(number, code: bytes) }
        case 6:
            return (
                "deleteEvaluation",
                {
                    let has = try $0.hasEvaluation(number, code: bytes)
                    return "\(has) \(try $0.deleteEvaluation(number, code: bytes))"
                }
            )
        case 7: return Self.quietly("putEvaluation answer") { try $0.putEvaluation(number, answer: fresh, "{}") }
        default: return Self.quietly("putJournal") { try $0.putJournal([UInt8(number)], bytes) }
        }
    }

    // MARK: Questions

    private struct Question: Sendable {
        let name: String
        let ask: @Sendable (any StoreReader, Int) throws -> String

        init(_ name: String, _ ask: @escaping @Sendable (any StoreReader, Int) throws -> Any) {
            self.name = name
            self.ask = { "\(try ask($0, $1))" }
        }
    }

    private static func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "none" }

    private static var questions: [Question] {
        logQuestions + peopleQuestions + caseQuestions + leftoverQuestions
    }

    private static let logQuestions: [Question] = [
        Question("setting") { text(try $0.setting("s\($1)")) },
        Question("logSize") { rows, _ in try rows.logSize() },
        Question("entry") { text(try $0.entry($1)) },
        Question("entries from") { try $0.entries(from: $1, count: 3) },
        Question("entries of") { try $0.entries(of: id($1)) },
        Question("node") { rows, number in (0..<3).map { try? rows.node(at: NodePosition(level: number, index: $0)) } },
        Question("nodeCount") { rows, _ in try rows.nodeCount() },
        Question("heads") { try $0.heads(of: 0...$1) },
        Question("head") { text(try $0.head(atMost: $1)) },
        Question("policy") { text(try $0.policy(key($1))) },
    ]

    private static let peopleQuestions: [Question] = [
        Question("person") { text(try $0.person(id($1))) },
        Question("people") { rows, _ in try rows.people() },
        Question("mentor") { text(try $0.mentor(id($1))) },
        Question("mentors") { rows, _ in try rows.mentors() },
        Question("people with token") { try $0.people(withToken: [UInt8($1)]).sorted() },
    ]

    private static let caseQuestions: [Question] = [
        Question("caseRow") { text(try $0.caseRow(id($1))) },
        Question("cases") { try $0.cases(after: $1 == 0 ? nil : id($1), count: 2) },
        Question("casesDue") { try $0.casesDue(before: CivilDate(dayNumber: 20_000 + 5 * $1)) },
        Question("events") { try $0.events(id($1)) },
        Question("draft") { text(try $0.draft(of: id($1))) },
        Question("drafts") { rows, _ in try rows.drafts() },
        Question("draftsDue") { try $0.draftsDue(before: CivilDate(dayNumber: 20_000 + 5 * $1)) },
        Question("release") { text(try $0.release(key($1))) },
        Question("releases") { try $0.releases(after: $1 == 0 ? nil : key($1), count: 2) },
        Question("release with code") { rows, number in
            text(try rows.release(key(number)).flatMap { try rows.release(withCodeDigest: $0.codeDigest) })
        },
        Question("parties of case") { try $0.parties(of: id($1, CaseID.self)) },
        Question("party") { text(try $0.party(id($1), of: id($1 % 2))) },
        Question("parties of person") { rows, number in
            try rows.parties(
                of: id(number % 2), isStaff: number > 1, after: number % 2 == 0 ? nil : (.open, id(1)), count: 2)
        },
        Question("placesHeld") { try $0.placesHeld(with: id($1)) },
        Question("roundsWithPlace") { try $0.roundsWithPlace(after: $1 == 0 ? nil : id($1), count: 2) },
        Question("pending") { rows, _ in try rows.pending() },
        Question("isPending") { try $0.isPending(key($1)) },
    ]

    private static let leftoverQuestions: [Question] = [
        Question("access") { rows, number in AccessRow.Kind.allCases.map { text(try? rows.access($0, [UInt8(number)])) }
        },
        Question("accesses") { rows, _ in
            try AccessRow.Kind.allCases.map { try rows.accesses($0).map { "\($0)" }.sorted() }
        },
        Question("accesses of") { rows, number in
            try AccessRow.Kind.allCases.map { try rows.accesses($0, of: id(number % 2)).map { "\($0)" }.sorted() }
        },
        Question("sealedNames") { rows, number in
            try rows.sealedNames(after: number == 0 ? nil : (key(number), "f1"), count: 2).map { "\($0)" }
        },
        Question("sealed") { rows, number in try (0..<3).map { text(try rows.sealed(key(number), "f\($0)")) } },
        Question("keysInUse") { rows, _ in
            try rows.keysInUse(among: [key(1), key(3), key(7)]).map { "\($0)" }.sorted()
        },
        Question("erasures") { rows, _ in try rows.erasures() },
        Question("messages") { rows, _ in try rows.messages().map { "\($0)" }.sorted() },
        Question("message") { rows, _ in text(try rows.messages().first.flatMap { try rows.message($0.id) }) },
        Question("outcome") { text(try $0.outcome([UInt8](repeating: UInt8($1), count: 16))) },
        Question("evaluationCodeCount") { try $0.evaluationCodeCount($1) },
        Question("evaluationAnswers") { try $0.evaluationAnswers($1).sorted() },
        Question("journal") { rows, _ in try rows.journal().map { "\($0)" }.sorted() },
    ]

    /// The number of kinds of question.
    public static var questionCount: Int { questions.count }
}
