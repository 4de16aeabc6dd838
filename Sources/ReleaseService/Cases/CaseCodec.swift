internal import Matching
internal import ReleaseWorkflow

// The stored form of what a case consists of. Keys are part of the format: golden files hold them.

extension Event: StoredValue {
    static var storedName: StaticString { "event" }

    init(stored: StoredObject) throws {
        let (name, values) = try stored.onlyMember()
        switch name {
        case "advanced": self = .advanced(to: Position(number: try Self.position(values, "to")))
        case "roundStarted":
            self = .roundStarted(try values.id("round", formerly: "_0"), since: try values.date("since"))
        case "roundOpened":
            self = .roundOpened(
                try values.id("round", formerly: "_0"), counterpart: try values.optionalID("counterpart"),
                excluded: try values.list("excluded") { $0.string.flatMap { PersonID(parsing: $0) } },
                isSlotAccepted: try values.flag("isSlotAccepted"), answerOn: try values.optionalDate("answerOn"),
                since: try values.optionalDate("since"))
        case "roundForgotten": self = .roundForgotten
        case "counterpartNamed": self = .counterpartNamed(try values.id("person", formerly: "_0"))
        case "counterpartCleared": self = .counterpartCleared
        case "counterpartExcluded": self = .counterpartExcluded(try values.id("person", formerly: "_0"))
        case "keptAway": self = .keptAway(by: try values.id("by"), from: try values.id("from"))
        case "keepingLifted": self = .keepingLifted(by: try values.id("by"), from: try values.id("from"))
        case "slotAccepted": self = .slotAccepted
        case "slotHeld": self = .slotHeld(until: try values.date("until"))
        case "counterpartSetAside":
            self = .counterpartSetAside(
                try values.id("person"), until: try values.date("until"), shown: try values.text("shown"))
        case "wordDrawn": self = .wordDrawn(try values.text("word"))
        case "placeLetGo": self = .placeLetGo(try values.id("person"))
        case "releaseSigned":
            self = .releaseSigned(
                try values.id("release", formerly: "_0"), discloser: try values.id("discloser"),
                recipient: try Recipient(stored: values.object("recipient")), on: try values.date("on"),
                expires: try values.date("expires"))
        case "matchMade": self = .matchMade(on: try values.date("on"))
        case "callDue": self = .callDue(by: try values.date("by"))
        case "answerDue": self = .answerDue(on: try values.date("on"))
        case "cardOpened":
            self = .cardOpened(
                try values.id("release", formerly: "_0"), version: try values.number("version"),
                subject: try values.id("subject"),
                reader: try Recipient(stored: values.object("reader")))
        case "cardClosed": self = .cardClosed(try values.id("release", formerly: "_0"))
        case "releaseSuperseded": self = .releaseSuperseded(try values.id("release", formerly: "_0"))
        case "releaseClosed": self = .releaseClosed(try values.id("release", formerly: "_0"))
        case "releaseExpired": self = .releaseExpired(try values.id("release", formerly: "_0"))
        case "releaseRescinded":
            self = .releaseRescinded(try values.id("release", formerly: "_0"), on: try values.date("on"))
        case "handedOff": self = .handedOff(on: try values.date("on"))
        case "termSet": self = .termSet(endsOn: try values.date("endsOn"))
        case "noticeGiven": self = .noticeGiven(until: try values.date("until"))
        case "reminded": self = .reminded
        case "extensionSigned": self = .extensionSigned(by: try values.id("by"))
        case "extensionAwaited": self = .extensionAwaited(until: try values.date("until"))
        case "ofParting":
            self = .ofParting(try values.id("round"), try values.objects("events") { try Event(stored: $0) })
        case "termExtended": self = .termExtended(endsOn: try values.date("endsOn"))
        case "secondSought": self = .secondSought(by: try values.id("by"))
        case "surveyErased": self = .surveyErased
        case "contactErased": self = .contactErased
        case "noticed":
            self = .noticed(
                try values.choice("role", of: Role.self, formerly: "_0"),
                try values.choice("notice", of: Notice.self, formerly: "_1"))
        case "callPlaced": self = .callPlaced
        case "meetingArranged": self = .meetingArranged
        case "privateErased": self = .privateErased
        case "releaseReminded": self = .releaseReminded
        case "callReminded": self = .callReminded
        case "cardFrozen": self = .cardFrozen(by: try values.id("by"))
        case "cardHidden": self = .cardHidden(try values.choice("why", of: Hiding.self))
        case "cardShownAgain": self = .cardShownAgain(try values.choice("why", of: Hiding.self))
        case "unusedNoted": self = .unusedNoted(on: try values.date("on"))
        case "useResumed": self = .useResumed
        case "recordedInError": self = .recordedInError(step: try values.number("step"))
        case "surveyCarried": self = .surveyCarried(from: try values.id("from"))
        case "cardUnfrozen": self = .cardUnfrozen(by: try values.id("by"))
        case "handOffSet": self = .handOffSet(on: try values.date("on"))
        case "privatelyNoted":
            self = .privatelyNoted(
                try values.choice("kind", of: CommandKind.self), by: try values.id("by"), on: try values.date("on"))
        case "privatelyUndone": self = .privatelyUndone(by: try values.id("by"))
        default: throw stored.problem("event")
        }
    }

