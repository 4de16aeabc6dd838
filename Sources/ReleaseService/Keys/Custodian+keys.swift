internal import Cryptography
internal import Foundation
internal import ReleaseWorkflow
public import TransparencyLog

/// The two statements that take a key out of force and put another into it.
public struct Revocation: Sendable {
    /// Signed by the recovery key alone.
    public var revocation: SignedNote
    /// Signed by the key that comes, and by the recovery key.
    public var replacement: SignedNote

    public init(revocation: SignedNote, replacement: SignedNote) {
        self.revocation = revocation
        self.replacement = replacement
    }

    /// Adds the recovery key's signature to both.
    public func signed(by recovery: NoteSigner) throws -> Revocation {
        Revocation(revocation: try revocation.signed(by: recovery), replacement: try replacement.signed(by: recovery))
    }
}

extension Custodian {
    /// Puts a new record or log key into force: a statement in the log, signed by the record key, the key that leaves and the key that comes.
    ///
    /// The statement is the last record, or under the last head, of the old key; the head that covers it is signed by the log key then in force.
    ///
    /// - Returns: the outcome, whose one record is the statement.
    public func rotate(_ role: KeyHistory.Role, to signer: NoteSigner) async throws -> Outcome {
        try await state(role, signer) { [self] index, date in
            guard let keys else { throw Refusal.notSigning }
            let text = try statement(role, signer.key, state: "active", from: index + 1, on: date)
            var note = try SignedNote(unsigned: text).signed(by: keys.record)
            if role == .log { note = try note.signed(by: keys.log) }
            return [try note.signed(by: signer)]
        }
    }

    /// The statements that revoke the key in force and replace it, for the recovery key to sign where it is kept.
    ///
    /// They hold for the log as it is now: nothing may be recorded before they are taken up.
    ///
    /// - Parameter from: the first record, or the size of the first head, that is not to be trusted; nil for what comes next.
    public func revocation(_ role: KeyHistory.Role, from: Int?, replacement signer: NoteSigner) throws -> Revocation {
        let index = try parts.store.read { try $0.logSize() }
        let current = role == .record ? history.currentRecord : history.currentLog
        // The head over everything so far is still the old key's.
        let last = role == .log ? index + 1 : index
        let from = from ?? last
        guard (0...last).contains(from) else {
            throw FieldProblem(field: "from", expected: "a whole number from 0 to \(last)")
        }
        let date = try moment().date
        let revocation = try SignedNote(unsigned: statement(role, current, state: "revoked", from: from, on: date))
        let replacement = try SignedNote(unsigned: statement(role, signer.key, state: "active", from: index + 2, on: date))
        return Revocation(revocation: revocation, replacement: try replacement.signed(by: signer))
    }

    /// Takes up a revocation that the recovery key has signed.
    ///
    /// - Throws: `FieldProblem` unless both statements are signed as they must be and fit the log as it is.
    public func revoke(_ role: KeyHistory.Role, _ statements: Revocation, signer: NoteSigner) async throws -> Outcome {
        func check(_ note: SignedNote, _ what: String, _ body: (Record) throws -> Bool) throws {
            guard let record = try? Record(parsing: note.text, origin: parts.origin), record.type == .key,
                record.json["role"]?.string == role.rawValue, try body(record)
            else {
                throw FieldProblem(
                    field: what, expected: "the statement for the log as it is now, signed as it must be: prepare it again")
            }
        }
        let size = try parts.store.read { try $0.logSize() }
        let current = role == .record ? history.currentRecord : history.currentLog
        try check(statements.revocation, "revocation") { record in
            (try? statements.revocation.verify(byEach: [history.recovery])) != nil && record.json["state"]?.string == "revoked"
                && record.json["key"]?.string == current.text && record.json["from"]?.integer ?? .max <= size + 1
        }
        try check(statements.replacement, "replacement") { record in
            (try? statements.replacement.verify(byEach: [history.recovery, signer.key])) != nil
                && record.json["state"]?.string == "active" && record.json["key"]?.string == signer.key.text
                && record.json["from"]?.integer == size + 2
        }
        return try await state(role, signer) { index, _ in
            guard index == size else {
                throw FieldProblem(field: "revocation", expected: "a log in which nothing was recorded since it was prepared")
            }
            return [statements.revocation, statements.replacement]
        }
    }

    private func statement(_ role: KeyHistory.Role, _ key: NoteKey, state: String, from: Int, on date: CivilDate) throws -> String {
        try Record(
            origin: parts.origin, type: .key,
            json: .object([
                "at": .string(date.description), "from": .integer(from), "key": .string(key.text), "role": .string(role.rawValue),
                "state": .string(state), "v": .integer(1),
            ])
        ).text
    }

    /// Appends statements and takes up the key that they put into force, before the head over them is signed.
    private func state(
        _ role: KeyHistory.Role, _ signer: NoteSigner, _ notes: @escaping (Int, CivilDate) throws -> [SignedNote]
    ) async throws -> Outcome {
        let name = role == .record ? history.currentRecord.name : history.currentLog.name
        guard signer.key.name == name, signer.key.kind == .text,
            !(history.record + history.log).contains(where: { $0.key == signer.key })
        else { throw FieldProblem(field: "key", expected: "a new key of the name `\(name)`") }
        return try await road(key: nil, scope: "operator", text: "key \(role.rawValue) \(signer.key.text)") { step in
            // The last of its commit: what stands before it is under the old key, and nothing may come after it under that one.
            for note in try notes(step.tree.size, step.moment.date) {
                let pointer = try self.append(note, in: step)
                try step.tx.setSetting("keyStatements", Self.encode(KeyHistory.statements(step.tx) + [pointer.index]))
            }
            step.endsBatch = true
            step.newKey = (role, signer)
            return Done()
        }
    }
}
