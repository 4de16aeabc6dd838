internal import Synchronization

/// Counts attempts in memory, by what was tried and by where from, in windows of fifteen minutes.
final class AttemptLimiter: Sendable {
    private static let most = 20_000
    private struct Counts {
        var entries: [String: (count: Int, since: Int64)] = [:]

        mutating func sweep(at now: Int64) {
            entries = entries.filter { now - $0.value.since <= AccessTimes.attemptWindow }
        }

        /// Drops the least counted of a few: a flood of names costs no work, and forgives the flood and not those who
        /// were counted.
        mutating func dropOld() {
            let few = entries.prefix(16)
            let old = few.min { ($0.value.count, $0.value.since) < ($1.value.count, $1.value.since) }
            if let old { entries[old.key] = nil }
        }
    }

    private let networks = Mutex(Counts())
    /// The tries of people with an account are counted apart: no stranger makes a name here, so none is dropped.
    private let people = Mutex(Counts())

    /// True if one more attempt from this network is allowed; counts it if so.
    func allow(_ network: Network, at now: Int64) -> Bool {
        networks.withLock { counts in
            // In this order: what is refused of one house counts for no other in its wide network.
            Self.allow("network \(network.name)", limit: network.limit, at: now, &counts)
                && Self.allow("wide \(network.wide)", limit: network.wideLimit, at: now, &counts)
        }
    }

    /// True if one more letter may be asked for from this network; it is no failure, and has a count of its own.
    func allowLetter(_ network: Network, at now: Int64) -> Bool {
        networks.withLock { Self.allow("letters \(network.name)", limit: network.limit * 10, at: now, &$0) }
    }

    /// Takes back one count after a success, so that many people who sign in from one network lock nobody out.
    func forgive(_ network: Network) {
        networks.withLock { counts in
            for name in ["wide \(network.wide)", "network \(network.name)"] {
                guard let entry = counts.entries[name], entry.count > 0 else { continue }
                counts.entries[name]?.count = entry.count - 1
            }
        }
    }

    /// True if somebody known may do one more; counts it if so.
    func allow(_ key: String, limit: Int, at now: Int64) -> Bool {
        people.withLock { Self.allow(key, limit: limit, at: now, &$0) }
    }

    private static func allow(_ key: String, limit: Int, at now: Int64, _ counts: inout Counts) -> Bool {
        var entry = counts.entries[key] ?? (0, now)
        if now - entry.since > AccessTimes.attemptWindow { entry = (0, now) }
        guard entry.count < limit else { return false }
        entry.count += 1
        if counts.entries.count >= most, counts.entries[key] == nil { counts.dropOld() }
        counts.entries[key] = entry
        return true
    }

    func clear(_ key: String) { people.withLock { $0.entries[key] = nil } }

    func sweep(at now: Int64) {
        networks.withLock { $0.sweep(at: now) }
        people.withLock { $0.sweep(at: now) }
    }
}
