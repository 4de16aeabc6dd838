internal import Cryptography
internal import Logging
internal import ReleaseWorkflow
internal import Synchronization

/// Sessions: a random token, kept as a hash; its row is sealed under its person's identity key.
final class Sessions: Sendable {
    /// Everything that is needed to begin a session, made before the transaction that begins it.
    struct New: Sendable {
        let token: String
        let digest: [UInt8]
        /// The bytes of the token, under which the person's own keys are sealed.
        let secret: SecretBytes
        let content: SessionContent
        let expires: Int64
    }

    private let core: Core
    /// When each session was last used, where that is newer than what is stored.
    private let lastUse = Mutex([[UInt8]: Int64]())

    init(_ core: Core) { self.core = core }

    private func now() throws -> Int64 { try core.parts.time.now().instantMilliseconds }

    /// A session as its token names it; nil if there is none, it has lapsed, or its account is closed.
    func session(_ token: String) async throws -> Session? {
        guard let bytes = Credentials.parse(token) else { return nil }
        let digest = SHA256.hash(bytes)
        let now = try now()
        let found = try core.reader.read { snapshot -> (SessionContent, Session, AccessRow)? in
            guard let row = try snapshot.rows.access(.session, digest), row.expires ?? 0 > now,
                let content = try snapshot.open(row, as: SessionContent.self),
                let identity = try snapshot.people.identity(row.person),
                try snapshot.account(of: row.person)?.isDisabled != true
            else { return nil }
            let formToken = try snapshot.vault.commandDigest("form", token)
            // Where a program keeps no staff its administrator keeps the roll.
            let keepsRoll =
                snapshot.current.policy.administration == .`self` && identity.roles.contains(.administrator)
            let session = Session(
                person: row.person, roles: Set(identity.roles + (keepsRoll ? [.coordinator] : [])),
                assurance: content.assurance, digest: digest,
                own: try content.own.map {
                    try OwnKeys.open($0, of: row.person, under: SecretBytes(copying: bytes), .session, snapshot.vault)
                },
                formToken: Base64.format(Array(formToken.prefix(18))))
            return (content, session, row)
        }
        guard let (content, session, row) = found else { return nil }
        let idle = content.assurance == .staff ? AccessTimes.staffIdle : AccessTimes.personIdle
        let isIdle = lastUse.withLock { lastUse in
            let last = max(content.seen, lastUse[digest] ?? 0)
            if now - last > idle { return true }
            lastUse[digest] = max(now, last)
            return false
        }
        if isIdle {
            try await signOut(session)
            return nil
        }
        if now - content.seen > AccessTimes.touch { touch(content, row, at: now) }
        return session
    }

    /// Writes down that a session is in use, some time soon: no page waits for it.
    private func touch(_ content: SessionContent, _ row: AccessRow, at now: Int64) {
        var touched = content
        touched.seen = now
        let (kept, digest, person, expires) = (touched, row.token, row.person, row.expires)
        let core = core
        Task {
            do {
                try await core.keep { tx in
                    // Signed out meanwhile, it stays signed out.
                    guard try tx.rows.access(.session, digest) != nil else { return }
                    try tx.put(kept, .session, digest, of: person, expires: expires)
                }
            } catch {
                core.parts.logger.error("that a session is in use was not written down")
            }
        }
    }

    func new(_ assurance: Assurance) throws -> New {
        let bytes = try RandomBytes.generate(count: 32)
        let now = try now()
        let life = assurance == .staff ? AccessTimes.staffAbsolute : AccessTimes.personAbsolute
        return New(
            token: Credentials.format(bytes), digest: SHA256.hash(bytes), secret: SecretBytes(copying: bytes),
            content: SessionContent(assurance: assurance, seen: now), expires: now + life)
    }

    func signOut(_ session: Session) async throws {
        let digest = session.digest
        lastUse.withLock { $0[digest] = nil }
        try await core.keep { _ = try $0.rows.deleteAccess(.session, digest) }
    }

    func signOutEverywhere(_ person: PersonID) async throws {
        try await core.keep { try $0.rows.deleteAccesses(.session, of: person) }
    }

    func sweep(at now: Int64) {
        lastUse.withLock { $0 = $0.filter { now - $0.value < AccessTimes.personIdle } }
    }
}

extension Transaction {
    /// - Parameter own: what the person opens in this session of what is sealed to them alone.
    func begin(_ session: Sessions.New, of person: PersonID, own: OwnKeys? = nil) throws {
        var content = session.content
        content.own = try own?.sealed(under: session.secret, .session, vault)
        try put(content, .session, session.digest, of: person, expires: session.expires)
    }
}
