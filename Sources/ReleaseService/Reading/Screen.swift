internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// Shows one case to one person: projections of the decoded history for a role, and what of the vault goes with them.
struct Screen {
    private let snapshot: Snapshot

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    // MARK: Views

    /// The case as somebody in `role` sees it.
    ///
    /// - Parameter isWhole: false for a line of a list, which needs no answers of a survey and opens none.
    /// - Throws: `Refusal.notFound` for a coordinator who is not theirs and for a person with no part in it.
    func view(of found: LoadedCase, as role: Role, viewer: PersonID, isWhole: Bool = true) throws -> CaseView {
        let loaded = role == found.workflow.opener ? found.asUntold : found
        let (state, workflow) = (loaded.state, loaded.workflow)
        try requirePart(in: loaded, as: role, viewer)
        let isParty = role != .coordinator
        // In an exchange everybody sees the standing of their own release, staff that of the one signed last.
        let release = workflow.isMutual && isParty ? state.currentRelease(of: viewer) : state.currentRelease
        // What is signed again after the hand-off is between the two: staff know the release that they were shown.
        let known = role == .coordinator ? loaded.history.lastReleaseShown(to: role) ?? release?.id : release?.id
        // The recipient learns of a release when a card is opened under it, and not before.
        let isOpened = release.map { $0.cardVersion > 0 } ?? false
        let seesRelease =
            role == workflow.discloser || workflow.isMutual || (role == .coordinator && !state.isHandedOff)
            || (.role(role) == workflow.recipient && isOpened)
        let privately: PrivateState? = isParty ? try state.round.map { try notes(of: $0, for: viewer) } : nil
        return CaseView(
            id: loaded.id, workflow: workflow.id,
            state: loaded.history.visibleState(to: role, in: workflow),
            history: knowsOfRound(loaded, role, viewer) ? entries(of: loaded, for: role) : [],
            isReleaseLive: seesRelease ? release.map { $0.isLive && snapshot.today <= $0.expiresOn } : nil,
            release: seesRelease || role == .coordinator ? known : nil,
            expiresOn: seesRelease ? release?.expiresOn : nil,
            survey: role == workflow.counterpart || !isWhole ? nil : try snapshot.cases.survey(of: state.round),
            isCallRecorded: privately.map(\.isCallPlaced), isMeetingRecorded: privately.map(\.isMeetingArranged),
            wasTried: privately.map { $0.notes.contains { $0.kind == .recordTried && $0.by != viewer } },
            callBy: isParty ? state.round?.due : nil,
            releaseBy: isParty && state.currentRelease(of: viewer) == nil ? nil : ReleaseDuty(loaded)?.due,
            isNumberWrong: isNumberWrong(state, role, viewer),
            word: isWordKnown(state, to: role, viewer, in: workflow) ? state.round?.word : nil,
            isUnused: state.round?.unusedSince != nil && (!isParty || state.currentRelease(of: viewer)?.isLive == true)
                && workflow.notesUnused(in: state),
            hidden: isHiddenShown(state, role, viewer)
                ? Hiding.allCases.filter { state.round?.hidden.contains($0) == true } : [],
            partingUntil: isParty && viewer != loaded.opener
                ? nil : state.parting.compactMap(\.round.noticeUntil).max(),
            extensionUntil: workflow.isAtRest(state.position) ? nil : state.round?.extensionUntil,
            isNumberComing: isParty
                && state.roundReleases.contains {
                    $0.cardVersion > 0 && $0.recipient == .person(viewer) && state.isFrozen($0.discloser)
                })
    }

    /// Whoever opened the case knows the pair's word once they have signed, or a card was opened for them: before that
    /// it would tell that somebody is named.
    private func isWordKnown(_ state: State, to role: Role, _ viewer: PersonID, in workflow: Workflow) -> Bool {
        role != workflow.opener || state.currentRelease(of: viewer) != nil
            || state.roundReleases.contains { $0.cardVersion > 0 && $0.recipient == .person(viewer) }
    }

    private func isHiddenShown(_ state: State, _ role: Role, _ viewer: PersonID) -> Bool {
        !state.openCards.isEmpty && (role == .coordinator || state.currentRelease(of: viewer)?.isLive == true)
    }

