import Cryptography
import FolderDriver
import Foundation
import ReleaseLedger
import ReleaseWorkflow
import Testing
import TransparencyLog

@testable import ReleaseService

/// A log written by hand, with every freedom that somebody with the keys would have.
private struct Forger {
    static let origin = "example.org/forged"
    let record: NoteSigner
    let log: NoteSigner
    let recovery: NoteSigner
    var entries: [[UInt8]] = []
    static let document = Array(#"{"program":"forged"}"#.utf8)
    let policy = Hex.format(SHA256.hash(Forger.document))

    init() throws {
        record = try NoteSigner(name: "\(Self.origin)/record", key: .generate())
        log = try NoteSigner(name: Self.origin, key: .generate())
        recovery = try NoteSigner(name: "\(Self.origin)/recovery", key: .generate())
        try add(
            .genesis,
            [
                "log": .string(log.key.text), "origin": .string(Self.origin), "policy": .string(policy),
                "record": .string(record.key.text), "recovery": .string(recovery.key.text),
            ])
    }

    static let id = String(repeating: "0f", count: 16)
    static let hash = TreeHash.leaf([1]).base64

    mutating func add(
        _ type: RecordType, _ members: [String: CanonicalJSON], at date: String = "2026-01-05",
        by signers: [NoteSigner]? = nil
    ) throws {
        var all = members
        all["v"] = .integer(1)
        all["at"] = .string(date)
        let text = try Record(origin: Self.origin, type: type, json: .object(all)).text
        entries.append(try (signers ?? [record]).reduce(SignedNote(unsigned: text)) { try $0.signed(by: $1) }.bytes)
    }

    mutating func key(
        _ signer: NoteSigner, role: String = "record", state: String = "active", from: Int? = nil,
        by signers: [NoteSigner]
    ) throws {
        try add(
            .key,
            [
                "from": .integer(from ?? entries.count + 1), "key": .string(signer.key.text), "role": .string(role),
                "state": .string(state),
            ], by: signers)
    }

    private func ofRelease(_ sequence: Int, _ id: String, _ policy: String?) -> [String: CanonicalJSON] {
        ["policy": .string(policy ?? self.policy), "release": .string(id), "seq": .integer(sequence)]
    }

    mutating func release(
        id: String = Forger.id, sequence: Int = 0, policy: String? = nil, expires: String = "2027-01-05",
        at date: String = "2026-01-05",
        supersedes: CanonicalJSON? = nil
    ) throws {
        var members = ofRelease(sequence, id, policy)
        members["by"] = .object([
            "channel": .string("screen"), "evidence": .string(Self.hash), "principal": .string(Self.hash),
        ])
        members["expires"] = .object(["date": .string(expires), "on": .array([.string("relationshipEnded")])])
        members["fields"] = .object(["firstName": .string(Self.hash), "phone": .string(Self.hash)])
        members["form"] = .string(self.policy)
        members["purpose"] = .string("firstCallAndMeeting")
        members["shown"] = .string(Self.hash)
        members["to"] = .object(["person": .string(Self.hash)])
        members["supersedes"] = supersedes
        try add(.release, members, at: date)
    }

    func pointer(_ index: Int, origin: String = Forger.origin) -> CanonicalJSON {
        .object([
            "index": .integer(index), "leaf": .string(TreeHash.leaf(entries[index]).base64), "origin": .string(origin),
        ])
    }

    mutating func disclosure(
        under: CanonicalJSON, id: String = Forger.id, sequence: Int = 1,
        fields: [PermittedField] = [.firstName, .phone],
        notice: String? = nil, at date: String = "2026-01-05"
    ) throws {
        var members = ofRelease(sequence, id, nil)
        members["act"] = .string(Self.hash)
        members["card"] = .integer(1)
        members["fields"] = .array(fields.map { .string($0.rawValue) })
        members["notice"] = .string(notice ?? Hex.format(SHA256.hash(Array(RedisclosureNotice.text(for: fields).utf8))))
        members["rule"] = .string("mphp/mentorship/disclose")
        members["to"] = .object(["person": .string(Self.hash)])
        members["under"] = under
        try add(.disclosure, members, at: date)
    }

    mutating func end(
        _ type: RecordType, under: CanonicalJSON, id: String = Forger.id, sequence: Int, at date: String = "2026-01-05"
    ) throws {
        var members = ofRelease(sequence, id, nil)
        members["under"] = under
        if type == .rescission {
            members["by"] = .object(["channel": .string("phone"), "principal": .string(Self.hash)])
        }
        try add(type, members, at: date)
    }

    /// Audits the log under a head that its log key signs.
    func audit(by signer: NoteSigner? = nil, cosigned: [Checkpoint] = []) throws -> [AuditReport.Finding] {
        var audit = LogAudit(origin: Self.origin, cosigned: cosigned)
        // In two parts, so that entries are read one by one and on every core.
        for entry in entries.prefix(2) { audit.add(entry) }
        audit.add(Array(entries.dropFirst(2)))
        let head = Checkpoint(origin: Self.origin, size: entries.count, root: audit.root)
        return audit.finish(head: try (signer ?? log).sign(head.text).bytes).findings
    }
}

extension Forger {
    /// Writes what an auditor would be given, with a manifest and a head by these keys.
    func export(to path: String, record: NoteSigner, log: NoteSigner) throws {
        let folder = TileFolder(path)
        var tree = MerkleTree()
        for entry in entries { _ = tree.append(.leaf(entry)) }
        var digests: [String: String] = [:]
        func put(_ name: String, _ bytes: [UInt8]) throws {
            try folder.write(name, bytes)
            digests[name] = Hex.format(SHA256.hash(bytes))
        }
        let width = entries.count
        try put(TilePath(.entries, number: 0, width: width).text, EntryBundle.format(entries))
        try put(TilePath(.hashes(level: 0), number: 0, width: width).text, entries.flatMap { TreeHash.leaf($0).bytes })
        try put("checkpoint", log.sign(Checkpoint(origin: Self.origin, size: width, root: tree.root).text).bytes)
        for (name, key) in [("log", log.key), ("record", record.key), ("recovery", recovery.key)] {
            try put("keys/\(name).vkey", Array("\(key.text)\n".utf8))
        }
        for (role, old, now) in [("log", self.log.key, log.key), ("record", self.record.key, record.key)]
        where old != now {
            try put("keys/\(role)-\(Hex.format(old.id)).vkey", Array("\(old.text)\n".utf8))
        }
        try put("policy/\(policy).json", Self.document)
        try put("trust", Array("log \(log.key.text)\nquorum none\n".utf8))
        let manifest = Manifest(origin: Self.origin, size: width, root: tree.root, digests: digests)
        try folder.write("manifest", record.sign(manifest.text).bytes)
    }

