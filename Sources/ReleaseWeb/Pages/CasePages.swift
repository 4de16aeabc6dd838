internal import Cryptography
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Matching
internal import NIOCore
internal import ReleaseLedger
internal import ReleaseService
internal import ReleaseWorkflow

/// Pages about one case, for everybody who has a part in it: what they see and what they can do follows from the policy
/// and their role.
enum CasePages {
    static let routes: [Route] =
        [
            Route(.get, "/cases/{case}", .signedIn) { try await show($0) },
            Route(.get, "/cases/{case}/form", .signedIn) { try await printForm($0) },
            Route(.get, "/cases/{case}/receipts/{release}", .people) { try await receipt($0) },
            Route(.get, "/cases/{case}/receipts/{release}/{file}", .people) { try await receiptFile($0) },
            Route(.post, "/private", .people, isSilent: true) { try await tap($0) },
        ]
        + CommandKind.resources.flatMap { kind, resource in
            [
                Route(.get, "/cases/{case}/\(resource)", .signedIn) { try await ask(kind, $0) },
                Route(
                    .post, "/cases/{case}/\(resource)", .signedIn, bodyLimit: kind.isSignature ? 9 << 20 : 64 << 10,
                    checksForm: true
                ) {
                    try await carryOut(kind, $0)
                },
            ]
        }

    // MARK: The case

    static func stateText(_ line: CaseLine, _ words: Words) -> String {
        let state = line.view.state
        let part = line.role == .coordinator ? "staff" : line.role.rawValue
        let first = line.contact.firstBy.rawValue
        if let situation = line.situation?.rawValue {
            let text = words.first(
                "state.\(line.view.workflow).\(state).\(part)@\(situation)", "state.\(state).\(part)@\(situation)",
                "state.\(state)@\(situation)", or: "")
            if !text.isEmpty { return text }
        }
        let text = words.first(
            "state.\(line.view.workflow).\(state).\(part)", "state.\(state).\(part).\(first)", "state.\(state).\(part)",
            "state.\(state)", or: state)
        return text.replacing("{days}", with: "\(line.contact.withinDays)")
            .replacing("{answerDays}", with: "\(line.contact.answerAfterDays)")
    }

    static func workflowTitle(_ line: CaseLine, _ words: Words) -> String {
        let part = line.role == .coordinator ? "staff" : line.role.rawValue
        return words.first(
            "workflow.\(line.view.workflow).\(part)", "workflow.\(line.view.workflow)", or: words("workflow.other"))
    }

    /// The word by which somebody tells this pair from another; for rounds that were begun before there were words,
    /// four characters of their own random handle (DER-10).
    static func mark(_ line: CaseLine) -> String {
        line.view.word ?? shortHandle(line.handle)
    }

    static func shortHandle(_ handle: CaseHandle) -> String { String(handle.description.prefix(4)).uppercased() }

    private static func show(_ visit: Visit) async throws -> Response {
        let session = try visit.require()
        let page = try await visit.service.page(visit.handle(), of: session.person)
        return try visit.page(await casePage(page, visit))
    }

    private static func casePage(_ page: CasePage, _ visit: Visit) async throws -> Page {
        let (words, view, service) = (visit.words, page.view, visit.service)
        var blocks: [Block] = []
        if let done = visit.query["done"] {
            // What is said of declining is the program's own.
            let declined = CommandKind.decline.resource == done
            let own = declined ? try service.policy.policy.words(of: .declineConfirmed) : ""
            blocks.append(.good(own.isEmpty ? words.first("done.\(done)", or: words("done.other")) : own))
        }
        blocks += stateBlocks(page, words)
        var facts: [(String, String)] = []
        var title = workflowTitle(page.line, words)
        if page.role == .coordinator {
            title = page.line.name ?? title
            facts.append((words("fact.about"), workflowTitle(page.line, words)))
        } else if page.line.role != opener(of: view.workflow, try service.policy.policy) || view.word != nil {
            facts.append((words("fact.word"), mark(page.line)))
        }
        if let isLive = view.isReleaseLive {
            facts.append((words("fact.release"), words(isLive ? "fact.live" : "fact.notLive")))
        }
        if let expiresOn = view.expiresOn { facts.append((words("fact.expires"), plain(expiresOn))) }
        if let callBy = view.callBy, view.isReleaseLive != false, page.isReader || page.isShown {
            let first = page.line.contact.firstBy.rawValue
            let key = "fact.callBy.\(first).\(page.isReader && first == "reader" ? "reader" : page.role.rawValue)"
            facts.append((words.first(key, or: words("fact.callBy")), plain(callBy)))
        }
        if let name = page.counterpartName { facts.append((words("fact.counterpart"), name)) }
        if let name = page.counterpartFullName { facts.append((words("fact.counterpart"), name)) }
        facts += privateFacts(page, words)
        blocks +=
            numberBlocks(page, words) + obstacleBlocks(page, words) + waitBlocks(page, words)
            + partingBlocks(page, words)
        blocks += try await dutyBlocks(page, visit)
        if let late = try await missedCall(page, visit) { blocks.append(late) }
        if !facts.isEmpty { blocks.append(.facts(facts)) }
        if page.isReader { blocks += [.heading(words("card.heading")), .form(tapForm(page, "look", words))] }
        blocks += privateBlocks(page, words)
        blocks += actionBlocks(page, words) + SecondHandPages.errorBlocks(page, words)
        blocks += PaperPages.printBlocks(page, try service.policy.policy, words)
        if let release = page.releases.last {
            blocks.append(
                .links([
                    LinkView(words("receipt.link"), "/cases/\(page.handle)/receipts/\(release)"),
                    LinkView(words("shown.link"), "/shown"),
                ]))
        }
        if page.role != .coordinator { blocks.append(.links(ProgramPage.links(try service.policy.policy, words))) }
        if let survey = view.survey, page.role == .coordinator {
            blocks += [
                .heading(words("survey.heading")), .facts(surveyFacts(survey, try service.policy.policy, words)),
            ]
        }
        if page.role == .coordinator, page.actions.contains(.propose) { blocks += try await shortlist(page, visit) }
        if !view.history.isEmpty { blocks.append(historyTable(view, page.role, words)) }
        let back =
            page.role == .coordinator ? LinkView(words("desk.back"), "/desk") : LinkView(words("home.back"), "/home")
        return Page(title, blocks, back: back)
    }

