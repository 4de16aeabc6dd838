internal import Cryptography
public import ReleaseWorkflow

/// The means to sign in that staff gave somebody or changed, and who has made sure since that they came to that person.
///
/// Whoever holds what was given could sign in as somebody else. Until another person has reached the one whom it is
/// for, nothing is signed with it, and nothing that is a pair's own is shown. Taking back and ending never wait.
public struct Issue: Hashable, Sendable {
    /// The ways by which somebody who confirms reached the person.
    public enum Reached: String, CaseIterable, Hashable, Sendable {
        /// Face to face.
        case face
        /// By the number that is known here, if nobody entered it who gave anything.
        case number
        /// By a number or an address from elsewhere: a list, a contract.
        case elsewhere
    }

    /// Everybody who gave something since it was last confirmed, each once: none of them confirms it.
    public internal(set) var hands: [PersonID]
    /// The day of the last of it.
    public internal(set) var on: CivilDate
    /// Milliseconds since 1970 UTC until which signing waits where a program has nobody who confirms; nil where the
    /// account was not in use before.
    public internal(set) var until: Int64?
    /// The one who confirmed it, and the day; nil while it waits.
    public internal(set) var confirmed: Identity.Attested?
    /// The way by which they reached the person.
    public internal(set) var reached: Reached?
    /// True once it was taken away, because it had not come to the person.
    public internal(set) var isVoid = false
    /// True of what was written before anything had to be confirmed: signing waits until its time is over.
    var isFormer = false
    /// The number of times that something was given since it was last confirmed: who confirms, confirms what they saw.
    public internal(set) var count = 1
}

extension Account {
    /// Notes that a member of staff gave this person something to sign in with, or changed it.
    ///
    /// - Parameter wasIn: true if the person could have signed in before: where nobody confirms, signing then waits.
    mutating func issue(by staff: PersonID, at moment: Moment, wasIn: Bool) {
        let until = wasIn ? moment.instantMilliseconds + AccessTimes.block : nil
        var hands = issue.map { $0.confirmed == nil ? $0.hands : [] } ?? []
        if !hands.contains(staff) { hands.append(staff) }
        let count = issue.map { $0.confirmed == nil ? $0.count : 0 } ?? 0
        issue = Issue(hands: hands, on: moment.date, until: until ?? issue?.until, count: count + 1)
    }
}

extension Issue {
    /// The answer to a number that proves nothing.
    static let untrusted = FieldProblem(
        field: "reached",
        expected: "face to face, or by a number or address from elsewhere: this number was entered by somebody who may "
            + "not vouch for it")

    /// True while nothing is signed with it.
    func isHeld(under policy: Policy, at moment: Moment) -> Bool {
        if confirmed != nil { return false }
        let waits = (until ?? 0) > moment.instantMilliseconds
        return switch policy.secondHand {
        case .none: waits
        case .by: isFormer ? waits : true
        }
    }
}

extension Snapshot {
    /// True while nobody has confirmed that what staff gave somebody to sign in with came to that person.
    func isHeld(_ person: PersonID) throws -> Bool {
        try account(of: person)?.issue?.isHeld(under: current.policy, at: moment) ?? false
    }

    /// - Throws: `Refusal.awaitsConfirmation` while nobody has confirmed that this person's sign-in is their own.
    func requireConfirmed(_ person: PersonID) throws {
        if try isHeld(person) { throw Refusal.awaitsConfirmation }
    }
}

/// An issue before whoever may confirm it. It says nothing of any case.
public struct IssueToConfirm: Sendable {
    public let person: PersonID
    public let name: String
    /// E.164.
    public let phone: String
    /// The hand that entered the number, and the day.
    public let numberEntered: Identity.Attested?
    /// True if the number was entered by nobody who gave anything, nor by the reader.
    public let isNumberTrusted: Bool
    /// The full names of those who gave something.
    public let hands: [String]
    public let on: CivilDate
    /// The day by which it is to be confirmed: two working days after it was given.
    public let due: CivilDate
    /// True if the reader gave some of it themselves.
    public let isOwn: Bool
    /// ``Issue/count``.
    public let count: Int
}

/// Confirms, by a second person, that what staff gave came to the one it is for.
struct Issues: Sendable {
    let core: Core
    private static let workingDays = 2

