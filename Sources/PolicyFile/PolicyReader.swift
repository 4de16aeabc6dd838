internal import Foundation
internal import ReleaseWorkflow

/// The keys of each mapping, once: the reader refuses others, and the JSON Schema for editors is made from them.
enum Keys {
    static let root = [
        "policy", "version", "effectiveFrom", "openCases", "confidentiality", "administration", "governance",
        "discloser",
        "timeZone",
        "region", "matching", "eligibility", "agreements", "release", "contact", "duration", "training", "stages",
        "goals",
        "termination", "rematch", "reporting", "monitoring", "evaluation", "decline", "content", "prohibitions",
        "is_not",
        "disclaimers", "advice", "credit", "recognition", "compensation", "openForms", "texts", "notices",
        "assumptions",
        "workflows", "secondHand", "office", "firstSignIn",
    ]
    static let optional: Set<String> = [
        "openCases", "governance", "stages", "content", "prohibitions", "disclaimers", "advice", "credit",
        "recognition",
        "openForms", "decline", "rematch", "assumptions", "secondHand", "office", "firstSignIn",
    ]
    static let secondHand = ["by", "none"]
    static let office = ["days", "hours", "holidays"]
    static let matching = ["by", "mode", "directory", "weights", "areas", "languages", "first"]
    static let eligibility = ["mentee", "mentor", "pair", "similarFields", "continuous", "attestedWithin"]
    static let agreement = ["id", "for", "version", "text"]
    static let release = ["signer", "recipients", "fields", "termMonths", "revocable", "part2", "form"]
    static let recipients = ["kind", "max"]
    static let form = ["version", "text", "revocation", "revocationBy", "redisclosure", "conditions"]
    static let contact = ["first", "modes", "cadence", "tracking", "answerAfterDays"]
    static let first = ["by", "mode", "withinDays", "from", "endOfDay"]
    static let cadence = ["suggestedPerMonth", "enforced"]
    static let duration = ["kind", "months", "cohort", "extension"]
    static let cohort = ["start", "flexible"]
    static let extensionOfTerm = ["max", "months", "consent"]
    static let termination = ["reason", "noticeDays"]
    static let rematch = ["by", "excludePrevious", "newRelease", "sides", "ifAvailable"]
    static let reporting = ["required", "stance", "freeText"]
    static let monitoring = ["allowed", "level"]
    static let evaluation = ["topics", "everyMonths", "identity", "minCell", "freeText"]
    static let decline = ["effect", "trace"]
    static let content = ["topics", "allowed", "forbidden", "duties", "guidance"]
    static let texts = [
        "mission", "voluntary", "callScript", "emergency", "rescission", "directory", "closure", "privacy",
    ]
    static let workflow = [
        "states", "initial", "ended", "ending", "handoff", "opener", "counterpart", "discloser", "recipient",
        "exchange",
        "rescissionCloses", "card", "purpose", "opens", "pairing", "callScript", "privateFlow", "transitions",
    ]
    static let copy = ["like", "requestIf"]
    static let privateFlow = ["states", "initial", "during", "transitions"]
    static let privateTransition = ["on", "by", "from", "to"]
    static let card = ["subject", "reader"]
    static let transition = ["on", "by", "via", "from", "to", "if", "do", "tell", "seenBy"]
    /// The terms of the score that a policy may weigh.
    static let weights = ["field", "area", "grid", "pathway", "topics", "setting", "preference"]
}

/// Turns the tree into a policy.
struct PolicyReader {
    let reader: Reader

