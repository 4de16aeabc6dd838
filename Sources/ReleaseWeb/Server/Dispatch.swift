internal import Cryptography
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import Metrics
internal import NIOCore
internal import ReleaseLedger
internal import ReleaseService
internal import ReleaseWorkflow

/// The context that Hummingbird gives a request.
struct WebContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any NIOCore.Channel
    var remoteAddress: SocketAddress? { channel.remoteAddress }

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// The one door: every request passes here, and nothing else calls a handler.
extension Site {
    /// The time that a request may take to arrive.
    private static let arrival = Duration.seconds(20)

    static let sessionCookie = "__Host-privity"
    /// Holds the token of the forms of somebody who is not signed in yet.
    static let strangerCookie = "__Host-privity-form"
    /// Everything that a browser may have kept of the service, to be forgotten when somebody signs out.
    static let everything = "\"cache\", \"cookies\", \"storage\""

    /// Serves a request, or says why not: no session, no right, and no such thing are each answered in one way for
    /// every route.
    func serve(_ route: Route?, _ request: Request, _ context: WebContext, _ turn: Turn) async -> Response {
        let start = ContinuousClock.now
        let isAPI = route.map { $0.form == .api } ?? request.uri.path.hasPrefix("/api/")
        var response: Response
        do {
            response = try await answer(route, request, context, turn)
        } catch {
            response = failure(error, isAPI: isAPI, session: nil)
        }
        harden(&response, isAPI: isAPI)
        note(route, response, since: start)
        return ending(response, turn)
    }

