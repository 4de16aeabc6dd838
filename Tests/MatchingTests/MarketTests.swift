import Foundation
import Matching
import PolicyFile
import ReleaseWorkflow
import Testing

private let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

private func policy(_ name: String, _ change: (String) -> String = { $0 }) throws -> Policy {
    try PolicyFile.parse(
        change(String(contentsOf: repository.appendingPathComponent("Policies/\(name).yaml"), encoding: .utf8))
    )
    .policy
}

private let today = CivilDate(dayNumber: 20_454)

/// A crowd drawn from a seed, some of whom left questions out.
private func crowd(_ mentees: Int, _ mentors: Int, _ random: inout Seeded) -> ([MenteeEntry], [MentorEntry]) {
    func some<T>(_ all: [T], _ most: Int) -> Set<T> {
        Set(all.shuffled(using: &random).prefix(Int.random(in: 0...most, using: &random)))
    }
    let areas = ["north", "south", "west", "downtown", "online"]
    let fields = ["physician", "dentist", "pharmacist", "nurse"]
    func answers() -> Answers {
        Answers(
            pathways: some(Pathway.allCases, 2), areas: some(areas, 3), times: some(TimeCell.allCases, 5),
            languages: some(["english", "spanish"], 2), topics: some(Topic.recovery, 4))
    }
    let waiting = (0..<mentees).map { number -> MenteeEntry in
        var own = answers()
        own.languages = Bool.random(using: &random) ? [] : ["english"]
        return MenteeEntry(
            id: PersonID(high: 1, low: UInt64(number)),
            attestation: Attestation(
                attributes: [.underContract], fields: [fields.randomElement(using: &random) ?? ""]),
            survey: Survey(
                sameField: Importance.allCases.randomElement(using: &random) ?? .no, answers: own,
                sharedPathway: Importance.allCases.randomElement(using: &random) ?? .no, understood: true),
            tokens: [[UInt8(number % 256), 1]], exclusions: number % 5 == 0 ? [[UInt8(number % 7), 2]] : [],
            weeksWaited: number % 9, drawKey: random.next())
    }
    let offering = (0..<mentors).map { number -> MentorEntry in
        let attributes: Set<Condition> = some([.inStanding, .addictionCounselor], 2)
        let own: [String] = Array(some(fields, 2)).sorted()
        let exclusions: [Token] = number % 6 == 0 ? [[UInt8(number % 256), 1]] : []
        return MentorEntry(
            id: PersonID(high: 2, low: UInt64(number)), attestation: Attestation(attributes: attributes, fields: own),
            answers: answers(),
            places: Int.random(in: 0...2, using: &random), isReady: number % 11 != 0, tokens: [[UInt8(number % 7), 2]],
            exclusions: exclusions, drawKey: random.next())
    }
    return (waiting, offering)
}

@Suite("Good fit")
struct MarketTests {
    @Test(
        "WEB-18: the shortlist is exactly the ten best of those that every rule allows, each rule asked one by one; silence never counts against anybody"
    )
    func shortlist() throws {
        let mphp = try policy("mphp")
        var random = Seeded(3)
        for _ in 0..<20 {
            let (mentees, mentors) = crowd(8, 90, &random)
            let market = try Market(mentors, policy: mphp, on: today)
            for mentee in mentees {
                let allowed = mentors.filter { market.barriers(mentee, $0.id).isEmpty }
                let list = market.shortlist(mentee)
                let whole = market.shortlist(mentee, count: 500)
                #expect(list.allowedCount == allowed.count && whole.candidates.count == allowed.count)
                #expect(Set(whole.candidates.map(\.mentor)) == Set(allowed.map(\.id)))
                #expect(whole.candidates.map(\.score) == whole.candidates.map(\.score).sorted(by: >))
                #expect(list.candidates.map(\.mentor) == whole.candidates.prefix(10).map(\.mentor))
                for (candidate, next) in zip(whole.candidates, whole.candidates.dropFirst()) {
                    #expect(candidate.margin == candidate.score - next.score)
                }
                for candidate in whole.candidates {
                    #expect((0...10_000).contains(candidate.score))
                    #expect(candidate.terms.reduce(0) { $0 + $1.points } == candidate.score)
                    #expect(candidate.terms.allSatisfy { $0.points <= $0.most })
                }
            }
        }
    }

