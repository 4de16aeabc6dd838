public import Cryptography
public import ReleaseWorkflow
internal import Synchronization

/// Lets people in: accounts, one-time links, printed codes, sessions.
///
/// Tokens and codes are random; they, PINs and passwords are kept as hashes. The authenticator's secret is kept sealed.
/// Every row is sealed under its person's identity key. A caller who is not signed in never learns whether an address
/// is known: the same steps run, the same hash is computed, the same page is shown. Staff do learn that one is taken.
public final class Accounts: Sendable {
    private let core: Core
    private let sessions: Sessions
    private let links: SignInLinks
    private let staffSignIn: StaffSignIn
    private let accountChanges: AccountChanges
    private let issues: Issues
    private let ownSignIn: OwnSignIn
    private let limiter = AttemptLimiter()
    /// Called when a message should go out at once.
    private let wake = Mutex<(@Sendable () -> Void)?>(nil)

    /// - Parameter cost: scrypt's N for new passwords and PINs; tests lower it.
    public init(_ host: ServiceHost, cost: UInt64 = PasswordHash.ordinaryCost) throws {
        core = host.core
        let hashing = try PasswordHashing(cost: cost)
        sessions = Sessions(core)
        links = SignInLinks(core, sessions, limiter, hashing)
        staffSignIn = StaffSignIn(core: core, sessions: sessions, limiter: limiter, hashing: hashing)
        issues = Issues(core: core)
        ownSignIn = OwnSignIn(core: core, limiter: limiter, hashing: hashing)
        accountChanges = AccountChanges(core: core, limiter: limiter, hashing: hashing)
    }

    public func onMessage(_ wake: @escaping @Sendable () -> Void) { self.wake.withLock { $0 = wake } }

    private func mayHaveLeftMessage() { wake.withLock { $0 }?() }

    // MARK: Sessions

    /// A session as its token names it; nil if there is none, it has lapsed, or its account is closed.
    public func session(_ token: String) async throws -> Session? { try await sessions.session(token) }
    public func signOut(_ session: Session) async throws { try await sessions.signOut(session) }
    public func signOutEverywhere(_ person: PersonID, by caller: Caller) async throws {
        guard caller == .operator || caller.person == person else { throw Refusal.notFound }
        try await sessions.signOutEverywhere(person)
    }

    // MARK: Signing in: for anybody

    /// Sends a sign-in link to an address, if a person is known by it.
    ///
    /// - Throws: ``AccessRefusal/unusable(_:)`` for a text that is no address; ``AccessRefusal/tooMany`` after 60
    ///   requests from one network in fifteen minutes. Nothing more is sent to whoever has five links that work.
    public func requestLink(typedAddress: String, from peer: String) async throws {
        try await links.request(typedAddress: typedAddress, from: peer)
        mayHaveLeftMessage()
    }

    /// The entries that a person must make with this link. Asking changes nothing, because mail programs open links
    /// too.
    public func needed(link: String) async throws -> NeededToSignIn { try links.needed(link: link) }

    /// Signs in with a link or a printed code; returns the token of the new session.
    ///
    /// - Throws: ``AccessRefusal``.
    public func signIn(link: String, _ entered: EnteredWithLink, from peer: String) async throws -> String {
        try await links.signIn(link: link, entered, from: peer)
    }

    /// Signs a member of staff in; returns the token of the new session.
    ///
    /// - Throws: ``AccessRefusal``.
    public func signIn(typedAddress: String, password: String, code: String, from peer: String) async throws -> String {
        try await staffSignIn.signIn(typedAddress: typedAddress, password: password, code: code, from: peer)
    }

    /// Sets a member of staff's password and authenticator; returns ten recovery codes.
    ///
    /// - Throws: ``AccessRefusal``.
    public func setUp(link: String, password: String, code: String, from peer: String) async throws -> [String] {
        try await staffSignIn.setUp(link: link, password: password, code: code, from: peer)
    }

    // MARK: For who is signed in, and for the operator

