public import Cryptography
internal import ReleaseLedger
public import ReleaseService
internal import Synchronization

/// The wrapped data keys in a file of fixed slots, and the list of destroyed ids beside it.
///
/// A slot is 128 bytes: 1 (in use), the id (16), the wrapped key (60), the first 19 bytes of SHA-256 over these, zeros.
/// The file grows by 512 slots at a time, and a key takes any that is free: neither its size nor the place of a key
/// tells of keys that came and went. Destroying overwrites the slot. The list of destroyed ids is written first, so
/// that a key cannot come back from a copy.
public final class KeyRingFile: KeyRing {
    private static let slotByteCount = 128
    private static let stepByteCount = 512 * slotByteCount
    private static let wrappedByteCount = 60
    private static let checkByteCount = 19

    private struct Slots {
        var keys: [[UInt8]: (offset: Int, wrapped: [UInt8])] = [:]
        var free: [Int] = []
        var end = 0
        var destroyed = DestroyedList.Content()
        var listed: Set<[UInt8]> = []
        /// Keys written since the last sync.
        var unsynced: [[UInt8]] = []
    }

    private let file: DurableFile
    private let list: DestroyedList
    private let slots: Mutex<Slots>

    /// - Parameter listKey: the key under which the list of destroyed ids is sealed.
    public init(path: String, destroyedPath: String, listKey: SecretBytes, isReadOnly: Bool, creates: Bool) throws {
        file = try DurableFile(path: path, name: "data-keys", isReadOnly: isReadOnly, creates: creates)
        list = try DestroyedList(path: destroyedPath, key: listKey, isReadOnly: isReadOnly, creates: creates)
        var found = Slots()
        let bytes = try file.read(at: 0, count: file.size())
        for offset in stride(from: 0, to: bytes.count, by: Self.slotByteCount) {
            let slot = Array(bytes[offset..<min(offset + Self.slotByteCount, bytes.count)])
            if let (id, wrapped) = Self.parse(slot) {
                found.keys[id] = (offset, wrapped)
            } else {
                found.free.append(offset)
            }
        }
        found.end = (bytes.count + Self.slotByteCount - 1) / Self.slotByteCount * Self.slotByteCount
        found.destroyed = try list.read()
        found.listed = Set(found.destroyed.ids)
        // A key that is listed as destroyed and still there is a copy put back, or a destruction that stopped half-way:
        // it is gone for every reader, and the first writer overwrites it.
        let doomed = found.destroyed.ids.filter { found.keys[$0] != nil }
        var offsets: [Int] = []
        for id in doomed { if let slot = found.keys.removeValue(forKey: id) { offsets.append(slot.offset) } }
        if !isReadOnly, !offsets.isEmpty {
            for offset in offsets { try file.write([UInt8](repeating: 0, count: Self.slotByteCount), at: offset) }
            try file.sync()
            found.free += offsets
        }
        slots = Mutex(found)
    }

    public func wrappedKey(_ id: [UInt8]) throws -> [UInt8]? { slots.withLock { $0.keys[id]?.wrapped } }

    public func ids() throws -> [[UInt8]] { slots.withLock { Array($0.keys.keys) } }

    public func destroyedIDs() throws -> [[UInt8]] { slots.withLock { $0.destroyed.ids } }

    public func add(_ keys: [(id: [UInt8], wrapped: [UInt8])]) throws {
        try slots.withLock { slots in
            for key in keys where slots.keys[key.id] == nil {
                guard key.id.count == 16, key.wrapped.count == Self.wrappedByteCount else {
                    throw FolderError(file: "data-keys", problem: "a wrapped key has the wrong length")
                }
                guard !slots.listed.contains(key.id) else {
                    throw FolderError(file: "data-keys", problem: "this key was destroyed and cannot be made again")
                }
                var slot = [1] + key.id + key.wrapped
                slot += SHA256.hash(slot).prefix(Self.checkByteCount)
                slot += [UInt8](repeating: 0, count: Self.slotByteCount - slot.count)
                FaultPoint.reach(.beforeKeyWrite)
                if slots.free.isEmpty { try grow(&slots) }
                slots.free.swapAt(Int.random(in: slots.free.indices), slots.free.count - 1)
                let offset = slots.free[slots.free.count - 1]
                try file.write(slot, at: offset)
                slots.free.removeLast()
                slots.keys[key.id] = (offset, key.wrapped)
                slots.unsynced.append(key.id)
            }
        }
    }

    private func grow(_ slots: inout Slots) throws {
        try file.write([UInt8](repeating: 0, count: Self.stepByteCount), at: slots.end)
        slots.free += stride(from: slots.end, to: slots.end + Self.stepByteCount, by: Self.slotByteCount)
        slots.end += Self.stepByteCount
    }

    public func sealAnew() throws {
        try slots.withLock { slots in
            // Both blocks of the pair: else those that changed would tell whether something was destroyed besides.
            for _ in 0..<2 { try list.append([], to: &slots.destroyed) }
        }
    }

    public func sync() throws {
        try slots.withLock { slots in
            guard !slots.unsynced.isEmpty else { return }
            FaultPoint.reach(.beforeKeySync)
            defer { slots.unsynced = [] }
            do {
                try file.sync()
            } catch {
                // What the disk did not confirm may be lost: these keys are made anew by whoever needs them.
                for id in slots.unsynced {
                    if let slot = slots.keys.removeValue(forKey: id) { slots.free.append(slot.offset) }
                }
                throw error
            }
            FaultPoint.reach(.afterKeySync)
        }
    }

    public func destroy(_ ids: [[UInt8]]) throws {
        try slots.withLock { slots in
            let new = ids.filter { !slots.listed.contains($0) }
            if !new.isEmpty {
                try list.append(new, to: &slots.destroyed)
                slots.listed.formUnion(new)
            }
            FaultPoint.reach(.betweenDestroys)
            try overwrite(ids, in: &slots)
        }
    }

    private func overwrite(_ ids: [[UInt8]], in slots: inout Slots) throws {
        let present = ids.compactMap { id in slots.keys[id].map { (id: id, offset: $0.offset) } }
        guard !present.isEmpty else { return }
        for key in present { try file.write([UInt8](repeating: 0, count: Self.slotByteCount), at: key.offset) }
        try file.sync()
        for key in present {
            slots.keys[key.id] = nil
            slots.free.append(key.offset)
        }
    }

    private static func parse(_ slot: [UInt8]) -> (id: [UInt8], wrapped: [UInt8])? {
        let end = 17 + wrappedByteCount
        guard slot.count == slotByteCount, slot[0] == 1,
            Array(SHA256.hash(Array(slot[..<end])).prefix(checkByteCount)) == Array(slot[end..<(end + checkByteCount)])
        else { return nil }
        return (Array(slot[1..<17]), Array(slot[17..<end]))
    }
}
