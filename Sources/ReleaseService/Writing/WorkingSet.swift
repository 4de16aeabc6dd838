internal import ReleaseLedger
internal import ReleaseWorkflow
internal import TransparencyLog

/// The database as a batch sees it: what is stored, and what the commands of the batch have changed so far.
///
/// Changes are held back and handed to the driver in one go. A question about one row is answered from the changes
/// first. The events and parties of one case and the entries of one release are merged from the database and the
/// changes. Every other question about many rows first hands over the changes, if any is of their kind.
///
/// Each attempt holds its own changes above those from before it. One that succeeds adds them to these; one that is
/// refused is undone by dropping them. Only if some of them had to be handed over meanwhile does that take a mark in
/// the database.
final class WorkingSet: StoreWriter {
    /// The changes of one attempt. An object, so that looking into it copies nothing.
    private final class Layer {
        var changes = Changes()
        /// The mark that the database was given before anything of this attempt was handed over.
        var mark: Int?
    }

    private let base: any StoreWriter
    /// The batch as a whole, then the attempts under way, outermost first. Only the last one changes.
    private var layers = [Layer()]
    private var markCount = 0
    /// Rows that were read from the database and not changed since: one coordinator is in every case of a batch.
    private var known = Known()
    /// The first record of this batch: it and what follows are under no signed head yet.
    private(set) var firstAppended: Int?
    /// The records of this batch by their indexes. That of an attempt that was undone stays until another takes its
    /// index.
    private(set) var appended: [Int: [UInt8]] = [:]

    private struct Known {
        var people: [PersonID: PersonRow?] = [:]
        var mentors: [PersonID: PersonRow?] = [:]
        var nodes: [NodePosition: TreeHash] = [:]
    }

    init(_ base: any StoreWriter) { self.base = base }

    // MARK: Holding back and handing over

    private func change(_ body: (inout Changes) -> Void) {
        let last = layers[layers.count - 1]
        body(&last.changes)
        last.changes.isEmpty = false
    }

    /// The newest value that something was changed to; nil where no change is about it.
    private func newest<T>(_ find: (borrowing Changes) -> T?) -> T? {
        for layer in layers.reversed() { if let found = find(layer.changes) { return found } }
        return nil
    }

    /// The row that was read before under this key, or that is read now.
    private func remembered<Key, Row>(
        _ rows: WritableKeyPath<Known, [Key: Row]>, _ key: Key, read: (Key) throws -> Row
    ) throws -> Row {
        if let found = known[keyPath: rows][key] { return found }
        let found = try read(key)
        known[keyPath: rows].updateValue(found, forKey: key)
        return found
    }

    private func isChanged(_ holds: (borrowing Changes) -> Bool) -> Bool { layers.contains { holds($0.changes) } }

    /// Hands everything over, behind a mark for every attempt that might have to undo it.
    func flush() throws {
        for (number, layer) in layers.enumerated() {
            if number > 0, layer.mark == nil {
                markCount += 1
                try base.mark(markCount)
                layer.mark = markCount
            }
            guard !layer.changes.isEmpty else { continue }
            known = Known()
            // Emptied afterwards: a failure leaves them, and the next attempt to hand them over fails as loudly.
            try base.store(layer.changes)
            layer.changes = Changes()
        }
    }

    private func flush(if isConcerned: (borrowing Changes) -> Bool) throws { if isChanged(isConcerned) { try flush() } }

    /// Runs `body`; if it throws, what it changed is undone and the error passed on, and the transaction goes on.
    func attempt<R>(_ body: () throws -> R) throws -> R {
        layers.append(Layer())
        let result: R
        do {
            result = try body()
        } catch {
            if let mark = layers.removeLast().mark {
                known = Known()
                try base.undo(to: mark)
            }
            throw error
        }
        let done = layers.removeLast()
        layers[layers.count - 1].changes.add(done.changes)
        if let mark = done.mark { try base.keep(since: mark) }
        return result
    }

    func lock(deciding: [PersonID], reading: [PersonID]) throws { try base.lock(deciding: deciding, reading: reading) }
    func store(_ changes: Changes) throws {
        try flush()
        known = Known()
        try base.store(changes)
    }
    func mark(_ number: Int) throws {
        try flush()
        try base.mark(number)
    }
    func undo(to number: Int) throws {
        for layer in layers { layer.changes = Changes() }
        known = Known()
        try base.undo(to: number)
    }
    func keep(since number: Int) throws { try base.keep(since: number) }

    // MARK: The log

    func setting(_ name: String) throws -> [UInt8]? { try newest { $0.settings[name] } ?? base.setting(name) }
    func setSetting(_ name: String, _ value: [UInt8]) { change { $0.settings[name] = value } }

