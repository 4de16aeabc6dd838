import Foundation
import Testing

@Suite("Winding a program down")
struct WindDownTests {
    @Test(
        "R42: a program that ends closes everything and tells everybody, then erases everybody; its log stays and still verifies"
    )
    func windDown() throws {
        let place = try Workplace()
        try place.example()
        // Beside the pair: somebody whose search is open, and somebody who did nothing.
        let others = """
            {"do":"addPerson","as":"eve","name":"Evelyn Castellanos","surname":"Castellanos","firstName":"Eve","phone":"312-555-0146","field":"nurse","roles":["participant"],"underContract":true,"coordinator":"maya"}
            {"do":"addPerson","as":"gil","name":"Gilbert Moss","surname":"Moss","firstName":"Gil","phone":"312-555-0147","field":"nurse","roles":["participant"],"underContract":true,"coordinator":"maya"}
            {"do":"request","by":"eve"}

            """
        #expect(try place.apply(Workplace.introduced + others).status == 0)
        let settings = try String(contentsOfFile: place.data + "/privity.yaml", encoding: .utf8)
        let line = try #require(settings.split(separator: "\n").first { $0.hasPrefix("origin: ") })
        let origin = String(line.dropFirst("origin: ".count))
        let asked = try Tool.run("wind-down", place.data)
        #expect(asked.status == 0 && asked.out.contains("4 take part. Nothing was changed"), "\(asked.errors)")
        for wrong in [["--close"], ["--close", "--origin", "example.org/other"], ["--erase"], ["--close", "--erase"]] {
            let run = try Tool.run(["wind-down", place.data] + wrong)
            #expect(run.status == 2 && !run.errors.contains("Fairweather"), "\(run.errors)")
        }
        let early = try Tool.run("wind-down", place.data, "--erase", "--origin", origin)
        #expect(early.status == 1 && early.errors.contains("nobody was told"), "\(early.errors)")
        #expect(try Tool.run("person", "find", place.data, "--name", "Castellanos").status == 0, "nobody was erased")
        #expect(try Tool.run("person", "find", place.data, "--name", "Okafor").status == 0, "nobody was erased")

        let closed = try Tool.run("wind-down", place.data, "--close", "--origin", origin)
        #expect(closed.status == 0 && closed.out.contains("everything of 4 is closed"), "\(closed.errors)")
        let begun = try place.apply("{\"do\":\"request\",\"by\":\"phone:312-555-0146\"}\n")
        #expect(begun.status == 1 && begun.out.contains("nothing new begins"), "\(begun.out)\(begun.errors)")
        #expect(try Tool.run("audit", "export", place.data, place.path + "/export", "--include-today").status == 0)
        #expect(try Tool.shell("grep -rqa '/closing/v1' '\(place.path)/export/tile'").status == 0)
        #expect(try Tool.run("wind-down", place.data, "--close", "--origin", origin).status == 0, "twice is once")
        let untold = try Tool.run("wind-down", place.data, "--erase", "--origin", origin)
        #expect(untold.status == 1 && untold.errors.contains("messages have not gone out"), "\(untold.errors)")
        let erased = try Tool.run("wind-down", place.data, "--erase", "--unsent", "--origin", origin)
        #expect(erased.status == 0 && erased.out.contains("4 erased; the log stays"), "\(erased.errors)")
        #expect(try Tool.run("person", "find", place.data, "--name", "Fairweather").status == 1)
        #expect(try Tool.run("person", "find", place.data, "--name", "Okafor").status == 1)
        #expect(try Tool.run("audit", "verify", place.data).status == 0)
    }
}
