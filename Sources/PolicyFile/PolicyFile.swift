public import ReleaseWorkflow

/// Reads policies from YAML.
public enum PolicyFile {
    /// A policy with the bytes that are hashed into every record.
    public struct Parsed: Sendable {
        public let policy: Policy
        /// The document as written: sorted keys, no defaults added, RFC 8785 strings.
        public let canonical: [UInt8]
    }

    /// All the problems of one file.
    public struct Problems: Error, Sendable, CustomStringConvertible {
        public let list: [PolicyProblem]
        public var description: String { list.map(\.description).joined(separator: "\n") }
    }

    /// Parses and checks a policy; proving it is the core's work.
    ///
    /// - Throws: ``Problems`` with every problem found, in the order of the file.
    public static func parse(_ text: String) throws -> Parsed {
        let document: StrictYAML
        let canonical: CanonicalJSON
        do {
            document = try StrictYAML(parsing: text)
            canonical = try document.canonical()
        } catch let problem as PolicyProblem {
            throw Problems(list: [problem])
        }
        let reader = Reader()
        let parsed = PolicyReader(reader: reader).policy(document)
        guard reader.problems.isEmpty, let parsed else {
            throw Problems(list: reader.problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) })
        }
        return Parsed(policy: parsed, canonical: canonical.bytes)
    }
}

/// Turns the tree into a policy.
struct PolicyReader {
    let reader: Reader

    private static let keys = [
        "policy", "version", "effectiveFrom", "confidentiality", "administration", "discloser", "timeZone", "region",
        "matching", "eligibility", "release", "contact", "training", "reporting", "monitoring", "evaluation", "decline",
        "termination", "is_not", "acknowledgement", "texts", "notices", "assumptions", "workflows",
    ]

    func policy(_ document: StrictYAML) -> Policy? {
        let root = reader.members(document, "", known: Self.keys, optional: ["assumptions", "is_not"])
        let program = name("policy", in: root)
        let version = root.integer("version", in: 1...1_000_000)
        let effective = root.date("effectiveFrom")
        let confidentiality = root.choice("confidentiality", of: Confidentiality.self)
        root.only("administration", "coordinator", because: "clinical programs match through a coordinator")
        let discloser = root.text("discloser", atMost: 120)
        let zone = timeZone(in: root)
        let region = regionCode(in: root)
        checkCeilings(root)
        let rules = eligibility(root)
        let release = release(root)
        let contact = contact(root)
        let acknowledgement = root["acknowledgement"].flatMap { form($0, "acknowledgement") }
        let texts = texts(root)
        let notices = notices(root)
        let assumptions = root.list("assumptions") { reader.text($0, $1, atMost: 400) }
        let workflows = workflows(root)
        guard let program, let version, let effective, let confidentiality, let discloser, let zone, let region, let rules,
            let release, let contact, let acknowledgement, let texts, reader.problems.isEmpty
        else { return nil }
        return Policy(
            program: program, version: version, effectiveFrom: effective, confidentiality: confidentiality,
            discloserName: discloser, timeZone: zone, region: region, release: release, contact: contact,
            eligibility: rules, acknowledgement: acknowledgement, notices: notices, texts: texts,
            assumptions: assumptions, workflows: workflows)
    }

    /// A word that may stand in rules, origins and file names.
    private func name(_ key: String, in members: Reader.Members) -> String? {
        guard let node = members[key], let text = members.text(key, atMost: 40) else { return nil }
        guard isWord(text) else {
            reader.refuse(node, key, "expected a word of letters, digits and hyphens that begins with a letter")
            return nil
        }
        return text
    }

    private func isWord(_ text: String) -> Bool {
        text.utf8.count <= 40 && text.first.map { $0.isASCII && $0.isLetter } ?? false
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }

