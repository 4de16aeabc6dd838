public import Cryptography
internal import Foundation
internal import ReleaseLedger
public import ReleaseWorkflow
internal import Synchronization

/// Tells whoever watches of every value that is opened, by its sealed bytes: tests count what is decoded twice.
final class OpeningWatch: Sendable {
    private let watcher = Mutex<(@Sendable ([UInt8]) -> Void)?>(nil)

    func begin(_ watcher: @escaping @Sendable ([UInt8]) -> Void) { self.watcher.withLock { $0 = watcher } }
    func tell(_ sealed: [UInt8]) { watcher.withLock { $0 }?(sealed) }
}

/// Seals and opens what must be erasable, and derives the keys that find without telling.
///
/// Every data key is wrapped by the vault key and kept in the key ring; destroying it there makes everything under it
/// unreadable. AES-256-GCM everywhere; the associated data binds the key's id and the field, and the key's id is
/// derived from person or round and purpose.
public struct Vault: Sendable {
    /// The purpose of a data key, and with it the time that it lives.
    public enum Scope: Hashable, Sendable {
        /// Until hand-off.
        case survey(RoundID)
        case privateStream(RoundID)
        /// Until the end.
        case contact(RoundID)
        /// Signed text, scan and openings: until retention ends.
        case evidence(RoundID)
        case identity(PersonID)
        case accounting(PersonID)
        /// The boxes of a round, as one row of a fixed size.
        case boxes(RoundID)
        /// The private half of a reading key, until the person has a PIN. Each has a name that was drawn for it: a
        /// number would come again after a restore, and its key was destroyed.
        case reading(PersonID, name: [UInt8])

        var label: String {
            switch self {
            case .survey(let id): "survey/\(id)"
            case .privateStream(let id): "private/\(id)"
            case .contact(let id): "contact/\(id)"
            case .evidence(let id): "evidence/\(id)"
            case .identity(let id): "identity/\(id)"
            case .accounting(let id): "accounting/\(id)"
            case .boxes(let id): "boxes/\(id)"
            case .reading(let id, let name): "reading/\(id)/\(Hex.format(name))"
            }
        }
    }

    private let wrapping: AESGCM
    private let naming: HMACSHA256.Key
    private let indexing: HMACSHA256.Key
    private let commands: HMACSHA256.Key
    private let chain: HMACSHA256.Key
    private let fixed: AESGCM
    private let ring: any KeyRing
    let watch = OpeningWatch()

    /// - Throws: ``CryptographyError`` if the key has not 32 bytes.
    public init(key: SecretBytes, ring: any KeyRing) throws {
        func derived(_ purpose: String) throws -> SecretBytes {
            try HKDFSHA256.derive(from: key, info: Array("privity/\(purpose)/v1".utf8), count: 32)
        }
        wrapping = try AESGCM(key: derived("wrap"))
        naming = try HMACSHA256.Key(derived("name"))
        indexing = try HMACSHA256.Key(derived("index"))
        commands = try HMACSHA256.Key(derived("command"))
        chain = try HMACSHA256.Key(derived("chain"))
        fixed = try AESGCM(key: derived("fixed"))
        self.ring = ring
    }

    // MARK: Data keys

    /// The id of the key for `scope`: 16 bytes that say nothing without the vault key.
    public func keyID(_ scope: Scope) throws -> [UInt8] {
        Array(try naming.authenticate(Array(scope.label.utf8)).prefix(16))
    }

    /// Makes the keys for these scopes where they are missing; ``sync()`` comes before the commit that uses them.
    public func prepare(_ scopes: [Scope]) throws {
        var missing: [(id: [UInt8], wrapped: [UInt8])] = []
        for scope in scopes {
            let id = try keyID(scope)
            guard try ring.wrappedKey(id) == nil else { continue }
            var fresh = try RandomBytes.generate(count: 32)
            let nonce = try RandomBytes.generate(count: AESGCM.nonceByteCount)
            missing.append((id, nonce + (try wrapping.seal(fresh, nonce: nonce, associated: id))))
            _ = fresh.withUnsafeMutableBytes { $0.initializeMemory(as: UInt8.self, repeating: 0) }
        }
        if !missing.isEmpty { try ring.add(missing) }
    }

    /// Makes every key that was prepared durable.
    public func sync() throws { try ring.sync() }

    /// The data key itself; nil once it is destroyed.
    func dataKey(_ id: [UInt8]) throws -> SecretBytes? {
        guard let wrapped = try ring.wrappedKey(id) else { return nil }
        var opened = try wrapping.open(
            Array(wrapped.dropFirst(AESGCM.nonceByteCount)), nonce: Array(wrapped.prefix(AESGCM.nonceByteCount)),
            associated: id)
        return SecretBytes(taking: &opened)
    }

    func holds(_ id: [UInt8]) throws -> Bool { try ring.wrappedKey(id) != nil }