    private static func position(_ values: StoredObject, _ key: String) throws -> UInt8 {
        guard let number = UInt8(exactly: try values.number(key)) else { throw values.problem(key) }
        return number
    }

    var stored: [String: CanonicalJSON] {
        func one(_ name: String, _ values: StoredMembers = StoredMembers()) -> [String: CanonicalJSON] {
            [name: .object(values.members)]
        }
        let values = StoredMembers()
        return switch self {
        case .advanced(let position): one("advanced", values.with("to", Int(position.number)))
        case .roundStarted(let round, let since): one("roundStarted", values.with("round", round).with("since", since))
        case .roundOpened(let round, let counterpart, let excluded, let isSlotAccepted, let answerOn, let since):
            one(
                "roundOpened",
                values.with("round", round).with("counterpart", counterpart).with(
                    "excluded", excluded.map(\.description)
                )
                .with("isSlotAccepted", isSlotAccepted).with("answerOn", answerOn).with("since", since))
        case .roundForgotten: one("roundForgotten")
        case .counterpartNamed(let person): one("counterpartNamed", values.with("person", person))
        case .counterpartCleared: one("counterpartCleared")
        case .counterpartExcluded(let person): one("counterpartExcluded", values.with("person", person))
        case .keptAway(let person, let other): one("keptAway", values.with("by", person).with("from", other))
        case .keepingLifted(let person, let other): one("keepingLifted", values.with("by", person).with("from", other))
        case .slotAccepted: one("slotAccepted")
        case .slotHeld(let date): one("slotHeld", values.with("until", date))
        case .counterpartSetAside(let person, let date, let shown):
            one("counterpartSetAside", values.with("person", person).with("until", date).with("shown", shown))
        case .wordDrawn(let word): one("wordDrawn", values.with("word", word))
        case .placeLetGo(let person): one("placeLetGo", values.with("person", person))
        case .releaseSigned(let release, let discloser, let recipient, let signedOn, let expires):
            one(
                "releaseSigned",
                values.with("release", release).with("discloser", discloser).with("recipient", recipient).with(
                    "on", signedOn
                )
                .with("expires", expires))
        case .matchMade(let date): one("matchMade", values.with("on", date))
        case .callDue(let date): one("callDue", values.with("by", date))
        case .answerDue(let date): one("answerDue", values.with("on", date))
        case .cardOpened(let release, let version, let subject, let reader):
            one(
                "cardOpened",
                values.with("release", release).with("version", version).with("subject", subject).with("reader", reader)
            )
        case .cardClosed(let release): one("cardClosed", values.with("release", release))
        case .releaseSuperseded(let release): one("releaseSuperseded", values.with("release", release))
        case .releaseClosed(let release): one("releaseClosed", values.with("release", release))
        case .releaseExpired(let release): one("releaseExpired", values.with("release", release))
        case .releaseRescinded(let release, let date):
            one("releaseRescinded", values.with("release", release).with("on", date))
        case .handedOff(let date): one("handedOff", values.with("on", date))
        case .termSet(let date): one("termSet", values.with("endsOn", date))
        case .noticeGiven(let date): one("noticeGiven", values.with("until", date))
        case .reminded: one("reminded")
        case .extensionSigned(let person): one("extensionSigned", values.with("by", person))
        case .extensionAwaited(let date): one("extensionAwaited", values.with("until", date))
        case .ofParting(let round, let events):
            one("ofParting", values.with("round", round).with("events", list: events))
        case .termExtended(let date): one("termExtended", values.with("endsOn", date))
        case .secondSought(let person): one("secondSought", values.with("by", person))
        case .surveyErased: one("surveyErased")
        case .contactErased: one("contactErased")
        case .noticed(let role, let notice): one("noticed", values.with("role", role).with("notice", notice))
        case .callPlaced: one("callPlaced")
        case .meetingArranged: one("meetingArranged")
        case .privateErased: one("privateErased")
        case .releaseReminded: one("releaseReminded")
        case .callReminded: one("callReminded")
        case .cardFrozen(let person): one("cardFrozen", values.with("by", person))
        case .cardHidden(let reason): one("cardHidden", values.with("why", reason))
        case .cardShownAgain(let reason): one("cardShownAgain", values.with("why", reason))
        case .unusedNoted(let date): one("unusedNoted", values.with("on", date))
        case .useResumed: one("useResumed")
        case .recordedInError(let step): one("recordedInError", values.with("step", step))
        case .surveyCarried(let round): one("surveyCarried", values.with("from", round))
        case .cardUnfrozen(let person): one("cardUnfrozen", values.with("by", person))
        case .handOffSet(let date): one("handOffSet", values.with("on", date))
        case .privatelyNoted(let kind, let person, let date):
            one("privatelyNoted", values.with("kind", kind).with("by", person).with("on", date))
        case .privatelyUndone(let person): one("privatelyUndone", values.with("by", person))
        }
    }
}

