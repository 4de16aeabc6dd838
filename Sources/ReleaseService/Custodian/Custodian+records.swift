internal import Cryptography
internal import Foundation
public import ReleaseWorkflow
internal import TransparencyLog

/// The keys that open a record's commitments, by path, in hexadecimal; kept in the vault.
typealias Openings = [String: String]

extension Custodian {
    /// Collects a record's members and the openings of its commitments.
    struct Draftsman {
        var members: [String: CanonicalJSON]
        var openings: Openings = [:]
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

    /// Writes the records that these events call for, in their order, with their openings in the vault.
    ///
    /// - Returns: the release that was signed, if one was.
    func writeRecords(
        for events: [Event], rule: String, actor: Actor, signature: SignatureWork?, before: State, _ context: CaseContext,
        _ step: Step
    ) throws -> ReleaseID? {
        var state = before
        var written: [ReleaseID: RecordPointer] = [:]
        var signed: ReleaseID?
        for event in events {
            state = evolve(state, event)
            switch event {
            case .releaseSigned(let id, let discloser, let recipient, _, let expires):
                guard let signature, let round = state.round else { throw ServiceError.corrupt("a signature without its text") }
                let superseded = before.currentRelease(of: discloser).map(\.id)
                let supersedes = try superseded.flatMap { try pointer(to: $0, step.tx) }
                written[id] = try writeRelease(
                    id, signature, discloser: discloser, recipient: recipient, expires: expires, round: round,
                    supersedes: supersedes, actor: actor, context, step)
                signed = id
            case .cardOpened(let id, let version, _, let reader):
                guard let under = try written[id] ?? pointer(to: id, step.tx), let round = state.round else {
                    throw Refusal.cardClosed
                }
                let act: PersonID
                if case .staff(let staff) = actor.principal {
                    act = staff
                } else if case .person(let own) = actor.principal, own == state.releases.first(where: { $0.id == id })?.discloser,
                    context.workflow.opens.contains(.sign)
                {
                    // Where signing itself opens, the signer is the authority.
                    act = own
                } else if case .person(let second) = actor.principal, context.workflow.opens.contains(.sign) {
                    act = second
                } else {
                    // A correction rests on the first disclosure: its authority is the coordinator who handles the case.
                    guard let coordinator = try identity(context.opener, step.tx)?.coordinator else { throw Refusal.notFound }
                    act = coordinator
                }
                try write(.disclosure, id, round: round.id, context, step) { draft in
                    draft.members["act"] = try draft.commit("act", act.description)
                    draft.members["card"] = .integer(version)
                    draft.members["fields"] = .array(context.loaded.policy.release.fields.map { .string($0.rawValue) })
                    draft.members["notice"] = .string(
                        Hex.format(SHA256.hash(Array(RedisclosureNotice.text(for: context.loaded.policy.release.fields).utf8))))
                    draft.members["rule"] = .string(rule)
                    draft.members["to"] = .object(["person": try draft.commit("to.person", reader.text)])
                    draft.members["under"] = Self.json(under)
                }
            case .releaseSuperseded(let id), .releaseClosed(let id):
                guard let under = try pointer(to: id, step.tx), let round = state.round else { continue }
                try write(.closing, id, round: round.id, context, step) { draft in
                    draft.members["under"] = Self.json(under)
                }
            case .releaseRescinded(let id, _):
                guard let under = try pointer(to: id, step.tx), let release = state.releases.first(where: { $0.id == id }) else {
                    continue
                }
                try write(.rescission, id, round: release.round, context, step) { draft in
                    draft.members["by"] = .object(
                        try draft.actor(release.discloser, agent: actor.agent, channel: actor.channel))
                    draft.members["under"] = Self.json(under)
                }
            case .advanced, .roundStarted, .roundOpened, .roundForgotten, .counterpartNamed, .counterpartCleared,
                .counterpartExcluded, .slotAccepted, .matchMade, .callDue, .answerDue, .cardClosed, .releaseExpired, .handedOff,
                .termSet, .noticeGiven, .reminded, .extensionSigned, .termExtended, .secondSought, .surveyErased, .contactErased,
                .noticed, .callPlaced, .meetingArranged, .privateErased:
                break
            }
        }
        return signed
    }

