internal import Foundation
internal import HTTPTypes
internal import ReleaseService
internal import ReleaseWorkflow

/// The pages on how the program goes: what its policy says to people and no machine enforces, each word of it. For
/// everybody, signed in or not, because whoever thinks of asking reads it first.
enum ProgramPage {
    static let routes: [Route] = [
        Route(.get, "/program", .anyone) { try $0.page(page($0)) },
        Route(.get, "/program/ending", .anyone) { try $0.page(endingPage($0)) },
    ]

    /// The links to both, the second where the program says how to end well.
    static func links(_ policy: Policy, _ words: Words) -> [LinkView] {
        [LinkView(words("program.title"), "/program")]
            + (policy.texts.closure.isEmpty ? [] : [LinkView(words("program.ending"), "/program/ending")])
    }

    private static func page(_ visit: Visit) throws -> Page {
        let (words, policy) = (visit.words, try visit.service.policy.policy)
        let said = Said(policy, words)
        var blocks: [Block] = [.text(policy.texts.mission), .text(policy.texts.voluntary)]
        let parts: [(String, [String])] = [
            ("topics", said.clauses(.topics, .allowed)), ("guidance", said.clauses(.guidance)),
            ("duties", said.clauses(.duties, .forbidden, .prohibitions)), ("isNot", said.clauses(.isNot)),
            ("disclaimers", said.clauses(.disclaimers)), ("contact", said.contact), ("duration", said.duration),
            ("change", said.change), ("asked", said.asked), ("runBy", said.runBy),
        ]
        for (key, lines) in parts where !lines.isEmpty {
            blocks += [.heading(words("program.\(key)")), .list(lines)]
        }
        if !policy.texts.closure.isEmpty {
            blocks.append(.links([LinkView(words("program.ending"), "/program/ending")]))
        }
        return Page(words("program.title"), blocks, back: back(visit))
    }

    private static func endingPage(_ visit: Visit) throws -> Page {
        let (words, policy) = (visit.words, try visit.service.policy.policy)
        guard !policy.texts.closure.isEmpty else { throw Refusal.notFound }
        let said = Said(policy, words)
        return Page(
            words("program.ending"),
            [
                .text(policy.texts.closure), .heading(words("program.waysOut")),
                .list([words("program.noReason")] + said.notice + [words("program.takeBack")]),
            ], back: back(visit))
    }

    private static func back(_ visit: Visit) -> LinkView {
        visit.session == nil
            ? LinkView(visit.words("privacy.back"), "/") : LinkView(visit.words("home.back"), "/home")
    }
}

/// The sentences that a policy's values make.
private struct Said {
    let policy: Policy
    let words: Words

    init(_ policy: Policy, _ words: Words) { (self.policy, self.words) = (policy, words) }

    func clauses(_ kinds: Clause.Kind...) -> [String] {
        kinds.flatMap { kind in policy.clauses.filter { $0.kind == kind }.map(\.text) }
    }

    /// How people come to be in touch: who begins, by when, by what means, how often, and who learns of it.
    var contact: [String] {
        let isDated = policy.workflows.contains { $0.transitions.contains { $0.effects.contains(.startDue) } }
        let first = "program.first.\(policy.contact.firstBy.rawValue)"
        let days = words.count("program.days", policy.contact.withinDays)
        var lines = [
            isDated ? words.first("\(first).dated", or: words(first)).replacing("{days}", with: days) : words(first)
        ]
        let modes = policy.contact.modes.map { words("program.mode.\($0.rawValue)") }
        if !modes.isEmpty { lines.append(words("program.modes", ["modes": words.either(modes)])) }
        if let cadence = policy.contact.cadence {
            let (least, most) = (cadence.lowerBound, cadence.upperBound)
            let often =
                least == most
                ? words.count("program.times", least)
                : words("program.timesBetween", ["least": "\(least)", "most": words.count("program.times", most)])
            lines.append(words("program.cadence", ["often": often]))
        } else {
            lines.append(words("program.cadencePair"))
        }
        return lines + [words("program.unwatched")]
    }

