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
        #expect(signed.refusal == nil && signed.records.count == 1)
    }
}
