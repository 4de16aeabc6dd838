import Testing

@testable import ReleaseService

/// A code is the same code by whichever way it came.
@Suite("Codes as people have them")
struct CodeTests {
    private static let code = "ABYWH-PSNV4-GR1K2-C69M0"

    @Test(
        "a code is read without what came along: dashes of every length, spaces and line ends of every kind, a label, a period, what cannot be seen, quotation marks",
        arguments: [
            "abywh-psnv4-gr1k2-c69m0", "ABYWHPSNV4GR1K2C69M0", "ABYWH–PSNV4—GR1K2‑C69M0",
            "ABYWH\u{2212}PSNV4−GR1K2-C69M0",
            "ABYWH\u{A0}PSNV4\tGR1K2\r\nC69M0", "  ABYWH PSNV4 GR1K2 C69M0  ", "Code: ABYWH-PSNV4-GR1K2-C69M0",
            "Your code to take it back:\nABYWH-PSNV4-GR1K2-C69M0.", "\u{200B}ABYWH-PSNV4\u{2060}-GR1K2-C69M0\u{FEFF}",
            "“ABYWH-PSNV4-GR1K2-C69M0”", "(ABYWH-PSNV4-GR1K2-C69M0)", "ＡＢＹＷＨ－ＰＳＮＶ４－ＧＲ１Ｋ２－Ｃ６９Ｍ０",
            "abywh-psnv4-grlk2-c69mo", "ABYWH-PSNV4-GRIK2-C69MO", "*ABYWH-PSNV4-GR1K2-C69M0*",
        ])
    func asTyped(typed: String) {
        #expect(RescindCode.digest(ofTyped: typed) == RescindCode.digest(ofTyped: Self.code))
        #expect(RescindCode.characters(ofTyped: typed) == "ABYWHPSNV4GR1K2C69M0")
    }

    @Test(
        "what is no code is none: too short, too long, a letter that no code has, a label alone, nothing",
        arguments: [
            "", "Code:", "ABYWH-PSNV4-GR1K2-C69M", "ABYWH-PSNV4-GR1K2-C69M00", "ABYWH-PSNV4-GR1K2-C69MU",
            "ABYWH-PSNV4-GR1K2-C69MÄ", "ABYWH-PSNV4-GR1K2-C69M٣", "----- ----- ----- -----",
        ])
    func isNone(typed: String) {
        #expect(RescindCode.digest(ofTyped: typed) == nil)
    }
}
