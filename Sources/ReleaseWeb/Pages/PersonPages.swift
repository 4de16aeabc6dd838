internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Matching
internal import ReleaseService
internal import ReleaseWorkflow

/// The pages that people have of their own besides their cases: home, account, what was shown, lists, profile,
/// agreements, the directory.
enum PersonPages {
    static let routes: [Route] = [
        Route(.get, "/home", .signedIn) { try await home($0) },
        Route(.get, "/shown", .people) { try await shown($0) },
        Route(.get, "/electronic", .people) { try await electronic($0) },
        Route(.get, "/electronic/sample", .people) { try await sample($0) },
        Route(.post, "/electronic", .people, checksForm: true) { try await agreeElectronically($0) },
        Route(.post, "/electronic/withdrawal", .people) { try await signOnPaper($0) },
        Route(.get, "/private-list", .people) { try await $0.page(privateListPage($0)) },
        Route(.post, "/private-list/listing", .people) { try await excludeListing($0) },
        Route(.post, "/private-list/again", .people) { try await letAgain($0) },
        Route(.post, "/private-list", .people, checksForm: true) { try await exclude($0) },
        Route(.get, "/profile", .people) { try await $0.page(profilePage($0)) },
        Route(.post, "/profile", .people, checksForm: true) { try await setProfile($0) },
        Route(.get, "/agreements", .people) { try await $0.page(agreementsPage($0)) },
        Route(.post, "/agreements", .people, checksForm: true) { try await acknowledge($0) },
        Route(.post, "/agreements/withdrawal", .people) { try await takeBackAgreements($0) },
        Route(.get, "/availability", .people) { try await $0.page(availabilityPage($0)) },
        Route(.post, "/availability", .people) { try await setAvailability($0) },
        Route(.get, "/answers", .people) { try await $0.page(answersPage($0)) },
        Route(.post, "/answers", .people) { try await setAnswers($0) },
        Route(.get, "/directory", .anyone) { try await directory($0) },
    ]

    private static func homeLink(_ words: Words) -> LinkView { LinkView(words("home.back"), "/home") }

    // MARK: Home

    private static func home(_ visit: Visit) async throws -> Response {
        let (words, session, service) = (visit.words, try visit.require(), visit.service)
        let policy = try service.policy.policy
        var blocks: [Block] = []
        if let done = visit.query["done"] { blocks.append(.good(words.first("done.\(done)", or: words("done.other")))) }
        if session.holds(.participant) || session.holds(.mentor) {
            blocks += try await IncidentPages.ownBlocks(visit)
            for line in try await service.cases(of: session.person) {
                let isOpener = CasePages.opener(of: line.view.workflow, policy) == line.role
                let title = CasePages.workflowTitle(line, words) + (isOpener ? "" : " (\(CasePages.mark(line)))")
                blocks += [
                    .heading(title), .text(CasePages.stateText(line, words)),
                    .links([LinkView(words("home.open", ["title": title]), "/cases/\(line.handle)", isButton: true)]),
                ]
            }
            blocks.append(.heading(words("home.more")))
            blocks.append(.links(try await ownLinks(visit, policy)))
        }
        var staff: [LinkView] = []
        if session.holds(.coordinator) { staff.append(LinkView(words("home.desk"), "/desk", isButton: true)) }
        if session.holds(.auditor) { staff.append(LinkView(words("home.audit"), "/audit", isButton: true)) }
        if session.holds(.administrator) { staff.append(LinkView(words("home.admin"), "/admin", isButton: true)) }
        if !staff.isEmpty { blocks += [.heading(words("home.staff")), .links(staff)] }
        return try visit.page(Page(words("home.title"), blocks))
    }

