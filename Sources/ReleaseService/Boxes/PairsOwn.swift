internal import Logging
internal import ReleaseLedger
internal import ReleaseWorkflow

/// Reads for one of a pair what is theirs: from the boxes, and from what earlier versions kept without them.
extension Snapshot {
    /// The pair's own notes of a round, as far as this person can open them here.
    func privateEvents(_ round: RoundID, for person: PersonID) throws -> [Event] {
        // With the key of the notes everything is gone that boxes hold of them.
        guard try vault.holds(vault.keyID(.privateStream(round))) else { return [] }
        let former = try padded(.privateStream(round), "stream", as: PrivateStream.self)?.events ?? []
        return try former
            + boxes(of: round).items(for: person).compactMap { if case .event(let event) = $0 { event } else { nil } }
    }

    /// The accesses to a person's card, to whom and when, as far as they can be opened here.
    func looks(of person: PersonID) throws -> [Look] {
        let former = try padded(.accounting(person), "looks", as: Accounting.self)?.looks ?? []
        let released = try padded(.accounting(person), Released.field, as: Released.self) ?? Released()
        return try former + released.rounds.flatMap { try looks(of: person, in: $0, released) }
    }

    private func looks(of person: PersonID, in round: RoundID, _ released: Released) throws -> [Look] {
        try boxes(of: round).items(for: person).compactMap { item in
            guard case .look(let instant, let release) = item else { return nil }
            let given = released.given.first { $0.release == release }
            return Look(
                instantMilliseconds: instant, release: release, recipient: given?.recipient ?? "",
                fields: given?.fields ?? [])
        }
    }

    /// The list of what was given of a person, to whom and under which release, the oldest first: under the service's
    /// own keys, so that it is there whatever became of a PIN, or of the other person (R20).
    func disclosures(of person: PersonID) throws -> [Disclosure] {
        try padded(.accounting(person), Released.field, as: Released.self)?.given ?? []
    }
}

extension Transaction {
    /// Makes, with a first signature in a round, whatever will hold what was shown to whom and what the pair notes:
    /// that there is anything in it must not be told by its being there, nor by the size of a file.
    ///
    /// - Parameter isNoted: false for a round in which nothing is noted any more: the key of its notes is destroyed.
    func prepareBoxes(
        of round: RoundID, released person: PersonID, people: [PersonID], isNoted: Bool = true
    ) throws {
        try keep(of: person) { if !$0.rounds.contains(round) { $0.rounds.append(round) } }
        if isNoted { try vault.prepare([.privateStream(round)]) }
        try snapshot.boxes(of: round).prepare(people, self)
    }

    /// Keeps that something was given of somebody: a card opened, or staff printed one again for its reader.
    func keepDisclosure(
        of person: PersonID, under release: ReleaseID, in round: RoundID, on date: CivilDate, isPrinted: Bool = false
    ) throws {
        let document = try snapshot.cases.document(of: release, in: round)
        let disclosure = Disclosure(
            on: date, release: release, recipient: document?.recipientName ?? "", fields: document?.fields ?? [],
            purpose: document?.purpose, isPrinted: isPrinted)
        try keep(of: person) { $0.given.append(disclosure) }
    }

    /// Makes, for releases that an earlier version signed, what holds their accesses and notes, and the list of what
    /// was given: once for a folder, by the writer that opens it.
    func bringOverReleased() throws {
        let mark = "releasedByRound"
        guard try rows.setting(mark) == nil else { return }
        var cases: [CaseRow] = []
        try snapshot.forEachCase { cases.append($0) }
        for row in cases {
            do {
                try bringOverReleased(snapshot.cases.load(row))
            } catch Refusal.notFound {
                continue
            } catch is MachineryError {
                parts.logger.error("a case does not verify: what was given under it is not listed")
            }
        }
        rows.setSetting(mark, [1])
    }

    private func bringOverReleased(_ loaded: LoadedCase) throws {
        for release in loaded.state.releases {
            guard case .person(let other) = release.recipient, try snapshot.people.identity(release.discloser) != nil
            else { continue }
            if release.isLive {
                let second = other == loaded.opener ? release.discloser : other
                try prepareBoxes(
                    of: release.round, released: release.discloser, people: [loaded.opener, second],
                    isNoted: vault.holds(vault.keyID(.privateStream(release.round))))
            }
        }
        for step in loaded.history.steps {
            for case .cardOpened(let id, _, let subject, .person) in step.events.flatMap(\.unwrapped) {
                guard let release = loaded.state.releases.first(where: { $0.id == id }),
                    try snapshot.people.identity(subject) != nil
                else { continue }
                try keepDisclosure(of: subject, under: id, in: release.round, on: step.on)
            }
        }
    }

    private func keep(of person: PersonID, _ change: (inout Released) -> Void) throws {
        var released = try snapshot.padded(.accounting(person), Released.field, as: Released.self) ?? Released()
        change(&released)
        try keep(padded(StoredCodec.encode(released)), .accounting(person), Released.field)
    }
}

/// The rounds in which a person released something, and what was given of them.
struct Released: StoredValue {
    var rounds: [RoundID] = []
    var given: [Disclosure] = []

    static let field = "released"
    static var storedName: StaticString { "list of what a person released" }

    init() {}

    init(stored: StoredObject) throws {
        rounds = try stored.list("rounds") { $0.string.flatMap { RoundID(parsing: $0) } }
        given = try stored.objects("given") { try Disclosure(stored: $0) }
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("rounds", .array(rounds.map { .string("\($0)") })).with("given", list: given).members
    }
}

extension Disclosure: StoredValue {
    static var storedName: StaticString { "disclosure of a card" }

    init(stored: StoredObject) throws {
        self.init(
            on: try stored.date("on"), release: try stored.id("release"), recipient: try stored.text("recipient"),
            fields: try stored.choices("fields", of: PermittedField.self),
            purpose: try stored.optionalChoice("purpose", of: Purpose.self),
            isPrinted: try stored.optionalFlag("isPrinted") ?? false)
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("on", on).with("release", release).with("recipient", recipient)
            .with("fields", fields.map(\.rawValue)).with("purpose", purpose).with("isPrinted", isPrinted ? true : nil)
            .members
    }
}