    func logSize() throws -> Int { try newest { $0.entries.last.map { $0.index + 1 } } ?? base.logSize() }
    func appendEntry(_ index: Int, _ note: [UInt8]) {
        let release = Self.releaseName(in: note).flatMap { ReleaseID(parsing: String(decoding: $0, as: UTF8.self)) }
        firstAppended = min(firstAppended ?? index, index)
        appended[index] = note
        change { changes in
            if let release { changes.entriesOfReleases[release, default: []].append(changes.entries.count) }
            changes.entries.append((index, note))
        }
    }
    func entry(_ index: Int) throws -> [UInt8]? {
        try newest { $0.entry(index) } ?? base.entry(index)
    }
    func entries(from index: Int, count: Int) throws -> [[UInt8]] {
        try flush { !$0.entries.isEmpty }
        return try base.entries(from: index, count: count)
    }
    func entries(of release: ReleaseID) throws -> [(index: Int, note: [UInt8])] {
        try layers.reduce(into: base.entries(of: release)) { found, layer in
            found += layer.changes.entriesOfReleases[release]?.map { layer.changes.entries[$0] } ?? []
        }
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

    func node(at position: NodePosition) throws -> TreeHash {
        try newest { $0.nodes[position] } ?? remembered(\.nodes, position, read: base.node)
    }
    func putNode(_ position: NodePosition, _ hash: TreeHash) { change { $0.nodes[position] = hash } }
    func nodeCount() throws -> Int {
        try flush { !$0.nodes.isEmpty }
        return try base.nodeCount()
    }
    func putHead(size: Int, note: [UInt8]) {
        // A head of a size is written once.
        if newest({ $0.heads[size] }) == nil { change { $0.heads[size] = note } }
    }
    func heads(of sizes: ClosedRange<Int>) throws -> [(size: Int, note: [UInt8])] {
        try flush { !$0.heads.isEmpty }
        return try base.heads(of: sizes)
    }
    func head(atMost size: Int) throws -> (size: Int, note: [UInt8])? {
        try flush { !$0.heads.isEmpty }
        return try base.head(atMost: size)
    }
    func clearLog() throws {
        try flush()
        known = Known()
        try base.clearLog()
    }
    func putPolicy(_ digest: [UInt8], _ canonical: [UInt8]) { change { $0.policies[digest] = canonical } }
    func policy(_ digest: [UInt8]) throws -> [UInt8]? { try newest { $0.policies[digest] } ?? base.policy(digest) }

    // MARK: People

    func putPerson(_ row: PersonRow) { change { $0.people[row.id] = row } }
    func person(_ id: PersonID) throws -> PersonRow? {
        try newest { $0.people[id] } ?? remembered(\.people, id, read: base.person)
    }
    func people() throws -> [PersonRow] {
        try flush { !$0.people.isEmpty }
        return try base.people()
    }
    func putMentor(_ row: PersonRow) { change { $0.mentors[row.id] = row } }
    func mentor(_ id: PersonID) throws -> PersonRow? {
        try newest { $0.mentors[id] } ?? remembered(\.mentors, id, read: base.mentor)
    }
    func mentors() throws -> [PersonRow] {
        try flush { !$0.mentors.isEmpty }
        return try base.mentors()
    }
    func putIndex(_ tokens: [[UInt8]], of person: PersonID, key: [UInt8]) {
        change { $0.indexes[person] = Changes.Index(tokens: tokens, key: key) }
    }
    func people(withToken token: [UInt8]) throws -> [PersonID] {
        try flush { !$0.indexes.isEmpty }
        return try base.people(withToken: token)
    }

    // MARK: Cases

    func putCase(_ row: CaseRow) { change { $0.cases[row.id] = row } }
    func caseRow(_ id: CaseID) throws -> CaseRow? { try newest { $0.cases[id] } ?? base.caseRow(id) }
    func cases(after id: CaseID?, count: Int) throws -> [CaseRow] {
        try flush { !$0.cases.isEmpty }
        return try base.cases(after: id, count: count)
    }
    func casesDue(before date: CivilDate) throws -> [CaseRow] {
        try flush { !$0.cases.isEmpty }
        return try base.casesDue(before: date)
    }
    func appendEvent(_ id: CaseID, _ row: EventRow) {
        change { $0.events[id, default: []].append(row) }
    }
    func events(_ id: CaseID) throws -> [EventRow] {
        try layers.reduce(into: base.events(id)) { $0 += $1.changes.events[id] ?? [] }
    }
    func putDraft(_ row: DraftRow) {
        change { changes in
            changes.drafts[row.round] = .some(row)
            changes.roundsOfCases[row.caseID] = row.round
        }
    }
    func deleteDraft(_ round: RoundID) { change { $0.drafts[round] = .some(nil) } }
    func draft(of id: CaseID) throws -> DraftRow? {
        if let round = newest({ $0.roundsOfCases[id] }), case .some(let row?) = newest({ $0.drafts[round] }) {
            return row
        }
        guard let row = try base.draft(of: id) else { return nil }
        // A round that was changed here is another's by now, or nobody's.
        return newest { $0.drafts[row.round] } == nil ? row : nil
    }
    func drafts() throws -> [DraftRow] {
        try flush { !$0.drafts.isEmpty }
        return try base.drafts()
    }
    func draftsDue(before date: CivilDate) throws -> [DraftRow] {
        try flush { !$0.drafts.isEmpty }
        return try base.draftsDue(before: date)
    }
    func putRelease(_ row: ReleaseRow) { change { $0.releases[row.reference] = .some(row) } }
    func deleteRelease(_ reference: [UInt8]) { change { $0.releases[reference] = .some(nil) } }
    func release(_ reference: [UInt8]) throws -> ReleaseRow? {
        guard let known = newest({ $0.releases[reference] }) else { return try base.release(reference) }
        return known
    }
    func releases(after reference: [UInt8]?, count: Int) throws -> [ReleaseRow] {
        try flush { !$0.releases.isEmpty }
        return try base.releases(after: reference, count: count)
    }
    func release(withCodeDigest digest: [UInt8]) throws -> ReleaseRow? {
        if let row = newest({ $0.releases.values.compactMap { $0 }.first { $0.codeDigest == digest } }) { return row }
        guard let row = try base.release(withCodeDigest: digest) else { return nil }
        return try release(row.reference)
    }
    func putParty(_ row: PartyRow) {
        change { changes in
            changes.parties[row.handle] = .some(row)
            changes.handlesOfCases[row.caseID, default: []].insert(row.handle)
        }
    }
    func deleteParty(_ handle: CaseHandle) { change { $0.parties[handle] = .some(nil) } }
    func parties(of id: CaseID) throws -> [PartyRow] {
        let stored = try base.parties(of: id)
        guard isChanged({ !$0.parties.isEmpty }) else { return stored }
        let added = layers.reduce(into: Set()) { $0.formUnion($1.changes.handlesOfCases[id] ?? []) }
            .compactMap { handle in newest { $0.parties[handle] } ?? nil }
        return (stored.filter { row in newest { $0.parties[row.handle] } == nil } + added)
            .sorted { $0.handle < $1.handle }
    }
    func party(_ handle: CaseHandle, of person: PersonID) throws -> PartyRow? {
        guard let known = newest({ $0.parties[handle] }) else { return try base.party(handle, of: person) }
        return known?.person == person ? known : nil
    }
    func parties(
        of person: PersonID, isStaff: Bool, after place: (rank: PartyRow.Rank, handle: CaseHandle)?, count: Int
    ) throws -> [PartyRow] {
        try flush { !$0.parties.isEmpty }
        return try base.parties(of: person, isStaff: isStaff, after: place, count: count)
    }
    func putPlace(_ round: RoundID, mentor: PersonID) { change { $0.places[round] = .some(mentor) } }
    func deletePlace(_ round: RoundID) { change { $0.places[round] = .some(nil) } }
    func placesHeld(with mentor: PersonID) throws -> Int {
        try flush { !$0.places.isEmpty }
        return try base.placesHeld(with: mentor)
    }
    func roundsWithPlace(after round: RoundID?, count: Int) throws -> [RoundID] {
        try flush { !$0.places.isEmpty }
        return try base.roundsWithPlace(after: round, count: count)
    }
    func putPending(_ row: PendingRow) { change { $0.pending[row.order] = .some(row) } }
    func deletePending(_ order: Int) { change { $0.pending[order] = .some(nil) } }
    func pending() throws -> [PendingRow] {
        try flush { !$0.pending.isEmpty }
        return try base.pending()
    }
    func isPending(_ reference: [UInt8]) throws -> Bool {
        try flush { !$0.pending.isEmpty }
        return try base.isPending(reference)
    }

    // MARK: Access

    func putAccess(_ row: AccessRow) { change { $0.accesses[.init(row.kind, row.token)] = .some(row) } }
    func access(_ kind: AccessRow.Kind, _ token: [UInt8]) throws -> AccessRow? {
        guard let known = newest({ $0.accesses[.init(kind, token)] }) else { return try base.access(kind, token) }
        return known
    }
    func accesses(_ kind: AccessRow.Kind) throws -> [AccessRow] {
        try flush { !$0.accesses.isEmpty }
        return try base.accesses(kind)
    }
    func accesses(_ kind: AccessRow.Kind, of person: PersonID) throws -> [AccessRow] {
        try flush { !$0.accesses.isEmpty }
        return try base.accesses(kind, of: person)
    }
    func deleteAccess(_ kind: AccessRow.Kind, _ token: [UInt8]) throws -> Bool {
        let wasThere = try access(kind, token) != nil
        change { $0.accesses[.init(kind, token)] = .some(nil) }
        return wasThere
    }
    func deleteAccesses(_ kind: AccessRow.Kind, of person: PersonID) throws {
        try flush()
        try base.deleteAccesses(kind, of: person)
    }
    func deleteAccesses(expiredBefore instant: Int64) throws {
        try flush()
        try base.deleteAccesses(expiredBefore: instant)
    }

    // MARK: The vault

    func putSealed(_ key: [UInt8], _ field: String, _ sealed: [UInt8]) {
        change { $0.sealed[.init(key, field)] = sealed }
    }
    func sealed(_ key: [UInt8], _ field: String) throws -> [UInt8]? {
        try newest { $0.sealed[.init(key, field)] } ?? base.sealed(key, field)
    }
    func sealedNames(
        after name: (key: [UInt8], field: String)?, count: Int
    ) throws -> [(key: [UInt8], field: String)] {
        try flush { !$0.sealed.isEmpty }
        return try base.sealedNames(after: name, count: count)
    }
    func keysInUse(among keys: Set<[UInt8]>) throws -> Set<[UInt8]> {
        try flush()
        return try base.keysInUse(among: keys)
    }
    func deleteSealed(_ key: [UInt8], _ field: String) throws {
        try flush()
        try base.deleteSealed(key, field)
    }
    func deleteSealed(under key: [UInt8]) throws {
        try flush()
        try base.deleteSealed(under: key)
    }
    func deletePerson(_ id: PersonID) throws {
        try flush()
        known = Known()
        try base.deletePerson(id)
    }
    func deleteCovered(by keys: [[UInt8]]) throws {
        try flush()
        known = Known()
        try base.deleteCovered(by: keys)
    }
    func putErasure(_ key: [UInt8]) { change { $0.erasures[key] = true } }
    func deleteErasure(_ key: [UInt8]) { change { $0.erasures[key] = false } }
    func erasures() throws -> [[UInt8]] {
        try flush { !$0.erasures.isEmpty }
        return try base.erasures()
    }

    // MARK: Outcomes, messages, evaluations, the journal

    func putOutcome(_ row: OutcomeRow) { change { $0.outcomes[row.key] = row } }
    func outcome(_ key: [UInt8]) throws -> OutcomeRow? { try newest { $0.outcomes[key] } ?? base.outcome(key) }
    func deleteOutcomes(of round: RoundID) throws {
        try flush()
        try base.deleteOutcomes(of: round)
    }
    func dropFormerOutcomes() throws {
        try flush()
        try base.dropFormerOutcomes()
    }
    func putMessage(_ id: [UInt8], _ sealed: [UInt8], round: RoundID?) {
        change { $0.messages[id] = .some((sealed, round)) }
    }
    func deleteMessage(_ id: [UInt8]) { change { $0.messages[id] = .some(nil) } }
    func deleteMessages(of round: RoundID) throws {
        try flush()
        try base.deleteMessages(of: round)
    }
    func messages() throws -> [(id: [UInt8], sealed: [UInt8])] {
        try flush { !$0.messages.isEmpty }
        return try base.messages()
    }
    func message(_ id: [UInt8]) throws -> [UInt8]? {
        guard let known = newest({ $0.messages[id] }) else { return try base.message(id) }
        return known?.sealed
    }
    func putEvaluation(_ period: Int, code: [UInt8]) {
        change { $0.evaluationCodes[.init(period: period, token: code)] = true }
    }
    func hasEvaluation(_ period: Int, code: [UInt8]) throws -> Bool {
        try flush { !$0.evaluationCodes.isEmpty }
        return try base.hasEvaluation(period, code: code)
    }
    func deleteEvaluation(_ period: Int, code: [UInt8]) throws -> Bool {
        try flush()
        return try base.deleteEvaluation(period, code: code)
    }
    func evaluationCodeCount(_ period: Int) throws -> Int {
        try flush { !$0.evaluationCodes.isEmpty }
        return try base.evaluationCodeCount(period)
    }
    func putEvaluation(_ period: Int, answer key: [UInt8], _ text: String) {
        change { $0.evaluationAnswers[.init(period: period, token: key)] = text }
    }
    func evaluationAnswers(_ period: Int) throws -> [String] {
        try flush { !$0.evaluationAnswers.isEmpty }
        return try base.evaluationAnswers(period)
    }
    func putJournal(_ token: [UInt8], _ sealed: [UInt8]) {
        if newest({ $0.journal[token] }) == nil { change { $0.journal[token] = sealed } }
    }
    func journal() throws -> [(token: [UInt8], sealed: [UInt8])] {
        try flush { !$0.journal.isEmpty }
        return try base.journal()
    }
}
