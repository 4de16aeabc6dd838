internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// The coordinator's dated duty to release what is signed, and who stands in when it is late.
struct ReleaseDuty {
    /// The day by which the card is to be released: the second working day after the pair was made.
    let due: CivilDate
    /// The day from which the cover sees the case: one working day later.
    let coverFrom: CivilDate
    /// The day from which an administrator reads that it is late: two working days later.
    let lateFrom: CivilDate
    /// The first working day after the signature: then the coordinator is reminded.
    let remindOn: CivilDate

    /// Nil where nothing waits for staff: nothing is signed, it is released already, or what was signed cannot be used.
    init?(_ loaded: LoadedCase) {
        let (state, workflow, office) = (loaded.state, loaded.workflow, loaded.policy.office)
        let isWaiting = [CommandKind.disclose, .alert].contains {
            workflow.transitions(on: $0, from: state.position).contains { $0.role == .coordinator }
        }
        guard isWaiting, !state.isDraft, let round = state.round, round.unusedSince == nil, round.frozen.isEmpty,
            let signedOn = state.roundReleases.map(\.signedOn).min()
        else { return nil }
        let made = round.matchMadeOn ?? signedOn
        due = office.day(after: made, count: OfficeDays.daysToRelease)
        coverFrom = office.day(after: due, count: 1)
        lateFrom = office.day(after: due, count: 2)
        remindOn = office.day(after: made, count: 1)
    }
}

/// A coordinator's own word about the one who stands in for them, and until when.
struct Cover: StoredValue {
    let person: PersonID
    /// The last day.
    let until: CivilDate

    static var storedName: StaticString { "cover" }
    init(person: PersonID, until: CivilDate) { (self.person, self.until) = (person, until) }
    init(stored: StoredObject) throws {
        self.init(person: try stored.id("person"), until: try stored.date("until"))
    }
    var stored: [String: CanonicalJSON] { StoredMembers().with("person", person).with("until", until).members }
}

extension Snapshot {
    /// The one who stands in for a coordinator today; nil where nobody does.
    func cover(of coordinator: PersonID) throws -> PersonID? {
        guard let sealed = try rows.setting("cover/\(coordinator)") else { return nil }
        let cover = try vault.open(sealed, fixed: "cover/\(coordinator)", as: Cover.self)
        return try today <= cover.until && people.isCoordinator(cover.person) ? cover.person : nil
    }

    /// The cover for a case whose release is late; nil where it is not, and for somebody who is a party of it.
    func coverOfLate(_ loaded: LoadedCase) throws -> PersonID? {
        guard let duty = ReleaseDuty(loaded), today >= duty.coverFrom,
            let assigned = try people.coordinator(of: loaded.opener), let cover = try cover(of: assigned),
            cover != assigned, cover != loaded.opener, cover != loaded.counterpart
        else { return nil }
        return cover
    }
}

/// A coordinator names who stands in for them, or nobody any more.
struct SetCover: Act {
    let coordinator: PersonID
    /// Nil for nobody.
    let cover: PersonID?
    let until: CivilDate

    var text: String { "setCover \(cover?.description ?? "") \(until)" }
    var formerScope: String { "staff \(coordinator)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        try permit.require(permit.isSelf(coordinator) && permit.holds(.coordinator))
    }

    /// - Throws: `Refusal.notFound` for somebody who is no other coordinator.
    func carryOut(_ tx: Transaction) throws -> Done {
        let place = "cover/\(coordinator)"
        guard let cover else {
            tx.rows.setSetting(place, try tx.vault.seal(Cover(person: coordinator, until: until), fixed: place))
            return Done()
        }
        guard cover != coordinator, try tx.people.isCoordinator(cover) else { throw Refusal.notFound }
        tx.rows.setSetting(place, try tx.vault.seal(Cover(person: cover, until: until), fixed: place))
        return Done(person: cover)
    }
}
