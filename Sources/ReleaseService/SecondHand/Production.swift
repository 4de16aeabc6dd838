internal import Cryptography
internal import ReleaseLedger
public import ReleaseWorkflow

/// One production: whose consents, why, by which two hands, and when.
public struct Production: Hashable, Sendable {
    public let id: String
    public let person: PersonID
    public let ground: ProductionGround
    public let by: PersonID
    public let confirmedBy: PersonID
    public let on: CivilDate
    /// The days for which the two who asked and confirmed can take it.
    public static let days = 14
}

/// A file of what is produced.
public struct ProducedFile: Sendable {
    public let name: String
    public let mediaType: String
    public let bytes: [UInt8]
    public init(name: String, mediaType: String, bytes: [UInt8]) {
        (self.name, self.mediaType, self.bytes) = (name, mediaType, bytes)
    }
}

extension Production: StoredValue {
    static var storedName: StaticString { "production" }

    init(stored: StoredObject) throws {
        self.init(
            id: try stored.text("id"), person: try stored.id("person"),
            ground: try ProductionGround(stored: stored.object("ground")), by: try stored.id("by"),
            confirmedBy: try stored.id("confirmedBy"), on: try stored.date("on"))
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("id", id).with("person", person).with("ground", ground).with("by", by)
            .with("confirmedBy", confirmedBy).with("on", on).members
    }
}

/// Every production: one sealed value, rewritten whole.
struct Productions: StoredValue {
    var list: [Production]
    static var storedName: StaticString { "productions" }
    init(_ list: [Production]) { self.list = list }
    init(stored: StoredObject) throws { list = try stored.objects("list") { try Production(stored: $0) } }
    var stored: [String: CanonicalJSON] { StoredMembers().with("list", list: list).members }
}

extension Snapshot {
    var productions: [Production] {
        get throws {
            try rows.setting("productions").map { try vault.open($0, fixed: "productions", as: Productions.self).list }
                ?? []
        }
    }
}

/// Asks that what somebody signed is handed out: two hands, and a ground that the law knows.
struct AskToProduce: Act {
    let person: PersonID
    let ground: ProductionGround
    let staff: PersonID

    var text: String { "askToProduce \(person) \(StoredCodec.text(ground))" }
    var formerScope: String { "staff \(staff)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        // The person's own coordinator, or an administrator, to whom a court or an auditor turns.
        let isTheirs = try tx.people.coordinator(of: person) == staff && permit.holds(.coordinator)
        let identity = try tx.people.identity(staff)
        let isAdministrator = try identity?.roles.contains(.administrator) == true && permit.holds(.administrator)
        try permit.require(permit.isSelf(staff) && staff != person && (isTheirs || isAdministrator))
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        guard try tx.rows.person(person) != nil else { throw Refusal.notFound }
        // Where nobody else confirms it, only the person's own wish is a ground.
        if case .none = tx.snapshot.current.policy.secondHand, ground != .personAsked { throw Refusal.needsSecondHand }
        return try SecondHandActs(tx).ask(.produce, about: person, by: staff, ground: ground)
    }
}

extension SecondHandActs {
    /// Notes a production; the two who asked and confirmed can take it for some days.
    static func produce(_ act: PendingAct, by staff: PersonID, _ tx: Transaction) throws {
        guard let ground = act.ground else { throw Refusal.notFound }
        let production = Production(
            id: act.id, person: act.person, ground: ground, by: act.by, confirmedBy: staff, on: tx.moment.date)
        let all = Productions(try tx.snapshot.productions + [production])
        tx.rows.setSetting("productions", try tx.vault.seal(all, fixed: "productions"))
    }
}

/// The files that are handed out: every text that the person signed, its records with their proofs, and the scans. No
/// code, no values beside the text, and nothing of who looked when.
struct ProducedFiles {
    private let snapshot: Snapshot
    private let copies: ReleaseCopies

    init(_ snapshot: Snapshot, hashes: HashCache) {
        self.snapshot = snapshot
        copies = ReleaseCopies(snapshot, hashes: hashes)
    }

    /// - Throws: `Refusal.notFound` for whoever was neither hand of it, and after its days.
    func files(of id: String, for staff: PersonID) throws -> [ProducedFile] {
        guard let production = try snapshot.productions.first(where: { $0.id == id }),
            [production.by, production.confirmedBy].contains(staff),
            snapshot.today <= production.on.adding(days: Production.days)
        else { throw Refusal.notFound }
        var files: [ProducedFile] = []
        for (number, release) in try releases(of: production.person).enumerated() {
            let name = "release-\(number + 1)"
            guard let text = try? copies.text(of: release, for: production.person) else { continue }
            files.append(.init(name: "\(name).txt", mediaType: "text/plain", bytes: Array(text.utf8)))
            if let scan = try? copies.scan(of: release, for: production.person) {
                files.append(
                    .init(
                        name: "\(name)-\(scan.kind.fileName)", mediaType: scan.kind.mediaType, bytes: scan.bytes))
            }
            // What was signed a moment ago has its receipts once its head is signed.
            for (place, receipt) in ((try? copies.receipts(of: release)) ?? []).enumerated() {
                files.append(
                    .init(name: "\(name)-record-\(place + 1).txt", mediaType: "text/plain", bytes: receipt.record))
                files.append(
                    .init(name: "\(name)-proof-\(place + 1).txt", mediaType: "text/plain", bytes: receipt.proof))
            }
        }
        return files
    }

    /// The releases that a person signed, in every case, the oldest first.
    private func releases(of person: PersonID) throws -> [ReleaseID] {
        var found: [ReleaseState] = []
        for workflow in snapshot.current.policy.workflows {
            found += try snapshot.cases.load(person, workflow: workflow.id).state.releases
        }
        for party in try snapshot.rows.parties(of: person, isStaff: false, after: nil, count: .max)
        where party.opener != person {
            let loaded = try snapshot.cases.load(party.caseID, opener: party.opener, workflow: party.workflow)
            found += loaded.state.releases
        }
        var seen: Set<ReleaseID> = []
        return found.filter { $0.discloser == person && seen.insert($0.id).inserted }
            .sorted { ($0.signedOn, $0.id) < ($1.signedOn, $1.id) }.map(\.id)
    }
}
