/// The way by which an act reached the service.
public enum Channel: String, CaseIterable, Hashable, Sendable, Codable {
    case screen, paper, phone, clock
}
