internal import Cryptography
internal import ReleaseLedger
public import ReleaseWorkflow

/// Something that somebody asks for on the telephone, of whichever coordinator answers it.
public struct TelephoneCall: Sendable {
    public enum Wish: String, CaseIterable, Hashable, Sendable {
        /// Their permissions are taken back.
        case takeBack
        /// The pair that they are part of ends.
        case end
        /// Their own coordinator calls them.
        case callBack
        /// The number on their card is wrong: nobody is shown it until they sign the right one.
        case wrongNumber

        /// True if something comes of it in this program.
        public func isKnown(to policy: Policy) -> Bool {
            switch self {
            case .takeBack, .end: true
            case .callBack: policy.workflows.flatMap(\.transitions).contains { $0.command == .requestCallBack }
            case .wrongNumber: policy.workflows.flatMap(\.transitions).contains { $0.command == .freezeCard }
            }
        }
    }

    public var wish: Wish
    public var fullName: String
    public var phone: String
    /// The name on the form that is meant; nil for all that there are.
    public var recipient: String?

    public init(_ wish: Wish, fullName: String, phone: String, recipient: String? = nil) {
        (self.wish, self.fullName, self.phone, self.recipient) = (wish, fullName, phone, recipient)
    }
}

/// Takes down what somebody asks for who says their full name and their number: any coordinator can, and nobody has to
/// be passed on.
///
/// The answer is the same whether or not there was anything to end. Every act is told to the person by their own way,
/// and to the one whom they are assigned to; that it was taken down stands in the operator journal, and those beyond
/// the tenth of a day are marked there for a second look.
struct TakeDown: Act {
    /// The number of calls a day that one coordinator takes down without somebody looking at it afterwards.
    static let unseenLimit = 10

    let call: TelephoneCall
    let staff: PersonID
    /// In E.164.
    private let phone: String

    init(_ call: TelephoneCall, by staff: PersonID, _ input: PersonInput) throws {
        (self.call, self.staff) = (call, staff)
        phone = try input.phone(sought: call.phone)
    }

    var text: String {
        ["takeDown", call.wish.rawValue, call.fullName, phone, call.recipient ?? ""].joined(separator: "\u{0}")
    }
    var formerScope: String { "staff \(staff)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        // Where a program keeps no staff nobody takes anything down: there is the code, and the screen.
        let isStaffed = tx.snapshot.current.policy.administration != .`self`
        try permit.require(isStaffed && permit.isSelf(staff) && permit.holds(.coordinator))
    }

    /// - Throws: `Refusal.notFound` unless exactly one person is known by this name and number, and for oneself.
    func carryOut(_ tx: Transaction) throws -> Done {
        let found = try tx.people.find(phone: phone, name: call.fullName).filter { try isMeant($0, tx) }
        guard found.count == 1, let person = found.first, person != staff else { throw Refusal.notFound }
        for row in try tx.rows.parties(of: person, isStaff: false, after: nil, count: .max) {
            try takeDown(for: person, row, tx)
        }
        try note(tx)
        return Done(person: person)
    }

    private func isMeant(_ person: PersonID, _ tx: Transaction) throws -> Bool {
        try tx.people.identity(person)?.roles.contains { !$0.isStaff } == true
    }

    private func takeDown(for person: PersonID, _ row: PartyRow, _ tx: Transaction) throws {
        let loaded: LoadedCase
        do {
            loaded = try tx.snapshot.cases.load(row.caseID, opener: row.opener, workflow: row.workflow)
        } catch Refusal.notFound {
            return
        }
        // Being called back is asked for once, in the person's own case.
        if call.wish == .callBack, row.opener != person { return }
        let ends = try ends(of: person, in: loaded, tx)
        for end in ends {
            let channels = channels(for: end.kind, person, loaded)
            guard let channel = [Channel.phone, .paper].first(where: channels.contains) else { continue }
            var submission = Submission(
                end.kind, workflow: row.workflow, opener: row.opener,
                actor: Actor(.person(person), agent: staff, channel: channel))
            submission.release = end.release
            submission.isOfParting = end.isOfParting
            do {
                try tx.attempt { _ = try SubmitAct(submission).carryOut(tx) }
            } catch is Refusal {
                // Nothing of this kind is there, or the one who answers is a party of it: nothing is said of either.
            }
            tx.storesNothing = false
        }
    }

