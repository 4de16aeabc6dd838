#!/usr/bin/env python3
"""Checks docs/requirements.md, docs/law.md and docs/asvs.md against docs/requirements.csv, the tests and the files.

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
rows = set()
for number, line in enumerate((root / "docs/asvs.md").read_text(encoding="utf-8").splitlines(), 1):
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
    if not cells or not re.fullmatch(r"\d+\.\d+\.\d+", cells[0]):
        continue
    if len(cells) != 5 or not all(cells) or cells[1] not in "12" or cells[0] in rows:
        problems.append(f"docs/asvs.md, line {number}: expected one row of five cells, none of them empty")
        continue
    rows.add(cells[0])
    if cells[3] not in ("met", "partly", "not met", "not applicable"):
        problems.append(f"docs/asvs.md, line {number}: `{cells[3]}` is no verdict")
    named = re.findall(r"`(\w+Tests|\w+Stories)\.(\w+)`", cells[4])
    for stem, function in named:
        if stem not in tests.get(function, ()):
            problems.append(f"docs/asvs.md, line {number}: there is no test `{stem}.{function}`")
    files = re.findall(r"`([\w./+-]+/[\w.+-]+|Package\.swift)`", cells[4])
    for file in files:
        if "." in file.rsplit("/", 1)[-1] and file.split("/")[0] in ("Sources", "Tests", "docs", "scripts", "Policies", "Kit", "Benchmarks") and not (root / file).exists():
            problems.append(f"docs/asvs.md, line {number}: there is no file `{file}`")
    if cells[3] in ("met", "not applicable") and not named and not files:
        problems.append(f"docs/asvs.md, line {number}: expected a test or a file that shows it")
# Levels 1 and 2 of version 5.0.0 have so many requirements.
if len(rows) != 253:
    problems.append(f"docs/asvs.md: {len(rows)} rows, expected 253")
for name in ids:
    if name not in seen:
        problems.append(f"{name} has no row")
problems += [f"{name} is no requirement" for name in seen if name not in ids]
print("\n".join(problems) if problems else f"{len(ids)} requirements: " + ", ".join(
    f"{sum(1 for kind in seen.values() if kind == word)} {word}" for word in ("test", "reason", "later")))
sys.exit(1 if problems else 0)