    private func isNumberWrong(_ state: State, _ role: Role, _ viewer: PersonID) -> Bool? {
        if role == .coordinator { return state.isHandedOff ? nil : state.round?.frozen.isEmpty == false }
        return state.currentRelease(of: viewer).map { _ in state.isFrozen(viewer) }
    }

    /// The pair's own notes of a round.
    private func notes(of round: Round, for viewer: PersonID) throws -> PrivateState {
        let nobody = State(opener: PersonID(high: 0, low: 0), position: Position(number: 0))
        return evolve(nobody, try privateEvents(of: round, for: viewer)).privately
    }

    /// Nothing, for somebody of whom it is not confirmed that their sign-in is their own.
    private func privateEvents(of round: Round, for viewer: PersonID) throws -> [Event] {
        try snapshot.isHeld(viewer) ? [] : snapshot.privateEvents(round.id, for: viewer)
    }

    private func requirePart(in loaded: LoadedCase, as role: Role, _ viewer: PersonID) throws {
        let isPart: Bool
        if role == loaded.workflow.opener {
            isPart = viewer == loaded.opener
        } else if role == loaded.workflow.counterpart {
            isPart = viewer == loaded.counterpart && !loaded.state.isDraft
        } else {
            isPart =
                try role == .coordinator
                && (snapshot.people.coordinator(of: loaded.opener) == viewer || snapshot.coverOfLate(loaded) == viewer)
                && viewer != loaded.opener && viewer != loaded.counterpart
        }
        guard isPart else { throw Refusal.notFound }
    }

    /// False for a counterpart who signed nothing and was shown nothing: what came of a form that the other had signed
    /// is not theirs to read.
    private func knowsOfRound(_ loaded: LoadedCase, _ role: Role, _ viewer: PersonID) -> Bool {
        role != loaded.workflow.counterpart
            || loaded.state.roundReleases.contains {
                $0.discloser == viewer || $0.cardVersion > 0 && $0.recipient == .person(viewer)
            }
    }

    private func entries(of loaded: LoadedCase, for role: Role) -> [CaseView.Entry] {
        loaded.history.steps(knownTo: role, in: loaded.workflow).compactMap { step in
            guard step.visibility.seenBy.contains(role) else { return nil }
            return CaseView.Entry(on: step.on, rule: told(step.rule, to: role, of: loaded), channel: step.channel)
        }
    }

    /// A rule as somebody may read it: of what one of two says of the other, the other reads that it ended.
    private func told(_ rule: String, to role: Role, of loaded: LoadedCase) -> String {
        let said = [CommandKind.refuseMentor, .notAMatch].map { loaded.rule($0.rawValue) }
        return role == loaded.workflow.counterpart && said.contains(rule) ? loaded.rule(CommandKind.end.rawValue) : rule
    }

    /// The view of a counterpart who may not know yet whose case it is: while the round is a draft, and for one who
    /// signs nothing until a card is opened.
    private func blindView(_ loaded: LoadedCase, _ role: Role) -> CaseView {
        let (workflow, seen) = (loaded.workflow, loaded.history.visibleState(to: role, in: loaded.workflow))
        let isFresh = seen == workflow.name(of: workflow.initial)
        return CaseView(
            id: loaded.id, workflow: workflow.id, state: isFresh ? workflow.name(of: loaded.state.position) : seen,
            history: [],
            isReleaseLive: nil, release: nil, expiresOn: nil, survey: nil, isCallRecorded: nil, isMeetingRecorded: nil,
            wasTried: nil,
            callBy: nil, releaseBy: nil, isNumberWrong: nil, word: loaded.state.round?.word, isUnused: false,
            hidden: [], partingUntil: nil, extensionUntil: nil, isNumberComing: false)
    }

    // MARK: Lines

    /// The case as this person has it before them: one who was the counterpart of an earlier round knows of nothing
    /// after it.
    func load(_ row: PartyRow) throws -> LoadedCase {
        asSeen(try snapshot.cases.load(row.caseID, opener: row.opener, workflow: row.workflow), by: row)
    }

