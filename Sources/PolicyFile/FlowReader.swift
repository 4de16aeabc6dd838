internal import ReleaseWorkflow

/// Turns the `workflows` of a policy into tables.
struct FlowReader {
    let reader: Reader
    let level: Confidentiality
    let administration: Administration
    let matching: Policy.Matching?
    let duration: Policy.Duration?
    let termination: Policy.Termination?

    func workflows(_ root: Reader.Members) -> [Workflow] {
        guard let node = root["workflows"] else { return [] }
        guard case .mapping(let members) = node.value, !members.isEmpty else {
            reader.refuse(node, "workflows", "expected at least one workflow")
            return []
        }
        // Those that are written out first: the others are like one of them.
        let isCopy = { (node: StrictYAML) -> Bool in
            guard case .mapping(let items) = node.value else { return false }
            return items.contains { $0.key == "like" }
        }
        var written: [Workflow] = []
        for member in members where !isCopy(member.value) {
            guard PolicyReader(reader: reader).isWord(member.key) else {
                reader.refuse(
                    member.value, "workflows.\(member.key)",
                    "expected a word of letters, digits and hyphens as its name")
                continue
            }
            if let found = workflow(member.value, id: member.key) { written.append(found) }
        }
        let copies = members.filter { isCopy($0.value) }.compactMap { copy($0.value, id: $0.key, of: written) }
        let order = members.map(\.key)
        return (written + copies).sorted { order.firstIndex(of: $0.id) ?? 0 < order.firstIndex(of: $1.id) ?? 0 }
    }

    /// A workflow that is like another, with more asked at its request.
    private func copy(_ node: StrictYAML, id: String, of written: [Workflow]) -> Workflow? {
        let path = "workflows.\(id)"
        let members = reader.members(node, path, known: Keys.copy)
        let guards = members.choices("requestIf", of: Guard.self, nonEmpty: true)
        guard let name = members.text("like", atMost: 40), let place = members["like"] else { return nil }
        guard let model = written.first(where: { $0.id == name }) else {
            if reader.problems.isEmpty {
                reader.refuse(
                    place, "\(path).like",
                    "expected a workflow that is written out, not one that is like another: \(written.map { "`\($0.id)`" }.joined(separator: ", "))"
                )
            }
            return nil
        }
        return Workflow(
            id: id, names: model.names, initial: model.initial, ended: model.ended, ending: model.ending,
            handOff: model.handOff,
            shape: model.shape, pairing: model.pairing, privateFlow: model.privateFlow,
            // Whoever is here because a second was sought seeks none from here.
            transitions: model.transitions.filter { $0.command != .seekSecond || !guards.contains(.secondSought) }
                .map { $0.command == .request ? $0.adding(guards: guards) : $0 })
    }

