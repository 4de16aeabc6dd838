/// The proof of P3, P9 and P12: the ways out, taking back, and that every state comes to an end.
extension Explorer {
    /// True if `person` is out after a step: the case is at rest, or they are no longer in it, and nothing of theirs is
    /// open.
    func isExit(for person: PersonID, _ after: State) -> Bool {
        let isOut =
            workflow.isAtRest(after.position) || workflow.ending.contains(after.position) || !isBound(person, in: after)
        return isOut && !after.everyOpenCard.contains { $0.subject == person }
    }

    /// The opener is bound while the case is not at rest; the counterpart while they are named and their own release,
    /// if they signed one, is live.
    func isBound(_ person: PersonID, in state: State) -> Bool {
        // While only the label waits, nobody is held by anything.
        if workflow.ending.contains(state.position), state.liveReleases.isEmpty { return false }
        if person == state.opener { return true }
        guard state.round?.counterpart == person else { return false }
        guard let release = state.currentRelease(of: person) else { return true }
        return release.isLive
    }

    mutating func checkExits(_ index: Int, _ exits: Set<PersonID>) {
        let state = nodes[index].state
        guard !workflow.isAtRest(state.position) else { return }
        let parties = [
            (state.opener, workflow.opener), (state.round?.counterpart, workflow.counterpart ?? workflow.opener),
        ]
        for (person, role) in parties as [(PersonID?, Role)] {
            guard let person, isBound(person, in: state), !exits.contains(person) else { continue }
            fail(.p3, "the \(role.rawValue) has no way out of `\(workflow.name(of: state.position))`", at: index)
        }
    }

    /// P12: by every channel that the form names, by any release of a chain, without disturbing a draft; afterwards no
    /// card of the chain is readable.
    mutating func checkTakingBack(_ index: Int) {
        guard failures[.p12] == nil else { return }
        let (state, today) = (nodes[index].state, nodes[index].today)
        for person in [Self.opener] + Self.others {
            for end in state.notTakenBack(by: person) {
                let chain = state.chain(of: end)
                let isEarlier = end.round != state.currentRelease?.round
                for channel in rescissionChannels {
                    let actor = Actor(.person(person), agent: channel == .screen ? nil : Self.staff, channel: channel)
                    // Whoever answers the telephone: nobody has to be the one whom the person is assigned to.
                    let facts = channel == .screen ? Facts.all : Facts.all.without(.assigned)
                    for named in chain.map(\.id) + (isEarlier ? [] : [nil]) {
                        let taken = outcome(.rescind(named), by: actor, in: state, given: facts, on: today)
                        if let problem = problemOfTakingBack(
                            end, chain, isEarlier, on: today, taken, state)
                        {
                            let role = person == state.opener ? workflow.opener : workflow.counterpart ?? .mentor
                            let step = describe(actor, role, .rescind(named), in: state)
                            fail(.p12, problem, at: index, then: step)
                        }
                    }
                }
            }
        }
    }

    func problemOfTakingBack(
        _ end: ReleaseState, _ chain: [ReleaseState], _ isEarlier: Bool, on today: CivilDate,
        _ taken: Result<(authorized: Authorized<Command>, events: [Event]), Refusal>, _ state: State
    ) -> String? {
        let place = workflow.name(of: state.position)
        switch taken {
        case .failure(let refusal): return "in `\(place)` it is refused: \(refusal)"
        case .success(let taken):
            let after = evolve(state, taken.events)
            if after.releases.first(where: { $0.id == end.id })?.isRescinded != true {
                return "in `\(place)` it is not taken back"
            }
            if after.openCards.contains(where: { card in chain.contains { $0.id == card.release } }) {
                return "a card is readable after it"
            }
            // Of a round that is over, the person's word changes that release and nothing else.
            let alone = evolve(state, .releaseRescinded(end.id, on: today))
            return isEarlier && after != alone ? "the round that is under way is disturbed" : nil
        }
    }

    /// P9: backward from the ends, along what the opener and the clock can do.
    mutating func checkEnds() {
        var incoming = [[Int]](repeating: [], count: nodes.count)
        for edge in edges where edge.isOwn { incoming[edge.to].append(edge.from) }
        // What the pair noted holds up nobody: the others' acts are walked from where nothing is noted.
        var ending = Set(
            nodes.indices.filter {
                workflow.isAtRest(nodes[$0].state.position) || nodes[$0].state.privately != PrivateState()
            })
        var queue = Array(ending)
        while let index = queue.popLast() {
            for from in incoming[index] where ending.insert(from).inserted { queue.append(from) }
        }
        if let stuck = nodes.indices.first(where: { !ending.contains($0) }) {
            fail(
                .p9, "`\(workflow.name(of: nodes[stuck].state.position))` cannot be ended by the person and the clock",
                at: stuck)
        }
    }
}
