/// The difference between two versions of a policy: what the new one reveals or permits that the old did not, and the
/// other way round; whom that concerns, and what must be signed again.
public struct PolicyDifference: Hashable, Sendable {
    /// One change, in a sentence, and whom it concerns.
    public struct Change: Hashable, Sendable, Comparable {
        public let text: String
        public let roles: Set<Role>

        public static func < (left: Change, right: Change) -> Bool { left.text < right.text }
    }

    public private(set) var revealsMore: [Change] = []
    public private(set) var revealsLess: [Change] = []
    public private(set) var permitsMore: [Change] = []
    public private(set) var permitsLess: [Change] = []
    /// Rules, deadlines and texts that are neither more nor less.
    public private(set) var changed: [Change] = []
    /// Agreements that people in these roles are asked to sign again before anything new opens.
    public private(set) var signAgain: [Change] = []
    /// The changes that a new version must not make, like another text under the same number.
    public private(set) var faults: [String] = []

    public var isEmpty: Bool {
        revealsMore.isEmpty && revealsLess.isEmpty && permitsMore.isEmpty && permitsLess.isEmpty && changed.isEmpty
            && signAgain.isEmpty
    }

    /// Everybody whom any of it concerns.
    public var concerned: Set<Role> {
        [revealsMore, revealsLess, permitsMore, permitsLess, changed, signAgain].joined().reduce(into: []) {
            $0.formUnion($1.roles)
        }
    }

    public init(from old: Policy, to new: Policy) {
        let (before, after) = (Capabilities(old), Capabilities(new))
        func only(_ kind: Capabilities.Kind, in one: Capabilities, notIn other: Capabilities, _ prefix: String = "")
            -> [Change]
        {
            one.facts.filter { other.facts[$0.key] == nil && $0.key.kind == kind }
                .map { Change(text: prefix + $0.key.text, roles: $0.value) }
        }
        revealsMore = only(.reveals, in: after, notIn: before).sorted()
        revealsLess = only(.reveals, in: before, notIn: after).sorted()
        // Asking less permits more.
        permitsMore = (only(.permits, in: after, notIn: before) + only(.asks, in: before, notIn: after, "no longer: "))
            .sorted()
        let (done, undone) = (
            only(.does, in: after, notIn: before, "now: "), only(.does, in: before, notIn: after, "no longer: ")
        )
        changed = (done + undone).sorted()
        permitsLess = (only(.permits, in: before, notIn: after) + only(.asks, in: after, notIn: before, "now: "))
            .sorted()
        compare(old, new)
    }

