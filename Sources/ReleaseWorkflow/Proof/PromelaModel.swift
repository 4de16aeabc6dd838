/// A workflow as a Promela model, so that a model checker that nobody here wrote can say whether P1, P2, P4, P5, P7 and
/// P9 hold.
///
/// The model is made from the policy's table, not from a walk by ``prove(_:workflow:)``: guards and effects are said a
/// second time, in another language. Days become phases (before, on, after) that pass in any order; external guards
/// always hold; whoever loses their standing may do so at any time. P9 is checked by leaving the opener and the clock
/// alone at any moment: they take the opener's first exit, or let time pass, and must come to rest. P6 compares pairs
/// of runs, which spin cannot; P3, P8 and P10 are left to our own proof.
///
/// - Source: Holzmann, The Spin Model Checker, 2003; spinroot.com/spin/Man/promela.html.
public enum PromelaModel {
    public static func text(_ workflow: Workflow, of policy: Policy) -> String {
        Writer(workflow: workflow, policy: policy).text()
    }
}

private struct Writer {
    let workflow: Workflow
    let policy: Policy
    /// The deadlines that some guard reads, or P1; what nobody reads is not modeled.
    private var deadlines: [String] {
        let read = Set(workflow.transitions.flatMap(\.guards))
        var names: [String] = []
        if read.contains(.dueDayOver) || read.contains(.handOffDayOver) { names.append("due") }
        if read.contains(.answerDayOver) || read.contains(.answerDayReached) { names.append("answer") }
        if read.contains(.termOver) || read.contains(.extensionLeft) { names.append("term") }
        if read.contains(.endNear) { names.append("reminder") }
        if read.contains(.noticeOver) { names.append("notice") }
        if read.contains(.extensionWaitOver) { names.append("wait") }
        return names + (workflow.isMutual ? ["expiry[0]", "expiry[1]"] : ["expiry[\(releaseSide)]"])
    }
    private func isRead(_ deadline: String) -> Bool { deadlines.contains(deadline) }
    private var isPrivateRead: Bool {
        workflow.transitions.contains { $0.guards.contains(.callPlaced) || $0.guards.contains(.meetingArranged) }
    }

    /// 9 is the opener, 1 and 2 are the two people who may be named, 100 a class of readers.
    private func person(_ role: Role) -> String { role == workflow.opener ? "9" : "counterpart" }
    private func person(_ reader: Workflow.Reader) -> String {
        if case .role(let role) = reader { person(role) } else { "100" }
    }
    private func side(_ role: Role) -> Int { role == workflow.opener ? 0 : 1 }
    private var releaseSide: Int { side(workflow.discloser) }

    func text() -> String {
        var lines = [
            "/* \(policy.program)/\(workflow.id), version \(policy.version). Made by `privity policy promela`. */",
            "byte position = \(workflow.initial.number);",
            "byte counterpart, slot, handedOff, rounds, inRound, called, met, bad, step, unsettled;",
            "byte excluded[3]; byte release[2]; byte rescinded[2]; byte recipient[2]; byte expiry[2];",
            "byte due, answer, term, reminder, notice, wait, reminded, extensions; byte extensionSigned[2];",
            "/* A card: whether it is open, which release it rests on (0, 1, 3 and 4 for the round before, 2 for none), whose it is, who reads. */",
            "byte open[2]; byte rests[2]; byte subject[2]; byte reader[2];",
            "/* The round before a draft. */",
            "byte wasPosition, wasCounterpart, wasSlot, wasHandedOff, wasInRound, wasDue, wasAnswer, wasTerm, wasReminder, wasNotice, wasWait, wasReminded, wasExtensions;",
            "byte wasExcluded[3]; byte wasRelease[2]; byte wasRescinded[2]; byte wasRecipient[2]; byte wasExpiry[2];",
            "byte before;", "",
            "#define atRest (\(rest("position")))", "#define ended (\(endedCondition("position")))",
            "#define live(s) (release[s] == 1 && !rescinded[s])",
            "#define isDraft (inRound && release[0] == 0 && release[1] == 0)",
            "",
        ]
        lines += startRound + forgetRound + forgetEarlier + check
        for (number, transition) in workflow.transitions.enumerated() { lines += macro(transition, number) }
        lines += settle
        lines += process
        return lines.joined(separator: "\n") + "\n"
    }

