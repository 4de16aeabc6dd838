public import ReleaseService
public import ReleaseWorkflow

/// Cases, drafts, releases, places, and who sees which case.
extension SQLTransaction {
    // MARK: Cases

    private static let caseColumns = "id, workflow, opener, policy, tip, due"

    private static func caseRow(_ row: any SQLRow) throws -> CaseRow {
        CaseRow(
            id: try row.id(0), workflow: try row.text(1), veiledOpener: try row.id(2), policy: try row.bytes(3),
            tip: try row.bytes(4),
            due: try row.optional(5, row.date))
    }

    public func putCase(_ row: CaseRow) throws {
        try run(
            "INSERT INTO mentoring_case (id, workflow, opener, policy, tip, due) VALUES (?, ?, ?, ?, ?, ?) "
                + "ON CONFLICT (id) DO UPDATE SET opener = excluded.opener, policy = excluded.policy, "
                + "tip = excluded.tip, due = excluded.due",
            .of(row.id), .text(row.workflow), .of(row.veiledOpener), .bytes(row.policy), .bytes(row.tip), .of(row.due))
    }

    public func caseRow(_ id: CaseID) throws -> CaseRow? {
        try first("SELECT \(Self.caseColumns) FROM mentoring_case WHERE id = ?", .of(id), read: Self.caseRow)
    }

    public func cases(after id: CaseID?, count: Int) throws -> [CaseRow] {
        try all(
            "SELECT \(Self.caseColumns) FROM mentoring_case WHERE id > ? ORDER BY id LIMIT ?", .bytes(id?.bytes ?? []),
            .integer(count), read: Self.caseRow)
    }

    public func casesDue(before date: CivilDate) throws -> [CaseRow] {
        try all(
            "SELECT \(Self.caseColumns) FROM mentoring_case WHERE due < ? ORDER BY due, id", .integer(date.dayNumber),
            read: Self.caseRow)
    }

    public func appendEvent(_ id: CaseID, _ row: EventRow) throws {
        try run(
            "INSERT INTO case_event (case_id, sequence, sealed, link) VALUES (?, ?, ?, ?)", .of(id),
            .integer(row.sequence),
            .bytes(row.sealed), .bytes(row.link))
    }

    public func events(_ id: CaseID) throws -> [EventRow] {
        try all("SELECT sequence, sealed, link FROM case_event WHERE case_id = ? ORDER BY sequence", .of(id)) { row in
            EventRow(sequence: try row.integer(0), sealed: try row.bytes(1), link: try row.bytes(2))
        }
    }

    // MARK: Drafts

    private static let draftColumns = "SELECT round, case_id, workflow, opener, policy, sealed, due FROM draft"

    private static func draftRow(_ row: any SQLRow) throws -> DraftRow {
        DraftRow(
            round: try row.id(0), caseID: try row.id(1), workflow: try row.text(2), opener: try row.id(3),
            policy: try row.bytes(4),
            sealed: try row.bytes(5), due: try row.optional(6, row.date))
    }

    public func putDraft(_ row: DraftRow) throws {
        try run(
            "INSERT INTO draft (round, case_id, workflow, opener, policy, sealed, due) VALUES (?, ?, ?, ?, ?, ?, ?) "
                + "ON CONFLICT (round) DO UPDATE SET sealed = excluded.sealed, due = excluded.due",
            .of(row.round), .of(row.caseID), .text(row.workflow), .of(row.opener), .bytes(row.policy),
            .bytes(row.sealed),
            .of(row.due))
    }

    public func draft(of id: CaseID) throws -> DraftRow? {
        try first("\(Self.draftColumns) WHERE case_id = ?", .of(id), read: Self.draftRow)
    }

    public func drafts() throws -> [DraftRow] { try all("\(Self.draftColumns) ORDER BY round", read: Self.draftRow) }

    public func draftsDue(before date: CivilDate) throws -> [DraftRow] {
        try all("\(Self.draftColumns) WHERE due < ? ORDER BY due, round", .integer(date.dayNumber), read: Self.draftRow)
    }

    public func deleteDraft(_ round: RoundID) throws { try run("DELETE FROM draft WHERE round = ?", .of(round)) }

    // MARK: Releases

    private static func releaseRow(_ row: any SQLRow) throws -> ReleaseRow {
        ReleaseRow(reference: try row.bytes(0), sealed: try row.bytes(1), codeDigest: try row.bytes(2))
    }

    private static let releaseColumns = "release_id, case_id, code_digest FROM release_case"

    public func putRelease(_ row: ReleaseRow) throws {
        try run(
            "INSERT INTO release_case (release_id, case_id, code_digest) VALUES (?, ?, ?)", .bytes(row.reference),
            .bytes(row.sealed), .bytes(row.codeDigest))
    }

    public func deleteRelease(_ reference: [UInt8]) throws {
        try run("DELETE FROM release_case WHERE release_id = ?", .bytes(reference))
    }

