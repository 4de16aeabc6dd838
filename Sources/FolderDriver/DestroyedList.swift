internal import Cryptography
internal import Foundation
internal import Glibc

/// The ids of the data keys that were destroyed: a list that only ever grows, sealed under a key of the vault's, so
/// that nobody reads from it how often something was destroyed, nor writes it (E12, E32).
///
/// The file has 16 bytes of ASCII, `privity/destroy2`, and pairs of blocks of 64 KiB. Of each pair the block with the
/// higher counter counts: whoever writes does so over the other, and a write that stops half-way leaves what was
/// there. A pair holds 4,091 ids; the next begins when it is full. Each pair holds a digest of all ids before it,
/// so that no block can be left out or put elsewhere.
///
/// A block is a nonce (12 bytes), the sealed content, and its tag (16). The content is the counter (8), the place of
/// the pair (4), the number of ids (4), the digest of the ids before it (32), the ids (16 each), and zeros.
final class DestroyedList: Sendable {
    static let blockByteCount = 1 << 16
    private static let headByteCount = 48
    static let mark = Array("privity/destroy2".utf8)
    static let idCount = (blockByteCount - AESGCM.nonceByteCount - AESGCM.tagByteCount - headByteCount) / 16

    /// The list as a folder has it, and the place of the next write.
    struct Content: Sendable {
        private(set) var ids: [[UInt8]] = []
        /// The ids of the last pair.
        fileprivate var own: [[UInt8]] = []
        fileprivate var place = 0
        /// SHA-256 of this value of the pair before and its ids; 32 zeros for the first.
        fileprivate var before = [UInt8](repeating: 0, count: 32)
        /// The counters of the two blocks of the last pair.
        fileprivate var counters: [UInt64] = [0, 0]
        /// True for a list as the first versions wrote it: 16 bytes each, open.
        fileprivate(set) var isFormer = false

        fileprivate mutating func take(_ new: some Collection<[UInt8]>) {
            ids += new
            own += new
        }

        fileprivate mutating func added(_ new: [[UInt8]], _ last: Content) {
            ids += new
            (own, place, before, counters) = (last.own, last.place, last.before, last.counters)
        }

        fileprivate mutating func beginPair() {
            before = SHA256.hash(before + own.flatMap { $0 })
            (own, place, counters) = ([], place + 1, [0, 0])
        }
    }

    private let file: DurableFile
    private let cipher: AESGCM

    /// Opens the list; a writer makes it where there is none, and brings one of the first versions into this form.
    ///
    /// - Parameter key: 32 bytes of the vault's, for this list alone.
    convenience init(path: String, key: SecretBytes, isReadOnly: Bool, creates: Bool) throws {
        let list = try DestroyedList(opening: path, key: key, isReadOnly: isReadOnly, creates: creates)
        let content = try list.read()
        guard !isReadOnly, content.isFormer || content.counters == [0, 0] else {
            try self.init(opening: path, key: key, isReadOnly: isReadOnly, creates: false)
            return
        }
        // Beside the old one, and then in its place: a stop half-way loses no id.
        let fresh = path + ".new"
        unlink(fresh)
        var made = Content()
        try DestroyedList(opening: fresh, key: key, isReadOnly: false, creates: true).append(content.ids, to: &made)
        guard rename(fresh, path) == 0 else { throw FolderError(file: "destroyed", problem: DurableFile.reason()) }
        try DurableFile.syncFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
        try self.init(opening: path, key: key, isReadOnly: false, creates: false)
    }

    private init(opening path: String, key: SecretBytes, isReadOnly: Bool, creates: Bool) throws {
        file = try DurableFile(path: path, name: "destroyed", isReadOnly: isReadOnly, creates: creates)
        cipher = try AESGCM(key: key)
    }

