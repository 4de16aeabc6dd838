/// The one whose act it is: a person, a member of staff, or the clock.
public enum Principal: Hashable, Sendable {
    case person(PersonID)
    case staff(PersonID)
    case clock
}

/// The one who acts: the principal whose right it is, the agent who typed it in for them, the channel it came by.
public struct Actor: Hashable, Sendable {
    public let principal: Principal
    public let agent: PersonID?
    public let channel: Channel

    public init(_ principal: Principal, agent: PersonID? = nil, channel: Channel) {
        self.principal = principal
        self.agent = agent
        self.channel = channel
    }

    public static let clock = Actor(.clock, channel: .clock)
}

/// One answer per external guard. What is not answered is no.
public struct Facts: Hashable, Sendable {
    private var bits: UInt32 = 0

    public init(_ holding: [Guard] = []) {
        for condition in holding { self[condition] = true }
    }

    /// Every external guard holds.
    public static let all = Facts(Guard.allCases.filter(\.isExternal))

    public subscript(condition: Guard) -> Bool {
        get { bits & Self.bit(condition) != 0 }
        set { if newValue { bits |= Self.bit(condition) } else { bits &= ~Self.bit(condition) } }
    }

    public func without(_ condition: Guard) -> Facts {
        var copy = self
        copy[condition] = false
        return copy
    }

    private static func bit(_ condition: Guard) -> UInt32 {
        switch condition {
        case .underContract: 1 << 0
        case .counterpartUnderContract: 1 << 1
        case .surveyAnswered: 1 << 2
        case .pairEligible: 1 << 3
        case .mentorReady: 1 << 4
        case .acknowledgementCurrent: 1 << 5
        case .capacityLeft: 1 << 6
        case .releaseComplete: 1 << 7
        case .dutiesSeparate: 1 << 8
        case .assigned: 1 << 9
        case .openerEligible: 1 << 10
        case .agreementsCurrent: 1 << 11
        case .secondSought: 1 << 12
        case .standingLost: 1 << 13
        case .mustsMet: 1 << 14
        case .notKeptApart: 1 << 15
        case .attestedLately: 1 << 16
        case .counterpartHadMentor: 1 << 17
        case .notOnOwnList: 1 << 18
        case .pairingLost: 1 << 19
        case .notSuspended: 1 << 20
        case .standingRegained: 1 << 21
        // The core answers these itself; a fact about them has no bit to live in.
        case .notExcluded, .slotAccepted, .dueDayOver, .releaseExpired, .answerDayReached, .answerDayOver,
            .notRescinded,
            .termOver, .noticeOver, .endNear, .extensionLeft, .extensionHalfSigned, .extensionWaitOver, .handOffDayOver,
            .releaseEndNear,
            .releaseReminderDue, .callReminderDue, .cardNotFrozen, .unusedTooLong, .callPlaced,
            .meetingArranged:
            0
        }
    }
}
