internal import Cryptography
internal import Foundation
public import ReleaseWorkflow
internal import TransparencyLog

extension Custodian {
    func identity(_ id: PersonID, _ tx: any StoreTransaction) throws -> Identity? {
        let scope = Vault.Scope.identity(id)
        guard let opened = try requireVault().open(tx.person(id)?.sealed, scope, "identity") else { return nil }
        return try JSONDecoder().decode(Identity.self, from: Data(opened))
    }

    func enrollment(_ id: PersonID, _ tx: any StoreTransaction) throws -> Enrollment? {
        let scope = Vault.Scope.identity(id)
        guard let opened = try requireVault().open(tx.mentor(id)?.sealed, scope, "enrollment") else { return nil }
        return try JSONDecoder().decode(Enrollment.self, from: Data(opened))
    }

    func put(_ identity: Identity, of id: PersonID, _ tx: any StoreTransaction) throws {
        let vault = try requireVault()
        try vault.prepare([.identity(id)])
        let (key, sealed) = try vault.seal(Self.encode(identity), .identity(id), "identity")
        try tx.putPerson(PersonRow(id: id, key: key, sealed: sealed))
        let names = [identity.fullName, identity.surname, identity.firstName].filter { !$0.isEmpty }
        let tokens = try Set(names.map { try vault.indexToken("name", $0) } + [vault.indexToken("phone", identity.phone)])
        try tx.putIndex(Array(tokens), of: id, key: key)
    }

    private func put(_ enrollment: Enrollment, of id: PersonID, _ tx: any StoreTransaction) throws {
        let (key, sealed) = try requireVault().seal(Self.encode(enrollment), .identity(id), "enrollment")
        try tx.putMentor(PersonRow(id: id, key: key, sealed: sealed))
    }

    /// Enters a person. The operator's hand: accounts come with the service.
    ///
    /// - Throws: `FieldProblem` for a name, number or field that cannot be used.
    public func add(_ new: NewPerson, key: String?) throws -> Outcome {
        let identity = try parse(new)
        let canonical = String(decoding: try Self.encode(identity), as: UTF8.self)
        return try road(key: key, scope: "operator", text: "add \(canonical)") { step in
            let id: PersonID = try step.derive.identifier("person")
            if let coordinator = new.coordinator {
                guard try self.identity(coordinator, step.tx)?.roles.contains(.coordinator) == true else { throw Refusal.notFound }
            }
            try self.put(identity, of: id, step.tx)
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
            field: try text(new.field, "field", 60), isUnderContract: new.isUnderContract, coordinator: new.coordinator)
    }

    /// Changes what staff may change of a person: contract and coordinator. When a contract ends nothing happens to a pair (DER-14).
    public func change(
        _ id: PersonID, isUnderContract: Bool? = nil, coordinator: PersonID? = nil, key: String?
    ) throws -> Outcome {
        let text = "change \(id) \(isUnderContract.map(String.init) ?? "") \(coordinator?.description ?? "")"
        return try road(key: key, scope: "operator", text: text) { step in
            guard var identity = try self.identity(id, step.tx) else { throw Refusal.notFound }
            if let coordinator {
                guard try self.identity(coordinator, step.tx)?.roles.contains(.coordinator) == true else { throw Refusal.notFound }
            }
            identity.isUnderContract = isUnderContract ?? identity.isUnderContract
            identity.coordinator = coordinator ?? identity.coordinator
            try self.put(identity, of: id, step.tx)
            return Done(person: id)
        }
    }

    /// Enrolls a mentor on a coordinator's attestation.
    public func enroll(
        _ id: PersonID, attestation: MentorAttestation, capacity: Int, by staff: PersonID, key: String?
    ) throws -> Outcome {
        guard (0...20).contains(capacity) else { throw FieldProblem(field: "capacity", expected: "a whole number from 0 to 20") }
        let text = "enroll \(id) \(String(decoding: try Self.encode(attestation), as: UTF8.self)) \(capacity)"
        return try road(key: key, scope: "staff \(staff)", text: text) { step in
            guard try self.identity(staff, step.tx)?.roles.contains(.coordinator) == true,
                var identity = try self.identity(id, step.tx)
            else { throw Refusal.notFound }
            // Nobody attests for themselves (DER-18).
            guard staff != id else { throw Refusal.conditionFailed(.dutiesSeparate) }
            let old = try self.enrollment(id, step.tx)
            try self.put(
                Enrollment(
                    attestation: attestation, attestedBy: staff, attestedOn: step.moment.date,
                    policy: Hex.format(self.current.digest), isReady: old?.isReady ?? false, isPaused: old?.isPaused ?? false,
                    capacity: capacity, display: old?.display, acknowledgement: old?.acknowledgement), of: id, step.tx)
            if !identity.roles.contains(.mentor) {
                identity.roles.append(.mentor)
                try self.put(identity, of: id, step.tx)
            }
            return Done(person: id)
        }
    }