    /// The verdicts of the shell script and the Go program, run from within the folder as its page says, and privity.
    func verdicts(
        record: NoteSigner? = nil, log: NoteSigner? = nil, beside: [String: String] = [:]
    ) throws -> [(verifier: String, verdict: String)] {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("privity-forged-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try export(to: path, record: record ?? self.record, log: log ?? self.log)
        for (name, text) in beside { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
        func run(_ command: String) throws -> String {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", command]
            process.currentDirectoryURL = URL(fileURLWithPath: path)
            let (out, errors) = (Pipe(), Pipe())
            process.standardOutput = out
            process.standardError = errors
            try process.run()
            let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            let last = text.split(separator: "\n").last.map(String.init) ?? ""
            return process.terminationStatus == 0
                ? "verified" : process.terminationStatus == 1 ? last : "crashed: \(complaint)"
        }
        let report = try auditExport(TileFolder(path))
        return [
            ("shell", try run("dash \(repository.path)/Kit/verify.sh all .")),
            ("Go", try run("\(Self.program.get()) all .")),
            ("privity", report.isVerified ? "verified" : "\(report.findings)"),
        ]
    }

    private static let program = Result { () throws -> String in
        let program = FileManager.default.temporaryDirectory.appendingPathComponent("privity-kit-\(UUID())").path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c",
            "cd /tmp && GO111MODULE=off GOFLAGS= GOPATH=/usr/share/gocode GOCACHE=${GOCACHE:-/tmp/privity-go-cache} go build -o \(program) \(repository.path)/Kit/verify.go",
        ]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return program
    }
}

@Suite("Rules of the log")
struct LogRulesTests {
    @Test("a log that keeps every rule has no finding")
    func clean() throws {
        var log = try Forger()
        try log.release()
        try log.disclosure(under: log.pointer(1))
        try log.end(.closing, under: log.pointer(1), sequence: 2)
        try log.end(.rescission, under: log.pointer(1), sequence: 3, at: "2026-01-04")
        #expect(try log.audit() == [])
    }

