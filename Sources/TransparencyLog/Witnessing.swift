/// The request that is put before a witness: the size it is believed to hold, the proof that the new head continues it,
/// the new head.
///
/// A line `old N`, at most 63 hashes in base64, one a line, a blank line, the checkpoint. For example
///
/// ```
/// old 12
/// 9uHQ9B20KNL+Q1zsRoopEkOdqkYqMB4MJXrbt/hMjOw=
///
/// example.org/mentoring
/// 13
/// …
/// ```
///
/// - Source: c2sp.org/tlog-witness, “add-checkpoint”.
public struct WitnessRequest: Equatable, Sendable {
    public let oldSize: Int
    public let proof: [TreeHash]
    public let checkpoint: SignedNote

    public init(oldSize: Int, proof: [TreeHash], checkpoint: SignedNote) {
        self.oldSize = oldSize
        self.proof = proof
        self.checkpoint = checkpoint
    }

    /// - Throws: ``LogError/malformed(_:)``.
    public init(parsing bytes: [UInt8]) throws {
        guard bytes.count <= 1 << 17, let text = String(validating: bytes, as: UTF8.self) else {
            throw LogError.malformed("witness request")
        }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard let first = lines.popFirst(), first.hasPrefix("old "), let size = Int(first.dropFirst(4)), size >= 0,
            first == "old \(size)"
        else { throw LogError.malformed("witness request") }
        var proof: [TreeHash] = []
        while let line = lines.popFirst(), !line.isEmpty {
            guard proof.count < 63, let hash = TreeHash(base64: line) else {
                throw LogError.malformed("witness request")
            }
            proof.append(hash)
        }
        self.init(
            oldSize: size, proof: proof, checkpoint: try SignedNote(parsing: Array(lines.joined(separator: "\n").utf8)))
    }

    public var bytes: [UInt8] {
        Array((["old \(oldSize)"] + proof.map(\.base64) + ["", ""]).joined(separator: "\n").utf8) + checkpoint.bytes
    }
}

/// An auditor's trust policy: the keys of logs, witnesses, and how many of them must have signed a head.
///
/// Lines of words; `#` begins a comment line. `log <key>`, `witness <name> <key>`, `group <name> <any|all|N>
/// <member>…`, `quorum <name|none>`. A group's members are defined above it, each a member once.
///
/// - Source: c2sp.org/tlog-policy.
public struct TrustPolicy: Equatable, Sendable {
    indirect enum Component: Equatable, Sendable {
        case witness(NoteKey)
        case group(threshold: Int, [Component])

        /// True if enough of its witnesses are among those who signed.
        func isMet(by signers: Set<NoteKey>) -> Bool {
            switch self {
            case .witness(let key): signers.contains(key)
            case .group(let threshold, let members): members.count { $0.isMet(by: signers) } >= threshold
            }
        }
    }

    public let logs: [NoteKey]
    public let witnesses: [NoteKey]
    private let quorum: Component?

    /// A line that is not part of a trust policy, and why.
    public struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
        /// Counts lines from 1.
        public let line: Int
        public let expected: String
        public var description: String { "line \(line): expected \(expected)" }
    }

    /// - Throws: ``Problem``.
    public init(parsing text: String) throws {
        var logs: [NoteKey] = []
        var witnesses: [NoteKey] = []
        var named: [String: Component] = [:]
        var members: Set<String> = []
        var quorum: Component??
        guard text.utf8.count <= 1 << 16 else { throw Problem(line: 1, expected: "at most 64 KiB") }
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            func problem(_ expected: String) -> Problem { Problem(line: index + 1, expected: expected) }
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            switch first {
            case "log":
                guard (2...3).contains(words.count), let key = try? NoteKey(parsing: words[1]), key.kind == .text else {
                    throw problem("`log` and the log's verifier key")
                }
                logs.append(key)
            case "witness":
                guard (3...4).contains(words.count), let key = try? NoteKey(parsing: words[2]), key.kind == .cosignature
                else {
                    throw problem("`witness`, a name and the witness's cosignature key")
                }
                guard named[words[1]] == nil, words[1] != "none", !witnesses.contains(key) else {
                    throw problem("a name and a key not used before")
                }
                named[words[1]] = .witness(key)
                witnesses.append(key)
            case "group":
                guard words.count >= 4 else { throw problem("`group`, a name, `any`, `all` or a number, and members") }
                let names = words.dropFirst(3)
                let found = names.compactMap { named[$0] }
                guard found.count == names.count, Set(names).count == names.count, members.isDisjoint(with: names)
                else {
                    throw problem("members that are defined above, each in one group")
                }
                let threshold = words[2] == "any" ? 1 : words[2] == "all" ? found.count : Int(words[2]) ?? 0
                guard (1...found.count).contains(threshold) else {
                    throw problem("`any`, `all` or a number from 1 to the number of members")
                }
                guard named[words[1]] == nil, words[1] != "none" else { throw problem("a name not used before") }
                members.formUnion(names)
                named[words[1]] = .group(threshold: threshold, found)
            case "quorum":
                guard words.count == 2, quorum == nil else {
                    throw problem("one `quorum` line with one name or `none`")
                }
                if words[1] == "none" {
                    quorum = .some(nil)
                } else {
                    guard let component = named[words[1]] else {
                        throw problem("a witness or group that is defined above")
                    }
                    quorum = .some(component)
                }
            default: throw problem("`log`, `witness`, `group` or `quorum`")
            }
        }
        let lineCount = text.split(separator: "\n", omittingEmptySubsequences: false).count
        guard let quorum else { throw Problem(line: lineCount, expected: "a `quorum` line") }
        guard !logs.isEmpty else { throw Problem(line: lineCount, expected: "a `log` line") }
        (self.logs, self.witnesses, self.quorum) = (logs, witnesses, quorum)
    }

    /// True if enough witnesses signed this head. The log's own signature is not checked here.
    ///
    /// - Throws: ``LogError/badSignature`` if a line under a known witness's name is not its signature.
    public func isQuorum(_ checkpoint: SignedNote) throws -> Bool { try quorum?.isMet(by: signers(checkpoint)) ?? true }

    /// The witnesses of this policy that signed a head.
    ///
    /// - Throws: ``LogError/badSignature`` if a known witness's line is not its signature.
    public func signers(_ checkpoint: SignedNote) throws -> Set<NoteKey> {
        var signers: Set<NoteKey> = []
        for witness in witnesses where checkpoint.signatures.contains(where: { $0.name == witness.name }) {
            _ = try checkpoint.cosignatureTime(by: witness)
            signers.insert(witness)
        }
        return signers
    }
}