    /// Makes a link that is handed over rather than mailed.
    ///
    /// - Parameter act: what a colleague asked for, where another person has to confirm it by making the link.
    /// - Throws: `Refusal.notFound` to whoever may not, and for what does not wait; `Refusal.needsSecondHand` to the
    ///   one who asked.
    public func makeLink(
        for person: PersonID, purpose: LinkPurpose, confirming act: String? = nil, by caller: Caller
    ) async throws -> String {
        try await links.make(for: person, purpose: purpose, confirming: act, by: caller)
    }
    /// Changes the person's own PIN.
    ///
    /// - Throws: ``AccessRefusal/refused`` if the old PIN is wrong, ``AccessRefusal/unusable(_:)`` for the new one,
    ///   ``AccessRefusal/tooMany`` after ten attempts in fifteen minutes; `Refusal.notFound` to anybody else.
    public func changePIN(
        of person: PersonID, from old: String, to new: String, in session: Session? = nil, by caller: Caller
    ) async throws {
        try await accountChanges.changePIN(of: person, from: old, to: new, in: session, by: caller)
        mayHaveLeftMessage()
    }
    /// - Throws: ``AccessRefusal/unusable(_:)`` for what is no address or is somebody's already.
    public func checkAddress(_ typed: String, by caller: Caller) async throws {
        try accountChanges.checkAddress(typed, by: caller)
    }
    /// Sends a link to the new address; using it makes the change. An address that somebody has is sent nothing.
    ///
    /// - Throws: ``AccessRefusal/unusable(_:)``, ``AccessRefusal/tooMany``; `Refusal.notFound` to anybody else.
    public func requestAddress(of person: PersonID, typed: String, by caller: Caller) async throws {
        try await accountChanges.requestAddress(of: person, typed: typed, by: caller)
        mayHaveLeftMessage()
    }
    /// Makes the change that a link was sent for, and tells the old address.
    ///
    /// - Throws: ``AccessRefusal/refused`` for a link that is used, lapsed or somebody else's;
    ///   ``AccessRefusal/unusable(_:)`` if another account has the address by now.
    public func confirmAddress(
        of person: PersonID, link: String, in session: Session? = nil, by caller: Caller
    ) async throws {
        try await accountChanges.confirmAddress(of: person, link: link, in: session, by: caller)
        mayHaveLeftMessage()
    }
    public func agreeElectronically(_ person: PersonID, by caller: Caller) async throws {
        try await accountChanges.agreeElectronically(person, by: caller)
    }

    /// Takes the agreement to sign on screen back (15 USC 7001(c)(1)(B)): what was signed stays as it is.
    ///
    /// - Throws: `Refusal.notFound` for anybody but the person.
    public func signOnPaper(_ person: PersonID, by caller: Caller) async throws {
        try await accountChanges.signOnPaper(person, by: caller)
    }
    /// Keeps the number under which a list of members has somebody: with a link to their mailbox it lets them in once.
    ///
    /// - Throws: ``AccessRefusal/unusable(_:)`` for what is no number; `Refusal.notFound` to whoever may not.
    public func setMemberNumber(of person: PersonID, to typed: String, by caller: Caller) async throws {
        try await accountChanges.setMemberNumber(of: person, to: typed, by: caller)
    }
    /// True if this is the number under which the list has somebody: for whoever may change it.
    public func hasMemberNumber(_ person: PersonID, _ typed: String, by caller: Caller) throws -> Bool {
        try accountChanges.hasMemberNumber(person, typed, by: caller)
    }
    public func account(of person: PersonID, by caller: Caller) async throws -> Account {
        try accountChanges.account(of: person, by: caller)
    }
    /// Checks the factors that somebody shows again before a change: of staff password and code, of others the PIN.
    ///
    /// - Throws: ``AccessRefusal/refused`` for what is not right; ``AccessRefusal/tooMany`` after ten tries in fifteen
    ///   minutes.
    public func check(_ shown: ShownAgain, of session: Session) async throws {
        try await ownSignIn.check(shown, of: session)
    }
    /// Makes the link with which a member of staff sets up password, authenticator and recovery codes anew.
    ///
    /// - Throws: as ``check(_:of:)``; `Refusal.notFound` for whoever is not signed in as staff.
    public func setUpAnew(_ shown: ShownAgain, of session: Session) async throws -> String {
        let link = try await ownSignIn.setUpAnew(shown, of: session)
        mayHaveLeftMessage()
        return link
    }
    /// The places where somebody is signed in, the newest first.
    public func sessions(of session: Session) async throws -> [OpenSession] { try ownSignIn.sessions(of: session) }
    /// The journal of how the caller signs in, the oldest line first.
    public func signInLines(of session: Session) async throws -> [SignInLine] {
        try core.reader.read { try $0.signInLines(of: session.person) }
    }
    /// Ends one of one's own sessions.
    public func endSession(_ id: String, of session: Session) async throws {
        try await ownSignIn.end(id, of: session)
    }

