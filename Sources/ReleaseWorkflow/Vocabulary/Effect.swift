/// A change that a transition makes besides moving the case.
public enum Effect: String, CaseIterable, Hashable, Sendable, Codable {
    case startRound, forgetRound
    case nameCounterpart, clearCounterpart, excludeCounterpart, acceptSlot
    /// The one whose act it is keeps the other away, in every workflow of the program, until they lift it.
    case keepAway
    case signRelease, makeMatch, startDue, startAnswer
    case openCard, closeCard
    /// A new release takes the place of the old one; the card that was open opens again with the new values.
    case supersedeRelease
    case closeRelease, expireRelease, rescindRelease
    case handOff
    case noteCall, noteMeeting
    /// A new release for the same recipient, with a term of its own, takes the place of the old one.
    case renewRelease
    /// Notes that the signer was reminded that a release ends soon.
    case noteReleaseReminder
    /// Notes that the one who is to call was reminded.
    case noteCallReminder
    /// Hides the card of the one whose act it is until they sign a corrected release, or brings it back.
    case freezeCard, unfreezeCard
    /// Hides what is open while its owner's box is off, or their standing is missing; shows it again when none is left
    /// of the reasons. The release lives on.
    case hideCard, showCard
    /// Notes that what was signed cannot be used, because what the pair rests on does not hold.
    case noteUnused
    /// Takes the answers of the survey along into the round that begins in the same step.
    case carrySurvey
    /// Sets anew, at the disclosure, the last day for the first call and the day of the hand-off.
    case moveDue
    /// Adds to the pair's own flow, or takes one's own last note back. No policy names them: its `privateFlow` does.
    case notePrivately, undoPrivately
    case eraseSurvey, erasePrivate, eraseContact
    /// Sets the last day of the agreed term, from the policy's duration and cohort.
    case startTerm
    /// Sets the last day of the notice period. Only the label *ended* waits for it.
    case startNotice
    /// Signs the same release again for a longer time; once both have, the term is longer too.
    case extendRelease
    /// Closes what the one who has not signed for longer released. The other's signature waits thirty days for theirs.
    case awaitExtension
    /// Notes that this person wants a second mentor besides the first.
    case noteSecond
    case noteReminder
    /// The pairing is over, and the next round begins in the same step (MSC-20).
    case restartRound
}
