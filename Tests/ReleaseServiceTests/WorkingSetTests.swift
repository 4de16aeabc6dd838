import Foundation
import ReleaseWorkflow
import SQLiteDriver
import StoreConformance
import Testing

@testable import ReleaseService

/// A change of a batch is there for whatever it asks next, flushed or not (E1).
@Suite("Working set")
struct WorkingSetTests {
    private func store() throws -> (SQLiteStore, String) {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("privity-\(UUID()).sqlite").path
        return (try SQLiteStore(path: path, isReadOnly: false), path)
    }

    /// Undoes in a way of its own on each side: the working set by dropping its changes, the database by a savepoint.
    static func attempt(_ writer: any StoreWriter, _ body: () throws -> Void) throws {
        if let set = writer as? WorkingSet { return try set.attempt(body) }
        try writer.mark(1000)
        do {
            try body()
        } catch {
            try writer.undo(to: 1000)
            throw error
        }
        try writer.keep(since: 1000)
    }

    @Test(
        "a working set and the database it stands before answer every question alike, after every change and after what is undone (E1)"
    )
    func conformance() throws {
        let ((one, first), (other, second)) = (try store(), try store())
        defer { for path in [first, second] { try? FileManager.default.removeItem(atPath: path) } }
        var (changes, questions): (Set<String>, Set<String>) = ([], [])
        for seed in 1...8 {
            try one.write { left in
                try other.write { right in
                    let set = WorkingSet(left)
                    var conformance = StoreConformance(set, right, seed: UInt64(seed))
                    let told = try conformance.tell(600, attempt: Self.attempt)
                    changes.formUnion(told.changes)
                    questions.formUnion(told.questions)
                    try set.flush()
                }
            }
            #expect(try one.dump() == other.dump(), "after story \(seed)")
        }
        #expect(changes.count == 41, "\(changes.sorted())")
        #expect(questions.count == StoreConformance.questionCount)
    }

    @Test("the conformance notices one row more on one side (E1)")
    func noticed() throws {
        let ((one, first), (other, second)) = (try store(), try store())
        defer { for path in [first, second] { try? FileManager.default.removeItem(atPath: path) } }
        try other.write { try $0.putPlace(RoundID(high: 9, low: 9), mentor: PersonID(high: 7, low: 1)) }
        #expect(throws: StoreConformance.Difference.self) {
            try one.write { left in
                try other.write { right in
                    var conformance = StoreConformance(WorkingSet(left), right, seed: 1)
                    _ = try conformance.tell(600, attempt: Self.attempt)
                }
            }
        }
    }
}
