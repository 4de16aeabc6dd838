internal import Foundation
public import ReleaseService
public import ReleaseWorkflow

/// A table of people, read against what is known of them.
public struct PeopleFile: Sendable {
    static let columns = ["name", "firstName", "phone", "field", "roles"]
    static let optional =
        ["surname", "underContract", "coordinator", "mail", "memberNumber", "id", "capacity"] + profile + days + lists
    private static let profile = ProfileField.allCases.map(\.rawValue)
    private static let days = AttestationChange.Day.allCases.map(\.rawValue)
    private static let lists = ["attributes", "fields", "acceptedStages"]

    /// One row, as it is to be carried out.
    public struct Entry: Sendable {
        public let line: Int
        var person: NewPerson
        var mail: String?
        /// The number under which a list of members has them.
        var memberNumber: String?
        /// The person of this row, if they are known already.
        var known: PersonID?
        /// Attestations by role; what is nil in one stays as it is.
        var attestations: [(role: Role, change: AttestationChange)] = []
        let row: CSVTable.Row
    }

    public enum Done: Sendable {
        case entered(PersonID)
        /// Known already, with the names of what differs.
        case known(PersonID, [String])
    }

    private let service: ReleaseService
    private let accounts: Accounts
    private let caller: Caller
    private let staff: PersonID?
    private let areNumbersConfirmed: Bool
    /// Nil until the table is checked.
    private var today: CivilDate?
    public private(set) var entries: [Entry] = []
    public private(set) var faults: [CSVTable.Fault] = []
    private let table: CSVTable

    /// Reads a table; ``check()`` says whether it can be used.
    ///
    /// - Parameters:
    ///   - service, accounts: of whoever enters the people.
    ///   - staff: who attests what the file says; nil where the program keeps no staff.
    ///   - areNumbersConfirmed: true if numbers whose area code is not known were read back.
    public init(
        _ text: String, into service: ReleaseService, _ accounts: Accounts, by caller: Caller,
        attestedBy staff: PersonID?,
        areNumbersConfirmed: Bool
    ) {
        (self.service, self.accounts, self.caller, self.staff) = (service, accounts, caller, staff)
        self.areNumbersConfirmed = areNumbersConfirmed
        table = CSVTable(text, columns: Self.columns, optional: Self.optional)
        // Of a table whose shape is wrong the rows say nothing.
        faults = table.faults
    }

    // MARK: Reading

    /// Reads every row and notes every fault; nobody is entered.
    public mutating func check() async throws {
        if !faults.isEmpty { return }
        today = try await service.today()
        var seen: [String: Int] = [:]
        var mails: [String: Int] = [:]
        for row in table.rows {
            var entry = try await read(row)
            let problems = try await service.problems(of: entry.person)
            for problem in problems where !(problem.field == "anotherPerson") { note(problem, row) }
            if problems.isEmpty {
                entry.known = try await known(entry, row)
                let name = "\(Self.folded(entry.person.fullName)) \(try service.number(entry.person.phone) ?? "")"
                unique("name", name, row, &seen, "each person once: this is the one of line")
                unique("id", text("id", row), row, &seen, "each person once: this is the one of line")
                if let number = entry.memberNumber {
                    unique("memberNumber", Self.folded(number), row, &seen, "each number once: this is the one of line")
                }
            }
            if let number = entry.memberNumber, !(1...40).contains(number.filter { $0.isLetter || $0.isNumber }.count) {
                note(FieldProblem(field: "memberNumber", expected: "1 to 40 letters and digits"), row)
            }
            try await checkRoles(entry)
            if let mail = entry.mail { try await check(mail, of: entry, &mails) }
            try await checkAttestations(entry)
            entries.append(entry)
        }
    }

