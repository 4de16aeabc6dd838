internal import Cryptography
internal import Foundation
public import Matching
public import ReleaseWorkflow
internal import TransparencyLog

extension Custodian {
    func identity(_ id: PersonID, _ tx: any StoreTransaction) throws -> Identity? {
        let scope = Vault.Scope.identity(id)
        guard let opened = try requireVault().open(tx.person(id)?.sealed, scope, "identity") else { return nil }
        return try JSONDecoder().decode(Identity.self, from: Data(opened))
    }

    func enrollments(_ id: PersonID, _ tx: any StoreTransaction) throws -> Enrollments {
        let scope = Vault.Scope.identity(id)
        guard let opened = try requireVault().open(tx.mentor(id)?.sealed, scope, "enrollment") else { return Enrollments() }
        return try JSONDecoder().decode(Enrollments.self, from: Data(opened))
    }

    func enrollment(_ id: PersonID, as role: Role = .mentor, _ tx: any StoreTransaction) throws -> Enrollment? {
        try enrollments(id, tx)[role]
    }

    /// What is attested of a person in a role, the contract and the field that the program knows anyway included.
    func attestation(of id: PersonID, as role: Role, _ tx: any StoreTransaction) throws -> Attestation {
        var attestation = try enrollment(id, as: role, tx)?.attestation ?? Attestation()
        guard let identity = try identity(id, tx) else { return attestation }
        if identity.isUnderContract { attestation.attributes.insert(.underContract) }
        if role != .mentor, !identity.field.isEmpty, attestation.fields.isEmpty { attestation.fields = [identity.field] }
        return attestation
    }

    /// Whether this person has signed every agreement of the role as this policy words it, or as a later version does: who signs the newer
    /// words loses nothing that rests on the older.
    func hasSigned(_ id: PersonID, as role: Role, under policy: Policy, _ tx: any StoreTransaction) throws -> Bool {
        let signed = try enrollment(id, as: role, tx)?.agreements ?? [:]
        let later = versions.map(\.policy).filter { $0.version > policy.version }
        return policy.agreements(of: role).allSatisfy { agreement in
            let accepted = [agreement] + later.flatMap { $0.agreements(of: role) }.filter { $0.id == agreement.id }
            return signed[agreement.id].map { own in accepted.contains { Self.digest(of: $0) == own.form } } ?? false
        }
    }

    static func digest(of agreement: Agreement) -> String { Hex.format(SHA256.hash(Array(agreement.fullText.utf8))) }

    func put(_ identity: Identity, of id: PersonID, _ tx: any StoreTransaction) throws {
        let vault = try requireVault()
        try vault.prepare([.identity(id)])
        let (key, sealed) = try vault.seal(Self.encode(identity), .identity(id), "identity")
        try tx.putPerson(PersonRow(id: id, key: key, sealed: sealed))
        let names = [identity.fullName, identity.surname, identity.firstName].filter { !$0.isEmpty }
        let tokens = try Set(names.map { try vault.indexToken("name", $0) } + [vault.indexToken("phone", identity.phone)])
        try tx.putIndex(Array(tokens), of: id, key: key)
    }

    private func put(_ enrollment: Enrollment, as role: Role, of id: PersonID, _ tx: any StoreTransaction) throws {
        var all = try enrollments(id, tx)
        all[role] = enrollment
        let (key, sealed) = try requireVault().seal(Self.encode(all), .identity(id), "enrollment")
        try tx.putMentor(PersonRow(id: id, key: key, sealed: sealed))
    }

    /// Enters a person. The operator's hand: accounts come with the service.
    ///
    /// - Throws: `FieldProblem` for a name, number or field that cannot be used.
    public func add(_ new: NewPerson, key: String?) async throws -> Outcome {
        let identity = try parse(new)
        let canonical = String(decoding: try Self.encode(identity), as: UTF8.self)
        return try await road(key: key, scope: "operator", text: "add \(canonical)") { step in
            let id: PersonID = try step.derive.identifier("person")
            if let coordinator = new.coordinator {
                guard try self.identity(coordinator, step.tx)?.roles.contains(.coordinator) == true else { throw Refusal.notFound }
            }
            try self.put(identity, of: id, step.tx)
            try self.keepParties(of: id, step)
            return Done(person: id)
        }
    }

    /// Whether this person could be entered; enters nobody.
    public func check(_ new: NewPerson) throws { _ = try parse(new) }

