internal import Cryptography
internal import ReleaseWorkflow

/// Changes of accounts: what people set themselves, and what staff set for them, which is told and is
/// another's to confirm.
struct AccountChanges: Sendable {
    let core: Core
    let limiter: AttemptLimiter
    let hashing: PasswordHashing

    private func now() throws -> Int64 { try core.parts.time.now().instantMilliseconds }

    // MARK: By the person

    /// - Throws: ``AccessRefusal`` if the old PIN is not right or the new one cannot be used.
    ///
    /// - Parameter session: the one that goes on; every other ends, and the mailbox is told.
    func changePIN(
        of person: PersonID, from old: String, to new: String, in session: Session?, by caller: Caller
    ) async throws {
        let now = try now()
        guard limiter.allow("pin \(person)", limit: 10, at: now) else { throw AccessRefusal.tooMany }
        let fresh = try Credentials.pin(new)
        let known = try core.reader.read { snapshot in
            try snapshot.permit(caller).require(snapshot.permit(caller).isSelf(person))
            return try snapshot.account(of: person)?.pin
        }
        guard let known, let key = try await hashing.key(of: old, known, stranger: nil) else {
            throw AccessRefusal.refused
        }
        let hashed = try await hashing.hash(fresh)
        let id = try RandomBytes.generate(count: 16)
        try await core.keep { tx in
            guard var account = try tx.account(of: person), account.pin == known else { throw AccessRefusal.refused }
            account.pin = hashed.hash
            try tx.put(account, of: person)
            _ = try tx.openOwnKeys(
                of: person, with: key, keptUnder: hashed.key, isOwn: !tx.snapshot.isHeld(person))
            try tx.noteSignIn(.pinChanged, of: person)
            try tx.endSessions(of: person, but: session?.digest)
            try tx.tell(person, at: account.address, id: id)
        }
    }

    /// - Throws: ``AccessRefusal/unusable(_:)`` for what is no address or is somebody's already.
    func checkAddress(_ typed: String, by caller: Caller) throws {
        let token = try core.parts.requireVault().indexToken("address", Credentials.address(typed))
        try core.reader.read { snapshot in
            let permit = snapshot.permit(caller)
            try permit.require(permit.holds(.administrator) || permit.holds(.coordinator))
            guard try snapshot.rows.access(.address, token) == nil else { throw Self.taken }
        }
    }

    private static let taken = AccessRefusal.unusable(
        FieldProblem(field: "address", expected: "an address that no other account has"))

    /// Asks for a change of one's own address: a link goes to the new one, and using it makes the change. The answer is
    /// the same whatever the address is, and one that somebody has already is sent nothing.
    func requestAddress(of person: PersonID, typed: String, by caller: Caller) async throws {
        let address = try Credentials.address(typed)
        let now = try now()
        guard limiter.allow("address \(person)", limit: 5, at: now) else { throw AccessRefusal.tooMany }
        let token = try core.parts.requireVault().indexToken("address", address)
        let bytes = try RandomBytes.generate(count: 32)
        let (digest, id) = (SHA256.hash(bytes), try RandomBytes.generate(count: 16))
        try await core.keep { tx in
            try tx.permit(caller).require(tx.permit(caller).isSelf(person))
            try tx.snapshot.requireConfirmed(person)
            guard try tx.rows.access(.address, token) == nil else {
                tx.rows.setSetting("nobody", id)
                return
            }
            try tx.put(
                LinkContent(purpose: .address, address: address), .link, digest, of: person,
                expires: now + AccessTimes.setUp)
            let access = AccessNotice.confirm(token: Credentials.format(bytes), address: address)
            try tx.leave(Message(to: person, access: access, on: tx.moment.date), id: id)
        }
    }

    /// Makes the change that a link was sent for. The old address is told.
    ///
    /// - Throws: ``AccessRefusal/refused`` for a link that is used, lapsed or somebody else's.
    ///
    /// - Parameter session: the one that goes on; every other ends.
    func confirmAddress(of person: PersonID, link: String, in session: Session?, by caller: Caller) async throws {
        let now = try now()
        guard let (row, content) = try core.reader.read({ try $0.link(link, at: now) }), row.person == person,
            content.purpose == .address, let address = content.address
        else { throw AccessRefusal.refused }
        let id = try RandomBytes.generate(count: 16)
        let isTaken = try await core.keep { tx -> Bool in
            try tx.permit(caller).require(tx.permit(caller).isSelf(person))
            guard try tx.rows.deleteAccess(.link, row.token) else { throw AccessRefusal.refused }
            // The link is used up either way.
            do {
                try tx.attempt { try Self.put(address, of: person, staff: nil, id: id, at: now, tx) }
                try tx.endSessions(of: person, but: session?.digest)
                return false
            } catch AccessRefusal.unusable {
                return true
            }
        }
        if isTaken { throw Self.taken }
    }

