internal import Hummingbird
internal import ReleaseService
internal import ReleaseWorkflow

/// A person's details put right: by the person, by their coordinator; and entries that are one person.
enum DetailsPages {
    static let routes: [Route] = [
        Route(.get, "/details", .signedIn) { try await $0.page(ownPage($0)) },
        Route(.post, "/details", .signedIn, checksForm: true) { try await correctOwn($0) },
        Route(.get, "/desk/people/{person}/details", .role(.coordinator)) { try await $0.page(page($0)) },
        Route(.post, "/desk/people/{person}/details", .role(.coordinator), checksForm: true) { try await correct($0) },
        Route(.post, "/desk/people/{person}/merger", .role(.coordinator)) { try await merge($0) },
        Route(.get, "/admin/look-alikes", .role(.administrator)) { try await $0.page(lookAlikesPage($0)) },
        Route(.post, "/admin/look-alikes", .role(.administrator)) { try await dismiss($0) },
    ]

    private static func fields(_ identity: Identity, _ words: Words) -> [FieldView] {
        [
            .text("fullName", words("field.fullName"), value: identity.fullName, autocomplete: "name"),
            .text(
                "surname", words("field.surname"), value: identity.surname, hint: words("field.surnameHint"),
                autocomplete: "family-name", limit: 60, isRequired: false),
            .text(
                "firstName", words("field.firstName"), value: identity.firstName, hint: words("new.firstNameHint"),
                autocomplete: "given-name", limit: 40),
            .text(
                "phone", words("field.phone"), value: identity.phone, hint: words("details.phoneHint"), type: "tel",
                autocomplete: "tel", inputmode: "tel", limit: 40),
            .text("field", words("field.field"), value: identity.field, limit: 60),
        ]
    }

    /// The details that differ from what is known; nothing else is asked for.
    private static func details(_ form: FormBody, _ known: Identity) -> Details {
        func changed(_ name: String, _ old: String) -> String? {
            let typed = form.text(name)
            return typed == old ? nil : typed
        }
        return Details(
            fullName: changed("fullName", known.fullName), surname: changed("surname", known.surname),
            firstName: changed("firstName", known.firstName), phone: changed("phone", known.phone),
            isPhoneConfirmed: form.isOn("phoneConfirmed"), field: changed("field", known.field),
            role: form.texts("roles").compactMap { Identity.Role(rawValue: $0) }.first { !known.roles.contains($0) })
    }

    /// The problem at the field of the page.
    private static func placed(_ problem: FieldProblem) -> FieldProblem {
        FieldProblem(field: problem.field == "name" ? "fullName" : problem.field, expected: problem.expected)
    }

    // MARK: One's own

    private static func own(_ visit: Visit) async throws -> Identity {
        guard let identity = try await visit.service.identity(of: visit.require().person) else {
            throw Refusal.notFound
        }
        return identity
    }

    private static func ownPage(_ visit: Visit) async throws -> Page {
        let (words, identity) = (visit.words, try await own(visit))
        var blocks: [Block] = [
            .text(words("details.text")),
            .form(FormView("/details", fields(identity, words), button: words("details.button"))),
        ]
        let links = try await correctable(visit)
        if !links.isEmpty {
            blocks += [.heading(words("details.shown")), .text(words("details.shownText")), .links(links)]
        }
        return Page(words("details.title"), blocks, back: LinkView(words("home.back"), "/home"))
    }

    /// The cases in which a corrected release can be signed.
    private static func correctable(_ visit: Visit) async throws -> [LinkView] {
        var links: [LinkView] = []
        let person = try visit.require().person
        for line in try await visit.service.cases(of: person) {
            let page = try await visit.service.page(line.handle, of: person)
            guard page.actions.contains(.correct) else { continue }
            let title = CasePages.workflowTitle(line, visit.words)
            links.append(
                LinkView(visit.words("details.correct", ["title": title]), "/cases/\(line.handle)/correction"))
        }
        return links
    }

