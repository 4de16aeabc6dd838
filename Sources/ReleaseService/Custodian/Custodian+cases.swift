internal import Cryptography
internal import Foundation
internal import Logging
internal import Matching
public import ReleaseWorkflow
internal import TransparencyLog

/// A case as it stands in this transaction.
struct CaseContext {
    let id: CaseID
    let workflow: Workflow
    let loaded: LoadedPolicy
    let opener: PersonID
    var row: CaseRow?
    var events: [EventRow]
    var draft: DraftRow?
    var draftContent: DraftContent
    /// Folded from the public events alone.
    var state: State
}

/// What a draft holds until it is signed or declined.
struct DraftContent: Codable {
    var events: [Event] = []
    /// The asker's name for the volunteer's form.
    var display: String?
    /// The states the draft went through, each with whose view shows it.
    var sightings: [Sighting] = []
}

/// A state that was reached, and who is shown that it was.
struct Sighting: Codable {
    var state: String
    var seenBy: [Role]
}

extension Custodian {
    /// Carries out a command about a case.
    ///
    /// - Returns: an outcome, done or refused; a refusal has changed nothing.
    /// - Throws: `FieldProblem` for a value that cannot be used; ``ServiceError`` and storage errors when the machinery fails.
    public func perform(_ command: CaseCommand) async throws -> Outcome {
        if let known = command.key, known.isEmpty || known.utf8.count > 200 {
            throw FieldProblem(field: "key", expected: "1 to 200 bytes")
        }
        return try await road(
            key: command.kind.isPrivate ? nil : command.key, scope: command.actor.text, text: command.canonicalText,
            onRefusal: { step, refusal in try self.noteRefusal(refusal, command, step) },
            body: { step in try self.carryOut(command, step) })
    }

    private func carryOut(_ command: CaseCommand, _ step: Step) throws -> Done {
        var context = try context(of: command.opener, workflow: command.workflow, step.tx)
        try requireSettledAccess(of: command, step)
        var command = command
        // One who takes a question back does not learn by a refusal that somebody has signed: what it comes to then is an end.
        if command.kind == .decline, command.actor.principal == .person(command.opener),
            context.workflow.transitions(on: .decline, from: context.state.position).isEmpty,
            let seen = try context.workflow.position(named: visibleState(context, for: context.workflow.opener)),
            !context.workflow.transitions(on: .decline, from: seen).isEmpty
        {
            command.kind = .end
        }
        // Declining again, or declining what was never asked, answers as the first time did: nothing is there to tell them apart.
        if command.kind == .decline, context.workflow.isAtRest(context.state.position),
            command.actor.principal == .person(command.opener)
        {
            step.immediate = [Telling(role: context.workflow.opener, notice: .declineConfirmed)]
            step.storesNothing = true
            return Done(state: context.workflow.name(of: context.state.position))
        }
        if command.kind.isPrivate { context.state = try withPrivateStream(context, step.tx) }
        let core = Command(
            command.kind, round: try step.derive.identifier("round"),
            person: command.person ?? PersonID(high: 0, low: 0), release: try step.derive.identifier("release"))
        if [.propose, .invite].contains(command.kind), command.person == nil { throw Refusal.argumentMissing(command.kind) }
        if let display = command.display, command.kind == .ask { _ = try displayName(display) }
        var signature: SignatureWork?
        if let survey = command.survey, let problem = survey.problem(under: context.loaded.policy), survey.understood {
            throw FieldProblem(field: problem.field, expected: problem.expected)
        }
        if [.sign, .correct, .extend].contains(command.kind) {
            signature = try prepareSignature(command, context, step)
        }
        let facts = try facts(for: command, context, signature, step)
        let authorized = try authorize(
            core, by: command.actor, in: context.state, under: context.loaded, workflow: context.workflow, given: facts,
            at: step.moment)
        let events = try decided(authorized, context, signature, given: facts, step)
        // What is declined leaves nothing, the answer to declining included.
        step.storesNothing = events.contains(.roundForgotten)
        return try apply(
            events, rule: authorized.rule, actor: command.actor, seenBy: authorized.seenBy, signature: signature,
            display: command.kind == .ask ? command.display : nil, survey: command.survey, to: &context, step)
    }

