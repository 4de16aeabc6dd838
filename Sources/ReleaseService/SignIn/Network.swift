internal import Foundation

/// The network that somebody comes from: whoever tries from one address has its neighbors too.
public struct Network: Sendable {
    /// The address itself in IPv4; its first 64 bits, which are one house's, in IPv6.
    public let host: String
    /// True for this machine's own, and for what nobody named: a proxy that names nobody is everybody.
    public let isUnknown: Bool
    /// The network that attempts are counted in: the first three parts of an address of IPv4, 64 bits of one of IPv6.
    let name: String
    /// The network that one customer of a provider may have: as ``name`` in IPv4, the first 48 bits in IPv6.
    let wide: String

    /// The attempts in fifteen minutes; many people may come through one that is not known.
    var limit: Int { isUnknown ? 600 : 60 }
    /// The attempts in fifteen minutes of the wide one.
    var wideLimit: Int { limit * 4 }

    /// - Parameter address: as the connection or a proxy gives it; a text that is none is its own network.
    /// - Source: RFC 4291 §2.2 for how an address of IPv6 is written, §2.5.4 for its first 64 bits, §2.5.5.2 for one of
    ///   IPv4 within it; RFC 6177 §2 for the 48 bits.
    public init(of address: String) {
        let bytes = Self.bytes(of: address)
        isUnknown = address.isEmpty || bytes?.first == 127 && bytes?.count == 4 || bytes == Self.loopback
        if isUnknown {
            (host, name, wide) = ("", "", "")
        } else if let bytes, bytes.count == 4 {
            let parts = bytes.map(String.init)
            host = parts.joined(separator: ".")
            name = parts.prefix(3).joined(separator: ".")
            wide = name
        } else if let bytes {
            let parts = stride(from: 0, to: 8, by: 2).map {
                String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16)
            }
            host = parts.joined(separator: ":")
            name = host
            wide = parts.prefix(3).joined(separator: ":")
        } else {
            (host, name, wide) = (address, address, address)
        }
    }

    private static let loopback = [UInt8](repeating: 0, count: 15) + [1]

    /// The four or sixteen bytes of an address, four for one of IPv4 that is written as one of IPv6.
    private static func bytes(of text: String) -> [UInt8]? {
        var short = in_addr()
        if inet_pton(AF_INET, text, &short) == 1 { return withUnsafeBytes(of: &short) { Array($0) } }
        var long = in6_addr()
        guard inet_pton(AF_INET6, text, &long) == 1 else { return nil }
        let bytes = withUnsafeBytes(of: &long) { Array($0) }
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? Array(bytes.suffix(4)) : bytes
    }
}
