internal import Cryptography
internal import Logging
internal import ReleaseLedger
internal import ReleaseWorkflow

/// The boxes of a round, which only its two read: who opened a card, for the person on it, and the notes of the pair,
/// for both.
///
/// Each act takes the next slot of the round's row, with a box for each of the two; a box that holds nothing for its
/// reader is like one that does. Whoever has every key of the machine sees how many slots were taken, and nothing else
/// (E5). The row is there from the first signature on.
struct PairBoxes {
    private let snapshot: Snapshot
    private let round: RoundID

    init(_ snapshot: Snapshot, of round: RoundID) { (self.snapshot, self.round) = (snapshot, round) }

    /// The kind of what a box holds, before its content.
    private enum Kind: UInt8 { case nothing, look, event }

    var rows: [BoxRow] {
        get throws {
            var found: [BoxRow] = []
            while let bytes = try snapshot.sealed(.boxes(round), BoxRow.field(found.count)) {
                found.append(try BoxRow(parsing: bytes))
            }
            return found
        }
    }

    /// Everything that this snapshot can open of what is sealed to somebody, the oldest first. Nothing for whoever is
    /// none of the two, nor of what was sealed to a key that is given up.
    func items(for person: PersonID) throws -> [BoxItem] {
        let keys = try snapshot.keysToRead(of: person)
        guard !keys.halves.isEmpty else { return [] }
        var pairs: [Int: AgreementKey] = [:]
        return try rows.flatMap { row -> [BoxItem] in
            guard let place = row.people.firstIndex(of: person) else { return [] }
            return try row.slots.compactMap { slot in
                let version = slot.versions[place]
                guard let pair = try pairs[version] ?? keys.pair(version) else { return nil }
                pairs[version] = pair
                guard let box = try? HPKE.open(slot.boxes[place], with: pair, info: info(person, version)) else {
                    // The page is there to end and take back, whatever became of a note.
                    snapshot.logger.error("a box of a round cannot be opened")
                    return nil
                }
                return try open(box, for: person)
            }
        }
    }

    private func open(_ box: [UInt8], for person: PersonID) throws -> BoxItem? {
        guard let first = box.first, let kind = Kind(rawValue: first) else {
            throw MachineryError.corrupt("a box holds what is none")
        }
        guard let scope = scope(kind, person),
            let content = try snapshot.vault.open(Array(box.dropFirst()), scope, Self.field(round))
        else { return nil }
        return try StoredCodec.decode(Array(content.prefix { $0 != 0 }), as: BoxItem.self)
    }

    /// The key of what an item belongs to: with it goes what nobody is to read any more.
    private func scope(_ kind: Kind, _ person: PersonID) -> Vault.Scope? {
        switch kind {
        case .nothing: nil
        case .look: .accounting(person)
        case .event: .privateStream(round)
        }
    }

    /// Takes the next slot for an item.
    ///
    /// - Parameters:
    ///   - readers: those for whom it is; the other's box holds nothing.
    ///   - people: the two of the round.
    func append(_ item: BoxItem, for readers: [PersonID], people: [PersonID], _ tx: Transaction) throws {
        var all = try rows
        var number = all.count - 1
        if all.last.map(\.isFull) ?? true {
            all.append(BoxRow(people: all.first?.people ?? people))
            number += 1
        }
        var row = all[number]
        let kind: Kind = if case .look = item { .look } else { .event }
        let sealed = try row.people.map { person -> (version: Int, box: [UInt8]) in
            let key = try tx.readingKey(of: person)
            let content =
                try readers.contains(person)
                ? content(item, kind, person, tx)
                : [Kind.nothing.rawValue] + RandomBytes.generate(count: BoxItem.byteCount - 1)
            return (
                key.version, try HPKE.seal(content, to: key.publicKey, info: info(person, key.version))
            )
        }
        row.append(BoxRow.Slot(versions: sealed.map(\.version), boxes: sealed.map(\.box)))
        try tx.keep(row.bytes, .boxes(round), BoxRow.field(number))
    }

    private func content(_ item: BoxItem, _ kind: Kind, _ person: PersonID, _ tx: Transaction) throws -> [UInt8] {
        let bytes = StoredCodec.encode(item)
        guard bytes.count < BoxItem.contentByteCount, let scope = scope(kind, person) else {
            throw MachineryError.corrupt("an item is longer than a box")
        }
        try tx.vault.prepare([scope])
        let filled = bytes + [UInt8](repeating: 0, count: BoxItem.contentByteCount - bytes.count)
        return [kind.rawValue] + (try tx.vault.seal(filled, scope, Self.field(round)).sealed)
    }

    /// Makes the row, and the keys that the two are sealed to, before there is anything to seal.
    func prepare(_ people: [PersonID], _ tx: Transaction) throws {
        guard try rows.isEmpty else { return }
        for person in people { _ = try tx.readingKey(of: person) }
        try tx.keep(BoxRow(people: people).bytes, .boxes(round), BoxRow.field(0))
    }

    /// Seals the rows anew, so that two copies of a database differ here whether or not somebody looked.
    func sealAnew(_ tx: Transaction) throws {
        for (number, row) in try rows.enumerated() {
            try tx.keep(row.bytes, .boxes(round), BoxRow.field(number))
        }
    }

    private func info(_ person: PersonID, _ version: Int) -> [UInt8] {
        // Not the log's name: what is restored under another one stays readable.
        Array("privity/box/v1\u{0}\(round)\u{0}\(person)\u{0}\(version)".utf8)
    }

    private static func field(_ round: RoundID) -> String { "box/\(round)" }
}

extension Snapshot {
    func boxes(of round: RoundID) -> PairBoxes { PairBoxes(self, of: round) }
}
