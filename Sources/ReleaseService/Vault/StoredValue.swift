internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// A value with a stored form of its own: one JSON object with a version and keys that are written out by hand, so that
/// renaming something in the code can never make what is stored unreadable.
///
/// Version 1 was written by Swift's synthesized coding: without `v`, its keys in any order, bytes as lists of numbers,
/// slashes escaped, and the unnamed values of an enum under `_0` and `_1`. The same hand-written initializers read it.
/// Values that are stored in it stay as they are, because links hash the sealed bytes. Of new values only the answers
/// of an evaluation are still written in its spelling.
///
/// Version 2 is canonical JSON (RFC 8785) with `"v":2`, bytes in base64 and a key for every value.
protocol StoredValue {
    /// The word for it in errors.
    static var storedName: StaticString { get }
    /// - Throws: ``MachineryError/corrupt(_:)`` for a member that is missing or of another form.
    init(stored: StoredObject) throws
    /// Every member but `v`.
    var stored: [String: CanonicalJSON] { get }
}

/// Reads and writes stored values: the one decoder of the service.
enum StoredCodec {
    static let version = 2

    static func encode(_ value: some StoredValue) -> [UInt8] {
        var members = value.stored
        members["v"] = .integer(version)
        return CanonicalJSON.object(members).bytes
    }

    /// - Throws: ``MachineryError/corrupt(_:)`` for what is no such value; ``MachineryError/laterVersion(_:)`` for one
    ///   that a later version of this program wrote, which is left as it is.
    static func decode<Value: StoredValue>(_ bytes: [UInt8], as type: Value.Type) throws -> Value {
        let name = Value.storedName
        guard let json = try? CanonicalJSON(stored: bytes) else {
            throw MachineryError.corrupt("a stored \(name) is damaged")
        }
        // Lists were stored bare in version 1.
        let members = json.object ?? ["items": json]
        // Version 1 said no version.
        if let stated = members["v"] {
            guard let version = stated.integer, version >= Self.version else {
                throw MachineryError.corrupt("a stored \(name) is damaged")
            }
            if version > Self.version { throw MachineryError.laterVersion("\(name)") }
        }
        return try Value(stored: StoredObject(members, name))
    }

    /// The value in the spelling of version 1: slashes escaped, no `v`. Commands are compared by it, evidence is
    /// committed to by it, and the answers of an evaluation are stored in it.
    static func text(_ value: some StoredValue) -> String { text(value.stored) }

