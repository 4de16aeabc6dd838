import ArgumentParser
import Cryptography
import Foundation
import PolicyFile
import ReleaseWorkflow

struct PolicyGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Check, explain and draw policies.",
        subcommands: [Check.self, Cases.self, Explain.self, Graph.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a policy: its form, its ceilings, the ten proofs, and the table of cases beside it.")

        @Argument(help: "The policy file.", completion: .file(extensions: ["yaml"])) var file: String
        @Flag(help: "Print one JSON object.") var json = false

        struct Result: Encodable {
            let policy: String
            let version: Int
            let digest: String
            let states: [String: Int]
            let failures: [String]
            let cases: Int
        }

        func run() throws {
            let (parsed, loaded) = try loadPolicy(atPath: file)
            var failures: [String] = []
            var states: [String: Int] = [:]
            for workflow in parsed.policy.workflows {
                let report = prove(loaded, workflow: workflow)
                states[workflow.id] = report.stateCount
                failures += report.counterexamples.map(\.description)
            }
            var caseCount = 0
            let casesPath = (file.hasSuffix(".yaml") ? String(file.dropLast(5)) : file) + ".cases"
            if let text = try? String(contentsOfFile: casesPath, encoding: .utf8) {
                do {
                    let cases = try PolicyCases(parsing: text)
                    caseCount = cases.cases.count
                    for workflow in parsed.policy.workflows {
                        failures += cases.findings(in: DecisionTable(loaded, workflow: workflow)).map { "\(casesPath): \($0)" }
                    }
                } catch {
                    throw Failure("\(casesPath): \(error)", status: 2)
                }
            }
            if json {
                try sayJSON(
                    Result(
                        policy: parsed.policy.program, version: parsed.policy.version, digest: Hex.format(loaded.digest),
                        states: states, failures: failures, cases: caseCount))
            } else {
                say("policy `\(parsed.policy.program)` version \(parsed.policy.version), SHA-256 \(Hex.format(loaded.digest))")
                for workflow in parsed.policy.workflows {
                    say("  \(workflow.id): P1 to P10 over \(states[workflow.id] ?? 0) states")
                }
                say("  \(caseCount) cases beside it")
                for failure in failures { say(failure) }
                say(failures.isEmpty ? "holds" : "does not hold: \(failures.count) failures")
            }
            if !failures.isEmpty { throw ExitCode(1) }
        }
    }

    struct Cases: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the table of cases as the machine decides it, to read, correct and keep beside the policy.")
        @Argument(help: "The policy file.", completion: .file(extensions: ["yaml"])) var file: String

        func run() throws {
            let (parsed, loaded) = try loadPolicy(atPath: file)
            say("# Who can do what in which state, and where it leads. Every combination that no line names is refused.")
            say("# workflow  state  command  role/channels  -> states it may lead to; run by `privity policy check` and by the tests.")
            for workflow in parsed.policy.workflows {
                var state = ""
                for row in DecisionTable(loaded, workflow: workflow).allowed {
                    if row.state != state { say() }
                    state = row.state
                    say(
                        "\(workflow.id)  \(row.state)  \(row.command.rawValue)  \(row.role.rawValue)/"
                            + row.channels.map(\.rawValue).joined(separator: ",") + "  -> " + row.leadsTo.joined(separator: ","))
                }
            }
        }
    }

    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say who can do what in which state, who sees it, and what the source left open.")

        @Argument(help: "The policy file.", completion: .file(extensions: ["yaml"])) var file: String

        func run() throws {
            let (parsed, loaded) = try loadPolicy(atPath: file)
            let policy = parsed.policy
            say(
                "Program `\(policy.program)`, version \(policy.version), effective \(policy.effectiveFrom), \(policy.confidentiality.rawValue)"
            )
            say(
                "What can ever cross: \(policy.release.fields.map(\.plainWords).joined(separator: " and ")), to one named person, under a signed release of at most \(policy.release.termMonths) months."
            )
            say("Nobody but the pair ever learns whether the reader looked, called or met.")
            for workflow in policy.workflows {
                say("\nWorkflow `\(workflow.id)`: \(workflow.names.joined(separator: " → "))")
                say(
                    "  the \(workflow.discloser.rawValue) signs; \(workflow.reader.plainWords) reads the \(workflow.subject.rawValue)'s card; only \(workflow.opens.map { "`\($0.rawValue)`" }.joined(separator: " and ")) opens it"
                )
                say(
                    workflow.handOff.map {
                        "  after `\(workflow.name(of: $0))` the program does nothing until the \(workflow.opener.rawValue) begins again"
                    } ?? "  there is no hand-off: staff stay involved")
                let table = DecisionTable(loaded, workflow: workflow)
                say("  \("state".padded(12))\("command".padded(18))\("who".padded(13))\("by".padded(22))leads to".padded(20))
                for row in table.allowed {
                    say(
                        "  " + row.state.padded(12) + row.command.rawValue.padded(18) + row.role.rawValue.padded(13)
                            + row.channels.map(\.rawValue).joined(separator: ",").padded(22) + row.leadsTo.joined(separator: ", "))
                }
                let refused = table.answers.values.filter { if case .refused = $0 { true } else { false } }.count
                say("  every other combination of state, command, person and channel is refused: \(refused) were tried")
                for role in workflow.parties + [.coordinator] {
                    let seen = Set(workflow.transitions.filter { $0.seenBy.contains(role) }.map(\.command.rawValue)).sorted()
                    let told = Set(workflow.transitions.flatMap(\.tellings).filter { $0.role == role }.map(\.notice.rawValue))
                        .sorted()
                    say("  the \(role.rawValue) sees that these happened: \(seen.joined(separator: ", "))")
                    say("  the \(role.rawValue) is told: \(told.isEmpty ? "nothing" : told.joined(separator: ", "))")
                }
            }
            say("\nWhat the source leaves open, and what this policy chose:")
            for assumption in policy.assumptions { say("  - \(assumption)") }
        }
    }

    struct Graph: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Draw the workflows as Mermaid state diagrams.")

        @Argument(help: "The policy file.", completion: .file(extensions: ["yaml"])) var file: String

        func run() throws {
            let (parsed, _) = try loadPolicy(atPath: file)
            for workflow in parsed.policy.workflows { say(mermaid(workflow)) }
        }

        private func mermaid(_ workflow: Workflow) -> String {
            var lines = ["%% \(workflow.id)", "stateDiagram-v2", "    [*] --> \(workflow.name(of: workflow.initial))"]
            var labels: [String: [String]] = [:]
            var order: [String] = []
            for transition in workflow.transitions {
                for origin in transition.origins {
                    let targets: [Position]
                    switch transition.destination {
                    case .state(let position): targets = [position]
                    case .same: targets = []
                    case .roundStart: targets = [workflow.initial] + workflow.ended.sorted()
                    }
                    for target in targets {
                        let arrow = "\(workflow.name(of: origin)) --> \(workflow.name(of: target))"
                        if labels[arrow] == nil { order.append(arrow) }
                        let label = "\(transition.role.rawValue) \(transition.command.rawValue)"
                        if !labels[arrow, default: []].contains(label) { labels[arrow, default: []].append(label) }
                    }
                }
            }
            lines += order.map { "    \($0): \(labels[$0, default: []].joined(separator: ", "))" }
            lines += workflow.ended.sorted().map { "    \(workflow.name(of: $0)) --> [*]" }
            return lines.joined(separator: "\n") + "\n"
        }
    }
}

extension String {
    /// Fills up with spaces to `width` characters.
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