extension Recipient: StoredValue {
    static var storedName: StaticString { "recipient" }

    init(stored: StoredObject) throws {
        let (name, values) = try stored.onlyMember()
        switch name {
        case "person": self = .person(try values.id("id", formerly: "_0"))
        case "audience": self = .audience(try values.choice("name", of: Audience.self, formerly: "_0"))
        default: throw stored.problem("recipient")
        }
    }

    var stored: [String: CanonicalJSON] {
        switch self {
        case .person(let id): ["person": .object(["id": .of(id)])]
        case .audience(let audience): ["audience": .object(["name": .string(audience.rawValue)])]
        }
    }
}

extension Visibility: StoredValue {
    static var storedName: StaticString { "visibility" }
    init(stored: StoredObject) throws {
        self.init(state: try stored.text("state"), seenBy: try stored.choices("seenBy", of: Role.self))
    }
    var stored: [String: CanonicalJSON] {
        StoredMembers().with("state", state).with("seenBy", seenBy.map(\.rawValue)).members
    }
}

extension CaseStep: StoredValue {
    static var storedName: StaticString { "step of a case" }

    init(stored: StoredObject) throws {
        self.init(
            events: try stored.objects("events") { try Event(stored: $0) }, rule: try stored.text("rule"),
            on: try stored.date("on"),
            channel: try stored.choice("channel", of: Channel.self),
            visibility: try Visibility(stored: stored.object("visibility", formerly: "sighting")),
            earlier: try stored.optionalObjects("earlier") { try Visibility(stored: $0) },
            recorded: try stored.optionalObject("recorded").map { try Recorded(stored: $0) })
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("events", list: events).with("rule", rule).with("on", on).with("channel", channel)
            .with("visibility", visibility).with("earlier", list: earlier).with("recorded", recorded).members
    }
}

