import FolderDriver
import Foundation
import Photographs
import ReleaseLedger
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

/// Papers that were signed by hand: what is one, for whom it was filed, and who gets it back.
@Suite("Papers")
struct PaperTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Scans")

    /// A real file of this kind, made by somebody else's encoder.
    private static func file(_ kind: Scan.Kind) throws -> [UInt8] {
        if kind == .pdf {
            let examples = folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
                .appendingPathComponent("Policies/examples/eve-release-scan.pdf")
            return Array(try Data(contentsOf: examples))
        }
        return Array(try Data(contentsOf: folder.appendingPathComponent(kind.fileName.replacing("scan", with: "form"))))
    }

    @Test(
        "DER-19: a scan is known by its content: PDF, PNG, JPEG and HEIC are what they are",
        arguments: Scan.Kind.allCases)
    func kinds(_ kind: Scan.Kind) throws {
        #expect(try Scan(parsing: Self.file(kind)).kind == kind)
    }

    @Test(
        "cut off anywhere, a file is none, and says that it is cut where it began as one", arguments: Scan.Kind.allCases
    )
    func cut(_ kind: Scan.Kind) throws {
        let whole = try Self.file(kind)
        for count in stride(from: 0, to: whole.count - 8, by: max(1, whole.count / 200)) {
            let problem = #expect(throws: FieldProblem.self) { try Scan(parsing: Array(whole.prefix(count))) }
            #expect(problem?.field == "scan")
        }
        let problem = #expect(throws: FieldProblem.self) { try Scan(parsing: Array(whole.prefix(whole.count / 2))) }
        #expect(problem?.expected.contains("ends before its end") == true, "\(problem?.expected ?? "")")
    }

    @Test("what is no scan is refused in one sentence, without what it holds")
    func none() throws {
        let word = Array("PK\u{3}\u{4} a document of Ada Fairweather".utf8)
        for bytes in [
            [], [0x78], Array("scan".utf8), word, [UInt8](repeating: 0, count: 5000), Array("<html>%PDF".utf8),
            [0xFF, 0xD8, 0xFF], Array("%PDF-1.4 nothing else %%EOF".utf8), Array("GIF89a".utf8),
        ] {
            let problem = #expect(throws: FieldProblem.self) { try Scan(parsing: bytes) }
            #expect(problem?.field == "scan" && problem?.description.contains("Ada") == false)
        }
        let large = #expect(throws: FieldProblem.self) {
            try Scan(parsing: Self.file(.png) + [UInt8](repeating: 0, count: Scan.limit))
        }
        #expect(large?.expected.contains("8 megabytes") == true)
    }

    @Test(
        "a photograph from a telephone is shown as JPEG; one that is damaged within is none, and no byte of it crashes anything"
    )
    func photograph() throws {
        let (reader, heic) = (LibraryPhotographs(), try Self.file(.heic))
        #expect(try Scan(parsing: reader.jpeg(ofHEIC: heic)).kind == .jpeg)
        for bytes in [[], Array(heic.prefix(100)), try Self.file(.jpeg)] {
            #expect(throws: FieldProblem.self) { try reader.jpeg(ofHEIC: bytes) }
        }
        for place in heic.indices {
            var changed = heic
            changed[place] ^= 0xFF
            if let jpeg = try? reader.jpeg(ofHEIC: changed) { #expect(try Scan(parsing: jpeg).kind == .jpeg) }
        }
    }

    // MARK: Filing

    @Test(
        "DER-19: a paper without a day, of tomorrow, or that is no scan is refused before anything is recorded; with its day it counts from the day it is recorded"
    )
    func day() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        try office.time("2026-01-08T09:00")
        let size = try office.store.read { try $0.logSize() }
        let bytes = try await office.paper().bytes
        let tomorrow = try #require(CivilDate(year: 2026, month: 1, day: 9))
        for (paper, field) in [
            (Paper(bytes: bytes, signedOn: nil), "signedOn"), (Paper(bytes: bytes, signedOn: tomorrow), "signedOn"),
            (Paper(bytes: [1], signedOn: tomorrow.adding(days: -2)), "scan"),
        ] {
            let problem = await #expect(throws: FieldProblem.self) {
                try await office.act(.sign, "ada", via: .paper, through: "maya") { $0.signing?.paper = paper }
            }
            #expect(problem?.field == field)
        }
        #expect(try office.store.read { try $0.logSize() } == size)
        let signedOn = CivilDate(year: 2026, month: 1, day: 6)
        try await office.must(.sign, "ada", via: .paper, through: "maya") {
            $0.signing?.paper = Paper(bytes: bytes, signedOn: signedOn)
        }
        try await office.must(.disclose, "maya")
        #expect(try await office.look("ben").contact != nil)
        let ada = try office.id("ada")
        let release = try #require(try office.service.state(of: ada).currentRelease(of: ada))
        #expect(release.expiresOn == signedOn?.adding(months: 12))
        #expect(try office.audit().findings == [])
    }

    @Test(
        "real-mphp.1: one file is the evidence of one signature: filed again for somebody else, or for another form, it is refused"
    )
    func sameBytes() async throws {
        let office = try await Office().staffed()
        for name in ["ada", "eve"] { try await office.go(to: "offered", name, with: name == "ada" ? "ben" : "cleo") }
        let paper = try await office.paper()
        try await office.must(.sign, "ada", via: .paper, through: "maya", key: "once") { $0.signing?.paper = paper }
        office.looksAtPapers = false
        let size = try office.store.read { try $0.logSize() }
        let problem = await #expect(throws: FieldProblem.self) {
            try await office.act(.sign, "eve", on: "eve", via: .paper, through: "maya") { $0.signing?.paper = paper }
        }
        #expect(problem?.field == "scan" && problem?.expected.contains("filed already") == true)
        await #expect(throws: FieldProblem.self) {
            try await office.service.acknowledge(
                Actor(.person(office.id("dan")), agent: office.id("maya"), channel: .paper), display: "Dan T.",
                paper: paper, key: nil)
        }
        #expect(try office.store.read { try $0.logSize() } == size)
        // A line that was carried out answers as it did.
        let again = try await office.act(.sign, "ada", via: .paper, through: "maya", key: "once") {
            $0.signing?.paper = paper
        }
        #expect(again.isReplay)
    }

    @Test(
        "real-mphp2.1: the scan comes back to the one who signed and to their coordinator, as it was filed; to nobody else"
    )
    func back() async throws {
        let office = try await Office().staffed()
        try await office.go(to: "offered")
        let heic = try Self.file(.heic)
        let paper = Paper(bytes: heic, signedOn: try await office.service.today())
        try await office.must(.sign, "ada", via: .paper, through: "maya") { $0.signing?.paper = paper }
        let ada = try office.id("ada")
        let release = try #require(try office.service.state(of: ada).currentRelease(of: ada)).id
        for name in ["ada", "maya"] {
            let scan = try await office.service(as: name).scan(of: release, signedBy: ada, asJPEG: false)
            #expect(scan.kind == .heic && scan.bytes == heic)
        }
        for name in ["ben", "omar", "eve"] {
            await #expect(throws: Refusal.notFound) {
                try await office.service(as: name).scan(of: release, signedBy: ada, asJPEG: false)
            }
        }
    }

    @Test(
        "real-mphp.2, MPHP-15: a sign-off is given on screen or on paper, with the paper; never by telephone, and never on a screen with a paper"
    )
    func signOff() async throws {
        let office = try await Office().staffed()
        let (dan, maya) = (try office.id("dan"), try office.id("maya"))
        let paper = try await office.paper()
        for (channel, agent, paper, field) in [
            (Channel.phone, maya, nil, "via"), (.phone, maya, paper, "via"), (.paper, maya, nil, "scan"),
            (.paper, maya, Paper(bytes: paper.bytes, signedOn: nil), "signedOn"),
            (.paper, maya, Paper(bytes: [7], signedOn: paper.signedOn), "scan"),
        ] as [(Channel, PersonID, Paper?, String)] {
            let problem = await #expect(throws: FieldProblem.self) {
                try await office.service.acknowledge(
                    Actor(.person(dan), agent: agent, channel: channel), display: "Dan T.", paper: paper, key: nil)
            }
            #expect(problem?.field == field)
        }
        let signed = try await office.service.acknowledge(
            Actor(.person(dan), agent: maya, channel: .paper), display: "Dan T.", paper: paper, key: nil)
        #expect(signed.waits && signed.records.isEmpty)
        let counted = try await office.lookedAt(signed, filedBy: "maya")
        #expect(counted.refusal == nil && counted.records.count == 1)
    }
}

