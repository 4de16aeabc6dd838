import Cryptography
import Foundation
import PolicyFile
import ReleaseWorkflow
import Testing

/// The repository's folder.
let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

func mphpText() throws -> String {
    try String(contentsOf: repository.appendingPathComponent("Policies/mphp.yaml"), encoding: .utf8)
}

func load(_ text: String) throws -> LoadedPolicy {
    let parsed = try PolicyFile.parse(text)
    return LoadedPolicy(policy: parsed.policy, digest: SHA256.hash(parsed.canonical))
}

/// The five programs that ship.
let shippedNames = ["mphp", "icb", "sgv-camft", "structured", "mscsw"]

func shippedText(_ name: String) throws -> String {
    try String(contentsOf: repository.appendingPathComponent("Policies/\(name).yaml"), encoding: .utf8)
}

func shippedPolicy(_ name: String) throws -> LoadedPolicy { try load(shippedText(name)) }

func mphp() throws -> LoadedPolicy { try load(mphpText()) }

/// The shipped policy with one passage replaced; the passage must be there, once at least.
func mphp(replacing passage: String, with replacement: String) throws -> LoadedPolicy {
    let text = try mphpText()
    try #require(text.contains(passage), "the passage to replace is gone: \(passage)")
    return try load(text.replacingOccurrences(of: passage, with: replacement))
}

/// A small story: Ada asks, Ben and Cleo mentor, Maya coordinates.
enum Cast {
    static let ada = PersonID(high: 1, low: 1)
    static let ben = PersonID(high: 1, low: 2)
    static let cleo = PersonID(high: 1, low: 3)
    static let stranger = PersonID(high: 1, low: 4)
    static let maya = PersonID(high: 1, low: 9)
}

func date(_ text: String) throws -> CivilDate { try #require(CivilDate(parsing: text)) }

func moment(_ text: String) throws -> Moment {
    let day = try date(text)
    return Moment(instantMilliseconds: Int64(day.dayNumber) * 86_400_000, date: day)
}

/// Drives one case of the shipped policy through the real functions.
struct Story {
    let loaded: LoadedPolicy
    let workflow: Workflow
    var state: State
    var today: CivilDate
    var next: UInt64 = 1

    init(_ loaded: LoadedPolicy, workflow: String = "mentorship", on day: String = "2026-01-05") throws {
        self.loaded = loaded
        self.workflow = try #require(loaded.policy.workflow(workflow))
        state = State(opener: Cast.ada, position: self.workflow.initial)
        today = try date(day)
    }

    mutating func act(
        _ kind: CommandKind, _ principal: Principal, _ channel: Channel = .screen, agent: PersonID? = nil,
        person: PersonID = Cast.ben,
        facts: Facts = .all
    ) throws -> [Event] {
        next += 1
        let command = Command(
            kind, round: RoundID(high: 2, low: next), person: person, release: ReleaseID(high: 3, low: next),
            again: ReleaseID(high: 4, low: next))
        let actor = Actor(principal, agent: agent, channel: channel)
        let now = Moment(instantMilliseconds: Int64(today.dayNumber) * 86_400_000, date: today)
        let authorized = try authorize(
            command, by: actor, in: state, under: loaded, workflow: workflow, given: facts, at: now)
        let events = try decide(authorized, in: state, under: loaded, workflow: workflow, given: facts, at: now)
        state = events.reduce(state, evolve)
        return events
    }

    var name: String { workflow.name(of: state.position) }

    /// Takes a mentorship to `state` by the shortest way.
    mutating func go(to target: String) throws {
        let steps: [(String, CommandKind, Principal)] = [
            ("requested", .request, .person(Cast.ada)), ("surveyed", .completeSurvey, .person(Cast.ada)),
            ("proposed", .propose, .staff(Cast.maya)), ("accepted", .acceptSlot, .person(Cast.ben)),
            ("offered", .offer, .staff(Cast.maya)), ("signed", .sign, .person(Cast.ada)),
            ("introduced", .disclose, .staff(Cast.maya)),
        ]
        for (reached, kind, principal) in steps {
            if name == target { return }
            _ = try act(kind, principal)
            if reached == target { return }
        }
        if target == "handedOff" {
            today = try #require(state.round?.due).adding(days: 1)
            _ = try act(.handOff, .clock, .clock)
        }
        if target == "ended" { _ = try act(.end, .person(Cast.ada)) }
    }
}