    private static func ownLinks(_ visit: Visit, _ policy: Policy) async throws -> [LinkView] {
        let (words, session, service) = (visit.words, try visit.require(), visit.service)
        var links = [
            LinkView(words("shown.link"), "/shown", hint: words("shown.hint")),
            LinkView(words("details.own"), "/details"),
        ]
        // What everybody can read is kept from nobody by a list.
        if policy.matching.directory != .everyone {
            links.append(LinkView(words("privateList.link"), "/private-list", hint: words("privateList.hint")))
        }
        links.append(LinkView(words("electronic.link"), "/electronic"))
        if !policy.release.fields.compactMap(\.profile).isEmpty {
            links.append(LinkView(words("profile.link"), "/profile"))
        }
        for role in [Role.mentor, .mentee] where try await service.enrollment(of: session.person, as: role) != nil {
            if !policy.agreements(of: role).isEmpty {
                links.append(
                    LinkView(
                        words("agreements.link.\(role.rawValue)"), "/agreements?as=\(role.rawValue)",
                        hint: try await service.hasSigned(session.person, as: role)
                            ? words("agreements.signed") : words("agreements.open")))
            }
            let kind = role == .mentor && policy.isDirectory ? "listing" : role.rawValue
            links.append(LinkView(words("availability.link.\(kind)"), "/availability?as=\(role.rawValue)"))
            if role == .mentor, !policy.isDirectory { links.append(LinkView(words("answers.link"), "/answers")) }
        }
        if let wish = try await MentoringPages.link(visit) { links.append(wish) }
        if policy.matching.directory != .none { links.append(LinkView(words("front.directory"), "/directory")) }
        return links + ProgramPage.links(policy, words)
    }

    // MARK: What was shown

    private static func shown(_ visit: Visit) async throws -> Response {
        let (words, service) = (visit.words, visit.service)
        let person = try visit.require().person
        let (given, looks) = (
            try await service.disclosures(of: person), try await service.accounting(of: person)
        )
        var blocks: [Block] = [.text(words("shown.text"))]
        if given.isEmpty, looks.isEmpty {
            blocks.append(.note(words("shown.empty")))
            return try visit.page(Page(words("shown.title"), blocks, back: homeLink(words)))
        }
        blocks.append(
            .table(
                words("shown.given"),
                [words("shown.day"), words("shown.whom"), words("shown.what"), words("shown.why")],
                given.reversed().map { disclosure in
                    [
                        Cell(disclosure.on.inWords, isHeader: true),
                        Cell(name(disclosure.recipient, isPrinted: disclosure.isPrinted, words)),
                        Cell(disclosure.fields.map(\.plainWords).joined(separator: ", ")),
                        Cell(disclosure.purpose?.permittedUse ?? ""),
                    ]
                }))
        if let since = try await service.readingLost(by: person) {
            blocks.append(.note(words("shown.lost", ["date": since.inWords])))
        }
        var rows: [[Cell]] = []
        for look in looks.reversed() {
            rows.append([
                Cell(try await service.localTime(look.instantMilliseconds), isHeader: true),
                Cell(name(look.recipient, isPrinted: look.isPrinted, words)),
                Cell(look.fields.map(\.plainWords).joined(separator: ", ")),
            ])
        }
        if !rows.isEmpty {
            blocks.append(
                .table(words("shown.caption"), [words("shown.when"), words("shown.whom"), words("shown.what")], rows))
        }
        return try visit.page(Page(words("shown.title"), blocks, back: homeLink(words)))
    }

    private static func name(_ recipient: String, isPrinted: Bool, _ words: Words) -> String {
        isPrinted ? words("shown.printed", ["name": recipient]) : recipient
    }

    // MARK: Agreeing to sign electronically

    private static func electronicPage(_ visit: Visit, case handle: String) -> Page {
        let words = visit.words
        return Page(
            words("electronic.title"),
            [
                .text(words("electronic.text")),
                .list(electronicTerms(words)),
                .links([LinkView(words("electronic.sample"), "/electronic/sample", isButton: true)]),
                .form(
                    FormView(
                        "/electronic",
                        [
                            .hidden("case", CaseHandle(parsing: handle)?.description ?? ""),
                            .text("code", words("electronic.code"), hint: words("electronic.codeHint"), limit: 10),
                            .checks("agree", words("electronic.agreement"), [("yes", words("electronic.agree"))]),
                        ], button: words("electronic.button"))),
            ], back: homeLink(words))
    }

