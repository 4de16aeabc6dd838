internal import COpenSSL

/// Random bytes from libcrypto's generator, which the kernel seeds.
public enum RandomBytes {
    /// - Throws: ``CryptographyError/refused(operation:reason:)`` if libcrypto does.
    public static func generate(count: Int) throws(CryptographyError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try OpenSSL.check(RAND_bytes_ex(OpenSSL.context, &bytes, count, 0), "random bytes")
        return bytes
    }
}

/// Compares two byte strings in a time that depends on their lengths alone.
public func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
}
