import Foundation
import ReleaseService

/// Hands letters to the host's mail system, by the interface that every one of them has: a program that reads a letter
/// with its headers.
///
/// - Source: RFC 5322 for the letter, RFC 2045 for its body in UTF-8. Every header is printable ASCII.
struct SendmailMailer: Mailer {
    /// The program and its arguments, like `/usr/sbin/sendmail -t -i`. It takes the recipient from the letter, so that
    /// no address stands in the list of processes.
    let command: [String]
    let from: MailSender

    struct NotTaken: Error {}

    func send(_ letter: Letter) async throws {
        let text = message(letter)
        let (command, status) = (command, Box())
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            DispatchQueue.global().async {
                do {
                    let process = Process()
                    process.executableURL = URL(fileURLWithPath: command[0])
                    process.arguments = Array(command.dropFirst())
                    let input = Pipe()
                    process.standardInput = input
                    process.standardOutput = FileHandle.nullDevice
                    process.standardError = FileHandle.nullDevice
                    try process.run()
                    // A mail program that does not read must not hold the service up for ever.
                    let deadline = DispatchWorkItem { kill(process.processIdentifier, SIGKILL) }
                    DispatchQueue.global().asyncAfter(deadline: .now() + 30, execute: deadline)
                    try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
                    try? input.fileHandleForWriting.close()
                    process.waitUntilExit()
                    deadline.cancel()
                    status.value = process.terminationStatus
                    guard process.terminationReason == .exit, status.value == 0 else { throw NotTaken() }
                    continuation.resume()
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    private final class Box: @unchecked Sendable { var value: Int32 = 0 }  // written and read on one queue

    /// Neutral in every header: the same for everybody.
    private func message(_ letter: Letter) -> String {
        let headers = [
            "From: \(from.header)", "To: \(letter.to)", "Subject: \(letter.subject)",
            "Message-ID: <\(letter.id)@\(from.host)>",
            "Date: \(Self.date.string(from: Date()))", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit", "Auto-Submitted: auto-generated",
        ]
        return (headers + ["", letter.body, ""]).joined(separator: "\n")
    }

    private static let date: DateFormatter = {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "UTC")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss Z"
        return format
    }()
}
