internal import Cryptography
internal import ReleaseLedger
public import ReleaseWorkflow

/// Somebody's wish to be a mentor, with what they say of themselves. It counts for nothing until a coordinator attests
/// it.
public struct MentorApplication: Hashable, Sendable {
    public let person: PersonID
    /// The conditions, days and fields as the person states them.
    public let stated: Attestation
    public let capacity: Int
    public let on: CivilDate
    /// The day on which a coordinator answered “not now”.
    public var refusedOn: CivilDate?
}

extension MentorApplication: StoredValue {
    static var storedName: StaticString { "application" }
    init(stored: StoredObject) throws {
        self.init(
            person: try stored.id("person"), stated: try Attestation(stored: stored.object("stated")),
            capacity: try stored.number("capacity"), on: try stored.date("on"),
            refusedOn: try stored.optionalDate("refusedOn"))
    }
    var stored: [String: CanonicalJSON] {
        StoredMembers().with("person", person).with("stated", stated).with("capacity", capacity).with("on", on)
            .with("refusedOn", refusedOn).members
    }
}

/// Every application: one sealed value, rewritten whole.
struct MentorApplications: StoredValue {
    var list: [MentorApplication]
    static var storedName: StaticString { "applications" }
    init(_ list: [MentorApplication]) { self.list = list }
    init(stored: StoredObject) throws { list = try stored.objects("list") { try MentorApplication(stored: $0) } }
    var stored: [String: CanonicalJSON] { StoredMembers().with("list", list: list).members }
}

extension Snapshot {
    var applications: [MentorApplication] {
        get throws {
            try rows.setting("applications").map {
                try vault.open($0, fixed: "applications", as: MentorApplications.self).list
            } ?? []
        }
    }

    /// True if this program takes applications, and this person may make one: whoever takes part and is no mentor yet.
    func mayApply(_ person: PersonID) throws -> Bool {
        guard try !isEnding, current.policy.administration != .`self`, let identity = try people.identity(person) else {
            return false
        }
        return try identity.roles.contains { !$0.isStaff } && identity.suspension == nil
            && people.enrollment(person, as: .mentor) == nil
    }
}

extension Transaction {
    func keep(_ applications: [MentorApplication]) throws {
        rows.setSetting("applications", try vault.seal(MentorApplications(applications), fixed: "applications"))
    }

    /// Drops the application of somebody, with the message that it waits.
    ///
    /// - Returns: whether there was one.
    func dropApplication(of person: PersonID) throws -> Bool {
        let all = try snapshot.applications
        guard all.contains(where: { $0.person == person }) else { return false }
        try keep(all.filter { $0.person != person })
        rows.deleteMessage(try applicationMessage(person))
        consequences.mustSettle = true
        return true
    }

    /// Tells somebody who asked to be a mentor that they were answered.
    func tellOfAnswer(_ person: PersonID) throws {
        try leave(
            Message(to: person, notice: .applicationAnswered, on: moment.date),
            id: derive.bytes("applicationAnswered", count: 16))
    }

    /// The id of the message to a coordinator that somebody's application waits: there is never more than one.
    func applicationMessage(_ person: PersonID) throws -> [UInt8] {
        Array(try vault.indexToken("applicationWaits", "\(person)").prefix(16))
    }
}

/// A person says that they would like to be a mentor, and that they meet what the program asks of one.
struct ApplyAsMentor: Act {
    let person: PersonID
    let stated: Attestation
    let capacity: Int

    var text: String { "applyAsMentor \(StoredCodec.text(stated)) \(capacity)" }
    var formerScope: String { "person \(person)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        try tx.permit(caller).require(tx.permit(caller).isSelf(person))
    }

    /// - Throws: `Refusal.notFound` where no application is taken; `FieldProblem` for what counts for nothing here, and
    ///   where what is stated is not what is asked of a mentor.
    func carryOut(_ tx: Transaction) throws -> Done {
        let policy = tx.snapshot.current.policy
        guard try tx.snapshot.mayApply(person) else { throw Refusal.notFound }
        try SetAvailability.check(capacity: capacity)
        let change = AttestationChange(whole: stated, capacity: capacity)
        if let problem = policy.problems(of: change, as: .mentor).first { throw problem }
        let rules = policy.eligibility.mentor
        guard rules.isMet(by: stated, on: tx.moment.date) else {
            throw FieldProblem(field: "attributes", expected: "what is asked of a mentor: \(rules.plainWords)")
        }
        let application = MentorApplication(
            person: person, stated: stated, capacity: capacity, on: tx.moment.date, refusedOn: nil)
        try tx.keep(tx.snapshot.applications.filter { $0.person != person } + [application])
        if let coordinator = try tx.people.coordinator(of: person) {
            try tx.leave(
                Message(to: coordinator, notice: .applicationWaits, on: tx.moment.date),
                id: tx.applicationMessage(person))
        }
        return Done(person: person)
    }
}

/// Takes an application away: the person's own hand, or a coordinator's who answers “not now”. To say yes is to enroll.
struct AnswerApplication: Act {
    let person: PersonID
    /// The coordinator who answers; nil for the person themselves.
    let staff: PersonID?

    var text: String { "answerApplication \(person)" }
    var formerScope: String { staff.map { "staff \($0)" } ?? "person \(person)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        guard let staff else { return try permit.require(permit.isSelf(person)) }
        try permit.require(permit.isSelf(staff) && permit.coordinates(person))
    }

    /// - Throws: `Refusal.notFound` for a coordinator where nothing waits; whoever takes back twice is answered alike.
    func carryOut(_ tx: Transaction) throws -> Done {
        guard staff != nil else {
            _ = try tx.dropApplication(of: person)
            return Done(person: person)
        }
        var all = try tx.snapshot.applications
        guard let place = all.firstIndex(where: { $0.person == person && $0.refusedOn == nil }) else {
            throw Refusal.notFound
        }
        all[place].refusedOn = tx.moment.date
        try tx.keep(all)
        tx.rows.deleteMessage(try tx.applicationMessage(person))
        try tx.tellOfAnswer(person)
        return Done(person: person)
    }
}
