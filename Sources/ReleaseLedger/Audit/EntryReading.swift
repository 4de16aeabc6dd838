internal import Cryptography
internal import Records
internal import TransparencyLog

/// The content of one entry by itself, read on any core before the entries are taken in order.
struct EntryReading: Sendable {
    /// The members that rules over the whole log need; small, because a log has millions.
    struct Facts: Sendable {
        let type: RecordType
        let release: ReleaseID?
        let sequence: Int?
        let date: CivilDate?
        let policy: TreeHash?
        let expiresOn: CivilDate?
        /// One bit for each permitted field.
        let fields: UInt32
        let under: Pointer?
        let supersedes: Pointer?
        /// The end that was recorded in error.
        let of: Pointer?
        /// True if a disclosure names the notice that goes with its fields.
        let hasNotice: Bool
        /// Genesis, key and policy statements are kept whole.
        let record: Record?
    }

    /// The place and the leaf hash of an earlier record. `isOwnLog` is false for a record of another log.
    struct Pointer: Sendable, Equatable {
        let index: Int
        let leaf: TreeHash
        let isOwnLog: Bool
    }

    enum Signature: Sendable, Equatable {
        /// By one key alone, whose id is given, and it verifies.
        case verified(id: [UInt8])
        /// By a key not known yet, by several, or not at all.
        case open
    }

    let leaf: TreeHash
    /// The rule and why, where the entry is not a record.
    let fault: (rule: String, message: String)?
    let facts: Facts?
    let note: SignedNote?
    let signature: Signature

    /// - Parameter keys: the record keys known so far; a signature by another is checked when its turn comes.
    init(_ bytes: [UInt8], origin: String, keys: [NoteKey]) {
        leaf = .leaf(bytes)
        // A note that parses has one spelling, these bytes: names and texts are taken as they are, base64 is strict.
        guard let note = try? SignedNote(parsing: bytes) else {
            (fault, facts, note, signature) = (("signed note", "the entry is not a signed note"), nil, nil, .open)
            return
        }
        let record: Record
        do {
            record = try Record(parsing: note.text, origin: origin)
        } catch {
            (fault, facts, self.note, signature) = (("canonical form", "\(error)"), nil, nil, .open)
            return
        }
        let isWhole = [.genesis, .key, .policy].contains(record.type)
        func pointer(_ given: RecordPointer?) -> Pointer? {
            guard let given, let leaf = TreeHash(base64: given.leaf) else { return nil }
            return Pointer(index: given.index, leaf: leaf, isOwnLog: given.origin == origin)
        }
        let fields = record.fieldNames.compactMap(PermittedField.init)
        facts = Facts(
            type: record.type, release: record.release, sequence: record.sequence, date: record.date,
            policy: record.policyDigest.flatMap { Hex.parse($0) }.flatMap { TreeHash(bytes: $0) },
            expiresOn: record.expiresOn,
            fields: Self.bits(fields), under: pointer(record.under), supersedes: pointer(record.supersedes),
            of: pointer(record.of),
            hasNotice: record.type == .disclosure && record.json["notice"]?.string == Self.notice(fields),
            record: isWhole ? record : nil)
        var signature = Signature.open
        if note.signatures.count == 1, let line = note.signatures.first,
            let key = keys.first(where: { $0.name == line.name && $0.id == line.id }),
            (try? note.verify(by: key)) != nil
        {
            signature = .verified(id: key.id)
        }
        self.signature = signature
        self.note = isWhole || signature == .open ? note : nil
        fault = nil
    }

    private static func bits(_ fields: [PermittedField]) -> UInt32 {
        fields.reduce(0) { bits, field in bits | 1 << UInt32(PermittedField.allCases.firstIndex(of: field) ?? 31) }
    }

    private static func notice(_ fields: [PermittedField]) -> String {
        let text = RedisclosureNotice.text(for: fields)
        return text == RedisclosureNotice.text ? clinicalNotice : Hex.format(SHA256.hash(Array(text.utf8)))
    }

    /// The digest that nearly every disclosure names.
    private static let clinicalNotice = Hex.format(SHA256.hash(Array(RedisclosureNotice.text.utf8)))
}