    private func workflow(_ node: StrictYAML, id: String) -> Workflow? {
        let path = "workflows.\(id)"
        let members = reader.members(
            node, path,
            known: Keys.workflow,
            optional: ["ending", "counterpart", "exchange", "rescissionCloses", "pairing", "callScript", "privateFlow"])
        let names = members.list("states", nonEmpty: true) { node, path -> String? in
            guard let text = reader.text(node, path, atMost: 40), PolicyReader(reader: reader).isWord(text),
                text != "same",
                text != "roundStart"
            else {
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
        let ending = members.list("ending", position)
        var handOff: Position?
        if let node = members["handoff"], case .scalar(let scalar) = node.value, scalar.text != "none" {
            handOff = position(node, "\(path).handoff")
        }
        let opener = party("opener", members)
        let counterpart = party("counterpart", members)
        let discloser = party("discloser", members)
        let recipient = self.reader(members["recipient"], "\(path).recipient")
        let (subject, readerOfCard) = card(members, path)
        let parties = [opener, counterpart].compactMap { $0 }
        if let discloser, let node = members["discloser"], !parties.contains(discloser) {
            reader.refuse(node, "\(path).discloser", "expected the opener or the counterpart of this workflow")
        }
        if case .role(let role)? = recipient, let node = members["recipient"] {
            if !parties.contains(role) {
                reader.refuse(node, "\(path).recipient", "expected the opener or the counterpart of this workflow")
            } else if role == discloser {
                reader.refuse(node, "\(path).recipient", "expected somebody else than the discloser")
            }
        }
        let isMutual = members["exchange"] != nil
        members.only("exchange", "mutual", because: "leave the key out where one side alone releases")
        let closes =
            members["rescissionCloses"] == nil
            ? .both : members.choice("rescissionCloses", of: Workflow.RescissionCloses.self)
        if let node = members["rescissionCloses"], !isMutual {
            reader.refuse(node, "\(path).rescissionCloses", "only where the exchange is mutual")
        }
        if isMutual, level == .clinical, let node = members["exchange"] {
            reader.refuse(node, "\(path).exchange", "not in clinical programs: one side alone releases")
        }
        if isMutual, counterpart == nil, let node = members["exchange"] {
            reader.refuse(node, "\(path).exchange", "expected a counterpart to exchange with")
        }
        if let opener, opener == counterpart, let node = members["counterpart"] {
            reader.refuse(node, "\(path).counterpart", "expected another role than the opener's")
        }
        let purpose = members.choice("purpose", of: Purpose.self)
        let opens = members.choices("opens", of: CommandKind.self, nonEmpty: true)
        let pairing = pairing(members, path, hasCounterpart: counterpart != nil)
        let privateFlow = privateFlow(members, path, parties: parties, position)
        let transitions = members.list("transitions", nonEmpty: true) { node, path in
            transition(node, path, parties: parties, position: position)
        }.flatMap { $0 }
        checkOverlaps(transitions, names: names, members, path)
        if counterpart == nil, case .role? = recipient, let node = members["recipient"] {
            reader.refuse(node, "\(path).recipient", "without a counterpart, expected a class of readers")
        }
        checkMeaning(transitions, members, path)
        guard let initial, let opener, let discloser, let recipient, let subject, let readerOfCard, let purpose,
            let closes,
            reader.problems.isEmpty
        else { return nil }
        return Workflow(
            id: id, names: names, initial: initial, ended: Set(ended), ending: Set(ending), handOff: handOff,
            shape: Workflow.Shape(
                opener: opener, counterpart: counterpart, discloser: discloser, recipient: recipient, subject: subject,
                reader: readerOfCard, isMutual: isMutual, rescissionCloses: closes, purpose: purpose, opens: opens,
                callScript: members.text("callScript", atMost: 400)),
            pairing: pairing, privateFlow: privateFlow, transitions: transitions)
    }

    /// The role whose fields the card shows, and its reader.
    private func card(_ members: Reader.Members, _ path: String) -> (subject: Role?, reader: Workflow.Reader?) {
        guard let node = members["card"] else { return (nil, nil) }
        let card = reader.members(node, "\(path).card", known: Keys.card)
        return (party("subject", card), reader(card["reader"], "\(path).card.reader"))
    }

    /// The pair's own flow: which of the two notes what, from where, to where.
    private func privateFlow(
        _ workflow: Reader.Members, _ path: String, parties: [Role], _ publicly: (StrictYAML, String) -> Position?
    ) -> PrivateFlow? {
        guard let node = workflow["privateFlow"] else { return nil }
        let path = "\(path).privateFlow"
        if parties.count < 2 { reader.refuse(node, path, "only where the workflow has a counterpart") }
        let members = reader.members(node, path, known: Keys.privateFlow)
        let names = members.list("states", nonEmpty: true) { node, path in
            reader.text(node, path, atMost: 40).flatMap { PolicyReader(reader: reader).isWord($0) ? $0 : nil }
        }
        func position(_ node: StrictYAML, _ path: String) -> Position? {
            if let text = reader.text(node, path, atMost: 40), let index = names.firstIndex(of: text), index < 64 {
                return Position(number: UInt8(index))
            }
            reader.refuse(node, path, "expected one of the states \(names.map { "`\($0)`" }.joined(separator: ", "))")
            return nil
        }
        let initial = members["initial"].flatMap { position($0, "\(path).initial") }
        let during = members.list("during", nonEmpty: true, publicly)
        let rows = members.list("transitions", nonEmpty: true) { node, path in
            privateRows(node, path, parties: parties, position)
        }.flatMap { $0 }
        guard let initial, reader.problems.isEmpty else { return nil }
        return PrivateFlow(names: names, initial: initial, during: Set(during), rows: rows)
    }

    private func privateRows(
        _ node: StrictYAML, _ path: String, parties: [Role], _ position: (StrictYAML, String) -> Position?
    ) -> [PrivateFlow.Row]? {
        let members = reader.members(node, path, known: Keys.privateTransition)
        let command = members.choice("on", of: CommandKind.self)
        if let command, let place = members["on"], !command.isPrivate || command == .undoNote {
            reader.refuse(place, "\(path).on", "expected `recordCall`, `recordMeeting` or `recordTried`")
        }
        let roles = members.oneOrMore("by") { node, path -> Role? in
            guard let role = reader.choice(node, path, of: Role.self) else { return nil }
            if !parties.contains(role) {
                reader.refuse(node, path, "expected one of the two: what is the pair's is nobody else's")
            }
            return role
        }
        let origins = members.oneOrMore("from", position)
        var destination: Position?
        if let node = members["to"], case .scalar(let scalar) = node.value, scalar.text != "same" {
            destination = position(node, "\(path).to")
        }
        guard let command, !roles.isEmpty, !origins.isEmpty else { return nil }
        return roles.map { PrivateFlow.Row(command: command, role: $0, origins: origins, destination: destination) }
    }

    /// The conditions that bringing two people together rests on. A file that was written before they could be named
    /// asks at least that nothing keeps the two apart.
    private func pairing(_ members: Reader.Members, _ path: String, hasCounterpart: Bool) -> [Guard] {
        guard let node = members["pairing"] else { return hasCounterpart ? [.notKeptApart] : [] }
        let guards = members.choices("pairing", of: Guard.self, nonEmpty: true)
        if !hasCounterpart {
            reader.refuse(node, "\(path).pairing", "only where the workflow has a counterpart")
        }
        if let other = guards.first(where: { !Guard.pairing.contains($0) }) {
            let known = Guard.pairing.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            reader.refuse(node, "\(path).pairing", "`\(other.rawValue)` is none of \(known)")
        }
        return guards
    }

    /// A party, or a class of readers where the program's directory has that class.
    private func reader(_ node: StrictYAML?, _ path: String) -> Workflow.Reader? {
        guard let node, case .scalar(let scalar) = node.value else {
            if let node { reader.refuse(node, path, "expected a role or a class of readers") }
            return nil
        }
        if let audience = Audience(rawValue: scalar.text) {
            guard let matching, matching.directory.rawValue == scalar.text else {
                reader.refuse(node, path, "a class of readers needs `matching.directory: \(scalar.text)`")
                return nil
            }
            return .audience(audience)
        }
        guard let role = reader.choice(node, path, of: Role.self), role != .coordinator, role != .clock else {
            if Role(rawValue: scalar.text) != nil { reader.refuse(node, path, "expected a person's role") }
            return nil
        }
        return .role(role)
    }

    /// Words that another key gives their meaning.
    private func checkMeaning(_ transitions: [Transition], _ members: Reader.Members, _ path: String) {
        guard let node = members["transitions"] else { return }
        let effects = Set(transitions.flatMap(\.effects))
        func demand(_ effect: Effect, _ holds: Bool?, _ key: String) {
            if effects.contains(effect), holds == false {
                reader.refuse(node, "\(path).transitions", "`\(effect.rawValue)` needs `\(key)`")
            }
        }
        demand(.startTerm, duration.map { $0.months != nil }, "duration.months")
        demand(.extendRelease, duration.map { $0.extensionLimit != nil }, "duration.extension")
        demand(.startNotice, termination.map { $0.noticeDays > 0 }, "termination.noticeDays")
        if administration == .self,
            transitions.contains(where: {
                $0.role == .coordinator || $0.seenBy.contains(.coordinator)
                    || $0.tellings.contains { $0.role == .coordinator }
            })
        {
            reader.refuse(node, "\(path).transitions", "a self-administered program has no coordinator")
        }
        if administration == .self,
            transitions.contains(where: { $0.channels.contains(.phone) || $0.channels.contains(.paper) })
        {
            reader.refuse(
                node, "\(path).transitions", "nobody takes acts by phone or paper in a self-administered program")
        }
        if matching?.mode == .directory,
            transitions.contains(where: { $0.command == .propose || $0.command == .invite })
        {
            reader.refuse(node, "\(path).transitions", "nobody is proposed to anybody in a directory program")
        }
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
            node, path, known: Keys.transition,
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
            if let node = members["via"] {
                reader.refuse(node, "\(path).via", "the clock, and only the clock, acts via `clock`")
            }
        }
        if let command, command == .sign || command.goesOn, channels.contains(.phone),
            let node = members["via"]
        {
            reader.refuse(node, "\(path).via", "a release is signed on screen or on paper, never by phone")
        }
        if let command, command.isPrivate,
            channels != [.screen] || roles.contains(where: { $0 == .coordinator || $0 == .clock }),
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
                command: command, role: $0, channels: channels, origins: origins, destination: destination,
                guards: guards,
                effects: effects, tellings: tellings, seenBy: seenBy)
        }
    }

    /// Two rows for the same command, role, channel and state would leave it to their order which one decides.
    private func checkOverlaps(_ transitions: [Transition], names: [String], _ members: Reader.Members, _ path: String)
    {
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
