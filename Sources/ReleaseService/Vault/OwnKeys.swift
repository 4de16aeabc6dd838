internal import Cryptography
internal import ReleaseWorkflow

/// The private halves of one person's reading keys: in memory while a request of theirs is answered, and never longer.
public struct OwnKeys: Sendable {
    let person: PersonID
    /// By the version of the key.
    private(set) var halves: [Int: SecretBytes]

    init(of person: PersonID, _ halves: [Int: SecretBytes]) { (self.person, self.halves) = (person, halves) }

    func adding(_ half: SecretBytes, version: Int) -> OwnKeys {
        var copy = self
        copy.halves[version] = half
        return copy
    }

    /// The pair of a version; nil where its private half is not here.
    func pair(_ version: Int) throws -> AgreementKey? { try halves[version].map { try AgreementKey(secret: $0) } }

    /// Each version, in four bytes, and the 32 bytes of its private half.
    private var packed: [UInt8] {
        halves.sorted { $0.key < $1.key }.flatMap { version, half in
            withUnsafeBytes(of: UInt32(version).bigEndian, Array.init) + half.withBytes { Array($0) }
        }
    }

    private init(of person: PersonID, packed: [UInt8]) {
        self.person = person
        halves = [:]
        for start in stride(from: 0, to: packed.count - 35, by: 36) {
            let version = packed[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            halves[version] = SecretBytes(copying: packed[start + 4..<start + 36])
        }
    }

    /// Sealed under what only the person has: the key that their PIN gives, or one from the token of their session.
    func sealed(under key: SecretBytes, _ use: Use, _ vault: Vault) throws -> [UInt8] {
        try vault.seal(packed, under: use.key(from: key), use.purpose(of: person))
    }

    /// - Throws: `CryptographyError.notAuthentic` for another key.
    static func open(
        _ sealed: [UInt8], of person: PersonID, under key: SecretBytes, _ use: Use, _ vault: Vault
    ) throws -> OwnKeys {
        OwnKeys(of: person, packed: try vault.open(sealed, under: use.key(from: key), use.purpose(of: person)))
    }

    /// The two ways in which they are kept.
    enum Use: String {
        case pin, session

        fileprivate func purpose(of person: PersonID) -> String { "own keys/\(rawValue)/\(person)" }
        fileprivate func key(from secret: SecretBytes) throws -> SecretBytes {
            try HKDFSHA256.derive(from: secret, info: Array("privity/own keys/\(rawValue)/v1".utf8), count: 32)
        }
    }
}
