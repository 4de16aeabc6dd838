// The closed vocabulary that policies are written in. A word that is not here does not load.

/// Whose act it can be. A workflow names which roles its two parties have; staff and the clock are everywhere the same.
public enum Role: String, CaseIterable, Hashable, Sendable, Codable {
    case mentee, mentor, asker, volunteer
    case coordinator
    case clock

    /// Whether the role is the program's rather than a person's in the case.
    public var isStaff: Bool { self == .coordinator }
}

/// How an act reached the service.
public enum Channel: String, CaseIterable, Hashable, Sendable, Codable {
    case screen, paper, phone, clock
}

/// What can be asked of a case, in the imperative.
public enum CommandKind: String, CaseIterable, Hashable, Sendable, Codable {
    // Mentorship.
    case request, completeSurvey, propose, acceptSlot, slotUnavailable, withdrawProposal, offer, refuseMentor, decline
    case sign, disclose, correct, recordCall, recordMeeting, requestCallBack, handOff, end, rescind, expire, rematch
    // Peer conversation.
    case ask, invite, agree, refuseInvitation, alert, answer

    /// Acts of the pair that nobody else may ever learn of; they go to the private stream and nowhere else.
    public var isPrivate: Bool { self == .recordCall || self == .recordMeeting }
}

/// A command with what it needs. New identifiers come from outside: the core draws none.
public enum Command: Hashable, Sendable {
    case request(RoundID)
    case completeSurvey
    case propose(PersonID)
    case acceptSlot, slotUnavailable, withdrawProposal, offer, refuseMentor, decline
    case sign(ReleaseID)
    case disclose
    case correct(ReleaseID)
    case recordCall, recordMeeting, requestCallBack, handOff, end, rescind, expire
    case rematch(RoundID)
    case ask(RoundID)
    case invite(PersonID)
    case agree, refuseInvitation, alert, answer

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
        }
    }

    /// Builds a command of `kind` from whatever identifiers it needs.
    public init(_ kind: CommandKind, round: RoundID, person: PersonID, release: ReleaseID) {
        switch kind {
        case .request: self = .request(round)
        case .completeSurvey: self = .completeSurvey
        case .propose: self = .propose(person)
        case .acceptSlot: self = .acceptSlot
        case .slotUnavailable: self = .slotUnavailable
        case .withdrawProposal: self = .withdrawProposal
        case .offer: self = .offer
        case .refuseMentor: self = .refuseMentor
        case .decline: self = .decline
        case .sign: self = .sign(release)
        case .disclose: self = .disclose
        case .correct: self = .correct(release)
        case .recordCall: self = .recordCall
        case .recordMeeting: self = .recordMeeting
        case .requestCallBack: self = .requestCallBack
        case .handOff: self = .handOff
        case .end: self = .end
        case .rescind: self = .rescind
        case .expire: self = .expire
        case .rematch: self = .rematch(round)
        case .ask: self = .ask(round)
        case .invite: self = .invite(person)
        case .agree: self = .agree
        case .refuseInvitation: self = .refuseInvitation
        case .alert: self = .alert
        case .answer: self = .answer
        }
    }
}

/// A condition of a transition. Each is asked in the affirmative; one that cannot be answered is answered no.
public enum Guard: String, CaseIterable, Hashable, Sendable, Codable {
    // Answered by the service, from what it holds, through pure predicates.
    case underContract, counterpartUnderContract, surveyAnswered, pairEligible, mentorReady, acknowledgementCurrent
    case capacityLeft, releaseComplete
    /// Separation of duties: the member of staff is no party of this case. Asked of every staff act, whatever a policy says (DER-18).
    case dutiesSeparate
    /// The member of staff is the one this person is assigned to. Asked of every staff act.
    case assigned

    // Answered by the core, from the state and the moment.
    case notExcluded, slotAccepted, dueDayOver, releaseExpired, answerDayReached, answerDayOver, notRescinded
    // Known only to the pair. A policy that lets anybody else's world depend on them does not load (P6).
    case callPlaced, meetingArranged

    /// Whether ``Facts`` answers it.
    public var isExternal: Bool {
        switch self {
        case .underContract, .counterpartUnderContract, .surveyAnswered, .pairEligible, .mentorReady,
            .acknowledgementCurrent, .capacityLeft, .releaseComplete, .dutiesSeparate, .assigned:
            true
        case .notExcluded, .slotAccepted, .dueDayOver, .releaseExpired, .answerDayReached, .answerDayOver, .notRescinded,
            .callPlaced, .meetingArranged:
            false
        }
    }
}

/// What a transition does besides moving the case.
public enum Effect: String, CaseIterable, Hashable, Sendable, Codable {
    case startRound, forgetRound
    case nameCounterpart, clearCounterpart, excludeCounterpart, acceptSlot
    case signRelease, makeMatch, startDue, startAnswer
    case openCard, closeCard
    /// A new release takes the place of the old one; the card that was open opens again with the new values.
    case supersedeRelease
    case closeRelease, expireRelease, rescindRelease
    case handOff
    case noteCall, noteMeeting
    case eraseSurvey, erasePrivate, eraseContact
}

/// A message that goes out with a transition. Its words come from the policy and never name a person, a case or the program's nature.
public enum Notice: String, CaseIterable, Hashable, Sendable, Codable {
    case actedForYou, releaseReady, slotOffered, mentorUnavailable, declineConfirmed, cardReady, ended, deleteDetails
    case promptRescission, rescinded, expired, corrected, callBackAsked, inviteToTalk, contactReady, nobodyAvailable
}

/// A notice and whom it goes to, written `role.notice` in a policy.
public struct Telling: Hashable, Sendable, Codable {
    public let role: Role
    public let notice: Notice
    public init(role: Role, notice: Notice) {
        self.role = role
        self.notice = notice
    }
}

/// What a release may carry. For clinical programs the list ends here.
public enum PermittedField: String, CaseIterable, Hashable, Sendable, Codable {
    case firstName, phone

    /// How a form names it.
    public var plainWords: String {
        switch self {
        case .firstName: "first name"
        case .phone: "telephone number"
        }
    }
}

/// Why a release is made.
public enum Purpose: String, CaseIterable, Hashable, Sendable, Codable {
    case firstCallAndMeeting, peerConversation

    public var plainWords: String {
        switch self {
        case .firstCallAndMeeting:
            "so that the mentor can make a first telephone call and arrange a first meeting, at my own request"
        case .peerConversation: "so that the person who asked can telephone me about having a mentor, at my own request"
        }
    }
}