    func agreeElectronically(_ person: PersonID, by caller: Caller) async throws {
        try await core.keep { tx in
            try tx.permit(caller).require(tx.permit(caller).isSelf(person))
            try tx.snapshot.requireConfirmed(person)
            var account = try tx.account(of: person) ?? Account()
            account.agreedElectronicallyOn = account.agreedElectronicallyOn ?? tx.moment.date
            try tx.put(account, of: person)
        }
    }

    func signOnPaper(_ person: PersonID, by caller: Caller) async throws {
        try await core.keep { tx in
            try tx.permit(caller).require(tx.permit(caller).isSelf(person))
            guard var account = try tx.account(of: person), account.agreedElectronicallyOn != nil else { return }
            account.agreedElectronicallyOn = nil
            try tx.put(account, of: person)
        }
    }

    func account(of person: PersonID, by caller: Caller) throws -> Account {
        try core.reader.read { snapshot in
            let permit = snapshot.permit(caller)
            let isStaff = try snapshot.people.identity(person)?.isStaff == true
            try permit.require(
                permit.isSelf(person) || permit.coordinates(person) || (isStaff && permit.holds(.administrator)))
            return try snapshot.account(of: person) ?? Account()
        }
    }

    func summary(of person: PersonID, by caller: Caller) throws -> Account.Summary {
        _ = try account(of: person, by: caller)
        return try core.reader.read { try $0.summary(of: person) }
    }

    // MARK: By staff

    /// Opens an account or moves its mail. Where it had an address or a PIN before, the old address is told, every
    /// session ends. Signing waits until another person has confirmed it.
    ///
    /// - Throws: ``AccessRefusal/unusable(_:)`` for what is no address, and for one that somebody else has: to staff
    ///   that is no secret.
    func setAddress(of person: PersonID, to typed: String, by caller: Caller) async throws {
        let address = try Credentials.address(typed)
        let now = try now()
        let id = try RandomBytes.generate(count: 16)
        try await core.keep { tx in
            try Self.permitStaff(caller, about: person, tx)
            try Self.put(address, of: person, staff: caller.person, id: id, at: now, tx)
        }
    }

    /// Keeps the number under which a list of members has somebody, as a token. Whoever has set a PIN signs in with
    /// that, and a number says nothing any more.
    ///
    /// - Throws: ``AccessRefusal/unusable(_:)`` for what has no letter and no digit.
    func setMemberNumber(of person: PersonID, to typed: String, by caller: Caller) async throws {
        let number = Credentials.memberNumber(typed)
        guard (1...40).contains(number.count) else {
            throw AccessRefusal.unusable(FieldProblem(field: "memberNumber", expected: "1 to 40 letters and digits"))
        }
        let token = try core.parts.requireVault().indexToken("memberNumber", number)
        try await core.keep { tx in
            try Self.permitStaff(caller, about: person, tx)
            var account = try tx.account(of: person) ?? Account()
            if account.memberNumber == token { return }
            if let staff = caller.person {
                account.issue(by: staff, at: tx.moment, wasIn: account.wasSetUp)
                if account.wasSetUp { try tx.tell(person, at: account.address, id: RandomBytes.generate(count: 16)) }
            }
            account.memberNumber = token
            try tx.put(account, of: person)
            try tx.endSessions(of: person, but: nil)
            try tx.noteSignIn(.memberNumberSet, of: person)
        }
    }

    /// True if this is the number under which the list has somebody.
    func hasMemberNumber(_ person: PersonID, _ typed: String, by caller: Caller) throws -> Bool {
        let token = try core.parts.requireVault().indexToken("memberNumber", Credentials.memberNumber(typed))
        return try account(of: person, by: caller).memberNumber == token
    }

    /// Requires that the caller may change how this person signs in: the person's coordinator, or for staff an
    /// administrator.
    ///
    /// - Throws: `Refusal.notFound` otherwise.
    private static func permitStaff(_ caller: Caller, about person: PersonID, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        let isStaff = try tx.people.identity(person)?.isStaff == true
        try permit.require(permit.coordinates(person) || (isStaff && permit.holds(.administrator)))
    }

    private static func put(
        _ address: String, of person: PersonID, staff: PersonID?, id: [UInt8], at now: Int64, _ tx: Transaction
    ) throws {
        let token = try tx.vault.indexToken("address", address)
        if let holder = try tx.rows.access(.address, token)?.person, holder != person { throw taken }
        var account = try tx.account(of: person) ?? Account()
        if account.address == address { return }
        if let former = account.address {
            _ = try tx.rows.deleteAccess(.address, tx.vault.indexToken("address", former))
            try tx.tell(person, at: former, id: id)
        }
        if let staff {
            if account.isInUse {
                try tx.rows.deleteAccesses(.session, of: person)
                try tx.rows.deleteAccesses(.link, of: person)
            }
            account.issue(by: staff, at: tx.moment, wasIn: account.isInUse)
        }
        account.address = address
        try tx.put(account, of: person)
        try tx.noteSignIn(staff == nil ? .addressChanged : .addressSet, of: person)
        try tx.put(Presence(), .address, token, of: person, expires: nil)
    }

