internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore
internal import ReleaseService

/// The routes that a supervisor asks. Metrics are not here: they are served on an address of their own.
enum HealthRoutes {
    static let routes: [Route] = [
        Route(.get, "/health", .anyone, form: .plain) { _ in text("ok\n") },
        Route(.get, "/ready", .anyone, form: .plain) { visit in
            visit.site.host.stopped == nil ? text("ready\n") : text("not signing\n", status: .serviceUnavailable)
        },
    ]

    static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
