/// A change that a transition makes besides moving the case.
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
