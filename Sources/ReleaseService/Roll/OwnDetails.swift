internal import Cryptography
internal import Matching
internal import ReleaseWorkflow

/// A person rewrites what stands in their profile. What is already released does not change with it: that takes a
/// correction.
struct SetProfile: Act {
    let id: PersonID
    let profile: [String: String]

    var text: String { "profile \(StoredCodec.text(StoredTexts(profile)))" }
    var formerScope: String { "person \(id)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        // Where a program keeps no staff the list of members brings profiles too.
        let isOnRoll = try tx.snapshot.current.policy.administration == .`self` && permit.coordinates(id)
        try permit.require(permit.isSelf(id) || isOnRoll)
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        var identity = try tx.people.require(id)
        identity.profile = (identity.profile ?? [:]).merging(profile) { $1 }
        try tx.put(identity, of: id)
        return Done(person: id)
    }
}

/// Adds to a person's private list: whom they are never to be brought together with.
///
/// The answer is the same whether or not anybody is known by that name, number or employer: a different one would tell
/// who takes part.
struct Exclude: Act {
    let id: PersonID
    let line: Exclusion

    var text: String { "exclude \(line.relation.rawValue) \(Hex.format(line.token))" }
    var formerScope: String { "person \(id)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        try tx.permit(caller).require(tx.permit(caller).isSelf(id))
    }

    /// The names that somebody puts on their list in a week: who tries out name after name learns little by it.
    static let weeklyLimit = 20

    /// - Throws: `FieldProblem` for more names than that in a week.
    func carryOut(_ tx: Transaction) throws -> Done {
        try tx.snapshot.requireConfirmed(id)
        var identity = try tx.people.require(id)
        var lines = identity.exclusions ?? []
        if lines.contains(where: { $0.relation == line.relation && $0.token == line.token }) { return Done(person: id) }
        let week = tx.moment.date.adding(days: -7)
        guard lines.count(where: { $0.on.map { $0 > week } ?? false }) < Self.weeklyLimit else {
            throw FieldProblem(field: "name", expected: "no more than \(Self.weeklyLimit) names a week")
        }
        var written = line
        written.on = tx.moment.date
        lines.append(written)
        identity.exclusions = lines
        try tx.put(identity, of: id)
        return Done(person: id)
    }
}

/// Says where a person works, as a token; the name is not kept.
struct SetEmployer: Act {
    let id: PersonID
    let token: [UInt8]

    var text: String { "employer \(Hex.format(token))" }
    var formerScope: String { "person \(id)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        try tx.permit(caller).require(tx.permit(caller).isSelf(id))
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        var identity = try tx.people.require(id)
        identity.employer = token
        try tx.put(identity, of: id)
        return Done(person: id)
    }
}

/// Sets a mentor's answers for matching.
struct SetAnswers: Act {
    let id: PersonID
    let answers: Answers

    /// - Throws: `FieldProblem` for an answer that is not on the policy's lists.
    init(_ id: PersonID, _ answers: Answers, under policy: Policy) throws {
        let survey = Survey(sameField: .no, answers: answers, understood: true)
        if let problem = survey.problem(under: policy) {
            throw FieldProblem(field: problem.field.replacing("survey.", with: "answers."), expected: problem.expected)
        }
        self.id = id
        self.answers = answers
    }

    var text: String { "answers \(StoredCodec.text(answers))" }
    var formerScope: String { "person \(id)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        try tx.permit(caller).require(tx.permit(caller).isSelf(id))
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        guard var enrollment = try tx.people.enrollment(id, as: .mentor) else { throw Refusal.notFound }
        enrollment.answers = answers
        try tx.put(enrollment, as: .mentor, of: id)
        return Done(person: id)
    }
}

/// A person's own switches: ready, paused, how many people at once. In a directory they are the one box of its source.
struct SetAvailability: Act {
    let id: PersonID
    let role: Role
    let isReady: Bool?
    let isPaused: Bool?
    let capacity: Int?

    var text: String {
        let values = [isReady.map(String.init), isPaused.map(String.init), capacity.map(String.init)]
        return "availability \(role.rawValue) " + values.map { $0 ?? "" }.joined(separator: " ")
    }
    var formerScope: String { "person \(id)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        try tx.permit(caller).require(tx.permit(caller).isSelf(id))
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        guard var enrollment = try tx.people.enrollment(id, as: role) else { throw Refusal.notFound }
        let hadNone = enrollment.capacity == 0
        enrollment.isReady = isReady ?? enrollment.isReady
        enrollment.isPaused = isPaused ?? enrollment.isPaused
        enrollment.capacity = capacity ?? enrollment.capacity
        // No place is a clear box, and a place again where there was none is a checked one.
        let places: Bool? = capacity == 0 ? false : capacity != nil && hadNone ? true : nil
        let named = [isReady, isPaused.map { !$0 }, places].compactMap(\.self)
        if role == .mentor, tx.snapshot.current.policy.isDirectory, !named.isEmpty {
            let isChecked = !named.contains(false)
            enrollment.isPaused = !isChecked
            try tx.put(enrollment, as: role, of: id)
            try ListingBox(tx).set(isChecked, of: id)
        } else {
            try tx.put(enrollment, as: role, of: id)
        }
        return Done(person: id)
    }

    static func check(capacity: Int?) throws {
        guard capacity.map({ (0...20).contains($0) }) ?? true else {
            throw FieldProblem(field: "capacity", expected: "a whole number from 0 to 20")
        }
    }
}
