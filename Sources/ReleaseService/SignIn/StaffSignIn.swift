internal import Cryptography
internal import Foundation
internal import ReleaseWorkflow

/// Signs staff in: address, password, and a code of the authenticator.
struct StaffSignIn: Sendable {
    let core: Core
    let sessions: Sessions
    let limiter: AttemptLimiter
    let hashing: PasswordHashing

    private func now() throws -> Int64 { try core.parts.time.now().instantMilliseconds }

    /// - Parameter code: six digits of the authenticator, or a recovery code, which is then used up.
    func signIn(typedAddress: String, password: String, code: String, from peer: String) async throws -> String {
        let now = try now()
        let token = try core.parts.requireVault().indexToken("address", (try? Credentials.address(typedAddress)) ?? "")
        // Counted by where it comes from: what strangers try keeps nobody out who has the right factors.
        let network = Network(of: peer)
        guard limiter.allow(network, at: now) else { throw AccessRefusal.tooMany }
        let known = try core.reader.read { snapshot -> (PersonID, Account)? in
            guard let row = try snapshot.rows.access(.address, token),
                let account = try snapshot.account(of: row.person)
            else {
                return nil
            }
            return (row.person, account)
        }
        // The hash is computed whether or not there is one to compare with, and nobody is served before others for
        // being known.
        let isRight = try await hashing.matches(
            password.precomposedStringWithCompatibilityMapping, known?.1.password ?? hashing.nobody,
            stranger: network)
        guard let (person, account) = known, account.password != nil, isRight, !account.isDisabled else {
            throw AccessRefusal.refused
        }
        // Whoever has the password tries few codes, from however many networks; it is answered like any that is wrong.
        guard limiter.allow("codes \(person)", limit: 8, at: now) else { throw AccessRefusal.refused }
        var renewed: PasswordHash?
        if let old = account.password {
            renewed = try await hashing.renewed(password.precomposedStringWithCompatibilityMapping, old)?.hash
        }
        let (checked, fresh) = (account.password, renewed)
        let session = try sessions.new(.staff)
        let isIn = try await core.keep { tx -> Bool in
            guard var account = try tx.account(of: person), try Self.use(code, of: &account, at: now) else {
                return false
            }
            if let fresh, account.password == checked { account.password = fresh }
            try tx.put(account, of: person)
            try tx.begin(session, of: person)
            return true
        }
        guard isIn else { throw AccessRefusal.refused }
        limiter.clear("codes \(person)")
        limiter.forgive(network)
        return session.token
    }

    /// Uses up a code of the authenticator, or a recovery code.
    static func use(_ code: String, of account: inout Account, at now: Int64) throws -> Bool {
        let recovery = RescindCode.digest(ofTyped: code, count: Credentials.recoveryLength)
        if let used = recovery.flatMap({ account.recovery.firstIndex(of: $0) }) {
            account.recovery.remove(at: used)
            return true
        }
        let step = OneTimePassword.step(atMilliseconds: now)
        guard let secret = account.secret,
            let used = try Self.step(of: code, secret, around: step, after: account.lastStep)
        else { return false }
        account.lastStep = used
        return true
    }

    /// The step whose code this is: the present one or one to either side, none that was used.
    private static func step(of typed: String, _ secret: [UInt8], around step: UInt64, after last: UInt64?) throws
        -> UInt64?
    {
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
    func setUp(link token: String, password: String, code: String, from peer: String) async throws -> [String] {
        let now = try now()
        guard let (row, content) = try core.reader.read({ try $0.link(token, at: now) }), content.purpose == .setUp,
            let secret = content.secret
        else {
            throw limiter.allow(Network(of: peer), at: now) ? AccessRefusal.refused : AccessRefusal.tooMany
        }
        let known = try core.reader.read { snapshot -> [String] in
            let identity = try snapshot.people.identity(row.person)
            let names = [identity?.fullName, identity?.surname, identity?.firstName].compactMap(\.self)
            let address = try snapshot.account(of: row.person)?.address ?? ""
            return (names + [address, core.parts.origin]).flatMap { $0.split { !$0.isLetter && !$0.isNumber } }.map(
                String.init)
        }
        let fresh = try await hashing.hash(Credentials.password(password, context: known)).hash
        let step = OneTimePassword.step(atMilliseconds: now)
        guard let used = try Self.step(of: code, secret, around: step, after: nil) else {
            throw AccessRefusal.unusable(
                FieldProblem(field: "code", expected: "the six digits that the authenticator shows now"))
        }
        let codes = try (0..<10).map { _ in
            try RescindCode.format(RandomBytes.generate(count: 13), count: Credentials.recoveryLength)
        }
        let digests = codes.compactMap { RescindCode.digest(ofTyped: $0, count: Credentials.recoveryLength) }
        let isFirst = try await core.keep { tx -> Bool in
            guard try tx.rows.deleteAccess(.link, row.token) else { return false }
            var account = try tx.account(of: row.person) ?? Account()
            (account.password, account.secret, account.lastStep, account.recovery) = (fresh, secret, used, digests)
            account.wasSetUp = true
            try tx.put(account, of: row.person)
            try tx.rows.deleteAccesses(.session, of: row.person)
            return true
        }
        guard isFirst else { throw AccessRefusal.refused }
        return codes
    }
}
