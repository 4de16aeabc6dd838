import Cryptography
import Foundation
import ReleaseLedger
import ReleaseService
import Testing
import TransparencyLog

@testable import FolderDriver

@Suite("Faults")
struct FaultTests {
    /// A folder whose log is three records short of its first complete tile, and the story that goes on from there.
    private static let start = Result { () throws -> Workplace in
        let place = try Workplace()
        try place.example()
        var lines = Workplace.cast
        for number in 0..<250 {
            lines += #"{"do":"acknowledge","by":"ben","display":"Ben \#(number) O."}"# + "\n"
        }
        let run = try place.apply(lines)
        try #require(run.status == 0, "\(run.errors)")
        return place
    }

    private static let story = """
        {"do":"addPerson","as":"eve","name":"Evelyn Castellanos","surname":"Castellanos","firstName":"Eve","phone":"312-555-0146","field":"nurse","roles":["participant"],"underContract":true,"coordinator":"phone:312-555-0100"}
        {"do":"request","by":"eve"}
        {"do":"completeSurvey","by":"eve","survey":{"sameField":"no","topics":["stress"],"understood":true}}
        {"do":"propose","by":"phone:312-555-0100","case":"eve","person":"phone:312-555-0143"}
        {"do":"acceptSlot","by":"phone:312-555-0143","case":"eve"}
        {"do":"offer","by":"phone:312-555-0100","case":"eve"}
        {"do":"sign","by":"eve","as":"release"}
        {"do":"disclose","by":"phone:312-555-0100","case":"eve"}
        {"do":"look","by":"phone:312-555-0143","case":"eve"}
        {"do":"end","by":"eve"}
        {"do":"rescind","by":"eve"}
        {"do":"acknowledge","by":"phone:312-555-0143","display":"Ben last O."}

        """

    /// The records that a run has promised, line by line; a line that was cut off promised nothing.
    private func promised(_ out: String) -> [Int] {
        out.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .compactMap { $0.components(separatedBy: "\"records\":[").dropFirst().first?.prefix { $0 != "]" } }
            .flatMap { $0.split(separator: ",") }.compactMap { Int($0) }
    }

    private func head(_ data: String) throws -> Checkpoint? {
        try HeadFile(path: data + "/head", isReadOnly: true, creates: false).read().map {
            try Checkpoint(parsing: SignedNote(parsing: $0.note).text)
        }
    }

