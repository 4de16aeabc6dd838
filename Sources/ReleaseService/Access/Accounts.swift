public import Cryptography
internal import Foundation
public import ReleaseWorkflow

/// Lets people in: accounts, one-time links, printed codes, sessions.
///
/// Every secret is random and kept as a hash; every row is sealed under its person's identity key. What is answered never depends on whether
/// an address is known: the same steps run, the same hash is computed, the same page is shown.
public actor Accounts {
    let custodian: Custodian
    /// When each session was last used, where that is newer than what is stored.
    private var lastUse: [[UInt8]: Int64] = [:]
    private var attempts = Attempts()
    private var inFlight: Set<String> = []
    /// Compared with where there is no account, so that its absence takes as long.
    private let nobody: PasswordHash
    private let cost: UInt64
    /// Called when a message should go out at once.
    private var wake: (@Sendable () -> Void)?

    /// - Parameter cost: scrypt's N for new passwords and PINs; tests lower it.
    public init(_ custodian: Custodian, cost: UInt64 = PasswordHash.ordinaryCost) throws {
        self.custodian = custodian
        self.cost = cost
        nobody = try PasswordHash(of: SecretBytes(copying: RandomBytes.generate(count: 16)), cost: cost)
    }

    public func onMessage(_ wake: @escaping @Sendable () -> Void) { self.wake = wake }

    private var parts: Custodian.Parts { custodian.parts }

    func now() throws -> Int64 { try parts.time.now().instantMilliseconds }

    // MARK: Sessions

    /// A session as its token names it; nil if there is none, it has lapsed, or its account is closed.
    public func session(_ token: String) async throws -> Session? {
        guard let bytes = Self.parse(token) else { return nil }
        let digest = SHA256.hash(bytes)
        let now = try now()
        let vault = try parts.requireVault()
        let found = try parts.store.read { tx -> (SessionContent, Session, AccessRow)? in
            guard let row = try tx.access(.session, digest), row.expires ?? 0 > now,
                let content = try vault.open(row, as: SessionContent.self)
            else { return nil }
            guard let identity = try vault.identity(row.person, tx), try vault.account(row.person, tx)?.isDisabled != true else {
                return nil
            }
            let formToken = try vault.commandDigest("form", token)
            return (
                content,
                Session(
                    person: row.person, roles: Set(identity.roles), assurance: content.assurance, digest: digest,
                    formToken: Base64.format(Array(formToken.prefix(18)))), row
            )
        }
        guard let (content, session, row) = found else { return nil }
        let idle = content.assurance == .staff ? AccessTimes.staffIdle : AccessTimes.personIdle
        let last = max(content.seen, lastUse[digest] ?? 0)
        if now - last > idle {
            try await signOut(session)
            return nil
        }
        lastUse[digest] = max(now, last)
        if now - content.seen > AccessTimes.touch {
            var touched = content
            touched.seen = now
            let (kept, person, expires) = (touched, row.person, row.expires)
            try await custodian.keep { tx in
                // Signed out meanwhile, it stays signed out.
                guard try tx.access(.session, digest) != nil else { return }
                try tx.putAccess(vault.seal(kept, .session, digest, of: person, expires: expires))
            }
        }
        return session
    }

    struct SessionContent: Codable, Sendable {
        var assurance: Assurance
        /// Milliseconds since 1970 UTC of the last use that was written down.
        var seen: Int64
    }

    public func signOut(_ session: Session) async throws {
        let digest = session.digest
        lastUse[digest] = nil
        try await custodian.keep { _ = try $0.deleteAccess(.session, digest) }
    }

    public func signOutEverywhere(_ person: PersonID) async throws {
        try await custodian.keep { try $0.deleteAccesses(.session, of: person) }
    }

    /// What is needed to begin a session, made before the transaction that begins it.
    private func newSession(_ assurance: Assurance) throws -> (
        token: String, digest: [UInt8], content: SessionContent, expires: Int64
    ) {
        let bytes = try RandomBytes.generate(count: 32)
        let now = try now()
        let life = assurance == .staff ? AccessTimes.staffAbsolute : AccessTimes.personAbsolute
        return (Self.format(bytes), SHA256.hash(bytes), SessionContent(assurance: assurance, seen: now), now + life)
    }

    // MARK: Links

    /// What a link is for.
    public enum LinkPurpose: String, Codable, Sendable {
        /// Signs a participant or mentor in, with their PIN.
        case signIn
        /// Sets a member of staff's password and authenticator.
        case setUp
        /// Signs anybody in with nothing else: only in folders of worked examples.
        case example
        /// Confirms an address that a person wants to have their mail at.
        case address
    }

    struct LinkContent: Codable, Sendable {
        var purpose: LinkPurpose
        var failureCount = 0
        /// The secret that the authenticator is being given.
        var secret: [UInt8]?
        /// The address that is confirmed.
        var address: String?
    }

    /// Sends a sign-in link to an address, if somebody is known by it. The answer and the work are the same if nobody is.
    public func requestLink(typedAddress: String, from peer: String) async throws {
        let address = try Self.address(typedAddress)
        let now = try now()
        let vault = try parts.requireVault()
        let token = try vault.indexToken("address", address)
        guard attempts.allow("peer \(peer)", limit: 60, at: now), attempts.allow("mail \(Hex.format(token))", limit: 5, at: now)
        else {
            throw AccessRefusal.tooMany
        }
        let bytes = try RandomBytes.generate(count: 32)
        let digest = SHA256.hash(bytes)
        let id = try RandomBytes.generate(count: 16)
        let date = try parts.time.now().date
        try await custodian.keep { tx in
            let person = try tx.access(.address, token)?.person
            // One who is staff alone signs in otherwise, and is sent nothing.
            let identity = try person.flatMap { try vault.identity($0, tx) }
            let account = try person.flatMap { try vault.account($0, tx) }
            guard let person, let identity, let account, !account.isDisabled, identity.roles.contains(where: { !$0.isStaff }) else {
                // As much is written as for somebody who is known.
                try tx.setSetting("nobody", id)
                return
            }
            try tx.putAccess(vault.seal(LinkContent(purpose: .signIn), .link, digest, of: person, expires: now + AccessTimes.link))
            try tx.putMessage(
                id,
                vault.seal(
                    Custodian.encode(Message(to: person, access: .link(token: Self.format(bytes)), on: date)), fixed: "message"),
                round: nil)
        }
        wake?()
    }

    /// Makes a link that is handed over rather than mailed.
    public func makeLink(for person: PersonID, purpose: LinkPurpose) async throws -> String {
        let bytes = try RandomBytes.generate(count: 32)
        let digest = SHA256.hash(bytes)
        let now = try now()
        let vault = try parts.requireVault()
        let secret = purpose == .setUp ? try RandomBytes.generate(count: 20) : nil
        let (id, date) = (try RandomBytes.generate(count: 16), try parts.time.now().date)
        let life = purpose == .setUp ? AccessTimes.setUp : purpose == .signIn ? AccessTimes.link : AccessTimes.personAbsolute
        try await custodian.keep { tx in
            try vault.prepare([.identity(person)])
            if purpose == .setUp {
                try tx.deleteAccesses(.link, of: person)
                // Whoever had a password is told that another one can be set.
                if let account = try vault.account(person, tx), account.password != nil {
                    try vault.tell(person, of: account, id: id, on: date, tx)
                }
            }
            try tx.putAccess(
                vault.seal(LinkContent(purpose: purpose, secret: secret), .link, digest, of: person, expires: now + life))
        }
        return Self.format(bytes)
    }

    /// What a person has to enter with a link or a printed code.
    public enum Needed: Sendable, Equatable {
        case nothing
        case pin
        /// The first time: the code from the coordinator, and a PIN of their own.
        case firstUse
        /// A password, and a code from the authenticator that was given this secret.
        case setUp(secret: String, address: String)
        /// The link is used, lapsed or not one of ours.
        case none
    }

    /// What goes with this link. Looking changes nothing: mail programs open links too.
    public func needed(link: String) throws -> Needed {
        let now = try now()
        let vault = try parts.requireVault()
        return try parts.store.read { tx in
            guard let (row, content) = try Self.link(link, at: now, vault, tx) else { return .none }
            switch content.purpose {
            case .example: return .nothing
            case .setUp:
                return .setUp(
                    secret: Base32.format(content.secret ?? []), address: try vault.account(row.person, tx)?.address ?? "")
            case .signIn: return try vault.account(row.person, tx)?.pin == nil ? .firstUse : .pin
            case .address: return .none
            }
        }
    }

    private static func link(
        _ token: String, at now: Int64, _ vault: Vault, _ tx: any StoreTransaction
    ) throws -> (AccessRow, LinkContent)? {
        // A printed code stands in for a link: the same form asks for the same PIN.
        if let digest = RescindCode.digest(ofPrinted: token), let row = try tx.access(.sheet, digest), row.expires ?? 0 > now,
            try vault.account(row.person, tx)?.isDisabled != true
        {
            return (row, try vault.open(row, as: LinkContent.self) ?? LinkContent(purpose: .signIn))
        }
        guard let bytes = parse(token), let row = try tx.access(.link, SHA256.hash(bytes)), row.expires ?? 0 > now,
            let content = try vault.open(row, as: LinkContent.self), try vault.account(row.person, tx)?.isDisabled != true
        else { return nil }
        return (row, content)
    }

    /// What somebody enters with a link.
    public struct Entered: Sendable {
        public var pin: String
        public var firstUseCode: String
        public var newPIN: String
        public init(pin: String = "", firstUseCode: String = "", newPIN: String = "") {
            self.pin = pin
            self.firstUseCode = firstUseCode
            self.newPIN = newPIN
        }
    }

    /// Signs in with a link or a printed code. It is used up by success alone, or by five wrong attempts.
    ///
    /// - Returns: the token of the new session.
    /// - Throws: ``AccessRefusal``.
    public func signIn(link token: String, _ entered: Entered, from peer: String) async throws -> String {
        let now = try now()
        // One attempt at a time for each link: what is tried in parallel would be counted once.
        guard inFlight.insert(token).inserted else { throw AccessRefusal.tooMany }
        defer { inFlight.remove(token) }
        guard attempts.allow("peer \(peer)", limit: 60, at: now) else { throw AccessRefusal.tooMany }
        let vault = try parts.requireVault()
        let known = try parts.store.read { tx -> (AccessRow, LinkContent, Account)? in
            guard let (row, content) = try Self.link(token, at: now, vault, tx) else { return nil }
            return (row, content, try vault.account(row.person, tx) ?? Account())
        }
        guard let (row, content, account) = known, content.purpose != .setUp, content.purpose != .address else {
            _ = try await matches(entered.pin, nobody)
            throw AccessRefusal.refused
        }
        var newPIN: PasswordHash?
        if content.purpose == .signIn {
            let isRight: Bool
            if let pin = account.pin {
                isRight = try await matches(entered.pin, pin)
            } else {
                let typed = RescindCode.digest(ofTyped: entered.firstUseCode, count: Self.firstUseLength) ?? []
                isRight = account.firstUse.map { $0.until > now && constantTimeEquals($0.digest, typed) } ?? false
                if isRight { newPIN = try await hash(Self.pin(entered.newPIN)) }
            }
            guard isRight else {
                try await countFailure(row, content)
                throw AccessRefusal.refused
            }
        }
        let assurance: Assurance = content.purpose == .example ? .staff : .person
        let session = try newSession(assurance)
        let (chosen, person, checked) = (newPIN, row.person, account)
        let isFirst = try await custodian.keep { tx -> Bool in
            // Of two that come together one is let in, and only while what was checked is still what counts.
            var account = try vault.account(person, tx) ?? Account()
            guard account.pin == checked.pin, account.firstUse?.digest == checked.firstUse?.digest, !account.isDisabled else {
                return false
            }
            guard try tx.deleteAccess(row.kind, row.token) else { return false }
            if let chosen { (account.pin, account.firstUse, account.wasSetUp) = (chosen, nil, true) }
            if chosen != nil || account.pinFailureCount > 0 {
                account.pinFailureCount = 0
                try vault.put(account, of: person, tx)
            }
            try tx.putAccess(vault.seal(session.content, .session, session.digest, of: person, expires: session.expires))
            return true
        }
        guard isFirst else { throw AccessRefusal.refused }
        attempts.forgive("peer \(peer)")
        return session.token
    }

    /// After five wrong PINs a link is used up, after ten in a row the PIN is: the coordinator then gives a new first-use code.
    private func countFailure(_ row: AccessRow, _ content: LinkContent) async throws {
        let vault = try parts.requireVault()
        try await custodian.keep { tx in
            var content = try tx.access(row.kind, row.token).flatMap { try vault.open($0, as: LinkContent.self) } ?? content
            content.failureCount += 1
            if content.failureCount >= 5 {
                _ = try tx.deleteAccess(row.kind, row.token)
            } else if try tx.access(row.kind, row.token) != nil {
                try tx.putAccess(vault.seal(content, row.kind, row.token, of: row.person, expires: row.expires))
            }
            guard var account = try vault.account(row.person, tx) else { return }
            account.pinFailureCount += 1
            if account.pinFailureCount >= 10 { account.pin = nil }
            try vault.put(account, of: row.person, tx)
        }
    }

    // MARK: Staff

    /// Signs a member of staff in.
    ///
    /// - Parameter code: six digits of the authenticator, or a recovery code, which is then used up.
    public func signIn(typedAddress: String, password: String, code: String, from peer: String) async throws -> String {
        let now = try now()
        let vault = try parts.requireVault()
        let token = try vault.indexToken("address", (try? Self.address(typedAddress)) ?? "")
        guard attempts.allow("peer \(peer)", limit: 60, at: now), attempts.allow("staff \(Hex.format(token))", limit: 8, at: now)
        else {
            throw AccessRefusal.tooMany
        }
        let known = try parts.store.read { tx -> (PersonID, Account)? in
            guard let row = try tx.access(.address, token), let account = try vault.account(row.person, tx) else { return nil }
            return (row.person, account)
        }
        // The hash is computed whether or not there is one to compare with.
        let isRight = try await matches(password.precomposedStringWithCompatibilityMapping, known?.1.password ?? nobody)
        guard let (person, account) = known, account.password != nil, isRight, !account.isDisabled else {
            throw AccessRefusal.refused
        }
        let session = try newSession(.staff)
        let step = OneTimePassword.step(atMilliseconds: now)
        let recovery = RescindCode.digest(ofTyped: code, count: Self.recoveryLength)
        let isIn = try await custodian.keep { tx -> Bool in
            guard var account = try vault.account(person, tx) else { return false }
            if let used = recovery.flatMap({ account.recovery.firstIndex(of: $0) }) {
                account.recovery.remove(at: used)
            } else if let secret = account.secret, let used = try Self.step(of: code, secret, around: step, after: account.lastStep)
            {
                account.lastStep = used
            } else {
                return false
            }
            try vault.put(account, of: person, tx)
            try tx.putAccess(vault.seal(session.content, .session, session.digest, of: person, expires: session.expires))
            return true
        }
        guard isIn else { throw AccessRefusal.refused }
        attempts.clear("staff \(Hex.format(token))")
        attempts.forgive("peer \(peer)")
        return session.token
    }

    /// The step whose code this is: the present one or one to either side, none that was used.
    private static func step(of typed: String, _ secret: [UInt8], around step: UInt64, after last: UInt64?) throws -> UInt64? {
        let digits = typed.filter { $0 != " " }
        var found: UInt64?
        for candidate in [step &- 1, step, step + 1] {
            let code = try OneTimePassword.code(secret: SecretBytes(copying: secret), step: candidate)
            if constantTimeEquals(Array(code.utf8), Array(digits.utf8)), candidate > last ?? 0 { found = candidate }
        }
        return found
    }

    /// Sets a member of staff's password and authenticator, with the link they were given.
    ///
    /// - Returns: ten recovery codes, which are shown once.
    /// - Throws: ``AccessRefusal``.
    public func setUp(link token: String, password: String, code: String, from peer: String) async throws -> [String] {
        let now = try now()
        guard attempts.allow("peer \(peer)", limit: 60, at: now) else { throw AccessRefusal.tooMany }
        let vault = try parts.requireVault()
        guard let (row, content) = try parts.store.read({ try Self.link(token, at: now, vault, $0) }), content.purpose == .setUp,
            let secret = content.secret
        else { throw AccessRefusal.refused }
        let fresh = try await hash(Self.password(password))
        let step = OneTimePassword.step(atMilliseconds: now)
        guard let used = try Self.step(of: code, secret, around: step, after: nil) else {
            throw AccessRefusal.unusable(FieldProblem(field: "code", expected: "the six digits that the authenticator shows now"))
        }
        let codes = try (0..<10).map { _ in try RescindCode.format(RandomBytes.generate(count: 13), count: Self.recoveryLength) }
        let digests = codes.compactMap { RescindCode.digest(ofTyped: $0, count: Self.recoveryLength) }
        let isFirst = try await custodian.keep { tx -> Bool in
            guard try tx.deleteAccess(.link, row.token) else { return false }
            var account = try vault.account(row.person, tx) ?? Account()
            (account.password, account.secret, account.lastStep, account.recovery) = (fresh, secret, used, digests)
            account.wasSetUp = true
            try vault.put(account, of: row.person, tx)
            try tx.deleteAccesses(.session, of: row.person)
            return true
        }
        guard isFirst else { throw AccessRefusal.refused }
        return codes
    }

    // MARK: What people set themselves

    /// - Throws: ``AccessRefusal`` if the old PIN is not right or the new one cannot be used.
    public func changePIN(of person: PersonID, from old: String, to new: String) async throws {
        let vault = try parts.requireVault()
        let now = try now()
        guard attempts.allow("pin \(person)", limit: 10, at: now) else { throw AccessRefusal.tooMany }
        let fresh = try Self.pin(new)
        guard let known = try parts.store.read({ try vault.account(person, $0) })?.pin, try await matches(old, known) else {
            throw AccessRefusal.refused
        }
        let hash = try await hash(fresh)
        try await custodian.keep { tx in
            guard var account = try vault.account(person, tx), account.pin == known else { throw AccessRefusal.refused }
            account.pin = hash
            try vault.put(account, of: person, tx)
        }
    }

    /// - Throws: ``AccessRefusal/unusable(_:)`` for what is no address or is somebody's already.
    public func checkAddress(_ typed: String) throws {
        let vault = try parts.requireVault()
        let token = try vault.indexToken("address", Self.address(typed))
        guard try parts.store.read({ try $0.access(.address, token) }) == nil else {
            throw AccessRefusal.unusable(FieldProblem(field: "address", expected: "an address that no other account has"))
        }
    }

    /// Asks for a change of one's own address: a link goes to the new one, and using it makes the change. The answer is the same whatever the
    /// address is, and one that somebody has already is sent nothing.
    public func requestAddress(of person: PersonID, typed: String) async throws {
        let vault = try parts.requireVault()
        let address = try Self.address(typed)
        let now = try now()
        guard attempts.allow("address \(person)", limit: 5, at: now) else { throw AccessRefusal.tooMany }
        let token = try vault.indexToken("address", address)
        let bytes = try RandomBytes.generate(count: 32)
        let (digest, id, date) = (SHA256.hash(bytes), try RandomBytes.generate(count: 16), try parts.time.now().date)
        try await custodian.keep { tx in
            guard try tx.access(.address, token) == nil else {
                try tx.setSetting("nobody", id)
                return
            }
            try tx.putAccess(
                vault.seal(
                    LinkContent(purpose: .address, address: address), .link, digest, of: person, expires: now + AccessTimes.setUp))
            try tx.putMessage(
                id,
                vault.seal(
                    Custodian.encode(Message(to: person, access: .confirm(token: Self.format(bytes), address: address), on: date)),
                    fixed: "message"), round: nil)
        }
        wake?()
    }

    /// Makes the change that a link was sent for. The old address is told.
    ///
    /// - Throws: ``AccessRefusal/refused`` for a link that is used, lapsed or somebody else's.
    public func confirmAddress(of person: PersonID, link: String) async throws {
        let vault = try parts.requireVault()
        let now = try now()
        guard let (row, content) = try parts.store.read({ try Self.link(link, at: now, vault, $0) }), row.person == person,
            content.purpose == .address, let address = content.address
        else { throw AccessRefusal.refused }
        guard try await custodian.keep({ try $0.deleteAccess(.link, row.token) }) else { throw AccessRefusal.refused }
        try await setAddress(of: person, to: address, by: nil)
    }

    public func agreeElectronically(_ person: PersonID) async throws {
        let vault = try parts.requireVault()
        let today = try parts.time.now().date
        try await custodian.keep { tx in
            var account = try vault.account(person, tx) ?? Account()
            account.agreedElectronicallyOn = account.agreedElectronicallyOn ?? today
            try vault.put(account, of: person, tx)
        }
    }

    public func account(of person: PersonID) throws -> Account {
        let vault = try parts.requireVault()
        return try parts.store.read { try vault.account(person, $0) ?? Account() }
    }

    // MARK: What staff set for others

    /// Opens an account or moves its mail. Where it had an address or a PIN before, the old address is told, every session ends, and signing
    /// waits for 72 hours or a second member of staff.
    ///
    /// - Throws: ``AccessRefusal/unusable(_:)`` for what is no address, and for one that somebody else has: to staff that is no secret.
    public func setAddress(of person: PersonID, to address: String, by staff: PersonID?) async throws {
        let vault = try parts.requireVault()
        let address = try Self.address(address)
        let token = try vault.indexToken("address", address)
        let (now, date) = (try now(), try parts.time.now().date)
        let id = try RandomBytes.generate(count: 16)
        let problem = AccessRefusal.unusable(FieldProblem(field: "address", expected: "an address that no other account has"))
        try await custodian.keep { tx in
            if let holder = try tx.access(.address, token)?.person, holder != person { throw problem }
            var account = try vault.account(person, tx) ?? Account()
            if account.address == address { return }
            if let former = account.address {
                _ = try tx.deleteAccess(.address, vault.indexToken("address", former))
                try tx.putMessage(
                    id,
                    vault.seal(Custodian.encode(Message(to: person, access: .changed(former: former), on: date)), fixed: "message"),
                    round: nil)
            }
            if let staff, account.address != nil || account.pin != nil || account.password != nil || account.wasSetUp == true {
                account.change = .init(by: staff, until: now + AccessTimes.block)
                try tx.deleteAccesses(.session, of: person)
                try tx.deleteAccesses(.link, of: person)
            }
            account.address = address
            try vault.prepare([.identity(person)])
            try vault.put(account, of: person, tx)
            try tx.putAccess(vault.seal(Empty(), .address, token, of: person, expires: nil))
        }
        wake?()
    }

    private struct Empty: Codable {}

    /// Gives a code with which the person sets a new PIN. An old PIN is gone at once.
    public func giveFirstUseCode(to person: PersonID, by staff: PersonID) async throws -> String {
        let code = try RescindCode.format(RandomBytes.generate(count: 13), count: Self.firstUseLength)
        let digest = RescindCode.digest(ofTyped: code, count: Self.firstUseLength) ?? []
        let (now, date) = (try now(), try parts.time.now().date)
        let id = try RandomBytes.generate(count: 16)
        let vault = try parts.requireVault()
        try await custodian.keep { tx in
            guard try tx.person(person) != nil else { throw Refusal.notFound }
            var account = try vault.account(person, tx) ?? Account()
            if account.pin != nil || account.wasSetUp == true {
                account.change = .init(by: staff, until: now + AccessTimes.block)
                if let address = account.address {
                    try tx.putMessage(
                        id,
                        vault.seal(
                            Custodian.encode(Message(to: person, access: .changed(former: address), on: date)), fixed: "message"),
                        round: nil)
                }
                try tx.deleteAccesses(.session, of: person)
                try tx.deleteAccesses(.link, of: person)
            }
            (account.pin, account.pinFailureCount) = (nil, 0)
            account.firstUse = .init(digest: digest, until: now + AccessTimes.firstUse)
            try vault.put(account, of: person, tx)
        }
        wake?()
        return code
    }

    /// Prints ten codes for somebody without a mailbox. Each signs in once, with the PIN; an older sheet counts for nothing then.
    ///
    /// Who has set a PIN before is told, as with every change by staff.
    public func makeSheet(for person: PersonID, by staff: PersonID) async throws -> [String] {
        let codes = try (0..<10).map { _ in try RescindCode.format(RandomBytes.generate(count: 13), count: 15) }
        let digests = codes.compactMap { RescindCode.digest(ofPrinted: $0) }
        let vault = try parts.requireVault()
        let (now, date) = (try now(), try parts.time.now().date)
        let id = try RandomBytes.generate(count: 16)
        try await custodian.keep { tx in
            guard try tx.person(person) != nil else { throw Refusal.notFound }
            try vault.prepare([.identity(person)])
            if var account = try vault.account(person, tx), account.wasSetUp == true {
                account.change = .init(by: staff, until: now + AccessTimes.block)
                try vault.put(account, of: person, tx)
                try vault.tell(person, of: account, id: id, on: date, tx)
            }
            try tx.deleteAccesses(.sheet, of: person)
            for digest in digests {
                try tx.putAccess(
                    vault.seal(LinkContent(purpose: .signIn), .sheet, digest, of: person, expires: now + AccessTimes.sheet))
            }
        }
        return codes
    }

    /// A second member of staff confirms what a first one changed.
    ///
    /// - Throws: `Refusal.conditionFailed(.dutiesSeparate)` if it is the first one; `Refusal.notFound` if nothing waits.
    public func approveChange(of person: PersonID, by staff: PersonID) async throws {
        let vault = try parts.requireVault()
        try await custodian.keep { tx in
            guard var account = try vault.account(person, tx), let change = account.change else { throw Refusal.notFound }
            guard change.by != staff, person != staff else { throw Refusal.conditionFailed(.dutiesSeparate) }
            account.change = nil
            try vault.put(account, of: person, tx)
        }
    }

    /// People whose account a member of staff changed and no second one has looked at.
    public func changes() throws -> [(person: PersonID, change: Account.StaffChange)] {
        let (vault, now) = (try parts.requireVault(), try now())
        return try parts.store.read { tx in
            try tx.accesses(.account).compactMap { row in
                guard let change = try vault.open(row, as: Account.self)?.change, change.until > now else { return nil }
                return (row.person, change)
            }
        }
    }

    /// Closes or opens an account. Closing ends every session at once.
    public func setDisabled(_ person: PersonID, _ isDisabled: Bool) async throws {
        let vault = try parts.requireVault()
        try await custodian.keep { tx in
            guard var account = try vault.account(person, tx) else { throw Refusal.notFound }
            account.isDisabled = isDisabled
            try vault.put(account, of: person, tx)
            if isDisabled {
                try tx.deleteAccesses(.session, of: person)
                try tx.deleteAccesses(.link, of: person)
            }
        }
    }

    /// Everybody who is staff, for the administrator.
    public func staff() throws -> [(person: PersonID, identity: Identity, account: Account.Summary)] {
        let vault = try parts.requireVault()
        return try parts.store.read { tx in
            try tx.people().compactMap { row in
                guard let identity = try vault.identity(row.id, tx), identity.roles.contains(where: \.isStaff) else { return nil }
                return (row.id, identity, (try vault.account(row.id, tx) ?? Account()).summary)
            }
        }
    }

    /// Deletes what has lapsed.
    public func sweep() async throws {
        let now = try now()
        try await custodian.keep { try $0.deleteAccesses(expiredBefore: now) }
        lastUse = lastUse.filter { now - $0.value < AccessTimes.personIdle }
        attempts.sweep(at: now)
    }

    // MARK: Hashing

    /// One at a time on a thread of its own: hashing takes a tenth of a second and must hold nobody else up.
    private static let hashing = DispatchQueue(label: "privity.passwords")

    private func matches(_ typed: String, _ hash: PasswordHash) async throws -> Bool {
        let secret = SecretBytes(copying: Array(typed.utf8.prefix(Self.passwordByteLimit)))
        return try await Self.run { try hash.matches(secret) }
    }

    private func hash(_ secret: SecretBytes) async throws -> PasswordHash {
        let cost = cost
        return try await Self.run { try PasswordHash(of: secret, cost: cost) }
    }

    private static func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            hashing.async { continuation.resume(with: Result { try body() }) }
        }
    }

    // MARK: What can be used

    private static let firstUseLength = 10
    private static let recoveryLength = 10

    /// - Throws: ``AccessRefusal/unusable(_:)`` unless it is 6 to 12 digits and neither one digit repeated nor a run.
    static func pin(_ typed: String) throws -> SecretBytes {
        let digits = Array(typed.utf8)
        let steps = Set(zip(digits, digits.dropFirst()).map { Int($1) - Int($0) })
        guard (6...12).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }), steps.count > 1 else {
            throw AccessRefusal.unusable(
                FieldProblem(field: "pin", expected: "6 to 12 digits, not one repeated and not a run like 123456"))
        }
        return SecretBytes(copying: digits)
    }

    static func password(_ typed: String) throws -> SecretBytes {
        let normalized = typed.precomposedStringWithCompatibilityMapping
        guard (12...128).contains(normalized.count), Set(normalized).count >= 5 else {
            throw AccessRefusal.unusable(
                FieldProblem(field: "password", expected: "12 to 128 characters, at least five different ones"))
        }
        return SecretBytes(copying: Array(normalized.utf8.prefix(passwordByteLimit)))
    }

    /// What a password is cut to, when it is set and when it is entered.
    private static let passwordByteLimit = 512

    /// A mailbox in its plain form: one @, no white space, nothing that a mail header could mistake.
    static func address(_ typed: String) throws -> String {
        let text = typed.trimmingCharacters(in: .whitespaces)
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+/=?^_`{|}~-")
        guard halves.count == 2, (1...64).contains(halves[0].count), (3...190).contains(halves[1].count),
            halves[0].allSatisfy(allowed.contains), halves[1].contains("."), !text.contains(".."),
            halves[1].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") }),
            !halves[1].hasPrefix("."), !halves[1].hasSuffix("."), !halves[0].hasPrefix("."), !halves[0].hasPrefix("-")
        else { throw AccessRefusal.unusable(FieldProblem(field: "address", expected: "an e-mail address like name@example.org")) }
        return text.lowercased()
    }

    /// Tokens travel as base64 for URLs (RFC 4648 §5), 43 characters.
    static func format(_ bytes: [UInt8]) -> String {
        String(Base64.format(bytes).map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }.filter { $0 != "=" })
    }

    static func parse(_ token: String) -> [UInt8]? {
        guard token.utf8.count == 43 else { return nil }
        return Base64.parse(String(token.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }) + "=")
    }
}

/// Counts attempts in memory, by what was tried and by where from, in windows of fifteen minutes.
struct Attempts {
    private static let most = 20_000
    private var counts: [String: (count: Int, since: Int64)] = [:]

    /// Whether one more is allowed; counts it if so.
    mutating func allow(_ key: String, limit: Int, at now: Int64) -> Bool {
        var entry = counts[key] ?? (0, now)
        if now - entry.since > AccessTimes.attemptWindow { entry = (0, now) }
        guard entry.count < limit else { return false }
        entry.count += 1
        if counts.count >= Self.most { sweep(at: now) }
        if counts.count >= Self.most { counts.removeAll() }
        counts[key] = entry
        return true
    }

    /// It was no guess: a house full of people who sign in behind one address locks nobody out.
    mutating func forgive(_ key: String) {
        guard var entry = counts[key], entry.count > 0 else { return }
        entry.count -= 1
        counts[key] = entry
    }

    mutating func clear(_ key: String) { counts[key] = nil }

    mutating func sweep(at now: Int64) { counts = counts.filter { now - $0.value.since <= AccessTimes.attemptWindow } }
}
