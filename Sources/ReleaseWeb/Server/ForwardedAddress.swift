internal import Foundation

/// The address that a proxy says a request comes from.
enum ForwardedAddress {
    /// The last address of `X-Forwarded-For` or `Forwarded`; the empty text, which is nobody's, where the proxy names
    /// something else, and where the two differ: one of them the proxy passed on as somebody sent it.
    ///
    /// The last one alone was written by the proxy itself; what stands before it anybody may send.
    ///
    /// - Returns: the address without brackets and port; nil where neither header is there.
    /// - Source: RFC 7239 §4 and §6 for `Forwarded`; the other header has no standard, and is read with ports as well.
    static func last(of addresses: String?, or forwarded: String?) -> String? {
        let written = addresses.map { address(lastPart(of: $0)) }
        guard let forwarded else { return written }
        let pairs = parts(of: lastPart(of: forwarded), by: ";").map { parts(of: $0, by: "=") }
        let node = pairs.last { $0.count == 2 && $0[0].lowercased() == "for" }
        let named = node.map { address($0[1]) } ?? ""
        return written == nil || written == named ? named : ""
    }

    /// One node: an address, with a port or without, in quotes or not.
    private static func address(_ node: String) -> String {
        var text = node[...]
        if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") { text = text.dropFirst().dropLast() }
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"), isPort(text[text.index(after: end)...]) else { return "" }
            return addressOrNothing(text[text.index(after: text.startIndex)..<end])
        }
        // One colon alone parts a port off; an address of IPv6 has at least two.
        if text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") {
            guard isPort(text[colon...]) else { return "" }
            text = text[..<colon]
        }
        return addressOrNothing(text)
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || (text.hasPrefix(":") && UInt16(text.dropFirst()) != nil)
    }

    /// The text if it can be an address; the empty one otherwise.
    private static func addressOrNothing(_ text: Substring) -> String {
        let isNumeric = text.utf8.allSatisfy { byte in
            byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") || Character(UnicodeScalar(byte)).isHexDigit
        }
        return isNumeric && text.count <= 45 && text.contains { $0 == "." || $0 == ":" } ? String(text) : ""
    }

    private static func lastPart(of list: String) -> String { parts(of: list, by: ",").last ?? "" }

    private static func parts(of text: String, by separator: Character) -> [String] {
        text.split(separator: separator, omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
    }
}
