internal import Cryptography
internal import ReleaseWorkflow
internal import Synchronization

/// Something that a person has to enter with a link or a printed code.
public enum NeededToSignIn: Sendable, Equatable {
    case nothing
    case pin
    /// The first time: the code from the coordinator, and a PIN of their own.
    case firstUse
    /// A password, and a code from the authenticator that was given this secret.
    case setUp(secret: String, address: String)
    /// The link is used, lapsed or not one of ours.
    case none
}

/// The entries that somebody makes with a link.
public struct EnteredWithLink: Sendable {
    public var pin: String
    public var firstUseCode: String
    public var newPIN: String
    public init(pin: String = "", firstUseCode: String = "", newPIN: String = "") {
        self.pin = pin
        self.firstUseCode = firstUseCode
        self.newPIN = newPIN
    }
}

/// One-time links and printed codes.
final class SignInLinks: Sendable {
    private let core: Core
    private let sessions: Sessions
    private let limiter: AttemptLimiter
    private let hashing: PasswordHashing
    /// Links that somebody is signing in with at this moment.
    private let inFlight = Mutex(Set<String>())

    init(_ core: Core, _ sessions: Sessions, _ limiter: AttemptLimiter, _ hashing: PasswordHashing) {
        (self.core, self.sessions, self.limiter, self.hashing) = (core, sessions, limiter, hashing)
    }

    private func now() throws -> Int64 { try core.parts.time.now().instantMilliseconds }

    /// The links of one person that work at a time.
    private static let linkLimit = 5

    /// Sends a sign-in link to an address, if somebody is known by it. The answer and the work are the same if nobody
    /// is.
    func request(typedAddress: String, from peer: String) async throws {
        let address = try Credentials.address(typedAddress)
        let now = try now()
        let token = try core.parts.requireVault().indexToken("address", address)
        guard limiter.allowLetter(Network(of: peer), at: now) else { throw AccessRefusal.tooMany }
        let bytes = try RandomBytes.generate(count: 32)
        let (digest, id) = (SHA256.hash(bytes), try RandomBytes.generate(count: 16))
        try await core.keep { tx in
            let person = try tx.rows.access(.address, token)?.person
            // One who is staff alone signs in otherwise, and is sent nothing.
            let identity = try person.flatMap { try tx.people.identity($0) }
            let account = try person.flatMap { try tx.account(of: $0) }
            // Whoever has five links that work needs no sixth: what others ask for in somebody's name fills no mailbox,
            // and keeps nobody from a link.
            let working = try (person.map { try tx.rows.accesses(.link, of: $0) } ?? []).filter {
                try $0.expires ?? 0 > now && tx.snapshot.open($0, as: LinkContent.self)?.purpose == .signIn
            }
            guard let person, let identity, let account, !account.isDisabled,
                identity.roles.contains(where: { !$0.isStaff }),
                working.count < Self.linkLimit
            else {
                // As much is written as for somebody who is known.
                tx.rows.setSetting("nobody", id)
                return
            }
            try tx.put(LinkContent(purpose: .signIn), .link, digest, of: person, expires: now + AccessTimes.link)
            try tx.leave(
                Message(to: person, access: .link(token: Credentials.format(bytes)), on: tx.moment.date), id: id)
        }
    }

    /// Makes a link that is handed over rather than mailed.
    ///
    /// - Parameter act: what a colleague asked for, where another person has to confirm it by making the link.
    func make(for person: PersonID, purpose: LinkPurpose, confirming act: String?, by caller: Caller) async throws
        -> String
    {
        let bytes = try RandomBytes.generate(count: 32)
        let digest = SHA256.hash(bytes)
        let now = try now()
        let secret = purpose == .setUp ? try RandomBytes.generate(count: 20) : nil
        let id = try RandomBytes.generate(count: 16)
        let life =
            purpose == .setUp ? AccessTimes.setUp : purpose == .signIn ? AccessTimes.link : AccessTimes.personAbsolute
        try await core.keep { tx in
            if caller != .operator {
                try tx.permit(caller).require(purpose == .setUp)
                try Self.requireSecondHand(tx, act, of: person, caller)
            }
            try tx.vault.prepare([.identity(person)])
            if purpose == .setUp {
                try tx.rows.deleteAccesses(.link, of: person)
                // Whoever had a password is told that another one can be set.
                if let account = try tx.account(of: person), account.password != nil {
                    try tx.tell(person, at: account.address, id: id)
                }
            }
            try tx.put(LinkContent(purpose: purpose, secret: secret), .link, digest, of: person, expires: now + life)
        }
        return Credentials.format(bytes)
    }