    public func release(_ reference: [UInt8]) throws -> ReleaseRow? {
        try first(
            "SELECT \(Self.releaseColumns) WHERE release_id = ?", .bytes(reference), read: Self.releaseRow)
    }

    public func releases(after reference: [UInt8]?, count: Int) throws -> [ReleaseRow] {
        try all(
            "SELECT \(Self.releaseColumns) WHERE release_id > ? ORDER BY release_id LIMIT ?",
            .bytes(reference ?? []), .integer(count), read: Self.releaseRow)
    }

    public func release(withCodeDigest digest: [UInt8]) throws -> ReleaseRow? {
        try first(
            "SELECT release_id, case_id, code_digest FROM release_case WHERE code_digest = ?", .bytes(digest),
            read: Self.releaseRow)
    }

    // MARK: Parties

    private static let partyColumns = "handle, person, is_staff, rank, case_id, opener, workflow"

    private static func partyRow(_ row: any SQLRow) throws -> PartyRow {
        guard let rank = PartyRow.Rank(rawValue: try row.integer(3)) else { throw DamagedRow() }
        return PartyRow(
            handle: try row.id(0), person: try row.id(1), isStaff: try row.integer(2) != 0, rank: rank,
            caseID: try row.id(4),
            opener: try row.id(5), workflow: try row.text(6))
    }

    public func putParty(_ row: PartyRow) throws {
        try run(
            "INSERT INTO party (\(Self.partyColumns)) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (handle) DO UPDATE SET rank = excluded.rank",
            .of(row.handle), .of(row.person), .integer(row.isStaff ? 1 : 0), .integer(row.rank.rawValue),
            .of(row.caseID),
            .of(row.opener), .text(row.workflow))
    }

    public func deleteParty(_ handle: CaseHandle) throws { try run("DELETE FROM party WHERE handle = ?", .of(handle)) }

    public func parties(of id: CaseID) throws -> [PartyRow] {
        try all(
            "SELECT \(Self.partyColumns) FROM party WHERE case_id = ? ORDER BY handle", .of(id), read: Self.partyRow)
    }

    public func party(_ handle: CaseHandle, of person: PersonID) throws -> PartyRow? {
        try first(
            "SELECT \(Self.partyColumns) FROM party WHERE handle = ? AND person = ?", .of(handle), .of(person),
            read: Self.partyRow)
    }

    public func parties(
        of person: PersonID, isStaff: Bool, after place: (rank: PartyRow.Rank, handle: CaseHandle)?, count: Int
    ) throws -> [PartyRow] {
        let (rank, handle) = place.map { ($0.rank.rawValue, $0.handle.bytes) } ?? (-1, [])
        return try all(
            """
            SELECT \(Self.partyColumns) FROM party
            WHERE person = ? AND is_staff = ? AND (rank, handle) > (?, ?) ORDER BY rank, handle LIMIT ?
            """, .of(person), .integer(isStaff ? 1 : 0), .integer(rank), .bytes(handle), .integer(count),
            read: Self.partyRow)
    }

    // MARK: Places and closings

    public func putPlace(_ round: RoundID, mentor: PersonID) throws {
        try run(
            "INSERT INTO place (round, mentor) VALUES (?, ?) ON CONFLICT (round) DO UPDATE SET mentor = excluded.mentor",
            .of(round), .of(mentor))
    }

    public func deletePlace(_ round: RoundID) throws { try run("DELETE FROM place WHERE round = ?", .of(round)) }

    public func placesHeld(with mentor: PersonID) throws -> Int {
        try first("SELECT COUNT(*) FROM place WHERE mentor = ?", .of(mentor)) { try $0.integer(0) } ?? 0
    }

    public func roundsWithPlace(after round: RoundID?, count: Int) throws -> [RoundID] {
        try all(
            "SELECT round FROM place WHERE round > ? ORDER BY round LIMIT ?", .bytes(round?.bytes ?? []),
            .integer(count)
        ) { try $0.id(0) }
    }

    public func putPending(_ row: PendingRow) throws {
        try run(
            "INSERT INTO pending_closing (position, release_id, at, text) VALUES (?, ?, ?, ?)", .integer(row.order),
            .bytes(row.reference), .integer(row.at.dayNumber), row.text.map { .text($0) } ?? .null)
    }

    public func pending() throws -> [PendingRow] {
        try all("SELECT position, release_id, at, text FROM pending_closing ORDER BY position") { row in
            PendingRow(
                order: try row.integer(0), reference: try row.bytes(1), at: try row.date(2),
                text: try row.optional(3, row.text))
        }
    }

    public func isPending(_ reference: [UInt8]) throws -> Bool {
        try exists("SELECT 1 FROM pending_closing WHERE release_id = ?", .bytes(reference))
    }

    public func deletePending(_ order: Int) throws {
        try run("DELETE FROM pending_closing WHERE position = ?", .integer(order))
    }
}
