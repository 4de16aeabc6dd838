// swift-tools-version:6.2
import PackageDescription

/// What every target of ours is built with. Warnings are errors: a warning nobody reads is worse than none.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// The inner rings prove and solve: tests run them optimized, with everything else as it is for debugging (`make test`).
let computing: [SwiftSetting] =
    Context.environment["PRIVITY_OPTIMIZE"] == nil ? strict : strict + [.unsafeFlags(["-O"])]

let package = Package(
    name: "privity",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "ReleaseWorkflow", targets: ["ReleaseWorkflow"]),
        .library(name: "TransparencyLog", targets: ["TransparencyLog"]),
        .executable(name: "privity", targets: ["privity"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: [.defaults, "YAML"]),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // System libraries.
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(
            name: "CPhoneNumber",
            linkerSettings: [.linkedLibrary("phonenumber"), .linkedLibrary("stdc++")]),

        .systemLibrary(name: "CQRencode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
        .target(name: "CHEIF", linkerSettings: [.linkedLibrary("heif"), .linkedLibrary("jpeg")]),

        // The inner rings: they compute.
        .target(name: "Cryptography", dependencies: ["COpenSSL"], swiftSettings: computing),
        .target(name: "TransparencyLog", dependencies: ["Cryptography"], swiftSettings: computing),
        .target(name: "Records", swiftSettings: computing),
        .target(name: "ReleaseWorkflow", dependencies: ["Records"], swiftSettings: computing),
        .target(
            name: "ReleaseLedger", dependencies: ["Records", "TransparencyLog", "Cryptography"],
            swiftSettings: computing),
        .target(name: "Matching", dependencies: ["ReleaseWorkflow"], swiftSettings: computing),
        .target(
            name: "ReleaseService",
            dependencies: [
                "Cryptography", "TransparencyLog", "Records", "ReleaseLedger", "ReleaseWorkflow", "Matching",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        // What auditors are given, embedded as it stands.
        .target(
            name: "AuditorKit", path: "Kit",
            resources: [.embedInCode("verify.sh"), .embedInCode("verify.go"), .embedInCode("README.md")],
            swiftSettings: strict),

        // The outer ring: they do.
        .target(
            name: "PolicyFile",
            dependencies: ["ReleaseWorkflow", .product(name: "Yams", package: "Yams")],
            swiftSettings: computing),
        .target(
            name: "SQLStore",
            dependencies: [
                "ReleaseService", "ReleaseLedger", "Records", "ReleaseWorkflow", "TransparencyLog", "Cryptography",
            ],
            swiftSettings: strict),
        .target(
            name: "SQLiteDriver",
            dependencies: [
                "SQLStore", "ReleaseService", "ReleaseLedger", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(
            name: "FolderDriver",
            dependencies: [
                "ReleaseService", "ReleaseLedger", "Records", "ReleaseWorkflow", "TransparencyLog", "Cryptography",
            ],
            swiftSettings: strict),
        .target(
            name: "PhoneNumbers",
            dependencies: ["CPhoneNumber", "ReleaseService", "ReleaseWorkflow"],
            swiftSettings: strict),
        .target(
            name: "Photographs", dependencies: ["CHEIF", "ReleaseService", "ReleaseWorkflow"], swiftSettings: strict),

        .target(name: "QRCodes", dependencies: ["CQRencode"], swiftSettings: strict),
        .target(
            name: "ReleaseWeb",
            dependencies: [
                "AuditorKit", "ReleaseService", "ReleaseLedger", "ReleaseWorkflow", "Matching", "TransparencyLog",
                "Cryptography", "QRCodes",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [
                "page.mustache", "block.mustache", "form.mustache", "field.mustache", "style.css", "icon.svg",
                "en-US.json",
            ].map {
                .embedInCode("Templates/\($0)")
            }, swiftSettings: strict),

        // The executable: it alone names concrete drivers.
        .executableTarget(
            name: "privity",
            dependencies: [
                "AuditorKit", "Cryptography", "TransparencyLog", "ReleaseWorkflow", "Matching", "ReleaseService",
                "ReleaseLedger",
                "PolicyFile",
                "ReleaseWeb", "SQLStore", "SQLiteDriver", "FolderDriver", "PhoneNumbers", "Photographs",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // Tests. Each adapter runs against the real thing.
        .testTarget(
            name: "CryptographyTests", dependencies: ["Cryptography"], resources: [.copy("Vectors")],
            swiftSettings: strict),
        .testTarget(
            name: "TransparencyLogTests", dependencies: ["TransparencyLog", "Cryptography"],
            resources: [.copy("Vectors")],
            swiftSettings: strict),
        .testTarget(
            name: "ReleaseWorkflowTests", dependencies: ["ReleaseWorkflow", "PolicyFile", "Cryptography"],
            resources: [.copy("Vectors")], swiftSettings: strict),
        .testTarget(
            name: "MatchingTests", dependencies: ["Matching", "ReleaseWorkflow", "PolicyFile", "Cryptography"],
            swiftSettings: strict),
        // What every driver of the store must do, and the working set of a batch.
        .target(
            name: "StoreConformance",
            dependencies: ["ReleaseService", "ReleaseLedger", "ReleaseWorkflow", "TransparencyLog"],
            path: "Tests/StoreConformance", swiftSettings: strict),
        .testTarget(
            name: "ReleaseServiceTests",
            dependencies: [
                "StoreConformance",
                "ReleaseService", "ReleaseLedger", "ReleaseWorkflow", "Matching", "TransparencyLog", "Cryptography",
                "PolicyFile",
                "SQLStore",
                "SQLiteDriver", "FolderDriver", "PhoneNumbers", "Photographs",
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .testTarget(
            name: "ReleaseWebTests",
            dependencies: [
                "ReleaseWeb", "ReleaseService", "ReleaseLedger", "ReleaseWorkflow", "Records", "Matching",
                "TransparencyLog", "Cryptography", "PolicyFile", "QRCodes",
                "SQLStore",
                "SQLiteDriver", "FolderDriver", "PhoneNumbers", .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ], exclude: ["Browser"], swiftSettings: strict),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "privity", "Cryptography", "Matching", "FolderDriver", "SQLiteDriver", "ReleaseService",
                "ReleaseLedger",
                "ReleaseWorkflow",
                "PolicyFile", "TransparencyLog",
            ], exclude: ["Peers", "Fixtures", "Flows"],
            swiftSettings: strict),
        .testTarget(name: "ArchitectureTests", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)

// Benchmarks are built on request only: `make bench`.
if Context.environment["PRIVITY_BENCH"] != nil {
    package.targets.append(
        .executableTarget(
            name: "privity-bench",
            dependencies: [
                "Cryptography", "TransparencyLog", "Records", "ReleaseWorkflow", "ReleaseLedger", "Matching",
                "ReleaseService",
                "PolicyFile",
                "SQLStore", "SQLiteDriver",
                "FolderDriver", "PhoneNumbers", "ReleaseWeb", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ], path: "Benchmarks/privity-bench", exclude: ["requests.lua", "steady.lua"], swiftSettings: strict))
}

// The fuzzers are built on request only: `make fuzz`.
if Context.environment["PRIVITY_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "Cryptography", "TransparencyLog", "Records", "ReleaseWorkflow", "ReleaseLedger", "ReleaseService",
                "PolicyFile", "FolderDriver", "PhoneNumbers", "ReleaseWeb",
            ], path: "Fuzz", exclude: ["corpus"],
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-use-ld=lld"])]))
}