    private mutating func compare(_ old: Policy, _ new: Policy) {
        func note(_ what: String, _ one: String, _ two: String, _ roles: Set<Role>) {
            if one != two { changed.append(Change(text: "\(what): was “\(one)”, becomes “\(two)”", roles: roles)) }
        }
        let people: Set<Role> = Set(new.workflows.flatMap(\.parties))
        note("who may be a mentee", old.eligibility.mentee.plainWords, new.eligibility.mentee.plainWords, [.mentee])
        note("who may be a mentor", old.eligibility.mentor.plainWords, new.eligibility.mentor.plainWords, [.mentor])
        note("who may be paired", old.eligibility.pair.plainWords, new.eligibility.pair.plainWords, [.mentee, .mentor])
        note(
            "similar fields", "\(old.eligibility.similarFields)", "\(new.eligibility.similarFields)",
            [.mentee, .mentor])
        note("days for the first contact", "\(old.contact.withinDays)", "\(new.contact.withinDays)", people)
        note("days of notice", "\(old.termination.noticeDays)", "\(new.termination.noticeDays)", people)
        note("months a release lasts", "\(old.release.termMonths)", "\(new.release.termMonths)", people)
        note("duration", Self.words(old.duration), Self.words(new.duration), people)
        note("weights of the match", Self.words(old.matching.weights), Self.words(new.matching.weights), [.coordinator])
        note("smallest group that is reported", "\(old.evaluation.minCell)", "\(new.evaluation.minCell)", people)
        note("days of the office", Self.words(old.office), Self.words(new.office), people)
        note("who confirms", old.secondHand.plainWords, new.secondHand.plainWords, people)
        note("whom open cases follow", old.openCases.rawValue, new.openCases.rawValue, people)
        for notice in Notice.allCases where old.notices[notice] != new.notices[notice] {
            note(
                "notice `\(notice.rawValue)`", old.notices[notice]?.oneLine ?? "not sent",
                new.notices[notice]?.oneLine ?? "not sent", people)
        }
        for agreement in new.agreements {
            let earlier = old.agreements.first { $0.id == agreement.id }
            if earlier?.fullText == agreement.fullText { continue }
            signAgain.append(
                Change(
                    text: "\(agreement.id.spaced), version \(agreement.version)\(earlier == nil ? ", new" : "")",
                    roles: Set(agreement.roles)))
            if let earlier, earlier.version >= agreement.version {
                faults.append(
                    "agreement `\(agreement.id)` has another text and no higher version than \(earlier.version)")
            }
        }
        if old.release.form != new.release.form || old.release.statements != new.release.statements {
            changed.append(
                Change(
                    text: "the release form: those already signed stay as they are, new ones use the new form",
                    roles: people))
            if old.release.form.version >= new.release.form.version, old.release.form.text != new.release.form.text {
                faults.append(
                    "the release form has another text and no higher version than \(old.release.form.version)")
            }
        }
        noteTheRest(old, new)
        if new.program != old.program { faults.append("another program: `\(new.program)` is not `\(old.program)`") }
        if new.version <= old.version { faults.append("version \(new.version) is not above \(old.version)") }
        if new.effectiveFrom < old.effectiveFrom {
            faults.append("in force from \(new.effectiveFrom), before the old version's \(old.effectiveFrom)")
        }
        if new.confidentiality != old.confidentiality { faults.append("a program never changes its confidentiality") }
    }

    /// Tells all other differences, by their names in the file: nothing changes untold.
    private mutating func noteTheRest(_ old: Policy, _ new: Policy) {
        let told = [
            "eligibility.mentee", "eligibility.mentor", "eligibility.pair", "eligibility.similarFields",
            "contact.withinDays", "termination.noticeDays", "release.termMonths", "duration.kind", "duration.months",
            "duration.extensionLimit", "matching.weights", "evaluation.minCell", "office", "secondHand", "openCases",
            "notices", "release.form", "release.statements", "release.fields", "program", "confidentiality",
        ]
        let people: Set<Role> = Set(new.workflows.flatMap(\.parties))
        for (path, before, after) in PolicyLeaves(new).differences(from: PolicyLeaves(old)) {
            if told.contains(where: { path == $0 || path.hasPrefix($0 + ".") }) { continue }
            let texts = [before, after].map { $0.map { "“\($0.oneLine)”" } ?? "nothing" }
            changed.append(Change(text: "`\(path)`: was \(texts[0]), becomes \(texts[1])", roles: people))
        }
    }

    private static func words(_ duration: Policy.Duration) -> String {
        "\(duration.kind.rawValue) \(duration.months.map(\.months) ?? "") \(duration.extensionLimit.map { "extended \($0) times" } ?? "")"
            .oneLine
    }

    private static func words(_ office: OfficeDays) -> String {
        let days = office.days.map(\.rawValue) + office.holidays.map { "not on \($0)" }
        return "\(days.joined(separator: ", ")) \(office.hours)".oneLine
    }

    private static func words(_ weights: [String: Int]) -> String {
        weights.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    /// The whole as text.
    public var text: String {
        func part(_ title: String, _ changes: [Change]) -> [String] {
            changes.isEmpty
                ? []
                : [title]
                    + changes.map {
                        "  - \($0.text)"
                            + ($0.roles.isEmpty
                                ? "" : " [\($0.roles.map(\.rawValue).sorted().joined(separator: ", "))]")
                    }
        }
        let parts =
            part("REVEALS MORE", revealsMore) + part("REVEALS LESS", revealsLess) + part("PERMITS MORE", permitsMore)
            + part("PERMITS LESS", permitsLess) + part("CHANGES", changed) + part("MUST BE SIGNED AGAIN", signAgain)
            + (faults.isEmpty ? [] : ["CANNOT BE ADOPTED"] + faults.map { "  - \($0)" })
        return parts.isEmpty ? "nothing that anybody could see or do" : parts.joined(separator: "\n")
    }
}

/// Everything a policy lets anybody see or do, as sentences that can be compared.
private struct Capabilities {
    struct Fact: Hashable {
        let text: String
        let kind: Kind
    }