    public func destroy(_ ids: [[UInt8]]) throws { if !ids.isEmpty { try ring.destroy(ids) } }
    func sealRingAnew() throws { try ring.sealAnew() }
    public func ringIDs() throws -> [[UInt8]] { try ring.ids() }
    public func destroyedIDs() throws -> [[UInt8]] { try ring.destroyedIDs() }

    // MARK: Sealing

    /// Seals a value under a data key.
    ///
    /// - Throws: ``MachineryError/corrupt(_:)`` if the key is gone.
    func seal(_ value: [UInt8], _ scope: Scope, _ field: String) throws -> (key: [UInt8], sealed: [UInt8]) {
        let id = try keyID(scope)
        guard let key = try dataKey(id) else { throw MachineryError.corrupt("a data key is missing from the key ring") }
        return (id, try seal(value, with: AESGCM(key: key), binding: id + Array(field.utf8)))
    }

    /// Opens what was sealed under `scope`; nil if there is nothing or its key is destroyed.
    func open(_ sealed: [UInt8]?, _ scope: Scope, _ field: String) throws -> [UInt8]? {
        let id = try keyID(scope)
        guard let sealed, let key = try dataKey(id) else { return nil }
        return try open(sealed, with: AESGCM(key: key), binding: id + Array(field.utf8))
    }

    /// Seals what lives as long as the folder, under the folder's key: drafts, events, messages, journal lines, the
    /// draw. A draft may hold the requester's display name, and a message an e-mail address. No key of the person's own
    /// covers them, so an erasure deletes the person's messages and is refused while a draft of theirs is open.
    func seal(_ value: [UInt8], fixed purpose: String) throws -> [UInt8] {
        try seal(value, with: fixed, binding: Array(purpose.utf8))
    }

    func open(_ sealed: [UInt8], fixed purpose: String) throws -> [UInt8] {
        try open(sealed, with: fixed, binding: Array(purpose.utf8))
    }

    func seal(_ value: some StoredValue, fixed purpose: String) throws -> [UInt8] {
        try seal(StoredCodec.encode(value), fixed: purpose)
    }

    func open<Value: StoredValue>(_ sealed: [UInt8], fixed purpose: String, as type: Value.Type) throws -> Value {
        try StoredCodec.decode(open(sealed, fixed: purpose), as: type)
    }

    /// Seals under a key that the vault does not have: only who has it opens it.
    func seal(_ value: [UInt8], under key: SecretBytes, _ purpose: String) throws -> [UInt8] {
        try seal(value, with: AESGCM(key: key), binding: Array(purpose.utf8))
    }

    /// - Throws: `CryptographyError.notAuthentic` for another key.
    func open(_ sealed: [UInt8], under key: SecretBytes, _ purpose: String) throws -> [UInt8] {
        try open(sealed, with: AESGCM(key: key), binding: Array(purpose.utf8))
    }

    private func seal(_ value: [UInt8], with cipher: AESGCM, binding: [UInt8]) throws -> [UInt8] {
        let nonce = try RandomBytes.generate(count: AESGCM.nonceByteCount)
        return nonce + (try cipher.seal(value, nonce: nonce, associated: binding))
    }

    private func open(_ sealed: [UInt8], with cipher: AESGCM, binding: [UInt8]) throws -> [UInt8] {
        watch.tell(sealed)
        return try cipher.open(
            Array(sealed.dropFirst(AESGCM.nonceByteCount)), nonce: Array(sealed.prefix(AESGCM.nonceByteCount)),
            associated: binding)
    }

    // MARK: Names that do not tell

    /// A token by which equal values find each other, and from which the value cannot be guessed without the vault key.
    func indexToken(_ kind: String, _ value: String) throws -> [UInt8] {
        let folded = value.folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
            .precomposedStringWithCanonicalMapping.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return try indexing.authenticate(Array("\(kind)\u{0}\(folded)".utf8))
    }

    /// The name of a field in its row: 16 characters of base64 that say nothing without the vault key.
    func name(of field: String, under key: [UInt8]) throws -> String {
        Base64.format(Array(try name("field", key + Array(field.utf8)).prefix(12)))
    }

    /// True for such a name; the fields of earlier versions had words.
    static func isName(_ field: String) -> Bool {
        field.utf8.count == 16 && Base64.parse(field) != nil && field.contains { !$0.isLetter || $0.isUppercase }
    }

    /// The name that something has in one place, for whoever has the vault key.
    func name(_ place: String, _ value: [UInt8]) throws -> [UInt8] {
        try naming.authenticate(Array("\(place)\u{0}".utf8), value)
    }

    func commandDigest(_ parts: String...) throws -> [UInt8] {
        try commands.authenticate(Array(parts.joined(separator: "\u{0}").utf8))
    }

    /// The case of a person in a workflow: always the same, and unguessable.
    func caseID(of person: PersonID, workflow: String) throws -> CaseID {
        let bytes = try naming.authenticate(person.bytes, Array(workflow.utf8))
        guard let id = CaseID(bytes: Array(bytes.prefix(16))) else { throw MachineryError.corrupt("case id") }
        return id
    }

