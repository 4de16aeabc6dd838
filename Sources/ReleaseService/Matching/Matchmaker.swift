internal import Cryptography
internal import Matching
internal import ReleaseLedger
internal import ReleaseWorkflow

/// Finds mentors for people, from what one snapshot says of both.
///
/// Whatever is solved comes back as a closure over values, to be called when the snapshot is closed: a long read would
/// keep the write-ahead log from being emptied.
struct Matchmaker {
    private let snapshot: Snapshot

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    private var policy: Policy { snapshot.current.policy }

    /// The best mentors for one person, with reasons, and nothing of why anybody is left out but the rule.
    ///
    /// - Throws: `Refusal.notFound` unless the person waits with an answered survey and is `staff`'s;
    ///   ``MatchingProblem/directoryProgram`` where nobody is matched with anybody.
    func shortlist(
        of opener: PersonID, workflow: String, for staff: PersonID, count: Int
    ) throws -> () throws -> Shortlist {
        let (market, mentee) = try market(for: opener, workflow: workflow, staff)
        return { try market().shortlist(mentee, count: min(50, max(1, count))) }
    }

    /// Every rule that keeps a mentor from this person. A private list shows as one word, whoever's it is.
    func barriers(
        of opener: PersonID, workflow: String, mentor: PersonID, for staff: PersonID
    ) throws -> () throws -> Set<Barrier> {
        let (market, mentee) = try market(for: opener, workflow: workflow, staff)
        return { try market().barriers(mentee, mentor) }
    }

    private func market(
        for opener: PersonID, workflow: String, _ staff: PersonID
    ) throws -> (market: () throws -> Market, mentee: MenteeEntry) {
        try requirePairs()
        let loaded = try snapshot.cases.load(opener, workflow: workflow)
        guard try snapshot.people.coordinator(of: opener) == staff, let mentee = try waiting(loaded, seed: nil) else {
            throw Refusal.notFound
        }
        let (mentors, policy, today) = (try mentors(seed: nil), policy, snapshot.today)
        return ({ try Market(mentors, policy: policy, on: today) }, mentee)
    }

    func requirePairs() throws {
        guard !policy.isDirectory else { throw MatchingProblem.directoryProgram }
    }

    /// Everybody who mentors, as matching knows them.
    private func mentors(seed: SecretBytes?) throws -> [MentorEntry] {
        let people = snapshot.people
        return try snapshot.rows.mentors().compactMap { row in
            guard let enrollment = try people.enrollment(row.id, as: .mentor),
                let identity = try people.identity(row.id), identity.suspension == nil
            else {
                return nil
            }
            let held = try snapshot.rows.placesHeld(with: row.id)
            return MentorEntry(
                id: row.id, attestation: enrollment.attestation, answers: enrollment.answers ?? Answers(),
                places: max(0, enrollment.capacity - held), isReady: enrollment.isReady && !enrollment.isPaused,
                hasSigned: try people.hasSigned(row.id, as: .mentor, under: policy),
                tokens: try people.ownTokens(identity, of: row.id),
                exclusions: (identity.exclusions ?? []).map(\.token), drawKey: try drawKey(row.id, seed))
        }
    }

    /// Somebody who waits with an answered survey and nobody proposed; nil for everybody else.
    private func waiting(_ loaded: LoadedCase, seed: SecretBytes?) throws -> MenteeEntry? {
        guard loaded.state.isDraft, let round = loaded.state.round, round.counterpart == nil,
            !loaded.workflow.transitions(on: .propose, from: loaded.state.position).isEmpty,
            let survey = try snapshot.cases.survey(of: round),
            let identity = try snapshot.people.identity(loaded.opener), identity.suspension == nil
        else { return nil }
        let days = snapshot.today.dayNumber - (round.waitingSince ?? snapshot.today).dayNumber
        return MenteeEntry(
            id: loaded.opener,
            attestation: try snapshot.people.attestation(of: loaded.opener, as: loaded.workflow.opener),
            survey: survey, previous: Set(loaded.state.excluded),
            tokens: try snapshot.people.ownTokens(identity, of: loaded.opener),
            exclusions: (identity.exclusions ?? []).map(\.token), coordinator: identity.coordinator,
            weeksWaited: max(0, days / 7),
            drawKey: try drawKey(loaded.opener, seed))
    }

    private func drawKey(_ id: PersonID, _ seed: SecretBytes?) throws -> UInt64 {
        guard let seed else { return 0 }
        return try HMACSHA256.authenticate(Array(id.description.utf8), key: seed).prefix(8).reduce(0) {
            $0 << 8 | UInt64($1)
        }
    }

