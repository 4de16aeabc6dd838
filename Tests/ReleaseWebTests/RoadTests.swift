import FolderDriver
import Foundation
import HTTPTypes
import Matching
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService
@testable import ReleaseWeb

/// The service refuses by every road alike: the page, the interface, the command line and the import.
@Suite("Roads")
struct RoadTests {
    /// An answer that came back by a road.
    private struct Heard {
        let isRefused: Bool
        let text: String

        init(_ reply: Reply) {
            isRefused = reply.status == 422 || reply.status == 409
            text = reply.text
        }

        init(_ run: (status: Int32, errors: String)) {
            isRefused = run.status == 2 || run.status == 1
            text = run.errors
        }
    }

    /// A rule about people, and somebody who breaks it.
    private struct Rule {
        let name: String
        /// The field as the service names it.
        let field: String
        let person: NewPerson

        init(_ name: String, _ field: String, _ change: (inout NewPerson) -> Void) {
            self.name = name
            self.field = field
            var person = NewPerson(
                fullName: "Grace Holloway", surname: "Holloway", firstName: "Grace", phone: "312-555-0177",
                roles: [.participant], field: "nurse", isUnderContract: true, coordinator: nil)
            change(&person)
            self.person = person
        }
    }

    private static let rules = [
        Rule("a number that is none", "phone") { $0.phone = "12" },
        Rule("a number with letters", "phone") { $0.phone = "call me at work" },
        Rule("a title before the first name", "firstName") { $0.firstName = "Dr. Grace" },
        Rule("the surname with the first name", "firstName") { $0.firstName = "Grace Holloway" },
        Rule("a digit in the first name", "firstName") { $0.firstName = "Gr4ce" },
        Rule("a name with nothing in it", "name") { $0.fullName = "   " },
        Rule("an invisible character in the surname", "surname") { $0.surname = "Hollo\u{200B}way" },
        Rule("an invisible character in the field of work", "field") { $0.field = "nu\u{200B}rse" },
        Rule("nobody's role", "roles") { $0.roles = [] },
    ]

