internal import Cryptography
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import ReleaseService
internal import ReleaseWorkflow

/// The coordinator's desk: the board, people, enrollment, access, notices. Nothing here knows of looks, calls or
/// meetings.
enum DeskPages {
    static let routes: [Route] = [
        Route(.get, "/desk", .role(.coordinator)) { try await board($0) },
        Route(.get, "/desk/find", .role(.coordinator)) { try $0.page(findPage($0.words)) },
        Route(.post, "/desk/find", .role(.coordinator), checksForm: true) { try await find($0) },
        Route(.get, "/desk/telephone", .role(.coordinator)) { try $0.page(telephonePage($0)) },
        Route(.post, "/desk/telephone", .role(.coordinator), checksForm: true) { try await takeDown($0) },
        Route(.get, "/desk/people/new", .role(.coordinator)) { try await $0.page(newPage($0)) },
        Route(.post, "/desk/people", .role(.coordinator), checksForm: true) { try await add($0) },
        Route(.get, "/desk/people/{person}", .role(.coordinator)) { try await $0.page(personPage($0)) },
        Route(.post, "/desk/people/{person}/contract", .role(.coordinator)) { try await setContract($0) },
        Route(.post, "/desk/people/{person}/coordinator", .role(.coordinator)) { try await reassign($0) },
        Route(.get, "/desk/people/{person}/enrollment", .role(.coordinator)) { try await $0.page(enrollmentPage($0)) },
        Route(.post, "/desk/people/{person}/enrollment", .role(.coordinator), checksForm: true) {
            try await enroll($0)
        },
        Route(.get, "/desk/people/{person}/agreements", .role(.coordinator)) {
            try await $0.page(paperAgreementsPage($0))
        },
        Route(.post, "/desk/people/{person}/agreements", .role(.coordinator), bodyLimit: 9 << 20, checksForm: true) {
            try await acknowledge($0)
        },
        Route(.post, "/desk/people/{person}/agreements/withdrawal", .role(.coordinator)) { try await takeBack($0) },
        Route(.post, "/desk/people/{person}/first-use-code", .role(.coordinator)) { try await firstUseCode($0) },
        Route(.post, "/desk/people/{person}/sheet", .role(.coordinator)) { try await sheet($0) },
        Route(.post, "/desk/people/{person}/address", .role(.coordinator), checksForm: true) {
            try await setAddress($0)
        },
        Route(.get, "/desk/notices", .role(.coordinator)) { try await notices($0) },
        Route(.post, "/desk/notices/{notice}", .role(.coordinator)) { try await passedOn($0) },
        Route(.get, "/desk/cover", .role(.coordinator)) { try await $0.page(coverPage($0)) },
        Route(.post, "/desk/cover", .role(.coordinator), checksForm: true) { try await setCover($0) },
    ]

    static let pageSize = 25

    private static func back(_ words: Words) -> LinkView { LinkView(words("desk.back"), "/desk") }

    // MARK: The board

    private static func board(_ visit: Visit) async throws -> Response {
        let (words, session, service) = (visit.words, try visit.require(), visit.service)
        let board = try await service.board(
            of: session.person, after: BoardPlace(link: visit.query["after"]), count: pageSize)
        let lines = board.lines
        var blocks: [Block] = [.links(try deskLinks(visit))]
        if let done = visit.query["done"] {
            blocks.insert(.good(words.first("done.\(done)", or: words("done.other"))), at: 0)
        }
        if lines.isEmpty {
            blocks.append(.note(words("desk.empty")))
        } else {
            var rows: [[Cell]] = []
            for line in lines {
                let validity =
                    line.view.isReleaseLive.map { words($0 ? "fact.live" : "fact.notLive") } ?? words("desk.noRelease")
                rows.append([
                    Cell(line.name ?? "", link: "/cases/\(line.handle)", isHeader: true),
                    Cell(CasePages.workflowTitle(line, words)),
                    Cell(words("rank.\(line.rank.rawValue)")), Cell(stateText(line, words)), Cell(validity),
                ])
            }
            blocks.append(
                .table(
                    words("desk.caption"),
                    [
                        words("desk.name"), words("fact.about"), words("desk.turn"), words("desk.state"),
                        words("fact.release"),
                    ], rows)
            )
        }
        if let next = board.next {
            blocks.append(.links([LinkView(words("desk.more"), "/desk?after=\(next.rank.rawValue)-\(next.handle)")]))
        }
        return try visit.page(Page(words("desk.title"), blocks))
    }

