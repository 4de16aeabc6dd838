public import Matching
public import ReleaseWorkflow

/// A case as one viewer may see it.
public struct CaseView: Sendable, Codable {
    /// Something that happened and that this viewer is shown.
    public struct Entry: Sendable, Codable, Hashable {
        public let on: CivilDate
        public let rule: String
        public let channel: Channel
    }

    public let id: CaseID
    public let workflow: String
    public let state: String
    public let history: [Entry]
    /// True if the current release permits a disclosure today. Nil where there is no release, for a recipient until a
    /// card was opened under it, and for the coordinator after hand-off unless the workflow is an exchange.
    public let isReleaseLive: Bool?
    public let release: ReleaseID?
    public let expiresOn: CivilDate?
    /// Answers of the survey, until hand-off, for the coordinator and the person.
    public let survey: Survey?
    /// Calls and meetings: the pair's alone.
    public internal(set) var isCallRecorded: Bool?
    public internal(set) var isMeetingRecorded: Bool?
    /// True if the other one noted that they called and did not reach this viewer. For this viewer alone.
    public internal(set) var wasTried: Bool?
    public let callBy: CivilDate?
    /// The day by which a coordinator releases what is signed: for staff, and for whoever has signed.
    public let releaseBy: CivilDate?
    /// True if the viewer has said that the number on their card is wrong; for the coordinator, until hand-off, if
    /// anybody has. Nil for everybody else.
    public let isNumberWrong: Bool?
    /// The pair's word: for whoever reads or was asked for a place, and for a signer once they have signed.
    public let word: String?
    /// True for a signer, and for the coordinator, while what was signed cannot be used.
    public let isUnused: Bool
    /// The reasons for which what is open is shown to nobody at present: for whoever released it, and for staff.
    public let hidden: [Hiding]
    /// The last day of a notice that still runs while the search for the next has begun.
    public let partingUntil: CivilDate?
    /// The last day on which the second signature for a longer term still counts, while one waits for the other.
    public let extensionUntil: CivilDate?
    /// True if the other has said so of the card that was opened for this viewer.
    public let isNumberComing: Bool

    /// The view for anybody who is not of the pair, or who types for them.
    public var withoutPrivateActs: CaseView {
        var copy = self
        (copy.isCallRecorded, copy.isMeetingRecorded, copy.wasTried) = (nil, nil, nil)
        return copy
    }

    /// Everything that this viewer is shown, as bytes that are equal exactly if it is.
    var encoded: [UInt8] {
        let entries = history.map { entry in
            CanonicalJSON.object(
                StoredMembers().with("on", entry.on).with("rule", entry.rule).with("channel", entry.channel).members)
        }
        let members = StoredMembers().with("id", id).with("workflow", workflow).with("state", state)
            .with("history", .array(entries)).with("isReleaseLive", isReleaseLive).with("release", release)
            .with("expiresOn", expiresOn).with("survey", survey).with("isCallRecorded", isCallRecorded)
            .with("isMeetingRecorded", isMeetingRecorded).with("wasTried", wasTried).with("callBy", callBy)
            .with("word", word).with("releaseBy", releaseBy).with("isUnused", isUnused).with(
                "extensionUntil", extensionUntil
            )
            .with("extensionUntil", extensionUntil).with("hidden", hidden.map(\.rawValue))
            .with("partingUntil", partingUntil)
            .with("isNumberWrong", isNumberWrong).with("isNumberComing", isNumberComing).members
        return Array(StoredCodec.text(members).utf8)
    }
}
