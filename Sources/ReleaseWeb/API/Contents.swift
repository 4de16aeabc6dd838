internal import Foundation
internal import ReleaseService
internal import ReleaseWorkflow

// What answers of the interface are made of. Each type lists its fields, so that the manifest of what a role can see is
// made from the same place as the answers.

/// A case for one pair of eyes.
struct CaseContent: Encodable {
    struct Entry: Encodable {
        let on: String
        let rule: String
        let channel: String
    }

    let id: String
    let workflow: String
    let role: String
    let state: String
    let actions: [String]?
    let history: [Entry]?
    let isReleaseLive: Bool?
    let expiresOn: String?
    let callBy: String?
    let isCallRecorded: Bool?
    let isMeetingRecorded: Bool?
    let counterpartName: String?
    let word: String?
    let releaseBy: String?
    let isNumberWrong: Bool?
    let isNumberComing: Bool?
    let isUnused: Bool
    let extensionUntil: String?
    let partingUntil: String?
    /// Absent where nothing is hidden.
    let hidden: [String]?
    let releases: [String]?
    /// For their coordinator.
    let person: String?
    let name: String?
    let rank: String?

    init(_ line: CaseLine, page: CasePage? = nil, name: String? = nil) {
        let view = line.view
        let isStaff = line.role == .coordinator
        id = line.handle.description
        workflow = view.workflow
        role = line.role.rawValue
        state = view.state
        actions = page.map { $0.actions.compactMap(\.resource) }
        history = page.map {
            $0.view.history.map { Entry(on: $0.on.description, rule: $0.rule, channel: $0.channel.rawValue) }
        }
        isReleaseLive = view.isReleaseLive
        expiresOn = view.expiresOn?.description
        callBy = view.callBy?.description
        isCallRecorded = isStaff ? nil : view.isCallRecorded
        isMeetingRecorded = isStaff ? nil : view.isMeetingRecorded
        counterpartName = page?.counterpartName
        word = view.word
        releaseBy = view.releaseBy?.description
        isNumberWrong = view.isNumberWrong
        isNumberComing = isStaff ? nil : view.isNumberComing
        isUnused = view.isUnused
        extensionUntil = view.extensionUntil?.description
        partingUntil = view.partingUntil?.description
        hidden = view.hidden.isEmpty ? nil : view.hidden.map(\.rawValue)
        releases = isStaff ? nil : page.map { $0.releases.map(\.description) }
        person = isStaff ? line.opener.description : nil
        self.name = name
        rank = isStaff ? "\(line.rank)" : nil
    }

    /// The most that a role can be shown of a case in this program.
    static func fields(for role: String, under policy: Policy) -> [String] {
        let all =
            [
                "id", "workflow", "role", "state", "actions", "history", "isReleaseLive", "expiresOn", "word",
                "releaseBy",
                "isNumberWrong", "isUnused",
            ] + (policy.duration.extensionLimit == nil ? [] : ["extensionUntil"])
            + (policy.workflows.contains { $0.transitions.contains { $0.command == .hide } } ? ["hidden"] : [])
            + (policy.termination.noticeDays == 0 || role == Role.mentor.rawValue ? [] : ["partingUntil"])
        return role == "coordinator"
            ? all + ["person", "name", "rank"]
            : all + ["callBy", "isCallRecorded", "isMeetingRecorded", "counterpartName", "isNumberComing", "releases"]
    }
}

struct CasesContent: Encodable {
    let items: [CaseContent]
    /// Begins the next page; absent on the last.
    let next: String?
}

struct ReleaseTextContent: Encodable {
    let text: String
    let digest: String
    /// True if whoever signs has to say that the first name is theirs.
    let asksName: Bool
    let values: [String: String]
}

struct OutcomeContent: Encodable {
    let state: String?
    let release: String?
    let isReceiptPending: Bool
    let isReplay: Bool
    let rescindCode: String?
    let records: [Int]
}

struct ReceiptContent: Encodable {
    struct File: Encodable {
        let record: String
        let proof: String
    }

    let text: String
    let rescindCode: String?
    let signedOn: String
    let expiresOn: String
    let rescindedOn: String?
    let isLive: Bool
    let isPending: Bool
    let records: [File]
    static let fields = [
        "text", "rescindCode", "signedOn", "expiresOn", "rescindedOn", "isLive", "isPending", "records",
    ]
}

/// A card with what goes with it.
struct CardContent: Encodable {
    let fields: [String: String]
    let notice: String
    let scope: String
    let callScript: String
    let emergency: String
    let callBy: String?
    let word: String?
    static let fields = ["notice", "scope", "callScript", "emergency", "callBy", "word"]
}

struct LookContent: Encodable {
    let at: String
    let recipient: String
    let fields: [String]
    static let fields = ["at", "recipient", "fields"]
}

struct PersonContent: Encodable {
    let id: String
    let name: String
    let field: String
    static let fields = ["id", "name", "field"]
}

struct EntryContent: Encodable {
    let index: Int
    let record: String
    let proof: String?
    static let fields = ["index", "record", "proof"]
}

struct SessionContent: Encodable {
    let roles: [String]
    let assurance: String
    let formToken: String
}

struct TokenContent: Encodable { let token: String }
struct CreatedContent: Encodable { let id: String }
struct ItemsContent<Item: Encodable>: Encodable { let items: [Item] }
struct PagedContent<Item: Encodable>: Encodable {
    let items: [Item]
    let next: String?
}
struct ListingContent: Encodable {
    let fields: [String: String]
    let advice: String?
}
struct CandidateContent: Encodable {
    let person: String
    let name: String
    let score: Int
    let reasons: [String]
}
