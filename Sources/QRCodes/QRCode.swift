internal import CQRencode

/// A text as a QR code, for whoever would rather point a telephone at it than type it.
///
/// - Source: ISO/IEC 18004; error correction of level M, the smallest version that holds the text.
public struct QRCode: Sendable {
    /// The modules along one side, without the quiet zone.
    public let width: Int
    private let dark: [Bool]

    /// - Returns: nil for an empty text, one with a zero byte or with letters outside ASCII, which readers take for
    ///   different ones, and one that is too long for one code (2,331 bytes).
    public init?(_ text: String) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (1..<0x80).contains($0) }),
            let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M)
        else {
            return nil
        }
        defer { QRcode_free(code) }
        width = Int(code.pointee.width)
        // The lowest bit of each byte says whether the module is dark.
        dark = (0..<width * width).map { code.pointee.data[$0] & 1 == 1 }
    }

    /// True if the module in this column and row is dark.
    public func isDark(_ column: Int, _ row: Int) -> Bool { dark[row * width + column] }

    /// The quiet zone that belongs around it, in modules.
    public static let margin = 4

    /// The view box of an SVG image with the quiet zone, one unit a module.
    public var viewBox: String {
        let side = width + 2 * Self.margin
        return "-\(Self.margin) -\(Self.margin) \(side) \(side)"
    }

    /// The dark modules as the path of an SVG image: one rectangle for each run in a row.
    public var path: String {
        var path = ""
        for row in 0..<width {
            var column = 0
            while column < width {
                let start = column
                while column < width, isDark(column, row) { column += 1 }
                if column > start { path += "M\(start) \(row)h\(column - start)v1h-\(column - start)z" }
                column += 1
            }
        }
        return path
    }
}
