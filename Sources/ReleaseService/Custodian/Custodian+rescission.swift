internal import Foundation
internal import Logging
public import ReleaseWorkflow
internal import TransparencyLog

extension Custodian {
    /// Ends a release by its rescind-only code: no sign-in, no lock-out, and no key needed.
    ///
    /// The closing commits first, as a row that every gate reads; if the keys are here it is then carried out in full, else when they are.
    ///
    /// - Returns: whether the record is already in the signed log.
    /// - Throws: `Refusal.notFound` for a code that ends nothing, in the same words whatever is wrong with it.
    public static func rescind(
        typedCode: String, store: any Store, time: any MomentSource
    ) throws -> ReleaseID {
        guard let digest = RescindCode.digest(ofTyped: typedCode) else { throw Refusal.notFound }
        let moment = try time.now()
        return try store.write { tx in
            guard let row = try tx.release(withCodeDigest: digest) else { throw Refusal.notFound }
            if try !tx.isPending(row.id) {
                let order = (try tx.pending().map(\.order).max() ?? -1) + 1
                try tx.putPending(PendingRow(order: order, release: row.id, at: moment.date, text: nil))
            }
            return row.id
        }
    }

    /// The same, then carried out at once where the keys are here.
    ///
    /// - Returns: an outcome whose receipt is pending while nothing can be signed.
    public func rescind(typedCode: String) throws -> Outcome {
        let release = try Self.rescind(typedCode: typedCode, store: parts.store, time: parts.time)
        try signPending()
        let records = try parts.store.read { tx in try tx.entries(of: release).map(\.index).suffix(1) }
        let isWaiting = try parts.store.read { try $0.isPending(release) }
        let isPending = isWaiting || records.contains { $0 >= checkpoint.size }
        return Outcome(
            refusal: nil, refusalCode: nil, isReceiptPending: isPending, isReplay: false, state: nil, rule: nil,
            release: release, person: nil, records: isPending ? [] : Array(records),
            receipts: isPending ? [] : try receipts(for: Array(records)), rescindCode: nil, notices: [], moment: try moment())
    }

    /// Carries out what committed while nothing could be signed, first and in commit order, each with the date it was given.
    func signPending() throws {
        guard parts.vault != nil, stopped == nil, !isRevoking, try !parts.store.read({ try $0.pending() }).isEmpty else { return }
        let moment = try moment()
        let derive = Derivation(seed: try parts.seeds.seed(for: nil))
        let step = try write { tx -> Step in
            let step = Step(tx: tx, moment: moment, derive: derive, tree: tree)
            for row in try tx.pending() {
                let dated = Moment(instantMilliseconds: moment.instantMilliseconds, date: row.at)
                let inner = Step(tx: tx, moment: dated, derive: derive, tree: step.tree)
                do {
                    try tx.savepoint {
                        try tx.deletePending(row.order)
                        if let text = row.text {
                            try append(Record(parsing: text, origin: parts.origin), in: inner)
                        } else {
                            try carryOutCode(row.release, inner)
                        }
                    }
                } catch is ServiceError {
                    // The row stays, and with it the release stays closed; the others go on.
                    parts.logger.error("a closing could not be carried out yet")
                    continue
                }
                step.tree = inner.tree
                step.erased += inner.erased
            }
            try putHeads(step.tree.size, tx)
            return step
        }
        try afterCommit([step])
    }

    /// Rescinds by code: through the workflow where the release is the current one, as a record alone where its round is over.
    private func carryOutCode(_ release: ReleaseID, _ step: Step) throws {
        guard let row = try step.tx.release(release), let caseRow = try step.tx.caseRow(row.caseID) else {
            throw ServiceError.corrupt("a release without its case")
        }
        var context = try context(row.caseID, opener: caseRow.opener, workflow: caseRow.workflow, step.tx)
        guard let standing = context.state.releases.first(where: { $0.id == release }), !standing.isRescinded else { return }
        let actor = Actor(.person(standing.discloser), channel: .screen)
        let rule = "\(context.loaded.policy.program)/\(context.workflow.id)/rescind"
        if context.state.currentRelease(of: standing.discloser)?.id == release {
            let facts = Facts()
            if let authorized = try? authorize(
                .rescind, by: actor, in: context.state, under: context.loaded, workflow: context.workflow, given: facts,
                at: step.moment),
                let events = try? decide(
                    authorized, in: context.state, under: context.loaded, workflow: context.workflow, given: facts,
                    at: step.moment)
            {
                _ = try apply(events, rule: authorized.rule, actor: actor, seenBy: authorized.seenBy, to: &context, step)
                return
            }
            // A policy without rescission on screen: the code still closes the card and is recorded.
            let closing = context.state.openCards.map { Event.cardClosed($0.release) }
            _ = try apply(
                closing + [.releaseRescinded(release, on: step.moment.date)], rule: rule, actor: actor, to: &context, step)
            return
        }
        // Superseded, or of an earlier round: nothing else changes, the person's word is recorded. A code for a superseded release of the
        // round that is still open ends the one that took its place.
        if let live = context.state.currentRelease(of: standing.discloser), live.id != release, live.isLive,
            live.round == standing.round
        {
            try carryOutCode(live.id, step)
            context = try self.context(row.caseID, opener: caseRow.opener, workflow: caseRow.workflow, step.tx)
        }
        _ = try apply([.releaseRescinded(release, on: step.moment.date)], rule: rule, actor: actor, to: &context, step)
    }
}
