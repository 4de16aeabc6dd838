internal import Hummingbird
internal import ReleaseService
internal import ReleaseWorkflow

/// Becoming a mentor: the wish of whoever takes part, and the coordinator's answer to it.
enum MentoringPages {
    static let routes: [Route] = [
        Route(.get, "/mentoring", .people) { try await $0.page(page($0)) },
        Route(.post, "/mentoring", .people, checksForm: true) { try await apply($0) },
        Route(.post, "/mentoring/withdrawal", .people) { try await takeBack($0) },
        Route(.get, "/desk/applications", .role(.coordinator)) { try await $0.page(waiting($0)) },
        Route(.post, "/desk/applications/{person}", .role(.coordinator)) { try await refuse($0) },
    ]

    private static func form(_ visit: Visit) throws -> AttestationForm {
        AttestationForm(role: .mentor, policy: try visit.service.policy.policy, words: visit.words)
    }

    // MARK: The person

    /// The way there from somebody's own page; nil where this program takes no applications from them.
    static func link(_ visit: Visit) async throws -> LinkView? {
        guard try await visit.service.mayApplyAsMentor(visit.require().person) else { return nil }
        return LinkView(visit.words("mentoring.link"), "/mentoring")
    }

    private static func page(_ visit: Visit) async throws -> Page {
        let (words, person, form) = (visit.words, try visit.require().person, try form(visit))
        let isMentor = try await visit.service.enrollment(of: person, as: .mentor) != nil
        if isMentor, form.policy.administration != .`self` { return mentorPage(visit) }
        guard try await visit.service.mayApplyAsMentor(person) else { throw Refusal.notFound }
        let application = try await visit.service.application(of: person)
        var blocks: [Block] = []
        if let application, application.refusedOn == nil {
            blocks = [
                .good(words("mentoring.waits", ["day": CasePages.plain(application.on)])),
                .text(words("mentoring.next")), .facts(form.facts(application.stated)),
                .form(FormView("/mentoring/withdrawal", button: words("mentoring.withdrawal"))),
            ]
            return Page(words("mentoring.title"), blocks, back: LinkView(words("home.back"), "/home"))
        }
        if let day = application?.refusedOn {
            blocks = [
                .note(words("mentoring.notNow", ["day": CasePages.plain(day)]), words("mentoring.notNowText")),
                .form(FormView("/mentoring/withdrawal", button: words("mentoring.drop"))),
            ]
        }
        let own = try await visit.service.identity(of: person)?.field
        let stated = application?.stated ?? Attestation(fields: own.map { [$0] } ?? [])
        blocks += [
            .text(words("mentoring.text", ["rules": form.rules])),
            .form(
                FormView(
                    "/mentoring", form.fields(stated, capacity: application?.capacity ?? 1),
                    button: words("mentoring.button"))),
        ]
        return Page(words("mentoring.title"), blocks, back: LinkView(words("home.back"), "/home"))
    }

    /// The answer for whoever asked and was attested.
    private static func mentorPage(_ visit: Visit) -> Page {
        let words = visit.words
        return Page(
            words("mentoring.title"),
            [
                .good(words("mentoring.yes")), .text(words("mentoring.yesText")),
                .links([LinkView(words("agreements.link.mentor"), "/agreements?as=mentor", isButton: true)]),
            ], back: LinkView(words("home.back"), "/home"))
    }

    private static func apply(_ visit: Visit) async throws -> Response {
        do {
            try visit.checkForm()
            let (stated, capacity) = try AttestationForm.entered(visit.form)
            try await visit.service.applyAsMentor(
                visit.require().person, stated, capacity: capacity, key: visit.key
            ).requireDone()
            return visit.redirect("/mentoring")
        } catch let problem as FieldProblem {
            return try await visit.again(page(visit), problem)
        }
    }

    private static func takeBack(_ visit: Visit) async throws -> Response {
        try await visit.service.answerApplication(of: visit.require().person, by: nil, key: visit.key).requireDone()
        return visit.redirect("/home?done=applicationTakenBack")
    }

    // MARK: The coordinator

    private static func waiting(_ visit: Visit) async throws -> Page {
        let (words, form) = (visit.words, try form(visit))
        guard form.policy.administration != .`self` else { throw Refusal.notFound }
        var blocks: [Block] = [.text(words("applications.text", ["rules": form.rules]))]
        for (application, name) in try await visit.service.applications(for: visit.require().person) {
            blocks += [
                .heading(name),
                .facts([(words("applications.on"), CasePages.plain(application.on))] + form.facts(application.stated)),
                .links([
                    LinkView(
                        words("applications.attest"), "/desk/people/\(application.person)/enrollment?as=mentor",
                        isButton: true)
                ]),
                .form(FormView("/desk/applications/\(application.person)", button: words("applications.notNow"))),
            ]
        }
        if blocks.count == 1 { blocks.append(.note(words("applications.none"))) }
        return Page(words("applications.title"), blocks, back: LinkView(words("desk.back"), "/desk"))
    }

    private static func refuse(_ visit: Visit) async throws -> Response {
        try await visit.service.answerApplication(
            of: visit.person(), by: visit.require().person, key: visit.key
        ).requireDone()
        return visit.redirect("/desk/applications")
    }
}