    private func rest(_ name: String) -> String {
        ([workflow.initial] + workflow.ended.sorted()).map { "\(name) == \($0.number)" }.joined(separator: " || ")
    }

    private func endedCondition(_ name: String) -> String {
        workflow.ended.sorted().map { "\(name) == \($0.number)" }.joined(separator: " || ")
    }

    private var startRound: [String] {
        [
            "inline startRound() {",
            "  wasPosition = position; wasCounterpart = counterpart; wasSlot = slot; wasHandedOff = handedOff; wasInRound = inRound;",
            "  wasDue = due; wasAnswer = answer; wasTerm = term; wasReminder = reminder; wasNotice = notice; wasWait = wait; wasReminded = reminded; wasExtensions = extensions;",
            "  wasExcluded[1] = excluded[1]; wasExcluded[2] = excluded[2];",
        ]
            + [0, 1].map { s in
                "  wasRelease[\(s)] = release[\(s)]; wasRescinded[\(s)] = rescinded[\(s)]; wasRecipient[\(s)] = recipient[\(s)]; wasExpiry[\(s)] = expiry[\(s)]; release[\(s)] = 0; rescinded[\(s)] = 0; recipient[\(s)] = 0; expiry[\(s)] = 0; extensionSigned[\(s)] = 0;"
            }
            + [0, 1].map { c in
                "  if :: open[\(c)] && rests[\(c)] < 2 -> rests[\(c)] = rests[\(c)] + 3 :: else -> if :: rests[\(c)] > 2 -> rests[\(c)] = 2 :: else fi fi;"
            }
            + [
                // A pair that parts goes on beside the case, as without the new search: it is not followed here.
                "  if :: notice != 0 -> \(Self.shut(0)); \(Self.shut(1)) :: else fi;",
                "  inRound = 1; counterpart = 0; slot = 0; handedOff = 0; called = 0; met = 0;",
                "  due = 0; answer = 0; term = 0; reminder = 0; notice = 0; wait = 0; reminded = 0; extensions = 0;",
                "}", "",
            ]
    }

    private var forgetRound: [String] {
        [
            "inline forgetRound() {",
            "  position = wasPosition; counterpart = wasCounterpart; slot = wasSlot; handedOff = wasHandedOff; inRound = wasInRound;",
            "  due = wasDue; answer = wasAnswer; term = wasTerm; reminder = wasReminder; notice = wasNotice; wait = wasWait; reminded = wasReminded; extensions = wasExtensions;",
            "  excluded[1] = wasExcluded[1]; excluded[2] = wasExcluded[2]; called = 0; met = 0;",
        ]
            + [0, 1].map { s in
                "  release[\(s)] = wasRelease[\(s)]; rescinded[\(s)] = wasRescinded[\(s)]; recipient[\(s)] = wasRecipient[\(s)]; expiry[\(s)] = wasExpiry[\(s)]; wasRelease[\(s)] = 0; wasRescinded[\(s)] = 0; wasRecipient[\(s)] = 0; wasExpiry[\(s)] = 0;"
            } + [0, 1].map { c in "  if :: rests[\(c)] > 2 -> rests[\(c)] = rests[\(c)] - 3 :: else fi;" } + [
                "  wasPosition = 0; wasCounterpart = 0; wasSlot = 0; wasHandedOff = 0; wasInRound = 0; wasDue = 0; wasAnswer = 0; wasTerm = 0; wasReminder = 0; wasNotice = 0; wasWait = 0; wasReminded = 0; wasExtensions = 0; wasExcluded[1] = 0; wasExcluded[2] = 0;",
                "}", "",
            ]
    }

    /// Once a round is signed nothing leads back to the one before.
    private var forgetEarlier: [String] {
        [
            "inline forgetEarlier() {",
            "  wasPosition = 0; wasCounterpart = 0; wasSlot = 0; wasHandedOff = 0; wasInRound = 0; wasDue = 0; wasAnswer = 0; wasTerm = 0; wasReminder = 0; wasNotice = 0; wasWait = 0; wasReminded = 0; wasExtensions = 0; wasExcluded[1] = 0; wasExcluded[2] = 0;",
        ]
            + [0, 1].map {
                "  if :: open[0] && rests[0] == \($0 + 3) || open[1] && rests[1] == \($0 + 3) -> skip :: else -> wasRelease[\($0)] = 0; wasRescinded[\($0)] = 0; wasRecipient[\($0)] = 0; wasExpiry[\($0)] = 0 fi;"
            }
            + ["}", ""]
    }

