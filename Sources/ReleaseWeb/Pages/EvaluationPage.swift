internal import HTTPTypes
internal import Hummingbird
internal import ReleaseService
internal import ReleaseWorkflow

/// The questions on how the program works: for whoever holds a code, without signing in, so that no answer comes from
/// somebody who is known.
enum EvaluationPage {
    static let routes: [Route] = [
        Route(.get, "/evaluation", .anyone, worksWithoutCookie: true) { try $0.page(page($0)) },
        Route(.post, "/evaluation", .anyone, checksForm: true, worksWithoutCookie: true) { try await answer($0) },
    ]

    /// The link to it, where the program asks anything.
    static func links(_ policy: Policy, _ words: Words) -> [LinkView] {
        EvaluationItem.bank(of: policy).isEmpty ? [] : [LinkView(words("evaluation.title"), "/evaluation")]
    }

    private static func page(_ visit: Visit) throws -> Page {
        let (words, policy) = (visit.words, try visit.service.policy.policy)
        let items = EvaluationItem.bank(of: policy)
        guard !items.isEmpty else { throw Refusal.notFound }
        let answers = EvaluationAnswer.allCases.map { ($0.rawValue, words("evaluation.\($0.rawValue)")) }
        let fields =
            [FieldView.text("code", words("evaluation.code"), hint: words("evaluation.codeHint"), limit: 40)]
            + items.map { .radios($0.rawValue, $0.text, answers, chosen: nil) }
        return Page(
            words("evaluation.title"),
            [
                .text(words("evaluation.text", ["people": "\(policy.evaluation.minCell)"])),
                .form(FormView("/evaluation", fields, button: words("evaluation.button"))),
            ], back: LinkView(words("privacy.back"), "/"))
    }

    private static func answer(_ visit: Visit) async throws -> Response {
        let (words, form) = (visit.words, visit.form)
        do {
            try visit.checkForm()
            var answers: [EvaluationItem: EvaluationAnswer] = [:]
            for item in EvaluationItem.bank(of: try visit.service.policy.policy) {
                guard let answer = EvaluationAnswer(rawValue: form.text(item.rawValue)) else {
                    throw FieldProblem(field: item.rawValue, expected: words("evaluation.expected"))
                }
                answers[item] = answer
            }
            do {
                try await visit.service.answerEvaluation(code: form.text("code"), answers)
            } catch Refusal.notFound {
                throw FieldProblem(field: "code", expected: words("evaluation.unknown"))
            }
        } catch let problem as FieldProblem {
            return try visit.again(page(visit), problem)
        }
        return try visit.page(
            Page(
                words("evaluation.title"), [.good(words("evaluation.done"), words("evaluation.doneText"))],
                back: LinkView(words("privacy.back"), "/")))
    }
}
