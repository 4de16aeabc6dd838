extension CohortGraph {
    /// The best assignment, with its certificate: exact, and the same for the same graph.
    ///
    /// Prices rise in rounds of bidding as in an auction with no slack; whoever is still without a place is then given
    /// one along a shortest augmenting path (Jonker and Volgenant, Computing 38, 1987, for a sparse graph with a
    /// private place to wait for everybody).
    ///
    /// - Complexity: O(people × edges × log edges) at worst, close to O(edges) where mentors suffice.
    public func solve() -> Assignment {
        var solver = Solver(self)
        solver.bid()
        solver.augment()
        return solver.assignment()
    }
}

/// The running state of one solve. Indexes are small and checked once; the inner loops run on raw memory.
private struct Solver {
    private static let none: Int32 = -1

    let graph: CohortGraph
    let waiting: Int64
    /// Place `p` belongs to column `columnOfPlace[p]`; column `c` has `firstPlace[c]..<firstPlace[c + 1]`.
    var firstPlace: [Int32]
    var columnOfPlace: [Int32]
    var loadOfPlace: [Int64]
    var price: [Int64]
    var owner: [Int32]
    var placeOfRow: [Int32]
    var potential: [Int64]
    var isWaiting: [Bool]
    var unplaced: [Int32] = []
    /// True if every column has one place, which most have.
    let isSimple: Bool

    init(_ graph: CohortGraph) {
        self.graph = graph
        waiting = graph.weighing.waiting
        firstPlace = [0]
        columnOfPlace = []
        loadOfPlace = []
        for (column, capacity) in graph.capacities.enumerated() {
            for place in 0..<capacity {
                columnOfPlace.append(Int32(column))
                loadOfPlace.append(graph.weighing.cost(ofPlace: place))
            }
            firstPlace.append(Int32(columnOfPlace.count))
        }
        isSimple = graph.capacities.allSatisfy { $0 == 1 }
        price = [Int64](repeating: 0, count: columnOfPlace.count)
        owner = [Int32](repeating: Self.none, count: columnOfPlace.count)
        placeOfRow = [Int32](repeating: Self.none, count: graph.rowCount)
        potential = [Int64](repeating: waiting, count: graph.rowCount)
        isWaiting = [Bool](repeating: false, count: graph.rowCount)
    }

    /// The worth to a row of its best and of its second-best place, and which these are.
    private struct Offer {
        var best: Int64
        var second: Int64
        var bestPlace: Int32
        var secondPlace: Int32
    }

    @inline(__always)
    private func offer(_ row: Int) -> Offer {
        var found = Offer(best: waiting, second: waiting, bestPlace: Self.none, secondPlace: Self.none)
        let edges = graph.starts[row]..<graph.starts[row + 1]
        graph.columns.withUnsafeBufferPointer { columns in
            graph.worths.withUnsafeBufferPointer { worths in
                price.withUnsafeBufferPointer { price in
                    if isSimple {
                        for edge in edges {
                            let place = columns[edge]
                            let value = worths[edge] &- price[Int(place)]
                            if value > found.second {
                                if value > found.best {
                                    found = Offer(
                                        best: value, second: found.best, bestPlace: place, secondPlace: found.bestPlace)
                                } else {
                                    found.second = value
                                    found.secondPlace = place
                                }
                            }
                        }
                        return
                    }
                    for edge in edges {
                        let column = Int(columns[edge])
                        for place in firstPlace[column]..<firstPlace[column + 1] {
                            let value = worths[edge] &- loadOfPlace[Int(place)] &- price[Int(place)]
                            if value > found.second {
                                if value > found.best {
                                    found = Offer(
                                        best: value, second: found.best, bestPlace: place, secondPlace: found.bestPlace)
                                } else {
                                    found.second = value
                                    found.secondPlace = place
                                }
                            }
                        }
                    }
                }
            }
        }
        return found
    }

    /// Rows bid for their best place by exactly what it is worth more than the second best; whoever is outbid bids
    /// again, for a few rounds.
    mutating func bid() {
        var queue = (0..<graph.rowCount).map { Int32($0) }
        for round in 0..<6 where !queue.isEmpty {
            var next: [Int32] = []
            for row in queue {
                let index = Int(row)
                let offer = offer(index)
                potential[index] = offer.second
                if offer.bestPlace == Self.none {
                    // Nothing is worth more than waiting, and prices only rise.
                    isWaiting[index] = true
                    potential[index] = waiting
                    continue
                }
                var place = offer.bestPlace
                if offer.best == offer.second, owner[Int(place)] != Self.none, offer.secondPlace != Self.none,
                    owner[Int(offer.secondPlace)] == Self.none
                {
                    place = offer.secondPlace
                } else {
                    price[Int(place)] += offer.best - offer.second
                }
                let previous = owner[Int(place)]
                if previous != Self.none, offer.best == offer.second {
                    // Nothing gained by taking it: let the path search decide.
                    next.append(row)
                    potential[index] = offer.best
                    continue
                }
                owner[Int(place)] = row
                placeOfRow[index] = place
                if previous != Self.none {
                    placeOfRow[Int(previous)] = Self.none
                    next.append(previous)
                }
            }
            if round == 5 || next.count == queue.count {
                queue = next
                break
            }
            queue = next
        }
        unplaced = queue
    }

