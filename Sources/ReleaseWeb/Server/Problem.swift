internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Matching
internal import NIOCore
internal import ReleaseLedger
internal import ReleaseService
internal import ReleaseWorkflow

/// A problem, as it may be told outside.
///
/// - Source: RFC 9457, “Problem Details for HTTP APIs”.
struct Problem: Sendable {
    let status: HTTPResponse.Status
    /// The last part of the problem's type; one of a closed list.
    let code: String
    let title: String
    let detail: String
    /// The field of the request that it is about.
    var field: String?

    init(_ error: any Error, _ words: Words) {
        func problem(_ status: HTTPResponse.Status, _ code: String, _ detail: String? = nil, field: String? = nil)
            -> Problem
        {
            Problem(
                status: status, code: code, title: words("problem.\(code).title"),
                detail: detail ?? words("problem.\(code).text"),
                field: field)
        }
        switch error {
        case is Unauthenticated: self = problem(.unauthorized, "unauthenticated")
        case is Site.NoCookies: self = problem(.forbidden, "noCookies")
        case is ForeignForm: self = problem(.forbidden, "foreignForm")
        case is PreconditionFailed: self = problem(.preconditionFailed, "outdated")
        case is Site.MethodNotAllowed: self = problem(.methodNotAllowed, "method")
        case is FormBody.Malformed: self = problem(.badRequest, "malformed")
        case is Site.BodyTooLong: self = problem(.contentTooLarge, "tooLong")
        case is Site.BodyTooSlow: self = problem(.requestTimeout, "tooSlow")
        case let refusal as AccessRefusal:
            switch refusal {
            case .refused: self = problem(.forbidden, "accessRefused")
            case .tooMany: self = problem(.tooManyRequests, "tooMany")
            case .busy: self = problem(.serviceUnavailable, "busy")
            case .unusable(let field): self.init(field, words)
            }
        case let field as FieldProblem:
            self = problem(
                .unprocessableContent, "field",
                words("problem.field.text", ["field": field.field, "expected": field.expected]),
                field: field.field)
        case let refusal as Refusal: self.init(of: refusal, words)
        case let problem as MatchingProblem:
            self.init(
                status: .conflict, code: "matching", title: words("problem.matching.title"), detail: "\(problem)")
        case let failure as Counterexample:
            self.init(
                status: .unprocessableContent, code: "policy", title: words("problem.policy.title"),
                detail: "\(failure)")
        case let error as MachineryError:
            switch error {
            case .signingStopped: self = problem(.serviceUnavailable, "notSigning")
            case .tooEarly: self = problem(.conflict, "tooEarly")
            case .corrupt, .laterVersion, .folder, .locked: self = problem(.internalServerError, "internal")
            }
        default: self = problem(.internalServerError, "internal")
        }
    }

    private init(of refusal: Refusal, _ words: Words) {
        func problem(_ status: HTTPResponse.Status, _ code: String, _ detail: String? = nil) -> Problem {
            Problem(
                status: status, code: code, title: words("problem.\(code).title"),
                detail: detail ?? words("problem.\(code).text"))
        }
        switch refusal {
        case .notFound: self = problem(.notFound, "notFound")
        case .notSigning: self = problem(.serviceUnavailable, "notSigning")
        // One answer for all of them: which it is would tell in what state the case is.
        case .illegalTransition, .wrongPrincipal, .wrongChannel, .wrongAgent, .outdated, .versionChanged:
            self = problem(.conflict, "outdated")
        case .cardClosed, .cardFrozen, .awaitsConfirmation, .keyReused, .stillOpen, .electronicFirst, .programEnds,
            .needsSecondHand, .cannotGoOn, .cannotBringTogether:
            self = problem(.conflict, refusal.code)
        case .conditionFailed(let condition):
            self = problem(
                .conflict, "condition", words("problem.condition.text", ["condition": condition.plainWords]))
        case .argumentMissing: self = problem(.unprocessableContent, "argumentMissing")
        case .elementMissing(let element):
            self = problem(
                .conflict, "elementMissing",
                words("problem.elementMissing.text", ["element": element.plainWords, "paragraph": element.paragraph]))
        }
    }

    private init(status: HTTPResponse.Status, code: String, title: String, detail: String, field: String? = nil) {
        (self.status, self.code, self.title, self.detail, self.field) = (status, code, title, detail, field)
    }

    private struct Content: Encodable {
        let type: String
        let title: String
        let status: Int
        let detail: String
        let field: String?
    }

    func response() -> Response {
        let content = Content(
            type: "urn:privity:problem:\(code)", title: title, status: Int(status.code), detail: detail, field: field)
        return .json(content, status: status, type: "application/problem+json")
    }
}

extension Response {
    /// Answers come in steps of this many bytes.
    private static let step = 4 << 10

    /// A JSON answer with sorted keys, padded so that its length tells no name.
    static func json(_ content: some Encodable, status: HTTPResponse.Status = .ok, type: String = "application/json")
        -> Response
    {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(content) else { return Response(status: .internalServerError) }
        let short = (step - data.count % step) % step
        let bytes = Array(data) + [UInt8](repeating: 0x20, count: short)
        return Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
