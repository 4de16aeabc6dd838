public import ReleaseWorkflow

/// The JSON Schema of policies, for editors: made from the same lists of keys and words that the reader uses.
///
/// - Source: JSON Schema, draft 2020-12, json-schema.org. An editor with a YAML language server takes it for `*.yaml`
///   files.
public enum PolicySchema {
    public static var json: CanonicalJSON {
        .object([
            "$schema": .string("https://json-schema.org/draft/2020-12/schema"), "title": .string("Privity policy"),
            "type": .string("object"), "additionalProperties": .boolean(false),
            "required": .array(Keys.root.filter { !Keys.optional.contains($0) }.map(CanonicalJSON.string)),
            "properties": .object(root),
        ])
    }

    private static let text = CanonicalJSON.object(["type": .string("string"), "minLength": .integer(1)])
    private static let flag = CanonicalJSON.object(["type": .string("boolean")])
    private static let date = CanonicalJSON.object([
        "type": .string("string"), "pattern": .string("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    ])
    private static let word = CanonicalJSON.object([
        "type": .string("string"), "pattern": .string("^[A-Za-z][A-Za-z0-9-]{0,39}$"),
    ])
    private static func number(_ range: ClosedRange<Int>) -> CanonicalJSON {
        .object([
            "type": .string("integer"), "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
        ])
    }
    private static func words(_ values: [String]) -> CanonicalJSON {
        .object(["enum": .array(values.map(CanonicalJSON.string))])
    }
    private static func choice<T: RawRepresentable & CaseIterable>(_ type: T.Type) -> CanonicalJSON
    where T.RawValue == String {
        words(T.allCases.map(\.rawValue))
    }
    private static func list(_ items: CanonicalJSON) -> CanonicalJSON {
        .object(["type": .string("array"), "items": items])
    }
    private static func oneOrMore(_ items: CanonicalJSON) -> CanonicalJSON {
        .object(["anyOf": .array([items, list(items)])])
    }
    private static func either(_ forms: CanonicalJSON...) -> CanonicalJSON { .object(["anyOf": .array(forms)]) }
    private static let sentences = CanonicalJSON.object(["type": .string("object"), "additionalProperties": text])

    /// A mapping with exactly these keys; what has no form of its own takes anything.
    private static func mapping(_ keys: [String], required: [String] = [], _ forms: [String: CanonicalJSON] = [:])
        -> CanonicalJSON
    {
        .object([
            "type": .string("object"), "additionalProperties": .boolean(false),
            "required": .array(required.map(CanonicalJSON.string)),
            "properties": .object(Dictionary(uniqueKeysWithValues: keys.map { ($0, forms[$0] ?? .object([:])) })),
        ])
    }

    private static let requirement = CanonicalJSON.object([
        "anyOf": .array([
            choice(Condition.self), .object(["type": .string("array")]),
            mapping(
                ["all", "any", "none"] + Threshold.allCases.map(\.rawValue),
                Dictionary(uniqueKeysWithValues: Threshold.allCases.map { ($0.rawValue, number(1...600)) })),
        ])
    ])
    private static func mapping(_ keys: [String], _ forms: [String: CanonicalJSON]) -> CanonicalJSON {
        mapping(keys, required: [], forms)
    }

    private static let transition = mapping(
        Keys.transition, required: ["on", "by", "via", "from", "to"],
        [
            "on": choice(CommandKind.self), "by": oneOrMore(choice(Role.self)), "via": list(choice(Channel.self)),
            "from": oneOrMore(word), "to": word, "if": list(choice(Guard.self)), "do": list(choice(Effect.self)),
            "tell": list(.object(["type": .string("string"), "pattern": .string("^[a-z]+\\.[a-zA-Z]+$")])),
            "seenBy": list(choice(Role.self)),
        ])

    private static let privateTransition = mapping(
        Keys.privateTransition, required: Keys.privateTransition,
        [
            "on": choice(CommandKind.self), "by": oneOrMore(choice(Role.self)), "from": oneOrMore(word), "to": word,
        ])

    private static let workflow = either(
        mapping(Keys.copy, required: Keys.copy, ["like": word, "requestIf": list(choice(Guard.self))]),
        mapping(
            Keys.workflow,
            required: [
                "states", "initial", "ended", "handoff", "opener", "discloser", "recipient", "card", "purpose", "opens",
                "transitions",
            ],
            [
                "states": list(word), "initial": word, "ended": list(word), "ending": list(word), "handoff": word,
                "opener": choice(Role.self),
                "counterpart": choice(Role.self), "discloser": choice(Role.self),
                "recipient": words(Role.allCases.map(\.rawValue) + Audience.allCases.map(\.rawValue)),
                "exchange": words(["mutual"]),
                "rescissionCloses": choice(Workflow.RescissionCloses.self),
                "card": mapping(Keys.card, required: Keys.card), "purpose": choice(Purpose.self),
                "opens": list(choice(CommandKind.self)), "pairing": list(words(Guard.pairing.map(\.rawValue))),
                "callScript": text,
                "privateFlow": mapping(
                    Keys.privateFlow, required: Keys.privateFlow,
                    [
                        "states": list(word), "initial": word, "during": list(word),
                        "transitions": list(privateTransition),
                    ]),
                "transitions": list(transition),
            ]))

    private static let root: [String: CanonicalJSON] = {
        var forms: [String: CanonicalJSON] = [
            "policy": word, "version": number(1...1_000_000), "effectiveFrom": date,
            "openCases": choice(Policy.OpenCases.self),
            "confidentiality": choice(Confidentiality.self), "administration": choice(Administration.self),
            "governance": list(text),
            "office": mapping(
                Keys.office, required: ["days"],
                ["days": list(choice(OfficeDays.Weekday.self)), "hours": text, "holidays": list(date)]),
            "firstSignIn": choice(Policy.FirstSignIn.self),
            "secondHand": mapping(
                Keys.secondHand, required: [], ["by": list(choice(SecondHand.Confirmer.self)), "none": text]),
            "discloser": text, "timeZone": text,
            "region": .object(["type": .string("string"), "pattern": .string("^[A-Z]{2}$")]),
            "agreements": list(
                mapping(
                    Keys.agreement, required: Keys.agreement,
                    ["id": word, "for": oneOrMore(choice(Role.self)), "version": number(1...1_000_000), "text": text])),
            "training": mapping(["required"], required: ["required"], ["required": flag]), "stages": list(text),
            "goals": words(["forbidden", "optional"]), "prohibitions": sentences, "is_not": sentences,
            "disclaimers": sentences,
            "advice": list(words(["sameEmployer"])), "credit": words(["none", "allowed"]),
            "recognition": words(["forbidden", "allowed"]),
            "compensation": words(["none"]), "openForms": list(text), "assumptions": list(text),
            "texts": mapping(Keys.texts, Dictionary(uniqueKeysWithValues: Keys.texts.map { ($0, text) })),
            "notices": mapping(
                Notice.allCases.map(\.rawValue),
                Dictionary(uniqueKeysWithValues: Notice.allCases.map { ($0.rawValue, text) })),
            "workflows": .object(["type": .string("object"), "additionalProperties": workflow]),
        ]
        let named = CanonicalJSON.object([
            "anyOf": .array([list(word), .object(["type": .string("object"), "additionalProperties": text])])
        ])
        forms["matching"] = mapping(
            Keys.matching, required: ["by", "mode", "directory"],
            [
                "by": choice(Policy.Matching.By.self), "mode": choice(Policy.Matching.Mode.self),
                "directory": choice(Policy.Matching.Directory.self), "areas": named, "languages": named,
                "first": choice(Policy.Matching.First.self),
                "weights": mapping(
                    Keys.weights, Dictionary(uniqueKeysWithValues: Keys.weights.map { ($0, number(0...10_000)) })),
            ])
        forms["eligibility"] = mapping(
            Keys.eligibility, required: ["mentee", "mentor"],
            [
                "mentee": requirement, "mentor": requirement, "pair": requirement, "similarFields": list(list(text)),
                "continuous": .object([
                    "anyOf": .array([
                        .object(["const": .string("all")]), list(choice(Condition.self)),
                        mapping(
                            ["of", "because"], required: ["of", "because"],
                            [
                                "of": list(choice(Condition.self)), "because": text,
                            ]),
                    ])
                ]),
                "attestedWithin": .object(["type": .string("object"), "additionalProperties": number(1...120)]),
            ])
        forms["release"] = mapping(
            Keys.release, required: Keys.release,
            [
                "fields": list(choice(PermittedField.self)), "termMonths": number(1...120), "part2": flag,
                "recipients": mapping(Keys.recipients, required: Keys.recipients),
                "form": mapping(
                    Keys.form, required: Keys.form.filter { $0 != "revocationBy" },
                    ["revocationBy": list(choice(Channel.self))]),
            ])
        forms["contact"] = mapping(
            Keys.contact, required: ["first", "cadence", "tracking"],
            [
                "first": mapping(
                    Keys.first, required: ["by"],
                    ["by": choice(Policy.Contact.FirstBy.self), "withinDays": number(1...90)]),
                "cadence": either(words(["pair"]), mapping(Keys.cadence, required: Keys.cadence)),
                "answerAfterDays": number(0...90),
            ])
        forms["duration"] = mapping(
            Keys.duration, required: ["kind"],
            [
                "kind": choice(Policy.Duration.Kind.self), "months": number(1...120),
                "cohort": mapping(Keys.cohort, required: Keys.cohort),
                "extension": mapping(Keys.extensionOfTerm, required: Keys.extensionOfTerm),
            ])
        forms["termination"] = mapping(Keys.termination, required: ["reason"], ["noticeDays": number(1...90)])
        forms["rematch"] = mapping(Keys.rematch)
        forms["reporting"] = mapping(Keys.reporting)
        forms["monitoring"] = either(words(["forbidden"]), mapping(Keys.monitoring, required: Keys.monitoring))
        forms["evaluation"] = mapping(
            Keys.evaluation, required: ["topics"], ["topics": choice(Policy.Evaluation.Topics.self)])
        forms["decline"] = mapping(Keys.decline)
        forms["content"] = mapping(Keys.content, Dictionary(uniqueKeysWithValues: Keys.content.map { ($0, sentences) }))
        return forms
    }()
}