    /// The issues that wait, the oldest first: for whoever may confirm.
    ///
    /// - Throws: `Refusal.notFound` to everybody else.
    func waiting(by caller: Caller) throws -> [IssueToConfirm] {
        try core.reader.read { snapshot in
            try snapshot.permit(caller).require(snapshot.permit(caller).confirms(under: snapshot.current.policy))
            return try snapshot.rows.accesses(.account).compactMap { row -> IssueToConfirm? in
                guard let issue = try snapshot.open(row, as: Account.self)?.issue, !issue.isVoid,
                    issue.isHeld(under: snapshot.current.policy, at: snapshot.moment),
                    let identity = try snapshot.people.identity(row.person),
                    identity.roles.contains(where: { !$0.isStaff }), caller.person != row.person
                else { return nil }
                return IssueToConfirm(
                    person: row.person, name: identity.fullName, phone: identity.phone,
                    numberEntered: identity.numberEntered,
                    isNumberTrusted: identity.isNumberTrusted(
                        besides: issue.hands + (caller.person.map { [$0] } ?? [])),
                    hands: try issue.hands.map { try snapshot.people.identity($0)?.fullName ?? "" }, on: issue.on,
                    due: snapshot.current.policy.office.day(after: issue.on, count: Self.workingDays),
                    isOwn: caller.person.map(issue.hands.contains) ?? false, count: issue.count)
            }.sorted { ($0.on, $0.name) < ($1.on, $1.name) }
        }
    }

    /// - Parameter count: what the one who confirms was shown; nil where nothing was.
    /// - Throws: `Refusal.needsSecondHand` for somebody who gave some of it, and for the person; `FieldProblem` for a
    ///   number that says nothing, and while a code waits that somebody else could still use;
    ///   `Refusal.versionChanged` if more was given since; `Refusal.notFound` where nothing waits, and for whoever may
    ///   not confirm.
    func confirm(_ person: PersonID, reached: Issue.Reached, count: Int?, by caller: Caller) async throws {
        try await core.keep { tx in
            var (account, issue, staff) = try held(person, caller, tx)
            if let count, count != issue.count { throw Refusal.versionChanged }
            // A code that was not used yet would set a PIN after the confirmation, whoever has a copy of it.
            if let code = account.firstUse, code.until > tx.moment.instantMilliseconds {
                throw FieldProblem(
                    field: "answer", expected: "that they have set a PIN with the code: it has not been used yet")
            }
            let identity = try tx.people.require(person)
            guard reached != .number || identity.isNumberTrusted(besides: issue.hands + [staff]) else {
                throw Issue.untrusted
            }
            (issue.confirmed, issue.reached) = (.init(by: staff, on: tx.moment.date), reached)
            account.issue = issue
            try tx.put(account, of: person)
            try tx.confirmReadingKey(of: person)
            try tx.noteSignIn(.confirmed, of: person)
        }
    }

    /// Takes away what did not come to the one it is for: nobody signs in with it any more, nor with a PIN that was set
    /// by it.
    ///
    /// - Throws: as ``confirm(_:reached:count:by:)``.
    func void(_ person: PersonID, by caller: Caller) async throws {
        let id = try RandomBytes.generate(count: 16)
        try await core.keep { tx in
            var (account, issue, _) = try held(person, caller, tx)
            issue.isVoid = true
            (account.issue, account.pin, account.pinFailureCount) = (issue, nil, 0)
            (account.firstUse, account.memberNumber, account.agreedElectronicallyOn) = (nil, nil, nil)
            if let address = account.address {
                // The address may be where what was given went; it may be the person's own, and is told.
                try tx.tell(person, at: address, id: id)
                _ = try tx.rows.deleteAccess(.address, tx.vault.indexToken("address", address))
                account.address = nil
            }
            try tx.put(account, of: person)
            try tx.noteSignIn(.takenAway, of: person)
            for kind in [AccessRow.Kind.session, .link, .sheet] { try tx.rows.deleteAccesses(kind, of: person) }
        }
    }

    private func held(_ person: PersonID, _ caller: Caller, _ tx: Transaction) throws -> (Account, Issue, PersonID) {
        let permit = tx.permit(caller)
        // The operator makes accounts and confirms nobody.
        guard let staff = caller.person, try permit.confirms(under: tx.snapshot.current.policy),
            let account = try tx.account(of: person), let issue = account.issue, issue.confirmed == nil, !issue.isVoid,
            // The account of somebody who is staff alone is administrators' and auditors'.
            try tx.people.identity(person)?.roles.contains(where: { !$0.isStaff }) == true
        else { throw Refusal.notFound }
        guard staff != person, !issue.hands.contains(staff) else { throw Refusal.needsSecondHand }
        return (account, issue, staff)
    }
}
