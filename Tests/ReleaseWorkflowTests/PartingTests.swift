import ReleaseWorkflow
import Testing

@Suite("A pair whose notice runs while the next search has begun")
struct PartingTests {
    /// A pair of the structured program, in its mentor's notice.
    private func inNotice() throws -> Story {
        var story = try Story(shippedPolicy("structured"))
        for (kind, principal) in [
            (.request, .person(Cast.ada)), (.completeSurvey, .person(Cast.ada)), (.propose, .staff(Cast.maya)),
            (.acceptSlot, .person(Cast.ben)), (.offer, .staff(Cast.maya)), (.sign, .person(Cast.ada)),
            (.sign, .person(Cast.ben)), (.giveNotice, .person(Cast.ben)),
        ] as [(CommandKind, Principal)] { _ = try story.act(kind, principal) }
        return story
    }

    @Test(
        "R16: whatever the two do folds to the same case whether it is read before the search began or after: a stored case is read in either order",
        arguments: [CommandKind.end, .rescind, .correct, .freezeCard, .finish, .withdrawCard])
    func eitherOrder(kind: CommandKind) throws {
        var pair = try inNotice()
        let before = pair.state
        let round = try #require(before.round?.id)
        if kind == .finish { pair.today = try #require(before.round?.noticeUntil).adding(days: 1) }
        let principal: Principal =
            kind == .finish ? .clock : kind == .withdrawCard ? .staff(Cast.maya) : .person(Cast.ada)
        let events = try pair.act(kind, principal, kind == .finish ? .clock : .screen)
        let theirs = Event.ofParting(round, events)
        let search = Event.roundStarted(RoundID(high: 7, low: 7), since: pair.today)
        let asked = Event.advanced(to: Position(number: 1))

        let later = evolve(evolve(before, [search, asked]), theirs)
        let earlier = evolve(evolve(before, theirs), [search, asked])
        #expect(later == earlier)
        // Declined, nothing is left of the search, and of the pair everything.
        #expect(evolve(later, .roundForgotten) == pair.state)
        #expect(later.position == Position(number: 1) && later.openCards.isEmpty)
        #expect(later.everyOpenCard == pair.state.openCards)
    }

    @Test("R16: the search leaves the pair as it was, and neither is in the state of the other")
    func apart() throws {
        var story = try inNotice()
        let before = story.state
        let round = try #require(before.round?.id)
        _ = try story.act(.rematch, .person(Cast.ada))
        #expect(story.state.ofParting(round) == before)
        #expect(story.state.partings(of: Cast.ben) == [before] && story.state.partings(of: Cast.cleo) == [])
        #expect(story.state.openCards.isEmpty && story.state.liveReleases.isEmpty)
        _ = try story.act(.completeSurvey, .person(Cast.ada))
        _ = try story.act(.propose, .staff(Cast.maya), person: Cast.cleo)
        #expect(story.state.ofParting(round) == before)
        _ = try story.act(.decline, .person(Cast.ada))
        #expect(story.state == before)
    }
}
