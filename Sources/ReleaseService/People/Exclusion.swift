public import ReleaseWorkflow

/// One line of a person's private list: nobody reads it, it only ever keeps two people apart.
public struct Exclusion: Hashable, Sendable {
    public enum Relation: String, CaseIterable, Hashable, Sendable {
        /// Anybody the person names, for whatever reason.
        case person
        /// Supervises or has supervised, or the other way round (SGV-15).
        case supervisor
        /// Family, romantic, business, patient or clinician (WEB-15).
        case personal
        /// Everybody of one employer (ICB-24 warns of it, a person may demand it).
        case employer
    }

    public var relation: Relation
    /// Of the name, number or employer that was typed.
    public var token: [UInt8]
    /// The day on which it was written; nil in lists that were begun before that was kept.
    public var on: CivilDate?
}
