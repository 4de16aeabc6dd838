import Cryptography
import Foundation
import GRDB
import Matching
import ReleaseLedger
import ReleaseService
import ReleaseWorkflow
import SQLiteDriver

/// Durable signed records with many callers at once, beside what the disk and the signatures alone would take: a program
/// in C that writes the same rows with the same syncs, and raw commits. The three take turns, three times; medians count.
///
/// `privity-bench callers [cases in the database before]`.
struct CallersBench {
    let service: ReleaseService
    let coordinator: PersonID
    let databasePath: String
    let place: String
    let filler: Int
    private let callers = 64
    /// Cases of each caller in each of the three turns: some ten seconds.
    private let casesEach = 40

    private struct Offered {
        let mentee: PersonID
        let mentor: PersonID
        let digest: String
    }

    private func act(
        _ kind: CommandKind, _ opener: PersonID, _ principal: Principal,
        _ change: @Sendable (inout Submission) -> Void = { _ in }
    ) async throws {
        var command = Submission(
            kind, workflow: "mentorship", opener: opener, actor: Actor(principal, channel: .screen),
            key: "\(opener) \(kind)")
        change(&command)
        let outcome = try await service.submit(command)
        // None may be refused, or the figure would be of something else.
        if let refusal = outcome.refusal { fatalError("the benchmark's story is refused: \(kind): \(refusal)") }
    }

    /// Everybody waits with an offer.
    private func prepare(_ count: Int) async throws -> [Offered] {
        let attestation = Attestation(attributes: [.inStanding, .activeInRecovery, .guidedOthers], fields: ["nurse"])
        return try await withThrowingTaskGroup(of: [Offered].self) { group in
            for lane in 0..<callers {
                group.addTask {
                    var (own, mentor): ([Offered], PersonID?) = ([], nil)
                    for number in 0..<(count + callers - 1 - lane) / callers {
                        if number % 20 == 0 {
                            let new = try await service.enter(
                                "Ben", "312-555-0143", [.mentor], coordinator: coordinator)
                            _ = try await service.enroll(
                                new, attestation: attestation, capacity: 20, by: coordinator, key: nil)
                            _ = try await service.acknowledge(
                                Actor(.person(new), channel: .screen), display: "Ben", key: nil)
                            mentor = new
                        }
                        guard let mentor else { continue }
                        let mentee = try await service.enter(
                            "Ada", "312-555-0142", [.participant], coordinator: coordinator)
                        try await act(.request, mentee, .person(mentee))
                        try await act(.completeSurvey, mentee, .person(mentee)) {
                            $0.survey = Survey(
                                sameField: .no, answers: Answers(topics: [.stress]), understood: true)
                        }
                        try await act(.propose, mentee, .staff(coordinator)) { $0.person = mentor }
                        try await act(.acceptSlot, mentee, .person(mentor))
                        try await act(.offer, mentee, .staff(coordinator))
                        let read = try await service.releaseText(of: mentee, workflow: "mentorship", for: mentee)
                        own.append(Offered(mentee: mentee, mentor: mentor, digest: read.digest))
                    }
                    return own
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// Only the record-bearing commands are timed.
    private func records(_ cases: [Offered], callers: Int) async throws -> Double {
        let start = DispatchTime.now().uptimeNanoseconds
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    for index in stride(from: caller, to: cases.count, by: callers) {
                        let (mentee, mentor, digest) = (cases[index].mentee, cases[index].mentor, cases[index].digest)
                        try await act(.sign, mentee, .person(mentee)) {
                            $0.signing = .init(means: .screen, authenticatedBy: "signIn", formDigest: digest)
                        }
                        try await act(.disclose, mentee, .staff(coordinator))
                        try await act(.end, mentee, .person(mentor))
                        try await act(.rescind, mentee, .person(mentee))
                    }
                }
            }
            try await group.waitForAll()
        }
        return Double(4 * cases.count) / (Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9)
    }

    /// Builds `Benchmarks/floor.c` and returns how to run it on a copy of the database.
    private func floor(_ commands: Int, batch: Int) throws -> Double {
        let (program, copy) = (place + "/floor", place + "/floor.sqlite")
        if !FileManager.default.fileExists(atPath: program) {
            _ = try output("cc", ["-O2", "-o", program, "Benchmarks/floor.c", "-lsqlite3", "-lcrypto"])
        }
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: copy + suffix) }
        let source = try DatabaseQueue(path: databasePath)
        let target = try DatabaseQueue(path: copy)
        try source.backup(to: target)
        try source.close()
        try target.close()
        let text = try output(program, [copy, place, "\(commands)", "\(batch)"])
        guard let rate = Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            fatalError("floor: \(text)")
        }
        return rate
    }

    private func output(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let out = Pipe()
        process.standardOutput = out
        try process.run()
        let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { fatalError("\(program) failed") }
        return text
    }

    func run() async throws {
        if filler > 0 {
            print("filling the database with \(filler) more cases …")
            try fillWithCases(filler, path: databasePath)
        }
        func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        var (many, one, floors, singleFloors, commits): ([Double], [Double], [Double], [Double], [Double]) =
            ([], [], [], [], [])
        for _ in 0..<3 {
            let cases = try await prepare(callers * casesEach + 200)
            many.append(try await records(Array(cases.dropFirst(200)), callers: callers))
            floors.append(try floor(4 * callers * casesEach, batch: callers / 2))
            one.append(try await records(Array(cases.prefix(200)), callers: 1))
            singleFloors.append(try floor(800, batch: 1))
            commits.append(1200 / (try rawCommits(1200)))
        }
        func line(_ what: String, _ figure: Double, _ floor: Double) {
            print(
                String(
                    format: "%@: %.0f/s, %.0f%% of the floor in C (%.0f/s), %.0f%% of raw commits (%.0f/s)", what,
                    figure,
                    100 * figure / floor, floor, 100 * figure / median(commits), median(commits)))
        }
        line("durable signed records, \(callers) callers, \(filler) other cases", median(many), median(floors))
        line("durable signed records, one caller, \(filler) other cases", median(one), median(singleFloors))
    }
}