    @Test(
        "SIGKILL before or after any write of the commit order: the next start recovers, never forks, and loses nothing that was acknowledged",
        arguments: FaultPoint.allCases)
    func killedAtEveryStep(_ point: FaultPoint) throws {
        let start = try Self.start.get()
        var kills = 0
        for count in [1, 2, 3, 5] {
            let place = try Workplace()
            try FileManager.default.copyItem(atPath: start.data, toPath: place.data)
            let script = try place.write("story.jsonl", Self.story)
            let run = try Tool.run(
                ["apply", place.data, script, "--json"], environment: ["PRIVITY_FAULT": "\(point.rawValue):\(count)"])
            if run.status == 0 { break }
            #expect(run.status == SIGKILL, "\(point):\(count): \(run.errors)")
            kills += 1
            let seen = try head(place.data)
            // The next start does what is left, with the code that ordinary commands use.
            let again = try Tool.run("apply", place.data, script, "--json")
            #expect(again.status == 0, "\(point):\(count): \(again.errors)\(again.out)")
            let audit = try Tool.run("audit", "verify", place.data, "--json")
            #expect(audit.status == 0, "\(point):\(count): \(audit.out)")
            // One story, told once: no record twice, none lost.
            #expect(
                audit.out.contains(
                    #""counts":{"acknowledgement":252,"closing":1,"disclosure":1,"genesis":1,"release":1,"rescission":1}"#
                ),
                "\(point):\(count): \(audit.out)")
            let replayed = again.out.split(separator: "\n").filter { $0.contains("\"replayed\":true") }.map {
                $0 + "\n"
            }.joined()
            #expect(Set(promised(run.out)).isSubset(of: promised(replayed)), "\(point):\(count)")
            // What was signed before is continued, and the complete tile is there.
            let export = try place.export("log-\(count)")
            let now = try #require(try readHead(TileFolder(export))).head
            let old = try #require(seen)
            let proof = try LogProof.proveConsistency(
                from: old.size, to: now.size, reader: TileReader(TileFolder(export), size: now.size))
            #expect(
                LogProof.isConsistency(proof, from: old.size, old.root, to: now.size, now.root), "\(point):\(count)")
            #expect(now.size == 257)
            let tile = TilePath(.entries, number: 0)
            #expect(
                try TileFolder(place.data + "/log").bytes(of: tile) == TileFolder(export).bytes(of: tile),
                "\(point):\(count)")
            let temporary = try TileFolder(place.data + "/log").paths().filter { $0.contains("/.new") }
            #expect(temporary.isEmpty, "\(point):\(count): \(temporary)")
        }
        #expect(kills > 0, "\(point) was never reached")
    }

    @Test(
        "a trace of system calls shows every file synced before each answer, the data keys before the commit, and the records before the head"
    )
    func syncBeforeAnswer() throws {
        let place = try Workplace()
        try place.example()
        let (script, trace) = (try place.write("script.jsonl", Workplace.introduced), place.path + "/trace")
        let run = try Tool.shell(
            "strace -f -y -s 16 -e trace=write,pwrite64,fsync,fdatasync,rename -o \(trace) \(Tool.path) apply \(place.data) \(script) --json > \(place.path)/out"
        )
        #expect(run.status == 0, "\(run.errors)")
        var unsynced: Set<String> = []
        var (answers, commits, heads) = (0, 0, 0)
        for line in try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n") {
            guard
                let call = line.split(separator: " ", omittingEmptySubsequences: true).dropFirst().first.map(
                    String.init),
                let open = call.firstIndex(of: "<"), let close = call.firstIndex(of: ">")
            else { continue }
            let file = String(call[call.index(after: open)..<close])
            let name = file.hasPrefix(place.data + "/") ? String(file.dropFirst(place.data.count + 1)) : file
            if call.hasPrefix("pwrite64(") || call.hasPrefix("write(") {
                if name == place.path + "/out" {
                    #expect(unsynced.isEmpty, "answered with \(unsynced) not synced")
                    answers += 1
                    continue
                }
                // The index of the write-ahead log is rebuilt from it: nothing rests on its being synced.
                guard file.hasPrefix(place.data + "/"), name != "privity.sqlite-shm" else { continue }
                if name == "head" {
                    #expect(
                        !unsynced.contains("privity.sqlite-wal"), "the head was written before its records were durable"
                    )
                    heads += 1
                }
                unsynced.insert(name)
            } else if call.hasPrefix("fsync(") || call.hasPrefix("fdatasync(") {
                if name == "privity.sqlite-wal" {
                    #expect(
                        !unsynced.contains("keys/data-keys"), "rows were committed before their data keys were durable")
                    commits += 1
                }
                unsynced.remove(name)
            }
        }
        #expect(answers >= 10 && commits >= 12 && heads == 3, "\(answers) answers, \(commits) commits, \(heads) heads")
    }

    /// The syncs between each answer of `apply` and the one before it, by command.
    private func syncs(_ story: String) throws -> [(command: String, count: Int)] {
        let place = try Workplace()
        try place.example()
        let (script, trace) = (try place.write("script.jsonl", story), place.path + "/trace")
        let run = try Tool.shell(
            "strace -f -y -s 64 -e trace=write,fsync,fdatasync -o \(trace) \(Tool.path) apply \(place.data) \(script) --json > \(place.path)/out"
        )
        #expect(run.status == 0, "\(run.errors)")
        var (found, count): ([(String, Int)], Int) = ([], 0)
        for line in try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n") {
            if line.contains("fsync(") || line.contains("fdatasync(") { count += 1 }
            guard line.contains("/out>"), let word = line.components(separatedBy: #"\"action\":\""#).dropFirst().first
            else { continue }
            found.append((String(word.prefix { $0 != "\\" }), count))
            count = 0
        }
        return found
    }

    @Test(
        "a signature takes three syncs, a disclosure two, an end five, a rescission five and after an end two, and no more (E24)"
    )
    func syncsForEachCommand() throws {
        let end = #"{"do":"end","by":"ben","case":"ada"}"# + "\n"
        let rescind = #"{"do":"rescind","by":"ada"}"# + "\n"
        let ended = try syncs(Workplace.introduced + end + rescind)
        let rescinded = try syncs(Workplace.introduced + rescind)
        func count(_ command: String, _ all: [(command: String, count: Int)]) -> Int? {
            all.last { $0.command == command }?.count
        }
        #expect(ended.count > 10)
        for (command, limit) in [("sign", 3), ("disclose", 2), ("end", 5), ("rescind", 2)] {
            let found = try #require(count(command, ended))
            #expect((1...limit).contains(found), "\(command)")
        }
        #expect((1...5).contains(try #require(count("rescind", rescinded))))
    }
}