    @Test(
        "each rule that a log breaks is named, with the record and the paragraph",
        arguments: [
            ("a disclosure with no release", 1, "42 CFR 2.31(c)", "without its release"),
            ("a disclosure after its rescission", 3, "42 CFR 2.31(c)", "after the release ended"),
            ("a disclosure after its closing", 3, "42 CFR 2.31(c)", "after the release ended"),
            ("a disclosure after the last day", 2, "42 CFR 2.31(c)", "when the release expired"),
            ("a disclosure of fewer fields", 2, "42 CFR 2.13(a)", "other fields"),
            ("a disclosure without the notice", 2, "42 CFR 2.32(a)", "without the notice"),
            ("a second disclosure", 3, "disclosure", "a second disclosure"),
            ("a disclosure under another release", 3, "42 CFR 2.31(c)", "without its release"),
            ("a disclosure under another log", 2, "42 CFR 2.31(c)", "without its release"),
            ("a gap in the sequence", 2, "sequence", "number 2, expected 1"),
            ("a release recorded twice", 2, "release", "recorded twice"),
            ("a release under an unknown policy", 1, "policy", "never stated"),
            ("a release that expires before it is signed", 1, "42 CFR 2.31(a)(7)", "expires before"),
            ("a release in place of nothing", 1, "supersedes", "names no earlier release"),
            ("a release in place of one that ended", 3, "supersedes", "had ended"),
            ("an older date", 2, "order of dates", "dated 2026-01-04"),
            ("a rescission of nothing", 1, "closing", "not there"),
            ("a rescission twice", 3, "rescission", "rescinded twice"),
            ("a closing twice", 3, "closing", "closed twice"), ("a second genesis", 1, "genesis", "a second genesis"),
            ("a record of two signers", 1, "signature", "once"),
            ("a record of the log key", 1, "signature", "not signed by the record key"),
            ("a record of another log", 1, "canonical form", "type line"),
            ("not a note", 1, "signed note", "not a signed note"),
        ])
    func broken(what: String, index: Int, rule: String, message: String) throws {
        var log = try Forger()
        let other = String(repeating: "1e", count: 16)
        switch what {
        case "a disclosure with no release": try log.disclosure(under: log.pointer(0))
        case "a disclosure after its rescission":
            try log.release()
            try log.end(.rescission, under: log.pointer(1), sequence: 1)
            try log.disclosure(under: log.pointer(1), sequence: 2)
        case "a disclosure after its closing":
            try log.release()
            try log.end(.closing, under: log.pointer(1), sequence: 1)
            try log.disclosure(under: log.pointer(1), sequence: 2)
        case "a disclosure after the last day":
            try log.release(expires: "2026-01-06")
            try log.disclosure(under: log.pointer(1), at: "2026-01-07")
        case "a disclosure of fewer fields":
            try log.release()
            try log.disclosure(under: log.pointer(1), fields: [.phone])
        case "a disclosure without the notice":
            try log.release()
            try log.disclosure(under: log.pointer(1), notice: log.policy)
        case "a second disclosure":
            try log.release()
            try log.disclosure(under: log.pointer(1))
            try log.disclosure(under: log.pointer(1), sequence: 2)
        case "a disclosure under another release":
            try log.release()
            try log.release(id: other)
            try log.disclosure(under: log.pointer(1), id: other)
        case "a disclosure under another log":
            try log.release()
            try log.disclosure(under: log.pointer(1, origin: "example.org/other"))
        case "a gap in the sequence":
            try log.release()
            try log.disclosure(under: log.pointer(1), sequence: 2)
        case "a release recorded twice":
            try log.release()
            try log.release(sequence: 1)
        case "a release under an unknown policy": try log.release(policy: String(repeating: "cd", count: 32))
        case "a release that expires before it is signed": try log.release(expires: "2026-01-04")
        case "a release in place of nothing": try log.release(supersedes: log.pointer(0))
        case "a release in place of one that ended":
            try log.release()
            try log.end(.rescission, under: log.pointer(1), sequence: 1)
            try log.release(id: other, supersedes: log.pointer(1))
        case "an older date":
            try log.release()
            try log.release(id: other, at: "2026-01-04")
        case "a rescission of nothing": try log.end(.rescission, under: log.pointer(0), sequence: 0)
        case "a rescission twice":
            try log.release()
            for number in 1...2 { try log.end(.rescission, under: log.pointer(1), sequence: number) }
        case "a closing twice":
            try log.release()
            for number in 1...2 { try log.end(.closing, under: log.pointer(1), sequence: number) }
        case "a second genesis": log.entries.append(log.entries[0])
        case "a record of two signers":
            try log.add(
                .policy,
                [
                    "effective": .string("2026-01-05"), "policy": .string(log.policy), "program": .string("x"),
                    "version": .integer(2),
                ], by: [log.record, log.log])
        case "a record of the log key":
            try log.add(
                .policy,
                [
                    "effective": .string("2026-01-05"), "policy": .string(log.policy), "program": .string("x"),
                    "version": .integer(2),
                ], by: [log.log])
        case "a record of another log":
            log.entries.append(try log.record.sign("example.org/other/closing/v1\n{}\n").bytes)
        case "not a note": log.entries.append([1, 2, 3])
        default: Issue.record("no such story: \(what)")
        }
        let findings = try log.audit()
        #expect(
            findings.contains { $0.index == index && $0.rule == rule && $0.message.contains(message) },
            "\(what): \(findings)")
    }

