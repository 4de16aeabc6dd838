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
    // Programs with a term, with notice, with listings.
    case notAMatch, giveNotice, extend, seekSecond, remindEnd, finish, lapse

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
    /// Ends the pairing without fault and begins the next round at once.
    case notAMatch(RoundID)
    case giveNotice
    case extend(ReleaseID)
    case seekSecond, remindEnd, finish, lapse

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
        case .notAMatch: self = .notAMatch(round)
        case .giveNotice: self = .giveNotice
        case .extend: self = .extend(release)
        case .seekSecond: self = .seekSecond
        case .remindEnd: self = .remindEnd
        case .finish: self = .finish
        case .lapse: self = .lapse
        }
    }
}

/// A condition of a transition. Each is asked in the affirmative; one that cannot be answered is answered no.
public enum Guard: String, CaseIterable, Hashable, Sendable, Codable {
    // Answered by the service, from what it holds, through pure predicates.
    case underContract, counterpartUnderContract, surveyAnswered, pairEligible, mentorReady, acknowledgementCurrent
    case capacityLeft, releaseComplete
    /// The person whose case it is meets what the policy asks of their role.
    case openerEligible
    /// The person whose case it is has signed the agreements of their role, in their current versions.
    case agreementsCurrent
    /// Both of a pair in the program's other workflow have asked for a second mentor (MSC-22).
    case secondSought
    /// Something that the policy demands for as long as the case lasts no longer holds: membership, good standing, certification.
    case standingLost
    /// Separation of duties: the member of staff is no party of this case. Asked of every staff act, whatever a policy says (DER-18).
    case dutiesSeparate
    /// The member of staff is the one this person is assigned to. Asked of every staff act.
    case assigned

    // Answered by the core, from the state and the moment.
    case notExcluded, slotAccepted, dueDayOver, releaseExpired, answerDayReached, answerDayOver, notRescinded
    case termOver, noticeOver, endNear, extensionLeft
    // Known only to the pair. A policy that lets anybody else's world depend on them does not load (P6).
    case callPlaced, meetingArranged

    /// Whether ``Facts`` answers it.
    public var isExternal: Bool {
        switch self {
        case .underContract, .counterpartUnderContract, .surveyAnswered, .pairEligible, .mentorReady,
            .acknowledgementCurrent, .capacityLeft, .releaseComplete, .openerEligible, .agreementsCurrent, .secondSought,
            .standingLost, .dutiesSeparate, .assigned:
            true
        case .notExcluded, .slotAccepted, .dueDayOver, .releaseExpired, .answerDayReached, .answerDayOver, .notRescinded,
            .termOver, .noticeOver, .endNear, .extensionLeft, .callPlaced, .meetingArranged:
            false
        }
    }