    func policy(_ document: StrictYAML) -> Policy? {
        let root = reader.members(document, "", known: Keys.root, optional: Keys.optional)
        let program = name("policy", in: root)
        let version = root.integer("version", in: 1...1_000_000)
        let effective = root.date("effectiveFrom")
        let openCases = root["openCases"] == nil ? .keep : root.choice("openCases", of: Policy.OpenCases.self)
        let confidentiality = root.choice("confidentiality", of: Confidentiality.self)
        let administration = root.choice("administration", of: Administration.self)
        let discloser = root.text("discloser", atMost: 120)
        let (zone, region) = (timeZone(in: root), regionCode(in: root))
        let level = confidentiality ?? .clinical
        if level == .clinical {
            root.only("administration", "coordinator", because: "clinical programs match through a coordinator")
        }
        let matching = matching(root, level, administration ?? .coordinator)
        checkCeilings(root, level)
        let rules = eligibility(root, level)
        let clauses = clauses(root)
        let agreements = agreements(root, clauses, naming(discloser, administration, matching?.directory))
        let release = release(root, level, matching?.directory ?? .none)
        let contact = contact(root, level)
        let duration = duration(root, level)
        let termination = termination(root)
        let monitoring = monitoring(root, level, administration ?? .coordinator)
        let evaluation = evaluation(root, level)
        let customs = customs(root, level)
        let texts = texts(root, level, matching?.directory ?? .none)
        let assumptions = root.list("assumptions") { reader.text($0, $1, atMost: 400) }
        let workflows = FlowReader(
            reader: reader, level: level, administration: administration ?? .coordinator, matching: matching,
            duration: duration,
            termination: termination
        ).workflows(root)
        let notices = notices(root, workflows)
        checkContinuous(root, rules, level)
        let (secondHand, rematch, office) = (secondHand(root), rematch(root), office(root))
        let governance = root.list("governance") { reader.text($0, $1, atMost: 120) }
        if level == .clinical {
            root.only("firstSignIn", "staffCode", because: "in clinical programs nobody is let in by a mailbox alone")
        }
        let firstSignIn =
            root["firstSignIn"] == nil ? .staffCode : root.choice("firstSignIn", of: Policy.FirstSignIn.self)
        guard let program, let version, let effective, let openCases, let confidentiality, let administration,
            let discloser,
            let zone, let region, let matching, let rules, let release, let contact, let duration, let termination,
            let evaluation, let customs, let texts, reader.problems.isEmpty
        else { return nil }
        var policy = Policy(
            program: program, version: version, effectiveFrom: effective, openCases: openCases,
            confidentiality: confidentiality,
            administration: administration, discloserName: discloser, timeZone: zone, region: region,
            matching: matching,
            eligibility: rules, release: release, contact: contact, duration: duration, termination: termination,
            monitoring: monitoring, evaluation: evaluation, customs: customs, agreements: agreements, clauses: clauses,
            notices: notices, texts: texts, assumptions: assumptions, workflows: workflows)
        if let secondHand { policy.secondHand = secondHand }
        if let office { policy.office = office }
        if let firstSignIn { policy.firstSignIn = firstSignIn }
        (policy.governance, policy.rematch) = (governance, rematch)
        policy.saidOnly = saidOnly(root)
        return policy
    }

    /// Leaves that are checked here, and are no part of how anything is decided: they can only be what they are, or
    /// mean the same where they are not stated. That they are stated is kept, so that a change of it is told.
    private static let saidOnly = [
        "recognition", "credit", "contact.tracking", "contact.first.from", "contact.first.endOfDay",
        "rematch.newRelease",
    ]

    private func saidOnly(_ root: Reader.Members) -> [String: String] {
        func leaf(_ path: String) -> StrictYAML? {
            let steps = path.split(separator: ".").map(String.init)
            return steps.dropFirst().reduce(steps.first.flatMap { root[$0] }) { node, step in
                guard case .mapping(let members)? = node?.value else { return nil }
                return members.last { $0.key == step }?.value
            }
        }
        var paths = Self.saidOnly
        if case .mapping(let workflows)? = root["workflows"]?.value {
            paths += workflows.map { "workflows.\($0.key).rescissionCloses" }
        }
        return paths.reduce(into: [:]) { said, path in said[path] = leaf(path).map(Self.words) }
    }

    private static func words(_ node: StrictYAML) -> String {
        switch node.value {
        case .scalar(let scalar): scalar.text
        case .list(let items): items.map(words).joined(separator: ", ")
        case .mapping(let members): members.map { "\($0.key) \(words($0.value))" }.joined(separator: ", ")
        }
    }

    /// The days on which the office works; nil where the file does not say.
    private func office(_ root: Reader.Members) -> OfficeDays? {
        guard let node = root["office"] else { return nil }
        let members = reader.members(node, "office", known: Keys.office, optional: ["hours", "holidays"])
        let days = members.choices("days", of: OfficeDays.Weekday.self, nonEmpty: true)
        let holidays = members.list("holidays") { node, path -> CivilDate? in
            guard let text = reader.text(node, path, atMost: 10) else { return nil }
            if let date = CivilDate(parsing: text) { return date }
            reader.refuse(node, path, "expected a day like 2026-12-25")
            return nil
        }
        return OfficeDays(days: days, hours: members.text("hours", atMost: 80) ?? "", holidays: holidays)
    }

    /// The people who confirm what one member of staff asked for; nil where the file does not say, and everybody on the
    /// staff may.
    private func secondHand(_ root: Reader.Members) -> SecondHand? {
        guard let node = root["secondHand"] else { return nil }
        let members = reader.members(node, "secondHand", known: Keys.secondHand, optional: Set(Keys.secondHand))
        let confirmers = members.choices("by", of: SecondHand.Confirmer.self, nonEmpty: true)
        let reason = members.text("none", atMost: 200)
        guard (members["by"] == nil) != (members["none"] == nil) else {
            reader.refuse(node, "secondHand", "expected `by`, a list of who confirms, or `none`, with the reason")
            return nil
        }
        return reason.map { .none(reason: $0) } ?? .by(confirmers)
    }

    /// A word that may stand in rules, origins and file names.
    func name(_ key: String, in members: Reader.Members) -> String? {
        guard let node = members[key], let text = members.text(key, atMost: 40) else { return nil }
        guard isWord(text) else {
            reader.refuse(node, key, "expected a word of letters, digits and hyphens that begins with a letter")
            return nil
        }
        return text
    }

