internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow
internal import TransparencyLog

/// Appends statements about a key and has the key taken up that they put into force, before the head over them is
/// signed.
struct StateKey: Act {
    enum Statement: Sendable {
        /// Signed by the record key, the key that leaves and the key that comes.
        case rotation
        /// Prepared for the log as it is, and signed by the recovery key.
        case revocation(Revocation, at: Int)
    }

    let role: KeyHistory.Role
    let signer: NoteSigner
    let statement: Statement

    /// - Throws: `FieldProblem` unless it is a new key of the right name.
    init(_ role: KeyHistory.Role, _ signer: NoteSigner, _ statement: Statement, _ history: KeyHistory) throws {
        let name = role == .record ? history.currentRecord.name : history.currentLog.name
        guard signer.key.name == name, signer.key.kind == .text,
            !(history.record + history.log).contains(where: { $0.key == signer.key })
        else { throw FieldProblem(field: "key", expected: "a new key of the name `\(name)`") }
        (self.role, self.signer, self.statement) = (role, signer, statement)
    }

    var text: String { "key \(role.rawValue) \(signer.key.text)" }
    var formerScope: String { "operator" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        try tx.permit(caller).require(tx.permit(caller).holds(.administrator))
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        // The last of its commit: what stands before it is under the old key, and nothing may come after it under that
        // one.
        for note in try notes(tx) {
            let pointer = try tx.append(note)
            try LogStatements.setKeys(LogStatements.keys(tx.rows) + [pointer.index], tx.rows)
        }
        tx.consequences.endsBatch = true
        tx.consequences.newKey = (role, signer)
        return Done()
    }

    private func notes(_ tx: Transaction) throws -> [SignedNote] {
        switch statement {
        case .rotation:
            guard let keys = tx.ledger.keys else { throw Refusal.notSigning }
            let text = try KeyStatement.text(
                role, signer.key, state: "active", from: tx.ledger.size + 1, on: tx.moment.date, origin: tx.parts.origin
            )
            var note = try SignedNote(unsigned: text).signed(by: keys.record)
            if role == .log { note = try note.signed(by: keys.log) }
            return [try note.signed(by: signer)]
        case .revocation(let statements, let size):
            guard tx.ledger.size == size else {
                throw FieldProblem(
                    field: "revocation", expected: "a log in which nothing was recorded since it was prepared")
            }
            return [statements.revocation, statements.replacement]
        }
    }
}