    static func text(_ members: [String: CanonicalJSON]) -> String {
        var bytes = CanonicalJSON.object(members).bytes
        let slash = UInt8(ascii: "/")
        if bytes.contains(slash) { bytes = bytes.flatMap { $0 == slash ? [UInt8(ascii: "\\"), slash] : [$0] } }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The members of a stored value, each asked for in the form that it must have.
struct StoredObject {
    private let members: [String: CanonicalJSON]
    private let name: StaticString

    init(_ members: [String: CanonicalJSON], _ name: StaticString) {
        self.members = members
        self.name = name
    }

    func problem(_ key: String) -> MachineryError { .corrupt("a stored \(name) has no usable `\(key)`") }

    /// The member, or what version 1 kept under another key.
    private func member(_ key: String, _ former: String? = nil) -> CanonicalJSON? {
        members[key] ?? former.flatMap { members[$0] }
    }

    private func need<T>(_ value: T?, _ key: String) throws -> T {
        guard let value else { throw problem(key) }
        return value
    }

    /// Nil where the member is not there; an error where it is of another form.
    private func optional<T>(_ key: String, _ former: String?, _ read: (CanonicalJSON) -> T?) throws -> T? {
        guard let value = member(key, former) else { return nil }
        return try need(read(value), key)
    }

    /// The only member: the case of an enum and its values.
    func onlyMember() throws -> (key: String, values: StoredObject) {
        guard members.count == 1, let (key, value) = members.first, let values = value.object else {
            throw problem("case")
        }
        return (key, StoredObject(values, name))
    }

    func optionalText(_ key: String, formerly former: String? = nil) throws -> String? {
        try optional(key, former, \.string)
    }
    func text(_ key: String, formerly former: String? = nil) throws -> String {
        try need(optionalText(key, formerly: former), key)
    }
    func optionalNumber(_ key: String) throws -> Int? { try optional(key, nil, \.integer) }
    func number(_ key: String) throws -> Int { try need(optionalNumber(key), key) }
    func optionalFlag(_ key: String) throws -> Bool? { try optional(key, nil, \.boolean) }
    func flag(_ key: String) throws -> Bool { try need(optionalFlag(key), key) }

    func optionalID<Kind>(_ key: String, formerly former: String? = nil) throws -> Identifier<Kind>? {
        try optional(key, former) { $0.string.flatMap { Identifier<Kind>(parsing: $0) } }
    }
    func id<Kind>(_ key: String, formerly former: String? = nil) throws -> Identifier<Kind> {
        try need(optionalID(key, formerly: former), key)
    }

    func optionalDate(_ key: String) throws -> CivilDate? {
        try optional(key, nil) { $0.string.flatMap { CivilDate(parsing: $0) } }
    }
    func date(_ key: String) throws -> CivilDate { try need(optionalDate(key), key) }

    func optionalChoice<T: RawRepresentable>(_ key: String, of type: T.Type, formerly former: String? = nil) throws
        -> T?
    where T.RawValue == String { try optional(key, former) { $0.string.flatMap { T(rawValue: $0) } } }
    func choice<T: RawRepresentable>(_ key: String, of type: T.Type, formerly former: String? = nil) throws -> T
    where T.RawValue == String { try need(optionalChoice(key, of: type, formerly: former), key) }

    func choices<T: RawRepresentable>(_ key: String, of type: T.Type) throws -> [T] where T.RawValue == String {
        try list(key) { $0.string.flatMap { T(rawValue: $0) } }
    }

    func texts(_ key: String) throws -> [String] { try list(key, \.string) }

    func list<T>(_ key: String, _ read: (CanonicalJSON) -> T?) throws -> [T] {
        try need(member(key)?.array, key).map { try need(read($0), key) }
    }

    func optionalList<T>(_ key: String, _ read: (CanonicalJSON) -> T?) throws -> [T]? {
        member(key) == nil ? nil : try list(key, read)
    }

    func optionalBytes(_ key: String) throws -> [UInt8]? { try optional(key, nil, Self.bytes) }
    func bytes(_ key: String) throws -> [UInt8] { try need(optionalBytes(key), key) }

    /// Base64; in version 1 a list of numbers.
    static func bytes(_ value: CanonicalJSON) -> [UInt8]? {
        if let text = value.string { return Base64.parse(text) }
        return value.array.flatMap { items in
            let bytes = items.compactMap { $0.integer.flatMap { UInt8(exactly: $0) } }
            return bytes.count == items.count ? bytes : nil
        }
    }

    func optionalObject(_ key: String, formerly former: String? = nil) throws -> StoredObject? {
        try optional(key, former) { $0.object.map { StoredObject($0, name) } }
    }
    func object(_ key: String, formerly former: String? = nil) throws -> StoredObject {
        try need(optionalObject(key, formerly: former), key)
    }

    func objects<T>(_ key: String, formerly former: String? = nil, _ read: (StoredObject) throws -> T) throws -> [T] {
        try need(member(key, former)?.array, key).map { try read(StoredObject(need($0.object, key), name)) }
    }

    func optionalObjects<T>(_ key: String, _ read: (StoredObject) throws -> T) throws -> [T]? {
        member(key) == nil ? nil : try objects(key, read)
    }

    /// An object whose keys are data, like a profile.
    func optionalTable(_ key: String) throws -> [String: String]? {
        guard let value = member(key) else { return nil }
        return try need(value.object, key).mapValues { try need($0.string, key) }
    }

    /// Every member as a text, but the version.
    func table() throws -> [String: String] {
        try members.filter { $0.key != "v" }.reduce(into: [:]) { $0[$1.key] = try need($1.value.string, $1.key) }
    }

    func optionalTableOfObjects<T>(_ key: String, _ read: (StoredObject) throws -> T) throws -> [String: T]? {
        guard let value = member(key) else { return nil }
        return try need(value.object, key).mapValues { try read(StoredObject(need($0.object, key), name)) }
    }
}

/// Builds the members of a stored value; what is nil is left out.
struct StoredMembers {
    private(set) var members: [String: CanonicalJSON] = [:]

    init(_ members: [String: CanonicalJSON] = [:]) { self.members = members }

    consuming func with(_ key: String, _ value: CanonicalJSON?) -> StoredMembers {
        if let value { members[key] = value }
        return self
    }

    consuming func with(_ key: String, _ value: String?) -> StoredMembers { with(key, value.map(CanonicalJSON.string)) }
    consuming func with(_ key: String, _ value: Bool?) -> StoredMembers { with(key, value.map(CanonicalJSON.boolean)) }
    consuming func with(_ key: String, _ value: Int?) -> StoredMembers { with(key, value.map(CanonicalJSON.integer)) }
    consuming func with(_ key: String, _ value: CivilDate?) -> StoredMembers { with(key, value.map(CanonicalJSON.of)) }
    consuming func with<Kind>(_ key: String, _ value: Identifier<Kind>?) -> StoredMembers {
        with(key, value.map(CanonicalJSON.of))
    }
    consuming func with(_ key: String, bytes: [UInt8]?) -> StoredMembers { with(key, bytes.map(CanonicalJSON.of)) }
    consuming func with<T: RawRepresentable>(_ key: String, _ value: T?) -> StoredMembers where T.RawValue == String {
        with(key, value.map { CanonicalJSON.string($0.rawValue) })
    }
    consuming func with(_ key: String, _ values: [String]?) -> StoredMembers {
        with(key, values.map { .array($0.map(CanonicalJSON.string)) })
    }
    consuming func with(_ key: String, _ value: (some StoredValue)?) -> StoredMembers {
        with(key, value.map { .object($0.stored) })
    }
    consuming func with(_ key: String, list values: [some StoredValue]?) -> StoredMembers {
        with(key, values.map { .array($0.map { .object($0.stored) }) })
    }
}

extension CanonicalJSON {
    static func of(_ date: CivilDate) -> CanonicalJSON { .string(date.description) }
    static func of<Kind>(_ id: Identifier<Kind>) -> CanonicalJSON { .string(id.description) }
    static func of(_ bytes: [UInt8]) -> CanonicalJSON { .string(Base64.format(bytes)) }
}
