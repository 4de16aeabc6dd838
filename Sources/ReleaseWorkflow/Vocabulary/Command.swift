/// A command with what it needs. New identifiers come from outside: the core draws none.
public enum Command: Hashable, Sendable {
    case request(RoundID)
    case completeSurvey
    case propose(PersonID)
    case acceptSlot, withdrawProposal, offer, decline
    /// Says that there is no place, or that somebody else is wanted. Where the other has signed already, the next round
    /// begins in the same step.
    case slotUnavailable(RoundID)
    case refuseMentor(RoundID)
    case sign(ReleaseID)
    case disclose
    case correct(ReleaseID)
    case recordCall, recordMeeting, requestCallBack, handOff, end, expire
    /// Takes a release back: the one that is named and every other of its chain; without a name, what the person has
    /// released in the round that is signed, or else all that they released in earlier rounds.
    case rescind(ReleaseID?)
    case rematch(RoundID)
    case ask(RoundID)
    case invite(PersonID)
    case agree, refuseInvitation, alert, answer
    /// Ends the pairing without fault and begins the next round at once.
    case notAMatch(RoundID)
    case giveNotice
    /// Signs for a longer term; `again` is of the release of the one who signed first, if theirs waited for it.
    case extend(ReleaseID, again: ReleaseID)
    case seekSecond, remindEnd, finish, lapse
    /// Signs anew for the same recipient, before the release runs out.
    case renew(ReleaseID)
    /// The clock reminds the signer that a release ends soon; staff close a card for good.
    case remindRelease, withdrawCard
    /// The clock reminds the one who is to call, whatever the pair noted.
    case remindCall
    /// Notes that one called and did not reach the other; takes back one's own last note.
    case recordTried, undoNote
    /// Says that the number on the card is wrong, or that it was right after all.
    case freezeCard, unfreezeCard
    /// Hides what is open, or shows it again: its owner by their box, the clock by their standing.
    case hide, showAgain
    /// The clock notes that a signed release cannot be used, and closes one that could not be for thirty days; the next
    /// round begins in the same step where the policy says so.
    case noteUnused
    case letGo(RoundID)
    /// The clock lets the signature of one of the two for a longer term wait for the other's.
    case awaitExtension

    public var kind: CommandKind {
        switch self {
        case .request: .request
        case .completeSurvey: .completeSurvey
        case .propose: .propose
        case .acceptSlot: .acceptSlot
        case .slotUnavailable: .slotUnavailable
        case .withdrawProposal: .withdrawProposal
        case .offer: .offer
        case .refuseMentor: .refuseMentor
        case .decline: .decline
        case .sign: .sign
        case .disclose: .disclose
        case .correct: .correct
        case .recordCall: .recordCall
        case .recordMeeting: .recordMeeting
        case .requestCallBack: .requestCallBack
        case .handOff: .handOff
        case .end: .end
        case .rescind: .rescind
        case .expire: .expire
        case .rematch: .rematch
        case .ask: .ask
        case .invite: .invite
        case .agree: .agree
        case .refuseInvitation: .refuseInvitation
        case .alert: .alert
        case .answer: .answer
        case .notAMatch: .notAMatch
        case .giveNotice: .giveNotice
        case .extend: .extend
        case .seekSecond: .seekSecond
        case .remindEnd: .remindEnd
        case .finish: .finish
        case .lapse: .lapse
        case .renew: .renew
        case .remindRelease: .remindRelease
        case .withdrawCard: .withdrawCard
        case .remindCall: .remindCall
        case .recordTried: .recordTried
        case .undoNote: .undoNote
        case .freezeCard: .freezeCard
        case .unfreezeCard: .unfreezeCard
        case .hide: .hide
        case .showAgain: .showAgain
        case .noteUnused: .noteUnused
        case .letGo: .letGo
        case .awaitExtension: .awaitExtension
        }
    }

    /// The round that an opener asks for anew; nil for every other command.
    public var askedRound: RoundID? {
        switch self {
        case .request(let round), .rematch(let round), .ask(let round): round
        case .completeSurvey, .propose, .acceptSlot, .slotUnavailable, .withdrawProposal, .offer, .refuseMentor,
            .decline,
            .sign, .disclose, .correct, .recordCall, .recordMeeting, .requestCallBack, .handOff, .end, .rescind,
            .expire,
            .invite, .agree, .refuseInvitation, .alert, .answer, .notAMatch, .giveNotice, .extend, .seekSecond,
            .remindEnd,
            .finish, .lapse, .renew, .remindRelease, .remindCall, .withdrawCard, .recordTried, .undoNote, .freezeCard,
            .unfreezeCard, .hide, .showAgain, .noteUnused, .letGo, .awaitExtension:
            nil
        }
    }

