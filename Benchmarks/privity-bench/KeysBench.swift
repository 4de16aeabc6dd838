import Cryptography
import Foundation

/// Measures what it costs to guess a PIN for somebody who has everything but the PIN, and to seal to the two of a pair.
///
/// `privity-bench keys`. The limit beside a box is stock openssl's X25519 in the same run.
struct KeysBench {
    func run() throws {
        let pin = SecretBytes(copying: Array("283671".utf8))
        let hashed = try PasswordHash.withKey(of: pin)
        let guesses = 8
        let guessing = try seconds { for _ in 0..<guesses { _ = try hashed.hash.key(of: pin) } } / Double(guesses)
        print("guessing a PIN (scrypt, N = 2^17, r = 8, p = 1), one core:")
        print(String(format: "  one guess %.2f s", guessing))
        for digits in [6, 7, 8] {
            let all = pow(10, Double(digits)) * guessing
            print(
                String(
                    format: "  every PIN of %d digits %.1f days of one core; %.1f hours of a hundred", digits,
                    all / 86_400, all / 3_600 / 100))
        }

        let key = try AgreementKey.generate()
        let (message, info) = ([UInt8](repeating: 7, count: 189), [UInt8](repeating: 1, count: 120))
        let count = 4_000
        let sealing = try seconds { for _ in 0..<count { _ = try HPKE.seal(message, to: key.publicKey, info: info) } }
        let box = try HPKE.seal(message, to: key.publicKey, info: info)
        let opening = try seconds { for _ in 0..<count { _ = try HPKE.open(box, with: key, info: info) } }
        print("boxes, one core:")
        print(String(format: "  sealing to the two of a pair %.0f µs", 2 * sealing / Double(count) * 1e6))
        print(String(format: "  opening one %.0f µs", opening / Double(count) * 1e6))
        if let limit = Self.agreementsPerSecond() {
            // A box takes one new key and one agreement, which openssl counts as one and a part.
            print(
                String(
                    format: "  sealing one: %.1f times an agreement of openssl speed ecdhx25519 (%.0f µs)",
                    sealing / Double(count) * limit, 1e6 / limit))
        }
    }

    /// Agreements of X25519 a second, as stock openssl measures them.
    private static func agreementsPerSecond() -> Double? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl", "speed", "-seconds", "2", "ecdhx25519"]
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
        guard (try? process.run()) != nil else { return nil }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.split(separator: "\n").last.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
    }
}
