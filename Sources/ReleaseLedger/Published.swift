public import TransparencyLog

/// The log as it was last signed: everything that a reader needs besides a snapshot of the database.
///
/// A value that never changes. A reader takes it first and opens the snapshot afterwards, so that every record below
/// its size is in the snapshot. A record at or above its size is recorded, and its receipt is pending.
public struct Published: Sendable {
    /// The head that the head file holds; nil where it is missing or does not fit.
    public let head: SignedHead?
    public let checkpoint: Checkpoint
    public let keys: KeyHistory
    /// The reason why nothing is signed; nil while signing works.
    public let stopped: String?

    public init(head: SignedHead?, checkpoint: Checkpoint, keys: KeyHistory, stopped: String?) {
        self.head = head
        self.checkpoint = checkpoint
        self.keys = keys
        self.stopped = stopped
    }

    /// True if the signed head covers the record at `index`.
    public func covers(_ index: Int) -> Bool { index < checkpoint.size }
}
