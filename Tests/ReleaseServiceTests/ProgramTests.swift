import Cryptography
import Foundation
import Matching
import PolicyFile
import ReleaseLedger
import ReleaseService
import ReleaseWorkflow
import SQLiteDriver
import Testing

@Suite("Directory programs")
struct DirectoryTests {
    @Test(
        "ICB-03, ICB-04, ICB-35: nobody is listed without the agreements and a signature; what is shown is what was signed, and nothing else"
    )
    func listing() async throws {
        let office = try await Office.running("icb")
        #expect(try await office.names() == [])
        try await office.must(.request, "ben", on: "ben", workflow: "listing")
        #expect(try await office.names() == [])
        try await office.must(.offer, "maya", on: "ben", workflow: "listing")
        try await office.must(.sign, "ben", on: "ben", workflow: "listing")
        let view = try await office.service.directory(.anonymous)
        let card = try #require(view.listings.first?.card)
        #expect(Set(card.fields.keys) == [.displayName, .region, .topics, .contactRoute])
        let shown = "\(view)"
        for secret in ["Okafor", "Benedict", "+13125550143", "research", "312-555"] {
            #expect(!shown.contains(secret), "shown: \(secret)")
        }
        #expect(try office.audit().isVerified)
        let unsigned = try await office.add(
            "dan", "Daniel Underhill", "Underhill", first: "Dan", phone: "312-555-0145", roles: [.mentor],
            coordinator: "maya")
        try await office.enroll("dan", as: .mentor)
        #expect(
            try await office.act(.request, "dan", on: "dan", workflow: "listing").refusalCode
                == "conditionFailed.agreementsCurrent"
        )
        #expect(try await office.service.identity(of: unsigned) != nil)
    }

    @Test(
        "ICB-33, ICB-37, A-22: a listing is gone with the act that takes it down; its mentor alone is told what they still owe"
    )
    func delist() async throws {
        let office = try await Office.running("icb")
        try await office.listed("ben")
        try await office.listed("cleo")
        #expect(try await office.names() == ["Ben Profile", "Cleo Profile"])
        let outcome = try await office.must(.end, "ben", on: "ben", workflow: "listing")
        #expect(outcome.state == "ended" && outcome.notices == [Telling(role: .mentor, notice: .findAnother)])
        #expect(try await office.names() == ["Cleo Profile"])
        try await office.must(.rescind, "cleo", on: "cleo", workflow: "listing")
        #expect(try await office.names() == [])
        #expect(try office.audit().isVerified)
    }

    @Test(
        "ICB-15, R15: a listing whose certification runs out is hidden on the next day, by the clock alone, with a notice; renewed, it comes back by itself under the same release, and its mentor is told"
    )
    func hiddenByStanding() async throws {
        let office = try await Office.running("icb", at: "2026-12-01T09:00")
        try await office.listed("ben")
        try office.time("2026-12-31T23:50")
        #expect(try await office.names() == ["Ben Profile"])
        try office.time("2027-01-01T00:10")
        #expect(try await office.names() == [])
        try await office.host.runClock()
        #expect(try await office.names() == [])
        #expect(try await office.service.outbox().filter { $0.notice == .hidden }.count == 1)
        let hidden = try await office.service.view(
            of: office.id("ben"), workflow: "listing", as: .mentor, viewer: office.id("ben"))
        #expect(hidden.state == "listed" && hidden.hidden == [.standing] && hidden.isReleaseLive == true)
        let size = try office.store.read { try $0.logSize() }
        try office.time("2027-01-04T09:00")
        try await office.host.runClock()
        #expect(try await office.service.outbox().filter { $0.notice == .hidden }.count == 1, "told once")
        let closed = try await office.copy()
        try await closed.must(.end, "ben", on: "ben", workflow: "listing")
        try await closed.enroll("ben", as: .mentor) { $0.certifiedUntil = CivilDate(year: 2028, month: 12, day: 31) }
        #expect(try await closed.names() == [], "what is closed does not come back")

        try await office.enroll("ben", as: .mentor) { $0.certifiedUntil = CivilDate(year: 2027, month: 12, day: 31) }
        #expect(try await office.names() == ["Ben Profile"])
        #expect(try await office.service.outbox().filter { $0.notice == .shownAgain }.count == 1)
        #expect(try office.store.read { try $0.logSize() } == size, "nothing is signed or disclosed anew")
        try office.time("2028-01-01T00:10")
        #expect(try await office.names() == [], "and again at its next last day")
        #expect(try office.audit().isVerified && closed.audit().isVerified)
    }

    @Test(
        "R15 g01, i01, i02: a pause and no place are the box of a directory: they hide the entry at once and bring it back without a signature, and nothing else does",
        arguments: ["icb", "sgv-camft"])
    func availabilityIsTheBox(_ program: String) async throws {
        let office = try await Office.running(program, at: "2026-02-02T09:00")
        try await office.listed("ben")
        let (ben, viewer) = (try office.id("ben"), Viewer.person(try office.id("ada")))
        let size = try office.store.read { try $0.logSize() }
        func set(_ isReady: Bool? = nil, paused: Bool? = nil, capacity: Int? = nil) async throws -> [String] {
            let outcome = try await office.service.setAvailability(
                of: ben, isReady: isReady, isPaused: paused, capacity: capacity, key: nil)
            #expect(outcome.refusal == nil && outcome.notices.isEmpty)
            return try await office.names(viewer)
        }
        #expect(try await set(paused: true) == [])
        #expect(try await set(paused: true) == [], "and again")
        #expect(try await set(paused: false) == ["Ben Profile"])
        #expect(try await set(capacity: 0) == [])
        #expect(try await set(capacity: 2) == ["Ben Profile"])
        #expect(try await set(false) == [])
        #expect(try await set(true) == ["Ben Profile"])
        try await office.must(.hide, "ben", on: "ben", workflow: "listing")
        #expect(try await office.service.enrollment(of: ben, as: .mentor)?.isPaused == true)
        #expect(try await set(paused: false) == ["Ben Profile"])
        #expect(try office.store.read { try $0.logSize() } == size, "nothing is signed or recorded")
        // Who has taken the entry down for good does not bring it back with the box.
        try await office.must(.end, "ben", on: "ben", workflow: "listing")
        #expect(try await set(paused: true) == [])
        #expect(try await set(paused: false) == [])
        #expect(try office.audit().isVerified)
    }

    @Test(
        "ICB-15, R39: thirty days before a certification runs out its holder is told, once; renewed, a year later again; the entry stays where it is"
    )
    func warned() async throws {
        let office = try await Office.running("icb", at: "2026-02-02T09:00")
        try await office.listed("ben")
        func warnings() async throws -> Int {
            try await office.host.runClock()
            return try await office.service.outbox().count { $0.notice == .standingEndsSoon }
        }
        try office.time("2026-11-30T09:00")
        #expect(try await warnings() == 0)
        try office.time("2026-12-01T09:00")
        #expect(try await office.names() == ["Ben Profile"], "a reminder that is due hides nothing")
        #expect(try await warnings() == 1)
        try office.time("2026-12-20T09:00")
        #expect(try await warnings() == 1)
        try await office.enroll("ben", as: .mentor) { $0.certifiedUntil = CivilDate(year: 2027, month: 12, day: 31) }
        try office.time("2027-01-02T09:00")
        #expect(try await office.names() == ["Ben Profile"])
        #expect(try await warnings() == 1)
        try office.time("2027-12-02T09:00")
        #expect(try await warnings() == 2)
    }

    @Test(
        "i01: what is attested anew changes what it names and nothing else; what counts for nothing in a program is refused, with what does"
    )
    func attestedAnew() async throws {
        let office = try await Office.running("icb", at: "2026-02-02T09:00")
        let (ben, maya) = (try office.id("ben"), try office.id("maya"))
        try await office.listed("ben")
        let before = try #require(try await office.service.enrollment(of: ben, as: .mentor)).attestation
        var renewal = AttestationChange()
        renewal[.certifiedUntil] = CivilDate(year: 2027, month: 12, day: 31)
        #expect(renewal.differences(from: before).map(\.what) == ["certified until"])
        #expect(try await office.service.enroll(ben, renewal, by: maya, key: nil).refusal == nil)
        let after = try #require(try await office.service.enrollment(of: ben, as: .mentor)).attestation
        #expect(after.experiencedSince == before.experiencedSince && after.certifiedUntil == renewal[.certifiedUntil])
        #expect(try await office.names() == ["Ben Profile"])
        for (condition, words) in [
            (Condition.certified, "certifiedUntil"), (.member, "no such condition"), (.underContract, "contract"),
        ] {
            var change = AttestationChange()
            change.attributes = [condition]
            let problem = await #expect(throws: FieldProblem.self) {
                try await office.service.enroll(ben, change, by: maya, key: nil)
            }
            #expect(
                problem?.field == "attributes" && problem?.expected.contains(words) == true,
                "\(problem?.expected ?? "")")
        }
        var foreign = AttestationChange()
        foreign[.inRecoverySince] = CivilDate(year: 2020, month: 1, day: 1)
        await #expect(throws: FieldProblem.self) { try await office.service.enroll(ben, foreign, by: maya, key: nil) }
        #expect(try await office.names() == ["Ben Profile"], "what was refused took nothing down")
    }

    @Test(
        "R3 g01: every criterion of a listing must keep holding: a license that is gone hides it like a membership",
        arguments: [Condition.member, .goodStanding, .licensed])
    func everyCriterion(_ condition: Condition) async throws {
        let office = try await Office.running("sgv-camft")
        try await office.listed("ben")
        let viewer = Viewer.person(try office.id("ada"))
        #expect(try await office.names(viewer) == ["Ben Profile"])
        try await office.enroll("ben", as: .mentor) { $0.attributes.remove(condition) }
        #expect(try await office.names(viewer) == [])
        try await office.enroll("ben", as: .mentor)
        #expect(try await office.names(viewer) == ["Ben Profile"])
    }

    @Test(
        "SGV-04, R15: a member clears the box and checks it again, and nothing has to be signed anew; the entry comes back only when no reason is left to hide it"
    )
    func box() async throws {
        let office = try await Office.running("sgv-camft")
        try await office.listed("ben")
        let reader = try Viewer.person(office.id("ada"))
        #expect(try await office.names(reader) == ["Ben Profile"])
        let size = try office.store.read { try $0.logSize() }
        for _ in 0..<2 { try await office.must(.hide, "ben", on: "ben", workflow: "listing") }
        #expect(try await office.names(reader) == [])
        try await office.enroll("ben", as: .mentor) { $0.attributes = [.member, .licensed] }
        try await office.must(.showAgain, "ben", on: "ben", workflow: "listing")
        #expect(try await office.names(reader) == [], "the standing is missing")
        try await office.must(.hide, "ben", on: "ben", workflow: "listing")
        try await office.enroll("ben", as: .mentor) { $0.attributes = [.member, .goodStanding, .licensed] }
        #expect(try await office.names(reader) == [], "the box is clear")
        try await office.must(.showAgain, "ben", on: "ben", workflow: "listing")
        #expect(try await office.names(reader) == ["Ben Profile"])
        #expect(try office.store.read { try $0.logSize() } == size)
        try await office.must(.hide, "ben", on: "ben", workflow: "listing")
        try await office.must(.rescind, "ben", on: "ben", workflow: "listing")
        #expect(try await office.act(.showAgain, "ben", on: "ben", workflow: "listing").refusalCode != nil)
        #expect(try await office.names(reader) == [])
        #expect(try office.audit().isVerified)
    }

    @Test(
        "ICB-15: a certification that is shortened or renewed counts from its new last day, whatever the case had noted before"
    )
    func shortened() async throws {
        let office = try await Office.running("icb")
        try await office.listed("ben")
        try await office.listed("cleo")
        try await office.enroll("ben", as: .mentor) { $0.certifiedUntil = CivilDate(year: 2026, month: 4, day: 30) }
        try await office.enroll("cleo", as: .mentor) { $0.certifiedUntil = CivilDate(year: 2027, month: 6, day: 30) }
        try office.time("2026-04-30T23:50")
        #expect(try await office.names() == ["Ben Profile", "Cleo Profile"])
        try office.time("2026-05-01T00:10")
        #expect(try await office.names() == ["Cleo Profile"])
        try office.time("2027-01-15T09:00")
        #expect(try await office.names() == ["Cleo Profile"])
        try office.time("2027-07-01T00:10")
        #expect(try await office.names() == [])
        #expect(try office.audit().isVerified)
    }

    @Test(
        "ICB-07, ICB-17, ICB-25 to ICB-31: what is signed is the published code word for word; a new version is signed before anything new opens, and what is open stays"
    )
    func agreements() async throws {
        let office = try await Office.running("icb")
        let policy = try office.service.policy.policy
        let code = try #require(policy.agreements.first { $0.id == "ethicsCode" })
        for clause in policy.clauses where clause.kind.isBinding { #expect(code.fullText.contains(clause.text)) }
        let digest = Hex.format(SHA256.hash(Array(code.fullText.utf8)))
        let records = try office.store.read { tx in
            try (0..<tx.logSize()).compactMap { try tx.entry($0).map { String(decoding: $0, as: UTF8.self) } }
        }
        #expect(records.contains { $0.contains("acknowledgement/v1") && $0.contains(digest) })
        try await office.listed("ben")
        let next = try Office.policyText("icb").replacingOccurrences(
            of: "version: 1\neffectiveFrom: 2026-01-01", with: "version: 2\neffectiveFrom: 2026-02-02"
        )
        .replacingOccurrences(
            of: "- id: ethicsCode\n    for: mentor\n    version: 1",
            with: "- id: ethicsCode\n    for: mentor\n    version: 2"
        )
        .replacingOccurrences(of: "Power, knowledge and time are given", with: "Power, knowledge and time are lent")
        #expect(try await office.service.adopt(policy: PolicyFile.parse(next).canonical, key: nil).refusal == nil)
        #expect(try await office.names() == ["Ben Profile"])
        #expect(
            try await office.act(.request, "cleo", on: "cleo", workflow: "listing").refusalCode
                == "conditionFailed.agreementsCurrent")
        _ = try await office.service.acknowledge(
            Actor(.person(office.id("cleo")), channel: .screen), display: "Cleo X.", key: "again")
        try await office.listed("cleo")
        #expect(try await office.names() == ["Ben Profile", "Cleo Profile"])
        #expect(try office.audit().isVerified)
    }

    @Test(
        "ICB-18, ICB-36, SGV-29: nobody proposes anybody in a directory program, no solver runs, and nothing counts how often somebody chose"
    )
    func noPairing() async throws {
        for program in ["icb", "sgv-camft"] {
            let office = try await Office.running(program)
            let policy = try office.service.policy.policy
            #expect(policy.isDirectory)
            #expect(throws: MatchingProblem.directoryProgram) {
                try Market([], policy: policy, on: CivilDate(dayNumber: 20_500))
            }
            await #expect(throws: MatchingProblem.directoryProgram) {
                try await office.service.planCohort(
                    workflow: "listing", by: office.people.values.first ?? PersonID(high: 0, low: 0))
            }
            await #expect(throws: MatchingProblem.directoryProgram) { _ = try await office.service.commitDraw() }
            #expect(policy.workflows.allSatisfy { $0.transitions.allSatisfy { $0.command != .propose } })
        }
    }

    @Test(
        "ICB-24: the same employer is pointed out and never blocks; a private list does, whoever wrote it, and says nothing"
    )
    func employer() async throws {
        let office = try await Office.running("icb")
        try await office.listed("ben")
        for name in ["ada", "ben"] {
            _ = try await office.service.setEmployer(of: office.id(name), typed: "County Clinic", key: nil)
        }
        let listing = try #require(try await office.service.directory(.person(office.id("ada"))).listings.first)
        #expect(listing.advice?.contains("same employer") == true)
        #expect(try await office.service.directory(.person(office.id("eve"))).listings.first?.advice == nil)
        let hit = try await office.service.exclude(
            by: office.id("ben"), relation: .person, typed: "ada FAIRWEATHER", key: nil)
        let miss = try await office.service.exclude(
            by: office.id("ben"), relation: .person, typed: "nobody at all", key: nil)
        #expect(
            hit.refusal == miss.refusal && hit.records == miss.records && hit.notices == miss.notices
                && hit.state == miss.state)
        #expect(try await office.names(.person(office.id("ada"))) == [])
        #expect(try await office.names(.person(office.id("eve"))) == ["Ben Profile"])
    }

    @Test(
        "SGV-03, SGV-05, SGV-08: there is no coordinator in the chapter's program: no row, no view, no agent, and nothing about a pair is stored"
    )
    func selfAdministered() async throws {
        let office = try await Office.running("sgv-camft")
        let policy = try office.service.policy.policy
        for transition in policy.workflows.flatMap(\.transitions) {
            #expect(transition.role == .mentor || transition.role == .clock)
            #expect(
                !transition.seenBy.contains(.coordinator)
                    && transition.channels.allSatisfy { $0 == .screen || $0 == .clock })
        }
        try await office.listed("ben")
        let staff = try await office.add(
            "maya", "Maya Lindqvist", "Lindqvist", first: "Maya", phone: "312-555-0100", roles: [.coordinator])
        for kind in CommandKind.allCases {
            let command = Submission(
                kind, workflow: "listing", opener: try office.id("ben"), actor: Actor(.staff(staff), channel: .screen))
            #expect(try await office.service.submit(command).refusal != nil)
        }
        #expect(
            try await office.service.enroll(
                office.id("ada"), as: .mentee, attestation: Attestation(), capacity: 1, by: staff, key: nil
            ).refusalCode == "notFound")
        #expect(try await office.service.board(of: staff).isEmpty)
        #expect(try office.store.read { try $0.cases(after: nil, count: .max).count } == 1)
        await #expect(throws: Refusal.notFound) { _ = try await office.service.aggregates() }
    }

    @Test(
        "SGV-04, SGV-06, SGV-09, SGV-27: who is not logged in, or seeks nobody, sees nothing, in the same words; two check boxes are all there is"
    )
    func seekers() async throws {
        let office = try await Office.running("sgv-camft")
        try await office.listed("ben")
        await #expect(throws: Refusal.notFound) { _ = try await office.service.directory(.anonymous) }
        await #expect(throws: Refusal.notFound) {
            _ = try await office.service.directory(.person(PersonID(high: 7, low: 7)))
        }
        #expect(try await office.names(.person(office.id("ada"))) == ["Ben Profile"])
        _ = try await office.service.setAvailability(of: office.id("ada"), as: .mentee, isPaused: true, key: nil)
        await #expect(throws: Refusal.notFound) { _ = try await office.service.directory(.person(office.id("ada"))) }
        _ = try await office.service.setAvailability(of: office.id("ada"), as: .mentee, isPaused: false, key: nil)
        #expect(try await office.names(.person(office.id("ada"))) == ["Ben Profile"])
        // A mentor who seeks nobody is no seeker.
        await #expect(throws: Refusal.notFound) { _ = try await office.service.directory(.person(office.id("cleo"))) }
    }

    @Test(
        "SGV-02, SGV-07, SGV-21, A-25: good standing lost on either side hides at once, both ways, without a word why; clearing the box is the notice"
    )
    func standing() async throws {
        let office = try await Office.running("sgv-camft")
        try await office.listed("ben")
        try await office.enroll("ada", as: .mentee) { $0.attributes.remove(.goodStanding) }
        await #expect(throws: Refusal.notFound) { _ = try await office.service.directory(.person(office.id("ada"))) }
        try await office.enroll("ada", as: .mentee)
        // Who has left and joins again checks the box again.
        await #expect(throws: Refusal.notFound) { _ = try await office.service.directory(.person(office.id("ada"))) }
        _ = try await office.service.setAvailability(of: office.id("ada"), as: .mentee, isReady: true, key: nil)
        try await office.enroll("ben", as: .mentor) { $0.attributes.remove(.goodStanding) }
        #expect(try await office.names(.person(office.id("ada"))) == [])
        #expect(try office.audit().isVerified)
        try await office.enroll("ben", as: .mentor)
        #expect(try await office.names(.person(office.id("ada"))) == ["Ben Profile"], "it comes back by itself")
        let outcome = try await office.must(.end, "ben", on: "ben", workflow: "listing")
        #expect(outcome.notices.isEmpty && outcome.state == "ended")
        #expect(try await office.names(.person(office.id("ada"))) == [])
    }

    @Test("SGV-15: a declared supervisor and the one they supervise never see each other's entry")
    func supervisor() async throws {
        let office = try await Office.running("sgv-camft")
        try await office.listed("ben")
        _ = try await office.service.exclude(
            by: office.id("ada"), relation: .supervisor, typed: "Benedict Okafor", key: nil)
        #expect(try await office.names(.person(office.id("ada"))) == [])
        #expect(try await office.names(.person(office.id("eve"))) == ["Ben Profile"])
    }
}

