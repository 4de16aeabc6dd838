internal import Hummingbird
internal import ReleaseService
internal import ReleaseWorkflow

/// Incidents with what people gave, the duty that follows, and what those whom it concerns read of it.
enum IncidentPages {
    static let routes: [Route] = [
        Route(.get, "/incidents", .signedIn) { try await $0.page(page($0)) },
        Route(.post, "/incidents", .signedIn, checksForm: true) { try await report($0) },
        Route(.post, "/incidents/{incident}", .signedIn) { try await settle($0) },
    ]

    private static func page(_ visit: Visit) async throws -> Page {
        let (words, session) = (visit.words, try visit.require())
        var blocks: [Block] = [.text(words("incident.text"))]
        for (incident, names) in try await visit.service.incidents(for: session.person) {
            blocks += lines(incident, names, isAdministrator: session.holds(.administrator), words)
        }
        blocks += [
            .heading(words("incident.report")),
            .form(
                FormView(
                    "/incidents",
                    [
                        .select(
                            "kind", words("incident.kind"),
                            Incident.Kind.allCases.map { ($0.rawValue, words("incident.\($0.rawValue)")) }),
                        .text("fullName", words("field.fullName")),
                        .text("phone", words("field.phone"), type: "tel", inputmode: "tel", limit: 40),
                        .text("discoveredOn", words("incident.discoveredOn"), hint: words("attest.dayHint"), limit: 10),
                        .checks(
                            "closes", words("incident.closes"), [("yes", words("incident.closesYes"))], chosen: ["yes"]),
                    ], button: words("incident.button"), isGrave: true)),
        ]
        let back =
            session.holds(.coordinator)
            ? LinkView(words("desk.back"), "/desk") : LinkView(words("admin.back"), "/admin")
        return Page(words("incident.title"), blocks, back: back)
    }

    private static func lines(
        _ incident: Incident, _ names: [PersonID: String], isAdministrator: Bool, _ words: Words
    ) -> [Block] {
        let settled = incident.settledOn.map { words("incident.settledOn", ["day": CasePages.plain($0)]) }
        var blocks: [Block] = [
            .heading(words("incident.\(incident.kind.rawValue)")),
            .facts([
                (words("incident.discoveredOn"), CasePages.plain(incident.discoveredOn)),
                (words("incident.due"), settled ?? CasePages.plain(incident.dueOn)),
                (words("incident.closes"), words(incident.closedCards ? "fact.yes" : "fact.no")),
            ]),
        ]
        for (person, name) in names.sorted(by: { $0.value < $1.value }) {
            if let day = incident.told[person] {
                blocks.append(.text(words("incident.told", ["name": name, "day": CasePages.plain(day)])))
            } else if incident.settledOn == nil {
                blocks.append(
                    .form(
                        FormView(
                            "/incidents/\(incident.id)", [.hidden("person", person.description)],
                            button: words("incident.tell", ["name": name]))))
            }
        }
        if isAdministrator, incident.settledOn == nil {
            blocks.append(.form(FormView("/incidents/\(incident.id)", button: words("incident.settle"))))
        }
        return blocks
    }

    private static func report(_ visit: Visit) async throws -> Response {
        let (form, words) = (visit.form, visit.words)
        do {
            try visit.checkForm()
            guard let kind = Incident.Kind(rawValue: form.text("kind")) else {
                throw FieldProblem(field: "kind", expected: words("incident.kind"))
            }
            guard let day = CivilDate(parsing: form.text("discoveredOn")) else {
                throw FieldProblem(field: "discoveredOn", expected: words("attest.dayHint"))
            }
            let staff = try visit.require().person
            let person = try await SecondHandPages.takingPart(visit, staff)
            try await visit.service.reportIncident(
                kind, of: [person], discoveredOn: day, closesCards: form.isOn("closes"), by: staff, key: visit.key
            ).requireDone()
            return visit.redirect("/incidents")
        } catch let problem as FieldProblem {
            return try visit.again(await page(visit), problem)
        }
    }

    private static func settle(_ visit: Visit) async throws -> Response {
        do {
            try await visit.service.settleIncident(
                visit.parameter("incident"), told: PersonID(parsing: visit.form.text("person")),
                by: visit.require().person, key: visit.key
            ).requireDone()
        } catch let problem as FieldProblem {
            return try visit.again(await page(visit), problem)
        }
        return visit.redirect("/incidents")
    }

    /// The incidents that concern somebody, on their own page.
    static func ownBlocks(_ visit: Visit) async throws -> [Block] {
        let words = visit.words
        return try await visit.service.ownIncidents(of: visit.require().person).filter { $0.settledOn == nil }.map {
            .note(
                words("incident.\($0.kind.rawValue)"),
                words(
                    $0.closedCards ? "incident.ownClosed" : "incident.own",
                    ["day": CasePages.plain($0.discoveredOn)]))
        }
    }
}