    // MARK: Cohorts

    /// Everybody of this coordinator who waits, and everybody who mentors.
    func cohort(workflow: String, of staff: PersonID, seed: SecretBytes?) throws -> (
        mentees: [MenteeEntry], mentors: [MentorEntry]
    ) {
        try requirePairs()
        let mentees = try snapshot.rows.drafts().filter { $0.workflow == workflow }.compactMap { row -> MenteeEntry? in
            guard try snapshot.people.coordinator(of: row.opener) == staff else { return nil }
            return try waiting(snapshot.cases.load(row.opener, workflow: workflow), seed: seed)
        }
        return (mentees, try mentors(seed: seed))
    }

    /// The draw that was committed to, opened.
    ///
    /// - Throws: `FieldProblem` where there is none.
    func draw() throws -> [UInt8] {
        guard let sealed = try snapshot.rows.setting("draw"), !sealed.isEmpty else {
            throw FieldProblem(field: "draw", expected: "a draw that was committed to before: `privity match commit`")
        }
        return try snapshot.vault.open(sealed, fixed: "draw")
    }

    /// Solves the cohort of everybody of this coordinator who waits, by the aim that the policy puts first, with a
    /// certificate that proves it.
    ///
    /// - Throws: `Refusal.conditionFailed(.surveyAnswered)` where nobody waits; `FieldProblem` without a committed
    ///   draw; ``MatchingProblem/directoryProgram`` where nobody is matched with anybody.
    func plan(workflow: String, of staff: PersonID) throws -> () throws -> CohortPlan {
        try requirePairs()
        let seed = try draw()
        let (mentees, mentors) = try cohort(workflow: workflow, of: staff, seed: SecretBytes(copying: seed))
        guard !mentees.isEmpty else { throw Refusal.conditionFailed(.surveyAnswered) }
        let (loaded, today) = (snapshot.current, snapshot.today)
        return {
            try Market(mentors, policy: loaded.policy, on: today).cohort(
                mentees, draw: Draw(commitment: Hex.format(SHA256.hash(seed)), seed: Hex.format(seed)),
                policyDigest: Hex.format(loaded.digest), first: loaded.policy.matching.first)
        }
    }

    /// The reason why not everybody who waits can be matched: which rule, and how many; nil where everybody can.
    func problem(workflow: String, of staff: PersonID) throws -> () throws -> MatchingProblem? {
        let (mentees, mentors) = try cohort(workflow: workflow, of: staff, seed: nil)
        let (policy, today) = (policy, snapshot.today)
        return { try Market(mentors, policy: policy, on: today).infeasibility(mentees) }
    }

    /// For each question that is matched on, the number of matches that change when nobody is asked it. The people are
    /// those who wait now.
    func ablation(workflow: String, of staff: PersonID) throws -> () throws -> [Ablation] {
        let (mentees, mentors) = try cohort(workflow: workflow, of: staff, seed: nil)
        let (policy, today) = (policy, snapshot.today)
        return { try Market.ablation(mentees, mentors, policy: policy, on: today) }
    }

    // MARK: Aggregates

    /// The counts that a program may make of itself: only what its policy allows, only over all, and only from the
    /// smallest cell on.
    ///
    /// Released once a quarter at most: what is asked again within it gets the same numbers, so that two readings never
    /// tell of one pair.
    ///
    /// - Throws: `Refusal.notFound` where the policy counts nothing.
    func aggregates() throws -> [Policy.Aggregate: Int?] {
        guard !policy.monitoring.isEmpty else { throw Refusal.notFound }
        let day = snapshot.today.components
        guard let start = CivilDate(year: day.year, month: (day.month - 1) / 3 * 3 + 1, day: 1) else {
            throw Refusal.notFound
        }
        var waits: [Int] = []
        try snapshot.forEachCase { row in
            let loaded = try snapshot.cases.load(row)
            waits += loaded.history.waits(matchedBefore: start)
        }
        let isEnough = waits.count >= max(10, policy.evaluation.minCell)
        var counts: [Policy.Aggregate: Int?] = [:]
        for aggregate in policy.monitoring {
            switch aggregate {
            // Rounded to tens: the difference of two quarters never tells of fewer than the smallest cell.
            case .pairCount: counts[aggregate] = isEnough ? waits.count / 10 * 10 : Int?.none
            case .timeToMatch: counts[aggregate] = isEnough ? waits.sorted()[waits.count / 2] / 7 * 7 : Int?.none
            }
        }
        return counts
    }
}
