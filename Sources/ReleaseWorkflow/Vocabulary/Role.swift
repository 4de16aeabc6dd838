/// A role in which an act is done. A workflow names the roles of its two parties; staff and the clock are the same in
/// all.
public enum Role: String, CaseIterable, Hashable, Sendable, Codable {
    case mentee, mentor, asker, volunteer
    case coordinator
    case clock

    /// True if the role is the program's rather than a person's in the case.
    public var isStaff: Bool { self == .coordinator }
}
