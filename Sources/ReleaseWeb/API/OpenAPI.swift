internal import Foundation
internal import HTTPTypes
internal import ReleaseWorkflow

/// The shape of a value, as far as the interface needs shapes.
indirect enum Schema: Sendable {
    case text(limit: Int, pattern: String? = nil)
    case choice([String])
    case flag
    /// A flag that has to be set.
    case yes
    /// One of these objects.
    case either([Schema])
    /// An object with further rules, as JSON Schema states them.
    case ruled(Schema, [String: CanonicalJSON])
    case whole(ClosedRange<Int>)
    case handle
    case list(Schema)
    case object([(String, Schema, Bool)])

    struct Parameter: Sendable {
        let name: String
        let schema: Schema
        init(_ name: String, _ schema: Schema) { (self.name, self.schema) = (name, schema) }
    }

    var json: CanonicalJSON {
        switch self {
        case .text(let limit, let pattern):
            var members: [String: CanonicalJSON] = [
                "type": .string("string"), "maxLength": .integer(limit), "minLength": .integer(1),
            ]
            if let pattern { members["pattern"] = .string(pattern) }
            return .object(members)
        case .choice(let words): return .object(["type": .string("string"), "enum": .array(words.map { .string($0) })])
        case .yes: return .object(["type": .string("boolean"), "enum": .array([.boolean(true)])])
        case .either(let choices): return .object(["oneOf": .array(choices.map(\.json))])
        case .ruled(let schema, let rules):
            guard case .object(let members) = schema.json else { return schema.json }
            return .object(members.merging(rules) { $1 })
        case .flag: return .object(["type": .string("boolean")])
        case .whole(let range):
            return .object([
                "type": .string("integer"), "minimum": .integer(range.lowerBound),
                "maximum": .integer(range.upperBound),
            ])
        case .handle: return .object(["type": .string("string"), "pattern": .string("^[0-9a-f]{32}$")])
        case .list(let item): return .object(["type": .string("array"), "items": item.json, "maxItems": .integer(64)])
        case .object(let fields):
            var members: [String: CanonicalJSON] = [
                "type": .string("object"), "additionalProperties": .boolean(false),
                "properties": .object(Dictionary(uniqueKeysWithValues: fields.map { ($0.0, $0.1.json) })),
            ]
            let required = fields.filter(\.2).map { CanonicalJSON.string($0.0) }
            if !required.isEmpty { members["required"] = .array(required) }
            return .object(members)
        }
    }
}

/// The OpenAPI 3.1 document, generated from the operations that serve.
enum OpenAPI {
    static let document: [UInt8] = json.bytes

    private static var json: CanonicalJSON {
        var paths: [String: [String: CanonicalJSON]] = [:]
        for operation in Interface.operations {
            paths[operation.route.path, default: [:]][operation.route.method.rawValue.lowercased()] = describe(
                operation)
        }
        return .object([
            "openapi": .string("3.1.0"),
            "info": .object([
                "title": .string("Privity"), "version": .string("1"),
                "description": .string(
                    "Consent and release of information. Sign in with POST /sessions and send the token as a bearer token. Answers are padded with spaces, so that no length tells a name."
                ),
            ]),
            "paths": .object(paths.mapValues { .object($0) }),
            "components": .object([
                "schemas": .object(schemas),
                "securitySchemes": .object(["session": .object(["type": .string("http"), "scheme": .string("bearer")])]
                ),
            ]),
        ])
    }