    enum Kind { case reveals, permits, asks, does }

    var facts: [Fact: Set<Role>] = [:]

    private mutating func reveal(_ text: String, _ roles: Set<Role>) {
        facts[Fact(text: text, kind: .reveals), default: []].formUnion(roles)
    }
    private mutating func permit(_ text: String, _ roles: Set<Role>) {
        facts[Fact(text: text, kind: .permits), default: []].formUnion(roles)
    }

    init(_ policy: Policy) {
        for workflow in policy.workflows {
            for field in policy.release.fields {
                reveal(
                    "\(workflow.id): \(workflow.reader.plainWords) may read the \(field.plainWords) of the \(workflow.subject.rawValue)",
                    [workflow.discloser])
                if workflow.isMutual, let other = workflow.counterpart {
                    reveal(
                        "\(workflow.id): the \(workflow.opener.rawValue) may read the \(field.plainWords) of the \(other.rawValue)",
                        [other])
                }
            }
            for command in workflow.opens {
                reveal("\(workflow.id): `\(command.rawValue)` opens a card", [workflow.discloser])
            }
            for transition in workflow.transitions { note(transition, in: workflow) }
            for row in workflow.privateFlow?.rows ?? [] { note(row, in: workflow) }
        }
        for aggregate in policy.monitoring {
            reveal("staff may count \(aggregate.rawValue.spaced)", Set(policy.workflows.flatMap(\.parties)))
        }
        if policy.evaluation.topics != .none {
            reveal(
                "people are asked about \(policy.evaluation.topics.rawValue.spaced)",
                Set(policy.workflows.flatMap(\.parties)))
        }
        if policy.customs.recognition == "allowed" { reveal("mentors may be recognized by name", [.mentor]) }
    }

    private mutating func note(_ row: PrivateFlow.Row, in workflow: Workflow) {
        guard let flow = workflow.privateFlow else { return }
        for origin in row.origins {
            let target = row.destination.map { flow.name(of: $0).spaced } ?? "the same"
            permit(
                "\(workflow.id): the \(row.role.rawValue) may `\(row.command.rawValue)` for the two alone while \(flow.name(of: origin).spaced), to \(target)",
                [row.role])
        }
    }

    private mutating func note(_ transition: Transition, in workflow: Workflow) {
        let command = transition.command.rawValue
        for origin in transition.origins {
            let place = "while \(workflow.name(of: origin).spaced)"
            for role in transition.seenBy {
                reveal(
                    "\(workflow.id): the \(role.rawValue) sees `\(command)` by the \(transition.role.rawValue) \(place)",
                    Set(workflow.parties))
            }
            for telling in transition.tellings {
                reveal(
                    "\(workflow.id): `\(command)` by the \(transition.role.rawValue) \(place) tells the \(telling.role.rawValue) `\(telling.notice.rawValue)`",
                    [telling.role])
            }
            for channel in transition.channels {
                let target =
                    switch transition.destination {
                    case .state(let position): workflow.name(of: position)
                    case .same: "the same"
                    case .roundStart: "where it began"
                    }
                permit(
                    "\(workflow.id): the \(transition.role.rawValue) may `\(command)` \(channel.plainWords) while \(workflow.name(of: origin).spaced), to \(target.spaced)",
                    [transition.role])
            }
            for effect in transition.effects {
                let text =
                    "\(workflow.id): `\(command)` by the \(transition.role.rawValue) while \(workflow.name(of: origin).spaced) does `\(effect.rawValue)`"
                facts[Fact(text: text, kind: .does), default: []].insert(transition.role)
            }
            for condition in transition.guards {
                let text =
                    "\(workflow.id): `\(command)` by the \(transition.role.rawValue) while \(workflow.name(of: origin).spaced) asks that \(condition.plainWords)"
                facts[Fact(text: text, kind: .asks), default: []].insert(transition.role)
            }
        }
    }
}