    /// A link that sets up a password is for staff, and never for one's own account. Whoever asked for it does not get
    /// it: another administrator, or an auditor, makes it. The account of an auditor is the operator's.
    private static func requireSecondHand(
        _ tx: Transaction, _ act: String?, of person: PersonID, _ caller: Caller
    ) throws {
        let (permit, policy) = (tx.permit(caller), tx.snapshot.current.policy)
        let identity = try tx.people.identity(person)
        guard let staff = caller.person, staff != person, let identity, identity.isStaff,
            !identity.roles.contains(.auditor)
        else { throw Refusal.notFound }
        if case .none = policy.secondHand { return try permit.require(permit.holds(.administrator)) }
        guard let act, try permit.confirms(.setUp, under: policy) else { throw Refusal.notFound }
        try tx.takePending(act, .setUp, about: person, by: staff)
    }

    /// The entries that a person must make with this link. Asking changes nothing, because mail programs open links
    /// too.
    func needed(link: String) throws -> NeededToSignIn {
        let now = try now()
        return try core.reader.read { snapshot in
            guard let (row, content) = try snapshot.link(link, at: now) else { return .none }
            switch content.purpose {
            case .example: return .nothing
            case .setUp:
                return .setUp(
                    secret: Base32.format(content.secret ?? []),
                    address: try snapshot.account(of: row.person)?.address ?? "")
            case .signIn: return try snapshot.account(of: row.person)?.pin == nil ? .firstUse : .pin
            case .address: return .none
            }
        }
    }

    /// Signs in with a link or a printed code. Success uses it up, and so do five wrong attempts.
    ///
    /// - Returns: the token of the new session.
    /// - Throws: ``AccessRefusal/refused`` for a link, code or PIN that does not fit; ``AccessRefusal/tooMany`` after
    ///   60 such attempts from one network in fifteen minutes, or while another attempt with this link runs;
    ///   ``AccessRefusal/unusable(_:)`` for a new PIN that cannot be used.
    func signIn(link token: String, _ entered: EnteredWithLink, from peer: String) async throws -> String {
        let now = try now()
        // One attempt at a time for each link: what is tried in parallel would be counted once.
        guard inFlight.withLock({ $0.insert(token).inserted }) else { throw AccessRefusal.tooMany }
        defer { inFlight.withLock { _ = $0.remove(token) } }
        let known = try core.reader.read { snapshot -> (AccessRow, LinkContent, Account)? in
            guard let (row, content) = try snapshot.link(token, at: now) else { return nil }
            return (row, content, try snapshot.account(of: row.person) ?? Account())
        }
        guard let (row, content, account) = known, content.purpose != .setUp, content.purpose != .address else {
            // What strangers try is counted; a link that works has five tries of its own, and its PIN ten.
            let network = Network(of: peer)
            guard limiter.allow(network, at: now) else { throw AccessRefusal.tooMany }
            // A printed code that is none takes as long as one; a link is long enough to be no guess.
            if Credentials.parse(token) == nil {
                _ = try await hashing.matches(entered.pin, hashing.nobody, stranger: network)
            }
            throw AccessRefusal.refused
        }
        var proof = Proof()
        if content.purpose == .signIn {
            let isRight: Bool
            if let pin = account.pin {
                proof.key = try await hashing.key(of: entered.pin, pin, stranger: nil)
                isRight = proof.key != nil
                if isRight { proof.new = try await hashing.renewed(entered.pin, pin) }
            } else {
                isRight = try isFirst(entered.firstUseCode, account, row, at: now)
                if isRight { proof.new = try await hashing.hash(Credentials.pin(entered.newPIN)) }
            }
            guard isRight else {
                try await countFailure(row, content)
                throw AccessRefusal.refused
            }
        }
        let session = try sessions.new(content.purpose == .example ? .staff : .person)
        guard try await enter(row, account, proof, session) else { throw AccessRefusal.refused }
        return session.token
    }