    private func timeZone(in root: Reader.Members) -> String? {
        guard let node = root["timeZone"], let zone = root.text("timeZone", atMost: 60) else { return nil }
        guard zone == "UTC" || zone.split(separator: "/").count >= 2,
            zone.allSatisfy({ $0.isASCII && ($0.isLetter || "/_-+0123456789".contains($0)) })
        else {
            reader.refuse(node, "timeZone", "expected an IANA time zone like `America/Chicago`")
            return nil
        }
        return zone
    }

    private func regionCode(in root: Reader.Members) -> String? {
        guard let node = root["region"], let region = root.text("region", atMost: 10) else { return nil }
        guard region.count == 2, region.allSatisfy({ $0.isASCII && $0.isUppercase }) else {
            reader.refuse(node, "region", "expected an ISO 3166 region of two capitals, like `US`")
            return nil
        }
        return region
    }

    /// What `clinical` fixes. A policy may state it, and state nothing else.
    private func checkCeilings(_ root: Reader.Members) {
        let reason = "the ceiling of clinical programs"
        root.only("monitoring", "forbidden", because: reason)
        if let node = root["matching"] {
            let matching = reader.members(node, "matching", known: ["by", "mode", "directory"])
            matching.only("by", "coordinator", because: reason)
            matching.only("mode", "rolling", because: "requests of this program arrive singly")
            matching.only("directory", "none", because: reason)
        }
        if let node = root["training"] {
            _ = reader.members(node, "training", known: ["required"]).boolean("required")
        }
        if let node = root["reporting"] {
            let reporting = reader.members(node, "reporting", known: ["required", "stance", "freeText"])
            reporting.only("required", "false", because: reason)
            reporting.only("stance", "discouraged", because: reason)
            reporting.only("freeText", "forbidden", because: reason)
        }
        if let node = root["evaluation"] {
            let evaluation = reader.members(node, "evaluation", known: ["topics", "identity", "minCell", "freeText"])
            evaluation.only("topics", "operationalOnly", because: reason)
            evaluation.only("identity", "blindToken", because: reason)
            _ = evaluation.integer("minCell", in: 10...1_000_000)
            evaluation.only("freeText", "forbidden", because: reason)
        }
        if let node = root["decline"] {
            let decline = reader.members(node, "decline", known: ["effect", "trace"])
            decline.only("effect", "none", because: reason)
            decline.only("trace", "none", because: reason)
        }
        if let node = root["termination"] {
            reader.members(node, "termination", known: ["reason"]).only("reason", "forbidden", because: reason)
        }
        _ = root.list("is_not") { reader.text($0, $1, atMost: 60) }
    }

    private func eligibility(_ root: Reader.Members) -> MentorRules? {
        guard let node = root["eligibility"] else { return nil }
        let members = reader.members(node, "eligibility", known: ["mentee", "mentor"])
        if let mentee = members["mentee"] {
            let predicates = reader.list(mentee, "eligibility.mentee", nonEmpty: true) { reader.text($0, $1, atMost: 40) }
            if predicates != ["underContract"] {
                reader.refuse(
                    mentee, "eligibility.mentee",
                    "expected [underContract]: anyone under contract may have a mentor, and nothing else is asked")
            }
        }
        guard let mentorNode = members["mentor"] else { return nil }
        let mentor = reader.members(mentorNode, "eligibility.mentor", known: ["mode", "recoveryMonths", "similarFields"])
        let mode = mentor.choice("mode", of: MentorRules.Mode.self)
        let months = mentor.integer("recoveryMonths", in: 1...1200)
        let fields = mentor.list("similarFields") { node, path in
            reader.list(node, path, nonEmpty: true) { reader.text($0, $1, atMost: 60) }
        }
        guard let mode, let months else { return nil }
        return MentorRules(mode: mode, recoveryMonths: months, similarFields: fields)
    }

