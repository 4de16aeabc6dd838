internal import ReleaseWorkflow

/// The hands by which a command may come, where a program has somebody who confirms.
enum Hands: String {
    /// The person's own, or that of one of the staff, and nothing waits.
    case one
    /// The person's own, once it is confirmed that what they sign in with came to them.
    case confirmedSignIn
    /// The person's own on a paper that one of the staff files and another has looked at.
    case two

    /// - Parameter lendsName: true where the command puts the person's name on somebody else's form.
    init(_ kind: CommandKind, by channel: Channel, lendsName: Bool = false) {
        let isBinding: Bool
        switch kind {
        // Signed, or noted of what is between two people.
        case .sign, .correct, .renew, .extend, .recordCall, .recordMeeting, .recordTried, .undoNote: isBinding = true
        case .ask: isBinding = lendsName
        // What closes, takes back or asks for help never waits; what opens nothing needs no second hand.
        case .request, .completeSurvey, .propose, .acceptSlot, .slotUnavailable, .withdrawProposal, .offer,
            .refuseMentor, .decline, .disclose, .requestCallBack, .handOff, .end, .rescind, .expire, .rematch, .invite,
            .agree, .refuseInvitation, .alert, .answer, .notAMatch, .giveNotice, .seekSecond, .remindEnd,
            .awaitExtension, .finish, .lapse, .remindRelease, .withdrawCard, .remindCall, .freezeCard, .unfreezeCard,
            .hide, .showAgain, .noteUnused, .letGo:
            isBinding = false
        }
        switch channel {
        case .screen: self = isBinding ? .confirmedSignIn : .one
        case .paper: self = kind.isSignature ? .two : .one
        case .phone, .clock: self = .one
        }
    }
}
