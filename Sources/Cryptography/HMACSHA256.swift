internal import COpenSSL
internal import Synchronization

/// HMAC with SHA-256 (RFC 2104, FIPS 198-1).
public enum HMACSHA256 {
    /// Authenticates the concatenation of `parts` under `key`.
    ///
    /// - Shape: 32 bytes.
    /// - Throws: ``CryptographyError/refused(operation:reason:)`` if libcrypto does.
    public static func authenticate(_ parts: [UInt8]..., key: SecretBytes) throws(CryptographyError) -> [UInt8] {
        let context = try context(key)
        defer { EVP_MAC_CTX_free(context) }
        return try finish(parts, context)
    }

    /// A key that many messages are authenticated under: what HMAC does with the key alone is done once.
    public final class Key: Sendable {
        private struct Idle: @unchecked Sendable { var contexts: [OpaquePointer] = [] }
        private let key: SecretBytes
        private let idle = Mutex(Idle())

        public init(_ key: SecretBytes) { self.key = key }

        deinit { idle.withLock { for context in $0.contexts { EVP_MAC_CTX_free(context) } } }

        /// Authenticates the concatenation of `parts`, as ``HMACSHA256/authenticate(_:key:)`` does.
        public func authenticate(_ parts: [UInt8]...) throws(CryptographyError) -> [UInt8] {
            let context: OpaquePointer
            if let ready = idle.withLock({ $0.contexts.popLast() }) {
                context = ready
                // Without a key it begins anew under the one that it has.
                guard EVP_MAC_init(context, nil, 0, nil) == 1 else {
                    EVP_MAC_CTX_free(context)
                    throw OpenSSL.failure("HMAC key")
                }
            } else {
                context = try HMACSHA256.context(key)
            }
            defer { idle.withLock { $0.contexts.append(context) } }
            return try HMACSHA256.finish(parts, context)
        }
    }

    private static func context(_ key: SecretBytes) throws(CryptographyError) -> OpaquePointer {
        let context = try OpenSSL.require(EVP_MAC_CTX_new(OpenSSL.hmac.pointer), "HMAC context")
        // libcrypto takes a null key for "keep the old one", so an empty key still needs an address.
        let empty: [UInt8] = [0]
        let result = key.withBytes { bytes in
            empty.withUnsafeBufferPointer { fallback in
                EVP_MAC_init(
                    context, bytes.bindMemory(to: UInt8.self).baseAddress ?? fallback.baseAddress, bytes.count,
                    withSHA256.pointer)
            }
        }
        guard result == 1 else {
            EVP_MAC_CTX_free(context)
            throw OpenSSL.failure("HMAC key")
        }
        return context
    }

    private static func finish(_ parts: [[UInt8]], _ context: OpaquePointer) throws(CryptographyError) -> [UInt8] {
        for part in parts { try OpenSSL.check(EVP_MAC_update(context, part, part.count), "HMAC update") }
        var tag = [UInt8](repeating: 0, count: 32)
        var count = 0
        try OpenSSL.check(EVP_MAC_final(context, &tag, &count, tag.count), "HMAC final")
        return tag
    }

    /// Says that the hash is SHA-256; made once and never freed.
    private struct DigestParameter: @unchecked Sendable {  // never written after initialization
        let pointer: UnsafePointer<OSSL_PARAM>

        init() {
            func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
                let bytes = text.utf8CString
                let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
                for (offset, byte) in bytes.enumerated() { (copy + offset).initialize(to: byte) }
                return copy
            }
            let list = UnsafeMutablePointer<OSSL_PARAM>.allocate(capacity: 2)
            list.initialize(to: OSSL_PARAM_construct_utf8_string(copy(OSSL_MAC_PARAM_DIGEST), copy("SHA256"), 0))
            (list + 1).initialize(to: OSSL_PARAM_construct_end())
            pointer = UnsafePointer(list)
        }
    }

    private static let withSHA256 = DigestParameter()
}

/// HKDF with SHA-256 (RFC 5869).
public enum HKDFSHA256 {
    /// Derives `count` bytes from `key`, bound to `info`.
    ///
    /// - Shape: `count` bytes.
    /// - Throws: ``CryptographyError/refused(operation:reason:)`` unless `0 < count <= 8160` (RFC 5869 §2.3).
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

    /// A key that much is derived from: the first of HKDF's two steps (RFC 5869 §2.2) is done once.
    public struct Extracted: Sendable {
        private let key: HMACSHA256.Key

        /// - Throws: ``CryptographyError/refused(operation:reason:)`` if libcrypto does.
        public init(_ key: SecretBytes, salt: [UInt8] = []) throws(CryptographyError) {
            let bytes = key.withBytes { Array($0) }
            // An empty key is padded with zeros, as the RFC's missing salt is.
            var extracted = try HMACSHA256.authenticate(bytes, key: SecretBytes(copying: salt))
            self.key = HMACSHA256.Key(SecretBytes(taking: &extracted))
        }

        /// Derives `count` bytes bound to `info`, as ``HKDFSHA256/derive(from:salt:info:count:)`` does (RFC 5869 §2.3).
        ///
        /// - Precondition: `0 < count <= 8160`.
        public func derive(info: [UInt8], count: Int) throws(CryptographyError) -> [UInt8] {
            precondition(count > 0 && count <= 255 * 32, "HKDF derives 1 to 8160 bytes")
            var (derived, block): ([UInt8], [UInt8]) = ([], [])
            for number in 1...UInt8((count + 31) / 32) {
                block = try key.authenticate(block, info, [number])
                derived += block
            }
            return Array(derived.prefix(count))
        }
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
