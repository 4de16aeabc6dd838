import Foundation
import Testing

@Suite("Winding a program down")
struct WindDownTests {
    @Test(
        "R42, DER-19: a program that ends closes everything and tells everybody, then erases everybody; its log stays and still verifies"
    )
    func windDown() throws {
        let place = try Workplace()
        try place.example()
        #expect(try place.apply(Workplace.introduced).status == 0)
        let settings = try String(contentsOfFile: place.data + "/privity.yaml", encoding: .utf8)
        let line = try #require(settings.split(separator: "\n").first { $0.hasPrefix("origin: ") })
        let origin = String(line.dropFirst("origin: ".count))
        let asked = try Tool.run("wind-down", place.data)
        #expect(asked.status == 0 && asked.out.contains("2 take part. Nothing was changed"), "\(asked.errors)")
        for wrong in [["--close"], ["--close", "--origin", "example.org/other"], ["--erase"], ["--close", "--erase"]] {
            let run = try Tool.run(["wind-down", place.data] + wrong)
            #expect(run.status == 2 && !run.errors.contains("Fairweather"), "\(run.errors)")
        }
        let early = try Tool.run("wind-down", place.data, "--erase", "--origin", origin)
        #expect(early.status == 1 && early.errors.contains("--close` comes first"), "\(early.errors)")
        #expect(try Tool.run("person", "find", place.data, "--name", "Okafor").status == 0, "nobody was erased")

        let closed = try Tool.run("wind-down", place.data, "--close", "--origin", origin)
        #expect(closed.status == 0 && closed.out.contains("everything of 2 is closed"), "\(closed.errors)")
        #expect(try Tool.run("audit", "export", place.data, place.path + "/export").status == 0)
        #expect(try Tool.shell("grep -rla '/closing/v1' \(place.path)/export | grep -c .").out != "0\n")
        #expect(try Tool.run("wind-down", place.data, "--close", "--origin", origin).status == 0, "twice is once")
        let erased = try Tool.run("wind-down", place.data, "--erase", "--origin", origin)
        #expect(erased.status == 0 && erased.out.contains("2 erased; the log stays"), "\(erased.errors)")
        #expect(try Tool.run("person", "find", place.data, "--name", "Fairweather").status == 1)
        #expect(try Tool.run("person", "find", place.data, "--name", "Okafor").status == 1)
        #expect(try Tool.run("audit", "verify", place.data).status == 0)
    }
}
