import Cryptography
import Foundation
import Testing

@testable import FolderDriver

/// The files of data keys, as whoever holds them sees them.
@Suite("What the key files tell")
struct KeyRingTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("privity-ring-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private var list: String { folder.appendingPathComponent("destroyed").path }
    private static let key = SecretBytes(copying: [UInt8](repeating: 5, count: 32))

    private func open(isReadOnly: Bool = false) throws -> KeyRingFile {
        try KeyRingFile(
            path: folder.appendingPathComponent("data-keys").path, destroyedPath: list, listKey: Self.key,
            isReadOnly: isReadOnly, creates: !isReadOnly)
    }

    private func id(_ number: Int) -> [UInt8] { Array(SHA256.hash(Array("key \(number)".utf8)).prefix(16)) }

    private func add(_ numbers: Range<Int>, to ring: KeyRingFile) throws {
        try ring.add(numbers.map { (id($0), [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 60)) })
        try ring.sync()
    }

    private func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appendingPathComponent(name)))
    }

    @Test(
        "E12, E32: keys that came and went leave both files at the size they had, no id can be read, and the next opening knows every one"
    )
    func comeAndGo() throws {
        let ring = try open()
        try add(0..<40, to: ring)
        let (keys, destroyed) = (try bytes("data-keys").count, try bytes("destroyed").count)
        try add(100..<300, to: ring)
        try ring.destroy((100..<300).map(id))
        #expect(try bytes("data-keys").count == keys && keys == 512 * 128)
        #expect(try bytes("destroyed").count == destroyed && destroyed == 16 + (2 << 16))
        let content = Data(try bytes("destroyed"))
        #expect(content.range(of: Data(id(100))) == nil)
        // Nothing of a key that is gone, wherever it lay.
        #expect(Data(try bytes("data-keys")).range(of: Data(id(100))) == nil)
        let again = try open(isReadOnly: true)
        #expect(try Set(again.destroyedIDs()) == Set((100..<300).map(id)))
        #expect(try again.ids().count == 40)
        #expect(throws: FolderError.self) { try add(100..<101, to: open()) }
    }

    @Test("E32: where a key lies tells nothing of those before it")
    func places() throws {
        let ring = try open()
        try add(0..<200, to: ring)
        let used = try bytes("data-keys")
        let places = (0..<512).filter { used[$0 * 128] == 1 }
        #expect(places.count == 200 && places != Array(0..<200))
        // Between the first and the last of two hundred keys in five hundred and twelve slots there are holes everywhere.
        #expect((0..<8).allSatisfy { part in (1..<64).contains(places.count { $0 / 64 == part }) })
    }

    @Test("E12: the list goes over several blocks, is sealed anew without a change, and no bit of it can be changed")
    func blocks() throws {
        let ring = try open()
        for start in stride(from: 0, to: 9_000, by: 1_000) { try ring.destroy((start..<start + 1_000).map(id)) }
        #expect(try bytes("destroyed").count == 16 + (6 << 16))
        let before = try bytes("destroyed")
        try ring.sealAnew()
        #expect(try bytes("destroyed") != before && bytes("destroyed").count == before.count)
        #expect(try open(isReadOnly: true).destroyedIDs() == (0..<9_000).map(id))
        // A block that was written before stands in for one that is damaged; two that are damaged are found.
        var damaged = try bytes("destroyed")
        damaged[116] ^= 1
        damaged[(1 << 16) + 116] ^= 1
        try Data(damaged).write(to: URL(fileURLWithPath: list))
        #expect(throws: FolderError.self) { try open(isReadOnly: true) }
        // A pair left out, and two in the other order.
        try Data(before[..<16] + before[(16 + (2 << 16))...]).write(to: URL(fileURLWithPath: list))
        #expect(throws: FolderError.self) { try open(isReadOnly: true) }
        let pairs = (0..<3).map { Array(before[(16 + $0 * (2 << 16))..<(16 + ($0 + 1) * (2 << 16))]) }
        let swapped = before[..<16] + pairs[1] + pairs[0] + pairs[2]
        try Data(swapped).write(to: URL(fileURLWithPath: list))
        #expect(throws: FolderError.self) { try open(isReadOnly: true) }
    }

    @Test("E12: a write that stops half-way leaves the list as it was; so does a pair that was only begun")
    func halfWritten() throws {
        let ring = try open()
        try ring.destroy((0..<5).map(id))
        let before = try bytes("destroyed")
        try ring.destroy((5..<6).map(id))
        let after = try bytes("destroyed")
        let block = before[..<(16 + (1 << 16))] == after[..<(16 + (1 << 16))] ? 1 : 0
        for cut in [1, 40, 4_000, 65_000] {
            var torn = before
            let start = 16 + (block << 16)
            torn.replaceSubrange(start..<start + cut, with: after[start..<start + cut])
            try Data(torn).write(to: URL(fileURLWithPath: list))
            #expect(try open(isReadOnly: true).destroyedIDs() == (0..<5).map(id), "\(cut)")
        }
        try Data(after).write(to: URL(fileURLWithPath: list))
        let full = try open()
        try full.destroy((6..<DestroyedList.idCount).map(id))
        let whole = try bytes("destroyed")
        try Data(whole + [UInt8](repeating: 9, count: 1 << 16)).write(to: URL(fileURLWithPath: list))
        let begun = try open()
        #expect(try begun.destroyedIDs() == (0..<DestroyedList.idCount).map(id))
        try begun.destroy([id(10_000)])
        #expect(try open(isReadOnly: true).destroyedIDs().last == id(10_000))
    }

    @Test(
        "E11, E12: a list as the first versions wrote it is read by everybody and brought into this form by the writer")
    func former() throws {
        let ids = (0..<5_000).map(id)
        try Data(ids.flatMap { $0 }).write(to: URL(fileURLWithPath: list))
        try Data().write(to: folder.appendingPathComponent("data-keys"))
        #expect(try open(isReadOnly: true).destroyedIDs() == ids)
        #expect(try bytes("destroyed").count == 80_000)
        #expect(try open().destroyedIDs() == ids)
        #expect(try bytes("destroyed").count == 16 + (4 << 16))
        #expect(try open(isReadOnly: true).destroyedIDs() == ids)
    }
}
