internal import COpenSSL

/// The algorithms of libcrypto that this module uses, each fetched once.
///
/// Fetching costs more than hashing a short message, so it happens at first use and never again. The objects are
/// reference counted by libcrypto and safe to share between threads; they are never freed.
enum OpenSSL {
    struct Fetched: @unchecked Sendable {  // immutable, reference-counted by libcrypto
        let pointer: OpaquePointer
    }

    static let sha256 = fetched("SHA-256", EVP_MD_fetch(nil, "SHA256", nil))
    static let hmac: Fetched = {
        // Before 3.0.3 libcrypto did not begin anew under a key that it had, and said nothing of it.
        precondition(OpenSSL_version_num() >= 0x3000_0030, "libcrypto is older than 3.0.3")
        return fetched("HMAC", EVP_MAC_fetch(nil, "HMAC", nil))
    }()
    static let hkdf = fetched("HKDF", EVP_KDF_fetch(nil, "HKDF", nil))
    static let scrypt = fetched("SCRYPT", EVP_KDF_fetch(nil, "SCRYPT", nil))
    static let aes256GCM = fetched("AES-256-GCM", EVP_CIPHER_fetch(nil, "AES-256-GCM", nil))

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

extension Array where Element == UInt8 {
    /// Overwrites every byte with zero in a way the optimizer keeps.
    mutating func wipe() {
        withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}
