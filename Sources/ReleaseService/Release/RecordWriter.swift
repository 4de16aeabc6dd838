internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow
internal import TransparencyLog

/// The keys that open a record's commitments, by path, in hexadecimal; kept in the vault.
typealias Openings = [String: String]

/// Collects a record's members and the openings of its commitments.
struct RecordDraft {
    var members: [String: CanonicalJSON]
    private(set) var openings: Openings = [:]
    private let derive: Derivation
    private let label: String

    init(_ members: [String: CanonicalJSON], derive: Derivation, label: String) {
        self.members = members
        self.derive = derive
        self.label = label
    }

    /// A fresh commitment to `value`, under a key of its own.
    mutating func commit(_ path: String, _ value: String) throws -> CanonicalJSON {
        let key = try derive.bytes("commitment/\(label)/\(path)", count: 32)
        openings[path] = Hex.format(key)
        return .string(try Commitment(path, value, key: key).base64)
    }

    /// `by`: principal, agent and channel.
    mutating func actor(_ principal: PersonID, agent: PersonID?, channel: Channel) throws -> [String: CanonicalJSON] {
        var by: [String: CanonicalJSON] = [
            "channel": .string(channel.rawValue), "principal": try commit("by.principal", principal.description),
        ]
        if let agent { by["agent"] = try commit("by.agent", agent.description) }
        return by
    }
}

/// Writes the records that a case's events call for, in their order, with their openings in the vault.
struct RecordWriter {
    private let tx: Transaction
    private let loaded: LoadedCase

    init(_ tx: Transaction, for loaded: LoadedCase) {
        self.tx = tx
        self.loaded = loaded
    }

    /// - Parameter before: the state that the events lead on from.
    /// - Returns: the release that was signed, if one was.
    func write(
        _ events: [Event], rule: String, actor: Actor, signature: SignatureWork?, before: State
    ) throws -> ReleaseID? {
        var state = before
        var written: [ReleaseID: RecordPointer] = [:]
        var signed: ReleaseID?
        for event in events {
            state = evolve(state, event)
            switch event {
            case .releaseSigned(let id, let discloser, let recipient, _, let expires):
                let old = before.currentRelease(of: discloser)
                let isOwn = actor.principal == .person(discloser)
                guard let round = state.round,
                    let (work, hand) = isOwn ? signature.map({ ($0, actor) }) : try old.flatMap({ try carried($0) })
                else { throw MachineryError.corrupt("a signature without its text") }
                // What was closed is not replaced: who signs after that permits anew.
                let supersedes = try old.flatMap { try $0.isLive ? pointer(to: $0.id) : nil }
                written[id] = try writeRelease(
                    id, work, discloser: discloser, recipient: recipient, expires: expires, round: round,
                    supersedes: supersedes, actor: hand)
                if isOwn { signed = id }
            case .cardOpened(let id, let version, _, let reader):
                guard let under = try written[id] ?? pointer(to: id), let round = state.round else {
                    throw Refusal.cardClosed
                }
                try writeDisclosure(
                    id, version, reader, under: under, rule: rule, actor: actor, round: round, in: state)
            case .releaseSuperseded(let id), .releaseClosed(let id):
                guard let under = try pointer(to: id), let round = state.round else { continue }
                try write(.closing, id, round: round.id) { $0.members["under"] = under.json }
            case .releaseRescinded(let id, _):
                guard let under = try pointer(to: id), let release = state.releases.first(where: { $0.id == id }) else {
                    continue
                }
                try write(.rescission, id, round: release.round) { draft in
                    draft.members["by"] = .object(
                        try draft.actor(release.discloser, agent: actor.agent, channel: actor.channel))
                    draft.members["under"] = under.json
                }
            case .recordedInError(let number):
                for release in loaded.history.steps[number].events.flatMap(\.unwrapped).compactMap(\.endedRelease) {
                    try writeError(release, of: before)
                }
            case .ofParting, .advanced, .roundStarted, .roundOpened, .roundForgotten, .counterpartNamed,
                .counterpartCleared,
                .counterpartExcluded, .keptAway, .keepingLifted, .slotAccepted, .slotHeld, .counterpartSetAside,
                .placeLetGo, .wordDrawn, .matchMade, .callDue, .answerDue,
                .cardClosed, .releaseExpired,
                .handedOff,
                .termSet, .noticeGiven, .reminded, .extensionSigned, .extensionAwaited, .termExtended, .secondSought,
                .surveyErased,
                .contactErased,
                .noticed, .callPlaced, .meetingArranged, .privateErased,
                .handOffSet, .releaseReminded, .callReminded, .cardFrozen, .cardUnfrozen, .cardHidden, .cardShownAgain,
                .unusedNoted, .useResumed,
                .surveyCarried, .privatelyNoted,
                .privatelyUndone:
                break
            }
        }
        return signed
    }

