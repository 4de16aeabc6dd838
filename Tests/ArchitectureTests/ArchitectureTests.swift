import Foundation
import Testing

/// Reads the sources as text: what the compiler does not enforce of the rings.
@Suite("Architecture")
struct ArchitectureTests {
    private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What each target may import; `Foundation` where it is allowed at all.
    private let permitted: [String: Set<String>] = [
        "Cryptography": ["COpenSSL", "Foundation", "Synchronization"],
        "TransparencyLog": ["Cryptography"],
        "ReleaseWorkflow": [],
        "Matching": ["ReleaseWorkflow"],
        "ReleaseService": [
            "Cryptography", "TransparencyLog", "ReleaseWorkflow", "Matching", "Logging", "Metrics", "Foundation", "Synchronization",
        ],
        "PolicyFile": ["ReleaseWorkflow", "Yams", "Foundation"],
        "SQLStore": ["ReleaseService", "ReleaseWorkflow", "TransparencyLog", "Cryptography", "Foundation"],
        "SQLiteDriver": ["SQLStore", "ReleaseService", "GRDB", "Foundation"],
        "FolderDriver": [
            "ReleaseService", "ReleaseWorkflow", "TransparencyLog", "Cryptography", "Foundation", "Glibc", "Synchronization",
        ],
        "ReleaseWeb": [
            "AuditorKit", "ReleaseService", "ReleaseWorkflow", "Matching", "TransparencyLog", "Cryptography", "Foundation",
            "Synchronization",
            "Logging", "Metrics", "CoreMetrics", "Hummingbird", "HummingbirdCore", "HummingbirdHTTP2", "HummingbirdTLS",
            "HTTPTypes",
            "Mustache", "NIOCore", "NIOSSL", "ServiceLifecycle",
        ],
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
            guard let at = words.firstIndex(of: "import"), at <= 1, words.count == at + 2,
                at == 0 || ["public", "internal", "package", "private", "@testable"].contains(words[0])
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
            Set(folders).subtracting(permitted.keys) == ["COpenSSL", "CPhoneNumber", "privity"], "a target is not in the table")
    }

    @Test("the core is pure: no clock, no randomness, no task, no async, no file")
    func coreIsPure() throws {
        let forbidden = [
            " Date(", "(Date(", "Date.now", "ContinuousClock", "SuspendingClock", ".random", "SystemRandomNumberGenerator",
            "Task {", "Task.", "async ",
            "await ", "FileManager", "Process", "print(", "UUID(",
        ]
        for file in try files("Sources/ReleaseWorkflow") {
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
                file.text.split(separator: "\n").filter { $0.contains(needle) && !$0.drop { $0 == " " }.hasPrefix("//") }.map { _ in
                    file.name
                }
            }
        }
        #expect(calls("VerifiedRelease(") == ["Custodian+disclosure.swift"])
        #expect(calls("ContactCard(") == ["ContactCard.swift"])
        #expect(calls("return Authorized(") == ["Authorize.swift"])
        #expect(calls("ActiveRelease(") == ["Custodian+disclosure.swift"])
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
        for file in try files("Sources") where imports(file.text).contains("COpenSSL") {
            #expect(root.appendingPathComponent("Sources/Cryptography/\(file.name)").path.isEmpty == false)
            #expect(FileManager.default.fileExists(atPath: root.appendingPathComponent("Sources/Cryptography/\(file.name)").path))
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
        let schema = file.components(separatedBy: "\"\"\"")[1].lowercased()
        for word in [
            "comment", "reason", "score", "rating", "mood", "attendance", "compliance", "motivation", "sobriety", "location",
            "met_at", "called",
            "narrative", "report", "autoincrement", "timestamp",
        ] {
            let code = schema.split(separator: "\n").filter { !$0.contains("--") }.joined(separator: "\n")
            #expect(!code.contains(word), "\(word)")
        }
    }
}
