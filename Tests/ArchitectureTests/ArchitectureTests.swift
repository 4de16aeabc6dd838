import Foundation
import Testing

/// Reads the sources as text, because the compiler does not enforce which module may import what.
@Suite("Architecture")
struct ArchitectureTests {
    private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What each target may import; `Foundation` where it is allowed at all.
    private let permitted: [String: Set<String>] = [
        "Cryptography": ["COpenSSL", "Foundation", "Synchronization"],
        "TransparencyLog": ["Cryptography"],
        "Records": [],
        "ReleaseWorkflow": ["Records"],
        "ReleaseLedger": ["Records", "TransparencyLog", "Cryptography", "Foundation", "Synchronization"],
        "Matching": ["ReleaseWorkflow"],
        "ReleaseService": [
            "Cryptography", "TransparencyLog", "ReleaseLedger", "ReleaseWorkflow", "Matching", "Logging", "Foundation",
            "Dispatch",
            "Synchronization",
        ],
        "PolicyFile": ["ReleaseWorkflow", "Yams", "Foundation"],
        "SQLStore": ["ReleaseService", "ReleaseLedger", "ReleaseWorkflow", "TransparencyLog", "Synchronization"],
        "SQLiteDriver": ["SQLStore", "ReleaseService", "GRDB", "GRDBSQLite", "Foundation"],
        "FolderDriver": [
            "ReleaseService", "ReleaseLedger", "ReleaseWorkflow", "TransparencyLog", "Cryptography", "Foundation",
            "Glibc",
            "Synchronization",
        ],
        "ReleaseWeb": [
            "AuditorKit", "ReleaseService", "ReleaseLedger", "ReleaseWorkflow", "Matching", "TransparencyLog",
            "Cryptography",
            "Foundation", "Synchronization", "Logging", "Metrics", "CoreMetrics", "Hummingbird", "HummingbirdCore",
            "HummingbirdHTTP2", "HummingbirdTLS", "HTTPTypes", "Mustache", "NIOCore", "NIOSSL", "ServiceLifecycle",
            "QRCodes",
        ],
        "QRCodes": ["CQRencode"],
        "Photographs": ["ReleaseService", "ReleaseWorkflow", "CHEIF", "Foundation"],
        "PhoneNumbers": ["ReleaseService", "ReleaseWorkflow", "CPhoneNumber", "Foundation"],
    ]

