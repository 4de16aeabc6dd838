import Foundation
import Testing

/// Entering people from files, twice and again.
@Suite("People from files")
struct ImportTests {
    private static let header = "name,surname,firstName,phone,field,roles,underContract,coordinator"
    private static let maya = "Maya Lindqvist,Lindqvist,Maya,312-555-0100,coordination,coordinator,false,"
    private static let ada = "Ada Fairweather,Fairweather,Ada,312-555-0142,nurse,participant,false,"

    private func importing(_ place: Workplace, _ lines: [String], _ options: String...) throws -> Run {
        try Tool.run(
            ["person", "import", place.data, try place.write("people.csv", lines.joined(separator: "\n") + "\n")]
                + options)
    }

    private func id(_ place: Workplace, _ name: String) throws -> String {
        try Tool.run("person", "find", place.data, "--name", name).out.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test(
        "csv53: a second import says what it would change and changes nothing; with --update it changes that, and a third says that nothing differs"
    )
    func twice() throws {
        let place = try Workplace()
        try place.example()
        let first = try importing(place, [Self.header, Self.maya, Self.ada])
        #expect(first.status == 0 && first.out.contains("2 entered, 0 known already"), "\(first.out)\(first.errors)")
        let maya = try id(place, "Maya Lindqvist")
        let again = [Self.header, "Ada Fairweather,Fairweather,Ada,(312) 555-0142,pharmacist,participant,true,\(maya)"]
        for _ in 0..<2 {
            let told = try importing(place, again)
            #expect(told.status == 0)
            #expect(told.out.contains("differs in field, underContract, coordinator"), "\(told.out)")
            #expect(
                told.out.contains("0 entered, 1 known already") && told.out.contains("give --update"), "\(told.out)")
        }
        let changed = try importing(place, again, "--update")
        #expect(changed.out.contains("changed field, underContract, coordinator"), "\(changed.out)\(changed.errors)")
        let third = try importing(place, again, "--update")
        #expect(third.out.contains("1 known already\n") && !third.out.contains("changed"), "\(third.out)")
        // What is changed counts: the person can ask now, and their new coordinator records it.
        let asked = try place.apply(
            "{\"do\":\"request\",\"by\":\"name:Fairweather\",\"via\":\"phone\",\"through\":\"name:Lindqvist\"}\n")
        #expect(asked.status == 0, "\(asked.out)\(asked.errors)")
        #expect(!(first.out + changed.out + third.out).contains("Fairweather"))
    }

    @Test(
        "csv.1: one row brings a mentor whole: who coordinates, mail, what is attested and how many places; a profile in a directory"
    )
    func whole() throws {
        let place = try Workplace()
        try place.example()
        #expect(try importing(place, [Self.header, Self.maya]).status == 0)
        let table = [
            "name,surname,firstName,phone,field,roles,coordinator,mail,attributes,fields,capacity",
            "Benedict Okafor,Okafor,Ben,312-555-0143,nurse,mentor,Maya Lindqvist,ben@example.org,inStanding,nurse;midwife,3",
        ]
        let unattested = try importing(place, table)
        #expect(unattested.status == 2 && unattested.errors.contains("line 2") && unattested.errors.contains("--by"))
        let run = try importing(place, table, "--by", "name:Lindqvist")
        #expect(run.status == 0 && run.out.contains("1 entered"), "\(run.out)\(run.errors)")
        let proposed = try place.apply(
            """
            {"do":"acknowledge","by":"name:Okafor","display":"Ben O.","at":"2026-01-05T09:00"}
            {"do":"addPerson","as":"ada","name":"Ada Fairweather","surname":"Fairweather","firstName":"Ada","phone":"312-555-0142","field":"midwife","roles":["participant"],"underContract":true,"coordinator":"name:Lindqvist"}
            {"do":"request","by":"ada"}
            {"do":"completeSurvey","by":"ada","survey":{"sameField":"must","topics":["stress"],"understood":true}}
            {"do":"propose","by":"name:Lindqvist","case":"ada","person":"name:Okafor"}

            """)
        #expect(
            proposed.status == 0 && proposed.out.contains("propose → proposed"), "\(proposed.out)\(proposed.errors)")