    private static func deskLinks(_ visit: Visit) throws -> [LinkView] {
        let words = visit.words
        var links = [
            LinkView(words("desk.find"), "/desk/find", isButton: true), LinkView(words("desk.new"), "/desk/people/new"),
            LinkView(words("desk.notices"), "/desk/notices"), LinkView(words("incident.title"), "/incidents"),
        ]
        if try keepsRoll(visit) { return links + [LinkView(words("roll.link"), "/desk/roll")] }
        links += [
            LinkView(words("desk.telephone"), "/desk/telephone"),
            LinkView(words("applications.title"), "/desk/applications"),
            LinkView(words("secondHand.link"), "/second-hand"), LinkView(words("cover.link"), "/desk/cover"),
        ]
        return links
    }

    // MARK: People

    private static func findPage(_ words: Words) -> Page {
        Page(
            words("find.title"),
            [
                .text(words("find.text")),
                .form(
                    FormView(
                        "/desk/find",
                        [
                            .text(
                                "phone", words("field.phone"), type: "tel", inputmode: "tel", limit: 40,
                                isRequired: false),
                            .text("name", words("field.name"), isRequired: false),
                        ], button: words("find.button"))),
            ], back: back(words))
    }

    private static func find(_ visit: Visit) async throws -> Response {
        let (words, form, service) = (visit.words, visit.form, visit.service)
        let staff = try visit.require().person
        do {
            try visit.checkForm()
            let (phone, name) = (form.text("phone"), form.text("name"))
            guard !phone.isEmpty || !name.isEmpty else {
                throw FieldProblem(field: "phone", expected: words("find.expected"))
            }
            let found = try await service.find(phone: phone.isEmpty ? nil : phone, name: name.isEmpty ? nil : name)
            var links: [LinkView] = []
            for id in found {
                // Another coordinator's people are not there.
                guard let identity = try await service.identity(of: id), id != staff else { continue }
                links.append(LinkView(identity.fullName, "/desk/people/\(id)", hint: identity.field))
            }
            return try visit.page(
                Page(
                    words("find.title"),
                    links.isEmpty ? [.note(words("find.nobody"), words("find.nobodyText"))] : [.links(links)],
                    back: LinkView(words("find.again"), "/desk/find")))
        } catch let problem as FieldProblem {
            return try visit.again(findPage(words), problem)
        }
    }

    /// The state of a line, with the day by which something is to be released.
    private static func stateText(_ line: CaseLine, _ words: Words) -> String {
        let text = CasePages.stateText(line, words)
        return line.view.releaseBy.map { "\(text) \(words("duty.staff", ["day": CasePages.plain($0)]))" } ?? text
    }

    /// The other coordinators, by id and full name.
    private static func colleagues(_ visit: Visit) async throws -> [(String, String)] {
        try await visit.site.accounts.staff(by: visit.caller).compactMap { other, known, _ in
            guard known.roles.contains(.coordinator), other != visit.session?.person else { return nil }
            return (other.description, known.fullName)
        }
    }

    // MARK: Who stands in

    private static func coverPage(_ visit: Visit) async throws -> Page {
        let (words, own) = (visit.words, try visit.require().person)
        let name = try await visit.service.cover(of: own)
        let others = try await colleagues(visit)
        return Page(
            words("cover.title"),
            [
                .text(words("cover.text")),
                .note(name.map { words("cover.now", ["name": $0]) } ?? words("cover.nobody")),
                .form(
                    FormView(
                        "/desk/cover",
                        [
                            .radios(
                                "person", words("cover.person"), [("", words("cover.none"))] + others, chosen: ""),
                            .text("until", words("cover.until"), hint: words("cover.untilHint"), isRequired: false),
                        ], button: words("cover.button"))),
            ], back: back(words))
    }

