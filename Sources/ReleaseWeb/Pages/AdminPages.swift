internal import HTTPTypes
internal import Hummingbird
internal import ReleaseLedger
internal import ReleaseService
internal import ReleaseWorkflow
internal import TransparencyLog

/// The administrator: accounts of staff, versions of the policy, keys, backups. No case and no person the program
/// serves.
enum AdminPages {
    static let routes: [Route] = [
        Route(.get, "/admin", .role(.administrator)) { try await $0.page(overview($0)) },
        Route(.post, "/admin/accounts", .role(.administrator), checksForm: true) { try await add($0) },
        Route(.post, "/admin/accounts/{person}/set-up", .role(.administrator)) { try await setUp($0) },
        Route(.post, "/admin/accounts/{person}/closing", .role(.administrator)) { try await close($0, true) },
        Route(.post, "/admin/accounts/{person}/opening", .role(.administrator)) { try await close($0, false) },
        Route(.post, "/admin/reassignment", .role(.administrator)) { try await reassign($0) },
        Route(.post, "/admin/clock", .role(.administrator)) { try await confirmClock($0) },
        Route(.get, "/admin/policy", .role(.administrator)) { try await $0.page(policyPage($0)) },
        Route(.post, "/admin/policy", .role(.administrator), bodyLimit: 1 << 20, checksForm: true) {
            try await adopt($0)
        },
        Route(.get, "/admin/keys", .role(.administrator)) { try await $0.page(keysPage($0)) },
        Route(.post, "/admin/keys", .role(.administrator)) { try await rotate($0) },
        Route(.post, "/admin/backups", .role(.administrator)) { try await backUp($0) },
        Route(.get, "/admin/journal", .role(.administrator)) { try await journal($0) },
        Route(.get, "/admin/capabilities", .role(.administrator)) { try await capabilities($0) },
    ]

    private static func back(_ words: Words) -> LinkView { LinkView(words("admin.back"), "/admin") }

    // MARK: Accounts

    /// The late releases, as a number and handles.
    private static func lateReleases(_ visit: Visit) async throws -> [Block] {
        let late = try await visit.service.lateReleases()
        if late.isEmpty { return [] }
        let marks = late.map(CasePages.shortHandle).sorted().joined(separator: ", ")
        let text = visit.words("admin.lateText", ["count": "\(late.count)", "marks": marks])
        return [.note(visit.words("admin.late"), text)]
    }

    /// One account of staff, and what can be asked for it.
    private static func accountBlocks(
        _ person: PersonID, _ identity: Identity, _ summary: Account.Summary, _ visit: Visit
    ) -> [Block] {
        let words = visit.words
        let roles = identity.roles.filter(\.isStaff).map { words("role.\($0.rawValue)") }.joined(separator: ", ")
        let state = summary.isDisabled ? "admin.closed" : summary.hasPassword ? "admin.ready" : "admin.notSetUp"
        var blocks: [Block] = [
            .facts([
                (words("field.name"), identity.fullName), (words("admin.roles"), roles),
                (words("field.address"), summary.address ?? words("account.noAddress")),
                (words("admin.state"), words(state)),
            ])
        ]
        // The account of an auditor, who confirms what is asked for here, is the operator's to give and to open.
        let isAuditor = identity.roles.contains(.auditor)
        if person == visit.session?.person || (isAuditor && summary.isDisabled) { return blocks }
        if !isAuditor {
            let button = words("admin.setUp", ["name": identity.fullName])
            blocks.append(.form(FormView("/admin/accounts/\(person)/set-up", button: button)))
        }
        blocks.append(
            .form(
                FormView(
                    "/admin/accounts/\(person)/\(summary.isDisabled ? "opening" : "closing")",
                    button: words(summary.isDisabled ? "admin.open" : "admin.close", ["name": identity.fullName]),
                    isGrave: !summary.isDisabled)))
        return blocks
    }

