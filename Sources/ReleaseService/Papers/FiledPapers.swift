internal import Cryptography
internal import ReleaseLedger
internal import ReleaseWorkflow

/// The scans that were filed, by a token of their bytes: one paper is the evidence of one signature.
struct FiledPapers {
    private let snapshot: Snapshot

    init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    /// - Throws: `FieldProblem` naming `scan` for bytes that were filed before, for whomever.
    func requireNew(_ scan: Scan) throws {
        guard try snapshot.rows.access(.scan, Self.token(scan.bytes, snapshot.vault)) == nil else {
            throw FieldProblem(
                field: "scan", expected: "the scan of this form: the same file is filed already, for another one")
        }
    }

    static func token(_ bytes: [UInt8], _ vault: Vault) throws -> [UInt8] {
        try vault.indexToken("scan", Hex.format(SHA256.hash(bytes)))
    }
}

extension Transaction {
    /// Notes that a scan is filed. The note goes with the person.
    func noteFiled(_ bytes: [UInt8], of person: PersonID) throws {
        try put(Presence(), .scan, FiledPapers.token(bytes, vault), of: person, expires: nil)
    }
}
