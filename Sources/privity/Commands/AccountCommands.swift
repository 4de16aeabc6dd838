import ArgumentParser
import FolderDriver
import Foundation
import ReleaseService
import ReleaseWorkflow

struct AccountGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "Add staff, and give them the link with which they set up their account.",
        discussion:
            "For the first administrator, and for whenever no administrator can sign in. The service must not be running meanwhile.",
        subcommands: [Add.self, SetUp.self, Disable.self, ExampleLinks.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Add a member of staff and print the set-up link: a password and an authenticator are chosen with it.")
        @OptionGroup var options: FolderOptions
        @Option(help: "The full name; `-` to be asked for it.") var name: PrivateText
        @Option(help: "The last name; `-` to be asked for it.") var surname: PrivateText
        @Option(help: "The first name; `-` to be asked for it.") var firstName: PrivateText
        @Option(help: "The telephone number; `-` to be asked for it.") var phone: PrivateText
        @Option(help: "The e-mail address; `-` to be asked for it.") var mail: PrivateText
        @Option(
            help: "coordinator, auditor or administrator; may be given more than once.", transform: AccountGroup.role)
        var role: [Identity.Role]

        func run() async throws {
            guard !role.isEmpty else {
                throw Failure("`--role`: expected coordinator, auditor or administrator", status: 2)
            }
            guard !role.contains(.auditor) || role.count == 1 else {
                throw Failure("`--role`: expected auditor alone: who audits does nothing else", status: 2)
            }
            let (name, surname) = (try name.text(of: "--name"), try surname.text(of: "--surname"))
            let (firstName, phone) = (try firstName.text(of: "--first-name"), try phone.text(of: "--phone"))
            let mail = try mail.text(of: "--mail")
            let open = try await OpenFolder(options, isWriter: true)
            let accounts = try Accounts(open.host)
            try await accounts.checkAddress(mail, by: .operator)
            let outcome = try await open.service.add(
                NewPerson(
                    fullName: name, surname: surname, firstName: firstName, phone: phone, roles: role, field: "staff",
                    isUnderContract: false, coordinator: nil), key: nil)
            guard let id = outcome.person else { throw Failure(outcome.refusal ?? "not added", status: 1) }
            try await accounts.setAddress(of: id, to: mail, by: .operator)
            say("added \(id)")
            try await AccountGroup.printLink(accounts, id)
        }
    }

    struct SetUp: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set-up",
            abstract: "Print a new set-up link for a member of staff: the old password ends when it is used."
        )
        @OptionGroup var options: FolderOptions
        @Argument(help: "The person: id, `phone:…`, `name:…`, or `-` to be asked.") var person: String

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: true)
            let id = try await AccountGroup.staff(open, person)
            try await AccountGroup.printLink(Accounts(open.host), id)
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close the account of a member of staff, and every session with it.")
        @OptionGroup var options: FolderOptions
        @Argument(help: "The person: id, `phone:…`, `name:…`, or `-` to be asked.") var person: String

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: true)
            let id = try await AccountGroup.staff(open, person)
            try await Accounts(open.host).setDisabled(id, true, by: .operator)
            say("closed")
        }
    }

    struct ExampleLinks: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "example-links",
            abstract:
                "In an example folder: read ids of made-up people from standard input, a line each, and print a sign-in link's token for each.",
            shouldDisplay: false)
        @OptionGroup var options: FolderOptions

        func run() async throws {
            let open = try await OpenFolder(options, isWriter: true)
            guard open.isExample else { throw Failure("only in a folder made by `init --example`", status: 2) }
            let accounts = try Accounts(open.host)
            var ids: [PersonID] = []
            while let line = readLine() {
                guard let id = PersonID(parsing: line) else { throw Failure("expected ids, a line each", status: 2) }
                ids.append(id)
            }
            for id in ids { say(try await accounts.makeLink(for: id, purpose: .example, by: .operator)) }
        }
    }

    static func role(_ text: String) throws -> Identity.Role {
        guard let role = Identity.Role(rawValue: text), role.isStaff else {
            throw ValidationError("expected coordinator, auditor or administrator")
        }
        return role
    }

    fileprivate static func staff(_ open: OpenFolder, _ text: String) async throws -> PersonID {
        let id = try await open.person(argument: text)
        guard try await open.service.identity(of: id)?.roles.contains(where: \.isStaff) == true else {
            throw Failure("\(Refusal.notFound)", status: 1)
        }
        return id
    }

    fileprivate static func printLink(_ accounts: Accounts, _ id: PersonID) async throws {
        say("give this to the person by hand, after the address of the service; it works once, for three days:")
        say("  /set-up/\(try await accounts.makeLink(for: id, purpose: .setUp, by: .operator))")
    }
}