    /// The terms that 15 USC 7001(c)(1) wants said before somebody agrees: paper instead and at what price, what it
    /// covers, how it is taken back and with what consequence, how to be reached, what one needs to read and keep it.
    private static func electronicTerms(_ words: Words) -> [String] {
        ["one", "two", "three", "scope", "withdraw", "copy", "reach", "needs"].map { words("electronic.\($0)") }
    }

    private static func signOnPaper(_ visit: Visit) async throws -> Response {
        try await visit.site.accounts.signOnPaper(visit.require().person, by: visit.caller)
        return visit.redirect("/home?done=paper")
    }

    private static func electronic(_ visit: Visit) async throws -> Response {
        let words = visit.words
        if let day = try await visit.site.accounts.account(of: visit.require().person, by: visit.caller)
            .agreedElectronicallyOn
        {
            return try visit.page(
                Page(
                    words("electronic.title"),
                    [
                        .good(words("electronic.done", ["day": CasePages.plain(day)])),
                        .text(words("electronic.paper")),
                        .list(electronicTerms(words)),
                        .form(FormView("/electronic/withdrawal", button: words("electronic.withdrawal"))),
                    ], back: homeLink(words)))
        }
        return try visit.page(electronicPage(visit, case: visit.query["case"] ?? ""))
    }

    private static func sample(_ visit: Visit) async throws -> Response {
        let words = visit.words
        let code = try await visit.service.sampleCode(for: visit.require().person)
        return try visit.page(
            Page(
                words("sample.title"),
                [.document(words("sample.text", ["code": code]), label: words("sample.title"))],
                back: LinkView(words("sample.back"), "/electronic")))
    }

    private static func agreeElectronically(_ visit: Visit) async throws -> Response {
        let (words, form, person) = (visit.words, visit.form, try visit.require().person)
        if let problem = form.problem {
            return try visit.again(electronicPage(visit, case: form.text("case")), problem)
        }
        let typed = form.text("code").uppercased().filter { $0.isLetter || $0.isNumber }
        guard try await typed == visit.service.sampleCode(for: person) else {
            return try visit.again(
                electronicPage(visit, case: form.text("case")),
                FieldProblem(field: "code", expected: words("electronic.wrong")))
        }
        guard form.isOn("agree") else {
            return try visit.again(
                electronicPage(visit, case: form.text("case")),
                FieldProblem(field: "agree", expected: words("electronic.agreeExpected")))
        }
        try await visit.site.accounts.agreeElectronically(person, by: visit.caller)
        return visit.redirect(
            CaseHandle(parsing: form.text("case")).map { "/cases/\($0)?done=electronic" } ?? "/home?done=electronic")
    }

    // MARK: The private list

    private static func privateListPage(_ visit: Visit) async throws -> Page {
        let words = visit.words
        var blocks: [Block] = [
            .text(words("privateList.text")),
            .form(
                FormView(
                    "/private-list",
                    [
                        .select(
                            "relation", words("privateList.relation"),
                            Exclusion.Relation.allCases.filter { $0 != .employer }.map {
                                ($0.rawValue, words("relation.\($0.rawValue)"))
                            }),
                        .text("name", words("privateList.name"), hint: words("privateList.nameHint")),
                    ], button: words("privateList.button"))),
            .text(words("privateList.now")),
        ]
        let kept = try await visit.service.keptAway(of: visit.require().person)
        if !kept.isEmpty {
            blocks += [.heading(words("keepAway.heading")), .text(words("keepAway.text"))]
            for line in kept {
                let name =
                    line.name ?? words("keepAway.mark", ["mark": line.word ?? CasePages.shortHandle(line.handle)])
                blocks.append(
                    .form(
                        FormView(
                            "/private-list/again", [.hidden("token", line.token)],
                            button: words("keepAway.again", ["name": name]))))
            }
        }
        return Page(words("privateList.title"), blocks, back: homeLink(words))
    }

