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

extension Issue: StoredValue {
    static var storedName: StaticString { "means to sign in that staff gave" }

    init(stored: StoredObject) throws {
        self.init(
            hands: try stored.list("hands") { $0.string.flatMap { PersonID(parsing: $0) } }, on: try stored.date("on"),
            until: try stored.optionalNumber("until").map(Int64.init),
            confirmed: try stored.optionalObject("confirmed").map { try Identity.Attested(stored: $0) },
            reached: try stored.optionalChoice("reached", of: Reached.self), isVoid: try stored.flag("isVoid"),
            isFormer: try stored.optionalFlag("isFormer") ?? false, count: try stored.optionalNumber("count") ?? 1)
    }

    /// A change as it was written before anything had to be confirmed: `by`, and `until` when signing waits.
    init(former stored: StoredObject) throws {
        let until = Int64(try stored.number("until"))
        let day = Int((until - AccessTimes.block) / 86_400_000)
        self.init(hands: [try stored.id("by")], on: CivilDate(dayNumber: day), until: until, isFormer: true)
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("hands", .array(hands.map { .string("\($0)") })).with("on", on)
            .with("until", until.map { Int($0) }).with("confirmed", confirmed).with("reached", reached)
            .with("isVoid", isVoid).with("isFormer", isFormer ? true : nil)
            .with("count", count).members
    }
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
        issue =
            try stored.optionalObject("issue").map { try Issue(stored: $0) }
            ?? stored.optionalObject("change").map { try Issue(former: $0) }
        agreedElectronicallyOn = try stored.optionalDate("agreedElectronicallyOn")
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("address", address).with("password", password).with("secret", bytes: secret)
            .with("lastStep", lastStep.map { Int($0) }).with("recovery", .array(recovery.map(CanonicalJSON.of)))
            .with("pin", pin).with("pinFailureCount", pinFailureCount).with("firstUse", firstUse).with(
                "isDisabled", isDisabled
            )
            .with("wasSetUp", wasSetUp).with("memberNumber", bytes: memberNumber).with("issue", issue).with(
                "agreedElectronicallyOn", agreedElectronicallyOn
            )
            .members
    }
}

extension SessionContent: StoredValue {
    static var storedName: StaticString { "session" }
    init(stored: StoredObject) throws {
        self.init(
            assurance: try stored.choice("assurance", of: Assurance.self), seen: Int64(try stored.number("seen")),
            own: try stored.optionalBytes("own"))
    }
    var stored: [String: CanonicalJSON] {
        StoredMembers().with("assurance", assurance).with("seen", Int(seen)).with("own", bytes: own).members
    }
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
