internal import COpenSSL

/// Private keys on disk: PKCS #8 in PEM, encrypted under a passphrase, readable with `openssl pkey`.
///
/// - Source: RFC 5958 (EncryptedPrivateKeyInfo), RFC 8018 (PBES2), RFC 7914 §7 (scrypt in PBES2); AES-256-CBC.
public enum KeyFile {
    /// scrypt N = 2^14, r = 8, p = 1: the most that stock `openssl pkey` accepts within its memory limit of 32 MiB.
    private static let cost: UInt64 = 1 << 14

    /// Formats `key` as an encrypted PEM file.
    public static func format(_ key: SigningKey, passphrase: SecretBytes) throws(CryptographyError) -> [UInt8] {
        let information = try OpenSSL.require(EVP_PKEY2PKCS8(key.pointer), "PKCS #8 key")
        defer { PKCS8_PRIV_KEY_INFO_free(information) }
        var salt = try RandomBytes.generate(count: 16)
        var vector = try RandomBytes.generate(count: 16)
        let scheme = try OpenSSL.require(
            PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), &salt, Int32(salt.count), &vector, cost, 8, 1), "PBES2 scheme")
        // On success the scheme belongs to the encrypted key.
        let sealed = passphrase.withBytes { bytes in
            PKCS8_set0_pbe_ex(
                bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count), information, scheme, OpenSSL.context,
                nil)
        }
        guard let sealed else {
            X509_ALGOR_free(scheme)
            throw OpenSSL.failure("PKCS #8 encryption")
        }
        defer { X509_SIG_free(sealed) }
        let bio = try OpenSSL.require(BIO_new(BIO_s_mem()), "memory buffer")
        defer { BIO_free(bio) }
        try OpenSSL.check(PEM_write_bio_PKCS8(bio, sealed), "PEM")
        var start: UnsafeMutablePointer<CChar>?
        let count = privity_bio_bytes(bio, &start)
        guard let start, count > 0 else { throw OpenSSL.failure("PEM") }
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Reads what ``format(_:passphrase:)`` wrote.
    ///
    /// - Throws: ``CryptographyError/malformedKeyFile`` unless it is an encrypted PKCS #8 Ed25519 key;
    ///   ``CryptographyError/wrongPassphrase`` if it is, but not under this passphrase.
    public static func parse(_ file: [UInt8], passphrase: SecretBytes) throws(CryptographyError) -> SigningKey {
        guard file.count <= 1 << 16 else { throw .malformedKeyFile }
        let bio = try OpenSSL.require(BIO_new_mem_buf(file, Int32(file.count)), "memory buffer")
        defer { BIO_free(bio) }
        guard let sealed = PEM_read_bio_PKCS8(bio, nil, nil, nil) else {
            ERR_clear_error()
            throw .malformedKeyFile
        }
        defer { X509_SIG_free(sealed) }
        let information = passphrase.withBytes { bytes in
            PKCS8_decrypt_ex(
                sealed, bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count), OpenSSL.context, nil)
        }
        guard let information else {
            ERR_clear_error()
            throw .wrongPassphrase
        }
        defer { PKCS8_PRIV_KEY_INFO_free(information) }
        guard let pointer = EVP_PKCS82PKEY_ex(information, OpenSSL.context, nil) else {
            ERR_clear_error()
            throw .malformedKeyFile
        }
        let key = SigningKey(owning: pointer)
        guard EVP_PKEY_get_base_id(pointer) == EVP_PKEY_ED25519 else { throw .malformedKeyFile }
        return key
    }
}