/// Other coordinators' cases: rows as large as real ones, that nothing here can open and no board of a bench's coordinator
/// holds.
func fillWithCases(_ count: Int, path: String) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.writeWithoutTransaction { database in
        try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
        try database.inTransaction {
            try database.execute(
                sql: """
                    CREATE TEMP TABLE fresh AS
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
                    SELECT i, randomblob(16) AS id, randomblob(16) AS person FROM n;
                    INSERT INTO mentoring_case (id, workflow, opener, policy, tip, due)
                        SELECT id, 'mentorship', person, randomblob(32), randomblob(32), 9000000 FROM fresh;
                    INSERT INTO case_event (case_id, sequence, sealed, link) SELECT id, 0, randomblob(700), randomblob(32) FROM fresh;
                    INSERT INTO vault (key_id, field, sealed) SELECT randomblob(16), 'document', randomblob(1400) FROM fresh;
                    INSERT INTO outcome (key_digest, command_digest, result, round)
                        SELECT randomblob(32), randomblob(32), '{}', randomblob(16) FROM fresh;
                    INSERT INTO party (handle, person, is_staff, rank, case_id, opener, workflow)
                        SELECT randomblob(16), person, 0, 1, id, person, 'mentorship' FROM fresh;
                    INSERT INTO party (handle, person, is_staff, rank, case_id, opener, workflow)
                        SELECT randomblob(16), CAST('coordinator' || printf('%05d', i % 5000) AS BLOB), 1, i % 3, id, person, 'mentorship'
                        FROM fresh;
                    DROP TABLE fresh;
                    """)
            return .commit
        }
    }
    try queue.close()
}
