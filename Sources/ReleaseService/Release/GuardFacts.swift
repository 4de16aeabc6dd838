internal import Matching
internal import ReleaseLedger
internal import ReleaseWorkflow

/// Answers the guards that the service knows of. What cannot be answered stays no.
struct GuardFacts {
    private let snapshot: Snapshot
    private let loaded: LoadedCase

    init(_ snapshot: Snapshot, of loaded: LoadedCase) {
        self.snapshot = snapshot
        self.loaded = loaded
    }

    /// The facts for a submission: only what the transitions ask that it could take from here; the rest stays no and
    /// nobody reads it.
    func facts(for submission: Submission, _ signature: SignatureWork?) throws -> Facts {
        let asked = Set(loaded.workflow.transitions(on: submission.kind, from: loaded.state.position).flatMap(\.guards))
        let names = submission.kind == .propose || submission.kind == .invite
        let other = names ? submission.person : loaded.counterpart
        let staff: PersonID? =
            switch submission.actor.principal {
            case .staff(let id): id
            case .person, .clock: submission.actor.agent
            }
        var facts = Facts()
        if let staff {
            facts[.assigned] =
                try snapshot.people.coordinator(of: submission.opener) == staff
                || snapshot.coverOfLate(loaded) == staff
            facts[.dutiesSeparate] = staff != submission.opener && staff != other
        }
        for condition in asked {
            facts[condition] = try holds(condition, submission, signature, other) || facts[condition]
        }
        if let signature {
            let isPending = try loaded.state.releases.contains { try snapshot.isPending($0.id) }
            facts[.releaseComplete] = signature.document.missing(asOf: snapshot.today).isEmpty && !isPending
        } else if !loaded.state.liveReleases.isEmpty, submission.kind == .disclose || submission.kind == .alert {
            // The gate, already before the card opens: every stored record is re-read and checked in full.
            let gate = CardGate(snapshot)
            facts[.releaseComplete] = try loaded.state.liveReleases.allSatisfy { release in
                do {
                    return try !gate.verify(release, of: loaded).isClosed
                } catch let waits as AwaitsHead {
                    throw waits
                } catch {
                    return false
                }
            }
        }
        return facts
    }

    private func holds(
        _ condition: Guard, _ submission: Submission, _ signature: SignatureWork?, _ other: PersonID?
    ) throws -> Bool {
        let (people, policy, role, opener) = (snapshot.people, loaded.policy, loaded.workflow.opener, submission.opener)
        switch condition {
        case .underContract: return try people.identity(opener)?.isUnderContract ?? false
        case .surveyAnswered: return submission.survey.map { $0.problem(under: policy) == nil } ?? false
        case .openerEligible:
            return try policy.eligibility.requirement(of: role).isMet(
                by: people.attestation(of: opener, as: role), on: snapshot.today)
        case .agreementsCurrent: return try people.hasSigned(opener, as: role, under: policy)
        case .secondSought: return try isSecondSought()
        case .counterpartUnderContract: return try other.flatMap { try people.identity($0) }?.isUnderContract ?? false
        case .pairEligible:
            guard let other, let enrollment = try enrollment(of: other) else { return false }
            return policy.eligibility.mayPair(
                mentor: enrollment.attestation, mentee: try people.attestation(of: opener, as: role), on: snapshot.today
            )
        case .mentorReady: return try other.flatMap(enrollment).map { $0.isReady && !$0.isPaused } ?? false
        case .acknowledgementCurrent:
            guard let other, let counterpart = loaded.workflow.counterpart, try enrollment(of: other) != nil else {
                return false
            }
            return try people.hasSigned(other, as: counterpart, under: policy)
        case .capacityLeft:
            guard let other, let enrollment = try enrollment(of: other) else { return false }
            // The place of this round is the one that is asked about.
            let own = loaded.counterpart == other ? 1 : 0
            return hasCapacity(limit: enrollment.capacity, held: try snapshot.rows.placesHeld(with: other) - own)
        case .notSuspended:
            // Whoever asks anew is not held up by whom they were with before.
            let partner = submission.kind.asksAnew ? nil : other
            return try ([opener] + (partner.map { [$0] } ?? [])).allSatisfy { try !people.isSuspended($0) }
        case .mustsMet: return try other.map { try areMustsMet(by: $0, submission) } ?? false
        case .notKeptApart: return try other.map { try !KeptApart(snapshot).are($0, in: loaded) } ?? false
        case .attestedLately:
            guard let other, let counterpart = loaded.workflow.counterpart else { return false }
            return try isFresh(opener, as: role) && isFresh(other, as: counterpart)
        case .counterpartHadMentor: return try other.map { try hadMentor($0) } ?? false
        case .notOnOwnList:
            guard case .person(let signer) = submission.actor.principal, let other else { return false }
            return try !people.lists(signer, signer == opener ? other : opener)
        // Answered above, by the core itself, or by the clock.
        case .assigned, .dutiesSeparate, .releaseComplete, .standingLost, .standingRegained, .notExcluded,
            .slotAccepted, .dueDayOver,
            .releaseExpired, .answerDayReached, .answerDayOver, .notRescinded, .termOver, .noticeOver, .endNear,
            .extensionLeft, .extensionHalfSigned, .extensionWaitOver,
            .handOffDayOver, .releaseEndNear, .releaseReminderDue, .callReminderDue, .cardNotFrozen, .pairingLost,
            .unusedTooLong,
            .callPlaced, .meetingArranged:
            return false
        }
    }