    private static func correctOwn(_ visit: Visit) async throws -> Response {
        let person = try visit.require().person
        do {
            try visit.checkForm()
            try await visit.service.correct(person, details(visit.form, own(visit)), key: visit.key).requireDone()
            return visit.redirect("/details?done=details")
        } catch let problem as FieldProblem {
            return try visit.again(await ownPage(visit), placed(problem))
        }
    }

    // MARK: A coordinator's person

    private static func page(_ visit: Visit) async throws -> Page {
        let words = visit.words
        let (id, identity) = try await DeskPages.own(visit)
        var all = fields(identity, words)
        all.append(
            .checks(
                "roles", words("new.roles"),
                [("participant", words("role.participant")), ("mentor", words("role.mentor"))],
                chosen: Set(identity.roles.map(\.rawValue)), hint: words("details.rolesHint")))
        var blocks: [Block] = [
            .text(words("details.staffText")),
            .form(FormView("/desk/people/\(id)/details", all, button: words("details.button"))),
        ]
        let same = try await namesakes(visit, id, identity)
        if !same.isEmpty {
            blocks += [
                .heading(words("merge.heading")), .text(words("merge.text")),
                .form(
                    FormView(
                        "/desk/people/\(id)/merger", [.radios("other", words("merge.other"), same, chosen: nil)],
                        button: words("merge.button"), isGrave: true)),
            ]
        }
        return Page(words("details.title"), blocks, back: LinkView(identity.fullName, "/desk/people/\(id)"))
    }

    /// One's own people who have this person's name or number.
    private static func namesakes(_ visit: Visit, _ id: PersonID, _ identity: Identity) async throws -> [(
        String, String
    )] {
        let found =
            try await visit.service.find(name: identity.fullName) + visit.service.find(phone: identity.phone)
        var options: [(String, String)] = []
        for other in Set(found).subtracting([id]).sorted() {
            guard let known = try await visit.service.identity(of: other), !known.isStaff else { continue }
            options.append((other.description, "\(known.fullName), \(known.phone), \(known.field)"))
        }
        return options
    }

    private static func correct(_ visit: Visit) async throws -> Response {
        let (id, identity) = try await DeskPages.own(visit)
        do {
            try visit.checkForm()
            try await visit.service.correct(id, details(visit.form, identity), key: visit.key).requireDone()
            return visit.redirect("/desk/people/\(id)?done=details")
        } catch let problem as FieldProblem {
            return try visit.again(await page(visit), placed(problem))
        }
    }

    private static func merge(_ visit: Visit) async throws -> Response {
        let (id, _) = try await DeskPages.own(visit)
        guard let other = PersonID(parsing: visit.form.text("other")) else {
            return try visit.again(
                await page(visit), FieldProblem(field: "other", expected: visit.words("merge.expected")))
        }
        let outcome = try await visit.service.askToMerge(
            id, into: other, by: visit.require().person, key: visit.key)
        if outcome.refused == .stillOpen {
            return try visit.again(
                await page(visit), FieldProblem(field: "other", expected: visit.words("merge.cannot")))
        }
        return try SecondHandPages.asked(outcome, visit)
    }

    // MARK: Entries of different coordinators

    private static func lookAlikesPage(_ visit: Visit) async throws -> Page {
        let words = visit.words
        var blocks: [Block] = [.text(words("lookAlikes.text"))]
        for group in try await visit.service.lookAlikes() {
            blocks += [
                .heading(group.name),
                .text(words("lookAlikes.staff", ["names": group.coordinators.joined(separator: ", ")])),
                .form(
                    FormView(
                        "/admin/look-alikes",
                        [.hidden("people", group.people.map(\.description).joined(separator: " "))],
                        button: words("lookAlikes.button"))),
            ]
        }
        if blocks.count == 1 { blocks.append(.note(words("lookAlikes.none"))) }
        return Page(words("lookAlikes.title"), blocks, back: LinkView(words("admin.back"), "/admin"))
    }

    private static func dismiss(_ visit: Visit) async throws -> Response {
        let people = visit.form.text("people").split(separator: " ").compactMap { PersonID(parsing: String($0)) }
        try await visit.service.dismissLookAlikes(people, key: visit.key).requireDone()
        return visit.redirect("/admin/look-alikes")
    }
}
