import Foundation
import ReleaseLedger
import ReleaseService
import Testing

/// Folders that the first version left behind: every later version opens them, shows the same, and goes on.
///
/// They were made once, by `Fixtures/make.py` with the version that they are of, and are never made again.
@Suite("Folders of earlier versions")
struct FixtureTests {
    private static let programs = ["mphp", "icb", "sgv-camft", "structured", "mscsw"]

    /// The notes that were made beside a folder.
    private struct About: Decodable {
        let clock: String
        let person: String?
        let pin: String?
        let sheet: [String]?
        let evaluation: String?
        let codes: Int?
    }

    /// A copy of a fixture, unpacked.
    private final class Copy {
        let place: Workplace
        var data: String { place.data }
        let about: About

        init(_ name: String) throws {
            place = try Workplace()
            let archive = repository.appendingPathComponent("Tests/CommandTests/Fixtures/v1/\(name).tar.xz").path
            let unpacked = try Tool.shell("tar -C '\(place.path)' -xJf '\(archive)'")
            try #require(unpacked.status == 0, "\(unpacked.errors)")
            about = try JSONDecoder().decode(
                About.self, from: Data(contentsOf: URL(fileURLWithPath: place.path + "/about.json")))
        }

        func text(_ name: String) throws -> String {
            try String(contentsOfFile: "\(place.path)/\(name)", encoding: .utf8)
        }

        /// Everything that the program shows each of the people now.
        func shown() throws -> String {
            let script = repository.appendingPathComponent("Tests/CommandTests/Fixtures/show.py").path
            let run = try Tool.shell("python3 '\(script)' '\(Tool.path)' '\(data)' '\(about.clock)'")
            #expect(run.status == 0, "\(run.errors)")
            return run.out
        }

        /// Lists the things that somebody was shown then and is not shown now, or not as they were.
        ///
        /// More may be shown than then, and of what can be asked for more may be offered, if it is listed in
        /// ``offeredSince``; nothing may be shown otherwise, and nothing may be missing but what ``isWithdrawn(_:_:)``
        /// says. A page's version changes with what it offers and is not compared.
        static func lost(_ was: String, _ now: String) throws -> [String] {
            func tree(_ text: String) throws -> Any { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
            return lost(try tree(was), try tree(now), at: "")
        }

        /// Acts that later versions offer where the first did not.
        private static let offeredSince: Set<String> = ["rescission"]
        /// True of an act that the first offered in a case of this kind and that came to nothing: a correction of a
        /// release that is not live signs nothing, and from a second search no second is sought.
        private static func isWithdrawn(_ act: String, _ shown: [String: Any]) -> Bool {
            act == "correction" && shown["isReleaseLive"] as? Bool == false
                || act == "second-mentor" && shown["workflow"] as? String == "secondMentor"
        }

        private static func lost(_ was: Any, _ now: Any, at place: String) -> [String] {
            switch (was, now) {
            case (let was as [String: Any], let now as [String: Any]):
                // How a refusal, or what a card may be used for, is worded is no part of what somebody is shown of a case.
                return was.keys.sorted().filter { !["etag", "detail", "scope"].contains($0) }.flatMap {
                    key -> [String] in
                    guard var old = was[key], let new = now[key] else { return ["\(place)/\(key) is gone"] }
                    if key == "actions", let acts = old as? [String], let present = new as? [String] {
                        old = acts.filter { present.contains($0) || !isWithdrawn($0, was) }
                    }
                    return lost(old, new, at: "\(place)/\(key)")
                }
            case (let was as [String], let now as [String]) where place.hasSuffix("/actions"):
                let added = now.filter { !was.contains($0) }
                let kept = now.filter { was.contains($0) }
                return kept == was && offeredSince.isSuperset(of: added) ? [] : ["\(place): \(was) is \(now)"]
            case (let was as [Any], let now as [Any]):
                guard was.count == now.count else { return ["\(place): \(was.count) are \(now.count)"] }
                return zip(was, now).enumerated().flatMap { lost($1.0, $1.1, at: "\(place)/\($0)") }
            case (let was as NSObject, let now as NSObject):
                return was == now ? [] : ["\(place): \(was) is \(now)"]
            default: return ["\(place) is of another kind"]
            }
        }
    }

