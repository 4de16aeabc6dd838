import Foundation
import ReleaseWorkflow
import SQLiteDriver
import Testing

@testable import ReleaseService

/// Searches the memory of a running service, as a core dump would hold it, for personal values.
///
/// The service runs in a process of its own, which is told nobody's name: it has them from the vault alone. The dump is
/// its memory as the kernel shows it.
@Suite("Memory")
struct MemoryTests {
    private static let folder = "PRIVITY_TEST_MEMORY_FOLDER"

    /// Letters that stand nowhere else.
    private static func word(_ count: Int) -> String {
        String((0..<count).map { _ in "bcdfghjklmnpqrstvwxz".randomElement() ?? "b" })
    }

    /// The stack pointer of each thread of a waiting process: below it, a stack holds only calls that are over.
    private static func stackPointers(of process: Int32) throws -> [UInt64] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task").compactMap { thread in
            let line = try? String(contentsOfFile: "/proc/\(process)/task/\(thread)/syscall", encoding: .utf8)
            let numbers = (line ?? "").split(whereSeparator: \.isWhitespace)
            return numbers.count < 3 ? nil : UInt64(numbers[numbers.count - 2].dropFirst(2), radix: 16)
        }
    }

    /// Counts each of these words in every readable mapping of a process.
    ///
    /// - Parameter exceptInOldFrames: leaves out the stacks of calls that are over.
    private static func found(_ words: [String], in process: Int32, exceptInOldFrames: Bool = false) throws -> [String:
        Int]
    {
        let pointers = exceptInOldFrames ? try stackPointers(of: process) : []
        let maps = try String(contentsOfFile: "/proc/\(process)/maps", encoding: .utf8)
        let memory = try #require(FileHandle(forReadingAtPath: "/proc/\(process)/mem"))
        defer { try? memory.close() }
        var counts: [String: Int] = [:]
        for line in maps.split(separator: "\n") {
            let parts = line.split(separator: " ")
            let ends = parts[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard ends.count == 2, parts[1].hasPrefix("r"), parts.last != "[vvar]", parts.last != "[vsyscall]" else {
                continue
            }
            var start = pointers.filter { (ends[0]..<ends[1]).contains($0) }.max() ?? ends[0]
            while start < ends[1] {
                let count = min(ends[1] - start, 64 << 20)
                guard (try? memory.seek(toOffset: start)) != nil, let bytes = try? memory.read(upToCount: Int(count))
                else { break }
                for word in words {
                    var rest = bytes[...]
                    while let range = rest.range(of: Data(word.utf8)) {
                        counts[word, default: 0] += 1
                        rest = rest[range.upperBound...]
                    }
                }
                // A word may lie across the end of a piece.
                start += count == 64 << 20 ? count - 64 : count
            }
        }
        return counts
    }

    private func office(_ path: String) async throws -> Office {
        try await Office(opening: path, at: Date(timeIntervalSince1970: 1_767_700_000), people: [:])
    }

    /// The process of its own looks at pages, so that everything is remembered; at each line that it is sent it goes on:
    /// it declines, erases, ends.
    @Test(
        "in a process of its own: looks, declines, erases",
        .enabled(if: ProcessInfo.processInfo.environment[folder] != nil))
    func inItsOwnProcess() async throws {
        let path = try #require(ProcessInfo.processInfo.environment[Self.folder])
        let office = try await office(path)
        let everybody = try office.store.read { try $0.people() }.map(\.id)
        var asker: PersonID?
        for id in everybody {
            if try await office.service.identity(of: id)?.field == "asker" { asker = id }
            _ = try await office.service.cases(of: id)
        }
        let own = try #require(asker)
        let lines = try await office.service.cases(of: own)
        #expect(!lines.isEmpty)
        print("MEMORY looked")
        fflush(nil)
        _ = readLine()
        var decline = Submission(
            .decline, workflow: "peerConversation", opener: own, actor: Actor(.person(own), channel: .screen))
        decline.key = "declines"
        let declined = try await office.service.submit(decline)
        #expect(declined.refusal == nil)
        print("MEMORY declined")
        fflush(nil)
        _ = readLine()
        let erased = try await office.service.erase(own, key: "erases")
        #expect(erased.refusal == nil)
        print("MEMORY erased")
        fflush(nil)
        _ = readLine()
    }

    @Test("after a decline memory holds no name of the draft, and after an erasure neither name nor number (E8)")
    func dump() async throws {
        let (first, surname, display) = (Self.word(18).capitalized, Self.word(18).capitalized, Self.word(20))
        let start = try await Office().staffed()
        let phone = "773-555-01\(Int.random(in: 10...99))"
        try await start.add(
            "own", "\(first) \(surname)", surname, first: first, phone: phone, roles: [.participant], field: "asker",
            coordinator: "maya")
        try await start.must(.ask, "own", on: "own", workflow: "peerConversation") { $0.display = display }
        let copy = try await start.copy()
        try copy.store.close()
        defer { try? FileManager.default.removeItem(atPath: copy.path) }

        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        child.arguments =
            Array(CommandLine.arguments.dropFirst().prefix { $0 != "--filter" }.filter { $0 != "--parallel" })
            + ["--testing-library", "swift-testing", "--filter", "MemoryTests/inItsOwnProcess"]
        child.environment = ProcessInfo.processInfo.environment.merging([
            Self.folder: copy.path, "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0",
        ]) { $1 }
        let (input, output) = (Pipe(), Pipe())
        child.standardInput = input
        child.standardOutput = output
        try child.run()
        defer { child.terminate() }
        func wait(for word: String) throws {
            var text = ""
            while !text.contains(word) {
                let data = output.fileHandleForReading.availableData
                try #require(!data.isEmpty, "the process ended: \(text.suffix(600))")
                text += String(decoding: data, as: UTF8.self)
            }
        }
        let digits = "+1" + phone.filter(\.isNumber)
        try wait(for: "MEMORY looked")
        let looked = try Self.found([first, surname, display], in: child.processIdentifier)
        for word in [first, surname, display] { #expect(looked[word, default: 0] > 0, "the dump finds what is there") }
        #expect(try Self.found([digits], in: child.processIdentifier, exceptInOldFrames: true)[digits, default: 0] > 0)
        try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
        try wait(for: "MEMORY declined")
        #expect(try Self.found([display], in: child.processIdentifier) == [:])
        try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
        try wait(for: "MEMORY erased")
        #expect(try Self.found([first, surname, display], in: child.processIdentifier) == [:])
        // A number is short enough that Swift keeps it in the value itself: what a call that is over left of it on its stack
        // stays until another call writes there. The threat model says so.
        #expect(try Self.found([digits], in: child.processIdentifier, exceptInOldFrames: true) == [:])
        try input.fileHandleForWriting.write(contentsOf: Data("\n".utf8))
        // What it expects itself held as well.
        while !output.fileHandleForReading.availableData.isEmpty {}
        child.waitUntilExit()
        #expect(child.terminationStatus == 0)
    }
}
