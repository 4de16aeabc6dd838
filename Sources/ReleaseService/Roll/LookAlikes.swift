internal import ReleaseLedger
public import ReleaseWorkflow

/// The entries of different coordinators that may be one person: one sealed value, rewritten whole. Only administrators
/// are shown it; a coordinator learns nothing of somebody else's people.
struct LookAlikes {
    private let tx: Transaction

    init(_ tx: Transaction) { self.tx = tx }

    func note(_ people: [PersonID]) throws {
        var groups = try tx.snapshot.lookAlikes
        groups.append(people)
        try keep(groups)
    }

    /// Forgets the group that somebody has looked at.
    func settle(without group: [PersonID]) throws { try keep(tx.snapshot.lookAlikes.filter { $0 != group }) }

    /// Forgets somebody, and the groups in which fewer than two are left.
    func forget(_ person: PersonID) throws {
        let groups = try tx.snapshot.lookAlikes
        if !groups.contains(where: { $0.contains(person) }) { return }
        try keep(groups.map { $0.filter { $0 != person } }.filter { $0.count > 1 })
    }

    private func keep(_ groups: [[PersonID]]) throws {
        let stored = StoredTexts(
            Dictionary(
                uniqueKeysWithValues: groups.enumerated().map { place, people in
                    (place.description, people.map(\.description).joined(separator: " "))
                }))
        tx.rows.setSetting("lookAlikes", try tx.vault.seal(stored, fixed: "lookAlikes"))
    }
}

extension Snapshot {
    /// The groups of entries that may be one person, the oldest first.
    var lookAlikes: [[PersonID]] {
        get throws {
            guard let sealed = try rows.setting("lookAlikes") else { return [] }
            let texts = try vault.open(sealed, fixed: "lookAlikes", as: StoredTexts.self).texts
            return texts.sorted { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }.map { entry in
                entry.value.split(separator: " ").compactMap { PersonID(parsing: String($0)) }
            }
        }
    }
}

/// Entries under different coordinators that may be one person.
public struct LookAlike: Sendable {
    public let people: [PersonID]
    public let name: String
    /// The full names of their coordinators.
    public let coordinators: [String]
}

/// An administrator has looked at entries that seemed to be one person, and they are not, or not any more.
struct DismissLookAlikes: Act {
    let people: [PersonID]

    var text: String { "dismissLookAlikes \(people.map(\.description).joined(separator: " "))" }
    var formerScope: String { "operator" }

    func permit(_ caller: Caller, _ tx: Transaction) throws {
        let permit = tx.permit(caller)
        try permit.require(permit.holds(.administrator))
    }

    func carryOut(_ tx: Transaction) throws -> Done {
        try LookAlikes(tx).settle(without: people)
        return Done()
    }
}
