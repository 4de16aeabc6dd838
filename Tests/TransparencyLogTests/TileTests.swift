import Cryptography
import Foundation
import Testing
import TransparencyLog

/// Tiles in memory, made from entries by the definition: no code of the writer's.
private final class MemoryTiles: TileSource, @unchecked Sendable {
    var files: [String: [UInt8]] = [:]
    let size: Int
    let root: TreeHash

    init(_ entries: [[UInt8]]) {
        size = entries.count
        root = Self.root(entries[...])
        for tile in TilePath.tiles(of: size) {
            let first = tile.number * 256
            switch tile.content {
            case .entries: files[tile.text] = EntryBundle.format(entries[first..<first + tile.width])
            case .hashes(let level):
                let span = level == 0 ? 1 : level == 1 ? 256 : 65_536
                files[tile.text] = (first..<first + tile.width).flatMap {
                    Self.root(entries[$0 * span..<($0 + 1) * span]).bytes
                }
            }
        }
    }

    func bytes(of tile: TilePath) throws -> [UInt8] {
        guard let bytes = files[tile.text] else { throw LogError.missingTile(tile.text) }
        return bytes
    }

    /// RFC 6962 §2.1 as it stands.
    static func root(_ entries: ArraySlice<[UInt8]>) -> TreeHash {
        if entries.count == 1, let only = entries.first { return .leaf(only) }
        var split = 1
        while split * 2 < entries.count { split *= 2 }
        let middle = entries.startIndex + split
        return .node(root(entries[entries.startIndex..<middle]), root(entries[middle...]))
    }
}