    private static func historyTable(_ view: CaseView, _ role: Role, _ words: Words) -> Block {
        let part = role == .coordinator ? "staff" : role.rawValue
        let rows = view.history.reversed().map { entry in
            let event = "event.\(entry.rule.split(separator: "/").last ?? "")"
            return [
                Cell(plain(entry.on), isHeader: true),
                Cell(words.first("\(event).\(part)", event, or: words("event.other"))),
                Cell(words("channel.\(entry.channel.rawValue)")),
            ]
        }
        return .table(
            words("history.caption"), [words("history.day"), words("history.what"), words("history.how")], rows)
    }

    static func opener(of workflow: String, _ policy: Policy) -> Role? { policy.workflow(workflow)?.opener }

    static func plain(_ date: CivilDate) -> String { date.inWords }

    /// The word of somebody that the number on their card is wrong, for them, for the reader, and for staff until the
    /// hand-off.
    private static func numberBlocks(_ page: CasePage, _ words: Words) -> [Block] {
        var blocks: [Block] = []
        if page.view.isNumberWrong == true {
            let text = page.role == .coordinator ? "number.wrongStaff" : "number.wrongText"
            blocks.append(.note(words(page.role == .coordinator ? "number.wrongTitle" : "number.wrong"), words(text)))
        }
        if page.view.isNumberComing { blocks.append(.note(words("number.coming"), words("number.comingText"))) }
        return blocks
    }

    /// The state in words; of what is hidden, why nobody is shown it and what brings it back.
    private static func stateBlocks(_ page: CasePage, _ words: Words) -> [Block] {
        if page.view.hidden.isEmpty { return [.text(stateText(page.line, words))] }
        let part = page.role == .coordinator ? "staff" : "own"
        return page.view.hidden.map { .note(words("hidden.title"), words("hidden.\($0.rawValue).\(part)")) }
    }

    /// A notice that still runs while the search for the next has begun, with the way to close at once beside it.
    private static func partingBlocks(_ page: CasePage, _ words: Words) -> [Block] {
        guard let until = page.view.partingUntil else { return [] }
        let isStaff = page.role == .coordinator
        let day = ["day": plain(until)]
        var blocks: [Block] = [
            .note(
                words(isStaff ? "parting.staff" : "parting.own", day),
                words(isStaff ? "parting.staffText" : "parting.ownText"))
        ]
        if page.isReaderOfParting { blocks.append(.form(tapForm(page, "lookParting", words))) }
        let exit = [CommandKind.end, .withdrawCard, .rescind].first(where: page.partingActions.contains)
        if let exit, let resource = exit.resource {
            let address = "/cases/\(page.handle)/\(resource)?parting=yes"
            blocks.append(.links([LinkView(words("parting.close"), address)]))
        }
        return blocks
    }

    /// One signature for a longer term that waits for the other, once the term is over.
    private static func waitBlocks(_ page: CasePage, _ words: Words) -> [Block] {
        guard let until = page.view.extensionUntil else { return [] }
        let values = ["day": plain(until), "other": page.counterpartName ?? words("waits.other")]
        if page.role == .coordinator { return [.note(words("waits.staff"), words("waits.staffText", values))] }
        if page.view.isReleaseLive == false {
            return [.note(words("waits.theirs", values), words("waits.theirsText", values))]
        }
        let withdrawal = CommandKind.rescind.resource.map {
            LinkView(words("waits.withdraw"), "/cases/\(page.handle)/\($0)")
        }
        return [
            .note(
                words("waits.yours", values),
                words.first("waits.yoursText.\(page.role.rawValue)", or: words("waits.yoursText")))
        ]
            + (withdrawal.map { [.links([$0])] } ?? [])
    }

