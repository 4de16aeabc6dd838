internal import COpenSSL
internal import Synchronization

/// A private Ed25519 key (RFC 8032), held by libcrypto and wiped by it.
public final class SigningKey: @unchecked Sendable {  // EVP_PKEY is immutable here and reference-counted
    let pointer: OpaquePointer
    private let contexts = SignatureContexts()

    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { EVP_PKEY_free(pointer) }

    /// Makes a new random key.
    ///
    /// - Throws: ``CryptographyError/refused(operation:reason:)`` if libcrypto does.
    public static func generate() throws(CryptographyError) -> SigningKey {
        SigningKey(owning: try OpenSSL.require(privity_ed25519_generate(OpenSSL.context), "Ed25519 key generation"))
    }

    /// A key from its 32-byte seed (RFC 8032 §5.1.5).
    ///
    /// - Throws: ``CryptographyError/wrongLength(what:expected:)`` unless `seed` has 32 bytes.
    public convenience init(seed: [UInt8]) throws(CryptographyError) {
        guard seed.count == 32 else { throw .wrongLength(what: "Ed25519 seed", expected: 32) }
        let pointer = EVP_PKEY_new_raw_private_key_ex(OpenSSL.context, "ED25519", nil, seed, seed.count)
        self.init(owning: try OpenSSL.require(pointer, "Ed25519 seed"))
    }

    /// The matching public key.
    public func verifyingKey() throws(CryptographyError) -> VerifyingKey {
        var bytes = [UInt8](repeating: 0, count: VerifyingKey.byteCount)
        var count = bytes.count
        try OpenSSL.check(EVP_PKEY_get_raw_public_key(pointer, &bytes, &count), "Ed25519 public key")
        return try VerifyingKey(bytes: bytes)
    }

    /// Signs `message`. The same key and message always give the same 64 bytes (RFC 8032 §5.1.6).
    public func sign(_ message: [UInt8]) throws(CryptographyError) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: VerifyingKey.signatureByteCount)
        let isSigned = try contexts.use { context in
            EVP_DigestSignInit_ex(context, nil, nil, OpenSSL.context, nil, pointer, nil) == 1
        } attempt: { context in
            var count = signature.count
            return EVP_DigestSign(context, &signature, &count, message, message.count) == 1 && count == signature.count
        }
        guard isSigned else { throw OpenSSL.failure("Ed25519 signature") }
        return signature
    }
}

/// Contexts that were made ready for one key: libcrypto looks its algorithms up each time it makes one ready, which
/// costs a tenth of a verification.
///
/// A context is used again as `openssl speed` does. Should a libcrypto refuse that, a fresh one decides: what is
/// reported as no signature was looked at by a context that had never been used.
private final class SignatureContexts: Sendable {
    private struct Idle: @unchecked Sendable { var pointers: [OpaquePointer] = [] }
    private let idle = Mutex(Idle())

    deinit { idle.withLock { for context in $0.pointers { EVP_MD_CTX_free(context) } } }

    /// Runs `attempt` with a ready context, and again with a fresh one if it fails.
    func use(
        ready: (OpaquePointer) -> Bool, attempt: (OpaquePointer) -> Bool
    ) throws(CryptographyError) -> Bool {
        if let used = idle.withLock({ $0.pointers.popLast().map { OpenSSL.Fetched(pointer: $0) } }) {
            if attempt(used.pointer) {
                idle.withLock { $0.pointers.append(used.pointer) }
                return true
            }
            EVP_MD_CTX_free(used.pointer)
            ERR_clear_error()
        }
        let fresh = OpenSSL.Fetched(pointer: try OpenSSL.require(EVP_MD_CTX_new(), "Ed25519 context"))
        guard ready(fresh.pointer), attempt(fresh.pointer) else {
            EVP_MD_CTX_free(fresh.pointer)
            return false
        }
        idle.withLock { $0.pointers.append(fresh.pointer) }
        return true
    }
}

/// A public Ed25519 key (RFC 8032).
public final class VerifyingKey: @unchecked Sendable, Equatable {  // immutable
    public static let byteCount = 32
    public static let signatureByteCount = 64

    /// The 32 bytes of RFC 8032 §5.1.2.
    public let bytes: [UInt8]
    private let pointer: OpaquePointer
    private let contexts = SignatureContexts()

    public init(bytes: [UInt8]) throws(CryptographyError) {
        guard bytes.count == Self.byteCount else { throw .wrongLength(what: "Ed25519 public key", expected: 32) }
        self.bytes = bytes
        pointer = try OpenSSL.require(
            EVP_PKEY_new_raw_public_key_ex(OpenSSL.context, "ED25519", nil, bytes, bytes.count), "Ed25519 public key")
    }

    deinit { EVP_PKEY_free(pointer) }

    public static func == (left: VerifyingKey, right: VerifyingKey) -> Bool { left.bytes == right.bytes }

    /// True if `signature` is this key's over `message`. Anything malformed is simply not a signature.
    public func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard signature.count == Self.signatureByteCount else { return false }
        let isGood = try? contexts.use { context in
            EVP_DigestVerifyInit_ex(context, nil, nil, OpenSSL.context, nil, pointer, nil) == 1
        } attempt: { context in
            EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
        }
        if isGood != true { ERR_clear_error() }
        return isGood == true
    }
}
