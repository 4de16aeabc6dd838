internal import ReleaseWorkflow

/// Draws the word of a pair, when somebody is named: whoever reads more than one card tells them apart by it, and saves
/// the number under it instead of a name.
///
/// Drawn from the command's own seed, and another one than any in the cases of the two. It stands in the case and
/// nowhere else: in no record, no export, no letter.
struct PairWords {
    private let tx: Transaction

    init(_ tx: Transaction) { self.tx = tx }

    /// The events with a word after each naming of a counterpart.
    func naming(_ events: [Event], in loaded: LoadedCase) throws -> [Event] {
        try events.flatMap { event in
            guard case .counterpartNamed(let person) = event else { return [event] }
            return [event, .wordDrawn(try draw(for: person, in: loaded))]
        }
    }

    private func draw(for person: PersonID, in loaded: LoadedCase) throws -> String {
        let words = PairWordList.words
        let used = try self.used(by: [person, loaded.opener])
        let bytes = try tx.derive.bytes("word/\(loaded.id)/\(loaded.history.steps.count)", count: 2)
        let start = (Int(bytes[0]) << 8 | Int(bytes[1])) % words.count
        let turns = (0..<words.count).map { words[(start + $0) % words.count] }
        return turns.first { !used.contains($0) } ?? turns[0]
    }

    private func used(by people: [PersonID]) throws -> Set<String> {
        var used: Set<String> = []
        for person in people {
            for row in try tx.rows.parties(of: person, isStaff: false, after: nil, count: .max) {
                guard row.rank != .idle || row.opener != person else { continue }
                do {
                    let loaded = try tx.snapshot.cases.load(row.caseID, opener: row.opener, workflow: row.workflow)
                    used.formUnion(loaded.history.words)
                } catch Refusal.notFound {
                    // A workflow that a later version of the policy has dropped.
                    continue
                }
            }
        }
        return used
    }
}