    /// The part of an account that the person and staff may be told: nothing that lets anybody in.
    public func summary(of person: PersonID, by caller: Caller) async throws -> Account.Summary {
        try accountChanges.summary(of: person, by: caller)
    }
    /// Sets a person's address. Where the account was in use, the person is told. Signing waits until another person
    /// has confirmed it.
    ///
    /// - Throws: ``AccessRefusal/unusable(_:)`` for a text that is no address, or one that is taken;
    ///   `Refusal.notFound` unless the caller is the person's coordinator, or for staff an
    ///   administrator.
    public func setAddress(of person: PersonID, to address: String, by caller: Caller) async throws {
        try await accountChanges.setAddress(of: person, to: address, by: caller)
        mayHaveLeftMessage()
    }
    /// Gives the code with which a person sets a new PIN; the old PIN stops working.
    ///
    /// - Throws: `Refusal.notFound` unless the caller is the person's coordinator, or for staff an
    ///   administrator.
    public func giveFirstUseCode(to person: PersonID, by caller: Caller) async throws -> String {
        let code = try await accountChanges.giveFirstUseCode(to: person, by: caller)
        mayHaveLeftMessage()
        return code
    }
    /// Makes ten printed codes, each for one sign-in with the PIN; an older sheet stops working.
    ///
    /// - Throws: `Refusal.notFound` unless the caller is the person's coordinator, or for staff an
    ///   administrator.
    public func makeSheet(for person: PersonID, by caller: Caller) async throws -> [String] {
        try await accountChanges.makeSheet(for: person, by: caller)
    }
    /// The issues that nobody has confirmed, the oldest first.
    ///
    /// - Throws: `Refusal.notFound` to whoever may not confirm.
    public func issues(by caller: Caller) async throws -> [IssueToConfirm] { try issues.waiting(by: caller) }
    /// Confirms that what staff gave came to the one it is for.
    ///
    /// - Parameter count: ``IssueToConfirm/count`` as it was shown; nil where nothing was.
    /// - Throws: `Refusal.needsSecondHand` for somebody who gave some of it, and for the person; `FieldProblem` for a
    ///   number that says nothing, and while a code waits that somebody else could still use;
    ///   `Refusal.versionChanged` if more was given since; `Refusal.notFound` where nothing waits, and for whoever may
    ///   not confirm.
    public func confirmIssue(
        _ person: PersonID, reached: Issue.Reached, count: Int? = nil, by caller: Caller
    ) async throws {
        try await issues.confirm(person, reached: reached, count: count, by: caller)
    }
    /// Takes away what did not come to the one it is for: nothing of it lets anybody in any more.
    ///
    /// - Throws: as ``confirmIssue(_:reached:count:by:)``.
    public func voidIssue(_ person: PersonID, by caller: Caller) async throws {
        try await issues.void(person, by: caller)
        mayHaveLeftMessage()
    }
    public func setDisabled(_ person: PersonID, _ isDisabled: Bool, by caller: Caller) async throws {
        try await accountChanges.setDisabled(person, isDisabled, by: caller)
    }
    public func staff(by caller: Caller) async throws -> [(
        person: PersonID, identity: Identity, account: Account.Summary
    )] {
        try accountChanges.staff(by: caller)
    }

    /// Deletes what has lapsed.
    public func sweep() async throws {
        let now = try core.parts.time.now().instantMilliseconds
        try await core.keep { try $0.rows.deleteAccesses(expiredBefore: now) }
        sessions.sweep(at: now)
        limiter.sweep(at: now)
        core.reader.cache.sweep()
    }
}

extension AccessRefusal: Refusing {}