    /// Decides; a release that is not complete is refused by the paragraph of its first missing element.
    private func decided(
        _ authorized: Authorized<Command>, _ context: CaseContext, _ signature: SignatureWork?, given facts: Facts, _ step: Step
    ) throws -> [Event] {
        do {
            return try decide(
                authorized, in: context.state, under: context.loaded, workflow: context.workflow, given: facts, at: step.moment)
        } catch {
            if error == .conditionFailed(.releaseComplete),
                let element = signature?.document.missing(asOf: step.moment.date).first
            {
                throw Refusal.elementMissing(element)
            }
            throw error
        }
    }

    // MARK: Loading

    func context(of opener: PersonID, workflow id: String, _ tx: any StoreTransaction) throws -> CaseContext {
        let vault = try requireVault()
        guard try tx.person(opener) != nil else { throw Refusal.notFound }
        return try context(vault.caseID(of: opener, workflow: id), opener: opener, workflow: id, tx)
    }

    /// - Parameter isDraftIncluded: false for the case as it stands without the draft that may be open on it.
    func context(
        _ id: CaseID, opener: PersonID, workflow name: String, _ tx: any StoreTransaction, isDraftIncluded: Bool = true
    ) throws -> CaseContext {
        let vault = try requireVault()
        let row = try tx.caseRow(id)
        let draft = isDraftIncluded ? try tx.draft(of: id) : nil
        let begun = try (draft?.policy ?? row?.policy).map { try policy($0, tx) }
        let loaded = begun ?? current
        guard let workflow = loaded.policy.workflow(name) else { throw Refusal.notFound }
        var state = State(opener: opener, position: workflow.initial)
        let events = try tx.events(id)
        var last: [UInt8] = []
        for event in events {
            guard try vault.link(id, event.sequence, after: last, event.sealed) == event.link else {
                throw ServiceError.corrupt("event \(event.sequence) of a case was altered in the database")
            }
            last = event.link
            let opened = try vault.open(event.sealed, fixed: "event/\(id)/\(event.sequence)")
            for item in try JSONDecoder().decode(StoredEvent.self, from: Data(opened)).events { state = evolve(state, item) }
        }
        if let row, try vault.tip(id, policy: row.policy, count: events.count, last: last) != row.tip {
            throw ServiceError.corrupt("events of a case are missing from the database")
        }
        if row == nil, !events.isEmpty { throw ServiceError.corrupt("a case is missing from the database") }
        var content = DraftContent()
        if let draft {
            content = try JSONDecoder().decode(
                DraftContent.self, from: Data(vault.open(draft.sealed, fixed: "draft/\(draft.round)")))
            state = content.events.reduce(state, evolve)
        }
        let followed = followed(begun, isDraft: draft != nil, workflow: name) { $0.isAtRest(state.position) }
        if followed.digest != loaded.digest, let later = followed.policy.workflow(name) {
            return CaseContext(
                id: id, workflow: later, loaded: followed, opener: opener, row: row, events: events, draft: nil,
                draftContent: content, state: state)
        }
        return CaseContext(
            id: id, workflow: workflow, loaded: loaded, opener: opener, row: row, events: events, draft: draft,
            draftContent: content, state: state)
    }

    /// One row of a case: what one command did.
    struct StoredEvent: Codable {
        var events: [Event]
        var rule: String
        var on: CivilDate
        var channel: Channel
        /// The state it led to, and whose view shows that.
        var sighting: Sighting
        /// Of a draft that became the case here: the last state that each role had been shown, where this step shows them none. One who
        /// asks must not see by a change of state that somebody has signed.
        var earlier: [Sighting]?
    }