    private static func folded(_ text: String) -> String {
        text.folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private mutating func unique(
        _ column: String, _ value: String, _ row: CSVTable.Row, _ seen: inout [String: Int], _ expected: String
    ) {
        if value.isEmpty { return }
        if let line = seen["\(column) \(value)"] {
            note(FieldProblem(field: column, expected: "\(expected) \(line)"), row)
        }
        seen["\(column) \(value)"] = row.line
    }

    private mutating func check(_ mail: String, of entry: Entry, _ mails: inout [String: Int]) async throws {
        if let line = mails[mail.lowercased()] {
            note(FieldProblem(field: "mail", expected: "each address once: line \(line) has this one"), entry.row)
        }
        mails[mail.lowercased()] = entry.line
        if let known = entry.known, try await accounts.account(of: known, by: caller).address == mail { return }
        do { try await accounts.checkAddress(mail, by: caller) } catch AccessRefusal.unusable(let problem) {
            note(FieldProblem(field: "mail", expected: problem.expected), entry.row)
        }
    }

    /// Of somebody who is known no role of staff is added by a list.
    private mutating func checkRoles(_ entry: Entry) async throws {
        guard let id = entry.known, let known = try await service.identity(of: id) else { return }
        if entry.person.roles.contains(where: { $0.isStaff && !known.roles.contains($0) }) {
            note(
                FieldProblem(field: "roles", expected: "no role of staff for somebody who is known without it"),
                entry.row)
        }
    }

    private mutating func checkAttestations(_ entry: Entry) async throws {
        for (role, change) in entry.attestations {
            for problem in try service.problems(of: change, as: role) { note(problem, entry.row) }
        }
        guard !entry.attestations.isEmpty, try service.policy.policy.administration != .`self` else { return }
        if let staff, try await service.identity(of: staff)?.roles.contains(.coordinator) == true { return }
        note(FieldProblem(field: "attributes", expected: "the coordinator who attests it (--by)"), entry.row)
    }

    private mutating func note(_ problem: FieldProblem, _ row: CSVTable.Row) {
        let names = ["fullName": "name", "phoneConfirmed": "phone", "address": "mail"]
        let column = names[problem.field] ?? problem.field
        let cell = row.cells[column]
        let text =
            problem.field == "phoneConfirmed"
            ? "`phone`: an area code that is newer than the list here: read the number back, then give --numbers-confirmed, or tick the box"
            : "`\(column)`: expected \(problem.expected)"
        let fault = CSVTable.Fault(line: cell?.line ?? row.line, column: cell?.column ?? 1, text: text)
        // Of a cell that cannot be read nothing else is said.
        if !faults.contains(where: { ($0.line, $0.column) == (fault.line, fault.column) }) { faults.append(fault) }
    }

    private func text(_ column: String, _ row: CSVTable.Row) -> String {
        (row.cells[column]?.text ?? "").trimmingCharacters(in: .whitespaces)
    }

    private mutating func read(_ row: CSVTable.Row) async throws -> Entry {
        var person = NewPerson(
            fullName: row.cells["name"]?.text ?? "", surname: row.cells["surname"]?.text ?? "",
            firstName: row.cells["firstName"]?.text ?? "", phone: row.cells["phone"]?.text ?? "", roles: roles(row),
            field: row.cells["field"]?.text ?? "", isUnderContract: contract(row),
            coordinator: try await coordinator(row))
        person.isPhoneConfirmed = areNumbersConfirmed
        for field in ProfileField.allCases where !text(field.rawValue, row).isEmpty {
            person.profile[field] = text(field.rawValue, row)
        }
        var entry = Entry(line: row.line, person: person, row: row)
        let mail = text("mail", row).lowercased()
        entry.mail = mail.isEmpty ? nil : mail
        let number = text("memberNumber", row)
        entry.memberNumber = number.isEmpty ? nil : number
        entry.attestations = attestations(row, person)
        return entry
    }

    private mutating func roles(_ row: CSVTable.Row) -> [Identity.Role] {
        var roles: [Identity.Role] = []
        for word in words("roles", row) {
            if let role = Identity.Role(rawValue: word.lowercased()) {
                roles.append(role)
            } else {
                note(
                    FieldProblem(
                        field: "roles",
                        expected: "participant, mentor, coordinator or administrator, separated by ;"), row)
            }
        }
        return roles
    }

    private mutating func contract(_ row: CSVTable.Row) -> Bool {
        let typed = text("underContract", row).lowercased()
        if typed.isEmpty { return false }
        if Self.yes.contains(typed) { return true }
        if !Self.no.contains(typed) { note(FieldProblem(field: "underContract", expected: "true or false"), row) }
        return false
    }

    /// The words for yes and no that spreadsheets write.
    private static let yes: Set<String> = ["true", "yes", "y", "1"]
    private static let no: Set<String> = ["false", "no", "n", "0"]

    /// By id or by the whole name.
    private mutating func coordinator(_ row: CSVTable.Row) async throws -> PersonID? {
        let typed = text("coordinator", row)
        if typed.isEmpty { return nil }
        if let id = PersonID(parsing: typed) { return id }
        var found: [PersonID] = []
        for id in try await service.find(name: typed)
        where try await service.identity(of: id)?.roles.contains(.coordinator) == true { found.append(id) }
        if found.count == 1 { return found.first }
        note(
            FieldProblem(
                field: "coordinator",
                expected: "the id, 32 hexadecimal digits, or the name of a coordinator who is known here"),
            row)
        return nil
    }

    private func words(_ column: String, _ row: CSVTable.Row) -> [String] {
        text(column, row).split(whereSeparator: { ";,".contains($0) }).map {
            $0.trimmingCharacters(in: .whitespaces)
        }.filter { !$0.isEmpty }
    }

    /// The attestations of the row, one for each role that can be enrolled.
    private mutating func attestations(_ row: CSVTable.Row, _ person: NewPerson) -> [(
        role: Role, change: AttestationChange
    )] {
        guard (Self.days + Self.lists + ["capacity"]).contains(where: { !text($0, row).isEmpty }) else { return [] }
        var change = AttestationChange()
        func day(_ column: String) -> CivilDate? {
            let typed = text(column, row)
            if typed.isEmpty { return nil }
            if let date = CivilDate(parsing: typed) { return date }
            note(FieldProblem(field: column, expected: "a day like 2026-01-31"), row)
            return nil
        }
        for name in AttestationChange.Day.allCases { change[name] = day(name.rawValue) }
        let attributes = words("attributes", row)
        if !attributes.isEmpty {
            change.attributes = Set(attributes.compactMap { Condition(rawValue: $0) })
            if attributes.contains(where: { Condition(rawValue: $0) == nil }) {
                note(
                    FieldProblem(
                        field: "attributes",
                        expected: Condition.allCases.filter { !$0.isOfPair }.map(\.rawValue).joined(separator: ", ")),
                    row)
            }
        }
        let fields = words("fields", row)
        if !fields.isEmpty { change.fields = fields }
        let stages = words("acceptedStages", row)
        if !stages.isEmpty {
            change.acceptedStages = Set(stages.compactMap { Stage(rawValue: $0) })
            if stages.contains(where: { Stage(rawValue: $0) == nil }) {
                note(
                    FieldProblem(
                        field: "acceptedStages", expected: Stage.allCases.map(\.rawValue).joined(separator: ", ")), row)
            }
        }
        let capacity = text("capacity", row)
        if !capacity.isEmpty {
            change.capacity = Int(capacity)
            if change.capacity.map({ (0...20).contains($0) }) != true {
                note(FieldProblem(field: "capacity", expected: "a whole number from 0 to 20"), row)
            }
        }
        return person.roles.compactMap { $0 == .mentor ? .mentor : $0 == .participant ? .mentee : nil }.map {
            ($0, change)
        }
    }

    /// The person of a row, if known: by the id that stands in it, or by name and number.
    private mutating func known(_ entry: Entry, _ row: CSVTable.Row) async throws -> PersonID? {
        let typed = text("id", row)
        if !typed.isEmpty {
            if let id = PersonID(parsing: typed), try await service.identity(of: id) != nil { return id }
            note(FieldProblem(field: "id", expected: "the id of somebody who is known here"), row)
            return nil
        }
        var found = try await service.find(phone: entry.person.phone, name: entry.person.fullName)
        // Somebody of this name and address has another number now.
        if found.isEmpty, let mail = entry.mail {
            for id in try await service.find(name: entry.person.fullName)
            where try await accounts.account(of: id, by: caller).address == mail { found.append(id) }
        }
        if found.count > 1 {
            note(
                FieldProblem(
                    field: "id",
                    expected: "the id: two people of this name and number are known, and it is not said which"),
                row)
        }
        return found.first
    }

    // MARK: Carrying out

    /// Enters one person, or changes what differs of one who is known.
    public func enter(_ entry: Entry, updates: Bool) async throws -> Done {
        guard let id = entry.known else {
            let outcome = try await service.add(entry.person, key: nil)
            try outcome.requireDone()
            guard let id = outcome.person else { throw Refusal.notFound }
            if let mail = entry.mail { try await accounts.setAddress(of: id, to: mail, by: caller) }
            if let number = entry.memberNumber {
                try await accounts.setMemberNumber(of: id, to: number, by: caller)
            }
            for (role, change) in entry.attestations { try await enroll(id, role, change) }
            return .entered(id)
        }
        let differing = try await differences(entry, id)
        if updates, !differing.isEmpty { try await put(id, to: entry, differing) }
        return .known(id, differing)
    }

    private func differences(_ entry: Entry, _ id: PersonID) async throws -> [String] {
        guard let known = try await service.identity(of: id) else {
            throw Refusal.notFound
        }
        let details = details(entry, known)
        var fields: [String] = []
        if details.fullName != nil { fields.append("name") }
        if details.surname != nil { fields.append("surname") }
        if details.firstName != nil { fields.append("firstName") }
        if details.field != nil { fields.append("field") }
        if try service.number(entry.person.phone) != known.phone { fields.append("phone") }
        if entry.person.roles.contains(where: { !known.roles.contains($0) && !$0.isStaff }) { fields.append("roles") }
        if has("underContract", entry), entry.person.isUnderContract != known.isUnderContract {
            fields.append("underContract")
        }
        if let coordinator = entry.person.coordinator, coordinator != known.coordinator { fields.append("coordinator") }
        if entry.person.profile.contains(where: { known.profile?[$0.key.rawValue] != $0.value }) {
            fields.append("profile")
        }
        if let mail = entry.mail, try await accounts.account(of: id, by: caller).address != mail {
            fields.append("mail")
        }
        if let number = entry.memberNumber, try !accounts.hasMemberNumber(id, number, by: caller) {
            fields.append("memberNumber")
        }
        for (role, change) in entry.attestations {
            let enrollment = try await service.enrollment(of: id, as: role)
            if changes(change, enrollment) { fields.append("attestation as \(role.rawValue)") }
        }
        return fields
    }

    private func changes(_ change: AttestationChange, _ known: Enrollment?) -> Bool {
        guard let known else { return true }
        // What ages is attested anew by saying it again.
        if let rules = try? service.policy.policy.eligibility, change.attributes != nil, !rules.attestedWithin.isEmpty,
            let today, known.attestedOn < today
        {
            return true
        }
        return !change.differences(from: known.attestation).isEmpty
            || change.capacity.map { $0 != known.capacity } ?? false
    }

    private func has(_ column: String, _ entry: Entry) -> Bool { !text(column, entry.row).isEmpty }

    private func details(_ entry: Entry, _ known: Identity) -> Details {
        func changed(_ column: String, _ typed: String, _ old: String) -> String? {
            let value = typed.precomposedStringWithCanonicalMapping.split(whereSeparator: \.isWhitespace).joined(
                separator: " ")
            return value == old || !has(column, entry) ? nil : typed
        }
        return Details(
            fullName: changed("name", entry.person.fullName, known.fullName),
            surname: changed("surname", entry.person.surname, known.surname),
            firstName: changed("firstName", entry.person.firstName, known.firstName),
            phone: entry.person.phone, isPhoneConfirmed: areNumbersConfirmed,
            field: changed("field", entry.person.field, known.field),
            role: entry.person.roles.first { !known.roles.contains($0) && !$0.isStaff })
    }

    private func put(_ id: PersonID, to entry: Entry, _ fields: [String]) async throws {
        guard let known = try await service.identity(of: id) else { return }
        if !Set(fields).isDisjoint(with: ["name", "surname", "firstName", "field", "phone", "roles"]) {
            try require(await service.correct(id, details(entry, known), by: staff, key: nil))
            for role in entry.person.roles.filter({ !known.roles.contains($0) && !$0.isStaff }).dropFirst() {
                try require(await service.correct(id, Details(role: role), by: staff, key: nil))
            }
        }
        if fields.contains("underContract") || fields.contains("coordinator") {
            try require(
                await service.change(
                    id, isUnderContract: fields.contains("underContract") ? entry.person.isUnderContract : nil,
                    coordinator: entry.person.coordinator, key: nil))
        }
        if fields.contains("profile") {
            try require(await service.setProfile(of: id, entry.person.profile, key: nil))
        }
        if fields.contains("mail"), let mail = entry.mail {
            try await accounts.setAddress(of: id, to: mail, by: caller)
        }
        if fields.contains("memberNumber"), let number = entry.memberNumber {
            try await accounts.setMemberNumber(of: id, to: number, by: caller)
        }
        for (role, change) in entry.attestations
        where try await changes(change, service.enrollment(of: id, as: role)) { try await enroll(id, role, change) }
    }

    private func enroll(_ id: PersonID, _ role: Role, _ change: AttestationChange) async throws {
        let isSelf = try service.policy.policy.administration == .`self`
        try require(await service.enroll(id, as: role, change, by: isSelf ? nil : staff, key: nil))
    }

    private func require(_ outcome: Outcome) throws {
        try outcome.requireDone()
    }
}
