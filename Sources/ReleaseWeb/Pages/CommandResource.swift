internal import ReleaseWorkflow

extension CommandKind {
    /// The resource that carrying this command out makes, as the last part of a path: `POST /cases/{case}/signature`.
    /// Nil for what only the clock does and for what is the pair's own.
    ///
    /// One word for the page, the route of the interface, the words and the tests.
    var resource: String? {
        switch self {
        case .request: "request"
        case .completeSurvey: "survey"
        case .propose: "proposal"
        case .acceptSlot: "acceptance"
        case .slotUnavailable: "unavailability"
        case .withdrawProposal: "withdrawal"
        case .offer: "offer"
        case .refuseMentor: "refusal"
        case .decline: "declination"
        case .sign: "signature"
        case .disclose: "disclosure"
        case .correct: "correction"
        case .requestCallBack: "call-back"
        case .end: "end"
        case .rescind: "rescission"
        case .rematch: "rematch"
        case .ask: "question"
        case .invite: "invitation"
        case .agree: "consent-to-talk"
        case .refuseInvitation: "invitation-refusal"
        case .alert: "alert"
        case .notAMatch: "not-a-match"
        case .giveNotice: "notice"
        case .extend: "extension"
        case .seekSecond: "second-mentor"
        case .renew: "renewal"
        case .withdrawCard: "card-withdrawal"
        case .freezeCard: "wrong-number"
        case .unfreezeCard: "right-number"
        case .hide: "hiding"
        case .showAgain: "showing"
        case .recordCall, .recordMeeting, .recordTried, .undoNote, .handOff, .expire, .answer, .remindEnd,
            .remindRelease, .remindCall, .finish, .lapse, .noteUnused, .letGo,
            .awaitExtension:
            nil
        }
    }

    /// Commands that have a resource, each with it.
    static let resources: [(kind: CommandKind, resource: String)] = allCases.compactMap { kind in
        kind.resource.map { (kind, $0) }
    }

    /// True if the command closes or takes something back: its button looks different.
    var isGrave: Bool {
        switch self {
        case .end, .rescind, .decline, .giveNotice, .slotUnavailable, .refuseMentor, .notAMatch, .withdrawProposal,
            .withdrawCard:
            true
        default: false
        }
    }
}