extension CaseStep.Recorded: StoredValue {
    static var storedName: StaticString { "hand that recorded a step" }
    init(stored: StoredObject) throws {
        self.init(person: try stored.id("person"), by: try stored.id("by"))
    }
    var stored: [String: CanonicalJSON] { StoredMembers().with("person", person).with("by", by).members }
}

extension DraftHistory: StoredValue {
    static var storedName: StaticString { "draft" }

    init(stored: StoredObject) throws {
        self.init(
            events: try stored.objects("events") { try Event(stored: $0) }, display: try stored.optionalText("display"),
            visibilities: try stored.objects("visibilities", formerly: "sightings") { try Visibility(stored: $0) })
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("events", list: events).with("display", display).with("visibilities", list: visibilities)
            .members
    }
}

/// The pair's own stream, as it was kept before there were boxes. Version 1 was the bare list.
struct PrivateStream: StoredValue {
    var events: [Event]

    static var storedName: StaticString { "private stream" }
    init(events: [Event]) { self.events = events }
    init(stored: StoredObject) throws {
        events =
            try stored.optionalObjects("events") { try Event(stored: $0) }
            ?? stored.objects("items") { try Event(stored: $0) }
    }
    var stored: [String: CanonicalJSON] { StoredMembers().with("events", list: events).members }
}

/// A person's accounting, as it was kept before there were boxes. Version 1 was the bare list.
struct Accounting: StoredValue {
    var looks: [Look]

    static var storedName: StaticString { "accounting" }
    init(looks: [Look]) { self.looks = looks }
    init(stored: StoredObject) throws {
        looks =
            try stored.optionalObjects("looks") { try Look(stored: $0) }
            ?? stored.objects("items") { try Look(stored: $0) }
    }
    var stored: [String: CanonicalJSON] { StoredMembers().with("looks", list: looks).members }
}

extension Look: StoredValue {
    static var storedName: StaticString { "look" }

    init(stored: StoredObject) throws {
        self.init(
            instantMilliseconds: Int64(try stored.number("instantMilliseconds")), release: try stored.id("release"),
            recipient: try stored.text("recipient"), fields: try stored.choices("fields", of: PermittedField.self),
            isPrinted: try stored.optionalFlag("isPrinted") ?? false)
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("instantMilliseconds", Int(instantMilliseconds)).with("release", release)
            .with("recipient", recipient).with("fields", fields.map(\.rawValue))
            .with("isPrinted", isPrinted ? true : nil).members
    }
}

extension Survey: StoredValue {
    static var storedName: StaticString { "survey" }

    init(stored: StoredObject) throws {
        self.init(
            sameField: try stored.choice("sameField", of: Importance.self),
            answers: try Answers(stored: stored.object("answers")),
            sharedPathway: try stored.choice("sharedPathway", of: Importance.self),
            preference: try stored.choice("preference", of: Importance.self), understood: try stored.flag("understood"))
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("sameField", sameField).with("answers", answers).with("sharedPathway", sharedPathway)
            .with("preference", preference).with("understood", understood).members
    }
}

extension Answers: StoredValue {
    static var storedName: StaticString { "answers" }

    init(stored: StoredObject) throws {
        self.init(
            pathways: Set(try stored.choices("pathways", of: Pathway.self)), areas: Set(try stored.texts("areas")),
            times: Set(try stored.choices("times", of: TimeCell.self)), languages: Set(try stored.texts("languages")),
            topics: Set(try stored.choices("topics", of: Topic.self)),
            settings: Set(try stored.choices("settings", of: Setting.self)),
            ageBand: try stored.optionalChoice("ageBand", of: AgeBand.self),
            gender: try stored.optionalChoice("gender", of: Gender.self))
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("pathways", pathways.map(\.rawValue).sorted()).with("areas", areas.sorted())
            .with("times", times.map(\.rawValue).sorted()).with("languages", languages.sorted())
            .with("topics", topics.map(\.rawValue).sorted()).with("settings", settings.map(\.rawValue).sorted())
            .with("ageBand", ageBand).with("gender", gender).members
    }
}

