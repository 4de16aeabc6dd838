internal import Cryptography
internal import ReleaseWorkflow

/// Reads people: who they are, what is attested of them, what they have signed, whom they keep away.
struct PeopleStore {
    private let snapshot: Snapshot

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    /// A person's own record; nil if there is none or it is erased.
    func identity(_ id: PersonID) throws -> Identity? {
        guard let row = try snapshot.rows.person(id) else { return nil }
        // What was opened before counts only while its key is there.
        let known = snapshot.cache?.value(id.bytes, stamp: row.sealed, as: Identity.self)
        if let known, try snapshot.vault.holds(row.key) { return known }
        guard let opened = try snapshot.vault.open(row.sealed, .identity(id), "identity") else { return nil }
        let identity = try StoredCodec.decode(opened, as: Identity.self)
        snapshot.remember(
            identity, id.bytes, stamp: row.sealed, openedUnder: row.key, byteCount: 2 * row.sealed.count)
        return identity
    }

    /// - Throws: `Refusal.notFound` for nobody, and for somebody who is erased.
    func require(_ id: PersonID) throws -> Identity {
        guard let identity = try identity(id) else { throw Refusal.notFound }
        return identity
    }

    func isCoordinator(_ id: PersonID) throws -> Bool { try identity(id)?.roles.contains(.coordinator) == true }

    func coordinator(of id: PersonID) throws -> PersonID? { try identity(id)?.coordinator }

    func enrollments(_ id: PersonID) throws -> Enrollments {
        guard let row = try snapshot.rows.mentor(id) else { return Enrollments() }
        let place = Array("enrollments".utf8) + id.bytes
        let known = snapshot.cache?.value(place, stamp: row.sealed, as: Enrollments.self)
        if let known, try snapshot.vault.holds(row.key) { return known }
        guard let opened = try snapshot.vault.open(row.sealed, .identity(id), "enrollment") else {
            return Enrollments()
        }
        let enrollments = try StoredCodec.decode(opened, as: Enrollments.self)
        snapshot.remember(
            enrollments, place, stamp: row.sealed, openedUnder: row.key, byteCount: 2 * row.sealed.count)
        return enrollments
    }

    func enrollment(_ id: PersonID, as role: Role) throws -> Enrollment? { try enrollments(id)[role] }

    /// The attestation of a person in a role, the contract and the field that the program knows anyway included.
    func attestation(of id: PersonID, as role: Role) throws -> Attestation {
        var attestation = try enrollment(id, as: role)?.attestation ?? Attestation()
        guard let identity = try identity(id) else { return attestation }
        if identity.isUnderContract { attestation.attributes.insert(.underContract) }
        if role != .mentor, !identity.field.isEmpty, attestation.fields.isEmpty {
            attestation.fields = [identity.field]
        }
        return attestation
    }

    /// True if this person has signed every agreement of the role as this policy words it, or as a later version does:
    /// who signs the newer words loses nothing that rests on the older.
    func hasSigned(_ id: PersonID, as role: Role, under policy: Policy) throws -> Bool {
        let signed = try enrollment(id, as: role)?.agreementsInForce ?? [:]
        let later = snapshot.policies.all.map(\.policy).filter { $0.version > policy.version }
        return policy.agreements(of: role).allSatisfy { agreement in
            let accepted = [agreement] + later.flatMap { $0.agreements(of: role) }.filter { $0.id == agreement.id }
            return signed[agreement.id].map { own in accepted.contains { $0.digest == own.form } } ?? false
        }
    }

    // MARK: The private list

    /// The tokens under which a person may stand on somebody's list.
    func isSuspended(_ id: PersonID) throws -> Bool { try identity(id)?.suspension != nil }

    func isDeceased(_ id: PersonID) throws -> Bool { try identity(id)?.suspension?.cause == .deceased }

    func ownTokens(_ identity: Identity, of id: PersonID) throws -> [[UInt8]] {
        try nameTokens(identity) + (identity.formerTokens ?? [])
            + [snapshot.vault.indexToken("exclude/person", "\(id)")] + (identity.employer.map { [$0] } ?? [])
    }

    /// The tokens of the names and the number by which somebody may stand on a list.
    func nameTokens(_ identity: Identity) throws -> [[UInt8]] {
        let written =
            [identity.fullName, "\(identity.firstName) \(identity.surname)"]
            + [identity.profile?[ProfileField.displayName.rawValue]].compactMap(\.self)
        // Lists of earlier versions hold a name as it was typed.
        let names = Set(written + written.map(PersonName.canonical))
        return try names.sorted().map { try snapshot.vault.indexToken("exclude/name", $0) }
            + [snapshot.vault.indexToken("exclude/phone", identity.phone)]
    }

