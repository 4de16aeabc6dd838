/// A notice and whom it goes to, written `role.notice` in a policy.
public struct Telling: Hashable, Sendable, Codable {
    public let role: Role
    public let notice: Notice
    public init(role: Role, notice: Notice) {
        self.role = role
        self.notice = notice
    }
}
