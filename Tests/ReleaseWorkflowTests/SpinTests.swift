import Foundation
import PolicyFile
import ReleaseWorkflow
import Testing

/// A model checker that nobody here wrote, beside our own proof.
@Suite("Agreement with spin", .serialized)
struct SpinTests {
    static let shared: [PolicyProperty] = [.p1, .p2, .p4, .p5, .p7, .p9]

    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let program: String
        let workflow: String
        /// Passages to replace; all must be there.
        let changes: [[String]]
        var testDescription: String { "\(program)/\(workflow): \(name)" }
    }

    private static func row(_ program: String, _ workflow: String, _ name: String, _ changes: [String]...) -> Case {
        Case(name: name, program: program, workflow: workflow, changes: changes)
    }

    static let broken: [Case] = [
        row(
            "icb", "listing", "a listing shown before it is signed",
            [
                "from: requested, to: confirmed, if: [openerEligible, agreementsCurrent],",
                "from: requested, to: confirmed, if: [openerEligible, agreementsCurrent], do: [openCard],",
            ]),
        row(
            "icb", "listing", "a listing that stays when its mentor takes it down",
            [
                "from: listed, to: ended, do: [closeCard, closeRelease, eraseContact], tell: [mentor.findAnother]",
                "from: listed, to: ended, do: [closeRelease], tell: [mentor.findAnother]",
            ]),
        row(
            "icb", "listing", "a listing that outlives its rescission",
            [
                "from: listed, to: ended, do: [closeCard, rescindRelease, eraseContact]",
                "from: listed, to: confirmed, do: [rescindRelease, eraseContact]",
            ]),
        row(
            "icb", "listing", "a listing that does not run out",
            ["do: [closeCard, expireRelease, eraseContact]", "do: [expireRelease, eraseContact]"]),
        row(
            "icb", "listing", "a listing that staff put up",
            ["opens: [sign, correct, renew, showAgain]", "opens: [correct, renew, showAgain]"]),
        row(
            "icb", "listing", "a listing that only staff take down",
            [
                "- {on: end, by: mentor, via: [screen, paper, phone]",
                "- {on: end, by: coordinator, via: [screen, paper]",
            ],
            [
                "- {on: rescind, by: mentor, via: [screen, paper, phone], from: listed",
                "- {on: rescind, by: coordinator, via: [screen, paper], from: listed",
            ],
            [
                "- {on: expire, by: clock, via: [clock], from: listed, to: ended, if: [releaseExpired], do: [closeCard, expireRelease, eraseContact],",
                "- {on: expire, by: clock, via: [clock], from: listed, to: same, if: [releaseExpired], do: [closeCard, expireRelease, eraseContact],",
            ]),
        row(
            "sgv-camft", "listing", "a correction that opens without leave",
            ["opens: [sign, correct, renew, showAgain]", "opens: [sign, renew, showAgain]"]),
        row(
            "sgv-camft", "listing", "a standing that is lost and shows all the same",
            [
                "if: [standingLost], do: [hideCard]", "if: [standingLost], do: [closeRelease, eraseContact]",
            ]),
        row(
            "structured", "mentorship", "one signature that opens both cards",
            [
                "to: menteeSigned, if: [releaseComplete], do: [signRelease]",
                "to: menteeSigned, if: [releaseComplete], do: [signRelease, openCard]",
            ]),
        row(
            "structured", "mentorship", "a swap that leaves the cards open",
            ["do: [closeCard, closeRelease, keepAway", "do: [closeRelease, keepAway"]),
        row(
            "structured", "mentorship", "notice after which the cards stay open",
            [
                "if: [noticeOver], do: [closeCard, closeRelease,", "if: [noticeOver], do: [closeRelease,",
            ]),
        row(
            "structured", "mentorship", "a term that is over and leaves the cards open",
            ["if: [termOver], do: [closeCard, closeRelease,", "if: [termOver], do: [closeRelease,"]),
        row(
            "structured", "mentorship", "the other side's card outlives a rescission that was to close both",
            [
                "from: [menteeSigned, introduced, ending], to: ended, do: [closeCard, rescindRelease",
                "from: [menteeSigned, introduced, ending], to: same, do: [rescindRelease",
            ]),
        row(
            "structured", "mentorship", "each rescission closes one's own card alone, and the case goes on",
            ["rescissionCloses: both", "rescissionCloses: own"],
            [
                "from: [menteeSigned, introduced, ending], to: ended, do: [closeCard, rescindRelease",
                "from: [menteeSigned, introduced, ending], to: same, if: [notRescinded], do: [closeCard, rescindRelease",
            ]),
        row(
            "mscsw", "mentorship", "a disclosure that nobody named",
            ["opens: [disclose, correct, extend]", "opens: [correct, extend]"]),
        row(
            "mscsw", "mentorship", "an extension that opens without leave",
            ["opens: [disclose, correct, extend]", "opens: [disclose, correct]"]),
        row(
            "mscsw", "mentorship", "pairs disclosed after one signature",
            [
                "from: paired, to: introduced, if: [releaseComplete, notRescinded]",
                "from: [paired, menteeSigned], to: introduced, if: [releaseComplete, notRescinded]",
            ]),
        row(
            "mscsw", "mentorship", "a request that only staff can end",
            [
                "from: [requested, surveyed, proposed, offered], to: roundStart",
                "from: [surveyed, proposed, offered], to: roundStart",
            ], ["- {on: completeSurvey, by: mentee,", "- {on: completeSurvey, by: coordinator,"]),
        row(
            "mscsw", "mentorship", "an end that forgets the cards",
            [
                "from: [menteeSigned, mentorSigned, paired, introduced, awaitingExtension], to: ended, do: [closeCard, closeRelease,",
                "from: [menteeSigned, mentorSigned, paired, introduced, awaitingExtension], to: ended, do: [closeRelease,",
            ]),
        row(
            "mscsw", "mentorship", "a wish to go on that keeps the cards open after the term",
            ["do: [closeCard, awaitExtension]", "do: [awaitExtension]"]),
        row(
            "mscsw", "mentorship", "a wish to go on that outlives its taking back",
            [
                "from: [menteeSigned, paired, introduced, awaitingExtension], to: ended, do: [closeCard, rescindRelease,",
                "from: [menteeSigned, paired, introduced, awaitingExtension], to: introduced, do: [rescindRelease,",
            ]),
    ]

    private func spin(_ workflow: Workflow, of policy: Policy) throws -> Set<PolicyProperty> {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [repository.appendingPathComponent("scripts/spin-check.sh").path]
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, errors)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(PromelaModel.text(workflow, of: policy).utf8))
        try input.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let message = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        try #require(process.terminationStatus == 0, "spin could not be run: \(message.prefix(400))")
        return Set(text.split(separator: "\n").compactMap { PolicyProperty(rawValue: String($0)) })
    }

    private func own(_ loaded: LoadedPolicy, _ workflow: Workflow) -> Set<PolicyProperty> {
        Set(prove(loaded, workflow: workflow).counterexamples.map(\.property)).intersection(Self.shared)
    }

    @Test(
        "spin finds nothing wrong with any shipped workflow",
        arguments: [
            ("mphp", "mentorship"), ("mphp", "peerConversation"), ("icb", "listing"), ("sgv-camft", "listing"),
            ("structured", "mentorship"),
            ("mscsw", "mentorship"),
        ])
    func shipped(program: String, workflow: String) throws {
        let loaded = try shippedPolicy(program)
        #expect(try spin(#require(loaded.policy.workflow(workflow)), of: loaded.policy) == [])
    }

    @Test(
        "spin and our proof find the same properties broken in every policy that is broken for the proof",
        arguments: PolicyProofTests.broken)
    func clinical(broken: PolicyProofTests.Broken) throws {
        let loaded = try PolicyProofTests.loaded(broken)
        let workflow = try #require(loaded.policy.workflow(broken.workflow))
        let found = own(loaded, workflow)
        // Spin is not told of marks: that a number is wrong, that an entry is hidden, that a release cannot be used.
        let told = broken.isOfMark ? found.subtracting([.p1, .p5, .p7]) : found
        #expect(try spin(workflow, of: loaded.policy) == told)
        if Self.shared.contains(broken.property) { #expect(found.contains(broken.property)) }
    }

    @Test(
        "spin and our proof find the same properties broken in every broken policy of the other programs",
        arguments: broken)
    func others(broken: Case) throws {
        var text = try shippedText(broken.program)
        for change in broken.changes {
            try #require(text.contains(change[0]), "the passage is gone: \(change[0])")
            text = text.replacingOccurrences(of: change[0], with: change[1])
        }
        let loaded = try load(text)
        let workflow = try #require(loaded.policy.workflow(broken.workflow))
        #expect(try spin(workflow, of: loaded.policy) == own(loaded, workflow))
        #expect(!prove(loaded, workflow: workflow).counterexamples.isEmpty || broken.name.contains("one's own"))
    }

    @Test("the clinical programs and the others together are at least twenty broken policies")
    func count() {
        let clinical = PolicyProofTests.broken.filter { Self.shared.contains($0.property) }.count
        #expect(clinical + Self.broken.count >= 20)
    }
}
