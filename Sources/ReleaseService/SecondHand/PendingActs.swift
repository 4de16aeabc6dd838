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
    }

    /// Stands for it in a form.
    public let id: String
    public let kind: Kind
    public let person: PersonID
    public let by: PersonID
    public let on: CivilDate
    /// The step of a case that it is about; nil where it is about a person alone.
    var step: StepOfCase?
    /// The entry that is kept, of two that become one.
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

extension Snapshot {
    /// The acts that wait for a second hand, the oldest first.
    var pendingActs: [PendingAct] {
        get throws {
            try rows.setting("secondHand").map { try vault.open($0, fixed: "secondHand", as: PendingActs.self).acts }
                ?? []
        }
    }
}

extension Permit {
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
