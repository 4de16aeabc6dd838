import Foundation
import Testing

@testable import ReleaseWeb

/// The JSON that a stranger may send.
@Suite("JSON of strangers")
struct JSONReaderTests {
    private func plain(_ value: JSONValue) -> Any {
        switch value {
        case .text(let text): text
        case .number(let number): number
        case .flag(let flag): flag ? 1 : 0
        case .list(let items): items.map(plain)
        case .object(let members): members.mapValues(plain)
        }
    }

    /// As text, members in the order of their names.
    private static func sorted(_ value: Any) -> String {
        switch value {
        case let members as [String: Any]:
            "{\(members.sorted { $0.key < $1.key }.map { "\($0.key):\(sorted($0.value))" }.joined(separator: ","))}"
        case let items as [Any]: "[\(items.map(sorted).joined(separator: ","))]"
        default: "\(value)"
        }
    }

    @Test(
        "what is JSON is read as another reader reads it",
        arguments: [
            "{}", " { } ", "[]", "[1,2,-3,0]", "true", "false", "\"\"", "{\"a\":{\"b\":[true,\"x\",{}]}}",
            #""é\u00e9\ud83d\ude00\n\t\"\\\/""#, "\t\r\n[ \"a\" , 12 ]\n", "9223372036854775807",
            "-9223372036854775808",
            "{\"\":\"\"}", "[[[[[[[]]]]]]]", "\"\u{7F}\u{2028}\"",
        ])
    func same(text: String) throws {
        let own = try #require(JSONReader.value(of: Array(text.utf8)))
        let other = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
        #expect("\(Self.sorted(plain(own)))" == "\(Self.sorted(other))", "\(text)")
    }

    @Test(
        "what is no JSON, or more than anybody asks, is none: twice the same member, too deep, too many",
        arguments: [
            "", " ", "{", "[", "]", "{]", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
            "nul",
            "null", "tru", "+1", "01", "-", "1.5", "1e3", "9223372036854775808", "\"", "\"\\x\"", "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "[1] 2", "{\"a\":1}{", "{\"a\":1,\"a\":1}",
            "{\"a\":1,\"\\u0061\":2}",
            "\u{FEFF}{}", "// x\n{}", String(repeating: "[", count: 10) + String(repeating: "]", count: 10),
            "[" + String(repeating: "1,", count: 512) + "1]",
        ])
    func none(text: String) {
        #expect(JSONReader.value(of: Array(text.utf8)) == nil, "\(text.prefix(60))")
    }

    @Test("cut at every byte it is none, and no byte that is changed makes it stop or take what is no text")
    func everyByte() {
        let whole = Array(#"{"act":"look","list":["é😀",{"n":-12}],"on":true}"#.utf8)
        for place in whole.indices {
            #expect(JSONReader.value(of: Array(whole[..<place])) == nil)
            for byte in [UInt8(0), 0x22, 0x5C, 0x7B, 0x80, 0xC3, 0xFF] {
                var changed = whole
                changed[place] = byte
                let value = JSONReader.value(of: changed)
                if byte == 0 || String(validating: changed, as: UTF8.self) == nil {
                    #expect(value == nil, "\(place) \(byte)")
                }
            }
        }
        #expect(JSONReader.value(of: [0x22, 0xC3, 0x28, 0x22]) == nil, "not UTF-8")
        #expect(JSONReader.value(of: Array(repeating: 0x5B, count: 1 << 20)) == nil)
    }
}
