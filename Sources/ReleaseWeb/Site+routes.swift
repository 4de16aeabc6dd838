public import Logging
public import ReleaseService

/// Every route of the service.
enum RouteTable {
    static let all: [Route] =
        SignInPages.routes + PersonPages.routes + AccountPages.routes + CasePages.routes + DeskPages.routes
        + AuditPages.routes
        + AdminPages.routes + SecondHandPages.routes + DetailsPages.routes + PaperPages.routes + IncidentPages.routes
        + RollPages.routes + PrivacyPage.routes + ProgramPage.routes + EvaluationPage.routes + MentoringPages.routes
        + Interface.routes + HealthRoutes.routes
}

extension Site {
    /// Serves an open program with every page and the whole interface.
    public init(
        host: ServiceHost, accounts: Accounts, outbox: Outbox, operations: Operations, words: Words = .english,
        service: String,
        isSecure: Bool, logger: Logger, metrics: PrometheusMetrics = PrometheusMetrics()
    ) throws {
        try self.init(
            host: host, accounts: accounts, outbox: outbox, operations: operations, words: words, service: service,
            isSecure: isSecure, logger: logger, metrics: metrics, routes: RouteTable.all,
            manifest: { CapabilityManifest($0).text })
    }
}
