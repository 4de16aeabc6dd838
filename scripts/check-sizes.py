#!/usr/bin/env python3
"""Holds sources to 120 characters a line and sixty lines a function body; reports the longest files and functions.

    scripts/check-sizes.py [--report]

A line that carries a text may be longer: a sentence is not broken to please a margin.
"""
import pathlib, re, sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINE, BODY = 120, 60
# Longer today, each with its length: they may only shrink. The first five are one `switch` over a vocabulary, and grow
# with it alone.
LONGER = {
    "Machine/Event.swift apply": 129, "Machine/Decide.swift consequences": 119, "Proof/PromelaModel.swift effects": 80,
    "Cases/CaseCodec.swift init": 79,
    "Server/Problem.swift init": 64,
    "PolicyFile/FlowReader.swift workflow": 90, "PolicyFile/FlowReader.swift transition": 64,
    "PolicyFile/Reader.swift join": 76, "Audit/ExportAudit.swift rehash": 65, "Matching/Market.swift init": 65,
    "Pages/AdminPages.swift overview": 72, "Pages/CasePages.swift casePage": 62, "Pages/DeskPages.swift personPage": 69,
    "Commands/BackupCommands.swift run": 63,
}
BEGINS = re.compile(r"^\s*(?:@\w+(?:\([^)]*\))?\s+|\w+(?:\([a-z]+\))?\s+)*(?:func\s+[^\s(<]+|init[?(<])")


def bodies(lines):
    """Yields (first line, name, lines of the body) of each function."""
    number, in_text = 0, False
    while number < len(lines):
        line = lines[number]
        if line.count('"""') % 2:
            in_text = not in_text
        if not in_text and not line.lstrip().startswith("//") and BEGINS.match(line):
            indent = len(line) - len(line.lstrip())
            end = number
            opened = False
            while end < len(lines):
                if lines[end].rstrip().endswith("{"):
                    opened = True
                if opened and lines[end].rstrip() == " " * indent + "}":
                    break
                if not opened and end > number and len(lines[end]) - len(lines[end].lstrip()) <= indent \
                        and lines[end].strip() and not lines[end].strip().startswith((")", "where", "throws", "async", "->", "{")):
                    break
                end += 1
            if opened and end < len(lines):
                yield number + 1, line.strip().split("{")[0].strip(), end - number - 1
        number += 1


files, functions, problems = [], [], []
for path in sorted((ROOT / "Sources").rglob("*.swift")):
    name = path.relative_to(ROOT)
    lines = path.read_text().split("\n")
    files.append((len(lines), name))
    in_text = False
    for number, line in enumerate(lines, 1):
        was = in_text
        if line.count('"""') % 2:
            in_text = not in_text
        if len(line) > LINE and not was and '"' not in line and "/// - Source" not in line and "http" not in line:
            problems.append(f"{name}:{number}: {len(line)} characters")
    for number, what, count in bodies(lines):
        functions.append((count, f"{name}:{number}", what))
        short = re.search(r"(?:func\s+(\w+)|(init))", what)
        known = f"{path.parent.name}/{path.name} {short.group(1) or short.group(2)}" if short else ""
        if count > LONGER.get(known, BODY):
            problems.append(f"{name}:{number}: `{what[:60]}` has a body of {count} lines")
if "--report" in sys.argv:
    for count, name in sorted(files, reverse=True)[:10]:
        print(f"{count:5} lines  {name}")
    for count, place, what in sorted(functions, reverse=True)[:10]:
        print(f"{count:5} lines  {place}  {what[:60]}")
for problem in problems:
    print(problem)
sys.exit(1 if problems else 0)
