internal import Synchronization

/// Decoded values, kept so that nothing is decoded twice.
///
/// Nothing invalidates it: what it holds is right exactly if its stamp is that of the row that was just read. It is
/// never wrong, at worst cold. The card gate never asks it. It is bounded by bytes and by ten minutes, and what was
/// opened under a data key goes with the key.
///
/// The price: an event row that somebody edits under a running process is noticed when it is next read cold, by the
/// gate, the audit or another process, and no longer at every page.
final class DecodedCache: Sendable {
    private struct Entry {
        let stamp: [UInt8]
        let value: any Sendable
        /// The data key that it was opened under; nil for what lives as long as the folder.
        let key: [UInt8]?
        let byteCount: Int
        let since: ContinuousClock.Instant
    }

    private struct Contents {
        private(set) var entries: [[UInt8]: Entry] = [:]
        /// The ids of the values that were opened under a data key.
        private(set) var openedUnder: [[UInt8]: Set<[UInt8]>] = [:]
        private(set) var byteCount = 0
        /// Rises whenever something is forgotten.
        var generation = 0

        mutating func put(_ entry: Entry, _ id: [UInt8]) {
            remove(id)
            byteCount += entry.byteCount
            entries[id] = entry
            if let key = entry.key { openedUnder[key, default: []].insert(id) }
        }

        mutating func remove(_ id: [UInt8]) {
            guard let entry = entries.removeValue(forKey: id) else { return }
            byteCount -= entry.byteCount
            guard let key = entry.key else { return }
            openedUnder[key]?.remove(id)
            if openedUnder[key]?.isEmpty == true { openedUnder[key] = nil }
        }
    }

    private let contents = Mutex(Contents())
    private let byteLimit: Int
    private static let age = Duration.seconds(600)

    /// - Parameter byteLimit: as many bytes as were sealed of what is kept; 0 keeps nothing.
    init(byteLimit: Int = 48 << 20) { self.byteLimit = byteLimit }

    /// The value of `id`, if it is of exactly this stamp.
    func value<Value: Sendable>(_ id: [UInt8], stamp: [UInt8], as type: Value.Type) -> Value? {
        let entry = contents.withLock { $0.entries[id] }
        guard let entry, entry.stamp == stamp, entry.since.duration(to: .now) < Self.age else { return nil }
        return entry.value as? Value
    }

    /// Counts how often something was forgotten so far: whoever opens a snapshot notes it.
    var generation: Int { contents.withLock { $0.generation } }

    /// - Parameter since: the generation when the snapshot was opened that this was read in; a slow reader must not put
    ///   back what was forgotten meanwhile. Nil for the writer, who does the forgetting.
    func keep(
        _ value: some Sendable, _ id: [UInt8], stamp: [UInt8], openedUnder key: [UInt8]? = nil, byteCount: Int,
        since: Int?
    ) {
        guard byteCount < byteLimit else { return }
        let entry = Entry(stamp: stamp, value: value, key: key, byteCount: byteCount, since: .now)
        contents.withLock { contents in
            if let since, since != contents.generation { return }
            contents.put(entry, id)
            // Beyond its size it starts anew: what is in use is soon back.
            if contents.byteCount > byteLimit { contents = Contents(generation: contents.generation) }
        }
    }

    /// Drops what was opened under data keys that are destroyed.
    func forget(openedUnder keys: [[UInt8]]) {
        guard !keys.isEmpty else { return }
        contents.withLock { contents in
            contents.generation += 1
            for key in keys { for id in contents.openedUnder[key] ?? [] { contents.remove(id) } }
        }
    }

    /// Drops these values.
    func forget(_ ids: [[UInt8]]) {
        guard !ids.isEmpty else { return }
        contents.withLock { contents in
            contents.generation += 1
            for id in ids { contents.remove(id) }
        }
    }

    /// Drops what is too old to be kept.
    func sweep() {
        contents.withLock { contents in
            for (id, entry) in contents.entries where entry.since.duration(to: .now) >= Self.age { contents.remove(id) }
        }
    }
}