    /// Takes over, word for word, an earlier signature and the hand by which it came in: it counts from today on,
    /// because the signature that it waited for has come. Nil where it was erased.
    private func carried(_ old: ReleaseState) throws -> (SignatureWork, Actor)? {
        let (snapshot, evidence) = (tx.snapshot, Vault.Scope.evidence(old.round))
        let step = loaded.history.steps.first { step in
            step.events.contains { if case .releaseSigned(old.id, _, _, _, _) = $0 { true } else { false } }
        }
        guard var document = try snapshot.cases.document(of: old), let step,
            let text = try snapshot.sealed(evidence, "text/\(old.id)"),
            let contact = try snapshot.sealed(.contact(old.round), "contact/\(old.id)", as: StoredTexts.self)
        else { return nil }
        document.inForceSince = tx.moment.date
        let work = SignatureWork(
            document: document, text: String(decoding: text, as: UTF8.self),
            fields: try CardGate.fields(contact.texts, of: loaded.policy),
            scan: try snapshot.sealed(evidence, "scan/\(old.id)"), recipient: old.recipient)
        return (work, Actor(.person(old.discloser), agent: step.recorded?.by, channel: step.channel))
    }

    private func writeDisclosure(
        _ id: ReleaseID, _ version: Int, _ reader: Recipient, under: RecordPointer, rule: String, actor: Actor,
        round: Round,
        in state: State
    ) throws {
        let act = try authority(for: id, actor, state)
        let fields = loaded.policy.release.fields
        try write(.disclosure, id, round: round.id) { draft in
            draft.members["act"] = try draft.commit("act", act.description)
            draft.members["card"] = .integer(version)
            draft.members["fields"] = .array(fields.map { .string($0.rawValue) })
            draft.members["notice"] = .string(Hex.format(SHA256.hash(Array(RedisclosureNotice.text(for: fields).utf8))))
            draft.members["rule"] = .string(rule)
            draft.members["to"] = .object(["person": try draft.commit("to.person", reader.text)])
            draft.members["under"] = under.json
        }
    }

    /// On whose authority a card opens.
    private func authority(for id: ReleaseID, _ actor: Actor, _ state: State) throws -> PersonID {
        switch actor.principal {
        case .staff(let staff): return staff
        // Where signing itself opens, the signer is the authority.
        case .person(let own) where loaded.workflow.opens.contains(.sign): return own
        case .person, .clock:
            // A correction rests on the first disclosure: its authority is the coordinator who handles the case.
            guard let coordinator = try tx.people.coordinator(of: loaded.opener) else { throw Refusal.notFound }
            return coordinator
        }
    }

