internal import Synchronization

/// Counts attempts in memory, by what was tried and by where from, in windows of fifteen minutes.
final class AttemptLimiter: Sendable {
    private static let most = 20_000
    private struct Counts {
        var entries: [String: (count: Int, since: Int64)] = [:]

        mutating func sweep(at now: Int64) {
            entries = entries.filter { now - $0.value.since <= AccessTimes.attemptWindow }
        }

        /// Drops the least counted of a few that chance picks: a flood of names costs no work, and forgives the flood
        /// and not those who were counted.
        mutating func dropOld() {
            let few = entries.prefix(16)
            let old = few.min { ($0.value.count, $0.value.since) < ($1.value.count, $1.value.since) }
            if let old { entries[old.key] = nil }
        }
    }

    private let counts = Mutex(Counts())

    /// True if one more attempt from this network is allowed; counts it if so.
    func allow(_ network: Network, at now: Int64) -> Bool {
        allow("network \(network.name)", limit: network.limit, at: now)
    }

    /// Takes back one count after a success, so that many people who sign in from one network lock nobody out.
    func forgive(_ network: Network) { forgive("network \(network.name)") }

    /// True if one more is allowed; counts it if so.
    func allow(_ key: String, limit: Int, at now: Int64) -> Bool {
        counts.withLock { counts in
            var entry = counts.entries[key] ?? (0, now)
            if now - entry.since > AccessTimes.attemptWindow { entry = (0, now) }
            guard entry.count < limit else { return false }
            entry.count += 1
            if counts.entries.count >= Self.most, counts.entries[key] == nil { counts.dropOld() }
            counts.entries[key] = entry
            return true
        }
    }

    private func forgive(_ key: String) {
        counts.withLock { counts in
            guard var entry = counts.entries[key], entry.count > 0 else { return }
            entry.count -= 1
            counts.entries[key] = entry
        }
    }

    func clear(_ key: String) { counts.withLock { $0.entries[key] = nil } }

    func sweep(at now: Int64) { counts.withLock { $0.sweep(at: now) } }
}
