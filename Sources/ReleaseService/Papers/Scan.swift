public import ReleaseWorkflow

/// A paper as it was scanned or photographed, known by its content and not by its name.
///
/// - Source: ISO 32000-1 §7.5 (PDF); ISO/IEC 15948 (PNG); ITU-T T.81 (JPEG); ISO/IEC 23008-12 (HEIC).
public struct Scan: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        case pdf, png, jpeg, heic

        /// The name of a file of this kind, like `scan.pdf`.
        public var fileName: String { "scan.\(self == .jpeg ? "jpg" : rawValue)" }
        public var mediaType: String { self == .pdf ? "application/pdf" : "image/\(rawValue)" }
    }

    public let kind: Kind
    public let bytes: [UInt8]

    /// The size that a scan may have, in bytes.
    public static let limit = 8 << 20

    /// - Throws: `FieldProblem` naming `scan` for what is empty, larger than ``limit``, or none of the four kinds from
    ///   its first byte to its last.
    public init(parsing bytes: [UInt8]) throws(FieldProblem) {
        guard bytes.count <= Self.limit else {
            throw FieldProblem(field: "scan", expected: "a scan of at most \(Self.limit >> 20) megabytes")
        }
        guard let kind = Kind.allCases.first(where: { $0.isWhole(bytes) }) else {
            let cut = Kind.allCases.first { $0.begins(bytes) }
            throw FieldProblem(
                field: "scan",
                expected: cut.map { "the whole file: this \($0.rawValue.uppercased()) ends before its end" }
                    ?? "a scan or photograph of the signed paper, as PDF, PNG, JPEG or HEIC")
        }
        (self.kind, self.bytes) = (kind, bytes)
    }
}

extension Scan.Kind {
    private static let pngStart: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    fileprivate func begins(_ bytes: [UInt8]) -> Bool {
        switch self {
        case .pdf: bytes.prefix(1024).contains(text: "%PDF-")
        case .png: bytes.starts(with: Self.pngStart)
        case .jpeg: bytes.starts(with: [0xFF, 0xD8, 0xFF])
        case .heic: Boxes(bytes).isHEIC
        }
    }

    fileprivate func isWhole(_ bytes: [UInt8]) -> Bool {
        guard begins(bytes) else { return false }
        switch self {
        case .pdf:
            // Some scanners pad a file with zeros or line ends.
            let padding = bytes.reversed().prefix { [0x00, 0x09, 0x0A, 0x0D, 0x20].contains($0) }.count
            let end = bytes.dropLast(padding).suffix(2048)
            return end.contains(text: "startxref") && end.contains(text: "%%EOF")
                && bytes.prefix(65_536).contains(text: " obj")
        case .png: return Self.isWholePNG(bytes)
        case .jpeg: return Self.isWholeJPEG(bytes)
        case .heic: return Boxes(bytes).isWholeImage
        }
    }

    /// Chunk after chunk, from a header with a size to the end mark, with image data between.
    private static func isWholePNG(_ bytes: [UInt8]) -> Bool {
        var place = pngStart.count
        var (isFirst, hasData) = (true, false)
        while place + 12 <= bytes.count {
            let count = bytes.number(at: place, count: 4)
            let type = String(decoding: bytes[(place + 4)..<(place + 8)], as: UTF8.self)
            guard place + 12 + count <= bytes.count else { return false }
            if isFirst {
                guard type == "IHDR", count == 13, bytes.number(at: place + 8, count: 4) > 0,
                    bytes.number(at: place + 12, count: 4) > 0
                else { return false }
            }
            isFirst = false
            if type == "IDAT", count > 0 { hasData = true }
            if type == "IEND" { return hasData }
            place += 12 + count
        }
        return false
    }