    /// The day by which the office releases what is signed, and what to do when it is late.
    private static func dutyBlocks(_ page: CasePage, _ visit: Visit) async throws -> [Block] {
        guard let due = page.view.releaseBy else { return [] }
        let words = visit.words
        let isLate = try await visit.service.today() > due
        if page.role == .coordinator {
            return [.note(words(isLate ? "duty.staffLate" : "duty.staff", ["day": plain(due)]))]
        }
        let hours = try visit.service.policy.policy.office.hours
        return [.text(words(isLate ? "duty.late" : "duty.soon") + (isLate && !hours.isEmpty ? " \(hours)." : ""))]
    }

    /// The obstacle to a pair: for the coordinator by its rule, for a signer without one.
    private static func obstacleBlocks(_ page: CasePage, _ words: Words) -> [Block] {
        if let obstacle = page.obstacle {
            let reason: String
            let signed = words.first("obstacle.signed.\(page.view.workflow)", or: words("obstacle.signed"))
            let way = words.first("obstacle.text.\(page.view.workflow)", or: words("obstacle.text"))
            var text = page.view.isUnused ? signed : way
            if case .conditionFailed(let condition) = obstacle {
                reason = words("obstacle.condition", ["condition": condition.plainWords])
            } else {
                reason = words("obstacle.apart")
                let way = words.first("obstacle.text.\(page.view.workflow)", or: words("obstacle.apartText"))
                if !page.view.isUnused { text = way }
            }
            return [.note(reason, text)]
        }
        return page.view.isUnused ? [.note(words("unused.title"), words("unused.text"))] : []
    }

    /// The advice for whoever was to be called, from the day after the last day until thirty days after it, whatever
    /// was noted: nobody has to say that nothing happened.
    private static func missedCall(_ page: CasePage, _ visit: Visit) async throws -> Block? {
        let words = visit.words
        let today = try await visit.service.today()
        guard page.isOpener, !page.isReader, page.isShown, page.view.isReleaseLive == true,
            page.view.isNumberWrong != true,
            let due = page.view.callBy, today > due,
            today <= due.adding(days: 30)
        else { return nil }
        return .note(words("call.missed", ["day": plain(due)]), words("call.missedText"))
    }

    /// The pair's own notes, for one of the pair: shown while there is anything that one could note or did.
    private static func privateFacts(_ page: CasePage, _ words: Words) -> [(String, String)] {
        let view = page.view
        guard let called = view.isCallRecorded, !page.privateActs.isEmpty || called else { return [] }
        var facts = [
            (words("fact.called"), words(called ? "fact.yes" : "fact.notYet")),
            (words("fact.met"), words(view.isMeetingRecorded == true ? "fact.yes" : "fact.notYet")),
        ]
        if view.wasTried == true { facts.append((words("fact.tried"), words("fact.yes"))) }
        return facts
    }

    private static func privateBlocks(_ page: CasePage, _ words: Words) -> [Block] {
        if page.isLocked { return [.text(words("private.locked"))] }
        if page.privateActs.isEmpty { return [] }
        let forms = page.privateActs.compactMap { kind in
            privateActs.first { $0.value == kind }.map { Block.form(tapForm(page, $0.key, words)) }
        }
        return forms + [.text(words("private.text"))]
    }

    /// The pair's own acts, by the words of the one form that they share.
    static let privateActs: [String: CommandKind] = [
        "called": .recordCall, "arranged": .recordMeeting, "tried": .recordTried, "undo": .undoNote,
    ]

    private static func tapForm(_ page: CasePage, _ act: String, _ words: Words) -> FormView {
        FormView(
            "/private", [.hidden("case", page.handle.description), .hidden("act", act)], button: words("private.\(act)")
        )
    }

    private static func actionBlocks(_ page: CasePage, _ words: Words) -> [Block] {
        func link(_ kind: CommandKind, _ query: String = "") -> LinkView? {
            kind.resource.map { resource in
                LinkView(
                    actionTitle(kind, page.role, words), "/cases/\(page.handle)/\(resource)\(query)",
                    isButton: !kind.isGrave && query.isEmpty)
            }
        }
        var blocks: [Block] = []
        let own = page.actions.compactMap { link($0) }
        if !own.isEmpty { blocks += [.heading(words("actions.heading")), .links(own)] }
        let proxied = page.proxied.compactMap { act in
            act.kind.resource.map { resource in
                LinkView(
                    words.first("proxy.\(act.kind.rawValue)", or: actionTitle(act.kind, act.role, words)),
                    "/cases/\(page.handle)/\(resource)?for=\(act.role.rawValue)",
                    hint: words("proxy.for.\(act.role.rawValue)"))
            }
        }
        if !proxied.isEmpty {
            blocks += [.heading(words("proxy.heading")), .text(words("proxy.text")), .links(proxied)]
        }
        if page.role == .coordinator,
            page.proxied.contains(where: { $0.kind.isSignature && $0.channels.contains(.paper) })
        {
            blocks.append(.links([LinkView(words("form.print"), "/cases/\(page.handle)/form")]))
        }
        return blocks
    }

