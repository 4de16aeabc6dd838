/// The reason why a command does not happen. Expected, complete, and free of personal data.
public enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The case's state has no such command.
    case illegalTransition(state: String, command: CommandKind)
    /// The command exists here, but is not this principal's.
    case wrongPrincipal(CommandKind)
    /// It is this principal's, but not by this channel.
    case wrongChannel(CommandKind, Channel)
    /// A person's act by phone or paper needs a coordinator as agent; an act on screen must have none.
    case wrongAgent(CommandKind, Channel)
    /// A condition of the transition does not hold.
    case conditionFailed(Guard)
    /// The command needs a person, release or round that is not there.
    case argumentMissing(CommandKind)
    /// The release lacks an element that law requires.
    case elementMissing(ReleaseElement)
    /// There is no such thing for you: unknown, somebody else's, and "no release" all answer this.
    case notFound
    /// The card cannot be shown; why is not said to the one who asked.
    case cardClosed
    /// The one whom the card is about has said that its number is wrong: a new one is coming.
    case cardFrozen
    /// The same key was used for another command.
    case keyReused
    /// A person with a live release or an open round cannot be erased yet.
    case stillOpen
    /// The log is not signing, and this command would open something.
    case notSigning
    /// Staff gave or changed the means by which this person signs in, and nobody else has confirmed yet that they are
    /// theirs.
    case awaitsConfirmation
    /// The act is not among those that this person is offered from what they were shown. It is one answer, because any
    /// other would tell in what state the case really is.
    case outdated
    /// The page that the act was given on shows an earlier version of the case.
    case versionChanged
    /// Something that is not this reader's to know stands in the way; whose and what is not said. Their coordinator
    /// reads it.
    case cannotGoOn
    /// Something that is private to one of the two stands between them: all such reasons are one, for staff too.
    case cannotBringTogether
    /// Somebody else has to confirm it: two persons, not two roles.
    case needsSecondHand
    /// Nobody signs on a screen before they have agreed to sign electronically (15 USC 7001(c)).
    case electronicFirst
    /// The program is being wound down: nothing new begins.
    case programEnds

    /// One word for scripts and stored outcomes.
    public var code: String {
        switch self {
        case .illegalTransition: "illegalTransition"
        case .wrongPrincipal: "wrongPrincipal"
        case .wrongChannel: "wrongChannel"
        case .wrongAgent: "wrongAgent"
        case .conditionFailed(let condition): "conditionFailed.\(condition.rawValue)"
        case .argumentMissing: "argumentMissing"
        case .elementMissing(let element): "elementMissing.\(element.rawValue)"
        case .notFound: "notFound"
        case .cardClosed: "cardClosed"
        case .cardFrozen: "cardFrozen"
        case .keyReused: "keyReused"
        case .stillOpen: "stillOpen"
        case .notSigning: "notSigning"
        case .awaitsConfirmation: "awaitsConfirmation"
        case .outdated: "outdated"
        case .versionChanged: "versionChanged"
        case .electronicFirst: "electronicFirst"
        case .programEnds: "programEnds"
        case .needsSecondHand: "needsSecondHand"
        case .cannotGoOn: "cannotGoOn"
        case .cannotBringTogether: "cannotBringTogether"
        }
    }

    public var description: String {
        switch self {
        case .illegalTransition(let state, let command): "cannot `\(command.rawValue)` while the case is `\(state)`"
        case .wrongPrincipal(let command): "`\(command.rawValue)` is not this person's to do"
        case .wrongChannel(let command, let channel): "`\(command.rawValue)` cannot be done by `\(channel.rawValue)`"
        case .wrongAgent(let command, .screen):
            "`\(command.rawValue)` on screen must be done by the person, without an agent"
        case .wrongAgent(let command, let channel):
            "`\(command.rawValue)` by `\(channel.rawValue)` needs the assigned coordinator as agent"
        case .conditionFailed(let condition): "condition `\(condition.rawValue)` does not hold"
        case .argumentMissing(let command): "`\(command.rawValue)` lacks the person it is about"
        case .elementMissing(let element): "release lacks \(element.plainWords): \(element.paragraph)"
        case .notFound: "no such person, case or release"
        case .cardClosed: "this card is not available"
        case .cardFrozen: "Wait: a new number is coming. Do not call the old one."
        case .keyReused: "this key was used for a different command"
        case .stillOpen: "a round is still open: decline, end or rescind it first"
        case .notSigning: "the log is not signing: only closing commands are accepted"
        case .awaitsConfirmation:
            "what this person signs in with was given by staff: nothing is signed with it before another person has confirmed it"
        case .outdated: "this is not offered any more"
        case .versionChanged: "the case has changed since it was shown"
        case .cannotGoOn: "This cannot go on just now. Your coordinator knows, and you need do nothing."
        case .cannotBringTogether: "These two cannot be brought together."
        case .needsSecondHand: "somebody else has to confirm this"
        case .programEnds: "the program ends, and nothing new begins in it"
        case .electronicFirst: "signing on a screen needs the person's consent to sign electronically first"
        }
    }

    /// The words that the code leaves out: commands, states and channels, in the order in which the description names
    /// them.
    public var words: [String] {
        switch self {
        case .illegalTransition(let state, let command): [command.rawValue, state]
        case .wrongPrincipal(let command), .argumentMissing(let command): [command.rawValue]
        case .wrongChannel(let command, let channel), .wrongAgent(let command, let channel):
            [command.rawValue, channel.rawValue]
        case .conditionFailed, .elementMissing, .notFound, .cardClosed, .cardFrozen, .keyReused, .stillOpen,
            .notSigning,
            .awaitsConfirmation,
            .outdated, .versionChanged, .electronicFirst, .programEnds, .needsSecondHand, .cannotGoOn,
            .cannotBringTogether:
            []
        }
    }

    /// The refusal that ``code`` and ``words`` are of; nil for a code or word that this version does not know.
    public init?(code: String, words: [String] = []) {
        let parts = code.split(separator: ".", maxSplits: 1).map(String.init)
        func command() -> CommandKind? { words.first.flatMap(CommandKind.init) }
        func channel() -> Channel? { words.count == 2 ? Channel(rawValue: words[1]) : nil }
        switch (parts.first, parts.count) {
        case ("illegalTransition", 1):
            guard let command = command(), words.count == 2 else { return nil }
            self = .illegalTransition(state: words[1], command: command)
        case ("wrongPrincipal", 1):
            guard let command = command() else { return nil }
            self = .wrongPrincipal(command)
        case ("wrongChannel", 1):
            guard let command = command(), let channel = channel() else { return nil }
            self = .wrongChannel(command, channel)
        case ("wrongAgent", 1):
            guard let command = command(), let channel = channel() else { return nil }
            self = .wrongAgent(command, channel)
        case ("conditionFailed", 2):
            guard let condition = Guard(rawValue: parts[1]) else { return nil }
            self = .conditionFailed(condition)
        case ("argumentMissing", 1):
            guard let command = command() else { return nil }
            self = .argumentMissing(command)
        case ("elementMissing", 2):
            guard let element = ReleaseElement(rawValue: parts[1]) else { return nil }
            self = .elementMissing(element)
        case ("notFound", 1): self = .notFound
        case ("cardClosed", 1): self = .cardClosed
        case ("cardFrozen", 1): self = .cardFrozen
        case ("keyReused", 1): self = .keyReused
        case ("stillOpen", 1): self = .stillOpen
        case ("notSigning", 1): self = .notSigning
        // The word of a former version, in outcomes that are stored.
        case ("awaitsConfirmation", 1), ("recentlyChanged", 1): self = .awaitsConfirmation
        case ("outdated", 1): self = .outdated
        case ("versionChanged", 1): self = .versionChanged
        case ("electronicFirst", 1): self = .electronicFirst
        case ("programEnds", 1): self = .programEnds
        case ("needsSecondHand", 1): self = .needsSecondHand
        case ("cannotGoOn", 1): self = .cannotGoOn
        case ("cannotBringTogether", 1): self = .cannotBringTogether
        default: return nil
        }
    }
}

extension Refusal {
    /// The refusal as this reader may have it: a rule is named only to the one whose fact it is, and to staff, who can
    /// cure it. Of the other person everybody reads one sentence, and what is private to one of the two is one sentence
    /// for staff too.
    ///
    /// - Parameter reader: the role in which somebody reads it: a party of the workflow, or staff.
    public func told(to reader: Role, isOpener: Bool) -> Refusal {
        guard case .conditionFailed(let condition) = self else { return self }
        switch condition.concern {
        case .open: return self
        case .keptApart: return reader.isStaff ? .cannotBringTogether : .cannotGoOn
        case .attested: return reader.isStaff ? self : .cannotGoOn
        case .opener: return reader.isStaff || isOpener ? self : .cannotGoOn
        case .counterpart: return reader.isStaff || !isOpener ? self : .cannotGoOn
        case .signer: return reader.isStaff ? .cannotBringTogether : self
        }
    }
}
