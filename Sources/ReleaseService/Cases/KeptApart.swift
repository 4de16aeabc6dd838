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
        if loaded.partings.contains(where: { $0.counterpart == other }) { return true }
        for (own, partner) in [(opener, other), (other, opener)] {
            for row in try snapshot.rows.parties(of: own, isStaff: false, after: nil, count: .max) {
                // What was never begun says nothing, and most people have one case alone.
                guard row.opener == own, row.rank != .idle, row.caseID != loaded.id else { continue }
                if try areKeptApart(own, partner, in: row) { return true }
            }
        }
        return false
    }

    /// The events of a withdrawal, so that a counterpart who said yes does not learn of it where something keeps the
    /// two apart: whoever puts a name on a private list and sees an invitation fall would know whose it was.
    func settingAside(_ events: [Event], in loaded: LoadedCase, on date: CivilDate) throws -> [Event] {
        guard events.contains(.counterpartCleared), let round = loaded.state.round, let other = round.counterpart,
            round.isSlotAccepted, let role = loaded.workflow.counterpart, try are(other, in: loaded)
        else { return events }
        let until = round.slotUntil ?? date.adding(days: HeldPlace.days)
        if date > until { return events }
        let shown = loaded.history.visibleState(to: role, in: loaded.workflow)
        return events.map { event in
            event == .counterpartCleared ? .counterpartSetAside(other, until: until, shown: shown) : event
        }
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
        return ([loaded] + loaded.partings).contains {
            $0.counterpart == partner && !$0.workflow.isAtRest($0.state.position)
        }
    }
}