    func asSeen(_ loaded: LoadedCase, by row: PartyRow) -> LoadedCase {
        if !row.isStaff, row.person == row.opener { return loaded.asUntold }
        guard !row.isStaff, row.person != loaded.counterpart else { return loaded }
        var seen = loaded
        if let role = loaded.workflow.counterpart, let held = loaded.history.asHeld(for: row.person, role: role) {
            seen.history = held
            return seen
        }
        seen.history = loaded.history.asLastKnown(to: row.person, initial: loaded.workflow.initial)
        seen.draft = nil
        return seen
    }

    /// A line of a list; nil for a workflow that this person could not begin.
    func line(_ row: PartyRow, _ loaded: LoadedCase, isWhole: Bool = true) throws -> CaseLine? {
        let workflow = loaded.workflow
        let role: Role = row.isStaff ? .coordinator : loaded.role(of: row.person)
        let identity = try snapshot.people.identity(loaded.opener)
        if !row.isStaff, row.person == loaded.opener, row.rank == .idle {
            guard identity?.roles.contains(workflow.opener == .mentor ? .mentor : .participant) == true else {
                return nil
            }
        }
        // One who signs nothing knows nothing until a card is opened for them: not even that somebody else has signed.
        let signs = workflow.isMutual || workflow.discloser == role
        let isAskedBlindly =
            role == workflow.counterpart
            && (loaded.state.isDraft || (!signs && !loaded.state.roundReleases.contains { $0.cardVersion > 0 }))
        let view =
            isAskedBlindly
            ? blindView(loaded, role) : try view(of: loaded, as: role, viewer: row.person, isWhole: isWhole)
        return CaseLine(
            handle: row.handle, rank: row.rank, view: view, role: role, contact: loaded.policy.contact,
            opener: row.opener,
            name: row.isStaff ? identity?.fullName ?? "" : nil,
            situation: situation(loaded, role, row.person, view))
    }

    /// The fact that the words of a state do not say of themselves.
    private func situation(_ loaded: LoadedCase, _ role: Role, _ viewer: PersonID, _ view: CaseView)
        -> CaseLine.Situation?
    {
        let (state, workflow) = (loaded.state, loaded.workflow)
        if !view.hidden.isEmpty { return .hidden }
        let shown = workflow.position(named: view.state) ?? workflow.initial
        if workflow.isAtRest(shown), shown != workflow.initial {
            if role == .coordinator || workflow.audience != nil { return nil }
            let isReader = state.openedReleases.contains { $0.recipient == .person(viewer) }
            let isSigner = state.roundReleases.contains { $0.discloser == viewer }
            // Whatever one of the two does privately afterwards changes nothing of it.
            let hasRunOut = state.roundReleases.contains { $0.standing == .expired }
            if hasRunOut, !state.openedReleases.isEmpty, isReader || isSigner { return .ranOut }
            return isReader || isSigner ? nil : .nothingShown
        }
        if view.isNumberWrong == true { return .frozen }
        if view.isNumberComing { return .waits }
        if view.isUnused { return .unused }
        return role != workflow.opener && state.round?.isSlotAccepted == true ? .accepted : nil
    }

    // MARK: The page

    /// A case with everything that goes onto its page.
    ///
    /// - Throws: `Refusal.notFound` for a handle that is not this person's.
    func page(_ handle: CaseHandle, of person: PersonID) throws -> CasePage {
        guard let row = try snapshot.rows.party(handle, of: person) else { throw Refusal.notFound }
        return try page(row, load(row))
    }

