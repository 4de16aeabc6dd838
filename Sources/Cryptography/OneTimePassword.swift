internal import COpenSSL

/// Codes that an authenticator shows, from a shared secret and the time (RFC 6238) or a counter (RFC 4226).
public enum OneTimePassword {
    /// The hash under the HMAC. Authenticators on people's phones know SHA-1, where collisions do no harm; the others
    /// are for comparing with the RFC's own vectors.
    public enum Digest: String, Sendable, CaseIterable {
        case sha1 = "SHA1"
        case sha256 = "SHA256"
        case sha512 = "SHA512"
    }

    /// The time for which a code is shown.
    ///
    /// - Units: seconds.
    public static let stepSeconds: Int64 = 30

    /// The step that an instant falls into.
    ///
    /// - Source: RFC 6238 §4.2, T0 = 0 and X = 30.
    public static func step(atMilliseconds instant: Int64) -> UInt64 { UInt64(max(0, instant) / 1000 / stepSeconds) }

    /// The code of a step.
    ///
    /// - Shape: `digits` decimal digits, leading zeros kept.
    /// - Throws: ``CryptographyError/refused(operation:reason:)`` if libcrypto does.
    /// - Source: RFC 4226 §5.3, “Generating an HOTP Value”.
    public static func code(
        secret: SecretBytes, step: UInt64, digits: Int = 6, digest: Digest = .sha1
    ) throws(CryptographyError) -> String {
        let counter = (0..<8).map { UInt8(truncatingIfNeeded: step >> (56 - 8 * $0)) }
        let context = try OpenSSL.require(EVP_MAC_CTX_new(OpenSSL.hmac.pointer), "HMAC context")
        defer { EVP_MAC_CTX_free(context) }
        var parameters = Parameters()
        parameters.add(OSSL_MAC_PARAM_DIGEST, text: digest.rawValue)
        try parameters.lend { list throws(CryptographyError) in
            try secret.withBytes { bytes throws(CryptographyError) in
                let result = EVP_MAC_init(context, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, list)
                try OpenSSL.check(result, "HMAC key")
            }
        }
        try OpenSSL.check(EVP_MAC_update(context, counter, counter.count), "HMAC update")
        var tag = [UInt8](repeating: 0, count: 64)
        var count = 0
        try OpenSSL.check(EVP_MAC_final(context, &tag, &count, tag.count), "HMAC final")
        let offset = Int(tag[count - 1] & 0x0F)
        let number = tag[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        var modulus: UInt32 = 1
        for _ in 0..<digits { modulus *= 10 }
        let text = String(number % modulus)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

/// A password or PIN as it is kept: its scrypt hash with the salt and the cost it was made at.
public struct PasswordHash: Hashable, Sendable {
    public let salt: [UInt8]
    /// scrypt's N; r is 8 and p is 1.
    public let cost: UInt64
    public let hash: [UInt8]

    /// A hash that was made earlier, from its stored parts.
    public init(salt: [UInt8], cost: UInt64, hash: [UInt8]) { (self.salt, self.cost, self.hash) = (salt, cost, hash) }

    /// N = 2^17, r = 8, p = 1: 128 MiB and some four tenths of a second each.
    ///
    /// - Source: OWASP Password Storage Cheat Sheet, “scrypt”.
    public static let ordinaryCost: UInt64 = 1 << 17

    /// - Throws: ``CryptographyError/refused(operation:reason:)`` if libcrypto does.
    /// - Source: RFC 7914.
    public init(of password: SecretBytes, cost: UInt64 = ordinaryCost) throws(CryptographyError) {
        self = try Self.withKey(of: password, cost: cost).hash
    }

    /// The hash of a new password, and a key of 32 bytes that only the password gives: what is sealed under it is
    /// opened by nobody who has the hash.
    ///
    /// - Throws: ``CryptographyError/refused(operation:reason:)`` if libcrypto does.
    public static func withKey(
        of password: SecretBytes, cost: UInt64 = ordinaryCost
    ) throws(CryptographyError) -> (hash: PasswordHash, key: SecretBytes) {
        let salt = try RandomBytes.generate(count: 16)
        let (hash, key) = try derive(password, salt, cost)
        return (PasswordHash(salt: salt, cost: cost, hash: hash), key)
    }

    /// True if this is the hash of `password`. Takes as long whatever the answer.
    public func matches(_ password: SecretBytes) throws(CryptographyError) -> Bool { try key(of: password) != nil }

    /// The key that ``withKey(of:cost:)`` gave for this password; nil if this is the hash of another. Takes as long
    /// whatever the answer.
    public func key(of password: SecretBytes) throws(CryptographyError) -> SecretBytes? {
        let derived = try Self.derive(password, salt, cost)
        return constantTimeEquals(derived.hash, hash) ? derived.key : nil
    }

    /// scrypt ends in PBKDF2, whose blocks are made one without the other (RFC 8018 §5.2): the first is the hash, as it
    /// would be without the second, and the second is the key.
    private static func derive(
        _ password: SecretBytes, _ salt: [UInt8], _ cost: UInt64
    ) throws(CryptographyError) -> (hash: [UInt8], key: SecretBytes) {
        let both = try Scrypt.derive(
            from: password, salt: salt, cost: cost, blockSize: 8, parallelism: 1, count: 64)
        return both.withBytes { (Array($0.prefix(32)), SecretBytes(copying: $0.suffix(32))) }
    }
}

/// Base 32 (RFC 4648 §6) without padding, as authenticators take secrets.
public enum Base32 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")

    public static func format(_ bytes: [UInt8]) -> String {
        var (out, accumulator, bits) = ("", 0, 0)
        for byte in bytes {
            accumulator = accumulator << 8 | Int(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                out.append(alphabet[accumulator >> bits & 31])
            }
            accumulator &= 1 << bits - 1
        }
        if bits > 0 { out.append(alphabet[accumulator << (5 - bits) & 31]) }
        return out
    }
}
