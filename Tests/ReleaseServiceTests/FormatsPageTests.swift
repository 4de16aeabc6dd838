import Cryptography
import Foundation
import ReleaseLedger
import ReleaseWorkflow
import Testing
import TransparencyLog

@testable import ReleaseService

/// The worked bytes of docs/formats.md, which a program of somebody else's made.
@Suite("The page of formats")
struct FormatsPageTests {
    private let page: String

    init() throws {
        page = try String(contentsOf: repository.appendingPathComponent("docs/formats.md"), encoding: .utf8)
    }

    /// The code block under a mark, as the bytes of a file.
    private func example(_ name: String) throws -> [UInt8] {
        let after = try #require(page.components(separatedBy: "<!-- example: \(name) -->\n```\n").dropFirst().first)
        return Array(try #require(after.components(separatedBy: "```\n").first).utf8)
    }

    private func key(_ name: String, kind: NoteKey.Kind = .text, seed: UInt8) throws -> NoteSigner {
        try NoteSigner(name: name, kind: kind, key: SigningKey(seed: [UInt8](repeating: seed, count: 32)))
    }

    @Test(
        "every note, head, cosignature, proof, request and hash on the page verifies, and is what this code makes of the same keys"
    )
    func workedBytes() throws {
        let origin = "example.org/mphp"
        let (record, log) = (try key("\(origin)/record", seed: 1), try key(origin, seed: 2))
        let (recovery, witness) = (
            try key("\(origin)/recovery", seed: 3), try key("auditor.example.net/cora", kind: .cosignature, seed: 4)
        )
        for signer in [record, log, recovery, witness] { #expect(page.contains("\n\(signer.key.text)\n")) }

        let genesis = try example("genesis")
        let note = try SignedNote(parsing: genesis)
        #expect(note.bytes == genesis)
        #expect(try record.sign(note.text).bytes == genesis)
        let statement = try Record(parsing: note.text, origin: origin)
        #expect(statement.type == .genesis && statement.text == note.text)
        #expect(page.contains("`\(Hex.format(SHA256.hash(genesis)))`"))

        var tree = MerkleTree()
        _ = tree.append(.leaf(genesis))
        let head = Checkpoint(origin: origin, size: 1, root: tree.root)
        let checkpoint = try SignedNote(parsing: example("checkpoint"))
        #expect(try Checkpoint(verifying: checkpoint, by: log.key) == head)
        #expect(try log.sign(head.text) == checkpoint)
        let cosigned = try SignedNote(parsing: example("cosigned"))
        #expect(try cosigned.cosignatureTime(by: witness.key) == 1_790_000_000)
        #expect(try checkpoint.cosigned(by: witness, atSeconds: 1_790_000_000) == cosigned)

        let rotation = try example("rotation")
        let next = try key("\(origin)/record", seed: 5)
        try SignedNote(parsing: rotation).verify(byEach: [record.key, next.key])
        let proof = try EntryProof(parsing: example("proof"))
        #expect(try proof.verify(entry: rotation, by: log.key).size == 2)
        let request = try WitnessRequest(parsing: example("request"))
        let second = try Checkpoint(verifying: request.checkpoint, by: log.key)
        #expect(LogProof.isConsistency(request.proof, from: request.oldSize, head.root, to: second.size, second.root))
        #expect(page.contains(EntryBundle.format([genesis]).prefix(16).map { Hex.format([$0]) }.joined(separator: " ")))
        #expect(page.contains("\(genesis.count) bytes"))
        #expect(try page.contains(Commitment("fields.phone", "+13125550142", key: Array(0..<32)).base64))

        // The two records are a log that keeps every rule.
        var audit = LogAudit(origin: origin)
        for entry in [genesis, rotation] { audit.add(entry) }
        #expect(audit.finish(head: request.checkpoint.bytes).findings == [])
    }

    @Test("every type of record and every statement of its members on the page is one that the code knows")
    func members() throws {
        for type in RecordType.allCases {
            let row = try #require(page.components(separatedBy: "\n").first { $0.hasPrefix("| `\(type.rawValue)` |") })
            for member in Record.memberNames(of: type) where !["at", "policy", "v"].contains(member) {
                #expect(row.contains("`\(member)`"), "\(type.rawValue).\(member)")
            }
        }
    }
}
