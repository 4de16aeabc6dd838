public import ReleaseWorkflow

/// The ground on which a consent is handed out on paper: to the person, to a court, to whoever audits, or because of a
/// breach (42 CFR 2.31(c), 2.53, 2.61 to 2.67, 2.16).
public enum ProductionGround: Hashable, Sendable {
    /// The person asked for what they signed.
    case personAsked
    /// A court ordered it under subpart E, on this day, and a subpoena of this day compels it. Either alone is no
    /// ground (42 CFR 2.61).
    case courtOrder(on: CivilDate, subpoenaOn: CivilDate)
    /// An audit or evaluation of the program (42 CFR 2.53).
    case auditOrEvaluation
    /// A breach of it is looked into.
    case breach

    public static let names = ["personAsked", "courtOrder", "auditOrEvaluation", "breach"]

    public var name: String {
        switch self {
        case .personAsked: "personAsked"
        case .courtOrder: "courtOrder"
        case .auditOrEvaluation: "auditOrEvaluation"
        case .breach: "breach"
        }
    }

    /// Reads a ground as it is asked for.
    ///
    /// - Throws: `FieldProblem` at `because` for a word that is none; at `orderOn` and `subpoenaOn` where a court's day
    ///   is missing or not over, and where one is given for another ground.
    public init(parsing name: String, orderOn: CivilDate?, subpoenaOn: CivilDate?, today: CivilDate) throws {
        if name != "courtOrder", orderOn != nil || subpoenaOn != nil {
            throw FieldProblem(field: "because", expected: "`courtOrder`, where a court's day is given")
        }
        switch name {
        case "personAsked": self = .personAsked
        case "auditOrEvaluation": self = .auditOrEvaluation
        case "breach": self = .breach
        case "courtOrder":
            guard let orderOn, orderOn <= today else {
                throw FieldProblem(
                    field: "orderOn",
                    expected:
                        "the day of the court's order under 42 CFR part 2, subpart E: a subpoena alone is no ground (§2.61)"
                )
            }
            guard let subpoenaOn, subpoenaOn <= today else {
                throw FieldProblem(
                    field: "subpoenaOn", expected: "the day of the subpoena that compels what the order permits (§2.61)"
                )
            }
            self = .courtOrder(on: orderOn, subpoenaOn: subpoenaOn)
        default: throw FieldProblem(field: "because", expected: Self.names.joined(separator: ", "))
        }
    }
}

extension ProductionGround: StoredValue {
    static var storedName: StaticString { "ground of a production" }

    init(stored: StoredObject) throws {
        switch try stored.text("name") {
        case "courtOrder": self = .courtOrder(on: try stored.date("on"), subpoenaOn: try stored.date("subpoenaOn"))
        case "auditOrEvaluation": self = .auditOrEvaluation
        case "breach": self = .breach
        case "personAsked": self = .personAsked
        default: throw stored.problem("name")
        }
    }

    var stored: [String: CanonicalJSON] {
        let members = StoredMembers().with("name", name)
        guard case .courtOrder(let day, let subpoena) = self else { return members.members }
        return members.with("on", day).with("subpoenaOn", subpoena).members
    }
}