    private func parse(_ new: NewPerson) throws -> Identity {
        func text(_ value: String, _ field: String, _ limit: Int) throws -> String {
            let folded = value.precomposedStringWithCanonicalMapping.trimmingCharacters(in: .whitespaces)
            guard !folded.isEmpty, folded.count <= limit,
                folded.unicodeScalars.allSatisfy({
                    $0.properties.generalCategory != .control && $0.properties.generalCategory != .format
                })
            else { throw FieldProblem(field: field, expected: "1 to \(limit) characters, none of them invisible") }
            return folded
        }
        let surname = try text(new.surname, "surname", 60)
        return Identity(
            fullName: try text(new.fullName, "name", 120), surname: surname,
            firstName: try FirstName(parsing: new.firstName.precomposedStringWithCanonicalMapping, surname: surname).text,
            phone: try parts.phones.parse(new.phone, region: current.policy.region).e164, roles: new.roles,
            field: try text(new.field, "field", 60), isUnderContract: new.isUnderContract, coordinator: new.coordinator,
            profile: new.profile.isEmpty ? nil : try parse(new.profile))
    }

    func parse(_ profile: [ProfileField: String]) throws -> [String: String] {
        var parsed: [String: String] = [:]
        for (field, typed) in profile {
            parsed[field.rawValue] =
                try ProfileText(parsing: typed.precomposedStringWithCanonicalMapping, field: field.rawValue).text
        }
        return parsed
    }

    /// A person rewrites what stands in their profile. What is already released does not change with it: that takes a correction.
    public func setProfile(of id: PersonID, _ profile: [ProfileField: String], key: String?) async throws -> Outcome {
        let parsed = try parse(profile)
        let text = "profile \(String(decoding: try Self.encode(parsed), as: UTF8.self))"
        return try await road(key: key, scope: "person \(id)", text: text) { step in
            guard var identity = try self.identity(id, step.tx) else { throw Refusal.notFound }
            identity.profile = (identity.profile ?? [:]).merging(parsed) { $1 }
            try self.put(identity, of: id, step.tx)
            return Done(person: id)
        }
    }

    // MARK: The private list

    /// Adds to a person's private list: whom they are never to be brought together with.
    ///
    /// The answer is the same whether or not anybody is known by that name, number or employer: a different one would tell who takes part.
    public func exclude(by id: PersonID, relation: Exclusion.Relation, typed: String, key: String?) async throws -> Outcome {
        let token = try exclusionToken(relation, typed)
        return try await road(key: key, scope: "person \(id)", text: "exclude \(relation.rawValue) \(Hex.format(token))") { step in
            guard var identity = try self.identity(id, step.tx) else { throw Refusal.notFound }
            let line = Exclusion(relation: relation, token: token)
            if identity.exclusions?.contains(line) != true { identity.exclusions = (identity.exclusions ?? []) + [line] }
            try self.put(identity, of: id, step.tx)
            return Done(person: id)
        }
    }

    /// Says where a person works, as a token; the name is not kept.
    public func setEmployer(of id: PersonID, typed: String, key: String?) async throws -> Outcome {
        let token = try exclusionToken(.employer, typed)
        return try await road(key: key, scope: "person \(id)", text: "employer \(Hex.format(token))") { step in
            guard var identity = try self.identity(id, step.tx) else { throw Refusal.notFound }
            identity.employer = token
            try self.put(identity, of: id, step.tx)
            return Done(person: id)
        }
    }

    private func exclusionToken(_ relation: Exclusion.Relation, _ typed: String) throws -> [UInt8] {
        let value = typed.trimmingCharacters(in: .whitespaces)
        guard (1...120).contains(value.count) else {
            throw FieldProblem(field: "name", expected: "a name, a number or an employer of 1 to 120 characters")
        }
        let vault = try requireVault()
        if relation == .employer { return try vault.indexToken("exclude/employer", value) }
        if let phone = try? parts.phones.parse(value, region: current.policy.region) {
            return try vault.indexToken("exclude/phone", phone.e164)
        }
        return try vault.indexToken("exclude/name", value)
    }

    /// What a person may stand on somebody's list as.
    func ownTokens(_ identity: Identity) throws -> [[UInt8]] {
        let vault = try requireVault()
        let names = Set([identity.fullName, "\(identity.firstName) \(identity.surname)"])
        let tokens = try names.sorted().map { try vault.indexToken("exclude/name", $0) }
        return tokens + [try vault.indexToken("exclude/phone", identity.phone)] + (identity.employer.map { [$0] } ?? [])
    }

