import Foundation
import Testing

/// The inputs that fuzzing begins with, and those that it found: each is read by its parser.
@Suite("Fuzzing")
struct FuzzCorpusTests {
    @Test("every parser has inputs to begin with, every input is some parser's, and none ends the process (E31)")
    func corpus() throws {
        let folder = repository.appendingPathComponent("Fuzz/corpus")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }
        #expect(Set(names) == Set(Parsers.all.keys))
        for (name, parser) in Parsers.all {
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/" + name)
            #expect(!files.isEmpty, "\(name)")
            for file in files {
                let bytes = try Data(contentsOf: folder.appendingPathComponent("\(name)/\(file)"))
                parser(Array(bytes))
                for cut in [1, bytes.count / 2] where cut < bytes.count { parser(Array(bytes.dropLast(cut))) }
            }
        }
    }
}
