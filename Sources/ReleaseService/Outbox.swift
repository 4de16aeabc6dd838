internal import Cryptography
internal import Foundation
internal import Logging
internal import ReleaseLedger
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
    /// For whoever calls the number that was known before; `{number}` stands for it.
    public var number: String
    public init(
        subject: String, notice: String, link: String, changed: String, confirm: String, number: String
    ) {
        self.number = number
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
    public let name: String
    public let text: String
    public let on: CivilDate
}

/// Sends what commands have left to be sent. A message is deleted once the mail system has taken it; until then it is
/// tried again, so that one may arrive twice and none is lost.
public actor Outbox {
    private let core: Core
    private let mailer: (any Mailer)?
    private let words: LetterWords
    /// The service's address, without a slash at its end.
    nonisolated public let url: String
    /// The number of vain tries of a message, and when it is tried next.
    private var failures: [[UInt8]: (count: Int, next: Int64)] = [:]
    /// Taken by the mail system, and not yet deleted here: a failing disk must not send them again and again.
    private var taken: Set<[UInt8]> = []

    /// - Parameters:
    ///   - mailer: nil where the host has no mail system: everything waits for the coordinators then.
    ///   - url: the service's address, without a slash at its end.
    public init(_ host: ServiceHost, mailer: (any Mailer)?, words: LetterWords, url: String) {
        (core, self.mailer, self.words, self.url) = (host.core, mailer, words, url)
    }

    /// True if letters can go out at all.
    public var hasMailer: Bool { mailer != nil }

    /// Sends what is due.
    ///
    /// - Returns: how many letters the mail system has taken.
    @discardableResult
    public func deliver() async throws -> Int {
        let now = try core.parts.time.now().instantMilliseconds
        try await dropLapsed(at: now)
        guard let mailer else { return 0 }
        let waiting = try core.reader.read { try $0.rows.messages().map(\.id) }
        failures = failures.filter { waiting.contains($0.key) }
        taken = taken.filter { waiting.contains($0) }
        var count = 0
        for id in waiting where failures[id]?.next ?? 0 <= now {
            // As it is now: what was declined while the letter before went out is not sent any more.
            guard let letter = try core.reader.read({ try self.letter(id, $0) }) else { continue }
            if !taken.contains(id) {
                do {
                    try await mailer.send(letter)
                    count += 1
                    taken.insert(id)
                } catch {
                    let tries = (failures[id]?.count ?? 0) + 1
                    // A minute, two, four … to an hour.
                    failures[id] = (tries, now + min(3_600_000, 60_000 << Int64(min(6, tries - 1))))
                    core.parts.logger.error("a message was not taken by the mail system and will be tried again")
                    continue
                }
            }
            // If the process stops here, the letter goes out once more with the same id.
            try await core.keep { $0.rows.deleteMessage(id) }
        }
        return count
    }

    private func letter(_ id: [UInt8], _ snapshot: Snapshot) throws -> Letter? {
        guard let sealed = try snapshot.rows.message(id), let message = try? Self.open(sealed, snapshot.vault) else {
            return nil
        }
        // Nobody writes to somebody who has died.
        if try snapshot.people.isDeceased(message.to) { return nil }
        if let from = message.from, snapshot.today < from { return nil }
        let account = try snapshot.account(of: message.to) ?? Account()
        return letter(message, account, id, snapshot.current.policy)
    }

    private static func open(_ sealed: [UInt8], _ vault: Vault) throws -> Message {
        try vault.open(sealed, fixed: "message", as: Message.self)
    }

    /// Deletes letters with links that no longer work, and, where no mail goes out at all, those about signing in that
    /// nobody could be told of.
    private func dropLapsed(at now: Int64) async throws {
        let hasMailer = mailer != nil
        let lapsed = try core.reader.read { snapshot in
            try snapshot.rows.messages().filter { row in
                guard let message = try? Self.open(row.sealed, snapshot.vault) else { return false }
                switch message.access {
                case .link(let token)?, .confirm(let token, _)?:
                    guard hasMailer, let bytes = Credentials.parse(token) else { return true }
                    return try snapshot.rows.access(.link, SHA256.hash(bytes))?.expires ?? 0 <= now
                case .changed?: return !hasMailer
                case .numberChanged?, nil: return false
                }
            }.map(\.id)
        }
        guard !lapsed.isEmpty else { return }
        try await core.keep { tx in for id in lapsed { tx.rows.deleteMessage(id) } }
    }

    private func letter(_ message: Message, _ account: Account, _ id: [UInt8], _ policy: Policy) -> Letter? {
        let name = Hex.format(id)
        func letter(to address: String?, _ text: String) -> Letter? {
            address.map { Letter(to: $0, subject: words.subject, body: text, id: name) }
        }
        switch (message.access, message.notice) {
        case (.link(let token)?, _):
            return letter(
                to: account.address, words.link.replacingOccurrences(of: "{url}", with: "\(url)/sign-in/link/\(token)"))
        case (.confirm(let token, let address)?, _):
            return letter(
                to: address, words.confirm.replacingOccurrences(of: "{url}", with: "\(url)/account/address/\(token)"))
        case (.changed(let former)?, _):
            return letter(to: former, words.changed.replacingOccurrences(of: "{url}", with: url))
        // It is said at the number that was valid before.
        case (.numberChanged?, _): return nil
        case (nil, let notice?):
            let text = words.notice.replacingOccurrences(of: "{notice}", with: policy.words(of: notice))
            return letter(to: account.address, text.replacingOccurrences(of: "{url}", with: url))
        case (nil, nil): return nil
        }
    }

    // MARK: For people without a mailbox

    /// The notices of a coordinator's people that no mail can bring.
    ///
    /// - Throws: `Refusal.notFound` unless the caller is a coordinator.
    public func toPassOn(by caller: Caller) async throws -> [NoticeToPassOn] {
        try core.reader.read { try toPassOn(by: caller, $0) }
    }

    private func toPassOn(by caller: Caller, _ snapshot: Snapshot) throws -> [NoticeToPassOn] {
        guard let coordinator = caller.person, try snapshot.permit(caller).holds(.coordinator) else {
            throw Refusal.notFound
        }
        let policy = snapshot.current.policy
        // Where nobody else could say it, whoever made the change does.
        var colleague: Bool?
        func hasColleague() throws -> Bool {
            if let colleague { return colleague }
            let found = try snapshot.rows.people().contains {
                try $0.id != coordinator && snapshot.people.isCoordinator($0.id)
            }
            colleague = found
            return found
        }
        var own: [PersonID: Bool] = [:]
        func isTheirs(_ person: PersonID) throws -> Bool {
            if let known = own[person] { return known }
            // Where no mail goes out, nobody has a mailbox; and staff have notices of their own.
            let hasMailbox = try mailer != nil && snapshot.account(of: person)?.address != nil
            let answer =
                try !hasMailbox && (person == coordinator || snapshot.people.coordinator(of: person) == coordinator)
            own[person] = answer
            return answer
        }
        return try snapshot.rows.messages().compactMap { row -> NoticeToPassOn? in
            guard let message = try? Self.open(row.sealed, snapshot.vault) else { return nil }
            if case .numberChanged(let former, let by)? = message.access {
                let isOwn = by == coordinator
                let isSaid = try !isOwn || !hasColleague()
                guard isSaid, try !snapshot.people.isDeceased(message.to) else { return nil }
                return NoticeToPassOn(
                    id: row.id, person: message.to, name: try snapshot.people.identity(message.to)?.fullName ?? "",
                    text: words.number.replacingOccurrences(of: "{number}", with: former), on: message.on)
            }
            guard let notice = message.notice,
                !message.isForMailboxAlone, message.from.map({ $0 <= snapshot.today }) ?? true,
                try !snapshot.people.isDeceased(message.to), try isTheirs(message.to)
            else { return nil }
            return NoticeToPassOn(
                id: row.id, person: message.to, name: try snapshot.people.identity(message.to)?.fullName ?? "",
                text: policy.words(of: notice), on: message.on)
        }
    }

    /// A coordinator has passed a notice on.
    ///
    /// - Throws: `Refusal.notFound` if it is not one of theirs.
    public func passedOn(_ id: [UInt8], by caller: Caller) async throws {
        guard try await toPassOn(by: caller).contains(where: { $0.id == id }) else { throw Refusal.notFound }
        try await core.keep { $0.rows.deleteMessage(id) }
    }
}
