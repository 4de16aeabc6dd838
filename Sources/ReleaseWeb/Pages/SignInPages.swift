internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore
internal import ReleaseService
internal import ReleaseWorkflow

/// Pages for who is not signed in, and the way in.
enum SignInPages {
    static let routes: [Route] = [
        Route(.get, "/", .anyone) { try await front($0) },
        Route(.get, "/style.css", .anyone, form: .plain) { asset($0.site.styleSheet, "text/css; charset=utf-8") },
        Route(.get, "/icon.svg", .anyone, form: .plain) { asset($0.site.icon, "image/svg+xml; charset=utf-8") },
        Route(.get, "/sign-in", .anyone) { try $0.page(linkPage($0.words)) },
        Route(.post, "/sign-in", .anyone, checksForm: true) { try await requestLink($0) },
        Route(.get, "/sign-in/link/{link}", .anyone) { try await enterPage($0, link: $0.parameter("link")) },
        Route(.post, "/sign-in/link", .anyone) { try await enter($0) },
        Route(.get, "/sign-in/code", .anyone) { try $0.page(codePage($0.words)) },
        Route(.post, "/sign-in/code", .anyone) { try await enterPage($0, link: $0.form.text("code")) },
        Route(.get, "/sign-in/staff", .anyone) { try $0.page(staffPage($0.words)) },
        Route(.post, "/sign-in/staff", .anyone) { try await staff($0) },
        Route(.get, "/set-up/{link}", .anyone) { try await setUpPage($0) },
        Route(.post, "/set-up", .anyone) { try await setUp($0) },
        Route(.post, "/sign-out", .signedIn) { try await signOut($0, everywhere: false) },
        Route(.post, "/sign-out/everywhere", .signedIn) { try await signOut($0, everywhere: true) },
        Route(.get, "/rescission", .anyone, worksWithoutCookie: true) { try $0.page(rescissionPage($0.words)) },
        Route(.post, "/rescission", .anyone, worksWithoutCookie: true) { try await rescind($0) },
    ]

