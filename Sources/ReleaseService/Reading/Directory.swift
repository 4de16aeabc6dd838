internal import Cryptography
internal import Logging
internal import ReleaseLedger
internal import ReleaseWorkflow

/// A directory of listings as one viewer may see it: every entry goes through the same gate as a card.
///
/// Looking is not recorded anywhere, because what people browse is theirs. An entry whose release does not verify, and
/// one that a private list keeps apart from this viewer, is not there; neither says so.
struct Directory {
    private let snapshot: Snapshot

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    /// - Throws: `Refusal.notSigning` while signing has stopped; `Refusal.notFound`, always in the same words, to a
    ///   viewer who is not of the class that the program's directory is for (SGV-27).
    func view(for viewer: Viewer) throws -> DirectoryView {
        guard snapshot.inForce.published.stopped == nil else { throw Refusal.notSigning }
        let policy = snapshot.current.policy
        guard let workflow = policy.workflows.first(where: { $0.audience != nil }), let audience = workflow.audience,
            try isAdmitted(viewer, to: audience, policy)
        else { throw Refusal.notFound }
        var listings: [ListingView] = []
        try snapshot.forEachCase { row in
            guard row.workflow == workflow.id, let listing = try listing(row, audience, viewer)
            else { return }
            listings.append(listing)
        }
        listings.sort {
            ($0.card.fields[.displayName] ?? "", $0.owner) < ($1.card.fields[.displayName] ?? "", $1.owner)
        }
        return DirectoryView(asOf: snapshot.today, text: policy.texts.directory, listings: listings)
    }

    /// True if somebody belongs to the class of readers.
    private func isAdmitted(_ viewer: Viewer, to audience: Audience, _ policy: Policy) throws -> Bool {
        guard case .person(let id) = viewer else { return audience == .everyone }
        guard try snapshot.rows.person(id) != nil else { return false }
        if audience == .everyone { return true }
        let people = snapshot.people
        let asMentee = try people.attestation(of: id, as: .mentee)
        let asMentor = try people.attestation(of: id, as: .mentor)
        if audience == .members { return [asMentee, asMentor].contains { $0.attributes.contains(.member) } }
        guard let own = try people.enrollment(id, as: .mentee), own.isReady, !own.isPaused else { return false }
        return try policy.eligibility.mentee.isMet(by: asMentee, on: snapshot.today)
            && people.hasSigned(id, as: .mentee, under: policy)
    }

    /// The mark by which a reader picks an entry to be kept away from; none where everybody reads it anyway.
    private func mark(of owner: PersonID, for viewer: Viewer, _ audience: Audience) throws -> String {
        guard case .person(let id) = viewer, id != owner, audience != .everyone else { return "" }
        return Hex.format(try snapshot.vault.commandDigest("listing", "\(id)", "\(owner)").prefix(16))
    }

    /// True if the clock takes the entry down today: it is down already. Whatever else is due, a reminder for one, does
    /// not matter here.
    private func isTakenDown(_ row: CaseRow, _ loaded: LoadedCase) throws -> Bool {
        guard let due = row.due, due < snapshot.today else { return false }
        let facts = try GuardFacts(snapshot, of: loaded).forClock(on: snapshot.today)
        return [CommandKind.hide, .lapse, .expire, .finish].contains { kind in
            let command = Command(
                kind, round: RoundID(high: 0, low: 0), person: PersonID(high: 0, low: 0),
                release: ReleaseID(high: 0, low: 0), again: ReleaseID(high: 0, low: 0))
            return loaded.decided(command, by: .clock, given: facts, at: snapshot.moment) != nil
        }
    }

    private func listing(_ row: CaseRow, _ audience: Audience, _ viewer: Viewer) throws -> ListingView? {
        let gate = CardGate(snapshot)
        let owner = try snapshot.opener(of: row)
        guard let loaded = try? gate.load(row.id, opener: owner, workflow: row.workflow),
            try !isTakenDown(row, loaded),
            let open = loaded.state.readableCards.last(where: { $0.reader == .audience(audience) }),
            let release = loaded.state.roundReleases.last(where: { $0.id == open.release })
        else { return nil }
        var advice: String?
        if case .person(let id) = viewer, id != owner {
            if try snapshot.people.areKeptApart(id, owner) { return nil }
            let employers = try [id, owner].map { try snapshot.people.identity($0)?.employer }
            if let one = employers[0], one == employers[1], loaded.policy.customs.advice.contains("sameEmployer") {
                advice = "You work for the same employer. That is no obstacle, but other settings often suit better."
            }
        }
        do {
            let verified = try gate.verify(release, of: loaded)
            guard case .profile(let card) = try gate.card(of: verified, for: .audience(audience)) else { return nil }
            return ListingView(
                owner: owner, card: card, advice: advice, mark: try mark(of: owner, for: viewer, audience))
        } catch is NotYetSigned {
            // Committed a moment ago: it is listed when the head over it is signed.
            return nil
        } catch {
            snapshot.logger.error("a listing was left out: its release does not verify")
            return nil
        }
    }
}
