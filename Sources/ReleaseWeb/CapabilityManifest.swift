internal import Foundation
internal import HTTPTypes
internal import ReleaseService
public import ReleaseWorkflow

/// Everything that each role can ever reach or be shown: routes, fields, jobs and messages (DER-23).
///
/// It is generated from the table that serves, and from the types that answers are made of; a file in the repository
/// holds it, and a test compares the two and both with what a running service answers. So a change to what somebody can
/// see shows as a change to that file.
public struct CapabilityManifest: Sendable {
    private let policy: Policy

    public init(_ policy: Policy) { self.policy = policy }

    /// - Shape: lines `role: kind: what`, sorted.
    public var text: String { (routes + fields + jobs + messages).sorted().joined(separator: "\n") + "\n" }

    private var routes: [String] {
        RouteTable.all.map {
            "\($0.audience.word): route: \($0.method.rawValue) \($0.path)\($0.isSilent ? " (silent)" : "")"
        }
    }

    private var fields: [String] {
        func lines(_ role: String, _ type: String, _ names: [String]) -> [String] {
            names.map { "\(role): field: \(type).\($0)" }
        }
        let parties = Set(policy.workflows.flatMap(\.parties)).map(\.rawValue).sorted()
        var all: [String] = []
        for role in parties {
            all += lines(role, "case", CaseContent.fields(for: role, under: policy))
        }
        let signers = Set(policy.workflows.flatMap { $0.isMutual ? $0.parties : [$0.discloser] }.map(\.rawValue))
        for role in signers.sorted() {
            all += lines(role, "look", LookContent.fields)
            all += lines(role, "receipt", ReceiptContent.fields)
        }
        let readers = Set(
            policy.workflows.compactMap { if case .role(let role) = $0.reader { role.rawValue } else { nil } })
        for role in readers.sorted() {
            all += lines(role, "card", CardContent.fields + policy.release.fields.map { "fields.\($0.rawValue)" })
        }
        all += lines("coordinator", "case", CaseContent.fields(for: "coordinator", under: policy))
        all += lines("coordinator", "person", PersonContent.fields)
        all += lines("auditor", "entry", EntryContent.fields)
        return all
    }

    /// The jobs that run without anybody's asking.
    private var jobs: [String] { Scheduler.Job.allCases.map { "clock: job: \($0.rawValue)" } }

    private var messages: [String] {
        let tellings = Set(policy.workflows.flatMap { $0.transitions.flatMap(\.tellings) })
        let notices = tellings.map { "\($0.role.rawValue): message: \($0.notice.rawValue)" }
        return notices + ["people: message: sign-in link", "anyone with an account: message: account changed"]
    }
}
