/// The days on which the clock has something to do in a case.
public enum DueDates {
    /// The earliest day after which a transition of the clock is due; nil where none will ever be.
    ///
    /// The switch names every guard, so that a new guard of the clock cannot compile and then never fire.
    ///
    /// - Parameter standingEnds: the last days of the certifications that the case rests on.
    public static func next(in state: State, of workflow: Workflow, standingEnds: [CivilDate]) -> CivilDate? {
        var days: [CivilDate] = []
        for transition in workflow.transitions
        where transition.role == .clock && transition.origins.contains(state.position) {
            for condition in transition.guards {
                days += self.days(of: condition, in: state, standingEnds: standingEnds)
            }
        }
        return days.min()
    }

    /// The days whose end makes `condition` true.
    private static func days(of condition: Guard, in state: State, standingEnds: [CivilDate]) -> [CivilDate] {
        let round = state.round
        switch condition {
        case .dueDayOver: return round?.due.map { [$0] } ?? []
        case .callReminderDue: return round?.callReminderOn.map { [$0.adding(days: -1)] } ?? []
        case .releaseReminderDue: return ReleaseReminder.next(in: state).map { [$0.adding(days: -1)] } ?? []
        case .unusedTooLong: return round?.unusedUntil.map { [$0] } ?? []
        case .releaseEndNear: return []
        case .handOffDayOver: return (round?.handOffOn ?? round?.due).map { [$0] } ?? []
        case .answerDayOver: return round?.answerOn.map { [$0] } ?? []
        case .releaseExpired: return state.liveReleases.map(\.expiresOn)
        case .termOver: return round?.endsOn.map { [$0] } ?? []
        case .noticeOver: return round?.noticeUntil.map { [$0] } ?? []
        case .extensionWaitOver: return round?.extensionUntil.map { [$0] } ?? []
        case .endNear:
            guard let round, !round.isReminded, let day = round.endsOn else { return [] }
            return [day.adding(days: -Policy.Duration.reminderDays - 1)]
        case .standingLost: return round?.hidden.contains(.standing) == true ? [] : standingEnds
        // True or false by what people do, whatever the day.
        case .underContract, .counterpartUnderContract, .surveyAnswered, .pairEligible, .mentorReady,
            .acknowledgementCurrent,
            .capacityLeft, .releaseComplete, .openerEligible, .agreementsCurrent, .secondSought, .mustsMet,
            .notKeptApart, .standingRegained,
            .attestedLately, .counterpartHadMentor, .notOnOwnList, .pairingLost, .notSuspended, .dutiesSeparate,
            .assigned,
            .notExcluded, .slotAccepted, .notRescinded, .extensionLeft, .extensionHalfSigned, .cardNotFrozen,
            .callPlaced, .meetingArranged:
            return []
        // Reached on a day, and then it is staff who act.
        case .answerDayReached: return []
        }
    }
}
