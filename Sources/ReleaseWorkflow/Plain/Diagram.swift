/// A workflow as a picture: states, and who takes it from one to the next.
public enum Diagram {
    /// For pages that draw Mermaid.
    public static func mermaid(_ workflow: Workflow) -> String {
        var lines = ["%% \(workflow.id)", "stateDiagram-v2", "    [*] --> \(workflow.name(of: workflow.initial))"]
        lines += arrows(workflow).map { "    \($0.from) --> \($0.to): \($0.labels.joined(separator: ", "))" }
        lines += workflow.ended.sorted().map { "    \(workflow.name(of: $0)) --> [*]" }
        if let flow = workflow.privateFlow { lines += privately(flow, workflow) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The pair's own flow, inside the states in which it goes on.
    private static func privately(_ flow: PrivateFlow, _ workflow: Workflow) -> [String] {
        let places = flow.during.sorted().map { workflow.name(of: $0) }
        var lines = ["    state \"the pair's own, while \(places.joined(separator: " or "))\" as privately {"]
        lines.append("        [*] --> \(flow.name(of: flow.initial))")
        lines += arrows(flow).map { "        \($0.from) --> \($0.to): \($0.labels.joined(separator: ", "))" }
        return lines + ["    }"] + places.map { "    \($0) --> privately" }
    }

    private static func arrows(_ flow: PrivateFlow) -> [(from: String, to: String, labels: [String])] {
        var labels: [[String]: [String]] = [:]
        var order: [[String]] = []
        for row in flow.rows {
            for origin in row.origins {
                let key = [flow.name(of: origin), flow.name(of: row.destination ?? origin)]
                if labels[key] == nil { order.append(key) }
                labels[key, default: []].append("\(row.role.rawValue) \(row.command.rawValue)")
            }
        }
        return order.map { ($0[0], $0[1], labels[$0] ?? []) }
    }

    /// For Graphviz.
    ///
    /// - Source: the DOT language, graphviz.org/doc/info/lang.html. Names are words of letters, digits and hyphens, and
    ///   are quoted all the same.
    public static func dot(_ policy: Policy) -> String {
        var lines = [
            "digraph \"\(policy.program)\" {",
            "  rankdir=LR; node [shape=box, style=rounded, fontname=\"sans-serif\"];",
            "  edge [fontname=\"sans-serif\", fontsize=10];",
        ]
        for workflow in policy.workflows {
            lines.append("  subgraph \"cluster_\(workflow.id)\" { label=\"\(workflow.id)\"; fontname=\"sans-serif\";")
            for (number, name) in workflow.names.enumerated() {
                let position = Position(number: UInt8(number))
                let style =
                    workflow.ended.contains(position)
                    ? ", peripheries=2" : position == workflow.initial ? ", style=\"rounded,bold\"" : ""
                lines.append("    \"\(workflow.id).\(name)\" [label=\"\(name)\"\(style)];")
            }
            for arrow in arrows(workflow) {
                lines.append(
                    "    \"\(workflow.id).\(arrow.from)\" -> \"\(workflow.id).\(arrow.to)\" [label=\"\(arrow.labels.joined(separator: "\\n"))\"];"
                )
            }
            if let flow = workflow.privateFlow { lines += dot(flow, workflow) }
            lines.append("  }")
        }
        return (lines + ["}"]).joined(separator: "\n") + "\n"
    }

    private static func dot(_ flow: PrivateFlow, _ workflow: Workflow) -> [String] {
        var lines = [
            "    subgraph \"cluster_\(workflow.id)_private\" { label=\"the pair's own\"; style=dashed; fontname=\"sans-serif\";"
        ]
        lines += flow.names.map { "      \"\(workflow.id).private.\($0)\" [label=\"\($0)\"];" }
        lines += arrows(flow).map {
            "      \"\(workflow.id).private.\($0.from)\" -> \"\(workflow.id).private.\($0.to)\" [label=\"\($0.labels.joined(separator: "\\n"))\"];"
        }
        lines.append("    }")
        for place in flow.during.sorted() {
            let target = "\(workflow.id).private.\(flow.name(of: flow.initial))"
            lines.append("    \"\(workflow.id).\(workflow.name(of: place))\" -> \"\(target)\" [style=dashed];")
        }
        return lines
    }

    /// The moves from state to another state, with everybody who makes each.
    private static func arrows(_ workflow: Workflow) -> [(from: String, to: String, labels: [String])] {
        var labels: [[String]: [String]] = [:]
        var order: [[String]] = []
        for transition in workflow.transitions {
            for origin in transition.origins {
                let targets: [Position] =
                    switch transition.destination {
                    case .state(let position): [position]
                    case .same: []
                    case .roundStart: [workflow.initial] + workflow.ended.sorted()
                    }
                for target in targets {
                    let key = [workflow.name(of: origin), workflow.name(of: target)]
                    if labels[key] == nil { order.append(key) }
                    let label = "\(transition.role.rawValue) \(transition.command.rawValue)"
                    if labels[key]?.contains(label) != true { labels[key, default: []].append(label) }
                }
            }
        }
        return order.map { ($0[0], $0[1], labels[$0] ?? []) }
    }
}
