internal import Cryptography
internal import ReleaseLedger
public import ReleaseWorkflow

/// Something that went wrong with what people gave: what kind of thing, whose, since when. Nothing of it is free text,
/// so that no second secret is written down about the first.
///
/// - Source: 42 CFR 2.16(b) and 45 CFR 164.404: those whom it concerns are told without delay, within sixty days of the
///   day on which it was discovered.
public struct Incident: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        /// A printed card, form or list was lost or taken.
        case paperLost
        /// A card or form was handed to somebody else than the one whom it names.
        case wrongReader
        /// The record belongs to another person.
        case wrongPerson
        /// Somebody learned something by asking, looking over a shoulder or overhearing.
        case overheard
        /// A device, key or backup was lost or taken.
        case deviceLost
        /// Something was signed for somebody who had not.
        case signedInError
    }

    public let id: String
    public let kind: Kind
    public let people: [PersonID]
    /// The day on which it was discovered.
    public let discoveredOn: CivilDate
    public let by: PersonID
    public let on: CivilDate
    /// True if every live card of these people was closed when it was reported.
    public let closedCards: Bool
    /// The people who were told, each with the day.
    public var told: [PersonID: CivilDate] = [:]
    /// The day on which an administrator found that nothing is left to do.
    public var settledOn: CivilDate?

    /// The last day for telling those whom it concerns.
    public var dueOn: CivilDate { discoveredOn.adding(days: Self.daysToTell) }
    public static let daysToTell = 60
}

extension Incident: StoredValue {
    static var storedName: StaticString { "incident" }

    init(stored: StoredObject) throws {
        let told = try stored.optionalTable("told") ?? [:]
        self.init(
            id: try stored.text("id"), kind: try stored.choice("kind", of: Kind.self),
            people: try stored.texts("people").compactMap { PersonID(parsing: $0) },
            discoveredOn: try stored.date("discoveredOn"), by: try stored.id("by"), on: try stored.date("on"),
            closedCards: try stored.flag("closedCards"),
            told: Dictionary(
                uniqueKeysWithValues: told.compactMap { person, day in
                    guard let id = PersonID(parsing: person), let date = CivilDate(parsing: day) else { return nil }
                    return (id, date)
                }), settledOn: try stored.optionalDate("settledOn"))
    }

    var stored: [String: CanonicalJSON] {
        let told = Dictionary(
            uniqueKeysWithValues: told.map { ($0.key.description, CanonicalJSON.string($0.value.description)) })
        return StoredMembers().with("id", id).with("kind", kind).with("people", people.map(\.description))
            .with("discoveredOn", discoveredOn).with("by", by).with("on", on).with("closedCards", closedCards)
            .with("told", .object(told)).with("settledOn", settledOn).members
    }
}

/// Every incident: one sealed value, rewritten whole.
struct Incidents: StoredValue {
    var list: [Incident]
    static var storedName: StaticString { "incidents" }
    init(_ list: [Incident]) { self.list = list }
    init(stored: StoredObject) throws { list = try stored.objects("list") { try Incident(stored: $0) } }
    var stored: [String: CanonicalJSON] { StoredMembers().with("list", list: list).members }
}

extension Snapshot {
    var incidents: [Incident] {
        get throws {
            try rows.setting("incidents").map { try vault.open($0, fixed: "incidents", as: Incidents.self).list } ?? []
        }
    }
}

extension Transaction {
    func keep(_ incidents: [Incident]) throws {
        rows.setSetting("incidents", try vault.seal(Incidents(incidents), fixed: "incidents"))
    }
}

/// Reports an incident: cards close at once where that is asked, and those whom it concerns are told.
struct ReportIncident: Act {
    let kind: Incident.Kind
    let people: [PersonID]
    let discoveredOn: CivilDate
    let closesCards: Bool
    let staff: PersonID

    var text: String {
        "incident \(kind.rawValue) \(people.map(\.description).sorted().joined(separator: " ")) \(discoveredOn) \(closesCards)"
    }
    var formerScope: String { "staff \(staff)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        let isAdministrator = try tx.people.identity(staff)?.roles.contains(.administrator) == true
        let areOwn = try permit.holds(.coordinator) && people.allSatisfy { try tx.people.coordinator(of: $0) == staff }
        try permit.require(permit.isSelf(staff) && (areOwn || isAdministrator && permit.holds(.administrator)))
    }

    /// - Throws: `FieldProblem` for a day that lies ahead, and where nobody is named.
    func carryOut(_ tx: Transaction) throws -> Done {
        guard !people.isEmpty else { throw FieldProblem(field: "people", expected: "whom it concerns") }
        guard discoveredOn <= tx.moment.date else {
            throw FieldProblem(
                field: "discoveredOn", expected: "the day on which it was discovered, not one that lies ahead")
        }
        for person in people { _ = try tx.people.require(person) }
        let id = Hex.format(try tx.derive.bytes("incident", count: 16))
        try tx.keep(
            tx.snapshot.incidents + [
                Incident(
                    id: id, kind: kind, people: people, discoveredOn: discoveredOn, by: staff, on: tx.moment.date,
                    closedCards: closesCards)
            ])
        for person in people {
            if closesCards { try CloseCase(tx, for: .suspended).closeAll(of: person, by: staff) }
            try tx.leave(
                Message(to: person, notice: .incident, on: tx.moment.date),
                id: tx.derive.bytes("incident/\(person)", count: 16))
        }
        return Done(state: id)
    }
}

/// Notes that somebody whom an incident concerns was told, or that nothing of it is left to do.
struct SettleIncident: Act {
    let id: String
    /// The person who was told; nil for the end of the duty.
    let person: PersonID?
    let staff: PersonID

    var text: String { "settleIncident \(id) \(person?.description ?? "")" }
    var formerScope: String { "staff \(staff)" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        let isTheirs =
            try person.map { try tx.people.coordinator(of: $0) == staff && permit.holds(.coordinator) } ?? false
        let isAdministrator = try tx.people.identity(staff)?.roles.contains(.administrator) == true
        try permit.require(permit.isSelf(staff) && (isTheirs || isAdministrator && permit.holds(.administrator)))
    }

    /// - Throws: `Refusal.notFound` for one that is not there or is settled; `FieldProblem` where somebody was not
    ///   told.
    func carryOut(_ tx: Transaction) throws -> Done {
        var all = try tx.snapshot.incidents
        guard let place = all.firstIndex(where: { $0.id == id && $0.settledOn == nil }) else { throw Refusal.notFound }
        if let person {
            guard all[place].people.contains(person) else { throw Refusal.notFound }
            all[place].told[person] = all[place].told[person] ?? tx.moment.date
        } else {
            // Whoever has died, or was erased, cannot be told.
            let left = try all[place].people.filter {
                try all[place].told[$0] == nil && tx.people.identity($0) != nil && !tx.people.isDeceased($0)
            }
            guard left.isEmpty else {
                throw FieldProblem(field: "people", expected: "everybody told: \(left.count) are not yet")
            }
            all[place].settledOn = tx.moment.date
        }
        try tx.keep(all)
        return Done()
    }
}
