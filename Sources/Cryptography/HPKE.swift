internal import COpenSSL

/// A pair of X25519 keys (RFC 7748): whoever has the public half seals, whoever has the private half opens.
public struct AgreementKey: Sendable {
    public static let byteCount = 32

    let secret: SecretBytes
    /// The u-coordinate of RFC 7748 §5, 32 bytes.
    public let publicKey: [UInt8]

    /// A pair from its private half.
    ///
    /// - Throws: ``CryptographyError/wrongLength(what:expected:)`` unless `secret` has 32 bytes.
    public init(secret: SecretBytes) throws(CryptographyError) {
        let key = try Self.privateKey(secret)
        defer { EVP_PKEY_free(key) }
        self.secret = secret
        publicKey = try Self.publicBytes(of: key)
    }

    /// Makes a new random pair.
    ///
    /// - Throws: ``CryptographyError/refused(operation:reason:)`` if libcrypto does.
    public static func generate() throws(CryptographyError) -> AgreementKey {
        var bytes = try RandomBytes.generate(count: byteCount)
        return try AgreementKey(secret: SecretBytes(taking: &bytes))
    }

    /// Lends the private half for the time of `body`, which must not keep it.
    public func withSecret<R>(_ body: ([UInt8]) throws -> R) rethrows -> R {
        var bytes = secret.withBytes { Array($0) }
        defer { bytes.wipe() }
        return try body(bytes)
    }

    /// The secret that both halves agree on (RFC 7748 §6.1).
    ///
    /// - Throws: ``CryptographyError/notAuthentic`` for a public key of a wrong length, and for one with which every
    ///   private key agrees on zeros (RFC 9180 §7.1.4).
    func agreement(with publicKey: [UInt8]) throws(CryptographyError) -> SecretBytes {
        guard publicKey.count == Self.byteCount,
            let peer = EVP_PKEY_new_raw_public_key_ex(OpenSSL.context, "X25519", nil, publicKey, publicKey.count)
        else {
            ERR_clear_error()
            throw .notAuthentic
        }
        defer { EVP_PKEY_free(peer) }
        let own = try Self.privateKey(secret)
        defer { EVP_PKEY_free(own) }
        let context = try OpenSSL.require(EVP_PKEY_CTX_new_from_pkey(OpenSSL.context, own, nil), "X25519")
        defer { EVP_PKEY_CTX_free(context) }
        try OpenSSL.check(EVP_PKEY_derive_init(context), "X25519")
        var (shared, count) = ([UInt8](repeating: 0, count: Self.byteCount), Self.byteCount)
        guard EVP_PKEY_derive_set_peer(context, peer) == 1, EVP_PKEY_derive(context, &shared, &count) == 1,
            count == Self.byteCount, shared.contains(where: { $0 != 0 })
        else {
            ERR_clear_error()
            throw .notAuthentic
        }
        return SecretBytes(taking: &shared)
    }

    private static func privateKey(_ secret: SecretBytes) throws(CryptographyError) -> OpaquePointer {
        guard secret.count == byteCount else { throw .wrongLength(what: "X25519 private key", expected: byteCount) }
        let key = secret.withBytes { bytes in
            EVP_PKEY_new_raw_private_key_ex(
                OpenSSL.context, "X25519", nil, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
        }
        return try OpenSSL.require(key, "X25519 private key")
    }

    private static func publicBytes(of key: OpaquePointer) throws(CryptographyError) -> [UInt8] {
        var (bytes, count) = ([UInt8](repeating: 0, count: byteCount), byteCount)
        try OpenSSL.check(EVP_PKEY_get_raw_public_key(key, &bytes, &count), "X25519 public key")
        return bytes
    }
}

/// Hybrid public key encryption of single messages (RFC 9180): base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
/// AES-256-GCM. libcrypto has it from 3.2 on; here it is put together from what 3.0 has.
///
/// - Shape: a sealed message is the encapsulated key (32 bytes), then as many bytes as the message, then the 16-byte
///   tag.
public enum HPKE {
    /// The bytes that a sealed message has beside the message.
    public static let overhead = AgreementKey.byteCount + AESGCM.tagByteCount

    /// Seals `message` so that only the holder of the private half opens it, bound to `info`.
    ///
    /// - Throws: ``CryptographyError/notAuthentic`` for a public key that is none.
    public static func seal(
        _ message: [UInt8], to publicKey: [UInt8], info: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        try seal(message, to: publicKey, info: info, associated: [], ephemeral: AgreementKey.generate())
    }

