#!/usr/bin/env python3
"""Checks docs/requirements.md and docs/law.md against docs/requirements.csv and the tests.

Every id has exactly one row. A row is `test` and names test functions that exist, `reason` and says why code cannot enforce it, or
`later` and names the feature. No row is `later` unless it needs what a command line cannot carry.
"""
import csv
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
ids = [row["id"] for row in csv.DictReader((root / "docs/requirements.csv").open(encoding="utf-8"))]
tests = {}
for file in (root / "Tests").rglob("*.swift"):
    for name in re.findall(r"func (\w+)\(", file.read_text(encoding="utf-8")):
        tests.setdefault(name, set()).add(file.stem)
beyond_a_command_line = {"the service"}
problems = []
seen = {}
for number, line in enumerate((root / "docs/requirements.md").read_text(encoding="utf-8").splitlines(), 1):
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
    if len(cells) != 3 or not re.fullmatch(r"[A-Z]+-\d\d|R\d+", cells[0]):
        continue
    name, kind, where = cells
    if name in seen:
        problems.append(f"line {number}: {name} has a second row")
    seen[name] = kind
    if kind == "test":
        found = re.findall(r"`(\w+)\.(\w+)`", where)
        if not found:
            problems.append(f"line {number}: {name} names no test")
        for stem, function in found:
            if stem not in tests.get(function, ()):
                problems.append(f"line {number}: {name}: there is no test `{stem}.{function}`")
    elif kind == "later":
        if where not in beyond_a_command_line:
            problems.append(f"line {number}: {name} must not wait for `{where}`")
    elif kind != "reason" or not where:
        problems.append(f"line {number}: {name}: expected test, reason or later, and what")
for number, line in enumerate((root / "docs/law.md").read_text(encoding="utf-8").splitlines(), 1):
    for stem, function in re.findall(r"`(\w+Tests|\w+Stories)\.(\w+)`", line):
        if stem not in tests.get(function, ()):
            problems.append(f"docs/law.md, line {number}: there is no test `{stem}.{function}`")
for name in ids:
    if name not in seen:
        problems.append(f"{name} has no row")
problems += [f"{name} is no requirement" for name in seen if name not in ids]
print("\n".join(problems) if problems else f"{len(ids)} requirements: " + ", ".join(
    f"{sum(1 for kind in seen.values() if kind == word)} {word}" for word in ("test", "reason", "later")))
sys.exit(1 if problems else 0)