    private static func setCover(_ visit: Visit) async throws -> Response {
        let (words, form) = (visit.words, visit.form)
        do {
            try visit.checkForm()
            let cover = PersonID(parsing: form.text("person"))
            let today = try await visit.service.today()
            guard let until = cover == nil ? today : CivilDate(parsing: form.text("until")), until >= today else {
                throw FieldProblem(field: "until", expected: words("cover.untilHint"))
            }
            try await visit.service.setCover(
                of: visit.require().person, to: cover, until: until, key: visit.key
            ).requireDone()
            return visit.redirect("/desk?done=cover")
        } catch let problem as FieldProblem {
            return try visit.again(await coverPage(visit), problem)
        }
    }

    // MARK: On the telephone

    private static func telephonePage(_ visit: Visit) throws -> Page {
        let (words, policy) = (visit.words, try visit.service.policy.policy)
        let wishes = TelephoneCall.Wish.allCases.filter { $0.isKnown(to: policy) }.map {
            ($0.rawValue, words("telephone.\($0.rawValue)"))
        }
        return Page(
            words("telephone.title"),
            [
                .text(words("telephone.text")),
                .form(
                    FormView(
                        "/desk/telephone",
                        [
                            .text("fullName", words("field.fullName")),
                            .text("phone", words("field.phone"), type: "tel", inputmode: "tel", limit: 40),
                            .radios("wish", words("telephone.wish"), wishes, chosen: wishes.first?.0 ?? ""),
                            .text(
                                "recipient", words("telephone.recipient"), hint: words("telephone.recipientHint"),
                                isRequired: false),
                        ], button: words("telephone.button"))),
                .links([LinkView(words("telephone.code"), "/rescission")]),
            ], back: back(words))
    }

    /// The answer is the same whether or not there was anything to end.
    private static func takeDown(_ visit: Visit) async throws -> Response {
        let (words, form) = (visit.words, visit.form)
        do {
            try visit.checkForm()
            let policy = try visit.service.policy.policy
            guard let wish = TelephoneCall.Wish(rawValue: form.text("wish")), wish.isKnown(to: policy) else {
                throw FieldProblem(field: "wish", expected: words("telephone.expected"))
            }
            let name = form.text("fullName")
            let recipient = form.text("recipient")
            let call = TelephoneCall(
                wish, fullName: name, phone: form.text("phone"), recipient: recipient.isEmpty ? nil : recipient)
            let outcome = try await visit.service.takeDown(call, key: visit.key)
            if outcome.refused == .notFound {
                return try visit.page(
                    Page(
                        words("telephone.title"), [.note(words("telephone.unknown"), words("telephone.unknownText"))],
                        back: LinkView(words("find.again"), "/desk/telephone")))
            }
            try outcome.requireDone()
            return try visit.page(
                Page(
                    words("telephone.title"),
                    [.good(words("telephone.done.\(wish.rawValue)", ["name": name])), .text(words("telephone.told"))],
                    back: back(words)))
        } catch let problem as FieldProblem {
            return try visit.again(telephonePage(visit), problem)
        }
    }

    /// A person who is this coordinator's.
    static func own(_ visit: Visit) async throws -> (PersonID, Identity) {
        let (id, staff) = (visit.person(), try visit.require().person)
        let isSelf = try visit.service.policy.policy.administration == .`self`
        guard let identity = try await visit.service.identity(of: id), id != staff,
            identity.coordinator == staff || (isSelf && !identity.isStaff)
        else { throw Refusal.notFound }
        return (id, identity)
    }

