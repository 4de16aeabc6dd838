import ArgumentParser
import Foundation
import Matching
import PolicyFile
import ReleaseService
import ReleaseWeb
import ReleaseWorkflow

/// One line on standard error.
func complain(_ message: String) {
    let prefix = message.hasPrefix("Error: ") ? "" : "privity: "
    FileHandle.standardError.write(Data("\(prefix)\(message)\n".utf8))
}

/// An error on its way out of the program: one line, and the status it ends with.
struct Failure: Error {
    let message: String
    let status: Int32

    init(_ message: String, status: Int32) {
        self.message = message
        self.status = status
    }

    /// The one place where errors become statuses.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let refusal as Refusal: self.init("\(refusal)", status: refusal == .notSigning ? 3 : 1)
        case let problem as FieldProblem: self.init("\(problem)", status: 2)
        case let problems as PolicyFile.Problems: self.init("\(problems)", status: 2)
        case let problem as AccessRefusal: self.init("\(problem)", status: 2)
        case let problem as ListeningProblem: self.init("\(problem)", status: 2)
        case let problem as MatchingProblem: self.init("\(problem)", status: 1)
        case let failure as Counterexample: self.init("\(failure)", status: 1)
        case let error as any CustomStringConvertible & Error where Failure.isOwn(error):
            self.init("\(error)", status: 3)
        default: self.init("internal error", status: 3)
        }
    }

    /// Our own errors are written to be shown; what others throw may quote data and is not.
    private static func isOwn(_ error: any Error) -> Bool {
        let module = String(reflecting: type(of: error)).split(separator: ".").first ?? ""
        return [
            "ReleaseService", "ReleaseLedger", "Records", "ReleaseWorkflow", "Matching", "TransparencyLog",
            "Cryptography",
            "SQLStore", "SQLiteDriver",
            "FolderDriver",
            "PolicyFile",
        ].contains(String(module))
    }
}

/// Prints to standard output, at once: what was acknowledged must not wait in a buffer that a crash would empty.
func say(_ text: String = "") {
    print(text)
    fflush(nil)
}

/// Prints bytes as they are.
func say(bytes: [UInt8]) { FileHandle.standardOutput.write(Data(bytes)) }

/// Prints a value as one line of JSON with sorted keys.
func sayJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    say(String(decoding: try encoder.encode(value), as: UTF8.self))
}