    private static func actionTitle(_ kind: CommandKind, _ role: Role, _ words: Words) -> String {
        words.first("act.\(kind.rawValue).\(role.rawValue).title", "act.\(kind.rawValue).title", or: kind.rawValue)
    }

    private static func surveyFacts(_ survey: Survey, _ policy: Policy, _ words: Words) -> [(String, String)] {
        func list(_ texts: [String]) -> String {
            texts.isEmpty ? words("choice.none") : texts.sorted().joined(separator: "; ")
        }
        return [
            (words("question.sameField"), words("importance.\(survey.sameField.rawValue)")),
            (words("question.pathways"), list(survey.answers.pathways.map { words("pathway.\($0.rawValue)") })),
            (words("question.areas"), list(survey.answers.areas.map(policy.matching.name(of:)))),
            (words("question.times"), list(survey.answers.times.map { words("time.\($0.rawValue)") })),
            (words("question.languages"), list(survey.answers.languages.map(policy.matching.name(of:)))),
            (words("question.topics"), list(survey.answers.topics.map { words("topic.\($0.rawValue)") })),
        ]
    }

    private static func candidates(_ page: CasePage, _ visit: Visit) async throws -> [(
        candidate: Candidate, name: String
    )] {
        try await visit.service.namedShortlist(
            of: page.line.opener, workflow: page.view.workflow, by: visit.require().person)
    }

    /// The mentors that the rules allow, best first, each with its reasons.
    private static func shortlist(_ page: CasePage, _ visit: Visit) async throws -> [Block] {
        let words = visit.words
        let list = try await candidates(page, visit)
        var rows: [[Cell]] = []
        for (candidate, name) in list {
            let reasons = candidate.terms.filter { $0.points > 0 }.map(\.term.plainWords)
            rows.append([
                Cell(name, isHeader: true), Cell("\(candidate.score / 100)"),
                Cell(reasons.isEmpty ? words("shortlist.noReason") : reasons.joined(separator: "; ")),
            ])
        }
        if rows.isEmpty { return [.note(words("shortlist.empty"), words("shortlist.emptyText"))] }
        return [
            .table(
                words("shortlist.caption"),
                [words("shortlist.name"), words("shortlist.score"), words("shortlist.reasons")], rows)
        ]
    }

    // MARK: Commands

    /// Whose act it is, and the case it is about.
    private struct Act {
        let page: CasePage
        /// The person whose text is signed.
        let signer: PersonID
        let isProxied: Bool
    }

    private static func act(_ kind: CommandKind, _ visit: Visit) async throws -> Act {
        let session = try visit.require()
        let page = try await visit.service.page(visit.handle(), of: session.person)
        let role = visit.route.method == .get ? visit.query["for"] : visit.form.text("for")
        if page.role == .coordinator, let role, !role.isEmpty {
            guard let act = page.proxied.first(where: { $0.kind == kind && $0.role.rawValue == role }) else {
                throw Refusal.outdated
            }
            return Act(page: page, signer: act.person, isProxied: true)
        }
        return Act(page: page, signer: session.person, isProxied: false)
    }

    private static func ask(_ kind: CommandKind, _ visit: Visit) async throws -> Response {
        let act = try await act(kind, visit)
        guard act.isProxied || isOfParting(kind, act.page, visit) || act.page.offers(kind) else {
            throw Refusal.outdated
        }
        if kind.isSignature, !act.isProxied,
            try await visit.site.accounts.account(of: act.signer, by: visit.caller).agreedElectronicallyOn == nil
        {
            return visit.redirect("/electronic?case=\(act.page.handle)")
        }
        return try visit.page(await form(kind, act, visit))
    }

