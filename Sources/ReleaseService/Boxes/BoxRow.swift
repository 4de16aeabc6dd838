internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// The boxes of a round, sixteen slots to a row. A slot has a box for each of the two; a row has one size, whatever is
/// in it.
struct BoxRow {
    /// One box for each of the two, and the version of the key that it is sealed to.
    struct Slot {
        let versions: [Int]
        let boxes: [[UInt8]]
    }

    /// The two, whoever opened the case first.
    let people: [PersonID]
    private(set) var slots: [Slot] = []

    static let slotCount = 16
    static let byteCount = 8192
    static let boxByteCount = BoxItem.byteCount + HPKE.overhead
    private static let slotByteCount = 2 * (4 + boxByteCount)

    init(people: [PersonID]) { self.people = people }

    var isFull: Bool { slots.count == Self.slotCount }

    mutating func append(_ slot: Slot) { slots.append(slot) }

    /// The two ids, the number of slots that are taken, and these.
    var bytes: [UInt8] {
        var bytes = people.flatMap(\.bytes) + [UInt8(slots.count)]
        for slot in slots {
            for (version, box) in zip(slot.versions, slot.boxes) {
                bytes += withUnsafeBytes(of: UInt32(version).bigEndian, Array.init) + box
            }
        }
        return bytes + [UInt8](repeating: 0, count: Self.byteCount - bytes.count)
    }

    /// - Throws: ``MachineryError/corrupt(_:)`` for what is no such row.
    init(parsing bytes: [UInt8]) throws {
        let problem = MachineryError.corrupt("a row of boxes is damaged")
        guard bytes.count == Self.byteCount, Int(bytes[32]) <= Self.slotCount,
            let first = PersonID(bytes: Array(bytes[0..<16])), let second = PersonID(bytes: Array(bytes[16..<32]))
        else { throw problem }
        people = [first, second]
        for number in 0..<Int(bytes[32]) {
            let start = 33 + number * Self.slotByteCount
            let halves = [start, start + Self.slotByteCount / 2]
            slots.append(
                Slot(
                    versions: halves.map { bytes[$0..<$0 + 4].reduce(0) { $0 << 8 | Int($1) } },
                    boxes: halves.map { Array(bytes[$0 + 4..<$0 + 4 + Self.boxByteCount]) }))
        }
    }

    static func field(_ number: Int) -> String { "boxes/\(number)" }
}

/// Something that a box holds. Inside it is sealed once more, under the key of what it belongs to, so that it can be
/// erased without being found.
enum BoxItem {
    /// Somebody opened the card of the one to whom the box is sealed.
    case look(instantMilliseconds: Int64, release: ReleaseID)
    /// One of the pair noted something, or took it back.
    case event(Event)

    /// The kind, the nonce, the content filled up, the tag.
    static let byteCount = 1 + AESGCM.nonceByteCount + contentByteCount + AESGCM.tagByteCount
    static let contentByteCount = 160
}

extension BoxItem: StoredValue {
    static var storedName: StaticString { "content of a box" }

    init(stored: StoredObject) throws {
        if let event = try stored.optionalObject("event") {
            self = .event(try Event(stored: event))
        } else {
            let look = try stored.object("look")
            self = .look(instantMilliseconds: Int64(try look.number("at")), release: try look.id("release"))
        }
    }

    var stored: [String: CanonicalJSON] {
        switch self {
        case .look(let instant, let release):
            return ["look": .object(StoredMembers().with("at", Int(instant)).with("release", release).members)]
        case .event(let event): return ["event": .object(event.stored)]
        }
    }
}
