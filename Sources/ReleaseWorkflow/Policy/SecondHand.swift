/// The people who may confirm what one member of staff asked for and another has to look at: two persons, not two
/// roles.
public enum SecondHand: Hashable, Sendable {
    /// Staff in any of these roles, but the one who asked.
    case by([Confirmer])
    /// Nobody, because there is nobody: what is asked is done, and the program says why.
    case none(reason: String)

    public enum Confirmer: String, CaseIterable, Hashable, Sendable { case coordinator, administrator }

    /// In a sentence, for whoever reads the policy.
    public var plainWords: String {
        switch self {
        case .by(let confirmers):
            "Some things that one member of staff asks for cannot be undone. Another one confirms them: "
                + confirmers.map { $0 == .coordinator ? "a coordinator" : "an administrator" }.joined(separator: " or ")
                + "."
        case .none(let reason): "Nobody confirms what staff ask for: \(reason)"
        }
    }
}
