internal import AuditorKit
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore
internal import ReleaseLedger
internal import ReleaseService
internal import ReleaseWorkflow
internal import TransparencyLog

/// The pages of auditors: heads, proofs, exports, the kit. Commitments and signatures, and nobody's data.
enum AuditPages {
    static let routes: [Route] = [
        Route(.get, "/audit", .role(.auditor)) { try await $0.page(overview($0)) },
        Route(.get, "/audit/checkpoint", .role(.auditor), form: .plain) { try await checkpoint($0) },
        Route(.get, "/audit/keys/{file}", .role(.auditor), form: .plain) { try await key($0) },
        Route(.get, "/audit/records", .role(.auditor)) { try await records($0) },
        Route(.get, "/audit/records/{index}", .role(.auditor)) { try await record($0) },
        Route(.get, "/audit/records/{index}/{file}", .role(.auditor), form: .plain) { try await recordFile($0) },
        Route(.get, "/audit/kit/{file}", .role(.auditor), form: .plain) { try kit($0) },
        Route(.get, "/audit/export", .role(.auditor), form: .plain) { try await export($0) },
        Route(.get, "/audit/witness-request", .role(.auditor), form: .plain) { try await witnessRequest($0) },
        Route(.post, "/audit/cosignatures", .role(.auditor)) { try await cosign($0) },
    ]

