public import ReleaseWorkflow

/// A refused attempt by somebody with no part in the matter.
public struct JournalLine: Hashable, Sendable {
    public let person: PersonID
    public let attempt: String
    public let on: CivilDate
}
