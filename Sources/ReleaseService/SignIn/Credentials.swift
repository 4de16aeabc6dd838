internal import Cryptography
internal import Foundation
internal import ReleaseWorkflow
internal import Synchronization

/// Says what can be used as a PIN, password or address, and how secrets are written.
enum Credentials {
    static let firstUseLength = 10
    static let recoveryLength = 10
    /// The length that a password is cut to, when it is set and when it is entered.
    static let passwordByteLimit = 512

    /// - Throws: ``AccessRefusal/unusable(_:)`` unless it is 6 to 12 digits and neither one digit repeated nor a run.
    static func pin(_ typed: String) throws -> SecretBytes {
        let digits = Array(typed.utf8)
        let steps = Set(zip(digits, digits.dropFirst()).map { Int($1) - Int($0) })
        guard (6...12).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }), steps.count > 1 else {
            throw AccessRefusal.unusable(
                FieldProblem(field: "pin", expected: "6 to 12 digits, not one repeated and not a run like 123456"))
        }
        return SecretBytes(copying: digits)
    }

    static func password(_ typed: String) throws -> SecretBytes {
        let normalized = typed.precomposedStringWithCompatibilityMapping
        guard (12...128).contains(normalized.count), Set(normalized).count >= 5 else {
            throw AccessRefusal.unusable(
                FieldProblem(field: "password", expected: "12 to 128 characters, at least five different ones"))
        }
        return SecretBytes(copying: Array(normalized.utf8.prefix(passwordByteLimit)))
    }

    /// A mailbox in its plain form: one @, no white space, nothing that a mail header could mistake.
    static func address(_ typed: String) throws -> String {
        let text = typed.trimmingCharacters(in: .whitespaces)
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+/=?^_`{|}~-")
        guard halves.count == 2, (1...64).contains(halves[0].count), (3...190).contains(halves[1].count),
            halves[0].allSatisfy(allowed.contains), halves[1].contains("."), !text.contains(".."),
            halves[1].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") }),
            !halves[1].hasPrefix("."), !halves[1].hasSuffix("."), !halves[0].hasPrefix("."), !halves[0].hasPrefix("-")
        else {
            throw AccessRefusal.unusable(
                FieldProblem(field: "address", expected: "an e-mail address like name@example.org"))
        }
        return text.lowercased()
    }

    /// A number on a list, as it is compared: letters and digits alone.
    static func memberNumber(_ typed: String) -> String { typed.uppercased().filter { $0.isLetter || $0.isNumber } }

    /// Tokens travel as base64 for URLs (RFC 4648 §5), 43 characters.
    static func format(_ bytes: [UInt8]) -> String {
        String(Base64.format(bytes).map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }.filter { $0 != "=" })
    }

    static func parse(_ token: String) -> [UInt8]? {
        guard token.utf8.count == 43 else { return nil }
        return Base64.parse(String(token.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }) + "=")
    }
}

/// Hashes passwords and PINs, one at a time on a thread of its own: it takes a tenth of a second and must hold nobody
/// else up. Those who are known come first, and no more wait than can be answered.
struct PasswordHashing: Sendable {
    private static let line = HashingLine()

    /// Compared with where there is no account, so that its absence takes as long.
    let nobody: PasswordHash
    private let cost: UInt64

    /// - Parameter cost: scrypt's N for new passwords and PINs; tests lower it.
    init(cost: UInt64) throws {
        self.cost = cost
        nobody = try PasswordHash(of: SecretBytes(copying: RandomBytes.generate(count: 16)), cost: cost)
    }

    /// - Parameter stranger: where one comes from who is not known; nil for somebody with a link that works.
    /// - Throws: ``AccessRefusal/busy`` where too many wait.
    func matches(_ typed: String, _ hash: PasswordHash, stranger: Network?) async throws -> Bool {
        let secret = SecretBytes(copying: Array(typed.utf8.prefix(Credentials.passwordByteLimit)))
        return try await Self.line.run(stranger: stranger) { try hash.matches(secret) }
    }

    /// - Throws: ``AccessRefusal/busy`` where too many wait.
    func hash(_ secret: SecretBytes) async throws -> PasswordHash {
        let cost = cost
        return try await Self.line.run(stranger: nil) { try PasswordHash(of: secret, cost: cost) }
    }
}

/// Two lines before one worker: who is known is served before who is not.
final class HashingLine: Sendable {
    /// The number that may wait in each line; a line of so many is over in some ten seconds.
    static let (knownLimit, unknownLimit) = (64, 16)
    /// The number that may wait of one network whose people are not known, however wide it is.
    static let networkLimit = 2

    private typealias Job = @Sendable () -> Void
    private struct State {
        var known: [Job] = []
        var unknown: [(network: Network, job: Job)] = []
        var hasBegun = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "privity.passwords")

    /// - Parameter stranger: where one comes from who is not known; nil for somebody who is.
    /// - Throws: ``AccessRefusal/busy`` where too many wait, at all or from there; whatever `body` throws.
    func run<R: Sendable>(stranger: Network?, _ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            let job: Job = { continuation.resume(with: Result { try body() }) }
            let isTaken = state.withLock { state -> Bool in
                guard let stranger else {
                    guard state.known.count < Self.knownLimit else { return false }
                    state.known.append(job)
                    return true
                }
                let ofOne = stranger.isUnknown ? 0 : state.unknown.count { $0.network.wide == stranger.wide }
                guard state.unknown.count < Self.unknownLimit, ofOne < Self.networkLimit else { return false }
                state.unknown.append((stranger, job))
                return true
            }
            guard isTaken else { return continuation.resume(throwing: AccessRefusal.busy) }
            queue.async { self.next()?() }
        }
    }

    /// True while nothing was ever begun.
    var isIdle: Bool { state.withLock { !$0.hasBegun } }
    var waitingCount: (known: Int, unknown: Int) { state.withLock { ($0.known.count, $0.unknown.count) } }

    /// Each job brings one turn of the worker; whose turn it is, is decided when it comes.
    private func next() -> Job? {
        state.withLock { state in
            state.hasBegun = true
            if !state.known.isEmpty { return state.known.removeFirst() }
            return state.unknown.isEmpty ? nil : state.unknown.removeFirst().job
        }
    }
}
