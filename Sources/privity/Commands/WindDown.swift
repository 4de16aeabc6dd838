import ArgumentParser
import ReleaseService
import ReleaseWorkflow

/// Ends a program: everything closes and everybody is told; later, when the letters have gone out, everybody is erased.
struct WindDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wind-down",
        abstract: "End a program: first --close, then, when everybody has been told, --erase.",
        discussion: """
            Stop the service first. --close ends every card, every release and every search at once, and leaves a message for each whom it \
            concerns; start the service again until its letters have gone out and coordinators have passed on theirs. --erase then erases \
            everybody who takes part: names, numbers, answers, cards, for good. The log stays, holds no name, and still verifies: keep it \
            for as long as your counsel says. At the very end destroy the folder and every backup of `keys`.
            """)

    @OptionGroup var options: FolderOptions
    @Flag(help: "Close everything, and tell everybody.") var close = false
    @Flag(help: "Erase everybody who takes part.") var erase = false
    @Option(help: "The name of the log, typed out: what is done here cannot be undone.") var origin: String?

    func validate() throws {
        if close, erase { throw Failure("`--close`, `--erase`: one after the other, with letters between", status: 2) }
    }

    func run() async throws {
        let open = try await OpenFolder(options, isWriter: close || erase)
        if close || erase {
            guard origin == open.settings.origin else {
                throw Failure(
                    "`--origin`: expected the name of this log, typed out: `\(open.settings.origin)`", status: 2)
            }
        }
        var people: [PersonID] = []
        for id in try await open.service.people()
        where try await open.service.identity(of: id)?.roles.contains(where: { !$0.isStaff }) == true {
            people.append(id)
        }
        if close {
            try await closeAll(people, open.service)
        } else if erase {
            try await eraseAll(people, open.service)
        } else {
            say("\(people.count) take part. Nothing was changed: `--close` comes first, `--help` says the rest.")
        }
    }

    private func closeAll(_ people: [PersonID], _ service: ReleaseService) async throws {
        let meter = Meter(of: people.count)
        for id in people {
            let outcome = try await service.closeForGood(id, key: nil)
            if let refusal = outcome.refusal { throw Failure(refusal, status: 1) }
            meter.step()
        }
        say("everything of \(people.count) is closed; let the service send its letters before you erase")
    }

    /// Whoever still has something open keeps everybody's: a program is closed first.
    private func eraseAll(_ people: [PersonID], _ service: ReleaseService) async throws {
        let meter = Meter(of: people.count)
        for id in people {
            let outcome = try await service.erase(id, key: nil)
            guard outcome.refusalCode != Refusal.stillOpen.code else {
                throw Failure("somebody has something open: `privity wind-down --close` comes first", status: 1)
            }
            if let refusal = outcome.refusal { throw Failure(refusal, status: 1) }
            meter.step()
        }
        say("\(people.count) erased; the log stays")
    }
}