    /// What has to hold, as a sentence's end: "only if …".
    public var plainWords: String {
        switch self {
        case .underContract: "the person is under a monitoring contract"
        case .counterpartUnderContract: "the other person is under a monitoring contract"
        case .surveyAnswered: "every question of the survey is answered from its list"
        case .pairEligible: "the two may be paired under the program's rules"
        case .mentorReady: "the mentor is ready and not paused"
        case .acknowledgementCurrent: "the mentor has signed the agreements in force"
        case .capacityLeft: "the mentor has a place left"
        case .releaseComplete: "the release has every element that is required"
        case .openerEligible: "the person meets what the program asks of their role"
        case .agreementsCurrent: "the person has signed the agreements in force"
        case .secondSought: "both of the first pair have asked for a second mentor"
        case .standingLost: "membership, standing or certification has been lost"
        case .dutiesSeparate: "the member of staff is no party of the case"
        case .assigned: "the member of staff is assigned to the person"
        case .notExcluded: "the person has not excluded them"
        case .slotAccepted: "the mentor has said they have a free place"
        case .dueDayOver: "the last day for the first contact is over"
        case .releaseExpired: "the release has run out"
        case .answerDayReached: "the day of the answer has come"
        case .answerDayOver: "the day of the answer is over"
        case .notRescinded: "the release has not been taken back"
        case .termOver: "the agreed term is over"
        case .noticeOver: "the notice period is over"
        case .endNear: "the agreed end is thirty days away or less"
        case .extensionLeft: "an extension is left and this person has not signed it yet"
        case .callPlaced: "a call was placed"
        case .meetingArranged: "a meeting was arranged"
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
    /// Sets the last day of the agreed term, from the policy's duration and cohort.
    case startTerm
    /// Sets the last day of the notice period. Only the label *ended* waits for it.
    case startNotice
    /// Signs the same release again for a longer time; once both have, the term is longer too.
    case extendRelease
    /// Notes that this person wants a second mentor besides the first.
    case noteSecond
    case noteReminder
    /// The pairing is over, and the next round begins in the same step (MSC-20).
    case restartRound
}

/// A message that goes out with a transition. Its words come from the policy and never name a person, a case or the program's nature.
public enum Notice: String, CaseIterable, Hashable, Sendable, Codable {
    case actedForYou, releaseReady, slotOffered, mentorUnavailable, declineConfirmed, cardReady, ended, deleteDetails
    case promptRescission, rescinded, expired, corrected, callBackAsked, inviteToTalk, contactReady, nobodyAvailable
    case lapsed, noticeGiven, newRound, endNear, termOver, extended, secondSought, findAnother
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

/// What a release may carry. For clinical programs the list ends after the first two.
public enum PermittedField: String, CaseIterable, Hashable, Sendable, Codable {
    case firstName, phone
    case displayName, contactRoute, region, topics, interests

    /// What a clinical release carries, and nothing else ever (MPHP-36).
    public static let clinical: [PermittedField] = [.firstName, .phone]

    /// How a form names it.
    public var plainWords: String {
        switch self {
        case .firstName: "first name"
        case .phone: "telephone number"
        case .displayName: "display name"
        case .contactRoute: "way to be contacted"
        case .region: "region"
        case .topics: "topics"
        case .interests: "interests"
        }
    }

    /// The field as a profile knows it; nil for what only a clinical card shows.
    public var profile: ProfileField? { ProfileField(rawValue: rawValue) }
}

/// What a ``ProfileCard`` may show: everything that programs other than clinical ones let cross.
public enum ProfileField: String, CaseIterable, Hashable, Comparable, Sendable, Codable {
    case displayName, contactRoute, region, topics, interests

    /// In the order in which a card shows them.
    public static func < (left: ProfileField, right: ProfileField) -> Bool { left.place < right.place }

    private var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// A class of people whom a release may name where a policy is not clinical: who may read a listing.
public enum Audience: String, CaseIterable, Hashable, Sendable, Codable {
    case everyone = "public"
    case members
    /// Members who are registered as seeking a mentor (SGV-09).
    case seekers

    /// How a form names it.
    public var plainWords: String {
        switch self {
        case .everyone: "everybody who looks at the public directory"
        case .members: "members who are logged in"
        case .seekers: "members in good standing who are logged in and registered as seeking a mentor"
        }
    }
}

/// Whom a release names and who may read a card under it.
public enum Recipient: Hashable, Sendable, Codable {
    case person(PersonID)
    case audience(Audience)

    public var person: PersonID? { if case .person(let id) = self { id } else { nil } }

    /// The text that a record commits to: an id, or the word for the class.
    public var text: String {
        switch self {
        case .person(let id): id.description
        case .audience(let audience): audience.rawValue
        }
    }
}

/// Why a release is made.
public enum Purpose: String, CaseIterable, Hashable, Sendable, Codable {
    case firstCallAndMeeting, peerConversation, listing, mentoring

    public var plainWords: String {
        switch self {
        case .firstCallAndMeeting:
            "so that the mentor can make a first telephone call and arrange a first meeting, at my own request"
        case .peerConversation: "so that the person who asked can telephone me about having a mentor, at my own request"
        case .listing: "so that people who look for a mentor can find me and write to me or call me, at my own request"
        case .mentoring: "so that my mentoring partner can get in touch with me, at my own request"
        }
    }

    /// What the one who reads a card may use it for.
    public var permittedUse: String {
        switch self {
        case .firstCallAndMeeting: "to make a first call and arrange a first meeting"
        case .peerConversation: "to talk about having a mentor"
        case .listing: "to ask this person about mentoring"
        case .mentoring: "to get in touch about mentoring"
        }
    }
}
