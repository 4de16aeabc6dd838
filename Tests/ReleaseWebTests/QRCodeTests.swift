import Foundation
import QRCodes
import Testing

/// A drawn code says what stands beside it, to a reader that nobody here wrote.
@Suite("Drawn codes")
struct QRCodeTests {
    /// The code as a portable graymap, six pixels a module.
    private func picture(_ code: QRCode) -> Data {
        let scale = 6
        let side = (code.width + 2 * QRCode.margin) * scale
        var pixels = Data("P5 \(side) \(side) 255\n".utf8)
        for y in 0..<side {
            for x in 0..<side {
                let (column, row) = (x / scale - QRCode.margin, y / scale - QRCode.margin)
                let isInside = (0..<code.width).contains(column) && (0..<code.width).contains(row)
                pixels.append(isInside && code.isDark(column, row) ? 0 : 255)
            }
        }
        return pixels
    }

    private func read(_ code: QRCode) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("privity-code-\(UUID()).pgm").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try picture(code).write(to: URL(fileURLWithPath: path))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/zbarimg")
        process.arguments = ["--raw", "--quiet", path]
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return String(text.dropLast())
    }

    @Test(
        "R43: what is drawn is what is written: a code of a receipt, one of a sheet, an address",
        arguments: [
            "ABYWH-PSNV4-GR1K2-C69MN", "0Z8TM-DXNXM-YHP6S", "https://consent.example.org/sign-in/code?x=1&y=2",
            String(repeating: "0123456789", count: 20),
        ])
    func drawn(text: String) throws {
        #expect(try read(#require(QRCode(text))) == text)
    }

    @Test(
        "what cannot be drawn is not: nothing at all, a zero byte, letters that readers take for others, more than one code holds"
    )
    func impossible() {
        #expect(QRCode("") == nil && QRCode("a\u{0}b") == nil && QRCode("Zoë") == nil)
        #expect(QRCode(String(repeating: "x", count: 2331)) != nil)
        #expect(QRCode(String(repeating: "x", count: 2332)) == nil)
    }

    @Test("the path of the image is dark where the code is, and nowhere else")
    func path() throws {
        let code = try #require(QRCode("ABYWH-PSNV4-GR1K2-C69MN"))
        var dark = Set<[Int]>()
        for run in code.path.matches(of: /M(\d+) (\d+)h(\d+)v1h-(\d+)z/) {
            let (start, row, count) = (Int(run.1) ?? -1, Int(run.2) ?? -1, Int(run.3) ?? -1)
            #expect(run.3 == run.4)
            for column in start..<start + count { dark.insert([column, row]) }
        }
        for row in 0..<code.width {
            for column in 0..<code.width { #expect(dark.contains([column, row]) == code.isDark(column, row)) }
        }
        #expect(code.viewBox == "-4 -4 \(code.width + 8) \(code.width + 8)")
    }
}
