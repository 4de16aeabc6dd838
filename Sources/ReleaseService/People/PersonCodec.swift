internal import Cryptography
internal import Matching
internal import ReleaseWorkflow

// The stored form of what is known of a person, and of how they sign in. Keys are part of the format: golden files hold them.

extension Identity: StoredValue {
    static var storedName: StaticString { "person" }

    init(stored: StoredObject) throws {
        self.init(
            fullName: try stored.text("fullName"), surname: try stored.text("surname"), firstName: try stored.text("firstName"),
            phone: try stored.text("phone"), roles: try stored.choices("roles", of: Role.self), field: try stored.text("field"),
            isUnderContract: try stored.flag("isUnderContract"), coordinator: try stored.optionalID("coordinator"),
            profile: try stored.optionalTable("profile"),
            exclusions: try stored.optionalObjects("exclusions") { try Exclusion(stored: $0) },
            employer: try stored.optionalBytes("employer"))
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("fullName", fullName).with("surname", surname).with("firstName", firstName).with("phone", phone)
            .with("roles", roles.map(\.rawValue)).with("field", field).with("isUnderContract", isUnderContract)
            .with("coordinator", coordinator).with("profile", profile.map { .object($0.mapValues(CanonicalJSON.string)) })
            .with("exclusions", list: exclusions).with("employer", bytes: employer).members
    }
}

extension Exclusion: StoredValue {
    static var storedName: StaticString { "exclusion" }
    init(stored: StoredObject) throws {
        self.init(relation: try stored.choice("relation", of: Relation.self), token: try stored.bytes("token"))
    }
    var stored: [String: CanonicalJSON] { StoredMembers().with("relation", relation).with("token", bytes: token).members }
}

extension Attestation: StoredValue {
    static var storedName: StaticString { "attestation" }

    init(stored: StoredObject) throws {
        self.init(
            attributes: Set(try stored.choices("attributes", of: Condition.self)),
            inRecoverySince: try stored.optionalDate("inRecoverySince"),
            experiencedSince: try stored.optionalDate("experiencedSince"),
            licensedOn: try stored.optionalDate("licensedOn"), inPracticeSince: try stored.optionalDate("inPracticeSince"),
            certifiedUntil: try stored.optionalDate("certifiedUntil"), fields: try stored.texts("fields"),
            acceptedStages: Set(try stored.choices("acceptedStages", of: Stage.self)))
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("attributes", attributes.map(\.rawValue).sorted()).with("inRecoverySince", inRecoverySince)
            .with("experiencedSince", experiencedSince).with("licensedOn", licensedOn).with("inPracticeSince", inPracticeSince)
            .with("certifiedUntil", certifiedUntil).with("fields", fields)
            .with("acceptedStages", acceptedStages.map(\.rawValue).sorted()).members
    }
}

extension Enrollment.Signed: StoredValue {
    static var storedName: StaticString { "signed agreement" }
    init(stored: StoredObject) throws {
        self.init(
            form: try stored.text("form"), on: try stored.date("on"), index: try stored.number("index"),
            openings: try stored.optionalTable("openings") ?? [:])
    }
    var stored: [String: CanonicalJSON] {
        StoredMembers().with("form", form).with("on", on).with("index", index)
            .with("openings", .object(openings.mapValues(CanonicalJSON.string))).members
    }
}

extension Enrollment: StoredValue {
    static var storedName: StaticString { "enrollment" }

    init(stored: StoredObject) throws {
        self.init(
            attestation: try Attestation(stored: stored.object("attestation")), attestedBy: try stored.optionalID("attestedBy"),
            attestedOn: try stored.date("attestedOn"), policy: try stored.text("policy"), isReady: try stored.flag("isReady"),
            isPaused: try stored.flag("isPaused"), capacity: try stored.number("capacity"),
            display: try stored.optionalText("display"),
            agreements: try stored.optionalTableOfObjects("agreements") { try Signed(stored: $0) } ?? [:],
            answers: try stored.optionalObject("answers").map { try Answers(stored: $0) })
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("attestation", attestation).with("attestedBy", attestedBy).with("attestedOn", attestedOn)
            .with("policy", policy).with("isReady", isReady).with("isPaused", isPaused).with("capacity", capacity)
            .with("display", display).with("agreements", .object(agreements.mapValues { .object($0.stored) }))
            .with("answers", answers).members
    }
}

extension Enrollments: StoredValue {
    static var storedName: StaticString { "enrollments" }
    init(stored: StoredObject) throws {
        self.init(
            mentor: try stored.optionalObject("mentor").map { try Enrollment(stored: $0) },
            mentee: try stored.optionalObject("mentee").map { try Enrollment(stored: $0) })
    }
    var stored: [String: CanonicalJSON] { StoredMembers().with("mentor", mentor).with("mentee", mentee).members }
}

// MARK: Signing in

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
    var stored: [String: CanonicalJSON] { StoredMembers().with("digest", bytes: digest).with("until", Int(until)).members }
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
        change = try stored.optionalObject("change").map { try StaffChange(stored: $0) }
        agreedElectronicallyOn = try stored.optionalDate("agreedElectronicallyOn")
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("address", address).with("password", password).with("secret", bytes: secret)
            .with("lastStep", lastStep.map { Int($0) }).with("recovery", .array(recovery.map(CanonicalJSON.of)))
            .with("pin", pin).with("pinFailureCount", pinFailureCount).with("firstUse", firstUse).with("isDisabled", isDisabled)
            .with("wasSetUp", wasSetUp).with("change", change).with("agreedElectronicallyOn", agreedElectronicallyOn).members
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
            purpose: try stored.choice("purpose", of: LinkPurpose.self), failureCount: try stored.number("failureCount"),
            secret: try stored.optionalBytes("secret"), address: try stored.optionalText("address"))
    }
    var stored: [String: CanonicalJSON] {
        StoredMembers().with("purpose", purpose).with("failureCount", failureCount).with("secret", bytes: secret)
            .with("address", address).members
    }
}

/// A row that says all by being there.
struct Presence: StoredValue {
    static var storedName: StaticString { "row" }
    init() {}
    init(stored: StoredObject) {}
    var stored: [String: CanonicalJSON] { [:] }
}

// MARK: Messages and the journal

extension Message: StoredValue {
    static var storedName: StaticString { "message" }

    init(stored: StoredObject) throws {
        let (to, date): (PersonID, CivilDate) = (try stored.id("to"), try stored.date("on"))
        if let access = try stored.optionalObject("access") {
            self.init(to: to, access: try AccessNotice(stored: access), on: date)
        } else {
            self.init(to: to, notice: try stored.choice("notice", of: Notice.self), on: date)
        }
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("to", to).with("notice", notice).with("on", on).with("access", access).members
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
        default: throw stored.problem("access")
        }
    }

    var stored: [String: CanonicalJSON] {
        let values = StoredMembers()
        return switch self {
        case .link(let token): ["link": .object(values.with("token", token).members)]
        case .confirm(let token, let address): ["confirm": .object(values.with("token", token).with("address", address).members)]
        case .changed(let former): ["changed": .object(values.with("former", former).members)]
        }
    }
}

extension JournalLine: StoredValue {
    static var storedName: StaticString { "line of the journal" }
    init(stored: StoredObject) throws {
        self.init(person: try stored.id("person"), attempt: try stored.text("attempt"), on: try stored.date("on"))
    }
    var stored: [String: CanonicalJSON] { StoredMembers().with("person", person).with("attempt", attempt).with("on", on).members }
}
