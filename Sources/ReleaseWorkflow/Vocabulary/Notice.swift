/// A message that goes out with a transition. Its words come from the policy and never name a person, a case or the
/// program's nature.
public enum Notice: String, CaseIterable, Hashable, Sendable, Codable {
    case actedForYou, releaseReady, slotOffered, mentorUnavailable, declineConfirmed, cardReady, ended, deleteDetails
    case promptRescission, rescinded, expired, corrected, callBackAsked, inviteToTalk, contactReady, nobodyAvailable
    case lapsed, noticeGiven, newRound, endNear, termOver, extended, secondSought, findAnother
}
