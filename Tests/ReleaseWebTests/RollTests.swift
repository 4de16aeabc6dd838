import Foundation
import HTTPTypes
import ReleaseLedger
import ReleaseWorkflow
import Testing

@testable import ReleaseService
@testable import ReleaseWeb

/// A program that keeps no staff, from an empty folder to a listing that is hidden (R15, R19, R53).
@Suite("A program without staff")
struct RollTests {
    private static let list = """
        name,surname,firstName,phone,field,roles,mail,memberNumber,attributes,displayName,contactRoute
        Lena Ostrowski,Ostrowski,Lena,626-555-0120,therapy,mentor,lena@example.org,SG-1001,member;goodStanding;licensed,"Lena Ostrowski, LMFT",lena@example.org
        Theo Blackwood,Blackwood,Theo,626-555-0122,therapy,participant,theo@example.org,SG-1002,member;goodStanding;preLicensed,,
        Vera Sandoval,Sandoval,Vera,626-555-0123,therapy,participant,vera@example.org,SG-1003,member;goodStanding;preLicensed,,

        """

    private func begun() async throws -> Front {
        let office = try await Office(at: "2026-03-02T18:00", program: "sgv-camft")
        try await office.add(
            "pia", "Pia Brandt", "Brandt", first: "Pia", phone: "626-555-0100", roles: [.administrator])
        return try Front(office)
    }

    /// Sends a file as the page does.
    private func bring(_ front: Front, _ text: String, _ more: [String] = []) async throws -> Reply {
        let token = try #require(await front.session("pia"))
        let form = try #require(await front.site.accounts.session(token)).formToken
        let boundary = "part-of-the-form"
        func part(_ name: String, _ value: String, file: String? = nil) -> String {
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\(file.map { "; filename=\"\($0)\"" } ?? "")\r\n\r\n\(value)\r\n"
        }
        let body =
            part("token", form) + part("key", UUID().uuidString) + more.map { part($0, "yes") }.joined()
            + part("file", text, file: "members.csv") + "--\(boundary)--\r\n"
        return try await front.send(
            .post, "/desk/roll", token: token,
            headers: [("Content-Type", "multipart/form-data; boundary=\(boundary)")], body: Array(body.utf8))
    }

    /// Signs somebody in for the first time, with the link that was mailed to them.
    private func enter(_ front: Front, _ name: String, number: String) async throws -> Reply {
        #expect(try await front.post("/sign-in", [("address", "\(name)@example.org")]).status == 200)
        try await front.site.outbox.deliver()
        let letter = try #require(front.letterbox.letters.last { $0.to == "\(name)@example.org" })
        let link = try #require(letter.body.firstMatch(of: /sign-in\/link\/([A-Za-z0-9_-]+)/)).output.1
        let page = try await front.get("/sign-in/link/\(link)")
        #expect(page.text.contains("Your member number"))
        return try await front.post(
            "/sign-in/link",
            [("link", String(link)), ("firstUseCode", number), ("newPIN", "283671"), ("repeated", "283671")])
    }

    @Test(
        "R53, R19: the administrator brings the list of members; who is on it lets themselves in with a mailed link and their number, and with nothing less"
    )
    func firstSignIn() async throws {
        let front = try await begun()
        #expect(try await bring(front, Self.list).text.contains("3 entered, 0 known already"))
        #expect(try await enter(front, "theo", number: "SG-1001").status != 303, "somebody else’s number")
        #expect(try await enter(front, "theo", number: "").status != 303)
        let entered = try await enter(front, "theo", number: "sg 1002")
        #expect(entered.status == 303 && entered.header("set-cookie") != nil, "\(entered.text)")
        // Once somebody has a PIN the number lets nobody in any more.
        #expect(try await front.post("/sign-in", [("address", "theo@example.org")]).status == 200)
        try await front.site.outbox.deliver()
        let link = try #require(front.letterbox.letters.last?.body.firstMatch(of: /link\/([A-Za-z0-9_-]+)/)).output.1
        #expect(try await front.get("/sign-in/link/\(link)").text.contains("Your member number") == false)
    }

    @Test(
        "a list with faults enters nobody and tells each with line and column; brought again it says what differs, and changes it when asked"
    )
    func list() async throws {
        let front = try await begun()
        let bad = Self.list.replacing("626-555-0122", with: "555-0122").replacing(
            "preLicensed,,\n", with: "unheardOf,,\n")
        let refused = try await bring(front, bad)
        #expect(refused.text.contains("Nobody was entered.") && refused.text.contains("area code"), "\(refused.status)")
        #expect(try await front.office.service.find(name: "Lena Ostrowski").isEmpty)
        #expect(try await bring(front, Self.list).text.contains("3 entered"))
        let moved = Self.list.replacing("vera@example.org", with: "v.sandoval@example.org")
        #expect(try await bring(front, moved).text.contains("Differs in mail. Nothing was changed."))
        #expect(try await bring(front, moved, ["update"]).text.contains("Changed: mail"))
        #expect(try await bring(front, moved).text.contains("0 entered, 3 known already."))
    }

