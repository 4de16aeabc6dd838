import Cryptography
import Foundation
import PolicyFile
import ReleaseWorkflow
import Testing

/// The table of each program's source (`docs/sources`): every sentence has a row, every quote stands in its sentence, and
/// every clause that a row names is one of the policy.
@Suite("The programs' sources, sentence by sentence")
struct SourceTests {
    private struct Row {
        let number, quote, ids, place: String
    }

    /// RFC 4180, as far as these files use it.
    private func rows(_ name: String) throws -> [Row] {
        let text = try String(
            contentsOf: repository.appendingPathComponent("docs/sources/\(name).csv"), encoding: .utf8)
        return text.split(separator: "\n").dropFirst().compactMap { line in
            var cells = [""]
            var isQuoted = false
            for character in line {
                switch character {
                case "\"": isQuoted.toggle()
                case "," where !isQuoted: cells.append("")
                default: cells[cells.count - 1].append(character)
                }
            }
            return cells.count == 4 ? Row(number: cells[0], quote: cells[1], ids: cells[2], place: cells[3]) : nil
        }
    }

    private func words(_ text: String) -> [String] {
        text.lowercased().matches(of: /[\p{L}\p{N}_'’]+/).map { String($0.output) }
    }

    private func digest(_ words: ArraySlice<String>) -> String {
        SHA256.hash(Array(words.joined(separator: " ").utf8)).prefix(5).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    @Test("R54: no sentence of a source is without a row, and no quote is not in its sentence", arguments: shippedNames)
    func quotes(name: String) throws {
        let rows = try rows(name)
        let digests = try String(
            contentsOf: repository.appendingPathComponent("docs/sources/\(name).digests"), encoding: .utf8
        ).split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(rows.count > 25 && rows.map(\.number) == (1...rows.count).map(String.init))
        #expect(digests.map(\.[0]) == rows.map(\.number))
        for (row, line) in zip(rows, digests) {
            let quote = words(row.quote)
            let count = min(3, max(1, quote.count))
            let own = Set(line.dropFirst())
            #expect(!quote.isEmpty && quote.count <= 12, "\(name) \(row.number)")
            for start in 0...max(0, quote.count - count) {
                #expect(own.contains(digest(quote[start..<start + count])), "\(name) \(row.number): \(row.quote)")
            }
        }
        // A word that is not there is found out.
        let first = try #require(digests.first { $0.count > 3 })
        #expect(!first.dropFirst().contains(digest(["nobody", "ever", "wrote"])))
    }

    @Test(
        "R54: every clause that a row names is in the policy, and every text of the policy comes from a sentence",
        arguments: shippedNames)
    func clauses(name: String) throws {
        let rows = try rows(name)
        let parsed = try PolicyFile.parse(shippedText(name))
        let tree = try JSONSerialization.jsonObject(with: Data(parsed.canonical))
        let ids = Set(
            try String(contentsOf: repository.appendingPathComponent("docs/requirements.csv"), encoding: .utf8)
                .split(separator: "\n").compactMap { $0.split(separator: ",").first.map(String.init) })
        let pages: Set = ["how it works here", "how to end well", "directory", "your listing"]
        var named: Set<String> = []
        for row in rows {
            for id in row.ids.split(separator: " ") {
                #expect(ids.contains(String(id)), "\(name) \(row.number): \(id)")
            }
            if row.place.hasPrefix("not adopted, because ") {
                #expect(row.place.count > 40, "\(name) \(row.number)")
                continue
            }
            for part in row.place.split(separator: ";").map({ $0.trimmingCharacters(in: .whitespaces) }) {
                if part.hasPrefix("page: ") {
                    #expect(pages.contains(String(part.dropFirst(6))), "\(name) \(row.number): \(part)")
                    continue
                }
                let path = part.trimmingCharacters(in: CharacterSet(charactersIn: "`"))
                named.insert(path)
                #expect(has(path, tree), "\(name) \(row.number): \(path)")
            }
        }
        for kind in ["content", "prohibitions", "is_not", "disclaimers"] {
            for leaf in leaves(of: (tree as? [String: Any])?[kind], kind) {
                #expect(named.contains(leaf), "\(name): no sentence for \(leaf)")
            }
        }
    }

    @Test("R45: at most forty requirements are beyond code, each with a reason")
    func reasons() throws {
        let rows = try String(
            contentsOf: repository.appendingPathComponent("docs/requirements.md"), encoding: .utf8
        ).split(separator: "\n").filter { $0.contains("| reason |") }
        #expect(!rows.isEmpty && rows.count <= 40)
        for row in rows { #expect(row.count > 45, "\(row)") }
    }

    private func leaves(of value: Any?, _ path: String) -> [String] {
        guard let members = value as? [String: Any] else { return value == nil ? [] : [path] }
        return members.flatMap { leaves(of: $0.value, "\(path).\($0.key)") }
    }

    /// True if the policy has this: a path of keys, an agreement by its id, or an act of a workflow.
    private func has(_ path: String, _ tree: Any) -> Bool {
        let halves = path.components(separatedBy: ": ")
        if halves.count == 2 {
            let steps = halves[0].split(separator: ".").map(String.init)
            let flow = steps.reduce(Optional(tree)) { ($0 as? [String: Any])?[$1] } as? [String: Any]
            return (flow?["transitions"] as? [[String: Any]])?.contains { $0["on"] as? String == halves[1] } ?? false
        }
        var node: Any? = tree
        for step in path.split(separator: ".").map(String.init) {
            if let list = node as? [[String: Any]] {
                node = list.first { $0["id"] as? String == step }
            } else if let list = node as? [Any] {
                // A condition among others.
                node = list.first { ($0 as? String) == step || ($0 as? [String: Any])?[step] != nil }
            } else {
                node = (node as? [String: Any])?[step]
            }
            if node == nil { return false }
        }
        return true
    }
}
