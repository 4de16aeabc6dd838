import ArgumentParser
import Cryptography
import Foundation
import Matching
import PolicyFile
import ReleaseService
import ReleaseWeb
import ReleaseWorkflow

@main
struct Privity: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "privity",
        abstract: "Confidential consent and release of information.",
        discussion: """
            A person signs a release; only then a first name and a telephone number cross to one mentor. Every release, disclosure and \
            rescission is signed and logged; auditors verify all of it and see nobody's data.

            Exit status: 0 done, 1 refused or not verified, 2 wrong use or input, 3 the machinery failed.
            Settings: options come before the environment (PRIVITY_PASSPHRASE_FILE), that before privity.yaml in the folder.
            Completion: privity --generate-completion-script bash|zsh|fish
            """,
        subcommands: [
            Initialize.self, Apply.self, PersonGroup.self, CaseGroup.self, ReleaseGroup.self, AuditGroup.self,
            PolicyGroup.self,
            MatchGroup.self, EvaluationGroup.self, KeyGroup.self, AccountGroup.self, Serve.self, Erase.self,
            WindDown.self,
            Backup.self,
            Restore.self,
        ])

    /// Maps every error to its exit status and one line on standard error.
    static func main() async {
        keepQuiet()
        do {
            try CryptographyLibrary.prepare()
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            exit(withError: code)
        } catch let failure as Failure {
            complain(failure.message)
            Foundation.exit(failure.status)
        } catch {
            if isParserError(error) {
                // Help and version end well; a wrong call ends with 2.
                let status = exitCode(for: error).rawValue
                if status == 0 { exit(withError: error) }
                complain(fullMessage(for: error))
                Foundation.exit(2)
            }
            let failure = Failure(error)
            complain(failure.message)
            Foundation.exit(failure.status)
        }
    }

    /// Whatever this process makes is its user's alone, and should it crash, it shows nobody its memory: no core file,
    /// and none of the backtraces that Swift prints with the contents of registers.
    private static func keepQuiet() {
        umask(0o077)
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        for fault in [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV] { signal(fault, SIG_DFL) }
    }

    private static func isParserError(_ error: any Error) -> Bool {
        error is CleanExit || error is ValidationError
            || String(reflecting: type(of: error)).hasPrefix("ArgumentParser.")
    }

}
