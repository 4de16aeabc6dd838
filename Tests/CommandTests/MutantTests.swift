import Foundation
import Testing

/// Exports, notes and proofs that are wrong in one thing each, made by a program that shares nothing with ours. What each
/// is and what all verifiers must say of it stands in its table: a row of `Peers/mutants/rows.go` or `proofs.go`.
@Suite("Mutants")
struct MutantTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
        let run = try Tool.shell("\(Peers.build("Tests/CommandTests/Peers/mutants/*.go")) \(place.path)")
        try #require(run.status == 0, "\(run.errors)")
    }

    private func rows(_ table: String) throws -> [[String]] {
        try String(contentsOfFile: "\(place.path)/\(table)", encoding: .utf8).split(separator: "\n").map {
            $0.split(separator: "\t").map(String.init)
        }
    }

    /// Its row says whether a verifier accepts it.
    private func expect(_ row: [String], _ verifier: String, _ run: Run) {
        // Nothing hangs and nothing crashes: `timeout` ends with 124.
        #expect((0...1).contains(run.status), "\(row): \(verifier): \(run.status) \(run.out)\(run.errors)")
        #expect((run.status == 0) == (row[1] == "verified"), "\(row): \(verifier): \(run.out)\(run.errors)")
        #expect(run.status == 0 || run.out.contains("NOT verified"), "\(row): \(verifier): \(run.out)\(run.errors)")
    }

    @Test(
        "of each of nearly three hundred exports the shell script, the Go program and privity say what its row says")
    func exports() throws {
        let witness = "\(place.path)/witness"
        let keys = try ["\(place.path)/001/keys/log.vkey", witness].map {
            try String(contentsOfFile: $0, encoding: .utf8).trimmingCharacters(in: .newlines)
        }
        let trust = try place.write("trust-policy", "log \(keys[0])\nwitness cora \(keys[1])\nquorum none\n")
        let table = try rows("table")
        #expect(table.count >= 290 && table.count { $0[1] == "refused" } >= 270)
        for row in table {
            let export = "\(place.path)/\(row[0])"
            let isSeen = FileManager.default.fileExists(atPath: export + ".cosigned")
            let more = isSeen ? "\(export).cosigned \(witness)" : ""
            for verifier in ["dash Kit/verify.sh", try Peers.kit.get()] {
                expect(row, verifier, try Tool.shell("timeout 120 \(verifier) all \(export) \(more)"))
            }
            let own = isSeen ? "--trust \(trust) --cosigned \(export).cosigned" : ""
            expect(row, "privity", try Tool.shell("timeout 60 \(Tool.path) audit verify \(export) \(own)"))
        }
    }

    @Test("of each of fifty notes and proofs the shell script and the Go program say what its row says")
    func questions() throws {
        let table = try rows("questions")
        #expect(table.count >= 50)
        for row in table {
            for verifier in ["dash Kit/verify.sh", try Peers.kit.get()] {
                expect(row, verifier, try Tool.shell("\(verifier) \(row[3...].joined(separator: " "))"))
            }
        }
    }
}