@Suite("Tiles")
struct TileTests {
    @Test("paths are those of c2sp.org/tlog-tiles, read back as printed, and nothing else is one")
    func paths() {
        for (tile, text) in [
            (TilePath(.hashes(level: 0), number: 1_234_067), "tile/0/x001/x234/067"),
            (TilePath(.hashes(level: 2), number: 5, width: 6), "tile/2/005.p/6"),
            (TilePath(.entries, number: 0), "tile/entries/000"),
            (TilePath(.entries, number: 999, width: 255), "tile/entries/999.p/255"),
            (TilePath(.entries, number: 1000), "tile/entries/x001/000"),
        ] {
            #expect(tile.text == text)
            #expect(TilePath(parsing: text) == tile)
        }
        for text in [
            "", "tile", "tile/0", "tile/0/1", "tile/0/0001", "tile/00/001", "tile/8/001", "tile/-1/001", "tile/0/x001",
            "tile/0/001/002",
            "tile/0/x000/001", "tile/0/001.p/0", "tile/0/001.p/256", "tile/0/001.p/01", "tile/0/001.p/x",
            "tile/entries/../001",
            "tile/0/x001/x234/067/", "/tile/0/001", "tile/0/+01",
        ] { #expect(TilePath(parsing: text) == nil, "\(text)") }
    }

    @Test("the tiles of a size are those the specification counts, and of a growth those that are new or wider")
    func counts() {
        #expect(TilePath.tiles(of: 0).isEmpty)
        #expect(TilePath.tiles(of: 1).map(\.text) == ["tile/entries/000.p/1", "tile/0/000.p/1"])
        #expect(TilePath.tiles(of: 256).map(\.text) == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"])
        // The example of the specification: 70,000 entries are 273 full tiles and one of 112, one full tile of level 1 and one of 17, one of level 2.
        let tiles = TilePath.tiles(of: 70_000)
        #expect(tiles.filter { $0.content == .hashes(level: 0) }.count == 274)
        #expect(tiles.suffix(3).map(\.text) == ["tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"])
        #expect(tiles.contains { $0.text == "tile/0/273.p/112" })
        #expect(TilePath.tiles(of: 300, beyond: 299).map(\.text) == ["tile/entries/001.p/44", "tile/0/001.p/44"])
        #expect(TilePath.tiles(of: 300, beyond: 300).isEmpty)
    }

    @Test(
        "hashes and entries read from tiles are those of the tree, at every place, and what is missing or cut is named",
        arguments: [1, 5, 255, 256, 257, 700])
    func reading(size: Int) throws {
        let entries = (0..<size).map { Array("entry \($0)".utf8) }
        let tiles = MemoryTiles(entries)
        let reader = TileReader(tiles, size: size)
        for index in entries.indices { #expect(try reader.entry(index) == entries[index]) }
        for level in 0..<10 {
            for index in 0..<(size >> level) {
                let expected = MemoryTiles.root(entries[index << level..<(index + 1) << level])
                #expect(try reader.node(at: NodePosition(level: level, index: index)) == expected)
            }
            #expect(throws: LogError.self) { try reader.node(at: NodePosition(level: level, index: size >> level)) }
        }
        #expect(try MerkleTree(size: size, reader: reader).root == tiles.root)
        for index in stride(from: 0, to: size, by: 97) {
            let proof = try LogProof.proveInclusion(of: index, in: size, reader: reader)
            #expect(LogProof.isInclusion(proof, of: .leaf(entries[index]), at: index, in: size, root: tiles.root))
        }
        #expect(throws: LogError.outOfRange) { try reader.entry(size) }
        #expect(throws: LogError.outOfRange) { try reader.entry(-1) }
        let name = TilePath.entries(holding: 0, in: size).text
        tiles.files[name] = nil
        #expect(throws: LogError.missingTile(name)) { try TileReader(tiles, size: size).entry(0) }
    }

    @Test("re-hashing finds every leaf where it lies, and the root of a full bundle is the tree's")
    func rehash() throws {
        let entries = (0..<256).map { Array(String(repeating: "x", count: $0).utf8) }
        var bytes = EntryBundle.format(entries)
        let path = TilePath(.entries, number: 0)
        let bundle = try LogRehash.hash(&bytes, of: path)
        #expect(bundle.leaves == entries.flatMap { TreeHash.leaf($0).bytes })
        #expect(bundle.root == MemoryTiles.root(entries[...]))
        #expect(bundle.root == LogRehash.root(of: bundle.leaves))
        var part = EntryBundle.format(entries.prefix(7))
        let partial = try LogRehash.hash(&part, of: TilePath(.entries, number: 0, width: 7))
        #expect(partial.root == nil && partial.leaves == Array(bundle.leaves.prefix(7 * 32)))
        #expect(LogRehash.firstDifference([1, 2], [1, 2]) == nil)
        var other = bundle.leaves
        other[33] ^= 1
        #expect(LogRehash.firstDifference(bundle.leaves, other) == 1)
        #expect(LogRehash.firstDifference(bundle.leaves, Array(bundle.leaves.dropLast(40))) == 254)
    }

    @Test("every bundle that is cut, stretched or miscounted is refused, whatever its bytes")
    func hostileBundles() throws {
        let path = TilePath(.entries, number: 3, width: 4)
        let good = EntryBundle.format([[1], [], [2, 3], [4]])
        #expect(try EntryBundle.ranges(in: good, of: path).count == 4)
        for count in 0..<good.count {
            #expect(throws: LogError.self) { try EntryBundle.ranges(in: Array(good.prefix(count)), of: path) }
        }
        for extra in [[UInt8(0)], [0, 0], [0xFF, 0xFF], [0, 1]] {
            #expect(throws: LogError.self) { try EntryBundle.ranges(in: good + extra, of: path) }
        }
        var seed: UInt64 = 3
        for _ in 0..<2000 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let bytes = (0..<Int(seed >> 58)).map { UInt8(truncatingIfNeeded: (seed >> 20) &* UInt64($0 + 1) >> 3) }
            // Never a crash, and what is accepted covers every byte.
            if let ranges = try? EntryBundle.ranges(in: bytes, of: path) {
                #expect(ranges.reduce(0) { $0 + $1.count + 2 } == bytes.count)
            }
        }
    }

    @Test("a tree grown by whole subtrees is the tree grown entry by entry")
    func subtrees() throws {
        let entries = (0..<1000).map { Array("entry \($0)".utf8) }
        var one = MerkleTree()
        for entry in entries { _ = one.append(.leaf(entry)) }
        var other = MerkleTree()
        for number in 0..<3 {
            other.appendSubtree(MemoryTiles.root(entries[number * 256..<(number + 1) * 256]), level: 8)
        }
        for entry in entries[768...] { other.appendSubtree(.leaf(entry), level: 0) }
        #expect(one == other && one.root == MemoryTiles.root(entries[...]))
    }
}

@Suite("Witnesses")
struct WitnessTests {
    private let log: NoteSigner
    private let anna: NoteSigner
    private let bert: NoteSigner

    init() throws {
        log = try NoteSigner(name: "example.org/mphp", key: .generate())
        anna = try NoteSigner(name: "example.net/anna", kind: .cosignature, key: .generate())
        bert = try NoteSigner(name: "example.net/bert", kind: .cosignature, key: .generate())
    }

    private func head(_ size: Int) throws -> SignedNote {
        try log.sign(Checkpoint(origin: "example.org/mphp", size: size, root: .leaf([UInt8(size)])).text)
    }

    @Test("a cosignature states its time, no flipped bit of it survives, and no key signs for the other kind")
    func cosignature() throws {
        let cosigned = try head(3).cosigned(by: anna, atSeconds: 1_790_000_000)
        #expect(try cosigned.cosignatureTime(by: anna.key) == 1_790_000_000)
        try cosigned.verify(by: log.key)
        #expect(throws: LogError.badSignature) { try cosigned.cosignatureTime(by: bert.key) }
        #expect(throws: LogError.badSignature) { try cosigned.cosignatureTime(by: log.key) }
        #expect(throws: LogError.badSignature) { try cosigned.verify(by: anna.key) }
        let bytes = cosigned.bytes
        for bit in 0..<(bytes.count * 8) {
            var altered = bytes
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: LogError.self, "bit \(bit)") {
                let note = try SignedNote(parsing: altered)
                _ = try note.cosignatureTime(by: anna.key)
                try note.verify(by: log.key)
            }
        }
        let twice = try cosigned.cosigned(by: anna, atSeconds: 1_790_000_001)
        #expect(throws: LogError.badSignature) { try twice.cosignatureTime(by: anna.key) }
        #expect(try NoteKey(parsing: anna.key.text) == anna.key)
        #expect(anna.key.text.contains("+") && anna.key.kind == .cosignature)
    }

