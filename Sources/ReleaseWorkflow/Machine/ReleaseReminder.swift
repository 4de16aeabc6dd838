/// When a signer is reminded that a release ends soon.
public enum ReleaseReminder {
    /// The days before the last day, the first reminder first.
    public static let days = [30, 7]

    /// The day of the next reminder; nil where no release is live or both reminders went out.
    public static func next(in state: State) -> CivilDate? {
        guard let round = state.round, round.releaseReminders < days.count,
            let last = state.liveReleases.map(\.expiresOn).min()
        else { return nil }
        return last.adding(days: -days[round.releaseReminders])
    }
}
