internal import QRCodes

// What pages are made of. Every page is a list of blocks, and every block is rendered by one template, so that what
// makes one form usable by keyboard, by ear and on a phone makes all of them so.

/// One part of a page; exactly one of its properties is set.
///
/// Names are unique over all levels: a template that finds no value looks for the name further out.
struct Block: Sendable {
    var paragraph: String?
    var heading: String?
    var items: [String]?
    var facts: [Fact]?
    var table: Table?
    var form: FormView?
    var links: [LinkView]?
    var status: Status?
    var document: Document?
    var secret: SecretView?
    var card: CardBlock?

    static func text(_ text: String) -> Block { Block(paragraph: text) }
    static func heading(_ text: String) -> Block { Block(heading: text) }
    static func list(_ items: [String]) -> Block { Block(items: items) }
    static func facts(_ facts: [(String, String)]) -> Block {
        Block(facts: facts.map { Fact(term: $0.0, definition: $0.1) })
    }
    static func links(_ links: [LinkView]) -> Block { Block(links: links) }
    static func form(_ form: FormView) -> Block { Block(form: form) }
    static func good(_ title: String, _ text: String = "") -> Block {
        Block(status: Status(kind: "good", role: "status", statusTitle: title, statusText: text))
    }
    static func problem(_ title: String, _ text: String = "") -> Block {
        Block(status: Status(kind: "problem", role: "alert", statusTitle: title, statusText: text))
    }
    static func note(_ title: String, _ text: String = "") -> Block {
        Block(status: Status(kind: "note", role: "note", statusTitle: title, statusText: text))
    }
    static func document(_ text: String, label: String) -> Block {
        Block(document: Document(documentLabel: label, documentText: text))
    }
    static func secret(_ label: String, _ values: [String]) -> Block {
        Block(secret: SecretView(secretLabel: label, secretValues: values.map { SecretValue(secretText: $0) }))
    }
    /// Codes that are carried on paper: each is drawn as well, for who would rather not type it.
    static func codes(_ label: String, _ values: [String], drawn: String) -> Block {
        let codes = values.map { SecretValue(secretText: $0, drawing: QRCode($0).map { Drawing($0, drawn) }) }
        return Block(secret: SecretView(secretLabel: label, secretValues: codes))
    }
    static func table(_ caption: String, _ headers: [String], _ rows: [[Cell]]) -> Block {
        Block(table: Table(caption: caption, headers: headers, rows: rows.map { Row(cells: $0) }))
    }
}

struct Fact: Sendable {
    var term: String
    var definition: String
    /// Makes the definition a link: a number that a phone can call.
    var factLink: String?
}

struct Table: Sendable {
    var caption: String
    var headers: [String]
    var rows: [Row]
}

struct Row: Sendable { var cells: [Cell] }

struct Cell: Sendable {
    var isRowHeader: Bool
    /// Nil for one that is a link.
    var cellText: String?
    var cellLink: LinkView?

    init(_ text: String, link: String? = nil, isHeader: Bool = false) {
        isRowHeader = isHeader
        if let link { cellLink = LinkView(text, link) } else { cellText = text }
    }
}

struct LinkView: Sendable {
    var href: String
    var linkText: String
    var linkHint: String?
    var isButton = false

    init(_ text: String, _ href: String, hint: String? = nil, isButton: Bool = false) {
        (linkText, self.href, linkHint, self.isButton) = (text, href, hint, isButton)
    }
}

/// A message that stands out, and that screen readers announce.
struct Status: Sendable {
    var kind: String
    var role: String
    var statusTitle: String
    var statusText: String
}

/// A text exactly as it is or will be signed.
struct Document: Sendable {
    var documentLabel: String
    var documentText: String
}

/// A code to write down.
struct SecretView: Sendable {
    var secretLabel: String
    var secretValues: [SecretValue]
}

struct SecretValue: Sendable {
    var secretText: String
    var drawing: Drawing?
}

/// A QR code as an image in the page.
struct Drawing: Sendable {
    var viewBox: String
    var path: String
    var drawingLabel: String

    init(_ code: QRCode, _ label: String) {
        (viewBox, path, drawingLabel) = (code.viewBox, code.path, label)
    }
}

/// The values that crossed.
struct CardBlock: Sendable {
    var cardTitle: String
    var cardNotice: String
    var cardFields: [Fact]
}

/// A form that works without scripts.
struct FormView: Sendable {
    var action: String
    var legend: String?
    var fields: [FieldView]
    var button: String
    var isGrave = false
    var isUpload = false
    /// Filled in when the page is made.
    var formToken: String = ""
    var formKey: String = ""
    var formVersion: String = ""

    init(
        _ action: String, _ fields: [FieldView] = [], button: String, legend: String? = nil, isGrave: Bool = false,
        isUpload: Bool = false,
        version: String = ""
    ) {
        (self.action, self.fields, self.button, self.legend, self.isGrave) = (action, fields, button, legend, isGrave)
        (self.isUpload, formVersion) = (isUpload, version)
    }
}

