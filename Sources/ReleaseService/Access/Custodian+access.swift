internal import Cryptography
internal import Foundation
internal import ReleaseWorkflow

extension Custodian {
    /// Runs a small write that makes no record, in one commit with whatever else is waiting.
    func keep<R: Sendable>(_ body: @escaping @Sendable (any StoreTransaction) throws -> R) async throws -> R {
        try await together(seed: nil) { step -> Result<R, any Error> in
            do {
                return .success(try step.tx.savepoint { try body(step.tx) })
            } catch {
                // Refused for this one alone: the others of the batch go on.
                if error is Refusal || error is AccessRefusal { return .failure(error) }
                throw error
            }
        } answer: { result, _ in
            try result.get()
        }
    }

    /// Nobody signs on a screen in the 72 hours after staff changed how they sign in. Taking back is never held up.
    func requireSettledAccess(of command: CaseCommand, _ step: Step) throws {
        guard [.sign, .correct, .extend].contains(command.kind), command.actor.channel == .screen,
            case .person(let signer) = command.actor.principal,
            let change = try requireVault().account(signer, step.tx)?.change, change.until > step.moment.instantMilliseconds
        else { return }
        throw Refusal.recentlyChanged
    }
}

extension Custodian.Parts {
    func requireVault() throws -> Vault {
        guard let vault else { throw ServiceError.locked("this needs the vault key: name its passphrase file") }
        return vault
    }
}

extension Vault {
    func identity(_ id: PersonID, _ tx: any StoreTransaction) throws -> Identity? {
        guard let opened = try open(tx.person(id)?.sealed, .identity(id), "identity") else { return nil }
        return try JSONDecoder().decode(Identity.self, from: Data(opened))
    }

    func account(_ id: PersonID, _ tx: any StoreTransaction) throws -> Account? {
        try tx.access(.account, id.bytes).flatMap { try open($0, as: Account.self) }
    }

    func put(_ account: Account, of id: PersonID, _ tx: any StoreTransaction) throws {
        try prepare([.identity(id)])
        try tx.putAccess(seal(account, .account, id.bytes, of: id, expires: nil))
    }

    /// Leaves a letter to the address that an account had, that something about it was changed.
    func tell(_ person: PersonID, of account: Account, id: [UInt8], on date: CivilDate, _ tx: any StoreTransaction) throws {
        guard let address = account.address else { return }
        let message = Message(to: person, access: .changed(former: address), on: date)
        try tx.putMessage(id, seal(Custodian.encode(message), fixed: "message"), round: nil)
    }

    func seal(
        _ content: some Encodable, _ kind: AccessRow.Kind, _ token: [UInt8], of person: PersonID, expires: Int64?
    ) throws -> AccessRow {
        let (key, sealed) = try seal(
            Custodian.encode(content), .identity(person), "access/\(kind.rawValue)/\(Hex.format(token))")
        return AccessRow(kind: kind, token: token, person: person, key: key, sealed: sealed, expires: expires)
    }

    func open<Content: Decodable>(_ row: AccessRow, as type: Content.Type) throws -> Content? {
        let field = "access/\(row.kind.rawValue)/\(Hex.format(row.token))"
        guard let opened = try open(row.sealed, .identity(row.person), field) else { return nil }
        return try JSONDecoder().decode(type, from: Data(opened))
    }
}
