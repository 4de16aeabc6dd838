internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdHTTP2
internal import HummingbirdTLS
internal import Logging
internal import NIOCore
internal import NIOSSL
public import ServiceLifecycle

/// The address and port at which the service listens, and its certificate.
public struct Listening: Sendable {
    public var address: String
    public var port: Int
    /// Files in PEM: the certificate chain and its key. Without them the service speaks plain HTTP, and only on
    /// loopback.
    public var certificate: (chain: String, key: String)?
    public init(address: String, port: Int, certificate: (chain: String, key: String)? = nil) {
        (self.address, self.port, self.certificate) = (address, port, certificate)
    }
}

/// A setting that the service cannot be started with.
public struct ListeningProblem: Error, CustomStringConvertible {
    public let description: String
}

extension Site {
    /// The time that a connection may be silent.
    private static let idle = TimeAmount.seconds(60)

    /// The server, as a part of a service group: it stops taking connections on shutdown, and finishes what it has
    /// begun.
    ///
    /// - Parameter onReady: called with the port once it listens.
    /// - Throws: ``ListeningProblem`` for a certificate that cannot be read, and for plain HTTP on anything but
    ///   loopback.
    public func server(_ listening: Listening, onReady: @escaping @Sendable (Int) async -> Void = { _ in }) throws
        -> some Service
    {
        connections.set(try .ofProcess())
        return Application(
            responder: SiteResponder(site: self), server: try builder(listening),
            configuration: .init(address: .hostname(listening.address, port: listening.port), serverName: nil),
            onServerRunning: { channel in await onReady(channel.localAddress?.port ?? listening.port) }, logger: quiet)
    }

    /// Metrics on an address of their own, so that no proxy shows them to anybody.
    public func metricsServer(port: Int) -> some Service {
        let router = Router()
        let metrics = metrics
        router.get("metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.text)))
        }
        return Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port), serverName: nil),
            logger: quiet)
    }

    /// Drops what the server itself says, because it is about connections and not ours to keep.
    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = .error
        return quiet
    }

    private func builder(_ listening: Listening) throws -> HTTPServerBuilder {
        let http = HTTP1Channel.Configuration(
            idleTimeout: Self.idle,
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 100))
        guard let certificate = listening.certificate else {
            guard ["127.0.0.1", "::1", "localhost"].contains(listening.address) else {
                throw ListeningProblem(
                    description: "`address`: plain HTTP is for loopback alone: name a certificate, or a proxy in front")
            }
            return HTTPServerBuilder { [connections] responder in
                GuardedChannel(
                    base: HTTP1Channel(responder: responder, configuration: http), connections: connections)
            }
        }
        let tls: TLSConfiguration
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate.chain).map {
                NIOSSLCertificateSource.certificate($0)
            }
            var read = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain,
                privateKey: .privateKey(try NIOSSLPrivateKey(file: certificate.key, format: .pem)))
            read.minimumTLSVersion = .tlsv12
            // Below 1.3 only what keeps old talk secret and is whole: ECDHE with AEAD.
            read.cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"
            tls = read
        } catch {
            throw ListeningProblem(description: "`certificate`: the chain or its key cannot be read as PEM")
        }
        do {
            // Found here, and not by the first who connects.
            _ = try NIOSSLContext(configuration: tls)
        } catch {
            throw ListeningProblem(description: "`certificate`: the chain and its key do not belong together")
        }
        let configuration = HTTP2UpgradeChannel.Configuration(
            idleTimeout: .seconds(60), gracefulCloseTimeout: .seconds(10), streamConfiguration: http)
        return HTTPServerBuilder { [connections] responder in
            GuardedChannel(
                base: try HTTP2UpgradeChannel(
                    tlsConfiguration: tls, configuration: configuration, responder: responder),
                connections: connections)
        }
    }
}

/// Finds the route and hands the request to the one door.
struct SiteResponder: HTTPResponder {
    let site: Site
    private let table: [Key: [Route]]

    private struct Key: Hashable {
        let method: HTTPRequest.Method
        let count: Int
    }

    init(site: Site) {
        self.site = site
        table = Dictionary(grouping: site.routes) { Key(method: $0.method, count: $0.path.split(separator: "/").count) }
    }

    func respond(to request: Request, context: WebContext) async throws -> Response {
        let turn = Turn(site.connections, context.channel)
        // A path with an empty part is none of ours.
        let parts = request.uri.path.split(separator: "/")
        let isPlain = !request.uri.path.contains("//") && (parts.isEmpty || !request.uri.path.hasSuffix("/"))
        var method = request.method
        if method == .head { method = .get }
        let found = isPlain ? route(method, parts) : nil
        if found == nil, isPlain, request.uri.path.hasPrefix("/api/") {
            let allowed = [HTTPRequest.Method.get, .post, .delete].filter { route($0, parts) != nil }
            if !allowed.isEmpty { return site.refuse(method: allowed, turn) }
        }
        var response = await site.serve(found, request, context, turn)
        if request.method == .head {
            // What is not written ends nothing.
            response.body = ResponseBody()
            turn.end()
        }
        return response
    }

    /// The route whose literal parts fit; one with more of them comes before one with a parameter there.
    private func route(_ method: HTTPRequest.Method, _ parts: [Substring]) -> Route? {
        let fitting = (table[Key(method: method, count: parts.count)] ?? []).filter { route in
            zip(route.path.split(separator: "/"), parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
        return fitting.min { $0.path.filter { $0 == "{" }.count < $1.path.filter { $0 == "{" }.count }
    }
}
