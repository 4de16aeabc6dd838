import ArgumentParser
import ReleaseService
import ReleaseWorkflow

/// Ends a program: everything closes and everybody is told; later, when the letters have gone out, everybody is erased.
struct WindDown: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wind-down",
        abstract: "End a program: first --close, then, when everybody has been told, --erase.",
        discussion: """
            Stop the service first. --close ends every card, every release and every search at once, leaves a message for everybody who takes \
            part, and from then on nothing new begins. Start the service again until its letters have gone out and coordinators have passed \
            on theirs; people can sign in, read, and keep copies. --erase then erases everybody who takes part: names, numbers, answers, \
            cards, for good. The log stays, holds no name, and still verifies: keep it for as long as your counsel says. At the very end \
            destroy the folder and every backup of `keys`.
            """)

    @OptionGroup var options: FolderOptions
    @Flag(help: "Close everything, and tell everybody.") var close = false
    @Flag(help: "Erase everybody who takes part.") var erase = false
    @Flag(help: "Erase although messages have not gone out: somebody will not hear of it.") var unsent = false
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

    /// Nobody is erased before everybody was told, nobody has anything open, and nobody has a message that waits.
    private func eraseAll(_ people: [PersonID], _ service: ReleaseService) async throws {
        guard try await service.isEnding() else {
            throw Failure("nobody was told: `privity wind-down --close` comes first; nobody was erased", status: 1)
        }
        for id in people where try await !service.isErasable(id) {
            throw Failure(
                "somebody has something open: `privity wind-down --close` comes first; nobody was erased", status: 1)
        }
        let all = Set(people)
        let waiting = try await service.outbox().filter { all.contains($0.to) }.count
        if waiting > 0, !unsent {
            throw Failure(
                "\(waiting) messages have not gone out: start the service, or give `--unsent`; nobody was erased",
                status: 1)
        }
        let meter = Meter(of: people.count)
        for id in people {
            let outcome = try await service.erase(id, key: nil)
            if let refusal = outcome.refusal { throw Failure(refusal, status: 1) }
            meter.step()
        }
        say("\(people.count) erased; the log stays")
    }
}
