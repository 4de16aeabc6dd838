internal import ReleaseLedger
internal import ReleaseWorkflow
internal import TransparencyLog

/// The database as a batch sees it: what is stored, and what the commands of the batch have changed so far.
///
/// Changes are held back and handed to the driver in one go. A question about one row is answered from the changes
/// first; a question about many rows, like a count or a list, hands over what is held back of their kind before it is
/// asked. So each answer is that of the database with all changes in it.
///
/// A command that is refused is undone by dropping its changes. Only if some of them had to be handed over meanwhile
/// does that take a mark in the database.
final class WorkingSet: StoreWriter {
    private let base: any StoreWriter
    private var changes = Changes()
    /// The attempts that are under way, outermost first: the changes from before each, and its mark once it has one.
    private var attempts: [(before: Changes, mark: Int?)] = []
    private var markCount = 0
    /// The first record of this batch: it and what follows are under no signed head yet.
    private(set) var firstAppended: Int?

    init(_ base: any StoreWriter) { self.base = base }

    // MARK: Holding back and handing over

    private func change(_ body: (inout Changes) -> Void) {
        body(&changes)
        changes.isEmpty = false
    }

    /// Hands everything over.
    func flush() throws {
        guard !changes.isEmpty else { return }
        for index in attempts.indices where attempts[index].mark == nil {
            markCount += 1
            try base.mark(markCount)
            attempts[index].mark = markCount
        }
        let all = changes
        changes = Changes()
        try base.store(all)
    }

    private func flush(if isConcerned: Bool) throws { if isConcerned { try flush() } }

    /// Runs `body`; if it throws, what it changed is undone and the error passed on, and the transaction goes on.
    func attempt<R>(_ body: () throws -> R) throws -> R {
        attempts.append((changes, nil))
        let result: R
        do {
            result = try body()
        } catch {
            let attempt = attempts.removeLast()
            changes = attempt.before
            if let mark = attempt.mark { try base.undo(to: mark) }
            throw error
        }
        if let mark = attempts.removeLast().mark { try base.keep(since: mark) }
        return result
    }

    func lock(deciding: [PersonID], reading: [PersonID]) throws { try base.lock(deciding: deciding, reading: reading) }
    func store(_ changes: Changes) throws {
        try flush()
        try base.store(changes)
    }
    func mark(_ number: Int) throws {
        try flush()
        try base.mark(number)
    }
    func undo(to number: Int) throws {
        changes = Changes()
        try base.undo(to: number)
    }
    func keep(since number: Int) throws { try base.keep(since: number) }

    // MARK: The log

    func setting(_ name: String) throws -> [UInt8]? { try changes.settings[name] ?? base.setting(name) }
    func setSetting(_ name: String, _ value: [UInt8]) { change { $0.settings[name] = value } }

    func logSize() throws -> Int { try changes.entries.last.map { $0.index + 1 } ?? base.logSize() }
    func appendEntry(_ index: Int, _ note: [UInt8]) {
        let release = Self.releaseName(in: note).flatMap { ReleaseID(parsing: String(decoding: $0, as: UTF8.self)) }
        firstAppended = min(firstAppended ?? index, index)
        change { changes in
            if let release { changes.entriesOfReleases[release, default: []].append(changes.entries.count) }
            changes.entries.append((index, note))
        }
    }
    func entry(_ index: Int) throws -> [UInt8]? {
        try changes.entries.first { $0.index == index }?.note ?? base.entry(index)
    }
    func entries(from index: Int, count: Int) throws -> [[UInt8]] {
        try flush(if: !changes.entries.isEmpty)
        return try base.entries(from: index, count: count)
    }
    func entries(of release: ReleaseID) throws -> [(index: Int, note: [UInt8])] {
        try base.entries(of: release) + (changes.entriesOfReleases[release] ?? []).map { changes.entries[$0] }
    }

    private static let mark = Array("\"release\":\"".utf8)