    /// Whether either of the two has the other on their private list, whatever for.
    ///
    /// Both lists are always read to their ends, so that neither answer nor effort depends on a hit.
    func areKeptApart(_ first: PersonID, _ second: PersonID, _ tx: any StoreTransaction) throws -> Bool {
        guard let one = try identity(first, tx), let two = try identity(second, tx) else { return true }
        var isHit = false
        for (owner, other) in [(one, two), (two, one)] {
            let tokens = try ownTokens(other)
            for line in owner.exclusions ?? [] where tokens.contains(line.token) { isHit = true }
        }
        return isHit
    }

    /// Changes what staff may change of a person: contract and coordinator. When a contract ends nothing happens to a pair (DER-14).
    public func change(
        _ id: PersonID, isUnderContract: Bool? = nil, coordinator: PersonID? = nil, key: String?
    ) async throws -> Outcome {
        let text = "change \(id) \(isUnderContract.map(String.init) ?? "") \(coordinator?.description ?? "")"
        return try await road(key: key, scope: "operator", text: text) { step in
            guard var identity = try self.identity(id, step.tx) else { throw Refusal.notFound }
            if let coordinator {
                guard try self.identity(coordinator, step.tx)?.roles.contains(.coordinator) == true else { throw Refusal.notFound }
            }
            identity.isUnderContract = isUnderContract ?? identity.isUnderContract
            identity.coordinator = coordinator ?? identity.coordinator
            try self.put(identity, of: id, step.tx)
            try self.keepParties(of: id, step)
            return Done(person: id)
        }
    }

    /// Hands everybody who is assigned to one coordinator to another: for absence.
    ///
    /// - Throws: `Refusal.notFound` unless both are coordinators.
    /// - Complexity: O(people).
    public func reassign(from old: PersonID, to new: PersonID, key: String?) async throws -> Outcome {
        try await road(key: key, scope: "operator", text: "reassign \(old) \(new)") { step in
            for staff in [old, new] {
                guard try self.identity(staff, step.tx)?.roles.contains(.coordinator) == true else { throw Refusal.notFound }
            }
            for row in try step.tx.people() {
                guard var identity = try self.identity(row.id, step.tx), identity.coordinator == old, row.id != new else {
                    continue
                }
                // Nobody coordinates somebody whose mentor they are (DER-18): such a person stays where they were, for somebody else.
                let isParty = try self.current.policy.workflows.contains { workflow in
                    try step.tx.parties(of: self.requireVault().caseID(of: row.id, workflow: workflow.id)).contains {
                        $0.person == new && !$0.isStaff
                    }
                }
                if isParty { continue }
                identity.coordinator = new
                try self.put(identity, of: row.id, step.tx)
                try self.keepParties(of: row.id, step)
            }
            return Done()
        }
    }

    /// Enrolls somebody in a role on an attestation: a coordinator's, or, where the program runs itself, the operator's from a roll.
    ///
    /// What the policy wants to keep holding is looked at at once: a listing or a pairing whose ground is gone ends with this act.
    public func enroll(
        _ id: PersonID, as role: Role = .mentor, attestation: Attestation, capacity: Int, by staff: PersonID?, key: String?
    ) async throws -> Outcome {
        guard (0...20).contains(capacity) else { throw FieldProblem(field: "capacity", expected: "a whole number from 0 to 20") }
        guard role == .mentor || role == .mentee else { throw FieldProblem(field: "role", expected: "mentor or mentee") }
        let canonical = String(decoding: try Self.encode(attestation), as: UTF8.self)
        let text = "enroll \(id) \(role.rawValue) \(canonical) \(capacity)"
        return try await road(key: key, scope: staff.map { "staff \($0)" } ?? "operator", text: text) { step in
            guard var identity = try self.identity(id, step.tx) else { throw Refusal.notFound }
            if let staff {
                guard self.current.policy.administration != .`self`,
                    try self.identity(staff, step.tx)?.roles.contains(.coordinator) == true
                else { throw Refusal.notFound }
                // Nobody attests for themselves (DER-18).
                guard staff != id else { throw Refusal.conditionFailed(.dutiesSeparate) }
            } else if self.current.policy.administration != .`self` {
                throw FieldProblem(field: "by", expected: "the coordinator who attests")
            }
            let old = try self.enrollment(id, as: role, step.tx)
            try self.put(
                Enrollment(
                    attestation: attestation, attestedBy: staff, attestedOn: step.moment.date,
                    policy: Hex.format(self.current.digest), isReady: old?.isReady ?? false, isPaused: old?.isPaused ?? false,
                    capacity: capacity, display: old?.display, agreements: old?.agreements ?? [:], answers: old?.answers),
                as: role, of: id, step.tx)
            let own: Identity.Role = role == .mentor ? .mentor : .participant
            if !identity.roles.contains(own) {
                identity.roles.append(own)
                try self.put(identity, of: id, step.tx)
                try self.keepParties(of: id, step)
            }
            try self.settleStanding(of: id, step)
            return Done(person: id)
        }
    }