    @Test("a hand-over is signed by each key once and by nobody else")
    func handOver() throws {
        let next = try NoteSigner(name: "example.org/mphp", key: .generate())
        let note = try log.sign("text\n").signed(by: next)
        try note.verify(byEach: [log.key, next.key])
        try note.verify(byEach: [next.key, log.key])
        for keys in [[log.key], [next.key], [log.key, log.key], [log.key, next.key, anna.key], []] {
            #expect(throws: LogError.badSignature) { try note.verify(byEach: keys) }
        }
        #expect(throws: LogError.badSignature) { try note.verify(by: log.key) }
        #expect(throws: LogError.badSignature) { try note.signed(by: next).verify(byEach: [log.key, next.key]) }
    }

    @Test("a witness request is read back as it was written, and nothing that is not one is read")
    func request() throws {
        let request = WitnessRequest(oldSize: 2, proof: [.leaf([1]), .leaf([2])], checkpoint: try head(3))
        #expect(try WitnessRequest(parsing: request.bytes) == request)
        let text = String(decoding: request.bytes, as: UTF8.self)
        for broken in [
            "", "old 2\n", text.replacingOccurrences(of: "old 2", with: "old 02"),
            text.replacingOccurrences(of: "old 2", with: "old -1"),
            text.replacingOccurrences(of: "old 2", with: "new 2"), text.replacingOccurrences(of: "=\n", with: "\n"),
            "old 2\n" + String(repeating: TreeHash.empty.base64 + "\n", count: 64) + "\n"
                + String(decoding: try head(3).bytes, as: UTF8.self),
        ] { #expect(throws: LogError.self, "\(broken)") { try WitnessRequest(parsing: Array(broken.utf8)) } }
    }

    @Test("a trust policy counts witnesses as c2sp.org/tlog-policy says: any, all, a number, groups of groups, none")
    func trustPolicy() throws {
        let (one, both) = (
            try head(3).cosigned(by: anna, atSeconds: 1),
            try head(3).cosigned(by: anna, atSeconds: 1).cosigned(by: bert, atSeconds: 2)
        )
        let base =
            "# whom I trust\nlog \(log.key.text)\nwitness anna \(anna.key.text)\nwitness bert \(bert.key.text) https://example.net\n"
        for (lines, none, some, all) in [
            ("quorum none", true, true, true), ("quorum anna", false, true, true), ("quorum bert", false, false, true),
            ("group g any anna bert\nquorum g", false, true, true),
            ("group g all anna bert\nquorum g", false, false, true),
            ("group g 2 anna bert\nquorum g", false, false, true),
            ("group g 1 anna\ngroup h all g bert\nquorum h", false, false, true),
        ] {
            let policy = try TrustPolicy(parsing: base + lines + "\n")
            #expect(try policy.isQuorum(head(3)) == none, "\(lines)")
            #expect(try policy.isQuorum(one) == some, "\(lines)")
            #expect(try policy.isQuorum(both) == all, "\(lines)")
        }
        let policy = try TrustPolicy(parsing: base + "quorum anna\n")
        let forged = String(decoding: one.bytes, as: UTF8.self).replacingOccurrences(of: "\n3\n", with: "\n4\n")
        #expect(throws: LogError.badSignature) { try policy.isQuorum(SignedNote(parsing: Array(forged.utf8))) }
        for (text, line) in [
            ("", 1), ("quorum none\n", 2), (base, 5), (base + "quorum none\nquorum none\n", 6),
            (base + "quorum nobody\n", 5),
            (base + "group g 3 anna bert\nquorum g\n", 5), (base + "group g any nobody\nquorum g\n", 5),
            (base + "group g any anna anna\nquorum g\n", 5), (base + "group anna any bert\nquorum anna\n", 5),
            (base + "group g any anna\ngroup h any anna\nquorum h\n", 6),
            (base + "witness cora \(anna.key.text)\nquorum none\n", 5),
            (base + "witness none \(log.key.text)\nquorum none\n", 5), ("log \(anna.key.text)\nquorum none\n", 1),
            ("allow x\n", 1),
        ] {
            do {
                _ = try TrustPolicy(parsing: text)
                Issue.record("accepted: \(text)")
            } catch let problem as TrustPolicy.Problem { #expect(problem.line == line, "\(text): \(problem)") }
        }
    }
}
