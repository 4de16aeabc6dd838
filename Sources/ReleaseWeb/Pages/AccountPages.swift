internal import Hummingbird
internal import ReleaseService
internal import ReleaseWorkflow

/// How somebody signs in, as they change it themselves: every change asks for the factors again, and tells the mailbox.
enum AccountPages {
    static let routes: [Route] = [
        Route(.get, "/account", .signedIn) { try await $0.page(page($0)) },
        Route(.post, "/account/pin", .people) { try await changePIN($0) },
        Route(.post, "/account/set-up", .signedIn) { try await setUpAnew($0) },
        Route(.post, "/account/address", .signedIn) { try await changeAddress($0) },
        Route(.get, "/account/address/{link}", .signedIn) { try $0.page(confirmPage($0)) },
        Route(.post, "/account/confirmation", .signedIn) { try await confirmAddress($0) },
        Route(.post, "/account/sessions/{session}", .signedIn) { try await endSession($0) },
    ]

    private static func homeLink(_ words: Words) -> LinkView { LinkView(words("home.back"), "/home") }

    private static func page(_ visit: Visit) async throws -> Page {
        let (words, session) = (visit.words, try visit.require())
        let summary = try await visit.site.accounts.summary(of: session.person, by: visit.caller)
        var blocks: [Block] = []
        if let done = visit.query["done"] { blocks.append(.good(words.first("done.\(done)", or: words("done.other")))) }
        blocks.append(.facts([(words("field.address"), summary.address ?? words("account.noAddress"))]))
        if summary.isHeld { blocks.append(.note(words("account.held"), words("account.heldText"))) }
        if summary.hasPIN, session.assurance != .staff { blocks.append(.form(pinForm(words))) }
        if summary.hasPassword, session.assurance == .staff {
            blocks.append(
                .form(
                    FormView(
                        "/account/set-up", factors(summary, session, words), button: words("account.renewButton"),
                        legend: words("account.renewHeading"))))
        }
        let address: FieldView = .text(
            "address", words("account.newAddress"), type: "email", autocomplete: "email", inputmode: "email",
            limit: 254)
        blocks.append(
            .form(
                FormView(
                    "/account/address", [address] + factors(summary, session, words),
                    button: words("account.addressButton"), legend: words("account.addressHeading"))))
        blocks += try await sessionBlocks(visit, session)
        blocks.append(
            .form(
                FormView(
                    "/sign-out/everywhere", button: words("account.everywhere"),
                    legend: words("account.everywhereHeading"))))
        blocks += try await journalBlocks(visit, session)
        return Page(words("account.title"), blocks, back: homeLink(words))
    }

    /// The journal of how they sign in, the newest line first: the day, the kind, and whether the office did it.
    private static func journalBlocks(_ visit: Visit, _ session: Session) async throws -> [Block] {
        let (words, lines) = (visit.words, try await visit.site.accounts.signInLines(of: session))
        if lines.isEmpty { return [] }
        let rows = lines.reversed().map { line in
            [
                Cell(CasePages.plain(line.on), isHeader: true), Cell(words("signInLine.\(line.kind.rawValue)")),
                Cell(words(line.kind.isByStaff ? "signInLine.byOffice" : "signInLine.byYou")),
            ]
        }
        return [
            .table(
                words("signInLine.heading"),
                [words("history.day"), words("signInLine.what"), words("signInLine.by")], rows)
        ]
    }

    private static func pinForm(_ words: Words) -> FormView {
        FormView(
            "/account/pin",
            [
                pin("pin", words("account.oldPIN"), autocomplete: "current-password"),
                .text(
                    "newPIN", words("enter.newPIN"), hint: words("enter.pinHint"), type: "password",
                    autocomplete: "new-password", inputmode: "numeric", limit: 12),
            ], button: words("account.pinButton"), legend: words("account.pinHeading"))
    }

    private static func pin(_ name: String, _ label: String, autocomplete: String) -> FieldView {
        .text(name, label, type: "password", autocomplete: autocomplete, inputmode: "numeric", limit: 12)
    }

