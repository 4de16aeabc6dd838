internal import COpenSSL
internal import Synchronization

/// SHA-256 (FIPS 180-4).
///
/// - Shape: every digest is 32 bytes.
public enum SHA256 {
    public static let byteCount = 32

    /// Hashes the concatenation of `parts`.
    ///
    /// - Complexity: one pass; the digest context is reused between calls.
    public static func hash(_ parts: [UInt8]...) -> [UInt8] { hash(parts: parts) }

    /// Hashes the concatenation of `parts`.
    public static func hash(parts: [[UInt8]]) -> [UInt8] {
        let context = contexts.take()
        defer { contexts.give(context) }
        var digest = [UInt8](repeating: 0, count: byteCount)
        var count: UInt32 = 0
        var result = EVP_DigestInit_ex2(context, OpenSSL.sha256.pointer, nil)
        for part in parts where result == 1 { result = EVP_DigestUpdate(context, part, part.count) }
        if result == 1 { result = EVP_DigestFinal_ex(context, &digest, &count) }
        // Hashing bytes in memory cannot fail but by lack of memory.
        precondition(result == 1 && count == 32, "SHA-256 failed in libcrypto")
        return digest
    }

    /// Hashes `bytes` into the 32 bytes at `digest`, without an array on either side.
    ///
    /// - Precondition: `digest` has room for 32 bytes; it may lie within `bytes`.
    public static func hash(_ bytes: UnsafeRawBufferPointer, into digest: UnsafeMutableRawPointer) {
        let context = contexts.take()
        defer { contexts.give(context) }
        digestBytes(bytes, into: digest, context)
    }

    /// Hashes many messages with one digest context of its own: for whoever hashes millions.
    public struct Run: ~Copyable {
        private let context: OpaquePointer

        public init() {
            guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory for a digest context") }
            self.context = context
        }

        deinit { EVP_MD_CTX_free(context) }

        /// As ``SHA256/hash(_:into:)``.
        public func hash(_ bytes: UnsafeRawBufferPointer, into digest: UnsafeMutableRawPointer) {
            digestBytes(bytes, into: digest, context)
        }
    }

    /// Hashes a message that comes in pieces.
    public final class Stream {
        private let context: OpaquePointer

        public init() {
            guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex2(context, OpenSSL.sha256.pointer, nil) == 1 else {
                preconditionFailure("out of memory for a digest context")
            }
            self.context = context
        }

        deinit { EVP_MD_CTX_free(context) }

        public func update(_ bytes: [UInt8]) {
            precondition(EVP_DigestUpdate(context, bytes, bytes.count) == 1, "SHA-256 failed in libcrypto")
        }

        /// The digest; nothing more can be added then.
        public func finish() -> [UInt8] {
            var digest = [UInt8](repeating: 0, count: byteCount)
            precondition(EVP_DigestFinal_ex(context, &digest, nil) == 1, "SHA-256 failed in libcrypto")
            return digest
        }
    }

    private static func digestBytes(
        _ bytes: UnsafeRawBufferPointer, into digest: UnsafeMutableRawPointer, _ context: OpaquePointer
    ) {
        let result =
            EVP_DigestInit_ex2(context, OpenSSL.sha256.pointer, nil) == 1
            && EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
            && EVP_DigestFinal_ex(context, digest.assumingMemoryBound(to: UInt8.self), nil) == 1
        precondition(result, "SHA-256 failed in libcrypto")
    }

    private static let contexts = ContextPool()

    /// Digest contexts between uses. A context is worth keeping: making one costs as much as hashing sixty-five bytes.
    private final class ContextPool: Sendable {
        private struct Idle: @unchecked Sendable { var pointers: [OpaquePointer] = [] }
        private let idle = Mutex(Idle())

        func take() -> OpaquePointer {
            if let context = idle.withLock({ $0.pointers.popLast().map { OpenSSL.Fetched(pointer: $0) } }) {
                return context.pointer
            }
            guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory for a digest context") }
            return context
        }

        func give(_ context: OpaquePointer) {
            let lent = OpenSSL.Fetched(pointer: context)
            idle.withLock { $0.pointers.append(lent.pointer) }
        }
    }
}
