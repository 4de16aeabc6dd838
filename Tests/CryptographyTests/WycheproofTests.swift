import Cryptography
import Foundation
import Testing

/// One file of Wycheproof vectors, as far as these tests read it.
private struct VectorFile: Decodable {
    struct PublicKey: Decodable { let pk: String }
    struct Group: Decodable {
        let ivSize: Int?
        let keySize: Int?
        let tagSize: Int?
        let publicKey: PublicKey?
        let tests: [Case]
    }
    struct Case: Decodable {
        let tcId: Int
        let key: String?
        let iv: String?
        let aad: String?
        let msg: String?
        let ct: String?
        let tag: String?
        let sig: String?
        let ikm: String?
        let salt: String?
        let info: String?
        let size: Int?
        let okm: String?
        let result: String

        func bytes(_ path: KeyPath<Case, String?>) throws -> [UInt8] {
            try #require(self[keyPath: path].flatMap { Hex.parse($0) })
        }
    }
    let numberOfTests: Int
    let testGroups: [Group]

    static func load(_ name: String) throws -> VectorFile {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Vectors/wycheproof"))
        return try JSONDecoder().decode(VectorFile.self, from: Data(contentsOf: url))
    }
}

@Suite("Wycheproof vectors")
struct WycheproofTests {
    @Test("Ed25519 accepts every valid signature and no other")
    func ed25519() throws {
        let file = try VectorFile.load("ed25519_test")
        var count = 0
        for group in file.testGroups {
            let bytes = try #require(group.publicKey.flatMap { Hex.parse($0.pk) })
            let key = try VerifyingKey(bytes: bytes)
            for test in group.tests {
                let accepted = key.isSignature(try test.bytes(\.sig), of: try test.bytes(\.msg))
                #expect(accepted == (test.result == "valid"), "case \(test.tcId)")
                count += 1
            }
        }
        #expect(count == file.numberOfTests)
    }

    @Test("AES-256-GCM opens and seals every valid case, refuses every invalid one, and takes 96-bit nonces only")
    func aesGCM() throws {
        var seen = 0
        for group in try VectorFile.load("aes_gcm_test").testGroups where group.keySize == 256 && group.tagSize == 128 {
            for test in group.tests {
                let cipher = try AESGCM(key: SecretBytes(copying: try test.bytes(\.key)))
                let (nonce, aad) = (try test.bytes(\.iv), try test.bytes(\.aad))
                let sealed = try test.bytes(\.ct) + test.bytes(\.tag)
                seen += 1
                guard group.ivSize == 96 else {
                    #expect(throws: CryptographyError.self) { try cipher.open(sealed, nonce: nonce, associated: aad) }
                    continue
                }
                if test.result == "valid" {
                    #expect(
                        try cipher.open(sealed, nonce: nonce, associated: aad) == test.bytes(\.msg), "case \(test.tcId)"
                    )
                    #expect(
                        try cipher.seal(test.bytes(\.msg), nonce: nonce, associated: aad) == sealed, "case \(test.tcId)"
                    )
                } else {
                    #expect(throws: CryptographyError.notAuthentic, "case \(test.tcId)") {
                        try cipher.open(sealed, nonce: nonce, associated: aad)
                    }
                }
            }
        }
        #expect(seen > 60)
    }

    @Test("HKDF-SHA256 derives every expected key")
    func hkdf() throws {
        var seen = 0
        for group in try VectorFile.load("hkdf_sha256_test").testGroups {
            for test in group.tests {
                let size = try #require(test.size)
                let key = SecretBytes(copying: try test.bytes(\.ikm))
                let (salt, info) = (try test.bytes(\.salt), try test.bytes(\.info))
                seen += 1
                if test.result == "valid" {
                    let derived = try HKDFSHA256.derive(from: key, salt: salt, info: info, count: size)
                    #expect(try derived.withBytes { Array($0) } == test.bytes(\.okm), "case \(test.tcId)")
                    // In two steps, the second of them twice.
                    let extracted = try HKDFSHA256.Extracted(key, salt: salt)
                    for _ in 0..<2 {
                        let expanded = try extracted.derive(info: info, count: size)
                        #expect(try expanded == test.bytes(\.okm), "case \(test.tcId)")
                    }
                } else {
                    // Longer than RFC 5869 allows.
                    #expect(throws: CryptographyError.self) {
                        try HKDFSHA256.derive(from: key, salt: salt, info: info, count: size)
                    }
                }
            }
        }
        #expect(seen == 86)
    }

    @Test("HMAC-SHA256 makes every expected tag, and no altered one")
    func hmac() throws {
        var seen = 0
        for group in try VectorFile.load("hmac_sha256_test").testGroups {
            for test in group.tests {
                let key = SecretBytes(copying: try test.bytes(\.key))
                let tag = try HMACSHA256.authenticate(test.bytes(\.msg), key: key)
                let kept = HMACSHA256.Key(key)
                for _ in 0..<3 { #expect(try kept.authenticate(test.bytes(\.msg)) == tag, "case \(test.tcId)") }
                let expected = try test.bytes(\.tag)
                #expect(
                    (Array(tag.prefix(expected.count)) == expected) == (test.result == "valid"), "case \(test.tcId)")
                seen += 1
            }
        }
        #expect(seen == 174)
    }
}
