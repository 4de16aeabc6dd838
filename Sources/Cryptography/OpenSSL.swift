internal import COpenSSL

/// The algorithms of libcrypto that this module uses, each fetched once, from a library context of our own: whatever
/// the host's `openssl.cnf` or `OPENSSL_CONF` says, it is not read here, and the default provider does the work.
///
/// Fetching costs more than hashing a short message, so it happens at first use and never again. The objects are
/// reference counted by libcrypto and safe to share between threads; they are never freed.
enum OpenSSL {
    struct Fetched: @unchecked Sendable {  // immutable, reference-counted by libcrypto
        let pointer: OpaquePointer
    }

    /// Nil if libcrypto can give none, or lacks its default provider.
    private static let made: Fetched? = {
        // What has no parameter for a context takes the one that every program shares, so that stays without the
        // host's configuration too. It counts only before anything else has asked for it.
        guard OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_LOAD_CONFIG), nil) == 1, let context = OSSL_LIB_CTX_new(),
            OSSL_PROVIDER_load(context, "default") != nil
        else { return nil }
        return Fetched(pointer: context)
    }()

    /// The library context of our own. It is never freed.
    static var context: OpaquePointer {
        guard let made else { preconditionFailure("libcrypto gives no context with the default provider") }
        return made.pointer
    }

    /// - Throws: ``CryptographyError/refused(operation:reason:)`` naming what this libcrypto lacks.
    static func prepare() throws(CryptographyError) {
        guard made != nil else { throw failure("libcrypto with its default provider") }
        guard OpenSSL_version_num() >= 0x3000_0030 else {
            throw .refused(operation: "libcrypto", reason: "older than 3.0.3")
        }
        let digest = try require(EVP_MD_fetch(context, "SHA256", nil), "SHA-256")
        EVP_MD_free(digest)
        let mac = try require(EVP_MAC_fetch(context, "HMAC", nil), "HMAC")
        EVP_MAC_free(mac)
        for name in ["HKDF", "SCRYPT"] {
            let found = try require(EVP_KDF_fetch(context, name, nil), name)
            EVP_KDF_free(found)
        }
        let cipher = try require(EVP_CIPHER_fetch(context, "AES-256-GCM", nil), "AES-256-GCM")
        EVP_CIPHER_free(cipher)
        let key = try require(privity_ed25519_generate(context), "Ed25519")
        EVP_PKEY_free(key)
    }

    static let sha256 = fetched("SHA-256", EVP_MD_fetch(context, "SHA256", nil))
    static let hmac: Fetched = {
        // Before 3.0.3 libcrypto did not begin anew under a key that it had, and said nothing of it.
        precondition(OpenSSL_version_num() >= 0x3000_0030, "libcrypto is older than 3.0.3")
        return fetched("HMAC", EVP_MAC_fetch(context, "HMAC", nil))
    }()
    static let hkdf = fetched("HKDF", EVP_KDF_fetch(context, "HKDF", nil))
    static let scrypt = fetched("SCRYPT", EVP_KDF_fetch(context, "SCRYPT", nil))
    static let aes256GCM = fetched("AES-256-GCM", EVP_CIPHER_fetch(context, "AES-256-GCM", nil))

    private static func fetched(_ name: String, _ pointer: OpaquePointer?) -> Fetched {
        guard let pointer else {
            // A libcrypto without these algorithms is no installation this program can run on.
            preconditionFailure("libcrypto does not provide \(name)")
        }
        return Fetched(pointer: pointer)
    }

    /// Drains the thread's error queue into one error, so that an old reason never explains a new failure.
    static func failure(_ operation: String) -> CryptographyError {
        var reason = "no reason given"
        while true {
            let code = ERR_get_error()
            if code == 0 { break }
            if let text = ERR_reason_error_string(code) { reason = String(cString: text) }
        }
        return .refused(operation: operation, reason: reason)
    }

    static func check(_ result: Int32, _ operation: String) throws(CryptographyError) {
        if result <= 0 { throw failure(operation) }
    }

    static func require<T>(_ value: T?, _ operation: String) throws(CryptographyError) -> T {
        guard let value else { throw failure(operation) }
        return value
    }
}

/// Readiness of the host's libcrypto, to be asked for before anything else.
public enum CryptographyLibrary {
    /// - Throws: ``CryptographyError/refused(operation:reason:)`` naming the first algorithm that libcrypto does not
    ///   provide.
    public static func prepare() throws(CryptographyError) { try OpenSSL.prepare() }
}

extension Array where Element == UInt8 {
    /// Overwrites every byte with zero in a way the optimizer keeps.
    mutating func wipe() {
        withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}
