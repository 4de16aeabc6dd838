internal import Hummingbird
internal import ReleaseService
internal import ReleaseWorkflow

/// The roll of a program that keeps no staff: its administrator brings the list of members, as a file.
enum RollPages {
    static let routes: [Route] = [
        Route(.get, "/desk/roll", .role(.coordinator)) { try await $0.page(page($0)) },
        Route(.post, "/desk/roll", .role(.coordinator), bodyLimit: 18 << 20, checksForm: true) { try await bring($0) },
    ]

    private static func page(_ visit: Visit) async throws -> Page {
        let words = visit.words
        guard try DeskPages.keepsRoll(visit) else { throw Refusal.notFound }
        return Page(
            words("roll.title"),
            [
                .text(words("roll.text")), .list([words("roll.one"), words("roll.two"), words("roll.three")]),
                .form(
                    FormView(
                        "/desk/roll",
                        [
                            .file("file", words("roll.file"), hint: words("roll.fileHint")),
                            .checks(
                                "numbersConfirmed", words("phoneConfirmed.label"), [("yes", words("roll.numbers"))]),
                            .checks("update", words("roll.again"), [("yes", words("roll.update"))]),
                        ], button: words("roll.button"), isUpload: true)),
            ], back: LinkView(words("desk.back"), "/desk"))
    }

    private static func bring(_ visit: Visit) async throws -> Response {
        let (words, form) = (visit.words, visit.form)
        guard try DeskPages.keepsRoll(visit) else { throw Refusal.notFound }
        do {
            try visit.checkForm()
            guard let bytes = form.files["file"], !bytes.isEmpty else {
                throw FieldProblem(field: "file", expected: words("roll.fileHint"))
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw FieldProblem(field: "file", expected: words("roll.notUTF8"))
            }
            var people = PeopleFile(
                text, into: visit.service, visit.site.accounts, by: visit.caller, attestedBy: nil,
                areNumbersConfirmed: form.isOn("numbersConfirmed"))
            try await people.check()
            if !people.faults.isEmpty { return try await visit.page(faultsPage(people.faults, visit)) }
            return try await visit.page(donePage(people, updates: form.isOn("update"), words))
        } catch let problem as FieldProblem {
            return try visit.again(await page(visit), problem)
        }
    }

    /// Every fault with its place; nobody was entered.
    private static func faultsPage(_ faults: [CSVTable.Fault], _ visit: Visit) async throws -> Page {
        let words = visit.words
        var page = try await page(visit)
        let rows = faults.sorted { ($0.line, $0.column) < ($1.line, $1.column) }.map { fault in
            [Cell("\(fault.line)", isHeader: true), Cell("\(fault.column)"), Cell(fault.text)]
        }
        page.blocks.insert(
            contentsOf: [
                .problem(words("roll.faults"), words("roll.faultsText")),
                .table(words("roll.faults"), [words("roll.line"), words("roll.column"), words("roll.expected")], rows),
            ], at: 0)
        return page
    }

    static func donePage(_ people: PeopleFile, updates: Bool, _ words: Words) async throws -> Page {
        var rows: [[Cell]] = []
        var (entered, known) = (0, 0)
        var stopped: Int?
        for entry in people.entries where stopped == nil {
            let text: String
            do {
                switch try await people.enter(entry, updates: updates) {
                case .entered:
                    entered += 1
                    text = words("roll.entered")
                case .known(_, let fields):
                    known += 1
                    let (key, list) = (updates ? "roll.changed" : "roll.differs", fields.joined(separator: ", "))
                    text = fields.isEmpty ? words("roll.known") : words(key, ["fields": list])
                }
            } catch let problem as FieldProblem {
                // Everything was checked; somebody else's hand came between.
                (stopped, text) = (entry.line, words("roll.refused", ["field": problem.field]))
            } catch is Refusal {
                (stopped, text) = (entry.line, words("roll.refused", ["field": "name"]))
            } catch is AccessRefusal {
                (stopped, text) = (entry.line, words("roll.refused", ["field": "mail"]))
            }
            rows.append([Cell("\(entry.line)", isHeader: true), Cell(text)])
        }
        let count = words("roll.done", ["entered": "\(entered)", "known": "\(known)"])
        return Page(
            words("roll.title"),
            [
                stopped.map { .problem(words("roll.stopped", ["line": "\($0)"]), count) } ?? .good(count),
                .table(words("roll.title"), [words("roll.line"), words("roll.what")], rows),
            ], back: LinkView(words("desk.back"), "/desk"))
    }
}
