import FolderDriver
import Foundation
import Testing

@Suite("Command line")
struct CommandTests {
    @Test("the worked example runs to its end, and privity, the shell kit on stock openssl and a repeated apply agree")
    func workedExample() throws {
        let place = try Workplace()
        try place.example()
        // Every allocation is filled with rubbish first: nothing may rest on memory that happens to be zero.
        let run = try Tool.run(
            "apply", place.data, "Policies/examples/mphp.jsonl", environment: ["MALLOC_PERTURB_": "165"])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.out.contains("TELEPHONE   +13125550142") && run.out.contains("TELEPHONE   +13125550199"))
        #expect(run.out.contains("this card is not available"))
        for surname in ["Fairweather", "Okafor", "Marchetti", "Sørensen", "Castellanos", "Abernathy"] {
            #expect(!run.out.contains(surname))
            #expect(!run.errors.contains(surname))
        }
        #expect(try Tool.run("audit", "verify", place.data).out.contains("\nverified\n"))
        #expect(try Tool.run("audit", "export", place.data, place.path + "/log", "--include-today").status == 0)
        let kit = try Tool.shell("dash Kit/verify.sh all \(place.path)/log")
        #expect(
            kit.status == 0 && kit.out.contains("24 records") && kit.out.contains("verified with OpenSSL"),
            "\(kit.out) \(kit.errors)")
        #expect(try Tool.run("audit", "verify", place.path + "/log").status == 0)
        let again = try Tool.run("apply", place.data, "Policies/examples/mphp.jsonl", "--json")
        #expect(
            try Tool.run("audit", "verify", place.data, "--json").out.contains("\"recordCount\":24"), "\(again.errors)")
    }

    @Test(
        "a line that cannot be used stops there with its number and field, exit 2, and nothing from it on is applied",
        arguments: [
            ("{\"do\":\"request\"", "line"), ("not json", "line"), ("[]", "line"), ("{\"do\":\"obey\"}", "do"),
            ("{}", "do"),
            ("{\"do\":\"request\",\"by\":\"ada\",\"mood\":\"good\"}", "mood"),
            ("{\"do\":\"request\",\"by\":\"nobody\"}", "by"),
            ("{\"do\":\"request\",\"by\":7}", "by"), ("{\"do\":\"request\",\"by\":\"ada\",\"via\":\"pigeon\"}", "via"),
            ("{\"do\":\"request\",\"by\":\"ada\",\"at\":\"soon\"}", "at"),
            ("{\"do\":\"rescind\",\"by\":\"ada\",\"reason\":\"x\"}", "reason"),
            ("{\"do\":\"end\",\"by\":\"ben\",\"case\":\"ada\",\"comment\":\"x\"}", "comment"),
            ("{\"do\":\"slotUnavailable\",\"by\":\"ben\",\"case\":\"ada\",\"reason\":\"ill\"}", "reason"),
            ("{\"do\":\"requestCallBack\",\"by\":\"ada\",\"text\":\"x\"}", "text"),
            ("{\"do\":\"recordMeeting\",\"by\":\"ada\",\"place\":\"x\"}", "place"),
            ("{\"do\":\"completeSurvey\",\"by\":\"ada\",\"survey\":{\"sameField\":\"often\"}}", "survey.sameField"),
            (
                "{\"do\":\"completeSurvey\",\"by\":\"ada\",\"survey\":{\"sameField\":\"no\",\"topics\":[\"weather\"],\"understood\":true}}",
                "survey.topics"
            ),
            (
                "{\"do\":\"addPerson\",\"as\":\"x\",\"name\":\"X Y\",\"surname\":\"Y\",\"firstName\":\"Dr X\",\"phone\":\"312-555-0142\",\"field\":\"a\",\"roles\":[]}",
                "firstName"
            ),
            (
                "{\"do\":\"addPerson\",\"as\":\"x\",\"name\":\"X Y\",\"surname\":\"Y\",\"firstName\":\"Xia\",\"phone\":\"call me\",\"field\":\"a\",\"roles\":[]}",
                "phone"
            ),
            (
                "{\"do\":\"addPerson\",\"as\":\"x\",\"name\":\"X Y\",\"surname\":\"Y\",\"firstName\":\"Xia\",\"phone\":\"312-555-0142 ext 5\",\"field\":\"a\",\"roles\":[]}",
                "phone"
            ),
            (
                "{\"do\":\"addPerson\",\"as\":\"x\",\"name\":\"X Y\",\"surname\":\"Y\",\"firstName\":\"Xia\",\"phone\":\"312-555-0142\",\"field\":\"a\",\"roles\":[\"king\"]}",
                "roles"
            ),
            ("{\"do\":\"wait\",\"say\":\"" + String(repeating: "x", count: 70_000) + "\"}", "line"),
        ])
    func badLines(line: String, field: String) throws {
        let place = try Workplace()
        try place.example()
        let run = try place.apply(
            Workplace.cast + "{\"do\":\"request\",\"by\":\"ada\"}\n\(line)\n{\"do\":\"decline\",\"by\":\"ada\"}\n")
        #expect(run.status == 2, "\(run.errors)")
        #expect(run.errors.contains("line 7"))
        #expect(run.errors.contains("`\(field)`"), "\(run.errors)")
        #expect(run.errors.split(separator: "\n").count == 1)
        #expect(!run.errors.contains("Dr X") && !run.errors.contains("call me"))
        #expect(!run.out.contains("decline"))
        // The next command works, and what came before is there.
        let after = try place.apply("{\"do\":\"request\",\"by\":\"phone:312-555-0142\"}\n")
        #expect(
            after.status == 1 && after.out.contains("cannot `request` while the case is `requested`"),
            "\(after.out) \(after.errors)")
    }

    @Test("with --keep-going the rest is applied, and the exit status is still the worst")
    func keepGoing() throws {
        let place = try Workplace()
        try place.example()
        let run = try place.apply(Workplace.cast + "nonsense\n{\"do\":\"request\",\"by\":\"ada\"}\n", "--keep-going")
        #expect(run.status == 2 && run.out.contains("request → requested"))
    }

    @Test(
        "an illegal transition, a wrong actor and a wrong channel are refused by name, exit 1, and nothing is half-written"
    )
    func refusals() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        for (line, words) in [
            (
                "{\"do\":\"request\",\"by\":\"name:Fairweather\",\"at\":\"2026-01-05T10:00\"}",
                "cannot `request` while the case is `introduced`"
            ),
            (
                "{\"do\":\"disclose\",\"by\":\"name:Okafor\",\"case\":\"name:Fairweather\",\"at\":\"2026-01-05T10:00\"}",
                "cannot `disclose`"
            ),
            (
                "{\"do\":\"recordCall\",\"by\":\"name:Lindqvist\",\"case\":\"name:Fairweather\",\"at\":\"2026-01-05T10:00\"}",
                "not this person's"
            ),
            (
                "{\"do\":\"recordCall\",\"by\":\"name:Okafor\",\"case\":\"name:Fairweather\",\"via\":\"phone\",\"through\":\"name:Lindqvist\",\"at\":\"2026-01-05T10:00\"}",
                "cannot be done by `phone`"
            ),
            (
                "{\"do\":\"rescind\",\"by\":\"name:Fairweather\",\"via\":\"phone\",\"at\":\"2026-01-05T10:00\"}",
                "needs the assigned coordinator"
            ),
        ] {
            let run = try place.apply(line + "\n")
            #expect(run.status == 1 && run.out.contains(words), "\(line): \(run.out) \(run.errors)")
        }
        #expect(try Tool.run("audit", "verify", place.data).status == 0)
    }

    @Test(
        "in a folder that is not an example nobody acts on screen, no clock is set, and the card is printed at disclosure"
    )
    func realFolder() throws {
        let place = try Workplace()
        let passphrase = try place.write("secret", "a long enough passphrase\n")
        let made = try Tool.run(
            "init", place.data, "--policy", "Policies/mphp.yaml", "--origin", "roi.example.net/mphp",
            "--passphrase-file",
            passphrase)
        #expect(made.status == 0, "\(made.errors)")
        let today = try Tool.shell("TZ=America/Chicago date +%F").out.trimmingCharacters(in: .newlines)
        let cast = Workplace.cast.replacingOccurrences(of: ",\"at\":\"2026-01-05T09:00\"", with: "")
            .replacingOccurrences(
                of: "\"by\":\"ben\",\"display\"",
                with:
                    "\"by\":\"ben\",\"via\":\"paper\",\"through\":\"maya\",\"scan\":\"sheet.pdf\",\"signedOn\":\"\(today)\",\"display\""
            )
        for (name, text) in [("scan.pdf", "a release"), ("sheet.pdf", "an agreement")] {
            try Data(Papers.pdf(text)).write(to: URL(fileURLWithPath: "\(place.path)/\(name)"))
        }
        let story =
            cast + """
                {"do":"addPerson","as":"omar","name":"Omar Haddad","surname":"Haddad","firstName":"Omar","phone":"312-555-0101","field":"coordination","roles":["coordinator"]}
                {"do":"confirm","person":"ben","by":"omar","reached":"face"}
                {"do":"request","by":"ada","via":"phone","through":"maya"}
                {"do":"completeSurvey","by":"ada","via":"paper","through":"maya","survey":{"sameField":"no","topics":["stress"],"understood":true}}
                {"do":"propose","by":"maya","case":"ada","person":"ben"}
                {"do":"acceptSlot","by":"ben","case":"ada","via":"phone","through":"maya"}
                {"do":"offer","by":"maya","case":"ada"}

                """
        let offered = try place.apply(story)
        #expect(offered.status == 0, "\(offered.out) \(offered.errors)")
        let form = try Tool.run("release", "print", place.data, "name:Fairweather")
        #expect(
            form.out.contains("I, Ada Fairweather, permit MPHP") && form.out.contains("one person only: Ben O."),
            "\(form.errors)")
        let digest = try #require(form.out.split(separator: "\n").last?.split(separator: " ").last)
        let sign =
            "{\"do\":\"sign\",\"by\":\"name:Fairweather\",\"via\":\"paper\",\"through\":\"name:Lindqvist\",\"scan\":\"scan.pdf\",\"signedOn\":\"\(today)\"}"
        let unbound = try place.apply(sign + "\n")
        #expect(unbound.status == 2 && unbound.errors.contains("`digest`"), "\(unbound.errors)")
        let signed = sign.dropLast() + ",\"digest\":\"\(digest)\"}\n"
        let filed = try place.apply(String(signed))
        #expect(filed.status == 0 && filed.out.contains("waits") && !filed.out.contains("release/v1"), "\(filed.out)")
        let answer = "{\"do\":\"confirm\",\"person\":\"name:Fairweather\",\"by\":\"name:Haddad\""
        let unsaid = try place.apply(answer + "}\n")
        #expect(unsaid.status == 2 && unsaid.errors.contains("`reached`"), "\(unsaid.errors)")
        let run = try place.apply(
            answer + ",\"reached\":\"elsewhere\"}\n"
                + "{\"do\":\"disclose\",\"by\":\"name:Lindqvist\",\"case\":\"name:Fairweather\"}\n")
        #expect(run.status == 0, "\(run.out) \(run.errors)")
        #expect(run.out.contains("card for printing") && run.out.contains("TELEPHONE   +13125550142"))
        for (line, field) in [
            ("{\"do\":\"end\",\"by\":\"name:Fairweather\",\"via\":\"screen\"}", "via"),
            ("{\"do\":\"end\",\"by\":\"name:Fairweather\"}", "via"),
            ("{\"do\":\"wait\",\"at\":\"2026-01-05T09:00\"}", "at"),
            ("{\"do\":\"look\",\"by\":\"name:Okafor\",\"case\":\"name:Fairweather\"}", "do"),
        ] {
            let bad = try place.apply(line + "\n")
            #expect(bad.status == 2 && bad.errors.contains("`\(field)`"), "\(line): \(bad.errors)")
        }
        let denied = try Tool.run(
            "init", place.path + "/x", "--policy", "Policies/mphp.yaml", "--origin", "example.org/x",
            "--passphrase-file",
            passphrase)
        #expect(denied.status == 2 && denied.errors.contains("--origin"))
    }

    @Test(
        "staff see a board and a case, find people, print forms and hand out receipts; auditors see records; nobody sees looks"
    )
    func views() throws {
        let place = try Workplace()
        try place.example()
        #expect(
            try place.apply(
                Workplace.introduced
                    + "{\"do\":\"look\",\"by\":\"ben\",\"case\":\"ada\"}\n{\"do\":\"recordCall\",\"by\":\"ben\",\"case\":\"ada\"}\n"
            ).status == 0)
        let board = try Tool.run("case", "list", place.data, "--coordinator", "name:Lindqvist")
        #expect(
            board.status == 0 && board.out.contains("introduced") && board.out.contains("valid until")
                || board.out.contains("ended"), "\(board.out)\(board.errors)")
        let shown = try Tool.run(
            "case", "show", place.data, "name:Fairweather", "--role", "coordinator", "--viewer", "name:Lindqvist",
            "--json")
        #expect(
            shown.status == 0 && !shown.out.contains("isCallRecorded")
                && shown.out.contains("\"state\":\"introduced\""),
            "\(shown.out)\(shown.errors)")
        let own = try Tool.run("case", "show", place.data, "name:Fairweather", "--role", "mentee", "--json")
        #expect(own.out.contains("\"isCallRecorded\":true"))
        #expect(
            try Tool.run(
                "case", "show", place.data, "name:Fairweather", "--role", "mentor", "--viewer", "name:Lindqvist"
            ).status
                == 1)
        #expect(try Tool.run("person", "find", place.data, "--phone", "(312) 555-0142").status == 0)
        let nobody = try Tool.run("person", "find", place.data, "--name", "Unheardof")
        #expect(nobody.status == 1 && !nobody.errors.contains("Unheardof"))
        let release = try #require(own.out.components(separatedBy: "\"release\":\"").last?.prefix(32))
        let records = try Tool.run("release", "show", place.data, String(release))
        #expect(
            records.out.contains("/release/v1") && records.out.contains("/disclosure/v1")
                && !records.out.contains("312"))
        #expect(try Tool.run("release", "export", place.data, String(release), place.path + "/receipts").status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path + "/receipts").count == 4)
        #expect(try Tool.run("release", "show", place.data, "xyz").status == 2)
        #expect(try Tool.run("key", "list", place.data).out.contains("recovery"))
        #expect(try Tool.run("erase", place.data, "name:Fairweather").status == 1)
    }

    @Test("nothing personal need stand on a command line: `-` is asked for, or read from standard input")
    func askedFor() throws {
        let place = try Workplace()
        try place.example()
        func run(_ arguments: [String], _ typed: String) throws -> Run { try Tool.run(arguments, typed: typed) }
        let add =
            ["account", "add", place.data]
            + ["--name", "--surname", "--first-name", "--phone", "--mail"].flatMap { [$0, "-"] }
            + ["--role", "auditor"]
        let short = try run(add, "Pia Brandt\nBrandt\n")
        #expect(short.status == 2 && short.errors.contains("`--first-name`: expected a line on standard input"))
        let added = try run(add, "Pia Brandt\nBrandt\nPia\n312-555-0103\npia@example.net\n")
        #expect(added.status == 0 && added.errors == "" && added.out.contains("/set-up/"), "\(added.errors)")
        let found = try run(["person", "find", place.data, "--name", "-"], "Brandt\n")
        let id = try #require(found.out.split(separator: "\n").first)
        #expect(found.status == 0 && found.errors == "")
        for typed in ["name:Brandt", "phone:312-555-0103", "\(id)"] {
            let disabled = try run(["account", "disable", place.data, "-"], typed + "\n")
            #expect(disabled.status == 0 && disabled.errors == "", "\(disabled.errors)")
        }
        let written = try Tool.run("account", "disable", place.data, "name:Brandt")
        #expect(written.status == 0 && written.errors.contains("`person`: others on this machine"))
        #expect(!written.errors.contains("Brandt"))
        #expect(try Tool.run("account", "disable", place.data, String(id)).errors == "")
    }

    @Test("rescission by code needs no passphrase and no whole folder, and is signed once the folder is whole again")
    func rescindByCode() throws {
        let place = try Workplace()
        try place.example()
        // The code is on the receipt; `apply` does not print it, so this one is taken back with a wrong one first.
        #expect(try place.apply(Workplace.introduced).status == 0)
        let wrong = try Tool.run("release", "rescind", place.data, "--code", "AAAAA-AAAAA-AAAAA-AAAAA")
        #expect(wrong.status == 1 && wrong.errors.contains("no such person, case or release"))
        #expect(wrong.errors.contains("`--code`: others on this machine") && !wrong.errors.contains("AAAAA"))
        let codes = try place.apply(Workplace.introduced.replacingOccurrences(of: "ada", with: "ada") + "", "--codes")
        #expect(codes.status == 0)
        let code = try #require(
            codes.out.split(separator: "\n").first { $0.contains("rescind-only code ") }?.split(separator: " ").last)
        try FileManager.default.moveItem(atPath: place.data + "/head", toPath: place.path + "/head")
        try FileManager.default.moveItem(atPath: place.data + "/passphrase", toPath: place.path + "/passphrase")
        let rescinded = try Tool.run(["release", "rescind", place.data, "--code", "-"], typed: "\(code)\n")
        #expect(!rescinded.errors.contains("others on this machine") && !rescinded.errors.contains(code))
        #expect(
            rescinded.status == 3 && rescinded.out.contains("The release has ended")
                && rescinded.out.contains("receipt pending"))
        try FileManager.default.moveItem(atPath: place.path + "/head", toPath: place.data + "/head")
        try FileManager.default.moveItem(atPath: place.path + "/passphrase", toPath: place.data + "/passphrase")
        let look = try place.apply("{\"do\":\"look\",\"by\":\"name:Okafor\",\"case\":\"name:Fairweather\"}\n")
        #expect(look.status == 1 && look.out.contains("this card is not available"))
        let audit = try Tool.run("audit", "verify", place.data)
        #expect(audit.status == 0, "\(audit.out)")
        #expect(
            try Tool.shell(
                "sqlite3 \(place.data)/privity.sqlite \"select count(*) from log_entry where cast(note as text) like '%/rescission/v1%'\""
            ).out == "1\n")
    }

    @Test(
        "a wrong passphrase, a truncated key, a missing or foreign head, a newer or damaged database: one line naming the file, exit 3, and the folder works again afterwards"
    )
    func brokenFolders() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        let wrong = try place.write("wrong", "not the passphrase at all\n")
        let short = try place.write("short", "short\n")
        func board(_ options: String...) throws -> Run { try Tool.run(["apply", place.data, "-"] + options) }
        func expect(_ run: Run, _ words: String, status: Int32 = 3, sourceLocation: SourceLocation = #_sourceLocation) {
            #expect(run.status == status, "\(run.out) \(run.errors)", sourceLocation: sourceLocation)
            #expect(run.errors.contains(words), "\(run.errors)", sourceLocation: sourceLocation)
            #expect(run.errors.split(separator: "\n").count == 1, sourceLocation: sourceLocation)
        }
        expect(try board("--passphrase-file", wrong), "wrong passphrase")
        expect(try board("--passphrase-file", short), "at least 16 bytes")
        expect(try board("--passphrase-file", place.path + "/none"), "none")

        func begin(_ file: String, _ count: Int) throws -> Data {
            try Data(contentsOf: URL(fileURLWithPath: "\(place.data)/\(file)")).prefix(count)
        }
        func damage(_ file: String, to replacement: Data, _ body: () throws -> Void) throws {
            let url = URL(fileURLWithPath: "\(place.data)/\(file)")
            let original = try Data(contentsOf: url)
            try replacement.write(to: url)
            try body()
            try original.write(to: url)
        }
        try damage("keys/log.pem", to: begin("keys/log.pem", 100)) { expect(try board(), "`keys/log.pem`") }
        try damage("keys/record.pem", to: Data()) { expect(try board(), "`keys/record.pem`") }
        try damage("keys/vault.key", to: begin("keys/vault.key", 60)) { expect(try board(), "`keys/vault.key`") }
        try damage("privity.yaml", to: Data("origin: [\n".utf8)) { expect(try board(), "`privity.yaml`", status: 2) }
        try damage("privity.sqlite", to: Data(repeating: 7, count: 8192)) { expect(try board(), "database") }
        #expect(try Tool.shell("sqlite3 \(place.data)/privity.sqlite 'pragma user_version = 99'").status == 0)
        expect(try board(), "newer than this program")
        #expect(try Tool.shell("sqlite3 \(place.data)/privity.sqlite 'pragma user_version = 3'").status == 0)
        try damage("head", to: Data(repeating: 0, count: 8192)) {
            let run = try place.apply("{\"do\":\"correct\",\"by\":\"name:Fairweather\",\"phone\":\"312-555-0177\"}\n")
            #expect(run.status == 1 && run.out.contains("not signing"), "\(run.out) \(run.errors)")
            #expect(try Tool.run("audit", "verify", place.data).status == 1)
        }
        expect(try Tool.run("apply", place.path + "/nowhere", "-"), "no data folder", status: 2)
        let mended = try board()
        #expect(mended.status == 0, "\(mended.errors)")
        #expect(try Tool.run("audit", "verify", place.data).status == 0)
    }

    @Test(
        "a full disk and a read-only folder end with exit 3 and one line, nothing is half-written, and the next command works"
    )
    func fullDisk() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.cast).status == 0)
        // A limit on file size is a disk that is full for this process alone.
        let script = try place.write(
            "fill.jsonl",
            (0..<400).map {
                "{\"do\":\"addPerson\",\"as\":\"p\($0)\",\"name\":\"P Q\",\"surname\":\"Q\",\"firstName\":\"Pia\","
                    + "\"phone\":\"312-555-0142\",\"field\":\"a\",\"roles\":[\"participant\"],\"anotherPerson\":true}"
            }
            .joined(separator: "\n"))
        let run = try Tool.shell("trap '' XFSZ; ulimit -f 500; exec \(Tool.path) apply \(place.data) \(script)")
        #expect(run.status == 3, "\(run.status) \(run.errors)")
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        #expect(try Tool.run("apply", place.data, script).status == 0)
        #expect(try Tool.run("audit", "verify", place.data).status == 0)
    }

    @Test("a second writer ends at once with exit 3; readers need no lock; when the first is done the next goes on")
    func twoProcesses() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        // Another process holds the folder's lock and says so, and lets go when its input ends.
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        holder.arguments = [place.data + "/lock", "sh", "-c", "echo held; cat"]
        let (input, output) = (Pipe(), Pipe())
        holder.standardInput = input
        holder.standardOutput = output
        try holder.run()
        #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "held\n")
        let second = try Tool.run("apply", place.data, "-")
        #expect(second.status == 3 && second.errors.contains("another process is writing"), "\(second.errors)")
        #expect(second.errors.split(separator: "\n").count == 1)
        #expect(try Tool.run("case", "list", place.data, "--coordinator", "name:Lindqvist").status == 0)
        #expect(try Tool.run("audit", "verify", place.data).status == 0)
        try input.fileHandleForWriting.close()
        holder.waitUntilExit()
        let next = try place.apply(
            "{\"do\":\"look\",\"by\":\"name:Okafor\",\"case\":\"name:Fairweather\",\"at\":\"2026-01-05T12:00\"}\n")
        #expect(next.status == 0 && next.out.contains("FIRST NAME  Ada"), "\(next.errors)")
    }

    @Test(
        "people come in from CSV: the whole file is checked first, problems name line and column, and importing twice enters nobody twice"
    )
    func csv() throws {
        let place = try Workplace()
        try place.example()
        let header = "name,surname,firstName,phone,field,roles,underContract,coordinator\n"
        let good =
            header
            + "Ada Fairweather,Fairweather,Ada,312-555-0142,nurse,participant,true,\n\"Okafor, Benedict\",Okafor,Ben,312-555-0143,nurse,participant;mentor,true,\n"
        let first = try Tool.run("person", "import", place.data, place.write("good.csv", good))
        #expect(first.status == 0 && first.out.contains("2 entered"), "\(first.out) \(first.errors)")
        #expect(
            try Tool.run("person", "import", place.data, place.write("good2.csv", good)).out.contains(
                "0 entered, 2 known"))
        for (text, words) in [
            (
                header
                    + "Eve X,X,Eve,312-555-0146,nurse,participant,true,\nBad,Bad,Dr Bad,312-555-0147,nurse,participant,true,\n",
                "line 3, column 9: `firstName`"
            ),
            (header + "Eve X,X,Eve,12,nurse,participant,true,\n", "line 2, column 13: `phone`"),
            (header + "Eve X,X,Eve,312-555-0146,nurse,king,true,\n", "line 2, column 32: `roles`"),
            (header + "Eve X,X,Eve,312-555-0146,nurse,participant,perhaps,\n", "line 2, column 44: `underContract`"),
            ("name,surname\nA,B\n", "missing column"),
            (header.replacingOccurrences(of: "field", with: "field,salary") + "", "unknown column"),
        ] {
            let run = try Tool.run("person", "import", place.data, place.write("bad-\(UUID()).csv", text))
            #expect(run.status == 2 && run.errors.contains(words), "\(run.errors)")
            #expect(!run.errors.contains("Dr Bad"))
        }
        #expect(try Tool.run("person", "find", place.data, "--phone", "312-555-0146").status == 1)
    }

    @Test(
        "csv08.1, csv48.1, csv10.1, csv21.1, csv26.1: what spreadsheets write is read: blank rows, a mark before the text, a line sep=, semicolons, TRUE and yes, spaces that do not break"
    )
    func spreadsheets() throws {
        let header = "name,surname,firstName,phone,field,roles,underContract,coordinator\n"
        let ada = "Ada Fairweather,Fairweather,Ada,312-555-0142,nurse,participant,TRUE,\n"
        let eve = "Eve Castellanos,Castellanos,Eve,312-555-0146,pharmacist,participant;mentor,No,\n"
        for (name, text) in [
            ("a blank row at the end", header + ada + eve + "\n\n"),
            ("one in the middle", header + ada + "\n,,,,,,,\n" + eve),
            ("lines of Windows", (header + ada + eve).replacingOccurrences(of: "\n", with: "\r\n")),
            ("a byte order mark", "\u{FEFF}" + header + ada + eve), ("a sep line", "sep=,\n" + header + ada + eve),
            ("no line end", String((header + ada + eve).dropLast())),
            ("tabs", (header + ada + eve).replacingOccurrences(of: ",", with: "\t")),
            (
                "semicolons",
                (header + ada + eve).replacingOccurrences(of: "participant;mentor", with: "\"participant;mentor\"")
                    .replacingOccurrences(of: ",", with: ";")
            ),
            ("empty cells behind", (header + ada + eve).replacingOccurrences(of: ",\n", with: ",,,\n")),
            (
                "cells over two lines",
                header + ada.replacingOccurrences(of: "nurse", with: "\"nurse\"")
                    + "\"Castellanos, \"\"Eve\"\"\",Castellanos,Eve,"
                    + "312-555-0146,pharmacist,participant,0,\n"
            ),
        ] {
            let place = try Workplace()
            try place.example()
            let run = try Tool.run("person", "import", place.data, place.write("people.csv", text))
            #expect(run.status == 0 && run.out.contains("2 entered"), "\(name): \(run.out)\(run.errors)")
        }
    }

    @Test(
        "all faults of a file are told at once, each with line, column and what is expected, and nobody is entered")
    func faults() throws {
        let place = try Workplace()
        try place.example()
        let header = "name,surname,firstName,phone,field,roles,underContract,coordinator\n"
        let ada = "Ada Fairweather,Fairweather,Ada,312-555-0142,nurse,participant,true,"
        for (text, expected) in [
            (header + ada + ",extra,more\n", ["line 2, column 70: a cell beyond the last of 8 columns"]),
            ("name," + header + "Ada," + ada + "\n", ["line 1, column 6: the column `name` stands twice"]),
            (
                header + "Ada 5\" Fairweather,Fairweather,Ada,312-555-0142,nurse,participant,true,\n",
                ["line 2, column 6: a quotation mark within a cell"]
            ),
            (
                header + "\"Ada\" F,Fairweather,Ada,312-555-0142,nurse,participant,true,\n",
                ["line 2, column 7: expected the end"]
            ),
            (header + ada + "\n\"Eve,Castellanos\n", ["line 3, column 1: this quotation mark is never closed"]),
            (
                header + ada + "\n" + "Eve Castellanos,Castellanos,Eve,312-555-0146,nurse,participant,true,"
                    + String(repeating: "0123456789abcdef", count: 2) + "\n",
                ["line 3, column 69: `coordinator`: expected the id of a coordinator who is known here"]
            ),
            (
                header + ",,Dr Ada,12,,king,perhaps,x\n" + "Eve Y,Y,Eve,312-555-0147,nurse,auditor;coordinator,true,\n",
                [
                    "line 2, column 1: `name`", "line 2, column 3: `firstName`", "line 2, column 10: `phone`",
                    "line 2, column 13: `field`", "line 2, column 14: `roles`", "line 2, column 19: `underContract`",
                    "line 2, column 27: `coordinator`", "line 3, column 32: `roles`: expected auditor alone",
                ]
            ),
            ("", ["line 1, column 1: expected a header line"]),
            (ada + "\n" + ada + "\n", ["line 1, column 1: unknown column", "missing column `name`"]),
        ] {
            let file = try place.write("bad-\(UUID()).csv", text)
            let run = try Tool.run("person", "import", place.data, file)
            // The random name of the file may hold any digits.
            let told = run.errors.replacingOccurrences(of: file, with: "FILE")
            #expect(run.status == 2 && run.errors.contains("nobody was entered"), "\(run.errors)")
            for words in expected { #expect(run.errors.contains(words), "\(words) in \(run.errors)") }
            for personal in ["Ada", "Fairweather", "Castellanos", "0142"] { #expect(!told.contains(personal)) }
        }
        #expect(try Tool.run("person", "import", place.data, place.data + "/none.csv").errors.contains("no such file"))
        #expect(try Tool.run("person", "find", place.data, "--name", "Fairweather").status == 1)
    }

    @Test(
        "phone.1, phone.2, DER-12: a number is read in the ways in which people write one; a label beside it is refused and never read as digits",
        arguments: [
            ("312-555-0142", nil), ("(312) 555-0142", nil), ("312.555.0142", nil), ("+1 312 555 0142", nil),
            ("1 312 555 0142", nil), ("3125550142", nil), (" 312 555 0142 ", nil), ("312–555–0142", nil),
            ("312\u{A0}555\u{A0}0142", nil), ("tel:+1-312-555-0142", "words"), ("+52 55 1234 5678", nil),
            ("1-800-FLOWERS", nil), ("312-555 home", "words"), ("312-555-home", "words"),
            ("home 312-555-0142", "words"),
            ("312-555-0142 (cell)", "words"), ("cell: 312-555-0142", "words"), ("312-555-0142 x5", "extension"),
            ("555-0142", "area code"), ("12", "too short"), ("312-555-0142-0142-0142", "too long"),
            ("call me", "words"),
        ] as [(String, String?)])
    func numbers(typed: String, refused: String?) throws {
        let place = try Workplace()
        try place.example()
        let text =
            "name,surname,firstName,phone,field,roles,underContract,coordinator\n"
            + "Ada Fairweather,Fairweather,Ada,\(typed),nurse,participant,true,\n"
        let file = try place.write("one.csv", text)
        let run = try Tool.run("person", "import", place.data, file)
        if let refused {
            #expect(run.status == 2 && run.errors.contains("`phone`") && run.errors.contains(refused), "\(run.errors)")
            // Neither the place of the fault nor the random name of the file is the number.
            let told = run.errors.replacingOccurrences(of: file, with: "FILE")
            #expect(!told.contains("`phone`: expected \(typed)") && (typed.count < 5 || !told.contains(typed)))
        } else {
            #expect(run.status == 0, "\(run.errors)")
        }
    }

    @Test(
        "m08.1, names.1 to names.6, R36: names from many languages come in as their owners write them; a title, and given name and surname together, do not, by line and field"
    )
    func names() throws {
        let place = try Workplace()
        try place.example()
        let header = "name,surname,firstName,phone,field,roles,underContract,coordinator\n"
        let people = [
            ("Pa Houa Vang", "Vang", "Pa Houa"), ("Md Rahman", "Rahman", "Md"),
            ("Mohamed Mohamed", "Mohamed", "Mohamed"),
            ("Min-A Park", "Park", "Min-A"), ("علی\u{200C}رضا کریمی", "کریمی", "علی\u{200C}رضا"),
            ("Sukarno", "", "Sukarno"),
            ("Do Nguyen", "Nguyen", "Do"), ("J.P. Morgan", "Morgan", "J.P."), ("Mary Jo Lee", "Lee", "Mary J"),
            ("Lee Ann Lee", "Lee", "Lee Ann"), ("Martina Martin", "Martin", "Martina"),
            ("Mary\u{A0}Ann Fair\u{A0}", "Fair", "Mary\u{A0}Ann\u{202F}"),
        ]
        func row(_ number: Int, _ person: (String, String, String)) -> String {
            "\(person.0),\(person.1),\(person.2),312-555-0\(200 + number),nurse,participant,true,\n"
        }
        let good = header + people.enumerated().map { row($0, $1) }.joined()
        let run = try Tool.run("person", "import", place.data, place.write("names.csv", good))
        #expect(run.status == 0 && run.out.contains("\(people.count) entered"), "\(run.out)\(run.errors)")
        for bad in [
            ("Dana Wu", "Wu", "Dr Dana"), ("Dana Wu", "Wu", "Dana Wu"), ("Wu Dana", "Wu", "Wu Dana"),
            ("Dana Wu", "Wu", "Dana MD"),
        ] {
            let refused = try Tool.run(
                "person", "import", place.data, place.write("bad-\(UUID()).csv", header + row(90, bad)))
            #expect(
                refused.status == 2 && refused.errors.contains("line 2, column 12: `firstName`"), "\(refused.errors)")
            #expect(!refused.errors.contains("Dana"))
        }
    }

    @Test("help, completion and wrong use: help ends 0, wrong words end 2 on standard error")
    func help() throws {
        for arguments in [
            ["--help"], ["apply", "--help"], ["help", "audit"], ["--generate-completion-script", "bash"],
            ["policy", "check", "--help"],
        ] {
            let run = try Tool.run(arguments)
            #expect(run.status == 0 && run.out.count > 100, "\(arguments) \(run.errors)")
        }
        for arguments in [["frobnicate"], ["apply"], ["init", "x"], ["audit", "verify"], ["case", "show", "x"]] {
            let run = try Tool.run(arguments)
            #expect(run.status == 2 && !run.errors.isEmpty, "\(arguments)")
        }
        let check = try Tool.run("policy", "check", "Policies/mphp.yaml")
        #expect(check.status == 0 && check.out.contains("holds"))
        let explained = try Tool.run("policy", "explain", "Policies/mphp.yaml")
        #expect(explained.out.contains("THE MENTEE") && explained.out.contains("WHAT THE SOURCE LEAVES OPEN"))
        #expect(try Tool.run("policy", "graph", "Policies/mphp.yaml").out.contains("stateDiagram-v2"))
        let place = try Workplace()
        let text = try String(contentsOf: repository.appendingPathComponent("Policies/mphp.yaml"), encoding: .utf8)
        let leaky = try place.write(
            "leaky.yaml", text.replacingOccurrences(of: "do: [closeCard, closeRelease,", with: "do: [closeRelease,"))
        let refused = try Tool.run("policy", "check", leaky)
        #expect(refused.status == 1 && refused.out.contains("P5 fails in `mentorship`"))
        #expect(try Tool.run("init", place.data, "--policy", leaky, "--example").status == 1)
        #expect(!FileManager.default.fileExists(atPath: place.data))
    }
}