    /// The page that asks for a command, with everything it needs.
    private static func form(_ kind: CommandKind, _ act: Act, _ visit: Visit) async throws -> Page {
        let (words, page, service) = (visit.words, act.page, visit.service)
        let role =
            act.isProxied
            ? page.proxied.first { $0.kind == kind && $0.person == act.signer }?.role ?? .coordinator : page.role
        var blocks = introduction(to: kind, act, role, words)
        var fields: [FieldView] = act.isProxied ? proxyFields(kind, act, role, words) : []
        if isOfParting(kind, page, visit) {
            blocks.append(.note(words("parting.meant"), words("parting.meantText")))
            fields.append(.hidden("parting", "yes"))
        }
        let policy = try service.policy.policy
        let keepsAway = !act.isProxied && keepsAway(kind, page, policy, isOfParting(kind, page, visit))
        fields += keepsAway ? keepAwayFields(page, words) : []
        switch kind {
        case .completeSurvey:
            fields += SurveyForm(policy: policy, words: words).fields(page.view.survey)
            if !act.isProxied { blocks.append(.links([LinkView(words("privateList.link"), "/private-list")])) }
        case .propose:
            blocks += try await shortlist(page, visit)
            let options = try await candidates(page, visit).map { ($0.candidate.mentor.description, $0.name) }
            if options.isEmpty { return Page(actionTitle(kind, role, words), blocks, back: back(page, words)) }
            fields.append(.radios("person", words("field.mentor"), options, chosen: options.first?.0))
        case .invite:
            fields.append(.text("phone", words("field.volunteerPhone"), type: "tel", inputmode: "tel", limit: 40))
        case .ask: fields.append(.text("display", words("field.display"), hint: words("field.displayHint"), limit: 60))
        case .sign, .correct, .extend, .renew:
            let release = try await service.releaseText(
                of: page.line.opener, workflow: page.view.workflow, for: act.signer, kind: kind)
            blocks += [.document(release.text, label: words("release.label"))] + PrivacyPage.blocks(policy, words)
            if !act.isProxied {
                blocks.append(.heading(words("release.values")))
                blocks.append(.facts(release.values.map { ($0.field.plainWords, $0.text) }))
            }
            fields.append(.hidden("digest", release.digest))
            if kind == .correct { fields += correctionFields(policy, words) }
            if release.asksName || kind == .correct && policy.release.fields.contains(.firstName) {
                let label = words(kind == .correct ? "name.labelOfNew" : "name.label")
                fields.append(.checks("nameConfirmed", label, [("yes", words("name.confirm"))]))
            }
            if act.isProxied {
                fields.append(
                    .text("typedDigest", words("form.typedDigest"), hint: words("form.typedDigestHint"), limit: 16))
                fields.append(
                    .text("signedOn", words("form.signedOn"), hint: words("form.signedOnHint"), limit: 10))
                fields.append(.file("scan", words("form.scan"), hint: words("form.scanHint")))
            } else {
                fields.append(.checks("meaning", words("release.meaning"), [("sign", words("release.sign"))]))
            }
        case .disclose, .alert:
            blocks.append(
                .facts([(words("fact.crosses"), policy.release.fields.map(\.plainWords).joined(separator: ", "))]))
        default: break
        }
        blocks.append(
            .form(
                FormView(
                    "/cases/\(page.handle)/\(kind.resource ?? "")", fields,
                    button: words.first("act.\(kind.rawValue).button", or: words("act.button")),
                    isGrave: kind.isGrave, isUpload: act.isProxied && kind.isSignature, version: page.version)))
        return Page(actionTitle(kind, role, words), blocks, back: back(page, words))
    }

    private static func introduction(to kind: CommandKind, _ act: Act, _ role: Role, _ words: Words) -> [Block] {
        let text = words.first("act.\(kind.rawValue).\(role.rawValue).text", "act.\(kind.rawValue).text", or: "")
            .replacing("{answerDays}", with: "\(act.page.line.contact.answerAfterDays)")
        return (act.isProxied ? [.note(words("proxy.page"))] : []) + (text.isEmpty ? [] : [.text(text)])
    }

    /// True if the page is about the pair whose notice still runs.
    private static func isOfParting(_ kind: CommandKind, _ page: CasePage, _ visit: Visit) -> Bool {
        visit.query["parting"] == "yes" && page.partingActions.contains(kind)
    }

    /// For whom and how it came, of what is recorded for somebody.
    private static func proxyFields(_ kind: CommandKind, _ act: Act, _ role: Role, _ words: Words) -> [FieldView] {
        let channels = act.page.proxied.first { $0.kind == kind && $0.person == act.signer }?.channels ?? []
        return [
            .hidden("for", role.rawValue),
            .radios(
                "via", words("proxy.via"), channels.map { ($0.rawValue, words("channel.\($0.rawValue)")) },
                chosen: channels.first?.rawValue),
        ]
    }

    /// True if this act, from here, keeps the other person away.
    private static func keepsAway(_ kind: CommandKind, _ page: CasePage, _ policy: Policy, _ isOfParting: Bool)
        -> Bool
    {
        guard kind.leaves, page.role != .coordinator, let workflow = policy.workflow(page.view.workflow),
            workflow.counterpart != nil
        else { return false }
        return workflow.transitions.contains { row in
            row.command == kind && row.role == page.role
                && !row.effects.filter { $0 == .keepAway || $0 == .excludeCounterpart }.isEmpty
                && (isOfParting || row.origins.contains { workflow.name(of: $0) == page.view.state })
        }
    }

    /// The box of whoever leaves another person: ticked, and theirs alone.
    private static func keepAwayFields(_ page: CasePage, _ words: Words) -> [FieldView] {
        let box = page.counterpartName.map { words("keepAway.named", ["name": $0]) } ?? words("keepAway.unnamed")
        return [
            .hidden("keepAwayAsked", "yes"),
            .checks("keepAway", words("keepAway.label"), [("yes", box)], chosen: ["yes"]),
        ]
    }

    private static func back(_ page: CasePage, _ words: Words) -> LinkView {
        LinkView(words("case.back"), "/cases/\(page.handle)")
    }

