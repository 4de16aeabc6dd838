import Cryptography
import Foundation
import Testing
import TransparencyLog

/// A log in memory whose nodes are all stored.
private struct MemoryLog: NodeReader {
    var tree = MerkleTree()
    var nodes: [NodePosition: TreeHash] = [:]
    var roots: [TreeHash] = [.empty]

    init(_ entries: [[UInt8]]) {
        for entry in entries {
            for (position, hash) in tree.append(.leaf(entry)) { nodes[position] = hash }
            roots.append(tree.root)
        }
    }

    func node(at position: NodePosition) throws -> TreeHash {
        guard let hash = nodes[position] else {
            throw LogError.missingNode(level: position.level, index: position.index)
        }
        return hash
    }
}

/// RFC 6962 §2.1 written down as it stands, for checking the incremental tree against something that shares nothing with it.
private func definition(_ entries: ArraySlice<[UInt8]>) -> TreeHash {
    if entries.isEmpty { return .empty }
    if entries.count == 1, let only = entries.first { return .leaf(only) }
    var split = 1
    while split * 2 < entries.count { split *= 2 }
    let middle = entries.startIndex + split
    return .node(definition(entries[entries.startIndex..<middle]), definition(entries[middle...]))
}

@Suite("Merkle tree")
struct MerkleTreeTests {
    private let entries = (0..<70).map { Array("entry \($0)".utf8) }

    @Test("the incremental root is the one RFC 6962 defines, at every size")
    func roots() {
        let log = MemoryLog(entries)
        for size in 0...entries.count { #expect(log.roots[size] == definition(entries[..<size])) }
    }

    @Test("a tree taken up from stored hashes goes on as if it had never stopped")
    func resume() throws {
        let log = MemoryLog(entries)
        for size in 0...entries.count {
            var tree = try MerkleTree(size: size, reader: log)
            #expect(tree.root == log.roots[size])
            for entry in entries[size...] { _ = tree.append(.leaf(entry)) }
            #expect(tree.root == log.tree.root)
        }
    }

    @Test("every inclusion proof holds, and holds for no other place, size, leaf or root")
    func inclusion() throws {
        let log = MemoryLog(Array(entries.prefix(33)))
        for size in 1...33 {
            for index in 0..<size {
                let proof = try LogProof.proveInclusion(of: index, in: size, reader: log)
                let leaf = TreeHash.leaf(entries[index])
                #expect(LogProof.isInclusion(proof, of: leaf, at: index, in: size, root: log.roots[size]))
                #expect(!LogProof.isInclusion(proof, of: .leaf([9]), at: index, in: size, root: log.roots[size]))
                #expect(!LogProof.isInclusion(proof, of: leaf, at: index, in: size, root: .leaf([9])))
                if size > 1 {
                    #expect(
                        !LogProof.isInclusion(proof, of: leaf, at: (index + 1) % size, in: size, root: log.roots[size]))
                }
                #expect(!LogProof.isInclusion(proof + [leaf], of: leaf, at: index, in: size, root: log.roots[size]))
            }
        }
        #expect(throws: LogError.outOfRange) { try LogProof.proveInclusion(of: 33, in: 33, reader: log) }
        #expect(throws: LogError.outOfRange) { try LogProof.proveInclusion(of: -1, in: 33, reader: log) }
    }

    @Test("every consistency proof holds, and no other pair of heads does")
    func consistency() throws {
        let log = MemoryLog(Array(entries.prefix(33)))
        for new in 0...33 {
            for old in 0...new {
                let proof = try LogProof.proveConsistency(from: old, to: new, reader: log)
                #expect(LogProof.isConsistency(proof, from: old, log.roots[old], to: new, log.roots[new]))
                if old > 0, old < new {
                    #expect(!LogProof.isConsistency(proof, from: old, .leaf([9]), to: new, log.roots[new]))
                    #expect(!LogProof.isConsistency(proof, from: old, log.roots[old], to: new, .leaf([9])))
                }
            }
        }
    }
}

@Suite("Published Merkle vectors")
struct MerkleVectorTests {
    private struct Inclusion: Decodable {
        let leafIdx: UInt64
        let treeSize: UInt64
        let root: String
        let leafHash: String
        let proof: [String]?
        let wantErr: Bool
    }
    private struct Consistency: Decodable {
        let size1: UInt64
        let size2: UInt64
        let root1: String
        let root2: String
        let proof: [String]?
        let wantErr: Bool
    }

