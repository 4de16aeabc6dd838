import FolderDriver
import Foundation
import HTTPTypes
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService
@testable import ReleaseWeb

/// Every word of a policy reaches whom it is for: `docs/words.csv` says of each clause who reads it and where, and each
/// row is looked up there as that reader.
@Suite("The words of the policies")
struct WordsTests {
    struct Row: Sendable {
        let program, clause, place, says: String

        static func all(_ program: String) throws -> [Row] {
            let text = try String(
                contentsOf: repository.appendingPathComponent("docs/words.csv"), encoding: .utf8)
            return text.split(separator: "\n").dropFirst().compactMap { line in
                let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
                guard cells.count == 5, cells[0] == program else { return nil }
                return Row(program: cells[0], clause: cells[1], place: cells[3], says: cells[4])
            }
        }
    }

    @Test("R46: each word of the clinical program is where its reader needs it")
    func clinical() async throws { try await walk("mphp") }
    @Test("R46: each word of the board's directory is where its reader needs it")
    func board() async throws { try await walk("icb") }
    @Test("R46: each word of the chapter's program is where its reader needs it")
    func chapter() async throws { try await walk("sgv-camft") }
    @Test("R46: each word of the structured program is where its reader needs it")
    func structured() async throws { try await walk("structured") }
    @Test("R46: each word of the society's program is where its reader needs it")
    func society() async throws { try await walk("mscsw") }

    private func walk(_ program: String) async throws {
        let rows = try Row.all(program)
        #expect(rows.count > 30)
        let places = try await Places.walked(program)
        for row in rows {
            let page = try #require(places[row.place], "\(row.place)")
            #expect(Self.plain(page).contains(Self.plain(row.says)), "\(row.clause) at \(row.place): \(row.says)")
        }
    }

