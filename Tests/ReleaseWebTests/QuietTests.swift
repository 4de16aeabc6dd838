import FolderDriver
import Foundation
import HTTPTypes
import Matching
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService
@testable import ReleaseWeb

/// Values that the service must never show: a third field to a mentor, or a mentor's acts to staff.
@Suite("Quiet")
struct QuietTests {
    /// Marks in every field of a mentee that is not to cross.
    private static let marks = ["Zyxmarkname", "zyxmark@example.org", "zyxmarkfield", "Zyxmarkcoord", "Zyxmarkformer"]

    /// An office whose mentee is called so, and everything a mentor can ask it for.
    private func mentorsReplies(first: String, full: String, surname: String, phone: String) async throws -> (
        Front, [(String, Reply)]
    ) {
        let office = try await Office()
        try await office.add(
            "maya", "Maya Zyxmarkcoord", "Zyxmarkcoord", first: "Maya", phone: "312-555-0100", roles: [.coordinator])
        try await office.add(
            "ada", full, surname, first: first, phone: phone, roles: [.participant], field: "zyxmarkfield",
            coordinator: "maya")
        for (name, number) in [("ben", "312-555-0143"), ("cleo", "312-555-0144")] {
            let id = try await office.add(
                name, "\(name.capitalized) Okafor", "Okafor", first: name.capitalized, phone: number, roles: [.mentor],
                coordinator: "maya")
            _ = try await office.service.enroll(
                id, attestation: Attestation(attributes: [.inStanding], fields: ["nurse"]), capacity: 2,
                by: office.id("maya"),
                key: nil)
            _ = try await office.service.acknowledge(
                Actor(.person(id), channel: .screen), display: "\(name.capitalized) X.", key: nil)
        }
        let front = try Front(office)
        try await front.site.accounts.setAddress(
            of: office.id("ada"), to: "zyxmark@example.org", by: .operator)
        try await front.site.accounts.setAddress(
            of: office.id("ben"), to: "ben@example.org", by: .operator)
        var replies: [(String, Reply)] = []
        func ask(_ stage: String) async throws {
            let handle = try front.findHandle("ben")
            let paths =
                RouteTable.all.filter { $0.method == .get }.map(\.path).filter {
                    !$0.contains("{release}") && !$0.contains("{person}") && !$0.contains("{index}")
                        && !$0.contains("{link}")
                }
            for path in paths.sorted() {
                let target = path.replacing("{case}", with: handle.map { "\($0)" } ?? String(repeating: "0", count: 32))
                    .replacing(
                        "{file}", with: "x")
                replies.append(("\(stage) GET \(path)", try await front.get(target, as: "ben")))
            }
            for act in ["look", "called", "arranged", "other"] {
                let target = handle.map { "\($0)" } ?? String(repeating: "0", count: 32)
                replies.append(
                    ("\(stage) \(act)", try await front.post("/private", as: "ben", [("case", target), ("act", act)])))
                replies.append(
                    (
                        "\(stage) api \(act)",
                        try await front.api(.post, "/private", as: "ben", "{\"case\":\"\(target)\",\"act\":\"\(act)\"}")
                    ))
            }
            for (kind, resource) in CommandKind.resources
            where !["unavailability", "end", "acceptance"].contains(resource) {
                let target = "/cases/\(handle.map { "\($0)" } ?? "0")/\(resource)"
                replies.append(
                    ("\(stage) POST \(kind)", try await front.post(target, as: "ben", [("version", "none")])))
            }
        }
        try await ask("before")
        try await office.must(.request, "ada")
        try await office.must(.completeSurvey, "ada") {
            $0.survey = Survey(sameField: .no, answers: Answers(topics: [.stress]), understood: true)
        }
        try await office.must(.propose, "maya") { $0.person = try office.id("ben") }
        try await ask("proposed")
        try await office.must(.acceptSlot, "ben")
        try await office.must(.offer, "maya")
        try await ask("offered")
        try await office.must(.sign, "ada")
        try await ask("signed")
        try await office.must(.disclose, "maya")
        try await ask("introduced")
        try await office.must(.rescind, "ada")
        try await ask("rescinded")
        try await front.site.outbox.deliver()
        return (front, replies)
    }