    /// True where the program keeps no staff: the administrator keeps its roll, and sees no case.
    static func keepsRoll(_ visit: Visit) throws -> Bool {
        try visit.service.policy.policy.administration == .`self`
    }

    /// The names of somebody who is entered: some people have one alone.
    static func nameFields(_ words: Words) -> [FieldView] {
        [
            .text("fullName", words("field.fullName")),
            .text("surname", words("field.surname"), hint: words("field.surnameHint"), limit: 60, isRequired: false),
            .text("firstName", words("field.firstName"), hint: words("new.firstNameHint"), limit: 40),
        ]
    }

    private static func newPage(_ visit: Visit) async throws -> Page {
        let words = visit.words
        let policy = try visit.service.policy.policy
        var fields =
            nameFields(words) + [
                .text("phone", words("field.phone"), type: "tel", inputmode: "tel", limit: 40),
                .text("field", words("field.field"), hint: words("new.fieldHint"), limit: 60),
                .checks(
                    "roles", words("new.roles"),
                    [("participant", words("role.participant")), ("mentor", words("role.mentor"))]),
                .text(
                    "address", words("field.address"), hint: words("new.addressHint"), type: "email",
                    inputmode: "email",
                    limit: 254,
                    isRequired: false),
            ]
        if policy.asksForContract {
            fields.append(.checks("underContract", words("new.contract"), [("yes", words("new.underContract"))]))
        }
        fields += policy.release.fields.compactMap(\.profile).map {
            .text($0.rawValue, words("profile.\($0.rawValue)"), limit: 200, isRequired: false)
        }
        return Page(
            words("new.title"),
            [.text(words("new.text")), .form(FormView("/desk/people", fields, button: words("new.button")))],
            back: back(words))
    }

    private static func add(_ visit: Visit) async throws -> Response {
        let (form, staff) = (visit.form, try visit.require().person)
        do {
            try visit.checkForm()
            let roles = form.texts("roles").compactMap { Identity.Role(rawValue: $0) }.filter { !$0.isStaff }
            var profile: [ProfileField: String] = [:]
            for field in ProfileField.allCases where !form.text(field.rawValue).isEmpty {
                profile[field] = form.text(field.rawValue)
            }
            let address = form.text("address")
            if !address.isEmpty { try await visit.site.accounts.checkAddress(address, by: visit.caller) }
            var person = NewPerson(
                fullName: form.text("fullName"), surname: form.text("surname"), firstName: form.text("firstName"),
                phone: form.text("phone"), roles: roles, field: form.text("field"),
                isUnderContract: form.isOn("underContract"),
                coordinator: try keepsRoll(visit) ? nil : staff, profile: profile)
            person.isPhoneConfirmed = form.isOn("phoneConfirmed")
            person.isAnotherPerson = form.isOn("anotherPerson")
            let outcome = try await visit.service.add(person, key: visit.key)
            try outcome.requireDone()
            guard let id = outcome.person else { throw Refusal.notFound }
            if !address.isEmpty { try await visit.site.accounts.setAddress(of: id, to: address, by: visit.caller) }
            return visit.redirect("/desk/people/\(id)?done=added")
        } catch let problem as FieldProblem {
            var page = try await newPage(visit)
            if problem.field == "anotherPerson" { page.blocks.insert(contentsOf: try await knownAlready(visit), at: 0) }
            return try visit.again(
                page,
                FieldProblem(field: problem.field == "name" ? "fullName" : problem.field, expected: problem.expected))
        } catch AccessRefusal.unusable(let problem) {
            return try await visit.again(newPage(visit), problem)
        }
    }

    /// One's own people of the name and number that were typed.
    private static func knownAlready(_ visit: Visit) async throws -> [Block] {
        let (words, form) = (visit.words, visit.form)
        var links: [LinkView] = []
        for id in try await visit.service.find(phone: form.text("phone"), name: form.text("fullName")) {
            guard let known = try await visit.service.identity(of: id) else { continue }
            links.append(LinkView(known.fullName, "/desk/people/\(id)", hint: known.field))
        }
        return links.isEmpty ? [] : [.note(words("new.known"), words("new.knownText")), .links(links)]
    }

