import Foundation
import ReleaseWorkflow
import Testing

@testable import ReleaseService

extension Office {
    /// A program with Maya as staff, and people with everything its policy may ask of them.
    static func running(_ program: String, at time: String = "2026-02-02T09:00") async throws -> Office {
        let office = try await Office(at: time, program: program)
        if program != "sgv-camft" {
            try await office.add(
                "maya", "Maya Lindqvist", "Lindqvist", first: "Maya", phone: "312-555-0100", roles: [.coordinator])
        }
        for (name, full, surname, phone) in [
            ("ada", "Ada Fairweather", "Fairweather", "312-555-0142"),
            ("eve", "Evelyn Castellanos", "Castellanos", "312-555-0146"),
            ("ben", "Benedict Okafor", "Okafor", "312-555-0143"),
            ("cleo", "Cleo Marchetti", "Marchetti", "312-555-0144"),
        ] {
            let isMentor = name == "ben" || name == "cleo"
            let profile: [ProfileField: String] = [
                .displayName: "\(name.capitalized) Profile", .contactRoute: "\(name)@example.org",
                .region: "Springfield",
                .topics: "careers", .interests: "research",
            ]
            let id = try await office.add(
                name, full, surname, first: name.capitalized, phone: phone, roles: [isMentor ? .mentor : .participant],
                coordinator: program == "sgv-camft" ? nil : "maya", profile: profile)
            try await office.enroll(name, as: isMentor ? .mentor : .mentee)
            _ = try await office.service.acknowledge(
                Actor(.person(id), channel: .screen), as: isMentor ? .mentor : .mentee,
                display: "\(name.capitalized) X.",
                key: "sign \(name)")
        }
        return office
    }

    static let everything = Attestation(
        attributes: [.member, .goodStanding, .licensed, .preLicensed, .trained, .experienced, .student],
        experiencedSince: CivilDate(year: 2010, month: 1, day: 1), licensedOn: CivilDate(year: 2025, month: 6, day: 1),
        inPracticeSince: CivilDate(year: 2025, month: 6, day: 1),
        certifiedUntil: CivilDate(year: 2026, month: 12, day: 31),
        acceptedStages: [.student, .firstYear, .secondYear])

    @discardableResult
    func enroll(_ name: String, as role: Role, capacity: Int = 1, _ change: (inout Attestation) -> Void = { _ in })
        async throws
        -> Outcome
    {
        var attestation = Self.everything
        change(&attestation)
        return try await service.enroll(
            id(name), as: role, attestation: attestation.counted(under: service.policy.policy, as: role),
            capacity: capacity, by: people["maya"], key: nil)
    }

    /// Takes a pair to where both are asked to sign.
    func offered(_ opener: String = "ada", with mentor: String = "ben", workflow: String = "mentorship") async throws {
        try await must(.request, opener, on: opener, workflow: workflow)
        try await must(.completeSurvey, opener, on: opener, workflow: workflow)
        let id = try id(mentor)
        try await must(.propose, "maya", on: opener, workflow: workflow) { $0.person = id }
        try await must(.acceptSlot, mentor, on: opener, workflow: workflow)
        try await must(.offer, "maya", on: opener, workflow: workflow)
    }

    /// Takes a mutual pair to `introduced`.
    func pair(_ opener: String = "ada", with mentor: String = "ben", workflow: String = "mentorship") async throws {
        try await offered(opener, with: mentor, workflow: workflow)
        try await must(.sign, opener, on: opener, workflow: workflow)
        try await must(.sign, mentor, on: opener, workflow: workflow)
        let policy = try service.policy.policy
        if policy.program == "mscsw" { try await must(.disclose, "maya", on: opener, workflow: workflow) }
    }

    func listed(_ name: String) async throws {
        let program = try service.policy.policy.program
        try await must(.request, name, on: name, workflow: "listing")
        if program == "icb" { try await must(.offer, "maya", on: name, workflow: "listing") }
        try await must(.sign, name, on: name, workflow: "listing")
    }

    func names(_ viewer: Viewer = .anonymous) async throws -> [String] {
        try await service.directory(viewer).listings.compactMap { $0.card.fields[.displayName] }
    }
}
