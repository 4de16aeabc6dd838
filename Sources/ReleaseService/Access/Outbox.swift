internal import Cryptography
internal import Foundation
internal import Logging
public import ReleaseWorkflow

/// One letter, ready to be sent.
public struct Letter: Sendable, Equatable {
    public let to: String
    public let subject: String
    public let body: String
    /// The same at every attempt, so that a mail system that had taken it already can tell.
    public let id: String
    public init(to: String, subject: String, body: String, id: String) {
        self.to = to
        self.subject = subject
        self.body = body
        self.id = id
    }
}

/// Hands letters to the host's mail system.
public protocol Mailer: Sendable {
    /// - Throws: unless the mail system has taken the letter; it is then tried again.
    func send(_ letter: Letter) async throws
}

/// The words of letters: neutral, the same for everybody, naming neither a program nor a person nor a case.
public struct LetterWords: Sendable {
    public var subject: String
    /// Around a notice of the policy; `{notice}` and `{url}` stand for it and for the service's address.
    public var notice: String
    /// `{url}` is the one-time link.
    public var link: String
    public var changed: String
    /// `{url}` is the link that confirms a new address.
    public var confirm: String
    public init(subject: String, notice: String, link: String, changed: String, confirm: String) {
        self.confirm = confirm
        self.subject = subject
        self.notice = notice
        self.link = link
        self.changed = changed
    }
}

/// A notice for somebody without a mailbox, for their coordinator to pass on.
public struct NoticeToPassOn: Sendable {
    public let id: [UInt8]
    public let person: PersonID
    public let text: String
    public let on: CivilDate
}