    @Test(
        "no answer to a mentor, at any stage, holds a mark of any other field of the mentee; each has one length whatever the name (MPHP-36, MPHP-37, DER-16)"
    )
    func mentors() async throws {
        let (front, short) = try await mentorsReplies(
            first: "Al", full: "Al Zyxmarkname", surname: "Zyxmarkname", phone: "+1 312 555 0142")
        let (_, long) = try await mentorsReplies(
            first: "Wolfgangamadeustheophilus", full: "Wolfgangamadeustheophilus Zyxmarkname von und zu",
            surname: "Zyxmarkname",
            phone: "+49 30 901820123")
        #expect(short.count == long.count && short.count > 200)
        var shown = 0
        for ((name, one), (_, other)) in zip(short, long) {
            #expect(one.status == other.status && one.body.count == other.body.count, "\(name)")
            for mark in Self.marks {
                #expect(!one.normalized.contains(mark), "\(name)")
                #expect(!other.normalized.contains(mark), "\(name)")
            }
            if one.text.contains("+13125550142") {
                shown += 1
                #expect(name.hasPrefix("introduced") && name.hasSuffix("look"), "\(name)")
            }
            let names = one.headers.map(\.0).sorted()
            #expect(names == other.headers.map(\.0).sorted(), "\(name)")
        }
        #expect(shown == 2, "the page and the interface, once each, and only while the card is open")
        for letter in front.letterbox.letters {
            for word in Self.marks + ["Al ", "mentor", "MPHP", "recovery", "5550142"] {
                #expect(!letter.body.contains(word) && !letter.subject.contains(word), "\(letter.id)")
            }
        }
        for line in front.log.all { for mark in Self.marks + ["5550142"] { #expect(!line.contains(mark)) } }
    }

    @Test(
        "whether the mentor looked, called or arranged a meeting changes no byte of what staff, logs, metrics, mail, jobs or the log show (MPHP-43, MPHP-49)"
    )
    func staffLearnNothing() async throws {
        let office = try await Office().introduced()
        let other = try await office.copy()
        var told: [[String]] = []
        for (isBusy, place) in [(true, office), (false, other)] {
            let front = try Front(place)
            if isBusy {
                let handle = try front.handle("ben")
                for act in ["look", "called", "look", "arranged"] {
                    #expect(
                        try await front.post("/private", as: "ben", [("case", "\(handle)"), ("act", act)]).status == 200
                    )
                }
                #expect(
                    try await front.api(.post, "/private", as: "ben", "{\"case\":\"\(handle)\",\"act\":\"look\"}")
                        .status == 200)
            }
            var seen: [String] = []
            func look() async throws {
                for name in ["maya", "omar", "noor", "pia"] {
                    for route in RouteTable.all where route.method == .get && !route.path.contains("/health") {
                        let handle =
                            name == "maya" ? try front.handle("maya", isStaff: true) : CaseHandle(high: 0, low: 0)
                        let path = route.path.replacing("{case}", with: "\(handle)").replacing(
                            "{person}", with: "\(try place.id("ada"))"
                        )
                        .replacing("{index}", with: "1")
                        seen.append("\(name) \(path)\n" + (try await front.get(path, as: name)).normalized)
                    }
                }
                seen.append(
                    "\(try await place.service.outbox().map { "\($0.to) \(String(describing: $0.notice)) \($0.on)" }.sorted())"
                )
                seen.append("\(try place.store.read { try $0.logSize() })")
            }
            try await look()
            let scheduler = SchedulerService(front.site)
            await scheduler.round()
            try place.time("2026-01-13T00:10")
            await scheduler.round()
            front.forgetSessions()
            try await look()
            seen.append(front.letterbox.letters.map { "\($0.to) \($0.body)" }.sorted().joined(separator: "\n"))
            seen.append(front.log.all.map { $0.replacing(/"time":"[^"]*"/, with: "") }.joined(separator: "\n"))
            seen.append(
                front.site.metrics.text.split(separator: "\n").filter {
                    !$0.contains("_seconds") || $0.contains("_count")
                }.joined(
                    separator: "\n"))
            told.append(seen)
        }
        #expect(told[0].count == told[1].count)
        for (one, two) in zip(told[0], told[1]) { #expect(one == two, "\(one.prefix(60))") }
    }

    @Test("a replayed request never shows a card again after rescission, whatever it carries (MPHP-57)")
    func replays() async throws {
        let office = try await Office().introduced()
        let front = try Front(office)
        let handle = try front.handle("ben")
        let fields = [("case", "\(handle)"), ("act", "look")]
        let key = "0123456789abcdef0123456789abcdef"
        let first = try await front.post("/private", as: "ben", fields, key: key)
        #expect(first.text.contains("+13125550142"))
        let api = "{\"case\":\"\(handle)\",\"act\":\"look\"}"
        #expect(
            try await front.api(.post, "/private", as: "ben", api, headers: [("Idempotency-Key", key)]).text.contains(
                "+13125550142"))
        try await office.must(.rescind, "ada")
        let again = try await front.post("/private", as: "ben", fields, key: key)
        #expect(again.status == 409 && !again.text.contains("555"))
        #expect(again.body.count == first.body.count)
        let replay = try await front.api(.post, "/private", as: "ben", api, headers: [("Idempotency-Key", key)])
        #expect(replay.status == 409 && !replay.text.contains("555"))
    }

    @Test("the rescind-only code works signed out, locked out, and while nothing can be signed (MPHP-55)")
    func byCode() async throws {
        let office = try await Office().staffed()
        let signed = try await office.go(to: "signed")
        try await office.must(.disclose, "maya")
        let code = try #require(signed.rescindCode)
        var front = try Front(office)
        let guess = [("address", "x@example.org"), ("password", "x"), ("code", "x")]
        for _ in 0..<600 { _ = try await front.post("/sign-in/staff", guess) }
        #expect(try await front.post("/sign-in/staff", guess).status == 429)
        #expect(try await front.post("/sign-in", [("address", "x@example.org")]).status == 200)
        #expect(try await front.post("/rescission", [("code", "AAAAA-AAAAA-AAAAA-AAAAA")]).status == 404)
        try await office.reopen(isKeyless: true)
        front = try Front(office)
        #expect(try await front.get("/ready").status == 503)
        let done = try await front.post("/rescission", [("code", code.lowercased())])
        #expect(done.status == 200 && done.text.contains("signed receipt follows"))
        await #expect(throws: Refusal.self) { try await office.look("ben") }
        try await office.reopen()
        front = try Front(office)
        #expect(try await front.get("/ready").status == 200)
        let handle = try front.handle("ben")
        #expect(try await front.post("/private", as: "ben", [("case", "\(handle)"), ("act", "look")]).status == 409)
        #expect(try office.audit().findings.isEmpty)
    }

    @Test("R23: two mentees of one first name are told apart by their words, on the tile and in no other way (DER-10)")
    func marks() async throws {
        let office = try await Office().staffed()
        try await office.add(
            "twin", "Ada Lindgren", "Lindgren", first: "Ada", phone: "312-555-0177", roles: [.participant],
            coordinator: "maya")
        try await office.go(to: "introduced")
        try await office.go(to: "introduced", "twin")
        let front = try Front(office)
        let words = try await office.service.cases(of: office.id("ben")).compactMap(\.view.word)
        #expect(Set(words).count == 2)
        let home = try await front.get("/home", as: "ben").text
        #expect(
            words.allSatisfy { home.contains("(\($0))") } && !home.contains("Ada"))
        let handles = try office.store.read { tx in
            try tx.parties(
                of: office.service.core.parts.requireVault().caseID(of: office.id("ada"), workflow: "mentorship")
            ).map(
                \.handle)
        }
        #expect(handles.count == 3 && Set(handles).count == 3)
    }

    @Test("one who asks sees no change when somebody signs; the answer comes on its day (MPHP-23)")
    func askerSeesNothing() async throws {
        let office = try await Office().staffed()
        try await office.must(.ask, "ada", workflow: "peerConversation")
        let front = try Front(office)
        let handle = try front.handle("ada", workflow: "peerConversation")
        let asked = try await front.get("/cases/\(handle)", as: "ada").normalized
        try await office.must(.invite, "maya", workflow: "peerConversation") { $0.person = try office.id("ben") }
        #expect(try await front.get("/cases/\(handle)", as: "ada").normalized == asked)
        try await office.must(.agree, "ben", workflow: "peerConversation")
        try await office.must(.sign, "ben", workflow: "peerConversation")
        #expect(try await front.get("/cases/\(handle)", as: "ada").normalized == asked)
        let version = try await front.api(.get, "/cases/\(handle)", as: "ada").header("ETag")
        try await office.must(.rescind, "ben", workflow: "peerConversation")
        #expect(try await front.get("/cases/\(handle)", as: "ada").normalized == asked)
        #expect(try await front.api(.get, "/cases/\(handle)", as: "ada").header("ETag") == version)
    }
}

@Suite("Who was not called")
struct MissedCallTests {
    @Test(
        "R10: from the day after the last day until thirty days after it the person's page says what to do if nobody called, whatever was noted, and beyond the hand-off"
    )
    func missed() async throws {
        for isNoted in [false, true] {
            let office = try await Office().introduced()
            if isNoted { try await office.must(.recordCall, "ben") }
            var front = try Front(office)
            let handle = try front.handle("ada")
            let words = "You should have been called by January 12, 2026."
            for (day, isSaid) in [("01-12", false), ("01-13", true), ("02-11", true), ("02-12", false)] {
                try office.time("2026-\(day)T12:00")
                try await office.host.runClock()
                front.forgetSessions()
                let page = try await front.get("/cases/\(handle)", as: "ada").text
                #expect(page.contains(words) == isSaid, "\(day)")
                let mentor = try await front.get("/cases/\(front.handle("ben"))", as: "ben").text
                #expect(!mentor.contains("You should have been called"))
            }
            front = try Front(office)
        }
    }
}