    /// A person signs the agreements of a role that they have not signed in their present versions: a record each, and readiness with them.
    ///
    /// - Parameter display: the name that may stand on other people's forms; needed where a release names this person.
    public func acknowledge(
        _ actor: Actor, as role: Role = .mentor, display: String?, key: String?
    ) async throws -> Outcome {
        guard case .person(let id) = actor.principal else {
            throw FieldProblem(field: "by", expected: "the person who signs")
        }
        let name = try display.map { try displayName($0) }
        if name == nil, !current.policy.isDirectory {
            throw FieldProblem(field: "display", expected: "a name of 1 to 60 characters on one line")
        }
        return try await road(key: key, scope: actor.text, text: "acknowledge \(role.rawValue) \(name ?? "")") { step in
            guard var enrollment = try self.enrollment(id, as: role, step.tx) else { throw Refusal.notFound }
            // On screen the person alone; on paper or by phone through their own coordinator.
            let coordinator = try self.identity(id, step.tx)?.coordinator
            let isAllowed =
                switch actor.channel {
                case .screen: actor.agent == nil
                case .paper, .phone: actor.agent != nil && actor.agent != id && actor.agent == coordinator
                case .clock: false
                }
            guard isAllowed else {
                throw FieldProblem(
                    field: "via", expected: "screen by the person, or paper or phone through the person's coordinator")
            }
            let isNewName = name != nil && name != enrollment.display
            for agreement in self.current.policy.agreements(of: role) {
                let form = Self.digest(of: agreement)
                if enrollment.agreements[agreement.id]?.form == form, !isNewName { continue }
                var draft = Draftsman(
                    [
                        "at": .string(step.moment.date.description), "policy": .string(Hex.format(self.current.digest)),
                        "v": .integer(1), "form": .string(form),
                    ], derive: step.derive, label: "acknowledgement/\(agreement.id)")
                draft.members["by"] = .object(try draft.actor(id, agent: actor.agent, channel: actor.channel))
                if let name { draft.members["display"] = try draft.commit("display", name) }
                let record = try Record(origin: self.parts.origin, type: .acknowledgement, json: .object(draft.members))
                let pointer = try self.append(record, in: step)
                enrollment.agreements[agreement.id] = .init(
                    form: form, on: step.moment.date, index: pointer.index, openings: draft.openings)
            }
            enrollment.display = name ?? enrollment.display
            enrollment.isReady = true
            try self.put(enrollment, as: role, of: id, step.tx)
            return Done(person: id)
        }
    }

    /// What a mentor answers for matching.
    ///
    /// - Throws: `FieldProblem` for an answer that is not on the policy's lists.
    public func setAnswers(of id: PersonID, _ answers: Answers, key: String?) async throws -> Outcome {
        let survey = Survey(sameField: .no, answers: answers, understood: true)
        if let problem = survey.problem(under: current.policy) {
            throw FieldProblem(
                field: problem.field.replacingOccurrences(of: "survey.", with: "answers."), expected: problem.expected)
        }
        let text = "answers \(String(decoding: try Self.encode(answers), as: UTF8.self))"
        return try await road(key: key, scope: "person \(id)", text: text) { step in
            guard var enrollment = try self.enrollment(id, step.tx) else { throw Refusal.notFound }
            enrollment.answers = answers
            try self.put(enrollment, as: .mentor, of: id, step.tx)
            return Done(person: id)
        }
    }

