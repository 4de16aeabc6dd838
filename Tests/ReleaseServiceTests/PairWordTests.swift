import Foundation
import ReleaseLedger
import ReleaseWorkflow
import Testing

@testable import ReleaseService

@Suite("The pair's word")
struct PairWordTests {
    private static let names: [String] = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Goldens/first-names.txt")
        return ((try? String(contentsOf: path, encoding: .utf8)) ?? "").split(separator: "\n").map { $0.lowercased() }
    }()

    /// The remains of a word over a bad line: its first sound, and the consonants after it.
    private static func sound(_ word: String) -> String {
        var text = word.lowercased().filter(\.isLetter)
        for (written, heard) in [
            ("ph", "f"), ("ck", "k"), ("sch", "sk"), ("gh", ""), ("kn", "n"), ("wr", "r"), ("x", "ks"), ("q", "k"),
            ("z", "s"), ("ce", "se"), ("ci", "si"), ("cy", "sy"), ("c", "k"), ("y", "i"), ("v", "f"), ("d", "t"),
            ("b", "p"), ("ge", "je"), ("gi", "ji"), ("g", "k"), ("h", ""),
        ] { text = text.replacingOccurrences(of: written, with: heard) }
        var single: [Character] = []
        for letter in text where single.last != letter { single.append(letter) }
        let vowels = "aeiou"
        let first = single.first.map { vowels.contains($0) ? "a" : String($0) } ?? ""
        return first + String(single.dropFirst().filter { !vowels.contains($0) })
    }

    @Test(
        "R23: five hundred words, none a common first name or like one over the telephone, none like another, none that names a substance, an illness or a person"
    )
    func list() {
        let words = PairWordList.words
        #expect(words.count == 500 && Set(words).count == 500)
        #expect(Self.names.count >= 1000, "the names to compare with are there")
        let names = Set(Self.names)
        let sounds = Set(Self.names.map(Self.sound))
        let common = words.filter { names.contains($0) || sounds.contains(Self.sound($0)) }
        #expect(common == [], "names, or like names")
        #expect(Set(words.map(Self.sound)).count == 500, "two that sound alike")
        // Substances and what they are called, vessels and places of drinking, illness, what is said of people.
        let hurtful = """
            acid alcohol angel bar barley beer booze bottle brandy broccoli buttons candy cellar chocolate cider cigar
            cigarette cocktail coke cotton crack crank crystal dope drug dust fever flake flower foil gin glass goblet grass
            heroin horse hospital ice joint junk lemon lettuce liquor medicine mint molly morphine mushroom needle nickel
            nutmeg opium oregano oxygen parsley pill pint pipe pitcher poison poppy pot powder roach rock rum saloon scar
            shot skunk smoke snow speed spoon sponge sugar syringe tar tavern tea tobacco tumbler vineyard vodka weed whiskey
            wine ass blister cancer cow cripple crutch dog donkey fool goat hag hippo lame loser monkey pig rat snail snake
            slug stool toad turkey vegetable walrus weasel whale wheelchair witch worm heron robin
            """.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(Set(words).isDisjoint(with: hurtful))
        #expect(words.allSatisfy { (4...12).contains($0.count) && $0.allSatisfy { $0.isLowercase && $0.isASCII } })
    }

    @Test(
        "R23: a pair has a word of its own, kept by a correction and a renewal and new at a rematch; whoever reads three cards of three people of one name tells them apart; it is in no record and no letter"
    )
    func ofOnePair() async throws {
        let office = try await Office().staffed()
        let ada = try office.id("ada")
        try await office.go(to: "introduced")
        func word(_ name: String = "ada") async throws -> String {
            try #require(try await office.look("ben", on: name).word)
        }
        let first = try await word()
        #expect(PairWordList.words.contains(first))
        #expect(try await office.look("ben").text.contains(first))
        let seen = try await office.service.view(of: ada, workflow: "mentorship", as: .mentee, viewer: ada)
        #expect(seen.word == first)
        try await office.must(.correct, "ada") { $0.corrections.phone = "312-555-0199" }
        #expect(try await word() == first)
        try await office.go(to: "introduced", "eve")
        #expect(try await word("eve") != first)
        try office.time("2026-12-20T09:00")
        try await office.host.runClock()
        try await office.must(.renew, "ada")
        #expect(try await word() == first)
        // The one who reads it still finds it when it is over, and the next pair has another.
        try await office.goAgain(to: "offered", with: "cleo")
        let lines = try await office.service.cases(of: office.id("ben")).filter { $0.opener == ada }
        #expect(lines.map(\.view.word) == [first])
        let draft = try office.service.state(of: ada)
        #expect(draft.round?.word != nil && draft.round?.word != first)
        let entries = try office.export().entries
        #expect(entries.count > 5)
        #expect(entries.allSatisfy { !String(decoding: $0, as: UTF8.self).contains(first) })
        #expect(!Notice.allCases.map(\.standardWords).joined().contains(first))
    }

    @Test("R23: a mentor is never given a word twice, however many there were")
    func neverTwice() async throws {
        let office = try await Office().staffed()
        let ben = try office.id("ben")
        var words: [String] = []
        try await office.go(to: "surveyed")
        for _ in 0..<12 {
            try await office.must(.propose, "maya") { $0.person = ben }
            words.append(try #require(try office.service.state(of: office.id("ada")).round?.word))
            try await office.must(.withdrawProposal, "maya")
        }
        #expect(Set(words).count == words.count)
    }
}
