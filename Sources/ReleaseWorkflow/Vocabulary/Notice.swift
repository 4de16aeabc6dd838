/// A message that goes out with a transition. Its words come from the policy and never name a person, a case or the
/// program's nature.
public enum Notice: String, CaseIterable, Hashable, Sendable, Codable {
    case actedForYou, releaseReady, slotOffered, mentorUnavailable, declineConfirmed, cardReady, ended, deleteDetails
    case promptRescission, rescinded, expired, corrected, callBackAsked, inviteToTalk, contactReady, nobodyAvailable
    case lapsed, noticeGiven, newRound, endNear, termOver, extended, secondSought, findAnother
    /// To the coordinator to whom a person is assigned: a colleague took something down for that person.
    case takenDown
    /// To somebody who had said yes and for whom no card was opened: what was being prepared does not go on.
    case placeFree
    /// To the signer, thirty and seven days before a permission ends.
    case permissionEndsSoon
    /// To the one who is to call, two days before the last day.
    case callSoon
    /// To a reader: the permission ran out, and that is all.
    case cardClosed
    /// To somebody for whom staff recorded what they had not asked for.
    case recordedInError
    /// To the coordinator: what was signed waits to be released.
    case releaseWaits
    /// To a signer: what they signed cannot be used just now.
    case notUsed
    /// To both: the term is over, and one signature for a longer one waits for the other.
    case extensionWaits
    /// To whoever is listed: their entry is shown to nobody for now, or is shown again.
    case hidden, shownAgain
    /// To whoever takes part on something that ends by a day: that day is a month away.
    case standingEndsSoon
    /// To whomever an incident concerns.
    case incident
    /// To a reader: the number is wrong, and a new one is coming.
    case numberWrong
    /// To the signer: staff have closed what was open.
    case withdrawn
    /// To the coordinator: one of their people would like to be a mentor.
    case applicationWaits
    /// To somebody who asked to be a mentor: there is an answer.
    case applicationAnswered
    /// To everybody who takes part: the program is wound down.
    case programEnds
    /// To somebody who was asked to talk and had not signed by the day of the answer.
    case notNeeded

    /// The words of a notice that the engine sends whatever the workflow says, or that serve every program. A policy
    /// may word it otherwise; empty where only the policy can.
    public var standardWords: String {
        switch self {
        case .takenDown: "Something was closed or taken down for somebody who is assigned to you. Please look."
        case .placeFree: "Your place is free again. There is nothing to do."
        case .permissionEndsSoon:
            "A permission you gave ends soon. You can sign it again in one step. If you would rather not hear from the "
                + "other person any more, end it instead: then they are asked to delete your details."
        case .callSoon: "If you two have not talked yet, please call in the next two days."
        case .cardClosed: "Something that was open for you has closed, as planned."
        case .recordedInError:
            "Something that was recorded for you was a mistake of the office, and is marked as one. Nothing opens again by it."
        case .releaseWaits: "Something that was signed waits for you. Please look today."
        case .notUsed:
            "What you signed is not being used at present. Nothing was given. You need do nothing, and can take it back."
        case .extensionWaits:
            "The time you agreed on is over, and the details are put away. One of you has signed to go on. If the other signs "
                + "within thirty days, both cards open again; nobody has to."
        case .hidden:
            "Your entry is not shown at present, because something it rests on is missing. When that is put right it comes back "
                + "by itself. You need do nothing, and can take it down for good."
        case .shownAgain: "Your entry is shown again."
        case .incident:
            "Something that you gave us may have reached somebody for whom it was not meant. Please sign in to read what it is, or ask "
                + "us. You have done nothing wrong."
        case .standingEndsSoon:
            "Something that your part here rests on ends within a month. If it is renewed, please let us know before its last day."
        case .numberWrong: "Please wait: a new number is coming. Do not call the old one."
        case .withdrawn: "The office has closed it. Nothing more is given. There is nothing to do."
        case .corrected: "Please look again: what is shown to you now is right."
        case .notNeeded: "Thank you. It is no longer needed, and there is nothing to do."
        case .applicationWaits: "Somebody who is assigned to you asks for something. Please look."
        case .applicationAnswered: "Your question has an answer. Please sign in to read it."
        case .programEnds:
            "This ends here. Whatever was open is closed, and nothing more is given. Please sign in soon, or ask us, if you want a "
                + "copy of what you signed. Delete the details you may have of somebody else."
        case .mentorUnavailable: "The person we had in mind is not available. We will look again if you wish."
        case .actedForYou, .releaseReady, .slotOffered, .declineConfirmed, .cardReady, .ended,
            .deleteDetails, .promptRescission, .rescinded, .expired, .callBackAsked, .inviteToTalk,
            .contactReady, .nobodyAvailable, .lapsed, .noticeGiven, .newRound, .endNear, .termOver, .extended,
            .secondSought, .findAnother:
            ""
        }
    }
}
