/// The acts that one person has in a case on screen, as far as they may know: a projection of the history, the workflow
/// and who looks.
public struct CaseScreen: Hashable, Sendable {
    /// A command that is somebody's own, typed in by their coordinator.
    public struct Proxied: Hashable, Sendable {
        public let role: Role
        public let person: PersonID
        public let kind: CommandKind
        public let channels: [Channel]
    }

    /// The acts that this person can ask for; whether it is carried out is decided then.
    public let actions: [CommandKind]
    /// The acts that close a pair whose notice still runs while the search for the next has begun.
    public let partingActions: [CommandKind]
    /// True if such a pair has a card that is open for this person.
    public let isReaderOfParting: Bool
    /// The acts that a coordinator can record for a party by paper or telephone.
    public let proxied: [Proxied]
    /// True if a card was opened for this person in this round. It stays true when the card is closed, so that it does
    /// not tell whether one is open now.
    public let isReader: Bool
    /// The acts of the pair that nobody else learns of.
    public let privateActs: [CommandKind]
    /// Releases that this person signed, the newest last.
    public let releases: [ReleaseState]

    /// - Parameters:
    ///   - viewer: who looks, and whether as staff.
    ///   - shown: the state that the viewer is shown: what could be done in another would tell them of it.
    public init(
        of history: CaseHistory, in workflow: Workflow, under policy: Policy, on date: CivilDate, role: Role,
        viewer: PersonID, isStaff: Bool, shown: String
    ) {
        let state = history.state
        let known = workflow.position(named: shown) ?? workflow.initial
        let isParty = !isStaff
        let own = state.releases.filter { $0.discloser == viewer }
        var actions = workflow.commands(of: role, from: known, by: .screen).filter { !$0.isPrivate }
        if isParty, viewer != history.opener, state.round?.isSlotAccepted == true {
            actions.removeAll { $0 == .acceptSlot }
        }
        if isParty {
            // Whatever was released and not taken back can be taken back, wherever the case has got to.
            actions.removeAll { $0 == .rescind }
            if !state.notTakenBack(by: viewer).isEmpty, workflow.rescissionChannels(under: policy).contains(.screen) {
                actions = CommandKind.allCases.filter { actions.contains($0) || $0 == .rescind }
            }
        }
        if workflow.isMutual, isParty, state.currentRelease(of: viewer) != nil { actions.removeAll { $0 == .sign } }
        // Each of the two where it says something, and neither for a release that was never signed.
        if isParty {
            let left: CommandKind = state.isFrozen(viewer) ? .freezeCard : .unfreezeCard
            let isLive = state.currentRelease(of: viewer)?.isLive ?? false
            // What is corrected is a release: without one the details are put right on a page of their own.
            let ofRelease: Set<CommandKind> = [.freezeCard, .unfreezeCard, .correct]
            actions.removeAll { $0 == left || !isLive && ofRelease.contains($0) }
            let isOff = state.round?.hidden.contains(.box) == true
            actions.removeAll { $0 == (isOff ? .hide : .showAgain) }
            // Signing again is offered from the day of the first reminder on.
            let last = state.currentRelease(of: viewer)?.expiresOn
            if last.map({ date < $0.adding(days: -ReleaseReminder.days[0]) }) ?? true {
                actions.removeAll { $0 == .renew }
            }
        }
        // A pair whose notice still runs can be closed at once, whatever has begun since.
        let partings = isStaff ? state.parting.compactMap { state.ofParting($0.round.id) } : state.partings(of: viewer)
        let closing = partings.flatMap { own in
            workflow.commands(of: role, from: own.position, by: .screen).filter { $0 == .end || $0 == .withdrawCard }
                + (own.currentRelease(of: viewer)?.isLive == true ? [.rescind] : [])
        }
        partingActions = CommandKind.allCases.filter(closing.contains)
        self.actions = actions
        let channels = workflow.rescissionChannels(under: policy)
        proxied = isStaff ? Self.proxied(history, workflow, viewer, known, rescissionChannels: channels) : []
        // A party learns of a card when one is first opened in the round, and keeps that knowledge when it is closed.
        let opened = state.openedReleases
        isReader = isParty && opened.contains { $0.recipient == .person(viewer) }
        isReaderOfParting =
            isParty && partings.contains { own in own.openCards.contains { $0.reader == .person(viewer) } }
        privateActs =
            isParty && !opened.isEmpty ? Self.privateActs(state, workflow, role, viewer, known, on: date) : []
        releases = own
    }

