internal import Matching
internal import ReleaseWorkflow

/// The good-fit survey as a form: each question with why it is asked, who sees the answer and when it is erased.
struct SurveyForm {
    let policy: Policy
    let words: Words

    private var isClinical: Bool { policy.confidentiality == .clinical }
    private var topics: [Topic] { isClinical ? Topic.recovery : Topic.allCases }

    private func options<T: RawRepresentable & CaseIterable>(_ type: T.Type, _ prefix: String) -> [(String, String)]
    where T.RawValue == String {
        T.allCases.map { ($0.rawValue, words("\(prefix).\($0.rawValue)")) }
    }

    private func hint(_ question: Question) -> String {
        words("survey.hint", ["reason": question.reason, "viewer": question.viewer, "erasure": question.erasure])
    }

    /// True where a shared way of recovery counts. Elsewhere it is not asked: in a program for members it would be a
    /// fact about somebody's health.
    private var countsPathways: Bool { policy.matching.weights["pathway"].map { $0 > 0 } ?? false }

    private func named(_ texts: [String]) -> [(String, String)] {
        texts.map { ($0, policy.matching.name(of: $0)) }
    }

    /// The questions that mentors answer too.
    func answerFields(_ known: Answers, asksHints: Bool) -> [FieldView] {
        func hint(_ question: Question) -> String? { asksHints ? self.hint(question) : nil }
        var fields: [FieldView] = []
        if countsPathways {
            fields.append(
                .checks(
                    "pathways", words("question.pathways"), options(Pathway.self, "pathway"),
                    chosen: Set(known.pathways.map(\.rawValue)), hint: hint(.pathways)))
        }
        if !policy.matching.areas.isEmpty {
            fields.append(
                .checks(
                    "areas", words("question.areas"), named(policy.matching.areas), chosen: known.areas,
                    hint: hint(.areas)))
        }
        fields.append(
            .checks(
                "times", words("question.times"), options(TimeCell.self, "time"),
                chosen: Set(known.times.map(\.rawValue)),
                hint: hint(.times)))
        if !policy.matching.languages.isEmpty {
            fields.append(
                .checks(
                    "languages", words("question.languages"), named(policy.matching.languages), chosen: known.languages,
                    hint: hint(.languages)))
        }
        fields.append(
            .checks(
                "topics", words(asksHints ? "question.topics" : "question.ownTopics"),
                topics.map { ($0.rawValue, words("topic.\($0.rawValue)")) }, chosen: Set(known.topics.map(\.rawValue)),
                hint: hint(.topics)))
        if !isClinical {
            fields += [
                .checks(
                    "settings", words("question.settings"), options(Setting.self, "setting"),
                    chosen: Set(known.settings.map(\.rawValue))),
                .select(
                    "ageBand", words("question.ageBand"),
                    [("", words("choice.none"))] + options(AgeBand.self, "ageBand"),
                    chosen: known.ageBand?.rawValue ?? ""),
                .select(
                    "gender", words("question.gender"), [("", words("choice.none"))] + options(Gender.self, "gender"),
                    chosen: known.gender?.rawValue ?? ""),
            ]
        }
        return fields
    }

    /// The mentee's questions but two: the private list has a page of its own, and the coordinator enters the
    /// profession.
    func fields(_ known: Survey?) -> [FieldView] {
        let importance = [
            ("must", words("importance.must")), ("nice", words("importance.nice")), ("no", words("importance.no")),
        ]
        var fields: [FieldView] = [
            .radios(
                "sameField", words("question.sameField"), importance, chosen: known?.sameField.rawValue ?? "no",
                hint: hint(.sameField))
        ]
        var answers = answerFields(known?.answers ?? Answers(), asksHints: true)
        if countsPathways {
            answers.insert(
                .radios(
                    "sharedPathway", words("question.sharedPathway"), importance,
                    chosen: known?.sharedPathway.rawValue ?? "no"),
                at: 1)
        }
        fields += answers
        if !isClinical {
            fields.append(
                .radios(
                    "preference", words("question.preference"), importance, chosen: known?.preference.rawValue ?? "no"))
        }
        fields.append(
            .checks(
                "understood", words("question.understood"), [("yes", words("choice.understood"))],
                hint: hint(.understood)))
        return fields
    }

    private static func choice<T: RawRepresentable & CaseIterable>(_ form: FormBody, _ name: String, of type: T.Type)
        throws -> T?
    where T.RawValue == String {
        let text = form.text(name)
        if text.isEmpty { return nil }
        guard let value = T(rawValue: text) else {
            throw FieldProblem(field: name, expected: "one of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    private static func choices<T: RawRepresentable & CaseIterable & Hashable>(
        _ form: FormBody, _ name: String, of type: T.Type
    )
        throws -> Set<T>
    where T.RawValue == String {
        Set(
            try form.texts(name).map { text in
                guard let value = T(rawValue: text) else {
                    throw FieldProblem(
                        field: name, expected: "among \(T.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                return value
            })
    }

    /// - Throws: `FieldProblem` naming the question whose answer is not on its list.
    static func answers(_ form: FormBody) throws -> Answers {
        Answers(
            pathways: try choices(form, "pathways", of: Pathway.self), areas: Set(form.texts("areas")),
            times: try choices(form, "times", of: TimeCell.self), languages: Set(form.texts("languages")),
            topics: try choices(form, "topics", of: Topic.self),
            settings: try choices(form, "settings", of: Setting.self),
            ageBand: try choice(form, "ageBand", of: AgeBand.self), gender: try choice(form, "gender", of: Gender.self))
    }

    static func survey(_ form: FormBody) throws -> Survey {
        Survey(
            sameField: try choice(form, "sameField", of: Importance.self) ?? .no, answers: try answers(form),
            sharedPathway: try choice(form, "sharedPathway", of: Importance.self) ?? .no,
            preference: try choice(form, "preference", of: Importance.self) ?? .no, understood: form.isOn("understood"))
    }
}
