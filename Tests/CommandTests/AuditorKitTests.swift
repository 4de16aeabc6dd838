import Cryptography
import Foundation
import ReleaseLedger
import ReleaseService
import ReleaseWorkflow
import Testing
import TransparencyLog

@testable import FolderDriver

/// The verifiers that nobody here wrote, and the two of the kit.
enum Peers {
    /// A Go program, built once for the whole run.
    static func build(_ source: String) throws -> String {
        let program = FileManager.default.temporaryDirectory.appendingPathComponent("privity-peer-\(UUID())").path
        let run = try Tool.shell(
            "cd /tmp && GO111MODULE=off GOFLAGS= GOPATH=/usr/share/gocode GOCACHE=${GOCACHE:-/tmp/privity-go-cache} go build -o \(program) \(repository.path)/\(source)"
        )
        try #require(run.status == 0, "\(run.errors)")
        return program
    }

    static let kit = Result { try build("Kit/verify.go") }
    static let reference = Result { try build("Tests/CommandTests/Peers/reference.go") }

    /// Runs a program with lines on its standard input.
    static func ask(_ program: [String], _ lines: [String]) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("privity-questions-\(UUID())").path
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let run = try Tool.shell("\(program.joined(separator: " ")) < \(file)")
        #expect(run.status == 0, "\(run.errors)")
        return run.out.split(separator: "\n").map(String.init)
    }
}

extension Workplace {
    func export(_ name: String = "log", _ arguments: String...) throws -> String {
        let out = "\(path)/\(name)"
        let run = try Tool.run(["audit", "export", data, out] + (arguments.isEmpty ? ["--include-today"] : arguments))
        #expect(run.status == 0, "\(run.errors)")
        return out
    }
}

/// What the four verifiers say of one export, each whether it found nothing wrong.
private func verdicts(_ export: String) throws -> [String: Bool] {
    [
        "privity": try Tool.run("audit", "verify", export).status == 0,
        "fsck": try Tool.run("audit", "fsck", export).status == 0,
        "shell": try Tool.shell("dash Kit/verify.sh all \(export)").status == 0,
        "go": try Tool.shell("\(Peers.kit.get()) all \(export)").status == 0,
    ]
}

@Suite("Auditor's kit")
struct AuditorKitTests {
    @Test(
        "Go's sumdb packages, pymerkle, the shell script, the Go program and privity agree on records, heads, inclusion and consistency of a log that the service wrote"
    )
    func agreement() throws {
        let place = try Workplace()
        try place.example()
        #expect(try Tool.run("apply", place.data, "Policies/examples/mphp.jsonl").status == 0)
        let export = try place.export()
        let folder = TileFolder(export)
        let head = try #require(try readHead(folder))
        let reader = TileReader(folder, size: head.head.size)
        let size = head.head.size
        #expect(size == 24)
        let entries = try (0..<size).map { try reader.entry($0) }
        let files = try entries.enumerated().map {
            try place.write("\($0.offset).note", String(decoding: $0.element, as: UTF8.self))
        }

        // Roots at every size, from the entries alone.
        var tree = MerkleTree()
        let roots = entries.map { entry -> TreeHash in
            _ = tree.append(.leaf(entry))
            return tree.root
        }
        #expect(tree.root == head.head.root)
        let reference = try Peers.reference.get()
        #expect(
            try Peers.ask([reference], (1...size).map { "root " + files.prefix($0).joined(separator: " ") })
                == roots.map(\.base64))
        let python = try Peers.ask(
            ["\(repository.path)/.build/peers/bin/python", "\(repository.path)/Tests/CommandTests/Peers/reference.py"],
            files)
        #expect(python == roots.map(\.base64) + ["verified"])

