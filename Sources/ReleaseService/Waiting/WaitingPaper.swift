internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// A paper that one member of staff filed, and what it signs: it counts once another has looked at it and reached the
/// signer. It is sealed under the signer's own key and goes with them.
struct WaitingPaper: StoredValue {
    /// The thing that was signed by hand.
    enum Meaning {
        /// A release, or another signature in a case.
        case signature(CommandKind, opener: PersonID, workflow: String)
        case agreements(Role, display: String?)
    }

    let meaning: Meaning
    let signedOn: CivilDate?

    /// The name for other people's forms that goes with agreements.
    var display: String? {
        guard case .agreements(_, let display) = meaning else { return nil }
        return display
    }

    /// True of two papers that sign the same thing: the second takes the place of the first.
    func isSame(as other: WaitingPaper) -> Bool {
        switch (meaning, other.meaning) {
        case (.agreements(let own, _), .agreements(let theirs, _)): own == theirs
        case (.signature(let kind, let opener, let workflow), .signature(let other, let person, let place)):
            (kind, opener, workflow) == (other, person, place)
        case (.agreements, .signature), (.signature, .agreements): false
        }
    }

    var formDigest: String?
    var isNameConfirmed = false
    var corrections = Corrections()

    static var storedName: StaticString { "paper that waits for a second hand" }

    init(_ meaning: Meaning, signedOn: CivilDate?) { (self.meaning, self.signedOn) = (meaning, signedOn) }

    init(stored: StoredObject) throws {
        if let role = try stored.optionalChoice("role", of: Role.self) {
            meaning = .agreements(role, display: try stored.optionalText("display"))
        } else {
            meaning = .signature(
                try stored.choice("kind", of: CommandKind.self), opener: try stored.id("opener"),
                workflow: try stored.text("workflow"))
        }
        signedOn = try stored.optionalDate("signedOn")
        formDigest = try stored.optionalText("formDigest")
        isNameConfirmed = try stored.flag("isNameConfirmed")
        var profile: [ProfileField: String] = [:]
        for (name, text) in try stored.optionalTable("profile") ?? [:] {
            guard let field = ProfileField(rawValue: name) else { throw stored.problem("profile") }
            profile[field] = text
        }
        corrections = Corrections(
            firstName: try stored.optionalText("firstName"), phone: try stored.optionalText("phone"), profile: profile)
        corrections.isPhoneConfirmed = try stored.flag("isPhoneConfirmed")
    }

    var stored: [String: CanonicalJSON] {
        var members = StoredMembers()
        switch meaning {
        case .agreements(let role, let display): members = members.with("role", role).with("display", display)
        case .signature(let kind, let opener, let workflow):
            members = members.with("kind", kind).with("opener", opener).with("workflow", workflow)
        }
        let profile = Dictionary(
            uniqueKeysWithValues: corrections.profile.map { ($0.key.rawValue, CanonicalJSON.string($0.value)) })
        return members.with("signedOn", signedOn).with("formDigest", formDigest)
            .with("isNameConfirmed", isNameConfirmed).with("firstName", corrections.firstName)
            .with("phone", corrections.phone).with("profile", profile.isEmpty ? nil : .object(profile))
            .with("isPhoneConfirmed", corrections.isPhoneConfirmed).members
    }
}

/// Files papers until a second person has looked at them.
struct WaitingPapers {
    private let tx: Transaction

    init(_ tx: Transaction) { self.tx = tx }

    static func field(_ act: PendingAct) -> String { "waiting/\(act.id)" }
    static func scanField(_ act: PendingAct) -> String { field(act) + "/scan" }

    /// True where what one member of staff files has no effect before another has looked at it.
    var wait: Bool {
        switch tx.snapshot.current.policy.secondHand {
        case .none: false
        case .by: true
        }
    }

    /// Keeps a paper that could be recorded now. A second one for the same signature takes the place of the first.
    func file(_ paper: WaitingPaper, _ scan: [UInt8], of signer: PersonID, by staff: PersonID) throws -> Done {
        var act = PendingAct(
            id: Hex.format(try tx.derive.bytes("waitingPaper", count: 16)), kind: .paper, person: signer, by: staff,
            on: tx.moment.date)
        if case .signature(_, let opener, let workflow) = paper.meaning {
            act.step = .init(opener: opener, workflow: workflow, number: 0)
        }
        var acts = try tx.snapshot.pendingActs
        for former in acts where former.kind == .paper && former.person == signer {
            let known = try tx.snapshot.sealed(.identity(signer), Self.field(former), as: WaitingPaper.self)
            guard known.map(paper.isSame) ?? true else { continue }
            try drop(former)
            acts.removeAll { $0.id == former.id }
        }
        try tx.keep(pending: acts + [act])
        try tx.keep(paper, .identity(signer), Self.field(act))
        try tx.keep(scan, .identity(signer), Self.scanField(act))
        return Done(person: signer, state: Outcome.waiting)
    }

    /// Takes away what waits in a case of which nothing is left.
    func dropAll(of opener: PersonID, workflow: String) throws {
        let acts = try tx.snapshot.pendingActs
        let gone = acts.filter { $0.kind == .paper && $0.step?.opener == opener && $0.step?.workflow == workflow }
        if gone.isEmpty { return }
        try tx.keep(pending: acts.filter { !gone.contains($0) })
        for act in gone { try drop(act) }
    }

    /// Takes a paper away: it was recorded, or it is none.
    func drop(_ act: PendingAct) throws {
        for field in [Self.field(act), Self.scanField(act)] { try tx.forget(.identity(act.person), field) }
        tx.consequences.mustSettle = true
    }
}