    private static func correctionFields(_ policy: Policy, _ words: Words) -> [FieldView] {
        policy.release.fields.map { field in
            switch field {
            case .firstName:
                .text(
                    "firstName", words("field.firstName"), hint: words("correct.hint"), autocomplete: "given-name",
                    isRequired: false)
            case .phone:
                .text(
                    "phone", words("field.phone"), hint: words("correct.hint"), type: "tel", autocomplete: "tel",
                    inputmode: "tel",
                    limit: 40, isRequired: false)
            case .displayName, .contactRoute, .region, .topics, .interests:
                .text(
                    field.rawValue, words("profile.\(field.rawValue)"), hint: words("correct.hint"), limit: 200,
                    isRequired: false)
            }
        }
    }

    private static func carryOut(_ kind: CommandKind, _ visit: Visit) async throws -> Response {
        do {
            let answered = try await visit.service.ask(asked(kind, visit))
            return try answer(kind, answered, visit)
        } catch let problem as FieldProblem {
            // What could not be used is shown again.
            let act = try await act(kind, visit)
            return try visit.again(await form(kind, act, visit), worded(problem, kind, visit.words))
        }
    }

    /// The problem in the words of the page.
    private static func worded(_ problem: FieldProblem, _ kind: CommandKind, _ words: Words) -> FieldProblem {
        switch (kind, problem.field) {
        case (.invite, "phone") where problem.expected == "somebody's number":
            FieldProblem(field: "phone", expected: words("field.volunteerUnknown"))
        default: problem
        }
    }

    /// Reads the act that the form asks for.
    private static func asked(_ kind: CommandKind, _ visit: Visit) throws -> Asked {
        let form = visit.form
        var asked = Asked(kind, visit.handle(), key: visit.key)
        asked.version = nonempty(form.text("version"))
        if let role = Role(rawValue: form.text("for")) {
            asked.proxy = Asked.Proxy(role: role, channel: Channel(rawValue: form.text("via")))
        }
        do {
            try visit.checkForm()
            try fill(&asked, visit)
        } catch let problem as FieldProblem {
            asked.problem = problem
        }
        return asked
    }

    private static func fill(_ asked: inout Asked, _ visit: Visit) throws {
        let (form, words) = (visit.form, visit.words)
        // A box that is not ticked is not sent: only a form that showed it says that it was not.
        // Whoever declines said nothing about anybody, whatever there was to decline.
        asked.keepsAway = asked.kind != .decline && (form.text("keepAwayAsked").isEmpty || form.isOn("keepAway"))
        asked.isOfParting = form.isOn("parting")
        switch asked.kind {
        case .completeSurvey:
            let survey = try SurveyForm.survey(form)
            guard survey.understood else {
                throw FieldProblem(field: "understood", expected: words("survey.understood"))
            }
            asked.survey = survey
        case .propose: asked.person = PersonID(parsing: form.text("person"))
        case .invite: asked.phone = form.text("phone")
        case .ask: asked.display = form.text("display")
        case .sign, .correct, .extend, .renew:
            try addSignature(to: &asked, visit)
            if asked.kind == .correct {
                var profile: [ProfileField: String] = [:]
                for field in ProfileField.allCases {
                    if let text = nonempty(form.text(field.rawValue)) { profile[field] = text }
                }
                asked.corrections = Corrections(
                    firstName: nonempty(form.text("firstName")), phone: nonempty(form.text("phone")), profile: profile)
                asked.corrections.isPhoneConfirmed = form.isOn("phoneConfirmed")
                guard !asked.corrections.isEmpty else {
                    throw FieldProblem(field: "phone", expected: words("correct.nothing"))
                }
            }
        default: break
        }
    }

    private static func nonempty(_ text: String) -> String? { text.isEmpty ? nil : text }

    /// The signature as it was given: on screen by an explicit act of who is there, on paper by the scan of the form
    /// that was printed.
    private static func addSignature(to asked: inout Asked, _ visit: Visit) throws {
        let (form, words) = (visit.form, visit.words)
        asked.digest = form.text("digest")
        asked.isNameConfirmed = form.isOn("nameConfirmed")
        if asked.proxy != nil {
            guard let scan = form.files["scan"], !scan.isEmpty else {
                throw FieldProblem(field: "scan", expected: words("form.scanExpected"))
            }
            let typed = form.text("typedDigest").lowercased().filter { !$0.isWhitespace && $0 != "-" }
            guard typed.count >= 8, form.text("digest").hasPrefix(typed) else {
                throw FieldProblem(field: "typedDigest", expected: words("form.typedDigestExpected"))
            }
            asked.paper = try paper(scan, form, words)
            return
        }
        guard form.isOn("meaning") else {
            throw FieldProblem(field: "meaning", expected: words("release.meaningExpected"))
        }
        asked.authenticatedBy = try visit.require().authenticatedBy
    }

