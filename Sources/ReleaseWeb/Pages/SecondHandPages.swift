internal import Hummingbird
internal import ReleaseService
internal import ReleaseWorkflow

/// Pages for what staff close at once and what a second member of staff confirms: for coordinators and administrators
/// alike.
enum SecondHandPages {
    static let routes: [Route] = [
        Route(.get, "/second-hand", .signedIn) { try await $0.page(page($0)) },
        Route(.post, "/second-hand/{act}", .signedIn) { try await answer($0) },
        Route(.get, "/suspensions", .signedIn) { try await $0.page(suspensionPage($0)) },
        Route(.post, "/suspensions", .signedIn, checksForm: true) { try await suspend($0) },
        Route(.post, "/suspensions/lift", .signedIn) { try await lift($0) },
        Route(.post, "/recording-errors", .role(.coordinator)) { try await markError($0) },
    ]

    private static func back(_ visit: Visit) -> LinkView {
        let isCoordinator = visit.session?.holds(.coordinator) ?? false
        return isCoordinator
            ? LinkView(visit.words("desk.back"), "/desk") : LinkView(visit.words("admin.back"), "/admin")
    }

    /// The page of all that waits; it says nothing of any case.
    private static func page(_ visit: Visit) async throws -> Page {
        let words = visit.words
        let waiting = try await visit.service.pendingActs()
        var blocks: [Block] = []
        if let done = visit.query["done"] { blocks.append(.good(words.first("done.\(done)", or: words("done.other")))) }
        blocks.append(.links([LinkView(words("suspension.link"), "/suspensions")]))
        blocks += try await PaperPages.productionBlocks(visit)
        if waiting.isEmpty {
            return Page(words("secondHand.title"), blocks + [.note(words("secondHand.empty"))], back: back(visit))
        }
        blocks.append(.text(words("secondHand.text")))
        for (act, name) in waiting {
            blocks += [
                .heading(words("secondHand.\(act.kind.rawValue)", ["name": name])),
                .text(words("secondHand.asked", ["day": CasePages.plain(act.on)])),
            ]
            if let ground = act.ground {
                blocks.append(.text(words("secondHand.ground", ["ground": words("produce.\(ground.name)")])))
            }
            let entries = try await visit.service.entries(of: act)
            if !entries.isEmpty { blocks.append(entriesTable(entries, words)) }
            blocks += [
                .form(
                    FormView(
                        "/second-hand/\(act.id)", [.hidden("answer", "confirm")], button: words("secondHand.confirm"))),
                .form(
                    FormView(
                        "/second-hand/\(act.id)", [.hidden("answer", "refuse")], button: words("secondHand.refuse"),
                        isGrave: true)),
            ]
        }
        return Page(words("secondHand.title"), blocks, back: back(visit))
    }

    /// The entries that are to become one, side by side; the last is kept.
    private static func entriesTable(_ entries: [Identity], _ words: Words) -> Block {
        .table(
            words("merge.heading"),
            [words("field.fullName"), words("field.firstName"), words("field.phone"), words("field.field")],
            entries.map {
                [Cell($0.fullName, isHeader: true), Cell($0.firstName), Cell($0.phone), Cell($0.field)]
            })
    }

    private static func answer(_ visit: Visit) async throws -> Response {
        let answer = visit.form.text("answer")
        guard answer == "confirm" || answer == "refuse" else {
            throw FieldProblem(field: "answer", expected: "confirm, refuse")
        }
        try await visit.service.answerSecondHand(
            visit.parameter("act"), isConfirmed: answer == "confirm", by: visit.require().person, key: visit.key
        ).requireDone()
        return visit.redirect("/second-hand?done=\(answer == "confirm" ? "confirmed" : "refused")")
    }

    /// Anybody on the staff may suspend anybody, by whole name and number; nobody is looked up in part.
    private static func suspensionPage(_ visit: Visit) async throws -> Page {
        let (words, session) = (visit.words, try visit.require())
        guard session.holds(.coordinator) || session.holds(.administrator) else { throw Refusal.notFound }
        return Page(
            words("suspension.link"),
            [
                .text(words("person.suspendText")),
                .form(
                    FormView(
                        "/suspensions",
                        [
                            .text("fullName", words("field.fullName")),
                            .text("phone", words("field.phone"), type: "tel", inputmode: "tel", limit: 40),
                            .radios(
                                "cause", words("suspension.cause"),
                                Identity.Suspension.Cause.allCases.map {
                                    ($0.rawValue, words("suspension.\($0.rawValue)"))
                                }, chosen: Identity.Suspension.Cause.suspended.rawValue),
                        ], button: words("suspension.button"), isGrave: true)),
                .text(words("person.deceasedText")),
            ], back: back(visit))
    }

