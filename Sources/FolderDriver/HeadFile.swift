internal import Cryptography
public import ReleaseLedger
internal import ReleaseService
internal import Synchronization

/// The last signed head, in two checksummed slots written alternately: a write that stops half-way leaves the other
/// slot whole.
///
/// Each slot is 4,096 bytes: generation (8 bytes, big-endian), instant in milliseconds (8), length of the note (4), the
/// note, SHA-256 of all before it (32), zeros. The valid slot with the higher generation counts.
public final class HeadFile: CheckpointStore {
    private static let slotByteCount = 4096

    private let file: DurableFile?
    private let isReadOnly: Bool
    private let known = Mutex<Int64>(0)

    /// Opens the file. If it is missing and `creates` is false, ``read()`` gives nil and ``replace(_:with:)`` throws.
    public init(path: String, isReadOnly: Bool, creates: Bool) throws {
        self.isReadOnly = isReadOnly
        do {
            file = try DurableFile(path: path, name: "head", isReadOnly: isReadOnly, creates: creates)
        } catch {
            if creates { throw error }
            file = nil
        }
    }

    public func read() throws -> SignedHead? {
        guard let file else { return nil }
        let bytes = try file.read(at: 0, count: 2 * Self.slotByteCount)
        if bytes.isEmpty { return nil }
        let slots = [0, 1].compactMap {
            Self.parse(Array(bytes.dropFirst($0 * Self.slotByteCount).prefix(Self.slotByteCount)))
        }
        guard let newest = slots.max(by: { $0.generation < $1.generation }) else {
            throw FolderError(file: "head", problem: "both copies of the last signed head are damaged")
        }
        known.withLock { $0 = newest.generation }
        return newest.head
    }

    public func replace(_ old: SignedHead?, with new: SignedHead) throws {
        guard let file, !isReadOnly else { throw FolderError(file: "head", problem: "missing or read-only") }
        guard try read() == old else { throw FolderError(file: "head", problem: "changed by another process") }
        guard new.note.count <= Self.slotByteCount - 52 else {
            throw FolderError(file: "head", problem: "note too long")
        }
        let generation = known.withLock { $0 } + 1
        var slot =
            Self.bigEndian(UInt64(generation), count: 8)
            + Self.bigEndian(UInt64(bitPattern: new.instantMilliseconds), count: 8)
        slot += Self.bigEndian(UInt64(new.note.count), count: 4) + new.note
        slot += SHA256.hash(slot)
        slot += [UInt8](repeating: 0, count: Self.slotByteCount - slot.count)
        FaultPoint.reach(.beforeHeadWrite)
        try file.write(slot, at: Int(generation % 2) * Self.slotByteCount)
        FaultPoint.reach(.beforeHeadSync)
        try file.sync()
        FaultPoint.reach(.afterHeadSync)
        known.withLock { $0 = generation }
    }

    private static func bigEndian(_ number: UInt64, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * (count - 1 - $0))) }
    }

    private static func parse(_ slot: [UInt8]) -> (generation: Int64, head: SignedHead)? {
        func number(_ range: Range<Int>) -> UInt64 { slot[range].reduce(0) { $0 << 8 | UInt64($1) } }
        guard slot.count == slotByteCount, number(0..<8) > 0, number(0..<8) < UInt64(Int64.max) else { return nil }
        let length = Int(number(16..<20))
        guard length <= slotByteCount - 52,
            SHA256.hash(Array(slot[..<(20 + length)])) == Array(slot[(20 + length)..<(52 + length)])
        else { return nil }
        return (
            Int64(number(0..<8)),
            SignedHead(note: Array(slot[20..<(20 + length)]), instantMilliseconds: Int64(bitPattern: number(8..<16)))
        )
    }
}
