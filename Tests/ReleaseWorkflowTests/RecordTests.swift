import Foundation
import ReleaseWorkflow
import Testing

@Suite("Canonical JSON")
struct CanonicalJSONTests {
    /// What of the published vectors fits the restricted form, and why the others do not.
    private let verdicts: [String: (record: Bool, policy: Bool)] = [
        "arrays.json": (false, false),  // null and floats
        "french.json": (false, true),  // beyond ASCII
        "structures.json": (true, true),
        "unicode.json": (false, true),  // beyond ASCII
        "values.json": (false, false),  // floats and null
        "weird.json": (false, true),  // beyond ASCII, control characters in keys
    ]

    @Test(
        "of the published JCS outputs only what fits the restricted form is accepted, byte for byte, and no input that is not canonical"
    )
    func vectors() throws {
        for (name, verdict) in verdicts {
            let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Vectors/jcs")
            let output = Array(try Data(contentsOf: folder.appendingPathComponent("output/\(name)")))
            #expect(
                ((try? CanonicalJSON(canonical: output, limits: .record)) != nil) == verdict.record,
                "\(name) as a record")
            let parsed = try? CanonicalJSON(canonical: output, limits: .policy)
            #expect((parsed != nil) == verdict.policy, "\(name) as a policy")
            if let parsed { #expect(parsed.bytes == output) }
            let input = Array(try Data(contentsOf: folder.appendingPathComponent("input/\(name)")))
            #expect(throws: RecordError.notCanonical) { try CanonicalJSON(canonical: input, limits: .policy) }
        }
    }

    @Test(
        "a line that is not the one spelling of its value is refused",
        arguments: [
            "{\"b\":1,\"a\":2}", "{\"a\":1,\"a\":1}", "{\"a\": 1}", " {}", "{}\n", "{\"a\":1.0}", "{\"a\":1e3}",
            "{\"a\":null}",
            "{\"a\":01}",
            "{\"a\":-0}", "{\"a\":9007199254740992}", "{\"a\":\"\\u0041\"}", "{\"a\":\"é\"}", "{\"a\":\"\t\"}",
            "{\"a\":\"\\/\"}",
            "[1,]",
            "{\"a\":1,}", "{a:1}", "tru", "", "{\"a\":[[[[1]]]]}", "\"unended", "{\"a\":1}}",
        ])
    func refused(text: String) {
        #expect(throws: RecordError.notCanonical) { try CanonicalJSON(canonical: Array(text.utf8), limits: .record) }
    }

    @Test("values are read back as they are written, whatever their order was", arguments: 0..<50)
    func roundTrip(seed: Int) throws {
        var generator = SystemSeed(seed: UInt64(seed))
        func value(_ depth: Int) -> CanonicalJSON {
            switch generator.next() % (depth > 0 ? 5 : 3) {
            case 0: return .integer(Int(generator.next() % 1_000_000) - 500_000)
            case 1:
                return .string(
                    String(
                        (0..<Int(generator.next() % 9)).map { _ in
                            Character(Unicode.Scalar(UInt8(0x20 + generator.next() % 95)))
                        })
                )
            case 2: return .boolean(generator.next() % 2 == 0)
            case 3: return .array((0..<Int(generator.next() % 4)).map { _ in value(depth - 1) })
            default:
                return .object(
                    Dictionary(
                        (0..<Int(generator.next() % 4)).map { ("k\($0)\(generator.next() % 9)", value(depth - 1)) }
                    ) { $1 })
            }
        }
        let tree = CanonicalJSON.object(["a": value(3), "b": value(3)])
        #expect(try CanonicalJSON(canonical: tree.bytes, limits: .record) == tree)
    }

    @Test("no random bytes crash the parser, and what it accepts it prints again")
    func hostile() {
        var generator = SystemSeed(seed: 4)
        let alphabet = Array("{}[]\",:0123456789truefalsn\\ua ".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<Int(generator.next() % 40)).map { _ in
                alphabet[Int(generator.next() % UInt64(alphabet.count))]
            }
            if let value = try? CanonicalJSON(canonical: bytes, limits: .record) { #expect(value.bytes == bytes) }
        }
    }
}

@Suite("Records")
struct RecordTests {
    private let hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    private let digest = String(repeating: "ab", count: 32)
    private let id = String(repeating: "0f", count: 16)

    private var pointer: CanonicalJSON {
        .object(["index": .integer(12), "leaf": .string(hash), "origin": .string("roi.example.org/mphp")])
    }

    private var closing: [String: CanonicalJSON] {
        [
            "at": .string("2026-12-02"), "policy": .string(digest), "release": .string(id), "seq": .integer(2),
            "under": pointer,
            "v": .integer(1),
        ]
    }

    @Test("a record prints as the format says, and is read back")
    func golden() throws {
        let record = try Record(origin: "roi.example.org/mphp", type: .closing, json: .object(closing))
        #expect(
            record.text
                == "roi.example.org/mphp/closing/v1\n"
                + "{\"at\":\"2026-12-02\",\"policy\":\"\(digest)\",\"release\":\"\(id)\",\"seq\":2,\"under\":{\"index\":12,\"leaf\":\"\(hash)\",\"origin\":\"roi.example.org/mphp\"},\"v\":1}\n"
        )
        #expect(try Record(parsing: record.text, origin: "roi.example.org/mphp") == record)
        #expect(throws: RecordError.self) { try Record(parsing: record.text, origin: "other.example/x") }
    }

    @Test(
        "a closing tells no cause: any further member is refused by name, as is each that is missing or of another form (MPHP-49)"
    )
    func members() throws {
        for name in closing.keys {
            var partial = closing
            partial[name] = nil
            #expect(throws: RecordError.malformed(.closing, member: name)) {
                try Record(origin: "o.example/x", type: .closing, json: .object(partial))
            }
            partial[name] = .string("\u{7F}")
            #expect(throws: RecordError.self) {
                try Record(origin: "o.example/x", type: .closing, json: .object(partial))
            }
        }
        for extra in ["cause", "rule", "by", "time", "case", "person", "note"] {
            var more = closing
            more[extra] = .string("x")
            #expect(throws: RecordError.malformed(.closing, member: "record")) {
                try Record(origin: "o.example/x", type: .closing, json: .object(more))
            }
        }
    }

    @Test("a disclosure and a release name the fields first name and phone, and can name no third (MPHP-36)")
    func noThirdField() throws {
        let disclosure: [String: CanonicalJSON] = [
            "act": .string(hash), "at": .string("2026-11-21"), "card": .integer(1),
            "fields": .array([.string("firstName"), .string("phone")]),
            "notice": .string(digest), "policy": .string(digest), "release": .string(id),
            "rule": .string("mphp/mentorship/disclose"),
            "seq": .integer(1), "to": .object(["person": .string(hash)]), "under": pointer, "v": .integer(1),
        ]
        let record = try Record(origin: "o.example/x", type: .disclosure, json: .object(disclosure))
        #expect(record.fieldNames == ["firstName", "phone"])
        #expect(Set(record.commitments.keys) == ["act", "to.person"])
        var third = disclosure
        third["fields"] = .array([.string("firstName"), .string("phone"), .string("surname")])
        #expect(throws: RecordError.malformed(.disclosure, member: "fields")) {
            try Record(origin: "o.example/x", type: .disclosure, json: .object(third))
        }
        var two = disclosure
        two["to"] = .object(["person": .string(hash), "second": .string(hash)])
        #expect(throws: RecordError.self) { try Record(origin: "o.example/x", type: .disclosure, json: .object(two)) }
    }
}
