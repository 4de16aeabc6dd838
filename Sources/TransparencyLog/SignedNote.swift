public import Cryptography

/// The key that verifies notes: a name, a key id and an Ed25519 public key.
///
/// Printed as `name+id+key`: the id in eight hexadecimal digits, the key in base64 of the type byte and 32 bytes. For
/// example `example.org/mentoring+2f1c0a3e+AeWZ…`.
///
/// - Source: c2sp.org/signed-note, “Verifier keys”.
public struct NoteKey: Hashable, Sendable {
    /// The kind of note that the key signs; the type is part of the key's id, so that no signature passes for one of
    /// the other kind.
    public enum Kind: UInt8, Sendable {
        /// The text of the note.
        case text = 0x01
        /// A time and the text of a checkpoint: c2sp.org/tlog-cosignature, `cosignature/v1`.
        case cosignature = 0x04
    }

    public let name: String
    public let kind: Kind
    public let key: VerifyingKey
    /// SHA-256(name ‖ 0x0A ‖ type ‖ public key), its first four bytes.
    public let id: [UInt8]

    /// - Throws: ``LogError/malformed(_:)`` unless `name` is printable ASCII without spaces and `+`, and not empty.
    public init(name: String, kind: Kind = .text, key: VerifyingKey) throws {
        guard Self.isName(name) else { throw LogError.malformed("key name") }
        self.name = name
        self.kind = kind
        self.key = key
        id = Array(SHA256.hash(Array(name.utf8), [0x0A, kind.rawValue], key.bytes).prefix(4))
    }

    /// Parses the printed form; the id must match the key.
    public init(parsing text: String) throws {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let printed = Hex.parse(parts[1]), let bytes = Base64.parse(parts[2]),
            bytes.count == 33, let kind = Kind(rawValue: bytes[0]),
            let key = try? VerifyingKey(bytes: Array(bytes.dropFirst()))
        else { throw LogError.malformed("verifier key") }
        try self.init(name: String(parts[0]), kind: kind, key: key)
        guard id == printed else { throw LogError.malformed("verifier key") }
    }

    public var text: String { "\(name)+\(Hex.format(id))+\(Base64.format([kind.rawValue] + key.bytes))" }

    /// True if a signature line names this key.
    func isNamed(by line: NoteSignature) -> Bool { line.name == name && line.id == id }

    public static func == (left: NoteKey, right: NoteKey) -> Bool { left.text == right.text }
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }

    static func isName(_ name: String) -> Bool {
        // INVARIANT: of two names in ASCII, what Swift calls equal is equal byte for byte.
        !name.isEmpty && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "+") }
    }
}

/// A private key with the name it signs notes under.
public struct NoteSigner: Sendable {
    public let key: NoteKey
    private let signingKey: SigningKey

    public init(name: String, kind: NoteKey.Kind = .text, key: SigningKey) throws {
        self.key = try NoteKey(name: name, kind: kind, key: key.verifyingKey())
        signingKey = key
    }

    /// Signs `text` into a note.
    ///
    /// - Throws: ``LogError/malformed(_:)`` unless `text` is printable ASCII in lines that end in newlines.
    public func sign(_ text: String) throws -> SignedNote {
        try SignedNote(unsigned: text).signed(by: self)
    }

    /// One signature line over `text`.
    ///
    /// - Precondition: the key is one that signs texts.
    func signature(of text: String) throws -> NoteSignature {
        precondition(key.kind == .text, "a witness's key signs checkpoints only")
        return NoteSignature(name: key.name, id: key.id, signature: try signingKey.sign(Array(text.utf8)))
    }

    /// A witness's line over a checkpoint: its time in seconds since 1970 UTC, eight bytes, big-endian, then the
    /// signature.
    ///
    /// - Source: c2sp.org/tlog-cosignature, “Format”.
    func cosignature(of text: String, atSeconds time: UInt64) throws -> NoteSignature {
        precondition(key.kind == .cosignature, "this key signs texts")
        let signature = try signingKey.sign(SignedNote.cosigned(text, atSeconds: time))
        return NoteSignature(
            name: key.name, id: key.id,
            signature: (0..<8).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * $0)) } + signature)
    }
}

/// One signature line of a note.
public struct NoteSignature: Equatable, Sendable {
    public let name: String
    /// Four bytes.
    public let id: [UInt8]
    public let signature: [UInt8]

    /// The line as a note holds it, without its newline.
    public var line: String { "— \(name) \(Base64.format(id + signature))" }
}

/// A text with signatures beneath it.
///
/// The text ends in a newline; then a blank line; then signature lines, each `— <name> <base64(id ‖ signature)>` and a
/// newline:
///
/// ```
/// example.org/mentoring
/// 3
/// 9uHQ9B20KNL+Q1zsRoopEkOdqkYqMB4MJXrbt/hMjOw=
///
/// — example.org/mentoring LxwKPk…
/// ```
///
/// - Source: c2sp.org/signed-note, “Format”.
public struct SignedNote: Equatable, Sendable {
    /// A record's line and its two surroundings stay far below; a leaf holds at most 65,535 bytes.
    public static let maximumByteCount = 65_535
    /// As many as Go's `sumdb/note` reads.
    public static let maximumSignatureCount = 100

    public let text: String
    public let signatures: [NoteSignature]

    init(text: String, signatures: [NoteSignature]) {
        self.text = text
        self.signatures = signatures
    }

    /// A text that nobody has signed yet.
    ///
    /// - Throws: ``LogError/malformed(_:)`` unless `text` is printable ASCII in lines that end in newlines.
    public init(unsigned text: String) throws {
        guard Self.isText(Array(text.utf8)) else { throw LogError.malformed("note text") }
        self.init(text: text, signatures: [])
    }

