internal import Cryptography
internal import ReleaseLedger
public import ReleaseWorkflow

/// Somebody whom a person keeps away: whoever ended, took back or said no keeps the other away until they lift it.
public struct KeptAway: Sendable {
    /// Stands for the other person, in a form; it tells nothing and is another one for everybody.
    public let token: String
    /// The case in which it was said.
    public let handle: CaseHandle
    /// The name under which the other stood on forms; nil for one who never read a form of theirs.
    public let name: String?
    /// The pair's word; nil in rounds that were begun before there were any.
    public let word: String?
}

/// Reads whom a person keeps away. Nobody else is told, the other least of all.
struct KeptAwayList {
    private let snapshot: Snapshot

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    func lines(of person: PersonID) throws -> [KeptAway] {
        try places(of: person).map { KeptAway(token: $0.token, handle: $0.row.handle, name: $0.name, word: $0.word) }
    }

    struct Place {
        let token: String
        let row: PartyRow
        let other: PersonID
        let name: String?
        let word: String?
    }

    func places(of person: PersonID) throws -> [Place] {
        try snapshot.rows.parties(of: person, isStaff: false, after: nil, count: .max).flatMap { row -> [Place] in
            guard row.rank != .idle || row.opener != person else { return [] }
            let loaded: LoadedCase
            do {
                loaded = try snapshot.cases.load(row.caseID, opener: row.opener, workflow: row.workflow)
            } catch Refusal.notFound {
                return []
            }
            return try loaded.state.kept(by: person).map { other in
                let token = try snapshot.vault.indexToken("keptAway", "\(row.caseID) \(person) \(other)")
                let name =
                    row.opener == person
                    ? try loaded.workflow.counterpart.flatMap { try snapshot.people.enrollment(other, as: $0)?.display }
                    : nil
                let known = loaded.history.asLastKnown(
                    to: row.opener == person ? other : person, initial: loaded.workflow.initial)
                return Place(
                    token: Hex.format(token.prefix(16)), row: row, other: other, name: name,
                    word: known.state.round?.word)
            }
        }
    }
}

/// Lifts what a person said of another: the two may be brought together again.
struct LetAgain: Act {
    let person: PersonID
    let token: String

    var text: String { "letAgain \(token)" }
    var formerScope: String { "person \(person)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        try tx.permit(caller).require(tx.permit(caller).isSelf(person))
    }

    /// - Throws: `Refusal.notFound` for a token that stands for nobody whom this person keeps away.
    func carryOut(_ tx: Transaction) throws -> Done {
        try tx.snapshot.requireConfirmed(person)
        guard let place = try KeptAwayList(tx.snapshot).places(of: person).first(where: { $0.token == token }) else {
            throw Refusal.notFound
        }
        let row = place.row
        var loaded = try tx.snapshot.cases.load(row.caseID, opener: row.opener, workflow: row.workflow)
        _ = try CaseWriter(tx).apply(
            .init(
                events: [.keepingLifted(by: person, from: place.other)],
                rule: loaded.rule("letAgain"),
                actor: Actor(.person(person), channel: .screen)), to: &loaded)
        // A lift beside an open draft stands before the draft's own words once the case is read again.
        tx.consequences.forgotten.append(loaded.id.bytes)
        return Done(person: person)
    }
}
