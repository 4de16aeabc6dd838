internal import HTTPTypes
internal import ReleaseService
internal import ReleaseWorkflow

/// The page of people's rights (42 CFR 2.22, 2.4, 2.26): for everybody, signed in or not.
enum PrivacyPage {
    static let routes: [Route] = [Route(.get, "/privacy", .anyone) { try $0.page(page($0)) }]

    private static func page(_ visit: Visit) throws -> Page {
        let text = try visit.service.policy.policy.texts.privacy
        guard !text.isEmpty else { throw Refusal.notFound }
        let paragraphs = text.split(separator: "\n\n").map { part in
            Block.text(part.split(whereSeparator: \.isNewline).joined(separator: " "))
        }
        return Page(visit.words("privacy.title"), paragraphs, back: LinkView(visit.words("privacy.back"), "/"))
    }

    static func blocks(_ policy: Policy, _ words: Words) -> [Block] {
        policy.texts.privacy.isEmpty ? [] : [.links(links(policy, words))]
    }

    /// The link to it, where the program has one.
    static func links(_ policy: Policy, _ words: Words) -> [LinkView] {
        policy.texts.privacy.isEmpty ? [] : [LinkView(words("privacy.title"), "/privacy")]
    }
}
