internal import Cryptography
internal import Matching
internal import ReleaseWorkflow

extension PasswordHash: StoredValue {
    static var storedName: StaticString { "password hash" }
    init(stored: StoredObject) throws {
        guard let cost = UInt64(exactly: try stored.number("cost")) else { throw stored.problem("cost") }
        self.init(salt: try stored.bytes("salt"), cost: cost, hash: try stored.bytes("hash"))
    }
    var stored: [String: CanonicalJSON] {
        StoredMembers().with("salt", bytes: salt).with("cost", Int(cost)).with("hash", bytes: hash).members
    }
}

extension Account.FirstUse: StoredValue {
    static var storedName: StaticString { "first-use code" }
    init(stored: StoredObject) throws {
        self.init(digest: try stored.bytes("digest"), until: Int64(try stored.number("until")))
    }
    var stored: [String: CanonicalJSON] {
        StoredMembers().with("digest", bytes: digest).with("until", Int(until)).members
    }
}

extension Account.StaffChange: StoredValue {
    static var storedName: StaticString { "change by staff" }
    init(stored: StoredObject) throws { self.init(by: try stored.id("by"), until: Int64(try stored.number("until"))) }
    var stored: [String: CanonicalJSON] { StoredMembers().with("by", by).with("until", Int(until)).members }
}

extension Account: StoredValue {
    static var storedName: StaticString { "account" }

    init(stored: StoredObject) throws {
        self.init()
        address = try stored.optionalText("address")
        password = try stored.optionalObject("password").map { try PasswordHash(stored: $0) }
        secret = try stored.optionalBytes("secret")
        lastStep = try stored.optionalNumber("lastStep").flatMap { UInt64(exactly: $0) }
        recovery = try stored.list("recovery") { StoredObject.bytes($0) }
        pin = try stored.optionalObject("pin").map { try PasswordHash(stored: $0) }
        pinFailureCount = try stored.number("pinFailureCount")
        firstUse = try stored.optionalObject("firstUse").map { try FirstUse(stored: $0) }
        isDisabled = try stored.flag("isDisabled")
        wasSetUp = try stored.optionalFlag("wasSetUp") ?? false
        memberNumber = try stored.optionalBytes("memberNumber")
        change = try stored.optionalObject("change").map { try StaffChange(stored: $0) }
        agreedElectronicallyOn = try stored.optionalDate("agreedElectronicallyOn")
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("address", address).with("password", password).with("secret", bytes: secret)
            .with("lastStep", lastStep.map { Int($0) }).with("recovery", .array(recovery.map(CanonicalJSON.of)))
            .with("pin", pin).with("pinFailureCount", pinFailureCount).with("firstUse", firstUse).with(
                "isDisabled", isDisabled
            )
            .with("wasSetUp", wasSetUp).with("memberNumber", bytes: memberNumber).with("change", change).with(
                "agreedElectronicallyOn", agreedElectronicallyOn
            )
            .members
    }
}

extension SessionContent: StoredValue {
    static var storedName: StaticString { "session" }
    init(stored: StoredObject) throws {
        self.init(assurance: try stored.choice("assurance", of: Assurance.self), seen: Int64(try stored.number("seen")))
    }
    var stored: [String: CanonicalJSON] { StoredMembers().with("assurance", assurance).with("seen", Int(seen)).members }
}

extension LinkContent: StoredValue {
    static var storedName: StaticString { "link" }
    init(stored: StoredObject) throws {
        self.init(
            purpose: try stored.choice("purpose", of: LinkPurpose.self),
            failureCount: try stored.number("failureCount"),
            secret: try stored.optionalBytes("secret"), address: try stored.optionalText("address"))
    }
    var stored: [String: CanonicalJSON] {
        StoredMembers().with("purpose", purpose).with("failureCount", failureCount).with("secret", bytes: secret)
            .with("address", address).members
    }
}