    /// How long it is meant to last.
    var duration: [String] {
        let months = words.months(policy.duration.months ?? 0)
        var lines = [words("program.lasts.\(policy.duration.kind.rawValue)", ["months": months])]
        if let cohort = policy.duration.cohort {
            let day = CivilDate(year: 2027, month: cohort.month, day: cohort.day).map(CasePages.plain) ?? ""
            lines.append(
                words(
                    cohort.isFlexible ? "program.cohortFlexible" : "program.cohort",
                    ["day": day.split(separator: ",").first.map(String.init) ?? day]))
        }
        lines += extending
        if !policy.customs.stages.isEmpty {
            lines.append(words("program.stages", ["stages": words.both(policy.customs.stages)]))
        }
        if policy.customs.goals == "optional" { lines.append(words("program.goals")) }
        return lines
    }

    var extending: [String] {
        guard let limit = policy.duration.extensionLimit, let months = policy.duration.extensionMonths else {
            return []
        }
        return [
            words(
                limit == 1 ? "program.extendedOnce" : "program.extended",
                ["limit": "\(limit)", "months": words.months(months)])
        ]
    }

    var notice: [String] {
        policy.termination.noticeDays == 0
            ? [] : [words("program.notice", ["days": words.count("program.days", policy.termination.noticeDays)])]
    }

    /// The ways on if it is not right.
    var change: [String] {
        var lines = [words("program.noReason")] + notice
        guard let rematch = policy.rematch else { return lines }
        lines.append(words("program.again.\(rematch.by.rawValue)"))
        if rematch.isIfAvailable { lines.append(words("program.ifAvailable")) }
        if rematch.sides.count > 1 { lines.append(words("program.againBoth")) }
        if policy.isDirectory { return lines }
        if rematch.excludesPrevious { lines.append(words("program.otherPerson")) }
        return lines + [words("program.newRelease")]
    }

    /// The things it asks of people, and what comes of it.
    var asked: [String] {
        let customs = policy.customs
        var lines = [words(customs.isTrainingRequired ? "program.training" : "program.noTraining")]
        lines.append(words("program.unpaid"))
        lines.append(words(customs.credit == "none" ? "program.noCredit" : "program.credit"))
        lines.append(words(customs.recognition == "forbidden" ? "program.noRecognition" : "program.recognition"))
        lines.append(words("program.noReports"))
        let counted = policy.monitoring.map { words("program.counts.\($0.rawValue)") }
        lines.append(
            counted.isEmpty
                ? words("program.noCounts")
                : words("program.counts", ["what": words.both(counted), "people": "\(policy.evaluation.minCell)"]))
        let (evaluation, months) = (policy.evaluation, policy.evaluation.everyMonths)
        let often = months == 12 ? words("program.oftenYear") : words("program.often", ["months": words.months(months)])
        lines.append(
            words(
                "program.evaluation.\(evaluation.topics.rawValue)",
                ["often": often, "people": "\(evaluation.minCell)"]))
        return lines
    }

    var runBy: [String] {
        var lines = [
            words("program.administration.\(policy.administration.rawValue)"), policy.secondHand.plainWords,
        ]
        if policy.administration != .self {
            let days = words.both(policy.office.days.map { $0.rawValue.capitalized })
            lines.append(
                words("program.office", ["days": days])
                    + (policy.office.hours.isEmpty ? "" : " \(policy.office.hours)."))
        }
        if !policy.governance.isEmpty {
            lines.append(words("program.governance", ["names": words.both(policy.governance)]))
        }
        return lines + policy.customs.openForms.map { words("program.openForm", ["form": $0]) }
    }
}

extension Words {
    /// The text of a number of something: `key.one` for one of it.
    func count(_ key: String, _ number: Int) -> String {
        number == 1 ? self("\(key).one") : self(key, ["number": "\(number)"])
    }

    /// A number of months as one says it.
    func months(_ number: Int) -> String {
        number > 0 && number % 12 == 0 ? count("program.years", number / 12) : count("program.months", number)
    }

    func both(_ texts: [String]) -> String { joined(texts, self("program.and")) }
    func either(_ texts: [String]) -> String { joined(texts, self("program.or")) }

    private func joined(_ texts: [String], _ last: String) -> String {
        guard let end = texts.last, texts.count > 1 else { return texts.first ?? "" }
        return texts.dropLast().joined(separator: ", ") + " \(last) \(end)"
    }
}
