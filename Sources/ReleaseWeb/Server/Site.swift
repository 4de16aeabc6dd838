internal import AuditorKit
internal import Cryptography
internal import Foundation
internal import Hummingbird
internal import Logging
internal import Metrics
internal import Mustache
public import ReleaseLedger
public import ReleaseService
public import ReleaseWorkflow
internal import Synchronization

/// The work on the host that an administrator may do from a page. The executable supplies it: it alone knows folders.
public struct Operations: Sendable {
    /// Reads a policy file to its canonical bytes.
    ///
    /// - Throws: `FieldProblem` with line and column.
    public var readPolicy: @Sendable (String) throws -> (canonical: [UInt8], policy: Policy)
    /// Puts a new key into force and says which.
    public var rotateKey: @Sendable (KeyHistory.Role) async throws -> String
    /// Copies the folder and says where to; nil where no place for backups is configured.
    public var backUp: (@Sendable () async throws -> String)?
    /// An export for auditors, as a compressed archive.
    public var exportLog: @Sendable () async throws -> [UInt8]
    public init(
        readPolicy: @escaping @Sendable (String) throws -> (canonical: [UInt8], policy: Policy),
        rotateKey: @escaping @Sendable (KeyHistory.Role) async throws -> String,
        backUp: (@Sendable () async throws -> String)?, exportLog: @escaping @Sendable () async throws -> [UInt8]
    ) {
        (self.readPolicy, self.rotateKey, self.backUp, self.exportLog) = (readPolicy, rotateKey, backUp, exportLog)
    }
}

/// Everything that handlers need. One for each served program.
public struct Site: Sendable {
    public let host: ServiceHost
    public let accounts: Accounts
    public let outbox: Outbox
    let operations: Operations
    private let standardWords: Words
    /// The words as the program in force says them.
    public var words: Words { standardWords.spoken(in: try? host.service(for: .anonymous).policy.policy) }
    /// The name of the service for itself: a name that says nothing of what it is for.
    let service: String
    /// True if every page is served over TLS, here or by a proxy in front.
    let isSecure: Bool
    let logger: Logger
    public let metrics: PrometheusMetrics
    /// The connections that are open.
    let connections = Connections(.init(total: 4096))
    /// The posts by which somebody comes in, for some seconds.
    let repeats = Repeats()
    /// The words that sessions are told on their next page.
    let said = SaidOnce()
    /// Every route that it answers.
    let routes: [Route]
    /// The manifest of what each role can reach and be shown, under a policy.
    let manifest: @Sendable (Policy) -> String
    private let templates: MustacheLibrary
    let styleSheet: [UInt8]
    let icon: [UInt8]

    init(
        host: ServiceHost, accounts: Accounts, outbox: Outbox, operations: Operations, words: Words, service: String,
        isSecure: Bool, logger: Logger, metrics: PrometheusMetrics, routes: [Route],
        manifest: @escaping @Sendable (Policy) -> String
    ) throws {
        self.host = host
        self.accounts = accounts
        self.outbox = outbox
        self.operations = operations
        standardWords = words
        self.service = service
        self.isSecure = isSecure
        self.logger = logger
        self.metrics = metrics
        self.routes = routes
        self.manifest = manifest
        var templates = MustacheLibrary()
        for (name, bytes) in [
            ("page", PackageResources.page_mustache), ("block", PackageResources.block_mustache),
            ("form", PackageResources.form_mustache), ("field", PackageResources.field_mustache),
        ] {
            try templates.register(String(decoding: bytes, as: UTF8.self), named: name)
        }
        self.templates = templates
        styleSheet = PackageResources.style_css
        icon = PackageResources.icon_svg
    }

    // MARK: Rendering

    /// Pages come in steps of this many bytes, so that no length tells a name.
    static let pageStep = 16 << 10

    /// Renders a page for whoever is there, padded to a whole number of steps.
    ///
    /// - Parameter stranger: the token of the forms of somebody who is not signed in.
    func render(_ page: Page, for session: Session?, stranger: String = "") throws -> [UInt8] {
        var page = page
        for index in page.blocks.indices where page.blocks[index].form != nil {
            page.blocks[index].form = try prepared(
                page.blocks[index].form, number: index, token: session?.formToken ?? stranger)
        }
        let view = PageView(
            language: words.language, service: service, pageTitle: page.title, isProblem: !page.problems.isEmpty,
            navigation: navigation(session),
            signOut: session.map { session in
                var form = FormView("/sign-out", button: words("nav.signOut"))
                form.formToken = session.formToken
                return form
            },
            backLink: page.back, problemTitle: words("problem.title"),
            problemLinks: page.problems.isEmpty ? nil : page.problems,
            blocks: page.blocks, skip: words("nav.skip"), navigationLabel: words("nav.label"),
            emergency: (try? host.service(for: .anonymous).policy.policy.texts.emergency) ?? "",
            rescindLink: words("footer.rescind"), required: words("form.required"))
        let text = templates.render(view, withTemplate: "page") ?? ""
        var bytes = Array(text.utf8)
        let short = (Self.pageStep - bytes.count % Self.pageStep) % Self.pageStep
        bytes += [UInt8](repeating: 0x20, count: max(0, short - 1)) + (short > 0 ? [0x0A] : [])
        return bytes
    }

    /// A form with its token, a fresh key, and ids for its fields.
    private func prepared(_ form: FormView?, number: Int, token: String) throws -> FormView? {
        guard var form else { return nil }
        form.formToken = token
        form.formKey = Hex.format(try RandomBytes.generate(count: 16))
        for index in form.fields.indices {
            var field = form.fields[index]
            field.id = "f\(number)-\(field.name)"
            let described = [
                field.hint == nil ? nil : "\(field.id)-hint", field.error == nil ? nil : "\(field.id)-error",
            ]
            let ids = described.compactMap(\.self)
            field.describedBy = ids.isEmpty ? nil : ids.joined(separator: " ")
            if var choices = field.choices {
                for option in choices.options.indices { choices.options[option].optionID = "\(field.id)-\(option)" }
                field.choices = choices
            }
            form.fields[index] = field
        }
        return form
    }

    private func navigation(_ session: Session?) -> [LinkView] {
        guard let session else { return [LinkView(words("nav.signIn"), "/sign-in")] }
        var links = [LinkView(words("nav.home"), "/home")]
        if session.holds(.coordinator) { links.append(LinkView(words("nav.desk"), "/desk")) }
        if session.holds(.auditor) { links.append(LinkView(words("nav.audit"), "/audit")) }
        if session.holds(.administrator) { links.append(LinkView(words("nav.admin"), "/admin")) }
        links.append(LinkView(words("nav.account"), "/account"))
        return links
    }
}
