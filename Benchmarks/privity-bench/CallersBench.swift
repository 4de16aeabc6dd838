import Cryptography
import Foundation
import Matching
import ReleaseLedger
import ReleaseService
import ReleaseWorkflow
import SQLStore
import SQLiteDriver

/// Durable signed records with many callers at once, beside raw Ed25519 signing on every core.
struct CallersBench {
    let service: ReleaseService
    let coordinator: PersonID
    let store: SQLiteStore
    private let callers = 64
    private let casesEach = 32

    private func act(
        _ kind: CommandKind, _ opener: PersonID, _ principal: Principal,
        _ change: @Sendable (inout Submission) -> Void = { _ in }
    ) async throws {
        var command = Submission(
            kind, workflow: "mentorship", opener: opener, actor: Actor(principal, channel: .screen))
        change(&command)
        let outcome = try await service.submit(command)
        if let refusal = outcome.refusal { fatalError("the benchmark's story is refused: \(kind): \(refusal)") }
    }

    func run() async throws {
        // Everybody waits with an offer; only the record-bearing commands are timed.
        var mentors: [PersonID] = []
        let attestation = Attestation(attributes: [.inStanding, .activeInRecovery, .guidedOthers], fields: ["nurse"])
        for _ in 0..<(callers * casesEach / 20 + 1) {
            let mentor = try await service.enter("Ben", "312-555-0143", [.mentor], coordinator: coordinator)
            _ = try await service.enroll(mentor, attestation: attestation, capacity: 20, by: coordinator, key: nil)
            _ = try await service.acknowledge(Actor(.person(mentor), channel: .screen), display: "Ben", key: nil)
            mentors.append(mentor)
        }
        var cases: [(mentee: PersonID, mentor: PersonID, digest: String)] = []
        for number in 0..<callers * casesEach {
            let (mentee, mentor) = (
                try await service.enter("Ada", "312-555-0142", [.participant], coordinator: coordinator),
                mentors[number / 20]
            )
            try await act(.request, mentee, .person(mentee))
            try await act(.completeSurvey, mentee, .person(mentee)) {
                $0.survey = Survey(sameField: .no, answers: Answers(topics: [.stress]), understood: true)
            }
            try await act(.propose, mentee, .staff(coordinator)) { $0.person = mentor }
            try await act(.acceptSlot, mentee, .person(mentor))
            try await act(.offer, mentee, .staff(coordinator))
            let read = try await service.releaseText(of: mentee, workflow: "mentorship", for: mentee)
            cases.append((mentee, mentor, read.digest))
        }
        let (all, each, coordinator) = (cases, casesEach, coordinator)
        store.tally.noteTexts()
        let start = DispatchTime.now().uptimeNanoseconds
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    for (mentee, mentor, digest) in all[caller * each..<(caller + 1) * each] {
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
        for (text, count) in store.tally.takeTexts().sorted(by: { $0.value > $1.value }) { print(String(format: "%.2f", Double(count) / Double(4 * all.count)), text.prefix(100)) }
        let perSecond = Double(4 * all.count) / (Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9)

        let key = try SigningKey.generate()
        let message = [UInt8](repeating: 7, count: 700)
        let (cores, rounds) = (ProcessInfo.processInfo.activeProcessorCount, 20_000)
        let signing = seconds {
            DispatchQueue.concurrentPerform(iterations: cores) { _ in for _ in 0..<rounds { _ = try? key.sign(message) }
            }
        }
        let raw = Double(cores * rounds) / signing
        print(
            "durable signed records, \(callers) callers, whole mix: \(rate(Int(perSecond), 1)), \(percent(perSecond, of: raw)) of raw Ed25519 signing on \(cores) cores (\(rate(Int(raw), 1))) (aim: 10,000/s or 50%, whichever is less)"
        )
    }
}
