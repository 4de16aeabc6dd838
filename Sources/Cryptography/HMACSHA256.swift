internal import COpenSSL

/// HMAC with SHA-256 (RFC 2104, FIPS 198-1).
public enum HMACSHA256 {
    /// Authenticates the concatenation of `parts` under `key`.
    ///
    /// - Shape: 32 bytes.
    /// - Throws: ``CryptographyError/refused(operation:reason:)`` if libcrypto does.
    public static func authenticate(_ parts: [UInt8]..., key: SecretBytes) throws(CryptographyError) -> [UInt8] {
        let context = try OpenSSL.require(EVP_MAC_CTX_new(OpenSSL.hmac.pointer), "HMAC context")
        defer { EVP_MAC_CTX_free(context) }
        try key.withBytes { bytes throws(CryptographyError) in
            // libcrypto takes a null key for "keep the old one", so an empty key still needs an address.
            let empty: [UInt8] = [0]
            try withDigestParameter { parameters throws(CryptographyError) in
                let result = empty.withUnsafeBufferPointer { fallback in
                    let address = bytes.bindMemory(to: UInt8.self).baseAddress ?? fallback.baseAddress
                    return EVP_MAC_init(context, address, bytes.count, parameters)
                }
                try OpenSSL.check(result, "HMAC key")
            }
        }
        for part in parts { try OpenSSL.check(EVP_MAC_update(context, part, part.count), "HMAC update") }
        var tag = [UInt8](repeating: 0, count: 32)
        var count = 0
        try OpenSSL.check(EVP_MAC_final(context, &tag, &count, tag.count), "HMAC final")
        return tag
    }

    private static func withDigestParameter(
        _ body: (UnsafePointer<OSSL_PARAM>) throws(CryptographyError) -> Void
    ) throws(CryptographyError) {
        var parameters = Parameters()
        parameters.add(OSSL_MAC_PARAM_DIGEST, text: "SHA256")
        try parameters.lend(body)
    }
}

/// HKDF with SHA-256 (RFC 5869).
public enum HKDFSHA256 {
    /// Derives `count` bytes from `key`, bound to `info`.
    ///
    /// - Precondition: `0 < count <= 8160` (RFC 5869 §2.3).
    public static func derive(
        from key: SecretBytes, salt: [UInt8] = [], info: [UInt8], count: Int
    ) throws(CryptographyError) -> SecretBytes {
        var parameters = Parameters()
        parameters.add(OSSL_KDF_PARAM_DIGEST, text: "SHA256")
        parameters.add(OSSL_KDF_PARAM_KEY, secret: key)
        parameters.add(OSSL_KDF_PARAM_SALT, bytes: salt)
        parameters.add(OSSL_KDF_PARAM_INFO, bytes: info)
        return try parameters.derive(OpenSSL.hkdf, count: count, operation: "HKDF")
    }
}

/// scrypt (RFC 7914), for passphrases.
public enum Scrypt {
    /// Derives `count` bytes from a passphrase.
    ///
    /// - Units: `cost` is N, a power of two; memory is about 128 · N · `blockSize` bytes.
    public static func derive(
        from passphrase: SecretBytes, salt: [UInt8], cost: UInt64, blockSize: UInt64, parallelism: UInt64, count: Int
    ) throws(CryptographyError) -> SecretBytes {
        var parameters = Parameters()
        parameters.add(OSSL_KDF_PARAM_PASSWORD, secret: passphrase)
        parameters.add(OSSL_KDF_PARAM_SALT, bytes: salt)
        parameters.add(OSSL_KDF_PARAM_SCRYPT_N, number: cost)
        parameters.add(OSSL_KDF_PARAM_SCRYPT_R, number: blockSize)
        parameters.add(OSSL_KDF_PARAM_SCRYPT_P, number: parallelism)
        parameters.add(OSSL_KDF_PARAM_SCRYPT_MAXMEM, number: 1 << 31)
        return try parameters.derive(OpenSSL.scrypt, count: count, operation: "scrypt")
    }
}

/// Parameters for a libcrypto call, held where their addresses stay valid and wiped when it is over.
struct Parameters {
    private enum Value {
        case text([UInt8])
        case bytes([UInt8])
        case secret(SecretBytes)
        case number(UInt64)
    }
    private var entries: [(name: String, value: Value)] = []

    mutating func add(_ name: String, text: String) { entries.append((name, .text(Array(text.utf8)))) }
    mutating func add(_ name: String, bytes: [UInt8]) { entries.append((name, .bytes(bytes))) }
    mutating func add(_ name: String, secret: SecretBytes) { entries.append((name, .secret(secret))) }
    mutating func add(_ name: String, number: UInt64) { entries.append((name, .number(number))) }

    func derive(
        _ function: OpenSSL.Fetched, count: Int, operation: String
    ) throws(CryptographyError) -> SecretBytes {
        let context = try OpenSSL.require(EVP_KDF_CTX_new(function.pointer), operation)
        defer { EVP_KDF_CTX_free(context) }
        var out = [UInt8](repeating: 0, count: count)
        try lend { parameters throws(CryptographyError) in
            try OpenSSL.check(EVP_KDF_derive(context, &out, count, parameters), operation)
        }
        return SecretBytes(taking: &out)
    }

    func lend<R>(_ body: (UnsafePointer<OSSL_PARAM>) throws(CryptographyError) -> R) throws(CryptographyError) -> R {
        var lent: [(name: UnsafeMutablePointer<CChar>, storage: UnsafeMutableRawPointer, count: Int)] = []
        defer {
            for entry in lent {
                OPENSSL_cleanse(entry.storage, entry.count)
                entry.storage.deallocate()
                entry.name.deallocate()
            }
        }
        var parameters: [OSSL_PARAM] = []
        for (name, value) in entries {
            let nameBytes = name.utf8CString
            let nameCopy = UnsafeMutablePointer<CChar>.allocate(capacity: nameBytes.count)
            for (offset, byte) in nameBytes.enumerated() { nameCopy[offset] = byte }
            let storage: UnsafeMutableRawPointer
            let count: Int
            switch value {
            case .text(let bytes), .bytes(let bytes):
                count = bytes.count
                // libcrypto takes a text's address for a C string, whatever its length says: a zero must follow.
                storage = .allocate(byteCount: count + 1, alignment: 8)
                storage.storeBytes(of: 0, toByteOffset: count, as: UInt8.self)
                bytes.withUnsafeBytes {
                    if count > 0, let base = $0.baseAddress { storage.copyMemory(from: base, byteCount: count) }
                }
            case .secret(let secret):
                count = secret.count
                storage = .allocate(byteCount: max(count, 8), alignment: 8)
                secret.withBytes {
                    if count > 0, let base = $0.baseAddress { storage.copyMemory(from: base, byteCount: count) }
                }
            case .number(let number):
                count = 8
                storage = .allocate(byteCount: 8, alignment: 8)
                storage.storeBytes(of: number, as: UInt64.self)
            }
            lent.append((nameCopy, storage, count))
            switch value {
            case .text:
                parameters.append(
                    OSSL_PARAM_construct_utf8_string(nameCopy, storage.assumingMemoryBound(to: CChar.self), count))
            case .bytes, .secret: parameters.append(OSSL_PARAM_construct_octet_string(nameCopy, storage, count))
            case .number:
                parameters.append(OSSL_PARAM_construct_uint64(nameCopy, storage.assumingMemoryBound(to: UInt64.self)))
            }
        }
        parameters.append(OSSL_PARAM_construct_end())
        return try body(parameters)
    }
}
