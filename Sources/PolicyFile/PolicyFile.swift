public import ReleaseWorkflow

/// Reads policies from YAML.
public enum PolicyFile {
    /// A policy with the bytes that are hashed into every record.
    public struct Parsed: Sendable {
        public let policy: Policy
        /// The document as written: sorted keys, no defaults added, RFC 8785 strings.
        public let canonical: [UInt8]
    }

    /// All the problems of one file.
    public struct Problems: Error, Sendable, CustomStringConvertible {
        public let list: [PolicyProblem]
        public var description: String { list.map(\.description).joined(separator: "\n") }
    }

    /// Parses and checks a policy; proving it is the core's work.
    ///
    /// - Throws: ``Problems`` with every problem found, in the order of the file.
    public static func parse(_ text: String) throws -> Parsed {
        let document: StrictYAML
        let canonical: CanonicalJSON
        do {
            document = try StrictYAML(parsing: text)
            canonical = try document.canonical()
        } catch let problem as PolicyProblem {
            throw Problems(list: [problem])
        }
        let reader = Reader()
        let parsed = PolicyReader(reader: reader).policy(document)
        guard reader.problems.isEmpty, let parsed else {
            throw Problems(list: reader.problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) })
        }
        return Parsed(policy: parsed, canonical: canonical.bytes)
    }
}