    /// Gives a code with which the person sets a new PIN. An old PIN is gone at once.
    func giveFirstUseCode(to person: PersonID, by caller: Caller) async throws -> String {
        let code = try RescindCode.format(RandomBytes.generate(count: 13), count: Credentials.firstUseLength)
        let digest = RescindCode.digest(ofTyped: code, count: Credentials.firstUseLength) ?? []
        let now = try now()
        let id = try RandomBytes.generate(count: 16)
        try await core.keep { tx in
            guard let staff = caller.person, try tx.rows.person(person) != nil else { throw Refusal.notFound }
            try Self.permitStaff(caller, about: person, tx)
            var account = try tx.account(of: person) ?? Account()
            account.issue(by: staff, at: tx.moment, wasIn: account.pin != nil || account.wasSetUp)
            if account.pin != nil || account.wasSetUp {
                try tx.tell(person, at: account.address, id: id)
                try tx.rows.deleteAccesses(.session, of: person)
                try tx.rows.deleteAccesses(.link, of: person)
            }
            (account.pin, account.pinFailureCount) = (nil, 0)
            account.firstUse = .init(digest: digest, until: now + AccessTimes.firstUse)
            try tx.put(account, of: person)
            try tx.noteSignIn(.codeGiven, of: person)
        }
        return code
    }

    /// Prints ten codes for somebody without a mailbox. Each signs in once, with the PIN; an older sheet counts for
    /// nothing then.
    ///
    /// Somebody who has set a PIN before is told, as with every change by staff.
    func makeSheet(for person: PersonID, by caller: Caller) async throws -> [String] {
        let codes = try (0..<10).map { _ in try RescindCode.format(RandomBytes.generate(count: 13), count: 15) }
        let digests = codes.compactMap { RescindCode.digest(ofPrinted: $0) }
        let now = try now()
        let id = try RandomBytes.generate(count: 16)
        try await core.keep { tx in
            guard let staff = caller.person, try tx.rows.person(person) != nil else { throw Refusal.notFound }
            try Self.permitStaff(caller, about: person, tx)
            try tx.vault.prepare([.identity(person)])
            var account = try tx.account(of: person) ?? Account()
            account.issue(by: staff, at: tx.moment, wasIn: account.wasSetUp)
            try tx.put(account, of: person)
            try tx.noteSignIn(.sheetGiven, of: person)
            // A session that was begun before is confirmed by nobody.
            try tx.endSessions(of: person, but: nil)
            if account.wasSetUp { try tx.tell(person, at: account.address, id: id) }
            try tx.rows.deleteAccesses(.sheet, of: person)
            for digest in digests {
                try tx.put(LinkContent(purpose: .signIn), .sheet, digest, of: person, expires: now + AccessTimes.sheet)
            }
        }
        return codes
    }

    /// Closes or opens an account. Closing ends every session at once.
    func setDisabled(_ person: PersonID, _ isDisabled: Bool, by caller: Caller) async throws {
        try await core.keep { tx in
            let permit = tx.permit(caller)
            let isStaff = try tx.people.identity(person)?.isStaff == true
            // Closing is one hand's; what opens again waits for another.
            let isAlone = if case .none = tx.snapshot.current.policy.secondHand { true } else { false }
            let mayOpen = isDisabled || isAlone
            try permit.require(
                permit.isOperator
                    || (isStaff && mayOpen && caller.person != person && permit.holds(.administrator)))
            guard var account = try tx.account(of: person) else { throw Refusal.notFound }
            account.isDisabled = isDisabled
            try tx.put(account, of: person)
            if isDisabled {
                try tx.rows.deleteAccesses(.session, of: person)
                try tx.rows.deleteAccesses(.link, of: person)
            }
        }
    }

    /// Everybody who is staff, for administrators, and for coordinators who hand somebody over.
    func staff(by caller: Caller) throws -> [(person: PersonID, identity: Identity, account: Account.Summary)] {
        try core.reader.read { snapshot in
            let permit = snapshot.permit(caller)
            try permit.require(permit.holds(.administrator) || permit.holds(.coordinator))
            return try snapshot.rows.people().compactMap { row in
                guard let identity = try snapshot.people.identity(row.id), identity.roles.contains(where: \.isStaff)
                else {
                    return nil
                }
                return (row.id, identity, try snapshot.summary(of: row.id))
            }
        }
    }
}
