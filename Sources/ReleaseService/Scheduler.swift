internal import Logging
internal import ReleaseWorkflow

/// Does what the service does by itself: lets due transitions happen, sends what waits, deletes what has lapsed.
///
/// It stores nothing of its own: due days are in the cases, letters in the outbox, and lapse times in the rows. So a
/// restart loses no work. A letter that the mail system took just before a stop may go out twice, with the same id.
public actor Scheduler {
    /// Everything that runs without anybody's asking.
    public enum Job: String, CaseIterable, Sendable {
        /// Deadlines, expiry, hand-off, reminders.
        case dueTransitions
        case outbox
        case sweep
        /// Once a day: what is sealed to pairs.
        case sealAnew
    }

    private let host: ServiceHost
    private let accounts: Accounts
    private let mail: Outbox
    private let pause: Duration
    private let clock: any Clock<Duration>
    private let report: @Sendable (_ letters: Int) -> Void
    private var isWoken = false
    private var sealedOn: CivilDate?
    private var waiting: Task<Void, Never>?

    /// - Parameters:
    ///   - pause: how long it sleeps between two rounds.
    ///   - clock: what it sleeps by; what is due is told by the service's own clock.
    ///   - report: is told after each round how many letters went out.
    public init(
        _ host: ServiceHost, accounts: Accounts, outbox: Outbox, pause: Duration = .seconds(30),
        clock: any Clock<Duration> = ContinuousClock(), report: @escaping @Sendable (_ letters: Int) -> Void = { _ in }
    ) {
        (self.host, self.accounts, mail) = (host, accounts, outbox)
        (self.pause, self.clock, self.report) = (pause, clock, report)
    }

    /// Runs until it is canceled.
    public func run() async {
        accounts.onMessage { [weak self] in Task { await self?.wake() } }
        while !Task.isCancelled {
            await round()
            await sleep()
        }
    }

    /// Does everything once.
    public func round() async {
        var letters = 0
        for job in Job.allCases {
            do {
                switch job {
                case .dueTransitions: try await host.runClock()
                case .outbox: letters = try await mail.deliver()
                case .sweep: try await accounts.sweep()
                case .sealAnew: try await sealAnew()
                }
            } catch {
                // The next round tries again: whatever was due still is.
                host.core.parts.logger.error(
                    "a job failed and will be tried again", metadata: ["job": "\(job.rawValue)"])
            }
        }
        // What was written together is told by the write-ahead log until it is emptied; a reader may be in the way.
        try? host.core.parts.store.settle()
        report(letters)
    }

    private func sealAnew() async throws {
        let today = try host.today()
        guard sealedOn != today else { return }
        try await host.dropOldOutcomes()
        try await host.sealAnew()
        // Once a day, whether or not the file could be rewritten as well.
        sealedOn = today
        try host.core.parts.store.rewrite()
        try host.core.parts.store.settle()
    }

    private func sleep() async {
        if isWoken {
            isWoken = false
            return
        }
        let (clock, pause) = (clock, pause)
        let task = Task<Void, Never> { try? await clock.sleep(for: pause) }
        waiting = task
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        waiting = nil
        isWoken = false
    }

    /// A message waits that should go out now.
    private func wake() {
        isWoken = true
        waiting?.cancel()
    }
}