        // Records and inclusion.
        let (log, record) = ("\(export)/keys/log.vkey", "\(export)/keys/record.vkey")
        let recordKey = try #require(try readKeys(folder, role: "record").first).text
        var questions: [String] = []
        for index in 0..<size {
            questions.append("note \(recordKey) \(files[index])")
            let hashes = try LogProof.proveInclusion(of: index, in: size, reader: reader).map(\.base64)
            questions.append(
                "record \(files[index]) \(index) \(size) \(head.head.root.base64) \(hashes.joined(separator: " "))")
        }
        for index in [0, 7, 23] {
            let proof = try Tool.run("audit", "prove", export, "--record", "\(index)").out
            let proofFile = try place.write("\(index).proof", proof)
            for verifier in ["dash Kit/verify.sh", try Peers.kit.get()] {
                for command in ["record \(files[index]) \(record)", "inclusion \(files[index]) \(proofFile) \(log)"] {
                    let run = try Tool.shell("\(verifier) \(command)")
                    #expect(
                        run.status == 0 && run.out.contains(": verified"),
                        "\(verifier) \(command): \(run.out)\(run.errors)")
                }
                #expect(
                    try Tool.shell("\(verifier) inclusion \(files[(index + 1) % size]) \(proofFile) \(log)").status == 1
                )
                #expect(try Tool.shell("\(verifier) record \(files[index]) \(log)").status == 1)
            }
            #expect(try Tool.run("audit", "check", files[index], proofFile, "--keys", export).status == 0)
            #expect(try Tool.run("audit", "check", files[(index + 1) % size], proofFile, "--keys", export).status == 1)
        }
        // Heads and consistency: every earlier size, each with a head that the log key signed.
        let signer = try Folder.signer(
            at: "\(place.data)/keys/log.pem", "log.pem", name: head.head.origin,
            Folder.passphrase(atPath: "\(place.data)/passphrase"))
        for old in 1...size {
            let hashes = try LogProof.proveConsistency(from: old, to: size, reader: reader).map(\.base64)
            if old < size {
                questions.append(
                    "tree \(old) \(roots[old - 1].base64) \(size) \(head.head.root.base64) \(hashes.joined(separator: " "))"
                )
            }
            guard [1, 4, 6, 13, 18, 23, 24].contains(old) else { continue }
            let note = try signer.sign(Checkpoint(origin: head.head.origin, size: old, root: roots[old - 1]).text)
            let oldFile = try place.write("old-\(old)", String(decoding: note.bytes, as: UTF8.self))
            let forged = try place.write(
                "forged-\(old)",
                String(
                    decoding: try signer.sign(Checkpoint(origin: head.head.origin, size: old, root: .leaf([1])).text)
                        .bytes,
                    as: UTF8.self))
            let request = try place.write(
                "request-\(old)", try Tool.run("audit", "prove", export, "--from", "\(old)").out)
            for verifier in ["dash Kit/verify.sh", try Peers.kit.get()] {
                let run = try Tool.shell("\(verifier) consistency \(oldFile) \(request) \(log)")
                #expect(
                    run.status == 0 && run.out.contains("\(size) records continue \(old)"),
                    "\(verifier): \(run.out)\(run.errors)")
                #expect(try Tool.shell("\(verifier) checkpoint \(oldFile) \(log)").status == 0)
                #expect(
                    try Tool.shell("\(verifier) consistency \(forged) \(request) \(log)").status == 1,
                    "\(verifier) \(old)")
            }
            #expect(try Tool.run("audit", "consistency", oldFile, export).status == 0)
            let refused = try Tool.run("audit", "consistency", forged, export)
            #expect(refused.status == 1 && refused.errors.contains("two histories"), "\(refused.errors)")
        }
        #expect(try Peers.ask([reference], questions).allSatisfy { $0 == "accept" })
        // A reversed pair of hashes, and one hash too few, are refused by all alike.
        let path = try LogProof.proveInclusion(of: 2, in: size, reader: reader)
        for wrong in [Array(path.reversed()), Array(path.dropLast()), path + [path[0]]] {
            #expect(!LogProof.isInclusion(wrong, of: .leaf(entries[2]), at: 2, in: size, root: head.head.root))
            let asked =
                "record \(files[2]) 2 \(size) \(head.head.root.base64) \(wrong.map(\.base64).joined(separator: " "))"
            #expect(try Peers.ask([reference], [asked]) == ["reject"])
            let proof = EntryProof(index: 2, hashes: wrong, checkpoint: head.note)
            let file = try place.write("wrong.proof", String(decoding: proof.bytes, as: UTF8.self))
            for verifier in ["dash Kit/verify.sh", try Peers.kit.get()] {
                #expect(try Tool.shell("\(verifier) inclusion \(files[2]) \(file) \(log)").status == 1)
            }
        }
        #expect(try verdicts(export) == ["privity": true, "fsck": true, "shell": true, "go": true])
    }

    @Test(
        "R33: a record that says that another was written in error is known to privity, the shell script and the Go program, and has no effect in any of them"
    )
    func errorRecord() throws {
        let place = try Workplace()
        try place.example()
        let run = try place.apply(
            Workplace.introduced + """
                {"do":"addPerson","as":"omar","name":"Omar Haddad","surname":"Haddad","firstName":"Omar","phone":"312-555-0101","field":"coordination","roles":["coordinator"]}
                {"do":"end","by":"ada","via":"phone","through":"maya"}
                {"do":"recordedInError","by":"maya","person":"ada"}
                {"do":"confirm","by":"maya","person":"ada","expect":"needsSecondHand"}
                {"do":"confirm","by":"omar","person":"ada"}
                {"do":"look","by":"ben","case":"ada","expect":"cardClosed"}

                """)
        #expect(run.status == 0, "\(run.out)\(run.errors)")
        let audit = try Tool.run("audit", "verify", place.data, "--json")
        #expect(audit.status == 0 && audit.out.contains("\"error\":1"), "\(audit.out)")
        let export = try place.export("log")
        #expect(try verdicts(export) == ["privity": true, "fsck": true, "shell": true, "go": true])
    }

    @Test(
        "of more than forty mutated notes privity, the shell script and the Go program accept none that Go's sumdb refuses; where they refuse more, it is said why"
    )
    func mutatedNotes() throws {
        let place = try Workplace()
        let signer = try NoteSigner(name: "example.org/mphp/record", key: .generate())
        let other = try NoteSigner(name: "example.org/mphp/record", key: .generate())
        let stranger = try NoteSigner(name: "witness.example", key: .generate())
        let (digest, hash) = (String(repeating: "ab", count: 32), TreeHash.leaf([1]).base64)
        let text = """
            example.org/mphp/closing/v1
            {"at":"2026-12-02","policy":"\(digest)","release":"\(digest.prefix(32))","seq":2,"under":{"index":1,"leaf":"\(hash)","origin":"example.org/mphp"},"v":1}

            """
        let note = try signer.sign(text)
        let line = note.signatures[0].line
        let (foreign, sibling) = (try stranger.sign(text).signatures[0].line, try other.sign(text).signatures[0].line)
        let raw = note.signatures[0].id + note.signatures[0].signature
        func spelled(_ text: String, _ lines: String...) -> [UInt8] {
            Array((text + "\n" + lines.map { $0 + "\n" }.joined()).utf8)
        }
        func own(_ base64: String) -> String { "— example.org/mphp/record \(base64)" }
        func altered(_ index: Int) -> String {
            var bytes = raw
            bytes[index] ^= 1
            return own(Base64.format(bytes))
        }
        let bytes = note.bytes
        let base64 = Base64.format(raw)

        /// What a refusal beyond Go's rests on.
        let oneSpelling = "the exact bytes are what is logged, so that a note has one spelling"
        let oneLine = "a name signs in one line: formats.md, section 4"
        let control = "C2SP permits no control character but newline, and DEL is one"
        let size = "a log entry holds at most 65,535 bytes: c2sp.org/tlog-tiles"
        let mutations: [(name: String, bytes: [UInt8], reason: String?)] = [
            ("as it was signed", bytes, nil), ("empty", [], nil), ("a newline alone", [0x0A], nil),
            ("the text alone", Array(text.utf8), nil), ("no last newline", bytes.dropLast(), nil),
            ("no blank line", Array((text + line + "\n").utf8), nil),
            (
                "carriage returns",
                Array(String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "\n", with: "\r\n").utf8),
                nil
            ),
            ("a byte order mark", [0xEF, 0xBB, 0xBF] + bytes, nil),
            ("a broken UTF-8 sequence in the text", [0xC3] + bytes, nil),
            ("an overlong UTF-8 sequence", [0xC0, 0xAF] + bytes, nil),
            ("a surrogate in UTF-8", [0xED, 0xA0, 0x80] + bytes, nil),
            ("a zero byte in the text", [0] + bytes, nil), ("a tab in the text", [0x09] + bytes, nil),
            ("an escape in the text", [0x1B] + bytes, nil),
            (
                "a changed digit of the text",
                Array(String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "2026", with: "2027").utf8), nil
            ),
            ("a space at the end of the text", spelled(text.dropLast() + " \n", line), nil),
            ("a blank line more before the signature", spelled(text + "\n", line), nil),
            ("a changed key id", spelled(text, altered(0)), nil),
            ("a changed last byte of the key id", spelled(text, altered(3)), nil),
            ("a changed first half of the signature", spelled(text, altered(5)), nil),
            ("a changed second half of the signature", spelled(text, altered(40)), nil),
            (
                "a signature of zeros",
                spelled(text, own(Base64.format(note.signatures[0].id + [UInt8](repeating: 0, count: 64)))),
                nil
            ),
            (
                "a signature with the order of the group added",
                spelled(text, own(Base64.format(note.signatures[0].id + malleable(note.signatures[0].signature)))), nil
            ),
            ("a signature one byte short", spelled(text, own(Base64.format(Array(raw.dropLast())))), nil),
            ("a signature one byte long", spelled(text, own(Base64.format(raw + [0]))), nil),
            ("a key id and nothing else", spelled(text, own(Base64.format(Array(raw.prefix(4))))), nil),
            ("three bytes", spelled(text, own("AAAA")), nil),
            ("no signature", spelled(text, "— example.org/mphp/record"), nil),
            ("an empty signature", spelled(text, own("")), nil),
            (
                "base64 for URLs",
                spelled(
                    text,
                    own(base64.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_") + "-_")
                ),
                nil
            ),
            ("base64 without padding", spelled(text, own(String(base64.prefix { $0 != "=" }).dropLast(1) + "")), nil),
            ("base64 with bits that carry nothing", spelled(text, own(withSpareBits(base64))), oneSpelling),
            (
                "base64 broken over two lines",
                spelled(text, own(String(base64.prefix(40))), String(base64.dropFirst(40))), nil
            ),
            ("another name", spelled(text, line.replacingOccurrences(of: "record", with: "recorc")), nil),
            ("a name with a plus", spelled(text, line.replacingOccurrences(of: "/record", with: "+record")), nil),
            ("a name with a space", spelled(text, line.replacingOccurrences(of: "/record", with: " record")), nil),
            (
                "a name with a space of another kind",
                spelled(text, line.replacingOccurrences(of: "/record", with: "\u{A0}record")), nil
            ),
            ("no name", spelled(text, "—  \(base64)"), nil),
            ("a hyphen for the dash", spelled(text, line.replacingOccurrences(of: "—", with: "-")), nil),
            ("no space after the dash", spelled(text, line.replacingOccurrences(of: "— ", with: "—")), nil),
            ("two spaces before the signature", spelled(text, "— example.org/mphp/record  \(base64)"), nil),
            ("a space at the end of the line", spelled(text, line + " "), nil),
            ("the same line twice", spelled(text, line, line), oneLine),
            ("a second line of the key, altered", spelled(text, line, altered(9)), oneLine),
            ("a first line of the key, altered", spelled(text, altered(9), line), nil),
            ("a second key of the same name", spelled(text, line, sibling), oneLine),
            ("another key of the same name alone", spelled(text, sibling), nil),
            ("a stranger's line after", spelled(text, line, foreign), nil),
            ("a stranger's line before", spelled(text, foreign, line), nil),
            ("a stranger's line alone", spelled(text, foreign), nil),
            ("a stranger's line that is not base64", spelled(text, line, "— witness.example ****"), nil),
            ("a stranger's line that is too short", spelled(text, line, "— witness.example AAAA"), nil),
            ("a byte after the signatures", bytes + [0x78], nil),
            ("a line after the signatures", bytes + Array("x\n".utf8), nil),
            ("a blank line after the signatures", bytes + [0x0A], nil), ("two notes in one file", bytes + bytes, nil),
            ("a text after the signatures", bytes + Array("\nmore\n".utf8), nil),
            ("a signature line in the text", spelled(text + line + "\n", line), nil),
            (
                "a hundred signatures", spelled(text, line) + Array(String(repeating: foreign + "\n", count: 99).utf8),
                nil
            ),
            (
                "a hundred and one signatures",
                spelled(text, line) + Array(String(repeating: foreign + "\n", count: 100).utf8), nil
            ),
            (
                "more bytes than an entry holds", try signed(String(repeating: "x", count: 66_000) + "\n", by: signer),
                size
            ),
            ("DEL in the text", try signed("a\u{7F}b\n", by: signer), control),
        ]
        #expect(mutations.count >= 60)
        var files: [String] = []
        for (index, mutation) in mutations.enumerated() {
            let file = "\(place.path)/\(index).note"
            try Data(mutation.bytes).write(to: URL(fileURLWithPath: file))
            files.append(file)
        }
        let go = try Peers.ask([Peers.reference.get()], files.map { "note \(signer.key.text) \($0)" }).map {
            $0 == "accept"
        }
        try #require(go.count == mutations.count)
        #expect(go[0] && go.count(where: { $0 }) >= 8 && go.count(where: { !$0 }) >= 40)
        let kit = try Peers.kit.get()
        for (index, mutation) in mutations.enumerated() {
            let expected = mutation.reason == nil ? go[index] : false
            if mutation.reason != nil {
                #expect(go[index], "\(mutation.name): Go refuses it too, so there is nothing to explain")
            }
            let privity =
                (try? SignedNote(parsing: mutation.bytes)).map {
                    (try? $0.verify(by: signer.key)) != nil && $0.bytes == mutation.bytes
                } ?? false
            #expect(privity == expected, "privity: \(mutation.name)")
            for verifier in ["dash Kit/verify.sh", kit] {
                let run = try Tool.shell("\(verifier) record \(files[index]) \(signer.key.text)")
                // The script and the program also look at the type line, which a text that is no record has not.
                let isRecord = String(decoding: mutation.bytes.prefix(17), as: UTF8.self) == "example.org/mphp/"
                #expect(
                    (run.status == 0) == (expected && isRecord),
                    "\(verifier): \(mutation.name): \(run.out)\(run.errors)")
                #expect(
                    run.status == 0 || run.out.contains("NOT verified"),
                    "\(verifier): \(mutation.name): \(run.out)\(run.errors)")
            }
        }
    }

    /// The signature with the group order added to its second half: the same point equation, another spelling (RFC 8032 §5.1.7).
    private func malleable(_ signature: [UInt8]) -> [UInt8] {
        let order: [UInt8] = [
            0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0, 0, 0, 0,
            0, 0, 0, 0,
            0, 0, 0,
            0, 0, 0, 0, 0x10,
        ]
        var out = signature
        var carry = 0
        for index in 0..<32 {
            let sum = Int(signature[32 + index]) + Int(order[index]) + carry
            out[32 + index] = UInt8(sum & 0xFF)
            carry = sum >> 8
        }
        return out
    }

    /// Base64 of 68 bytes ends in one `=`: two bits of the last digit carry nothing.
    private func withSpareBits(_ base64: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let digits = Array(base64)
        let last = digits.count - 2
        guard let value = alphabet.firstIndex(of: digits[last]) else { return base64 }
        return String(digits[..<last]) + String(alphabet[value + 1]) + "="
    }

    /// A note as a signer without our rules would make it.
    private func signed(_ text: String, by signer: NoteSigner) throws -> [UInt8] {
        try SignedNote.testingOnlySign(text, by: signer)
    }

    @Test("changing any single byte of any file of a small export is found by verify or fsck")
    func everyByte() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        let export = try place.export()
        let folder = TileFolder(export)
        func isFound() throws -> Bool {
            if try !auditExport(folder).isVerified { return true }
            guard let head = try readHead(folder), let keys = try? readKeys(folder, role: "log") else { return true }
            return try !rehash(folder, head: head.note, keys: keys).isVerified
        }
        #expect(try !isFound())
        var seed: UInt64 = 5
        var count = 0
        for path in try folder.paths() {
            let url = URL(fileURLWithPath: "\(export)/\(path)")
            let original = try Data(contentsOf: url)
            // Kit and policy are found by their digest alone: the same look at every byte, so a sample of them is enough.
            let isWhole =
                path.hasPrefix("tile/") || path.hasPrefix("keys/")
                || ["checkpoint", "manifest", "trust"].contains(path)
            for index in stride(from: 0, to: original.count, by: isWhole ? 1 : 997) {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                var altered = original
                altered[index] ^= UInt8(1 + (seed >> 40) % 255)
                try altered.write(to: url)
                #expect(try isFound(), "\(path) byte \(index)")
                count += 1
            }
            try original.write(to: url)
        }
        #expect(count > 4000)
        // The kit's own verifiers find a change in any file too.
        for path in try folder.paths() {
            let url = URL(fileURLWithPath: "\(export)/\(path)")
            let original = try Data(contentsOf: url)
            var altered = original
            altered[original.count / 3] ^= 4
            try altered.write(to: url)
            #expect(try Tool.shell("sh Kit/verify.sh all \(export)").status == 1, "\(path)")
            #expect(try Tool.shell("\(Peers.kit.get()) all \(export)").status == 1, "\(path)")
            try original.write(to: url)
        }
        #expect(try verdicts(export) == ["privity": true, "fsck": true, "shell": true, "go": true])
    }

    @Test("in an export with complete tiles a changed byte is found too, wherever a sample falls")
    func sampledBytes() throws {
        let place = try Workplace()
        try place.example()
        var lines = Workplace.cast
        for number in 0..<260 { lines += #"{"do":"acknowledge","by":"ben","display":"Ben \#(number) O."}"# + "\n" }
        #expect(try place.apply(lines).status == 0)
        let export = try place.export()
        let folder = TileFolder(export)
        let head = try #require(try readHead(folder))
        #expect(head.head.size == 262)
        let paths = try folder.paths()
        for tile in ["tile/entries/000", "tile/entries/001.p/6", "tile/0/000", "tile/0/001.p/6", "tile/1/000.p/1"] {
            #expect(paths.contains(tile))
        }
        #expect(try verdicts(export) == ["privity": true, "fsck": true, "shell": true, "go": true])
        var seed: UInt64 = 11
        for round in 0..<120 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let path = paths[Int(seed >> 33) % paths.count]
            let url = URL(fileURLWithPath: "\(export)/\(path)")
            let original = try Data(contentsOf: url)
            let index = Int(seed >> 20 & 0xFFFFFF) % original.count
            var altered = original
            altered[index] ^= UInt8(1 + (seed >> 50) % 255)
            try altered.write(to: url)
            #expect(try !auditExport(folder).isVerified, "round \(round): \(path) byte \(index)")
            // What holds records or hashes is found by hashing alone.
            if path.hasPrefix("tile/") {
                let report = try rehash(folder, head: head.note, keys: readKeys(folder, role: "log"))
                #expect(!report.isVerified, "round \(round): \(path) byte \(index)")
            }
            try original.write(to: url)
        }
        #expect(try auditExport(folder).isVerified)
    }

    @Test(
        "a truncated, reordered, duplicated, oversized or missing tile, a foreign file and a link are each named, and nothing crashes"
    )
    func hostileExports() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        let export = try place.export()
        let bundle = try #require(try TileFolder(export).paths().first { $0.hasPrefix("tile/entries/") })
        let hashes = try #require(try TileFolder(export).paths().first { $0.hasPrefix("tile/0/") })
        func spoil(_ what: String, _ path: String, expecting: String..., by change: (inout Data) throws -> Void) throws
        {
            let url = URL(fileURLWithPath: "\(export)/\(path)")
            let original = try Data(contentsOf: url)
            var altered = original
            try change(&altered)
            try altered.write(to: url)
            let (verify, fsck) = (try Tool.run("audit", "verify", export), try Tool.run("audit", "fsck", export))
            #expect(verify.status == 1, "\(what): \(verify.out)\(verify.errors)")
            for word in expecting {
                #expect((verify.out + fsck.out + fsck.errors).contains(word), "\(what): \(verify.out)\(fsck.out)")
            }
            #expect(try Tool.shell("sh Kit/verify.sh all \(export)").status == 1, "\(what)")
            #expect(try Tool.shell("\(Peers.kit.get()) all \(export)").status == 1, "\(what)")
            try original.write(to: url)
        }
        try spoil("cut off", bundle, expecting: "ends within an entry") { $0.removeLast(10) }
        try spoil("cut within a length", bundle, expecting: "ends within a length") { data in
            var offset = 0
            for _ in 0..<3 { offset += 2 + Int(data[offset]) << 8 + Int(data[offset + 1]) }
            data = data.prefix(offset + 1)
        }
        try spoil("a byte more", bundle, expecting: "more than 4 entries") { $0.append(7) }
        try spoil("an entry twice", bundle, expecting: "more than 4 entries") {
            $0 += $0.prefix(2 + Int($0[0]) << 8 + Int($0[1]))
        }
        try spoil("entries exchanged", bundle, expecting: "genesis") { data in
            let first = 2 + Int(data[0]) << 8 + Int(data[1])
            let second = 2 + Int(data[first]) << 8 + Int(data[first + 1])
            data = data[first..<first + second] + data[0..<first] + data[(first + second)...]
        }
        try spoil("far too long", bundle, expecting: "longer than") { $0 += Data(repeating: 0, count: 1 << 20) }
        try spoil("a hash too many", hashes, expecting: "longer than") { $0 += Data(repeating: 0, count: 32) }
        try spoil("a hash exchanged", hashes, expecting: "states another hash") { data in
            data = data[32..<64] + data[0..<32] + data[64...]
        }
        try spoil("of another log", "checkpoint", expecting: "NOT verified") { data in
            data = Data(String(decoding: data, as: UTF8.self).replacingOccurrences(of: "mphp", with: "mpha").utf8)
        }
        for size in ["4611686018427387903", "9223372036854775807"] {
            try spoil("a size beyond all memory", "checkpoint", expecting: "is missing") { data in
                data = Data(
                    String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\n4\n", with: "\n\(size)\n").utf8)
            }
        }
        for path in ["extra", "tile/0/001", "keys/other.vkey"] {
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(export)/\(path)"))
            let run = try Tool.run("audit", "verify", export)
            #expect(run.status == 1 && run.out.contains("`\(path)` is not listed"), "\(run.out)")
            #expect(try Tool.shell("sh Kit/verify.sh all \(export)").status == 1, "\(path)")
            try FileManager.default.removeItem(atPath: "\(export)/\(path)")
        }
        // A link to a good copy is still no file of the export.
        try FileManager.default.moveItem(atPath: "\(export)/\(bundle)", toPath: "\(place.path)/moved")
        #expect(try Tool.run("audit", "verify", export).out.contains("`\(bundle)` is missing"))
        #expect(try Tool.run("audit", "fsck", export).out.contains("`\(bundle)` is missing"))
        try FileManager.default.createSymbolicLink(
            atPath: "\(export)/\(bundle)", withDestinationPath: "\(place.path)/moved")
        #expect(try Tool.run("audit", "verify", export).out.contains("`\(bundle)`: not a file"))
        try FileManager.default.removeItem(atPath: "\(export)/\(bundle)")
        try FileManager.default.moveItem(atPath: "\(place.path)/moved", toPath: "\(export)/\(bundle)")
        #expect(try Tool.run("audit", "verify", export).status == 0)
        // Folders that are no exports, and questions that make no sense.
        for arguments in [
            ["verify", place.path], ["fsck", place.path], ["consistency", place.path, export],
            ["prove", export, "--record", "99"],
            ["prove", export, "--from", "99"], ["prove", export],
            ["verify", export, "--cosigned", "\(export)/checkpoint"],
        ] {
            let run = try Tool.run(["audit"] + arguments)
            #expect(run.status == 2, "\(arguments): \(run.out)\(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        }
    }

    @Test(
        "an export grows in place, two exports are each a prefix of the other's log, and one that was changed is not built upon"
    )
    func incremental() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        let first = try place.export("first")
        let growing = try place.export("growing")
        #expect(try place.apply(#"{"do":"end","by":"phone:312-555-0142"}"# + "\n").status == 0)
        _ = try place.export("growing")
        let second = try place.export("second")
        func contents(_ export: String) throws -> [String: [UInt8]] {
            let folder = TileFolder(export)
            return try Dictionary(
                uniqueKeysWithValues: folder.paths().map { ($0, try folder.bytes(of: $0, atMost: 1 << 24) ?? []) })
        }
        #expect(try contents(growing) == contents(second))
        let (old, new) = (
            try #require(try readHead(TileFolder(first))).head, try #require(try readHead(TileFolder(second))).head
        )
        #expect(old.size < new.size)
        let (before, after) = (
            TileReader(TileFolder(first), size: old.size), TileReader(TileFolder(second), size: new.size)
        )
        for index in 0..<old.size { #expect(try before.entry(index) == after.entry(index)) }
        #expect(
            try Tool.run("audit", "consistency", first, second).out.contains(
                "\(new.size) records continue the \(old.size)"))
        let cutBack = try Tool.run("audit", "consistency", second, first)
        #expect(cutBack.status == 1 && cutBack.errors.contains("cut back"))
        // What is not an export of this log, or was meddled with, is refused and left as it is.
        let other = try Workplace()
        try other.example()
        for (folder, word) in [(growing, "another history"), (place.path, "is in the folder")] {
            let run = try Tool.run("audit", "export", other.data, folder, "--include-today")
            #expect(run.status == 3 && run.errors.contains(word), "\(run.errors)")
        }
        #expect(try contents(growing) == contents(second))
        let day = try Tool.run("audit", "export", other.data, "\(other.path)/log")
        #expect(day.status == 0, "a log that began months ago has a completed day: \(day.errors)")
    }

    @Test(
        "two auditors who were shown different histories find out when they compare heads, and a witness signs neither twice"
    )
    func splitView() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        let shared = try place.export("shared")
        // The operator keeps two folders under the same keys and tells each auditor another story.
        let twin = try Workplace()
        try FileManager.default.copyItem(atPath: place.data, toPath: twin.data)
        #expect(try place.apply(#"{"do":"end","by":"phone:312-555-0142"}"# + "\n").status == 0)
        #expect(try twin.apply(#"{"do":"rescind","by":"phone:312-555-0142"}"# + "\n").status == 0)
        let (anna, bert) = (try place.export("anna"), try twin.export("bert"))
        for export in [shared, anna, bert] { #expect(try Tool.run("audit", "verify", export).status == 0) }
        for (one, two) in [(anna, bert), (bert, anna)] {
            let run = try Tool.run("audit", "consistency", "\(one)/checkpoint", two)
            #expect(
                run.status == 1 && (run.errors.contains("two histories") || run.errors.contains("cut back")),
                "\(run.errors)")
        }
        #expect(try Tool.run("audit", "consistency", shared, anna).status == 0)
        #expect(try Tool.run("audit", "consistency", shared, bert).status == 0)

        // A witness who saw the shared head and then Anna's refuses Bert's, and says so after a restart of the program too.
        let passphrase = try place.write("witness-passphrase", "a passphrase of the witness\n")
        let state = "\(place.path)/witness"
        let made = try Tool.run(
            "audit", "witness", state, "--name", "auditor.example.net/cora", "--passphrase-file", passphrase)
        #expect(made.status == 0 && made.out.contains("witness cora auditor.example.net/cora+"), "\(made.errors)")
        func cosign(_ what: String, _ more: String...) throws -> Run {
            try Tool.run(["audit", "cosign", state, what, "--passphrase-file", passphrase] + more)
        }
        let nobody = try Tool.run("audit", "cosign", "\(place.path)/nobody", shared, "--passphrase-file", passphrase)
        #expect(nobody.status == 2 && nobody.errors.contains("no witness folder here"), "\(nobody.errors)")
        let unknown = try cosign(shared)
        #expect(unknown.status == 1 && unknown.errors.contains("--fingerprint"), "\(unknown.errors)")
        let fingerprint = try #require(
            try Tool.run("audit", "verify", shared).out.split(separator: "\n").first { $0.hasPrefix("fingerprint ") }?
                .dropFirst(12)
        )
        #expect(try cosign(shared, "--fingerprint", String(repeating: "0", count: 64)).status == 1)
        let line = try cosign(shared, "--fingerprint", String(fingerprint))
        #expect(line.status == 0, "\(line.errors)")
        let seen = try cosign(anna)
        #expect(seen.status == 0, "\(seen.errors)")
        let fork = try cosign(bert)
        #expect(
            fork.status == 1 && (fork.errors.contains("two histories") || fork.errors.contains("cut back")),
            "\(fork.errors)")
        #expect(try cosign(shared).errors.contains("cut back"))
        #expect(try cosign(anna).status == 0)

        // The line counts with everybody: the shell script, the Go program, and a trust policy with a quorum.
        let cosigned = try place.write("cosigned", seen.out)
        let key = try #require(made.out.split(separator: "\n").last?.split(separator: " ").last).description
        for verifier in ["dash Kit/verify.sh", try Peers.kit.get()] {
            let run = try Tool.shell("\(verifier) cosignature \(cosigned) \(key)")
            #expect(run.status == 0 && run.out.contains("auditor.example.net/cora saw"), "\(run.out)\(run.errors)")
            let time = try #require(run.out.split(separator: " ").last { Int($0.dropLast()) != nil })
            #expect(abs((Double(time.dropLast()) ?? 0) - Date().timeIntervalSince1970) < 3600)
            let forged = try place.write("forged", seen.out.replacingOccurrences(of: "cora ", with: "cora A"))
            #expect(try Tool.shell("\(verifier) cosignature \(forged) \(key)").status == 1)
            #expect(try Tool.shell("\(verifier) checkpoint \(cosigned) \(anna)/keys/log.vkey").status == 0)
        }
        let log = try String(contentsOfFile: "\(anna)/keys/log.vkey", encoding: .utf8)
        let trust = try place.write("trust", "log \(log)witness cora \(key)\nquorum cora\n")
        let alone = try Tool.run("audit", "verify", anna, "--trust", trust)
        #expect(alone.status == 1 && alone.out.contains("quorum"), "\(alone.out)")
        #expect(try Tool.run("audit", "verify", anna, "--trust", trust, "--cosigned", cosigned).status == 0)
        let shown = try Tool.run("audit", "verify", bert, "--trust", trust, "--cosigned", cosigned)
        #expect(shown.status == 1, "\(shown.out)")
        // A witness request, as c2sp.org/tlog-witness puts it, is answered with the line alone.
        let request = try place.write(
            "request",
            try Tool.run("audit", "prove", anna, "--from", "\(try #require(try readHead(TileFolder(anna))).head.size)")
                .out)
        let answer = try cosign(request)
        #expect(answer.status == 0 && answer.out.hasPrefix("— auditor.example.net/cora "), "\(answer.errors)")
        let stale = try place.write("stale", try Tool.run("audit", "prove", bert, "--from", "1").out)
        #expect(try cosign(stale).status == 1)
        let broken = try place.write("broken", "log x\n")
        let problem = try Tool.run("audit", "verify", anna, "--trust", broken)
        #expect(problem.status == 2 && problem.errors.contains("line 1: expected `log`"), "\(problem.errors)")
    }

    @Test(
        "a value that its owner reveals opens its commitment, with privity, the shell script and the Go program; another value or opening does not"
    )
    func commitment() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        let export = try place.export()
        let note = String(decoding: try TileReader(TileFolder(export), size: 4).entry(2), as: UTF8.self)
        let id = String(note.components(separatedBy: #""release":""#)[1].prefix(32))
        let revealed = try Tool.run("release", "reveal", place.data, id, "--field", "fields.phone")
        #expect(revealed.status == 0, "\(revealed.errors)")
        let lines = revealed.out.split(separator: "\n").map { String($0.split(separator: " ").last ?? "") }
        #expect(note.contains(lines[2]) && !revealed.out.contains("5550142"))
        let receipt = "\(place.path)/receipt"
        #expect(try Tool.run("release", "export", place.data, id, receipt).status == 0)
        for (value, status) in [("+13125550142", Int32(0)), ("+13125550143", 1)] {
            let check = try Tool.run(
                "audit", "check", "\(receipt)/2.note", "\(receipt)/2.tlog-proof", "--keys", export, "--reveal",
                "fields.phone",
                "--value", value, "--opening", lines[1])
            #expect(check.status == status, "\(check.out)\(check.errors)")
            #expect(!(check.out + check.errors).contains("5550142"))
            for verifier in ["dash Kit/verify.sh", try Peers.kit.get()] {
                #expect(
                    try Tool.shell("\(verifier) commitment fields.phone \(value) \(lines[1]) \(lines[2])").status
                        == status)
            }
        }
        #expect(try Tool.run("release", "reveal", place.data, id, "--field", "purpose").status == 2)
        #expect(
            try Tool.run("release", "reveal", place.data, String(repeating: "0", count: 32), "--field", "fields.phone")
                .status == 1)

        let key = [UInt8](repeating: 0x5A, count: 32)
        let stated = try Commitment("fields.phone", "+13125550142", key: key).base64
        for verifier in ["dash Kit/verify.sh", try Peers.kit.get()] {
            for (value, opening, isRight) in [
                ("+13125550142", Hex.format(key), true), ("+13125550143", Hex.format(key), false),
                ("+13125550142", Hex.format(Array(key.reversed().dropLast() + [0])), false),
                ("+13125550142", "xyz", false),
            ] {
                let run = try Tool.shell("\(verifier) commitment fields.phone \(value) \(opening) \(stated)")
                #expect((run.status == 0) == isRight, "\(verifier): \(run.out)\(run.errors)")
            }
        }
    }
}