    private static func personPage(_ visit: Visit) async throws -> Page {
        let (words, service) = (visit.words, visit.service)
        let (id, identity) = try await own(visit)
        let account = try await visit.site.accounts.summary(of: id, by: visit.caller)
        var blocks: [Block] = []
        if let done = visit.query["done"] { blocks.append(.good(words.first("done.\(done)", or: words("done.other")))) }
        blocks += try await factBlocks(id, identity, account, visit)
        let policy = try service.policy.policy
        // Whoever keeps a roll sees no case.
        let cases = try keepsRoll(visit) ? [] : await service.cases(of: id, for: visit.require().person)
        let links = cases.map {
            LinkView(CasePages.workflowTitle($0, words), "/cases/\($0.handle)", hint: CasePages.stateText($0, words))
        }
        if !links.isEmpty { blocks += [.heading(words("person.cases")), .links(links)] }
        blocks.append(.heading(words("person.enrollment")))
        blocks.append(
            .links(
                [
                    LinkView(words("enrollment.link.mentor"), "/desk/people/\(id)/enrollment?as=mentor"),
                    LinkView(words("enrollment.link.mentee"), "/desk/people/\(id)/enrollment?as=mentee"),
                ] + (try keepsRoll(visit) ? [] : [LinkView(words("agreements.paper"), "/desk/people/\(id)/agreements")])
            ))
        let base = "/desk/people/\(id)"
        blocks +=
            SecondHandPages.blocks(of: id, identity, words) + [
                .heading(words("person.access")), .text(words("person.accessText")),
                .form(FormView("\(base)/first-use-code", button: words("person.firstUse"))),
                .form(FormView("\(base)/sheet", button: words("person.sheet"))),
                .form(
                    FormView(
                        "\(base)/address",
                        [
                            .text(
                                "address", words("person.address"), hint: words("person.addressHint"), type: "email",
                                inputmode: "email", limit: 254)
                        ], button: words("person.addressButton"))),
            ]
        if policy.asksForContract {
            blocks += [
                .heading(words("person.program")),
                .form(
                    FormView(
                        "\(base)/contract",
                        [
                            .radios(
                                "underContract", words("person.contract"),
                                [("yes", words("fact.yes")), ("no", words("fact.no"))],
                                chosen: identity.isUnderContract ? "yes" : "no", hint: words("person.contractHint"))
                        ], button: words("person.contractButton"))),
            ]
        }
        let colleagues = try await colleagues(visit)
        if !colleagues.isEmpty {
            blocks.append(
                .form(
                    FormView(
                        "\(base)/coordinator",
                        [
                            .select(
                                "coordinator", words("person.reassign"), colleagues, hint: words("person.reassignHint"))
                        ],
                        button: words("person.reassignButton"))))
        }
        return Page(identity.fullName, blocks, back: back(words))
    }

    /// The details of somebody, and the ways to put them right.
    private static func factBlocks(
        _ id: PersonID, _ identity: Identity, _ account: Account.Summary, _ visit: Visit
    ) async throws -> [Block] {
        let words = visit.words
        var facts = [
            (words("field.phone"), identity.phone),
            (words("person.entered"), try await entered(identity.numberEntered, visit)),
            (words("field.field"), identity.field),
            (words("field.address"), account.address ?? words("account.noAddress")),
            (words("person.pin"), words(account.hasPIN ? "fact.yes" : "fact.notYet")),
        ]
        if try visit.service.policy.policy.asksForContract {
            facts.append((words("new.contract"), words(identity.isUnderContract ? "fact.yes" : "fact.no")))
        }
        var blocks: [Block] = [.facts(facts)]
        blocks.append(
            .links([
                LinkView(words("details.link"), "/desk/people/\(id)/details"),
                LinkView(words("produce.link"), "/desk/people/\(id)/production"),
            ]))
        if account.isHeld { blocks.append(.note(words("person.held"), words("person.heldText"))) }
        return blocks
    }