    private static func letAgain(_ visit: Visit) async throws -> Response {
        let outcome = try await visit.service.letAgain(
            visit.form.text("token"), by: visit.require().person, key: visit.key)
        try outcome.requireDone()
        return visit.redirect("/private-list")
    }

    private static func exclude(_ visit: Visit) async throws -> Response {
        let form = visit.form
        do {
            try visit.checkForm()
            guard let relation = Exclusion.Relation(rawValue: form.text("relation")) else {
                throw FieldProblem(field: "relation", expected: "one of the list")
            }
            let outcome = try await visit.service.exclude(
                by: visit.require().person, relation: relation, typed: form.text("name"), key: visit.key)
            try outcome.requireDone()
            return visit.redirect("/home?done=privateList")
        } catch let problem as FieldProblem {
            return try await visit.again(privateListPage(visit), problem)
        }
    }

    // MARK: Profile

    private static func profilePage(_ visit: Visit) async throws -> Page {
        let (words, service) = (visit.words, visit.service)
        let policy = try service.policy.policy
        let fields = policy.release.fields.compactMap(\.profile)
        guard !fields.isEmpty else { throw Refusal.notFound }
        let known = try await service.identity(of: visit.require().person)?.profile ?? [:]
        return Page(
            words("profile.title"),
            [
                .text(words("profile.text")),
                .form(
                    FormView(
                        "/profile",
                        fields.map {
                            .text(
                                $0.rawValue, words("profile.\($0.rawValue)"), value: known[$0.rawValue] ?? "",
                                limit: 200)
                        },
                        button: words("profile.button"))),
            ], back: homeLink(words))
    }

    private static func setProfile(_ visit: Visit) async throws -> Response {
        do {
            try visit.checkForm()
            var profile: [ProfileField: String] = [:]
            let policy = try visit.service.policy.policy
            for field in policy.release.fields.compactMap(\.profile) {
                profile[field] = visit.form.text(field.rawValue)
            }
            guard !profile.isEmpty else { throw Refusal.notFound }
            let outcome = try await visit.service.setProfile(of: visit.require().person, profile, key: visit.key)
            try outcome.requireDone()
            return visit.redirect("/home?done=profile")
        } catch let problem as FieldProblem {
            return try await visit.again(profilePage(visit), problem)
        }
    }

    // MARK: Agreements, availability, answers

    private static func role(_ visit: Visit) throws -> Role {
        let text = visit.route.method == .get ? visit.query["as"] ?? "mentor" : visit.form.text("as")
        guard let role = Role(rawValue: text), role == .mentor || role == .mentee else { throw Refusal.notFound }
        return role
    }

    private static func enrollment(_ visit: Visit) async throws -> (Role, Enrollment) {
        let role = try role(visit)
        guard let enrollment = try await visit.service.enrollment(of: visit.require().person, as: role) else {
            throw Refusal.notFound
        }
        return (role, enrollment)
    }