    /// True if either of the two has the other on their private list, whatever for.
    ///
    /// Both lists are always read to their ends, so that the time taken does not tell of a hit. True if one of the two
    /// is not there.
    func areKeptApart(_ first: PersonID, _ second: PersonID) throws -> Bool {
        let (one, other) = (try lists(first, second), try lists(second, first))
        return one || other
    }

    /// True if `owner` has the other on their private list, whatever for. The list is always read to its end.
    func lists(_ owner: PersonID, _ other: PersonID) throws -> Bool {
        guard let own = try identity(owner), let known = try identity(other) else { return true }
        if own.exclusions?.isEmpty ?? true { return false }
        let tokens = try ownTokens(known, of: other)
        var isHit = false
        for line in own.exclusions ?? [] where tokens.contains(line.token) { isHit = true }
        return isHit
    }

    /// The days on which what is attested of a person in a role was attested, where one is kept.
    func attestationDays(of id: PersonID, as role: Role) throws -> [Condition: CivilDate] {
        var days: [Condition: CivilDate] = [:]
        if let enrollment = try enrollment(id, as: role) {
            for condition in enrollment.attestation.attributes { days[condition] = enrollment.attestedOn }
        }
        if let contract = try identity(id)?.contractAttested { days[.underContract] = contract.on }
        return days
    }

    /// People who are found by phone number and name, through the blind index.
    ///
    /// - Parameter phone: in E.164.
    func find(phone: String?, name: String?) throws -> [PersonID] {
        let tokens =
            try [
                phone.map { try snapshot.vault.indexToken("phone", $0) },
                name.map { try snapshot.vault.indexToken("name", $0) },
            ]
            .compactMap(\.self)
        let found = try tokens.map { Set(try snapshot.rows.people(withToken: $0)) }
        guard let first = found.first else { return [] }
        return found.dropFirst().reduce(first) { $0.intersection($1) }.sorted()
    }
}

extension Snapshot {
    var people: PeopleStore { PeopleStore(self) }
}

extension Agreement {
    /// SHA-256 of its text, in hexadecimal: what a signature of it names.
    var digest: String { Hex.format(SHA256.hash(Array(fullText.utf8))) }
}

/// Keeps people: the other half of ``PeopleStore``.
extension Transaction {
    var people: PeopleStore { snapshot.people }

    func put(_ changed: Identity, of id: PersonID) throws {
        try vault.prepare([.identity(id)])
        let old = try people.identity(id)
        var identity = changed
        if let old {
            // Whoever is called otherwise now, or has another number, stays whom a list meant.
            let (before, now) = (try people.nameTokens(old), try people.nameTokens(identity))
            let former = identity.formerTokens ?? []
            let gone = before.filter { !now.contains($0) && !former.contains($0) }
            if !gone.isEmpty { identity.formerTokens = former + gone }
        }
        let (key, sealed) = try vault.seal(StoredCodec.encode(identity), .identity(id), "identity")
        rows.putPerson(PersonRow(id: id, key: key, sealed: sealed))
        let tokens = try indexTokens(identity)
        // The blind index moves with the name and the number alone.
        if let old, try indexTokens(old) == tokens { return }
        rows.putIndex(Array(tokens), of: id, key: key)
    }

    private func indexTokens(_ identity: Identity) throws -> Set<[UInt8]> {
        let names = [identity.fullName, identity.surname, identity.firstName].filter { !$0.isEmpty }
        return try Set(names.map { try vault.indexToken("name", $0) } + [vault.indexToken("phone", identity.phone)])
    }

    func put(_ enrollment: Enrollment, as role: Role, of id: PersonID) throws {
        var all = try people.enrollments(id)
        all[role] = enrollment
        let (key, sealed) = try vault.seal(StoredCodec.encode(all), .identity(id), "enrollment")
        rows.putMentor(PersonRow(id: id, key: key, sealed: sealed))
    }
}

extension Identity {
    /// A number says something of a person only if it came from somebody else than those who vouch for something.
    func isNumberTrusted(besides hands: [PersonID]) -> Bool {
        numberEntered?.by.map { !hands.contains($0) } ?? true
    }
}
