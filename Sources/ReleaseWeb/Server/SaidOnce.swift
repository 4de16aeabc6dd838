internal import Synchronization

/// The words that a session is told on its next page: kept with the session and said once, so that no link makes a
/// page say that something was done.
final class SaidOnce: Sendable {
    private struct Word: Hashable {
        let session: [UInt8]
        /// The address of the page with the word in it.
        let location: String
    }

    /// The number of words that are kept at a time; the oldest make way.
    static let limit = 4096
    private let words = Mutex([Word]())

    /// Notes that this session is sent to a page that says something.
    func note(_ location: String, to session: [UInt8]) {
        words.withLock { words in
            words.append(Word(session: session, location: location))
            if words.count > Self.limit { words.removeFirst(words.count - Self.limit / 2) }
        }
    }

    /// True the first time that a session comes to the page that it was sent to.
    func take(_ location: String, by session: [UInt8]) -> Bool {
        words.withLock { words in
            guard let place = words.firstIndex(of: Word(session: session, location: location)) else { return false }
            words.remove(at: place)
            return true
        }
    }
}