    func page(_ row: PartyRow, _ loaded: LoadedCase) throws -> CasePage {
        guard let line = try line(row, loaded) else { throw Refusal.notFound }
        let screen = CaseScreen(
            of: try withPrivateNotes(loaded, row).history, in: loaded.workflow, under: loaded.policy,
            on: snapshot.today, role: line.role, viewer: row.person,
            isStaff: row.isStaff,
            shown: line.view.state)
        let isOpener = row.person == loaded.opener && !row.isStaff
        let counterpart = row.isStaff ? loaded.counterpart : nil
        let isLocked = try !row.isStaff && loaded.workflow.privateFlow != nil && snapshot.isLocked(for: row.person)
        return CasePage(
            line: line, actions: screen.actions, partingActions: screen.partingActions,
            isReaderOfParting: screen.isReaderOfParting, proxied: screen.proxied, isReader: screen.isReader,
            privateActs: isLocked ? [] : screen.privateActs,
            isLocked: isLocked && !screen.privateActs.isEmpty, counterpart: counterpart,
            counterpartFullName: try counterpart.flatMap { try snapshot.people.identity($0)?.fullName },
            counterpartName: try formName(row, loaded, line, screen), releases: screen.releases.map(\.id),
            version: try version(row, line, screen), obstacle: try obstacle(row, loaded),
            isMarkable: row.isStaff && loaded.history.markable != nil, isOpener: isOpener,
            isShown: !row.isStaff && loaded.state.openedReleases.contains { $0.discloser == row.person },
            isPrintable: isPrintable(row, loaded, line))
    }

    /// After the hand-off this hangs on what staff are shown and on nothing that moves behind it.
    private func isPrintable(_ row: PartyRow, _ loaded: LoadedCase, _ line: CaseLine) -> Bool {
        guard row.isStaff, loaded.workflow.audience == nil,
            loaded.state.roundReleases.contains(where: { $0.cardVersion > 0 }),
            let shown = loaded.workflow.position(named: line.view.state)
        else { return false }
        return !loaded.workflow.isAtRest(shown)
    }

    /// The obstacle to a pair whose card was not opened yet, as their coordinator may read it: the rule, or
    /// that the two cannot be brought together.
    private func obstacle(_ row: PartyRow, _ loaded: LoadedCase) throws -> Refusal? {
        let isOpen =
            loaded.workflow.isAtRest(loaded.state.position)
            || loaded.state.roundReleases.contains { $0.cardVersion > 0 }
        guard row.isStaff, !isOpen, let lost = try GuardFacts(snapshot, of: loaded).firstLost() else { return nil }
        return Refusal.conditionFailed(lost).told(to: .coordinator, isOpener: false)
    }

    /// The case with what the pair noted, for one of the pair.
    private func withPrivateNotes(_ loaded: LoadedCase, _ row: PartyRow) throws -> LoadedCase {
        guard !row.isStaff, loaded.workflow.privateFlow != nil, let round = loaded.state.round else { return loaded }
        var copy = loaded
        copy.history = loaded.history.with(privateEvents: try privateEvents(of: round, for: row.person))
        return copy
    }

    /// The name that the other person gave for forms: what the one who signs is shown of them.
    private func formName(_ row: PartyRow, _ loaded: LoadedCase, _ line: CaseLine, _ screen: CaseScreen) throws
        -> String?
    {
        let workflow = loaded.workflow
        let isOpener = row.person == loaded.opener
        let isDisclosing =
            workflow.isMutual
            || row.person == (workflow.discloser == workflow.opener ? loaded.opener : loaded.counterpart)
        guard !row.isStaff, isDisclosing, let other = isOpener ? loaded.counterpart : loaded.opener,
            line.view.state != workflow.name(of: workflow.initial),
            screen.releases.contains(where: { $0.round == loaded.state.round?.id })
                || screen.actions.contains(where: \.isSignature)
        else { return nil }
        let role = isOpener ? workflow.counterpart : workflow.opener
        return try role.flatMap { try snapshot.people.enrollment(other, as: $0)?.display }
            ?? (isOpener ? nil : loaded.history.draft?.display)
    }

    /// The version of what this person sees of the case: it changes with everything but the pair's own notes.
    private func version(_ row: PartyRow, _ line: CaseLine, _ screen: CaseScreen) throws -> String {
        let digest = try snapshot.vault.commandDigest(
            "version", "\(row.person)", line.view.state, screen.actions.map(\.rawValue).joined(separator: " "),
            screen.releases.last.map { "\($0.id)" } ?? "", Hex.format(line.view.withoutPrivateActs.encoded))
        return Hex.format(digest.prefix(12))
    }
}