    private struct Entry {
        let distance: Int64
        let place: Int32
    }

    /// Gives everybody who is left a place, or the waitlist, along a shortest augmenting path.
    mutating func augment() {
        let count = columnOfPlace.count
        var distance = [Int64](repeating: .max, count: count)
        var from = [Int32](repeating: Self.none, count: count)
        var isDone = [Bool](repeating: false, count: count)
        var heap: [Entry] = []
        var touched: [Int32] = []
        var done: [Int32] = []
        for free in unplaced {
            heap.removeAll(keepingCapacity: true)
            touched.removeAll(keepingCapacity: true)
            done.removeAll(keepingCapacity: true)
            let start = offer(Int(free))
            potential[Int(free)] = max(start.best, waiting)
            // The shortest way so far that ends with somebody waiting, and who that is.
            var endDistance = potential[Int(free)] - waiting
            var endRow = free
            var endPlace = Self.none
            var row = free
            var base: Int64 = 0
            while true {
                relax(row, base, below: endDistance, &distance, &from, &isDone, &heap, &touched)
                var next: Entry?
                while let entry = Self.pop(&heap) {
                    if !isDone[Int(entry.place)], entry.distance == distance[Int(entry.place)] {
                        next = entry
                        break
                    }
                }
                guard let next, next.distance < endDistance else { break }
                let place = Int(next.place)
                if owner[place] == Self.none {
                    endDistance = next.distance
                    endPlace = next.place
                    break
                }
                isDone[place] = true
                done.append(next.place)
                row = owner[place]
                base = next.distance
                let stop = base + potential[Int(row)] - waiting
                if stop < endDistance {
                    endDistance = stop
                    endRow = row
                }
            }
            for place in done {
                let slack = endDistance - distance[Int(place)]
                if slack > 0 {
                    price[Int(place)] += slack
                    potential[Int(owner[Int(place)])] -= slack
                }
            }
            potential[Int(free)] -= endDistance
            finish(free, endRow: endRow, endPlace: endPlace, from)
            for place in touched {
                distance[Int(place)] = .max
                from[Int(place)] = Self.none
                isDone[Int(place)] = false
            }
        }
    }

    /// Shifts everybody along the path by one.
    private mutating func finish(_ free: Int32, endRow: Int32, endPlace: Int32, _ from: [Int32]) {
        var place = endPlace
        if place == Self.none {
            isWaiting[Int(endRow)] = true
            place = placeOfRow[Int(endRow)]
            placeOfRow[Int(endRow)] = Self.none
            if endRow == free { return }
        }
        while true {
            let row = from[Int(place)]
            let previous = placeOfRow[Int(row)]
            owner[Int(place)] = row
            placeOfRow[Int(row)] = place
            if row == free { return }
            place = previous
        }
    }

    @inline(__always)
    private func relax(
        _ row: Int32, _ base: Int64, below limit: Int64, _ distance: inout [Int64], _ from: inout [Int32],
        _ isDone: inout [Bool],
        _ heap: inout [Entry], _ touched: inout [Int32]
    ) {
        let own = potential[Int(row)] + base
        for edge in graph.starts[Int(row)]..<graph.starts[Int(row) + 1] {
            let column = Int(graph.columns[edge])
            for place in firstPlace[column]..<firstPlace[column + 1] {
                let reduced = own - graph.worths[edge] + loadOfPlace[Int(place)] + price[Int(place)]
                if reduced < distance[Int(place)], reduced < limit, !isDone[Int(place)] {
                    if distance[Int(place)] == .max { touched.append(place) }
                    distance[Int(place)] = reduced
                    from[Int(place)] = row
                    Self.push(Entry(distance: reduced, place: place), &heap)
                }
            }
        }
    }

    private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
        (left.distance, left.place) < (right.distance, right.place)
    }

    private static func push(_ entry: Entry, _ heap: inout [Entry]) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0, isBefore(entry, heap[(child - 1) / 2]) {
            heap[child] = heap[(child - 1) / 2]
            child = (child - 1) / 2
        }
        heap[child] = entry
    }

    private static func pop(_ heap: inout [Entry]) -> Entry? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return top }
        var parent = 0
        while true {
            var child = 2 * parent + 1
            if child >= heap.count { break }
            if child + 1 < heap.count, isBefore(heap[child + 1], heap[child]) { child += 1 }
            if !isBefore(heap[child], last) { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = last
        return top
    }

    func assignment() -> Assignment {
        var worth: Int64 = 0
        var columns = [Int?](repeating: nil, count: graph.rowCount)
        var places = [Int?](repeating: nil, count: graph.rowCount)
        for row in 0..<graph.rowCount {
            let place = placeOfRow[row]
            guard place != Self.none else {
                worth += waiting
                continue
            }
            let column = Int(columnOfPlace[Int(place)])
            columns[row] = column
            places[row] = Int(place - firstPlace[column])
            worth += (graph.worth(row, column) ?? 0) - loadOfPlace[Int(place)]
        }
        let potentials = graph.capacities.indices.map { column in
            (firstPlace[column]..<firstPlace[column + 1]).map { price[Int($0)] }
        }
        return Assignment(
            columnOfRow: columns, placeOfRow: places, worth: worth, rowPotentials: potential,
            placePotentials: potentials)
    }
}
