internal import Cryptography
internal import Foundation
internal import ReleaseWorkflow

/// The factors that somebody shows again before they change how they sign in: whoever finds an open session changes
/// nothing.
public struct ShownAgain: Sendable {
    public var pin: String
    public var password: String
    /// Six digits of the authenticator, or a recovery code.
    public var code: String
    public init(pin: String = "", password: String = "", code: String = "") {
        (self.pin, self.password, self.code) = (pin, password, code)
    }
}

/// One place where somebody is signed in.
public struct OpenSession: Sendable {
    /// Stands for it in a form.
    public let id: String
    public let assurance: Assurance
    /// Milliseconds since 1970 UTC.
    public let began: Int64
    /// Milliseconds since 1970 UTC of the last use that was written down.
    public let seen: Int64
    /// True for the session in which this is read.
    public let isThis: Bool
}

/// The changes that somebody makes of their own sign-in, and the places where they are signed in.
struct OwnSignIn: Sendable {
    let core: Core
    let limiter: AttemptLimiter
    let hashing: PasswordHashing

    private func now() throws -> Int64 { try core.parts.time.now().instantMilliseconds }

    /// Checks what is shown again: of staff password and code, of others the PIN. Nothing is asked of somebody who has
    /// neither, as in a worked example.
    ///
    /// - Throws: ``AccessRefusal/refused`` for what is not right; ``AccessRefusal/tooMany`` after ten tries in fifteen
    ///   minutes; `Refusal.notFound` for anybody but the person.
    func check(_ shown: ShownAgain, of session: Session) async throws {
        let (person, now) = (session.person, try now())
        let account = try core.reader.read { try $0.account(of: person) ?? Account() }
        let isStaff = session.assurance == .staff
        guard let hash = isStaff ? account.password : account.pin else { return }
        guard limiter.allow("again \(person)", limit: 10, at: now) else { throw AccessRefusal.tooMany }
        let typed = isStaff ? shown.password.precomposedStringWithCompatibilityMapping : shown.pin
        guard try await hashing.matches(typed, hash, stranger: nil) else { throw AccessRefusal.refused }
        guard isStaff else { return limiter.clear("again \(person)") }
        let isRight = try await core.keep { tx -> Bool in
            guard var account = try tx.account(of: person), account.password == hash,
                try StaffSignIn.use(shown.code, of: &account, at: now)
            else { return false }
            try tx.put(account, of: person)
            return true
        }
        guard isRight else { throw AccessRefusal.refused }
        limiter.clear("again \(person)")
    }

    /// Makes a link with which a member of staff sets up password, authenticator and recovery codes anew. What they
    /// have now counts until it is used; their mailbox is told.
    func setUpAnew(_ shown: ShownAgain, of session: Session) async throws -> String {
        guard session.assurance == .staff else { throw Refusal.notFound }
        try await check(shown, of: session)
        let (bytes, secret) = (try RandomBytes.generate(count: 32), try RandomBytes.generate(count: 20))
        let (id, now) = (try RandomBytes.generate(count: 16), try now())
        try await core.keep { tx in
            try tx.rows.deleteAccesses(.link, of: session.person)
            try tx.tell(session.person, at: tx.account(of: session.person)?.address, id: id)
            try tx.put(
                LinkContent(purpose: .setUp, secret: secret), .link, SHA256.hash(bytes), of: session.person,
                expires: now + AccessTimes.link)
        }
        return Credentials.format(bytes)
    }

    /// The places where somebody is signed in, the newest first.
    func sessions(of session: Session) throws -> [OpenSession] {
        let now = try now()
        return try core.reader.read { snapshot in
            try snapshot.rows.accesses(.session, of: session.person).compactMap { row -> OpenSession? in
                guard let expires = row.expires, expires > now,
                    let content = try snapshot.open(row, as: SessionContent.self)
                else { return nil }
                let isStaff = content.assurance == .staff
                return OpenSession(
                    id: Hex.format(row.token.prefix(8)), assurance: content.assurance,
                    began: expires - (isStaff ? AccessTimes.staffAbsolute : AccessTimes.personAbsolute),
                    seen: content.seen, isThis: row.token == session.digest)
            }.sorted { $0.began > $1.began }
        }
    }

    /// Ends one of one's own sessions; one that is over is ended already.
    func end(_ id: String, of session: Session) async throws {
        try await core.keep { tx in
            for row in try tx.rows.accesses(.session, of: session.person)
            where Hex.format(row.token.prefix(8)) == id { _ = try tx.rows.deleteAccess(.session, row.token) }
        }
    }
}

extension Transaction {
    /// Ends every session of somebody but one.
    func endSessions(of person: PersonID, but kept: [UInt8]?) throws {
        for row in try rows.accesses(.session, of: person) where row.token != kept {
            _ = try rows.deleteAccess(.session, row.token)
        }
    }
}
