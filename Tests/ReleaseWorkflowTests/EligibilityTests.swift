import PolicyFile
import ReleaseWorkflow
import Testing

@Suite("Eligibility")
struct EligibilityTests {
    private func person(_ attributes: Set<Condition> = [], since: String? = nil, fields: [String] = []) throws
        -> Attestation
    {
        Attestation(attributes: attributes, inRecoverySince: try since.map { try date($0) }, fields: fields)
    }

    private func mayPair(
        _ mentor: Attestation, field: String = "nurse", in rules: Eligibility, on day: String = "2026-01-05"
    )
        throws -> Bool
    {
        rules.mayPair(mentor: mentor, mentee: Attestation(fields: [field]), on: try date(day))
    }

    @Test(
        "MPHP-03, MPHP-04, A-06: any one of the three criteria suffices, over all eight combinations; strict asks for all three"
    )
    func truthTable() throws {
        let rules = try mphp().policy.eligibility
        let strict = try mphp(
            replacing: "    any:                           # any one", with: "    all:                           # all"
        ).policy.eligibility
        for bits in 0..<8 {
            var attributes: Set<Condition> = []
            if bits & 1 != 0 { attributes.insert(.inStanding) }
            if bits & 2 != 0 { attributes.formUnion([.activeInRecovery, .guidedOthers]) }
            let mentor = try person(attributes, fields: bits & 4 != 0 ? ["nurse"] : [])
            #expect(try mayPair(mentor, in: rules) == (bits != 0))
            #expect(try mayPair(mentor, in: strict) == (bits == 7))
        }
    }

    @Test(
        "MPHP-05, A-07: 36 months of recovery less a day do not suffice, 36 months do; a start on 29 February counts from 28 February",
        arguments: [
            ("2023-01-06", "2026-01-05", false), ("2023-01-05", "2026-01-05", true),
            ("2024-02-29", "2027-02-27", false),
            ("2024-02-29", "2027-02-28", true),
        ])
    func tenure(since: String, today: String, expected: Bool) throws {
        #expect(try mayPair(person(since: since), in: mphp().policy.eligibility, on: today) == expected)
    }

    @Test("MPHP-06: the same person passes under 36 months and fails under 60, by a new version of the policy alone")
    func threshold() throws {
        let five = try mphp(replacing: "recoveryMonths: 36", with: "recoveryMonths: 60").policy.eligibility
        let mentor = try person(since: "2022-06-01")
        #expect(try mayPair(mentor, in: mphp().policy.eligibility))
        #expect(try !mayPair(mentor, in: five))
    }

    @Test("MPHP-07, MPHP-08, MPHP-09: criterion 2 needs activity and experience, and asks for no program's name")
    func activity() throws {
        let rules = try mphp().policy.eligibility
        #expect(try mayPair(person([.activeInRecovery, .guidedOthers]), in: rules))
        #expect(try !mayPair(person([.activeInRecovery]), in: rules))
        #expect(try !mayPair(person([.guidedOthers]), in: rules))
    }

    @Test(
        "MPHP-10, MPHP-11, A-09: the four examples are similar, in both directions; an unknown pair is not",
        arguments: [
            ("physician", "dentist", true), ("dentist", "physician", true), ("physician", "physician", true),
            ("pharmacist", "pharmacist", true), ("nurse", "nurse", true), ("pharmacist", "nurse", false),
            ("nurse", "physician", false),
        ])
    func similarity(mentor: String, mentee: String, expected: Bool) throws {
        let shipped = try mphp().policy.eligibility
        #expect(shipped.isSimilar(mentor, mentee) == expected)
        #expect(try mayPair(person(fields: [mentor]), field: mentee, in: shipped) == expected)
    }

    @Test("MPHP-10: who qualifies by field alone is eligible for that field's mentees and no other")
    func pairLevel() throws {
        let rules = try mphp().policy.eligibility
        #expect(try mayPair(person(fields: ["nurse"]), in: rules))
        #expect(try !mayPair(person(fields: ["nurse"]), field: "pharmacist", in: rules))
    }

    @Test("MPHP-12: a counselor passes criterion 3 for every field")
    func counselor() throws {
        for field in ["nurse", "physician", "veterinarian"] {
            #expect(try mayPair(person([.addictionCounselor]), field: field, in: mphp().policy.eligibility))
        }
    }

    @Test(
        "ICB-01, ICB-06, ICB-15, ICB-16, A-20, A-21: ten years to the day suffice and a day less does not; a certification holds to its last day",
        arguments: [
            ("2016-02-03", "2026-02-02", "2027-01-01", false, true),
            ("2016-02-02", "2026-02-02", "2027-01-01", true, true),
            ("2010-01-01", "2026-02-02", "2026-02-02", true, true),
            ("2010-01-01", "2026-02-03", "2026-02-02", false, false),
        ])
    func certification(since: String, today: String, until: String, mentor: Bool, mentee: Bool) throws {
        let rules = try shippedPolicy("icb").policy.eligibility
        let person = Attestation(experiencedSince: try date(since), certifiedUntil: try date(until))
        #expect(try rules.mentor.isMet(by: person, on: date(today)) == mentor)
        #expect(try rules.mentee.isMet(by: person, on: date(today)) == mentee)
        #expect(try rules.isLost(person, as: .mentor, on: date(today)) == !mentor)
    }

    @Test("SGV-01, SGV-10, SGV-21: a mentor is a licensed member in good standing: the whole truth table")
    func chapterMentor() throws {
        let rules = try shippedPolicy("sgv-camft").policy.eligibility
        let today = try date("2026-03-02")
        for bits in 0..<8 {
            let all: [Condition] = [.member, .goodStanding, .licensed]
            let attributes = Set(all.enumerated().filter { bits & (1 << $0.offset) != 0 }.map(\.element))
            #expect(rules.mentor.isMet(by: Attestation(attributes: attributes), on: today) == (bits == 7))
        }
    }

