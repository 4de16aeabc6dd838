internal import Cryptography
internal import Foundation
public import ReleaseLedger
public import ReleaseWorkflow

/// The report of a command's body; together with its records it is what a repetition answers from.
struct Done {
    var release: ReleaseID?
    var person: PersonID?
    var round: RoundID?
    var state: String?
    var rule: String?

    init(
        release: ReleaseID? = nil, person: PersonID? = nil, round: RoundID? = nil, state: String? = nil,
        rule: String? = nil
    ) {
        self.release = release
        self.person = person
        self.round = round
        self.state = state
        self.rule = rule
    }
}

/// A command's outcome as it is stored under its key.
struct StoredOutcome: StoredValue {
    var refusal: Refusal?
    var done: Done?
    var records: [Int]
    /// The release whose closing waited to be signed when this was stored.
    var pendingRelease: ReleaseID?

    static var storedName: StaticString { "outcome" }

    init(refusal: Refusal? = nil, done: Done? = nil, records: [Int] = [], pendingRelease: ReleaseID? = nil) {
        self.refusal = refusal
        self.done = done
        self.records = records
        self.pendingRelease = pendingRelease
    }

    init(stored: StoredObject) throws {
        if let code = try stored.optionalText("refusal") {
            // Version 1 kept the printed text, which names the same words in the same order between back quotes.
            let words =
                try stored.optionalList("words", \.string)
                ?? stored.optionalText("refusalText").map(Self.quoted) ?? []
            guard let known = Refusal(code: code, words: words) ?? Refusal(code: code, words: words + ["screen"]) else {
                throw stored.problem("refusal")
            }
            refusal = known
        }
        done = try stored.optionalObject("done").map { done in
            Done(
                release: try done.optionalID("release"), person: try done.optionalID("person"),
                round: try done.optionalID("round"),
                state: try done.optionalText("state"), rule: try done.optionalText("rule"))
        }
        records = try stored.list("records", \.integer)
        pendingRelease = try stored.optionalID("pendingRelease")
    }

    private static func quoted(_ text: String) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.map {
            String($0.element)
        }
    }

    var stored: [String: CanonicalJSON] {
        let done = self.done.map { done in
            CanonicalJSON.object(
                StoredMembers().with("release", done.release).with("person", done.person).with("round", done.round)
                    .with("state", done.state).with("rule", done.rule).members)
        }
        return StoredMembers().with("refusal", refusal?.code).with("words", refusal?.words).with("done", done)
            .with("records", .array(records.map(CanonicalJSON.integer))).with("pendingRelease", pendingRelease).members
    }
}

/// Carries a command out once for each key: the second time it only answers.
struct Idempotency {
    /// The command under its key, both as digests; the key only where the command has one.
    struct Ticket: Sendable {
        let key: [UInt8]?
        /// Where the key was kept before keys were scoped to callers, and under the name that an earlier version gave
        /// it; looked up while such rows exist.
        let formerKeys: [[UInt8]]
        let command: [UInt8]
        static let formerly = " formerly "

        /// Every name under which the command may have been kept.
        var keys: [[UInt8]] { (key.map { [$0] } ?? []) + formerKeys }

        /// - Parameters:
        ///   - key: a line of a script brings the key of an earlier version too, after ``formerly``.
        ///   - scope: within which the key is unique.
        ///   - former: the scope that version 1 used.
        ///   - text: the canonical command, compared when the key is used again.
        init(key: String?, scope: String, former: String? = nil, text: String, _ vault: Vault) throws {
            if let key, key.isEmpty || key.utf8.count > 200 {
                throw FieldProblem(field: "key", expected: "1 to 200 bytes")
            }
            let names = key?.components(separatedBy: Self.formerly) ?? []
            self.key = try names.first.map { try vault.commandDigest("key", scope, $0) }
            let former = former ?? scope
            formerKeys =
                try names.map { try vault.commandDigest("key", former, $0) }
                + names.dropFirst().map { try vault.commandDigest("key", scope, $0) }
            command = try vault.commandDigest("command", former, text)
        }
    }

    /// The result of a command's turn in a transaction.
    struct Attempted {
        let outcome: StoredOutcome
        var isReplay = false
    }

    let ticket: Ticket
    let tx: Transaction

    /// True if the key was used before, for whatever it was.
    var isAnswered: Bool {
        get throws { try ticket.keys.contains { try tx.rows.outcome($0) != nil } }
    }

