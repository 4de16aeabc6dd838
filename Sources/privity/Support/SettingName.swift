import Configuration
import FolderDriver
import Foundation
import PolicyFile

/// The settings of a data folder: what may stand in `privity.yaml`, and in the environment as `PRIVITY_…`.
enum SettingName: String, CaseIterable {
    case origin, passphraseFile, address, port, url, service, certificate, privateKey, metricsPort, sendmail, from,
        backupFolder

    private enum Kind { case text, port, path, address, mailbox }

    private var kind: Kind {
        switch self {
        case .origin, .service, .sendmail: .text
        case .port, .metricsPort: .port
        case .passphraseFile, .certificate, .privateKey, .backupFolder: .path
        case .address, .url: .address
        case .from: .mailbox
        }
    }

    /// Its name in the environment, like `PRIVITY_PASSPHRASE_FILE`.
    var variable: String {
        "PRIVITY_" + rawValue.reduce(into: "") { $0 += ($1.isUppercase ? "_" : "") + $1.uppercased() }
    }

    /// A text as a value of `privity.yaml`.
    ///
    /// - Source: YAML 1.2.2 §7.3.1.
    /// - Throws: ``Failure`` with status 2 for one of several lines.
    static func quoted(_ text: String) throws -> String {
        guard !text.contains(where: \.isNewline) else {
            throw Failure("`passphraseFile`: expected a path of one line", status: 2)
        }
        return "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }

    /// Variables that are no settings: they are for building and testing this program.
    private static let otherVariables: Set<String> = [
        "PRIVITY_OPTIMIZE", "PRIVITY_SOAK", "PRIVITY_BENCH", "PRIVITY_BENCH_KEEP", "PRIVITY_BENCH_PYTHON",
        "PRIVITY_DEBUG", "PRIVITY_FAULT", "PRIVITY_PICTURES", "PRIVITY_TEST_MEMORY_FOLDER",
    ]

    /// The settings of a folder: the environment before the file.
    ///
    /// - Throws: ``Failure`` with status 2 that tells every fault at once: each with the setting's name, what was found
    ///   and what is expected.
    static func reader(_ folder: Folder) throws -> ConfigReader {
        guard let data = FileManager.default.contents(atPath: folder.settingsPath) else {
            throw Failure("`privity.yaml`: missing: is this a data folder?", status: 2)
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw Failure("`privity.yaml`: not UTF-8", status: 2)
        }
        let entries: [PlainSettings.Entry]
        do { entries = try PlainSettings.parse(text) } catch let problem as PolicyProblem {
            throw Failure("`privity.yaml`: \(problem)", status: 2)
        }
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        var faults: [String] = []
        for entry in entries {
            do {
                let name = try named(entry.name)
                let value = try name.value(entry)
                values[AbsoluteConfigKey([name.rawValue])] = ConfigValue(value, isSecret: false)
            } catch let fault as Fault { faults.append("`privity.yaml`: line \(entry.line): \(fault.text)") }
        }
        for (variable, value) in ProcessInfo.processInfo.environment.sorted(by: { $0.key < $1.key })
        where variable.hasPrefix("PRIVITY_") && !otherVariables.contains(variable) {
            guard let name = allCases.first(where: { $0.variable == variable }) else {
                faults.append(
                    "the environment: `\(variable)`: unknown\(nearest(to: variable, of: allCases.map(\.variable)))")
                continue
            }
            if let expected = name.fault(in: value) {
                faults.append("the environment: `\(variable)`: found \(shown(value)), expected \(expected)")
            }
        }
        guard faults.isEmpty else { throw Failure(faults.joined(separator: "\n"), status: 2) }
        return ConfigReader(providers: [
            EnvironmentVariablesProvider().prefixKeys(with: "privity"), InMemoryProvider(values: values),
        ])
    }

    private struct Fault: Error { let text: String }

    private static func named(_ text: String) throws -> SettingName {
        if let name = SettingName(rawValue: text) { return name }
        throw Fault(text: "`\(text)`: unknown\(nearest(to: text, of: allCases.map(\.rawValue)))")
    }

    /// The setting on a line of the file.
    private func value(_ entry: PlainSettings.Entry) throws -> ConfigContent {
        func refuse(_ found: String) -> Fault { Fault(text: "`\(rawValue)`: found \(found), expected \(expected)") }
        guard let text = entry.text else { throw refuse("a list or a mapping") }
        if entry.isPlain, ["", "~", "null"].contains(text.lowercased()) { throw refuse("nothing") }
        let isNumber = entry.isPlain && Double(text) != nil
        let isTruth =
            entry.isPlain && ["true", "false", "yes", "no", "on", "off"].contains(text.lowercased())
        if case .port = kind {
            guard entry.isPlain else { throw refuse("the text \(Self.shown(text)) in quotation marks") }
        } else if isNumber || isTruth {
            throw refuse(Self.shown(text) + (isNumber ? ", a number" : ", neither a name nor an address"))
        }
        if let expected = fault(in: text) {
            throw Fault(text: "`\(rawValue)`: found \(Self.shown(text)), expected \(expected)")
        }
        if case .port = kind, let number = Int(text) { return .int(number) }
        return .string(text)
    }

    private var expected: String {
        switch kind {
        case .text: self == .sendmail ? "a program like /usr/sbin/sendmail -t -i" : "a text on one line"
        case .port: "a whole number from \(self == .metricsPort ? 1 : 0) to 65535, without quotation marks"
        case .path: "the path of a \(self == .backupFolder ? "folder" : "file")"
        case .address: self == .url ? "an address like https://consent.example.org" : "an address like 127.0.0.1"
        case .mailbox: "an address like noreply@example.org, or a name before it: Care Team <noreply@example.org>"
        }
    }

    /// The value expected instead of `text`; nil if it will do.
    private func fault(in text: String) -> String? {
        let isLine = !text.contains(where: \.isNewline) && text.contains { !$0.isWhitespace } && !text.utf8.contains(0)
        let isGood =
            switch kind {
            case .text, .path: isLine
            case .address: isLine && !text.contains(where: \.isWhitespace)
            case .port:
                text.allSatisfy { $0.isASCII && $0.isNumber }
                    && Int(text).map { ((self == .metricsPort ? 1 : 0)...65_535).contains($0) } == true
            case .mailbox: MailSender(parsing: text) != nil
            }
        return isGood ? nil : expected
    }

    private static func shown(_ text: String) -> String {
        let line = text.prefix(60).map { $0.isNewline ? " " : String($0) }.joined()
        return text.isEmpty ? "nothing" : "`\(line)`"
    }

    /// The known name that somebody meant, as the end of a message.
    private static func nearest(to text: String, of names: [String]) -> String {
        func plain(_ text: String) -> [Character] { text.lowercased().filter { $0 != "-" && $0 != "_" } }
        let typed = plain(text)
        let best = names.map { ($0, distance(typed, plain($0))) }.min { $0.1 < $1.1 }
        if let (name, steps) = best, steps <= max(2, typed.count / 4) { return ": did you mean `\(name)`?" }
        return ": expected one of \(names.map { "`\($0)`" }.joined(separator: ", "))"
    }

    /// Letters to change, leave out, add or exchange with their neighbor, to make one word of the other.
    ///
    /// - Source: optimal string alignment, after Damerau (1964).
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var rows = [Array(0...right.count)]
        for (i, letter) in left.enumerated() {
            var row = [i + 1]
            for (j, other) in right.enumerated() {
                var steps = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (letter == other ? 0 : 1))
                if i > 0, j > 0, letter == right[j - 1], left[i - 1] == other {
                    steps = min(steps, rows[i - 1][j - 1] + 1)
                }
                row.append(steps)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