    /// A name that may stand on somebody else's form: one line, nothing invisible.
    func displayName(_ typed: String) throws -> String {
        let name = typed.precomposedStringWithCanonicalMapping.trimmingCharacters(in: .whitespaces)
        guard (1...60).contains(name.count), name.unicodeScalars.count <= 120,
            name.unicodeScalars.allSatisfy({
                ![.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
            }), !name.contains(where: { "{}".contains($0) })
        else { throw FieldProblem(field: "display", expected: "a name of 1 to 60 characters on one line") }
        return name
    }

    /// A mentor's own switches: ready, paused, how many people at once.
    public func setAvailability(
        of id: PersonID, as role: Role = .mentor, isReady: Bool? = nil, isPaused: Bool? = nil, capacity: Int? = nil, key: String?
    ) async throws -> Outcome {
        if let capacity, !(0...20).contains(capacity) {
            throw FieldProblem(field: "capacity", expected: "a whole number from 0 to 20")
        }
        let text =
            "availability \(role.rawValue) \(isReady.map(String.init) ?? "") \(isPaused.map(String.init) ?? "") \(capacity.map(String.init) ?? "")"
        return try await road(key: key, scope: "person \(id)", text: text) { step in
            guard var enrollment = try self.enrollment(id, as: role, step.tx) else { throw Refusal.notFound }
            enrollment.isReady = isReady ?? enrollment.isReady
            enrollment.isPaused = isPaused ?? enrollment.isPaused
            enrollment.capacity = capacity ?? enrollment.capacity
            try self.put(enrollment, as: role, of: id, step.tx)
            return Done(person: id)
        }
    }

    /// Finds people by phone number or name, through the blind index.
    public func find(phone: String? = nil, name: String? = nil) throws -> [PersonID] {
        let vault = try requireVault()
        var tokens: [[UInt8]] = []
        if let phone { tokens.append(try vault.indexToken("phone", parts.phones.parse(phone, region: current.policy.region).e164)) }
        if let name { tokens.append(try vault.indexToken("name", name)) }
        return try parts.store.read { tx in
            let found = try tokens.map { Set(try tx.people(withToken: $0)) }
            guard let first = found.first else { return [] }
            return found.dropFirst().reduce(first) { $0.intersection($1) }.sorted()
        }
    }

    /// A person's own record, or nil if there is none or it is erased.
    public func identity(of id: PersonID) throws -> Identity? { try parts.store.read { try identity(id, $0) } }

    /// Everybody's id.
    public func people() throws -> [PersonID] { try parts.store.read { try $0.people().map(\.id).sorted() } }

    // MARK: Erasure

    /// Erases a person: identity, blind index, enrollment, accounting, and the evidence of every round. Records stay, and still verify.
    ///
    /// - Returns: a refusal ``Refusal/stillOpen`` while a round of theirs is open or somebody's live release names them.
    public func erase(_ id: PersonID, key: String?) async throws -> Outcome {
        try await road(key: key, scope: "operator", text: "erase \(id)") { step in
            guard try step.tx.person(id) != nil else { throw Refusal.notFound }
            var scopes: [Vault.Scope] = [.identity(id), .accounting(id)]
            for workflow in self.current.policy.workflows {
                let context = try self.context(of: id, workflow: workflow.id, step.tx)
                guard context.workflow.isAtRest(context.state.position) else { throw Refusal.stillOpen }
                let rounds = Set(context.state.releases.map(\.round))
                scopes += rounds.flatMap { [.survey($0), .privateStream($0), .contact($0), .evidence($0)] }
            }
            guard try step.tx.placesHeld(with: id) == 0 else { throw Refusal.stillOpen }
            for row in try step.tx.cases() where row.opener != id {
                let context = try self.context(row.id, opener: row.opener, workflow: row.workflow, step.tx)
                let isNamed = context.state.releases.contains { $0.isLive && ($0.recipient == .person(id) || $0.discloser == id) }
                if isNamed, !context.workflow.isAtRest(context.state.position) { throw Refusal.stillOpen }
                // What they released as a volunteer is theirs too.
                let own = Set(context.state.releases.filter { $0.discloser == id }.map(\.round))
                scopes += own.flatMap { [.contact($0), .evidence($0)] }
            }
            let vault = try self.requireVault()
            for row in try step.tx.messages() {
                let message = try JSONDecoder().decode(Message.self, from: Data(vault.open(row.sealed, fixed: "message")))
                if message.to == id { try step.tx.deleteMessage(row.id) }
            }
            for isStaff in [false, true] {
                for row in try step.tx.parties(of: id, isStaff: isStaff, after: nil, count: .max) {
                    try step.tx.deleteParty(row.handle)
                }
            }
            for workflow in self.current.policy.workflows {
                for row in try step.tx.parties(of: self.requireVault().caseID(of: id, workflow: workflow.id)) {
                    try step.tx.deleteParty(row.handle)
                }
            }
            try self.erase(scopes, step)
            step.mustSettle = true
            step.endsBatch = true
            return Done()
        }
    }
}