    /// Answers count as both gave them when they were proposed: what changes later counts from the next proposal on.
    private func areMustsMet(by other: PersonID, _ submission: Submission) throws -> Bool {
        guard let survey = try snapshot.cases.survey(of: loaded.state.round) else { return true }
        let role = loaded.workflow.opener
        let kept =
            submission.kind == .propose ? nil : try snapshot.cases.answersAtProposal(loaded.state.round, of: other)
        let enrollment = try enrollment(of: other)
        return survey.unmetMusts(
            fields: try snapshot.people.attestation(of: submission.opener, as: role).fields,
            mentorFields: enrollment?.attestation.fields ?? [], answers: kept ?? enrollment?.answers ?? Answers()
        ).isEmpty
    }

    private func isFresh(_ person: PersonID, as role: Role) throws -> Bool {
        let rules = loaded.policy.eligibility
        if rules.attestedWithin.isEmpty { return true }
        return rules.isFresh(
            try snapshot.people.attestation(of: person, as: role), as: role,
            attestedOn: try snapshot.people.attestationDays(of: person, as: role), on: snapshot.today)
    }

    /// True if somebody attested that this person has or had a mentor, or their own case, in a workflow of the program
    /// that brings people to a mentor, has got to an open card once.
    private func hadMentor(_ person: PersonID) throws -> Bool {
        if try snapshot.people.attestation(of: person, as: .mentee).attributes.contains(.hadMentor) { return true }
        return try loaded.policy.workflows.contains { workflow in
            guard workflow.counterpart == .mentor else { return false }
            let own = try snapshot.cases.load(person, workflow: workflow.id)
            return own.state.releases.contains { $0.discloser == person && $0.cardVersion > 0 }
        }
    }

    private func enrollment(of person: PersonID) throws -> Enrollment? {
        try loaded.workflow.counterpart.flatMap { try snapshot.people.enrollment(person, as: $0) }
    }

    /// True if both of a pair that is together now have asked for a second mentor, in another workflow of this program.
    private func isSecondSought() throws -> Bool {
        try loaded.policy.workflows.contains { workflow in
            guard workflow.id != loaded.workflow.id, workflow.opener == loaded.workflow.opener else { return false }
            let other = try snapshot.cases.load(loaded.opener, workflow: workflow.id)
            guard let round = other.state.round, let partner = round.counterpart, !other.state.openCards.isEmpty else {
                return false
            }
            return round.secondSeekers.contains(loaded.opener) && round.secondSeekers.contains(partner)
        }
    }

    /// The first condition of the pairing, but those of a free place, that does not hold; nil where all do, and where
    /// nobody is named.
    func firstLost() throws -> Guard? {
        guard let other = loaded.counterpart else { return nil }
        let asked = Submission(
            .disclose, workflow: loaded.workflow.id, opener: loaded.opener, actor: Actor.clock)
        return try loaded.workflow.pairing.first { condition in
            if Guard.ofPlace.contains(condition) { return false }
            if condition == .notKeptApart, loaded.state.isKeptApart(loaded.opener, other) { return true }
            return try !holds(condition, asked, nil, other)
        }
    }

    /// The facts that the clock needs and that are not in the case: whether somebody's standing is lost on this day,
    /// and whether what a signed pair rests on still holds.
    func forClock(on date: CivilDate) throws -> Facts {
        var facts = Facts()
        if loaded.workflow.notesUnused(in: loaded.state) { facts[.pairingLost] = try firstLost() != nil }
        let rules = loaded.policy.eligibility
        if rules.continuous.isNothing { return facts }
        facts[.standingLost] = try loaded.parties.contains { person, role in
            rules.isLost(try snapshot.people.attestation(of: person, as: role), as: role, on: date)
        }
        facts[.standingRegained] = !facts[.standingLost]
        return facts
    }
}
