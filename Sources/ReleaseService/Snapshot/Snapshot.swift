internal import Logging
internal import ReleaseWorkflow

/// One consistent view of the database, with what is needed to make sense of it: the vault that opens it, what is in
/// force, the moment.
///
/// A page reads through one that holds a snapshot; a command through one that holds its transaction. What is read is
/// the same code.
struct Snapshot {
    let rows: any StoreReader
    let vault: Vault
    let inForce: InForce
    let moment: Moment
    /// The values that were decoded before; nil where everything is to be read anew.
    let cache: DecodedCache?
    let parts: Parts
    /// The private halves of somebody who is signed in, for what is sealed to them; nil where nobody is.
    let own: OwnKeys?
    /// The generation of the cache when this was opened.
    private let since: Int?

    /// - Parameter since: of the snapshot that this is another view of.
    init(
        rows: any StoreReader, vault: Vault, inForce: InForce, moment: Moment, cache: DecodedCache?, parts: Parts,
        own: OwnKeys? = nil, since: Int? = nil
    ) {
        (self.rows, self.vault, self.inForce, self.moment) = (rows, vault, inForce, moment)
        (self.cache, self.parts, self.own, self.since) = (cache, parts, own, since ?? cache?.generation)
    }

    /// Keeps a decoded value for whoever reads the same row next.
    func remember(
        _ value: some Sendable, _ id: [UInt8], stamp: [UInt8], openedUnder key: [UInt8]? = nil, byteCount: Int
    ) {
        cache?.keep(value, id, stamp: stamp, openedUnder: key, byteCount: byteCount, since: since)
    }

    var policies: PolicyVersions { inForce.policies }
    /// The version of the policy in force today.
    var current: LoadedPolicy { inForce.policies.inForce(on: moment.date) }
    var today: CivilDate { moment.date }
    var logger: Logger { parts.logger }

    /// The same without anything remembered: what the gate looks through.
    var cold: Snapshot {
        Snapshot(rows: rows, vault: vault, inForce: inForce, moment: moment, cache: nil, parts: parts, own: own)
    }

    /// The same at another moment.
    func at(_ moment: Moment) -> Snapshot {
        Snapshot(
            rows: rows, vault: vault, inForce: inForce, moment: moment, cache: cache, parts: parts, own: own,
            since: since)
    }
}
