import Cryptography
import Foundation
import PolicyFile
import ReleaseWorkflow
import Testing

@Suite("Policy files")
struct PolicyFileTests {
    private func problems(_ text: String) -> [PolicyProblem] {
        do {
            _ = try PolicyFile.parse(text)
            return []
        } catch let problems as PolicyFile.Problems {
            return problems.list
        } catch {
            return []
        }
    }

    private func problems(replacing passage: String, with replacement: String) throws -> [PolicyProblem] {
        let text = try mphpText()
        try #require(text.contains(passage))
        return problems(text.replacingOccurrences(of: passage, with: replacement))
    }

    @Test(
        "the digest covers the document as written: a comment changes nothing, a word does; its canonical form parses to the same policy"
    )
    func digest() throws {
        let (text, parsed) = (try mphpText(), try PolicyFile.parse(mphpText()))
        #expect(try PolicyFile.parse("# another comment\n" + text).canonical == parsed.canonical)
        #expect(
            try PolicyFile.parse(text.replacingOccurrences(of: "termMonths: 12", with: "termMonths: 11")).canonical
                != parsed.canonical)
        for name in shippedNames {
            let written = try PolicyFile.parse(shippedText(name))
            let again = try PolicyFile.parse(String(decoding: written.canonical, as: UTF8.self))
            #expect(again.policy == written.policy && again.canonical == written.canonical, "\(name)")
        }
    }

    @Test(
        "clinical ceilings: a policy that widens them does not load, and the problem names the place and what is expected",
        arguments: [
            ("fields: [firstName, phone]", "fields: [firstName, phone, surname]", "release.fields"),
            ("fields: [firstName, phone]", "fields: [firstName]", "release.fields"),
            ("recipients: {kind: named, max: 1}", "recipients: {kind: named, max: 2}", "release.recipients.max"),
            ("recipients: {kind: named, max: 1}", "recipients: {kind: class, max: 1}", "release.recipients.kind"),
            ("monitoring: forbidden", "monitoring: allowed", "monitoring"),
            ("directory: none", "directory: members", "matching.directory"),
            ("termination: {reason: forbidden}", "termination: {reason: optional}", "termination.reason"),
            ("minCell: 10", "minCell: 9", "evaluation.minCell"),
            ("identity: blindToken", "identity: named", "evaluation.identity"),
            ("stance: discouraged", "stance: encouraged", "reporting.stance"),
            ("tracking: participantPrivate", "tracking: coordinator", "contact.tracking"),
            ("decline: {effect: none, trace: none}", "decline: {effect: none, trace: kept}", "decline.trace"),
            ("mentee: [underContract]", "mentee: [underContract, motivated]", "eligibility.mentee"),
            ("revocable: anytime", "revocable: never", "release.revocable"),
        ])
    func ceilings(passage: String, replacement: String, path: String) throws {
        let problem = try #require(
            try problems(replacing: passage, with: replacement).first { $0.path.hasPrefix(path) })
        #expect(problem.line > 1 && problem.column >= 1)
        #expect(problem.expected.contains("expected"))
    }

    @Test(
        "wrong words, types and numbers are named with line, column and what was expected",
        arguments: [
            ("version: 1\neffectiveFrom", "version: one\neffectiveFrom", "version"),
            ("effectiveFrom: 2026-01-01", "effectiveFrom: soon", "effectiveFrom"),
            ("confidentiality: clinical", "confidentiality: secret", "confidentiality"),
            ("region: US", "region: usa", "region"),
            ("timeZone: America/Chicago", "timeZone: Chicago", "timeZone"),
            ("termMonths: 12", "termMonths: 0", "release.termMonths"),
            ("part2: true", "part2: maybe", "release.part2"),
            ("on: request,", "on: beg,", "workflows.mentorship.transitions[0].on"),
            (
                "to: requested, if: [underContract], do: [startRound],",
                "to: nowhere, if: [underContract], do: [startRound],",
                "workflows.mentorship.transitions[0].to"
            ),
            (
                "if: [underContract], do: [startRound],", "if: [isNice], do: [startRound],",
                "workflows.mentorship.transitions[0].if[0]"
            ),
            ("do: [startRound], seenBy", "do: [mailEverybody], seenBy", "workflows.mentorship.transitions[0].do[0]"),
            ("tell: [mentor.slotOffered]", "tell: [press.slotOffered]", "workflows.mentorship.transitions[2].tell[0]"),
            ("recoveryMonths: 36", "recoveryMonths: 3.5", ""),
            ("counterpart: mentor", "counterpart: mentee", "workflows.mentorship.counterpart"),
            (
                "on: sign, by: mentee, via: [screen, paper]", "on: sign, by: mentee, via: [screen, phone]",
                "workflows.mentorship.transitions[12].via"
            ),
            (
                "on: recordCall, by: [mentee, mentor], from: awaitingCall",
                "on: recordCall, by: coordinator, from: awaitingCall",
                "workflows.mentorship.privateFlow.transitions[0].by"
            ),
            ("{purpose}", "their own reasons", "release.form.text"),
            ("{purpose}", "{purpose} {surname}", "release.form.text"),
            ("Somebody asks to be called.", "Your mentor asks to be called.", "notices.callBackAsked"),
        ])
    func malformed(passage: String, replacement: String, path: String) throws {
        let found = try problems(replacing: passage, with: replacement)
        #expect(found.contains { $0.path == path && $0.line > 0 && $0.column > 0 }, "\(found)")
    }

    @Test(
        "what YAML allows and this language does not is refused on the surface",
        arguments: [
            ("policy: mphp", "policy: &name mphp", "anchor"), ("policy: mphp", "policy: !str mphp", "tag"),
            ("policy: mphp", "policy: mphp\npolicy: mphp", "twice"),
            ("part2: true", "part2: yes", "true"), ("part2: true", "part2: True", "true"),
            ("discloser: MPHP", "discloser:", "nothing"),
            ("discloser: MPHP", "discloser: ~", "nothing"),
            ("version: 1\neffectiveFrom", "version: 01\neffectiveFrom", "leading zeros"),
            ("discloser: MPHP", "discloser: 1.5", "whole"), ("policy: mphp", "? [a, b]\n: c\npolicy: mphp", "keys"),
            ("policy: mphp", "<<: {a: b}\npolicy: mphp", "keys"),
            ("discloser: MPHP", "discloser: \"MP\u{7}HP\"", "control"),
        ])
    func strictness(passage: String, replacement: String, words: String) throws {
        let found = try problems(replacing: passage, with: replacement)
        #expect(found.count == 1)
        #expect(found.first?.expected.contains(words) == true, "\(found)")
    }

    @Test("unknown keys are named with the ones that exist; missing keys are all named in one run")
    func keys() throws {
        let unknown = try problems(replacing: "region: US", with: "region: US\nsecret: backdoor")
        #expect(unknown.map(\.path) == ["secret"])
        let missing = problems("policy: mphp\nversion: 1\n").map(\.path)
        for key in ["effectiveFrom", "confidentiality", "release", "workflows"] { #expect(missing.contains(key)) }
    }

    @Test(
        "hostile files are answered, not crashed on: ten megabytes, deep nesting, an alias bomb, no YAML at all, nothing"
    )
    func hostile() {
        let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
        let texts = [
            String(repeating: "a: b\n", count: 2_100_000), String(repeating: "[", count: 100_000),
            String(repeating: "- ", count: 60_000) + "x",
            String(repeating: "{a: ", count: 50_000), bomb, "\u{0}\u{1}", "", "   ", "just words", "- a\n- b",
            "a: b: c", "{",
            "a: \"unended", "\u{FEFF}",
            "--- a\n--- b\n",
        ]
        for text in texts { #expect(problems(text).count >= 1) }
    }

    @Test("two rows for one command, role, channel and state contradict each other and do not load")
    func contradictions() throws {
        let row =
            "- {on: request, by: mentee, via: [screen, paper, phone], from: idle, to: requested, if: [underContract], do: [startRound], seenBy: [mentee, coordinator]}"
        let found = try problems(
            replacing: row, with: row + "\n      " + row.replacingOccurrences(of: "to: requested", with: "to: surveyed")
        )
        #expect(
            found.contains {
                $0.expected.contains("contradictory")
                    && $0.expected.contains("`request` by mentee via screen from `idle`")
            })
    }

    @Test(
        "DER-07, DER-09, DER-21, MPHP-27: what must be said is in the policy, and no notice names the program's nature, a person or a role"
    )
    func texts() throws {
        let policy = try mphp().policy
        #expect(policy.texts.rescission.contains("cannot be untold"))
        #expect(policy.texts.callScript.contains("Do not name the program, on voicemail"))
        #expect(policy.texts.emergency.contains("911") && policy.texts.emergency.contains("988"))
        #expect(policy.texts.voluntary.contains("not right for everyone"))
        let sent = Set(policy.workflows.flatMap(\.transitions).flatMap(\.tellings).map(\.notice))
        let worded = Set(policy.notices.keys)
        #expect(worded.isSubset(of: sent.union([.actedForYou])), "no words that nobody is told")
        for notice in sent { #expect(!policy.words(of: notice).isEmpty, "\(notice)") }
        for text in Notice.allCases.map(policy.words) {
            for word in ["mentor", "mentee", "recovery", "release", "report", "check-in", "program"] {
                #expect(!text.lowercased().contains(word))
            }
        }
    }

    @Test(
        "MPHP-01, MPHP-02, MPHP-14, MPHP-15: the acknowledgement carries the mission and expectations; another text is another form to sign; no training is asked"
    )
    func acknowledgement() throws {
        let policy = try mphp().policy
        let own = try #require(policy.agreements(of: .mentor).first)
        #expect(own.fullText.contains("hope and encouragement") && own.fullText.contains("a compass"))
        #expect(own.fullText.contains("Nobody reports on the relationship") && !own.fullText.contains("{clauses}"))
        let changed = try mphp(replacing: "A mentor is a compassionate", with: "A mentor is a very compassionate")
            .policy
        #expect(changed.agreements(of: .mentor).first?.fullText != own.fullText)
        #expect(policy.agreements(of: .mentee).isEmpty && !policy.customs.isTrainingRequired)
        #expect(!Guard.allCases.map(\.rawValue).contains { $0.lowercased().contains("train") })
    }
}
