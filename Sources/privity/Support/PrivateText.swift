import ArgumentParser
import Foundation
import Synchronization

/// A name, number, address or code that a command is given.
///
/// Everybody on the machine may read a list of arguments, and a shell keeps it; so `-` stands for the next line of
/// standard input, and what is written out is taken with a warning.
struct PrivateText: ExpressibleByArgument {
    private static let hasWarned = Mutex(false)

    private let written: String

    init(argument: String) { written = argument }

    /// - Parameter option: its name, as the command line has it.
    /// - Throws: ``Failure`` with status 2 where standard input has no further line.
    func text(of option: String) throws -> String {
        if written == "-" { return try Self.nextLine(for: option) }
        Self.warn(of: option)
        return written
    }

    /// Asks for it, where somebody sits at a terminal.
    static func nextLine(for option: String) throws -> String {
        if isatty(STDIN_FILENO) != 0 { FileHandle.standardError.write(Data("\(option): ".utf8)) }
        guard let line = readLine() else {
            throw Failure("`\(option)`: expected a line on standard input for each `-`", status: 2)
        }
        return line.trimmingCharacters(in: .whitespaces)
    }

    /// Warns once, whatever else stands on the line.
    static func warn(of option: String) {
        let isFirst = hasWarned.withLock { hasWarned in
            defer { hasWarned = true }
            return !hasWarned
        }
        guard isFirst else { return }
        complain(
            "`\(option)`: others on this machine can read what stands on a command line; write `-` to be asked for it")
    }
}