    @Test("what is gone, what is shown otherwise and what is offered without leave are told from what is shown besides")
    func comparison() throws {
        let was = #"{"a":{"actions":["end"],"etag":"1","list":[1,2],"state":"x"}}"#
        #expect(
            try Copy.lost(was, #"{"a":{"actions":["end","rescission"],"list":[1,2],"state":"x","more":1},"b":2}"#) == []
        )
        for now in [
            #"{"a":{"actions":["end"],"list":[1,2]}}"#, #"{"a":{"actions":["end"],"list":[1,2],"state":"y"}}"#,
            #"{"a":{"actions":["end"],"list":[1,3],"state":"x"}}"#,
            #"{"a":{"actions":["end"],"list":[1],"state":"x"}}"#,
            #"{"a":{"actions":[],"list":[1,2],"state":"x"}}"#,
            #"{"a":{"actions":["end","sign"],"list":[1,2],"state":"x"}}"#,
            #"{"a":{"actions":["end"],"list":[1,2],"state":["x"]}}"#, "{}",
        ] {
            #expect(try Copy.lost(was, now).count == 1, "\(now)")
        }
        for (fact, count) in [("\"isReleaseLive\":true", 1), ("\"isReleaseLive\":false", 0)] {
            let lost = try Copy.lost("{\"actions\":[\"correction\"],\(fact)}", "{\"actions\":[],\(fact)}")
            #expect(lost.count == count)
        }
    }

    @Test(
        "every person of every program is shown what they were shown, as it was, and the log verifies",
        arguments: programs)
    func shows(_ program: String) throws {
        let copy = try Copy(program)
        let (was, now) = (try copy.text("shown.json"), try copy.shown())
        #expect(was.count > 10_000 && was.contains("\"state\""))
        let lost = try Copy.lost(was, now)
        #expect(lost == [])
        let audit = try Tool.run("audit", "verify", copy.data)
        #expect(audit.status == 0 && audit.out.contains("\nverified\n"), "\(audit.out)\(audit.errors)")
    }

    @Test(
        "every script that made them answers as it did and repeats nothing, whichever version carried it out",
        arguments: programs)
    func replays(_ program: String) throws {
        let copy = try Copy(program)
        let size = try Tool.run("audit", "verify", copy.data, "--json").out
        for name in ["entered", "example", "states"] {
            // What only reads is read anew, from what the story has come to since.
            let run = try Tool.run("apply", copy.data, "\(copy.place.path)/\(name).jsonl", "--json", "--keep-going")
            #expect(run.status < 3, "\(name): \(run.errors)\(run.out.suffix(400))")
            let recorded = run.out.split(separator: "\n").filter {
                $0.contains("\"records\":[") && !$0.contains("\"records\":[]")
            }
            #expect(!recorded.isEmpty || name == "entered")
            // A code carries no key: using it again answers with the record that there is.
            for line in recorded where !line.contains("\"rescindByCode\"") {
                #expect(line.contains("\"replayed\":true"), "\(line)")
            }
        }
        #expect(try Tool.run("audit", "verify", copy.data, "--json").out == size)
    }

    /// The steps that come next in each program: on a draft and a release that the earlier version left.
    private static let next: [String: String] = [
        "mphp": """
        {"do":"sign","by":"name:OfOffered","as":"offered"}
        {"do":"disclose","by":"phone:312-555-0200","case":"name:OfOffered"}
        {"do":"look","by":"phone:312-555-0301","case":"name:OfOffered"}
        {"do":"rescindByCode","code":"offered"}
        """,
        "icb": """
        {"do":"addPerson","as":"new","name":"Nora Newland","surname":"Newland","firstName":"Nora","phone":"217-555-0390","field":"counseling","roles":["mentor"],"coordinator":"phone:217-555-0200","profile":{"displayName":"Nora N.","region":"Peoria","topics":"ethics","contactRoute":"nora@example.org"}}
        {"do":"browse"}
        """,
        "sgv-camft": """
        {"do":"addPerson","as":"new","name":"Nora Newland","surname":"Newland","firstName":"Nora","phone":"626-555-0390","field":"therapy","roles":["mentor"],"profile":{"displayName":"Nora N.","contactRoute":"nora@example.org"}}
        {"do":"enroll","person":"new","attributes":["member","goodStanding","licensed"]}
        {"do":"acknowledge","by":"new"}
        {"do":"request","by":"new"}
        {"do":"sign","by":"new"}
        """,
        "structured": """
        {"do":"rematch","by":"name:OfEnded"}
        {"do":"sign","by":"name:OfOffered"}
        """,
        "mscsw": """
        {"do":"sign","by":"name:OfOffered"}
        {"do":"disclose","by":"phone:313-555-0200","case":"name:OfPaired"}
        """,
    ]

