import ReleaseLedger
import ReleaseWorkflow
import Testing

@testable import ReleaseService

/// The end of a program: whatever state its cases are in, they close, everybody is told, and everybody can be erased.
@Suite("The end of a program")
struct CloseForGoodTests {
    private func close(_ office: Office) async throws {
        for id in try await office.service.people() {
            guard try await office.service.identity(of: id)?.isStaff == false else { continue }
            #expect(try await office.service.closeForGood(id, key: nil).refusal == nil)
        }
    }

    @Test(
        "R42: a search, a pair, one that ran out after the hand-off and a conversation that waits all close; everybody is told that it ends, nobody that there will be another; then all can be erased",
        arguments: [false, true])
    func everything(isYearOn: Bool) async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced", "ada", with: "ben")
        try await office.must(.ask, "eve", on: "eve", workflow: "peerConversation")
        try await office.must(.invite, "maya", on: "eve", workflow: "peerConversation") {
            $0.person = try office.id("cleo")
        }
        try await office.must(.agree, "cleo", on: "eve", workflow: "peerConversation")
        try await office.must(.sign, "cleo", on: "eve", workflow: "peerConversation")
        if isYearOn {
            // The pair's permission has run out after the hand-off, and the mentor's place is kept.
            try office.time("2027-01-12T09:00")
            try await office.host.runClock()
            _ = try await office.service.change(office.id("eve"), isUnderContract: true, key: nil)
        }
        try await office.must(.request, "eve", on: "eve")
        func state(_ name: String, _ workflow: String, on opener: String) async throws -> String? {
            let person = try office.id(opener)
            return try await office.service.cases(of: office.id(name)).first {
                "\($0.view.workflow)" == workflow && $0.opener == person
            }?.view.state
        }
        #expect(try await state("ada", "mentorship", on: "ada") == (isYearOn ? "ended" : "introduced"))
        #expect((try await state("cleo", "peerConversation", on: "eve") == "signed") == !isYearOn)
        let before = try await office.service.outbox()
        try await close(office)
        let told = try await office.service.outbox().filter { !before.contains($0) }
        for name in ["ada", "eve", "ben", "cleo", "dan"] {
            let id = try office.id(name)
            #expect(told.contains { $0.to == id && $0.notice == .programEnds }, "\(name)")
            let another: Set<Notice> = [.mentorUnavailable, .findAnother, .newRound, .nobodyAvailable]
            #expect(!told.contains { $0.to == id && $0.notice.map(another.contains) == true }, "\(name)")
        }
        #expect(try await office.act(.request, "dan", on: "dan").refusalCode == "programEnds")
        for name in ["ada", "eve", "ben", "cleo", "dan"] {
            #expect(try await office.service.isErasable(office.id(name)), "\(name)")
            #expect(try await office.service.erase(office.id(name), key: nil).refusal == nil)
        }
        #expect(try office.audit().findings.isEmpty)
    }

    @Test("R42: whoever has died gets no message, nobody new is entered, and nobody asks to be a mentor any more")
    func nobodyNew() async throws {
        let office = try await Office().staffed()
        _ = try await office.service.suspend(office.id("dan"), .deceased, by: office.id("maya"), key: nil)
        #expect(try await office.service.isEnding() == false)
        try await close(office)
        #expect(try await office.service.isEnding())
        let dan = try office.id("dan")
        #expect(try await !office.service.outbox().contains { $0.to == dan && $0.notice == .programEnds })
        #expect(try await !office.service.mayApplyAsMentor(office.id("ada")))
        let new = NewPerson(
            fullName: "Ines Park", surname: "Park", firstName: "Ines", phone: "312-555-0188", roles: [.participant],
            field: "nurse", isUnderContract: true, coordinator: try office.id("maya"))
        #expect(try await office.service.add(new, key: nil).refusalCode == "programEnds")
    }

    @Test(
        "R42: in a program in which both sign, and in a directory, all of it closes as well",
        arguments: ["mscsw", "icb"])
    func others(program: String) async throws {
        let office = try await Office.running(program)
        if program == "icb" {
            try await office.listed("ben")
        } else {
            try await office.offered()
            try await office.must(.sign, "ben")
        }
        try await close(office)
        for name in ["ada", "ben"] { #expect(try await office.service.isErasable(office.id(name)), "\(name)") }
        if program == "icb" { #expect(try await office.service.directory(.anonymous).listings.isEmpty) }
    }
}
