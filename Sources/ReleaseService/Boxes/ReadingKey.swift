internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// The key to which is sealed what a person alone reads: who opened their card, and the notes of the pair.
///
/// Until a person has a PIN, the vault keeps the private half. With the first PIN a new pair is made, of which the
/// private half is sealed under the PIN and the old one with it; from then on nobody opens what is sealed to it who
/// does not know the PIN. A new way in that staff give means a new pair, which opens nothing older.
struct ReadingKey: StoredValue {
    /// Counted from one. A box says for which it is.
    let version: Int
    let publicKey: [UInt8]
    /// The private halves, sealed under the PIN (`OwnKeys`); nil while the vault keeps the one of this version.
    var sealed: [UInt8]?
    /// The day on which an earlier one was given up with all that it opened.
    var since: CivilDate?

    static let field = "readingKey"
    static var storedName: StaticString { "reading key" }

    init(version: Int, publicKey: [UInt8], sealed: [UInt8]? = nil, since: CivilDate? = nil) {
        (self.version, self.publicKey, self.sealed, self.since) = (version, publicKey, sealed, since)
    }

    init(stored: StoredObject) throws {
        self.init(
            version: try stored.number("version"), publicKey: try stored.bytes("publicKey"),
            sealed: try stored.optionalBytes("sealed"), since: try stored.optionalDate("since"))
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("version", version).with("publicKey", bytes: publicKey).with("sealed", bytes: sealed)
            .with("since", since).members
    }
}

extension Snapshot {
    /// The reading key of somebody; nil where nothing was ever sealed to them.
    func readingKey(of person: PersonID) throws -> ReadingKey? {
        try sealed(.identity(person), ReadingKey.field, as: ReadingKey.self)
    }

    /// The private halves with which this snapshot opens what is sealed to somebody: those of the one who asks, or the
    /// one that the vault keeps.
    func keysToRead(of person: PersonID) throws -> OwnKeys {
        let own = own.flatMap { $0.person == person ? $0 : nil } ?? OwnKeys(of: person, [:])
        guard let key = try readingKey(of: person), key.sealed == nil,
            let half = try sealed(.reading(person, version: key.version), Self.half)
        else { return own }
        return own.adding(SecretBytes(copying: half), version: key.version)
    }

    fileprivate static let half = "half"
}

extension Transaction {
    /// The key to which something is sealed for somebody now; the first is made when it is needed.
    func readingKey(of person: PersonID) throws -> ReadingKey {
        try snapshot.readingKey(of: person) ?? makeReadingKey(of: person, version: 1, since: nil)
    }

    /// Makes a pair of which the vault keeps the private half.
    private func makeReadingKey(of person: PersonID, version: Int, since: CivilDate?) throws -> ReadingKey {
        let pair = try AgreementKey.generate()
        let key = ReadingKey(version: version, publicKey: pair.publicKey, since: since)
        try pair.withSecret { try keep($0, .reading(person, version: version), Snapshot.half) }
        try keep(key, .identity(person), ReadingKey.field)
        return key
    }

    /// Hands a person what the vault kept for them: a new pair under their PIN, with the private half of the old one.
    ///
    /// - Parameter pin: the key that the PIN gives.
    func handOverReadingKey(to person: PersonID, under pin: SecretBytes) throws -> OwnKeys {
        let former = try snapshot.readingKey(of: person)
        let (pair, version) = (try AgreementKey.generate(), (former?.version ?? 0) + 1)
        let half = pair.withSecret { SecretBytes(copying: $0) }
        let own = try snapshot.keysToRead(of: person).adding(half, version: version)
        let key = ReadingKey(
            version: version, publicKey: pair.publicKey, sealed: try own.sealed(under: pin, .pin, vault),
            since: former?.since)
        try keep(key, .identity(person), ReadingKey.field)
        if let former { try erase([.reading(person, version: former.version)]) }
        return own
    }

    /// Opens a person's own keys with their PIN.
    ///
    /// - Parameters:
    ///   - pin: the key that the PIN gives.
    ///   - anew: the key under which they are kept from now on, where that is another.
    func openOwnKeys(of person: PersonID, with pin: SecretBytes, keptUnder anew: SecretBytes? = nil) throws -> OwnKeys {
        guard var key = try snapshot.readingKey(of: person), let sealed = key.sealed else {
            return try handOverReadingKey(to: person, under: anew ?? pin)
        }
        let own = try OwnKeys.open(sealed, of: person, under: pin, .pin, vault)
        if let anew {
            key.sealed = try own.sealed(under: anew, .pin, vault)
            try keep(key, .identity(person), ReadingKey.field)
        }
        return own
    }

    /// Gives a reading key up whose private half nobody has any more, or somebody who should not: what is sealed from
    /// now on is sealed to another, and what was is lost.
    func giveUpReadingKey(of person: PersonID) throws {
        guard let former = try snapshot.readingKey(of: person), former.sealed != nil else { return }
        _ = try makeReadingKey(of: person, version: former.version + 1, since: moment.date)
    }
}
