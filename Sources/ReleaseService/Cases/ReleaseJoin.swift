internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// Releases and their cases are joined by keyed tokens: whoever has the database alone sees neither whose release it is
/// nor which two are one person's (E12). Folders of earlier versions had the ids; they are read until the writer that
/// opens the folder has brought them over.
extension Snapshot {
    /// The row of a release; nil where it is not one of this folder's.
    private func row(of release: ReleaseID) throws -> ReleaseRow? {
        try rows.release(vault.releaseToken(release)) ?? rows.release(release.bytes)
    }

    /// The case of a release; nil where it is not one of this folder's.
    func caseRow(of release: ReleaseID) throws -> CaseRow? {
        try row(of: release).flatMap { try rows.caseRow(opened($0).caseID) }
    }

    /// The ids that the row of a reference joins; the reference may be of an earlier version.
    func joined(_ reference: [UInt8]) throws -> (release: ReleaseID, caseID: CaseID)? {
        if let row = try rows.release(reference) { return try opened(row) }
        guard let release = ReleaseID(bytes: reference) else { return nil }
        return try row(of: release).map { try opened($0) }
    }

    /// The ids that a row joins.
    ///
    /// - Throws: ``MachineryError/corrupt(_:)`` for a row that was altered.
    func opened(_ row: ReleaseRow) throws -> (release: ReleaseID, caseID: CaseID) {
        let bytes = try ids(of: row)
        guard let release = ReleaseID(bytes: Array(bytes.prefix(16))),
            let caseID = CaseID(bytes: Array(bytes.dropFirst(16)))
        else { throw MachineryError.corrupt("a release without its case") }
        return (release, caseID)
    }

    private func ids(of row: ReleaseRow) throws -> [UInt8] {
        if row.isFormer {
            // Once the folder is brought over, a row of ids is somebody's hand in the file.
            guard try rows.setting(Transaction.namedByToken) == nil else {
                throw MachineryError.corrupt("a release was joined with another case")
            }
            return row.reference + row.sealed
        }
        do {
            return try vault.openJoin(row.sealed, row.reference)
        } catch is CryptographyError {
            throw MachineryError.corrupt("the case of a release was altered")
        }
    }

    /// The one who opened the case of a row.
    func opener(of row: CaseRow) throws -> PersonID {
        // In a folder of an earlier version, which nobody opened for writing since, it is the id.
        try rows.person(row.veiledOpener) != nil ? row.veiledOpener : vault.veil(row.veiledOpener, of: row.id)
    }

    /// True while a closing of the release waits to be signed.
    func isPending(_ release: ReleaseID) throws -> Bool {
        try rows.isPending(vault.releaseToken(release)) || rows.isPending(release.bytes)
    }
}

extension Transaction {
    /// Keeps the case of a new release, and the digest of the code that ends it.
    func join(_ release: ReleaseID, with caseID: CaseID, codeDigest: [UInt8]) throws {
        let token = try vault.releaseToken(release)
        let sealed = try vault.sealJoin(release.bytes + caseID.bytes, token)
        rows.putRelease(ReleaseRow(reference: token, sealed: sealed, codeDigest: codeDigest))
    }

    /// Brings over what an earlier version joined by ids and kept under names that could be read: once for a folder,
    /// by the writer that opens it.
    func bringOverNames() throws {
        guard try rows.setting(Self.namedByToken) == nil else { return }
        for row in try everyRelease() where row.isFormer {
            let (release, caseID) = try snapshot.opened(row)
            rows.deleteRelease(row.reference)
            try join(release, with: caseID, codeDigest: row.codeDigest)
        }
        for (key, field) in try everySealed() where !Vault.isName(field) {
            guard let sealed = try rows.sealed(key, field) else { continue }
            // What was written while nothing was signed, and nothing brought over, is newer.
            let name = try vault.name(of: field, under: key)
            if try rows.sealed(key, name) == nil { rows.putSealed(key, name, sealed) }
            try rows.deleteSealed(key, field)
        }
        for row in try everyCase() {
            let veiled = try vault.veil(row.veiledOpener, of: row.id)
            // A case that was written while nothing was signed, and nothing brought over, is behind its veil already.
            if try rows.person(veiled) != nil { continue }
            rows.putCase(
                CaseRow(
                    id: row.id, workflow: row.workflow, veiledOpener: veiled, policy: row.policy, tip: row.tip,
                    due: row.due))
        }
        rows.setSetting(Self.namedByToken, [1])
    }

    /// The setting that a folder has whose names are tokens.
    static let namedByToken = "namedByToken"

    private func everyCase() throws -> [CaseRow] {
        var found: [CaseRow] = []
        try snapshot.forEachCase { found.append($0) }
        return found
    }

    private func everyRelease() throws -> [ReleaseRow] {
        var found: [ReleaseRow] = []
        while true {
            let page = try rows.releases(after: found.last?.reference, count: Self.page)
            found += page
            if page.count < Self.page { return found }
        }
    }

    private func everySealed() throws -> [(key: [UInt8], field: String)] {
        var found: [(key: [UInt8], field: String)] = []
        while true {
            let page = try rows.sealedNames(after: found.last, count: Self.page)
            found += page
            if page.count < Self.page { return found }
        }
    }

    private static var page: Int { 1_024 }
}

extension ReleaseRow {
    fileprivate var isFormer: Bool { sealed.count == 16 }
}

extension Vault {
    /// Puts an id behind the veil of a case, or lifts it: of two cases nobody without the vault key sees that they are
    /// one person's, and nothing in a case's row is an erased person's.
    func veil(_ person: PersonID, of caseID: CaseID) throws -> PersonID {
        let veil = try name("opener", caseID.bytes)
        guard let id = PersonID(bytes: zip(person.bytes, veil).map { $0 ^ $1 }) else {
            throw MachineryError.corrupt("opener of a case")
        }
        return id
    }

    /// The token of a release: 16 bytes that say nothing without the vault key.
    func releaseToken(_ release: ReleaseID) throws -> [UInt8] { Array(try name("release", release.bytes).prefix(16)) }

    /// A stand-in for a round in the rows of a table: of two tables nobody sees which rows are one round's.
    func token(of round: RoundID, in table: StaticString) throws -> RoundID {
        guard let token = RoundID(bytes: Array(try name("\(table)", round.bytes).prefix(16))) else {
            throw MachineryError.corrupt("token of a round")
        }
        return token
    }

    fileprivate func sealJoin(_ ids: [UInt8], _ token: [UInt8]) throws -> [UInt8] {
        try seal(ids, fixed: "release/\(Hex.format(token))")
    }

    fileprivate func openJoin(_ sealed: [UInt8], _ token: [UInt8]) throws -> [UInt8] {
        try open(sealed, fixed: "release/\(Hex.format(token))")
    }
}
