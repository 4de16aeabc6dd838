internal import ReleaseLedger
internal import Synchronization

/// Everything that holds at one moment besides the rows: the log as it was last signed, and the versions of the policy
/// that it states. A value.
struct InForce: Sendable {
    let published: Published
    let policies: PolicyVersions
}

/// The newest ``InForce``: one writer replaces it whole, readers take it whole.
final class LatestInForce: Sendable {
    private let latest: Mutex<InForce>

    init(_ first: InForce) { latest = Mutex(first) }

    var value: InForce { latest.withLock { $0 } }
    func replace(_ next: InForce) { latest.withLock { $0 = next } }
}
