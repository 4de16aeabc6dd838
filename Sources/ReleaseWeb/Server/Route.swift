internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import ReleaseService
internal import ReleaseWorkflow

/// The people who may come to a route. Their right to act there is decided again by the service.
enum Audience: Hashable, Sendable {
    /// Anybody, signed in or not.
    case anyone
    /// Anybody who is signed in.
    case signedIn
    /// People who can be a party of a case: participants and mentors.
    case people
    /// Staff with this role, signed in with their second factor.
    case role(Identity.Role)

    func admits(_ session: Session?) -> Bool {
        switch self {
        case .anyone: true
        case .signedIn: session != nil
        case .people: session.map { $0.holds(.participant) || $0.holds(.mentor) } ?? false
        case .role(let role): session?.holds(role) ?? false
        }
    }

    /// One word for tables and manifests.
    var word: String {
        switch self {
        case .anyone: "anyone"
        case .signedIn: "signedIn"
        case .people: "people"
        case .role(let role): role.rawValue
        }
    }
}

/// One row of the service's table of routes.
struct Route: Sendable {
    enum Form: String, Sendable { case page, api, plain }

    let method: HTTPRequest.Method
    /// Like `/cases/{case}/signature`.
    let path: String
    let audience: Audience
    let form: Form
    /// Leaves no line in any log and counts in no metric: looks, calls and meetings are nobody else's.
    var isSilent = false
    /// The number of bytes that a body may have.
    var bodyLimit = 64 << 10
    /// True of a form that works in a browser that keeps no cookie: what takes something back, and what nobody is known
    /// by.
    var worksWithoutCookie = false
    /// True if the handler itself looks at ``FormBody/problem``, to show the form again with it.
    var checksForm = false
    let handle: @Sendable (Visit) async throws -> Response

    init(
        _ method: HTTPRequest.Method, _ path: String, _ audience: Audience, form: Form = .page, isSilent: Bool = false,
        bodyLimit: Int = 64 << 10, checksForm: Bool = false, worksWithoutCookie: Bool = false,
        handle: @escaping @Sendable (Visit) async throws -> Response
    ) {
        (self.method, self.path, self.audience, self.form) = (method, path, audience, form)
        (self.isSilent, self.bodyLimit, self.checksForm, self.handle) = (isSilent, bodyLimit, checksForm, handle)
        self.worksWithoutCookie = worksWithoutCookie
    }

    /// Its method and pattern.
    var name: String { "\(method.rawValue) \(path)" }

    /// The name of the route in logs and metrics: never the path that was asked for, which holds handles and tokens,
    /// and nothing of which command of a case it was: that somebody declined or took something back leaves no trace
    /// there either.
    var loggedName: String {
        guard let start = path.firstRange(of: "/cases/{case}/") else { return name }
        return "\(method.rawValue) \(path[..<start.upperBound])…"
    }
}

/// One request, as handlers get it.
struct Visit: Sendable {
    let site: Site
    let route: Route
    let session: Session?
    let parameters: [String: String]
    let query: [String: String]
    let headers: HTTPFields
    let form: FormBody
    let body: [UInt8]
    /// The network address that the request came from, for limits alone; it is written nowhere.
    let peer: String
    /// The token of the forms of somebody who is not signed in: their browser keeps it in a cookie until it is closed.
    let strangerToken: String

    /// The session of whoever is there. Routes that call it are not for `anyone`.
    func require() throws -> Session {
        guard let session else { throw Unauthenticated() }
        return session
    }

    var words: Words { site.words }

    /// The caller, as the service knows callers.
    var caller: Caller { session.map { .person($0.person, $0.assurance) } ?? .anonymous }
    /// The service for whoever asks.
    var service: ReleaseService { site.host.service(for: session) }

    func parameter(_ name: String) -> String { parameters[name] ?? "" }

    /// The handle in the path; one that could not be one is as foreign as any other.
    func handle() -> CaseHandle { CaseHandle(parsing: parameter("case")) ?? CaseHandle(high: 0, low: 0) }

    func person() -> PersonID { PersonID(parsing: parameter("person")) ?? PersonID(high: 0, low: 0) }

    /// - Throws: `FieldProblem` for a field with characters that nobody can see.
    func checkForm() throws { if let problem = form.problem { throw problem } }

    /// The idempotency key that came with a form; ``idempotencyKey()`` reads the header's. Unique within the person.
    var key: String? { form.text("key").isEmpty ? nil : form.text("key") }
}

/// Nobody is signed in, and the route is not for everybody.
struct Unauthenticated: Error {}

/// The form came from another page, or from a session that is over.
struct ForeignForm: Error {}

/// The version that a change was made for is no longer the one there is.
struct PreconditionFailed: Error {}