    private func withPrivateStream(_ context: CaseContext, _ tx: any StoreTransaction) throws -> State {
        guard let round = context.state.round?.id else { return context.state }
        return try privateEvents(round, tx).reduce(context.state, evolve)
    }

    func privateEvents(_ round: RoundID, _ tx: any StoreTransaction) throws -> [Event] {
        let vault = try requireVault()
        let scope = Vault.Scope.privateStream(round)
        guard let opened = try vault.open(tx.sealed(vault.keyID(scope), "stream"), scope, "stream") else { return [] }
        return try JSONDecoder().decode([Event].self, from: Data(opened.prefix { $0 != 0 }))
    }

    // MARK: Facts

    /// Answers the guards that the service knows of. What cannot be answered stays no.
    private func facts(
        for command: CaseCommand, _ context: CaseContext, _ signature: SignatureWork?, _ step: Step
    ) throws -> Facts {
        var facts = Facts()
        // Only what the transitions ask that this command could take from here: the rest stays false and nobody reads it.
        let asked = Set(
            context.workflow.transitions(on: command.kind, from: context.state.position).flatMap(\.guards))
        func answer(_ question: Guard, _ body: () throws -> Bool) rethrows {
            if asked.contains(question) { facts[question] = try body() }
        }
        let names = command.kind == .propose || command.kind == .invite
        let other = names ? command.person : context.state.round?.counterpart
        let staff: PersonID? =
            switch command.actor.principal {
            case .staff(let id): id
            case .person, .clock: command.actor.agent
            }
        if let staff {
            facts[.assigned] = try identity(command.opener, step.tx)?.coordinator == staff
            facts[.dutiesSeparate] = staff != command.opener && staff != other
        }
        let policy = context.loaded.policy
        let role = context.workflow.opener
        try answer(.underContract) { try identity(command.opener, step.tx)?.isUnderContract ?? false }
        answer(.surveyAnswered) { command.survey.map { $0.problem(under: policy) == nil } ?? false }
        try answer(.openerEligible) {
            try policy.eligibility.requirement(of: role)
                .isMet(by: attestation(of: command.opener, as: role, step.tx), on: step.moment.date)
        }
        try answer(.agreementsCurrent) { try hasSigned(command.opener, as: role, under: policy, step.tx) }
        try answer(.secondSought) { try isSecondSought(context, step.tx) }
        if let other {
            try answer(.counterpartUnderContract) { try identity(other, step.tx)?.isUnderContract ?? false }
            let ofCounterpart: Set<Guard> = [.pairEligible, .mentorReady, .acknowledgementCurrent, .capacityLeft]
            if !asked.isDisjoint(with: ofCounterpart), let counterpart = context.workflow.counterpart,
                let enrollment = try enrollment(other, as: counterpart, step.tx)
            {
                try answer(.pairEligible) {
                    let own = try attestation(of: command.opener, as: role, step.tx)
                    return try mayPair(mentor: other, enrollment, mentee: command.opener, own, policy, step)
                }
                answer(.mentorReady) { enrollment.isReady && !enrollment.isPaused }
                try answer(.acknowledgementCurrent) { try hasSigned(other, as: counterpart, under: policy, step.tx) }
                try answer(.capacityLeft) {
                    hasCapacity(limit: enrollment.capacity, held: try step.tx.placesHeld(with: other))
                }
            }
        }
        if let signature {
            let isPending = try context.state.releases.contains { try step.tx.isPending($0.id) }
            facts[.releaseComplete] = signature.document.missing(asOf: step.moment.date).isEmpty && !isPending
        } else if !context.state.liveReleases.isEmpty, command.kind == .disclose || command.kind == .alert {
            // The gate, already before the card opens: every stored record is re-read and checked in full.
            facts[.releaseComplete] = context.state.liveReleases.allSatisfy { release in
                (try? verify(release, of: context, step.tx, at: step.moment))?.isClosed == false
            }
        }
        return facts
    }

