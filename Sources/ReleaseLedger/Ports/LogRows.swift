public import Records
public import TransparencyLog

/// The rows of the log, on one consistent snapshot of the database.
public protocol LogRows: NodeReader {
    func setting(_ name: String) throws -> [UInt8]?
    func logSize() throws -> Int
    func entry(_ index: Int) throws -> [UInt8]?
    /// Up to `count` entries from `index` on, in log order.
    func entries(from index: Int, count: Int) throws -> [[UInt8]]
    /// The entries whose bytes name this release, in log order.
    func entries(of release: ReleaseID) throws -> [(index: Int, note: [UInt8])]
    /// The number of stored hashes, of any level.
    func nodeCount() throws -> Int
    /// Heads of these sizes, in the order of their sizes.
    func heads(of sizes: ClosedRange<Int>) throws -> [(size: Int, note: [UInt8])]
    /// The newest head whose size is at most this.
    func head(atMost size: Int) throws -> (size: Int, note: [UInt8])?
    func policy(_ digest: [UInt8]) throws -> [UInt8]?
}

/// The same, while a transaction adds to them. Every method takes effect with the commit or not at all.
public protocol LogRowsWriter: LogRows {
    func setSetting(_ name: String, _ value: [UInt8]) throws
    func appendEntry(_ index: Int, _ note: [UInt8]) throws
    func putNode(_ position: NodePosition, _ hash: TreeHash) throws
    func putHead(size: Int, note: [UInt8]) throws
    func putPolicy(_ digest: [UInt8], _ canonical: [UInt8]) throws
}

/// Where the log lies.
public protocol LogStore: Sendable {
    /// Runs `body` on one consistent snapshot.
    func readLog<R>(_ body: (any LogRows) throws -> R) throws -> R
}

/// Adapts rows to proofs, which take a concrete reader.
public struct LogNodes: NodeReader {
    private let rows: any LogRows
    public init(_ rows: any LogRows) { self.rows = rows }
    public func node(at position: NodePosition) throws -> TreeHash { try rows.node(at: position) }
}