@Suite("Kill")
struct KillTests {
    @Test(
        "SIGKILL at a random moment of apply: no acknowledged record is lost, the log verifies, and applying again finishes the work"
    )
    func killedWhileApplying() throws {
        let rounds = ProcessInfo.processInfo.environment["PRIVITY_SOAK"] != nil ? 1000 : 50
        let start = try Workplace()
        try start.example()
        var seed: UInt64 = 7
        var killedMidway = 0
        for round in 0..<rounds {
            if rounds > 50, round % 50 == 0 {
                FileHandle.standardError.write(Data("kills: \(round) of \(rounds)\n".utf8))
            }
            let place = try Workplace()
            try FileManager.default.copyItem(atPath: start.data, toPath: place.data)
            let (process, out, _) = try Tool.start(["apply", place.data, "Policies/examples/mphp.jsonl", "--json"])
            // Killed after a number of acknowledged lines, not after a time: the same on every machine.
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let lines = Int((seed >> 33) % 75)
            var acknowledged = Data()
            while acknowledged.split(separator: 0x0A).count < lines {
                let more = out.fileHandleForReading.availableData
                if more.isEmpty { break }
                acknowledged += more
            }
            kill(process.processIdentifier, SIGKILL)
            acknowledged += out.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            if process.terminationReason == .uncaughtSignal { killedMidway += 1 }
            // Whole lines only: what was printed was acknowledged.
            let promised = String(decoding: acknowledged, as: UTF8.self).split(
                separator: "\n", omittingEmptySubsequences: false
            )
            .dropLast()
            .compactMap { $0.components(separatedBy: "\"records\":[").dropFirst().first?.prefix { $0 != "]" } }
            .flatMap { $0.split(separator: ",") }.compactMap { Int($0) }
            let again = try Tool.run("apply", place.data, "Policies/examples/mphp.jsonl", "--json")
            #expect(again.status == 0, "round \(round): \(again.errors)")
            let audit = try Tool.run("audit", "verify", place.data, "--json")
            #expect(audit.status == 0 && audit.out.contains("\"recordCount\":24"), "round \(round): \(audit.out)")
            #expect(promised.allSatisfy { $0 < 24 })
            // Everything acknowledged before the kill is replayed, with the same records.
            let replayed = again.out.split(separator: "\n").filter { $0.contains("\"replayed\":true") }
                .compactMap { $0.components(separatedBy: "\"records\":[").dropFirst().first?.prefix { $0 != "]" } }
                .flatMap { $0.split(separator: ",") }.compactMap { Int($0) }
            #expect(Set(promised).subtracting(replayed).subtracting(byCode(again.out)).isEmpty, "round \(round)")
        }
        #expect(killedMidway > rounds / 2)
    }