    private func writeRelease(
        _ id: ReleaseID, _ work: SignatureWork, discloser: PersonID, recipient: Recipient, expires: CivilDate,
        round: Round,
        supersedes: RecordPointer?, actor: Actor
    ) throws -> RecordPointer {
        let vault = tx.vault
        try vault.prepare([.contact(round.id), .evidence(round.id)])
        if var identity = work.identity {
            // Whoever filed the paper on which a number came in is the hand that entered it.
            if try tx.people.require(discloser).phone != identity.phone {
                identity.numberEntered = .init(by: actor.agent ?? discloser, on: tx.moment.date)
            }
            try tx.put(identity, of: discloser)
        }
        guard let signature = work.document.signature else {
            throw MachineryError.corrupt("a release without a signature")
        }
        let pointer = try write(.release, id, round: round.id) { draft in
            var by = try draft.actor(discloser, agent: actor.agent, channel: actor.channel)
            by["evidence"] = try draft.commit("by.evidence", signature.evidenceDigest)
            draft.members["by"] = .object(by)
            draft.members["expires"] = .object([
                "date": .string(expires.description), "on": .array([.string("relationshipEnded")]),
            ])
            var fields: [String: CanonicalJSON] = [:]
            for (field, text) in work.fields.texts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                fields[field.rawValue] = try draft.commit("fields.\(field.rawValue)", text)
            }
            draft.members["fields"] = .object(fields)
            draft.members["form"] = .string(loaded.policy.formDigest)
            draft.members["purpose"] = .string((work.document.purpose ?? loaded.workflow.purpose).rawValue)
            draft.members["shown"] = try draft.commit("shown", work.textDigest)
            draft.members["to"] = .object(["person": try draft.commit("to.person", recipient.text)])
            if let supersedes { draft.members["supersedes"] = supersedes.json }
        }
        try tx.keep(work.document, .evidence(round.id), "document/\(id)")
        try tx.keep(Array(work.text.utf8), .evidence(round.id), "text/\(id)")
        if let scan = work.scan {
            try tx.keep(scan, .evidence(round.id), "scan/\(id)")
            try tx.noteFiled(scan, of: discloser)
        }
        let contact = Dictionary(uniqueKeysWithValues: work.fields.texts.map { ($0.key.rawValue, $0.value) })
        try tx.keep(StoredTexts(contact), .contact(round.id), "contact/\(id)")
        guard let code = try vault.rescindCode(id, round: round.id), let digest = RescindCode.digest(ofTyped: code)
        else {
            throw MachineryError.corrupt("rescind-only code")
        }
        try tx.join(id, with: loaded.id, codeDigest: digest)
        return pointer
    }

    /// Writes one record of a release: the common members, then what `fill` adds. While signing has stopped a closing
    /// or rescission is stored unsigned and everything else is refused.
    @discardableResult
    private func write(
        _ type: RecordType, _ release: ReleaseID, round: RoundID, _ fill: (inout RecordDraft) throws -> Void
    ) throws -> RecordPointer {
        // What waits is signed in commit order before anything else, each row one record.
        let isStopped = tx.ledger.isStopped
        let token = try tx.vault.releaseToken(release)
        let waiting =
            isStopped ? try tx.rows.pending().count { $0.reference == token || $0.reference == release.bytes } : 0
        let sequence = try tx.rows.entries(of: release).count + waiting
        var draft = RecordDraft(
            [
                "at": .string(tx.moment.date.description), "policy": .string(Hex.format(loaded.loaded.digest)),
                "release": .string(release.description), "seq": .integer(sequence), "v": .integer(1),
            ], derive: tx.derive, label: "\(release)/\(sequence)")
        try fill(&draft)
        let record = try Record(origin: tx.parts.origin, type: type, json: .object(draft.members))
        // Of an erased person nothing can be kept any more; what they end is recorded all the same.
        if !draft.openings.isEmpty, try tx.vault.holds(tx.vault.keyID(.evidence(round))) {
            try tx.keep(StoredTexts(draft.openings), .evidence(round), "openings/\(release)/\(sequence)")
        }
        guard isStopped else { return try tx.append(record) }
        guard type == .closing || type == .rescission else { throw Refusal.notSigning }
        // INVARIANT: the gate refuses a release with a pending row, so closing works with no log at all.
        let order = (try tx.rows.pending().map(\.order).max() ?? -1) + 1
        tx.rows.putPending(PendingRow(order: order, reference: token, at: tx.moment.date, text: record.text))
        tx.consequences.isPending = true
        tx.consequences.pendingRelease = release
        return RecordPointer(index: 0, leaf: TreeHash.empty.base64, origin: tx.parts.origin)
    }

    /// Points at the record that ended a release, and changes nothing of it.
    private func writeError(_ release: ReleaseID, of state: State) throws {
        let ends = [RecordType.closing, .rescission].map { Record.typeLine($0, origin: tx.parts.origin) }
        guard let under = try pointer(to: release), let own = state.releases.first(where: { $0.id == release }),
            let end = try tx.rows.entries(of: release).last(where: { entry in
                ends.contains { entry.note.starts(with: $0.utf8) }
            })
        else { return }
        let pointed = RecordPointer(
            index: end.index, leaf: TreeHash.leaf(end.note).base64, origin: tx.parts.origin)
        try write(.error, release, round: own.round) {
            $0.members["of"] = pointed.json
            $0.members["under"] = under.json
        }
    }

    /// Where the release's own record stands.
    private func pointer(to release: ReleaseID) throws -> RecordPointer? {
        let line = Record.typeLine(.release, origin: tx.parts.origin)
        return try tx.rows.entries(of: release).first { $0.note.starts(with: line.utf8) }.map {
            RecordPointer(index: $0.index, leaf: TreeHash.leaf($0.note).base64, origin: tx.parts.origin)
        }
    }
}

extension Policy {
    /// SHA-256 of the release form's own words, in hexadecimal.
    var formDigest: String { Hex.format(SHA256.hash(Array(release.form.text.utf8))) }
}

extension SignatureEvidence {
    /// SHA-256 of how it was signed, in hexadecimal: what the record commits to.
    var evidenceDigest: String { Hex.format(SHA256.hash(Array(StoredCodec.text(self).utf8))) }
}

extension Event {
    /// The release that it ends; nil for every event that ends none.
    fileprivate var endedRelease: ReleaseID? {
        if case .releaseClosed(let id) = self { return id }
        if case .releaseRescinded(let id, _) = self { return id }
        return nil
    }
}
