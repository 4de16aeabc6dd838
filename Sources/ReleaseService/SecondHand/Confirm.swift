internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// Asks for something that a second hand has to confirm. Where the program has none, it is done at once.
struct AskSecondHand: Act {
    let kind: PendingAct.Kind
    let person: PersonID
    let staff: PersonID

    var text: String { "askSecondHand \(kind.rawValue) \(person)" }
    var formerScope: String { "staff \(staff)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        let isStaff = try permit.holds(.coordinator) || permit.holds(.administrator)
        try permit.require(permit.isSelf(staff) && isStaff && staff != person)
    }

    /// - Throws: `Refusal.notFound` where there is nothing to ask for.
    func carryOut(_ tx: Transaction) throws -> Done {
        guard try tx.people.identity(person)?.suspension != nil else { throw Refusal.notFound }
        let act = PendingAct(
            id: Hex.format(try tx.derive.bytes("secondHand", count: 16)), kind: kind, person: person, by: staff,
            on: tx.moment.date)
        if case .none = tx.snapshot.current.policy.secondHand {
            try SecondHandActs(tx).carryOut(act)
            return Done(person: person, state: "done")
        }
        var acts = try tx.snapshot.pendingActs
        // Asked for once: whoever asks again waits for the same confirmation.
        if !acts.contains(where: { $0.kind == kind && $0.person == person }) { acts.append(act) }
        try SecondHandActs(tx).keep(acts)
        return Done(person: person, state: "waits")
    }
}

/// Confirms, or refuses, what somebody else asked for.
struct AnswerSecondHand: Act {
    let id: String
    let isConfirmed: Bool
    let staff: PersonID

    // Not the id: a script that is applied again does not know any more what waited then.
    var text: String { "answerSecondHand \(isConfirmed)" }
    var formerScope: String { "staff \(staff)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        try permit.require(permit.isSelf(staff) && permit.confirms(under: tx.snapshot.current.policy))
    }

    /// - Throws: `Refusal.notFound` for what is not there, or not any more; `Refusal.needsSecondHand` for the one who
    ///   asked, and for the one whom it is about.
    func carryOut(_ tx: Transaction) throws -> Done {
        var acts = try tx.snapshot.pendingActs
        guard let place = acts.firstIndex(where: { $0.id == id }) else { throw Refusal.notFound }
        let act = acts[place]
        // Whoever asked may take it back, and nobody confirms their own.
        if isConfirmed, staff == act.by || staff == act.person { throw Refusal.needsSecondHand }
        acts.remove(at: place)
        try SecondHandActs(tx).keep(acts)
        if isConfirmed { try SecondHandActs(tx).carryOut(act) }
        return Done(person: act.person, state: isConfirmed ? "done" : "refused")
    }
}

/// Carries out what was confirmed.
struct SecondHandActs {
    private let tx: Transaction

    init(_ tx: Transaction) { self.tx = tx }

    func keep(_ acts: [PendingAct]) throws {
        tx.rows.setSetting("secondHand", try tx.vault.seal(PendingActs(acts), fixed: "secondHand"))
    }

    func carryOut(_ act: PendingAct) throws {
        switch act.kind {
        case .lift:
            var identity = try tx.people.require(act.person)
            identity.suspension = nil
            try tx.put(identity, of: act.person)
        }
    }
}
