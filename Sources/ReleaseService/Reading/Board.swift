internal import Logging
internal import ReleaseLedger
public import ReleaseWorkflow

/// A page of a coordinator's board.
public struct BoardPage: Sendable {
    public let lines: [CaseLine]
    /// Where the next page begins; nil on the last.
    public let next: BoardPlace?
}

/// Where a page of a board begins: after this rank and handle.
public struct BoardPlace: Hashable, Sendable {
    public let rank: PartyRow.Rank
    public let handle: CaseHandle
    public init(rank: PartyRow.Rank, handle: CaseHandle) { (self.rank, self.handle) = (rank, handle) }
}

/// Lists cases for one person.
struct Board {
    private let snapshot: Snapshot

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    /// A page of a coordinator's board: their people's cases, those that wait for them first; none that was never
    /// begun.
    ///
    /// - Complexity: O(`count` · log of all cases).
    func page(of coordinator: PersonID, after place: BoardPlace?, count: Int, isWhole: Bool = false) throws
        -> BoardPage
    {
        let rows = try snapshot.rows.parties(
            of: coordinator, isStaff: true, after: place.map { ($0.rank, $0.handle) }, count: count)
        let begun = rows.filter { $0.rank != .idle }
        let next = rows.count == count && begun.count == rows.count ? begun.last : nil
        return BoardPage(
            lines: try begun.compactMap { try readable($0, isWhole: isWhole) },
            next: next.map { BoardPlace(rank: $0.rank, handle: $0.handle) })
    }

    /// A person's own cases, their own first, each in the order of the policy: those they could begin included.
    func own(of person: PersonID) throws -> [CaseLine] {
        let order = snapshot.current.policy.workflows.map(\.id)
        return try snapshot.rows.parties(of: person, isStaff: false, after: nil, count: 1000)
            .compactMap { try readable($0, isWhole: true) }
            .sorted {
                one, other in
                func place(_ line: CaseLine) -> (Int, Int) {
                    (line.opener == person ? 0 : 1, order.firstIndex(of: line.view.workflow) ?? order.count)
                }
                // Never by rank: the order would tell a mentor that somebody has signed.
                let (left, right) = (place(one), place(other))
                return (left.0, left.1, one.handle) < (right.0, right.1, other.handle)
            }
    }

    /// The cases of one of a coordinator's people, those that were never begun included.
    func cases(of person: PersonID, for coordinator: PersonID) throws -> [CaseLine] {
        let screen = Screen(snapshot)
        return try snapshot.current.policy.workflows.compactMap { workflow in
            let id = try snapshot.vault.caseID(of: person, workflow: workflow.id)
            let row = try snapshot.rows.parties(of: id).first { $0.person == coordinator && $0.isStaff }
            return try row.flatMap { try screen.line($0, screen.load($0)) }
        }
    }

    /// One damaged case must not keep anybody from the others.
    private func readable(_ row: PartyRow, isWhole: Bool) throws -> CaseLine? {
        let screen = Screen(snapshot)
        do {
            return try screen.line(row, screen.load(row), isWhole: isWhole)
        } catch is MachineryError {
            snapshot.logger.error("a case does not verify and was left out of a list")
            return nil
        } catch Refusal.notFound {
            return nil
        }
    }
}
