import FolderDriver
import Foundation
import HTTPTypes
import Matching
import PolicyFile
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Synchronization
import Testing

@testable import ReleaseService
@testable import ReleaseWeb

/// The web server's forms, replayed requests, words, letters and scheduled jobs.
@Suite("Site")
struct SiteTests {
    private func version(_ page: Reply) throws -> String {
        let match = try #require(try page.text.firstMatch(of: Regex("name=\"version\" value=\"([^\"]+)\"")))
        return String(try #require(match.output[1].substring))
    }

    @Test(
        "a double click is done once and answered alike; another form under the same key is refused; an older page does nothing (two tabs)"
    )
    func doubleClick() async throws {
        let office = try await Office().staffed()
        let front = try Front(office)
        let handle = try front.handle("ada")
        let shown = try await front.get("/cases/\(handle)/request", as: "ada")
        let fields = [("version", try version(shown))]
        let first = try await front.post("/cases/\(handle)/request", as: "ada", fields, key: "one key")
        let second = try await front.post("/cases/\(handle)/request", as: "ada", fields, key: "one key")
        #expect(first.status == 303 && second.status == 303 && first.header("Location") == second.header("Location"))
        // The same page once more, as a form of its own: the case has moved on.
        let stale = try await front.post("/cases/\(handle)/request", as: "ada", fields, key: "two keys")
        #expect(stale.status == 409 && stale.text.contains("Something changed meanwhile"))
        // The key of the request, with a survey.
        let survey = try await front.get("/cases/\(handle)/survey", as: "ada")
        let other = try await front.post(
            "/cases/\(handle)/survey", as: "ada", [("version", try version(survey)), ("understood", "yes")],
            key: "one key")
        #expect(other.status == 409)
        #expect(try await front.get("/cases/\(handle)", as: "ada").text.contains("Next come a few questions"))
    }

    @Test(
        "the interface: one key, one outcome; a stale version is refused before anything happens; an unchanged case answers 304"
    )
    func interface() async throws {
        let office = try await Office().staffed()
        let front = try Front(office)
        let handle = try front.handle("ada")
        let shown = try await front.api(.get, "/cases/\(handle)", as: "ada")
        let tag = try #require(shown.header("ETag"))
        #expect(
            try await front.api(.get, "/cases/\(handle)", as: "ada", headers: [("If-None-Match", tag)]).status == 304)
        let key = ("Idempotency-Key", "k-1")
        let one = try await front.api(
            .post, "/cases/\(handle)/request", as: "ada", "{}", headers: [key, ("If-Match", tag)])
        let two = try await front.api(
            .post, "/cases/\(handle)/request", as: "ada", "{}", headers: [key, ("If-Match", tag)])
        #expect(one.status == 200 && two.status == 200 && two.text.contains("\"isReplay\":true"))
        #expect(
            try await front.api(.post, "/cases/\(handle)/rematch", as: "ada", "{}", headers: [("If-Match", tag)]).status
                == 412)
        #expect(
            try await front.api(.get, "/cases/\(handle)", as: "ada", headers: [("If-None-Match", tag)]).status == 200)
        let board = try await front.api(.get, "/cases?as=staff&limit=1", as: "maya")
        #expect(board.text.contains("\"next\""))
        for bad in ["limit=0", "limit=101", "limit=x", "as=boss", "as=staff&after=zzz"] {
            let reply = try await front.api(.get, "/cases?\(bad)", as: "maya")
            #expect(reply.status == 422 && reply.header("Content-Type") == "application/problem+json", "\(bad)")
        }
    }

    @Test("a board is read page by page, each case once, those that wait for the coordinator first")
    func paging() async throws {
        let office = try await Office().staffed()
        for number in 0..<7 {
            try await office.add(
                "p\(number)", "Pat Number\(number)", "Number\(number)", first: "Pat", phone: "312-555-02\(number + 10)",
                roles: [.participant],
                coordinator: "maya")
            try await office.must(.request, "p\(number)", on: "p\(number)")
            if number < 3 { try await office.must(.completeSurvey, "p\(number)", on: "p\(number)") }
        }
        let front = try Front(office)
        var (path, seen, ranks): (String, [String], [String]) = ("/cases?as=staff&limit=2", [], [])
        for _ in 0..<10 {
            let reply = try await front.api(.get, path, as: "maya")
            let object = try #require(try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any])
            for item in try #require(object["items"] as? [[String: Any]]) {
                seen.append(try #require(item["id"] as? String))
                ranks.append(try #require(item["rank"] as? String))
            }
            guard let next = object["next"] as? String else { break }
            path = "/cases?as=staff&limit=2&after=\(next)"
        }
        #expect(seen.count == 7 && Set(seen).count == 7)
        #expect(ranks == ["waiting", "waiting", "waiting", "open", "open", "open", "open"])
        #expect(try await front.get("/desk", as: "omar").text.contains("No case is open"))
    }

    @Test(
        "handing people over for absence moves every case to the other coordinator, and the first sees nothing any more"
    )
    func reassignment() async throws {
        let office = try await Office().introduced()
        let front = try Front(office)
        let (maya, omar) = (try office.id("maya"), try office.id("omar"))
        let old = try front.handle("maya", isStaff: true)
        let done = try await front.post("/admin/reassignment", as: "pia", [("from", "\(maya)"), ("to", "\(omar)")])
        #expect(done.status == 303 && done.header("Location")?.hasSuffix("done=asked") == true)
        #expect(try await front.get("/cases/\(old)", as: "maya").status == 200, "nobody is handed over by one hand")
        // An auditor confirms it, and sees of it two names of staff.
        let page = try await front.get("/second-hand", as: "noor")
        #expect(page.text.contains("Shall everybody whom Maya Lindqvist looks after be handed to Omar Haddad?"))
        #expect(!page.text.contains("Fairweather"))
        let act = try #require(try await office.service(as: "noor").pendingActs().first).act
        let path = "/second-hand/\(act.id)"
        #expect(try await front.post(path, as: "pia", [("answer", "confirm")]).status != 303, "not whoever asked")
        #expect(try await front.post(path, as: "noor", [("answer", "confirm")]).status == 303)
        #expect(try await front.get("/cases/\(old)", as: "maya").status == 404)
        #expect(try await front.get("/cases/\(front.handle("omar", isStaff: true))", as: "omar").status == 200)
        #expect(try await front.get("/desk", as: "maya").text.contains("No case is open"))
    }

    @Test(
        "what is typed wrong comes back with the field named, everything typed kept, and nothing done",
        arguments: [
            ("fullName", ""), ("fullName", "Gail\u{202E}liaG"), ("fullName", "Ga\u{0000}il"),
            ("fullName", "Gail\u{200B}"),
            ("fullName", String(repeating: "x", count: 121)), ("surname", "Under\u{200B}wood"),
            ("firstName", "Dr Gail"), ("firstName", "Gail Underwood"),
            ("phone", "call me"),
            ("phone", "١٢"),
            ("field", "\u{FEFF}"), ("address", "nobody"), ("address", "a@b.org\r\nBcc: c@d.org"),
        ])
    func badPerson(_ field: String, _ value: String) async throws {
        let office = try await Office().staffed()
        let front = try Front(office)
        let good = [
            ("fullName", "Gail Underwood"), ("surname", "Underwood"), ("firstName", "Gail"), ("phone", "312-555-0161"),
            ("field", "nurse"),
            ("roles", "participant"), ("address", "gail@example.org"),
        ]
        let count = try await office.service.people().count
        let reply = try await front.post(
            "/desk/people", as: "maya", good.map { $0.0 == field ? (field, value) : $0 }, key: "k")
        if field == "address" {
            // The address is the account's: the person is entered, and the page says what is wrong with the rest.
            #expect(reply.status == 422)
            return
        }
        #expect(
            reply.status == 422 && reply.text.contains("aria-invalid=\"true\"") && reply.text.contains("role=\"alert\"")
        )
        #expect(reply.text.contains("value=\"gail@example.org\""))
        #expect(try await office.service.people().count == count)
        for line in front.log.all { #expect(!line.contains("Underwood") && !line.contains("gail@")) }
    }

    @Test(
        "names in any script are taken",
        arguments: [
            ("ნინო ბერიძე", "ბერიძე", "ნინო"), ("李 小龍", "李", "小龍"), ("أحمد زكي", "زكي", "أحمد"),
            ("Zoë O’Neil-Ångström", "O’Neil-Ångström", "Zoë"), ("ऋतु शर्मा", "शर्मा", "ऋतु"),
        ])
    func scripts(_ full: String, _ surname: String, _ first: String) async throws {
        let office = try await Office().staffed()
        let front = try Front(office)
        let reply = try await front.post(
            "/desk/people", as: "maya",
            [
                ("fullName", full), ("surname", surname), ("firstName", first), ("phone", "312-555-0161"),
                ("field", "nurse"),
                ("roles", "participant"),
            ])
        #expect(reply.status == 303)
        let page = try await front.get(try #require(reply.header("Location")), as: "maya")
        #expect(page.text.contains(surname))
    }

    @Test(
        "a body that is no form, no JSON, too long or of another kind is a clear problem and nothing else",
        arguments: [
            ("application/json", "{", 400), ("application/json", "[]", 400), ("application/json", "{\"x\":1}", 422),
            ("text/plain", "{}", 400),
            ("application/json", "{\"act\":5,\"case\":\"x\"}", 422),
            ("application/json", "{\"act\":\"look\",\"case\":null}", 400),
            ("application/json", "{\"act\":\"look\",\"act\":\"call\",\"case\":\"x\"}", 400),
            ("application/json", "{\"act\":[\(String(repeating: "{},", count: 600)){}],\"case\":\"x\"}", 400),
            ("application/json", "{\"act\":\"\(String(repeating: "x", count: 20_000))\",\"case\":\"x\"}", 413),
        ])
    func badBody(_ type: String, _ body: String, _ status: Int) async throws {
        let office = try await Office().introduced()
        let front = try Front(office)
        let token = try #require(try await front.session("ben"))
        let reply = try await front.send(
            .post, "/api/v1/private", token: nil,
            headers: [("Authorization", "Bearer \(token)"), ("Content-Type", type)],
            body: Array(body.utf8))
        #expect(reply.status == status, "\(reply.text)")
        #expect(
            reply.header("Content-Type") == "application/problem+json" && reply.text.contains("urn:privity:problem:"))
        let long = try await front.send(
            .post, "/api/v1/private", token: nil,
            headers: [("Authorization", "Bearer \(token)"), ("Content-Type", type)],
            body: [UInt8](repeating: 0x20, count: 70_000))
        #expect(long.status == 413)
        let form = try await front.send(
            .post, "/private", token: token, headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: Array("token=%zz".utf8))
        #expect(form.status == 400)
    }

    @Test("multipart bodies are read exactly, and what is cut short or malformed is refused")
    func multipart() throws {
        let boundary = "----x7"
        let text =
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"via\"\r\n\r\npaper\r\n--\(boundary)\r\nContent-Disposition: form-data; name=\"scan\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n\r\n--almost\r\n\u{0}\r\n--\(boundary)--\r\n"
        let type = "multipart/form-data; boundary=\(boundary)"
        let body = try FormBody(Array(text.utf8), contentType: type)
        #expect(body.text("via") == "paper" && body.files["scan"] == Array("\r\n--almost\r\n\u{0}".utf8))
        let bytes = Array(text.utf8)
        for length in 0..<(bytes.count - 4) {
            #expect(throws: FormBody.Malformed.self, "\(length)") {
                try FormBody(Array(bytes.prefix(length)), contentType: length == 0 ? type : type)
            }
        }
        for other in ["multipart/form-data", "multipart/form-data; boundary=", "text/html"] {
            #expect(throws: FormBody.Malformed.self) { try FormBody(bytes, contentType: other) }
        }
    }

    @Test("a stopped mail system loses nothing and sends nothing twice; letters name no program, person or case")
    func outbox() async throws {
        let office = try await Office().staffed()
        let front = try Front(office)
        for name in ["ada", "ben"] {
            try await front.site.accounts.setAddress(
                of: office.id(name), to: "\(name)@example.org", by: .operator)
        }
        front.letterbox.close(true)
        try await office.go(to: "introduced")
        let waiting = try await office.service.outbox().count
        for _ in 0..<3 { #expect(try await front.site.outbox.deliver() == 0) }
        #expect(try await office.service.outbox().count == waiting)
        front.letterbox.close(false)
        #expect(try await front.site.outbox.deliver() == 0, "it waits before it tries again")
        try office.time("2026-01-05T09:10")
        #expect(try await front.site.outbox.deliver() > 0)
        #expect(try await front.site.outbox.deliver() == 0)
        let letters = front.letterbox.letters
        #expect(Set(letters.map(\.id)).count == letters.count && letters.count >= 2)
        for letter in letters {
            for word in ["Ada", "Ben", "mentor", "MPHP", "Fairweather", "release", "recovery", "case "] {
                #expect(!letter.body.contains(word))
            }
        }
        // What is for somebody without a mailbox waits for their coordinator.
        try await office.must(.rescind, "ada")
        try await office.go(to: "proposed", "eve", with: "cleo")
        let toPassOn = try await front.site.outbox.toPassOn(by: .person(office.id("maya"), .staff))
        #expect(toPassOn.contains { $0.person == (try? office.id("cleo")) })
        #expect(try await front.site.outbox.toPassOn(by: .person(office.id("omar"), .staff)).isEmpty)
        let page = try await front.get("/desk/notices", as: "maya")
        #expect(page.text.contains("Cleo Marchetti"))
        let id = try #require(toPassOn.first).id.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
            .joined()
        #expect(try await front.post("/desk/notices/\(id)", as: "omar").status == 404)
        #expect(try await front.post("/desk/notices/\(id)", as: "maya").status == 303)
        #expect(try await front.post("/desk/notices/\(id)", as: "maya").status == 404, "once")
    }

    @Test(
        "due work is done once, whatever the clock does and however often the service starts: hand-off on its day, and again nothing"
    )
    func scheduler() async throws {
        let office = try await Office().introduced()
        var front = try Front(office)
        let handle = try front.handle("maya", isStaff: true)
        await SchedulerService(front.site).round()
        #expect(try await front.get("/cases/\(handle)", as: "maya").text.contains("The card was released"))
        try office.time("2026-01-13T00:01")
        let size = try office.store.read { try $0.logSize() }
        for _ in 0..<3 { await SchedulerService(front.site).round() }
        front.forgetSessions()
        #expect(try await front.get("/cases/\(handle)", as: "maya").text.contains("Handed off"))
        let events = try await office.service.page(handle, of: office.id("maya")).view.history.filter {
            $0.rule.hasSuffix("handOff")
        }
        #expect(events.count == 1)
        // The clock jumps back: nothing is undone, and nothing is done twice.
        try office.time("2026-01-06T09:00")
        try await office.reopen()
        front = try Front(office)
        await SchedulerService(front.site).round()
        #expect(
            try await office.service.page(handle, of: office.id("maya")).view.history.filter {
                $0.rule.hasSuffix("handOff")
            }
            .count == 1)
        #expect(try office.store.read { try $0.logSize() } == size)
        try office.time("2027-01-06T00:10")
        await SchedulerService(front.site).round()
        // The expiry, on its day: for the person it has closed, and before the eyes of staff nothing moves (R13).
        #expect(try await office.service.page(handle, of: office.id("maya")).view.state == "handedOff")
        let own = try front.handle("ada")
        #expect(try await office.service.page(own, of: office.id("ada")).view.state == "ended")
    }

    @Test("the scheduler sleeps by the clock it is given, wakes for a letter, and ends when it is told to")
    func schedulerSleeps() async throws {
        let office = try await Office().staffed()
        let front = try Front(office)
        try await front.site.accounts.setAddress(of: office.id("ada"), to: "ada@example.org", by: .operator)
        let clock = StandingClock()
        let task = Task { try await SchedulerService(front.site, pause: .seconds(1000), clock: clock).run() }
        await clock.sleepers(1)
        try await front.site.accounts.requestLink(typedAddress: "ada@example.org", from: "a")
        await clock.sleepers(2)
        #expect(front.letterbox.letters.count == 1, "sent without waiting for the pause to end")
        task.cancel()
        _ = try? await task.value
    }

    /// A clock on which nothing passes; it counts who sleeps.
    private final class StandingClock: Clock {
        typealias Instant = ContinuousClock.Instant
        private let count = Mutex(0)
        let start = ContinuousClock.now
        var now: Instant { start }
        var minimumResolution: Duration { .zero }
        func sleep(until deadline: Instant, tolerance: Duration?) async throws {
            count.withLock { $0 += 1 }
            let (stream, _) = AsyncStream<Void>.makeStream()
            for await _ in stream {}
            try Task.checkCancellation()
        }
        func sleepers(_ number: Int) async { while count.withLock({ $0 }) < number { await Task.yield() } }
    }

    // MARK: Words and papers

    @Test(
        "every sentence that the code asks for is in the one file of words, and every sentence of the file is asked for"
    )
    func words() async throws {
        let words = Words.english
        let folder = repository.appendingPathComponent("Sources/ReleaseWeb")
        var code = ""
        for case let url as URL in try #require(
            FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        where url.pathExtension == "swift" { code += try String(contentsOf: url, encoding: .utf8) }
        var known = Set(code.matches(of: /"([a-z][A-Za-z]*(?:\.[A-Za-z0-9-]+)+)"/).map { String($0.1) })
        // Families, by what they are made of.
        func family(_ prefix: String, _ names: [String]) { for name in names { known.insert("\(prefix).\(name)") } }
        for (prefix, names) in [
            ("pathway", Pathway.allCases.map(\.rawValue)), ("topic", Topic.allCases.map(\.rawValue)),
            ("time", TimeCell.allCases.map(\.rawValue)),
            ("setting", Setting.allCases.map(\.rawValue)), ("ageBand", AgeBand.allCases.map(\.rawValue)),
            ("gender", Gender.allCases.map(\.rawValue)),
            ("stage", Stage.allCases.map(\.rawValue)), ("relation", Exclusion.Relation.allCases.map(\.rawValue)),
            ("role", Identity.Role.allCases.map(\.rawValue)), ("channel", Channel.allCases.map(\.rawValue)),
            ("profile", ProfileField.allCases.map(\.rawValue)),
            ("rank", PartyRow.Rank.allCases.map { "\($0.rawValue)" }),
            ("importance", Importance.allCases.map(\.rawValue)), ("keys", ["log", "record"]),
            ("private", ["look", "called", "arranged"]),
            ("hidden.box", ["own", "staff"]), ("hidden.standing", ["own", "staff"]),
            ("agreements.link", ["mentor", "mentee"]), ("availability.link", ["mentor", "mentee", "listing"]),
            ("attest", ["inRecoverySince", "experiencedSince", "licensedOn", "inPracticeSince", "certifiedUntil"]),
            ("proxy.for", ["mentee", "mentor", "asker", "volunteer"]),
            ("availability", ["paused", "open", "pause"]), ("availability.listing", ["paused", "open", "pause"]),
            ("enter.firstUse", Policy.FirstSignIn.allCases.map(\.rawValue)),
            ("enter", ["memberNumber", "memberNumberHint", "firstUseCode", "firstUseCodeHint"]),
            ("directory.keepApart", ["supervisor", "person"]),
            ("incident", Incident.Kind.allCases.map(\.rawValue)), ("produce", ProductionGround.names),
            ("printCard", ["mentor", "mentee", "asker", "volunteer"]),
            ("phoneConfirmed", ["label", "yes"]), ("anotherPerson", ["label", "yes"]),
        ] {
            for name in names { #expect(words.keys.contains("\(prefix).\(name)"), "\(prefix).\(name)") }
            family(prefix, names)
        }
        for (kind, resource) in CommandKind.resources {
            for part in ["title", "text", "button"] {
                #expect(words.keys.contains("act.\(kind.rawValue).\(part)"), "\(kind)")
            }
            #expect(words.keys.contains("done.\(resource)"), "\(resource)")
        }
        for act in CasePages.privateActs.keys { #expect(words.keys.contains("private.\(act)"), "\(act)") }
        for wish in TelephoneCall.Wish.allCases {
            #expect(words.keys.contains("telephone.\(wish.rawValue)"), "\(wish)")
            #expect(words.keys.contains("telephone.done.\(wish.rawValue)"), "\(wish)")
        }
        for kind in CommandKind.allCases where !kind.isPrivate {
            #expect(words.keys.contains("event.\(kind.rawValue)"), "\(kind)")
        }
        for program in ["mphp", "icb", "sgv-camft", "structured", "mscsw"] {
            let policy = try PolicyFile.parse(Office.policyText(program)).policy
            for workflow in policy.workflows {
                for state in workflow.names { #expect(words.keys.contains("state.\(state)"), "\(program) \(state)") }
                for place in policy.matching.areas + policy.matching.languages {
                    #expect(policy.matching.names[place] != nil, "\(place)")
                }
                let kind = workflow.audience?.rawValue ?? (workflow.isMutual ? "mutual" : "one")
                #expect(words.keys.contains("front.crossesText.\(kind)"))
                #expect(words.keys.contains("workflow.\(workflow.id).staff"), "\(workflow.id)")
            }
        }
        let families = [
            "state.", "front.crossesText.", "workflow.", "act.", "done.", "event.", "problem.", "proxy.", "telephone.",
            "private.",
            "secondHand.", "suspension.", "program.", "evaluation.", "electronic.", "fact.callBy.", "obstacle.signed.",
            "waits.yoursText.", "agreements.takeBackText.", "obstacle.text.", "issue.reached.",
            "signInLine.",
        ]
        for key in known
        where key.split(separator: ".").count > 1
            && words.keys.contains(where: { $0.hasPrefix(key.prefix { $0 != "." } + ".") })
        {
            if families.contains(where: { key.hasPrefix($0) }) { continue }
            #expect(words.keys.contains(key), "the words lack \(key)")
        }
        for key in words.keys {
            // A text for programs of one kind, or for a fact, stands beside the one for all.
            let parts = key.split(separator: "#").map(String.init)
            let plain = parts[0].split(separator: "@").map(String.init)
            if parts.count > 1 { #expect(Words.Trait(rawValue: parts[1]) != nil, "\(key)") }
            if plain.count > 1 { #expect(CaseLine.Situation(rawValue: plain[1]) != nil, "\(key)") }
            if !known.contains(plain[0]), !families.contains(where: { plain[0].hasPrefix($0) }) {
                Issue.record("nobody says \(key)")
            }
        }
        for (key, text) in words.all {
            #expect(
                !text.contains("colour") && !text.contains("programme") && !text.contains("organis"),
                "\(key): US spelling")
            #expect(!text.contains("  ") && text == text.trimmingCharacters(in: .whitespacesAndNewlines), "\(key)")
        }
    }

    @Test("the pages are written for readers of the eighth grade (Flesch-Kincaid), letters too")
    func grade() throws {
        let texts = Words.english.all.filter {
            !$0.key.hasPrefix("audit.") && !$0.key.hasPrefix("keys.") && !$0.key.hasPrefix("admin.")
                && !$0.key.hasPrefix("policy.")
        }
        .values.filter { $0.split(separator: " ").count >= 8 }
        let all = texts.joined(separator: " ")
        let sentences = all.matches(of: /[.!?:](\s|$)/).count
        let spoken = all.split { !$0.isLetter && $0 != "’" }
        let syllables = spoken.reduce(0) { sum, word in
            let lower = word.lowercased()
            var groups = lower.matches(of: /[aeiouy]+/).count
            if lower.hasSuffix("e"), !lower.hasSuffix("le"), groups > 1 { groups -= 1 }
            return sum + max(1, groups)
        }
        let grade =
            0.39 * Double(spoken.count) / Double(sentences) + 11.8 * Double(syllables) / Double(spoken.count) - 15.59
        #expect(grade < 8, "grade \(grade)")
        #expect(spoken.count > 1500)
    }

    @Test("no template prints anything unescaped, and none holds a script or a style of its own")
    func templates() throws {
        let folder = repository.appendingPathComponent("Sources/ReleaseWeb/Templates")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasSuffix(".mustache") {
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            for word in ["{{{", "{{&", "<script", "javascript:", " style=", "onclick", "onload", "http:", "https:"] {
                #expect(!text.contains(word), "\(name): \(word)")
            }
        }
    }

    @Test("the manifest in docs is what each role can see in the service (DER-23)")
    func manifest() async throws {
        let policy = try PolicyFile.parse(Office.policyText()).policy
        let text = CapabilityManifest(policy).text
        let path = repository.appendingPathComponent("docs/capabilities-mphp.txt")
        let written = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
        if written != text {
            try Data(text.utf8).write(to: URL(fileURLWithPath: NSTemporaryDirectory() + "privity-capabilities.txt"))
        }
        #expect(written == text, "docs/capabilities-mphp.txt has to be looked at and brought up to date")
        // What the service answers, through a whole case, is within it; and all of it is answered somewhere.
        let office = try await Office().introduced()
        let front = try Front(office)
        var seen: Set<String> = []
        func take(_ role: String, _ type: String, _ reply: Reply) throws {
            let value = try JSONSerialization.jsonObject(with: Data(reply.body))
            guard let object = value as? [String: Any] else { return }
            let objects = (object["items"] as? [[String: Any]]) ?? [object]
            for object in objects {
                for (name, inner) in object where name != "next" {
                    if type == "card", name == "fields" {
                        for field in (inner as? [String: Any] ?? [:]).keys {
                            seen.insert("\(role): field: card.fields.\(field)")
                        }
                    } else {
                        seen.insert("\(role): field: \(type).\(name)")
                    }
                }
            }
        }
        for (name, role) in [("ada", "mentee"), ("ben", "mentor")] {
            let handle = try front.handle(name)
            try take(role, "case", try await front.api(.get, "/cases/\(handle)", as: name))
            try take(
                role, "card",
                try await front.api(
                    .post, "/private", as: "ben", "{\"case\":\"\(front.handle("ben"))\",\"act\":\"look\"}"))
        }
        try take("mentee", "look", try await front.api(.get, "/looks", as: "ada"))
        let page = try await office.service.page(front.handle("ada"), of: office.id("ada"))
        try take(
            "mentee", "receipt",
            try await front.api(.get, "/cases/\(page.handle)/receipts/\(try #require(page.releases.last))", as: "ada"))
        // Another one has signed, and nothing is released yet.
        try await office.go(to: "signed", "eve")
        try take("mentee", "case", try await front.api(.get, "/cases/\(front.handle("eve", of: "eve"))", as: "eve"))
        for opener in ["ada", "eve"] {
            let staff = try front.handle("maya", of: opener, isStaff: true)
            try take("coordinator", "case", try await front.api(.get, "/cases/\(staff)", as: "maya"))
        }
        try take(
            "coordinator", "person",
            try await front.api(.post, "/people/searches", as: "maya", "{\"phone\":\"312-555-0142\"}"))
        try take("auditor", "entry", try await front.api(.get, "/log/entries/1", as: "noor"))
        let fields = Set(text.split(separator: "\n").map(String.init).filter { $0.contains(": field: ") })
        let foreign = seen.filter { !fields.contains($0) && !$0.hasPrefix("mentee: field: card") }
        #expect(foreign.isEmpty, "\(foreign.sorted())")
        let unanswered = fields.filter { line in
            ["mentee: field: case", "mentor: field: card", "coordinator: field: ", "auditor: field: "].contains {
                line.hasPrefix($0)
            } && !seen.contains(line)
        }
        #expect(unanswered.allSatisfy { $0.hasSuffix("counterpartName") }, "\(unanswered.sorted())")
        for job in Scheduler.Job.allCases { #expect(text.contains("clock: job: \(job.rawValue)\n")) }
    }

    @Test("the OpenAPI document names every route of the interface, and no other")
    func openAPI() async throws {
        let office = try await Office().staffed()
        let front = try Front(office)
        let reply = try await front.get("/api/v1/openapi.json")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any])
        #expect(object["openapi"] as? String == "3.1.0")
        let paths = try #require(object["paths"] as? [String: [String: Any]])
        let named = Set(paths.flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(path)" } })
        let routes = Set(RouteTable.all.filter { $0.form == .api && !$0.path.hasSuffix("openapi.json") }.map(\.name))
        #expect(named == routes)
    }

    @Test("a session's page is one length whatever the name, and every page is a whole number of steps")
    func steps() async throws {
        let office = try await Office().introduced()
        let front = try Front(office)
        for (path, name) in [
            ("/", nil), ("/home", "ada"), ("/desk", "maya"), ("/no/such", nil), ("/admin/policy", "pia"),
        ] {
            #expect(try await front.get(path, as: name).body.count % Site.pageStep == 0)
        }
    }

    @Test("log lines name routes by their pattern and hold no handle, token, name or number; silent routes leave none")
    func logs() async throws {
        let office = try await Office().introduced()
        let front = try Front(office)
        let handle = try front.handle("ben")
        _ = try await front.get("/cases/\(handle)", as: "ben")
        _ = try await front.get("/sign-in/link/\(String(repeating: "A", count: 43))")
        let before = front.log.all.count
        let metrics = front.site.metrics.text
        for act in ["look", "called", "arranged", "nonsense"] {
            _ = try await front.post("/private", as: "ben", [("case", "\(handle)"), ("act", act)])
        }
        #expect(front.log.all.count == before && front.site.metrics.text == metrics)
        #expect(front.log.all.contains { $0.contains("GET /cases/{case}") })
        for line in front.log.all {
            #expect(!line.contains("\(handle)") && !line.contains("AAAA"))
            #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil)
        }
        #expect(metrics.contains("privity_http_requests_total{route=\"GET /cases/{case}\",status=\"200\"} 1"))
    }
}