/// A paper that one member of staff files counts once another has looked at it and reached the signer.
@Suite("Papers that wait")
struct WaitingPaperTests {
    private func office(_ program: String = "mphp") async throws -> Office {
        let office = try await Office(program: program).staffed()
        office.looksAtPapers = false
        return office
    }

    private func waiting(_ office: Office) async throws -> PendingAct {
        try #require(try await office.service(as: "omar").pendingActs().last?.act)
    }

    /// The rows of the vault that hold a paper which waits.
    private func rows(_ office: Office, _ act: PendingAct) throws -> [Bool] {
        try office.host.core.reader.read { snapshot in
            try ["", "/scan"].map {
                try snapshot.sealed(.identity(act.person), WaitingPapers.field(act) + $0) != nil
            }
        }
    }

    @Test(
        "R4, DER-19: a release that one coordinator files on paper is recorded by nobody's hand alone: another looks at the scan beside the form, reaches the signer, and then it is signed, with both hands in its evidence"
    )
    func twoHands() async throws {
        let office = try await office()
        try await office.go(to: "offered")
        let (ada, maya, omar) = (try office.id("ada"), try office.id("maya"), try office.id("omar"))
        let paper = try await office.paper()
        let before = try office.audit().recordCount
        let filed = try await office.act(.sign, "ada", via: .paper, through: "maya") { $0.signing?.paper = paper }
        #expect(filed.waits && filed.release == nil && filed.rescindCode == nil)
        #expect(try office.audit().recordCount == before, "nothing is recorded")
        #expect(try await office.act(.disclose, "maya").refused != nil)
        let act = try await waiting(office)
        #expect(act.kind == .paper && act.by == maya && act.person == ada)
        let (first, second) = (try office.service(as: "maya"), try office.service(as: "omar"))
        let seen = try await second.paper(toConfirm: act.id, by: omar)
        #expect(seen.name == "Ada Fairweather" && seen.filedBy == "Maya Lindqvist" && seen.signedOn == paper.signedOn)
        #expect(seen.texts.count == 1 && seen.texts[0].contains("I, Ada Fairweather, permit"))
        #expect(seen.values.map(\.text) == ["Ada", "+13125550142"])
        #expect(try await second.scan(toConfirm: act.id, asJPEG: false, by: omar).bytes == paper.bytes)
        for (service, reader) in [(first, maya), (try office.service(as: "ada"), ada)] {
            await #expect(throws: Refusal.notFound) { try await service.paper(toConfirm: act.id, by: reader) }
            await #expect(throws: Refusal.notFound) {
                try await service.scan(toConfirm: act.id, asJPEG: false, by: reader)
            }
        }
        #expect(
            try await first.answerSecondHand(act.id, isConfirmed: true, reached: .face, by: maya, key: nil).refused
                == .needsSecondHand)
        await #expect(throws: FieldProblem.self, "by which way?") {
            try await second.answerSecondHand(act.id, isConfirmed: true, by: omar, key: nil)
        }
        try office.time("2026-01-06T10:00")
        let done = try await second.answerSecondHand(act.id, isConfirmed: true, reached: .face, by: omar, key: nil)
        #expect(done.refusal == nil && done.state == "signed" && done.rescindCode != nil)
        let signature = try office.host.core.reader.read { snapshot in
            let loaded = try snapshot.cases.load(ada, workflow: "mentorship")
            return try loaded.state.currentRelease.flatMap { try snapshot.cases.document(of: $0) }?.signature
        }
        let (filedOn, confirmedOn) = (CivilDate(parsing: "2026-01-05"), CivilDate(parsing: "2026-01-06"))
        #expect(
            try signature?.provenance
                == .init(
                    issuedBy: [maya], issuedOn: #require(filedOn), confirmedBy: omar, confirmedOn: confirmedOn))
        #expect(
            try await office.service.scan(of: #require(done.release), signedBy: ada, asJPEG: false).bytes == paper.bytes
        )
        #expect(try rows(office, act) == [false, false], "no second copy is left")
        #expect(
            try await second.answerSecondHand(act.id, isConfirmed: true, reached: .face, by: omar, key: nil).refused
                == .notFound)
        try await office.must(.disclose, "maya")
        #expect(try await office.look("ben").contact?.firstName.text == "Ada")
        #expect(try office.audit().isVerified)
    }

    @Test(
        "R4: a paper that its signer did not sign is taken away with its scan, and nothing was recorded; the right one is filed after it, and one filed again takes the place of the first"
    )
    func refused() async throws {
        let office = try await office()
        try await office.go(to: "offered")
        let omar = try office.id("omar")
        try await office.must(.sign, "ada", via: .paper, through: "maya")
        let forged = try await waiting(office)
        let second = try office.service(as: "omar")
        #expect(try await second.answerSecondHand(forged.id, isConfirmed: false, by: omar, key: nil).state == "refused")
        #expect(try await second.pendingActs().isEmpty && rows(office, forged) == [false, false])
        #expect(try office.audit().recordCount == 4, "genesis and three agreements")
        try await office.must(.sign, "ada", via: .paper, through: "maya")
        let first = try await waiting(office)
        try await office.must(.sign, "ada", via: .paper, through: "maya")
        #expect(try await second.pendingActs().count == 1 && rows(office, first) == [false, false])
        let act = try await waiting(office)
        #expect(
            try await second.answerSecondHand(act.id, isConfirmed: true, reached: .number, by: omar, key: nil).state
                == "signed")
    }

    @Test(
        "R4, R3: a correction on paper changes no card before a second person has looked: the number that was typed is before them; what is over by then is recorded by nobody"
    )
    func correction() async throws {
        let office = try await office()
        try await office.go(to: "introduced")
        let omar = try office.id("omar")
        let second = try office.service(as: "omar")
        try await office.must(.correct, "ada", via: .paper, through: "maya") {
            $0.corrections.phone = "312-555-0177"
        }
        #expect(try await office.look("ben").contact?.phone.e164 == "+13125550142")
        let act = try await waiting(office)
        let seen = try await second.paper(toConfirm: act.id, by: omar)
        #expect(seen.values.map(\.text) == ["Ada", "312-555-0177"])
        #expect(
            try await second.answerSecondHand(act.id, isConfirmed: true, reached: .face, by: omar, key: nil).refusal
                == nil)
        #expect(try await office.look("ben").contact?.phone.e164 == "+13125550177")
        // Whoever filed it entered the number, and is not trusted to be reached by it; a number that Ada signs is hers.
        let ada = try office.id("ada")
        #expect(try await office.service.identity(of: ada)?.numberEntered?.by == office.id("maya"))
        try await office.must(.correct, "ada") { $0.corrections.phone = "312-555-0178" }
        #expect(try await office.service.identity(of: ada)?.numberEntered?.by == ada)
        try await office.go(to: "offered", "eve", with: "cleo")
        try await office.must(.sign, "eve", on: "eve", via: .paper, through: "maya")
        let late = try await waiting(office)
        try await office.must(.decline, "eve", on: "eve")
        await #expect(throws: Refusal.notFound) { try await second.paper(toConfirm: late.id, by: omar) }
        #expect(
            try await second.answerSecondHand(late.id, isConfirmed: true, reached: .face, by: omar, key: nil).refused
                == .notFound)
        #expect(try office.audit().isVerified)
    }

    @Test(
        "R4: where a signature itself opens the cards, a paper that one coordinator filed opens none; agreements on paper make nobody ready before a second person has looked"
    )
    func opens() async throws {
        let office = try await Office(program: "structured")
        office.looksAtPapers = false
        for (name, phone) in [("maya", "312-555-0100"), ("omar", "312-555-0101")] {
            try await office.add(
                name, "\(name.capitalized) Staff", "Staff", first: name.capitalized, phone: phone,
                roles: [.coordinator])
        }
        let (maya, omar) = (try office.id("maya"), try office.id("omar"))
        let gus = try await office.add(
            "gus", "Gus Adler", "Adler", first: "Gus", phone: "312-555-0148", roles: [.mentor], coordinator: "maya")
        _ = try await office.service.enroll(
            gus, attestation: Attestation(attributes: [.member, .trained], fields: ["nurse"]),
            capacity: 1, by: maya, key: nil)
        let filed = try await office.service.acknowledge(
            Actor(.person(gus), agent: maya, channel: .paper), display: "Gus A.", paper: office.paper(), key: nil)
        #expect(filed.waits)
        #expect(try await office.service.enrollment(of: gus, as: .mentor)?.isReady == false)
        let sheet = try await waiting(office)
        let seen = try await office.service(as: "omar").paper(toConfirm: sheet.id, by: omar)
        #expect(seen.display == "Gus A.", "the name that the filer typed is compared with the paper")
        #expect(seen.texts == (try office.service.policy.policy.agreements(of: .mentor).map(\.fullText)))
        _ = try await office.service(as: "omar").answerSecondHand(
            sheet.id, isConfirmed: true, reached: .elsewhere, by: omar, key: nil)
        #expect(try await office.service.enrollment(of: gus, as: .mentor)?.isReady == true)
        #expect(try office.audit().isVerified)
    }

    @Test(
        "R4, DER-18: whoever is one of the two confirms no paper of their own case, and sees none; what is declined leaves no paper; papers of two kinds wait beside each other"
    )
    func parties() async throws {
        let office = try await office()
        let maya = try office.id("maya")
        let mel = try await office.add(
            "mel", "Melanie Roth", "Roth", first: "Mel", phone: "312-555-0149", roles: [.mentor, .coordinator],
            coordinator: "maya")
        _ = try await office.service.enroll(
            mel, attestation: Attestation(attributes: [.inStanding], fields: ["nurse"]), capacity: 1, by: maya,
            key: nil)
        _ = try await office.service.acknowledge(
            Actor(.person(mel), channel: .screen), display: "Mel R.", key: nil)
        try await office.go(to: "offered", with: "mel")
        try await office.must(.sign, "ada", via: .paper, through: "maya")
        let act = try await waiting(office)
        let own = try office.service(as: "mel")
        await #expect(throws: Refusal.notFound) { try await own.paper(toConfirm: act.id, by: mel) }
        #expect(
            try await own.answerSecondHand(act.id, isConfirmed: true, reached: .face, by: mel, key: nil).refused
                == .needsSecondHand)
        let sheet = try await office.service.acknowledge(
            Actor(.person(try office.id("dan")), agent: maya, channel: .paper), display: "Dan T.",
            paper: office.paper(), key: nil)
        #expect(sheet.waits)
        #expect(try await office.service(as: "omar").pendingActs().count == 2)
        try await office.must(.decline, "ada")
        #expect(try await office.service(as: "omar").pendingActs().map(\.act.person) == [office.id("dan")])
        #expect(try rows(office, act) == [false, false])
    }

    @Test("R4: a paper that waits goes with its signer, and none is found by whoever has no part in confirming")
    func erased() async throws {
        let office = try await office()
        try await office.go(to: "offered")
        try await office.must(.sign, "ada", via: .paper, through: "maya")
        let act = try await waiting(office)
        #expect(try rows(office, act) == [true, true])
        await #expect(throws: Refusal.notFound) { try await office.service(as: "ben").pendingActs() }
        try await office.must(.decline, "ada")
        #expect(try await office.service.erase(office.id("ada"), key: nil).refusal == nil)
        #expect(try await office.service(as: "omar").pendingActs().isEmpty)
        #expect(try rows(office, act) == [false, false])
    }
}
