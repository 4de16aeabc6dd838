public import ReleaseWorkflow

/// Everything that is needed to enter a person.
public struct NewPerson: Sendable {
    public var fullName: String
    public var surname: String
    public var firstName: String
    /// As typed; parsed for the policy's region.
    public var phone: String
    /// True if a number whose area code is not known was read back.
    public var isPhoneConfirmed = false
    /// True if this is somebody else than whoever is entered under the same name and number.
    public var isAnotherPerson = false
    public var roles: [Identity.Role]
    public var field: String
    public var isUnderContract: Bool
    public var coordinator: PersonID?
    /// Profile fields, by name, where the program's releases carry any.
    public var profile: [ProfileField: String]
    public init(
        fullName: String, surname: String, firstName: String, phone: String, roles: [Identity.Role], field: String,
        isUnderContract: Bool, coordinator: PersonID?, profile: [ProfileField: String] = [:]
    ) {
        self.profile = profile
        self.fullName = fullName
        self.surname = surname
        self.firstName = firstName
        self.phone = phone
        self.roles = roles
        self.field = field
        self.isUnderContract = isUnderContract
        self.coordinator = coordinator
    }
}
