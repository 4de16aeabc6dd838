internal import ReleaseWorkflow

/// Erases a person: identity, blind index, enrollment, accounting, and the evidence of every round. Records stay, and
/// still verify.
///
/// Refused with ``Refusal/stillOpen`` while a round of theirs is open or somebody's live release names them.
struct Erase: Act {
    let id: PersonID

    var text: String { "erase \(id)" }
    var formerScope: String { "operator" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        try tx.permit(caller).require(tx.permit(caller).isOperator)
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        let (scopes, own, parties) = try tx.snapshot.whatErases(id)
        try tx.deleteMessages(to: id)
        try tx.forgetElsewhere(id)
        for row in try parties + tx.rows.parties(of: id, isStaff: true, after: nil, count: .max) {
            tx.rows.deleteParty(row.handle)
        }
        for workflow in tx.snapshot.current.policy.workflows {
            for row in try tx.rows.parties(of: tx.vault.caseID(of: id, workflow: workflow.id)) {
                tx.rows.deleteParty(row.handle)
            }
        }
        try tx.erase(scopes)
        tx.consequences.forgotten += own.map(\.bytes) + [id.bytes]
        tx.consequences.mustSettle = true
        tx.consequences.endsBatch = true
        return Done()
    }
}

extension Snapshot {
    /// Everything that goes with a person: the keys, the cases of which nothing may be remembered, their rows as a
    /// party.
    ///
    /// - Throws: `Refusal.notFound` for nobody; `Refusal.stillOpen` while a round of theirs is open or somebody's live
    ///   release names them.
    func whatErases(_ id: PersonID) throws -> (scopes: [Vault.Scope], cases: Set<CaseID>, parties: [PartyRow]) {
        guard try rows.person(id) != nil else { throw Refusal.notFound }
        var scopes: [Vault.Scope] = [.identity(id), .accounting(id)]
        if let kept = try readingKey(of: id)?.kept { scopes.append(.reading(id, name: kept.name)) }
        var own: Set<CaseID> = []
        for workflow in current.policy.workflows {
            let loaded = try cases.load(id, workflow: workflow.id)
            guard loaded.workflow.isAtRest(loaded.state.position), loaded.state.parting.isEmpty else {
                throw Refusal.stillOpen
            }
            let rounds = Set(loaded.state.releases.map(\.round))
            scopes += rounds.flatMap { [.survey($0), .privateStream($0), .contact($0), .evidence($0)] }
            // What somebody else released stays theirs to read who opened it.
            scopes += Set(loaded.state.releases.map(\.round)).filter { round in
                loaded.state.releases.allSatisfy { $0.round != round || $0.discloser == id }
            }.map { .boxes($0) }
            own.insert(loaded.id)
        }
        guard try rows.placesHeld(with: id) == 0 else { throw Refusal.stillOpen }
        let parties = try rows.parties(of: id, isStaff: false, after: nil, count: .max)
        for party in parties where party.opener != id {
            let loaded = try cases.load(party.caseID, opener: party.opener, workflow: party.workflow)
            let isNamed = loaded.state.releases.contains {
                $0.isLive && ($0.recipient == .person(id) || $0.discloser == id)
            }
            let isOver = loaded.workflow.isAtRest(loaded.state.position) && loaded.state.partings(of: id).isEmpty
            if isNamed, !isOver { throw Refusal.stillOpen }
            // What they released as a volunteer is theirs too.
            let rounds = Set(loaded.state.releases.filter { $0.discloser == id }.map(\.round))
            scopes += rounds.flatMap { [.contact($0), .evidence($0)] }
            scopes += rounds.filter { round in
                loaded.state.releases.allSatisfy { $0.round != round || $0.discloser == id }
            }.map { .boxes($0) }
            own.insert(loaded.id)
        }
        return (scopes, own, parties)
    }
}

extension Transaction {
    /// Deletes everything that waits to be sent to somebody.
    func deleteMessages(to person: PersonID) throws {
        for row in try rows.messages() {
            let message = try vault.open(row.sealed, fixed: "message", as: Message.self)
            if message.to == person { rows.deleteMessage(row.id) }
        }
    }
}

extension Transaction {
    /// Takes out whatever names somebody who is erased outside their own rows, and is no record.
    func forgetElsewhere(_ person: PersonID) throws {
        let incidents = try snapshot.incidents
        if incidents.contains(where: { $0.people.contains(person) }) {
            try keep(
                incidents.map { $0.without(person) }.filter { !$0.people.isEmpty })
        }
        let productions = try snapshot.productions
        if productions.contains(where: { $0.person == person }) {
            let left = Productions(productions.filter { $0.person != person })
            rows.setSetting("productions", try vault.seal(left, fixed: "productions"))
        }
        _ = try dropApplication(of: person)
        let acts = try snapshot.pendingActs
        if acts.contains(where: { $0.person == person || $0.other == person }) {
            try keep(pending: acts.filter { $0.person != person && $0.other != person })
        }
        try LookAlikes(self).forget(person)
    }

    /// Writes the other person for an entry that becomes part of theirs.
    func replace(_ entry: PersonID, by other: PersonID) throws {
        let incidents = try snapshot.incidents
        if incidents.contains(where: { $0.people.contains(entry) }) {
            try keep(incidents.map { $0.replacing(entry, by: other) })
        }
        try LookAlikes(self).forget(entry)
    }
}

extension Incident {
    fileprivate func with(_ people: [PersonID], _ told: [PersonID: CivilDate]) -> Incident {
        Incident(
            id: id, kind: kind, people: people, discoveredOn: discoveredOn, by: by, on: on, closedCards: closedCards,
            told: told, settledOn: settledOn)
    }

    fileprivate func without(_ person: PersonID) -> Incident {
        with(people.filter { $0 != person }, told.filter { $0.key != person })
    }

    fileprivate func replacing(_ entry: PersonID, by other: PersonID) -> Incident {
        var told = told
        if let day = told.removeValue(forKey: entry) { told[other] = told[other] ?? day }
        var seen: Set<PersonID> = []
        return with(people.map { $0 == entry ? other : $0 }.filter { seen.insert($0).inserted }, told)
    }
}
