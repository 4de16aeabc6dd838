import Cryptography
import FolderDriver
import Foundation
import Logging
import PhoneNumbers
import PolicyFile
import ReleaseLedger
import ReleaseService
import ReleaseWorkflow
import SQLiteDriver
import TransparencyLog

/// Measures what an auditor waits for: re-hashing, verifying, one receipt; and appending to a short and to a long log.
///
/// `privity-bench audit [records]`; a million by default. Go and stock openssl run on the same files in the same run.
struct AuditBench {
    let count: Int
    private let place: String
    private let origin = "example.org/bench"
    private let passphrase = SecretBytes(copying: Array("a passphrase for measuring".utf8))

    init(count: Int) throws {
        self.count = count
        place = FileManager.default.temporaryDirectory.appendingPathComponent("privity-audit-bench-\(UUID())").path
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    }

    /// A log of release, disclosure, closing and rescission in turn, as the service writes them.
    private struct Writer {
        let origin: String
        let signer: NoteSigner
        let policy: String
        let date: String

        func hash() -> String { Base64.format((0..<32).map { _ in UInt8.random(in: 0...255) }) }

        func note(_ type: RecordType, _ members: [String: CanonicalJSON], _ release: String, _ sequence: Int) throws
            -> [UInt8]
        {
            var all = members
            all["at"] = .string(date)
            all["v"] = .integer(1)
            all["policy"] = .string(policy)
            all["release"] = .string(release)
            all["seq"] = .integer(sequence)
            return try signer.sign(Record(origin: origin, type: type, json: .object(all)).text).bytes
        }

        /// Four records of one release whose first is at `index`.
        func release(at index: Int) throws -> [[UInt8]] {
            let id = Hex.format((0..<16).map { _ in UInt8.random(in: 0...255) })
            func by(_ channel: String, _ more: [String: CanonicalJSON] = [:]) -> CanonicalJSON {
                .object(["channel": .string(channel), "principal": .string(hash())].merging(more) { $1 })
            }
            let fields: [PermittedField] = [.firstName, .phone]
            let first = try note(
                .release,
                [
                    "by": by("screen", ["evidence": .string(hash())]),
                    "expires": .object(["date": .string("2099-12-31"), "on": .array([.string("relationshipEnded")])]),
                    "fields": .object(["firstName": .string(hash()), "phone": .string(hash())]),
                    "form": .string(policy),
                    "purpose": .string("firstCallAndMeeting"), "shown": .string(hash()),
                    "to": .object(["person": .string(hash())]),
                ], id, 0)
            let under = CanonicalJSON.object([
                "index": .integer(index), "leaf": .string(TreeHash.leaf(first).base64), "origin": .string(origin),
            ])
            let notice = Hex.format(SHA256.hash(Array(RedisclosureNotice.text(for: fields).utf8)))
            return [
                first,
                try note(
                    .disclosure,
                    [
                        "act": .string(hash()), "card": .integer(1),
                        "fields": .array(fields.map { .string($0.rawValue) }),
                        "notice": .string(notice), "rule": .string("mphp/mentorship/disclose"),
                        "to": .object(["person": .string(hash())]), "under": under,
                    ], id, 1), try note(.closing, ["under": under], id, 2),
                try note(.rescission, ["by": by("phone"), "under": under], id, 3),
            ]
        }
    }

