internal import CHEIF
internal import Foundation
public import ReleaseService
internal import ReleaseWorkflow

/// The port for photographs on libheif and libjpeg.
public struct LibraryPhotographs: PhotographReader {
    /// One at a time: a photograph of a hundred million pixels takes some hundred megabytes while it is opened.
    private static let turn = NSLock()

    public init() {}

    /// - Throws: `FieldProblem` naming `scan` for bytes that are no photograph that can be shown.
    public func jpeg(ofHEIC bytes: [UInt8]) throws -> [UInt8] {
        var pointer: UnsafeMutablePointer<UInt8>?
        var count = 0
        let result = Self.turn.withLock { privity_heic_to_jpeg(bytes, bytes.count, &pointer, &count) }
        defer { free(pointer) }
        guard result == 0, let pointer else {
            throw FieldProblem(
                field: "scan",
                expected: result == -2
                    ? "a photograph of at most 100 million pixels"
                    : "a photograph that can be opened: this one is damaged")
        }
        return Array(UnsafeBufferPointer(start: pointer, count: count))
    }
}
