internal import Cryptography
internal import Matching
internal import ReleaseWorkflow

extension Message: StoredValue {
    static var storedName: StaticString { "message" }

    init(stored: StoredObject) throws {
        let (to, date): (PersonID, CivilDate) = (try stored.id("to"), try stored.date("on"))
        if let access = try stored.optionalObject("access") {
            self.init(to: to, access: try AccessNotice(stored: access), on: date)
        } else {
            self.init(to: to, notice: try stored.choice("notice", of: Notice.self), on: date)
            isForMailboxAlone = try stored.optionalFlag("isForMailboxAlone") ?? false
            from = try stored.optionalDate("from")
        }
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("to", to).with("notice", notice).with("on", on).with("access", access)
            .with("isForMailboxAlone", isForMailboxAlone ? true : nil).with("from", from).members
    }
}

extension AccessNotice: StoredValue {
    static var storedName: StaticString { "message about signing in" }

    init(stored: StoredObject) throws {
        let (name, values) = try stored.onlyMember()
        switch name {
        case "link": self = .link(token: try values.text("token"))
        case "confirm": self = .confirm(token: try values.text("token"), address: try values.text("address"))
        case "changed": self = .changed(former: try values.text("former"))
        case "numberChanged":
            self = .numberChanged(former: try values.text("former"), by: try values.optionalID("by"))
        default: throw stored.problem("access")
        }
    }

    var stored: [String: CanonicalJSON] {
        let values = StoredMembers()
        return switch self {
        case .link(let token): ["link": .object(values.with("token", token).members)]
        case .confirm(let token, let address):
            ["confirm": .object(values.with("token", token).with("address", address).members)]
        case .changed(let former): ["changed": .object(values.with("former", former).members)]
        case .numberChanged(let former, let by):
            ["numberChanged": .object(values.with("former", former).with("by", by).members)]
        }
    }
}