    func isWord(_ text: String) -> Bool {
        text.utf8.count <= 40 && text.first.map { $0.isASCII && $0.isLetter } ?? false
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }

    func timeZone(in root: Reader.Members) -> String? {
        guard let node = root["timeZone"], let zone = root.text("timeZone", atMost: 60) else { return nil }
        guard zone == "UTC" || zone.split(separator: "/").count >= 2,
            zone.allSatisfy({ $0.isASCII && ($0.isLetter || "/_-+0123456789".contains($0)) })
        else {
            reader.refuse(node, "timeZone", "expected an IANA time zone like `America/Chicago`")
            return nil
        }
        return zone
    }

    func regionCode(in root: Reader.Members) -> String? {
        guard let node = root["region"], let region = root.text("region", atMost: 10) else { return nil }
        guard Regions.all.contains(region) else {
            let capitals = region.uppercased()
            let meant = Regions.meant[capitals] ?? (Regions.all.contains(capitals) ? capitals : nil)
            reader.refuse(
                node, "region",
                "expected an ISO 3166 region of two capitals, like `US`\(meant.map { ": `\($0)` is meant" } ?? "")")
            return nil
        }
        return region
    }

    private static let ceiling = "the ceiling of clinical programs"

    /// The rules that every program fixes, and those that `clinical` fixes besides. A policy may state it, and state
    /// nothing else.
    private func checkCeilings(_ root: Reader.Members, _ level: Confidentiality) {
        let isClinical = level == .clinical
        root.only("compensation", "none", because: "nobody pays or is paid for mentoring in any of the programs")
        if let node = root["reporting"] {
            let reporting = reader.members(
                node, "reporting", known: Keys.reporting, optional: isClinical ? [] : ["stance"])
            reporting.only("required", "false", because: "nobody has to report on a relationship")
            if isClinical { reporting.only("stance", "discouraged", because: Self.ceiling) }
            reporting.only("freeText", "forbidden", because: "free text about a relationship reaches nobody")
        }
        if isClinical, root["decline"] == nil { reader.refuse(root.node, "decline", "missing") }
        if let node = root["decline"] {
            let decline = reader.members(node, "decline", known: Keys.decline)
            decline.only("effect", "none", because: "a request may always be declined")
            decline.only("trace", "none", because: "declining before signature leaves nothing behind")
        }
        if isClinical {
            root.only("recognition", "forbidden", because: "recognition would name who mentors")
            root.only("goals", "forbidden", because: "what a pair aims at is the pair's alone")
        }
    }

    private func rematch(_ root: Reader.Members) -> Policy.Rematch? {
        guard let node = root["rematch"] else { return nil }
        let members = reader.members(node, "rematch", known: Keys.rematch, optional: ["ifAvailable"])
        members.only("newRelease", "true", because: "a release names one recipient")
        let by = members.choice("by", of: Policy.Rematch.By.self)
        let excludes = members.boolean("excludePrevious")
        let sides = members.choices("sides", of: Policy.Rematch.Side.self, nonEmpty: true)
        let isIfAvailable = members["ifAvailable"] == nil ? false : members.boolean("ifAvailable")
        guard let by, let excludes, let isIfAvailable else { return nil }
        return Policy.Rematch(by: by, excludesPrevious: excludes, sides: sides, isIfAvailable: isIfAvailable)
    }

    private func matching(_ root: Reader.Members, _ level: Confidentiality, _ administration: Administration) -> Policy
        .Matching?
    {
        guard let node = root["matching"] else { return nil }
        let members = reader.members(
            node, "matching", known: Keys.matching, optional: ["weights", "areas", "languages", "first"])
        if level == .clinical {
            members.only("by", "coordinator", because: Self.ceiling)
            members.only("directory", "none", because: Self.ceiling)
        }
        let by = members.choice("by", of: Policy.Matching.By.self)
        let mode = members.choice("mode", of: Policy.Matching.Mode.self)
        let directory = members.choice("directory", of: Policy.Matching.Directory.self)
        if let mode, let directory, (mode == .directory) != (directory != .none), let place = members["directory"] {
            reader.refuse(place, "matching.directory", "expected who may read it exactly where the mode is `directory`")
        }
        if mode == .directory, by != nil, by != .mentee, let place = members["by"] {
            reader.refuse(place, "matching.by", "expected `mentee`: in a directory people find each other")
        }
        if administration == .self, by != nil, by != .mentee, let place = members["by"] {
            reader.refuse(place, "matching.by", "expected `mentee`: a self-administered program has no staff")
        }
        var weights: [String: Int] = [:]
        if let node = members["weights"] {
            if mode == .directory { reader.refuse(node, "matching.weights", "nothing is scored in a directory") }
            let table = reader.members(node, "matching.weights", known: Keys.weights, optional: Set(Keys.weights))
            for name in Keys.weights { weights[name] = table.integer(name, in: 0...10_000) }
            if level == .clinical, let place = table["preference"] {
                reader.refuse(
                    place, "matching.weights.preference", "not in clinical programs: age and gender are never scored")
            }
            if weights.values.reduce(0, +) > 10_000 {
                reader.refuse(node, "matching.weights", "expected weights that add up to 10000 at most")
            }
        }
        let (areas, languages) = (named("areas", in: members), named("languages", in: members))
        let first = members["first"] == nil ? .participation : members.choice("first", of: Policy.Matching.First.self)
        guard let by, let mode, let directory, let first else { return nil }
        var matching = Policy.Matching(
            by: by, mode: mode, directory: directory, weights: weights, areas: areas.words,
            languages: languages.words, first: first)
        matching.names = areas.names.merging(languages.names) { $1 }
        return matching
    }

