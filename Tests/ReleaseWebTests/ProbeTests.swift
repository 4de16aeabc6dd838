import FolderDriver
import Foundation
import HTTPTypes
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService
@testable import ReleaseWeb

/// An attacker with an account tries every command and every page, and learns nothing.
@Suite("Probes")
struct ProbeTests {
    /// Everything that the service answers to somebody who tries every command on a case, but those that they are offered, and looks everywhere.
    private func everything(_ front: Front, _ name: String, _ handle: CaseHandle) async throws -> [String: String] {
        let page = try await front.office.service.page(handle, of: front.office.id(name))
        var answers: [String: String] = [:]
        for (kind, resource) in CommandKind.resources where !page.offers(kind) {
            answers["POST \(resource)"] = try await front.post(
                "/cases/\(handle)/\(resource)", as: name, [("phone", "312-555-0144")]
            ).normalized
            answers["GET \(resource)"] = try await front.get("/cases/\(handle)/\(resource)", as: name).normalized
            answers["api \(resource)"] = try await front.api(.post, "/cases/\(handle)/\(resource)", as: name, "{}")
                .normalized
        }
        for act in ["look", "called", "arranged"] {
            answers[act] = try await front.post("/private", as: name, [("case", "\(handle)"), ("act", act)]).normalized
            answers["api \(act)"] = try await front.api(
                .post, "/private", as: name, "{\"case\":\"\(handle)\",\"act\":\"\(act)\"}"
            )
            .normalized
        }
        for path in ["/home", "/cases/\(handle)", "/api/v1/cases", "/api/v1/cases/\(handle)", "/shown"] {
            answers["GET \(path)"] = try await front.get(path, as: name).normalized
        }
        return answers
    }

