internal import Logging
internal import ReleaseLedger
internal import ReleaseWorkflow

/// Shows a card to a reader, if this moment permits it.
///
/// That it was opened is committed, into the accounting of the person on the card and nowhere else, before the card is
/// returned.
struct OpenCardForReader {
    let opener: PersonID
    let workflow: String
    let reader: PersonID
    /// True for the card of the pair whose notice still runs.
    var isOfParting = false
    /// True where staff print the card for the reader, who asked for it.
    var isPrinted = false

    /// - Returns: the card, or the refusal: `cardClosed` to a recipient for whom a card was opened before, `notFound`
    ///   to everybody else. Neither gives a reason.
    func carryOut(_ tx: Transaction) throws -> Result<CardView, Refusal> {
        do {
            return .success(try tx.attempt { try open(tx) })
        } catch let refusal as Refusal {
            if refusal == .notFound, let loaded = try? tx.snapshot.cases.load(opener, workflow: workflow),
                try !tx.rows.parties(of: loaded.id).contains(where: { $0.person == reader && !$0.isStaff })
            {
                try tx.journal(reader, "look", about: loaded.id)
            }
            return .failure(refusal)
        }
    }

    private func open(_ tx: Transaction) throws -> CardView {
        let gate = CardGate(tx.snapshot)
        let loaded: LoadedCase
        do {
            loaded = try gate.load(opener, workflow: workflow)
        } catch is MachineryError {
            // An altered row opens nothing, and does not say so to the one who asked.
            tx.parts.logger.error("a card was refused: its case does not verify")
            throw Refusal.cardClosed
        }
        // Before a card was opened for them there is nothing here for anybody: not even that somebody has signed.
        guard loaded.state.releases.contains(where: { $0.recipient == .person(reader) && $0.cardVersion > 0 }) else {
            throw Refusal.notFound
        }
        // A pair whose notice still runs has its card where nothing newer is open.
        let parted = loaded.state.partings(of: reader).reversed()
        let states = isOfParting ? Array(parted) : [loaded.state] + parted
        guard !tx.ledger.isStopped,
            let state = states.first(where: { $0.openCards.contains { $0.reader == .person(reader) } }),
            let card = state.openCards.last(where: { $0.reader == .person(reader) }),
            let release = state.roundReleases.last(where: {
                $0.id == card.release && $0.recipient == .person(reader)
            })
        else { throw Refusal.cardClosed }
        // Whoever gave somebody the means to sign in could look in their place.
        if !isPrinted { try tx.snapshot.requireConfirmed(reader) }
        if state.isFrozen(card.subject) { throw Refusal.cardFrozen }
        guard state.readableCards.contains(card) else { throw Refusal.cardClosed }
        // Whoever reads has signed what binds readers, in its present version.
        let role = reader == loaded.opener ? loaded.workflow.opener : loaded.workflow.counterpart
        if let role, try !tx.people.hasSigned(reader, as: role, under: loaded.policy) { throw Refusal.cardClosed }
        let verified: VerifiedRelease
        do {
            verified = try gate.verify(release, of: loaded)
        } catch let waits as AwaitsHead {
            throw waits
        } catch {
            tx.parts.logger.error("a card was refused: its release does not verify")
            throw Refusal.cardClosed
        }
        let shown = try gate.card(of: verified, for: .person(reader))
        try account(release, of: loaded, to: reader, tx)
        let purpose = try tx.snapshot.cases.document(of: release)?.purpose ?? loaded.workflow.purpose
        return view(shown, verified, loaded, state, purpose, on: tx.moment.date)
    }

    private func view(
        _ card: CardView.Card, _ verified: VerifiedRelease, _ loaded: LoadedCase, _ state: State,
        _ purpose: Purpose, on today: CivilDate
    ) -> CardView {
        let fields = inWords(verified.complete.fields.map(\.plainWords))
        return CardView(
            card: card, notice: RedisclosureNotice.text(for: verified.complete.fields),
            scope:
                "You may use what stands here (\(fields)) \(purpose.permittedUse), until \(verified.complete.expiresOn.inWords) or until it is taken back. Do not pass it on.",
            callScript: loaded.workflow.shape.callScript ?? loaded.policy.texts.callScript,
            emergency: loaded.policy.texts.emergency,
            callBy: state.round?.due.flatMap { $0 >= today && !state.isHandedOff ? $0 : nil },
            asksToCall: state.round?.due == nil || !state.isHandedOff, word: state.round?.word)
    }

    /// Keeps that the card was opened, for the person on it alone; or that it was printed, which is staff's own act.
    private func account(_ release: ReleaseState, of loaded: LoadedCase, to reader: PersonID, _ tx: Transaction) throws
    {
        if isPrinted {
            return try tx.keepDisclosure(
                of: release.discloser, under: release.id, in: release.round, on: tx.moment.date, isPrinted: true)
        }
        let look = BoxItem.look(instantMilliseconds: tx.moment.instantMilliseconds, release: release.id)
        let people = loaded.opener == reader ? [loaded.opener, release.discloser] : [loaded.opener, reader]
        try tx.snapshot.boxes(of: release.round).append(look, for: [release.discloser], people: people, tx)
    }
}

/// Prints a live card again for its reader, who lost the paper and asked for it: for the coordinator of the case. It is
/// a disclosure of its own to the person on the card, who reads that it was printed.
struct PrintCard: Sendable {
    let handle: CaseHandle
    let caller: Caller
    /// Whose card is read, in an exchange: the role of the one who asked.
    let reader: Role

    func carryOut(_ tx: Transaction) throws -> Result<CardView, Refusal> {
        guard let own = caller.person, let row = try tx.rows.party(handle, of: own), row.isStaff,
            try tx.permit(caller).holds(.coordinator)
        else { return .failure(.notFound) }
        let loaded = try tx.snapshot.cases.load(row.caseID, opener: row.opener, workflow: row.workflow)
        // Nobody prints a card that is theirs (DER-18).
        guard let person = reader == loaded.workflow.opener ? loaded.opener : loaded.counterpart, person != own else {
            return .failure(.notFound)
        }
        let screen = Screen(tx.snapshot)
        guard try screen.page(row, screen.load(row)).isPrintable else { return .failure(.cardClosed) }
        // Why nothing is printed is told to nobody who prints.
        return try OpenCardForReader(
            opener: row.opener, workflow: row.workflow, reader: person, isPrinted: true
        ).carryOut(tx).mapError { _ in .cardClosed }
    }
}

/// Opens a card from a page: by the handle of a case.
struct OpenCardOnPage: Sendable {
    let handle: CaseHandle
    let caller: Caller
    let isOfParting: Bool

    func carryOut(_ tx: Transaction) throws -> Result<CardView, Refusal> {
        guard let own = caller.person, let row = try tx.rows.party(handle, of: own), !row.isStaff else {
            return .failure(.notFound)
        }
        let screen = Screen(tx.snapshot)
        let page = try screen.page(row, screen.load(row))
        guard isOfParting ? page.isReaderOfParting : page.isReader else { return .failure(.notFound) }
        return try OpenCardForReader(
            opener: row.opener, workflow: row.workflow, reader: own, isOfParting: isOfParting
        ).carryOut(tx)
    }
}