    /// The next link of a case's chain of events.
    func link(_ id: CaseID, _ sequence: Int, after previous: [UInt8], _ sealed: [UInt8]) throws -> [UInt8] {
        try chain.authenticate(id.bytes, Array("\(sequence)".utf8), [0], previous, SHA256.hash(sealed))
    }

    /// Seals the end of the chain and the case's policy, so that rows cannot be cut off, nor the policy exchanged,
    /// unseen.
    func tip(_ id: CaseID, policy: [UInt8], count: Int, last: [UInt8]) throws -> [UInt8] {
        try chain.authenticate(id.bytes, policy, Array("tip \(count)".utf8), [0], last)
    }

    /// The rescind-only code of a release: 100 bits from the round's evidence key, in groups of five letters and
    /// digits.
    func rescindCode(_ release: ReleaseID, round: RoundID) throws -> String? {
        guard let key = try dataKey(keyID(.evidence(round))) else { return nil }
        let bytes = try HMACSHA256.authenticate(Array("rescind code/\(release)".utf8), key: key)
        return RescindCode.format(bytes)
    }
}

/// The code that ends a release without sign-in: twenty characters of Crockford's base 32 (no I, L, O or U), 100 bits.
public enum RescindCode {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    /// - Parameter count: how many characters, a multiple of five, at most twenty.
    static func format(_ bytes: [UInt8], count: Int = 20) -> String {
        let bits = bytes.prefix(13).flatMap { byte in (0..<8).map { (byte >> (7 - $0)) & 1 } }
        let characters = (0..<count).map { group in
            alphabet[bits[group * 5..<group * 5 + 5].reduce(0) { Int($0) << 1 | Int($1) }]
        }
        return (0..<count / 5).map { String(characters[$0 * 5..<$0 * 5 + 5]) }.joined(separator: "-")
    }

    /// As ``digest(ofTyped:count:)``, for a printed sign-in code of fifteen characters (75 bits).
    static func digest(ofPrinted typed: String) -> [UInt8]? { digest(ofTyped: typed, count: 15) }

    /// The digest that is stored for a code as a person typed it: SHA-256 of its characters; nil if it cannot be one.
    ///
    /// As ``characters(ofTyped:count:)`` reads it.
    public static func digest(ofTyped typed: String, count: Int = 20) -> [UInt8]? {
        characters(ofTyped: typed, count: count).map { SHA256.hash(Array($0.utf8)) }
    }

    /// The characters of a code as people have it: from paper, a letter, a message, another program. Case does not
    /// matter, nor does whatever is no letter and no digit: spaces and line ends of every kind, dashes of every length,
    /// a period behind it, what cannot be seen. What stands before a colon is a label. O is read as 0, I and L as 1.
    ///
    /// - Returns: nil for what cannot be one.
    static func characters(ofTyped typed: String, count: Int = 20) -> String? {
        let own =
            typed.precomposedStringWithCompatibilityMapping.split(separator: ":")
            .last { $0.contains { $0.isLetter || $0.isNumber } } ?? ""
        let characters = own.uppercased().compactMap { character -> Character? in
            switch character {
            case "O": "0"
            case "I", "L": "1"
            default: character.isLetter || character.isNumber ? character : nil
            }
        }
        guard characters.count == count, characters.allSatisfy(alphabet.contains) else { return nil }
        return String(characters)
    }

    /// The bytes of which characters are the code; eight characters are five bytes.
    static func bytes(of characters: some StringProtocol) -> [UInt8] {
        var (bytes, bits, count) = ([UInt8](), 0, 0)
        for character in characters {
            bits = bits << 5 | (alphabet.firstIndex(of: character) ?? 0)
            count += 5
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
                bits &= 1 << count - 1
            }
        }
        return bytes
    }
}

/// Identifiers and commitment keys of one command, derived from its seed: the same at every run of its body.
struct Derivation {
    private let key: HKDFSHA256.Extracted

    init(seed: [UInt8]) throws { key = try HKDFSHA256.Extracted(SecretBytes(copying: seed)) }

    func bytes(_ label: String, count: Int) throws -> [UInt8] {
        try key.derive(info: Array("privity/command/\(label)".utf8), count: count)
    }

    func identifier<Kind>(_ label: String) throws -> Identifier<Kind> {
        guard let id = Identifier<Kind>(bytes: try bytes("id/\(label)", count: 16)) else {
            throw MachineryError.corrupt("identifier")
        }
        return id
    }
}

extension Commitment {
    /// Commits to `value` under `label`: HMAC-SHA256(key, label ‖ 0x00 ‖ value) in base64.
    public init(_ label: String, _ value: String, key: [UInt8]) throws {
        self.init(
            base64: Base64.format(
                try HMACSHA256.authenticate(Array("\(label)\u{0}\(value)".utf8), key: SecretBytes(copying: key))))
    }
}