    /// - Parameter onRefusal: runs after everything that the body did was undone; what it leaves stays.
    func attempt(
        onRefusal: ((Transaction, Refusal) throws -> Void)? = nil, _ body: (Transaction) throws -> Done
    ) throws -> Attempted {
        for key in ticket.keys {
            guard let row = try tx.rows.outcome(key) else { continue }
            guard row.command == ticket.command else { return Attempted(outcome: StoredOutcome(refusal: .keyReused)) }
            return Attempted(outcome: try repeated(row), isReplay: true)
        }
        var attempted: Attempted
        do {
            let done = try tx.attempt { try body(tx) }
            attempted = Attempted(
                outcome: StoredOutcome(
                    done: done, records: tx.consequences.records, pendingRelease: tx.consequences.pendingRelease))
        } catch let refused as Refusal {
            attempted = Attempted(outcome: StoredOutcome(refusal: refused))
            try onRefusal?(tx, refused)
        }
        // What was refused because nothing is signed now may be done when it is.
        if let key = ticket.key, !tx.storesNothing, attempted.outcome.refusal != .notSigning {
            tx.rows.putOutcome(
                OutcomeRow(
                    key: key, command: ticket.command, outcome: try seal(attempted.outcome, under: key),
                    round: try (attempted.outcome.done?.round ?? tx.refusedRound).map {
                        try tx.vault.token(of: $0, in: "outcome")
                    }))
        }
        return attempted
    }

    /// An outcome as it lies in the database: sealed, and filled up to a multiple of one size, so that the row of what
    /// was refused looks like that of what was done.
    private func seal(_ outcome: StoredOutcome, under key: [UInt8]) throws -> String {
        let bytes = StoredCodec.encode(outcome)
        let filling = Self.size - bytes.count % Self.size
        let padded = bytes + [UInt8](repeating: UInt8(ascii: " "), count: filling)
        return Base64.format(try tx.vault.seal(padded, fixed: "outcome/\(Hex.format(key))"))
    }

    /// The longest outcome of everyday fits in.
    private static let size = 512

    private func opened(_ row: OutcomeRow) throws -> StoredOutcome {
        // Earlier versions kept it open.
        if row.outcome.hasPrefix("{") {
            return try StoredCodec.decode(Array(row.outcome.utf8), as: StoredOutcome.self)
        }
        guard let sealed = Base64.parse(row.outcome) else {
            throw MachineryError.corrupt("a stored outcome is damaged")
        }
        let padded = try tx.vault.open(sealed, fixed: "outcome/\(Hex.format(row.key))")
        let bytes = padded[...(padded.lastIndex { $0 != UInt8(ascii: " ") } ?? 0)]
        return try StoredCodec.decode(Array(bytes), as: StoredOutcome.self)
    }

    private func repeated(_ row: OutcomeRow) throws -> StoredOutcome {
        var earlier = try opened(row)
        if let release = earlier.pendingRelease {
            tx.consequences.isPending = try tx.snapshot.isPending(release)
            if !tx.consequences.isPending { earlier.records = try tx.rows.entries(of: release).map(\.index).suffix(1) }
        }
        return earlier
    }
}

/// The outcome of a command, as it is answered.
public struct Outcome: Sendable {
    /// The reason why nothing happened; nil if it did.
    public let refused: Refusal?
    /// Recorded, but the head that covers it is not signed yet: the same key later fetches the receipt.
    public let isReceiptPending: Bool
    public let isReplay: Bool
    public let state: String?
    public let rule: String?
    public let release: ReleaseID?
    public let person: PersonID?
    /// Where its records stand in the log.
    public let records: [Int]
    public let receipts: [Receipt]
    /// The rescind-only code of a release that was just signed.
    public let rescindCode: String?
    public let notices: [Telling]
    public let moment: Moment

    /// The refusal as it is printed, and as one word.
    public var refusal: String? { refused.map { "\($0)" } }
    public var refusalCode: String? { refused?.code }

    /// True of what counts once somebody else has confirmed it.
    public var waits: Bool { refused == nil && state == Self.waiting }
    static let waiting = "waits"

    /// - Throws: the refusal, for whoever has nothing else to say about it.
    public func requireDone() throws {
        if let refused { throw refused }
    }

    /// Builds the answer from what is stored: receipts anew, a rescind-only code again, a card never.
    init(_ attempted: Idempotency.Attempted, _ tx: Transaction, _ answering: Sequencer.Answering) throws {
        let (stored, done) = (attempted.outcome, attempted.outcome.done)
        let isSigned = stored.records.allSatisfy(answering.published.covers) && !tx.consequences.isPending
        refused = stored.refusal
        isReceiptPending = !isSigned
        isReplay = attempted.isReplay
        (state, rule, release, person, records) = (done?.state, done?.rule, done?.release, done?.person, stored.records)
        receipts = isSigned ? try answering.receipts(for: stored.records) : []
        var code: String?
        if let release = done?.release, let round = done?.round {
            code = try tx.vault.rescindCode(release, round: round)
        }
        rescindCode = code
        notices = attempted.isReplay ? [] : tx.consequences.notices + tx.consequences.immediate
        moment = tx.moment
    }

    /// Makes the outcome of a rescission by code.
    init(rescinded release: ReleaseID?, records: [Int], receipts: [Receipt], isReceiptPending: Bool, moment: Moment) {
        (refused, isReplay, state, rule, person, rescindCode, notices) = (nil, false, nil, nil, nil, nil, [])
        (self.release, self.records, self.receipts, self.isReceiptPending, self.moment) = (
            release, records, receipts, isReceiptPending, moment
        )
    }
}
