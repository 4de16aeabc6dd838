import Foundation
import PolicyFile
import ReleaseWorkflow
import Testing

@Suite("What a match rests on")
struct PairingTests {
    struct Broken: CustomTestStringConvertible, Sendable {
        let program: String
        let workflow: String
        let name: String
        let passage: String
        let replacement: String
        var testDescription: String { "\(program)/\(workflow): \(name)" }
    }

    /// One change each to a shipped policy, after which a card could open though something does not hold that the
    /// program makes a match rest on.
    static let broken: [Broken] = [
        Broken(
            program: "mphp", workflow: "mentorship", name: "a pairing that forgets the lists",
            passage: "pairing: [openerEligible, notKeptApart,", replacement: "pairing: [openerEligible,"),
        Broken(
            program: "mphp", workflow: "mentorship", name: "a pairing that forgets the musts of the survey",
            passage: "attestedLately, mustsMet, mentorReady", replacement: "attestedLately, mentorReady"),
        Broken(
            program: "mphp", workflow: "mentorship", name: "a pairing that lets attestations grow old",
            passage: "pairEligible, attestedLately, mustsMet", replacement: "pairEligible, mustsMet"),
        Broken(
            program: "mphp", workflow: "peerConversation", name: "a volunteer who never had a mentor",
            passage: "notKeptApart, counterpartHadMentor, attestedLately]",
            replacement: "notKeptApart, attestedLately]"),
        Broken(
            program: "structured", workflow: "mentorship", name: "a pairing that forgets the mentee's agreements",
            passage: "pairing: [openerEligible, agreementsCurrent,", replacement: "pairing: [openerEligible,"),
        Broken(
            program: "mscsw", workflow: "secondMentor", name: "a copied pairing that forgets the mentor's agreements",
            passage: "mentorReady, acknowledgementCurrent, capacityLeft]", replacement: "mentorReady, capacityLeft]"),
        Broken(
            program: "mphp", workflow: "mentorship", name: "a first card that a correction opens",
            passage:
                "from: signed, to: same, if: [notRescinded, releaseComplete], do: [supersedeRelease], seenBy: [mentee,",
            replacement:
                "from: signed, to: same, if: [notRescinded, releaseComplete], do: [supersedeRelease, openCard], seenBy: [mentee,"
        ),
        Broken(
            program: "mscsw", workflow: "mentorship", name: "a first card that an extension opens",
            passage:
                "- {on: extend, by: [mentee, mentor], via: [screen, paper], from: introduced, to: same, if: [notRescinded, releaseComplete, extensionLeft], do: [extendRelease]",
            replacement:
                "- {on: extend, by: [mentee, mentor], via: [screen, paper], from: paired, to: introduced, if: [notRescinded, releaseComplete], do: [startTerm, openCard]"
        ),
        Broken(
            program: "mphp", workflow: "mentorship", name: "a first card that opens when somebody asks to be called",
            passage:
                "from: [idle, requested, surveyed, proposed, offered, signed, introduced, handedOff, ended], to: same, tell:",
            replacement: "from: [signed], to: introduced, do: [openCard], tell:"),
        Broken(
            program: "mphp", workflow: "mentorship", name: "a first card that the clock opens",
            passage: "from: introduced, to: handedOff, if: [handOffDayOver], do: [handOff, eraseSurvey, erasePrivate]",
            replacement:
                "from: [signed, introduced], to: handedOff, if: [handOffDayOver], do: [openCard, handOff, eraseSurvey, erasePrivate]"
        ),
    ]

    @Test(
        "P11, R3, R47: a policy in which a first card could open though something that a match rests on does not hold is refused, with a shortest run that ends in that step",
        arguments: broken)
    func firstOpening(broken: Broken) throws {
        let text = try shippedText(broken.program)
        try #require(text.contains(broken.passage), "the passage is gone")
        let loaded = try load(text.replacingOccurrences(of: broken.passage, with: broken.replacement))
        let workflow = try #require(loaded.policy.workflow(broken.workflow))
        let found = try #require(prove(loaded, workflow: workflow).counterexamples.first { $0.property == .p11 })
        #expect(found.trace.count > 4, "\(found)")
    }

    @Test("P11: a pairing names every rule that the program's own words make a match rest on, in the shipped five")
    func demanded() throws {
        for name in shippedNames {
            let policy = try shippedPolicy(name).policy
            for workflow in policy.workflows {
                #expect(Set(workflow.demandedPairing(under: policy)).isSubset(of: workflow.pairing), "\(name)")
                #expect(workflow.pairing.isEmpty == (workflow.counterpart == nil))
            }
        }
    }

