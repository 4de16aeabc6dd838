internal import Hummingbird
internal import ReleaseService
internal import ReleaseWorkflow

/// Pages for what staff close at once and what a second member of staff confirms: for coordinators and administrators
/// alike.
enum SecondHandPages {
    static let routes: [Route] = [
        Route(.get, "/second-hand", .signedIn) { try await $0.page(page($0)) },
        Route(.post, "/second-hand/{act}", .signedIn) { try await answer($0) },
        Route(.get, "/second-hand/sign-in/{person}", .signedIn) { try await $0.page(issuePage($0)) },
        Route(.post, "/second-hand/sign-in/{person}", .signedIn, checksForm: true) { try await answerIssue($0) },
        Route(.get, "/second-hand/papers/{act}", .signedIn) { try await $0.page(paperPage($0)) },
        Route(.post, "/second-hand/papers/{act}", .signedIn, checksForm: true) { try await answerPaper($0) },
        Route(.get, "/second-hand/papers/{act}/scan/{file}", .signedIn) { try await scan($0) },
        Route(.get, "/suspensions", .signedIn) { try await $0.page(suspensionPage($0)) },
        Route(.post, "/suspensions", .signedIn, checksForm: true) { try await suspend($0) },
        Route(.post, "/suspensions/lift", .signedIn) { try await lift($0) },
        Route(.post, "/recording-errors", .role(.coordinator)) { try await markError($0) },
    ]

    private static func isOfProgram(_ visit: Visit) -> Bool {
        visit.session.map { $0.holds(.coordinator) || $0.holds(.administrator) } ?? false
    }

