/// Whose act it can be. A workflow names which roles its two parties have; staff and the clock are everywhere the same.
public enum Role: String, CaseIterable, Hashable, Sendable, Codable {
    case mentee, mentor, asker, volunteer
    case coordinator
    case clock

    /// True if the role is the program's rather than a person's in the case.
    public var isStaff: Bool { self == .coordinator }
}
