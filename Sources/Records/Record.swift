public enum RecordType: String, CaseIterable, Hashable, Sendable {
    case genesis, policy, acknowledgement, release, disclosure, rescission, closing, key
    /// Says that another record was written in error. That one keeps its full effect; this one has none.
    case error
}

/// A commitment to a value: HMAC-SHA256(key, label ‖ 0x00 ‖ value), in base64. The core only carries it.
public struct Commitment: Hashable, Sendable {
    public let base64: String

    public init(base64: String) { self.base64 = base64 }
}

/// An earlier record: where it stands in which log, and its leaf hash in base64.
public struct RecordPointer: Hashable, Sendable, Codable {
    public let index: Int
    public let leaf: String
    public let origin: String
    public init(index: Int, leaf: String, origin: String) {
        self.index = index
        self.leaf = leaf
        self.origin = origin
    }
    public var json: CanonicalJSON {
        .object(["index": .integer(index), "leaf": .string(leaf), "origin": .string(origin)])
    }
}

/// The text of one record: what is signed, before it is signed.
///
/// Two lines, each ending in a newline: the type line `<origin>/<type>/v1`, then one line of canonical JSON. For
/// example:
///
/// ```
/// example.org/mentoring/closing/v1
/// {"at":"2026-12-02","policy":"…","release":"…","seq":2,"under":{"index":12,"leaf":"…","origin":"example.org/mentoring"},"v":1}
/// ```
///
/// Members, by type, are in ``Schema``. There is no free text, no time of day, no id of a case or person, and nothing
/// that two records about the same value would share: links are the random release id and pointers alone. A future
/// version changes `v1` and `v`.
public struct Record: Hashable, Sendable {
    public let origin: String
    public let type: RecordType
    public let json: CanonicalJSON

    /// - Throws: ``RecordError/malformed(_:member:)`` unless every member is there, of its form, and no other.
    public init(origin: String, type: RecordType, json: CanonicalJSON) throws(RecordError) {
        if let member = Schema.firstProblem(in: json, of: type) { throw .malformed(type, member: member) }
        self.origin = origin
        self.type = type
        self.json = json
    }

    /// Parses the text of a record of this origin.
    ///
    /// - Throws: ``RecordError/notCanonical`` unless it is two lines and the second is canonical JSON of at most 8,192
    ///   bytes; ``RecordError/malformed(_:member:)`` for another type line or member.
    public init(parsing text: String, origin: String) throws(RecordError) {
        let bytes = Array(text.utf8)
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count == 3, lines[2].isEmpty else { throw .notCanonical }
        let (prefix, suffix) = ("\(origin)/".utf8, "/v1".utf8)
        guard lines[0].count > prefix.count + suffix.count, lines[0].starts(with: prefix),
            lines[0].suffix(suffix.count).elementsEqual(suffix),
            let type = RecordType(
                rawValue: String(decoding: lines[0].dropFirst(prefix.count).dropLast(suffix.count), as: UTF8.self))
        else { throw .malformed(nil, member: "type line") }
        try self.init(origin: origin, type: type, json: CanonicalJSON(canonical: Array(lines[1]), limits: .record))
    }

    public var text: String {
        Self.typeLine(type, origin: origin) + "\(String(decoding: json.bytes, as: UTF8.self))\n"
    }

    /// The first line of every record of a type, with its newline.
    public static func typeLine(_ type: RecordType, origin: String) -> String { "\(origin)/\(type.rawValue)/v1\n" }

    public var release: ReleaseID? { json["release"]?.string.flatMap { ReleaseID(parsing: $0) } }
    public var sequence: Int? { json["seq"]?.integer }
    public var date: CivilDate? { json["at"]?.string.flatMap { CivilDate(parsing: $0) } }
    public var expiresOn: CivilDate? { json["expires"]?["date"]?.string.flatMap { CivilDate(parsing: $0) } }
    public var policyDigest: String? { json["policy"]?.string }
    public var rule: String? { json["rule"]?.string }
    public var under: RecordPointer? { pointer("under") }
    public var supersedes: RecordPointer? { pointer("supersedes") }
    /// The record that was written in error.
    public var of: RecordPointer? { pointer("of") }
    /// The names of the fields that a release or disclosure covers.
    public var fieldNames: [String] {
        switch json["fields"] {
        case .object(let members): members.keys.sorted()
        case .array(let items): items.compactMap(\.string)
        default: []
        }
    }

    /// The names of the members that a record of this type may have.
    public static func memberNames(of type: RecordType) -> [String] { Schema.members(of: type).map(\.name) }

    /// Every commitment, by the path of its field: `fields.phone`, `by.principal`.
    public var commitments: [String: Commitment] {
        var found: [String: Commitment] = [:]
        func look(_ value: CanonicalJSON?, _ path: String, _ form: Schema.Form) {
            switch (form, value) {
            case (.commitment, .string(let text)): found[path] = Commitment(base64: text)
            case (.object(let members), .object(let values)), (.someOf(let members), .object(let values)):
                for member in members {
                    look(values[member.name], path.isEmpty ? member.name : "\(path).\(member.name)", member.form)
                }
            default: break
            }
        }
        look(json, "", .object(Schema.members(of: type)))
        return found
    }

    private func pointer(_ name: String) -> RecordPointer? {
        guard let value = json[name], let index = value["index"]?.integer, let leaf = value["leaf"]?.string,
            let origin = value["origin"]?.string
        else { return nil }
        return RecordPointer(index: index, leaf: leaf, origin: origin)
    }
}

/// The members of each type of record and the form of each.
enum Schema {
    struct Member {
        let name: String
        let form: Form
        let isOptional: Bool
    }

