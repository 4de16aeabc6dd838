public import Matching
internal import ReleaseLedger
public import ReleaseWorkflow

/// Something that is asked on a page or through the interface: about a case as its handle names it, in words that need
/// nothing looked up first.
public struct Asked: Sendable {
    /// Whose act a coordinator records, and how it reached them.
    public struct Proxy: Sendable {
        public let role: Role
        /// Nil for the first channel by which it may come.
        public let channel: Channel?
        public init(role: Role, channel: Channel?) { (self.role, self.channel) = (role, channel) }
    }

    public var handle: CaseHandle
    public var kind: CommandKind
    /// Nil for one's own act.
    public var proxy: Proxy?
    /// The version that the page showed; nil where any will do.
    public var version: String?
    /// The mentor proposed.
    public var person: PersonID?
    /// The number of the volunteer invited.
    public var phone: String?
    /// False for one who ends, takes back or says no and would be brought together with the same person again.
    public var keepsAway = true
    /// True for what is meant for the pair whose notice still runs.
    public var isOfParting = false
    public var survey: Survey?
    public var display: String?
    public var corrections = Corrections()
    /// The digest of the text that was read, for a signature.
    public var digest: String?
    /// The form that was signed by hand, for a signature on paper.
    public var paper: Paper?
    /// The way in which the signer was known, for a signature on a screen.
    public var authenticatedBy = ""
    /// True if the signer said that the first name is theirs, though it is like the surname.
    public var isNameConfirmed = false
    public var key: String?
    /// The part of the form that could not be used. It is told only of what is offered: anything else would tell in
    /// what state the case is.
    public var problem: FieldProblem?

    public init(_ kind: CommandKind, _ handle: CaseHandle, key: String?) {
        self.kind = kind
        self.handle = handle
        self.key = key
    }
}

/// The outcome of what was asked.
public struct Answered: Sendable {
    public let outcome: Outcome
    /// The role in which the caller acted.
    public let role: Role
    /// The caller's newest release in this case.
    public let ownRelease: ReleaseID?
}

/// Carries out what was asked, in one transaction: finds the case, sees what its page offers now, and does it.
///
/// An act that was done already under the key only asks for its answer. Everything else must be something that this
/// person is offered, about what the page showed: any other answer would tell in what state the case really is.
struct Ask: Sendable {
    let asked: Asked
    let caller: Caller

    /// One attempt, with what is said of the case besides.
    struct Attempt {
        let attempted: Idempotency.Attempted
        let role: Role
        let ownRelease: ReleaseID?
    }

    func carryOut(_ tx: Transaction) throws -> Attempt {
        guard let own = caller.person, let row = try tx.rows.party(asked.handle, of: own),
            try !row.isStaff || tx.permit(caller).holds(.coordinator)
        else { throw Refusal.notFound }
        // Calls and meetings are the pair's: for staff there is nothing here.
        if asked.kind.isPrivate, row.isStaff { throw Refusal.notFound }
        let loaded = try tx.snapshot.cases.load(row.caseID, opener: row.opener, workflow: row.workflow)
        let screen = Screen(tx.snapshot)
        let seen = screen.asSeen(loaded, by: row)
        let page = try screen.page(row, seen)
        let actor = try actor(own, row, loaded, page)
        let submission: Submission
        do {
            if let problem = asked.problem { throw problem }
            submission = try self.submission(actor, row, tx)
        } catch let problem as FieldProblem {
            let blank = SubmitAct(
                Submission(asked.kind, workflow: row.workflow, opener: row.opener, actor: actor, key: asked.key))
            if try !Idempotency(ticket: ticket(blank, tx), tx: tx).isAnswered { try requireOffered(page) }
            throw problem
        }
        let act = SubmitAct(submission)
        let attempted = try Idempotency(ticket: ticket(act, tx), tx: tx).attempt(
            onRefusal: { try act.noteRefusal($0, $1, loaded) },
            { tx in
                tx.storesNothing = true
                try requireOffered(page)
                try requireConsent(tx)
                tx.storesNothing = false
                return try act.carryOut(tx, loaded)
            })
        // Who is not known and who cannot be asked are one answer: a number must not tell who takes part.
        if asked.kind == .invite, let refusal = attempted.outcome.refusal, refusal != .outdated,
            refusal != .versionChanged
        {
            throw Self.unknownNumber
        }
        return Attempt(
            attempted: attempted, role: page.role, ownRelease: attempted.outcome.done?.release ?? page.releases.last)
    }

