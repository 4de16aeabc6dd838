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
        "R42: a search, a pair, one that ran out after the hand-off and a conversation that waits all close; everybody is told that it ends, nobody that there will be another; then all can be erased"
    )
    func everything() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced", "ada", with: "ben")
        try await office.must(.ask, "eve", on: "eve", workflow: "peerConversation")
        try await office.must(.invite, "maya", on: "eve", workflow: "peerConversation") {
            $0.person = try office.id("cleo")
        }
        try await office.must(.agree, "cleo", on: "eve", workflow: "peerConversation")
        try await office.must(.sign, "cleo", on: "eve", workflow: "peerConversation")
        // A year on: the first pair's permission has run out after the hand-off, and the mentor's place is kept.
        try office.time("2027-01-12T09:00")
        try await office.host.runClock()
        _ = try await office.service.change(office.id("eve"), isUnderContract: true, key: nil)
        try await office.must(.request, "eve", on: "eve")
        let before = try await office.service.outbox()
        try await close(office)
        let told = try await office.service.outbox().filter { !before.contains($0) }
        for name in ["ada", "eve", "ben", "cleo", "dan"] {
            let id = try office.id(name)
            #expect(told.contains { $0.to == id && $0.notice == .programEnds }, "\(name)")
            #expect(!told.contains { $0.to == id && $0.notice == .mentorUnavailable }, "\(name)")
        }
        #expect(try await office.act(.request, "dan", on: "dan").refusalCode == "programEnds")
        for name in ["ada", "eve", "ben", "cleo", "dan"] {
            #expect(try await office.service.isErasable(office.id(name)), "\(name)")
            #expect(try await office.service.erase(office.id(name), key: nil).refusal == nil)
        }
        #expect(try office.audit().findings.isEmpty)
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