    /// The round that begins in the step that ends another; nil for every other command.
    var restartedRound: RoundID? {
        switch self {
        case .notAMatch(let round), .letGo(let round), .slotUnavailable(let round), .refuseMentor(let round): round
        case .request, .completeSurvey, .propose, .acceptSlot, .withdrawProposal, .offer, .decline, .sign, .disclose,
            .correct, .recordCall, .recordMeeting, .requestCallBack, .handOff, .end, .expire, .rescind, .rematch, .ask,
            .invite, .agree, .refuseInvitation, .alert, .answer, .giveNotice, .extend, .seekSecond, .remindEnd,
            .finish, .lapse, .renew, .remindRelease, .withdrawCard, .remindCall, .recordTried, .undoNote, .freezeCard,
            .unfreezeCard, .hide, .showAgain, .noteUnused, .awaitExtension:
            nil
        }
    }

    /// The person who is named as counterpart; nil for every other command.
    public var namedCounterpart: PersonID? {
        switch self {
        case .propose(let person), .invite(let person): person
        case .request, .completeSurvey, .acceptSlot, .slotUnavailable, .withdrawProposal, .offer, .refuseMentor,
            .decline,
            .sign, .disclose, .correct, .recordCall, .recordMeeting, .requestCallBack, .handOff, .end, .rescind,
            .expire,
            .rematch, .ask, .agree, .refuseInvitation, .alert, .answer, .notAMatch, .giveNotice, .extend, .seekSecond,
            .remindEnd, .finish, .lapse, .renew, .remindRelease, .remindCall, .withdrawCard, .recordTried, .undoNote,
            .freezeCard, .unfreezeCard, .hide, .showAgain, .noteUnused, .letGo, .awaitExtension:
            nil
        }
    }

    /// Builds a command of `kind` from whatever identifiers it needs.
    ///
    /// - Parameter again: for a second release that the step may need.
    public init(_ kind: CommandKind, round: RoundID, person: PersonID, release: ReleaseID, again: ReleaseID) {
        switch kind {
        case .request: self = .request(round)
        case .completeSurvey: self = .completeSurvey
        case .propose: self = .propose(person)
        case .acceptSlot: self = .acceptSlot
        case .slotUnavailable: self = .slotUnavailable(round)
        case .withdrawProposal: self = .withdrawProposal
        case .offer: self = .offer
        case .refuseMentor: self = .refuseMentor(round)
        case .decline: self = .decline
        case .sign: self = .sign(release)
        case .disclose: self = .disclose
        case .correct: self = .correct(release)
        case .recordCall: self = .recordCall
        case .recordMeeting: self = .recordMeeting
        case .requestCallBack: self = .requestCallBack
        case .handOff: self = .handOff
        case .end: self = .end
        case .rescind: self = .rescind(nil)
        case .expire: self = .expire
        case .rematch: self = .rematch(round)
        case .ask: self = .ask(round)
        case .invite: self = .invite(person)
        case .agree: self = .agree
        case .refuseInvitation: self = .refuseInvitation
        case .alert: self = .alert
        case .answer: self = .answer
        case .notAMatch: self = .notAMatch(round)
        case .giveNotice: self = .giveNotice
        case .extend: self = .extend(release, again: again)
        case .seekSecond: self = .seekSecond
        case .remindEnd: self = .remindEnd
        case .finish: self = .finish
        case .lapse: self = .lapse
        case .renew: self = .renew(release)
        case .remindRelease: self = .remindRelease
        case .withdrawCard: self = .withdrawCard
        case .remindCall: self = .remindCall
        case .recordTried: self = .recordTried
        case .undoNote: self = .undoNote
        case .freezeCard: self = .freezeCard
        case .unfreezeCard: self = .unfreezeCard
        case .hide: self = .hide
        case .showAgain: self = .showAgain
        case .noteUnused: self = .noteUnused
        case .letGo: self = .letGo(round)
        case .awaitExtension: self = .awaitExtension
        }
    }
}