    private func files(_ kind: String) throws -> [URL] {
        let root = try #require(Bundle.module.resourceURL).appendingPathComponent("Vectors/merkle/\(kind)")
        let walker = try #require(FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil))
        return walker.compactMap { $0 as? URL }.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }
    }

    private func hashes(_ texts: [String]?) -> [TreeHash]? {
        let parsed = (texts ?? []).map { TreeHash(base64: $0) }
        return parsed.contains(nil) ? nil : parsed.compactMap { $0 }
    }

    @Test("every inclusion proof of transparency-dev gets its verdict")
    func inclusion() throws {
        let files = try files("inclusion")
        #expect(files.count > 60)
        for file in files {
            let vector = try JSONDecoder().decode(Inclusion.self, from: Data(contentsOf: file))
            var accepted = false
            if let proof = hashes(vector.proof), let leaf = TreeHash(base64: vector.leafHash),
                let root = TreeHash(base64: vector.root),
                let index = Int(exactly: vector.leafIdx), let size = Int(exactly: vector.treeSize)
            {
                accepted = LogProof.isInclusion(proof, of: leaf, at: index, in: size, root: root)
            }
            #expect(accepted != vector.wantErr, "\(file.lastPathComponent)")
        }
    }

    @Test("every consistency proof of transparency-dev gets its verdict")
    func consistency() throws {
        let files = try files("consistency")
        #expect(files.count > 60)
        for file in files {
            let vector = try JSONDecoder().decode(Consistency.self, from: Data(contentsOf: file))
            var accepted = false
            if let proof = hashes(vector.proof), let old = TreeHash(base64: vector.root1),
                let new = TreeHash(base64: vector.root2),
                let oldSize = Int(exactly: vector.size1), let newSize = Int(exactly: vector.size2)
            {
                accepted = LogProof.isConsistency(proof, from: oldSize, old, to: newSize, new)
            }
            // One vector takes roots that are no hashes, to show that they are not looked at; here such a root does not parse.
            let isHashless = file.lastPathComponent == "sizes-are-equal-one-and-proof-is-empty.json"
            #expect(accepted != (vector.wantErr || isHashless), "\(file.path.split(separator: "/").suffix(2))")
        }
    }
}

extension MerkleVectorTests {
    @Test(
        "of every proof of transparency-dev that holds, each single-bit change of a hash, a root or the leaf is rejected"
    )
    func everyBit() throws {
        func changes(_ hash: TreeHash) -> [TreeHash] {
            (0..<256).compactMap { bit in
                var bytes = hash.bytes
                bytes[bit / 8] ^= 1 << (bit % 8)
                return TreeHash(bytes: bytes)
            }
        }
        var count = 0
        for file in try files("inclusion") {
            let vector = try JSONDecoder().decode(Inclusion.self, from: Data(contentsOf: file))
            guard !vector.wantErr, let proof = hashes(vector.proof), let leaf = TreeHash(base64: vector.leafHash),
                let root = TreeHash(base64: vector.root), let index = Int(exactly: vector.leafIdx),
                let size = Int(exactly: vector.treeSize)
            else { continue }
            func isHeld(_ proof: [TreeHash], _ leaf: TreeHash, _ root: TreeHash) -> Bool {
                LogProof.isInclusion(proof, of: leaf, at: index, in: size, root: root)
            }
            #expect(isHeld(proof, leaf, root))
            #expect(changes(leaf).allSatisfy { !isHeld(proof, $0, root) }, "\(file.lastPathComponent)")
            #expect(changes(root).allSatisfy { !isHeld(proof, leaf, $0) }, "\(file.lastPathComponent)")
            for place in proof.indices {
                let wrong = changes(proof[place]).map { Array(proof[..<place]) + [$0] + proof[(place + 1)...] }
                #expect(wrong.allSatisfy { !isHeld($0, leaf, root) }, "\(file.lastPathComponent) hash \(place)")
                count += 1
            }
        }
        for file in try files("consistency") {
            let vector = try JSONDecoder().decode(Consistency.self, from: Data(contentsOf: file))
            guard !vector.wantErr, let proof = hashes(vector.proof), let old = TreeHash(base64: vector.root1),
                let new = TreeHash(base64: vector.root2), let oldSize = Int(exactly: vector.size1),
                let newSize = Int(exactly: vector.size2)
            else { continue }
            func isHeld(_ proof: [TreeHash], _ old: TreeHash, _ new: TreeHash) -> Bool {
                LogProof.isConsistency(proof, from: oldSize, old, to: newSize, new)
            }
            #expect(isHeld(proof, old, new))
            if oldSize == 0 { continue }
            #expect(changes(old).allSatisfy { !isHeld(proof, $0, new) }, "\(file.lastPathComponent)")
            #expect(changes(new).allSatisfy { !isHeld(proof, old, $0) }, "\(file.lastPathComponent)")
            for place in proof.indices {
                let wrong = changes(proof[place]).map { Array(proof[..<place]) + [$0] + proof[(place + 1)...] }
                #expect(wrong.allSatisfy { !isHeld($0, old, new) }, "\(file.lastPathComponent) hash \(place)")
                count += 1
            }
        }
        #expect(count > 20)
    }
}

@Suite("Signed notes")
struct SignedNoteTests {
    private func signer(_ name: String = "example.org/mphp") throws -> NoteSigner {
        try NoteSigner(name: name, key: .generate())
    }

