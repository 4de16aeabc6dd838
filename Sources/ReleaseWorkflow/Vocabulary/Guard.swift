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
    /// Something that the policy demands for as long as the case lasts no longer holds: membership, good standing,
    /// certification.
    case standingLost
    /// It holds again, and what rests on it was hidden for want of it.
    case standingRegained
    /// Each must of the person's survey is met by the other, as both had answered when they were proposed.
    case mustsMet
    /// Nothing keeps the two apart: neither one's private list, nor what either said of the other in any workflow of
    /// the program, nor that they are together in another one now.
    case notKeptApart
    /// The attestations of both are not older than the policy allows.
    case attestedLately
    /// The other person has or had a mentor in the program.
    case counterpartHadMentor
    /// Something that the pair rests on does not hold any more, and that was not noted yet.
    case pairingLost
    /// Neither of the two is suspended, or has died. Asked of every step that opens anything, whatever a policy says.
    case notSuspended
    /// The other person is not on the signer's own private list.
    case notOnOwnList
    /// Separation of duties: the member of staff is no party of this case. Asked of every staff act, whatever a policy
    /// says (DER-18).
    case dutiesSeparate
    /// The member of staff is the one this person is assigned to. Asked of every staff act.
    case assigned

    // Answered by the core, from the state and the moment.
    case notExcluded, slotAccepted, dueDayOver, releaseExpired, answerDayReached, answerDayOver, notRescinded
    case termOver, noticeOver, endNear, extensionLeft
    /// One of the two has signed for a longer term, and the other has not.
    case extensionHalfSigned
    /// The days are over in which the other could still sign for longer.
    case extensionWaitOver
    /// The day of the hand-off is over: the later of the last day for the call and seven days after the disclosure.
    case handOffDayOver
    /// The person's own release, or the first of the round's to end, ends within thirty days.
    case releaseEndNear
    /// The signer has not been reminded of that yet: thirty days before the last day, and seven.
    case releaseReminderDue
    /// Nobody whose number the card would show has said that it is wrong.
    case cardNotFrozen
    /// A signed release could not be used for thirty days.
    case unusedTooLong
    /// Two days are left to the last day for the first call, and three lay between it and the disclosure at least.
    case callReminderDue
    // Known only to the pair. A policy that lets anybody else's world depend on them does not load (P6).
    case callPlaced, meetingArranged

    /// True if ``Facts`` answers it.
    public var isExternal: Bool {
        switch self {
        case .underContract, .counterpartUnderContract, .surveyAnswered, .pairEligible, .mentorReady,
            .acknowledgementCurrent, .capacityLeft, .releaseComplete, .openerEligible, .agreementsCurrent,
            .secondSought, .standingLost, .standingRegained, .mustsMet, .notKeptApart, .attestedLately,
            .counterpartHadMentor,
            .notOnOwnList, .pairingLost, .notSuspended, .dutiesSeparate, .assigned:
            true
        case .notExcluded, .slotAccepted, .dueDayOver, .releaseExpired, .answerDayReached, .answerDayOver,
            .notRescinded,
            .termOver, .noticeOver, .endNear, .extensionLeft, .extensionHalfSigned, .extensionWaitOver,
            .handOffDayOver, .releaseEndNear, .releaseReminderDue, .callReminderDue, .cardNotFrozen, .unusedTooLong,
            .callPlaced, .meetingArranged:
            false
        }
    }

    /// The condition that has to hold, as a sentence's end: "only if …".
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
        case .standingRegained: "membership, standing or certification holds again"
        case .mustsMet: "what the person called a must is met"
        case .notKeptApart: "nothing keeps the two apart"
        case .attestedLately: "what was attested of both is recent enough"
        case .counterpartHadMentor: "the other person has or had a mentor"
        case .notOnOwnList: "the other person is not on the signer's own list"
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
        case .extensionHalfSigned: "one of the two has signed for longer and the other has not"
        case .extensionWaitOver: "the thirty days are over in which the other could sign for longer"
        case .releaseEndNear: "the release ends within thirty days"
        case .releaseReminderDue: "a release ends soon and its signer has not been reminded"
        case .callReminderDue: "the last day for the first call is two days away"
        case .notSuspended: "neither of the two is suspended"
        case .pairingLost: "what the pair rests on does not hold any more"
        case .unusedTooLong: "what was signed could not be used for thirty days"
        case .cardNotFrozen: "nobody has said that the number on the card is wrong"
        case .handOffDayOver: "the day of the hand-off is over"
        case .callPlaced: "a call was placed"
        case .meetingArranged: "a meeting was arranged"
        }
    }
}

extension Guard {
    /// The conditions that a policy may name under `pairing`: what bringing two people together rests on.
    public static let pairing: [Guard] = [
        .underContract, .openerEligible, .agreementsCurrent, .counterpartUnderContract, .counterpartHadMentor,
        .pairEligible, .attestedLately, .mustsMet, .notKeptApart, .mentorReady, .acknowledgementCurrent, .capacityLeft,
    ]

    /// Conditions of a mentor's free place: asked at the proposal and at the mentor's yes, from which on the place is
    /// held.
    public static let ofPlace: [Guard] = [.mentorReady, .capacityLeft]

    /// The one whose fact a condition is, to whom a refusal may therefore name it.
    public enum Concern: Hashable, Sendable {
        /// Of the person whose case it is: their contract, their agreements, their answers.
        case opener
        /// Of the other person: their agreements, their pause, their places.
        case counterpart
        /// Of the two together, and of what was attested: staff can cure it, neither of the two can.
        case attested
        /// Private to one of the two or to both: a list, a relation, an earlier no.
        case keptApart
        /// Of the one who signs: their own list.
        case signer
        /// Of the case and the day: nobody's secret.
        case open
    }

    public var concern: Concern {
        switch self {
        case .underContract, .openerEligible, .agreementsCurrent, .surveyAnswered, .secondSought: .opener
        case .counterpartUnderContract, .counterpartHadMentor, .mentorReady, .acknowledgementCurrent, .capacityLeft:
            .counterpart
        case .pairEligible, .attestedLately, .mustsMet, .notSuspended: .attested
        case .notKeptApart, .notExcluded: .keptApart
        case .notOnOwnList: .signer
        case .releaseComplete, .standingLost, .standingRegained, .dutiesSeparate, .assigned, .slotAccepted, .dueDayOver,
            .releaseExpired,
            .answerDayReached, .answerDayOver, .notRescinded, .termOver, .noticeOver, .endNear, .extensionLeft,
            .extensionHalfSigned, .extensionWaitOver, .handOffDayOver, .releaseEndNear, .releaseReminderDue,
            .callReminderDue, .cardNotFrozen, .pairingLost,
            .unusedTooLong,
            .callPlaced, .meetingArranged:
            .open
        }
    }
}
