import Testing

@testable import ReleaseWeb

/// Templates find the parts of a page by name, without reflection.
@Suite("Template views")
struct TemplateViewTests {
    private static let option = FieldView.Option(optionID: "a", optionValue: "b", optionLabel: "c", isChosen: true)
    private static let fact = Fact(term: "a", definition: "b", factLink: "c")

    private static let code = SecretValue(secretText: "b", drawing: nil)
    /// One of each, with everything set, and what can be left out left out.
    private var views: [any TemplateView] {
        [
            Block.text("a"), Block.heading("a"), Block.list(["a"]), Block.facts([("a", "b")]), Block.links([]),
            Block.form(FormView("/a", button: "b")), Block.good("a"), Block.document("a", label: "b"),
            Block.secret("a", ["b"]), Block.table("a", ["b"], [[Cell("c")]]),
            Block(card: CardBlock(cardTitle: "a", cardNotice: "b", cardFields: [Self.fact])), Self.fact,
            Fact(term: "a", definition: "b"), Table(caption: "a", headers: [], rows: [Row(cells: [])]), Row(cells: []),
            Cell("a"), Cell("a", link: "b", isHeader: true), LinkView("a", "b"), LinkView("a", "b", hint: "c"),
            Status(kind: "a", role: "b", statusTitle: "c", statusText: "d"),
            Document(documentLabel: "a", documentText: "b"), SecretView(secretLabel: "a", secretValues: [Self.code]),
            Self.code, SecretValue(secretText: "a"), Block.codes("a", ["b"], drawn: "c"),
            CardBlock(cardTitle: "a", cardNotice: "b", cardFields: []), FormView("/a", button: "b"),
            FormView("/a", [.hidden("a", "b")], button: "b", legend: "c"), FieldView.text("a", "b"),
            FieldView.area("a", "b", hint: "c"), FieldView.radios("a", "b", [("c", "d")], chosen: "c"),
            FieldView.select("a", "b", []), FieldView.hidden("a", "b"),
            FieldView.Input(type: "a", value: "b", autocomplete: "c", inputmode: "d", limit: 1),
            FieldView.Input(type: "a", value: "b", autocomplete: "c", inputmode: "d", limit: nil),
            FieldView.Area(areaText: "a", areaLimit: 1), FieldView.Choices(choiceType: "a", options: [Self.option]),
            FieldView.Select(selectOptions: [Self.option]), FieldView.Hidden(hiddenValue: "a"), Self.option,
            Page.ProblemLink(problemText: "a", problemTarget: "b"),
            PageView(
                language: "a", service: "b", pageTitle: "c", isProblem: true, navigation: [], signOut: nil,
                backLink: nil,
                problemTitle: "d", problemLinks: nil, blocks: [], skip: "e", navigationLabel: "f", emergency: "g",
                rescindLink: "h", required: "i"),
        ]
    }

    @Test("every property of every part of a page is found under its own name, and nothing where it is not set")
    func names() throws {
        for view in views {
            let mirror = Mirror(reflecting: view)
            #expect(!mirror.children.isEmpty)
            for case (let label?, let value) in mirror.children {
                let wanted = Mirror(reflecting: value)
                let isSet = wanted.displayStyle != .optional || !wanted.children.isEmpty
                let found = view.child(named: label)
                #expect((found != nil) == isSet, "\(mirror.subjectType).\(label)")
                guard let found, isSet else { continue }
                let inner = wanted.displayStyle == .optional ? wanted.children.first.map(\.value) ?? value : value
                #expect("\(found)" == "\(inner)", "\(mirror.subjectType).\(label)")
            }
            #expect(view.child(named: "nothing") == nil)
        }
    }
}
