internal import COpenSSL

/// AES-256-GCM (NIST SP 800-38D) with a 96-bit nonce and a 128-bit tag.
///
/// - Shape: sealed bytes are ciphertext, as long as the plaintext, then the 16-byte tag.
public struct AESGCM: Sendable {
    public static let keyByteCount = 32
    public static let nonceByteCount = 12
    public static let tagByteCount = 16

    private let key: SecretBytes

    /// - Throws: ``CryptographyError/wrongLength(what:expected:)`` unless `key` has 32 bytes.
    public init(key: SecretBytes) throws(CryptographyError) {
        guard key.count == Self.keyByteCount else {
            throw .wrongLength(what: "AES-256-GCM key", expected: Self.keyByteCount)
        }
        self.key = key
    }

    /// Encrypts `plaintext` and binds it to `associated`.
    ///
    /// - Shape: as many bytes as `plaintext`, then the 16-byte tag; the nonce is not part of it.
    /// - Throws: ``CryptographyError/wrongLength(what:expected:)`` unless `nonce` has 12 bytes.
    /// - Precondition: a nonce is never used twice under one key.
    public func seal(
        _ plaintext: [UInt8], nonce: [UInt8], associated: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        let context = try begin(nonce: nonce, encrypting: true)
        defer { EVP_CIPHER_CTX_free(context) }
        var count: Int32 = 0
        try OpenSSL.check(
            EVP_EncryptUpdate(context, nil, &count, associated, Int32(associated.count)), "AES-GCM associated data")
        var sealed = [UInt8](repeating: 0, count: plaintext.count + Self.tagByteCount)
        try OpenSSL.check(
            EVP_EncryptUpdate(context, &sealed, &count, plaintext, Int32(plaintext.count)), "AES-GCM encryption")
        var tag = [UInt8](repeating: 0, count: Self.tagByteCount)
        try OpenSSL.check(EVP_EncryptFinal_ex(context, &tag, &count), "AES-GCM final")
        try OpenSSL.check(privity_gcm_get_tag(context, Int32(Self.tagByteCount), &tag), "AES-GCM tag")
        sealed.replaceSubrange(plaintext.count..., with: tag)
        return sealed
    }

    /// Decrypts what ``seal(_:nonce:associated:)`` made.
    ///
    /// - Throws: ``CryptographyError/notAuthentic`` if key, nonce, associated data or any bit differs. Nothing of the
    ///   plaintext is released then.
    public func open(_ sealed: [UInt8], nonce: [UInt8], associated: [UInt8]) throws(CryptographyError) -> [UInt8] {
        guard sealed.count >= Self.tagByteCount else { throw .notAuthentic }
        let context = try begin(nonce: nonce, encrypting: false)
        defer { EVP_CIPHER_CTX_free(context) }
        let ciphertext = Array(sealed.dropLast(Self.tagByteCount))
        let tag = Array(sealed.suffix(Self.tagByteCount))
        var count: Int32 = 0
        try OpenSSL.check(
            EVP_DecryptUpdate(context, nil, &count, associated, Int32(associated.count)), "AES-GCM associated data")
        var plaintext = [UInt8](repeating: 0, count: ciphertext.count + 1)
        try OpenSSL.check(
            EVP_DecryptUpdate(context, &plaintext, &count, ciphertext, Int32(ciphertext.count)), "AES-GCM decryption")
        try OpenSSL.check(privity_gcm_set_tag(context, Int32(Self.tagByteCount), tag), "AES-GCM tag")
        var rest = [UInt8](repeating: 0, count: Self.tagByteCount)
        guard EVP_DecryptFinal_ex(context, &rest, &count) == 1 else {
            plaintext.wipe()
            ERR_clear_error()
            throw .notAuthentic
        }
        plaintext.removeLast()
        return plaintext
    }

    private func begin(nonce: [UInt8], encrypting: Bool) throws(CryptographyError) -> OpaquePointer {
        guard nonce.count == Self.nonceByteCount else {
            throw .wrongLength(what: "AES-GCM nonce", expected: Self.nonceByteCount)
        }
        let context = try OpenSSL.require(EVP_CIPHER_CTX_new(), "AES-GCM context")
        let result = key.withBytes { bytes in
            EVP_CipherInit_ex2(
                context, OpenSSL.aes256GCM.pointer, bytes.bindMemory(to: UInt8.self).baseAddress, nonce,
                encrypting ? 1 : 0, nil)
        }
        guard result == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw OpenSSL.failure("AES-GCM key")
        }
        return context
    }
}
