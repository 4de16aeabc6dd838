internal import ReleaseWorkflow

/// Answers whether something keeps two people apart, over all workflows of a program and both ways: a private list, a
/// no that either said of the other, or that they are together somewhere else now.
struct KeptApart {
    private let snapshot: Snapshot

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    /// - Parameter other: who is, or would be, the counterpart in this case.
    func are(_ other: PersonID, in loaded: LoadedCase) throws -> Bool {
        let opener = loaded.opener
        if try other == opener || snapshot.people.areKeptApart(opener, other) { return true }
        if loaded.state.isKeptApart(opener, other) { return true }
        for (own, partner) in [(opener, other), (other, opener)] {
            for row in try snapshot.rows.parties(of: own, isStaff: false, after: nil, count: .max) {
                // What was never begun says nothing, and most people have one case alone.
                guard row.opener == own, row.rank != .idle, row.caseID != loaded.id else { continue }
                if try areKeptApart(own, partner, in: row) { return true }
            }
        }
        return false
    }

    /// True if the case of `own` in another workflow keeps the two apart.
    private func areKeptApart(_ own: PersonID, _ partner: PersonID, in row: PartyRow) throws -> Bool {
        let loaded: LoadedCase
        do {
            loaded = try snapshot.cases.load(row.caseID, opener: own, workflow: row.workflow)
        } catch Refusal.notFound {
            // A workflow that a later version of the policy has dropped.
            return false
        }
        if loaded.state.isKeptApart(own, partner) { return true }
        return loaded.counterpart == partner && !loaded.workflow.isAtRest(loaded.state.position)
    }
}