    /// P5, P2 and P1 of the state as it is, each looked at on a branch of its own, so that one does not hide another.
    private var check: [String] {
        var lines = ["inline check() {", "  bad = 0;", "  if"]
        for card in [0, 1] {
            lines.append("  :: open[\(card)] && ended -> bad = 5; assert(bad != 5); bad = 0")
            for (rests, prefix, slot) in [(0, "", 0), (1, "", 1), (3, "was", 0), (4, "was", 1)] {
                func name(_ word: String) -> String {
                    prefix.isEmpty
                        ? "\(word)[\(slot)]" : "was\(word.prefix(1).uppercased())\(word.dropFirst())[\(slot)]"
                }
                let here = "open[\(card)] && !ended && rests[\(card)] == \(rests)"
                lines.append("  :: \(here) && \(name("rescinded")) -> bad = 2; assert(bad != 2); bad = 0")
                let subject = slot == 0 ? "subject[\(card)] != 9" : "subject[\(card)] == 9"
                lines.append(
                    "  :: \(here) && !\(name("rescinded")) && (\(name("release")) != 1 || \(name("expiry")) == 3 || \(subject) || \(name("recipient")) != reader[\(card)]) -> bad = 1; assert(bad != 1); bad = 0"
                )
            }
            lines.append("  :: open[\(card)] && !ended && rests[\(card)] == 2 -> bad = 1; assert(bad != 1); bad = 0")
        }
        lines += ["  :: true -> skip", "  fi", "}", ""]
        return lines
    }

    // MARK: Transitions

    /// When a row may be taken, its effects included that may refuse.
    private func condition(_ transition: Transition, person: Int? = nil) -> String {
        var parts = ["(" + transition.origins.map { "position == \($0.number)" }.joined(separator: " || ") + ")"]
        if transition.role == workflow.counterpart { parts.append("counterpart != 0") }
        if transition.command.asksAnew { parts.append("rounds < 2") }
        if transition.command == .sign { parts.append("(release[0] != 0 || release[1] != 0 || rounds < 2)") }
        let isPerson = workflow.parties.contains(transition.role)
        let own = side(transition.role)
        for condition in transition.guards {
            if let text = self.condition(condition, transition, own, isPerson, person) { parts.append(text) }
        }
        for effect in transition.effects {
            switch effect {
            case .forgetRound: parts.append("isDraft")
            case .supersedeRelease, .renewRelease:
                parts.append(isPerson ? "live(\(own)) && expiry[\(own)] != 3" : "false")
            case .extendRelease:
                let inTime = "wait == 0 && live(\(own)) && expiry[\(own)] != 3 && term != 0"
                parts.append(isPerson ? "(\(inTime) || wait != 0 && live(\(1 - own)))" : "false")
            case .rescindRelease: parts.append(isPerson ? "release[\(own)] != 0" : "false")
            case .signRelease, .openCard:
                if workflow.counterpart != nil { parts.append("counterpart != 0") }
            case .startRound, .nameCounterpart, .clearCounterpart, .excludeCounterpart, .keepAway, .acceptSlot,
                .makeMatch,
                .startDue,
                .startAnswer,
                .closeCard, .closeRelease, .expireRelease, .handOff, .noteCall, .noteMeeting, .notePrivately,
                .undoPrivately, .moveDue, .noteReleaseReminder, .noteCallReminder, .freezeCard, .unfreezeCard,
                .hideCard, .showCard,
                .noteUnused,
                .carrySurvey, .eraseSurvey,
                .erasePrivate,
                .eraseContact,
                .startTerm, .startNotice, .awaitExtension, .noteSecond, .noteReminder, .restartRound:
                break
            }
        }
        return parts.joined(separator: " && ")
    }

