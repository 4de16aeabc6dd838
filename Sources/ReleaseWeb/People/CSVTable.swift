/// A file of comma-separated values (RFC 4180) with a header line, read so that every fault has its place.
///
/// Spreadsheet programs write a byte order mark, a line `sep=;` before the header, semicolons or tabs where a comma is
/// the decimal mark, blank rows, and empty cells behind the last column: all of these are understood.
public struct CSVTable: Sendable {
    /// A fault and its place: lines and characters are counted from 1.
    public struct Fault: Hashable, Sendable {
        public let line: Int
        public let column: Int
        public let text: String
    }

    /// One cell, with the place of its first character.
    struct Cell: Hashable, Sendable {
        var text = ""
        let line: Int
        let column: Int
    }

    /// One row, by the names of the header.
    struct Row: Sendable {
        let line: Int
        let cells: [String: Cell]
    }

    private(set) var rows: [Row] = []
    public private(set) var faults: [Fault] = []

    /// - Parameters:
    ///   - columns: the names that must stand in the header, in any order.
    ///   - optional: names that may.
    init(_ text: String, columns: [String], optional: [String] = []) {
        var reader = CSVReader(text)
        var lines = reader.read()
        faults = reader.faults
        lines.removeAll { row in row.allSatisfy { $0.text.allSatisfy(\.isWhitespace) } }
        guard let header = lines.first else {
            faults.append(Fault(line: 1, column: 1, text: "expected a header line: \(columns.joined(separator: ","))"))
            return
        }
        let names = header.map { $0.text.trimmed }.reversed().drop(while: \.isEmpty).reversed() as [String]
        checkHeader(Array(header.prefix(names.count)), names, columns, optional)
        for row in lines.dropFirst() {
            for cell in row.dropFirst(names.count) where !cell.text.trimmed.isEmpty {
                faults.append(
                    Fault(
                        line: cell.line, column: cell.column,
                        text: "a cell beyond the last of \(names.count) columns"))
                break
            }
            rows.append(
                Row(
                    line: row.first?.line ?? 1,
                    cells: Dictionary(zip(names, row), uniquingKeysWith: { first, _ in first })))
        }
    }

    private mutating func checkHeader(
        _ header: [Cell], _ names: [String], _ columns: [String], _ optional: [String]
    ) {
        for (number, cell) in header.enumerated() {
            let (name, known) = (names[number], columns + optional)
            if !known.contains(name) {
                // A file without a header has somebody's name here: it is not repeated.
                let text = "unknown column: expected \(known.joined(separator: ", "))"
                faults.append(Fault(line: cell.line, column: cell.column, text: text))
            } else if names[..<number].contains(name) {
                faults.append(Fault(line: cell.line, column: cell.column, text: "the column `\(name)` stands twice"))
            }
        }
        for name in columns where !names.contains(name) {
            faults.append(
                Fault(line: header.first?.line ?? 1, column: 1, text: "missing column `\(name)`"))
        }
    }
}

/// Takes a text apart into cells.
private struct CSVReader {
    private let characters: [Character]
    private let separator: Character
    private var place: Int
    private var (line, column) = (1, 1)
    private(set) var faults: [CSVTable.Fault] = []

    init(_ text: String) {
        characters = Array(text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...])
        let first = characters.prefix { !$0.isNewline }
        if first.count == 5, String(first.prefix(4)).lowercased() == "sep=", let last = first.last {
            (separator, place, line) = (last, min(6, characters.count), 2)
            return
        }
        // The separator is the one that the header has most of.
        let candidates: [Character] = [",", ";", "\t"]
        separator =
            candidates.max { left, right in
                first.count { $0 == left } < first.count { $0 == right }
            } ?? ","
        place = 0
    }

    mutating func read() -> [[CSVTable.Cell]] {
        var rows: [[CSVTable.Cell]] = []
        while place < characters.count { rows.append(row()) }
        return rows
    }

    private mutating func row() -> [CSVTable.Cell] {
        var cells: [CSVTable.Cell] = []
        while true {
            cells.append(cell())
            guard place < characters.count else { return cells }
            let isEnd = characters[place].isNewline
            step()
            if isEnd { return cells }
        }
    }

    /// One cell, up to the separator or the end of the line behind it.
    private mutating func cell() -> CSVTable.Cell {
        var cell = CSVTable.Cell(line: line, column: column)
        if place < characters.count, characters[place] == "\"" { quoted(&cell) }
        let isQuoted = cell.column != column || cell.line != line
        while place < characters.count, characters[place] != separator, !characters[place].isNewline {
            if characters[place] == "\"" || isQuoted, !(isQuoted && characters[place] == " ") {
                faults.append(
                    CSVTable.Fault(
                        line: line, column: column,
                        text: isQuoted
                            ? "expected the end of the cell behind its closing quotation mark"
                            : "a quotation mark within a cell: put the whole cell between quotation marks, and this one twice"
                    ))
                skipCell()
                return cell
            }
            cell.text.append(characters[place])
            step()
        }
        return cell
    }

    private mutating func quoted(_ cell: inout CSVTable.Cell) {
        step()
        while place < characters.count {
            if characters[place] == "\"" {
                step()
                guard place < characters.count, characters[place] == "\"" else { return }
            }
            cell.text.append(characters[place])
            step()
        }
        faults.append(
            CSVTable.Fault(line: cell.line, column: cell.column, text: "this quotation mark is never closed"))
    }

    private mutating func skipCell() {
        while place < characters.count, characters[place] != separator, !characters[place].isNewline { step() }
    }

    private mutating func step() {
        if characters[place].isNewline { (line, column) = (line + 1, 1) } else { column += 1 }
        place += 1
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
