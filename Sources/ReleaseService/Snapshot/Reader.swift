internal import ReleaseWorkflow

/// Reads beside the writer: it never waits for a commit or a sync.
///
/// The head in force is taken first and the snapshot of the database opened after, so that every record below the
/// signed head is there; what is found at or above it is recorded, and its receipt is pending.
struct Reader: Sendable {
    let parts: Parts
    let latest: LatestInForce
    let cache: DecodedCache

    /// - Parameter own: what the one who asks can open.
    func read<R>(as own: OwnKeys? = nil, _ body: (Snapshot) throws -> R) throws -> R {
        let (inForce, since) = (latest.value, cache.generation)
        let vault = try parts.requireVault()
        let moment = try parts.moment(under: inForce.published)
        return try parts.store.read { rows in
            try body(
                Snapshot(
                    rows: rows, vault: vault, inForce: inForce, moment: moment, cache: cache, parts: parts,
                    own: own, since: since))
        }
    }

    /// The moment now, as commands get it.
    func moment() throws -> Moment { try parts.moment(under: latest.value.published) }
}