    private static func suspend(_ visit: Visit) async throws -> Response {
        let (words, form) = (visit.words, visit.form)
        do {
            try visit.checkForm()
            guard let cause = Identity.Suspension.Cause(rawValue: form.text("cause")) else {
                throw FieldProblem(field: "cause", expected: words("suspension.expected"))
            }
            let staff = try visit.require().person
            let person: PersonID
            if let id = PersonID(parsing: form.text("person")) {
                person = id
            } else {
                person = try await takingPart(visit, staff)
            }
            try await visit.service.suspend(person, cause, by: staff, key: visit.key).requireDone()
            return visit.redirect("/second-hand?done=\(cause == .deceased ? "death" : "suspension")")
        } catch let problem as FieldProblem {
            return try visit.again(await suspensionPage(visit), problem)
        }
    }

    /// The one who is meant: whoever mistypes a name is told so, and nobody is looked up in part.
    static func takingPart(_ visit: Visit, _ staff: PersonID) async throws -> PersonID {
        do {
            return try await visit.service.takingPart(
                fullName: visit.form.text("fullName"), phone: visit.form.text("phone"), by: staff)
        } catch Refusal.notFound {
            throw FieldProblem(field: "fullName", expected: visit.words("suspension.unknown"))
        }
    }

    private static func lift(_ visit: Visit) async throws -> Response {
        guard let person = PersonID(parsing: visit.form.text("person")) else { throw Refusal.notFound }
        return try asked(await visit.service.askToLift(person, by: visit.require().person, key: visit.key), visit)
    }

    private static func markError(_ visit: Visit) async throws -> Response {
        let own = try visit.require().person
        guard let handle = CaseHandle(parsing: visit.form.text("case")) else { throw Refusal.notFound }
        let page = try await visit.service.page(handle, of: own)
        return try asked(
            await visit.service.askRecordedInError(
                of: page.line.opener, workflow: page.view.workflow, by: own, key: visit.key), visit)
    }

    /// Where a program has no second hand, what is asked for is done.
    static func asked(_ outcome: Outcome, _ visit: Visit) throws -> Response {
        try outcome.requireDone()
        return visit.redirect("/second-hand?done=\(outcome.state == "waits" ? "asked" : "confirmed")")
    }

    /// The part of a case's page by which a coordinator asks that an end is marked as recorded in error.
    static func errorBlocks(_ page: CasePage, _ words: Words) -> [Block] {
        guard page.isMarkable else { return [] }
        return [
            .heading(words("recordingError.title")), .text(words("recordingError.text")),
            .form(
                FormView(
                    "/recording-errors", [.hidden("case", page.handle.description)],
                    button: words("recordingError.button"), isGrave: true)),
        ]
    }

    /// The part of a person's page by which their coordinator suspends them, or asks that they take part again.
    static func blocks(of person: PersonID, _ identity: Identity, _ words: Words) -> [Block] {
        guard let suspension = identity.suspension else {
            return [
                .heading(words("person.partHeading")),
                .form(
                    FormView(
                        "/suspensions", [.hidden("person", person.description), .hidden("cause", "suspended")],
                        button: words("person.suspend"), isGrave: true)),
                .text(words("person.suspendText")),
                .form(
                    FormView(
                        "/suspensions", [.hidden("person", person.description), .hidden("cause", "deceased")],
                        button: words("person.deceased"), isGrave: true)),
                .text(words("person.deceasedText")),
            ]
        }
        let title = suspension.cause == .deceased ? "person.died" : "person.suspended"
        return [
            .heading(words("person.partHeading")),
            .note(words(title, ["day": CasePages.plain(suspension.on)]), words("person.suspendedText")),
            .form(
                FormView("/suspensions/lift", [.hidden("person", person.description)], button: words("person.lift"))),
        ]
    }
}
