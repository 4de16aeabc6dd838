import ArgumentParser
import Cryptography
import Foundation
import Matching
import ReleaseService
import ReleaseWorkflow

/// The coordinator on whose behalf a command runs, and the workflow.
struct DeskOptions: ParsableArguments {
    @Option(help: "The coordinator: id, `phone:…`, `name:…`, or `-` to be asked.") var coordinator: String
    @Option(help: "The workflow; the program's first by default.") var workflow: String?
}

struct MatchGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "match", abstract: "Find a good fit: for one person, or for a cohort, with a certificate.",
        subcommands: [
            ShortlistCommand.self, Why.self, Commit.self, Cohort.self, Verify.self, AblationCommand.self,
            Questions.self,
        ])

    struct ShortlistCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "shortlist", abstract: "The ten best mentors for somebody who waits, with reasons.")
        @OptionGroup var options: FolderOptions
        @Argument(help: "Who waits: id, `phone:…`, `name:…`, or `-` to be asked.") var person: String
        @OptionGroup var desk: DeskOptions

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: false)
            let id = await open.workflow(desk.workflow)
            let list = try await open.service.shortlist(
                of: open.person(argument: person), workflow: id, by: open.person(argument: desk.coordinator))
            say("\(list.allowedCount) mentors pass every rule")
            for (place, candidate) in list.candidates.enumerated() {
                let margin = candidate.margin.map { ", \($0) more than the next" } ?? ""
                say(
                    "\(place + 1). \(candidate.mentor)  \(candidate.score) of 10000\(margin)\(candidate.isTie ? " (equal to another)" : "")"
                )
                for points in candidate.terms {
                    say("     \(points.term.plainWords): \(points.points) of \(points.most)")
                }
            }
        }
    }

    struct Why: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "why-not", abstract: "The rules that keep a mentor from somebody who waits.")
        @OptionGroup var options: FolderOptions
        @Argument(help: "Who waits: id, `phone:…`, `name:…`, or `-` to be asked.") var person: String
        @Argument(help: "The mentor: id, `phone:…`, `name:…`, or `-` to be asked.") var mentor: String
        @OptionGroup var desk: DeskOptions

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: false)
            let id = await open.workflow(desk.workflow)
            let found = try await open.service.barriers(
                of: open.person(argument: person), workflow: id, mentor: open.person(argument: mentor),
                by: open.person(argument: desk.coordinator))
            if found.isEmpty { say("nothing: every rule allows it") }
            for barrier in Barrier.allCases where found.contains(barrier) { say(barrier.plainWords) }
        }
    }

    struct Commit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Draw the seed that decides between equals in the next cohort, and print its hash.",
            discussion:
                "Publish the hash before the answers are in; `match cohort` reveals the seed in its certificate.")
        @OptionGroup var options: FolderOptions

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: true)
            say(try await open.service.commitDraw())
        }
    }

    struct Cohort: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Match everybody of a coordinator who waits; proposes nothing.",
            discussion: "Writes the certificate: numbers instead of people, for anybody to check with `match verify`.")
        @OptionGroup var options: FolderOptions
        @OptionGroup var desk: DeskOptions
        @Option(help: "The certificate to write; it must not exist.", completion: .file()) var certificate: String

        func run() async throws {
            guard !FileManager.default.fileExists(atPath: certificate) else {
                throw Failure("`\(certificate)`: exists already", status: 2)
            }
            let open = try await OpenFolder(options, isWriter: true)
            let id = await open.workflow(desk.workflow)
            let staff = try await open.person(argument: desk.coordinator)
            let problem = try await open.service.cohortProblem(workflow: id, by: staff)
            let plan = try await open.service.planCohort(workflow: id, by: staff)
            for pair in plan.pairs { say("\(pair.mentee)  \(pair.mentor)  \(pair.score) of 10000") }
            for entry in plan.waiting { say("\(entry.mentee)  waits") }
            if let problem { say("\(problem)") }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            do {
                try encoder.encode(plan.certificate).write(to: URL(fileURLWithPath: certificate))
            } catch {
                throw Failure("`\(certificate)`: cannot be written", status: 3)
            }
            say("\(plan.pairs.count) matched, \(plan.waiting.count) wait; certificate in `\(certificate)`")
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a certificate: every pair allowed, no better choice possible, the draw as committed to.",
            discussion: "Needs no data folder and solves nothing.")
        @Argument(help: "The certificate.", completion: .file()) var file: String
        @Option(help: "The hash that was published before, if you have it.") var commitment: String?

        func run() throws {
            guard let data = FileManager.default.contents(atPath: file), data.count <= 1 << 30 else {
                throw Failure("`\(file)`: cannot be read", status: 2)
            }
            guard let certificate = try? JSONDecoder().decode(MatchCertificate.self, from: data) else {
                throw Failure("`\(file)`: expected a certificate as `privity match cohort` writes it", status: 2)
            }
            guard let seed = Hex.parse(certificate.seed), Hex.format(SHA256.hash(seed)) == certificate.seedCommitment
            else {
                throw Failure("the seed is not the one that was committed to", status: 1)
            }
            if let commitment, commitment.lowercased() != certificate.seedCommitment {
                throw Failure("the commitment is not the one that was published", status: 1)
            }
            do {
                try certificate.verify()
            } catch {
                throw Failure("not verified: \(error)", status: 1)
            }
            let matched = certificate.pairs.count { !$0.isEmpty }
            say("\(certificate.pairs.count) people, \(certificate.capacities.reduce(0, +)) places, \(matched) matched")
            say("verified: no other choice is worth more, and no forbidden pair was made")
        }
    }

    struct AblationCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ablation", abstract: "Name the questions that change nothing: solve again without each.")
        @OptionGroup var options: FolderOptions
        @OptionGroup var desk: DeskOptions

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: false)
            let id = await open.workflow(desk.workflow)
            for line in try await open.service.ablation(workflow: id, by: open.person(argument: desk.coordinator)) {
                say(
                    "\(line.question.rawValue). ".padded(4) + line.question.text.padded(86)
                        + "\(line.changedCount) of \(line.matchedCount) change\(line.isIdle ? "; asked for nothing, consider dropping it" : "")"
                )
            }
        }
    }

    struct Questions: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The ten questions: why each is asked, who sees the answer, when it is erased.")

        func run() {
            for question in Question.allCases {
                say("\(question.rawValue). \(question.text)")
                say("   why: \(question.reason)")
                say("   seen by: \(question.viewer)")
                say("   erased: \(question.erasure)")
            }
        }
    }
}

extension OpenFolder {
    func firstWorkflow() async -> String { (try? service.policy)?.policy.workflows.first?.id ?? "" }

    func workflow(_ given: String?) async -> String {
        if let given { return given }
        return await firstWorkflow()
    }
}
