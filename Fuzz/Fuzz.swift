import Foundation

extension Parsers {
    /// The one that is fuzzed.
    static let chosen: @Sendable ([UInt8]) -> Void = {
        let name = ProcessInfo.processInfo.environment["PRIVITY_FUZZ_TARGET"] ?? ""
        guard let parser = all[name] else {
            preconditionFailure("PRIVITY_FUZZ_TARGET: expected one of \(all.keys.sorted().joined(separator: ", "))")
        }
        return parser
    }()
}

/// The entry point is the fuzzer's own; this is what it calls.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    Parsers.chosen(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