    private func files(_ folder: String) throws -> [(name: String, text: String)] {
        let walker = try #require(
            FileManager.default.enumerator(at: root.appendingPathComponent(folder), includingPropertiesForKeys: nil))
        return try walker.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.map {
            ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8))
        }
    }

    private func imports(_ text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard let at = words.firstIndex(of: "import"), at <= 2, words.count == at + 2,
                at == 0 || ["public", "internal", "package", "private", "@testable", "@_exported"].contains(words[0])
            else { return nil }
            return String(words[at + 1])
        }
    }

    @Test("arrows point inward: every import stands in the table")
    func importsPointInward() throws {
        for (target, allowed) in permitted {
            let files = try files("Sources/\(target)")
            #expect(!files.isEmpty, "\(target)")
            for file in files {
                for module in imports(file.text) {
                    #expect(allowed.contains(module), "\(target)/\(file.name) imports \(module)")
                }
            }
        }
        let folders = try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent("Sources").path)
        #expect(
            Set(folders).subtracting(permitted.keys) == ["CHEIF", "COpenSSL", "CPhoneNumber", "CQRencode", "privity"],
            "a target is not in the table")
    }

    @Test("the core is pure: no clock, no randomness, no task, no async, no file")
    func coreIsPure() throws {
        let forbidden = [
            " Date(", "(Date(", "Date.now", "ContinuousClock", "SuspendingClock", ".random",
            "SystemRandomNumberGenerator",
            "Task {", "Task.", "async ",
            "await ", "FileManager", "Process", "print(", "UUID(",
        ]
        for file in try files("Sources/ReleaseWorkflow") + files("Sources/Records") {
            let code = file.text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
            for line in code {
                for word in forbidden { #expect(!line.contains(word), "\(file.name): \(line)") }
            }
        }
    }

    @Test("one place makes a verified release, one makes an authorized command, one file makes a card")
    func wallsHaveOneDoor() throws {
        let all = try files("Sources")
        func calls(_ needle: String) -> [String] {
            all.flatMap { file in
                file.text.split(separator: "\n").filter {
                    $0.contains(needle) && !$0.drop { $0 == " " }.hasPrefix("//")
                }.map { _ in
                    file.name
                }
            }
        }
        #expect(calls("VerifiedRelease(") == ["CardGate.swift"])
        #expect(calls("ContactCard(") == ["ContactCard.swift"])
        #expect(calls("return Authorized(") == ["Authorize.swift"])
        #expect(calls("ActiveRelease(") == ["CardGate.swift"])
    }

    @Test("the contact card has exactly two stored properties, first name and phone (MPHP-36, MPHP-37)")
    func cardHasTwoFields() throws {
        let text = try #require(try files("Sources/ReleaseWorkflow").first { $0.name == "ContactCard.swift" }?.text)
        let body = try #require(
            text.components(separatedBy: "public struct ContactCard").last?.components(separatedBy: "\n}").first)
        let stored = body.split(separator: "\n").filter { $0.contains(" let ") || $0.contains(" var ") }
        #expect(
            stored.map { $0.trimmingCharacters(in: .whitespaces) } == [
                "public let firstName: FirstName", "public let phone: PhoneNumber",
            ])
    }

    @Test("OpenSSL is seen by Cryptography alone, and concrete drivers by the executable alone")
    func onlyOneSees() throws {
        let seeing = try files("Sources").filter { imports($0.text).contains("COpenSSL") }.map(\.name)
        #expect(!seeing.isEmpty)
        for name in seeing {
            #expect(
                FileManager.default.fileExists(atPath: root.appendingPathComponent("Sources/Cryptography/\(name)").path)
            )
        }
        for target in permitted.keys {
            for file in try files("Sources/\(target)") {
                for driver in ["SQLiteDriver", "FolderDriver", "PhoneNumbers"] {
                    #expect(!imports(file.text).contains(driver), "\(target)/\(file.name)")
                }
            }
        }
    }

    @Test(
        "no case, relationship or person record holds free text, a score, a note or a place (MPHP-01, MPHP-04, MPHP-07, MPHP-53, MPHP-60)"
    )
    func schemaHasNoRoomForExperiences() throws {
        let file = try #require(try files("Sources/SQLiteDriver").first { $0.name.contains("migrations") }?.text)
        // Every migration, not only the first: each stands between a pair of triple quotes.
        let schemas = file.components(separatedBy: "\"\"\"").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        #expect(schemas.count >= 2)
        let schema = schemas.joined(separator: "\n").lowercased()
        #expect(schema.contains("create table person") && schema.contains("create table party"))
        for word in [
            "comment", "reason", "score", "rating", "mood", "attendance", "compliance", "motivation", "sobriety",
            "location",
            "met_at", "called",
            "narrative", "report", "autoincrement", "timestamp",
        ] {
            let code = schema.split(separator: "\n").filter { !$0.contains("--") }.joined(separator: "\n")
            #expect(!code.contains(word), "\(word)")
        }
    }

    // MARK: Rooms

    /// Lines of code without comments.
    private func code(_ text: String) -> [Substring] {
        text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
    }

    private func names(_ word: String, in text: String) -> Bool {
        code(text).contains { $0.contains(try! Regex("\\b\(word)\\b")) }
    }

    @Test("the sequencer names no case, what reads names no writer, and the gate names no cache")
    func roomsKeepApart() throws {
        let service = try files("Sources/ReleaseService")
        let sequencer = try #require(service.first { $0.name == "Sequencer.swift" })
        for word in [
            "LoadedCase", "CaseHistory", "CaseStore", "CaseRow", "Submission", "Release", "Identity", "PersonID",
        ] {
            #expect(!names(word, in: sequencer.text), "Sequencer names \(word)")
        }
        let reading = try files("Sources/ReleaseService/Reading")
        #expect(reading.count >= 8)
        for file in reading {
            for word in ["Transaction", "Sequencer", "WorkingSet", "StoreWriter", "Core", "Act"] {
                #expect(!names(word, in: file.text), "\(file.name) names \(word)")
            }
        }
        let gate = try #require(service.first { $0.name == "CardGate.swift" })
        #expect(!gate.text.contains("ache") && gate.text.contains("snapshot.cold"))
    }

    @Test("stored values are decoded in one place: nothing else in the service reads JSON")
    func oneDecoder() throws {
        let service = try files("Sources/ReleaseService") + files("Sources/ReleaseLedger")
        for file in service {
            #expect(!names("JSONDecoder", in: file.text), "\(file.name)")
            #expect(!names("JSONEncoder", in: file.text), "\(file.name)")
        }
        let decoding = service.filter { names("StoredCodec.decode", in: $0.text) }.map(\.name)
        #expect(decoding.contains("Vault.swift"))
        let events = service.filter { $0.text.contains("as: CaseStep.self") }.map(\.name)
        #expect(events == ["CaseStore.swift"], "the events of a case are decoded where they are checked")
    }

    @Test(
        "switches over our own guards, events, effects, commands and notices name every case: a new one breaks the build where it matters"
    )
    func noDefaults() throws {
        let folders = [
            "ReleaseWorkflow/Machine", "ReleaseWorkflow/Case", "ReleaseWorkflow/Proof", "ReleaseService/Acts",
            "ReleaseService/Release",
        ]
        for folder in folders {
            for file in try files("Sources/\(folder)") {
                let count = code(file.text).filter { $0.trimmingCharacters(in: .whitespaces).hasPrefix("default:") }
                    .count
                #expect(count == 0, "\(file.name) has \(count) `default:`")
            }
        }
    }

    @Test("R46: nothing in the engine or its words knows a program: what differs between them stands in their policies")
    func noProgram() throws {
        let sources = root.appendingPathComponent("Sources")
        let requirement = /\b(?:MPHP|SGV|ICB|MSC|WEB)-\d\d\b/
        let names = /(?i)\bmphp\b|\bicb\b|\bsgv\b|camft|mscsw|san gabriel|st\. louis|illinois/
        var read = 0
        for case let file as URL in try #require(
            FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        where ["swift", "json", "mustache"].contains(file.pathExtension) {
            let text = try String(contentsOf: file, encoding: .utf8)
            read += 1
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let found = line.replacing(requirement, with: "").firstMatch(of: names)
                #expect(found == nil, "\(file.lastPathComponent):\(number + 1): \(line)")
            }
        }
        #expect(read > 200)
    }
}