    /// The one who entered the number, and the day.
    static func entered(_ hand: Identity.Attested?, _ visit: Visit) async throws -> String {
        let words = visit.words
        guard let entered = hand else { return words("person.enteredUnknown") }
        let day = CasePages.plain(entered.on)
        if let by = entered.by, by == visit.person() { return words("person.enteredOwn", ["day": day]) }
        let staff = try await visit.site.accounts.staff(by: visit.caller).first { $0.person == entered.by }
        return words("person.enteredBy", ["name": staff?.identity.fullName ?? words("person.operator"), "day": day])
    }

    private static func setContract(_ visit: Visit) async throws -> Response {
        let (id, _) = try await own(visit)
        guard ["yes", "no"].contains(visit.form.text("underContract")) else {
            return try await visit.again(personPage(visit), FieldProblem(field: "underContract", expected: "yes or no"))
        }
        let outcome = try await visit.service.change(
            id, isUnderContract: visit.form.text("underContract") == "yes", key: visit.key)
        try outcome.requireDone()
        return visit.redirect("/desk/people/\(id)?done=contract")
    }

    private static func reassign(_ visit: Visit) async throws -> Response {
        let (id, _) = try await own(visit)
        guard let other = PersonID(parsing: visit.form.text("coordinator")) else { throw Refusal.notFound }
        let outcome = try await visit.service.change(id, coordinator: other, key: visit.key)
        try outcome.requireDone()
        return visit.redirect("/desk?done=reassigned")
    }

    // MARK: Enrollment

    private static func enrollmentRole(_ visit: Visit) throws -> Role {
        let text = visit.route.method == .get ? visit.query["as"] ?? "mentor" : visit.form.text("as")
        guard let role = Role(rawValue: text), role == .mentor || role == .mentee else { throw Refusal.notFound }
        return role
    }

    private static func enrollmentPage(_ visit: Visit) async throws -> Page {
        let words = visit.words
        let (id, identity) = try await own(visit)
        let role = try enrollmentRole(visit)
        let policy = try visit.service.policy.policy
        let known = try await visit.service.enrollment(of: id, as: role)
        let attestation = known?.attestation ?? Attestation(fields: [identity.field])
        let form = AttestationForm(role: role, policy: policy, words: words)
        let fields = form.fields(attestation, capacity: known?.capacity ?? 1)
        var stated: [Block] = []
        // What the person states of themselves stands beside the form of whoever attests it, and not in it.
        if role == .mentor, let asked = try await visit.service.application(of: id), asked.refusedOn == nil {
            stated = [.heading(words("applications.stated")), .facts(form.facts(asked.stated))]
        }
        return Page(
            words("enrollment.title"),
            [.text(words("enrollment.text", ["rules": form.rules]))] + stated + [
                .form(FormView("/desk/people/\(id)/enrollment", fields, button: words("enrollment.button")))
            ], back: LinkView(identity.fullName, "/desk/people/\(id)"))
    }

    private static func enroll(_ visit: Visit) async throws -> Response {
        let form = visit.form
        let (id, _) = try await own(visit)
        do {
            try visit.checkForm()
            let role = try enrollmentRole(visit)
            let (attestation, capacity) = try AttestationForm.entered(form)
            let change = AttestationChange(whole: attestation, capacity: capacity)
            if !form.isOn("confirmed"), let known = try await visit.service.enrollment(of: id, as: role),
                let page = try await changesPage(change, known, role, visit)
            {
                return try visit.page(page)
            }
            let outcome = try await visit.service.enroll(
                id, as: role, change, by: keepsRoll(visit) ? nil : visit.require().person, key: visit.key)
            try outcome.requireDone()
            return visit.redirect("/desk/people/\(id)?done=enrolled")
        } catch let problem as FieldProblem {
            return try await visit.again(enrollmentPage(visit), problem)
        }
    }