    private func release(_ root: Reader.Members) -> Policy.Release? {
        guard let node = root["release"] else { return nil }
        let members = reader.members(
            node, "release", known: ["signer", "recipients", "fields", "termMonths", "revocable", "part2", "form"])
        members.only("signer", "discloser", because: "a release is signed by the person whose fields it carries")
        members.only("revocable", "anytime", because: "42 CFR 2.31(a)(6)")
        if let node = members["recipients"] {
            let recipients = reader.members(node, "release.recipients", known: ["kind", "max"])
            recipients.only("kind", "named", because: "42 CFR 2.31(a)(4)(i)")
            recipients.only("max", "1", because: "the ceiling of clinical programs")
        }
        let fields = members.choices("fields", of: PermittedField.self, nonEmpty: true)
        if let node = members["fields"], !fields.isEmpty, fields != PermittedField.allCases {
            reader.refuse(node, "release.fields", "expected [firstName, phone], each once")
        }
        let months = members.integer("termMonths", in: 1...120)
        let isPart2 = members.boolean("part2")
        guard let formNode = members["form"] else { return nil }
        let form = reader.members(
            formNode, "release.form", known: ["version", "text", "revocation", "redisclosure", "conditions"])
        let version = form.integer("version", in: 1...1_000_000)
        let text = form.text("text")
        let revocation = form.text("revocation")
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
        guard let months, let isPart2, let version, let text, let revocation, let redisclosure, let conditions else { return nil }
        return Policy.Release(
            fields: fields, termMonths: months, form: FormText(version: version, text: text), isPart2: isPart2,
            statements: ReleaseStatements(revocation: revocation, redisclosure: redisclosure, conditions: conditions))
    }

    private func contact(_ root: Reader.Members) -> Policy.Contact? {
        guard let node = root["contact"] else { return nil }
        let members = reader.members(node, "contact", known: ["first", "tracking", "answerAfterDays"])
        members.only("tracking", "participantPrivate", because: "whether a call or meeting took place is the pair's alone")
        let answer = members.integer("answerAfterDays", in: 1...90)
        guard let firstNode = members["first"] else { return nil }
        let first = reader.members(firstNode, "contact.first", known: ["by", "mode", "withinDays", "from", "endOfDay"])
        first.only("by", "reader", because: "whoever is shown the card calls")
        first.only("mode", "phone", because: "a telephone number is what crosses")
        first.only("from", "laterOfSignatureAndMatch", because: "MPHP-40")
        first.only("endOfDay", "true", because: "MPHP-40")
        let days = first.integer("withinDays", in: 1...90)
        guard let answer, let days else { return nil }
        return Policy.Contact(withinDays: days, answerAfterDays: answer)
    }

    private func form(_ node: StrictYAML, _ path: String) -> FormText? {
        let members = reader.members(node, path, known: ["version", "text"])
        guard let version = members.integer("version", in: 1...1_000_000), let text = members.text("text") else { return nil }
        return FormText(version: version, text: text)
    }

    private func texts(_ root: Reader.Members) -> Policy.Texts? {
        guard let node = root["texts"] else { return nil }
        let members = reader.members(node, "texts", known: ["mission", "voluntary", "callScript", "emergency", "rescission"])
        guard let mission = members.text("mission"), let voluntary = members.text("voluntary"),
            let callScript = members.text("callScript"), let emergency = members.text("emergency"),
            let rescission = members.text("rescission")
        else { return nil }
        return Policy.Texts(
            mission: mission, voluntary: voluntary, callScript: callScript, emergency: emergency, rescission: rescission)
    }

    /// Every notice has words, and no notice names the program: it may be read over a shoulder.
    private func notices(_ root: Reader.Members) -> [Notice: String] {
        guard let node = root["notices"] else { return [:] }
        let members = reader.members(node, "notices", known: Notice.allCases.map(\.rawValue))
        let revealing = ["mentor", "mentee", "recovery", "release", "program", "mphp", "addiction", "sober", "monitoring"]
        var notices: [Notice: String] = [:]
        for notice in Notice.allCases {
            guard let text = members.text(notice.rawValue, atMost: 300), let place = members[notice.rawValue] else { continue }
            if let word = revealing.first(where: { text.lowercased().contains($0) }) {
                reader.refuse(place, "notices.\(notice.rawValue)", "must not contain `\(word)`: a notice may be seen by anybody")
            }
            notices[notice] = text
        }
        return notices
    }