    private static func overview(_ visit: Visit) async throws -> Page {
        let (words, accounts) = (visit.words, visit.site.accounts)
        var blocks: [Block] = []
        if let done = visit.query["done"] { blocks.append(.good(words.first("done.\(done)", or: words("done.other")))) }
        blocks.append(
            .links([
                LinkView(words("admin.policy"), "/admin/policy"), LinkView(words("admin.keys"), "/admin/keys"),
                LinkView(words("admin.capabilities"), "/admin/capabilities"),
                LinkView(words("admin.journal"), "/admin/journal"), LinkView(words("secondHand.link"), "/second-hand"),
                LinkView(words("lookAlikes.title"), "/admin/look-alikes"),
                LinkView(words("incident.title"), "/incidents"),
            ]))
        if visit.site.host.asksAboutClock {
            let now = try await CasePages.plain(visit.service.today())
            blocks += [
                .note(words("clock.asks"), words("clock.asksText", ["time": now])),
                .form(FormView("/admin/clock", button: words("clock.button"), isGrave: true)),
            ]
        }
        blocks += try await lateReleases(visit) + [.heading(words("admin.staff"))]
        var coordinators: [(String, String)] = []
        for (person, identity, summary) in try await accounts.staff(by: visit.caller) {
            if identity.roles.contains(.coordinator) { coordinators.append((person.description, identity.fullName)) }
            blocks += accountBlocks(person, identity, summary, visit)
        }
        blocks.append(
            .form(
                FormView(
                    "/admin/accounts",
                    DeskPages.nameFields(words) + [
                        .text("phone", words("field.phone"), type: "tel", inputmode: "tel", limit: 40),
                        .text("address", words("field.address"), type: "email", inputmode: "email", limit: 254),
                        .checks(
                            "roles", words("admin.roles"),
                            [Identity.Role.coordinator, .administrator].map {
                                ($0.rawValue, words("role.\($0.rawValue)"))
                            }
                        ),
                    ], button: words("admin.addButton"), legend: words("admin.add"))))
        if coordinators.count > 1 {
            blocks.append(
                .form(
                    FormView(
                        "/admin/reassignment",
                        [
                            .select("from", words("admin.from"), coordinators),
                            .select("to", words("admin.to"), coordinators.reversed()),
                        ], button: words("admin.reassignButton"), legend: words("admin.reassign"))))
        }
        blocks += [
            .heading(words("admin.backups")),
            .text(words(visit.site.operations.backUp == nil ? "admin.noBackups" : "admin.backupsText")),
        ]
        if visit.site.operations.backUp != nil {
            blocks.append(.form(FormView("/admin/backups", button: words("admin.backUp"))))
        }
        return Page(words("admin.title"), blocks)
    }

    private static func confirmClock(_ visit: Visit) async throws -> Response {
        try await visit.site.host.confirmClock(by: visit.caller)
        return visit.redirect("/admin?done=clock")
    }

    private static func add(_ visit: Visit) async throws -> Response {
        let form = visit.form
        do {
            try visit.checkForm()
            let roles = form.texts("roles").compactMap { Identity.Role(rawValue: $0) }.filter(\.isStaff)
            _ = try await visit.site.accounts.checkAddress(form.text("address"), by: visit.caller)
            var person = NewPerson(
                fullName: form.text("fullName"), surname: form.text("surname"), firstName: form.text("firstName"),
                phone: form.text("phone"), roles: roles, field: "staff", isUnderContract: false, coordinator: nil)
            person.isPhoneConfirmed = form.isOn("phoneConfirmed")
            let outcome = try await visit.service.add(person, key: visit.key)
            try outcome.requireDone()
            guard let id = outcome.person else { throw Refusal.notFound }
            try await visit.site.accounts.setAddress(of: id, to: form.text("address"), by: visit.caller)
            // A second command of one form.
            return try await ask(.setUp, id, visit, part: "/link")
        } catch let problem as FieldProblem {
            return try await visit.again(
                overview(visit),
                FieldProblem(field: problem.field == "name" ? "fullName" : problem.field, expected: problem.expected))
        } catch AccessRefusal.unusable(let problem) {
            return try await visit.again(overview(visit), problem)
        }
    }

    private static func staff(_ visit: Visit) async throws -> PersonID {
        let (id, own) = (visit.person(), try visit.require().person)
        guard id != own, try await visit.service.identity(of: id)?.roles.contains(where: \.isStaff) == true else {
            throw Refusal.notFound
        }
        return id
    }

    private static func setUp(_ visit: Visit) async throws -> Response { try await ask(.setUp, staff(visit), visit) }

