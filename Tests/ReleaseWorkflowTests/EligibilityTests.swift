import PolicyFile
import ReleaseWorkflow
import Testing

@Suite("Mentor eligibility")
struct EligibilityTests {
    private let rules = MentorRules(
        mode: .any, recoveryMonths: 36, similarFields: [["physician", "dentist"], ["pharmacist"], ["nurse"]])

    private func attestation(
        standing: Bool = false, since: CivilDate? = nil, active: Bool = false, guided: Bool = false, fields: [String] = [],
        counselor: Bool = false
    ) -> MentorAttestation {
        MentorAttestation(
            isInStanding: standing, inRecoverySince: since, isActiveInRecovery: active, hasGuidedOthers: guided, fields: fields,
            isCounselor: counselor)
    }

    @Test("MPHP-03, A-06: any one of the three criteria suffices, over all eight combinations")
    func truthTable() throws {
        let today = try date("2026-01-05")
        for bits in 0..<8 {
            let person = attestation(
                standing: bits & 1 != 0, active: bits & 2 != 0, guided: bits & 2 != 0, fields: bits & 4 != 0 ? ["nurse"] : [])
            #expect(person.isEligible(rules, menteeField: "nurse", on: today) == (bits != 0))
            let strict = MentorRules(mode: .all, recoveryMonths: 36, similarFields: rules.similarFields)
            #expect(person.isEligible(strict, menteeField: "nurse", on: today) == (bits == 7))
        }
    }

    @Test(
        "MPHP-05, A-07: 36 months of recovery less a day do not suffice, 36 months do; a start on 29 February counts from 28 February",
        arguments: [
            ("2023-01-06", "2026-01-05", false), ("2023-01-05", "2026-01-05", true), ("2024-02-29", "2027-02-27", false),
            ("2024-02-29", "2027-02-28", true),
        ])
    func tenure(since: String, today: String, expected: Bool) throws {
        #expect(try attestation(since: date(since)).meetsTenure(rules, on: date(today)) == expected)
    }

    @Test("MPHP-06: the same person passes under 36 months and fails under 60, by a new version of the policy alone")
    func threshold() throws {
        let five = MentorRules(mode: .any, recoveryMonths: 60, similarFields: [])
        let person = attestation(since: try date("2022-06-01"))
        #expect(try person.meetsTenure(rules, on: date("2026-01-05")))
        #expect(try !person.meetsTenure(five, on: date("2026-01-05")))
    }

    @Test("MPHP-07, MPHP-08, MPHP-09: criterion 2 needs activity and experience, and asks for no program's name")
    func activity() {
        #expect(attestation(active: true, guided: true).meetsActivity)
        #expect(!attestation(active: true).meetsActivity)
        #expect(!attestation(guided: true).meetsActivity)
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
        #expect(attestation(fields: [mentor]).meetsField(shipped, menteeField: mentee) == expected)
    }

    @Test("MPHP-10: who qualifies by field alone is eligible for that field's mentees and no other")
    func pairLevel() throws {
        let today = try date("2026-01-05")
        let nurse = attestation(fields: ["nurse"])
        #expect(nurse.isEligible(rules, menteeField: "nurse", on: today))
        #expect(!nurse.isEligible(rules, menteeField: "pharmacist", on: today))
    }

    @Test("MPHP-12: a counselor passes criterion 3 for every field")
    func counselor() {
        for field in ["nurse", "physician", "veterinarian"] {
            #expect(attestation(counselor: true).meetsField(rules, menteeField: field))
        }
    }

    @Test("MPHP-13: without readiness, capacity or acknowledgement nobody can be proposed, whatever they attest")
    func readiness() throws {
        for missing in [Guard.mentorReady, .capacityLeft, .acknowledgementCurrent, .pairEligible] {
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

    @Test("MPHP-16, A-16: being under contract is the one thing a request asks for")
    func underContract() throws {
        for condition in Guard.allCases where condition.isExternal && condition != .assigned && condition != .dutiesSeparate {
            var story = try Story(mphp())
            if condition == .underContract {
                #expect(throws: Refusal.conditionFailed(.underContract)) {
                    try story.act(.request, .person(Cast.ada), facts: Facts.all.without(condition))
                }
            } else {
                _ = try story.act(.request, .person(Cast.ada), facts: Facts.all.without(condition))
                #expect(story.name == "requested")
            }
        }
    }
}