@Suite("Programs of pairs")
struct PairTests {
    @Test(
        "MSC-12, MSC-18, WEB-12: nothing crosses before both have signed; then each sees the other's fields and nothing else",
        arguments: ["structured", "mscsw"])
    func exchange(program: String) async throws {
        let office = try await Office.running(program)
        try await office.offered()
        try await office.must(.sign, "ben")
        for reader in ["ada", "ben"] { await #expect(throws: Refusal.self) { _ = try await office.look(reader) } }
        try await office.must(.sign, "ada")
        if program == "mscsw" {
            await #expect(throws: Refusal.notFound) { _ = try await office.look("ben") }
            try await office.must(.disclose, "maya")
        }
        let fields = Set(try office.service.policy.policy.release.fields.compactMap(\.profile))
        for (reader, subject) in [("ada", "Ben"), ("ben", "Ada")] {
            let view = try await office.look(reader)
            #expect(view.contact == nil && view.profile.map { Set($0.fields.keys) } == fields)
            #expect(view.profile?.fields[.displayName] == "\(subject) Profile")
            #expect(view.text.utf8.count == 3072)
            for secret in ["Fairweather", "Okafor", "+1312", "Springfield"] { #expect(!view.text.contains(secret)) }
        }
        await #expect(throws: Refusal.notFound) { _ = try await office.look("cleo") }
        // Each sees who looked at their own fields, and nobody else does.
        #expect(try await office.service.accounting(of: office.id("ada")).map(\.recipient) == ["Ben X."])
        #expect(try await office.service.accounting(of: office.id("ben")).map(\.recipient) == ["Ada X."])
        #expect(try office.audit().isVerified)
    }

    @Test(
        "MSC-19, MSC-20, A-27: not a match, by either side and without a reason: both cards close, both are free for others, and the two never meet again",
        arguments: ["ada", "ben"])
    func notAMatch(who: String) async throws {
        let office = try await Office.running("mscsw")
        try await office.pair()
        #expect(try office.store.read { try $0.placesHeld(with: office.id("ben")) } == 1)
        let outcome = try await office.must(.notAMatch, who)
        #expect(outcome.state == "requested")
        for reader in ["ada", "ben"] { await #expect(throws: Refusal.self) { _ = try await office.look(reader) } }
        #expect(try office.store.read { try $0.placesHeld(with: office.id("ben")) } == 0)
        try await office.must(.completeSurvey, "ada")
        let (ben, cleo) = (try office.id("ben"), try office.id("cleo"))
        #expect(try await office.act(.propose, "maya") { $0.person = ben }.refusalCode == "cannotBringTogether")
        try await office.must(.propose, "maya") { $0.person = cleo }
        try await office.must(.decline, "ada")
        // Declining the new round leaves the old one ended, and nothing of the new.
        #expect(
            try await office.service.view(
                of: office.id("ada"), workflow: "mentorship", as: .mentee, viewer: office.id("ada")
            )
            .state == "ended")
        #expect(try office.store.read { try $0.drafts().isEmpty })
        #expect(try office.audit().isVerified)
    }

    @Test(
        "MSC-15, MSC-16, A-26: a year ends by itself; both signatures extend it once, one alone does not, and two years are the cap"
    )
    func longerTerm() async throws {
        let office = try await Office.running("mscsw")
        try await office.pair()
        try office.time("2026-12-01T09:00")
        try await office.must(.extend, "ada")
        #expect(try await office.act(.extend, "ada").refusalCode == "conditionFailed.extensionLeft")
        let alone = try await office.copy()
        try alone.time("2027-02-03T00:10")
        await #expect(throws: Refusal.self) { _ = try await alone.look("ben") }
        try await office.must(.extend, "ben")
        #expect(try await office.act(.extend, "ada").refusalCode == "conditionFailed.extensionLeft")
        try office.time("2027-02-03T00:10")
        #expect(try await office.look("ben").profile != nil)
        try office.time("2028-02-02T23:50")
        #expect(try await office.look("ada").profile != nil)
        try office.time("2028-02-03T00:10")
        for reader in ["ada", "ben"] { await #expect(throws: Refusal.cardClosed) { _ = try await office.look(reader) } }
        #expect(try office.audit().isVerified)
    }

    @Test(
        "R15, MSC-16: one signature for a second year that meets the end of the first waits thirty days for the other; both cards are closed until then, and the second signature opens both",
        arguments: ["ada", "ben"])
    func lateSecondSignature(first: String) async throws {
        let second = first == "ada" ? "ben" : "ada"
        let office = try await Office.running("mscsw")
        try await office.pair()
        try office.time("2027-01-20T09:00")
        try await office.must(.extend, first)
        try office.time("2027-02-03T09:00")
        #expect(try await office.act(.extend, first).refusalCode == "conditionFailed.extensionLeft")
        for reader in ["ada", "ben"] { await #expect(throws: Refusal.cardClosed) { _ = try await office.look(reader) } }
        let roles: [String: Role] = ["ada": .mentee, "ben": .mentor]
        for person in ["ada", "ben"] {
            let view = try await office.service.view(
                of: office.id("ada"), workflow: "mentorship", as: #require(roles[person]), viewer: office.id(person))
            #expect(view.state == "awaitingExtension")
            #expect(view.extensionUntil == CivilDate(year: 2027, month: 3, day: 4))
            #expect(view.isReleaseLive == (person == first))
        }
        #expect(try office.store.read { try $0.placesHeld(with: office.id("ben")) } == 1)

        let withdrawn = try await office.copy()
        #expect(try await withdrawn.must(.rescind, first).state == "ended")
        #expect(try await withdrawn.act(.extend, second).refusalCode != nil)
        let unwilling = try await office.copy()
        #expect(try await unwilling.must(.rescind, second).state == "ended")
        #expect(try await unwilling.act(.extend, second).refusalCode != nil)

        let late = try await office.copy()
        try late.time("2027-03-05T00:10")
        #expect(try await late.act(.extend, second).refusalCode == "illegalTransition")
        #expect(try late.store.read { try $0.placesHeld(with: late.id("ben")) } == 0)
        try await late.must(.rematch, "ada")
        let since = try late.service.state(of: late.id("ada")).round?.waitingSince
        let (asked, today) = (CivilDate(year: 2027, month: 1, day: 20), CivilDate(year: 2027, month: 3, day: 5))
        #expect(since == (first == "ada" ? asked : today), "whoever wished to go on keeps their place")

        try office.time("2027-03-04T23:50")
        #expect(try await office.must(.extend, second).state == "introduced")
        for reader in ["ada", "ben"] { #expect(try await office.look(reader).profile != nil) }
        #expect(try await office.act(.extend, first).refusalCode == "conditionFailed.extensionLeft")
        try office.time("2028-02-02T23:50")
        for reader in ["ada", "ben"] { #expect(try await office.look(reader).profile != nil) }
        try office.time("2028-02-03T00:10")
        for reader in ["ada", "ben"] { await #expect(throws: Refusal.cardClosed) { _ = try await office.look(reader) } }
        for office in [office, withdrawn, unwilling, late] {
            let audit = try office.audit()
            #expect(audit.isVerified, "\(audit.findings)")
        }
    }

    /// A pair in the notice of its mentor, whose mentee has begun to look for somebody else.
    private func parting() async throws -> Office {
        let office = try await Office.running("structured")
        try await office.pair()
        try office.time("2026-03-01T09:00")
        try await office.must(.giveNotice, "ben")
        #expect(try await office.must(.rematch, "ada").state == "requested")
        return office
    }

    private func state(_ office: Office, of person: String = "ada", as role: Role = .mentee) async throws -> String {
        try await office.service.view(
            of: office.id("ada"), workflow: "mentorship", as: role, viewer: office.id(person)
        ).state
    }

    /// The readers, of these, to whom a card is shown.
    private func shown(_ office: Office, of readers: String...) async -> [String] {
        var shown: [String] = []
        for reader in readers where await (try? office.look(reader)) != nil { shown.append(reader) }
        return shown
    }

    @Test(
        "R16, WEB-49: a new search begins during the notice; both cards stay open until it is over, whatever comes of the search, and then the clock closes them"
    )
    func searchDuringNotice() async throws {
        let office = try await parting()
        let (ada, ben) = (try office.id("ada"), try office.id("ben"))
        #expect(await shown(office, of: "ada", "ben") == ["ada", "ben"])
        #expect(try office.store.read { try $0.placesHeld(with: ben) } == 1, "the place is the pair's until then")

        let declined = try await office.copy()
        try await declined.must(.decline, "ada")
        #expect(try await state(declined) == "ending")
        #expect(await shown(declined, of: "ada", "ben") == ["ada", "ben"])
        try declined.time("2026-03-16T00:10")
        try await declined.host.runClock()
        #expect(try await state(declined) == "ended")

        let slow = try await office.copy()
        try slow.time("2026-03-16T00:10")
        try await slow.host.runClock()
        #expect(try await state(slow) == "requested")
        for reader in ["ada", "ben"] { await #expect(throws: Refusal.cardClosed) { _ = try await slow.look(reader) } }
        #expect(try slow.store.read { try $0.placesHeld(with: ben) } == 0)
        try await slow.must(.decline, "ada")
        #expect(try await state(slow) == "ended")

        // Signed with somebody else while the notice still runs.
        try await signWithCleo(office)
        #expect(try await state(office) == "introduced")
        #expect(await shown(office, of: "ada", "ben", "cleo") == ["ada", "ben", "cleo"])
        let wrong = try await office.copy()
        try await wrong.must(.freezeCard, "ada")
        #expect(await shown(wrong, of: "ada", "ben", "cleo") == ["ada"], "a wrong number is wrong on both cards")
        let line = try #require(try await office.service.cases(of: ben).first { $0.opener == ada })
        let page = try await office.service.page(line.handle, of: ben)
        #expect(page.view.state == "ending" && page.isReader)
        try office.time("2026-03-16T00:10")
        try await office.host.runClock()
        #expect(try await state(office) == "introduced", "the new pair sees nothing of it")
        #expect(try await state(office, of: "cleo", as: .mentor) == "introduced")
        #expect(await shown(office, of: "ada", "ben", "cleo") == ["ada", "cleo"])
        #expect(try office.store.read { try $0.placesHeld(with: ben) } == 0)
        for office in [office, declined, slow] { #expect(try office.audit().findings == []) }
    }

    @Test(
        "R16, R14: during the notice each of the two can close it at once, on screen, by telephone and by code, without disturbing the search; an end by the mentee does, too"
    )
    func exitsDuringNotice() async throws {
        let office = try await parting()
        let ways: [(String, (Office) async throws -> Void)] = [
            ("the mentee takes back", { try await $0.must(.rescind, "ada") }),
            ("the mentor takes back", { try await $0.must(.rescind, "ben") }),
            ("the mentee ends", { try await $0.must(.end, "ada") }),
            ("by telephone", { try await $0.must(.rescind, "ben", via: .phone, through: "maya") }),
            ("the coordinator", { try await $0.must(.withdrawCard, "maya") }),
        ]
        for (name, close) in ways {
            let out = try await office.copy()
            try await close(out)
            #expect(await shown(out, of: "ada", "ben") == [], "\(name)")
            #expect(try await state(out) == "requested", "\(name)")
            try await out.must(.completeSurvey, "ada")
            try await out.must(.decline, "ada")
            #expect(try await state(out) == "ended", "\(name)")
            #expect(try out.audit().findings == [], "\(name)")
        }
        let frozen = try await office.copy()
        try await frozen.must(.freezeCard, "ben")
        #expect(await shown(frozen, of: "ada", "ben") == ["ben"])
        try await frozen.must(.unfreezeCard, "ben")
        #expect(await shown(frozen, of: "ada", "ben") == ["ada", "ben"])
        let suspended = try await office.copy()
        _ = try await suspended.service.suspend(
            suspended.id("ben"), .suspended, by: suspended.id("maya"), key: nil)
        #expect(await shown(suspended, of: "ada", "ben") == [])
        #expect(try await state(suspended) == "requested")
    }

    /// The same, when the mentee has signed with somebody else before the notice was over.
    private func twoPairs() async throws -> Office {
        let office = try await parting()
        try await signWithCleo(office)
        return office
    }

    private func signWithCleo(_ office: Office) async throws {
        let cleo = try office.id("cleo")
        try await office.must(.completeSurvey, "ada")
        try await office.must(.propose, "maya") { $0.person = cleo }
        try await office.must(.acceptSlot, "cleo")
        try await office.must(.offer, "maya")
        try await office.must(.sign, "ada")
        try await office.must(.sign, "cleo")
    }

    private func pages(_ office: Office) async throws -> [String] {
        [
            try await state(office), try await state(office, of: "cleo", as: .mentor),
            try await state(office, of: "maya", as: .coordinator),
        ]
    }

    @Test(
        "R16, R14, R32: with a new pair signed while the notice runs, each way out of the old pair closes both of its cards and leaves the new one alone"
    )
    func exitsBesideANewPair() async throws {
        let office = try await twoPairs()
        let ben = try office.id("ben")
        let ada = try office.id("ada")
        let old = try #require(office.service.state(of: ada).releases.first { $0.discloser == ada })
        let ways: [(String, (Office) async throws -> Void)] = [
            ("the mentor takes back", { try await $0.must(.rescind, "ben") }),
            ("the mentor by telephone", { try await $0.must(.rescind, "ben", via: .phone, through: "maya") }),
            ("the mentee names the release", { try await $0.must(.rescind, "ada") { $0.release = old.id } }),
            ("the mentee ends the old pair", { try await $0.must(.end, "ada") { $0.isOfParting = true } }),
            ("the coordinator closes it", { try await $0.must(.withdrawCard, "maya") { $0.isOfParting = true } }),
            (
                "the mentee by telephone, naming the mentor",
                { out in
                    let name = try #require(try await out.service.page(handle(out), of: ada).counterpartName)
                    #expect(name != "Ben X.")
                    let call = TelephoneCall(
                        .end, fullName: "Ada Fairweather", phone: "312-555-0142", recipient: "Ben X.")
                    #expect(try await out.service(as: "maya").takeDown(call, key: nil).refusal == nil)
                }
            ),
            (
                "the mentor is suspended",
                { _ = try await $0.service.suspend($0.id("ben"), .suspended, by: $0.id("maya"), key: nil) }
            ),
        ]
        for (name, close) in ways {
            let out = try await office.copy()
            try await close(out)
            #expect(await shown(out, of: "ada", "ben", "cleo") == ["ada", "cleo"], "\(name)")
            #expect(try await pages(out) == ["introduced", "introduced", "introduced"], "\(name)")
            #expect(try out.store.read { try $0.placesHeld(with: ben) } == 0, "\(name)")
            let state = try out.service.state(of: out.id("ada"))
            #expect(state.parting.isEmpty && !state.releases.contains { $0.isLive && $0.recipient == .person(ben) })
            #expect(try out.audit().findings == [], "\(name)")
        }
        let both = try await office.copy()
        _ = try await both.service.suspend(both.id("ada"), .suspended, by: both.id("maya"), key: nil)
        #expect(await shown(both, of: "ada", "ben", "cleo") == [])
        let newer = try await office.copy()
        try await newer.must(.end, "ada")
        #expect(await shown(newer, of: "ada", "ben", "cleo") == ["ada", "ben"], "the pair that is here now")
        #expect(try newer.audit().findings == [])
    }

    @Test(
        "R16, R8, R32: two pairs may part at once: a wrong number is hidden on every card, and a suspension closes all")
    func twoNotices() async throws {
        let office = try await twoPairs()
        try office.time("2026-03-03T09:00")
        try await office.must(.giveNotice, "cleo")
        try await office.must(.rematch, "ada")
        #expect(try office.service.state(of: office.id("ada")).parting.count == 2)
        #expect(await shown(office, of: "ada", "ben", "cleo") == ["ada", "ben", "cleo"])
        let wrong = try await office.copy()
        try await wrong.must(.freezeCard, "ada")
        #expect(await shown(wrong, of: "ben", "cleo") == [])
        let closed = try await office.copy()
        _ = try await closed.service.suspend(closed.id("ada"), .suspended, by: closed.id("maya"), key: nil)
        #expect(await shown(closed, of: "ada", "ben", "cleo") == [])
        try office.time("2026-03-16T00:10")
        try await office.host.runClock()
        #expect(await shown(office, of: "ada", "ben", "cleo") == ["ada", "cleo"], "the first notice is over")
        try office.time("2026-03-18T00:10")
        try await office.host.runClock()
        #expect(await shown(office, of: "ada", "ben", "cleo") == [])
        #expect(try await state(office) == "requested")
        for office in [office, wrong, closed] { #expect(try office.audit().findings == []) }
    }

    @Test("R15, R5: a wish to go on opens nothing to somebody who was put on a private list since")
    func wishAndList() async throws {
        let office = try await Office.running("mscsw")
        try await office.pair()
        try office.time("2027-01-20T09:00")
        try await office.must(.extend, "ada")
        try office.time("2027-02-03T09:00")
        _ = try await office.service.exclude(
            by: office.id("ada"), relation: .person, typed: "Benedict Okafor", key: nil)
        #expect(try await office.act(.extend, "ben").refusalCode != nil)
        for reader in ["ada", "ben"] { await #expect(throws: Refusal.self) { _ = try await office.look(reader) } }
    }

    private func handle(_ office: Office) async throws -> CaseHandle {
        let ada = try office.id("ada")
        return try #require(
            try await office.service.cases(of: ada).first { $0.opener == ada && $0.view.workflow == "mentorship" }
        ).handle
    }

    @Test(
        "R33, R16: an end of the old pair that staff recorded by mistake is marked in the log, keeps nobody away, and the new pair reads nothing of it"
    )
    func errorBesideANewPair() async throws {
        let office = try await twoPairs()
        let (ada, ben, maya) = (try office.id("ada"), try office.id("ben"), try office.id("maya"))
        func entries() async throws -> Int {
            try await office.service.view(of: ada, workflow: "mentorship", as: .mentor, viewer: office.id("cleo"))
                .history.count
        }
        let before = try await entries()
        try await office.must(.rescind, "ben", via: .phone, through: "maya")
        #expect(try office.service.state(of: ada).isKeptApart(ada, ben))
        _ = try await office.service.askRecordedInError(of: ada, workflow: "mentorship", by: maya, key: "ask")
        let id = try #require(try await office.service.pendingActs().first).act.id
        let pia = try await office.add(
            "pia", "Pia Brandt", "Brandt", first: "Pia", phone: "312-555-0103", roles: [.administrator], field: "staff")
        #expect(try await office.service.answerSecondHand(id, isConfirmed: true, by: pia, key: nil).refusal == nil)
        #expect(try await entries() == before)
        let last = try #require(try office.export().entries.last)
        #expect(String(decoding: last, as: UTF8.self).contains("/error/v1\n"))
        #expect(await shown(office, of: "ada", "ben", "cleo") == ["ada", "cleo"], "nothing opens again")
        #expect(try office.audit().findings == [])
    }

    @Test(
        "R16, R4: in the notice each of the old pair corrects their details as before, and the new pair stays what it is"
    )
    func correctionBesideANewPair() async throws {
        let office = try await twoPairs()
        let before = try office.service.state(of: office.id("ada"))
        let ben = try office.id("ben")
        let text = try await office.service.releaseText(
            of: office.id("ada"), workflow: "mentorship", for: ben, kind: .correct)
        try await office.must(.correct, "ben") {
            $0.signing?.formDigest = text.digest
            $0.corrections.profile = [.contactRoute: "ben@example.net"]
        }
        #expect(try await pages(office) == ["introduced", "introduced", "introduced"])
        let after = try office.service.state(of: office.id("ada"))
        #expect(after.position == before.position && after.openCards == before.openCards && !after.isDraft)
        #expect(await shown(office, of: "ada", "ben", "cleo") == ["ada", "ben", "cleo"])
        #expect(try await office.act(.rematch, "ada").refusalCode == "illegalTransition")
        try await office.must(.end, "ada")
        #expect(await shown(office, of: "ben", "cleo") == ["ben"])
        #expect(try office.audit().findings == [])
    }

    @Test("MSC-22: a second mentor is asked for by both of the first pair, and is a case and a release of its own")
    func second() async throws {
        let office = try await Office.running("mscsw")
        #expect(
            try await office.act(.request, "ada", workflow: "secondMentor").refusalCode
                == "conditionFailed.secondSought")
        try await office.pair()
        try await office.must(.seekSecond, "ada")
        #expect(
            try await office.act(.request, "ada", workflow: "secondMentor").refusalCode
                == "conditionFailed.secondSought")
        try await office.must(.seekSecond, "ben")
        try await office.pair("ada", with: "cleo", workflow: "secondMentor")
        #expect(try await office.look("cleo", workflow: "secondMentor").profile?.fields[.displayName] == "Ada Profile")
        await #expect(throws: Refusal.notFound) { _ = try await office.look("cleo") }
        try await office.must(.rescind, "ada", workflow: "secondMentor")
        await #expect(throws: Refusal.cardClosed) { _ = try await office.look("cleo", workflow: "secondMentor") }
        #expect(try await office.look("ben").profile != nil)
    }

    @Test(
        "WEB-10, WEB-16, WEB-49: R16: six months and no more; with a mentor's notice both cards stay open for fourteen days, and taking back closes them at once"
    )
    func notice() async throws {
        let office = try await Office.running("structured")
        try await office.pair()
        let other = try await office.copy()
        try office.time("2026-03-01T09:00")
        #expect(try await office.must(.giveNotice, "ben").state == "ending")
        for reader in ["ada", "ben"] { #expect(try await office.look(reader).profile != nil) }
        for who in ["ada", "ben"] {
            let out = try await office.copy()
            try await out.must(.rescind, who)
            for reader in ["ada", "ben"] {
                await #expect(throws: Refusal.cardClosed) { _ = try await out.look(reader) }
            }
        }
        try office.time("2026-03-15T23:50")
        try await office.host.runClock()
        #expect(
            try await office.service.view(
                of: office.id("ada"), workflow: "mentorship", as: .mentee, viewer: office.id("ada")
            )
            .state == "ending")
        try office.time("2026-03-16T00:10")
        try await office.host.runClock()
        #expect(
            try await office.service.view(
                of: office.id("ada"), workflow: "mentorship", as: .mentee, viewer: office.id("ada")
            )
            .state == "ended")
        for reader in ["ada", "ben"] { await #expect(throws: Refusal.cardClosed) { _ = try await office.look(reader) } }
        // Notice in the last days of the term holds nobody beyond it.
        let last = try await other.copy()
        try last.time("2026-07-30T09:00")
        try await last.must(.giveNotice, "ben")
        try last.time("2026-08-03T00:10")
        await #expect(throws: Refusal.cardClosed) { _ = try await last.look("ben") }
        try other.time("2026-08-03T00:10")
        await #expect(throws: Refusal.cardClosed) { _ = try await other.look("ben") }
        #expect(try office.audit().isVerified && other.audit().isVerified)
    }

    @Test("WEB-07: thirty days before the end both are reminded, once, and it changes nothing else")
    func reminder() async throws {
        let office = try await Office.running("structured")
        try await office.pair()
        try office.time("2026-07-02T09:00")
        try await office.host.runClock()
        #expect(try await office.service.outbox().filter { $0.notice == .endNear }.isEmpty)
        try office.time("2026-07-03T09:00")
        try await office.host.runClock()
        try await office.host.runClock()
        #expect(try await office.service.outbox().filter { $0.notice == .endNear }.count == 2)
        #expect(try await office.look("ben").profile != nil)
    }

    @Test(
        "a rescission in an exchange closes both cards at once, whoever rescinds and however: on screen or by code",
        arguments: ["ada", "ben"])
    func rescission(who: String) async throws {
        let office = try await Office.running("structured")
        try await office.offered()
        var codes: [String: String] = [:]
        codes["ada"] = try await office.must(.sign, "ada").rescindCode
        codes["ben"] = try await office.must(.sign, "ben").rescindCode
        let byCode = try await office.copy()
        try await office.must(.rescind, who)
        _ = try await byCode.service.rescind(typedCode: try #require(codes[who]))
        for told in [office, byCode] {
            for reader in ["ada", "ben"] {
                await #expect(throws: Refusal.cardClosed) { _ = try await told.look(reader) }
            }
            #expect(try told.audit().isVerified)
        }
    }

    @Test(
        "WEB-40, WEB-41, A-29: a program counts only what its policy allows, for ten people at least; under a clinical policy nothing"
    )
    func aggregates() async throws {
        let office = try await Office.running("structured")
        try await office.pair()
        try office.time("2026-05-04T09:00")
        let counts = try await office.service.aggregates()
        #expect(counts.keys.count == 2 && counts.values.allSatisfy { $0 == nil })
        let clinical = try await Office().staffed()
        await #expect(throws: Refusal.notFound) { _ = try await clinical.service.aggregates() }
    }

    @Test("a mentor who pauses is not proposed any more, and the last place goes to one of two who take it at once")
    func lastPlace() async throws {
        let office = try await Office.running("mscsw")
        for name in ["ada", "eve"] {
            try await office.must(.request, name, on: name)
            try await office.must(.completeSurvey, name, on: name)
        }
        let ben = try office.id("ben")
        _ = try await office.service.setAvailability(of: ben, isPaused: true, key: nil)
        #expect(try await office.act(.propose, "maya") { $0.person = ben }.refusalCode == "conditionFailed.mentorReady")
        _ = try await office.service.setAvailability(of: ben, isPaused: false, key: nil)
        let service = office.service
        let maya = Actor(.staff(try office.id("maya")), channel: .screen)
        var first = Submission(.propose, workflow: "mentorship", opener: try office.id("ada"), actor: maya, key: "one")
        first.person = ben
        var second = Submission(.propose, workflow: "mentorship", opener: try office.id("eve"), actor: maya, key: "two")
        second.person = ben
        let (left, right) = (first, second)
        async let one = service.submit(left)
        async let two = service.submit(right)
        let codes = try await [one.refusalCode, two.refusalCode]
        #expect(codes.filter { $0 == nil }.count == 1 && codes.contains("conditionFailed.capacityLeft"))
    }
}

@Suite("Versions of a policy")
struct VersionTests {
    private func second(_ change: (String) -> String, from day: String = "2026-02-01", openCases: String = "") throws
        -> [UInt8]
    {
        let text = try Office.policyText().replacingOccurrences(
            of: "version: 1\neffectiveFrom: 2026-01-01", with: "version: 2\neffectiveFrom: \(day)\(openCases)")
        return try PolicyFile.parse(change(text)).canonical
    }

    @Test(
        "MPHP-06, DER-17: a version takes effect on its day; cases keep theirs, decisions keep the digest they were made under, and all of it verifies"
    )
    func effective() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        let first = try office.service.policy.digest
        let outcome = try await office.service.adopt(
            policy: second { $0.replacingOccurrences(of: "termMonths: 12", with: "termMonths: 6") }, key: nil)
        #expect(outcome.refusal == nil && outcome.records.count == 1)
        #expect(try office.service.policy.digest == first)
        try office.time("2026-02-01T09:00")
        let now = try office.service.policy
        #expect(now.digest != first && now.policy.version == 2)
        #expect(try await office.look("ben").contact != nil)
        try await office.go(to: "introduced", "eve", with: "cleo")
        try await office.reopen()
        #expect(office.service.policyVersions.count == 2)
        #expect(try await office.look("cleo", on: "eve").contact != nil)
        #expect(try office.audit().isVerified)
    }

    @Test(
        "what cannot be a version is refused with the field: an older number, another program, a day that is over, a property that does not hold"
    )
    func refused() async throws {
        let office = try await Office().staffed()
        let tries: [(String, (String) -> String)] = [
            (
                "version",
                { $0.replacingOccurrences(of: "version: 2\neffectiveFrom", with: "version: 1\neffectiveFrom") }
            ),
            ("policy", { $0.replacingOccurrences(of: "policy: mphp", with: "policy: other") }),
            (
                "effectiveFrom",
                { $0.replacingOccurrences(of: "effectiveFrom: 2026-02-01", with: "effectiveFrom: 2026-01-04") }
            ),
            (
                "timeZone",
                { $0.replacingOccurrences(of: "timeZone: America/Chicago", with: "timeZone: America/Denver") }
            ),
        ]
        for (field, change) in tries {
            let canonical = try second(change)
            let problem = await #expect(throws: FieldProblem.self) {
                try await office.service.adopt(policy: canonical, key: nil)
            }
            #expect(problem?.field == field)
        }
        let leaky = try second {
            $0.replacingOccurrences(
                of: "if: [slotAccepted], tell",
                with: "if: [slotAccepted], do: [openCard], tell")
        }
        await #expect(throws: Counterexample.self) { try await office.service.adopt(policy: leaky, key: nil) }
        #expect(office.service.policyVersions.count == 1)
    }

    @Test(
        "a mentor who signs the newer words keeps the card that was opened under the older; one who has not signs before anything new"
    )
    func newerWords() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try await office.go(to: "surveyed", "eve")
        _ = try await office.service.adopt(
            policy: second(
                {
                    $0.replacingOccurrences(of: "for: mentor\n    version: 1", with: "for: mentor\n    version: 2")
                        .replacingOccurrences(of: "a compass, who shows", with: "a steady compass, who shows")
                }, from: "2026-01-05"), key: nil)
        #expect(try await office.look("ben").contact != nil)
        for name in ["ben", "cleo"] {
            let actor = Actor(.person(try office.id(name)), channel: .screen)
            _ = try await office.service.acknowledge(actor, display: "\(name.capitalized) X.", key: "newer \(name)")
        }
        #expect(try await office.look("ben").contact != nil)
        // Eve's request began under the older version; a mentor of the newer words may be proposed to her.
        let cleo = try office.id("cleo")
        try await office.must(.propose, "maya", on: "eve") { $0.person = cleo }
        try await office.must(.end, "ada")
        try await office.must(.rematch, "ada")
        #expect(try office.audit().isVerified)
    }

    @Test("with `openCases: nextRound` a case takes the new version with its next round, and not before")
    func nextRound() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        _ = try await office.service.adopt(
            policy: second(
                { $0.replacingOccurrences(of: "withinDays: 7", with: "withinDays: 5") },
                openCases: "\nopenCases: nextRound"),
            key: nil)
        try office.time("2026-02-02T09:00")
        #expect(try await office.look("ben").contact != nil)
        try await office.goAgain(to: "introduced", with: "cleo")
        #expect(try await office.look("cleo").callBy?.description == "2026-02-07")
        #expect(try office.audit().isVerified)
    }
}