    /// Asks a second person; where there is none it is done.
    private static func ask(
        _ kind: PendingAct.Kind, _ person: PersonID, to other: PersonID? = nil, _ visit: Visit, part: String = ""
    ) async throws -> Response {
        if case .none = try visit.service.policy.policy.secondHand, kind == .setUp {
            return try await setUpLink(visit, person, back: back(visit.words))
        }
        let outcome = try await visit.service.ask(
            kind, of: person, to: other, by: visit.require().person, key: visit.key.map { $0 + part })
        try outcome.requireDone()
        return visit.redirect("/admin?done=\(outcome.waits ? "asked" : kind == .reopen ? "opened" : "reassigned")")
    }

    /// The page of a link with which a member of staff sets up their account: shown this once.
    ///
    /// - Parameter act: what a colleague asked for.
    static func setUpLink(_ visit: Visit, _ id: PersonID, confirming act: String? = nil, back: LinkView) async throws
        -> Response
    {
        let words = visit.words
        let link = try await visit.site.accounts.makeLink(
            for: id, purpose: .setUp, confirming: act, by: visit.caller)
        return try visit.page(
            Page(
                words("admin.linkTitle"),
                [.text(words("admin.linkText")), .secret(words("admin.link"), ["/set-up/\(link)"])], back: back))
    }

    private static func close(_ visit: Visit, _ isClosed: Bool) async throws -> Response {
        let person = try await staff(visit)
        if !isClosed { return try await ask(.reopen, person, visit) }
        try await visit.site.accounts.setDisabled(person, true, by: visit.caller)
        return visit.redirect("/admin?done=closed")
    }

    /// Hands all people of one coordinator to another: for absence.
    private static func reassign(_ visit: Visit) async throws -> Response {
        guard let from = PersonID(parsing: visit.form.text("from")), let to = PersonID(parsing: visit.form.text("to")),
            from != to
        else {
            return try await visit.again(
                overview(visit), FieldProblem(field: "to", expected: visit.words("admin.toExpected")))
        }
        return try await ask(.reassign, from, to: to, visit)
    }

    // MARK: Policy

    private static func policyPage(_ visit: Visit, checked: (difference: String, text: String)? = nil) async throws
        -> Page
    {
        let (words, service) = (visit.words, visit.service)
        let (versions, current) = (service.policyVersions, try service.policy)
        var blocks: [Block] = []
        if visit.query["done"] == "adopted" { blocks.append(.good(words("done.adopted"))) }
        let rows = versions.map { version in
            [
                Cell("\(version.policy.version)", isHeader: true), Cell(CasePages.plain(version.policy.effectiveFrom)),
                Cell(words(version.digest == current.digest ? "policy.inForce" : "policy.other")),
                Cell(version.digest.prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()),
            ]
        }
        blocks.append(
            .table(
                words("policy.versions"),
                [words("policy.version"), words("policy.from"), words("policy.state"), words("policy.digest")], rows))
        if let newest = versions.last, versions.count > 1 {
            let difference = PolicyDifference(from: versions[versions.count - 2].policy, to: newest.policy)
            blocks += [
                .heading(words("policy.lastDifference")),
                .document(difference.text, label: words("policy.lastDifference")),
            ]
        }
        if let checked {
            blocks += [
                .heading(words("policy.difference")), .document(checked.difference, label: words("policy.difference")),
            ]
        }
        var fields: [FieldView] = [
            .area(
                "text", words("policy.file"), value: checked?.text ?? "", hint: words("policy.fileHint"), limit: 200_000
            )
        ]
        fields.append(
            .radios(
                "step", words("policy.step"), [("check", words("policy.check")), ("adopt", words("policy.adopt"))],
                chosen: checked == nil ? "check" : "adopt"))
        blocks.append(
            .form(FormView("/admin/policy", fields, button: words("policy.button"), legend: words("policy.new"))))
        let tables = current.policy.workflows.map { DecisionTable(current, workflow: $0) }
        blocks += [
            .heading(words("policy.explained")),
            .document(Explanation(current.policy, tables: tables).text, label: words("policy.explained")),
        ]
        return Page(words("policy.title"), blocks, back: back(words))
    }