    /// Whether the rules let these two be paired, and neither list keeps them apart.
    func mayPair(
        mentor: PersonID, _ enrollment: Enrollment, mentee: PersonID, _ own: Attestation, _ policy: Policy, _ step: Step
    ) throws -> Bool {
        if try mentor == mentee || areKeptApart(mentee, mentor, step.tx) { return false }
        return policy.eligibility.mayPair(mentor: enrollment.attestation, mentee: own, on: step.moment.date)
    }

    /// Whether both of a pair that is together now have asked for a second mentor, in another workflow of this program.
    private func isSecondSought(_ context: CaseContext, _ tx: any StoreTransaction) throws -> Bool {
        try context.loaded.policy.workflows.contains { workflow in
            guard workflow.id != context.workflow.id, workflow.opener == context.workflow.opener else { return false }
            let other = try self.context(of: context.opener, workflow: workflow.id, tx)
            guard let round = other.state.round, let partner = round.counterpart, !other.state.openCards.isEmpty else {
                return false
            }
            return round.secondSeekers.contains(context.opener) && round.secondSeekers.contains(partner)
        }
    }

    /// What the clock has to know that is not in the case: whether somebody's standing is lost on this day.
    func clockFacts(_ context: CaseContext, on date: CivilDate, _ tx: any StoreTransaction) throws -> Facts {
        var facts = Facts()
        let rules = context.loaded.policy.eligibility
        guard !rules.continuous.isEmpty else { return facts }
        facts[.standingLost] = try parties(of: context, context.state).contains { person, role in
            rules.isLost(try attestation(of: person, as: role, tx), as: role, on: date)
        }
        return facts
    }

    /// The people of a case with their roles.
    private func parties(of context: CaseContext, _ state: State) -> [(PersonID, Role)] {
        let opener = [(context.opener, context.workflow.opener)]
        guard let role = context.workflow.counterpart, let other = state.round?.counterpart else { return opener }
        return opener + [(other, role)]
    }

    /// Ends what rests on a standing that is gone, in the transaction that takes it away, and notes the day on which what is left may run out:
    /// a certification that was shortened is found by the clock on its new last day.
    ///
    /// - Complexity: O(cases): a change of standing is rare, and no index of who is in which case is kept.
    func settleStanding(of person: PersonID, _ step: Step) throws {
        for row in try step.tx.cases() {
            do {
                let context = try context(row.id, opener: row.opener, workflow: row.workflow, step.tx)
                guard !context.loaded.policy.eligibility.continuous.isEmpty,
                    row.opener == person || context.state.round?.counterpart == person
                else { continue }
                try settle(row.id, opener: row.opener, workflow: row.workflow, step, isStandingChanged: true)
                let after = try self.context(row.id, opener: row.opener, workflow: row.workflow, step.tx)
                if var kept = after.row, !after.state.isDraft {
                    kept.due = try nextDue(after.state, after, step.tx)
                    try step.tx.putCase(kept)
                }
            } catch is ServiceError {
                // One damaged case must not keep anybody's standing from being recorded.
                parts.logger.error("a case does not verify and was passed over")
            }
        }
    }

    // MARK: Applying

    /// Writes what was decided: records, events, drafts, keys, places, notices.
    func apply(
        _ events: [Event], rule: String, actor: Actor, seenBy: [Role] = [], signature: SignatureWork? = nil,
        display: String? = nil, survey: Survey? = nil, to context: inout CaseContext, _ step: Step
    ) throws -> Done {
        let vault = try requireVault()
        let before = context.state
        let after = events.reduce(before, evolve)
        let round = after.round ?? before.round
        var done = Done(round: round?.id, state: context.workflow.name(of: after.position), rule: rule)

        let privateOnes = events.filter(\.isPrivate)
        if events.allSatisfy(\.isPrivate), !events.isEmpty {
            try appendPrivate(privateOnes, round: before.round, step)
            return Done(state: done.state)
        }
        if events.contains(.roundForgotten), let forgotten = before.round {
            try forget(forgotten, of: context, step)
            try keepParties(self.context(context.id, opener: context.opener, workflow: context.workflow.id, step.tx), step)
            step.immediate = tellings(events)
            done.round = nil
            return done
        }
        done.release = try writeRecords(
            for: events, rule: rule, actor: actor, signature: signature, before: before, context, step)
        if let survey, let round {
            let scope = Vault.Scope.survey(round.id)
            try vault.prepare([scope])
            let (key, sealed) = try vault.seal(Array(JSONEncoder().encode(survey)), scope, "answers")
            try step.tx.putSealed(key, "answers", sealed)
        }
        try eraseScopes(for: events, round: round, step)
        try keepPlace(before: before, after: after, events, context, step)
        try store(
            events, rule: rule, actor: actor, seenBy: seenBy, display: display, before: before, after: after, &context, step)
        try keepParties(context, step)
        try send(tellings(events), before: before, after: after, context, step)
        return done
    }

