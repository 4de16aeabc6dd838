import Foundation
import Testing

@testable import Cryptography

@Suite("HPKE with X25519 and AES-256-GCM")
struct HPKETests {
    private struct Row: Decodable {
        let `private`, `public`, info, message, sealed: String
    }

    private func key(_ hex: String) throws -> AgreementKey {
        try AgreementKey(secret: SecretBytes(copying: #require(Hex.parse(hex))))
    }

    @Test("E6: messages that pyca/cryptography sealed are opened, and nothing of them with one bit changed")
    func otherHands() throws {
        let url = try #require(
            Bundle.module.url(forResource: "hpke", withExtension: "json", subdirectory: "Vectors/hpke"))
        let rows = try JSONDecoder().decode([Row].self, from: Data(contentsOf: url))
        #expect(rows.count == 24)
        for row in rows {
            let key = try key(row.private)
            #expect(Hex.format(key.publicKey) == row.public)
            let (info, message) = (try #require(Hex.parse(row.info)), try #require(Hex.parse(row.message)))
            let sealed = try #require(Hex.parse(row.sealed))
            #expect(try HPKE.open(sealed, with: key, info: info) == message)
            #expect(sealed.count == message.count + HPKE.overhead)
            for place in [0, 31, 32, sealed.count - 1] {
                var changed = sealed
                changed[place] ^= 1
                #expect(throws: CryptographyError.notAuthentic) { try HPKE.open(changed, with: key, info: info) }
            }
            #expect(throws: CryptographyError.notAuthentic) { try HPKE.open(sealed, with: key, info: info + [0]) }
            #expect(throws: CryptographyError.notAuthentic) { try HPKE.open(sealed, with: .generate(), info: info) }
            #expect(throws: CryptographyError.notAuthentic) {
                try HPKE.open(Array(sealed.prefix(47)), with: key, info: info)
            }
        }
    }

    /// RFC 9180 A.1.1 and A.2.1 state what the parts come to; the cipher is theirs, everything else is ours.
    @Test(
        "E6: encapsulation and key schedule come to what RFC 9180 states",
        arguments: [
            (
                HPKE.Cipher.aes128GCM, "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
                "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
                "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
                "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
                "fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc",
                "4531685d41d65f03dc48f6b8302c05b0", "56d890e5accaaf011cff4b7d"
            ),
            (
                HPKE.Cipher.chaCha20Poly1305, "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
                "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
                "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
                "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
                "0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7",
                "ad2744de8e17f4ebba575b3f5f5a8fa1f69c2a07f6e7500bc60ca6e3e3ec1c91", "5c4d98150661b848853b547f"
            ),
        ])
    func rfc(
        cipher: HPKE.Cipher, ephemeral: String, encapsulated: String, recipient: String, publicKey: String,
        shared: String, expectedKey: String, nonce: String
    ) throws {
        let (ephemeral, recipient) = (try key(ephemeral), try key(recipient))
        #expect(Hex.format(ephemeral.publicKey) == encapsulated && Hex.format(recipient.publicKey) == publicKey)
        let info = try #require(Hex.parse("4f6465206f6e2061204772656369616e2055726e"))
        for agreement in [
            try ephemeral.agreement(with: recipient.publicKey), try recipient.agreement(with: ephemeral.publicKey),
        ] {
            let secret = try HPKE.sharedSecret(
                agreement, encapsulated: ephemeral.publicKey, recipient: recipient.publicKey)
            #expect(secret.withBytes { Hex.format(Array($0)) } == shared)
            let schedule = try HPKE.Schedule(secret, info: info, cipher)
            #expect(schedule.key.withBytes { Hex.format(Array($0)) } == expectedKey)
            #expect(Hex.format(schedule.baseNonce) == nonce)
        }
    }

    /// The points of small order, with which every private key agrees on zeros (RFC 7748 §6.1).
    @Test(
        "E6: a public key with which everybody agrees on zeros is refused, as a recipient's and in a message",
        arguments: [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ])
    func smallOrder(point: String) throws {
        let bytes = try #require(Hex.parse(point))
        #expect(throws: CryptographyError.notAuthentic) { try HPKE.seal([1], to: bytes, info: []) }
        #expect(throws: CryptographyError.notAuthentic) {
            try HPKE.open(bytes + [UInt8](repeating: 0, count: 17), with: .generate(), info: [])
        }
        #expect(throws: CryptographyError.notAuthentic) { try HPKE.seal([1], to: Array(bytes.dropLast()), info: []) }
    }

    @Test("E6: two sealings of one message are equal in nothing but their length")
    func fresh() throws {
        let key = try AgreementKey.generate()
        let (one, other) = (
            try HPKE.seal([1, 2, 3], to: key.publicKey, info: [9]),
            try HPKE.seal([1, 2, 3], to: key.publicKey, info: [9])
        )
        #expect(one.count == other.count && zip(one, other).filter { $0 == $1 }.count < 12)
        #expect(try HPKE.open(one, with: key, info: [9]) == HPKE.open(other, with: key, info: [9]))
    }
}
