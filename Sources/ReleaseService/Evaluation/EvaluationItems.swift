public import ReleaseWorkflow

/// A question about how the program works. The bank is closed: what went on between two people cannot be asked
/// (MPHP-58, MPHP-63).
public enum EvaluationItem: String, CaseIterable, Hashable, Sendable, Codable {
    // Operations.
    case surveyClarity, waitingTime, formClarity, contactDetails, coordinatorProcess, noticeClarity, stoppingEasy,
        receiptClarity
    // Goals of programs that are not clinical.
    case directoryUseful, trainingUseful, retention

    public var text: String {
        switch self {
        case .surveyClarity: "Were the questions of the survey clear?"
        case .waitingTime: "Was the time from your request to an answer acceptable?"
        case .formClarity: "Was the release form easy to understand?"
        case .contactDetails: "Were the contact details that the program held correct?"
        case .coordinatorProcess: "Did the program's office do what it said it would do, when it said so?"
        case .noticeClarity: "Were the notices you were sent clear?"
        case .stoppingEasy: "Was it easy to find out how to take a release back?"
        case .receiptClarity: "Was the receipt easy to understand?"
        case .directoryUseful: "Did the directory page work as you expected?"
        case .trainingUseful: "Was the training material easy to follow?"
        case .retention: "Does the program's information page say what you need to know about staying in the field?"
        }
    }

    /// The items that a policy asks: of operations, and of a program's goals where its policy says so, without those
    /// about what the program does not have.
    public static func bank(of policy: Policy) -> [EvaluationItem] {
        if policy.evaluation.topics == .none { return [] }
        return allCases.filter { $0.isAsked(by: policy) }
    }

    private func isAsked(by policy: Policy) -> Bool {
        let rows = policy.workflows.flatMap(\.transitions)
        let asksGoals = policy.evaluation.topics == .programGoals
        return switch self {
        case .surveyClarity: rows.contains { $0.command == .completeSurvey }
        case .waitingTime, .coordinatorProcess: policy.administration != .self
        case .formClarity, .contactDetails, .noticeClarity, .stoppingEasy, .receiptClarity: true
        case .directoryUseful: asksGoals && policy.isDirectory
        case .trainingUseful: asksGoals && policy.customs.isTrainingRequired
        case .retention: asksGoals
        }
    }
}

/// One answer to one item. No text, no scale that could carry more.
public enum EvaluationAnswer: String, CaseIterable, Hashable, Sendable, Codable { case yes, partly, no, doesNotApply }

/// Finds questions that do not belong into an evaluation of operations. What it does not recognize as operational it
/// refuses.
public enum ItemLinter {
    private static let operational = [
        "survey", "form", "release", "notice", "receipt", "contact details", "time from", "office", "instruction",
        "page",
        "directory", "training material",
        "website", "code", "answer from the program", "paperwork",
    ]
    private static let personal = [
        "mentor", "mentee", "relationship", "feel", "felt", "feeling", "helpful", "helped", "comfortable", "trust",
        "talk", "call",
        "meet",
        "met", "sober", "sobriety", "recovery", "relapse", "drink", "use ", "using", "experience", "satisf", "like",
        "enjoy",
        "support",
        "bond", "connect", "listen", "match", "partner", "together", "you two", "personal", "progress", "better",
        "worse",
        "benefit", "gain",
        "problem", "conflict", "argu", "often", "how long did you", "who ", "why did", "name", "hope", "encourag",
        "goal",
        "conversation",
        "visit", "attend", "stress", "friend", "honest", "respect", "growth", "change in your", "your life",
        "work situation",
        "other person",
    ]

    /// The reason why a question cannot be asked; nil for one about operations alone.
    public static func problem(_ text: String) -> String? {
        let folded = text.lowercased()
        if let word = personal.first(where: { folded.contains($0) }) {
            return "asks about people, not operations (`\(word.trimmedSpaces)`)"
        }
        if folded.count > 160 { return "longer than 160 characters" }
        guard operational.contains(where: { folded.contains($0) }) else {
            return "names nothing of the program's operations: \(operational.prefix(6).joined(separator: ", ")) …"
        }
        return nil
    }
}

extension String {
    fileprivate var trimmedSpaces: String { split(separator: " ").joined(separator: " ") }
}

/// The result of one item: counts of at least the smallest cell, or nothing.
public struct EvaluationResult: Hashable, Sendable, Codable {
    public let item: EvaluationItem
    /// By answer; an answer that is not there is withheld, or was not given.
    public let counts: [String: Int]
    /// True if something is withheld.
    public let isWithheld: Bool

    /// Withholds every count below the smallest cell, and as many more as it takes that what is withheld cannot be
    /// computed from the rest.
    ///
    /// - Parameter smallest: at least 10 (DER-20).
    init(_ item: EvaluationItem, _ answers: [EvaluationAnswer], smallest: Int) {
        self.item = item
        var counts: [EvaluationAnswer: Int] = [:]
        for answer in answers { counts[answer, default: 0] += 1 }
        // Every answer has a cell, a cell of nobody too: that nobody said something also tells.
        let cells = EvaluationAnswer.allCases.map { (answer: $0, count: counts[$0] ?? 0) }.sorted {
            ($0.count, $0.answer.rawValue) < ($1.count, $1.answer.rawValue)
        }
        var hidden: Set<EvaluationAnswer> = Set(cells.filter { $0.count < smallest }.map(\.answer))
        if !hidden.isEmpty {
            // The hidden ones together must be a cell of at least that size, and more than one.
            for cell in cells where hidden.count < 2 || hidden.reduce(0, { $0 + (counts[$1] ?? 0) }) < smallest {
                hidden.insert(cell.answer)
            }
        }
        isWithheld = !hidden.isEmpty
        self.counts = Dictionary(
            uniqueKeysWithValues: cells.filter { !hidden.contains($0.answer) }.map { ($0.answer.rawValue, $0.count) })
    }
}

/// The number of codes that went out and came back.
public struct EvaluationCount: Hashable, Sendable, Codable {
    public let issued: Int
    public let redeemed: Int
    public let unused: Int
    public var isReconciled: Bool { issued == redeemed + unused }
}
