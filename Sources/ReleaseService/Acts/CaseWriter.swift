internal import Cryptography
internal import Matching
internal import ReleaseLedger
internal import ReleaseWorkflow

/// Writes what was decided about a case: records, events, drafts, keys, places, who sees it, notices.
struct CaseWriter {
    /// A decision, and how it came about.
    struct Decision {
        var events: [Event]
        let rule: String
        let actor: Actor
        /// The roles whose view shows that it happened.
        var seenBy: [Role] = []
        var signature: SignatureWork?
        /// The requester's name for the volunteer's form.
        var display: String?
        var survey: Survey?
        /// The role that is told next morning only.
        var toldLater: Role?
    }

    private let tx: Transaction

    init(_ tx: Transaction) { self.tx = tx }

    func apply(_ decided: Decision, to loaded: inout LoadedCase) throws -> Done {
        var decision = decided
        decision.events = try PairWords(tx).naming(decided.events, in: loaded)
        let before = loaded.state
        let after = evolve(before, decision.events)
        let round = after.round ?? before.round
        var done = Done(round: round?.id, state: loaded.workflow.name(of: after.position), rule: decision.rule)
        if !decision.events.isEmpty, decision.events.allSatisfy(\.isPrivate) {
            try appendPrivate(decision.events, by: decision.actor, of: loaded)
            return Done(state: done.state)
        }
        if decision.events.contains(.roundForgotten), let forgotten = before.round {
            try forget(forgotten, of: loaded)
            try WaitingPapers(tx).dropAll(of: loaded.opener, workflow: loaded.workflow.id)
            do {
                try Parties(tx).keep(tx.snapshot.cases.load(loaded.opener, workflow: loaded.workflow.id))
            } catch Refusal.notFound {
                // The policy in force has no such workflow any more: nobody is shown it.
            }
            tx.consequences.immediate = decision.events.tellings
            done.round = nil
            return done
        }
        done.release = try RecordWriter(tx, for: loaded).write(
            decision.events, rule: decision.rule, actor: decision.actor, signature: decision.signature, before: before)
        // An act on an earlier round is that round's: what is declined afterwards takes nothing of it away.
        if after.isDraft, let taken = decision.events.firstRescinded {
            done.round = before.releases.first { $0.id == taken }?.round
        }
        if let survey = decision.survey, let round { try tx.keep(survey, .survey(round.id), "answers") }
        try keepAnswersOfProposed(decision.events, round, loaded)
        try prepareWhatIsPrivate(decision.events, before, round, loaded)
        try keepDisclosures(decision.events, before, after)
        try carrySurvey(decision.events, to: after.round)
        // What is erased is of the round that ends, also where the next begins in the same step.
        try eraseScopes(for: decision.events, round: before.round ?? round)
        try keepPlace(before: before, after: after, decision.events, loaded)
        if let whole = loaded.whole, let parted = before.round?.id {
            (loaded.history, loaded.whole) = (whole, nil)
            loaded.draft = try tx.rows.draft(of: loaded.id)
            try storeOfParting(decision, parted, at: after.position, &loaded)
        } else {
            try store(decision, before: before, after: after, &loaded)
        }
        if let learn = CaseStore.learning(loaded) { tx.consequences.learned.append(learn) }
        try Parties(tx).keep(loaded)
        try Notices(tx).send(
            decision.events.tellings, before: before, after: after, loaded,
            isOfDraft: decision.events.firstRescinded == nil,
            isQuiet: before.isHandedOff && decision.events.contains(where: \.isExpiry), laterTo: decision.toldLater)
        try tellAssigned(decision, after, loaded)
        // Whoever is of the program reads where the case is before their eyes, which may not be where it is.
        if decision.actor.agent != nil {
            done.state = loaded.history.visibleState(to: .coordinator, in: loaded.workflow)
        }
        return done
    }

    /// Keeps what the one who is proposed had answered until then: later answers count from the next proposal on.
    private func keepAnswersOfProposed(_ events: [Event], _ round: Round?, _ loaded: LoadedCase) throws {
        guard let round, loaded.workflow.pairing.contains(.mustsMet), let role = loaded.workflow.counterpart else {
            return
        }
        for case .counterpartNamed(let person) in events {
            let answers = try tx.people.enrollment(person, as: role)?.answers ?? Answers()
            try tx.keep(answers, .survey(round.id), "answers/\(person)")
        }
    }