    /// The paper and its day.
    static func paper(_ scan: [UInt8], _ form: FormBody, _ words: Words) throws -> Paper {
        guard let day = CivilDate(parsing: form.text("signedOn")) else {
            throw FieldProblem(field: "signedOn", expected: words("form.signedOnHint"))
        }
        _ = try Scan(parsing: scan)
        return Paper(bytes: scan, signedOn: day)
    }

    private static func answer(_ kind: CommandKind, _ answered: Answered, _ visit: Visit) throws -> Response {
        let (outcome, handle) = (answered.outcome, visit.handle())
        do {
            try outcome.requireDone()
        } catch Refusal.electronicFirst {
            throw Refusal.outdated
        } catch Refusal.argumentMissing {
            throw Refusal.outdated
        }
        let isAnsweredAlike = kind.isAnsweredAlike && answered.role != .coordinator
        if outcome.isReceiptPending, !isAnsweredAlike {
            return try visit.page(
                Page(
                    visit.words("pending.title"), [.good(visit.words("pending.text"))],
                    back: LinkView(visit.words("case.back"), "/cases/\(handle)")), status: .accepted)
        }
        let resource = kind.resource ?? ""
        let isProxied = !visit.form.text("for").isEmpty && answered.role == .coordinator
        if kind.isSignature || kind == .rescind, !isProxied, let release = outcome.release ?? answered.ownRelease {
            return visit.redirect("/cases/\(handle)/receipts/\(release)?done=\(resource)")
        }
        if kind.isSignature, isProxied, let code = outcome.rescindCode {
            return try visit.page(
                paperReceipt(code, visit, back: LinkView(visit.words("case.back"), "/cases/\(handle)")))
        }
        // Who has no part in it any more has no page of it either.
        if !isProxied, answered.role != .coordinator, kind == .slotUnavailable || kind == .refuseInvitation {
            return visit.redirect("/home?done=\(resource)")
        }
        // A paper that was filed counts when a colleague has looked at it.
        let done = isProxied ? outcome.waits ? "waits" : "proxied" : resource
        return visit.redirect("/cases/\(handle)?done=\(done)")
    }

    /// The receipt of a signature on paper, to be printed and handed over; it is shown this once.
    static func paperReceipt(_ code: String, _ visit: Visit, back: LinkView) -> Page {
        let words = visit.words
        return Page(
            words("receipt.paperTitle"),
            [
                .good(words("done.proxied")),
                .note(words("receipt.paperNote"), words("receipt.paperText")),
                .codes(words("receipt.code"), [code], drawn: words("code.drawn")),
                .text(words("receipt.codeText", ["url": visit.site.outbox.url])),
            ], back: back)
    }

    // MARK: The form on paper

    /// The exact text with its digest, to be printed, signed by hand and scanned.
    private static func printForm(_ visit: Visit) async throws -> Response {
        let (words, session) = (visit.words, try visit.require())
        let page = try await visit.service.page(visit.handle(), of: session.person)
        let signers = page.proxied.filter { $0.kind.isSignature }
        guard let act = signers.first else { throw Refusal.notFound }
        let release = try await visit.service.releaseText(
            of: page.line.opener, workflow: page.view.workflow, for: act.person, kind: act.kind)
        return try visit.page(
            Page(
                words("form.title"),
                [
                    .note(words("form.note"), words("form.noteText")),
                    .document(release.text, label: words("release.label")),
                    .text(words("form.signature")), .text(words("form.date")),
                ] + (release.asksName ? [.text(words("form.name"))] : []) + [
                    .facts([(words("form.digest"), grouped(release.digest))])
                ], back: back(page, words)))
    }

    /// Sixty-four hexadecimal digits in groups that can be read aloud.
    private static func grouped(_ digest: String) -> String {
        stride(from: 0, to: digest.count, by: 8).map { String(digest.dropFirst($0).prefix(8)) }.joined(separator: " ")
    }

    // MARK: Receipts

    private static func release(_ visit: Visit) async throws -> (page: CasePage, id: ReleaseID, receipt: OwnReceipt) {
        let session = try visit.require()
        let page = try await visit.service.page(visit.handle(), of: session.person)
        guard let id = ReleaseID(parsing: visit.parameter("release")), page.releases.contains(id) else {
            throw Refusal.notFound
        }
        return (page, id, try await visit.service.ownReceipt(id, for: session.person))
    }