        let directory = try Workplace()
        let made = try Tool.run("init", directory.data, "--policy", "Policies/sgv-camft.yaml", "--example")
        #expect(made.status == 0)
        let listed = try importing(
            directory,
            [
                "name,firstName,phone,field,roles,attributes,displayName,contactRoute",
                "Lena Ostrowski,Lena,626-555-0120,therapy,mentor,member;goodStanding;licensed,\"Lena Ostrowski, LMFT\",lena@example.org",
            ])
        #expect(listed.status == 0, "\(listed.errors)")
        let shown = try directory.apply(
            """
            {"do":"acknowledge","by":"name:Lena Ostrowski"}
            {"do":"request","by":"name:Lena Ostrowski"}
            {"do":"sign","by":"name:Lena Ostrowski"}

            """)
        #expect(shown.status == 0, "\(shown.out)\(shown.errors)")
        #expect(try Tool.run("audit", "verify", directory.data).status == 0)
    }

    @Test(
        "csv18.1, csv31.1, csv44.1, csv52.1: what a cell cannot be is told with line and column, before anybody is entered",
        arguments: [
            ("attributes", "friendly", "inStanding"), ("attributes", "certified", "certifiedUntil"),
            ("attributes", "member", "one that counts here"), ("inRecoverySince", "2026-13-01", "2026-01-31"),
            ("certifiedUntil", "2027-01-01", "counts for nothing"), ("capacity", "21", "0 to 20"),
            ("capacity", "many", "0 to 20"), ("mail", "nobody", "mail"), ("coordinator", "Nobody Known", "coordinator"),
            ("id", "0123", "id"), ("roles", "boss", "participant, mentor"), ("underContract", "maybe", "true or false"),
            ("acceptedStages", "tenth", "student"),
        ])
    func faults(column: String, value: String, words: String) throws {
        let place = try Workplace()
        try place.example()
        #expect(try importing(place, [Self.header, Self.maya]).status == 0)
        let usual = [
            "name": "Benedict Okafor", "firstName": "Ben", "phone": "312-555-0143", "field": "nurse", "roles": "mentor",
        ]
        let columns = ["name", "firstName", "phone", "field"] + (column == "roles" ? [] : ["roles"]) + [column]
        let row = columns.map { $0 == column ? value : usual[$0] ?? "" }
        let run = try importing(
            place, [columns.joined(separator: ","), row.joined(separator: ",")], "--by", "name:Lindqvist")
        let place2 = row.dropLast().map { $0.count + 1 }.reduce(1, +)
        #expect(run.status == 2 && run.errors.contains("line 2, column \(place2): `\(column)`"), "\(run.errors)")
        #expect(run.errors.contains(words) && run.errors.hasSuffix("nobody was entered\n"), "\(run.errors)")
        #expect(try Tool.run("person", "find", place.data, "--name", "Benedict Okafor").status == 1)
    }

    @Test("R34: a person twice in one file, and an address twice, are told with the line of the first")
    func twiceInOne() throws {
        let place = try Workplace()
        try place.example()
        let run = try importing(
            place,
            [
                "name,firstName,phone,field,roles,mail",
                "Ada Fairweather,Ada,312-555-0142,nurse,participant,a@example.org",
                "Eve Castellanos,Eve,312-555-0146,nurse,participant,A@example.org",
                "ada fairweather,Ada,+1 312 555 0142,nurse,participant,",
            ])
        #expect(run.status == 2 && run.errors.contains("line 3, column 52: `mail`: expected each address once: line 2"))
        #expect(
            run.errors.contains("line 4, column 1: `name`: expected each person once: this is the one of line 2"),
            "\(run.errors)")
    }

    @Test(
        "phone.3: a number whose area code the library does not know is entered once it is said that it was read back; one that can never be is not",
        arguments: [
            ("235-234-5678", true), ("730-234-5678", true), ("861-234-5678", true), ("+1 (730) 234 5678", true),
            ("1-235-234-5678", true), ("235-134-5678", false), ("235-034-5678", false), ("235-911-5678", false),
            ("911-234-5678", false), ("290-234-5678", false), ("035-234-5678", false), ("135-234-5678", false),
            ("235-234-567", false), ("235-234-56789", false),
        ])
    func areaCodes(_ number: String, canBe: Bool) throws {
        let place = try Workplace()
        try place.example()
        let lines = ["name,firstName,phone,field,roles", "Ada Fairweather,Ada,\(number),nurse,participant"]
        let asked = try importing(place, lines)
        #expect(asked.status == 2 && asked.errors.contains("line 2, column 21: `phone`"), "\(asked.errors)")
        #expect(
            asked.errors.contains("--numbers-confirmed") == canBe && !asked.errors.contains("5678"), "\(asked.errors)")
        let confirmed = try importing(place, lines, "--numbers-confirmed")
        #expect((confirmed.status == 0) == canBe, "\(confirmed.errors)")
        let found = try Tool.run("person", "find", place.data, "--phone", number).status
        #expect((found == 0) == canBe, "\(found)")
    }

    @Test(
        "idem.1: a line of a script is the same line by its content and its occurrence: whatever is added before or after it, it is done once, and said to be done"
    )
    func scriptAgain() throws {
        let place = try Workplace()
        try place.example()
        let lines = Workplace.introduced.split(separator: "\n").map(String.init)
        #expect(try place.apply(lines.joined(separator: "\n") + "\n").status == 0)
        let new =
            "{\"do\":\"addPerson\",\"as\":\"zoe\",\"name\":\"Zoe Quist\",\"surname\":\"Quist\",\"firstName\":\"Zoe\",\"phone\":\"312-555-0177\",\"field\":\"nurse\",\"roles\":[\"participant\"]}"
        let records = try Tool.run("audit", "verify", place.data, "--json").out
        for changed in [[new] + lines, lines + [new], Array(lines.prefix(3)) + [new] + lines.dropFirst(3)] {
            let run = try place.apply(changed.joined(separator: "\n") + "\n", "--json")
            #expect(run.status == 0, "\(run.out)\(run.errors)")
            let replayed = run.out.components(separatedBy: "\"replayed\":true").count - 1
            #expect(replayed >= lines.count - 1, "\(run.out)")
        }
        #expect(try Tool.run("audit", "verify", place.data, "--json").out == records)
        #expect(try Tool.run("person", "find", place.data, "--name", "Zoe Quist").out.split(separator: "\n").count == 1)
        // The same content a second time is a second line.
        let twice = try place.apply(
            ([new, new.replacingOccurrences(of: "\"as\":\"zoe\",", with: "\"as\":\"zoe2\",")]).joined(separator: "\n")
                + "\n")
        #expect(twice.status == 2 && twice.errors.contains("`anotherPerson`"), "\(twice.out)\(twice.errors)")
    }

    @Test(
        "R5: a line that takes back and was done by an earlier file does not pass in silence while something that was signed since can be read"
    )
    func rescindedBefore() throws {
        let place = try Workplace()
        try place.example()
        let rescind = #"{"do":"rescind","by":"phone:312-555-0142"}"#
        #expect(try place.apply(Workplace.introduced).status == 0)
        #expect(try place.apply(rescind).status == 0)
        #expect(try place.apply(rescind).status == 0, "nothing is live")
        let again = """

            {"do":"addPerson","as":"cleo","name":"Cleo Marchetti","surname":"Marchetti","firstName":"Cleo","phone":"312-555-0144","field":"nurse","roles":["participant"],"underContract":true,"coordinator":"maya"}
            {"do":"enroll","by":"maya","person":"cleo","attributes":["inStanding"],"fields":["nurse"],"capacity":3}
            {"do":"acknowledge","by":"cleo","display":"Cleo M."}
            {"do":"rematch","by":"ada"}
            {"do":"completeSurvey","by":"ada","survey":{"sameField":"no","topics":["stress"],"understood":true}}
            {"do":"propose","by":"maya","case":"ada","person":"cleo"}
            {"do":"acceptSlot","by":"cleo","case":"ada"}
            {"do":"offer","by":"maya","case":"ada"}
            {"do":"sign","by":"ada","as":"second"}
            {"do":"disclose","by":"maya","case":"ada"}
            """
        let history = Workplace.introduced + rescind + again
        let run = try place.apply(history)
        #expect(run.status == 0, "\(run.out)\(run.errors)")
        #expect(try place.apply(history).status == 0, "a history that signs anew afterwards says nothing new")
        let silent = try place.apply(rescind)
        #expect(silent.status == 1 && silent.errors.contains("line 1") && silent.errors.contains("`key`"), "\(silent)")
        #expect(try place.apply(rescind.dropLast() + #","key":"second"}"#).status == 0)
        #expect(try place.apply(rescind).status == 0)
    }
}