    /// Words with what each is called, or a list of words alone.
    private func named(_ name: String, in members: Reader.Members) -> (words: [String], names: [String: String]) {
        guard let node = members[name], case .mapping(let entries) = node.value else {
            return (words(name, in: members), [:])
        }
        var names: [String: String] = [:]
        for (word, value) in entries {
            let path = "\(members.path).\(name).\(word)"
            if !isWord(word) || word.count > 40 {
                reader.refuse(value, path, "expected a word of letters, digits and hyphens")
            }
            names[word] = reader.text(value, path, atMost: 60)
        }
        if entries.count > 64 { reader.refuse(node, "\(members.path).\(name)", "expected at most 64") }
        return (entries.map(\.key).sorted(), names)
    }

    /// A list of at most 64 different words.
    private func words(_ name: String, in members: Reader.Members) -> [String] {
        let words = members.list(name) { node, path -> String? in
            guard let text = reader.text(node, path, atMost: 40), isWord(text) else {
                reader.refuse(node, path, "expected a word of letters, digits and hyphens")
                return nil
            }
            return text
        }
        if let place = members[name], words.count > 64 || Set(words).count != words.count {
            reader.refuse(place, "\(members.path).\(name)", "expected at most 64 words, each once")
        }
        return words
    }

    // MARK: Eligibility

    private func eligibility(_ root: Reader.Members, _ level: Confidentiality) -> Eligibility? {
        guard let node = root["eligibility"] else { return nil }
        let members = reader.members(
            node, "eligibility", known: Keys.eligibility,
            optional: ["pair", "similarFields", "continuous", "attestedWithin"])
        func requirement(_ name: String) -> Requirement {
            guard let node = members[name] else { return .nothing }
            let found = self.requirement(node, "eligibility.\(name)", depth: 0) ?? .nothing
            if !found.isSatisfiable {
                reader.refuse(node, "eligibility.\(name)", "contradictory: nobody could ever meet it")
            }
            return found
        }
        let (mentee, mentor, pair) = (requirement("mentee"), requirement("mentor"), requirement("pair"))
        if mentee.predicates.contains(where: \.isOfPair), let place = members["mentee"] {
            reader.refuse(
                place, "eligibility.mentee", "expected predicates of one person; those of two belong to `pair`")
        }
        if level != .open {
            for (name, value) in [("mentee", mentee), ("mentor", mentor)] where value == .nothing {
                if let place = members[name] {
                    reader.refuse(
                        place, "eligibility.\(name)",
                        "expected at least one condition: only `open` programs ask nothing")
                }
            }
        }
        let fields = members.list("similarFields") { group, path in
            reader.list(group, path, nonEmpty: true) { reader.text($0, $1, atMost: 60) }
        }
        return Eligibility(
            mentee: mentee, mentor: mentor, pair: pair, similarFields: fields,
            continuous: continuous(members),
            attestedWithin: attestedWithin(members))
    }

    /// A pair of a clinical program goes on whatever becomes of its contract (DER-14).
    private func checkContinuous(_ root: Reader.Members, _ rules: Eligibility?, _ level: Confidentiality) {
        guard let rules, let node = root["eligibility"] else { return }
        if level == .clinical, !rules.continuous.isNothing {
            reader.refuse(
                node, "eligibility.continuous",
                "expected none: what ends a contract does not touch a pair (clinical programs)")
        }
    }

    /// `all`, a list, or a list with the reason why it is not all.
    private func continuous(_ eligibility: Reader.Members) -> Continuous {
        guard let node = eligibility["continuous"] else { return .nothing }
        switch node.value {
        case .scalar(let scalar) where scalar.text == "all": return .all
        case .scalar:
            reader.refuse(node, "eligibility.continuous", "expected `all`, or a list of conditions")
            return .nothing
        case .list: return .of(Set(eligibility.choices("continuous", of: Condition.self)), reason: nil)
        case .mapping:
            let members = reader.members(node, "eligibility.continuous", known: ["of", "because"])
            return .of(Set(members.choices("of", of: Condition.self)), reason: members.text("because", atMost: 300))
        }
    }

