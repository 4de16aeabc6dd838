import ArgumentParser
import Foundation
import Matching
import ReleaseLedger
import ReleaseService
import ReleaseWorkflow

struct CaseGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "case", abstract: "Look at cases, as one person may see them.",
        subcommands: [List.self, Show.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A coordinator's board.",
            discussion: "Shows the cases assigned to this coordinator. What the pair does is on no board.")
        @OptionGroup var options: FolderOptions
        @Option(help: "The coordinator: id, `phone:…`, `name:…`, or `-` to be asked.") var coordinator: String
        @Flag(help: "Print one JSON array.") var json = false

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: false)
            let rows = try await open.service.board(of: open.person(argument: coordinator))
            if json { return try sayJSON(rows) }
            say("case".padded(34) + "workflow".padded(18) + "state".padded(12) + "release")
            for row in rows {
                let validity =
                    row.isReleaseLive.map { $0 ? "valid until \(row.expiresOn?.description ?? "")" : "ended" } ?? "-"
                say(row.id.description.padded(34) + row.workflow.padded(18) + row.state.padded(12) + validity)
            }
            say("\(rows.count) cases")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One person's case, as the viewer may see it.")
        @OptionGroup var options: FolderOptions
        @Argument(help: "Whose case: id, `phone:…`, `name:…`, or `-` to be asked.") var person: String
        @Option(help: "The workflow.") var workflow = "mentorship"
        @Option(help: "As whom: mentee, mentor, asker, volunteer or coordinator.") var role: String
        @Option(
            help:
                "The viewer: id, `phone:…`, `name:…`, or `-` to be asked. For the person whose case it is, leave it out."
        )
        var viewer: String?
        @Flag(help: "Print one JSON object.") var json = false

        func run() async throws {
            guard let role = Role(rawValue: role) else {
                throw Failure("`--role`: expected mentee, mentor, asker, volunteer or coordinator", status: 2)
            }
            let open = try await OpenFolder(options, isWriter: false)
            let opener = try await open.person(argument: person)
            let viewer = try await viewer.asyncMap { try await open.person(argument: $0) } ?? opener
            var view = try await open.service.view(of: opener, workflow: workflow, as: role, viewer: viewer)
            // The operator types these commands, and calls and meetings are the pair's alone.
            if !open.isExample { view = view.withoutPrivateActs }
            if json { return try sayJSON(view) }
            say("case \(view.id), \(view.workflow): \(view.state)")
            if let release = view.release {
                say(
                    "release \(release): \(view.isReleaseLive.map { $0 ? "valid until \(view.expiresOn?.description ?? "")" : "ended" } ?? "-")"
                )
            }
            if let survey = view.survey {
                say(
                    "survey: same field \(survey.sameField.rawValue); topics \(survey.answers.topics.map(\.rawValue).sorted().joined(separator: ", "))"
                )
            }
            for entry in view.history {
                say("  \(entry.on)  \(entry.rule.split(separator: "/").last ?? "")  by \(entry.channel.rawValue)")
            }
        }
    }
}

extension Optional {
    fileprivate func asyncMap<T>(_ transform: (Wrapped) async throws -> T) async rethrows -> T? {
        if let value = self { try await transform(value) } else { nil }
    }
}