    /// The note with one more line.
    public func signed(by signer: NoteSigner) throws -> SignedNote {
        SignedNote(text: text, signatures: signatures + [try signer.signature(of: text)])
    }

    /// The checkpoint with a witness's line.
    public func cosigned(by witness: NoteSigner, atSeconds time: UInt64) throws -> SignedNote {
        SignedNote(text: text, signatures: signatures + [try witness.cosignature(of: text, atSeconds: time)])
    }

    /// The note with the lines of one name alone.
    public func keepingLines(named name: String) -> SignedNote {
        SignedNote(text: text, signatures: signatures.filter { $0.name == name })
    }

    /// Parses a note without checking signatures: for that, ``verify(by:)``.
    ///
    /// - Parameter limit: the most bytes that are looked at; a log entry's by default.
    public init(parsing bytes: [UInt8], limit: Int = maximumByteCount) throws {
        // The last blank line separates: the text itself may contain blank lines.
        guard bytes.count <= limit, let separator = Self.lastBlankLine(in: bytes) else {
            throw LogError.malformed("note")
        }
        let textBytes = Array(bytes[...separator])
        guard Self.isText(textBytes) else { throw LogError.malformed("note") }
        let lines = bytes[(separator + 2)...].split(
            separator: 0x0A, maxSplits: Self.maximumSignatureCount + 1, omittingEmptySubsequences: false)
        guard lines.count >= 2, lines.last?.isEmpty == true, lines.count - 1 <= Self.maximumSignatureCount else {
            throw LogError.malformed("note")
        }
        var signatures: [NoteSignature] = []
        for line in lines.dropLast() {
            let prefix = Array("— ".utf8)
            guard line.starts(with: prefix) else { throw LogError.malformed("note") }
            let parts = line.dropFirst(prefix.count).split(separator: 0x20, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw LogError.malformed("note") }
            let name = String(decoding: parts[0], as: UTF8.self)
            // What is not UTF-8 is decoded to something that is no name.
            guard NoteKey.isName(name), let bytes = Base64.parse(String(decoding: parts[1], as: UTF8.self)),
                bytes.count > 4
            else { throw LogError.malformed("note") }
            signatures.append(
                NoteSignature(name: name, id: Array(bytes.prefix(4)), signature: Array(bytes.dropFirst(4))))
        }
        self.init(text: String(decoding: textBytes, as: UTF8.self), signatures: signatures)
    }

    /// The exact bytes of the note.
    public var bytes: [UInt8] {
        var out = text + "\n"
        for signature in signatures { out += signature.line + "\n" }
        return Array(out.utf8)
    }

    /// A note as somebody without our limits would make it, for tests of what refuses it.
    package static func testingOnlySign(_ text: String, by signer: NoteSigner) throws -> [UInt8] {
        SignedNote(text: text, signatures: [try signer.signature(of: text)]).bytes
    }

    /// Checks that `key` signed this text, in the one line that bears its name.
    ///
    /// Lines under other names are ignored; a second line under this name rejects the note, whatever it holds.
    ///
    /// - Throws: ``LogError/badSignature``.
    public func verify(by key: NoteKey) throws {
        let lines = signatures.filter { $0.name == key.name }
        guard key.kind == .text, lines.count == 1, key.isNamed(by: lines[0]),
            key.key.isSignature(lines[0].signature, of: Array(text.utf8))
        else { throw LogError.badSignature }
    }

    /// Checks that each of `keys` signed this text, once, and nobody else did: where one name hands over from one key
    /// to the next.
    ///
    /// - Throws: ``LogError/badSignature``.
    public func verify(byEach keys: [NoteKey]) throws {
        guard signatures.count == keys.count, Set(keys).count == keys.count else { throw LogError.badSignature }
        for key in keys {
            let lines = signatures.filter { key.isNamed(by: $0) }
            guard key.kind == .text, lines.count == 1, key.key.isSignature(lines[0].signature, of: Array(text.utf8))
            else {
                throw LogError.badSignature
            }
        }
    }

    /// Checks a witness's line and returns the time it states, in seconds since 1970 UTC.
    ///
    /// - Throws: ``LogError/badSignature`` as ``verify(by:)`` does.
    public func cosignatureTime(by witness: NoteKey) throws -> UInt64 {
        let lines = signatures.filter { $0.name == witness.name }
        guard witness.kind == .cosignature, lines.count == 1, witness.isNamed(by: lines[0]),
            lines[0].signature.count == 72
        else {
            throw LogError.badSignature
        }
        let time = lines[0].signature.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard witness.key.isSignature(Array(lines[0].signature.dropFirst(8)), of: Self.cosigned(text, atSeconds: time))
        else {
            throw LogError.badSignature
        }
        return time
    }

    /// The text that a witness signs: two lines before the checkpoint.
    static func cosigned(_ text: String, atSeconds time: UInt64) -> [UInt8] {
        Array("cosignature/v1\ntime \(time)\n\(text)".utf8)
    }

    /// Printable ASCII in lines, at least one, each ended by a newline.
    static func isText(_ bytes: [UInt8]) -> Bool {
        bytes.last == 0x0A && bytes.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x0A }
    }

    /// The index of the newline that ends the text, where another newline follows.
    private static func lastBlankLine(in bytes: [UInt8]) -> Int? {
        guard bytes.count >= 2 else { return nil }
        return (0..<(bytes.count - 1)).reversed().first { bytes[$0] == 0x0A && bytes[$0 + 1] == 0x0A }
    }
}