    private func condition(_ condition: Guard, _ transition: Transition, _ own: Int, _ isPerson: Bool, _ person: Int?)
        -> String?
    {
        switch condition {
        case .notExcluded, .notKeptApart:
            return person.map { "!excluded[\($0)]" } ?? "counterpart != 0 && !excluded[counterpart]"
        case .slotAccepted: return "slot"
        // How near the end is, is not told apart: it may be at any time.
        case .releaseEndNear, .releaseReminderDue, .callReminderDue, .cardNotFrozen, .unusedTooLong: return nil
        case .dueDayOver, .handOffDayOver: return "due == 3"
        case .releaseExpired: return "((live(0) && expiry[0] == 3) || (live(1) && expiry[1] == 3))"
        case .answerDayReached: return "answer >= 2"
        case .answerDayOver: return "answer == 3"
        case .notRescinded:
            let all = "((release[0] != 0 || release[1] != 0) && !rescinded[0] && !rescinded[1])"
            return isPerson ? "((release[\(own)] != 0 && !rescinded[\(own)]) || (release[\(own)] == 0 && \(all)))" : all
        case .termOver: return "term == 3"
        case .noticeOver: return "notice == 3"
        case .extensionHalfSigned: return "extensionSigned[0] + extensionSigned[1] == 1"
        case .extensionWaitOver: return "wait == 3"
        case .endNear: return "reminder == 3 && !reminded"
        case .extensionLeft:
            return
                "inRound && term != 0 && extensions < \(policy.duration.extensionLimit ?? 0) && !extensionSigned[\(own)]"
        case .callPlaced: return "called"
        case .meetingArranged: return "met"
        case .pairingLost, .notSuspended, .underContract, .counterpartUnderContract, .surveyAnswered, .pairEligible,
            .mentorReady,
            .acknowledgementCurrent,
            .capacityLeft, .releaseComplete, .openerEligible, .agreementsCurrent, .secondSought, .standingLost,
            .standingRegained,
            .mustsMet, .attestedLately, .counterpartHadMentor, .notOnOwnList, .dutiesSeparate, .assigned:
            return nil
        }
    }

    /// The effects of a row, as an inline of its own.
    private func macro(_ transition: Transition, _ number: Int) -> [String] {
        let isNaming = transition.command == .propose || transition.command == .invite
        var lines = ["inline take\(number)(named) {", "  before = counterpart;"]
        if transition.role.isStaff, transition.command != .withdrawCard {
            lines.append("  if :: handedOff -> bad = 4; assert(bad != 4); bad = 0 :: true -> skip fi;")
        }
        let own = side(transition.role)
        let mayOpen = workflow.opens.contains(transition.command)
        for effect in transition.effects { lines += effects(effect, transition, own, mayOpen: mayOpen) }
        if isNaming { lines.append("  skip;") }
        if case .state(let target) = transition.destination { lines.append("  position = \(target.number);") }
        return lines + ["  before = 0;", "}", ""]
    }