    private static func agreementsPage(_ visit: Visit) async throws -> Page {
        let (words, service) = (visit.words, visit.service)
        let (role, enrollment) = try await enrollment(visit)
        let policy = try service.policy.policy
        var blocks: [Block] = [.text(words("agreements.text"))]
        for agreement in policy.agreements(of: role) {
            blocks.append(.document(agreement.fullText, label: agreement.title))
        }
        var fields: [FieldView] = [.hidden("as", role.rawValue)]
        if !policy.isDirectory {
            fields.append(
                .text(
                    "display", words("field.display"), value: enrollment.display ?? "",
                    hint: words("agreements.displayHint"),
                    limit: 60))
        }
        fields.append(.checks("meaning", words("agreements.meaning"), [("sign", words("agreements.sign"))]))
        if try await service.hasSigned(visit.require().person, as: role) {
            blocks.insert(.good(words("agreements.signed")), at: 0)
        }
        blocks.append(.form(FormView("/agreements", fields, button: words("agreements.button"))))
        if !policy.isDirectory, !enrollment.agreementsInForce.isEmpty {
            blocks += [
                .heading(words("agreements.takeBack")), .text(words("agreements.takeBackText.\(role.rawValue)")),
                .form(
                    FormView(
                        "/agreements/withdrawal", [.hidden("as", role.rawValue), confirmation(words)],
                        button: words("agreements.takeBack"), isGrave: true)),
            ]
        }
        return Page(words("agreements.title"), blocks, back: homeLink(words))
    }

    private static func acknowledge(_ visit: Visit) async throws -> Response {
        let (form, person) = (visit.form, try visit.require().person)
        do {
            try visit.checkForm()
            guard form.isOn("meaning") else {
                throw FieldProblem(field: "meaning", expected: visit.words("agreements.meaningExpected"))
            }
            let role = try role(visit)
            let display = form.entered["display"] == nil ? nil : form.text("display")
            let outcome = try await visit.service.acknowledge(
                Actor(.person(person), channel: .screen), as: role, display: display, key: visit.key)
            try outcome.requireDone()
            return visit.redirect("/home?done=agreements")
        } catch let problem as FieldProblem {
            return try await visit.again(agreementsPage(visit), problem)
        }
    }

    /// The mark without which nothing is taken back: one press does not end a search.
    static func confirmation(_ words: Words) -> FieldView {
        .checks("confirmed", words("agreements.takeBackConfirm"), [("yes", words("agreements.takeBackYes"))])
    }

    private static func takeBackAgreements(_ visit: Visit) async throws -> Response {
        guard visit.form.isOn("confirmed") else {
            let problem = FieldProblem(field: "confirmed", expected: visit.words("agreements.takeBackExpected"))
            return try await visit.again(agreementsPage(visit), problem)
        }
        try await visit.service.takeBackAgreements(
            Actor(.person(visit.require().person), channel: .screen), as: role(visit), key: visit.key
        ).requireDone()
        return visit.redirect("/home?done=agreementsTakenBack")
    }

    private static func availabilityPage(_ visit: Visit) async throws -> Page {
        let words = visit.words
        let (role, enrollment) = try await enrollment(visit)
        let isListing = try role == .mentor && visit.service.policy.policy.isDirectory
        let kind = "availability" + (isListing ? ".listing" : "")
        var fields: [FieldView] = [
            .hidden("as", role.rawValue),
            .radios(
                "paused", words("\(kind).paused"), [("no", words("\(kind).open")), ("yes", words("\(kind).pause"))],
                chosen: enrollment.isPaused ? "yes" : "no"),
        ]
        if isListing {
            let person = try visit.require().person
            let isListed = try await visit.service.cases(of: person).contains { $0.view.isReleaseLive == true }
            fields[1].hint = words(isListed ? "availability.listing.hint" : "availability.listing.idle")
        } else if role == .mentor {
            fields.append(
                .select(
                    "capacity", words("availability.capacity"), (0...20).map { ("\($0)", "\($0)") },
                    chosen: "\(enrollment.capacity)",
                    hint: words("availability.capacityHint")))
        } else {
            fields.append(
                .radios(
                    "ready", words("availability.ready"),
                    [("yes", words("availability.seek")), ("no", words("availability.seekNot"))],
                    chosen: enrollment.isReady ? "yes" : "no"))
        }
        return Page(
            words("availability.title"),
            [
                .text(words("availability.text")),
                .form(FormView("/availability", fields, button: words("availability.button"))),
            ],
            back: homeLink(words))
    }

