internal import Matching
internal import ReleaseLedger
internal import ReleaseWorkflow

/// A case as it stands in one snapshot: its decoded history, the rows it came from, and the policy it follows there.
struct LoadedCase {
    let id: CaseID
    let workflow: Workflow
    let loaded: LoadedPolicy
    var history: CaseHistory
    var row: CaseRow?
    var draft: DraftRow?
    /// The link of the last event, which the next is chained to.
    var lastLink: [UInt8]
    /// True if the case goes on under a later version of the policy than the one it was folded under.
    let followsLater: Bool
    /// The history of the whole case, where `history` is of a pair that parts.
    var whole: CaseHistory?

    var opener: PersonID { history.opener }
    var state: State { history.state }
    var policy: Policy { loaded.policy }
    /// The round's counterpart, where there is one.
    var counterpart: PersonID? { history.state.round?.counterpart }

    /// The case as it is for each pair that parts while the search for the next goes on. What is decided about one is
    /// stored in the case itself.
    var partings: [LoadedCase] { state.parting.compactMap { ofParting($0.round.id) } }

    /// The case as whoever opened it has it before them, who does not learn of a round that came to nothing whether
    /// somebody else had signed in it.
    var asUntold: LoadedCase {
        guard let untold = history.asUntold(in: workflow) else { return self }
        var copy = self
        (copy.history, copy.draft) = (untold, nil)
        return copy
    }

    /// The case as it is for a pair that parts; nil for every other round.
    func ofParting(_ round: RoundID) -> LoadedCase? {
        guard let own = history.ofParting(round) else { return nil }
        var copy = self
        (copy.history, copy.whole, copy.draft) = (own, history, nil)
        return copy
    }

    /// The case as it is for whoever signs again: the pair that is here now, or the one of theirs that parts.
    func meant(by signer: PersonID, signing kind: CommandKind) -> LoadedCase {
        if !kind.goesOn || state.currentRelease(of: signer)?.isLive == true { return self }
        return partings.last { $0.state.currentRelease(of: signer)?.isLive == true } ?? self
    }

    /// The people of the case with their roles.
    var parties: [(person: PersonID, role: Role)] { parties(in: state) }

    func parties(in state: State) -> [(person: PersonID, role: Role)] {
        let own = [(opener, workflow.opener)]
        guard let role = workflow.counterpart, let other = state.round?.counterpart else { return own }
        return own + [(other, role)]
    }

    /// The role in which a party acts.
    func role(of person: PersonID) -> Role { person == opener ? workflow.opener : workflow.counterpart ?? .mentor }

    /// True if this person's values are what a release of this case covers.
    func isDiscloser(_ person: PersonID) -> Bool {
        if workflow.counterpart != nil, counterpart == nil { return false }
        if workflow.isMutual { return person == opener || person == counterpart }
        return person == (workflow.discloser == workflow.opener ? opener : counterpart)
    }
}

/// Loads cases: the only place where their events are opened and decoded.
struct CaseStore {
    private let snapshot: Snapshot

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    /// - Throws: `Refusal.notFound` for somebody who is not there, and for a workflow that the policy does not have.
    func load(_ opener: PersonID, workflow name: String) throws -> LoadedCase {
        guard try snapshot.rows.person(opener) != nil else { throw Refusal.notFound }
        return try load(snapshot.vault.caseID(of: opener, workflow: name), opener: opener, workflow: name)
    }

    /// - Throws: as ``load(_:opener:workflow:)``.
    func load(_ row: CaseRow) throws -> LoadedCase {
        try load(row.id, opener: snapshot.opener(of: row), workflow: row.workflow)
    }

    /// - Throws: ``MachineryError/corrupt(_:)`` for events that do not fit the seal over them.
    func load(_ id: CaseID, opener: PersonID, workflow name: String) throws -> LoadedCase {
        let rows = snapshot.rows
        let row = try rows.caseRow(id)
        let draft = try rows.draft(of: id)
        let begun = try (draft?.policy ?? row?.policy).map { try snapshot.policies.version($0) }
        let loaded = begun ?? snapshot.current
        guard let workflow = loaded.policy.workflow(name) else { throw Refusal.notFound }
        let decoded = try decode(id, opener, workflow, loaded, row, draft)
        let followed = snapshot.policies.followed(
            begun, isDraft: draft != nil || !decoded.history.state.parting.isEmpty, workflow: name,
            position: decoded.history.state.position, on: snapshot.today)
        let later = followed.digest == loaded.digest ? nil : followed.policy.workflow(name)
        return LoadedCase(
            id: id, workflow: later ?? workflow, loaded: later == nil ? loaded : followed, history: decoded.history,
            row: row,
            draft: later == nil ? draft : nil, lastLink: decoded.lastLink,
            followsLater: later != nil)
    }