    private func expectSame(_ one: [String: String], _ other: [String: String], _ what: String) {
        #expect(one.keys == other.keys, "\(what)")
        for (name, text) in one { #expect(text == other[name], "\(what): \(name)") }
    }

    @Test(
        "no answer tells a mentor, before a card is opened for them, that the release was offered, or signed (MPHP-35)")
    func mentor() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "proposed", "eve")
        try await office.must(.acceptSlot, "ben", on: "eve")
        try await office.go(to: "proposed")
        try await office.must(.acceptSlot, "ben")
        let front = try Front(office)
        let handle = try front.handle("ben")
        let accepted = try await everything(front, "ben", handle)
        try await office.must(.offer, "maya")
        expectSame(accepted, try await everything(front, "ben", handle), "offered")
        try await office.must(.sign, "ada")
        expectSame(accepted, try await everything(front, "ben", handle), "signed")
        #expect(try await office.service.journal().isEmpty, "what people try in their own cases is in no journal")
        try await office.must(.disclose, "maya")
        #expect(
            try await front.post("/private", as: "ben", [("case", "\(handle)"), ("act", "look")]).text.contains(
                "5550142"))
    }

    @Test("no answer tells a mentee of a proposal, in a later round either (MPHP-23)")
    func mentee() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "introduced")
        try await office.must(.rescind, "ada")
        try await office.must(.rematch, "ada")
        try await office.must(.completeSurvey, "ada")
        let front = try Front(office)
        let handle = try front.handle("ada")
        let surveyed = try await everything(front, "ada", handle)
        try await office.must(.propose, "maya") { $0.person = try office.id("cleo") }
        expectSame(surveyed, try await everything(front, "ada", handle), "proposed")
        try await office.must(.acceptSlot, "cleo")
        expectSame(surveyed, try await everything(front, "ada", handle), "accepted")
    }

    @Test(
        "no answer tells one who asked for a conversation that somebody was invited, agreed, signed or took it back (MPHP-23)"
    )
    func asker() async throws {
        let office = try await Office().staffed()
        try await office.must(.ask, "ada", workflow: "peerConversation")
        let front = try Front(office)
        let handle = try front.handle("ada", workflow: "peerConversation")
        let asked = try await everything(front, "ada", handle)
        try await office.must(.invite, "maya", workflow: "peerConversation") { $0.person = try office.id("ben") }
        expectSame(asked, try await everything(front, "ada", handle), "invited")
        try await office.must(.agree, "ben", workflow: "peerConversation")
        expectSame(asked, try await everything(front, "ada", handle), "willing")
        try await office.must(.sign, "ben", workflow: "peerConversation")
        expectSame(asked, try await everything(front, "ada", handle), "signed")
        try await office.must(.rescind, "ben", workflow: "peerConversation")
        expectSame(asked, try await everything(front, "ada", handle), "withdrawn")
        #expect(
            try await front.post("/cases/\(handle)/declination", as: "ada").status == 303,
            "and what was asked can be taken back")
    }

    @Test(
        "the next mentor sees nothing of the round before, and the one before nothing of the next, its signature included"
    )
    func rounds() async throws {
        let office = try await Office().introduced()
        try await office.must(.rescind, "ada")
        try await office.must(.rematch, "ada")
        let front = try Front(office)
        let former = try front.handle("ben")
        let ended = try await everything(front, "ben", former)
        try await office.must(.completeSurvey, "ada")
        try await office.must(.propose, "maya") { $0.person = try office.id("cleo") }
        let next = try front.handle("cleo")
        let asked = try await front.get("/cases/\(next)", as: "cleo").text
        #expect(
            asked.contains("a free place for one more person") && !asked.contains("ended")
                && !asked.contains("What has happened"))
        #expect(try await office.service.page(next, of: office.id("cleo")).actions.contains(.acceptSlot))
        try await office.must(.acceptSlot, "cleo")
        try await office.must(.offer, "maya")
        try await office.must(.sign, "ada")
        expectSame(ended, try await everything(front, "ben", former), "signed with another")
        try await office.must(.disclose, "maya")
        expectSame(ended, try await everything(front, "ben", former), "introduced to another")
        let page = try await front.get("/cases/\(next)", as: "cleo").text
        #expect(!page.contains("Release taken back") && page.contains("Card released"))
    }

    @Test("nobody finds out by an invitation or a change of address who is known (MPHP-66)")
    func enrollment() async throws {
        let office = try await Office().staffed()
        let front = try Front(office)
        try await front.site.accounts.setAddress(of: office.id("eve"), to: "eve@example.org", by: .operator)
        let own = try front.handle("ada")
        var answers: [String] = []
        for phone in ["312-555-0146", "312-555-0100", "312-555-0999"] {
            answers.append(
                try await front.api(.post, "/cases/\(own)/invitation", as: "ada", "{\"phone\":\"\(phone)\"}").normalized
            )
        }
        #expect(Set(answers).count == 1)
        try await office.must(.ask, "ada", workflow: "peerConversation")
        let staff = try front.handle("maya", workflow: "peerConversation", isStaff: true)
        answers = []
        for phone in ["312-555-0100", "312-555-0999", "312-555-0142"] {
            answers.append(
                try await front.api(.post, "/cases/\(staff)/invitation", as: "maya", "{\"phone\":\"\(phone)\"}")
                    .normalized)
        }
        #expect(Set(answers).count == 1)
        let taken = try await front.post("/account/address", as: "ada", [("address", "eve@example.org")])
        let free = try await front.post("/account/address", as: "ada", [("address", "ada@example.org")])
        #expect(taken.status == 303 && taken.normalized == free.normalized)
        #expect(
            try await front.get("/account", as: "ada").text.contains("none"), "nothing changes before the link is used")
        try await front.site.outbox.deliver()
        #expect(front.letterbox.letters.map(\.to) == ["ada@example.org"])
        let letter = try #require(front.letterbox.letters.first?.body)
        let range = try #require(letter.firstRange(of: "/account/address/"))
        let link = String(letter[range.upperBound...].prefix(43))
        #expect(
            try await front.post("/account/confirmation", as: "eve", [("link", link)]).status == 404, "somebody else's")
        #expect(try await front.post("/account/confirmation", as: "ada", [("link", link)]).status == 303)
        #expect(try await front.post("/account/confirmation", as: "ada", [("link", link)]).status == 404, "once")
        #expect(try await front.site.accounts.account(of: office.id("ada"), by: .operator).address == "ada@example.org")
    }

    @Test("hostile bodies and paths cost little and break nothing")
    func hostile() async throws {
        let office = try await Office().introduced()
        let front = try Front(office)
        func nested(_ count: Int) -> [String] {
            let open = String(repeating: "[", count: count)
            return [open + String(repeating: "]", count: count), "{\"code\":" + open, "{\"code\":\"" + open + "\"}"]
        }
        for body in nested(505) + nested(8_000) {
            let status = try await front.api(.post, "/rescissions", as: nil, body).status
            #expect(status == 400 || status == 422)
        }
        // Longer than 16 KiB, nothing of it is read.
        for body in nested(30_000) {
            #expect(try await front.api(.post, "/rescissions", as: nil, body).status == 413)
        }
        let page = try await office.service.page(front.handle("ada"), of: office.id("ada"))
        let base = "/cases/\(page.handle)/receipts/\(try #require(page.releases.last))"
        for file in [
            "%zz", ".", "..", "%2e", "-", "record-", "record-9.txt", "proof--1.txt", "record-0",
            "record-99999999999999999999.txt",
        ] {
            let status = try await front.get("\(base)/\(file)", as: "ada").status
            #expect(status == 404, "\(file)")
        }
        #expect(try await front.get("\(base)/record-0.txt", as: "ada").status == 200)
    }

    @Test("guesses of a PIN in parallel are counted one by one, and a PIN that was taken away meanwhile lets nobody in")
    func parallelPINs() async throws {
        let office = try await Office().staffed()
        let front = try Front(office)
        let accounts = front.site.accounts
        let code = try await accounts.giveFirstUseCode(to: office.id("ada"), by: .person(office.id("maya"), .staff))
        let first = try await accounts.makeLink(for: office.id("ada"), purpose: .signIn, by: .operator)
        _ = try await accounts.signIn(link: first, .init(firstUseCode: code, newPIN: "283671"), from: "a")
        let link = try await accounts.makeLink(for: office.id("ada"), purpose: .signIn, by: .operator)
        await withTaskGroup(of: Void.self) { group in
            for guess in 0..<40 {
                group.addTask {
                    _ = try? await accounts.signIn(link: link, .init(pin: "90000\(guess % 10)"), from: "\(guess)")
                }
            }
        }
        var tries = 0
        while try await accounts.needed(link: link) == .pin, tries < 6 {
            _ = try? await accounts.signIn(link: link, .init(pin: "900007"), from: "z\(tries)")
            tries += 1
        }
        #expect(try await accounts.needed(link: link) == .none && tries < 6)
    }

    @Test(
        "without a mail program every notice waits for a coordinator, staff's own included, and no letter with a link is kept"
    )
    func withoutMail() async throws {
        let office = try await Office().staffed()
        let front = try Front(office)
        let outbox = Outbox(office.host, mailer: nil, words: Words.english.letters, url: "http://127.0.0.1")
        try await front.site.accounts.setAddress(of: office.id("ben"), to: "ben@example.org", by: .operator)
        try await front.site.accounts.requestLink(typedAddress: "ben@example.org", from: "a")
        try await office.go(to: "introduced")
        try await office.must(.requestCallBack, "ada")
        try await outbox.deliver()
        let people = Set(try await outbox.toPassOn(by: .person(office.id("maya"), .staff)).map(\.person))
        #expect(people.isSuperset(of: [try office.id("ben"), try office.id("maya")]))
        #expect(try await office.service.outbox().allSatisfy { $0.access == nil })
        #expect(try await office.service.outbox().contains { $0.to == (try? office.id("ben")) })
        try await office.must(.end, "ben")
        #expect(try await office.service.erase(office.id("ada"), key: nil).refusal == nil)
        #expect(try await office.service.outbox().allSatisfy { $0.to != (try? office.id("ada")) })
    }
}
