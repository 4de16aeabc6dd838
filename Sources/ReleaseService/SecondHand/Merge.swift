internal import ReleaseWorkflow

/// Asks that an entry that somebody made by mistake becomes part of the other entry of the same person.
struct AskToMerge: Act {
    let entry: PersonID
    let other: PersonID
    let staff: PersonID

    var text: String { "askToMerge \(entry) \(other)" }
    var formerScope: String { "staff \(staff)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        try permit.require(
            permit.isSelf(staff) && permit.holds(.coordinator) && permit.coordinates(entry)
                && permit.coordinates(other))
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        try Merge(tx).check(entry, into: other)
        return try SecondHandActs(tx).ask(.merge, about: entry, by: staff, other: other)
    }
}

/// Makes one entry of two.
struct Merge {
    private let tx: Transaction

    init(_ tx: Transaction) { self.tx = tx }

    /// - Throws: `Refusal.notFound` for one entry twice, for staff, and for nobody; `Refusal.stillOpen` for an entry
    ///   that has signed something, can sign in, or has or had anything open. Such an entry is somebody's own, and
    ///   nobody makes it another's.
    func check(_ entry: PersonID, into other: PersonID) throws {
        let (gone, kept) = (try tx.people.require(entry), try tx.people.require(other))
        guard entry != other, !gone.isStaff, !kept.isStaff, kept.suspension == nil, gone.suspension == nil else {
            throw Refusal.notFound
        }
        let enrollments = try tx.people.enrollments(entry)
        let hasSigned = [Role.mentor, .mentee].contains { enrollments[$0]?.agreements.isEmpty == false }
        let hasAccount = try tx.account(of: entry) != nil
        // A paper of theirs that waits for a second hand is something signed.
        let waits = try tx.snapshot.pendingActs.contains { $0.person == entry && $0.kind == .paper }
        guard !hasSigned, !hasAccount, !waits, try !hasTakenPart(entry) else { throw Refusal.stillOpen }
    }

    /// True if there is or was a case in which this entry is somebody.
    private func hasTakenPart(_ entry: PersonID) throws -> Bool {
        for workflow in tx.snapshot.current.policy.workflows {
            let loaded = try tx.snapshot.cases.load(entry, workflow: workflow.id)
            if !loaded.workflow.isAtRest(loaded.state.position) || !loaded.state.releases.isEmpty { return true }
        }
        let parties = try tx.rows.parties(of: entry, isStaff: false, after: nil, count: .max)
        return try parties.contains { $0.opener != entry } || tx.rows.placesHeld(with: entry) > 0
    }

    /// The kept entry's own values stay; what only the other has is added, and the other is gone.
    func carryOut(_ entry: PersonID, into other: PersonID) throws {
        try check(entry, into: other)
        let gone = try tx.people.require(entry)
        var kept = try tx.people.require(other)
        kept.roles += gone.roles.filter { !kept.roles.contains($0) }
        kept.exclusions =
            (kept.exclusions ?? [])
            + (gone.exclusions ?? []).filter { line in
                !(kept.exclusions ?? []).contains { ($0.relation, $0.token) == (line.relation, line.token) }
            }
        if kept.exclusions?.isEmpty == true { kept.exclusions = nil }
        kept.employer = kept.employer ?? gone.employer
        kept.formerTokens =
            try (kept.formerTokens ?? []) + (gone.formerTokens ?? []) + tx.people.nameTokens(gone)
            + [tx.vault.indexToken("exclude/person", "\(entry)")]
        if let profile = gone.profile { kept.profile = profile.merging(kept.profile ?? [:]) { $1 } }
        try tx.put(kept, of: other)
        let enrollments = try tx.people.enrollments(entry)
        for role in [Role.mentor, .mentee] {
            guard let enrollment = enrollments[role], try tx.people.enrollment(other, as: role) == nil else { continue }
            try tx.put(enrollment, as: role, of: other)
        }
        try Parties(tx).keepAll(of: other)
        try tx.replace(entry, by: other)
        _ = try Erase(id: entry).carryOut(tx)
    }
}