    /// The notes that one of a pair can make now: by the pair's own flow, or, in a workflow without one, by its rows.
    private static func privateActs(
        _ state: State, _ workflow: Workflow, _ role: Role, _ viewer: PersonID, _ known: Position, on date: CivilDate
    ) -> [CommandKind] {
        guard let flow = workflow.privateFlow else {
            return workflow.commands(of: role, from: known, by: .screen).filter(\.isPrivate)
        }
        guard flow.during.contains(known) else { return [] }
        let kinds = state.privately.notes.map(\.kind)
        return CommandKind.allCases.filter { kind in
            kind == .undoNote
                ? state.privately.undoable(by: viewer, on: date) != nil
                : kind.isPrivate && flow.row(on: kind, by: role, after: kinds) != nil
        }
    }

    private static func proxied(
        _ history: CaseHistory, _ workflow: Workflow, _ viewer: PersonID, _ known: Position,
        rescissionChannels: [Channel]
    ) -> [Proxied] {
        let parties = [
            (workflow.opener, history.opener as PersonID?),
            (workflow.counterpart ?? .mentor, history.state.round?.counterpart),
        ]
        return parties.flatMap { role, person -> [Proxied] in
            guard let person, person != viewer else { return [] }
            let ways = [Channel.phone, .paper].map { ($0, workflow.commands(of: role, from: known, by: $0)) }
            let isOpen = !history.state.notTakenBack(by: person).isEmpty
            return CommandKind.allCases.filter { !$0.isPrivate }.compactMap { kind in
                let channels =
                    kind == .rescind
                    ? ways.map(\.0).filter { isOpen && rescissionChannels.contains($0) }
                    : ways.filter { $0.1.contains(kind) }.map(\.0)
                return channels.isEmpty ? nil : Proxied(role: role, person: person, kind: kind, channels: channels)
            }
        }
    }
}

extension Workflow {
    /// The commands that `role` could give from a state by a channel, in the order of the vocabulary.
    public func commands(of role: Role, from position: Position, by channel: Channel) -> [CommandKind] {
        var found: Set<CommandKind> = []
        for transition in transitions
        where transition.role == role && transition.origins.contains(position) && transition.channels.contains(channel)
        {
            found.insert(transition.command)
        }
        return found.isEmpty ? [] : CommandKind.allCases.filter(found.contains)
    }

    /// True where the pair notes anything of its own.
    public var hasPrivateActs: Bool { privateFlow != nil || transitions.contains { $0.command.isPrivate } }

    /// True where the clock notes, in this state, that what was signed cannot be used.
    public func notesUnused(in state: State) -> Bool {
        !state.isDraft && !transitions(on: .noteUnused, from: state.position).isEmpty
    }

    /// Whose turn it is, as a board sorts by it.
    public func turn(in state: State) -> Turn {
        if state.round == nil || (initial == state.position && !ended.contains(state.position)) { return .notBegun }
        if isAtRest(state.position) || state.isHandedOff { return .over }
        let isCoordinators = transitions.contains { transition in
            guard transition.role == .coordinator, transition.origins.contains(state.position) else { return false }
            if transition.guards.contains(.slotAccepted), state.round?.isSlotAccepted != true { return false }
            return ![.slotUnavailable, .withdrawProposal].contains(transition.command)
        }
        return isCoordinators ? .coordinators : .others
    }

    public enum Turn: Hashable, Sendable { case coordinators, others, over, notBegun }
}
