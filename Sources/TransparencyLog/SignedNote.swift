public import Cryptography

/// The key that verifies notes: a name, a key id and an Ed25519 public key.
///
/// Printed as `name+id+key`: the id in eight hexadecimal digits, the key in base64 of the type byte and 32 bytes. For example
/// `example.org/mphp+2f1c0a3e+AeWZ…`.
///
/// - Source: c2sp.org/signed-note, “Verifier keys”.
public struct NoteKey: Equatable, Sendable {
    /// Ed25519, the only signature type of a note here.
    static let type: UInt8 = 0x01

    public let name: String
    public let key: VerifyingKey
    /// SHA-256(name ‖ 0x0A ‖ type ‖ public key), its first four bytes.
    public let id: [UInt8]

    /// - Throws: ``LogError/malformed(_:)`` unless `name` is non-empty and without white space, `+` or control characters.
    public init(name: String, key: VerifyingKey) throws {
        guard Self.isName(name) else { throw LogError.malformed("key name") }
        self.name = name
        self.key = key
        id = Array(SHA256.hash(Array(name.utf8), [0x0A, Self.type], key.bytes).prefix(4))
    }

    /// Parses the printed form; the id must match the key.
    public init(parsing text: String) throws {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let printed = Hex.parse(parts[1]), let bytes = Base64.parse(parts[2]),
            bytes.count == 33, bytes[0] == Self.type, let key = try? VerifyingKey(bytes: Array(bytes.dropFirst()))
        else { throw LogError.malformed("verifier key") }
        try self.init(name: String(parts[0]), key: key)
        guard id == printed else { throw LogError.malformed("verifier key") }
    }

    public var text: String { "\(name)+\(Hex.format(id))+\(Base64.format([Self.type] + key.bytes))" }

    static func isName(_ name: String) -> Bool {
        !name.isEmpty
            && name.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0.value >= 0x20 && $0.value != 0x7F && $0 != "+" }
    }
}

/// A private key with the name it signs notes under.
public struct NoteSigner: Sendable {
    public let key: NoteKey
    private let signingKey: SigningKey

    public init(name: String, key: SigningKey) throws {
        self.key = try NoteKey(name: name, key: key.verifyingKey())
        signingKey = key
    }

    /// Signs `text` into a note.
    ///
    /// - Throws: ``LogError/malformed(_:)`` unless `text` ends in a newline and has no other control character.
    public func sign(_ text: String) throws -> SignedNote {
        guard SignedNote.isText(Array(text.utf8)) else { throw LogError.malformed("note text") }
        let signature = try signingKey.sign(Array(text.utf8))
        return SignedNote(
            text: text, signatures: [NoteSignature(name: key.name, id: key.id, signature: signature)])
    }
}

/// One signature line of a note.
public struct NoteSignature: Equatable, Sendable {
    public let name: String
    /// Four bytes.
    public let id: [UInt8]
    public let signature: [UInt8]
}

/// A text with signatures beneath it.
///
/// The text ends in a newline; then a blank line; then signature lines, each `— <name> <base64(id ‖ signature)>` and a newline:
///
/// ```
/// example.org/mphp
/// 3
/// 9uHQ9B20KNL+Q1zsRoopEkOdqkYqMB4MJXrbt/hMjOw=
///
/// — example.org/mphp LxwKPk…
/// ```
///
/// - Source: c2sp.org/signed-note, “Format”.
public struct SignedNote: Equatable, Sendable {
    /// A record's line and its two surroundings stay far below; a leaf holds at most 65,535 bytes.
    static let maximumByteCount = 65_535
    static let maximumSignatureCount = 100

    public let text: String
    public let signatures: [NoteSignature]

    init(text: String, signatures: [NoteSignature]) {
        self.text = text
        self.signatures = signatures
    }

    /// Parses a note without checking signatures: for that, ``verify(by:)``.
    public init(parsing bytes: [UInt8]) throws {
        guard bytes.count <= Self.maximumByteCount, let whole = String(validating: bytes, as: UTF8.self),
            Self.isText(bytes)
        else { throw LogError.malformed("note") }
        // The last blank line separates: the text itself may contain blank lines.
        guard let separator = Self.lastBlankLine(in: bytes) else { throw LogError.malformed("note") }
        _ = whole
        let textBytes = Array(bytes[...separator])
        let lines = bytes[(separator + 2)...].split(separator: 0x0A, omittingEmptySubsequences: false)
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
        for signature in signatures {
            out += "— \(signature.name) \(Base64.format(signature.id + signature.signature))\n"
        }
        return Array(out.utf8)
    }

    /// Checks that `key` signed this text, once.
    ///
    /// Lines of unknown keys are ignored; a second line of the known key or a bad one rejects the note.
    ///
    /// - Throws: ``LogError/badSignature``.
    public func verify(by key: NoteKey) throws {
        let lines = signatures.filter { $0.name == key.name && $0.id == key.id }
        guard lines.count == 1, let line = lines.first,
            key.key.isSignature(line.signature, of: Array(text.utf8))
        else { throw LogError.badSignature }
    }

    /// Non-empty, ends in a newline, no control character but newline.
    static func isText(_ bytes: [UInt8]) -> Bool {
        bytes.last == 0x0A && bytes.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x0A }
    }

    /// The index of the newline that ends the text, where another newline follows.
    private static func lastBlankLine(in bytes: [UInt8]) -> Int? {
        guard bytes.count >= 2 else { return nil }
        return (0..<(bytes.count - 1)).reversed().first { bytes[$0] == 0x0A && bytes[$0 + 1] == 0x0A }
    }
}