/// Sends what commands have left to be sent. A message is deleted once the mail system has taken it; until then it is tried again, so that
/// one may arrive twice and none is lost.
public actor Outbox {
    private let custodian: Custodian
    private let mailer: (any Mailer)?
    private let words: LetterWords
    private let url: String
    /// How often a message was tried in vain, and when it is tried next.
    private var failures: [[UInt8]: (count: Int, next: Int64)] = [:]
    /// Taken by the mail system, and not yet deleted here: a failing disk must not send them again and again.
    private var taken: Set<[UInt8]> = []

    /// - Parameters:
    ///   - mailer: nil where the host has no mail system: everything waits for the coordinators then.
    ///   - url: the service's address, without a slash at its end.
    public init(_ custodian: Custodian, mailer: (any Mailer)?, words: LetterWords, url: String) {
        (self.custodian, self.mailer, self.words, self.url) = (custodian, mailer, words, url)
    }

    /// Whether letters can go out at all.
    public var hasMailer: Bool { mailer != nil }

    /// Sends what is due.
    ///
    /// - Returns: how many letters the mail system has taken.
    @discardableResult
    public func deliver() async throws -> Int {
        let parts = custodian.parts
        let vault = try parts.requireVault()
        let now = try parts.time.now().instantMilliseconds
        try await dropLapsed(at: now)
        guard let mailer else { return 0 }
        let waiting = try parts.store.read { try $0.messages() }
        failures = failures.filter { entry in waiting.contains { $0.id == entry.key } }
        taken = taken.filter { id in waiting.contains { $0.id == id } }
        let notices = await custodian.policy.policy.notices
        var count = 0
        for row in waiting where failures[row.id]?.next ?? 0 <= now {
            // As it is now: what was declined while the letter before went out is not sent any more.
            let letter = try parts.store.read { tx -> Letter? in
                guard try tx.messages().contains(where: { $0.id == row.id }),
                    let message = try? Self.open(row.sealed, vault)
                else { return nil }
                return self.letter(message, try vault.account(message.to, tx) ?? Account(), row.id, notices)
            }
            guard let letter else { continue }
            if !taken.contains(row.id) {
                do {
                    try await mailer.send(letter)
                    count += 1
                    taken.insert(row.id)
                } catch {
                    let tries = (failures[row.id]?.count ?? 0) + 1
                    // A minute, two, four … to an hour.
                    failures[row.id] = (tries, now + min(3_600_000, 60_000 << Int64(min(6, tries - 1))))
                    parts.logger.error("a message was not taken by the mail system and will be tried again")
                    continue
                }
            }
            // If the process stops here, the letter goes out once more with the same id.
            try await custodian.keep { try $0.deleteMessage(row.id) }
        }
        return count
    }

    private static func open(_ sealed: [UInt8], _ vault: Vault) throws -> Message {
        try JSONDecoder().decode(Message.self, from: Data(vault.open(sealed, fixed: "message")))
    }

    /// Deletes letters with links that no longer work, and, where no mail goes out at all, those about signing in that nobody could be told of.
    private func dropLapsed(at now: Int64) async throws {
        let parts = custodian.parts
        let vault = try parts.requireVault()
        let hasMailer = mailer != nil
        let lapsed = try parts.store.read { tx in
            try tx.messages().filter { row in
                guard let message = try? Self.open(row.sealed, vault) else { return false }
                switch message.access {
                case .link(let token)?, .confirm(let token, _)?:
                    guard hasMailer, let bytes = Accounts.parse(token) else { return true }
                    return try tx.access(.link, SHA256.hash(bytes))?.expires ?? 0 <= now
                case .changed?: return !hasMailer
                case nil: return false
                }
            }.map(\.id)
        }
        guard !lapsed.isEmpty else { return }
        try await custodian.keep { tx in for id in lapsed { try tx.deleteMessage(id) } }
    }

    private func letter(_ message: Message, _ account: Account, _ id: [UInt8], _ notices: [Notice: String]) -> Letter? {
        let name = id.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        func letter(to address: String?, _ text: String) -> Letter? {
            address.map { Letter(to: $0, subject: words.subject, body: text, id: name) }
        }
        switch (message.access, message.notice) {
        case (.link(let token)?, _):
            return letter(to: account.address, words.link.replacingOccurrences(of: "{url}", with: "\(url)/sign-in/link/\(token)"))
        case (.confirm(let token, let address)?, _):
            return letter(to: address, words.confirm.replacingOccurrences(of: "{url}", with: "\(url)/account/address/\(token)"))
        case (.changed(let former)?, _): return letter(to: former, words.changed.replacingOccurrences(of: "{url}", with: url))
        case (nil, let notice?):
            let text = words.notice.replacingOccurrences(of: "{notice}", with: notices[notice] ?? "")
            return letter(to: account.address, text.replacingOccurrences(of: "{url}", with: url))
        case (nil, nil): return nil
        }
    }

    // MARK: For people without a mailbox

    /// The notices of a coordinator's people that no mail can bring.
    public func toPassOn(by coordinator: PersonID) async throws -> [NoticeToPassOn] {
        let parts = custodian.parts
        let vault = try parts.requireVault()
        let notices = await custodian.policy.policy.notices
        let hasMailer = mailer != nil
        return try parts.store.read { tx in
            var own: [PersonID: Bool] = [:]
            func isTheirs(_ person: PersonID) throws -> Bool {
                if let known = own[person] { return known }
                // Where no mail goes out, nobody has a mailbox; and staff have notices of their own.
                let hasMailbox = try hasMailer && vault.account(person, tx)?.address != nil
                let answer = try !hasMailbox && (person == coordinator || vault.identity(person, tx)?.coordinator == coordinator)
                own[person] = answer
                return answer
            }
            return try tx.messages().compactMap { row -> NoticeToPassOn? in
                guard let message = try? Self.open(row.sealed, vault), let notice = message.notice, try isTheirs(message.to) else {
                    return nil
                }
                return NoticeToPassOn(id: row.id, person: message.to, text: notices[notice] ?? "", on: message.on)
            }
        }
    }

    /// A coordinator has passed a notice on.
    ///
    /// - Throws: `Refusal.notFound` if it is not one of theirs.
    public func passedOn(_ id: [UInt8], by coordinator: PersonID) async throws {
        guard try await toPassOn(by: coordinator).contains(where: { $0.id == id }) else { throw Refusal.notFound }
        try await custodian.keep { try $0.deleteMessage(id) }
    }
}