    private func parts(_ folder: Folder, _ store: SQLiteStore, _ keys: SigningKeys, creates: Bool) throws -> Parts {
        guard let calendar = ZoneCalendar(zone: "America/Chicago") else {
            fatalError("no time zone data on this machine")
        }
        return Parts(
            origin: origin, store: store, heads: try folder.headFile(isReadOnly: false, creates: creates),
            tiles: folder.tiles,
            time: MachineClock(calendar), seeds: RandomSeeds(), phones: LibraryPhoneNumbers(),
            vault: try folder.vault(passphrase: passphrase, isReadOnly: false), keys: keys,
            parsePolicy: { try PolicyFile.parse(String(decoding: $0, as: UTF8.self)).policy },
            logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// A folder whose log has `size` records, most of them written straight into the database.
    private func folder(_ name: String, size: Int) async throws -> (Folder, SQLiteStore, SigningKeys) {
        let folder = Folder("\(place)/\(name)")
        let (keys, recovery) = try folder.create(origin: origin, passphrase: passphrase)
        let store = try SQLiteStore(path: folder.databasePath, isReadOnly: false)
        let policy = try PolicyFile.parse(String(contentsOfFile: "Policies/mphp.yaml", encoding: .utf8)).canonical
        let parts = try parts(folder, store, keys, creates: true)
        try ServiceHost.initialize(parts, policy: policy, recovery: recovery)
        let genesis = try store.read { try $0.entry(0) } ?? []
        let date = try Record(parsing: SignedNote(parsing: genesis).text, origin: origin).date?.description ?? ""
        let writer = Writer(origin: origin, signer: keys.record, policy: Hex.format(SHA256.hash(policy)), date: date)
        var tree = MerkleTree()
        _ = tree.append(.leaf(genesis))
        while tree.size < size {
            try store.write { tx in
                var next = tree
                for _ in 0..<min(2500, (size - tree.size + 3) / 4) {
                    for note in try writer.release(at: next.size) where next.size < size {
                        try tx.appendEntry(next.size, note)
                        for (position, hash) in next.append(.leaf(note)) { try tx.putNode(position, hash) }
                    }
                }
                tree = next
            }
        }
        let heads = try folder.headFile(isReadOnly: false)
        let head = Checkpoint(origin: origin, size: tree.size, root: tree.root)
        try heads.replace(heads.read(), with: SignedHead(note: keys.log.sign(head.text).bytes, instantMilliseconds: 0))
        return (folder, store, keys)
    }

    /// A log that records acknowledgements, each with its receipt, one caller.
    private struct Appender {
        let folder: Folder
        let store: SQLiteStore
        let keys: SigningKeys
        let service: ReleaseService
        let ben: PersonID

        /// Seconds for `rounds` records.
        func append(_ rounds: Int) async throws -> Double {
            let start = DispatchTime.now().uptimeNanoseconds
            for number in 0..<rounds {
                let outcome = try await service.acknowledge(
                    Actor(.person(ben), channel: .screen), display: "Ben \(number)", key: nil)
                guard outcome.receipts.count == 1 else {
                    fatalError("an acknowledgement was not recorded: \(outcome.refusal ?? "")")
                }
            }
            return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        }
    }

    private func appender(_ name: String, size: Int) async throws -> Appender {
        let (folder, store, keys) = try await folder(name, size: size)
        let service = try await ServiceHost.open(parts(folder, store, keys, creates: false), isWriter: true).service(
            for: .operator)
        let maya = try await service.enter("Maya", "312-555-0143", [.coordinator], coordinator: nil)
        let ben = try await service.enter("Ben", "312-555-0143", [.mentor], coordinator: maya)
        _ = try await service.enroll(
            ben, attestation: Attestation(attributes: [.inStanding], fields: ["nurse"]), capacity: 1, by: maya, key: nil
        )
        let appender = Appender(folder: folder, store: store, keys: keys, service: service, ben: ben)
        _ = try await appender.append(50)
        return appender
    }

    func run() async throws {
        // The files stay where somebody asks for them, to look closer.
        let isKept = ProcessInfo.processInfo.environment["PRIVITY_BENCH_KEEP"] != nil
        defer { if !isKept { try? FileManager.default.removeItem(atPath: place) } }
        if isKept { print("files: \(place)") }
        let cores = ProcessInfo.processInfo.activeProcessorCount
        print("auditing, \(count) records, \(cores) cores")

        let building = DispatchTime.now().uptimeNanoseconds
        let (shortLog, longLog) = (try await appender("short", size: 1000), try await appender("long", size: count))
        print(
            "  log of \(count) records made in \(String(format: "%.0f s", Double(DispatchTime.now().uptimeNanoseconds - building) / 1e9))"
        )
        // In turn, so that what else the machine does falls on both.
        var times: [(short: Double, long: Double)] = []
        for _ in 0..<9 { times.append((try await shortLog.append(100), try await longLog.append(100))) }
        let short = 100 / times.map(\.short).sorted()[4]
        let long = 100 / times.map(\.long).sorted()[4]
        print(
            "append, one caller with receipt: \(rate(Int(short), 1)) at 1,000 records, \(rate(Int(long), 1)) at \(count): \(percent(long, of: short)) (aim: within 10%)"
        )
        try shortLog.store.close()
        let (folder, store, keys) = (longLog.folder, longLog.store, longLog.keys)

        // An export, which is what auditors work on.
        let export = "\(place)/export"
        var size = 0
        let exporting = try seconds {
            size = try AuditExport(
                store, heads: folder.headFile(isReadOnly: true), origin: origin, signer: keys.record
            ).write(to: TileFolder(export), before: nil)
        }
        let again = try seconds {
            _ = try AuditExport(store, heads: folder.headFile(isReadOnly: true), origin: origin, signer: keys.record)
                .write(to: TileFolder(export), before: nil)
        }
        let bytes = try TilePath.tiles(of: size).reduce(0) { $0 + (try TileFolder(export).bytes(of: $1).count) }
        print(
            "export: \(rate(size, exporting)), \(bytes >> 20) MiB of tiles; again with nothing new: \(String(format: "%.1f s", again))"
        )
        try store.close()

        // Re-hashing: the limit is libcrypto's own hashing of messages of this size and of two nodes, one of each an entry.
        let node = [UInt8](repeating: 1, count: 65)
        let hashing = SHA256.Run()
        var digest = [UInt8](repeating: 0, count: 32)
        func hash(_ message: [UInt8], _ rounds: Int) -> Double {
            seconds {
                digest.withUnsafeMutableBytes { out in
                    message.withUnsafeBytes { bytes in
                        guard let address = out.baseAddress else { return }
                        for _ in 0..<rounds { hashing.hash(bytes, into: address) }
                    }
                }
            }
        }
        let lengths = try TilePath.tiles(of: size).filter { $0.content == .entries }.reduce(0) {
            $0 + (try TileFolder(export).bytes(of: $1).count)
        }
        let mean = [UInt8](repeating: 7, count: lengths / size - 1)
        let limit = 1e6 / (hash(mean, 1_000_000) + hash(node, 1_000_000))
        let go = try build()
        // As whole processes on one core each, in turn, three times.
        func best(_ command: String) throws -> Double { try (0..<3).map { _ in try shell(command) }.min() ?? 0 }
        let own = CommandLine.arguments[0]
        let ours = Double(size) / (try best("taskset -c 0 \(own) fsck \(export)"))
        let theirs = Double(size) / (try best("GOMAXPROCS=1 taskset -c 0 \(go) fsck \(export)"))
        let both = Double(size) / (try best("\(own) fsck \(export)"))
        let bothGo = Double(size) / (try best("\(go) fsck \(export)"))
        print(
            "re-hash of everything, one core: \(rate(Int(ours), 1)), mean entry \(mean.count) bytes: \(percent(ours, of: limit)) of libcrypto hashing the same bytes, \(String(format: "%.2f", ours / theirs)) times Go (aim: 1,000,000/s and twice Go's)"
        )
        print(
            "  every core: \(rate(Int(both), 1)), \(String(format: "%.2f", both / bothGo)) times Go on every core (\(rate(Int(bothGo), 1)))"
        )

        // Verifying everything: the limit is openssl's own measurement of Ed25519 verification.
        let speed = try verificationLimit(cores)
        let verifying = try (0..<2).map { _ in try shell("\(own) verify \(export)") }.min() ?? 0
        let verified = Double(size) / verifying
        print(
            "verify of everything: \(rate(Int(verified), 1)), \(percent(verified, of: speed)) of `openssl speed -multi \(cores) ed25519` (\(rate(Int(speed), 1))) (aim: 90%)"
        )
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
        print("  most memory of any of these processes: \(usage.ru_maxrss / 1024) MiB")
        let verifyMemory = try memory(of: "\(own) verify \(export)")
        let fsckMemory = try memory(of: "\(own) fsck \(export)")
        print(
            "  memory: verify \(verifyMemory) MiB, fsck \(fsckMemory) MiB, for \(size) records of \(size / 4) releases")

        // One receipt with stock openssl.
        let reader = TileReader(TileFolder(export), size: size)
        let head = try SignedNote(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: "\(export)/checkpoint"))))
        let proof = EntryProof(
            index: size / 3, hashes: try LogProof.proveInclusion(of: size / 3, in: size, reader: reader),
            checkpoint: head)
        try Data(reader.entry(size / 3)).write(to: URL(fileURLWithPath: "\(place)/record"))
        try Data(proof.bytes).write(to: URL(fileURLWithPath: "\(place)/proof"))
        let receipt = try best(
            "dash Kit/verify.sh record \(place)/record \(export)/keys/record.vkey && dash Kit/verify.sh inclusion \(place)/record \(place)/proof \(export)/keys/log.vkey"
        )
        print(
            "one receipt of a log of \(size), record and inclusion, with the shell script: \(String(format: "%.2f s", receipt)) (aim: 0.5)"
        )
    }

    private func build() throws -> String {
        let program = "\(place)/verify"
        let source = FileManager.default.currentDirectoryPath + "/Kit/verify.go"
        _ = try shell("cd /tmp && GO111MODULE=off GOPATH=/usr/share/gocode go build -o \(program) \(source)")
        return program
    }

    /// Seconds that a command takes; ends the benchmark if it fails.
    @discardableResult
    private func shell(_ command: String) throws -> Double {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.standardOutput = FileHandle.nullDevice
        let time = try seconds {
            try process.run()
            process.waitUntilExit()
        }
        guard process.terminationStatus == 0 else { fatalError("failed: \(command)") }
        return time
    }

    private func memory(of command: String) throws -> Int {
        let pipe = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "\(command)"]
        process.standardOutput = pipe
        try process.run()
        let out = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Int(out.split(separator: "\n").last?.split(separator: " ").last ?? "") ?? 0
    }

    /// Ed25519 verifications a second as `openssl speed` measures them, on every core.
    private func verificationLimit(_ cores: Int) throws -> Double {
        let pipe = Pipe()
        let process = Process()
        // Its clock is a signal, which a child of this process would have blocked.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/perl")
        process.arguments = [
            "-MPOSIX", "-e", "sigprocmask(SIG_SETMASK, POSIX::SigSet->new()); exec @ARGV", "openssl", "speed",
            "-seconds", "3",
            "-multi", "\(cores)", "ed25519",
        ]
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let out = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard let line = out.split(separator: "\n").last(where: { $0.contains("253 bits") }),
            let perSecond = line.split(separator: " ").last.flatMap({ Double($0) })
        else { fatalError("openssl speed printed something else") }
        return perSecond
    }

    /// What the timed processes do: `fsck EXPORT`, `verify EXPORT`.
    static func child(_ command: String, _ path: String) throws {
        let folder = TileFolder(path)
        guard let head = try readHead(folder) else { fatalError("no export") }
        let report =
            command == "fsck"
            ? try rehash(folder, head: head.note, keys: readKeys(folder, role: "log")) : try auditExport(folder)
        guard report.isVerified else { fatalError("not verified: \(report.findings.first?.description ?? "")") }
        print("peak memory in MiB: \(peakMemory())")
    }
}
