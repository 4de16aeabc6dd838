internal import Mustache

// The names under which templates find the parts of a page.
//
// Without these the template library looks at a value by reflection, at every name in every row: nine tenths of the
// time of a page.

/// A part of a page that hands its properties to templates by name.
protocol TemplateView: MustacheParent {
    /// Each stored property under its own name.
    static var shown: [String: @Sendable (Self) -> Any?] { get }
}

extension TemplateView {
    /// - Returns: nil for what is not there and for what is not set: the template then looks further out.
    public func child(named name: String) -> Any? { Self.shown[name].flatMap { $0(self) } }
}

extension Block: TemplateView {
    static let shown: [String: @Sendable (Block) -> Any?] = [
        "paragraph": { $0.paragraph },
        "heading": { $0.heading },
        "items": { $0.items },
        "facts": { $0.facts },
        "table": { $0.table },
        "form": { $0.form },
        "links": { $0.links },
        "status": { $0.status },
        "document": { $0.document },
        "secret": { $0.secret },
        "card": { $0.card },
    ]
}

extension Fact: TemplateView {
    static let shown: [String: @Sendable (Fact) -> Any?] = [
        "term": { $0.term },
        "definition": { $0.definition },
        "factLink": { $0.factLink },
    ]
}

extension Table: TemplateView {
    static let shown: [String: @Sendable (Table) -> Any?] = [
        "caption": { $0.caption },
        "headers": { $0.headers },
        "rows": { $0.rows },
    ]
}

extension Row: TemplateView {
    static let shown: [String: @Sendable (Row) -> Any?] = [
        "cells": { $0.cells }
    ]
}

extension Cell: TemplateView {
    static let shown: [String: @Sendable (Cell) -> Any?] = [
        "isRowHeader": { $0.isRowHeader },
        "cellText": { $0.cellText },
        "cellLink": { $0.cellLink },
    ]
}

extension LinkView: TemplateView {
    static let shown: [String: @Sendable (LinkView) -> Any?] = [
        "href": { $0.href },
        "linkText": { $0.linkText },
        "linkHint": { $0.linkHint },
        "isButton": { $0.isButton },
    ]
}

extension Status: TemplateView {
    static let shown: [String: @Sendable (Status) -> Any?] = [
        "kind": { $0.kind },
        "role": { $0.role },
        "statusTitle": { $0.statusTitle },
        "statusText": { $0.statusText },
    ]
}

extension Document: TemplateView {
    static let shown: [String: @Sendable (Document) -> Any?] = [
        "documentLabel": { $0.documentLabel },
        "documentText": { $0.documentText },
    ]
}

extension SecretView: TemplateView {
    static let shown: [String: @Sendable (SecretView) -> Any?] = [
        "secretLabel": { $0.secretLabel },
        "secretValues": { $0.secretValues },
    ]
}

extension SecretValue: TemplateView {
    static let shown: [String: @Sendable (SecretValue) -> Any?] = [
        "secretText": { $0.secretText },
        "drawing": { $0.drawing },
    ]
}

extension Drawing: TemplateView {
    static let shown: [String: @Sendable (Drawing) -> Any?] = [
        "viewBox": { $0.viewBox },
        "path": { $0.path },
        "drawingLabel": { $0.drawingLabel },
    ]
}

extension CardBlock: TemplateView {
    static let shown: [String: @Sendable (CardBlock) -> Any?] = [
        "cardTitle": { $0.cardTitle },
        "cardNotice": { $0.cardNotice },
        "cardFields": { $0.cardFields },
    ]
}

extension FormView: TemplateView {
    static let shown: [String: @Sendable (FormView) -> Any?] = [
        "action": { $0.action },
        "legend": { $0.legend },
        "fields": { $0.fields },
        "button": { $0.button },
        "isGrave": { $0.isGrave },
        "isUpload": { $0.isUpload },
        "formToken": { $0.formToken },
        "formKey": { $0.formKey },
        "formVersion": { $0.formVersion },
    ]
}

extension FieldView: TemplateView {
    static let shown: [String: @Sendable (FieldView) -> Any?] = [
        "name": { $0.name },
        "id": { $0.id },
        "label": { $0.label },
        "hint": { $0.hint },
        "error": { $0.error },
        "isRequired": { $0.isRequired },
        "describedBy": { $0.describedBy },
        "input": { $0.input },
        "area": { $0.area },
        "choices": { $0.choices },
        "select": { $0.select },
        "hidden": { $0.hidden },
    ]
}

extension FieldView.Input: TemplateView {
    static let shown: [String: @Sendable (FieldView.Input) -> Any?] = [
        "type": { $0.type },
        "value": { $0.value },
        "autocomplete": { $0.autocomplete },
        "inputmode": { $0.inputmode },
        "limit": { $0.limit },
    ]
}

extension FieldView.Area: TemplateView {
    static let shown: [String: @Sendable (FieldView.Area) -> Any?] = [
        "areaText": { $0.areaText },
        "areaLimit": { $0.areaLimit },
    ]
}

extension FieldView.Choices: TemplateView {
    static let shown: [String: @Sendable (FieldView.Choices) -> Any?] = [
        "choiceType": { $0.choiceType },
        "options": { $0.options },
    ]
}

extension FieldView.Select: TemplateView {
    static let shown: [String: @Sendable (FieldView.Select) -> Any?] = [
        "selectOptions": { $0.selectOptions }
    ]
}

extension FieldView.Hidden: TemplateView {
    static let shown: [String: @Sendable (FieldView.Hidden) -> Any?] = [
        "hiddenValue": { $0.hiddenValue }
    ]
}

extension FieldView.Option: TemplateView {
    static let shown: [String: @Sendable (FieldView.Option) -> Any?] = [
        "optionID": { $0.optionID },
        "optionValue": { $0.optionValue },
        "optionLabel": { $0.optionLabel },
        "isChosen": { $0.isChosen },
    ]
}

extension Page.ProblemLink: TemplateView {
    static let shown: [String: @Sendable (Page.ProblemLink) -> Any?] = [
        "problemText": { $0.problemText },
        "problemTarget": { $0.problemTarget },
    ]
}

extension PageView: TemplateView {
    static let shown: [String: @Sendable (PageView) -> Any?] = [
        "language": { $0.language },
        "service": { $0.service },
        "pageTitle": { $0.pageTitle },
        "isProblem": { $0.isProblem },
        "navigation": { $0.navigation },
        "signOut": { $0.signOut },
        "backLink": { $0.backLink },
        "problemTitle": { $0.problemTitle },
        "problemLinks": { $0.problemLinks },
        "blocks": { $0.blocks },
        "skip": { $0.skip },
        "navigationLabel": { $0.navigationLabel },
        "emergency": { $0.emergency },
        "rescindLink": { $0.rescindLink },
        "required": { $0.required },
    ]
}