struct ReleaseGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Print, show, hand out and rescind releases.",
        subcommands: [PrintForm.self, Show.self, Export.self, Reveal.self, Produce.self, Rescind.self])

    struct PrintForm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "print",
            abstract: "Print the form that is offered to somebody, with the digest to file its scan against.")
        @OptionGroup var options: FolderOptions
        @Argument(help: "Whose case: id, `phone:…`, `name:…`, or `-` to be asked.") var person: String
        @Option(help: "The workflow.") var workflow = "mentorship"
        @Option(help: "Who signs, where that is not the person: id, `phone:…`, `name:…`, or `-` to be asked.")
        var signer: String?
        @Flag(help: "Print the form for corrected details instead.") var correction = false

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: false)
            let opener = try await open.person(argument: person)
            let signing: PersonID
            if let signer { signing = try await open.person(argument: signer) } else { signing = opener }
            let form = try await open.service.releaseText(
                of: opener, workflow: workflow, for: signing, kind: correction ? .correct : .sign)
            say(form.text)
            say("To be given: \(form.values.map(\.text).joined(separator: ", "))\n")
            say("Signature ____________________________________   Date ______________\n")
            say("Form digest \(form.digest)")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What was recorded of a release: its records as they stand in the log, without anybody's data.")
        @OptionGroup var options: FolderOptions
        @Argument(help: "The release's id.") var release: String
        @Flag(help: "Print one JSON object a record.") var json = false

        func run() async throws {
            let id = try ReleaseGroup.parse(release)
            let open = try await OpenFolder(options, isWriter: false)
            for receipt in try await open.service.receipts(of: id) {
                let lines = String(decoding: receipt.record, as: UTF8.self).split(separator: "\n")
                if json { say(String(lines[1])) } else { say("record \(receipt.index)  \(lines[0])\n  \(lines[1])") }
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the receipts of a release: each record with the proof that it is in the log.")
        @OptionGroup var options: FolderOptions
        @Argument(help: "The release's id.") var release: String
        @Argument(
            help: ArgumentHelp("The folder to write; it must not exist.", valueName: "out"), completion: .directory)
        var out: String

        func run() async throws {
            let id = try ReleaseGroup.parse(release)
            let open = try await OpenFolder(options, isWriter: false)
            let receipts = try await open.service.receipts(of: id)
            guard !FileManager.default.fileExists(atPath: out) else {
                throw Failure("`\(out)`: exists already", status: 2)
            }
            do {
                try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
                for receipt in receipts {
                    try Data(receipt.record).write(to: URL(fileURLWithPath: "\(out)/\(receipt.index).note"))
                    try Data(receipt.proof).write(to: URL(fileURLWithPath: "\(out)/\(receipt.index).tlog-proof"))
                }
            } catch {
                throw Failure("`\(out)`: cannot be written", status: 3)
            }
            say("wrote \(receipts.count) receipts to `\(out)`")
        }
    }

    struct Reveal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Print what opens one commitment of a record, for the person concerned, who may show it to whom they choose.",
            discussion:
                "It opens this one value in this one record and nothing else; whoever has it still needs the value itself."
        )
        @OptionGroup var options: FolderOptions
        @Argument(help: "The release's id.") var release: String
        @Option(help: "The path of the value, like fields.phone or by.principal.") var field: String
        @Option(help: "The record's number within the release; 0 is the release itself.") var record = 0

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: true)
            let opening = try await open.service.opening(of: ReleaseGroup.parse(release), sequence: record, path: field)
            say("field    \(field)")
            say("opening  \(opening.key)")
            say("stated   \(opening.stated)")
        }
    }

    struct Rescind: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a release with its rescind-only code: no sign-in, and no key needed.",
            discussion:
                "Works while the keys are locked or the log is broken; what it ends is closed at once and signed when signing is possible."
        )
        @OptionGroup var options: FolderOptions
        @Option(help: "The code from the receipt, twenty letters and digits; `-` to be asked for it.")
        var code: PrivateText

        func run() async throws {
            let isSigned: Bool
            let code = try code.text(of: "--code")
            do {
                let open = try await OpenFolder(options, isWriter: true)
                isSigned = try await !open.service.rescind(typedCode: code).isReceiptPending
            } catch Refusal.notFound {
                throw Refusal.notFound
            } catch {
                // Whatever is broken or locked: closing needs only the database.
                try await RescindWithoutKeys.run(options, code: code)
                isSigned = false
            }
            say("The release has ended. Nothing more will be given. What was shown before cannot be untold.")
            if !isSigned {
                say("recorded, receipt pending: it is signed as soon as the log can be")
                throw ExitCode(3)
            }
        }
    }

    static func parse(_ text: String) throws -> ReleaseID {
        guard let id = ReleaseID(parsing: text) else {
            throw Failure("`release`: expected 32 hexadecimal digits", status: 2)
        }
        return id
    }
}
