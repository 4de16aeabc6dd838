public import ReleaseWorkflow

/// A line of the operator journal: a refused attempt by somebody with no part in the case, or an opening that was
/// revealed.
public struct JournalLine: Hashable, Sendable {
    public let person: PersonID
    public let attempt: String
    public let on: CivilDate
}