    private func effects(_ effect: Effect, _ transition: Transition, _ own: Int, mayOpen: Bool) -> [String] {
        let unnamed = mayOpen ? [] : ["  if :: true -> bad = 7; assert(bad != 7); bad = 0 :: true -> skip fi;"]
        switch effect {
        case .startRound: return ["  startRound();"]
        case .restartRound: return ["  position = \(workflow.ended.min()?.number ?? 0); startRound();"]
        case .forgetRound: return ["  forgetRound();"]
        case .nameCounterpart: return ["  counterpart = named;"]
        case .clearCounterpart: return ["  counterpart = 0; slot = 0;"]
        case .excludeCounterpart, .keepAway: return ["  if :: before != 0 -> excluded[before] = 1 :: else fi;"]
        case .acceptSlot: return ["  slot = 1;"]
        case .signRelease:
            let side = workflow.isMutual ? own : releaseSide
            return [
                "  if :: release[0] == 0 && release[1] == 0 -> rounds++; forgetEarlier() :: else fi;",
                "  release[\(side)] = 1; rescinded[\(side)] = 0; expiry[\(side)] = 1; recipient[\(side)] = \(recipient(side));",
            ]
        case .openCard:
            let first = workflow.isMutual ? 0 : releaseSide
            var lines = unnamed
            lines.append(
                "  open[0] = 1; subject[0] = \(person(workflow.subject)); reader[0] = \(person(workflow.reader)); if :: release[\(first)] != 0 -> rests[0] = \(first) :: else -> rests[0] = 2 fi;"
            )
            if workflow.isMutual {
                lines.append(
                    "  open[1] = 1; subject[1] = counterpart; reader[1] = \(person(workflow.subject)); if :: release[1] != 0 -> rests[1] = 1 :: else -> rests[1] = 2 fi;"
                )
            }
            return lines
        case .closeCard:
            let isOwn = transition.command == .rescind && workflow.isMutual && workflow.rescissionCloses == .own
            if isOwn {
                let me = own == 0 ? "9" : "counterpart"
                return [0, 1].map { "  if :: open[\($0)] && subject[\($0)] == \(me) -> \(Self.shut($0)) :: else fi;" }
            }
            return [0, 1].map { "  \(Self.shut($0));" }
        case .supersedeRelease, .renewRelease:
            let renewed = effect == .renewRelease ? ["  expiry[\(own)] = 1;"] : []
            return mayOpen
                ? renewed
                : [
                    "  if :: (open[0] && rests[0] == \(own)) || (open[1] && rests[1] == \(own)) -> bad = 7; assert(bad != 7); bad = 0 :: true -> skip fi;"
                ]
        case .extendRelease:
            let other = 1 - own
            let opened =
                mayOpen
                ? []
                : [
                    "  if :: (open[0] && rests[0] == \(own)) || (open[1] && rests[1] == \(own)) -> bad = 7; assert(bad != 7); bad = 0 :: true -> skip fi;"
                ]
            let reopened =
                "release[\(own)] = 1; rescinded[\(own)] = 0; recipient[\(own)] = \(recipient(own)); \(openBoth) wait = 0"
            return opened + ["  if :: wait != 0 -> \(reopened) :: else fi;"] + [
                "  expiry[\(own)] = 1; if :: extensionSigned[\(other)] -> extensionSigned[0] = 0; extensionSigned[1] = 0; extensions++; term = 1; reminder = 1; reminded = 0 :: else -> extensionSigned[\(own)] = 1 fi;"
            ]
        case .awaitExtension:
            return [0, 1].map { "  if :: live(\($0)) && !extensionSigned[\($0)] -> release[\($0)] = 2 :: else fi;" }
                + (isRead("wait") ? ["  wait = 1;"] : [])
        case .closeRelease: return [0, 1].map { "  if :: live(\($0)) -> release[\($0)] = 2 :: else fi;" }
        case .expireRelease: return [0, 1].map { "  if :: live(\($0)) -> release[\($0)] = 3 :: else fi;" }
        case .rescindRelease:
            let other = 1 - own
            return ["  rescinded[\(own)] = 1;"]
                + (workflow.rescissionCloses == .both
                    ? ["  if :: live(\(other)) -> release[\(other)] = 2 :: else fi;"] : [])
        case .handOff: return ["  handedOff = 1;"]
        case .startDue, .moveDue: return isRead("due") ? ["  due = 1;"] : []
        case .startAnswer: return isRead("answer") ? ["  answer = 1;"] : []
        case .startTerm:
            return (isRead("term") ? ["  term = 1;"] : []) + (isRead("reminder") ? ["  reminder = 1;"] : [])
        case .startNotice: return isRead("notice") ? ["  notice = 1;"] : []
        case .noteReminder: return ["  reminded = 1;"]
        case .noteCall: return isPrivateRead ? ["  called = 1;"] : []
        case .noteMeeting: return isPrivateRead ? ["  met = 1;"] : []
        case .erasePrivate: return ["  called = 0; met = 0;"]
        case .makeMatch, .noteSecond, .notePrivately, .undoPrivately, .noteReleaseReminder, .noteCallReminder,
            .freezeCard,
            .unfreezeCard, .hideCard, .showCard, .noteUnused, .carrySurvey,
            .eraseSurvey, .eraseContact:
            return []
        }
    }

    /// Whom a release of this side names.
    private func recipient(_ side: Int) -> String {
        if case .audience = workflow.recipient { return "100" }
        return side == 0 ? "counterpart" : "9"
    }

    /// Both cards of an exchange, each under its own person's release.
    private var openBoth: String {
        [(workflow.subject, workflow.reader), (workflow.counterpart ?? workflow.opener, .role(workflow.subject))]
            .enumerated().map { card, pair in
                "open[\(card)] = 1; subject[\(card)] = \(person(pair.0)); reader[\(card)] = \(person(pair.1)); rests[\(card)] = \(side(pair.0));"
            }
            .joined(separator: " ")
    }