    private func ticket(_ act: SubmitAct, _ tx: Transaction) throws -> Idempotency.Ticket {
        try Idempotency.Ticket(
            key: asked.kind.isPrivate ? nil : asked.key, scope: caller.scope, former: act.formerScope, text: act.text,
            tx.vault)
    }

    private static let unknownNumber = FieldProblem(field: "phone", expected: "somebody's number")

    private func requireOffered(_ page: CasePage) throws {
        if let version = asked.version, version != page.version { throw Refusal.versionChanged }
        if asked.kind.isPrivate {
            guard page.privateActs.contains(asked.kind) else { throw Refusal.outdated }
        } else if let proxy = asked.proxy {
            guard proxied(proxy, page) != nil else { throw Refusal.outdated }
        } else {
            let isOffered = asked.isOfParting ? page.partingActions.contains(asked.kind) : page.offers(asked.kind)
            guard isOffered else { throw Refusal.outdated }
        }
    }

    /// Requires that a signer on a screen agreed before to sign electronically (15 USC 7001(c)).
    ///
    /// - Throws: `Refusal.electronicFirst` otherwise.
    private func requireConsent(_ tx: Transaction) throws {
        if asked.kind.isSignature, asked.proxy == nil, let own = caller.person,
            try tx.account(of: own)?.agreedElectronicallyOn == nil
        {
            throw Refusal.electronicFirst
        }
    }

    private func proxied(_ proxy: Asked.Proxy, _ page: CasePage) -> CaseScreen.Proxied? {
        page.proxied.first { $0.kind == asked.kind && $0.role == proxy.role }
    }

    private func submission(_ actor: Actor, _ row: PartyRow, _ tx: Transaction) throws -> Submission {
        var submission = Submission(
            asked.kind, workflow: row.workflow, opener: row.opener, actor: actor, key: asked.key)
        submission.person = asked.person
        submission.survey = asked.survey
        submission.keepsAway = asked.keepsAway
        submission.isOfParting = asked.isOfParting
        submission.display = asked.display
        submission.corrections = asked.corrections
        if asked.kind == .invite {
            let input = PersonInput(phones: tx.parts.phones, region: tx.snapshot.current.policy.region)
            let found = try tx.people.find(phone: input.phone(sought: asked.phone ?? ""), name: nil)
            guard found.count == 1 else { throw Self.unknownNumber }
            submission.person = found.first
        }
        if asked.kind.isSignature {
            submission.signing = Signing(
                means: asked.proxy == nil ? .screen : .paper,
                authenticatedBy: asked.proxy == nil ? asked.authenticatedBy : "coordinatorTookForm", paper: asked.paper,
                formDigest: asked.digest, isNameConfirmed: asked.isNameConfirmed)
        }
        return submission
    }

    private func actor(_ own: PersonID, _ row: PartyRow, _ loaded: LoadedCase, _ page: CasePage) throws -> Actor {
        guard let proxy = asked.proxy else { return Actor(row.isStaff ? .staff(own) : .person(own), channel: .screen) }
        guard row.isStaff, let party = loaded.parties.first(where: { $0.role == proxy.role }) else {
            throw Refusal.outdated
        }
        let channels = proxied(proxy, page)?.channels
        if let channel = proxy.channel, let channels, !channels.contains(channel) {
            throw Refusal.outdated
        }
        return Actor(.person(party.person), agent: own, channel: proxy.channel ?? channels?.first ?? .phone)
    }
}
