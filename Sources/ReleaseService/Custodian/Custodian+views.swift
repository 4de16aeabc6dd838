internal import Foundation
public import Matching
public import ReleaseWorkflow
internal import TransparencyLog

/// A case as one viewer may see it.
public struct CaseView: Sendable, Codable {
    /// What happened that this viewer is shown.
    public struct Entry: Sendable, Codable, Hashable {
        public let on: CivilDate
        public let rule: String
        public let channel: Channel
    }

    public let id: CaseID
    public let workflow: String
    public let state: String
    public let history: [Entry]
    /// Whether the current release permits a disclosure today; nil where there is none, and for everybody but its giver after hand-off.
    public let isReleaseLive: Bool?
    public let release: ReleaseID?
    public let expiresOn: CivilDate?
    /// Answers of the survey, until hand-off, for the coordinator and the person.
    public let survey: Survey?
    /// Calls and meetings: the pair's alone.
    public private(set) var isCallRecorded: Bool?
    public private(set) var isMeetingRecorded: Bool?
    public let callBy: CivilDate?

    /// The view for anybody who is not of the pair, or who types for them.
    public var withoutPrivateActs: CaseView {
        var copy = self
        (copy.isCallRecorded, copy.isMeetingRecorded) = (nil, nil)
        return copy
    }
}

extension Custodian {
    /// The case of `opener`, as somebody in `role` sees it.
    ///
    /// - Throws: `Refusal.notFound` for a coordinator who is not theirs and for a person with no part in it.
    public func view(of opener: PersonID, workflow: String, as role: Role, viewer: PersonID) throws -> CaseView {
        try parts.store.read { tx in
            try view(of: context(of: opener, workflow: workflow, tx), as: role, viewer: viewer, tx)
        }
    }

    func view(of context: CaseContext, as role: Role, viewer: PersonID, _ tx: any StoreTransaction) throws -> CaseView {
        let state = context.state
        switch role {
        case context.workflow.opener: guard viewer == context.opener else { throw Refusal.notFound }
        case context.workflow.counterpart:
            guard viewer == state.round?.counterpart, !state.isDraft else { throw Refusal.notFound }
        case .coordinator:
            guard try identity(context.opener, tx)?.coordinator == viewer, viewer != context.opener,
                viewer != state.round?.counterpart
            else { throw Refusal.notFound }
        default: throw Refusal.notFound
        }
        let isParty = role != .coordinator
        let round = state.round
        // In an exchange everybody sees the standing of their own release, staff that of the one signed last.
        let release = context.workflow.isMutual && role != .coordinator ? state.currentRelease(of: viewer) : state.currentRelease
        let today = try moment().date
        // The recipient learns of a release when a card is opened under it, and not before.
        let isOpened = release.map { $0.cardVersion > 0 } ?? false
        let seesRelease =
            role == context.workflow.discloser || context.workflow.isMutual || (role == .coordinator && !state.isHandedOff)
            || (.role(role) == context.workflow.recipient && isOpened)
        let stream = isParty ? try round.map { try privateEvents($0.id, tx) } : nil
        return CaseView(
            id: context.id, workflow: context.workflow.id, state: try visibleState(context, for: role),
            history: try history(context, for: role, tx),
            isReleaseLive: seesRelease ? release.map { $0.isLive && today <= $0.expiresOn } : nil,
            release: seesRelease || role == .coordinator ? release?.id : nil,
            expiresOn: seesRelease ? release?.expiresOn : nil,
            survey: role == context.workflow.counterpart ? nil : try survey(of: round, tx),
            isCallRecorded: stream.map { $0.contains(.callPlaced) },
            isMeetingRecorded: stream.map { $0.contains(.meetingArranged) },
            callBy: isParty ? round?.due : nil)
    }

    private func history(_ context: CaseContext, for role: Role, _ tx: any StoreTransaction) throws -> [CaseView.Entry] {
        let vault = try requireVault()
        return try known(to: role, in: context, vault).compactMap { item in
            guard item.sighting.seenBy.contains(role) else { return nil }
            return CaseView.Entry(on: item.on, rule: item.rule, channel: item.channel)
        }
    }

