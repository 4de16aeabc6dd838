import ArgumentParser
import Foundation
import PolicyFile
import ReleaseService
import ReleaseWorkflow

struct EvaluationGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluation", abstract: "Ask how the program works, never how it went between two people.",
        subcommands: [Items.self, Lint.self, Open.self, Answer.self, Results.self, Count.self])

    struct Items: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The questions that a program's policy allows.")
        @Argument(help: "The policy file.", completion: .file(extensions: ["yaml"])) var file: String

        func run() throws {
            let items = EvaluationItem.bank(of: try loadPolicy(atPath: file).parsed.policy)
            if items.isEmpty { say("this program asks nobody anything") }
            for item in items { say("\(item.rawValue.padded(20))\(item.text)") }
        }
    }

    struct Lint: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether a question could be asked: about operations yes, about experiences never.")
        @Argument(help: "The question.") var text: String

        func run() throws {
            if let problem = ItemLinter.problem(text) { throw Failure(problem, status: 1) }
            say("about operations; it may be put forward for the bank")
        }
    }

    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make this interval's codes, one for everybody on the roll, to be put into identical envelopes.",
            discussion:
                "They are printed once and kept as hashes alone. Shuffle the envelopes before they are addressed.")
        @OptionGroup var options: FolderOptions
        @Option(help: "The file to write the codes to; it must not exist.", completion: .file()) var out: String

        func run() async throws {
            guard !FileManager.default.fileExists(atPath: out) else {
                throw Failure("`\(out)`: exists already", status: 2)
            }
            let open = try await OpenFolder(options, isWriter: true)
            // The file first: codes that could not be written would be lost for the whole interval.
            guard FileManager.default.createFile(atPath: out, contents: nil, attributes: [.posixPermissions: 0o600])
            else {
                throw Failure("`\(out)`: cannot be written", status: 3)
            }
            do {
                let batch = try await open.service.openEvaluation()
                try Data((batch.codes.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: out))
                say("interval \(batch.period): \(batch.codes.count) codes in `\(out)`, \(batch.items.count) questions")
            } catch {
                try? FileManager.default.removeItem(atPath: out)
                throw error
            }
        }
    }

    struct Answer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Enter one returned sheet: its code and its answers.")
        @OptionGroup var options: FolderOptions
        @Option(help: "The code on the sheet; `-` to be asked for it.") var code: PrivateText
        @Argument(help: "item=answer, for every item; answers are yes, partly, no, doesNotApply.") var answers: [String]

        func run() async throws {
            var given: [EvaluationItem: EvaluationAnswer] = [:]
            for text in answers {
                let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2, let item = EvaluationItem(rawValue: parts[0]),
                    let answer = EvaluationAnswer(rawValue: parts[1]),
                    given[item] == nil
                else {
                    throw Failure(
                        "`answers`: expected item=answer with one of \(EvaluationAnswer.allCases.map(\.rawValue).joined(separator: ", ")), each item once",
                        status: 2)
                }
                given[item] = answer
            }
            let code = try code.text(of: "--code")
            let open = try await OpenFolder(options, isWriter: true)
            try await open.service.answerEvaluation(code: code, given)
            say("taken; the code is used up")
        }
    }

    struct Results: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What an interval came to, once it is over: cells of ten and more, nothing else.")
        @OptionGroup var options: FolderOptions
        @Argument(help: "The interval, from 1.") var period: Int

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: false)
            for result in try await open.service.evaluationResults(period: period) {
                let counts = EvaluationAnswer.allCases.compactMap { answer in
                    result.counts[answer.rawValue].map { "\(answer.rawValue) \($0)" }
                }
                say(
                    "\(result.item.text)  \(counts.joined(separator: ", "))\(result.isWithheld ? " (small cells withheld)" : "")"
                )
            }
        }
    }

    struct Count: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Whether codes issued, used and unused add up.")
        @OptionGroup var options: FolderOptions
        @Argument(help: "The interval, from 1.") var period: Int

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: false)
            let count = try await open.service.evaluationCount(period: period)
            say(
                "issued \(count.issued) = used \(count.redeemed) + unused \(count.unused): \(count.isReconciled ? "adds up" : "DOES NOT ADD UP")"
            )
            if !count.isReconciled { throw ExitCode(1) }
        }
    }
}