    // MARK: Workflows

    private func workflows(_ root: Reader.Members) -> [Workflow] {
        guard let node = root["workflows"] else { return [] }
        guard case .mapping(let members) = node.value, !members.isEmpty else {
            reader.refuse(node, "workflows", "expected at least one workflow")
            return []
        }
        return members.compactMap { member in
            guard isWord(member.key) else {
                reader.refuse(member.value, "workflows.\(member.key)", "expected a word of letters, digits and hyphens as its name")
                return nil
            }
            return workflow(member.value, id: member.key)
        }
    }

    private func workflow(_ node: StrictYAML, id: String) -> Workflow? {
        let path = "workflows.\(id)"
        let members = reader.members(
            node, path,
            known: [
                "states", "initial", "ended", "handoff", "opener", "counterpart", "discloser", "recipient", "card", "purpose",
                "opens", "transitions",
            ])
        let names = members.list("states", nonEmpty: true) { node, path -> String? in
            guard let text = reader.text(node, path, atMost: 40), isWord(text), text != "same", text != "roundStart" else {
                reader.refuse(node, path, "expected a word that is not `same` or `roundStart`")
                return nil
            }
            return text
        }
        if let states = members["states"], Set(names).count != names.count || names.count > 64 {
            reader.refuse(states, "\(path).states", "expected at most 64 states, each once")
        }
        func position(_ node: StrictYAML, _ path: String) -> Position? {
            if let text = reader.text(node, path, atMost: 40), let index = names.firstIndex(of: text) {
                return Position(number: UInt8(index))
            }
            reader.refuse(node, path, "expected one of the states \(names.map { "`\($0)`" }.joined(separator: ", "))")
            return nil
        }
        let initial = members["initial"].flatMap { position($0, "\(path).initial") }
        let ended = members.list("ended", nonEmpty: true, position)
        var handOff: Position?
        if let node = members["handoff"], case .scalar(let scalar) = node.value, scalar.text != "none" {
            handOff = position(node, "\(path).handoff")
        }
        let opener = party("opener", members)
        let counterpart = party("counterpart", members)
        let discloser = party("discloser", members)
        let recipient = party("recipient", members)
        var subject: Role?
        var readerRole: Role?
        if let node = members["card"] {
            let card = reader.members(node, "\(path).card", known: ["subject", "reader"])
            subject = party("subject", card)
            readerRole = party("reader", card)
        }
        let parties = [opener, counterpart].compactMap { $0 }
        for (name, role) in [("discloser", discloser), ("recipient", recipient)] {
            if let role, let node = members[name], !parties.contains(role) {
                reader.refuse(node, "\(path).\(name)", "expected the opener or the counterpart of this workflow")
            }
        }
        if let discloser, discloser == recipient, let node = members["recipient"] {
            reader.refuse(node, "\(path).recipient", "expected somebody else than the discloser")
        }
        if let opener, opener == counterpart, let node = members["counterpart"] {
            reader.refuse(node, "\(path).counterpart", "expected another role than the opener's")
        }
        let purpose = members.choice("purpose", of: Purpose.self)
        let opens = members.choices("opens", of: CommandKind.self, nonEmpty: true)
        let transitions = members.list("transitions", nonEmpty: true) { node, path in
            transition(node, path, parties: parties, position: position)
        }.flatMap { $0 }
        checkOverlaps(transitions, names: names, members, path)
        guard let initial, let opener, let counterpart, let discloser, let recipient, let subject, let readerRole, let purpose,
            reader.problems.isEmpty
        else { return nil }
        return Workflow(
            id: id, names: names, initial: initial, ended: Set(ended), handOff: handOff, opener: opener,
            counterpart: counterpart, discloser: discloser, recipient: recipient, subject: subject, reader: readerRole,
            purpose: purpose, opens: opens, transitions: transitions)
    }

