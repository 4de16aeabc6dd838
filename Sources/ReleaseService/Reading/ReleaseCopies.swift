internal import ReleaseLedger
internal import ReleaseWorkflow

/// The copies that the person who signed a release keeps of it, and the records that name it.
struct ReleaseCopies {
    private let snapshot: Snapshot
    private let hashes: HashCache

    init(_ snapshot: Snapshot, hashes: HashCache) {
        self.snapshot = snapshot
        self.hashes = hashes
    }

    private var published: Published { snapshot.inForce.published }

    /// The release as the case of its signer knows it.
    ///
    /// - Throws: `Refusal.notFound` to everybody but the signer.
    private func standing(of release: ReleaseID, for person: PersonID) throws -> ReleaseState {
        guard let caseRow = try snapshot.caseRow(of: release) else { throw Refusal.notFound }
        let loaded = try snapshot.cases.load(caseRow)
        guard let standing = loaded.state.releases.first(where: { $0.id == release }), standing.discloser == person
        else {
            throw Refusal.notFound
        }
        return standing
    }

    /// The giver's own copy: the text they signed.
    func text(of release: ReleaseID, for person: PersonID) throws -> String {
        let standing = try standing(of: release, for: person)
        guard let text = try snapshot.sealed(.evidence(standing.round), "text/\(release)") else {
            throw Refusal.notFound
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The scan of a form that was signed by hand: for the signer, and for the coordinator who filed such forms.
    ///
    /// - Throws: `Refusal.notFound` where it was signed on screen, and where it was erased.
    func scan(of release: ReleaseID, for person: PersonID) throws -> Scan {
        let standing = try standing(of: release, for: person)
        guard let bytes = try snapshot.sealed(.evidence(standing.round), "scan/\(release)") else {
            throw Refusal.notFound
        }
        return try Scan(parsing: bytes)
    }

    /// The copy, the code, the records.
    func receipt(of release: ReleaseID, for person: PersonID) throws -> OwnReceipt {
        let text = try text(of: release, for: person)
        let standing = try standing(of: release, for: person)
        let indexes = try snapshot.rows.entries(of: release).map(\.index)
        let isPending = try snapshot.isPending(release)
        return OwnReceipt(
            text: text,
            rescindCode: standing.isRescinded ? nil : try snapshot.vault.rescindCode(release, round: standing.round),
            signedOn: standing.signedOn, expiresOn: standing.expiresOn, rescindedOn: standing.rescindedOn,
            isLive: standing.isLive && snapshot.today <= standing.expiresOn && !isPending,
            receipts: try receipts(for: indexes), isPending: isPending || !indexes.allSatisfy(published.covers))
    }

    /// Receipts of the records that the signed head covers.
    func receipts(for indexes: [Int]) throws -> [Receipt] {
        try Receipts(under: published, hashes: hashes).receipts(for: indexes.filter(published.covers), snapshot.rows)
    }

    /// Every record that names a release, each with its proof.
    func receipts(of release: ReleaseID) throws -> [Receipt] {
        let receipts = try receipts(for: snapshot.rows.entries(of: release).map(\.index))
        guard !receipts.isEmpty else { throw Refusal.notFound }
        return receipts
    }
}
