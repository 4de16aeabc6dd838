internal import Foundation

/// A person's name as it is compared: whoever writes it with a title, with letters behind it, the surname first, in
/// capitals or without its accents means the same person.
enum PersonName {
    private static let titles: Set<String> = [
        "dr", "doctor", "prof", "professor", "mr", "mrs", "ms", "miss", "mx", "rev", "reverend", "sir", "dame", "fr",
        "sr",
    ]
    /// Letters that stand behind a name. Those that are names too count only where they are written as letters: behind
    /// a comma, with periods or in capitals.
    private static let credentials: Set<String> = [
        "lmft", "mft", "amft", "lcsw", "acsw", "csw", "msw", "bsw", "lpcc", "lpc", "apcc", "lmhc", "lcpc", "cadc",
        "ladc",
        "phd", "psyd", "edd", "dsw", "drph", "md", "do", "ma", "ms", "med", "mph", "rn", "np", "pa", "bcba", "esq",
        "jr", "sr",
        "ii", "iii", "iv",
    ]
    /// Credentials that are nobody's name.
    private static let plainCredentials: Set<String> = [
        "lmft", "mft", "amft", "lcsw", "acsw", "lpcc", "apcc", "lmhc", "lcpc", "phd", "psyd", "edd", "jr", "iii",
    ]

    /// The words of a name in the order of the alphabet; the whole text where nothing is left of it.
    static func canonical(_ typed: String) -> String {
        let isShouted = typed == typed.uppercased()
        var words: [String] = []
        // Letters that may be a name: they are one where too little is left without them.
        var doubtful: [String] = []
        for (part, text) in typed.split(separator: ",").enumerated() {
            for word in text.split(whereSeparator: { $0.isWhitespace }) {
                let letters = folded(word)
                if letters.isEmpty { continue }
                let isWritten = word.contains(".") || (!isShouted && word.count > 1 && word == word.uppercased()[...])
                let isCredential =
                    plainCredentials.contains(letters)
                    || credentials.contains(letters) && (isWritten || (part > 0 && !words.isEmpty))
                if isCredential && !words.isEmpty {
                    if !plainCredentials.contains(letters) { doubtful.append(letters) }
                    continue
                }
                if titles.contains(letters), words.isEmpty { continue }
                // One letter is an initial: some write it and some do not.
                if letters.count == 1 { continue }
                words.append(letters)
            }
        }
        if words.count == 1, let name = doubtful.first { words.append(name) }
        return words.isEmpty ? folded(typed[...]) : words.sorted().joined(separator: " ")
    }

    private static func folded(_ word: some StringProtocol) -> String {
        let plain = String(word).folding(
            options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive],
            locale: Locale(identifier: "en_US_POSIX"))
        return String(plain.filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == " " })
    }
}
