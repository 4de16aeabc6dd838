internal import ReleaseLedger
internal import ReleaseWorkflow

/// Ends every case whose release may still permit something, as if its last day were over: after a restore, nobody can
/// know that it still stands.
enum EndEverything {
    /// - Returns: how many cases were ended.
    static func carryOut(_ tx: Transaction) throws -> Int {
        var count = 0
        try tx.snapshot.forEachCase { row in
            let whole = try tx.snapshot.cases.load(row)
            var isEnded = false
            for round in whole.state.parting.map(\.round.id) + [nil] {
                let now = try tx.snapshot.cases.load(row)
                let meant = round.map { now.ofParting($0) } ?? now
                if let meant, try end(meant, tx) { isEnded = true }
            }
            if isEnded { count += 1 }
        }
        return count
    }

    /// - Returns: whether something could still be permitted.
    private static func end(_ found: LoadedCase, _ tx: Transaction) throws -> Bool {
        var loaded = found
        guard !loaded.state.liveReleases.isEmpty || !loaded.state.openCards.isEmpty else { return false }
        // Decided as on the day after the last that any of them names; recorded today.
        let last = loaded.state.liveReleases.map(\.expiresOn).max() ?? tx.moment.date
        let over = Moment(
            instantMilliseconds: tx.moment.instantMilliseconds, date: max(last.adding(days: 1), tx.moment.date))
        let facts = try GuardFacts(tx.snapshot, of: loaded).forClock(on: over.date)
        let inner = tx.dated(tx.moment)
        // Where no expiry is foreseen, what is open closes, and the case goes on from where it stands.
        let closing =
            loaded.state.openCards.map { Event.cardClosed($0.release) }
            + loaded.state.liveReleases.map { Event.releaseExpired($0.id) }
        let recorded = CaseWriter.Decision(
            events: closing, rule: loaded.rule("expire"), actor: Actor.clock)
        let decision = try DueTransitions(tx).clockDecision(.expire, loaded, facts, at: over) ?? recorded
        _ = try CaseWriter(inner).apply(decision, to: &loaded)
        tx.takeOver(inner, withRecords: false)
        tx.consequences.mustSettle = true
        return true
    }
}
