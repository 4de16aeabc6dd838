public import ReleaseWorkflow

/// One proposal to the coordinator, with its reasons.
public struct Candidate: Hashable, Sendable {
    public let mentor: PersonID
    /// 0 to 10,000.
    public let score: Int
    /// The amount that each term adds which counts for this person, largest first.
    public let terms: [Points]
    /// The distance to the next one; nil for the last of all.
    public let margin: Int?
    /// True if another one has as much, so that the score does not decide between them.
    public let isTie: Bool

    public struct Points: Hashable, Sendable {
        public let term: Term
        public let points: Int
        public let most: Int
    }
}

/// The best mentors for one person, exactly, for a coordinator to decide.
public struct Shortlist: Hashable, Sendable {
    public let candidates: [Candidate]
    /// The number of mentors whom every rule allows.
    public let allowedCount: Int
}

extension Market {
    /// The `count` best mentors for this person.
    ///
    /// - Complexity: O(mentors / 64 × answers + allowed × terms).
    public func shortlist(_ mentee: MenteeEntry, count: Int = 10) -> Shortlist {
        var memo = Memo()
        return shortlist(mentee, count: count, &memo)
    }

    func shortlist(_ mentee: MenteeEntry, count: Int, _ memo: inout Memo) -> Shortlist {
        let allowed = allowed(mentee, &memo)
        let wish = wish(mentee)
        // One more than asked for, so that the last one's margin is known.
        var best: [(index: Int, score: Int32)] = []
        let indexes = allowed.indexes
        let scores = [Int32](unsafeUninitializedCapacity: indexes.count) { points, written in
            let own = UnsafeMutableBufferPointer(rebasing: points[..<indexes.count])
            indexes.withUnsafeBufferPointer { score(wish, $0, into: own) }
            written = indexes.count
        }
        var least = Int32.min
        for (entry, score) in scores.enumerated() where score > least {
            // Equal scores stay in the order of the draw, which is the order of the columns.
            let place = best.firstIndex { $0.score < score } ?? best.count
            best.insert((Int(indexes[entry]), score), at: place)
            if best.count > count + 1 { best.removeLast() }
            if best.count > count, let last = best.last { least = last.score }
        }
        let candidates = best.prefix(count).enumerated().map { place, entry in
            Candidate(
                mentor: mentors[entry.index].id, score: Int(entry.score),
                terms: points(wish, entry.index, among: allowed),
                margin: place + 1 < best.count ? Int(entry.score - best[place + 1].score) : nil,
                isTie: best.enumerated().contains { $0.offset != place && $0.element.score == entry.score })
        }
        return Shortlist(candidates: candidates, allowedCount: indexes.count)
    }

    private func points(_ wish: Wish, _ index: Int, among allowed: Bitset) -> [Candidate.Points] {
        Term.allCases.enumerated().compactMap { slot, term -> Candidate.Points? in
            let weight = wish.weights[slot]
            guard weight > 0 else { return nil }
            let part: Int32
            if let own = self.part(term, wish, index) {
                part = own
            } else {
                var (sum, count): (Int64, Int64) = (0, 0)
                for other in allowed.indexes {
                    if let part = self.part(term, wish, Int(other)) { (sum, count) = (sum + Int64(part), count + 1) }
                }
                part = count == 0 ? 0 : Int32(sum / count)
            }
            return Candidate.Points(term: term, points: Int(weight * part / 100), most: Int(weight))
        }.sorted { ($0.points, $1.term.rawValue) > ($1.points, $0.term.rawValue) }
    }
}