    private static func asset(_ bytes: [UInt8], _ type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "public, max-age=86400"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private static func front(_ visit: Visit) async throws -> Response {
        let (words, policy) = (visit.words, try visit.service.policy.policy)
        var blocks: [Block] = [.text(policy.texts.mission), .text(policy.texts.voluntary)]
        let isNot = policy.clauses.filter { $0.kind == .isNot }.map(\.text)
        if !isNot.isEmpty { blocks += [.heading(words("front.isNot")), .list(isNot)] }
        blocks.append(.heading(words("front.crosses")))
        let fields = policy.release.fields.map(\.plainWords)
        let workflow = policy.workflows.first
        let kind = workflow?.audience?.rawValue ?? (workflow?.isMutual == true ? "mutual" : "one")
        blocks.append(.text(words("front.crossesText.\(kind)")))
        blocks.append(.list(fields))
        var links = [
            LinkView(words("front.signIn"), visit.session == nil ? "/sign-in" : "/home", isButton: true),
            LinkView(words("front.rescind"), "/rescission", hint: words("front.rescindHint")),
        ]
        if policy.matching.directory != .none { links.append(LinkView(words("front.directory"), "/directory")) }
        blocks.append(
            .links(
                links + ProgramPage.links(policy, words) + EvaluationPage.links(policy, words)
                    + PrivacyPage.links(policy, words)))
        return try visit.page(Page(words("front.title"), blocks))
    }

    // MARK: Links and codes

    private static func linkPage(_ words: Words) -> Page {
        Page(
            words("signIn.title"),
            [
                .text(words("signIn.text")),
                .form(
                    FormView(
                        "/sign-in",
                        [
                            .text(
                                "address", words("field.address"), hint: words("signIn.addressHint"), type: "email",
                                autocomplete: "email",
                                inputmode: "email", limit: 254)
                        ], button: words("signIn.button"))),
                .links([
                    LinkView(words("signIn.code"), "/sign-in/code"), LinkView(words("signIn.staff"), "/sign-in/staff"),
                ]),
            ])
    }

    private static func requestLink(_ visit: Visit) async throws -> Response {
        let words = visit.words
        do {
            if let problem = visit.form.problem { throw AccessRefusal.unusable(problem) }
            try await visit.site.accounts.requestLink(typedAddress: visit.form.text("address"), from: visit.peer)
        } catch AccessRefusal.unusable(let problem) {
            return try visit.again(linkPage(words), problem)
        }
        return try visit.page(
            Page(
                words("signIn.sentTitle"),
                [
                    .good(words("signIn.sent")), .text(words("signIn.sentText")),
                    .links([LinkView(words("signIn.again"), "/sign-in")]),
                ]))
    }

    private static func codePage(_ words: Words) -> Page {
        Page(
            words("code.title"),
            [
                .text(words("code.text")),
                .form(
                    FormView(
                        "/sign-in/code",
                        [.text("code", words("code.field"), hint: words("code.hint"), limit: 30)],
                        button: words("code.button"))),
            ], back: LinkView(words("signIn.back"), "/sign-in"))
    }

    /// The fields that go with a link or a printed code. A code that is none is asked for the PIN like one that is.
    private static func enterPage(_ visit: Visit, link: String, problem: FieldProblem? = nil) async throws -> Response {
        let words = visit.words
        let needed = try await visit.site.accounts.needed(link: link)
        var fields: [FieldView] = [.hidden("link", link)]
        func pin(_ name: String, _ label: String, hint: String? = nil, autocomplete: String) -> FieldView {
            .text(
                name, label, hint: hint, type: "password", autocomplete: autocomplete, inputmode: "numeric", limit: 12)
        }
        var text = words("enter.text")
        switch needed {
        case .nothing: break
        case .setUp: return visit.redirect("/set-up/\(link)")
        case .firstUse:
            let first = try visit.service.policy.policy.firstSignIn
            text = words("enter.firstUse.\(first.rawValue)")
            if first != .mail || visit.route.path == "/sign-in/code" {
                let kind = first == .mailAndMemberNumber ? "memberNumber" : "firstUseCode"
                fields.append(
                    .text("firstUseCode", words("enter.\(kind)"), hint: words("enter.\(kind)Hint"), limit: 40))
            }
            fields += [
                pin("newPIN", words("enter.newPIN"), hint: words("enter.pinHint"), autocomplete: "new-password"),
                pin("repeated", words("enter.repeated"), autocomplete: "new-password"),
            ]
        case .none where visit.route.method == .get: throw Refusal.notFound
        case .pin, .none: fields.append(pin("pin", words("enter.pin"), autocomplete: "current-password"))
        }
        let page = Page(
            words("enter.title"),
            [.text(text), .form(FormView("/sign-in/link", fields, button: words("enter.button")))])
        if let problem { return try visit.again(page, problem, status: .forbidden) }
        return try visit.page(page)
    }

    private static func enter(_ visit: Visit) async throws -> Response {
        let (words, form) = (visit.words, visit.form)
        let link = form.text("link")
        let field = form.entered["newPIN"] == nil ? "pin" : "firstUseCode"
        guard form.text("newPIN") == form.text("repeated") else {
            return try await enterPage(
                visit, link: link, problem: FieldProblem(field: "repeated", expected: words("enter.same")))
        }
        do {
            let token = try await visit.site.accounts.signIn(
                link: link,
                .init(pin: form.text("pin"), firstUseCode: form.text("firstUseCode"), newPIN: form.text("newPIN")),
                from: visit.peer
            )
            return try await signedIn(visit, token)
        } catch AccessRefusal.refused {
            if RescindLike.isLink(link), try await visit.site.accounts.needed(link: link) == .none {
                throw Refusal.notFound
            }
            return try await enterPage(
                visit, link: link, problem: FieldProblem(field: field, expected: words("enter.wrong")))
        } catch AccessRefusal.unusable(let problem) {
            return try await enterPage(
                visit, link: link,
                problem: FieldProblem(
                    field: problem.field == "pin" ? "newPIN" : problem.field, expected: problem.expected))
        }
    }

    /// True if what was entered looks like a link's token rather than like a printed code.
    private enum RescindLike { static func isLink(_ text: String) -> Bool { text.utf8.count == 43 } }

    private static func signedIn(_ visit: Visit, _ token: String) async throws -> Response {
        // One browser is signed in once.
        if let former = visit.session { try await visit.site.accounts.signOut(former) }
        var response = visit.redirect("/home")
        response.setCookie(
            Cookie(name: Site.sessionCookie, value: token, path: "/", secure: true, httpOnly: true, sameSite: .strict))
        return response
    }

    private static func signOut(_ visit: Visit, everywhere: Bool) async throws -> Response {
        let session = try visit.require()
        if everywhere { try await visit.site.accounts.signOutEverywhere(session.person, by: visit.caller) }
        try await visit.site.accounts.signOut(session)
        var response = visit.redirect("/")
        response.headers[HTTPField.Name.clearSiteData] = Site.everything
        response.setCookie(
            Cookie(
                name: Site.sessionCookie, value: "", maxAge: 0, path: "/", secure: true, httpOnly: true,
                sameSite: .strict))
        return response
    }

    // MARK: Staff

    private static func staffPage(_ words: Words) -> Page {
        Page(
            words("staff.title"),
            [
                .form(
                    FormView(
                        "/sign-in/staff",
                        [
                            .text(
                                "address", words("field.address"), type: "email", autocomplete: "username",
                                inputmode: "email",
                                limit: 254),
                            .text(
                                "password", words("field.password"), type: "password", autocomplete: "current-password",
                                limit: 128),
                            .text(
                                "code", words("field.code"), hint: words("staff.codeHint"),
                                autocomplete: "one-time-code",
                                limit: 20),
                        ], button: words("staff.button")))
            ], back: LinkView(words("signIn.back"), "/sign-in"))
    }

    private static func staff(_ visit: Visit) async throws -> Response {
        let form = visit.form
        do {
            let token = try await visit.site.accounts.signIn(
                typedAddress: form.text("address"), password: form.text("password"), code: form.text("code"),
                from: visit.peer)
            return try await signedIn(visit, token)
        } catch AccessRefusal.refused {
            return try visit.again(
                staffPage(visit.words), FieldProblem(field: "password", expected: visit.words("staff.wrong")),
                status: .forbidden)
        }
    }

    private static func setUpPage(_ visit: Visit, problem: FieldProblem? = nil) async throws -> Response {
        let words = visit.words
        let link = problem == nil ? visit.parameter("link") : visit.form.text("link")
        guard case .setUp(let secret, let address) = try await visit.site.accounts.needed(link: link) else {
            throw Refusal.notFound
        }
        let groups = stride(from: 0, to: secret.count, by: 4).map { start in String(secret.dropFirst(start).prefix(4)) }
        let page = Page(
            words("setUp.title"),
            [
                .text(words("setUp.text")), .secret(words("setUp.secret"), [groups.joined(separator: " ")]),
                .form(
                    FormView(
                        "/set-up",
                        [
                            .hidden("link", link),
                            .text(
                                "address", words("field.address"), value: address, type: "email",
                                autocomplete: "username",
                                inputmode: "email", limit: 254),
                            .text(
                                "password", words("setUp.password"), hint: words("setUp.passwordHint"),
                                type: "password",
                                autocomplete: "new-password", limit: 128),
                            .text(
                                "repeated", words("setUp.repeated"), type: "password", autocomplete: "new-password",
                                limit: 128),
                            .text(
                                "code", words("field.code"), hint: words("setUp.codeHint"),
                                autocomplete: "one-time-code",
                                inputmode: "numeric", limit: 7),
                        ], button: words("setUp.button"))),
            ])
        if let problem { return try visit.again(page, problem) }
        return try visit.page(page)
    }

    private static func setUp(_ visit: Visit) async throws -> Response {
        let (words, form) = (visit.words, visit.form)
        guard form.text("password") == form.text("repeated") else {
            return try await setUpPage(visit, problem: FieldProblem(field: "repeated", expected: words("setUp.same")))
        }
        do {
            let codes = try await visit.site.accounts.setUp(
                link: form.text("link"), password: form.text("password"), code: form.text("code"), from: visit.peer)
            return try visit.page(
                Page(
                    words("setUp.doneTitle"),
                    [
                        .good(words("setUp.done")), .text(words("setUp.codesText")),
                        .secret(words("setUp.codes"), codes),
                        .links([LinkView(words("staff.title"), "/sign-in/staff", isButton: true)]),
                    ]))
        } catch AccessRefusal.unusable(let problem) {
            return try await setUpPage(visit, problem: problem)
        } catch AccessRefusal.refused {
            throw Refusal.notFound
        }
    }

    // MARK: Rescission by code

    private static func rescissionPage(_ words: Words) -> Page {
        Page(
            words("byCode.title"),
            [
                .text(words("byCode.text")),
                .form(
                    FormView(
                        "/rescission", [.text("code", words("byCode.field"), hint: words("byCode.hint"), limit: 40)],
                        button: words("byCode.button"), isGrave: true)),
            ])
    }

    /// Outside every limit and every lock-out: whoever holds a hundred bits of code may end what it ends.
    private static func rescind(_ visit: Visit) async throws -> Response {
        let words = visit.words
        do {
            let outcome = try await visit.service.rescind(typedCode: visit.form.text("code"))
            let policy = try visit.service.policy.policy
            return try visit.page(
                Page(
                    words("byCode.doneTitle"),
                    [
                        .good(words("byCode.done"), policy.texts.rescission),
                        .text(words(outcome.isReceiptPending ? "byCode.pending" : "byCode.recorded")),
                    ]))
        } catch Refusal.notFound {
            return try visit.again(
                rescissionPage(words), FieldProblem(field: "code", expected: words("byCode.wrong")), status: .notFound)
        }
    }
}