    /// The release that a record names: the same text that the index of the database is made of.
    private static func releaseName(in note: [UInt8]) -> ArraySlice<UInt8>? {
        let place: Range<Int>? = note.withUnsafeBufferPointer { bytes in
            mark.withUnsafeBufferPointer { mark -> Range<Int>? in
                guard bytes.count >= mark.count + 32 else { return nil }
                for start in 0...(bytes.count - mark.count - 32) where bytes[start] == mark[0] {
                    var length = 1
                    while length < mark.count, bytes[start + length] == mark[length] { length += 1 }
                    if length == mark.count { return start + length..<start + length + 32 }
                }
                return nil
            }
        }
        return place.map { note[$0] }
    }

    func node(at position: NodePosition) throws -> TreeHash { try changes.nodes[position] ?? base.node(at: position) }
    func putNode(_ position: NodePosition, _ hash: TreeHash) { change { $0.nodes[position] = hash } }
    func nodeCount() throws -> Int {
        try flush(if: !changes.nodes.isEmpty)
        return try base.nodeCount()
    }
    func putHead(size: Int, note: [UInt8]) { change { $0.heads[size] = note } }
    func heads(of sizes: ClosedRange<Int>) throws -> [(size: Int, note: [UInt8])] {
        try flush(if: !changes.heads.isEmpty)
        return try base.heads(of: sizes)
    }
    func head(atMost size: Int) throws -> (size: Int, note: [UInt8])? {
        try flush(if: !changes.heads.isEmpty)
        return try base.head(atMost: size)
    }
    func clearLog() throws {
        try flush()
        try base.clearLog()
    }
    func putPolicy(_ digest: [UInt8], _ canonical: [UInt8]) { change { $0.policies[digest] = canonical } }
    func policy(_ digest: [UInt8]) throws -> [UInt8]? { try changes.policies[digest] ?? base.policy(digest) }

    // MARK: People

    func putPerson(_ row: PersonRow) { change { $0.people[row.id] = row } }
    func person(_ id: PersonID) throws -> PersonRow? { try changes.people[id] ?? base.person(id) }
    func people() throws -> [PersonRow] {
        try flush(if: !changes.people.isEmpty)
        return try base.people()
    }
    func putMentor(_ row: PersonRow) { change { $0.mentors[row.id] = row } }
    func mentor(_ id: PersonID) throws -> PersonRow? { try changes.mentors[id] ?? base.mentor(id) }
    func mentors() throws -> [PersonRow] {
        try flush(if: !changes.mentors.isEmpty)
        return try base.mentors()
    }
    func putIndex(_ tokens: [[UInt8]], of person: PersonID, key: [UInt8]) {
        change { $0.indexes[person] = Changes.Index(tokens: tokens, key: key) }
    }
    func people(withToken token: [UInt8]) throws -> [PersonID] {
        try flush(if: !changes.indexes.isEmpty)
        return try base.people(withToken: token)
    }

    // MARK: Cases

