internal import ReleaseLedger
public import ReleaseWorkflow

/// Something that was done with how somebody signs in.
public struct SignInLine: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// By staff: what lets the person in was given or changed.
        case codeGiven, sheetGiven, addressSet, memberNumberSet, detailsChanged
        /// By another of the staff: it came to the person, or it was taken away.
        case confirmed, takenAway
        /// By whoever held what was given, or by the person.
        case pinSet, pinChanged, addressChanged

        /// True for what staff did.
        public var isByStaff: Bool {
            switch self {
            case .codeGiven, .sheetGiven, .addressSet, .memberNumberSet, .detailsChanged, .confirmed, .takenAway: true
            case .pinSet, .pinChanged, .addressChanged: false
            }
        }
    }

    public let on: CivilDate
    public let kind: Kind
}

/// The journal of one person's sign-in, sealed under their own key: for them alone.
struct SignInJournal: StoredValue {
    var lines: [SignInLine]

    static var storedName: StaticString { "journal of how somebody signs in" }
    /// The lines that are kept, the newest.
    static let limit = 200
    static let field = "signInJournal"

    init(_ lines: [SignInLine] = []) { self.lines = lines }
    init(stored: StoredObject) throws { lines = try stored.objects("lines") { try SignInLine(stored: $0) } }
    var stored: [String: CanonicalJSON] { StoredMembers().with("lines", list: lines).members }
}

extension SignInLine: StoredValue {
    static var storedName: StaticString { "line of how somebody signs in" }
    init(stored: StoredObject) throws {
        self.init(on: try stored.date("on"), kind: try stored.choice("kind", of: Kind.self))
    }
    var stored: [String: CanonicalJSON] { StoredMembers().with("on", on).with("kind", kind).members }
}

extension Snapshot {
    /// The journal of how somebody signs in, the oldest line first.
    func signInLines(of person: PersonID) throws -> [SignInLine] {
        try sealed(.identity(person), SignInJournal.field, as: SignInJournal.self)?.lines ?? []
    }
}

extension Transaction {
    /// Adds a line to what a person reads of how they sign in.
    func noteSignIn(_ kind: SignInLine.Kind, of person: PersonID) throws {
        let lines = try snapshot.signInLines(of: person) + [SignInLine(on: moment.date, kind: kind)]
        try keep(SignInJournal(Array(lines.suffix(SignInJournal.limit))), .identity(person), SignInJournal.field)
    }
}
