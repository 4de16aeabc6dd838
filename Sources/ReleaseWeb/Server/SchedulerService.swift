internal import Metrics
internal import ReleaseService
public import ServiceLifecycle

/// Runs the program's scheduler beside its pages, and counts what it did.
public struct SchedulerService: Service {
    /// The scheduler that it runs.
    let scheduler: Scheduler

    /// - Parameters: as for ``ReleaseService/Scheduler``.
    public init(_ site: Site, pause: Duration = .seconds(30), clock: any Clock<Duration> = ContinuousClock()) {
        scheduler = Scheduler(site.host, accounts: site.accounts, outbox: site.outbox, pause: pause, clock: clock) {
            letters in
            Counter(label: "privity_letters_total", factory: site.metrics).increment(by: letters)
            Gauge(label: "privity_log_records", factory: site.metrics).record(site.host.logSize)
            Gauge(label: "privity_signing", factory: site.metrics).record(site.host.stopped == nil ? 1 : 0)
        }
    }

    public func run() async throws { await cancelWhenGracefulShutdown { await scheduler.run() } }

    /// Does everything once.
    public func round() async { await scheduler.round() }
}
