internal import ReleaseLedger
internal import ReleaseWorkflow
internal import TransparencyLog

/// Reveals what opens one commitment of a record.
struct RevealOpening {
    let release: ReleaseID
    /// The record's number within its release; 0 is the release itself.
    let sequence: Int
    /// Of the member, like `fields.phone`.
    let path: String

    /// - Throws: `Refusal.notFound` where there is none, or its evidence was erased; `FieldProblem` for a member that
    ///   is no commitment.
    func carryOut(_ tx: Transaction) throws -> (key: String, stated: String) {
        let entries = try tx.rows.entries(of: release)
        guard let caseRow = try tx.snapshot.caseRow(of: release), entries.indices.contains(sequence)
        else { throw Refusal.notFound }
        let loaded = try tx.snapshot.cases.load(caseRow)
        let record = try Record(parsing: SignedNote(parsing: entries[sequence].note).text, origin: tx.parts.origin)
        guard let stated = record.commitments[path] else {
            throw FieldProblem(
                field: "field", expected: "one of \(record.commitments.keys.sorted().joined(separator: ", "))")
        }
        guard let standing = loaded.state.releases.first(where: { $0.id == release }),
            let openings = try tx.snapshot.sealed(
                .evidence(standing.round), "openings/\(release)/\(sequence)", as: StoredTexts.self),
            let key = openings.texts[path]
        else { throw Refusal.notFound }
        try tx.journal(standing.discloser, "reveal \(path)", about: caseRow.id)
        return (key, stated.base64)
    }
}
