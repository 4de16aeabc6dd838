public import CoreMetrics
internal import Synchronization

/// Metrics in memory, as Prometheus reads them.
///
/// Only routes by their pattern, and counts of what the program itself does. Nothing that a person did for themselves
/// is counted anywhere.
///
/// - Source: Prometheus text exposition format 0.0.4.
public final class PrometheusMetrics: MetricsFactory {
    private struct Series: Hashable {
        let name: String
        let labels: [String]
    }

    private struct Values {
        var counters: [Series: Double] = [:]
        var gauges: [Series: Double] = [:]
        /// Count, sum, and the buckets below each bound.
        var timers: [Series: (count: Int, seconds: Double, buckets: [Int])] = [:]
    }

    private let values = Mutex(Values())
    private static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

    public init() {}

    /// Everything, in the order of the names.
    public var text: String {
        let values = values.withLock { $0 }
        var lines: [String] = []
        func write(_ series: [(Series, Double)], _ type: String) {
            var last = ""
            for (series, value) in series.sorted(by: {
                ($0.0.name, $0.0.labels.joined()) < ($1.0.name, $1.0.labels.joined())
            }) {
                if series.name != last { lines.append("# TYPE \(series.name) \(type)") }
                last = series.name
                lines.append("\(series.name)\(Self.labels(series.labels)) \(Self.number(value))")
            }
        }
        write(values.counters.map { ($0.key, $0.value) }, "counter")
        write(values.gauges.map { ($0.key, $0.value) }, "gauge")
        for (series, timer) in values.timers.sorted(by: { $0.key.labels.joined() < $1.key.labels.joined() }) {
            if lines.last?.hasPrefix(series.name) != true { lines.append("# TYPE \(series.name) histogram") }
            for (bound, count) in zip(Self.bounds, timer.buckets) {
                lines.append(
                    "\(series.name)_bucket\(Self.labels(series.labels + ["le=\"\(Self.number(bound))\""])) \(count)")
            }
            lines.append("\(series.name)_bucket\(Self.labels(series.labels + ["le=\"+Inf\""])) \(timer.count)")
            lines.append("\(series.name)_sum\(Self.labels(series.labels)) \(timer.seconds)")
            lines.append("\(series.name)_count\(Self.labels(series.labels)) \(timer.count)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func labels(_ labels: [String]) -> String {
        labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
    }
    private static func number(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(value)
    }

    private func series(_ label: String, _ dimensions: [(String, String)]) -> Series {
        Series(
            name: label,
            labels: dimensions.map { "\($0.0)=\"\($0.1.filter { $0 != "\"" && $0 != "\\" && $0 != "\n" })\"" })
    }

    private final class Handler: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler,
        TimerHandler
    {
        let owner: PrometheusMetrics
        let series: Series
        init(_ owner: PrometheusMetrics, _ series: Series) { (self.owner, self.series) = (owner, series) }

        func increment(by amount: Int64) { owner.values.withLock { $0.counters[series, default: 0] += Double(amount) } }
        func increment(by amount: Double) { owner.values.withLock { $0.counters[series, default: 0] += amount } }
        func reset() { owner.values.withLock { $0.counters[series] = 0 } }
        func set(_ value: Int64) { set(Double(value)) }
        func set(_ value: Double) { owner.values.withLock { $0.gauges[series] = value } }
        func increment(by amount: Double, gauge: Bool) {
            owner.values.withLock { $0.gauges[series, default: 0] += amount }
        }
        func decrement(by amount: Double) { owner.values.withLock { $0.gauges[series, default: 0] -= amount } }
        func record(_ value: Int64) { set(Double(value)) }
        func record(_ value: Double) { set(value) }
        func recordNanoseconds(_ duration: Int64) {
            let seconds = Double(duration) / 1e9
            owner.values.withLock { values in
                var timer = values.timers[series] ?? (0, 0, [Int](repeating: 0, count: PrometheusMetrics.bounds.count))
                timer.count += 1
                timer.seconds += seconds
                for (index, bound) in PrometheusMetrics.bounds.enumerated() where seconds <= bound {
                    timer.buckets[index] += 1
                }
                values.timers[series] = timer
            }
        }
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Handler(self, series(label, dimensions))
    }
    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)])
        -> any FloatingPointCounterHandler
    {
        Handler(self, series(label, dimensions))
    }
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        Handler(self, series(label, dimensions))
    }
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        Handler(self, series(label, dimensions))
    }
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        Handler(self, series(label, dimensions))
    }
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}
}
