public import Records
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

    /// Prepares the statements that revoke the key in force and replace it, for the recovery key to sign where it is
    /// kept.
    ///
    /// They hold for a log of `size` records: nothing may be recorded before they are taken up.
    ///
    /// - Parameter from: the first record, or the size of the first head, that is not to be trusted; nil for what comes
    ///   next.
    /// - Returns: nil for a `from` that is not from 0 to ``last(_:size:)``.
    public static func prepare(
        _ role: KeyHistory.Role, from: Int?, replacement signer: NoteSigner, history: KeyHistory, size: Int,
        on date: CivilDate,
        origin: String
    ) throws -> Revocation? {
        let current = role == .record ? history.currentRecord : history.currentLog
        let last = last(role, size: size)
        let from = from ?? last
        guard (0...last).contains(from) else { return nil }
        let revocation = try SignedNote(
            unsigned: KeyStatement.text(role, current, state: "revoked", from: from, on: date, origin: origin))
        let replacement = try SignedNote(
            unsigned: KeyStatement.text(role, signer.key, state: "active", from: size + 2, on: date, origin: origin))
        return Revocation(revocation: revocation, replacement: try replacement.signed(by: signer))
    }

    /// The last place from which a revocation can say not to trust a key: the head over everything so far is still the
    /// old key's.
    public static func last(_ role: KeyHistory.Role, size: Int) -> Int { role == .log ? size + 1 : size }

    /// True if the statement that revokes is signed as it must be and fits a log of `size` records.
    public func isRevocation(of role: KeyHistory.Role, _ history: KeyHistory, size: Int, origin: String) -> Bool {
        let current = role == .record ? history.currentRecord : history.currentLog
        guard let json = KeyStatement.json(revocation, role, origin: origin) else { return false }
        return (try? revocation.verify(byEach: [history.recovery])) != nil && json["state"]?.string == "revoked"
            && json["key"]?.string == current.text && json["from"]?.integer ?? .max <= size + 1
    }

    /// True if the statement that replaces is signed as it must be and fits a log of `size` records.
    public func isReplacement(
        by key: NoteKey, _ role: KeyHistory.Role, _ history: KeyHistory, size: Int, origin: String
    ) -> Bool {
        guard let json = KeyStatement.json(replacement, role, origin: origin) else { return false }
        return (try? replacement.verify(byEach: [history.recovery, key])) != nil && json["state"]?.string == "active"
            && json["key"]?.string == key.text && json["from"]?.integer == size + 2
    }
}

/// The text of a statement about a key.
public enum KeyStatement {
    public static func text(
        _ role: KeyHistory.Role, _ key: NoteKey, state: String, from: Int, on date: CivilDate, origin: String
    ) throws -> String {
        try Record(
            origin: origin, type: .key,
            json: .object([
                "at": .string(date.description), "from": .integer(from), "key": .string(key.text),
                "role": .string(role.rawValue),
                "state": .string(state), "v": .integer(1),
            ])
        ).text
    }

    /// Reads what a note states of a key in `role`; nil where it states nothing of the kind.
    static func json(_ note: SignedNote, _ role: KeyHistory.Role, origin: String) -> CanonicalJSON? {
        guard let record = try? Record(parsing: note.text, origin: origin), record.type == .key,
            record.json["role"]?.string == role.rawValue
        else { return nil }
        return record.json
    }
}