    /// Runs the program on a folder.
    private func run(_ office: Office, _ command: [String], input: String, as file: String) throws -> (
        status: Int32, errors: String
    ) {
        let (path, passphrase) = ("\(office.path)/\(file)", "\(office.path)/passphrase")
        try input.write(toFile: path, atomically: true, encoding: .utf8)
        try "a passphrase for tests only\n".write(toFile: passphrase, atomically: true, encoding: .utf8)
        try "origin: \(Office.origin)\n".write(
            toFile: office.folder.settingsPath, atomically: true, encoding: .utf8)
        let arguments = CommandLine.arguments
        let bundle = arguments.firstIndex(of: "--test-bundle-path").map { arguments[$0 + 1] } ?? arguments[0]
        let process = Process()
        process.executableURL = URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent(
            "privity")
        process.arguments = command + [office.path, path, "--passphrase-file", passphrase]
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = Pipe()
        try process.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    /// A folder of its own with nobody holding it.
    private func closedCopy(_ office: Office) async throws -> Office {
        let copy = try await office.copy()
        try copy.store.close()
        return copy
    }

    private func json(_ value: [String: Any]) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys]), as: UTF8.self)
    }

    @Test(
        "every rule about a person is refused alike by page, interface, command line and import, by its field, and enters nobody (E21)",
        arguments: rules.indices)
    func people(_ index: Int) async throws {
        let rule = Self.rules[index]
        let office = try await Office().staffed()
        let front = try Front(office)
        #expect(try await office.service.problems(of: rule.person).map(\.field) == [rule.field])
        let before = try office.store.read { try $0.people().count }
        let (new, roles) = (rule.person, rule.person.roles.map(\.rawValue))

        var form = [
            ("fullName", new.fullName), ("surname", new.surname), ("firstName", new.firstName), ("phone", new.phone),
            ("field", new.field), ("underContract", "on"),
        ]
        form += roles.map { ("roles", $0) }
        let page = try await front.post("/desk/people", as: "maya", form, key: "page")
        let interface = try await front.api(
            .post, "/people", as: "maya",
            json([
                "name": new.fullName, "surname": new.surname, "firstName": new.firstName, "phone": new.phone,
                "field": new.field, "roles": roles, "underContract": true,
            ]), headers: [("Idempotency-Key", "\"interface\"")])
        #expect(try office.store.read { try $0.people().count } == before)

        let copy = try await closedCopy(office)
        defer { try? FileManager.default.removeItem(atPath: copy.path) }
        let line = try json([
            "do": "addPerson", "name": new.fullName, "surname": new.surname, "firstName": new.firstName,
            "phone": new.phone, "field": new.field, "roles": roles, "underContract": true,
        ])
        let typed = try run(copy, ["apply"], input: line + "\n", as: "script.jsonl")
        let table =
            "name,surname,firstName,phone,field,roles,underContract,coordinator\n"
            + "\(new.fullName),\(new.surname),\(new.firstName),\(new.phone),\(new.field),\(roles.joined(separator: ";")),true,\n"
        let imported = try run(copy, ["person", "import"], input: table, as: "people.csv")

        for (road, heard) in [
            ("page", Heard(page)), ("interface", Heard(interface)), ("command line", Heard(typed)),
            ("import", Heard(imported)),
        ] {
            #expect(heard.isRefused, "\(rule.name): \(road): \(heard.text.suffix(300))")
            // A page names its field by a link to it, and its full name's field is `fullName`.
            let isNamed =
                switch road {
                case "page":
                    try heard.text.contains(
                        Regex("href=\"#f\\d+-\(rule.field == "name" ? "fullName" : rule.field)(-0)?\""))
                case "interface": heard.text.contains("\"field\":\"\(rule.field)\"")
                default: heard.text.contains("`\(rule.field)`")
                }
            #expect(isNamed, "\(rule.name): \(road): \(heard.text.suffix(300))")
        }
        try await copy.reopen()
        #expect(try copy.store.read { try $0.people().count } == before)
    }

    @Test(
        "a signature on another text than the one offered is refused by page, interface and command line; nothing is signed (E21)"
    )
    func signatures() async throws {
        let office = try await Office().staffed()
        let front = try Front(office)
        try await office.go(to: "offered")
        try await front.site.accounts.agreeElectronically(office.id("ada"), by: .operator)
        let handle = try front.handle("ada")
        let right = try await office.service.releaseText(
            of: office.id("ada"), workflow: "mentorship", for: office.id("ada")
        ).digest
        let wrong = String(repeating: "0", count: 64)
        let before = try office.store.read { try $0.logSize() }

        func page(_ front: Front, _ digest: String) async throws -> Reply {
            try await front.post(
                "/cases/\(handle)/signature", as: "ada", [("digest", digest), ("meaning", "on")], key: "page \(digest)")
        }
        func interface(_ front: Front, _ digest: String) async throws -> Reply {
            try await front.api(
                .post, "/cases/\(handle)/signature", as: "ada",
                json(["digest": digest, "meaning": SignatureEvidence.meaning]),
                headers: [("Idempotency-Key", "\"interface-\(digest.prefix(8))\"")])
        }
        func typed(_ copy: Office, _ digest: String) throws -> (status: Int32, errors: String) {
            let line = try json(["do": "sign", "by": "\(office.id("ada"))", "digest": digest])
            return try run(copy, ["apply"], input: line + "\n", as: "script.jsonl")
        }
        let copies = [try await office.copy(), try await closedCopy(office)]
        defer { for copy in copies { try? FileManager.default.removeItem(atPath: copy.path) } }
        let second = try Front(copies[0])

        #expect(Heard(try await page(front, wrong)).isRefused)
        let told = try await interface(second, wrong)
        #expect(Heard(told).isRefused && told.text.contains("urn:privity:problem:outdated"), "\(told.text.prefix(400))")
        let line = try typed(copies[1], wrong)
        #expect(Heard(line).isRefused && line.errors.contains("`digest`"), "\(line.errors)")
        try await copies[1].reopen()
        for place in [office] + copies { #expect(try place.store.read { try $0.logSize() } == before) }
        try copies[1].store.close()

        // By the same roads, with the text that is offered, it is signed: nothing else was in the way.
        #expect(try await page(front, right).status == 303)
        #expect(try await interface(second, right).status == 200)
        #expect(try typed(copies[1], right).status == 0)
        try await copies[1].reopen()
        for place in [office] + copies { #expect(try place.store.read { try $0.logSize() } == before + 1) }
    }
}
