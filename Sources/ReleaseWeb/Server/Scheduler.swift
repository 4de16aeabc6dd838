internal import Logging
internal import Metrics
internal import ReleaseService
public import ServiceLifecycle

/// What the service does by itself: lets due transitions happen, sends what waits, deletes what has lapsed.
///
/// It keeps nothing of its own. What is due is in the cases, what waits is in the outbox, what lapses says when: so a restart forgets
/// nothing and does nothing twice, whenever it last ran.
public actor Scheduler: Service {
    /// Everything that runs without anybody's asking.
    public enum Job: String, CaseIterable, Sendable {
        /// Deadlines, expiry, hand-off, reminders.
        case dueTransitions
        case outbox
        case sweep
    }

    private let site: Site
    private let pause: Duration
    private let clock: any Clock<Duration>
    private var isWoken = false
    private var waiting: Task<Void, Never>?

    /// - Parameters:
    ///   - pause: how long it sleeps between two rounds.
    ///   - clock: what it sleeps by; what is due is told by the service's own clock.
    public init(_ site: Site, pause: Duration = .seconds(30), clock: any Clock<Duration> = ContinuousClock()) {
        (self.site, self.pause, self.clock) = (site, pause, clock)
    }

    public func run() async throws {
        site.accounts.onMessage { [weak self] in Task { await self?.wake() } }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.round()
                await self.sleep()
            }
        }
    }

    /// Does everything once.
    public func round() async {
        for job in Job.allCases {
            do {
                switch job {
                case .dueTransitions: try await site.host.runClock()
                case .outbox:
                    let count = try await site.outbox.deliver()
                    Counter(label: "privity_letters_total", factory: site.metrics).increment(by: count)
                case .sweep: try await site.accounts.sweep()
                }
            } catch {
                // The next round tries again: whatever was due still is.
                site.logger.error("a job failed and will be tried again", metadata: ["job": "\(job.rawValue)"])
            }
        }
        Gauge(label: "privity_log_records", factory: site.metrics).record(site.host.logSize)
        Gauge(label: "privity_signing", factory: site.metrics).record(site.host.stopped == nil ? 1 : 0)
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
