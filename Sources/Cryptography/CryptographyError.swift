/// The reason why a cryptographic operation did not happen.
///
/// No case carries key material, a passphrase or the bytes that were worked on.
public enum CryptographyError: Error, Equatable, Sendable, CustomStringConvertible {
    /// libcrypto refused `operation`; `reason` is its own text, without data.
    case refused(operation: String, reason: String)
    /// A value has the wrong length: `what` needs `expected` bytes.
    case wrongLength(what: String, expected: Int)
    /// An authentication tag does not match: wrong key, wrong associated data, or altered bytes.
    case notAuthentic
    /// A key file cannot be opened with this passphrase.
    case wrongPassphrase
    /// A key file is not what its format says.
    case malformedKeyFile

    public var description: String {
        switch self {
        case .refused(let operation, let reason): "cryptography: \(operation): \(reason)"
        case .wrongLength(let what, let expected): "\(what) must be \(expected) bytes long"
        case .notAuthentic: "sealed bytes are not authentic"
        case .wrongPassphrase: "wrong passphrase"
        case .malformedKeyFile: "key file is truncated or malformed"
        }
    }
}