    private static func adopt(_ visit: Visit) async throws -> Response {
        do {
            try visit.checkForm()
            let text = visit.form.text("text").replacing("\r\n", with: "\n")
            let (canonical, policy) = try visit.site.operations.readPolicy(text)
            let current = try visit.service.policy.policy
            if visit.form.text("step") != "adopt" {
                return try visit.page(
                    await policyPage(visit, checked: (PolicyDifference(from: current, to: policy).text, text)))
            }
            let outcome = try await visit.service.adopt(policy: canonical, key: visit.key)
            try outcome.requireDone()
            return visit.redirect("/admin/policy?done=adopted")
        } catch let problem as FieldProblem {
            return try await visit.again(
                policyPage(visit), FieldProblem(field: "text", expected: "\(problem.field): \(problem.expected)"))
        } catch let failure as Counterexample {
            return try await visit.again(policyPage(visit), FieldProblem(field: "text", expected: "\(failure)"))
        }
    }

    // MARK: Keys, backups, journal, capabilities

    private static func keysPage(_ visit: Visit) async throws -> Page {
        let words = visit.words
        let history = visit.service.keyHistory
        var blocks: [Block] = []
        if visit.query["done"] == "rotated" { blocks.append(.good(words("done.rotated"))) }
        var rows: [[Cell]] = []
        for (role, spans) in [("log", history.log), ("record", history.record)] {
            for span in spans {
                let until =
                    span.revokedFrom.map { words("keys.revoked", ["from": "\($0)"]) } ?? span.until.map { "\($0)" }
                    ?? words("keys.now")
                rows.append([
                    Cell(words("keys.\(role)"), isHeader: true), Cell(span.key.text), Cell("\(span.from)"), Cell(until),
                ])
            }
        }
        blocks += [
            .text(words("keys.text")),
            .table(
                words("keys.caption"),
                [words("keys.role"), words("keys.key"), words("keys.from"), words("keys.until")], rows),
            .facts([(words("audit.recoveryKey"), history.recovery.text)]),
            .form(
                FormView(
                    "/admin/keys",
                    [
                        .radios(
                            "role", words("keys.which"),
                            [("record", words("keys.record")), ("log", words("keys.log"))],
                            chosen: "record")
                    ],
                    button: words("keys.rotate"), legend: words("keys.rotateHeading"), isGrave: true)),
            .text(words("keys.revoke")),
        ]
        return Page(words("keys.title"), blocks, back: back(words))
    }

    private static func rotate(_ visit: Visit) async throws -> Response {
        guard let role = KeyHistory.Role(rawValue: visit.form.text("role")) else {
            return try await visit.again(keysPage(visit), FieldProblem(field: "role", expected: "record or log"))
        }
        _ = try await visit.site.operations.rotateKey(role)
        return visit.redirect("/admin/keys?done=rotated")
    }

    private static func backUp(_ visit: Visit) async throws -> Response {
        guard let backUp = visit.site.operations.backUp else { throw Refusal.notFound }
        let words = visit.words
        return try visit.page(
            Page(
                words("backup.title"),
                [.good(words("backup.done", ["name": try await backUp()])), .text(words("backup.text"))],
                back: back(words)))
    }

    /// Attempts by people with no part in a case: ids alone.
    private static func journal(_ visit: Visit) async throws -> Response {
        let words = visit.words
        let lines = try await visit.service.journal()
        let rows = lines.sorted { $0.on > $1.on }.prefix(200).map { line in
            [Cell(CasePages.plain(line.on), isHeader: true), Cell(line.person.description), Cell(line.attempt)]
        }
        return try visit.page(
            Page(
                words("journal.title"),
                [
                    .text(words("journal.text")),
                    rows.isEmpty
                        ? .note(words("journal.none"))
                        : .table(
                            words("journal.caption"),
                            [words("history.day"), words("journal.person"), words("journal.attempt")],
                            Array(rows)),
                ], back: back(words)))
    }

    private static func capabilities(_ visit: Visit) async throws -> Response {
        let words = visit.words
        let manifest = try visit.site.manifest(visit.service.policy.policy)
        return try visit.page(
            Page(
                words("capabilities.title"),
                [.text(words("capabilities.text")), .document(manifest, label: words("capabilities.title"))],
                back: back(words)))
    }
}