    /// The changes, asked about before they are made; nil where nothing that was attested would change.
    private static func changesPage(
        _ change: AttestationChange, _ known: Enrollment, _ role: Role, _ visit: Visit
    ) async throws -> Page? {
        let words = visit.words
        let differences = change.differences(from: known.attestation)
        if differences.isEmpty { return nil }
        if let problem = try visit.service.problems(of: change, as: role).first { throw problem }
        let (id, identity) = try await own(visit)
        let policy = try visit.service.policy.policy
        let (before, after) = (known.attestation, change.applied(to: known.attestation))
        let today = try await visit.service.today()
        var blocks: [Block] = [
            .text(words("attest.changeText")),
            .table(
                words("attest.changes"), [words("attest.what"), words("attest.before"), words("attest.after")],
                differences.map { [Cell($0.what, isHeader: true), Cell($0.before), Cell($0.after)] }),
        ]
        if policy.eligibility.isLost(after, as: role, on: today),
            !policy.eligibility.isLost(before, as: role, on: today)
        {
            blocks.append(.problem(words("attest.loses")))
        }
        let entered = visit.form.entered.sorted { $0.key < $1.key }.filter {
            !["token", "key", "version"].contains($0.key)
        }
        let hidden = entered.flatMap { name, values in values.map { FieldView.hidden(name, $0) } }
        blocks.append(
            .form(
                FormView(
                    "/desk/people/\(id)/enrollment", hidden + [.hidden("confirmed", "yes")],
                    button: words("attest.confirm"))))
        return Page(
            words("attest.changeTitle"), blocks,
            back: LinkView(identity.fullName, "/desk/people/\(id)/enrollment?as=\(role.rawValue)"))
    }

    /// Agreements signed on paper, typed in by the coordinator who has the paper.
    private static func paperAgreementsPage(_ visit: Visit) async throws -> Page {
        let words = visit.words
        let (id, identity) = try await own(visit)
        let policy = try visit.service.policy.policy
        let role = try enrollmentRole(visit)
        var blocks: [Block] = [.text(words("agreements.paperText"))]
        for agreement in policy.agreements(of: role) {
            blocks.append(.document(agreement.fullText, label: agreement.title))
        }
        var fields: [FieldView] = [.hidden("as", role.rawValue)]
        if !policy.isDirectory { fields.append(.text("display", words("field.display"), limit: 60)) }
        fields += [
            .text("signedOn", words("form.signedOn"), hint: words("form.signedOnHint"), limit: 10),
            .file("scan", words("form.scan"), hint: words("form.scanHint")),
        ]
        blocks.append(
            .form(
                FormView(
                    "/desk/people/\(id)/agreements", fields, button: words("agreements.paperButton"), isUpload: true)))
        if !policy.isDirectory, try await visit.service.enrollment(of: id, as: role)?.agreementsInForce.isEmpty == false
        {
            blocks += [
                .heading(words("agreements.takeBack")), .text(words("agreements.takeBackText.\(role.rawValue)")),
                .form(
                    FormView(
                        "/desk/people/\(id)/agreements/withdrawal",
                        [
                            .hidden("as", role.rawValue),
                            .radios(
                                "via", words("proxy.via"),
                                [Channel.phone, .paper].map { ($0.rawValue, words("channel.\($0.rawValue)")) },
                                chosen: Channel.phone.rawValue),
                            PersonPages.confirmation(words),
                        ], button: words("agreements.takeBackRecord"), isGrave: true)),
            ]
        }
        return Page(words("agreements.title"), blocks, back: LinkView(identity.fullName, "/desk/people/\(id)"))
    }