    /// A history, and the link that the next step is chained to.
    private struct Decoded {
        let history: CaseHistory
        let lastLink: [UInt8]
    }

    /// The stamp that tells one version of a case from another: the seal over its events and its policy; its draft, by
    /// the nonce and the tag of what is sealed; and the policy it is folded under.
    private static func stamp(_ row: CaseRow?, _ draft: DraftRow?, _ loaded: LoadedPolicy) -> [UInt8] {
        var stamp = loaded.digest + [row == nil ? 0 : 1] + (row?.tip ?? [])
        if let draft { stamp += draft.round.bytes + draft.policy + draft.sealed.prefix(12) + draft.sealed.suffix(16) }
        return stamp
    }

    private func decode(
        _ id: CaseID, _ opener: PersonID, _ workflow: Workflow, _ loaded: LoadedPolicy, _ row: CaseRow?,
        _ draft: DraftRow?
    ) throws -> Decoded {
        let stamp = Self.stamp(row, draft, loaded)
        if let known = snapshot.cache?.value(id.bytes, stamp: stamp, as: Decoded.self) { return known }
        let vault = snapshot.vault
        var (steps, last, byteCount): ([CaseStep], [UInt8], Int) = ([], [], draft?.sealed.count ?? 0)
        for event in try snapshot.rows.events(id) {
            guard try vault.link(id, event.sequence, after: last, event.sealed) == event.link else {
                throw MachineryError.corrupt("event \(event.sequence) of a case was altered in the database")
            }
            last = event.link
            byteCount += event.sealed.count
            steps.append(try vault.open(event.sealed, fixed: "event/\(id)/\(event.sequence)", as: CaseStep.self))
        }
        if let row, try vault.tip(id, policy: row.policy, count: steps.count, last: last) != row.tip {
            throw MachineryError.corrupt("events of a case are missing from the database")
        }
        if row == nil, !steps.isEmpty { throw MachineryError.corrupt("a case is missing from the database") }
        let content = try draft.map { try vault.open($0.sealed, fixed: "draft/\($0.round)", as: DraftHistory.self) }
        let history = CaseHistory(opener: opener, initial: workflow.initial, steps: steps, draft: content)
        let decoded = Decoded(history: history, lastLink: last)
        snapshot.remember(decoded, id.bytes, stamp: stamp, byteCount: byteCount + 256)
        return decoded
    }

    /// Keeps what a command has made of a case, once it is committed: whoever loads the case next decodes nothing.
    static func learning(_ loaded: LoadedCase) -> ((DecodedCache) -> Void)? {
        guard !loaded.followsLater else { return nil }
        let decoded = Decoded(history: loaded.history, lastLink: loaded.lastLink)
        let stamp = stamp(loaded.row, loaded.draft, loaded.loaded)
        let byteCount = 768 * (loaded.history.steps.count + 1) + (loaded.draft?.sealed.count ?? 0)
        return { $0.keep(decoded, loaded.id.bytes, stamp: stamp, byteCount: byteCount, since: nil) }
    }

    /// The answers of a round's survey; nil where there are none or they were erased.
    func survey(of round: Round?) throws -> Survey? {
        try round.flatMap { try snapshot.sealed(.survey($0.id), "answers", as: Survey.self) }
    }

    /// The answers that the counterpart had given when they were proposed; nil where that was not kept.
    func answersAtProposal(_ round: Round?, of person: PersonID) throws -> Answers? {
        try round.flatMap { try snapshot.sealed(.survey($0.id), "answers/\(person)", as: Answers.self) }
    }

    /// The document of a release; nil where its evidence was erased.
    func document(of release: ReleaseState) throws -> ReleaseDocument? {
        try document(of: release.id, in: release.round)
    }

    func document(of release: ReleaseID, in round: RoundID) throws -> ReleaseDocument? {
        try snapshot.sealed(.evidence(round), "document/\(release)", as: ReleaseDocument.self)
    }
}

extension Snapshot {
    var cases: CaseStore { CaseStore(self) }

    /// Runs `body` for every case, in the order of their ids.
    func forEachCase(_ body: (CaseRow) throws -> Void) throws {
        var last: CaseID?
        while true {
            let page = try rows.cases(after: last, count: 512)
            for row in page { try body(row) }
            guard page.count == 512 else { return }
            last = page.last?.id
        }
    }
}