    indirect enum Form {
        case one(Int)
        case count
        case date
        /// 64 hexadecimal digits: a SHA-256.
        case digest
        /// 32 hexadecimal digits: an id.
        case identifier
        /// base64 of 32 bytes.
        case hash
        case commitment
        /// A verifier key, an origin or a rule: printable ASCII without spaces, at most 200 characters.
        case name
        case choice([String])
        case list([String])
        case object([Member])
        /// At least one of the members, and no other.
        case someOf([Member])
    }

    private static func must(_ name: String, _ form: Form) -> Member {
        Member(name: name, form: form, isOptional: false)
    }
    private static func may(_ name: String, _ form: Form) -> Member { Member(name: name, form: form, isOptional: true) }

    private static let pointer = Form.object([must("index", .count), must("leaf", .hash), must("origin", .name)])
    private static let common = [must("at", .date), must("policy", .digest), must("v", .one(1))]
    private static let ofRelease = common + [must("release", .identifier), must("seq", .count)]
    private static let fieldNames = PermittedField.allCases.map(\.rawValue)
    private static let actor = [
        must("channel", .choice(["paper", "phone", "screen"])), must("principal", .commitment),
        may("agent", .commitment),
    ]
    private static let recipient = Form.object([must("person", .commitment)])

    static func members(of type: RecordType) -> [Member] { table[type] ?? [] }

    private static let table = Dictionary(uniqueKeysWithValues: RecordType.allCases.map { ($0, list(of: $0)) })

    private static func list(of type: RecordType) -> [Member] {
        switch type {
        case .genesis:
            common + [
                must("log", .name), must("origin", .name), must("record", .name), must("recovery", .name),
                may("after", .object([must("origin", .name), must("root", .hash), must("size", .count)])),
            ]
        case .policy: common + [must("effective", .date), must("program", .name), must("version", .count)]
        case .acknowledgement:
            common + [must("by", .object(actor)), must("form", .digest), may("display", .commitment)]
        case .release:
            ofRelease + [
                must("by", .object(actor + [must("evidence", .commitment)])),
                must("expires", .object([must("date", .date), must("on", .list(["relationshipEnded"]))])),
                must("fields", .someOf(fieldNames.map { may($0, .commitment) })), must("form", .digest),
                must("purpose", .choice(Purpose.allCases.map(\.rawValue))), must("shown", .commitment),
                must("to", recipient), may("supersedes", pointer),
            ]
        case .disclosure:
            ofRelease + [
                must("act", .commitment), must("card", .count), must("fields", .list(fieldNames)),
                must("notice", .digest), must("rule", .name), must("to", recipient), must("under", pointer),
            ]
        case .rescission: ofRelease + [must("by", .object(actor)), must("under", pointer)]
        case .closing: ofRelease + [must("under", pointer)]
        case .error: ofRelease + [must("of", pointer), must("under", pointer)]
        case .key:
            [
                must("at", .date), must("from", .count), must("key", .name), must("role", .choice(["log", "record"])),
                must("state", .choice(["active", "revoked"])), must("v", .one(1)),
            ]
        }
    }

    /// The first member that is missing, unknown or of the wrong form; nil if there is none.
    static func firstProblem(in json: CanonicalJSON, of type: RecordType) -> String? {
        guard let path = problem(in: json, .object(members(of: type))) else { return nil }
        return path.isEmpty ? "record" : path.reversed().joined(separator: ".")
    }

    /// The names on the way to a problem, innermost first; nil if there is none, which costs no text.
    private static func problem(in value: CanonicalJSON, _ form: Form) -> [String]? {
        switch (form, value) {
        case (.one(let expected), .integer(let number)) where number == expected: return nil
        case (.count, .integer(let number)) where number >= 0: return nil
        case (.date, .string(let text)) where CivilDate(parsing: text) != nil: return nil
        case (.digest, .string(let text)) where isHexadecimal(text, count: 64): return nil
        case (.identifier, .string(let text)) where isHexadecimal(text, count: 32): return nil
        case (.hash, .string(let text)) where isHash(text), (.commitment, .string(let text)) where isHash(text):
            return nil
        case (.name, .string(let text))
        where !text.isEmpty && text.utf8.count <= 200 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }:
            return nil
        case (.choice(let words), .string(let text)) where words.contains(text): return nil
        case (.list(let words), .array(let items))
        where !items.isEmpty && Set(items).count == items.count
            && items.allSatisfy { $0.string.map(words.contains) ?? false }:
            return nil
        case (.someOf, .object(let values)) where values.isEmpty: return []
        case (.object(let members), .object(let values)), (.someOf(let members), .object(let values)):
            var found = 0
            for member in members {
                guard let value = values[member.name] else {
                    if member.isOptional { continue }
                    return [member.name]
                }
                if let problem = problem(in: value, member.form) { return problem + [member.name] }
                found += 1
            }
            return found == values.count ? nil : []
        default: return []
        }
    }

    private static func isHexadecimal(_ text: String, count: Int) -> Bool {
        text.utf8.count == count && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    /// Base64 of 32 bytes: 43 characters and one `=`, the last character without spare bits.
    private static func isHash(_ text: String) -> Bool {
        guard text.utf8.count == 44 else { return false }
        for (index, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "="): if index != 43 { return false }
            case 48...57, 65...90, 97...122, UInt8(ascii: "+"), UInt8(ascii: "/"):
                if index == 43 || index == 42 && !lastDigits.contains(byte) { return false }
            default: return false
            }
        }
        return true
    }

    private static let lastDigits = Array("AEIMQUYcgkosw048".utf8)
}
