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
    /// Separation of duties: the member of staff is no party of this case. Asked of every staff act, whatever a policy
    /// says (DER-18).
    case dutiesSeparate
    /// The member of staff is the one this person is assigned to. Asked of every staff act.
    case assigned

    // Answered by the core, from the state and the moment.
    case notExcluded, slotAccepted, dueDayOver, releaseExpired, answerDayReached, answerDayOver, notRescinded
    case termOver, noticeOver, endNear, extensionLeft
    // Known only to the pair. A policy that lets anybody else's world depend on them does not load (P6).
    case callPlaced, meetingArranged

    /// True if ``Facts`` answers it.
    public var isExternal: Bool {
        switch self {
        case .underContract, .counterpartUnderContract, .surveyAnswered, .pairEligible, .mentorReady,
            .acknowledgementCurrent, .capacityLeft, .releaseComplete, .openerEligible, .agreementsCurrent,
            .secondSought,
            .standingLost, .dutiesSeparate, .assigned:
            true
        case .notExcluded, .slotAccepted, .dueDayOver, .releaseExpired, .answerDayReached, .answerDayOver,
            .notRescinded,
            .termOver, .noticeOver, .endNear, .extensionLeft, .callPlaced, .meetingArranged:
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
