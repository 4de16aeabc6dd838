/// Every value of a policy, by its path, as text: a comparison of two policies that leaves nothing out.
///
/// It reads the stored properties themselves, so that a value that a later version of this program adds is compared
/// too. The rows of workflows are left to the sentences of what they permit and reveal.
struct PolicyLeaves {
    private(set) var values: [String: String] = [:]
    /// The names of the states of the workflow that is being read.
    private var names: [String] = []

    init(_ policy: Policy) {
        for child in Mirror(reflecting: policy).children {
            guard let label = child.label, label != "workflows" else { continue }
            if label == "saidOnly" { continue }
            add(child.value, at: label)
        }
        values.merge(policy.saidOnly) { $1 }
        for workflow in policy.workflows {
            names = workflow.names
            for child in Mirror(reflecting: workflow).children {
                guard let label = child.label, label != "transitions", label != "table" else { continue }
                add(child.value, at: "workflows.\(workflow.id).\(label)")
            }
            names = []
        }
    }

    /// The differences, path by path; nil for what is not there.
    func differences(from old: PolicyLeaves) -> [(path: String, before: String?, after: String?)] {
        Set(values.keys).union(old.values.keys).sorted().compactMap { path in
            let (before, after) = (old.values[path], values[path])
            return before == after ? nil : (path, before, after)
        }
    }

    private mutating func add(_ value: Any, at path: String) {
        if let flow = value as? PrivateFlow {
            // Its rows are told as sentences.
            values["\(path).names"] = flow.names.joined(separator: ", ")
            let during = flow.during.map(name(of:)).sorted().joined(separator: ", ")
            values["\(path).during"] = during
            values["\(path).initial"] = flow.name(of: flow.initial)
            return
        }
        if value is [PrivateFlow.Row] || value is [Transition] { return }
        if let text = scalar(value) {
            values[path] = text
            return
        }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional:
            if let inner = mirror.children.first { add(inner.value, at: path) }
        case .set:
            values[path] = mirror.children.map { scalar($0.value) ?? "\($0.value)" }.sorted().joined(separator: ", ")
        case .dictionary:
            for child in mirror.children {
                let pair = Array(Mirror(reflecting: child.value).children)
                if pair.count == 2 { add(pair[1].value, at: "\(path).\(scalar(pair[0].value) ?? "\(pair[0].value)")") }
            }
        case .collection:
            let items = mirror.children.map(\.value)
            let texts = items.compactMap(scalar)
            if texts.count == items.count {
                values[path] = texts.joined(separator: ", ")
            } else {
                for (number, item) in items.enumerated() {
                    add(item, at: "\(path).\(Self.id(of: item) ?? "\(number)")")
                }
            }
        default:
            if mirror.children.isEmpty {
                values[path] = "\(value)"
            } else if mirror.displayStyle == .enum, let child = mirror.children.first {
                add(child.value, at: "\(path).\(child.label ?? "value")")
            } else {
                for (number, child) in mirror.children.enumerated() {
                    add(child.value, at: "\(path).\(child.label ?? "\(number)")")
                }
            }
        }
    }

    private static func id(of value: Any) -> String? {
        // A clause of one kind may be called like one of another.
        if let clause = value as? Clause { return "\(clause.kind.rawValue).\(clause.id)" }
        return Mirror(reflecting: value).children.first { $0.label == "id" }.flatMap { $0.value as? String }
    }

    private func name(of position: Position) -> String {
        let place = Int(position.number)
        return names.indices.contains(place) ? names[place] : "\(place)"
    }

    /// The text of a value that has no parts worth telling apart.
    private func scalar(_ value: Any) -> String? {
        switch value {
        case let text as String: text
        case let number as Int: "\(number)"
        case let flag as Bool: flag ? "yes" : "no"
        case let date as CivilDate: date.description
        case let position as Position: name(of: position)
        case let requirement as Requirement: requirement.plainWords
        case let range as ClosedRange<Int>: "\(range.lowerBound) to \(range.upperBound)"
        case let word as any RawRepresentable: "\(word.rawValue)"
        default: nil
        }
    }
}