    private static func back(_ visit: Visit) -> LinkView {
        if visit.session?.holds(.auditor) ?? false { return LinkView(visit.words("audit.home"), "/audit") }
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
        // Auditors confirm what is done with the accounts of staff, and nothing else.
        if isOfProgram(visit) {
            blocks.append(.links([LinkView(words("suspension.link"), "/suspensions")]))
            blocks += try await PaperPages.productionBlocks(visit)
        }
        let issues = isOfProgram(visit) ? try await issueBlocks(visit) : []
        blocks += issues
        if waiting.isEmpty, issues.isEmpty {
            return Page(words("secondHand.title"), blocks + [.note(words("secondHand.empty"))], back: back(visit))
        }
        if !waiting.isEmpty { blocks.append(.text(words("secondHand.text"))) }
        for (act, name, other) in waiting {
            blocks += [
                .heading(words("secondHand.\(act.kind.rawValue)", ["name": name, "other": other ?? ""])),
                .text(words("secondHand.asked", ["day": CasePages.plain(act.on)])),
            ]
            if act.kind == .paper {
                blocks.append(paperLink(act, visit))
                continue
            }
            if let ground = act.ground {
                blocks.append(.text(words("secondHand.ground", ["ground": words("produce.\(ground.name)")])))
            }
            let entries = act.kind == .merge ? try await visit.service.entries(of: act) : []
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

    /// Nobody looks at a paper that they filed themselves.
    private static func paperLink(_ act: PendingAct, _ visit: Visit) -> Block {
        let words = visit.words
        if act.by == visit.session?.person { return .text(words("paper.own")) }
        return .links([LinkView(words("paper.look"), "/second-hand/papers/\(act.id)", isButton: true)])
    }

    private static func paperPage(_ visit: Visit) async throws -> Page {
        let (words, staff) = (visit.words, try visit.require().person)
        let paper = try await visit.service.paper(toConfirm: visit.parameter("act"), by: staff)
        let place = "/second-hand/papers/\(paper.act.id)"
        var blocks: [Block] = [
            .text(words("paper.how")),
            .links([LinkView(words("paper.scan"), "\(place)/scan/\(paper.kind.fileName)", isButton: true)]),
            .facts([
                (words("field.fullName"), paper.name), (words("paper.filedBy"), paper.filedBy),
                (words("paper.filedOn"), CasePages.plain(paper.act.on)),
                (words("form.signedOn"), paper.signedOn.map { CasePages.plain($0) } ?? words("fact.no")),
                (words("field.phone"), paper.phone),
                (words("person.entered"), try await DeskPages.entered(paper.numberEntered, visit)),
            ]),
        ]
        if !paper.isNumberTrusted { blocks.append(.note(words("issue.untrusted"), words("issue.untrustedText"))) }
        if paper.texts.isEmpty { blocks.append(.note(words("paper.outdated"), words("paper.outdatedText"))) }
        if let display = paper.display { blocks.append(.facts([(words("field.display"), display)])) }
        if !paper.values.isEmpty {
            blocks.append(.heading(words("release.values")))
            blocks.append(.facts(paper.values.map { ($0.field.plainWords, $0.text) }))
        }
        blocks += paper.texts.map { .document($0, label: words("paper.text")) }
        let ways = Issue.Reached.allCases.filter { $0 != .number || paper.isNumberTrusted }
        blocks.append(
            .form(
                FormView(
                    place,
                    [
                        reachedField(ways, words),
                        .radios(
                            "answer", words("issue.question", ["name": paper.name]),
                            [("signed", words("paper.signed")), ("notSigned", words("paper.notSigned"))],
                            chosen: nil),
                    ], button: words("issue.button"))))
        return Page(
            words("secondHand.paper", ["name": paper.name]), blocks,
            back: LinkView(words("secondHand.title"), "/second-hand"))
    }

    private static func reachedField(_ ways: [Issue.Reached], _ words: Words) -> FieldView {
        .radios(
            "reached", words("issue.reached"), ways.map { ($0.rawValue, words("issue.reached.\($0.rawValue)")) },
            chosen: nil)
    }

    /// - Throws: `FieldProblem` for an answer that is none of the two, or without a way by which they were reached.
    private static func reached(_ visit: Visit, isYes yes: String, orNo no: String) throws -> (Issue.Reached, Bool) {
        try visit.checkForm()
        let answer = visit.form.text("answer")
        guard answer == yes || answer == no else {
            throw FieldProblem(field: "answer", expected: visit.words("issue.answerExpected"))
        }
        guard let reached = Issue.Reached(rawValue: visit.form.text("reached")) else {
            throw FieldProblem(field: "reached", expected: visit.words("issue.reachedExpected"))
        }
        return (reached, answer == yes)
    }

    private static func answerPaper(_ visit: Visit) async throws -> Response {
        let words = visit.words
        do {
            let (reached, isSigned) = try reached(visit, isYes: "signed", orNo: "notSigned")
            let outcome = try await visit.service.answerSecondHand(
                visit.parameter("act"), isConfirmed: isSigned, reached: reached, by: visit.require().person,
                key: visit.key)
            try outcome.requireDone()
            guard let code = outcome.rescindCode else {
                return visit.redirect("/second-hand?done=\(isSigned ? "confirmed" : "refused")")
            }
            return try visit.page(
                CasePages.paperReceipt(code, visit, back: LinkView(words("secondHand.title"), "/second-hand")))
        } catch let problem as FieldProblem {
            return try visit.again(await paperPage(visit), problem)
        }
    }

    private static func scan(_ visit: Visit) async throws -> Response {
        let asked = visit.parameter("file")
        let scan = try await visit.service.scan(
            toConfirm: visit.parameter("act"), asJPEG: asked == "scan.jpg", by: visit.require().person)
        guard asked == scan.kind.fileName else { throw Refusal.notFound }
        return PaperPages.file(ProducedFile(name: asked, mediaType: scan.kind.mediaType, bytes: scan.bytes))
    }

    /// The issues that wait: whether each came to its person is one question, asked by somebody else.
    private static func issueBlocks(_ visit: Visit) async throws -> [Block] {
        let words = visit.words
        let issues: [IssueToConfirm]
        do {
            issues = try await visit.site.accounts.issues(by: visit.caller)
        } catch Refusal.notFound {
            // They confirm nobody's, in this program.
            return []
        }
        if issues.isEmpty { return [] }
        let rows = issues.map { issue in
            [
                Cell(
                    issue.name, link: issue.isOwn ? nil : "/second-hand/sign-in/\(issue.person)", isHeader: true),
                Cell(issue.hands.joined(separator: ", ")), Cell(CasePages.plain(issue.on)),
                Cell(issue.isOwn ? words("issue.own") : CasePages.plain(issue.due)),
            ]
        }
        return [
            .text(words("issue.text")),
            .table(
                words("issue.heading"),
                [words("field.fullName"), words("issue.hands"), words("issue.on"), words("issue.due")], rows),
        ]
    }

    private static func issuePage(_ visit: Visit) async throws -> Page {
        let words = visit.words
        let issue = try await visit.site.accounts.issues(by: visit.caller).first { $0.person == visit.person() }
        guard let issue, !issue.isOwn else { throw Refusal.notFound }
        let entered = try await DeskPages.entered(issue.numberEntered, visit)
        let ways = Issue.Reached.allCases.filter { $0 != .number || issue.isNumberTrusted }
        var blocks: [Block] = [
            .text(words("issue.how")),
            .facts([
                (words("field.phone"), issue.phone), (words("person.entered"), entered),
                (words("issue.hands"), issue.hands.joined(separator: ", ")),
                (words("issue.on"), CasePages.plain(issue.on)), (words("issue.due"), CasePages.plain(issue.due)),
            ]),
        ]
        if !issue.isNumberTrusted { blocks.append(.note(words("issue.untrusted"), words("issue.untrustedText"))) }
        blocks.append(
            .form(
                FormView(
                    "/second-hand/sign-in/\(issue.person)",
                    [
                        .hidden("count", "\(issue.count)"), reachedField(ways, words),
                        .radios(
                            "answer", words("issue.question", ["name": issue.name]),
                            [("theirs", words("issue.theirs")), ("notTheirs", words("issue.notTheirs"))], chosen: nil),
                    ], button: words("issue.button"))))
        return Page(issue.name, blocks, back: LinkView(words("secondHand.title"), "/second-hand"))
    }

    private static func answerIssue(_ visit: Visit) async throws -> Response {
        let person = visit.person()
        do {
            let (reached, isTheirs) = try reached(visit, isYes: "theirs", orNo: "notTheirs")
            if isTheirs {
                try await visit.site.accounts.confirmIssue(
                    person, reached: reached, count: Int(visit.form.text("count")) ?? 0, by: visit.caller)
            } else {
                try await visit.site.accounts.voidIssue(person, by: visit.caller)
            }
        } catch let problem as FieldProblem {
            return try visit.again(await issuePage(visit), problem)
        }
        return visit.redirect("/second-hand?done=\(visit.form.text("answer"))")
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
        let act = try await visit.service.pendingActs().first { $0.act.id == visit.parameter("act") }?.act
        if let act, act.kind == .setUp, answer == "confirm" {
            // Whoever confirms it gives it to the person, and not the one who asked.
            return try await AdminPages.setUpLink(
                visit, act.person, confirming: act.id, back: LinkView(visit.words("secondHand.title"), "/second-hand"))
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
        return visit.redirect("/second-hand?done=\(outcome.waits ? "asked" : "confirmed")")
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
