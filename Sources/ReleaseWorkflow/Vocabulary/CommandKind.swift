/// An act that can be asked of a case, in the imperative.
public enum CommandKind: String, CaseIterable, Hashable, Sendable, Codable {
    // Mentorship.
    case request, completeSurvey, propose, acceptSlot, slotUnavailable, withdrawProposal, offer, refuseMentor, decline
    case sign, disclose, correct, recordCall, recordMeeting, requestCallBack, handOff, end, rescind, expire, rematch
    // Peer conversation.
    case ask, invite, agree, refuseInvitation, alert, answer
    // Programs with a term, with notice, with listings.
    case notAMatch, giveNotice, extend, seekSecond, remindEnd, finish, lapse

    /// Acts of the pair that nobody else may ever learn of; they go to the private stream and nowhere else.
    public var isPrivate: Bool { self == .recordCall || self == .recordMeeting }

    /// Acts of a person that any coordinator takes down: what closes, and that somebody asks to be called, never waits
    /// for the one whom the person is assigned to.
    public var isTakenDownByAnybody: Bool { self == .rescind || self == .end || self == .requestCallBack }

    /// Acts that say who the counterpart of the round shall be.
    public var namesCounterpart: Bool { self == .propose || self == .invite }

    /// Acts with which an opener asks anew.
    public var asksAnew: Bool { self == .request || self == .rematch || self == .ask }
}
