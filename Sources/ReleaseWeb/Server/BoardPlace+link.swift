internal import ReleaseService
internal import ReleaseWorkflow

extension BoardPlace {
    /// Reads where a page of the board begins, as it stands in a link: rank and handle of the line before.
    init?(link text: String?) {
        guard let parts = text?.split(separator: "-"), parts.count == 2, let number = Int(parts[0]),
            let rank = PartyRow.Rank(rawValue: number), let handle = CaseHandle(parsing: parts[1])
        else { return nil }
        self.init(rank: rank, handle: handle)
    }
}