    func putCase(_ row: CaseRow) { change { $0.cases[row.id] = row } }
    func caseRow(_ id: CaseID) throws -> CaseRow? { try changes.cases[id] ?? base.caseRow(id) }
    func cases(after id: CaseID?, count: Int) throws -> [CaseRow] {
        try flush(if: !changes.cases.isEmpty)
        return try base.cases(after: id, count: count)
    }
    func casesDue(before date: CivilDate) throws -> [CaseRow] {
        try flush(if: !changes.cases.isEmpty)
        return try base.casesDue(before: date)
    }
    func appendEvent(_ id: CaseID, _ row: EventRow) {
        change { $0.events[Changes.EventKey(id: id, sequence: row.sequence)] = row }
    }
    func events(_ id: CaseID) throws -> [EventRow] {
        let added = changes.events.filter { $0.key.id == id }.map(\.value).sorted { $0.sequence < $1.sequence }
        return try base.events(id) + added
    }
    func putDraft(_ row: DraftRow) { change { $0.drafts[row.round] = .some(row) } }
    func deleteDraft(_ round: RoundID) { change { $0.drafts[round] = .some(nil) } }
    func draft(of id: CaseID) throws -> DraftRow? {
        for case let row? in changes.drafts.values where row.caseID == id { return row }
        guard let row = try base.draft(of: id) else { return nil }
        // A round that was changed here is another's by now, or nobody's.
        return changes.drafts[row.round] == nil ? row : nil
    }
    func drafts() throws -> [DraftRow] {
        try flush(if: !changes.drafts.isEmpty)
        return try base.drafts()
    }
    func draftsDue(before date: CivilDate) throws -> [DraftRow] {
        try flush(if: !changes.drafts.isEmpty)
        return try base.draftsDue(before: date)
    }
    func putRelease(_ row: ReleaseRow) { change { $0.releases[row.id] = row } }
    func release(_ id: ReleaseID) throws -> ReleaseRow? { try changes.releases[id] ?? base.release(id) }
    func release(withCodeDigest digest: [UInt8]) throws -> ReleaseRow? {
        try changes.releases.values.first { $0.codeDigest == digest } ?? base.release(withCodeDigest: digest)
    }
    func putParty(_ row: PartyRow) { change { $0.parties[row.handle] = .some(row) } }
    func deleteParty(_ handle: CaseHandle) { change { $0.parties[handle] = .some(nil) } }
    func parties(of id: CaseID) throws -> [PartyRow] {
        let stored = try base.parties(of: id).filter { changes.parties[$0.handle] == nil }
        let added = changes.parties.values.compactMap { $0 }.filter { $0.caseID == id }
        return added.isEmpty ? stored : (stored + added).sorted { $0.handle < $1.handle }
    }
    func party(_ handle: CaseHandle, of person: PersonID) throws -> PartyRow? {
        guard let known = changes.parties[handle] else { return try base.party(handle, of: person) }
        return known?.person == person ? known : nil
    }
    func parties(
        of person: PersonID, isStaff: Bool, after place: (rank: PartyRow.Rank, handle: CaseHandle)?, count: Int
    ) throws -> [PartyRow] {
        try flush(if: !changes.parties.isEmpty)
        return try base.parties(of: person, isStaff: isStaff, after: place, count: count)
    }
    func putPlace(_ round: RoundID, mentor: PersonID) { change { $0.places[round] = .some(mentor) } }
    func deletePlace(_ round: RoundID) { change { $0.places[round] = .some(nil) } }
    func placesHeld(with mentor: PersonID) throws -> Int {
        try flush(if: !changes.places.isEmpty)
        return try base.placesHeld(with: mentor)
    }
    func putPending(_ row: PendingRow) { change { $0.pending[row.order] = .some(row) } }
    func deletePending(_ order: Int) { change { $0.pending[order] = .some(nil) } }
    func pending() throws -> [PendingRow] {
        try flush(if: !changes.pending.isEmpty)
        return try base.pending()
    }
    func isPending(_ release: ReleaseID) throws -> Bool {
        try flush(if: !changes.pending.isEmpty)
        return try base.isPending(release)
    }

    // MARK: Access

    func putAccess(_ row: AccessRow) { change { $0.accesses[.init(row.kind, row.token)] = .some(row) } }
    func access(_ kind: AccessRow.Kind, _ token: [UInt8]) throws -> AccessRow? {
        guard let known = changes.accesses[.init(kind, token)] else { return try base.access(kind, token) }
        return known
    }
    func accesses(_ kind: AccessRow.Kind) throws -> [AccessRow] {
        try flush(if: !changes.accesses.isEmpty)
        return try base.accesses(kind)
    }
    func accesses(_ kind: AccessRow.Kind, of person: PersonID) throws -> [AccessRow] {
        try flush(if: !changes.accesses.isEmpty)
        return try base.accesses(kind, of: person)
    }
    func deleteAccess(_ kind: AccessRow.Kind, _ token: [UInt8]) throws -> Bool {
        let wasThere = try access(kind, token) != nil
        change { $0.accesses[.init(kind, token)] = .some(nil) }
        return wasThere
    }
    func deleteAccesses(_ kind: AccessRow.Kind, of person: PersonID) throws {
        try flush()
        try marked { try base.deleteAccesses(kind, of: person) }
    }
    func deleteAccesses(expiredBefore instant: Int64) throws {
        try flush()
        try marked { try base.deleteAccesses(expiredBefore: instant) }
    }

