internal import Logging
internal import ReleaseLedger
internal import ReleaseWorkflow

/// Ends a release by its rescind-only code: no sign-in, no lock-out, and no key needed.
///
/// The closing commits first, as a row that every gate reads; if the keys are here it is then carried out in full, else
/// when they are.
enum RescindByCode {
    /// Stores that a release is to end.
    ///
    /// - Throws: `Refusal.notFound` for a code that ends nothing, in the same words whatever is wrong with it.
    static func close(typedCode: String, at moment: Moment, _ rows: any StoreWriter) throws -> ReleaseRow {
        guard let digest = RescindCode.digest(ofTyped: typedCode), let row = try rows.release(withCodeDigest: digest)
        else {
            throw Refusal.notFound
        }
        if try !rows.isPending(row.reference) {
            let order = (try rows.pending().map(\.order).max() ?? -1) + 1
            try rows.putPending(PendingRow(order: order, reference: row.reference, at: moment.date, text: nil))
        }
        return row
    }

    /// Carries out what committed while nothing could be signed, in commit order, each with the date it was given.
    static func carryOutPending(_ tx: Transaction) throws {
        for row in try tx.rows.pending() {
            let dated = tx.dated(Moment(instantMilliseconds: tx.moment.instantMilliseconds, date: row.at))
            do {
                try tx.rows.attempt {
                    tx.rows.deletePending(row.order)
                    if let text = row.text {
                        try dated.append(Record(parsing: text, origin: tx.parts.origin))
                    } else {
                        try carryOut(row.reference, dated)
                    }
                }
            } catch is MachineryError {
                // The row stays, and with it the release stays closed; the others go on.
                tx.parts.logger.error("a closing could not be carried out yet")
                continue
            }
            tx.takeOver(dated, withRecords: false)
        }
    }

    /// Takes back, through the workflow, the end of the chain to which the release belongs.
    private static func carryOut(_ reference: [UInt8], _ tx: Transaction) throws {
        let missing = MachineryError.corrupt("a release without its case")
        // A row that was brought over while this waited has another reference.
        guard let (release, caseID) = try tx.snapshot.joined(reference), let caseRow = try tx.rows.caseRow(caseID)
        else { throw missing }
        func load() throws -> LoadedCase {
            let whole = try tx.snapshot.cases.load(caseRow)
            let round = whole.state.releases.first { $0.id == release }?.round
            return round.flatMap { whole.ofParting($0) } ?? whole
        }
        var loaded = try load()
        guard let standing = loaded.state.releases.first(where: { $0.id == release }), !standing.isRescinded else {
            return
        }
        let actor = Actor(.person(standing.discloser), channel: .screen)
        let rule = loaded.rule("rescind")
        if let end = loaded.state.takenBack(by: standing.discloser, naming: release).last {
            // A policy without rescission on screen: the code still closes the card and is recorded.
            let isOfSignedRound = end.round == loaded.state.currentRelease?.round
            let chain = Set(loaded.state.chain(of: end).map(\.id))
            let closing = loaded.state.openCards.filter { isOfSignedRound || chain.contains($0.release) }
                .map { Event.cardClosed($0.release) }
            let recorded = CaseWriter.Decision(
                events: closing + [Event.releaseRescinded(end.id, on: tx.moment.date)], rule: rule, actor: actor)
            let decision =
                loaded.decided(.rescind(release), by: actor, given: Facts(), at: tx.moment) ?? recorded
            _ = try CaseWriter(tx).apply(decision, to: &loaded)
            if end.id == release { return }
            loaded = try load()
        }
        // Superseded: what took its place has ended, and the person's word on this one is recorded as well.
        _ = try CaseWriter(tx).apply(
            .init(events: [.releaseRescinded(release, on: tx.moment.date)], rule: rule, actor: actor), to: &loaded)
    }
}
