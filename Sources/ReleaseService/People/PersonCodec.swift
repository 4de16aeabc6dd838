internal import Cryptography
internal import Matching
internal import ReleaseWorkflow

// The stored form of what is known of a person, and of how they sign in. Keys are part of the format: golden files hold
// them.

extension Identity: StoredValue {
    static var storedName: StaticString { "person" }

    init(stored: StoredObject) throws {
        self.init(
            fullName: try stored.text("fullName"), surname: try stored.text("surname"),
            firstName: try stored.text("firstName"),
            phone: try stored.text("phone"), roles: try stored.choices("roles", of: Role.self),
            field: try stored.text("field"),
            isUnderContract: try stored.flag("isUnderContract"), coordinator: try stored.optionalID("coordinator"),
            profile: try stored.optionalTable("profile"),
            exclusions: try stored.optionalObjects("exclusions") { try Exclusion(stored: $0) },
            contractAttested: try stored.optionalObject("contractAttested").map { try Attested(stored: $0) },
            employer: try stored.optionalBytes("employer"),
            suspension: try stored.optionalObject("suspension").map { try Suspension(stored: $0) },
            formerTokens: try stored.optionalList("formerTokens", StoredObject.bytes),
            numberEntered: try stored.optionalObject("numberEntered").map { try Attested(stored: $0) })
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("fullName", fullName).with("surname", surname).with("firstName", firstName).with(
            "phone", phone
        )
        .with("roles", roles.map(\.rawValue)).with("field", field).with("isUnderContract", isUnderContract)
        .with("coordinator", coordinator).with("profile", profile.map { .object($0.mapValues(CanonicalJSON.string)) })
        .with("exclusions", list: exclusions).with("contractAttested", contractAttested)
        .with("employer", bytes: employer).with("suspension", suspension)
        .with("formerTokens", formerTokens.map { .array($0.map(CanonicalJSON.of)) })
        .with("numberEntered", numberEntered).members
    }
}

extension Identity.Attested: StoredValue {
    static var storedName: StaticString { "hand and day of an attestation" }
    init(stored: StoredObject) throws {
        self.init(by: try stored.optionalID("by"), on: try stored.date("on"))
    }
    var stored: [String: CanonicalJSON] { StoredMembers().with("by", by).with("on", on).members }
}

extension Identity.Suspension: StoredValue {
    static var storedName: StaticString { "suspension" }
    init(stored: StoredObject) throws {
        self.init(
            cause: try stored.choice("cause", of: Cause.self), by: try stored.id("by"), on: try stored.date("on"))
    }
    var stored: [String: CanonicalJSON] {
        StoredMembers().with("cause", cause).with("by", by).with("on", on).members
    }
}

extension Exclusion: StoredValue {
    static var storedName: StaticString { "exclusion" }
    init(stored: StoredObject) throws {
        self.init(
            relation: try stored.choice("relation", of: Relation.self), token: try stored.bytes("token"),
            on: try stored.optionalDate("on"))
    }
    var stored: [String: CanonicalJSON] {
        StoredMembers().with("relation", relation).with("token", bytes: token).with("on", on).members
    }
}

extension Attestation: StoredValue {
    static var storedName: StaticString { "attestation" }

    init(stored: StoredObject) throws {
        self.init(
            attributes: Set(try stored.choices("attributes", of: Condition.self)),
            inRecoverySince: try stored.optionalDate("inRecoverySince"),
            experiencedSince: try stored.optionalDate("experiencedSince"),
            licensedOn: try stored.optionalDate("licensedOn"),
            inPracticeSince: try stored.optionalDate("inPracticeSince"),
            certifiedUntil: try stored.optionalDate("certifiedUntil"), fields: try stored.texts("fields"),
            acceptedStages: Set(try stored.choices("acceptedStages", of: Stage.self)))
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("attributes", attributes.map(\.rawValue).sorted()).with("inRecoverySince", inRecoverySince)
            .with("experiencedSince", experiencedSince).with("licensedOn", licensedOn).with(
                "inPracticeSince", inPracticeSince
            )
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
            attestation: try Attestation(stored: stored.object("attestation")),
            attestedBy: try stored.optionalID("attestedBy"),
            attestedOn: try stored.date("attestedOn"), policy: try stored.text("policy"),
            isReady: try stored.flag("isReady"),
            isPaused: try stored.flag("isPaused"), capacity: try stored.number("capacity"),
            display: try stored.optionalText("display"),
            agreements: try stored.optionalTableOfObjects("agreements") { try Signed(stored: $0) } ?? [:],
            answers: try stored.optionalObject("answers").map { try Answers(stored: $0) },
            takenBackOn: try stored.optionalDate("takenBackOn"), warnedOf: try stored.optionalDate("warnedOf"))
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("attestation", attestation).with("attestedBy", attestedBy).with("attestedOn", attestedOn)
            .with("policy", policy).with("isReady", isReady).with("isPaused", isPaused).with("capacity", capacity)
            .with("display", display).with("agreements", .object(agreements.mapValues { .object($0.stored) }))
            .with("answers", answers).with("takenBackOn", takenBackOn).with("warnedOf", warnedOf).members
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

/// A row that says all by being there.
struct Presence: StoredValue {
    static var storedName: StaticString { "row" }
    init() {}
    init(stored: StoredObject) {}
    var stored: [String: CanonicalJSON] { [:] }
}

// MARK: Messages and the journal

extension JournalLine: StoredValue {
    static var storedName: StaticString { "line of the journal" }
    init(stored: StoredObject) throws {
        self.init(person: try stored.id("person"), attempt: try stored.text("attempt"), on: try stored.date("on"))
    }
    var stored: [String: CanonicalJSON] {
        StoredMembers().with("person", person).with("attempt", attempt).with("on", on).members
    }
}
