import Foundation
import Matching
import ReleaseLedger
import ReleaseWorkflow
import Testing

@testable import ReleaseService

/// The stored form of every value is frozen: golden files hold the bytes of both versions.
@Suite("Stored forms")
struct StoredFormTests {
    private static let person = PersonID(high: 1, low: 2)
    private static let other = PersonID(high: 3, low: 4)
    private static let round = RoundID(high: 5, low: 6)
    private static let release = ReleaseID(high: 7, low: 8)
    private static let day = CivilDate(dayNumber: 20_458)
    private static let later = CivilDate(dayNumber: 20_638)

    /// Every event, with every optional once there and once not. A new one breaks ``name(of:)``.
    private static let events: [Event] = [
        .advanced(to: Position(number: 3)), .roundStarted(round, since: day),
        .roundOpened(round, counterpart: person, excluded: [other], isSlotAccepted: true, answerOn: later, since: day),
        .roundOpened(round, counterpart: nil, excluded: [], isSlotAccepted: false, answerOn: nil, since: nil),
        .roundForgotten,
        .counterpartNamed(person), .counterpartCleared, .counterpartExcluded(other), .slotAccepted,
        .releaseSigned(release, discloser: person, recipient: .person(other), on: day, expires: later),
        .releaseSigned(release, discloser: person, recipient: .audience(.members), on: day, expires: later),
        .matchMade(on: day), .callDue(by: later), .answerDue(on: later),
        .cardOpened(release, version: 2, subject: person, reader: .person(other)), .cardClosed(release),
        .releaseSuperseded(release), .releaseClosed(release), .releaseExpired(release),
        .releaseRescinded(release, on: day),
        .handedOff(on: day), .termSet(endsOn: later), .noticeGiven(until: later), .reminded,
        .extensionSigned(by: person),
        .termExtended(endsOn: later), .secondSought(by: person), .surveyErased, .contactErased,
        .noticed(.mentee, .ended),
        .callPlaced, .meetingArranged, .privateErased,
        .keptAway(by: person, from: other), .keepingLifted(by: person, from: other),
        .handOffSet(on: later), .privatelyNoted(.recordCall, by: person, on: day), .privatelyUndone(by: person),
        .releaseReminded,
        .callReminded, .cardFrozen(by: person), .cardUnfrozen(by: person),
        .slotHeld(until: later), .counterpartSetAside(person, until: later, shown: "proposed"), .placeLetGo(person),
        .unusedNoted(on: day), .useResumed, .surveyCarried(from: round),
        .wordDrawn("acorn"), .recordedInError(step: 3), .extensionAwaited(until: later), .cardHidden(.box),
        .cardShownAgain(.standing), .ofParting(round, [.cardClosed(release), .advanced(to: Position(number: 8))]),
    ]

    /// Exhaustive, so that an event without a golden does not build.
    private static func name(of event: Event) -> Int {
        switch event {
        case .advanced: 0
        case .roundStarted: 1
        case .roundOpened: 2
        case .roundForgotten: 3
        case .counterpartNamed: 4
        case .counterpartCleared: 5
        case .counterpartExcluded: 6
        case .slotAccepted: 7
        case .releaseSigned: 8
        case .matchMade: 9
        case .callDue: 10
        case .answerDue: 11
        case .cardOpened: 12
        case .cardClosed: 13
        case .releaseSuperseded: 14
        case .releaseClosed: 15
        case .releaseExpired: 16
        case .releaseRescinded: 17
        case .handedOff: 18
        case .termSet: 19
        case .noticeGiven: 20
        case .reminded: 21
        case .extensionSigned: 22
        case .termExtended: 23
        case .secondSought: 24
        case .surveyErased: 25
        case .contactErased: 26
        case .noticed: 27
        case .callPlaced: 28
        case .meetingArranged: 29
        case .privateErased: 30
        case .keptAway: 31
        case .keepingLifted: 32
        case .handOffSet: 33
        case .privatelyNoted: 34
        case .privatelyUndone: 35
        case .releaseReminded: 36
        case .callReminded: 37
        case .cardFrozen: 38
        case .cardUnfrozen: 39
        case .slotHeld: 40
        case .counterpartSetAside: 41
        case .placeLetGo: 42
        case .unusedNoted: 43
        case .useResumed: 44
        case .surveyCarried: 45
        case .wordDrawn: 46
        case .recordedInError: 47
        case .extensionAwaited: 48
        case .cardHidden: 49
        case .cardShownAgain: 50
        case .ofParting: 51
        }
    }

