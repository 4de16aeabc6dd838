#!/usr/bin/env python3
"""Prints docs/sources/NAME.csv as the table of a program's page: each sentence of its source, and where it is kept."""
import csv
import sys

rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8")))
left = sum(row["where"].startswith("not adopted") for row in rows)
print(f"""
## Its source, sentence by sentence

{len(rows)} sentences, headings and points, {left} of them not adopted. A few words of each tell which it is; the clause is one of the policy,
`workflow: act` a row of it, and a page is one that the service shows.

| sentence | begins or says | requirement | where it is kept |
|---|---|---|---|""")
for row in rows:
    print(f"| {row['number']} | {row['quote'].replace('|', '/')} | {row['ids']} | {row['where'].replace('|', '/')} |")
