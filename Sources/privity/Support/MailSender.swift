import Foundation

/// The sender of the service's letters: an address, and a name before it if there is one.
///
/// - Source: RFC 5322 §3.4 (name-addr) for the header; RFC 2047 for a name that is not in ASCII.
struct MailSender: Equatable {
    let name: String?
    let address: String

    /// Parses `address`, `<address>`, `Name <address>` or `"Name" <address>`.
    ///
    /// - Returns: nil unless it is one address, in ASCII, with at most one name before it.
    init?(parsing text: String) {
        let text = text.trimmingCharacters(in: .whitespaces)
        guard !text.contains(where: \.isNewline),
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { return nil }
        var name = ""
        var address = text
        if text.hasSuffix(">") {
            guard let start = text.lastIndex(of: "<") else { return nil }
            name = text[..<start].trimmingCharacters(in: .whitespaces)
            address = String(text[text.index(after: start)...].dropLast())
            if name.count > 1, name.hasPrefix("\""), name.hasSuffix("\"") { name = String(name.dropFirst().dropLast()) }
            guard name.count <= 80, !name.contains(where: { "<>\"\\".contains($0) }) else { return nil }
        }
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }),
            address.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"<>()[],;:\\\"".utf8.contains($0) }),
            !parts[1].hasPrefix("."), !parts[1].hasSuffix(".")
        else { return nil }
        self.name = name.isEmpty ? nil : name
        self.address = address
    }

    /// The part after the `@`.
    var host: String { address.split(separator: "@").last.map(String.init) ?? "localhost" }

    /// The value of the header `From`, printable ASCII.
    var header: String {
        guard let name else { return address }
        if name.utf8.allSatisfy({ $0 < 0x80 }) { return "\"\(name)\" <\(address)>" }
        // An encoded word holds at most 75 characters: pieces of whole letters, 45 bytes each before they are encoded.
        var pieces: [[UInt8]] = [[]]
        for letter in name {
            let bytes = Array(String(letter).utf8)
            if pieces[pieces.count - 1].count + bytes.count > 39 { pieces.append([]) }
            pieces[pieces.count - 1] += bytes
        }
        let words = pieces.map { "=?UTF-8?B?\(Data($0).base64EncodedString())?=" }
        return "\(words.joined(separator: " ")) <\(address)>"
    }
}
