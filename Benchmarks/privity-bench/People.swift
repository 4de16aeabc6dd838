import ReleaseService
import ReleaseWorkflow

extension ReleaseService {
    /// Enters somebody for a benchmark; ends it if that fails.
    func enter(_ name: String, _ phone: String, _ roles: [Identity.Role], coordinator: PersonID?) async throws
        -> PersonID
    {
        var person = NewPerson(
            fullName: "\(name) Example", surname: "Example", firstName: name, phone: phone, roles: roles,
            field: "nurse",
            isUnderContract: true, coordinator: coordinator)
        person.isAnotherPerson = true
        let outcome = try await add(person, key: nil)
        guard let id = outcome.person else { fatalError("the benchmark's people cannot be entered") }
        return id
    }
}