    /// Makes, with a first signature, what holds the notes of the pair and what was shown to whom.
    private func prepareWhatIsPrivate(_ events: [Event], _ before: State, _ round: Round?, _ loaded: LoadedCase) throws
    {
        guard let round else { return }
        for case .releaseSigned(_, let subject, .person, _, _) in events where before.currentRelease(of: subject) == nil
        {
            guard let other = round.counterpart else { continue }
            try tx.prepareBoxes(of: round.id, released: subject, people: [loaded.opener, other])
        }
    }

    /// Keeps, for the person on it, that a card opened to somebody.
    private func keepDisclosures(_ events: [Event], _ before: State, _ after: State) throws {
        for case .cardOpened(let id, _, let subject, .person) in events {
            let known = after.releases.first { $0.id == id } ?? before.releases.first { $0.id == id }
            guard let round = known?.round else { continue }
            try tx.keepDisclosure(of: subject, under: id, in: round, on: tx.moment.date)
        }
    }

    /// Seals the answers of an earlier round over into the one that follows it.
    private func carrySurvey(_ events: [Event], to round: Round?) throws {
        for case .surveyCarried(let earlier) in events {
            guard let round, let survey = try tx.snapshot.sealed(.survey(earlier), "answers", as: Survey.self) else {
                continue
            }
            try tx.keep(survey, .survey(round.id), "answers")
            try tx.erase([.survey(earlier)])
        }
    }

    /// Tells the coordinator to whom the person is assigned that a colleague took something down for them.
    private func tellAssigned(_ decision: Decision, _ after: State, _ loaded: LoadedCase) throws {
        guard let agent = decision.actor.agent, let assigned = try tx.people.coordinator(of: loaded.opener),
            assigned != agent, assigned != loaded.opener, assigned != after.round?.counterpart
        else { return }
        let telling = Telling(role: .coordinator, notice: .takenDown)
        try Notices(tx).send([telling], before: after, after: after, loaded, isOfDraft: false)
    }

    /// Adds to the pair's own notes: sealed to the two, read by nobody else's fold.
    private func appendPrivate(_ events: [Event], by actor: Actor, of loaded: LoadedCase) throws {
        guard let round = loaded.state.round, let other = round.counterpart, case .person(let person) = actor.principal
        else { return }
        let people = [loaded.opener, other]
        let known = try tx.snapshot.privateEvents(round.id, for: person)
        // What was taken back may be noted again; what an earlier version noted without a hand is noted once.
        for event in events where event.isByHand || !known.contains(event) {
            try tx.snapshot.boxes(of: round.id).append(.event(event), for: people, people: people, tx)
        }
    }

    /// Deletes a draft and everything with it: the database is as if it had never been.
    private func forget(_ round: Round, of loaded: LoadedCase) throws {
        tx.rows.deleteDraft(round.id)
        // Of a draft that was begun under an earlier version the rows have its id.
        for token in [try tx.vault.token(of: round.id, in: "outcome"), round.id] {
            try tx.rows.deleteOutcomes(of: token)
        }
        for token in [try tx.vault.token(of: round.id, in: "message"), round.id] {
            try tx.rows.deleteMessages(of: token)
        }
        tx.rows.deletePlace(round.id)
        try letGoOfHeld(round)
        try tx.erase([
            .survey(round.id), .privateStream(round.id), .contact(round.id), .evidence(round.id), .boxes(round.id),
        ])
        tx.consequences.mustSettle = true
        tx.consequences.forgotten.append(loaded.id.bytes)
    }

    private func eraseScopes(for events: [Event], round: Round?) throws {
        guard let round else { return }
        var scopes: [Vault.Scope] = []
        if events.contains(.surveyErased) { scopes.append(.survey(round.id)) }
        if events.contains(.privateErased) { scopes.append(.privateStream(round.id)) }
        if events.contains(.contactErased) { scopes.append(.contact(round.id)) }
        try tx.erase(scopes)
    }

