internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// The coordinator's dated duty to release what is signed, and who stands in when it is late.
struct ReleaseDuty {
    /// The day by which the card is to be released: the second working day after the last signature.
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
            let signedOn = state.liveReleases.map(\.signedOn).max()
        else { return nil }
        // A corrected release is signed anew, and released anew.
        let made = max(signedOn, round.matchMadeOn ?? signedOn)
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
