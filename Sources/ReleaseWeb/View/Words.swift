internal import Foundation
public import ReleaseWorkflow

/// Every sentence that the pages and letters say, in one file for each language.
///
/// A policy says its own words, and a release is shown exactly as it is signed; neither is here.
public struct Words: Sendable {
    /// BCP 47.
    public let language: String
    private let texts: [String: String]
    /// The facts about the program that speaks, the most telling first: where a key has a text of its own for one of
    /// them (`key#trait`), that is said.
    private var traits: [Trait] = []

    /// A fact about a program by which a sentence is so, or is not.
    enum Trait: String, CaseIterable {
        /// There are no staff.
        case unstaffed
        /// Nobody confirms what one administrator asks for.
        case alone
        /// One signs on screen alone.
        case onScreen
        /// Nothing is taken back by telephone.
        case noTelephone
        /// People find each other in a directory.
        case directory
        /// Both sign, and each is shown the other.
        case mutual
        /// No telephone number crosses.
        case noNumber
        /// The program does not withdraw.
        case noHandOff
        /// Not every way of meeting is in person.
        case noMeeting
    }

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
        var text = found(key) ?? key
        for (name, value) in values { text = text.replacingOccurrences(of: "{\(name)}", with: value) }
        return text
    }

    /// The text under the first of these keys that has one.
    func first(_ keys: String..., or fallback: String) -> String {
        keys.lazy.compactMap(found).first ?? fallback
    }

    private func found(_ key: String) -> String? {
        traits.lazy.compactMap { texts["\(key)#\($0.rawValue)"] }.first ?? texts[key]
    }

    /// The same words as the program of this policy says them.
    public func spoken(in policy: Policy?) -> Words {
        guard let policy else { return self }
        var words = self
        words.traits = Trait.allCases.filter { $0.holds(of: policy) }
        return words
    }

    public var keys: Set<String> { Set(texts.keys) }

    /// Every text, for checks of its language.
    public var all: [String: String] { texts }
}

extension Words.Trait {
    func holds(of policy: Policy) -> Bool {
        switch self {
        case .alone: if case .none = policy.secondHand { true } else { false }
        case .unstaffed: policy.administration == .self
        case .onScreen:
            !policy.workflows.contains { flow in
                flow.transitions.contains { $0.command == .sign && $0.channels.contains(.paper) }
            }
        case .noTelephone: !policy.release.statements.revocationBy.contains(.phone)
        case .directory: policy.isDirectory
        case .mutual: policy.workflows.first?.isMutual == true
        case .noNumber: !policy.release.fields.contains(.phone)
        case .noHandOff: !policy.workflows.contains { $0.handOff != nil }
        case .noMeeting: policy.confidentiality != .clinical
        }
    }
}