    /// Opens what ``seal(_:to:info:)`` made.
    ///
    /// - Throws: ``CryptographyError/notAuthentic`` if it was sealed to somebody else, for other `info`, or altered.
    public static func open(
        _ sealed: [UInt8], with key: AgreementKey, info: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        try open(sealed, with: key, info: info, associated: [])
    }

    /// - Parameter ephemeral: a pair of this message alone; vectors state theirs.
    static func seal(
        _ message: [UInt8], to publicKey: [UInt8], info: [UInt8], associated: [UInt8], ephemeral: AgreementKey
    ) throws(CryptographyError) -> [UInt8] {
        let shared = try sharedSecret(
            ephemeral.agreement(with: publicKey), encapsulated: ephemeral.publicKey, recipient: publicKey)
        let schedule = try Schedule(shared, info: info, .aes256GCM)
        let sealed = try AESGCM(key: schedule.key).seal(message, nonce: schedule.baseNonce, associated: associated)
        return ephemeral.publicKey + sealed
    }

    static func open(
        _ sealed: [UInt8], with key: AgreementKey, info: [UInt8], associated: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        guard sealed.count >= overhead else { throw .notAuthentic }
        let encapsulated = Array(sealed.prefix(AgreementKey.byteCount))
        let shared = try sharedSecret(
            key.agreement(with: encapsulated), encapsulated: encapsulated, recipient: key.publicKey)
        let schedule = try Schedule(shared, info: info, .aes256GCM)
        return try AESGCM(key: schedule.key).open(
            Array(sealed.dropFirst(AgreementKey.byteCount)), nonce: schedule.baseNonce, associated: associated)
    }

    /// ExtractAndExpand of RFC 9180 §4.1.
    static func sharedSecret(
        _ agreement: SecretBytes, encapsulated: [UInt8], recipient: [UInt8]
    ) throws(CryptographyError) -> SecretBytes {
        let suite = Array("KEM".utf8) + [0, 0x20]
        let extracted = try extract(suite, salt: SecretBytes(copying: []), "eae_prk", agreement)
        return try expand(suite, extracted, "shared_secret", encapsulated + recipient, count: 32)
    }

    /// The ways to seal a message that RFC 9180 §7.3 names and that vectors exist for, by their numbers there.
    enum Cipher: UInt8 {
        case aes128GCM = 1
        case aes256GCM, chaCha20Poly1305

        var keyByteCount: Int { self == .aes128GCM ? 16 : 32 }
    }

    /// The key schedule of RFC 9180 §5.1, base mode.
    struct Schedule {
        let key: SecretBytes
        let baseNonce: [UInt8]

        init(_ shared: SecretBytes, info: [UInt8], _ cipher: Cipher) throws(CryptographyError) {
            let suite = Array("HPKE".utf8) + [0, 0x20, 0, 1, 0, cipher.rawValue]
            let nothing = SecretBytes(copying: [])
            let identifier = try HPKE.extract(suite, salt: nothing, "psk_id_hash", nothing)
            let bound = try HPKE.extract(suite, salt: nothing, "info_hash", SecretBytes(copying: info))
            let context = [0] + identifier.withBytes { Array($0) } + bound.withBytes { Array($0) }
            let secret = try HPKE.extract(suite, salt: shared, "secret", nothing)
            key = try HPKE.expand(suite, secret, "key", context, count: cipher.keyByteCount)
            baseNonce = try HPKE.expand(suite, secret, "base_nonce", context, count: 12).withBytes { Array($0) }
        }
    }

    /// LabeledExtract of RFC 9180 §4.
    private static func extract(
        _ suite: [UInt8], salt: SecretBytes, _ label: String, _ material: SecretBytes
    ) throws(CryptographyError) -> SecretBytes {
        var labeled = Array("HPKE-v1".utf8) + suite + Array(label.utf8) + material.withBytes { Array($0) }
        defer { labeled.wipe() }
        var extracted = try HMACSHA256.authenticate(labeled, key: salt)
        return SecretBytes(taking: &extracted)
    }

    /// LabeledExpand of RFC 9180 §4, of at most 32 bytes: one block of HKDF-Expand.
    private static func expand(
        _ suite: [UInt8], _ extracted: SecretBytes, _ label: String, _ info: [UInt8], count: Int
    ) throws(CryptographyError) -> SecretBytes {
        precondition(count <= 32, "one block is enough")
        let labeled = [0, UInt8(count)] + Array("HPKE-v1".utf8) + suite + Array(label.utf8) + info
        var block = try HMACSHA256.authenticate(labeled + [1], key: extracted)
        defer { block.wipe() }
        return SecretBytes(copying: block.prefix(count))
    }
}