    /// What of the case a role can know of: the counterpart of a round nothing of the rounds before.
    private func known(to role: Role, in context: CaseContext, _ vault: Vault) throws -> [StoredEvent] {
        let all = try storedEvents(context, vault)
        guard role == context.workflow.counterpart else { return all }
        if context.draft != nil { return [] }
        let last = all.lastIndex { item in
            item.events.contains { event in
                switch event {
                case .roundOpened, .roundStarted: true
                default: false
                }
            }
        }
        return Array(all[(last ?? 0)...])
    }

    func storedEvents(_ context: CaseContext, _ vault: Vault) throws -> [StoredEvent] {
        try context.events.map { row in
            let opened = try vault.open(row.sealed, fixed: "event/\(context.id)/\(row.sequence)")
            return try JSONDecoder().decode(StoredEvent.self, from: Data(opened))
        }
    }

    /// The last state whose transition this role is shown: a mentee learns nothing of a proposal, an asker nothing of a no.
    func visibleState(_ context: CaseContext, for role: Role) throws -> String {
        let stored = try known(to: role, in: context, requireVault()).flatMap { ($0.earlier ?? []) + [$0.sighting] }
        let seen = (stored + context.draftContent.sightings).last { $0.seenBy.contains(role) }
        return seen?.state ?? context.workflow.name(of: context.workflow.initial)
    }

    func survey(of round: Round?, _ tx: any StoreTransaction) throws -> Survey? {
        guard let round else { return nil }
        let vault = try requireVault()
        let scope = Vault.Scope.survey(round.id)
        guard let opened = try vault.open(tx.sealed(vault.keyID(scope), "answers"), scope, "answers") else { return nil }
        return try JSONDecoder().decode(Survey.self, from: Data(opened))
    }

    /// The coordinator's whole board: their people's cases, in the order of the ids; validity on every row until hand-off.
    public func board(of coordinator: PersonID) throws -> [CaseView] {
        try board(of: coordinator, after: nil, count: .max).map(\.view).sorted { $0.id < $1.id }
    }

    /// Messages that wait to go out, opened.
    public func outbox() throws -> [Message] {
        let vault = try requireVault()
        return try parts.store.read { tx in
            try tx.messages().map { try JSONDecoder().decode(Message.self, from: Data(vault.open($0.sealed, fixed: "message"))) }
        }
    }

    /// The giver's own copy of a release: the text they signed.
    public func copy(of release: ReleaseID, for person: PersonID) throws -> String {
        let vault = try requireVault()
        return try parts.store.read { tx in
            guard let row = try tx.release(release), let caseRow = try tx.caseRow(row.caseID) else { throw Refusal.notFound }
            let context = try context(row.caseID, opener: caseRow.opener, workflow: caseRow.workflow, tx)
            guard let standing = context.state.releases.first(where: { $0.id == release }), standing.discloser == person else {
                throw Refusal.notFound
            }
            let scope = Vault.Scope.evidence(standing.round)
            guard let text = try vault.open(tx.sealed(vault.keyID(scope), "text/\(release)"), scope, "text/\(release)") else {
                throw Refusal.notFound
            }
            return String(decoding: text, as: UTF8.self)
        }
    }

    /// The receipts of a release: every record that names it, each with its proof.
    public func receipts(of release: ReleaseID) throws -> [Receipt] {
        let indexes = try parts.store.read { tx in try tx.entries(of: release).map(\.index).filter { $0 < checkpoint.size } }
        guard !indexes.isEmpty else { throw Refusal.notFound }
        return try receipts(for: indexes)
    }

    /// The policy that new cases begin under.
    public var policy: LoadedPolicy { current }
}

extension Custodian {
    /// The local date now, as commands get it.
    public func today() throws -> CivilDate { try moment().date }

    /// Who the open cards of this case are for.
    public func readers(of opener: PersonID, workflow: String) throws -> [PersonID] {
        try parts.store.read { try context(of: opener, workflow: workflow, $0).state.openCards.compactMap(\.reader.person) }
    }
}
