internal import Hummingbird
internal import ReleaseService
internal import ReleaseWorkflow

/// Papers that are handed over or asked for: the card printed again, the scan of a form, what is produced.
enum PaperPages {
    static let routes: [Route] = [
        Route(.post, "/cases/{case}/printed-card", .role(.coordinator)) { try await printCard($0) },
        Route(.get, "/cases/{case}/receipts/{release}/scan/{file}", .people) { try await ownScan($0) },
        Route(.get, "/desk/people/{person}/production", .role(.coordinator)) { try await $0.page(productionPage($0)) },
        Route(.post, "/desk/people/{person}/production", .role(.coordinator), checksForm: true) {
            try await produce($0)
        },
        Route(.get, "/productions/{production}/{file}", .signedIn) { try await file($0) },
    ]

    // MARK: The card again

    /// The part of a case's page by which a coordinator prints the card again for its reader.
    static func printBlocks(_ page: CasePage, _ policy: Policy, _ words: Words) -> [Block] {
        guard page.isPrintable, let workflow = policy.workflow(page.view.workflow) else { return [] }
        let readers: [Role] =
            workflow.isMutual
            ? workflow.parties : [workflow.reader].compactMap { if case .role(let role) = $0 { role } else { nil } }
        return [.heading(words("printCard.title")), .text(words("printCard.text"))]
            + readers.map { role in
                .form(
                    FormView(
                        "/cases/\(page.handle)/printed-card", [.hidden("for", role.rawValue)],
                        button: words("printCard.\(role.rawValue)")))
            }
    }

    private static func printCard(_ visit: Visit) async throws -> Response {
        guard let role = Role(rawValue: visit.form.text("for")) else {
            throw FieldProblem(field: "for", expected: "mentor, mentee or asker")
        }
        let view = try await visit.service.printCard(visit.handle(), for: role)
        let back = LinkView(visit.words("case.back"), "/cases/\(visit.handle())")
        var page = CasePages.cardPage(view, visit.handle(), back, visit.words)
        page.blocks.insert(.note(visit.words("printCard.note"), visit.words("printCard.noteText")), at: 0)
        return try visit.page(page)
    }

    // MARK: The scan of a form

    /// Where a case's page is the signer's, the scan is theirs; where it is a coordinator's, it is that of whoever
    /// signed by their hand.
    private static func ownScan(_ visit: Visit) async throws -> Response {
        let person = try visit.require().person
        guard let release = ReleaseID(parsing: visit.parameter("release")) else { throw Refusal.notFound }
        let asked = visit.parameter("file")
        let scan = try await visit.service.scan(of: release, signedBy: person, asJPEG: asked == "scan.jpg")
        guard asked == scan.kind.fileName else { throw Refusal.notFound }
        return Self.file(ProducedFile(name: asked, mediaType: scan.kind.mediaType, bytes: scan.bytes))
    }

    static func file(_ file: ProducedFile) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: file.mediaType == "text/plain" ? "text/plain; charset=utf-8" : file.mediaType,
                .contentDisposition: "attachment; filename=\"\(file.name)\"",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }

    // MARK: Producing

    private static func productionPage(_ visit: Visit) async throws -> Page {
        let words = visit.words
        let (id, identity) = try await DeskPages.own(visit)
        return Page(
            words("produce.title"),
            [
                .text(words("produce.text")),
                .form(
                    FormView(
                        "/desk/people/\(id)/production",
                        [
                            .radios(
                                "because", words("produce.because"),
                                ProductionGround.names.map { ($0, words("produce.\($0)")) },
                                chosen: ProductionGround.names.first),
                            .text(
                                "orderOn", words("produce.orderOn"), hint: words("produce.orderHint"), limit: 10,
                                isRequired: false),
                            .text(
                                "subpoenaOn", words("produce.subpoenaOn"), hint: words("produce.subpoenaHint"),
                                limit: 10,
                                isRequired: false),
                        ], button: words("produce.button"), isGrave: true)),
            ], back: LinkView(identity.fullName, "/desk/people/\(id)"))
    }

    private static func produce(_ visit: Visit) async throws -> Response {
        let (form, words) = (visit.form, visit.words)
        let (id, _) = try await DeskPages.own(visit)
        func day(_ name: String) throws -> CivilDate? {
            if form.text(name).isEmpty { return nil }
            guard let day = CivilDate(parsing: form.text(name)) else {
                throw FieldProblem(field: name, expected: words("attest.dayHint"))
            }
            return day
        }
        do {
            try visit.checkForm()
            let ground = try ProductionGround(
                parsing: form.text("because"), orderOn: day("orderOn"), subpoenaOn: day("subpoenaOn"),
                today: await visit.service.today())
            return try SecondHandPages.asked(
                await visit.service.askToProduce(id, ground, by: visit.require().person, key: visit.key), visit)
        } catch let problem as FieldProblem {
            return try visit.again(await productionPage(visit), problem)
        }
    }

    /// The files that can be taken, on the page of what waits for a second hand.
    static func productionBlocks(_ visit: Visit) async throws -> [Block] {
        let (words, staff) = (visit.words, try visit.require().person)
        var blocks: [Block] = []
        for (production, name) in try await visit.service.productions(of: staff) {
            let files = (try? await visit.service.produced(production.id, for: staff)) ?? []
            let until = CasePages.plain(production.on.adding(days: Production.days))
            blocks += [
                .heading(words("produce.ready", ["name": name])),
                .text(
                    words("produce.readyText", ["ground": words("produce.\(production.ground.name)"), "day": until])),
                .links(files.map { LinkView($0.name, "/productions/\(production.id)/\($0.name)") }),
            ]
        }
        return blocks
    }

    private static func file(_ visit: Visit) async throws -> Response {
        let staff = try visit.require().person
        let files = try await visit.service.produced(visit.parameter("production"), for: staff)
        guard let found = files.first(where: { $0.name == visit.parameter("file") }) else { throw Refusal.notFound }
        return Self.file(found)
    }
}