    private func tellings(_ events: [Event]) -> [Telling] {
        events.compactMap { if case .noticed(let role, let notice) = $0 { Telling(role: role, notice: notice) } else { nil } }
    }

    /// Adds to the pair's own stream: sealed, padded to one size, read by nobody else's fold.
    private func appendPrivate(_ events: [Event], round: Round?, _ step: Step) throws {
        guard let round else { return }
        let vault = try requireVault()
        let scope = Vault.Scope.privateStream(round.id)
        try vault.prepare([scope])
        let known = try privateEvents(round.id, step.tx)
        let all = known + events.filter { !known.contains($0) }
        let (key, sealed) = try vault.seal(padded(Array(JSONEncoder().encode(all))), scope, "stream")
        try step.tx.putSealed(key, "stream", sealed)
    }

    /// Pads with zeros to the next multiple of 4 KiB, so that a row's size tells nothing of what happened.
    func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: 4096 - bytes.count % 4096)
    }

    /// Deletes a draft and everything with it: the database is as if it had never been.
    private func forget(_ round: Round, of context: CaseContext, _ step: Step) throws {
        try step.tx.deleteDraft(round.id)
        try step.tx.deleteOutcomes(of: round.id)
        try step.tx.deleteMessages(of: round.id)
        try step.tx.deletePlace(round.id)
        try erase([.survey(round.id), .privateStream(round.id), .contact(round.id), .evidence(round.id)], step)
        step.mustSettle = true
    }

    private func eraseScopes(for events: [Event], round: Round?, _ step: Step) throws {
        guard let round else { return }
        var scopes: [Vault.Scope] = []
        if events.contains(.surveyErased) { scopes.append(.survey(round.id)) }
        if events.contains(.privateErased) { scopes.append(.privateStream(round.id)) }
        if events.contains(.contactErased) { scopes.append(.contact(round.id)) }
        try erase(scopes, step)
    }

    func erase(_ scopes: [Vault.Scope], _ step: Step) throws {
        let vault = try requireVault()
        for scope in scopes {
            let id = try vault.keyID(scope)
            guard try vault.holds(id) else { continue }
            try step.tx.putErasure(id)
            step.erased.append(id)
        }
    }

    /// A mentor's place is held from the proposal to the end of the round, in the transaction that decides it.
    private func keepPlace(
        before: State, after: State, _ events: [Event], _ context: CaseContext, _ step: Step
    ) throws {
        for event in events {
            switch event {
            case .counterpartNamed(let person):
                if let round = after.round?.id { try step.tx.putPlace(round, mentor: person) }
            case .counterpartCleared, .roundStarted:
                if let round = before.round?.id { try step.tx.deletePlace(round) }
            default: break
            }
        }
        if context.workflow.ended.contains(after.position), let round = after.round?.id { try step.tx.deletePlace(round) }
    }

    private func store(
        _ events: [Event], rule: String, actor: Actor, seenBy: [Role], display: String?, before: State, after: State,
        _ context: inout CaseContext, _ step: Step
    ) throws {
        let vault = try requireVault()
        // A step that ends one round and begins the next is the case's up to the beginning, and the draft's from there on.
        if let start = events.firstIndex(where: { if case .roundStarted = $0 { true } else { false } }), start > 0, !before.isDraft,
            before.round != nil, events[..<start].contains(where: { if case .releaseClosed = $0 { true } else { false } })
        {
            let middle = events[..<start].reduce(before, evolve)
            try store(
                Array(events[..<start]), rule: rule, actor: actor, seenBy: seenBy, display: nil, before: before, after: middle,
                &context, step)
            try store(
                Array(events[start...]), rule: rule, actor: actor, seenBy: seenBy, display: display, before: middle, after: after,
                &context, step)
            return
        }
        context.state = after
        let due = try nextDue(after, context, step.tx)
        let sighting = Sighting(state: context.workflow.name(of: after.position), seenBy: seenBy)
        // What is about a release of an earlier round is the case's, whatever draft is open: declining that draft must not undo it.
        let isOfEarlierRound = events.contains { if case .releaseRescinded = $0 { true } else { false } }
        if after.isDraft, !isOfEarlierRound, let round = after.round {
            var content = context.draftContent
            content.events += events.filter { if case .noticed = $0 { false } else { true } }
            content.display = display ?? content.display
            if !events.allSatisfy({ if case .noticed = $0 { true } else { false } }) { content.sightings.append(sighting) }
            context.draftContent = content
            let sealed = try vault.seal(Array(JSONEncoder().encode(content)), fixed: "draft/\(round.id)")
            let row = DraftRow(
                round: round.id, caseID: context.id, workflow: context.workflow.id, opener: context.opener,
                policy: context.loaded.digest, sealed: sealed, due: due)
            try step.tx.putDraft(row)
            context.draft = row
            return
        }
        var kept = events.filter { event in
            switch event {
            case .noticed(_, .callBackAsked): false
            default: !event.isPrivate
            }
        }
        // An empty request to be called leaves no trace in the case (MPHP-54).
        if kept.isEmpty { return }
        var earlier: [Sighting]?
        if before.isDraft, !after.isDraft, let round = before.round, let opening = before.openingEvent {
            kept.insert(opening, at: 0)
            try step.tx.deleteDraft(round.id)
            context.draft = nil
            earlier = Set(context.draftContent.sightings.flatMap(\.seenBy)).subtracting(seenBy).sorted { $0.rawValue < $1.rawValue }
                .compactMap { role in
                    context.draftContent.sightings.last { $0.seenBy.contains(role) }.map {
                        Sighting(state: $0.state, seenBy: [role])
                    }
                }
            context.draftContent = DraftContent()
        }
        let sequence = context.events.count
        let item = StoredEvent(
            events: kept, rule: rule, on: step.moment.date, channel: actor.channel, sighting: sighting, earlier: earlier)
        let sealed = try vault.seal(Array(JSONEncoder().encode(item)), fixed: "event/\(context.id)/\(sequence)")
        let link = try vault.link(context.id, sequence, after: context.events.last?.link ?? [], sealed)
        let row = EventRow(sequence: sequence, sealed: sealed, link: link)
        try step.tx.appendEvent(context.id, row)
        context.events.append(row)
        // A round that began under a later version takes the case along with its first signature.
        let policy = context.loaded.digest
        let caseRow = CaseRow(
            id: context.id, workflow: context.workflow.id, opener: context.opener,
            policy: policy,
            tip: try vault.tip(
                context.id, policy: policy, count: context.events.count, last: link),
            due: after.isDraft ? context.row?.due : due)
        try step.tx.putCase(caseRow)
        context.row = caseRow
    }

    /// The earliest day after which the clock has something to do here.
    private func nextDue(_ state: State, _ context: CaseContext, _ tx: any StoreTransaction) throws -> CivilDate? {
        var days: [CivilDate] = []
        let workflow = context.workflow
        for transition in workflow.transitions where transition.role == .clock && transition.origins.contains(state.position) {
            for condition in transition.guards {
                switch condition {
                case .dueDayOver: if let day = state.round?.due { days.append(day) }
                case .answerDayOver: if let day = state.round?.answerOn { days.append(day) }
                case .releaseExpired: days += state.liveReleases.map(\.expiresOn)
                case .termOver: if let day = state.round?.endsOn { days.append(day) }
                case .noticeOver: if let day = state.round?.noticeUntil { days.append(day) }
                case .endNear:
                    if let round = state.round, !round.isReminded, let day = round.endsOn {
                        days.append(day.adding(days: -Policy.Duration.reminderDays - 1))
                    }
                case .standingLost: days += try lastDaysOfStanding(state, context, tx)
                default: break
                }
            }
        }
        return days.min()
    }

    /// The last days of the certifications that this case rests on.
    private func lastDaysOfStanding(_ state: State, _ context: CaseContext, _ tx: any StoreTransaction) throws -> [CivilDate] {
        guard context.loaded.policy.eligibility.continuous.contains(.certified) else { return [] }
        return try parties(of: context, state).compactMap { try attestation(of: $0.0, as: $0.1, tx).certifiedUntil }
    }

    private func send(
        _ tellings: [Telling], before: State, after: State, _ context: CaseContext, _ step: Step
    ) throws {
        let vault = try requireVault()
        for (number, telling) in tellings.enumerated() {
            let counterpart = after.round?.counterpart ?? before.round?.counterpart
            let person: PersonID? =
                switch telling.role {
                case context.workflow.opener: context.opener
                case context.workflow.counterpart: counterpart
                case .coordinator: try identity(context.opener, step.tx)?.coordinator
                default: nil
                }
            guard let person else { continue }
            step.notices.append(telling)
            let id = try step.derive.bytes("message/\(step.records.count)/\(number)/\(context.id)", count: 16)
            let content = Message(to: person, notice: telling.notice, on: step.moment.date)
            let round = after.isDraft && telling.notice != .callBackAsked ? after.round?.id : nil
            try step.tx.putMessage(id, vault.seal(Array(JSONEncoder().encode(content)), fixed: "message"), round: round)
        }
    }

    // MARK: The clock

    /// Takes the due transitions of every case, each dated by its due day, whether or not anything ran meanwhile.
    func settleDue(_ step: Step) throws {
        let drafts = try step.tx.draftsDue(before: step.moment.date).map { ($0.caseID, $0.opener, $0.workflow) }
        let cases = try step.tx.casesDue(before: step.moment.date).map { ($0.id, $0.opener, $0.workflow) }
        for (id, opener, workflow) in drafts + cases {
            let (tree, erased) = (step.tree, step.erased)
            do {
                try step.tx.savepoint { try settle(id, opener: opener, workflow: workflow, step) }
            } catch is ServiceError {
                // One damaged case must not keep anybody else from closing theirs.
                (step.tree, step.erased) = (tree, erased)
                parts.logger.error("a due case does not verify and was passed over")
            }
        }
        step.notices = []
    }

    private func settle(
        _ id: CaseID, opener: PersonID, workflow: String, _ step: Step, isStandingChanged: Bool = false
    ) throws {
        var context = try context(id, opener: opener, workflow: workflow, step.tx)
        // Bounded: each transition of the clock leads to a later state or an end.
        for _ in 0..<8 {
            let due = try nextDue(context.state, context, step.tx)
            let day: CivilDate
            if let due, due < step.moment.date {
                day = due.adding(days: 1)
            } else if isStandingChanged {
                day = step.moment.date
            } else {
                return
            }
            let moment = Moment(instantMilliseconds: step.moment.instantMilliseconds, date: day)
            let facts = try clockFacts(context, on: day, step.tx)
            var isSettled = true
            for kind in CommandKind.allCases where !context.workflow.transitions(on: kind, from: context.state.position).isEmpty {
                let command = Command(
                    kind, round: RoundID(high: 0, low: 0), person: PersonID(high: 0, low: 0), release: ReleaseID(high: 0, low: 0))
                guard
                    let authorized = try? authorize(
                        command, by: .clock, in: context.state, under: context.loaded, workflow: context.workflow,
                        given: facts, at: moment),
                    let events = try? decide(
                        authorized, in: context.state, under: context.loaded, workflow: context.workflow, given: facts,
                        at: moment)
                else { continue }
                let dated = Step(tx: step.tx, moment: moment, derive: step.derive, tree: step.tree)
                _ = try apply(
                    events, rule: authorized.rule, actor: .clock, seenBy: authorized.seenBy, to: &context, dated)
                step.tree = dated.tree
                step.records += isStandingChanged ? dated.records : []
                step.erased += dated.erased
                step.mustSettle = step.mustSettle || dated.mustSettle
                if events.contains(.roundForgotten) {
                    try send(
                        tellings(events).filter { $0.role == context.workflow.opener }, before: context.state,
                        after: context.state, context, step)
                    return
                }
                isSettled = false
                break
            }
            if isSettled { return }
        }
    }

    /// Runs the clock alone: what `serve` does between commands.
    public func runClock() async throws {
        try makeParties()
        try await together(seed: nil) { _ in
        } answer: { _, _ in
        }
    }

    // MARK: Refusals

    /// Attempts by people with no part in the case go to the operator journal, one line an actor, case and day; nobody else's do.
    private func noteRefusal(_ refusal: Refusal, _ command: CaseCommand, _ step: Step) throws {
        guard let context = try? context(of: command.opener, workflow: command.workflow, step.tx) else { return }
        step.refusedRound = context.draft?.round
        switch command.actor.principal {
        case .clock: return
        case .person(let person):
            // What people do who have or had a part in it is nobody else's, least of all what they do for themselves.
            if try command.kind.isPrivate || step.tx.parties(of: context.id).contains(where: { $0.person == person }) { return }
            try note(person, "\(command.kind.rawValue)", about: context.id, step)
        case .staff(let person):
            guard refusal == .notFound || refusal == .conditionFailed(.dutiesSeparate) else { return }
            try note(person, "\(command.kind.rawValue)", about: context.id, step)
        }
    }

    func note(_ person: PersonID, _ attempt: String, about id: CaseID, _ step: Step) throws {
        let vault = try requireVault()
        let token = try vault.indexToken("journal", "\(person) \(id) \(step.moment.date)")
        let line = JournalLine(person: person, attempt: attempt, on: step.moment.date)
        try step.tx.putJournal(token, vault.seal(Array(JSONEncoder().encode(line)), fixed: "journal"))
    }

    /// The operator journal, opened.
    public func journal() throws -> [JournalLine] {
        let vault = try requireVault()
        return try parts.store.read { tx in
            try tx.journal().map {
                try JSONDecoder().decode(JournalLine.self, from: Data(vault.open($0.sealed, fixed: "journal")))
            }
        }
    }
}

/// A refused attempt by somebody with no part in the matter.
public struct JournalLine: Codable, Hashable, Sendable {
    public let person: PersonID
    public let attempt: String
    public let on: CivilDate
}

/// A message waiting to go out.
public struct Message: Codable, Hashable, Sendable {
    public let to: PersonID
    /// Nil for what is about signing in.
    public let notice: Notice?
    public let on: CivilDate
    /// What is about signing in; nil for a notice of a workflow.
    public var access: AccessNotice?

    init(to person: PersonID, notice: Notice, on date: CivilDate) {
        (to, self.notice, on) = (person, notice, date)
    }

    init(to person: PersonID, access: AccessNotice, on date: CivilDate) {
        (to, notice, on, self.access) = (person, nil, date, access)
    }
}

/// A message about how somebody signs in.
public enum AccessNotice: Codable, Hashable, Sendable {
    /// A one-time link; the token is in no log and no URL but the one in this message.
    case link(token: String)
    /// A link that confirms a new address; goes to that one.
    case confirm(token: String, address: String)
    /// Staff changed the address or the PIN; goes to the address that was valid before.
    case changed(former: String)
}
