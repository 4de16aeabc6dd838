internal import Foundation
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import ReleaseService
internal import Synchronization

/// Every connection that is open. A flood of them costs the flood and nobody else: where all places are taken, the
/// connection that has asked for nothing for the longest time makes way for the one that comes.
final class Connections: Sendable {
    /// Ceilings, well below the files that the process may have open.
    struct Limits: Sendable {
        let total: Int
        /// Of one address, but for this machine's own, from which a proxy brings everybody's; of IPv6 a /64 is one.
        let perAddress: Int
        /// The time for the head of the first request to have come, with the handshake before it.
        var first = TimeAmount.seconds(15)
        /// The time for the body after it.
        var body = TimeAmount.seconds(30)
        /// The time for the head of the next one, on a connection that is kept.
        var next = TimeAmount.seconds(75)

        init(total: Int) { (self.total, perAddress) = (total, max(8, total / 4)) }

        /// The ceilings that this process can bear; it asks for as many open files as it may have.
        ///
        /// - Throws: ``ListeningProblem`` below 128 open files.
        static func ofProcess() throws -> Limits {
            var files = rlimit()
            guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &files) == 0 else {
                return Limits(total: 128)
            }
            let allowed = files.rlim_cur
            files.rlim_cur = min(files.rlim_max, 1 << 16)
            let isRaised = setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &files) == 0
            if !isRaised { files.rlim_cur = allowed }
            let count = Int(clamping: files.rlim_cur)
            guard count >= 128 else {
                throw ListeningProblem(
                    description: "open files: at least 128 are needed, and this process may have \(count) (`ulimit -n`)"
                )
            }
            // The rest is for the database, the log, letters and whatever is read meanwhile.
            return Limits(total: count - max(96, count / 4))
        }
    }

    private struct Entry {
        let channel: any Channel
        let address: String?
        /// The number of its turn among those that ask for nothing; nil while something is answered.
        var turn: Int?
        /// The requests that are being answered: streams of HTTP/2 may be several.
        var answering = 0
        /// Closes it when its time is over.
        var deadline: Scheduled<Void>?
    }

    private struct State {
        var limits: Limits
        var entries: [ObjectIdentifier: Entry] = [:]
        var ofAddress: [String: Int] = [:]
        /// Those that are not being answered, the longest waiting first. What has moved on since is passed over.
        var line = Line()
        var turns = 0

        init(_ limits: Limits) { self.limits = limits }

        /// Lines a connection up.
        mutating func wait(_ id: ObjectIdentifier) -> Int? {
            guard var entry = entries[id], entry.answering == 0 else { return nil }
            entry.deadline?.cancel()
            turns += 1
            (entry.turn, entry.deadline) = (turns, nil)
            entries[id] = entry
            line.append(id, turns)
            dropPassed()
            // The line does not grow with what has left it, behind one that stays either.
            if line.count > entries.count * 2 + 1024 { line.keep { entries[$0]?.turn == $1 } }
            return turns
        }

        /// The connection that makes way for another; nil where every one is being answered.
        mutating func victim() -> (any Channel)? {
            dropPassed()
            guard let (id, _) = line.first, let entry = entries[id] else { return nil }
            line.removeFirst()
            remove(id)
            return entry.channel
        }

        private mutating func dropPassed() {
            while let (id, turn) = line.first, entries[id]?.turn != turn { line.removeFirst() }
        }

        mutating func remove(_ id: ObjectIdentifier) {
            guard let entry = entries.removeValue(forKey: id) else { return }
            entry.deadline?.cancel()
            guard let address = entry.address else { return }
            let count = (ofAddress[address] ?? 1) - 1
            ofAddress[address] = count > 0 ? count : nil
        }
    }

    /// A queue without a gap at its front.
    private struct Line {
        private var items: [(ObjectIdentifier, Int)] = []
        private var start = 0

        var first: (ObjectIdentifier, Int)? { start < items.count ? items[start] : nil }
        var count: Int { items.count }

        mutating func keep(_ isWaiting: (ObjectIdentifier, Int) -> Bool) {
            items = items[start...].filter(isWaiting)
            start = 0
        }

        mutating func append(_ id: ObjectIdentifier, _ turn: Int) { items.append((id, turn)) }

        mutating func removeFirst() {
            start += 1
            if start >= 256, start * 2 > items.count {
                items.removeFirst(start)
                start = 0
            }
        }
    }

    private let state: Mutex<State>

    init(_ limits: Limits) { state = Mutex(State(limits)) }

    /// Sets the ceilings of what comes from now on.
    func set(_ limits: Limits) { state.withLock { $0.limits = limits } }

    /// The number of connections that are open.
    var count: Int { state.withLock { $0.entries.count } }
    /// The number of places in the line, those that were passed over included.
    var lineCount: Int { state.withLock { $0.line.count } }

    /// Takes a new connection in, or closes it.
    func admit(_ channel: any Channel) {
        let (id, address) = (ObjectIdentifier(channel), Self.address(channel))
        let (isTaken, victim) = state.withLock { state -> (Bool, (any Channel)?) in
            let limits = state.limits
            if let address, (state.ofAddress[address] ?? 0) >= limits.perAddress { return (false, nil) }
            var victim: (any Channel)?
            if state.entries.count >= limits.total {
                victim = state.victim()
                if victim == nil { return (false, nil) }
            }
            state.entries[id] = Entry(channel: channel, address: address)
            if let address { state.ofAddress[address, default: 0] += 1 }
            return (true, victim)
        }
        victim?.close(promise: nil)
        guard isTaken else { return channel.close(promise: nil) }
        channel.closeFuture.whenComplete { [weak self] _ in self?.state.withLock { $0.remove(id) } }
        wait(id, within: \.first)
    }

    /// The head of a request has come: its body has its own time, and may still make way.
    func head(_ channel: any Channel) { own(channel).map { wait($0, within: \.body) } }

    /// A request has come whole: nobody makes way while it is answered.
    func begin(_ channel: any Channel) {
        guard let id = own(channel) else { return }
        state.withLock { state in
            guard var entry = state.entries[id] else { return }
            entry.deadline?.cancel()
            (entry.turn, entry.deadline) = (nil, nil)
            entry.answering += 1
            state.entries[id] = entry
        }
    }

    /// A request was answered.
    ///
    /// - Parameter hasBegun: false for one that was refused before it had come whole.
    func end(_ channel: any Channel, hasBegun: Bool = true) {
        guard let id = own(channel) else { return }
        if hasBegun {
            state.withLock { state in
                guard let count = state.entries[id]?.answering, count > 0 else { return }
                state.entries[id]?.answering = count - 1
            }
        }
        wait(id, within: \.next)
    }

    /// True for a stream of HTTP/2, which is no connection of its own.
    func isStream(_ channel: any Channel) -> Bool { own(channel).map { $0 != ObjectIdentifier(channel) } ?? false }

    /// Lines a connection up, and closes it if nothing whole has come in time.
    private func wait(_ id: ObjectIdentifier, within time: KeyPath<Limits, TimeAmount>) {
        state.withLock { state in
            guard let turn = state.wait(id), let channel = state.entries[id]?.channel else { return }
            state.entries[id]?.deadline = channel.eventLoop.scheduleTask(in: state.limits[keyPath: time]) {
                [weak self] in
                let isStill = self?.state.withLock { $0.entries[id]?.turn == turn } ?? false
                if isStill { channel.close(promise: nil) }
            }
        }
    }

    /// The connection that is counted: this one, or the one that carries this stream.
    private func own(_ channel: any Channel) -> ObjectIdentifier? {
        state.withLock { state in Self.ids(channel).first { state.entries[$0] != nil } }
    }

    /// A connection, or the one that carries a stream of HTTP/2.
    private static func ids(_ channel: any Channel) -> [ObjectIdentifier] {
        [ObjectIdentifier(channel)] + (channel.parent.map { [ObjectIdentifier($0)] } ?? [])
    }

    /// The address that is counted; nil for this machine's own.
    static func address(_ channel: any Channel) -> String? {
        channel.remoteAddress?.ipAddress.flatMap(counted)
    }

    static func counted(_ text: String) -> String? {
        let network = Network(of: text)
        return network.isUnknown ? nil : network.host
    }
}

/// One request on its connection, which is begun and ended once, whoever gets to it first.
final class Turn: Sendable {
    private enum Step { case waiting, begun, ended }
    private let step = Mutex(Step.waiting)
    private let connections: Connections
    private let channel: any Channel

    init(_ connections: Connections, _ channel: any Channel) {
        (self.connections, self.channel) = (connections, channel)
        connections.head(channel)
    }

    /// It has come whole.
    func begin() {
        let isNew = step.withLock { step in
            defer { if step == .waiting { step = .begun } }
            return step == .waiting
        }
        if isNew { connections.begin(channel) }
    }

    /// It was answered.
    func end() {
        let last = step.withLock { step in
            defer { step = .ended }
            return step
        }
        if last != .ended { connections.end(channel, hasBegun: last == .begun) }
    }
}

/// A channel that is counted before anything is read from it.
struct GuardedChannel<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base
    let connections: Connections

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        connections.admit(channel)
        return base.setup(channel: channel, logger: logger)
    }

    func handle(value: Base.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}