    private static func acknowledge(_ visit: Visit) async throws -> Response {
        let form = visit.form
        let (id, _) = try await own(visit)
        do {
            try visit.checkForm()
            guard let scan = form.files["scan"], !scan.isEmpty else {
                throw FieldProblem(field: "scan", expected: visit.words("form.scanExpected"))
            }
            let outcome = try await visit.service.acknowledge(
                Actor(.person(id), agent: visit.require().person, channel: .paper), as: enrollmentRole(visit),
                display: form.entered["display"] == nil ? nil : form.text("display"),
                paper: CasePages.paper(scan, form, visit.words), key: visit.key)
            try outcome.requireDone()
            return visit.redirect("/desk/people/\(id)?done=\(outcome.waits ? "waits" : "agreements")")
        } catch let problem as FieldProblem {
            return try await visit.again(paperAgreementsPage(visit), problem)
        }
    }

    private static func takeBack(_ visit: Visit) async throws -> Response {
        let (id, _) = try await own(visit)
        guard let channel = Channel(rawValue: visit.form.text("via")), [.phone, .paper].contains(channel) else {
            return try await visit.again(
                paperAgreementsPage(visit), FieldProblem(field: "via", expected: "phone or paper"))
        }
        guard visit.form.isOn("confirmed") else {
            return try await visit.again(
                paperAgreementsPage(visit),
                FieldProblem(field: "confirmed", expected: visit.words("agreements.takeBackExpected")))
        }
        try await visit.service.takeBackAgreements(
            Actor(.person(id), agent: visit.require().person, channel: channel), as: enrollmentRole(visit),
            key: visit.key
        ).requireDone()
        return visit.redirect("/desk/people/\(id)?done=agreementsTakenBack")
    }

    // MARK: Access

    private static func firstUseCode(_ visit: Visit) async throws -> Response {
        let words = visit.words
        let (id, identity) = try await own(visit)
        let code = try await visit.site.accounts.giveFirstUseCode(to: id, by: visit.caller)
        return try visit.page(
            Page(
                words("firstUse.title"),
                [.text(words("firstUse.text")), .codes(words("firstUse.code"), [code], drawn: words("code.drawn"))],
                back: LinkView(identity.fullName, "/desk/people/\(id)")))
    }

    private static func sheet(_ visit: Visit) async throws -> Response {
        let words = visit.words
        let (id, identity) = try await own(visit)
        let codes = try await visit.site.accounts.makeSheet(for: id, by: visit.caller)
        return try visit.page(
            Page(
                words("sheet.title"),
                [.text(words("sheet.text")), .codes(words("sheet.codes"), codes, drawn: words("code.drawn"))],
                back: LinkView(identity.fullName, "/desk/people/\(id)")))
    }

    private static func setAddress(_ visit: Visit) async throws -> Response {
        let (id, _) = try await own(visit)
        do {
            try visit.checkForm()
            try await visit.site.accounts.setAddress(of: id, to: visit.form.text("address"), by: visit.caller)
            return visit.redirect("/desk/people/\(id)?done=address")
        } catch AccessRefusal.unusable(let problem) {
            return try await visit.again(personPage(visit), problem)
        } catch let problem as FieldProblem {
            return try await visit.again(personPage(visit), problem)
        }
    }

    // MARK: Notices

    private static func notices(_ visit: Visit) async throws -> Response {
        let words = visit.words
        var blocks: [Block] = [.text(words("notices.text"))]
        for notice in try await visit.site.outbox.toPassOn(by: visit.caller) {
            blocks.append(.heading(notice.name))
            blocks.append(.text("\(CasePages.plain(notice.on)): \(notice.text)"))
            let id = Hex.format(notice.id)
            blocks.append(.form(FormView("/desk/notices/\(id)", button: words("notices.button"))))
        }
        if blocks.count == 1 { blocks.append(.note(words("notices.none"))) }
        return try visit.page(Page(words("notices.title"), blocks, back: back(words)))
    }

    private static func passedOn(_ visit: Visit) async throws -> Response {
        guard let id = PersonID(parsing: visit.parameter("notice"))?.bytes else { throw Refusal.notFound }
        try await visit.site.outbox.passedOn(id, by: visit.caller)
        return visit.redirect("/desk/notices")
    }
}