    /// How many months an attestation counts for, by condition.
    private func attestedWithin(_ eligibility: Reader.Members) -> [Condition: Int] {
        guard let node = eligibility["attestedWithin"] else { return [:] }
        let known = Condition.allCases.filter { !$0.isOfPair && $0 != .certified }.map(\.rawValue)
        let members = reader.members(node, "eligibility.attestedWithin", known: known, optional: Set(known))
        var months: [Condition: Int] = [:]
        for name in known {
            if let condition = Condition(rawValue: name), members[name] != nil {
                months[condition] = members.integer(name, in: 1...120)
            }
        }
        return months
    }

    private func requirement(_ node: StrictYAML, _ path: String, depth: Int) -> Requirement? {
        switch node.value {
        case .scalar: return reader.choice(node, path, of: Condition.self).map(Requirement.holds)
        case .list(let items):
            return .all(
                items.enumerated().compactMap { requirement($0.element, "\(path)[\($0.offset)]", depth: depth + 1) })
        case .mapping(let items):
            guard depth < 6 else {
                reader.refuse(node, path, "expected at most six levels")
                return nil
            }
            var parts: [Requirement] = []
            for item in items {
                let inner = reader.join(path, item.key)
                if let threshold = Threshold(rawValue: item.key) {
                    let value = Reader.Members(reader: reader, node: node, path: path, values: [item.key: item.value])
                    if let months = value.integer(item.key, in: 1...600) { parts.append(.months(threshold, months)) }
                    continue
                }
                guard ["all", "any", "none"].contains(item.key) else {
                    let words = ["all", "any", "none"] + Threshold.allCases.map(\.rawValue)
                    reader.refuse(
                        item.value, inner,
                        "unknown key: expected one of \(words.map { "`\($0)`" }.joined(separator: ", "))")
                    continue
                }
                let children = reader.list(item.value, inner, nonEmpty: item.key == "any") {
                    requirement($0, $1, depth: depth + 1)
                }
                parts.append(item.key == "all" ? .all(children) : item.key == "any" ? .any(children) : .none(children))
            }
            return parts.count == 1 ? parts[0] : .all(parts)
        }
    }

    // MARK: Forms and texts

