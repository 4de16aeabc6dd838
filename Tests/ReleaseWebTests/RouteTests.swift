import FolderDriver
import Foundation
import HTTPTypes
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService
@testable import ReleaseWeb

/// The table of routes: every person asks for every route, and the answer must be the one in the table.
@Suite("Routes")
struct RouteTests {
    /// Who asks, and what they are to Ada's case: its own person, its mentor, its coordinator; the others have no part in it.
    private static let actors = ["nobody", "ada", "eve", "ben", "cleo", "maya", "omar", "noor", "pia"]

    private func path(_ route: Route, _ name: String, _ front: Front, _ release: ReleaseID, _ foreign: CaseHandle)
        async throws
        -> String
    {
        let own: [String: (String, Bool)] = ["ada": ("ada", false), "ben": ("ben", false), "maya": ("maya", true)]
        var handle = foreign
        if let (who, isStaff) = own[name] { handle = try front.handle(who, isStaff: isStaff) }
        return route.path.replacing("{case}", with: "\(handle)").replacing("{release}", with: "\(release)")
            .replacing("{person}", with: "\(try front.office.id("ada"))").replacing(
                "{link}", with: String(repeating: "A", count: 43)
            )
            .replacing("{index}", with: "3").replacing("{notice}", with: String(repeating: "0", count: 32))
            .replacing(
                "{file}",
                with: route.path.contains("/keys/")
                    ? "log.vkey"
                    : route.path.contains("/kit/")
                        ? "verify.sh" : route.path.contains("receipts") ? "copy.txt" : "record.txt")
    }

