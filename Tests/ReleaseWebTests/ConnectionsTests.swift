import NIOCore
import NIOEmbedded
import Testing

@testable import ReleaseWeb

/// Places are left for everybody while one takes as many as there are.
@Suite("Connections")
struct ConnectionsTests {
    private func channel(from address: String) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        channel.remoteAddress = try SocketAddress(ipAddress: address, port: 40_000)
        try channel.connect(to: SocketAddress(ipAddress: address, port: 80)).wait()
        channel.remoteAddress = try SocketAddress(ipAddress: address, port: 40_000)
        return channel
    }

    @Test(
        "where all places are taken, the one that has asked for nothing the longest makes way; one that is answered never does"
    )
    func makesWay() throws {
        let connections = Connections(.init(total: 4))
        let taken = try (0..<4).map { _ in try channel(from: "127.0.0.1") }
        for one in taken { connections.admit(one) }
        // The first is being answered; the second has been, and is kept.
        connections.begin(taken[0])
        connections.begin(taken[1])
        connections.end(taken[1])
        let fifth = try channel(from: "127.0.0.1")
        connections.admit(fifth)
        #expect(taken.map(\.isActive) == [true, true, false, true] && fifth.isActive)
        let sixth = try channel(from: "127.0.0.1")
        connections.admit(sixth)
        #expect(taken.map(\.isActive) == [true, true, false, false] && sixth.isActive)
        for one in [fifth, sixth] { connections.begin(one) }
        // Only the one that is kept asks for nothing now.
        let seventh = try channel(from: "127.0.0.1")
        connections.admit(seventh)
        #expect(taken.map(\.isActive) == [true, false, false, false] && seventh.isActive)
        connections.begin(seventh)
        let eighth = try channel(from: "127.0.0.1")
        connections.admit(eighth)
        #expect(!eighth.isActive && taken[0].isActive && connections.count == 4)
        // A place that is free again is anybody's.
        try taken[0].close().wait()
        taken[0].embeddedEventLoop.run()
        let ninth = try channel(from: "127.0.0.1")
        connections.admit(ninth)
        #expect(ninth.isActive && connections.count == 4)
    }

    @Test(
        "one address has a quarter of the places at most, a /64 of IPv6 is one; this machine's own, where a proxy may be, has no such limit"
    )
    func ofOneAddress() throws {
        let connections = Connections(.init(total: 40))
        for (address, expected) in [("203.0.113.7", 10), ("2001:db8:1:2::1", 10), ("127.0.0.1", 20)] {
            let all = try (0..<20).map { number in
                try channel(from: address.hasPrefix("2001") ? "2001:db8:1:2::\(number + 1)" : address)
            }
            for one in all { connections.admit(one) }
            #expect(all.count(where: \.isActive) == expected, "\(address)")
        }
        #expect(Connections.counted("2001:db8:1:2::1") == Connections.counted("2001:db8:1:2:ffff::9"))
        #expect(Connections.counted("2001:db8:1:2::1") != Connections.counted("2001:db8:1:3::1"))
        #expect(Connections.counted("::ffff:203.0.113.7") == "203.0.113.7")
        #expect(Connections.counted("::1") == nil && Connections.counted("::ffff:127.0.0.1") == nil)
    }

    @Test(
        "a head whose body does not come makes way like whoever sends nothing, and what was passed over is not kept"
    )
    func bodies() throws {
        let connections = Connections(.init(total: 4))
        let slow = try (0..<4).map { _ in try channel(from: "127.0.0.1") }
        for one in slow {
            connections.admit(one)
            connections.head(one)
        }
        let comer = try channel(from: "127.0.0.1")
        connections.admit(comer)
        #expect(comer.isActive && slow.count(where: \.isActive) == 3)
        for _ in 0..<20_000 {
            connections.head(comer)
            connections.begin(comer)
            connections.end(comer)
        }
        #expect(connections.lineCount < 2000)
    }

    @Test("whoever holds the places with connections that were answered once keeps no newcomer out")
    func keptOnes() throws {
        let connections = Connections(.init(total: 8))
        for _ in 0..<8 {
            let one = try channel(from: "127.0.0.1")
            connections.admit(one)
            Turn(connections, one).end()
            let turn = Turn(connections, one)
            turn.begin()
            turn.end()
        }
        let newcomer = try channel(from: "127.0.0.1")
        connections.admit(newcomer)
        for _ in 0..<7 { connections.admit(try channel(from: "127.0.0.1")) }
        #expect(newcomer.isActive && connections.count == 8)
    }

    @Test("a stream that is refused before it has come ends no other, and none is ended twice")
    func refusedStreams() throws {
        let connections = Connections(.init(total: 1))
        let one = try channel(from: "127.0.0.1")
        connections.admit(one)
        let (answered, refused) = (Turn(connections, one), Turn(connections, one))
        answered.begin()
        refused.end()
        refused.end()
        let other = try channel(from: "127.0.0.1")
        connections.admit(other)
        #expect(one.isActive && !other.isActive)
        answered.end()
        connections.admit(try channel(from: "127.0.0.1"))
        #expect(!one.isActive)
    }

    @Test("a connection that carries several streams is being answered until the last is")
    func streams() throws {
        let connections = Connections(.init(total: 1))
        let one = try channel(from: "127.0.0.1")
        connections.admit(one)
        connections.begin(one)
        connections.begin(one)
        connections.end(one)
        let other = try channel(from: "127.0.0.1")
        connections.admit(other)
        #expect(one.isActive && !other.isActive)
        connections.end(one)
        let third = try channel(from: "127.0.0.1")
        connections.admit(third)
        #expect(!one.isActive && third.isActive)
    }

    @Test("what has not come whole in time is closed; what was answered is given its time again")
    func inTime() throws {
        let connections = Connections(.init(total: 4))
        let (slow, quick) = (try channel(from: "127.0.0.1"), try channel(from: "127.0.0.1"))
        let body = try channel(from: "127.0.0.1")
        for one in [slow, quick, body] { connections.admit(one) }
        connections.head(body)
        connections.begin(quick)
        connections.end(quick)
        for one in [slow, quick, body] { one.embeddedEventLoop.advanceTime(by: .seconds(16)) }
        #expect(!slow.isActive && quick.isActive && body.isActive)
        body.embeddedEventLoop.advanceTime(by: .seconds(15))
        #expect(!body.isActive)
        quick.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(!quick.isActive && connections.count == 0)
    }
}
