/// A policy in plain words, for people who will never see the file: what each role can ever do, see and be told.
public struct Explanation: Hashable, Sendable {
    public struct Section: Hashable, Sendable {
        public let title: String
        public let lines: [String]
    }

    public let sections: [Section]

    /// The whole as text: titles in capitals, lines indented.
    public var text: String {
        sections.map { section in
            section.title.uppercased() + "\n" + section.lines.map { "  \($0)" }.joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    /// - Parameter tables: for each workflow who can do what, from the real machine; see ``DecisionTable``.
    public init(_ policy: Policy, tables: [DecisionTable]) {
        let words = PolicyWords(policy)
        var sections = [words.summary, words.crossing]
        for role in words.roles { sections.append(words.section(for: role, tables)) }
        sections += [words.others, words.eligibility, words.agreements, words.ending, words.counting]
        if !policy.clauses.isEmpty { sections.append(words.clauses) }
        if !policy.assumptions.isEmpty {
            sections.append(
                Section(
                    title: "What the source leaves open, and what this policy chose",
                    lines: policy.assumptions.map { "- \($0)" }))
        }
        self.sections = sections
    }
}

/// The sentences. Everything in them comes from the policy's tables; nothing is said that they do not hold.
private struct PolicyWords {
    let policy: Policy

    init(_ policy: Policy) { self.policy = policy }

    /// Everybody who has a part, in the order of the workflows, staff last.
    var roles: [Role] {
        var seen: [Role] = []
        for workflow in policy.workflows {
            for role in workflow.parties where !seen.contains(role) { seen.append(role) }
        }
        return policy.administration == .self ? seen : seen + [.coordinator]
    }

    /// The months that are added where both sign for longer.
    private var longer: String {
        policy.duration.extensionMonths.map { ", or \($0.months) more where both sign for it," } ?? ""
    }

    /// The terms of a score, by the names that the policy weighs them under.
    private static let terms = [
        "field": "the same or a similar profession", "area": "places to meet in common", "grid": "times in common",
        "topics": "what the mentor has walked through", "pathway": "a way of recovery in common",
        "setting": "where one works", "preference": "wishes about age or gender",
    ]

    private var fields: String { inWords(policy.release.fields.map(\.plainWords)) }

    var summary: Explanation.Section {
        let runner =
            switch policy.administration {
            case .coordinator: "Clinical coordinators run it, each for the people assigned to them."
            case .program: "Staff of the program run it."
            case .self:
                "Its members run it themselves. One administrator keeps the list of members, can suspend somebody, and sees no case."
            }
        let matching =
            switch policy.matching.mode {
            case .rolling: "People are proposed to each other one at a time, as they ask."
            case .batch: "People are matched in cohorts, or one at a time in between."
            case .directory: "People find each other in a directory; nobody is ever proposed to anybody."
            }
        return .init(
            title: "\(policy.program), version \(policy.version), in force from \(policy.effectiveFrom)",
            lines: [
                policy.texts.mission.oneLine, "", "A \(policy.confidentiality.rawValue) program. \(runner) \(matching)",
                policy.texts.voluntary.oneLine,
                policy.secondHand.plainWords,
            ]
                + ["Whoever signs in for the first time shows \(policy.firstSignIn.plainWords)."]
                + (policy.governance.isEmpty ? [] : ["Offered by \(inWords(policy.governance))."]))
    }

    var crossing: Explanation.Section {
        var lines = [
            policy.isDirectory
                ? "Ever: \(fields). Nothing else, whatever anybody does."
                : "On a card, ever: \(fields). On a form, besides, the name that the other person gave for forms. Nothing else, whatever anybody does."
        ]
        for workflow in policy.workflows {
            let acts = workflow.opens.filter { !$0.goesOn }.map { command -> String in
                let who = workflow.transitions.filter { $0.command == command }.map { "the \($0.role.rawValue)" }
                    .uniqued
                return "\(inWords(who, "or")) decides to \(Self.act(command))"
            }
            // With the signature of both, it is the second that opens.
            let bothSign = workflow.isMutual && workflow.opens.contains(.sign)
            let act = bothSign ? "the second of the two has signed" : inWords(acts, "or")
            let reader = workflow.reader.plainWords
            if workflow.isMutual {
                lines.append(
                    "In \(workflow.id.spaced): what the \(workflow.opener.rawValue) signs goes to the \(workflow.counterpart?.rawValue ?? ""), and what the \(workflow.counterpart?.rawValue ?? "") signs to the \(workflow.opener.rawValue), once both have signed. It opens only when \(act)."
                )
            } else {
                lines.append(
                    "In \(workflow.id.spaced): what the \(workflow.discloser.rawValue) signs goes to \(reader)\(workflow.audience == .everyone ? "" : ", and to nobody else"). It opens only when \(act)."
                )
            }
        }
        lines.append(
            "A release lasts \(policy.release.termMonths.months) at most\(longer) and can be taken back at any moment; everything then closes at once."
        )
        lines.append(
            "Whether anybody looked, called or met is known to the two people alone, if to anybody; staff and auditors never learn it."
        )
        return .init(title: "What can cross", lines: lines)
    }

    /// Says what a role can do, sees and is told.
    func section(for role: Role, _ tables: [DecisionTable]) -> Explanation.Section {
        var lines: [String] = ["can"]
        for table in tables {
            let rows = table.allowed.filter { $0.role == role }
            if rows.isEmpty { continue }
            let prefix = tables.count > 1 ? "in \(table.workflow.id.spaced): " : ""
            for command in CommandKind.allCases {
                let own = rows.filter { $0.command == command }
                guard !own.isEmpty else { continue }
                lines.append(
                    "  - " + prefix
                        + sentence(command, own.map { ($0.state, $0.channels, $0.leadsTo) }, role, table.workflow))
            }
        }
        if lines.count == 1 { lines.append("  - nothing") }
        lines.append("sees")
        lines += sights(role).map { "  - \($0)" }
        lines.append("is told")
        let told = policy.workflows.flatMap(\.transitions).flatMap(\.tellings).filter { $0.role == role }.map(\.notice)
        var seen: Set<Notice> = []
        let texts = told.filter { seen.insert($0).inserted }.map { policy.words(of: $0).oneLine }
        lines += texts.isEmpty ? ["  - nothing"] : texts.map { "  - “\($0)”" }
        return .init(title: role == .coordinator ? "Staff (coordinator)" : "The \(role.rawValue)", lines: lines)
    }

    private func sentence(
        _ command: CommandKind, _ rows: [(state: String, channels: [Channel], leadsTo: [String])], _ role: Role,
        _ workflow: Workflow
    ) -> String {
        let states = rows.map(\.state).uniqued
        let channels = rows.flatMap(\.channels).uniqued.filter { $0 != .clock }
        let guards = workflow.transitions.filter { $0.command == command && $0.role == role }.flatMap(\.guards).uniqued
        var text = Self.act(command)
        let isEverywhere = states.count == workflow.names.count
        text += isEverywhere ? ", at any time" : ", while it is \(inWords(states.map(\.spaced), "or"))"
        if !channels.isEmpty { text += " (\(inWords(channels.map(\.plainWords), "or")))" }
        if !guards.isEmpty { text += "; only if \(inWords(guards.map(\.plainWords)))" }
        let targets = rows.flatMap(\.leadsTo).uniqued.filter { !states.contains($0) }
        if workflow.opens.contains(command) { text += "; this may open a card" }
        if !targets.isEmpty { text += " → \(inWords(targets.map(\.spaced), "or"))" }
        return text
    }

    private func sights(_ role: Role) -> [String] {
        var lines: [String] = []
        for workflow in policy.workflows {
            let happened = workflow.transitions.filter { $0.seenBy.contains(role) }.map(\.command).uniqued
            let place = policy.workflows.count > 1 ? "in \(workflow.id.spaced), " : ""
            if !happened.isEmpty {
                lines.append(
                    "\(place)that these happened, and when: \(happened.map { Self.noun($0) }.joined(separator: ", "))")
            }
            if workflow.isMutual, workflow.parties.contains(role) {
                lines.append("\(place)the other's \(fields), while both releases are live")
            } else if workflow.reader == .role(role) {
                lines.append("\(place)the \(workflow.subject.rawValue)'s \(fields), while the release is live")
            }
            if workflow.discloser == role || workflow.isMutual && workflow.parties.contains(role) {
                let looks = workflow.audience == nil ? ", and when the card was looked at, by whom" : ""
                lines.append("\(place)their own release with its receipt\(looks)")
            }
        }
        if policy.workflows.contains(where: { $0.audience != nil }), role == .mentor {
            lines.append("not who read the listing: nobody is told that, and it is not recorded")
        }
        if role == .coordinator {
            let surveys = policy.workflows.contains { $0.transitions.contains { $0.command == .completeSurvey } }
            if surveys { lines.append("the answers to the survey, until they are erased") }
            lines.append("never a look, a call, a meeting, or a reason")
        }
        return lines.isEmpty ? ["nothing"] : lines
    }

    var others: Explanation.Section {
        var lines = [
            "auditors: that a record was made, on which day, under which release and policy, and the names of the fields; never a value, a person or a case"
        ]
        if let audience = policy.workflows.compactMap(\.audience).first {
            lines.append("\(audience.plainWords): the listings that are signed and live: \(fields)")
        }
        lines.append(
            "anybody else: nothing, but for a court that orders it and whoever audits or evaluates the program; a monitoring system: nothing"
        )
        return .init(title: "Others see", lines: lines)
    }

    var eligibility: Explanation.Section {
        let rules = policy.eligibility
        var lines = ["a mentee: \(rules.mentee.plainWords)", "a mentor: \(rules.mentor.plainWords)"]
        if rules.pair != .nothing { lines.append("the two together: \(rules.pair.plainWords)") }
        if !rules.similarFields.isEmpty {
            lines.append(
                "fields that count as similar: "
                    + rules.similarFields.map { $0.joined(separator: " and ") }.joined(separator: "; ")
            )
        }
        if !rules.continuous.isNothing {
            lines.append(
                policy.isDirectory
                    ? "all the while: \(rules.continuous.plainWords); while something of it is missing, the listing is hidden; its owner is told, and it comes back by itself"
                    : "all the while: \(rules.continuous.plainWords); when that ends, so does the case, without a word why"
            )
        }
        if policy.matching.mode != .directory {
            let weights = policy.matching.weights.filter { $0.value > 0 }.sorted {
                ($0.value, $1.key) > ($1.value, $0.key)
            }
            if !weights.isEmpty {
                lines.append(
                    "what makes a good fit, and how much it counts: "
                        + weights.map { "\(Self.terms[$0.key] ?? $0.key) \($0.value)" }.joined(separator: ", "))
            }
            lines.append(
                policy.confidentiality == .clinical
                    ? "age and gender are never asked"
                    : policy.matching.weights["preference"].map { $0 > 0 } == true
                        ? "age and gender count only for people who ask for it themselves"
                        : "age and gender count for nothing")
        }
        lines.append(policy.customs.isTrainingRequired ? "training is required of both" : "no training is required")
        return .init(title: "Who may take part", lines: lines)
    }

    var agreements: Explanation.Section {
        .init(
            title: "What is signed besides the release",
            lines: policy.agreements.map {
                "\($0.id.spaced), version \($0.version), by \(inWords($0.roles.map { "the \($0.rawValue)" }))"
            }
                + policy.customs.openForms.map {
                    "\($0): named by the source, which does not print it; still to be written by the program"
                })
    }

    var ending: Explanation.Section {
        var lines: [String] = []
        switch policy.duration.kind {
        case .pair: lines.append("how long it lasts is for the pair to decide")
        case .mutual: lines.append("how long it lasts is agreed by the two; nobody has to stay")
        case .soft:
            lines.append("meant for \((policy.duration.months ?? 0).months); it then ends, unless both sign to go on")
        case .fixed: lines.append("lasts \((policy.duration.months ?? 0).months), and ends then")
        }
        if let cohort = policy.duration.cohort {
            lines.append(
                "begins on \(cohort.month)/\(cohort.day)\(cohort.isFlexible ? ", or whenever people are matched" : "")")
        }
        if let limit = policy.duration.extensionLimit, let months = policy.duration.extensionMonths {
            lines.append(
                "may be extended \(limit == 1 ? "once" : "\(limit) times") by \(months.months), when both sign for it")
        }
        if policy.termination.noticeDays > 0 {
            lines.append(
                "a mentor gives \(policy.termination.noticeDays) days of notice; what is open stays open until then, or until one of the two closes it"
            )
        }
        lines.append("nobody has to say why, and no reason is kept")
        if let rematch = policy.rematch {
            let whom = inWords(rematch.sides.map { "the \($0.rawValue)" })
            let limits =
                (policy.isDirectory || !rematch.excludesPrevious
                    ? "" : "; whoever one of them said no to is not proposed again")
                + (rematch.isIfAvailable ? "; there may be nobody" : "")
            let who =
                switch rematch.by {
                case .mentee: "the mentee looks for somebody else"
                case .coordinator: "a coordinator may look for somebody else, for \(whom)"
                case .program: "the program may look for somebody else, for \(whom)"
                }
            lines.append("afterwards \(who)\(limits)")
        }
        for workflow in policy.workflows {
            lines.append(
                workflow.handOff.map {
                    "after \(workflow.name(of: $0).spaced) in \(workflow.id.spaced) staff learn nothing more; reminders, the last day of the release and what the two ask for still happen"
                } ?? "there is no hand-off in \(workflow.id.spaced)"
                    + (policy.administration == .self ? ": there is nobody to withdraw" : ": staff stay within reach"))
        }
        if let cadence = policy.contact.cadence {
            let most = cadence.upperBound == 1 ? "once" : "\(cadence.upperBound) times"
            let often = cadence.lowerBound == cadence.upperBound ? most : "\(cadence.lowerBound) to \(most)"
            lines.append("contact is suggested \(often) a month; nobody watches whether it is followed")
        } else {
            lines.append("how often they talk is for the pair to decide")
        }
        let modes = policy.contact.modes.map(\.plainWords)
        if !modes.isEmpty { lines.append("they may be in touch \(inWords(modes, "or"))") }
        if !policy.customs.stages.isEmpty { lines.append("stages: \(inWords(policy.customs.stages))") }
        return .init(title: "How long, and how it ends", lines: lines)
    }

    var counting: Explanation.Section {
        var lines: [String] = []
        lines.append(
            policy.monitoring.isEmpty
                ? "the program counts nothing about relationships"
                : "the program may count \(inWords(policy.monitoring.map(\.plainWords))), for at least \(policy.evaluation.minCell) at once, never for one"
        )
        switch policy.evaluation.topics {
        case .none: lines.append("people are not asked to evaluate anything")
        case .operationalOnly, .programGoals:
            let what =
                policy.evaluation.topics == .operationalOnly
                ? "how the program itself works, never how it went between two people"
                : "how the program works and whether it reaches its goals"
            lines.append(
                "every \(policy.evaluation.everyMonths == 12 ? "year" : policy.evaluation.everyMonths.months) people are asked about \(what), under codes that nobody can tie to them; results only for \(policy.evaluation.minCell) or more"
            )
        }
        lines.append("nobody has to report, and there is no place to write a report")
        lines.append("nobody pays, and nobody is paid")
        lines.append(
            policy.customs.credit == "none" ? "no hours and no credit come of it" : "hours may be counted as credit")
        lines.append(
            policy.customs.recognition == "forbidden"
                ? "nobody is praised in public for taking part" : "people may be thanked for taking part, if they agree"
        )
        return .init(title: "What is counted and asked", lines: lines)
    }

    var clauses: Explanation.Section {
        .init(
            title: "What mentoring is and is not here",
            lines: Clause.Kind.allCases.flatMap { kind -> [String] in
                let own = policy.clauses.filter { $0.kind == kind }
                return own.isEmpty ? [] : ["\(kind.plainWords):"] + own.map { "  - \($0.text.oneLine)" }
            })
    }

    /// The command as what one comes to do.
    static func act(_ command: CommandKind) -> String {
        switch command {
        case .request: "ask to begin"
        case .completeSurvey: "answer the survey"
        case .propose: "propose somebody"
        case .acceptSlot: "say that a place is free, knowing nothing of whom it is for"
        case .slotUnavailable: "say that there is no place, without a reason"
        case .withdrawProposal: "take a proposal back"
        case .offer: "put the release before whoever is to sign it"
        case .refuseMentor: "refuse the person proposed, without a reason"
        case .decline: "decline, leaving no trace"
        case .sign: "sign the release"
        case .disclose: "disclose"
        case .correct: "sign corrected details"
        case .recordCall: "note privately that they talked"
        case .recordMeeting: "note privately that they will meet"
        case .renew: "sign again before a release runs out"
        case .remindRelease: "remind the signer that a release ends soon"
        case .remindCall: "remind the one who is to call"
        case .withdrawCard: "close a card for good, without asking anybody why"
        case .freezeCard: "say that what their card shows is wrong, so that nobody is shown it"
        case .noteUnused: "note that what was signed cannot be used just now"
        case .letGo: "close what could not be used for thirty days"
        case .awaitExtension: "close what is open and let one signature for a longer term wait for the other"
        case .hide: "hide what is shown, while the permission stays"
        case .showAgain: "show again what was hidden"
        case .unfreezeCard: "say that it was right after all"
        case .recordTried: "note privately that they called and did not reach the other"
        case .undoNote: "take back what they noted privately last, until the next day"
        case .requestCallBack: "ask to be called back, saying nothing else"
        case .handOff: "hand off"
        case .end: "end it, without a reason"
        case .rescind: "take the release back"
        case .expire: "let the release run out"
        case .rematch: "ask for somebody else"
        case .ask: "ask to talk with somebody who has been through it"
        case .invite: "invite somebody to talk"
        case .agree: "agree to talk"
        case .refuseInvitation: "say no, or nothing"
        case .alert: "tell the one who asked that there is an answer"
        case .answer: "answer on the day that was set"
        case .notAMatch: "say that it is not a match; nothing more need be said"
        case .giveNotice: "give notice"
        case .extend: "sign for a longer term"
        case .seekSecond: "ask for a second mentor besides the first"
        case .remindEnd: "remind both that the end is near"
        case .finish: "end it because its time is over"
        case .lapse: "end it because something it rests on is lost"
        }
    }

    private static func noun(_ command: CommandKind) -> String {
        switch command {
        case .request: "the request"
        case .completeSurvey: "the survey"
        case .propose: "the proposal"
        case .acceptSlot: "a free place"
        case .slotUnavailable: "no free place"
        case .withdrawProposal: "a proposal taken back"
        case .offer: "the offer to sign"
        case .refuseMentor: "a refusal"
        case .decline: "declining"
        case .sign: "the signature"
        case .disclose: "the disclosure"
        case .correct: "corrected details"
        case .recordCall: "a call"
        case .recordMeeting: "a meeting"
        case .renew: "a renewal"
        case .remindRelease: "a reminder that a release ends"
        case .remindCall: "a reminder to call"
        case .withdrawCard: "a card that the office closed"
        case .freezeCard: "a number that is wrong"
        case .noteUnused: "a release that cannot be used"
        case .letGo: "a release that could not be used"
        case .awaitExtension: "a signature for longer that waits"
        case .hide: "an entry that is hidden"
        case .showAgain: "an entry that is shown again"
        case .unfreezeCard: "a number that was right after all"
        case .recordTried: "a call that reached nobody"
        case .undoNote: "a note taken back"
        case .requestCallBack: "a wish to be called"
        case .handOff: "the hand-off"
        case .end: "the end"
        case .rescind: "the rescission"
        case .expire: "a release that ran out"
        case .rematch: "a new request"
        case .ask: "the question"
        case .invite: "the invitation"
        case .agree: "the agreement"
        case .refuseInvitation: "a no"
        case .alert: "the alert"
        case .answer: "the answer"
        case .notAMatch: "not a match"
        case .giveNotice: "the notice"
        case .extend: "a signature for longer"
        case .seekSecond: "a wish for a second mentor"
        case .remindEnd: "the reminder"
        case .finish: "the end of the term"
        case .lapse: "a lost standing"
        }
    }
}

extension String {
    /// `menteeSigned` as "mentee signed".
    var spaced: String {
        reduce(into: "") { text, character in
            if character.isUppercase, !text.isEmpty { text += " " }
            text += character.lowercased()
        }
    }

    /// Folded lines as one.
    var oneLine: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}

extension Int {
    /// A number of months as one says it.
    var months: String {
        self % 12 == 0 && self > 0
            ? self == 12 ? "one year" : "\(self / 12) years" : self == 1 ? "one month" : "\(self) months"
    }
}

extension Array where Element: Hashable {
    /// Each element once, in the order of its first occurrence.
    var uniqued: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

extension Channel {
    var plainWords: String {
        switch self {
        case .screen: "on screen"
        case .paper: "on paper"
        case .phone: "by phone"
        case .clock: "by itself"
        }
    }
}

extension Policy.Contact.Mode {
    var plainWords: String {
        switch self {
        case .inPerson: "in person"
        case .phone: "by telephone"
        case .email: "by e-mail"
        case .any: "in any way that suits them"
        }
    }
}

extension Policy.Aggregate {
    var plainWords: String {
        switch self {
        case .pairCount: "pairs"
        case .timeToMatch: "how long people wait"
        }
    }
}