    /// Lets a connection wait for its next request once it is answered; whoever reads a long answer slowly is still
    /// being answered.
    private func ending(_ response: Response, _ turn: Turn) -> Response {
        guard (response.body.contentLength ?? .max) > 1 << 20 else {
            turn.end()
            return response
        }
        var response = response
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            defer { turn.end() }
            try await body.write(writer)
        }
        return response
    }

    /// The interface has this path, but not this method.
    func refuse(method allowed: [HTTPRequest.Method], _ turn: Turn) -> Response {
        var response = Problem(MethodNotAllowed(), words).response()
        response.headers[.allow] = allowed.map(\.rawValue).joined(separator: ", ")
        harden(&response, isAPI: true)
        note(nil, response, since: .now)
        turn.end()
        return response
    }

    struct MethodNotAllowed: Error {}

    private func answer(_ route: Route?, _ request: Request, _ context: WebContext, _ turn: Turn) async throws
        -> Response
    {
        let token = bearer(request) ?? request.cookies[Self.sessionCookie].map { String($0.value) }
        var session: Session?
        if let token { session = try await accounts.session(token) }
        let isAPI = route.map { $0.form == .api } ?? request.uri.path.hasPrefix("/api/")
        if token == nil, !isAPI, route?.audience != .anyone, isFromElsewhere(request) {
            return try comeAgain(request)
        }
        do {
            guard let route else { throw session == nil ? Unauthenticated() : Refusal.notFound as any Error }
            // Nobody: the same answer for every route that is not for everybody, and for those that do not exist.
            if session == nil, route.audience != .anyone { throw Unauthenticated() }
            guard route.audience.admits(session) else { throw Refusal.notFound }
            // Files are brought by staff alone; nobody else has so much to say.
            let isStaff = session?.roles.contains { $0.isStaff } ?? false
            let body = try await collect(request, limit: isStaff ? route.bodyLimit : min(route.bodyLimit, 64 << 10))
            turn.begin()
            let isForm = route.form == .page && route.method == .post
            if route.method != .get, bearer(request) == nil { try requireOwnPage(request) }
            let form = isForm ? try FormBody(body, contentType: request.headers[.contentType] ?? "") : .empty
            let stranger = strangerToken(request)
            if isForm { try requireOwnForm(form, route, session, stranger) }
            if route.form == .api, route.method != .get, bearer(request) == nil, let session {
                guard request.headers[HTTPField.Name.formToken] == session.formToken else { throw ForeignForm() }
            }
            if let problem = form.problem, !route.checksForm { throw problem }
            let visit = Visit(
                site: self, route: route, session: session, parameters: parameters(route, request),
                query: query(request, session),
                headers: request.headers, form: form, body: body, peer: peer(request, context),
                strangerToken: try stranger ?? Hex.format(RandomBytes.generate(count: 16)))
            // Only what lets people in is kept: it holds nothing of any case.
            guard isForm, route.audience == .anyone, let key = visit.key else { return try await route.handle(visit) }
            let parts = [route.path, visit.peer, key, token ?? ""].map { Array($0.utf8) } + [body]
            return try await repeats.answer(parts) { try await route.handle(visit) }
        } catch {
            var response = failure(error, isAPI: isAPI, session: session)
            // The rest of it is not waited for. A stream has no such header (RFC 9113 §8.2.2).
            if error is BodyTooLong || error is BodyTooSlow, !connections.isStream(context.channel) {
                response.headers[.connection] = "close"
            }
            return response
        }
    }

    struct NoCookies: Error {}

    /// Refuses a form that none of our pages showed to this browser: another site could sign somebody in as somebody
    /// else with it. Whoever is not signed in shows that their browser keeps cookies, before anything is used up.
    private func requireOwnForm(_ form: FormBody, _ route: Route, _ session: Session?, _ stranger: String?) throws {
        if session == nil, route.worksWithoutCookie { return }
        guard let expected = session?.formToken ?? stranger else { throw NoCookies() }
        guard constantTimeEquals(Array(form.text("token").utf8), Array(expected.utf8)) else { throw ForeignForm() }
    }

    /// The token that this browser was given for the forms of somebody who is not signed in.
    private func strangerToken(_ request: Request) -> String? {
        guard let value = request.cookies[Self.strangerCookie]?.value, value.utf8.count == 32,
            Hex.parse(value) != nil
        else { return nil }
        return String(value)
    }

    private func bearer(_ request: Request) -> String? {
        guard let value = request.headers[.authorization], value.hasPrefix("Bearer ") else { return nil }
        return String(value.dropFirst(7))
    }

    private func parameters(_ route: Route, _ request: Request) -> [String: String] {
        let pattern = route.path.split(separator: "/")
        let parts = request.uri.path.split(separator: "/")
        var found: [String: String] = [:]
        for (name, value) in zip(pattern, parts) where name.hasPrefix("{") {
            found[String(name.dropFirst().dropLast())] = value.removingPercentEncoding ?? ""
        }
        return found
    }

    /// The query of the address. That something was done is said only to the session that was sent there, once.
    private func query(_ request: Request, _ session: Session?) -> [String: String] {
        var found: [String: String] = [:]
        for (name, value) in request.uri.queryParameters { found[String(name)] = String(value) }
        if found["done"] != nil {
            let isSaid = session.map { said.take(request.uri.description, by: $0.digest) } ?? false
            if !isSaid { found["done"] = nil }
        }
        return found
    }

    /// True for a page that is opened from another site's, like a mailbox on the web: the browser sends no cookie then,
    /// whoever is signed in.
    ///
    /// - Source: Fetch Metadata Request Headers; RFC 6265bis, section “SameSite”.
    private func isFromElsewhere(_ request: Request) -> Bool {
        request.method == .get && request.headers[HTTPField.Name.fetchSite] == "cross-site"
            && request.headers[HTTPField.Name.fetchMode] == "navigate"
    }

    /// A page that asks for the same address once more, as ours, so that the cookie comes along. It is the same for
    /// every address, and says nothing of any.
    private func comeAgain(_ request: Request) throws -> Response {
        // What begins with two slashes is the name of another host.
        let own = request.uri.description
        let address = own.hasPrefix("/") && !own.hasPrefix("//") && !own.hasPrefix("/\\") ? own : "/"
        let page = Page(
            words("comeAgain.title"), [.links([LinkView(words("comeAgain.link"), address, isButton: true)])])
        var response = html(try render(page, for: nil))
        response.headers[HTTPField.Name.refresh] = "0"
        return response
    }

    /// Behind a proxy on this machine, the address it names last; otherwise the one the connection comes from.
    private func peer(_ request: Request, _ context: WebContext) -> String {
        let direct = context.remoteAddress?.ipAddress ?? ""
        guard !direct.isEmpty, Network(of: direct).isUnknown else { return direct }
        return ForwardedAddress.last(
            of: request.headers[HTTPField.Name.forwardedFor], or: request.headers[HTTPField.Name.forwarded]) ?? direct
    }

    struct BodyTooLong: Error {}
    struct BodyTooSlow: Error {}

    /// The whole body, if it comes in time and is not too long.
    private func collect(_ request: Request, limit: Int) async throws -> [UInt8] {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit { throw BodyTooLong() }
        if request.method == .get || request.method == .head { return [] }
        return try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask {
                var bytes: [UInt8] = []
                do {
                    for try await part in request.body {
                        bytes += Array(part.readableBytesView)
                        if bytes.count > limit { throw BodyTooLong() }
                    }
                } catch let error as BodyTooLong {
                    throw error
                } catch is CancellationError {
                    throw BodyTooSlow()
                } catch {
                    // What the parser of the chunks says is about bytes that are no HTTP.
                    throw FormBody.Malformed()
                }
                return bytes
            }
            group.addTask {
                try await Task.sleep(for: Self.arrival)
                throw BodyTooSlow()
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }

    /// Refuses what another site's page sends. The form's own token is the second wall.
    ///
    /// - Source: Fetch Metadata Request Headers, “Sec-Fetch-Site”; RFC 6454 §7 for `Origin`.
    private func requireOwnPage(_ request: Request) throws {
        if let site = request.headers[HTTPField.Name.fetchSite], !["same-origin", "none"].contains(site) {
            throw ForeignForm()
        }
        // Our own pages always say where they come from; `null` is a page without an origin, inside another's.
        guard let origin = request.headers[.origin], origin != outbox.url else { return }
        guard let host = request.head.authority ?? request.headers[HTTPField.Name.host],
            origin.hasSuffix("://\(host)")
        else { throw ForeignForm() }
    }

    // MARK: Answers

    private func harden(_ response: inout Response, isAPI: Bool) {
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        response.headers[.xContentTypeOptions] = "nosniff"
        // Nothing goes to other sites. With `no-referrer` a browser would call the origin of our own forms `null`.
        response.headers[HTTPField.Name.referrerPolicy] = "same-origin"
        response.headers[HTTPField.Name.permissionsPolicy] =
            "camera=(), geolocation=(), microphone=(), interest-cohort=()"
        response.headers[HTTPField.Name.openerPolicy] = "same-origin"
        response.headers[HTTPField.Name.resourcePolicy] = "same-origin"
        response.headers[HTTPField.Name.robots] = "noindex, nofollow"
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        if isSecure { response.headers[.strictTransportSecurity] = "max-age=31536000; includeSubDomains" }
        if response.status == .tooManyRequests { response.headers[.retryAfter] = "900" }
        if response.status == .serviceUnavailable { response.headers[.retryAfter] = "30" }
    }

    /// One line and one count for each request, by the route's pattern; nothing at all for silent routes.
    private func note(_ route: Route?, _ response: Response, since start: ContinuousClock.Instant) {
        let name = route?.loggedName ?? "unknown"
        if route?.isSilent == true { return }
        let elapsed = ContinuousClock.now - start
        let status = "\(response.status.code)"
        logger.info("request", metadata: ["route": "\(name)", "status": "\(status)"])
        Counter(
            label: "privity_http_requests_total", dimensions: [("route", name), ("status", status)], factory: metrics
        )
        .increment()
        let seconds = elapsed.components
        Metrics.Timer(label: "privity_http_request_seconds", dimensions: [("route", name)], factory: metrics)
            .recordNanoseconds(seconds.seconds * 1_000_000_000 + seconds.attoseconds / 1_000_000_000)
    }

    /// The one place where errors become statuses and public text.
    func failure(_ error: any Error, isAPI: Bool, session: Session?) -> Response {
        let problem = Problem(error, words)
        if problem.status.code >= 500 {
            // What it was is for the operator; a type has nothing of anybody in it.
            logger.error("request failed", metadata: ["error": "\(Self.name(of: error))"])
        }
        if isAPI { return problem.response() }
        let links =
            session == nil ? [LinkView(words("nav.signIn"), "/sign-in")] : [LinkView(words("nav.home"), "/home")]
        let page = Page(problem.title, [.text(problem.detail), .links(links)])
        guard let bytes = try? render(page, for: session) else { return Response(status: .internalServerError) }
        return html(bytes, status: problem.status)
    }

    private static func name(of error: any Error) -> String {
        let type = String(reflecting: Swift.type(of: error))
        guard let error = error as? MachineryError else { return type }
        switch error {
        case .signingStopped: return "\(type).signingStopped"
        case .corrupt: return "\(type).corrupt"
        case .laterVersion: return "\(type).laterVersion"
        case .folder: return "\(type).folder"
        case .tooEarly: return "\(type).tooEarly"
        case .locked: return "\(type).locked"
        }
    }

    func html(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension Visit {
    func page(_ page: Page, status: HTTPResponse.Status = .ok) throws -> Response {
        var response = site.html(
            try site.render(page, for: session, stranger: strangerToken), status: status)
        // What nobody is known by gives nobody a cookie.
        if session == nil, !route.worksWithoutCookie, page.blocks.contains(where: { $0.form != nil }) {
            response.headers[.setCookie] =
                "\(Site.strangerCookie)=\(strangerToken); Path=/; Secure; HttpOnly; SameSite=Strict"
        }
        return response
    }

    func redirect(_ path: String) -> Response {
        if let session, path.contains("?done=") { site.said.note(path, to: session.digest) }
        return Response(status: .seeOther, headers: [.location: path])
    }

    /// The form again, with what was entered and what is wrong with it.
    func again(_ page: Page, _ problem: FieldProblem, status: HTTPResponse.Status = .unprocessableContent) throws
        -> Response
    {
        var page = page
        // `survey.topics` is the field `topics` here.
        let name = problem.field.split(separator: ".").last.map(String.init) ?? problem.field
        let text = words("problem.field", ["expected": problem.expected])
        var isPlaced = false
        for confirmation in Page.confirmations where name == confirmation || self.form.isOn(confirmation) {
            page.ask(confirmation, words)
        }
        for index in page.blocks.indices {
            guard var form = page.blocks[index].form else { continue }
            for place in form.fields.indices {
                var field = form.fields[place]
                field.restore(from: self.form)
                if field.name == name, !isPlaced {
                    field.error = text
                    isPlaced = true
                    let target = field.choices == nil ? "f\(index)-\(name)" : "f\(index)-\(name)-0"
                    page.problems.append(.init(problemText: "\(field.label): \(text)", problemTarget: target))
                }
                form.fields[place] = field
            }
            page.blocks[index].form = form
        }
        if !isPlaced { page.problems.append(.init(problemText: "\(name): \(text)", problemTarget: "main")) }
        return try self.page(page, status: status)
    }
}

extension FieldView {
    /// Puts back what was entered, but never what is secret.
    mutating func restore(from form: FormBody) {
        if var input, input.type != "password", input.type != "file", form.entered[name] != nil {
            input.value = form.text(name)
            self.input = input
        }
        if var area, form.entered[name] != nil {
            area.areaText = form.text(name)
            self.area = area
        }
        if var choices {
            for index in choices.options.indices {
                choices.options[index].isChosen = form.texts(name).contains(choices.options[index].optionValue)
            }
            self.choices = choices
        }
        if var select, form.entered[name] != nil {
            for index in select.selectOptions.indices {
                select.selectOptions[index].isChosen = select.selectOptions[index].optionValue == form.text(name)
            }
            self.select = select
        }
    }
}

extension HTTPField.Name {
    private static func named(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("no header name: \(text)") }
        return name
    }
    static let formToken = named("X-Form-Token")
    static let idempotencyKey = named("Idempotency-Key")
    static let forwardedFor = named("X-Forwarded-For")
    static let forwarded = named("Forwarded")
    static let fetchSite = named("Sec-Fetch-Site")
    static let fetchMode = named("Sec-Fetch-Mode")
    static let refresh = named("Refresh")
    static let host = named("Host")
    static let referrerPolicy = named("Referrer-Policy")
    static let permissionsPolicy = named("Permissions-Policy")
    static let openerPolicy = named("Cross-Origin-Opener-Policy")
    static let resourcePolicy = named("Cross-Origin-Resource-Policy")
    static let robots = named("X-Robots-Tag")
    static let clearSiteData = named("Clear-Site-Data")
}
