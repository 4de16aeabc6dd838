/// A reason for which what is open is shown to nobody, while the release lives: each goes away by itself or by the
/// person's own word, and only when none is left is it shown again.
public enum Hiding: String, CaseIterable, Hashable, Sendable, Codable {
    /// The person has cleared the box.
    case box
    /// Something that the policy demands for as long as it lasts is missing.
    case standing
}