    private func writeRelease(
        _ id: ReleaseID, _ work: SignatureWork, discloser: PersonID, recipient: Recipient, expires: CivilDate, round: Round,
        supersedes: RecordPointer?, actor: Actor, _ context: CaseContext, _ step: Step
    ) throws -> RecordPointer {
        let vault = try requireVault()
        try vault.prepare([.contact(round.id), .evidence(round.id)])
        if let identity = work.identity { try put(identity, of: discloser, step.tx) }
        let document = try Self.encode(work.document)
        let pointer = try write(.release, id, round: round.id, context, step) { draft in
            var by = try draft.actor(discloser, agent: actor.agent, channel: actor.channel)
            by["evidence"] = try draft.commit("by.evidence", Hex.format(SHA256.hash(Self.encode(work.document.signature))))
            draft.members["by"] = .object(by)
            draft.members["expires"] = .object([
                "date": .string(expires.description), "on": .array([.string("relationshipEnded")]),
            ])
            var fields: [String: CanonicalJSON] = [:]
            for (field, text) in work.fields.texts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                fields[field.rawValue] = try draft.commit("fields.\(field.rawValue)", text)
            }
            draft.members["fields"] = .object(fields)
            draft.members["form"] = .string(Self.formDigest(context.loaded.policy))
            draft.members["purpose"] = .string(context.workflow.purpose.rawValue)
            draft.members["shown"] = try draft.commit("shown", Hex.format(SHA256.hash(Array(work.text.utf8))))
            draft.members["to"] = .object(["person": try draft.commit("to.person", recipient.text)])
            if let supersedes { draft.members["supersedes"] = Self.json(supersedes) }
        }
        func keep(_ value: [UInt8], _ scope: Vault.Scope, _ field: String) throws {
            let (key, sealed) = try vault.seal(value, scope, field)
            try step.tx.putSealed(key, field, sealed)
        }
        try keep(document, .evidence(round.id), "document/\(id)")
        try keep(Array(work.text.utf8), .evidence(round.id), "text/\(id)")
        if let scan = work.scan { try keep(scan, .evidence(round.id), "scan/\(id)") }
        let contact = Dictionary(uniqueKeysWithValues: work.fields.texts.map { ($0.key.rawValue, $0.value) })
        try keep(Self.encode(contact), .contact(round.id), "contact/\(id)")
        guard let code = try vault.rescindCode(id, round: round.id), let digest = RescindCode.digest(ofTyped: code) else {
            throw ServiceError.corrupt("rescind-only code")
        }
        try step.tx.putRelease(ReleaseRow(id: id, caseID: context.id, codeDigest: digest))
        return pointer
    }

    static func formDigest(_ policy: Policy) -> String { Hex.format(SHA256.hash(Array(policy.release.form.text.utf8))) }

