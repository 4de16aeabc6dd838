internal import Cryptography
internal import Foundation
public import Matching
public import ReleaseWorkflow

extension Custodian {
    // MARK: Shortlists

    /// The best mentors for one person, for their coordinator: with reasons, and nothing of why anybody is left out but the rule.
    ///
    /// - Throws: `Refusal.notFound` unless this coordinator is the person's, and the person waits with an answered survey;
    ///   ``MatchingProblem/directoryProgram`` where nobody is matched with anybody.
    public func shortlist(of opener: PersonID, workflow: String, by staff: PersonID, count: Int = 10) throws -> Shortlist {
        try parts.store.read { tx in
            let (market, mentee) = try market(for: opener, workflow: workflow, by: staff, tx)
            return market.shortlist(mentee, count: min(50, max(1, count)))
        }
    }

    /// Every rule that keeps a mentor from this person. A private list shows as one word, whoever's it is.
    public func barriers(of opener: PersonID, workflow: String, mentor: PersonID, by staff: PersonID) throws -> Set<Barrier> {
        try parts.store.read { tx in
            let (market, mentee) = try market(for: opener, workflow: workflow, by: staff, tx)
            return market.barriers(mentee, mentor)
        }
    }

    private func market(
        for opener: PersonID, workflow: String, by staff: PersonID, _ tx: any StoreTransaction
    ) throws -> (Market, MenteeEntry) {
        let policy = current.policy
        guard !policy.isDirectory else { throw MatchingProblem.directoryProgram }
        let context = try context(of: opener, workflow: workflow, tx)
        guard try identity(opener, tx)?.coordinator == staff, let mentee = try waiting(context, seed: nil, tx) else {
            throw Refusal.notFound
        }
        return (try Market(mentors(seed: nil, tx), policy: policy, on: moment().date), mentee)
    }

    /// Everybody who mentors, as matching knows them.
    private func mentors(seed: SecretBytes?, _ tx: any StoreTransaction) throws -> [MentorEntry] {
        let policy = current.policy
        return try tx.mentors().compactMap { row in
            guard let enrollment = try enrollment(row.id, tx), let identity = try identity(row.id, tx) else { return nil }
            let held = try tx.placesHeld(with: row.id)
            return MentorEntry(
                id: row.id, attestation: enrollment.attestation, answers: enrollment.answers ?? Answers(),
                places: max(0, enrollment.capacity - held), isReady: enrollment.isReady && !enrollment.isPaused,
                hasSigned: try hasSigned(row.id, as: .mentor, under: policy, tx), tokens: try ownTokens(identity),
                exclusions: (identity.exclusions ?? []).map(\.token), drawKey: try drawKey(row.id, seed))
        }
    }

    /// Somebody who waits with an answered survey and nobody proposed; nil for everybody else.
    private func waiting(_ context: CaseContext, seed: SecretBytes?, _ tx: any StoreTransaction) throws -> MenteeEntry? {
        guard context.state.isDraft, let round = context.state.round, round.counterpart == nil,
            !context.workflow.transitions(on: .propose, from: context.state.position).isEmpty,
            let survey = try survey(of: round, tx), let identity = try identity(context.opener, tx)
        else { return nil }
        let days = try moment().date.dayNumber - (round.waitingSince ?? moment().date).dayNumber
        return MenteeEntry(
            id: context.opener, attestation: try attestation(of: context.opener, as: context.workflow.opener, tx), survey: survey,
            previous: Set(context.state.excluded), tokens: try ownTokens(identity),
            exclusions: (identity.exclusions ?? []).map(\.token), coordinator: identity.coordinator, weeksWaited: max(0, days / 7),
            drawKey: try drawKey(context.opener, seed))
    }

