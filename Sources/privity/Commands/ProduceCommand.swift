import ArgumentParser
import Foundation
import ReleaseService
import ReleaseWorkflow

extension ReleaseGroup {
    struct Produce: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Hand out what somebody signed: texts, records, proofs, scans. Never a code, and never who looked.",
            discussion: """
                Two members of staff: one asks, another confirms. Grounds: personAsked; courtOrder, with the days of the order under 42 CFR \
                part 2, subpart E, and of the subpoena, because a subpoena alone is none (§2.61); auditOrEvaluation (§2.53); breach. It is noted.
                """)

        @OptionGroup var options: FolderOptions
        @Argument(help: "The person who signed: id, `phone:…`, `name:…`, or `-` to be asked.") var person: String
        @Option(help: "personAsked, courtOrder, auditOrEvaluation or breach.") var because: String
        @Option(help: "The day of the court's order, like 2026-01-31.") var orderOn: String?
        @Option(help: "The day of the subpoena.") var subpoenaOn: String?
        @Option(help: "The member of staff who asks: id, `phone:…`, `name:…`, or `-` to be asked.") var by: String
        @Option(help: "Another one, who confirms it.") var confirmedBy: String
        @Option(help: "The folder to write to; it must not be there yet.", completion: .directory) var out: String

        func run() async throws {
            guard !FileManager.default.fileExists(atPath: out) else {
                throw Failure("`\(out)`: there is something here already", status: 2)
            }
            let open = try await OpenFolder(options, isWriter: true)
            let service = open.service
            let (about, first) = (try await open.person(argument: person), try await open.person(argument: by))
            let second = try await open.person(argument: confirmedBy)
            let ground = try ProductionGround(
                parsing: because, orderOn: day("orderOn", orderOn), subpoenaOn: day("subpoenaOn", subpoenaOn),
                today: await service.today())
            let asked = try await service.askToProduce(about, ground, by: first, key: nil)
            if let refusal = asked.refusal { throw Failure(refusal, status: 1) }
            let waiting = try await service.pendingActs().last { $0.act.kind == .produce && $0.act.person == about }
            if let id = waiting?.act.id {
                let confirmed = try await service.answerSecondHand(id, isConfirmed: true, by: second, key: nil)
                if let refusal = confirmed.refusal { throw Failure(refusal, status: 1) }
            }
            guard let made = try await service.productions(of: first).last(where: { $0.production.person == about })
            else { throw Failure("\(Refusal.notFound)", status: 1) }
            let files = try await service.produced(made.production.id, for: first)
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
            for file in files { try Data(file.bytes).write(to: URL(fileURLWithPath: "\(out)/\(file.name)")) }
            say("\(files.count) files in `\(out)`")
        }

        private func day(_ name: String, _ text: String?) throws -> CivilDate? {
            guard let text else { return nil }
            guard let day = CivilDate(parsing: text) else {
                throw FieldProblem(field: name, expected: "a day like 2026-01-31")
            }
            return day
        }
    }
}