    @Test(
        "an example that stopped in the middle of a rescission by code goes on in its own time, not in that of the machine"
    )
    func finishedInItsOwnTime() throws {
        let start = try Workplace()
        try start.example()
        let introduced = try start.apply(Workplace.introduced, "--codes")
        let code = try #require(introduced.out.split(separator: "\n").first { $0.contains("rescind-only code") })
            .split(separator: " ").dropFirst(4).prefix { $0 != "given" }.joined(separator: " ")
        let lines = #"""
            {"do":"rescindByCode","code":"\#(code)","at":"2026-01-12T22:00"}
            {"do":"acknowledge","by":"phone:312-555-0143","display":"Ben P.","at":"2026-01-13T09:00"}

            """#
        var kills = 0
        for count in 1...6 {
            let place = try Workplace()
            try FileManager.default.copyItem(atPath: start.data, toPath: place.data)
            let script = try place.write("code.jsonl", lines)
            let run = try Tool.run(
                ["apply", place.data, script], environment: ["PRIVITY_FAULT": "beforeCommit:\(count)"])
            if run.status == 0 { break }
            kills += 1
            #expect(try Tool.run("apply", place.data, script).status == 0)
            let export = try place.export("log")
            let tile = try #require(
                try TileFolder(export).paths().first { $0.hasPrefix("tile/entries") }.flatMap {
                    FileManager.default.contents(atPath: "\(export)/\($0)")
                })
            let records = String(decoding: tile, as: UTF8.self)
            let dates = Set(records.matches(of: /\d{4}-\d\d-\d\d/).map { String($0.output) })
            // The last is the day on which the release would have ended.
            #expect(
                dates == ["2026-01-05", "2026-01-12", "2026-01-13", "2027-01-05"],
                "stopped before commit \(count)")
        }
        #expect(kills > 0)
    }

    /// Records of rescissions by code, which carry no key: the code itself is what makes them safe to repeat.
    private func byCode(_ out: String) -> [Int] {
        out.split(separator: "\n").filter { $0.contains("\"action\":\"rescindByCode\"") }
            .compactMap { $0.components(separatedBy: "\"records\":[").dropFirst().first?.prefix { $0 != "]" } }
            .flatMap { $0.split(separator: ",") }.compactMap { Int($0) }
    }
}
