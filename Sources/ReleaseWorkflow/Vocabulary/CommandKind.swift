/// An act that can be asked of a case, in the imperative.
public enum CommandKind: String, CaseIterable, Hashable, Sendable, Codable {
    // Mentorship.
    case request, completeSurvey, propose, acceptSlot, slotUnavailable, withdrawProposal, offer, refuseMentor, decline
    case sign, disclose, correct, recordCall, recordMeeting, requestCallBack, handOff, end, rescind, expire, rematch
    // Peer conversation.
    case ask, invite, agree, refuseInvitation, alert, answer
    // Programs with a term, with notice, with listings.
    // Of two things that the clock has to do, the first of this list is done: a wish to go on comes before the end.
    case notAMatch, giveNotice, extend, seekSecond, remindEnd, awaitExtension, finish, lapse
    // Permissions that end without ending people, and staff who close.
    case renew, remindRelease, withdrawCard, remindCall
    // The pair's own, beside calls and meetings.
    case recordTried, undoNote
    // The one whom a card is about says that its number is wrong, or that it was right after all.
    case freezeCard, unfreezeCard
    // What is listed is shown to nobody for a while, and again.
    case hide, showAgain
    // A signed release that cannot be used.
    case noteUnused, letGo

    /// Acts of the pair that nobody else may ever learn of; they go to the private stream and nowhere else.
    public var isPrivate: Bool { [.recordCall, .recordMeeting, .recordTried, .undoNote].contains(self) }

    /// Acts of a person that any coordinator takes down: what closes, and that somebody asks to be called, never waits
    /// for the one whom the person is assigned to.
    public var isTakenDownByAnybody: Bool { [.rescind, .end, .requestCallBack, .freezeCard].contains(self) }

    /// Acts that begin or open something: none of them is for somebody who is suspended. What goes on has nothing to go
    /// on with: a suspension closes it.
    public var opensSomething: Bool {
        asksAnew || namesCounterpart
            || [.completeSurvey, .acceptSlot, .agree, .offer, .sign, .disclose, .alert, .seekSecond].contains(self)
    }

    /// Acts with which somebody leaves another person, who is then kept away unless they say otherwise.
    public var leaves: Bool {
        [.end, .rescind, .notAMatch, .giveNotice, .refuseMentor].contains(self)
    }

    /// Acts that say who the counterpart of the round shall be.
    public var namesCounterpart: Bool { self == .propose || self == .invite }

    /// Acts that go on with a pair whose card was open: they rest on the new signature, not on what the pair rested on
    /// when it was brought together.
    public var goesOn: Bool { self == .correct || self == .extend || self == .renew }

    /// Acts with which an opener asks anew.
    public var asksAnew: Bool { self == .request || self == .rematch || self == .ask }
}

extension CommandKind {
    /// True for what somebody can do who is shown less than there is: its answer is the same whatever came of it.
    public var isAnsweredAlike: Bool { [.decline, .slotUnavailable, .refuseMentor].contains(self) }
}