    /// The key that the PIN gave, and what is to be kept instead of its hash.
    private struct Proof {
        var key: SecretBytes?
        var new: PasswordHashing.Hashed?
    }

    /// True if somebody who has no PIN yet shows what the policy asks the first time: a code from staff always counts.
    private func isFirst(_ typed: String, _ account: Account, _ row: AccessRow, at now: Int64) throws -> Bool {
        let digest = RescindCode.digest(ofTyped: typed, count: Credentials.firstUseLength) ?? []
        if let code = account.firstUse, code.until > now, constantTimeEquals(code.digest, digest) { return true }
        switch try core.reader.read({ $0.current.policy.firstSignIn }) {
        case .staffCode: return false
        // A printed code was handed over; a link came to the mailbox of the list.
        case .mail: return row.kind == .link && !account.wasSetUp
        case .mailAndMemberNumber:
            let number = try core.parts.requireVault().indexToken("memberNumber", Credentials.memberNumber(typed))
            return !account.wasSetUp
                && (account.memberNumber.map { constantTimeEquals($0, number) } ?? false)
        }
    }

    /// - Returns: true if this attempt succeeds. If two attempts arrive together, one succeeds; none does if the PIN or
    ///   the first-use code has changed since it was checked.
    private func enter(
        _ row: AccessRow, _ checked: Account, _ proof: Proof, _ session: Sessions.New
    ) async throws -> Bool {
        try await core.keep { tx in
            var account = try tx.account(of: row.person) ?? Account()
            guard account.pin == checked.pin, account.firstUse?.digest == checked.firstUse?.digest, !account.isDisabled,
                try tx.rows.deleteAccess(row.kind, row.token)
            else { return false }
            // A PIN that is hashed anew is the same PIN.
            if proof.new != nil, account.pin == nil { try tx.noteSignIn(.pinSet, of: row.person) }
            if let new = proof.new { (account.pin, account.firstUse, account.wasSetUp) = (new.hash, nil, true) }
            if proof.new != nil || account.pinFailureCount > 0 {
                account.pinFailureCount = 0
                try tx.put(account, of: row.person)
            }
            var own: OwnKeys?
            if let key = proof.key {
                own = try tx.openOwnKeys(
                    of: row.person, with: key, keptUnder: proof.new?.key, isOwn: !tx.snapshot.isHeld(row.person))
            } else if let new = proof.new {
                own = try tx.handOverReadingKey(
                    to: row.person, under: new.key, isOwn: !tx.snapshot.isHeld(row.person))
            }
            try tx.begin(session, of: row.person, own: own)
            return true
        }
    }

    /// After five wrong PINs a link is used up, after ten in a row the PIN is: the coordinator then gives a new
    /// first-use code.
    private func countFailure(_ row: AccessRow, _ checked: LinkContent) async throws {
        try await core.keep { tx in
            if let stored = try tx.rows.access(row.kind, row.token) {
                var content = try tx.snapshot.open(stored, as: LinkContent.self) ?? checked
                content.failureCount += 1
                if content.failureCount >= 5 {
                    _ = try tx.rows.deleteAccess(row.kind, row.token)
                } else {
                    try tx.put(content, row.kind, row.token, of: row.person, expires: row.expires)
                }
            }
            guard var account = try tx.account(of: row.person) else { return }
            account.pinFailureCount += 1
            if account.pinFailureCount >= 10 { account.pin = nil }
            try tx.put(account, of: row.person)
        }
    }
}

extension Snapshot {
    /// The row of a link that counts now, and what it is for.
    func link(_ token: String, at now: Int64) throws -> (AccessRow, LinkContent)? {
        // A printed code stands in for a link: the same form asks for the same PIN.
        if let digest = RescindCode.digest(ofPrinted: token), let row = try rows.access(.sheet, digest),
            row.expires ?? 0 > now,
            try account(of: row.person)?.isDisabled != true
        {
            return (row, try open(row, as: LinkContent.self) ?? LinkContent(purpose: .signIn))
        }
        guard let bytes = Credentials.parse(token), let row = try rows.access(.link, SHA256.hash(bytes)),
            row.expires ?? 0 > now,
            let content = try open(row, as: LinkContent.self), try account(of: row.person)?.isDisabled != true
        else { return nil }
        return (row, content)
    }
}
