internal import Foundation
internal import Logging
public import ReleaseWorkflow

/// One case on somebody's list.
public struct CaseLine: Sendable {
    public let handle: CaseHandle
    public let rank: PartyRow.Rank
    public let view: CaseView
    /// Whose eyes it is seen with.
    public let role: Role
    /// The person whose case it is: for their coordinator, who knows them.
    public let opener: PersonID
}

/// A case as one person has it before them: what they see, and what they can do.
public struct CasePage: Sendable {
    public let line: CaseLine
    /// What this person can do on screen, as far as they may know; whether it is carried out is decided then.
    public let actions: [CommandKind]
    /// What a coordinator can record for a party by paper or telephone.
    public let proxied: [Proxied]
    /// Whether a card may be there to open. Never whether it is.
    public let isReader: Bool
    /// The acts of the pair that nobody else learns of.
    public let privateActs: [CommandKind]
    /// The other person: for coordinators, and for nobody else.
    public let counterpart: PersonID?
    /// The name that the other person gave for forms: what the one who signs is shown of them.
    public let counterpartName: String?
    /// Releases that this person signed, the newest last.
    public let releases: [ReleaseID]
    /// Another one whenever anything of the case that this person could see has changed.
    public let version: String

    /// A command that is somebody's own, typed in by their coordinator.
    public struct Proxied: Hashable, Sendable {
        public let role: Role
        public let person: PersonID
        public let kind: CommandKind
        public let channels: [Channel]
    }

    /// Whether this person may ask for it from here. Declining what is declined already is answered as the first time was.
    public func offers(_ kind: CommandKind) -> Bool { actions.contains(kind) || (kind == .decline && isOpener) }

    /// Whether the case is this person's own.
    public let isOpener: Bool

    public var handle: CaseHandle { line.handle }
    public var view: CaseView { line.view }
    public var role: Role { line.role }
}

extension Custodian {
    // MARK: Keeping the index

    /// Brings the rows that say who sees a case up to its state. What is already right is not written.
    func keepParties(_ context: CaseContext, _ step: Step) throws {
        let known = try step.tx.parties(of: context.id)
        let rank = rank(of: context)
        // Only the board knows ranks; a party's rows do not move with what the others do.
        var wanted: [(person: PersonID, isStaff: Bool, rank: PartyRow.Rank)] = [(context.opener, false, rank)]
        let counterpart = context.state.round?.counterpart
        // Whoever was named in a release keeps what they had before them, whatever rounds come after it.
        let named = context.state.releases.flatMap { [$0.discloser, $0.recipient.person].compactMap(\.self) }
        for person in [counterpart].compactMap(\.self) + named where !wanted.contains(where: { $0.person == person }) {
            wanted.append((person, false, .open))
        }
        // Nobody coordinates a case that they are a party of.
        if let staff = try identity(context.opener, step.tx)?.coordinator, !wanted.contains(where: { $0.person == staff }) {
            wanted.append((staff, true, rank))
        }
        for row in known where !wanted.contains(where: { $0.person == row.person && $0.isStaff == row.isStaff }) {
            try step.tx.deleteParty(row.handle)
        }
        for (person, isStaff, rank) in wanted {
            if let row = known.first(where: { $0.person == person && $0.isStaff == isStaff }) {
                guard row.rank != rank else { continue }
                var moved = row
                moved.rank = rank
                try step.tx.putParty(moved)
                continue
            }
            try step.tx.putParty(
                PartyRow(
                    handle: step.derive.identifier("handle/\(context.id)/\(person)/\(isStaff)"), person: person, isStaff: isStaff,
                    rank: rank, caseID: context.id, opener: context.opener, workflow: context.workflow.id))
        }
    }

    private func rank(of context: CaseContext) -> PartyRow.Rank {
        let (state, workflow) = (context.state, context.workflow)
        if state.round == nil || (workflow.initial == state.position && !workflow.ended.contains(state.position)) { return .idle }
        if workflow.isAtRest(state.position) || state.isHandedOff { return .over }
        let isTurn = workflow.transitions.contains { transition in
            guard transition.role == .coordinator, transition.origins.contains(state.position) else { return false }
            if transition.guards.contains(.slotAccepted), state.round?.isSlotAccepted != true { return false }
            return ![.slotUnavailable, .withdrawProposal].contains(transition.command)
        }
        return isTurn ? .waiting : .open
    }

    /// Every person has a row for each workflow they could be in, begun or not: that there is one says nothing.
    func keepParties(of person: PersonID, _ step: Step) throws {
        guard let identity = try identity(person, step.tx), identity.roles.contains(where: { !$0.isStaff }) else { return }
        for workflow in current.policy.workflows {
            try keepParties(context(of: person, workflow: workflow.id, step.tx), step)
        }
    }

    /// Makes the rows for a folder that was begun before there were any, and after a policy has brought new workflows.
    func keepAllParties(_ step: Step) throws {
        for row in try step.tx.people() {
            do {
                try keepParties(of: row.id, step)
            } catch is ServiceError {
                parts.logger.error("a case does not verify and was passed over")
            }
        }
    }

