/// The findings of an audit.
public struct AuditReport: Sendable, Codable {
    /// One thing that is not as it must be, and where.
    public struct Finding: Sendable, Codable, Hashable, CustomStringConvertible {
        /// The record's place in the log; nil for a head, a key or a file.
        public let index: Int?
        public let release: String?
        /// The rule that is broken: a paragraph of the law, or a rule of the format.
        public let rule: String
        public let message: String

        public var description: String {
            let place = index.map { "record \($0)" } ?? "log"
            let about = release.map { ", release \($0)" } ?? ""
            return "\(place)\(about): \(rule): \(message)"
        }
    }

    /// As many findings as are kept: a hostile log must not fill the memory of whoever audits it.
    public static let findingLimit = 1000

    public internal(set) var origin = ""
    public internal(set) var recordCount = 0
    public internal(set) var releaseCount = 0
    /// Records by their type.
    public internal(set) var counts: [String: Int] = [:]
    public internal(set) var size = 0
    public internal(set) var root = ""
    /// SHA-256 of record 0, in hexadecimal: what is compared with paper.
    public internal(set) var fingerprint = ""
    public internal(set) var findings: [Finding] = []
    /// Findings beyond those that are kept.
    public internal(set) var unlistedCount = 0
    public var isVerified: Bool { findings.isEmpty }

    mutating func note(_ finding: Finding) {
        if findings.count < Self.findingLimit { findings.append(finding) } else { unlistedCount += 1 }
    }
}