    private static let visibility = Visibility(state: "signed", seenBy: [.mentee, .coordinator])

    private static var document: ReleaseDocument {
        var document = ReleaseDocument()
        document.personName = "Ada Fairweather"
        document.discloser = "the program"
        document.fields = [.firstName, .phone]
        document.recipientName = "Ben X."
        document.purpose = Purpose.allCases.first
        document.revocation = "at any time"
        document.expiresOn = later
        document.signature = SignatureEvidence(
            means: .screen, meaning: SignatureEvidence.meaning, authenticatedBy: "signIn", scanDigest: nil,
            signedOn: day)
        document.signedOn = day
        document.redisclosure = "no"
        return document
    }

    private func golden(_ name: String, _ lines: [String]) throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Goldens/\(name).txt")
        let text = lines.joined(separator: "\n") + "\n"
        let found = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
        if found != text {
            let new = FileManager.default.temporaryDirectory.appendingPathComponent("privity-\(name).txt")
            try Data(text.utf8).write(to: new)
        }
        #expect(
            found == text,
            "\(name).txt is not what this version writes: a stored form must never change, only be followed by a new version"
        )
    }

    private func bytes(_ value: some StoredValue) -> String {
        String(decoding: StoredCodec.encode(value), as: UTF8.self)
    }

    @Test("every event is written in the bytes of its golden, and read back from them (E27)")
    func events() throws {
        #expect(Set(Self.events.map(Self.name)).count == 52)
        try golden("events", Self.events.map { bytes(PrivateStream(events: [$0])) })
        for event in Self.events {
            #expect(
                try StoredCodec.decode(StoredCodec.encode(PrivateStream(events: [event])), as: PrivateStream.self)
                    .events == [event]
            )
        }
    }

    @Test("every event of version 1 is read from the bytes that version 1 wrote (E27)")
    func firstEvents() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Goldens/events-v1.txt")
        let lines = try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 33, "what version 1 knew, and nothing that came after it")
        for (line, event) in zip(lines, Self.events) {
            #expect(try StoredCodec.decode(Array(line.utf8), as: PrivateStream.self).events == [event], "\(line)")
        }
    }

    @Test("what else a case consists of is written in the bytes of its golden, and read back from them (E27)")
    func values() throws {
        let step = CaseStep(
            events: Array(Self.events.prefix(2)), rule: "sign", on: Self.day, channel: .screen,
            visibility: Self.visibility,
            earlier: [Self.visibility])
        let draft = DraftHistory(events: [Self.events[1]], display: "Ada F.", visibilities: [Self.visibility])
        let survey = Survey(
            sameField: .nice, answers: Answers(areas: ["north"], languages: ["Polish"], topics: [.balance]),
            understood: true)
        let accounting = Accounting(looks: [
            Look(
                instantMilliseconds: 1_767_625_200_000, release: Self.release, recipient: "Ben X.",
                fields: [.firstName, .phone])
        ])
        let outcomes = [
            StoredOutcome(refusal: .illegalTransition(state: "signed", command: .sign)),
            StoredOutcome(
                done: Done(
                    release: Self.release, person: Self.person, round: Self.round, state: "signed", rule: "sign"),
                records: [3, 4], pendingRelease: Self.release),
        ]
        try golden(
            "values",
            [
                bytes(step), bytes(draft), bytes(survey), bytes(accounting), bytes(Self.document),
                bytes(PrivateStream(events: [.callPlaced])), bytes(StoredTexts(["phone": "+13125550142"])),
            ] + outcomes.map(bytes))
        #expect(try bytes(StoredCodec.decode(StoredCodec.encode(step), as: CaseStep.self)) == bytes(step))
        #expect(try bytes(StoredCodec.decode(StoredCodec.encode(draft), as: DraftHistory.self)) == bytes(draft))
        #expect(try bytes(StoredCodec.decode(StoredCodec.encode(survey), as: Survey.self)) == bytes(survey))
        #expect(try bytes(StoredCodec.decode(StoredCodec.encode(accounting), as: Accounting.self)) == bytes(accounting))
        #expect(
            try bytes(StoredCodec.decode(StoredCodec.encode(Self.document), as: ReleaseDocument.self))
                == bytes(Self.document))
        for outcome in outcomes {
            #expect(
                try bytes(StoredCodec.decode(StoredCodec.encode(outcome), as: StoredOutcome.self)) == bytes(outcome))
        }
    }

    @Test(
        "a stored value of a later version says so and is left alone; one flipped or missing byte is never read as another value (E11, E15)"
    )
    func laterAndDamaged() throws {
        let text = bytes(PrivateStream(events: [Self.events[9]]))
        let newer = text.replacing("\"v\":2", with: "\"v\":3")
        #expect(newer != text)
        do {
            _ = try StoredCodec.decode(Array(newer.utf8), as: PrivateStream.self)
            Issue.record("a later version was read as if it were ours")
        } catch MachineryError.laterVersion(let name) {
            #expect(name == "private stream")
        }
        for cut in 0..<text.utf8.count {
            #expect(throws: MachineryError.self) {
                try StoredCodec.decode(Array(text.utf8.prefix(cut)), as: PrivateStream.self)
            }
        }
        let mark = Array(text.utf8).indices.suffix("\"v\":2}".utf8.count)
        // Without its mark it would be a value of version 1, and is read as one.
        for (place, byte) in text.utf8.enumerated() where !mark.contains(place) {
            for bit in 0..<8 {
                var bytes = Array(text.utf8)
                bytes[place] = byte ^ (1 << UInt8(bit))
                guard let read = try? StoredCodec.decode(bytes, as: PrivateStream.self) else { continue }
                // What is read is what stands there now: nothing is guessed or left out.
                #expect(StoredCodec.encode(read) == bytes, "bit \(bit) of byte \(place)")
            }
        }
    }

    @Test("every refusal is the one that its code and words are of, and no code has words that it does not know")
    func refusals() throws {
        var all: [Refusal] = [
            .notFound, .cardClosed, .keyReused, .stillOpen, .notSigning, .awaitsConfirmation, .outdated,
            .versionChanged,
            .electronicFirst,
        ]
        for command in CommandKind.allCases {
            all += [
                .illegalTransition(state: "a state", command: command), .wrongPrincipal(command),
                .argumentMissing(command),
            ]
            for channel in Channel.allCases { all += [.wrongChannel(command, channel), .wrongAgent(command, channel)] }
        }
        all += Guard.allCases.map(Refusal.conditionFailed) + ReleaseElement.allCases.map(Refusal.elementMissing)
        for refusal in all {
            #expect(Refusal(code: refusal.code, words: refusal.words) == refusal)
            #expect(
                try StoredCodec.decode(StoredCodec.encode(StoredOutcome(refusal: refusal)), as: StoredOutcome.self)
                    .refusal
                    == refusal)
        }
        #expect(Set(all.map { "\($0.code) \($0.words)" }).count == all.count)
        for code in ["", "nothing", "conditionFailed", "conditionFailed.nothing", "wrongChannel", "notFound.more"] {
            #expect(Refusal(code: code) == nil, "\(code)")
        }
    }
}
