internal import Cryptography
internal import ReleaseLedger
public import ReleaseWorkflow

/// Something that one member of staff asked for and another has to confirm.
public struct PendingAct: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        /// Somebody who was suspended, or recorded as having died, takes part again.
        case lift
        /// Something that staff recorded for somebody was not asked for.
        case recordedInError
        /// An entry becomes part of another, because both are one person.
        case merge
        /// A person's signed texts are handed out.
        case produce
        /// Something was signed by hand, on a paper that was filed.
        case paper
        /// A member of staff gets a link with which they set up their account, or set it up anew.
        case setUp
        /// A closed account of a member of staff is opened again.
        case reopen
        /// Everybody whom one coordinator looks after is handed to another.
        case reassign

        /// True for what is done with the accounts of staff: administrators and auditors confirm it.
        public var isOfStaff: Bool {
            switch self {
            case .setUp, .reopen, .reassign: true
            case .lift, .recordedInError, .merge, .produce, .paper: false
            }
        }
    }

    /// Stands for it in a form.
    public let id: String
    public let kind: Kind
    public let person: PersonID
    public let by: PersonID
    public let on: CivilDate
    /// The case that it is about, and of one that ended the step; nil where it is about a person alone.
    var step: StepOfCase?
    /// The entry that is kept, of two that become one; the coordinator to whom everybody goes.
    public var other: PersonID?
    /// The ground on which a consent is handed out.
    public var ground: ProductionGround?

    struct StepOfCase: Hashable, Sendable {
        let opener: PersonID
        let workflow: String
        let number: Int
    }
}

/// The acts that wait for a second hand: one sealed value, rewritten whole.
struct PendingActs: StoredValue {
    var acts: [PendingAct]

    static var storedName: StaticString { "acts that wait for a second hand" }
    init(_ acts: [PendingAct]) { self.acts = acts }
    init(stored: StoredObject) throws { acts = try stored.objects("acts") { try PendingAct(stored: $0) } }
    var stored: [String: CanonicalJSON] { StoredMembers().with("acts", list: acts).members }
}

extension PendingAct: StoredValue {
    static var storedName: StaticString { "act that waits for a second hand" }

    init(stored: StoredObject) throws {
        self.init(
            id: try stored.text("id"), kind: try stored.choice("kind", of: Kind.self), person: try stored.id("person"),
            by: try stored.id("by"), on: try stored.date("on"),
            step: try stored.optionalObject("step").map { try StepOfCase(stored: $0) },
            other: try stored.optionalID("other"),
            ground: try stored.optionalObject("ground").map { try ProductionGround(stored: $0) })
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("id", id).with("kind", kind).with("person", person).with("by", by).with("on", on)
            .with("step", step).with("other", other).with("ground", ground).members
    }
}

extension PendingAct.StepOfCase: StoredValue {
    static var storedName: StaticString { "step of a case that waits for a second hand" }

    init(stored: StoredObject) throws {
        self.init(
            opener: try stored.id("opener"), workflow: try stored.text("workflow"), number: try stored.number("number"))
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("opener", opener).with("workflow", workflow).with("number", number).members
    }
}

extension PendingAct {
    /// True for whoever is one of the two in the case that a paper is about.
    func isAbout(_ staff: PersonID, _ snapshot: Snapshot) throws -> Bool {
        guard let step else { return false }
        return try snapshot.cases.load(step.opener, workflow: step.workflow).parties.contains { $0.person == staff }
    }
}

extension Snapshot {
    /// The acts that wait for a second hand, the oldest first.
    var pendingActs: [PendingAct] {
        get throws {
            try rows.setting("secondHand").map { try vault.open($0, fixed: "secondHand", as: PendingActs.self).acts }
                ?? []
        }
    }
}

extension Transaction {
    /// Takes away what was asked for about somebody, for another who carries it out themselves.
    ///
    /// - Throws: `Refusal.notFound` for what does not wait; `Refusal.needsSecondHand` for the one who asked.
    func takePending(_ id: String, _ kind: PendingAct.Kind, about person: PersonID, by staff: PersonID) throws {
        var acts = try snapshot.pendingActs
        guard let place = acts.firstIndex(where: { $0.id == id && $0.kind == kind && $0.person == person }) else {
            throw Refusal.notFound
        }
        guard acts[place].by != staff else { throw Refusal.needsSecondHand }
        acts.remove(at: place)
        try keep(pending: acts)
    }

    func keep(pending acts: [PendingAct]) throws {
        rows.setSetting("secondHand", try vault.seal(PendingActs(acts), fixed: "secondHand"))
    }
}

extension Permit {
    /// True if the caller may confirm an act of this kind, under the policy in force.
    func confirms(_ kind: PendingAct.Kind, under policy: Policy) throws -> Bool {
        guard kind.isOfStaff else { return try confirms(under: policy) }
        guard case .by = policy.secondHand else { return false }
        return try holds(.administrator) || holds(.auditor)
    }

    /// True if the caller may confirm what others ask for, under the policy in force.
    func confirms(under policy: Policy) throws -> Bool {
        guard case .by(let confirmers) = policy.secondHand else { return false }
        return try confirmers.contains { confirmer in
            switch confirmer {
            case .coordinator: try holds(.coordinator)
            case .administrator: try holds(.administrator)
            }
        }
    }
}
