internal import Foundation

/// Every sentence that the pages and letters say, in one file for each language.
///
/// A policy says its own words, and a release is shown exactly as it is signed; neither is here.
public struct Words: Sendable {
    /// BCP 47.
    public let language: String
    private let texts: [String: String]

    /// United States English, the language of the programs.
    public static let english = Words(language: "en-US", PackageResources.en_US_json)

    init(language: String, _ file: [UInt8]) {
        self.language = language
        guard let texts = try? JSONDecoder().decode([String: String].self, from: Data(file)) else {
            // The file is embedded at build time, and a test reads it.
            preconditionFailure("the words of \(language) cannot be read")
        }
        self.texts = texts
    }

    /// The text under a key, with `{name}` replaced by what `values` has for it.
    ///
    /// A key without a text is shown as itself: visible at once, and a test finds it before anybody does.
    public func callAsFunction(_ key: String, _ values: [String: String] = [:]) -> String {
        var text = texts[key] ?? key
        for (name, value) in values { text = text.replacingOccurrences(of: "{\(name)}", with: value) }
        return text
    }

    /// The text under the first of these keys that has one.
    func first(_ keys: String..., or fallback: String) -> String {
        keys.lazy.compactMap { texts[$0] }.first ?? fallback
    }

    public var keys: Set<String> { Set(texts.keys) }

    /// Every text, for checks of its language.
    public var all: [String: String] { texts }
}