    /// Without marks of HTML, line ends and the ways to write a quotation mark.
    private static func plain(_ text: String) -> String {
        text.replacing(/<[^>]*>/, with: " ").replacing("&#39;", with: "'").replacing("&quot;", with: "\"")
            .replacing("&amp;", with: "&").replacing("&#x2F;", with: "/").replacing("’", with: "'")
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    @Test(
        "R46: no text of a policy is without a row, and no row without its text",
        arguments: ["mphp", "icb", "sgv-camft", "structured", "mscsw"])
    func complete(program: String) async throws {
        let policy = try await Office(program: program).service.policy.policy
        let clauses = Set(try Row.all(program).map(\.clause))
        for clause in policy.clauses {
            #expect(clauses.contains { $0.hasSuffix(".\(clause.id)") }, "\(clause.kind) \(clause.id)")
        }
        for notice in policy.notices.keys { #expect(clauses.contains("notices.\(notice.rawValue)")) }
        for agreement in policy.agreements { #expect(clauses.contains { $0.hasPrefix("agreements.\(agreement.id)") }) }
        for number in policy.assumptions.indices { #expect(clauses.contains("assumptions.\(number)")) }
    }
}

/// The pages and letters of one program, each as its reader has it before them.
private struct Places {
    private let program: String
    private let office: Office
    private let front: Front
    private var found: [String: String] = [:]

    static func walked(_ program: String) async throws -> [String: String] {
        let office =
            program == "mphp" ? try await Office(at: "2026-02-02T09:00").staffed() : try await .running(program)
        var places = Places(program: program, office: office, front: try Front(office))
        try await places.walk()
        return places.found
    }

    private init(program: String, office: Office, front: Front) {
        (self.program, self.office, self.front) = (program, office, front)
    }

    private var isDirectory: Bool { program == "icb" || program == "sgv-camft" }

    private mutating func walk() async throws {
        try await office.add(
            "pia", "Pia Brandt", "Brandt", first: "Pia", phone: "312-555-0103", roles: [.administrator], field: "staff")
        for name in office.people.keys.sorted() {
            try await front.site.accounts.setAddress(of: office.id(name), to: "\(name)@example.org", by: .operator)
        }
        for (place, path) in [
            ("front", "/"), ("how", "/program"), ("ending", "/program/ending"), ("rights", "/privacy"),
        ] {
            found[place] = try await front.get(path).text
        }
        found["admin"] = try await front.get("/admin/policy", as: "pia").text
        for (place, name, role) in [("agreements.mentor", "ben", "mentor"), ("agreements.mentee", "ada", "mentee")] {
            found[place] = try await front.get("/agreements?as=\(role)", as: name).text
        }
        if isDirectory { try await walkListing() } else { try await walkPair() }
        if program == "mphp" { try await walkConversation() }
        try await letters()
    }

    private mutating func walkListing() async throws {
        try await tell("ben request", workflow: "listing", of: "ben")
        if program == "icb" { try await tell("maya offer", workflow: "listing", of: "ben") }
        let handle = try front.handle("ben", of: "ben", workflow: "listing")
        try await front.site.accounts.agreeElectronically(office.id("ben"), by: .operator)
        found["form"] = try await front.get("/cases/\(handle)/signature", as: "ben").text
        try await tell("ben sign", workflow: "listing", of: "ben")
        found["directory"] = try await front.get("/directory", as: "ada").text
        found["acts"] = try await front.get("/cases/\(handle)", as: "ben").text
        if program == "icb" {
            let own = try front.handle("maya", of: "ben", workflow: "listing", isStaff: true)
            found["staff"] = try await front.get("/cases/\(own)/rescission?for=mentor", as: "maya").text
        }
        try await tell("ben rescind", workflow: "listing", of: "ben")
        found["receipt"] = try await receipt(handle, of: "ben")
    }

    private mutating func walkPair() async throws {
        try await front.site.accounts.agreeElectronically(office.id("ada"), by: .operator)
        try await tell("ada request")
        let handle = try front.handle("ada")
        found["survey"] = try await front.get("/cases/\(handle)/survey", as: "ada").text
        try await tell("ada completeSurvey\nmaya propose ben\nben acceptSlot\nmaya offer")
        found["form"] = try await front.get("/cases/\(handle)/signature", as: "ada").text
        try await tell("ada sign")
        if program != "mphp" { try await tell("ben sign") }
        if program != "structured" { try await tell("maya disclose") }
        found["card"] = try await front.post(
            "/private", as: "ben", [("case", "\(front.handle("ben"))"), ("act", "look")]
        ).text
        found["acts"] = try await front.get("/cases/\(handle)", as: "ada").text
        let own = try front.handle("maya", isStaff: true)
        found["staff"] = try await front.get("/cases/\(own)/rescission?for=mentee", as: "maya").text
        try await tell("ada rescind")
        found["receipt"] = try await receipt(handle, of: "ada")
    }

    private mutating func walkConversation() async throws {
        let asks = try front.handle("eve", of: "eve", workflow: "peerConversation")
        found["ask"] = try await front.get("/cases/\(asks)/question", as: "eve").text
        try await tell(
            "eve ask\nmaya invite ben\nben agree\nben sign\nmaya alert", workflow: "peerConversation", of: "eve")
        found["conversation"] = try await front.post(
            "/private", as: "eve",
            [("case", "\(front.handle("eve", of: "eve", workflow: "peerConversation"))"), ("act", "look")]
        ).text
    }

    private func receipt(_ handle: CaseHandle, of name: String) async throws -> String {
        let page = try await front.get("/cases/\(handle)", as: name).text
        let path = try #require(page.firstMatch(of: /\/cases\/[^"\/]+\/receipts\/[^"\/]+/)).output
        return try await front.get(String(path), as: name).text
    }

    private func tell(_ lines: String, workflow: String = "mentorship", of opener: String = "ada") async throws {
        try await Story.tell(office, workflow: workflow, of: opener, lines, isChecked: false)
        _ = try await front.site.outbox.deliver()
    }

    /// Everything that this program ever writes, by going every way that somebody is told of.
    private mutating func letters() async throws {
        let pairs = [
            "eve@phone request\neve completeSurvey\nmaya propose cleo\ncleo acceptSlot\nmaya offer\ncleo slotUnavailable\nmaya propose cleo\ncleo acceptSlot\nmaya offer\neve sign\n\(program == "mphp" ? "" : "cleo sign\n")\(program == "structured" ? "" : "maya disclose\n")eve correct\n\(program == "mphp" ? "eve requestCallBack" : "eve freezeCard\neve unfreezeCard")",
            program == "mscsw" ? "eve seekSecond\neve extend\n" : "",
            program == "mphp" ? "cleo slotUnavailable" : program == "structured" ? "cleo giveNotice" : "eve notAMatch",
        ]
        if !isDirectory {
            try await tell(pairs[0], of: "eve")
            let lasting = try await office.copy()
            try await tell(pairs[1], of: "eve")
            try await tell(pairs[2], of: "eve")
            try await letters(of: lasting)
        }
        if program == "mphp" {
            try await tell("ada ask\nmaya invite dan", workflow: "peerConversation", of: "ada")
            try await tell("wait 2026-02-20T09:00", workflow: "peerConversation", of: "ada")
            try await tell(
                "eve rematch\neve completeSurvey\nmaya propose dan\ndan acceptSlot\nmaya offer\neve sign\nmaya disclose\ndan end",
                of: "eve")
        }
        if isDirectory {
            try await tell("ben request", workflow: "listing", of: "ben")
            if program == "icb" {
                try await tell("ben@paper decline\nben@paper request\nmaya offer", workflow: "listing", of: "ben")
            }
            try await tell("ben sign\nfact ben certified 2030-12-31", workflow: "listing", of: "ben")
            for act in ["wait 2028-01-10T09:00", "wait 2028-03-10T09:00"] {
                try await tell(act, workflow: "listing", of: "ben")
            }
            _ = try await office.service.reportIncident(
                .paperLost, of: [office.id("ben")], discoveredOn: office.service.today(), closesCards: false,
                by: office.id("pia"), key: nil)
            _ = try await front.site.outbox.deliver()
        }
        found["letter", default: ""] += front.letterbox.letters.map(\.body).joined(separator: "\n")
        let declined = isDirectory ? "ben" : "ada"
        let workflow = isDirectory ? "listing" : "mentorship"
        let handle = try front.handle(declined, of: declined, workflow: workflow)
        front.forgetSessions()
        let (page, token) = ("/cases/\(handle)?done=declination", try #require(try await front.session(declined)))
        front.site.said.note(page, to: try #require(try await front.site.accounts.session(token)).digest)
        found["declined"] = try await front.get(page, as: declined).text
    }

    /// The letters to a pair that stays together.
    private mutating func letters(of office: Office) async throws {
        let other = Places(program: program, office: office, front: try Front(office))
        let (parted, left, closed) = (try await office.copy(), try await office.copy(), try await office.copy())
        let fifth = Places(program: program, office: closed, front: try Front(closed))
        try await fifth.tell("maya withdrawCard", of: "eve")
        found["letter", default: ""] += fifth.front.letterbox.letters.map(\.body).joined(separator: "\n")
        for act in ["wait 2026-07-10T09:00", "wait 2027-01-10T09:00", "wait 2027-02-10T09:00", "wait 2027-06-10T09:00"]
        {
            try await other.tell(act, of: "eve")
        }
        found["letter", default: ""] += other.front.letterbox.letters.map(\.body).joined(separator: "\n")
        if program == "structured" || program == "mscsw" {
            let third = Places(program: program, office: parted, front: try Front(parted))
            try await third.tell("eve notAMatch", of: "eve")
            try await third.tell(
                "ada rematch\nada completeSurvey\nmaya propose cleo\ncleo acceptSlot\nmaya offer\nada sign", of: "ada")
            try await third.tell("fact ada student yes\nwait 2027-08-01T09:00", of: "ada")
            found["letter", default: ""] += third.front.letterbox.letters.map(\.body).joined(separator: "\n")
            if program == "mscsw" {
                let fourth = Places(program: program, office: left, front: try Front(left))
                try await fourth.tell("cleo end", of: "eve")
                found["letter", default: ""] += fourth.front.letterbox.letters.map(\.body).joined(separator: "\n")
            }
        }
    }
}