    @Test(
        "SGV-26, A-24: a mentee is not licensed yet, or licensed within two years, the last day included",
        arguments: [
            ("2024-03-02", false, true), ("2024-03-01", false, false), ("2026-03-03", false, false),
            ("2026-03-02", false, true),
            ("2010-01-01", true, true),
        ])
    func newlyLicensed(on: String, preLicensed: Bool, expected: Bool) throws {
        let rules = try shippedPolicy("sgv-camft").policy.eligibility
        let person = Attestation(
            attributes: preLicensed ? [.member, .goodStanding, .preLicensed] : [.member, .goodStanding],
            licensedOn: try date(on))
        #expect(try rules.mentee.isMet(by: person, on: date("2026-03-02")) == expected)
    }

    @Test("SGV-15, WEB-15: a supervisory or personal relationship excludes the pair, whatever else holds")
    func relations() throws {
        let today = try date("2026-03-02")
        let sgv = try shippedPolicy("sgv-camft").policy.eligibility
        let mentor = Attestation(attributes: [.member, .goodStanding, .licensed, .trained])
        #expect(sgv.mayPair(mentor: mentor, mentee: Attestation(), on: today))
        #expect(!sgv.mayPair(mentor: mentor, mentee: Attestation(), relations: [.supervisorialRelationship], on: today))
        let structured = try shippedPolicy("structured").policy.eligibility
        #expect(structured.mayPair(mentor: mentor, mentee: Attestation(), on: today))
        #expect(
            !structured.mayPair(mentor: mentor, mentee: Attestation(), relations: [.personalRelationship], on: today))
    }

    @Test(
        "MSC-02, MSC-06: students and the first two years of practice; a third-year clinician is out; a mentor chooses whom",
        arguments: [
            (nil, true, "student"), ("2025-09-15", true, "firstYear"), ("2025-09-14", true, "secondYear"),
            ("2024-09-15", true, "secondYear"),
            ("2024-09-14", false, nil), ("2026-09-15", false, nil),
        ] as [(String?, Bool, String?)])
    func stages(since: String?, eligible: Bool, stage: String?) throws {
        let rules = try shippedPolicy("mscsw").policy.eligibility
        let today = try date("2026-09-14")
        let mentee = Attestation(
            attributes: since == nil ? [.student] : [], inPracticeSince: try since.map { try date($0) })
        #expect(rules.mentee.isMet(by: mentee, on: today) == eligible)
        #expect(mentee.stage(on: today)?.rawValue == stage)
        for accepted in Stage.allCases {
            let mentor = Attestation(attributes: [.member, .experienced], acceptedStages: [accepted])
            #expect(rules.mayPair(mentor: mentor, mentee: mentee, on: today) == (stage == accepted.rawValue))
        }
        #expect(
            !rules.mayPair(
                mentor: Attestation(attributes: [.experienced], acceptedStages: Set(Stage.allCases)), mentee: mentee,
                on: today))
    }

    @Test("WEB-50, WEB-25: the structured program asks for membership and training of both")
    func structuredMembers() throws {
        let policy = try shippedPolicy("structured").policy
        let today = try date("2026-01-12")
        for requirement in [policy.eligibility.mentee, policy.eligibility.mentor] {
            #expect(requirement.isMet(by: Attestation(attributes: [.member, .trained]), on: today))
            #expect(!requirement.isMet(by: Attestation(attributes: [.member]), on: today))
            #expect(!requirement.isMet(by: Attestation(attributes: [.trained]), on: today))
        }
        #expect(policy.customs.isTrainingRequired)
    }

    @Test("a requirement that nobody could meet is found, and one that somebody could is not")
    func satisfiable() {
        #expect(Requirement.all([.holds(.member), .any([.holds(.licensed), .holds(.student)])]).isSatisfiable)
        #expect(!Requirement.all([.holds(.member), .none([.holds(.member)])]).isSatisfiable)
        #expect(!Requirement.any([]).isSatisfiable)
        #expect(!Requirement.all([.months(.recoveryMonths, 36), .none([.months(.recoveryMonths, 36)])]).isSatisfiable)
        #expect(Requirement.nothing.isSatisfiable)
    }

    @Test("MPHP-13: without readiness, capacity or acknowledgement nobody can be proposed, whatever they attest")
    func readiness() throws {
        for missing in [Guard.mentorReady, .capacityLeft, .acknowledgementCurrent, .pairEligible, .mustsMet] {
            var story = try Story(mphp())
            try story.go(to: "surveyed")
            #expect(throws: Refusal.conditionFailed(missing)) {
                try story.act(.propose, .staff(Cast.maya), facts: Facts.all.without(missing))
            }
        }
        #expect(hasCapacity(limit: 1, held: 0))
        #expect(!hasCapacity(limit: 1, held: 1))
        #expect(!hasCapacity(limit: 0, held: 0))
    }

    @Test("MPHP-16, A-16: being under contract is the one thing a request asks for, beside not being suspended")
    func underContract() throws {
        for condition in Guard.allCases
        where condition.isExternal && condition != .assigned && condition != .dutiesSeparate {
            var story = try Story(mphp())
            if condition == .underContract || condition == .notSuspended {
                #expect(throws: Refusal.conditionFailed(condition)) {
                    try story.act(.request, .person(Cast.ada), facts: Facts.all.without(condition))
                }
            } else {
                _ = try story.act(.request, .person(Cast.ada), facts: Facts.all.without(condition))
                #expect(story.name == "requested")
            }
        }
    }
}
