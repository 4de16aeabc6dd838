internal import Logging
internal import ReleaseLedger
internal import ReleaseWorkflow

/// Keeps the rows that say who sees which case.
struct Parties {
    private let tx: Transaction

    init(_ tx: Transaction) { self.tx = tx }

    /// Brings the rows of a case up to its state. What is already right is not written.
    func keep(_ loaded: LoadedCase) throws {
        let known = try tx.rows.parties(of: loaded.id)
        let rank = PartyRow.Rank(loaded.workflow.turn(in: loaded.state))
        // The rows of the opener and the coordinator carry the rank. Every other party's is `.open`, so that it does
        // not move with what the others do.
        let untold = loaded.asUntold
        let own = PartyRow.Rank(untold.workflow.turn(in: untold.state))
        var wanted: [(person: PersonID, isStaff: Bool, rank: PartyRow.Rank)] = [(loaded.opener, false, own)]
        // Whoever signed a release, or was shown a card under one, keeps what they had before them, whatever rounds
        // come after it. Who was only named in one was told nothing, and is left with nothing that would tell it.
        let named = loaded.state.releases.flatMap { release in
            [release.discloser, release.cardVersion > 0 ? release.recipient.person : nil].compactMap(\.self)
        }
        let held = loaded.state.round?.held.map(\.person) ?? []
        for person in [loaded.counterpart].compactMap(\.self) + held + named
        where !wanted.contains(where: { $0.person == person }) {
            wanted.append((person, false, .open))
        }
        // Nobody coordinates a case that they are a party of.
        if let staff = try tx.people.coordinator(of: loaded.opener), !wanted.contains(where: { $0.person == staff }) {
            wanted.append((staff, true, rank))
        }
        // What is late is the cover's too, until it is released.
        if let cover = try tx.snapshot.coverOfLate(loaded), !wanted.contains(where: { $0.person == cover }) {
            wanted.append((cover, true, rank))
        }
        for row in known where !wanted.contains(where: { $0.person == row.person && $0.isStaff == row.isStaff }) {
            tx.rows.deleteParty(row.handle)
        }
        for (person, isStaff, rank) in wanted {
            if let row = known.first(where: { $0.person == person && $0.isStaff == isStaff }) {
                guard row.rank != rank else { continue }
                var moved = row
                moved.rank = rank
                tx.rows.putParty(moved)
                continue
            }
            tx.rows.putParty(
                PartyRow(
                    handle: try tx.derive.identifier("handle/\(loaded.id)/\(person)/\(isStaff)"), person: person,
                    isStaff: isStaff, rank: rank, caseID: loaded.id, opener: loaded.opener, workflow: loaded.workflow.id
                ))
        }
    }

    /// Gives a person a row for each workflow they could be in, begun or not: that there is one says nothing.
    func keepAll(of person: PersonID) throws {
        guard let identity = try tx.people.identity(person), identity.roles.contains(where: { !$0.isStaff }) else {
            return
        }
        for workflow in tx.snapshot.current.policy.workflows {
            try keep(tx.snapshot.cases.load(person, workflow: workflow.id))
        }
    }

    /// Makes the rows for a folder that was begun before there were any, and once for every version of the policy,
    /// which may bring new workflows.
    func keepEverybodys() throws {
        let digest = tx.snapshot.current.digest
        guard try tx.rows.setting("parties") != digest else { return }
        for row in try tx.rows.people() {
            do {
                try keepAll(of: row.id)
            } catch is MachineryError {
                tx.parts.logger.error("a case does not verify and was passed over")
            }
        }
        tx.rows.setSetting("parties", digest)
    }
}

extension PartyRow.Rank {
    init(_ turn: Workflow.Turn) {
        self =
            switch turn {
            case .coordinators: .waiting
            case .others: .open
            case .over: .over
            case .notBegun: .idle
            }
    }
}
