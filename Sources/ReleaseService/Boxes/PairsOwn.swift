internal import ReleaseLedger
internal import ReleaseWorkflow

/// What one of a pair reads of their rounds, from the boxes and from what earlier versions kept without them.
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
        return try former + released.rounds.flatMap { try looks(of: person, in: $0.round) }
    }

    private func looks(of person: PersonID, in round: RoundID) throws -> [Look] {
        try boxes(of: round).items(for: person).compactMap { item in
            guard case .look(let instant, let release) = item else { return nil }
            let document = try cases.document(of: release, in: round)
            return Look(
                instantMilliseconds: instant, release: release, recipient: document?.recipientName ?? "",
                fields: document?.fields ?? [])
        }
    }

    /// What was given of a person, to whom and under which release, the oldest first: under the service's own keys, so
    /// that it is there whatever became of a PIN (R20).
    func disclosures(of person: PersonID) throws -> [Disclosure] {
        let released = try padded(.accounting(person), Released.field, as: Released.self) ?? Released()
        var found: [Disclosure] = []
        for place in Set(released.rounds.map(\.place)) {
            let history: CaseHistory
            do {
                history = try cases.load(place.opener, workflow: place.workflow).history
            } catch Refusal.notFound {
                // The policy in force has no such workflow any more, and nobody is shown it.
                continue
            }
            for step in history.steps {
                for case .cardOpened(let id, _, person, _) in step.events.flatMap(\.unwrapped) {
                    guard let release = history.state.releases.first(where: { $0.id == id }) else { continue }
                    found.append(try disclosure(of: id, in: release.round, on: step.on, isPrinted: false))
                }
            }
        }
        found += try released.prints.map { try disclosure(of: $0.release, in: $0.round, on: $0.on, isPrinted: true) }
        return found.sorted { ($0.on, $0.release) < ($1.on, $1.release) }
    }

    private func disclosure(
        of release: ReleaseID, in round: RoundID, on date: CivilDate, isPrinted: Bool
    ) throws -> Disclosure {
        let document = try cases.document(of: release, in: round)
        return Disclosure(
            on: date, release: release, recipient: document?.recipientName ?? "", fields: document?.fields ?? [],
            purpose: document?.purpose, isPrinted: isPrinted)
    }
}

extension Transaction {
    /// Makes, with a first signature in a round, whatever will hold what was shown to whom and what the pair notes:
    /// that there is anything in it must not be told by its being there, nor by the size of a file.
    func prepareBoxes(of round: RoundID, in loaded: LoadedCase, released person: PersonID, people: [PersonID]) throws {
        try keep(of: person) { released in
            let place = Released.Place(opener: loaded.opener, workflow: loaded.workflow.id)
            let entry = Released.Entry(round: round, place: place)
            if !released.rounds.contains(entry) { released.rounds.append(entry) }
        }
        try vault.prepare([.privateStream(round)])
        try snapshot.boxes(of: round).prepare(people, self)
    }

    /// Keeps that staff printed a card again for its reader.
    func keepPrint(_ release: ReleaseID, in round: RoundID, of person: PersonID) throws {
        try keep(of: person) { $0.prints.append(.init(release: release, round: round, on: moment.date)) }
    }

    private func keep(of person: PersonID, _ change: (inout Released) -> Void) throws {
        var released = try snapshot.padded(.accounting(person), Released.field, as: Released.self) ?? Released()
        change(&released)
        try keep(padded(StoredCodec.encode(released)), .accounting(person), Released.field)
    }
}

/// The rounds in which a person released something, and the cards that staff printed again.
struct Released: StoredValue {
    /// The case of a round.
    struct Place: Hashable {
        let opener: PersonID
        let workflow: String
    }
    struct Entry: Hashable {
        let round: RoundID
        let place: Place
    }
    struct Print: Hashable {
        let release: ReleaseID
        let round: RoundID
        let on: CivilDate
    }

    var rounds: [Entry] = []
    var prints: [Print] = []

    static let field = "released"
    static var storedName: StaticString { "list of what a person released" }

    init() {}

    init(stored: StoredObject) throws {
        rounds = try stored.objects("rounds") { entry in
            Entry(
                round: try entry.id("round"),
                place: Place(opener: try entry.id("opener"), workflow: try entry.text("workflow")))
        }
        prints = try stored.objects("prints") { print in
            Print(release: try print.id("release"), round: try print.id("round"), on: try print.date("on"))
        }
    }

    var stored: [String: CanonicalJSON] {
        let rounds = rounds.map { entry in
            CanonicalJSON.object(
                StoredMembers().with("round", entry.round).with("opener", entry.place.opener)
                    .with("workflow", entry.place.workflow).members)
        }
        let prints = prints.map { print in
            CanonicalJSON.object(
                StoredMembers().with("release", print.release).with("round", print.round).with("on", print.on).members)
        }
        return ["rounds": .array(rounds), "prints": .array(prints)]
    }
}