    @Test("a list that another hand overtakes while it is brought in stops at that line, and says what is entered")
    func overtaken() async throws {
        let front = try await begun()
        var people = PeopleFile(
            Self.list, into: front.office.service, front.site.accounts, by: .operator, attestedBy: nil,
            areNumbersConfirmed: false)
        try await people.check()
        #expect(people.faults.isEmpty)
        try await front.office.add(
            "theo", "Theo Blackwood", "Blackwood", first: "Theo", phone: "626-555-0122", roles: [.participant])
        let page = "\(try await RollPages.donePage(people, updates: false, front.site.words).blocks)"
        #expect(page.contains("It stopped at line 3.") && page.contains("1 entered"), "\(page)")
        #expect(!page.contains("Theo") && !page.contains("Blackwood"))
        #expect(try await bring(front, Self.list).text.contains("1 entered, 2 known already."))
    }

    @Test(
        "real-sgv.1, SGV-03, SGV-05, SGV-15, R15: from the list to a listing, a supervisor who never sees it, and the box that hides it; the administrator sees nobody’s case"
    )
    func wholeLife() async throws {
        let front = try await begun()
        #expect(try await bring(front, Self.list).status == 200)
        let office = front.office
        for name in ["Lena Ostrowski", "Theo Blackwood", "Vera Sandoval"] {
            let word = try #require(name.split(separator: " ").first).lowercased()
            let found = try await office.service.find(name: name)
            office.people[word] = found.first
        }
        for (name, role) in [("lena", "mentor"), ("theo", "mentee"), ("vera", "mentee")] {
            let signed = try await front.post("/agreements", as: name, [("as", role), ("meaning", "sign")])
            #expect(signed.status == 303, "\(name)")
        }
        try await front.site.accounts.agreeElectronically(office.id("lena"), by: .operator)
        let handle = try front.handle("lena", of: "lena", workflow: "listing")
        for resource in ["request", "signature"] {
            let page = try await front.get("/cases/\(handle)/\(resource)", as: "lena")
            let version = try #require(page.text.firstMatch(of: /name="version" value="([^"]+)"/)).output.1
            let digest = page.text.firstMatch(of: /name="digest" value="([^"]+)"/)?.output.1
            var fields = [("version", String(version)), ("meaning", "sign")]
            if let digest { fields.append(("digest", String(digest))) }
            #expect(try await front.post("/cases/\(handle)/\(resource)", as: "lena", fields).status == 303)
        }
        let seen = try await front.get("/directory", as: "theo")
        #expect(seen.text.contains("Lena Ostrowski, LMFT") && seen.text.contains("One of us supervises the other"))
        let mark = try #require(seen.text.firstMatch(of: /name="listing" value="([0-9a-f]+)"/)).output.1
        #expect(try await front.post("/private-list/listing", as: "vera", [("listing", String(mark))]).status == 404)
        #expect(try await front.post("/private-list/listing", as: "theo", [("listing", String(mark))]).status == 303)
        #expect(try await !front.get("/directory", as: "theo").text.contains("Lena"))
        #expect(try await front.get("/directory", as: "vera").text.contains("Lena"))
        #expect(try await front.post("/availability", as: "lena", [("as", "mentor"), ("paused", "yes")]).status == 303)
        #expect(try await !front.get("/directory", as: "vera").text.contains("Lena"))
        #expect(try await front.post("/availability", as: "lena", [("as", "mentor"), ("paused", "no")]).status == 303)
        #expect(try await front.get("/directory", as: "vera").text.contains("Lena"))
        let desk = try await front.get("/desk", as: "pia")
        #expect(desk.status == 200 && !desk.text.contains("Lena") && !desk.text.contains("/desk/telephone"))
        #expect(try await front.get("/cases/\(handle)", as: "pia").status == 404)
        let person = try await front.get("/desk/people/\(office.id("lena"))", as: "pia")
        #expect(person.status == 200 && !person.text.contains("/cases/"), "\(person.status)")
        #expect(try office.audit().findings == [])
    }

    @Test(
        "SGV-15 g01: a name on a private list is the same name with a title, with letters behind it, the surname first, in capitals or without its accents",
        arguments: [
            "Lena Ostrowski", "Ostrowski, Lena", "Dr. Lena Ostrowski", "Lena Ostrowski, LMFT", "Lena  Ostrowski",
            "LENA OSTROWSKI", "lena ostrowski", "Prof. Dr. Lena M. Ostrowski, Ph.D., LMFT", "Ostrowski Lena",
            "Léna Ostrowski",
        ])
    func spellings(_ typed: String) {
        #expect(PersonName.canonical(typed) == "lena ostrowski")
    }

    @Test(
        "what is another name stays another",
        arguments: [
            ("Lena Ostrowsky", "Lena Ostrowski"), ("Lena", "Lena Ostrowski"), ("Yo-Yo Ma", "Yo-Yo"),
            ("Do Nguyen", "Nguyen"),
            ("Pa Vang", "Vang"), ("Lee Ann Lee", "Lee Lee"), ("J. Fox", "Megan Fox"),
        ])
    func otherNames(one: String, other: String) { #expect(PersonName.canonical(one) != PersonName.canonical(other)) }
}