/// One field; exactly one of the last five properties is set.
struct FieldView: Sendable {
    var name: String
    var id: String = ""
    var label: String
    var hint: String?
    var error: String?
    var isRequired = false
    /// The ids of hint and error, for whoever hears the page.
    var describedBy: String?
    var input: Input?
    var area: Area?
    var choices: Choices?
    var select: Select?
    var hidden: Hidden?

    struct Input: Sendable {
        var type: String
        var value: String
        var autocomplete: String
        var inputmode: String
        var limit: Int?
    }
    struct Area: Sendable {
        var areaText: String
        var areaLimit: Int
    }
    struct Choices: Sendable {
        var choiceType: String
        var options: [Option]
    }
    struct Select: Sendable { var selectOptions: [Option] }
    struct Hidden: Sendable { var hiddenValue: String }
    struct Option: Sendable {
        var optionID: String = ""
        var optionValue: String
        var optionLabel: String
        var isChosen: Bool
    }

    static func hidden(_ name: String, _ value: String) -> FieldView {
        FieldView(name: name, label: "", hidden: Hidden(hiddenValue: value))
    }

    static func text(
        _ name: String, _ label: String, value: String = "", hint: String? = nil, type: String = "text",
        autocomplete: String = "off",
        inputmode: String = "text", limit: Int = 120, isRequired: Bool = true
    ) -> FieldView {
        FieldView(
            name: name, label: label, hint: hint, isRequired: isRequired,
            input: Input(type: type, value: value, autocomplete: autocomplete, inputmode: inputmode, limit: limit))
    }

    static func area(_ name: String, _ label: String, value: String = "", hint: String? = nil, limit: Int = 60_000)
        -> FieldView
    {
        FieldView(name: name, label: label, hint: hint, isRequired: true, area: Area(areaText: value, areaLimit: limit))
    }

    static func file(_ name: String, _ label: String, hint: String? = nil) -> FieldView {
        FieldView(
            name: name, label: label, hint: hint, isRequired: true,
            input: Input(type: "file", value: "", autocomplete: "off", inputmode: "text", limit: nil))
    }

    static func radios(
        _ name: String, _ label: String, _ options: [(String, String)], chosen: String?, hint: String? = nil
    ) -> FieldView {
        FieldView(
            name: name, label: label, hint: hint, isRequired: true,
            choices: Choices(
                choiceType: "radio",
                options: options.map { Option(optionValue: $0.0, optionLabel: $0.1, isChosen: $0.0 == chosen) }))
    }

    static func checks(
        _ name: String, _ label: String, _ options: [(String, String)], chosen: Set<String> = [], hint: String? = nil
    ) -> FieldView {
        FieldView(
            name: name, label: label, hint: hint,
            choices: Choices(
                choiceType: "checkbox",
                options: options.map { Option(optionValue: $0.0, optionLabel: $0.1, isChosen: chosen.contains($0.0)) }))
    }

    static func select(
        _ name: String, _ label: String, _ options: [(String, String)], chosen: String? = nil, hint: String? = nil
    ) -> FieldView {
        FieldView(
            name: name, label: label, hint: hint, isRequired: true,
            select: Select(
                selectOptions: options.map { Option(optionValue: $0.0, optionLabel: $0.1, isChosen: $0.0 == chosen) }))
    }
}

/// A page before it is text.
struct Page: Sendable {
    var title: String
    var blocks: [Block]
    /// Where the page hangs, for the way back.
    var back: LinkView?
    /// Of a refused entry: what is wrong, with links to the fields.
    var problems: [ProblemLink] = []

    struct ProblemLink: Sendable {
        var problemText: String
        var problemTarget: String
    }

    init(_ title: String, _ blocks: [Block], back: LinkView? = nil) {
        (self.title, self.blocks, self.back) = (title, blocks, back)
    }

    /// The boxes that a form shows only once something has to be said again.
    static let confirmations = ["phoneConfirmed", "anotherPerson"]

    /// Adds such a box after the number that it is about, unless the form has it.
    mutating func ask(_ confirmation: String, _ words: Words) {
        for index in blocks.indices {
            guard var form = blocks[index].form, !form.fields.contains(where: { $0.name == confirmation }),
                let place = form.fields.firstIndex(where: { $0.name == "phone" })
            else { continue }
            form.fields.insert(
                .checks(
                    confirmation, words("\(confirmation).label"), [("yes", words("\(confirmation).yes"))]),
                at: place + 1)
            blocks[index].form = form
        }
    }
}

/// A page with everything that the layout shows.
struct PageView: Sendable {
    var language: String
    var service: String
    var pageTitle: String
    var isProblem: Bool
    var navigation: [LinkView]
    var signOut: FormView?
    var backLink: LinkView?
    var problemTitle: String
    var problemLinks: [Page.ProblemLink]?
    var blocks: [Block]
    var skip: String
    var navigationLabel: String
    var emergency: String
    var rescindLink: String
    var required: String
}
