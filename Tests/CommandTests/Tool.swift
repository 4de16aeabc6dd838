import Foundation
import Testing

let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// The output of one run of the program, and its exit status.
struct Run {
    let status: Int32
    let out: String
    let errors: String
}

/// The built program.
enum Tool {
    /// It lies beside the test bundle.
    static let path: String = {
        let arguments = CommandLine.arguments
        let bundle = arguments.firstIndex(of: "--test-bundle-path").map { arguments[$0 + 1] } ?? arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("privity").path
    }()

    static func start(
        _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:], typed: String? = nil
    ) throws -> (Process, Pipe, Pipe) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder ?? repository.path)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (out, errors) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        let input = Pipe()
        if let typed {
            // A few lines fit into a pipe, and are written while somebody may read them.
            try input.fileHandleForWriting.write(contentsOf: Data(typed.utf8))
            process.standardInput = input
        }
        try process.run()
        if typed != nil { try input.fileHandleForWriting.close() }
        return (process, out, errors)
    }

    @discardableResult
    static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Run {
        try run(arguments, environment: environment)
    }

    /// - Parameter typed: the lines of standard input; nil for none.
    static func run(_ arguments: [String], environment: [String: String] = [:], typed: String? = nil) throws -> Run {
        let (process, out, errors) = try start(arguments, environment: environment, typed: typed)
        let printed = out.fileHandleForReading.readDataToEndOfFile()
        let complained = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Run(
            status: process.terminationStatus, out: String(decoding: printed, as: UTF8.self),
            errors: String(decoding: complained, as: UTF8.self))
    }

    static func shell(_ command: String) throws -> Run {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.currentDirectoryURL = repository
        let (out, errors) = (Pipe(), Pipe())
        process.standardOutput = out
        process.standardError = errors
        try process.run()
        let printed = out.fileHandleForReading.readDataToEndOfFile()
        let complained = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Run(
            status: process.terminationStatus, out: String(decoding: printed, as: UTF8.self),
            errors: String(decoding: complained, as: UTF8.self))
    }
}

/// A folder for one test, removed with it.
final class Workplace: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("privity-command-\(UUID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var data: String { path + "/data" }

    func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }

    /// An example folder, its log begun on 2026-01-05.
    func example() throws {
        let run = try Tool.run(
            "init", data, "--policy", "Policies/mphp.yaml", "--example", "--clock", "2026-01-05T08:00")
        #expect(run.status == 0, "\(run.errors)")
    }

    func apply(_ lines: String, _ options: String...) throws -> Run {
        try Tool.run(["apply", data, write("script-\(UUID()).jsonl", lines)] + options)
    }

    /// People for short stories.
    static let cast = """
        {"do":"addPerson","as":"maya","name":"Maya Lindqvist","surname":"Lindqvist","firstName":"Maya","phone":"312-555-0100","field":"coordination","roles":["coordinator"],"at":"2026-01-05T09:00"}
        {"do":"addPerson","as":"ada","name":"Ada Fairweather","surname":"Fairweather","firstName":"Ada","phone":"312-555-0142","field":"nurse","roles":["participant"],"underContract":true,"coordinator":"maya"}
        {"do":"addPerson","as":"ben","name":"Benedict Okafor","surname":"Okafor","firstName":"Ben","phone":"312-555-0143","field":"nurse","roles":["participant"],"underContract":true,"coordinator":"maya"}
        {"do":"enroll","by":"maya","person":"ben","attributes":["inStanding"],"fields":["nurse"],"capacity":3}
        {"do":"acknowledge","by":"ben","display":"Ben O."}

        """

    /// Up to an open card.
    static let introduced =
        cast + """
            {"do":"request","by":"ada"}
            {"do":"completeSurvey","by":"ada","survey":{"sameField":"no","topics":["stress"],"understood":true}}
            {"do":"propose","by":"maya","case":"ada","person":"ben"}
            {"do":"acceptSlot","by":"ben","case":"ada"}
            {"do":"offer","by":"maya","case":"ada"}
            {"do":"sign","by":"ada","as":"release"}
            {"do":"disclose","by":"maya","case":"ada"}

            """
}
