import ArgumentParser
import Cryptography
import Foundation
import PolicyFile
import ReleaseService
import ReleaseWorkflow

struct PolicyGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Check, explain and draw policies.",
        subcommands: [
            New.self, Check.self, Cases.self, Explain.self, Diff.self, Graph.self, Schema.self, Promela.self,
            Adopt.self,
            Versions.self,
        ])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a policy: its form, its ceilings, the proofs, and the table of cases beside it.")

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
            failures += completenessFindings(parsed.policy)
            var caseCount = 0
            let casesPath = (file.hasSuffix(".yaml") ? String(file.dropLast(5)) : file) + ".cases"
            if let text = try? String(contentsOfFile: casesPath, encoding: .utf8) {
                do {
                    let cases = try PolicyCases(parsing: text)
                    caseCount = cases.cases.count
                    for workflow in parsed.policy.workflows {
                        failures += cases.findings(in: DecisionTable(loaded, workflow: workflow)).map {
                            "\(casesPath): \($0)"
                        }
                    }
                } catch {
                    throw Failure("\(casesPath): \(error)", status: 2)
                }
            }
            if json {
                try sayJSON(
                    Result(
                        policy: parsed.policy.program, version: parsed.policy.version,
                        digest: Hex.format(loaded.digest),
                        states: states, failures: failures, cases: caseCount))
            } else {
                say(
                    "policy `\(parsed.policy.program)` version \(parsed.policy.version), SHA-256 \(Hex.format(loaded.digest))"
                )
                for workflow in parsed.policy.workflows {
                    say("  \(workflow.id): P1 to P12 over \(states[workflow.id] ?? 0) states")
                }
                say(
                    "  complete for what it says of itself: \(completenessFindings(parsed.policy).isEmpty ? "yes" : "no")"
                )
                say("  \(caseCount) cases beside it")
                for failure in failures { say(failure) }
                say(failures.isEmpty ? "holds" : "does not hold: \(failures.count) failures")
            }
            if !failures.isEmpty { throw ExitCode(1) }
        }
    }

    struct Cases: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the table of cases as the machine decides it, to read, correct and keep beside the policy."
        )
        @Argument(help: "The policy file.", completion: .file(extensions: ["yaml"])) var file: String

        func run() throws {
            let (parsed, loaded) = try loadPolicy(atPath: file)
            say(
                "# Who can do what in which state, and where it leads. Every combination that no line names is refused."
            )
            say(
                "# workflow  state  command  role/channels  -> states it may lead to; run by `privity policy check` and by the tests."
            )
            for workflow in parsed.policy.workflows {
                var state = ""
                for row in DecisionTable(loaded, workflow: workflow).allowed {
                    if row.state != state { say() }
                    state = row.state
                    say(
                        "\(workflow.id)  \(row.state)  \(row.command.rawValue)  \(row.role.rawValue)/"
                            + row.channels.map(\.rawValue).joined(separator: ",") + "  -> "
                            + row.leadsTo.joined(separator: ","))
                }
            }
        }
    }

    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say who can do what in which state, who sees it, and what the source left open.")

        @Argument(help: "The policy file.", completion: .file(extensions: ["yaml"])) var file: String

        @Flag(help: "Print only what the source leaves open.") var assumptions = false

        func run() throws {
            let (parsed, loaded) = try loadPolicy(atPath: file)
            if assumptions {
                for line in parsed.policy.assumptions { say("- \(line)") }
                return
            }
            say(
                Explanation(parsed.policy, tables: parsed.policy.workflows.map { DecisionTable(loaded, workflow: $0) })
                    .text)
        }
    }

    struct Diff: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Say what a new version reveals or permits that the old did not, whom it concerns, and what must be signed again."
        )

        @Argument(help: "The policy in force.", completion: .file(extensions: ["yaml"])) var old: String
        @Argument(help: "The new version.", completion: .file(extensions: ["yaml"])) var new: String

        func run() throws {
            let difference = PolicyDifference(
                from: try loadPolicy(atPath: old).parsed.policy, to: try loadPolicy(atPath: new).parsed.policy)
            say(difference.text)
            if !difference.faults.isEmpty { throw ExitCode(1) }
        }
    }

    struct Graph: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Draw the workflows: Mermaid, Graphviz's DOT, or SVG where Graphviz is installed.")

        enum Format: String, ExpressibleByArgument, CaseIterable { case mermaid, dot, svg }

        @Argument(help: "The policy file.", completion: .file(extensions: ["yaml"])) var file: String
        @Option(help: "mermaid, dot or svg.") var format = Format.mermaid

        func run() throws {
            let policy = try loadPolicy(atPath: file).parsed.policy
            switch format {
            case .mermaid: for workflow in policy.workflows { say(Diagram.mermaid(workflow)) }
            case .dot: say(Diagram.dot(policy))
            case .svg: say(try svg(Diagram.dot(policy)))
            }
        }

        private func svg(_ dot: String) throws -> String {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["dot", "-Tsvg"]
            let (input, output) = (Pipe(), Pipe())
            (process.standardInput, process.standardOutput) = (input, output)
            process.standardError = FileHandle.nullDevice
            do {
                try process.run()
                // Graphviz reads all of its input before it writes.
                try input.fileHandleForWriting.write(contentsOf: Data(dot.utf8))
                try input.fileHandleForWriting.close()
            } catch {
                throw Failure("`--format svg`: needs Graphviz (`dot`); `--format dot` does not", status: 3)
            }
            let drawn = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw Failure("`--format svg`: needs Graphviz (`dot`); `--format dot` does not", status: 3)
            }
            return String(decoding: drawn, as: UTF8.self)
        }
    }

    struct Schema: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the JSON Schema of policies, for editors.",
            discussion:
                "With a YAML language server, a first line `# yaml-language-server: $schema=policy.schema.json` names it."
        )

        func run() throws { say(String(decoding: PolicySchema.json.bytes, as: UTF8.self)) }
    }

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a commented starting file for a program of your own.",
            discussion: "privity policy new example > example.yaml; privity policy check example.yaml")

        @Argument(help: "The program's name: letters, digits and hyphens.") var name: String

        func run() throws {
            let text = StartingFile.text.replacingOccurrences(of: "NAME", with: name)
            do {
                _ = try PolicyFile.parse(text)
            } catch {
                throw Failure(
                    "`name`: expected a word of letters, digits and hyphens that begins with a letter", status: 2)
            }
            say(text)
        }
    }

    struct Promela: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a workflow as Promela, so that `spin` can check P1, P2, P4, P5, P7 and P9 on its own.",
            discussion: "scripts/spin-check.sh runs it.")

        @Argument(help: "The policy file.", completion: .file(extensions: ["yaml"])) var file: String
        @Option(help: "The workflow; the first by default.") var workflow: String?

        func run() throws {
            let policy = try loadPolicy(atPath: file).parsed.policy
            guard let found = workflow.map({ policy.workflow($0) }) ?? policy.workflows.first else {
                throw Failure(
                    "`--workflow`: expected one of \(policy.workflows.map(\.id).joined(separator: ", "))", status: 2)
            }
            say(PromelaModel.text(found, of: policy))
        }
    }

    struct Adopt: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take up a new version of the program's policy from its effective date on.",
            discussion:
                "Prints first what changes; see `policy diff`. Cases under way keep their version, unless the new one says otherwise."
        )

        @OptionGroup var options: FolderOptions
        @Argument(help: "The new version.", completion: .file(extensions: ["yaml"])) var file: String

        func run() async throws {
            let (parsed, _) = try provenPolicy(atPath: file)
            let missing = completenessFindings(parsed.policy)
            if let first = missing.first { throw Failure("`\(file)`: \(first)", status: 1) }
            let open = try await OpenFolder(options, isWriter: true)
            if let newest = open.service.policyVersions.last {
                let difference = PolicyDifference(from: newest.policy, to: parsed.policy)
                say(difference.text)
                if let fault = difference.faults.first { throw Failure("`\(file)`: \(fault)", status: 1) }
            }
            let outcome = try await open.service.adopt(policy: parsed.canonical, key: nil)
            if let refusal = outcome.refusal { throw Failure(refusal, status: 1) }
            say("version \(parsed.policy.version) is in force from \(parsed.policy.effectiveFrom)")
        }
    }

    struct Versions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the versions of the policy that the log states.")
        @OptionGroup var options: FolderOptions

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: false)
            for version in open.service.policyVersions {
                say(
                    "version \(version.policy.version), in force from \(version.policy.effectiveFrom), SHA-256 \(Hex.format(version.digest))"
                )
            }
        }
    }
}

extension String {
    /// Fills up with spaces to `width` characters.
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