    /// The fields of what is shown again: of staff password and code, of others the PIN.
    private static func factors(_ summary: Account.Summary, _ session: Session, _ words: Words) -> [FieldView] {
        if session.assurance == .staff {
            guard summary.hasPassword else { return [] }
            return [
                .text(
                    "password", words("setUp.password"), type: "password", autocomplete: "current-password", limit: 128
                ),
                .text(
                    "code", words("account.code"), hint: words("account.codeHint"), autocomplete: "one-time-code",
                    limit: 20),
            ]
        }
        return summary.hasPIN ? [pin("pin", words("account.oldPIN"), autocomplete: "current-password")] : []
    }

    private static func shown(_ form: FormBody) -> ShownAgain {
        ShownAgain(pin: form.text("pin"), password: form.text("password"), code: form.text("code"))
    }

    private static func sessionBlocks(_ visit: Visit, _ session: Session) async throws -> [Block] {
        let words = visit.words
        var blocks: [Block] = [.heading(words("sessions.heading"))]
        for open in try await visit.site.accounts.sessions(of: session) {
            blocks.append(
                .facts([
                    (words("sessions.began"), try await visit.service.localTime(open.began)),
                    (words("sessions.seen"), try await visit.service.localTime(open.seen)),
                ]))
            if open.isThis {
                blocks.append(.text(words("sessions.this")))
            } else {
                blocks.append(.form(FormView("/account/sessions/\(open.id)", button: words("sessions.end"))))
            }
        }
        return blocks
    }

    private static func endSession(_ visit: Visit) async throws -> Response {
        try await visit.site.accounts.endSession(visit.parameter("session"), of: visit.require())
        return visit.redirect("/account?done=sessionEnded")
    }

    private static func changePIN(_ visit: Visit) async throws -> Response {
        let session = try visit.require()
        do {
            try await visit.site.accounts.changePIN(
                of: session.person, from: visit.form.text("pin"), to: visit.form.text("newPIN"), in: session,
                by: visit.caller)
            return visit.redirect("/home?done=account")
        } catch AccessRefusal.unusable(let problem) {
            return try await visit.again(page(visit), FieldProblem(field: "newPIN", expected: problem.expected))
        } catch AccessRefusal.refused {
            return try await again(visit, session)
        }
    }

    /// The page again, where what was shown is not right.
    private static func again(_ visit: Visit, _ session: Session) async throws -> Response {
        let isStaff = session.assurance == .staff
        let problem = FieldProblem(
            field: isStaff ? "password" : "pin",
            expected: visit.words(isStaff ? "account.factorsWrong" : "account.pinWrong"))
        return try await visit.again(page(visit), problem, status: .forbidden)
    }

    /// Whoever has shown password and code is sent on to the page that everybody sets up their account with.
    private static func setUpAnew(_ visit: Visit) async throws -> Response {
        let session = try visit.require()
        do {
            return visit.redirect(
                "/set-up/\(try await visit.site.accounts.setUpAnew(shown(visit.form), of: session))")
        } catch AccessRefusal.refused {
            return try await again(visit, session)
        }
    }

    private static func changeAddress(_ visit: Visit) async throws -> Response {
        let session = try visit.require()
        do {
            try await visit.site.accounts.check(shown(visit.form), of: session)
            try await visit.site.accounts.requestAddress(
                of: session.person, typed: visit.form.text("address"), by: visit.caller)
            return visit.redirect("/home?done=addressAsked")
        } catch AccessRefusal.unusable(let problem) {
            return try await visit.again(page(visit), problem)
        } catch AccessRefusal.refused {
            return try await again(visit, session)
        }
    }

    private static func confirmPage(_ visit: Visit) -> Page {
        let words = visit.words
        return Page(
            words("confirm.title"),
            [
                .text(words("confirm.text")),
                .form(
                    FormView(
                        "/account/confirmation", [.hidden("link", visit.parameter("link"))],
                        button: words("confirm.button"))),
            ], back: homeLink(words))
    }

    private static func confirmAddress(_ visit: Visit) async throws -> Response {
        do {
            let session = try visit.require()
            try await visit.site.accounts.confirmAddress(
                of: session.person, link: visit.form.text("link"), in: session, by: visit.caller)
            return visit.redirect("/home?done=account")
        } catch AccessRefusal.refused {
            throw Refusal.notFound
        }
    }
}