    /// Encodes with sorted keys: the bytes of the signature's evidence are committed to.
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Array(try encoder.encode(value))
    }

    static func json(_ pointer: RecordPointer) -> CanonicalJSON {
        .object(["index": .integer(pointer.index), "leaf": .string(pointer.leaf), "origin": .string(pointer.origin)])
    }

    /// Writes one record of a release: the common members, then what `fill` adds. While signing has stopped a closing or rescission is
    /// stored unsigned and everything else is refused.
    @discardableResult
    func write(
        _ type: RecordType, _ release: ReleaseID, round: RoundID, _ context: CaseContext, _ step: Step,
        _ fill: (inout Draftsman) throws -> Void
    ) throws -> RecordPointer {
        let vault = try requireVault()
        // What waits is signed in commit order before anything else, each row one record.
        let waiting = stopped == nil ? 0 : try step.tx.pending().filter { $0.release == release }.count
        let sequence = try step.tx.entries(of: release).count + waiting
        var draft = Draftsman(
            [
                "at": .string(step.moment.date.description), "policy": .string(Hex.format(context.loaded.digest)),
                "release": .string(release.description), "seq": .integer(sequence), "v": .integer(1),
            ], derive: step.derive, label: "\(release)/\(sequence)")
        try fill(&draft)
        let record = try Record(origin: parts.origin, type: type, json: .object(draft.members))
        // Of an erased person nothing can be kept any more; what they end is recorded all the same.
        if !draft.openings.isEmpty, try vault.holds(vault.keyID(.evidence(round))) {
            let scope = Vault.Scope.evidence(round)
            let field = "openings/\(release)/\(sequence)"
            let (key, sealed) = try vault.seal(Self.encode(draft.openings), scope, field)
            try step.tx.putSealed(key, field, sealed)
        }
        if stopped != nil {
            guard type == .closing || type == .rescission else { throw Refusal.notSigning }
            // INVARIANT: the gate refuses a release with a pending row, so closing works with no log at all.
            let order = (try step.tx.pending().map(\.order).max() ?? -1) + 1
            try step.tx.putPending(PendingRow(order: order, release: release, at: step.moment.date, text: record.text))
            step.isPending = true
            step.pendingRelease = release
            return RecordPointer(index: 0, leaf: TreeHash.empty.base64, origin: parts.origin)
        }
        return try append(record, in: step)
    }

    /// What opens one commitment of a record, for the person concerned to show to whom they choose: the key in hexadecimal, and the commitment
    /// as the record states it. That it was asked for goes to the operator journal, once a day (DER-03).
    ///
    /// - Parameters:
    ///   - sequence: the record's number within its release; 0 is the release itself.
    ///   - path: of the member, like `fields.phone`.
    /// - Throws: `Refusal.notFound` where there is none, or its evidence was erased; `FieldProblem` for a member that is no commitment.
    public func opening(of release: ReleaseID, sequence: Int, path: String) async throws -> (key: String, stated: String) {
        let vault = try requireVault()
        return try await together(seed: nil) { [self] step in
            let tx = step.tx
            let entries = try tx.entries(of: release)
            guard let row = try tx.release(release), let caseRow = try tx.caseRow(row.caseID), entries.indices.contains(sequence)
            else { throw Refusal.notFound }
            let context = try context(row.caseID, opener: caseRow.opener, workflow: caseRow.workflow, tx)
            let record = try Record(parsing: SignedNote(parsing: entries[sequence].note).text, origin: parts.origin)
            guard let stated = record.commitments[path] else {
                throw FieldProblem(field: "field", expected: "one of \(record.commitments.keys.sorted().joined(separator: ", "))")
            }
            guard let standing = context.state.releases.first(where: { $0.id == release }) else { throw Refusal.notFound }
            let scope = Vault.Scope.evidence(standing.round)
            let field = "openings/\(release)/\(sequence)"
            guard let opened = try vault.open(tx.sealed(vault.keyID(scope), field), scope, field),
                let key = try JSONDecoder().decode(Openings.self, from: Data(opened))[path]
            else { throw Refusal.notFound }
            try note(standing.discloser, "reveal \(path)", about: row.caseID, step)
            return (key, stated.base64)
        } answer: { opening, _ in
            opening
        }
    }

    /// Where the release's own record stands.
    func pointer(to release: ReleaseID, _ tx: any StoreTransaction) throws -> RecordPointer? {
        for entry in try tx.entries(of: release) {
            let note = try SignedNote(parsing: entry.note)
            if try Record(parsing: note.text, origin: parts.origin).type == .release {
                return RecordPointer(index: entry.index, leaf: TreeHash.leaf(entry.note).base64, origin: parts.origin)
            }
        }
        return nil
    }
}