    private static func setAvailability(_ visit: Visit) async throws -> Response {
        let form = visit.form
        do {
            let role = try role(visit)
            let capacity = form.text("capacity")
            guard capacity.isEmpty || Int(capacity) != nil else {
                throw FieldProblem(field: "capacity", expected: "a whole number from 0 to 20")
            }
            let outcome = try await visit.service.setAvailability(
                of: visit.require().person, as: role,
                isReady: form.text("ready").isEmpty ? nil : form.text("ready") == "yes",
                isPaused: form.text("paused") == "yes", capacity: Int(capacity), key: visit.key)
            try outcome.requireDone()
            return visit.redirect("/home?done=availability")
        } catch let problem as FieldProblem {
            return try await visit.again(availabilityPage(visit), problem)
        }
    }

    private static func answersPage(_ visit: Visit) async throws -> Page {
        let (words, service) = (visit.words, visit.service)
        let policy = try service.policy.policy
        guard let enrollment = try await service.enrollment(of: visit.require().person, as: .mentor),
            !policy.isDirectory
        else {
            throw Refusal.notFound
        }
        let fields = SurveyForm(policy: policy, words: words).answerFields(
            enrollment.answers ?? Answers(), asksHints: false)
        return Page(
            words("answers.title"),
            [.text(words("answers.text")), .form(FormView("/answers", fields, button: words("answers.button")))],
            back: homeLink(words))
    }

    private static func setAnswers(_ visit: Visit) async throws -> Response {
        do {
            let outcome = try await visit.service.setAnswers(
                of: visit.require().person, SurveyForm.answers(visit.form), key: visit.key)
            try outcome.requireDone()
            return visit.redirect("/home?done=answers")
        } catch let problem as FieldProblem {
            return try await visit.again(answersPage(visit), problem)
        }
    }

    // MARK: The directory

    private static func directory(_ visit: Visit) async throws -> Response {
        let words = visit.words
        let viewer: Viewer = visit.session.map { .person($0.person) } ?? .anonymous
        let view: DirectoryView
        do {
            view = try await visit.service.directory(viewer)
        } catch Refusal.notFound where visit.session == nil {
            throw Unauthenticated()
        }
        let policy = try visit.service.policy.policy
        var blocks: [Block] = [.text(view.text), .text(words("directory.asOf", ["day": CasePages.plain(view.asOf)]))]
        if view.listings.isEmpty { blocks.append(.note(words("directory.empty"))) }
        for listing in view.listings {
            let fields = listing.card.fields.sorted { $0.key < $1.key }
            blocks.append(.heading(listing.card.fields[.displayName] ?? words("directory.listing")))
            blocks.append(
                .facts(fields.filter { $0.key != .displayName }.map { (label(of: $0.key, words), $0.value) })
            )
            if let advice = listing.advice { blocks.append(.text(advice)) }
            if !listing.mark.isEmpty {
                blocks.append(
                    .form(
                        FormView(
                            "/private-list/listing", [.hidden("listing", listing.mark)],
                            button: words("directory.keepApart.\(relation(of: policy).rawValue)"))))
            }
        }
        return try visit.page(
            Page(words("directory.title"), blocks, back: visit.session == nil ? nil : homeLink(words)))
    }

    /// The label of a field of somebody else's entry.
    static func label(of field: ProfileField, _ words: Words) -> String {
        field == .contactRoute ? words("listing.contactRoute") : words("profile.\(field.rawValue)")
    }

    /// The relation that keeps two apart in this program's directory.
    private static func relation(of policy: Policy) -> Exclusion.Relation {
        policy.eligibility.pair.predicates.contains(.supervisorialRelationship) ? .supervisor : .person
    }

    private static func excludeListing(_ visit: Visit) async throws -> Response {
        let outcome = try await visit.service.exclude(
            by: visit.require().person, relation: relation(of: visit.service.policy.policy),
            listing: visit.form.text("listing"), key: visit.key)
        try outcome.requireDone()
        return visit.redirect("/directory")
    }
}