    /// A mentor's place is held from the proposal to the end of the round, in the transaction that decides it.
    private func keepPlace(before: State, after: State, _ events: [Event], _ loaded: LoadedCase) throws {
        for event in events {
            switch event {
            case .counterpartNamed(let person):
                if let round = after.round?.id { tx.rows.putPlace(round, mentor: person) }
            case .counterpartCleared: if let round = before.round?.id { tx.rows.deletePlace(round) }
            case .roundStarted:
                // Whose notice still runs keeps the place until it is over.
                if let round = before.round?.id, after.ofParting(round) == nil { tx.rows.deletePlace(round) }
            case .counterpartSetAside(let person, _, _):
                guard let round = before.round?.id else { continue }
                tx.rows.deletePlace(round)
                tx.rows.putPlace(try tx.heldPlace(of: person, in: round), mentor: person)
            case .placeLetGo(let person):
                if let round = before.round?.id { tx.rows.deletePlace(try tx.heldPlace(of: person, in: round)) }
            case .ofParting, .advanced, .roundOpened, .roundForgotten, .counterpartExcluded, .keptAway, .keepingLifted,
                .slotAccepted, .slotHeld, .wordDrawn,
                .releaseSigned,
                .matchMade,
                .callDue, .answerDue, .cardOpened, .cardClosed, .releaseSuperseded, .releaseClosed, .releaseExpired,
                .releaseRescinded, .handedOff, .termSet, .noticeGiven, .reminded, .extensionSigned, .extensionAwaited,
                .termExtended,
                .secondSought,
                .surveyErased, .contactErased, .noticed, .callPlaced, .meetingArranged, .privateErased,
                .handOffSet, .releaseReminded, .callReminded, .cardFrozen, .cardUnfrozen, .cardHidden, .cardShownAgain,
                .unusedNoted, .useResumed,
                .surveyCarried, .recordedInError, .privatelyNoted,
                .privatelyUndone:
                break
            }
        }
        // A place comes back by what somebody says, never because a permission ran out: the two may well go on.
        let isOnlyRunOut = before.isHandedOff && events.contains(where: \.isExpiry)
        if loaded.workflow.ended.contains(after.position), !isOnlyRunOut, let round = after.round?.id {
            tx.rows.deletePlace(round)
        }
        // Nobody is held any longer than the draft is open.
        if before.isDraft, !after.isDraft { try letGoOfHeld(before.round) }
    }

    private func letGoOfHeld(_ round: Round?) throws {
        guard let round else { return }
        for held in round.held { tx.rows.deletePlace(try tx.heldPlace(of: held.person, in: round.id)) }
    }

    // MARK: Storing

    /// Stores what was decided about a pair that parts as a step of the case, whatever has begun since.
    private func storeOfParting(
        _ decision: Decision, _ round: RoundID, at position: Position, _ loaded: inout LoadedCase
    ) throws {
        guard !decision.events.contains(where: \.beginsRound) else { throw Refusal.outdated }
        var wrapped = decision
        wrapped.events = [.ofParting(round, decision.events.filter { !$0.isPrivate && !$0.isCallBackRequest })]
        let (before, after) = (loaded.state, evolve(loaded.state, wrapped.events))
        let due = try DueTransitions(tx).next(after, loaded, isDraftMeant: false)
        let visibility = Visibility(state: loaded.workflow.name(of: position), seenBy: decision.seenBy)
        try storeStep(wrapped, visibility, due, before, after, &loaded)
    }

    /// The roles that are shown the end of a round in which something was signed: staff, where the policy says so, and
    /// of the two who signed or was shown a card. The other had an offer before them, and it is gone like any other.
    private func whoKnew(of state: State, _ loaded: LoadedCase, _ seenBy: [Role]) -> [Role] {
        let parties =
            [(loaded.workflow.opener, loaded.opener)]
            + [(loaded.workflow.counterpart, loaded.counterpart)]
            .compactMap { role, person in role.flatMap { role in person.map { (role, $0) } } }
        let knew = parties.filter { _, person in
            state.roundReleases.contains {
                $0.discloser == person || $0.cardVersion > 0 && $0.recipient == .person(person)
            }
        }
        return seenBy.filter(\.isStaff) + knew.map(\.0)
    }

