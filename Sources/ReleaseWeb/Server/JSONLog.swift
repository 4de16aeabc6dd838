internal import Foundation
public import Logging
internal import Synchronization

/// Log lines as JSON, one object a line. Nothing personal is ever handed to it; tests plant markers and look.
public struct JSONLog: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel: Logger.Level = .info
    private let label: String
    private let write: @Sendable (String) -> Void

    /// - Parameter write: takes one line without its end.
    public init(label: String, write: @escaping @Sendable (String) -> Void) {
        (self.label, self.write) = (label, write)
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var members = ["level": event.level.rawValue, "logger": label, "message": event.message.description]
        members["time"] = Date().ISO8601Format()
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
            members[key] = "\(value)"
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? encoder.encode(members) else { return }
        write(String(decoding: line, as: UTF8.self))
    }
}