    // MARK: Reading it

    /// A person's own cases, their own first, each in the order of the policy: those they could begin included.
    public func cases(of person: PersonID) throws -> [CaseLine] {
        try parts.store.read { tx in
            let order = current.policy.workflows.map(\.id)
            return try tx.parties(of: person, isStaff: false, after: nil, count: 1000).compactMap { try readable($0, tx) }.sorted {
                one, other in
                func place(_ line: CaseLine) -> (Int, Int) {
                    (line.opener == person ? 0 : 1, order.firstIndex(of: line.view.workflow) ?? order.count)
                }
                // Never by rank: the order would tell a mentor that somebody has signed.
                let (left, right) = (place(one), place(other))
                return (left.0, left.1, one.handle) < (right.0, right.1, other.handle)
            }
        }
    }

    /// A page of a coordinator's board: their people's cases, those that wait for them first; none that was never begun.
    ///
    /// - Returns: at most `count` lines; the last one's rank and handle begin the next page.
    /// - Complexity: O(`count` · log of all cases).
    public func board(
        of coordinator: PersonID, after place: (rank: PartyRow.Rank, handle: CaseHandle)?, count: Int
    ) throws -> [CaseLine] {
        try parts.store.read { tx in
            try tx.parties(of: coordinator, isStaff: true, after: place, count: count).filter { $0.rank != .idle }
                .compactMap { try readable($0, tx) }
        }
    }

    /// The cases of one of a coordinator's people, those that were never begun included.
    public func cases(of person: PersonID, for coordinator: PersonID) throws -> [CaseLine] {
        try parts.store.read { tx in
            guard try identity(person, tx)?.coordinator == coordinator else { throw Refusal.notFound }
            return try current.policy.workflows.compactMap { workflow in
                let id = try requireVault().caseID(of: person, workflow: workflow.id)
                return try tx.parties(of: id).first { $0.person == coordinator && $0.isStaff }.flatMap { try line($0, tx) }
            }
        }
    }

    /// What a handle names for this person.
    ///
    /// - Throws: `Refusal.notFound` for everything that is not theirs, by the same query as for what is not there.
    public func party(_ handle: CaseHandle, of person: PersonID) throws -> PartyRow {
        guard let row = try parts.store.read({ try $0.party(handle, of: person) }) else { throw Refusal.notFound }
        return row
    }

    private func role(_ row: PartyRow, _ context: CaseContext) -> Role {
        row.isStaff
            ? .coordinator : row.person == context.opener ? context.workflow.opener : context.workflow.counterpart ?? .mentor
    }

    /// One damaged case must not keep anybody from the others.
    private func readable(_ row: PartyRow, _ tx: any StoreTransaction) throws -> CaseLine? {
        do {
            return try line(row, tx)
        } catch is ServiceError {
            parts.logger.error("a case does not verify and was left out of a list")
            return nil
        } catch Refusal.notFound {
            return nil
        }
    }

    private func line(_ row: PartyRow, _ tx: any StoreTransaction) throws -> CaseLine? {
        try line(row, context(row, tx), tx)
    }

    /// The case as this person has it before them: one who was the counterpart of an earlier round knows of nothing after it.
    private func context(_ row: PartyRow, _ tx: any StoreTransaction) throws -> CaseContext {
        let context = try context(row.caseID, opener: row.opener, workflow: row.workflow, tx)
        guard !row.isStaff, row.person != row.opener, row.person != context.state.round?.counterpart else { return context }
        var (state, last) = (State(opener: context.opener, position: context.workflow.initial), (count: 0, state: context.state))
        for (number, stored) in try storedEvents(context, requireVault()).enumerated() {
            state = stored.events.reduce(state, evolve)
            if state.round?.counterpart == row.person { last = (number + 1, state) }
        }
        return CaseContext(
            id: context.id, workflow: context.workflow, loaded: context.loaded, opener: context.opener, row: context.row,
            events: Array(context.events.prefix(last.count)), draft: nil, draftContent: DraftContent(), state: last.state)
    }

    private func line(_ row: PartyRow, _ context: CaseContext, _ tx: any StoreTransaction) throws -> CaseLine? {
        let role = role(row, context)
        if !row.isStaff, row.person == context.opener, row.rank == .idle, try !mayBegin(row.person, context, tx) { return nil }
        // One who signs nothing knows nothing until a card is opened for them: not even that somebody else has signed.
        let signs = context.workflow.isMutual || context.workflow.discloser == role
        let isAskedBlindly =
            role == context.workflow.counterpart
            && (context.state.isDraft || (!signs && !context.state.roundReleases.contains { $0.cardVersion > 0 }))
        let view =
            isAskedBlindly
            ? try blindView(context, role) : try view(of: context, as: role, viewer: row.person, tx)
        return CaseLine(handle: row.handle, rank: row.rank, view: view, role: role, opener: row.opener)
    }

    /// Whether this workflow is one that this person could be the opener of.
    private func mayBegin(_ person: PersonID, _ context: CaseContext, _ tx: any StoreTransaction) throws -> Bool {
        let roles = try identity(person, tx)?.roles ?? []
        return roles.contains(context.workflow.opener == .mentor ? .mentor : .participant)
    }