    private func party(_ name: String, _ members: Reader.Members) -> Role? {
        guard let node = members[name] else { return nil }
        let role = members.choice(name, of: Role.self)
        if let role, role == .coordinator || role == .clock {
            reader.refuse(node, reader.join(members.path, name), "expected a person's role")
            return nil
        }
        return role
    }

    private func transition(
        _ node: StrictYAML, _ path: String, parties: [Role], position: (StrictYAML, String) -> Position?
    ) -> [Transition]? {
        let members = reader.members(
            node, path, known: ["on", "by", "via", "from", "to", "if", "do", "tell", "seenBy"],
            optional: ["if", "do", "tell", "seenBy"])
        let command = members.choice("on", of: CommandKind.self)
        func role(_ node: StrictYAML, _ path: String) -> Role? {
            guard let role = reader.choice(node, path, of: Role.self) else { return nil }
            guard role == .coordinator || role == .clock || parties.contains(role) else {
                reader.refuse(node, path, "expected a role of this workflow")
                return nil
            }
            return role
        }
        let roles = members.oneOrMore("by", role)
        let channels = members.choices("via", of: Channel.self, nonEmpty: true)
        for role in roles where (role == .clock) != (channels == [.clock]) {
            if let node = members["via"] { reader.refuse(node, "\(path).via", "the clock, and only the clock, acts via `clock`") }
        }
        if command == .sign, channels.contains(.phone), let node = members["via"] {
            reader.refuse(node, "\(path).via", "a release is signed on screen or on paper, never by phone")
        }
        if let command, command.isPrivate, channels != [.screen] || roles.contains(where: { $0 == .coordinator || $0 == .clock }),
            let node = members["via"]
        {
            reader.refuse(node, "\(path).via", "a private act is the pair's, on screen, without an agent")
        }
        let origins = members.oneOrMore("from", position)
        var destination: Transition.Destination?
        if let node = members["to"], case .scalar(let scalar) = node.value {
            switch scalar.text {
            case "same": destination = .same
            case "roundStart": destination = .roundStart
            default: destination = position(node, "\(path).to").map(Transition.Destination.state)
            }
        }
        let guards = members.choices("if", of: Guard.self)
        let effects = members.choices("do", of: Effect.self)
        let tellings = members.list("tell") { node, path -> Telling? in
            guard case .scalar(let scalar) = node.value, let dot = scalar.text.firstIndex(of: "."),
                let role = Role(rawValue: String(scalar.text[..<dot])), parties.contains(role) || role == .coordinator,
                let notice = Notice(rawValue: String(scalar.text[scalar.text.index(after: dot)...]))
            else {
                reader.refuse(
                    node, path,
                    "expected `role.notice`, a role of this workflow and one of \(Notice.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "))"
                )
                return nil
            }
            return Telling(role: role, notice: notice)
        }
        let seenBy = members.list("seenBy", role)
        guard let command, let destination, !roles.isEmpty, !channels.isEmpty, !origins.isEmpty else { return nil }
        return roles.map {
            Transition(
                command: command, role: $0, channels: channels, origins: origins, destination: destination, guards: guards,
                effects: effects, tellings: tellings, seenBy: seenBy)
        }
    }

    /// Two rows for the same command, role, channel and state would leave it to their order which one decides.
    private func checkOverlaps(_ transitions: [Transition], names: [String], _ members: Reader.Members, _ path: String) {
        guard let node = members["transitions"] else { return }
        var seen: Set<String> = []
        for transition in transitions {
            for origin in transition.origins where Int(origin.number) < names.count {
                for channel in transition.channels {
                    let key =
                        "`\(transition.command.rawValue)` by \(transition.role.rawValue) via \(channel.rawValue) from `\(names[Int(origin.number)])`"
                    if !seen.insert(key).inserted {
                        reader.refuse(node, "\(path).transitions", "contradictory: \(key) is declared twice")
                    }
                }
            }
        }
    }
}