    @Test("MPHP-08: permuting the names of pathways changes nothing where the mentee did not ask for a shared one")
    func pathways() throws {
        let mphp = try policy("mphp")
        var random = Seeded(5)
        let (mentees, mentors) = crowd(12, 60, &random)
        let turned = Dictionary(uniqueKeysWithValues: zip(Pathway.allCases, Pathway.allCases.reversed()))
        let others = mentors.map { mentor in
            var copy = mentor
            copy.answers.pathways = Set(mentor.answers.pathways.compactMap { turned[$0] })
            return copy
        }
        for var mentee in mentees {
            mentee.survey.sharedPathway = .no
            let (one, two) = (try Market(mentors, policy: mphp, on: today), try Market(others, policy: mphp, on: today))
            #expect(one.shortlist(mentee, count: 60) == two.shortlist(mentee, count: 60))
        }
    }

    @Test(
        "MSC-03, WEB-34: what one person asks for reorders their own shortlist and nobody else's; a preferred setting is met where it can be"
    )
    func wishes() throws {
        let msc = try policy("mscsw")
        let mentors = Setting.allCases.enumerated().map { number, setting in
            MentorEntry(
                id: PersonID(high: 2, low: UInt64(number)),
                attestation: Attestation(attributes: [.member, .experienced], acceptedStages: [.student]),
                answers: Answers(settings: [setting]), drawKey: UInt64(number))
        }
        let market = try Market(mentors, policy: msc, on: today)
        for (number, setting) in Setting.allCases.enumerated() {
            let mentee = MenteeEntry(
                id: PersonID(high: 1, low: 1), attestation: Attestation(attributes: [.student]),
                survey: Survey(sameField: .no, answers: Answers(settings: [setting]), understood: true))
            #expect(market.shortlist(mentee).candidates.map(\.mentor.low) == [UInt64(number), UInt64(1 - number)])
        }
        let stage = MenteeEntry(
            id: PersonID(high: 1, low: 1), attestation: Attestation(inPracticeSince: today),
            survey: Survey(sameField: .no, understood: true))
        #expect(market.barriers(stage, mentors[0].id) == [.notEligible])
    }

