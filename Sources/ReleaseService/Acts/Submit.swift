internal import Matching
internal import ReleaseLedger
public import ReleaseWorkflow

/// Carries out what is asked about a case: load, authorize, decide, store; all in one transaction.
struct SubmitAct: Act {
    let submission: Submission

    init(_ submission: Submission) { self.submission = submission }

    var text: String { submission.canonicalText }
    var formerScope: String { submission.actor.text }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        try permit.require(permit.acts(as: submission.actor))
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        try carryOut(tx, tx.snapshot.cases.load(submission.opener, workflow: submission.workflow))
    }

    func carryOut(_ tx: Transaction, _ found: LoadedCase) throws -> Done {
        var loaded = meant(in: found)
        if submission.kind.asksAnew, try tx.snapshot.isEnding { throw Refusal.programEnds }
        try requireConfirmedAccess(tx)
        if let known = asKnown(loaded) {
            var done = try SubmitAct(known).carryOut(tx)
            if submission.kind == .decline {
                // The answer is the one that anybody gets who declines.
                tx.consequences.immediate = [Telling(role: loaded.workflow.opener, notice: .declineConfirmed)]
                done.state = visibleState(
                    try tx.snapshot.cases.load(submission.opener, workflow: submission.workflow))
            }
            return done
        }
        // Declining again, or declining what was never asked, answers as the first time did: nothing is there to tell
        // them apart.
        if submission.kind == .decline, loaded.workflow.isAtRest(loaded.state.position),
            submission.actor.principal == .person(submission.opener)
        {
            tx.consequences.immediate = [Telling(role: loaded.workflow.opener, notice: .declineConfirmed)]
            tx.storesNothing = true
            return Done(state: visibleState(loaded))
        }
        if let done = try answerOfHeld(&loaded, tx) { return done }
        if let done = try putRight(loaded, tx) { return done }
        if isDoneAlready(loaded) {
            let authority = try GuardFacts(tx.snapshot, of: loaded).facts(for: submission, nil)
            if case .staff = submission.actor.principal, !authority[.assigned] { throw Refusal.notFound }
            if submission.actor.agent != nil, !authority[.dutiesSeparate] {
                throw Refusal.conditionFailed(.dutiesSeparate)
            }
            try leaveWhatRanOut(&loaded, tx)
            tx.storesNothing = true
            return Done(state: visibleState(loaded))
        }
        if submission.kind.isPrivate, let round = loaded.state.round?.id,
            case .person(let person) = submission.actor.principal
        {
            loaded.history = loaded.history.with(privateEvents: try tx.snapshot.privateEvents(round, for: person))
        }
        FaultPoint.reach(.afterLoad)
        let decision = try decide(submission, loaded, tx)
        FaultPoint.reach(.afterDecide)
        if let done = try fileForSecondHand(tx) { return done }
        // What is declined leaves nothing, the answer to declining included.
        tx.storesNothing = decision.events.contains(.roundForgotten)
        let done = try CaseWriter(tx).apply(decision, to: &loaded)
        if [.freezeCard, .unfreezeCard].contains(submission.kind) { try hideEverywhere(&loaded, tx) }
        if [.sign, .hide, .showAgain].contains(submission.kind) { try ListingBox(tx).note(submission, of: loaded) }
        return done
    }

    private var hands: Hands {
        Hands(submission.kind, by: submission.actor.channel, lendsName: submission.display != nil)
    }

    /// Files a paper that could be recorded now, until another person has looked at it and reached the signer. Nil for
    /// everything else, and where a program has nobody who confirms.
    private func fileForSecondHand(_ tx: Transaction) throws -> Done? {
        guard hands == .two, let signing = submission.signing, signing.provenance == nil, let paper = signing.paper,
            let staff = submission.actor.agent, case .person(let signer) = submission.actor.principal,
            WaitingPapers(tx).wait
        else { return nil }
        var waiting = WaitingPaper(
            .signature(submission.kind, opener: submission.opener, workflow: submission.workflow),
            signedOn: paper.signedOn)
        (waiting.formDigest, waiting.isNameConfirmed) = (signing.formDigest, signing.isNameConfirmed)
        waiting.corrections = submission.corrections
        return try WaitingPapers(tx).file(waiting, paper.bytes, of: signer, by: staff)
    }

    /// Before anything is released there is no signed text to correct: what is known is put right, and the form that is
    /// signed next shows it.
    ///
    /// - Returns: nil for whoever has something released, which takes a signature to correct.
    private func putRight(_ loaded: LoadedCase, _ tx: Transaction) throws -> Done? {
        guard submission.kind == .correct, !submission.corrections.isEmpty,
            case .person(let person) = submission.actor.principal,
            person == loaded.opener || person == loaded.counterpart,
            loaded.state.currentRelease(of: person)?.isLive != true
        else { return nil }
        let typed = submission.corrections
        if !typed.profile.isEmpty {
            let input = PersonInput(phones: tx.parts.phones, region: loaded.policy.region)
            var identity = try tx.people.require(person)
            identity.profile = (identity.profile ?? [:]).merging(try input.profile(typed.profile)) { $1 }
            try tx.put(identity, of: person)
        }
        if typed.firstName != nil || typed.phone != nil {
            let details = Details(
                firstName: typed.firstName, phone: typed.phone, isPhoneConfirmed: typed.isPhoneConfirmed)
            _ = try CorrectDetails(id: person, details: details, staff: submission.actor.agent ?? person).carryOut(tx)
        }
        return Done(state: visibleState(loaded))
    }

    /// A number that is wrong is wrong on every card of the case: a pair whose notice still runs has its own.
    private func hideEverywhere(_ loaded: inout LoadedCase, _ tx: Transaction) throws {
        for round in loaded.state.parting.map(\.round.id) {
            guard var own = loaded.ofParting(round) else { continue }
            let facts = try GuardFacts(tx.snapshot, of: own).facts(for: submission, nil)
            let command: Command = submission.kind == .freezeCard ? .freezeCard : .unfreezeCard
            guard let decision = own.decided(command, by: submission.actor, given: facts, at: tx.moment),
                !decision.events.filter({ $0.hidesOrShows }).isEmpty
            else { continue }
            _ = try CaseWriter(tx).apply(decision, to: &own)
            loaded = own
        }
    }

    /// The case as it is for the pair that is meant: the one that is here now, or one whose notice still runs while the
    /// search for the next has begun, where the command has nothing else to be about.
    private func meant(in found: LoadedCase) -> LoadedCase {
        found.partings.last { isMeant($0, besides: found) } ?? found
    }

    private func isMeant(_ own: LoadedCase, besides found: LoadedCase) -> Bool {
        // What begins a search is never about a pair that parts.
        if submission.kind.asksAnew || submission.kind == .notAMatch { return false }
        switch submission.actor.principal {
        case .clock: return false
        case .staff:
            return isRow(.coordinator, of: own) && (submission.isOfParting || !isRow(.coordinator, of: found))
        case .person(let person):
            guard person == own.opener || person == own.counterpart else { return false }
            if submission.isOfParting { return isRow(own.role(of: person), of: own) }
            let isCurrent = person == found.opener || person == found.counterpart
            if submission.kind == .rescind {
                guard let named = submission.release else {
                    return !isCurrent || found.state.currentRelease(of: person)?.isLive != true
                }
                return own.state.roundReleases.contains { $0.id == named && $0.discloser == person }
            }
            return isRow(own.role(of: person), of: own) && !(isCurrent && isRow(found.role(of: person), of: found))
        }
    }

    /// True if the command has a row in this state by this role, or is a note that the pair makes in it.
    private func isRow(_ role: Role, of loaded: LoadedCase) -> Bool {
        let (workflow, position) = (loaded.workflow, loaded.state.position)
        if submission.kind.isPrivate, let flow = workflow.privateFlow { return flow.during.contains(position) }
        return workflow.transitions(on: submission.kind, from: position).contains { $0.role == role }
    }

    /// The command as it is meant by one of the two who has less before them than there is: an end instead of
    /// declining, and no match instead of a refusal, where somebody has signed and the policy has no row of its own for
    /// it; another round instead of the first, where one came to nothing in which somebody had. They do not learn it by
    /// a refusal. Nil for everything else.
    private func asKnown(_ loaded: LoadedCase) -> Submission? {
        let meant: [CommandKind: CommandKind] = [
            .decline: .end, .request: .rematch, .slotUnavailable: .notAMatch, .refuseMentor: .notAMatch,
        ]
        guard let kind = meant[submission.kind], case .person(let person) = submission.actor.principal,
            person == loaded.opener || person == loaded.counterpart
        else { return nil }
        let (workflow, role) = (loaded.workflow, loaded.role(of: person))
        func has(_ kind: CommandKind, from position: Position) -> Bool {
            workflow.transitions(on: kind, from: position).contains { $0.role == role }
        }
        let history = person == loaded.opener ? loaded.asUntold.history : loaded.history
        let here = loaded.state.position
        guard !has(submission.kind, from: here), has(kind, from: here),
            let seen = workflow.position(named: history.visibleState(to: role, in: workflow)),
            has(submission.kind, from: seen)
        else { return nil }
        var known = submission
        known.kind = kind
        // Only who asked for somebody else has said anything of the other.
        known.keepsAway = submission.kind == .refuseMentor && submission.keepsAway
        return known
    }

    /// True for an end of what is over, and for the taking back of what was taken back: both are answered as done. Two
    /// people who end on the same day, and one who presses twice, have done nothing wrong.
    private func isDoneAlready(_ loaded: LoadedCase) -> Bool {
        if submission.kind == .withdrawCard, case .staff = submission.actor.principal {
            // What closed by itself after the hand-off is still open before the eyes of staff.
            let (state, workflow) = (loaded.state, loaded.workflow)
            let shown = workflow.position(named: loaded.history.visibleState(to: .coordinator, in: workflow))
            return !state.isDraft && workflow.ended.contains(state.position)
                && shown.map { !workflow.transitions(on: .withdrawCard, from: $0).isEmpty } ?? false
        }
        guard case .person(let person) = submission.actor.principal else { return false }
        let (state, workflow) = (loaded.state, loaded.workflow)
        if [.freezeCard, .unfreezeCard].contains(submission.kind), state.currentRelease(of: person)?.isLive == true {
            return state.isFrozen(person) == (submission.kind == .freezeCard)
        }
        if [.hide, .showAgain].contains(submission.kind), state.currentRelease(of: person)?.isLive == true {
            return state.round?.hidden.contains(.box) == (submission.kind == .hide)
        }
        let own = state.releases.filter { $0.discloser == person }
        if submission.kind == .rescind {
            let named = submission.release.map { id in own.contains { $0.id == id } } ?? !own.isEmpty
            return named && state.takenBack(by: person, naming: submission.release).isEmpty
        }
        guard submission.kind == .end,
            !own.isEmpty || state.releases.contains(where: { $0.recipient.person == person })
        else { return false }
        // Whatever has come after it: who was part of an earlier round learns nothing of the next.
        if person != state.opener, person != state.round?.counterpart { return true }
        let role = loaded.role(of: person)
        let isOffered = workflow.transitions(on: .end, from: state.position).contains { $0.role == role }
        return !isOffered && !state.isDraft
            && (workflow.ended.contains(state.position) || hasNothingOpen(person, state))
    }

    /// The answer to somebody who was set aside and does not learn of it: they can give their place back, as they
    /// could before, and what they would go on with is answered as to one for whom it cannot go on just now. Nil for
    /// everybody else, and for what is not about the place: whatever they released before is taken back as ever.
    private func answerOfHeld(_ loaded: inout LoadedCase, _ tx: Transaction) throws -> Done? {
        guard case .person(let person) = submission.actor.principal, let role = loaded.workflow.counterpart,
            let held = loaded.state.round?.held.first(where: { $0.person == person })
        else { return nil }
        let row = loaded.workflow.position(named: held.shown).flatMap { shown in
            loaded.workflow.transitions(on: submission.kind, from: shown).first { $0.role == role }
        }
        if submission.kind == .acceptSlot || submission.kind == .agree {
            tx.storesNothing = true
            return Done(state: held.shown)
        }
        if submission.kind == .sign {
            tx.storesNothing = true
            throw row == nil ? Refusal.outdated : Refusal.cannotGoOn
        }
        guard submission.kind == .slotUnavailable || submission.kind == .refuseInvitation else { return nil }
        _ = try CaseWriter(tx).apply(
            .init(events: [.placeLetGo(person)], rule: loaded.rule(submission.kind.rawValue), actor: submission.actor),
            to: &loaded)
        // The state that it would have led to for anybody who was meant.
        guard case .state(let next)? = row?.destination else { return Done(state: held.shown) }
        return Done(state: loaded.workflow.name(of: next))
    }

    /// True for the answer of somebody who is not asked, or not any more: whether they ever were is not told.
    private func isAnswerOfStranger(_ loaded: LoadedCase) -> Bool {
        guard case .person(let person) = submission.actor.principal, person != loaded.opener,
            person != loaded.counterpart, !loaded.state.releases.contains(where: { $0.discloser == person })
        else { return false }
        return [.acceptSlot, .slotUnavailable, .agree, .refuseInvitation, .sign].contains(submission.kind)
    }

    /// A pair whose permission ran out may have gone on, and so the place was kept: who ends it now gives it back, and
    /// keeps the other away unless they say otherwise. Nobody is told and nothing moves.
    private func leaveWhatRanOut(_ loaded: inout LoadedCase, _ tx: Transaction) throws {
        guard submission.kind == .end, case .person(let person) = submission.actor.principal,
            let round = loaded.state.round, let other = round.counterpart, !loaded.state.isDraft,
            loaded.state.isHandedOff, person == loaded.opener || person == other,
            loaded.state.roundReleases.last?.standing == .expired
        else { return }
        tx.rows.deletePlace(round.id)
        guard submission.keepsAway else { return }
        let partner = person == other ? loaded.opener : other
        _ = try CaseWriter(tx).apply(
            .init(
                events: [.keptAway(by: person, from: partner)],
                rule: loaded.rule("end"), actor: submission.actor), to: &loaded)
    }

    /// True if what this person released in the round that is signed is closed or taken back.
    private func hasNothingOpen(_ person: PersonID, _ state: State) -> Bool {
        state.currentRelease(of: person).map { !$0.isLive } ?? false
    }

    /// The state as the one who reads the answer has it before them: whoever types it in for somebody reads as staff.
    private func visibleState(_ loaded: LoadedCase) -> String {
        guard submission.actor.agent == nil, case .person(let person) = submission.actor.principal else {
            return loaded.history.visibleState(to: .coordinator, in: loaded.workflow)
        }
        let isCurrent = person == loaded.opener || person == loaded.counterpart
        let history =
            isCurrent
            ? (person == loaded.opener ? loaded.asUntold : loaded).history
            : loaded.history.asLastKnown(to: person, initial: loaded.workflow.initial)
        return history.visibleState(to: loaded.role(of: person), in: loaded.workflow)
    }

    private func decide(_ submission: Submission, _ loaded: LoadedCase, _ tx: Transaction) throws -> CaseWriter.Decision
    {
        let kind = submission.kind
        var command = Command(
            kind, round: try tx.derive.identifier("round"), person: submission.person ?? PersonID(high: 0, low: 0),
            release: try tx.derive.identifier("release"), again: try tx.derive.identifier("release/again"))
        if kind == .rescind { command = .rescind(submission.release) }
        if kind == .propose || kind == .invite, submission.person == nil { throw Refusal.argumentMissing(kind) }
        if kind == .invite, case .staff(let staff) = submission.actor.principal, let person = submission.person,
            try tx.people.coordinator(of: person) != staff
        {
            // Who is somebody else's is answered like nobody.
            throw Refusal.notFound
        }
        if kind == .ask, let display = submission.display { _ = try PersonInput.displayName(display) }
        if let survey = submission.survey, survey.understood, let problem = survey.problem(under: loaded.policy) {
            throw FieldProblem(field: problem.field, expected: problem.expected)
        }
        var signature: SignatureWork?
        // Where nothing is offered to be signed, `authorize` says so before any text is compared.
        if kind.isSignature, !loaded.workflow.transitions(on: kind, from: loaded.state.position).isEmpty {
            signature = try ReleaseTexts(tx.snapshot, of: loaded).signed(
                kind, by: submission.actor, submission.signing, submission.corrections)
        }
        let facts = try GuardFacts(tx.snapshot, of: loaded).facts(for: submission, signature)
        let authorized: Authorized<Command>
        do {
            authorized = try authorize(
                command, by: submission.actor, in: loaded.state, under: loaded.loaded, workflow: loaded.workflow,
                given: facts, at: tx.moment)
        } catch {
            throw isAnswerOfStranger(loaded) ? Refusal.outdated : error
        }
        if let signing = submission.signing { try Self.check(signing, by: submission.actor.channel) }
        var events = try events(authorized, loaded, signature, facts, tx)
        if authorized.role.isStaff {
            events = try KeptApart(tx.snapshot).settingAside(events, in: loaded, on: tx.moment.date)
        }
        return CaseWriter.Decision(
            events: events, rule: authorized.rule,
            actor: submission.actor,
            seenBy: authorized.seenBy, signature: signature, display: kind == .ask ? submission.display : nil,
            survey: submission.survey)
    }

    /// A signature on paper comes by paper, with its scan; one on a screen by the screen.
    private static func check(_ signing: Signing, by channel: Channel) throws {
        guard (signing.means == .paper) == (channel == .paper) else {
            throw FieldProblem(field: "via", expected: "paper for a signature on paper, screen for one on a screen")
        }
        // One without its paper is a signature without its evidence: `decide` says so.
    }

    /// Decides; a release that is not complete is refused by the paragraph of its first missing element.
    private func events(
        _ authorized: Authorized<Command>, _ loaded: LoadedCase, _ signature: SignatureWork?, _ facts: Facts,
        _ tx: Transaction
    ) throws -> [Event] {
        do {
            return try ReleaseWorkflow.decide(
                authorized, in: loaded.state, under: loaded.loaded, workflow: loaded.workflow, given: facts,
                at: tx.moment, keepsAway: submission.keepsAway,
                signedOn: signature?.document.signedOn)
        } catch {
            if error == .conditionFailed(.releaseComplete),
                let element = signature?.document.missing(asOf: tx.moment.date).first
            {
                throw Refusal.elementMissing(element)
            }
            // Whoever types it in for somebody reads what staff may read.
            let reader: Role = authorized.actor.agent == nil ? authorized.role : .coordinator
            throw error.told(to: reader, isOpener: authorized.role == loaded.workflow.opener)
        }
    }

    /// Nobody signs on a screen, lends their name to a form or notes anything of a pair while only one member of staff
    /// has had to do with how they sign in. Taking back and ending never wait.
    private func requireConfirmedAccess(_ tx: Transaction) throws {
        guard hands == .confirmedSignIn, case .person(let person) = submission.actor.principal else { return }
        try tx.snapshot.requireConfirmed(person)
    }

    /// Attempts by people with no part in the case go to the operator journal, one line an actor, case and day; nobody
    /// else's do.
    func noteRefusal(_ tx: Transaction, _ refusal: Refusal) throws {
        guard let loaded = try? tx.snapshot.cases.load(submission.opener, workflow: submission.workflow) else { return }
        try noteRefusal(tx, refusal, loaded)
    }

    func noteRefusal(_ tx: Transaction, _ refusal: Refusal, _ loaded: LoadedCase) throws {
        tx.refusedRound = loaded.draft?.round
        switch submission.actor.principal {
        case .clock: return
        case .person(let person):
            // What people do who have or had a part in it is nobody else's, least of all what they do for themselves.
            if try submission.kind.isPrivate || tx.rows.parties(of: loaded.id).contains(where: { $0.person == person })
            {
                return
            }
            try tx.journal(person, submission.kind.rawValue, about: loaded.id)
        case .staff(let person):
            guard refusal == .notFound || refusal == .conditionFailed(.dutiesSeparate) else { return }
            try tx.journal(person, submission.kind.rawValue, about: loaded.id)
        }
    }
}

extension Event {
    /// True if somebody says that the number on their card is wrong, or that it was right.
    fileprivate var hidesOrShows: Bool {
        if case .cardFrozen = self { return true }
        if case .cardUnfrozen = self { return true }
        return false
    }
}

extension CommandKind {
    /// True if the command signs a text that has to be read first.
    public var isSignature: Bool { self == .sign || goesOn }
}

extension Transaction {
    /// Adds a line to the operator journal.
    func journal(_ person: PersonID, _ attempt: String, about id: CaseID) throws {
        let token = try vault.indexToken("journal", "\(person) \(id) \(moment.date)")
        let line = JournalLine(person: person, attempt: attempt, on: moment.date)
        rows.putJournal(token, try vault.seal(line, fixed: "journal"))
    }
}
