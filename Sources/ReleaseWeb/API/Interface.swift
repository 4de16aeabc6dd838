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

/// One operation of the JSON interface: its route, and what the OpenAPI document says of it.
struct Operation: Sendable {
    let route: Route
    let summary: String
    /// The members of the request's object; nil where there is no body.
    var request: Schema?
    /// The schema of the answer by its name; nil where it is empty, text where it is plain.
    var answer: String?
    var status = 200
    var query: [Schema.Parameter] = []
    var takesKey = false
    var isConditional = false
}

/// The JSON interface. It takes the same road as the pages: a session, the service, one answer for each refusal.
enum Interface {
    static let base = "/api/v1"

    static var routes: [Route] { operations.map(\.route) + [documentRoute] }

    private static let documentRoute = Route(.get, "\(base)/openapi.json", .anyone, form: .api) { _ in
        Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "public, max-age=300"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: OpenAPI.document)))
    }

    private static func route(
        _ method: HTTPRequest.Method, _ path: String, _ audience: Audience, isSilent: Bool = false,
        bodyLimit: Int = 16 << 10,
        _ handle: @escaping @Sendable (Visit) async throws -> Response
    ) -> Route {
        Route(method, base + path, audience, form: .api, isSilent: isSilent, bodyLimit: bodyLimit, handle: handle)
    }

    private static let paging: [Schema.Parameter] = [
        .init("after", .text(limit: 80, pattern: "^[0-9a-f-]{1,80}$")), .init("limit", .whole(1...100)),
    ]

    static let operations: [Operation] =
        [
            Operation(
                route: route(.post, "/sessions", .anyone) { try await signIn($0) },
                summary: "Sign in: staff with address, password and code, others with a link and a PIN",
                request: .either([
                    .object([
                        ("address", .text(limit: 254), true), ("password", .text(limit: 128), true),
                        ("code", .text(limit: 20), true),
                    ]),
                    .object([
                        ("link", .text(limit: 43), true), ("pin", .text(limit: 12), false),
                        ("firstUseCode", .text(limit: 20), false),
                        ("newPIN", .text(limit: 12), false),
                    ]),
                ]), answer: "Token", status: 201),
            Operation(
                route: route(.get, "/session", .signedIn) { try await session($0) }, summary: "Who is signed in",
                answer: "Session"),
            Operation(
                route: route(.delete, "/session", .signedIn) { try await signOut($0) }, summary: "Sign out", status: 204
            ),
            Operation(
                route: route(.get, "/cases", .signedIn) { try await cases($0) },
                summary: "One's own cases, or as staff a page of the board", answer: "Cases",
                query: paging + [.init("as", .choice(["party", "staff"]))]),
            Operation(
                route: route(.get, "/cases/{case}", .signedIn) { try await showCase($0) }, summary: "One case",
                answer: "Case",
                isConditional: true),
            Operation(
                route: route(.get, "/cases/{case}/release-text", .signedIn) { try await releaseText($0) },
                summary: "The release exactly as it will be signed, with its digest", answer: "ReleaseText",
                query: [.init("as", .choice(["signature", "correction", "extension", "renewal"]))]),
            Operation(
                route: route(.get, "/cases/{case}/shortlist", .role(.coordinator)) { try await shortlist($0) },
                summary: "The mentors that the rules allow, best first", answer: "Candidates"),
            Operation(
                route: route(.get, "/cases/{case}/receipts/{release}", .people) { try await receipt($0) },
                summary: "The signer's copy, code, records and proofs", answer: "Receipt"),
            Operation(
                route: route(.post, "/private", .people, isSilent: true) { try await tap($0) },
                summary: "Look at a card, or note a call or a meeting; nobody else ever learns of it",
                request: .object([
                    ("case", .handle, true),
                    ("act", .choice(["look", "lookParting"] + CasePages.privateActs.keys.sorted()), true),
                ]),
                answer: "Card"),
            Operation(
                route: route(.get, "/looks", .people) { try await looks($0) },
                summary: "What was shown of oneself, to whom and when",
                answer: "Looks"),
            Operation(
                route: route(.post, "/rescissions", .anyone) { try await rescindByCode($0) },
                summary: "End a release by its code, signed in or not",
                request: .object([("code", .text(limit: 40), true)]),
                answer: "Outcome"),
            Operation(
                route: route(.post, "/telephone-acts", .role(.coordinator)) { try await takeDown($0) },
                summary: "Take down what somebody asks for on the telephone, whoever they are assigned to",
                request: .object([
                    ("wish", .choice(TelephoneCall.Wish.allCases.map(\.rawValue)), true),
                    ("name", .text(limit: 120), true), ("phone", .text(limit: 40), true),
                    ("recipient", .text(limit: 120), false),
                ]), status: 204, takesKey: true),
            Operation(
                route: route(.get, "/directory", .anyone) { try await directory($0) },
                summary: "The directory of listings",
                answer: "Listings"),
            Operation(
                route: route(.post, "/people", .role(.coordinator)) { try await addPerson($0) },
                summary: "Enter a person",
                request: .object([
                    ("name", .text(limit: 120), true), ("surname", .text(limit: 60), true),
                    ("firstName", .text(limit: 40), true),
                    ("phone", .text(limit: 40), true), ("phoneConfirmed", .flag, false),
                    ("anotherPerson", .flag, false),
                    ("field", .text(limit: 60), true),
                    ("roles", .list(.choice(["participant", "mentor"])), true), ("underContract", .flag, false),
                ]), answer: "Created", status: 201, takesKey: true),
            Operation(
                route: route(.post, "/people/searches", .role(.coordinator)) { try await search($0) },
                summary: "Find one's people by telephone number or name",
                request: .object([("phone", .text(limit: 40), false), ("name", .text(limit: 120), false)]),
                answer: "People"),
            Operation(
                route: route(.get, "/log/checkpoint", .role(.auditor)) { try await checkpoint($0) },
                summary: "The signed head",
                answer: "text"),
            Operation(
                route: route(.get, "/log/entries", .role(.auditor)) { try await entries($0) },
                summary: "Records in log order",
                answer: "Entries", query: [.init("after", .whole(0...Int(Int32.max))), .init("limit", .whole(1...100))]),
            Operation(
                route: route(.get, "/log/entries/{index}", .role(.auditor)) { try await entry($0) },
                summary: "One record with the proof that it is in the log", answer: "Entry"),
        ]
        + CommandKind.resources.map { kind, resource in
            Operation(
                route: route(
                    .post, "/cases/{case}/\(resource)", .signedIn, bodyLimit: kind.isSignature ? 12 << 20 : 16 << 10
                ) {
                    try await carryOut(kind, $0)
                },
                summary: "The command `\(kind.rawValue)`", request: request(for: kind), answer: "Outcome",
                takesKey: true,
                isConditional: true)
        }

    // MARK: Sessions

    private static func signIn(_ visit: Visit) async throws -> Response {
        let byLink: Set<String> = ["link", "pin", "firstUseCode", "newPIN"]
        let byPassword: Set<String> = ["address", "password", "code"]
        let isLink = try JSONBody(visit, knowing: byLink.union(byPassword)).has("link")
        let body = try JSONBody(visit, knowing: isLink ? byLink : byPassword)
        let token: String
        if isLink {
            token = try await visit.site.accounts.signIn(
                link: body.text("link", limit: 43),
                .init(
                    pin: body.optionalText("pin", limit: 12) ?? "",
                    firstUseCode: body.optionalText("firstUseCode", limit: 20) ?? "",
                    newPIN: body.optionalText("newPIN", limit: 12) ?? ""), from: visit.peer)
        } else {
            token = try await visit.site.accounts.signIn(
                typedAddress: body.text("address", limit: 254), password: body.text("password", limit: 128),
                code: body.text("code", limit: 20), from: visit.peer)
        }
        return .json(TokenContent(token: token), status: .created)
    }

    private static func session(_ visit: Visit) async throws -> Response {
        let session = try visit.require()
        return .json(
            SessionContent(
                roles: session.roles.filter(session.holds).map(\.rawValue).sorted(),
                assurance: session.assurance.rawValue,
                formToken: session.formToken))
    }

    private static func signOut(_ visit: Visit) async throws -> Response {
        try await visit.site.accounts.signOut(visit.require())
        return Response(status: .noContent, headers: [HTTPField.Name.clearSiteData: Site.everything])
    }

    // MARK: Cases

    /// - Throws: `FieldProblem` for a number out of its range, or a parameter that nobody knows.
    private static func limit(_ visit: Visit) throws -> Int {
        guard let text = visit.query["limit"] else { return 25 }
        guard let number = Int(text), (1...100).contains(number) else {
            throw FieldProblem(field: "limit", expected: "a whole number from 1 to 100")
        }
        return number
    }

    private static func cases(_ visit: Visit) async throws -> Response {
        let (session, service) = (try visit.require(), visit.service)
        let (limit, side) = (try limit(visit), visit.query["as"] ?? "party")
        guard side == "party" || side == "staff" else { throw FieldProblem(field: "as", expected: "party or staff") }
        let after = visit.query["after"]
        guard side == "staff" else {
            guard after == nil else {
                throw FieldProblem(field: "after", expected: "nothing: one's own cases are one page")
            }
            return .json(
                CasesContent(items: try await service.cases(of: session.person).map { CaseContent($0) }, next: nil))
        }
        guard session.holds(.coordinator) else { throw Refusal.notFound }
        let place = BoardPlace(link: after)
        guard after == nil || place != nil else {
            throw FieldProblem(field: "after", expected: "what `next` of the page before said")
        }
        let board = try await service.board(of: session.person, after: place, count: limit)
        return .json(
            CasesContent(
                items: board.lines.map { CaseContent($0, name: $0.name) },
                next: board.next.map { "\($0.rank.rawValue)-\($0.handle)" }))
    }

    private static func page(_ visit: Visit) async throws -> CasePage {
        try await visit.service.page(visit.handle(), of: visit.require().person)
    }

    /// True if the caller has this version already.
    ///
    /// - Source: RFC 9110 §13.1.2: a list, and weak comparison.
    private static func isKnown(_ tag: String, to visit: Visit) -> Bool {
        let known = visit.headers[.ifNoneMatch]?.split(separator: ",") ?? []
        return known.map { $0.trimmingCharacters(in: .whitespaces) }.contains {
            $0 == tag || $0 == "W/\(tag)" || $0 == "*"
        }
    }

    private static func showCase(_ visit: Visit) async throws -> Response {
        let page = try await page(visit)
        let tag = "\"\(page.version)\""
        if isKnown(tag, to: visit) { return Response(status: .notModified, headers: [.eTag: tag]) }
        var response = Response.json(CaseContent(page.line, page: page, name: page.line.name))
        // What the pair notes for itself changes no version: it must not show in anybody's cache either.
        response.headers[.eTag] = tag
        return response
    }

    private static func releaseText(_ visit: Visit) async throws -> Response {
        let page = try await page(visit)
        let kinds: [String: CommandKind] = [
            "signature": .sign, "correction": .correct, "extension": .extend, "renewal": .renew,
        ]
        guard let kind = kinds[visit.query["as"] ?? "signature"] else {
            throw FieldProblem(field: "as", expected: "signature, correction, extension or renewal")
        }
        let signer: PersonID
        if page.role == .coordinator {
            guard let act = page.proxied.first(where: { $0.kind == kind }) else { throw Refusal.notFound }
            signer = act.person
        } else {
            signer = try visit.require().person
        }
        let release = try await visit.service.releaseText(
            of: page.line.opener, workflow: page.view.workflow, for: signer, kind: kind)
        let values = page.role == .coordinator ? [] : release.values
        return .json(
            ReleaseTextContent(
                text: release.text, digest: release.digest, asksName: release.asksName,
                values: Dictionary(uniqueKeysWithValues: values.map { ($0.field.rawValue, $0.text) })))
    }

    private static func shortlist(_ visit: Visit) async throws -> Response {
        let page = try await page(visit)
        guard page.role == .coordinator else { throw Refusal.notFound }
        let candidates = try await visit.service.namedShortlist(
            of: page.line.opener, workflow: page.view.workflow, by: visit.require().person)
        return .json(
            ItemsContent(
                items: candidates.map { candidate, name in
                    CandidateContent(
                        person: candidate.mentor.description, name: name, score: candidate.score,
                        reasons: candidate.terms.filter { $0.points > 0 }.map(\.term.plainWords))
                }))
    }

    private static func receipt(_ visit: Visit) async throws -> Response {
        let page = try await page(visit)
        guard let id = ReleaseID(parsing: visit.parameter("release")), page.releases.contains(id) else {
            throw Refusal.notFound
        }
        let own = try await visit.service.ownReceipt(id, for: visit.require().person)
        return .json(
            ReceiptContent(
                text: own.text, rescindCode: own.rescindCode, signedOn: own.signedOn.description,
                expiresOn: own.expiresOn.description,
                rescindedOn: own.rescindedOn?.description, isLive: own.isLive, isPending: own.isPending,
                records: own.receipts.map {
                    .init(
                        record: String(decoding: $0.record, as: UTF8.self),
                        proof: String(decoding: $0.proof, as: UTF8.self))
                }))
    }

    private static func tap(_ visit: Visit) async throws -> Response {
        let body = try JSONBody(visit, knowing: ["case", "act"])
        let service = visit.service
        guard let handle = CaseHandle(parsing: try body.text("case", limit: 32)) else {
            throw FieldProblem(field: "case", expected: "32 hexadecimal digits")
        }
        let act = try body.text("act")
        let isLook = act == "look" || act == "lookParting"
        guard isLook || CasePages.privateActs[act] != nil else {
            throw FieldProblem(
                field: "act",
                expected: "look, lookParting, \(CasePages.privateActs.keys.sorted().joined(separator: ", "))")
        }
        guard isLook else {
            let kind = CasePages.privateActs[act] ?? .recordCall
            try await service.ask(Asked(kind, handle, key: nil)).outcome.requireDone()
            return .json(
                CardContent(fields: [:], notice: "", scope: "", callScript: "", emergency: "", callBy: nil, word: nil))
        }
        let view = try await service.openCard(handle, isOfParting: act == "lookParting")
        let fields: [String: String]
        switch view.card {
        case .contact(let card): fields = ["firstName": card.firstName.text, "phone": card.phone.e164]
        case .profile(let card):
            fields = Dictionary(uniqueKeysWithValues: card.fields.map { ($0.key.rawValue, $0.value) })
        }
        return .json(
            CardContent(
                fields: fields, notice: view.notice, scope: view.scope, callScript: view.callScript,
                emergency: view.emergency,
                callBy: view.callBy?.description, word: view.word))
    }

    private static func looks(_ visit: Visit) async throws -> Response {
        let looks = try await visit.service.accounting(of: visit.require().person)
        let items = looks.map { look in
            LookContent(
                at: Date(timeIntervalSince1970: Double(look.instantMilliseconds) / 1000).ISO8601Format(),
                recipient: look.recipient,
                fields: look.fields.map(\.rawValue))
        }
        return .json(ItemsContent(items: items))
    }

    private static func rescindByCode(_ visit: Visit) async throws -> Response {
        let code = try JSONBody(visit, knowing: ["code"]).text("code", limit: 40)
        return .json(content(try await visit.service.rescind(typedCode: code), isOwn: false, isSigner: true))
    }

    private static func takeDown(_ visit: Visit) async throws -> Response {
        let body = try JSONBody(visit, knowing: ["wish", "name", "phone", "recipient"])
        let call = TelephoneCall(
            try body.choice("wish", of: TelephoneCall.Wish.self) ?? .takeBack,
            fullName: try body.text("name", limit: 120),
            phone: try body.text("phone", limit: 40), recipient: try body.optionalText("recipient", limit: 120))
        try await visit.service.takeDown(call, key: visit.idempotencyKey()).requireDone()
        return Response(status: .noContent)
    }

    private static func directory(_ visit: Visit) async throws -> Response {
        do {
            let view = try await visit.service.directory(visit.session.map { .person($0.person) } ?? .anonymous)
            return .json(
                ItemsContent(
                    items: view.listings.map { listing in
                        ListingContent(
                            fields: Dictionary(
                                uniqueKeysWithValues: listing.card.fields.map { ($0.key.rawValue, $0.value) }),
                            advice: listing.advice)
                    }))
        } catch Refusal.notFound where visit.session == nil {
            throw Unauthenticated()
        }
    }

    // MARK: Commands

    private static let surveyMembers: Set<String> = [
        "sameField", "answers", "sharedPathway", "preference", "understood",
    ]
    private static let answerMembers: Set<String> = [
        "pathways", "areas", "times", "languages", "topics", "settings", "ageBand", "gender",
    ]

    private static func members(of kind: CommandKind) -> Set<String> {
        let proxy: Set<String> = ["for", "via"]
        switch kind {
        case .completeSurvey: return proxy.union(["survey"])
        case .propose: return ["person"]
        case .invite: return ["phone"]
        case .ask: return proxy.union(["display"])
        case .sign: return proxy.union(["digest", "meaning", "scan", "signedOn", "nameConfirmed"])
        case .extend, .renew: return proxy.union(["digest", "meaning", "scan", "signedOn"])
        case .correct:
            return proxy.union([
                "digest", "meaning", "scan", "signedOn", "nameConfirmed", "firstName", "phone", "phoneConfirmed",
                "profile",
            ])
        case .end, .rescind, .notAMatch, .giveNotice, .refuseMentor: return proxy.union(["keepAway", "parting"])
        case .withdrawCard: return proxy.union(["parting"])
        default: return proxy
        }
    }

    private static func request(for kind: CommandKind) -> Schema {
        let importance = Schema.choice(Importance.allCases.map(\.rawValue))
        let answers = Schema.object([
            ("pathways", .list(.choice(Pathway.allCases.map(\.rawValue))), false),
            ("areas", .list(.text(limit: 60)), false),
            ("times", .list(.choice(TimeCell.allCases.map(\.rawValue))), false),
            ("languages", .list(.text(limit: 60)), false),
            ("topics", .list(.choice(Topic.allCases.map(\.rawValue))), false),
            ("settings", .list(.choice(Setting.allCases.map(\.rawValue))), false),
            ("ageBand", .choice(AgeBand.allCases.map(\.rawValue)), false),
            ("gender", .choice(Gender.allCases.map(\.rawValue)), false),
        ])
        var fields: [(String, Schema, Bool)] = []
        for name in members(of: kind).sorted() {
            switch name {
            case "for": fields.append((name, .choice(["mentee", "mentor", "asker", "volunteer"]), false))
            case "via": fields.append((name, .choice(["phone", "paper"]), false))
            case "survey":
                fields.append(
                    (
                        name,
                        .object([
                            ("sameField", importance, false), ("answers", answers, false),
                            ("sharedPathway", importance, false),
                            ("preference", importance, false), ("understood", .yes, true),
                        ]), true
                    ))
            case "person": fields.append((name, .handle, true))
            case "display": fields.append((name, .text(limit: 60), true))
            case "phone": fields.append((name, .text(limit: 40), kind == .invite))
            case "digest": fields.append((name, .text(limit: 64, pattern: "^[0-9a-f]{64}$"), true))
            case "meaning": fields.append((name, .choice([SignatureEvidence.meaning]), false))
            case "scan": fields.append((name, .text(limit: 12_000_000), false))
            case "signedOn": fields.append((name, .text(limit: 10), false))
            case "firstName": fields.append((name, .text(limit: 40), false))
            case "keepAway", "nameConfirmed", "phoneConfirmed", "parting": fields.append((name, .flag, false))
            case "profile":
                fields.append(
                    (name, .object(ProfileField.allCases.map { ($0.rawValue, .text(limit: 200), false) }), false))
            default: break
            }
        }
        var rules: [String: CanonicalJSON] = [:]
        func all(_ names: String...) -> CanonicalJSON { .array(names.map { .string($0) }) }
        if members(of: kind).contains("via") { rules["dependentRequired"] = .object(["via": all("for")]) }
        if kind.isSignature {
            rules["oneOf"] = .array([
                .object([
                    "required": all("meaning"),
                    "properties": .object([
                        "for": .boolean(false), "via": .boolean(false), "scan": .boolean(false),
                        "signedOn": .boolean(false),
                    ]),
                ]),
                .object([
                    "required": all("for", "scan", "signedOn"), "properties": .object(["meaning": .boolean(false)]),
                ]),
            ])
        }
        return .ruled(.object(fields), rules)
    }

    private static func carryOut(_ kind: CommandKind, _ visit: Visit) async throws -> Response {
        let body = try JSONBody(visit, knowing: members(of: kind))
        let asked = try asked(kind, body, visit)
        let answered: Answered
        do {
            answered = try await visit.service.ask(asked)
            try answered.outcome.requireDone()
        } catch let problem as FieldProblem where problem.field == "digest" && asked.problem == nil {
            // The text that was read is not the one that is offered now.
            throw Refusal.outdated
        } catch Refusal.versionChanged {
            throw PreconditionFailed()
        }
        let isOwn = answered.role != .coordinator
        // That something had been signed, and is closed by it, is not told to whoever did not know of it.
        if isOwn, kind.isAnsweredAlike { return .json(alike) }
        return .json(
            content(answered.outcome, isOwn: isOwn, isSigner: isOwn && (kind.isSignature || kind == .rescind)),
            status: answered.outcome.isReceiptPending ? .accepted : .ok)
    }

    private static let alike = OutcomeContent(
        state: nil, release: nil, isReceiptPending: false, isReplay: false, rescindCode: nil, records: [])

    /// Releases and records are named to whoever signed them, and to nobody else.
    private static func content(_ outcome: Outcome, isOwn: Bool, isSigner: Bool) -> OutcomeContent {
        OutcomeContent(
            state: isOwn ? nil : outcome.state, release: isSigner ? outcome.release?.description : nil,
            isReceiptPending: outcome.isReceiptPending,
            isReplay: outcome.isReplay, rescindCode: isSigner ? outcome.rescindCode : nil,
            records: isSigner ? outcome.records : [])
    }

    /// Reads the act that the body asks for.
    private static func asked(_ kind: CommandKind, _ body: JSONBody, _ visit: Visit) throws -> Asked {
        var asked = Asked(kind, visit.handle(), key: try visit.idempotencyKey())
        if let expected = visit.headers[.ifMatch], expected != "*" {
            // A tag that is no version of ours matches none.
            asked.version =
                expected.count > 2 && expected.hasPrefix("\"") ? String(expected.dropFirst().dropLast()) : " "
        }
        if let role = try body.choice("for", of: Role.self) {
            asked.proxy = Asked.Proxy(role: role, channel: try body.choice("via", of: Channel.self))
        } else if body.has("via") {
            throw FieldProblem(field: "for", expected: "whose act it is, with `via`")
        }
        do {
            try fill(&asked, body, visit)
        } catch let problem as FieldProblem {
            asked.problem = problem
        }
        return asked
    }

    private static func fill(_ asked: inout Asked, _ body: JSONBody, _ visit: Visit) throws {
        switch asked.kind {
        case .completeSurvey: asked.survey = try survey(body)
        case .propose:
            guard let person = PersonID(parsing: try body.text("person")) else {
                throw FieldProblem(field: "person", expected: "32 hexadecimal digits")
            }
            asked.person = person
        case .invite: asked.phone = try body.text("phone", limit: 40)
        case .ask: asked.display = try body.text("display", limit: 60)
        case .sign, .correct, .extend, .renew: try addSignature(to: &asked, body, visit)
        case .end, .rescind, .notAMatch, .giveNotice, .refuseMentor:
            asked.keepsAway = try body.flag("keepAway", default: true)
            asked.isOfParting = try body.flag("parting", default: false)
        case .withdrawCard: asked.isOfParting = try body.flag("parting", default: false)
        default: break
        }
    }

    private static func survey(_ body: JSONBody) throws -> Survey {
        guard let survey = try body.object("survey", knowing: surveyMembers) else {
            throw FieldProblem(field: "survey", expected: "an object of answers")
        }
        let answers = try survey.object("answers", knowing: answerMembers)
        return Survey(
            sameField: try survey.choice("sameField", of: Importance.self) ?? .no,
            answers: Answers(
                pathways: try answers?.choices("pathways", of: Pathway.self) ?? [],
                areas: Set(try answers?.texts("areas") ?? []),
                times: try answers?.choices("times", of: TimeCell.self) ?? [],
                languages: Set(try answers?.texts("languages") ?? []),
                topics: try answers?.choices("topics", of: Topic.self) ?? [],
                settings: try answers?.choices("settings", of: Setting.self) ?? [],
                ageBand: try answers?.choice("ageBand", of: AgeBand.self),
                gender: try answers?.choice("gender", of: Gender.self)),
            sharedPathway: try survey.choice("sharedPathway", of: Importance.self) ?? .no,
            preference: try survey.choice("preference", of: Importance.self) ?? .no,
            understood: try survey.flag("understood"))
    }

    private static func addSignature(to asked: inout Asked, _ body: JSONBody, _ visit: Visit) throws {
        let digest = try body.text("digest", limit: 64)
        let isProxied = asked.proxy != nil
        if isProxied == body.has("meaning") || isProxied != body.has("scan") {
            throw FieldProblem(
                field: "meaning", expected: "`meaning` of who signs on screen, or `for` and `scan` for paper")
        }
        guard digest.utf8.count == 64, Hex.parse(digest) != nil else {
            throw FieldProblem(field: "digest", expected: "64 hexadecimal digits")
        }
        asked.digest = digest
        if asked.kind == .sign || asked.kind == .correct {
            asked.isNameConfirmed = try body.flag("nameConfirmed", default: false)
        }
        if asked.kind == .correct {
            asked.corrections.firstName = try body.optionalText("firstName", limit: 40)
            asked.corrections.phone = try body.optionalText("phone", limit: 40)
            asked.corrections.isPhoneConfirmed = try body.flag("phoneConfirmed", default: false)
            if let profile = try body.object("profile", knowing: Set(ProfileField.allCases.map(\.rawValue))) {
                for field in ProfileField.allCases {
                    asked.corrections.profile[field] = try profile.optionalText(field.rawValue)
                }
            }
        }
        if isProxied {
            guard let scan = Base64.parse(try body.text("scan", limit: 12_000_000)), !scan.isEmpty else {
                throw FieldProblem(field: "scan", expected: "the scanned form in base64, at most 8 MiB")
            }
            guard let day = CivilDate(parsing: try body.text("signedOn", limit: 10)) else {
                throw FieldProblem(field: "signedOn", expected: "the day on the paper, like 2026-01-31")
            }
            asked.paper = Paper(bytes: scan, signedOn: day)
            return
        }
        guard try body.optionalText("meaning") == SignatureEvidence.meaning else {
            throw FieldProblem(field: "meaning", expected: "`\(SignatureEvidence.meaning)`")
        }
        asked.authenticatedBy = try visit.require().authenticatedBy
    }

    // MARK: People and the log

    private static func addPerson(_ visit: Visit) async throws -> Response {
        let body = try JSONBody(
            visit,
            knowing: [
                "name", "surname", "firstName", "phone", "phoneConfirmed", "anotherPerson", "field", "roles",
                "underContract",
            ])
        let roles = try body.choices("roles", of: Identity.Role.self).sorted { $0.rawValue < $1.rawValue }
        guard roles.allSatisfy({ !$0.isStaff }) else {
            throw FieldProblem(field: "roles", expected: "participant, mentor or both")
        }
        var person = NewPerson(
            fullName: try body.text("name", limit: 120), surname: try body.text("surname", limit: 60),
            firstName: try body.text("firstName", limit: 40), phone: try body.text("phone", limit: 40),
            roles: roles, field: try body.text("field", limit: 60),
            isUnderContract: try body.flag("underContract", default: false),
            coordinator: try visit.require().person)
        person.isPhoneConfirmed = try body.flag("phoneConfirmed", default: false)
        person.isAnotherPerson = try body.flag("anotherPerson", default: false)
        let outcome = try await visit.service.add(person, key: visit.idempotencyKey())
        try outcome.requireDone()
        return .json(CreatedContent(id: outcome.person?.description ?? ""), status: .created)
    }

    private static func search(_ visit: Visit) async throws -> Response {
        let body = try JSONBody(visit, knowing: ["phone", "name"])
        let (phone, name) = (try body.optionalText("phone", limit: 40), try body.optionalText("name", limit: 120))
        guard phone != nil || name != nil else {
            throw FieldProblem(field: "phone", expected: "a telephone number or a name")
        }
        let staff = try visit.require().person
        var items: [PersonContent] = []
        for id in try await visit.service.find(phone: phone, name: name) {
            guard let identity = try await visit.service.identity(of: id), identity.coordinator == staff else {
                continue
            }
            items.append(PersonContent(id: id.description, name: identity.fullName, field: identity.field))
        }
        return .json(ItemsContent(items: items))
    }

    private static func checkpoint(_ visit: Visit) async throws -> Response {
        guard let head = try await visit.service.signedHead() else { throw Refusal.notFound }
        return Response(
            status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: head)))
    }

    private static func entries(_ visit: Visit) async throws -> Response {
        let limit = try limit(visit)
        var first = 0
        if let after = visit.query["after"] {
            guard let number = Int(after), (0...Int(Int32.max)).contains(number) else {
                throw FieldProblem(field: "after", expected: "the index of a record")
            }
            first = number + 1
        }
        let entries = try await visit.service.entries(from: first, count: limit)
        let items = entries.map {
            EntryContent(index: $0.index, record: String(decoding: $0.note, as: UTF8.self), proof: nil)
        }
        return .json(
            PagedContent(items: items, next: entries.count == limit ? entries.last.map { "\($0.index)" } : nil))
    }

    private static func entry(_ visit: Visit) async throws -> Response {
        guard let index = Int(visit.parameter("index")), "\(index)" == visit.parameter("index") else {
            throw Refusal.notFound
        }
        let receipt = try await visit.service.entry(index)
        return .json(
            EntryContent(
                index: index, record: String(decoding: receipt.record, as: UTF8.self),
                proof: String(decoding: receipt.proof, as: UTF8.self)))
    }
}

extension Visit {
    /// - Throws: `FieldProblem` for a key that cannot be one.
    func idempotencyKey() throws -> String? {
        guard let key = headers[HTTPField.Name.idempotencyKey] else { return nil }
        guard (1...200).contains(key.utf8.count), key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw FieldProblem(field: "Idempotency-Key", expected: "1 to 200 visible characters")
        }
        return key
    }
}