    private func drawKey(_ id: PersonID, _ seed: SecretBytes?) throws -> UInt64 {
        guard let seed else { return 0 }
        return try HMACSHA256.authenticate(Array(id.description.utf8), key: seed).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    // MARK: Cohorts

    /// Draws the seed of the next cohort and commits to it: equals are decided by it, and nobody can choose it once the answers are known.
    ///
    /// - Returns: the SHA-256 of the seed, in hexadecimal, to be made public before the answers are in.
    public func commitDraw() throws -> String {
        guard !current.policy.isDirectory else { throw MatchingProblem.directoryProgram }
        let seed = try RandomBytes.generate(count: 32)
        let sealed = try requireVault().seal(seed, fixed: "draw")
        try write { try $0.setSetting("draw", sealed) }
        return Hex.format(SHA256.hash(seed))
    }

    /// Solves the cohort of everybody of this coordinator who waits: as many as can be, as well as can be, with a certificate that shows it.
    ///
    /// Nothing is proposed yet: a plan is an advice. The draw is used up; the next cohort needs one of its own.
    ///
    /// - Throws: `Refusal.conditionFailed(.surveyAnswered)` where nobody waits, `FieldProblem` where no draw was committed to.
    public func planCohort(workflow: String, by staff: PersonID) throws -> CohortPlan {
        let policy = current.policy
        guard !policy.isDirectory else { throw MatchingProblem.directoryProgram }
        let (mentees, mentors, seed) = try parts.store.read { tx -> ([MenteeEntry], [MentorEntry], [UInt8]) in
            guard let sealed = try tx.setting("draw"), !sealed.isEmpty else {
                throw FieldProblem(field: "draw", expected: "a draw that was committed to before: `privity match commit`")
            }
            let seed = try requireVault().open(sealed, fixed: "draw")
            let key = SecretBytes(copying: seed)
            let mentees = try tx.drafts().filter { $0.workflow == workflow }.compactMap { row -> MenteeEntry? in
                guard try identity(row.opener, tx)?.coordinator == staff else { return nil }
                return try waiting(context(of: row.opener, workflow: workflow, tx), seed: key, tx)
            }
            return (mentees, try self.mentors(seed: key, tx), seed)
        }
        guard !mentees.isEmpty else { throw Refusal.conditionFailed(.surveyAnswered) }
        let market = try Market(mentors, policy: policy, on: moment().date)
        let plan = try market.cohort(
            mentees, draw: Draw(commitment: Hex.format(SHA256.hash(seed)), seed: Hex.format(seed)),
            policyDigest: Hex.format(current.digest),
            first: policy.matching.first)
        try write { try $0.setSetting("draw", []) }
        return plan
    }

    /// Why not everybody who waits can be matched: which rule, and how many; nil where everybody can.
    public func cohortProblem(workflow: String, by staff: PersonID) throws -> MatchingProblem? {
        let (mentees, mentors) = try cohortPeople(workflow: workflow, by: staff)
        return try Market(mentors, policy: current.policy, on: moment().date).infeasibility(mentees)
    }

    /// Which questions change nothing, on the people who wait now.
    public func ablation(workflow: String, by staff: PersonID) throws -> [Ablation] {
        let (mentees, mentors) = try cohortPeople(workflow: workflow, by: staff)
        return try Market.ablation(mentees, mentors, policy: current.policy, on: moment().date)
    }

    private func cohortPeople(workflow: String, by staff: PersonID) throws -> ([MenteeEntry], [MentorEntry]) {
        guard !current.policy.isDirectory else { throw MatchingProblem.directoryProgram }
        return try parts.store.read { tx in
            let mentees = try tx.drafts().filter { $0.workflow == workflow }.compactMap { row -> MenteeEntry? in
                guard try identity(row.opener, tx)?.coordinator == staff else { return nil }
                return try waiting(context(of: row.opener, workflow: workflow, tx), seed: nil, tx)
            }
            return (mentees, try mentors(seed: nil, tx))
        }
    }

    // MARK: Aggregates

    /// What a program may count of itself: only what its policy allows, only over all, and only from the smallest cell on.
    ///
    /// Released once a quarter at most: what is asked again within it gets the same numbers, so that two readings never tell of one pair.
    ///
    /// - Throws: `Refusal.notFound` where the policy counts nothing.
    public func aggregates() throws -> [Policy.Aggregate: Int?] {
        let policy = current.policy
        guard !policy.monitoring.isEmpty else { throw Refusal.notFound }
        let today = try moment().date
        let parts = today.components
        guard let start = CivilDate(year: parts.year, month: (parts.month - 1) / 3 * 3 + 1, day: 1) else { throw Refusal.notFound }
        var counts: [Policy.Aggregate: Int?] = [:]
        let waits = try self.parts.store.read { tx in try matchedWaits(before: start, tx) }
        let isEnough = waits.count >= max(10, policy.evaluation.minCell)
        for aggregate in policy.monitoring {
            switch aggregate {
            // Rounded to tens: the difference of two quarters never tells of fewer than the smallest cell.
            case .pairCount: counts[aggregate] = isEnough ? waits.count / 10 * 10 : Int?.none
            case .timeToMatch: counts[aggregate] = isEnough ? waits.sorted()[waits.count / 2] / 7 * 7 : Int?.none
            }
        }
        return counts
    }

    /// The days from asking to being matched, of every round matched before a day.
    private func matchedWaits(before day: CivilDate, _ tx: any StoreTransaction) throws -> [Int] {
        var waits: [Int] = []
        for row in try tx.cases() {
            let context = try context(row.id, opener: row.opener, workflow: row.workflow, tx)
            let vault = try requireVault()
            var since: CivilDate?
            for event in context.events {
                let opened = try vault.open(event.sealed, fixed: "event/\(context.id)/\(event.sequence)")
                for item in try JSONDecoder().decode(StoredEvent.self, from: Data(opened)).events {
                    if case .roundOpened(_, _, _, _, _, let began) = item { since = began }
                    if case .matchMade(let on) = item, let began = since, on < day { waits.append(on.dayNumber - began.dayNumber) }
                }
            }
        }
        return waits
    }
}