    @Test(
        "the folder goes on: what was open is carried further, and all of it verifies with privity and with stock openssl",
        arguments: programs)
    func goesOn(_ program: String) throws {
        let copy = try Copy(program)
        let lines = "{\"do\":\"wait\",\"at\":\"\(copy.about.clock)\"}\n" + (try #require(Self.next[program])) + "\n"
        let run = try copy.place.apply(lines)
        #expect(run.status == 0, "\(run.errors)\(run.out)")
        #expect(try Tool.run("audit", "verify", copy.data).out.contains("\nverified\n"))
        let export = try copy.place.export("log")
        let kit = try Tool.shell("sh Kit/verify.sh all '\(export)'")
        #expect(kit.status == 0 && kit.out.contains("verified with OpenSSL"), "\(kit.out.suffix(600))\(kit.errors)")
    }

    @Test(
        "accounts go on: a PIN and a printed code of the earlier version still sign in, and an evaluation still adds up"
    )
    func accounts() async throws {
        for program in Self.programs {
            let copy = try Copy(program)
            if let period = copy.about.evaluation, let codes = copy.about.codes {
                let count = try Tool.run("evaluation", "count", copy.data, period)
                #expect(count.status == 0 && count.out.contains("issued \(codes) ="), "\(count.out)\(count.errors)")
            }
            guard let pin = copy.about.pin, let code = copy.about.sheet?.first else { continue }
            let script = """
                import http.client, json, subprocess, sys
                service = subprocess.Popen([sys.argv[1], "serve", sys.argv[2], "--port", "0", "--clock", sys.argv[3]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
                port = int(service.stdout.readline().rsplit(":", 1)[1])
                connection = http.client.HTTPConnection("127.0.0.1", port)
                for pin in ("999999", sys.argv[5]):
                    connection.request("POST", "/api/v1/sessions", json.dumps({"link": sys.argv[4], "pin": pin}), {"Content-Type": "application/json"})
                    answer = connection.getresponse()
                    answer.read()
                    print(answer.status)
                service.terminate()
                service.wait()
                """
            let path = try copy.place.write("sign-in.py", script)
            let run = try Tool.shell(
                "python3 '\(path)' '\(Tool.path)' '\(copy.data)' '\(copy.about.clock)' \(code) \(pin)")
            #expect(run.out == "403\n201\n", "\(program): \(run.out)\(run.errors)")
        }
    }

    @Test(
        "a folder that an earlier version left half-way, at any step, shows what that version would have shown, finishes the story and verifies",
        arguments: [
            "beforeKeyWrite", "beforeKeySync", "afterKeySync", "beforeCommit", "afterCommit", "afterReread",
            "beforeHeadWrite",
            "beforeHeadSync", "afterHeadSync", "beforeTileWrite", "beforeTileRename", "afterTileRename",
            "beforeDestroy",
            "betweenDestroys", "afterDestroy", "beforeAnswer",
        ])
    func halfWay(_ point: String) throws {
        let copy = try Copy("fault-\(point)")
        let untouched = copy.place.path + "/untouched"
        try FileManager.default.copyItem(atPath: copy.data, toPath: untouched)
        let (was, now) = (try copy.text("shown.json"), try copy.shown())
        #expect(try Copy.lost(was, now) == [], "\(point)")
        try FileManager.default.removeItem(atPath: copy.data)
        try FileManager.default.moveItem(atPath: untouched, toPath: copy.data)
        let run = try Tool.run("apply", copy.data, copy.place.path + "/story.jsonl", "--json")
        #expect(run.status == 0, "\(point): \(run.errors)\(run.out.suffix(400))")
        // What was acknowledged is there.
        let promised = try copy.text("promised.jsonl").split(separator: "\n").filter {
            $0.contains("\"records\":[") && $0.hasSuffix("}")
        }
        for line in promised {
            let records = line.components(separatedBy: "\"records\":[").dropFirst().first?.prefix { $0 != "]" } ?? ""
            if !records.isEmpty { #expect(run.out.contains("\"records\":[\(records)]"), "\(point): \(records)") }
        }
        let audit = try Tool.run("audit", "verify", copy.data, "--json")
        #expect(audit.status == 0, "\(point): \(audit.out)")
        #expect(
            audit.out.contains(
                #""counts":{"acknowledgement":253,"closing":1,"disclosure":1,"genesis":1,"release":1,"rescission":1}"#),
            "\(point): \(audit.out)")
    }

    @Test("a backup of the earlier version is restored with the head that was kept, and shows the same")
    func backup() throws {
        let copy = try Copy("backup")
        let restored = try Tool.run(
            "restore", copy.place.path + "/backup", copy.data, "--passphrase-file", copy.place.path + "/passphrase",
            "--kept",
            copy.place.path + "/kept", "--continue")
        #expect(restored.status == 0, "\(restored.errors)")
        let (was, now) = (try copy.text("shown.json"), try copy.shown())
        let lost = try Copy.lost(was, now)
        #expect(lost == [])
        #expect(try Tool.run("audit", "verify", copy.data).out.contains("\nverified\n"))
    }
}