    /// What somebody who is asked, before anything is signed, sees of whose case it is: nothing.
    private func blindView(_ context: CaseContext, _ role: Role) throws -> CaseView {
        let seen = try visibleState(context, for: role)
        let isFresh = seen == context.workflow.name(of: context.workflow.initial)
        return CaseView(
            id: context.id, workflow: context.workflow.id,
            state: isFresh ? context.workflow.name(of: context.state.position) : seen,
            history: [], isReleaseLive: nil, release: nil, expiresOn: nil, survey: nil, isCallRecorded: nil, isMeetingRecorded: nil,
            callBy: nil)
    }

    /// A case with everything that goes onto its page.
    ///
    /// - Throws: `Refusal.notFound` as ``party(_:of:)`` does.
    public func page(_ handle: CaseHandle, of person: PersonID) throws -> CasePage {
        try parts.store.read { tx in
            guard let row = try tx.party(handle, of: person) else { throw Refusal.notFound }
            let context = try context(row, tx)
            guard let line = try line(row, context, tx) else { throw Refusal.notFound }
            let (workflow, role) = (context.workflow, line.role)
            // From the state that this person knows of: what could be done in another would tell them of it.
            let known = workflow.position(named: line.view.state) ?? workflow.initial
            let isOpener = person == context.opener && !row.isStaff
            let counterpart = context.state.round?.counterpart
            let isParty = !row.isStaff
            let own = context.state.releases.filter { $0.discloser == person }
            var actions = offered(workflow, role, from: known, channel: .screen).filter { !$0.isPrivate }
            if isOpener == false, isParty, context.state.round?.isSlotAccepted == true { actions.removeAll { $0 == .acceptSlot } }
            if !row.isStaff, let last = own.last, last.isRescinded { actions.removeAll { $0 == .rescind } }
            if workflow.isMutual, isParty, context.state.currentRelease(of: person) != nil { actions.removeAll { $0 == .sign } }
            var proxied: [CasePage.Proxied] = []
            if row.isStaff {
                let parties = [(workflow.opener, context.opener as PersonID?), (workflow.counterpart ?? .mentor, counterpart)]
                for (role, person) in parties {
                    guard let person, person != row.person else { continue }
                    for kind in CommandKind.allCases where !kind.isPrivate {
                        let channels = [Channel.phone, .paper].filter {
                            offered(workflow, role, from: known, channel: $0).contains(kind)
                        }
                        if !channels.isEmpty {
                            proxied.append(CasePage.Proxied(role: role, person: person, kind: kind, channels: channels))
                        }
                    }
                }
            }
            // From the first card that was opened for them on, and whatever has become of it: before, there is nothing they could know of.
            let hasMet = isParty && context.state.roundReleases.contains { $0.cardVersion > 0 }
            let isReader =
                hasMet && context.state.roundReleases.contains { $0.cardVersion > 0 && $0.recipient == .person(person) }
            var name: String?
            if isParty, isDisclosing(person, context), let other = isOpener ? counterpart : context.opener,
                line.view.state != workflow.name(of: workflow.initial),
                own.contains(where: { $0.round == context.state.round?.id }) || offersSignature(actions)
            {
                let role = isOpener ? workflow.counterpart : workflow.opener
                name =
                    try role.flatMap { try enrollment(other, as: $0, tx)?.display }
                    ?? (isOpener ? nil : context.draftContent.display)
            }
            let version = try requireVault().commandDigest(
                "version", "\(person)", line.view.state, actions.map(\.rawValue).joined(separator: " "),
                own.last.map { "\($0.id)" } ?? "", Self.text(try? Self.encode(line.view.withoutPrivateActs)))
            return CasePage(
                line: line, actions: actions, proxied: proxied, isReader: isReader,
                privateActs: hasMet ? offered(workflow, role, from: known, channel: .screen).filter(\.isPrivate) : [],
                counterpart: row.isStaff ? counterpart : nil, counterpartName: name, releases: own.map(\.id),
                version: Self.text(version.prefix(12)), isOpener: isOpener)
        }
    }

    private static func text(_ bytes: (some Sequence<UInt8>)?) -> String {
        bytes.map { Array($0).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() } ?? ""
    }

    private func offersSignature(_ actions: [CommandKind]) -> Bool { actions.contains { [.sign, .correct, .extend].contains($0) } }

    private func isDisclosing(_ person: PersonID, _ context: CaseContext) -> Bool {
        context.workflow.isMutual
            || person == (context.workflow.discloser == context.workflow.opener ? context.opener : context.state.round?.counterpart)
    }

    private func offered(_ workflow: Workflow, _ role: Role, from position: Position, channel: Channel) -> [CommandKind] {
        CommandKind.allCases.filter { kind in
            workflow.transitions(on: kind, from: position).contains { $0.role == role && $0.channels.contains(channel) }
        }
    }
}

extension Workflow.Reader {
    func isRole(_ role: Role) -> Bool { self == .role(role) }
}
