import Foundation
import Testing

@Suite("Command line, the five programs")
struct ProgramCommandTests {
    @Test(
        "each program's worked example runs to its end, verifies with privity and with stock openssl, and repeats nothing when applied again",
        arguments: [
            ("icb", "2026-02-02T08:00", "Haddadin"), ("sgv-camft", "2026-03-02T08:00", "Farahani\","),
            ("structured", "2026-01-12T08:00", "Novotny"),
            ("mscsw", "2026-09-14T08:00", "Kowalczyk"),
        ])
    func workedExamples(program: String, clock: String, surname: String) throws {
        let place = try Workplace()
        #expect(
            try Tool.run("init", place.data, "--policy", "Policies/\(program).yaml", "--example", "--clock", clock)
                .status == 0)
        let run = try Tool.run("apply", place.data, "Policies/examples/\(program).jsonl")
        #expect(run.status == 0, "\(run.errors)")
        #expect(!run.out.contains(surname) && !run.errors.contains(surname))
        let verified = try Tool.run("audit", "verify", place.data, "--json").out
        #expect(verified.contains("\"findings\":[]"))
        #expect(try Tool.run("audit", "export", place.data, place.path + "/log", "--include-today").status == 0)
        let kit = try Tool.shell("dash Kit/verify.sh all \(place.path)/log")
        #expect(kit.status == 0 && kit.out.contains("verified with OpenSSL"), "\(kit.errors)")
        _ = try Tool.run("apply", place.data, "Policies/examples/\(program).jsonl", "--json", "--keep-going")
        #expect(try Tool.run("audit", "verify", place.data, "--json").out == verified)
    }

    @Test(
        "R44: of fifty clauses that are taken out of the policies, one at a time, a test of each one's requirement misses every one"
    )
    func mutants() throws {
        let own = URL(fileURLWithPath: Tool.path).deletingLastPathComponent()
            .appendingPathComponent("privityPackageTests.xctest").path
        let run = try Tool.shell("scripts/policy-mutants --sample 50 --seed 7 --binary \(own)")
        #expect(
            run.status == 0,
            "\(run.out.split(separator: "\n").filter { !$0.hasPrefix("killed") })\(run.errors.suffix(400))")
        #expect(run.out.contains("50 taken out") && run.out.contains("0 missed, 0 without a test"))
        #expect(run.out.split(separator: "\n").count { $0.hasPrefix("killed") } > 25)
    }

    @Test("the pages of the programs are what the policies say now")
    func pages() throws {
        let place = try Workplace()
        let binary = Tool.path
        let written = try Tool.shell(
            "scripts/write-program-pages.sh \(binary) \(place.path)/pages && diff -r docs/programs \(place.path)/pages")
        #expect(written.status == 0, "run `scripts/write-program-pages.sh`: \(written.out.prefix(600))")
    }

    @Test(
        "a cohort is planned from a committed draw, its certificate verifies anywhere, and a changed one does not; nobody else's list is told"
    )
    func cohort() throws {
        let place = try Workplace()
        try place.example()
        let extra = """
            {"do":"addPerson","as":"eve","name":"Evelyn Castellanos","surname":"Castellanos","firstName":"Eve","phone":"312-555-0146","field":"nurse","roles":["participant"],"underContract":true,"coordinator":"maya"}
            {"do":"request","by":"ada"}
            {"do":"completeSurvey","by":"ada","survey":{"sameField":"no","topics":["stress"],"understood":true}}
            {"do":"request","by":"eve"}
            {"do":"completeSurvey","by":"eve","survey":{"sameField":"must","topics":["family"],"languages":["polish"],"understood":true}}

            """
        #expect(try place.apply(Workplace.cast + extra).status == 0)
        let early = try Tool.run(
            "match", "cohort", place.data, "--coordinator", "name:Lindqvist", "--certificate",
            place.path + "/early.json")
        #expect(early.status == 2 && early.errors.contains("`draw`"))
        let commitment = try Tool.run("match", "commit", place.data).out.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(commitment.count == 64)
        let list = try Tool.run("match", "shortlist", place.data, "name:Fairweather", "--coordinator", "name:Lindqvist")
        #expect(list.status == 0 && list.out.contains("1 mentors pass every rule"), "\(list.errors)")
        let why = try Tool.run(
            "match", "why-not", place.data, "name:Castellanos", "name:Okafor", "--coordinator", "name:Lindqvist")
        #expect(why.out == "a language or form of access is missing\n")
        let file = place.path + "/certificate.json"
        let plan = try Tool.run("match", "cohort", place.data, "--coordinator", "name:Lindqvist", "--certificate", file)
        #expect(
            plan.status == 0 && plan.out.contains("1 matched, 1 wait")
                && plan.out.contains("1 cannot be matched with anybody"),
            "\(plan.out) \(plan.errors)")
        let verified = try Tool.run("match", "verify", file, "--commitment", commitment)
        #expect(verified.status == 0 && verified.out.contains("verified"), "\(verified.errors)")
        #expect(try Tool.run("match", "verify", file, "--commitment", String(repeating: "0", count: 64)).status == 1)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        for secret in ["Ada", "Okafor", "312555"] { #expect(!text.contains(secret)) }
        let forged = try place.write("forged.json", text.replacingOccurrences(of: "\"worth\":", with: "\"worth\":1"))
        #expect(try Tool.run("match", "verify", forged).status == 1)
        #expect(try Tool.run("match", "verify", place.write("junk.json", "{}")).status == 2)
        // The draw is used up.
        #expect(
            try Tool.run(
                "match", "cohort", place.data, "--coordinator", "name:Lindqvist", "--certificate",
                place.path + "/again.json"
            ).status == 2)
        #expect(
            try Tool.run("match", "shortlist", place.data, "name:Fairweather", "--coordinator", "name:Okafor").status
                == 1)
        #expect(
            try Tool.run("match", "ablation", place.data, "--coordinator", "name:Lindqvist").out.split(separator: "\n")
                .count == 9)
    }

    @Test(
        "policies are started, drawn, compared and adopted from the command line, and a version that cannot be adopted says why"
    )
    func language() throws {
        let place = try Workplace()
        let started = try Tool.run("policy", "new", "example")
        let file = try place.write("example.yaml", started.out)
        #expect(try Tool.run("policy", "check", file).out.contains("holds"))
        #expect(try Tool.run("policy", "new", "no such name").status == 2)
        let svg = try Tool.run("policy", "graph", "Policies/icb.yaml", "--format", "svg")
        #expect(svg.status == 0 && svg.out.contains("<svg") && svg.out.contains("listed"), "\(svg.errors)")
        #expect(try Tool.run("policy", "schema").out.contains("\"$schema\""))
        let text = try String(contentsOf: repository.appendingPathComponent("Policies/mphp.yaml"), encoding: .utf8)
        let next = text.replacingOccurrences(
            of: "version: 1\neffectiveFrom: 2026-01-01", with: "version: 2\neffectiveFrom: 2099-01-01"
        )
        .replacingOccurrences(of: "recoveryMonths: 36", with: "recoveryMonths: 60")
        let later = try place.write("later.yaml", next)
        let difference = try Tool.run("policy", "diff", "Policies/mphp.yaml", later)
        #expect(difference.status == 0 && difference.out.contains("5 years"), "\(difference.out)")
        #expect(try Tool.run("policy", "diff", later, "Policies/mphp.yaml").status == 1)
        try place.example()
        let adopted = try Tool.run("policy", "adopt", place.data, later)
        #expect(
            adopted.status == 0 && adopted.out.contains("version 2 is in force from 2099-01-01"), "\(adopted.errors)")
        #expect(try Tool.run("policy", "versions", place.data).out.split(separator: "\n").count == 2)
        #expect(try Tool.run("policy", "adopt", place.data, later).status != 0)
        #expect(try Tool.run("audit", "verify", place.data).status == 0)
        #expect(try Tool.run("audit", "export", place.data, place.path + "/log", "--include-today").status == 0)
        #expect(try Tool.shell("dash Kit/verify.sh all \(place.path)/log").status == 0)
    }

    @Test("an evaluation is opened once, its sheets entered, counted and reconciled; what a question may be is said")
    func evaluation() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        #expect(try Tool.run("evaluation", "items", "Policies/mphp.yaml").out.split(separator: "\n").count == 8)
        #expect(try Tool.run("evaluation", "lint", "Was your mentor helpful?").status == 1)
        #expect(try Tool.run("evaluation", "lint", "Was the receipt easy to read?").status == 0)
        let file = place.path + "/codes.txt"
        let opened = try Tool.run("evaluation", "open", place.data, "--out", file)
        #expect(opened.status == 0 && opened.out.contains("2 codes"), "\(opened.out) \(opened.errors)")
        #expect(try Tool.run("evaluation", "open", place.data, "--out", place.path + "/more.txt").status == 1)
        #expect(!FileManager.default.fileExists(atPath: place.path + "/more.txt"))
        let code = try #require(
            try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").first.map(String.init))
        let items = [
            "surveyClarity", "waitingTime", "formClarity", "contactDetails", "coordinatorProcess", "noticeClarity",
            "stoppingEasy",
            "receiptClarity",
        ]
        let interval = opened.out.split(separator: ":").first?.split(separator: " ").last.map(String.init) ?? "1"
        #expect(try Tool.run(["evaluation", "answer", place.data, "--code", code, "surveyClarity=yes"]).status == 2)
        #expect(
            try Tool.run(["evaluation", "answer", place.data, "--code", code] + items.map { "\($0)=yes" }).status == 0)
        #expect(
            try Tool.run(["evaluation", "answer", place.data, "--code", code] + items.map { "\($0)=yes" }).status == 1)
        #expect(
            try Tool.run("evaluation", "count", place.data, interval).out == "issued 2 = used 1 + unused 1: adds up\n")
        #expect(try Tool.run("evaluation", "results", place.data, interval).status == 1)
    }
}