    private static func shut(_ card: Int) -> String {
        "open[\(card)] = 0; rests[\(card)] = 0; subject[\(card)] = 0; reader[\(card)] = 0"
    }

    private func isUrgent(_ transition: Transition) -> Bool {
        transition.role == .clock && transition.guards.allSatisfy { $0 != .standingLost && $0 != .standingRegained }
            && transition.guards.allSatisfy { $0 != .releaseReminderDue && $0 != .callReminderDue }
    }

    /// Due transitions of the clock are taken before anything else, in the order of the commands.
    private var settle: [String] {
        var lines = ["inline settle() {", "  step = 0;", "  do", "  :: step >= 8 -> break", "  :: step < 8 -> step++;"]
        let order = CommandKind.allCases
        let rows = workflow.transitions.enumerated().filter { isUrgent($0.element) }
            .sorted {
                (order.firstIndex(of: $0.element.command) ?? 0, $0.offset) < (
                    order.firstIndex(of: $1.element.command) ?? 0, $1.offset
                )
            }
        lines.append("    if")
        var earlier: [String] = []
        for (number, transition) in rows {
            let own = condition(transition)
            let first = earlier.map { "!(\($0))" }.joined(separator: " && ")
            lines.append("    :: \(own)\(first.isEmpty ? "" : " && " + first) -> take\(number)(0)")
            earlier.append(own)
        }
        return lines + ["    :: else -> break", "    fi", "  od;", "  step = 0;", "}", ""]
    }

    private var process: [String] {
        // What is due is settled, and the state looked at, in one place after every step.
        var lines = [
            "init {", "  unsettled = 1;", "main: do", "  :: atomic { unsettled -> settle(); unsettled = 0; check() }",
        ]
        for (number, transition) in workflow.transitions.enumerated() where !isUrgent(transition) {
            let isNaming = transition.command == .propose || transition.command == .invite
            for person in isNaming ? [1, 2] : [0] {
                let condition = condition(transition, person: isNaming ? person : nil)
                lines.append("  :: atomic { !unsettled && \(condition) -> take\(number)(\(person)); unsettled = 1 }")
            }
        }
        for deadline in deadlines {
            // Only the day of an answer is told apart from the days after it.
            let next = deadline == "answer" ? "answer++" : "\(deadline) = 3"
            lines.append(
                "  :: atomic { !unsettled && (\(deadline) == 1 || \(deadline) == 2) -> \(next); unsettled = 1 }")
        }
        lines += [
            "  :: atomic { !unsettled -> goto alone }", "  od;", "alone: step = 0;", "  do",
            "  :: atomic { unsettled -> settle(); unsettled = 0 }", "  :: atomic { !unsettled && atRest -> break }",
        ]
        // The opener's exits first; where there is none, time passes.
        var exits: [String] = []
        for (number, transition) in workflow.transitions.enumerated() where transition.role == workflow.opener {
            let isExit: Bool =
                switch transition.destination {
                case .state(let target): target == workflow.initial || workflow.ended.contains(target)
                case .roundStart: transition.effects.contains(.forgetRound)
                case .same: false
                }
            guard isExit else { continue }
            let condition = "!unsettled && !atRest && " + condition(transition)
            lines.append("  :: atomic { \(condition) -> take\(number)(0); unsettled = 1 }")
            exits.append("(" + condition + ")")
        }
        let none = exits.isEmpty ? "true" : "!(" + exits.joined(separator: " || ") + ")"
        let passing = deadlines.map { "(\($0) == 1 || \($0) == 2)" }.joined(separator: " || ")
        lines.append("  :: atomic { !unsettled && !atRest && \(none) && (\(passing)) ->")
        for deadline in deadlines {
            lines.append("       if :: \(deadline) == 1 || \(deadline) == 2 -> \(deadline) = 3 :: else fi;")
        }
        lines += [
            "       unsettled = 1 }",
            "  :: atomic { !unsettled && !atRest && \(none) && !(\(passing)) -> bad = 9; assert(bad != 9); break }",
            "  od", "}",
        ]
        return lines
    }
}
