import FolderDriver
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOEmbedded
import ReleaseWorkflow
import SQLiteDriver
import Synchronization
import Testing

@testable import ReleaseService
@testable import ReleaseWeb

/// Letters as they would go out; refuses while it is told to.
final class Letterbox: Mailer {
    private let state = Mutex((letters: [Letter](), isClosed: false))
    struct Closed: Error {}

    func send(_ letter: Letter) async throws {
        try state.withLock {
            if $0.isClosed { throw Closed() }
            $0.letters.append(letter)
        }
    }

    var letters: [Letter] { state.withLock { $0.letters } }
    func close(_ isClosed: Bool) { state.withLock { $0.isClosed = isClosed } }
}

/// An answer of the service.
struct Reply {
    let status: Int
    let headers: [(String, String)]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    func header(_ name: String) -> String? { headers.first { $0.0.lowercased() == name.lowercased() }?.1 }

    /// Everything that was sent but for what is random in every form.
    var normalized: String {
        let all =
            headers.filter { $0.0.lowercased() != "set-cookie" }.map { "\($0.0): \($0.1)" }.joined(separator: "\n")
            + "\n" + text
        return all.replacing(/name="(key|token)" value="[^"]*"/, with: "name=\"\" value=\"\"")
            .replacing(/"formToken":"[^"]*"/, with: "\"formToken\":\"\"")
    }
}

/// The service of an office, asked as HTTP asks it, without a socket in between.
final class Front {
    let office: Office
    let site: Site
    let letterbox = Letterbox()
    private let responder: SiteResponder
    private var tokens: [String: String] = [:]

    init(_ office: Office, cost: UInt64 = 2) throws {
        self.office = office
        let lines = LogLines()
        self.log = lines
        var logger = Logger(label: "test", factory: { JSONLog(label: $0) { lines.add($0) } })
        logger.logLevel = .info
        let accounts = try Accounts(office.host, cost: cost)
        let words = Words.english
        let outbox = Outbox(office.host, mailer: letterbox, words: words.letters, url: "https://service.example")
        site = try Site(
            host: office.host, accounts: accounts, outbox: outbox,
            operations: Operations(
                readPolicy: { _ in throw FieldProblem(field: "policy", expected: "none in this test") },
                rotateKey: { _ in "" }, backUp: nil, exportLog: { [] }), service: "Privity", isSecure: true,
            logger: logger)
        responder = SiteResponder(site: site)
    }

    let log: LogLines

    /// What was logged.
    final class LogLines: Sendable {
        private let lines = Mutex([String]())
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    /// A session, once for each name; `fresh` makes another.
    func session(_ name: String?, fresh: Bool = false) async throws -> String? {
        guard let name else { return nil }
        if !fresh, let known = tokens[name] { return known }
        let link = try await site.accounts.makeLink(for: office.id(name), purpose: .example, by: .operator)
        let token = try await site.accounts.signIn(link: link, .init(), from: "192.0.2.\(tokens.count) \(UUID())")
        tokens[name] = token
        return token
    }

    /// From now on this is the session of that name.
    func use(_ token: String, for name: String) { tokens[name] = token }

    /// After so long a time everybody signs in anew.
    func forgetSessions() { tokens = [:] }

    /// Whoever was signed out by something signs in anew.
    func forgetEnded() async throws {
        for (name, token) in tokens where try await site.accounts.session(token) == nil { tokens[name] = nil }
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, token: String?, headers: [(String, String)] = [],
        body: [UInt8] = []
    ) async throws -> Reply {
        var fields = HTTPFields()
        for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
        if let token { fields[.cookie] = "\(Site.sessionCookie)=\(token)" }
        let head = HTTPRequest(
            method: method, scheme: "https", authority: "service.example", path: path, headerFields: fields)
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: body)))
        let context = WebContext(source: .init(channel: EmbeddedChannel(), logger: site.logger))
        let response = try await responder.respond(to: request, context: context)
        let writer = Collector()
        try await response.body.write(writer)
        return Reply(
            status: Int(response.status.code), headers: response.headers.map { ($0.name.rawName, $0.value) },
            body: writer.bytes.all
        )
    }

    func get(_ path: String, as name: String? = nil) async throws -> Reply {
        try await send(.get, path, token: session(name))
    }

    static let strangerToken = String(repeating: "5a", count: 16)

    /// Posts a form as the page would: with the session's token, or that of somebody who is not signed in.
    func post(
        _ path: String, as name: String? = nil, _ fields: [(String, String)] = [], key: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> Reply {
        let token = try await session(name)
        var all = fields
        var headers = headers
        if let token {
            all.append(("token", try #require(await site.accounts.session(token)).formToken))
        } else {
            // As a browser that was shown the form.
            all.append(("token", Self.strangerToken))
            headers.append(("Cookie", "\(Site.strangerCookie)=\(Self.strangerToken)"))
        }
        if let key { all.append(("key", key)) }
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        let body = all.map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")"
        }.joined(separator: "&")
        return try await send(
            .post, path, token: token, headers: [("Content-Type", "application/x-www-form-urlencoded")] + headers,
            body: Array(body.utf8))
    }

    /// A request of the JSON interface, with a bearer token.
    func api(
        _ method: HTTPRequest.Method, _ path: String, as name: String? = nil, _ body: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> Reply {
        var all = headers
        if let token = try await session(name) { all.append(("Authorization", "Bearer \(token)")) }
        if body != nil { all.append(("Content-Type", "application/json")) }
        return try await send(method, "/api/v1" + path, token: nil, headers: all, body: Array((body ?? "").utf8))
    }

    /// How `name` calls the case of `opener`; what nobody calls anything where they have no part.
    func handle(_ name: String, of opener: String = "ada", workflow: String = "mentorship", isStaff: Bool = false)
        throws
        -> CaseHandle
    {
        try #require(try findHandle(name, of: opener, workflow: workflow, isStaff: isStaff))
    }

    func findHandle(_ name: String, of opener: String = "ada", workflow: String = "mentorship", isStaff: Bool = false)
        throws
        -> CaseHandle?
    {
        let person = try office.id(name)
        let owner = try office.id(opener)
        let rows = try office.store.read { try $0.parties(of: person, isStaff: isStaff, after: nil, count: 1000) }
        return rows.first { $0.opener == owner && $0.workflow == workflow }?.handle
    }

    private struct Collector: ResponseBodyWriter {
        final class Bytes: Sendable {
            private let bytes = Mutex([UInt8]())
            func add(_ more: some Sequence<UInt8>) { bytes.withLock { $0 += more } }
            var all: [UInt8] { bytes.withLock { $0 } }
        }
        let bytes = Bytes()
        mutating func write(_ buffer: ByteBuffer) async throws { bytes.add(buffer.readableBytesView) }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}

extension Office {
    /// Ada's case up to an open card for Ben, with staff of every kind.
    func introduced() async throws -> Office {
        _ = try await staffed()
        try await add(
            "noor", "Noor Aziz", "Aziz", first: "Noor", phone: "312-555-0102", roles: [.auditor], field: "staff")
        try await add(
            "pia", "Pia Brandt", "Brandt", first: "Pia", phone: "312-555-0103", roles: [.administrator], field: "staff")
        try await go(to: "introduced")
        return self
    }
}
