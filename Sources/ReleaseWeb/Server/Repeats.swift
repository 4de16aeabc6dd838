internal import Cryptography
internal import HummingbirdCore
internal import Synchronization

/// The second of two equal posts of one form gets the answer of the first, for some seconds: two clicks on a button
/// that lets somebody in use up no try, and hide nothing that is shown once.
///
/// Forms say which they are by the key that each is given when it is shown; a post without one is new every time.
final class Repeats: Sendable {
    /// For which an answer is kept.
    static let span = Duration.seconds(10)
    /// The number of answers that are kept at a time; beyond it a second post is new.
    static let limit = 256

    private let answers = Mutex([[UInt8]: Task<Response, any Error>]())

    /// - Parameters:
    ///   - parts: everything by which a post is the same: where it goes, where it comes from, all that it says.
    ///   - body: answers the first.
    /// - Throws: whatever `body` throws, to both.
    func answer(
        _ parts: [[UInt8]], _ body: @escaping @Sendable () async throws -> Response
    ) async throws -> Response {
        // Hashed one by one: what stands in which part is told apart.
        let id = SHA256.hash(parts.flatMap { SHA256.hash($0) })
        let (task, isFirst) = answers.withLock { answers -> (Task<Response, any Error>, Bool) in
            if let known = answers[id] { return (known, false) }
            let task = Task { try await body() }
            guard answers.count < Self.limit else { return (task, false) }
            answers[id] = task
            return (task, true)
        }
        if isFirst {
            Task {
                _ = await task.result
                try? await Task.sleep(for: Self.span)
                forget(id)
            }
        }
        return try await task.value
    }

    private func forget(_ id: [UInt8]) { answers.withLock { _ = $0.removeValue(forKey: id) } }

    /// The number of answers that are kept now.
    var count: Int { answers.withLock { $0.count } }
}