    @Test(
        "every route answers every role and ownership as docs/access.md says; who has no part gets one answer, in bytes (MPHP-66, DER-18)"
    )
    func table() async throws {
        let office = try await Office().introduced()
        let front = try Front(office)
        let release = try #require(
            try await office.service.page(front.handle("ada"), of: office.id("ada")).releases.last)
        let foreign = try front.handle("ada")
        var rows: [String] = []
        for route in RouteTable.all.sorted(by: { ($0.path, $0.method.rawValue) < ($1.path, $1.method.rawValue) }) {
            var cells: [String] = []
            for name in Self.actors {
                let actor = name == "nobody" ? nil : name
                // Some routes end the sessions of the one whom they are about.
                try await front.forgetEnded()
                let target = try await path(route, name, front, release, foreign)
                let reply: Reply
                if route.form == .api {
                    let endsSession = route.method == .delete
                    let token = try await front.session(actor, fresh: endsSession)
                    var headers = token.map { [("Authorization", "Bearer \($0)")] } ?? []
                    if route.method == .post { headers.append(("Content-Type", "application/json")) }
                    // A body that nobody can mean, and a version that nothing has: what is reached changes nothing.
                    headers.append(("If-Match", "\"none\""))
                    reply = try await front.send(
                        route.method, target, token: nil, headers: headers,
                        body: route.method == .post ? Array("{}".utf8) : [])
                } else if route.method == .post {
                    if route.path.hasPrefix("/sign-out") { _ = try await front.session(actor, fresh: true) }
                    reply = try await front.post(target, as: actor, [("version", "none")])
                } else {
                    reply = try await front.get(target, as: actor)
                }
                if actor != nil, route.path.hasPrefix("/sign-out") || route.method == .delete {
                    _ = try await front.session(actor, fresh: true)
                }
                cells.append("\(reply.status)")
                #expect(reply.status < 500, "\(route.name) as \(name)")
                // Refused alike: as what is not there at all, for this very session.
                let isAdmitted = route.audience.admits(try await session(front, actor))
                if reply.status == 401 || (reply.status == 404 && !isAdmitted) {
                    let missing =
                        route.form == .api
                        ? try await front.api(.get, "/no/such/thing", as: actor)
                        : try await front.get("/no/such/thing", as: actor)
                    #expect(reply.normalized == missing.normalized, "\(route.name) as \(name)")
                }
            }
            rows.append("| `\(route.name)` | \(cells.joined(separator: " | ")) |")
        }
        let page = try String(contentsOf: repository.appendingPathComponent("docs/access.md"), encoding: .utf8)
        let written = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        #expect(written == rows, "docs/access.md is not what the service answers")
        if written != rows {
            try Data((rows.joined(separator: "\n") + "\n").utf8).write(
                to: URL(fileURLWithPath: NSTemporaryDirectory() + "privity-access.txt"))
        }
    }

    private func session(_ front: Front, _ actor: String?) async throws -> Session? {
        guard let token = try await front.session(actor) else { return nil }
        return try await front.site.accounts.session(token)
    }

    @Test(
        "a handle of somebody else's, a forged one and none are answered in the same bytes, by the same query (MPHP-66)"
    )
    func foreignHandles() async throws {
        let office = try await Office().introduced()
        let front = try Front(office)
        let own = try front.handle("ada")
        let mentors = try front.handle("ben")
        #expect(own != mentors)
        for name in ["eve", "cleo", "omar"] {
            let forged = try await front.get("/cases/\(String(repeating: "0", count: 32))", as: name)
            for handle in ["\(own)", "\(mentors)", "x", "%00", "\(own)0"] {
                let reply = try await front.get("/cases/\(handle)", as: name)
                #expect(reply.status == 404 && reply.normalized == forged.normalized, "\(name) \(handle)")
            }
            let tap = try await front.post("/private", as: name, [("case", "\(own)"), ("act", "look")])
            let none = try await front.post(
                "/private", as: name, [("case", String(repeating: "0", count: 32)), ("act", "look")])
            #expect(tap.status == 404 && tap.normalized == none.normalized)
        }
    }

    @Test("a form without this session's token, or from another site's page, does nothing")
    func foreignForms() async throws {
        let office = try await Office().introduced()
        let front = try Front(office)
        let handle = try front.handle("ada")
        let token = try await front.session("ada")
        let type = ("Content-Type", "application/x-www-form-urlencoded")
        for body in ["", "token=", "token=\(String(repeating: "A", count: 24))"] {
            let reply = try await front.send(
                .post, "/cases/\(handle)/rescission", token: token, headers: [type], body: Array(body.utf8))
            #expect(reply.status == 403)
        }
        for header in [
            ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "https://elsewhere.example"),
        ] {
            #expect(try await front.post("/cases/\(handle)/rescission", as: "ada", headers: [header]).status == 403)
        }
        #expect(try await front.get("/cases/\(handle)", as: "ada").text.contains("Valid"))
        #expect(
            try await front.post(
                "/cases/\(handle)/rescission", as: "ada",
                headers: [("Origin", "https://service.example"), ("Sec-Fetch-Site", "same-origin")]
            ).status == 303)
    }

    @Test("the interface's cookie is not enough: it wants the form token or a bearer token")
    func cookieAlone() async throws {
        let office = try await Office().introduced()
        let front = try Front(office)
        let handle = try front.handle("ada")
        let token = try #require(try await front.session("ada"))
        let path = "/api/v1/cases/\(handle)/rescission"
        let type = ("Content-Type", "application/json")
        #expect(try await front.send(.post, path, token: token, headers: [type], body: Array("{}".utf8)).status == 403)
        let own = try #require(try await front.site.accounts.session(token)).formToken
        #expect(
            try await front.send(
                .post, path, token: token, headers: [type, ("X-Form-Token", own)], body: Array("{}".utf8)
            ).status
                == 200)
    }

    @Test("every page and answer carries the headers that keep it to itself, and no policy allows a script")
    func headers() async throws {
        let office = try await Office().introduced()
        let front = try Front(office)
        for (path, name) in [
            ("/", nil), ("/home", "ada"), ("/desk", "maya"), ("/no", nil), ("/api/v1/session", "ada"),
            ("/style.css", nil),
        ] {
            let reply = try await front.get(path, as: name)
            let policy = try #require(reply.header("Content-Security-Policy"))
            #expect(
                policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'")
                    && !policy.contains("unsafe") && !policy.contains("script-src"))
            #expect(
                reply.header("Referrer-Policy") == "same-origin" && reply.header("X-Content-Type-Options") == "nosniff")
            #expect(reply.header("Strict-Transport-Security") == "max-age=31536000; includeSubDomains")
            if path != "/style.css" { #expect(reply.header("Cache-Control") == "no-store") }
        }
    }
}
