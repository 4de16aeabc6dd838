internal import COpenSSL

/// Bytes that must not outlive their use: overwritten with zeros when the last reference goes.
///
/// - Shape: a fixed number of bytes, set once.
public final class SecretBytes: @unchecked Sendable {  // never written after initialization
    private let buffer: UnsafeMutableRawBufferPointer

    /// Copies `bytes`. The caller remains responsible for its own copy.
    public init(copying bytes: some Collection<UInt8>) {
        buffer = .allocate(byteCount: bytes.count, alignment: 16)
        buffer.copyBytes(from: bytes)
    }

    /// Takes `bytes` over: copies them, then wipes the caller's array.
    public convenience init(taking bytes: inout [UInt8]) {
        self.init(copying: bytes)
        bytes.wipe()
    }

    deinit {
        OPENSSL_cleanse(buffer.baseAddress, buffer.count)
        buffer.deallocate()
    }

    public var count: Int { buffer.count }

    /// Lends the bytes for the time of `body`, which must not keep the pointer.
    public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(buffer))
    }
}
