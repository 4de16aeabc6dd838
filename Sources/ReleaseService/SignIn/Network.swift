internal import Foundation

/// The network that attempts come from: whoever tries from one address has its neighbors too.
struct Network: Hashable, Sendable {
    /// The first three parts of an address of IPv4, the first 64 bits of one of IPv6.
    let name: String
    /// True for this machine's own, and for what nobody named: a proxy that names nobody is everybody.
    let isUnknown: Bool

    /// The attempts in fifteen minutes; many people may come through one that is not known.
    var limit: Int { isUnknown ? 600 : 60 }

    /// - Parameter address: as the connection or a proxy gives it; another text is its own network.
    /// - Source: RFC 4291 §2.2 for how an address of IPv6 is written.
    init(of address: String) {
        let text = address.lowercased()
        if text.isEmpty || text == "::1" || text.hasPrefix("127.") || text.hasPrefix("::ffff:127.") {
            (name, isUnknown) = ("", true)
            return
        }
        isUnknown = false
        let own = text.hasPrefix("::ffff:") && text.contains(".") ? String(text.dropFirst(7)) : text
        let numbers = own.split(separator: ".", omittingEmptySubsequences: false)
        if numbers.count == 4, numbers.allSatisfy({ UInt8($0) != nil }) {
            name = numbers.prefix(3).joined(separator: ".")
        } else if own.contains(":"), let groups = Self.groups(own) {
            name = groups.prefix(4).map { String($0, radix: 16) }.joined(separator: ":")
        } else {
            name = own
        }
    }

    /// The eight groups of an address; nil for what is none.
    private static func groups(_ text: String) -> [UInt16]? {
        let halves = text.components(separatedBy: "::")
        guard halves.count <= 2 else { return nil }
        func numbers(_ half: String) -> [UInt16]? {
            if half.isEmpty { return [] }
            let parts = half.split(separator: ":", omittingEmptySubsequences: false).map { UInt16($0, radix: 16) }
            return parts.contains(nil) ? nil : parts.compactMap(\.self)
        }
        guard let first = numbers(halves[0]), let last = halves.count == 2 ? numbers(halves[1]) : [] else { return nil }
        let missing = 8 - first.count - last.count
        guard halves.count == 2 ? missing >= 1 : missing == 0 else { return nil }
        return first + [UInt16](repeating: 0, count: missing) + last
    }
}