    @Test(
        "permuting people and their order changes nothing: the same seed gives the same pairs; no pair breaks a rule; the certificate verifies"
    )
    func cohort() throws {
        let mphp = try policy("mphp")
        var random = Seeded(17)
        for _ in 0..<12 {
            let (mentees, mentors) = crowd(30, 40, &random)
            let draw = Draw(commitment: "c", seed: "s")
            let market = try Market(mentors, policy: mphp, on: today)
            let plan = try market.cohort(mentees, draw: draw, policyDigest: "p")
            try plan.certificate.verify()
            for pair in plan.pairs {
                let mentee = try #require(mentees.first { $0.id == pair.mentee })
                #expect(market.barriers(mentee, pair.mentor).isEmpty)
            }
            for mentor in mentors { #expect(plan.pairs.filter { $0.mentor == mentor.id }.count <= mentor.places) }
            #expect(plan.pairs.count + plan.waiting.count == mentees.count)
            let again = try Market(mentors.shuffled(using: &random), policy: mphp, on: today)
                .cohort(mentees.shuffled(using: &random), draw: draw, policyDigest: "p")
            #expect(again.pairs == plan.pairs && again.certificate == plan.certificate)
            // Other ids, the same people: the draw goes with the person, so the same people are paired.
            let renamed = try Market(
                mentors.map { mentor in
                    var copy = mentor
                    copy.id = PersonID(high: 9, low: ~mentor.id.low)
                    return copy
                }, policy: mphp, on: today
            ).cohort(mentees, draw: draw, policyDigest: "p")
            #expect(renamed.pairs.map { ~$0.mentor.low } == plan.pairs.map(\.mentor.low))
        }
    }

    @Test("a certificate with any pair, worth or potential changed does not verify")
    func certificate() throws {
        var random = Seeded(41)
        let (mentees, mentors) = crowd(20, 25, &random)
        let honest = try Market(mentors, policy: policy("mphp"), on: today)
            .cohort(mentees, draw: Draw(commitment: "c", seed: "s"), policyDigest: "p").certificate
        try honest.verify()
        var forged = honest
        forged.worth += 1
        #expect(throws: CertificateProblem.wrongWorth) { try forged.verify() }
        for row in honest.pairs.indices {
            forged = honest
            forged.pairs[row] = honest.pairs[row].isEmpty ? [0, 0] : []
            #expect(throws: CertificateProblem.self) { try forged.verify() }
            forged = honest
            forged.rowPotentials[row] -= 1
            #expect(throws: CertificateProblem.self) { try forged.verify() }
            if !honest.edges[row].isEmpty {
                forged = honest
                forged.edges[row][0][1] += 1 << 50
                #expect(throws: CertificateProblem.self) { try forged.verify() }
            }
        }
        for (capacities, pairs) in [([-1], [[Int]]()), ([1], [[0, 0, 0]]), ([99], [[]])] {
            forged = honest
            forged.capacities = capacities
            forged.pairs = pairs
            #expect(throws: CertificateProblem.self) { try forged.verify() }
        }
    }

    @Test("a cohort that cannot be matched is explained: how many, and by which rule")
    func infeasible() throws {
        let mphp = try policy("mphp")
        let mentor = MentorEntry(
            id: PersonID(high: 2, low: 1), attestation: Attestation(attributes: [.inStanding], fields: ["nurse"]),
            answers: Answers(areas: ["north"], languages: ["english"]))
        func mentee(_ number: UInt64, areas: Set<String> = [], languages: Set<String> = []) -> MenteeEntry {
            MenteeEntry(
                id: PersonID(high: 1, low: number), attestation: Attestation(fields: ["nurse"]),
                survey: Survey(sameField: .no, answers: Answers(areas: areas, languages: languages), understood: true))
        }
        let market = try Market([mentor], policy: mphp, on: today)
        #expect(market.infeasibility([mentee(1)]) == nil)
        let problem = try #require(
            market.infeasibility([
                mentee(1, areas: ["south"]), mentee(2, areas: ["west"]), mentee(3, languages: ["polish"]),
            ]))
        #expect(problem == .unmatchable([.area: 2, .language: 1], people: 3))
        #expect(
            "\(problem)"
                == "3 cannot be matched with anybody: 2 because: no common place to meet; 1 because: a language or form of access is missing"
        )
    }

    @Test(
        "WEB-29, WEB-33: a question that changes nothing is named, and one that does is not; all ten say why, who sees the answer and when it goes"
    )
    func ablation() throws {
        let mphp = try policy("mphp")
        var random = Seeded(29)
        let (mentees, mentors) = crowd(60, 70, &random)
        let silent = mentees.map { mentee in
            var copy = mentee
            copy.survey.sharedPathway = .no
            return copy
        }
        let report = try Market.ablation(silent, mentors, policy: mphp, on: today)
        #expect(report.count == 9)
        #expect(report.first { $0.question == .pathways }?.isIdle == true)
        #expect(report.first { $0.question == .preferences }?.isIdle == true)
        #expect(report.first { $0.question == .times }?.isIdle == false)
        for question in Question.allCases {
            #expect(
                !question.text.isEmpty && !question.reason.isEmpty && !question.viewer.isEmpty
                    && !question.erasure.isEmpty)
        }
        #expect(Question.allCases.count == 10)
        // WEB-06: four career-related and four psychosocial functions.
        #expect(Topic.functions.count == 8 && Set(Topic.functions).isDisjoint(with: Topic.recovery))
    }

    @Test(
        "WEB-12, WEB-29: age and gender are refused as answers and as weights in a clinical program; an answer outside the lists is named"
    )
    func demographics() throws {
        let mphp = try policy("mphp")
        #expect(
            Survey(sameField: .no, answers: Answers(ageBand: .from55), understood: true).problem(under: mphp)?.field
                == "survey.preference")
        #expect(
            Survey(sameField: .no, preference: .must, understood: true).problem(under: mphp)?.field
                == "survey.preference")
        #expect(
            Survey(sameField: .no, answers: Answers(areas: ["moon"]), understood: true).problem(under: mphp)?.field
                == "survey.areas")
        #expect(Survey(sameField: .no, understood: false).problem(under: mphp)?.field == "survey.understood")
        #expect(Survey(sameField: .no, understood: true).problem(under: mphp) == nil)
        #expect(throws: PolicyFile.Problems.self) {
            try policy("mphp") {
                $0.replacingOccurrences(of: "weights: {field: 3000", with: "weights: {preference: 100, field: 3000")
            }
        }
    }
}
