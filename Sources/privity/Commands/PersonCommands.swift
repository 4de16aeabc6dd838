import ArgumentParser
import Foundation
import ReleaseService
import ReleaseWeb
import ReleaseWorkflow

struct PersonGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "person", abstract: "Enter and find people.", subcommands: [Import.self, Find.self])

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Enter people from a CSV file with a header line.",
            discussion: """
                Columns that must be there: name, firstName, phone, field, roles (participant, mentor, coordinator or administrator, \
                separated by ;). Columns that may: surname, underContract (true or false), coordinator (the id or the name of one), mail, \
                memberNumber, id (of somebody entered before); displayName, contactRoute, region, topics, interests of a profile; and of an attestation: \
                attributes (separated by ;), inRecoverySince, experiencedSince, licensedOn, inPracticeSince, certifiedUntil (days like \
                2026-01-31), fields, acceptedStages (separated by ;), capacity. The whole file is checked before anybody is entered, and all \
                of its faults are told at once, with line and column. Entering it twice enters nobody twice: what differs from what is known \
                is told, and changed with --update.
                """)

        @OptionGroup var options: FolderOptions
        @Argument(help: "The CSV file, UTF-8.", completion: .file(extensions: ["csv"])) var file: String
        @Flag(help: "Change what differs of people who are known already.") var update = false
        @Flag(help: "Numbers whose area code is not known here were read back, and are right.") var numbersConfirmed =
            false
        @Option(help: "The coordinator who attests what the file says: id, `phone:…`, `name:…`, or `-` to be asked.")
        var by: String?

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: true)
            var staff: PersonID?
            if let by { staff = try await open.person(argument: by) }
            var people = PeopleFile(
                try contents(), into: open.service, try Accounts(open.host), by: .operator, attestedBy: staff,
                areNumbersConfirmed: numbersConfirmed)
            // Every row is looked at before anybody is entered, so that a bad last line enters nobody.
            try await people.check()
            try refuse(people.faults)
            try await carryOut(people)
        }

        private func carryOut(_ people: PeopleFile) async throws {
            var (entered, changed, differing) = (0, 0, 0)
            let meter = Meter(of: people.entries.count)
            for entry in people.entries {
                do {
                    let done = try await people.enter(entry, updates: update)
                    switch done {
                    case .entered(let id):
                        entered += 1
                        say("line \(entry.line): \(id)")
                    case .known(let id, let fields) where fields.isEmpty: say("line \(entry.line): known as \(id)")
                    case .known(let id, let fields):
                        if update { changed += 1 } else { differing += 1 }
                        let words = update ? "changed" : "differs in"
                        say("line \(entry.line): known as \(id), \(words) \(fields.joined(separator: ", "))")
                    }
                } catch {
                    let failure = Failure(error)
                    throw Failure("`\(file)`: line \(entry.line): \(failure.message)", status: failure.status)
                }
                meter.step()
            }
            let known = people.entries.count - entered
            say("\(entered) entered, \(known) known already" + (changed > 0 ? ", \(changed) of them changed" : ""))
            if differing > 0 { say("\(differing) differ from what is known: give --update to change them") }
        }

        private func contents() throws -> String {
            guard FileManager.default.fileExists(atPath: file) else {
                throw Failure("`\(file)`: there is no such file", status: 2)
            }
            guard let data = FileManager.default.contents(atPath: file) else {
                throw Failure("`\(file)`: cannot be read", status: 2)
            }
            guard data.count <= 16 << 20 else { throw Failure("`\(file)`: at most 16 MiB", status: 2) }
            guard let text = String(data: data, encoding: .utf8) else {
                throw Failure("`\(file)`: not UTF-8: save it as “CSV UTF-8”", status: 2)
            }
            return text
        }

        /// All of a file's faults at once, in the order of their places; nobody is entered.
        private func refuse(_ faults: [CSVTable.Fault]) throws {
            if faults.isEmpty { return }
            let lines = faults.sorted { ($0.line, $0.column) < ($1.line, $1.column) }.map {
                "`\(file)`: line \($0.line), column \($0.column): \($0.text)"
            }
            throw Failure(lines.joined(separator: "\n") + "\nnobody was entered", status: 2)
        }
    }

    struct Find: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Find people by phone number or name; prints ids.")
        @OptionGroup var options: FolderOptions
        @Option(help: "A telephone number, as typed; `-` to be asked for it.") var phone: PrivateText?
        @Option(help: "A full name, surname or first name; `-` to be asked for it.") var name: PrivateText?

        func run() async throws {
            guard phone != nil || name != nil else { throw Failure("expected --phone or --name", status: 2) }
            let (phone, name) = (try phone?.text(of: "--phone"), try name?.text(of: "--name"))
            let open = try await OpenFolder(options, isWriter: false)
            let found = try await open.service.find(phone: phone, name: name)
            for id in found { say(id.description) }
            if found.isEmpty { throw Failure("\(Refusal.notFound)", status: 1) }
        }
    }
}
