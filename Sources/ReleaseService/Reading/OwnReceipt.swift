public import ReleaseLedger
public import ReleaseWorkflow

/// The receipt that the person who signed a release keeps of it.
public struct OwnReceipt: Sendable {
    /// The text exactly as it was signed.
    public let text: String
    /// The code that ends the release without signing in; nil once the release was rescinded.
    public let rescindCode: String?
    public let signedOn: CivilDate
    public let expiresOn: CivilDate
    public let rescindedOn: CivilDate?
    public let isLive: Bool
    /// Every record that names it, with the proof that it is in the signed log.
    public let receipts: [Receipt]
    /// True if something of it is recorded and not yet under a signed head.
    public let isPending: Bool
}