    /// - Throws: ``FolderError`` for a list of which a pair cannot be opened, or that is not in one piece.
    func read() throws -> Content {
        let bytes = try file.read(at: 0, count: file.size())
        var content = Content()
        guard !bytes.isEmpty else { return content }
        guard bytes.starts(with: Self.mark) else {
            // The first versions kept the bare ids; what a write left that stopped half-way is none.
            content.take(stride(from: 0, to: bytes.count - 15, by: 16).map { Array(bytes[$0..<$0 + 16]) })
            content.isFormer = true
            return content
        }
        let pairByteCount = 2 * Self.blockByteCount
        for (place, start) in stride(from: Self.mark.count, to: bytes.count, by: pairByteCount).enumerated() {
            let blocks = [start, start + Self.blockByteCount].map { open(bytes, at: $0, place) }
            let isFull = content.own.count == Self.idCount
            guard let newest = blocks.compactMap({ $0 }).max(by: { $0.counter < $1.counter }) else {
                // A pair that was being begun when the process stopped holds nothing yet.
                guard place > 0, isFull, start + pairByteCount >= bytes.count else { throw Self.damaged }
                break
            }
            if place > 0 {
                guard isFull else { throw Self.damaged }
                content.beginPair()
            }
            guard newest.before == content.before else { throw Self.damaged }
            content.take(newest.ids)
            content.counters = blocks.map { $0?.counter ?? 0 }
        }
        return content
    }

    private static let damaged = FolderError(file: "destroyed", problem: "the list of destroyed keys is damaged")

    /// Adds ids and syncs; with none, seals the last block anew.
    ///
    /// - Throws: if the disk does not confirm. What was there before is there then.
    func append(_ ids: [[UInt8]], to content: inout Content) throws {
        // The list itself may be long, and is not copied: what is added to it is added when it is durable.
        var last = Content()
        (last.own, last.place, last.before, last.counters) = (
            content.own, content.place, content.before, content.counters
        )
        var waiting = ids[...]
        repeat {
            if last.own.count == Self.idCount, !waiting.isEmpty { last.beginPair() }
            let taken = waiting.prefix(Self.idCount - last.own.count)
            last.own += taken
            waiting = waiting.dropFirst(taken.count)
            try write(&last)
            // Before the next begins: a pair that is not full may be the last alone.
            try file.sync()
        } while !waiting.isEmpty
        content.added(ids, last)
    }

    /// Writes the last pair over the older of its two blocks.
    private func write(_ last: inout Content) throws {
        let older = last.counters[0] <= last.counters[1] ? 0 : 1
        let counter = (last.counters.max() ?? 0) + 1
        var plain = Self.bigEndian(counter, count: 8) + Self.bigEndian(UInt64(last.place), count: 4)
        plain += Self.bigEndian(UInt64(last.own.count), count: 4) + last.before + last.own.flatMap { $0 }
        plain += [UInt8](repeating: 0, count: Self.headByteCount + 16 * Self.idCount - plain.count)
        let nonce = try RandomBytes.generate(count: AESGCM.nonceByteCount)
        let block = nonce + (try cipher.seal(plain, nonce: nonce, associated: Self.purpose))
        // A new pair begins with both of its blocks, so that the file grows by one size.
        let start = Self.mark.count + 2 * last.place * Self.blockByteCount
        if last.counters == [0, 0] {
            if last.place == 0 { try file.write(Self.mark, at: 0) }
            try file.write(
                RandomBytes.generate(count: Self.blockByteCount), at: start + (1 - older) * Self.blockByteCount)
        }
        let filling = try RandomBytes.generate(count: Self.blockByteCount - block.count)
        try file.write(block + filling, at: start + older * Self.blockByteCount)
        last.counters[older] = counter
    }

    private struct Block {
        let counter: UInt64
        let before: [UInt8]
        let ids: [[UInt8]]
    }

    private func open(_ bytes: [UInt8], at start: Int, _ place: Int) -> Block? {
        let end = start + AESGCM.nonceByteCount + Self.headByteCount + 16 * Self.idCount + AESGCM.tagByteCount
        guard end <= bytes.count,
            let plain = try? cipher.open(
                Array(bytes[(start + AESGCM.nonceByteCount)..<end]),
                nonce: Array(bytes[start..<start + AESGCM.nonceByteCount]), associated: Self.purpose),
            Self.number(plain[8..<12]) == UInt64(place)
        else { return nil }
        let count = Int(Self.number(plain[12..<16]))
        guard count <= Self.idCount else { return nil }
        return Block(
            counter: Self.number(plain[0..<8]), before: Array(plain[16..<48]),
            ids: (0..<count).map { Array(plain[(Self.headByteCount + 16 * $0)..<(Self.headByteCount + 16 * $0 + 16)]) })
    }

    private static let purpose = Array("privity-destroyed/v2".utf8)

    private static func bigEndian(_ number: UInt64, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * (count - 1 - $0))) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}
