internal import Cryptography
internal import ReleaseWorkflow

/// The content of a session's row.
struct SessionContent {
    var assurance: Assurance
    /// Milliseconds since 1970 UTC of the last use that was written down.
    var seen: Int64
    /// The person's own keys, sealed under the token of the session.
    var own: [UInt8]?
}

/// The purpose of a link.
public enum LinkPurpose: String, Sendable {
    /// Signs a participant or mentor in, with their PIN.
    case signIn
    /// Sets a member of staff's password and authenticator.
    case setUp
    /// Signs anybody in with nothing else: only in folders of worked examples.
    case example
    /// Confirms an address that a person wants to have their mail at.
    case address
}

/// The content of a link's row.
struct LinkContent {
    var purpose: LinkPurpose
    var failureCount = 0
    /// The secret that the authenticator is being given.
    var secret: [UInt8]?
    /// The address that is confirmed.
    var address: String?
}

/// Reads and seals rows of access, each under its person's identity key.
extension Snapshot {
    func account(of id: PersonID) throws -> Account? {
        try rows.access(.account, id.bytes).flatMap { try open($0, as: Account.self) }
    }

    func summary(of id: PersonID) throws -> Account.Summary {
        (try account(of: id) ?? Account()).summary(under: current.policy, at: moment)
    }

    /// Opens a row. A value that was opened before counts only while its key is there.
    func open<Content: StoredValue & Sendable>(_ row: AccessRow, as type: Content.Type) throws -> Content? {
        let id = Array(row.kind.rawValue.utf8) + row.token
        let known = cache?.value(id, stamp: row.sealed, as: Content.self)
        if let known, try vault.holds(row.key) { return known }
        let field = "access/\(row.kind.rawValue)/\(Hex.format(row.token))"
        guard let opened = try vault.open(row.sealed, .identity(row.person), field) else { return nil }
        let content = try StoredCodec.decode(opened, as: type)
        remember(content, id, stamp: row.sealed, openedUnder: row.key, byteCount: 2 * row.sealed.count)
        return content
    }
}

extension Transaction {
    func account(of id: PersonID) throws -> Account? { try snapshot.account(of: id) }

    /// Whoever has no PIN any more reads nothing any more that was sealed to it.
    func put(_ account: Account, of id: PersonID) throws {
        try vault.prepare([.identity(id)])
        if account.pin == nil, try self.account(of: id)?.pin != nil { try giveUpReadingKey(of: id) }
        try put(account, .account, id.bytes, of: id, expires: nil)
    }

    func put(
        _ content: some StoredValue, _ kind: AccessRow.Kind, _ token: [UInt8], of person: PersonID, expires: Int64?
    ) throws {
        let field = "access/\(kind.rawValue)/\(Hex.format(token))"
        let (key, sealed) = try vault.seal(StoredCodec.encode(content), .identity(person), field)
        rows.putAccess(AccessRow(kind: kind, token: token, person: person, key: key, sealed: sealed, expires: expires))
    }

    /// Leaves a letter to the address that an account had, if it had one, that something about it was changed.
    func tell(_ person: PersonID, at former: String?, id: [UInt8]) throws {
        guard let former else { return }
        try leave(Message(to: person, access: .changed(former: former), on: moment.date), id: id)
    }

    func leave(_ message: Message, id: [UInt8]) throws {
        rows.putMessage(id, try vault.seal(message, fixed: "message"), round: nil)
    }
}