    private static func describe(_ operation: Operation) -> CanonicalJSON {
        let route = operation.route
        var members: [String: CanonicalJSON] = [
            "summary": .string(operation.summary), "operationId": .string(identifier(route)),
            "responses": responses(operation),
        ]
        if route.audience != .anyone { members["security"] = .array([.object(["session": .array([])])]) }
        var parameters: [CanonicalJSON] = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part in
            let name = String(part.dropFirst().dropLast())
            let schema = name == "index" ? Schema.whole(0...Int(Int32.max)) : .handle
            return parameter(name, in: "path", schema.json, isRequired: true)
        }
        parameters += operation.query.map { parameter($0.name, in: "query", $0.schema.json) }
        if operation.takesKey {
            let key: CanonicalJSON = .object([
                "type": .string("string"), "minLength": .integer(1), "maxLength": .integer(200),
                "pattern": .string("^[!-~]+$"),
            ])
            parameters.append(parameter("Idempotency-Key", in: "header", key))
        }
        if !parameters.isEmpty { members["parameters"] = .array(parameters) }
        if let request = operation.request {
            members["requestBody"] = .object([
                "required": .boolean(true),
                "content": .object(["application/json": .object(["schema": request.json])]),
            ])
        }
        return .object(members)
    }

    /// Like `postCasesSignature`.
    private static func identifier(_ route: Route) -> String {
        let words = route.path.split(separator: "/").dropFirst(2).flatMap { $0.split { !$0.isLetter } }
        return route.method.rawValue.lowercased() + words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    private static func parameter(_ name: String, in place: String, _ schema: CanonicalJSON, isRequired: Bool = false)
        -> CanonicalJSON
    {
        .object(["name": .string(name), "in": .string(place), "required": .boolean(isRequired), "schema": schema])
    }

    private static func responses(_ operation: Operation) -> CanonicalJSON {
        func content(_ type: String, _ schema: CanonicalJSON) -> CanonicalJSON {
            .object([type: .object(["schema": schema])])
        }
        var success: [String: CanonicalJSON] = ["description": .string("Done")]
        if operation.answer == "text" {
            success["content"] = content("text/plain", .object(["type": .string("string")]))
        } else if let answer = operation.answer {
            success["content"] = content("application/json", reference(answer))
        }
        let problem: CanonicalJSON = .object([
            "description": .string("What went wrong (RFC 9457)"),
            "content": content("application/problem+json", reference("Problem")),
        ])
        var all: [String: CanonicalJSON] = ["\(operation.status)": .object(success), "default": problem]
        if operation.route.audience != .anyone { all["401"] = problem }
        if operation.isConditional, operation.route.method == .get {
            all["304"] = .object(["description": .string("Not changed since the version in If-None-Match")])
        }
        if operation.isConditional, operation.route.method == .post {
            all["202"] = .object([
                "description": .string("Recorded; the signed receipt follows"),
                "content": content("application/json", reference("Outcome")),
            ])
        }
        return .object(all)
    }

    private static func reference(_ name: String) -> CanonicalJSON {
        .object(["$ref": .string("#/components/schemas/\(name)")])
    }

    private static func object(_ fields: [String: CanonicalJSON], required: [String]) -> CanonicalJSON {
        .object([
            "type": .string("object"), "additionalProperties": .boolean(false), "properties": .object(fields),
            "required": .array(required.map { .string($0) }),
        ])
    }

    private static var schemas: [String: CanonicalJSON] {
        let text: CanonicalJSON = .object(["type": .string("string")])
        let flag: CanonicalJSON = .object(["type": .string("boolean")])
        let whole: CanonicalJSON = .object(["type": .string("integer")])
        let day: CanonicalJSON = .object(["type": .string("string"), "format": .string("date")])
        let texts: CanonicalJSON = .object(["type": .string("array"), "items": text])
        let values: CanonicalJSON = .object(["type": .string("object"), "additionalProperties": text])
        func items(_ name: String, next: Bool = false) -> CanonicalJSON {
            object(
                ["items": .object(["type": .string("array"), "items": reference(name)])].merging(
                    next ? ["next": text] : [:]
                ) {
                    $1
                },
                required: ["items"])
        }
        return [
            "Problem": object(
                ["type": text, "title": text, "status": whole, "detail": text, "field": text],
                required: ["type", "title", "status", "detail"]),
            "Token": object(["token": text], required: ["token"]),
            "Session": object(
                ["roles": texts, "assurance": text, "formToken": text], required: ["roles", "assurance", "formToken"]),
            "CaseEntry": object(["on": day, "rule": text, "channel": text], required: ["on", "rule", "channel"]),
            "Case": object(
                [
                    "id": text, "workflow": text, "role": text, "state": text, "actions": texts,
                    "history": .object(["type": .string("array"), "items": reference("CaseEntry")]),
                    "isReleaseLive": flag,
                    "expiresOn": day,
                    "callBy": day, "isCallRecorded": flag, "isMeetingRecorded": flag, "counterpartName": text,
                    "word": text, "releaseBy": day, "isNumberWrong": flag, "isNumberComing": flag, "isUnused": flag,
                    "extensionUntil": day, "hidden": texts, "partingUntil": day,
                    "releases": texts,
                    "person": text, "name": text, "rank": text,
                ], required: ["id", "workflow", "role", "state", "isUnused"]),
            "Cases": items("Case", next: true),
            "ReleaseText": object(
                ["text": text, "digest": text, "asksName": flag, "values": values],
                required: ["text", "digest", "asksName", "values"]),
            "Candidate": object(
                ["person": text, "name": text, "score": whole, "reasons": texts],
                required: ["person", "name", "score", "reasons"]),
            "Candidates": items("Candidate"),
            "Outcome": object(
                [
                    "state": text, "release": text, "isReceiptPending": flag, "isReplay": flag, "rescindCode": text,
                    "records": .object(["type": .string("array"), "items": whole]),
                ], required: ["isReceiptPending", "isReplay", "records"]),
            "ReceiptFile": object(["record": text, "proof": text], required: ["record", "proof"]),
            "Receipt": object(
                [
                    "text": text, "rescindCode": text, "signedOn": day, "expiresOn": day, "rescindedOn": day,
                    "isLive": flag,
                    "isPending": flag,
                    "records": .object(["type": .string("array"), "items": reference("ReceiptFile")]),
                ], required: ["text", "signedOn", "expiresOn", "isLive", "isPending", "records"]),
            "Card": object(
                [
                    "fields": values, "notice": text, "scope": text, "callScript": text, "emergency": text,
                    "callBy": day, "word": text,
                ],
                required: ["fields", "notice", "scope", "callScript", "emergency"]),
            "Look": object(["at": text, "recipient": text, "fields": texts], required: ["at", "recipient", "fields"]),
            "Looks": items("Look"),
            "Person": object(["id": text, "name": text, "field": text], required: ["id", "name", "field"]),
            "People": items("Person"), "Created": object(["id": text], required: ["id"]),
            "Listing": object(["fields": values, "advice": text], required: ["fields"]), "Listings": items("Listing"),
            "Entry": object(["index": whole, "record": text, "proof": text], required: ["index", "record"]),
            "Entries": items("Entry", next: true),
        ]
    }
}