    /// The commands that this call comes to in one case: for a taking back one for each release that is meant, the
    /// newest first.
    private func ends(of person: PersonID, in loaded: LoadedCase, _ tx: Transaction) throws -> [(
        kind: CommandKind, release: ReleaseID?, isOfParting: Bool
    )] {
        switch call.wish {
        case .callBack: return [(.requestCallBack, nil, false)]
        case .wrongNumber:
            let live = ([loaded] + loaded.partings).flatMap(\.state.liveReleases)
            return live.contains { $0.discloser == person } ? [(.freezeCard, nil, false)] : []
        case .takeBack:
            return try loaded.state.notTakenBack(by: person).reversed().filter { try isNamed($0, tx) }.map {
                (.rescind, $0.id, false)
            }
        case .end:
            return try ([loaded] + loaded.partings).compactMap { pair in
                try endKind(of: person, in: pair, tx).map { ($0, nil, pair.whole != nil) }
            }
        }
    }

    /// The command by which somebody leaves a pair whose form names the one they say; nil where it names another.
    private func endKind(of person: PersonID, in loaded: LoadedCase, _ tx: Transaction) throws -> CommandKind? {
        guard person == loaded.opener || person == loaded.counterpart else { return nil }
        // Whoever signed the form is asked whom it names; who only reads under it was given no name to say.
        let own = loaded.state.roundReleases.filter { $0.discloser == person }
        guard try own.isEmpty || own.contains(where: { try isNamed($0, tx) }) else { return nil }
        // Where a role has no end of its own, it leaves by taking back what it released.
        let role = loaded.role(of: person)
        let hasEnd = loaded.workflow.transitions.contains { $0.command == .end && $0.role == role }
        return hasEnd ? .end : own.isEmpty ? nil : .rescind
    }

    private func channels(for kind: CommandKind, _ person: PersonID, _ loaded: LoadedCase) -> [Channel] {
        if kind == .rescind { return loaded.workflow.rescissionChannels(under: loaded.policy) }
        let role = loaded.role(of: person)
        return loaded.workflow.transitions.filter { $0.command == kind && $0.role == role }.flatMap(\.channels)
    }

    /// True if no recipient is named, or this is the one whose name stands on the form of this release.
    private func isNamed(_ release: ReleaseState, _ tx: Transaction) throws -> Bool {
        guard let name = call.recipient, !Self.plain(name).isEmpty else { return true }
        let known = try tx.snapshot.cases.document(of: release)?.recipientName ?? ""
        return Self.plain(known) == Self.plain(name)
    }

    /// Without regard to capitals and spaces.
    private static func plain(_ name: String) -> String {
        name.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private func note(_ tx: Transaction) throws {
        let place = "takenDown/\(staff)"
        let stored = try tx.rows.setting(place).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let parts = stored.split(separator: " ").map(String.init)
        let today = tx.moment.date.description
        let count = (parts.count == 2 && parts[0] == today ? Int(parts[1]) ?? 0 : 0) + 1
        tx.rows.setSetting(place, Array("\(today) \(count)".utf8))
        let token = try tx.vault.indexToken("journal", "\(staff) takenDown \(today) \(count)")
        let attempt = count > Self.unseenLimit ? "takenDown.lookAgain" : "takenDown"
        let line = JournalLine(person: staff, attempt: attempt, on: tx.moment.date)
        tx.rows.putJournal(token, try tx.vault.seal(line, fixed: "journal"))
    }
}