    @Test(
        "R29: readiness and places are asked at the proposal and at the mentor's yes and no more; standing, field, agreement and lists until the card opens"
    )
    func untilWhen() throws {
        for (condition, refuses) in [
            (Guard.mentorReady, [CommandKind.propose, .acceptSlot]), (.capacityLeft, [.propose, .acceptSlot]),
            (.pairEligible, [.propose, .offer, .sign, .disclose]), (.mustsMet, [.propose, .offer, .sign, .disclose]),
            (.notKeptApart, [.propose, .offer, .sign, .disclose]),
            (.openerEligible, [.propose, .offer, .sign, .disclose]),
            (.attestedLately, [.propose, .offer, .sign, .disclose]),
            (.acknowledgementCurrent, [.propose, .acceptSlot, .offer, .sign, .disclose]),
        ] {
            let path: [(String, CommandKind, Principal)] = [
                ("surveyed", .propose, .staff(Cast.maya)), ("proposed", .acceptSlot, .person(Cast.ben)),
                ("accepted", .offer, .staff(Cast.maya)), ("offered", .sign, .person(Cast.ada)),
                ("signed", .disclose, .staff(Cast.maya)),
            ]
            var refused: [CommandKind] = []
            for (state, kind, principal) in path {
                var story = try Story(mphp())
                try story.go(to: state == "accepted" ? "proposed" : state)
                if state == "accepted" { _ = try story.act(.acceptSlot, .person(Cast.ben)) }
                do {
                    _ = try story.act(kind, principal, facts: Facts.all.without(condition))
                } catch Refusal.conditionFailed(condition) {
                    refused.append(kind)
                }
            }
            #expect(refused == refuses, "\(condition)")
        }
    }

    @Test("R3: who goes on with a card that was open rests on the new signature and on their own list alone")
    func goingOn() throws {
        for condition in Guard.allCases where condition.isExternal {
            var story = try Story(mphp())
            try story.go(to: "introduced")
            let refuses: Set<Guard> = [.notOnOwnList, .releaseComplete]
            do {
                _ = try story.act(.correct, .person(Cast.ada), facts: Facts.all.without(condition))
                #expect(!refuses.contains(condition), "\(condition)")
            } catch Refusal.conditionFailed(condition) {
                #expect(refuses.contains(condition), "\(condition)")
            }
        }
    }

    @Test(
        "R2: who reads which rule: the table of docs/refusals.csv holds for every condition and reader, and is whole"
    )
    func refusalTable() throws {
        let path = repository.appendingPathComponent("docs/refusals.csv")
        let lines = try String(contentsOf: path, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines.first == "condition,the person,the other person,their coordinator")
        let sentences = [
            "named": nil, "cannot go on": Refusal.cannotGoOn, "cannot be brought together": .cannotBringTogether,
        ]
        var seen: Set<Guard> = []
        for line in lines.dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            try #require(cells.count == 4, "\(line)")
            let condition = try #require(Guard(rawValue: cells[0]), "\(line)")
            #expect(seen.insert(condition).inserted)
            let refusal = Refusal.conditionFailed(condition)
            let readers: [(Role, Bool)] = [(.mentee, true), (.mentor, false), (.coordinator, false)]
            for (cell, (role, isOpener)) in zip(cells.dropFirst(), readers) {
                let expected = try #require(sentences[cell], "\(line)") ?? refusal
                #expect(refusal.told(to: role, isOpener: isOpener) == expected, "\(condition) to \(role)")
            }
        }
        #expect(seen == Set(Guard.allCases))
        #expect(
            Refusal.cannotGoOn.description
                == "This cannot go on just now. Your coordinator knows, and you need do nothing.")
        #expect(Refusal.cannotBringTogether.description == "These two cannot be brought together.")
    }
}

@Suite("Who is told what")
struct ToldTests {
    /// Every act that tells somebody, in every program: from where, whom, which notice, and its sentence.
    private func lines() throws -> [String] {
        var lines = ["program,workflow,act,by,while,reader,notice,sentence"]
        for name in shippedNames {
            let policy = try shippedPolicy(name).policy
            for workflow in policy.workflows {
                for transition in workflow.transitions {
                    let places = transition.origins.map { workflow.name(of: $0) }.joined(separator: " ")
                    for telling in transition.tellings {
                        let sentence = policy.words(of: telling.notice).split(whereSeparator: \.isWhitespace)
                            .joined(separator: " ").replacingOccurrences(of: "\"", with: "\"\"")
                        lines.append(
                            "\(name),\(workflow.id),\(transition.command.rawValue),\(transition.role.rawValue),\(places),"
                                + "\(telling.role.rawValue),\(telling.notice.rawValue),\"\(sentence)\"")
                    }
                }
            }
        }
        return lines
    }

    @Test("R48: the table of acts, readers and sentences in docs/told.csv is what the five programs say, line by line")
    func told() throws {
        let path = repository.appendingPathComponent("docs/told.csv")
        let written = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
        let text = try lines().joined(separator: "\n") + "\n"
        if written != text {
            try Data(text.utf8).write(to: URL(fileURLWithPath: NSTemporaryDirectory() + "privity-told.csv"))
        }
        #expect(written == text, "docs/told.csv has to be read aloud and brought up to date")
        #expect(text.split(separator: "\n").count > 100)
    }

    @Test(
        "R6, R13: nobody is asked to delete anything because a permission ran out, and no sentence of the program's own names a person, a role or the program"
    )
    func sentences() throws {
        for name in shippedNames {
            let policy = try shippedPolicy(name).policy
            for workflow in policy.workflows {
                for row in workflow.transitions where row.command == .expire {
                    for telling in row.tellings {
                        let sentence = policy.words(of: telling.notice).lowercased()
                        #expect(!sentence.contains("delete") && !sentence.contains("do not make contact"), "\(name)")
                    }
                }
            }
        }
    }
}