    static func file(_ bytes: [UInt8], _ name: String, type: String = "text/plain; charset=utf-8") -> Response {
        Response(
            status: .ok, headers: [.contentType: type, .contentDisposition: "attachment; filename=\"\(name)\""],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private static func back(_ words: Words) -> LinkView { LinkView(words("audit.back"), "/audit") }

    private static func overview(_ visit: Visit) async throws -> Page {
        let (words, service) = (visit.words, visit.service)
        let history = service.keyHistory
        var blocks: [Block] = [.text(words("audit.text"))]
        if visit.query["done"] == "cosigned" { blocks.insert(.good(words("done.cosigned")), at: 0) }
        if let head = try await service.signedHead() {
            blocks += [
                .heading(words("audit.head")),
                .document(String(decoding: head, as: UTF8.self), label: words("audit.head")),
            ]
        }
        if let cosigned = try await service.cosignedHead() {
            blocks.append(
                .text(
                    words(
                        "audit.cosigned", ["size": "\(cosigned.size)", "names": cosigned.names.joined(separator: ", ")])
                ))
        }
        blocks.append(.heading(words("audit.keys")))
        blocks.append(
            .facts(
                [
                    (words("audit.logKey"), history.currentLog.text),
                    (words("audit.recordKey"), history.currentRecord.text),
                ]
                    + [(words("audit.recoveryKey"), history.recovery.text)]))
        blocks += [
            .heading(words("audit.downloads")),
            .links([
                LinkView(words("audit.export"), "/audit/export", hint: words("audit.exportHint"), isButton: true),
                LinkView("verify.sh", "/audit/kit/verify.sh", hint: words("audit.kitShell")),
                LinkView("verify.go", "/audit/kit/verify.go", hint: words("audit.kitGo")),
                LinkView("README.md", "/audit/kit/README.md", hint: words("audit.kitPage")),
                LinkView(words("audit.checkpoint"), "/audit/checkpoint"),
                LinkView("log.vkey", "/audit/keys/log.vkey"), LinkView("record.vkey", "/audit/keys/record.vkey"),
                LinkView(words("audit.records"), "/audit/records"), LinkView(words("secondHand.link"), "/second-hand"),
            ]),
            .heading(words("audit.cosign")), .text(words("audit.cosignText")),
            .links([LinkView(words("audit.request"), "/audit/witness-request?from=0")]),
            .form(
                FormView(
                    "/audit/cosignatures",
                    [.area("note", words("audit.note"), hint: words("audit.noteHint"), limit: 20_000)],
                    button: words("audit.cosignButton"))),
        ]
        return Page(words("audit.title"), blocks)
    }

    private static func checkpoint(_ visit: Visit) async throws -> Response {
        guard let head = try await visit.service.signedHead() else { throw Refusal.notFound }
        return file(head, "checkpoint")
    }

    private static func key(_ visit: Visit) async throws -> Response {
        let history = visit.service.keyHistory
        switch visit.parameter("file") {
        case "log.vkey": return file(Array("\(history.currentLog.text)\n".utf8), "log.vkey")
        case "record.vkey": return file(Array("\(history.currentRecord.text)\n".utf8), "record.vkey")
        case "recovery.vkey": return file(Array("\(history.recovery.text)\n".utf8), "recovery.vkey")
        default: throw Refusal.notFound
        }
    }

    private static func records(_ visit: Visit) async throws -> Response {
        let (words, service) = (visit.words, visit.service)
        let size = service.logSize
        let last = max(0, Int(visit.query["before"] ?? "") ?? size)
        let first = max(0, min(last, size) - 25)
        let entries = try await service.entries(from: first, count: min(last, size) - first)
        let rows = entries.reversed().map { entry in
            let note = String(decoding: entry.note, as: UTF8.self)
            let type = note.prefix { $0 != "\n" }
            return [Cell("\(entry.index)", link: "/audit/records/\(entry.index)", isHeader: true), Cell(String(type))]
        }
        var blocks: [Block] = [
            .text(words("audit.recordsText", ["size": "\(size)"])),
            .table(words("audit.records"), [words("audit.index"), words("audit.type")], rows),
        ]
        if first > 0 { blocks.append(.links([LinkView(words("audit.older"), "/audit/records?before=\(first)")])) }
        return try visit.page(Page(words("audit.records"), blocks, back: back(words)))
    }

    private static func entry(_ visit: Visit) async throws -> Receipt {
        guard let index = Int(visit.parameter("index")), "\(index)" == visit.parameter("index") else {
            throw Refusal.notFound
        }
        return try await visit.service.entry(index)
    }

    private static func record(_ visit: Visit) async throws -> Response {
        let words = visit.words
        let receipt = try await entry(visit)
        return try visit.page(
            Page(
                words("audit.record", ["index": "\(receipt.index)"]),
                [
                    .text(words("audit.recordText")),
                    .document(String(decoding: receipt.record, as: UTF8.self), label: words("audit.recordLabel")),
                    .heading(words("audit.proof")),
                    .document(String(decoding: receipt.proof, as: UTF8.self), label: words("audit.proof")),
                    .links([
                        LinkView(words("audit.downloadRecord"), "/audit/records/\(receipt.index)/record.txt"),
                        LinkView(words("audit.downloadProof"), "/audit/records/\(receipt.index)/proof.txt"),
                    ]),
                ], back: LinkView(words("audit.records"), "/audit/records")))
    }

    private static func recordFile(_ visit: Visit) async throws -> Response {
        let receipt = try await entry(visit)
        switch visit.parameter("file") {
        case "record.txt": return file(receipt.record, "record-\(receipt.index).txt")
        case "proof.txt": return file(receipt.proof, "proof-\(receipt.index).txt")
        default: throw Refusal.notFound
        }
    }

    private static func kit(_ visit: Visit) throws -> Response {
        let name = visit.parameter("file")
        guard let found = AuditorKit.files.first(where: { $0.path.split(separator: "/").last.map(String.init) == name })
        else {
            throw Refusal.notFound
        }
        return file(found.bytes, name)
    }

    private static func export(_ visit: Visit) async throws -> Response {
        file(try await visit.site.operations.exportLog(), "log.tar.gz", type: "application/gzip")
    }

    private static func witnessRequest(_ visit: Visit) async throws -> Response {
        guard let size = Int(visit.query["from"] ?? "0") else {
            throw FieldProblem(field: "from", expected: "a whole number")
        }
        return file(Array(try await visit.service.witnessRequest(from: size).utf8), "witness-request.txt")
    }

    private static func cosign(_ visit: Visit) async throws -> Response {
        do {
            // A form sends line ends as CR LF; a note has LF alone.
            let note = visit.form.text("note").replacing("\r\n", with: "\n")
            _ = try await visit.service.keepCosigned(Array(note.utf8))
            return visit.redirect("/audit?done=cosigned")
        } catch let problem as FieldProblem {
            return try await visit.again(overview(visit), problem)
        }
    }
}