    @Test("a note is read back as it was written, and verified by its key alone")
    func roundTrip() throws {
        let signer = try signer()
        let note = try signer.sign("example.org/mphp\n3\nrest\n")
        let parsed = try SignedNote(parsing: note.bytes)
        #expect(parsed == note)
        try parsed.verify(by: signer.key)
        let stranger = try self.signer()
        #expect(throws: LogError.badSignature) { try parsed.verify(by: stranger.key) }
    }

    @Test("one flipped bit anywhere in a note is refused")
    func everyBit() throws {
        let signer = try signer("example.org/x")
        let bytes = try signer.sign("a line\n").bytes
        for bit in 0..<(bytes.count * 8) {
            var altered = bytes
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: LogError.self, "bit \(bit)") { try SignedNote(parsing: altered).verify(by: signer.key) }
        }
    }

    @Test(
        "malformed notes are refused",
        arguments: [
            "", "\n", "text\n", "text\n\n", "text", "text\n\nno dash\n", "text\n\n— name\n", "text\n\n— name AAAA\n",
            "text\n\n— na me AAAAAAAA\n", "text\n\n— name AAAAAAAAAA==", "te\u{1}xt\n\n— name AAAAAAAAAA==\n",
            "text\n\n— name AAAAAAAAAA== \n", "text\n\n— name AAAAAAAAAA==\nmore\n", "text\n\n— na+me AAAAAAAAAA==\n",
        ])
    func malformed(text: String) {
        #expect(throws: LogError.self) { try SignedNote(parsing: Array(text.utf8)) }
    }

    @Test("a note with unknown signatures beside the known one verifies; with the known one twice it does not")
    func otherSignatures() throws {
        let (signer, other) = (try signer(), try signer("witness.example"))
        let note = try signer.sign("text\n")
        let line = String(decoding: try other.sign("text\n").bytes, as: UTF8.self).split(separator: "\n").last ?? ""
        try SignedNote(parsing: note.bytes + Array("\(line)\n".utf8)).verify(by: signer.key)
        let own = String(decoding: note.bytes, as: UTF8.self).split(separator: "\n").last ?? ""
        #expect(throws: LogError.badSignature) {
            try SignedNote(parsing: note.bytes + Array("\(own)\n".utf8)).verify(by: signer.key)
        }
        let many = String(repeating: "\(line)\n", count: 101)
        #expect(throws: LogError.self) { try SignedNote(parsing: note.bytes + Array(many.utf8)) }
        #expect(throws: LogError.self) { try signer.sign("no newline") }
    }

    @Test("a verifier key is read back, and refused with another key's id")
    func verifierKey() throws {
        let key = try signer().key
        #expect(try NoteKey(parsing: key.text) == key)
        let parts = key.text.split(separator: "+", maxSplits: 2)
        #expect(throws: LogError.self) { try NoteKey(parsing: "\(parts[0])+00000000+\(parts[2])") }
        for bad in ["", "a", "a+b", "a+00000000+AAAA", "+\(parts[1])+\(parts[2])", "a b+\(parts[1])+\(parts[2])"] {
            #expect(throws: LogError.self) { try NoteKey(parsing: bad) }
        }
    }

    @Test(
        "malformed checkpoints are refused",
        arguments: [
            "a\n3\n", "a\n03\nX\n", "a\n-1\n", "a\n3\nAAAA\n", "\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        ])
    func checkpoint(text: String) {
        #expect(throws: LogError.self) { try Checkpoint(parsing: text) }
    }

    @Test("a checkpoint of another log or key is refused")
    func otherLog() throws {
        let (signer, other) = (try signer(), try signer("example.org/other"))
        let head = Checkpoint(origin: "example.org/mphp", size: 0, root: .empty)
        #expect(try Checkpoint(verifying: signer.sign(head.text), by: signer.key) == head)
        #expect(throws: LogError.badSignature) { try Checkpoint(verifying: other.sign(head.text), by: signer.key) }
        #expect(throws: LogError.self) { try Checkpoint(verifying: other.sign(head.text), by: other.key) }
    }

    @Test("an entry's proof leads to the signed head, is read back, and no flipped bit survives")
    func entryProof() throws {
        let signer = try signer()
        let entries = (0..<5).map { Array("entry \($0)".utf8) }
        let log = MemoryLog(entries)
        let head = Checkpoint(origin: "example.org/mphp", size: 5, root: log.tree.root)
        let proof = EntryProof(
            index: 3, hashes: try LogProof.proveInclusion(of: 3, in: 5, reader: log),
            checkpoint: try signer.sign(head.text))
        #expect(try EntryProof(parsing: proof.bytes) == proof)
        #expect(try proof.verify(entry: entries[3], by: signer.key) == head)
        #expect(throws: LogError.self) { try proof.verify(entry: entries[2], by: signer.key) }
        for bit in 0..<(proof.bytes.count * 8) {
            var altered = proof.bytes
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: LogError.self, "bit \(bit)") {
                _ = try EntryProof(parsing: altered).verify(entry: entries[3], by: signer.key)
            }
        }
    }
}
