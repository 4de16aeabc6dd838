import Cryptography
import Foundation
import Testing

private func bytes(_ hex: String) throws -> [UInt8] { try #require(Hex.parse(hex)) }

@Suite("Published vectors")
struct PublishedVectorTests {
    @Test("SHA-256 of \"abc\" and of nothing (FIPS 180-4 examples)")
    func sha256() {
        #expect(
            Hex.format(SHA256.hash(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Hex.format(SHA256.hash([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(SHA256.hash(Array("a".utf8), Array("bc".utf8)) == SHA256.hash(Array("abc".utf8)))
    }

    @Test(
        "Ed25519 signs as RFC 8032 section 7.1 says",
        arguments: [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
            ),
        ])
    func ed25519(seed: String, publicKey: String, message: String, signature: String) throws {
        let key = try SigningKey(seed: bytes(seed))
        #expect(try Hex.format(key.verifyingKey().bytes) == publicKey)
        #expect(try Hex.format(key.sign(bytes(message))) == signature)
        #expect(try key.verifyingKey().isSignature(bytes(signature), of: bytes(message)))
    }

    @Test("scrypt derives what RFC 7914 section 12 says")
    func scrypt() throws {
        func derive(_ passphrase: String, _ salt: String, _ cost: UInt64, _ blockSize: UInt64, _ parallelism: UInt64)
            throws
            -> String
        {
            let key = try Scrypt.derive(
                from: SecretBytes(copying: Array(passphrase.utf8)), salt: Array(salt.utf8), cost: cost,
                blockSize: blockSize,
                parallelism: parallelism, count: 64)
            return key.withBytes { Hex.format($0) }
        }
        #expect(
            try derive("", "", 16, 1, 1)
                == "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        )
        #expect(
            try derive("password", "NaCl", 1024, 8, 16)
                == "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        )
        #expect(
            try derive("pleaseletmein", "SodiumChloride", 16384, 8, 1)
                == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        )
    }
}

@Suite("Cryptography")
struct CryptographyTests {
    @Test("no signature survives the flip of any of its bits, nor of any bit of the message")
    func everyBitOfASignatureCounts() throws {
        let key = try SigningKey.generate()
        let message = Array("a record".utf8)
        let signature = try key.sign(message)
        let verifying = try key.verifyingKey()
        #expect(verifying.isSignature(signature, of: message))
        for bit in 0..<(signature.count * 8) {
            var altered = signature
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(!verifying.isSignature(altered, of: message))
        }
        for bit in 0..<(message.count * 8) {
            var altered = message
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(!verifying.isSignature(signature, of: altered))
        }
    }

    @Test("nothing opens after the flip of any bit of what was sealed, its nonce or its associated data")
    func everyBitOfASealCounts() throws {
        let cipher = try AESGCM(key: SecretBytes(copying: RandomBytes.generate(count: 32)))
        let (nonce, associated) = (try RandomBytes.generate(count: 12), Array("person/phone/1".utf8))
        let sealed = try cipher.seal(Array("+13125550142".utf8), nonce: nonce, associated: associated)
        #expect(try cipher.open(sealed, nonce: nonce, associated: associated) == Array("+13125550142".utf8))
        for (which, part) in [sealed, nonce, associated].enumerated() {
            for bit in 0..<(part.count * 8) {
                var parts = [sealed, nonce, associated]
                parts[which][bit / 8] ^= 1 << (bit % 8)
                #expect(throws: CryptographyError.notAuthentic) {
                    try cipher.open(parts[0], nonce: parts[1], associated: parts[2])
                }
            }
        }
    }

    @Test("an encrypted key file opens with its passphrase and stock openssl, and with no other passphrase")
    func keyFile() throws {
        let key = try SigningKey.generate()
        let passphrase = SecretBytes(copying: Array("correct horse battery".utf8))
        let file = try KeyFile.format(key, passphrase: passphrase)
        let text = String(decoding: file, as: UTF8.self)
        #expect(text.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        #expect(try KeyFile.parse(file, passphrase: passphrase).verifyingKey() == key.verifyingKey())
        #expect(throws: CryptographyError.wrongPassphrase) {
            try KeyFile.parse(file, passphrase: SecretBytes(copying: Array("incorrect horse battery".utf8)))
        }
        for length in [0, 1, 30, file.count / 2, file.count - 30] {
            #expect(throws: CryptographyError.malformedKeyFile) {
                try KeyFile.parse(Array(file.prefix(length)), passphrase: passphrase)
            }
        }
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).pem")
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(file).write(to: path)
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        openssl.arguments = [
            "pkey", "-in", path.path, "-passin", "pass:correct horse battery", "-pubout", "-outform", "DER",
        ]
        let output = Pipe()
        openssl.standardOutput = output
        try openssl.run()
        let der = output.fileHandleForReading.readDataToEndOfFile()
        openssl.waitUntilExit()
        #expect(openssl.terminationStatus == 0)
        #expect(try Array(der.suffix(32)) == key.verifyingKey().bytes)
    }

    @Test("keys, seeds and nonces of the wrong length are refused by name")
    func wrongLengths() {
        #expect(throws: CryptographyError.wrongLength(what: "Ed25519 seed", expected: 32)) { try SigningKey(seed: [1]) }
        #expect(throws: CryptographyError.self) { try VerifyingKey(bytes: [1]) }
        #expect(throws: CryptographyError.self) { try AESGCM(key: SecretBytes(copying: [1])) }
    }

    @Test("base64 has one spelling for each value: padding, white space and spare bits are refused")
    func base64() {
        for count in 0..<70 {
            let value = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37) }
            #expect(Base64.parse(Base64.format(value)) == value)
            #expect(Base64.format(value) == Data(value).base64EncodedString())
        }
        for bad in ["A", "AA", "AA=", "AAA", "AB==", "AAB=", "AA==\n", " AA==", "AA=A", "====", "A===", "AA-_"] {
            #expect(Base64.parse(bad) == nil, "\(bad)")
        }
    }

    @Test("comparison looks at every byte")
    func constantTime() {
        #expect(constantTimeEquals([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2]))
    }
}