    /// Marker after marker, with a frame that has a size, a scan, and the mark of its end.
    private static func isWholeJPEG(_ bytes: [UInt8]) -> Bool {
        var place = 2
        var hasFrame = false
        while place + 4 <= bytes.count, bytes[place] == 0xFF {
            let marker = bytes[place + 1]
            if marker == 0xFF {
                place += 1
                continue
            }
            let count = bytes.number(at: place + 2, count: 2)
            guard count >= 2, place + 2 + count <= bytes.count else { return false }
            // The start of a frame, of whatever coding.
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker), count >= 8 {
                hasFrame = bytes.number(at: place + 5, count: 2) > 0 && bytes.number(at: place + 7, count: 2) > 0
            }
            place += 2 + count
            if marker == 0xDA {
                // Cameras write behind the end what no decoder reads.
                return hasFrame && bytes[place...].contains(pair: 0xFF, 0xD9)
            }
        }
        return false
    }
}

/// The boxes of an ISO base media file, ISO/IEC 14496-12 §4.2.
private struct Boxes {
    private(set) var brands: [String] = []
    private var types: [String] = []
    private var isWhole = false

    init(_ bytes: [UInt8]) {
        var place = 0
        while place + 8 <= bytes.count {
            var count = bytes.number(at: place, count: 4)
            if count == 1, place + 16 <= bytes.count { count = bytes.number(at: place + 8, count: 8) }
            if count == 0 { count = bytes.count - place }
            let type = String(decoding: bytes[(place + 4)..<(place + 8)], as: UTF8.self)
            if place == 0 {
                guard type == "ftyp", (16...256).contains(count), count <= bytes.count else { return }
                brands = stride(from: 8, to: count - 3, by: 4).filter { $0 != 12 }.map {
                    String(decoding: bytes[$0..<($0 + 4)], as: UTF8.self)
                }
            }
            types.append(type)
            // What stands behind the picture, and is no box, is nobody's.
            let isBehind = types.contains("meta") && types.contains("mdat") && type != "mdat"
            guard count >= 8, count <= bytes.count - place else {
                isWhole = isBehind
                return
            }
            place += count
        }
        isWhole = place == bytes.count
    }

    /// By its brands; an AVIF names some of them too.
    var isHEIC: Bool {
        brands.first != "avif" && brands.contains { ["heic", "heix", "heim", "heis", "hevc", "mif1"].contains($0) }
    }

    var isWholeImage: Bool { isWhole && types.contains("meta") && types.contains("mdat") }
}

extension Array where Element == UInt8 {
    /// A number of up to eight bytes, the highest first; too large for an `Int` is as good as endless.
    fileprivate func number(at place: Int, count: Int) -> Int {
        let value = self[place..<(place + count)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(clamping: value)
    }
}

extension ArraySlice where Element == UInt8 {
    fileprivate func contains(text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard count >= wanted.count else { return false }
        return (startIndex...(endIndex - wanted.count)).contains { self[$0...].starts(with: wanted) }
    }

    fileprivate func contains(pair first: UInt8, _ second: UInt8) -> Bool {
        var end = endIndex
        while let place = self[..<end].lastIndex(of: second) {
            if place > startIndex, self[place - 1] == first { return true }
            end = place
        }
        return false
    }
}

/// The paper on which somebody signed, as it was handed in, and the day that they wrote on it. What is wrong with it is
/// said when it is filed: a script that is applied again only asks for its answer.
public struct Paper: Hashable, Sendable {
    public let bytes: [UInt8]
    public let signedOn: CivilDate?
    public init(bytes: [UInt8], signedOn: CivilDate?) { (self.bytes, self.signedOn) = (bytes, signedOn) }

    /// - Throws: `FieldProblem` naming `scan` for what is no scan, and `signedOn` for a day that is missing, not begun,
    ///   or before `earliest`.
    func checked(earliest: CivilDate?, today: CivilDate) throws(FieldProblem) -> (scan: Scan, signedOn: CivilDate) {
        let scan = try Scan(parsing: bytes)
        guard let signedOn, signedOn <= today, earliest.map({ $0 <= signedOn }) ?? true else {
            throw FieldProblem(
                field: "signedOn",
                expected:
                    "the day that stands on the paper, from \(earliest?.description ?? "the day it was printed") to today"
            )
        }
        return (scan, signedOn)
    }
}