    private func store(_ decision: Decision, before: State, after: State, _ loaded: inout LoadedCase) throws {
        // A step that ends one round and begins the next is the case's up to the beginning, and the draft's from there
        // on.
        if let start = decision.events.firstIndex(where: \.startsRound), start > 0, !before.isDraft,
            before.round != nil,
            decision.events[..<start].contains(where: \.closesRelease)
        {
            let middle = evolve(before, decision.events[..<start])
            var (first, second) = (decision, decision)
            (first.events, first.display) = (Array(decision.events[..<start]), nil)
            first.seenBy = whoKnew(of: before, loaded, decision.seenBy)
            second.events = Array(decision.events[start...])
            try store(first, before: before, after: middle, &loaded)
            try store(second, before: middle, after: after, &loaded)
            return
        }
        let due = try DueTransitions(tx).next(after, loaded)
        // What is about a release of an earlier round is the case's, whatever draft is open: declining that draft must
        // not undo it, and the step is where the case stood when the draft began.
        let isOfEarlierRound =
            decision.events.firstRescinded != nil || liftsEarlierWord(decision.events, before)
            || decision.events.contains(where: \.marksError)
        let isOfOtherRound = isOfEarlierRound && isOfRoundThatIsOver(decision.events, before)
        // What somebody says of a round that is over is shown to nobody's eyes: it would tell where the case is now.
        let visibility = Visibility(
            state: loaded.workflow.name(of: isOfOtherRound ? loaded.workflow.initial : after.position),
            seenBy: isOfOtherRound ? [] : decision.seenBy)
        if after.isDraft, !isOfEarlierRound, let round = after.round {
            try storeDraft(decision, round, visibility, due, after, &loaded)
        } else {
            try storeStep(
                decision, visibility, after.isDraft ? loaded.row?.due : due, before, after, &loaded)
        }
    }

    /// True if what is taken back was released in another round than the one that is signed.
    private func isOfRoundThatIsOver(_ events: [Event], _ before: State) -> Bool {
        guard let id = events.firstRescinded, let release = before.releases.first(where: { $0.id == id }) else {
            return before.isDraft
        }
        return release.round != before.currentRelease?.round
    }

    /// True if the events lift what was said before the draft began: declining it must not bring that back.
    private func liftsEarlierWord(_ events: [Event], _ before: State) -> Bool {
        guard case .keepingLifted(let person, let other)? = events.first, before.isDraft else { return false }
        return !before.keepingOfDraft.contains { $0.by == person && $0.from == other }
    }

    private func storeDraft(
        _ decision: Decision, _ round: Round, _ visibility: Visibility, _ due: CivilDate?, _ after: State,
        _ loaded: inout LoadedCase
    ) throws {
        var content = loaded.history.draft ?? DraftHistory()
        let kept = decision.events.filter { !$0.isNotice }
        content.events += kept
        content.display = decision.display ?? content.display
        if !kept.isEmpty { content.visibilities.append(visibility) }
        let row = DraftRow(
            round: round.id, caseID: loaded.id, workflow: loaded.workflow.id, opener: loaded.opener,
            policy: loaded.loaded.digest,
            sealed: try tx.vault.seal(content, fixed: "draft/\(round.id)"), due: due)
        tx.rows.putDraft(row)
        loaded.history.put(content, state: after)
        loaded.draft = row
    }

    /// The person for whom staff recorded this, with the one who did.
    private func recorded(_ actor: Actor) -> CaseStep.Recorded? {
        guard case .person(let person) = actor.principal, let agent = actor.agent else { return nil }
        return .init(person: person, by: agent)
    }

    private func storeStep(
        _ decision: Decision, _ visibility: Visibility, _ due: CivilDate?, _ before: State, _ after: State,
        _ loaded: inout LoadedCase
    ) throws {
        // An empty request to be called leaves no trace in the case (MPHP-54).
        var kept = decision.events.filter { !$0.isPrivate && !$0.isCallBackRequest }
        if kept.isEmpty { return }
        var earlier: [Visibility]?
        var endsDraft = false
        if before.isDraft, !after.isDraft, let round = before.round {
            kept.insert(contentsOf: before.openingEvents, at: 0)
            tx.rows.deleteDraft(round.id)
            loaded.draft = nil
            earlier = (loaded.history.draft ?? DraftHistory()).lastShown(except: visibility.seenBy)
            endsDraft = true
        }
        let sequence = loaded.history.steps.count
        let step = CaseStep(
            events: kept, rule: decision.rule, on: tx.moment.date, channel: decision.actor.channel,
            visibility: visibility,
            earlier: earlier, recorded: recorded(decision.actor))
        let sealed = try tx.vault.seal(step, fixed: "event/\(loaded.id)/\(sequence)")
        let link = try tx.vault.link(loaded.id, sequence, after: loaded.lastLink, sealed)
        tx.rows.appendEvent(loaded.id, EventRow(sequence: sequence, sealed: sealed, link: link))
        loaded.history.append(step, to: after, endsDraft: endsDraft)
        loaded.lastLink = link
        // A round that began under a later version takes the case along with its first signature.
        let policy = loaded.loaded.digest
        let row = CaseRow(
            id: loaded.id, workflow: loaded.workflow.id, veiledOpener: try tx.vault.veil(loaded.opener, of: loaded.id),
            policy: policy,
            tip: try tx.vault.tip(loaded.id, policy: policy, count: loaded.history.steps.count, last: link),
            due: due)
        tx.rows.putCase(row)
        loaded.row = row
    }
}

