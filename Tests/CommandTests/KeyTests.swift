import Cryptography
import Foundation
import ReleaseLedger
import ReleaseService
import ReleaseWorkflow
import Testing
import TransparencyLog

@testable import FolderDriver

@Suite("Keys, backup, restore")
struct KeyTests {
    private let end = #"{"do":"end","by":"phone:312-555-0142"}"# + "\n"

    private func verified(_ export: String) throws -> [String: Bool] {
        [
            "privity": try Tool.run("audit", "verify", export).status == 0,
            "fsck": try Tool.run("audit", "fsck", export).status == 0,
            "shell": try Tool.shell("dash Kit/verify.sh all \(export)").status == 0,
            "go": try Tool.shell("\(Peers.kit.get()) all \(export)").status == 0,
        ]
    }

    private let all = ["privity": true, "fsck": true, "shell": true, "go": true]

    private func files(_ place: Workplace) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: place.data + "/keys").filter { $0.hasSuffix(".pem") }
            .sorted()
    }

    @Test(
        "a rotation of either key is signed by old and new, the old private key is gone, everything before and after verifies, and an old head is continued"
    )
    func rotation() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        let before = try place.export("before")
        let old = try files(place)
        #expect(old == ["log.pem", "record.pem"])
        for role in ["record", "log", "record"] {
            let run = try Tool.run("key", "rotate", place.data, role)
            #expect(run.status == 0 && run.out.contains("puts a new \(role) key into force"), "\(run.errors)")
        }
        let now = try files(place)
        #expect(now.count == 2 && Set(now).isDisjoint(with: old))
        #expect(try place.apply(end).status == 0)
        let listed = try Tool.run("key", "list", place.data).out
        #expect(
            listed.split(separator: "\n").count == 6 && listed.contains("until 5") && listed.contains("from 7"),
            "\(listed)")
        let after = try place.export("after")
        #expect(try verified(after) == all)
        #expect(try Tool.run("audit", "verify", place.data).status == 0)
        // The head that somebody kept is signed by the old log key, and its log is still this one.
        #expect(try Tool.run("audit", "consistency", before, after).status == 0)
        // A receipt from before is checked with the older keys, which lie beside the others.
        let proof = try place.write(
            "receipt.proof",
            try Tool.run("audit", "prove", before, "--record", "2", "--note", "\(place.path)/2.note").out)
        #expect(try Tool.run("audit", "check", "\(place.path)/2.note", proof, "--keys", after).status == 0)
        // The card still opens to its reader, and records under the new key open cards too.
        #expect(try Tool.run("audit", "verify", after, "--json").out.contains(#""key":3"#))
        // Not an older record key, nor a stranger, nor the same key again.
        #expect(try Tool.run("key", "rotate", place.data, "other").status == 2)
    }

    @Test(
        "a revocation is the recovery key's alone: signing stops at once, rescissions are taken, and what the revoked key signed counts only under a head that witnesses had signed"
    )
    func revocation() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        let early = try place.export("early")
        // A witness sees the log before anything happens.
        let passphrase = try place.write("witness-passphrase", "a passphrase of the witness\n")
        let made = try Tool.run(
            "audit", "witness", "\(place.path)/witness", "--name", "auditor.example.net/cora", "--passphrase-file",
            passphrase)
        let key = try #require(made.out.split(separator: "\n").last?.split(separator: " ").last).description
        let fingerprint = try #require(
            try Tool.run("audit", "verify", early).out.split(separator: "\n").first { $0.hasPrefix("fingerprint ") }?
                .dropFirst(12))
        let line = try Tool.run(
            "audit", "cosign", "\(place.path)/witness", early, "--passphrase-file", passphrase, "--fingerprint",
            String(fingerprint)
        )
        #expect(line.status == 0, "\(line.errors)")
        let cosigned = try place.write("cosigned", line.out)

        // The recovery key goes to its own place.
        let recovery = "\(place.path)/recovery.pem"
        try FileManager.default.moveItem(atPath: "\(place.data)/recovery.pem", toPath: recovery)
        #expect(try place.apply(#"{"do":"showAccounting","by":"phone:312-555-0142"}"# + "\n").status == 0)
        let statements = "\(place.path)/statements"
        let stop = try Tool.run("key", "revoke", place.data, "record", "--out", statements)
        #expect(stop.status == 0 && stop.out.contains("signing has stopped"), "\(stop.errors)")
        // Nothing is shown any more, and an end is still taken.
        let look = try place.apply(#"{"do":"look","by":"phone:312-555-0143","case":"phone:312-555-0142"}"# + "\n")
        #expect(look.status != 0 && !look.out.contains("+13125550142"), "\(look.out)")
        let ending = try place.apply(end)
        #expect(ending.status == 3, "\(ending.out)\(ending.errors)")
        // Unsigned statements, and those signed by another key, are refused.
        #expect(try Tool.run("key", "revoke", place.data, "record", "--signed", statements).status == 2)
        let wrong = try Tool.run(
            "key", "sign", statements, "--recovery-key", recovery, "--passphrase-file", passphrase)
        #expect(wrong.status == 3 && wrong.errors.contains("recovery key"), "\(wrong.errors)")
        let signing = try Tool.run(
            "key", "sign", statements, "--recovery-key", recovery, "--passphrase-file", "\(place.data)/passphrase")
        #expect(
            signing.status == 0 && signing.out.contains(#""state":"revoked""#) && signing.out.contains("/recovery+"),
            "\(signing.errors)")
        let taken = try Tool.run("key", "revoke", place.data, "record", "--signed", statements)
        #expect(
            taken.status == 0 && taken.out.contains("record 4 revokes")
                && taken.out.contains("record 5 puts into force"),
            "\(taken.errors)\(taken.out)")
        #expect(try !files(place).contains("record.pem"))
        // The end that was given meanwhile is signed by the new key.
        #expect(try Tool.run("audit", "verify", place.data, "--json").out.contains(#""closing":1"#))
        let export = try place.export("late")
        let alone = try Tool.run("audit", "verify", export)
        #expect(
            alone.status == 1
                && alone.out.contains("record 0: revoked key: records 0 to 3 are signed by a key that record 4 revokes"),
            "\(alone.out)")
        // With the head that the witness signed before, everything under it counts.
        let log = try String(contentsOfFile: "\(export)/keys/log.vkey", encoding: .utf8)
        let trust = try place.write("trust", "log \(log)witness cora \(key)\nquorum none\n")
        let trusting = try place.write("trust-1", "log \(log)witness cora \(key)\nquorum cora\n")
        let seen = try Tool.run("audit", "verify", export, "--trust", trust, "--cosigned", cosigned)
        #expect(seen.status == 0, "\(seen.out)")
        // The data folder too, and the witness itself goes on from the head that it remembers.
        let own = try Tool.run("audit", "verify", place.data, "--trust", trust, "--cosigned", cosigned)
        #expect(own.status == 0, "\(own.out)\(own.errors)")
        #expect(try Tool.run("audit", "verify", place.data).status == 1)
        let onward = try Tool.run("audit", "cosign", "\(place.path)/witness", export, "--passphrase-file", passphrase)
        #expect(onward.status == 0, "\(onward.errors)")
        let strict = try Tool.run("audit", "verify", export, "--trust", trusting, "--cosigned", cosigned)
        #expect(
            strict.status == 1 && strict.out.contains("quorum") && !strict.out.contains("revoked key"), "\(strict.out)")
        for verifier in ["dash Kit/verify.sh", try Peers.kit.get()] {
            let unseen = try Tool.shell("\(verifier) all \(export)")
            #expect(
                unseen.status == 1 && unseen.out.contains("record 4 revokes the key of records 0 to 3"),
                "\(unseen.out)\(unseen.errors)")
            let run = try Tool.shell("\(verifier) all \(export) \(cosigned) \(key)")
            #expect(
                run.status == 0 && run.out.contains("with what auditor.example.net/cora saw"), "\(run.out)\(run.errors)"
            )
        }
        // A release that was signed under the revoked key opens no card; the log key is revoked the same way.
        let second = "\(place.path)/second"
        #expect(try Tool.run("key", "revoke", place.data, "log", "--out", second).status == 0)
        #expect(
            try Tool.run(
                "key", "sign", second, "--recovery-key", recovery, "--passphrase-file", "\(place.data)/passphrase"
            ).status
                == 0)
        let both = try Tool.run("key", "revoke", place.data, "log", "--signed", second)
        #expect(both.status == 0, "\(both.errors)")
        let last = try place.export("last")
        let verifiedLast = try Tool.run("audit", "verify", last, "--trust", trust, "--cosigned", cosigned)
        #expect(verifiedLast.out.contains("trusts no key") == false && verifiedLast.status == 0, "\(verifiedLast.out)")
        #expect(try Tool.shell("\(Peers.kit.get()) all \(last) \(cosigned) \(key)").status == 0)
        #expect(try Tool.shell("dash Kit/verify.sh all \(last) \(cosigned) \(key)").status == 0)
    }

    @Test(
        "SIGKILL at any step of a rotation or a revocation: the next start, or the same command again, finishes it, and the log goes on",
        arguments: ["rotate record", "rotate log", "revoke record", "revoke log"],
        [FaultPoint.beforeCommit, .afterCommit, .afterReread, .beforeHeadWrite, .beforeHeadSync, .afterHeadSync])
    func killedWhileKeysChange(_ what: String, _ point: FaultPoint) throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        let role = String(what.split(separator: " ")[1])
        let statements = "\(place.path)/statements"
        var command = ["key", "rotate", place.data, role]
        if what.hasPrefix("revoke") {
            #expect(try Tool.run("key", "revoke", place.data, role, "--out", statements).status == 0)
            #expect(
                try Tool.run(
                    "key", "sign", statements, "--recovery-key", "\(place.data)/recovery.pem", "--passphrase-file",
                    "\(place.data)/passphrase"
                ).status == 0)
            command = ["key", "revoke", place.data, role, "--signed", statements]
        }
        let run = try Tool.run(command, environment: ["PRIVITY_FAULT": "\(point.rawValue):1"])
        #expect(run.status == SIGKILL, "\(run.out)\(run.errors)")
        if what.hasPrefix("revoke") {
            let again = try Tool.run(command)
            #expect(again.status == 0, "\(again.errors)")
            #expect(try !FileManager.default.contentsOfDirectory(atPath: place.data).contains("revocation"))
        }
        let ended = try place.apply(end)
        #expect(ended.status == 0, "\(ended.out)\(ended.errors)")
        let export = try place.export()
        let report = try Tool.run("audit", "verify", export, "--json").out
        #expect(report.contains(#""closing":1"#), "\(report)")
        // What a revoked record key signed needs a witness; nothing else is wrong.
        let findings = report.components(separatedBy: #""rule":""#).dropFirst().map { String($0.prefix { $0 != "\"" }) }
        #expect(findings == (what == "revoke record" ? ["revoked key"] : []), "\(report)")
        let status: Int32 = what == "revoke record" ? 1 : 0
        #expect(try Tool.shell("\(Peers.kit.get()) all \(export)").status == status)
        #expect(try Tool.shell("dash Kit/verify.sh all \(export)").status == status)
        #expect(try files(place).count == 2)
    }

    @Test(
        "a backup that reaches the last head goes on as it was; one that does not continues under a new name that names the old head, and shows nothing of the old"
    )
    func restore() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        let passphrase = "\(place.data)/passphrase"
        let early = "\(place.path)/early"
        let made = try Tool.run("backup", place.data, early)
        #expect(made.status == 0 && made.out.contains("backed up 4 records"), "\(made.errors)")
        let held = try FileManager.default.subpathsOfDirectory(atPath: early)
        #expect(
            !held.contains("head") && !held.contains("keys/destroyed") && !held.contains("passphrase")
                && !held.contains { $0.hasSuffix("-wal") })

        // Nothing happened since: the same log goes on, and its next record is the fifth.
        func keep(_ name: String) throws -> String {
            let kept = "\(place.path)/\(name)"
            try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
            for (from, to) in [("head", "head"), ("keys/destroyed", "destroyed")] {
                try FileManager.default.copyItem(atPath: "\(place.data)/\(from)", toPath: "\(kept)/\(to)")
            }
            return kept
        }
        let same = "\(place.path)/same"
        let keptFirst = try keep("kept-1")
        let unsure = try Tool.run("restore", early, same, "--kept", keptFirst, "--passphrase-file", passphrase)
        #expect(
            unsure.status == 1 && unsure.errors.contains("--continue"),
            "a copy of the head proves nothing: \(unsure.errors)")
        let first = try Tool.run(
            "restore", early, same, "--kept", keptFirst, "--continue", "--passphrase-file", passphrase)
        #expect(
            first.status == 0 && first.out.contains("`example.org/mphp` goes on after 4 records"), "\(first.errors)")
        #expect(try Tool.run("apply", same, place.write("end.jsonl", end)).status == 0)
        #expect(try Tool.run("audit", "verify", same).status == 0)

        // The person ends it and is erased; then the disk is lost, and the backup is from before.
        #expect(try place.apply(end).status == 0)
        #expect(try Tool.run("erase", place.data, "phone:312-555-0142").status == 0)
        let old = try place.export("old")
        let kept = try keep("kept-2")
        let lost = "\(place.path)/new"
        let refused = try Tool.run(
            "restore", early, lost, "--kept", kept, "--continue", "--passphrase-file", passphrase)
        #expect(
            refused.status == 1 && refused.errors.contains("does not reach the last head (5 records)"),
            "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: lost))
        #expect(
            try Tool.run("restore", early, lost, "--passphrase-file", passphrase).errors.contains("nobody can tell"))
        for name in ["example.org/mphp", "roi.example.net/mphp", "no slash"] {
            let run = try Tool.run(
                "restore", early, lost, "--kept", kept, "--origin", name, "--passphrase-file", passphrase)
            #expect(run.status == 2 && !FileManager.default.fileExists(atPath: lost), "\(name): \(run.errors)")
        }
        let restored = try Tool.run(
            "restore", early, lost, "--kept", kept, "--origin", "example.org/mphp-2", "--passphrase-file", passphrase)
        #expect(
            restored.status == 0 && restored.out.contains("continues `example.org/mphp` after 5 records"),
            "\(restored.errors)")
        #expect(restored.out.contains("1 case"))
        // Genesis names the head that the auditors of the old log hold.
        let oldHead = try #require(try readHead(TileFolder(old))).head
        let export = "\(place.path)/new-log"
        #expect(try Tool.run("audit", "export", lost, export, "--include-today").status == 0)
        let genesis = String(decoding: try TileReader(TileFolder(export), size: 1).entry(0), as: UTF8.self)
        #expect(
            genesis.contains(#""after":{"origin":"example.org/mphp","root":"\#(oldHead.root.base64)","size":5}"#),
            "\(genesis)")
        #expect(try verified(export) == all)
        #expect(try Tool.run("audit", "verify", lost).status == 0)
        // The old records are kept, as far as the backup had them.
        let former = try #require(try FileManager.default.contentsOfDirectory(atPath: lost + "/former").first)
        let kit = try TileReader(TileFolder("\(lost)/former/\(former)"), size: 4).entry(2)
        #expect(try kit == TileReader(TileFolder(old), size: 5).entry(2))
        // Whoever was erased is erased here too, and the old card opens to nobody.
        let find = try Tool.run("erase", lost, "phone:312-555-0142")
        #expect(find.status == 1 && find.errors.contains("no such person"), "\(find.errors)")
        let look = try Tool.run(
            "apply", lost,
            place.write("look.jsonl", #"{"do":"look","by":"phone:312-555-0143","case":"phone:312-555-0142"}"# + "\n")
        )
        #expect(look.status != 0 && !look.out.contains("+13125550142"))
        // A head of another log, or another history, is no proof of anything.
        let stranger = try Workplace()
        try stranger.example()
        try FileManager.default.removeItem(atPath: kept + "/head")
        try FileManager.default.copyItem(atPath: stranger.data + "/head", toPath: kept + "/head")
        let foreign = try Tool.run("restore", early, "\(place.path)/x", "--kept", kept, "--passphrase-file", passphrase)
        #expect(foreign.status == 1 && foreign.errors.contains("head"), "\(foreign.errors)")
    }

    @Test(
        "a restore keeps the settings; a wrong passphrase is said before anything is copied; a path with quotation marks opens again"
    )
    func settingsKept() throws {
        let place = try Workplace()
        try place.example()
        let path = place.data + "/privity.yaml"
        let settings = try String(contentsOfFile: path, encoding: .utf8)
        try Data((settings + "service: Consent office\nport: 8123\n").utf8).write(to: URL(fileURLWithPath: path))
        let backup = place.path + "/backup"
        #expect(try Tool.run("backup", place.data, backup).status == 0)
        let wrong = try place.write("wrong", "not the passphrase at all\n")
        let target = place.path + "/new"
        let refused = try Tool.run(
            "restore", backup, target, "--origin", "example.org/mphp-2", "--passphrase-file", wrong)
        #expect(refused.status != 0 && !FileManager.default.fileExists(atPath: target), "\(refused.out)")
        let passphrase = place.path + "/the \"pass\" \\ phrase"
        try FileManager.default.copyItem(atPath: place.data + "/passphrase", toPath: passphrase)
        let restored = try Tool.run(
            "restore", backup, target, "--origin", "example.org/mphp-2", "--passphrase-file", passphrase)
        #expect(restored.status == 0, "\(restored.errors)")
        let kept = try String(contentsOfFile: target + "/privity.yaml", encoding: .utf8)
        #expect(kept.contains("service: Consent office") && kept.contains("port: 8123"), "\(kept)")
        #expect(kept.split(separator: "\n").filter { $0.hasPrefix("origin:") } == ["origin: example.org/mphp-2"])
        #expect(try Tool.run("audit", "verify", target).status == 0)
        let other = place.path + "/other"
        let made = try Tool.run(
            "init", other, "--policy", "Policies/mphp.yaml", "--origin", "roi.example.net/mphp", "--passphrase-file",
            passphrase)
        #expect(made.status == 0, "\(made.errors)")
        let found = try Tool.run("person", "find", other, "--name", "Nobody")
        #expect(found.status == 1 && found.errors.contains("no such person"), "\(found.errors)")
    }

    @Test("a restore with a live release ends it: its card opens to nobody, and the person can begin anew")
    func restoreEndsReleases() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        let backup = "\(place.path)/backup"
        #expect(try Tool.run("backup", place.data, backup).status == 0)
        let lost = "\(place.path)/new"
        let restored = try Tool.run(
            "restore", backup, lost, "--origin", "example.org/mphp-2", "--passphrase-file", "\(place.data)/passphrase")
        #expect(
            restored.status == 0 && restored.out.contains("no list of destroyed keys was given"), "\(restored.errors)")
        #expect(restored.out.contains("1 case had a release"), "\(restored.out)")
        let script = try place.write(
            "after.jsonl",
            """
            {"do":"look","by":"phone:312-555-0143","case":"phone:312-555-0142","expect":"refused"}
            {"do":"rematch","by":"phone:312-555-0142"}

            """)
        let run = try Tool.run("apply", lost, script)
        #expect(run.status == 0, "\(run.out)\(run.errors)")
        #expect(try Tool.run("case", "list", lost, "--coordinator", "name:Lindqvist").out.contains("requested"))
        #expect(try Tool.run("audit", "verify", lost).status == 0)
    }

    @Test(
        "the paper sheet fits one page and says what an export must agree with; a kit that was changed differs from it")
    func paperSheet() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        let export = try place.export()
        let sheet = try Tool.run("key", "sheet", place.data)
        #expect(sheet.status == 0)
        let lines = sheet.out.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 60 && lines.allSatisfy { $0.count <= 80 }, "\(lines.count) lines")
        let fingerprint = try Tool.run("audit", "verify", export, "--json").out.components(
            separatedBy: #""fingerprint":""#)[1]
            .prefix(64)
        #expect(
            sheet.out.contains(
                stride(from: 0, to: 32, by: 8).map { fingerprint.dropFirst($0).prefix(8) }.joined(separator: " ")))
        for name in ["log", "record", "recovery"] {
            let key = try String(contentsOfFile: "\(export)/keys/\(name).vkey", encoding: .utf8).dropLast()
            #expect(sheet.out.contains(key.drop { $0 != "+" }), "\(name)")
        }
        for file in ["README.md", "kit/verify.sh", "kit/verify.go"] {
            let digest = try Tool.shell("sha256sum \(export)/\(file)").out.prefix(64)
            let groups = stride(from: 0, to: 32, by: 8).map { String(digest.dropFirst($0).prefix(8)) }.joined(
                separator: " ")
            #expect(sheet.out.contains(groups), "\(file)")
        }
        // Nobody can change the kit and keep its digest; that verify.sh in the export is byte for byte the one of the repository is what the sheet shows.
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: "\(export)/kit/verify.sh"))
                == Data(contentsOf: repository.appendingPathComponent("Kit/verify.sh")))
        let script = try String(contentsOf: repository.appendingPathComponent("Kit/verify.sh"), encoding: .utf8)
        #expect(script.split(separator: "\n", omittingEmptySubsequences: false).count <= 251)
    }
}