    @Test(
        "a key comes into force by those who hand over and takes effect with the next record; no other statement and no other range counts"
    )
    func keys() throws {
        let start = try Forger()
        let next = try NoteSigner(name: start.record.key.name, key: .generate())
        let nextLog = try NoteSigner(name: start.log.key.name, key: .generate())
        let stranger = try NoteSigner(name: start.record.key.name, key: .generate())
        func findings(
            _ by: NoteSigner? = nil, cosigned: [Checkpoint] = [], _ build: (inout Forger) throws -> Void
        ) throws -> [AuditReport.Finding] {
            var log = start
            try build(&log)
            return try log.audit(by: by, cosigned: cosigned)
        }
        func policy(_ log: inout Forger, by signer: NoteSigner) throws {
            try log.add(
                .policy,
                [
                    "effective": .string("2026-01-05"), "policy": .string(log.policy), "program": .string("x"),
                    "version": .integer(2),
                ],
                by: [signer])
        }
        // What counts.
        #expect(
            try findings {
                try $0.key(next, by: [$0.record, next])
                try policy(&$0, by: next)
            } == [])
        #expect(try findings(nextLog) { try $0.key(nextLog, role: "log", by: [$0.record, $0.log, nextLog]) } == [])
        // What does not: too few signers, a stranger among them, one too many, another start, a key that was there before.
        for signers in [
            [start.record], [next], [start.record, stranger], [start.record, next, start.recovery],
            [start.recovery, next],
        ] {
            #expect(try findings { try $0.key(next, by: signers) }.contains { $0.index == 1 && $0.rule == "key" })
        }
        for from in [0, 1, 3, 99] {
            #expect(
                try findings { try $0.key(next, from: from, by: [$0.record, next]) }.contains {
                    $0.index == 1 && $0.rule == "key"
                })
        }
        #expect(try findings { try $0.key($0.record, by: [$0.record]) }.contains { $0.index == 1 })
        #expect(
            try findings { try $0.key(nextLog, by: [$0.record, nextLog]) }.contains {
                $0.message.contains("another name")
            })
        #expect(
            try findings { try $0.key(nextLog, role: "log", by: [$0.log, nextLog]) }.contains {
                $0.index == 1 && $0.rule == "key"
            })
        // Ranges: the old key after, the new key before, the old log key on the new head.
        #expect(
            try findings {
                try $0.key(next, by: [$0.record, next])
                try policy(&$0, by: $0.record)
            }.contains { $0.index == 2 && $0.rule == "signature" })
        #expect(
            try findings {
                try policy(&$0, by: next)
                try $0.key(next, by: [$0.record, next])
            }.contains { $0.index == 1 && $0.rule == "signature" })
        #expect(
            try findings { try $0.key(nextLog, role: "log", by: [$0.record, $0.log, nextLog]) }.contains {
                $0.rule == "head"
            })
    }

    @Test(
        "a revocation is the recovery key's alone, and what the key had signed counts up to the last head that witnesses signed before it"
    )
    func revocation() throws {
        let start = try Forger()
        let next = try NoteSigner(name: start.record.key.name, key: .generate())
        func log(_ build: (inout Forger) throws -> Void) throws -> Forger {
            var log = start
            try log.release()
            try log.disclosure(under: log.pointer(1))
            try build(&log)
            return log
        }
        func revoke(_ log: inout Forger, by signers: [NoteSigner], from: Int = 3) throws {
            try log.key(log.record, state: "revoked", from: from, by: signers)
        }
        let whole = try log {
            try revoke(&$0, by: [$0.recovery])
            try $0.key(next, by: [$0.recovery, next])
            try $0.end(.closing, under: $0.pointer(1), sequence: 2)
        }
        // The closing is under a key that the release was not: signed by the old key, it does not count.
        #expect(try whole.audit().contains { $0.index == 5 && $0.rule == "signature" })
        let good = try log {
            try revoke(&$0, by: [$0.recovery])
            try $0.key(next, by: [$0.recovery, next])
        }
        func head(_ size: Int) -> Checkpoint {
            var tree = MerkleTree()
            for entry in good.entries.prefix(size) { _ = tree.append(.leaf(entry)) }
            return Checkpoint(origin: Forger.origin, size: size, root: tree.root)
        }
        for (seen, first) in [([], 0), ([head(1)], 1), ([head(2)], 2), ([head(2), head(1)], 2), ([head(5)], 0)]
            as [([Checkpoint], Int)]
        {
            let findings = try good.audit(cosigned: seen)
            #expect(
                findings.count == 1 && findings[0].index == first && findings[0].rule == "revoked key",
                "\(seen.map(\.size)): \(findings)")
        }
        #expect(try good.audit(cosigned: [head(3)]) == [])
        #expect(try good.audit(cosigned: [head(3), head(5)]) == [])
        // What the revoked key signs afterwards counts under no head at all, and nothing but the replacement may follow.
        let after = try log {
            try revoke(&$0, by: [$0.recovery])
            try $0.end(.closing, under: $0.pointer(1), sequence: 2)
        }
        #expect(try after.audit(cosigned: [head(3)]).contains { $0.index == 4 && $0.rule == "signature" })
        #expect(try after.audit(cosigned: [head(3)]).contains { $0.index == 4 && $0.rule == "revoked key" })
        let headless = try log { try $0.key($0.log, role: "log", state: "revoked", from: 3, by: [$0.recovery]) }
        #expect(try headless.audit().contains { $0.rule == "head" })
        // The statement itself may name an earlier place.
        let earlier = try log {
            try revoke(&$0, by: [$0.recovery], from: 2)
            try $0.key(next, by: [$0.recovery, next])
        }
        #expect(try earlier.audit(cosigned: [head(3)]).contains { $0.index == 2 && $0.rule == "revoked key" })
        // Another history under the same sizes is a split view.
        let fork = Checkpoint(origin: Forger.origin, size: 2, root: .leaf([9]))
        #expect(try good.audit(cosigned: [fork]).contains { $0.rule == "split view" })
        for signers in [[start.record], [start.recovery, start.record], [start.log], [next]] {
            #expect(try log { try revoke(&$0, by: signers) }.audit().contains { $0.index == 3 && $0.rule == "key" })
        }
        #expect(
            try log { try revoke(&$0, by: [$0.recovery], from: 9) }.audit().contains {
                $0.index == 3 && $0.rule == "key"
            })
        for signers in [[start.recovery], [next], [start.record, next]] {
            let findings = try log {
                try revoke(&$0, by: [$0.recovery])
                try $0.key(next, by: signers)
            }.audit(cosigned: [head(3)])
            #expect(findings.contains { $0.index == 4 && $0.rule == "key" })
        }
        #expect(
            try log {
                try revoke(&$0, by: [$0.recovery])
                try revoke(&$0, by: [$0.recovery])
            }.audit().contains { $0.index == 4 && $0.rule == "revoked key" })
    }

    @Test(
        "the shell script and the Go program refuse what the audit refuses: keys, sequence, a disclosure that no release stands behind; and forged files beside the log change nothing"
    )
    func kit() throws {
        let start = try Forger()
        let next = try NoteSigner(name: start.record.key.name, key: .generate())
        let nextLog = try NoteSigner(name: start.log.key.name, key: .generate())
        let other = String(repeating: "1e", count: 16)
        func policy(_ log: inout Forger, by signers: [NoteSigner]) throws {
            try log.add(
                .policy,
                [
                    "effective": .string("2026-01-05"), "policy": .string(log.policy), "program": .string("x"),
                    "version": .integer(2),
                ],
                by: signers)
        }
        struct Story {
            let name: String
            var record: NoteSigner?
            var log: NoteSigner?
            var beside: [String: String] = [:]
            var isGood = false
            let build: (inout Forger) throws -> Void
        }
        let stories = [
            Story(name: "every rule kept", isGood: true) {
                try $0.release()
                try $0.disclosure(under: $0.pointer(1))
                try $0.end(.closing, under: $0.pointer(1), sequence: 2)
                try $0.end(.rescission, under: $0.pointer(1), sequence: 3)
            },
            Story(name: "a rotation of both keys", record: next, log: nextLog, isGood: true) {
                try $0.key(next, by: [$0.record, next])
                try $0.key(nextLog, role: "log", by: [next, $0.log, nextLog])
                try policy(&$0, by: [next])
            },
            Story(name: "a revocation of a key whose records no witness saw", record: next) {
                try $0.key($0.record, state: "revoked", from: 1, by: [$0.recovery])
                try $0.key(next, by: [$0.recovery, next])
                try policy(&$0, by: [next])
            },
            Story(name: "a disclosure after its rescission") {
                try $0.release()
                try $0.end(.rescission, under: $0.pointer(1), sequence: 1)
                try $0.disclosure(under: $0.pointer(1), sequence: 2)
            }, Story(name: "a disclosure without a release") { try $0.disclosure(under: $0.pointer(0), sequence: 0) },
            Story(name: "a disclosure under another release") {
                try $0.release()
                try $0.release(id: other)
                try $0.disclosure(under: $0.pointer(1), id: other)
            },
            Story(name: "a gap in the sequence") {
                try $0.release()
                try $0.disclosure(under: $0.pointer(1), sequence: 2)
            }, Story(name: "a second genesis") { $0.entries.append($0.entries[0]) },
            Story(name: "a record by the new key too early", record: next) {
                try policy(&$0, by: [next])
                try $0.key(next, by: [$0.record, next])
            },
            Story(name: "a record by the old key too late", record: next) {
                try $0.key(next, by: [$0.record, next])
                try policy(&$0, by: [$0.record])
            }, Story(name: "a rotation without the old key", record: next) { try $0.key(next, by: [next]) },
            Story(name: "a rotation without the new key", record: next) { try $0.key(next, by: [$0.record]) },
            Story(name: "a rotation from another place", record: next) {
                try $0.key(next, from: 9, by: [$0.record, next])
            },
            Story(name: "a log key without the record key", log: nextLog) {
                try $0.key(nextLog, role: "log", by: [$0.log, nextLog])
            },
            Story(name: "an old head after a rotation") {
                try $0.key(nextLog, role: "log", by: [$0.record, $0.log, nextLog])
            },
            Story(name: "a revocation by the record key") {
                try $0.key($0.record, state: "revoked", from: 1, by: [$0.record])
            },
            Story(name: "a record by a revoked key") {
                try $0.key($0.record, state: "revoked", from: 1, by: [$0.recovery])
                try policy(&$0, by: [$0.record])
            },
            Story(name: "a revocation at the end") {
                try $0.key($0.record, state: "revoked", from: 1, by: [$0.recovery])
            },
            Story(name: "a log key put into force by a revoked record key", log: nextLog) {
                try $0.key($0.record, state: "revoked", from: 1, by: [$0.recovery])
                try $0.key(nextLog, role: "log", by: [$0.record, $0.log, nextLog])
            },
            Story(name: "a head by a revoked log key") {
                try $0.key($0.log, role: "log", state: "revoked", from: 1, by: [$0.recovery])
                try policy(&$0, by: [$0.record])
            },
            Story(name: "a replacement without the recovery key", record: next) {
                try $0.key($0.record, state: "revoked", from: 1, by: [$0.recovery])
                try $0.key(next, by: [$0.record, next])
            },
            Story(name: "a key from a file beside the log", record: next, beside: ["0": next.key.text]) {
                try policy(&$0, by: [$0.record])
                try $0.key(next, state: "revoked", from: 1, by: [next])
            },
            Story(name: "a record with a stranger's line too") { try policy(&$0, by: [$0.record, $0.recovery]) },
            Story(name: "a release id that is a path") { log in
                for _ in 0..<2 {
                    let json = #"{"at":"2026-01-05","policy":"\#(log.policy)","release":"a/b","seq":0,"v":1}"#
                    log.entries.append(try log.record.sign("\(Forger.origin)/closing/v1\n\(json)\n").bytes)
                }
            },
            Story(name: "a member of another spelling") { log in
                let json = #"{"at":"2026-01-05","Policy":"x","policy":"\#(log.policy)","v":1,"v":1}"#
                log.entries.append(try log.record.sign("\(Forger.origin)/policy/v1\n\(json)\n").bytes)
            },
            Story(name: "a record of a log with a longer name") { log in
                log.entries.append(try log.record.sign("evil/\(Forger.origin)/policy/v1\n{}\n").bytes)
            },
        ]
        for story in stories {
            var log = start
            try story.build(&log)
            for (verifier, verdict) in try log.verdicts(record: story.record, log: story.log, beside: story.beside) {
                #expect((verdict == "verified") == story.isGood, "\(story.name): \(verifier): \(verdict)")
                #expect(!verdict.hasPrefix("crashed"), "\(story.name): \(verifier): \(verdict)")
            }
        }
    }
}