extension SignatureEvidence: StoredValue {
    static var storedName: StaticString { "signature" }

    init(stored: StoredObject) throws {
        self.init(
            means: try stored.choice("means", of: Means.self), meaning: try stored.text("meaning"),
            authenticatedBy: try stored.text("authenticatedBy"), scanDigest: try stored.optionalText("scanDigest"),
            signedOn: try stored.date("signedOn"))
        isNameConfirmed = try stored.optionalFlag("isNameConfirmed") ?? false
        provenance = try stored.optionalObject("provenance").map { try Provenance(stored: $0) }
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("means", means).with("meaning", meaning).with("authenticatedBy", authenticatedBy)
            .with("scanDigest", scanDigest).with("signedOn", signedOn)
            .with("isNameConfirmed", isNameConfirmed ? true : nil).with("provenance", provenance).members
    }
}

extension SignatureEvidence.Provenance: StoredValue {
    static var storedName: StaticString { "hands by which somebody signs in" }

    init(stored: StoredObject) throws {
        self.init(
            issuedBy: try stored.list("issuedBy") { $0.string.flatMap { PersonID(parsing: $0) } },
            issuedOn: try stored.date("issuedOn"), confirmedBy: try stored.optionalID("confirmedBy"),
            confirmedOn: try stored.optionalDate("confirmedOn"))
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("issuedBy", .array(issuedBy.map { .string("\($0)") })).with("issuedOn", issuedOn)
            .with("confirmedBy", confirmedBy).with("confirmedOn", confirmedOn).members
    }
}

extension ReleaseDocument: StoredValue {
    static var storedName: StaticString { "release document" }

    init(stored: StoredObject) throws {
        self.init()
        personName = try stored.optionalText("personName")
        discloser = try stored.optionalText("discloser")
        fields = try stored.optionalList("fields") { $0.string.flatMap { PermittedField(rawValue: $0) } }
        recipientName = try stored.optionalText("recipientName")
        purpose = try stored.optionalChoice("purpose", of: Purpose.self)
        revocation = try stored.optionalText("revocation")
        expiresOn = try stored.optionalDate("expiresOn")
        termMonths = try stored.optionalNumber("termMonths")
        expiresAtEnd = try stored.optionalFlag("expiresAtEnd")
        signature = try stored.optionalObject("signature").map { try SignatureEvidence(stored: $0) }
        signedOn = try stored.optionalDate("signedOn")
        inForceSince = try stored.optionalDate("inForceSince")
        redisclosure = try stored.optionalText("redisclosure")
        conditions = try stored.optionalText("conditions")
    }

    var stored: [String: CanonicalJSON] {
        StoredMembers().with("personName", personName).with("discloser", discloser).with(
            "fields", fields?.map(\.rawValue)
        )
        .with("recipientName", recipientName).with("purpose", purpose).with("revocation", revocation)
        .with("expiresOn", expiresOn).with("termMonths", termMonths).with("expiresAtEnd", expiresAtEnd)
        .with("signature", signature).with("signedOn", signedOn).with("inForceSince", inForceSince)
        .with("redisclosure", redisclosure)
        .with("conditions", conditions).members
    }
}

/// Texts under names: the openings of a record's commitments, or the released values.
struct StoredTexts: StoredValue {
    var texts: [String: String]

    static var storedName: StaticString { "table of texts" }
    init(_ texts: [String: String]) { self.texts = texts }
    init(stored: StoredObject) throws { texts = try stored.table() }
    var stored: [String: CanonicalJSON] { texts.mapValues(CanonicalJSON.string) }
}