    private func clauses(_ root: Reader.Members) -> [Clause] {
        func read(_ node: StrictYAML?, _ path: String, _ kind: Clause.Kind) -> [Clause] {
            guard let node else { return [] }
            guard case .mapping(let members) = node.value else {
                reader.refuse(node, path, "expected a mapping from a word to its sentence")
                return []
            }
            // The canonical form has no order of its own: what is signed must not depend on the file's.
            return members.sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }.compactMap {
                member in
                guard isWord(member.key) else {
                    reader.refuse(
                        member.value, reader.join(path, member.key), "expected a word of letters, digits and hyphens")
                    return nil
                }
                return reader.text(member.value, reader.join(path, member.key), atMost: 400).map {
                    Clause(kind: kind, id: member.key, text: $0)
                }
            }
        }
        var clauses: [Clause] = []
        if let node = root["content"] {
            let content = reader.members(node, "content", known: Keys.content, optional: Set(Keys.content))
            for kind in [Clause.Kind.topics, .allowed, .forbidden, .duties, .guidance] {
                clauses += read(content[kind.rawValue], "content.\(kind.rawValue)", kind)
            }
        }
        clauses += read(root["prohibitions"], "prohibitions", .prohibitions)
        clauses += read(root["is_not"], "is_not", .isNot)
        clauses += read(root["disclaimers"], "disclaimers", .disclaimers)
        return clauses
    }

    /// The permission for a name on other people's forms; nil in a directory, where none stands on one.
    private func naming(
        _ discloser: String?, _ administration: Administration?, _ directory: Policy.Matching.Directory?
    ) -> NameOnForms? {
        if let directory, directory != .none { return nil }
        return discloser.map { NameOnForms(discloser: $0, hasStaff: administration != .`self`) }
    }

    /// Every agreement, with the binding clauses where its text says `{clauses}`, and with what permits a name on other
    /// people's forms.
    private func agreements(_ root: Reader.Members, _ clauses: [Clause], _ naming: NameOnForms?) -> [Agreement] {
        let lines = clauses.filter(\.kind.isBinding).map { "- \($0.text)" }.joined(separator: "\n")
        var seen: Set<String> = []
        var isBound = false
        let agreements = root.list("agreements", nonEmpty: true) { node, path -> Agreement? in
            let members = reader.members(node, path, known: Keys.agreement)
            let id = members.text("id", atMost: 40)
            let roles = members.oneOrMore("for") { reader.choice($0, $1, of: Role.self) }
            let version = members.integer("version", in: 1...1_000_000)
            let text = members.text("text")
            if let id, !isWord(id) || !seen.insert(id).inserted, let place = members["id"] {
                reader.refuse(place, "\(path).id", "expected a word that no other agreement has")
            }
            if let place = members["for"], roles.contains(where: { $0 != .mentee && $0 != .mentor }) {
                reader.refuse(place, "\(path).for", "expected mentee, mentor or both")
            }
            guard let id, let version, let text, !roles.isEmpty else { return nil }
            isBound = isBound || text.contains("{clauses}")
            let permitsName = text.contains(NameOnForms.placeholder)
            if permitsName, naming == nil, let place = members["text"] {
                reader.refuse(
                    place, "\(path).text",
                    "expected no `{nameOnForms}`: in a directory nobody’s name stands on another’s form")
            }
            let words = filled(text, "{clauses}", with: lines)
            let permission = naming?.text(for: roles) ?? ""
            return Agreement(
                id: id, roles: roles, version: version,
                fullText: filled(words, NameOnForms.placeholder, with: permission), permitsName: permitsName)
        }
        if !lines.isEmpty, !agreements.isEmpty, !isBound, let node = root["agreements"] {
            reader.refuse(
                node, "agreements",
                "expected `{clauses}` in at least one: what is forbidden and what is a duty must be signed")
        }
        return agreements
    }

    private func filled(_ text: String, _ placeholder: String, with words: String) -> String {
        var (full, rest) = ("", text[...])
        while let open = rest.range(of: placeholder) {
            full += rest[..<open.lowerBound] + words
            rest = rest[open.upperBound...]
        }
        return full + rest
    }

    func release(_ root: Reader.Members, _ level: Confidentiality, _ directory: Policy.Matching.Directory) -> Policy
        .Release?
    {
        guard let node = root["release"] else { return nil }
        let members = reader.members(
            node, "release", known: Keys.release)
        members.only("signer", "discloser", because: "a release is signed by the person whose fields it carries")
        members.only("revocable", "anytime", because: "42 CFR 2.31(a)(6)")
        if let node = members["recipients"] {
            let recipients = reader.members(node, "release.recipients", known: Keys.recipients)
            if directory == .none {
                recipients.only("kind", "named", because: "42 CFR 2.31(a)(4)(i); a class of readers needs a directory")
            } else {
                recipients.only("kind", "class", because: "a directory is read by a class of people")
            }
            recipients.only("max", "1", because: "one release, one recipient")
        }
        let fields = members.choices("fields", of: PermittedField.self, nonEmpty: true)
        if let node = members["fields"], !fields.isEmpty {
            switch level {
            case .clinical:
                if fields != PermittedField.clinical {
                    reader.refuse(node, "release.fields", "expected [firstName, phone], each once")
                }
            case .professional, .open:
                if fields.contains(where: { $0.profile == nil }) || Set(fields).count != fields.count
                    || !fields.contains(.displayName)
                {
                    reader.refuse(
                        node, "release.fields",
                        "expected displayName and any of \(ProfileField.allCases.map(\.rawValue).joined(separator: ", ")), each once"
                    )
                }
            }
        }
        let months = members.integer("termMonths", in: 1...120)
        let isPart2 = members.boolean("part2")
        guard let formNode = members["form"], let form = form(formNode), let months, let isPart2 else { return nil }
        return Policy.Release(
            fields: fields, termMonths: months, form: form.text, isPart2: isPart2, statements: form.statements)
    }

    /// The form: its text, and the statements of it in the program's own words.
    private func form(_ node: StrictYAML) -> (text: FormText, statements: ReleaseStatements)? {
        let form = reader.members(node, "release.form", known: Keys.form, optional: ["revocationBy"])
        let version = form.integer("version", in: 1...1_000_000)
        let text = form.text("text")
        let revocation = form.text("revocation")
        let revocationBy = form.choices("revocationBy", of: Channel.self)
        if let node = form["revocationBy"], revocationBy.isEmpty || revocationBy.contains(.clock) {
            reader.refuse(node, "release.form.revocationBy", "expected screen, paper, phone, or some of them")
        }
        let redisclosure = form.text("redisclosure")
        let conditions = form.text("conditions")
        if let text, let textNode = form["text"] {
            let problems = ReleaseForm.problems(in: text)
            for element in problems.missing {
                reader.refuse(textNode, "release.form.text", "lacks \(element.plainWords): \(element.paragraph)")
            }
            for name in problems.unknown {
                reader.refuse(textNode, "release.form.text", "unknown placeholder `{\(name)}`")
            }
        }
        guard let version, let text, let revocation, let redisclosure, let conditions else { return nil }
        return (
            FormText(version: version, text: text),
            ReleaseStatements(
                revocation: revocation, revocationBy: revocationBy, redisclosure: redisclosure, conditions: conditions)
        )
    }

    private func contact(_ root: Reader.Members, _ level: Confidentiality) -> Policy.Contact? {
        guard let node = root["contact"] else { return nil }
        let isClinical = level == .clinical
        let members = reader.members(
            node, "contact", known: Keys.contact, optional: isClinical ? ["modes"] : ["modes", "answerAfterDays"])
        if isClinical {
            members.only(
                "tracking", "participantPrivate", because: "whether a call or meeting took place is the pair's alone")
        } else {
            _ = members.choice("tracking", of: Tracking.self)
        }
        let modes = members.choices("modes", of: Policy.Contact.Mode.self)
        let answer = members["answerAfterDays"] == nil ? 14 : members.integer("answerAfterDays", in: 0...90)
        let cadence = cadence(members)
        guard let firstNode = members["first"] else { return nil }
        let first = reader.members(
            firstNode, "contact.first", known: Keys.first,
            optional: isClinical ? [] : ["mode", "withinDays", "from", "endOfDay"])
        if isClinical {
            first.only("by", "reader", because: "whoever is shown the card calls")
            first.only("mode", "phone", because: "a telephone number is what crosses")
        }
        let by = first.choice("by", of: Policy.Contact.FirstBy.self)
        first.only("from", "laterOfSignatureAndMatch", because: "MPHP-40")
        first.only("endOfDay", "true", because: "MPHP-40")
        let days = first["withinDays"] == nil ? 7 : first.integer("withinDays", in: 1...90)
        guard let answer, let days, let by else { return nil }
        var contact = Policy.Contact(withinDays: days, firstBy: by, answerAfterDays: answer, cadence: cadence)
        contact.modes = modes
        return contact
    }

    private enum Tracking: String, CaseIterable { case participantPrivate, none }

    /// The frequency with which contact is suggested; nil where the pair decides alone.
    private func cadence(_ contact: Reader.Members) -> ClosedRange<Int>? {
        guard let node = contact["cadence"] else { return nil }
        if case .scalar(let scalar) = node.value {
            if scalar.text != "pair" {
                reader.refuse(node, "contact.cadence", "expected `pair`, or suggestedPerMonth and enforced")
            }
            return nil
        }
        let members = reader.members(node, "contact.cadence", known: Keys.cadence)
        members.only(
            "enforced", "false", because: "a suggestion is never enforced, and nobody watches whether it is followed")
        let numbers = members.list("suggestedPerMonth", nonEmpty: true) { node, path -> Int? in
            Reader.Members(reader: reader, node: node, path: path, values: ["": node]).integer("", in: 1...31)
        }
        guard let least = numbers.min(), let most = numbers.max() else { return nil }
        return least...most
    }

    private func duration(_ root: Reader.Members, _ level: Confidentiality) -> Policy.Duration? {
        guard let node = root["duration"] else { return nil }
        let members = reader.members(
            node, "duration", known: Keys.duration, optional: ["months", "cohort", "extension"])
        guard let kind = members.choice("kind", of: Policy.Duration.Kind.self) else { return nil }
        let hasTerm = kind == .soft || kind == .fixed
        for name in ["months", "cohort", "extension"] where !hasTerm {
            if let place = members[name] {
                reader.refuse(place, "duration.\(name)", "only where the kind is `soft` or `fixed`")
            }
        }
        if hasTerm, members["months"] == nil { reader.refuse(node, "duration.months", "missing") }
        if level == .clinical { members.only("kind", "pair", because: Self.ceiling) }
        let months = members.integer("months", in: 1...120)
        var cohort: Policy.Duration.Cohort?
        if let node = members["cohort"] {
            let own = reader.members(node, "duration.cohort", known: Keys.cohort)
            let parts = own.text("start", atMost: 5)?.split(separator: "-").compactMap { Int($0) } ?? []
            if parts.count == 2, CivilDate(year: 2027, month: parts[0], day: parts[1]) != nil {
                cohort = .init(month: parts[0], day: parts[1], isFlexible: own.boolean("flexible") ?? true)
            } else if let place = own["start"] {
                reader.refuse(
                    place, "duration.cohort.start", "expected a month and a day that every year has, like \"09-30\"")
            }
        }
        var limit: Int?
        var length: Int?
        if let node = members["extension"] {
            let own = reader.members(node, "duration.extension", known: Keys.extensionOfTerm)
            own.only("consent", "both", because: "one party alone cannot extend")
            limit = own.integer("max", in: 1...10)
            length = own.integer("months", in: 1...120)
        }
        return Policy.Duration(
            kind: kind, months: months, cohort: cohort, extensionLimit: limit, extensionMonths: length)
    }

    private func termination(_ root: Reader.Members) -> Policy.Termination? {
        guard let node = root["termination"] else { return nil }
        let members = reader.members(node, "termination", known: Keys.termination, optional: ["noticeDays"])
        members.only("reason", "forbidden", because: "nobody has to say why, and nothing keeps it")
        let days = members["noticeDays"] == nil ? 0 : members.integer("noticeDays", in: 1...90)
        return days.map { Policy.Termination(noticeDays: $0) }
    }

    private func monitoring(_ root: Reader.Members, _ level: Confidentiality, _ administration: Administration)
        -> [Policy
        .Aggregate]
    {
        guard let node = root["monitoring"] else { return [] }
        if level == .clinical || administration == .self {
            let reason = level == .clinical ? Self.ceiling : "a self-administered program has nobody to look"
            root.only("monitoring", "forbidden", because: reason)
            return []
        }
        if case .scalar = node.value {
            root.only("monitoring", "forbidden", because: "or a mapping of what is counted")
            return []
        }
        let members = reader.members(node, "monitoring", known: Keys.monitoring)
        members.only("level", "aggregate", because: "nothing is ever counted of one person or pair")
        return members.choices("allowed", of: Policy.Aggregate.self, nonEmpty: true)
    }

    private func evaluation(_ root: Reader.Members, _ level: Confidentiality) -> Policy.Evaluation? {
        guard let node = root["evaluation"] else { return nil }
        let found = reader.members(
            node, "evaluation", known: Keys.evaluation, optional: Set(Keys.evaluation).subtracting(["topics"]))
        guard let topics = found.choice("topics", of: Policy.Evaluation.Topics.self) else { return nil }
        if topics == .none { return Policy.Evaluation(topics: .none, everyMonths: 0, minCell: 10) }
        let members = reader.members(node, "evaluation", known: Keys.evaluation)
        if level == .clinical, topics != .operationalOnly, let place = members["topics"] {
            reader.refuse(place, "evaluation.topics", "expected `operationalOnly` or `none`: \(Self.ceiling)")
        }
        members.only("identity", "blindToken", because: "no answer is ever tied to a person")
        members.only("freeText", "forbidden", because: "what is written freely can tell who wrote it")
        let cell = members.integer("minCell", in: 10...1_000_000)
        let months = members.integer("everyMonths", in: 1...60)
        guard let cell, let months else { return nil }
        return Policy.Evaluation(topics: topics, everyMonths: months, minCell: cell)
    }

    private enum Goals: String, CaseIterable { case forbidden, optional }
    private enum Credit: String, CaseIterable { case none, allowed }
    private enum Recognition: String, CaseIterable { case forbidden, allowed }
    private enum Advice: String, CaseIterable { case sameEmployer }

    private func customs(_ root: Reader.Members, _ level: Confidentiality) -> Policy.Customs? {
        guard let goals = root.choice("goals", of: Goals.self) else { return nil }
        let training = root["training"].flatMap {
            reader.members($0, "training", known: ["required"]).boolean("required")
        }
        return Policy.Customs(
            isTrainingRequired: training ?? false, stages: root.list("stages") { reader.text($0, $1, atMost: 40) },
            goals: goals.rawValue, credit: (root.choice("credit", of: Credit.self) ?? .none).rawValue,
            recognition: (root.choice("recognition", of: Recognition.self) ?? .forbidden).rawValue,
            advice: root.choices("advice", of: Advice.self).map(\.rawValue),
            openForms: root.list("openForms") { reader.text($0, $1, atMost: 60) })
    }

    private func texts(_ root: Reader.Members, _ level: Confidentiality, _ directory: Policy.Matching.Directory)
        -> Policy.Texts?
    {
        guard let node = root["texts"] else { return nil }
        var optional: Set<String> = ["callScript", "directory", "closure", "privacy"]
        if level == .clinical { optional.remove("callScript") }
        if directory != .none { optional.remove("directory") }
        let members = reader.members(node, "texts", known: Keys.texts, optional: optional)
        guard let mission = members.text("mission"), let voluntary = members.text("voluntary"),
            let emergency = members.text("emergency"), let rescission = members.text("rescission")
        else { return nil }
        var texts = Policy.Texts(
            mission: mission, voluntary: voluntary, callScript: members.text("callScript") ?? "", emergency: emergency,
            rescission: rescission, directory: members.text("directory") ?? "", closure: members.text("closure") ?? "")
        texts.privacy = members.text("privacy") ?? ""
        return texts
    }

    /// Every notice that a workflow sends has words, and no notice names the program: it may be read over a shoulder.
    private func notices(_ root: Reader.Members, _ workflows: [Workflow]) -> [Notice: String] {
        guard let node = root["notices"] else { return [:] }
        var used = Set(workflows.flatMap(\.transitions).flatMap(\.tellings).map(\.notice))
        let byOthers = workflows.flatMap(\.transitions).contains {
            !$0.role.isStaff && ($0.channels.contains(.phone) || $0.channels.contains(.paper))
        }
        if byOthers { used.insert(.actedForYou) }
        let members = reader.members(
            node, "notices", known: Notice.allCases.map(\.rawValue),
            optional: Set(
                Notice.allCases.filter { !used.contains($0) || !$0.standardWords.isEmpty }.map(\.rawValue)))
        let own = root["policy"].flatMap { reader.text($0, "policy", atMost: 80) } ?? "program"
        let revealing = [
            "mentor", "mentee", "recovery", "release", "program", own.lowercased(), "addiction", "sober", "monitoring",
        ]
        var notices: [Notice: String] = [:]
        for notice in Notice.allCases {
            guard let text = members.text(notice.rawValue, atMost: 300), let place = members[notice.rawValue] else {
                continue
            }
            if let word = revealing.first(where: { text.lowercased().contains($0) }) {
                reader.refuse(
                    place, "notices.\(notice.rawValue)", "must not contain `\(word)`: a notice may be seen by anybody")
            }
            notices[notice] = text
        }
        return notices
    }
}