extension Event {
    fileprivate var startsRound: Bool { if case .roundStarted = self { true } else { false } }
    fileprivate var isByHand: Bool {
        if case .privatelyNoted = self { return true }
        if case .privatelyUndone = self { return true }
        return false
    }
    fileprivate var marksError: Bool { if case .recordedInError = self { true } else { false } }
    fileprivate var closesRelease: Bool { if case .releaseClosed = self { true } else { false } }
    fileprivate var isExpiry: Bool { if case .releaseExpired = self { true } else { false } }
    fileprivate var isNotice: Bool { if case .noticed = self { true } else { false } }
    fileprivate var isCallBackRequest: Bool { if case .noticed(_, .callBackAsked) = self { true } else { false } }
}

extension [Event] {
    /// The first release that is taken back; nil where none is.
    fileprivate var firstRescinded: ReleaseID? {
        lazy.compactMap { if case .releaseRescinded(let id, _) = $0 { id } else { nil } }.first
    }

    /// The notices of these events, each with its role.
    var tellings: [Telling] {
        compactMap { if case .noticed(let role, let notice) = $0 { Telling(role: role, notice: notice) } else { nil } }
    }
}

extension Transaction {
    /// The place that is held for somebody who was set aside, under an id of its own.
    fileprivate func heldPlace(of person: PersonID, in round: RoundID) throws -> RoundID {
        let token = try vault.indexToken("heldPlace", "\(round) \(person)")
        guard let id = RoundID(parsing: Hex.format(token.prefix(16))) else {
            throw MachineryError.corrupt("held place")
        }
        return id
    }
}

/// Leaves notices to be sent.
struct Notices {
    private let tx: Transaction

    init(_ tx: Transaction) { self.tx = tx }

    /// - Parameter isOfDraft: false for what is told of an earlier round while a draft is open.
    func send(
        _ tellings: [Telling], before: State, after: State, _ loaded: LoadedCase, isOfDraft: Bool = true,
        isQuiet: Bool = false, laterTo later: Role? = nil
    ) throws {
        for (number, telling) in tellings.enumerated() {
            guard let person = try person(telling.role, before: before, after: after, loaded),
                try !tx.people.isDeceased(person)
            else { continue }
            tx.consequences.notices.append(telling)
            let id = try tx.derive.bytes(
                "message/\(tx.consequences.records.count)/\(number)/\(loaded.history.steps.count)/\(loaded.id)"
                    + (telling.notice == .takenDown ? "/assigned" : ""),
                count: 16)
            var message = Message(to: person, notice: telling.notice, on: tx.moment.date)
            message.isForMailboxAlone = isQuiet || [.permissionEndsSoon, .callSoon].contains(telling.notice)
            if telling.role == later { message.from = tx.moment.date.adding(days: 1) }
            // Where nobody may pass it on and no mail can bring it, it stands on the person's own page.
            if message.isForMailboxAlone, try tx.account(of: person)?.address == nil { continue }
            let round = isOfDraft && after.isDraft && telling.notice != .callBackAsked ? after.round?.id : nil
            tx.rows.putMessage(
                id, try tx.vault.seal(message, fixed: "message"),
                round: try round.map { try tx.vault.token(of: $0, in: "message") })
        }
    }

    /// The person who is told in a role; nil where nobody has it.
    private func person(_ role: Role, before: State, after: State, _ loaded: LoadedCase) throws -> PersonID? {
        if role == loaded.workflow.opener { return loaded.opener }
        if role == loaded.workflow.counterpart { return after.round?.counterpart ?? before.round?.counterpart }
        return role == .coordinator ? try tx.people.coordinator(of: loaded.opener) : nil
    }
}