    /// A mentor signs the acknowledgement, with the display name they release for forms: a record in the log, and readiness with it.
    public func acknowledge(
        _ actor: Actor, display: String, key: String?
    ) throws -> Outcome {
        guard case .person(let id) = actor.principal else {
            throw FieldProblem(field: "by", expected: "the mentor who acknowledges")
        }
        let name = try displayName(display)
        return try road(key: key, scope: actor.text, text: "acknowledge \(name)") { step in
            guard var enrollment = try self.enrollment(id, step.tx) else { throw Refusal.notFound }
            // On screen the mentor alone; on paper or by phone through their own coordinator.
            let coordinator = try self.identity(id, step.tx)?.coordinator
            let isAllowed =
                switch actor.channel {
                case .screen: actor.agent == nil
                case .paper, .phone: actor.agent != nil && actor.agent != id && actor.agent == coordinator
                case .clock: false
                }
            guard isAllowed else {
                throw FieldProblem(
                    field: "via", expected: "screen by the mentor, or paper or phone through the mentor's coordinator")
            }
            let form = Hex.format(SHA256.hash(Array(self.current.policy.acknowledgement.text.utf8)))
            var draft = Draftsman(
                [
                    "at": .string(step.moment.date.description), "policy": .string(Hex.format(self.current.digest)),
                    "v": .integer(1), "form": .string(form),
                ], derive: step.derive, label: "acknowledgement")
            draft.members["by"] = .object(try draft.actor(id, agent: actor.agent, channel: actor.channel))
            draft.members["display"] = try draft.commit("display", name)
            let record = try Record(origin: self.parts.origin, type: .acknowledgement, json: .object(draft.members))
            let pointer = try self.append(record, in: step)
            enrollment.display = name
            enrollment.isReady = true
            enrollment.acknowledgement = .init(
                form: form, on: step.moment.date, index: pointer.index, openings: draft.openings)
            try self.put(enrollment, of: id, step.tx)
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
        of id: PersonID, isReady: Bool? = nil, isPaused: Bool? = nil, capacity: Int? = nil, key: String?
    ) throws -> Outcome {
        if let capacity, !(0...20).contains(capacity) {
            throw FieldProblem(field: "capacity", expected: "a whole number from 0 to 20")
        }
        let text =
            "availability \(isReady.map(String.init) ?? "") \(isPaused.map(String.init) ?? "") \(capacity.map(String.init) ?? "")"
        return try road(key: key, scope: "person \(id)", text: text) { step in
            guard var enrollment = try self.enrollment(id, step.tx) else { throw Refusal.notFound }
            enrollment.isReady = isReady ?? enrollment.isReady
            enrollment.isPaused = isPaused ?? enrollment.isPaused
            enrollment.capacity = capacity ?? enrollment.capacity
            try self.put(enrollment, of: id, step.tx)
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
    public func erase(_ id: PersonID, key: String?) throws -> Outcome {
        try road(key: key, scope: "operator", text: "erase \(id)") { step in
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
                let isNamed = context.state.releases.contains { $0.isLive && ($0.recipient == id || $0.discloser == id) }
                if isNamed, !context.workflow.isAtRest(context.state.position) { throw Refusal.stillOpen }
                // What they released as a volunteer is theirs too.
                let own = Set(context.state.releases.filter { $0.discloser == id }.map(\.round))
                scopes += own.flatMap { [.contact($0), .evidence($0)] }
            }
            try self.erase(scopes, step)
            step.mustSettle = true
            return Done()
        }
    }
}
