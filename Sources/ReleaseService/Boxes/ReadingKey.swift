internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// The key to which is sealed what a person alone reads: who opened their card, and the notes of the pair.
///
/// Until a person has a PIN, the vault keeps the private half. With the first PIN a new pair is made, of which the
/// private half is sealed under the PIN and the old one with it; from then on nobody opens what is sealed to it who
/// does not know the PIN. A new way in that staff give means a new pair, which opens nothing older.
struct ReadingKey: StoredValue {
    /// A pair of which the vault keeps the private half, under a data key that has this name.
    struct Kept: StoredValue {
        let version: Int
        let publicKey: [UInt8]
        let name: [UInt8]

        static var storedName: StaticString { "reading key that the vault keeps" }

        init(version: Int, publicKey: [UInt8], name: [UInt8]) {
            (self.version, self.publicKey, self.name) = (version, publicKey, name)
        }

        init(stored: StoredObject) throws {
            self.init(
                version: try stored.number("version"), publicKey: try stored.bytes("publicKey"),
                name: try stored.bytes("name"))
        }

        var stored: [String: CanonicalJSON] {
            StoredMembers().with("version", version).with("publicKey", bytes: publicKey).with("name", bytes: name)
                .members
        }
    }

    /// Counted from one. A box says for which it is.
    let version: Int
    let publicKey: [UInt8]
    /// The private halves, sealed under the PIN (`OwnKeys`); nil while the vault keeps the one of this version.
    var sealed: [UInt8]?
    /// The pair that the vault keeps: the present one until there is a PIN, and the one before while nobody has
    /// confirmed that the PIN is the person's own.
    var kept: Kept?
    /// The day on which an earlier one was given up with all that it opened.
    var since: CivilDate?

    static let field = "readingKey"
    static var storedName: StaticString { "reading key" }

    init(kept: Kept, since: CivilDate?) {
        (version, publicKey, self.kept, self.since) = (kept.version, kept.publicKey, kept, since)
    }

    init(version: Int, publicKey: [UInt8], sealed: [UInt8], kept: Kept?, since: CivilDate?) {
        (self.version, self.publicKey, self.sealed, self.kept, self.since) = (version, publicKey, sealed, kept, since)
    }

    init(stored: StoredObject) throws {
        version = try stored.number("version")
        publicKey = try stored.bytes("publicKey")
        sealed = try stored.optionalBytes("sealed")
        kept = try stored.optionalObject("kept").map { try Kept(stored: $0) }
        since = try stored.optionalDate("since")
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("version", version).with("publicKey", bytes: publicKey).with("sealed", bytes: sealed)
            .with("kept", kept).with("since", since).members
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
        guard let key = try readingKey(of: person), key.sealed == nil, let kept = key.kept,
            let half = try half(of: kept, person)
        else { return own }
        return own.adding(SecretBytes(copying: half), version: kept.version)
    }

    /// True where what is sealed to somebody cannot be opened here: they have a PIN, and did not come in with it.
    func isLocked(for person: PersonID) throws -> Bool {
        try own?.person != person && readingKey(of: person)?.sealed != nil
    }

    fileprivate func half(of kept: ReadingKey.Kept, _ person: PersonID) throws -> [UInt8]? {
        try sealed(.reading(person, name: kept.name), Self.half)
    }

    fileprivate static let half = "half"
}

extension Transaction {
    /// The key to which something is sealed for somebody now; the first is made when it is needed, and so is another
    /// where the private half was destroyed after what is restored here was written.
    func readingKey(of person: PersonID) throws -> ReadingKey {
        guard let key = try snapshot.readingKey(of: person) else {
            return try makeReadingKey(of: person, version: 1, since: nil)
        }
        if key.sealed != nil { return key }
        if let kept = key.kept, try snapshot.half(of: kept, person) != nil { return key }
        return try makeReadingKey(of: person, version: key.version + 1, since: moment.date)
    }

    /// Makes a pair of which the vault keeps the private half.
    private func makeReadingKey(of person: PersonID, version: Int, since: CivilDate?) throws -> ReadingKey {
        let (pair, name) = (try AgreementKey.generate(), try RandomBytes.generate(count: 16))
        try pair.withSecret { try keep($0, .reading(person, name: name), Snapshot.half) }
        let key = ReadingKey(
            kept: ReadingKey.Kept(version: version, publicKey: pair.publicKey, name: name), since: since)
        try keep(key, .identity(person), ReadingKey.field)
        return key
    }

    /// Hands a person what the vault kept for them: a new pair under their PIN, with the private half of the old one.
    ///
    /// - Parameters:
    ///   - pin: the key that the PIN gives.
    ///   - isOwn: false while nobody has confirmed that the PIN is the person's own. Until then the vault keeps the old
    ///     half too: whoever had the code was perhaps somebody else.
    func handOverReadingKey(to person: PersonID, under pin: SecretBytes, isOwn: Bool) throws -> OwnKeys {
        let former = try snapshot.readingKey(of: person)
        let (pair, version) = (try AgreementKey.generate(), (former?.version ?? 0) + 1)
        let half = pair.withSecret { SecretBytes(copying: $0) }
        let own = try snapshot.keysToRead(of: person).adding(half, version: version)
        let kept = former?.sealed == nil ? former?.kept : nil
        let key = ReadingKey(
            version: version, publicKey: pair.publicKey, sealed: try own.sealed(under: pin, .pin, vault),
            kept: isOwn ? nil : kept, since: former?.since)
        try keep(key, .identity(person), ReadingKey.field)
        if isOwn, let kept { try erase([.reading(person, name: kept.name)]) }
        return own
    }

    /// Destroys what the vault still kept, once it is known that the PIN is the person's own.
    func confirmReadingKey(of person: PersonID) throws {
        guard var key = try snapshot.readingKey(of: person), key.sealed != nil, let kept = key.kept else { return }
        key.kept = nil
        try keep(key, .identity(person), ReadingKey.field)
        try erase([.reading(person, name: kept.name)])
    }

    /// Opens a person's own keys with their PIN.
    ///
    /// - Parameters:
    ///   - pin: the key that the PIN gives.
    ///   - anew: the key under which they are kept from now on, where that is another.
    ///   - isOwn: as ``handOverReadingKey(to:under:isOwn:)``, where they are only handed over now.
    func openOwnKeys(
        of person: PersonID, with pin: SecretBytes, keptUnder anew: SecretBytes? = nil, isOwn: Bool
    ) throws -> OwnKeys {
        guard var key = try snapshot.readingKey(of: person), let sealed = key.sealed else {
            return try handOverReadingKey(to: person, under: anew ?? pin, isOwn: isOwn)
        }
        let own = try OwnKeys.open(sealed, of: person, under: pin, .pin, vault)
        if let anew {
            key.sealed = try own.sealed(under: anew, .pin, vault)
            try keep(key, .identity(person), ReadingKey.field)
        }
        return own
    }

    /// Gives a reading key up whose private half nobody has any more, or somebody who should not: what is sealed from
    /// now on is sealed to another. What was sealed to it is lost, but what the vault still keeps the half for.
    func giveUpReadingKey(of person: PersonID) throws {
        guard let former = try snapshot.readingKey(of: person), former.sealed != nil else { return }
        if let kept = former.kept, try snapshot.half(of: kept, person) != nil {
            let key = ReadingKey(kept: kept, since: former.since)
            try keep(key, .identity(person), ReadingKey.field)
            return
        }
        _ = try makeReadingKey(of: person, version: former.version + 1, since: moment.date)
    }
}