    // MARK: The vault

    func putSealed(_ key: [UInt8], _ field: String, _ sealed: [UInt8]) {
        change { $0.sealed[.init(key, field)] = sealed }
    }
    func sealed(_ key: [UInt8], _ field: String) throws -> [UInt8]? {
        try changes.sealed[.init(key, field)] ?? base.sealed(key, field)
    }
    func keysInUse() throws -> Set<[UInt8]> {
        try flush()
        return try base.keysInUse()
    }
    func deleteSealed(under key: [UInt8]) throws {
        try flush()
        try marked { try base.deleteSealed(under: key) }
    }
    func deletePerson(_ id: PersonID) throws {
        try flush()
        try marked { try base.deletePerson(id) }
    }
    func deleteCovered(by keys: [[UInt8]]) throws {
        try flush()
        try marked { try base.deleteCovered(by: keys) }
    }
    func putErasure(_ key: [UInt8]) { change { $0.erasures[key] = true } }
    func deleteErasure(_ key: [UInt8]) { change { $0.erasures[key] = false } }
    func erasures() throws -> [[UInt8]] {
        try flush(if: !changes.erasures.isEmpty)
        return try base.erasures()
    }

    // MARK: Outcomes, messages, evaluations, the journal

    func putOutcome(_ row: OutcomeRow) { change { $0.outcomes[row.key] = row } }
    func outcome(_ key: [UInt8]) throws -> OutcomeRow? { try changes.outcomes[key] ?? base.outcome(key) }
    func deleteOutcomes(of round: RoundID) throws {
        try flush(if: !changes.outcomes.isEmpty)
        try marked { try base.deleteOutcomes(of: round) }
    }
    func putMessage(_ id: [UInt8], _ sealed: [UInt8], round: RoundID?) {
        change { $0.messages[id] = .some((sealed, round)) }
    }
    func deleteMessage(_ id: [UInt8]) { change { $0.messages[id] = .some(nil) } }
    func deleteMessages(of round: RoundID) throws {
        try flush(if: !changes.messages.isEmpty)
        try marked { try base.deleteMessages(of: round) }
    }
    func messages() throws -> [(id: [UInt8], sealed: [UInt8])] {
        try flush(if: !changes.messages.isEmpty)
        return try base.messages()
    }
    func message(_ id: [UInt8]) throws -> [UInt8]? {
        guard let known = changes.messages[id] else { return try base.message(id) }
        return known?.sealed
    }
    func putEvaluation(_ period: Int, code: [UInt8]) {
        change { $0.evaluationCodes[.init(period: period, token: code)] = true }
    }
    func deleteEvaluation(_ period: Int, code: [UInt8]) throws -> Bool {
        try flush()
        return try marked { try base.deleteEvaluation(period, code: code) }
    }
    func evaluationCodeCount(_ period: Int) throws -> Int {
        try flush(if: !changes.evaluationCodes.isEmpty)
        return try base.evaluationCodeCount(period)
    }
    func putEvaluation(_ period: Int, answer key: [UInt8], _ text: String) {
        change { $0.evaluationAnswers[.init(period: period, token: key)] = text }
    }
    func evaluationAnswers(_ period: Int) throws -> [String] {
        try flush(if: !changes.evaluationAnswers.isEmpty)
        return try base.evaluationAnswers(period)
    }
    func putJournal(_ token: [UInt8], _ sealed: [UInt8]) {
        if changes.journal[token] == nil { change { $0.journal[token] = sealed } }
    }
    func journal() throws -> [(token: [UInt8], sealed: [UInt8])] {
        try flush(if: !changes.journal.isEmpty)
        return try base.journal()
    }

    /// Runs what goes to the database at once, behind a mark for every attempt that might have to undo it.
    private func marked<R>(_ body: () throws -> R) throws -> R {
        for index in attempts.indices where attempts[index].mark == nil {
            markCount += 1
            try base.mark(markCount)
            attempts[index].mark = markCount
        }
        return try body()
    }
}
