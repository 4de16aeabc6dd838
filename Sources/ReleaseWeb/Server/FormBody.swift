internal import Foundation
internal import ReleaseWorkflow

/// The fields of a form, as they were sent.
struct FormBody: Sendable {
    private var values: [String: [String]] = [:]
    /// A fault of an entry, if any: characters that nobody can see. A route that sets `checksForm` shows the form again
    /// with it; for every other route the dispatcher refuses the request.
    private(set) var problem: FieldProblem?
    private(set) var files: [String: [UInt8]] = [:]
    static let empty = FormBody()

    /// The body could not be read as what it says it is.
    struct Malformed: Error {}

    func text(_ name: String) -> String { values[name]?.first ?? "" }
    func texts(_ name: String) -> [String] { values[name] ?? [] }
    func isOn(_ name: String) -> Bool { !text(name).isEmpty }
    /// Every entry, passwords and PINs included. ``FieldView/restore(from:)`` shows none of those again.
    var entered: [String: [String]] { values }

    private init() {}

    init(testingOnly values: [String: [String]]) { self.values = values }

    /// - Throws: ``Malformed``.
    init(_ body: [UInt8], contentType: String) throws {
        let type =
            contentType.split(separator: ";").first.map { $0.trimmingCharacters(in: .whitespaces).lowercased() } ?? ""
        switch type {
        case "application/x-www-form-urlencoded": try readEncoded(body)
        case "multipart/form-data":
            guard let boundary = Self.boundary(contentType) else { throw Malformed() }
            try readParts(body, boundary: boundary)
        default:
            if body.isEmpty { return }
            throw Malformed()
        }
        // A code is read without whatever came along when it was copied.
        for (name, all) in values.sorted(by: { $0.key < $1.key })
        where !Self.codes.contains(name) && !all.allSatisfy(Self.isPlain) {
            problem = FieldProblem(field: name, expected: "plain characters, none of them invisible")
        }
    }

    private static let codes: Set<String> = ["code", "firstUseCode", "link"]

    /// True if a text holds nothing that hides or turns other text: no control characters but line ends and tabs, no
    /// direction marks.
    static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0x09, 0x0A, 0x0D: true
            case 0x200C, 0x200D: true
            default:
                ![.control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator]
                    .contains(
                        scalar.properties.generalCategory)
            }
        }
    }

    /// - Source: WHATWG URL Standard, “application/x-www-form-urlencoded parsing”.
    private mutating func readEncoded(_ body: [UInt8]) throws {
        guard let text = String(validating: body, as: UTF8.self) else { throw Malformed() }
        var count = 0
        for pair in text.split(separator: "&") {
            count += 1
            guard count <= 400 else { throw Malformed() }
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            func decoded(_ half: Substring) throws -> String {
                guard let text = half.replacingOccurrences(of: "+", with: " ").removingPercentEncoding else {
                    throw Malformed()
                }
                return text
            }
            values[try decoded(halves[0]), default: []].append(halves.count > 1 ? try decoded(halves[1]) : "")
        }
    }

    private static func boundary(_ contentType: String) -> [UInt8]? {
        guard let range = contentType.range(of: "boundary=") else { return nil }
        let text = contentType[range.upperBound...].prefix { $0 != ";" }.filter { $0 != "\"" }
        return (1...70).contains(text.utf8.count) ? Array("--\(text)".utf8) : nil
    }

    /// - Source: RFC 7578, and RFC 2046 §5.1.1 for the delimiters.
    private mutating func readParts(_ body: [UInt8], boundary: [UInt8]) throws {
        var position = 0
        guard Self.matches(body, boundary, at: 0) else { throw Malformed() }
        position = boundary.count
        let delimiter = [0x0D, 0x0A] + boundary
        while true {
            if Self.matches(body, [0x2D, 0x2D], at: position) { return }
            guard Self.matches(body, [0x0D, 0x0A], at: position) else { throw Malformed() }
            position += 2
            guard let blank = Self.find([0x0D, 0x0A, 0x0D, 0x0A], in: body, from: position, within: 4096),
                let end = Self.find(delimiter, in: body, from: blank + 4, within: .max),
                let head = String(validating: body[position..<blank], as: UTF8.self)
            else { throw Malformed() }
            let content = Array(body[(blank + 4)..<end])
            guard let name = Self.parameter("name", in: head), values.count + files.count < 400 else {
                throw Malformed()
            }
            if Self.parameter("filename", in: head) != nil {
                files[name] = content
            } else {
                guard let text = String(validating: content, as: UTF8.self) else { throw Malformed() }
                values[name, default: []].append(text)
            }
            position = end + delimiter.count
        }
    }

    private static func parameter(_ name: String, in head: String) -> String? {
        for line in head.components(separatedBy: "\r\n") where line.lowercased().hasPrefix("content-disposition:") {
            guard let range = line.range(of: "; \(name)=\"") else { continue }
            return String(line[range.upperBound...].prefix { $0 != "\"" })
        }
        return nil
    }

    private static func matches(_ bytes: [UInt8], _ part: [UInt8], at position: Int) -> Bool {
        position + part.count <= bytes.count && bytes[position..<position + part.count].elementsEqual(part)
    }

    private static func find(_ part: [UInt8], in bytes: [UInt8], from start: Int, within limit: Int) -> Int? {
        guard let first = part.first, start <= bytes.count else { return nil }
        let last = min(bytes.count - part.count, limit == .max ? .max : start + limit)
        var index = start
        while index <= last {
            if bytes[index] == first, matches(bytes, part, at: index) { return index }
            index += 1
        }
        return nil
    }
}