@Suite("One-time passwords")
struct OneTimePasswordTests {
    @Test(
        "the vectors of RFC 6238, Appendix B",
        arguments: [
            (Int64(59), "94287082", "46119246", "90693936"), (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"), (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"), (20_000_000_000, "65353130", "77737706", "47863826"),
        ])
    func vectors(_ seconds: Int64, _ sha1: String, _ sha256: String, _ sha512: String) throws {
        let step = OneTimePassword.step(atMilliseconds: seconds * 1000)
        let digits = "1234567890"
        func secret(_ count: Int) -> SecretBytes {
            SecretBytes(copying: Array(String(repeating: digits, count: 7).utf8.prefix(count)))
        }
        #expect(try OneTimePassword.code(secret: secret(20), step: step, digits: 8) == sha1)
        #expect(try OneTimePassword.code(secret: secret(32), step: step, digits: 8, digest: .sha256) == sha256)
        #expect(try OneTimePassword.code(secret: secret(64), step: step, digits: 8, digest: .sha512) == sha512)
    }

    @Test("the vectors of RFC 4226, Appendix D")
    func counters() throws {
        let secret = SecretBytes(copying: Array("12345678901234567890".utf8))
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
        ]
        for (counter, code) in codes.enumerated() {
            #expect(try OneTimePassword.code(secret: secret, step: UInt64(counter)) == code)
        }
    }

    @Test(
        "base 32 is that of RFC 4648 §10, without padding",
        arguments: [
            ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ])
    func base32(_ text: String, _ encoded: String) { #expect(Base32.format(Array(text.utf8)) == encoded) }

    @Test("a password hash matches its password and no other, is salted, and survives being stored")
    func passwords() throws {
        let password = SecretBytes(copying: Array("four quiet green lamps".utf8))
        let hash = try PasswordHash(of: password, cost: 16)
        #expect(try hash.matches(password))
        #expect(try !hash.matches(SecretBytes(copying: Array("four quiet green lamp".utf8))))
        #expect(try !hash.matches(SecretBytes(copying: [])))
        #expect(try PasswordHash(of: password, cost: 16) != hash)
        let stored = PasswordHash(salt: hash.salt, cost: hash.cost, hash: hash.hash)
        #expect(try stored.matches(password))
    }
}