    private static func receipt(_ visit: Visit) async throws -> Response {
        let words = visit.words
        let (page, id, receipt) = try await release(visit)
        var blocks: [Block] = []
        if let done = visit.query["done"] { blocks.append(.good(words.first("done.\(done)", or: words("done.other")))) }
        if receipt.rescindedOn != nil {
            let policy = try visit.service.policy.policy
            blocks.append(.text(policy.texts.rescission))
        }
        var facts = [
            (words("fact.signed"), plain(receipt.signedOn)), (words("fact.expires"), plain(receipt.expiresOn)),
            (words("fact.release"), words(receipt.isLive ? "fact.live" : "fact.notLive")),
        ]
        if let day = receipt.rescindedOn { facts.append((words("fact.rescinded"), plain(day))) }
        blocks.append(.facts(facts))
        if receipt.isPending { blocks.append(.note(words("receipt.pending"))) }
        if let code = receipt.rescindCode {
            blocks += [
                .codes(words("receipt.code"), [code], drawn: words("code.drawn")),
                .text(words("receipt.codeText", ["url": visit.site.outbox.url])),
            ]
        }
        blocks += PrivacyPage.blocks(try visit.service.policy.policy, words)
        blocks += [.heading(words("receipt.copy")), .document(receipt.text, label: words("release.label"))]
        let base = "/cases/\(page.handle)/receipts/\(id)"
        var links = [LinkView(words("receipt.download"), "\(base)/copy.txt")]
        if let scan = try? await visit.service.scan(of: id, signedBy: visit.require().person, asJPEG: false) {
            links.append(LinkView(words("receipt.scan"), "\(base)/scan/\(scan.kind.fileName)"))
            if scan.kind == .heic { links.append(LinkView(words("receipt.scanJPEG"), "\(base)/scan/scan.jpg")) }
        }
        for (number, item) in receipt.receipts.enumerated() {
            let type =
                String(decoding: item.record, as: UTF8.self).prefix { $0 != "\n" }.split(separator: "/").last ?? ""
            links.append(LinkView(words("receipt.record", ["type": String(type)]), "\(base)/record-\(number).txt"))
            links.append(LinkView(words("receipt.proof", ["type": String(type)]), "\(base)/proof-\(number).txt"))
        }
        blocks += [.heading(words("receipt.files")), .text(words("receipt.filesText")), .links(links)]
        return try visit.page(Page(words("receipt.title"), blocks, back: back(page, words)))
    }

    private static func receiptFile(_ visit: Visit) async throws -> Response {
        let (_, _, receipt) = try await release(visit)
        let file = visit.parameter("file")
        let bytes: [UInt8]
        if file == "copy.txt" {
            bytes = Array(receipt.text.utf8)
        } else {
            let records = receipt.receipts.enumerated().flatMap { number, item in
                [("record-\(number).txt", item.record), ("proof-\(number).txt", item.proof)]
            }
            guard let found = records.first(where: { $0.0 == file }) else { throw Refusal.notFound }
            bytes = found.1
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/plain; charset=utf-8", .contentDisposition: "attachment; filename=\"\(file)\"",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    // MARK: The pair's own

    /// Looks, calls and meetings: one route, no line in any log, no metric, no redirect that would leave one.
    private static func tap(_ visit: Visit) async throws -> Response {
        let (words, service) = (visit.words, visit.service)
        let handle = CaseHandle(parsing: visit.form.text("case")) ?? CaseHandle(high: 0, low: 0)
        let back = LinkView(words("case.back"), "/cases/\(handle)")
        switch visit.form.text("act") {
        case "look": return try visit.page(cardPage(await service.openCard(handle), handle, back, words))
        case "lookParting":
            return try visit.page(cardPage(await service.openCard(handle, isOfParting: true), handle, back, words))
        case let act where privateActs[act] != nil:
            let kind = privateActs[act] ?? .recordCall
            try await service.ask(Asked(kind, handle, key: nil)).outcome.requireDone()
            return try visit.page(
                Page(
                    words("private.doneTitle"), [.good(words("private.done")), .text(words("private.text"))], back: back
                ))
        default:
            _ = try await service.page(handle, of: visit.require().person)
            throw FieldProblem(field: "act", expected: "look, \(privateActs.keys.sorted().joined(separator: ", "))")
        }
    }

    static func cardPage(_ view: CardView, _ handle: CaseHandle, _ back: LinkView, _ words: Words) -> Page {
        let fields: [Fact]
        switch view.card {
        case .contact(let card):
            fields = [
                Fact(term: words("field.firstName"), definition: card.firstName.text),
                Fact(term: words("field.phone"), definition: card.phone.e164, factLink: "tel:\(card.phone.e164)"),
            ]
        case .profile(let card):
            fields = card.fields.sorted { $0.key < $1.key }.map {
                Fact(term: PersonPages.label(of: $0.key, words), definition: $0.value)
            }
        }
        var blocks: [Block] = [
            Block(card: CardBlock(cardTitle: words("card.label"), cardNotice: view.notice, cardFields: fields)),
            .text(view.scope),
        ]
        if case .contact = view.card {
            blocks.append(
                .facts(
                    [
                        view.asksToCall
                            ? view.callBy.map { (words("fact.callBy"), plain($0)) } ?? (
                                words("fact.call"), words("card.soon")
                            )
                            : nil,
                        view.word.map { (words("fact.word"), words("card.word", ["word": $0])) },
                    ].compactMap(\.self)))
            blocks += [.heading(words("card.script")), .text(view.callScript)]
        }
        blocks.append(.note(words("card.emergency"), view.emergency))
        return Page(words("card.title"), blocks, back: back)
    }
}
