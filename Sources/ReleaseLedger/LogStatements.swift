internal import Records

/// Where the log makes statements about itself, as the database remembers the places; what they say is read from the
/// records alone.
public enum LogStatements {
    /// A later version of the policy.
    public struct Version: Hashable, Sendable {
        public let index: Int
        /// In hexadecimal.
        public let digest: String
        public init(index: Int, digest: String) { (self.index, self.digest) = (index, digest) }
    }

    /// Places of statements about keys, in log order.
    public static func keys(_ rows: any LogRows) throws -> [Int] {
        guard let bytes = try rows.setting("keyStatements") else { return [] }
        guard let items = try? CanonicalJSON(stored: bytes).array else { throw damaged }
        return try items.map { item in
            guard let index = item.integer else { throw damaged }
            return index
        }
    }

    public static func setKeys(_ indexes: [Int], _ rows: any LogRowsWriter) throws {
        try rows.setSetting("keyStatements", CanonicalJSON.array(indexes.map(CanonicalJSON.integer)).bytes)
    }

    /// Later versions of the policy, in the order of their statements.
    public static func versions(_ rows: any LogRows) throws -> [Version] {
        guard let bytes = try rows.setting("versions") else { return [] }
        guard let items = try? CanonicalJSON(stored: bytes).array else { throw damaged }
        return try items.map { item in
            guard let index = item["index"]?.integer, let digest = item["digest"]?.string else { throw damaged }
            return Version(index: index, digest: digest)
        }
    }

    public static func setVersions(_ versions: [Version], _ rows: any LogRowsWriter) throws {
        let items = versions.map { CanonicalJSON.object(["digest": .string($0.digest), "index": .integer($0.index)]) }
        try rows.setSetting("versions", CanonicalJSON.array(items).bytes)
    }

    private static var damaged: MachineryError { .corrupt("the places of the log's statements are damaged") }
}
