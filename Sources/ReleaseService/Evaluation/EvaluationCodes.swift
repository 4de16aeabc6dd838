internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// The codes of one interval: forty random bits each, and sixty that the program's own key makes of them. None is
/// stored: whoever has the folder can tell a code that was issued from another, and cannot list them; of one that was
/// used the hash is kept, so that it works once.
struct EvaluationCodes {
    private static let randomCharacters = 8

    let period: Int
    let vault: Vault

    /// - Parameter count: how many, no two alike.
    func make(_ count: Int, _ derive: Derivation) throws -> [String] {
        var codes: Set<String> = []
        var number = 0
        while codes.count < count {
            codes.insert(try code(of: derive.bytes("code/\(number)", count: 5)))
            number += 1
        }
        return Array(codes)
    }

    /// True if a code as somebody typed it is one of this interval's.
    func isIssued(_ typed: String) throws -> Bool {
        guard let characters = RescindCode.characters(ofTyped: typed) else { return false }
        let random = RescindCode.bytes(of: characters.prefix(Self.randomCharacters))
        // Compared by their hashes: what differs first says nothing.
        let own = try RescindCode.characters(ofTyped: code(of: random)) ?? ""
        return SHA256.hash(Array(own.utf8)) == SHA256.hash(Array(characters.utf8))
    }

    private func code(of random: [UInt8]) throws -> String {
        let mark = try vault.indexToken("evaluation/\(period)", Hex.format(random))
        return RescindCode.format(random + mark.prefix(8))
    }
}

/// Fewer than ten sets of answers, which wait until they are ten: one sealed value of one size, rewritten whole. No row
/// comes with a code that was used.
struct WaitingAnswers: StoredValue {
    static let groupCount = 10

    /// One letter for each item that there is.
    private(set) var lines: [String] = []

    static var storedName: StaticString { "waiting answers" }
    init() {}
    init(stored: StoredObject) throws { lines = try stored.texts("lines").filter { !$0.allSatisfy { $0 == "." } } }
    var stored: [String: CanonicalJSON] {
        let padding = Array(repeating: Self.empty, count: Self.groupCount - 1 - lines.count)
        return StoredMembers().with("lines", lines + padding).members
    }

    private static let empty = String(repeating: ".", count: EvaluationItem.allCases.count)

    /// Adds a set of answers.
    ///
    /// - Returns: ten sets, once they are ten; nothing waits then.
    mutating func add(_ answers: [EvaluationItem: EvaluationAnswer]) -> [[String: String]] {
        lines.append(
            EvaluationItem.allCases.map { answers[$0].flatMap { Self.letters[$0] } ?? "-" }.joined())
        // In the order of what they say: who came first is nowhere.
        lines.sort()
        guard lines.count == Self.groupCount else { return [] }
        defer { lines = [] }
        return lines.map(Self.texts)
    }

    /// The sets that wait, by item.
    var texts: [[String: String]] { lines.map(Self.texts) }

    private static let letters: [EvaluationAnswer: String] = [.yes: "y", .partly: "p", .no: "n", .doesNotApply: "d"]

    private static func texts(of line: String) -> [String: String] {
        var texts: [String: String] = [:]
        for (item, letter) in zip(EvaluationItem.allCases, line) {
            guard let answer = letters.first(where: { $0.value == String(letter) })?.key else { continue }
            texts[item.rawValue] = answer.rawValue
        }
        return texts
    }
}

extension Snapshot {
    /// The memory of the batch of an interval; nil where it was never opened.
    func evaluation(_ period: Int) throws -> EvaluationPeriod? {
        try rows.setting("evaluation/\(period)").map { try StoredCodec.decode($0, as: EvaluationPeriod.self) }
    }

    func waitingAnswers(_ period: Int) throws -> WaitingAnswers {
        try rows.setting("evaluation/waiting/\(period)").map {
            try vault.open($0, fixed: "evaluation/waiting", as: WaitingAnswers.self)
        } ?? WaitingAnswers()
    }
}

extension Transaction {
    func keep(_ waiting: WaitingAnswers, of period: Int) throws {
        rows.setSetting("evaluation/waiting/\(period)", try vault.seal(waiting, fixed: "evaluation/waiting"))
    }

    /// Uses a code up.
    ///
    /// - Throws: `Refusal.notFound` for a code that was not issued or was used.
    func spend(_ typed: String, of period: Int) throws {
        guard let batch = try snapshot.evaluation(period), let digest = RescindCode.digest(ofTyped: typed) else {
            throw Refusal.notFound
        }
        guard batch.isKeyed else {
            // A batch of an earlier version kept the hashes of those that were not used.
            guard try rows.deleteEvaluation(period, code: digest) else { throw Refusal.notFound }
            return
        }
        guard try EvaluationCodes(period: period, vault: vault).isIssued(typed),
            try !rows.hasEvaluation(period, code: digest)
        else { throw Refusal.notFound }
        rows.putEvaluation(period, code: digest)
    }
}
